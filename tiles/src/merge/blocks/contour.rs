//! Outlines of chosen cells.

use std::ops::Range;

use super::plane::Plane;
use crate::{
    grid::TilePoint,
    ring::{self, Turn},
    shape::{Kind, Shape},
};

/// A corner of cells: column and row. After smoothing, in halves of cells.
type Corner = (i64, i64);

/// East, south, west, north. An outline runs east along the north of a cell, then south
/// along its east: cells lie to its right on screen, so outer rings have positive areas.
const WAYS: [(i64, i64); 4] = [(1, 0), (0, 1), (-1, 0), (0, -1)];

/// What is said of a cell that is not chosen.
pub(super) const NONE: u8 = u8::MAX;

/// The chosen cells of a square by kind.
pub(super) struct Cells {
    /// Row by row; cells of the rim are none.
    kinds: Plane,
    /// Cells along a side.
    side: usize,
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

    /// The polygons around the cells of each kind, of which there are so many; cells that touch
    /// only at a corner belong to different ones. `place` gives a tile's units for half cells from
    /// the north-west corner.
    pub(super) fn contours(
        &self,
        kinds: usize,
        place: impl Fn(Corner) -> TilePoint,
    ) -> Vec<Shape<TilePoint>> {
        let mut runs = Runs::of(self);
        let mut steps = self.steps();
        let mut found: Vec<Found> = Vec::new();
        let mut places = vec![usize::MAX; runs.all.len()];
        for y in 0..self.side {
            let mut x = 0;
            // Every ring runs east somewhere, along the north of one of its cells.
            while let Some(east) = steps.next_east((x, y)) {
                x = east;
                let Some(corners) = steps.take_ring((x, y)) else {
                    break;
                };
                let block = &mut places[runs.block((x, y))];
                if *block == usize::MAX {
                    *block = found.len();
                    found.push(Found {
                        kind: self.kinds[y * self.side + x],
                        exterior: None,
                        holes: Vec::new(),
                    });
                }
                let found = &mut found[*block];
                let points: Vec<TilePoint> = smoothed(&corners).into_iter().map(&place).collect();
                if ring::doubled_area(&points) > 0 {
                    found.exterior = ring::tidy(points, Turn::Positive);
                } else {
                    found.holes.extend(ring::tidy(points, Turn::Negative));
                }
            }
        }
        let mut shapes = Vec::new();
        shapes.resize_with(kinds, Shape::default);
        for Found {
            kind,
            exterior,
            holes,
        } in found
        {
            if let Some(exterior) = exterior {
                let shape = &mut shapes[usize::from(kind)];
                shape.add(Kind::Exterior, exterior);
                (holes.into_iter()).for_each(|hole| shape.add(Kind::Hole, hole));
            }
        }
        shapes
    }

    fn row(&self, y: usize) -> &[u8] {
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
            let corners = above.windows(2).zip(below.windows(2));
            for (ways, (north, south)) in ways.iter_mut().zip(corners) {
                let (nw, ne, sw, se) = (north[0], north[1], south[0], south[1]);
                *ways = u8::from(se != NONE && ne != se)
                    | u8::from(sw != NONE && se != sw) << 1
                    | u8::from(nw != NONE && sw != nw) << 2
                    | u8::from(ne != NONE && nw != ne) << 3;
            }
            std::mem::swap(&mut above, &mut below);
        }
        steps
    }
}

/// The runs of cells of one kind in each row, and which hang together by their sides.
struct Runs {
    all: Vec<Run>,
    /// Where the runs of each row begin; at last, where all end.
    rows: Vec<usize>,
}

#[derive(Clone, Copy)]
struct Run {
    from: usize,
    to: usize,
    kind: u8,
    /// A run of the same block; the block's own is its own.
    parent: usize,
}

impl Runs {
    fn of(cells: &Cells) -> Self {
        let mut runs = Self {
            all: Vec::new(),
            rows: vec![0],
        };
        for y in 0..cells.side {
            let first = runs.all.len();
            let mut at = 0;
            for cells in cells.row(y).chunk_by(|a, b| a == b) {
                let (from, to) = (at, at + cells.len());
                at = to;
                if cells[0] != NONE {
                    runs.all.push(Run {
                        from,
                        to,
                        kind: cells[0],
                        parent: runs.all.len(),
                    });
                }
            }
            runs.join(y.checked_sub(1).map_or(0, |above| runs.rows[above])..first);
            runs.rows.push(runs.all.len());
        }
        runs
    }

    /// Joins the runs of the last row with those of the row above.
    fn join(&mut self, above: Range<usize>) {
        let (mut north, mut south) = (above.start, above.end);
        while north < above.end && south < self.all.len() {
            let (a, b) = (self.all[north], self.all[south]);
            if a.kind == b.kind && a.from < b.to && b.from < a.to {
                let (a, b) = (self.root(north), self.root(south));
                self.all[a.max(b)].parent = a.min(b);
            }
            if a.to <= b.to {
                north += 1;
            } else {
                south += 1;
            }
        }
    }

    fn root(&mut self, mut run: usize) -> usize {
        while self.all[run].parent != run {
            let next = self.all[run].parent;
            self.all[run].parent = self.all[next].parent;
            run = next;
        }
        run
    }

    /// The block of a chosen cell: the first of its runs.
    fn block(&mut self, (x, y): (usize, usize)) -> usize {
        let row = self.rows[y]..self.rows[y + 1];
        let run = row.start + self.all[row].partition_point(|run| run.to <= x);
        self.root(run)
    }
}

/// The rings of one block.
struct Found {
    kind: u8,
    exterior: Option<Vec<TilePoint>>,
    holes: Vec<Vec<TilePoint>>,
}

/// The steps of outlines that begin at each corner, a bit a way.
struct Steps {
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
    fn at(&mut self, (x, y): (usize, usize)) -> &mut u8 {
        &mut self.ways[y * self.width + x]
    }

    /// The first column at or beyond a corner from which a step runs east.
    fn next_east(&self, (x, y): (usize, usize)) -> Option<usize> {
        let row = &self.ways[y * self.width..][..self.width];
        Some(x + row[x..].iter().position(|ways| ways & 1 != 0)?)
    }

    /// Takes out the ring that runs east from a corner, as its bends.
    fn take_ring(&mut self, start: (usize, usize)) -> Option<Vec<Bend>> {
        if *self.at(start) & 1 == 0 {
            return None;
        }
        let mut bends = Vec::new();
        let mut at = start;
        let mut way = 0;
        loop {
            let (dx, dy) = WAYS[way];
            at = (
                at.0.checked_add_signed(isize::try_from(dx).ok()?)?,
                at.1.checked_add_signed(isize::try_from(dy).ok()?)?,
            );
            // To the right first: so cells that touch at a corner are kept apart. Where the
            // cell ahead is of another kind, the step to the right is always there.
            let ways = *self.at(at);
            let next = [1, 0, 3]
                .map(|turn| (way + turn) % 4)
                .into_iter()
                .find(|&next| ways & (1 << next) != 0)?;
            if next != way {
                bends.push(Bend {
                    corner: (i64::try_from(at.0).ok()?, i64::try_from(at.1).ok()?),
                    right: next == (way + 1) % 4,
                });
            }
            *self.at(at) &= !(1 << next);
            if at == start && next == 0 {
                return Some(bends);
            }
            way = next;
        }
    }
}

/// The points of a ring in halves of cells. Stairs of single cells become slopes through
/// the middles of their steps; other corners stay. It depends on the two bends beside a
/// point alone, so it is the same in every tile.
fn smoothed(bends: &[Bend]) -> Vec<Corner> {
    let count = bends.len();
    let is_stair = |at: usize| {
        let (from, to) = (bends[at % count], bends[(at + 1) % count]);
        let length = (to.corner.0 - from.corner.0).abs() + (to.corner.1 - from.corner.1).abs();
        length == 1 && from.right != to.right
    };
    let mut points = Vec::with_capacity(count);
    for at in 0..count {
        let (x, y) = bends[at].corner;
        let (next_x, next_y) = bends[(at + 1) % count].corner;
        if is_stair(at) {
            points.push((x + next_x, y + next_y));
        } else if !is_stair(at + count - 1) {
            points.push((2 * x, 2 * y));
        }
    }
    points
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
        let mut cells = Plane::of(NONE, side * side);
        cells.copy_from_slice(&chosen);
        Cells::new(cells, side, 0).contours(128, |(x, y)| TilePoint {
            x: i32::try_from(x).unwrap(),
            y: i32::try_from(y).unwrap(),
        })
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
