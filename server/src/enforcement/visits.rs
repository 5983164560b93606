//! `GET /enforcement/visits`: closed cases that are to be looked at again, the longest due first.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use chrono::{Months, NaiveDate};
use serde_json::{Value, json};
use yizhangtu_data::{
    clock,
    course::{Taken, reference},
};

use super::CASES;
use crate::{
    collections::features,
    http::{App, Parameters, Problem},
    policy::{Action, Seen, Viewer},
};

/// Visits that are due within so many days are told too.
const AHEAD: i64 = 30;
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
    let log = app.layer(&process.log).cloned().ok_or_else(missing)?;
    let cases = features(&app, &viewer, &layer, None).await?;
    let told = tokio::task::spawn_blocking(move || {
        let store = app.pool().reader().map_err(Problem::internal)?;
        let of = reference(&log, CASES).unwrap_or_default();
        let mut done: BTreeMap<String, Vec<NaiveDate>> = BTreeMap::new();
        let read = store.scan(&log.id, |row| {
            if let (Some(case), Some(taken)) =
                (row.get(&log, of).as_text(), Taken::read(&log, &row))
                && taken.step == rule.step
            {
                done.entry(case.to_owned())
                    .or_default()
                    .push(taken.at.date_naive());
            }
        });
        read.map_err(Problem::internal)?;
        let today = clock::now().date_naive();
        let mut due: Vec<(NaiveDate, usize, u32)> = Vec::new();
        for (at, case) in cases.records() {
            let state = case
                .get(&layer, &process.state)
                .as_text()
                .and_then(|code| process.state(code));
            let over = state.is_some_and(|state| process.leads_from_state(&rule.step, &state.code));
            let (true, Some(since)) = (over, case.get(&layer, &rule.since).as_date()) else {
                continue;
            };
            let number = done
                .get(&*case.id)
                .map_or(0, |days| days.iter().filter(|day| **day >= since).count());
            let next = rule
                .months
                .get(number)
                .and_then(|months| since.checked_add_months(Months::new(*months)));
            if let Some(on) = next
                && (on - today).num_days() <= AHEAD
            {
                due.push((on, number, at));
            }
        }
        due.sort_by(|a, b| {
            a.0.cmp(&b.0)
                .then_with(|| cases.record(a.2).id.cmp(&cases.record(b.2).id))
        });
        let late = due.iter().filter(|(on, ..)| *on < today).count();
        let rows: Vec<Value> = (due.iter().take(MOST))
            .map(|(on, number, at)| {
                let case = cases.record(*at);
                let view = viewer.see(&layer, case);
                let shown = |name: &str| match view.get(name) {
                    Seen::Nothing => None,
                    seen => Some(seen.to_text()),
                };
                json!({
                    "id": &*case.id, "code": shown("code"), "address": shown("address"),
                    "due": on, "late": *on < today, "months": rule.months[*number],
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
