//! The ledger as a workbook.

use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

use super::{Ledger, table::COLUMNS};
use crate::{exports::file, report::Cell};

/// The line of the first case, after the title, what it is of, and the headings.
const FIRST: u32 = 3;

/// Headings, a row a case, and the sums. `mark` says in every row where an approved file comes from.
pub(super) fn workbook(ledger: &Ledger, mark: Option<&str>) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name(&ledger.table.title.zh)?;
    let title = Format::new().set_bold().set_font_size(16);
    sheet.write_with_format(0, 0, Ledger::TITLE, &title)?;
    sheet.write(1, 0, ledger.stamp())?;
    let head = Format::new().set_bold().set_text_wrap();
    let mut columns = 0;
    for column in &ledger.table.columns {
        sheet.write_with_format(FIRST - 1, columns, column.heading(), &head)?;
        sheet.set_column_width(columns, wide(columns))?;
        columns += 1;
    }
    if let Some(mark) = mark {
        sheet.write_with_format(FIRST - 1, columns, file::mark_field().label.zh, &head)?;
        sheet.set_column_width(columns, 40)?;
        sheet.set_footer(format!("&C{mark}"));
    }
    let mut line = FIRST;
    for row in &ledger.table.rows {
        cells(sheet, line, row, &Format::new())?;
        if let Some(mark) = mark {
            sheet.write(line, columns, mark)?;
        }
        line += 1;
    }
    if let Some(total) = &ledger.table.total {
        cells(sheet, line, total, &Format::new().set_bold())?;
    }
    sheet.set_freeze_panes(FIRST, 1)?;
    book.save_to_buffer()
}

/// How wide a column is, in characters; parties stand after the fields.
fn wide(column: u16) -> u16 {
    match COLUMNS.get(usize::from(column)) {
        Some(&("title" | "address")) => 30,
        Some(_) => 14,
        None => 20,
    }
}

fn cells(sheet: &mut Worksheet, line: u32, row: &[Cell], format: &Format) -> Result<(), XlsxError> {
    let area = format.clone().set_num_format("#,##0.00");
    for (at, cell) in (0..).zip(row) {
        match cell {
            Cell::Number(m2) => sheet.write_with_format(line, at, *m2, &area)?,
            #[expect(clippy::cast_precision_loss, reason = "floors")]
            Cell::Count(count) => sheet.write_with_format(line, at, *count as f64, format)?,
            Cell::Text(words) => sheet.write_with_format(line, at, words, format)?,
            Cell::Label(words) => sheet.write_with_format(line, at, &words.zh, format)?,
            Cell::Change(_) | Cell::Nothing => sheet,
        };
    }
    Ok(())
}
