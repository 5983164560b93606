//! Files of others through the page: taken in, held against the map in a dry run, and
//! written only when whoever sent them has read the report and says so.
//!
//! `POST /import` takes the files (multipart) and begins the check; `GET /import/{token}`
//! says how far it is and gives the report; `POST /import/{token}` checks again with other
//! options, or writes; `DELETE` forgets. A written import is taken back by its batch.

mod job;
mod receive;
mod words;

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Extension, Json, Router,
    extract::{DefaultBodyLimit, Multipart, Path, State, rejection::JsonRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use yizhangtu_data::import::Options;

use self::job::Job;
use crate::{
    audit::Entry,
    http::{App, Parameters, Problem},
    jobs::{Jobs, accepted},
    policy::{Action, Viewer},
};

/// Imports that are kept at once: each may hold [`LARGEST`] on the disk.
const MOST: usize = 16;

/// The greatest size of the files of one import, in bytes.
const LARGEST: usize = 256 << 20;

/// Everything under `/import`.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/import", post(begin))
        .route("/import/{token}", get(state).post(go_on).delete(forget))
        .layer(DefaultBodyLimit::max(LARGEST))
        .layer(Extension(Jobs::<Job>::default()))
}

/// What a file does not say of itself, as the command's options of the same names.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Wishes {
    layer: Option<String>,
    crs: Option<String>,
    encoding: Option<String>,
    id_column: Option<String>,
    table: Option<String>,
    swap_axes: Option<bool>,
    accept_partial: Option<bool>,
    /// Which column goes into which field; an empty field leaves the column out.
    fields: Option<BTreeMap<String, String>>,
    /// Values of every row, by field.
    constants: Option<BTreeMap<String, toml::Value>>,
    /// Values of the file as codes, by field.
    codes: Option<BTreeMap<String, BTreeMap<String, String>>>,
    /// Whether to write; else the files are checked again.
    commit: bool,
}

impl Wishes {
    /// Puts over the options what is wished; an empty text takes an option away.
    fn apply(self, options: &mut Options) {
        let put = |place: &mut Option<String>, wish: Option<String>| {
            if let Some(wish) = wish {
                *place = Some(wish).filter(|wish| !wish.trim().is_empty());
            }
        };
        put(&mut options.crs, self.crs);
        put(&mut options.encoding, self.encoding);
        put(&mut options.id_column, self.id_column);
        put(&mut options.table, self.table);
        if let Some(layer) = self.layer {
            options.layer = layer;
        }
        if let Some(fields) = self.fields {
            let (left, fields): (BTreeMap<_, _>, BTreeMap<_, _>) =
                fields.into_iter().partition(|(_, field)| field.is_empty());
            options.wishes.ignore = left.into_keys().collect();
            options.wishes.fields = fields;
        }
        if let Some(constants) = self.constants {
            options.wishes.constants = constants;
        }
        if let Some(codes) = self.codes {
            options.wishes.codes = codes;
        }
        options.swap_axes = self.swap_axes.unwrap_or(options.swap_axes);
        options.accept_partial = self.accept_partial.unwrap_or(options.accept_partial);
    }
}

/// `POST /import?layer=L[&crs=…&encoding=…&id_column=…&table=…&swap_axes=true]`
async fn begin(
    State(app): State<App>,
    viewer: Viewer,
    Extension(jobs): Extension<Jobs<Job>>,
    mut given: Parameters,
    body: Multipart,
) -> Result<Response, Problem> {
    app.writable()?;
    let layer = given.take("layer")?.unwrap_or_default();
    let wishes = Wishes {
        crs: given.take("crs")?,
        encoding: given.take("encoding")?,
        id_column: given.take("id_column")?,
        table: given.take("table")?,
        swap_axes: given.parse("swap_axes", " true 或 false", "true or false")?,
        ..Wishes::default()
    };
    given.finish()?;
    known(&app, &viewer, &layer)?;
    jobs.make_room(MOST)?;
    let into = app
        .pool()
        .read(|store| Ok(store.path().to_path_buf()))
        .await?;
    let received = receive::files(body, &into).await?;
    let mut options = Options {
        files: received.main.clone(),
        into,
        layer,
        dry_run: true,
        author: viewer.author().to_owned(),
        ..Options::default()
    };
    wishes.apply(&mut options);
    let job = Arc::new(Job::new(received, options));
    let token = jobs.add(&job);
    job.start(&app, false);
    Ok(accepted(&format!("/import/{token}"), job.said(&token)))
}

/// `GET /import/{token}`
async fn state(
    Extension(jobs): Extension<Jobs<Job>>,
    Path(token): Path<String>,
) -> Result<Json<job::Said>, Problem> {
    Ok(Json(found(&jobs, &token)?.said(&token)))
}

/// `POST /import/{token}`: checks again with other options, or writes.
async fn go_on(
    State(app): State<App>,
    viewer: Viewer,
    Extension(jobs): Extension<Jobs<Job>>,
    Path(token): Path<String>,
    wishes: Result<Json<Wishes>, JsonRejection>,
) -> Result<Response, Problem> {
    app.writable()?;
    let Json(wishes) = wishes.map_err(|error| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            format!("须为 JSON 对象 / must be a JSON object: {error}"),
        )
    })?;
    let job = found(&jobs, &token)?;
    if let Some(layer) = &wishes.layer {
        known(&app, &viewer, layer)?;
    }
    let commit = wishes.commit;
    if commit {
        app.note(&viewer, Entry::of("import", token.clone()));
    }
    job.take_turn(commit, |options| wishes.apply(options))?;
    job.start(&app, commit);
    Ok((StatusCode::ACCEPTED, Json(job.said(&token))).into_response())
}

/// `DELETE /import/{token}`
async fn forget(
    Extension(jobs): Extension<Jobs<Job>>,
    Path(token): Path<String>,
) -> Result<StatusCode, Problem> {
    found(&jobs, &token)?.may_end()?;
    jobs.remove(&token);
    Ok(StatusCode::NO_CONTENT)
}

fn found(jobs: &Jobs<Job>, token: &str) -> Result<Arc<Job>, Problem> {
    jobs.get(token).ok_or_else(|| {
        Problem::not_found(
            "没有这次导入，可能已过期，请重新选择文件 / no such import, it may have expired; choose the files again",
        )
    })
}

fn known(app: &App, viewer: &Viewer, layer: &str) -> Result<(), Problem> {
    if let Some(layer) = app.layer(layer) {
        return viewer.require(Action::Import, layer);
    }
    Err(Problem::parameter(
        "layer",
        format_args!("没有图层“{layer}”，全部图层见 /collections"),
        format_args!("there is no layer “{layer}”; /collections lists them all"),
    ))
}
