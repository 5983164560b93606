//! What a comparison found, as it leaves.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
};

use serde_json::{Value, json};
use yizhangtu_data::{Record, measure};
use yizhangtu_index::{
    Shape,
    footprints::{Change, Footprint, Footprints, Frame, Rules, compare},
};

use super::{
    job::Job,
    label, name,
    survey::{Survey, middle},
};
use crate::{atlas::Snapshot, http::App, policy::Viewer};

/// Changes in one answer at most, the surest first; the sums are of all.
const NAMED: usize = 2000;
/// A house is in a permit when this share of it lies in permits.
const PERMITTED: f64 = 0.5;

/// Compares two surveys; none where the job was given up meanwhile.
pub(super) fn told(
    app: &App,
    viewer: &Viewer,
    before: &Survey,
    after: &Survey,
    job: &Job,
) -> Option<Value> {
    let rules = Rules::default();
    let middle = middle(&before.outlines)
        .or_else(|| middle(&after.outlines))
        .unwrap_or_default();
    let frame = Frame::at(middle);
    let sets =
        [before, after].map(|survey| Footprints::new(frame, survey.outlines.iter().cloned()));
    job.compares(sets[0].len() + sets[1].len());
    let found: Mutex<Vec<Change>> = Mutex::default();
    let keep = |change| {
        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
        found.push(change);
    };
    let shift = compare(&sets[0], &sets[1], &rules, |done| job.goes_on(done), keep)?;
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.sort_by(|a, b| {
        (b.confidence.total_cmp(&a.confidence))
            .then(b.area_m2.total_cmp(&a.area_m2))
            .then_with(|| (a.kind, &a.before, &a.after).cmp(&(b.kind, &b.before, &b.after)))
    });
    let mut sums: BTreeMap<&str, (u64, f64)> = BTreeMap::new();
    for change in &found {
        let sum = sums.entry(name(change.kind)).or_default();
        *sum = (sum.0 + 1, sum.1 + change.area_m2);
    }
    let sums: serde_json::Map<String, Value> = (sums.into_iter())
        .map(|(kind, (count, m2))| {
            (
                kind.to_owned(),
                json!({ "count": count, "area_m2": round(m2) }),
            )
        })
        .collect();
    let permitted = permitted(app, frame, &sets[1]);
    let snapshot = app.seen_by(viewer);
    let by_key = |survey: &Survey| -> HashMap<u32, usize> {
        (survey.outlines.iter().zip(0..))
            .map(|(one, at)| (one.key, at))
            .collect()
    };
    let keys = [by_key(before), by_key(after)];
    let rows: Vec<Value> = (found.iter().take(NAMED))
        .map(|change| {
            // What stands there now, or stood there last.
            let (survey, own, keys) = if change.after.is_empty() {
                (before, &change.before, &keys[0])
            } else {
                (after, &change.after, &keys[1])
            };
            let outline = |key: &u32| Some(&survey.outlines[*keys.get(key)?].outline);
            let shape = own.first().and_then(outline);
            let share = permitted.as_ref().filter(|_| !change.after.is_empty());
            let share = share.map(|share| own.iter().filter_map(|key| share.get(key)).fold(1.0, |least: f64, own| least.min(*own)));
            let place = shape.and_then(|shape| Shape::new(shape).ok()).map(|shape| shape.representative());
            let grid = place.and_then(|place| grid(viewer, &snapshot, place));
            json!({
                "kind": name(change.kind),
                "area_m2": round(change.area_m2),
                "confidence": (change.confidence * 1000.0).round() / 1000.0,
                "before": houses(viewer, before, &change.before),
                "after": houses(viewer, after, &change.after),
                "ground_m2": shape.map(|shape| round(measure::area_m2(shape))),
                "permitted": share.map(|share| (share * 1000.0).round() / 1000.0),
                "suspected": share.is_some_and(|share| share < PERMITTED),
                "grid": grid,
                "place": place.map(|place| [place.lon(), place.lat()]),
                "geometry": shape.map(|shape| json!(geojson::Geometry::new(geojson::GeometryValue::from(shape)))),
            })
        })
        .collect();
    Some(json!({
        "sequence": app.snapshot().sequence,
        "before": sets[0].len(), "after": sets[1].len(),
        "shift": {
            "east_m": round(shift.by[0]), "north_m": round(shift.by[1]), "residual_m": round(shift.residual_m),
        },
        "changes": found.len(), "sums": sums, "rows": rows,
        "permits": permitted.is_some(),
    }))
}

/// The houses of a side as the map knows them; a file's are only counted.
fn houses(viewer: &Viewer, survey: &Survey, keys: &[u32]) -> Value {
    let Some(layer) = &survey.layer else {
        return keys
            .iter()
            .map(|key| json!({ "number": key + 1 }))
            .collect();
    };
    let tell = |key: &u32| {
        let house: &Record = layer.record(*key);
        json!({ "id": &*house.id, "label": label(viewer, &layer.layer, house) })
    };
    keys.iter().map(tell).collect()
}

fn grid(viewer: &Viewer, snapshot: &Snapshot, place: yizhangtu_index::Point) -> Option<Value> {
    let grids = snapshot.layer("grid")?;
    let record = grids.record(*grids.at(place).first()?);
    Some(json!({ "id": &*record.id, "title": label(viewer, &grids.layer, record) }))
}

/// The share of each house that lies in permits; none where the map has no permits at all.
fn permitted(app: &App, frame: Frame, houses: &Footprints) -> Option<HashMap<u32, f64>> {
    let snapshot = app.snapshot();
    let permits = snapshot.layer("permit")?;
    let outlines = permits.records().filter_map(|(key, permit)| {
        let outline = permit.geometry.clone()?;
        Some(Footprint {
            key,
            outline,
            floors: None,
        })
    });
    let permits = Footprints::new(frame, outlines);
    if permits.is_empty() {
        return None;
    }
    Some(houses.covered_by(&permits).collect())
}

fn round(m2: f64) -> f64 {
    (m2 * 100.0).round() / 100.0
}
