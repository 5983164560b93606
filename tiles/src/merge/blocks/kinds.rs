//! What tells ground of one kind from another.

use super::{super::Sum, ground::Ground};
use crate::Value;

/// The value of the property that tells kinds apart; none where it is not known.
pub(crate) type Kind = Option<Value<'static>>;

/// Kinds that are told apart; what is of further kinds counts with the last.
pub(super) const MOST: usize = 250;

/// In place of a kind that is not drawn.
pub(super) const HIDDEN: u8 = u8::MAX;

/// The kinds of several grounds, in an order that depends on them alone: not on which ground, or
/// which feature, was the first.
pub(super) struct Kinds {
    all: Vec<Kind>,
}

impl Kinds {
    /// The kinds of some grounds that are drawn.
    pub(super) fn of<'g>(
        grounds: impl IntoIterator<Item = &'g Ground>,
        is_drawn: impl Fn(Option<&Value<'_>>) -> bool,
    ) -> Self {
        let mut all: Vec<&Kind> = (grounds.into_iter())
            .flat_map(|ground| ground.kinds.iter().map(|(kind, _)| kind))
            .filter(|kind| is_drawn(kind.as_ref()))
            .collect();
        all.sort_unstable();
        all.dedup();
        all.truncate(MOST);
        Self {
            all: all.into_iter().cloned().collect(),
        }
    }

    /// Which of these each kind of a ground is.
    pub(super) fn places(&self, ground: &Ground) -> [u8; 256] {
        let mut places = [HIDDEN; 256];
        for (place, (kind, _)) in places.iter_mut().zip(&ground.kinds) {
            *place = self.place(kind);
        }
        places
    }

    fn place(&self, kind: &Kind) -> u8 {
        match self.all.binary_search(kind) {
            Ok(at) => at as u8,
            Err(at) if at == MOST => (MOST - 1) as u8,
            Err(_) => HIDDEN,
        }
    }

    /// Each with what it counts in some grounds.
    pub(super) fn counted<'g>(
        self,
        grounds: impl IntoIterator<Item = &'g Ground>,
    ) -> Vec<(Kind, Sum)> {
        let mut sums = vec![Sum::default(); self.all.len()];
        for (kind, sum) in grounds.into_iter().flat_map(|ground| &ground.kinds) {
            if let Some(own) = sums.get_mut(usize::from(self.place(kind))) {
                own.add(*sum);
            }
        }
        self.all.into_iter().zip(sums).collect()
    }
}
