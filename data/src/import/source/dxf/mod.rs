//! AutoCAD drawing exchange (DXF, as text): closed polylines are areas, and the drawing's layer
//! name and the words written inside them are their values.
//!
//! A drawing is a list of pairs, a code and a value, which this module reads itself: a file that
//! was cut off is refused with its line, and what is not read (blocks, splines, hatches) is
//! counted and told. What we draw ourselves GDAL reads too (`tests/programs`).

mod arcs;
mod areas;
mod entities;
mod texts;

use std::{collections::BTreeMap, path::Path, sync::Arc};

use geo::Coord;

use super::{Held, Raw, Reading, Row, Said, Shape, Source, decode, read_whole};
use crate::{Text, import::ImportError};

pub(super) fn open(path: &Path, reading: &Reading) -> Result<Box<dyn Source>, ImportError> {
    let bytes = read_whole(path)?;
    if bytes.starts_with(b"AutoCAD Binary DXF") {
        return Err(ImportError::file(
            path,
            "是二进制 DXF，请在 CAD 里另存为文本（ASCII）DXF",
            "is a binary DXF; save it as text (ASCII) DXF in the CAD program",
        ));
    }
    let (text, encoding) = decode(&bytes, reading.encoding);
    let drawn = entities::read(&text).map_err(|(line, words)| {
        ImportError::file(
            path,
            format!("第 {line} 行 {}", words.zh),
            format!("line {line}: {}", words.en),
        )
    })?;
    let (mut said, rows) = drawn.rows(reading.geometry);
    said.encoding = Some(encoding.name().to_owned());
    Ok(Box::new(Held { said, rows }))
}

/// What is wrong, with the line of the file.
type Fault = (usize, Text);

fn words(zh: impl Into<String>, en: impl Into<String>) -> Text {
    Text {
        zh: zh.into(),
        en: en.into(),
    }
}

/// A line of the drawing.
pub(super) struct Line {
    /// Line of the file, which is what a CAD user can look for.
    pub(super) at: usize,
    pub(super) layer: Arc<str>,
    pub(super) points: Vec<Coord>,
    pub(super) closed: bool,
}

/// What a drawing holds, as far as it is read.
#[derive(Default)]
pub(super) struct Drawn {
    pub(super) lines: Vec<Line>,
    pub(super) points: Vec<(usize, Arc<str>, Coord)>,
    pub(super) words: Vec<(Coord, String)>,
    /// Millimetres, where the head says so.
    pub(super) scale: f64,
    /// Entities that are not read, by name.
    pub(super) other: BTreeMap<String, usize>,
}

#[cfg(test)]
mod tests;
