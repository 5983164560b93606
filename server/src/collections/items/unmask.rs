//! `POST /collections/{layer}/items/{id}/unmask`: one record as it is, for a reason, on record.

use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{SecondsFormat, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{item::find, layer};
use crate::{
    audit::Entry,
    http::{App, FieldProblem, Problem},
    policy::{Action, Viewer},
};

/// How long the page shows what it was given.
const SHOWN_MINUTES: i64 = 5;

/// Shortest and longest reason in characters.
const REASON: std::ops::RangeInclusive<usize> = 4..=200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Asked {
    reason: String,
}

pub(in super::super) async fn unmask(
    State(app): State<App>,
    Path((id, item)): Path<(String, String)>,
    viewer: Viewer,
    Json(asked): Json<Asked>,
) -> Result<Response, Problem> {
    let layer = layer(&app, &viewer, &id)?;
    let object = format!("{id}/{item}");
    let refused = |problem: Problem| {
        app.note(&viewer, Entry::of("unmask", object.clone()).refused());
        problem
    };
    let record = find(&app, &viewer, layer, &item).await?.ok_or_else(|| {
        refused(Problem::not_found(format!(
            "图层 {id} 没有要素 {item} / the layer {id} has no feature {item}"
        )))
    })?;
    viewer.require(Action::Unmask, layer).map_err(refused)?;
    viewer.require_factor().map_err(refused)?;
    let reason = asked.reason.trim().to_owned();
    if !REASON.contains(&reason.chars().count()) {
        let message = format!(
            "请写明事由，{} 至 {} 个字 / give a reason of {} to {} characters",
            REASON.start(),
            REASON.end(),
            REASON.start(),
            REASON.end()
        );
        return Err(
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, message.clone()).with(FieldProblem {
                field: "reason".to_owned(),
                row: None,
                code: "length",
                message,
            }),
        );
    }
    // On record first: what can't be logged is not shown.
    let entry = Entry::of("unmask", object.clone())
        .because(reason)
        .counting(1);
    let (log, asker) = (app.clone(), viewer.clone());
    tokio::task::spawn_blocking(move || log.log(&asker, entry))
        .await
        .map_err(Problem::internal)?
        .map_err(|error| {
            tracing::error!(%error, "an unmasking could not be logged, and was refused");
            Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "无法写入审计日志，因此不显示明文 / the audit log can't be written, so nothing is shown unmasked",
            )
        })?;
    let view = viewer.see_unmasked(layer, &record);
    let properties: Map<String, Value> = (view.fields())
        .filter(|(field, _)| field.sensitivity.is_personal())
        .map(|(field, seen)| (field.name.clone(), json!(seen)))
        .collect();
    let until = Utc::now() + TimeDelta::minutes(SHOWN_MINUTES);
    let answer = json!({
        "id": view.id(),
        "properties": properties,
        "shown_until": until.to_rfc3339_opts(SecondsFormat::Secs, true),
    });
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}
