//! The map of a sheet: what is on the ground, the sheet's own houses with their numbers, what
//! is beside it.

use std::collections::BTreeSet;

use geo::{Geometry, MultiPolygon};
use yizhangtu_data::{Catalog, GeometryKind, Record, Value};
use yizhangtu_index::Area;

use super::{
    ground::Ground,
    set::Sheet,
    symbol::{GROUND, Symbol},
};
use crate::{
    atlas::{LayerSnapshot, Snapshot},
    print::{Align, Canvas, Color, Paint, Stroke, Type},
};

/// The sheet's own edge.
pub(super) const EDGE: Color = Color([0xA6, 0x1E, 0x2E]);

/// Names beside the sheet.
const BESIDE: Color = Color([0x37, 0x41, 0x51]);

/// Points in millimetres, one after the other.
type Path = Vec<[f64; 2]>;

/// What a map is drawn of.
pub(super) struct Scene<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) catalog: &'a Catalog,
    pub(super) sheet: &'a Sheet,
    /// The other sheets of the village.
    pub(super) others: &'a [&'a Sheet],
    /// Positions of the sheet's houses, and the number that each is shown by.
    pub(super) houses: &'a [(u32, String)],
    /// The village's code, which the sheets' codes begin with.
    pub(super) village: Option<&'a str>,
    /// Type is larger on larger paper.
    pub(super) factor: f64,
}

impl Scene<'_> {
    /// Draws the map in its frame.
    pub(super) fn draw(&self, canvas: &mut Canvas<'_>, ground: &Ground) {
        let [left, top, width, height] = ground.frame;
        let frame = vec![
            [left, top],
            [left + width, top],
            [left + width, top + height],
            [left, top + height],
        ];
        canvas.rectangle(ground.frame, &Paint::fill(GROUND));
        canvas.clipped(std::slice::from_ref(&frame), |canvas| {
            for layer in layers(self.snapshot) {
                self.layer(canvas, ground, layer);
            }
            let own = ground
                .drawn(&self.sheet.outline)
                .map(|own| rings(&own))
                .unwrap_or_default();
            // What is beside the sheet steps back.
            let mut veil = vec![frame.clone()];
            veil.extend(own.iter().cloned());
            let pale = Paint {
                fill: Some((Color::WHITE, 0.55)),
                stroke: None,
            };
            canvas.shape(&veil, true, &pale);
            canvas.shape(&own, true, &Paint::stroke(Color::WHITE, 1.5));
            canvas.shape(&own, true, &Paint::stroke(EDGE, 0.7));
            let taken = self.numbers(canvas, ground);
            self.roads(canvas, ground, &taken);
            self.beside(canvas, ground);
        });
        canvas.rectangle(ground.frame, &Paint::stroke(Color::BLACK, 0.4));
    }

    fn layer(&self, canvas: &mut Canvas<'_>, ground: &Ground, layer: &LayerSnapshot) {
        let Some((symbol, window)) = Symbol::of(&layer.layer, self.catalog).zip(ground.window())
        else {
            return;
        };
        let on_ground = layer.layer.position("width_m");
        let mut lines: Vec<(Vec<Stroke>, Vec<Path>)> = Vec::new();
        for at in layer.in_box(&window) {
            let record = layer.record(at);
            let Some(drawn) = record
                .geometry
                .as_ref()
                .and_then(|geometry| ground.drawn(geometry))
            else {
                continue;
            };
            let areas = rings(&drawn);
            if !areas.is_empty() {
                canvas.shape(&areas, true, &symbol.area(record));
            }
            let own = paths(&drawn);
            if !own.is_empty() {
                let wide = on_ground.and_then(|at| metres(&record.values[at]));
                lines.push((
                    symbol.line(record, wide.map(|wide| ground.millimetres(wide))),
                    own,
                ));
            }
            for place in points(&drawn) {
                let (paint, radius) = symbol.point(record);
                canvas.disc(place, radius, &paint);
            }
        }
        // Casings under all lines, so that roads run into one another; the wide over the narrow.
        lines.sort_by(|a, b| a.0[0].width.total_cmp(&b.0[0].width));
        for step in 0..2 {
            for (strokes, own) in &lines {
                let stroke = if strokes.len() == 2 {
                    &strokes[step]
                } else {
                    &strokes[0]
                };
                if strokes.len() == 2 || step == 1 {
                    own.iter().for_each(|path| canvas.line(path, stroke));
                }
            }
        }
    }

    /// The names of roads, each once, along its longest straight run, where no number stands.
    fn roads(&self, canvas: &mut Canvas<'_>, ground: &Ground, taken: &[[f64; 4]]) {
        let Some((roads, window)) = self.snapshot.layer("road").zip(ground.window()) else {
            return;
        };
        let style = Type {
            halo: Some((Color::WHITE, 0.45)),
            align: Align::Middle,
            color: Color([0x6B, 0x5B, 0x45]),
            ..Type::new(6.5 * self.factor)
        };
        let mut runs: Vec<(f64, String, [f64; 2], f64)> = Vec::new();
        for at in roads.in_box(&window) {
            let record = roads.record(at);
            let name = record
                .get(&roads.layer, "name")
                .as_text()
                .unwrap_or_default();
            let drawn = record
                .geometry
                .as_ref()
                .and_then(|geometry| ground.drawn(geometry));
            for path in drawn.iter().flat_map(paths) {
                for pair in path.windows(2) {
                    let [dx, dy] = [pair[1][0] - pair[0][0], pair[1][1] - pair[0][1]];
                    let middle = [pair[0][0] + dx / 2.0, pair[0][1] + dy / 2.0];
                    let mut angle = (-dy).atan2(dx).to_degrees();
                    if angle.abs() > 90.0 {
                        angle -= angle.signum() * 180.0;
                    }
                    let room = style.width(name) / 2.0;
                    let inside = within(ground.frame, middle, room + 1.0);
                    let (sine, cosine) = angle.to_radians().sin_cos();
                    let free = (-4..=4).all(|step| {
                        let along = room * f64::from(step) / 4.0;
                        let [x, y] = [middle[0] + along * cosine, middle[1] - along * sine];
                        !taken.iter().any(|taken| within(*taken, [x, y], -0.9))
                    });
                    if !name.is_empty() && inside && free && dx.hypot(dy) >= style.width(name) {
                        runs.push((dx.hypot(dy), name.to_owned(), middle, angle));
                    }
                }
            }
        }
        runs.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut named = BTreeSet::new();
        for (_, name, [x, y], angle) in runs {
            if named.insert(name.clone()) {
                let (sine, cosine) = angle.to_radians().sin_cos();
                let down = style.size * 0.12;
                let at = [x + sine * down, y + cosine * down];
                canvas.text(
                    at,
                    &name,
                    &Type {
                        turned: angle,
                        ..style.clone()
                    },
                );
            }
        }
    }

    /// The numbers of the sheet's houses, all of them, each as large as its house allows.
    /// Gives the rectangles that they take.
    fn numbers(&self, canvas: &mut Canvas<'_>, ground: &Ground) -> Vec<[f64; 4]> {
        let mut taken = Vec::with_capacity(self.houses.len());
        let Some(buildings) = self.snapshot.layer("building") else {
            return taken;
        };
        for (at, number) in self.houses {
            let Some(shape) = buildings.shape(*at) else {
                continue;
            };
            let middle = shape.representative();
            let Some([x, y]) = ground.place(middle.lon(), middle.lat()) else {
                continue;
            };
            let rect = shape.rect();
            let corner = ground.place(rect.max.lon(), rect.min.lat());
            let opposite = ground.place(rect.min.lon(), rect.max.lat());
            let room = corner
                .zip(opposite)
                .map_or(5.0, |(a, b)| (a[0] - b[0]).abs());
            let largest = Type::new(6.5 * self.factor);
            let size =
                (largest.size * room * 0.85 / largest.width(number)).clamp(3.8, largest.size);
            let style = Type {
                align: Align::Middle,
                halo: Some((Color::WHITE, 0.22)),
                ..Type::new(size)
            };
            canvas.text([x, y + size * 0.125], number, &style);
            let wide = style.width(number);
            taken.push([x - wide / 2.0, y - size * 0.18, wide, size * 0.36]);
        }
        taken
    }

    /// The codes of the sheets beside this one, where they are seen.
    fn beside(&self, canvas: &mut Canvas<'_>, ground: &Ground) {
        let style = Type {
            align: Align::Middle,
            halo: Some((Color::WHITE, 0.6)),
            ..Type::new(8.5 * self.factor).bold().color(BESIDE)
        };
        let [left, top, width, height] = ground.frame;
        for other in self.others {
            let text = format!("接 {}", other.short(self.village));
            let margin = style.width(&text) / 2.0 + 1.0;
            // The window is made narrower, so that the whole text stands in it.
            let inner = [
                [left + margin, top + 4.0],
                [left + width - margin, top + 4.0],
                [left + width - margin, top + height - 4.0],
                [left + margin, top + height - 4.0],
            ];
            let seen = ground
                .drawn(&other.outline)
                .and_then(|drawn| largest_part(&drawn, &inner));
            if let Some(place) = seen {
                canvas.text([place[0], place[1] + 1.2], &text, &style);
            }
        }
    }
}

/// A place inside the largest part of an outline that a window shows; none for slivers.
fn largest_part(outline: &Geometry<f64>, window: &[[f64; 2]; 4]) -> Option<[f64; 2]> {
    use geo::{Area as _, BooleanOps, InteriorPoint, Polygon};
    let own = match outline {
        Geometry::Polygon(polygon) => MultiPolygon(vec![polygon.clone()]),
        Geometry::MultiPolygon(polygons) => polygons.clone(),
        _ => return None,
    };
    let ring: Vec<(f64, f64)> = window.iter().map(|[x, y]| (*x, *y)).collect();
    let window = Polygon::new(ring.into(), Vec::new());
    let parts = own.intersection(&window);
    let largest =
        (parts.into_iter()).max_by(|a, b| a.unsigned_area().total_cmp(&b.unsigned_area()))?;
    // A square centimetre holds the text.
    let place = (largest.unsigned_area() >= 100.0)
        .then(|| largest.interior_point())
        .flatten()?;
    Some([place.x(), place.y()])
}

/// The layers of the map, from below: those that are on when the map opens.
pub(super) fn layers(snapshot: &Snapshot) -> Vec<&LayerSnapshot> {
    let drawn = |layer: &&LayerSnapshot| {
        let own = &layer.layer;
        let visible = own.style.as_ref().is_some_and(|style| style.visible);
        visible && !own.personal && own.geometry != GeometryKind::None
    };
    let mut layers: Vec<&LayerSnapshot> = snapshot
        .layers
        .iter()
        .map(|layer| &**layer)
        .filter(drawn)
        .collect();
    layers.sort_by_key(|layer| {
        layer
            .layer
            .style
            .as_ref()
            .map_or(0, |style| style.draw_order)
    });
    layers
}

/// The number that a house is shown by: the end of its code, without leading zeros.
pub(super) fn number_of(record: &Record, layer: &LayerSnapshot) -> String {
    let code = record
        .get(&layer.layer, "code")
        .as_text()
        .unwrap_or(&record.id);
    let tail = code.len().saturating_sub(5);
    let tail = code.get(tail..).unwrap_or(code);
    match tail.trim_start_matches('0') {
        "" => tail.to_owned(),
        short => short.to_owned(),
    }
}

fn metres(value: &Value) -> Option<f64> {
    value.as_decimal().filter(|metres| *metres > 0.0)
}

fn within([left, top, width, height]: [f64; 4], [x, y]: [f64; 2], room: f64) -> bool {
    x - room >= left && x + room <= left + width && y - room >= top && y + room <= top + height
}

fn ring(line: &geo::LineString<f64>) -> Vec<[f64; 2]> {
    line.coords().map(|coord| [coord.x, coord.y]).collect()
}

/// The rings of areas.
pub(super) fn rings(geometry: &Geometry<f64>) -> Vec<Path> {
    let polygon = |polygon: &geo::Polygon<f64>| -> Vec<Path> {
        std::iter::once(polygon.exterior())
            .chain(polygon.interiors())
            .map(ring)
            .collect()
    };
    match geometry {
        Geometry::Polygon(own) => polygon(own),
        Geometry::MultiPolygon(own) => own.iter().flat_map(polygon).collect(),
        Geometry::GeometryCollection(own) => own.iter().flat_map(rings).collect(),
        _ => Vec::new(),
    }
}

/// The paths of lines.
fn paths(geometry: &Geometry<f64>) -> Vec<Path> {
    match geometry {
        Geometry::LineString(own) => vec![ring(own)],
        Geometry::MultiLineString(own) => own.iter().map(ring).collect(),
        Geometry::GeometryCollection(own) => own.iter().flat_map(paths).collect(),
        _ => Vec::new(),
    }
}

fn points(geometry: &Geometry<f64>) -> Vec<[f64; 2]> {
    match geometry {
        Geometry::Point(own) => vec![[own.x(), own.y()]],
        Geometry::MultiPoint(own) => own.iter().map(|point| [point.x(), point.y()]).collect(),
        Geometry::GeometryCollection(own) => own.iter().flat_map(points).collect(),
        _ => Vec::new(),
    }
}

/// Whether two sheets have a stretch of border in common, as near as a metre or so.
pub(super) fn adjoins(one: &Sheet, other: &Sheet) -> bool {
    let reach = |rect: yizhangtu_index::Rect| {
        let (x, y) = (10_000, 10_000);
        yizhangtu_index::Rect {
            min: yizhangtu_index::Point {
                x: rect.min.x - x,
                y: rect.min.y - y,
            },
            max: yizhangtu_index::Point {
                x: rect.max.x + x,
                y: rect.max.y + y,
            },
        }
    };
    let touches = |a: &Area, b: &Area| a.edges().any(|(point, _)| b.on_boundary(point));
    reach(one.area.rect()).meets(&other.area.rect())
        && (touches(&one.area, &other.area)
            || touches(&other.area, &one.area)
            || one.area.intersects(&other.area))
}
