//! The steps by which a unit's outline is made, and the ground that they lead to.
//!
//! An outline is kept as its steps: they are short, they can be taken back and done again,
//! and they say why the border runs where it does. The ground is worked out from the map as
//! it is now, on the lattice, so that a border that several grids share stays shared.

use std::sync::Arc;

use axum::http::StatusCode;
use geo::{Geometry, LineString, MultiPolygon};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use yizhangtu_data::{
    GeometryKind,
    geometry::prepare,
    overlay::{self, TooWide},
    topology::polygons,
};
use yizhangtu_index::{Area, Point, Rule};

use crate::{
    atlas::{LayerSnapshot, Snapshot},
    http::{FieldProblem, Problem},
};

/// Steps of one outline at most.
const MOST_STEPS: usize = 2_000;

/// Features of one step at most.
const MOST_FEATURES: usize = 20_000;

/// One step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Step {
    /// Ground is added.
    Add(Ground),
    /// Ground is taken out.
    Remove(Ground),
    /// The outline is cut along a line, and one piece given up.
    Cut(Cut),
}

/// Features of a layer by their ids or by a lasso around them, or a drawn area.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Ground {
    #[serde(skip_serializing_if = "Option::is_none")]
    layer: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ids: Vec<String>,
    /// A GeoJSON polygon: the features of the layer whose representative point is in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    lasso: Option<Json>,
    /// A GeoJSON polygon that is the ground itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    area: Option<Json>,
}

/// A line through the outline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cut {
    /// A GeoJSON line from border to border.
    line: Json,
    /// A point of the piece that is given up: longitude, latitude.
    drop: [f64; 2],
}

/// Steps that were done.
pub(super) struct Done {
    /// The ground; nothing where the steps leave none.
    pub(super) ground: MultiPolygon<f64>,
    /// The steps with the ids of the features that a lasso was around.
    pub(super) steps: Vec<Step>,
}

/// Does some steps, one after the other, on the map that a viewer sees.
///
/// # Errors
/// 400 and 422, naming the step and what to do.
pub(super) fn walk(snapshot: &Snapshot, steps: &[Step]) -> Result<Done, Problem> {
    if steps.len() > MOST_STEPS {
        return Err(Problem::parameter(
            "steps",
            format_args!("有 {} 步，最多 {MOST_STEPS} 步", steps.len()),
            format_args!("has {} steps, at most {MOST_STEPS}", steps.len()),
        ));
    }
    let mut done = Done {
        ground: MultiPolygon(Vec::new()),
        steps: Vec::with_capacity(steps.len()),
    };
    // What is added by several steps in a row is joined at once.
    let mut waiting: Vec<MultiPolygon<f64>> = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let place = |member: &str| format!("steps[{at}].{member}");
        match step {
            Step::Add(ground) => {
                let (ground, pieces) = ground.resolved(snapshot, &place("add"))?;
                waiting.extend(pieces);
                done.steps.push(Step::Add(ground));
            }
            Step::Remove(ground) => {
                done.take(&mut waiting)?;
                let (ground, pieces) = ground.resolved(snapshot, &place("remove"))?;
                let gone = overlay::union(&pieces).map_err(too_wide)?;
                done.ground = overlay::difference(&done.ground, &gone).map_err(too_wide)?;
                done.steps.push(Step::Remove(ground));
            }
            Step::Cut(cut) => {
                done.take(&mut waiting)?;
                done.ground = cut.through(&done.ground, &place("cut"))?;
                done.steps.push(Step::Cut(cut.clone()));
            }
        }
    }
    done.take(&mut waiting)?;
    Ok(done)
}

impl Done {
    /// Joins what waits to the ground.
    fn take(&mut self, waiting: &mut Vec<MultiPolygon<f64>>) -> Result<(), Problem> {
        if waiting.is_empty() {
            return Ok(());
        }
        let pieces = std::iter::once(&self.ground).chain(&*waiting);
        self.ground = overlay::union(pieces).map_err(too_wide)?;
        waiting.clear();
        Ok(())
    }
}

impl Step {
    /// A step that adds features of a layer.
    pub(super) fn adding(layer: &str, ids: impl IntoIterator<Item = String>) -> Self {
        Self::Add(Ground {
            layer: Some(layer.to_owned()),
            ids: ids.into_iter().collect(),
            ..Ground::default()
        })
    }
}

impl Ground {
    /// The same ground named by ids, and its pieces.
    fn resolved(
        &self,
        snapshot: &Snapshot,
        place: &str,
    ) -> Result<(Self, Vec<MultiPolygon<f64>>), Problem> {
        let Some(layer) = &self.layer else {
            let (Some(area), true) = (&self.area, self.ids.is_empty() && self.lasso.is_none())
            else {
                return Err(Problem::parameter(
                    place,
                    "请给出 layer 和 ids（或 lasso），或者 area",
                    "give layer and ids (or lasso), or an area",
                ));
            };
            return Ok((self.clone(), vec![drawn(area, &format!("{place}.area"))?]));
        };
        if self.area.is_some() {
            return Err(Problem::parameter(
                place,
                "layer 和 area 只能给一个",
                "give a layer or an area, not both",
            ));
        }
        let found = areal(snapshot, layer, place)?;
        let mut ids = self.ids.clone();
        if let Some(lasso) = &self.lasso {
            let around = Area::from_multi_polygon(&drawn(lasso, &format!("{place}.lasso"))?)
                .map_err(|error| unfit(&format!("{place}.lasso"), &error.to_string()))?;
            // Of a layer of several kinds only areas are ground.
            let inside = (found.within(&around, Rule::RepresentativePoint).into_iter())
                .map(|at| found.record(at))
                .filter(|record| record.geometry.as_ref().and_then(polygons).is_some());
            ids.extend(inside.map(|record| record.id.to_string()));
        }
        ids.sort_unstable();
        ids.dedup();
        if ids.len() > MOST_FEATURES {
            return Err(Problem::parameter(
                place,
                format_args!("有 {} 个要素，最多 {MOST_FEATURES} 个", ids.len()),
                format_args!("has {} features, at most {MOST_FEATURES}", ids.len()),
            ));
        }
        let pieces = ids
            .iter()
            .map(|id| {
                let record = found.get(id).ok_or_else(|| {
                    unfit(
                        &format!("{place}.ids"),
                        &format!(
                            "图层 {layer} 没有要素 {id} / the layer {layer} has no feature {id}"
                        ),
                    )
                })?;
                (record.geometry.as_ref().and_then(polygons)).ok_or_else(|| {
                    unfit(
                        &format!("{place}.ids"),
                        &format!("要素 {id} 不是面 / the feature {id} is no area"),
                    )
                })
            })
            .collect::<Result<_, _>>()?;
        let named = Self {
            layer: self.layer.clone(),
            ids,
            ..Self::default()
        };
        Ok((named, pieces))
    }
}

impl Cut {
    /// What remains of some ground without the piece that is given up.
    fn through(
        &self,
        ground: &MultiPolygon<f64>,
        place: &str,
    ) -> Result<MultiPolygon<f64>, Problem> {
        let line = format!("{place}.line");
        let Geometry::LineString(knife) = geometry(&self.line, &line)? else {
            return Err(unfit(&line, "应为线 / must be a LineString"));
        };
        let knife = on_lattice(knife);
        let mut pieces = overlay::cut(ground, &knife).map_err(too_wide)?;
        if pieces.len() <= ground.0.len() {
            return Err(unfit(
                &line,
                "没有把范围分开，请从边界外画到边界外 / does not part the outline; draw it from outside to outside",
            ));
        }
        let [lon, lat] = self.drop;
        let gone = Point::snap(lon, lat).and_then(|point| {
            pieces
                .iter()
                .position(|piece| Area::from_polygon(piece).is_ok_and(|area| area.contains(point)))
        });
        let Some(gone) = gone else {
            return Err(unfit(
                &format!("{place}.drop"),
                "不在任何一块里，请点在要去掉的一块上 / lies in no piece; point at the one to give up",
            ));
        };
        pieces.remove(gone);
        // The pieces that stay grow together again where the cut went through them.
        let kept: Vec<_> = (pieces.into_iter())
            .map(|piece| MultiPolygon(vec![piece]))
            .collect();
        overlay::union(&kept).map_err(too_wide)
    }
}

/// A layer of areas that are not about persons.
pub(super) fn areal<'s>(
    snapshot: &'s Snapshot,
    layer: &str,
    place: &str,
) -> Result<&'s Arc<LayerSnapshot>, Problem> {
    let fits = |own: &&Arc<LayerSnapshot>| {
        matches!(
            own.layer.geometry,
            GeometryKind::Polygon | GeometryKind::Any
        ) && !own.layer.personal
    };
    snapshot.layer(layer).filter(fits).ok_or_else(|| {
        Problem::parameter(
            &format!("{place}.layer"),
            format_args!("没有面图层“{layer}”"),
            format_args!("there is no areal layer “{layer}”"),
        )
    })
}

fn geometry(json: &Json, place: &str) -> Result<Geometry<f64>, Problem> {
    let wrong = |error: String| {
        unfit(
            place,
            &format!("不是 GeoJSON 几何：{error} / is no GeoJSON geometry: {error}"),
        )
    };
    let read: geojson::Geometry =
        serde_json::from_value(json.clone()).map_err(|error| wrong(error.to_string()))?;
    Geometry::try_from(read).map_err(|error| wrong(error.to_string()))
}

/// A drawn area, valid and on the lattice.
pub(super) fn drawn(json: &Json, place: &str) -> Result<MultiPolygon<f64>, Problem> {
    let prepared = prepare(geometry(json, place)?, GeometryKind::Polygon)
        .map_err(|error| unfit(place, &error.to_string()))?;
    Ok(polygons(&prepared.geometry).unwrap_or_else(|| MultiPolygon(Vec::new())))
}

fn on_lattice(line: LineString<f64>) -> LineString<f64> {
    let mut whole = Geometry::LineString(line);
    yizhangtu_data::geometry::snap(&mut whole);
    match whole {
        Geometry::LineString(line) => line,
        _ => LineString(Vec::new()),
    }
}

/// 422, naming what of the body is wrong.
pub(super) fn unfit(field: &str, message: &str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, message).with(FieldProblem {
        field: field.to_owned(),
        row: None,
        code: "outline",
        message: message.to_owned(),
    })
}

pub(super) fn too_wide(error: TooWide) -> Problem {
    unfit("steps", &error.to_string())
}
