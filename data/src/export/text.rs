//! Values as text, for formats that hold nothing else.

use std::borrow::Cow;

use crate::Value;

/// A value as text: days as `2026-11-22`, instants as RFC 3339, truth as `true`.
pub(super) fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => Cow::Borrowed(""),
        Value::Boolean(truth) => Cow::Borrowed(if *truth { "true" } else { "false" }),
        Value::Integer(number) => number.to_string().into(),
        Value::Decimal(number) => number.to_string().into(),
        Value::Text(text) => Cow::Borrowed(text),
        Value::Date(day) => day.format("%Y-%m-%d").to_string().into(),
        Value::DateTime(at) => at.to_rfc3339().into(),
        Value::Json(json) => json.to_string().into(),
    }
}
