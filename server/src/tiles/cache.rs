//! Tiles kept in memory, up to a bound.
//!
//! Two generations: what is asked for lands in the young one; when that holds half of the
//! bound it becomes the old one, and what nobody asked for since then goes. So what is
//! used stays, at the cost of one look-up, without lists to keep in order.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use yizhangtu_tiles::TileId;

use super::naming::Drawn;
use crate::http::Encoded;

/// Bytes of encoded tiles kept, plain and compressed together.
const MOST_BYTES: usize = 256 << 20;

/// Tiles painted between two looks at how much is kept.
const BETWEEN_LOOKS: usize = 64;

/// What an entry costs beside its bytes, about.
const ENTRY_BYTES: usize = 200;

/// A place for a tile: filled by the first who paints it, waited for by the others.
pub(super) type Slot = Arc<OnceLock<Arc<Encoded>>>;

/// Painted tiles by layers, place, and the sequence number that they show.
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
    sequence: u64,
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
    /// The place of a tile as it is at a sequence number. Another number than the last one
    /// asked for clears the cache: no tile is ever shown as newer than it is.
    pub(super) fn slot(&self, sequence: u64, layers: &Drawn, tile: TileId) -> Slot {
        let names: Vec<&str> = layers.iter().map(|layer| layer.layer.id.as_str()).collect();
        let key = Key {
            layers: names.join(",").into(),
            tile,
        };
        let mut kept = self
            .generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        kept.slot(sequence, key)
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
    fn slot(&mut self, sequence: u64, key: Key) -> Slot {
        if sequence < self.sequence {
            // A request that began before a change: it paints for itself alone.
            return Slot::default();
        }
        if sequence > self.sequence {
            *self = Self {
                sequence,
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

    #[test]
    fn a_painted_tile_is_found_again() {
        let mut kept = Generations::default();
        fill(&kept.slot(1, key(1)), 10);
        assert!(kept.slot(1, key(1)).get().is_some());
        assert!(kept.slot(1, key(2)).get().is_none());
    }

    #[test]
    fn a_change_forgets_every_tile_before_it() {
        let mut kept = Generations::default();
        fill(&kept.slot(1, key(1)), 10);
        assert!(kept.slot(2, key(1)).get().is_none());
        // Someone who still reads the older snapshot neither gets nor leaves a tile here.
        fill(&kept.slot(1, key(1)), 10);
        assert!(kept.slot(2, key(1)).get().is_none());
    }

    #[test]
    fn what_is_used_stays_and_the_rest_goes() {
        let mut kept = Generations::default();
        let used = key(0);
        for x in 0..100 {
            fill(&kept.slot(1, used.clone()), 1000);
            fill(&kept.slot(1, key(x)), 1000);
            kept.settle(10_000);
        }
        assert!(kept.slot(1, used).get().is_some());
        assert!(kept.young.len() + kept.old.len() < 30);
        assert!(kept.slot(1, key(1)).get().is_none());
    }
}
