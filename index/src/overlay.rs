//! What two areas have in common, as rings.
//!
//! Boundaries touch in every awkward way: shared edges, vertices on edges, corners on
//! corners. So one area is thought to be moved by an amount too small to matter, a little
//! to the east and yet less to the north. Then no vertex lies on the other boundary and
//! every crossing is a plain one; which side of what each vertex lies on is decided
//! exactly, ties by the direction of the move. The pieces of each boundary inside the
//! other area then link into closed rings by their names alone, never by comparing
//! coordinates. Only the places of crossings are rounded, to doubles.

use std::{cmp::Ordering, collections::BTreeMap};

use geo::{Coord, LineString};

use crate::{Area, Point, Rect, point::side};

/// A corner of the intersection: a vertex of one area, or a crossing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Corner {
    Moved(usize),
    Still(usize),
    Crossing(usize),
}

struct Crossing {
    /// Position of the edge of each area.
    edges: [usize; 2],
    /// How far along each edge it is, 0 to 1.
    along: [f64; 2],
    place: Coord<f64>,
    /// Whether the moved area's boundary enters the other one here; else it leaves it.
    entering: bool,
}

impl Area {
    /// The intersection with another area as closed rings in degrees, outer rings
    /// anticlockwise and holes clockwise.
    ///
    /// Both are taken to be valid. Parts that only touch give no ring, or one without any
    /// extent.
    pub fn intersection(&self, other: &Self) -> Vec<LineString<f64>> {
        if !self.rect().meets(&other.rect()) {
            return Vec::new();
        }
        // A small area is laid over a large one very often: then the few edges beside it matter.
        let edges = [edges_near(self, other), edges_near(other, self)];
        self.intersection_of(other, &edges)
    }

    /// The intersection by some edges of each, in their order: all that lie in the other's rectangle
    /// or touch it, or more.
    fn intersection_of(&self, other: &Self, edges: &[Vec<usize>; 2]) -> Vec<LineString<f64>> {
        let crossings = crossings(self, other, &edges[0]);
        let mut next = BTreeMap::new();
        link(
            (self, &edges[0]),
            0,
            &crossings,
            Corner::Moved,
            |p| other.contains(p),
            &mut next,
        );
        link(
            (other, &edges[1]),
            1,
            &crossings,
            Corner::Still,
            |p| self.contains_moved(p),
            &mut next,
        );

        let place = |corner: Corner| {
            let degrees = |p: Point| Coord {
                x: p.lon(),
                y: p.lat(),
            };
            match corner {
                Corner::Moved(at) => degrees(self.vertex(at)),
                Corner::Still(at) => degrees(other.vertex(at)),
                Corner::Crossing(at) => crossings[at].place,
            }
        };
        let mut rings = Vec::new();
        while let Some((start, mut corner)) = next.pop_first() {
            let mut ring = vec![place(start)];
            while corner != start {
                ring.push(place(corner));
                // An invalid area can leave a piece open; it encloses nothing.
                let Some(following) = next.remove(&corner) else {
                    ring.clear();
                    break;
                };
                corner = following;
            }
            if !ring.is_empty() {
                ring.push(ring[0]);
                rings.push(LineString(ring));
            }
        }
        rings
    }

    /// Whether a point that stays is in this area when the area is moved: the mirror of
    /// the half-open rule.
    fn contains_moved(&self, p: Point) -> bool {
        let mut odd = false;
        self.any_edge_near(
            &Rect {
                min: p,
                max: Point {
                    x: i64::MAX,
                    y: p.y,
                },
            },
            |a, b| {
                // The moved boundary is above what is level with it, and east of it.
                if (a.y < p.y) != (b.y < p.y) {
                    let (low, high) = if a.y < b.y { (a, b) } else { (b, a) };
                    odd ^= side(low, high, p).is_ge();
                }
                false
            },
        );
        odd
    }
}

/// The edges of an area whose rectangles meet that of another, in their order.
fn edges_near(area: &Area, other: &Area) -> Vec<usize> {
    let mut near = Vec::new();
    area.any_position_near(&other.rect(), |at, _, _| {
        near.push(at);
        false
    });
    near.sort_unstable();
    near
}

/// All crossings of some edges of a moved area with the boundary of another.
fn crossings(moved: &Area, still: &Area, edges: &[usize]) -> Vec<Crossing> {
    let mut crossings = Vec::new();
    for &edge in edges {
        let (a, b) = (moved.vertex(edge), moved.vertex(edge + 1));
        still.any_position_near(&Rect::of(a, b), |other, c, d| {
            let ends = [side_of_moved(c, d, a), side_of_moved(c, d, b)];
            let others = [moved_side(a, b, c), moved_side(a, b, d)];
            if ends[0] != ends[1] && others[0] != others[1] {
                let along = fraction(a, b, c, d);
                let (ax, ay, bx, by) = (a.lon(), a.lat(), b.lon(), b.lat());
                crossings.push(Crossing {
                    edges: [edge, other],
                    along: [along, fraction(c, d, a, b)],
                    place: Coord {
                        x: ax + along * (bx - ax),
                        y: ay + along * (by - ay),
                    },
                    entering: ends[1].is_gt(),
                });
            }
            false
        });
    }
    crossings
}

/// How far along `a`–`b` the line through `c` and `d` crosses it.
#[expect(
    clippy::cast_precision_loss,
    reason = "the quotient is rounded to a double anyway"
)]
fn fraction(a: Point, b: Point, c: Point, d: Point) -> f64 {
    let cross = |ux: i64, uy: i64, vx: i64, vy: i64| {
        i128::from(ux) * i128::from(vy) - i128::from(uy) * i128::from(vx)
    };
    let (ex, ey) = (d.x - c.x, d.y - c.y);
    let ahead = cross(c.x - a.x, c.y - a.y, ex, ey) as f64;
    (ahead / cross(b.x - a.x, b.y - a.y, ex, ey) as f64).clamp(0.0, 1.0)
}

/// Side of a moved point from a line that stays; never on it.
fn side_of_moved(c: Point, d: Point, p: Point) -> Ordering {
    side(c, d, p).then_with(|| (c.y.cmp(&d.y)).then(d.x.cmp(&c.x)))
}

/// Side of a point that stays from a moved line; never on it.
fn moved_side(a: Point, b: Point, p: Point) -> Ordering {
    side(a, b, p).then_with(|| (b.y.cmp(&a.y)).then(a.x.cmp(&b.x)))
}

/// Links the pieces of one boundary that are inside the other area, start to end. Of its edges
/// only some are looked at: the others are all outside.
fn link(
    (area, edges): (&Area, &[usize]),
    which: usize,
    crossings: &[Crossing],
    vertex: impl Fn(usize) -> Corner,
    inside: impl Fn(Point) -> bool,
    next: &mut BTreeMap<Corner, Corner>,
) {
    let mut by_edge: Vec<(usize, f64, usize)> = crossings
        .iter()
        .enumerate()
        .map(|(at, crossing)| (crossing.edges[which], crossing.along[which], at))
        .collect();
    by_edge.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut rest = by_edge.as_slice();
    let mut edges = edges.iter().copied().peekable();
    for (start, end) in area.ring_ranges() {
        let mut within = false;
        let mut before = None;
        while let Some(edge) = edges.next_if(|&edge| edge < end - 1) {
            if edge == start {
                within = inside(area.vertex(start));
            } else if before != edge.checked_sub(1) {
                // It comes from an edge that is outside.
                within = false;
            }
            before = Some(edge);
            let count = rest.iter().take_while(|(own, ..)| *own == edge).count();
            let (here, later) = rest.split_at(count);
            rest = later;
            let corner = |at: usize| vertex(if at == end - 1 { start } else { at });
            if count == 0 {
                if within {
                    next.insert(corner(edge), corner(edge + 1));
                }
                continue;
            }
            // Where the moved boundary enters, the other one leaves.
            let (mut starts, mut ends) = (Vec::new(), Vec::new());
            starts.extend(within.then(|| corner(edge)));
            for &(.., at) in here {
                let enters = crossings[at].entering == (which == 0);
                if enters { &mut starts } else { &mut ends }.push(Corner::Crossing(at));
            }
            within ^= count % 2 == 1;
            ends.extend(within.then(|| corner(edge + 1)));
            next.extend(starts.into_iter().zip(ends));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{MultiPolygon, Polygon, wkt};

    fn area(polygons: impl Into<MultiPolygon<f64>>) -> Area {
        Area::from_multi_polygon(&polygons.into()).unwrap()
    }

    fn extent(rings: &[LineString<f64>]) -> f64 {
        rings
            .iter()
            .map(|ring| {
                ring.lines()
                    .map(|line| (line.start.x * line.end.y - line.end.x * line.start.y) / 2.0)
                    .sum::<f64>()
            })
            .sum()
    }

    fn both(a: &Polygon<f64>, b: &Polygon<f64>) -> f64 {
        let (a, b) = (area(a.clone()), area(b.clone()));
        let (there, back) = (extent(&a.intersection(&b)), extent(&b.intersection(&a)));
        assert!((there - back).abs() < 1e-9, "{there} {back}");
        there
    }

    #[test]
    fn edges_far_from_the_other_area_change_nothing() {
        // A jagged ring with a hole, of enough corners to be kept in stripes, and squares across it:
        // on its corners, along its edges, in it and in its hole.
        let ring = |reach: f64, corners: i32| -> LineString<f64> {
            (0..=corners)
                .map(|at| {
                    let turn = f64::from(at % corners) / f64::from(corners) * std::f64::consts::TAU;
                    let reach = reach * (1.0 + 0.2 * f64::from(at % corners * 7 % 5));
                    let whole = |value: f64| (value * 1e6).round() / 1e6;
                    (whole(reach * turn.cos()), whole(reach * turn.sin()))
                })
                .collect()
        };
        let large = area(Polygon::new(ring(0.01, 700), vec![ring(0.004, 40)]));
        let all = |area: &Area| area.edge_positions().collect::<Vec<_>>();
        let corners: Vec<Point> = large.edges().map(|(from, _)| from).step_by(37).collect();
        for (at, corner) in corners.iter().enumerate() {
            let side = [3e-5, 4e-4, 3e-3, 3e-2][at % 4];
            let (x, y) = (corner.lon(), corner.lat());
            let small = area(Polygon::new(
                LineString::from(vec![
                    (x, y),
                    (x + side, y),
                    (x + side, y + side),
                    (x, y + side),
                    (x, y),
                ]),
                Vec::new(),
            ));
            for (one, other) in [(&large, &small), (&small, &large)] {
                let whole = one.intersection_of(other, &[all(one), all(other)]);
                assert_eq!(one.intersection(other), whole, "{x} {y} {side}");
            }
        }
    }

    #[test]
    fn squares_that_cross_touch_or_agree() {
        let square = wkt!(POLYGON((0. 0.,4. 0.,4. 4.,0. 4.,0. 0.)));
        let cases = [
            (wkt!(POLYGON((2. 2.,6. 2.,6. 6.,2. 6.,2. 2.))), 4.0),
            (square.clone(), 16.0),
            (wkt!(POLYGON((4. 0.,8. 0.,8. 4.,4. 4.,4. 0.))), 0.0),
            (wkt!(POLYGON((4. 4.,8. 4.,8. 8.,4. 8.,4. 4.))), 0.0),
            (wkt!(POLYGON((0. 0.,2. 0.,2. 4.,0. 4.,0. 0.))), 8.0),
            (wkt!(POLYGON((-1. 1.,5. 1.,5. 3.,-1. 3.,-1. 1.))), 8.0),
            (wkt!(POLYGON((2. 0.,4. 2.,2. 4.,0. 2.,2. 0.))), 8.0),
            (wkt!(POLYGON((2. -2.,6. 2.,2. 6.,-2. 2.,2. -2.))), 16.0),
            (
                wkt!(POLYGON((-9. -9.,9. -9.,9. 9.,-9. 9.,-9. -9.),(1. 1.,3. 1.,3. 3.,1. 3.,1. 1.))),
                12.0,
            ),
            (
                wkt!(POLYGON((-9. -9.,9. -9.,9. 9.,-9. 9.,-9. -9.),(0. 0.,4. 0.,4. 4.,0. 4.,0. 0.))),
                0.0,
            ),
        ];
        for (other, expected) in cases {
            assert!((both(&square, &other) - expected).abs() < 1e-9, "{other:?}");
        }
    }
}
