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

//!
//! How much of the cells is covered is not found out for each tile. The ground is surveyed square
//! by square at the deepest zoom that is drawn so, and the squares of a zoom further out are each
//! made of four: whoever keeps them draws all zooms from one survey, and after an edit surveys the
//! squares that it touched.

mod bytes;
mod contour;
mod cover;
mod ground;
mod kinds;
mod mosaic;
mod plane;
mod runs;
mod square;
mod survey;

use std::{cell::RefCell, ops::Range, sync::Arc};

use super::Sum;
use crate::{
    TileId,
    grid::{EXTENT, Lattice, TilePoint},
    shape::Shape,
};
use contour::{Cells, Contours, NONE};
pub use ground::Ground;
use ground::WHOLE;
use kinds::{Kind, Kinds};
use plane::Plane;
use square::SIDE;
pub use square::SquareId;
pub use survey::Survey;

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

/// In place of the kind of a cell in which nothing lies.
const BARE: u8 = NONE - 1;

thread_local! {
    static CONTOURS: RefCell<Contours> = RefCell::default();
}

/// The ground covered in and around one tile.
#[derive(Debug)]
pub(super) struct Blocks {
    tile: TileId,
    grounds: Vec<(SquareId, Arc<Ground>)>,
}

impl Blocks {
    pub(super) fn new(tile: TileId) -> Self {
        Self {
            tile,
            grounds: Vec::new(),
        }
    }

    /// Adds the ground of a square.
    pub(super) fn add(&mut self, square: SquareId, ground: Arc<Ground>) {
        self.grounds.push((square, ground));
    }

    /// Adds the blocks of each kind that has any: with what they stand for, and how to draw them.
    /// What is counted but hidden under another kind counts with the first.
    pub(super) fn draw(self, add: impl FnMut(Kind, Sum, &dyn Fn(&mut Shape<TilePoint>))) {
        if self.grounds.is_empty() {
            return;
        }
        let kinds = Kinds::of(self.grounds.iter().map(|(_, ground)| &**ground), |_| true);
        let cells = Cells::new(self.laid_out(&kinds).choose(), side(), RIM);
        let units =
            |halves: i64| i32::try_from(halves * (CELL / 2) - MARGIN * CELL).unwrap_or_default();
        let place = |(x, y)| TilePoint {
            x: units(x),
            y: units(y),
        };
        CONTOURS.with_borrow_mut(|contours| {
            cells.trace(place, contours);
            self.add_all(kinds, contours, add);
        });
    }

    fn add_all(
        &self,
        kinds: Kinds,
        contours: &Contours,
        mut add: impl FnMut(Kind, Sum, &dyn Fn(&mut Shape<TilePoint>)),
    ) {
        let is_drawn = contours.kinds();
        let counted = (self.grounds.iter())
            .filter(|(square, _)| square.is_of(self.tile))
            .map(|(_, ground)| &**ground);
        let (drawn, hidden): (Vec<_>, Vec<_>) = (0_u8..)
            .zip(kinds.counted(counted))
            .partition(|(place, _)| is_drawn[usize::from(*place)]);
        let mut hidden: Sum = hidden.into_iter().map(|(_, (_, sum))| sum).sum();
        for (place, (kind, mut sum)) in drawn {
            sum.add(std::mem::take(&mut hidden));
            add(kind, sum, &|onto| contours.draw(place, onto));
        }
    }

    /// The grounds side by side, as far as the tile looks.
    fn laid_out(&self, kinds: &Kinds) -> Land {
        let side = side();
        let mut land = Land {
            side,
            cells: Plane::of(0, side * side),
            kinds: Plane::of(BARE, side * side),
            rows: side..0,
            columns: side..0,
        };
        let (left, top) = self.tile.origin().xy();
        for (square, ground) in &self.grounds {
            let (x, y) = square.origin();
            // Cells of the plane that the square takes, and the first of its own that are seen.
            let along = |from: i64, of: i64| {
                let first = (from - of) / CELL + MARGIN;
                let seen = first.max(0)..(first + SIDE as i64).min(side as i64);
                let own = usize::try_from(seen.start - first).unwrap_or_default();
                let index = |cell: i64| usize::try_from(cell).unwrap_or_default();
                (index(seen.start)..index(seen.end), own)
            };
            let ((columns, own_x), (rows, own_y)) = (along(x, left), along(y, top));
            if columns.is_empty() || rows.is_empty() {
                continue;
            }
            let (cover, kind): (Vec<u8>, Vec<u8>) = (ground.seen(kinds).iter())
                .map(|cell| match cell.cover {
                    0 => (0, BARE),
                    cover => (cover, cell.most),
                })
                .unzip();
            for (y, own_y) in rows.clone().zip(own_y..) {
                let onto = y * side + columns.start..y * side + columns.end;
                let from = (own_x, own_y);
                (ground.cells).read(from, &cover, &mut land.cells[onto.clone()]);
                (ground.cells).read(from, &kind, &mut land.kinds[onto]);
            }
            let join = |a: &Range<usize>, b: &Range<usize>| a.start.min(b.start)..a.end.max(b.end);
            land.rows = join(&land.rows, &rows);
            land.columns = join(&land.columns, &columns);
        }
        land
    }
}

/// What the cells in and around a tile hold.
struct Land {
    /// Cells along a side.
    side: usize,
    /// How much is covered.
    cells: Plane,
    /// The kind that there is most of; [`BARE`] where nothing is.
    kinds: Plane,
    /// Where anything may lie.
    rows: Range<usize>,
    columns: Range<usize>,
}

impl Land {
    /// Which kind each cell is drawn as, or [`NONE`].
    fn choose(&self) -> Plane {
        let side = self.side;
        let mut chosen = Plane::of(NONE, side * side);
        let mut near = Around::new(side);
        // Beside what is covered blocks may grow; the outermost cells have none around them.
        let beside =
            |all: &Range<usize>| all.start.saturating_sub(1).max(1)..(all.end + 1).min(side - 1);
        let (rows, columns) = (beside(&self.rows), beside(&self.columns));
        for y in rows.clone() {
            let row = y * side + columns.start..y * side + columns.end;
            let around = near.row(&self.cells, y, columns.clone());
            let own = self.cells[row.clone()].iter().zip(&self.kinds[row.clone()]);
            for ((around, (&cell, &kind)), chosen) in around.iter().zip(own).zip(&mut chosen[row]) {
                // Half covered itself, or two fifths with what lies around it.
                let full = u16::from(cell) * 2 >= WHOLE.into();
                let near = 5 * around >= 2 * 16 * u16::from(WHOLE);
                *chosen = if full | near { kind } else { NONE };
            }
        }
        for y in rows.clone() {
            let mut x = columns.start;
            let row = |from: usize| y * side + from..y * side + columns.end;
            while let Some(by) = chosen[row(x)].iter().position(|&kind| kind == BARE) {
                x += by;
                chosen[y * side + x] = self.kind_around(y * side + x);
            }
        }
        // Those of the rim are not drawn.
        let drawn = |all: &Range<usize>| {
            let from = (all.start - all.start % NEIGHBOURS).max(RIM);
            (from..all.end.min(side - RIM)).step_by(NEIGHBOURS)
        };
        for top in drawn(&rows) {
            for left in drawn(&columns) {
                self.fill_up((left, top), &mut chosen);
            }
        }
        chosen
    }

    /// The kind that lies most around a bare cell.
    fn kind_around(&self, at: usize) -> u8 {
        let beside =
            |row: usize, heavy: u16| [(row - 1, heavy), (row, 2 * heavy), (row + 1, heavy)];
        let around = [
            beside(at - self.side, 1),
            beside(at, 2),
            beside(at + self.side, 1),
        ];
        let held = (around.as_flattened().iter())
            .map(|&(at, heavy)| (self.kinds[at], heavy * u16::from(self.cells[at])));
        let weight = |kind: u8| -> u16 {
            let same = held.clone().filter(|(other, _)| *other == kind);
            same.map(|(_, weight)| weight).sum()
        };
        let kinds = held
            .clone()
            .map(|(kind, _)| kind)
            .filter(|&kind| kind != BARE);
        let most = kinds.max_by_key(|&kind| (weight(kind), std::cmp::Reverse(kind)));
        most.unwrap_or(NONE)
    }

    /// Draws the fullest cells of a neighbourhood until it shows three fifths of what it has.
    fn fill_up(&self, (left, top): (usize, usize), chosen: &mut [u8]) {
        let (rows, columns) = (top..top + NEIGHBOURS, left..left + NEIGHBOURS);
        let row = |y: usize| y * self.side + columns.start..y * self.side + columns.end;
        let (mut has, mut shown) = (0, 0);
        for y in rows.clone() {
            for (&cell, &kind) in self.cells[row(y)].iter().zip(&chosen[row(y)]) {
                has += u32::from(cell);
                shown += u32::from(WHOLE) * u32::from(kind != NONE);
            }
        }
        while 5 * shown < 3 * has {
            let fullest = (rows.clone().flat_map(row))
                .filter(|&at| chosen[at] == NONE && self.cells[at] > 0)
                .max_by_key(|&at| (self.weight(at), std::cmp::Reverse(at)));
            let Some(fullest) = fullest else { return };
            chosen[fullest] = self.kinds[fullest];
            shown += u32::from(WHOLE);
        }
    }

    /// How full a cell and what lies around it are, itself above all.
    fn weight(&self, at: usize) -> u32 {
        let row = |at: usize| -> u32 {
            let [west, own, east] = [at - 1, at, at + 1].map(|at| u32::from(self.cells[at]));
            west + 2 * own + east
        };
        let around = row(at - self.side) + 2 * row(at) + row(at + self.side);
        64 * u32::from(self.cells[at]) + around
    }
}

/// Cells along the side of the plane that is looked at.
fn side() -> usize {
    usize::try_from(EXTENT / CELL + 2 * MARGIN).unwrap_or_default()
}

/// Cells at the sides of the plane that are looked at and not drawn.
const RIM: usize = (MARGIN - HALO) as usize;

/// Sums of cells and those around them, the nearer the heavier: 16 times a cell's worth.
struct Around {
    side: usize,
    /// Of three rows, weighed from above.
    column: Vec<u16>,
    sums: Vec<u16>,
}

impl Around {
    fn new(side: usize) -> Self {
        Self {
            side,
            column: vec![0; side],
            sums: vec![0; side],
        }
    }

    /// The sums of a row, of some of its columns, none of them at the rim.
    fn row(&mut self, cells: &[u8], y: usize, columns: Range<usize>) -> &[u16] {
        let wide = columns.start - 1..columns.end + 1;
        let row = |y: usize| &cells[y * self.side..][wide.clone()];
        let rows = row(y - 1).iter().zip(row(y)).zip(row(y + 1));
        let column = &mut self.column[..wide.len()];
        for (sum, ((&above, &own), &below)) in column.iter_mut().zip(rows) {
            *sum = u16::from(above) + 2 * u16::from(own) + u16::from(below);
        }
        let sums = &mut self.sums[..columns.len()];
        for (sum, three) in sums.iter_mut().zip(column.windows(3)) {
            *sum = three[0] + 2 * three[1] + three[2];
        }
        sums
    }
}
