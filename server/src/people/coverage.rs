//! `GET /coverage[?round=ID]`: how far a round of visits (洗楼, 巡业) has come, or when each house
//! was last seen, by grid; and the completeness of 人屋车场网.

use std::collections::{BTreeMap, HashMap, HashSet};
use yizhangtu_data::clock;

use axum::{Json, extract::State};
use chrono::{DateTime, NaiveDate, SecondsFormat};
use serde::Serialize;
use serde_json::{Map, Value as Json_, json};
use yizhangtu_data::{
    Record, Value,
    store::{GeoPackage, StoreError},
};
use yizhangtu_index::Shape;

use super::{
    Terms,
    night::{is_resident, sightings},
    register::verified_since,
};
use crate::{
    atlas::{LayerSnapshot, Snapshot},
    http::{App, Parameters, Problem},
    policy::{Action, Viewer},
};

/// Fields of a round that are told.
const ROUND: &[&str] = &[
    "code",
    "title",
    "element",
    "start_on",
    "due_on",
    "revisit_days",
];

/// Houses that nobody saw and that are told with their address.
const NAMED: usize = 60;

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
    /// Let houses without a 栋长.
    without_head: u32,
}

/// One grid.
#[derive(Serialize)]
struct Grid {
    /// None for houses in no grid.
    id: Option<String>,
    code: Option<String>,
    name: Option<String>,
    worker: Option<String>,
    #[serde(flatten)]
    part: Part,
}

/// One house.
#[derive(Serialize)]
struct House {
    id: String,
    state: &'static str,
    /// The day that it was last seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    seen_on: Option<NaiveDate>,
    /// What it is called, of the first of those that nobody saw.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
}

/// `GET /coverage[?round=ID]`
pub(super) async fn coverage(
    State(app): State<App>,
    viewer: Viewer,
    mut parameters: Parameters,
) -> Result<Json<Coverage>, Problem> {
    let round = parameters.take("round")?;
    parameters.finish()?;
    for needed in ["visit", "building"] {
        let layer = app.layer(needed).ok_or_else(|| viewer.refused())?;
        viewer.require(Action::View, layer)?;
    }
    tokio::task::spawn_blocking(move || answer(&app, &viewer, round.as_deref()))
        .await
        .map_err(Problem::internal)?
        .map(Json)
}

fn answer(app: &App, viewer: &Viewer, round: Option<&str>) -> Result<Coverage, Problem> {
    let snapshot = app.seen_by(viewer);
    let store = app.pool().reader().map_err(Problem::internal)?;
    let round = match round {
        None => None,
        Some(id) => Some(Round::read(app, viewer, &store, id)?),
    };
    let read = || Visits::read(&store, round.as_ref());
    let visits = store.moment(read).map_err(Problem::internal)?;
    let today = clock::today();
    let (Some(buildings), Some(grids)) = (snapshot.layer("building"), snapshot.layer("grid"))
    else {
        return Err(viewer.refused());
    };
    let mut parts: BTreeMap<Option<u32>, Part> = BTreeMap::new();
    let mut houses = Vec::new();
    let mut named_so_far = 0;
    let rental = buildings.layer.position("rental");
    let mut place_of: HashMap<String, Option<u32>> = HashMap::new();
    for (at, record) in buildings.records() {
        let home = home(grids, buildings.shape(at));
        let within = round
            .as_ref()
            .is_none_or(|round| round.reaches(home.map(|home| &*grids.record(home).id)));
        if !within {
            continue;
        }
        let (state, seen_on) = visits.state(&record.id, round.is_some(), today);
        let part = parts.entry(home).or_default();
        part.houses += 1;
        *part.states.entry(state).or_default() += 1;
        let let_out = rental.is_some_and(|at| record.values[at].as_boolean() == Some(true));
        part.rentals.surveyed += u32::from(let_out);
        let headless = record
            .get(&buildings.layer, "building_head")
            .as_text()
            .is_none_or(str::is_empty);
        part.rentals.without_head += u32::from(let_out && headless);
        if let Some(declared) = visits.declared.get(&*record.id) {
            part.rentals.declared += u32::from(declared.iter().any(|state| state != "不符"));
            part.rentals.unchecked += u32::from(declared.iter().any(|state| state == "待核"));
            part.rentals.mismatched += u32::from(declared.iter().any(|state| state == "不符"));
        }
        place_of.insert(record.id.to_string(), home);
        let named = matches!(state, "left" | "never") && named_so_far < NAMED;
        named_so_far += usize::from(named);
        let label = buildings.layer.label.as_deref().unwrap_or("address");
        houses.push(House {
            id: record.id.to_string(),
            state,
            seen_on,
            address: named.then(|| viewer.see(&buildings.layer, record).get(label).to_text()),
        });
    }
    let since = round.as_ref().and_then(|round| round.start_on);
    elements(app, viewer, &store, &snapshot, since, &place_of, &mut parts)
        .map_err(Problem::internal)?;
    // A grid without houses is complete, and is listed.
    for (at, record) in grids.records() {
        if round
            .as_ref()
            .is_none_or(|round| round.reaches(Some(&record.id)))
        {
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
        let done = ["seen", "fresh"]
            .iter()
            .filter_map(|state| part.states.get(state))
            .sum();
        part.elements.insert("屋", [done, part.houses]);
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
        round: round.map(|round| round.told),
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
        own.without_head += more.without_head;
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
        Self {
            id: record.map(|record| record.id.to_string()),
            code: text("code"),
            name: text("name"),
            worker: text("worker"),
            part,
        }
    }
}

fn home(grids: &LayerSnapshot, shape: Option<&Shape>) -> Option<u32> {
    shape.and_then(|shape| grids.at(shape.representative()).first().copied())
}

/// A round of visits.
struct Round {
    id: String,
    /// Grids that it reaches; all where none are named.
    grids: HashSet<String>,
    start_on: Option<NaiveDate>,
    told: Map<String, Json_>,
}

impl Round {
    fn read(app: &App, viewer: &Viewer, store: &GeoPackage, id: &str) -> Result<Self, Problem> {
        let absent = || Problem::not_found(format!("没有轮次 {id} / there is no round {id}"));
        let layer = app.layer("survey_round").ok_or_else(absent)?;
        viewer.require(Action::View, layer)?;
        let record: Record = store
            .get("survey_round", id)
            .map_err(Problem::internal)?
            .ok_or_else(absent)?;
        let view = viewer.see(layer, &record);
        let mut told = Map::from_iter([("id".to_owned(), json!(id))]);
        for name in ROUND {
            told.insert(
                (*name).to_owned(),
                serde_json::to_value(view.get(name)).unwrap_or_default(),
            );
        }
        let grids = match record.get(layer, "grids") {
            Value::Json(list) => list
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|id| id.as_str().map(str::to_owned))
                .collect(),
            _ => HashSet::new(),
        };
        Ok(Self {
            id: id.to_owned(),
            grids,
            start_on: record.get(layer, "start_on").as_date(),
            told,
        })
    }

    fn reaches(&self, grid: Option<&str>) -> bool {
        self.grids.is_empty() || grid.is_some_and(|grid| self.grids.contains(grid))
    }
}

/// What came of the visits, and what was declared, by house.
struct Visits {
    /// The last instant of each outcome.
    of: HashMap<String, Vec<(String, String)>>,
    /// States of the declarations.
    declared: HashMap<String, Vec<String>>,
}

impl Visits {
    fn read(store: &GeoPackage, round: Option<&Round>) -> Result<Self, StoreError> {
        let mut of: HashMap<String, Vec<(String, String)>> = HashMap::new();
        let rows = store.query(
            "SELECT building, outcome, max(visited_at) FROM visit
             WHERE building IS NOT NULL AND outcome IS NOT NULL AND (?1 IS NULL OR round = ?1) GROUP BY 1, 2",
            [round.map(|round| round.id.as_str())],
            |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, Option<String>>(2)?)),
        )?;
        for (building, outcome, at) in rows {
            of.entry(building)
                .or_default()
                .push((outcome, at.unwrap_or_default()));
        }
        let mut declared: HashMap<String, Vec<String>> = HashMap::new();
        if store.layer("rental_declaration").is_some() {
            let rows = store.query(
                "SELECT coalesce(d.building, m.building), d.state FROM rental_declaration d
                 LEFT JOIN room m ON d.building IS NULL AND m.id = d.room
                 WHERE coalesce(d.building, m.building) IS NOT NULL AND d.state IS NOT NULL",
                [],
                |row| Ok((row.get::<_, String>(0)?, row.get(1)?)),
            )?;
            for (building, state) in rows {
                declared.entry(building).or_default().push(state);
            }
        }
        Ok(Self { of, declared })
    }

    /// What came of a house, and when it was last seen.
    fn state(
        &self,
        house: &str,
        in_round: bool,
        today: NaiveDate,
    ) -> (&'static str, Option<NaiveDate>) {
        let terms = &Terms::current().visits;
        let all = self.of.get(house).map_or(&[][..], Vec::as_slice);
        let seen = all
            .iter()
            .filter(|(outcome, _)| terms.seen.contains(outcome))
            .map(|(_, at)| at.as_str())
            .max();
        let seen_on = seen.and_then(day);
        if !in_round {
            let [due, long] = terms.unseen_days.map(i64::from);
            let state = match seen_on.map(|on| today.signed_duration_since(on).num_days()) {
                None => "never",
                Some(days) if days > long => "long",
                Some(days) if days > due => "due",
                Some(_) => "fresh",
            };
            return (state, seen_on);
        }
        let last = all
            .iter()
            .max_by(|a, b| a.1.cmp(&b.1))
            .map(|(outcome, _)| outcome.as_str());
        let state = match (seen_on, last) {
            (Some(_), _) => "seen",
            (None, None) => "left",
            (None, Some("拒访")) => "refused",
            (None, Some(_)) => "absent",
        };
        (state, seen_on)
    }
}

/// The day in the village of an instant as the file writes it.
fn day(at: &str) -> Option<NaiveDate> {
    let instant = DateTime::parse_from_rfc3339(at).ok()?;
    Some(instant.with_timezone(&clock::CHINA).date_naive())
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
    seen: &Snapshot,
    since: Option<NaiveDate>,
    place_of: &HashMap<String, Option<u32>>,
    parts: &mut BTreeMap<Option<u32>, Part>,
) -> Result<(), StoreError> {
    let Some(grids) = seen.layer("grid") else {
        return Ok(());
    };
    if viewer.may_see_people() {
        for (building, [done, all]) in verified_since(store, clock::today(), since)? {
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
            let home = home(grids, vehicles.shape(at));
            if let Some(part) = count(parts, home, "车", [u32::from(done), 1]) {
                let declared = !record.get(&vehicles.layer, "declared_on").is_null();
                part.vehicles.declared += u32::from(declared);
                part.vehicles.counted += u32::from(!log.is_empty());
                part.vehicles.resident += u32::from(is_resident(&log, clock::today()));
            }
        }
    }
    if let Some(parking) = counted.layer("parking") {
        for (at, record) in parking.records() {
            let done = !record.get(&parking.layer, "bays").is_null();
            count(
                parts,
                home(grids, parking.shape(at)),
                "场",
                [u32::from(done), 1],
            );
        }
    }
    Ok(())
}
