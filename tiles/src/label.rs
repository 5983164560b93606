//! Where the name of an area is written: once, at the point inside farthest from its edges.

use std::{cmp::Ordering, collections::BinaryHeap};

use geo::Coord;

use crate::{
    GridPoint, MAX_ZOOM,
    grid::Level,
    quantise::quantise,
    shape::{Polygon, Shape, View},
    simplify::{Junctions, Simplifier},
};

/// Units that the longer side of an area measures at least when its middle is looked for: fine
/// enough for a name, and few vertices to try.
const FINE: i64 = 1024;

/// How far its outline may stray then.
const TOLERANCE: f64 = 4.0;

/// Cells looked at for one area at most.
const MOST_CELLS: usize = 2000;

/// A place for a name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LabelPoint {
    /// Longitude and latitude in degrees.
    pub place: Coord<f64>,
    /// Distance to the nearest edge, in sides of the one tile of zoom 0.
    pub room: f64,
}

impl LabelPoint {
    /// Metres to the nearest edge on the ground (EPSG:3857 divided by its scale here).
    pub fn room_m(&self) -> f64 {
        const EQUATOR: f64 = 40_075_016.685_578_49;
        self.room * EQUATOR * self.place.y.to_radians().cos()
    }
}

/// The place for the name of an area, of its largest part; none for what is no area. It depends
/// on the area alone, so every tile and zoom comes to the same.
pub fn label_point(place: View<'_, Coord<f64>>) -> Option<LabelPoint> {
    let level = Level::mercator(zoom(place)?);
    let mut shape = Shape::default();
    if !quantise(level, place, &mut shape) {
        return None;
    }
    let size = |part: &Polygon<'_, GridPoint>| crate::ring::doubled_area(part.exterior).abs();
    let largest = shape.view().polygons().max_by_key(size)?;
    let mut simple = Shape::default();
    let mut simplifier = Simplifier::new(TOLERANCE);
    simplifier.polygon(&largest, &Junctions::default(), &mut simple);
    let (x, y, room) = innermost(&simple.view().polygons().next().unwrap_or(largest))?;
    Some(LabelPoint {
        place: level.unproject(x, y),
        room: room.max(0.0) / level.world(),
    })
}

/// The zoom at which an area is large enough to be looked at.
fn zoom(place: View<'_, Coord<f64>>) -> Option<u8> {
    let corners = |at: fn(f64, f64) -> f64| {
        let corner = |a: Coord<f64>, b: Coord<f64>| Coord {
            x: at(a.x, b.x),
            y: at(a.y, b.y),
        };
        let corner = place.points().iter().copied().reduce(corner)?;
        crate::project(corner, MAX_ZOOM)
    };
    let (low, high) = (corners(f64::min)?, corners(f64::max)?);
    let side = (high.x - low.x).abs().max((high.y - low.y).abs()).max(1);
    (0..=MAX_ZOOM)
        .find(|z| side >> (MAX_ZOOM - z) >= FINE)
        .or(Some(MAX_ZOOM))
}

/// A square that may hold a better point.
struct Cell {
    x: f64,
    y: f64,
    half: f64,
    /// Distance of the middle from the nearest edge; negative outside.
    inside: f64,
    /// No point of the square is deeper inside.
    most: f64,
}

impl Cell {
    fn new(x: f64, y: f64, half: f64, polygon: &Polygon<'_, GridPoint>) -> Self {
        let inside = depth(x, y, polygon);
        Self {
            x,
            y,
            half,
            inside,
            most: inside + half * std::f64::consts::SQRT_2,
        }
    }
}

impl PartialEq for Cell {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Cell {}

impl PartialOrd for Cell {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Cell {
    fn cmp(&self, other: &Self) -> Ordering {
        self.most.total_cmp(&other.most)
    }
}

/// The point deepest inside and how deep, to a fiftieth of the smaller side (V. Agafonkin, A new
/// algorithm for finding a visual center of a polygon, 2016).
fn innermost(polygon: &Polygon<'_, GridPoint>) -> Option<(f64, f64, f64)> {
    let xs = || polygon.exterior.iter().map(|point| point.x);
    let ys = || polygon.exterior.iter().map(|point| point.y);
    #[expect(clippy::cast_precision_loss, reason = "grid units stay below 2^36")]
    let [west, east, north, south] =
        [xs().min()?, xs().max()?, ys().min()?, ys().max()?].map(|unit| unit as f64);
    let (width, height) = (east - west, south - north);
    let side = width.min(height);
    let mut best = Cell::new(west + width / 2.0, north + height / 2.0, 0.0, polygon);
    if side <= 0.0 {
        return Some((best.x, best.y, 0.0));
    }
    let precision = side / 50.0;
    let mut cells = BinaryHeap::new();
    let (mut x, half) = (west, side / 2.0);
    while x < east {
        let mut y = north;
        while y < south {
            cells.push(Cell::new(x + half, y + half, half, polygon));
            y += side;
        }
        x += side;
    }
    for _ in 0..MOST_CELLS {
        let Some(cell) = cells.pop() else { break };
        let (x, y, half) = (cell.x, cell.y, cell.half / 2.0);
        let hopeless = cell.most - best.inside.max(cell.inside) <= precision;
        if cell.inside > best.inside {
            best = cell;
        }
        if hopeless {
            break;
        }
        for (dx, dy) in [(-half, -half), (half, -half), (-half, half), (half, half)] {
            cells.push(Cell::new(x + dx, y + dy, half, polygon));
        }
    }
    Some((best.x, best.y, best.inside))
}

/// Distance of a point from the nearest edge, negative outside.
#[expect(clippy::cast_precision_loss, reason = "grid units stay below 2^36")]
fn depth(x: f64, y: f64, polygon: &Polygon<'_, GridPoint>) -> f64 {
    let mut inside = false;
    let mut least = f64::INFINITY;
    for ring in polygon.rings() {
        let Some(mut before) = ring.last().map(|last| (last.x as f64, last.y as f64)) else {
            continue;
        };
        for at in ring.iter().map(|at| (at.x as f64, at.y as f64)) {
            let ((ax, ay), (bx, by)) = (before, at);
            let (dx, dy) = (bx - ax, by - ay);
            if (ay > y) != (by > y) && x < dx * (y - ay) / dy + ax {
                inside = !inside;
            }
            let length = dx * dx + dy * dy;
            let along = if length == 0.0 {
                0.0
            } else {
                (((x - ax) * dx + (y - ay) * dy) / length).clamp(0.0, 1.0)
            };
            least = least.min((ax + along * dx - x).hypot(ay + along * dy - y));
            before = at;
        }
    }
    if inside { least } else { -least }
}

#[cfg(test)]
mod tests {
    use geo::{BoundingRect, Contains, Geometry, LineString, Point};
    use proptest::prelude::*;

    use super::*;

    fn area(rings: &[&[(f64, f64)]]) -> Geometry<f64> {
        let ring = |ring: &&[(f64, f64)]| -> LineString<f64> {
            ring.iter()
                .map(|&(x, y)| (113.6 + x / 1000.0, 23.1 + y / 1000.0))
                .collect()
        };
        let mut rings = rings.iter().map(ring);
        geo::Polygon::new(rings.next().unwrap(), rings.collect()).into()
    }

    #[test]
    fn the_name_of_a_square_stands_in_its_middle_and_has_half_its_side() {
        let square = area(&[&[(0.0, 0.0), (1.0, 0.0), (1.0, 0.92), (0.0, 0.92)]]);
        let LabelPoint { place, .. } = label_point(Shape::from(&square).view()).unwrap();
        assert!((place.x - 113.6005).abs() < 3e-5, "{place:?}");
        assert!((place.y - 23.10046).abs() < 3e-5, "{place:?}");
        let room = label_point(Shape::from(&square).view()).unwrap().room_m();
        // A thousandth of a degree of longitude is 102.4 m there.
        assert!((room - 51.2).abs() < 2.0, "{room}");
    }

    #[test]
    fn the_name_of_a_bent_area_stands_in_it_and_not_in_its_hole() {
        let bent: &[(f64, f64)] = &[
            (0.0, 0.0),
            (5.0, 0.0),
            (5.0, 1.0),
            (1.0, 1.0),
            (1.0, 5.0),
            (0.0, 5.0),
        ];
        let bent = area(&[bent]);
        assert!(bent.contains(&Point(
            label_point(Shape::from(&bent).view()).unwrap().place
        )));
        let ring = area(&[
            &[(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0)],
            &[(1.0, 1.0), (1.0, 3.0), (3.5, 3.0), (3.5, 1.0)],
        ]);
        assert!(ring.contains(&Point(
            label_point(Shape::from(&ring).view()).unwrap().place
        )));
    }

    #[test]
    fn what_is_no_area_has_no_place_for_a_name() {
        let point = Shape::from(&Point::new(113.6, 23.1).into());
        assert_eq!(label_point(point.view()), None);
    }

    proptest! {
        /// No point of a fine lattice is much deeper inside a star than the one chosen.
        #[test]
        fn nowhere_is_much_more_room(radii in proptest::collection::vec(0.2..3.0_f64, 5..30)) {
            let star: Vec<(f64, f64)> = (0..)
                .zip(&radii)
                .map(|(at, radius)| {
                    let turn = f64::from(at) / radii.len() as f64 * std::f64::consts::TAU;
                    (radius * turn.cos(), radius * turn.sin())
                })
                .collect();
            let star = area(&[&star]);
            let found = label_point(Shape::from(&star).view()).unwrap();
            prop_assert!(star.contains(&Point(found.place)));
            let place = Shape::from(&star);
            let level = Level::mercator(zoom(place.view()).unwrap());
            let mut shape = Shape::default();
            prop_assert!(quantise(level, place.view(), &mut shape));
            let part = shape.view().polygons().next().unwrap();
            let rect = star.bounding_rect().unwrap();
            let units = found.room * level.world();
            let mut deepest = 0.0_f64;
            for column in 0..40 {
                for row in 0..40 {
                    let at = Coord {
                        x: rect.min().x + rect.width() * f64::from(column) / 40.0,
                        y: rect.min().y + rect.height() * f64::from(row) / 40.0,
                    };
                    let at = level.project(at).unwrap();
                    deepest = deepest.max(depth(at.x as f64, at.y as f64, &part));
                }
            }
            // A fiftieth of a side, and the straying of the outline.
            prop_assert!(units + FINE as f64 / 25.0 + 2.0 * TOLERANCE > deepest, "{units} {deepest}");
        }
    }
}
