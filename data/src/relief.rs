//! Dated relief of rent: for which days, how much, and why.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Part of the rent of some days that is let off.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Relief {
    /// The first day that it is for.
    pub from: NaiveDate,
    /// The last.
    pub to: NaiveDate,
    /// How much of the rent is let off, 0 to 100.
    pub percent: f64,
    /// Why, as it was decided.
    #[serde(default)]
    pub reason: String,
}

/// Why a value is no list of reliefs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unread {
    pub(crate) zh: String,
    pub(crate) en: String,
}

impl Relief {
    /// The reliefs of a contract, as it holds them.
    pub fn of(value: &Value) -> Vec<Self> {
        // What is written otherwise is refused at the door; an older file may hold it.
        Self::list(value).unwrap_or_default()
    }

    /// Reads a list of reliefs.
    ///
    /// # Errors
    /// Which of them is none, and why.
    pub(crate) fn list(value: &Value) -> Result<Vec<Self>, Unread> {
        let Some(entries) = value.as_array() else {
            return Err(Unread {
                zh: "应为减免的列表，每条有 from、to、percent、reason".to_owned(),
                en: "must be a list of reliefs, each with from, to, percent and reason".to_owned(),
            });
        };
        let read = |(at, entry): (usize, &Value)| {
            let wrong = |zh: &str, en: &str| Unread {
                zh: format!("第 {} 条减免{zh}", at + 1),
                en: format!("relief {} {en}", at + 1),
            };
            let own: Self = serde_json::from_value(entry.clone()).map_err(|error| {
                wrong(
                    &format!("读不懂（{error}），应有起止日期和比例"),
                    &format!("can't be read ({error}): it has two days and a percentage"),
                )
            })?;
            if own.to < own.from {
                return Err(wrong("的止日早于起日", "ends before it begins"));
            }
            if !(0.0..=100.0).contains(&own.percent) {
                return Err(wrong(
                    "的比例应在 0 到 100 之间",
                    "must be of 0 to 100 percent",
                ));
            }
            Ok(own)
        };
        entries.iter().enumerate().map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_relief_has_its_days_and_a_percentage_of_the_rent() {
        let half = json!({ "from": "2020-02-01", "to": "2020-02-29", "percent": 50 });
        assert_eq!(Relief::list(&json!([half])).unwrap()[0].percent, 50.0);
        assert_eq!(Relief::list(&json!([])), Ok(Vec::new()));
        for (wrong, why) in [
            (json!({ "percent": 50 }), "must be a list"),
            (
                json!([half, { "from": "2020-02-01", "to": "2020-02-29" }]),
                "relief 2 can't be read",
            ),
            (
                json!([{ "from": "2020-02-30", "to": "2020-02-29", "percent": 5 }]),
                "can't be read",
            ),
            (
                json!([{ "from": "2020-03-01", "to": "2020-02-29", "percent": 5 }]),
                "ends before",
            ),
            (
                json!([{ "from": "2020-02-01", "to": "2020-02-29", "percent": 150 }]),
                "0 to 100",
            ),
            (
                json!([{ "from": "2020-02-01", "to": "2020-02-29", "percent": 5, "off": 1 }]),
                "can't be read",
            ),
        ] {
            let refused = Relief::list(&wrong).unwrap_err();
            assert!(refused.en.contains(why), "{}", refused.en);
            assert!(Relief::of(&wrong).is_empty());
        }
    }
}
