//! The entities of a drawing, pair by pair.

use std::sync::Arc;

use geo::Coord;

use super::{
    Drawn, Fault, Line,
    arcs::{bent, pieces},
    texts::{plain, unescaped},
    words,
};

/// One code and its value, with the line of the code.
struct Pair<'t> {
    line: usize,
    code: i32,
    value: &'t str,
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

/// Reads what a drawing holds.
///
/// # Errors
/// With the line at which it is no drawing, or was cut off.
pub(super) fn read(text: &str) -> Result<Drawn, Fault> {
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
}
