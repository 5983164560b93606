//! `POST /enforcement/comparison`: the houses of the map held against another survey of them,
//! or against themselves on a past day; what is new, grew, was split, merged or is gone.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use axum::{Json, body::Bytes, extract::State, http::StatusCode};
use geo::{BoundingRect as _, Coord, Geometry};
use geojson::FeatureCollection;
use serde_json::{Value, json};
use yizhangtu_data::{Layer, Record, measure};
use yizhangtu_index::{
    Shape,
    footprints::{Change, Footprint, Footprints, Frame, Kind, Rules, compare},
};

use super::CASES;
use crate::{
    atlas::{LayerSnapshot, Snapshot},
    collections::{AsOf, features},
    http::{App, Parameters, Problem},
    policy::{Action, Seen, Viewer},
};

/// The layer of the houses.
const HOUSES: &str = "building";
/// Outlines of one request at most; the command takes any number.
const MOST: usize = 200_000;
/// Changes in one answer at most, the surest first; the sums are of all.
const NAMED: usize = 2000;
/// A house is in a permit when this share of it lies in permits.
const PERMITTED: f64 = 0.5;

/// One survey: outlines by key, and how each is called.
struct Survey {
    outlines: Vec<Footprint>,
    /// Position in the atlas's layer by key; none where the survey is a file.
    layer: Option<Arc<LayerSnapshot>>,
}

/// `?as-of=` compares the map as it was with the map as it is; without it the body is the newer
/// survey, a GeoJSON FeatureCollection of outlines in degrees, with `floors_up` where known.
pub(super) async fn comparison(
    State(app): State<App>,
    viewer: Viewer,
    mut given: Parameters,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let as_of = AsOf::take(&mut given)?;
    given.finish()?;
    let missing = || Problem::not_found("此文件没有房屋图层 / this file has no layer of houses");
    let layer = app.layer(HOUSES).cloned().ok_or_else(missing)?;
    viewer.require(Action::View, &layer)?;
    let cases = app.layer(CASES).cloned().ok_or_else(missing)?;
    viewer.require(Action::View, &cases)?;
    let now = features(&app, &viewer, &layer, None).await?;
    let (before, after) = match &as_of {
        Some(_) => {
            let then = features(&app, &viewer, &layer, as_of.as_ref()).await?;
            (of_layer(then), of_layer(now))
        }
        None => (of_layer(now), of_body(&body)?),
    };
    let told = tokio::task::spawn_blocking(move || told(&app, &viewer, &before, &after))
        .await
        .map_err(Problem::internal)?;
    Ok(Json(told))
}

fn of_layer(layer: Arc<LayerSnapshot>) -> Survey {
    let outlines = (layer.records())
        .filter_map(|(key, house)| {
            let outline = house.geometry.clone()?;
            let floors = house.get(&layer.layer, "floors_up").as_decimal();
            Some(Footprint {
                key,
                outline,
                floors,
            })
        })
        .collect();
    Survey {
        outlines,
        layer: Some(layer),
    }
}

fn of_body(body: &Bytes) -> Result<Survey, Problem> {
    let bad = |zh: String, en: String| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, format!("{zh} / {en}"))
    };
    let text = std::str::from_utf8(body).unwrap_or_default();
    let read: FeatureCollection = text.parse().map_err(|error| {
        bad(
            format!("请给出新一期房屋轮廓的 GeoJSON（FeatureCollection）：{error}"),
            format!("give the newer outlines as a GeoJSON FeatureCollection: {error}"),
        )
    })?;
    if read.features.len() > MOST {
        return Err(bad(
            format!("一次最多比对 {MOST} 个轮廓，更多请用命令 yizhangtu compare"),
            format!("{MOST} outlines at most; for more use the command “yizhangtu compare”"),
        ));
    }
    let mut outlines = Vec::new();
    for (key, feature) in (0..).zip(read.features) {
        let floors = feature.property("floors_up").and_then(Value::as_f64);
        let outline = feature
            .geometry
            .and_then(|shape| Geometry::<f64>::try_from(shape).ok());
        let Some(outline) = outline else {
            continue;
        };
        // Anything else than degrees is far from every village.
        if let Some(rect) = outline.bounding_rect()
            && (rect.min().x < -180.0
                || rect.max().x > 180.0
                || rect.min().y < -90.0
                || rect.max().y > 90.0)
        {
            return Err(bad(
                format!(
                    "第 {} 个要素不是经纬度坐标，请先转换（导入时可指定坐标系）",
                    key + 1
                ),
                format!(
                    "feature {} is not in degrees; convert it first (an import takes a coordinate system)",
                    key + 1
                ),
            ));
        }
        outlines.push(Footprint {
            key,
            outline,
            floors,
        });
    }
    if outlines.is_empty() {
        return Err(bad(
            "文件里没有房屋轮廓（面）".to_owned(),
            "there are no outlines (polygons) in it".to_owned(),
        ));
    }
    Ok(Survey {
        outlines,
        layer: None,
    })
}

fn told(app: &App, viewer: &Viewer, before: &Survey, after: &Survey) -> Value {
    let rules = Rules::default();
    let middle = middle(before)
        .or_else(|| middle_of(&after.outlines))
        .unwrap_or_default();
    let frame = Frame::at(middle);
    let sets =
        [before, after].map(|survey| Footprints::new(frame, survey.outlines.iter().cloned()));
    let found: Mutex<Vec<Change>> = Mutex::default();
    let shift = compare(&sets[0], &sets[1], &rules, |change| {
        found
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(change);
    });
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
    json!({
        "sequence": app.snapshot().sequence,
        "before": sets[0].len(), "after": sets[1].len(),
        "shift": {
            "east_m": round(shift.by[0]), "north_m": round(shift.by[1]), "residual_m": round(shift.residual_m),
        },
        "changes": found.len(), "sums": sums, "rows": rows,
        "permits": permitted.is_some(),
    })
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

/// What a house is called.
pub(super) fn label(viewer: &Viewer, layer: &Layer, record: &Record) -> Option<String> {
    let view = viewer.see(layer, record);
    let shown = |name: &str| match view.get(name) {
        Seen::Nothing => None,
        seen => Some(seen.to_text()),
    };
    shown("address")
        .or_else(|| shown(layer.label.as_deref()?))
        .or_else(|| shown(layer.code.as_deref()?))
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

fn middle(survey: &Survey) -> Option<Coord<f64>> {
    middle_of(&survey.outlines)
}

fn middle_of(outlines: &[Footprint]) -> Option<Coord<f64>> {
    let rects = outlines
        .iter()
        .filter_map(|one| one.outline.bounding_rect());
    let all = rects.reduce(|all, one| {
        geo::Rect::new(
            Coord {
                x: all.min().x.min(one.min().x),
                y: all.min().y.min(one.min().y),
            },
            Coord {
                x: all.max().x.max(one.max().x),
                y: all.max().y.max(one.max().y),
            },
        )
    });
    all.map(|all| all.center())
}

/// What a change is called.
pub(crate) fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::New => "new",
        Kind::Extended => "extended",
        Kind::Taller => "taller",
        Kind::Split => "split",
        Kind::Merged => "merged",
        Kind::Regrouped => "regrouped",
        Kind::Reduced => "reduced",
        Kind::Vanished => "vanished",
    }
}

fn round(m2: f64) -> f64 {
    (m2 * 100.0).round() / 100.0
}
