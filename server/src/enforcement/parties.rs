//! `GET /enforcement/parties`: who is a party of many cases, told by identity, as a graph of
//! parties and cases.
//!
//! Who is one and the same follows from the number of the identity card or the credit code, never
//! from the name; the number itself does not leave. Only those who may read parties are answered.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use serde_json::{Value as Tree, json};
use yizhangtu_data::{Layer, Record, catalog::resident_number};

use super::{CASES, Definition, Figures};
use crate::{
    collections::features,
    http::{App, Parameters, Problem},
    policy::{Action, Viewer},
};

/// The table of parties.
const PARTIES: &str = "violation_party";
/// Parties in one answer at most, those with the most cases first.
const MOST: usize = 200;

pub(super) async fn parties(
    State(app): State<App>,
    viewer: Viewer,
    given: Parameters,
) -> Result<Json<Tree>, Problem> {
    given.finish()?;
    let missing = || Problem::not_found("此文件没有案件当事人 / this file has no parties of cases");
    let layer = app.layer(PARTIES).cloned().ok_or_else(missing)?;
    let cases = app.layer(CASES).cloned().ok_or_else(missing)?;
    viewer.require(Action::View, &layer)?;
    viewer.require(Action::View, &cases)?;
    let seen = features(&app, &viewer, &cases, None).await?;
    let definition = Definition::of(app.catalog());
    let told = tokio::task::spawn_blocking(move || {
        let store = app.pool().reader().map_err(Problem::internal)?;
        let mut rows: Vec<Record> = Vec::new();
        (store.walk(PARTIES, u64::MAX, None))
            .and_then(|mut walk| walk.each(|row| rows.push(row)))
            .map_err(Problem::internal)?;
        let mut found: BTreeMap<String, Vec<&Record>> = BTreeMap::new();
        for row in &rows {
            let case = row.get(&layer, CASES).as_text();
            // Of a part of the village, and of what was not dropped or merged into another.
            let counts = case
                .and_then(|case| seen.get(case))
                .is_some_and(|case| Figures::of(&definition, &cases, case).void == 0);
            if let Some(key) = identity(&layer, row).filter(|_| counts) {
                found.entry(key).or_default().push(row);
            }
        }
        let mut all: Vec<(usize, Tree)> = (found.values())
            .filter_map(|rows| {
                let mut own: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
                for row in rows {
                    let case = row.get(&layer, CASES).as_text()?;
                    let role = row.get(&layer, "role").as_text().unwrap_or_default();
                    own.entry(case).or_default().push(role);
                }
                (own.len() > 1).then(|| {
                    let cases: Vec<Tree> = (own.iter())
                        .filter_map(|(id, roles)| {
                            let case = seen.get(id)?;
                            let told = |name| viewer.see(&cases, case).get(name).to_text();
                            let figures = Figures::of(&definition, &cases, case).told();
                            Some(json!({
                                "id": id, "roles": roles, "code": told("code"),
                                "address": told("address"), "state": told("state"), "kind": told("kind"),
                                "violation_area_m2": figures.area("violation_area_m2"),
                            }))
                        })
                        .collect();
                    let view = viewer.see(&layer, rows[0]);
                    (cases.len(), json!({
                        // The row that it is unmasked by, for those with the right.
                        "id": &*rows[0].id,
                        "name": view.get("name"),
                        "cases": cases,
                    }))
                })
            })
            .collect();
        all.sort_by(|(one, a), (other, b)| {
            other
                .cmp(one)
                .then_with(|| a["id"].as_str().cmp(&b["id"].as_str()))
        });
        let matched = all.len();
        let rows: Vec<Tree> = all.into_iter().take(MOST).map(|(_, told)| told).collect();
        Ok::<_, Problem>(json!({ "matched": matched, "rows": rows }))
    });
    Ok(Json(told.await.map_err(Problem::internal)??))
}

/// What tells one party from another: an identity number or a credit code; none without either.
fn identity(layer: &Layer, row: &Record) -> Option<String> {
    let text = |name| row.get(layer, name).as_text().unwrap_or_default().trim();
    let number = resident_number(text("id_number"));
    if !number.is_empty() {
        return Some(format!("id {number}"));
    }
    let code = text("uscc").to_uppercase();
    (!code.is_empty()).then(|| format!("uscc {code}"))
}
