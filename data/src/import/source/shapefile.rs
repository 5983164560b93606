//! Shapefiles: `.shp` and `.dbf` side by side, `.prj` and `.cpg` where there are any.

use std::{
    fs::File,
    io::{self, BufReader},
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use encoding_rs::Encoding;

use super::{Each, Reading, Row, Said, Shape, Source, beside, dbf, encoding, prj, shp};
use crate::{Text, import::ImportError};

/// A shapefile, or its table alone.
pub(super) struct Shapefile {
    shp: Option<PathBuf>,
    dbf: Option<(PathBuf, dbf::Head)>,
    encoding: &'static Encoding,
    said: Said,
}

impl Shapefile {
    pub(super) fn open(path: &Path, reading: &Reading) -> Result<Self, ImportError> {
        let shp = if super::ending(path) == "shp" {
            Some(path.to_path_buf())
        } else {
            beside(path, "shp")
        };
        let dbf = if super::ending(path) == "dbf" {
            Some(path.to_path_buf())
        } else {
            beside(path, "dbf")
        };
        let mut said = Said::default();
        if let Some(shp) = &shp {
            check_shapes(shp)?;
            said.crs = beside(shp, "prj")
                .and_then(|path| std::fs::read(path).ok())
                .and_then(|bytes| prj::read(&bytes));
        }
        let mut encoding = reading.encoding.unwrap_or(encoding_rs::UTF_8);
        let table = match &dbf {
            None => {
                said.notes.push(Text {
                    zh: "没有同名 .dbf，只有图形没有属性".to_owned(),
                    en: "there is no .dbf beside it: shapes only, no values".to_owned(),
                });
                None
            }
            Some(path) => {
                let mut head = head(path)?;
                encoding = match reading.encoding {
                    Some(given) => given,
                    None => find_encoding(path, &head)?,
                };
                head.name(encoding);
                said.encoding = Some(encoding.name().to_owned());
                said.rows = Some(head.rows.into());
                Some((path.clone(), head))
            }
        };
        Ok(Self {
            shp,
            dbf: table,
            encoding,
            said,
        })
    }
}

fn cut_off(path: &Path) -> ImportError {
    ImportError::file(
        path,
        "文件不完整或已损坏，请重新获取或导出",
        "the file is cut off or damaged; get or export it again",
    )
}

fn fault(path: &Path, error: io::Error) -> ImportError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => cut_off(path),
        _ => ImportError::io(path, error),
    }
}

fn open_file(path: &Path) -> Result<BufReader<File>, ImportError> {
    File::open(path)
        .map(|file| BufReader::with_capacity(1 << 16, file))
        .map_err(|error| ImportError::io(path, error))
}

fn length(path: &Path) -> Result<u64, ImportError> {
    Ok(std::fs::metadata(path)
        .map_err(|error| ImportError::io(path, error))?
        .len())
}

fn check_shapes(path: &Path) -> Result<(), ImportError> {
    let stated = shp::head(&mut open_file(path)?).map_err(|error| fault(path, error))?;
    if length(path)? < stated {
        return Err(cut_off(path));
    }
    Ok(())
}

fn head(path: &Path) -> Result<dbf::Head, ImportError> {
    let head = dbf::Head::read(&mut open_file(path)?).map_err(|error| fault(path, error))?;
    if length(path)? < head.length() {
        return Err(cut_off(path));
    }
    Ok(head)
}

/// By the `.cpg` file, the table's own byte, or what the texts look like. A label that
/// the texts contradict is not believed.
fn find_encoding(path: &Path, head: &dbf::Head) -> Result<&'static Encoding, ImportError> {
    let labelled = beside(path, "cpg")
        .and_then(|path| std::fs::read(path).ok())
        .and_then(|bytes| label(&bytes))
        .or_else(|| head.encoding());
    let mut reader = open_file(path)?;
    let head = dbf::Head::read(&mut reader).map_err(|error| fault(path, error))?;
    let sample = head.sample(&mut reader);
    Ok(match labelled {
        Some(labelled) if encoding::fits(&sample, labelled) => labelled,
        // Broken either way: then the label is the better guess.
        Some(labelled)
            if !encoding::fits(&sample, encoding_rs::UTF_8)
                && !encoding::fits(&sample, encoding_rs::GB18030) =>
        {
            labelled
        }
        _ => encoding::guess_fields(&sample),
    })
}

/// The encoding that a `.cpg` names: `UTF-8`, `GBK`, `936`, `CP936`, `ANSI 936`, …
fn label(bytes: &[u8]) -> Option<&'static Encoding> {
    let text = String::from_utf8_lossy(bytes);
    let name = text.trim().trim_matches('\u{feff}').to_lowercase();
    match name
        .trim_start_matches("ansi")
        .trim_start_matches("cp")
        .trim()
    {
        "936" | "gbk" | "gb2312" | "gb18030" | "54936" => Some(encoding_rs::GB18030),
        "65001" | "utf8" | "utf-8" => Some(encoding_rs::UTF_8),
        "950" => Some(encoding_rs::BIG5),
        other => Encoding::for_label(other.as_bytes()),
    }
}

impl Source for Shapefile {
    fn said(&self) -> &Said {
        &self.said
    }

    fn rows(&self, each: Each<'_>) -> Result<(), ImportError> {
        let mut shapes = match &self.shp {
            None => None,
            Some(path) => {
                let mut reader = open_file(path)?;
                shp::head(&mut reader).map_err(|error| fault(path, error))?;
                Some((path, reader))
            }
        };
        let mut table = match &self.dbf {
            None => None,
            Some((path, head)) => {
                let mut reader = open_file(path)?;
                dbf::Head::read(&mut reader).map_err(|error| fault(path, error))?;
                Some((path, head, reader))
            }
        };
        let mut number = 0;
        loop {
            number += 1;
            let mut row = Row::new(number);
            if let Some((path, reader)) = &mut shapes {
                match shp::next(reader).map_err(|error| fault(path, error))? {
                    Some(shape) => row.shape = shape,
                    None => return Ok(()),
                }
            }
            if let Some((path, head, reader)) = &mut table {
                if number > u64::from(head.rows) {
                    if shapes.is_none() {
                        return Ok(());
                    }
                    return Err(ImportError::file(
                        path,
                        format!(
                            "属性表只有 {} 行，少于图形数，两个文件不配套，请重新导出",
                            head.rows
                        ),
                        format!(
                            "the table has {} rows, fewer than there are shapes; the files do not belong together, export them again",
                            head.rows
                        ),
                    ));
                }
                match head
                    .row(reader, self.encoding)
                    .map_err(|error| fault(path, error))?
                {
                    Some(values) => row.values = values,
                    None => continue,
                }
            }
            if matches!(row.shape, Shape::None) && row.values.is_empty() {
                continue;
            }
            if let ControlFlow::Break(()) = each(row) {
                return Ok(());
            }
        }
    }
}
