//! Features beside the one whose step is taken: one that goes along, one that begins.

use serde_json::{Map, Value as Json};
use yizhangtu_data::{
    Change, Layer, Operation, Record, Value,
    catalog::{
        Calendar,
        process::{Opens, Transition},
    },
    course::{BEGIN, Step, Taken},
    store::GeoPackage,
};

use super::{
    after::sets,
    demand::Given,
    logged::logged,
    read::{Machine, course as read_course},
};
use crate::{
    changes,
    http::{App, Problem},
};

/// A step that another feature takes along with the one that its actor takes: a plan that
/// another took the place of. Nothing where its state knows no such step.
pub(super) fn along(
    app: &App,
    machine: &Machine,
    store: &GeoPackage,
    (calendar, step): (&Calendar, &str),
    before: &Record,
    by: &Taken,
) -> Result<Vec<Change>, Problem> {
    let log = (machine.taken(store, &before.id)).map_err(Problem::internal)?;
    let process = machine.version(app, &log);
    let number = log.len();
    let course = read_course(machine, store, &process, log, before).map_err(Problem::internal)?;
    let step = process.transition(step);
    let Some(step) = step.filter(|step| process.leads_from(step, &course.state)) else {
        return Ok(Vec::new());
    };
    let taken = Taken {
        step: step.id.clone(),
        from: course.state.clone(),
        to: course.target(&step.to).unwrap_or_default().to_owned(),
        note: step.title.zh.clone(),
        data: Map::new(),
        attachments: Vec::new(),
        version: process.version.clone(),
        ..by.clone()
    };
    let mut after = before.clone();
    after.set(&machine.layer, &process.state, taken.to.as_str());
    sets(
        app, store, machine, calendar, &course, step, &taken, before, &mut after,
    );
    let mut changes = vec![Change {
        layer: machine.layer.id.as_str().into(),
        operation: Operation::Update(after),
    }];
    changes.extend(logged(
        machine, &process, &course, &before.id, number, &taken,
    ));
    Ok(changes)
}

/// The feature that a step begins beside its own, by what was answered.
pub(super) fn opened(
    machine: &Machine,
    step: &Transition,
    given: &Given,
    taken: &Taken,
    before: &Record,
) -> Vec<Change> {
    let answered = |opens: &&Opens| {
        given.fields.get(&opens.answer).and_then(Json::as_str) == Some(opens.is.as_str())
    };
    let Some(opens) = step.opens.as_ref().filter(answered) else {
        return Vec::new();
    };
    let layer = &machine.layer;
    let mut record = Record::new(layer, changes::ulid());
    record.geometry.clone_from(&before.geometry);
    for name in &opens.copies {
        record.set(layer, name, before.get(layer, name).clone());
    }
    for name in &opens.today {
        record.set(layer, name, Value::Date(taken.at.date_naive()));
    }
    record.set(layer, &opens.link, &*before.id);
    let process = &machine.current;
    let initial = process.initial.first().map_or("", String::as_str);
    record.set(layer, &process.state, initial);
    // The store begins the log of what comes without a step; this came with one.
    let began = Step {
        step: BEGIN,
        to: initial,
        actor: &taken.actor,
        role: &taken.role,
        version: &process.version,
        ..Step::at(taken.at.to_utc())
    };
    let row = began.record(process, &machine.log, &record.id, 0);
    let insert = |layer: &Layer, record: Record| Change {
        layer: layer.id.as_str().into(),
        operation: Operation::Insert(record),
    };
    vec![insert(layer, record), insert(&machine.log, row)]
}
