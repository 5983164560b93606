//! A layer of one tile, ready for an encoder: what MVT and other encodings start from.

use std::cmp::Ordering;

use crate::{
    TilePoint,
    shape::{Mark, Shape, View},
};

/// A layer of one tile: features, in the order in which they are drawn.
#[derive(Clone, Debug)]
pub struct TileLayer<'a> {
    name: &'a str,
    /// Those of all features, one after the other.
    shapes: Shape<TilePoint>,
    properties: Vec<(&'a str, Value<'a>)>,
    features: Vec<Ends>,
}

/// What a feature has of its own, and where its shape and properties end.
#[derive(Clone, Copy, Debug, Default)]
struct Ends {
    number: Option<u64>,
    shape: Mark,
    properties: usize,
}

/// A feature as one tile holds it.
#[derive(Clone, Copy, Debug)]
pub struct TileFeature<'l, 'a> {
    /// The same in every tile that holds a part of it; none for what was merged.
    pub number: Option<u64>,
    /// What is drawn.
    pub shape: View<'l, TilePoint>,
    /// Names and values, in any order.
    pub properties: &'l [(&'a str, Value<'a>)],
}

impl<'a> TileLayer<'a> {
    /// A layer of a name, with nothing in it.
    pub fn new(name: &'a str) -> Self {
        Self {
            name,
            shapes: Shape::default(),
            properties: Vec::new(),
            features: Vec::new(),
        }
    }

    /// Its name in the tile.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// Whether it has no feature.
    pub fn is_empty(&self) -> bool {
        self.features.is_empty()
    }

    /// Makes room for as many features as houses are: a ring of few corners, a name and a code.
    pub(crate) fn reserve(&mut self, features: usize) {
        self.shapes.reserve(6 * features, features);
        self.properties.reserve(3 * features);
        self.features.reserve(features);
    }

    /// Adds a feature where something is drawn of it; whether it is.
    pub fn add(
        &mut self,
        number: Option<u64>,
        draw: impl FnOnce(&mut Shape<TilePoint>),
        properties: impl IntoIterator<Item = (&'a str, Value<'a>)>,
    ) -> bool {
        let before = self.shapes.mark();
        draw(&mut self.shapes);
        let shape = self.shapes.mark();
        if shape == before {
            return false;
        }
        self.properties.extend(properties);
        self.features.push(Ends {
            number,
            shape,
            properties: self.properties.len(),
        });
        true
    }

    /// The names and values of all its features, one after the other.
    pub(crate) fn properties(&self) -> &[(&'a str, Value<'a>)] {
        &self.properties
    }

    /// Its features.
    pub fn features(&self) -> impl ExactSizeIterator<Item = TileFeature<'_, 'a>> {
        let mut from = Ends::default();
        self.features.iter().map(move |ends| {
            let from = std::mem::replace(&mut from, *ends);
            TileFeature {
                number: ends.number,
                shape: self.shapes.between(from.shape, ends.shape),
                properties: &self.properties[from.properties..ends.properties],
            }
        })
    }
}

/// A property's value. Values have an order, whatever they are: decimals that of IEEE 754.
#[derive(Clone, Debug)]
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

impl Value<'_> {
    /// The same with a text of its own.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Text(text) => Value::Text(text.into_owned().into()),
            Self::Integer(number) => Value::Integer(number),
            Self::Decimal(number) => Value::Decimal(number),
            Self::Boolean(truth) => Value::Boolean(truth),
        }
    }

    /// Where values of its kind stand among those of others.
    fn rank(&self) -> u8 {
        match self {
            Self::Text(_) => 0,
            Self::Integer(_) => 1,
            Self::Decimal(_) => 2,
            Self::Boolean(_) => 3,
        }
    }
}

impl Ord for Value<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Integer(a), Self::Integer(b)) => a.cmp(b),
            (Self::Decimal(a), Self::Decimal(b)) => a.total_cmp(b),
            (Self::Boolean(a), Self::Boolean(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Value<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Value<'_> {}

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
