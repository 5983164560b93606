//! The HTTP service: what all domains share, and the one router that they meet in.
//!
//! Each domain folder has `pub(crate) fn routes() -> Router<App>`; [`service`] merges them
//! and puts the common behaviour around them: problem documents for every error, limits,
//! compression, security headers and a trace that holds nothing personal.

mod app;
pub(crate) mod connections;
mod encoded;
mod forwarded;
mod guard;
mod health;
pub(crate) mod html;
mod link;
mod metrics;
mod negotiate;
mod passing;
mod patience;
mod pool;
mod problem;
mod query;
pub(crate) mod stream;
pub(crate) mod tls;
mod trace;

use axum::{Router, extract::DefaultBodyLimit, middleware};
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer};

pub(crate) use app::{App, Config};
pub(crate) use encoded::{Encoded, GZIP_LEVEL, gzip};
pub(crate) use link::{Base, Link, percent_encoded};
pub(crate) use metrics::Metrics;
pub(crate) use negotiate::Format;
pub(crate) use passing::Passing;
pub(crate) use pool::{Pool, Reader};
pub(crate) use problem::{FieldProblem, Problem};
pub(crate) use query::Parameters;

/// Largest body that a handler reads whole. Streamed bodies are not bound by it.
const LARGEST_BODY: usize = 16 << 20;

/// All routes with the behaviour that they share.
pub(crate) fn service(app: App) -> Router {
    routes()
        .fallback(problem::no_such_path)
        .method_not_allowed_fallback(problem::no_such_method)
        .layer(middleware::from_fn_with_state(
            app.clone(),
            crate::identity::gate,
        ))
        .layer(middleware::from_fn(problem::dress))
        // Handlers compress what they cache themselves; the rest is compressed here, refusals
        // only once they are dressed.
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn(patience::patience))
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(middleware::from_fn_with_state(app.clone(), guard::headers))
        .layer(middleware::from_fn_with_state(app.clone(), trace::request))
        .layer(middleware::from_fn_with_state(
            app.clone(),
            forwarded::forwarded,
        ))
        .with_state(app)
}

/// The routes of every domain.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .merge(health::routes())
        .merge(html::routes())
        .merge(metrics::routes())
        .merge(crate::attachments::routes())
        .merge(crate::audit::routes())
        .merge(crate::basemap::routes())
        .merge(crate::changes::routes())
        .merge(crate::collections::routes())
        .merge(crate::enforcement::routes())
        .merge(crate::events::routes())
        .merge(crate::contracts::routes())
        .merge(crate::exports::routes())
        .merge(crate::import::routes())
        .merge(crate::office::routes())
        .merge(crate::overview::routes())
        .merge(crate::identity::routes())
        .merge(crate::lookup::routes())
        .merge(crate::page::routes())
        .merge(crate::people::routes())
        .merge(crate::process::routes())
        .merge(crate::plans::routes())
        .merge(crate::renewal::routes())
        .merge(crate::rights::routes())
        .merge(crate::search::routes())
        .merge(crate::sheets::routes())
        .merge(crate::statistics::routes())
        .merge(crate::style::routes())
        .merge(crate::tiles::routes())
}
