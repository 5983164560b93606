//! `GET /audit/alarms`: what the auditor is told of without asking.

use axum::{Json, extract::State, http::header, response::IntoResponse};
use chrono::{NaiveTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use yizhangtu_data::{Text, store::AuditSums};

use crate::{
    http::{App, Parameters, Problem},
    office::{Book, Misrule, Ruled},
};

/// The rules; see `alarms.toml`, where each is explained.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Alarms {
    version: String,
    days: i64,
    rules: Vec<Rule>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    id: String,
    title: Text,
    actions: Vec<String>,
    outcome: Option<String>,
    between: Option<[String; 2]>,
    measure: Measure,
    over: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Measure {
    /// Rows of the log.
    Rows,
    /// Records that they were about.
    Records,
}

/// The book of these rules.
pub(crate) static ALARMS: Book<Alarms> =
    Book::new("alarms", include_str!("../../../data/catalog/alarms.toml"));

impl Ruled for Alarms {
    fn misruled(&self) -> Vec<Misrule> {
        let wrong = self.rules.iter().enumerate().find_map(|(at, rule)| {
            let time =
                |text: &String| text.len() == 5 && NaiveTime::parse_from_str(text, "%H:%M").is_ok();
            let at = |name: &str| format!("rules.{at}.{name}");
            if rule.actions.is_empty() {
                return Some(Misrule::new(
                    at("actions"),
                    "至少一种操作",
                    "needs one act at least",
                ));
            }
            let times = rule.between.iter().flatten().all(time);
            (!times).then(|| {
                Misrule::new(
                    at("between"),
                    "应为两个时刻，如 22:00、06:00",
                    "must be two times such as 22:00 and 06:00",
                )
            })
        });
        wrong.into_iter().collect()
    }
}

impl Alarms {
    fn usual() -> &'static Self {
        ALARMS.current()
    }
}

/// `GET /audit/alarms`: who did more than usual, the latest day first.
pub(super) async fn alarms(
    State(app): State<App>,
    given: Parameters,
) -> Result<impl IntoResponse, Problem> {
    given.finish()?;
    let rules = Alarms::usual();
    let found = app.pool().read(|store| {
        let from = Utc::now() - TimeDelta::days(rules.days);
        let mut found: Vec<(String, Value)> = Vec::new();
        for rule in &rules.rules {
            let sums = store.audit_sums(&AuditSums {
                actions: rule.actions.clone(),
                outcome: rule.outcome.clone(),
                from: Some(from),
                between: rule.between.clone(),
            })?;
            for sum in sums {
                let value = match rule.measure {
                    Measure::Rows => sum.rows,
                    Measure::Records => sum.records,
                };
                if value > rule.over {
                    found.push((
                        sum.day.clone(),
                        json!({
                            "rule": rule.id,
                            "title": rule.title,
                            "user": sum.user,
                            "name": sum.name,
                            "day": sum.day,
                            "measure": rule.measure,
                            "value": value,
                            "over": rule.over,
                            "actions": rule.actions,
                            "last": sum.last,
                        }),
                    ));
                }
            }
        }
        found.sort_by(|one, other| other.0.cmp(&one.0));
        Ok(found)
    });
    let alarms: Vec<Value> = found.await?.into_iter().map(|(_, alarm)| alarm).collect();
    let answer = json!({ "version": rules.version, "days": rules.days, "alarms": alarms });
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(answer)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_can_come_true() {
        let rules = &Alarms::usual().rules;
        assert!(rules.len() >= 5);
        for rule in rules {
            assert!(!rule.actions.is_empty(), "{}", rule.id);
            for time in rule.between.iter().flatten() {
                assert!(
                    chrono::NaiveTime::parse_from_str(time, "%H:%M").is_ok(),
                    "{time}"
                );
            }
        }
    }
}
