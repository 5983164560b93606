//! A table by key that shares what an edit leaves alone.

use std::sync::Arc;

use crate::vector;

/// Keys of one chunk.
const CHUNK: usize = 512;

/// Values by key, for snapshots that differ a little. Cloning shares all chunks; a change copies the one it is in.
#[derive(Clone, Debug)]
pub struct Slots<T> {
    chunks: Vec<Arc<[Option<T>]>>,
    count: usize,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self {
            chunks: Vec::new(),
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
        let mut chunks = Vec::with_capacity(table.len() / CHUNK);
        let mut rest = table.into_iter();
        while rest.len() > 0 {
            chunks.push(rest.by_ref().take(CHUNK).collect());
        }
        Self { chunks, count }
    }

    /// The value of a key.
    #[inline]
    pub fn get(&self, key: u32) -> Option<&T> {
        let key = key as usize;
        self.chunks.get(key / CHUNK)?[key % CHUNK].as_ref()
    }

    /// Has the value of a key fetched: it is soon read.
    #[inline]
    pub(crate) fn fetch(&self, key: u32) {
        let key = key as usize;
        if let Some(slot) = self
            .chunks
            .get(key / CHUNK)
            .and_then(|chunk| chunk.get(key % CHUNK))
        {
            vector::fetch(slot);
        }
    }

    /// Puts or takes away a value; returns the old one.
    pub fn set(&mut self, key: u32, value: Option<T>) -> Option<T> {
        let key = key as usize;
        if value.is_none() && key / CHUNK >= self.chunks.len() {
            return None;
        }
        while key / CHUNK >= self.chunks.len() {
            self.chunks.push(std::iter::repeat_n(None, CHUNK).collect());
        }
        let slot = &mut Arc::make_mut(&mut self.chunks[key / CHUNK])[key % CHUNK];
        let added = usize::from(value.is_some());
        let old = std::mem::replace(slot, value);
        self.count = self.count + added - usize::from(old.is_some());
        old
    }

    /// A key beyond those of all values: keys from it on are free.
    pub fn end(&self) -> u32 {
        let chunks = self.chunks.iter().enumerate().rev();
        let last = chunks.filter_map(|(at, chunk)| {
            let own = chunk.iter().rposition(Option::is_some)?;
            Some(at * CHUNK + own + 1)
        });
        let end = last.take(1).next().unwrap_or(0);
        u32::try_from(end).expect("keys are below 2^32")
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
        let slots = self.chunks.iter().flat_map(|chunk| chunk.iter());
        (0..)
            .zip(slots)
            .filter_map(|(key, slot)| Some((key, slot.as_ref()?)))
    }

    /// Bytes of the table itself.
    pub fn bytes(&self) -> usize {
        self.chunks.len() * (CHUNK * size_of::<Option<T>>() + 16 + 16)
    }
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
        assert!(Arc::ptr_eq(&first.chunks[0], &first.clone().chunks[0]));
    }
}
