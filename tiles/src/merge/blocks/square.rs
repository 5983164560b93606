//! Squares that ground is surveyed by.

use geo::{Coord, Rect};

use super::CELL;
use crate::{
    TileId,
    grid::{EXTENT, Level},
};

/// Squares along the side of a tile.
pub(super) const ACROSS: i64 = 4;

/// Cells along the side of a square.
pub(super) const SIDE: usize = (UNITS / CELL) as usize;

/// Units along the side of a square.
const UNITS: i64 = EXTENT / ACROSS;

/// How far the rounding of its vertices moves what is seen of a feature from near, in units of
/// anything further, and one for where its rectangle is cut.
const ROUNDING: i64 = 2;

/// A square of the world grid of a zoom, a sixteenth of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SquareId {
    pub(super) level: Level,
    pub(super) x: u32,
    pub(super) y: u32,
}

impl SquareId {
    /// The squares of a tile and those around it.
    pub fn around(tile: TileId) -> impl Iterator<Item = Self> {
        let level = tile.level();
        let columns = i64::from(level.tiles().0) * ACROSS;
        let rows = i64::from(level.tiles().1) * ACROSS;
        let near = |at: u32| {
            let first = i64::from(at) * ACROSS;
            first - 1..=first + ACROSS
        };
        near(tile.y()).flat_map(move |y| {
            near(tile.x()).filter_map(move |x| {
                let inside = (0..columns).contains(&x) && (0..rows).contains(&y);
                let [x, y] = [x, y].map(u32::try_from);
                inside.then_some(Self {
                    level,
                    x: x.ok()?,
                    y: y.ok()?,
                })
            })
        })
    }

    /// The zoom of `WebMercatorQuad` that shows as much of the ground in a cell.
    pub fn zoom(self) -> u8 {
        self.level.zoom()
    }

    /// The four squares of the zoom below that are as large together: the two in the north, from
    /// the west, and then those in the south.
    pub fn quarters(self) -> [Self; 4] {
        let level = Level {
            z: self.level.z + 1,
            ..self.level
        };
        [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(x, y)| Self {
            level,
            x: 2 * self.x + x,
            y: 2 * self.y + y,
        })
    }

    /// Longitudes and latitudes in degrees that hold all that may cover some of it.
    pub fn bounds(self) -> Rect<f64> {
        let (x, y) = self.origin();
        #[expect(clippy::cast_precision_loss, reason = "grid units stay below 2^40")]
        let corner =
            |by: i64| -> Coord<f64> { (self.level).unproject((x + by) as f64, (y + by) as f64) };
        Rect::new(corner(-ROUNDING), corner(UNITS + ROUNDING))
    }

    /// Whether it is one of those of a tile, not one around.
    pub(super) fn is_of(self, tile: TileId) -> bool {
        let [x, y] = [self.x, self.y].map(|at| i64::from(at) / ACROSS);
        (self.level, x, y) == (tile.level(), tile.x().into(), tile.y().into())
    }

    /// Its north-west corner on the grid of its level.
    pub(super) fn origin(self) -> (i64, i64) {
        (i64::from(self.x) * UNITS, i64::from(self.y) * UNITS)
    }
}
