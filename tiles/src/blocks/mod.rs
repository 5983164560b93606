//! Towns from afar: many small polygons drawn as the ground that they cover.
//!
//! Where houses are a pixel or two wide, each drawn for itself is confetti and megabytes.
//! Instead the world grid is cut into cells of one pixel, each cell learns how much of it
//! is covered, and cells that are mostly covered, or lie among such, become blocks: alleys
//! close, streets stay. Where a neighbourhood of cells would show much less than it has,
//! its fullest cells are drawn after all, so that a lone farmhouse remains.
//!
//! Every decision depends on ground within 32 units of a cell, on cells that are aligned
//! to the world and not to the tile. So neighbouring tiles agree along their border.

mod contour;
mod cover;

use crate::{
    Shape, TileId,
    grid::{EXTENT, GridPoint, Lattice, TilePoint},
    ring,
};
use contour::Cells;
use cover::{Cover, FULL};

/// Units along the side of a cell: a pixel of a tile drawn 512 pixels wide.
const CELL: i64 = 8;
/// Cells along the side of a neighbourhood.
const NEIGHBOURS: usize = 4;
/// Cells drawn around the tile.
const HALO: i64 = 8;
/// Cells looked at around those, so that the outermost drawn know their neighbourhood.
const MARGIN: i64 = HALO + NEIGHBOURS as i64;

/// What must be known around a tile to draw its blocks, in units.
pub(crate) const REACH: i64 = (MARGIN + 1) * CELL;

/// The ground covered in and around one tile.
pub(crate) struct Blocks {
    tile: TileId,
    cover: Cover,
    count: u64,
}

impl Blocks {
    pub(crate) fn new(tile: TileId) -> Self {
        let (x, y) = tile.origin().xy();
        let side = usize::try_from(EXTENT / CELL + 2 * MARGIN).unwrap_or_default();
        Self {
            tile,
            cover: Cover::new((x - MARGIN * CELL, y - MARGIN * CELL), side),
            count: 0,
        }
    }

    /// Adds a feature; what is no polygon is left out.
    pub(crate) fn add(&mut self, shape: &Shape<GridPoint>) {
        let Shape::Polygons(polygons) = shape else {
            return;
        };
        for polygon in polygons {
            self.cover.add(polygon);
        }
        // Counted in the one tile that holds the middle of its extent.
        let outlines: Vec<GridPoint> = polygons
            .iter()
            .flat_map(|polygon| polygon.exterior.iter().copied())
            .collect();
        if let Some([low, high]) = ring::extent(&outlines) {
            let (x, y) = self.tile.origin().xy();
            let inside = |middle: i64, from: i64| (from..from + EXTENT).contains(&middle);
            if inside((low.0 + high.0) / 2, x) && inside((low.1 + high.1) / 2, y) {
                self.count += 1;
            }
        }
    }

    /// The blocks in the tile's coordinates, and how many features have their middle in
    /// the tile: over all tiles of a zoom these counts add up to all features.
    pub(crate) fn draw(mut self) -> (Shape<TilePoint>, u64) {
        self.cover.settle();
        let chosen = self.choose();
        let cells = Cells {
            chosen: &chosen,
            side: self.cover.side,
            rim: usize::try_from(MARGIN - HALO).unwrap_or_default(),
        };
        let units =
            |halves: i64| i32::try_from(halves * (CELL / 2) - MARGIN * CELL).unwrap_or_default();
        let polygons = cells.contours(|(x, y)| TilePoint {
            x: units(x),
            y: units(y),
        });
        (Shape::Polygons(polygons), self.count)
    }

    /// Which cells are drawn.
    fn choose(&self) -> Vec<bool> {
        let side = self.cover.side;
        let covered = |x: usize, y: usize| u32::from(self.cover.cells[y * side + x]);
        let mut chosen = vec![false; side * side];
        let mut weight = vec![0_u32; side * side];
        for y in 1..side - 1 {
            for x in 1..side - 1 {
                let row = |y: usize| covered(x - 1, y) + 2 * covered(x, y) + covered(x + 1, y);
                let around = row(y - 1) + 2 * row(y) + row(y + 1);
                let own = covered(x, y);
                weight[y * side + x] = 64 * own + around;
                // Half covered itself, or two fifths with what lies around it.
                chosen[y * side + x] = 2 * own >= FULL || 5 * around >= 2 * 16 * FULL;
            }
        }
        for top in (0..side).step_by(NEIGHBOURS) {
            for left in (0..side).step_by(NEIGHBOURS) {
                self.fill_up((left, top), &weight, &mut chosen);
            }
        }
        chosen
    }

    /// Draws the fullest cells of a neighbourhood until it shows three fifths of what it
    /// has.
    fn fill_up(&self, (left, top): (usize, usize), weight: &[u32], chosen: &mut [bool]) {
        let side = self.cover.side;
        let cells = || {
            (top..(top + NEIGHBOURS).min(side))
                .flat_map(move |y| (left..(left + NEIGHBOURS).min(side)).map(move |x| y * side + x))
        };
        let has: u32 = cells().map(|at| u32::from(self.cover.cells[at])).sum();
        let mut shown: u32 = cells().filter(|&at| chosen[at]).map(|_| FULL).sum();
        while 5 * shown < 3 * has {
            let fullest = cells()
                .filter(|&at| !chosen[at] && self.cover.cells[at] > 0)
                .max_by_key(|&at| (weight[at], std::cmp::Reverse(at)));
            let Some(fullest) = fullest else { return };
            chosen[fullest] = true;
            shown += FULL;
        }
    }
}
