//! `GET /attachments/{hash}`: a file, as its viewer may have it.

use std::io;

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use yizhangtu_data::{
    Text,
    store::{Attachments, attachments::LAYER},
};

use super::{
    access::{is_personal, may, of_hash, owner},
    media::Media,
    strip,
    thumbnail::thumbnail,
};
use crate::{
    audit::Entry,
    exports::{Leave, file},
    http::{App, Parameters, Problem, percent_encoded},
    policy::Viewer,
};

/// A file that a viewer may have.
struct Allowed {
    hash: String,
    media: Media,
    name: String,
    /// The feature that it hangs on, for the log.
    object: String,
    personal: bool,
    origin: bool,
    files: Attachments,
}

impl Allowed {
    /// Whether it leaves as it was kept. A document is shown by other programs than the
    /// browser, and is never without its name.
    fn is_whole(&self, original: bool) -> bool {
        original || self.media.picture().is_none()
    }
}

/// Whatever a file has in it, nothing of it runs here.
const INERT: &str = "default-src 'none'; sandbox; frame-ancestors 'none'";

/// `GET /attachments/{hash}[?original=true]`.
pub(super) async fn attachment(
    State(app): State<App>,
    Path(hash): Path<String>,
    viewer: Viewer,
    headers: HeaderMap,
    mut given: Parameters,
) -> Result<Response, Problem> {
    let path = format!("/attachments/{}", percent_encoded(&hash));
    let leave = Leave::take(&app, &viewer, &path, &mut given).await?;
    let original = original(&mut given)?;
    given.finish()?;
    let allowed = allowed(&app, &viewer, &hash, original).await?;
    if original && !allowed.origin {
        return Err(viewer.refused());
    }
    let whole = allowed.is_whole(original);
    if whole && allowed.personal {
        // A file about a person, to be kept: not a look at a picture.
        leave.require()?;
        return hand_over(app, viewer, leave, allowed).await;
    }
    on_record(&app, &viewer, &allowed, original).await?;
    let tag = format!("\"{hash}{}\"", if whole { "" } else { ".picture" });
    if let Some(unchanged) = unchanged(&headers, &tag) {
        return Ok(unchanged);
    }
    let (media, files) = (allowed.media, allowed.files);
    let content = tokio::task::spawn_blocking(move || {
        let content = Bytes::from(files.read(&hash)?);
        Ok(if whole {
            Some(content)
        } else {
            strip::picture(media, content)
        })
    });
    let content = content.await.map_err(Problem::internal)?;
    let content = content.map_err(|error| unreadable(&error))?.ok_or_else(|| {
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "图片无法去除拍摄信息，因此不显示 / what the camera wrote can't be taken out of the picture, so it is not shown",
        )
    })?;
    let shown = if whole { "attachment" } else { "inline" };
    let name = percent_encoded(&allowed.name);
    let disposition = format!("{shown}; filename*=UTF-8''{name}");
    Ok(answer(media.name(), &tag, Some(disposition), content))
}

fn original(given: &mut Parameters) -> Result<bool, Problem> {
    let original: Option<bool> = given.parse("original", " true 或 false", "true or false")?;
    Ok(original.unwrap_or(false))
}

/// A file about a person, as it was kept: its bytes are what its hash proves, so nothing is
/// written into it. Its name tells the number that it is on record by.
async fn hand_over(
    app: App,
    viewer: Viewer,
    leave: Leave,
    allowed: Allowed,
) -> Result<Response, Problem> {
    let read = tokio::task::spawn_blocking(move || {
        let content = (allowed.files.read(&allowed.hash)).map_err(|error| unreadable(&error))?;
        let act = Entry::of("export", allowed.object.clone()).counting(1);
        leave.hand_over(&app, &viewer, act, &allowed.hash)?;
        let (name, ending) = (allowed.name.rsplit_once('.')).unwrap_or((&allowed.name, "bin"));
        let mut response = content.into_response();
        file::dress(
            &mut response,
            &leave.file_name(name, ending),
            allowed.media.name(),
        );
        response.headers_mut().insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(INERT),
        );
        Ok(response)
    });
    read.await.map_err(Problem::internal)?
}

/// What a viewer asks to take away: what it is called, where it is about a person and to be
/// kept.
///
/// # Errors
/// As the file itself.
pub(crate) async fn asked_for(
    app: &App,
    viewer: &Viewer,
    hash: &str,
    mut given: Parameters,
) -> Result<(Option<Text>, u64), Problem> {
    let original = original(&mut given)?;
    given.finish()?;
    let allowed = allowed(app, viewer, hash, original).await?;
    if original && !allowed.origin {
        return Err(viewer.refused());
    }
    let title = (allowed.personal && allowed.is_whole(original)).then(|| Text {
        zh: allowed.name.clone(),
        en: allowed.name.clone(),
    });
    Ok((title, 1))
}

/// `GET /attachments/{hash}/thumbnail`.
pub(super) async fn small(
    State(app): State<App>,
    Path(hash): Path<String>,
    viewer: Viewer,
    headers: HeaderMap,
    given: Parameters,
) -> Result<Response, Problem> {
    given.finish()?;
    let allowed = allowed(&app, &viewer, &hash, false).await?;
    on_record(&app, &viewer, &allowed, false).await?;
    let tag = format!("\"{hash}.thumbnail\"");
    if let Some(unchanged) = unchanged(&headers, &tag) {
        return Ok(unchanged);
    }
    let made = tokio::task::spawn_blocking(move || {
        thumbnail(&allowed.files, &allowed.hash, allowed.media)
    });
    let content = (made.await.map_err(Problem::internal)?)
        .map_err(|error| unreadable(&error))?
        .ok_or_else(|| {
            Problem::not_found("此附件没有缩略图 / there is no small picture of this attachment")
        })?;
    Ok(answer("image/jpeg", &tag, None, content.into()))
}

/// The file, where it hangs on a feature that the viewer may see, and shows them nobody whom
/// they may not. Of several, the one that gives them most.
async fn allowed(
    app: &App,
    viewer: &Viewer,
    hash: &str,
    original: bool,
) -> Result<Allowed, Problem> {
    let none = || {
        Problem::not_found(
            "没有这个附件，或已删除 / there is no such attachment, or it was removed",
        )
    };
    let asked = hash.to_owned();
    let (own, records, files) = app
        .pool()
        .read(move |store| {
            let records = of_hash(store, &asked)?;
            Ok((store.layer(LAYER).cloned(), records, store.attachments()))
        })
        .await?;
    let own = own.ok_or_else(none)?;
    let mut best: Option<Allowed> = None;
    for record in records {
        let text = |field| record.get(&own, field).as_text().unwrap_or_default();
        let Ok(owner) = owner(app, viewer, text("layer"), text("feature")).await else {
            continue;
        };
        let may = may(app, viewer, &owner).await?;
        let personal = is_personal(&owner.layer, &own, &record);
        let Some(media) = Media::named(text("media_type")).filter(|_| !personal || may.personal)
        else {
            continue;
        };
        let found = Allowed {
            hash: hash.to_owned(),
            media,
            name: text("name").to_owned(),
            object: format!("{}/{} {}", owner.layer.id, owner.id, record.id),
            personal,
            origin: may.origin,
            files: files.clone(),
        };
        let enough = !personal && (found.origin || !original);
        let better = best
            .as_ref()
            .is_none_or(|best| (best.personal, !best.origin) > (personal, !found.origin));
        if better {
            best = Some(found);
        }
        if enough {
            break;
        }
    }
    best.ok_or_else(none)
}

/// A look at what shows a person, and a file as it came, are on record before they leave; what
/// shows a person does not leave where they can't be.
async fn on_record(
    app: &App,
    viewer: &Viewer,
    allowed: &Allowed,
    original: bool,
) -> Result<(), Problem> {
    if !allowed.personal && !original {
        return Ok(());
    }
    let entry = Entry::of(
        if original { "original" } else { "photo" },
        allowed.object.clone(),
    )
    .counting(1);
    let (log, asker, must) = (app.clone(), viewer.clone(), allowed.personal);
    tokio::task::spawn_blocking(move || {
        if must {
            log.log(&asker, entry)
        } else {
            log.note(&asker, entry);
            Ok(())
        }
    })
    .await
    .map_err(Problem::internal)?
    .map_err(|error| {
        tracing::error!(%error, "a look at a photo could not be logged, and was refused");
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "无法写入审计日志，因此不显示 / the audit log can't be written, so it is not shown",
        )
    })
}

fn unreadable(error: &io::Error) -> Problem {
    if error.kind() == io::ErrorKind::NotFound {
        return Problem::new(
            StatusCode::GONE,
            "附件文件不在地图旁的目录里，请从备份恢复 / the file is not in the folder beside the map; restore it from a backup",
        );
    }
    Problem::internal(error)
}

fn unchanged(headers: &HeaderMap, tag: &str) -> Option<Response> {
    let known = (headers.get_all(header::IF_NONE_MATCH).iter())
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|known| known.trim().trim_start_matches("W/") == tag);
    known.then(|| {
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        dress(&mut response, tag);
        response
    })
}

fn answer(media: &'static str, tag: &str, disposition: Option<String>, content: Bytes) -> Response {
    let mut response = content.into_response();
    dress(&mut response, tag);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(INERT),
    );
    if let Some(disposition) = disposition.and_then(|text| HeaderValue::from_str(&text).ok()) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}

/// A copy may be kept, and is asked about each time: a right may be gone since.
fn dress(response: &mut Response, tag: &str) {
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(tag) {
        headers.insert(header::ETAG, tag);
    }
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-cache"),
    );
}
