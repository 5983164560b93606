//! Where a feature stands in its process, read from the rows of its log.
//!
//! Nothing of it is stored: state, deadline and what was done all follow from the log, the
//! version of the process that the feature began with, and the calendar.

use std::borrow::Cow;

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use serde_json::{Map, Value as Json};

use crate::{
    Layer, Record, Value,
    catalog::{
        Calendar, Pause, Process,
        process::{BACK, Limit, SAME, State, When},
    },
    clock::CHINA,
};

/// The step that every log begins with.
pub const BEGIN: &str = "begin";

/// The actor of what the system does by itself.
pub const SYSTEM: &str = "system";

/// A row of a log to be written.
#[derive(Clone, Debug)]
pub struct Step<'a> {
    /// Identifier of the step, or [`BEGIN`].
    pub step: &'a str,
    /// The state before; empty at the beginning.
    pub from: &'a str,
    /// The state after.
    pub to: &'a str,
    /// When.
    pub at: DateTime<FixedOffset>,
    /// The user, or [`SYSTEM`].
    pub actor: &'a str,
    /// The role that the user acted in.
    pub role: &'a str,
    /// The user's words.
    pub note: &'a str,
    /// Longitude and latitude of the user.
    pub place: Option<[f64; 2]>,
    /// What was answered.
    pub data: Map<String, Json>,
    /// Photographs and documents.
    pub attachments: Vec<Json>,
    /// Version of the process.
    pub version: &'a str,
}

impl Step<'_> {
    /// A step of nobody at an instant, to be filled in.
    pub fn at(at: DateTime<Utc>) -> Self {
        use chrono::SubsecRound as _;
        Self {
            step: "",
            from: "",
            to: "",
            at: at.with_timezone(&CHINA).trunc_subsecs(3),
            actor: "",
            role: "",
            note: "",
            place: None,
            data: Map::new(),
            attachments: Vec::new(),
            version: "",
        }
    }

    /// The row, the `number`th of its feature's log counted from 0.
    pub fn record(&self, process: &Process, log: &Layer, feature: &str, number: usize) -> Record {
        let mut row = Record::new(log, format!("{feature}.{number}"));
        let text = |text: &str| -> Value {
            if text.is_empty() {
                Value::Null
            } else {
                text.into()
            }
        };
        if let Some(of) = reference(log, &process.layer) {
            row.set(log, of, feature);
        }
        row.set(log, "step", self.step)
            .set(log, "from_state", text(self.from))
            .set(log, "to_state", self.to)
            .set(log, "at", Value::DateTime(self.at))
            .set(log, "actor", text(self.actor))
            .set(log, "role", text(self.role))
            .set(log, "note", text(self.note))
            .set(log, "machine", self.version);
        if let Some(place) = self.place {
            row.set(log, "place", Value::Json(Box::new(place.to_vec().into())));
        }
        if !self.data.is_empty() {
            row.set(log, "data", Value::Json(Box::new(self.data.clone().into())));
        }
        if !self.attachments.is_empty() {
            let all = Json::from(self.attachments.clone());
            row.set(log, "attachments", Value::Json(Box::new(all)));
        }
        row
    }
}

/// The field of a log that names the feature.
pub fn reference<'l>(log: &'l Layer, layer: &str) -> Option<&'l str> {
    let field = (log.fields.iter()).find(|field| field.reference.as_deref() == Some(layer))?;
    Some(&field.name)
}

/// A step that was taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    /// Identifier of the step, or [`BEGIN`].
    pub step: String,
    /// The state before; empty at the beginning.
    pub from: String,
    /// The state after.
    pub to: String,
    /// When.
    pub at: DateTime<FixedOffset>,
    /// The user, or [`SYSTEM`].
    pub actor: String,
    /// The user's role.
    pub role: String,
    /// The user's words.
    pub note: String,
    /// Longitude and latitude of the user.
    pub place: Option<[f64; 2]>,
    /// What was answered.
    pub data: Map<String, Json>,
    /// Photographs and documents.
    pub attachments: Vec<Json>,
    /// Version of the process.
    pub version: String,
}

impl Taken {
    /// A row of a log; none where its time or its state cannot be read.
    pub fn read(log: &Layer, row: &Record) -> Option<Self> {
        let text = |name| row.get(log, name).as_text().unwrap_or_default().to_owned();
        let json = |name| match row.get(log, name) {
            Value::Json(json) => Some((**json).clone()),
            _ => None,
        };
        let Value::DateTime(at) = row.get(log, "at") else {
            return None;
        };
        let place = json("place").and_then(|place| {
            let place = place.as_array()?;
            Some([place.first()?.as_f64()?, place.get(1)?.as_f64()?])
        });
        Some(Self {
            step: text("step"),
            from: text("from_state"),
            to: row.get(log, "to_state").as_text()?.to_owned(),
            at: *at,
            actor: text("actor"),
            role: text("role"),
            note: text("note"),
            place,
            data: match json("data") {
                Some(Json::Object(data)) => data,
                _ => Map::new(),
            },
            attachments: match json("attachments") {
                Some(Json::Array(all)) => all,
                _ => Vec::new(),
            },
            version: text("machine"),
        })
    }
}

/// Where a feature stands in its process.
#[derive(Clone, Debug)]
pub struct Course<'p> {
    /// The process, in the version that the feature began with.
    pub process: &'p Process,
    /// The state.
    pub state: String,
    /// Since when; a stop in between does not begin it anew.
    pub since: DateTime<FixedOffset>,
    /// What was done, the oldest first.
    pub taken: Vec<Taken>,
    /// Where in `taken` the state was entered.
    entered: usize,
    /// Times in the state during which clocks stood still.
    pauses: Vec<Pause>,
    /// All times during which they did.
    stopped: Vec<Pause>,
    /// Days that were given beyond the limit.
    more: u32,
    /// The state that a stop goes back to, and the stop's beginning.
    held: Option<Held>,
}

/// What waits while clocks stand still.
#[derive(Clone, Debug)]
struct Held {
    state: String,
    since: DateTime<FixedOffset>,
    entered: usize,
    pauses: Vec<Pause>,
    more: u32,
    from: DateTime<FixedOffset>,
}

impl<'p> Course<'p> {
    /// The course of a feature whose log is `taken`; one without any log stands in `state`
    /// since `since`.
    pub fn of(
        process: &'p Process,
        taken: Vec<Taken>,
        state: &str,
        since: DateTime<FixedOffset>,
    ) -> Self {
        let first = taken.first();
        let mut course = Self {
            process,
            state: first.map_or(state, |first| first.to.as_str()).to_owned(),
            since: first.map_or(since, |first| first.at),
            taken: Vec::new(),
            entered: 0,
            pauses: Vec::new(),
            stopped: Vec::new(),
            more: 0,
            held: None,
        };
        for step in taken {
            course.take(step);
        }
        course
    }

    /// Goes one step on.
    pub fn take(&mut self, step: Taken) {
        let number = self.taken.len();
        let transition = self.process.transition(&step.step);
        if number > 0 && (step.to != step.from || step.to != self.state) {
            let stops = |code: &str| self.process.state(code).is_some_and(|state| state.stops);
            let back = transition.is_some_and(|transition| transition.to == BACK);
            if stops(&step.to) && !stops(&self.state) {
                self.held = Some(Held {
                    state: std::mem::replace(&mut self.state, step.to.clone()),
                    since: self.since,
                    entered: self.entered,
                    pauses: std::mem::take(&mut self.pauses),
                    more: std::mem::take(&mut self.more),
                    from: step.at,
                });
                self.since = step.at;
                self.entered = number;
            } else if let Some(held) = self
                .held
                .take()
                .filter(|held| back && held.state == step.to)
            {
                let pause = (held.from, step.at);
                self.state = held.state;
                self.since = held.since;
                self.entered = held.entered;
                self.pauses = held.pauses;
                self.pauses.push(pause);
                self.stopped.push(pause);
                self.more = held.more;
            } else {
                self.state.clone_from(&step.to);
                self.since = step.at;
                self.entered = number;
                self.pauses.clear();
                self.more = 0;
            }
        }
        if let Some(days) = transition.and_then(|transition| transition.extends.as_ref())
            && let Some(days) = step.data.get(days).and_then(Json::as_u64)
        {
            self.more = self
                .more
                .saturating_add(u32::try_from(days).unwrap_or(u32::MAX));
        }
        self.taken.push(step);
    }

    /// The state as the process describes it; none where a later version took it away.
    pub fn state(&self) -> Option<&'p State> {
        self.process.state(&self.state)
    }

    /// Whether clocks stand still.
    pub fn is_stopped(&self) -> bool {
        self.state().is_some_and(|state| state.stops)
    }

    /// The state that a step leads to from here; none where `back` has nowhere to go.
    pub fn target<'a>(&'a self, to: &'a str) -> Option<&'a str> {
        match to {
            SAME => Some(&self.state),
            BACK => self.held.as_ref().map(|held| held.state.as_str()),
            state => Some(state),
        }
    }

    /// When the time of the state is over; none where it has no limit or clocks stand still.
    pub fn deadline(
        &self,
        calendar: &Calendar,
        layer: &Layer,
        record: &Record,
    ) -> Option<DateTime<FixedOffset>> {
        if self.is_stopped() {
            return None;
        }
        let limit = self.limit(&self.state()?.limits, layer, record)?;
        Some(calendar.until(self.since, limit, self.more, &self.pauses))
    }

    /// The last day of a time that must pass; none where it has not begun.
    pub fn waits_until(
        &self,
        calendar: &Calendar,
        wait: &crate::catalog::process::Wait,
        layer: &Layer,
        record: &Record,
    ) -> Option<DateTime<FixedOffset>> {
        let (step, answer) = match wait.since.split_once('.') {
            Some((step, answer)) => (step, Some(answer)),
            None => (wait.since.as_str(), None),
        };
        let last = self.last(step)?;
        let began = match answer {
            None => last.at,
            Some(answer) => {
                let day = last.data.get(answer)?.as_str()?;
                let day = NaiveDate::parse_from_str(day, "%Y-%m-%d").ok()?;
                day.and_hms_opt(0, 0, 0)?
                    .and_local_timezone(*last.at.offset())
                    .single()?
            }
        };
        let limit = self.limit(&wait.limits, layer, record)?;
        // A day told afterwards does not shorten the time: it begins with it.
        Some(calendar.until(began, limit, 0, &self.stops_since(began)))
    }

    /// The last time that a step was taken.
    pub fn last(&self, step: &str) -> Option<&Taken> {
        self.taken.iter().rev().find(|taken| taken.step == step)
    }

    /// Whether a step was taken since the state was entered.
    pub fn taken_here(&self, step: &str) -> bool {
        let here = self.taken.get(self.entered + 1..).unwrap_or_default();
        here.iter().any(|taken| taken.step == step)
    }

    /// How often a step was taken.
    pub fn times(&self, step: &str) -> usize {
        self.taken.iter().filter(|taken| taken.step == step).count()
    }

    /// Minutes for which clocks stood still, in all, up to an instant.
    pub fn stopped_minutes(&self, now: DateTime<FixedOffset>) -> i64 {
        let open = self.held.as_ref().map(|held| (held.from, now));
        (self.stopped.iter().copied().chain(open))
            .map(|(from, to)| (to - from).num_minutes())
            .sum()
    }

    /// Whether all conditions hold.
    pub fn holds(&self, conditions: &[When], layer: &Layer, record: &Record) -> bool {
        conditions.iter().all(|when| self.is(when, layer, record))
    }

    /// Whether a condition holds.
    pub fn is(&self, when: &When, layer: &Layer, record: &Record) -> bool {
        let value = self.value(&when.field, layer, record);
        if !when.is.is_empty() {
            return value
                .as_deref()
                .is_some_and(|value| when.is.iter().any(|one| one == value));
        }
        if !when.not.is_empty() {
            return value
                .as_deref()
                .is_none_or(|value| when.not.iter().all(|one| one != value));
        }
        if let Some(filled) = when.filled {
            return value.is_some() == filled;
        }
        let number = value.and_then(|value| value.parse().ok()).unwrap_or(0.0);
        when.above.is_none_or(|least| number > least)
            && when.at_most.is_none_or(|most| number <= most)
    }

    /// A field's value, or what the last such step was told, as text.
    fn value<'a>(&'a self, name: &str, layer: &Layer, record: &'a Record) -> Option<Cow<'a, str>> {
        if let Some((step, answer)) = name.split_once('.') {
            let told = self.last(step)?.data.get(answer)?;
            return match told {
                Json::Null => None,
                Json::String(text) => Some(text.into()),
                other => Some(other.to_string().into()),
            };
        }
        match record.get(layer, name) {
            Value::Null => None,
            Value::Text(text) if text.is_empty() => None,
            Value::Text(text) => Some((&**text).into()),
            Value::Boolean(truth) => Some(truth.to_string().into()),
            Value::Integer(number) => Some(number.to_string().into()),
            Value::Decimal(number) => Some(number.to_string().into()),
            Value::Date(day) => Some(day.to_string().into()),
            Value::DateTime(at) => Some(at.to_rfc3339().into()),
            Value::Json(json) if json.as_array().is_some_and(Vec::is_empty) => None,
            Value::Json(json) => Some(json.to_string().into()),
        }
    }

    fn limit<'l>(&self, limits: &'l [Limit], layer: &Layer, record: &Record) -> Option<&'l Limit> {
        limits
            .iter()
            .find(|limit| self.holds(&limit.when, layer, record))
    }

    fn stops_since(&self, began: DateTime<FixedOffset>) -> Vec<Pause> {
        (self.stopped.iter().copied())
            .filter(|(_, to)| *to > began)
            .map(|(from, to)| (from.max(began), to))
            .collect()
    }
}
