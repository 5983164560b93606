//! Writing tiles.

use std::{
    collections::{HashMap, hash_map},
    hash::Hash,
};

use super::{
    command, field,
    wire::{put_bytes, put_double, put_number, put_varint, zigzag},
};
use crate::{
    TileFeature, TileLayer, Value,
    grid::{EXTENT, TilePoint},
    shape::{Kind, View},
};

/// The bytes of a tile; empty where no layer has a feature.
pub fn encode(layers: &[TileLayer<'_>]) -> Vec<u8> {
    let mut tile = Vec::new();
    let mut scratch = Scratch::default();
    for layer in layers.iter().filter(|layer| !layer.is_empty()) {
        let layer = encode_layer(layer, &mut scratch);
        tile.reserve_exact(layer.len() + 10);
        put_bytes(&mut tile, field::TILE_LAYERS, &layer);
    }
    tile
}

/// Buffers used for feature after feature.
#[derive(Default)]
struct Scratch {
    feature: Vec<u8>,
    packed: Vec<u8>,
}

fn encode_layer(layer: &TileLayer<'_>, scratch: &mut Scratch) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length(layer));
    put_number(&mut bytes, field::LAYER_VERSION, 2);
    put_bytes(&mut bytes, field::LAYER_NAME, layer.name().as_bytes());
    let mut keys = Dictionary::default();
    let mut values = Dictionary::default();
    // Most have an id of their own.
    values.places.reserve(layer.features().len());
    for feature in layer.features() {
        encode_feature(&feature, &mut keys, &mut values, scratch);
        put_bytes(&mut bytes, field::LAYER_FEATURES, &scratch.feature);
    }
    for key in keys.entries {
        put_bytes(&mut bytes, field::LAYER_KEYS, key.as_bytes());
    }
    for value in values.entries {
        scratch.packed.clear();
        encode_value(value, &mut scratch.packed);
        put_bytes(&mut bytes, field::LAYER_VALUES, &scratch.packed);
    }
    put_number(&mut bytes, field::LAYER_EXTENT, EXTENT.unsigned_abs());
    bytes
}

/// Bytes that a layer takes, about: what grows as it is written is copied again and again.
fn length(layer: &TileLayer<'_>) -> usize {
    let of = |feature: TileFeature<'_, '_>| -> usize {
        let texts = feature.properties.iter().map(|(_, value)| match value {
            Value::Text(text) => 6 + text.len(),
            _ => 6,
        });
        24 + 4 * feature.shape.points().len() + texts.sum::<usize>()
    };
    layer.features().map(of).sum()
}

/// Entries that features refer to by their place.
struct Dictionary<T> {
    entries: Vec<T>,
    /// Looked up for every property: the standard hasher would take longer than the rest.
    places: HashMap<T, u64, foldhash::fast::RandomState>,
}

impl<T> Default for Dictionary<T> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            places: HashMap::default(),
        }
    }
}

impl<T: Copy + Hash + Eq> Dictionary<T> {
    fn place(&mut self, entry: T) -> u64 {
        match self.places.entry(entry) {
            hash_map::Entry::Occupied(known) => *known.get(),
            hash_map::Entry::Vacant(new) => {
                self.entries.push(entry);
                *new.insert(self.entries.len() as u64 - 1)
            }
        }
    }
}

/// A value that can be looked up: decimals by their bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Entry<'a> {
    Text(&'a str),
    Integer(i64),
    Decimal(u64),
    Boolean(bool),
}

impl<'a> From<&'a Value<'_>> for Entry<'a> {
    fn from(value: &'a Value<'_>) -> Self {
        match value {
            Value::Text(text) => Self::Text(text),
            Value::Integer(number) => Self::Integer(*number),
            Value::Decimal(number) => Self::Decimal(number.to_bits()),
            Value::Boolean(truth) => Self::Boolean(*truth),
        }
    }
}

fn encode_value(value: Entry<'_>, bytes: &mut Vec<u8>) {
    match value {
        Entry::Text(text) => put_bytes(bytes, field::VALUE_STRING, text.as_bytes()),
        Entry::Integer(number) => match u64::try_from(number) {
            Ok(number) => put_number(bytes, field::VALUE_UINT, number),
            Err(_) => put_number(bytes, field::VALUE_SINT, zigzag(number)),
        },
        Entry::Decimal(bits) => put_double(bytes, field::VALUE_DOUBLE, f64::from_bits(bits)),
        Entry::Boolean(truth) => put_number(bytes, field::VALUE_BOOL, u64::from(truth)),
    }
}

fn encode_feature<'a>(
    feature: &TileFeature<'a, '_>,
    keys: &mut Dictionary<&'a str>,
    values: &mut Dictionary<Entry<'a>>,
    scratch: &mut Scratch,
) {
    let Scratch {
        feature: bytes,
        packed,
    } = scratch;
    bytes.clear();
    if let Some(number) = feature.number {
        put_number(bytes, field::FEATURE_ID, number);
    }
    packed.clear();
    for (key, value) in feature.properties {
        put_varint(packed, keys.place(key));
        put_varint(packed, values.place(value.into()));
    }
    if !packed.is_empty() {
        put_bytes(bytes, field::FEATURE_TAGS, packed);
    }
    packed.clear();
    let kind = encode_shape(feature.shape, packed);
    put_number(bytes, field::FEATURE_TYPE, kind);
    put_bytes(bytes, field::FEATURE_GEOMETRY, packed);
}

/// Packs a shape's commands (4.3) and says its type (4.3.4).
fn encode_shape(shape: View<'_, TilePoint>, packed: &mut Vec<u8>) -> u64 {
    let mut pen = Pen {
        packed,
        at: TilePoint { x: 0, y: 0 },
    };
    for (kind, points) in shape.parts() {
        match kind {
            Kind::Points => {
                pen.command(command::MOVE_TO, points.len());
                points.iter().for_each(|&point| pen.go(point));
            }
            Kind::Line => pen.path(points),
            Kind::Exterior | Kind::Hole => {
                pen.path(points);
                pen.command(command::CLOSE_PATH, 1);
            }
        }
    }
    1 + u64::from(shape.dimensions().unwrap_or_default())
}

struct Pen<'a> {
    packed: &'a mut Vec<u8>,
    at: TilePoint,
}

impl Pen<'_> {
    fn command(&mut self, command: u32, count: usize) {
        put_varint(self.packed, u64::from(command) | (count as u64) << 3);
    }

    fn go(&mut self, to: TilePoint) {
        for (from, to) in [(self.at.x, to.x), (self.at.y, to.y)] {
            put_varint(self.packed, zigzag(i64::from(to) - i64::from(from)));
        }
        self.at = to;
    }

    fn path(&mut self, points: &[TilePoint]) {
        let Some((&first, rest)) = points.split_first() else {
            return;
        };
        self.command(command::MOVE_TO, 1);
        self.go(first);
        self.command(command::LINE_TO, rest.len());
        rest.iter().for_each(|&point| self.go(point));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::Shape;

    fn packed(parts: &[(Kind, &[(i32, i32)])]) -> Vec<u8> {
        let mut shape = Shape::default();
        for &(kind, points) in parts {
            shape.add(kind, points.iter().map(|&(x, y)| TilePoint { x, y }));
        }
        let mut bytes = Vec::new();
        encode_shape(shape.view(), &mut bytes);
        bytes
    }

    /// The examples of 4.3.5 of the specification.
    #[test]
    fn the_examples_of_the_specification() {
        assert_eq!(packed(&[(Kind::Points, &[(25, 17)])]), [9, 50, 34]);
        assert_eq!(
            packed(&[(Kind::Points, &[(5, 7), (3, 2)])]),
            [17, 10, 14, 3, 9]
        );
        assert_eq!(
            packed(&[
                (Kind::Line, &[(2, 2), (2, 10), (10, 10)]),
                (Kind::Line, &[(1, 1), (3, 5)]),
            ]),
            [9, 4, 4, 18, 0, 16, 16, 0, 9, 17, 17, 10, 4, 8]
        );
        assert_eq!(
            packed(&[(Kind::Exterior, &[(3, 6), (8, 12), (20, 34)])]),
            [9, 6, 12, 18, 10, 12, 24, 44, 15]
        );
    }
}
