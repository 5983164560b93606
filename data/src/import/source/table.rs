//! Tables: where the headings are, and which columns hold the place.

use std::{ops::ControlFlow, sync::Arc};

use geo::{Geometry, Point};

use super::{Each, Raw, Reading, Row, Said, Shape, Source, wkt};
use crate::{
    Text,
    import::{ImportError, names},
};

/// Headings stand in one of the first rows.
const SEARCHED: usize = 12;

/// Pairs of names of columns with coordinates, east first, folded.
const DEGREES: [(&str, &str); 12] = [
    ("经度", "纬度"),
    ("lon", "lat"),
    ("lng", "lat"),
    ("long", "lat"),
    ("longitude", "latitude"),
    ("东经", "北纬"),
    ("中心经度", "中心纬度"),
    ("pointx", "pointy"),
    ("东坐标", "北坐标"),
    ("横坐标", "纵坐标"),
    ("easting", "northing"),
    ("east", "north"),
];
/// Names that the surveyor and the draughtsman read in opposite order.
const EITHER: [(&str, &str); 4] = [
    ("x", "y"),
    ("x坐标", "y坐标"),
    ("坐标x", "坐标y"),
    ("xcoord", "ycoord"),
];
const WKT: [&str; 9] = [
    "wkt",
    "geometry",
    "geom",
    "thegeom",
    "图形",
    "几何",
    "空间坐标",
    "shape",
    "wktgeom",
];

/// The columns that hold the place of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    None,
    Wkt(usize),
    Pair { east: usize, north: usize },
}

/// A row of cells under its headings, by its line in the file.
pub(super) type Cells = (u64, Vec<Raw>, Option<Text>);
/// Goes over the rows below the headings.
pub(super) type Rows =
    Box<dyn Fn(&mut dyn FnMut(Cells) -> ControlFlow<()>) -> Result<(), ImportError>>;

/// A table with headings.
pub(super) struct Table {
    headings: Vec<Arc<str>>,
    place: Place,
    said: Said,
    rows: Rows,
}

/// The number of the row that holds the headings, counted from 0, among the first rows.
///
/// It is the row with most names that the layer knows; without any known name, the first
/// row whose cells are all texts and at least two.
pub(super) fn heading(rows: &[Vec<String>], reading: &Reading) -> Option<usize> {
    let known = |cell: &String| {
        let name = names::fold(cell);
        reading.known.contains(&name)
            || WKT.contains(&name.as_str())
            || DEGREES
                .iter()
                .chain(&EITHER)
                .any(|(east, north)| name == *east || name == *north)
    };
    let score = |row: &Vec<String>| row.iter().filter(|cell| known(cell)).count();
    let best = rows
        .iter()
        .take(SEARCHED)
        .enumerate()
        .max_by_key(|(at, row)| (score(row), usize::MAX - at))
        .filter(|(_, row)| score(row) > 0)
        .map(|(at, _)| at);
    best.or_else(|| {
        rows.iter().take(SEARCHED).position(|row| {
            let filled: Vec<&String> = row.iter().filter(|cell| !cell.trim().is_empty()).collect();
            filled.len() >= 2
                && filled
                    .iter()
                    .all(|cell| cell.trim().parse::<f64>().is_err())
        })
    })
}

/// Headings with a name each, no two the same.
pub(super) fn unique(headings: Vec<String>) -> Vec<Arc<str>> {
    let mut taken: Vec<Arc<str>> = Vec::with_capacity(headings.len());
    for (at, heading) in headings.into_iter().enumerate() {
        let heading = heading.split_whitespace().collect::<Vec<_>>().join(" ");
        let heading = if heading.is_empty() {
            format!("第{}列", at + 1)
        } else {
            heading
        };
        let mut name = heading.clone();
        let mut count = 1;
        while taken.iter().any(|other| **other == *name) {
            count += 1;
            name = format!("{heading}_{count}");
        }
        taken.push(name.into());
    }
    taken
}

impl Table {
    pub(super) fn new(
        headings: Vec<Arc<str>>,
        mut said: Said,
        rows: Rows,
        reading: &Reading,
    ) -> Result<Self, Text> {
        let (place, either) = place(&headings, reading)?;
        said.either_order = either;
        Ok(Self {
            headings,
            place,
            said,
            rows,
        })
    }

    fn shape(&self, cells: &[Raw]) -> Shape {
        match self.place {
            Place::None => Shape::None,
            Place::Wkt(at) => match cells.get(at) {
                Some(Raw::Text(text)) if !text.trim().is_empty() => wkt::shape(text),
                _ => Shape::None,
            },
            Place::Pair { east, north } => {
                let blank = |at: usize| match cells.get(at) {
                    None | Some(Raw::Null) => true,
                    Some(Raw::Text(text)) => text.trim().is_empty(),
                    _ => false,
                };
                if blank(east) && blank(north) {
                    return Shape::None;
                }
                match (self.coordinate(cells, east), self.coordinate(cells, north)) {
                    (Ok(x), Ok(y)) => Shape::Some(Geometry::Point(Point::new(x, y))),
                    (Err(words), _) | (_, Err(words)) => Shape::Bad(words),
                }
            }
        }
    }

    fn coordinate(&self, cells: &[Raw], at: usize) -> Result<f64, Text> {
        let shown = match cells.get(at) {
            Some(Raw::Number(number)) => return Ok(*number),
            #[expect(clippy::cast_precision_loss, reason = "coordinates are below 2^53")]
            Some(Raw::Integer(number)) => return Ok(*number as f64),
            Some(Raw::Text(text) | Raw::Garbled(text)) => {
                if let Some(number) = number(text) {
                    return Ok(number);
                }
                text.clone()
            }
            _ => String::new(),
        };
        let column = &self.headings[at];
        Err(Text {
            zh: format!("{column} 不是坐标“{shown}”，请改为数字"),
            en: format!("{column}: not a coordinate “{shown}”; write a number"),
        })
    }
}

impl Source for Table {
    fn said(&self) -> &Said {
        &self.said
    }

    fn rows(&self, each: Each<'_>) -> Result<(), ImportError> {
        (self.rows)(&mut |(number, cells, fault)| {
            if cells.iter().all(|cell| match cell {
                Raw::Null => true,
                Raw::Text(text) => text.trim().is_empty(),
                _ => false,
            }) {
                return ControlFlow::Continue(());
            }
            let mut row = Row::new(number);
            row.shape = self.shape(&cells);
            row.fault = fault;
            row.values = self
                .headings
                .iter()
                .zip(cells)
                .enumerate()
                .filter(|(at, _)| !self.holds_place(*at))
                .map(|(_, (name, cell))| (Arc::clone(name), cell))
                .collect();
            each(row)
        })
    }
}

impl Table {
    fn holds_place(&self, at: usize) -> bool {
        match self.place {
            Place::None => false,
            Place::Wkt(column) => at == column,
            Place::Pair { east, north } => at == east || at == north,
        }
    }
}

/// A number as people write coordinates: full-width digits, degrees with minutes and seconds.
fn number(text: &str) -> Option<f64> {
    let text = names::plain(text);
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let text = text
        .trim_end_matches(['E', 'N', '东', '北'])
        .trim_start_matches(['E', 'N']);
    let (degrees, rest) = text.split_once(['°', '度'])?;
    let mut value: f64 = degrees.trim().parse().ok()?;
    let mut rest = rest.trim();
    for (marks, part) in [
        (&['\'', '′', '分', '’'][..], 60.0),
        (&['"', '″', '秒', '”'][..], 3600.0),
    ] {
        if rest.is_empty() {
            break;
        }
        let (number, after) = rest.split_once(marks)?;
        value += number.trim().parse::<f64>().ok()? / part;
        rest = after.trim();
    }
    rest.is_empty().then_some(value)
}

/// The columns of the place, and whether their order is told by the numbers alone.
fn place(headings: &[Arc<str>], reading: &Reading) -> Result<(Place, bool), Text> {
    let folded: Vec<String> = headings.iter().map(|name| names::fold(name)).collect();
    let find = |name: &str| {
        let name = names::fold(name);
        folded.iter().position(|heading| *heading == name)
    };
    let missing = |name: &str| Text {
        zh: format!("没有列“{name}”，现有：{}", headings.join("，")),
        en: format!(
            "there is no column “{name}”; there are: {}",
            headings.join(", ")
        ),
    };
    if let Some(name) = &reading.wkt {
        return find(name)
            .map(|at| (Place::Wkt(at), false))
            .ok_or_else(|| missing(name));
    }
    if let Some((east, north)) = &reading.columns {
        let pair = Place::Pair {
            east: find(east).ok_or_else(|| missing(east))?,
            north: find(north).ok_or_else(|| missing(north))?,
        };
        return Ok((pair, false));
    }
    for (pairs, either) in [(&DEGREES[..], false), (&EITHER[..], true)] {
        for (east, north) in pairs {
            // A field that the layer itself has by this name is a value.
            if let (Some(east), Some(north)) = (find(east), find(north)) {
                return Ok((Place::Pair { east, north }, either));
            }
        }
    }
    if let Some(at) = folded.iter().position(|name| WKT.contains(&name.as_str())) {
        return Ok((Place::Wkt(at), false));
    }
    Ok((Place::None, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_read_as_people_write_them() {
        for (text, expected) in [
            ("113.5", Some(113.5)),
            ("１１３．５", Some(113.5)),
            ("113°30'", Some(113.5)),
            ("113°30′00″", Some(113.5)),
            ("113度30分", Some(113.5)),
            ("东", None),
            ("", None),
            ("113°x'", None),
        ] {
            assert_eq!(number(text), expected, "{text}");
        }
    }

    #[test]
    fn headings_are_found_below_a_title() {
        let reading = Reading {
            known: Arc::new(["建筑编码", "地址"].map(names::fold).into_iter().collect()),
            ..Reading::default()
        };
        let row = |cells: &[&str]| cells.iter().map(ToString::to_string).collect::<Vec<_>>();
        let sheet = [
            row(&["东华村房屋台账", "", ""]),
            row(&["填表人：", "", "2023"]),
            row(&["建筑编码", "地址", "备 注"]),
            row(&["1", "a", ""]),
        ];
        assert_eq!(heading(&sheet, &reading), Some(2));
        assert_eq!(heading(&[row(&["1", "2"])], &reading), None);
        assert_eq!(
            *unique(row(&["a", "", "a"])),
            [Arc::from("a"), "第2列".into(), "a_2".into()]
        );
    }
}
