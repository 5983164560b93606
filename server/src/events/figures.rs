//! What one event counts: the only place where a number of events comes from.

use std::{collections::HashMap, iter::Sum, ops::AddAssign};

use chrono::{DateTime, FixedOffset, TimeDelta};
use serde_json::{Value as Json, json};
use yizhangtu_data::{
    Layer, Record, Value,
    catalog::{
        Process,
        process::{Closing, Stage},
    },
    course::{Taken, reference},
    store::{GeoPackage, StoreError},
};

/// The definition in force.
pub(super) struct Definition<'p> {
    pub(super) closing: &'p Closing,
    process: &'p Process,
    now: DateTime<FixedOffset>,
}

/// How often each counted step was taken with an event.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Steps {
    own: u32,
    dispatched: u32,
    refused: u32,
    reopened: u32,
    passed: u32,
    failed: u32,
}

/// The steps of all events, by event; the log is read once.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn steps(
    store: &GeoPackage,
    log: &Layer,
    layer: &Layer,
    closing: &Closing,
) -> Result<HashMap<String, Steps>, StoreError> {
    let of = reference(log, &layer.id).unwrap_or_default();
    let mut all: HashMap<String, Steps> = HashMap::new();
    store.scan(&log.id, |row| {
        let (Some(event), Some(taken)) = (row.get(log, of).as_text(), Taken::read(log, &row))
        else {
            return;
        };
        let of = all.entry(event.to_owned()).or_default();
        let counted = &closing.steps;
        for (step, count) in [
            (&counted.own, &mut of.own),
            (&counted.dispatched, &mut of.dispatched),
            (&counted.refused, &mut of.refused),
            (&counted.reopened, &mut of.reopened),
            (&counted.passed, &mut of.passed),
            (&counted.failed, &mut of.failed),
        ] {
            *count += u32::from(*step == taken.step);
        }
    })?;
    Ok(all)
}

/// How an event stands, as the closing rate sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Not accepted yet.
    Pending,
    /// 退回, 并单 or 作废.
    Void,
    /// 未到期在办.
    InTime,
    /// Under way, and its time is over.
    Overdue,
    /// 办结.
    Closed,
}

impl<'p> Definition<'p> {
    pub(super) fn new(
        process: &'p Process,
        closing: &'p Closing,
        now: DateTime<FixedOffset>,
    ) -> Self {
        Self {
            closing,
            process,
            now,
        }
    }

    pub(super) fn standing(&self, layer: &Layer, event: &Record) -> Standing {
        let code = event.get(layer, &self.process.state).as_text();
        let state = code.and_then(|code| self.process.state(code));
        match state.and_then(|state| state.stage).unwrap_or(Stage::Open) {
            Stage::Void => Standing::Void,
            Stage::Clue => Standing::Pending,
            Stage::Closed | Stage::Struck | Stage::Demolished => Standing::Closed,
            // While its clock stands still nothing is late.
            Stage::Open if state.is_some_and(|state| state.stops) => Standing::InTime,
            Stage::Open => match self.due(layer, event) {
                Some(due) if due < self.now => Standing::Overdue,
                _ => Standing::InTime,
            },
        }
    }

    /// By when an event has to be closed.
    pub(super) fn due(&self, layer: &Layer, event: &Record) -> Option<DateTime<FixedOffset>> {
        let set = instant(layer, event, &self.closing.deadline);
        set.or_else(|| {
            let accepted = instant(layer, event, &self.closing.accepted)
                .or_else(|| instant(layer, event, &self.closing.period))?;
            Some(accepted + TimeDelta::days(self.closing.due_after_days.into()))
        })
    }

    /// The time that puts an event into a period.
    pub(super) fn period(&self, layer: &Layer, event: &Record) -> Option<DateTime<FixedOffset>> {
        instant(layer, event, &self.closing.period)
    }
}

pub(super) fn instant(layer: &Layer, event: &Record, field: &str) -> Option<DateTime<FixedOffset>> {
    match event.get(layer, field) {
        Value::DateTime(at) => Some(*at),
        _ => None,
    }
}

/// The figures whose events may be listed.
pub(super) const LISTED: [&str; 15] = [
    "reported", "accepted", "pending", "void", "open", "in_time", "overdue", "closed", "own",
    "on_time", "refused", "reopened", "passed", "failed", "rated",
];

/// What some events count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Figures {
    /// 上报.
    pub(super) reported: u64,
    /// 待受理.
    pending: u64,
    /// 退回、并单、作废.
    void: u64,
    /// 未到期在办.
    in_time: u64,
    /// 超时在办.
    pub(super) overdue: u64,
    /// 办结.
    pub(super) closed: u64,
    /// 自办自结, of the closed.
    own: u64,
    /// Closed by its deadline, and closed with a deadline.
    on_time: [u64; 2],
    /// Minutes from acceptance to closing without those for which the clock stood, and of how many.
    took: [u64; 2],
    dispatched: u64,
    /// Events that a unit refused.
    refused: u64,
    /// Events that were reopened.
    reopened: u64,
    passed: u64,
    failed: u64,
    /// Sum of the marks, and how many gave one.
    satisfaction: [u64; 2],
}

impl Figures {
    /// What one event counts.
    pub(super) fn of(
        definition: &Definition<'_>,
        layer: &Layer,
        event: &Record,
        steps: Steps,
    ) -> Self {
        let closing = definition.closing;
        let mut own = Self {
            reported: 1,
            dispatched: u64::from(steps.dispatched > 0),
            refused: u64::from(steps.refused > 0),
            reopened: u64::from(steps.reopened > 0),
            passed: steps.passed.into(),
            failed: steps.failed.into(),
            ..Self::default()
        };
        match definition.standing(layer, event) {
            Standing::Pending => own.pending = 1,
            Standing::Void => own.void = 1,
            Standing::InTime => own.in_time = 1,
            Standing::Overdue => own.overdue = 1,
            Standing::Closed => {
                own.closed = 1;
                own.own = u64::from(steps.own > 0);
                let closed = instant(layer, event, &closing.closed);
                if let (Some(closed), Some(deadline)) =
                    (closed, instant(layer, event, &closing.deadline))
                {
                    own.on_time = [u64::from(closed <= deadline), 1];
                }
                if let (Some(closed), Some(accepted)) =
                    (closed, instant(layer, event, &closing.accepted))
                {
                    let stood = event.get(layer, "suspended_minutes").as_integer();
                    let took = (closed - accepted).num_minutes() - stood.unwrap_or(0);
                    own.took = [u64::try_from(took).unwrap_or(0), 1];
                }
            }
        }
        if let Some(mark) = event.get(layer, "satisfaction").as_integer() {
            own.satisfaction = [u64::try_from(mark).unwrap_or(0), 1];
        }
        own
    }

    /// Those that 办结率 is a part of.
    fn due(&self, closing: &Closing) -> u64 {
        let all = self.accepted();
        if closing.leaves_out_in_time {
            all - self.in_time
        } else {
            all
        }
    }

    /// 受理, without what was made void.
    fn accepted(&self) -> u64 {
        self.closed + self.in_time + self.overdue
    }

    /// One of the figures that may be listed.
    pub(super) fn count(&self, figure: &str) -> u64 {
        match figure {
            "reported" => self.reported,
            "accepted" => self.accepted(),
            "pending" => self.pending,
            "void" => self.void,
            "open" => self.in_time + self.overdue,
            "in_time" => self.in_time,
            "overdue" => self.overdue,
            "closed" => self.closed,
            "own" => self.own,
            "on_time" => self.on_time[0],
            "refused" => self.refused,
            "reopened" => self.reopened,
            "passed" => self.passed,
            "failed" => self.failed,
            "rated" => self.satisfaction[1],
            _ => 0,
        }
    }

    /// As JSON: counts in 件, rates in percent with how they came about, hours, marks.
    pub(super) fn told(&self, closing: &Closing) -> Json {
        let mean = |[sum, count]: [u64; 2], scale: f64| {
            (count > 0).then(|| (sum as f64 / count as f64 * scale * 100.0).round() / 100.0)
        };
        json!({
            "reported": self.reported, "pending": self.pending, "void": self.void,
            "accepted": self.accepted(), "closed": self.closed,
            "open": self.in_time + self.overdue, "in_time": self.in_time, "overdue": self.overdue,
            "own": self.own,
            "rates": {
                "closing": rate(self.closed, self.due(closing)),
                "closing_of_all": rate(self.closed, self.accepted()),
                "on_time": rate(self.on_time[0], self.on_time[1]),
                "own": rate(self.own, self.closed),
                "refused": rate(self.refused, self.dispatched),
                "reopened": rate(self.reopened, self.closed),
                "passed": rate(self.passed, self.passed + self.failed),
            },
            "mean_hours": mean(self.took, 1.0 / 60.0),
            "satisfaction": mean(self.satisfaction, 1.0),
            "rated": self.satisfaction[1],
        })
    }
}

/// A share in percent with two decimals, cut: what is not all never reads 100. Null of nothing.
fn rate(part: u64, whole: u64) -> Json {
    let percent = (whole > 0).then(|| {
        let hundredths = u128::from(part) * 10_000 / u128::from(whole);
        format!("{}.{:02}", hundredths / 100, hundredths % 100)
    });
    json!({ "percent": percent, "part": part, "whole": whole })
}

impl AddAssign for Figures {
    fn add_assign(&mut self, more: Self) {
        let pair = |own: &mut [u64; 2], more: [u64; 2]| {
            own[0] += more[0];
            own[1] += more[1];
        };
        self.reported += more.reported;
        self.pending += more.pending;
        self.void += more.void;
        self.in_time += more.in_time;
        self.overdue += more.overdue;
        self.closed += more.closed;
        self.own += more.own;
        pair(&mut self.on_time, more.on_time);
        pair(&mut self.took, more.took);
        self.dispatched += more.dispatched;
        self.refused += more.refused;
        self.reopened += more.reopened;
        self.passed += more.passed;
        self.failed += more.failed;
        pair(&mut self.satisfaction, more.satisfaction);
    }
}

impl Sum for Figures {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |mut sum, one| {
            sum += one;
            sum
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_cut_and_never_rounded_up() {
        let percent = |part, whole| rate(part, whole)["percent"].clone();
        assert_eq!(percent(2499, 2500), "99.96");
        assert_eq!(percent(199_999, 200_000), "99.99");
        assert_eq!(percent(2, 3), "66.66");
        assert_eq!(percent(7, 7), "100.00");
        assert_eq!(percent(0, 0), Json::Null);
    }
}
