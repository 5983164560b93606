//! ESRI Shapefile: `.shp`, `.shx`, `.dbf`, `.prj`, `.cpg`, side by side or in one zip,
//! with a table of the full field names beside them.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use geo::Geometry;
use zip::{ZipWriter, write::SimpleFileOptions};

use super::{
    Encoding, ExportError, Losses, Setting, dbf, disk,
    shp::{Kind, ShapeError, Shapes},
};
use crate::{GeometryKind, Layer, Record, crs::Crs};

pub(super) struct Writer {
    path: PathBuf,
    folder: PathBuf,
    layer: Arc<Layer>,
    crs: Crs,
    encoding: Encoding,
    zipped: bool,
    parts: BTreeMap<Kind, Part>,
}

/// One Shapefile of those that a layer of mixed geometry gives.
struct Part {
    shapes: Option<Shapes>,
    table: dbf::Table,
}

impl Writer {
    pub(super) fn new(
        setting: &Setting<'_>,
        zipped: bool,
        losses: &mut Losses,
    ) -> Result<Self, ExportError> {
        let layer = Arc::clone(setting.layer);
        for (field, name) in layer.fields.iter().zip(dbf::names(&layer.fields)) {
            if field.name != name {
                losses.always(
                    Some(&field.name),
                    "字段名截为 10 字节，全名见 _fields.csv",
                    "the name is cut to 10 bytes; see _fields.csv for all of it",
                );
            }
        }
        if projection(&setting.crs).is_none() {
            losses.always(
                None,
                "没有写 .prj，请自行注明坐标系",
                "no .prj is written; note the coordinate system yourself",
            );
        }
        let mut writer = Self {
            folder: setting
                .path
                .parent()
                .map(Path::to_path_buf)
                .unwrap_or_default(),
            path: setting.path.clone(),
            layer,
            crs: setting.crs.clone(),
            encoding: setting.options.encoding,
            zipped,
            parts: BTreeMap::new(),
        };
        // An empty layer gives an empty file of its kind.
        if let Some(kind) = writer.natural_kind() {
            writer.part(kind)?;
        }
        Ok(writer)
    }

    /// The kind of file that rows without geometry go into.
    fn natural_kind(&self) -> Option<Kind> {
        match self.layer.geometry {
            GeometryKind::None => Some(Kind::Table),
            GeometryKind::Point => Some(Kind::Point),
            GeometryKind::Line => Some(Kind::Line),
            GeometryKind::Polygon => Some(Kind::Polygon),
            GeometryKind::Any => None,
        }
    }

    fn part(&mut self, kind: Kind) -> Result<&mut Part, ExportError> {
        if !self.parts.contains_key(&kind) {
            let make = || {
                let shapes = match kind {
                    Kind::Table => None,
                    kind => Some(Shapes::create(&self.folder.join(kind.suffix()), kind)?),
                };
                let table = dbf::Table::create(&self.folder, &self.layer.fields, self.encoding)?;
                Ok(Part { shapes, table })
            };
            let part = make().map_err(|error| disk(&self.path, error))?;
            self.parts.insert(kind, part);
        }
        Ok(self.parts.get_mut(&kind).expect("made above"))
    }

    fn put(
        &mut self,
        kind: Kind,
        geometry: Option<&Geometry<f64>>,
        row: &Record,
        losses: &mut Losses,
    ) -> Result<(), ExportError> {
        let path = self.path.clone();
        let layer = Arc::clone(&self.layer);
        let part = self.part(kind)?;
        if let Some(shapes) = &mut part.shapes {
            shapes.add(geometry).map_err(|error| match error {
                ShapeError::TooLarge => ExportError::TooLarge {
                    format: "Shapefile",
                    zh: "超过 2 GB",
                    en: "over 2 GB",
                },
                ShapeError::Io(error) => disk(&path, error),
            })?;
        }
        part.table
            .add(&layer.fields, row, losses)
            .map_err(|error| disk(&path, error))
    }

    /// The name that all files start with.
    fn stem(&self) -> String {
        let name = self.path.file_stem().unwrap_or_default().to_string_lossy();
        let name = name.strip_suffix(".shp").unwrap_or(&name);
        name.to_owned()
    }
}

impl super::Writer for Writer {
    fn write(&mut self, row: &Record, losses: &mut Losses) -> Result<(), ExportError> {
        let geometry = row.geometry.as_ref();
        match (geometry, geometry.and_then(Kind::of)) {
            (Some(geometry), Some(kind)) => self.put(kind, Some(geometry), row, losses),
            (Some(Geometry::GeometryCollection(collection)), _) => {
                losses.count(
                    None,
                    "图形集合拆成多个要素",
                    "collections are split into several features",
                );
                for part in &collection.0 {
                    if let Some(kind) = Kind::of(part) {
                        self.put(kind, Some(part), row, losses)?;
                    }
                }
                Ok(())
            }
            _ => {
                let kind = self.natural_kind().unwrap_or(Kind::Table);
                self.put(kind, None, row, losses)
            }
        }
    }

    fn finish(mut self: Box<Self>, losses: &mut Losses) -> Result<Vec<PathBuf>, ExportError> {
        if self.parts.len() > 1 {
            losses.always(
                None,
                "不同图形类型分写成多个文件",
                "kinds of geometry go into files of their own",
            );
        }
        if self.parts.is_empty() {
            self.part(Kind::Table)?;
        }
        let path = self.path.clone();
        self.complete().map_err(|error| disk(&path, error))
    }
}

impl Writer {
    fn complete(mut self) -> io::Result<Vec<PathBuf>> {
        let stem = self.stem();
        let several = self.parts.len() > 1;
        let mut files = Vec::new();
        for (kind, part) in std::mem::take(&mut self.parts) {
            let suffix = if several { kind.suffix() } else { "" };
            // Not `with_extension`: a name may have dots of its own.
            let named = |ending: &str| self.folder.join(format!("{stem}{suffix}.{ending}"));
            if let Some(shapes) = part.shapes {
                shapes.finish()?;
                let drafted = self.folder.join(kind.suffix());
                for ending in ["shp", "shx"] {
                    fs::rename(drafted.with_extension(ending), named(ending))?;
                    files.push(named(ending));
                }
                if let Some(wkt) = projection(&self.crs) {
                    fs::write(named("prj"), wkt)?;
                    files.push(named("prj"));
                }
            }
            part.table.finish(&named("dbf"))?;
            files.push(named("dbf"));
            let encoding = match self.encoding {
                Encoding::Utf8 => "UTF-8",
                Encoding::Gbk => "GBK",
            };
            fs::write(named("cpg"), encoding)?;
            files.push(named("cpg"));
        }
        let names = self.folder.join(format!("{stem}_fields.csv"));
        fs::write(&names, self.field_table()?)?;
        files.push(names);
        if self.zipped {
            return zip(&self.path, &files).map(|()| vec![self.path]);
        }
        Ok(files)
    }

    /// A table of the cut names and what they stand for.
    fn field_table(&self) -> io::Result<Vec<u8>> {
        let mut table = ::csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
        table.write_record(["shp_name", "field", "title_zh", "title_en"])?;
        for (field, name) in self.layer.fields.iter().zip(dbf::names(&self.layer.fields)) {
            table.write_record([&name, &field.name, &field.label.zh, &field.label.en])?;
        }
        table.into_inner().map_err(|error| error.into_error())
    }
}

fn zip(path: &Path, files: &[PathBuf]) -> io::Result<()> {
    let mut zip = ZipWriter::new(File::create(path)?);
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        zip.start_file(name, SimpleFileOptions::default().large_file(true))?;
        io::copy(&mut File::open(file)?, &mut zip)?;
        fs::remove_file(file)?;
    }
    zip.finish()?.flush()
}

/// The text of a `.prj`, as ESRI writes it.
fn projection(crs: &Crs) -> Option<String> {
    const CGCS2000: &str = r#"GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]"#;
    const WGS84: &str = r#"GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]"#;
    let code = match crs {
        Crs::Crs84 => return Some(WGS84.to_owned()),
        Crs::Epsg(code) => *code,
        _ => return None,
    };
    // The Gauss–Krüger zones of CGCS2000: six degrees wide with and without the zone's
    // number in the easting, then three degrees wide.
    let (name, meridian, easting) = match code {
        4490 => return Some(CGCS2000.to_owned()),
        4326 => return Some(WGS84.to_owned()),
        4491..=4501 => {
            let zone = code - 4491 + 13;
            (
                format!("GK_Zone_{zone}"),
                zone * 6 - 3,
                zone * 1_000_000 + 500_000,
            )
        }
        4502..=4512 => {
            let meridian = 75 + 6 * (code - 4502);
            (format!("GK_CM_{meridian}E"), meridian, 500_000)
        }
        4513..=4533 => {
            let zone = code - 4513 + 25;
            let name = format!("3_Degree_GK_Zone_{zone}");
            (name, zone * 3, zone * 1_000_000 + 500_000)
        }
        4534..=4554 => {
            let meridian = 75 + 3 * (code - 4534);
            (format!("3_Degree_GK_CM_{meridian}E"), meridian, 500_000)
        }
        _ => return None,
    };
    Some(format!(
        r#"PROJCS["CGCS2000_{name}",{CGCS2000},PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",{easting}.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",{meridian}.0],PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]"#
    ))
}
