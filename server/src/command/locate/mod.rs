//! `yizhangtu locate`: a table of points or addresses, each with its grid, house, unit and case.

mod addresses;
mod read;
mod table;
mod write;

use std::{
    io::{self, Write},
    path::PathBuf,
};

use yizhangtu_data::{
    crs::{Crs, STORED, Transform},
    store::Access,
};
use yizhangtu_index::Point;

use super::{Failure, Output};
use crate::{
    atlas::Atlas,
    lookup::{COLUMNS, Columns, CoordinateColumns, Lookup, Row},
    policy::Viewer,
};
use addresses::{Addresses, Match};
use table::{Cell, Table};

/// 给表中的每个坐标或地址配上网格、房屋、更新单元和案件 / locate every point or address of a table
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// 输入表：csv、xlsx 或 geojson / the table: csv, xlsx or geojson
    input: PathBuf,
    /// 数据文件 / the GeoPackage to look in
    #[arg(long = "in", value_name = "X.gpkg")]
    within: PathBuf,
    /// 结果文件：csv、xlsx 或 geojson / the result: csv, xlsx or geojson
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// 坐标系，如 EPSG:4547、gcj02、bd09；默认为经纬度 / coordinate system of the points; longitude, latitude by default
    #[arg(long)]
    crs: Option<String>,
}

/// What a row was matched by, as the column `matched_by` says it.
const BY_POINT: &str = "point";

pub(super) fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let crs = arguments.crs.as_deref().map(Crs::parse).transpose();
    let crs = crs.map_err(|error| Failure::Usage(format!("--crs：{error}")))?;
    let from = crs.map(|crs| Transform::new(&crs, &STORED)).transpose()?;
    write::check_ending(&arguments.output)?;
    let mut table = read::open(&arguments.input)?;
    let store = super::open(&arguments.within, Access::ReadOnly)?;
    let atlas = Atlas::open(&store)?;
    let snapshot = atlas.snapshot();
    let lookup = Lookup::all(&snapshot, Viewer::anyone());
    let columns = Columns::of(&lookup);
    let addresses = Addresses::new(&snapshot);

    let coordinates = CoordinateColumns::guess(&table.titles);
    let named = addresses::columns(&table.titles);
    if coordinates.is_none() && named.is_empty() && !table.has_points() {
        return Err(Failure::Data(format!(
            "{file}：没有坐标列，也没有地址列；请把列名写成“经度”“纬度”（或 lon、lat），或“地址”。现有列：{columns} \
             / {file}: no coordinate columns and no address column; name them “lon”, “lat” or “address”. There are: {columns}",
            file = arguments.input.display(),
            columns = table.titles.join(", "),
        )));
    }
    let locate = |at: usize| -> (Row<'_>, Option<Point>) {
        let row = &table.rows[at];
        let given = match (row.place, coordinates) {
            (Some(place), _) => Some(Ok(place)),
            (None, Some(columns)) => {
                let empty = [columns.east, columns.north]
                    .iter()
                    .all(|&at| row.is_empty(at));
                let texts: Vec<String> = row.cells.iter().map(Cell::text).collect();
                (!empty)
                    .then(|| columns.read(&table.titles, |at| texts.get(at).map(String::as_str)))
            }
            (None, None) => None,
        };
        let point = given.map(|given| {
            let (x, y) = given.map_err(|error| error.to_string())?;
            let (lon, lat) = match &from {
                Some(from) => from.point(x, y).map_err(|error| error.to_string())?,
                None => (x, y),
            };
            Point::snap(lon, lat).ok_or_else(|| {
                format!("({lon}, {lat}) 不是经度、纬度，请用 --crs 指定坐标系 / ({lon}, {lat}) is no longitude, latitude; give --crs")
            })
        });
        match point {
            Some(Ok(point)) => (
                columns.row(lookup.find(&[point]).at(0), BY_POINT),
                Some(point),
            ),
            Some(Err(reason)) => (Row::unmatched(reason), None),
            None => {
                let words = named
                    .iter()
                    .map(|&at| row.cells.get(at).map(Cell::text).unwrap_or_default());
                match addresses.find(words) {
                    Match::One {
                        point,
                        building,
                        by,
                    } => {
                        let mut found = columns.row(lookup.find(&[point]).at(0), by);
                        columns.set_building(&mut found, building);
                        (found, Some(point))
                    }
                    Match::Refused(reason) => (Row::unmatched(reason), None),
                }
            }
        }
    };
    let found: Vec<(Row<'_>, Option<Point>)> = (0..table.rows.len()).map(locate).collect();
    let unmatched = found.iter().filter(|(row, _)| !row.is_matched()).count();
    append(&mut table, found);
    write::save(&table, &arguments.output)?;
    report(&arguments, output, table.rows.len(), unmatched)
}

/// Appends the columns, in Chinese where the table speaks Chinese.
fn append(table: &mut Table, found: Vec<(Row<'_>, Option<Point>)>) {
    let chinese = (table.titles.iter()).any(|title| {
        title
            .chars()
            .any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter))
    });
    let width = table.titles.len();
    for (name, zh) in COLUMNS {
        let mut title = if chinese { zh } else { name }.to_owned();
        while table.titles.contains(&title) {
            title.push_str(if chinese { "（定位）" } else { "_located" });
        }
        table.titles.push(title);
    }
    for (row, (own, point)) in table.rows.iter_mut().zip(found) {
        row.cells.resize(width.max(row.cells.len()), Cell::Empty);
        row.cells.truncate(width);
        row.cells.extend(own.values().iter().map(|value| {
            if value.is_empty() {
                Cell::Empty
            } else {
                Cell::Text(value.clone().into_owned())
            }
        }));
        row.point = point;
    }
}

fn report(
    arguments: &Arguments,
    output: Output,
    rows: usize,
    unmatched: usize,
) -> Result<(), Failure> {
    let mut out = io::stdout();
    let file = arguments.output.display();
    if output.json {
        let result = serde_json::json!({
            "rows": rows, "matched": rows - unmatched, "unmatched": unmatched, "output": file.to_string(),
        });
        writeln!(out, "{result}")?;
    } else {
        let matched = rows - unmatched;
        writeln!(
            out,
            "{file}：共 {rows} 行，已定位 {matched} 行，未匹配 {unmatched} 行 / {file}: {rows} rows, {matched} located, {unmatched} not matched"
        )?;
    }
    Ok(())
}
