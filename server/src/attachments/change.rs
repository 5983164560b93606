//! Attaching and removing: the file first, then its row as a change set.

use std::sync::Arc;

use axum::{
    Extension, Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use tokio::sync::Mutex;
use yizhangtu_data::{
    Change, ChangeSet, Expected, Layer, Operation, Record, Value, store::attachments::LAYER,
};

use super::{
    access::{self, Owner, of_feature, of_hash},
    list,
    receive::{self, Received},
    rules::Rules,
};
use crate::{
    audit::Entry,
    changes::{of_store, ulid},
    http::{App, Parameters, Problem, percent_encoded},
    policy::Viewer,
};

/// One at a time: a file that one request takes away is not the one that another just found
/// in place.
#[derive(Clone, Default)]
pub(super) struct Turn(Arc<Mutex<()>>);

/// What is said of a file that is sent.
struct Words {
    kind: Option<String>,
    name: Option<String>,
    caption: Option<String>,
}

/// `GET /collections/{layer}/items/{id}/attachments`.
pub(super) async fn list(
    State(app): State<App>,
    Path((layer, id)): Path<(String, String)>,
    viewer: Viewer,
    given: Parameters,
) -> Result<Response, Problem> {
    given.finish()?;
    let owner = access::owner(&app, &viewer, &layer, &id).await?;
    let may = access::may(&app, &viewer, &owner).await?;
    let by = viewer.clone();
    let mut told = app
        .pool()
        .read(move |store| list::of(store, &by, &owner, may))
        .await?;
    for list in ["attachments", "removed"] {
        for one in told[list].as_array_mut().into_iter().flatten() {
            author(&app, &viewer, one);
        }
    }
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(told)).into_response())
}

/// `POST /collections/{layer}/items/{id}/attachments?kind=&name=&caption=`: the body is the
/// file. The same file at the same feature is there once, however often it is sent.
pub(super) async fn add(
    State(app): State<App>,
    Path((layer, id)): Path<(String, String)>,
    viewer: Viewer,
    Extension(turn): Extension<Turn>,
    headers: HeaderMap,
    mut given: Parameters,
    body: Body,
) -> Result<Response, Problem> {
    let words = Words {
        kind: given.take("kind")?,
        name: given.take("name")?,
        caption: given.take("caption")?,
    };
    given.finish()?;
    let rules = Rules::usual();
    let owner = access::owner_to_add_to(&app, &viewer, &layer, &id).await?;
    // Said before the file is sent, where the client asks first.
    let announced = (headers.get(header::CONTENT_LENGTH))
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > rules.largest_of_all()) {
        return Err(receive::too_large(rules.largest_of_all()));
    }
    let files = app.pool().read(|store| Ok(store.attachments())).await?;
    let received = receive::file(&files, body).await?;

    let _turn = turn.0.lock().await;
    let (at, of) = (owner.layer.id.clone(), owner.id.clone());
    let (own, there) = app
        .pool()
        .read(move |store| Ok((store.layer(LAYER).cloned(), of_feature(store, &at, &of)?)))
        .await?;
    let own = own.ok_or_else(Problem::read_only)?;
    let same =
        (there.iter()).find(|known| known.get(&own, "hash").as_text() == Some(&received.hash));
    if let Some(same) = same {
        return told(&app, &viewer, owner, own, same.clone(), StatusCode::OK).await;
    }
    if there.len() >= rules.most {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            format!(
                "每个要素最多 {most} 件附件 / a feature has at most {most} attachments",
                most = rules.most
            ),
        ));
    }
    let record = described(&own, &owner, &received, words);
    let hash = received.hash.clone();
    let (folder, name) = (files.clone(), hash.clone());
    tokio::task::spawn_blocking(move || folder.keep(received.part, &name))
        .await
        .map_err(Problem::internal)?
        .map_err(|error| of_store(&error))?;
    let set = ChangeSet {
        author: viewer.author().to_owned(),
        reason: "添加附件 / attached".to_owned(),
        changes: vec![Change {
            layer: LAYER.into(),
            operation: Operation::Insert(record.clone()),
        }],
        ..ChangeSet::default()
    };
    if let Err(refusal) = app.keeper().apply(set, Vec::new(), false).await {
        forget(&app, hash).await;
        return Err(refusal.problem(&app, &viewer).await);
    }
    note(&app, &viewer, "attach", &owner, &hash).await;
    told(&app, &viewer, owner, own, record, StatusCode::CREATED).await
}

/// `DELETE /collections/{layer}/items/{id}/attachments/{attachment}`: the file goes, its hash
/// stays in the log.
pub(super) async fn remove(
    State(app): State<App>,
    Path((layer, id, attachment)): Path<(String, String, String)>,
    viewer: Viewer,
    Extension(turn): Extension<Turn>,
    given: Parameters,
) -> Result<StatusCode, Problem> {
    given.finish()?;
    app.writable()?;
    let owner = access::owner(&app, &viewer, &layer, &id).await?;
    let may = access::may(&app, &viewer, &owner).await?;
    let _turn = turn.0.lock().await;
    let (at, of) = (owner.layer.id.clone(), owner.id.clone());
    let (own, found) = app
        .pool()
        .read(move |store| {
            let found = of_feature(store, &at, &of)?
                .into_iter()
                .find(|record| *record.id == *attachment);
            let Some(record) = found else {
                return Ok((None, None));
            };
            let first = store.revisions(LAYER, &record.id)?.into_iter().next();
            let author = first.and_then(|first| first.entry.author);
            let version = store.version(LAYER, &record.id)?;
            Ok((store.layer(LAYER).cloned(), Some((record, author, version))))
        })
        .await?;
    let (Some(own), Some((record, author, version))) = (own, found) else {
        return Err(Problem::not_found(
            "没有这个附件，或已删除 / there is no such attachment, or it was removed",
        ));
    };
    let personal = access::is_personal(&owner.layer, &own, &record);
    let mine = author.as_deref() == Some(viewer.author());
    if !(may.remove || (may.add && mine)) || (personal && !may.personal && !mine) {
        return Err(viewer.refused());
    }
    let hash = record
        .get(&own, "hash")
        .as_text()
        .unwrap_or_default()
        .to_owned();
    let set = ChangeSet {
        author: viewer.author().to_owned(),
        reason: "删除附件 / attachment removed".to_owned(),
        changes: vec![Change {
            layer: LAYER.into(),
            operation: Operation::Delete(Arc::clone(&record.id)),
        }],
        expects: vec![Expected {
            layer: LAYER.into(),
            id: Arc::clone(&record.id),
            version,
        }],
        ..ChangeSet::default()
    };
    if let Err(refusal) = app.keeper().apply(set, Vec::new(), false).await {
        return Err(refusal.problem(&app, &viewer).await);
    }
    note(&app, &viewer, "detach", &owner, &hash).await;
    forget(&app, hash).await;
    Ok(StatusCode::NO_CONTENT)
}

/// The row of a file.
fn described(own: &Layer, owner: &Owner, file: &Received, words: Words) -> Record {
    let mut record = Record::new(own, format!("{LAYER}-{}", ulid()));
    let picture = file.what.size.is_some();
    let kind = words.kind.filter(|kind| !kind.is_empty());
    let kind = kind.unwrap_or_else(|| if picture { "现场照片" } else { "文书" }.to_owned());
    let name = words
        .name
        .map(|name| plain(&name))
        .filter(|name| !name.is_empty());
    let caption = words.caption.map(|words| words.trim().to_owned());
    record
        .set(own, "layer", owner.layer.id.as_str())
        .set(own, "feature", owner.id.as_str())
        .set(own, "kind", kind)
        .set(
            own,
            "name",
            name.unwrap_or_else(|| if picture { "照片" } else { "文件" }.to_owned()),
        )
        .set(own, "media_type", file.what.media.name())
        .set(own, "hash", file.hash.as_str())
        .set(own, "bytes", i64::try_from(file.bytes).unwrap_or(i64::MAX));
    if let Some(caption) = caption.filter(|words| !words.is_empty()) {
        record.set(own, "caption", caption);
    }
    if let Some((width, height)) = file.what.size {
        record.set(own, "width", i64::from(width));
        record.set(own, "height", i64::from(height));
    }
    if let Some(at) = file.taken.at {
        record.set(own, "taken_at", Value::DateTime(at));
    }
    if let Some((longitude, latitude)) = file.taken.place {
        record.set(own, "longitude", rounded(longitude, 1e7));
        record.set(own, "latitude", rounded(latitude, 1e7));
    }
    if let Some(bearing) = file.taken.bearing {
        record.set(own, "bearing", rounded(bearing, 10.0));
    }
    record
}

fn rounded(number: f64, parts: f64) -> f64 {
    (number * parts).round() / parts
}

/// The last part of a file's name, as much of it as is kept.
fn plain(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last.chars().filter(|letter| !letter.is_control()).collect();
    let kept = kept.trim();
    let long = kept.chars().count().saturating_sub(200);
    kept.chars().skip(long).collect()
}

/// Takes a file away that no row names any more. Where it can't be, it is no more than room
/// that is wasted, and the log says so.
pub(crate) async fn forget(app: &App, hash: String) {
    let done = app
        .pool()
        .read(move |store| {
            if of_hash(store, &hash)?.is_empty() {
                store.attachments().remove(&hash)?;
            }
            Ok(())
        })
        .await;
    if done.is_err() {
        tracing::warn!("the file of an attachment that is no more could not be removed");
    }
}

async fn note(app: &App, viewer: &Viewer, act: &'static str, owner: &Owner, hash: &str) {
    let entry = Entry::of(act, format!("{}/{} {hash}", owner.layer.id, owner.id)).counting(1);
    let (log, asker) = (app.clone(), viewer.clone());
    // What fails is in the server's log already.
    let _ = tokio::task::spawn_blocking(move || log.note(&asker, entry)).await;
}

/// Leaves out who added an attachment where that is somebody who reported.
fn author(app: &App, viewer: &Viewer, told: &mut serde_json::Value) {
    let shown = (app.identity()).author(viewer, told["author"].as_str());
    told["author"] = shown.into();
}

/// The answer that tells of one attachment.
async fn told(
    app: &App,
    viewer: &Viewer,
    owner: Owner,
    own: Arc<Layer>,
    record: Record,
    status: StatusCode,
) -> Result<Response, Problem> {
    let may = access::may(app, viewer, &owner).await?;
    let (by, place) = (viewer.clone(), location(&owner, &record));
    let mut told = app
        .pool()
        .read(move |store| list::one(store, &by, &owner, may, &own, &record))
        .await?;
    author(app, viewer, &mut told);
    let mut response = (status, Json(told)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(place) = HeaderValue::from_str(&place) {
        headers.insert(header::LOCATION, place);
    }
    Ok(response)
}

fn location(owner: &Owner, record: &Record) -> String {
    format!(
        "/collections/{}/items/{}/attachments/{}",
        percent_encoded(&owner.layer.id),
        percent_encoded(&owner.id),
        percent_encoded(&record.id)
    )
}
