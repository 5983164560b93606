//! `GET /coverage[?round=ID]`: how far a round of visits (洗楼, 巡业) has come, or when each house
//! was last seen, by grid; and the completeness of 人屋车场网.

use std::collections::{BTreeMap, HashMap};

use axum::{Json, extract::State};
use chrono::{NaiveDate, SecondsFormat};
use serde::Serialize;
use serde_json::{Map, Value as Json_, json};
use yizhangtu_data::{
    Record, clock,
    store::{GeoPackage, StoreError},
};

use super::{
    Listed, Page, Terms,
    night::{is_resident, sightings},
    register::verified_since,
    survey::{FIGURES, Known, Round, Survey},
};
use crate::{
    atlas::LayerSnapshot,
    http::{App, Parameters, Problem},
    policy::{Action, Viewer},
};

/// The figure of the residents who were not verified.
const PEOPLE: &str = "people";

/// The answer.
#[derive(Serialize)]
pub(super) struct Coverage {
    sequence: u64,
    as_of: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    round: Option<Map<String, Json_>>,
    /// Days without a visit after which a house is due, and long due.
    unseen_days: [u32; 2],
    /// What counts as seen and as complete: Chinese, English.
    basis: Json_,
    total: Part,
    grids: Vec<Grid>,
    houses: Vec<House>,
}

/// Houses by what came of the visits, and the five elements.
#[derive(Clone, Default, Serialize)]
struct Part {
    houses: u32,
    /// Houses by state: `seen`, `absent`, `refused`, `left`; without a round `fresh`, `due`,
    /// `long`, `never`.
    states: BTreeMap<&'static str, u32>,
    /// Done and all, of 人, 屋, 车, 场 and 网. What this viewer may not count is left out.
    elements: BTreeMap<&'static str, [u32; 2]>,
    /// Houses let by the survey, houses declared as let, declarations that do not match.
    rentals: Rentals,
    vehicles: Vehicles,
}

/// Vehicles by how they are known.
#[derive(Clone, Copy, Default, Serialize)]
struct Vehicles {
    declared: u32,
    /// Counted at night.
    counted: u32,
    /// Counted on enough nights.
    resident: u32,
}

#[derive(Clone, Copy, Default, Serialize)]
struct Rentals {
    surveyed: u32,
    declared: u32,
    unchecked: u32,
    mismatched: u32,
}

/// One grid.
#[derive(Serialize)]
struct Grid {
    /// None for houses in no grid.
    id: Option<String>,
    code: Option<String>,
    name: Option<String>,
    worker: Option<String>,
    workers: Workers,
    #[serde(flatten)]
    part: Part,
}

/// How many look after a grid.
#[derive(Serialize)]
struct Workers {
    full_time: usize,
    part_time: usize,
}

/// One house.
#[derive(Serialize)]
struct House {
    id: String,
    state: &'static str,
    /// The day that it was last seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    seen_on: Option<NaiveDate>,
}

/// `GET /coverage[?round=ID]`
pub(super) async fn coverage(
    State(app): State<App>,
    viewer: Viewer,
    mut parameters: Parameters,
) -> Result<Json<Coverage>, Problem> {
    let round = parameters.take("round")?;
    parameters.finish()?;
    required(&app, &viewer)?;
    tokio::task::spawn_blocking(move || answer(&app, &viewer, round.as_deref()))
        .await
        .map_err(Problem::internal)?
        .map(Json)
}

/// `GET /coverage/houses?of=[&round=ID][&grid=ID]`: the houses that a figure of the coverage is
/// made of; of `people` those with residents who were not verified since.
pub(super) async fn houses(
    State(app): State<App>,
    viewer: Viewer,
    mut given: Parameters,
) -> Result<Json<Listed>, Problem> {
    let figure = given.take("of")?.unwrap_or_default();
    let (round, grid) = (given.take("round")?, given.take("grid")?);
    let page = Page::take(&mut given)?;
    given.finish()?;
    if figure != PEOPLE && !FIGURES.contains(&figure.as_str()) {
        let offered = format!("{}, {PEOPLE}", FIGURES.join(", "));
        return Err(Problem::one_of("of", &offered));
    }
    required(&app, &viewer)?;
    if figure == PEOPLE && !viewer.may_see_people() {
        return Err(viewer.refused());
    }
    tokio::task::spawn_blocking(move || {
        let snapshot = app.seen_by(&viewer);
        let store = app.pool().reader().map_err(Problem::internal)?;
        let survey = Survey::read(&app, &viewer, &snapshot, &store, round.as_deref())?;
        let verified = if figure == PEOPLE {
            let since = survey.round.as_ref().and_then(|round| round.start_on);
            verified_since(&store, survey.today, since).map_err(Problem::internal)?
        } else {
            HashMap::new()
        };
        let in_grid = |home: Option<u32>| {
            let own = home.map(|home| &*survey.grids.record(home).id);
            grid.as_deref().is_none_or(|grid| own == Some(grid))
        };
        let parts =
            (survey.houses())
                .filter(|(_, home, _)| in_grid(*home))
                .map(|(at, _, known)| {
                    let [done, all] = (verified.get(&survey.buildings.record(at).id))
                        .copied()
                        .unwrap_or_else(|| [0, known.counts(&figure).into()]);
                    (at, u64::from(all - done))
                });
        Ok(Listed::of(&app, &viewer, &snapshot, parts, page))
    })
    .await
    .map_err(Problem::internal)?
    .map(Json)
}

fn required(app: &App, viewer: &Viewer) -> Result<(), Problem> {
    for needed in ["visit", "building"] {
        let layer = app.layer(needed).ok_or_else(|| viewer.refused())?;
        viewer.require(Action::View, layer)?;
    }
    Ok(())
}

fn answer(app: &App, viewer: &Viewer, round: Option<&str>) -> Result<Coverage, Problem> {
    let snapshot = app.seen_by(viewer);
    let store = app.pool().reader().map_err(Problem::internal)?;
    let survey = Survey::read(app, viewer, &snapshot, &store, round)?;
    let (buildings, grids) = (&survey.buildings, &survey.grids);
    let mut parts: BTreeMap<Option<u32>, Part> = BTreeMap::new();
    let mut houses = Vec::new();
    let mut place_of: HashMap<String, Option<u32>> = HashMap::new();
    for (at, home, known) in survey.houses() {
        let id = buildings.record(at).id.to_string();
        parts.entry(home).or_default().count(&known);
        place_of.insert(id.clone(), home);
        houses.push(House {
            id,
            state: known.state,
            seen_on: known.seen_on,
        });
    }
    elements(app, viewer, &store, &survey, &place_of, &mut parts).map_err(Problem::internal)?;
    // A grid without houses is complete, and is listed.
    for (at, record) in grids.records() {
        let reached = |round: &Round| round.reaches(Some(&record.id));
        if survey.round.as_ref().is_none_or(reached) {
            let part = parts.entry(Some(at)).or_default();
            let worker = record
                .get(&grids.layer, "worker")
                .as_text()
                .is_some_and(|name| !name.is_empty());
            part.elements.insert("网", [u32::from(worker), 1]);
        }
    }
    let mut total = Part::default();
    for part in parts.values_mut() {
        // A grid without houses has seen them all.
        part.elements.entry("屋").or_default();
        total.add(part);
    }
    let told = parts
        .into_iter()
        .map(|(at, part)| Grid::of(viewer, grids, at, part));
    let mut told: Vec<Grid> = told.collect();
    told.sort_by(|a, b| (a.id.is_none(), &a.code).cmp(&(b.id.is_none(), &b.code)));
    let [due, long] = Terms::current().visits.unseen_days;
    let seen = Terms::current().visits.seen.join("、");
    Ok(Coverage {
        sequence: snapshot.sequence,
        as_of: clock::now().to_rfc3339_opts(SecondsFormat::Secs, false),
        round: survey.round.as_ref().map(|round| round.told.clone()),
        unseen_days: [due, long],
        basis: json!({
            "zh": format!("走访结果为{seen}的房屋计为已访；超过 {due} 天未见到人的为应访，超过 {long} 天的为久未走访。人＝本轮开始后核实过的现住人员；车＝本轮申报或清点过的常住车辆；场＝已登记车位的停车场；网＝配有专职网格员的网格。口径版本 {}", Terms::current().version),
            "en": format!("A house with a visit of outcome {seen} is seen; after {due} days it is due, after {long} long due. People: residents verified since the round began; vehicles declared or counted since; parking places with their bays known; grids with a full-time worker. Terms {}", Terms::current().version),
        }),
        total,
        grids: told,
        houses,
    })
}

impl Part {
    /// Adds a house.
    fn count(&mut self, known: &Known) {
        self.houses += 1;
        *self.states.entry(known.state).or_default() += 1;
        let [done, all] = self.elements.entry("屋").or_default();
        *done += u32::from(known.is_seen());
        *all += 1;
        self.rentals.surveyed += u32::from(known.surveyed);
        self.rentals.declared += u32::from(known.declared);
        self.rentals.unchecked += u32::from(known.unchecked);
        self.rentals.mismatched += u32::from(known.mismatched);
    }

    fn add(&mut self, other: &Self) {
        self.houses += other.houses;
        for (state, count) in &other.states {
            *self.states.entry(state).or_default() += count;
        }
        for (element, [done, all]) in &other.elements {
            let sum = self.elements.entry(element).or_default();
            *sum = [sum[0] + done, sum[1] + all];
        }
        let (own, more) = (&mut self.rentals, other.rentals);
        own.surveyed += more.surveyed;
        own.declared += more.declared;
        own.unchecked += more.unchecked;
        own.mismatched += more.mismatched;
        let (own, more) = (&mut self.vehicles, other.vehicles);
        own.declared += more.declared;
        own.counted += more.counted;
        own.resident += more.resident;
    }
}

impl Grid {
    fn of(viewer: &Viewer, grids: &LayerSnapshot, at: Option<u32>, part: Part) -> Self {
        let record = at.map(|at| grids.record(at));
        let text = |name: &str| {
            let seen = viewer.see(&grids.layer, record?).get(name).to_text();
            Some(seen).filter(|text| !text.is_empty())
        };
        let worker = text("worker");
        let part_time = text("workers_part_time")
            .and_then(|names| serde_json::from_str::<Vec<String>>(&names).ok());
        let workers = Workers {
            full_time: usize::from(worker.is_some()),
            part_time: part_time.map_or(0, |names| names.len()),
        };
        Self {
            id: record.map(|record| record.id.to_string()),
            code: text("code"),
            name: text("name"),
            worker,
            workers,
            part,
        }
    }
}

/// Adds what is done and what there is of an element to the part of a grid, where it is told of.
fn count<'p>(
    parts: &'p mut BTreeMap<Option<u32>, Part>,
    home: Option<u32>,
    element: &'static str,
    [done, all]: [u32; 2],
) -> Option<&'p mut Part> {
    let part = parts.get_mut(&home)?;
    let sum = part.elements.entry(element).or_default();
    *sum = [sum[0] + done, sum[1] + all];
    Some(part)
}

/// Adds 人, 车 and 场 to the parts of the grids.
fn elements(
    app: &App,
    viewer: &Viewer,
    store: &GeoPackage,
    survey: &Survey,
    place_of: &HashMap<String, Option<u32>>,
    parts: &mut BTreeMap<Option<u32>, Part>,
) -> Result<(), StoreError> {
    let since = survey.round.as_ref().and_then(|round| round.start_on);
    if viewer.may_see_people() {
        for (building, [done, all]) in verified_since(store, survey.today, since)? {
            if let Some(home) = place_of.get(&*building) {
                count(parts, *home, "人", [done, all]);
            }
        }
    }
    let counted = app.counted_for(viewer);
    let later = |record: &Record, layer: &LayerSnapshot, field: &str| {
        let on = record.get(&layer.layer, field).as_date();
        on.is_some_and(|on| since.is_none_or(|since| on >= since))
    };
    if let Some(vehicles) = counted.layer("vehicle") {
        for (at, record) in vehicles.records() {
            let log = sightings(&vehicles.layer, record);
            let done = !log.is_empty() || later(record, vehicles, "declared_on");
            let home = survey.grid_of(vehicles.shape(at).as_ref());
            if let Some(part) = count(parts, home, "车", [u32::from(done), 1]) {
                let declared = !record.get(&vehicles.layer, "declared_on").is_null();
                part.vehicles.declared += u32::from(declared);
                part.vehicles.counted += u32::from(!log.is_empty());
                part.vehicles.resident += u32::from(is_resident(&log, survey.today));
            }
        }
    }
    if let Some(parking) = counted.layer("parking") {
        for (at, record) in parking.records() {
            let done = !record.get(&parking.layer, "bays").is_null();
            count(
                parts,
                survey.grid_of(parking.shape(at).as_ref()),
                "场",
                [u32::from(done), 1],
            );
        }
    }
    Ok(())
}
