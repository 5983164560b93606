//! `POST /renewal/suggest`: units grown from a seed to a wanted size, several ways at a time.
//!
//! A suggestion takes whole features of a layer (grids, or blocks and parcels where a file
//! has them), one neighbour after the other, so that it follows their borders, which run
//! along roads, and parts no feature. Each says how it scores, and by which terms.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use axum::{Json, body::Bytes, extract::State};
use geo::{Coord, CoordsIter, LinesIter};
use serde::{Deserialize, Serialize};
use yizhangtu_data::{
    Text, measure, overlay,
    topology::{overlap, polygons},
};
use yizhangtu_index::{Point, Rule, Shape};

use super::{
    outline::conflicts,
    steps::{Step, areal, too_wide, unfit},
};
use crate::{
    atlas::{LayerSnapshot, Snapshot},
    http::{App, Parameters, Problem},
    policy::Viewer,
    statistics::Subject,
};

/// Features that one suggestion may take.
const MOST: usize = 500;

/// What is asked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// Where to begin: longitude, latitude.
    seed: [f64; 2],
    #[serde(default = "grid")]
    layer: String,
    target_area_m2: Option<f64>,
    target_floor_area_m2: Option<f64>,
    /// A unit whose ground may be taken: the one that is drawn anew.
    #[serde(default)]
    unit: Option<String>,
}

fn grid() -> String {
    "grid".to_owned()
}

/// One way to grow.
#[derive(Serialize)]
pub(super) struct Suggestion {
    /// What it looks for in its next neighbour.
    aim: &'static str,
    title: Text,
    /// Other aims that lead to the same ground.
    also: Vec<Text>,
    steps: Vec<Step>,
    geometry: geojson::Geometry,
    area_m2: f64,
    floor_area_m2: f64,
    buildings: u64,
    /// Houses that the outline goes through.
    cut_buildings: usize,
    /// 0 to 100: the mean of the terms.
    score: f64,
    terms: Vec<Scored>,
}

#[derive(Serialize)]
struct Scored {
    code: &'static str,
    title: Text,
    /// 0 to 1.
    value: f64,
}

/// What the next neighbour is chosen by.
#[derive(Clone, Copy)]
enum Aim {
    /// The longest shared border: a round unit.
    Compact,
    /// The most floor area on its ground.
    Dense,
    /// The fewest cases on its ground.
    Quiet,
}

const AIMS: [(Aim, &str, &str, &str); 3] = [
    (Aim::Compact, "compact", "形状紧凑", "Compact"),
    (Aim::Dense, "dense", "建筑密集", "Densely built"),
    (Aim::Quiet, "quiet", "两违较少", "Few cases"),
];

/// `POST /renewal/suggest`.
pub(super) async fn suggest(
    State(app): State<App>,
    viewer: Viewer,
    given: Parameters,
    body: Bytes,
) -> Result<Json<Vec<Suggestion>>, Problem> {
    given.finish()?;
    let asked: Asked = serde_json::from_slice(&body).map_err(|error| Problem::not_json(&error))?;
    tokio::task::spawn_blocking(move || all(&app, &viewer, &asked))
        .await
        .map_err(Problem::internal)?
        .map(Json)
}

fn all(app: &App, viewer: &Viewer, asked: &Asked) -> Result<Vec<Suggestion>, Problem> {
    let target = match (asked.target_area_m2, asked.target_floor_area_m2) {
        (Some(area), None) if area > 0.0 => Target::Area(area),
        (None, Some(area)) if area > 0.0 => Target::Floors(area),
        _ => {
            return Err(unfit(
                "target_area_m2",
                "请给出大于 0 的 target_area_m2 或 target_floor_area_m2，其中一个 / give one of target_area_m2 and target_floor_area_m2, greater than 0",
            ));
        }
    };
    let (seen, counted) = (app.seen_by(viewer), app.counted_for(viewer));
    let layer = areal(&seen, &asked.layer, "body")?;
    let seed = Point::snap(asked.seed[0], asked.seed[1])
        .and_then(|point| layer.at(point).first().copied())
        .ok_or_else(|| {
            unfit(
                "seed",
                "这里没有可以起步的地块，请点在地块里 / no feature lies there to begin with; point into one",
            )
        })?;
    let field = Field {
        layer,
        seen: &seen,
        counted: &counted,
        taken: taken(&seen, layer, asked.unit.as_deref()),
    };
    if field.taken.contains(&seed) {
        return Err(unfit(
            "seed",
            "这里已属于另一个更新单元 / this ground belongs to another unit",
        ));
    }
    let mut plots = HashMap::new();
    let mut found = Vec::new();
    // Two ways may lead to the same unit: it is told once, with both.
    let mut known: BTreeMap<Vec<u32>, Option<usize>> = BTreeMap::new();
    for (aim, code, zh, en) in AIMS {
        let title = Text {
            zh: zh.to_owned(),
            en: en.to_owned(),
        };
        let picked = field.grow(&mut plots, seed, aim, target);
        let mut set = picked.clone();
        set.sort_unstable();
        match known.get(&set) {
            Some(Some(same)) => {
                let same: &mut Suggestion = &mut found[*same];
                same.also.push(title);
            }
            Some(None) => {}
            None => {
                let told = field.told(viewer, &plots, &picked, target, (code, title), asked)?;
                known.insert(set, told.is_some().then_some(found.len()));
                found.extend(told);
            }
        }
    }
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    Ok(found)
}

#[derive(Clone, Copy)]
enum Target {
    Area(f64),
    Floors(f64),
}

impl Target {
    fn part(self, area_m2: f64, floors_m2: f64) -> f64 {
        match self {
            Self::Area(target) => area_m2 / target,
            Self::Floors(target) => floors_m2 / target,
        }
    }
}

/// One feature with what growing looks at.
struct Plot {
    area_m2: f64,
    floors_m2: f64,
    houses: u64,
    cases: usize,
    /// Length of its border in metres, and of what of it each neighbour shares.
    around_m: f64,
    near: BTreeMap<u32, f64>,
}

struct Field<'a> {
    layer: &'a LayerSnapshot,
    seen: &'a Snapshot,
    counted: &'a Snapshot,
    /// Features on the ground of other units.
    taken: BTreeSet<u32>,
}

/// Features on the ground of a unit, so that nothing grows over its border.
fn taken(snapshot: &Snapshot, layer: &LayerSnapshot, unit: Option<&str>) -> BTreeSet<u32> {
    let Some(units) = snapshot.layer("renewal_unit") else {
        return BTreeSet::new();
    };
    (units.records())
        .filter(|(_, record)| unit != Some(&*record.id))
        .filter_map(|(at, record)| match units.shape(at) {
            Some(Shape::Area(area)) => Some((area, polygons(record.geometry.as_ref()?)?)),
            _ => None,
        })
        .flat_map(|(area, ground)| {
            let near = layer.within(&area, Rule::Intersects).into_iter();
            near.filter(move |at| {
                let own = layer.record(*at).geometry.as_ref().and_then(polygons);
                own.is_some_and(|own| overlap(&own, &ground).is_some())
            })
        })
        .collect()
}

impl Field<'_> {
    fn plot<'p>(&self, plots: &'p mut HashMap<u32, Plot>, at: u32) -> &'p Plot {
        plots.entry(at).or_insert_with(|| self.measured(at))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "sums stay below 2^53 hundredths"
    )]
    fn measured(&self, at: u32) -> Plot {
        let record = self.layer.record(at);
        let Some(Shape::Area(area)) = self.layer.shape(at) else {
            return Plot {
                area_m2: 0.0,
                floors_m2: 0.0,
                houses: 0,
                cases: 0,
                around_m: 0.0,
                near: BTreeMap::new(),
            };
        };
        let census = self.counted.houses.within(&area, Rule::default());
        let cases = self.counted.layer("violation_case");
        let own = edges(self.layer, at);
        let near = (self.layer.within(&area, Rule::Intersects).into_iter())
            .filter(|other| *other != at)
            .filter_map(|other| {
                let corners = corners(self.layer, other);
                let both = |ends: &[Corner; 2]| ends.iter().all(|end| corners.contains(end));
                let shared = own.iter().filter(|(ends, _)| both(ends));
                let shared_m: f64 = shared.map(|(_, length)| length).sum();
                // A corner alone is no border.
                (shared_m > 0.0).then_some((other, shared_m))
            })
            .collect();
        Plot {
            area_m2: record.geometry.as_ref().map_or(0.0, measure::area_m2),
            floors_m2: census.floor_area as f64 / 100.0,
            houses: census.buildings,
            cases: cases.map_or(0, |layer| layer.within(&area, Rule::default()).len()),
            around_m: own.iter().map(|(_, length)| length).sum(),
            near,
        }
    }

    /// Takes one neighbour after the other until the target is nearest.
    fn grow(
        &self,
        plots: &mut HashMap<u32, Plot>,
        seed: u32,
        aim: Aim,
        target: Target,
    ) -> Vec<u32> {
        let mut picked = vec![seed];
        let first = self.plot(plots, seed);
        let (mut area, mut floors) = (first.area_m2, first.floors_m2);
        while picked.len() < MOST && target.part(area, floors) < 1.0 {
            let mut border: BTreeMap<u32, f64> = BTreeMap::new();
            for at in &picked {
                for (other, shared_m) in &self.plot(plots, *at).near {
                    if !picked.contains(other) && !self.taken.contains(other) {
                        *border.entry(*other).or_default() += shared_m;
                    }
                }
            }
            let mut best: Option<(f64, u32)> = None;
            for (other, shared_m) in border {
                let plot = self.plot(plots, other);
                let worth = worth(aim, plot, shared_m);
                if best.is_none_or(|(own, _)| worth > own) {
                    best = Some((worth, other));
                }
            }
            let Some((_, next)) = best else { break };
            let plot = self.plot(plots, next);
            let (wider, higher) = (area + plot.area_m2, floors + plot.floors_m2);
            // Stops where one more leads farther away than it is.
            let (now, then) = (target.part(area, floors), target.part(wider, higher));
            if (then - 1.0).abs() > (1.0 - now).abs() && now > 0.5 {
                break;
            }
            picked.push(next);
            (area, floors) = (wider, higher);
        }
        picked
    }

    fn told(
        &self,
        viewer: &Viewer,
        plots: &HashMap<u32, Plot>,
        picked: &[u32],
        target: Target,
        (aim, title): (&'static str, Text),
        asked: &Asked,
    ) -> Result<Option<Suggestion>, Problem> {
        let grounds: Vec<_> = (picked.iter())
            .filter_map(|at| polygons(self.layer.record(*at).geometry.as_ref()?))
            .collect();
        let ground = overlay::union(&grounds).map_err(too_wide)?;
        let subject = Subject::outlined(&ground)?;
        if !conflicts(viewer, self.seen, &subject, asked.unit.as_deref())?.is_empty() {
            return Ok(None);
        }
        let sum = |pick: fn(&Plot) -> f64| -> f64 {
            picked.iter().filter_map(|at| plots.get(at)).map(pick).sum()
        };
        let floors_m2 = sum(|plot| plot.floors_m2);
        let houses: u64 = picked
            .iter()
            .filter_map(|at| plots.get(at))
            .map(|plot| plot.houses)
            .sum();
        let cases = sum(|plot| count(plot.cases));
        let cut_buildings = cut(self.counted, &subject);
        let part = target.part(subject.area_m2, floors_m2);
        let around = measure::length_m(&geo::Geometry::MultiPolygon(ground.clone()));
        let compact = 4.0 * std::f64::consts::PI * subject.area_m2 / (around * around);
        let term = |code, zh: &str, en: &str, value: f64| Scored {
            code,
            title: Text {
                zh: zh.to_owned(),
                en: en.to_owned(),
            },
            value: value.clamp(0.0, 1.0),
        };
        let all = count(usize::try_from(houses).unwrap_or(usize::MAX)).max(1.0);
        let terms = vec![
            term(
                "target",
                "接近目标",
                "Near the target",
                1.0 - (part - 1.0).abs(),
            ),
            term("compact", "形状紧凑", "Compact", compact),
            term(
                "whole",
                "不切房屋",
                "No house is cut",
                1.0 - count(cut_buildings) / all,
            ),
            term("quiet", "两违较少", "Few cases", 1.0 - 10.0 * cases / all),
        ];
        let score = 100.0 * terms.iter().map(|term| term.value).sum::<f64>() / count(terms.len());
        let ids = picked
            .iter()
            .map(|at| self.layer.record(*at).id.to_string());
        Ok(Some(Suggestion {
            aim,
            title,
            also: Vec::new(),
            steps: vec![Step::adding(&self.layer.layer.id, ids)],
            geometry: geojson::Geometry::from(&super::outline::single(ground)),
            area_m2: subject.area_m2,
            floor_area_m2: floors_m2,
            buildings: houses,
            cut_buildings,
            score,
            terms,
        }))
    }
}

/// Whether so much of a border is the unit's already that what lies within is a hole in it.
const HOLE: f64 = 0.75;

/// What a neighbour is worth: how much of its border is the unit's already, so that no aim runs away
/// along a road, and how it suits the aim. Holes are filled first.
fn worth(aim: Aim, plot: &Plot, shared_m: f64) -> f64 {
    let enclosed = (shared_m / plot.around_m.max(1.0)).min(1.0);
    let suits = match aim {
        Aim::Compact => 0.0,
        // Floors and ground alike are half.
        Aim::Dense => plot.floors_m2 / (plot.floors_m2 + plot.area_m2.max(1.0)),
        // One case by hectare is half.
        Aim::Quiet => 1.0 / (1.0 + count(plot.cases) * 10_000.0 / plot.area_m2.max(1.0)),
    };
    let fills = if enclosed > HOLE { 2.0 } else { 0.0 };
    fills + enclosed + suits
}

#[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
fn count(many: usize) -> f64 {
    many as f64
}

/// Houses that a border goes through: more than a hundredth of their ground is on each side.
fn cut(snapshot: &Snapshot, subject: &Subject) -> usize {
    let Some(layer) = snapshot.layer("building") else {
        return 0;
    };
    let inside: BTreeSet<u32> = layer
        .within(&subject.area, Rule::Within)
        .into_iter()
        .collect();
    (layer.within(&subject.area, Rule::Intersects).into_iter())
        .filter(|at| !inside.contains(at))
        .filter(|at| {
            let record = layer.record(*at);
            let Some(own) = record.geometry.as_ref().and_then(polygons) else {
                return false;
            };
            let whole = measure::area_m2(&own.clone().into());
            let part = overlay::covered_m2(&own, &[&subject.outline]).unwrap_or(0.0);
            part > whole / 100.0 && part < whole * 0.99
        })
        .count()
}

/// A corner in lattice units.
type Corner = (i64, i64);

fn corner(place: Coord) -> Option<Corner> {
    Point::snap(place.x, place.y).map(|point| (point.x, point.y))
}

/// The corners of a feature.
fn corners(layer: &LayerSnapshot, at: u32) -> BTreeSet<Corner> {
    let geometry = layer.record(at).geometry.as_ref();
    geometry
        .into_iter()
        .flat_map(|geometry| geometry.coords_iter())
        .filter_map(corner)
        .collect()
}

/// The edges of a feature, each with its length in metres.
fn edges(layer: &LayerSnapshot, at: u32) -> Vec<([Corner; 2], f64)> {
    let Some(area) = layer.record(at).geometry.as_ref().and_then(polygons) else {
        return Vec::new();
    };
    area.lines_iter()
        .filter_map(|line| {
            let ends = [corner(line.start)?, corner(line.end)?];
            Some((ends, measure::distance_m(line.start, line.end)))
        })
        .collect()
}
