//! How far a survey lies beside another, neighbourhood by neighbourhood.

use std::collections::HashMap;

use rayon::prelude::*;

use super::{Footprints, Rules};

/// Side of a neighbourhood in metres.
const CELL: f64 = 300.0;
/// Pairs that a neighbourhood needs for a shift of its own.
const LEAST: usize = 8;
/// Pairs of a neighbourhood that are looked at.
const MOST: usize = 200;
/// Areas of a pair differ by less than this share: whoever is looked at did not change.
const ALIKE: f64 = 0.04;

/// A shift from the first survey to the second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Shift {
    /// To the east and to the north in metres.
    pub by: [f64; 2],
    /// What is left of it, the median over the pairs, in metres.
    pub residual_m: f64,
}

/// The shifts of all neighbourhoods.
#[derive(Debug)]
pub(super) struct Shifts {
    cells: HashMap<(i64, i64), Shift>,
    overall: Shift,
}

impl Shifts {
    /// Finds them from pairs of alike buildings that lie no farther apart than the rules say.
    pub(super) fn between(before: &Footprints, after: &Footprints, rules: &Rules) -> Self {
        let pairs = |into: &mut HashMap<(i64, i64), Vec<[f64; 2]>>, at: usize| {
            let house = after.house(at);
            let near = before.meeting(
                house.center.map(|x| x - rules.shift_m),
                house.center.map(|x| x + rules.shift_m),
            );
            let best = (near.into_iter())
                .filter_map(|other| {
                    let other = before.house(other);
                    let by = [0, 1].map(|axis| house.center[axis] - other.center[axis]);
                    let far = by[0].hypot(by[1]);
                    let unlike = (house.area / other.area - 1.0).abs();
                    (far <= rules.shift_m && unlike < ALIKE).then_some((unlike, by))
                })
                .min_by(|a, b| a.0.total_cmp(&b.0));
            if let Some((_, by)) = best {
                let kept = into.entry(cell(house.center)).or_default();
                if kept.len() < MOST {
                    kept.push(by);
                }
            }
        };
        let found = (0..after.len())
            .into_par_iter()
            .fold(HashMap::new, |mut into, at| {
                pairs(&mut into, at);
                into
            })
            .reduce(HashMap::new, |mut all, more| {
                for (cell, pairs) in more {
                    let kept: &mut Vec<[f64; 2]> = all.entry(cell).or_default();
                    kept.extend(pairs);
                    kept.truncate(MOST);
                }
                all
            });
        let shifts = found.iter().filter(|(_, pairs)| pairs.len() >= LEAST);
        let cells: HashMap<(i64, i64), Shift> =
            shifts.map(|(cell, pairs)| (*cell, shift(pairs))).collect();
        let mut all: Vec<[f64; 2]> = found.values().flatten().copied().collect();
        // In one order, whatever order the neighbourhoods came in.
        all.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
        Self {
            cells,
            overall: shift(&all),
        }
    }

    /// The shift at a place.
    pub(super) fn at(&self, place: [f64; 2]) -> Shift {
        self.cells
            .get(&cell(place))
            .copied()
            .unwrap_or(self.overall)
    }

    pub(super) fn overall(&self) -> Shift {
        self.overall
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the earth has few neighbourhoods"
)]
fn cell(place: [f64; 2]) -> (i64, i64) {
    let [x, y] = place.map(|x| (x / CELL).floor() as i64);
    (x, y)
}

fn shift(pairs: &[[f64; 2]]) -> Shift {
    let by = [0, 1].map(|axis| median(pairs.iter().map(|by| by[axis]).collect()));
    Shift {
        by,
        residual_m: median(
            pairs
                .iter()
                .map(|own| (own[0] - by[0]).hypot(own[1] - by[1]))
                .collect(),
        ),
    }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    if numbers.is_empty() {
        return 0.0;
    }
    let middle = numbers.len() / 2;
    *numbers.select_nth_unstable_by(middle, f64::total_cmp).1
}
