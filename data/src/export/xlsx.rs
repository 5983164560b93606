//! Excel workbook: Chinese headings, codes by their labels, and a sheet that says what
//! each column means.

use std::{path::PathBuf, sync::Arc};

use geo::Geometry;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet, XlsxError};
use wkt::ToWkt;

use super::{ExportError, Losses, Setting, csv::coordinate_names, text::text};
use crate::{Catalog, Field, FieldKind, GeometryKind, Layer, Record, Value};

/// Rows of a sheet, the heading included.
const ROWS: u32 = 1_048_576;
/// Characters of a cell.
const LETTERS: usize = 32_767;

pub(super) struct Writer {
    book: Workbook,
    path: PathBuf,
    layer: Arc<Layer>,
    catalog: Arc<Catalog>,
    heading: Vec<String>,
    sheets: usize,
    /// The next row of the last sheet.
    row: u32,
    day: Format,
    instant: Format,
}

impl Writer {
    pub(super) fn new(setting: &Setting<'_>, losses: &mut Losses) -> Result<Self, ExportError> {
        let layer = Arc::clone(setting.layer);
        let mut heading = vec!["编号".to_owned()];
        match layer.geometry {
            GeometryKind::None => {}
            GeometryKind::Point => {
                heading.extend(coordinate_names(&setting.crs).map(|name| match name {
                    "lon" => "经度".to_owned(),
                    "lat" => "纬度".to_owned(),
                    other => other.to_uppercase(),
                }))
            }
            _ => heading.push("WKT".to_owned()),
        }
        heading.extend(layer.fields.iter().map(|field| field.label.zh.clone()));
        for field in &layer.fields {
            if field.kind == FieldKind::DateTime {
                losses.always(
                    Some(&field.name),
                    "日期时间不带时区，按北京时间写",
                    "dates with time lose their zone; they are written in China's time",
                );
            }
        }
        let mut book = Workbook::new();
        let mut writer = {
            let folder = setting.path.parent().unwrap_or(setting.path.as_path());
            book.set_tempdir(folder).map_err(refuse)?;
            Self {
                book,
                path: setting.path.clone(),
                layer,
                catalog: Arc::clone(setting.catalog),
                heading,
                sheets: 0,
                row: 0,
                day: Format::new().set_num_format("yyyy-mm-dd"),
                instant: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
            }
        };
        writer.start_sheet()?;
        Ok(writer)
    }

    fn start_sheet(&mut self) -> Result<(), ExportError> {
        let name = sheet_name(&self.layer.title.zh, self.sheets);
        let bold = Format::new().set_bold();
        let sheet = self
            .book
            .add_worksheet_with_constant_memory()
            .map_err(refuse)?;
        sheet
            .set_name(name)
            .and_then(|sheet| sheet.set_freeze_panes(1, 0))
            .map_err(refuse)?;
        for (column, title) in (0..).zip(&self.heading) {
            sheet
                .write_string_with_format(0, column, title, &bold)
                .map_err(refuse)?;
        }
        self.sheets += 1;
        self.row = 1;
        Ok(())
    }

    /// What each column means, for the reader of the sheet.
    fn describe(&mut self) -> Result<(), ExportError> {
        let sheet = self
            .book
            .add_worksheet_with_constant_memory()
            .map_err(refuse)?;
        sheet.set_name("字段说明").map_err(refuse)?;
        let put = |sheet: &mut Worksheet, row: u32, cells: [&str; 6]| {
            for (column, cell) in (0..).zip(cells) {
                sheet.write_string(row, column, cell)?;
            }
            Ok(())
        };
        let heading = ["列", "字段", "英文", "单位", "代码表", "说明"];
        put(sheet, 0, heading).map_err(refuse)?;
        for (row, field) in (1..).zip(&self.layer.fields) {
            let cells = [
                field.label.zh.as_str(),
                &field.name,
                &field.label.en,
                field.unit.as_deref().unwrap_or_default(),
                field.code_list.as_deref().unwrap_or_default(),
                field.note.as_ref().map_or("", |note| note.zh.as_str()),
            ];
            put(sheet, row, cells).map_err(refuse)?;
        }
        Ok(())
    }
}

impl super::Writer for Writer {
    fn write(&mut self, row: &Record, losses: &mut Losses) -> Result<(), ExportError> {
        if self.row == ROWS {
            self.start_sheet()?;
        }
        let at = self.row;
        self.row += 1;
        let (layer, catalog) = (Arc::clone(&self.layer), Arc::clone(&self.catalog));
        let (day, instant) = (self.day.clone(), self.instant.clone());
        let sheet = self
            .book
            .worksheet_from_index(self.sheets - 1)
            .map_err(refuse)?;
        put_text(sheet, at, 0, &row.id, "id", losses)?;
        let mut column = 1;
        match (layer.geometry, &row.geometry) {
            (GeometryKind::None, _) => {}
            (GeometryKind::Point, geometry) => {
                match geometry {
                    Some(Geometry::Point(point)) => {
                        sheet.write_number(at, 1, point.x()).map_err(refuse)?;
                        sheet.write_number(at, 2, point.y()).map_err(refuse)?;
                    }
                    Some(_) => losses.count(
                        None,
                        "多点图形没有写入坐标列",
                        "a multipoint has no place in the coordinate columns",
                    ),
                    None => {}
                }
                column = 3;
            }
            (_, geometry) => {
                if let Some(geometry) = geometry {
                    let wkt = geometry.wkt_string();
                    if wkt.len() > LETTERS {
                        losses.count(
                            None,
                            "图形超过单元格上限 32767 字符，未写入",
                            "the geometry passes a cell's 32,767 characters and was left out",
                        );
                    } else {
                        sheet.write_string(at, 1, wkt).map_err(refuse)?;
                    }
                }
                column = 2;
            }
        }
        for ((field, value), column) in layer.fields.iter().zip(&row.values).zip(column..) {
            match value {
                Value::Null => {}
                Value::Boolean(truth) => {
                    let word = if *truth { "是" } else { "否" };
                    sheet.write_string(at, column, word).map_err(refuse)?;
                }
                // Excel counts in doubles: greater numbers would change.
                #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
                Value::Integer(number) if number.unsigned_abs() < 1 << 53 => {
                    sheet
                        .write_number(at, column, *number as f64)
                        .map_err(refuse)?;
                }
                Value::Decimal(number) if number.is_finite() => {
                    sheet.write_number(at, column, *number).map_err(refuse)?;
                }
                Value::Date(date) => match ExcelDateTime::parse_from_str(&date.to_string()) {
                    Ok(date) => {
                        sheet
                            .write_datetime_with_format(at, column, date, &day)
                            .map_err(refuse)?;
                    }
                    // Excel knows no day before 1900.
                    Err(_) => put_text(sheet, at, column, &text(value), &field.name, losses)?,
                },
                Value::DateTime(time) => {
                    let local = time.naive_local().format("%Y-%m-%dT%H:%M:%S").to_string();
                    match ExcelDateTime::parse_from_str(&local) {
                        Ok(time) => {
                            sheet
                                .write_datetime_with_format(at, column, time, &instant)
                                .map_err(refuse)?;
                        }
                        Err(_) => put_text(sheet, at, column, &text(value), &field.name, losses)?,
                    }
                }
                Value::Text(code) => {
                    let label = label(&catalog, &layer, field, row, code);
                    put_text(
                        sheet,
                        at,
                        column,
                        label.unwrap_or(code),
                        &field.name,
                        losses,
                    )?;
                }
                other => put_text(sheet, at, column, &text(other), &field.name, losses)?,
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, losses: &mut Losses) -> Result<Vec<PathBuf>, ExportError> {
        if self.sheets > 1 {
            losses.always(
                None,
                "超过一张表的行数，分写成多张表",
                "more rows than a sheet holds go into several sheets",
            );
        }
        self.describe()?;
        self.book.save(&self.path).map_err(refuse)?;
        Ok(vec![self.path])
    }
}

/// Writes a text; an empty one leaves the cell empty.
fn put_text(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    text: &str,
    field: &str,
    losses: &mut Losses,
) -> Result<(), ExportError> {
    let cut: String;
    let mut text = text;
    if text.len() > LETTERS && text.encode_utf16().count() > LETTERS {
        // Half the letters always fit, whatever they take in UTF-16.
        cut = text.chars().take(LETTERS / 2).collect();
        text = &cut;
        losses.count(
            Some(field),
            "文本超过单元格上限，已截断",
            "texts longer than a cell holds are cut",
        );
    }
    if !text.is_empty() {
        sheet.write_string(row, column, text).map_err(refuse)?;
    }
    Ok(())
}

/// What a code is called, in the list that holds for this feature.
fn label<'c>(
    catalog: &'c Catalog,
    layer: &Layer,
    field: &Field,
    row: &Record,
    code: &str,
) -> Option<&'c str> {
    let chosen = field.code_list_when.as_ref().and_then(|when| {
        let value = row.get(layer, &when.field).as_text()?;
        when.lists.get(value)
    });
    let list = chosen.or(field.code_list.as_ref())?;
    Some(catalog.code_list(list)?.get(code)?.label.zh.as_str())
}

/// A sheet's name: at most 31 letters, without those that Excel refuses.
fn sheet_name(title: &str, number: usize) -> String {
    let plain: String = title
        .chars()
        .map(|c| if "[]:*?/\\'".contains(c) { '_' } else { c })
        .take(26)
        .collect();
    match (plain.is_empty(), number) {
        (true, _) => format!("Sheet{}", number + 1),
        (false, 0) => plain,
        (false, number) => format!("{plain} {}", number + 1),
    }
}

fn refuse(error: XlsxError) -> ExportError {
    match error {
        XlsxError::IoError(error) => super::disk(std::path::Path::new("xlsx"), error),
        other => ExportError::Library {
            format: "XLSX",
            detail: other.to_string(),
        },
    }
}
