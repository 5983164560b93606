//! How a layer lies in its table: names of columns, quoted SQL, how values convert.

use std::sync::Arc;

use rusqlite::types::{ToSqlOutput, Value as Sql, ValueRef};

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, SecondsFormat, Utc};

use crate::{FieldKind, Layer, Value, clock::CHINA, crs::Transform};

/// A layer and the table that holds it.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) layer: Arc<Layer>,
    /// The table's name in the file.
    pub(crate) name: String,
    /// The integer primary key, or `rowid`.
    pub(crate) key: String,
    /// The geometry column.
    pub(crate) geometry: Option<String>,
    /// The R-tree, where the geometry has one.
    pub(crate) rtree: Option<String>,
    /// `gpkg_spatial_ref_sys.srs_id` of the geometry.
    pub(crate) srs_id: i32,
    /// What its coordinates are in.
    pub(crate) coordinates: Coordinates,
    /// Whether this program made it, and so may change it.
    pub(crate) own: bool,
    /// The column of each field of the layer, in its order; `None` where the file
    /// was made from an older catalog and lacks it.
    pub(crate) columns: Vec<Option<String>>,
}

/// What a table's coordinates are in.
#[derive(Clone, Debug)]
pub(crate) enum Coordinates {
    /// As they are stored: EPSG:4490, or WGS 84, which is accepted as equal.
    Stored,
    /// In a system that they are turned from when read.
    Turned(Transform),
    /// In a system that nobody knows.
    Unknown {
        /// What the file says of it.
        name: String,
        /// Why it cannot be used.
        reason: String,
    },
}

/// A name as SQL wants it.
pub(crate) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as an SQL literal.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

impl Table {
    /// The columns that [`super::read`] takes a record from, in its order.
    pub(crate) fn selection(&self) -> String {
        self.selection_of("t.\"source_batch\"", |_| true)
    }

    /// The same for records of which some fields are asked for, by their positions: the others
    /// and the batch are told as unknown.
    pub(crate) fn selection_of_some(&self, fields: &[usize]) -> String {
        self.selection_of("NULL", |at| fields.contains(&at))
    }

    fn selection_of(&self, batch: &str, wanted: impl Fn(usize) -> bool) -> String {
        let id = if self.own {
            "t.\"id\"".to_owned()
        } else {
            format!("t.{}", quote(&self.key))
        };
        let geometry = self.geometry.as_ref().map_or_else(
            || "NULL".to_owned(),
            |column| format!("t.{}", quote(column)),
        );
        let batch = if self.own { batch } else { "NULL" };
        let fields = self.columns.iter().enumerate().map(|(at, column)| {
            (column.as_ref().filter(|_| wanted(at))).map_or_else(
                || "NULL".to_owned(),
                |column| format!("t.{}", quote(column)),
            )
        });
        [id, geometry, batch.to_owned()]
            .into_iter()
            .chain(fields)
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// The column that a record's id stands in.
    pub(crate) fn id_column(&self) -> &str {
        if self.own { "id" } else { &self.key }
    }

    /// The column of a field, where layer and file have it.
    pub(crate) fn column(&self, field: &str) -> Option<&str> {
        self.columns[self.layer.position(field)?].as_deref()
    }
}

/// The GeoPackage type of a field's column (12-128r17 table 1).
pub(crate) fn column_type(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Text | FieldKind::Json => "TEXT",
        FieldKind::Integer => "INTEGER",
        FieldKind::Decimal => "REAL",
        FieldKind::Boolean => "BOOLEAN",
        FieldKind::Date => "DATE",
        FieldKind::DateTime => "DATETIME",
    }
}

/// A value as its column holds it: days as `YYYY-MM-DD`, instants in UTC with
/// milliseconds and `Z`, as the GeoPackage standard wants.
pub(crate) fn to_sql(value: &Value) -> ToSqlOutput<'_> {
    match value {
        Value::Null => ToSqlOutput::Owned(Sql::Null),
        Value::Boolean(truth) => ToSqlOutput::Owned(Sql::Integer(i64::from(*truth))),
        Value::Integer(number) => ToSqlOutput::Owned(Sql::Integer(*number)),
        Value::Decimal(number) => ToSqlOutput::Owned(Sql::Real(*number)),
        Value::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        Value::Date(day) => ToSqlOutput::Owned(Sql::Text(day.format("%Y-%m-%d").to_string())),
        Value::DateTime(at) => ToSqlOutput::Owned(Sql::Text(
            at.with_timezone(&Utc)
                .to_rfc3339_opts(SecondsFormat::Millis, true),
        )),
        Value::Json(json) => ToSqlOutput::Owned(Sql::Text(json.to_string())),
    }
}

/// The value of a column. What another program wrote and the field's kind cannot
/// hold is kept as the text it is, so that nothing is lost and a check can name it.
pub(crate) fn from_sql(kind: FieldKind, raw: ValueRef<'_>) -> Value {
    match (kind, raw) {
        (_, ValueRef::Null | ValueRef::Blob(_)) => Value::Null,
        (FieldKind::Boolean, ValueRef::Integer(number)) => Value::Boolean(number != 0),
        (FieldKind::Integer, ValueRef::Integer(number)) => Value::Integer(number),
        #[expect(
            clippy::cast_precision_loss,
            reason = "whole numbers in a decimal column stay below 2^53"
        )]
        (FieldKind::Decimal, ValueRef::Integer(number)) => Value::Decimal(number as f64),
        (FieldKind::Decimal, ValueRef::Real(number)) => Value::Decimal(number),
        (_, ValueRef::Integer(number)) => Value::Text(number.to_string().into()),
        (_, ValueRef::Real(number)) => Value::Text(number.to_string().into()),
        (kind, ValueRef::Text(bytes)) => {
            let text = String::from_utf8_lossy(bytes);
            let known = match kind {
                FieldKind::Date => date(&text).map(Value::Date),
                FieldKind::DateTime => instant(&text).map(Value::DateTime),
                FieldKind::Json => serde_json::from_str(&text)
                    .ok()
                    .map(|json| Value::Json(Box::new(json))),
                _ => None,
            };
            known.unwrap_or_else(|| Value::Text(text.into()))
        }
    }
}

fn date(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text.get(..10)?, "%Y-%m-%d").ok()
}

/// An instant, told at China's offset of eight hours.
fn instant(text: &str) -> Option<DateTime<FixedOffset>> {
    DateTime::parse_from_rfc3339(text)
        .or_else(|_| {
            // Without a zone, as other programs write it, UTC is what the standard says.
            let plain = text.trim_end_matches('Z').replace(' ', "T");
            NaiveDateTime::parse_from_str(&plain, "%Y-%m-%dT%H:%M:%S%.f")
                .or_else(|_| NaiveDateTime::parse_from_str(&plain, "%Y-%m-%dT%H:%M"))
                .map(|naive| naive.and_utc().fixed_offset())
        })
        .map(|at| at.with_timezone(&CHINA))
        .ok()
}
