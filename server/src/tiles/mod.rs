//! Vector tiles of the living snapshot, by the XYZ paths and by OGC API Tiles.
//!
//! A tile shows the layers that its path names, joined by commas, and of each feature only
//! what the map draws: never a personal field. Layers about persons have no tiles.

mod asked;
mod cache;
mod fields;
mod naming;
mod ogc;
mod paint;
mod tilejson;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use yizhangtu_tiles::{TileId, mvt};

use asked::Asked;
pub(crate) use cache::TileCache;
pub(crate) use naming::{Drawn, has_tiles, tile_id};
pub(crate) use paint::{gzipped, is_stale, is_touched};
pub(crate) use tilejson::{bounds, described};

use crate::{
    http::{App, Parameters, Problem},
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
    let row = match y.rsplit_once('.') {
        None => y.as_str(),
        Some((row, "mvt" | "pbf")) => row,
        Some((_, extension)) => {
            return Err(Problem::not_found(format!(
                "瓦片没有 .{extension} 格式，请用 .mvt / there are no .{extension} tiles; use .mvt"
            )));
        }
    };
    let tile = naming::tile_id(&z, &x, row)?;
    answer(&app, &viewer, &layers, tile, headers, given).await
}

/// A tile of layers: 204 where it is empty, 304 where the asker has it.
async fn answer(
    app: &App,
    viewer: &Viewer,
    layers: &str,
    tile: TileId,
    headers: HeaderMap,
    given: Parameters,
) -> Result<Response, Problem> {
    let snapshot = app.seen_by(viewer);
    let drawn = naming::layers(&snapshot, layers)?;
    let asked = Asked::read(given, &drawn, viewer)?;
    // What everybody gets is kept; what one asks for is drawn for them.
    let slot = if asked.is_plain() {
        app.tiles().slot(&snapshot, &drawn, tile)
    } else {
        cache::Slot::default()
    };
    let encoded = match slot.get() {
        Some(encoded) => Arc::clone(encoded),
        None => {
            let drawn = asked.at_its_time(app, viewer, drawn).await?;
            let turn = app.tiles().turn().await;
            let headers = headers.clone();
            let painted = tokio::task::spawn_blocking(move || {
                let _turn = turn;
                let encoded = slot.get_or_init(|| Arc::new(paint::tile(&drawn, tile, &asked)));
                encoded.prepare(&headers);
                Arc::clone(encoded)
            })
            .await
            .map_err(Problem::internal)?;
            app.tiles().settle();
            painted
        }
    };
    if encoded.is_empty() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(encoded.answer(&headers, mvt::MEDIA_TYPE, ASK_AGAIN))
}
