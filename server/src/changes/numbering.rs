//! Gives new features the numbers that the catalog's serials ask for, in the writer's turn,
//! so that no two get one.

use std::collections::HashMap;
use yizhangtu_data::clock;

use chrono::Datelike;
use yizhangtu_data::{
    ChangeSet, Operation, Record, Value,
    store::{GeoPackage, StoreError},
};
use yizhangtu_index::Shape;

use crate::atlas::Snapshot;

/// Fills the numbers that new features lack.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn number(
    store: &GeoPackage,
    now: &Snapshot,
    set: &mut ChangeSet,
) -> Result<(), StoreError> {
    // Numbers that this set has given: the file does not hold them yet.
    let mut given: HashMap<String, u64> = HashMap::new();
    for change in &mut set.changes {
        let Operation::Insert(record) = &mut change.operation else {
            continue;
        };
        let Some(layer) = store.layer(&change.layer) else {
            continue;
        };
        for (at, field) in layer.fields.iter().enumerate() {
            let Some(serial) = &field.serial else {
                continue;
            };
            if !record.values[at].is_null() {
                continue;
            }
            let prefix = serial.prefix(&village(now, record), clock::now().year());
            let key = format!("{}\n{}\n{prefix}", layer.id, field.name);
            let last = match given.get(&key) {
                Some(last) => *last,
                None => store.greatest_number(&layer.id, &field.name, &prefix, serial)?,
            };
            record.values[at] = Value::Text(serial.number(&prefix, last + 1).into());
            given.insert(key, last + 1);
        }
    }
    Ok(())
}

/// The code of the village that a feature lies in; of the only village, where it lies in
/// none; empty where there are several.
pub(crate) fn village(now: &Snapshot, record: &Record) -> String {
    let Some(villages) = now.layer("village") else {
        return String::new();
    };
    let shape = (record.geometry.as_ref()).and_then(|shape| Shape::new(shape).ok());
    let here = shape.and_then(|shape| villages.at(shape.representative()).first().copied());
    let mut all = villages.rows().map(|(at, _)| at);
    let only = all.next().filter(|_| all.next().is_none());
    let found = here.or(only).map(|at| villages.record(at));
    let code = villages.layer.code.as_deref();
    (found.zip(code.and_then(|code| villages.layer.position(code))))
        .and_then(|(record, at)| record.values[at].as_text().map(str::to_owned))
        .unwrap_or_default()
}
