//! One value of one field.

use chrono::{DateTime, FixedOffset, NaiveDate};

/// A value as stored. Its kind is that of its [`crate::Field`], or `Null`.
///
/// There is deliberately no `Serialize`: values leave only through a viewer's view.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// Nothing is known.
    #[default]
    Null,
    /// Yes or no.
    Boolean(bool),
    /// A whole number. Money is kept in 分 (1/100 元).
    Integer(i64),
    /// A decimal, already rounded to the `decimals` of its field.
    Decimal(f64),
    /// Text, or a code of the field's code list.
    Text(Box<str>),
    /// A calendar day.
    Date(NaiveDate),
    /// An instant with its offset from UTC.
    DateTime(DateTime<FixedOffset>),
    /// A structured value: lists of ids, photographs, old codes.
    Json(Box<serde_json::Value>),
}

impl Value {
    /// Whether nothing is known.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The text or code, where this is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number, where this is one.
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The number as a decimal, where this is a number.
    pub fn as_decimal(&self) -> Option<f64> {
        match self {
            Self::Decimal(number) => Some(*number),
            #[expect(clippy::cast_precision_loss, reason = "counts and 分 stay below 2^53")]
            Self::Integer(number) => Some(*number as f64),
            _ => None,
        }
    }

    /// The truth value, where this is one.
    pub fn as_boolean(&self) -> Option<bool> {
        match self {
            Self::Boolean(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The day, where this is one.
    pub fn as_date(&self) -> Option<NaiveDate> {
        match self {
            Self::Date(day) => Some(*day),
            _ => None,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Decimal(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Boolean(truth)
    }
}

impl From<NaiveDate> for Value {
    fn from(day: NaiveDate) -> Self {
        Self::Date(day)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
