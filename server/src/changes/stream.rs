//! The stream of what happens, as server-sent events.

use std::{convert::Infallible, time::Duration};

use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::stream;
use tokio::{
    sync::{
        broadcast::{
            self,
            error::{RecvError, TryRecvError},
        },
        watch,
    },
    time::{Instant, Interval, MissedTickBehavior, interval_at},
};

use super::events::{Message, messages};
use crate::{
    attachments::told_of_owners,
    http::{App, Problem},
    policy::Viewer,
};

/// Changes that are told anew to who comes back; beyond it everything is to be read anew.
const MOST_MISSED: usize = 5_000;

/// Proxies end connections on which nothing is sent.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

/// A stream of what happens from now on, or after the change of a number.
pub(super) async fn answer(
    app: App,
    viewer: Viewer,
    since: Option<u64>,
) -> Result<Response, Problem> {
    // Listening begins before the past is read, so that nothing falls in between.
    let (live, closed) = app.hub().listen();
    let now = app.snapshot().sequence;
    let missed = match since {
        None => Vec::new(),
        Some(since) => missed(&app, since).await?,
    };
    let last = missed
        .last()
        .map_or(since.unwrap_or(now), |message| message.sequence);
    let mut signs = interval_at(Instant::now() + SIGN_OF_LIFE, SIGN_OF_LIFE);
    signs.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // Clients wait two seconds before they come back. The comment opens the stream at once.
    let mut waiting = vec![Bytes::from_static(b"retry: 2000\n: yizhangtu\n\n")];
    waiting.extend(
        missed
            .iter()
            .filter_map(|message| message.to(&app, &viewer)),
    );
    let listener = Listener {
        moment: app.identity().moment(),
        app,
        viewer,
        waiting,
        live,
        closed,
        signs,
        last,
    };
    let body = stream::unfold(listener, |mut listener| async move {
        let bytes = listener.next().await?;
        Some((Ok::<_, Infallible>(bytes), listener))
    });
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/event-stream"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // Nginx would gather the stream otherwise.
        (
            header::HeaderName::from_static("x-accel-buffering"),
            HeaderValue::from_static("no"),
        ),
    ];
    Ok((headers, Body::from_stream(body)).into_response())
}

/// What happened after a change, or the word that it is too much or not known here.
async fn missed(app: &App, since: u64) -> Result<Vec<Message>, Problem> {
    let (sequence, entries) = app
        .pool()
        .read(move |store| {
            store.moment(|| {
                let sequence = store.sequence()?;
                let known =
                    since <= sequence && store.log_length(since, MOST_MISSED + 1)? <= MOST_MISSED;
                let entries = known
                    .then(|| told_of_owners(store, store.changes(since, MOST_MISSED)?))
                    .transpose()?;
                Ok((sequence, entries))
            })
        })
        .await?;
    Ok(match entries {
        None => vec![Message::reload(sequence)],
        Some(entries) => {
            let reports = |user: &str| app.identity().reports(user);
            messages(&entries, None, &app.snapshot(), &reports).0
        }
    })
}

struct Listener {
    app: App,
    viewer: Viewer,
    waiting: Vec<Bytes>,
    /// When the viewer's rights were last looked at.
    moment: u64,
    live: broadcast::Receiver<Message>,
    closed: watch::Receiver<bool>,
    signs: Interval,
    /// Number of the last change that was told.
    last: u64,
}

impl Listener {
    /// Whether the viewer would be let in again; they are told what they may see from now on.
    /// Rights may have changed since, a grid been given to somebody else, the account locked.
    fn is_still(&mut self, moment: u64) -> bool {
        if self.moment == moment {
            return true;
        }
        self.moment = moment;
        match self.app.identity().again(&self.viewer) {
            Some(viewer) => {
                self.viewer = viewer;
                true
            }
            None => false,
        }
    }

    /// The next bytes; none when the service stops.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(bytes) = self.gathered() {
                return Some(bytes);
            }
            let told = tokio::select! {
                // Also where the hub itself is gone.
                _ = self.closed.wait_for(|closed| *closed) => return None,
                told = self.live.recv() => Some(told),
                _ = self.signs.tick() => None,
            };
            let Some(told) = told else {
                // Sessions end by themselves too.
                self.moment = u64::MAX;
                let still = self.is_still(self.app.identity().moment());
                return still.then(|| Bytes::from_static(b":\n\n"));
            };
            if !self.is_still(self.app.identity().moment()) {
                return None;
            }
            match told {
                Ok(message) => self.hear(&message),
                Err(RecvError::Lagged(_)) => self.lose(),
                Err(RecvError::Closed) => return None,
            }
            // What came together goes out together.
            loop {
                match self.live.try_recv() {
                    Ok(message) => self.hear(&message),
                    Err(TryRecvError::Lagged(_)) => self.lose(),
                    Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                }
            }
        }
    }

    fn hear(&mut self, message: &Message) {
        // Told already, with what was missed.
        if message.layer.is_some() && message.sequence <= self.last {
            return;
        }
        self.last = message.sequence;
        self.waiting.extend(message.to(&self.app, &self.viewer));
    }

    /// Too far behind: everything is to be read anew.
    fn lose(&mut self) {
        let reload = Message::reload(self.app.snapshot().sequence);
        self.last = reload.sequence;
        self.waiting.clear();
        self.waiting.push(reload.bytes);
    }

    /// All that waits, in one piece.
    fn gathered(&mut self) -> Option<Bytes> {
        match self.waiting.len() {
            0 | 1 => self.waiting.pop(),
            _ => Some(self.waiting.drain(..).flatten().collect()),
        }
    }
}
