//! Cutting shapes to the window of a tile, in exact integer arithmetic.
//!
//! The window's edges run half a unit outside the outermost grid lines that it keeps. So
//! no vertex ever lies on an edge of the window, and none of the usual special cases
//! arises: a vertex is inside or outside, an edge crosses or does not.

mod line;
mod polygon;

use crate::{
    TileId,
    grid::{EXTENT, GridPoint, Lattice, TilePoint},
    ring,
    shape::{Kind, Shape, View},
};

/// The part of the world grid that a tile keeps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// The tile's north-west corner.
    origin: (i64, i64),
    /// The least x and y kept.
    low: (i64, i64),
    /// The greatest x and y kept.
    high: (i64, i64),
}

/// How a box lies to a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lie {
    Inside,
    Outside,
    Across,
}

impl Window {
    /// The window of a tile with a buffer in units on each side.
    pub(crate) fn new(tile: TileId, buffer: i64) -> Self {
        let (x, y) = tile.origin().xy();
        Self {
            origin: (x, y),
            low: (x - buffer, y - buffer),
            high: (x + EXTENT + buffer, y + EXTENT + buffer),
        }
    }

    fn holds(&self, (x, y): (i64, i64)) -> bool {
        self.low.0 <= x && x <= self.high.0 && self.low.1 <= y && y <= self.high.1
    }

    fn lie(&self, points: &[GridPoint]) -> Lie {
        let Some([low, high]) = ring::extent(points) else {
            return Lie::Outside;
        };
        if self.holds(low) && self.holds(high) {
            Lie::Inside
        } else if high.0 < self.low.0
            || high.1 < self.low.1
            || self.high.0 < low.0
            || self.high.1 < low.1
        {
            Lie::Outside
        } else {
            Lie::Across
        }
    }

    /// A point of the world grid as the tile sees it.
    fn local(&self, (x, y): (i64, i64)) -> TilePoint {
        let narrow = |units: i64| {
            i32::try_from(units).unwrap_or(if units < 0 { i32::MIN } else { i32::MAX })
        };
        TilePoint {
            x: narrow(x - self.origin.0),
            y: narrow(y - self.origin.1),
        }
    }

    /// Adds the part of a shape within the window, in the tile's coordinates. The points where
    /// lines and outlines are cut lie one unit outside the outermost units kept.
    pub(crate) fn clip(&self, shape: View<'_, GridPoint>, onto: &mut Shape<TilePoint>) {
        match shape.dimensions() {
            None => {}
            Some(0) => {
                let seen = |point: &&GridPoint| self.holds(point.xy());
                let mut points = shape.points().iter().filter(seen).peekable();
                if points.peek().is_some() {
                    onto.add(Kind::Points, points.map(|point| self.local(point.xy())));
                }
            }
            Some(1) => (shape.lines()).for_each(|line| self.clip_line(line, onto)),
            Some(_) => {
                for polygon in shape.polygons() {
                    self.clip_polygon(&polygon, onto);
                }
            }
        }
    }

    /// A whole part as the tile sees it.
    fn keep(&self, kind: Kind, points: &[GridPoint], onto: &mut Shape<TilePoint>) {
        onto.add(kind, points.iter().map(|point| self.local(point.xy())));
    }
}
