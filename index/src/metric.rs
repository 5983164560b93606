//! Distances in metres on the ellipsoid.

use geo::{Distance, Geodesic, Point as Degrees};

use crate::{Point, Rect};

/// WGS 84, semi-major axis in metres and squared eccentricity.
pub(crate) const MAJOR: f64 = 6_378_137.0;
pub(crate) const ECCENTRICITY_SQUARED: f64 = 0.006_694_379_990_141_316;

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

/// The plane that touches the ellipsoid at a point.
///
/// Distances to what is nearest are compared in it, and the nearest alone is measured on the
/// ellipsoid: it is true to one in a million within a kilometre.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plane {
    p: Point,
    /// Metres of a degree there.
    metres: (f64, f64),
    /// By how much they change over a degree of latitude.
    change: (f64, f64),
}

/// The nearest place on something.
pub(crate) struct Nearest<'a> {
    plane: &'a Plane,
    /// In degrees.
    place: (f64, f64),
    /// In the plane.
    squared: f64,
}

impl Plane {
    /// Degrees north or south of the point over which metres of a degree change evenly: to
    /// one in a hundred million.
    const EVEN: f64 = 0.005;

    pub(crate) fn at(p: Point) -> Self {
        let lat = p.lat();
        let (south, north) = (
            metres_of_degree(lat - Self::EVEN),
            metres_of_degree(lat + Self::EVEN),
        );
        let change = |south: f64, north: f64| (north - south) / (2.0 * Self::EVEN);
        Self {
            p,
            metres: metres_of_degree(lat),
            change: (change(south.0, north.0), change(south.1, north.1)),
        }
    }

    /// The point that it touches.
    pub(crate) fn point(&self) -> Point {
        self.p
    }

    /// Metres of a degree so many degrees north of the point.
    fn metres(&self, north: f64) -> (f64, f64) {
        if north.abs() > Self::EVEN {
            return metres_of_degree(self.p.lat() + north);
        }
        (
            self.metres.0 + self.change.0 * north,
            self.metres.1 + self.change.1 * north,
        )
    }

    /// A place in it, in metres, and from the point in degrees.
    #[expect(
        clippy::cast_precision_loss,
        reason = "differences are at most 3.6e11, exact in a double"
    )]
    fn flat(&self, q: Point) -> (f64, f64, f64, f64) {
        let (x, y) = (
            (q.x - self.p.x) as f64 * 1e-9,
            (q.y - self.p.y) as f64 * 1e-9,
        );
        let (dx, dy) = self.metres(y / 2.0);
        (x * dx, y * dy, x, y)
    }

    /// The nearest place on any of some segments; none where there is no segment.
    pub(crate) fn nearest_on(
        &self,
        segments: impl Iterator<Item = (Point, Point)>,
    ) -> Option<Nearest<'_>> {
        let mut best: Option<(f64, (f64, f64))> = None;
        let mut last: Option<(Point, (f64, f64, f64, f64))> = None;
        for (a, b) in segments {
            // Where a ring goes on from the last segment, its end is known.
            let (ax, ay, alon, alat) = match last {
                Some((point, known)) if point == a => known,
                _ => self.flat(a),
            };
            let end = self.flat(b);
            last = Some((b, end));
            let (bx, by, blon, blat) = end;
            let (dx, dy) = (bx - ax, by - ay);
            let length = dx * dx + dy * dy;
            let along = if length == 0.0 {
                0.0
            } else {
                (-(ax * dx + ay * dy) / length).clamp(0.0, 1.0)
            };
            let (x, y) = (ax + along * dx, ay + along * dy);
            let squared = x * x + y * y;
            if best.is_none_or(|(least, _)| squared < least) {
                best = Some((
                    squared,
                    (alon + along * (blon - alon), alat + along * (blat - alat)),
                ));
            }
        }
        best.map(|(squared, (lon, lat))| Nearest {
            plane: self,
            place: (self.p.lon() + lon, self.p.lat() + lat),
            squared,
        })
    }
}

impl Nearest<'_> {
    /// Metres that it is surely away.
    pub(crate) fn at_least_m(&self) -> f64 {
        /// Within this of the point, and this far from the poles, the plane is true to one in
        /// three hundred thousand.
        const NEAR_M: f64 = 10_000.0;
        const POLAR: f64 = 80.0;
        let flat = self.squared.sqrt();
        if flat < NEAR_M && self.plane.p.lat().abs() < POLAR {
            flat * (1.0 - 1e-5)
        } else {
            0.0
        }
    }

    /// Geodesic distance from the point.
    pub(crate) fn distance_m(&self) -> f64 {
        distance_m(self.plane.p, self.place)
    }
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
    fn nothing_is_nearer_than_the_plane_says() {
        for (lat, north, east) in (-79..=79).flat_map(|lat| {
            let ways = [(0.0, 1.0), (1.0, 0.0), (0.7, 0.7), (-0.7, 0.7)];
            ways.map(|(north, east)| (f64::from(lat), north, east))
        }) {
            for far in [1e-6, 1e-4, 0.004, 0.009, 0.03, 0.08, 1.0] {
                let p = Point::snap(113.59, lat).unwrap();
                let (lon, lat) = (113.59 + far * east, lat + far * north);
                let q = Point::snap(lon, lat).unwrap();
                let plane = Plane::at(p);
                let found = plane.nearest_on(std::iter::once((q, q))).unwrap();
                let (least, metres) = (found.at_least_m(), found.distance_m());
                assert!(least <= metres, "{p:?} {q:?}: {least} of {metres}");
                assert!(
                    metres > 9_000.0 || least > metres * 0.99998,
                    "{least} of {metres}"
                );
            }
        }
    }

    #[test]
    fn the_nearest_place_on_a_segment_is_geodesically_nearest() {
        let at = |lon, lat| Point::snap(lon, lat).unwrap();
        let (p, a, b) = (at(113.59, 23.11), at(113.595, 23.105), at(113.6, 23.119));
        let plane = Plane::at(p);
        let found = plane.nearest_on(std::iter::once((a, b))).unwrap();
        let found = found.distance_m();
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
