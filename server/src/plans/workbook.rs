//! The table of the land's structure as a workbook, whose columns add up to the ground.

use rust_xlsxwriter::{Format, Workbook, XlsxError};

use super::structure::Structure;

pub(super) fn write(table: &Structure) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("用地结构表")?;
    let bold = Format::new().set_bold();
    let area = Format::new().set_num_format("#,##0.00");
    let hectares = Format::new().set_num_format("#,##0.0000");
    let share = Format::new().set_num_format("0.00%");
    let title = format!("{} 用地结构调整表", table.place.zh);
    sheet.write_string_with_format(0, 0, title, &bold)?;
    sheet.write_string(
        1,
        0,
        format!(
            "{} → {}　时点 {}",
            table.before.title.zh, table.after.title.zh, table.as_of
        ),
    )?;
    let heads = [
        "分类标准",
        "大类",
        "编码",
        "用地名称",
        "前：面积（平方米）",
        "前：面积（公顷）",
        "前：占比",
        "后：面积（平方米）",
        "后：面积（公顷）",
        "后：占比",
        "增减（平方米）",
    ];
    for (at, head) in (0..).zip(heads) {
        sheet.write_string_with_format(3, at, head, &bold)?;
        sheet.set_column_width(at, if at == 3 { 24.0 } else { 16.0 })?;
    }
    sheet.set_freeze_panes(4, 4)?;
    let whole = table.area_m2;
    let mut line = 4;
    let mut row = |words: [&str; 4], before: f64, after: f64, bold: Option<&Format>| {
        for (at, text) in (0..).zip(words) {
            match bold {
                Some(bold) => sheet.write_string_with_format(line, at, text, bold)?,
                None => sheet.write_string(line, at, text)?,
            };
        }
        for (at, value) in [(4, before), (7, after)] {
            sheet.write_number_with_format(line, at, value, &area)?;
            sheet.write_number_with_format(line, at + 1, value / 10_000.0, &hectares)?;
            sheet.write_number_with_format(line, at + 2, value / whole, &share)?;
        }
        // Hundredths, as the figures themselves are.
        let change = ((after - before) * 100.0).round() / 100.0;
        sheet.write_number_with_format(line, 10, change, &area)?;
        line += 1;
        Ok::<_, XlsxError>(())
    };
    for own in &table.rows {
        let words = [
            own.class_std.as_str(),
            own.head_label.zh.as_str(),
            own.code.as_str(),
            own.label.zh.as_str(),
        ];
        row(words, own.before_m2, own.after_m2, None)?;
    }
    let [bare, left] = table.bare_m2;
    if bare != 0.0 || left != 0.0 {
        row(["", "", "", "没有用地图斑"], bare, left, None)?;
    }
    let [twice, double] = table.twice_m2;
    if twice != 0.0 || double != 0.0 {
        row(["", "", "", "减：图斑重叠"], -twice, -double, None)?;
    }
    row(["合计", "", "", ""], whole, whole, Some(&bold))?;
    book.save_to_buffer()
}
