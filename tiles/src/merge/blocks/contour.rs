//! Outlines of chosen cells.

use std::ops::Range;

use super::{plane::Plane, runs::Runs};
use crate::{
    grid::TilePoint,
    ring::{self, Turn},
    shape::{Kind, Shape},
};

/// A corner of cells: column and row. After smoothing, in halves of cells.
type Corner = (i64, i64);

/// What is said of a cell that is not chosen.
pub(super) const NONE: u8 = u8::MAX;

/// The chosen cells of a square by kind.
pub(super) struct Cells {
    /// Row by row; cells of the rim are none.
    kinds: Plane,
    /// Cells along a side.
    pub(super) side: usize,
}

impl Cells {
    /// The chosen cells of a square, without those of a rim some cells wide.
    pub(super) fn new(mut kinds: Plane, side: usize, rim: usize) -> Self {
        for (y, row) in kinds.chunks_exact_mut(side).enumerate() {
            if y < rim || y >= side - rim {
                row.fill(NONE);
            } else {
                row[..rim].fill(NONE);
                row[side - rim..].fill(NONE);
            }
        }
        Self { kinds, side }
    }

    /// Finds the polygons around the cells; cells that touch only at a corner belong to different
    /// ones. `place` gives a tile's units for half cells from the north-west corner.
    pub(super) fn trace(&self, place: impl Fn(Corner) -> TilePoint, contours: &mut Contours) {
        let Contours { runs, bends, found } = contours;
        found.points.clear();
        found.rings.clear();
        runs.find(self);
        let mut steps = self.steps();
        for y in 0..self.side {
            for run in runs.rows[y]..runs.rows[y + 1] {
                // Every ring runs east somewhere, along the north of one of its cells.
                let own = runs.all[run];
                let mut columns = own.from as usize..own.to as usize;
                while let Some(x) = steps.next_east(y, columns.clone()) {
                    columns.start = x;
                    if !steps.take_ring((x, y), bends) {
                        break;
                    }
                    found.add(runs.root(run), own.kind, smoothed(bends).map(&place));
                }
            }
        }
        // The exterior of each block before its holes, and these in their order.
        (found.rings).sort_by_key(|ring| (ring.block, ring.is_hole));
    }

    pub(super) fn row(&self, y: usize) -> &[u8] {
        &self.kinds[y * self.side..][..self.side]
    }

    /// Every side of a cell that has no cell of its kind beyond it, as a step of an outline.
    fn steps(&self) -> Steps {
        let width = self.side + 1;
        let mut steps = Steps {
            width,
            ways: Plane::of(0, width * width),
        };
        // Each corner looks at the four cells around it; there are none beyond the square.
        let mut above = vec![NONE; self.side + 2];
        let mut below = vec![NONE; self.side + 2];
        for (y, ways) in steps.ways.chunks_exact_mut(width).enumerate() {
            match y < self.side {
                true => below[1..=self.side].copy_from_slice(self.row(y)),
                false => below.fill(NONE),
            }
            let north = above[..width].iter().zip(&above[1..]);
            let south = below[..width].iter().zip(&below[1..]);
            // Without a branch: many corners are done at once.
            for (ways, ((&nw, &ne), (&sw, &se))) in ways.iter_mut().zip(north.zip(south)) {
                *ways = u8::from((se != NONE) & (ne != se))
                    | u8::from((sw != NONE) & (se != sw)) << 1
                    | u8::from((nw != NONE) & (sw != nw)) << 2
                    | u8::from((ne != NONE) & (nw != ne)) << 3;
            }
            std::mem::swap(&mut above, &mut below);
        }
        steps
    }
}

/// The outlines of the blocks of a tile, and what finding them takes. A thread keeps it for the
/// next tile: it is some megabytes.
#[derive(Default)]
pub(super) struct Contours {
    runs: Runs,
    bends: Vec<Bend>,
    found: Found,
}

/// The rings that were found.
#[derive(Default)]
struct Found {
    /// Of all rings, one after the other.
    points: Vec<TilePoint>,
    rings: Vec<Ring>,
}

struct Ring {
    /// The block's own run.
    block: usize,
    /// Of what cells the block is.
    kind: u8,
    is_hole: bool,
    points: Range<usize>,
}

impl Contours {
    /// The rings of each block that has an exterior, which is the first of them.
    fn blocks(&self) -> impl Iterator<Item = &[Ring]> {
        let blocks = self.found.rings.chunk_by(|a, b| a.block == b.block);
        blocks.filter(|rings| !rings[0].is_hole)
    }

    /// The kinds that anything is drawn of.
    pub(super) fn kinds(&self) -> [bool; 256] {
        let mut kinds = [false; 256];
        (self.blocks()).for_each(|rings| kinds[usize::from(rings[0].kind)] = true);
        kinds
    }

    /// Draws the blocks of a kind.
    pub(super) fn draw(&self, kind: u8, onto: &mut Shape<TilePoint>) {
        for ring in self
            .blocks()
            .filter(|rings| rings[0].kind == kind)
            .flatten()
        {
            let kind = if ring.is_hole {
                Kind::Hole
            } else {
                Kind::Exterior
            };
            let points = &self.found.points[ring.points.clone()];
            onto.add(kind, points.iter().copied());
        }
    }
}

impl Found {
    /// Adds a ring of a block.
    fn add(&mut self, block: usize, kind: u8, points: impl Iterator<Item = TilePoint>) {
        let start = self.points.len();
        self.points.extend(points);
        let is_hole = ring::doubled_area(&self.points[start..]) <= 0;
        let turn = if is_hole {
            Turn::Negative
        } else {
            Turn::Positive
        };
        if ring::tidy_from(&mut self.points, start, turn) {
            self.rings.push(Ring {
                block,
                kind,
                is_hole,
                points: start..self.points.len(),
            });
        } else {
            self.points.truncate(start);
        }
    }
}

/// The steps of outlines that begin at each corner, a bit a way: east, south, west, north. An
/// outline runs east along the north of a cell, then south along its east: cells lie to its right
/// on screen, so outer rings have positive areas.
struct Steps {
    /// Corners in a row.
    width: usize,
    ways: Plane,
}

/// A corner where an outline turns, and whether to the right.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bend {
    corner: Corner,
    right: bool,
}

impl Steps {
    /// The first of some columns from whose corner in a row a step runs east.
    fn next_east(&self, y: usize, columns: Range<usize>) -> Option<usize> {
        let row = &self.ways[y * self.width..][..self.width];
        let first = columns.start;
        Some(first + row[columns].iter().position(|ways| ways & 1 != 0)?)
    }

    /// Takes out the ring that runs east from a corner, as its bends; whether there is one.
    fn take_ring(&mut self, (x, y): (usize, usize), bends: &mut Vec<Bend>) -> bool {
        bends.clear();
        let start = y * self.width + x;
        let mut at = start;
        let mut way = 0;
        while self.ways[start] & 1 != 0 {
            at = match way {
                0 => at + 1,
                1 => at + self.width,
                2 => at - 1,
                _ => at - self.width,
            };
            // To the right first: so cells that touch at a corner are kept apart. Where the
            // cell ahead is of another kind, the step to the right is always there.
            let ways = self.ways[at];
            let turns = [1, 0, 3].map(|turn| (way + turn) % 4);
            let Some(next) = turns.into_iter().find(|next| ways & (1 << next) != 0) else {
                return false;
            };
            if next != way {
                let (x, y) = (at % self.width, at / self.width);
                bends.push(Bend {
                    corner: (x as i64, y as i64),
                    right: next == (way + 1) % 4,
                });
            }
            self.ways[at] &= !(1 << next);
            way = next;
        }
        !bends.is_empty()
    }
}

/// The points of a ring in halves of cells. Stairs of single cells become slopes through
/// the middles of their steps; other corners stay. It depends on the two bends beside a
/// point alone, so it is the same in every tile.
fn smoothed(bends: &[Bend]) -> impl Iterator<Item = Corner> {
    let is_stair = |from: Bend, to: Bend| {
        let length = (to.corner.0 - from.corner.0).abs() + (to.corner.1 - from.corner.1).abs();
        length == 1 && from.right != to.right
    };
    let first = bends.first().copied();
    let mut after_stair = (bends.last().copied().zip(first)).is_some_and(|(a, b)| is_stair(a, b));
    let following = bends.iter().copied().skip(1).chain(first);
    bends.iter().zip(following).filter_map(move |(own, next)| {
        let (before, (x, y)) = (after_stair, own.corner);
        after_stair = is_stair(*own, next);
        if after_stair {
            Some((x + next.corner.0, y + next.corner.1))
        } else if !before {
            Some((2 * x, 2 * y))
        } else {
            None
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shape of each kind of a picture: letters are kinds of chosen cells.
    fn of_kinds(picture: &[&str]) -> Vec<Shape<TilePoint>> {
        let side = picture.len();
        let chosen: Vec<u8> = picture
            .iter()
            .flat_map(|row| {
                row.bytes()
                    .map(|cell| if cell == b'.' { NONE } else { cell })
            })
            .collect();
        let place = |(x, y)| TilePoint {
            x: i32::try_from(x).unwrap(),
            y: i32::try_from(y).unwrap(),
        };
        let mut contours = Contours::default();
        // What was found before is gone.
        for _ in 0..2 {
            let mut cells = Plane::of(NONE, side * side);
            cells.copy_from_slice(&chosen);
            Cells::new(cells, side, 0).trace(place, &mut contours);
        }
        let shape = |kind: u8| {
            let mut shape = Shape::default();
            contours.draw(kind, &mut shape);
            shape
        };
        (0..128).map(shape).collect()
    }

    fn drawn(picture: &[&str]) -> Shape<TilePoint> {
        of_kinds(picture).swap_remove(usize::from(b'#'))
    }

    #[test]
    fn kinds_side_by_side_are_apart_and_cover_all() {
        let found = of_kinds(&["aab.", "abb.", "acc.", "...."]);
        let of = |kind: u8| &found[usize::from(kind)];
        assert_eq!(count(of(b'a')), 1);
        assert_eq!(count(of(b'b')), 1);
        assert_eq!(area(of(b'c')), 2);
        assert_eq!(of_kinds(&["ab", "ba"]).iter().map(count).sum::<usize>(), 4);
    }

    fn count(shape: &Shape<TilePoint>) -> usize {
        shape.view().polygons().count()
    }

    fn area(shape: &Shape<TilePoint>) -> i128 {
        // In halves of cells and doubled: eight a cell.
        let rings = shape.view().parts();
        rings
            .map(|(_, ring)| ring::doubled_area(ring))
            .sum::<i128>()
            / 8
    }

    #[test]
    fn a_cell_is_a_square() {
        let shape = drawn(&["...", ".#.", "..."]);
        assert_eq!(count(&shape), 1);
        assert_eq!(shape.view().points().len(), 4);
        assert_eq!(area(&shape), 1);
    }

    #[test]
    fn a_hole_stays_a_hole() {
        let shape = drawn(&["###", "#.#", "###"]);
        let kinds: Vec<Kind> = shape.view().parts().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, [Kind::Exterior, Kind::Hole]);
        assert_eq!(area(&shape), 8);
    }

    #[test]
    fn cells_that_touch_at_a_corner_are_apart() {
        assert_eq!(count(&drawn(&["#.", ".#"])), 2);
        assert_eq!(count(&drawn(&[".#", "#."])), 2);
    }

    #[test]
    fn an_island_in_a_hole_is_its_own_block() {
        let shape = drawn(&["#####", "#...#", "#.#.#", "#...#", "#####"]);
        assert_eq!(count(&shape), 2);
        assert_eq!(area(&shape), 17);
    }

    #[test]
    fn stairs_become_slopes() {
        let shape = drawn(&["#...", "##..", "###.", "####"]);
        assert_eq!(count(&shape), 1);
        // Two straight sides and one slope, cut a little at both its ends.
        let outline = shape.view().points();
        assert!(outline.len() <= 6, "{outline:?}");
        assert_eq!(area(&shape), 9);
    }
}
