//! What a base says of itself: what it fits, and where its pieces are.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use yizhangtu_data::{
    Layer, hexadecimal,
    store::{GeoPackage, StoreError},
};

use super::file::{Piece, Unfit};
use crate::people::Terms;

/// What must be the same for a base to fit.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fits {
    /// The program that wrote it.
    program: String,
    /// The mark that the file was given with it.
    mark: String,
    /// The number of the file's tables and triggers.
    schema: i64,
    /// The layers with their fields, and the kinds of people.
    catalog: String,
    /// The keys that its sealed values are under.
    keys: String,
}

impl Fits {
    /// What a base of a file has to say.
    pub(super) fn of(store: &GeoPackage, mark: String) -> Result<Self, StoreError> {
        let kinds = store.catalog().code_list("hukou_type");
        Ok(Self {
            program: program(),
            mark,
            schema: store.schema_version()?,
            catalog: hash(&(kept(store), kinds)),
            keys: store.keys().mark(),
        })
    }

    /// Refuses what does not fit a file.
    pub(super) fn check(&self, store: &GeoPackage) -> Result<(), Unfit> {
        let Some(mark) = store.base_mark()? else {
            return Err(Unfit::Other("another file"));
        };
        let own = Self::of(store, mark)?;
        let differs = [
            (self.program != own.program, "another program"),
            (
                self.mark != own.mark,
                "another file, or another state of it",
            ),
            (self.schema != own.schema, "other tables"),
            (self.catalog != own.catalog, "another catalog"),
            (self.keys != own.keys, "other keys"),
        ];
        match differs.into_iter().find(|(differs, _)| *differs) {
            Some((_, what)) => Err(Unfit::Other(what)),
            None => Ok(()),
        }
    }
}

/// The layers that a base keeps: those of the catalog that are in memory. Whoever changes
/// another program's layers leaves no history, so that those are read anew.
pub(super) fn kept(store: &GeoPackage) -> Vec<&Arc<Layer>> {
    let catalog = store.catalog();
    let kept = |layer: &&Arc<Layer>| {
        super::super::load::is_shown(layer) && catalog.layer(&layer.id).is_some()
    };
    store.layers().iter().filter(kept).collect()
}

/// This very program: its version, and when its file was made.
fn program() -> String {
    let version = env!("CARGO_PKG_VERSION");
    let made = std::env::current_exe().and_then(std::fs::metadata).ok();
    let made = made.and_then(|file| Some((file.len(), file.modified().ok()?)));
    hash(&(version, made))
}

/// The terms in force, as a hash.
pub(super) fn terms() -> String {
    hash(Terms::current())
}

fn hash(of: &impl std::fmt::Debug) -> String {
    hexadecimal(&Sha256::digest(format!("{of:?}")))
}

/// The head of a base.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) fits: Fits,
    /// Number of the last change that it shows.
    pub(super) sequence: u64,
    pub(super) layers: Vec<LayerHead>,
    pub(super) houses: HousesHead,
}

/// Where a layer is.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LayerHead {
    pub(super) id: String,
    /// Positions from here on were never used.
    pub(super) end: u32,
    pub(super) records: Vec<Piece>,
    pub(super) index: Vec<Piece>,
    /// The zoom below which it is merged, and the ground that is drawn there.
    pub(super) merge_below: u8,
    pub(super) grounds: Vec<Piece>,
}

/// Where the houses are, and what they were counted by.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct HousesHead {
    pub(super) kinds: Vec<String>,
    pub(super) day: NaiveDate,
    pub(super) terms: String,
    pub(super) houses: Vec<Piece>,
    pub(super) measures: Vec<Piece>,
}
