//! Values of a request as the catalog's fields hold them.

use chrono::{DateTime, NaiveDate, SubsecRound};
use serde_json::Value as Json;
use yizhangtu_data::{Field, FieldKind, Value};

use yizhangtu_data::clock::CHINA;

/// The value of a field; an error says in Chinese and English what it must be.
pub(super) fn read(field: &Field, json: &Json) -> Result<Value, (&'static str, &'static str)> {
    let value = match (field.kind, json) {
        (_, Json::Null) => Some(Value::Null),
        (FieldKind::Text, Json::String(text)) => Some(Value::from(text.as_str())),
        (FieldKind::Boolean, Json::Bool(truth)) => Some(Value::Boolean(*truth)),
        (FieldKind::Integer, Json::Number(number)) => number
            .as_i64()
            .or_else(|| whole(number.as_f64()?))
            .map(Value::Integer),
        (FieldKind::Decimal, Json::Number(number)) => number.as_f64().map(Value::Decimal),
        (FieldKind::Date, Json::String(text)) => NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .ok()
            .map(Value::Date),
        (FieldKind::DateTime, Json::String(text)) => DateTime::parse_from_rfc3339(text)
            .ok()
            .map(|at| Value::DateTime(at.with_timezone(&CHINA).trunc_subsecs(3))),
        (FieldKind::Json, json) => Some(Value::Json(Box::new(json.clone()))),
        _ => None,
    };
    value.ok_or(match field.kind {
        FieldKind::Text => ("应为文本", "must be a text"),
        FieldKind::Integer => ("应为整数", "must be a whole number"),
        FieldKind::Decimal => ("应为数字", "must be a number"),
        FieldKind::Boolean => ("应为 true 或 false", "must be true or false"),
        FieldKind::Date => (
            "应为日期，如 2026-01-31",
            "must be a day such as 2026-01-31",
        ),
        FieldKind::DateTime => (
            "应为带时区的时间，如 2026-01-31T08:00:00+08:00",
            "must be a time with its zone such as 2026-01-31T08:00:00+08:00",
        ),
        FieldKind::Json => ("应为 JSON", "must be JSON"),
    })
}

/// JSON writers may write 5 as 5.0.
fn whole(number: f64) -> Option<i64> {
    const GREATEST: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
    (number.fract() == 0.0 && number.abs() <= GREATEST).then_some(number as i64)
}

/// Applies a JSON merge patch (RFC 7396).
pub(super) fn merge(target: &mut Json, patch: &Json) {
    let Json::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Json::Object(serde_json::Map::new());
    }
    if let Json::Object(target) = target {
        for (name, value) in patch {
            if value.is_null() {
                target.shift_remove(name);
            } else {
                merge(target.entry(name.clone()).or_insert(Json::Null), value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn field(kind: FieldKind) -> Field {
        Field {
            kind,
            ..Field::default()
        }
    }

    #[test]
    fn values_are_of_their_fields_kind() {
        let read = |kind, json| read(&field(kind), &json);
        assert_eq!(read(FieldKind::Integer, json!(5.0)), Ok(Value::Integer(5)));
        assert!(read(FieldKind::Integer, json!(5.5)).is_err());
        assert!(read(FieldKind::Text, json!(5)).is_err());
        assert_eq!(read(FieldKind::Text, json!(null)), Ok(Value::Null));
        assert!(read(FieldKind::Date, json!("2026-02-30")).is_err());
        let Ok(Value::DateTime(at)) = read(FieldKind::DateTime, json!("2026-01-31T00:00:00.1239Z"))
        else {
            panic!("a time");
        };
        assert_eq!(at.to_rfc3339(), "2026-01-31T08:00:00.123+08:00");
    }

    #[test]
    fn the_examples_of_rfc_7396_hold() {
        for (target, patch, result) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (
                json!({"a": "b"}),
                json!({"b": "c"}),
                json!({"a": "b", "b": "c"}),
            ),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (
                json!({"a": {"b": "c"}}),
                json!({"a": {"b": "d", "c": null}}),
                json!({"a": {"b": "d"}}),
            ),
            (
                json!([1]),
                json!({"a": {"bb": {"ccc": null}}}),
                json!({"a": {"bb": {}}}),
            ),
        ] {
            let mut merged = target;
            merge(&mut merged, &patch);
            assert_eq!(merged, result);
        }
    }
}
