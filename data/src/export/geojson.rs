//! GeoJSON (RFC 7946), as one collection or one feature a line.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::PathBuf,
    sync::Arc,
};

use geo::{
    Geometry,
    orient::{Direction, Orient},
};
use serde_json::{Map, Value as Json, json};

use super::{ExportError, Losses, Setting, disk};
use crate::{Layer, Record, Value, crs::Crs};

pub(super) struct Writer {
    to: BufWriter<File>,
    path: PathBuf,
    layer: Arc<Layer>,
    lines: bool,
    first: bool,
}

impl Writer {
    pub(super) fn new(
        setting: &Setting<'_>,
        lines: bool,
        losses: &mut Losses,
    ) -> Result<Self, ExportError> {
        let path = setting.path.clone();
        let file = File::create(&path).map_err(|error| disk(&path, error))?;
        let mut writer = Self {
            to: BufWriter::new(file),
            layer: Arc::clone(setting.layer),
            path,
            lines,
            first: true,
        };
        let mut crs = String::new();
        if !matches!(setting.crs, Crs::Crs84 | Crs::Epsg(4326 | 4490)) {
            losses.always(
                None,
                "坐标系不是经纬度，RFC 7946 的读者会误读",
                "not in longitude and latitude, which readers of RFC 7946 expect",
            );
            if let Crs::Epsg(code) = setting.crs {
                let member = json!({
                    "type": "name",
                    "properties": {"name": format!("urn:ogc:def:crs:EPSG::{code}")}
                });
                crs = format!("\"crs\":{member},");
            }
        }
        if !lines {
            let name = Json::from(setting.layer.id.as_str());
            writer.put(&format!(
                "{{\"type\":\"FeatureCollection\",\"name\":{name},{crs}\"features\":[\n"
            ))?;
        }
        Ok(writer)
    }

    fn put(&mut self, text: &str) -> Result<(), ExportError> {
        self.to
            .write_all(text.as_bytes())
            .map_err(|error| disk(&self.path, error))
    }
}

impl super::Writer for Writer {
    fn write(&mut self, row: &Record, losses: &mut Losses) -> Result<(), ExportError> {
        if !self.first && !self.lines {
            self.put(",\n")?;
        }
        self.first = false;
        let mut properties = Map::new();
        for (field, value) in self.layer.fields.iter().zip(&row.values) {
            if matches!(value, Value::Decimal(number) if !number.is_finite()) {
                losses.count(
                    Some(&field.name),
                    "非有限数值记为空",
                    "not a finite number, written as null",
                );
            }
            properties.insert(field.name.clone(), property(value));
        }
        let geometry = row.geometry.as_ref().map_or(Json::Null, geometry);
        let feature = json!({
            "type": "Feature",
            "id": &*row.id,
            "geometry": geometry,
            "properties": properties,
        });
        self.put(&feature.to_string())?;
        if self.lines {
            self.put("\n")?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, _: &mut Losses) -> Result<Vec<PathBuf>, ExportError> {
        if !self.lines {
            self.put("\n]}\n")?;
        }
        self.to.flush().map_err(|error| disk(&self.path, error))?;
        Ok(vec![self.path])
    }
}

/// A value as a GeoJSON property.
fn property(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Boolean(truth) => (*truth).into(),
        Value::Integer(number) => (*number).into(),
        Value::Decimal(number) => (*number).into(),
        Value::Json(json) => (**json).clone(),
        other => super::text::text(other).into_owned().into(),
    }
}

/// A geometry as GeoJSON, outer rings counterclockwise as RFC 7946 §3.1.6 asks.
fn geometry(geometry: &Geometry<f64>) -> Json {
    let value = match geometry {
        Geometry::Polygon(polygon) => {
            ::geojson::GeometryValue::from(&polygon.orient(Direction::Default))
        }
        Geometry::MultiPolygon(polygons) => {
            ::geojson::GeometryValue::from(&polygons.orient(Direction::Default))
        }
        other => ::geojson::GeometryValue::from(other),
    };
    Json::from(&value)
}
