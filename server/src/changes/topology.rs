//! Layers whose features divide the ground among them: an edit may leave no overlap, and is
//! told of the gaps that it leaves.
//!
//! The layer as it is and as it would be are held beside each other, each with its index, so
//! that what is touched is only ever compared with what lies near it: a plan of thousands of
//! plots that takes the place of another is checked plot by plot.

use std::{collections::HashMap, sync::Arc};

use geo::MultiPolygon;
use rayon::prelude::*;
use serde_json::{Value, json};
use yizhangtu_data::{
    Change, ChangeSet, Id, overlay,
    topology::{self, TOLERANCE_M2, polygons},
};

use super::Fault;
use crate::atlas::{LayerSnapshot, Snapshot};

/// What a check found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Overlaps that are new or grew.
    pub(super) faults: Vec<Fault>,
    /// Gaps that are new.
    pub(super) warnings: Vec<Value>,
}

impl Found {
    fn add(&mut self, mut more: Self) {
        self.faults.append(&mut more.faults);
        self.warnings.append(&mut more.warnings);
    }
}

/// Checks the partition layers that a set touches. `accepted` are changes that come before
/// it and that the snapshot does not show yet.
pub(super) fn check(
    snapshot: &Snapshot,
    accepted: &[Change],
    set: &ChangeSet,
    origin: &[usize],
) -> Found {
    let mut found = Found::default();
    for layer in &snapshot.layers {
        if layer.layer.partition
            && set
                .changes
                .iter()
                .any(|change| *change.layer == *layer.layer.id)
        {
            found.add(Partition::new(snapshot, layer, accepted, set, origin).check());
        }
    }
    found
}

struct Partition<'a> {
    snapshot: &'a Snapshot,
    before: Arc<LayerSnapshot>,
    after: LayerSnapshot,
    /// What comes, goes or moves, in the order of the request. What keeps its place is a
    /// neighbour like any other.
    touched: Vec<&'a Id>,
    /// Where each of them stands in that order, and in the request.
    places: HashMap<&'a Id, (usize, Option<usize>)>,
}

impl<'a> Partition<'a> {
    fn new(
        snapshot: &'a Snapshot,
        layer: &Arc<LayerSnapshot>,
        accepted: &[Change],
        set: &'a ChangeSet,
        origin: &[usize],
    ) -> Self {
        let own = |change: &&Change| *change.layer == *layer.layer.id;
        let earlier: Vec<_> = (accepted.iter().filter(own))
            .map(|change| &change.operation)
            .collect();
        let before = if earlier.is_empty() {
            Arc::clone(layer)
        } else {
            Arc::new(layer.after(earlier))
        };
        let changes = set.changes.iter().filter(own);
        let after = before.after(changes.map(|change| &change.operation));
        let mut places: HashMap<&Id, Option<usize>> = HashMap::new();
        for (place, change) in set.changes.iter().enumerate() {
            if own(&change) {
                places.insert(change.operation.id(), origin.get(place).copied());
            }
        }
        places.retain(|id, _| area(&before, id) != area(&after, id));
        let mut touched: Vec<&Id> = places.keys().copied().collect();
        touched.sort_unstable_by_key(|id| (places[*id], *id));
        let places = (touched.iter().enumerate())
            .map(|(order, id)| (*id, (order, places[*id])))
            .collect();
        Self {
            snapshot,
            before,
            after,
            touched,
            places,
        }
    }

    fn check(&self) -> Found {
        let found: Vec<Found> = (self.touched.par_iter())
            .map(|id| Found {
                faults: self.overlaps(id),
                warnings: self.gaps(id),
            })
            .collect();
        let mut all = Found::default();
        found.into_iter().for_each(|one| all.add(one));
        all
    }

    /// Overlaps of a feature as it would be with those around it; of two that are touched, the
    /// first tells.
    fn overlaps(&self, id: &Id) -> Vec<Fault> {
        let Some(one) = area(&self.after, id) else {
            return Vec::new();
        };
        let (order, _) = self.places[id];
        let is_later = |other: &Id| (self.places.get(other)).is_none_or(|(at, _)| *at > order);
        (near(&self.after, &self.after, id))
            .filter(|(other, _)| *other != id && is_later(other))
            .filter_map(|(other, ground)| self.overlap(id, &one, other, &ground))
            .collect()
    }

    /// What people call a feature.
    fn called(&self, id: &Id) -> String {
        let layer = &self.after.layer;
        let name = layer.code.as_ref().or(layer.label.as_ref());
        name.and_then(|field| self.after.get(id)?.get(layer, field).as_text())
            .map_or_else(|| id.to_string(), str::to_owned)
    }

    fn overlap(
        &self,
        id: &Id,
        one: &MultiPolygon<f64>,
        other: &Id,
        ground: &MultiPolygon<f64>,
    ) -> Option<Fault> {
        let misfit = topology::overlap(one, ground)?;
        // An overlap that was there before may stay, so that it can be mended in steps.
        let was = match (area(&self.before, id), area(&self.before, other)) {
            (Some(one), Some(other)) => {
                topology::overlap(&one, &other).map_or(0.0, |was| was.area_m2)
            }
            _ => 0.0,
        };
        if misfit.area_m2 <= was + TOLERANCE_M2 {
            return None;
        }
        let layer = &self.after.layer;
        Some(Fault {
            change: self.places[id].1,
            layer: layer.id.as_str().into(),
            id: Id::clone(id),
            field: "geometry".to_owned(),
            code: "overlap",
            message: format!(
                "图形：“{one}”与{}“{other}”重叠 {area:.2} 平方米，请改边界 / geometry: “{one}” overlaps the {} “{other}” by {area:.2} m²; correct the border",
                layer.title.zh,
                layer.id,
                one = self.called(id),
                other = self.called(other),
                area = misfit.area_m2,
            ),
            place: Some(misfit.place),
        })
    }

    fn gaps(&self, id: &Id) -> Vec<Value> {
        let Some(mut ground) = area(&self.before, id) else {
            return Vec::new();
        };
        if let Some(whole) = self.covered(id) {
            ground = overlay::intersection(&ground, &whole).unwrap_or(ground);
        }
        let cover: Vec<_> = near(&self.after, &self.before, id)
            .map(|(_, area)| area)
            .collect();
        let layer = &self.after.layer;
        let gaps = topology::gaps(&ground, &cover).into_iter();
        gaps.map(|gap| {
            let area = gap.area_m2;
            json!({
                "code": "gap", "change": self.places[id].1, "layer": layer.id, "id": &**id,
                "place": gap.place, "area_m2": (area * 100.0).round() / 100.0,
                "message": format!(
                    "有 {area:.2} 平方米不再属于任何{} / {area:.2} m² belong to no {} any more",
                    layer.title.zh, layer.id
                ),
            })
        })
        .collect()
    }

    /// What the layer has to cover, near a feature as it was; none where it has not to cover
    /// anything.
    fn covered(&self, id: &Id) -> Option<MultiPolygon<f64>> {
        let covered = self.snapshot.layer(self.after.layer.covers.as_ref()?)?;
        let areas: Vec<_> = near(covered, &self.before, id)
            .map(|(_, area)| area)
            .collect();
        (!areas.is_empty()).then(|| overlay::union(&areas).ok())?
    }
}

/// The ground of a feature of a layer.
fn area(layer: &LayerSnapshot, id: &Id) -> Option<MultiPolygon<f64>> {
    polygons(layer.get(id)?.geometry.as_ref()?)
}

/// The areas of a layer near a feature as another one has it.
fn near<'l>(
    layer: &'l LayerSnapshot,
    of: &LayerSnapshot,
    id: &Id,
) -> impl Iterator<Item = (&'l Id, MultiPolygon<f64>)> {
    let shape = of.position(id).and_then(|at| of.shape(at));
    let found = shape.map(|shape| layer.in_box(&shape.rect()));
    (found.into_iter().flatten()).filter_map(|position| {
        let record = layer.record(position);
        Some((&record.id, polygons(record.geometry.as_ref()?)?))
    })
}
