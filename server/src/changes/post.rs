//! `POST /changes`, and the paths that take changes back.

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use yizhangtu_data::{Key, hexadecimal, store::Undoing};

use super::{
    Done, answer,
    compose::{Composed, compose},
    undo,
};
use crate::{
    http::{App, Parameters, Problem},
    policy::Viewer,
};

/// Longest `Idempotency-Key` in characters.
const LONGEST_KEY: usize = 200;

/// Longest reason in characters.
const LONGEST_REASON: usize = 1000;

/// Says that the answer is that of an earlier request of the same key.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The version that an entity tag holds: `"4711"`, `W/"4711.html"`.
pub(crate) fn version_of(tag: &str) -> Option<u64> {
    let tag = tag.trim();
    let tag = tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"');
    tag.split('.').next()?.parse().ok()
}

/// `POST /changes`.
pub(super) async fn changes(
    State(app): State<App>,
    viewer: Viewer,
    headers: HeaderMap,
    given: Parameters,
    body: Bytes,
) -> Result<Response, Problem> {
    given.finish()?;
    // Refused before anything else is looked at.
    app.writable()?;
    let mut members = object(&headers, &body)?;
    let changes = match members.remove("changes") {
        Some(Value::Array(changes)) => changes,
        _ => {
            return Err(Problem::parameter(
                "changes",
                "应为修改的数组",
                "must be an array of changes",
            ));
        }
    };
    let rehearse = match members.remove("dry_run") {
        None => false,
        Some(Value::Bool(rehearse)) => rehearse,
        Some(_) => {
            return Err(Problem::parameter(
                "dry_run",
                "应为 true 或 false",
                "must be true or false",
            ));
        }
    };
    let reason = reason(&mut members)?;
    nothing_else(&members)?;
    let author = viewer.author().to_owned();
    let key = key(&headers, &[&body])?;
    // What came before needs no second look: the map has moved on since.
    if let Some(key) = &key
        && let Some(done) = recall(&app, &author, key).await?
    {
        return Ok(answered(&done));
    }
    let (composer, by) = (app.clone(), viewer.clone());
    let Composed { mut set, origin } = tokio::task::spawn_blocking(move || {
        let store = composer.pool().reader().map_err(Problem::internal)?;
        store
            .moment(|| compose(&composer, &store, &by, &changes).map_err(Read::Refused))
            .map_err(Read::problem)
    })
    .await
    .map_err(Problem::internal)??;
    set.author = author;
    set.reason = reason;
    set.key = key.filter(|_| !rehearse);
    match app.keeper().apply(set, origin, rehearse).await {
        Ok(done) => Ok(answered(&done)),
        Err(refusal) => Err(refusal.problem(&app, &viewer).await),
    }
}

/// Why reading what a request needs did not work.
pub(super) enum Read {
    Refused(Problem),
    Store(yizhangtu_data::store::StoreError),
}

impl From<yizhangtu_data::store::StoreError> for Read {
    fn from(error: yizhangtu_data::store::StoreError) -> Self {
        Self::Store(error)
    }
}

impl Read {
    pub(super) fn problem(self) -> Problem {
        match self {
            Self::Refused(problem) => problem,
            Self::Store(error) => super::refusal::of_store(&error),
        }
    }
}

/// What came of a request with this key before.
pub(crate) async fn recall(app: &App, author: &str, key: &Key) -> Result<Option<Done>, Problem> {
    let (by, word) = (author.to_owned(), key.clone());
    let pool = app.pool().clone();
    let found = tokio::task::spawn_blocking(move || {
        let store = pool.reader()?;
        let Some(recalled) = store.recall(&by, &word)? else {
            return Ok(None);
        };
        let entries = recalled
            .change_set
            .map(|number| store.log_of(number))
            .transpose()?;
        Ok(Some(Done {
            sequence: recalled.sequence,
            change_set: recalled.change_set,
            entries: entries.unwrap_or_default(),
            warnings: serde_json::from_str(&recalled.note).unwrap_or_default(),
            replayed: true,
        }))
    })
    .await
    .map_err(Problem::internal)?;
    found.map_err(|error| super::refusal::of_store(&error))
}

/// `POST /changes/{change_set}/revert`.
pub(super) async fn revert_set(
    State(app): State<App>,
    Path(number): Path<String>,
    viewer: Viewer,
    headers: HeaderMap,
    given: Parameters,
    body: Bytes,
) -> Result<Response, Problem> {
    given.finish()?;
    let number = number.parse::<i64>().map_err(|_| {
        Problem::not_found(format!(
            "没有变更集 {number} / there is no change set {number}"
        ))
    })?;
    let usual = format!("撤销变更集 {number} / take change set {number} back");
    revert(
        app,
        viewer,
        &headers,
        &body,
        Undoing::ChangeSet(number),
        usual,
    )
    .await
}

/// `POST /batches/{batch}/revert`.
pub(super) async fn revert_batch(
    State(app): State<App>,
    Path(batch): Path<String>,
    viewer: Viewer,
    headers: HeaderMap,
    given: Parameters,
    body: Bytes,
) -> Result<Response, Problem> {
    given.finish()?;
    let usual = format!("撤销导入批次 {batch} / undo import batch {batch}");
    revert(app, viewer, &headers, &body, Undoing::Batch(batch), usual).await
}

async fn revert(
    app: App,
    viewer: Viewer,
    headers: &HeaderMap,
    body: &Bytes,
    what: Undoing,
    usual: String,
) -> Result<Response, Problem> {
    let mut members = object(headers, body)?;
    let given = reason(&mut members)?;
    nothing_else(&members)?;
    undo::may(&app, &viewer, &what).await?;
    let reason = if given.is_empty() { usual } else { given };
    match app
        .keeper()
        .undo(what, viewer.author().to_owned(), reason)
        .await
    {
        Ok(done) => Ok(answered(&done)),
        Err(refusal) => Err(refusal.problem(&app, &viewer).await),
    }
}

fn answered(done: &Done) -> Response {
    let mut response = Json(answer::of(done)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if done.replayed {
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

/// The body as a JSON object.
///
/// Another media type is refused: a form of a foreign page could send one without being asked.
pub(crate) fn object(headers: &HeaderMap, body: &[u8]) -> Result<Map<String, Value>, Problem> {
    json(headers, body, &["application/json"]).and_then(|value| match value {
        Value::Object(members) => Ok(members),
        _ => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "正文应为 JSON 对象 / the body must be a JSON object",
        )),
    })
}

/// The body as JSON of one of some media types.
pub(crate) fn json(headers: &HeaderMap, body: &[u8], kinds: &[&str]) -> Result<Value, Problem> {
    let kind = (headers.get(header::CONTENT_TYPE))
        .and_then(|kind| kind.to_str().ok())
        .and_then(|kind| kind.split(';').next())
        .map_or_else(String::new, |kind| kind.trim().to_ascii_lowercase());
    if !kinds.contains(&kind.as_str()) {
        let all = kinds.join(", ");
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!(
                "Content-Type “{kind}”不可用，应为 {all} / Content-Type must be one of {all}, not “{kind}”"
            ),
        ));
    }
    serde_json::from_slice(body).map_err(|error| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            format!("正文不是 JSON：{error} / the body is not JSON: {error}"),
        )
    })
}

/// Takes the reason out of a body; empty where none is given.
pub(crate) fn reason(members: &mut Map<String, Value>) -> Result<String, Problem> {
    match members.remove("reason") {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(reason)) if reason.chars().count() <= LONGEST_REASON => Ok(reason),
        Some(_) => Err(Problem::parameter(
            "reason",
            format_args!("应为不超过 {LONGEST_REASON} 字的文本"),
            format_args!("must be a text of {LONGEST_REASON} characters at most"),
        )),
    }
}

/// Refuses what is left of a body.
pub(crate) fn nothing_else(members: &Map<String, Value>) -> Result<(), Problem> {
    match members.keys().next() {
        None => Ok(()),
        Some(name) => Err(Problem::parameter(name, "没有这个成员", "no such member")),
    }
}

/// The author's word for this request, with the digest of what was sent.
pub(crate) fn key(headers: &HeaderMap, sent: &[&[u8]]) -> Result<Option<Key>, Problem> {
    let Some(key) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let key = key.to_str().unwrap_or_default();
    if key.is_empty() || key.chars().count() > LONGEST_KEY {
        return Err(Problem::parameter(
            "Idempotency-Key",
            format_args!("应为 1 到 {LONGEST_KEY} 个 ASCII 字符"),
            format_args!("must have 1 to {LONGEST_KEY} ASCII characters"),
        ));
    }
    let mut digest = Sha256::new();
    for part in sent {
        digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        digest.update(part);
    }
    Ok(Some(Key {
        key: key.to_owned(),
        digest: hexadecimal(&digest.finalize()),
        note: "[]".to_owned(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_holds_a_version() {
        assert_eq!(version_of("\"4711\""), Some(4711));
        assert_eq!(version_of("W/\"4711.html\""), Some(4711));
        assert_eq!(version_of("\"x\""), None);
    }
}
