//! Layers whose features divide the ground among them: an edit may leave no overlap, and is
//! told of the gaps that it leaves.

use std::{collections::HashMap, sync::Arc};

use geo::{BooleanOps, BoundingRect, Intersects, MultiPolygon, Rect, unary_union};
use serde_json::{Value, json};
use yizhangtu_data::{
    Change, ChangeSet, Id,
    topology::{self, TOLERANCE_M2, polygons},
};

use super::{Fault, touched::lattice};
use crate::atlas::{LayerSnapshot, Snapshot};

/// What a check found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Overlaps that are new or grew.
    pub(super) faults: Vec<Fault>,
    /// Gaps that are new.
    pub(super) warnings: Vec<Value>,
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
            Partition::new(snapshot, layer, accepted, set, origin).check(&mut found);
        }
    }
    found
}

/// A feature that the set touches.
struct Touched {
    /// Place in the request.
    change: Option<usize>,
    before: Option<MultiPolygon<f64>>,
    after: Option<MultiPolygon<f64>>,
    /// Around what it is after: most of a large set lie far from one another.
    around: Option<Rect<f64>>,
}

impl Touched {
    /// Whether it may have ground within a rectangle.
    fn may_meet(&self, rect: Option<Rect<f64>>) -> bool {
        (self.around.zip(rect)).is_some_and(|(own, other)| own.intersects(&other))
    }
}

struct Partition<'a> {
    snapshot: &'a Snapshot,
    layer: &'a LayerSnapshot,
    /// Features of sets before this one that are not in the snapshot yet.
    earlier: HashMap<Id, Option<MultiPolygon<f64>>>,
    touched: HashMap<Id, Touched>,
}

impl<'a> Partition<'a> {
    fn new(
        snapshot: &'a Snapshot,
        layer: &'a LayerSnapshot,
        accepted: &[Change],
        set: &ChangeSet,
        origin: &[usize],
    ) -> Self {
        let own = |change: &&Change| *change.layer == *layer.layer.id;
        let area = |change: &Change| {
            let record = change.operation.record()?;
            record.geometry.as_ref().and_then(polygons)
        };
        let earlier: HashMap<Id, _> = (accepted.iter().filter(own))
            .map(|change| (Arc::clone(change.operation.id()), area(change)))
            .collect();
        let mut touched: HashMap<Id, Touched> = HashMap::new();
        for (place, change) in set.changes.iter().enumerate() {
            if !own(&change) {
                continue;
            }
            let id = change.operation.id();
            let before = match (earlier.get(id), touched.get(id)) {
                (_, Some(touched)) => touched.before.clone(),
                (Some(before), None) => before.clone(),
                (None, None) => (layer.get(id))
                    .and_then(|record| record.geometry.as_ref())
                    .and_then(polygons),
            };
            let after = area(change);
            let change = origin.get(place).copied();
            let around = after.as_ref().and_then(BoundingRect::bounding_rect);
            touched.insert(
                Arc::clone(id),
                Touched {
                    change,
                    before,
                    after,
                    around,
                },
            );
        }
        // What keeps its place is a neighbour like any other.
        touched.retain(|_, touched| touched.before != touched.after);
        Self {
            snapshot,
            layer,
            earlier,
            touched,
        }
    }

    fn check(&self, found: &mut Found) {
        let mut order: Vec<&Id> = self.touched.keys().collect();
        order.sort_unstable_by_key(|id| (self.touched[*id].change, *id));
        for (place, id) in order.iter().enumerate() {
            let one = &self.touched[*id];
            if let Some(after) = &one.after {
                for (other, before, now) in self.untouched(after) {
                    found.faults.extend(self.overlap(
                        id,
                        one,
                        after,
                        &other,
                        before.as_ref(),
                        &now,
                    ));
                }
                for other in &order[place + 1..] {
                    let two = &self.touched[*other];
                    if let Some(now) = two.after.as_ref().filter(|_| two.may_meet(one.around)) {
                        let before = two.before.as_ref();
                        found
                            .faults
                            .extend(self.overlap(id, one, after, other, before, now));
                    }
                }
            }
            self.gaps(id, one, found);
        }
    }

    /// Features near an area that the set does not touch.
    fn untouched(
        &self,
        area: &MultiPolygon<f64>,
    ) -> Vec<(Id, Option<MultiPolygon<f64>>, MultiPolygon<f64>)> {
        let mut near = Vec::new();
        let Some(rect) = area.bounding_rect().as_ref().and_then(lattice) else {
            return near;
        };
        for position in self.layer.in_box(&rect) {
            let record = self.layer.record(position);
            if self.touched.contains_key(&record.id) || self.earlier.contains_key(&record.id) {
                continue;
            }
            if let Some(area) = record.geometry.as_ref().and_then(polygons) {
                near.push((Arc::clone(&record.id), Some(area.clone()), area));
            }
        }
        for (id, area) in &self.earlier {
            if let (false, Some(area)) = (self.touched.contains_key(id), area) {
                near.push((Arc::clone(id), Some(area.clone()), area.clone()));
            }
        }
        near
    }

    fn overlap(
        &self,
        id: &Id,
        one: &Touched,
        after: &MultiPolygon<f64>,
        other: &Id,
        other_before: Option<&MultiPolygon<f64>>,
        other_after: &MultiPolygon<f64>,
    ) -> Option<Fault> {
        let misfit = topology::overlap(after, other_after)?;
        // An overlap that was there before may stay, so that it can be mended in steps.
        let was = match (&one.before, other_before) {
            (Some(one), Some(other)) => {
                topology::overlap(one, other).map_or(0.0, |was| was.area_m2)
            }
            _ => 0.0,
        };
        if misfit.area_m2 <= was + TOLERANCE_M2 {
            return None;
        }
        let title = &self.layer.layer.title;
        Some(Fault {
            change: one.change,
            layer: self.layer.layer.id.as_str().into(),
            id: Arc::clone(id),
            field: "geometry".to_owned(),
            code: "overlap",
            message: format!(
                "图形：与{}“{other}”重叠 {area:.2} 平方米，请改边界 / geometry: overlaps the {} “{other}” by {area:.2} m²; correct the border",
                title.zh,
                self.layer.layer.id,
                area = misfit.area_m2,
            ),
            place: Some(misfit.place),
        })
    }

    fn gaps(&self, id: &Id, one: &Touched, found: &mut Found) {
        let Some(mut ground) = one.before.clone() else {
            return;
        };
        if let Some(whole) = self.covered(&ground) {
            ground = ground.intersection(&whole);
        }
        let around = ground.bounding_rect();
        let mut cover: Vec<MultiPolygon<f64>> = (self.touched.values())
            .filter(|touched| touched.may_meet(around))
            .filter_map(|touched| touched.after.clone())
            .collect();
        cover.extend(self.untouched(&ground).into_iter().map(|(_, _, area)| area));
        for gap in topology::gaps(&ground, cover.iter().flatten()) {
            let area = gap.area_m2;
            found.warnings.push(json!({
                "code": "gap", "change": one.change, "layer": self.layer.layer.id, "id": &**id,
                "place": gap.place, "area_m2": (area * 100.0).round() / 100.0,
                "message": format!(
                    "有 {area:.2} 平方米不再属于任何{} / {area:.2} m² belong to no {} any more",
                    self.layer.layer.title.zh, self.layer.layer.id
                ),
            }));
        }
    }

    /// What the layer has to cover, near some ground; none where it has not to cover anything.
    fn covered(&self, ground: &MultiPolygon<f64>) -> Option<MultiPolygon<f64>> {
        let covered = self.snapshot.layer(self.layer.layer.covers.as_ref()?)?;
        let rect = ground.bounding_rect().as_ref().and_then(lattice)?;
        let areas: Vec<_> = (covered.in_box(&rect).into_iter())
            .filter_map(|position| {
                covered
                    .record(position)
                    .geometry
                    .as_ref()
                    .and_then(polygons)
            })
            .collect();
        (!areas.is_empty()).then(|| unary_union(areas.iter().flatten()))
    }
}
