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

use super::{KindId, Sum};
use crate::{
    Polygon, Shape, TileId,
    grid::{EXTENT, GridPoint, Lattice, TilePoint},
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
pub(super) const REACH: i64 = (MARGIN + 1) * CELL;

/// The ground covered in and around one tile, by kind.
pub(super) struct Blocks {
    tile: TileId,
    kinds: Vec<Kind>,
}

/// Ground of one kind.
struct Kind {
    kind: KindId,
    cover: Cover,
    sum: Sum,
}

impl Blocks {
    pub(super) fn new(tile: TileId) -> Self {
        Self {
            tile,
            kinds: Vec::new(),
        }
    }

    /// Adds the polygons of a feature, and what they count for.
    pub(super) fn add(&mut self, kind: KindId, polygons: &[Polygon<GridPoint>], sum: Sum) {
        let at = self.kinds.iter().position(|known| known.kind == kind);
        let at = at.unwrap_or_else(|| {
            let (x, y) = self.tile.origin().xy();
            self.kinds.push(Kind {
                kind,
                cover: Cover::new((x - MARGIN * CELL, y - MARGIN * CELL), side()),
                sum: Sum::default(),
            });
            self.kinds.len() - 1
        });
        let ground = &mut self.kinds[at];
        ground.sum.add(sum);
        for polygon in polygons {
            ground.cover.add(polygon);
        }
    }

    /// The blocks of each kind that has any. What is counted but hidden under another kind
    /// counts with the first.
    pub(super) fn draw(mut self) -> Vec<(KindId, Shape<TilePoint>, Sum)> {
        for kind in &mut self.kinds {
            kind.cover.settle();
        }
        let chosen = self.choose();
        let cells = Cells {
            chosen: &chosen,
            side: side(),
            rim: usize::try_from(MARGIN - HALO).unwrap_or_default(),
        };
        let units =
            |halves: i64| i32::try_from(halves * (CELL / 2) - MARGIN * CELL).unwrap_or_default();
        let mut polygons: Vec<Vec<Polygon<TilePoint>>> = Vec::new();
        polygons.resize_with(self.kinds.len(), Vec::new);
        for (kind, polygon) in cells.contours(|(x, y)| TilePoint {
            x: units(x),
            y: units(y),
        }) {
            polygons[kind].push(polygon);
        }
        let mut hidden = Sum::default();
        let mut blocks = Vec::with_capacity(self.kinds.len());
        for (kind, polygons) in self.kinds.into_iter().zip(polygons) {
            if polygons.is_empty() {
                hidden.add(kind.sum);
                continue;
            }
            blocks.push((kind.kind, Shape::Polygons(polygons), kind.sum));
        }
        if let Some((.., first)) = blocks.first_mut() {
            first.add(hidden);
        }
        blocks
    }

    /// Which kind each cell is drawn as, if any.
    fn choose(&self) -> Vec<Option<usize>> {
        let side = side();
        let mut all = vec![0_u32; side * side];
        let mut chosen = vec![None; side * side];
        let mut strongest = vec![(0, 0); side * side];
        for (at, kind) in self.kinds.iter().enumerate() {
            let [rows, columns] = kind.cover.near();
            for y in rows {
                for x in columns.clone() {
                    let cell = y * side + x;
                    let weight = weight(&kind.cover.cells, cell);
                    if weight > strongest[cell].0 {
                        strongest[cell] = (weight, at);
                    }
                    all[cell] = (all[cell] + u32::from(kind.cover.cells[cell])).min(FULL);
                }
            }
        }
        for y in 1..side - 1 {
            for x in 1..side - 1 {
                let cell = y * side + x;
                // Half covered itself, or two fifths with what lies around it.
                if 2 * all[cell] >= FULL || 5 * around(&all, cell) >= 2 * 16 * FULL {
                    chosen[cell] = Some(strongest[cell].1);
                }
            }
        }
        for top in (0..side).step_by(NEIGHBOURS) {
            for left in (0..side).step_by(NEIGHBOURS) {
                fill_up((left, top), &all, &strongest, &mut chosen);
            }
        }
        chosen
    }
}

/// Cells along the side of the square that is looked at.
fn side() -> usize {
    usize::try_from(EXTENT / CELL + 2 * MARGIN).unwrap_or_default()
}

/// A cell and those around it, the nearer the heavier: 16 times a cell's worth.
fn around<C: Copy + Into<u32>>(cells: &[C], at: usize) -> u32 {
    let row = |middle: usize| {
        let [west, own, east] =
            [cells[middle - 1], cells[middle], cells[middle + 1]].map(Into::into);
        west + 2 * own + east
    };
    row(at - side()) + 2 * row(at) + row(at + side())
}

/// By which cells are ranked: their own cover, then what lies around.
fn weight<C: Copy + Into<u32>>(cells: &[C], at: usize) -> u32 {
    64 * cells[at].into() + around(cells, at)
}

/// Draws the fullest cells of a neighbourhood until it shows three fifths of what it has.
fn fill_up(
    (left, top): (usize, usize),
    all: &[u32],
    strongest: &[(u32, usize)],
    chosen: &mut [Option<usize>],
) {
    let side = side();
    let cells = || {
        (top..(top + NEIGHBOURS).min(side))
            .flat_map(move |y| (left..(left + NEIGHBOURS).min(side)).map(move |x| y * side + x))
    };
    let has: u32 = cells().map(|at| all[at]).sum();
    let mut shown: u32 = cells()
        .filter(|&at| chosen[at].is_some())
        .map(|_| FULL)
        .sum();
    while 5 * shown < 3 * has {
        let fullest = cells()
            .filter(|&at| chosen[at].is_none() && all[at] > 0)
            .max_by_key(|&at| (strongest[at].0, std::cmp::Reverse(at)));
        let Some(fullest) = fullest else { return };
        chosen[fullest] = Some(strongest[fullest].1);
        shown += FULL;
    }
}
