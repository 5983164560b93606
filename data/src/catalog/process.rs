//! The life of a feature as data: states, the steps between them, who may take one, and what
//! must be held for it.
//!
//! A process stands in `processes/<layer>.toml`. Earlier versions stay beside it as
//! `processes/<layer>@<version>.toml`: a feature keeps the version that it began with.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{FieldKind, Serial, Text};

/// The life of the features of one layer, in one version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Process {
    /// The layer whose features live it.
    pub layer: String,
    /// Version, such as `2026.1`; every change of the process needs a new one.
    pub version: String,
    /// What it is called.
    pub title: Text,
    /// Standard or law behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard: Option<String>,
    /// The field that holds the state; its code list gives the states their names.
    pub state: String,
    /// The layer, append-only, that a row is written to at each step.
    pub log: String,
    /// The calendar that working days and hours are counted by.
    pub calendar: String,
    /// States that a new feature may have, the usual one first.
    pub initial: Vec<String>,
    /// What may be the same thing reported twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicates: Option<Duplicates>,
    /// When what is over is looked at again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visits: Option<Visits>,
    /// How the rate of what is closed is reckoned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closing: Option<Closing>,
    /// The states.
    #[serde(default)]
    pub states: Vec<State>,
    /// The steps.
    #[serde(default)]
    pub transitions: Vec<Transition>,
}

/// Visits after the end: 3, 6 and 12 months after the closing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Visits {
    /// The step that a visit is.
    pub step: String,
    /// The field of the day that they are counted from.
    pub since: String,
    /// After how many months each is due.
    pub months: Vec<u32>,
}

/// A feature that a step begins beside its own: a recurrence opens a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opens {
    /// The question whose answer opens it.
    pub answer: String,
    /// The answer that does.
    pub is: String,
    /// The field of the new one that names the old.
    pub link: String,
    /// Fields of the new one that are set to the day of the step.
    #[serde(default)]
    pub today: Vec<String>,
    /// Fields that it takes over, with the shape.
    #[serde(default)]
    pub copies: Vec<String>,
}

/// What a step writes into a table of its own, append-only: one row for each thing that it is
/// about, as each building that was pulled down. Such a table has the fields `act`, `about`,
/// `officer`, `at` and one that refers to the feature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Writes {
    /// The table.
    pub layer: String,
    /// What was done: 拆除, 复测.
    pub act: String,
    /// The question that names what the row is about.
    pub about: String,
    /// The act that is looked at again: by another person, and for each thing that it was done
    /// to and nobody has looked at since, where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// Fields of the row by the question that they keep the answer of.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// Fields of the feature that are the sum of a field over the rows of this act.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sums: BTreeMap<String, String>,
    /// The field of the feature that is the number of things that the act was done to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<String>,
    /// The field of the row that keeps the shape that the step asks for, where the row is about
    /// one thing: it is that thing's, and the feature keeps its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<String>,
}

/// What goes over to another feature of the layer when one is merged into it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Carries {
    /// The field that names the feature that stays.
    pub into: String,
    /// Fields with lists, which become one.
    #[serde(default)]
    pub lists: Vec<String>,
    /// Tables whose rows refer to the feature, and refer to the one that stays then.
    #[serde(default)]
    pub tables: Vec<String>,
    /// Whether photographs and files go over.
    #[serde(default)]
    pub attachments: bool,
}

/// When two features may be one thing: near each other in place and time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Duplicates {
    /// Greatest distance in m.
    pub within_m: f64,
    /// Greatest difference in hours.
    pub hours: u32,
    /// The field of the time.
    pub time: String,
    /// Fields that must be the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub same: Vec<String>,
}

/// 办结率, in the one definition that this version has: of what came in during a period and was
/// accepted, how much is closed. Which states are which, their stages say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Closing {
    /// The field of the time that puts a feature into a period.
    pub period: String,
    /// The field of the time since which it is the office's.
    pub accepted: String,
    /// The field of the time at which it was closed.
    pub closed: String,
    /// The field of the time by which it has to be closed.
    pub deadline: String,
    /// Days from its acceptance after which it is due where no deadline was set.
    pub due_after_days: u32,
    /// Whether what is open and not due yet is left out of those that count.
    pub leaves_out_in_time: bool,
    /// The steps that other rates count.
    pub steps: Counted,
}

/// The steps by which 自办率, 退件率, 复开率 and 核查通过率 are reckoned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counted {
    /// 自办自结.
    pub own: String,
    /// 分拨.
    pub dispatched: String,
    /// 退件.
    pub refused: String,
    /// 复开.
    pub reopened: String,
    /// 核查通过.
    pub passed: String,
    /// 核查不通过.
    pub failed: String,
}

impl Counted {
    /// The identifiers, with what they count.
    pub fn all(&self) -> [(&'static str, &str); 6] {
        [
            ("own", &self.own),
            ("dispatched", &self.dispatched),
            ("refused", &self.refused),
            ("reopened", &self.reopened),
            ("passed", &self.passed),
            ("failed", &self.failed),
        ]
    }
}

/// One state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// A code of the state field's list.
    pub code: String,
    /// How far the work is there, for totals; not given where it says nothing of that, as while
    /// clocks stand still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// How long a feature may be in it; the first whose conditions hold counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Limit>,
    /// Whether the work is over there.
    #[serde(default)]
    pub ends: bool,
    /// Whether clocks stand still there, until the feature goes back to where it was.
    #[serde(default)]
    pub stops: bool,
    /// Fields that only steps change while a feature is in the state; `geometry` for the shape.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locks: Vec<String>,
}

/// How far the work is, in order: the one definition that totals count by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Not counted: dropped, merged into another, handed to another authority.
    Void,
    /// Come in and not looked at.
    Clue,
    /// Being worked on.
    Open,
    /// Demolished.
    Demolished,
    /// Closed.
    Closed,
    /// Struck off the ledger.
    Struck,
}

/// A length of time: one of minutes, hours, days or months.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Conditions, all of which must hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<When>,
    /// Hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<u32>,
    /// Days, to the end of the last one; 0 for the same day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// Calendar months, to the end of the last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub months: Option<u32>,
    /// Whether only working hours or working days count.
    #[serde(default)]
    pub working: bool,
}

/// A condition on the feature, or on what was answered in an earlier step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// A field of the layer, or `step.answer`: what the last such step was told.
    pub field: String,
    /// It holds where the value is one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub is: Vec<String>,
    /// It holds where the value is none of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not: Vec<String>,
    /// It holds where there is a value, or where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filled: Option<bool>,
    /// It holds where the number is greater; nothing counts as 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<f64>,
    /// It holds where the number is not greater; nothing counts as 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
}

/// A step from one state to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transition {
    /// Identifier within the process.
    pub id: String,
    /// What the button says.
    pub title: Text,
    /// States that it is taken from; `*` for every state that does not end.
    pub from: Vec<String>,
    /// States that `*` leaves out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
    /// The state that it leads to; `same` for the one that it is taken from, `back` for the
    /// one before the clocks were stopped.
    pub to: String,
    /// Roles that may take it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// Whether the system takes it by itself when the state's time is over.
    #[serde(default)]
    pub auto: bool,
    /// Whether a note must be written.
    #[serde(default)]
    pub note: bool,
    /// What is filled in: fields of the layer, and questions of this step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Ask>,
    /// Photographs that must be held.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub photos: Vec<Photographs>,
    /// Documents that must be held: one kind at least of each entry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<Documents>,
    /// Greatest distance in m between who takes the step and the feature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub near_m: Option<f64>,
    /// Whether the shape must be drawn as measured.
    #[serde(default)]
    pub geometry: bool,
    /// Officers who act together, at least two people say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officers: Option<Officers>,
    /// Steps whose last actor may not take this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_than: Vec<String>,
    /// Steps that must have been taken since the state was entered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    /// Steps that must have been taken at any time before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub once: Vec<String>,
    /// Conditions, all of which must hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<When>,
    /// Groups of fields, of each of which one at least must be filled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<Vec<String>>,
    /// Times that must have passed; nobody skips them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waits: Vec<Wait>,
    /// Figures of the feature that must be reached: its gate. Those that are off are only shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub figures: Vec<Gate>,
    /// How often a step may have been taken before this one is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<AtMost>,
    /// How long after a step this one may still be taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Within>,
    /// What is set by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sets: Vec<Set>,
    /// What it begins beside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens: Option<Opens>,
    /// The row of another table that it writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writes: Option<Writes>,
    /// What goes over to the feature that this one becomes part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carries: Option<Carries>,
    /// The question whose answer, in days, moves the deadline of the state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extends: Option<String>,
    /// Of a plan: its plots take the place of those in force. A plan that has none in force any
    /// more takes the step of this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub puts_in_force: Option<String>,
}

/// A figure that must be reached before a step is taken: at least or at most so much.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// The figure by its name, as formulas of indicators name it.
    pub figure: String,
    /// What it is called.
    pub title: Text,
    /// It holds where the figure is this or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    /// It holds where the figure is this or less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// Whether the figure is a share, shown in hundredths.
    #[serde(default)]
    pub percent: bool,
    /// Unit of the figure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The question whose answer may stand in its place: what is listed though it is not 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unless: Option<String>,
    /// Whether it is in force; what no source confirms is not, and shown all the same.
    #[serde(default = "in_force")]
    pub on: bool,
    /// Where it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

fn in_force() -> bool {
    true
}

impl Gate {
    /// Whether a figure is enough; one that is not known is not.
    pub fn holds(&self, figure: Option<f64>) -> bool {
        figure.is_some_and(|figure| {
            self.at_least.is_none_or(|least| figure >= least)
                && self.at_most.is_none_or(|most| figure <= most)
        })
    }
}

/// One thing to fill in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// A field of the layer, or a name of this step's own.
    pub name: String,
    /// Title, for what is no field of the layer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Text>,
    /// Type of the answer, for what is no field of the layer.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<FieldKind>,
    /// Whether it must be answered.
    #[serde(default)]
    pub required: bool,
    /// Texts to choose from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// The field whose list of features is offered as the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_of: Option<String>,
    /// Whether the number is added to what the field holds.
    #[serde(default)]
    pub adds: bool,
    /// Least and greatest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<[f64; 2]>,
    /// Unit of the number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// Photographs that must be held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Photographs {
    /// How many at least.
    pub least: usize,
    /// What they show, such as `before` or `after`; any where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shows: Option<String>,
    /// Whether those of earlier steps count.
    #[serde(default)]
    pub earlier: bool,
}

/// Documents of which one must be held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Documents {
    /// Kinds, of which one is enough.
    pub any: Vec<String>,
}

/// Officers who act together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Officers {
    /// The field that lists them.
    pub field: String,
    /// How many different ones at least.
    pub least: usize,
}

/// A time that must have passed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// What it is called: 救济期, 催告期.
    pub title: Text,
    /// Since a step, or since the day that it was told: `serve`, `serve.served_on`.
    pub since: String,
    /// How long; the first whose conditions hold counts.
    pub limits: Vec<Limit>,
}

/// How often a step may have been taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AtMost {
    /// The step.
    pub step: String,
    /// How often at most.
    pub times: usize,
}

/// How long after a step another may still be taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Within {
    /// The steps; the last of them counts.
    pub steps: Vec<String>,
    /// Days.
    pub days: u32,
}

/// What a step sets by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Set {
    /// The field.
    pub field: String,
    /// To what.
    pub to: To,
    /// How it is numbered, where `to` is `serial`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<Serial>,
    /// Conditions, all of which must hold; else nothing is set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<When>,
    /// The code, where `to` is `code`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// What a field is set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum To {
    /// The day of the step.
    Today,
    /// The instant of the step.
    Now,
    /// Nothing.
    Empty,
    /// The deadline of the state that is entered.
    Deadline,
    /// The code after the present one in the field's list; at the last the step is refused.
    Next,
    /// The minutes for which clocks stood still, in all.
    Stopped,
    /// The code that is given.
    Code,
    /// The next number of `serial`, in the place of the one that the field's own serial gave
    /// when the feature was made; one that somebody wrote stays.
    Serial,
    /// The shape as it was before this step, as GeoJSON, where the field holds none yet.
    Outline,
}

/// Every state that does not end.
pub const ANY: &str = "*";
/// The state that a step is taken from.
pub const SAME: &str = "same";
/// The state before the clocks were stopped.
pub const BACK: &str = "back";

impl Process {
    /// A state by its code.
    pub fn state(&self, code: &str) -> Option<&State> {
        self.states.iter().find(|state| state.code == code)
    }

    /// Whether a step is taken from a state.
    pub fn leads_from_state(&self, step: &str, state: &str) -> bool {
        self.transition(step)
            .is_some_and(|step| self.leads_from(step, state))
    }

    /// A step by its identifier.
    pub fn transition(&self, id: &str) -> Option<&Transition> {
        self.transitions.iter().find(|step| step.id == id)
    }

    /// Whether a step may be taken from a state, as far as the state goes.
    pub fn leads_from(&self, step: &Transition, state: &str) -> bool {
        if step.except.iter().any(|code| code == state) {
            return false;
        }
        let open = || {
            self.state(state)
                .is_some_and(|state| !state.ends && !state.stops)
        };
        (step.from.iter()).any(|from| from == state || (from == ANY && open()))
    }
}
