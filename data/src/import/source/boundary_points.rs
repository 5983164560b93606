//! 界址点: the exchange text of the land administration (`[属性描述] … [地块坐标]`), and
//! plain lists of point number, X, Y. X grows to the north, Y to the east.

use std::{path::Path, sync::Arc};

use geo::{Coord, Geometry, LineString, MultiPolygon, Polygon};

use super::{Held, Raw, Reading, Row, Said, Shape, Source, csv, json_geometry};
use crate::{
    Text, geometry,
    import::{ImportError, names},
};

/// Columns of the head of a parcel, as 国土资源部's format names them; the last is `@`.
const PARCEL: [&str; 8] = [
    "界址点数",
    "地块面积(公顷)",
    "地块编号",
    "地块名称",
    "图形属性",
    "图幅号",
    "地块用途",
    "地类编码",
];

pub(super) fn open(path: &Path, reading: &Reading) -> Result<Box<dyn Source>, ImportError> {
    let (text, encoding) = super::decode(&super::read_whole(path)?, reading.encoding);
    if text.contains("[地块坐标]") {
        let (mut said, rows) = parcels(&text).map_err(|(line, words)| {
            ImportError::file(
                path,
                format!("第 {line} 行 {}", words.zh),
                format!("line {line}: {}", words.en),
            )
        })?;
        said.encoding = Some(encoding.name().to_owned());
        return Ok(Box::new(Held { said, rows }));
    }
    if let Some(rows) = list(&text) {
        let said = Said {
            encoding: Some(encoding.name().to_owned()),
            notes: vec![Text {
                zh: "按界址点表读取：点号、X（北）、Y（东）".to_owned(),
                en: "read as a list of boundary points: number, X (north), Y (east)".to_owned(),
            }],
            ..Said::default()
        };
        return Ok(Box::new(Held { said, rows }));
    }
    csv::from_text(path, text, encoding.name(), reading)
}

type Fault = (usize, Text);

fn fault(line: usize, zh: impl Into<String>, en: impl Into<String>) -> Fault {
    (
        line,
        Text {
            zh: zh.into(),
            en: en.into(),
        },
    )
}

/// A parcel being read.
struct Parcel {
    line: usize,
    values: Vec<(Arc<str>, Raw)>,
    expected: Option<usize>,
    points: usize,
    /// Rings by their number in the file.
    rings: Vec<(String, Vec<Coord>)>,
}

fn parcels(text: &str) -> Result<(Said, Vec<Row>), Fault> {
    let mut head: Vec<(String, String)> = Vec::new();
    let mut rows = Vec::new();
    let mut open: Option<Parcel> = None;
    let mut in_parcels = false;
    for (at, line) in text.lines().enumerate() {
        let (line, number) = (names::plain(line), at + 1);
        if line.is_empty() {
            continue;
        }
        if line.starts_with('[') {
            in_parcels = line == "[地块坐标]";
            continue;
        }
        if !in_parcels {
            if let Some((name, value)) = line.split_once('=') {
                head.push((name.trim().to_owned(), value.trim().to_owned()));
            }
            continue;
        }
        let cells: Vec<&str> = line.split(',').map(str::trim).collect();
        if line.ends_with('@') {
            rows.extend(open.take().map(|parcel| parcel.row(rows.len() + 1)));
            open = Some(Parcel {
                line: number,
                values: PARCEL
                    .iter()
                    .zip(&cells)
                    .skip(1)
                    .filter(|(_, cell)| !cell.is_empty() && **cell != "@")
                    .map(|(name, cell)| (Arc::from(*name), Raw::Text((*cell).to_owned())))
                    .collect(),
                expected: cells.first().and_then(|count| count.parse().ok()),
                points: 0,
                rings: Vec::new(),
            });
            continue;
        }
        let parcel = open.as_mut().ok_or_else(|| {
            fault(
                number,
                "界址点前缺少地块行（以 @ 结尾）",
                "there is no parcel line (ending in @) before this point",
            )
        })?;
        let [_, ring, x, y, ..] = cells[..] else {
            return Err(fault(
                number,
                format!("“{line}”不是“点号,圈号,X,Y”，文件可能在此中断"),
                format!("“{line}” is not “point,ring,X,Y”; the file may be cut off here"),
            ));
        };
        let (Ok(north), Ok(east)) = (x.parse::<f64>(), y.parse::<f64>()) else {
            return Err(fault(
                number,
                format!("坐标“{x},{y}”不是数字，请修正"),
                format!("coordinates “{x},{y}” are not numbers; correct them"),
            ));
        };
        parcel.points += 1;
        let place = Coord { x: east, y: north };
        match parcel.rings.iter_mut().find(|(name, _)| name == ring) {
            Some((_, points)) => points.push(place),
            None => parcel.rings.push((ring.to_owned(), vec![place])),
        }
    }
    rows.extend(open.take().map(|parcel| parcel.row(rows.len() + 1)));
    let sample = rows.iter().find_map(|row| match &row.shape {
        Shape::Some(shape) => {
            use geo::CoordsIter;
            shape.coords_iter().next()
        }
        _ => None,
    });
    let said = Said {
        crs: system(&head, sample),
        rows: Some(rows.len() as u64),
        ..Said::default()
    };
    Ok((said, rows))
}

impl Parcel {
    fn row(self, number: usize) -> Row {
        let mut row = Row::new(number as u64);
        row.values = self.values;
        row.shape = shape(self.rings.into_iter().map(|(_, ring)| ring).collect());
        // Closing points may be counted or not.
        if let Some(expected) = self.expected
            && self.points + 3 < expected
        {
            row.fault = Some(Text {
                zh: format!(
                    "（文件第 {} 行）应有 {expected} 个界址点，只有 {} 个，文件可能不完整",
                    self.line, self.points
                ),
                en: format!(
                    "(line {} of the file) has {} of {expected} points; the file may be cut off",
                    self.line, self.points
                ),
            });
        }
        row
    }
}

/// Rings of one parcel: the first is the outer one, and each that lies in it a hole.
/// Lists leave the closing point out as often as not.
fn shape(rings: Vec<Vec<Coord>>) -> Shape {
    let mut closed = Vec::new();
    for mut ring in rings {
        if ring.first() != ring.last()
            && let Some(first) = ring.first().copied()
        {
            ring.push(first);
        }
        match geometry::ring(ring, true) {
            Ok((ring, _)) => closed.push(ring),
            Err(error) => return Shape::Bad(json_geometry::split(&error.to_string())),
        }
    }
    let mut parts: Vec<Polygon<f64>> = Vec::new();
    for ring in closed {
        let home = parts.iter_mut().find(|part| inside(part, &ring));
        match home {
            Some(part) => part.interiors_push(ring),
            None => parts.push(Polygon::new(ring, Vec::new())),
        }
    }
    match parts.len() {
        0 => Shape::None,
        1 => Shape::Some(Geometry::Polygon(parts.remove(0))),
        _ => Shape::Some(Geometry::MultiPolygon(MultiPolygon(parts))),
    }
}

fn inside(part: &Polygon<f64>, ring: &LineString<f64>) -> bool {
    use geo::Contains;
    let outer = Polygon::new(part.exterior().clone(), Vec::new());
    outer.contains(&Polygon::new(ring.clone(), Vec::new()))
}

/// The EPSG code that the head describes: datum, degrees of a zone, and its number.
fn system(head: &[(String, String)], sample: Option<Coord>) -> Option<String> {
    let find = |name: &str| {
        head.iter()
            .find(|(key, _)| key.contains(name))
            .map(|(_, value)| value.as_str())
    };
    let datum = find("坐标系")?;
    let degrees: u32 = find("几度分带")
        .unwrap_or("3")
        .trim_end_matches('度')
        .parse()
        .ok()?;
    let zone: u32 = find("带号").and_then(|it| it.parse().ok())?;
    let zoned = sample.is_some_and(|place| place.x > 1_000_000.0);
    // EPSG gives each datum a run of codes by zone number and one by central meridian.
    let (three, three_plain, six, six_plain) = if datum.contains("2000") {
        (4488, 4509, 4478, 4489)
    } else if datum.contains("80") {
        (2324, 2345, 2314, 2325)
    } else if datum.contains("54") {
        (2376, 2397, 21400, 21440)
    } else {
        return None;
    };
    let start = match (degrees, zoned) {
        (3, true) => three,
        (3, false) => three_plain,
        (6, true) => six,
        (6, false) => six_plain,
        _ => return None,
    };
    let zones = if degrees == 3 { 25..=45 } else { 13..=23 };
    zones
        .contains(&zone)
        .then(|| format!("EPSG:{}", start + zone))
}

/// A list of point numbers with X and Y: one parcel after another, parted by empty lines,
/// or by the return to a ring's first point.
fn list(text: &str) -> Option<Vec<Row>> {
    let mut parcels: Vec<Vec<Vec<Coord>>> = Vec::new();
    let mut rings: Vec<Vec<Coord>> = Vec::new();
    let mut ring: Vec<Coord> = Vec::new();
    let mut seen = 0;
    for (at, line) in text.lines().enumerate() {
        let line = names::plain(line);
        if line.is_empty() {
            if !ring.is_empty() {
                rings.push(std::mem::take(&mut ring));
            }
            if !rings.is_empty() {
                parcels.push(std::mem::take(&mut rings));
            }
            continue;
        }
        let cells: Vec<&str> = line
            .split(|c: char| c == ',' || c == '，' || c.is_whitespace())
            .filter(|cell| !cell.is_empty())
            .collect();
        let point = match cells[..] {
            [name, x, y] | [name, x, y, _] if !name.is_empty() => {
                x.parse().ok().zip(y.parse().ok())
            }
            _ => None,
        };
        let Some((north, east)) = point else {
            // Headings may stand above, nothing else elsewhere.
            let heads = seen == 0
                && at < 3
                && cells.iter().any(|cell| {
                    let cell = cell.to_lowercase();
                    cell.starts_with('x') || cell.contains("点号") || cell.contains("纵坐标")
                });
            if heads {
                continue;
            }
            return None;
        };
        seen += 1;
        let place = Coord { x: east, y: north };
        let closes = ring.len() > 2 && ring.first() == Some(&place);
        ring.push(place);
        if closes {
            rings.push(std::mem::take(&mut ring));
        }
    }
    if !ring.is_empty() {
        rings.push(ring);
    }
    if !rings.is_empty() {
        parcels.push(rings);
    }
    // Lists of degrees are tables of places, not outlines.
    let outline = parcels
        .iter()
        .flatten()
        .flatten()
        .all(|place| place.x.abs() > 1000.0);
    if seen < 3 || !outline {
        return None;
    }
    Some(
        parcels
            .into_iter()
            .enumerate()
            .map(|(at, rings)| {
                let mut row = Row::new(at as u64 + 1);
                row.shape = shape(rings);
                row
            })
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::Area;

    const FILE: &str = "[属性描述]\n格式版本号=1.01版本\n数据产生单位=国土资源部\n坐标系=2000国家大地坐标系\n几度分带=3\n投影类型=高斯克吕格\n计量单位=米\n带号=38\n精度=0.001\n转换参数=,,,,,,\n[地块坐标]\n9,0.5000,001,东华一社厂房,面,F-49-1,工业用地,1001,@\nJ1,1,2559500.000,38463100.000\nJ2,1,2559600.000,38463100.000\nJ3,1,2559600.000,38463200.000\nJ4,1,2559500.000,38463200.000\nJ1,1,2559500.000,38463100.000\nJ5,2,2559540.000,38463140.000\nJ6,2,2559560.000,38463140.000\nJ7,2,2559560.000,38463160.000\nJ5,2,2559540.000,38463140.000\n";

    #[test]
    fn a_parcel_with_a_hole_is_read_north_first() {
        let (said, rows) = parcels(FILE).unwrap();
        assert_eq!(said.crs.as_deref(), Some("EPSG:4526"));
        let [row] = &rows[..] else { panic!("{rows:?}") };
        let Shape::Some(shape) = &row.shape else {
            panic!("{:?}", row.shape)
        };
        assert!((shape.unsigned_area() - (10_000.0 - 200.0)).abs() < 1e-6);
        assert!(
            row.values
                .contains(&("地块名称".into(), Raw::Text("东华一社厂房".into())))
        );
    }

    #[test]
    fn the_head_names_the_system() {
        for (datum, degrees, zone, east, code) in [
            ("2000国家大地坐标系", "3", "38", 463_100.0, "EPSG:4547"),
            ("80国家大地坐标系", "3", "38", 463_100.0, "EPSG:2383"),
            ("80国家大地坐标系", "3", "38", 38_463_100.0, "EPSG:2362"),
            ("北京54坐标系", "3", "38", 463_100.0, "EPSG:2435"),
            ("2000国家大地坐标系", "6", "19", 19_463_100.0, "EPSG:4497"),
        ] {
            let head = [("坐标系", datum), ("几度分带", degrees), ("带号", zone)]
                .map(|(name, value)| (name.to_owned(), value.to_owned()));
            let sample = Some(Coord {
                x: east,
                y: 2_559_500.0,
            });
            assert_eq!(system(&head, sample).as_deref(), Some(code));
        }
    }

    #[test]
    fn a_cut_file_is_told_by_its_line() {
        let cut = &FILE[..FILE.len() - 20];
        let (line, words) = parcels(cut).unwrap_err();
        assert_eq!(line, 21);
        assert!(words.zh.contains("中断"), "{}", words.zh);
        // Whole lines missing are told by the count.
        let short = FILE.replace("9,0.5", "30,0.5");
        assert!(parcels(&short).unwrap().1[0].fault.is_some());
    }

    #[test]
    fn a_plain_list_is_one_outline_a_block() {
        let text = "点号,X,Y\nJ1,2559500,463100\nJ2,2559600,463100\nJ3,2559600,463200\n\nJ1 2559700 463100\nJ2 2559800 463100\nJ3 2559800 463200\nJ1 2559700 463100\n";
        let rows = list(text).unwrap();
        assert_eq!(rows.len(), 2);
        for row in rows {
            let Shape::Some(shape) = row.shape else {
                panic!()
            };
            assert!((shape.unsigned_area() - 5000.0).abs() < 1e-6);
        }
        assert!(list("编号,名称\n1,东华\n").is_none());
        assert!(list("1,113.5,23.1\n2,113.6,23.1\n3,113.6,23.2\n").is_none());
    }
}
