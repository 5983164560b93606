//! OGC API Tiles (20-057): the same tiles by the standard's paths, with the metadata of
//! their set and of the matrix that they lie in.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};
use yizhangtu_tiles::mvt;

use super::{LABELS, LAST_ZOOM, naming, tilejson};
use crate::{
    atlas::LayerSnapshot,
    http::{App, Base, Parameters, Problem, percent_encoded},
    policy::Viewer,
};

const MATRIX: &str = "WebMercatorQuad";
const MATRIX_URI: &str = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad";
const CRS_URI: &str = "http://www.opengis.net/def/crs/EPSG/0/3857";

/// Half of the equator in metres of the projection, as 17-083r4 gives it.
const HALF: f64 = 20_037_508.342_789_244;
/// Metres a pixel of the one tile of zoom 0.
const CELL: f64 = 156_543.033_928_041;
/// The scale of that, at 0.28 mm a pixel.
const SCALE: f64 = 559_082_264.028_717_8;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/tileMatrixSets", get(matrices))
        .route("/tileMatrixSets/{matrix}", get(matrix))
        .route("/collections/{layer}/tiles", get(sets))
        .route("/collections/{layer}/tiles/{matrix}", get(set))
        .route("/collections/{layer}/tiles/{matrix}/{z}/{y}/{x}", get(tile))
}

async fn tile(
    State(app): State<App>,
    viewer: Viewer,
    Path((layer, matrix, z, y, x)): Path<(String, String, String, String, String)>,
    headers: HeaderMap,
    given: Parameters,
) -> Result<Response, Problem> {
    known(&matrix)?;
    // One collection a path: a comma is no separator here, and names are no collection.
    if layer.contains(',') || layer.ends_with(LABELS) {
        return Err(naming::unknown(&layer));
    }
    let tile = naming::tile_id(&z, &x, &y)?;
    super::answer(&app, &viewer, &layer, tile, None, headers, given).await
}

async fn sets(
    State(app): State<App>,
    viewer: Viewer,
    base: Base,
    Path(layer): Path<String>,
) -> Result<Response, Problem> {
    let drawn = naming::layers(&app.seen_by(&viewer), &layer)?;
    let here = format!("/collections/{layer}/tiles");
    let title = title(&drawn[0].snapshot);
    Ok(Json(json!({
        "links": [link(&base, "self", &here, "application/json")],
        "tilesets": [{
            "title": title,
            "dataType": "vector",
            "crs": CRS_URI,
            "tileMatrixSetId": MATRIX,
            "tileMatrixSetURI": MATRIX_URI,
            "links": set_links(&base, &layer),
        }],
    }))
    .into_response())
}

async fn set(
    State(app): State<App>,
    viewer: Viewer,
    base: Base,
    Path((layer, matrix)): Path<(String, String)>,
) -> Result<Response, Problem> {
    known(&matrix)?;
    let drawn = naming::layers(&app.seen_by(&viewer), &layer)?;
    let mut document = json!({
        "title": title(&drawn[0].snapshot),
        "dataType": "vector",
        "crs": CRS_URI,
        "tileMatrixSetId": MATRIX,
        "tileMatrixSetURI": MATRIX_URI,
        "links": set_links(&base, &layer),
        "layers": [{
            "id": drawn[0].snapshot.layer.id,
            "title": title(&drawn[0].snapshot),
            "dataType": "vector",
            "minTileMatrix": tilejson::least_zoom(&drawn[0]).to_string(),
            "maxTileMatrix": LAST_ZOOM.to_string(),
        }],
    });
    if let Some([west, south, east, north]) = tilejson::bounds(&drawn) {
        document["boundingBox"] = json!({
            "lowerLeft": [west, south],
            "upperRight": [east, north],
            "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
        });
    }
    Ok(Json(document).into_response())
}

async fn matrices(base: Base) -> Response {
    Json(json!({
        "tileMatrixSets": [{
            "id": MATRIX,
            "title": "Google Maps Compatible for the World",
            "uri": MATRIX_URI,
            "crs": CRS_URI,
            "links": [link(&base, "self", &format!("/tileMatrixSets/{MATRIX}"), "application/json")],
        }],
    }))
    .into_response()
}

async fn matrix(Path(matrix): Path<String>) -> Result<Response, Problem> {
    known(&matrix)?;
    let matrices: Vec<Value> = (0..=LAST_ZOOM)
        .map(|z| {
            let side = 1_u32 << z;
            json!({
                "id": z.to_string(),
                "scaleDenominator": SCALE / f64::from(side),
                "cellSize": CELL / f64::from(side),
                "cornerOfOrigin": "topLeft",
                "pointOfOrigin": [-HALF, HALF],
                "tileWidth": 256,
                "tileHeight": 256,
                "matrixWidth": side,
                "matrixHeight": side,
            })
        })
        .collect();
    Ok(Json(json!({
        "id": MATRIX,
        "title": "Google Maps Compatible for the World",
        "uri": MATRIX_URI,
        "crs": CRS_URI,
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": matrices,
    }))
    .into_response())
}

fn known(matrix: &str) -> Result<(), Problem> {
    if matrix == MATRIX {
        return Ok(());
    }
    Err(Problem::not_found(format!(
        "没有瓦片矩阵集“{matrix}”，可用的是 {MATRIX} / there is no tile matrix set “{matrix}”; there is {MATRIX}"
    )))
}

fn title(layer: &LayerSnapshot) -> String {
    let title = &layer.layer.title;
    format!("{} / {}", title.zh, title.en)
}

fn set_links(base: &Base, layer: &str) -> Value {
    let layer = percent_encoded(layer);
    let set = format!("/collections/{layer}/tiles/{MATRIX}");
    let mut tiles = link(
        base,
        "item",
        &format!("{set}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}"),
        mvt::MEDIA_TYPE,
    );
    tiles["templated"] = true.into();
    json!([
        link(base, "self", &set, "application/json"),
        link(
            base,
            "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme",
            &format!("/tileMatrixSets/{MATRIX}"),
            "application/json",
        ),
        link(
            base,
            "describedby",
            &format!("/tiles/{layer}.json"),
            "application/json"
        ),
        tiles,
    ])
}

fn link(base: &Base, rel: &str, path: &str, media_type: &str) -> Value {
    json!({ "rel": rel, "href": base.at(path), "type": media_type })
}
