//! Geometries of GeoJSON, read vertex by vertex: the usual converters close open rings
//! and drop what they can't read without a word.

use geo::{
    Coord, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon,
    Point, Polygon,
};
use serde_json::Value;

use super::Shape;
use crate::{Text, geometry};

/// What a reader of one geometry keeps in mind.
struct Reading {
    closed: bool,
    /// Whether numbers are metres rather than degrees: it sets the rounding gap.
    metres: bool,
}

fn text(zh: impl Into<String>, en: impl Into<String>) -> Text {
    Text {
        zh: zh.into(),
        en: en.into(),
    }
}

/// The shape of a `geometry` member; `null` is no place.
pub(super) fn shape(value: &Value) -> Shape {
    if value.is_null() {
        return Shape::None;
    }
    let mut reading = Reading {
        closed: false,
        metres: false,
    };
    match reading.geometry(value, 0) {
        Ok(None) => Shape::None,
        Ok(Some(geometry)) if reading.closed => Shape::Closed(geometry),
        Ok(Some(geometry)) => Shape::Some(geometry),
        Err(words) => Shape::Bad(words),
    }
}

impl Reading {
    fn geometry(&mut self, value: &Value, depth: usize) -> Result<Option<Geometry<f64>>, Text> {
        if depth > 16 {
            return Err(text(
                "图形集合嵌套过深",
                "the collections are nested too deep",
            ));
        }
        let kind = value
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if kind == "GeometryCollection" {
            let members = list(value.get("geometries"), "geometries")?;
            let members: Vec<Geometry<f64>> = members
                .iter()
                .map(|member| self.geometry(member, depth + 1))
                .filter_map(Result::transpose)
                .collect::<Result<_, _>>()?;
            return Ok((!members.is_empty())
                .then_some(Geometry::GeometryCollection(GeometryCollection(members))));
        }
        let places = value.get("coordinates");
        if places.and_then(Value::as_array).is_some_and(Vec::is_empty) {
            return Ok(None);
        }
        let places = || list(places, "coordinates");
        let geometry = match kind {
            "Point" => Geometry::Point(Point(
                self.place(value.get("coordinates").unwrap_or(&Value::Null))?,
            )),
            "MultiPoint" => Geometry::MultiPoint(MultiPoint(
                self.line(places()?)?.into_iter().map(Point).collect(),
            )),
            "LineString" => Geometry::LineString(LineString(self.line(places()?)?)),
            "MultiLineString" => Geometry::MultiLineString(MultiLineString(
                places()?
                    .iter()
                    .map(|line| Ok(LineString(self.line(list(Some(line), "coordinates")?)?)))
                    .collect::<Result<_, Text>>()?,
            )),
            "Polygon" => Geometry::Polygon(self.polygon(places()?)?),
            "MultiPolygon" => Geometry::MultiPolygon(MultiPolygon(
                places()?
                    .iter()
                    .map(|part| self.polygon(list(Some(part), "coordinates")?))
                    .collect::<Result<_, _>>()?,
            )),
            other => {
                return Err(text(
                    format!("不认识的图形类型“{other}”，请改为 Point、LineString、Polygon 等"),
                    format!("unknown geometry type “{other}”; use Point, LineString, Polygon …"),
                ));
            }
        };
        Ok(Some(geometry))
    }

    fn polygon(&mut self, rings: &[Value]) -> Result<Polygon<f64>, Text> {
        let mut rings = rings
            .iter()
            .map(|ring| self.ring(list(Some(ring), "coordinates")?))
            .collect::<Result<Vec<_>, _>>()?
            .into_iter();
        let outer = rings.next().unwrap_or_else(|| LineString(Vec::new()));
        Ok(Polygon::new(outer, rings.collect()))
    }

    fn ring(&mut self, places: &[Value]) -> Result<LineString<f64>, Text> {
        let vertices = self.line(places)?;
        self.metres = vertices.iter().any(|c| c.x.abs() > 360.0);
        let (ring, closed) =
            geometry::ring(vertices, self.metres).map_err(|error| split(&error.to_string()))?;
        self.closed |= closed;
        Ok(ring)
    }

    fn line(&mut self, places: &[Value]) -> Result<Vec<Coord>, Text> {
        places.iter().map(|place| self.place(place)).collect()
    }

    fn place(&mut self, place: &Value) -> Result<Coord, Text> {
        let numbers = place.as_array().map(Vec::as_slice).unwrap_or_default();
        match (
            numbers.first().and_then(Value::as_f64),
            numbers.get(1).and_then(Value::as_f64),
        ) {
            (Some(x), Some(y)) => Ok(Coord { x, y }),
            _ => {
                let short: String = place.to_string().chars().take(60).collect();
                Err(text(
                    format!("坐标“{short}”不是两个数字，请改为 [经度, 纬度]"),
                    format!("coordinate “{short}” is not two numbers; write [longitude, latitude]"),
                ))
            }
        }
    }
}

fn list<'a>(value: Option<&'a Value>, name: &str) -> Result<&'a [Value], Text> {
    value
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .ok_or_else(|| {
            text(
                format!("图形缺少 {name} 数组"),
                format!("the geometry has no list {name}"),
            )
        })
}

/// The two halves of a message in both languages.
pub(in crate::import) fn split(message: &str) -> Text {
    let (zh, en) = message.split_once(" / ").unwrap_or((message, message));
    text(zh, en)
}
