//! Dated relief of rent: for which days, how much, and why.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Text;

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

impl Relief {
    /// The reliefs of a contract, as it holds them, and which of them are none: they are refused
    /// at the door, but an older file may hold them.
    pub fn of(value: &Value) -> (Vec<Self>, Vec<Text>) {
        let Some(entries) = value.as_array() else {
            let none = Text {
                zh: "应为减免的列表，每条有 from、to、percent、reason".to_owned(),
                en: "must be a list of reliefs, each with from, to, percent and reason".to_owned(),
            };
            return (Vec::new(), vec![none]);
        };
        let read = |(at, entry): (usize, &Value)| {
            let wrong = |zh: &str, en: &str| Text {
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
        let (mut reliefs, mut unread) = (Vec::new(), Vec::new());
        for entry in entries.iter().enumerate() {
            match read(entry) {
                Ok(own) => reliefs.push(own),
                Err(why) => unread.push(why),
            }
        }
        (reliefs, unread)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_relief_has_its_days_and_a_percentage_of_the_rent() {
        let half = json!({ "from": "2020-02-01", "to": "2020-02-29", "percent": 50 });
        assert_eq!(Relief::of(&json!([half])).0[0].percent, 50.0);
        assert_eq!(Relief::of(&json!([])), (Vec::new(), Vec::new()));
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
            let (_, refused) = Relief::of(&wrong);
            assert!(refused[0].en.contains(why), "{}", refused[0].en);
        }
    }

    #[test]
    fn one_that_cannot_be_read_takes_none_of_the_others_away() {
        let of = |month: u32, percent: i64| json!({ "from": format!("2020-{month:02}-01"), "to": format!("2020-{month:02}-28"), "percent": percent });
        let (good, bad) = Relief::of(&json!([of(2, 50), of(3, 300), "四月", of(5, 20)]));
        let percents: Vec<f64> = good.iter().map(|own| own.percent).collect();
        assert_eq!(percents, [50.0, 20.0]);
        assert!(bad[0].zh.starts_with("第 2 条减免"), "{}", bad[0].zh);
        assert!(bad[1].zh.starts_with("第 3 条减免"), "{}", bad[1].zh);
        assert_eq!(bad.len(), 2);
    }
}
