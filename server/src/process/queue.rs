//! What is under way, with its clocks: the list of what is due, and of what is late.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, State},
};
use chrono::{DateTime, FixedOffset};
use serde_json::{Map, Value, json};
use yizhangtu_data::clock::now;
use yizhangtu_data::{
    Id, Layer, Record,
    course::{Course, Taken, reference},
    store::GeoPackage,
};

use super::{
    describe::state_title,
    read::{Machine, calendar},
};
use crate::{
    collections::{features, visible_layer as layer_of},
    http::{App, Parameters, Problem},
    policy::{Seen, Viewer},
};

/// Features in one answer, unless another number is asked for.
const USUAL: usize = 200;
/// Features in one answer at most.
const MOST: usize = 5000;

/// The clock of a feature.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// Since when it has been in its state.
    pub(crate) since: DateTime<FixedOffset>,
    /// When the time of the state is over.
    pub(crate) deadline: Option<DateTime<FixedOffset>>,
    /// Whether the clock stands still.
    pub(crate) stopped: bool,
}

impl Clock {
    /// Whether the time is over.
    pub(crate) fn is_overdue(&self, now: DateTime<FixedOffset>) -> bool {
        self.deadline.is_some_and(|deadline| deadline < now)
    }
}

/// The clocks of those of some features that have a log; the log is read once.
///
/// # Errors
/// When the file cannot be read, or the layer has no process.
pub(crate) fn clocks<'r>(
    app: &App,
    store: &GeoPackage,
    layer: &Arc<Layer>,
    records: impl Iterator<Item = &'r Arc<Record>>,
) -> Result<HashMap<Id, Clock>, Problem> {
    let machine = Machine::of(app, layer)?;
    let mut logs: HashMap<String, Vec<Taken>> = HashMap::new();
    let of = reference(&machine.log, &layer.id).unwrap_or_default();
    let read = store.scan(&machine.log.id, |row| {
        if let (Some(feature), Some(taken)) = (
            row.get(&machine.log, of).as_text(),
            Taken::read(&machine.log, &row),
        ) {
            logs.entry(feature.to_owned()).or_default().push(taken);
        }
    });
    read.map_err(Problem::internal)?;
    let mut clocks = HashMap::new();
    for record in records {
        let Some(taken) = logs.remove(&*record.id) else {
            continue;
        };
        let process = machine.version(app, &taken);
        let calendar = calendar(app, &process)?;
        let since = taken.first().map_or_else(now, |first| first.at);
        let course = Course::of(&process, taken, "", since);
        clocks.insert(
            Arc::clone(&record.id),
            Clock {
                since: course.since,
                deadline: course.deadline(&calendar, layer, record),
                stopped: course.is_stopped(),
            },
        );
    }
    Ok(clocks)
}

/// `GET /processes/{layer}/queue`: what is under way, the soonest due first.
///
/// `state=` one state, `overdue=true` the late ones only, `mine=true` those in a state that the
/// viewer's role takes a step from, `show=` fields that are told beside, `limit=`.
pub(super) async fn queue(
    State(app): State<App>,
    Path(id): Path<String>,
    viewer: Viewer,
    mut given: Parameters,
) -> Result<Json<Value>, Problem> {
    let state = given.take("state")?;
    let overdue = flag(&mut given, "overdue")?;
    let mine = flag(&mut given, "mine")?;
    let limit = given.limit(USUAL, MOST)?;
    let show = given.take("show")?.unwrap_or_default();
    given.finish()?;
    let layer = Arc::clone(layer_of(&app, &viewer, &id)?);
    let machine = Machine::of(&app, &layer)?;
    let show = fields(&layer, &show)?;
    let seen = features(&app, &viewer, &layer, None).await?;
    let (to, by) = (app.clone(), viewer.clone());
    let told = tokio::task::spawn_blocking(move || {
        let process = Arc::clone(&machine.current);
        let role = by
            .who()
            .role
            .as_ref()
            .map(|role| role.id.clone())
            .unwrap_or_default();
        let open = |record: &Record| {
            let code = machine.state(record);
            let wanted = state.as_deref().is_none_or(|state| state == code);
            let under_way = process.state(code).is_some_and(|state| !state.ends);
            let takes = || {
                (process.transitions.iter())
                    .any(|step| process.leads_from(step, code) && step.roles.contains(&role))
            };
            wanted && under_way && (!mine || takes())
        };
        let records: Vec<&Arc<Record>> = (seen.records().map(|(_, record)| record))
            .filter(|record| open(record))
            .collect();
        let store = to.pool().reader().map_err(Problem::internal)?;
        let clocks = clocks(&to, &store, &layer, records.iter().copied())?;
        let now = now();
        let mut rows: Vec<(&Arc<Record>, Option<&Clock>)> = (records.into_iter())
            .map(|record| (record, clocks.get(&record.id)))
            .filter(|(_, clock)| !overdue || clock.is_some_and(|clock| clock.is_overdue(now)))
            .collect();
        // The soonest first; those without a deadline after them, the longest waiting first.
        rows.sort_by_key(|(record, clock)| {
            let deadline = clock.and_then(|clock| clock.deadline);
            (
                deadline.is_none(),
                deadline,
                clock.map(|clock| clock.since),
                Arc::clone(&record.id),
            )
        });
        let matched = rows.len();
        let late = (rows.iter())
            .filter(|(_, clock)| clock.is_some_and(|clock| clock.is_overdue(now)))
            .count();
        rows.truncate(limit);
        let grids = to.seen_by(&by).layer("grid").cloned();
        let rows: Vec<Value> = rows
            .into_iter()
            .map(|(record, clock)| {
                let place = (seen.position(&record.id))
                    .and_then(|at| seen.shape(at))
                    .map(|shape| shape.representative());
                let grid = place.zip(grids.as_ref()).and_then(|(place, grids)| {
                    let grid = grids.record(*grids.at(place).first()?);
                    let label = grids.layer.label.as_deref().unwrap_or("name");
                    let name = grid.get(&grids.layer, label).as_text();
                    Some(json!({ "id": &*grid.id, "name": name }))
                });
                let version = store.version(&layer.id, &record.id).map_err(Problem::internal)?;
                let view = by.see(&layer, record);
                let shown = |name: &Option<String>| match view.get(name.as_deref()?) {
                    Seen::Nothing => None,
                    seen => Some(seen.to_text()),
                };
                let code = machine.state(record);
                let beside: Map<String, Value> = (show.iter())
                    .map(|name| {
                        let words = shown(&Some(name.clone())).map(Value::from);
                        (name.clone(), words.unwrap_or_default())
                    })
                    .collect();
                Ok(json!({
                    "id": &*record.id, "version": version, "grid": grid, "shows": beside, "code": shown(&layer.code), "label": shown(&layer.label),
                    "state": code, "title": state_title(to.catalog(), &layer, &process, code),
                    "since": clock.map(|clock| clock.since.to_rfc3339()),
                    "deadline": clock.and_then(|clock| clock.deadline).map(|at| at.to_rfc3339()),
                    "overdue": clock.is_some_and(|clock| clock.is_overdue(now)),
                    "suspended": clock.is_some_and(|clock| clock.stopped),
                    "place": place.map(|place| [place.lon(), place.lat()]),
                }))
            })
            .collect::<Result<_, Problem>>()?;
        Ok::<_, Problem>(
            json!({ "layer": layer.id, "matched": matched, "overdue": late, "rows": rows }),
        )
    })
    .await
    .map_err(Problem::internal)??;
    Ok(Json(told))
}

/// The fields that are told beside, by their names.
fn fields(layer: &Layer, show: &str) -> Result<Vec<String>, Problem> {
    let names = show
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty());
    names
        .map(|name| match layer.field(name) {
            Some(_) => Ok(name.to_owned()),
            None => Err(Problem::parameter(
                "show",
                format_args!("图层 {} 没有字段“{name}”", layer.id),
                format_args!("the layer {} has no field “{name}”", layer.id),
            )),
        })
        .collect()
}

fn flag(given: &mut Parameters, name: &'static str) -> Result<bool, Problem> {
    match given.take(name)?.as_deref() {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Problem::parameter(
            name,
            "应为 true 或 false",
            "must be true or false",
        )),
    }
}
