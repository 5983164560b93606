//! The position of each id, in a table that shares what a change leaves alone.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use rayon::prelude::*;
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
        let mut parts: Vec<Vec<(Id, u32)>> = vec![Vec::new(); PARTS];
        for (id, position) in ids {
            parts[part(&hasher, &id)].push((id, position));
        }
        let parts = parts.into_par_iter();
        Self {
            hasher,
            parts: parts
                .map(|part| Arc::new(part.into_iter().collect()))
                .collect(),
        }
    }

    /// The position of an id.
    pub(super) fn get(&self, id: &str) -> Option<u32> {
        self.parts[part(&self.hasher, id)].get(id).copied()
    }

    /// All ids with their positions, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Id, u32)> {
        let each = self.parts.iter().flat_map(|part| part.iter());
        each.map(|(id, position)| (id, *position))
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
