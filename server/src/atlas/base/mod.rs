//! The base: what the map in memory was made of at one change, kept in a file beside the
//! GeoPackage, so that a start reads it and what changed since instead of every row.
//!
//! Nothing depends on it. What is missing, damaged, of another program or catalog, or of another
//! state of the file is ignored, and the map is made from the rows. `docs/index.md` says what it
//! holds and why an answer from it is the same.

mod file;
mod head;
mod pack;
mod read;
mod scribe;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use yizhangtu_data::store::GeoPackage;

pub(crate) use read::fits;
pub(super) use read::read;
pub(crate) use scribe::Scribe;

/// Where the base of a file lies.
fn place(store: &GeoPackage) -> PathBuf {
    let mut name = store.path().as_os_str().to_owned();
    name.push(".index");
    name.into()
}
