//! Distances in metres on the ellipsoid.

use geo::{Distance, Geodesic, Point as Degrees};

use crate::{Point, Rect};

/// WGS 84, semi-major axis in metres and squared eccentricity.
const MAJOR: f64 = 6_378_137.0;
const ECCENTRICITY_SQUARED: f64 = 0.006_694_379_990_141_316;

/// Metres of a degree of longitude and of latitude at a latitude in degrees.
pub(crate) fn metres_of_degree(lat: f64) -> (f64, f64) {
    let (sin, cos) = lat.to_radians().sin_cos();
    let w = 1.0 - ECCENTRICITY_SQUARED * sin * sin;
    let normal = MAJOR / w.sqrt();
    let meridian = normal * (1.0 - ECCENTRICITY_SQUARED) / w;
    ((normal * cos).to_radians(), meridian.to_radians())
}

/// The degrees of longitude and latitude that surely reach a number of metres from a
/// place, at most half the globe. For search windows: one in a hundred too wide.
pub fn degrees_of(metres: f64, lat: f64) -> (f64, f64) {
    let (_, dy) = metres_of_degree(0.0);
    let high = (metres * 1.01 / dy).min(180.0);
    // Towards the pole a degree of longitude shrinks: take the far edge of the window.
    let (dx, _) = metres_of_degree((lat.abs() + high).min(89.9));
    ((metres * 1.01 / dx).min(180.0), high)
}

/// The window around a point that holds everything within a number of metres.
pub(crate) fn window(p: Point, metres: f64) -> Rect {
    let (dx, dy) = degrees_of(metres, p.lat());
    #[expect(clippy::cast_possible_truncation, reason = "at most 180 degrees")]
    let (dx, dy) = ((dx * 1e9) as i64 + 1, (dy * 1e9) as i64 + 1);
    Rect {
        min: Point {
            x: p.x - dx,
            y: p.y - dy,
        },
        max: Point {
            x: p.x + dx,
            y: p.y + dy,
        },
    }
}

/// What is surely between a point and rectangles that meet the window of some metres around it.
pub(crate) struct Least {
    p: Point,
    east_m: f64,
    north_m: f64,
}

impl Least {
    /// For the window of a number of metres around a point.
    pub(crate) fn new(p: Point, metres: f64) -> Self {
        let (dx, dy) = degrees_of(metres, p.lat());
        Self {
            p,
            east_m: metres / dx,
            north_m: metres / dy,
        }
    }

    /// Metres that everything in a rectangle is away at least, or more than the window's: the
    /// window of fewer does not reach it.
    #[expect(clippy::cast_precision_loss, reason = "a bound")]
    pub(crate) fn to(&self, rect: &Rect) -> f64 {
        let gap = |low: i64, at: i64, high: i64| (low - at).max(at - high).max(0) as f64 * 1e-9;
        let east = gap(rect.min.x, self.p.x, rect.max.x) * self.east_m;
        let north = gap(rect.min.y, self.p.y, rect.max.y) * self.north_m;
        east.max(north)
    }
}

/// Geodesic distance in metres.
pub(crate) fn distance_m(a: Point, b: (f64, f64)) -> f64 {
    Geodesic.distance(Degrees::new(a.lon(), a.lat()), Degrees::new(b.0, b.1))
}

/// The nearest place, in degrees, to a point on any of some segments.
///
/// Chosen in a plane that touches the ellipsoid at the point, true to one in a million
/// within a kilometre; the distance is then measured on the ellipsoid.
pub(crate) fn nearest_on(
    p: Point,
    segments: impl Iterator<Item = (Point, Point)>,
) -> Option<(f64, f64)> {
    let (lon, lat) = (p.lon(), p.lat());
    #[expect(
        clippy::cast_precision_loss,
        reason = "differences are at most 3.6e11, exact in a double"
    )]
    let flat = |q: Point| {
        let (x, y) = ((q.x - p.x) as f64 * 1e-9, (q.y - p.y) as f64 * 1e-9);
        let (dx, dy) = metres_of_degree(lat + y / 2.0);
        (x * dx, y * dy, x, y)
    };
    let mut best: Option<(f64, (f64, f64))> = None;
    for (a, b) in segments {
        let (ax, ay, alon, alat) = flat(a);
        let (bx, by, blon, blat) = flat(b);
        let (dx, dy) = (bx - ax, by - ay);
        let length = dx * dx + dy * dy;
        let along = if length == 0.0 {
            0.0
        } else {
            (-(ax * dx + ay * dy) / length).clamp(0.0, 1.0)
        };
        let (x, y) = (ax + along * dx, ay + along * dy);
        let distance = x * x + y * y;
        if best.is_none_or(|(least, _)| distance < least) {
            best = Some((
                distance,
                (
                    lon + alon + along * (blon - alon),
                    lat + alat + along * (blat - alat),
                ),
            ));
        }
    }
    best.map(|(_, place)| place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_reaches_the_metres_asked_for() {
        let p = Point::snap(113.59, 23.11).unwrap();
        for metres in [1.0, 50.0, 1_000.0, 100_000.0] {
            let rect = window(p, metres);
            let east = distance_m(p, (rect.max.lon(), p.lat()));
            let north = distance_m(p, (p.lon(), rect.max.lat()));
            assert!(
                east >= metres && north >= metres,
                "{metres}: {east} {north}"
            );
        }
    }

    #[test]
    fn no_rectangle_is_nearer_than_it_surely_is() {
        for (lon, lat, metres) in [
            (113.59, 23.11, 30.0),
            (113.59, -60.0, 4_000.0),
            (0.0, 88.0, 20_000.0),
        ] {
            let p = Point::snap(lon, lat).unwrap();
            let (window, least) = (window(p, metres), Least::new(p, metres));
            for step in 0..400_i64 {
                let part = |low: i64, high: i64, of: i64| low + (high - low) / 20 * of;
                let corner = Point {
                    x: part(window.min.x, window.max.x, step % 20),
                    y: part(window.min.y, window.max.y, step / 20),
                };
                let far = distance_m(p, (corner.lon(), corner.lat()));
                let least = least.to(&Rect::of(corner, corner));
                assert!(least <= far, "{corner:?}: {least} {far}");
            }
        }
    }

    #[test]
    fn the_nearest_place_on_a_segment_is_geodesically_nearest() {
        let at = |lon, lat| Point::snap(lon, lat).unwrap();
        let (p, a, b) = (at(113.59, 23.11), at(113.595, 23.105), at(113.6, 23.119));
        let place = nearest_on(p, std::iter::once((a, b))).unwrap();
        let found = distance_m(p, place);
        let least = (0..=100_000)
            .map(|step| {
                let t = f64::from(step) / 100_000.0;
                distance_m(
                    p,
                    (
                        a.lon() + t * (b.lon() - a.lon()),
                        a.lat() + t * (b.lat() - a.lat()),
                    ),
                )
            })
            .fold(f64::INFINITY, f64::min);
        assert!(
            (found - least).abs() < 1e-4 * least.max(1.0) * 0.01,
            "{found} {least}"
        );
    }
}
