//! CSV and its kin, in any encoding, with any of the usual separators.

use std::{ops::ControlFlow, path::Path, sync::Arc};

use super::{Raw, Reading, Said, Source, table};
use crate::{Text, import::ImportError};

pub(super) fn open(path: &Path, reading: &Reading) -> Result<Box<dyn Source>, ImportError> {
    let (text, encoding) = super::decode(&super::read_whole(path)?, reading.encoding);
    from_text(path, text, encoding.name(), reading)
}

/// A table from a text; `path` is for messages.
pub(super) fn from_text(
    path: &Path,
    text: String,
    encoding: &str,
    reading: &Reading,
) -> Result<Box<dyn Source>, ImportError> {
    let broken = text
        .chars()
        .take(100_000)
        .filter(|c| *c == '\u{fffd}')
        .count();
    if broken > 0 {
        return Err(ImportError::file(
            path,
            format!(
                "按 {encoding} 编码读取有 {broken} 处乱码，请用 --encoding 指定编码（如 gbk、utf-8）"
            ),
            format!(
                "read as {encoding}, {broken} characters are garbled; give the encoding with --encoding (gbk, utf-8 …)"
            ),
        ));
    }
    if text.bytes().take(100_000).any(|byte| byte == 0) {
        return Err(ImportError::file(
            path,
            "不是文本文件（含二进制内容），请检查扩展名",
            "is no text (it holds binary data); check the ending",
        ));
    }
    let separator = separator(&text);
    let text: Arc<str> = text.into();
    let ended = text.ends_with('\n') || text.ends_with('\r');
    let start: Vec<Vec<String>> = reader(&text, separator)
        .records()
        .take(12)
        .filter_map(Result::ok)
        .map(|row| row.iter().map(ToOwned::to_owned).collect())
        .collect();
    let Some(at) = table::heading(&start, reading) else {
        return Err(ImportError::file(
            path,
            "找不到表头行，请在第一行写上列名",
            "there is no row of headings; write the columns' names in the first row",
        ));
    };
    let headings = table::unique(start[at].clone());
    let width = headings.len();
    let file = path.to_path_buf();
    let rows: table::Rows = Box::new(move |each| {
        let mut reader = reader(&text, separator);
        let mut records = reader.records().skip(at + 1).peekable();
        while let Some(record) = records.next() {
            let record = record.map_err(|error| {
                let line = error.position().map_or(0, csv::Position::line);
                ImportError::file(
                    &file,
                    format!("第 {line} 行无法读取（{error}）"),
                    format!("line {line} can't be read ({error})"),
                )
            })?;
            let line = record.position().map_or(0, csv::Position::line);
            let over = record
                .iter()
                .skip(width)
                .any(|cell| !cell.trim().is_empty());
            let cut = record.len() < width && !ended && records.peek().is_none();
            let fault = if over {
                Some(Text {
                    zh: format!(
                        "有 {} 列，多于表头的 {width} 列；请检查是否漏了引号",
                        record.len()
                    ),
                    en: format!(
                        "{} cells under {width} headings; look for a missing quote",
                        record.len()
                    ),
                })
            } else {
                cut.then(|| Text {
                    zh: format!("只有 {} 列，表头有 {width} 列，文件可能在此中断；请补全", record.len()),
                    en: format!("{} cells under {width} headings: the file may be cut off here; complete it", record.len()),
                })
            };
            let cells = (0..width)
                .map(|at| match record.get(at) {
                    None | Some("") => Raw::Null,
                    Some(text) => Raw::Text(text.to_owned()),
                })
                .collect();
            if let ControlFlow::Break(()) = each((line, cells, fault)) {
                break;
            }
        }
        Ok(())
    });
    let said = Said {
        encoding: Some(encoding.to_owned()),
        ..Said::default()
    };
    table::Table::new(headings, said, rows, reading)
        .map(|table| Box::new(table) as Box<dyn Source>)
        .map_err(|words| ImportError::file(path, words.zh, words.en))
}

fn reader(text: &str, separator: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(text.as_bytes())
}

/// The separator that the first lines have most of.
fn separator(text: &str) -> u8 {
    let start: String = text.lines().take(5).collect();
    [b',', b'\t', b';', b'|']
        .into_iter()
        .max_by_key(|mark| {
            (
                start.bytes().filter(|byte| byte == mark).count(),
                *mark == b',',
            )
        })
        .unwrap_or(b',')
}
