//! The ways in which a tile is written.

use crate::{TileLayer, mlt, mvt};

/// Writes tiles. What an encoder is made of stays behind this, so that another can take its
/// place.
pub trait Encoder: Sync {
    /// The media type of a tile.
    fn media_type(&self) -> &'static str;

    /// The bytes of a tile; empty where no layer has a feature.
    ///
    /// # Errors
    /// When a layer cannot be written.
    fn encode(&self, layers: &[TileLayer<'_>]) -> Result<Vec<u8>, EncodeError>;
}

/// A tile that cannot be written.
#[derive(Clone, Debug, thiserror::Error)]
#[error("瓦片无法编码：{0} / the tile cannot be encoded: {0}")]
pub struct EncodeError(String);

/// An encoding that tiles are asked for in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Mapbox Vector Tile 2.1: read by everything.
    #[default]
    Mvt,
    /// MapLibre Tile: smaller, and read by MapLibre.
    Mlt,
}

impl Encoding {
    /// All encodings.
    pub const ALL: [Self; 2] = [Self::Mvt, Self::Mlt];

    /// The name in a path, in TileJSON and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mvt => "mvt",
            Self::Mlt => "mlt",
        }
    }

    /// What writes it.
    pub fn encoder(self) -> &'static dyn Encoder {
        match self {
            Self::Mvt => &Mvt,
            Self::Mlt => &Mlt,
        }
    }
}

struct Mvt;

impl Encoder for Mvt {
    fn media_type(&self) -> &'static str {
        mvt::MEDIA_TYPE
    }

    fn encode(&self, layers: &[TileLayer<'_>]) -> Result<Vec<u8>, EncodeError> {
        Ok(mvt::encode(layers))
    }
}

struct Mlt;

impl Encoder for Mlt {
    fn media_type(&self) -> &'static str {
        mlt::MEDIA_TYPE
    }

    fn encode(&self, layers: &[TileLayer<'_>]) -> Result<Vec<u8>, EncodeError> {
        mlt::encode(layers).map_err(|error| EncodeError(error.to_string()))
    }
}
