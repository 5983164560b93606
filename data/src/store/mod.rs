//! The store: a GeoPackage that QGIS opens too.
//!
//! One file holds the layers of the catalog, their history and what the project says
//! of itself. Any other GeoPackage is read as it is found. All changes go through
//! [`GeoPackage::commit`]; see `change` for what one is.

mod about;
mod accounts;
mod archive;
pub mod attachments;
mod audit;
mod backup;
mod base;
mod batch;
pub mod blob;
mod bulk;
mod commit;
mod error;
mod exports;
mod foreign;
mod functions;
mod group;
mod guard;
mod history;
mod log;
mod office;
mod open;
mod page;
mod read;
mod reference_systems;
mod restore;
mod schema;
mod seal;
mod styles;
mod table;
#[cfg(test)]
mod tests;
mod walk;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rusqlite::Connection;

pub use about::About;
pub use accounts::{Account, ApiKey, Territory};
pub use archive::{Archived, Moved, check_archives};
pub use attachments::{Attachments, Copied, Part};
pub use audit::{Act, AuditQuery, AuditRow, AuditState, AuditSum, AuditSums};
pub use batch::{ImportBatch, Undoing, Undone};
pub use blob::BlobError;
pub use commit::Committed;
pub use error::StoreError;
pub use exports::{Asked, ExportRequest, ExportState};
pub use group::{Group, Recalled};
pub use log::{Ancestry, Entry, Revision, Touch};
pub use office::OfficeVersion;
pub use page::PageQuery;
pub use restore::{Restored, restore};
pub use seal::{Resealed, SealState};
pub use walk::{Placed, Walk};

use crate::{Catalog, Layer, seal::Keys};
use table::Table;

/// Whether a store is opened to be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Only read; works on read-only files and disks too.
    ReadOnly,
    /// Read and change.
    ReadWrite,
}

/// An open GeoPackage: one connection, for one thread at a time.
///
/// Readers never wait for the writer: open one by [`GeoPackage::reader`] for each
/// thread that reads.
#[derive(Debug)]
pub struct GeoPackage {
    connection: Connection,
    path: PathBuf,
    access: Access,
    /// Opened as a file that nobody changes, because its medium is read-only.
    immutable: bool,
    catalog: Arc<Catalog>,
    keys: Arc<Keys>,
    about: Arc<About>,
    tables: Arc<[Table]>,
    layers: Arc<[Arc<Layer>]>,
    /// Whether this program made the file.
    own: bool,
    /// The copy that was made before the file was brought up to date.
    kept: Option<PathBuf>,
}

impl GeoPackage {
    /// The layers in the file: the catalog's first, then those of other programs.
    pub fn layers(&self) -> &[Arc<Layer>] {
        &self.layers
    }

    /// A layer of the file by its identifier.
    pub fn layer(&self, id: &str) -> Option<&Arc<Layer>> {
        self.layers.iter().find(|layer| layer.id == id)
    }

    /// What the project says of itself.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// The catalog that the file was opened with.
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// The keys that values are sealed and opened with.
    pub fn keys(&self) -> &Arc<Keys> {
        &self.keys
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The copy of the file as it was before it was brought to this program's version or
    /// catalog, where that was done when it was opened.
    pub fn kept_before_upgrade(&self) -> Option<&Path> {
        self.kept.as_deref()
    }

    /// Whether this program made the file, so that it has a history and may be changed.
    pub fn is_own(&self) -> bool {
        self.own
    }

    /// The number of the last change; 0 where nothing was ever changed.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn sequence(&self) -> Result<u64, StoreError> {
        if !self.own {
            return Ok(0);
        }
        self.connection
            .query_row(
                "SELECT coalesce(max(sequence), 0) FROM change_log",
                [],
                |row| row.get::<_, i64>(0),
            )
            .map(i64::unsigned_abs)
            .map_err(|error| self.error(error))
    }

    /// A number that changes whenever another connection or program has changed the file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn data_version(&self) -> Result<i64, StoreError> {
        self.connection
            .query_row("PRAGMA data_version", [], |row| row.get(0))
            .map_err(|error| self.error(error))
    }

    fn table(&self, layer: &str) -> Result<&Table, StoreError> {
        self.tables
            .iter()
            .find(|table| table.layer.id == layer)
            .ok_or_else(|| StoreError::UnknownLayer {
                layer: layer.to_owned(),
                known: self
                    .layers
                    .iter()
                    .map(|layer| layer.id.as_str())
                    .collect::<Vec<_>>()
                    .join(", "),
            })
    }

    fn error(&self, source: rusqlite::Error) -> StoreError {
        StoreError::sqlite(&self.path, source)
    }
}
