//! AutoCAD drawing exchange (DXF, as text): closed polylines are areas, and the drawing's layer
//! name and the words written inside them are their values.
//!
//! A drawing is a list of pairs, a code and a value, which this module reads itself: a file that
//! was cut off is refused with its line, and what is not read (blocks, splines, hatches) is
//! counted and told. The tests hold our own files against the `dxf` crate.

use std::{
    collections::{BTreeMap, HashMap},
    ops::ControlFlow,
    path::Path,
    sync::Arc,
};

use geo::{Contains, Coord, Geometry, LineString, Point, Polygon};

use super::{Each, Raw, Reading, Row, Said, Shape, Source};
use crate::{GeometryKind, Text, import::ImportError};

/// Columns of a drawing's rows.
const LAYER: &str = "图层";
const WORDS: &str = "注记";

/// How far a chord may lie from the arc that it stands for, in drawing units: 5 mm of a metre.
const SAGITTA: f64 = 0.005;
/// As much in degrees.
const SAGITTA_DEGREES: f64 = 5e-8;
/// Ends that are nearer than this are one point: 1 cm, as for rings of other files.
const GAP: f64 = 0.01;
const GAP_DEGREES: f64 = 1e-7;

pub(super) struct Drawing {
    said: Said,
    rows: Vec<Row>,
}

impl Source for Drawing {
    fn said(&self) -> &Said {
        &self.said
    }

    fn rows(&self, each: Each<'_>) -> Result<(), ImportError> {
        for row in &self.rows {
            if let ControlFlow::Break(()) = each(row.clone()) {
                break;
            }
        }
        Ok(())
    }
}

pub(super) fn open(path: &Path, reading: &Reading) -> Result<Box<dyn Source>, ImportError> {
    let bytes = super::read_whole(path)?;
    if bytes.starts_with(b"AutoCAD Binary DXF") {
        return Err(ImportError::file(
            path,
            "是二进制 DXF，请在 CAD 里另存为文本（ASCII）DXF",
            "is a binary DXF; save it as text (ASCII) DXF in the CAD program",
        ));
    }
    let (text, encoding) = super::decode(&bytes, reading.encoding);
    let drawn = read(&text).map_err(|(line, words)| {
        ImportError::file(
            path,
            format!("第 {line} 行 {}", words.zh),
            format!("line {line}: {}", words.en),
        )
    })?;
    let (mut said, rows) = drawn.rows(reading.geometry);
    said.encoding = Some(encoding.name().to_owned());
    Ok(Box::new(Drawing { said, rows }))
}

type Fault = (usize, Text);

/// The corners of a ring as the bits of their numbers, sorted: equal for a ring that is drawn twice.
type Corners = Vec<(u64, u64)>;

fn words(zh: impl Into<String>, en: impl Into<String>) -> Text {
    Text {
        zh: zh.into(),
        en: en.into(),
    }
}

/// One code and its value, with the line of the code.
struct Pair<'t> {
    line: usize,
    code: i32,
    value: &'t str,
}

/// A line of the drawing.
struct Line {
    /// Line of the file, which is what a CAD user can look for.
    at: usize,
    layer: Arc<str>,
    points: Vec<Coord>,
    closed: bool,
}

/// What a drawing holds, as far as it is read.
#[derive(Default)]
struct Drawn {
    lines: Vec<Line>,
    points: Vec<(usize, Arc<str>, Coord)>,
    words: Vec<(Coord, String)>,
    /// Millimetres, where the head says so.
    scale: f64,
    /// Entities that are not read, by name.
    other: BTreeMap<String, usize>,
}

/// An entity while its pairs come in.
#[derive(Default)]
struct Entity {
    at: usize,
    kind: String,
    layer: String,
    /// Vertices with their bulges.
    vertices: Vec<(Coord, f64)>,
    /// The second end of a line.
    end: Coord,
    flags: i32,
    radius: f64,
    angles: [f64; 2],
    text: String,
}

impl Entity {
    fn take(&mut self, pair: &Pair<'_>) -> Result<(), Fault> {
        let number = || {
            pair.value.trim().parse::<f64>().map_err(|_| {
                (
                    pair.line + 1,
                    words(
                        format!("“{}”不是数字，文件可能已损坏", pair.value.trim()),
                        format!(
                            "“{}” is no number; the file may be damaged",
                            pair.value.trim()
                        ),
                    ),
                )
            })
        };
        match pair.code {
            8 => self.layer = unescaped(pair.value.trim()),
            10 => self.vertices.push((
                Coord {
                    x: number()?,
                    y: 0.0,
                },
                0.0,
            )),
            20 => {
                if let Some((place, _)) = self.vertices.last_mut() {
                    place.y = number()?;
                }
            }
            11 => self.end.x = number()?,
            21 => self.end.y = number()?,
            40 => self.radius = number()?,
            42 => {
                if let Some((_, bulge)) = self.vertices.last_mut() {
                    *bulge = number()?;
                }
            }
            50 => self.angles[0] = number()?,
            51 => self.angles[1] = number()?,
            70 => self.flags = number()? as i32,
            1 | 3 => self.text.push_str(pair.value),
            _ => {}
        }
        Ok(())
    }
}

fn read(text: &str) -> Result<Drawn, Fault> {
    let mut drawn = Drawn {
        scale: 1.0,
        ..Drawn::default()
    };
    let mut section = String::new();
    let mut variable = String::new();
    let mut open: Option<Entity> = None;
    // The polyline that vertices belong to.
    let mut polyline: Option<Entity> = None;
    let mut lines = text.lines().enumerate();
    let mut ended = false;
    let mut names_section = false;
    while let Some((at, code)) = lines.next() {
        let Ok(code) = code.trim().parse::<i32>() else {
            if code.trim().is_empty() {
                continue;
            }
            return Err((
                at + 1,
                words(
                    format!("应为组码，却是“{}”：不是 DXF，或已损坏", code.trim()),
                    format!(
                        "must be a group code and is “{}”: no DXF, or damaged",
                        code.trim()
                    ),
                ),
            ));
        };
        let Some((_, value)) = lines.next() else {
            break;
        };
        let pair = Pair {
            line: at + 1,
            code,
            value,
        };
        if code == 0 {
            if let Some(entity) = open.take() {
                drawn.entity(entity, &mut polyline);
            }
            let name = value.trim();
            match name {
                "SECTION" => names_section = true,
                "ENDSEC" => {
                    drawn.close(&mut polyline);
                    section.clear();
                }
                "EOF" => ended = true,
                _ if section == "ENTITIES" => {
                    open = Some(Entity {
                        at: at + 1,
                        kind: name.to_owned(),
                        ..Entity::default()
                    });
                }
                _ => {}
            }
            continue;
        }
        if names_section && code == 2 {
            value.trim().clone_into(&mut section);
            names_section = false;
        } else if section == "HEADER" {
            match code {
                9 => value.trim().clone_into(&mut variable),
                // 4 is millimetres, 5 centimetres; all else is read as it stands.
                70 if variable == "$INSUNITS" => match value.trim() {
                    "4" => drawn.scale = 0.001,
                    "5" => drawn.scale = 0.01,
                    _ => {}
                },
                _ => {}
            }
        } else if let Some(entity) = &mut open {
            entity.take(&pair)?;
        }
    }
    if let Some(entity) = open.take() {
        drawn.entity(entity, &mut polyline);
    }
    drawn.close(&mut polyline);
    if !ended {
        return Err((
            text.lines().count(),
            words(
                "没有结尾标记 EOF，文件可能中断，请重新导出",
                "the file has no EOF mark and may be cut off; export it again",
            ),
        ));
    }
    Ok(drawn)
}

impl Drawn {
    fn entity(&mut self, mut entity: Entity, polyline: &mut Option<Entity>) {
        match entity.kind.as_str() {
            "POLYLINE" => {
                self.close(polyline);
                // The first point of an old polyline is its height.
                entity.vertices.clear();
                *polyline = Some(entity);
            }
            "VERTEX" => {
                if let (Some(owner), Some(vertex)) = (polyline, entity.vertices.first())
                    // Vertices of a spline's frame are no part of the line.
                    && entity.flags & 16 == 0
                {
                    owner.vertices.push(*vertex);
                }
            }
            "SEQEND" => self.close(polyline),
            "LWPOLYLINE" => self.line(&entity),
            "LINE" => {
                entity.vertices.truncate(1);
                entity.vertices.push((entity.end, 0.0));
                self.line(&entity);
            }
            "CIRCLE" | "ARC" => self.arc(&entity),
            "POINT" => {
                if let Some((place, _)) = entity.vertices.first() {
                    let layer = Arc::from(entity.layer.as_str());
                    self.points.push((entity.at, layer, self.scaled(*place)));
                }
            }
            "TEXT" | "MTEXT" | "ATTRIB" => {
                let text = plain(&entity.text);
                if let (Some((place, _)), false) = (entity.vertices.first(), text.is_empty()) {
                    self.words.push((self.scaled(*place), text));
                }
            }
            other => *self.other.entry(other.to_owned()).or_default() += 1,
        }
    }

    fn close(&mut self, polyline: &mut Option<Entity>) {
        if let Some(whole) = polyline.take() {
            self.line(&whole);
        }
    }

    fn scaled(&self, place: Coord) -> Coord {
        place * self.scale
    }

    fn line(&mut self, entity: &Entity) {
        let closed = entity.flags & 1 == 1;
        let vertices: Vec<(Coord, f64)> = (entity.vertices.iter())
            .map(|(place, bulge)| (self.scaled(*place), *bulge))
            .collect();
        let mut points: Vec<Coord> = Vec::with_capacity(vertices.len());
        for (at, (place, bulge)) in vertices.iter().enumerate() {
            points.push(*place);
            let next = match vertices.get(at + 1) {
                Some((next, _)) => *next,
                None if closed => vertices[0].0,
                None => continue,
            };
            if *bulge != 0.0 {
                points.extend(bent(*place, next, *bulge));
            }
        }
        points.dedup();
        if points.len() > 1 {
            self.lines.push(Line {
                at: entity.at,
                layer: Arc::from(entity.layer.as_str()),
                points,
                closed,
            });
        }
    }

    fn arc(&mut self, entity: &Entity) {
        let Some((centre, _)) = entity.vertices.first() else {
            return;
        };
        let (centre, radius) = (self.scaled(*centre), entity.radius * self.scale);
        let whole = entity.kind == "CIRCLE";
        let [from, to] = entity.angles.map(f64::to_radians);
        let turn = std::f64::consts::TAU;
        let (from, sweep) = if whole {
            (0.0, turn)
        } else {
            (from, (to - from).rem_euclid(turn))
        };
        let count = pieces(radius, sweep);
        let mut points: Vec<Coord> = (0..=count)
            .map(|step| from + sweep * f64::from(step) / f64::from(count))
            .map(|angle| centre + Coord::from((angle.cos(), angle.sin())) * radius)
            .collect();
        if whole {
            points.pop();
        }
        self.lines.push(Line {
            at: entity.at,
            layer: Arc::from(entity.layer.as_str()),
            points,
            closed: whole,
        });
    }

    /// The rows for a layer of a kind of geometry: of areas the closed lines alone, each with the
    /// words inside it.
    fn rows(self, kind: GeometryKind) -> (Said, Vec<Row>) {
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
    let tree = rstar::RTree::bulk_load(
        (shapes.iter().enumerate())
            .map(|(at, shape)| rstar::primitives::GeomWithData::new(boxed(shape), at))
            .collect(),
    );
    let around = |place: Coord| {
        let own = rstar::AABB::from_point([place.x, place.y]);
        let found = tree.locate_in_envelope_intersecting(own);
        found.map(|entry| entry.data)
    };
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

fn boxed(shape: &Polygon<f64>) -> rstar::primitives::Rectangle<[f64; 2]> {
    let corners = shape.exterior().coords();
    let (mut least, mut most) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
    for place in corners {
        least = [least[0].min(place.x), least[1].min(place.y)];
        most = [most[0].max(place.x), most[1].max(place.y)];
    }
    rstar::primitives::Rectangle::from_corners(least, most)
}

/// How many chords stand for an arc.
fn pieces(radius: f64, sweep: f64) -> u32 {
    let sagitta = if radius < 1e-2 {
        SAGITTA_DEGREES
    } else {
        SAGITTA
    };
    let step = 2.0 * (1.0 - (sagitta / radius).min(1.0)).acos();
    let count = (sweep.abs() / step.max(1e-3)).ceil();
    (count as u32).clamp(2, 7200)
}

/// The points between two vertices of a polyline whose side is an arc: the bulge is the tangent
/// of a quarter of its angle, greater than 0 where the arc turns left.
fn bent(from: Coord, to: Coord, bulge: f64) -> Vec<Coord> {
    let chord = to - from;
    let length = chord.x.hypot(chord.y);
    if length == 0.0 {
        return Vec::new();
    }
    let sweep = 4.0 * bulge.atan();
    let radius = length / (2.0 * (sweep / 2.0).sin());
    // From the middle of the chord to the centre, to its left.
    let apart = radius * (sweep / 2.0).cos();
    let normal = Coord {
        x: -chord.y / length,
        y: chord.x / length,
    };
    let centre = (from + to) / 2.0 + normal * apart;
    let start = (from.y - centre.y).atan2(from.x - centre.x);
    let count = pieces(radius.abs(), sweep);
    (1..count)
        .map(|step| start + sweep * f64::from(step) / f64::from(count))
        .map(|angle| centre + Coord::from((angle.cos(), angle.sin())) * radius.abs())
        .collect()
}

/// Characters that CAD writes as `\U+4E00`.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\\U+") {
        out.push_str(&rest[..at]);
        let code = rest.get(at + 3..at + 7);
        match code.and_then(|code| char::from_u32(u32::from_str_radix(code, 16).ok()?)) {
            Some(letter) => {
                out.push(letter);
                rest = &rest[at + 7..];
            }
            None => {
                out.push_str("\\U+");
                rest = &rest[at + 3..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// The words of a text without the marks of its look: `{\fSimSun|b0;R2}\P0.5` is `R2 0.5`.
fn plain(text: &str) -> String {
    let text = unescaped(text);
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '{' | '}' => {}
            '\\' => match letters.next() {
                Some('P' | 'n') => out.push(' '),
                Some('~') => out.push(' '),
                Some(own @ ('\\' | '{' | '}')) => out.push(own),
                Some('L' | 'l' | 'O' | 'o' | 'K' | 'k') | None => {}
                // The look ends with a semicolon.
                Some(_) => {
                    for next in letters.by_ref() {
                        if next == ';' {
                            break;
                        }
                    }
                }
            },
            own => out.push(own),
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use geo::Area;

    use super::*;

    fn polyline(layer: &str, flag: i32, points: &[(f64, f64, f64)]) -> String {
        let mut text = format!(
            "0\nLWPOLYLINE\n8\n{layer}\n90\n{}\n70\n{flag}\n",
            points.len()
        );
        for (x, y, bulge) in points {
            text.push_str(&format!("10\n{x}\n20\n{y}\n"));
            if *bulge != 0.0 {
                text.push_str(&format!("42\n{bulge}\n"));
            }
        }
        text
    }

    fn drawing(entities: &str) -> String {
        format!(
            "0\nSECTION\n2\nHEADER\n9\n$ACADVER\n1\nAC1015\n0\nENDSEC\n0\nSECTION\n2\nENTITIES\n{entities}0\nENDSEC\n0\nEOF\n"
        )
    }

    fn square(x: f64, y: f64, size: f64) -> Vec<(f64, f64, f64)> {
        vec![
            (x, y, 0.0),
            (x + size, y, 0.0),
            (x + size, y + size, 0.0),
            (x, y + size, 0.0),
        ]
    }

    fn areas(text: &str) -> Vec<(String, Option<String>, f64)> {
        let (_, rows) = read(text).unwrap().rows(GeometryKind::Polygon);
        let text = |row: &Row, name: &str| {
            let found = row.values.iter().find(|(own, _)| &**own == name);
            found.map(|(_, raw)| match raw {
                Raw::Text(text) => text.clone(),
                other => panic!("{other:?}"),
            })
        };
        rows.iter()
            .map(|row| {
                let Shape::Some(shape) = &row.shape else {
                    panic!("{:?}", row.shape)
                };
                (
                    text(row, LAYER).unwrap(),
                    text(row, WORDS),
                    shape.unsigned_area(),
                )
            })
            .collect()
    }

    #[test]
    fn closed_polylines_are_areas_with_layer_words_and_holes() {
        let (x, y) = (438_100.0, 2_559_500.0);
        let text = "0\nTEXT\n8\nZJ\n10\n438105\n20\n2559505\n40\n2.5\n1\nA-01\n0\nMTEXT\n8\nZJ\n10\n438150\n20\n2559550\n1\n{\\fSimSun|b0;\\U+7EFF\\U+5730}\n";
        let entities = [
            polyline("0703 农村宅基地", 1, &square(x, y, 100.0)),
            polyline("0703 农村宅基地", 1, &square(x + 40.0, y + 40.0, 20.0)),
            // Twice the same: a hole, and the plot in it.
            polyline("0703 农村宅基地", 1, &square(x + 70.0, y, 10.0)),
            polyline("0703 农村宅基地", 1, &square(x + 70.0, y, 10.0)),
            polyline("1401 公园绿地", 1, &square(x + 40.0, y + 40.0, 20.0)),
            polyline("道路中线", 0, &square(x, y, 30.0)),
            "0\nINSERT\n8\n0\n2\n树\n10\n1\n20\n1\n".to_owned(),
            text.to_owned(),
        ];
        assert_eq!(
            areas(&drawing(&entities.concat())),
            [
                (
                    "0703 农村宅基地".to_owned(),
                    Some("A-01".to_owned()),
                    9500.0
                ),
                ("0703 农村宅基地".to_owned(), None, 100.0),
                ("1401 公园绿地".to_owned(), Some("绿地".to_owned()), 400.0),
            ]
        );
        let (said, _) = read(&drawing(&entities.concat()))
            .unwrap()
            .rows(GeometryKind::Polygon);
        let left = &said.notes.last().unwrap().zh;
        assert!(
            left.contains("1 条未闭合") && left.contains("1 INSERT"),
            "{left}"
        );
    }

    #[test]
    fn sides_that_bulge_are_arcs_and_circles_are_round() {
        // A square whose right side is a half circle outwards.
        let mut points = square(0.0, 0.0, 100.0);
        points[1].2 = 1.0;
        let text = drawing(&polyline("R2", 1, &points));
        let wanted = 10_000.0 + std::f64::consts::PI * 50.0 * 50.0 / 2.0;
        assert!(
            (areas(&text)[0].2 / wanted - 1.0).abs() < 2e-4,
            "{}",
            areas(&text)[0].2
        );
        let round = drawing("0\nCIRCLE\n8\n水池\n10\n500\n20\n500\n40\n30\n");
        let wanted = std::f64::consts::PI * 900.0;
        assert!((areas(&round)[0].2 / wanted - 1.0).abs() < 3e-4);
    }

    #[test]
    fn old_polylines_and_ends_that_meet_are_read() {
        let old = drawing(
            "0\nPOLYLINE\n8\nYD\n66\n1\n70\n1\n10\n0\n20\n0\n0\nVERTEX\n8\nYD\n10\n0\n20\n0\n0\nVERTEX\n8\nYD\n10\n10\n20\n0\n0\nVERTEX\n8\nYD\n10\n10\n20\n400\n0\nSEQEND\n8\nYD\n",
        );
        assert_eq!(areas(&old)[0].2, 2000.0);
        let mut open = square(0.0, 0.0, 200.0);
        open.push((0.004, 0.0, 0.0));
        assert_eq!(areas(&drawing(&polyline("YD", 0, &open)))[0].2, 40_000.0);
        let thousand = drawing(&polyline("YD", 1, &square(0.0, 0.0, 400_000.0))).replace(
            "0\nENDSEC\n0\nSECTION\n2\nENTITIES",
            "9\n$INSUNITS\n70\n4\n0\nENDSEC\n0\nSECTION\n2\nENTITIES",
        );
        assert_eq!(areas(&thousand)[0].2, 160_000.0);
    }

    #[test]
    fn texts_are_gbk_in_old_drawings() {
        let text = drawing(&polyline("0703 农村宅基地", 1, &square(0.0, 0.0, 200.0)));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("规划.dxf");
        std::fs::write(&path, encoding_rs::GBK.encode(&text).0).unwrap();
        let reading = Reading {
            geometry: GeometryKind::Polygon,
            ..Reading::default()
        };
        let source = open(&path, &reading).unwrap();
        let mut layers = Vec::new();
        let read = source.rows(&mut |row| {
            layers.push(row.values[0].1.clone());
            ControlFlow::Continue(())
        });
        read.unwrap();
        assert_eq!(layers, [Raw::Text("0703 农村宅基地".to_owned())]);
        assert_eq!(source.said().encoding.as_deref(), Some("gb18030"));
    }

    #[test]
    fn what_is_cut_off_or_no_drawing_is_told_by_its_line() {
        let whole = drawing(&polyline("YD", 1, &square(0.0, 0.0, 200.0)));
        let cut = whole.strip_suffix("0\nEOF\n").unwrap();
        assert!(read(cut).err().unwrap().1.zh.contains("EOF"));
        assert_eq!(read("编号,名称\n").err().unwrap().0, 1);
    }
}
