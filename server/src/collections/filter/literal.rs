//! Values as they are written in parameters and filters, read as the kind that a field has.

use chrono::{DateTime, NaiveDate};
use yizhangtu_data::{FieldKind, Value};

/// Reads a text as a value of a kind; none where it is no such value.
pub(crate) fn of_kind(kind: FieldKind, text: &str) -> Option<Value> {
    let text = text.trim();
    Some(match kind {
        FieldKind::Text => Value::from(text),
        FieldKind::Integer => Value::Integer(text.parse().ok()?),
        FieldKind::Decimal => Value::Decimal(
            text.parse()
                .ok()
                .filter(|number: &f64| number.is_finite())?,
        ),
        FieldKind::Boolean => Value::Boolean(match text {
            "true" | "1" => true,
            "false" | "0" => false,
            _ => return None,
        }),
        FieldKind::Date => Value::Date(NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?),
        FieldKind::DateTime => Value::DateTime(DateTime::parse_from_rfc3339(text).ok()?),
        FieldKind::Json => return None,
    })
}

/// What a kind is called in a message: Chinese, English.
pub(crate) fn kind_name(kind: FieldKind) -> (&'static str, &'static str) {
    match kind {
        FieldKind::Text => ("文字", "a text"),
        FieldKind::Integer => ("整数", "a whole number"),
        FieldKind::Decimal => ("数字", "a number"),
        FieldKind::Boolean => ("是非值 true 或 false", "true or false"),
        FieldKind::Date => ("日期 YYYY-MM-DD", "a day YYYY-MM-DD"),
        FieldKind::DateTime => ("时刻 YYYY-MM-DDThh:mm:ssZ", "a moment YYYY-MM-DDThh:mm:ssZ"),
        FieldKind::Json => ("可比较的值", "something that can be compared"),
    }
}
