//! What is said of a change set that was applied, and of features as they are now.

use std::{collections::HashMap, sync::Arc};

use serde_json::{Value, json};
use yizhangtu_data::{Id, Layer, Record, store::Entry};

use super::Done;
use crate::{
    collections::feature_json,
    http::{App, Problem},
    policy::Viewer,
};

/// The answer to `POST /changes`.
pub(super) fn of(done: &Done) -> Value {
    json!({
        "sequence": done.sequence,
        "change_set": done.change_set,
        "features": features(&done.entries),
        "warnings": done.warnings,
    })
}

/// What happened to each feature in all, in the order in which they were first touched.
fn features(entries: &[Entry]) -> Vec<Value> {
    let mut places: HashMap<(&str, &str), usize> = HashMap::new();
    let mut all: Vec<(&Entry, &str, u64)> = Vec::new();
    for entry in entries {
        match places.get(&(&*entry.layer, &*entry.id)) {
            None => {
                places.insert((&entry.layer, &entry.id), all.len());
                all.push((entry, &entry.operation, entry.sequence));
            }
            Some(&place) => {
                let (_, operation, version) = &mut all[place];
                *version = entry.sequence;
                // What came and was changed came; what came and went is told as gone.
                if entry.operation == "delete" || *operation == "delete" {
                    *operation = &entry.operation;
                }
            }
        }
    }
    all.into_iter()
        .map(|(entry, operation, version)| {
            json!({ "op": operation, "layer": &*entry.layer, "id": &*entry.id, "version": version })
        })
        .collect()
}

/// A feature as a viewer may see it, with its version.
pub(crate) fn current(
    viewer: &Viewer,
    layer: &Layer,
    record: &Record,
    version: u64,
) -> Result<Value, Problem> {
    let mut feature = feature_json(&viewer.see(layer, record)).map_err(Problem::internal)?;
    feature["layer"] = layer.id.as_str().into();
    feature["version"] = version.into();
    Ok(feature)
}

/// Features as they are now; one that is gone says so.
pub(super) async fn currents(
    app: &App,
    viewer: &Viewer,
    features: &[(Arc<str>, Id)],
) -> Result<Value, Problem> {
    let asked = features.to_vec();
    let found = app
        .pool()
        .read(move |store| {
            asked
                .into_iter()
                .map(|(layer, id)| {
                    let (record, version) = store.get_versioned(&layer, &id)?;
                    Ok((layer, id, record, version))
                })
                .collect::<Result<Vec<_>, _>>()
        })
        .await?;
    let told =
        found.into_iter().map(
            |(layer, id, record, version)| match (app.layer(&layer), record) {
                (Some(layer), Some(record)) => current(viewer, layer, &record, version),
                _ => {
                    Ok(json!({ "layer": &*layer, "id": &*id, "deleted": true, "version": version }))
                }
            },
        );
    told.collect::<Result<Vec<_>, _>>().map(Value::from)
}
