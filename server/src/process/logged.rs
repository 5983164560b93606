//! The rows of the log that a step writes.

use chrono::{DateTime, FixedOffset};
use serde_json::{Map, Value as Json};
use yizhangtu_data::{
    Change, Id, Operation,
    catalog::Process,
    course::{BEGIN, Course, SYSTEM, Step, Taken},
};

use super::{demand::Given, read::Machine};

/// The rows of the log that a step writes. What is older than its machine has no log: it begins
/// with the first step, in the state in which the feature was.
pub(super) fn logged(
    machine: &Machine,
    process: &Process,
    course: &Course<'_>,
    id: &Id,
    number: usize,
    taken: &Taken,
) -> Vec<Change> {
    let row = |step: Step<'_>, number: usize| Change {
        layer: machine.log.id.as_str().into(),
        operation: Operation::Insert(step.record(process, &machine.log, id, number)),
    };
    let begins = (number == 0).then(|| {
        let began = Step {
            step: BEGIN,
            to: &taken.from,
            actor: SYSTEM,
            version: &taken.version,
            ..Step::at(course.since.to_utc())
        };
        row(began, 0)
    });
    let own = Step {
        step: &taken.step,
        from: &taken.from,
        to: &taken.to,
        actor: &taken.actor,
        role: &taken.role,
        note: &taken.note,
        place: taken.place,
        data: taken.data.clone(),
        attachments: taken.attachments.clone(),
        version: &taken.version,
        ..Step::at(taken.at.to_utc())
    };
    begins
        .into_iter()
        .chain([row(own, number.max(1))])
        .collect()
}

/// What was answered, as the log keeps it.
pub(super) fn told(given: &Given, happened: Option<DateTime<FixedOffset>>) -> Map<String, Json> {
    let mut data = given.fields.clone();
    data.retain(|_, value| !value.is_null());
    if let Some(at) = happened {
        data.insert("happened_at".to_owned(), at.to_rfc3339().into());
    }
    data
}

/// Photographs and documents, as the log keeps them.
pub(super) fn attached(given: &Given) -> Vec<Json> {
    let marked = |list: &[Json], sort: &str| {
        let mark = |one: &Json| {
            let mut one = one.clone();
            one["sort"] = sort.into();
            one
        };
        list.iter().map(mark).collect::<Vec<_>>()
    };
    [
        marked(&given.photos, "photo"),
        marked(&given.documents, "document"),
    ]
    .concat()
}
