//! A register's sheet as villages keep it: titles over it, merged headings, an address merged
//! over the lines of a house.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use chrono::NaiveDate;

use super::columns::Column;

/// Headings stand in one of the first rows.
const SEARCHED: usize = 12;

/// Lines of a register at most.
pub(super) const MOST_LINES: usize = 10_000;

/// What a cell holds, with full-width characters narrow.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Empty,
    Text(String),
    Number(f64),
    Date(NaiveDate),
    /// A formula that failed.
    Broken,
}

/// A line of the register under the headings.
pub(super) struct Line {
    /// Its row in the sheet, from 1.
    pub(super) row: u32,
    pub(super) cells: Vec<Cell>,
}

/// A sheet with its known columns.
pub(super) struct Sheet {
    pub(super) name: String,
    /// What each column holds; none where its heading says nothing.
    pub(super) columns: Vec<Option<Column>>,
    /// Headings that are not known, and so not read.
    pub(super) unknown: Vec<String>,
    pub(super) lines: Vec<Line>,
    /// Column of the first cell, from 0.
    left: u32,
}

/// Why a file is no register: Chinese, English.
pub(super) type Unreadable = (String, String);

impl Sheet {
    /// Reads the sheet whose headings say most.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        let damaged = |error: &dyn std::fmt::Display| {
            (
                format!("不是完整的 xlsx 文件（{error}），请另存为 xlsx 再传"),
                format!("is no complete xlsx file ({error}); save it as xlsx and send it again"),
            )
        };
        let mut book: Xlsx<_> =
            calamine::open_workbook_from_rs(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
        let mut best: Option<(usize, Self)> = None;
        for name in book.sheet_names() {
            let range = book
                .worksheet_range(&name)
                .map_err(|error| damaged(&error))?;
            let (top, left) = range.start().unwrap_or_default();
            let mut cells: Vec<Vec<Cell>> = range
                .rows()
                .map(|row| row.iter().map(cell).collect())
                .collect();
            if cells.len() > MOST_LINES + SEARCHED {
                return Err((
                    format!(
                        "工作表“{name}”有 {} 行，一次最多 {MOST_LINES} 行，请分开导入",
                        cells.len()
                    ),
                    format!(
                        "the sheet “{name}” has {} rows; at most {MOST_LINES} at once, send it in parts",
                        cells.len()
                    ),
                ));
            }
            for area in book.merge_cells_by_sheet_name(&name).unwrap_or_default() {
                spread(&mut cells, (area.start, area.end), (top, left));
            }
            let Some((known, sheet)) = Self::of(name, cells, (top, left)) else {
                continue;
            };
            if best.as_ref().is_none_or(|(most, _)| known > *most) {
                best = Some((known, sheet));
            }
        }
        best.map(|(_, sheet)| sheet).ok_or_else(|| (
            "找不到表头：前 12 行里要有“姓名”和“房屋编码”或“地址”等列名".to_owned(),
            "no headings: one of the first 12 rows must name columns such as 姓名 and 房屋编码 or 地址".to_owned(),
        ))
    }

    fn of(name: String, cells: Vec<Vec<Cell>>, (top, left): (u32, u32)) -> Option<(usize, Self)> {
        let known = |row: &[Cell]| row.iter().filter(|cell| column(cell).is_some()).count();
        let rows = cells.iter().take(SEARCHED).enumerate();
        let (at, most) = rows
            .map(|(at, row)| (at, known(row)))
            .max_by_key(|(at, most)| (*most, usize::MAX - at))?;
        if most < 2 {
            return None;
        }
        // Headings of two rows: the upper one names a group where it is merged across.
        let below = cells.get(at + 1).filter(|row| known(row) > 0);
        let mut unknown = Vec::new();
        let columns: Vec<Option<Column>> = (0..cells[at].len())
            .map(|place| {
                let lower = below.and_then(|row| row.get(place));
                let found = lower.and_then(column).or_else(|| column(&cells[at][place]));
                if let (None, Cell::Text(heading)) = (
                    &found,
                    lower
                        .filter(|cell| **cell != Cell::Empty)
                        .unwrap_or(&cells[at][place]),
                ) {
                    unknown.push(heading.clone());
                }
                found
            })
            .collect();
        let first = at + 1 + usize::from(below.is_some());
        let lines = (cells.into_iter().enumerate().skip(first))
            .filter(|(_, cells)| cells.iter().any(|cell| *cell != Cell::Empty))
            .map(|(at, cells)| Line {
                row: top + u32::try_from(at).unwrap_or(u32::MAX) + 1,
                cells,
            })
            .collect();
        Some((
            most,
            Self {
                name,
                columns,
                unknown,
                lines,
                left,
            },
        ))
    }

    /// The cell of a line that holds a field; none where the register has no such column.
    pub(super) fn find(&self, layer: &str, field: &str) -> Option<usize> {
        self.columns.iter().position(|column| {
            (column.as_ref()).is_some_and(|column| column.layer == layer && column.field == field)
        })
    }

    /// The name of a cell, such as `C12`.
    pub(super) fn cell(&self, row: u32, place: usize) -> String {
        let mut number = self.left as usize + place + 1;
        let mut letters = Vec::new();
        while number > 0 {
            letters.push(b'A' + u8::try_from((number - 1) % 26).unwrap_or(0));
            number = (number - 1) / 26;
        }
        letters.reverse();
        format!("{}{row}", String::from_utf8_lossy(&letters))
    }
}

fn column(cell: &Cell) -> Option<Column> {
    match cell {
        Cell::Text(heading) => Column::of(heading),
        _ => None,
    }
}

/// Writes the value of merged cells into each of them. A title over everything names nothing.
fn spread(
    cells: &mut [Vec<Cell>],
    ((row, column), (last_row, last_column)): ((u32, u32), (u32, u32)),
    (top, left): (u32, u32),
) {
    let within = |at: u32, from: u32| at.checked_sub(from).map(|at| at as usize);
    let (Some(row), Some(last_row), Some(column), Some(last_column)) = (
        within(row, top),
        within(last_row, top),
        within(column, left),
        within(last_column, left),
    ) else {
        return;
    };
    let Some(value) = cells.get(row).and_then(|cells| cells.get(column)).cloned() else {
        return;
    };
    for cells in cells.iter_mut().take(last_row + 1).skip(row) {
        for cell in cells.iter_mut().take(last_column + 1).skip(column) {
            *cell = value.clone();
        }
    }
}

fn cell(data: &Data) -> Cell {
    match data {
        Data::Empty => Cell::Empty,
        Data::Error(_) => Cell::Broken,
        Data::Bool(truth) => Cell::Text(if *truth { "是" } else { "否" }.to_owned()),
        #[expect(clippy::cast_precision_loss, reason = "numbers of a sheet are doubles")]
        Data::Int(number) => Cell::Number(*number as f64),
        Data::Float(number) => Cell::Number(*number),
        Data::DateTime(moment) => {
            let (year, month, day, ..) = moment.to_ymd_hms_milli();
            let date = NaiveDate::from_ymd_opt(i32::from(year), u32::from(month), u32::from(day));
            date.map_or(Cell::Broken, Cell::Date)
        }
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => {
            let text = narrow(text);
            if text.is_empty() {
                Cell::Empty
            } else {
                Cell::Text(text)
            }
        }
    }
}

/// A text with half-width letters and digits, without blanks around it.
pub(super) fn narrow(text: &str) -> String {
    let half = |letter| match letter {
        '\u{3000}' | '\u{a0}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter),
        other => other,
    };
    text.chars().map(half).collect::<String>().trim().to_owned()
}
