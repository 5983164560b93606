//! Where a feature stands, read from the file.

use std::sync::Arc;

use chrono::{DateTime, FixedOffset};
use yizhangtu_data::{
    Layer, Record, Value,
    catalog::{Calendar, Process},
    clock::{CHINA, now},
    course::{Course, Taken, reference},
    store::{GeoPackage, StoreError},
};

use crate::http::{App, Problem};

/// A layer with a machine and what the machine needs.
pub(super) struct Machine {
    pub(super) layer: Arc<Layer>,
    pub(super) log: Arc<Layer>,
    /// The machine in force.
    pub(super) current: Arc<Process>,
}

impl Machine {
    /// The machine of a layer; 404 where it has none.
    pub(super) fn of(app: &App, layer: &Arc<Layer>) -> Result<Self, Problem> {
        let found = app.catalog().process(&layer.id).and_then(|current| {
            Some(Self {
                layer: Arc::clone(layer),
                log: Arc::clone(app.layer(&current.log)?),
                current: Arc::clone(current),
            })
        });
        found.ok_or_else(|| {
            Problem::not_found(format!(
                "图层 {layer} 没有办理流程 / the layer {layer} has no process",
                layer = layer.id
            ))
        })
    }

    /// The log of a feature, the oldest step first.
    pub(super) fn taken(&self, store: &GeoPackage, id: &str) -> Result<Vec<Taken>, StoreError> {
        let of = reference(&self.log, &self.layer.id).unwrap_or_default();
        let rows = store.find(&self.log.id, of, &Value::from(id))?;
        Ok((rows.iter())
            .filter_map(|row| Taken::read(&self.log, row))
            .collect())
    }

    /// The machine in the version that a feature with this log began with.
    pub(super) fn version(&self, app: &App, taken: &[Taken]) -> Arc<Process> {
        let began = taken.first().map(|first| first.version.as_str());
        let known = began.and_then(|began| app.catalog().process_in(&self.layer.id, began));
        Arc::clone(known.unwrap_or(&self.current))
    }

    /// The state of a feature as its field has it; without any it is in the first, as premises
    /// are that nobody has named.
    pub(super) fn state<'r>(&'r self, record: &'r Record) -> &'r str {
        let state = record.get(&self.layer, &self.current.state).as_text();
        let first = self.current.initial.first();
        state.unwrap_or_else(|| first.map_or("", String::as_str))
    }
}

/// Where a feature without any log stands: what it is, since it was made.
pub(super) fn began(
    store: &GeoPackage,
    layer: &str,
    id: &str,
) -> Result<DateTime<FixedOffset>, StoreError> {
    let revisions = store.revisions(layer, id)?;
    let first = revisions.iter().map(|revision| &revision.entry.at).min();
    let first = first.and_then(|at| DateTime::parse_from_rfc3339(at).ok());
    Ok(first.map_or_else(now, |at| at.with_timezone(&CHINA)))
}

/// The course of a feature in a version of its machine.
pub(super) fn course<'p>(
    machine: &Machine,
    store: &GeoPackage,
    process: &'p Process,
    taken: Vec<Taken>,
    record: &Record,
) -> Result<Course<'p>, StoreError> {
    let since = match taken.first() {
        Some(first) => first.at,
        None => began(store, &machine.layer.id, &record.id)?,
    };
    Ok(Course::of(process, taken, machine.state(record), since))
}

/// The calendar that a machine counts by.
pub(super) fn calendar(app: &App, process: &Process) -> Result<Arc<Calendar>, Problem> {
    (app.catalog().calendars.get(&process.calendar))
        .cloned()
        .ok_or_else(|| Problem::internal("a machine without its calendar passed the catalog"))
}
