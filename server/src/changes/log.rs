//! `GET /changes`: the log, paged, or as a stream of what happens.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use yizhangtu_data::store::Entry;

use super::stream;
use crate::{
    http::{App, Base, Format, Parameters, Problem},
    policy::{Action, Viewer},
};

/// Entries given where nothing else is asked, and at most.
const DEFAULT_LIMIT: usize = 100;
const GREATEST_LIMIT: usize = 10_000;

/// `GET /changes`.
pub(super) async fn changes(
    State(app): State<App>,
    viewer: Viewer,
    base: Base,
    headers: HeaderMap,
    mut given: Parameters,
) -> Result<Response, Problem> {
    let since = given.parse::<u64>("since", "不小于 0 的整数", "a whole number")?;
    let limit = given.parse::<usize>("limit", "正整数", "a whole number above 0")?;
    given.finish()?;
    if limit == Some(0) {
        return Err(Problem::parameter("limit", "须大于 0", "must be above 0"));
    }
    if wants_stream(&headers) {
        let last = headers
            .get("last-event-id")
            .and_then(|id| id.to_str().ok())
            .and_then(|id| id.trim().parse().ok());
        return stream::answer(app, viewer, last.or(since)).await;
    }
    let since = since.unwrap_or(0);
    let limit = limit.unwrap_or(DEFAULT_LIMIT).min(GREATEST_LIMIT);
    let (sequence, mut entries) = app
        .pool()
        .read(move |store| {
            store.moment(|| {
                Ok((
                    store.sequence()?,
                    store.changes(since, limit.saturating_add(1))?,
                ))
            })
        })
        .await?;
    let more = entries.len() > limit;
    entries.truncate(limit);
    let path = |since: u64| format!("/changes?since={since}&limit={limit}");
    let mut links = vec![base.link("self", &path(since), Format::Json)];
    if let Some(last) = entries.last().filter(|_| more) {
        links.push(base.link("next", &path(last.sequence), Format::Json));
    }
    let seen = app.seen_by(&viewer);
    let open = |entry: &&Entry| match app.layer(&entry.layer) {
        Some(layer) if !viewer.may(Action::View, layer) => false,
        // Of a part of a layer, what is there now is told.
        Some(layer) if viewer.ends(layer) => {
            let part = seen.layer(&entry.layer);
            part.is_some_and(|part| part.get(&entry.id).is_some())
        }
        _ => true,
    };
    let changes: Vec<Value> = entries
        .iter()
        .filter(open)
        .map(|entry| {
            json!({
                "sequence": entry.sequence,
                "layer": &*entry.layer,
                "id": &*entry.id,
                "operation": entry.operation,
                "at": entry.at,
                "change_set": entry.change_set,
                "author": app.identity().author(&viewer, entry.author.as_deref()),
                "reason": entry.reason,
                "batch": entry.batch.as_deref(),
            })
        })
        .collect();
    let body = json!({ "sequence": sequence, "changes": changes, "links": links });
    let mut response = Json(body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    Ok(response)
}

fn wants_stream(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|accept| accept.to_str().ok())
        .flat_map(|accept| accept.split(','))
        .any(|range| range.split(';').next().unwrap_or_default().trim() == "text/event-stream")
}
