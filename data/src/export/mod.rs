//! Formats out: one writer a format, each streaming, each saying what it cannot hold.
//!
//! Writers take records as their viewer may see them: the caller masks before it
//! writes, and describes masked fields as texts in the layer that it hands over.

mod csv;
mod dbf;
mod dxf;
mod flatgeobuf;
mod geojson;
mod geopackage;
mod loss;
mod shapefile;
mod shp;
#[cfg(test)]
mod tests;
mod text;
mod xlsx;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use thiserror::Error;

pub use loss::{Loss, Losses};

use crate::{
    Catalog, Layer, Record,
    crs::{Crs, CrsError, STORED, Transform},
    store::{About, StoreError},
};

/// A format that a layer can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// GeoJSON, RFC 7946.
    GeoJson,
    /// GeoJSON, one feature a line.
    GeoJsonLines,
    /// GeoPackage 1.3.
    GeoPackage,
    /// ESRI Shapefile, its files side by side.
    Shapefile,
    /// ESRI Shapefile, its files in one zip.
    ZippedShapefile,
    /// Comma-separated values.
    Csv,
    /// Excel workbook.
    Xlsx,
    /// AutoCAD drawing exchange.
    Dxf,
    /// FlatGeobuf.
    FlatGeobuf,
}

/// Encoding of texts in a Shapefile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// What today's programs expect.
    #[default]
    Utf8,
    /// What older Chinese programs expect.
    Gbk,
}

/// How a layer is to be written.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Coordinates of the result; the format's own where none is given: EPSG:4547 for
    /// DXF, longitude and latitude for all others.
    pub crs: Option<Crs>,
    /// Encoding of a Shapefile's texts.
    pub encoding: Encoding,
    /// What the project says of itself, for formats that can carry it.
    pub about: About,
}

/// Why a layer could not be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The file's ending names no format.
    #[error("{}：无法由扩展名判断格式，可用 .geojson .geojsonl .gpkg .shp .zip .csv .xlsx .dxf .fgb / the ending names no format; use one of .geojson .geojsonl .gpkg .shp .zip .csv .xlsx .dxf .fgb", path.display())]
    UnknownFormat {
        /// The file asked for.
        path: PathBuf,
    },
    /// The format keeps one coordinate system only.
    #[error("{format} 只能用 {only}，请去掉 --crs / {format} keeps {only} only; leave --crs out")]
    FixedCrs {
        /// The format.
        format: &'static str,
        /// The system that it keeps.
        only: &'static str,
    },
    /// A coordinate system that is not known, or that a coordinate lies outside of.
    #[error(transparent)]
    Crs(#[from] CrsError),
    /// The format has a limit that the layer passes.
    #[error("{format} 放不下：{zh}，请改用 gpkg / {format} cannot hold it: {en}; use gpkg")]
    TooLarge {
        /// The format.
        format: &'static str,
        /// The limit, in Chinese.
        zh: &'static str,
        /// The limit, in English.
        en: &'static str,
    },
    /// The file or its disk refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A library refused for a reason of its own.
    #[error("{format}：{detail}")]
    Library {
        /// The format.
        format: &'static str,
        /// What it said.
        detail: String,
    },
}

/// What an export did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Features written.
    pub rows: u64,
    /// The files that now stand there.
    pub files: Vec<PathBuf>,
    /// What the format could not hold.
    pub losses: Vec<Loss>,
}

/// Writes features in one format.
trait Writer {
    /// Adds a feature whose geometry is in the export's system.
    fn write(&mut self, row: &Record, losses: &mut Losses) -> Result<(), ExportError>;

    /// Completes the files, which are still in the export's own folder, and names them.
    fn finish(self: Box<Self>, losses: &mut Losses) -> Result<Vec<PathBuf>, ExportError>;
}

/// An export under way. Nothing stands at its place until [`Export::finish`]; dropped
/// before, it leaves nothing.
pub struct Export {
    writer: Box<dyn Writer>,
    transform: Transform,
    target: PathBuf,
    folder: tempfile::TempDir,
    losses: Losses,
    rows: u64,
}

/// What every writer is made from.
struct Setting<'a> {
    /// Where the file is written for now.
    path: PathBuf,
    layer: &'a Arc<Layer>,
    catalog: &'a Arc<Catalog>,
    crs: Crs,
    options: &'a Options,
}

impl Format {
    /// The format that a file's ending names.
    ///
    /// # Errors
    /// [`ExportError::UnknownFormat`].
    pub fn of(path: &Path) -> Result<Self, ExportError> {
        let ending = path
            .extension()
            .map(|ending| ending.to_string_lossy().to_lowercase())
            .unwrap_or_default();
        Ok(match ending.as_str() {
            "geojson" | "json" => Self::GeoJson,
            "geojsonl" | "geojsons" | "ndjson" | "jsonl" => Self::GeoJsonLines,
            "gpkg" => Self::GeoPackage,
            "shp" => Self::Shapefile,
            "zip" => Self::ZippedShapefile,
            "csv" => Self::Csv,
            "xlsx" => Self::Xlsx,
            "dxf" => Self::Dxf,
            "fgb" => Self::FlatGeobuf,
            _ => {
                return Err(ExportError::UnknownFormat {
                    path: path.to_path_buf(),
                });
            }
        })
    }

    /// The system that a format is written in where none is asked for.
    fn natural_crs(self) -> Crs {
        match self {
            Self::Dxf => Crs::Epsg(4547),
            _ => STORED,
        }
    }
}

impl Export {
    /// Starts to write a layer to a file, in the format that its ending names.
    ///
    /// # Errors
    /// When the ending names no format, the format does not keep the system asked for,
    /// or the folder cannot be written.
    pub fn start(
        target: &Path,
        layer: &Arc<Layer>,
        catalog: &Arc<Catalog>,
        options: &Options,
    ) -> Result<Self, ExportError> {
        let format = Format::of(target)?;
        let crs = options.crs.clone().unwrap_or_else(|| format.natural_crs());
        let transform = Transform::new(&STORED, &crs)?;
        let parent = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let folder = tempfile::Builder::new()
            .prefix(".yizhangtu-export-")
            .tempdir_in(parent)
            .map_err(|error| StoreError::io(parent, error))?;
        let name = target.file_name().unwrap_or_default();
        let setting = Setting {
            path: folder.path().join(name),
            layer,
            catalog,
            crs,
            options,
        };
        let mut losses = Losses::default();
        let writer: Box<dyn Writer> = match format {
            Format::GeoJson => Box::new(geojson::Writer::new(&setting, false, &mut losses)?),
            Format::GeoJsonLines => Box::new(geojson::Writer::new(&setting, true, &mut losses)?),
            Format::GeoPackage => Box::new(geopackage::Writer::new(&setting)?),
            Format::Shapefile => Box::new(shapefile::Writer::new(&setting, false, &mut losses)?),
            Format::ZippedShapefile => {
                Box::new(shapefile::Writer::new(&setting, true, &mut losses)?)
            }
            Format::Csv => Box::new(csv::Writer::new(&setting)?),
            Format::Xlsx => Box::new(xlsx::Writer::new(&setting, &mut losses)?),
            Format::Dxf => Box::new(dxf::Writer::new(&setting, &mut losses)?),
            Format::FlatGeobuf => Box::new(flatgeobuf::Writer::new(&setting, &mut losses)?),
        };
        Ok(Self {
            writer,
            transform,
            target: target.to_path_buf(),
            folder,
            losses,
            rows: 0,
        })
    }

    /// Adds a feature, in EPSG:4490 and as its viewer may see it.
    ///
    /// # Errors
    /// When it lies outside of the export's system, or the disk refuses.
    pub fn write(&mut self, row: &Record) -> Result<(), ExportError> {
        self.rows += 1;
        if self.transform.is_identity() || row.geometry.is_none() {
            return self.writer.write(row, &mut self.losses);
        }
        let mut row = row.clone();
        if let Some(geometry) = &mut row.geometry {
            self.transform.geometry(geometry)?;
        }
        self.writer.write(&row, &mut self.losses)
    }

    /// Completes the files and puts them in their place, over what stood there.
    ///
    /// # Errors
    /// When the disk refuses; what stood there before still stands then.
    pub fn finish(mut self) -> Result<Report, ExportError> {
        let made = self.writer.finish(&mut self.losses)?;
        let parent = self.folder.path().parent().unwrap_or(Path::new("."));
        for file in &made {
            fs::File::open(file)
                .and_then(|file| file.sync_all())
                .map_err(|error| disk(&self.target, error))?;
        }
        let mut files = Vec::new();
        for file in made {
            let place = parent.join(file.file_name().unwrap_or_default());
            fs::rename(&file, &place).map_err(|error| disk(&place, error))?;
            files.push(place);
        }
        Ok(Report {
            rows: self.rows,
            files,
            losses: self.losses.into_list(),
        })
    }
}

/// The error of a disk, naming the file that was asked for.
fn disk(path: &Path, error: io::Error) -> ExportError {
    StoreError::io(path, error).into()
}
