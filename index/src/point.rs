//! The canonical lattice: points, rectangles, and the side of a line, all in integers.

use std::cmp::Ordering;

use crate::ShapeError;

/// Lattice units in a degree: one unit is 1e-9°, 0.11 mm on the meridian.
pub const UNITS_PER_DEGREE: i64 = 1_000_000_000;

const UNITS: f64 = 1e9;

/// A point on the lattice: longitude and latitude in units of 1e-9°.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Point {
    /// Longitude in units.
    pub x: i64,
    /// Latitude in units.
    pub y: i64,
}

impl Point {
    /// The lattice point nearest to a longitude and latitude in degrees, halves to even.
    ///
    /// Snapping what [`Point::lon`] and [`Point::lat`] give returns the same point: the
    /// product of a rounded double and 1e9 is off by less than 2⁻¹⁴ units.
    /// `None` where a number is not finite or is no longitude or latitude.
    pub fn snap(lon: f64, lat: f64) -> Option<Self> {
        if !(lon.abs() <= 180.0 && lat.abs() <= 90.0) {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most 1.8e11")]
        Some(Self {
            x: (lon * UNITS).round_ties_even() as i64,
            y: (lat * UNITS).round_ties_even() as i64,
        })
    }

    /// Longitude in degrees: the double nearest to the lattice value.
    #[expect(
        clippy::cast_precision_loss,
        reason = "at most 1.8e11, exact in a double"
    )]
    pub fn lon(self) -> f64 {
        self.x as f64 / UNITS
    }

    /// Latitude in degrees: the double nearest to the lattice value.
    #[expect(
        clippy::cast_precision_loss,
        reason = "at most 9e10, exact in a double"
    )]
    pub fn lat(self) -> f64 {
        self.y as f64 / UNITS
    }
}

/// On which side of the line from `a` to `b` the point lies: greater is left, less is
/// right, equal is on the line. Exact: the products fit in 128 bits with room to spare.
pub fn side(a: Point, b: Point, p: Point) -> Ordering {
    let left = i128::from(b.x - a.x) * i128::from(p.y - a.y);
    let right = i128::from(b.y - a.y) * i128::from(p.x - a.x);
    left.cmp(&right)
}

/// Refuses a path with a segment of more than half a turn: it would be shorter over the
/// antimeridian. From -180° to 180° is the whole turn, and means what it says.
pub(crate) fn refuse_antimeridian(path: &[Point]) -> Result<(), ShapeError> {
    const HALF: i64 = 180 * UNITS_PER_DEGREE;
    let crosses = |pair: &[Point]| {
        let way = (pair[0].x - pair[1].x).abs();
        way > HALF && way != 2 * HALF
    };
    if path.windows(2).any(crosses) {
        return Err(ShapeError::Antimeridian);
    }
    Ok(())
}

/// Whether two closed segments share a point.
pub(crate) fn segments_meet(a: Point, b: Point, c: Point, d: Point) -> bool {
    if !Rect::of(a, b).meets(&Rect::of(c, d)) {
        return false;
    }
    let (ca, cb) = (side(c, d, a), side(c, d, b));
    let (ac, ad) = (side(a, b, c), side(a, b, d));
    // Boxes overlap, so collinear segments meet; otherwise each must not lie wholly on
    // one side of the other's line.
    (ca != cb || ca.is_eq()) && (ac != ad || ac.is_eq())
}

/// Whether two segments cross at one point that is inside both.
pub(crate) fn segments_cross(a: Point, b: Point, c: Point, d: Point) -> bool {
    let (ca, cb) = (side(c, d, a), side(c, d, b));
    let (ac, ad) = (side(a, b, c), side(a, b, d));
    ca.is_ne() && cb == ca.reverse() && ac.is_ne() && ad == ac.reverse()
}

/// A closed rectangle on the lattice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rect {
    /// South-west corner.
    pub min: Point,
    /// North-east corner.
    pub max: Point,
}

impl Rect {
    /// The rectangle spanned by two points.
    pub fn of(a: Point, b: Point) -> Self {
        Self {
            min: Point {
                x: a.x.min(b.x),
                y: a.y.min(b.y),
            },
            max: Point {
                x: a.x.max(b.x),
                y: a.y.max(b.y),
            },
        }
    }

    /// The smallest rectangle around both.
    #[must_use]
    pub fn join(&self, other: &Self) -> Self {
        Self {
            min: Point {
                x: self.min.x.min(other.min.x),
                y: self.min.y.min(other.min.y),
            },
            max: Point {
                x: self.max.x.max(other.max.x),
                y: self.max.y.max(other.max.y),
            },
        }
    }

    /// Whether the two share a point, edges included.
    pub fn meets(&self, other: &Self) -> bool {
        self.min.x <= other.max.x
            && other.min.x <= self.max.x
            && self.min.y <= other.max.y
            && other.min.y <= self.max.y
    }

    /// Whether the point is in it, edges included.
    pub fn holds(&self, p: Point) -> bool {
        self.min.x <= p.x && p.x <= self.max.x && self.min.y <= p.y && p.y <= self.max.y
    }

    /// Whether a closed segment shares a point with it.
    pub(crate) fn meets_segment(&self, a: Point, b: Point) -> bool {
        if !self.meets(&Self::of(a, b)) {
            return false;
        }
        if self.holds(a) || self.holds(b) {
            return true;
        }
        let corners = [
            self.min,
            Point {
                x: self.max.x,
                y: self.min.y,
            },
            self.max,
            Point {
                x: self.min.x,
                y: self.max.y,
            },
        ];
        let first = side(a, b, corners[0]);
        first.is_eq()
            || corners[1..]
                .iter()
                .any(|corner| side(a, b, *corner) != first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapping_is_stable_and_rounds_halves_to_even() {
        assert_eq!(
            Point::snap(113.590_1, 23.110_2),
            Some(Point {
                x: 113_590_100_000,
                y: 23_110_200_000
            })
        );
        assert_eq!(Point::snap(f64::NAN, 0.0), None);
        assert_eq!(Point::snap(180.000_000_1, 0.0), None);
        assert_eq!(Point::snap(0.0, -90.1), None);
        // 2^-10 degrees are 976562.5 units exactly.
        let half = 1.0 / 1024.0;
        assert_eq!(
            Point::snap(half, 3.0 * half),
            Some(Point {
                x: 976_562,
                y: 2_929_688
            })
        );
        let mut x = -180_000_000_000_i64;
        while x <= 180_000_000_000 {
            let point = Point { x, y: x / 2 };
            assert_eq!(Point::snap(point.lon(), point.lat()), Some(point));
            x += 359_999_983;
        }
    }

    #[test]
    fn segments_meet_at_ends_and_along_each_other() {
        let p = |x, y| Point { x, y };
        assert!(segments_meet(p(0, 0), p(4, 4), p(4, 4), p(9, 0)));
        assert!(segments_meet(p(0, 0), p(4, 0), p(2, 0), p(9, 0)));
        assert!(!segments_meet(p(0, 0), p(4, 0), p(5, 0), p(9, 0)));
        assert!(segments_meet(p(0, 0), p(4, 4), p(0, 4), p(4, 0)));
        assert!(!segments_meet(p(0, 0), p(4, 4), p(3, 2), p(9, 0)));
        assert!(segments_cross(p(0, 0), p(4, 4), p(0, 4), p(4, 0)));
        assert!(!segments_cross(p(0, 0), p(4, 4), p(2, 2), p(4, 0)));
    }

    #[test]
    fn a_rectangle_meets_a_segment_that_only_passes_through() {
        let p = |x, y| Point { x, y };
        let rect = Rect::of(p(0, 0), p(10, 10));
        assert!(rect.meets_segment(p(-5, 5), p(5, 15)), "touches a corner");
        assert!(!rect.meets_segment(p(-5, 6), p(4, 15)));
        assert!(rect.meets_segment(p(-5, 4), p(6, 15)));
        assert!(rect.meets_segment(p(2, 2), p(3, 3)));
    }
}
