//! Small numbers: how people are counted for those who may count them and not see them.
//!
//! Such a viewer never gets the count of an area. What he gets is composed of figures that are
//! the same for everyone: the houses lie in fixed cells, a cell's figure is released whole or
//! not at all, and an area gets the figures of the cells that lie mostly in it. So whatever is
//! added or subtracted, of overlapping areas, groups, filters or accounts, is a sum of
//! released figures, and each of those is at least the threshold.
//!
//! - *Cells* are runs of houses along a curve in one grid. They depend on where houses are,
//!   never on who lives there: a cell that grew until it held enough people would tell by its
//!   size how many it holds.
//! - A figure below the threshold goes to the rest of its grid; a rest that is too small, or
//!   so large that its parts could be reckoned, to that of the village, and of the whole.
//! - *Over time* a cell's figure follows the register in steps of at least the threshold, and
//!   stays in the place (own or rest) that it first had. One person who moves in changes
//!   nothing that can be asked.

mod cells;
mod figures;
mod rules;

use std::sync::{Arc, Mutex, PoisonError};

use self::{cells::Cells, figures::Figures};
pub(crate) use rules::{RULES, Rules};

use crate::atlas::{Census, Snapshot};

/// What households are counted under; kinds of people have their own names.
const HOUSEHOLDS: &str = "\u{0}households";

/// The figures as they were last released.
#[derive(Default)]
pub(crate) struct Releases(Mutex<Option<State>>);

struct State {
    of: u64,
    current: Arc<Release>,
}

/// The released figures of one moment.
#[derive(Clone)]
pub(crate) struct Release {
    cells: Cells,
    figures: Figures,
}

impl Releases {
    /// The figures for the map as it is now.
    pub(crate) fn at(&self, whole: &Snapshot) -> Arc<Release> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // An older map than the last one is answered from the last: figures never go back.
        if let Some(state) = &*kept
            && state.of >= whole.sequence
        {
            return Arc::clone(&state.current);
        }
        let mut next = kept.as_ref().map_or_else(
            || Release {
                cells: Cells::default(),
                figures: Figures::default(),
            },
            |state| (*state.current).clone(),
        );
        next.follow(whole, Rules::usual());
        let current = Arc::new(next);
        *kept = Some(State {
            of: whole.sequence,
            current: Arc::clone(&current),
        });
        current
    }
}

impl Release {
    fn follow(&mut self, whole: &Snapshot, rules: &Rules) {
        self.cells.follow(whole, rules);
        let counts = self.cells.counts(whole);
        self.figures.follow(&self.cells, &counts, rules);
    }

    /// What some buildings of a map, which may be a part, count as far as it is told: people
    /// and households are composed of released figures.
    pub(crate) fn compose(&self, map: &Snapshot, positions: &[u32], census: &mut Census) {
        let units = match map.layer("building") {
            Some(buildings) => self.cells.mostly(buildings, positions),
            None => Vec::new(),
        };
        for (kind, count) in map.houses.kinds().iter().zip(&mut census.people) {
            *count = self.figures.sum(&units, kind);
        }
        census.households = self.figures.sum(&units, HOUSEHOLDS);
    }
}

#[cfg(test)]
mod tests;
