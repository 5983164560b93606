//! The report as a workbook: a sheet of what it is about, and one a section.

use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

use super::Report;
use crate::report::sheet;

/// The bytes of the workbook. `mark` is what an approved one carries, on each sheet.
pub(super) fn write(report: &Report, mark: Option<&str>) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let bold = Format::new().set_bold();
    first(book.add_worksheet(), report, &bold, mark)?;
    for section in &report.sections {
        sheet(&mut book, section, mark)?;
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
    row("用地面积", format!("{:.2} 平方米", report.area_m2))?;
    row("组成网格", names(&report.grids))?;
    row("涉及经济社", names(&report.co_ops))?;
    row("成熟度", format!("{:.1}", report.maturity.score))?;
    row("数据时点", report.minute())?;
    row("数据序号", report.sequence.to_string())?;
    if let Some(mark) = mark {
        row("出件标识", mark.to_owned())?;
    }
    for stop in &report.stops {
        row("可能的障碍", stop.message.zh.clone())?;
    }
    Ok(())
}
