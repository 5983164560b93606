//! The atlas: every mapped layer in memory, as one snapshot that readers share.
//!
//! A request takes one [`Snapshot`] with one atomic load and works on it to its end, so it
//! never sees half a change and never waits for a writer. An applied change makes the next
//! snapshot, which shares every layer and record that did not change.

mod houses;
mod layer;
mod load;
mod snapshot;

use std::sync::Arc;

use arc_swap::ArcSwap;

pub(crate) use houses::{Houses, Tallies, Tally, UNKNOWN_KIND, hundredths};
pub(crate) use layer::LayerSnapshot;
pub(crate) use snapshot::Snapshot;

/// The current snapshot. The keeper of the changes alone replaces it.
pub(crate) struct Atlas {
    current: ArcSwap<Snapshot>,
}

impl Atlas {
    /// An atlas that shows a snapshot.
    pub(crate) fn new(snapshot: Snapshot) -> Self {
        Self {
            current: ArcSwap::from_pointee(snapshot),
        }
    }

    /// What is there now. Keep it for one request, not longer: it holds its memory.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// Shows another snapshot; readers go on with what they have.
    pub(crate) fn publish(&self, next: Snapshot) -> Arc<Snapshot> {
        let next = Arc::new(next);
        self.current.store(Arc::clone(&next));
        next
    }
}
