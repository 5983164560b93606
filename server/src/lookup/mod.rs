//! 人屋关联: what is at a point, one by one (`GET /lookup`) and in bulk (`POST /lookup`).

mod answer;
mod bulk;
mod columns;
mod delimited;
mod hint;
mod place;
mod residents;
mod spool;

use axum::{
    Json, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Serialize;
use yizhangtu_index::Point;

use crate::{
    http::{App, Parameters, Problem},
    policy::Viewer,
};

pub(crate) use answer::Lookup;
use answer::{At, Nearest};
pub(crate) use columns::{COLUMNS, Row};
pub(crate) use delimited::CoordinateColumns;
use hint::Hint;
use place::Place;
use residents::Resident;

/// The routes of the lookup.
pub(crate) fn routes() -> Router<App> {
    Router::new().route("/lookup", get(one).post(bulk::many))
}

/// The answer of `GET /lookup`.
#[derive(Serialize)]
struct One<'a> {
    point: [f64; 2],
    sequence: u64,
    at: At<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nearest: Option<Nearest<'a>>,
    residents: &'a [Resident],
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<Hint>,
}

/// `GET /lookup?point=LON,LAT[&crs=…][&layers=…]`
async fn one(
    State(app): State<App>,
    viewer: Viewer,
    mut parameters: Parameters,
) -> Result<Response, Problem> {
    let point = parameters.take("point")?;
    let crs = parameters.take("crs")?;
    let layers = parameters.take("layers")?;
    parameters.finish()?;
    let place = Place::parse(point.as_deref(), crs.as_deref())?;
    let point = place.point().await?;
    let snapshot = app.seen_by(&viewer);
    let lookup = Lookup::new(&snapshot, viewer, layers.as_deref())?;
    let at = lookup.at(point);
    let house = at.building().map(|record| record.id.clone());
    let residents = match house {
        Some(house) => residents::of(&app, lookup.viewer(), house).await?,
        None => Vec::new(),
    };
    let answer = One {
        point: degrees(point),
        sequence: snapshot.sequence,
        nearest: at.building().is_none().then(|| lookup.nearest(point)),
        residents: &residents,
        hint: place
            .is_plain()
            .then(|| hint::of(&snapshot, point))
            .flatten(),
        at,
    };
    Ok(Json(answer).into_response())
}

fn degrees(point: Point) -> [f64; 2] {
    [point.lon(), point.lat()]
}
