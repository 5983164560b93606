//! Optional base maps under the village's own layers: archives on the server's disk, and
//! 天地图 through this server when it was given a key. None by default, and then nothing
//! outside is ever contacted.

mod archive;
mod content;
mod list;
mod mbtiles;
mod pmtiles;
mod tianditu;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Serialize;
use yizhangtu_data::Text;
use yizhangtu_tiles::TileId;

pub(crate) use list::Basemaps;
pub(crate) use tianditu::{NATIONAL_HOST, Settings as TiandituSettings, USUAL_LAYERS};

use crate::http::{App, Problem};
use archive::Archive;
use content::Tile;
use tianditu::Tianditu;

/// Base maps change with a restart at most, so a browser may keep a tile for an hour.
const AN_HOUR: HeaderValue = HeaderValue::from_static("private, max-age=3600");

/// `/basemaps` and their tiles.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/basemaps", get(list))
        .route("/basemaps/{id}/{z}/{x}/{y}", get(tile))
}

/// What the page is told of a base map.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Description {
    id: String,
    title: Text,
    kind: Kind,
    tiles: [String; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    attribution: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bounds: Option<[f64; 4]>,
    minzoom: u8,
    maxzoom: u8,
    /// Of raster tiles: pixels along a side.
    #[serde(skip_serializing_if = "Option::is_none")]
    tile_size: Option<u32>,
    /// Of vector tiles: the layers inside, as TileJSON has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    vector_layers: Option<serde_json::Value>,
    /// The base map with the names that belong over this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<String>,
}

/// Pictures or vector tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Raster,
    Vector,
}

/// A base map.
struct Basemap {
    description: Description,
    source: Source,
}

/// Where its tiles come from.
enum Source {
    Archive(Archive),
    Tianditu(Tianditu),
}

impl Basemap {
    /// A tile; none where the base map has nothing.
    async fn tile(&self, tile: TileId) -> Result<Option<Tile>, Problem> {
        let zooms = self.description.minzoom..=self.description.maxzoom;
        if !zooms.contains(&tile.z()) {
            return Ok(None);
        }
        match &self.source {
            Source::Archive(archive) => archive.tile(tile).await.map_err(|error| {
                tracing::warn!(%error, "a base map tile could not be read");
                Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
            }),
            Source::Tianditu(service) => service.tile(tile).await.map(Some).map_err(Problem::from),
        }
    }
}

async fn list(State(app): State<App>) -> Response {
    let descriptions: Vec<&Description> = app.basemaps().descriptions().collect();
    Json(descriptions).into_response()
}

async fn tile(
    State(app): State<App>,
    Path((id, z, x, y)): Path<(String, String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let basemap = app.basemaps().get(&id).ok_or_else(|| {
        Problem::not_found(format!(
            "没有底图“{id}”，底图见 /basemaps / there is no base map “{id}”; /basemaps lists them"
        ))
    })?;
    let row = y.split('.').next().unwrap_or_default();
    let tile = crate::tiles::tile_id(&z, &x, row)?;
    let mut answer = match basemap.tile(tile).await? {
        Some(tile) => tile.answer(&headers).map_err(Problem::internal)?,
        // The map takes it as no data and asks no more.
        None => StatusCode::NO_CONTENT.into_response(),
    };
    answer.headers_mut().insert(header::CACHE_CONTROL, AN_HOUR);
    Ok(answer)
}
