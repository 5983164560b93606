//! Reads tables: CSV in UTF-8 or GB18030, Excel workbooks, GeoJSON.

use std::{fs, path::Path};

use calamine::{Data, Reader};
use geo::Geometry;
use serde_json::{Map, Value};
use yizhangtu_index::Shape;

use super::{
    Failure,
    table::{Cell, Table, TableRow},
};

/// Rows among which a workbook's titles are looked for.
const TITLES_AMONG: usize = 12;

/// Reads a table by the file's ending.
pub(super) fn open(path: &Path) -> Result<Table, Failure> {
    let bytes = fs::read(path).map_err(|error| {
        fault(
            path,
            format_args!("无法读取，请检查路径 / cannot be read; check the path: {error}"),
        )
    })?;
    let mut table = match super::write::ending(path).as_str() {
        "csv" | "tsv" | "txt" => table_of_text(path, &bytes)?,
        "xlsx" | "xlsm" | "xls" | "ods" => table_of_workbook(path, bytes)?,
        "geojson" | "json" => table_of_features(path, &bytes)?,
        other => {
            return Err(fault(
                path,
                format_args!(
                    "扩展名“{other}”不支持，请用 csv、xlsx 或 geojson / the ending “{other}” is not supported; use csv, xlsx or geojson"
                ),
            ));
        }
    };
    table.own_titles = table.titles.len();
    Ok(table)
}

fn fault(path: &Path, what: impl std::fmt::Display) -> Failure {
    Failure::Data(format!("{}：{what}", path.display()))
}

fn table_of_text(path: &Path, bytes: &[u8]) -> Result<Table, Failure> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.trim_start_matches('\u{feff}').to_owned(),
        Err(_) => {
            let (text, _, garbled) = encoding_rs::GB18030.decode(bytes);
            if garbled {
                return Err(fault(
                    path,
                    "既不是 UTF-8 也不是 GB18030 编码，请另存为 UTF-8 / is neither UTF-8 nor GB18030; save it as UTF-8",
                ));
            }
            text.into_owned()
        }
    };
    let first = text.lines().next().unwrap_or_default();
    let separator = [b',', b'\t', b';']
        .into_iter()
        .max_by_key(|&separator| {
            let count = first.bytes().filter(|byte| *byte == separator).count();
            // The comma where all are equal.
            (count, separator == b',')
        })
        .unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .flexible(true)
        .from_reader(text.as_bytes());
    let titles: Vec<String> = reader
        .headers()?
        .iter()
        .map(|title| title.trim().to_owned())
        .collect();
    if titles.iter().all(String::is_empty) {
        return Err(fault(
            path,
            "没有表头行，请在第一行写上列名 / there is no row of titles; write them in the first row",
        ));
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record?;
        let cells = record
            .iter()
            .map(|text| {
                if text.is_empty() {
                    Cell::Empty
                } else {
                    Cell::Text(text.to_owned())
                }
            })
            .collect();
        rows.push(TableRow {
            cells,
            ..TableRow::default()
        });
    }
    Ok(Table {
        titles,
        rows,
        ..Table::default()
    })
}

fn table_of_workbook(path: &Path, bytes: Vec<u8>) -> Result<Table, Failure> {
    let broken = |error: calamine::Error| {
        fault(
            path,
            format_args!(
                "不是完整的 Excel 工作簿，请用 Excel 另存一次 / is no whole Excel workbook; save it again: {error}"
            ),
        )
    };
    let mut book =
        calamine::open_workbook_auto_from_rs(std::io::Cursor::new(bytes)).map_err(broken)?;
    let Some(sheet) = book.worksheet_range_at(0) else {
        return Err(fault(path, "没有工作表 / there is no sheet"));
    };
    let sheet = sheet.map_err(broken)?;
    let mut lines = sheet.rows();
    // A title line above the titles is a single cell; titles are at least two texts, or
    // the only column.
    let is_titles = |line: &&[Data]| {
        let texts = line
            .iter()
            .filter(|cell| matches!(cell, Data::String(text) if !text.trim().is_empty()))
            .count();
        texts >= 2.min(line.len())
    };
    let mut titles = None;
    for line in lines.by_ref().take(TITLES_AMONG) {
        if is_titles(&line) {
            titles = Some(line);
            break;
        }
    }
    let Some(titles) = titles else {
        return Err(fault(
            path,
            "第一个工作表没有表头行 / the first sheet has no row of titles",
        ));
    };
    let titles = titles
        .iter()
        .map(|cell| cell.to_string().trim().to_owned())
        .collect();
    let rows = lines
        .map(|line| TableRow {
            cells: line.iter().map(cell_of).collect(),
            ..TableRow::default()
        })
        .collect();
    Ok(Table {
        titles,
        rows,
        ..Table::default()
    })
}

fn cell_of(data: &Data) -> Cell {
    match data {
        Data::Empty => Cell::Empty,
        Data::String(text) => Cell::Text(text.clone()),
        #[expect(clippy::cast_precision_loss, reason = "Excel keeps doubles itself")]
        Data::Int(number) => Cell::Number(*number as f64),
        Data::Float(number) => Cell::Number(*number),
        Data::Bool(truth) => Cell::Boolean(*truth),
        Data::DateTime(moment) => {
            let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
            let date = format!("{year:04}-{month:02}-{day:02}");
            let midnight = hour == 0 && minute == 0 && second == 0;
            Cell::Text(if midnight {
                date
            } else {
                format!("{date} {hour:02}:{minute:02}:{second:02}")
            })
        }
        other => Cell::Text(other.to_string()),
    }
}

fn table_of_features(path: &Path, bytes: &[u8]) -> Result<Table, Failure> {
    let parsed: Value = serde_json::from_slice(bytes)
        .map_err(|error| fault(path, format_args!("不是 JSON / is not JSON: {error}")))?;
    let features: Vec<Value> = match parsed {
        Value::Object(mut whole) => match whole.remove("features") {
            Some(Value::Array(features)) => features,
            _ => vec![Value::Object(whole)],
        },
        _ => Vec::new(),
    };
    let mut table = Table::default();
    for (feature, number) in features.into_iter().zip(1..) {
        let Value::Object(mut feature) = feature else {
            return Err(fault(
                path,
                format_args!("第 {number} 个不是要素 / number {number} is no feature"),
            ));
        };
        let properties = match feature.remove("properties") {
            Some(Value::Object(properties)) => properties,
            _ => Map::new(),
        };
        let mut row = TableRow {
            place: place(feature.get("geometry")),
            ..TableRow::default()
        };
        for (name, value) in properties {
            let at = table
                .titles
                .iter()
                .position(|title| *title == name)
                .unwrap_or_else(|| {
                    table.titles.push(name);
                    table.titles.len() - 1
                });
            row.cells.resize(row.cells.len().max(at + 1), Cell::Empty);
            row.cells[at] = match value {
                Value::Null => Cell::Empty,
                Value::String(text) => Cell::Text(text),
                Value::Bool(truth) => Cell::Boolean(truth),
                other => Cell::Json(other),
            };
        }
        row.feature = Some(feature);
        table.rows.push(row);
    }
    Ok(table)
}

/// A point's coordinates as they stand; the representative point of anything else.
fn place(geometry: Option<&Value>) -> Option<(f64, f64)> {
    let geometry: geojson::Geometry = serde_json::from_value(geometry?.clone()).ok()?;
    let geometry: Geometry<f64> = geometry.try_into().ok()?;
    match geometry {
        Geometry::Point(point) => Some(point.x_y()),
        other => {
            let point = Shape::new(&other).ok()?.representative();
            Some((point.lon(), point.lat()))
        }
    }
}
