//! Layers as collections of features: OGC API Features Parts 1, 2, 3 (filter) and 5 (schema).

mod crs;
mod datetime;
mod describe;
mod filter;
mod items;
mod schema;

use axum::{
    Router,
    routing::{get, post},
};

pub(crate) use datetime::AsOf;
pub(crate) use filter::parse as parse_filter;
pub(crate) use items::{
    DEFAULT_LIMIT, GREATEST_LIMIT, Selection, existing, exported, exported_formats, feature_json,
    features, find, layer as visible_layer,
};
pub(crate) use schema::properties;

use crate::http::App;

/// Everything under `/collections`.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/collections", get(describe::collections))
        .route("/collections/{layer}", get(describe::collection))
        .route("/collections/{layer}/schema", get(describe::schema))
        .route("/collections/{layer}/queryables", get(describe::queryables))
        .route("/collections/{layer}/export", get(items::export))
        .route(
            "/collections/{layer}/items/{id}/unmask",
            post(items::unmask),
        )
        .route("/collections/{layer}/sortables", get(describe::sortables))
        .route(
            "/collections/{layer}/items",
            get(items::items).post(items::create),
        )
        .route(
            "/collections/{layer}/items/{id}",
            get(items::item)
                .put(items::change)
                .patch(items::change)
                .delete(items::delete),
        )
        .route(
            "/collections/{layer}/items/{id}/history",
            get(items::history),
        )
        .route(
            "/collections/{layer}/items/{id}/revert",
            post(items::revert),
        )
}

/// West, south, east, north of a rectangle in degrees.
pub(crate) fn corners(bounds: &yizhangtu_index::Rect) -> [f64; 4] {
    [
        bounds.min.lon(),
        bounds.min.lat(),
        bounds.max.lon(),
        bounds.max.lat(),
    ]
}

/// The coordinate systems that answers may be given in, the default first.
pub(crate) fn crs_uris() -> [&'static str; 6] {
    crs::OFFERED.map(|offered| offered.uri)
}
