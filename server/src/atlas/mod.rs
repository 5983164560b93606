//! The atlas: every mapped layer in memory, as one snapshot that readers share.
//!
//! A request takes one [`Snapshot`] with one atomic load and works on it to its end, so it
//! never sees half a change and never waits for a writer. An applied change makes the next
//! snapshot, which shares every layer and record that did not change.

mod areas;
pub(crate) mod base;
mod brief;
mod drawn;
mod gather;
mod grounds;
mod houses;
mod ids;
mod layer;
mod layers;
mod load;
mod records;
mod snapshot;
mod soon;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::{ArcSwap, Guard};

use layers::Layers;

pub(crate) use houses::{Census, House, Houses, hundredths};
pub(crate) use layer::LayerSnapshot;
pub(crate) use load::{MOST_FOREIGN, as_they_are};
pub(crate) use records::Row;
pub(crate) use snapshot::Snapshot;

/// The current snapshot. The keeper of the changes alone replaces it.
pub(crate) struct Atlas {
    current: ArcSwap<Snapshot>,
    /// Snapshots whose further pages somebody may ask for, the oldest first.
    pinned: Mutex<VecDeque<Arc<Snapshot>>>,
}

/// Snapshots kept for further pages at most. They share what did not change between them.
const PINNED: usize = 32;

impl Atlas {
    /// An atlas that shows a snapshot.
    pub(crate) fn new(snapshot: Snapshot) -> Self {
        Self {
            current: ArcSwap::from_pointee(snapshot),
            pinned: Mutex::default(),
        }
    }

    /// What is there now, for a look: it is not counted who looks.
    pub(crate) fn now(&self) -> Guard<Arc<Snapshot>> {
        self.current.load()
    }

    /// What is there now. Keep it for one request, not longer: it holds its memory.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// Keeps a snapshot for a while, for whoever reads on page by page.
    pub(crate) fn pin(&self, snapshot: &Arc<Snapshot>) {
        let mut pinned = self.pinned.lock().unwrap_or_else(PoisonError::into_inner);
        if pinned.iter().any(|own| Arc::ptr_eq(own, snapshot)) {
            return;
        }
        if pinned.len() >= PINNED {
            pinned.pop_front();
        }
        pinned.push_back(Arc::clone(snapshot));
    }

    /// A snapshot that was kept, by the number of its last change.
    pub(crate) fn pinned(&self, sequence: u64) -> Option<Arc<Snapshot>> {
        let pinned = self.pinned.lock().unwrap_or_else(PoisonError::into_inner);
        let found = pinned.iter().rev().find(|own| own.sequence == sequence);
        found.cloned()
    }

    /// Shows another snapshot; readers go on with what they have.
    pub(crate) fn publish(&self, next: Snapshot) -> Arc<Snapshot> {
        let next = Arc::new(next);
        self.current.store(Arc::clone(&next));
        next
    }
}
