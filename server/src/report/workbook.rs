//! A table of a report as a sheet of a workbook.

use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

use super::{Cell, Section};

/// Adds a sheet that is named as the section. `mark` is what an approved file carries.
///
/// # Errors
/// As the workbook: a name that is there already.
pub(crate) fn sheet(
    book: &mut Workbook,
    section: &Section,
    mark: Option<&str>,
) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    let sheet = book.add_worksheet();
    sheet.set_name(section.title.zh.chars().take(31).collect::<String>())?;
    sheet.set_freeze_panes(1, 1)?;
    for (at, column) in (0..).zip(&section.columns) {
        sheet.write_string_with_format(0, at, column.heading(), &bold)?;
        sheet.set_column_width(at, if at == 0 { 22.0 } else { 16.0 })?;
    }
    let mut line = 1;
    for row in &section.rows {
        cells(sheet, line, row, &Format::new())?;
        line += 1;
    }
    if let Some(total) = &section.total {
        cells(sheet, line, total, &bold)?;
        line += 1;
    }
    if let Some(note) = &section.note {
        sheet.write_string(line + 1, 0, format!("注：{}", note.zh))?;
        line += 2;
    }
    if let Some(mark) = mark {
        sheet.write_string(line + 1, 0, mark)?;
        sheet.set_footer(format!("&C{mark}"));
    }
    Ok(())
}

/// Numbers are shown with two decimals, and kept with all that they have.
fn cells(sheet: &mut Worksheet, line: u32, row: &[Cell], format: &Format) -> Result<(), XlsxError> {
    let whole = &format.clone().set_num_format("#,##0");
    let decimal = &format.clone().set_num_format("#,##0.00");
    for (at, cell) in (0..).zip(row) {
        match cell {
            Cell::Label(words) => sheet.write_string_with_format(line, at, &words.zh, format)?,
            Cell::Text(words) => sheet.write_string_with_format(line, at, words, format)?,
            #[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
            Cell::Count(count) => sheet.write_number_with_format(line, at, *count as f64, whole)?,
            #[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
            Cell::Change(change) => {
                sheet.write_number_with_format(line, at, *change as f64, whole)?
            }
            Cell::Number(number) => sheet.write_number_with_format(line, at, *number, decimal)?,
            Cell::Nothing => sheet,
        };
    }
    Ok(())
}
