//! Layers as collections of features: OGC API Features Parts 1, 2, 3 (filter) and 5 (schema).

mod crs;
mod datetime;
mod filter;
mod items;

use axum::Router;

use crate::http::App;

/// Everything under `/collections`.
pub(crate) fn routes() -> Router<App> {
    Router::new()
}
