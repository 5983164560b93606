//! Simplifying outlines so that neighbours stay neighbours.
//!
//! Outlines are cut where more than two of them meet, each stretch between two such
//! places is simplified once, in one canonical direction, and both its sides use the
//! result. It depends only on the polygons that touch a stretch, so a tile gets the same
//! answer as the tile beside it when it knows the neighbours of what it draws.

use std::collections::HashMap;

use crate::{
    grid::{GridPoint, Lattice},
    ring::{self, Turn},
    shape::{Kind, Polygon, Shape, View},
};

/// The places where outlines of polygons part or join, on one world grid.
#[derive(Default)]
pub(crate) struct Junctions {
    places: HashMap<GridPoint, Around>,
}

/// The two points beside a vertex, or that there are more.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Around {
    Two(GridPoint, GridPoint),
    More,
}

impl Junctions {
    /// Takes note of the outlines of polygons.
    pub(crate) fn add(&mut self, shape: View<'_, GridPoint>) {
        let rings = shape.parts().filter(|(kind, _)| kind.dimensions() == 2);
        rings.for_each(|(_, ring)| self.add_ring(ring));
    }

    fn add_ring(&mut self, ring: &[GridPoint]) {
        let count = ring.len();
        for (at, &place) in ring.iter().enumerate() {
            let before = ring[(at + count - 1) % count];
            let after = ring[(at + 1) % count];
            let around = Around::Two(before.min(after), before.max(after));
            self.places
                .entry(place)
                .and_modify(|known| {
                    if *known != around {
                        *known = Around::More;
                    }
                })
                .or_insert(around);
        }
    }

    fn holds(&self, place: GridPoint) -> bool {
        self.places.get(&place) == Some(&Around::More)
    }
}

/// Simplifies to a tolerance in units, in memory that one shape after the other uses.
#[derive(Debug, Default)]
pub(crate) struct Simplifier {
    tolerance: f64,
    /// A ring from a place that it is cut at to the same again.
    closed: Vec<GridPoint>,
    /// A stretch the other way round, and what is kept of it.
    reversed: Vec<GridPoint>,
    kept: Vec<GridPoint>,
    /// Stretches that are not simplified yet.
    open: Vec<(usize, usize)>,
}

impl Simplifier {
    pub(crate) fn new(tolerance: f64) -> Self {
        Self {
            tolerance,
            ..Self::default()
        }
    }

    /// Adds a shape of one dimension, simplified. A polygon that would collapse stays as it is: it
    /// is smaller than the tolerance, has a few vertices, and is better than a gap.
    pub(crate) fn shape(
        &mut self,
        shape: View<'_, GridPoint>,
        junctions: &Junctions,
        onto: &mut Shape<GridPoint>,
    ) {
        match shape.dimensions() {
            None => {}
            Some(0) => onto.add(Kind::Points, shape.points().iter().copied()),
            Some(1) => {
                for line in shape.lines() {
                    self.line(line, onto.open());
                    onto.close(Kind::Line);
                }
            }
            Some(_) => {
                for polygon in shape.polygons() {
                    if !self.polygon(&polygon, junctions, onto) {
                        onto.add(Kind::Exterior, polygon.exterior.iter().copied());
                        for hole in polygon.holes {
                            onto.add(Kind::Hole, hole.iter().copied());
                        }
                    }
                }
            }
        }
    }

    /// Adds a polygon with each stretch between junctions simplified; nothing, and that is said,
    /// where its exterior collapses.
    pub(crate) fn polygon(
        &mut self,
        polygon: &Polygon<'_, GridPoint>,
        junctions: &Junctions,
        onto: &mut Shape<GridPoint>,
    ) -> bool {
        let whole = self.tidied(polygon.exterior, junctions, Turn::Positive, onto);
        if whole {
            onto.close(Kind::Exterior);
            for hole in &polygon.holes {
                if self.tidied(hole, junctions, Turn::Negative, onto) {
                    onto.close(Kind::Hole);
                }
                onto.drop_open();
            }
        }
        onto.drop_open();
        whole
    }

    /// Simplifies a ring behind what is closed of a shape; whether any area is left.
    fn tidied(
        &mut self,
        ring: &[GridPoint],
        junctions: &Junctions,
        turn: Turn,
        onto: &mut Shape<GridPoint>,
    ) -> bool {
        let start = onto.closed();
        self.ring(ring, junctions, onto.open());
        ring::tidy_from(onto.open(), start, turn)
    }

    /// Adds a line simplified; its ends stay.
    pub(crate) fn line(&mut self, points: &[GridPoint], kept: &mut Vec<GridPoint>) {
        stretch(points, self.tolerance, &mut self.open, kept);
        kept.extend(points.last());
    }

    fn ring(&mut self, ring: &[GridPoint], junctions: &Junctions, kept: &mut Vec<GridPoint>) {
        let start = ring
            .iter()
            .position(|&place| junctions.holds(place))
            // An outline that meets no other: begun at a place that depends on it alone.
            .or_else(|| (0..ring.len()).min_by_key(|&at| ring[at]));
        let Some(start) = start else {
            return;
        };
        let mut closed = std::mem::take(&mut self.closed);
        closed.clear();
        closed.extend_from_slice(&ring[start..]);
        closed.extend_from_slice(&ring[..=start]);
        let mut from = 0;
        for at in 1..closed.len() {
            if at + 1 == closed.len() || junctions.holds(closed[at]) {
                self.arc(&closed[from..=at], kept);
                from = at;
            }
        }
        self.closed = closed;
    }

    /// Adds a stretch between two junctions, without its last point. Where it is a loop, it is
    /// first cut at the point farthest from its ends.
    fn arc(&mut self, points: &[GridPoint], kept: &mut Vec<GridPoint>) {
        let (Some(&first), Some(&last)) = (points.first(), points.last()) else {
            return;
        };
        if first == last {
            let far =
                (1..points.len() - 1).max_by_key(|&at| (squared(first, points[at]), points[at]));
            if let Some(far) = far {
                self.canonical(&points[..=far], kept);
                self.canonical(&points[far..], kept);
            }
            return;
        }
        self.canonical(points, kept);
    }

    /// Simplifies in the direction that begins at the lesser end, whichever side asks.
    fn canonical(&mut self, points: &[GridPoint], kept: &mut Vec<GridPoint>) {
        if points.first() <= points.last() {
            stretch(points, self.tolerance, &mut self.open, kept);
            return;
        }
        self.reversed.clear();
        self.reversed.extend(points.iter().rev());
        self.kept.clear();
        stretch(
            &self.reversed,
            self.tolerance,
            &mut self.open,
            &mut self.kept,
        );
        // Its last point is our first, which `stretch` leaves out; its first is our last,
        // which the next stretch brings.
        kept.extend(points.first());
        kept.extend(self.kept.iter().skip(1).rev());
    }
}

/// Adds what Douglas and Peucker keep of a stretch, without its last point.
fn stretch(
    points: &[GridPoint],
    tolerance: f64,
    open: &mut Vec<(usize, usize)>,
    kept: &mut Vec<GridPoint>,
) {
    if points.len() < 2 {
        return;
    }
    let limit = tolerance * tolerance;
    open.clear();
    open.push((0, points.len() - 1));
    while let Some((from, to)) = open.pop() {
        let mut farthest = (limit, None);
        for at in from + 1..to {
            let distance = squared_offset(points[from], points[to], points[at]);
            if distance > farthest.0 {
                farthest = (distance, Some(at));
            }
        }
        match farthest.1 {
            Some(at) => open.extend([(at, to), (from, at)]),
            None => kept.push(points[from]),
        }
    }
}

fn squared(a: GridPoint, b: GridPoint) -> i128 {
    let (dx, dy) = (i128::from(b.x - a.x), i128::from(b.y - a.y));
    dx * dx + dy * dy
}

/// The square of the distance from a point to the edge between two others.
#[expect(
    clippy::cast_precision_loss,
    reason = "within a stretch differences are small"
)]
fn squared_offset(a: GridPoint, b: GridPoint, point: GridPoint) -> f64 {
    let ((ax, ay), (bx, by), (px, py)) = (a.xy(), b.xy(), point.xy());
    let (dx, dy) = ((bx - ax) as f64, (by - ay) as f64);
    let (wx, wy) = ((px - ax) as f64, (py - ay) as f64);
    let length = dx * dx + dy * dy;
    if length == 0.0 {
        return wx * wx + wy * wy;
    }
    let along = ((wx * dx + wy * dy) / length).clamp(0.0, 1.0);
    let (ox, oy) = (wx - along * dx, wy - along * dy);
    ox * ox + oy * oy
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn outline(points: &[(i64, i64)]) -> Shape<GridPoint> {
        let mut shape = Shape::default();
        let points = points.iter().map(|&(x, y)| GridPoint { x, y });
        shape.add(Kind::Exterior, points);
        shape
    }

    fn simplified(
        shape: &Shape<GridPoint>,
        junctions: &Junctions,
        tolerance: f64,
    ) -> Option<Shape<GridPoint>> {
        let mut onto = Shape::default();
        let polygon = shape.view().polygons().next().unwrap();
        let whole = Simplifier::new(tolerance).polygon(&polygon, junctions, &mut onto);
        whole.then_some(onto)
    }

    fn edges(shape: &Shape<GridPoint>) -> BTreeSet<(GridPoint, GridPoint)> {
        let ring = shape.view().points();
        (0..ring.len())
            .map(|at| (ring[at], ring[(at + 1) % ring.len()]))
            .map(|(a, b)| (a.min(b), a.max(b)))
            .collect()
    }

    #[test]
    fn small_bends_go_and_corners_stay() {
        let bent = outline(&[(0, 0), (50, 2), (100, 0), (100, 100), (0, 100)]);
        let mut junctions = Junctions::default();
        junctions.add(bent.view());
        let simple = simplified(&bent, &junctions, 4.0).unwrap();
        assert_eq!(
            simple.view().points().iter().collect::<BTreeSet<_>>(),
            outline(&[(0, 0), (100, 0), (100, 100), (0, 100)])
                .view()
                .points()
                .iter()
                .collect()
        );
    }

    #[test]
    fn an_outline_smaller_than_the_tolerance_collapses() {
        let small = outline(&[(0, 0), (2, 0), (2, 2), (0, 2)]);
        assert_eq!(simplified(&small, &Junctions::default(), 4.0), None);
    }

    proptest! {
        /// Two polygons on both sides of one jagged border keep one border, from whichever
        /// vertex their rings begin.
        #[test]
        fn a_shared_border_stays_shared(
            offsets in prop::collection::vec(-30_i64..30, 3..60),
            turn in 0_usize..60,
            tolerance in 1.0..20.0,
        ) {
            let border: Vec<(i64, i64)> = (0_i64..)
                .zip(&offsets)
                .map(|(row, &offset)| (500 + offset, (row + 1) * 7))
                .collect();
            let bottom = (border.len() as i64 + 1) * 7;
            let mut west = vec![(0, 0), (500, 0)];
            west.extend(&border);
            west.extend([(500, bottom), (0, bottom)]);
            let mut east = vec![(1000, 0), (1000, bottom), (500, bottom)];
            east.extend(border.iter().rev());
            east.push((500, 0));
            let begin = turn % east.len();
            east.rotate_left(begin);
            let (west, east) = (outline(&west), outline(&east));
            let mut junctions = Junctions::default();
            junctions.add(west.view());
            junctions.add(east.view());
            let west = simplified(&west, &junctions, tolerance).unwrap();
            let east = simplified(&east, &junctions, tolerance).unwrap();
            // Each edge of the two together is shared or on the outer frame.
            let (west, east) = (edges(&west), edges(&east));
            for edge in west.symmetric_difference(&east) {
                let framed = |place: GridPoint| {
                    place.x == 0 || place.x == 1000 || place.y == 0 || place.y == bottom
                };
                prop_assert!(framed(edge.0) && framed(edge.1), "{:?}", edge);
            }
            prop_assert!(west.intersection(&east).count() > 0);
        }
    }
}
