//! MapLibre Tile (<https://maplibre.org/maplibre-tile-spec/>), by the reference encoder.
//!
//! `mlt-core` is the MapLibre organisation's own crate. A table holds one type a column, so a
//! property whose values differ in type is written as decimals where all are numbers, and as
//! text otherwise.

use geo::{Coord, Geometry, LineString, MultiLineString, MultiPoint, MultiPolygon, Point};
use mlt_core::{
    MltError, PropKind, PropValue, PropertyKey, TileLayer as Table, encoder::EncoderConfig,
};

use crate::{
    TileFeature, TileLayer, Value,
    grid::{EXTENT, TilePoint},
    shape::{Polygon, View},
};

/// The media type of a tile.
pub const MEDIA_TYPE: &str = "application/vnd.maplibre-tile";

/// The bytes of a tile; empty where no layer has a feature.
///
/// # Errors
/// What the encoder refuses: a layer without a name, a property named twice.
pub(crate) fn encode(layers: &[TileLayer<'_>]) -> Result<Vec<u8>, MltError> {
    let mut tile = Vec::new();
    for layer in layers.iter().filter(|layer| !layer.is_empty()) {
        tile.extend(table(layer)?.encode(config())?);
    }
    Ok(tile)
}

/// Features keep their order, which is that of drawing.
fn config() -> EncoderConfig {
    EncoderConfig::default()
        .with_spatial_morton_sort(false)
        .with_spatial_hilbert_sort(false)
        .with_id_sort(false)
}

fn table(layer: &TileLayer<'_>) -> Result<Table, MltError> {
    let extent = u32::try_from(EXTENT).unwrap_or(u32::MAX);
    let mut table = Table::builder(layer.name(), extent)?;
    let mut columns: Vec<(&str, PropKind, PropertyKey)> = Vec::new();
    for (name, kind) in columns_of(layer) {
        columns.push((name, kind, table.add_property(name, kind)?));
    }
    for feature in layer.features() {
        let mut row = table.feature(geometry(feature.shape));
        row.id(feature.number);
        for (name, value) in feature.properties {
            if let Some((_, kind, key)) = columns.iter().find(|column| column.0 == *name) {
                row.property(*key, cell(value, *kind))?;
            }
        }
        row.finish()?;
    }
    Ok(table.finish())
}

/// The properties of a layer in the order in which they first come, with a type that holds
/// all their values.
fn columns_of<'l, 'a>(layer: &'l TileLayer<'a>) -> Vec<(&'a str, PropKind)> {
    let mut columns: Vec<(&str, PropKind)> = Vec::new();
    let properties = |feature: TileFeature<'l, 'a>| feature.properties;
    for &(name, ref value) in layer.features().flat_map(properties) {
        let kind = kind(value);
        match columns.iter_mut().find(|column| column.0 == name) {
            None => columns.push((name, kind)),
            Some(column) if column.1 == kind => {}
            Some(column) => {
                let number = |kind| matches!(kind, PropKind::I64 | PropKind::F64);
                column.1 = if number(column.1) && number(kind) {
                    PropKind::F64
                } else {
                    PropKind::Str
                };
            }
        }
    }
    columns
}

fn kind(value: &Value<'_>) -> PropKind {
    match value {
        Value::Text(_) => PropKind::Str,
        Value::Integer(_) => PropKind::I64,
        Value::Decimal(_) => PropKind::F64,
        Value::Boolean(_) => PropKind::Bool,
    }
}

fn cell(value: &Value<'_>, kind: PropKind) -> PropValue {
    match (value, kind) {
        (Value::Integer(number), PropKind::I64) => PropValue::I64(Some(*number)),
        (Value::Integer(number), PropKind::F64) => PropValue::F64(Some(*number as f64)),
        (Value::Decimal(number), PropKind::F64) => PropValue::F64(Some(*number)),
        (Value::Boolean(truth), PropKind::Bool) => PropValue::Bool(Some(*truth)),
        (Value::Text(text), _) => PropValue::Str(Some(text.to_string())),
        (Value::Integer(number), _) => PropValue::Str(Some(number.to_string())),
        (Value::Decimal(number), _) => PropValue::Str(Some(number.to_string())),
        (Value::Boolean(truth), _) => PropValue::Str(Some(truth.to_string())),
    }
}

fn geometry(shape: View<'_, TilePoint>) -> Geometry<i32> {
    match shape.dimensions() {
        None | Some(0) => match shape.points() {
            [point] => Geometry::Point(Point(coord(*point))),
            points => {
                MultiPoint::new(points.iter().map(|&point| Point(coord(point))).collect()).into()
            }
        },
        Some(1) => {
            let mut lines: Vec<_> = shape.lines().map(path).collect();
            match lines.len() {
                1 => Geometry::LineString(lines.remove(0)),
                _ => MultiLineString::new(lines).into(),
            }
        }
        Some(_) => {
            let mut polygons: Vec<_> = shape.polygons().map(area).collect();
            match polygons.len() {
                1 => Geometry::Polygon(polygons.remove(0)),
                _ => MultiPolygon::new(polygons).into(),
            }
        }
    }
}

fn coord(point: TilePoint) -> Coord<i32> {
    Coord {
        x: point.x,
        y: point.y,
    }
}

fn path(points: &[TilePoint]) -> LineString<i32> {
    points.iter().map(|&point| coord(point)).collect()
}

fn area(polygon: Polygon<'_, TilePoint>) -> geo::Polygon<i32> {
    // Closes the rings.
    geo::Polygon::new(
        path(polygon.exterior),
        (polygon.holes.into_iter()).map(path).collect(),
    )
}

#[cfg(test)]
mod tests {
    use mlt_core::{Decoder, Layer, Parser};

    use super::*;
    use crate::shape::{Kind, Shape};

    fn read(bytes: &[u8]) -> Vec<Table> {
        let layers = Parser::default().parse_layers(bytes).unwrap();
        let mut decoder = Decoder::default();
        layers
            .into_iter()
            .map(|layer| match layer {
                Layer::Tag01(layer) => {
                    let parsed = layer.decode_all(&mut decoder).unwrap();
                    parsed.into_tile(&mut decoder).unwrap()
                }
                _ => panic!("a layer that nobody knows"),
            })
            .collect()
    }

    fn point(x: i32, y: i32) -> TilePoint {
        TilePoint { x, y }
    }

    /// Every kind of shape and value, in the order given, reads back as it was.
    #[test]
    fn what_is_written_reads_back() {
        let square = |at: i32, side: i32| {
            vec![
                point(at, at),
                point(at + side, at),
                point(at + side, at + side),
                point(at, at + side),
            ]
        };
        let mut hole = square(30, 20);
        hole.reverse();
        let parts = [
            vec![
                (Kind::Exterior, square(10, 90)),
                (Kind::Hole, hole),
                (Kind::Exterior, square(-60, 50)),
            ],
            vec![(Kind::Line, vec![point(5, 5), point(9, -64), point(4160, 3)])],
            vec![(Kind::Points, vec![point(7, 8)])],
        ];
        let values = [
            vec![
                ("use", Value::from("住宅")),
                ("floors", Value::from(-3_i64)),
            ],
            vec![("use", Value::from("巷道")), ("floors", Value::from(2.5))],
            vec![("rental", Value::from(true))],
        ];
        let mut layer = TileLayer::new("building");
        for (number, (parts, properties)) in (1..).zip(parts.into_iter().zip(values)) {
            let draw = |shape: &mut Shape<TilePoint>| {
                (parts.into_iter()).for_each(|(kind, part)| shape.add(kind, part));
            };
            layer.add((number != 2).then_some(number << 50), draw, properties);
        }
        let nothing = TileLayer::new("nothing");
        let tables = read(&encode(&[nothing, layer.clone()]).unwrap());
        assert_eq!(tables.len(), 1);
        let table = &tables[0];
        assert_eq!((table.name(), table.extent().get()), ("building", 4096));
        assert_eq!(table.property_names(), ["use", "floors", "rental"]);
        for (feature, own) in table.features().iter().zip(layer.features()) {
            assert_eq!(*feature.geometry(), geometry(own.shape));
        }
        let ids: Vec<_> = table
            .features()
            .iter()
            .map(|feature| feature.id())
            .collect();
        assert_eq!(ids, [Some(1 << 50), None, Some(3 << 50)]);
        let first = table.features()[0].properties();
        assert_eq!(first[0], PropValue::Str(Some("住宅".to_owned())));
        assert_eq!(first[1], PropValue::F64(Some(-3.0)));
        assert!(first[2].is_null());
    }

    #[test]
    fn a_tile_with_nothing_in_it_is_empty() {
        assert!(encode(&[]).unwrap().is_empty());
    }
}
