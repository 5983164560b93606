//! The stream of what happens, as server-sent events.

use std::{collections::VecDeque, convert::Infallible, time::Duration};

use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::stream;
use tokio::{
    sync::{broadcast, watch},
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
    let mut waiting: VecDeque<Bytes> = VecDeque::new();
    // Clients wait two seconds before they come back. The comment opens the stream at once.
    waiting.push_back(Bytes::from_static(b"retry: 2000\n: yizhangtu\n\n"));
    waiting.extend(
        missed
            .iter()
            .filter_map(|message| message.to(&app, &viewer)),
    );
    let listener = Listener {
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
        Some(entries) => messages(&entries, &app.snapshot()).0,
    })
}

struct Listener {
    app: App,
    viewer: Viewer,
    waiting: VecDeque<Bytes>,
    live: broadcast::Receiver<Message>,
    closed: watch::Receiver<bool>,
    signs: Interval,
    /// Number of the last change that was told.
    last: u64,
}

impl Listener {
    /// The next bytes; none when the service stops.
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(bytes) = self.waiting.pop_front() {
            return Some(bytes);
        }
        loop {
            tokio::select! {
                // Also where the hub itself is gone.
                _ = self.closed.wait_for(|closed| *closed) => return None,
                told = self.live.recv() => match told {
                    // Told already, with what was missed.
                    Ok(message) if message.layer.is_some() && message.sequence <= self.last => {}
                    Ok(message) => {
                        self.last = message.sequence;
                        if let Some(bytes) = message.to(&self.app, &self.viewer) {
                            return Some(bytes);
                        }
                    }
                    Err(broadcast::error::RecvError::Lagged(_)) => {
                        let reload = Message::reload(self.app.snapshot().sequence);
                        self.last = reload.sequence;
                        return Some(reload.bytes);
                    }
                    Err(broadcast::error::RecvError::Closed) => return None,
                },
                _ = self.signs.tick() => return Some(Bytes::from_static(b":\n\n")),
            }
        }
    }
}
