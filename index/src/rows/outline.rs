//! An outline laid over rows of cells: which edges go through which cells of each row.

use crate::{Area, Point, Rect};

/// An edge, its low end first, in doubles: lattice values are exact in them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub(super) low: (f64, f64),
    pub(super) high: (f64, f64),
}

impl Edge {
    #[expect(
        clippy::cast_precision_loss,
        reason = "lattice values are exact in a double"
    )]
    fn new(a: Point, b: Point) -> Self {
        let (low, high) = if a.y <= b.y { (a, b) } else { (b, a) };
        let pair = |p: Point| (p.x as f64, p.y as f64);
        Self {
            low: pair(low),
            high: pair(high),
        }
    }

    /// Whether the edge surely misses a rectangle, given by its middle and half its sides;
    /// one that does may still be held not to.
    #[inline(always)]
    pub(super) fn surely_misses(&self, middle: (f64, f64), half: (f64, f64)) -> bool {
        /// More than all rounding here, against the products.
        const ROUNDING: f64 = 1e-14;
        let (west, east) = (self.low.0.min(self.high.0), self.low.0.max(self.high.0));
        let apart = (middle.0 + half.0 + 1.0 < west)
            | (east < middle.0 - half.0 - 1.0)
            | (middle.1 + half.1 + 1.0 < self.low.1)
            | (self.high.1 < middle.1 - half.1 - 1.0);
        let (dx, dy) = (self.high.0 - self.low.0, self.high.1 - self.low.1);
        let (a, b) = ((middle.0 - self.low.0) * dy, (middle.1 - self.low.1) * dx);
        let reach = half.0 * dy + half.1 * dx.abs();
        apart | ((a - b).abs() > reach + (a.abs() + b.abs() + reach) * ROUNDING)
    }

    #[expect(clippy::cast_possible_truncation, reason = "whole numbers below 2^53")]
    pub(super) fn ends(&self) -> (Point, Point) {
        let point = |(x, y): (f64, f64)| Point {
            x: x as i64,
            y: y as i64,
        };
        (point(self.low), point(self.high))
    }
}

/// The middle of a rectangle and half its sides: exact, as twice a lattice value fits a
/// double.
#[expect(
    clippy::cast_precision_loss,
    reason = "lattice values and their sums are exact in a double"
)]
pub(super) fn middle_and_half(rect: &Rect) -> ((f64, f64), (f64, f64)) {
    let (min, max) = (rect.min, rect.max);
    (
        ((min.x + max.x) as f64 / 2.0, (min.y + max.y) as f64 / 2.0),
        ((max.x - min.x) as f64 / 2.0, (max.y - min.y) as f64 / 2.0),
    )
}

/// How far features reach from their representative points, at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reach {
    pub(super) west: i64,
    pub(super) south: i64,
    pub(super) east: i64,
    pub(super) north: i64,
}

impl Reach {
    /// How far a rectangle reaches from a point in it.
    pub(super) fn of(place: Point, rect: &Rect) -> Self {
        Self {
            west: place.x - rect.min.x,
            south: place.y - rect.min.y,
            east: rect.max.x - place.x,
            north: rect.max.y - place.y,
        }
    }

    /// Where a point lies from which it reaches into a rectangle.
    pub(super) fn around(self, rect: &Rect) -> Rect {
        Rect {
            min: Point {
                x: rect.min.x - self.east,
                y: rect.min.y - self.north,
            },
            max: Point {
                x: rect.max.x + self.west,
                y: rect.max.y + self.south,
            },
        }
    }

    /// The greater of both, each way.
    pub(super) fn join(self, other: Self) -> Self {
        Self {
            west: self.west.max(other.west),
            south: self.south.max(other.south),
            east: self.east.max(other.east),
            north: self.north.max(other.north),
        }
    }
}

/// Cells of one row whose features an edge may meet, from west to east.
#[derive(Clone, Copy, Debug)]
pub(super) struct Touch {
    pub(super) west: i64,
    pub(super) east: i64,
    pub(super) edge: u32,
}

/// The edges of an area by row.
#[derive(Debug)]
pub(super) struct Outline {
    pub(super) edges: Vec<Edge>,
    /// Row of the first touches.
    pub(super) first: i64,
    starts: Vec<u32>,
    touches: Vec<Touch>,
}

impl Outline {
    /// Lays the edges of an area over the rows from one to another, for features that reach
    /// so far from their cells. Without a reach it is what the edges go through.
    pub(super) fn new(
        area: &Area,
        shift: u32,
        rows: std::ops::RangeInclusive<i64>,
        reach: Reach,
    ) -> Self {
        let edges: Vec<Edge> = area.edges().map(|(a, b)| Edge::new(a, b)).collect();
        let (first, last) = (*rows.start(), *rows.end());
        let count = usize::try_from(last - first + 1).unwrap_or(0);
        let mut starts = vec![0_u32; count + 1];
        let span = |edge: &Edge| {
            let low = (edge.low.1 as i64 - reach.north) >> shift;
            let high = (edge.high.1 as i64 + reach.south) >> shift;
            (low.max(first), high.min(last))
        };
        for edge in &edges {
            let (low, high) = span(edge);
            for row in low..=high {
                starts[(row - first) as usize + 1] += 1;
            }
        }
        for at in 0..count {
            starts[at + 1] += starts[at];
        }
        let nothing = Touch {
            west: 0,
            east: 0,
            edge: 0,
        };
        let mut touches = vec![nothing; starts[count] as usize];
        let mut next = starts.clone();
        for (edge, at) in edges.iter().zip(0_u32..) {
            let (low, high) = span(edge);
            let slope = (edge.high.0 - edge.low.0) / (edge.high.1 - edge.low.1).max(1.0);
            let (west, east) = (edge.low.0.min(edge.high.0), edge.low.0.max(edge.high.0));
            for row in low..=high {
                let south = ((row << shift) - reach.south) as f64;
                let north = (((row + 1) << shift) + reach.north) as f64;
                let x =
                    |y: f64| edge.low.0 + (y.clamp(edge.low.1, edge.high.1) - edge.low.1) * slope;
                let (a, b) = if edge.low.1 == edge.high.1 {
                    (west, east)
                } else {
                    (x(south), x(north))
                };
                // A level edge and rounding: two units more on both sides are always enough.
                let cell = |x: f64| x.clamp(west, east) as i64;
                let slot = &mut next[(row - first) as usize];
                touches[*slot as usize] = Touch {
                    west: (cell(a.min(b)) - 2 - reach.east) >> shift,
                    east: (cell(a.max(b)) + 2 + reach.west) >> shift,
                    edge: at,
                };
                *slot += 1;
            }
        }
        for row in starts.windows(2) {
            touches[row[0] as usize..row[1] as usize].sort_unstable_by_key(|touch| touch.west);
        }
        Self {
            edges,
            first,
            starts,
            touches,
        }
    }

    /// The touches of a row, by their west cell.
    pub(super) fn touches(&self, row: i64) -> &[Touch] {
        let at = usize::try_from(row - self.first).unwrap_or(usize::MAX);
        match (self.starts.get(at), self.starts.get(at.wrapping_add(1))) {
            (Some(&start), Some(&end)) => &self.touches[start as usize..end as usize],
            _ => &[],
        }
    }
}
