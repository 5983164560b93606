//! Writing tiles.

use std::{
    cell::RefCell,
    hash::{BuildHasher, Hash},
};

use foldhash::fast::RandomState;
use hashbrown::{HashTable, hash_table};

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
    SCRATCH.with_borrow_mut(|scratch| {
        let mut tile = Vec::new();
        for layer in layers.iter().filter(|layer| !layer.is_empty()) {
            encode_layer(layer, scratch);
            tile.reserve_exact(scratch.layer.len() + 10);
            put_bytes(&mut tile, field::TILE_LAYERS, &scratch.layer);
        }
        if scratch.layer.capacity() > MOST_KEPT {
            *scratch = Scratch::default();
        }
        tile
    })
}

thread_local! {
    /// Kept for the next tile: memory fresh from the system takes longer to clear than to fill.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Bytes of a layer that a thread keeps the room for, at most.
const MOST_KEPT: usize = 4 << 20;

/// Used for layer after layer, and feature after feature.
#[derive(Default)]
struct Scratch {
    layer: Vec<u8>,
    feature: Vec<u8>,
    packed: Vec<u8>,
    values: Dictionary,
}

/// Writes a layer into the scratch.
fn encode_layer(layer: &TileLayer<'_>, scratch: &mut Scratch) {
    scratch.layer.clear();
    scratch.layer.reserve(length(layer));
    put_number(&mut scratch.layer, field::LAYER_VERSION, 2);
    put_bytes(
        &mut scratch.layer,
        field::LAYER_NAME,
        layer.name().as_bytes(),
    );
    scratch.values.clear();
    let mut keys = Vec::new();
    let mut seen = 0;
    for feature in layer.features() {
        encode_feature(layer, &feature, seen, &mut keys, scratch);
        seen += feature.properties.len();
        put_bytes(&mut scratch.layer, field::LAYER_FEATURES, &scratch.feature);
    }
    for key in keys {
        put_bytes(&mut scratch.layer, field::LAYER_KEYS, key.as_bytes());
    }
    for &first in &scratch.values.firsts {
        scratch.packed.clear();
        encode_value(entry(layer, first as usize), &mut scratch.packed);
        put_bytes(&mut scratch.layer, field::LAYER_VALUES, &scratch.packed);
    }
    put_number(
        &mut scratch.layer,
        field::LAYER_EXTENT,
        EXTENT.unsigned_abs(),
    );
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

/// The values that features refer to by their place. A value is told by the first property that
/// has it, of all properties of the layer.
#[derive(Default)]
struct Dictionary {
    firsts: Vec<u32>,
    /// Looked up for every property: the standard hasher would take longer than the rest.
    places: HashTable<u32>,
    hasher: RandomState,
}

impl Dictionary {
    fn clear(&mut self) {
        self.firsts.clear();
        self.places.clear();
    }

    /// The place of the value of a property.
    fn place(&mut self, layer: &TileLayer<'_>, property: usize) -> u64 {
        let Self {
            firsts,
            places,
            hasher,
        } = self;
        let own = entry(layer, property);
        let at = |place: u32| entry(layer, firsts[place as usize] as usize);
        let known = places.entry(
            hasher.hash_one(own),
            |&place| at(place) == own,
            |&place| hasher.hash_one(at(place)),
        );
        match known {
            hash_table::Entry::Occupied(known) => u64::from(*known.get()),
            hash_table::Entry::Vacant(new) => {
                let place = firsts.len() as u32;
                new.insert(place);
                firsts.push(property as u32);
                u64::from(place)
            }
        }
    }
}

/// The value of one of all properties of a layer.
fn entry<'l>(layer: &'l TileLayer<'_>, property: usize) -> Entry<'l> {
    (&layer.properties()[property].1).into()
}

/// The place of a key: they are few, the fields of a layer.
fn key_place<'a>(keys: &mut Vec<&'a str>, key: &'a str) -> u64 {
    let known = keys.iter().position(|known| *known == key);
    let place = known.unwrap_or_else(|| {
        keys.push(key);
        keys.len() - 1
    });
    place as u64
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

/// Writes a feature, before whose properties some others of the layer stand.
fn encode_feature<'a>(
    layer: &TileLayer<'a>,
    feature: &TileFeature<'_, 'a>,
    before: usize,
    keys: &mut Vec<&'a str>,
    scratch: &mut Scratch,
) {
    let Scratch {
        feature: bytes,
        packed,
        values,
        ..
    } = scratch;
    bytes.clear();
    if let Some(number) = feature.number {
        put_number(bytes, field::FEATURE_ID, number);
    }
    packed.clear();
    for (property, (key, _)) in (before..).zip(feature.properties) {
        put_varint(packed, key_place(keys, key));
        put_varint(packed, values.place(layer, property));
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
