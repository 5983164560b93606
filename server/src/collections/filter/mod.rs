//! Which records are asked for: property parameters and CQL2 text, as one expression over the
//! fields of a layer.

mod cql2;
mod json;
mod lexer;
mod literal;
mod spatial;
mod temporal;

use geo::Geometry;
use regex::Regex;
use std::cmp::Ordering;
use yizhangtu_data::{Record, Value};

use spatial::{RELATIONS, Relation, Written};
use temporal::{Span, Temporal};

pub(crate) use cql2::{parse, property};
pub(crate) use json::parse as parse_json;
pub(crate) use literal::{kind_name, of_kind};

/// A condition on records of one layer.
///
/// Conditions are three-valued, as in SQL: a comparison with an unknown value is unknown,
/// and only what is true is selected.
#[derive(Clone, Debug)]
pub(crate) enum Expression {
    /// All hold.
    And(Vec<Self>),
    /// One holds at least.
    Or(Vec<Self>),
    /// It does not hold.
    Not(Box<Self>),
    /// A property compared with a value.
    Compare(Property, Comparison, Value),
    /// A text that matches a pattern.
    Like(Property, Regex),
    /// A property that equals one of many values.
    In(Property, Vec<Value>),
    /// A property between two values, both included.
    Between(Property, Value, Value),
    /// A property without a value.
    IsNull(Property),
    /// A geometry in relation to another.
    Spatial(Relation, Box<Written>),
    /// A stretch of time in relation to another.
    Temporal(Temporal, Span, Span),
}

/// What of a record is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Property {
    /// The identifier.
    Id,
    /// The geometry.
    Geometry,
    /// The field at a position of the layer's fields.
    Field(usize),
}

/// An order between two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// How CQL2 writes them, as text and as JSON alike.
const COMPARISONS: [(&str, Comparison); 6] = [
    ("=", Comparison::Equal),
    ("<>", Comparison::NotEqual),
    ("<", Comparison::Less),
    ("<=", Comparison::LessOrEqual),
    (">", Comparison::Greater),
    (">=", Comparison::GreaterOrEqual),
];

impl Comparison {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order == Ordering::Equal,
            Self::NotEqual => order != Ordering::Equal,
            Self::Less => order == Ordering::Less,
            Self::LessOrEqual => order != Ordering::Greater,
            Self::Greater => order == Ordering::Greater,
            Self::GreaterOrEqual => order != Ordering::Less,
        }
    }

    /// The same comparison with its sides exchanged.
    fn mirrored(self) -> Self {
        match self {
            Self::Equal | Self::NotEqual => self,
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
        }
    }
}

impl Expression {
    /// Whether a record is selected.
    pub(crate) fn selects(&self, record: &Record) -> bool {
        self.holds(record) == Some(true)
    }

    /// Turns every written geometry.
    ///
    /// # Errors
    /// The turner's.
    pub(crate) fn turn<E>(
        &mut self,
        turn: &mut impl FnMut(&mut Geometry<f64>) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::And(parts) | Self::Or(parts) => {
                parts.iter_mut().try_for_each(|part| part.turn(turn))
            }
            Self::Not(part) => part.turn(turn),
            Self::Spatial(_, written) => {
                let mut geometry = written.geometry.clone();
                turn(&mut geometry)?;
                **written = geometry.into();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// True, false, or unknown.
    fn holds(&self, record: &Record) -> Option<bool> {
        match self {
            Self::And(parts) => {
                let mut all = Some(true);
                for part in parts {
                    match part.holds(record) {
                        Some(false) => return Some(false),
                        None => all = None,
                        Some(true) => {}
                    }
                }
                all
            }
            Self::Or(parts) => {
                let mut any = Some(false);
                for part in parts {
                    match part.holds(record) {
                        Some(true) => return Some(true),
                        None => any = None,
                        Some(false) => {}
                    }
                }
                any
            }
            Self::Not(part) => part.holds(record).map(|truth| !truth),
            Self::Compare(property, comparison, value) => property
                .with(record, |own| compare(own, value))
                .map(|order| comparison.holds(order)),
            Self::Like(property, pattern) => {
                property.with(record, |own| Some(pattern.is_match(own.as_text()?)))
            }
            Self::In(property, values) => property.with(record, |own| {
                let mut orders = values.iter().map(|value| compare(own, value));
                (!own.is_null()).then(|| orders.any(|order| order == Some(Ordering::Equal)))
            }),
            Self::Between(property, low, high) => property.with(record, |own| {
                let low = compare(own, low)?;
                let high = compare(own, high)?;
                Some(low != Ordering::Less && high != Ordering::Greater)
            }),
            Self::IsNull(Property::Geometry) => Some(record.geometry.is_none()),
            Self::IsNull(property) => property.with(record, |own| Some(own.is_null())),
            Self::Temporal(relation, one, other) => relation.holds(record, one, other),
            Self::Spatial(relation, other) => record
                .geometry
                .as_ref()
                .map(|own| relation.holds(own, other)),
        }
    }
}

impl Property {
    fn with<T>(self, record: &Record, read: impl FnOnce(&Value) -> Option<T>) -> Option<T> {
        match self {
            Self::Id => read(&Value::from(&*record.id)),
            Self::Geometry => None,
            Self::Field(position) => read(record.values.get(position)?),
        }
    }
}

/// The order of two values of one kind; none where one is unknown or they are of two kinds.
pub(crate) fn compare(one: &Value, other: &Value) -> Option<Ordering> {
    match (one, other) {
        (Value::Text(one), Value::Text(other)) => Some(one.cmp(other)),
        (Value::Integer(one), Value::Integer(other)) => Some(one.cmp(other)),
        (Value::Boolean(one), Value::Boolean(other)) => Some(one.cmp(other)),
        (Value::Date(one), Value::Date(other)) => Some(one.cmp(other)),
        (Value::DateTime(one), Value::DateTime(other)) => Some(one.cmp(other)),
        _ => one.as_decimal()?.partial_cmp(&other.as_decimal()?),
    }
}

#[cfg(test)]
mod tests;
