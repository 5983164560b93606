//! Taking a step: held against the machine, then one change set with its row of the log.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode},
    response::Response,
};
use chrono::{DateTime, Datelike as _, FixedOffset};
use serde_json::{Map, Value as Json, json};
use yizhangtu_data::clock::{CHINA, now};
use yizhangtu_data::{
    Change, ChangeSet, Expected, Id, Key, Layer, Operation, Record, Value,
    catalog::{
        Calendar, Process,
        process::{Opens, Set, To, Transition},
    },
    course::{BEGIN, Course, SYSTEM, Step, Taken},
    store::{GeoPackage, StoreError},
};

use super::{
    carries::carried,
    demand::{Attached, Demands, Given, Unmet, next_code},
    describe,
    figures::Known,
    read::{Machine, calendar, course as read_course},
    writes::written,
};
use crate::{
    audit::Entry,
    changes::{self, Draft, Fault},
    collections::{existing, visible_layer as layer_of},
    enforcement::issued_kinds,
    http::{App, Parameters, Problem},
    plans::Succession,
    policy::Viewer,
};

/// Longest note in characters.
const LONGEST_NOTE: usize = 1000;
/// How often a step is tried whose number another took meanwhile.
const TRIES: u8 = 5;

/// `POST /collections/{layer}/items/{id}/process/{step}`.
pub(super) async fn take(
    State(app): State<App>,
    Path((id, item, step)): Path<(String, String, String)>,
    viewer: Viewer,
    headers: HeaderMap,
    given: Parameters,
    body: Bytes,
) -> Result<Response, Problem> {
    given.finish()?;
    app.writable()?;
    let layer = Arc::clone(layer_of(&app, &viewer, &id)?);
    let machine = Machine::of(&app, &layer)?;
    let handed = read(changes::object(&headers, &body)?)?;
    let path = format!("/collections/{id}/items/{item}/process/{step}");
    let key = changes::key(&headers, &[path.as_bytes(), &body])?;
    // What came before needs no second look: the feature has gone on since.
    if let Some(key) = &key
        && changes::recall(&app, viewer.author(), key).await?.is_some()
    {
        let mut response = describe::told(&app, &viewer, machine, item).await?;
        response
            .headers_mut()
            .insert(changes::REPLAYED, HeaderValue::from_static("true"));
        return Ok(response);
    }
    let (_, version) = existing(&app, &viewer, &layer, &item, &headers).await?;
    let asked = Asked {
        item: item.clone(),
        step,
        given: handed.0,
        happened: handed.1,
        version: Some(version),
        key,
    };
    let act = Entry::of("transition", format!("{}/{item} {}", layer.id, asked.step)).counting(1);
    let taken = apply(&app, Some(&viewer), &layer, asked).await;
    let (log, by) = (app.clone(), viewer.clone());
    let act = match &taken {
        Ok(()) => act,
        Err(problem) => act.refused().because(problem.status().as_str()),
    };
    tokio::task::spawn_blocking(move || log.note(&by, act))
        .await
        .map_err(Problem::internal)?;
    taken?;
    describe::told(&app, &viewer, machine, item).await
}

/// A step that is asked for.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) item: String,
    pub(super) step: String,
    pub(super) given: Given,
    /// When it happened, where it is told afterwards.
    pub(super) happened: Option<DateTime<FixedOffset>>,
    /// The version that its author saw; the present one for the system.
    pub(super) version: Option<u64>,
    pub(super) key: Option<Key>,
}

/// Takes a step for a viewer, or by the system itself.
///
/// # Errors
/// 403, 409 or 422 with every demand that is not met; nothing is changed then.
pub(super) async fn apply(
    app: &App,
    viewer: Option<&Viewer>,
    layer: &Arc<Layer>,
    asked: Asked,
) -> Result<(), Problem> {
    let told = viewer.cloned().unwrap_or_else(Viewer::anyone);
    for tries in 1.. {
        let (to, by, layer) = (app.clone(), viewer.cloned(), Arc::clone(layer));
        let asked = asked.clone();
        let set = tokio::task::spawn_blocking(move || {
            let machine = Machine::of(&to, &layer)?;
            let store = to.pool().reader().map_err(Problem::internal)?;
            compose(&to, by.as_ref(), &machine, &store, asked)
        })
        .await
        .map_err(Problem::internal)??;
        match app.keeper().apply(set, Vec::new(), false).await {
            Ok(_) => break,
            // Another step took the number that this one was to have.
            Err(refusal) if tries < TRIES && refusal.is_duplicate() => {}
            Err(refusal) => return Err(refusal.problem(app, &told).await),
        }
    }
    Ok(())
}

/// The change set of a step.
fn compose(
    app: &App,
    viewer: Option<&Viewer>,
    machine: &Machine,
    store: &GeoPackage,
    asked: Asked,
) -> Result<ChangeSet, Problem> {
    let layer = &machine.layer;
    let (record, version, taken) = store
        .moment(|| {
            let (record, version) = store.get_versioned(&layer.id, &asked.item)?;
            Ok::<_, StoreError>((record, version, machine.taken(store, &asked.item)?))
        })
        .map_err(Problem::internal)?;
    let before = record.ok_or_else(|| describe::missing(layer, &asked.item))?;
    let process = machine.version(app, &taken);
    let number = taken.len();
    let course =
        read_course(machine, store, &process, taken, &before).map_err(Problem::internal)?;
    let step = process.transition(&asked.step).ok_or_else(|| {
        let known: Vec<&str> = process
            .transitions
            .iter()
            .map(|step| step.id.as_str())
            .collect();
        Problem::not_found(format!(
            "流程没有步骤“{0}”；有：{known} / the process has no step “{0}”; its steps: {known}",
            asked.step,
            known = known.join(", ")
        ))
    })?;
    let calendar = calendar(app, &process)?;
    let now = now();
    let hanging = attached_to(app, store, &layer.id, &before.id).map_err(Problem::internal)?;
    let issued = issued_kinds(app, store, &layer.id, &before.id).map_err(Problem::internal)?;
    let figures = Known::of(app, viewer, store, layer, &before, std::iter::once(step))?;
    let demands = Demands {
        catalog: app.catalog(),
        layer,
        calendar: &calendar,
        course: &course,
        step,
        attached: hanging.as_deref(),
        issued: &issued,
        figures: &figures,
        now,
    };
    let actor = viewer.map_or(SYSTEM, Viewer::author);
    if let Some(unmet) = demands.role(viewer) {
        return Err(refused(StatusCode::FORBIDDEN, step, &[unmet]));
    }
    let standing = demands.standing(actor, &before);
    if !standing.is_empty() {
        let other = standing.iter().any(|unmet| unmet.demand == "other_person");
        let status = if other {
            StatusCode::FORBIDDEN
        } else {
            StatusCode::CONFLICT
        };
        return Err(refused(status, step, &standing));
    }
    // What was issued by its form meets the demand, and the log says by which number.
    let mut asked = asked;
    for wanted in &step.documents {
        let given = &asked.given;
        if let Some(held) = demands
            .document(wanted, given)
            .filter(|held| issued.contains(held))
            && !given.documents.contains(held)
        {
            let held = held.clone();
            asked.given.documents.push(held);
        }
    }
    let target = course.target(&step.to).unwrap_or_default().to_owned();
    let mut after = filled(app, viewer, machine, step, &before, &asked.given)?;
    after.set(layer, &process.state, target.as_str());
    let faults = demands.given(&asked.given, &before, &after);
    if !faults.is_empty() {
        return Err(refused(StatusCode::UNPROCESSABLE_ENTITY, step, &faults));
    }
    let role = viewer.and_then(|viewer| viewer.who().role.as_ref());
    let taken = Taken {
        step: step.id.clone(),
        from: course.state.clone(),
        to: target,
        at: now,
        // Of somebody who reports, the log names the role alone.
        actor: if role.is_some_and(|role| role.reports) {
            String::new()
        } else {
            actor.to_owned()
        },
        role: role.map_or_else(String::new, |role| role.id.clone()),
        note: asked.given.note.trim().to_owned(),
        place: asked.given.place,
        data: told(&asked.given, asked.happened),
        attachments: attached(&asked.given),
        version: process.version.clone(),
    };
    sets(
        app, store, machine, &calendar, &course, step, &taken, &before, &mut after,
    );
    let given = &asked.given;
    let rows = written(app, store, layer, step, given, &taken, &before)
        .map_err(Problem::internal)?
        .map_err(|unmet| {
            let other = unmet.iter().any(|unmet| unmet.demand == "other_person");
            let status = if other {
                StatusCode::FORBIDDEN
            } else {
                StatusCode::UNPROCESSABLE_ENTITY
            };
            refused(status, step, &unmet)
        })?;
    for (field, value) in rows.sets {
        after.set(layer, &field, value);
    }
    let over = carried(app, viewer, store, machine, &process, step, &after)
        .map_err(Problem::internal)?
        .map_err(|unmet| refused(StatusCode::UNPROCESSABLE_ENTITY, step, &[unmet]))?;
    let faults: Vec<Fault> = (app.catalog().validate(layer, &after).into_iter())
        .map(|error| Fault {
            change: None,
            layer: layer.id.as_str().into(),
            id: Arc::clone(&after.id),
            field: error.field,
            code: error.code,
            message: error.message,
            place: None,
        })
        .collect();
    if !faults.is_empty() {
        return Err(changes::unfit(&faults));
    }
    let id = Arc::clone(&before.id);
    let name: Arc<str> = layer.id.as_str().into();
    let opened = opened(machine, step, &asked.given, &taken, &before);
    let mut changes: Vec<Change> = opened;
    changes.push(Change {
        layer: Arc::clone(&name),
        operation: Operation::Update(after),
    });
    changes.extend(logged(machine, &process, &course, &id, number, &taken));
    changes.extend(rows.changes);
    changes.extend(over.changes);
    let mut expects = vec![Expected {
        layer: name,
        id: Arc::clone(&id),
        version: asked.version.unwrap_or(version),
    }];
    expects.extend(over.expects);
    if let Some(ends) = &step.puts_in_force {
        let succession = Succession::of(app, store, &id)?;
        changes.extend(succession.changes);
        expects.extend(succession.expects);
        for document in succession.ended {
            let ended = along(app, machine, store, (&calendar, ends), &document, &taken)?;
            changes.extend(ended);
        }
    }
    Ok(ChangeSet {
        author: actor.to_owned(),
        reason: format!("{} / {}", step.title.zh, step.title.en),
        changes,
        expects,
        key: asked.key,
        step: true,
        ..ChangeSet::default()
    })
}

/// The rows of the log that a step writes. What is older than its machine has no log: it begins
/// with the first step, in the state in which the feature was.
fn logged(
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

/// A step that another feature takes along with the one that its actor takes: a plan that
/// another took the place of. Nothing where its state knows no such step.
fn along(
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
fn opened(
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

/// What hangs on a feature; none where the file has no layer for it.
fn attached_to(
    app: &App,
    store: &GeoPackage,
    layer: &str,
    id: &str,
) -> Result<Option<Vec<Attached>>, StoreError> {
    let Some(attachments) = app.layer("attachment") else {
        return Ok(None);
    };
    let rows = store.find(&attachments.id, "feature", &Value::from(id))?;
    let text = |row: &Record, name| {
        row.get(attachments, name)
            .as_text()
            .unwrap_or_default()
            .to_owned()
    };
    Ok(Some(
        (rows.iter())
            .filter(|row| text(row, "layer") == layer)
            .map(|row| Attached {
                hash: text(row, "hash"),
                kind: text(row, "kind"),
            })
            .collect(),
    ))
}

/// The feature with what was filled in.
fn filled(
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
fn sets(
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
                (Value::Null, Some(shape)) => {
                    let shape = geojson::Geometry::new(geojson::GeometryValue::from(shape));
                    Value::Json(Box::new(serde_json::to_value(shape).unwrap_or_default()))
                }
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

/// What was answered, as the log keeps it.
fn told(given: &Given, happened: Option<DateTime<FixedOffset>>) -> Map<String, Json> {
    let mut data = given.fields.clone();
    data.retain(|_, value| !value.is_null());
    if let Some(at) = happened {
        data.insert("happened_at".to_owned(), at.to_rfc3339().into());
    }
    data
}

/// Photographs and documents, as the log keeps them.
fn attached(given: &Given) -> Vec<Json> {
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

/// A refusal that names every demand that is not met.
fn refused(status: StatusCode, step: &Transition, unmet: &[Unmet]) -> Problem {
    let join = |pick: fn(&Unmet) -> &str, with: &str| {
        unmet.iter().map(pick).collect::<Vec<_>>().join(with)
    };
    let detail = format!(
        "不能办理“{}”：{} / “{}” is refused: {}",
        step.title.zh,
        join(|unmet| &unmet.zh, "；"),
        step.title.en,
        join(|unmet| &unmet.en, "; "),
    );
    let errors: Vec<Json> = (unmet.iter())
        .map(|unmet| {
            json!({
                "field": unmet.field, "code": unmet.demand,
                "message": format!("{} / {}", unmet.zh, unmet.en),
            })
        })
        .collect();
    Problem::new(status, detail).beside("errors", errors.into())
}

/// The body of a step.
pub(super) fn read(
    mut members: Map<String, Json>,
) -> Result<(Given, Option<DateTime<FixedOffset>>), Problem> {
    let mut given = Given::default();
    match members.remove("note") {
        None | Some(Json::Null) => {}
        Some(Json::String(note)) if note.chars().count() <= LONGEST_NOTE => given.note = note,
        Some(_) => {
            return Err(Problem::parameter(
                "note",
                format_args!("应为不超过 {LONGEST_NOTE} 字的文本"),
                format_args!("must be a text of {LONGEST_NOTE} characters at most"),
            ));
        }
    }
    if let Some(place) = members.remove("place").filter(|place| !place.is_null()) {
        let numbers: Option<Vec<f64>> =
            (place.as_array()).and_then(|list| list.iter().map(Json::as_f64).collect());
        match numbers.as_deref() {
            Some(&[x, y]) if x.abs() <= 180.0 && y.abs() <= 90.0 => given.place = Some([x, y]),
            _ => {
                return Err(Problem::parameter(
                    "place",
                    "应为 [经度, 纬度]",
                    "must be [longitude, latitude]",
                ));
            }
        }
    }
    match members.remove("fields") {
        None | Some(Json::Null) => {}
        Some(Json::Object(fields)) => given.fields = fields,
        Some(_) => {
            return Err(Problem::parameter(
                "fields",
                "应为对象",
                "must be an object",
            ));
        }
    }
    for (name, into) in [
        ("photos", &mut given.photos),
        ("documents", &mut given.documents),
    ] {
        match members.remove(name) {
            None | Some(Json::Null) => {}
            Some(Json::Array(list)) if list.iter().all(Json::is_object) => *into = list,
            Some(_) => {
                return Err(Problem::parameter(
                    name,
                    "应为对象的数组",
                    "must be an array of objects",
                ));
            }
        }
    }
    given.geometry = members
        .remove("geometry")
        .filter(|geometry| !geometry.is_null());
    let happened = match members.remove("at") {
        None | Some(Json::Null) => None,
        Some(at) => {
            let at = at
                .as_str()
                .and_then(|at| DateTime::parse_from_rfc3339(at).ok());
            let at = at
                .map(|at| at.with_timezone(&CHINA))
                .filter(|at| *at <= now());
            Some(at.ok_or_else(|| {
                Problem::parameter(
                    "at",
                    "应为带时区、不晚于现在的时间",
                    "must be a time with its zone, not in the future",
                )
            })?)
        }
    };
    changes::nothing_else(&members)?;
    Ok((given, happened))
}
