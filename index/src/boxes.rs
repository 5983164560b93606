//! Rectangles of any plane: surveys in metres, drawings in whatever they were drawn in.

use crate::{Point, Rect, rows::Rows};

/// Half of the widest extent in lattice units: 2³⁴, eight zones each way.
const HALF: f64 = 17_179_869_184.0;
/// Rectangles of a cell, on average over those that have any, at most: who asks for boxes asks
/// for few.
const MOST_IN_A_CELL: usize = 4;

/// Rectangles, each known by its position in the order in which they were given.
///
/// The plane is laid on a lattice of its own, which is as fine as its extent allows, and
/// rectangles are rounded outwards: nothing that meets is missed, and what is told in excess lies
/// nearer than a ten-billionth part of the extent.
#[derive(Debug)]
pub struct Boxes {
    rows: Rows,
    middle: [f64; 2],
    unit: f64,
}

impl Boxes {
    /// Sorts rectangles, each its low corner and its high one.
    pub fn new(all: &[[[f64; 2]; 2]]) -> Self {
        let ends = |axis: usize| {
            let low = all.iter().map(|own| own[0][axis]);
            let high = all.iter().map(|own| own[1][axis]);
            [
                low.fold(f64::INFINITY, f64::min),
                high.fold(f64::NEG_INFINITY, f64::max),
            ]
        };
        let [x, y] = [ends(0), ends(1)];
        let widest = (x[1] - x[0]).max(y[1] - y[0]);
        let mut own = Self {
            rows: Rows::default(),
            middle: [x, y].map(|[low, high]| low.midpoint(high)),
            unit: if widest > 0.0 {
                widest / 2.0 / HALF
            } else {
                1.0
            },
        };
        let rects = (0..)
            .zip(all)
            .map(|(at, [low, high])| (at, own.rect(*low, *high)));
        own.rows = Rows::of_rects(rects, MOST_IN_A_CELL);
        own
    }

    /// The positions of the rectangles that meet one, edges included, in order.
    pub fn meeting(&self, low: [f64; 2], high: [f64; 2]) -> Vec<usize> {
        let mut found = Vec::new();
        let asked = self.rect(low, high);
        self.rows.meeting(&asked, |at, _| found.push(at as usize));
        found.sort_unstable();
        found
    }

    fn rect(&self, low: [f64; 2], high: [f64; 2]) -> Rect {
        Rect {
            min: self.lattice(low, f64::floor),
            max: self.lattice(high, f64::ceil),
        }
    }

    /// Each step keeps order, so that what meets in the plane meets on the lattice.
    #[expect(clippy::cast_possible_truncation, reason = "at most 2³⁵")]
    fn lattice(&self, at: [f64; 2], round: fn(f64) -> f64) -> Point {
        let [x, y] = [0, 1].map(|axis| {
            let units = (at[axis] - self.middle[axis]) / self.unit;
            round(units.clamp(-2.0 * HALF, 2.0 * HALF)) as i64
        });
        Point { x, y }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Rectangles on a coarse grid, so that many touch, some of them large, some of no size.
    fn rectangles(most: usize) -> impl Strategy<Value = Vec<[[f64; 2]; 2]>> {
        let size = prop_oneof![4 => 0..4_i32, 1 => 0..400];
        let one = (-60..60_i32, -60..60_i32, size.clone(), size);
        let one = one.prop_map(|(x, y, wide, high)| {
            [[x, y], [x + wide, y + high]].map(|corner| corner.map(|x| f64::from(x) * 0.1))
        });
        prop::collection::vec(one, 0..most)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn what_meets_a_rectangle_is_found(
            all in rectangles(300),
            asked in rectangles(20),
            // Drawings lie anywhere, in millimetres or in thousands of kilometres.
            (east, north, scale) in (-4e7..4e7_f64, -4e7..4e7_f64, -6..6_i32),
        ) {
            let placed = |own: &[[f64; 2]; 2]| {
                own.map(|[x, y]| [x * 10_f64.powi(scale) + east, y * 10_f64.powi(scale) + north])
            };
            let all: Vec<_> = all.iter().map(placed).collect();
            let boxes = Boxes::new(&all);
            for [low, high] in asked.iter().map(placed) {
                let meets = |own: &[[f64; 2]; 2], room: f64| {
                    (0..2).all(|axis| own[0][axis] <= high[axis] + room && low[axis] <= own[1][axis] + room)
                };
                let found = boxes.meeting(low, high);
                for (at, own) in all.iter().enumerate() {
                    if meets(own, 0.0) {
                        prop_assert!(found.contains(&at), "{own:?} is missed");
                    } else if !meets(own, 4.0 * boxes.unit) {
                        prop_assert!(!found.contains(&at), "{own:?} is told");
                    }
                }
                prop_assert!(found.is_sorted());
            }
        }
    }

    #[test]
    fn places_that_are_none_lose_no_other() {
        let all = [
            [[0.0, 0.0], [1.0, 1.0]],
            [[f64::NAN, 0.0], [f64::NAN, 1.0]],
            [[0.5, 0.5], [f64::INFINITY, 2.0]],
        ];
        assert!(
            Boxes::new(&all[..2])
                .meeting([1.0, 1.0], [2.0, 2.0])
                .contains(&0)
        );
        assert!(
            Boxes::new(&all)
                .meeting([1.0, 1.0], [2.0, 2.0])
                .starts_with(&[0])
        );
        assert!(Boxes::new(&[]).meeting([0.0, 0.0], [1.0, 1.0]).is_empty());
    }
}
