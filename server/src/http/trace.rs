//! One line a request, with nothing personal: searches carry names and telephones in their
//! queries and ids in their paths, so only the route's pattern is told.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};

use super::App;

/// Traces and counts the request.
pub(super) async fn request(State(app): State<App>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map(|path| path.as_str().to_owned());
    let route = route.as_deref().unwrap_or("unmatched");
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let took = began.elapsed();
    app.metrics().count(method.as_str(), route, status, took);
    tracing::debug!(%method, route, status, micros = took.as_micros(), "answered");
    response
}
