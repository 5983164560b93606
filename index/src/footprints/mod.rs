//! Two surveys of the same buildings, held against each other by overlap.
//!
//! Surveys lie a metre or two beside each other, and not everywhere by as much: the shift is
//! found first, neighbourhood by neighbourhood, from the buildings that both have, and taken
//! out before anything is laid over anything ([`align`]). Then buildings that cover each other
//! belong together: one and one are the same, extended, reduced or taller; one and several were
//! split, several and one merged; what covers nothing is new or has vanished.
//!
//! Lengths and areas are metres in a plane through the middle of both sets. Its scale is right
//! along that parallel and falls off east to west as the cosine of the latitude does: 0.1 % in
//! area 25 km north or south of it at 23°. It is taken out of every area that is told.

mod align;
mod clip;
mod group;
mod set;
#[cfg(test)]
mod tests;

pub use align::Shift;
pub use set::{Footprint, Footprints, Frame};

use align::Shifts;
use rayon::prelude::*;

/// What counts as what.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// The greatest shift between the surveys, in metres.
    pub shift_m: f64,
    /// Two belong together when this share of the smaller lies in the other.
    pub overlap: f64,
    /// A building grew or shrank when its area changed by this share at least…
    pub growth: f64,
    /// …and by so many square metres.
    pub growth_m2: f64,
    /// It is taller by so many floors at least.
    pub floors: f64,
    /// Anything smaller, in m², is a shed or a slip of the pen.
    pub least_m2: f64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            shift_m: 3.0,
            overlap: 0.5,
            growth: 0.1,
            growth_m2: 5.0,
            floors: 1.0,
            least_m2: 6.0,
        }
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Nothing stood there.
    New,
    /// It stands on more ground.
    Extended,
    /// It has more floors on the same ground.
    Taller,
    /// Several where one was.
    Split,
    /// One where several were.
    Merged,
    /// Several where several others were.
    Regrouped,
    /// It stands on less ground.
    Reduced,
    /// Nothing stands there any more.
    Vanished,
}

/// A change between two surveys.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// What happened.
    pub kind: Kind,
    /// Keys of the first survey.
    pub before: Vec<u32>,
    /// Keys of the second.
    pub after: Vec<u32>,
    /// The ground that came or went, in m²; for what is taller, the floor area that came.
    pub area_m2: f64,
    /// From 0 to 1: how much larger the change is than what an edge drawn by hand, and the
    /// shift that is left, make of nothing.
    pub confidence: f64,
}

/// Outlines that are compared between two looks at whether to go on.
const AT_ONCE: usize = 256;

/// Compares two surveys in one frame. `found` is told each change once, in no order; the shift
/// that was found comes back. Memory beyond the two sets is that of one group of buildings a
/// thread, and of a cell of 300 m.
///
/// `go_on` is told of outlines as they are done with, so many at a time, of both surveys
/// together; when it says no, the rest is left and nothing comes back.
pub fn compare(
    before: &Footprints,
    after: &Footprints,
    rules: &Rules,
    go_on: impl Fn(usize) -> bool + Sync,
    found: impl Fn(Change) + Sync,
) -> Option<Shift> {
    let shifts = Shifts::between(before, after, rules);
    let work = group::Work {
        before,
        after,
        shifts: &shifts,
        rules,
    };
    let each = |many: usize, judge: &(dyn Fn(usize) + Sync)| {
        (0..many.div_ceil(AT_ONCE))
            .into_par_iter()
            .try_for_each(|part| {
                let own = part * AT_ONCE..many.min((part + 1) * AT_ONCE);
                let done = own.len();
                own.for_each(judge);
                go_on(done).then_some(())
            })
    };
    each(after.len(), &|at| {
        if let Some(group) = work.group_of(at) {
            work.judge(&group, &found);
        }
    })?;
    each(before.len(), &|at| {
        if work.is_alone(at) {
            work.vanished(at, &found);
        }
    })?;
    Some(shifts.overall())
}
