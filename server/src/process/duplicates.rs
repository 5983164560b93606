//! What may be the same thing, come in twice: near in place and time.

use std::collections::BTreeMap;

use chrono::NaiveTime;
use geo::CoordsIter;
use serde_json::{Value as Json, json};
use yizhangtu_data::{
    Record, Value,
    catalog::{Process, process::Duplicates},
};
use yizhangtu_index as index;

use super::{describe::state_title, read::Machine};
use crate::{
    atlas::LayerSnapshot,
    http::App,
    policy::{Seen, Viewer},
};

/// Named at most.
const MOST: usize = 20;

/// A degree is at most this many metres, so that a box of degrees holds a radius of metres.
const LEAST_METRES_OF_A_DEGREE: f64 = 80_000.0;

/// Others that may be the same as a feature, the nearest first.
pub(super) fn of(
    app: &App,
    viewer: &Viewer,
    machine: &Machine,
    process: &Process,
    record: &Record,
) -> Vec<Json> {
    let (Some(rule), Some(others)) = (
        &process.duplicates,
        app.seen_by(viewer).layer(&machine.layer.id).cloned(),
    ) else {
        return Vec::new();
    };
    let mut found: Vec<(f64, &Record)> = near(&others, record, rule)
        .into_iter()
        .map(|(position, metres)| (metres, &**others.record(position)))
        .filter(|(_, other)| alike(machine, rule, record, other))
        .collect();
    found.sort_by(|(a, one), (b, other)| a.total_cmp(b).then_with(|| one.id.cmp(&other.id)));
    found.truncate(MOST);
    let layer = &machine.layer;
    let tell = |(metres, other): (f64, &Record)| {
        let view = viewer.see(layer, other);
        let shown = |name: Option<&String>| match view.get(name?) {
            Seen::Nothing => None,
            seen => Some(seen.to_text()),
        };
        json!({
            "id": &*other.id, "code": shown(layer.code.as_ref()), "label": shown(layer.label.as_ref()),
            "distance_m": (metres * 10.0).round() / 10.0,
            "title": state_title(app.catalog(), layer, process, machine.state(other)),
        })
    };
    found.into_iter().map(tell).collect()
}

/// The features within a distance of another, by position, with it in m.
fn near(others: &LayerSnapshot, record: &Record, rule: &Duplicates) -> BTreeMap<u32, f64> {
    let Some(own) = record.geometry.as_ref() else {
        return BTreeMap::new();
    };
    let snap = |at: geo::Coord<f64>| index::Point::snap(at.x, at.y);
    let corners: Vec<index::Point> = own.coords_iter().filter_map(snap).collect();
    let mut found: BTreeMap<u32, f64> = BTreeMap::new();
    let mut keep = |position: u32, metres: f64| {
        if metres <= rule.within_m {
            let least = found.entry(position).or_insert(metres);
            *least = least.min(metres);
        }
    };
    for corner in &corners {
        for near in others.nearest(*corner, MOST + 1, rule.within_m) {
            keep(near.key, near.distance_m);
        }
    }
    // The nearest place of this one may lie between its corners: from the others' corners then.
    let (Ok(shape), Some(rect)) = (
        index::Shape::new(own),
        geo::BoundingRect::bounding_rect(own),
    ) else {
        return found;
    };
    let wide = rule.within_m / LEAST_METRES_OF_A_DEGREE;
    let low = index::Point::snap(rect.min().x - wide, rect.min().y - wide);
    let high = index::Point::snap(rect.max().x + wide, rect.max().y + wide);
    if let (Some(low), Some(high)) = (low, high) {
        for position in others.in_box(&index::Rect::of(low, high)) {
            let geometry = others.record(position).geometry.as_ref();
            for corner in geometry
                .into_iter()
                .flat_map(CoordsIter::coords_iter)
                .filter_map(snap)
            {
                keep(position, shape.distance_m(corner));
            }
        }
    }
    found
}

/// Whether another feature is of the same time and sort, and still stands for itself.
fn alike(machine: &Machine, rule: &Duplicates, record: &Record, other: &Record) -> bool {
    let layer = &machine.layer;
    let time = |record: &Record| match record.get(layer, &rule.time) {
        Value::Date(day) => Some(day.and_time(NaiveTime::MIN)),
        Value::DateTime(at) => Some(at.naive_utc()),
        _ => None,
    };
    let close = time(record).zip(time(other)).is_some_and(|(one, other)| {
        (one - other).num_minutes().abs() <= i64::from(rule.hours) * 60
    });
    let same = (rule.same.iter()).all(|name| record.get(layer, name) == other.get(layer, name));
    record.id != other.id && close && same
}
