//! What a step writes into a table of its own: a row for each thing that it is about, as each
//! building that was pulled down, and each that was measured after it.

use std::{collections::BTreeSet, sync::Arc};

use chrono::{DateTime, FixedOffset, NaiveDate};
use geo::Geometry;
use serde_json::Value as Json;
use yizhangtu_data::{
    Change, FieldKind, Layer, Operation, Record, Value,
    catalog::process::{Transition, Writes},
    course::{SYSTEM, Taken, reference},
    store::{GeoPackage, StoreError},
};

use super::demand::{Given, Unmet};
use crate::{changes::ulid, http::App};

/// What is called so where a feature names no thing and none is known.
const WHOLE: &str = "全部";
/// What a feature held before its first row: taken over from an older register.
const OPENING: &str = "登记前";

/// The rows of one feature.
pub(crate) struct Table<'a> {
    layer: &'a Arc<Layer>,
    of: &'a str,
    rows: Vec<Record>,
}

/// One row as it counts.
pub(crate) struct Row<'r> {
    pub(crate) act: &'r str,
    pub(crate) about: &'r str,
    pub(crate) officer: &'r str,
    pub(crate) at: DateTime<FixedOffset>,
    pub(crate) record: &'r Record,
}

/// What a step comes to: rows, and fields of the feature that follow from all rows.
#[derive(Default)]
pub(super) struct Written {
    pub(super) changes: Vec<Change>,
    pub(super) sets: Vec<(String, Value)>,
}

impl<'a> Table<'a> {
    /// The rows of a feature, the oldest first; none where the file has no such table.
    pub(crate) fn of(
        app: &'a App,
        store: &GeoPackage,
        name: &str,
        owner: &str,
        id: &str,
    ) -> Result<Option<Self>, StoreError> {
        let Some(layer) = app.layer(name) else {
            return Ok(None);
        };
        let Some(of) = reference(layer, owner) else {
            return Ok(None);
        };
        let mut rows = store.find(name, of, &Value::from(id))?;
        // Identifiers are in the order of time.
        rows.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(Some(Self { layer, of, rows }))
    }

    pub(crate) fn layer(&self) -> &Layer {
        self.layer
    }

    pub(crate) fn rows(&self) -> impl DoubleEndedIterator<Item = Row<'_>> {
        self.rows.iter().filter_map(|record| {
            let text = |name| record.get(self.layer, name).as_text();
            let Value::DateTime(at) = record.get(self.layer, "at") else {
                return None;
            };
            Some(Row {
                act: text("act")?,
                about: text("about")?,
                officer: text("officer").unwrap_or_default(),
                at: *at,
                record,
            })
        })
    }

    /// The things that an act was done to, and that another was not done to since.
    pub(crate) fn undone<'t>(&'t self, of: &str, act: &str) -> BTreeSet<&'t str> {
        let mut open = BTreeSet::new();
        for row in self.rows() {
            if row.act == of {
                open.insert(row.about);
            } else if row.act == act {
                open.remove(row.about);
            }
        }
        open
    }
}

/// What a step writes, of what was handed in with the shape that was measured.
///
/// # Errors
/// What stands against it: a thing that is not named, a person who may not look at their own.
pub(super) fn written(
    app: &App,
    store: &GeoPackage,
    layer: &Layer,
    step: &Transition,
    (given, measured): (&Given, Option<&Geometry<f64>>),
    taken: &Taken,
    before: &Record,
) -> Result<Result<Written, Vec<Unmet>>, StoreError> {
    let Some(writes) = &step.writes else {
        return Ok(Ok(Written::default()));
    };
    let Some(table) = Table::of(app, store, &writes.layer, &layer.id, &before.id)? else {
        return Ok(Ok(Written::default()));
    };
    let things = match things(&table, layer, step, writes, given, &taken.actor, before) {
        Ok(things) => things,
        Err(unmet) => return Ok(Err(unmet)),
    };
    let mut fresh: Vec<Record> = Vec::new();
    let row = |about: &str, officer: &str| {
        let mut row = Record::new(table.layer, format!("{}-{}", before.id, ulid()));
        row.set(table.layer, table.of, &*before.id)
            .set(table.layer, "act", writes.act.as_str())
            .set(table.layer, "about", about)
            .set(table.layer, "officer", officer)
            .set(table.layer, "at", Value::DateTime(taken.at));
        row
    };
    let first = table.rows().all(|row| row.act != writes.act);
    if first
        && writes
            .sums
            .keys()
            .any(|field| held(layer, before, field) > 0)
    {
        let mut opening = row(OPENING, SYSTEM);
        for (field, column) in &writes.sums {
            opening.set(table.layer, column, before.get(layer, field).clone());
        }
        fresh.push(opening);
    }
    // A shape that is of several things together is none's.
    let shape = (writes.shape.as_ref().zip(measured)).filter(|_| things.len() == 1);
    for about in things {
        let mut row = row(&about, &taken.actor);
        for (column, question) in &writes.fields {
            if let Some(value) = given.fields.get(question) {
                row.set(table.layer, column, value_of(table.layer, column, value));
            }
        }
        if let Some((column, shape)) = shape {
            row.set(table.layer, column, written_shape(shape));
        }
        fresh.push(row);
    }
    let own = table.rows().filter(|row| row.act == writes.act);
    let own: Vec<&Record> = own.map(|row| row.record).chain(&fresh).collect();
    let mut sets: Vec<(String, Value)> = Vec::new();
    if !fresh.is_empty() {
        for (field, column) in &writes.sums {
            let all: i64 = own.iter().map(|row| held(table.layer, row, column)).sum();
            sets.push((field.clone(), square_metres(all)));
        }
        if let Some(field) = &writes.counts {
            let about = |row: &&Record| row.get(table.layer, "about").as_text().map(str::to_owned);
            let all: BTreeSet<String> = own.iter().filter_map(about).collect();
            sets.push((field.clone(), Value::Integer(all.len() as i64)));
        }
    }
    let changes = fresh.into_iter().map(|row| Change {
        layer: writes.layer.as_str().into(),
        operation: Operation::Insert(row),
    });
    Ok(Ok(Written {
        changes: changes.collect(),
        sets,
    }))
}

/// What the rows are about.
fn things(
    table: &Table<'_>,
    layer: &Layer,
    step: &Transition,
    writes: &Writes,
    given: &Given,
    actor: &str,
    before: &Record,
) -> Result<Vec<String>, Vec<Unmet>> {
    let named = (given.fields.get(&writes.about).and_then(Json::as_str))
        .map(str::trim)
        .filter(|name| !name.is_empty());
    let ask = step.fields.iter().find(|ask| ask.name == writes.about);
    let listed = ask.and_then(|ask| Some(listed(layer, ask.one_of.as_deref()?, before)));
    let listed = listed.unwrap_or_default();
    let refuse = |demand, zh: &str, en: &str| {
        let unmet = Unmet::of(demand, &writes.about, zh, en);
        Err(vec![unmet])
    };
    let name_it = || {
        refuse(
            "fields",
            "有多处，请指明是哪一处",
            "there are several; name the one that is meant",
        )
    };
    let numbers = writes.fields.values().any(|question| {
        let told = given.fields.get(question).and_then(Json::as_f64);
        told.is_some_and(|number| number != 0.0)
    });
    let Some(of) = &writes.of else {
        return match (named, listed.as_slice()) {
            (Some(name), []) => Ok(vec![name.to_owned()]),
            (Some(name), all) if all.iter().any(|one| one == name) => Ok(vec![name.to_owned()]),
            (Some(_), _) => refuse(
                "fields",
                "不在本案所列之中，请先补登",
                "is not among those that are listed; add it first",
            ),
            (None, _) if !numbers => Ok(Vec::new()),
            (None, []) => Ok(vec![WHOLE.to_owned()]),
            (None, [one]) => Ok(vec![one.clone()]),
            (None, _) => name_it(),
        };
    };
    let open = table.undone(of, &writes.act);
    let things: Vec<String> = match named {
        Some(name) if table.rows().any(|row| row.act == *of && row.about == name) => {
            vec![name.to_owned()]
        }
        Some(_) => {
            return refuse(
                "fields",
                &format!("没有登记过{of}"),
                &format!("has no row of “{of}”"),
            );
        }
        None if numbers && open.len() > 1 => return name_it(),
        None => open.into_iter().map(str::to_owned).collect(),
    };
    let own = |thing: &String| {
        let mut rows = table.rows();
        rows.any(|row| row.act == *of && row.about == *thing && row.officer == actor)
    };
    if things.iter().any(own) {
        return refuse(
            "other_person",
            &format!("{of}是您登记的，须由另一人{}", writes.act),
            "you recorded it yourself; another person must look at it",
        );
    }
    Ok(things)
}

/// What a field of a feature lists, by identifier.
pub(super) fn listed(layer: &Layer, field: &str, record: &Record) -> Vec<String> {
    match record.get(layer, field) {
        Value::Json(list) => (list.as_array().into_iter().flatten())
            .filter_map(|one| one.as_str().map(str::to_owned))
            .collect(),
        _ => Vec::new(),
    }
}

/// An answer as a field of the table keeps it.
fn value_of(layer: &Layer, column: &str, given: &Json) -> Value {
    let kind = layer.field(column).map(|field| field.kind);
    match kind {
        Some(FieldKind::Decimal) => given.as_f64().map_or(Value::Null, Value::Decimal),
        Some(FieldKind::Integer) => given.as_i64().map_or(Value::Null, Value::Integer),
        Some(FieldKind::Date) => (given.as_str())
            .and_then(|day| NaiveDate::parse_from_str(day, "%Y-%m-%d").ok())
            .map_or(Value::Null, Value::Date),
        _ => (given.as_str())
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .map_or(Value::Null, Value::from),
    }
}

/// A shape as a field keeps it.
pub(super) fn written_shape(shape: &Geometry<f64>) -> Value {
    let shape = geojson::Geometry::new(geojson::GeometryValue::from(shape));
    Value::Json(Box::new(serde_json::to_value(shape).unwrap_or_default()))
}

/// A decimal in hundredths, so that sums are exact.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a field's range keeps it far below 2^63 hundredths"
)]
fn held(layer: &Layer, record: &Record, field: &str) -> i64 {
    let value = record.get(layer, field).as_decimal().unwrap_or(0.0);
    (value * 100.0).round() as i64
}

#[expect(
    clippy::cast_precision_loss,
    reason = "sums stay below 2^53 hundredths"
)]
fn square_metres(hundredths: i64) -> Value {
    Value::Decimal(hundredths as f64 / 100.0)
}
