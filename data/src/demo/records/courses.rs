//! What was done with cases and events: the rows of their logs, as their processes want them.

use chrono::{DateTime, Days, FixedOffset, Months, NaiveDate};
use serde_json::{Map, Value as Json, json};

use super::{Writer, instant};
use crate::{
    course::{BEGIN, Step},
    demo::dice::Dice,
};

/// One step of a feature as the demonstration tells it. The users are the demonstration's
/// accounts, whose names are those of their roles.
pub(super) struct Told {
    step: &'static str,
    to: &'static str,
    at: DateTime<FixedOffset>,
    by: &'static str,
    data: Map<String, Json>,
}

/// A course being told.
pub(super) struct Tale(pub(super) Vec<Told>);

impl Tale {
    /// Begun in a state.
    pub(super) fn begun(to: &'static str, at: DateTime<FixedOffset>, by: &'static str) -> Self {
        Self(Vec::new()).and(BEGIN, to, at, by)
    }

    /// A step further.
    pub(super) fn and(
        self,
        step: &'static str,
        to: &'static str,
        at: DateTime<FixedOffset>,
        by: &'static str,
    ) -> Self {
        self.telling(step, to, at, by, &json!({}))
    }

    /// A step further, with what was answered.
    pub(super) fn telling(
        mut self,
        step: &'static str,
        to: &'static str,
        at: DateTime<FixedOffset>,
        by: &'static str,
        data: &Json,
    ) -> Self {
        let data = data.as_object().cloned().unwrap_or_default();
        self.0.push(Told {
            step,
            to,
            at,
            by,
            data,
        });
        self
    }

    /// The state that it ends in.
    pub(super) fn state(&self) -> &'static str {
        self.0.last().map_or("", |last| last.to)
    }

    /// Writes the rows of the log of the `number`th feature of a layer.
    pub(super) fn write(self, writer: &mut Writer<'_>, layer: &str, number: usize) {
        let Some(process) = writer.catalog.process(layer) else {
            return;
        };
        let feature = writer.made.id(layer, number);
        let mut from = "";
        for (place, told) in self.0.into_iter().enumerate() {
            let row = Step {
                step: told.step,
                from,
                to: told.to,
                at: told.at,
                actor: told.by,
                role: told.by,
                data: told.data,
                version: &process.version,
                ..Step::at(told.at.to_utc())
            };
            writer
                .records
                .push(row.record(process, writer.layer, &feature, place));
            from = told.to;
        }
    }
}

/// The days of a case, and how it went.
pub(super) struct CaseDays {
    pub(super) found: NaiveDate,
    pub(super) filed: NaiveDate,
    pub(super) pulled: NaiveDate,
    pub(super) closed: NaiveDate,
    /// When it was looked at again.
    pub(super) visits: Vec<NaiveDate>,
    pub(super) forced: bool,
    pub(super) new: bool,
    /// Whether it is for the court, as 违法用地 and 兼有 are.
    pub(super) court: bool,
}

/// Days between the filing and what follows it where the building is pulled down by force:
/// the notice of rights, the decision and its service, and, when half a year for remedies is
/// over, exhortation and enforcement; each with room for holidays.
const NOTIFIED: u64 = 12;
const DECIDED: u64 = 40;
const SERVED: u64 = 42;
const EXHORTED: u64 = 242;
const ENFORCED: u64 = 264;

/// The earliest day on which force is used, after the filing.
pub(super) const FORCED: u64 = 268;

/// Visits after the closing, as the process wants them: so many months after.
const VISITED: [u32; VISITS] = [3, 6, 12];
pub(super) const VISITS: usize = 3;

/// The days on which a closed case was looked at again: most within days of the day that it was due, a few
/// forgotten, and with them what would have come after.
pub(super) fn visits(closed: NaiveDate, as_of: NaiveDate, dice: &mut Dice) -> Vec<NaiveDate> {
    (VISITED.iter())
        .map_while(|months| {
            let due = closed.checked_add_months(Months::new(*months))?;
            let day = due + Days::new(dice.whole(0, 12) as u64);
            (day < as_of && !dice.chance(0.03)).then_some(day)
        })
        .collect()
}

/// How long ago a case must have been found to be in a state, in days.
pub(super) fn least_age(state: &str) -> i64 {
    match state {
        "50" => 30,
        "55" => 35,
        "60" => 50,
        "70" => 70,
        "75" => 80,
        "80" => 300,
        "81" => 330,
        _ => 6,
    }
}

/// The course of a case up to a state.
pub(super) fn of_case(state: &str, days: &CaseDays) -> Tale {
    let at = |day: NaiveDate, hour: i64| instant(day, hour * 60);
    let after = |count: u64| days.found + Days::new(count);
    let filed = |count: u64| days.filed + Days::new(count);
    let open = |tale: &Tale| tale.state() != state;
    let mut tale = Tale::begun("10", at(days.found, 10), "grid_worker");
    if state == "10" {
        return tale;
    }
    tale = tale.and("accept", "20", at(after(1), 9), "dispatcher");
    if state == "20" {
        return tale;
    }
    let finding = if state == "31" { "不属实" } else { "属实" };
    let inspected = json!({ "finding": finding });
    tale = tale.telling("inspect", "30", at(after(2), 10), "enforcer", &inspected);
    match state {
        "30" => return tale,
        "31" => return tale.and("dismiss", "31", at(after(4), 10), "legal_officer"),
        "41" => {
            let served = json!({ "served_on": after(3).to_string() });
            return tale.telling("order_stop", "41", at(after(3), 9), "enforcer", &served);
        }
        _ => {}
    }
    tale = tale.and("request_filing", "40", at(after(3), 8), "enforcer");
    if state == "40" {
        return tale;
    }
    tale = (tale.and("review_filing", "40", at(days.filed, 9), "legal_officer")).and(
        "approve_filing",
        "50",
        at(days.filed, 15),
        "enforcement_lead",
    );
    if state == "50" {
        return tale;
    }
    let late = matches!(state, "60" | "70" | "75" | "80" | "81") || days.forced;
    if !days.new || state == "55" {
        let basis = json!({ "basis": "集体土地房屋分类处置指导意见" });
        tale = tale.telling("classify", "55", at(filed(5), 10), "enforcer", &basis);
    }
    if open(&tale) && late {
        tale = tale.and("propose", "60", at(filed(10), 10), "enforcer");
        let steps: [(&'static str, &'static str, u64, &'static str, Json); 5] = [
            (
                "notify",
                "60",
                NOTIFIED,
                "enforcer",
                json!({ "served_on": filed(NOTIFIED).to_string() }),
            ),
            (
                "decide",
                "70",
                DECIDED,
                "enforcement_lead",
                json!({ "statement": "未提出陈述申辩" }),
            ),
            (
                "serve",
                "75",
                SERVED,
                "enforcer",
                json!({ "served_on": filed(SERVED).to_string(), "receipt": "直接送达" }),
            ),
            (
                "exhort",
                "80",
                EXHORTED,
                "enforcer",
                json!({ "posted_on": filed(EXHORTED).to_string() }),
            ),
            if days.court {
                (
                    "court",
                    "81",
                    ENFORCED,
                    "legal_officer",
                    json!({ "court": "区人民法院", "risk": "低风险" }),
                )
            } else {
                (
                    "enforce",
                    "81",
                    ENFORCED,
                    "enforcement_lead",
                    json!({ "plan": "已备案", "risk": "低风险" }),
                )
            },
        ];
        for (step, to, count, by, data) in steps {
            tale = tale.telling(step, to, at(filed(count), 10), by, &data);
            if tale.state() == state {
                return tale;
            }
        }
    }
    if !open(&tale) {
        return tale;
    }
    let step = if days.forced {
        "demolish_forced"
    } else {
        "demolish_self"
    };
    let before = days.pulled - Days::new(1);
    tale = (tale.and(step, "90", at(before, 9), "enforcer")).and(
        "finish_demolition",
        "95",
        at(days.pulled, 16),
        "enforcer",
    );
    if state == "95" {
        return tale;
    }
    let verified = json!({ "remaining_m2": 0.0 });
    let day = days.pulled + Days::new(2);
    tale = tale.telling("verify", "95", at(day, 10), "legal_officer", &verified);
    if state == "96" {
        return tale.and("restore", "96", at(day, 15), "legal_officer");
    }
    tale = (tale.and("request_closing", "95", at(days.closed, 9), "enforcer"))
        .and("review_closing", "95", at(days.closed, 11), "legal_officer")
        .and("close", "100", at(days.closed, 15), "enforcement_lead");
    let outcome = json!({ "outcome": "未复发" });
    for day in &days.visits {
        tale = tale.telling("look_back", "120", at(*day, 10), "grid_worker", &outcome);
    }
    if let ("110", Some(last)) = (state, days.visits.last()) {
        let day = *last + Days::new(1);
        let accepted = json!({ "acceptance_no": format!("验〔{}〕号", day.format("%Y%m%d")) });
        return tale.telling("strike", "110", at(day, 10), "enforcement_lead", &accepted);
    }
    tale
}

/// The instants of an event, and how it went.
pub(super) struct EventTimes {
    pub(super) reported: DateTime<FixedOffset>,
    pub(super) accepted: DateTime<FixedOffset>,
    pub(super) closed: DateTime<FixedOffset>,
    /// Whether the grid worker settled it on the spot.
    pub(super) own: bool,
    /// How many levels it climbed.
    pub(super) climbs: usize,
}

impl EventTimes {
    /// When the unit checked in on site.
    pub(super) fn started(&self) -> DateTime<FixedOffset> {
        self.part(40)
    }

    /// An instant between acceptance and closing, in hundredths of the way.
    fn part(&self, hundredths: i32) -> DateTime<FixedOffset> {
        self.accepted + (self.closed - self.accepted) / 100 * hundredths
    }
}

/// The course of an event up to a state: `80`, `90`, `60` or `51`.
pub(super) fn of_event(state: &str, times: &EventTimes) -> Tale {
    let hours = chrono::TimeDelta::hours;
    let mut tale = Tale::begun("20", times.reported, "grid_worker");
    if times.own {
        tale = tale.and("settle", "80", times.closed, "grid_worker");
    } else {
        tale = tale.and("accept", "30", times.accepted, "dispatcher");
        for climb in 0..times.climbs {
            let share = 4 + 8 * i32::try_from(climb).unwrap_or(0);
            let by = if climb == 0 {
                "village_clerk"
            } else {
                "dispatcher"
            };
            tale = tale.and("escalate", "52", times.part(share), by);
            if climb + 1 < times.climbs {
                tale = tale.and("dispatch", "40", times.part(share + 4), "dispatcher");
            }
        }
        tale = (tale.and("dispatch", "40", times.part(30), "dispatcher")).and(
            "start",
            "50",
            times.started(),
            "handler",
        );
        if state == "51" {
            return (tale.and("ask_suspension", "50", times.part(50), "handler")).and(
                "suspend",
                "51",
                times.part(60),
                "dispatcher",
            );
        }
        tale = tale.and("finish", "60", times.part(80), "handler");
        if state == "60" {
            return tale;
        }
        tale = (tale.and("pass", "70", times.part(90), "grid_worker")).and(
            "close",
            "80",
            times.closed,
            "dispatcher",
        );
    }
    tale = tale.and("rate", "80", times.closed + hours(1), "dispatcher");
    if state == "90" {
        tale = tale.and("file", "90", times.closed + hours(30), "dispatcher");
    }
    tale
}
