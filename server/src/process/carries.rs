//! What goes over to the feature that another becomes part of: whom it is about, its buildings,
//! its photographs. Its documents keep their numbers and stay with it; whoever asks for those of
//! the one that stays is told of them too.

use std::collections::BTreeSet;

use serde_json::Value as Json;
use yizhangtu_data::{
    Change, Expected, Operation, Record, Value,
    catalog::process::{Carries, Process, Transition},
    course::reference,
    store::{GeoPackage, StoreError, attachments},
};

use super::{demand::Unmet, read::Machine, writes::listed};
use crate::{
    changes::may_on,
    http::App,
    policy::{Action, Viewer},
};

/// What a merger comes to beside the feature's own change.
#[derive(Default)]
pub(super) struct Carried {
    pub(super) changes: Vec<Change>,
    pub(super) expects: Vec<Expected>,
}

/// What goes over with a step.
///
/// # Errors
/// What stands against it: the feature that stays is not there, is the same one, or is over.
pub(super) fn carried(
    app: &App,
    viewer: Option<&Viewer>,
    store: &GeoPackage,
    machine: &Machine,
    process: &Process,
    step: &Transition,
    after: &Record,
) -> Result<Result<Carried, Unmet>, StoreError> {
    let Some(carries) = &step.carries else {
        return Ok(Ok(Carried::default()));
    };
    let layer = &machine.layer;
    let refuse = |zh: &str, en: &str| Ok(Err(Unmet::of("fields", &carries.into, zh, en)));
    let Some(into) = after.get(layer, &carries.into).as_text() else {
        return Ok(Ok(Carried::default()));
    };
    if *into == *after.id {
        return refuse("不能并入自身", "it cannot go into itself");
    }
    let (kept, version) = store.get_versioned(&layer.id, into)?;
    let theirs = |kept: &Record| {
        let seen = (Some(&*kept.id), None);
        viewer.is_none_or(|by| may_on(app, by, store, Action::View, layer, seen).is_ok())
    };
    let Some(kept) = kept.filter(theirs) else {
        return refuse("没有这一个，请核对案号", "there is none of this number");
    };
    let state = process.state(machine.state(&kept));
    if state.is_none_or(|state| state.ends) {
        return refuse(
            "已经办结，不能再并入",
            "is over, and nothing goes into it any more",
        );
    }
    let mut all = Carried::default();
    let joined = joined(machine, carries, after, &kept);
    if let Some(joined) = joined {
        all.expects.push(Expected {
            layer: layer.id.as_str().into(),
            id: kept.id.clone(),
            version,
        });
        all.changes.push(update(&layer.id, joined));
    }
    for name in &carries.tables {
        let Some(table) = app.layer(name) else {
            continue;
        };
        let Some(of) = reference(table, &layer.id) else {
            continue;
        };
        let there = store.find(name, of, &Value::from(&*kept.id))?;
        let same = |one: &Record, other: &Record| {
            let fields = table
                .fields
                .iter()
                .zip(one.values.iter().zip(&other.values));
            let mut told = fields.filter(|(field, _)| field.name != of);
            told.all(|(_, (one, other))| one == other)
        };
        for mut row in store.find(name, of, &Value::from(&*after.id))? {
            // Who is known there already stays where the name came from.
            if there.iter().any(|other| same(&row, other)) {
                continue;
            }
            row.set(table, of, &*kept.id);
            all.changes.push(update(name, row));
        }
    }
    if carries.attachments
        && let Some(table) = app.layer(attachments::LAYER)
    {
        let hangs = |row: &Record| row.get(table, "layer").as_text() == Some(&layer.id);
        let there = store.find(&table.id, "feature", &Value::from(&*kept.id))?;
        let known: BTreeSet<&str> = (there.iter().filter(|row| hangs(row)))
            .filter_map(|row| row.get(table, "hash").as_text())
            .collect();
        for mut row in store.find(&table.id, "feature", &Value::from(&*after.id))? {
            let hash = row.get(table, "hash").as_text();
            if !hangs(&row) || hash.is_some_and(|hash| known.contains(hash)) {
                continue;
            }
            row.set(table, "feature", &*kept.id);
            all.changes.push(update(&table.id, row));
        }
    }
    Ok(Ok(all))
}

/// The feature that stays, with the lists of both; none where nothing is added to it.
fn joined(machine: &Machine, carries: &Carries, gone: &Record, kept: &Record) -> Option<Record> {
    let layer = &machine.layer;
    let mut joined = kept.clone();
    for name in &carries.lists {
        let mut list = listed(layer, name, kept);
        for one in listed(layer, name, gone) {
            if !list.contains(&one) {
                list.push(one);
            }
        }
        if list.len() > listed(layer, name, kept).len() {
            let list: Vec<Json> = list.into_iter().map(Json::from).collect();
            joined.set(layer, name, Value::Json(Box::new(list.into())));
        }
    }
    (joined != *kept).then_some(joined)
}

fn update(layer: &str, record: Record) -> Change {
    Change {
        layer: layer.into(),
        operation: Operation::Update(record),
    }
}
