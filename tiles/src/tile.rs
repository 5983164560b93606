//! Which tile: zoom, column and row of a tiling.

use std::fmt;

use geo::{Coord, Rect};

use crate::grid::{EXTENT, GridPoint, Level, TilePoint, Tiling};

/// The deepest zoom that tiles are made for. One grid unit there is 2 mm on the equator.
pub const MAX_ZOOM: u8 = 22;

/// A tile: `x` grows to the east, `y` to the south (the XYZ scheme).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TileId {
    level: Level,
    x: u32,
    y: u32,
}

/// A zoom, column or row outside the grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "瓦片 {z}/{x}/{y} 不存在：级别须为 0–22，列号、行号须在该级的行列范围内 / there is no tile {z}/{x}/{y}: zoom must be 0 to 22, column and row within those of the zoom"
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
    /// The tile at a zoom, column and row of `WebMercatorQuad`.
    ///
    /// # Errors
    /// When the zoom is over [`MAX_ZOOM`], or the column or row is not in the grid.
    pub fn new(z: u8, x: u32, y: u32) -> Result<Self, OutsideGrid> {
        Self::of(Tiling::Mercator, z, x, y)
    }

    /// The tile at a zoom, column and row of a tiling.
    ///
    /// # Errors
    /// When the zoom is over [`MAX_ZOOM`], or the column or row is not in the grid.
    pub fn of(tiling: Tiling, z: u8, x: u32, y: u32) -> Result<Self, OutsideGrid> {
        let level = Level { tiling, z };
        if z > MAX_ZOOM || x >= level.tiles().0 || y >= level.tiles().1 {
            return Err(OutsideGrid { z, x, y });
        }
        Ok(Self { level, x, y })
    }

    /// The tile of `WebMercatorQuad` at a zoom that holds a longitude and latitude in degrees.
    /// Latitudes beyond the square of the projection (85.05°) belong to the outermost row.
    pub fn containing(place: Coord<f64>, z: u8) -> Option<Self> {
        let level = Level::mercator(z.min(MAX_ZOOM));
        let last = i64::from(level.tiles().0 - 1);
        let GridPoint { x, y } = level.project(place)?;
        let index = |units: i64| u32::try_from((units / EXTENT).clamp(0, last)).ok();
        Some(Self {
            level,
            x: index(x)?,
            y: index(y)?,
        })
    }

    /// The zoom in its tiling.
    pub fn z(self) -> u8 {
        self.level.z
    }

    /// The zoom of `WebMercatorQuad` that shows as much in a tile: what rules are stated in.
    pub fn zoom(self) -> u8 {
        self.level.zoom()
    }

    /// The level whose grid it is drawn on.
    pub(crate) fn level(self) -> Level {
        self.level
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
        let level = Level {
            z: self.level.z.checked_sub(1)?,
            ..self.level
        };
        Some(Self {
            level,
            x: self.x / 2,
            y: self.y / 2,
        })
    }

    /// The four tiles one zoom down; none below [`MAX_ZOOM`].
    pub fn children(self) -> impl Iterator<Item = Self> {
        let deeper = (self.z() < MAX_ZOOM).then_some(Level {
            z: self.z() + 1,
            ..self.level
        });
        deeper.into_iter().flat_map(move |level| {
            [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(dx, dy)| Self {
                level,
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
        #[expect(clippy::cast_precision_loss, reason = "grid units stay below 2^37")]
        let corner = |by: i64| {
            let (x, y) = (origin.x + by, origin.y + by);
            self.level.unproject(x as f64, y as f64)
        };
        Rect::new(corner(-units), corner(far))
    }

    /// Where a longitude and latitude in degrees lies in the tile; none where it lies in another.
    pub fn point(self, place: Coord<f64>) -> Option<TilePoint> {
        let (at, origin) = (self.level.project(place)?, self.origin());
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
        write!(f, "{}/{}/{}", self.z(), self.x, self.y)
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

    /// 17-083r4, D.1: two tiles at zoom 0, 0.703125° a pixel of 256.
    #[test]
    fn a_tiling_of_degrees_is_twice_as_wide_as_high() {
        let east = TileId::of(Tiling::Degrees, 0, 1, 0).unwrap();
        assert_eq!(east.bounds(), Rect::new((0.0, -90.0), (180.0, 90.0)));
        assert!(TileId::of(Tiling::Degrees, 0, 2, 0).is_err());
        assert!(TileId::of(Tiling::Degrees, 3, 0, 8).is_err());
        let place = Coord {
            x: 113.3245,
            y: 23.1066,
        };
        let tile = TileId::of(Tiling::Degrees, 16, 106_796, 24_355).unwrap();
        assert_eq!(tile.zoom(), 17);
        let bounds = tile.bounds();
        assert!((bounds.width() - 180.0 / 65_536.0).abs() < 1e-9);
        assert!(
            bounds.min().x <= place.x && place.x < bounds.max().x,
            "{bounds:?}"
        );
        assert!(
            bounds.min().y < place.y && place.y <= bounds.max().y,
            "{bounds:?}"
        );
        let point = tile.point(place).unwrap();
        assert!((0..EXTENT).contains(&point.x.into()) && (0..EXTENT).contains(&point.y.into()));
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
