//! The table of a shapefile, read byte by byte: its texts may be in any encoding and
//! its numbers may be stars.

use std::{
    io::{self, Read},
    sync::Arc,
};

use encoding_rs::Encoding;

use super::{Raw, encoding};

/// One column.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: Arc<str>,
    raw_name: Vec<u8>,
    kind: u8,
    width: usize,
    decimals: u8,
}

/// The head of a table.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) rows: u32,
    head_length: u16,
    row_length: u16,
    /// The driver's byte for its code page.
    language: u8,
    pub(super) columns: Vec<Column>,
}

fn damaged(detail: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, detail.to_owned())
}

impl Head {
    /// Reads the head; the reader stands at the first row then.
    pub(super) fn read(reader: &mut impl Read) -> io::Result<Self> {
        let mut fixed = [0_u8; 32];
        reader.read_exact(&mut fixed)?;
        if !matches!(fixed[0] & 0x07, 2..=5) {
            return Err(damaged("dbf"));
        }
        let rows = u32::from_le_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]);
        let head_length = u16::from_le_bytes([fixed[8], fixed[9]]);
        let row_length = u16::from_le_bytes([fixed[10], fixed[11]]);
        let mut rest = vec![0_u8; usize::from(head_length).saturating_sub(32)];
        reader.read_exact(&mut rest)?;
        let columns: Vec<Column> = rest
            .chunks_exact(32)
            .take_while(|chunk| chunk[0] != 0x0D)
            .map(|chunk| {
                let end = chunk[..11].iter().position(|byte| *byte == 0).unwrap_or(11);
                Column {
                    name: "".into(),
                    raw_name: chunk[..end].to_vec(),
                    kind: chunk[11].to_ascii_uppercase(),
                    width: usize::from(chunk[16]),
                    decimals: chunk[17],
                }
            })
            .collect();
        let width: usize = columns.iter().map(|column| column.width).sum();
        if columns.is_empty() || width + 1 > usize::from(row_length) {
            return Err(damaged("dbf columns"));
        }
        Ok(Self {
            rows,
            head_length,
            row_length,
            language: fixed[29],
            columns,
        })
    }

    /// How long the file has to be.
    pub(super) fn length(&self) -> u64 {
        u64::from(self.head_length) + u64::from(self.rows) * u64::from(self.row_length)
    }

    /// The encoding that the head's byte names, where it names one.
    pub(super) fn encoding(&self) -> Option<&'static Encoding> {
        match self.language {
            0x4D | 0x7A => Some(encoding_rs::GB18030),
            0x4F | 0x78 => Some(encoding_rs::BIG5),
            0x03 | 0x57 | 0x58 => None,
            _ => None,
        }
    }

    /// Bytes of the names, and of the texts of some rows, to find the encoding by.
    pub(super) fn sample(&self, reader: &mut impl Read) -> Vec<Vec<u8>> {
        let mut sample: Vec<Vec<u8>> = self
            .columns
            .iter()
            .map(|column| column.raw_name.clone())
            .collect();
        let mut row = vec![0_u8; usize::from(self.row_length)];
        for _ in 0..self.rows.min(2000) {
            if reader.read_exact(&mut row).is_err() {
                break;
            }
            let mut at = 1;
            for column in &self.columns {
                let text = trim(&row[at..at + column.width]);
                if column.kind == b'C' && !text.is_ascii() {
                    sample.push(text.to_vec());
                }
                at += column.width;
            }
        }
        sample
    }

    /// Gives the columns their names.
    pub(super) fn name(&mut self, encoding: &'static Encoding) {
        for column in &mut self.columns {
            let name = match encoding::field(&column.raw_name, encoding) {
                Ok(name) | Err(name) => name,
            };
            column.name = name.trim().into();
        }
    }

    /// The next row; `None` at the end. Deleted rows come as `Some(None)`.
    #[expect(
        clippy::type_complexity,
        reason = "a row of named values, or a deleted one"
    )]
    pub(super) fn row(
        &self,
        reader: &mut impl Read,
        encoding: &'static Encoding,
    ) -> io::Result<Option<Vec<(Arc<str>, Raw)>>> {
        let mut row = vec![0_u8; usize::from(self.row_length)];
        reader.read_exact(&mut row)?;
        if row[0] == b'*' {
            return Ok(None);
        }
        let mut at = 1;
        let values = self
            .columns
            .iter()
            .map(|column| {
                let bytes = &row[at..at + column.width];
                at += column.width;
                (Arc::clone(&column.name), column.value(bytes, encoding))
            })
            .collect();
        Ok(Some(values))
    }
}

/// Without the blanks and zeros that fill the width.
fn trim(bytes: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | 0);
    let start = bytes
        .iter()
        .position(|byte| !blank(byte))
        .unwrap_or(bytes.len());
    let end = bytes
        .iter()
        .rposition(|byte| !blank(byte))
        .map_or(start, |at| at + 1);
    &bytes[start..end]
}

impl Column {
    fn value(&self, bytes: &[u8], encoding: &'static Encoding) -> Raw {
        match self.kind {
            b'I' | b'+' if bytes.len() == 4 => {
                let number = i32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
                return Raw::Integer(number.into());
            }
            b'B' | b'O' if bytes.len() == 8 => {
                let number = bytes.try_into().map(f64::from_le_bytes).unwrap_or(f64::NAN);
                return Raw::Number(number);
            }
            _ => {}
        }
        let bytes = trim(bytes);
        if bytes.is_empty() {
            return Raw::Null;
        }
        let text = match encoding::field(bytes, encoding) {
            Ok(text) => text,
            Err(text) => return Raw::Garbled(text),
        };
        match self.kind {
            // Stars stand for a number that did not fit: nothing is known of it.
            b'N' | b'F' if text.bytes().all(|byte| byte == b'*') => Raw::Null,
            b'N' | b'F' => match text.parse::<i64>() {
                Ok(whole) if self.decimals == 0 => Raw::Integer(whole),
                _ => text.parse().map_or(Raw::Text(text), Raw::Number),
            },
            b'L' => match bytes[0] {
                b'T' | b't' | b'Y' | b'y' => Raw::Boolean(true),
                b'F' | b'f' | b'N' | b'n' => Raw::Boolean(false),
                _ => Raw::Null,
            },
            b'D' if text == "00000000" => Raw::Null,
            _ => Raw::Text(text),
        }
    }
}
