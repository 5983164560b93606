//! The position of each id, in a table that shares what a change leaves alone.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use yizhangtu_data::Id;

/// Parts of the table; a change copies the one that its id falls into.
const PARTS: usize = 1024;

/// Positions by id. Cloning shares all parts.
#[derive(Clone)]
pub(super) struct Ids {
    hasher: RandomState,
    parts: Vec<Arc<HashMap<Id, u32>>>,
}

impl Ids {
    /// The table of some ids, each with its position; of equal ids the last counts.
    pub(super) fn new(ids: impl Iterator<Item = (Id, u32)>) -> Self {
        let hasher = RandomState::new();
        let mut parts: Vec<HashMap<Id, u32>> = (0..PARTS).map(|_| HashMap::new()).collect();
        for (id, position) in ids {
            parts[part(&hasher, &id)].insert(id, position);
        }
        Self {
            hasher,
            parts: parts.into_iter().map(Arc::new).collect(),
        }
    }

    /// The position of an id.
    pub(super) fn get(&self, id: &str) -> Option<u32> {
        self.parts[part(&self.hasher, id)].get(id).copied()
    }

    /// Gives an id a position.
    pub(super) fn insert(&mut self, id: Id, position: u32) {
        let part = part(&self.hasher, &id);
        Arc::make_mut(&mut self.parts[part]).insert(id, position);
    }

    /// Forgets an id; returns its position.
    pub(super) fn remove(&mut self, id: &str) -> Option<u32> {
        let part = part(&self.hasher, id);
        self.parts[part]
            .contains_key(id)
            .then(|| Arc::make_mut(&mut self.parts[part]).remove(id))?
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a remainder below 1024")]
fn part(hasher: &RandomState, id: &str) -> usize {
    (hasher.hash_one(id) % PARTS as u64) as usize
}
