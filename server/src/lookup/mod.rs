//! 人屋关联: what is at a point, one by one (`GET /lookup`) and in bulk (`POST /lookup`).

mod answer;
mod bulk;
mod columns;
mod delimited;
mod hint;
mod lines;
mod place;
mod residents;
mod spool;

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderValue, header},
    response::Response,
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
pub(crate) use columns::{COLUMNS, Columns, Row};
pub(crate) use delimited::CoordinateColumns;
use hint::Hint;
use place::Place;
use residents::Resident;

/// The routes of the lookup.
pub(crate) fn routes() -> Router<App> {
    Router::new().route("/lookup", get(one).post(bulk::many))
}

/// Bytes that an answer usually takes.
const USUAL_ANSWER: usize = 2 << 10;

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
    let found = lookup.find(&[point]);
    let at = found.at(0);
    let residents = match at.building().zip(snapshot.layer("building")) {
        // An empty house has no register to read.
        Some((at, houses)) if snapshot.houses.at(at).tally.residents() > 0 => {
            let house = houses.row(at).id().into();
            // Apart, as whatever is turned.
            Box::pin(residents::of(&app, lookup.viewer(), house)).await?
        }
        _ => Vec::new(),
    };
    let answer = One {
        point: degrees(point),
        sequence: snapshot.sequence,
        nearest: lookup.nearest_beside(at, point),
        residents: &residents,
        hint: place
            .is_plain()
            .then(|| hint::of(&snapshot, point))
            .flatten(),
        at,
    };
    let mut body = Vec::with_capacity(USUAL_ANSWER);
    serde_json::to_writer(&mut body, &answer).map_err(Problem::internal)?;
    let mut response = Response::new(Body::from(body));
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    Ok(response)
}

fn degrees(point: Point) -> [f64; 2] {
    [point.lon(), point.lat()]
}
