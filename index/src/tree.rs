//! A packed tree of rectangles in Hilbert order: flat arrays, no pointers.

use std::ops::Range;

use crate::{Area, Overlap, Point, Rect};

const FANOUT: usize = 16;

/// Rectangles of items and, level by level, of groups of sixteen.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    /// The first level holds the items' rectangles, the last has at most sixteen.
    levels: Vec<Box<[Rect]>>,
}

impl Tree {
    /// The order of packing: sort items by this before building, equal keys as they came.
    pub(crate) fn order(rects: &[Rect]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..rects.len()).collect();
        let Some(all) = rects.iter().copied().reduce(|a, b| a.join(&b)) else {
            return order;
        };
        let extent = (all.max.x - all.min.x).max(all.max.y - all.min.y).max(1);
        let cell = |low: i64, high: i64, start: i64| {
            let middle = low + (high - low) / 2 - start;
            u32::try_from(i128::from(middle) * 65_535 / i128::from(extent))
                .expect("middles lie in the extent")
        };
        order.sort_by_cached_key(|&at| {
            let rect = rects[at];
            hilbert(
                cell(rect.min.x, rect.max.x, all.min.x),
                cell(rect.min.y, rect.max.y, all.min.y),
            )
        });
        order
    }

    /// Packs rectangles that are in order.
    pub(crate) fn build(rects: Vec<Rect>) -> Self {
        let mut levels = vec![rects.into_boxed_slice()];
        while levels[levels.len() - 1].len() > FANOUT {
            let above = levels[levels.len() - 1]
                .chunks(FANOUT)
                .map(|group| {
                    group[1..]
                        .iter()
                        .fold(group[0], |rect, other| rect.join(other))
                })
                .collect();
            levels.push(above);
        }
        Self { levels }
    }

    /// The rectangle around everything.
    pub(crate) fn rect(&self) -> Option<Rect> {
        self.levels
            .last()?
            .iter()
            .copied()
            .reduce(|a, b| a.join(&b))
    }

    /// Visits the items whose rectangles pass the test, which a group's rectangle passes
    /// whenever that of one of its items does.
    pub(crate) fn visit(&self, test: impl Fn(&Rect) -> bool, mut found: impl FnMut(usize)) {
        self.descend(
            |rect| {
                if test(rect) {
                    Overlap::Crossed
                } else {
                    Overlap::Outside
                }
            },
            |at, _| found(at),
        );
    }

    /// Visits the items whose rectangles hold a point.
    pub(crate) fn at(&self, p: Point, found: impl FnMut(usize)) {
        self.visit(|rect| rect.holds(p), found);
    }

    /// Visits the items that may lie in an area, and whether they surely do because their
    /// group's rectangle does.
    pub(crate) fn within(&self, area: &Area, found: impl FnMut(usize, bool)) {
        self.descend(|rect| area.overlap(rect), found);
    }

    fn descend(&self, test: impl Fn(&Rect) -> Overlap, mut found: impl FnMut(usize, bool)) {
        if let Some(top) = self.levels.len().checked_sub(1) {
            self.step(top, 0..self.levels[top].len(), false, &test, &mut found);
        }
    }

    /// Visits the members of a level in a range; `sure` where they need no test any more.
    fn step(
        &self,
        level: usize,
        members: Range<usize>,
        sure: bool,
        test: &impl Fn(&Rect) -> Overlap,
        found: &mut impl FnMut(usize, bool),
    ) {
        for at in members {
            let overlap = if sure {
                Overlap::Inside
            } else {
                test(&self.levels[level][at])
            };
            if overlap == Overlap::Outside {
                continue;
            }
            let sure = overlap == Overlap::Inside;
            if level == 0 {
                found(at, sure);
            } else {
                let end = ((at + 1) * FANOUT).min(self.levels[level - 1].len());
                self.step(level - 1, at * FANOUT..end, sure, test, found);
            }
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.levels.iter().map(|level| size_of_val(&**level)).sum()
    }
}

/// Position of a cell along a Hilbert curve of 2¹⁶ × 2¹⁶ cells.
fn hilbert(mut x: u32, mut y: u32) -> u32 {
    let mut position = 0;
    let mut half = 1 << 15;
    while half > 0 {
        let right = u32::from(x & half > 0);
        let up = u32::from(y & half > 0);
        position += half.wrapping_mul(half).wrapping_mul((3 * right) ^ up);
        if up == 0 {
            if right == 1 {
                x = 65_535 - x;
                y = 65_535 - y;
            }
            std::mem::swap(&mut x, &mut y);
        }
        half >>= 1;
    }
    position
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_on_the_curve_are_neighbours_on_the_map() {
        let mut cells: Vec<(u32, (i32, i32))> = Vec::new();
        for x in 0..16 {
            for y in 0..16 {
                cells.push((
                    hilbert(x * 4096, y * 4096) >> 24,
                    (x.cast_signed(), y.cast_signed()),
                ));
            }
        }
        cells.sort_unstable();
        for pair in cells.windows(2) {
            let ((first, (ax, ay)), (second, (bx, by))) = (pair[0], pair[1]);
            assert_eq!(first + 1, second);
            assert_eq!((ax - bx).abs() + (ay - by).abs(), 1);
        }
    }
}
