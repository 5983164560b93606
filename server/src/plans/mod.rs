//! 规划: the versions of a plan beside the one in force, and what each changes of the land.
//!
//! The plan in force is the layer `plan_land`, a partition that everything else counts by. The
//! plots of other versions (drafts, plans on display, repealed ones) lie in `plan_plot`, each
//! with the document (`plan_doc`) that it is of, and may overlap those of another version. A
//! document goes its way by its process; being published, its plots take the place of those in
//! force ([`Succession`]).

mod balance;
mod force;
mod structure;
mod workbook;

use std::{collections::BTreeMap, sync::Arc};

use axum::{Json, Router, extract::State, routing::get};
use serde::Serialize;
use yizhangtu_data::Text;

pub(crate) use balance::{Balance, label, list_of, metres, rank, rounded};
pub(crate) use force::{Succession, figures};

use crate::{
    atlas::{LayerSnapshot, Snapshot},
    collections::{AsOf, features},
    http::{App, Parameters, Problem},
    policy::{Action, Seen, Viewer},
};

/// Land as it is.
const LAND_USE: &str = "land_use";
/// The plots of the plan in force.
const IN_FORCE: &str = "plan_land";
/// The plots of versions that are not in force.
const PLOTS: &str = "plan_plot";
/// The documents that they are of.
pub(crate) const DOCUMENTS: &str = "plan_doc";

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
    plots: usize,
    /// What its document says of it.
    #[serde(flatten)]
    told: Told,
    /// The documents that the plots in force are of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    documents: Vec<Document>,
}

/// What a document says of a version, as a viewer sees it.
#[derive(Clone, Debug, Default, Serialize)]
struct Told {
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    edition: Option<String>,
    /// The days from and to which it was or is in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_to: Option<String>,
}

/// A document with so many plots in force.
#[derive(Clone, Debug, Serialize)]
struct Document {
    id: String,
    name: String,
    plots: usize,
    #[serde(flatten)]
    told: Told,
}

/// The land that is looked at, as it is or was, as far as a viewer sees it.
struct Lands(BTreeMap<&'static str, Arc<LayerSnapshot>>);

impl Lands {
    async fn of(
        app: &App,
        viewer: &Viewer,
        seen: &Snapshot,
        as_of: Option<&AsOf>,
    ) -> Result<Self, Problem> {
        let mut all = BTreeMap::new();
        for id in [LAND_USE, IN_FORCE, PLOTS] {
            let Some(now) = seen.layer(id) else { continue };
            let layer = match as_of {
                None => Arc::clone(now),
                Some(_) => features(app, viewer, &now.layer, as_of).await?,
            };
            all.insert(id, layer);
        }
        Ok(Self(all))
    }

    fn get(&self, id: &str) -> Option<&Arc<LayerSnapshot>> {
        self.0.get(id)
    }

    /// How many plots of a layer each plan has.
    fn by_plan(&self, layer: &str) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        let Some(layer) = self.get(layer) else {
            return counts;
        };
        for (_, record) in layer.records() {
            if let Some(plan) = record.get(&layer.layer, "plan").as_text() {
                *counts.entry(plan.to_owned()).or_default() += 1;
            }
        }
        counts
    }
}

/// `GET /plans?as-of=`: land as it is, the plan in force, and every version that has plots or is
/// at work.
async fn list(
    State(app): State<App>,
    viewer: Viewer,
    mut given: Parameters,
) -> Result<Json<Vec<Version>>, Problem> {
    let as_of = AsOf::take(&mut given)?;
    given.finish()?;
    let lands = Lands::of(&app, &viewer, &app.seen_by(&viewer), as_of.as_ref()).await?;
    tokio::task::spawn_blocking(move || versions(&app, &viewer, &lands))
        .await
        .map_err(Problem::internal)?
        .map(Json)
}

fn versions(app: &App, viewer: &Viewer, lands: &Lands) -> Result<Vec<Version>, Problem> {
    let documents = documents(app, viewer)?;
    let known = |id: &str| {
        let found = documents.iter().find(|own| own.id == id).cloned();
        found.unwrap_or_else(|| Document {
            id: id.to_owned(),
            name: id.to_owned(),
            plots: 0,
            told: Told::default(),
        })
    };
    let in_force = lands.by_plan(IN_FORCE);
    let mut all = Vec::new();
    for (id, zh, en) in [
        (LAND_USE, "现状用地", "Land as it is"),
        (IN_FORCE, "现行规划", "The plan in force"),
    ] {
        let Some(layer) = lands.get(id) else { continue };
        let of = in_force.iter().filter(|_| id == IN_FORCE);
        all.push(Version {
            id: id.to_owned(),
            title: Text {
                zh: zh.to_owned(),
                en: en.to_owned(),
            },
            layer: id,
            plots: layer.records().count(),
            told: Told::default(),
            documents: (of.map(|(id, plots)| Document {
                plots: *plots,
                ..known(id)
            }))
            .collect(),
        });
    }
    if lands.get(PLOTS).is_none() {
        return Ok(all);
    }
    let mut counts = lands.by_plan(PLOTS);
    // One that was made and has no plots yet waits for them.
    let process = app.catalog().process(DOCUMENTS);
    for own in &documents {
        let state = own.told.state.as_deref().unwrap_or_default();
        let at_work = process.and_then(|process| process.state(state));
        if at_work.is_some_and(|state| !state.ends) {
            counts.entry(own.id.clone()).or_default();
        }
    }
    all.extend(counts.into_iter().map(|(id, plots)| {
        let Document { id, name, told, .. } = known(&id);
        Version {
            id,
            title: Text {
                zh: name.clone(),
                en: name,
            },
            layer: PLOTS,
            plots,
            told,
            documents: Vec::new(),
        }
    }));
    Ok(all)
}

/// All documents, without their plots; none where the viewer may not see them.
fn documents(app: &App, viewer: &Viewer) -> Result<Vec<Document>, Problem> {
    let layer = app.layer(DOCUMENTS);
    let Some(layer) = layer.filter(|layer| viewer.may(Action::View, layer)) else {
        return Ok(Vec::new());
    };
    let store = app.pool().reader().map_err(Problem::internal)?;
    let mut all = Vec::new();
    let scanned = store.scan(DOCUMENTS, |record| {
        let view = viewer.see(layer, &record);
        let text = |field: &str| match view.get(field) {
            Seen::Nothing => None,
            seen => Some(seen.to_text()),
        };
        all.push(Document {
            id: record.id.to_string(),
            name: text("name").unwrap_or_else(|| record.id.to_string()),
            plots: 0,
            told: Told {
                state: text("state"),
                edition: text("edition"),
                valid_from: text("valid_from"),
                valid_to: text("valid_to"),
            },
        });
    });
    scanned.map_err(Problem::internal)?;
    Ok(all)
}
