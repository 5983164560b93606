//! A table by key that shares what an edit leaves alone.

use std::sync::Arc;

use crate::vector;

/// Keys of one chunk.
const CHUNK: usize = 64;

/// Chunks of one shelf.
const SHELF: usize = 128;

type Chunk<T> = Arc<[Option<T>]>;

/// Values by key, for snapshots that differ a little. Cloning shares all shelves; a change
/// copies the shelf and the chunk that it is in.
#[derive(Clone, Debug)]
pub struct Slots<T> {
    shelves: Vec<Arc<[Chunk<T>]>>,
    count: usize,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self {
            shelves: Vec::new(),
            count: 0,
        }
    }
}

impl<T: Clone> Slots<T> {
    /// The table of some values, each key once.
    pub fn build(values: Vec<(u32, T)>) -> Self {
        let count = values.len();
        let length = values
            .iter()
            .map(|(key, _)| *key as usize + 1)
            .max()
            .unwrap_or(0);
        let mut table: Vec<Option<T>> = vec![None; length.next_multiple_of(CHUNK)];
        for (key, value) in values {
            table[key as usize] = Some(value);
        }
        let mut rest = table.into_iter();
        let mut shelves = Vec::with_capacity(length.div_ceil(CHUNK * SHELF));
        while rest.len() > 0 {
            let mut shelf = vec![empty(); SHELF];
            for chunk in &mut shelf {
                if rest.len() > 0 {
                    *chunk = rest.by_ref().take(CHUNK).collect();
                }
            }
            shelves.push(shelf.into());
        }
        Self { shelves, count }
    }

    #[inline]
    fn slot(&self, key: u32) -> Option<&Option<T>> {
        let key = key as usize;
        Some(&self.shelves.get(key / (CHUNK * SHELF))?[key / CHUNK % SHELF][key % CHUNK])
    }

    /// The value of a key.
    #[inline]
    pub fn get(&self, key: u32) -> Option<&T> {
        self.slot(key)?.as_ref()
    }

    /// Has the value of a key fetched: it is soon read.
    #[inline]
    pub fn fetch(&self, key: u32) {
        if let Some(slot) = self.slot(key) {
            vector::fetch_whole(slot);
        }
    }

    /// Puts or takes away a value; returns the old one.
    pub fn set(&mut self, key: u32, value: Option<T>) -> Option<T> {
        if value.is_none() && self.slot(key).is_none() {
            return None;
        }
        let key = key as usize;
        let shelf = key / (CHUNK * SHELF);
        while shelf >= self.shelves.len() {
            self.shelves.push(vec![empty(); SHELF].into());
        }
        let chunk = &mut Arc::make_mut(&mut self.shelves[shelf])[key / CHUNK % SHELF];
        let slot = &mut Arc::make_mut(chunk)[key % CHUNK];
        let added = usize::from(value.is_some());
        let old = std::mem::replace(slot, value);
        self.count = self.count + added - usize::from(old.is_some());
        old
    }

    fn chunks(&self) -> impl DoubleEndedIterator<Item = &Chunk<T>> {
        self.shelves.iter().flat_map(|shelf| shelf.iter())
    }

    /// A key beyond those of all values: keys from it on are free.
    pub fn end(&self) -> u32 {
        let count = self.shelves.len() * SHELF;
        let last = (self.chunks().rev().zip(1..)).find_map(|(chunk, from_end)| {
            let own = chunk.iter().rposition(Option::is_some)?;
            Some((count - from_end) * CHUNK + own + 1)
        });
        u32::try_from(last.unwrap_or(0)).expect("keys are below 2^32")
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// All values with their keys, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        let slots = self.chunks().flat_map(|chunk| chunk.iter());
        (0..)
            .zip(slots)
            .filter_map(|(key, slot)| Some((key, slot.as_ref()?)))
    }

    /// Bytes of the table itself.
    pub fn bytes(&self) -> usize {
        self.shelves.len() * SHELF * (CHUNK * size_of::<Option<T>>() + 16 + 16)
    }
}

/// A chunk without values.
fn empty<T>() -> Chunk<T> {
    std::iter::repeat_with(|| None).take(CHUNK).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_leaves_clones_as_they_were() {
        let first = Slots::build(vec![(1, "a"), (700, "b")]);
        let mut next = first.clone();
        assert_eq!(next.set(700, Some("c")), Some("b"));
        assert_eq!(next.set(5_000, Some("d")), None);
        assert_eq!(next.set(1, None), Some("a"));
        assert_eq!(next.set(99_999, None), None);
        assert_eq!(
            next.iter().collect::<Vec<_>>(),
            [(700, &"c"), (5_000, &"d")]
        );
        assert_eq!(
            (first.get(700), first.len(), next.len()),
            (Some(&"b"), 2, 2)
        );
        assert!(Arc::ptr_eq(&first.shelves[0], &first.clone().shelves[0]));
        assert_eq!((first.end(), next.end()), (701, 5_001));
    }
}
