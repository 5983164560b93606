//! Outlines of chosen cells.

use crate::{
    Polygon,
    grid::TilePoint,
    ring::{self, Turn},
};

/// A corner of cells: column and row. After smoothing, in halves of cells.
type Corner = (i64, i64);

/// East, south, west, north. An outline runs east along the north of a cell, then south
/// along its east: cells lie to its right on screen, so outer rings have positive areas.
const WAYS: [(i64, i64); 4] = [(1, 0), (0, 1), (-1, 0), (0, -1)];

/// The chosen cells of a square by kind, without those at its rim.
pub(super) struct Cells<'a> {
    pub(super) chosen: &'a [Option<usize>],
    /// Cells along a side.
    pub(super) side: usize,
    /// Width of the rim that counts as not chosen.
    pub(super) rim: usize,
}

impl Cells<'_> {
    /// The polygons around the cells of each kind; cells that touch only at a corner belong
    /// to different ones. `place` gives a tile's units for half cells from the north-west
    /// corner.
    pub(super) fn contours(
        &self,
        place: impl Fn(Corner) -> TilePoint,
    ) -> Vec<(usize, Polygon<TilePoint>)> {
        let blocks = self.blocks();
        let mut steps = self.steps();
        let mut found: Vec<Found> = Vec::new();
        for y in 0..self.side {
            for x in 0..self.side {
                // Every ring runs east somewhere, along the north of one of its cells.
                while let Some(corners) = steps.take_ring((x, y)) {
                    let block = blocks[y * self.side + x];
                    if found.len() <= block {
                        found.resize_with(block + 1, Found::default);
                    }
                    let found = &mut found[block];
                    found.kind = self.kind(x, y);
                    let points: Vec<TilePoint> =
                        smoothed(&corners).into_iter().map(&place).collect();
                    if ring::doubled_area(&points) > 0 {
                        found.exterior = ring::tidy(points, Turn::Positive);
                    } else {
                        found.holes.extend(ring::tidy(points, Turn::Negative));
                    }
                }
            }
        }
        found
            .into_iter()
            .filter_map(
                |Found {
                     kind,
                     exterior,
                     holes,
                 }| {
                    let exterior = exterior?;
                    Some((kind?, Polygon { exterior, holes }))
                },
            )
            .collect()
    }

    /// The kind of a cell; none where it is not chosen or in the rim.
    fn kind(&self, x: usize, y: usize) -> Option<usize> {
        let inside = self.rim..self.side - self.rim;
        if !inside.contains(&x) || !inside.contains(&y) {
            return None;
        }
        self.chosen[y * self.side + x]
    }

    /// The cell of the same kind on the other side of a cell's northern, eastern, southern
    /// or western edge: the one to the left of a step that runs along it.
    fn beside(&self, (x, y): (usize, usize), way: usize) -> Option<(usize, usize)> {
        let (dx, dy) = WAYS[(way + 3) % 4];
        let own = self.kind(x, y);
        let x = x.checked_add_signed(isize::try_from(dx).ok()?)?;
        let y = y.checked_add_signed(isize::try_from(dy).ok()?)?;
        (self.kind(x, y) == own).then_some((x, y))
    }

    /// Numbers the cells that hang together by their sides.
    fn blocks(&self) -> Vec<usize> {
        let mut blocks = vec![usize::MAX; self.side * self.side];
        let mut count = 0;
        let mut open = Vec::new();
        for y in 0..self.side {
            for x in 0..self.side {
                if self.kind(x, y).is_none() || blocks[y * self.side + x] != usize::MAX {
                    continue;
                }
                blocks[y * self.side + x] = count;
                open.push((x, y));
                while let Some(cell) = open.pop() {
                    for way in 0..4 {
                        if let Some((x, y)) = self.beside(cell, way)
                            && blocks[y * self.side + x] == usize::MAX
                        {
                            blocks[y * self.side + x] = count;
                            open.push((x, y));
                        }
                    }
                }
                count += 1;
            }
        }
        blocks
    }

    /// Every side of a cell that has no cell beyond it, as a step of an outline.
    fn steps(&self) -> Steps {
        let mut steps = Steps {
            width: self.side + 1,
            ways: vec![0; (self.side + 1) * (self.side + 1)],
        };
        for y in 0..self.side {
            for x in 0..self.side {
                if self.kind(x, y).is_none() {
                    continue;
                }
                let begins = [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)];
                for (way, corner) in begins.into_iter().enumerate() {
                    if self.beside((x, y), way).is_none() {
                        *steps.at(corner) |= 1 << way;
                    }
                }
            }
        }
        steps
    }
}

/// The rings of one block.
#[derive(Default)]
struct Found {
    kind: Option<usize>,
    exterior: Option<Vec<TilePoint>>,
    holes: Vec<Vec<TilePoint>>,
}

/// The steps of outlines that begin at each corner, a bit a way.
struct Steps {
    width: usize,
    ways: Vec<u8>,
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

    /// Polygons of a picture: letters are kinds of chosen cells.
    fn of_kinds(picture: &[&str]) -> Vec<(usize, Polygon<TilePoint>)> {
        let side = picture.len();
        let chosen: Vec<Option<usize>> = picture
            .iter()
            .flat_map(|row| {
                row.bytes()
                    .map(|cell| (cell != b'.').then_some(cell.into()))
            })
            .collect();
        assert_eq!(chosen.len(), side * side);
        Cells {
            chosen: &chosen,
            side,
            rim: 0,
        }
        .contours(|(x, y)| TilePoint {
            x: i32::try_from(x).unwrap(),
            y: i32::try_from(y).unwrap(),
        })
    }

    fn drawn(picture: &[&str]) -> Vec<Polygon<TilePoint>> {
        of_kinds(picture)
            .into_iter()
            .map(|(_, polygon)| polygon)
            .collect()
    }

    #[test]
    fn kinds_side_by_side_are_apart_and_cover_all() {
        let found = of_kinds(&["aab.", "abb.", "acc.", "...."]);
        let of = |kind: u8| -> Vec<_> {
            let of_kind = found
                .iter()
                .filter(|(found, _)| *found == usize::from(kind));
            of_kind.map(|(_, polygon)| polygon.clone()).collect()
        };
        assert_eq!(of(b'a').len(), 1);
        assert_eq!(of(b'b').len(), 1);
        assert_eq!(area(&of(b'c')), 2);
        assert_eq!(of_kinds(&["ab", "ba"]).len(), 4);
    }

    fn area(polygons: &[Polygon<TilePoint>]) -> i128 {
        let rings = polygons
            .iter()
            .flat_map(|polygon| std::iter::once(&polygon.exterior).chain(&polygon.holes));
        // In halves of cells and doubled: eight a cell.
        rings.map(|ring| ring::doubled_area(ring)).sum::<i128>() / 8
    }

    #[test]
    fn a_cell_is_a_square() {
        let polygons = drawn(&["...", ".#.", "..."]);
        assert_eq!(polygons.len(), 1);
        assert_eq!(polygons[0].exterior.len(), 4);
        assert_eq!(area(&polygons), 1);
    }

    #[test]
    fn a_hole_stays_a_hole() {
        let polygons = drawn(&["###", "#.#", "###"]);
        assert_eq!((polygons.len(), polygons[0].holes.len()), (1, 1));
        assert_eq!(area(&polygons), 8);
    }

    #[test]
    fn cells_that_touch_at_a_corner_are_apart() {
        assert_eq!(drawn(&["#.", ".#"]).len(), 2);
        assert_eq!(drawn(&[".#", "#."]).len(), 2);
    }

    #[test]
    fn an_island_in_a_hole_is_its_own_block() {
        let polygons = drawn(&["#####", "#...#", "#.#.#", "#...#", "#####"]);
        assert_eq!(polygons.len(), 2);
        assert_eq!(area(&polygons), 17);
    }

    #[test]
    fn stairs_become_slopes() {
        let polygons = drawn(&["#...", "##..", "###.", "####"]);
        assert_eq!(polygons.len(), 1);
        // Two straight sides and one slope, cut a little at both its ends.
        assert!(
            polygons[0].exterior.len() <= 6,
            "{:?}",
            polygons[0].exterior
        );
        assert_eq!(area(&polygons), 9);
    }
}
