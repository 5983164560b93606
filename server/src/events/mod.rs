//! 网格事件 in figures: what came in, what is closed, by one definition for panel, desk and list.
//!
//! The definition is a part of the process (`closing` in `data/catalog/processes/grid_event.toml`)
//! and has its version.

mod asked;
mod figures;
mod list;
mod totals;

use axum::{Router, routing::get};

use crate::http::App;

/// The layer of the events.
const EVENTS: &str = "grid_event";

/// Totals, and the events that make them up.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/events", get(list::events))
        .route("/events/totals", get(totals::totals))
}
