//! The rows of a drawing: closed lines as areas, with their holes and the words inside them.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use geo::{Contains, Coord, Geometry, LineString, Point, Polygon};
use yizhangtu_index::Boxes;

use super::{Drawn, Line, Raw, Row, Said, Shape, words};
use crate::GeometryKind;

/// Columns of a drawing's rows.
pub(super) const LAYER: &str = "图层";
pub(super) const WORDS: &str = "注记";

/// Ends that are nearer than this are one point: 1 cm, as for rings of other files.
const GAP: f64 = 0.01;
const GAP_DEGREES: f64 = 1e-7;

/// The corners of a ring as the bits of their numbers, sorted: equal for a ring that is drawn twice.
type Corners = Vec<(u64, u64)>;

impl Drawn {
    /// The rows for a layer of a kind of geometry: of areas the closed lines alone, each with the
    /// words inside it.
    pub(super) fn rows(self, kind: GeometryKind) -> (Said, Vec<Row>) {
        let degrees = self.lines.iter().all(|line| {
            (line.points.iter()).all(|place| place.x.abs() <= 360.0 && place.y.abs() <= 90.0)
        });
        let gap = if degrees { GAP_DEGREES } else { GAP };
        let mut rows = Vec::new();
        let (mut open, mut rings) = (0, Vec::new());
        for mut line in self.lines {
            let (first, last) = (line.points[0], line.points[line.points.len() - 1]);
            let meets = (first.x - last.x).abs() <= gap && (first.y - last.y).abs() <= gap;
            let is_ring = line.points.len() > 3 && meets || line.closed && line.points.len() > 2;
            if is_ring {
                if meets {
                    line.points.pop();
                }
                line.points.push(first);
                rings.push(line);
            } else if matches!(kind, GeometryKind::Line | GeometryKind::Any) {
                rows.push(row(
                    line.at,
                    &line.layer,
                    Geometry::LineString(LineString(line.points)),
                    Vec::new(),
                ));
            } else {
                open += 1;
            }
        }
        let areal = matches!(kind, GeometryKind::Polygon | GeometryKind::Any);
        let mut used = 0;
        if areal {
            let (areas, words) = nested(rings, &self.words);
            used = words;
            rows.extend(areas);
        } else {
            for line in rings {
                let shape = Geometry::LineString(LineString(line.points));
                if kind == GeometryKind::Line {
                    rows.push(row(line.at, &line.layer, shape, Vec::new()));
                } else {
                    open += 1;
                }
            }
        }
        let mut points = 0;
        for (at, layer, place) in self.points {
            if matches!(kind, GeometryKind::Point | GeometryKind::Any) {
                let shape = Geometry::Point(Point(place));
                rows.push(row(at, &layer, shape, Vec::new()));
            } else {
                points += 1;
            }
        }
        rows.sort_by_key(|row| row.number);
        let mut said = Said {
            rows: Some(rows.len() as u64),
            ..Said::default()
        };
        said.notes.push(words(
            "按 CAD 图读取：闭合多段线为面，图层名和面内注记为属性",
            "read as a drawing: closed polylines are areas, with the layer's name and the words inside as values",
        ));
        if self.scale != 1.0 {
            said.notes.push(words(
                "图形单位不是米，已按文件头换算成米",
                "the drawing is not in metres; it was converted as its head says",
            ));
        }
        let lone = self.words.len() - used;
        let mut left: Vec<(String, String)> = Vec::new();
        let mut leave = |count: usize, zh: &str, en: &str| {
            if count > 0 {
                left.push((format!("{count} {zh}"), format!("{count} {en}")));
            }
        };
        leave(open, "条未闭合的线", "lines that are not closed");
        leave(points, "个点", "points");
        leave(lone, "处不在任何面内的注记", "words outside every area");
        for (name, count) in &self.other {
            leave(*count, name, name);
        }
        if !left.is_empty() {
            let (zh, en): (Vec<String>, Vec<String>) = left.into_iter().unzip();
            said.notes.push(words(
                format!(
                    "没有读入：{}（块请先炸开，样条请先转为多段线）",
                    zh.join("，")
                ),
                format!(
                    "not read: {} (explode blocks and turn splines into polylines first)",
                    en.join(", ")
                ),
            ));
        }
        (said, rows)
    }
}

fn row(at: usize, layer: &Arc<str>, shape: Geometry<f64>, inside: Vec<&str>) -> Row {
    let mut row = Row::new(at as u64);
    row.shape = Shape::Some(shape);
    row.values
        .push((Arc::from(LAYER), Raw::Text(layer.to_string())));
    if !inside.is_empty() {
        row.values
            .push((Arc::from(WORDS), Raw::Text(inside.join(" "))));
    }
    row
}

/// Areas of closed lines: one that lies within another of the same drawing layer is its hole,
/// one within a hole an area again. Words go to the smallest area around them. Gives the rows,
/// and how many words found their area.
fn nested(rings: Vec<Line>, words: &[(Coord, String)]) -> (Vec<Row>, usize) {
    let shapes: Vec<Polygon<f64>> = (rings.iter())
        .map(|line| Polygon::new(LineString(line.points.clone()), Vec::new()))
        .collect();
    let sizes: Vec<f64> = shapes.iter().map(geo::Area::unsigned_area).collect();
    let corners: Vec<_> = shapes.iter().map(corners).collect();
    let boxes = Boxes::new(&corners);
    let around = |place: Coord| boxes.meeting(place.into(), place.into()).into_iter();
    // What a ring lies within, on its own drawing layer.
    let holders: Vec<Vec<usize>> = (0..rings.len())
        .map(|at| {
            let Some(&place) = rings[at].points.first() else {
                return Vec::new();
            };
            around(place)
                .filter(|&other| {
                    other != at
                        && rings[other].layer == rings[at].layer
                        && sizes[other] > sizes[at]
                        && shapes[other].contains(&shapes[at])
                })
                .collect()
        })
        .collect();
    // A ring that is drawn twice is the hole of what is around it, and the area in the hole.
    let mut drawn: HashMap<(&str, Corners), usize> = HashMap::new();
    let again: Vec<usize> = (rings.iter())
        .map(|line| {
            let bits = |place: &Coord| (place.x.to_bits(), place.y.to_bits());
            let mut corners: Corners = line.points.iter().map(bits).collect();
            corners.sort_unstable();
            corners.dedup();
            let times = drawn.entry((&line.layer, corners)).or_default();
            *times += 1;
            *times - 1
        })
        .collect();
    let is_area = |at: usize| (holders[at].len() + again[at]).is_multiple_of(2);
    let mut areas: BTreeMap<usize, Polygon<f64>> = (0..rings.len())
        .filter(|at| is_area(*at))
        .map(|at| (at, shapes[at].clone()))
        .collect();
    for at in (0..rings.len()).filter(|at| !is_area(*at)) {
        let around = holders[at].iter().copied().filter(|own| is_area(*own));
        let owner = around.min_by(|a, b| sizes[*a].total_cmp(&sizes[*b]));
        if let Some(area) = owner.and_then(|owner| areas.get_mut(&owner)) {
            area.interiors_push(shapes[at].exterior().clone());
        }
    }
    let mut inside: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    let mut used = 0;
    for (place, text) in words {
        let home = around(*place)
            .filter(|at| {
                areas
                    .get(at)
                    .is_some_and(|area| area.contains(&Point(*place)))
            })
            .min_by(|a, b| sizes[*a].total_cmp(&sizes[*b]));
        if let Some(home) = home {
            used += 1;
            inside.entry(home).or_default().push(text);
        }
    }
    let rows = areas.into_iter().map(|(at, area)| {
        let line = &rings[at];
        let inside = inside.remove(&at).unwrap_or_default();
        row(line.at, &line.layer, Geometry::Polygon(area), inside)
    });
    (rows.collect(), used)
}

/// The low and the high corner of the rectangle around an area.
fn corners(shape: &Polygon<f64>) -> [[f64; 2]; 2] {
    let places = shape.exterior().coords();
    places.fold(
        [[f64::INFINITY; 2], [f64::NEG_INFINITY; 2]],
        |[low, high], &Coord { x, y }| {
            [
                [low[0].min(x), low[1].min(y)],
                [high[0].max(x), high[1].max(y)],
            ]
        },
    )
}
