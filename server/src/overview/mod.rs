//! What the service is and holds: the landing page, its conformance, its description for
//! programs, the catalog for the page, and who is asking.

mod api;
mod catalog;
mod landing;

use axum::{Router, routing::get};

use crate::http::App;

/// The routes of the overview.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(landing::landing))
        .route("/conformance", get(landing::conformance))
        .route("/api", get(api::document))
        .route("/api.html", get(api::page))
        .route("/catalog", get(catalog::catalog))
}
