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
    /// Versions that the author saw: where one is no more, nothing is changed.
    pub expects: Vec<Expected>,
    /// Which features came of which, where some were split or merged.
    pub lineage: Vec<Lineage>,
    /// Makes a repeat harmless.
    pub key: Option<Key>,
    /// Whether it is a step of a process, which alone may set a state and write its log.
    pub step: bool,
    /// Whether features that are gone may come back with their ids: a return to what was.
    pub returns: bool,
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

impl Operation {
    /// The feature that it happens to.
    pub fn id(&self) -> &Id {
        match self {
            Self::Insert(record) | Self::Update(record) => &record.id,
            Self::Delete(id) => id,
        }
    }

    /// The feature as it shall be; none where it goes.
    pub fn record(&self) -> Option<&Record> {
        match self {
            Self::Insert(record) | Self::Update(record) => Some(record),
            Self::Delete(_) => None,
        }
    }
}

/// A version that the author of a change set saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The layer's identifier.
    pub layer: Arc<str>,
    /// The feature.
    pub id: Id,
    /// Number of the last change that touched it; 0 where none ever did.
    pub version: u64,
}

/// A feature that came of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lineage {
    /// The layer's identifier.
    pub layer: Arc<str>,
    /// The feature that was.
    pub predecessor: Id,
    /// The feature that came of it.
    pub successor: Id,
}

/// A word of the author's for one request, so that sending it twice changes things once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The word.
    pub key: String,
    /// Digest of what was sent with it.
    pub digest: String,
    /// What is kept beside the answer, as JSON.
    pub note: String,
}
