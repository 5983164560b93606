//! Files of others into layers: read, mapped, checked, and committed as one batch.
//!
//! A row is added, changed, unchanged or refused, each refusal with its row and reason;
//! geometries are mended or refused, never silently kept. An import is one transaction,
//! can come again without doubles, and is undone by its batch.

mod error;
mod guard;
mod home;
mod identity;
mod job;
mod land;
mod mapping;
mod names;
mod place;
mod profile;
mod report;
mod row;
mod run;
mod source;
mod surroundings;
mod system;
#[cfg(test)]
mod tests;
mod units;
mod value;

use std::path::{Path, PathBuf};

pub use error::ImportError;
pub use profile::Profile;
pub use report::{Counts, LayerReport, Mapped, Mended, Refusal, Report, UnknownCode};
pub use run::{Write, run, run_through};

use crate::{
    Catalog, Layer,
    store::{Access, GeoPackage, Undone},
};

/// What is to be imported, and how.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The files.
    pub files: Vec<PathBuf>,
    /// The GeoPackage that they go into; made where it is not there.
    pub into: PathBuf,
    /// The layer; `osm` for all layers that an extract of OpenStreetMap fills.
    pub layer: String,
    /// The coordinate system, where the files do not say it or say it wrongly.
    pub crs: Option<String>,
    /// The encoding of texts, where it can't be told.
    pub encoding: Option<String>,
    /// The profile.
    pub map: Option<PathBuf>,
    /// What is wished beside the profile, and over it: columns, values of every row, codes.
    pub wishes: Profile,
    /// The column that identifies a row for ever.
    pub id_column: Option<String>,
    /// The table of a GeoPackage, the sheet of a workbook, the file of an archive.
    pub table: Option<String>,
    /// Whether the first number of a coordinate grows to the north.
    pub swap_axes: bool,
    /// Whether nothing is to be written.
    pub dry_run: bool,
    /// Whether good rows are imported although others are refused.
    pub accept_partial: bool,
    /// Who imports.
    pub author: String,
}

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Rows read, of how many where that is known.
    Read {
        /// So far.
        rows: u64,
        /// Of how many.
        of: Option<u64>,
    },
    /// Rows compared with what is there.
    Compared {
        /// So far.
        rows: u64,
        /// Of how many.
        of: u64,
    },
    /// The changes are being written.
    Writing {
        /// How many.
        changes: u64,
    },
}

/// Takes an import back.
///
/// # Errors
/// When there is no such batch, or its rows were changed since.
pub fn undo(
    into: &Path,
    catalog: &std::sync::Arc<Catalog>,
    batch: &str,
    author: &str,
) -> Result<Undone, ImportError> {
    let store = GeoPackage::open(into, catalog, Access::ReadWrite)?;
    Ok(store.undo_batch(batch, author)?)
}
