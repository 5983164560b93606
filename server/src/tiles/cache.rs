//! Tiles kept in memory, up to a bound.
//!
//! Two generations: what is asked for lands in the young one; when that holds half of the
//! bound it becomes the old one, and what nobody asked for since then goes. So what is
//! used stays, at the cost of one look-up, without lists to keep in order.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, OnceLock, PoisonError, Weak,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use yizhangtu_tiles::TileId;

use super::naming::Drawn;
use crate::{atlas::Snapshot, http::Encoded};

/// Bytes of encoded tiles kept, plain and compressed together.
const MOST_BYTES: usize = 256 << 20;

/// Tiles painted between two looks at how much is kept.
const BETWEEN_LOOKS: usize = 64;

/// What an entry costs beside its bytes, about.
const ENTRY_BYTES: usize = 200;

/// A place for a tile: filled by the first who paints it, waited for by the others.
pub(super) type Slot = Arc<OnceLock<Arc<Encoded>>>;

/// Painted tiles of one snapshot, by layers and place.
pub(crate) struct TileCache {
    generations: Mutex<Generations>,
    painted: AtomicUsize,
    /// As many paint at once as there are processors; look-ups go on beside them.
    turns: Arc<Semaphore>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    layers: Box<str>,
    tile: TileId,
}

#[derive(Default)]
struct Generations {
    /// What the tiles show. Sequence numbers would not do: a file that another program made
    /// has none, and is read anew when that program changes it.
    shown: Weak<Snapshot>,
    young: HashMap<Key, Slot>,
    old: HashMap<Key, Slot>,
}

impl Default for TileCache {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            generations: Mutex::default(),
            painted: AtomicUsize::new(0),
            turns: Arc::new(Semaphore::new(processors)),
        }
    }
}

impl TileCache {
    /// The place of a tile in a snapshot. Another snapshot than the last one asked for
    /// clears the cache: no tile is ever shown as newer than it is.
    pub(super) fn slot(&self, snapshot: &Arc<Snapshot>, layers: &Drawn, tile: TileId) -> Slot {
        let names: Vec<&str> = layers.iter().map(|layer| layer.layer.id.as_str()).collect();
        let key = Key {
            layers: names.join(",").into(),
            tile,
        };
        let mut kept = self
            .generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        kept.slot(snapshot, key)
    }

    /// Waits until there is room to paint.
    pub(super) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.turns).acquire_owned().await.ok()
    }

    /// Takes note of a painted tile; now and then lets go of the old generation.
    pub(super) fn settle(&self) {
        if !self
            .painted
            .fetch_add(1, Ordering::Relaxed)
            .is_multiple_of(BETWEEN_LOOKS)
        {
            return;
        }
        let mut kept = self
            .generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        kept.settle(MOST_BYTES / 2);
    }
}

impl Generations {
    fn slot(&mut self, snapshot: &Arc<Snapshot>, key: Key) -> Slot {
        // A weak pointer keeps the address from being given to another snapshot.
        if !std::ptr::eq(self.shown.as_ptr(), Arc::as_ptr(snapshot)) {
            *self = Self {
                shown: Arc::downgrade(snapshot),
                ..Self::default()
            };
        }
        if let Some(slot) = self.young.get(&key) {
            return Arc::clone(slot);
        }
        let slot = self.old.remove(&key).unwrap_or_default();
        self.young.insert(key, Arc::clone(&slot));
        slot
    }

    fn settle(&mut self, most: usize) {
        let bytes: usize = self
            .young
            .values()
            .map(|slot| ENTRY_BYTES + slot.get().map_or(0, |encoded| encoded.size()))
            .sum();
        if bytes > most {
            self.old = std::mem::take(&mut self.young);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(x: u32) -> Key {
        Key {
            layers: "building".into(),
            tile: TileId::new(10, x, 0).unwrap(),
        }
    }

    fn fill(slot: &Slot, bytes: usize) {
        slot.get_or_init(|| Arc::new(Encoded::new(vec![7; bytes])));
    }

    fn snapshot() -> Arc<Snapshot> {
        Arc::new(Snapshot::new(7, Vec::new(), None, Arc::default()))
    }

    #[test]
    fn a_painted_tile_is_found_again() {
        let (mut kept, shown) = (Generations::default(), snapshot());
        fill(&kept.slot(&shown, key(1)), 10);
        assert!(kept.slot(&shown, key(1)).get().is_some());
        assert!(kept.slot(&shown, key(2)).get().is_none());
    }

    #[test]
    fn another_snapshot_has_no_tile_of_the_one_before() {
        let mut kept = Generations::default();
        let before = snapshot();
        fill(&kept.slot(&before, key(1)), 10);
        drop(before);
        // The same number: a file of another program, read anew.
        let after = snapshot();
        assert!(kept.slot(&after, key(1)).get().is_none());
        fill(&kept.slot(&after, key(1)), 10);
        assert!(kept.slot(&after, key(1)).get().is_some());
    }

    #[test]
    fn what_is_used_stays_and_the_rest_goes() {
        let (mut kept, shown) = (Generations::default(), snapshot());
        let used = key(0);
        for x in 0..100 {
            fill(&kept.slot(&shown, used.clone()), 1000);
            fill(&kept.slot(&shown, key(x)), 1000);
            kept.settle(10_000);
        }
        assert!(kept.slot(&shown, used).get().is_some());
        assert!(kept.young.len() + kept.old.len() < 30);
        assert!(kept.slot(&shown, key(1)).get().is_none());
    }
}
