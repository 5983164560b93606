//! What the areas of a layer measure, kept from the first time that it is asked: a geodesic area
//! costs more than finding it.

use std::sync::{
    OnceLock,
    atomic::{AtomicU64, Ordering},
};

/// Square metres by position, as bits.
#[derive(Debug, Default)]
pub(super) struct Areas(OnceLock<Box<[AtomicU64]>>);

/// Not asked yet: no area has these bits.
const UNKNOWN: u64 = u64::MAX;

impl Areas {
    /// The measure at a position, of so many; reckoned where it is not known.
    pub(super) fn get(&self, position: u32, many: u32, reckon: impl FnOnce() -> f64) -> f64 {
        let all = (self.0).get_or_init(|| (0..many).map(|_| AtomicU64::new(UNKNOWN)).collect());
        let Some(kept) = all.get(position as usize) else {
            return reckon();
        };
        match kept.load(Ordering::Relaxed) {
            UNKNOWN => {
                let area_m2 = reckon();
                // Whoever reckons it meanwhile comes to the same.
                kept.store(area_m2.to_bits(), Ordering::Relaxed);
                area_m2
            }
            known => f64::from_bits(known),
        }
    }

    /// What is known after an edit of some positions, of so many then.
    pub(super) fn after<'a>(&self, edited: impl IntoIterator<Item = &'a u32>, many: u32) -> Self {
        let Some(all) = self.0.get() else {
            return Self::default();
        };
        let known = all.iter().map(|kept| kept.load(Ordering::Relaxed));
        let next: Box<[AtomicU64]> = known
            .chain(std::iter::repeat(UNKNOWN))
            .take(many as usize)
            .map(AtomicU64::new)
            .collect();
        for &at in edited {
            if let Some(kept) = next.get(at as usize) {
                kept.store(UNKNOWN, Ordering::Relaxed);
            }
        }
        Self(OnceLock::from(next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_area_is_reckoned_once_and_anew_after_its_edit() {
        let first = Areas::default();
        assert_eq!(first.get(1, 2, || 7.5), 7.5);
        assert_eq!(first.get(1, 2, || panic!("it is known")), 7.5);
        let next = first.after(&[0, 2], 3);
        assert_eq!(next.get(1, 3, || panic!("it did not change")), 7.5);
        assert_eq!(next.get(2, 3, || 9.0), 9.0);
        assert_eq!(next.after(&[1], 3).get(1, 3, || 8.0), 8.0);
        assert_eq!(next.get(1, 3, || panic!("the one before stays")), 7.5);
    }
}
