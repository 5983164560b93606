//! Taking a step: held against the machine, then one change set with its row of the log.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode},
    response::Response,
};
use chrono::{DateTime, FixedOffset};
use serde_json::{Value as Json, json};
use yizhangtu_data::{
    Change, ChangeSet, Expected, Key, Layer, Operation, Record, Value,
    catalog::process::Transition,
    clock::now,
    course::{SYSTEM, Taken},
    store::{GeoPackage, StoreError},
};

use super::{
    after::{filled, sets},
    beside::{along, opened},
    carries::carried,
    demand::{Attached, Demands, Given, Unmet},
    describe,
    figures::Known,
    handed,
    logged::{attached, logged, told},
    read::{Machine, calendar, course as read_course},
    writes::written,
};
use crate::{
    audit::Entry,
    changes::{self, Fault},
    collections::{existing, visible_layer as layer_of},
    enforcement::issued_kinds,
    http::{App, Parameters, Problem},
    plans::Succession,
    policy::Viewer,
};

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
    let (given, happened) = handed::read(changes::object(&headers, &body)?)?;
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
        given,
        happened,
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
    // What is measured of one thing is its own, and not the feature's.
    let own_shape = step.writes.as_ref().is_some_and(|own| own.shape.is_some());
    let measured = (own_shape && asked.given.geometry.is_some())
        .then(|| std::mem::replace(&mut after.geometry, before.geometry.clone()))
        .flatten();
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
    let handed = (given, measured.as_ref());
    let rows = written(app, store, layer, step, handed, &taken, &before)
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
