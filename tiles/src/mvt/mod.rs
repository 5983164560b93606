//! Mapbox Vector Tile 2.1 (<https://github.com/mapbox/vector-tile-spec/tree/master/2.1>).

mod decode;
mod encode;
mod wire;

pub use decode::{DecodeError, DecodedFeature, DecodedLayer, DecodedValue, decode};
pub use encode::encode;

/// The media type of a tile.
pub const MEDIA_TYPE: &str = "application/vnd.mapbox-vector-tile";

/// The field numbers of `vector_tile.proto`.
mod field {
    pub(super) const TILE_LAYERS: u32 = 3;
    pub(super) const LAYER_NAME: u32 = 1;
    pub(super) const LAYER_FEATURES: u32 = 2;
    pub(super) const LAYER_KEYS: u32 = 3;
    pub(super) const LAYER_VALUES: u32 = 4;
    pub(super) const LAYER_EXTENT: u32 = 5;
    pub(super) const LAYER_VERSION: u32 = 15;
    pub(super) const FEATURE_ID: u32 = 1;
    pub(super) const FEATURE_TAGS: u32 = 2;
    pub(super) const FEATURE_TYPE: u32 = 3;
    pub(super) const FEATURE_GEOMETRY: u32 = 4;
    pub(super) const VALUE_STRING: u32 = 1;
    pub(super) const VALUE_DOUBLE: u32 = 3;
    pub(super) const VALUE_UINT: u32 = 5;
    pub(super) const VALUE_SINT: u32 = 6;
    pub(super) const VALUE_BOOL: u32 = 7;
}

/// The commands of a geometry (4.3.1).
mod command {
    pub(super) const MOVE_TO: u32 = 1;
    pub(super) const LINE_TO: u32 = 2;
    pub(super) const CLOSE_PATH: u32 = 7;
}
