//! A square of the lattice whose side is a power of two.

use crate::{Point, Rect};

/// A cell is measured in at most 2¹⁴ units a side, so that products fit 32 bits.
const UNIT_BITS: u32 = 14;

/// Units by which a cell reaches over its sides.
pub(super) const MARGIN: i64 = 2;

/// A half-open square, aligned to its own size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    /// South-west corner.
    pub(super) min: Point,
    /// Side in lattice units: a power of two.
    pub(super) shift: u32,
}

impl Cell {
    pub(super) fn size(&self) -> i64 {
        1 << self.shift
    }

    /// A unit of the cell's own, in lattice units: a power of two.
    pub(super) fn unit(&self) -> u32 {
        unit(self.shift)
    }

    /// One of the four quarters, in the order of words in a directory.
    pub(super) fn quarter(&self, at: usize) -> Self {
        let half = self.size() / 2;
        let step = |bit: usize| if at & bit > 0 { half } else { 0 };
        Self {
            min: Point {
                x: self.min.x + step(1),
                y: self.min.y + step(2),
            },
            shift: self.shift - 1,
        }
    }

    /// The cell with its margin: what an edge must touch to be known in it.
    pub(super) fn reach(&self) -> Rect {
        let margin = MARGIN << self.unit();
        Rect {
            min: Point {
                x: self.min.x - margin,
                y: self.min.y - margin,
            },
            max: Point {
                x: self.min.x + self.size() + margin,
                y: self.min.y + self.size() + margin,
            },
        }
    }
}

/// Lattice units in a unit of a cell of a size, as a power of two.
#[inline(always)]
pub(super) fn unit(shift: u32) -> u32 {
    shift.saturating_sub(UNIT_BITS)
}

/// Where a point lies in its cell of a size, in the cell's units.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "below 2^14 once shifted")]
pub(super) fn local(p: Point, shift: u32) -> (i32, i32) {
    let mask = (1_i64 << shift) - 1;
    let unit = unit(shift);
    (((p.x & mask) >> unit) as i32, ((p.y & mask) >> unit) as i32)
}

/// Which of 2ᵏ × 2ᵏ parts of its cell of a size a point lies in.
#[inline(always)]
pub(super) fn part(p: Point, shift: u32, k: u32) -> usize {
    let mask = (1_i64 << k) - 1;
    let below = shift - k;
    ((((p.y >> below) & mask) << k) | ((p.x >> below) & mask)) as usize
}
