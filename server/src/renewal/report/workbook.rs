//! The report as a workbook: a sheet of what it is about, and one a section.

use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

use super::{Report, section::Cell};

/// The bytes of the workbook. `mark` is what an approved one carries, on each sheet.
pub(super) fn write(report: &Report, mark: Option<&str>) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let bold = Format::new().set_bold();
    first(book.add_worksheet(), report, &bold, mark)?;
    for section in &report.sections {
        let sheet = book.add_worksheet();
        sheet.set_name(section.title.zh.chars().take(31).collect::<String>())?;
        sheet.set_freeze_panes(1, 1)?;
        for (at, column) in (0..).zip(&section.columns) {
            sheet.write_string_with_format(0, at, column.heading(), &bold)?;
            sheet.set_column_width(at, if at == 0 { 22.0 } else { 16.0 })?;
        }
        let mut line = 1;
        for row in &section.rows {
            cells(sheet, line, row, None)?;
            line += 1;
        }
        if let Some(total) = &section.total {
            cells(sheet, line, total, Some(&bold))?;
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
    }
    book.save_to_buffer()
}

fn first(
    sheet: &mut Worksheet,
    report: &Report,
    bold: &Format,
    mark: Option<&str>,
) -> Result<(), XlsxError> {
    sheet.set_name("概况")?;
    sheet.set_column_width(0, 18.0)?;
    sheet.set_column_width(1, 60.0)?;
    let names = |all: &[super::Member]| -> String {
        let names: Vec<&str> = all.iter().map(|own| own.name.as_str()).collect();
        names.join("、")
    };
    let mut line = 0;
    let mut row = |title: &str, value: String| -> Result<(), XlsxError> {
        sheet.write_string_with_format(line, 0, title, bold)?;
        sheet.write_string(line, 1, value)?;
        line += 1;
        Ok(())
    };
    row("单元编号", report.code.clone())?;
    row("单元名称", report.name.clone())?;
    row("阶段", report.stage.zh.clone())?;
    row("组成网格", names(&report.grids))?;
    row("涉及经济社", names(&report.co_ops))?;
    row("成熟度", format!("{:.1}", report.maturity.score))?;
    row("数据时点", report.as_of.clone())?;
    row("数据序号", report.sequence.to_string())?;
    if let Some(mark) = mark {
        row("出件标识", mark.to_owned())?;
    }
    for stop in &report.stops {
        row("可能的障碍", stop.message.zh.clone())?;
    }
    Ok(())
}

fn cells(
    sheet: &mut Worksheet,
    line: u32,
    row: &[Cell],
    format: Option<&Format>,
) -> Result<(), XlsxError> {
    let plain = Format::new();
    let format = format.unwrap_or(&plain);
    for (at, cell) in (0..).zip(row) {
        match cell {
            Cell::Label(words) => sheet.write_string_with_format(line, at, &words.zh, format)?,
            Cell::Text(words) => sheet.write_string_with_format(line, at, words, format)?,
            #[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
            Cell::Count(count) => {
                sheet.write_number_with_format(line, at, *count as f64, format)?
            }
            Cell::Number(number) => sheet.write_number_with_format(line, at, *number, format)?,
            Cell::Nothing => sheet,
        };
    }
    Ok(())
}
