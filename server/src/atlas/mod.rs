//! The atlas: every mapped layer in memory, as one snapshot that readers share.
//!
//! A request takes one [`Snapshot`] with one atomic load and works on it to its end, so it
//! never sees half a change and never waits for a writer. An applied change makes the next
//! snapshot, which shares every layer and record that did not change.

mod houses;
mod layer;
mod load;
mod snapshot;
mod watch;

use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;

pub(crate) use houses::{Houses, Tallies, Tally, UNKNOWN_KIND, hundredths};
pub(crate) use layer::LayerSnapshot;
pub(crate) use snapshot::Snapshot;

/// The current snapshot, and the one way to replace it.
pub(crate) struct Atlas {
    current: ArcSwap<Snapshot>,
    /// Held by whoever makes the next snapshot, so that no change is lost.
    next: Mutex<()>,
}

impl Atlas {
    /// An atlas that shows a snapshot.
    pub(crate) fn new(snapshot: Snapshot) -> Self {
        Self {
            current: ArcSwap::from_pointee(snapshot),
            next: Mutex::new(()),
        }
    }

    /// What is there now. Keep it for one request, not longer: it holds its memory.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// Publishes what the maker makes of the current snapshot. Makers follow one another;
    /// readers go on with what they have.
    pub(crate) fn publish<E>(
        &self,
        make: impl FnOnce(&Snapshot) -> Result<Snapshot, E>,
    ) -> Result<Arc<Snapshot>, E> {
        let _turn = self
            .next
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let next = Arc::new(make(&self.current.load())?);
        self.current.store(Arc::clone(&next));
        Ok(next)
    }
}
