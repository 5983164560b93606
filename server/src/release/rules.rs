//! The numbers that an office sets, as data.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

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

impl Rules {
    /// The rules that the program comes with.
    pub(crate) fn usual() -> &'static Self {
        static USUAL: LazyLock<Rules> = LazyLock::new(|| {
            let text = include_str!("../../../data/catalog/small_numbers.toml");
            toml::from_str(text).unwrap_or_else(|error| panic!("small_numbers.toml: {error}"))
        });
        &USUAL
    }
}
