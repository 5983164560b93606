//! The names of all layers, indexed once for each snapshot of a layer.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use rayon::prelude::*;
use yizhangtu_data::store::StoreError;

use super::index::{LayerIndex, searched};
use crate::{
    atlas::{LayerSnapshot, Snapshot},
    http::{App, Reader},
};

/// Greatest table that is read into memory to be searched.
const LARGEST_TABLE: u64 = 50_000;

/// The names that are searched. They are indexed when first asked for after a change.
#[derive(Default)]
pub(crate) struct Search {
    layers: Mutex<HashMap<String, Named>>,
    tables: Mutex<Option<(u64, Vec<Named>)>>,
}

/// A layer's features with their names.
#[derive(Clone)]
pub(super) struct Named {
    pub(super) features: Arc<LayerSnapshot>,
    pub(super) index: Arc<LayerIndex>,
}

impl Named {
    fn new(features: &Arc<LayerSnapshot>) -> Self {
        let records = features.records().map(|(_, record)| &**record);
        Self {
            features: Arc::clone(features),
            index: Arc::new(LayerIndex::new(&features.layer, records)),
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

    fn tables(&self, app: &App, snapshot: &Snapshot) -> Result<Vec<Named>, StoreError> {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((sequence, kept)) = &*tables
            && *sequence == snapshot.sequence
        {
            return Ok(kept.clone());
        }
        let reader = app.pool().reader()?;
        let mut read = Vec::new();
        for layer in app.layers() {
            let in_memory = layer.is_mapped() || layer.id == "contract";
            if !in_memory && !layer.personal && !searched(layer).is_empty() {
                read.extend(table(&reader, layer)?);
            }
        }
        *tables = Some((snapshot.sequence, read.clone()));
        Ok(read)
    }
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
