//! The notice of a change, written once and handed to everybody who listens.

use std::{
    collections::BTreeMap,
    sync::{Arc, mpsc},
    thread,
};

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::{broadcast, watch};
use yizhangtu_data::store::Entry;
use yizhangtu_index::Rect;

use super::{Touched, touched::lattice};
use crate::{
    atlas::Snapshot,
    collections::corners,
    http::App,
    policy::{Action, Viewer},
};

/// Messages that a slow listener may be behind before it is told to read anew.
const BEHIND: usize = 4096;

/// Ids named in one message.
const MOST_IDS: usize = 1000;

/// One message of the stream.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// Number of the last change that it tells of.
    pub(crate) sequence: u64,
    /// The layer; none where everything is to be read anew.
    pub(crate) layer: Option<Arc<str>>,
    /// As it is sent: all listeners share the bytes.
    pub(crate) bytes: Bytes,
    /// For those who see a part of the layer: that something happened to it, and no more.
    blind: Bytes,
}

/// Where messages go out. Cloning shares it.
#[derive(Clone)]
pub(crate) struct Hub {
    to: mpsc::Sender<Message>,
    live: broadcast::Sender<Message>,
    closed: watch::Sender<bool>,
}

impl Hub {
    /// A hub with a thread of its own: the writer hands a message over and goes on, however
    /// many listen.
    pub(crate) fn new() -> Self {
        let (to, messages) = mpsc::channel::<Message>();
        let (live, _) = broadcast::channel(BEHIND);
        let out = live.clone();
        let thread = thread::Builder::new().name("events".to_owned());
        let spawned = thread.spawn(move || {
            for message in messages {
                // Nobody may listen.
                let _ = out.send(message);
            }
        });
        if let Err(error) = spawned {
            tracing::error!(%error, "nobody will be told of changes");
        }
        let (closed, _) = watch::channel(false);
        Self { to, live, closed }
    }

    /// Hands messages over.
    pub(super) fn tell(&self, messages: impl IntoIterator<Item = Message>) {
        for message in messages {
            // The thread ends with the process only.
            let _ = self.to.send(message);
        }
    }

    /// What is told from now on.
    pub(super) fn listen(&self) -> (broadcast::Receiver<Message>, watch::Receiver<bool>) {
        (self.live.subscribe(), self.closed.subscribe())
    }

    /// How many listen.
    pub(crate) fn listeners(&self) -> usize {
        self.live.receiver_count()
    }

    /// Ends every stream, so that the service can stop.
    pub(crate) fn close(&self) {
        self.closed.send_replace(true);
    }
}

impl Message {
    /// Tells listeners to forget what they hold and read anew.
    pub(super) fn reload(sequence: u64) -> Self {
        let data = json!({ "sequence": sequence });
        let bytes = Bytes::from(format!("event: reload\nid: {sequence}\ndata: {data}\n\n"));
        Self {
            sequence,
            layer: None,
            blind: bytes.clone(),
            bytes,
        }
    }

    /// What a viewer is told; none where the layer is not for them.
    pub(super) fn to(&self, app: &App, viewer: &Viewer) -> Option<Bytes> {
        let Some(layer) = &self.layer else {
            return Some(self.bytes.clone());
        };
        let layer = app.layer(layer)?;
        if !viewer.may(Action::View, layer) {
            return None;
        }
        let part = viewer.limits().is_some() && viewer.is_limited(layer);
        Some(if part {
            self.blind.clone()
        } else {
            self.bytes.clone()
        })
    }
}

/// What happened to one layer in one change set.
struct Happened<'e> {
    last: u64,
    layer: &'e Arc<str>,
    author: Option<&'e str>,
    change_set: Option<i64>,
    ids: Vec<&'e str>,
    ground: Touched,
}

/// One message for each change set and layer of some entries of the history, in order, and
/// the ground that each layer was touched on. What another program wrote stands under no
/// change set.
///
/// A message's number is that of the last change that it tells of, so that who resumes after
/// it misses none of the others.
pub(super) fn messages(
    entries: &[Entry],
    now: &Snapshot,
) -> (Vec<Message>, BTreeMap<Arc<str>, Touched>) {
    let mut grouped: BTreeMap<(Option<i64>, &Arc<str>), Happened<'_>> = BTreeMap::new();
    let mut layers: BTreeMap<Arc<str>, Touched> = BTreeMap::new();
    for entry in entries {
        let happened = grouped
            .entry((entry.change_set, &entry.layer))
            .or_insert_with(|| Happened {
                last: 0,
                layer: &entry.layer,
                author: entry.author.as_deref(),
                change_set: entry.change_set,
                ids: Vec::new(),
                ground: Touched::default(),
            });
        happened.last = entry.sequence;
        let touched = layers.entry(Arc::clone(&entry.layer)).or_default();
        let mut ground = |rect: Rect| {
            happened.ground.add(rect);
            touched.add(rect);
        };
        if let Some(rect) = entry.before.as_ref().and_then(lattice) {
            ground(rect);
        }
        let shape = now.layer(&entry.layer).and_then(|layer| {
            let position = layer.position(&entry.id)?;
            Some(layer.shape(position)?.rect())
        });
        if let Some(rect) = shape {
            ground(rect);
        }
        happened.ids.push(&entry.id);
    }
    let mut happened: Vec<Happened<'_>> = grouped.into_values().collect();
    happened.sort_by_key(|happened| happened.last);
    let messages = happened
        .iter_mut()
        .map(|happened| happened.message(now))
        .collect();
    (messages, layers)
}

impl Happened<'_> {
    fn message(&mut self, now: &Snapshot) -> Message {
        self.ids.sort_unstable();
        self.ids.dedup();
        let ids = (self.ids.len() <= MOST_IDS).then_some(&self.ids);
        let mut data = json!({ "sequence": self.last, "layer": &**self.layer, "ids": ids });
        // Where the things of a person are is personal too.
        let shown = now
            .layer(self.layer)
            .is_some_and(|layer| !layer.layer.personal);
        if let Some(bounds) = self.ground.bounds().filter(|_| shown) {
            data["bbox"] = json!(corners(&bounds));
            data["tiles"] = json!(self.ground.tiles());
        } else {
            data["bbox"] = Value::Null;
            data["tiles"] = json!([]);
        }
        data["change_set"] = json!(self.change_set);
        data["author"] = json!(self.author);
        let last = self.last;
        let blind = json!({
            "sequence": last, "layer": &**self.layer, "ids": null, "bbox": null, "tiles": [],
            "change_set": null, "author": null,
        });
        Message {
            sequence: last,
            blind: format!("id: {last}\ndata: {blind}\n\n").into(),
            layer: Some(Arc::clone(self.layer)),
            bytes: format!("id: {last}\ndata: {data}\n\n").into(),
        }
    }
}
