//! 人屋: people and houses. What a house holds, what the registers count, and the rules of
//! moving in and out.

mod coverage;
mod doubles;
mod house;
mod intake;
mod listed;
mod merge;
mod night;
mod past;
mod quality;
mod register;
mod rules;
mod survey;
mod terms;
#[cfg(test)]
mod tests;

pub(crate) use doubles::Doubles;
pub(crate) use listed::{Listed, Page};
pub(crate) use past::Past;
pub(crate) use quality::Quality;
pub(crate) use register::{Day, Dweller, Tallies, Tally, dwellers, has_registers};
pub(crate) use rules::Registers;
pub(crate) use terms::{TERMS, Terms};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};

use crate::http::App;

/// The routes of people and houses.
pub(crate) fn routes() -> Router<App> {
    let most = DefaultBodyLimit::max(intake::LARGEST);
    Router::new()
        .route("/houses/{id}", get(house::house))
        .route("/coverage", get(coverage::coverage))
        .route("/coverage/houses", get(coverage::houses))
        .route("/people/doubles", get(doubles::doubles))
        .route("/people/merge", post(merge::merge))
        .route("/quality", get(quality::quality))
        .route("/night-counts", post(night::count))
        .route("/registers", post(intake::registers).layer(most))
}
