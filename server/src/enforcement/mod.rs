//! 两违: what is counted of the cases, by one definition for panel, list, map, export and report.
//!
//! 宗 counts cases, 平方米 sums areas as measured, 栋 counts buildings; how far a case is follows
//! from the stage that its process gives the state (`data/catalog/processes/violation_case.toml`).

mod asked;
mod comparison;
mod demolition;
mod difference;
mod documents;
mod facts;
mod figures;
mod ledger;
mod parties;
mod patrol;
mod report;
mod scattered;
mod totals;
mod visits;

use axum::{Router, routing::get};

pub(crate) use asked::counts;
pub(crate) use comparison::name as kind_name;
pub(crate) use demolition::Outstanding;
pub(crate) use documents::issued_kinds;
pub(crate) use figures::{Definition, Figures};
pub(crate) use ledger::asked_for;
pub(crate) use patrol::PATROL;

use crate::{http::App, policy::Viewer};

/// The layer of the cases.
pub(crate) const CASES: &str = "violation_case";

/// Totals, the cases that make them up, and what changed since a day.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/enforcement/totals", get(totals::totals))
        .route("/enforcement/cases", get(ledger::cases))
        .route("/enforcement/cases/{id}/facts", get(facts::facts))
        .route("/enforcement/difference", get(difference::difference))
        .route("/enforcement/report", get(report::report))
        .route("/enforcement/visits", get(visits::visits))
        .route("/enforcement/parties", get(parties::parties))
        .route("/enforcement/scattered", get(scattered::scattered))
        .route("/enforcement/patrol", get(patrol::patrol))
        .merge(comparison::routes())
        .merge(documents::routes())
}

/// What a building is called; by what was written where it is none of the map's.
fn building_label(app: &App, viewer: &Viewer, id: &str) -> String {
    let snapshot = app.seen_by(viewer);
    let houses = snapshot.layer("building");
    let label = houses.and_then(|houses| {
        let house = houses.get(id)?;
        comparison::label(viewer, &houses.layer, house)
    });
    label.unwrap_or_else(|| id.to_owned())
}
