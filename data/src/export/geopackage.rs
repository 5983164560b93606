//! A GeoPackage with one layer.

use std::{path::PathBuf, sync::Arc};

use super::{ExportError, Losses, Setting};
use crate::{
    Record,
    crs::Crs,
    store::{GeoPackage, StoreError},
};

pub(super) struct Writer {
    store: GeoPackage,
    path: PathBuf,
    layer: String,
}

impl Writer {
    pub(super) fn new(setting: &Setting<'_>) -> Result<Self, ExportError> {
        if !matches!(setting.crs, Crs::Crs84 | Crs::Epsg(4326 | 4490)) {
            return Err(ExportError::FixedCrs {
                format: "GeoPackage",
                only: "EPSG:4490",
            });
        }
        let mut catalog = (**setting.catalog).clone();
        catalog.layers = vec![Arc::clone(setting.layer)];
        let catalog = Arc::new(catalog);
        let store = GeoPackage::create(&setting.path, &catalog, &setting.options.about)?;
        store.bulk_start(&setting.layer.id)?;
        Ok(Self {
            store,
            path: setting.path.clone(),
            layer: setting.layer.id.clone(),
        })
    }
}

impl super::Writer for Writer {
    fn write(&mut self, row: &Record, _: &mut Losses) -> Result<(), ExportError> {
        Ok(self.store.bulk_push(&self.layer, row)?)
    }

    fn finish(self: Box<Self>, _: &mut Losses) -> Result<Vec<PathBuf>, ExportError> {
        self.store.bulk_finish(&self.layer)?;
        // A copy stands alone, without the side files of the file that is being written.
        let whole = self.path.with_extension("whole.gpkg");
        self.store.backup(&whole)?;
        drop(self.store);
        std::fs::rename(&whole, &self.path).map_err(|error| StoreError::io(&self.path, error))?;
        Ok(vec![self.path])
    }
}
