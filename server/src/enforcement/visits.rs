//! `GET /enforcement/visits`: closed cases that are to be looked at again, the longest due first.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use chrono::{Months, NaiveDate};
use serde_json::{Value, json};
use yizhangtu_data::{
    catalog::Process,
    clock,
    course::{Taken, reference},
    store::GeoPackage,
};

use super::CASES;
use crate::{
    atlas::LayerSnapshot,
    collections::features,
    http::{App, Parameters, Problem},
    policy::{Action, Seen, Viewer},
};

/// Visits that are due within so many days are told too.
const AHEAD: i64 = 30;
/// A visit that is due.
pub(super) struct Due {
    /// Position of the case.
    pub(super) case: u32,
    pub(super) on: NaiveDate,
    /// Which one it is: so many months after the case was closed.
    months: u32,
}

/// Cases in one answer at most.
const MOST: usize = 1000;

pub(super) async fn visits(
    State(app): State<App>,
    viewer: Viewer,
    given: Parameters,
) -> Result<Json<Value>, Problem> {
    given.finish()?;
    let missing = || Problem::not_found("这个文件没有两违案件 / this file has no violation cases");
    let layer = app.layer(CASES).cloned().ok_or_else(missing)?;
    viewer.require(Action::View, &layer)?;
    let process = app.catalog().process(CASES).cloned().ok_or_else(missing)?;
    let rule = process.visits.clone().ok_or_else(missing)?;
    let cases = features(&app, &viewer, &layer, None).await?;
    let told = tokio::task::spawn_blocking(move || {
        let store = app.pool().reader().map_err(Problem::internal)?;
        let due = due(&app, &store, &cases, &process)?;
        let today = clock::now().date_naive();
        let late = due.iter().filter(|visit| visit.on < today).count();
        let rows: Vec<Value> = (due.iter().take(MOST))
            .map(|visit| {
                let case = cases.record(visit.case);
                let view = viewer.see(&layer, case);
                let shown = |name: &str| match view.get(name) {
                    Seen::Nothing => None,
                    seen => Some(seen.to_text()),
                };
                json!({
                    "id": &*case.id, "code": shown("code"), "address": shown("address"),
                    "due": visit.on, "late": visit.on < today, "months": visit.months,
                })
            })
            .collect();
        Ok::<_, Problem>(
            json!({ "matched": due.len(), "late": late, "months": rule.months, "rows": rows }),
        )
    })
    .await
    .map_err(Problem::internal)??;
    Ok(Json(told))
}

/// The visits that are due to some cases, the longest due first; none where the process knows
/// no visits.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn due(
    app: &App,
    store: &GeoPackage,
    cases: &LayerSnapshot,
    process: &Process,
) -> Result<Vec<Due>, Problem> {
    let (Some(rule), Some(log)) = (&process.visits, app.layer(&process.log)) else {
        return Ok(Vec::new());
    };
    let of = reference(log, CASES).unwrap_or_default();
    let mut done: BTreeMap<String, Vec<NaiveDate>> = BTreeMap::new();
    let read = store.scan(&log.id, |row| {
        if let (Some(case), Some(taken)) = (row.get(log, of).as_text(), Taken::read(log, &row))
            && taken.step == rule.step
        {
            let days = done.entry(case.to_owned()).or_default();
            days.push(taken.at.date_naive());
        }
    });
    read.map_err(Problem::internal)?;
    let today = clock::now().date_naive();
    let mut due = Vec::new();
    for (at, case) in cases.records() {
        let state = case.get(&cases.layer, &process.state).as_text();
        let over = (state.and_then(|code| process.state(code)))
            .is_some_and(|state| process.leads_from_state(&rule.step, &state.code));
        let (true, Some(since)) = (over, case.get(&cases.layer, &rule.since).as_date()) else {
            continue;
        };
        let number = done
            .get(&*case.id)
            .map_or(0, |days| days.iter().filter(|day| **day >= since).count());
        let Some(&months) = rule.months.get(number) else {
            continue;
        };
        if let Some(on) = since.checked_add_months(Months::new(months))
            && (on - today).num_days() <= AHEAD
        {
            due.push(Due {
                case: at,
                on,
                months,
            });
        }
    }
    due.sort_by(|a, b| {
        (a.on.cmp(&b.on)).then_with(|| cases.record(a.case).id.cmp(&cases.record(b.case).id))
    });
    Ok(due)
}
