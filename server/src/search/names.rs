//! The names of all layers, indexed once for each snapshot of a layer.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use rayon::prelude::*;
use yizhangtu_data::{Layer, store::StoreError};

use super::{
    index::{LayerIndex, searched},
    people::People,
};
use crate::{
    atlas::{LayerSnapshot, Snapshot},
    http::{App, Reader},
};

/// Greatest table that is read into memory to be searched.
const LARGEST_TABLE: u64 = 50_000;

/// Changes that are looked through for one of a table; beyond it the tables are read anew.
const MOST_CHANGES: usize = 2_000;

/// The names that are searched. They are indexed when first asked for after a change.
#[derive(Default)]
pub(crate) struct Search {
    layers: Mutex<HashMap<String, Named>>,
    tables: Mutex<Option<(u64, Vec<Named>)>>,
    people: Mutex<Option<People>>,
}

/// A layer's features with their names.
#[derive(Clone)]
pub(super) struct Named {
    pub(super) features: Arc<LayerSnapshot>,
    pub(super) index: Arc<LayerIndex>,
}

impl Named {
    fn new(features: &Arc<LayerSnapshot>) -> Self {
        let rows = features.rows().map(|(_, row)| row);
        Self {
            features: Arc::clone(features),
            index: Arc::new(LayerIndex::new(&features.layer, rows)),
        }
    }
}

impl Search {
    /// Indexes everything now, so that the first search need not wait for it.
    pub(crate) fn warm(&self, app: &App) {
        if let Err(error) = self.named(app, &app.snapshot()) {
            tracing::warn!(%error, "the names could not be indexed");
        }
    }

    /// The names of every layer that is searched: those on the map, contracts, and the small
    /// tables; none that is about persons.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn named(&self, app: &App, snapshot: &Snapshot) -> Result<Vec<Named>, StoreError> {
        let mapped = snapshot.layers.iter().chain(&snapshot.contracts);
        let mut layers = self.layers.lock().unwrap_or_else(PoisonError::into_inner);
        let all: Vec<Named> = mapped
            .filter(|features| !features.layer.personal && !searched(&features.layer).is_empty())
            .collect::<Vec<_>>()
            .into_par_iter()
            .map(|features| match layers.get(&features.layer.id) {
                Some(named) if Arc::ptr_eq(&named.features, features) => named.clone(),
                _ => Named::new(features),
            })
            .collect();
        for named in &all {
            layers.insert(named.features.layer.id.clone(), named.clone());
        }
        drop(layers);
        let mut named = all;
        named.extend(self.tables(app, snapshot)?);
        Ok(named)
    }

    /// Hands over the register of people as it is now.
    ///
    /// # Errors
    /// When the file cannot be read, or the receiver's.
    pub(super) fn people<T>(
        &self,
        store: &Reader,
        layer: &Layer,
        find: impl FnOnce(&People) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let has = |field: &str| layer.field(field).is_some();
        // A file of another program may have a table of this name and other columns.
        if !store.is_own() || !has("name") || !has("phone") || !has("id_number") {
            return Ok(None);
        }
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        let mut now = match people.take() {
            Some(people) => people,
            None => People::read(store, layer)?,
        };
        now.follow(store, layer)?;
        find(people.insert(now)).map(Some)
    }

    fn tables(&self, app: &App, snapshot: &Snapshot) -> Result<Vec<Named>, StoreError> {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((sequence, kept)) = &*tables
            && *sequence == snapshot.sequence
        {
            return Ok(kept.clone());
        }
        let reader = app.pool().reader()?;
        // A change of anything else leaves the tables as they are.
        if let Some((sequence, kept)) = &mut *tables
            && *sequence < snapshot.sequence
            && reader.log_length(*sequence, MOST_CHANGES + 1)? <= MOST_CHANGES
        {
            let changes = reader.changes(*sequence, MOST_CHANGES)?;
            let of = |id: &str| app.layer(id).is_some_and(|layer| is_table(layer));
            if !changes.iter().any(|change| of(&change.layer)) {
                *sequence = snapshot.sequence;
                return Ok(kept.clone());
            }
        }
        let mut read = Vec::new();
        for layer in app.layers() {
            if is_table(layer) {
                read.extend(table(&reader, layer)?);
            }
        }
        *tables = Some((snapshot.sequence, read.clone()));
        Ok(read)
    }
}

/// Whether a layer is a table that is searched, and not in memory for another reason.
fn is_table(layer: &Layer) -> bool {
    let in_memory = layer.is_mapped() || layer.id == "contract";
    !in_memory && !layer.personal && !searched(layer).is_empty()
}

fn table(reader: &Reader, layer: &Arc<yizhangtu_data::Layer>) -> Result<Option<Named>, StoreError> {
    if reader.count(&layer.id)? > LARGEST_TABLE {
        return Ok(None);
    }
    let mut records = Vec::new();
    reader.scan(&layer.id, |record| records.push(record))?;
    let features = LayerSnapshot::new(Arc::clone(layer), records);
    Ok(Some(Named::new(&Arc::new(features))))
}
