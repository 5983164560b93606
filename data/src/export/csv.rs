//! Comma-separated values: UTF-8 with the mark that Excel wants.

use std::{fs::File, io::Write as _, path::PathBuf, sync::Arc};

use geo::Geometry;
use wkt::ToWkt;

use super::{ExportError, Losses, Setting, disk, text::text};
use crate::{GeometryKind, Layer, Record, Value, crs::Crs};

pub(super) struct Writer {
    to: ::csv::Writer<File>,
    path: PathBuf,
    layer: Arc<Layer>,
}

/// What the columns of a point's coordinates are called.
pub(super) fn coordinate_names(crs: &Crs) -> [&'static str; 2] {
    match crs {
        Crs::Crs84 | Crs::Gcj02 | Crs::Bd09 | Crs::Epsg(4326 | 4490) => ["lon", "lat"],
        _ => ["x", "y"],
    }
}

impl Writer {
    pub(super) fn new(setting: &Setting<'_>) -> Result<Self, ExportError> {
        let path = setting.path.clone();
        let refuse = |error| disk(&path, error);
        let mut file = File::create(&path).map_err(refuse)?;
        file.write_all("\u{feff}".as_bytes()).map_err(refuse)?;
        let mut writer = Self {
            to: ::csv::Writer::from_writer(file),
            layer: Arc::clone(setting.layer),
            path: path.clone(),
        };
        let mut heading = vec!["id"];
        match writer.layer.geometry {
            GeometryKind::None => {}
            GeometryKind::Point => heading.extend(coordinate_names(&setting.crs)),
            _ => heading.push("wkt"),
        }
        let layer = Arc::clone(&writer.layer);
        heading.extend(layer.fields.iter().map(|field| field.name.as_str()));
        writer.put(&heading)?;
        Ok(writer)
    }

    fn put<T: AsRef<[u8]>>(&mut self, cells: &[T]) -> Result<(), ExportError> {
        self.to
            .write_record(cells)
            .map_err(|error| disk(&self.path, error.into()))
    }
}

impl super::Writer for Writer {
    fn write(&mut self, row: &Record, losses: &mut Losses) -> Result<(), ExportError> {
        let mut cells = vec![row.id.to_string()];
        match (self.layer.geometry, &row.geometry) {
            (GeometryKind::None, _) => {}
            (GeometryKind::Point, Some(Geometry::Point(point))) => {
                cells.push(point.x().to_string());
                cells.push(point.y().to_string());
            }
            (GeometryKind::Point, geometry) => {
                if geometry.is_some() {
                    losses.count(
                        None,
                        "多点图形没有写入坐标列",
                        "a multipoint has no place in the coordinate columns",
                    );
                }
                cells.extend([String::new(), String::new()]);
            }
            (_, geometry) => {
                cells.push(geometry.as_ref().map(ToWkt::wkt_string).unwrap_or_default())
            }
        }
        for (field, value) in self.layer.fields.iter().zip(&row.values) {
            if value == &Value::from("") {
                losses.count(
                    Some(&field.name),
                    "空文本与无值不能区分",
                    "an empty text reads as no value",
                );
            }
            cells.push(text(value).into_owned());
        }
        self.put(&cells)
    }

    fn finish(mut self: Box<Self>, _: &mut Losses) -> Result<Vec<PathBuf>, ExportError> {
        self.to.flush().map_err(|error| disk(&self.path, error))?;
        Ok(vec![self.path])
    }
}
