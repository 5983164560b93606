//! Maps of a unit at a true scale.

use geo::{BoundingRect, Coord, Geometry, LineString, MultiPolygon};
use yizhangtu_data::topology::polygons;
use yizhangtu_index::Rule;

use super::{
    super::{Ground, land, titles},
    legend::{self, Entry},
};
use crate::{
    atlas::LayerSnapshot,
    plans,
    print::{Align, Canvas, Color, Paint, Stroke, Type},
    statistics::{Class, class_of},
};

/// Scales that a map is drawn at: one to so many.
const SCALES: [f64; 12] = [
    500.0, 1000.0, 1500.0, 2000.0, 2500.0, 3000.0, 4000.0, 5000.0, 6000.0, 8000.0, 10_000.0,
    20_000.0,
];

/// Metres of a degree of latitude.
const DEGREE_M: f64 = 111_195.0;

/// Width of a legend beside a map, and height of one under it, in millimetres.
const BESIDE: f64 = 74.0;
const UNDER: f64 = 46.0;

/// A plot bears its code where it is that broad and high on paper, in millimetres, and fills so much
/// of that: no road does.
const CODED: (f64, f64) = (8.0, 0.4);

const VIOLET: Color = Color([0x6B, 0x3F, 0xA0]);
const HOUSE: Color = Color([0xC9, 0xB8, 0x9F]);
const WALL: Color = Color([0x8A, 0x78, 0x60]);
const WATER: Color = Color([0xBF, 0xDD, 0xF0]);
const ROAD: Color = Color([0xD8, 0xD2, 0xC4]);
const GRID: Color = Color([0x2B, 0x6C, 0xB0]);

/// From degrees to millimetres of a frame.
struct Sheet {
    middle: Coord,
    frame: [f64; 4],
    scale: f64,
}

impl Sheet {
    fn of(outline: &MultiPolygon<f64>, frame: [f64; 4]) -> Option<Self> {
        let bounds = outline.bounding_rect()?;
        let middle = bounds.center();
        let (wide, high) = (
            bounds.width() * DEGREE_M * middle.y.to_radians().cos(),
            bounds.height() * DEGREE_M,
        );
        // A twentieth is left free on each side.
        let needed = (wide / frame[2]).max(high / frame[3]) * 1000.0 / 0.9;
        let scale = SCALES
            .into_iter()
            .find(|scale| *scale >= needed)
            .unwrap_or(needed);
        Some(Self {
            middle,
            frame,
            scale,
        })
    }

    fn at(&self, place: Coord) -> [f64; 2] {
        let metres = [
            (place.x - self.middle.x) * DEGREE_M * self.middle.y.to_radians().cos(),
            (place.y - self.middle.y) * DEGREE_M,
        ];
        [
            self.frame[0] + self.frame[2] / 2.0 + metres[0] * 1000.0 / self.scale,
            self.frame[1] + self.frame[3] / 2.0 - metres[1] * 1000.0 / self.scale,
        ]
    }

    fn line(&self, line: &LineString<f64>) -> Vec<[f64; 2]> {
        line.coords().map(|place| self.at(*place)).collect()
    }

    fn rings(&self, area: &MultiPolygon<f64>) -> Vec<Vec<[f64; 2]>> {
        area.iter()
            .flat_map(|part| std::iter::once(part.exterior()).chain(part.interiors()))
            .map(|ring| self.line(ring))
            .collect()
    }

    fn corners(&self) -> Vec<[f64; 2]> {
        let [x, y, width, height] = self.frame;
        vec![
            [x, y],
            [x + width, y],
            [x + width, y + height],
            [x, y + height],
        ]
    }

    /// The ground that the frame shows.
    fn ground(&self) -> Option<yizhangtu_index::Area> {
        let half = |length: f64| length / 2.0 * self.scale / 1000.0 / DEGREE_M;
        let (x, y) = (
            half(self.frame[2]) / self.middle.y.to_radians().cos(),
            half(self.frame[3]),
        );
        let corner =
            |x: f64, y: f64| yizhangtu_index::Point::snap(self.middle.x + x, self.middle.y + y);
        Some(yizhangtu_index::Area::from_rect(yizhangtu_index::Rect {
            min: corner(-x, -y)?,
            max: corner(x, y)?,
        }))
    }
}

/// Where the unit lies: its grids, houses, roads and water, and the lines that bind it.
pub(super) fn place(canvas: &mut Canvas<'_>, [x, y, width, height]: [f64; 4], on: &Ground<'_>) {
    let frame = [x, y, width - BESIDE, height];
    let Some(sheet) = Sheet::of(&on.subject.outline, frame) else {
        return;
    };
    let house = Paint {
        fill: Some((HOUSE, 1.0)),
        stroke: Some(Stroke::new(WALL, 0.08)),
    };
    let lines = lines(on);
    canvas.clipped(&[sheet.corners()], |canvas| {
        plots(canvas, &sheet, on, "land_use", 0.35);
        layer(canvas, &sheet, on, "water", &Paint::fill(WATER));
        roads(canvas, &sheet, on);
        layer(canvas, &sheet, on, "building", &house);
        for (kind, paint, _) in &lines {
            bound(canvas, &sheet, on, kind, paint);
        }
        layer(canvas, &sheet, on, "grid", &Paint::stroke(GRID, 0.3));
        outline(canvas, &sheet, on);
        names(canvas, &sheet, on);
    });
    finish(canvas, &sheet);
    let mut entries = vec![
        Entry::new(Paint::stroke(VIOLET, 0.9), "更新单元"),
        Entry::new(Paint::stroke(GRID, 0.3), "网格"),
        Entry::new(house, "建筑"),
        Entry::new(Paint::fill(ROAD), "道路"),
        Entry::new(Paint::fill(WATER), "水域"),
    ];
    entries.extend(lines.into_iter().map(|(_, _, entry)| entry));
    let beside = [x + width - BESIDE + 5.0, y + 2.0, BESIDE - 5.0, height];
    legend::draw(canvas, beside, 1, &entries);
}

/// Land of a layer by its classes, what is around the unit paler. The legend tells the shares of the
/// unit, the same as in the table.
pub(super) fn classes(
    canvas: &mut Canvas<'_>,
    [x, y, width, height]: [f64; 4],
    on: &Ground<'_>,
    id: &str,
) {
    let Some(sheet) = Sheet::of(&on.subject.outline, [x, y, width, height - UNDER]) else {
        return;
    };
    canvas.clipped(&[sheet.corners()], |canvas| {
        plots(canvas, &sheet, on, id, 0.9);
        if id == "land_use" {
            layer(canvas, &sheet, on, "building", &Paint::stroke(WALL, 0.08));
        }
        // Even-odd: the frame without the unit.
        let mut around = sheet.rings(&on.subject.outline);
        around.push(sheet.corners());
        let pale = Paint {
            fill: Some((Color::WHITE, 0.6)),
            stroke: None,
        };
        canvas.shape(&around, true, &pale);
        outline(canvas, &sheet, on);
        codes(canvas, &sheet, on, id);
    });
    finish(canvas, &sheet);
    let mut rows = land::rows(on, id);
    rows.sort_by(|one, other| other.area_m2().total_cmp(&one.area_m2()));
    let entries: Vec<Entry> = (rows.into_iter())
        .map(|row| {
            let (class_std, code) = row.class.clone().unwrap_or_default();
            let other = foreign(&class_std);
            let color = row.class.as_ref().and_then(|class| color(on, class));
            Entry {
                figure: format!("{:.2}%", row.percent()),
                ..Entry::new(
                    filled(color.unwrap_or(Color::WHITE), 0.9),
                    format!("{code} {} {other}", row.label.zh).trim().to_owned(),
                )
            }
        })
        .collect();
    let under = [x, y + height - UNDER + 2.0, width, UNDER - 2.0];
    legend::draw(canvas, under, 2, &entries);
}

fn filled(color: Color, opacity: f64) -> Paint {
    Paint {
        fill: Some((color, opacity)),
        stroke: Some(Stroke::new(Color::GREY, 0.1)),
    }
}

fn each(sheet: &Sheet, on: &Ground<'_>, id: &str, mut draw: impl FnMut(u32, &Geometry<f64>)) {
    let (Some(layer), Some(ground)) = (on.seen.layer(id), sheet.ground()) else {
        return;
    };
    for at in layer.within(&ground, Rule::Intersects) {
        if let Some(geometry) = &layer.record(at).geometry {
            draw(at, geometry);
        }
    }
}

fn layer(canvas: &mut Canvas<'_>, sheet: &Sheet, on: &Ground<'_>, id: &str, paint: &Paint) {
    each(sheet, on, id, |_, geometry| {
        if let Some(area) = polygons(geometry) {
            canvas.shape(&sheet.rings(&area), true, paint);
        }
    });
}

/// The colour of a class in the list of its own standard.
fn color(on: &Ground<'_>, (class_std, code): &Class) -> Option<Color> {
    let list = on.catalog.code_list(plans::list_of(class_std)?)?;
    let own = list.get(code).or_else(|| list.get(code.get(..2)?))?;
    Color::parse(own.color.as_deref()?)
}

/// Land in the colours of its classes.
fn plots(canvas: &mut Canvas<'_>, sheet: &Sheet, on: &Ground<'_>, id: &str, opacity: f64) {
    let Some(layer) = on.seen.layer(id) else {
        return;
    };
    each(sheet, on, id, |at, geometry| {
        let color = color(on, &class_of(layer, at));
        if let (Some(area), Some(color)) = (polygons(geometry), color) {
            canvas.shape(&sheet.rings(&area), true, &filled(color, opacity));
        }
    });
}

/// The codes of the larger plots of the unit.
fn codes(canvas: &mut Canvas<'_>, sheet: &Sheet, on: &Ground<'_>, id: &str) {
    let Some(layer) = on.seen.layer(id) else {
        return;
    };
    for at in layer.within(&on.subject.area, Rule::default()) {
        let bounds = layer
            .record(at)
            .geometry
            .as_ref()
            .and_then(BoundingRect::bounding_rect);
        let Some(bounds) = bounds else {
            continue;
        };
        let [left, low] = sheet.at(bounds.min());
        let [right, top] = sheet.at(bounds.max());
        let (wide, high) = (right - left, low - top);
        let on_paper = layer.area_m2(at) * (1000.0 / sheet.scale).powi(2);
        if wide.min(high) >= CODED.0 && on_paper >= CODED.1 * wide * high {
            let (class_std, code) = class_of(layer, at);
            let lines = [(code.as_str(), 6.5), (foreign(&class_std), 4.5)];
            label(canvas, sheet, (layer, at), &lines);
        }
    }
}

/// The control lines that the unit lies under, each with its look.
fn lines(on: &Ground<'_>) -> Vec<(String, Paint, Entry)> {
    let list = on.catalog.code_list("control_kind");
    (on.statistics.control_lines.iter())
        .filter(|line| line.area_m2 > 0.005)
        .map(|line| {
            let code = list.and_then(|list| list.get(&line.kind));
            let color = code.and_then(|own| Color::parse(own.color.as_deref()?));
            let color = color.unwrap_or(Color::GREY);
            let paint = Paint {
                fill: Some((color, 0.18)),
                stroke: Some(Stroke {
                    dash: vec![2.0, 1.2],
                    ..Stroke::new(color, 0.5)
                }),
            };
            let entry = Entry {
                figure: format!("{:.2} 平方米", line.area_m2),
                ..Entry::new(paint.clone(), on.listed("control_kind", &line.kind).zh)
            };
            (line.kind.clone(), paint, entry)
        })
        .collect()
}

fn bound(canvas: &mut Canvas<'_>, sheet: &Sheet, on: &Ground<'_>, kind: &str, paint: &Paint) {
    let Some(layer) = on.seen.layer("control_line") else {
        return;
    };
    each(sheet, on, "control_line", |at, geometry| {
        let own = layer.record(at).get(&layer.layer, "kind").as_text();
        if let Some(area) = polygons(geometry).filter(|_| own == Some(kind)) {
            canvas.shape(&sheet.rings(&area), true, paint);
        }
    });
}

fn roads(canvas: &mut Canvas<'_>, sheet: &Sheet, on: &Ground<'_>) {
    let stroke = Stroke::new(ROAD, 0.6);
    each(sheet, on, "road", |_, geometry| match geometry {
        Geometry::LineString(line) => canvas.line(&sheet.line(line), &stroke),
        Geometry::MultiLineString(lines) => {
            for line in lines {
                canvas.line(&sheet.line(line), &stroke);
            }
        }
        other => {
            if let Some(area) = polygons(other) {
                canvas.shape(&sheet.rings(&area), true, &Paint::fill(ROAD));
            }
        }
    });
}

fn outline(canvas: &mut Canvas<'_>, sheet: &Sheet, on: &Ground<'_>) {
    let rings = sheet.rings(&on.subject.outline);
    canvas.shape(&rings, true, &Paint::stroke(Color::WHITE, 1.6));
    canvas.shape(&rings, true, &Paint::stroke(VIOLET, 0.9));
}

fn names(canvas: &mut Canvas<'_>, sheet: &Sheet, on: &Ground<'_>) {
    let Some(layer) = on.seen.layer("grid") else {
        return;
    };
    for at in layer.within(&on.subject.area, Rule::Intersects) {
        let (_, name) = titles(on.viewer, layer, at);
        label(canvas, sheet, (layer, at), &[(&name, 9.0)]);
    }
}

/// The standard that a code needs beside it: the same number means other land there.
fn foreign(class_std: &str) -> &str {
    if class_std == "用地用海" {
        ""
    } else {
        class_std
    }
}

/// Words in the middle of a feature, line under line, each with its size.
fn label(
    canvas: &mut Canvas<'_>,
    sheet: &Sheet,
    (layer, at): (&LayerSnapshot, u32),
    lines: &[(&str, f64)],
) {
    let Some(shape) = layer.shape(at) else {
        return;
    };
    let point = shape.representative();
    let [x, mut y] = sheet.at(Coord {
        x: point.lon(),
        y: point.lat(),
    });
    for (words, size) in lines {
        let style = Type {
            halo: Some((Color::WHITE, 0.5)),
            align: Align::Middle,
            ..Type::new(*size).bold().color(Color([0x1F, 0x3F, 0x70]))
        };
        canvas.text([x, y], words, &style);
        // A line under it, in millimetres.
        y += size * 25.4 / 72.0;
    }
}

/// The frame, scale bar, scale in figures and north.
fn finish(canvas: &mut Canvas<'_>, sheet: &Sheet) {
    canvas.rectangle(sheet.frame, &Paint::stroke(Color::BLACK, 0.3));
    let [x, y, width, height] = sheet.frame;
    let metres = [20.0, 50.0, 100.0, 200.0, 500.0, 1000.0]
        .into_iter()
        .find(|metres| metres * 1000.0 / sheet.scale >= 30.0)
        .unwrap_or(1000.0);
    let long = metres * 1000.0 / sheet.scale;
    let (left, base) = (x + 6.0, y + height - 6.0);
    canvas.rectangle(
        [left - 3.0, base - 7.5, long + 28.0, 11.0],
        &Paint {
            fill: Some((Color::WHITE, 0.85)),
            stroke: None,
        },
    );
    let stroke = Stroke::new(Color::BLACK, 0.4);
    canvas.line(
        &[
            [left, base - 1.5],
            [left, base],
            [left + long, base],
            [left + long, base - 1.5],
        ],
        &stroke,
    );
    canvas.text(
        [left, base - 2.5],
        &format!("{metres:.0} 米"),
        &Type::new(8.0),
    );
    canvas.text(
        [left + long + 4.0, base],
        &format!("1:{:.0}", sheet.scale),
        &Type::new(9.0).bold(),
    );
    let (north, top) = (x + width - 10.0, y + 8.0);
    canvas.shape(
        &[vec![
            [north, top - 4.0],
            [north + 2.2, top + 4.0],
            [north, top + 2.4],
            [north - 2.2, top + 4.0],
        ]],
        true,
        &Paint::fill(Color::BLACK),
    );
    canvas.text(
        [north, top + 8.0],
        "北",
        &Type::new(9.0).bold().align(Align::Middle),
    );
}
