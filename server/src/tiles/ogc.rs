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

use super::{
    LABELS, LAST_ZOOM,
    matrix::{self, MATRICES, Matrix},
    naming, tilejson,
};
use crate::{
    atlas::LayerSnapshot,
    http::{App, Base, Parameters, Problem, percent_encoded},
    policy::Viewer,
};

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
    let matrix = matrix::named(&matrix)?;
    // One collection a path: a comma is no separator here, and names are no collection.
    if layer.contains(',') || layer.ends_with(LABELS) {
        return Err(naming::unknown(&layer));
    }
    let tile = naming::tile_of(matrix.tiling, matrix.first, &z, &x, &y)?;
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
    let sets: Vec<Value> = (MATRICES.iter())
        .map(|matrix| {
            let mut set = matrix.set(&title);
            set["links"] = set_links(&base, &layer, matrix);
            set
        })
        .collect();
    Ok(Json(json!({
        "links": [link(&base, "self", &here, "application/json")],
        "tilesets": sets,
    }))
    .into_response())
}

async fn set(
    State(app): State<App>,
    viewer: Viewer,
    base: Base,
    Path((layer, matrix)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let matrix = matrix::named(&matrix)?;
    let drawn = naming::layers(&app.seen_by(&viewer), &layer)?;
    let title = title(&drawn[0].snapshot);
    let mut document = matrix.set(&title);
    document["links"] = set_links(&base, &layer, matrix);
    document["layers"] = json!([{
        "id": drawn[0].snapshot.layer.id,
        "title": title,
        "dataType": "vector",
        "minTileMatrix": matrix.at_zoom(tilejson::least_zoom(&drawn[0])).to_string(),
        "maxTileMatrix": matrix.at_zoom(LAST_ZOOM).to_string(),
    }]);
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
    let matrices: Vec<Value> = (MATRICES.iter())
        .map(|matrix| {
            let mut described = matrix.named();
            let path = format!("/tileMatrixSets/{}", matrix.id);
            described["links"] = json!([link(&base, "self", &path, "application/json")]);
            described
        })
        .collect();
    Json(json!({ "tileMatrixSets": matrices })).into_response()
}

async fn matrix(Path(matrix): Path<String>) -> Result<Response, Problem> {
    Ok(Json(matrix::named(&matrix)?.definition()).into_response())
}

fn title(layer: &LayerSnapshot) -> String {
    let title = &layer.layer.title;
    format!("{} / {}", title.zh, title.en)
}

fn set_links(base: &Base, layer: &str, matrix: &Matrix) -> Value {
    let layer = percent_encoded(layer);
    let set = format!("/collections/{layer}/tiles/{}", matrix.id);
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
            &format!("/tileMatrixSets/{}", matrix.id),
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
