//! The area that is counted in: drawn or a feature's, widened, checked and measured.

use axum::http::StatusCode;
use geo::{CoordsIter, Geometry, MultiPolygon};
use yizhangtu_data::{geometry, measure, overlay, topology};
use yizhangtu_index::{Area, Fault, Shape, ShapeError};

use super::{
    buffer::{self, LARGEST_BUFFER_M},
    request::{Of, Request},
};
use crate::{
    atlas::Snapshot,
    http::{FieldProblem, Problem},
};

/// Most vertices of an outline.
const MOST_VERTICES: usize = 1_000_000;

/// Most vertices of an outline that is widened.
const MOST_WIDENED: usize = 100_000;

/// Largest area, in m²: half of Guangdong, and thirteen times Guangzhou.
const LARGEST_AREA_M2: f64 = 1e11;

/// An area with its measure.
pub(crate) struct Subject {
    pub(crate) area: Area,
    pub(crate) area_m2: f64,
    /// The outline that the area is of, on the lattice.
    pub(crate) outline: MultiPolygon<f64>,
}

impl Subject {
    /// An outline that is valid and on the lattice.
    ///
    /// # Errors
    /// When it has no place there.
    pub(crate) fn outlined(outline: &MultiPolygon<f64>) -> Result<Self, Problem> {
        let geometry = Geometry::MultiPolygon(outline.clone());
        let Shape::Area(area) = shape(&geometry)? else {
            return Err(Problem::internal("an outline that is no area"));
        };
        Ok(Self {
            area,
            area_m2: measure::area_m2(&geometry),
            outline: outline.clone(),
        })
    }

    /// The area of a request.
    pub(super) fn of(snapshot: &Snapshot, request: &Request) -> Result<Self, Problem> {
        if !request.buffer_m.is_finite() || request.buffer_m.abs() > LARGEST_BUFFER_M {
            return Err(Problem::parameter(
                "buffer_m",
                format_args!("{} 不在 ±{LARGEST_BUFFER_M} 米之内", request.buffer_m),
                format_args!("{} is not within ±{LARGEST_BUFFER_M} m", request.buffer_m),
            ));
        }
        let mut outline = match &request.of {
            Of::Drawn(drawn) => drawn.clone(),
            Of::Features(layer, ids) => features(snapshot, layer, ids)?,
        };
        if outline.coords_count() > MOST_VERTICES {
            return Err(refused(
                "too_many_vertices",
                format!(
                    "有 {} 个顶点，最多 {MOST_VERTICES} 个，请先化简",
                    outline.coords_count()
                ),
                format!(
                    "has {} vertices, at most {MOST_VERTICES}; simplify it first",
                    outline.coords_count()
                ),
            ));
        }
        geometry::snap(&mut outline);
        // A drawn outline must be sound; a feature's was made so when it came in.
        if matches!(request.of, Of::Drawn(_)) {
            check(&outline)?;
        }
        if request.buffer_m != 0.0 {
            // Widening joins what meets: its work grows faster than the outline.
            let corners = outline.coords_count();
            if corners > MOST_WIDENED {
                return Err(refused(
                    "too_many_vertices",
                    format!("有 {corners} 个顶点，做缓冲区最多 {MOST_WIDENED} 个，请先化简"),
                    format!(
                        "has {corners} vertices; at most {MOST_WIDENED} can be buffered, simplify it first"
                    ),
                ));
            }
            let widened = buffer::of(&outline, request.buffer_m).map_err(|fault| {
                refused(
                    "invalid_buffer",
                    fault.zh().to_owned(),
                    fault.en().to_owned(),
                )
            })?;
            outline = widened.into();
            geometry::snap(&mut outline);
        }
        let Shape::Area(area) = shape(&outline)? else {
            return Err(refused(
                "not_an_area",
                "不是面；点和线请同时给出大于 0 的 buffer_m".to_owned(),
                "is no area; give a buffer_m greater than 0 with points and lines".to_owned(),
            ));
        };
        let area_m2 = measure::area_m2(&outline);
        if area_m2 > LARGEST_AREA_M2 {
            return Err(too_large(area_m2));
        }
        let outline = topology::polygons(&outline).unwrap_or_else(|| MultiPolygon(Vec::new()));
        Ok(Self {
            area,
            area_m2,
            outline,
        })
    }
}

/// What some features cover together.
fn features(snapshot: &Snapshot, layer: &str, ids: &[String]) -> Result<Geometry<f64>, Problem> {
    if let [id] = ids {
        return feature(snapshot, layer, id);
    }
    let mut parts: Vec<MultiPolygon<f64>> = Vec::new();
    for id in ids {
        let outline = feature(snapshot, layer, id)?;
        let areas = topology::polygons(&outline).ok_or_else(|| {
            refused(
                "not_an_area",
                format!("要素 {id} 不是面"),
                format!("the feature {id} is no area"),
            )
        })?;
        parts.push(areas);
    }
    let whole = overlay::union(&parts).map_err(|error| {
        let message = error.to_string();
        let (zh, en) = message.split_once(" / ").unwrap_or((&message, &message));
        refused("too_large", zh.to_owned(), en.to_owned())
    })?;
    Ok(whole.into())
}

fn feature(snapshot: &Snapshot, layer: &str, id: &str) -> Result<Geometry<f64>, Problem> {
    let found = snapshot.layer(layer).ok_or_else(|| {
        Problem::not_found(format!("没有图层 {layer} / there is no layer {layer}"))
    })?;
    let record = found
        .get(id)
        .filter(|_| !found.layer.personal)
        .ok_or_else(|| {
            Problem::not_found(format!(
                "图层 {layer} 没有要素 {id} / the layer {layer} has no feature {id}"
            ))
        })?;
    record.geometry.clone().ok_or_else(|| {
        refused(
            "no_geometry",
            format!("要素 {id} 没有几何"),
            format!("the feature {id} has no geometry"),
        )
    })
}

/// Refuses an outline that crosses itself, and says where.
fn check(outline: &Geometry<f64>) -> Result<(), Problem> {
    let Shape::Area(area) = shape(outline)? else {
        return Ok(());
    };
    let rect = area.rect();
    if rect.max.lon() - rect.min.lon() > 180.0 {
        return Err(too_large(measure::area_m2(outline)));
    }
    match area.fault() {
        None => Ok(()),
        Some(Fault::Crossing { lon, lat }) => Err(refused(
            "self_crossing",
            format!("边界在 ({lon:.9}, {lat:.9}) 处自相交，请重画"),
            format!("the outline crosses itself at ({lon:.9}, {lat:.9}); draw it again"),
        )),
        Some(Fault::Nesting { lon, lat }) => Err(refused(
            "wrong_nesting",
            format!(
                "从 ({lon:.9}, {lat:.9}) 开始的环不在应在的位置（洞在面外，或面互相重叠），请重画"
            ),
            format!(
                "the ring at ({lon:.9}, {lat:.9}) is misplaced: a hole outside its area, or parts that overlap; draw it again"
            ),
        )),
        Some(_) => Err(refused(
            "invalid_geometry",
            "边界无效，请重画".to_owned(),
            "the outline is not valid; draw it again".to_owned(),
        )),
    }
}

fn shape(outline: &Geometry<f64>) -> Result<Shape, Problem> {
    Shape::new(outline).map_err(|error: ShapeError| {
        let message = error.to_string();
        let (zh, en) = message.split_once(" / ").unwrap_or((&message, &message));
        refused("invalid_geometry", zh.to_owned(), en.to_owned())
    })
}

fn too_large(area_m2: f64) -> Problem {
    let (own, most) = (area_m2 / 1e6, LARGEST_AREA_M2 / 1e6);
    refused(
        "too_large",
        format!("约 {own:.0} 平方公里，最大 {most:.0} 平方公里，请缩小范围"),
        format!("is about {own:.0} km², at most {most:.0} km²; draw a smaller area"),
    )
}

/// 422, naming the field.
fn refused(code: &'static str, zh: String, en: String) -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        format!("area：{zh} / area: {en}"),
    )
    .with(FieldProblem {
        field: "area".to_owned(),
        row: None,
        code,
        message: format!("{zh} / {en}"),
    })
}
