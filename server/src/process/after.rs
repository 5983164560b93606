//! A feature as a step leaves it: with what was filled in, and what the step sets by itself.

use chrono::Datelike as _;
use serde_json::{Map, json};
use yizhangtu_data::{
    Layer, Record, Value,
    catalog::{
        Calendar,
        process::{Set, To, Transition},
    },
    clock::now,
    course::{Course, Taken},
    store::GeoPackage,
};

use super::{
    demand::{Given, next_code},
    read::Machine,
    writes::written_shape,
};
use crate::{
    changes::{self, Draft},
    http::{App, Problem},
    policy::Viewer,
};

/// The feature with what was filled in.
pub(super) fn filled(
    app: &App,
    viewer: Option<&Viewer>,
    machine: &Machine,
    step: &Transition,
    before: &Record,
    given: &Given,
) -> Result<Record, Problem> {
    let layer = &machine.layer;
    let mut properties = Map::new();
    for (name, value) in &given.fields {
        let Some(ask) = step.fields.iter().find(|ask| ask.name == *name) else {
            return Err(Problem::parameter(
                &format!("fields.{name}"),
                "这一步不填这一项",
                "this step does not ask for it",
            ));
        };
        let Some(field) = layer.field(name) else {
            continue;
        };
        let value = match (ask.adds, value.as_f64()) {
            (true, Some(more)) => {
                let held = before.get(layer, name).as_decimal().unwrap_or(0.0);
                json!(round(held + more, field.decimals.unwrap_or(2)))
            }
            _ => value.clone(),
        };
        properties.insert(name.clone(), value);
    }
    let mut patch = json!({ "properties": properties });
    if let Some(geometry) = &given.geometry {
        patch["geometry"] = geometry.clone();
    }
    let anyone;
    let viewer = match viewer {
        Some(viewer) => viewer,
        None => {
            anyone = Viewer::anyone();
            &anyone
        }
    };
    let draft = Draft {
        layer,
        catalog: app.catalog(),
        viewer,
        change: None,
        from: None,
    };
    draft
        .patch(before, &patch)
        .map_err(|faults| changes::unfit(&faults))
}

/// Sets what the step sets by itself.
#[expect(
    clippy::too_many_arguments,
    reason = "all of them are what a value may follow from"
)]
pub(super) fn sets(
    app: &App,
    store: &GeoPackage,
    machine: &Machine,
    calendar: &Calendar,
    course: &Course<'_>,
    step: &Transition,
    taken: &Taken,
    before: &Record,
    after: &mut Record,
) {
    let layer = &machine.layer;
    let mut course = course.clone();
    course.take(taken.clone());
    for set in &step.sets {
        if !set.when.iter().all(|when| course.is(when, layer, after)) {
            continue;
        }
        let value = match set.to {
            To::Serial => number(app, store, layer, set, after),
            To::Today => Value::Date(taken.at.date_naive()),
            To::Now => Value::DateTime(taken.at),
            To::Empty => Value::Null,
            To::Deadline => course
                .deadline(calendar, layer, after)
                .map_or(Value::Null, Value::DateTime),
            To::Next => next_code(app.catalog(), layer, &set.field, before)
                .map_or_else(|| before.get(layer, &set.field).clone(), Value::from),
            To::Stopped => Value::Integer(course.stopped_minutes(taken.at)),
            To::Code => Value::from(set.code.clone()),
            To::Outline => match (after.get(layer, &set.field), &before.geometry) {
                (Value::Null, Some(shape)) => written_shape(shape),
                (held, _) => held.clone(),
            },
        };
        after.set(layer, &set.field, value);
    }
}

/// The number that a step gives: the next of its serial, where the present one is no more
/// than what the field's own serial gave, or nothing.
fn number(app: &App, store: &GeoPackage, layer: &Layer, set: &Set, after: &Record) -> Value {
    let held = after.get(layer, &set.field);
    let own = (layer.field(&set.field)).and_then(|field| field.serial.as_ref());
    let provisional = match held.as_text() {
        None => true,
        Some(text) => own.is_some_and(|own| own.gave(text)),
    };
    let Some(serial) = set.serial.as_ref().filter(|_| provisional) else {
        return held.clone();
    };
    let village = changes::village(&app.snapshot(), after);
    let prefix = serial.prefix(&village, now().year());
    let last = store.greatest_number(&layer.id, &set.field, &prefix, serial);
    last.map_or_else(
        |_| held.clone(),
        |last| serial.number(&prefix, last + 1).into(),
    )
}

fn round(number: f64, decimals: u8) -> f64 {
    let scale = 10f64.powi(decimals.into());
    (number * scale).round() / scale
}
