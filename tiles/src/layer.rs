//! A layer of one tile, ready for an encoder: what MVT and other encodings start from.

use crate::{Shape, TilePoint};

/// A layer of one tile.
#[derive(Clone, Debug, PartialEq)]
pub struct TileLayer<'a> {
    /// Its name in the tile.
    pub name: &'a str,
    /// Its features, in the order in which they are drawn.
    pub features: Vec<TileFeature<'a>>,
}

/// A feature as one tile holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct TileFeature<'a> {
    /// The same in every tile that holds a part of it; none for what was merged.
    pub number: Option<u64>,
    /// What is drawn.
    pub shape: Shape<TilePoint>,
    /// Names and values, in any order.
    pub properties: Vec<(&'a str, Value<'a>)>,
}

/// A property's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Text or a code.
    Text(std::borrow::Cow<'a, str>),
    /// A whole number.
    Integer(i64),
    /// A decimal.
    Decimal(f64),
    /// Yes or no.
    Boolean(bool),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<f64> for Value<'_> {
    fn from(number: f64) -> Self {
        Self::Decimal(number)
    }
}

impl From<bool> for Value<'_> {
    fn from(truth: bool) -> Self {
        Self::Boolean(truth)
    }
}

/// A number for a feature with a textual identifier, the same in every run and tile.
///
/// FNV-1a over the text, folded to 52 bits. A browser's numbers hold 53 exactly, and a MapLibre
/// Tile writes differences, which have a sign. Among a million features the chance that any two
/// meet is one in nine thousand; programs that must be sure read the `id` property.
pub fn feature_number(id: &str) -> u64 {
    let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    (hash >> 52) ^ (hash & ((1 << 52) - 1))
}
