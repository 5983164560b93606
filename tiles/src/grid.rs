//! Integer coordinates: the world at a zoom, and one tile.

use std::{f64::consts::PI, sync::LazyLock};

use geo::Coord;

/// Grid units along the side of a tile.
pub const EXTENT: i64 = 4096;

/// The latitude in degrees at which the Mercator square ends.
const LAST_LATITUDE: f64 = 85.051_128_779_806_59;

/// A point on the world grid of one zoom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GridPoint {
    /// Units east of the antimeridian.
    pub x: i64,
    /// Units south of the northern edge of the tiling.
    pub y: i64,
}

/// A point in one tile; outside 0 to [`EXTENT`] it lies in the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TilePoint {
    /// Units east of the tile's western edge.
    pub x: i32,
    /// Units south of the tile's northern edge.
    pub y: i32,
}

/// What ring arithmetic needs of a point, whichever space it lives in.
pub(crate) trait Lattice: Copy + Eq + Ord {
    /// East and south in units.
    fn xy(self) -> (i64, i64);
}

impl Lattice for GridPoint {
    fn xy(self) -> (i64, i64) {
        (self.x, self.y)
    }
}

impl Lattice for TilePoint {
    fn xy(self) -> (i64, i64) {
        (self.x.into(), self.y.into())
    }
}

/// How the world is laid out in tiles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tiling {
    /// Squares of the Mercator projection (EPSG:3857), one at zoom 0: OGC `WebMercatorQuad`.
    #[default]
    Mercator,
    /// Squares of degrees, two at zoom 0: OGC `WorldCRS84Quad`, and 天地图's `c` from its level 1.
    Degrees,
}

/// A zoom of a tiling: what a grid of units is laid over the world by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Level {
    pub(crate) tiling: Tiling,
    pub(crate) z: u8,
}

impl Level {
    /// A zoom of the Mercator projection.
    pub(crate) fn mercator(z: u8) -> Self {
        Self {
            tiling: Tiling::Mercator,
            z,
        }
    }

    /// Columns and rows of tiles.
    pub(crate) fn tiles(self) -> (u32, u32) {
        let rows = 1 << self.z;
        match self.tiling {
            Tiling::Mercator => (rows, rows),
            Tiling::Degrees => (2 * rows, rows),
        }
    }

    /// The zoom of the Mercator projection that shows as much of the equator in a tile.
    pub(crate) fn zoom(self) -> u8 {
        match self.tiling {
            Tiling::Mercator => self.z,
            Tiling::Degrees => self.z + 1,
        }
    }

    /// Units around the equator.
    #[expect(clippy::cast_precision_loss, reason = "a power of two is exact")]
    pub(crate) fn world(self) -> f64 {
        (EXTENT << self.zoom()) as f64
    }

    /// The point of the grid that is nearest to a longitude and latitude in degrees; none where
    /// a coordinate is not a finite number. Latitudes are held to the tiling's.
    pub(crate) fn project(self, place: Coord<f64>) -> Option<GridPoint> {
        self.projection().project(place)
    }

    /// What [`Level::project`] needs, for many places.
    pub(crate) fn projection(self) -> Projection {
        let world = self.world();
        Projection {
            tiling: self.tiling,
            middle: world / 2.0,
            a_degree: world / 360.0,
            a_radian: world / (2.0 * PI),
            series: &SERIES,
        }
    }

    /// Longitude and latitude in degrees of a place in units.
    pub(crate) fn unproject(self, x: f64, y: f64) -> Coord<f64> {
        let across = (x / self.world() * 360.0 - 180.0).clamp(-180.0, 180.0);
        let down = y / self.world();
        let latitude = match self.tiling {
            Tiling::Mercator => {
                let down = down.clamp(0.0, 1.0);
                (PI * (1.0 - 2.0 * down)).sinh().atan().to_degrees()
            }
            Tiling::Degrees => (90.0 - down * 360.0).clamp(-90.0, 90.0),
        };
        Coord {
            x: across,
            y: latitude,
        }
    }
}

/// How places come onto the grid of a level, of which a few figures are worked out once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Projection {
    tiling: Tiling,
    /// Units from the antimeridian to the middle of the world.
    middle: f64,
    /// Units in a degree and in a radian of longitude.
    a_degree: f64,
    a_radian: f64,
    series: &'static [[f64; 7]],
}

impl Projection {
    /// As [`Level::project`].
    #[inline]
    pub(crate) fn project(&self, place: Coord<f64>) -> Option<GridPoint> {
        // Neither holds for what is no number.
        if !(place.x.abs() <= 540.0 && place.y.abs() <= f64::MAX) {
            return None;
        }
        let down = match self.tiling {
            Tiling::Mercator => {
                let latitude = place.y.clamp(-LAST_LATITUDE, LAST_LATITUDE);
                self.middle - stretched(self.series, latitude) * self.a_radian
            }
            Tiling::Degrees => self.middle / 2.0 - place.y.clamp(-90.0, 90.0) * self.a_degree,
        };
        Some(GridPoint {
            x: rounded(self.middle + place.x * self.a_degree),
            y: rounded(down),
        })
    }
}

/// The point of the Mercator grid at a zoom that is nearest to a longitude and latitude in
/// degrees; none where a coordinate is not a finite number. Latitudes are held to 85.05°.
pub fn project(place: Coord<f64>, z: u8) -> Option<GridPoint> {
    Level::mercator(z).project(place)
}

/// Bands of latitude in a degree.
const BANDS: f64 = 8.0;
/// Beyond this latitude in degrees the series is not good enough, nor does anyone live there.
const INHABITED: f64 = 80.0;

/// The projection around the middle of each band, good to the last bits and ten times as quick as
/// the formula: tiles are mostly this.
static SERIES: LazyLock<Vec<[f64; 7]>> = LazyLock::new(|| {
    let bands = 0..=(2.0 * INHABITED * BANDS) as u32;
    bands.map(|band| series(middle(f64::from(band)))).collect()
});

/// How far from the equator the projection puts a latitude in degrees, in radians of
/// longitude. It depends on the latitude alone, so a vertex is at one place in every tile.
#[inline]
fn stretched(series: &[[f64; 7]], latitude: f64) -> f64 {
    if latitude.abs() >= INHABITED {
        return latitude.to_radians().sin().atanh();
    }
    let band = ((latitude + INHABITED) * BANDS) as usize;
    let by = (latitude - middle(band as f64)).to_radians();
    let [a, b, c, d, e, f, g] = series[band];
    // By twos, so that the processor need not wait for one term after the other (Estrin 1960).
    let (square, fourth) = (by * by, by * by * (by * by));
    (a + b * by) + (c + d * by) * square + ((e + f * by) + g * square) * fourth
}

/// The nearest whole number, halves to the even one: below 2^38 by the limits of [`Level`].
///
/// Beyond 2^52 a double has no bits for parts, so adding so much rounds. Without knowing the
/// processor, the compiler would call a function for it.
fn rounded(units: f64) -> i64 {
    const WHOLE: f64 = 3.0 * (1_u64 << 51) as f64;
    #[expect(clippy::cast_possible_truncation, reason = "whole numbers below 2^38")]
    {
        ((units + WHOLE) - WHOLE) as i64
    }
}

/// The latitude in degrees in the middle of a band.
fn middle(band: f64) -> f64 {
    (band + 0.5) / BANDS - INHABITED
}

/// The series of Taylor of the projection around a latitude in degrees.
fn series(latitude: f64) -> [f64; 7] {
    let (sin, cos) = latitude.to_radians().sin_cos();
    let (s, t) = (1.0 / cos, sin / cos);
    let (ss, tt) = (s * s, t * t);
    [
        sin.atanh(),
        s,
        s * t / 2.0,
        s * (tt + ss) / 6.0,
        s * t * (tt + 5.0 * ss) / 24.0,
        s * (tt * tt + 18.0 * ss * tt + 5.0 * ss * ss) / 120.0,
        s * t * (tt * tt + 58.0 * ss * tt + 61.0 * ss * ss) / 720.0,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_series_is_the_formula() {
        for step in -849_000..=849_000_i32 {
            let latitude = f64::from(step) / 10_000.0 + 0.000_037;
            let truth = latitude.to_radians().sin().atanh();
            let by = (stretched(&SERIES, latitude) - truth).abs();
            // A hundredth of a unit at the deepest zoom is 9e-13 radians.
            assert!(by < 2e-13, "{latitude}: {by}");
        }
    }
}
