//! 规划: the versions of a plan beside the one in force, and what each changes of the land.
//!
//! The plan in force is the layer `plan_land`, a partition that everything else counts by. The
//! plots of other versions (drafts, plans on display, repealed ones) lie in `plan_plot`, each
//! with the document (`plan_doc`) that it is of, and may overlap those of another version.

mod structure;
mod workbook;

use std::collections::BTreeMap;

use axum::{Json, Router, extract::State, routing::get};
use serde::Serialize;
use yizhangtu_data::Text;

use crate::{
    atlas::Snapshot,
    http::{App, Parameters, Problem},
    policy::{Action, Seen, Viewer},
};

/// The plots of versions that are not in force.
const PLOTS: &str = "plan_plot";
/// The documents that they are of.
const DOCUMENTS: &str = "plan_doc";

/// The routes of the plans.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/plans", get(list))
        .route("/plans/structure", get(structure::structure))
}

/// What may be looked at beside another: land as it is, the plan in force, a version.
#[derive(Clone, Debug, Serialize)]
struct Version {
    /// `land_use`, `plan_land`, or the id of a plan document.
    id: String,
    title: Text,
    /// The layer that its plots lie in.
    layer: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    edition: Option<String>,
    plots: usize,
}

/// `GET /plans`: land as it is, the plan in force, and every version that has plots.
async fn list(
    State(app): State<App>,
    viewer: Viewer,
    given: Parameters,
) -> Result<Json<Vec<Version>>, Problem> {
    given.finish()?;
    tokio::task::spawn_blocking(move || versions(&app, &viewer, &app.seen_by(&viewer)))
        .await
        .map_err(Problem::internal)?
        .map(Json)
}

fn versions(app: &App, viewer: &Viewer, seen: &Snapshot) -> Result<Vec<Version>, Problem> {
    let mut all = Vec::new();
    for (id, zh, en) in [
        ("land_use", "现状用地", "Land as it is"),
        ("plan_land", "现行规划", "The plan in force"),
    ] {
        if let Some(layer) = seen.layer(id) {
            all.push(Version {
                id: id.to_owned(),
                title: Text {
                    zh: zh.to_owned(),
                    en: en.to_owned(),
                },
                layer: id,
                state: None,
                edition: None,
                plots: layer.records().count(),
            });
        }
    }
    let Some(plots) = seen.layer(PLOTS) else {
        return Ok(all);
    };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (_, record) in plots.records() {
        if let Some(plan) = record.get(&plots.layer, "plan").as_text() {
            *counts.entry(plan.to_owned()).or_default() += 1;
        }
    }
    let documents = app.catalog().layer(DOCUMENTS).cloned();
    let store = app.pool().reader().map_err(Problem::internal)?;
    for (id, count) in counts {
        let document = match &documents {
            Some(layer) if viewer.may(Action::View, layer) => {
                let found = store.get(DOCUMENTS, &id).map_err(Problem::internal)?;
                found.map(|record| (layer, record))
            }
            _ => None,
        };
        let text = |field: &str| -> Option<String> {
            let (layer, record) = document.as_ref()?;
            match viewer.see(layer, record).get(field) {
                Seen::Nothing => None,
                seen => Some(seen.to_text()),
            }
        };
        let name = text("name").unwrap_or_else(|| id.clone());
        all.push(Version {
            title: Text {
                zh: name.clone(),
                en: name,
            },
            layer: PLOTS,
            state: text("state"),
            edition: text("edition"),
            plots: count,
            id,
        });
    }
    Ok(all)
}
