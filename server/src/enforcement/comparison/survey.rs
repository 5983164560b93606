//! A survey of houses: outlines by key, of the map at some moment or of a file.

use std::sync::Arc;

use axum::{body::Bytes, http::StatusCode};
use geo::{BoundingRect as _, Coord, Geometry};
use geojson::FeatureCollection;
use serde_json::Value;
use yizhangtu_index::footprints::Footprint;

use crate::{atlas::LayerSnapshot, http::Problem};

/// Outlines of one request at most; the command takes any number.
const MOST: usize = 200_000;

/// One survey: outlines by key, and how each is called.
pub(super) struct Survey {
    pub(super) outlines: Vec<Footprint>,
    /// Position in the atlas's layer by key; none where the survey is a file.
    pub(super) layer: Option<Arc<LayerSnapshot>>,
}

/// The houses of a layer.
pub(super) fn of_layer(layer: Arc<LayerSnapshot>) -> Survey {
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

/// The outlines of a GeoJSON FeatureCollection.
///
/// # Errors
/// 422 where there are none, too many, or not in degrees.
pub(super) fn of_body(body: &Bytes) -> Result<Survey, Problem> {
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

/// The middle of some outlines.
pub(super) fn middle(outlines: &[Footprint]) -> Option<Coord<f64>> {
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
