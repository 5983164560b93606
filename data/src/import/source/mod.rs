//! What a file holds, row by row, before anything is made of it: one file a format.

mod archive;
mod boundary_points;
mod csv;
mod dbf;
mod dxf;
mod encoding;
mod geojson;
mod geojson_lines;
mod geopackage;
mod json_geometry;
mod osm;
mod osm_tags;
mod prj;
mod shapefile;
mod shp;
mod table;
mod wkt;
mod xlsx;

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
};

use geo::Geometry;

pub(super) use encoding::decode;
pub(super) use json_geometry::split;

use super::ImportError;
use crate::{GeometryKind, Text};

/// A value as a file has it.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::import) enum Raw {
    /// Nothing.
    Null,
    /// A truth value.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// A text that is not whole in any encoding tried; what could be read of it.
    Garbled(String),
    /// A list or object.
    Json(serde_json::Value),
}

/// The place of a row.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::import) enum Shape {
    /// It has none.
    None,
    /// In the file's coordinate system; east before north unless the source says that it
    /// is [`Said::north_first`].
    Some(Geometry<f64>),
    /// As `Some`, and a ring's ends were a rounding apart and were closed.
    Closed(Geometry<f64>),
    /// It can't be read: why.
    Bad(Text),
}

/// One row or feature.
#[derive(Clone, Debug)]
pub(in crate::import) struct Row {
    /// Counted from 1 as a user of the file counts: the line of a table, the feature of
    /// a map.
    pub(in crate::import) number: u64,
    /// The identifier that the format itself gives it.
    pub(in crate::import) key: Option<String>,
    /// The layer that the format itself says it belongs to.
    pub(in crate::import) layer: Option<&'static str>,
    /// Its place.
    pub(in crate::import) shape: Shape,
    /// Its values by column.
    pub(in crate::import) values: Vec<(Arc<str>, Raw)>,
    /// Why the row as a whole can't be read, where it can't.
    pub(in crate::import) fault: Option<Text>,
}

impl Row {
    pub(super) fn new(number: u64) -> Self {
        Self {
            number,
            key: None,
            layer: None,
            shape: Shape::None,
            values: Vec::new(),
            fault: None,
        }
    }
}

/// What a file says of itself.
#[derive(Clone, Debug, Default)]
pub(in crate::import) struct Said {
    /// Its coordinate system: a name, WKT, or as the format's standard fixes it.
    pub(in crate::import) crs: Option<String>,
    /// Whether the format fixes the system, so that it is only assumed where the numbers
    /// allow it (GeoJSON: longitude and latitude).
    pub(in crate::import) by_format: bool,
    /// Whether the columns' names do not settle the order of coordinates (X, Y), so that
    /// it is told by the size of the numbers.
    pub(in crate::import) either_order: bool,
    /// Whether the format's first number grows to the north, and the reader has turned it.
    pub(in crate::import) encoding: Option<String>,
    /// What the user should know about the file.
    pub(in crate::import) notes: Vec<Text>,
    /// Rows, where they are counted already.
    pub(in crate::import) rows: Option<u64>,
}

/// What a caller does with each row: go on or stop.
pub(in crate::import) type Each<'a> = &'a mut dyn FnMut(Row) -> ControlFlow<()>;

/// A file as rows. Going over it again starts from its beginning.
pub(in crate::import) trait Source {
    /// What the file says of itself.
    fn said(&self) -> &Said;

    /// Gives each row to `each` until it breaks off.
    ///
    /// # Errors
    /// When the file is cut off or otherwise not what it should be.
    fn rows(&self, each: Each<'_>) -> Result<(), ImportError>;
}

/// A file of which every row was read before the first was asked for.
struct Held {
    said: Said,
    rows: Vec<Row>,
}

impl Source for Held {
    fn said(&self) -> &Said {
        &self.said
    }

    fn rows(&self, each: Each<'_>) -> Result<(), ImportError> {
        for row in &self.rows {
            if let ControlFlow::Break(()) = each(row.clone()) {
                break;
            }
        }
        Ok(())
    }
}

/// How files are to be read.
#[derive(Clone, Default)]
pub(in crate::import) struct Reading {
    /// The encoding of texts, where the user gave one.
    pub(in crate::import) encoding: Option<&'static encoding_rs::Encoding>,
    /// The table of a GeoPackage or the sheet of a workbook.
    pub(in crate::import) table: Option<String>,
    /// Columns of the coordinates: east, north.
    pub(in crate::import) columns: Option<(String, String)>,
    /// Column with WKT.
    pub(in crate::import) wkt: Option<String>,
    /// Names that the layer knows, folded: to find the headings of a sheet.
    pub(in crate::import) known: Arc<std::collections::BTreeSet<String>>,
    /// The target layer.
    pub(in crate::import) layer: String,
    /// What its features are: a drawing holds lines that may be areas.
    pub(in crate::import) geometry: GeometryKind,
}

/// Files above this size, in bytes, are refused: they are not a village's.
pub(super) const LARGEST: u64 = 8 << 30;
/// Formats that are read into memory as a whole are refused above this size.
pub(super) const LARGEST_WHOLE: u64 = 1 << 30;

/// Opens a file by its ending, and by its first bytes where the ending says nothing.
///
/// # Errors
/// When the file is missing, empty, too large, or of no format that is read.
pub(in crate::import) fn open(
    path: &Path,
    reading: &Reading,
) -> Result<Box<dyn Source>, ImportError> {
    let length = std::fs::metadata(path)
        .map_err(|error| ImportError::io(path, error))?
        .len();
    if path.is_dir() {
        return Err(ImportError::file(
            path,
            "是文件夹，请给出文件",
            "is a folder; name a file",
        ));
    }
    if length == 0 {
        return Err(ImportError::file(
            path,
            "文件为空（0 字节），可能传输中断，请重新获取",
            "the file is empty (0 bytes); the transfer may have failed, get it again",
        ));
    }
    check_size(path, length, LARGEST)?;
    match ending(path).as_str() {
        "geojson" | "json" => Ok(Box::new(geojson::GeoJson::open(path, reading)?)),
        "geojsonl" | "geojsons" | "geojsonseq" | "ndjson" | "jsonl" | "ldjson" => {
            Ok(Box::new(geojson_lines::GeoJsonLines::open(path, reading)?))
        }
        "gpkg" => Ok(Box::new(geopackage::Foreign::open(path, reading)?)),
        "shp" | "dbf" => Ok(Box::new(shapefile::Shapefile::open(path, reading)?)),
        "zip" => archive::open(path, reading),
        "csv" | "tsv" => csv::open(path, reading),
        "txt" => boundary_points::open(path, reading),
        "xlsx" | "xlsm" | "xls" | "ods" => xlsx::open(path, reading),
        "dxf" => dxf::open(path, reading),
        "dwg" => Err(ImportError::file(
            path,
            "是 DWG，本程序不能读；请在 CAD 里另存为 DXF（文本）再导入",
            "is a DWG, which is not read; save it as DXF (text) in the CAD program",
        )),
        "pbf" => Ok(Box::new(osm::Osm::open(path)?)),
        other => Err(ImportError::file(
            path,
            format!(
                "不认识扩展名“{other}”；可导入 geojson、geojsonl、gpkg、shp、zip、dxf、csv、xlsx、txt（界址点）、osm.pbf"
            ),
            format!(
                "unknown ending “{other}”; geojson, geojsonl, gpkg, shp, zip, dxf, csv, xlsx, txt (boundary points) and osm.pbf can be imported"
            ),
        )),
    }
}

pub(super) fn check_size(path: &Path, length: u64, limit: u64) -> Result<(), ImportError> {
    if length <= limit {
        return Ok(());
    }
    let (size, most) = (length >> 20, limit >> 20);
    Err(ImportError::file(
        path,
        format!("文件过大：{size} MiB，上限 {most} MiB；请分幅或按村拆分后导入"),
        format!(
            "the file is too large: {size} MiB of at most {most}; split it by sheet or village"
        ),
    ))
}

pub(super) fn ending(path: &Path) -> String {
    path.extension()
        .map(|it| it.to_string_lossy().to_lowercase())
        .unwrap_or_default()
}

/// The whole of a file in memory.
pub(super) fn read_whole(path: &Path) -> Result<Vec<u8>, ImportError> {
    let length = std::fs::metadata(path)
        .map_err(|error| ImportError::io(path, error))?
        .len();
    check_size(path, length, LARGEST_WHOLE)?;
    std::fs::read(path).map_err(|error| ImportError::io(path, error))
}

/// A file beside another, whatever the case of its ending.
pub(super) fn beside(path: &Path, ending: &str) -> Option<PathBuf> {
    [ending.to_owned(), ending.to_uppercase()]
        .into_iter()
        .map(|ending| path.with_extension(ending))
        .find(|path| path.exists())
}
