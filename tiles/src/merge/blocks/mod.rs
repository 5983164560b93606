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
mod square;

use std::ops::Range;

use super::{KindId, Sum};
use crate::{
    TileId,
    grid::{EXTENT, GridPoint, Lattice, TilePoint},
    shape::{Shape, View},
};
use contour::{Cells, NONE};
use cover::{Cover, FULL};
use square::Square;

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
#[derive(Debug)]
pub(super) struct Blocks {
    tile: TileId,
    kinds: Vec<Kind>,
}

/// Ground of one kind.
#[derive(Debug)]
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
    pub(super) fn add(&mut self, kind: KindId, shape: View<'_, GridPoint>, sum: Sum) {
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
        for polygon in shape.polygons() {
            ground.cover.add(&polygon);
        }
    }

    /// The blocks of each kind that has any. What is counted but hidden under another kind
    /// counts with the first.
    pub(super) fn draw(mut self) -> Vec<(KindId, Shape<TilePoint>, Sum)> {
        for kind in &mut self.kinds {
            kind.cover.settle();
        }
        let chosen = self.choose();
        let rim = usize::try_from(MARGIN - HALO).unwrap_or_default();
        let cells = Cells::new(chosen, side(), rim);
        let units =
            |halves: i64| i32::try_from(halves * (CELL / 2) - MARGIN * CELL).unwrap_or_default();
        let shapes = cells.contours(self.kinds.len(), |(x, y)| TilePoint {
            x: units(x),
            y: units(y),
        });
        let mut hidden = Sum::default();
        let mut blocks = Vec::with_capacity(self.kinds.len());
        for (kind, shape) in self.kinds.into_iter().zip(shapes) {
            if shape.view().is_empty() {
                hidden.add(kind.sum);
                continue;
            }
            blocks.push((kind.kind, shape, kind.sum));
        }
        if let Some((.., first)) = blocks.first_mut() {
            first.add(hidden);
        }
        blocks
    }

    /// Which kind each cell is drawn as, or [`NONE`].
    fn choose(&self) -> Square {
        let side = side();
        let mut ground = Ground::new(side);
        let mut near = Around::new(side);
        let mut reached: Option<[Range<usize>; 2]> = None;
        for (at, kind) in (0_u8..).zip(&self.kinds) {
            let [rows, columns] = kind.cover.near();
            if rows.is_empty() || columns.is_empty() {
                continue;
            }
            for y in rows.clone() {
                let own = &kind.cover.cells[y * side..][columns.clone()];
                let around = near.row(&kind.cover.cells, y, columns.clone());
                ground.add(at, y * side + columns.start, own, around);
            }
            let join = |a: &Range<usize>, b: &Range<usize>| a.start.min(b.start)..a.end.max(b.end);
            reached = Some(match reached {
                Some([r, c]) => [join(&r, &rows), join(&c, &columns)],
                None => [rows, columns],
            });
        }
        let mut chosen = Square::of(NONE, side * side);
        let Some([rows, columns]) = reached else {
            return chosen;
        };
        for y in rows.clone() {
            let row = y * side + columns.start;
            let around = near.row(&ground.all, y, columns.clone());
            let all = &ground.all[row..][..around.len()];
            let kinds = &ground.kind[row..][..around.len()];
            let chosen = &mut chosen[row..][..around.len()];
            for (((around, &all), &kind), chosen) in around.iter().zip(all).zip(kinds).zip(chosen) {
                // Half covered itself, or two fifths with what lies around it.
                let full = u16::from(all) * 2 >= FULL.into();
                let near = 5 * around >= 2 * 16 * u16::from(FULL);
                *chosen = if full | near { kind } else { NONE };
            }
        }
        let from = |cells: &Range<usize>| cells.start - cells.start % NEIGHBOURS;
        for top in (from(&rows)..rows.end).step_by(NEIGHBOURS) {
            for left in (from(&columns)..columns.end).step_by(NEIGHBOURS) {
                ground.fill_up((left, top), &mut chosen);
            }
        }
        chosen
    }
}

/// What cells hold, all kinds together.
struct Ground {
    /// Cells along a side.
    side: usize,
    /// How much is covered.
    all: Square,
    /// The kind that there is most of, and by how much.
    kind: Square,
    weight: Vec<u16>,
}

impl Ground {
    fn new(side: usize) -> Self {
        Self {
            side,
            all: Square::of(0, side * side),
            kind: Square::of(0, side * side),
            weight: vec![0; side * side],
        }
    }

    /// Adds some cells of a kind from one on, with the sums around them.
    fn add(&mut self, at: u8, from: usize, own: &[u8], around: &[u16]) {
        let cells = from..from + own.len();
        let all = self.all[cells.clone()].iter_mut();
        let kinds = self.kind[cells.clone()].iter_mut();
        let weights = self.weight[cells].iter_mut();
        for ((((own, around), all), kind), weight) in
            own.iter().zip(around).zip(all).zip(kinds).zip(weights)
        {
            let own_weight = 64 * u16::from(*own) + around;
            // Without a branch: eight cells are done at once.
            *kind = if own_weight > *weight { at } else { *kind };
            *weight = own_weight.max(*weight);
            *all = (*all + own).min(FULL);
        }
    }

    /// Draws the fullest cells of a neighbourhood until it shows three fifths of what it has.
    fn fill_up(&self, (left, top): (usize, usize), chosen: &mut [u8]) {
        let rows = top..(top + NEIGHBOURS).min(self.side);
        let columns = left..(left + NEIGHBOURS).min(self.side);
        let row = |y: usize| y * self.side + columns.start..y * self.side + columns.end;
        let (mut has, mut shown) = (0, 0);
        for y in rows.clone() {
            for (&all, &kind) in self.all[row(y)].iter().zip(&chosen[row(y)]) {
                has += u32::from(all);
                shown += u32::from(FULL) * u32::from(kind != NONE);
            }
        }
        while 5 * shown < 3 * has {
            let fullest = (rows.clone().flat_map(row))
                .filter(|&at| chosen[at] == NONE && self.all[at] > 0)
                .max_by_key(|&at| (self.weight[at], std::cmp::Reverse(at)));
            let Some(fullest) = fullest else { return };
            chosen[fullest] = self.kind[fullest];
            shown += u32::from(FULL);
        }
    }
}

/// Cells along the side of the square that is looked at.
fn side() -> usize {
    usize::try_from(EXTENT / CELL + 2 * MARGIN).unwrap_or_default()
}

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
