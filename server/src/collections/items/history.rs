//! What a feature was: its history, the difference of two versions, and the way back.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use yizhangtu_data::{
    Id, Layer, Operation, Record,
    store::{Ancestry, Revision},
};

use super::{
    feature_json,
    item::find,
    layer,
    write::{answer, existing, fault, matches, one},
};
use crate::{
    changes,
    http::{App, Parameters, Problem},
    policy::{Action, Seen, Viewer},
};

/// All that the file knows of a feature.
struct Past {
    /// The oldest first.
    revisions: Vec<Revision>,
    now: Option<Record>,
    version: u64,
    predecessors: Vec<Ancestry>,
    successors: Vec<Ancestry>,
}

impl Past {
    async fn read(
        app: &App,
        viewer: &Viewer,
        layer: &Arc<Layer>,
        item: &str,
    ) -> Result<Self, Problem> {
        // Of a part of a layer, what is there now has a past; of what is gone, nobody can say
        // any more whose it was.
        if viewer.ends(layer) && find(app, viewer, layer, item).await?.is_none() {
            return Err(missing(layer, item));
        }
        let (of, id) = (Arc::clone(layer), item.to_owned());
        let past = app
            .pool()
            .read(move |store| {
                store.moment(|| {
                    let (now, version) = store.get_versioned(&of.id, &id)?;
                    let (predecessors, successors) = store.ancestry(&of.id, &id)?;
                    Ok(Self {
                        revisions: store.revisions(&of.id, &id)?,
                        now,
                        version,
                        predecessors,
                        successors,
                    })
                })
            })
            .await?;
        if past.now.is_none() && past.revisions.is_empty() {
            return Err(missing(layer, item));
        }
        Ok(past)
    }

    /// The feature after a revision.
    fn after(&self, place: usize) -> Option<&Record> {
        match self.revisions.get(place + 1) {
            Some(next) => next.before.as_ref(),
            None => self.now.as_ref(),
        }
    }

    /// The feature after the change of a number; outer none where it was never so numbered.
    fn at(&self, sequence: u64) -> Option<&Record> {
        let place =
            (self.revisions).partition_point(|revision| revision.entry.sequence <= sequence);
        match self.revisions.get(place) {
            Some(next) => next.before.as_ref(),
            None => self.now.as_ref(),
        }
    }
}

fn missing(layer: &Layer, item: &str) -> Problem {
    Problem::not_found(format!(
        "图层 {layer} 没有、也没有过要素 {item} / the layer {layer} has and had no feature {item}",
        layer = layer.id
    ))
}

/// `GET /collections/{layer}/items/{id}/history`.
pub(in super::super) async fn history(
    State(app): State<App>,
    Path((id, item)): Path<(String, String)>,
    viewer: Viewer,
    mut given: Parameters,
) -> Result<Response, Problem> {
    let layer = Arc::clone(layer(&app, &viewer, &id)?);
    let from = given.parse::<u64>("from", "版本号", "the number of a version")?;
    let to = given.parse::<u64>("to", "版本号", "the number of a version")?;
    given.finish()?;
    let past = Past::read(&app, &viewer, &layer, &item).await?;
    let body = match (from, to) {
        (None, None) => entries(&app, &layer, &item, &viewer, &past)?,
        (from, to) => {
            let from = from.unwrap_or(0);
            let to = to.unwrap_or(past.version);
            difference(&layer, &viewer, past.at(from), past.at(to))?
        }
    };
    Ok(Json(body).into_response())
}

fn entries(
    app: &App,
    layer: &Layer,
    item: &str,
    viewer: &Viewer,
    past: &Past,
) -> Result<Value, Problem> {
    let feature = |record: Option<&Record>| match record {
        None => Ok(Value::Null),
        Some(record) => feature_json(&viewer.see(layer, record)).map_err(Problem::internal),
    };
    let mut entries = Vec::new();
    for (place, revision) in past.revisions.iter().enumerate().rev() {
        let entry = &revision.entry;
        let (before, after) = (revision.before.as_ref(), past.after(place));
        entries.push(json!({
            "sequence": entry.sequence,
            "operation": entry.operation,
            "at": entry.at,
            "author": app.identity().author(viewer, entry.author.as_deref()),
            "reason": entry.reason,
            "change_set": entry.change_set,
            "batch": entry.batch.as_deref(),
            "before": feature(before)?,
            "after": feature(after)?,
            "changed": changed(layer, before, after),
        }));
    }
    let others = |others: &[Ancestry]| -> Vec<Value> {
        (others.iter())
            .map(|other| json!({ "id": &*other.id, "change_set": other.change_set }))
            .collect()
    };
    Ok(json!({
        "layer": layer.id,
        "id": item,
        "version": past.version,
        "entries": entries,
        "predecessors": others(&past.predecessors),
        "successors": others(&past.successors),
    }))
}

/// Names of the fields that differ; all that hold something where one side is not there.
fn changed(layer: &Layer, before: Option<&Record>, after: Option<&Record>) -> Vec<String> {
    let mut names: Vec<String> = (layer.fields.iter().enumerate())
        .filter(|(at, _)| {
            let value = |record: Option<&Record>| {
                record.map_or(yizhangtu_data::Value::Null, |record| {
                    record.values[*at].clone()
                })
            };
            value(before) != value(after)
        })
        .map(|(_, field)| field.name.clone())
        .collect();
    let shape = |record: Option<&Record>| record.and_then(|record| record.geometry.clone());
    if !layer.personal && shape(before) != shape(after) {
        names.push("geometry".to_owned());
    }
    names
}

fn difference(
    layer: &Layer,
    viewer: &Viewer,
    from: Option<&Record>,
    to: Option<&Record>,
) -> Result<Value, Problem> {
    let feature = |record: Option<&Record>| match record {
        None => Ok(Value::Null),
        Some(record) => feature_json(&viewer.see(layer, record)).map_err(Problem::internal),
    };
    let (before, after) = (feature(from)?, feature(to)?);
    let seen = |record: Option<&Record>, name: &str| match record {
        None => Value::Null,
        Some(record) => match viewer.see(layer, record).get(name) {
            Seen::Nothing => Value::Null,
            seen => serde_json::to_value(&seen).unwrap_or_default(),
        },
    };
    let changed: Vec<Value> = changed(layer, from, to)
        .into_iter()
        .map(|name| {
            let (one, other) = if name == "geometry" {
                (before["geometry"].clone(), after["geometry"].clone())
            } else {
                (seen(from, &name), seen(to, &name))
            };
            json!({ "field": name, "before": one, "after": other })
        })
        .collect();
    Ok(json!({ "from": before, "to": after, "changed": changed }))
}

/// `POST /collections/{layer}/items/{id}/revert`.
pub(in super::super) async fn revert(
    State(app): State<App>,
    Path((id, item)): Path<(String, String)>,
    viewer: Viewer,
    headers: HeaderMap,
    given: Parameters,
    body: Bytes,
) -> Result<Response, Problem> {
    given.finish()?;
    let layer = Arc::clone(layer(&app, &viewer, &id)?);
    changes::may(&app, &viewer, Action::Edit, &layer)?;
    let mut members = changes::object(&headers, &body)?;
    let to = members
        .remove("to")
        .and_then(|to| to.as_u64())
        .ok_or_else(|| Problem::parameter("to", "应为版本号", "must be the number of a version"))?;
    let mut reason = changes::reason(&mut members)?;
    changes::nothing_else(&members)?;
    if reason.is_empty() {
        reason = format!("恢复到版本 {to} / return to version {to}");
    }
    let past = Past::read(&app, &viewer, &layer, &item).await?;
    let wanted = past.at(to).cloned();
    let there = past.now.is_some();
    let version = if there {
        existing(&app, &viewer, &layer, &item, &headers).await?.1
    } else {
        if !matches(&headers, past.version)? {
            return Err(fault(
                &layer,
                &item,
                "version",
                "version",
                "要素已被删除，请重新读取历史 / the feature was deleted; read its history again"
                    .to_owned(),
            ));
        }
        past.version
    };
    let operation = match (wanted, there) {
        (Some(record), true) => Operation::Update(record),
        (Some(record), false) => Operation::Insert(record),
        (None, true) => Operation::Delete(Id::from(item.as_str())),
        (None, false) => {
            return Err(fault(
                &layer,
                &item,
                "to",
                "absent",
                format!("版本 {to} 时没有此要素 / the feature was not there at version {to}"),
            ));
        }
    };
    let goes = matches!(operation, Operation::Delete(_));
    let done = one(&app, &viewer, &layer, operation, version, reason, true).await?;
    if goes {
        return Ok(axum::http::StatusCode::NO_CONTENT.into_response());
    }
    answer(&app, &viewer, &layer, &item, &done).await
}
