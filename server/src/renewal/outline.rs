//! `POST /renewal/outline`: the ground of some steps, what it holds, and what it runs into.

use std::sync::Arc;

use axum::{Json, body::Bytes, extract::State};
use geo::{Geometry, InteriorPoint, MultiPolygon};
use serde::{Deserialize, Serialize};
use yizhangtu_data::{
    measure,
    overlay::{self, SLIVER_M2},
    topology::{self, TOLERANCE_M2, polygons},
};
use yizhangtu_index::{Area, Rule};

use super::{
    figures::Figures,
    indicators::{Definitions, Indicator},
    steps::{Step, too_wide, walk},
};
use crate::{
    atlas::{LayerSnapshot, Snapshot},
    audit::Entry,
    http::{App, Parameters, Problem},
    policy::{Seen, Viewer},
    statistics::{self, Statistics, Subject, Wanted},
};

/// What is asked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    steps: Vec<Step>,
    /// The unit that is drawn anew: it is no neighbour of itself.
    #[serde(default)]
    unit: Option<String>,
}

/// What some steps lead to. Areas in m², geometry in longitude and latitude.
#[derive(Serialize)]
pub(super) struct Outline {
    /// The steps with every lasso turned into ids.
    pub(super) steps: Vec<Step>,
    /// None where the steps leave no ground.
    pub(super) geometry: Option<geojson::Geometry>,
    parts: usize,
    holes: usize,
    /// Holes too small to be meant: the borders beside them do not quite meet.
    slivers: Vec<Place>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) figures: Option<Statistics>,
    pub(super) indicators: Vec<Indicator>,
    /// The grids that the outline has ground of.
    pub(super) grids: Vec<Member>,
    /// The co-operatives that it touches.
    pub(super) co_ops: Vec<Member>,
    /// Units that it runs into: it is refused while there are any.
    pub(super) conflicts: Vec<Conflict>,
    /// What a cut or a removal leaves of its grids that is no other unit's either.
    remainders: Vec<Remainder>,
}

/// Ground that is left over: of a grid that is only in part inside, or in a hole.
#[derive(Serialize)]
struct Remainder {
    /// The grid that it is of.
    grid: String,
    name: String,
    area_m2: f64,
    place: [f64; 2],
    geometry: geojson::Geometry,
}

/// A small piece of ground.
#[derive(Serialize)]
struct Place {
    place: [f64; 2],
    area_m2: f64,
}

/// A feature that the outline has ground of.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Member {
    pub(super) id: String,
    pub(super) code: String,
    pub(super) name: String,
    /// What of it is inside.
    pub(super) inside_m2: f64,
    /// All of it.
    pub(super) area_m2: f64,
    /// Whether all of it is inside.
    pub(super) whole: bool,
}

/// Ground that another unit has.
#[derive(Serialize)]
pub(super) struct Conflict {
    id: String,
    code: String,
    pub(super) name: String,
    pub(super) area_m2: f64,
    pub(super) place: [f64; 2],
    geometry: geojson::Geometry,
    message: String,
}

/// `POST /renewal/outline`.
pub(super) async fn outline(
    State(app): State<App>,
    viewer: Viewer,
    given: Parameters,
    body: Bytes,
) -> Result<Json<Outline>, Problem> {
    given.finish()?;
    let asked: Asked = serde_json::from_slice(&body).map_err(|error| Problem::not_json(&error))?;
    tokio::task::spawn_blocking(move || {
        let definitions = Definitions::read(&app)?;
        let outline = Outline::of(
            &app,
            &viewer,
            &definitions,
            &asked.steps,
            asked.unit.as_deref(),
        )?;
        if let Some(figures) = &outline.figures {
            let area = format!("{:.0} m²", figures.area_m2);
            app.note(&viewer, Entry::of("count", area));
        }
        Ok(outline)
    })
    .await
    .map_err(Problem::internal)?
    .map(Json)
}

impl Outline {
    /// Does the steps and weighs what comes of them.
    pub(super) fn of(
        app: &App,
        viewer: &Viewer,
        definitions: &Definitions,
        steps: &[Step],
        unit: Option<&str>,
    ) -> Result<Self, Problem> {
        let seen = app.seen_by(viewer);
        let done = walk(&seen, steps)?;
        let mut outline = Self {
            steps: done.steps,
            geometry: None,
            parts: done.ground.0.len(),
            holes: done.ground.iter().map(|part| part.interiors().len()).sum(),
            slivers: slivers(&done.ground),
            figures: None,
            indicators: Vec::new(),
            grids: Vec::new(),
            co_ops: Vec::new(),
            conflicts: Vec::new(),
            remainders: Vec::new(),
        };
        if done.ground.0.is_empty() {
            return Ok(outline);
        }
        let counted = app.counted_for(viewer);
        let (figures, subject) =
            statistics::of_outline(app, viewer, &counted, &done.ground, &Wanted::all())?;
        let known = Figures::of(&figures);
        outline.indicators = definitions.of(&known);
        outline.figures = Some(figures);
        outline.grids = members(viewer, &seen, "grid", &subject);
        outline.co_ops = members(viewer, &seen, "co_op", &subject);
        outline.conflicts = conflicts(viewer, &seen, &subject, unit)?;
        outline.remainders = remainders(&seen, &subject, &outline.grids, unit)?;
        outline.geometry = Some(geojson::Geometry::from(&single(done.ground)));
        Ok(outline)
    }
}

/// One part as a polygon, as it is kept.
pub(super) fn single(mut ground: MultiPolygon<f64>) -> Geometry<f64> {
    if ground.0.len() == 1 {
        Geometry::Polygon(ground.0.remove(0))
    } else {
        Geometry::MultiPolygon(ground)
    }
}

fn slivers(ground: &MultiPolygon<f64>) -> Vec<Place> {
    let holes = ground.iter().flat_map(|part| part.interiors());
    holes
        .filter_map(|hole| {
            let whole = geo::Polygon::new(hole.clone(), Vec::new()).into();
            let (area_m2, first) = (measure::area_m2(&whole), hole.0.first()?);
            (area_m2 <= TOLERANCE_M2).then_some(Place {
                place: [first.x, first.y],
                area_m2,
            })
        })
        .collect()
}

/// The features of a layer that a subject has ground of, by code.
pub(super) fn members(
    viewer: &Viewer,
    snapshot: &Snapshot,
    layer: &str,
    subject: &Subject,
) -> Vec<Member> {
    let Some(layer) = snapshot.layer(layer) else {
        return Vec::new();
    };
    let mut all: Vec<Member> = statistics::inside(layer, subject)
        .into_iter()
        .filter(|(_, inside_m2)| *inside_m2 > SLIVER_M2)
        .map(|(at, inside_m2)| {
            let record = layer.record(at);
            let area_m2 = record.geometry.as_ref().map_or(0.0, measure::area_m2);
            let (code, name) = titles(viewer, layer, at);
            Member {
                id: record.id.to_string(),
                code,
                name,
                inside_m2,
                area_m2,
                whole: area_m2 - inside_m2 <= SLIVER_M2,
            }
        })
        .collect();
    all.sort_by(|a, b| a.code.cmp(&b.code).then_with(|| a.id.cmp(&b.id)));
    all
}

/// Code and title of a feature as a viewer sees them.
pub(super) fn titles(viewer: &Viewer, layer: &Arc<LayerSnapshot>, at: u32) -> (String, String) {
    let view = viewer.see(&layer.layer, layer.record(at));
    let text = |field: Option<&str>| match field.map(|field| view.get(field)) {
        None | Some(Seen::Nothing) => String::new(),
        Some(seen) => seen.to_text(),
    };
    let label = layer.layer.label.as_deref();
    (text(layer.layer.code.as_deref()), text(label))
}

/// Ground of no unit that an outline leaves over: of the grids that it has only in part, and in
/// its holes.
fn remainders(
    snapshot: &Snapshot,
    subject: &Subject,
    grids: &[Member],
    unit: Option<&str>,
) -> Result<Vec<Remainder>, Problem> {
    let mut found = Vec::new();
    let mut told: Vec<MultiPolygon<f64>> = Vec::new();
    let layer = snapshot.layer("grid");
    for member in grids.iter().filter(|member| !member.whole) {
        let grid = layer.and_then(|layer| layer.get(&member.id));
        let Some(ground) = grid.and_then(|grid| polygons(grid.geometry.as_ref()?)) else {
            continue;
        };
        let rest = overlay::difference(&ground, &subject.outline).map_err(too_wide)?;
        let rest = free(snapshot, rest, unit)?;
        let name = [&member.name, &member.code]
            .into_iter()
            .find(|name| !name.is_empty());
        let name = name.map(String::as_str).unwrap_or_default();
        found.extend(Remainder::of(&member.id, name, rest.clone()));
        told.push(rest);
    }
    let holes = subject.outline.iter().flat_map(|part| part.interiors());
    let holes = holes.map(|ring| geo::Polygon::new(ring.clone(), Vec::new()));
    let mut left = MultiPolygon(holes.collect());
    if !left.0.is_empty() {
        let known = overlay::union(&told).map_err(too_wide)?;
        for ground in [&known, &subject.outline] {
            left = overlay::difference(&left, ground).map_err(too_wide)?;
        }
        let holes = free(snapshot, left, unit)?.0.into_iter();
        found.extend(holes.filter_map(|hole| Remainder::of("", "", MultiPolygon(vec![hole]))));
    }
    Ok(found)
}

impl Remainder {
    fn of(grid: &str, name: &str, rest: MultiPolygon<f64>) -> Option<Self> {
        let place = rest.interior_point()?;
        Some(Self {
            grid: grid.to_owned(),
            name: name.to_owned(),
            area_m2: measure::area_m2(&Geometry::MultiPolygon(rest.clone())),
            place: [place.x(), place.y()],
            geometry: geojson::Geometry::from(&single(rest)),
        })
    }
}

/// Some ground without that of other units, and without what is too small to be meant.
fn free(
    snapshot: &Snapshot,
    mut ground: MultiPolygon<f64>,
    unit: Option<&str>,
) -> Result<MultiPolygon<f64>, Problem> {
    if let (Some(units), Ok(area)) = (
        snapshot.layer("renewal_unit"),
        Area::from_multi_polygon(&ground),
    ) {
        let others: Vec<_> = (units.within(&area, Rule::Intersects).into_iter())
            .map(|at| units.record(at))
            .filter(|record| unit != Some(&*record.id))
            .filter_map(|record| polygons(record.geometry.as_ref()?))
            .collect();
        if !others.is_empty() {
            let others = overlay::union(&others).map_err(too_wide)?;
            ground = overlay::difference(&ground, &others).map_err(too_wide)?;
        }
    }
    (ground.0).retain(|part| measure::area_m2(&part.clone().into()) > TOLERANCE_M2);
    Ok(ground)
}

/// The ground that a subject shares with other units: what the keeper of the map refuses.
pub(super) fn conflicts(
    viewer: &Viewer,
    snapshot: &Snapshot,
    subject: &Subject,
    unit: Option<&str>,
) -> Result<Vec<Conflict>, Problem> {
    let Some(units) = snapshot.layer("renewal_unit") else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for at in units.within(&subject.area, Rule::Intersects) {
        let record = units.record(at);
        if unit == Some(&*record.id) {
            continue;
        }
        let Some(other) = record.geometry.as_ref().and_then(polygons) else {
            continue;
        };
        let Some(misfit) = topology::overlap(&subject.outline, &other) else {
            continue;
        };
        let shared = overlay::intersection(&subject.outline, &other).map_err(too_wide)?;
        let (code, name) = titles(viewer, units, at);
        let size = measure::area_text_zh(misfit.area_m2);
        found.push(Conflict {
            message: format!(
                "与“{name}”重叠 {size}，更新单元不能重叠 / overlaps “{name}” by {:.2} m²; units may not overlap",
                misfit.area_m2
            ),
            id: record.id.to_string(),
            code,
            name,
            area_m2: misfit.area_m2,
            place: misfit.place,
            geometry: geojson::Geometry::from(&single(shared)),
        });
    }
    Ok(found)
}
