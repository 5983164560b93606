//! 城市更新单元: outlined along the grids, weighed, compared, and moved forward.
//!
//! Nothing that the map implies is stored with a unit. Its figures are those of
//! `POST /statistics`, its indicators are formulas over them, and its maturity is a weighted
//! sum of formulas: each is worked out from the map as it is when somebody asks.

mod disposal;
mod facts;
mod figures;
mod grow;
mod indicators;
mod maturity;
mod measures;
mod outline;
mod report;
mod rollup;
mod rule;
mod steps;
mod thresholds;
mod units;
mod variants;
mod work;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};

pub(crate) use facts::figures_of;
pub(crate) use figures::Figures;
pub(crate) use report::{OBSTACLES, asked_for};
pub(crate) use thresholds::{THRESHOLDS, shares};

use crate::http::App;

/// The layer of the units.
pub(crate) const UNITS: &str = "renewal_unit";

/// Largest outline that is sent, in bytes.
const LARGEST_BODY: usize = 8 << 20;

/// Everything under `/renewal`.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/renewal/outline", post(outline::outline))
        .route("/renewal/indicators", get(indicators::indicators))
        .route("/renewal/suggest", post(grow::suggest))
        .route(
            "/renewal/disposal",
            get(disposal::classes).post(disposal::rule),
        )
        .route("/renewal/units", get(units::units))
        .route("/renewal/totals", get(rollup::totals))
        .route("/renewal/measures", post(measures::set))
        .route("/renewal/units/{id}/report", get(report::report))
        .route("/renewal/units/{id}/work", get(work::work))
        .route(
            "/renewal/variants",
            get(variants::list).post(variants::make),
        )
        .route(
            "/renewal/variants/{id}",
            get(variants::one)
                .patch(variants::change)
                .delete(variants::forget),
        )
        .route("/renewal/variants/{id}/history", get(variants::history))
        .route("/renewal/variants/{id}/{act}", post(variants::act))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
}
