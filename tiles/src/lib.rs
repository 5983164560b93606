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
//! use yizhangtu_tiles::{Canvas, Kind, Rules, Shape, TileId, Value, mvt};
//!
//! let tile = TileId::new(15, 26_713, 14_220)?;
//! let mut canvas = Canvas::new(tile, "place", &Rules::default());
//! let mut place = Shape::default();
//! place.add(Kind::Points, [tile.bounds().center()]);
//! canvas.add(7, place.view(), [("id", Value::from("place-7"))]);
//! let bytes = mvt::encode(&[canvas.finish()]);
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
mod quantise;
mod ring;
mod shape;
mod simplify;
mod tile;

pub use aggregate::{Aggregate, aggregate};
pub use draw::{Canvas, Rules};
pub use encoding::{EncodeError, Encoder, Encoding};
pub use grid::{EXTENT, GridPoint, TilePoint, Tiling, project};
pub use label::{LabelPoint, label_point};
pub use layer::{TileFeature, TileLayer, Value, feature_number};
pub use merge::{AREA, COUNT, Ground, LENGTH, SquareId, Survey};
pub use shape::{Kind, Polygon, Shape, View};
pub use tile::{MAX_ZOOM, OutsideGrid, TileId};
