//! One step with many features: the desk's 批量分拨. Each is taken for itself, as by hand, so that
//! one that may not go on does not hold the others up.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
};
use serde_json::{Value, json};
use yizhangtu_data::Key;

use super::{
    describe::{missing, state_title},
    handed,
    read::Machine,
    take::{Asked, apply},
};
use crate::{
    changes,
    collections::{find, visible_layer as layer_of},
    http::{App, Parameters, Problem},
    policy::Viewer,
};

/// Features that one request takes a step with, at most.
const MOST: usize = 200;

/// `POST /processes/{layer}/steps/{step}`: `items` with `id` and the `version` that was seen,
/// and what a step takes else. The answer has a result for each, in the order asked.
pub(super) async fn steps(
    State(app): State<App>,
    Path((id, step)): Path<(String, String)>,
    viewer: Viewer,
    headers: HeaderMap,
    given: Parameters,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    given.finish()?;
    app.writable()?;
    let layer = Arc::clone(layer_of(&app, &viewer, &id)?);
    let machine = Machine::of(&app, &layer)?;
    if machine.current.transition(&step).is_none() {
        return Err(Problem::not_found(format!(
            "流程没有步骤 {step} / the process has no step {step}"
        )));
    }
    let mut members = changes::object(&headers, &body)?;
    let items = items(members.remove("items"))?;
    let (handed, happened) = handed::read(members)?;
    let path = format!("/processes/{id}/steps/{step}");
    let key = changes::key(&headers, &[path.as_bytes(), &body])?;
    let mut results = Vec::with_capacity(items.len());
    for (item, version) in items {
        // Each is a change set of its own, and so is a repeat of it.
        let key = key.clone().map(|key| Key {
            key: format!("{}/{item}", key.key),
            ..key
        });
        let before = match &key {
            Some(key) => changes::recall(&app, viewer.author(), key).await?,
            None => None,
        };
        let came = if before.is_some() {
            Ok(())
        } else if find(&app, &viewer, &layer, &item).await?.is_none() {
            Err(missing(&layer, &item))
        } else {
            let asked = Asked {
                item: item.clone(),
                step: step.clone(),
                given: handed.clone(),
                happened,
                version: Some(version),
                key,
            };
            apply(&app, Some(&viewer), &layer, asked).await
        };
        results.push(match came {
            Ok(()) => taken(&app, &machine, &item),
            Err(problem) if problem.status() == StatusCode::INTERNAL_SERVER_ERROR => {
                return Err(problem);
            }
            Err(problem) => json!({
                "id": item, "taken": false, "status": problem.status().as_u16(),
                "detail": problem.detail(),
            }),
        });
    }
    let done = results.iter().filter(|one| one["taken"] == true).count();
    Ok(Json(json!({
        "taken": done, "refused": results.len() - done, "results": results,
    })))
}

/// Where a feature stands after its step.
fn taken(app: &App, machine: &Machine, item: &str) -> Value {
    let layer = &machine.layer;
    let snapshot = app.snapshot();
    let record = snapshot.layer(&layer.id).and_then(|layer| layer.get(item));
    let state = record.map(|record| machine.state(record).to_owned());
    let title = state
        .as_deref()
        .map(|code| state_title(app.catalog(), layer, &machine.current, code));
    json!({ "id": item, "taken": true, "state": state, "title": title })
}

fn items(given: Option<Value>) -> Result<Vec<(String, u64)>, Problem> {
    let wrong = || {
        Problem::parameter(
            "items",
            format_args!("应为 1 到 {MOST} 个 {{\"id\", \"version\"}}"),
            format_args!("must be 1 to {MOST} of {{\"id\", \"version\"}}"),
        )
    };
    let list = given.and_then(|given| match given {
        Value::Array(list) if (1..=MOST).contains(&list.len()) => Some(list),
        _ => None,
    });
    list.ok_or_else(wrong)?
        .iter()
        .map(|item| {
            let id = item["id"].as_str().ok_or_else(wrong)?;
            let version = item["version"].as_u64().ok_or_else(wrong)?;
            Ok((id.to_owned(), version))
        })
        .collect()
}
