//! What is to change, as one whole: the only way into a store.

use std::sync::Arc;

use crate::{Id, Record};

/// Many changes over many layers, applied all or not at all.
#[derive(Clone, Debug, Default)]
pub struct ChangeSet {
    /// Who asks.
    pub author: String,
    /// Why, in the author's words.
    pub reason: String,
    /// The import batch, when an import asks.
    pub batch: Option<Arc<str>>,
    /// The changes, in order.
    pub changes: Vec<Change>,
}

/// A change of one feature.
#[derive(Clone, Debug)]
pub struct Change {
    /// The layer's identifier.
    pub layer: Arc<str>,
    /// What happens to the feature.
    pub operation: Operation,
}

/// What happens to a feature.
#[derive(Clone, Debug)]
pub enum Operation {
    /// A feature that was not there.
    Insert(Record),
    /// The whole feature as it shall be.
    Update(Record),
    /// The feature goes; its history stays and its id is never given again.
    Delete(Id),
}
