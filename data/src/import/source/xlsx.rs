//! Workbooks: the first sheet with headings, merged ones among them.

use std::{
    io::{Read, Seek},
    ops::ControlFlow,
    path::Path,
};

use calamine::{Data, Dimensions, Reader, Sheets};

use super::{LARGEST_WHOLE, Raw, Reading, Said, Source, check_size, table};
use crate::import::ImportError;

/// A workbook is a zip: unpacked it may be this much larger, not more.
const UNPACKED: u64 = 4 << 30;

pub(super) fn open(path: &Path, reading: &Reading) -> Result<Box<dyn Source>, ImportError> {
    let length = std::fs::metadata(path)
        .map_err(|error| ImportError::io(path, error))?
        .len();
    check_size(path, length, LARGEST_WHOLE)?;
    check_unpacked(path)?;
    let damaged = |error: &dyn std::fmt::Display| {
        ImportError::file(
            path,
            format!("不是完整的表格文件（{error}），请重新获取或另存为 xlsx"),
            format!("is no complete workbook ({error}); get it again or save it as xlsx"),
        )
    };
    let mut book = calamine::open_workbook_auto(path).map_err(|error| damaged(&error))?;
    let sheets = book.sheet_names();
    let chosen = match &reading.table {
        Some(name) => vec![
            sheets
                .iter()
                .find(|it| *it == name)
                .cloned()
                .ok_or_else(|| {
                    ImportError::file(
                        path,
                        format!("没有工作表“{name}”，现有：{}", sheets.join("，")),
                        format!(
                            "there is no sheet “{name}”; there are: {}",
                            sheets.join(", ")
                        ),
                    )
                })?,
        ],
        None => sheets,
    };
    for sheet in &chosen {
        let range = book
            .worksheet_range(sheet)
            .map_err(|error| damaged(&error))?;
        let (top, left) = range.start().unwrap_or_default();
        let mut cells: Vec<Vec<Data>> = range.rows().map(<[Data]>::to_vec).collect();
        let merged = merged(&mut book, sheet);
        let spread = spread(&mut cells, &merged, (top, left));
        let texts: Vec<Vec<String>> = cells
            .iter()
            .take(12)
            .map(|row| row.iter().map(ToString::to_string).collect())
            .collect();
        let Some(at) = table::heading(&texts, reading) else {
            continue;
        };
        // Headings of two rows: the upper names groups, merged over those below.
        let below = (at + 1 < texts.len()
            && spread.iter().any(|(row, across)| *row == at && *across)
            && !texts[at + 1].is_empty())
        .then(|| at + 1);
        let headings = match below {
            Some(below) => join(&texts[at], &texts[below]),
            None => texts[at].clone(),
        };
        let skip = below.unwrap_or(at) + 1;
        let headings = table::unique(headings);
        let rows: table::Rows = Box::new(move |each| {
            for (number, row) in cells.iter().enumerate().skip(skip) {
                let line = u64::from(top) + number as u64 + 1;
                let cells = row.iter().map(raw).collect();
                if let ControlFlow::Break(()) = each((line, cells, None)) {
                    break;
                }
            }
            Ok(())
        });
        let said = Said {
            notes: (chosen.len() > 1)
                .then(|| crate::Text {
                    zh: format!("读取工作表“{sheet}”，其余未读"),
                    en: format!("sheet “{sheet}” is read, the others are not"),
                })
                .into_iter()
                .collect(),
            ..Said::default()
        };
        return table::Table::new(headings, said, rows, reading)
            .map(|table| Box::new(table) as Box<dyn Source>)
            .map_err(|words| ImportError::file(path, words.zh, words.en));
    }
    Err(ImportError::file(
        path,
        "找不到表头行（可能是合并单元格的表头无法对应任何字段），请把列名写在同一行、每列一格",
        "there is no row of headings (merged cells may hide it); write the columns' names in one row, a cell each",
    ))
}

/// A workbook whose parts unpack to more than a machine holds is refused unopened.
fn check_unpacked(path: &Path) -> Result<(), ImportError> {
    let file = std::fs::File::open(path).map_err(|error| ImportError::io(path, error))?;
    let Ok(mut archive) = zip::ZipArchive::new(std::io::BufReader::new(file)) else {
        // An old .xls is no zip; what is neither is told by the reader.
        return Ok(());
    };
    let mut total = 0_u64;
    for at in 0..archive.len() {
        if let Ok(member) = archive.by_index_raw(at) {
            total = total.saturating_add(member.size());
        }
    }
    check_size(path, total, UNPACKED)
}

fn merged<RS: Read + Seek>(book: &mut Sheets<RS>, sheet: &str) -> Vec<Dimensions> {
    match book {
        Sheets::Xlsx(book) => book.merge_cells_by_sheet_name(sheet).unwrap_or_default(),
        Sheets::Xls(book) => book.merge_cells_by_sheet_name(sheet).unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// Writes the value of merged cells into each of them. Gives the row of each merge among
/// the first rows, and whether it goes across columns of a table rather than all of it.
fn spread(
    cells: &mut [Vec<Data>],
    merged: &[Dimensions],
    (top, left): (u32, u32),
) -> Vec<(usize, bool)> {
    let width = cells.first().map_or(0, Vec::len);
    let mut seen = Vec::new();
    for area in merged {
        let row = |row: u32| row.checked_sub(top).map(|it| it as usize);
        let column = |column: u32| column.checked_sub(left).map(|it| it as usize);
        let (Some(first), Some(last)) = (row(area.start.0), row(area.end.0)) else {
            continue;
        };
        let (Some(west), Some(east)) = (column(area.start.1), column(area.end.1)) else {
            continue;
        };
        let across = east > west;
        // A title over the whole sheet names no column.
        if across && west == 0 && east + 1 >= width {
            continue;
        }
        let Some(value) = cells.get(first).and_then(|row| row.get(west)).cloned() else {
            continue;
        };
        for row in cells.iter_mut().take(last + 1).skip(first) {
            for cell in row.iter_mut().take(east + 1).skip(west) {
                *cell = value.clone();
            }
        }
        seen.push((first, across));
    }
    seen
}

/// Headings of two rows in one: the lower one, with the upper before it where two lower
/// ones are the same.
fn join(upper: &[String], lower: &[String]) -> Vec<String> {
    let name = |at: usize| {
        let (above, below) = (&upper[at], lower.get(at).map_or("", String::as_str));
        if below.trim().is_empty() || above == below {
            return above.clone();
        }
        let alone = lower.iter().filter(|other| *other == below).count() == 1;
        if alone {
            below.to_owned()
        } else {
            format!("{above}{below}")
        }
    };
    (0..upper.len()).map(name).collect()
}

fn raw(cell: &Data) -> Raw {
    match cell {
        Data::Empty | Data::Error(_) => Raw::Null,
        Data::Bool(truth) => Raw::Boolean(*truth),
        Data::Int(number) => Raw::Integer(*number),
        Data::Float(number) =>
        {
            #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
            if number.fract() == 0.0 && number.abs() < 9e15 {
                Raw::Integer(*number as i64)
            } else {
                Raw::Number(*number)
            }
        }
        Data::DateTime(moment) => {
            let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
            if (hour, minute, second) == (0, 0, 0) {
                Raw::Text(format!("{year:04}-{month:02}-{day:02}"))
            } else {
                Raw::Text(format!(
                    "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"
                ))
            }
        }
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => {
            if text.trim().is_empty() {
                Raw::Null
            } else {
                Raw::Text(text.clone())
            }
        }
    }
}
