//! Tiles kept in memory, up to a bound.
//!
//! Two generations: what is asked for lands in the young one; when that holds half of the
//! bound it becomes the old one, and what nobody asked for since then goes. So what is
//! used stays, at the cost of one look-up, without lists to keep in order.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use yizhangtu_tiles::{EncodeError, Encoding, TileId};

use super::{
    naming::{self, Drawn},
    paint::is_stale,
};
use crate::{atlas::Snapshot, changes::Touched, http::Encoded};

/// Bytes of encoded tiles kept, plain and compressed together.
const MOST_BYTES: usize = 256 << 20;

/// Tiles painted between two looks at how much is kept.
const BETWEEN_LOOKS: usize = 256;

/// What an entry costs beside its bytes, about.
const ENTRY_BYTES: usize = 200;

/// A place for a tile: filled by the first who paints it, waited for by the others.
pub(super) type Slot = Arc<OnceLock<Result<Arc<Encoded>, EncodeError>>>;

/// Painted tiles of one snapshot, by layers and place.
pub(crate) struct TileCache {
    /// One for each map that lives: the whole one, and those cut for a rights class. No tile
    /// passes from one to another.
    generations: Mutex<Vec<Generations>>,
    painted: AtomicUsize,
    /// Tiles that changes made stale.
    dropped: AtomicU64,
    /// How long after a change was shown the last of the tiles that it touched was gone, at
    /// every zoom: the last time, and at most. In nanoseconds.
    delay: AtomicU64,
    longest_delay: AtomicU64,
    /// As many paint at once as there are processors; look-ups go on beside them.
    turns: Arc<Semaphore>,
}

/// What [`TileCache::state`] tells.
pub(crate) struct State {
    pub(crate) kept: usize,
    pub(crate) bytes: usize,
    pub(crate) painted: usize,
    pub(crate) dropped: u64,
    /// In seconds.
    pub(crate) delay: f64,
    pub(crate) longest_delay: f64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    layers: Box<str>,
    tile: TileId,
    encoding: Encoding,
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
            dropped: AtomicU64::new(0),
            delay: AtomicU64::new(0),
            longest_delay: AtomicU64::new(0),
            turns: Arc::new(Semaphore::new(processors)),
        }
    }
}

impl TileCache {
    /// The place of a tile in a snapshot. Each snapshot has its own, which go when it goes: no
    /// tile is ever shown as newer than it is, or to whom it is not for.
    pub(super) fn slot(
        &self,
        snapshot: &Arc<Snapshot>,
        layers: &Drawn,
        tile: TileId,
        encoding: Encoding,
    ) -> Slot {
        let names: Vec<&str> = layers.iter().map(|layer| &*layer.name).collect();
        let key = Key {
            layers: names.join(",").into(),
            tile,
            encoding,
        };
        let mut kept = self.kept();
        let known = kept.iter().position(|own| own.shows(snapshot));
        let at = known.unwrap_or_else(|| {
            kept.retain(|own| own.shown.strong_count() > 0);
            kept.push(Generations {
                shown: Arc::downgrade(snapshot),
                ..Generations::default()
            });
            kept.len() - 1
        });
        kept[at].slot(key)
    }

    /// Shows the next snapshot: tiles of the one before that show no ground that was touched on
    /// the way stay, all others go. Maps cut for a rights class are cut and drawn anew.
    pub(crate) fn advance(
        &self,
        before: &Arc<Snapshot>,
        next: &Arc<Snapshot>,
        touched: &BTreeMap<Arc<str>, Touched>,
    ) {
        let is_stale = |key: &Key| {
            key.layers.split(',').any(|name| {
                let layer = naming::layer_of(before, name);
                let Some(ground) = touched.get(layer) else {
                    return false;
                };
                match (before.layer(layer), next.layer(layer)) {
                    (Some(old), Some(new)) => is_stale(old, new, key.tile, ground.rects()),
                    _ => true,
                }
            })
        };
        let mut kept = self.kept();
        // Somebody may have asked for the next one already.
        kept.retain(|own| own.shown.strong_count() > 0 && !own.shows(next));
        if let Some(own) = kept.iter_mut().find(|own| own.shows(before)) {
            let before = own.len();
            own.young.retain(|key, _| !is_stale(key));
            own.old.retain(|key, _| !is_stale(key));
            own.shown = Arc::downgrade(next);
            let dropped = before - own.len();
            self.dropped.fetch_add(dropped as u64, Ordering::Relaxed);
        }
    }

    /// Takes note of how long after a change was shown the tiles had followed it.
    pub(crate) fn followed(&self, delay: Duration) {
        let nanoseconds = u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX);
        self.delay.store(nanoseconds, Ordering::Relaxed);
        self.longest_delay.fetch_max(nanoseconds, Ordering::Relaxed);
    }

    /// What is kept and how it followed changes, for who watches the service.
    pub(crate) fn state(&self) -> State {
        let kept = self.kept();
        let seconds = |nanoseconds: &AtomicU64| {
            Duration::from_nanos(nanoseconds.load(Ordering::Relaxed)).as_secs_f64()
        };
        State {
            kept: kept.iter().map(Generations::len).sum(),
            bytes: kept.iter().map(Generations::bytes).sum(),
            painted: self.painted.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
            delay: seconds(&self.delay),
            longest_delay: seconds(&self.longest_delay),
        }
    }

    /// Forgets every tile.
    pub(crate) fn clear(&self) {
        self.kept().clear();
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Generations>> {
        self.generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
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
        let mut kept = self.kept();
        let most = MOST_BYTES / 2 / kept.len().max(1);
        for own in kept.iter_mut() {
            own.settle(most);
        }
    }
}

impl Generations {
    /// Whether these are of a snapshot. A weak pointer keeps the address from being given to
    /// another.
    fn shows(&self, snapshot: &Arc<Snapshot>) -> bool {
        std::ptr::eq(self.shown.as_ptr(), Arc::as_ptr(snapshot))
    }

    fn slot(&mut self, key: Key) -> Slot {
        if let Some(slot) = self.young.get(&key) {
            return Arc::clone(slot);
        }
        let slot = self.old.remove(&key).unwrap_or_default();
        self.young.insert(key, Arc::clone(&slot));
        slot
    }

    fn settle(&mut self, most: usize) {
        if held(&self.young) > most {
            self.old = std::mem::take(&mut self.young);
        }
    }

    fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    fn bytes(&self) -> usize {
        held(&self.young) + held(&self.old)
    }
}

/// Bytes of tiles, about.
fn held(tiles: &HashMap<Key, Slot>) -> usize {
    tiles
        .values()
        .map(|slot| {
            let painted = slot.get().and_then(|painted| painted.as_ref().ok());
            ENTRY_BYTES + painted.map_or(0, |encoded| encoded.size())
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::Tallies;

    fn key(x: u32) -> Key {
        Key {
            layers: "building".into(),
            tile: TileId::new(10, x, 0).unwrap(),
            encoding: Encoding::Mvt,
        }
    }

    fn fill(slot: &Slot, bytes: usize) {
        let painted = Arc::new(Encoded::new(vec![7; bytes]));
        assert!(slot.get_or_init(|| Ok(painted)).is_ok());
    }

    fn snapshot() -> Arc<Snapshot> {
        Arc::new(Snapshot::new(7, Vec::new(), None, Tallies::default()))
    }

    fn drawn() -> Drawn {
        Vec::new()
    }

    fn tile(x: u32) -> TileId {
        TileId::new(10, x, 0).unwrap()
    }

    #[test]
    fn a_painted_tile_is_found_again() {
        let (cache, shown) = (TileCache::default(), snapshot());
        fill(&cache.slot(&shown, &drawn(), tile(1), Encoding::Mvt), 10);
        assert!(
            cache
                .slot(&shown, &drawn(), tile(1), Encoding::Mvt)
                .get()
                .is_some()
        );
        assert!(
            cache
                .slot(&shown, &drawn(), tile(2), Encoding::Mvt)
                .get()
                .is_none()
        );
    }

    #[test]
    fn another_snapshot_has_no_tile_of_the_one_before() {
        let cache = TileCache::default();
        let before = snapshot();
        fill(&cache.slot(&before, &drawn(), tile(1), Encoding::Mvt), 10);
        drop(before);
        // The same number: a file of another program, read anew.
        let after = snapshot();
        assert!(
            cache
                .slot(&after, &drawn(), tile(1), Encoding::Mvt)
                .get()
                .is_none()
        );
        fill(&cache.slot(&after, &drawn(), tile(1), Encoding::Mvt), 10);
        assert!(
            cache
                .slot(&after, &drawn(), tile(1), Encoding::Mvt)
                .get()
                .is_some()
        );
        assert_eq!(
            cache.generations.lock().unwrap().len(),
            1,
            "what is gone is let go"
        );
    }

    #[test]
    fn the_next_snapshot_keeps_what_was_not_touched() {
        let (cache, before, next) = (TileCache::default(), snapshot(), snapshot());
        fill(&cache.slot(&before, &drawn(), tile(1), Encoding::Mvt), 10);
        // Somebody is quicker than the news.
        fill(&cache.slot(&next, &drawn(), tile(2), Encoding::Mvt), 10);
        cache.advance(&before, &next, &BTreeMap::new());
        assert!(
            cache
                .slot(&next, &drawn(), tile(1), Encoding::Mvt)
                .get()
                .is_some()
        );
        // Whoever still holds the one before paints for themselves.
        assert!(
            cache
                .slot(&before, &drawn(), tile(1), Encoding::Mvt)
                .get()
                .is_none()
        );
        cache.clear();
        assert!(
            cache
                .slot(&next, &drawn(), tile(1), Encoding::Mvt)
                .get()
                .is_none()
        );
    }

    #[test]
    fn maps_cut_for_two_rights_classes_never_share_a_tile() {
        let (cache, one, other) = (TileCache::default(), snapshot(), snapshot());
        fill(&cache.slot(&one, &drawn(), tile(1), Encoding::Mvt), 10);
        assert!(
            cache
                .slot(&other, &drawn(), tile(1), Encoding::Mvt)
                .get()
                .is_none()
        );
        fill(&cache.slot(&other, &drawn(), tile(1), Encoding::Mvt), 20);
        let size = |of: &Arc<Snapshot>| {
            cache
                .slot(of, &drawn(), tile(1), Encoding::Mvt)
                .get()
                .and_then(|tile| Some(tile.as_ref().ok()?.size()))
        };
        assert_ne!(size(&one), size(&other));
    }

    #[test]
    fn what_is_used_stays_and_the_rest_goes() {
        let mut kept = Generations::default();
        let used = key(0);
        for x in 0..100 {
            fill(&kept.slot(used.clone()), 1000);
            fill(&kept.slot(key(x)), 1000);
            kept.settle(10_000);
        }
        assert!(kept.slot(used).get().is_some());
        assert!(kept.young.len() + kept.old.len() < 30);
        assert!(kept.slot(key(1)).get().is_none());
    }
}
