//! What the screen draws: the tile grid, clipping, generalising and encoding.
//!
//! Pure: geometry in, bytes out; no files, no network, no clock. A coordinate lives in
//! one of three spaces, each with its own type, so that they cannot be mixed:
//!
//! | space | type | unit, origin |
//! |---|---|---|
//! | the earth | [`geo::Coord`] | degrees, longitude then latitude (EPSG:4490, WGS 84) |
//! | the world at a zoom | [`GridPoint`] | 1/4096 of a tile, from the north-west corner of the world, y to the south |
//! | a tile | [`TilePoint`] | 1/4096 of a tile, from the tile's north-west corner, y to the south |
//!
//! The first step rounds to the world grid of the zoom; every later step is integer
//! arithmetic on it. So a vertex shared by two features, or seen from two tiles, is the
//! same vertex everywhere.
//!
//! ```
//! use std::borrow::Cow;
//!
//! use geo::{Geometry, Point};
//! use yizhangtu_tiles::{Feature, Rules, TileId, Value, draw, mvt};
//!
//! let tile = TileId::new(15, 26_713, 14_220)?;
//! let place = Geometry::Point(Point::from(tile.bounds().center()));
//! let layer = draw(tile, "place", &Rules::default(), [Feature {
//!     number: 7,
//!     geometry: Cow::Owned(place),
//!     properties: vec![("id", Value::from("place-7"))],
//! }]);
//! let bytes = mvt::encode(&[layer]);
//! assert_eq!(mvt::decode(&bytes)?[0].features[0].number, 7);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod aggregate;
mod clip;
mod draw;
mod encoding;
mod grid;
mod label;
mod layer;
mod measure;
mod merge;
pub mod mlt;
pub mod mvt;
mod ring;
mod shape;
mod simplify;
mod tile;

pub use aggregate::{Aggregate, aggregate};
pub use draw::{Feature, Rules, draw};
pub use encoding::{EncodeError, Encoder, Encoding};
pub use grid::{EXTENT, GridPoint, TilePoint, Tiling, project};
pub use label::{LabelPoint, label_point};
pub use layer::{TileFeature, TileLayer, Value, feature_number};
pub use merge::{AREA, COUNT, LENGTH};
pub use shape::{Polygon, Shape};
pub use tile::{MAX_ZOOM, OutsideGrid, TileId};
