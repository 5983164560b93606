//! `GET /enforcement/difference`: why a figure of a past day is another one now, case by case.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use serde_json::{Value, json};

use super::{Figures, asked::Asked};
use crate::{
    http::{App, Parameters, Problem},
    policy::Viewer,
};

/// Cases that are named at most; the sums are of all.
const NAMED: usize = 1000;

/// `as-of=` is the day that is compared with now; the filters are those of the totals.
pub(super) async fn difference(
    State(app): State<App>,
    viewer: Viewer,
    mut given: Parameters,
) -> Result<Json<Value>, Problem> {
    let asked = Asked::take(&mut given)?;
    given.finish()?;
    let Some(then) = &asked.as_of else {
        return Err(Problem::parameter(
            "as-of",
            "请给出要比较的日期",
            "give the day to compare with",
        ));
    };
    let before = asked.meant(&app, &viewer, Some(then)).await?;
    let after = asked.meant(&app, &viewer, None).await?;
    let mut pairs: BTreeMap<String, (Figures, Figures)> = BTreeMap::new();
    for (at, figures) in before.figures() {
        pairs
            .entry(before.cases.record(at).id.to_string())
            .or_default()
            .0 = figures;
    }
    for (at, figures) in after.figures() {
        pairs
            .entry(after.cases.record(at).id.to_string())
            .or_default()
            .1 = figures;
    }
    let sum = |pick: fn(&(Figures, Figures)) -> Figures| pairs.values().map(pick).sum::<Figures>();
    let (was, is) = (sum(|(was, _)| *was), sum(|(_, is)| *is));
    let changed: Vec<(&String, &(Figures, Figures))> =
        pairs.iter().filter(|(_, (was, is))| was != is).collect();
    let state = |meant: &super::asked::Meant, id: &str| {
        let case = meant.cases.get(id)?;
        let code = super::asked::text(&meant.layer, case, "state");
        let list = meant.layer.field("state")?.code_list.as_ref()?;
        let known = app.catalog().code_list(list)?.get(&code);
        Some(known.map_or(code.clone(), |code| code.label.zh.clone()))
    };
    let rows: Vec<Value> = (changed.iter().take(NAMED))
        .map(|(id, (was, is))| {
            let code = (after.cases.get(id).or_else(|| before.cases.get(id)))
                .map(|case| super::asked::text(&after.layer, case, "code"));
            json!({
                "id": id, "code": code,
                "state_before": state(&before, id), "state": state(&after, id),
                "before": was.told(), "after": is.told(),
            })
        })
        .collect();
    Ok(Json(json!({
        "before": was.told(), "after": is.told(),
        "changed": changed.len(), "rows": rows,
    })))
}
