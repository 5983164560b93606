//! The life of features: states, the steps between them, and the log of what was done.
//!
//! The machines are data (`data/catalog/processes`, see [`yizhangtu_data::catalog::process`]).
//! A step is one change set: the feature in its new state and a row of the log, held against
//! everything that the machine asks for. Nothing else sets a state.

mod after;
mod beside;
mod bulk;
mod carries;
mod clock;
mod demand;
mod describe;
mod duplicates;
mod figures;
mod handed;
mod logged;
mod queue;
mod read;
mod take;
mod writes;

use axum::{
    Router,
    routing::{get, post},
};
use yizhangtu_data::{
    Catalog, Layer, Record,
    course::Taken,
    store::{GeoPackage, StoreError},
};

pub(crate) use clock::start;
pub(crate) use queue::clocks;
pub(crate) use writes::Table;

use crate::{
    http::App,
    plans,
    policy::{Rights, Viewer},
};

/// The machines, where features stand in them, and the steps.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/processes", get(describe::processes))
        .route("/processes/{layer}", get(describe::process))
        .route("/processes/{layer}/queue", get(queue::queue))
        .route("/processes/{layer}/steps/{step}", post(bulk::steps))
        .route(
            "/collections/{layer}/items/{id}/process",
            get(describe::course),
        )
        .route(
            "/collections/{layer}/items/{id}/process/{step}",
            post(take::take),
        )
}

/// The log of a feature, the oldest step first; nothing where its layer has no machine.
///
/// # Errors
/// When the file cannot be read.
pub(crate) fn taken(
    app: &App,
    store: &GeoPackage,
    layer: &str,
    id: &str,
) -> Result<Vec<Taken>, StoreError> {
    let machine = app.layer(layer).map(|layer| read::Machine::of(app, layer));
    match machine {
        Some(Ok(machine)) => machine.taken(store, id),
        _ => Ok(Vec::new()),
    }
}

/// Whether a viewer's role takes a step, from the state that a feature is in, that asks for
/// photographs: whoever looks at a case again adds the picture, and changes nothing else.
pub(crate) fn asks_for_photos(
    catalog: &Catalog,
    viewer: &Viewer,
    layer: &Layer,
    record: &Record,
) -> bool {
    let Some(process) = catalog.process(&layer.id) else {
        return false;
    };
    let state = record.get(layer, &process.state).as_text();
    let role = viewer.who().role.as_ref().map(|role| role.id.as_str());
    process.transitions.iter().any(|step| {
        !step.photos.is_empty()
            && step.roles.iter().any(|own| Some(own.as_str()) == role)
            && process.leads_from(step, state.unwrap_or_default())
    })
}

/// What is wrong with the machines by the rights: steps that nobody may take.
pub(crate) fn faults(catalog: &Catalog, rights: &Rights) -> Vec<String> {
    let processes = catalog.processes.values().flatten();
    let gates = processes
        .clone()
        .filter(|process| !figures::has(&process.layer));
    let gates = gates.flat_map(|process| {
        let steps = process.transitions.iter();
        steps
            .filter(|step| !step.figures.is_empty())
            .map(move |step| (process, step))
    });
    let gates = gates.map(|(process, step)| {
        format!(
            "流程 {layer}（{version}）的步骤 {id}：图层 {layer} 没有指标，不能写 figures / process {layer} ({version}), step {id}: the layer {layer} has no figures; figures may not be asked for",
            layer = process.layer,
            version = process.version,
            id = step.id,
        )
    });
    let forces = processes
        .clone()
        .filter(|process| process.layer != plans::DOCUMENTS);
    let forces = forces.flat_map(|process| {
        let steps = process.transitions.iter();
        steps
            .filter(|step| step.puts_in_force.is_some())
            .map(move |step| (process, step))
    });
    let forces = forces.map(|(process, step)| {
        format!(
            "流程 {layer}（{version}）的步骤 {id}：只有规划成果能写 puts_in_force / process {layer} ({version}), step {id}: only plan documents may have puts_in_force",
            layer = process.layer,
            version = process.version,
            id = step.id,
        )
    });
    let roles = processes
        .flat_map(|process| {
            let steps = process.transitions.iter();
            steps.flat_map(move |step| step.roles.iter().map(move |role| (process, step, role)))
        })
        .filter(|(_, _, role)| rights.role(role).is_none())
        .map(|(process, step, role)| {
            format!(
                "流程 {layer}（{version}）的步骤 {id}：没有角色“{role}”，请改正 processes/{layer}.toml 或权限表 / process {layer} ({version}), step {id}: there is no role “{role}”; correct processes/{layer}.toml or the rights",
                layer = process.layer,
                version = process.version,
                id = step.id,
            )
        });
    gates.chain(forces).chain(roles).collect()
}
