//! Writes tables: CSV for Excel, workbooks, GeoJSON. A result appears whole or not at all.

use std::{
    io::{BufWriter, Write},
    path::Path,
};

use rust_xlsxwriter::Workbook;
use serde_json::{Map, Value, json};

use super::{
    Failure,
    table::{Cell, Table},
};

/// The ending of a file's name, in small letters.
pub(super) fn ending(path: &Path) -> String {
    path.extension()
        .map(|ending| ending.to_string_lossy().to_lowercase())
        .unwrap_or_default()
}

/// Refuses an output whose ending names no format, before any work is done.
pub(super) fn check_ending(path: &Path) -> Result<(), Failure> {
    match ending(path).as_str() {
        "csv" | "xlsx" | "geojson" | "json" => Ok(()),
        other => Err(Failure::Usage(format!(
            "{file}：扩展名“{other}”不支持，请用 .csv、.xlsx 或 .geojson / {file}: the ending “{other}” is not supported; use .csv, .xlsx or .geojson",
            file = path.display()
        ))),
    }
}

/// Writes the table beside its place and then moves it there.
pub(super) fn save(table: &Table, path: &Path) -> Result<(), Failure> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let refused = |error: &dyn std::fmt::Display| {
        Failure::Data(format!(
            "{file}：无法写入，请检查文件夹和磁盘空间 / {file}: cannot be written; check the folder and the disk: {error}",
            file = path.display()
        ))
    };
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|error| refused(&error))?;
    match ending(path).as_str() {
        "csv" => write_csv(table, &mut file).map_err(|error| refused(&error))?,
        "xlsx" => write_workbook(table, &mut file).map_err(|error| refused(&error))?,
        _ => write_features(table, &mut file).map_err(|error| refused(&error))?,
    }
    file.persist(path).map_err(|error| refused(&error))?;
    Ok(())
}

fn write_csv(table: &Table, out: &mut impl Write) -> csv::Result<()> {
    // Excel takes a CSV for UTF-8 only by this mark.
    out.write_all("\u{feff}".as_bytes())?;
    let mut out = csv::Writer::from_writer(BufWriter::new(out));
    out.write_record(&table.titles)?;
    for row in &table.rows {
        out.write_record(row.cells.iter().map(Cell::text))?;
    }
    out.flush()?;
    Ok(())
}

fn write_workbook(
    table: &Table,
    out: &mut tempfile::NamedTempFile,
) -> Result<(), rust_xlsxwriter::XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_row(0, 0, &table.titles)?;
    for (row, line) in table.rows.iter().zip(1_u32..) {
        for (cell, column) in row.cells.iter().zip(0_u16..) {
            match cell {
                Cell::Empty => {}
                Cell::Number(number) => {
                    sheet.write_number(line, column, *number)?;
                }
                Cell::Boolean(truth) => {
                    sheet.write_boolean(line, column, *truth)?;
                }
                Cell::Text(_) | Cell::Json(_) => {
                    sheet.write_string(line, column, cell.text())?;
                }
            }
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    book.save_to_writer(out)
}

fn write_features(table: &Table, out: &mut impl Write) -> std::io::Result<()> {
    let mut out = BufWriter::new(out);
    write!(out, "{{\"type\":\"FeatureCollection\",\"features\":[")?;
    for (at, row) in table.rows.iter().enumerate() {
        let mut feature = row.feature.clone().unwrap_or_else(|| {
            let geometry = row.point.map_or(
                Value::Null,
                |point| json!({"type": "Point", "coordinates": [point.lon(), point.lat()]}),
            );
            Map::from_iter([
                ("type".to_owned(), "Feature".into()),
                ("geometry".to_owned(), geometry),
            ])
        });
        let cells = table.titles.iter().zip(&row.cells).enumerate();
        // A property that a feature never had is not made up, but the found ones always stand.
        let properties: Map<String, Value> = cells
            .filter(|(at, (_, cell))| *at >= table.own_titles || **cell != Cell::Empty)
            .map(|(_, (title, cell))| (title.clone(), cell.json()))
            .collect();
        feature.insert("properties".to_owned(), properties.into());
        let comma = if at == 0 { "\n" } else { ",\n" };
        write!(out, "{comma}{}", Value::Object(feature))?;
    }
    writeln!(out, "\n]}}")?;
    out.flush()
}
