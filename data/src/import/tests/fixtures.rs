//! Bytes of files as other programs write them.

use std::{
    fs,
    io::{Cursor, Write},
    path::Path,
};

use encoding_rs::Encoding;

/// A square of about 11 m near 东华, its south-west corner moved by steps of 20 m.
pub(super) fn square(step: usize) -> [(f64, f64); 5] {
    #[expect(clippy::cast_precision_loss, reason = "small")]
    let (x, y) = (113.59 + step as f64 * 0.0002, 23.11);
    [
        (x, y),
        (x + 0.0001, y),
        (x + 0.0001, y + 0.0001),
        (x, y + 0.0001),
        (x, y),
    ]
}

/// A GeoJSON collection of squares with codes `A0`, `A1`, …
pub(super) fn houses(count: usize) -> String {
    let features: Vec<String> = (0..count)
        .map(|at| feature(&format!("\"code\":\"A{at}\""), &polygon(&square(at))))
        .collect();
    collection(&features)
}

pub(super) fn polygon(ring: &[(f64, f64)]) -> String {
    let places: Vec<String> = ring.iter().map(|(x, y)| format!("[{x},{y}]")).collect();
    format!(
        "{{\"type\":\"Polygon\",\"coordinates\":[[{}]]}}",
        places.join(",")
    )
}

pub(super) fn feature(properties: &str, geometry: &str) -> String {
    format!("{{\"type\":\"Feature\",\"properties\":{{{properties}}},\"geometry\":{geometry}}}")
}

pub(super) fn collection(features: &[String]) -> String {
    format!(
        "{{\"type\":\"FeatureCollection\",\"features\":[{}]}}",
        features.join(",")
    )
}

/// A shapefile of squares: names and widths of columns, rows of cells.
pub(super) struct Shapefile<'a> {
    pub(super) encoding: &'static Encoding,
    /// Name, kind (`C` or `N`), width.
    pub(super) columns: &'a [(&'a str, u8, u8)],
    pub(super) rows: &'a [&'a [&'a str]],
    pub(super) prj: Option<&'a str>,
    pub(super) cpg: Option<&'a str>,
    /// From degrees to the coordinates of the file.
    pub(super) turn: fn(f64, f64) -> (f64, f64),
}

impl Shapefile<'_> {
    pub(super) fn dbf(&self) -> Vec<u8> {
        let width: u16 = 1 + self.columns.iter().map(|it| u16::from(it.2)).sum::<u16>();
        let head = 32 + 32 * self.columns.len() + 1;
        let mut bytes = vec![3, 123, 1, 1];
        bytes.extend(u32::try_from(self.rows.len()).unwrap().to_le_bytes());
        bytes.extend(u16::try_from(head).unwrap().to_le_bytes());
        bytes.extend(width.to_le_bytes());
        bytes.resize(32, 0);
        for (name, kind, width) in self.columns {
            let mut column = self.encoding.encode(name).0.into_owned();
            // The format has room for ten bytes, whatever they are.
            column.truncate(10);
            column.resize(11, 0);
            column.push(*kind);
            column.resize(16, 0);
            column.push(*width);
            column.resize(32, 0);
            bytes.extend(column);
        }
        bytes.push(0x0D);
        for row in self.rows {
            bytes.push(b' ');
            for (cell, (_, _, width)) in row.iter().zip(self.columns) {
                let mut cell = self.encoding.encode(cell).0.into_owned();
                cell.resize(usize::from(*width), b' ');
                bytes.extend(cell);
            }
        }
        bytes.push(0x1A);
        bytes
    }

    pub(super) fn shp(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for at in 0..self.rows.len() {
            let mut ring: Vec<(f64, f64)> = square(at)
                .iter()
                .map(|(x, y)| (self.turn)(*x, *y))
                .collect();
            // Outer rings run clockwise in a shapefile.
            ring.reverse();
            let mut shape = Vec::new();
            shape.extend(5_i32.to_le_bytes());
            for number in [ring[0].0, ring[0].1, ring[2].0, ring[2].1] {
                shape.extend(number.to_le_bytes());
            }
            for number in [1_i32, 5, 0] {
                shape.extend(number.to_le_bytes());
            }
            for (x, y) in ring {
                shape.extend(x.to_le_bytes());
                shape.extend(y.to_le_bytes());
            }
            body.extend(i32::try_from(at + 1).unwrap().to_be_bytes());
            body.extend(i32::try_from(shape.len() / 2).unwrap().to_be_bytes());
            body.extend(shape);
        }
        let mut bytes = vec![0_u8; 100];
        bytes[..4].copy_from_slice(&9994_i32.to_be_bytes());
        bytes[24..28]
            .copy_from_slice(&i32::try_from((100 + body.len()) / 2).unwrap().to_be_bytes());
        bytes[28..32].copy_from_slice(&1000_i32.to_le_bytes());
        bytes[32..36].copy_from_slice(&5_i32.to_le_bytes());
        bytes.extend(body);
        bytes
    }

    pub(super) fn members(&self, stem: &str) -> Vec<(String, Vec<u8>)> {
        let mut members = vec![
            (format!("{stem}.shp"), self.shp()),
            (format!("{stem}.dbf"), self.dbf()),
        ];
        members.extend(
            self.prj
                .map(|it| (format!("{stem}.prj"), it.as_bytes().to_vec())),
        );
        members.extend(
            self.cpg
                .map(|it| (format!("{stem}.cpg"), it.as_bytes().to_vec())),
        );
        members
    }

    pub(super) fn write(&self, folder: &Path, stem: &str) {
        for (name, bytes) in self.members(stem) {
            fs::write(folder.join(name), bytes).unwrap();
        }
    }
}

/// A zip of members by name.
pub(super) fn archive(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, bytes) in members {
        writer.start_file(name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}
