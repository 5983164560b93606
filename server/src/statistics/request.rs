//! What is asked, read from the body.

use axum::http::StatusCode;
use chrono::NaiveDate;
use geo::Geometry;
use serde::Deserialize;
use yizhangtu_data::GeometryKind;
use yizhangtu_data::clock;
use yizhangtu_index::Rule;

use crate::{
    atlas::{LayerSnapshot, Snapshot},
    http::{FieldProblem, Problem},
};

/// The body as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    area: Option<serde_json::Value>,
    layer: Option<String>,
    id: Option<String>,
    ids: Option<Vec<String>>,
    on: Option<String>,
    #[serde(default)]
    buffer_m: f64,
    rule: Option<String>,
    by: Option<String>,
}

/// What is to be counted.
pub(super) enum Of {
    /// A drawn geometry, longitude and latitude.
    Drawn(Geometry<f64>),
    /// Features of a layer by their ids: the area that they cover together.
    Features(String, Vec<String>),
}

/// Features picked at most.
const MOST_PICKED: usize = 2_000;

/// A request that makes sense so far.
pub(super) struct Request {
    pub(super) of: Of,
    /// Metres that the area is widened by, or narrowed where less than 0.
    pub(super) buffer_m: f64,
    pub(super) rule: Rule,
    /// The day in the past that people are counted on; none for now.
    pub(super) on: Option<NaiveDate>,
    by: Option<String>,
}

impl Request {
    pub(super) fn parse(body: &[u8]) -> Result<Self, Problem> {
        let written: Written = serde_json::from_slice(body).map_err(|error| {
            Problem::new(
                StatusCode::BAD_REQUEST,
                format!("请求体不是所要的 JSON：{error} / the body is not the JSON that is asked for: {error}"),
            )
        })?;
        let of = match (written.area, written.layer, written.id, written.ids) {
            (Some(area), None, None, None) => Of::Drawn(geometry(area)?),
            (None, Some(layer), Some(id), None) => Of::Features(layer, vec![id]),
            (None, Some(layer), None, Some(ids)) => Of::Features(layer, picked(ids)?),
            _ => {
                return Err(Problem::new(
                    StatusCode::BAD_REQUEST,
                    "请给出 area（GeoJSON 面），或者 layer 和 id 或 ids / give either area (a GeoJSON polygon), or layer and id or ids",
                ));
            }
        };
        let rule = match written.rule.as_deref() {
            None | Some("representative_point") => Rule::RepresentativePoint,
            Some("intersects") => Rule::Intersects,
            Some("within") => Rule::Within,
            Some(other) => {
                return Err(Problem::parameter(
                    "rule",
                    format_args!(
                        "没有规则“{other}”，可用的有 representative_point、intersects、within"
                    ),
                    format_args!(
                        "no rule “{other}”; there are representative_point, intersects, within"
                    ),
                ));
            }
        };
        Ok(Self {
            of,
            buffer_m: written.buffer_m,
            rule,
            on: written.on.as_deref().map(day).transpose()?,
            by: written.by,
        })
    }

    /// The layer to group by, where one is asked for.
    pub(super) fn group_layer<'s>(
        &self,
        snapshot: &'s Snapshot,
    ) -> Result<Option<&'s LayerSnapshot>, Problem> {
        let Some(by) = &self.by else {
            return Ok(None);
        };
        let areal = |layer: &&'s std::sync::Arc<LayerSnapshot>| {
            matches!(
                layer.layer.geometry,
                GeometryKind::Polygon | GeometryKind::Any
            ) && !layer.layer.personal
        };
        let mut layers = snapshot.layers.iter().filter(areal);
        match layers.find(|layer| layer.layer.id == *by) {
            Some(layer) => Ok(Some(layer)),
            None => {
                let known: Vec<_> = (snapshot.layers.iter().filter(areal))
                    .map(|layer| layer.layer.id.as_str())
                    .collect();
                let known = known.join(", ");
                Err(Problem::parameter(
                    "by",
                    format_args!("没有面图层“{by}”，可用的有 {known}"),
                    format_args!("there is no areal layer “{by}”; there are {known}"),
                ))
            }
        }
    }
}

fn picked(ids: Vec<String>) -> Result<Vec<String>, Problem> {
    if ids.is_empty() || ids.len() > MOST_PICKED {
        return Err(Problem::parameter(
            "ids",
            format_args!("有 {} 个，应为 1 到 {MOST_PICKED} 个", ids.len()),
            format_args!("has {}; there must be 1 to {MOST_PICKED}", ids.len()),
        ));
    }
    Ok(ids)
}

/// A day that is over: what was registered by then is counted.
fn day(text: &str) -> Result<NaiveDate, Problem> {
    let today = clock::today();
    match text.parse::<NaiveDate>() {
        Ok(day) if day <= today => Ok(day),
        _ => Err(Problem::parameter(
            "on",
            format_args!("“{text}”不是今天（{today}）或以前的日期，请写成 2025-12-31"),
            format_args!("“{text}” is no day up to today ({today}); write 2025-12-31"),
        )),
    }
}

/// A GeoJSON geometry, or the geometry of a feature.
fn geometry(value: serde_json::Value) -> Result<Geometry<f64>, Problem> {
    let bad = |zh: String, en: String| {
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            format!("area：{zh} / area: {en}"),
        )
        .with(FieldProblem {
            field: "area".to_owned(),
            row: None,
            code: "invalid_geometry",
            message: format!("{zh} / {en}"),
        })
    };
    let invalid = |error: String| {
        bad(
            format!("不是 GeoJSON 几何：{error}"),
            format!("is no GeoJSON geometry: {error}"),
        )
    };
    let geometry =
        match serde_json::from_value(value).map_err(|error| invalid(error.to_string()))? {
            geojson::GeoJson::Geometry(geometry) => geometry,
            geojson::GeoJson::Feature(feature) => feature.geometry.ok_or_else(|| {
                bad(
                    "要素没有几何".to_owned(),
                    "the feature has no geometry".to_owned(),
                )
            })?,
            geojson::GeoJson::FeatureCollection(_) => {
                return Err(bad(
                    "是要素集合，请只给一个面".to_owned(),
                    "is a feature collection; give one polygon".to_owned(),
                ));
            }
        };
    Geometry::try_from(geometry).map_err(|error| invalid(error.to_string()))
}
