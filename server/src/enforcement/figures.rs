//! What one case counts: the only place where a number of 两违 comes from.

use std::{collections::HashMap, iter::Sum, ops::AddAssign};

use serde::Serialize;
use yizhangtu_data::{Catalog, Layer, Record, Value, catalog::process::Stage};

use super::CASES;
use crate::atlas::hundredths;

/// How far a case is in each of its states, by the process in force.
#[derive(Clone, Debug, Default)]
pub(crate) struct Definition {
    /// Version of the process.
    pub(crate) version: String,
    state: String,
    stages: HashMap<String, Stage>,
}

impl Definition {
    /// The definition of a catalog.
    pub(crate) fn of(catalog: &Catalog) -> Self {
        let Some(process) = catalog.process(CASES) else {
            return Self::default();
        };
        let stages = process.states.iter();
        Self {
            version: process.version.clone(),
            state: process.state.clone(),
            stages: stages
                .filter_map(|state| Some((state.code.clone(), state.stage?)))
                .collect(),
        }
    }

    /// How far a case is; under way where its state says nothing, as while clocks stand still.
    pub(crate) fn stage(&self, layer: &Layer, case: &Record) -> Stage {
        let state = case.get(layer, &self.state).as_text();
        (state.and_then(|state| self.stages.get(state)).copied()).unwrap_or(Stage::Open)
    }
}

/// What some cases count. Areas are kept in hundredths of a square metre, so that sums are exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    /// 宗: every case.
    pub(crate) cases: u64,
    /// 宗 that were dropped, merged into another or handed over.
    pub(crate) void: u64,
    /// 宗 not looked at yet.
    pub(crate) clues: u64,
    /// 宗 under way.
    pub(crate) open: u64,
    /// 宗 that were filed.
    pub(crate) filed: u64,
    /// 拆除宗数: demolished, and of more than no area.
    pub(crate) demolished: u64,
    /// 结案宗数, with those struck off.
    pub(crate) closed: u64,
    /// 销案宗数.
    pub(crate) struck: u64,
    /// 栋: buildings of the cases that are not void.
    pub(crate) buildings: u64,
    /// 拆除栋数 of what counts as demolished.
    pub(crate) demolished_buildings: u64,
    /// 占地面积.
    pub(crate) land: i128,
    /// 违建面积.
    pub(crate) violation: i128,
    /// 拆除建筑面积 of what counts as demolished.
    pub(crate) demolished_area: i128,
    /// 拆除占地面积 of what counts as demolished.
    pub(crate) demolished_footprint: i128,
    /// 复耕复绿面积.
    pub(crate) restored: i128,
    /// 罚款, in 分.
    pub(crate) penalty_fen: i64,
}

/// Whether a case is one of those that a figure counts.
type Counts = fn(&Figures) -> bool;

/// What cases are asked for by: the figures by the names that they leave by, each with whether a
/// case counts in it.
pub(super) const COUNTED: [(&str, Counts); 13] = [
    ("cases", |own| own.cases > 0),
    ("void", |own| own.void > 0),
    ("clues", |own| own.clues > 0),
    ("open", |own| own.open > 0),
    ("filed", |own| own.filed > 0),
    ("demolished", |own| own.demolished > 0),
    ("closed", |own| own.closed > 0),
    ("struck", |own| own.struck > 0),
    ("land_area_m2", |own| own.land > 0),
    ("violation_area_m2", |own| own.violation > 0),
    ("demolished_area_m2", |own| own.demolished_area > 0),
    ("restored_m2", |own| own.restored > 0),
    ("penalty_fen", |own| own.penalty_fen > 0),
];

impl Figures {
    /// What one case counts.
    pub(crate) fn of(definition: &Definition, layer: &Layer, case: &Record) -> Self {
        let stage = definition.stage(layer, case);
        let area = |name| i128::from(hundredths(case, layer.position(name)));
        let one = u64::from;
        let gone = area("demolished_area_m2");
        let demolished = stage >= Stage::Demolished && gone > 0;
        let of_demolished = |area| if demolished { area } else { 0 };
        let count = |name| {
            let held = case.get(layer, name).as_integer();
            held.and_then(|count| u64::try_from(count).ok())
        };
        // What was taken over without its buildings was one.
        let buildings = count("building_count")
            .unwrap_or(1)
            .max(listed(layer, case));
        let gone_buildings = count("demolished_buildings").unwrap_or(1);
        Self {
            cases: 1,
            void: one(stage == Stage::Void),
            clues: one(stage == Stage::Clue),
            open: one(stage > Stage::Clue && stage < Stage::Closed),
            filed: one(matches!(case.get(layer, "filed_on"), Value::Date(_))),
            demolished: one(demolished),
            closed: one(stage >= Stage::Closed),
            struck: one(stage == Stage::Struck),
            buildings: if stage == Stage::Void { 0 } else { buildings },
            demolished_buildings: if demolished { gone_buildings } else { 0 },
            land: area("land_area_m2"),
            violation: area("violation_area_m2"),
            demolished_area: of_demolished(gone),
            demolished_footprint: of_demolished(area("demolished_footprint_m2")),
            restored: area("restored_m2"),
            penalty_fen: case.get(layer, "penalty_fen").as_integer().unwrap_or(0),
        }
    }

    /// As JSON and as a row of a table: areas in square metres.
    pub(crate) fn told(&self) -> Told {
        Told {
            cases: self.cases,
            void: self.void,
            clues: self.clues,
            open: self.open,
            filed: self.filed,
            demolished: self.demolished,
            closed: self.closed,
            struck: self.struck,
            buildings: self.buildings,
            demolished_buildings: self.demolished_buildings,
            land_area_m2: square_metres(self.land),
            violation_area_m2: square_metres(self.violation),
            demolished_area_m2: square_metres(self.demolished_area),
            demolished_footprint_m2: square_metres(self.demolished_footprint),
            restored_m2: square_metres(self.restored),
            penalty_fen: self.penalty_fen,
        }
    }
}

impl AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        self.cases += other.cases;
        self.void += other.void;
        self.clues += other.clues;
        self.open += other.open;
        self.filed += other.filed;
        self.demolished += other.demolished;
        self.closed += other.closed;
        self.struck += other.struck;
        self.buildings += other.buildings;
        self.demolished_buildings += other.demolished_buildings;
        self.land += other.land;
        self.violation += other.violation;
        self.demolished_area += other.demolished_area;
        self.demolished_footprint += other.demolished_footprint;
        self.restored += other.restored;
        self.penalty_fen += other.penalty_fen;
    }
}

impl Sum for Figures {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        let mut sum = Self::default();
        for one in all {
            sum += one;
        }
        sum
    }
}

/// Figures as they leave.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Told {
    pub(super) cases: u64,
    void: u64,
    clues: u64,
    open: u64,
    filed: u64,
    pub(super) demolished: u64,
    closed: u64,
    struck: u64,
    buildings: u64,
    pub(super) demolished_buildings: u64,
    land_area_m2: f64,
    violation_area_m2: f64,
    pub(super) demolished_area_m2: f64,
    demolished_footprint_m2: f64,
    pub(super) restored_m2: f64,
    penalty_fen: i64,
}

impl Told {
    /// An area by the name of its field, in m².
    pub(super) fn area(&self, field: &str) -> Option<f64> {
        match field {
            "land_area_m2" => Some(self.land_area_m2),
            "violation_area_m2" => Some(self.violation_area_m2),
            "demolished_area_m2" => Some(self.demolished_area_m2),
            "restored_m2" => Some(self.restored_m2),
            _ => None,
        }
    }
}

/// How many buildings a case lists.
fn listed(layer: &Layer, case: &Record) -> u64 {
    match case.get(layer, "buildings") {
        Value::Json(list) => list.as_array().map_or(0, |list| list.len() as u64),
        _ => 0,
    }
}

/// Hundredths of a square metre as square metres.
#[expect(
    clippy::cast_precision_loss,
    reason = "sums stay below 2^53 hundredths"
)]
pub(super) fn square_metres(hundredths: i128) -> f64 {
    hundredths as f64 / 100.0
}
