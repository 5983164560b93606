//! `/enforcement/comparison`: the houses of the map held against another survey of them, or
//! against themselves on a past day; what is new, grew, was split, merged or is gone.
//!
//! `POST` takes the newer survey and begins; `GET …/{token}` says how far it is and gives what
//! was found; `DELETE …/{token}` gives it up. Nobody else is told of it than whoever asked.

mod job;
mod survey;
mod told;

use std::sync::Arc;

use axum::{
    Extension, Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use serde_json::Value;
use yizhangtu_data::{Layer, Record};
use yizhangtu_index::footprints::Kind;

use self::{
    job::Job,
    survey::{of_body, of_layer},
};
use super::CASES;
use crate::{
    collections::{AsOf, features},
    http::{App, Parameters, Problem},
    jobs::{Jobs, accepted},
    policy::{Action, Seen, Viewer},
};

/// The layer of the houses.
const HOUSES: &str = "building";
/// Comparisons at once: each has all processors.
const MOST: usize = 8;

/// The paths of comparisons.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/enforcement/comparison", post(begin))
        .route(
            "/enforcement/comparison/{token}",
            get(standing).delete(give_up),
        )
        .layer(Extension(Jobs::<Job>::default()))
}

/// `?as-of=` compares the map as it was with the map as it is; without it the body is the newer
/// survey, a GeoJSON FeatureCollection of outlines in degrees, with `floors_up` where known.
async fn begin(
    State(app): State<App>,
    viewer: Viewer,
    Extension(jobs): Extension<Jobs<Job>>,
    mut given: Parameters,
    body: Bytes,
) -> Result<Response, Problem> {
    let as_of = AsOf::take(&mut given)?;
    given.finish()?;
    let missing = || Problem::not_found("此文件没有房屋图层 / this file has no layer of houses");
    let layer = app.layer(HOUSES).cloned().ok_or_else(missing)?;
    viewer.require(Action::View, &layer)?;
    let cases = app.layer(CASES).cloned().ok_or_else(missing)?;
    viewer.require(Action::View, &cases)?;
    jobs.make_room(MOST)?;
    let now = features(&app, &viewer, &layer, None).await?;
    let (before, after) = match &as_of {
        Some(_) => {
            let then = features(&app, &viewer, &layer, as_of.as_ref()).await?;
            (of_layer(then), of_layer(now))
        }
        None => {
            let read = tokio::task::spawn_blocking(move || of_body(&body));
            (of_layer(now), read.await.map_err(Problem::internal)??)
        }
    };
    let job = Arc::new(Job::new(viewer.who().user.as_deref()));
    let token = jobs.add(&job);
    let answer = job.told(&token);
    tokio::spawn(async move {
        let own = Arc::clone(&job);
        let work = move || told::told(&app, &viewer, &before, &after, &own);
        let found = tokio::task::spawn_blocking(work).await;
        job.end(found.unwrap_or_else(|error| {
            tracing::error!(%error, "a comparison of footprints failed");
            None
        }));
    });
    Ok(accepted(
        &format!("/enforcement/comparison/{token}"),
        answer,
    ))
}

/// How far it is, or what was found.
async fn standing(
    viewer: Viewer,
    Extension(jobs): Extension<Jobs<Job>>,
    Path(token): Path<String>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(own(&jobs, &viewer, &token)?.told(&token)))
}

/// Ends it where it is, and forgets it.
async fn give_up(
    viewer: Viewer,
    Extension(jobs): Extension<Jobs<Job>>,
    Path(token): Path<String>,
) -> Result<StatusCode, Problem> {
    own(&jobs, &viewer, &token)?.stop();
    jobs.remove(&token);
    Ok(StatusCode::NO_CONTENT)
}

fn own(jobs: &Jobs<Job>, viewer: &Viewer, token: &str) -> Result<Arc<Job>, Problem> {
    let found = jobs.get(token);
    let found = found.filter(|job| job.is_of(viewer.who().user.as_deref()));
    found.ok_or_else(|| {
        Problem::not_found(
            "没有这次比对，可能已过期，请重新比对 / no such comparison, it may have expired; compare again",
        )
    })
}

/// What a house is called.
pub(super) fn label(viewer: &Viewer, layer: &Layer, record: &Record) -> Option<String> {
    let view = viewer.see(layer, record);
    let shown = |name: &str| match view.get(name) {
        Seen::Nothing => None,
        seen => Some(seen.to_text()),
    };
    shown("address")
        .or_else(|| shown(layer.label.as_deref()?))
        .or_else(|| shown(layer.code.as_deref()?))
}

/// What a change is called.
pub(crate) fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::New => "new",
        Kind::Extended => "extended",
        Kind::Taller => "taller",
        Kind::Split => "split",
        Kind::Merged => "merged",
        Kind::Regrouped => "regrouped",
        Kind::Reduced => "reduced",
        Kind::Vanished => "vanished",
    }
}
