//! From a village's own metres to longitude and latitude.

use geo::{Coord, LineString, Polygon};

/// A sinusoidal projection of the CGCS2000 ellipsoid about a village's middle:
/// x east, y north in metres; areas keep their size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    longitude: f64,
    latitude: f64,
}

const SEMI_MAJOR: f64 = 6_378_137.0;
const FLATTENING: f64 = 1.0 / 298.257_222_101;

/// Steps of the canonical lattice in a degree.
const LATTICE: f64 = 1e9;

impl Frame {
    /// A frame about a place, in degrees.
    pub(super) fn new(longitude: f64, latitude: f64) -> Self {
        Self {
            longitude,
            latitude,
        }
    }

    /// Longitude and latitude on the canonical lattice.
    pub(super) fn place(&self, [x, y]: [f64; 2]) -> Coord<f64> {
        let e2 = FLATTENING * (2.0 - FLATTENING);
        let w = |latitude: f64| (1.0 - e2 * latitude.to_radians().sin().powi(2)).sqrt();
        let meridian = |latitude: f64| SEMI_MAJOR * (1.0 - e2) / w(latitude).powi(3);
        let mut latitude = self.latitude + (y / meridian(self.latitude)).to_degrees();
        // The radius half-way there: the arc is then right to a millimetre over tens of km.
        let middle = f64::midpoint(self.latitude, latitude);
        latitude = self.latitude + (y / meridian(middle)).to_degrees();
        let parallel = SEMI_MAJOR / w(latitude) * latitude.to_radians().cos();
        let longitude = self.longitude + (x / parallel).to_degrees();
        Coord {
            x: (longitude * LATTICE).round() / LATTICE,
            y: (latitude * LATTICE).round() / LATTICE,
        }
    }

    /// A line of places.
    pub(super) fn line(&self, points: &[[f64; 2]]) -> LineString<f64> {
        let mut line: Vec<Coord<f64>> = points.iter().map(|&point| self.place(point)).collect();
        line.dedup();
        LineString::new(line)
    }

    /// A polygon from closed or open rings, the first the shell.
    pub(super) fn polygon(&self, shell: &[[f64; 2]], holes: &[Vec<[f64; 2]>]) -> Polygon<f64> {
        Polygon::new(
            self.line(shell),
            holes.iter().map(|hole| self.line(hole)).collect(),
        )
    }

    /// A polygon in metres turned into degrees.
    pub(super) fn project(&self, polygon: &Polygon<f64>) -> Polygon<f64> {
        let ring = |ring: &LineString<f64>| {
            let points: Vec<[f64; 2]> = ring.coords().map(|c| [c.x, c.y]).collect();
            self.line(&points)
        };
        Polygon::new(
            ring(polygon.exterior()),
            polygon.interiors().iter().map(ring).collect(),
        )
    }
}
