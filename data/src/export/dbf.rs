//! The attribute half of a Shapefile: a dBASE III table.
//!
//! The width of a column must be known before its first row, so rows are spooled first
//! and written when every width is known: a file is then as small as it can be.

use std::{
    borrow::Cow,
    collections::BTreeSet,
    fs::File,
    io::{self, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _},
    path::Path,
};

use chrono::{Datelike as _, Utc};

use super::{Encoding, Losses, text::text};
use crate::{Field, FieldKind, Record, Value};

/// The greatest width of a text in dBASE III.
const WIDEST: usize = 254;

/// A column: its name in the table, and what it holds.
pub(super) struct Column {
    /// At most ten bytes of ASCII.
    pub(super) name: String,
    kind: FieldKind,
    decimals: Option<u8>,
    width: usize,
    places: usize,
}

/// A table under way.
pub(super) struct Table {
    spool: BufWriter<File>,
    columns: Vec<Column>,
    encoding: Encoding,
    rows: u32,
}

/// Names of fields cut to ten bytes, none twice.
pub(super) fn names(fields: &[Field]) -> Vec<String> {
    let mut taken = BTreeSet::from(["id".to_owned()]);
    fields
        .iter()
        .map(|field| {
            let plain: String = field
                .name
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
                .take(10)
                .collect();
            let mut name = plain.clone();
            let mut number = 1;
            while !taken.insert(name.to_lowercase()) {
                let tail = number.to_string();
                name = format!("{}{tail}", &plain[..plain.len().min(10 - tail.len())]);
                number += 1;
            }
            name
        })
        .collect()
}

impl Table {
    pub(super) fn create(folder: &Path, fields: &[Field], encoding: Encoding) -> io::Result<Self> {
        let id = Column {
            name: "id".to_owned(),
            kind: FieldKind::Text,
            decimals: None,
            width: 1,
            places: 0,
        };
        let columns = fields
            .iter()
            .zip(names(fields))
            .map(|(field, name)| Column {
                name,
                kind: field.kind,
                decimals: field.decimals,
                width: match field.kind {
                    FieldKind::Date => 8,
                    _ => 1,
                },
                places: 0,
            });
        Ok(Self {
            spool: BufWriter::new(tempfile::tempfile_in(folder)?),
            columns: std::iter::once(id).chain(columns).collect(),
            encoding,
            rows: 0,
        })
    }

    pub(super) fn add(
        &mut self,
        fields: &[Field],
        row: &Record,
        losses: &mut Losses,
    ) -> io::Result<()> {
        let id = Value::from(&*row.id);
        let names = std::iter::once("id").chain(fields.iter().map(|field| field.name.as_str()));
        let values = std::iter::once(&id).chain(&row.values);
        for ((column, name), value) in self.columns.iter_mut().zip(names).zip(values) {
            let cell = cell(column, value, self.encoding, name, losses);
            column.width = column.width.max(cell.len());
            #[expect(
                clippy::cast_possible_truncation,
                reason = "cells are cut to 254 bytes"
            )]
            self.spool.write_all(&[cell.len() as u8])?;
            self.spool.write_all(&cell)?;
        }
        self.rows += 1;
        Ok(())
    }

    /// Writes the table.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "at most 255 columns of at most 254 bytes fit; the catalog has far fewer"
    )]
    pub(super) fn finish(self, path: &Path) -> io::Result<()> {
        let mut spool = self
            .spool
            .into_inner()
            .map_err(|error| error.into_error())?;
        spool.seek(SeekFrom::Start(0))?;
        let mut spool = BufReader::new(spool);
        let mut to = BufWriter::new(File::create(path)?);
        let today = Utc::now().date_naive();
        let header = 32 + 32 * self.columns.len() + 1;
        let record = 1 + self
            .columns
            .iter()
            .map(|column| column.width)
            .sum::<usize>();
        to.write_all(&[
            3,
            (today.year() - 1900) as u8,
            today.month() as u8,
            today.day() as u8,
        ])?;
        to.write_all(&self.rows.to_le_bytes())?;
        to.write_all(&(header as u16).to_le_bytes())?;
        to.write_all(&(record as u16).to_le_bytes())?;
        let mut rest = [0; 20];
        // Language driver: code page 936; none is registered for UTF-8, the .cpg says it.
        rest[17] = if self.encoding == Encoding::Gbk {
            0x4d
        } else {
            0
        };
        to.write_all(&rest)?;
        for column in &self.columns {
            let mut descriptor = [0; 32];
            descriptor[..column.name.len()].copy_from_slice(column.name.as_bytes());
            descriptor[11] = match column.kind {
                FieldKind::Integer | FieldKind::Decimal => b'N',
                FieldKind::Boolean => b'L',
                FieldKind::Date => b'D',
                FieldKind::Text | FieldKind::DateTime | FieldKind::Json => b'C',
            };
            descriptor[16] = column.width as u8;
            descriptor[17] = column.places as u8;
            to.write_all(&descriptor)?;
        }
        to.write_all(b"\r")?;
        let mut cell = [0; 255];
        for _ in 0..self.rows {
            to.write_all(b" ")?;
            for column in &self.columns {
                let mut length = [0];
                spool.read_exact(&mut length)?;
                let length = usize::from(length[0]);
                spool.read_exact(&mut cell[..length])?;
                let blank = vec![b' '; column.width - length];
                // Numbers stand to the right, all else to the left.
                if matches!(column.kind, FieldKind::Integer | FieldKind::Decimal) {
                    to.write_all(&blank)?;
                    to.write_all(&cell[..length])?;
                } else {
                    to.write_all(&cell[..length])?;
                    to.write_all(&blank)?;
                }
            }
        }
        to.write_all(&[0x1a])?;
        to.flush()
    }
}

/// A value as the bytes of its cell, without padding.
fn cell(
    column: &mut Column,
    value: &Value,
    encoding: Encoding,
    field: &str,
    losses: &mut Losses,
) -> Vec<u8> {
    match (column.kind, value) {
        (FieldKind::Boolean, Value::Null) => vec![b'?'],
        (_, Value::Null) => Vec::new(),
        (FieldKind::Boolean, Value::Boolean(truth)) => vec![if *truth { b'T' } else { b'F' }],
        (FieldKind::Date, Value::Date(day)) => day.format("%Y%m%d").to_string().into_bytes(),
        (FieldKind::Integer, Value::Integer(number)) => number.to_string().into_bytes(),
        (FieldKind::Decimal, Value::Decimal(_) | Value::Integer(_)) => {
            let number = value.as_decimal().unwrap_or_default();
            if !number.is_finite() {
                losses.count(
                    Some(field),
                    "非有限数值记为空",
                    "not a finite number, written as none",
                );
                return Vec::new();
            }
            let mut digits = match column.decimals {
                Some(decimals) => format!("{number:.*}", usize::from(decimals)),
                None => number.to_string(),
            };
            if digits.len() > 24 {
                digits = format!("{number:e}");
            } else {
                let places = digits.find('.').map_or(0, |dot| digits.len() - dot - 1);
                column.places = column.places.max(places);
            }
            digits.into_bytes()
        }
        (FieldKind::Text | FieldKind::DateTime | FieldKind::Json, value) => {
            match value {
                Value::DateTime(_) => losses.always(
                    Some(field),
                    "日期时间写成文本",
                    "dates with time are written as text",
                ),
                Value::Json(_) => losses.always(
                    Some(field),
                    "结构化值写成 JSON 文本",
                    "structured values are written as JSON text",
                ),
                Value::Text(text) if text.is_empty() => losses.count(
                    Some(field),
                    "空文本与无值不能区分",
                    "an empty text reads as no value",
                ),
                _ => {}
            }
            encode(&text(value), encoding, field, losses)
        }
        _ => {
            losses.count(
                Some(field),
                "值与字段类型不符，未写入",
                "the value is not of the field's type and was left out",
            );
            Vec::new()
        }
    }
}

/// A text in the table's encoding, cut between characters where it is too long.
fn encode(text: &str, encoding: Encoding, field: &str, losses: &mut Losses) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for letter in text.chars() {
        let mut buffer = [0; 4];
        let letter: &str = letter.encode_utf8(&mut buffer);
        let encoded: Cow<'_, [u8]> = match encoding {
            Encoding::Utf8 => Cow::Borrowed(letter.as_bytes()),
            Encoding::Gbk => {
                let (encoded, _, unknown) = encoding_rs::GBK.encode(letter);
                if unknown {
                    losses.count(
                        Some(field),
                        "GBK 没有的字写成“?”",
                        "characters that GBK lacks are written as “?”",
                    );
                    Cow::Borrowed(&b"?"[..])
                } else {
                    encoded
                }
            }
        };
        if bytes.len() + encoded.len() > WIDEST {
            losses.count(
                Some(field),
                "文本超过 254 字节，已截断",
                "texts over 254 bytes are cut",
            );
            break;
        }
        bytes.extend_from_slice(&encoded);
    }
    bytes
}
