//! `GET /enforcement/patrol`: where the next round of inspection goes, ranked, and its way.

mod route;

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use chrono::{DateTime, FixedOffset};
use geo::Coord;
use serde::Deserialize;
use serde_json::{Value, json};
use yizhangtu_data::{Text, catalog::process::Stage, clock, measure};
use yizhangtu_index::Point;

use super::{CASES, figures::Definition, visits};
use crate::{
    atlas::LayerSnapshot,
    collections::features,
    http::{App, Parameters, Problem},
    office::{Book, Ruled},
    policy::{Action, Seen, Viewer},
    process::clocks,
};

/// The layer of 疑似图斑.
const SPOTS: &str = "violation_spot";
/// The judgement of a spot that nobody has judged.
const UNJUDGED: &str = "待核";
/// Places of one round at most.
const MOST: usize = 100;

/// What speaks for looking at a place; see `patrol.toml`, where each is explained.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Terms {
    version: String,
    stops: usize,
    spot: Term,
    clue: Term,
    overdue: Term,
    visit: Term,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Term {
    title: Text,
    points: f64,
    per_100_m2: f64,
    most_m2: f64,
    per_day: f64,
    most_days: i32,
}

/// The book of these rules.
pub(crate) static PATROL: Book<Terms> = Book::new(
    "patrol",
    include_str!("../../../../data/catalog/patrol.toml"),
);

impl Ruled for Terms {}

impl Terms {
    fn usual() -> &'static Self {
        PATROL.current()
    }
}

impl Term {
    /// The points of a place of so many square metres that waits for so many days.
    fn points(&self, m2: f64, days: i64) -> f64 {
        let days = i32::try_from(days.max(0)).unwrap_or(i32::MAX);
        self.points
            + self.per_100_m2 * m2.clamp(0.0, self.most_m2) / 100.0
            + self.per_day * f64::from(days.min(self.most_days))
    }
}

/// A place to look at.
struct Stop {
    layer: &'static str,
    id: String,
    code: Option<String>,
    address: Option<String>,
    at: Point,
    score: f64,
    reasons: Vec<Value>,
}

/// `GET /enforcement/patrol[?grid=ID][&from=LON,LAT][&limit=N]`
pub(super) async fn patrol(
    State(app): State<App>,
    viewer: Viewer,
    mut given: Parameters,
) -> Result<Json<Value>, Problem> {
    let terms = Terms::usual();
    let grid = given.take("grid")?;
    let from = given.lon_lat("from")?;
    let limit = given.parse::<usize>("limit", "正整数", "a whole number above 0")?;
    given.finish()?;
    let limit = limit.unwrap_or(terms.stops).clamp(1, MOST);
    let stops = stops(&app, &viewer, terms).await?;
    let told = tokio::task::spawn_blocking(move || {
        let seen = app.seen_by(&viewer);
        let grids = seen.layer("grid");
        let home = |stop: &Stop| {
            let grids = grids?;
            let record = grids.record(*grids.at(stop.at).first()?);
            let label = grids.layer.label.as_deref().unwrap_or("name");
            let title = match viewer.see(&grids.layer, record).get(label) {
                Seen::Nothing => record.id.to_string(),
                title => title.to_text(),
            };
            Some((record.id.to_string(), title))
        };
        let homes: Vec<Option<(String, String)>> = stops.iter().map(home).collect();
        let mut by_grid: BTreeMap<&(String, String), (usize, f64)> = BTreeMap::new();
        for (stop, home) in stops.iter().zip(&homes) {
            if let Some(home) = home {
                let sum = by_grid.entry(home).or_default();
                *sum = (sum.0 + 1, sum.1 + stop.score);
            }
        }
        let mut by_grid: Vec<_> = by_grid.into_iter().collect();
        by_grid.sort_by(|a, b| b.1.1.total_cmp(&a.1.1).then_with(|| a.0.cmp(b.0)));
        let here = |home: &Option<(String, String)>| {
            (grid.as_ref()).is_none_or(|grid| home.as_ref().is_some_and(|(id, _)| id == grid))
        };
        let mut chosen: Vec<usize> = (0..stops.len()).filter(|at| here(&homes[*at])).collect();
        let matched = chosen.len();
        chosen.truncate(limit);
        // Ranked by points; walked in the order of the way.
        let mut places: Vec<Coord> = chosen.iter().map(|at| coordinate(stops[*at].at)).collect();
        let begins = usize::from(from.is_some());
        if let Some(from) = from {
            places.insert(0, from);
        }
        let apart: Vec<Vec<f64>> = (places.iter())
            .map(|a| places.iter().map(|b| measure::distance_m(*a, *b)).collect())
            .collect();
        let metres = |a: usize, b: usize| apart[a][b];
        let way = route::order(places.len(), metres);
        let length_m = route::length(&way, metres);
        let rows: Vec<Value> = (way.iter().skip(begins).enumerate())
            .map(|(number, at)| {
                let rank = at - begins;
                let stop = &stops[chosen[rank]];
                let before = way.get((number + begins).wrapping_sub(1));
                json!({
                    "layer": stop.layer, "id": stop.id, "code": stop.code,
                    "address": stop.address, "place": [stop.at.lon(), stop.at.lat()],
                    "grid": homes[chosen[rank]].as_ref().map(|(id, title)| json!({ "id": id, "title": title })),
                    "rank": rank + 1, "score": tenths(stop.score), "reasons": stop.reasons,
                    "leg_m": before.map(|before| tenths(metres(*before, *at))),
                })
            })
            .collect();
        json!({
            "version": terms.version, "sequence": seen.sequence, "matched": matched,
            "grids": (by_grid.iter())
                .map(|((id, title), (stops, score))| json!({
                    "id": id, "title": title, "stops": stops, "score": tenths(*score),
                }))
                .collect::<Vec<_>>(),
            "rows": rows, "length_m": tenths(length_m),
            "way": way.iter().map(|at| [places[*at].x, places[*at].y]).collect::<Vec<_>>(),
        })
    })
    .await
    .map_err(Problem::internal)?;
    Ok(Json(told))
}

/// All places that something speaks for, the most points first.
async fn stops(app: &App, viewer: &Viewer, terms: &'static Terms) -> Result<Vec<Stop>, Problem> {
    let cases = (app.layer(CASES).cloned()).ok_or_else(|| {
        Problem::not_found("这个文件没有两违案件 / this file has no violation cases")
    })?;
    viewer.require(Action::View, &cases)?;
    let seen = features(app, viewer, &cases, None).await?;
    let spots = match app
        .layer(SPOTS)
        .filter(|layer| viewer.may(Action::View, layer))
    {
        Some(layer) => Some(features(app, viewer, layer, None).await?),
        None => None,
    };
    let (app, viewer) = (app.clone(), viewer.clone());
    tokio::task::spawn_blocking(move || {
        let store = app.pool().reader().map_err(Problem::internal)?;
        let now = clock::now();
        let mut stops = Vec::new();
        if let Some(spots) = &spots {
            for (at, spot) in spots.records() {
                if spot.get(&spots.layer, "judgement").as_text() != Some(UNJUDGED) {
                    continue;
                }
                let Some(mut stop) = Stop::of(SPOTS, spots, at, &viewer) else {
                    continue;
                };
                let since = spot.get(&spots.layer, "image_after_on").as_date();
                let days = since.map_or(0, |since| (now.date_naive() - since).num_days());
                stop.add("spot", &terms.spot, area(spots, at, "area_m2"), days);
                stops.push(stop);
            }
        }
        let definition = Definition::of(app.catalog());
        let under_way =
            |stage: Stage| stage == Stage::Clue || (stage > Stage::Clue && stage < Stage::Closed);
        let open = (seen.records().map(|(_, case)| case))
            .filter(|case| under_way(definition.stage(&cases, case)));
        let clocks = clocks(&app, &store, &cases, open)?;
        let due: BTreeMap<u32, i64> = match app.catalog().process(CASES) {
            Some(process) => (visits::due(&app, &store, &seen, process)?.into_iter())
                .map(|visit| (visit.case, (now.date_naive() - visit.on).num_days()))
                .collect(),
            None => BTreeMap::new(),
        };
        for (at, case) in seen.records() {
            let Some(mut stop) = Stop::of(CASES, &seen, at, &viewer) else {
                continue;
            };
            let stage = definition.stage(&cases, case);
            let clock = clocks.get(&case.id);
            let days = |since: DateTime<FixedOffset>| (now - since).num_days();
            let m2 = area(&seen, at, "violation_area_m2").max(area(&seen, at, "land_area_m2"));
            if stage == Stage::Clue {
                let waits = clock.map_or(0, |clock| days(clock.since));
                stop.add("clue", &terms.clue, m2, waits);
            } else if let Some(deadline) = clock
                .filter(|clock| clock.is_overdue(now))
                .and_then(|clock| clock.deadline)
            {
                stop.add("overdue", &terms.overdue, m2, days(deadline));
            }
            if let Some(late) = due.get(&at) {
                stop.add("visit", &terms.visit, m2, *late);
            }
            if !stop.reasons.is_empty() {
                stops.push(stop);
            }
        }
        stops.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.id.cmp(&b.id)));
        Ok(stops)
    })
    .await
    .map_err(Problem::internal)?
}

impl Stop {
    /// A feature as a place to look at; none where it has no place to go to.
    fn of(name: &'static str, layer: &LayerSnapshot, at: u32, viewer: &Viewer) -> Option<Self> {
        let record = layer.record(at);
        let view = viewer.see(&layer.layer, record);
        let shown = |field: &str| match view.get(field) {
            Seen::Nothing => None,
            seen => Some(seen.to_text()),
        };
        Some(Self {
            layer: name,
            id: record.id.to_string(),
            code: shown("code"),
            address: shown("address"),
            at: layer.shape(at)?.representative(),
            score: 0.0,
            reasons: Vec::new(),
        })
    }

    fn add(&mut self, id: &str, term: &Term, m2: f64, days: i64) {
        let points = term.points(m2, days);
        self.score += points;
        self.reasons.push(json!({
            "id": id, "title": term.title, "points": tenths(points), "area_m2": m2, "days": days,
        }));
    }
}

fn area(layer: &LayerSnapshot, at: u32, field: &str) -> f64 {
    let value = layer.record(at).get(&layer.layer, field);
    value.as_decimal().unwrap_or(0.0)
}

fn coordinate(point: Point) -> Coord {
    Coord {
        x: point.lon(),
        y: point.lat(),
    }
}

fn tenths(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terms_are_read_and_bounded() {
        let terms = Terms::usual();
        assert!(terms.stops <= MOST);
        let term = &terms.spot;
        let most = term.points
            + term.per_100_m2 * term.most_m2 / 100.0
            + term.per_day * f64::from(term.most_days);
        assert!((term.points(1e9, i64::MAX) - most).abs() < 1e-9);
        assert!(
            (term.points(-1.0, -5) - term.points).abs() < 1e-9,
            "what is not due yet takes nothing away"
        );
    }
}
