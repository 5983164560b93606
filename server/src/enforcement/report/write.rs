//! A report as a workbook and on A4 paper.

use rust_xlsxwriter::{Format, Workbook, XlsxError};
use yizhangtu_data::clock;

use super::Report;
use crate::{
    print::{Align, Flow, Paper, Running, Type},
    report::{set, sheet},
};

/// The margin of a page in mm.
const MARGIN: f64 = 15.0;

/// What stands under the title: of which moment the report is, and its hash.
fn stamp(report: &Report) -> String {
    format!(
        "统计期 {} 至 {}；数据时点 {}；数据版本 {}；口径 {}；SHA-256 {}",
        report.from, report.to, report.as_of, report.sequence, report.definition, report.hash
    )
}

/// A sheet that says what the workbook is, and one a table.
pub(super) fn workbook(report: &Report, mark: Option<&str>) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let first = book.add_worksheet();
    first.set_name("说明")?;
    first.set_column_width(0, 100.0)?;
    let title = Format::new().set_bold().set_font_size(16);
    first.write_with_format(0, 0, &report.title.zh, &title)?;
    for (line, words) in (1..).zip(stamp(report).split('；')) {
        first.write(line, 0, words)?;
    }
    for section in &report.sections {
        sheet(&mut book, section, mark)?;
    }
    book.save_to_buffer()
}

/// The tables one under the other. `watermark` says who printed them.
pub(super) fn paper(report: &Report, watermark: &str) -> Vec<u8> {
    let mut flow = Flow::new(
        (&report.title.zh, watermark),
        clock::now(),
        (Paper::A4.portrait(), MARGIN),
        Running {
            head: report.title.zh.clone(),
            foot: format!("数据版本 {}　校验 {}", report.sequence, &report.hash[..16]),
            watermark: watermark.to_owned(),
        },
    );
    flow.title(&report.title.zh);
    let small = Type::new(8.0).align(Align::Start);
    for words in stamp(report).split('；') {
        flow.text(words, &small, [0.0, 0.0]);
    }
    for section in &report.sections {
        set(&mut flow, section);
    }
    flow.finish()
}
