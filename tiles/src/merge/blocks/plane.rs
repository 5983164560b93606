//! The memory of planes of cells.

use std::{
    cell::RefCell,
    ops::{Deref, DerefMut},
};

/// Planes that a thread keeps for the next tile, at most: what one tile of many kinds takes.
const MOST_SPARE: usize = 16;

thread_local! {
    static SPARE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// A byte for each cell. Planes are some hundred kilobytes each and a tile takes a dozen: fresh
/// from the system, their pages would be cleared one by one for every tile.
#[derive(Debug)]
pub(super) struct Plane(Vec<u8>);

impl Plane {
    /// So many cells, each of a value.
    pub(super) fn of(value: u8, cells: usize) -> Self {
        let spare = SPARE.with_borrow_mut(Vec::pop);
        let mut own = spare.unwrap_or_default();
        own.clear();
        own.resize(cells, value);
        Self(own)
    }
}

impl Drop for Plane {
    fn drop(&mut self) {
        let own = std::mem::take(&mut self.0);
        // A thread that ends has none to keep it.
        let _ = SPARE.try_with(|spare| {
            let mut spare = spare.borrow_mut();
            if spare.len() < MOST_SPARE {
                spare.push(own);
            }
        });
    }
}

impl Deref for Plane {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for Plane {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_in_a_plane_before_is_gone() {
        let mut first = Plane::of(0, 100);
        first.fill(7);
        drop(first);
        assert!(Plane::of(0, 200).iter().all(|&cell| cell == 0));
        assert_eq!(&*Plane::of(3, 2), &[3, 3]);
    }
}
