//! 拆、建、整治、保留: measure and phase of many houses of a unit, by a rule that is tried first.
//!
//! A measure is what a unit has in mind for a house and says nothing of the house itself. So
//! whoever draws units sets it, without the right to change houses otherwise, and only of houses
//! that lie in a unit.

use axum::{Json, body::Bytes, extract::State};
use serde::{Deserialize, Serialize};
use yizhangtu_data::Value;

use super::{
    rule::{Setting, reasoned},
    steps::unfit,
};
use crate::{
    http::{App, Parameters, Problem},
    policy::{Action, Viewer},
};

const LIST: &str = "renewal_measure";

/// What is asked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    unit: String,
    /// A CQL2 text on the fields of a house; every house of the unit where it is empty.
    #[serde(default)]
    filter: String,
    measure: String,
    /// The phase; as it is where none is given.
    #[serde(default)]
    phase: Option<i64>,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    dry_run: bool,
}

/// What a rule did, or would do.
#[derive(Serialize)]
pub(super) struct Done {
    matched: u64,
    changed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    change_set: Option<i64>,
}

/// `POST /renewal/measures`.
pub(super) async fn set(
    State(app): State<App>,
    viewer: Viewer,
    given: Parameters,
    body: Bytes,
) -> Result<Json<Done>, Problem> {
    given.finish()?;
    let asked: Asked = serde_json::from_slice(&body).map_err(|error| Problem::not_json(&error))?;
    app.writable()?;
    let layer = |id: &str| app.layer(id).cloned().ok_or_else(|| viewer.refused());
    let houses = layer("building")?;
    let units = layer(super::UNITS)?;
    viewer.require(Action::Edit, &units)?;
    viewer.require(Action::Count, &houses)?;
    let list = app.catalog().code_list(LIST);
    if list.is_none_or(|list| list.get(&asked.measure).is_none()) {
        return Err(unfit(
            "measure",
            &format!(
                "没有措施“{}”，请从更新措施代码表中选 / there is no measure “{}”; choose one of the list",
                asked.measure, asked.measure
            ),
        ));
    }
    let range = houses.field("phase").and_then(|field| field.range);
    if let (Some(phase), Some([least, most])) = (asked.phase, range) {
        #[expect(clippy::cast_precision_loss, reason = "a phase is a small number")]
        let own = phase as f64;
        if !(least..=most).contains(&own) {
            return Err(unfit(
                "phase",
                &format!("应在 {least} 到 {most} 之间 / must be {least} to {most}"),
            ));
        }
    }
    reasoned(&asked.reason, asked.dry_run)?;
    let dry_run = asked.dry_run;
    let (worker, by) = (app.clone(), viewer.clone());
    let found = tokio::task::spawn_blocking(move || {
        let counted = worker.counted_for(&by);
        let snapshot = counted.layer("building").ok_or_else(|| by.refused())?;
        let mut fields = vec![("measure", Value::from(asked.measure.as_str()))];
        fields.extend(asked.phase.map(|phase| ("phase", Value::Integer(phase))));
        let setting = Setting {
            filter: &asked.filter,
            unit: Some(&asked.unit),
            is_set: &|layer, record| {
                record.get(layer, "measure").as_text() == Some(&asked.measure)
                    && asked
                        .phase
                        .is_none_or(|own| record.get(layer, "phase").as_integer() == Some(own))
            },
            fields,
            reason: &asked.reason,
        };
        setting.hold(&worker, &by, &houses, snapshot)
    })
    .await
    .map_err(Problem::internal)??;
    Ok(Json(Done {
        matched: found.matched.len() as u64,
        changed: found.set.changes.len() as u64,
        change_set: found.keep(&app, &viewer, dry_run).await?,
    }))
}
