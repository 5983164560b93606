//! `GET /enforcement/cases/{id}/facts`: what the place of a case implies, worked out when asked.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::{Value, json};
use yizhangtu_data::{Record, measure, topology::polygons};
use yizhangtu_index::Shape;

use super::{CASES, demolition};
use crate::{
    atlas::{LayerSnapshot, Snapshot},
    collections::find,
    http::{App, Parameters, Problem},
    policy::{Action, Seen, Viewer},
    statistics::{Subject, inside},
};

/// Layers whose features a case lies in, by its representative point.
const HOMES: [&str; 4] = ["grid", "co_op", "village", "renewal_unit"];

/// Layers that a case may reach into, with the field that sorts their features.
const GROUND: [(&str, &str); 3] = [
    ("control_line", "kind"),
    ("plan_land", "class_code"),
    ("land_use", "class_code"),
];

pub(super) async fn facts(
    State(app): State<App>,
    Path(id): Path<String>,
    viewer: Viewer,
    given: Parameters,
) -> Result<Json<Value>, Problem> {
    given.finish()?;
    let missing = || Problem::not_found(format!("没有案件 {id} / there is no case {id}"));
    let layer = app
        .layer(CASES)
        .filter(|layer| viewer.may(Action::View, layer))
        .ok_or_else(missing)?;
    let case = find(&app, &viewer, layer, &id).await?.ok_or_else(missing)?;
    let told = tokio::task::spawn_blocking(move || {
        let place = of_place(&app, &viewer, &case);
        let mut told = place.unwrap_or_else(|| json!({ "homes": {} }));
        let store = app.pool().reader().map_err(Problem::internal)?;
        let rows = demolition::told(&app, &viewer, &store, &case.id).map_err(Problem::internal)?;
        told["demolition"] = json!(rows);
        Ok::<_, Problem>(told)
    });
    Ok(Json(told.await.map_err(Problem::internal)??))
}

/// What the place of a case implies; none where it has no shape.
pub(super) fn of_place(app: &App, viewer: &Viewer, case: &Record) -> Option<Value> {
    let outline = case.geometry.as_ref()?;
    let shape = Shape::new(outline).ok()?;
    let snapshot = app.seen_by(viewer);
    let mut told = json!({ "homes": homes(viewer, &snapshot, &shape) });
    if let Shape::Area(area) = &shape {
        let subject = Subject {
            area: area.clone(),
            area_m2: measure::area_m2(outline),
            outline: polygons(outline)?,
        };
        told["area_m2"] = round(subject.area_m2).into();
        for (name, sort) in GROUND {
            told[name] = ground(app, &snapshot, &subject, name, sort);
        }
        told["permitted_m2"] = round(covered(&snapshot, &subject, "permit")).into();
    }
    Some(told)
}

fn homes(viewer: &Viewer, snapshot: &Snapshot, shape: &Shape) -> BTreeMap<&'static str, Value> {
    let place = shape.representative();
    let home = |name: &'static str| {
        let layer = snapshot.layer(name)?;
        let record = layer.record(*layer.at(place).first()?);
        let label = layer.layer.label.as_deref().unwrap_or("name");
        let title = match viewer.see(&layer.layer, record).get(label) {
            Seen::Nothing => record.id.to_string(),
            seen => seen.to_text(),
        };
        Some((name, json!({ "id": &*record.id, "title": title })))
    };
    HOMES.into_iter().filter_map(home).collect()
}

/// Square metres of the case on each sort of ground, the largest first.
fn ground(app: &App, snapshot: &Snapshot, subject: &Subject, name: &str, sort: &str) -> Value {
    let Some(layer) = snapshot.layer(name) else {
        return json!([]);
    };
    let mut sums: BTreeMap<String, f64> = BTreeMap::new();
    for (position, area_m2) in inside(layer, subject) {
        let sort = layer.record(position).get(&layer.layer, sort).as_text();
        *sums.entry(sort.unwrap_or_default().to_owned()).or_default() += area_m2;
    }
    let mut sums: Vec<(String, f64)> = sums
        .into_iter()
        .filter(|(_, m2)| round(*m2) > 0.0)
        .collect();
    sums.sort_by(|(a, one), (b, other)| other.total_cmp(one).then_with(|| a.cmp(b)));
    let tell = |(code, area_m2): (String, f64)| json!({ "code": code, "title": title(app, layer, sort, &code), "area_m2": round(area_m2) });
    sums.into_iter().map(tell).collect()
}

fn title(app: &App, layer: &LayerSnapshot, field: &str, code: &str) -> Value {
    let known = app.catalog().code(&layer.layer, field, code);
    known.map_or_else(
        || json!({ "zh": code, "en": code }),
        |code| json!(code.label),
    )
}

fn covered(snapshot: &Snapshot, subject: &Subject, name: &str) -> f64 {
    let layer = snapshot.layer(name);
    layer.map_or(0.0, |layer| {
        inside(layer, subject).iter().map(|(_, m2)| m2).sum()
    })
}

/// Two decimals, as areas are kept.
fn round(m2: f64) -> f64 {
    (m2 * 100.0).round() / 100.0
}
