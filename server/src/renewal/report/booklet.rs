//! 一单元一册: the report on A3 paper, with a map of the unit at a true scale.

use geo::{BoundingRect, Coord, Geometry, LineString, MultiPolygon};
use yizhangtu_data::clock;
use yizhangtu_data::topology::polygons;
use yizhangtu_index::Rule;

use super::{Ground, Report};
use crate::{
    print::{Align, Canvas, Color, Column, Flow, Paint, Paper, Running, Stroke, Table, Type},
    report::set,
};

/// Margin of a page and height of the map, in millimetres.
const MARGIN: f64 = 16.0;
const MAP: f64 = 168.0;

/// Scales that a map is drawn at: one to so many.
const SCALES: [f64; 12] = [
    500.0, 1000.0, 1500.0, 2000.0, 2500.0, 3000.0, 4000.0, 5000.0, 6000.0, 8000.0, 10_000.0,
    20_000.0,
];

/// Metres of a degree of latitude.
const DEGREE_M: f64 = 111_195.0;

const VIOLET: Color = Color([0x6B, 0x3F, 0xA0]);

/// The file's bytes. `watermark` says who printed it.
pub(super) fn print(report: &Report, on: &Ground<'_>, watermark: &str) -> Vec<u8> {
    let mut flow = Flow::new(
        (&format!("{} 一单元一册", report.name), watermark),
        clock::now(),
        (Paper::A3.landscape(), MARGIN),
        Running {
            head: format!("城市更新单元　{}", report.name),
            foot: format!("数据时点 {}　数据序号 {}", report.as_of, report.sequence),
            watermark: watermark.to_owned(),
        },
    );
    flow.title(&report.name);
    flow.paragraph(&format!(
        "单元编号 {}　阶段 {}　成熟度 {:.1}　用地面积 {:.4} 公顷　网格 {} 个　涉及经济社 {} 个",
        report.code,
        report.stage.zh,
        report.maturity.score,
        report.area_m2 / 10_000.0,
        report.grids.len(),
        report.co_ops.len(),
    ));
    flow.drawing(MAP, |canvas, frame| map(canvas, frame, on));
    if !report.stops.is_empty() {
        flow.heading("可能的障碍");
        for stop in &report.stops {
            let grade = ["禁止", "须先清理", "留意"][usize::from(stop.grade.clamp(1, 3)) - 1];
            flow.paragraph(&format!("【{grade}】{}", stop.message.zh));
        }
    }
    flow.page();
    flow.heading("成熟度");
    flow.table(maturity(report));
    for section in &report.sections {
        set(&mut flow, section);
    }
    flow.finish()
}

fn maturity(report: &Report) -> Table {
    let column = |title: &str, width: f64, align| Column::new(title, width, align);
    Table {
        columns: vec![
            column("评分项", 60.0, Align::Start),
            column("公式", 130.0, Align::Start),
            column("得值", 30.0, Align::End),
            column("权重", 30.0, Align::End),
            column("得分", 30.0, Align::End),
        ],
        rows: (report.maturity.terms.iter())
            .map(|own| {
                vec![
                    own.term.title.zh.clone(),
                    own.term.formula.clone(),
                    own.value.map_or_else(
                        || "无数据".to_owned(),
                        |value| format!("{:.1}%", 100.0 * value),
                    ),
                    format!("{}", own.term.weight),
                    format!("{:.2}", own.points),
                ]
            })
            .collect(),
        size: 9.0,
    }
}

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

fn map(canvas: &mut Canvas<'_>, frame: [f64; 4], on: &Ground<'_>) {
    let [x, y, width, height] = frame;
    let corners = vec![
        [x, y],
        [x + width, y],
        [x + width, y + height],
        [x, y + height],
    ];
    let Some(sheet) = Sheet::of(&on.subject.outline, frame) else {
        return;
    };
    canvas.clipped(&[corners], |canvas| {
        land(canvas, &sheet, on);
        layer(
            canvas,
            &sheet,
            on,
            "water",
            &Paint::fill(Color([0xBF, 0xDD, 0xF0])),
        );
        roads(canvas, &sheet, on);
        layer(
            canvas,
            &sheet,
            on,
            "building",
            &Paint {
                fill: Some((Color([0xC9, 0xB8, 0x9F]), 1.0)),
                stroke: Some(Stroke::new(Color([0x8A, 0x78, 0x60]), 0.08)),
            },
        );
        layer(
            canvas,
            &sheet,
            on,
            "grid",
            &Paint::stroke(Color([0x2B, 0x6C, 0xB0]), 0.3),
        );
        let rings = sheet.rings(&on.subject.outline);
        canvas.shape(&rings, true, &Paint::stroke(Color::WHITE, 1.6));
        canvas.shape(&rings, true, &Paint::stroke(VIOLET, 0.9));
        names(canvas, &sheet, on);
    });
    canvas.rectangle(frame, &Paint::stroke(Color::BLACK, 0.3));
    bar(canvas, &sheet);
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

/// Present land use, pale, in the colours of its classes.
fn land(canvas: &mut Canvas<'_>, sheet: &Sheet, on: &Ground<'_>) {
    let Some(layer) = on.seen.layer("land_use") else {
        return;
    };
    each(sheet, on, "land_use", |at, geometry| {
        let record = layer.record(at);
        let list = on.catalog.code_list("land_use_sea");
        let code = record
            .get(&layer.layer, "class_code")
            .as_text()
            .unwrap_or_default();
        let color = list
            .and_then(|list| list.get(code).or_else(|| list.get(code.get(..2)?)))
            .and_then(|own| Color::parse(own.color.as_deref()?));
        if let (Some(area), Some(color)) = (polygons(geometry), color) {
            let paint = Paint {
                fill: Some((color, 0.35)),
                stroke: None,
            };
            canvas.shape(&sheet.rings(&area), true, &paint);
        }
    });
}

fn roads(canvas: &mut Canvas<'_>, sheet: &Sheet, on: &Ground<'_>) {
    each(sheet, on, "road", |_, geometry| {
        let stroke = Stroke::new(Color([0xD8, 0xD2, 0xC4]), 0.6);
        match geometry {
            Geometry::LineString(line) => canvas.line(&sheet.line(line), &stroke),
            Geometry::MultiLineString(lines) => {
                for line in lines {
                    canvas.line(&sheet.line(line), &stroke);
                }
            }
            other => {
                if let Some(area) = polygons(other) {
                    canvas.shape(&sheet.rings(&area), true, &Paint::fill(stroke.color));
                }
            }
        }
    });
}

fn names(canvas: &mut Canvas<'_>, sheet: &Sheet, on: &Ground<'_>) {
    let Some(layer) = on.seen.layer("grid") else {
        return;
    };
    for at in layer.within(&on.subject.area, Rule::Intersects) {
        let Some(shape) = layer.shape(at) else {
            continue;
        };
        let point = shape.representative();
        let (_, name) = super::titles(on.viewer, layer, at);
        let style = Type {
            halo: Some((Color::WHITE, 0.5)),
            align: Align::Middle,
            ..Type::new(9.0).bold().color(Color([0x1F, 0x3F, 0x70]))
        };
        let place = sheet.at(Coord {
            x: point.lon(),
            y: point.lat(),
        });
        canvas.text(place, &name, &style);
    }
}

/// Scale bar, scale in figures and north.
fn bar(canvas: &mut Canvas<'_>, sheet: &Sheet) {
    let [x, y, width, height] = sheet.frame;
    let metres = [20.0, 50.0, 100.0, 200.0, 500.0, 1000.0]
        .into_iter()
        .find(|metres| metres * 1000.0 / sheet.scale >= 30.0)
        .unwrap_or(1000.0);
    let long = metres * 1000.0 / sheet.scale;
    let (left, base) = (x + 6.0, y + height - 6.0);
    canvas.rectangle(
        [left - 3.0, base - 7.5, long + 40.0, 11.0],
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
