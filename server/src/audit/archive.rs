//! `/audit/archives`: rows that were kept long enough, moved into a file beside the map by the
//! auditor, and taken from there to another place.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use axum::{
    Json,
    extract::{Path as Named, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use yizhangtu_data::{clock, store::GeoPackage};

use super::{Entry, act_of};
use crate::{
    http::{App, FieldProblem, Problem},
    identity::{Settings, small_body},
    policy::Viewer,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    /// Rows before this day in China; those that are due where none is named.
    before: Option<NaiveDate>,
}

/// `GET /audit/archives`: the archives that lie beside the map, the latest first.
pub(super) async fn list(State(app): State<App>) -> Result<Response, Problem> {
    let folder = folder(&app).await?;
    let mut found = tokio::task::spawn_blocking(move || read(&folder))
        .await
        .map_err(Problem::internal)?
        .map_err(Problem::internal)?;
    found.sort_by(|one, other| other.0.cmp(&one.0));
    let archives: Vec<Value> = (found.into_iter())
        .map(|(name, bytes)| json!({ "name": name, "bytes": bytes }))
        .collect();
    Ok(unkept(
        Json(json!({ "archives": archives })).into_response(),
    ))
}

/// `POST /audit/archives`: moves what is due into a new archive.
pub(super) async fn make(
    State(app): State<App>,
    viewer: Viewer,
    request: Request,
) -> Result<Response, Problem> {
    let wish: Wish = small_body(request).await?;
    viewer.require_factor()?;
    app.writable()?;
    let limits = &Settings::usual().audit;
    let ago = |days| Utc::now() - TimeDelta::days(days);
    let before = match wish.before {
        None => ago(limits.keep_days),
        Some(day) => (start(day).filter(|at| *at <= ago(limits.least_days)))
            .ok_or_else(|| too_young(limits.least_days))?,
    };
    let folder = folder(&app).await?;
    tokio::task::spawn_blocking(move || {
        private(&folder).map_err(Problem::internal)?;
        let day = before.with_timezone(&clock::CHINA).date_naive();
        let path = free(&folder, day);
        let moved =
            (app.identity()).write(|store| store.archive_audit(before, &path, act_of(&viewer)))?;
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let answer = json!({
            "rows": moved.rows, "requests": moved.requests, "sha256": moved.file_hash,
            "name": name.filter(|_| moved.rows > 0),
        });
        Ok(unkept(Json(answer).into_response()))
    })
    .await
    .map_err(Problem::internal)?
}

/// `GET /audit/archives/{name}`: an archive, to be kept in another place.
pub(super) async fn give(
    State(app): State<App>,
    Named(name): Named<String>,
    viewer: Viewer,
) -> Result<Response, Problem> {
    let folder = folder(&app).await?;
    tokio::task::spawn_blocking(move || {
        // Only what is listed: a name is never a path.
        let known = read(&folder).map_err(Problem::internal)?;
        if !known.iter().any(|(own, _)| *own == name) {
            return Err(Problem::not_found(format!(
                "没有归档 {name} / there is no archive {name}"
            )));
        }
        let content = fs::read(folder.join(&name)).map_err(Problem::internal)?;
        app.note(&viewer, Entry::of("audit_export", name.clone()));
        let kind = [
            (header::CONTENT_TYPE, "application/x-ndjson".to_owned()),
            (
                header::CONTENT_DISPOSITION,
                format!("attachment; filename=\"{name}\""),
            ),
        ];
        Ok(unkept((kind, content).into_response()))
    })
    .await
    .map_err(Problem::internal)?
}

/// Where the archives of a file lie: `village.audit` beside `village.gpkg`.
async fn folder(app: &App) -> Result<PathBuf, Problem> {
    let beside = |store: &GeoPackage| Ok(store.path().with_extension("audit"));
    app.pool().read(beside).await
}

/// Makes a folder that is open to the account of the service alone.
fn private(folder: &Path) -> io::Result<()> {
    let mut making = fs::DirBuilder::new();
    making.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut making, 0o700);
    making.create(folder)
}

/// The names and sizes of the archives.
fn read(folder: &Path) -> io::Result<Vec<(String, u64)>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("audit-") && name.ends_with(".jsonl") {
            found.push((name, entry.metadata()?.len()));
        }
    }
    Ok(found)
}

/// A name that no archive has.
fn free(folder: &Path, day: NaiveDate) -> PathBuf {
    let name = |number: u32| folder.join(format!("audit-{day}-{number}.jsonl"));
    let number = (1..).find(|&number| !name(number).exists());
    name(number.unwrap_or(1))
}

fn start(day: NaiveDate) -> Option<DateTime<Utc>> {
    let at = day
        .and_time(NaiveTime::MIN)
        .and_local_timezone(clock::CHINA);
    at.single().map(|at| at.with_timezone(&Utc))
}

fn too_young(least: i64) -> Problem {
    let message = format!("日志至少保留 {least} 天 / the log is kept for {least} days at least");
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, message.clone()).with(FieldProblem {
        field: "before".to_owned(),
        row: None,
        code: "invalid",
        message,
    })
}

fn unkept(mut response: Response) -> Response {
    let unkept = header::HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, unkept);
    response
}
