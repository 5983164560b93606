//! Well-known text, read into the members of a GeoJSON geometry, so that both are judged
//! by the same reader. (The usual parser closes open rings without a word.)

use serde_json::{Value, json};

use super::{Shape, json_geometry};
use crate::Text;

/// The shape of a WKT or EWKT text.
pub(super) fn shape(text: &str) -> Shape {
    let text = text.trim();
    let text = match text.split_once(';') {
        Some((head, rest)) if head.to_ascii_uppercase().starts_with("SRID=") => rest,
        _ => text,
    };
    let mut parser = Parser { rest: text };
    match parser.geometry() {
        Some(geometry) if parser.rest.trim().is_empty() => json_geometry::shape(&geometry),
        _ => {
            let short: String = text.chars().take(60).collect();
            Shape::Bad(Text {
                zh: format!("WKT“{short}”无法读取，请改为 POLYGON((经度 纬度, …)) 等写法"),
                en: format!(
                    "WKT “{short}” can't be read; write POLYGON((longitude latitude, …)) or the like"
                ),
            })
        }
    }
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn word(&mut self) -> String {
        self.rest = self.rest.trim_start();
        let end = self
            .rest
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(self.rest.len());
        let word = self.rest[..end].to_ascii_uppercase();
        self.rest = &self.rest[end..];
        word
    }

    fn eat(&mut self, mark: char) -> bool {
        self.rest = self.rest.trim_start();
        let eaten = self.rest.starts_with(mark);
        if eaten {
            self.rest = &self.rest[mark.len_utf8()..];
        }
        eaten
    }

    fn geometry(&mut self) -> Option<Value> {
        let word = self.word();
        let name = word
            .strip_suffix("ZM")
            .or_else(|| word.strip_suffix('Z'))
            .or_else(|| word.strip_suffix('M'))
            .unwrap_or(&word);
        let (kind, depth) = match name {
            "POINT" => ("Point", 0),
            "LINESTRING" => ("LineString", 1),
            "POLYGON" => ("Polygon", 2),
            "MULTIPOINT" => ("MultiPoint", 1),
            "MULTILINESTRING" => ("MultiLineString", 2),
            "MULTIPOLYGON" => ("MultiPolygon", 3),
            "GEOMETRYCOLLECTION" => ("GeometryCollection", 0),
            _ => return None,
        };
        let before = self.rest;
        let next = self.word();
        let empty = match next.as_str() {
            "EMPTY" => true,
            "Z" | "M" | "ZM" => {
                let before = self.rest;
                let empty = self.word() == "EMPTY";
                if !empty {
                    self.rest = before;
                }
                empty
            }
            _ => {
                self.rest = before;
                false
            }
        };
        if empty {
            return Some(json!({"type": kind, "coordinates": [], "geometries": []}));
        }
        if kind == "GeometryCollection" {
            let members = self.list(|parser| parser.geometry())?;
            return Some(json!({"type": kind, "geometries": members}));
        }
        let coordinates = if kind == "Point" {
            self.list(Self::place)?.into_iter().next()?
        } else {
            self.nested(depth)?
        };
        Some(json!({"type": kind, "coordinates": coordinates}))
    }

    fn list(&mut self, item: impl Fn(&mut Self) -> Option<Value>) -> Option<Vec<Value>> {
        if !self.eat('(') {
            return None;
        }
        let mut items = vec![item(self)?];
        while self.eat(',') {
            items.push(item(self)?);
        }
        self.eat(')').then_some(items)
    }

    fn nested(&mut self, depth: usize) -> Option<Value> {
        self.list(|parser| {
            if depth > 1 {
                return parser.nested(depth - 1);
            }
            // The places of a multipoint may stand in brackets of their own.
            if parser.rest.trim_start().starts_with('(') {
                return parser.list(Self::place)?.into_iter().next();
            }
            parser.place()
        })
        .map(Value::Array)
    }

    fn place(&mut self) -> Option<Value> {
        self.rest = self.rest.trim_start();
        let end = self.rest.find([',', ')', '(']).unwrap_or(self.rest.len());
        let numbers: Vec<Value> = self.rest[..end]
            .split_whitespace()
            .map(|number| number.parse::<f64>().ok().map(Value::from))
            .collect::<Option<_>>()?;
        self.rest = &self.rest[end..];
        Some(Value::Array(numbers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{Geometry, Point, polygon, wkt as gwkt};

    #[test]
    fn texts_of_all_kinds_are_read() {
        assert_eq!(
            shape("POINT (113.5 23.1)"),
            Shape::Some(Point::new(113.5, 23.1).into())
        );
        assert_eq!(
            shape("srid=4490;point z(1 2 3)"),
            Shape::Some(Point::new(1.0, 2.0).into())
        );
        assert_eq!(
            shape("POLYGON((0 0, 1 0, 1 1, 0 0))"),
            Shape::Some(polygon![(x: 0.0, y: 0.0), (x: 1.0, y: 0.0), (x: 1.0, y: 1.0)].into())
        );
        let both = Geometry::from(gwkt!(MULTIPOINT(1. 2., 3. 4.)));
        assert_eq!(shape("MULTIPOINT((1 2), (3 4))"), Shape::Some(both.clone()));
        assert_eq!(shape("MULTIPOINT(1 2, 3 4)"), Shape::Some(both));
        assert!(matches!(
            shape("GEOMETRYCOLLECTION(POINT(1 2), LINESTRING(0 0, 1 1))"),
            Shape::Some(Geometry::GeometryCollection(_))
        ));
        assert_eq!(shape("POLYGON EMPTY"), Shape::None);
    }

    #[test]
    fn broken_texts_and_open_rings_are_told() {
        for text in [
            "POLYGON((0 0, 1 0",
            "POINT(1)",
            "POINT(a b)",
            "CIRCLE(1 2)",
            "POLYGON((0 0, 5 0, 5 5, 0 5))",
        ] {
            assert!(matches!(shape(text), Shape::Bad(_)), "{text}");
        }
    }
}
