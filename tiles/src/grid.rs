//! Integer coordinates: the world at a zoom, and one tile.

use std::f64::consts::PI;

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
    /// Units south of the northern edge of the Mercator square.
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

/// The point of the world grid at a zoom that is nearest to a longitude and latitude in
/// degrees; none where a coordinate is not a finite number. Latitudes are held to 85.05°.
pub fn project(place: Coord<f64>, z: u8) -> Option<GridPoint> {
    if !place.x.is_finite() || !place.y.is_finite() || place.x.abs() > 540.0 {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "a power of two is exact")]
    let world = (EXTENT << z) as f64;
    let latitude = place.y.clamp(-LAST_LATITUDE, LAST_LATITUDE).to_radians();
    let across = place.x / 360.0 + 0.5;
    let down = 0.5 - latitude.sin().atanh() / (2.0 * PI);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "below 2^36 by the limits above"
    )]
    Some(GridPoint {
        x: (across * world).round() as i64,
        y: (down * world).round() as i64,
    })
}
