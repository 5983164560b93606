//! The numbers that an office sets, as data.

use serde::{Deserialize, Serialize};

use crate::office::{Book, Ruled};

/// What is too small to be told; see `small_numbers.toml`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rules {
    version: String,
    /// Smallest figure that is told.
    pub(super) threshold: u64,
    /// Houses of a cell.
    pub(super) houses_per_cell: usize,
}

/// The book of these rules.
pub(crate) static RULES: Book<Rules> = Book::new(
    "small_numbers",
    include_str!("../../../data/catalog/small_numbers.toml"),
);

impl Ruled for Rules {}

impl Rules {
    /// The rules that the program comes with.
    pub(crate) fn usual() -> &'static Self {
        RULES.current()
    }
}
