//! Creating, replacing, updating and deleting features (OGC API Features Part 4, 20-002):
//! each one change set of one change.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;
use yizhangtu_data::{Change, ChangeSet, Expected, Layer, Operation, Record, crs::Transform};

use super::{super::crs::Offered, item::find, layer};
use crate::{
    changes::{self, Done, Draft, Fault, Refusal},
    http::{App, Base, Parameters, Problem, percent_encoded},
    policy::{Action, Viewer},
};

/// Media types that features may come in.
const FEATURE: [&str; 2] = ["application/geo+json", "application/json"];

/// Media types that patches may come in.
const PATCH: [&str; 3] = [
    "application/merge-patch+json",
    "application/geo+json",
    "application/json",
];

/// `POST /collections/{layer}/items`.
pub(in super::super) async fn create(
    State(app): State<App>,
    Path(id): Path<String>,
    viewer: Viewer,
    base: Base,
    headers: HeaderMap,
    given: Parameters,
    body: Bytes,
) -> Result<Response, Problem> {
    given.finish()?;
    let layer = Arc::clone(layer(&app, &viewer, &id)?);
    changes::may(&app, &viewer, Action::Create, &layer)?;
    let feature = changes::json(&headers, &body, &FEATURE)?;
    let author = viewer.author().to_owned();
    let path = format!("/collections/{id}/items");
    let key = changes::key(&headers, &[path.as_bytes(), &body])?;
    let from = content_crs(&headers)?;
    let record = drafted(&app, &viewer, &layer, from, move |draft| {
        draft.insert(None, &feature)
    })
    .await?;
    let operation = Operation::Insert(record);
    may_on(&app, &viewer, &layer, &operation).await?;
    let set = ChangeSet {
        author,
        reason: reason(&headers)?,
        changes: vec![Change {
            layer: layer.id.as_str().into(),
            operation,
        }],
        key,
        ..ChangeSet::default()
    };
    let done = apply(&app, &viewer, set).await?;
    let entry = (done.entries.first()).ok_or_else(|| Problem::internal("nothing was created"))?;
    let own = format!(
        "/collections/{}/items/{}",
        percent_encoded(&layer.id),
        percent_encoded(&entry.id)
    );
    // A repeat of an earlier request may find that the feature went on since, or is gone.
    let mut response = match answer(&app, &viewer, &layer, &entry.id, &done).await {
        Ok(response) => response,
        Err(_) if done.replayed => StatusCode::OK.into_response(),
        Err(problem) => return Err(problem),
    };
    *response.status_mut() = StatusCode::CREATED;
    if let Ok(location) = HeaderValue::from_str(&base.at(&own)) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// `PUT` and `PATCH /collections/{layer}/items/{id}`.
pub(in super::super) async fn change(
    State(app): State<App>,
    Path((id, item)): Path<(String, String)>,
    method: Method,
    viewer: Viewer,
    headers: HeaderMap,
    given: Parameters,
    body: Bytes,
) -> Result<Response, Problem> {
    given.finish()?;
    let layer = Arc::clone(layer(&app, &viewer, &id)?);
    changes::may(&app, &viewer, Action::Edit, &layer)?;
    let whole = method == Method::PUT;
    let kinds: &[&str] = if whole { &FEATURE } else { &PATCH };
    let sent = changes::json(&headers, &body, kinds)?;
    let reason = reason(&headers)?;
    let from = content_crs(&headers)?;
    let (before, version) = existing(&app, &viewer, &layer, &item, &headers).await?;
    let record = drafted(&app, &viewer, &layer, from, move |draft| {
        if whole {
            draft.replace(&before, &sent)
        } else {
            draft.patch(&before, &sent)
        }
    })
    .await?;
    let done = one(
        &app,
        &viewer,
        &layer,
        Operation::Update(record),
        version,
        reason,
        false,
    )
    .await?;
    answer(&app, &viewer, &layer, &item, &done).await
}

/// `DELETE /collections/{layer}/items/{id}`.
pub(in super::super) async fn delete(
    State(app): State<App>,
    Path((id, item)): Path<(String, String)>,
    viewer: Viewer,
    headers: HeaderMap,
    given: Parameters,
) -> Result<Response, Problem> {
    given.finish()?;
    let layer = Arc::clone(layer(&app, &viewer, &id)?);
    changes::may(&app, &viewer, Action::Delete, &layer)?;
    let reason = reason(&headers)?;
    let (before, version) = existing(&app, &viewer, &layer, &item, &headers).await?;
    let gone = Operation::Delete(before.id);
    one(&app, &viewer, &layer, gone, version, reason, false).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The record that a request asks for, drawn up beside the threads that answer; 422 with
/// every fault that the catalog finds. `from` is the system that its coordinates are in.
async fn drafted(
    app: &App,
    viewer: &Viewer,
    layer: &Arc<Layer>,
    from: Option<(Transform, bool)>,
    draw: impl FnOnce(&Draft<'_>) -> Result<Record, Vec<Fault>> + Send + 'static,
) -> Result<Record, Problem> {
    let (app, viewer, layer) = (app.clone(), viewer.clone(), Arc::clone(layer));
    tokio::task::spawn_blocking(move || {
        draw(&Draft {
            layer: &layer,
            catalog: app.catalog(),
            viewer: &viewer,
            change: None,
            from: from.as_ref(),
        })
    })
    .await
    .map_err(Problem::internal)?
    .map_err(|faults| changes::unfit(&faults))
}

/// A change of one feature whose version the author saw.
pub(super) async fn one(
    app: &App,
    viewer: &Viewer,
    layer: &Layer,
    operation: Operation,
    version: u64,
    reason: String,
    returns: bool,
) -> Result<Done, Problem> {
    may_on(app, viewer, layer, &operation).await?;
    let name: Arc<str> = layer.id.as_str().into();
    let set = ChangeSet {
        author: viewer.author().to_owned(),
        reason,
        expects: vec![Expected {
            layer: Arc::clone(&name),
            id: Arc::clone(operation.id()),
            version,
        }],
        changes: vec![Change {
            layer: name,
            operation,
        }],
        returns,
        ..ChangeSet::default()
    };
    apply(app, viewer, set).await
}

/// Whether the viewer may do this to this feature, where it is and where it shall be.
async fn may_on(
    app: &App,
    viewer: &Viewer,
    layer: &Layer,
    operation: &Operation,
) -> Result<(), Problem> {
    let of = app.layer(&layer.id).cloned();
    let (to, by, operation) = (app.clone(), viewer.clone(), operation.clone());
    tokio::task::spawn_blocking(move || {
        let layer = of.ok_or_else(|| Problem::internal("the layer is gone"))?;
        let store = to.pool().reader().map_err(Problem::internal)?;
        let id: &str = operation.id();
        let (action, on) = match &operation {
            Operation::Insert(record) => (Action::Create, (None, Some(record))),
            Operation::Update(record) => (Action::Edit, (Some(id), Some(record))),
            Operation::Delete(_) => (Action::Delete, (Some(id), None)),
        };
        changes::may_on(&to, &by, &store, action, &layer, on)
    })
    .await
    .map_err(Problem::internal)?
}

async fn apply(app: &App, viewer: &Viewer, set: ChangeSet) -> Result<Done, Problem> {
    match app.keeper().apply(set, Vec::new(), false).await {
        Ok(done) => Ok(done),
        Err(refusal) => Err(told(refusal, app, viewer).await),
    }
}

async fn told(refusal: Refusal, app: &App, viewer: &Viewer) -> Problem {
    refusal.problem(app, viewer).await
}

/// A feature as stored, if it is there, and its version.
async fn stored(
    app: &App,
    layer: &Arc<Layer>,
    item: &str,
) -> Result<(Option<Record>, u64), Problem> {
    let (of, id) = (Arc::clone(layer), item.to_owned());
    app.pool()
        .read(move |store| store.get_versioned(&of.id, &id))
        .await
}

/// The feature that a request changes, and the version that its author saw: 404 where there
/// is none, 428 where they do not say what they saw, 412 where it is another one by now.
pub(crate) async fn existing(
    app: &App,
    viewer: &Viewer,
    layer: &Arc<Layer>,
    item: &str,
    headers: &HeaderMap,
) -> Result<(Record, u64), Problem> {
    let seen = find(app, viewer, layer, item).await?.is_some();
    let (record, version) = stored(app, layer, item).await?;
    let record = record.filter(|_| seen).ok_or_else(|| {
        Problem::not_found(format!(
            "图层 {layer} 没有要素 {item} / the layer {layer} has no feature {item}",
            layer = layer.id
        ))
    })?;
    if !matches(headers, version)? {
        let refusal = Refusal::from(yizhangtu_data::store::StoreError::Stale {
            features: vec![(layer.id.as_str().into(), Arc::clone(&record.id))],
        });
        let mut problem = told(refusal, app, viewer).await;
        problem.tagged(&tag(version));
        return Err(problem);
    }
    Ok((record, version))
}

/// Whether the author saw a version, by `If-Match`.
///
/// # Errors
/// 428 where there is no `If-Match`.
pub(super) fn matches(headers: &HeaderMap, version: u64) -> Result<bool, Problem> {
    let mut given = (headers.get_all(header::IF_MATCH).iter()).peekable();
    if given.peek().is_none() {
        return Err(Problem::new(
            StatusCode::PRECONDITION_REQUIRED,
            "缺少 If-Match：请带上读取时得到的 ETag / If-Match is missing; send the ETag that the feature was read with",
        ));
    }
    Ok(given
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|tag| tag.trim() == "*" || changes::version_of(tag) == Some(version)))
}

/// The entity tag of a version.
pub(super) fn tag(version: u64) -> String {
    format!("\"{version}\"")
}

/// The feature as it is now, with its tag.
pub(super) async fn answer(
    app: &App,
    viewer: &Viewer,
    layer: &Arc<Layer>,
    item: &str,
    done: &Done,
) -> Result<Response, Problem> {
    let (record, version) = stored(app, layer, item).await?;
    let gone = || Problem::not_found("要素已被删除 / the feature is gone meanwhile");
    let record = record.ok_or_else(gone)?;
    let mut feature = changes::current(viewer, layer, &record, version)?;
    feature["sequence"] = done.sequence.into();
    feature["warnings"] = Value::from(done.warnings.clone());
    let headers = [
        (header::CONTENT_TYPE, "application/geo+json".to_owned()),
        (header::ETAG, tag(version)),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, feature.to_string()).into_response())
}

/// From the system that `Content-Crs` names; none where it is longitude and latitude.
fn content_crs(headers: &HeaderMap) -> Result<Option<(Transform, bool)>, Problem> {
    let Some(named) = headers.get("content-crs") else {
        return Ok(None);
    };
    let uri = named.to_str().unwrap_or_default();
    Offered::named("Content-Crs", uri)?
        .reading()
        .map_err(Problem::internal)
}

/// Why, by the header `Change-Reason`, percent-encoded where it is not ASCII.
fn reason(headers: &HeaderMap) -> Result<String, Problem> {
    const LONGEST: usize = 1000;
    let Some(reason) = headers.get("change-reason") else {
        return Ok(String::new());
    };
    let reason = percent_encoding::percent_decode(reason.as_bytes()).decode_utf8();
    match reason {
        Ok(reason) if reason.chars().count() <= LONGEST => Ok(reason.into_owned()),
        _ => Err(Problem::parameter(
            "Change-Reason",
            format_args!("应为不超过 {LONGEST} 字的百分号编码文本"),
            format_args!("must be percent-encoded text of {LONGEST} characters at most"),
        )),
    }
}

/// What is wrong with a request that names one feature.
pub(super) fn fault(
    layer: &Layer,
    id: &str,
    field: &str,
    code: &'static str,
    message: String,
) -> Problem {
    changes::unfit(&[Fault {
        change: None,
        layer: layer.id.as_str().into(),
        id: id.into(),
        field: field.to_owned(),
        code,
        message,
        place: None,
    }])
}
