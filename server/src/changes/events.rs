//! The notice of a change, written once and handed to everybody who listens.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use serde_json::{Value, json};
use yizhangtu_data::{Layer, Record, store::Entry};
use yizhangtu_index::{Point, Rect};

use super::{Touched, touched::lattice};
use crate::{
    atlas::Snapshot,
    collections::corners,
    http::App,
    policy::{Action, Reach, Viewer, ground},
};

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
    /// For those who see a part of a table: that something happened to it, and no more.
    blind: Bytes,
    /// What happened where, for those who see a part of the map; none where it is too much.
    places: Option<Arc<[Place]>>,
}

/// A feature that was touched, and the ground that it had and has.
#[derive(Clone, Debug)]
struct Place {
    id: Arc<str>,
    before: Option<Rect>,
    after: Option<Rect>,
    /// The feature before; none where there was none, or where it is not known any more.
    was: Option<Arc<Record>>,
}

impl Place {
    /// Whether it may have been a viewer's own before.
    fn was_own(&self, viewer: &Viewer, layer: &Layer) -> bool {
        match &self.was {
            Some(was) => viewer.owns(layer, was),
            None => self.before.is_some(),
        }
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
            places: None,
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
        let snapshot = app.snapshot();
        match viewer.reach(layer) {
            Reach::Everywhere => Some(self.bytes.clone()),
            _ if !layer.is_mapped() => Some(self.blind.clone()),
            Reach::Territory(own) => {
                self.within(app, viewer, &snapshot, Some(&ground(&snapshot, own)))
            }
            Reach::Own => self.within(app, viewer, &snapshot, None),
        }
    }

    /// What is told to who sees the features in a territory: those of them that were touched,
    /// and the ground that they share with it; to who sees what is their own (without a
    /// territory here), those of it and their ground. None where all of it happened elsewhere.
    fn within(
        &self,
        app: &App,
        viewer: &Viewer,
        snapshot: &Arc<Snapshot>,
        territory: Option<&[Rect]>,
    ) -> Option<Bytes> {
        let layer = self.layer.as_ref()?;
        let described = app.layer(layer)?;
        let Some(places) = &self.places else {
            return Some(self.blind.clone());
        };
        let own = app.cuts().of(viewer, Action::View, snapshot);
        let own = own.layer(layer);
        let mut ids = Some(Vec::new());
        let mut touched = Touched::default();
        for place in places.iter() {
            let rects = place.before.iter().chain(&place.after);
            let common: Vec<Rect> = match territory {
                None => rects.copied().collect(),
                Some(territory) => rects
                    .flat_map(|rect| territory.iter().filter_map(|own| shared(rect, own)))
                    .collect(),
            };
            // It went from here, perhaps.
            let gone = match territory {
                None => place.was_own(viewer, described),
                Some(_) => place.before.is_some() && !common.is_empty(),
            };
            let there = own.is_some_and(|own| own.get(&place.id).is_some());
            if there {
                if let Some(ids) = &mut ids {
                    ids.push(&*place.id);
                }
            } else if gone {
                // Then everything of the layer is read anew.
                ids = None;
            } else {
                continue;
            }
            common.into_iter().for_each(|rect| touched.add(rect));
        }
        if ids.as_ref().is_some_and(Vec::is_empty) {
            return None;
        }
        let personal = own.is_none_or(|own| own.layer.personal);
        let bounds = touched.bounds().filter(|_| !personal);
        let tiles = if bounds.is_some() {
            touched.tiles()
        } else {
            Vec::new()
        };
        let last = self.sequence;
        let data = json!({
            "sequence": last, "layer": &**layer, "ids": ids,
            "bbox": bounds.as_ref().map(corners), "tiles": tiles,
            "change_set": null, "author": null,
        });
        Some(format!("id: {last}\ndata: {data}\n\n").into())
    }
}

/// What happened to one layer in one change set.
struct Happened<'e> {
    last: u64,
    layer: &'e Arc<str>,
    author: Option<&'e str>,
    change_set: Option<i64>,
    ids: Vec<&'e str>,
    places: Vec<Place>,
    ground: Touched,
}

/// One message for each change set and layer of some entries of the history, in order, and
/// the ground that each layer was touched on. What another program wrote stands under no
/// change set. `was` is the map before them, where it is still known.
///
/// A message's number is that of the last change that it tells of, so that who resumes after
/// it misses none of the others.
pub(super) fn messages(
    entries: &[Entry],
    was: Option<&Snapshot>,
    now: &Snapshot,
    reports: &dyn Fn(&str) -> bool,
) -> (Vec<Message>, BTreeMap<Arc<str>, Touched>) {
    let mut grouped: BTreeMap<(Option<i64>, &Arc<str>), Happened<'_>> = BTreeMap::new();
    let mut layers: BTreeMap<Arc<str>, Touched> = BTreeMap::new();
    for entry in entries {
        let happened = grouped
            .entry((entry.change_set, &entry.layer))
            .or_insert_with(|| Happened {
                last: 0,
                layer: &entry.layer,
                // One message for all: nobody is told who reported.
                author: (entry.author.as_deref()).filter(|author| !reports(author)),
                change_set: entry.change_set,
                ids: Vec::new(),
                places: Vec::new(),
                ground: Touched::default(),
            });
        happened.last = entry.sequence;
        let touched = layers.entry(Arc::clone(&entry.layer)).or_default();
        let mut add = |rect: Rect| {
            happened.ground.add(rect);
            touched.add(rect);
        };
        let before = entry.before.and_then(lattice);
        if let Some(rect) = before {
            add(rect);
        }
        let shape = now.layer(&entry.layer).and_then(|layer| {
            let position = layer.position(&entry.id)?;
            Some(layer.shape(position)?.rect())
        });
        if let Some(rect) = shape {
            add(rect);
        }
        happened.ids.push(&entry.id);
        if happened.places.len() <= MOST_IDS {
            happened.places.push(Place {
                id: Arc::clone(&entry.id),
                before,
                after: shape,
                was: (was.and_then(|map| map.layer(&entry.layer)))
                    .and_then(|layer| layer.get(&entry.id).cloned()),
            });
        }
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
            places: (self.places.len() <= MOST_IDS).then(|| self.places.as_slice().into()),
            bytes: format!("id: {last}\ndata: {data}\n\n").into(),
        }
    }
}

/// The ground that two rectangles share.
fn shared(one: &Rect, other: &Rect) -> Option<Rect> {
    let low = Point {
        x: one.min.x.max(other.min.x),
        y: one.min.y.max(other.min.y),
    };
    let high = Point {
        x: one.max.x.min(other.max.x),
        y: one.max.y.min(other.max.y),
    };
    (low.x <= high.x && low.y <= high.y).then(|| Rect::of(low, high))
}
