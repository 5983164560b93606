//! FlatGeobuf: sorted along a Hilbert curve, with its index.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use ::flatgeobuf::{ColumnType, FgbCrs, FgbWriter, FgbWriterOptions, GeometryType};
use geozero::{ColumnValue, PropertyProcessor as _};

use super::{ExportError, Losses, Setting, disk, text::text};
use crate::{FieldKind, GeometryKind, Layer, Record, Value, crs::Crs};

pub(super) struct Writer {
    to: FgbWriter<'static>,
    path: PathBuf,
    layer: Arc<Layer>,
}

impl Writer {
    pub(super) fn new(setting: &Setting<'_>, losses: &mut Losses) -> Result<Self, ExportError> {
        let layer = Arc::clone(setting.layer);
        let (kind, promote) = match layer.geometry {
            GeometryKind::Point => (GeometryType::Point, false),
            GeometryKind::Line => (GeometryType::MultiLineString, true),
            GeometryKind::Polygon => (GeometryType::MultiPolygon, true),
            GeometryKind::None | GeometryKind::Any => (GeometryType::Unknown, false),
        };
        let code = match setting.crs {
            Crs::Crs84 => 4326,
            Crs::Epsg(code) => i32::try_from(code).unwrap_or_default(),
            _ => 0,
        };
        if code == 0 {
            losses.always(
                None,
                "没有写坐标系，请自行注明",
                "no coordinate system is written; note it yourself",
            );
        }
        let options = FgbWriterOptions {
            write_index: layer.is_mapped(),
            detect_type: false,
            promote_to_multi: promote,
            crs: FgbCrs {
                org: Some("EPSG"),
                code,
                ..FgbCrs::default()
            },
            title: Some(&layer.title.zh),
            ..FgbWriterOptions::default()
        };
        let mut to = FgbWriter::create_with_options(&layer.id, kind, options)
            .map_err(|error| library(&error))?;
        to.add_column("id", ColumnType::String, |_, column| {
            column.nullable = false
        });
        for field in &layer.fields {
            let kind = match field.kind {
                FieldKind::Text => ColumnType::String,
                FieldKind::Integer => ColumnType::Long,
                FieldKind::Decimal => ColumnType::Double,
                FieldKind::Boolean => ColumnType::Bool,
                FieldKind::Date | FieldKind::DateTime => ColumnType::DateTime,
                FieldKind::Json => ColumnType::Json,
            };
            if field.kind == FieldKind::Date {
                losses.always(
                    Some(&field.name),
                    "日期类型记为日期时间",
                    "days are kept in a column for dates with time",
                );
            }
            to.add_column(&field.name, kind, |buffer, column| {
                column.title = Some(buffer.create_string(&field.label.zh));
            });
        }
        Ok(Self {
            to,
            path: setting.path.clone(),
            layer,
        })
    }
}

impl super::Writer for Writer {
    fn write(&mut self, row: &Record, losses: &mut Losses) -> Result<(), ExportError> {
        let nothing = geo::Geometry::GeometryCollection(geo::GeometryCollection(Vec::new()));
        let geometry = match &row.geometry {
            Some(geometry) => geometry,
            None if !self.layer.is_mapped() => &nothing,
            None => {
                losses.count(
                    None,
                    "没有图形的要素未写入",
                    "features without geometry are left out",
                );
                return Ok(());
            }
        };
        let mut refused = None;
        let fields = &self.layer.fields;
        self.to
            .add_feature_geom(geometry.clone(), |feature| {
                let mut put = |at: usize, name: &str, value: &ColumnValue<'_>| {
                    if let Err(error) = feature.property(at, name, value) {
                        refused = Some(library(&error));
                    }
                };
                put(0, "id", &ColumnValue::String(&row.id));
                for (at, (field, value)) in (1..).zip(fields.iter().zip(&row.values)) {
                    match (field.kind, value) {
                        (_, Value::Null) => {}
                        (FieldKind::Boolean, Value::Boolean(truth)) => {
                            put(at, &field.name, &ColumnValue::Bool(*truth));
                        }
                        (FieldKind::Integer, Value::Integer(number)) => {
                            put(at, &field.name, &ColumnValue::Long(*number));
                        }
                        (FieldKind::Decimal, Value::Decimal(_) | Value::Integer(_)) => {
                            let number = value.as_decimal().unwrap_or_default();
                            put(at, &field.name, &ColumnValue::Double(number));
                        }
                        (
                            FieldKind::Date | FieldKind::DateTime,
                            Value::Date(_) | Value::DateTime(_),
                        ) => {
                            put(at, &field.name, &ColumnValue::DateTime(&text(value)));
                        }
                        (FieldKind::Json, Value::Json(json)) => {
                            put(at, &field.name, &ColumnValue::Json(&json.to_string()));
                        }
                        (FieldKind::Text, value) => {
                            put(at, &field.name, &ColumnValue::String(&text(value)));
                        }
                        _ => losses.count(
                            Some(&field.name),
                            "值与字段类型不符，未写入",
                            "the value is not of the field's type and was left out",
                        ),
                    }
                }
            })
            .map_err(|error| library(&error))?;
        refused.map_or(Ok(()), Err)
    }

    fn finish(self: Box<Self>, _: &mut Losses) -> Result<Vec<PathBuf>, ExportError> {
        let path = self.path;
        let create = |path: &Path| File::create(path).map(BufWriter::new);
        let mut file = create(&path).map_err(|error| disk(&path, error))?;
        self.to.write(&mut file).map_err(|error| library(&error))?;
        file.flush().map_err(|error| disk(&path, error))?;
        Ok(vec![path])
    }
}

fn library(error: &impl std::fmt::Display) -> ExportError {
    ExportError::Library {
        format: "FlatGeobuf",
        detail: error.to_string(),
    }
}
