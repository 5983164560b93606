//! The map as one rights class sees it: the layers that it may see, and of those that end at
//! its territory the features in it, of those that end at one's own those that are.
//!
//! Whatever answers from a cut map can't tell what is outside it: a feature of another's grid
//! is as absent as one that never was, in items, lookup, statistics, search and tiles alike.
//! Which features lie in a territory is derived from the geometry as it is now, so a grid that
//! is reassigned or moved moves the rights at once.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};

use arc_swap::ArcSwap;
use yizhangtu_data::{Record, Value, store::Territory};
use yizhangtu_index::{Area, Rect, Rule, Shape};

use super::{Action, Reach, Viewer};
use crate::atlas::{LayerSnapshot, Snapshot};

/// Cut maps kept at most. One is small, or shares what it does not cut.
const MOST: usize = 256;

/// Cut maps of the current snapshot, by rights class and action.
#[derive(Default)]
pub(crate) struct Cuts {
    /// A request reads it without a lock; whoever cuts a map puts another table in its place.
    kept: ArcSwap<Kept>,
}

type Kept = HashMap<Key, Arc<Cut>, foldhash::fast::RandomState>;

/// A rights class and what it wants to do.
type Key = (Arc<str>, Action);

/// One cut map.
struct Cut {
    of: Weak<Snapshot>,
    shown: Arc<Snapshot>,
    /// What the territory was made of.
    territory: Vec<Arc<LayerSnapshot>>,
    /// Layers that were cut: what from, and the part.
    parts: HashMap<String, (Arc<LayerSnapshot>, Arc<LayerSnapshot>)>,
}

impl Cuts {
    /// The map that a viewer may do an action on. The same one where nothing is cut.
    pub(crate) fn of(
        &self,
        viewer: &Viewer,
        action: Action,
        snapshot: &Arc<Snapshot>,
    ) -> Arc<Snapshot> {
        let key = (Arc::clone(viewer.class()), action);
        // Nothing is counted but the answer: processors that count at once wait for one another.
        let kept = self.kept.load();
        let last = kept.get(&key);
        if let Some(cut) = last
            && cut.is_of(snapshot)
        {
            return Arc::clone(&cut.shown);
        }
        let last = last.cloned();
        drop(kept);
        let cut = Arc::new(Cut::new(viewer, action, snapshot, last.as_deref()));
        let shown = Arc::clone(&cut.shown);
        self.kept.rcu(|kept| {
            let mut kept = Kept::clone(kept);
            if kept.len() >= MOST {
                kept.retain(|_, cut| cut.is_of(snapshot));
            }
            if kept.len() >= MOST {
                kept.clear();
            }
            kept.insert(key.clone(), Arc::clone(&cut));
            kept
        });
        shown
    }
}

impl Cut {
    /// Whether it was cut from this map.
    fn is_of(&self, snapshot: &Arc<Snapshot>) -> bool {
        std::ptr::eq(self.of.as_ptr(), Arc::as_ptr(snapshot))
    }

    fn new(viewer: &Viewer, action: Action, snapshot: &Arc<Snapshot>, last: Option<&Self>) -> Self {
        let areas = viewer.limits().map(|own| territory(snapshot, own));
        let (sources, areas) = areas.unwrap_or_default();
        let mut parts = HashMap::new();
        let same_territory = last.filter(|last| {
            last.territory.len() == sources.len()
                && (last.territory.iter().zip(&sources)).all(|(a, b)| Arc::ptr_eq(a, b))
        });
        let mut layers = Vec::new();
        for layer in &snapshot.layers {
            if !viewer.may(action, &layer.layer) {
                continue;
            }
            let reach = viewer.reach(&layer.layer);
            if reach == Reach::Everywhere {
                layers.push(Arc::clone(layer));
                continue;
            }
            let kept = same_territory
                .and_then(|last| last.parts.get(&layer.layer.id))
                .filter(|(source, _)| Arc::ptr_eq(source, layer));
            let part = match kept {
                Some((_, part)) => Arc::clone(part),
                None => Arc::new(reached(viewer, layer, reach, &areas)),
            };
            parts.insert(
                layer.layer.id.clone(),
                (Arc::clone(layer), Arc::clone(&part)),
            );
            layers.push(part);
        }
        let contracts = (snapshot.contracts.as_ref())
            .filter(|contracts| viewer.may(action, &contracts.layer))
            .map(|contracts| match viewer.reach(&contracts.layer) {
                Reach::Everywhere => Arc::clone(contracts),
                Reach::Territory(_) => Arc::new(of_assets(contracts, snapshot, &areas)),
                Reach::Own => Arc::new(contracts.part(&owned(viewer, contracts))),
            });
        let whole = layers.len() == snapshot.layers.len()
            && parts.is_empty()
            && contracts.is_some() == snapshot.contracts.is_some();
        let shown = if whole {
            Arc::clone(snapshot)
        } else {
            Arc::new(snapshot.part(layers, contracts))
        };
        Self {
            of: Arc::downgrade(snapshot),
            shown,
            territory: sources,
            parts,
        }
    }
}

/// A layer as it was once, cut to where a viewer's right ends now.
pub(crate) fn past(
    viewer: &Viewer,
    snapshot: &Snapshot,
    layer: Arc<LayerSnapshot>,
) -> Arc<LayerSnapshot> {
    let areas = match viewer.reach(&layer.layer) {
        Reach::Everywhere => return layer,
        Reach::Territory(own) => territory(snapshot, own).1,
        Reach::Own => Vec::new(),
    };
    Arc::new(reached(viewer, &layer, viewer.reach(&layer.layer), &areas))
}

/// The part of a layer that a right reaches.
fn reached(
    viewer: &Viewer,
    layer: &LayerSnapshot,
    reach: Reach<'_>,
    areas: &[Area],
) -> LayerSnapshot {
    layer.part(&match reach {
        Reach::Own => owned(viewer, layer),
        _ => inside(layer, areas),
    })
}

/// Positions of the features that are a viewer's own, ascending.
fn owned(viewer: &Viewer, layer: &LayerSnapshot) -> Vec<u32> {
    if !viewer.has_owners(&layer.layer) {
        return Vec::new();
    }
    let own = (layer.records()).filter(|(_, record)| viewer.owns(&layer.layer, record));
    own.map(|(position, _)| position).collect()
}

/// A territory, as rectangles around its features.
pub(crate) fn ground(snapshot: &Snapshot, own: &[Territory]) -> Vec<Rect> {
    let (_, areas) = territory(snapshot, own);
    areas.iter().map(Area::rect).collect()
}

/// The layers that a territory's features are of, and the features' areas.
fn territory(snapshot: &Snapshot, own: &[Territory]) -> (Vec<Arc<LayerSnapshot>>, Vec<Area>) {
    let mut sources: Vec<Arc<LayerSnapshot>> = Vec::new();
    let mut areas = Vec::new();
    for place in own {
        let Some(layer) = snapshot.layer(&place.layer) else {
            continue;
        };
        if !sources.iter().any(|source| Arc::ptr_eq(source, layer)) {
            sources.push(Arc::clone(layer));
        }
        let shape = layer.position(&place.id).and_then(|at| layer.shape(at));
        if let Some(Shape::Area(area)) = shape {
            areas.push(area);
        }
    }
    (sources, areas)
}

/// Positions of the features whose representative points lie in a territory, ascending.
fn inside(layer: &LayerSnapshot, areas: &[Area]) -> Vec<u32> {
    let mut positions: Vec<u32> = (areas.iter())
        .flat_map(|area| layer.within(area, Rule::RepresentativePoint))
        .collect();
    positions.sort_unstable();
    positions.dedup();
    positions
}

/// The contracts of the assets in a territory.
fn of_assets(contracts: &LayerSnapshot, snapshot: &Snapshot, areas: &[Area]) -> LayerSnapshot {
    let assets: Vec<&Record> = (snapshot.layer("asset").iter())
        .flat_map(|assets| {
            inside(assets, areas)
                .into_iter()
                .map(|at| &**assets.record(at))
        })
        .collect();
    let positions: Vec<u32> = contracts
        .records()
        .filter(|(_, record)| {
            let named = record.get(&contracts.layer, "asset");
            assets.iter().any(|asset| names(named, &asset.id))
        })
        .map(|(position, _)| position)
        .collect();
    contracts.part(&positions)
}

/// Whether a reference names a feature: as its text, or in its list.
pub(super) fn names(reference: &Value, id: &str) -> bool {
    match reference {
        Value::Text(text) => **text == *id,
        Value::Json(json) => match &**json {
            serde_json::Value::Array(ids) => ids.iter().any(|own| own.as_str() == Some(id)),
            json => json.as_str() == Some(id),
        },
        _ => false,
    }
}
