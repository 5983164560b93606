//! Which rows of a table lie in a viewer's territory: by the features that they name.

use std::{collections::BTreeSet, sync::Arc};

use yizhangtu_data::{
    Layer, Record, Value,
    store::{GeoPackage, StoreError},
};

use super::{Action, Cuts, Viewer};
use crate::atlas::Snapshot;

/// Longest chain of tables that name one another.
const DEEPEST: usize = 4;

/// The ids of the rows of a table that a viewer may do an action on; none where all.
///
/// # Errors
/// When the file cannot be read.
pub(crate) fn rows(
    cuts: &Cuts,
    viewer: &Viewer,
    snapshot: &Arc<Snapshot>,
    store: &GeoPackage,
    layer: &Layer,
) -> Result<Option<BTreeSet<String>>, StoreError> {
    if viewer.limits().is_none() || !viewer.is_limited(layer) {
        return Ok(None);
    }
    // Where things are does not depend on whether the viewer may see them.
    let everything = viewer.everywhere();
    let cut = cuts.of(&everything, Action::View, snapshot);
    ids(viewer, &cut, store, layer, 0).map(Some)
}

fn ids(
    viewer: &Viewer,
    cut: &Snapshot,
    store: &GeoPackage,
    layer: &Layer,
    depth: usize,
) -> Result<BTreeSet<String>, StoreError> {
    let mut found = BTreeSet::new();
    let contracts = (cut.contracts.as_ref()).filter(|own| own.layer.id == layer.id);
    if let Some(mapped) = cut.layer(&layer.id).or(contracts) {
        found.extend(mapped.records().map(|(_, record)| record.id.to_string()));
        return Ok(found);
    }
    let places = viewer.places(&layer.id);
    if depth == DEEPEST {
        return Ok(found);
    }
    for (rank, place) in places.iter().enumerate() {
        if let Some((table, field)) = place.split_once('.') {
            let Some(naming) = store.layer(table).cloned() else {
                continue;
            };
            for id in ids(viewer, cut, store, &naming, depth + 1)? {
                let row = store.get(table, &id)?.filter(|row| is_open(&naming, row));
                let named =
                    row.and_then(|row| row.get(&naming, field).as_text().map(str::to_owned));
                found.extend(named);
            }
            continue;
        }
        let target = layer
            .field(place)
            .and_then(|field| field.reference.as_deref());
        let Some(target) = target.and_then(|target| store.layer(target)).cloned() else {
            continue;
        };
        for id in ids(viewer, cut, store, &target, depth + 1)? {
            let rows = store.find(&layer.id, place, &Value::from(id.as_str()))?;
            let rows = rows.into_iter().filter(|row| {
                // A row is where the first of its places that is filled says.
                places[..rank]
                    .iter()
                    .all(|before| row.get(layer, before).is_null())
            });
            found.extend(rows.map(|row| row.id.to_string()));
        }
    }
    Ok(found)
}

/// Whether a residence still holds: who moved out is no longer there.
fn is_open(layer: &Layer, row: &Record) -> bool {
    row.get(layer, "moved_out").is_null()
}
