//! The machines, and where a feature stands in one, as JSON.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use yizhangtu_data::clock::now;
use yizhangtu_data::{
    Catalog, Field, Layer, Record, Text,
    catalog::{
        Process,
        process::{Ask, Transition},
    },
    course::{BEGIN, Course, Taken},
    store::GeoPackage,
};

use super::{
    demand::{Demands, Given, Unmet, label, shown},
    figures::Known,
    read::{Machine, calendar, course as read_course},
    writes::listed,
};
use crate::{
    collections::{find, visible_layer as layer_of},
    enforcement::issued_kinds,
    http::{App, Parameters, Problem},
    policy::{Action, Viewer},
};

/// `GET /processes`: the machines in force for layers that the viewer may see.
pub(super) async fn processes(
    State(app): State<App>,
    viewer: Viewer,
    given: Parameters,
) -> Result<Json<Value>, Problem> {
    given.finish()?;
    let all: Vec<Value> = (app.layers().iter())
        .filter(|layer| viewer.may(Action::View, layer))
        .filter_map(|layer| app.catalog().process(&layer.id))
        .map(|process| {
            json!({
                "layer": process.layer, "version": process.version, "title": process.title,
                "states": process.states.len(), "transitions": process.transitions.len(),
            })
        })
        .collect();
    Ok(Json(json!({ "processes": all })))
}

/// `GET /processes/{layer}`: a machine; `?version=` for an earlier one.
pub(super) async fn process(
    State(app): State<App>,
    Path(id): Path<String>,
    viewer: Viewer,
    mut given: Parameters,
) -> Result<Json<Value>, Problem> {
    let version = given.take("version")?;
    given.finish()?;
    let layer = Arc::clone(layer_of(&app, &viewer, &id)?);
    let machine = Machine::of(&app, &layer)?;
    let versions = app.catalog().processes.get(&layer.id);
    let known: Vec<&str> = (versions.into_iter().flatten())
        .map(|process| process.version.as_str())
        .collect();
    let process = match &version {
        None => &machine.current,
        Some(version) => (versions.into_iter().flatten())
            .find(|process| process.version == *version)
            .ok_or_else(|| {
                Problem::not_found(format!(
                    "没有版本 {version}；已知：{known} / there is no version {version}; known: {known}",
                    known = known.join(", ")
                ))
            })?,
    };
    Ok(Json(drawn(&app, &layer, process, &known)))
}

fn drawn(app: &App, layer: &Layer, process: &Process, versions: &[&str]) -> Value {
    let catalog = app.catalog();
    let states: Vec<Value> = (process.states.iter())
        .map(|state| {
            let title = state_title(catalog, layer, process, &state.code);
            let color = codes(catalog, layer, process)
                .and_then(|list| list.get(&state.code)?.color.clone());
            json!({
                "code": state.code, "title": title, "color": color, "limits": state.limits,
                "ends": state.ends, "stops": state.stops, "locks": state.locks,
                "initial": process.initial.contains(&state.code),
            })
        })
        .collect();
    let steps: Vec<Value> = (process.transitions.iter())
        .map(|step| {
            let from: Vec<&str> = (process.states.iter())
                .map(|state| state.code.as_str())
                .filter(|code| process.leads_from(step, code))
                .collect();
            let mut told = asked(app, layer, step);
            told["id"] = step.id.as_str().into();
            told["title"] = json!(step.title);
            told["from"] = from.into();
            told["to"] = step.to.as_str().into();
            told["roles"] = roles(app, step);
            told["auto"] = step.auto.into();
            told["other_than"] = step.other_than.clone().into();
            told["after"] = [&*step.after, &*step.once].concat().into();
            told["when"] = json!(step.when);
            told["waits"] = json!(step.waits);
            told
        })
        .collect();
    let calendar = (catalog.calendars.get(&process.calendar))
        .map(|calendar| json!({ "id": calendar.id, "title": calendar.title, "version": calendar.version, "hours": calendar.hours }));
    json!({
        "layer": process.layer, "version": process.version, "versions": versions,
        "title": process.title, "standard": process.standard, "calendar": calendar,
        "states": states, "transitions": steps,
    })
}

/// `GET /collections/{layer}/items/{id}/process`.
pub(super) async fn course(
    State(app): State<App>,
    Path((id, item)): Path<(String, String)>,
    viewer: Viewer,
    given: Parameters,
) -> Result<Response, Problem> {
    given.finish()?;
    let layer = Arc::clone(layer_of(&app, &viewer, &id)?);
    let machine = Machine::of(&app, &layer)?;
    let seen = find(&app, &viewer, &layer, &item).await?.is_some();
    if !seen {
        return Err(missing(&layer, &item));
    }
    told(&app, &viewer, machine, item).await
}

/// 404 of a feature that is not there, or not this viewer's to see.
pub(super) fn missing(layer: &Layer, id: &str) -> Problem {
    Problem::not_found(format!(
        "图层 {layer} 没有要素 {id} / the layer {layer} has no feature {id}",
        layer = layer.id
    ))
}

/// Where a feature stands, with its version as entity tag.
pub(super) async fn told(
    app: &App,
    viewer: &Viewer,
    machine: Machine,
    item: String,
) -> Result<Response, Problem> {
    let (to, by) = (app.clone(), viewer.clone());
    let (body, version) = tokio::task::spawn_blocking(move || {
        let store = to.pool().reader().map_err(Problem::internal)?;
        let (record, version, taken) = store
            .moment(|| {
                let (record, version) = store.get_versioned(&machine.layer.id, &item)?;
                Ok::<_, yizhangtu_data::store::StoreError>((
                    record,
                    version,
                    machine.taken(&store, &item)?,
                ))
            })
            .map_err(Problem::internal)?;
        let record = record.ok_or_else(|| missing(&machine.layer, &item))?;
        let process = machine.version(&to, &taken);
        let course =
            read_course(&machine, &store, &process, taken, &record).map_err(Problem::internal)?;
        Ok::<_, Problem>((
            standing(&to, &by, &store, &machine, &course, &record)?,
            version,
        ))
    })
    .await
    .map_err(Problem::internal)??;
    let mut response = Json(body).into_response();
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        headers.insert(header::ETAG, tag);
    }
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-cache"),
    );
    Ok(response)
}

fn standing(
    app: &App,
    viewer: &Viewer,
    store: &GeoPackage,
    machine: &Machine,
    course: &Course<'_>,
    record: &Record,
) -> Result<Value, Problem> {
    let (catalog, layer) = (app.catalog(), &*machine.layer);
    let issued = issued_kinds(app, store, &layer.id, &record.id).map_err(Problem::internal)?;
    let process = course.process;
    let calendar = calendar(app, process)?;
    let now = now();
    let deadline = course.deadline(&calendar, layer, record);
    let open = |step: &&Transition| process.leads_from(step, &course.state);
    let open = process.transitions.iter().filter(open);
    let figures = Known::of(app, Some(viewer), store, layer, record, open)?;
    let mut steps = Vec::new();
    for step in &process.transitions {
        if step.auto && step.roles.is_empty() || !process.leads_from(step, &course.state) {
            continue;
        }
        let demands = Demands {
            catalog,
            layer,
            calendar: &calendar,
            course,
            step,
            attached: None,
            issued: &issued,
            figures: &figures,
            now,
        };
        let mut unmet: Vec<Unmet> = demands.role(Some(viewer)).into_iter().collect();
        unmet.extend(demands.standing(viewer.author(), record));
        let mut told = asked(app, layer, step);
        for (ask, told) in
            (step.fields.iter()).zip(told["fields"].as_array_mut().into_iter().flatten())
        {
            if let Some(list) = &ask.one_of {
                told["choices"] = offered(app, viewer, layer, list, record);
            }
        }
        told["id"] = step.id.as_str().into();
        told["title"] = json!(step.title);
        let to = course.target(&step.to).unwrap_or_default();
        told["to"] = to.into();
        told["to_title"] = json!(state_title(catalog, layer, process, to));
        told["roles"] = roles(app, step);
        told["mine"] = demands.role(Some(viewer)).is_none().into();
        told["allowed"] = unmet.is_empty().into();
        told["why_not"] = unmet.iter().map(why).collect();
        told["figures"] = (step.figures.iter())
            .map(|gate| {
                let value = figures.get(&gate.figure);
                let mut told = json!(gate);
                told["value"] = json!(value);
                told["met"] = gate.holds(value).into();
                told
            })
            .collect();
        // What earlier steps hold already needs not be handed in again.
        let nothing = Given::default();
        for (wanted, told) in step
            .documents
            .iter()
            .zip(told["documents"].as_array_mut().into_iter().flatten())
        {
            told["held"] = demands
                .document(wanted, &nothing)
                .cloned()
                .unwrap_or_default();
        }
        steps.push(told);
    }
    let log: Vec<Value> = if viewer.may(Action::View, &machine.log) {
        // Who reported is told by the field that holds it, to those who may see that.
        let reporter = (layer.fields.iter().find(|field| field.author))
            .map(|field| viewer.see(layer, record).get(&field.name).to_text());
        (course.taken.iter())
            .map(|taken| row(app, layer, process, taken, reporter.as_deref()))
            .collect()
    } else {
        Vec::new()
    };
    let duplicates = if course.state().is_some_and(|state| !state.ends) {
        super::duplicates::of(app, viewer, machine, process, record)
    } else {
        Vec::new()
    };
    Ok(json!({
        "layer": layer.id, "id": &*record.id, "log_layer": machine.log.id,
        "duplicates": duplicates,
        "state": course.state,
        "title": state_title(catalog, layer, process, &course.state),
        "since": course.since.to_rfc3339(),
        "deadline": deadline.map(|at| at.to_rfc3339()),
        "overdue": deadline.is_some_and(|at| at < now),
        "suspended": course.is_stopped(),
        "ends": course.state().is_some_and(|state| state.ends),
        "version": process.version,
        "transitions": steps,
        "log": log,
    }))
}

/// What a step asks to be filled in and held.
fn asked(app: &App, layer: &Layer, step: &Transition) -> Value {
    let fields: Vec<Value> = (step.fields.iter())
        .map(|ask| field(app.catalog(), layer, ask))
        .collect();
    let photos: Vec<Value> = (step.photos.iter())
        .map(|photos| {
            let (zh, en) = shown(photos.shows.as_deref());
            json!({
                "least": photos.least, "shows": photos.shows, "earlier": photos.earlier,
                "title": { "zh": format!("{zh}照片"), "en": format!("photographs {en}") },
            })
        })
        .collect();
    json!({
        "note": step.note,
        "fields": fields,
        "photos": photos,
        "documents": step.documents.iter().map(|any| json!({ "any": any.any })).collect::<Vec<_>>(),
        "place": step.near_m.map(|metres| json!({ "within_m": metres })),
        "geometry": step.geometry,
        "officers": step.officers,
    })
}

fn field(catalog: &Catalog, layer: &Layer, ask: &Ask) -> Value {
    let own: Option<&Field> = layer.field(&ask.name);
    let kind = own.map(|field| field.kind).or(ask.kind);
    let choices: Vec<Value> = if !ask.choices.is_empty() {
        (ask.choices.iter())
            .map(|choice| json!({ "code": choice, "title": { "zh": choice, "en": choice } }))
            .collect()
    } else {
        let list = own.and_then(|field| catalog.code_list(field.code_list.as_ref()?));
        (list.into_iter().flat_map(|list| &list.codes))
            .map(|code| json!({ "code": code.code, "title": code.label }))
            .collect()
    };
    json!({
        "name": ask.name, "label": label(layer, ask), "type": kind, "required": ask.required,
        "adds": ask.adds, "choices": choices, "range": ask.range,
        "unit": own.and_then(|field| field.unit.clone()).or_else(|| ask.unit.clone()),
        "decimals": own.and_then(|field| field.decimals),
        "reference": own.and_then(|field| field.reference.clone()),
        "max_length": own.and_then(|field| field.max_length),
        "of_layer": own.is_some(),
    })
}

/// The features that a field lists, to choose from.
fn offered(app: &App, viewer: &Viewer, layer: &Layer, field: &str, record: &Record) -> Value {
    let of = layer.field(field).and_then(|field| field.reference.clone());
    let snapshot = app.seen_by(viewer);
    let there = of.and_then(|of| snapshot.layer(&of));
    let title = |id: &str| {
        let record = there.and_then(|there| Some((there, there.get(id)?)));
        let label = record.map(|(there, record)| {
            let view = viewer.see(&there.layer, record);
            let names = ["address"]
                .into_iter()
                .chain(there.layer.label.as_deref())
                .chain(there.layer.code.as_deref());
            names
                .map(|name| view.get(name).to_text())
                .find(|text| !text.is_empty())
        });
        label.flatten().unwrap_or_else(|| id.to_owned())
    };
    (listed(layer, field, record).iter())
        .map(|id| {
            let title = title(id);
            json!({ "code": id, "title": { "zh": title, "en": title } })
        })
        .collect()
}

fn roles(app: &App, step: &Transition) -> Value {
    (step.roles.iter())
        .map(|id| json!({ "id": id, "title": role_title(app, id) }))
        .collect()
}

fn role_title(app: &App, id: &str) -> Value {
    let rights = app.identity().rights();
    rights
        .role(id)
        .map_or_else(|| json!({ "zh": id, "en": id }), |role| json!(role.title))
}

fn row(
    app: &App,
    layer: &Layer,
    process: &Process,
    taken: &Taken,
    reporter: Option<&str>,
) -> Value {
    let catalog = app.catalog();
    let actor = match reporter {
        Some(reporter) if taken.step == BEGIN && taken.actor.is_empty() => reporter,
        _ => &*taken.actor,
    };
    let step = process.transition(&taken.step);
    let began = || json!({ "zh": "登记", "en": "Begun" });
    let labels: serde_json::Map<String, Value> = (step.into_iter().flat_map(|step| &step.fields))
        .map(|ask| (ask.name.clone(), json!(label(layer, ask))))
        .collect();
    json!({
        "step": taken.step,
        "title": step.map_or_else(began, |step| json!(step.title)),
        "from": taken.from,
        "to": taken.to,
        "to_title": state_title(catalog, layer, process, &taken.to),
        "at": taken.at.to_rfc3339(),
        "actor": actor,
        "role": taken.role,
        "role_title": role_title(app, &taken.role),
        "note": taken.note,
        "place": taken.place,
        "data": taken.data,
        "labels": labels,
        "attachments": taken.attachments,
    })
}

fn codes<'c>(
    catalog: &'c Catalog,
    layer: &Layer,
    process: &Process,
) -> Option<&'c yizhangtu_data::catalog::CodeList> {
    let list = layer.field(&process.state)?.code_list.as_ref()?;
    catalog.code_list(list).map(|list| &**list)
}

/// What a state is called.
pub(super) fn state_title(catalog: &Catalog, layer: &Layer, process: &Process, code: &str) -> Text {
    let known = codes(catalog, layer, process).and_then(|list| list.get(code));
    known.map_or_else(
        || Text {
            zh: code.to_owned(),
            en: code.to_owned(),
        },
        |code| code.label.clone(),
    )
}

/// A demand that stands against a step.
pub(super) fn why(unmet: &Unmet) -> Value {
    json!({ "demand": unmet.demand, "field": unmet.field, "zh": unmet.zh, "en": unmet.en })
}
