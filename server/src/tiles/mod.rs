//! Vector tiles of the living snapshot, by the XYZ paths and by OGC API Tiles.
//!
//! A tile shows the layers that its path names, joined by commas, and of each feature only
//! what the map draws: never a personal field. Layers about persons have no tiles.

mod asked;
mod cache;
mod fields;
mod matrix;
mod naming;
mod ogc;
mod paint;
mod tilejson;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use yizhangtu_tiles::TileId;

use asked::Asked;
pub(crate) use cache::TileCache;
pub(crate) use fields::looked_at;
pub(crate) use naming::{Drawn, DrawnLayer, LABELS, has_labels, has_tiles, layer, tile_id};
pub(crate) use paint::{gzipped, is_merged, is_stale, is_touched, leave, survey_all};
pub(crate) use tilejson::{bounds, described};

use crate::{
    http::{App, Encoded, Parameters, Problem},
    policy::Viewer,
};

/// The deepest zoom that is offered. Beyond it a map enlarges: one unit is 7 cm near 广州.
pub(crate) const LAST_ZOOM: u8 = 17;

/// Asked anew each time; unchanged, it is not sent again. So no edit is seen late.
const ASK_AGAIN: &str = "no-cache";

/// `/tiles/…` and the OGC paths.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/tiles/{layers}", get(tilejson::document))
        .route("/tiles/{layers}/{z}/{x}/{y}", get(xyz))
        .merge(ogc::routes())
}

async fn xyz(
    State(app): State<App>,
    Path((layers, z, x, y)): Path<(String, String, String, String)>,
    viewer: Viewer,
    headers: HeaderMap,
    given: Parameters,
) -> Result<Response, Problem> {
    let (row, extension) = match y.rsplit_once('.') {
        None => (y.as_str(), None),
        Some((row, extension)) => (row, Some(extension)),
    };
    let tile = naming::tile_id(&z, &x, row)?;
    answer(&app, &viewer, &layers, tile, extension, headers, given).await
}

/// A tile of layers: 204 where it is empty, 304 where the asker has it.
async fn answer(
    app: &App,
    viewer: &Viewer,
    layers: &str,
    tile: TileId,
    extension: Option<&str>,
    headers: HeaderMap,
    given: Parameters,
) -> Result<Response, Problem> {
    let snapshot = app.seen_by(viewer);
    let drawn = naming::layers(&snapshot, layers)?;
    let asked = Asked::read(extension, given, &headers, &drawn, viewer)?;
    let (encoding, negotiated) = (asked.encoding, asked.negotiated);
    // What everybody gets is kept; what one asks for is drawn for them.
    let slot = if asked.is_plain() {
        app.tiles().slot(&snapshot, &drawn, tile, encoding)
    } else {
        cache::Slot::default()
    };
    let painted = match slot.get() {
        Some(painted) => painted.clone(),
        None => {
            let drawn = asked.at_its_time(app, viewer, drawn).await?;
            let is_little = asked.is_plain() && paint::is_little(&drawn, tile);
            let accepted = headers.clone();
            let paint = move || {
                let painted = slot.get_or_init(|| paint::tile(&drawn, tile, &asked).map(Arc::new));
                if let Ok(encoded) = painted {
                    encoded.prepare(&accepted);
                }
                painted.clone()
            };
            let painted = if is_little {
                paint()
            } else {
                let turn = app.tiles().turn().await;
                let paint = move || {
                    let _turn = turn;
                    paint()
                };
                let painted = tokio::task::spawn_blocking(paint).await;
                painted.map_err(Problem::internal)?
            };
            app.tiles().settle();
            painted
        }
    };
    let encoded: Arc<Encoded> = painted.map_err(Problem::internal)?;
    let mut answer = if encoded.is_empty() {
        StatusCode::NO_CONTENT.into_response()
    } else {
        encoded.answer(&headers, encoding.encoder().media_type(), ASK_AGAIN)
    };
    if negotiated {
        let both = HeaderValue::from_static("accept, accept-encoding");
        answer.headers_mut().insert(header::VARY, both);
    }
    Ok(answer)
}
