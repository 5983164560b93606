//! The layers of a map, in their order and by name.

use std::{ops::Deref, slice, sync::Arc};

use hashbrown::HashTable;
use yizhangtu_index::Rect;

use super::LayerSnapshot;

/// The layers that have a place on the map. A name leads to its layer without a look at any other:
/// a request asks for several, and each look would be three lines of memory away.
#[derive(Clone)]
pub(crate) struct Layers {
    all: Vec<Arc<LayerSnapshot>>,
    /// Places of all, by name.
    by_name: HashTable<u32>,
    bounds: Option<Rect>,
}

impl Layers {
    /// Layers in their order.
    pub(super) fn new(all: Vec<Arc<LayerSnapshot>>) -> Self {
        let hash = |at: &u32| hash(&all[*at as usize].layer.id);
        let mut by_name = HashTable::with_capacity(all.len());
        for (at, _) in (0..).zip(&all) {
            by_name.insert_unique(hash(&at), at, hash);
        }
        let bounds = all.iter().filter_map(|layer| layer.bounds());
        Self {
            bounds: bounds.reduce(|a, b| a.join(&b)),
            by_name,
            all,
        }
    }

    /// A layer by its identifier.
    pub(super) fn get(&self, id: &str) -> Option<&Arc<LayerSnapshot>> {
        let is_it = |at: &u32| self.all[*at as usize].layer.id == id;
        let at = self.by_name.find(hash(id), is_it)?;
        Some(&self.all[*at as usize])
    }

    /// The smallest rectangle around everything in them.
    pub(super) fn bounds(&self) -> Option<Rect> {
        self.bounds
    }
}

/// Whatever names are made up to meet: there are no more layers than a file has.
fn hash(id: &str) -> u64 {
    use std::hash::BuildHasher;
    foldhash::fast::FixedState::default().hash_one(id)
}

impl Deref for Layers {
    type Target = [Arc<LayerSnapshot>];

    fn deref(&self) -> &Self::Target {
        &self.all
    }
}

impl<'a> IntoIterator for &'a Layers {
    type Item = &'a Arc<LayerSnapshot>;
    type IntoIter = slice::Iter<'a, Arc<LayerSnapshot>>;

    fn into_iter(self) -> Self::IntoIter {
        self.all.iter()
    }
}
