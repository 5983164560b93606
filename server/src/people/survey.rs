//! What a round of visits (洗楼, 巡业) found of each house, or without one when it was last seen.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, NaiveDate};
use serde_json::{Map, Value as Json, json};
use yizhangtu_data::{
    Record, Value, clock,
    store::{GeoPackage, StoreError},
};
use yizhangtu_index::Shape;

use super::Terms;
use crate::{
    atlas::{LayerSnapshot, Snapshot},
    http::{App, Problem, Reader},
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

/// The houses that a round reaches, or all, and what is known of each.
pub(super) struct Survey {
    pub(super) buildings: Arc<LayerSnapshot>,
    pub(super) grids: Arc<LayerSnapshot>,
    pub(super) round: Option<Round>,
    pub(super) today: NaiveDate,
    visits: Visits,
}

/// What is known of one house.
pub(super) struct Known {
    /// `seen`, `absent`, `refused`, `left`; without a round `fresh`, `due`, `long`, `never`.
    pub(super) state: &'static str,
    /// The day that it was last seen.
    pub(super) seen_on: Option<NaiveDate>,
    /// Let by the survey.
    pub(super) surveyed: bool,
    /// Declared as let, by a declaration that was not found false.
    pub(super) declared: bool,
    /// With a declaration that is to be checked.
    pub(super) unchecked: bool,
    /// With a declaration that was found false.
    pub(super) mismatched: bool,
}

/// What houses are listed by: [`Known::state`] and what else is known of one.
pub(super) const FIGURES: [&str; 13] = [
    "seen",
    "absent",
    "refused",
    "left",
    "fresh",
    "due",
    "long",
    "never",
    "unseen",
    "surveyed",
    "declared",
    "unchecked",
    "mismatched",
];

impl Known {
    /// Whether the house was seen in the round, or lately.
    pub(super) fn is_seen(&self) -> bool {
        matches!(self.state, "seen" | "fresh")
    }

    /// Whether the house is one of those that a figure counts.
    pub(super) fn counts(&self, figure: &str) -> bool {
        match figure {
            "unseen" => !self.is_seen(),
            "surveyed" => self.surveyed,
            "declared" => self.declared,
            "unchecked" => self.unchecked,
            "mismatched" => self.mismatched,
            state => self.state == state,
        }
    }
}

impl Survey {
    /// Reads the visits and declarations of what a viewer sees.
    ///
    /// # Errors
    /// When there is no such round, or the viewer sees no houses.
    pub(super) fn read(
        app: &App,
        viewer: &Viewer,
        snapshot: &Snapshot,
        store: &Reader,
        round: Option<&str>,
    ) -> Result<Self, Problem> {
        let round = round
            .map(|id| Round::read(app, viewer, store, id))
            .transpose()?;
        let read = || Visits::read(store, round.as_ref());
        let visits = store.moment(read).map_err(Problem::internal)?;
        let layer = |name| {
            snapshot
                .layer(name)
                .cloned()
                .ok_or_else(|| viewer.refused())
        };
        Ok(Self {
            buildings: layer("building")?,
            grids: layer("grid")?,
            round,
            today: clock::today(),
            visits,
        })
    }

    /// Each house that is reached: its position, that of its grid, and what is known of it.
    pub(super) fn houses(&self) -> impl Iterator<Item = (u32, Option<u32>, Known)> {
        let rental = self.buildings.layer.position("rental");
        self.buildings.records().filter_map(move |(at, record)| {
            let home = self.grid_of(self.buildings.shape(at).as_ref());
            let grid = home.map(|home| &*self.grids.record(home).id);
            if !self.round.as_ref().is_none_or(|round| round.reaches(grid)) {
                return None;
            }
            let surveyed = rental.is_some_and(|at| record.values[at].as_boolean() == Some(true));
            let (state, seen_on) = self
                .visits
                .state(&record.id, self.round.is_some(), self.today);
            let declared = self.visits.declared.get(&*record.id);
            let some = |is: fn(&String) -> bool| declared.is_some_and(|all| all.iter().any(is));
            let known = Known {
                state,
                seen_on,
                surveyed,
                declared: some(|state| state != "不符"),
                unchecked: some(|state| state == "待核"),
                mismatched: some(|state| state == "不符"),
            };
            Some((at, home, known))
        })
    }

    /// The grid that a place lies in.
    pub(super) fn grid_of(&self, shape: Option<&Shape>) -> Option<u32> {
        shape.and_then(|shape| self.grids.at(shape.representative()).first().copied())
    }
}

/// A round of visits.
pub(super) struct Round {
    id: String,
    /// Grids that it reaches; all where none are named.
    grids: HashSet<String>,
    pub(super) start_on: Option<NaiveDate>,
    pub(super) told: Map<String, Json>,
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

    pub(super) fn reaches(&self, grid: Option<&str>) -> bool {
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
