//! Features as CSV: UTF-8 with a mark, so that Excel reads the Chinese; the geometry as WKT.

use std::io;

use geo::Geometry;
use wkt::ToWkt;
use yizhangtu_data::{Layer, Value};

use super::super::crs::Projection;
use crate::policy::{Seen, View};

/// Writes features of one layer as rows.
pub(crate) struct RowWriter<'a> {
    /// The layer.
    pub(crate) layer: &'a Layer,
    /// Positions of the fields that are given; all where none are named.
    pub(crate) properties: Option<&'a [usize]>,
    /// The system of the coordinates.
    pub(crate) projection: &'a Projection,
}

impl RowWriter<'_> {
    fn positions(&self) -> Vec<usize> {
        match self.properties {
            Some(positions) => positions.to_vec(),
            None => (0..self.layer.fields.len()).collect(),
        }
    }

    fn has_geometry(&self) -> bool {
        self.layer.is_mapped() && !self.layer.personal
    }

    /// Writes the names of the columns.
    ///
    /// # Errors
    /// When the receiver refuses.
    pub(crate) fn head(&self, out: &mut Vec<u8>) -> io::Result<()> {
        out.extend_from_slice("\u{feff}".as_bytes());
        let mut row = vec!["id".to_owned()];
        let fields = self.positions().into_iter();
        row.extend(fields.map(|at| self.layer.fields[at].name.clone()));
        if self.has_geometry() {
            row.push("wkt".to_owned());
        }
        write(out, &row)
    }

    /// Writes one feature.
    ///
    /// # Errors
    /// When the geometry cannot be turned into the system.
    pub(crate) fn row(&self, out: &mut Vec<u8>, view: &View<'_>) -> io::Result<()> {
        let mut row = vec![view.id().to_owned()];
        for position in self.positions() {
            let seen = view.at(position);
            let text = seen.to_text();
            row.push(match seen {
                Seen::Open(Value::Text(_)) | Seen::Masked(_) => harmless(text),
                _ => text,
            });
        }
        if self.has_geometry() {
            row.push(match view.geometry() {
                None => String::new(),
                Some(geometry) => self.wkt(geometry)?,
            });
        }
        write(out, &row)
    }

    fn wkt(&self, geometry: &Geometry<f64>) -> io::Result<String> {
        let projected = self
            .projection
            .project(geometry)
            .map_err(io::Error::other)?;
        if !self.projection.north_first {
            return Ok(projected.wkt_string());
        }
        let mut swapped = projected.into_owned();
        geo::MapCoordsInPlace::map_coords_in_place(&mut swapped, |at| geo::Coord {
            x: at.y,
            y: at.x,
        });
        Ok(swapped.wkt_string())
    }
}

/// A text that a spreadsheet would run as a formula, made plain by an apostrophe.
fn harmless(text: String) -> String {
    let mut letters = text.chars();
    let formula = match letters.next() {
        Some('=' | '@' | '\t' | '\r') => true,
        Some('+' | '-') => !letters.next().is_some_and(|next| next.is_ascii_digit()),
        _ => false,
    };
    if formula && text.len() > 1 {
        format!("'{text}")
    } else {
        text
    }
}

fn write(out: &mut Vec<u8>, row: &[String]) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(out);
    writer.write_record(row)?;
    writer.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_made_plain() {
        for (text, expected) in [
            ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
            ("@x", "'@x"),
            ("+cmd", "'+cmd"),
            ("+86 20", "+86 20"),
            ("-5", "-5"),
            ("-", "-"),
            ("东华", "东华"),
        ] {
            assert_eq!(harmless(text.to_owned()), expected);
        }
    }
}
