//! Reading tiles: for tests, and for whoever wants to look inside one.
//!
//! Built on prost's derived messages, apart from the encoder, so that the two check each
//! other.

use prost::Message;

use super::command;
use crate::{
    TilePoint, ring,
    shape::{Kind, Shape},
};

/// Why bytes are not a tile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// Not the protocol buffer that a tile is.
    #[error("不是矢量瓦片：{0} / not a vector tile: {0}")]
    Message(String),
    /// A geometry whose commands make no sense.
    #[error("瓦片图层 {layer} 的几何命令有误 / bad geometry commands in tile layer {layer}")]
    Geometry {
        /// The layer's name.
        layer: String,
    },
    /// A tag that points outside the dictionaries.
    #[error("瓦片图层 {layer} 的属性索引有误 / bad tags in tile layer {layer}")]
    Tags {
        /// The layer's name.
        layer: String,
    },
}

/// A layer as read.
#[derive(Clone, Debug, PartialEq)]
pub struct DecodedLayer {
    /// Its name.
    pub name: String,
    /// Version of the specification.
    pub version: u32,
    /// Units along the side of the tile.
    pub extent: u32,
    /// Its features.
    pub features: Vec<DecodedFeature>,
}

/// A feature as read.
#[derive(Clone, Debug, PartialEq)]
pub struct DecodedFeature {
    /// Its number; 0 where it has none.
    pub number: u64,
    /// Its shape, rings sorted into polygons by the way they turn.
    pub shape: Shape<TilePoint>,
    /// Names and values in the order written.
    pub properties: Vec<(String, DecodedValue)>,
}

/// A value as read.
#[derive(Clone, Debug, PartialEq)]
pub enum DecodedValue {
    /// Text.
    Text(String),
    /// A whole number, from any of the three kinds.
    Integer(i64),
    /// A decimal, from either kind.
    Decimal(f64),
    /// Yes or no.
    Boolean(bool),
}

impl DecodedFeature {
    /// A property by name.
    pub fn get(&self, name: &str) -> Option<&DecodedValue> {
        let property = self.properties.iter().find(|(key, _)| key == name)?;
        Some(&property.1)
    }
}

/// Reads a tile.
///
/// # Errors
/// When the bytes are not a tile of this specification.
pub fn decode(bytes: &[u8]) -> Result<Vec<DecodedLayer>, DecodeError> {
    let tile = Tile::decode(bytes).map_err(|error| DecodeError::Message(error.to_string()))?;
    tile.layers.into_iter().map(decode_layer).collect()
}

fn decode_layer(layer: Layer) -> Result<DecodedLayer, DecodeError> {
    let values: Vec<Option<DecodedValue>> = layer.values.into_iter().map(decode_value).collect();
    let mut features = Vec::with_capacity(layer.features.len());
    for feature in layer.features {
        let mut properties = Vec::with_capacity(feature.tags.len() / 2);
        for tag in feature.tags.chunks(2) {
            let property = match tag {
                &[key, value] => layer
                    .keys
                    .get(key as usize)
                    .cloned()
                    .zip(values.get(value as usize).cloned().flatten()),
                _ => None,
            };
            properties.push(property.ok_or_else(|| DecodeError::Tags {
                layer: layer.name.clone(),
            })?);
        }
        let shape =
            decode_shape(feature.kind, &feature.geometry).ok_or_else(|| DecodeError::Geometry {
                layer: layer.name.clone(),
            })?;
        features.push(DecodedFeature {
            number: feature.id,
            shape,
            properties,
        });
    }
    Ok(DecodedLayer {
        name: layer.name,
        version: layer.version,
        extent: layer.extent.unwrap_or(4096),
        features,
    })
}

fn decode_value(value: Value) -> Option<DecodedValue> {
    let whole = |number: u64| i64::try_from(number).ok();
    value
        .text
        .map(DecodedValue::Text)
        .or(value
            .float
            .map(|number| DecodedValue::Decimal(number.into())))
        .or(value.double.map(DecodedValue::Decimal))
        .or(value.int.map(DecodedValue::Integer))
        .or(value.uint.and_then(whole).map(DecodedValue::Integer))
        .or(value.sint.map(DecodedValue::Integer))
        .or(value.boolean.map(DecodedValue::Boolean))
}

fn decode_shape(kind: u32, commands: &[u32]) -> Option<Shape<TilePoint>> {
    let mut paths: Vec<Vec<TilePoint>> = Vec::new();
    let mut at = TilePoint { x: 0, y: 0 };
    let mut rest = commands.iter().copied();
    while let Some(order) = rest.next() {
        let count = order >> 3;
        match order & 7 {
            command::CLOSE_PATH if kind == 3 && count == 1 => {}
            order @ (command::MOVE_TO | command::LINE_TO) => {
                for _ in 0..count {
                    at.x = at.x.checked_add(unzigzag(rest.next()?))?;
                    at.y = at.y.checked_add(unzigzag(rest.next()?))?;
                    if order == command::MOVE_TO {
                        paths.push(vec![at]);
                    } else {
                        paths.last_mut()?.push(at);
                    }
                }
            }
            _ => return None,
        }
    }
    let mut shape = Shape::default();
    match kind {
        1 if !paths.is_empty() => shape.add(Kind::Points, paths.into_iter().flatten()),
        1 => {}
        2 => (paths.into_iter()).for_each(|line| shape.add(Kind::Line, line)),
        3 => {
            for ring in paths {
                let is_hole = ring::doubled_area(&ring) <= 0;
                if is_hole && shape.view().is_empty() {
                    return None;
                }
                let kind = if is_hole { Kind::Hole } else { Kind::Exterior };
                shape.add(kind, ring);
            }
        }
        _ => return None,
    }
    Some(shape)
}

fn unzigzag(number: u32) -> i32 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

#[derive(Clone, PartialEq, Message)]
struct Tile {
    #[prost(message, repeated, tag = "3")]
    layers: Vec<Layer>,
}

#[derive(Clone, PartialEq, Message)]
struct Layer {
    #[prost(uint32, required, tag = "15")]
    version: u32,
    #[prost(string, required, tag = "1")]
    name: String,
    #[prost(message, repeated, tag = "2")]
    features: Vec<Feature>,
    #[prost(string, repeated, tag = "3")]
    keys: Vec<String>,
    #[prost(message, repeated, tag = "4")]
    values: Vec<Value>,
    #[prost(uint32, optional, tag = "5")]
    extent: Option<u32>,
}

#[derive(Clone, PartialEq, Message)]
struct Feature {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(uint32, repeated, tag = "2")]
    tags: Vec<u32>,
    #[prost(uint32, tag = "3")]
    kind: u32,
    #[prost(uint32, repeated, tag = "4")]
    geometry: Vec<u32>,
}

#[derive(Clone, PartialEq, Message)]
struct Value {
    #[prost(string, optional, tag = "1")]
    text: Option<String>,
    #[prost(float, optional, tag = "2")]
    float: Option<f32>,
    #[prost(double, optional, tag = "3")]
    double: Option<f64>,
    #[prost(int64, optional, tag = "4")]
    int: Option<i64>,
    #[prost(uint64, optional, tag = "5")]
    uint: Option<u64>,
    #[prost(sint64, optional, tag = "6")]
    sint: Option<i64>,
    #[prost(bool, optional, tag = "7")]
    boolean: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{TileLayer, mvt::encode};

    #[test]
    fn what_is_no_tile_is_said_so() {
        assert!(matches!(decode(b"<html>"), Err(DecodeError::Message(_))));
    }

    #[test]
    fn commands_without_their_numbers_are_refused() {
        assert_eq!(decode_shape(1, &[9, 50]), None);
        assert_eq!(decode_shape(3, &[15]), Some(Shape::default()));
        assert_eq!(decode_shape(2, &[18, 1, 1]), None);
    }

    /// The fixtures of `@mapbox/mvt-fixtures` 4.0.0 (CC0): every valid tile is read and, where
    /// our own model holds it, written and read again the same; no broken one brings a panic.
    #[test]
    fn the_fixtures_of_mapbox() {
        // Valid and refused all the same: geometries of unknown type, places beyond any tile,
        // and commands that say more than follows.
        const REFUSED: [&str; 5] = ["016", "039", "049", "050", "057"];
        let fixtures: serde_json::Value =
            serde_json::from_str(include_str!("../../fixtures/mapbox-mvt-fixtures.json")).unwrap();
        let mut read = 0;
        for fixture in fixtures.as_array().unwrap() {
            let id = fixture["id"].as_str().unwrap();
            let hex = fixture["hex"].as_str().unwrap();
            let bytes: Vec<u8> = (0..hex.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
                .collect();
            let found = decode(&bytes);
            if fixture["valid"] != true || REFUSED.contains(&id) {
                continue;
            }
            let layers =
                found.unwrap_or_else(|error| panic!("{id}, {}: {error}", fixture["description"]));
            read += 1;
            let again = decode(&encode(&written(&layers))).unwrap();
            let told = |layers: &[DecodedLayer]| -> Vec<_> {
                let full = layers.iter().filter(|layer| !layer.features.is_empty());
                full.map(|layer| (layer.name.clone(), layer.features.clone()))
                    .collect()
            };
            assert_eq!(told(&again), told(&layers), "{id}");
        }
        assert!(read > 30, "{read}");
    }

    fn written<'l>(layers: &'l [DecodedLayer]) -> Vec<TileLayer<'l>> {
        let value = |value: &DecodedValue| match value {
            DecodedValue::Text(text) => crate::Value::from(text.clone()),
            DecodedValue::Integer(number) => (*number).into(),
            DecodedValue::Decimal(number) => (*number).into(),
            DecodedValue::Boolean(truth) => (*truth).into(),
        };
        let layer = |layer: &'l DecodedLayer| {
            let mut again = TileLayer::new(&layer.name);
            for own in &layer.features {
                again.add(
                    Some(own.number),
                    |shape| {
                        let parts = own.shape.view().parts();
                        parts.for_each(|(kind, part)| shape.add(kind, part.iter().copied()));
                    },
                    (own.properties.iter()).map(|(name, own)| (name.as_str(), value(own))),
                );
            }
            again
        };
        layers.iter().map(layer).collect()
    }
}
