//! Which tile: zoom, column and row of the WebMercatorQuad grid.

use std::{f64::consts::PI, fmt};

use geo::{Coord, Rect};

use crate::grid::{EXTENT, GridPoint, TilePoint, project};

/// The deepest zoom that tiles are made for. One grid unit there is 2 mm on the equator.
pub const MAX_ZOOM: u8 = 22;

/// A tile of the XYZ scheme (OGC `WebMercatorQuad`): `x` grows to the east, `y` to the south.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TileId {
    z: u8,
    x: u32,
    y: u32,
}

/// A zoom, column or row outside the grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "瓦片 {z}/{x}/{y} 不存在：级别须为 0–22，列号、行号须小于 2 的级别次方 / there is no tile {z}/{x}/{y}: zoom must be 0 to 22, column and row below 2 to the power of the zoom"
)]
pub struct OutsideGrid {
    /// The zoom that was asked for.
    pub z: u8,
    /// The column that was asked for.
    pub x: u32,
    /// The row that was asked for.
    pub y: u32,
}

impl TileId {
    /// The tile at a zoom, column and row.
    ///
    /// # Errors
    /// When the zoom is over [`MAX_ZOOM`], or the column or row is not in the grid.
    pub fn new(z: u8, x: u32, y: u32) -> Result<Self, OutsideGrid> {
        if z > MAX_ZOOM || x >> z != 0 || y >> z != 0 {
            return Err(OutsideGrid { z, x, y });
        }
        Ok(Self { z, x, y })
    }

    /// The tile at a zoom that holds a longitude and latitude in degrees. Latitudes beyond
    /// the square of the projection (85.05°) belong to the outermost row.
    pub fn containing(place: Coord<f64>, z: u8) -> Option<Self> {
        let z = z.min(MAX_ZOOM);
        let last = (1_i64 << z) - 1;
        let GridPoint { x, y } = project(place, z)?;
        let index = |units: i64| u32::try_from((units / EXTENT).clamp(0, last)).ok();
        Some(Self {
            z,
            x: index(x)?,
            y: index(y)?,
        })
    }

    /// The zoom.
    pub fn z(self) -> u8 {
        self.z
    }

    /// The column, from the antimeridian to the east.
    pub fn x(self) -> u32 {
        self.x
    }

    /// The row, from the north to the south.
    pub fn y(self) -> u32 {
        self.y
    }

    /// The tile one zoom up that holds this one.
    pub fn parent(self) -> Option<Self> {
        let z = self.z.checked_sub(1)?;
        Some(Self {
            z,
            x: self.x / 2,
            y: self.y / 2,
        })
    }

    /// The four tiles one zoom down; none below [`MAX_ZOOM`].
    pub fn children(self) -> impl Iterator<Item = Self> {
        let deeper = (self.z < MAX_ZOOM).then_some(self.z + 1);
        deeper.into_iter().flat_map(move |z| {
            [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(dx, dy)| Self {
                z,
                x: 2 * self.x + dx,
                y: 2 * self.y + dy,
            })
        })
    }

    /// The box of the tile: longitude and latitude in degrees.
    pub fn bounds(self) -> Rect<f64> {
        self.bounds_with_buffer(0)
    }

    /// The box of the tile widened by a buffer in grid units: longitude and latitude in degrees.
    pub fn bounds_with_buffer(self, units: i64) -> Rect<f64> {
        let origin = self.origin();
        let far = EXTENT + units;
        Rect::new(
            corner(origin.x - units, origin.y - units, self.z),
            corner(origin.x + far, origin.y + far, self.z),
        )
    }

    /// Where a longitude and latitude in degrees lies in the tile; none where it lies in another.
    pub fn point(self, place: Coord<f64>) -> Option<TilePoint> {
        let (at, origin) = (project(place, self.z)?, self.origin());
        let within = |units: i64| {
            let inside = (0..EXTENT).contains(&units);
            inside.then(|| i32::try_from(units).ok()).flatten()
        };
        Some(TilePoint {
            x: within(at.x - origin.x)?,
            y: within(at.y - origin.y)?,
        })
    }

    /// The north-west corner of the tile on the world grid of its zoom.
    pub fn origin(self) -> GridPoint {
        GridPoint {
            x: i64::from(self.x) * EXTENT,
            y: i64::from(self.y) * EXTENT,
        }
    }
}

impl fmt::Display for TileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.z, self.x, self.y)
    }
}

#[expect(clippy::cast_precision_loss, reason = "grid units stay below 2^35")]
fn corner(x: i64, y: i64, z: u8) -> Coord<f64> {
    unproject(x as f64, y as f64, z)
}

/// Longitude and latitude in degrees of a place on the world grid of a zoom, in units.
#[expect(clippy::cast_precision_loss, reason = "a power of two is exact")]
pub(crate) fn unproject(x: f64, y: f64, z: u8) -> Coord<f64> {
    let world = (EXTENT << z) as f64;
    let across = x / world;
    let down = (y / world).clamp(0.0, 1.0);
    Coord {
        x: (across * 360.0 - 180.0).clamp(-180.0, 180.0),
        y: (PI * (1.0 - 2.0 * down)).sinh().atan().to_degrees(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_world_is_one_tile_at_zoom_nought() {
        let bounds = TileId::new(0, 0, 0).unwrap().bounds();
        assert!((bounds.min().x + 180.0).abs() < 1e-12);
        assert!((bounds.max().y - 85.051_128_779_806_59).abs() < 1e-9);
    }

    #[test]
    fn tiles_outside_the_grid_are_refused() {
        assert!(TileId::new(23, 0, 0).is_err());
        assert!(TileId::new(3, 8, 0).is_err());
        assert!(TileId::new(3, 0, 8).is_err());
        assert!(TileId::new(3, 7, 7).is_ok());
    }

    #[test]
    fn a_place_lies_in_the_box_of_its_tile() {
        // Figures of the slippy map tile names page of OpenStreetMap for 广州塔.
        let place = Coord {
            x: 113.3245,
            y: 23.1066,
        };
        for z in 0..=MAX_ZOOM {
            let tile = TileId::containing(place, z).unwrap();
            let bounds = tile.bounds();
            assert!(
                bounds.min().x <= place.x && place.x < bounds.max().x,
                "{tile}"
            );
            assert!(
                bounds.min().y < place.y && place.y <= bounds.max().y,
                "{tile}"
            );
        }
        assert_eq!(
            TileId::containing(place, 10).unwrap(),
            TileId::new(10, 834, 444).unwrap()
        );
    }

    #[test]
    fn a_parent_holds_its_child() {
        let tile = TileId::new(5, 17, 30).unwrap();
        assert_eq!(tile.parent(), Some(TileId::new(4, 8, 15).unwrap()));
        assert_eq!(TileId::new(0, 0, 0).unwrap().parent(), None);
        assert_eq!(
            tile.children()
                .filter(|child| child.parent() == Some(tile))
                .count(),
            4
        );
        assert_eq!(TileId::new(MAX_ZOOM, 0, 0).unwrap().children().count(), 0);
    }
}
