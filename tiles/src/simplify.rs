//! Simplifying outlines so that neighbours stay neighbours.
//!
//! Outlines are cut where more than two of them meet, each stretch between two such
//! places is simplified once, in one canonical direction, and both its sides use the
//! result. It depends only on the polygons that touch a stretch, so a tile gets the same
//! answer as the tile beside it when it knows the neighbours of what it draws.

use std::collections::HashMap;

use crate::{
    Polygon,
    grid::{GridPoint, Lattice},
    ring::{self, Turn},
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
    /// Takes note of a polygon's outlines.
    pub(crate) fn add(&mut self, polygon: &Polygon<GridPoint>) {
        self.add_ring(&polygon.exterior);
        for hole in &polygon.holes {
            self.add_ring(hole);
        }
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

/// A polygon with each stretch between junctions simplified to a tolerance in units; none
/// where its exterior collapses.
pub(crate) fn polygon(
    polygon: &Polygon<GridPoint>,
    junctions: &Junctions,
    tolerance: f64,
) -> Option<Polygon<GridPoint>> {
    let exterior = ring::tidy(
        simplify_ring(&polygon.exterior, junctions, tolerance),
        Turn::Positive,
    )?;
    let holes = polygon
        .holes
        .iter()
        .filter_map(|hole| ring::tidy(simplify_ring(hole, junctions, tolerance), Turn::Negative))
        .collect();
    Some(Polygon { exterior, holes })
}

/// A line simplified to a tolerance in units; its ends stay.
pub(crate) fn line(points: &[GridPoint], tolerance: f64) -> Vec<GridPoint> {
    let mut kept = Vec::with_capacity(points.len());
    stretch(points, tolerance, &mut kept);
    kept.extend(points.last());
    kept
}

fn simplify_ring(ring: &[GridPoint], junctions: &Junctions, tolerance: f64) -> Vec<GridPoint> {
    let start = ring
        .iter()
        .position(|&place| junctions.holds(place))
        // An outline that meets no other: begun at a place that depends on it alone.
        .or_else(|| (0..ring.len()).min_by_key(|&at| ring[at]));
    let Some(start) = start else {
        return Vec::new();
    };
    let closed: Vec<GridPoint> = ring[start..]
        .iter()
        .chain(&ring[..=start])
        .copied()
        .collect();
    let mut kept = Vec::with_capacity(ring.len());
    let mut from = 0;
    for at in 1..closed.len() {
        if at + 1 == closed.len() || junctions.holds(closed[at]) {
            arc(&closed[from..=at], tolerance, &mut kept);
            from = at;
        }
    }
    kept
}

/// Adds a stretch between two junctions, without its last point. Where it is a loop, it is
/// first cut at the point farthest from its ends.
fn arc(points: &[GridPoint], tolerance: f64, kept: &mut Vec<GridPoint>) {
    let (Some(&first), Some(&last)) = (points.first(), points.last()) else {
        return;
    };
    if first == last {
        let far = (1..points.len() - 1).max_by_key(|&at| (squared(first, points[at]), points[at]));
        if let Some(far) = far {
            canonical(&points[..=far], tolerance, kept);
            canonical(&points[far..], tolerance, kept);
        }
        return;
    }
    canonical(points, tolerance, kept);
}

/// Simplifies in the direction that begins at the lesser end, whichever side asks.
fn canonical(points: &[GridPoint], tolerance: f64, kept: &mut Vec<GridPoint>) {
    if points.first() <= points.last() {
        stretch(points, tolerance, kept);
        return;
    }
    let reversed: Vec<GridPoint> = points.iter().rev().copied().collect();
    let mut simplified = Vec::with_capacity(points.len());
    stretch(&reversed, tolerance, &mut simplified);
    // Its last point is our first, which `stretch` leaves out; its first is our last,
    // which the next stretch brings.
    kept.extend(points.first());
    kept.extend(simplified.iter().skip(1).rev());
}

/// Adds what Douglas and Peucker keep of a stretch, without its last point.
fn stretch(points: &[GridPoint], tolerance: f64, kept: &mut Vec<GridPoint>) {
    if points.len() < 2 {
        return;
    }
    let limit = tolerance * tolerance;
    let mut open = vec![(0, points.len() - 1)];
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

    fn outline(points: &[(i64, i64)]) -> Polygon<GridPoint> {
        Polygon {
            exterior: points.iter().map(|&(x, y)| GridPoint { x, y }).collect(),
            holes: Vec::new(),
        }
    }

    fn edges(polygon: &Polygon<GridPoint>) -> BTreeSet<(GridPoint, GridPoint)> {
        let ring = &polygon.exterior;
        (0..ring.len())
            .map(|at| (ring[at], ring[(at + 1) % ring.len()]))
            .map(|(a, b)| (a.min(b), a.max(b)))
            .collect()
    }

    #[test]
    fn small_bends_go_and_corners_stay() {
        let bent = outline(&[(0, 0), (50, 2), (100, 0), (100, 100), (0, 100)]);
        let mut junctions = Junctions::default();
        junctions.add(&bent);
        let simple = polygon(&bent, &junctions, 4.0).unwrap();
        assert_eq!(
            simple.exterior.iter().copied().collect::<BTreeSet<_>>(),
            outline(&[(0, 0), (100, 0), (100, 100), (0, 100)])
                .exterior
                .into_iter()
                .collect()
        );
    }

    #[test]
    fn an_outline_smaller_than_the_tolerance_collapses() {
        let small = outline(&[(0, 0), (2, 0), (2, 2), (0, 2)]);
        assert_eq!(polygon(&small, &Junctions::default(), 4.0), None);
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
            junctions.add(&west);
            junctions.add(&east);
            let west = polygon(&west, &junctions, tolerance).unwrap();
            let east = polygon(&east, &junctions, tolerance).unwrap();
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
