//! What stands around a map: north, scale bar, code, headings, swatches, the index.

use geo::{BoundingRect, Geometry, GeometryCollection};
use qrcode::{Color as Module, QrCode};
use yizhangtu_data::Record;

use super::{
    ground::Ground,
    map::{EDGE, rings},
    press::Press,
    set::Sheet,
    symbol::Symbol,
};
use crate::{
    atlas::LayerSnapshot,
    http::Problem,
    print::{Align, Canvas, Color, Paint, Paper, Size, Stroke, Type},
};

/// Measures that go with the paper.
pub(super) struct Look {
    pub(super) size: Size,
    /// Type and distances, where A3 is 1.
    pub(super) factor: f64,
    /// Width of the column beside the map, in millimetres.
    pub(super) column: f64,
    /// Blocks of the houses' table beside one another, and its size of type in points.
    pub(super) blocks: u8,
    pub(super) table: f64,
}

impl Look {
    pub(super) fn of(paper: Paper) -> Self {
        let (factor, column, blocks, table) = match paper {
            Paper::A4 => (0.8, 54.0, 1, 7.5),
            Paper::A3 => (1.0, 72.0, 2, 7.5),
            Paper::A2 => (1.3, 96.0, 3, 8.5),
        };
        Self {
            size: paper.landscape(),
            factor,
            column,
            blocks,
            table,
        }
    }

    /// A text of a size that A3 has.
    pub(super) fn text(&self, size: f64) -> Type {
        Type::new(size * self.factor)
    }
}

/// An arrow to the north of the grid, its tip at a point.
pub(super) fn north(canvas: &mut Canvas<'_>, look: &Look, [x, y]: [f64; 2]) {
    let k = look.factor;
    let (half, tall, notch) = (3.0 * k, 11.0 * k, 8.5 * k);
    let outline = Stroke::new(Color::BLACK, 0.25);
    for (side, fill) in [(-1.0, Color::BLACK), (1.0, Color::WHITE)] {
        let paint = Paint {
            fill: Some((fill, 1.0)),
            stroke: Some(outline.clone()),
        };
        canvas.shape(
            &[[[x, y], [x + side * half, y + tall], [x, y + notch]]],
            true,
            &paint,
        );
    }
    let style = Type {
        halo: Some((Color::WHITE, 0.5)),
        ..look.text(9.0).bold().align(Align::Middle)
    };
    canvas.text([x, y + tall + 3.5 * k], "北", &style);
}

/// A bar of four lengths in round metres, from a point to the right, with the scale.
pub(super) fn scale_bar(canvas: &mut Canvas<'_>, look: &Look, [x, y]: [f64; 2], ground: &Ground) {
    const METRES: [u32; 13] = [2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 5000];
    let long = 48.0 * look.factor;
    let part = METRES
        .into_iter()
        .rev()
        .find(|part| ground.millimetres(f64::from(4 * part)) <= long)
        .unwrap_or(1);
    let step = ground.millimetres(part.into());
    let (high, style) = (1.6 * look.factor, look.text(7.0).align(Align::Middle));
    for at in 0..4_u32 {
        let fill = if at % 2 == 0 {
            Color::BLACK
        } else {
            Color::WHITE
        };
        let paint = Paint {
            fill: Some((fill, 1.0)),
            stroke: Some(Stroke::new(Color::BLACK, 0.2)),
        };
        canvas.rectangle([x + f64::from(at) * step, y, step, high], &paint);
    }
    for at in [0, 2, 4_u32] {
        let unit = if at == 4 { " 米" } else { "" };
        canvas.text(
            [x + f64::from(at) * step, y + 4.8 * look.factor],
            &format!("{}{unit}", at * part),
            &style,
        );
    }
    let scale = format!("1:{}", super::figures::grouped(ground.scale.into()));
    canvas.text(
        [x + 4.0 * step + 5.0 * look.factor, y + high],
        &scale,
        &look.text(9.0).bold(),
    );
}

/// A QR code, which is a link on screens; gives the height with the space under it.
pub(super) fn code(canvas: &mut Canvas<'_>, look: &Look, [x, y]: [f64; 2], address: &str) -> f64 {
    let side = 24.0 * look.factor;
    // An address is far shorter than what the largest code holds.
    if let Ok(code) = QrCode::new(address) {
        let width = code.width();
        #[expect(clippy::cast_precision_loss, reason = "at most 177 modules")]
        let module = side / width as f64;
        let mut dark = Vec::new();
        for (row, line) in (0_u32..).zip(code.to_colors().chunks(width)) {
            let mut start = None;
            for (at, color) in (0_u32..).zip(line.iter().copied().chain([Module::Light])) {
                match (color, start) {
                    (Module::Dark, None) => start = Some(at),
                    (Module::Light, Some(from)) => {
                        let [left, right] = [from, at].map(|at: u32| x + f64::from(at) * module);
                        let top = y + f64::from(row) * module;
                        dark.push([
                            [left, top],
                            [right, top],
                            [right, top + module],
                            [left, top + module],
                        ]);
                        start = None;
                    }
                    _ => {}
                }
            }
        }
        canvas.shape(&dark, true, &Paint::fill(Color::BLACK));
        canvas.link([x, y, side, side], address);
    }
    side + 4.0 * look.factor
}

/// A heading over a rule; gives the height.
pub(super) fn heading(
    canvas: &mut Canvas<'_>,
    look: &Look,
    [x, y]: [f64; 2],
    width: f64,
    text: &str,
) -> f64 {
    let base = y + 3.2 * look.factor;
    canvas.text([x, base], text, &look.text(9.5).bold());
    let rule = base + 1.4 * look.factor;
    canvas.line(
        &[[x, rule], [x + width, rule]],
        &Stroke::new(Color::GREY, 0.2),
    );
    8.6 * look.factor
}

/// A sample of how something is drawn.
pub(super) enum Swatch {
    Area(Color),
    Shape(Paint),
    Line(Vec<Stroke>),
    Point(Paint, f64),
    Edge,
}

impl Swatch {
    /// The sample of a layer: how its first feature looks.
    pub(super) fn of(symbol: &Symbol<'_>, layer: &LayerSnapshot, record: &Record) -> Self {
        match layer.layer.geometry {
            yizhangtu_data::GeometryKind::Line => Self::Line(symbol.line(record, Some(1.2))),
            yizhangtu_data::GeometryKind::Point => {
                let (paint, radius) = symbol.point(record);
                Self::Point(paint, radius)
            }
            _ => Self::Shape(symbol.area(record)),
        }
    }

    /// Draws it with its title, base line at a point.
    pub(super) fn draw(&self, canvas: &mut Canvas<'_>, look: &Look, [x, y]: [f64; 2], title: &str) {
        let k = look.factor;
        let area = [x, y - 2.5 * k, 5.5 * k, 3.0 * k];
        let middle = [[x, y - 1.0 * k], [x + 5.5 * k, y - 1.0 * k]];
        match self {
            Self::Area(color) => {
                let outline = Some(Stroke::new(Color([0x8A, 0x78, 0x66]), 0.12));
                canvas.rectangle(
                    area,
                    &Paint {
                        fill: Some((*color, 1.0)),
                        stroke: outline,
                    },
                );
            }
            Self::Shape(paint) => canvas.rectangle(area, paint),
            Self::Line(strokes) => strokes
                .iter()
                .for_each(|stroke| canvas.line(&middle, stroke)),
            Self::Point(paint, radius) => canvas.disc([x + 2.7 * k, y - 1.0 * k], *radius, paint),
            Self::Edge => canvas.rectangle(area, &Paint::stroke(EDGE, 0.7)),
        }
        canvas.text([x + 7.0 * k, y], title, &look.text(7.5));
    }
}

/// All sheets of the village, one of them marked.
pub(super) fn index(
    press: &Press,
    canvas: &mut Canvas<'_>,
    look: &Look,
    area: [f64; 4],
    sheet: Option<&Sheet>,
) -> Result<(), Problem> {
    let all = Geometry::GeometryCollection(GeometryCollection(press.small.clone()));
    let ground = Ground::fill(&all, area).map_err(Problem::internal)?;
    let village = press.app.about().village_code.as_deref();
    for (other, small) in press.sheets.all().iter().zip(&press.small) {
        let Some(drawn) = ground.drawn(small) else {
            continue;
        };
        let own = sheet.is_some_and(|sheet| other.id == sheet.id);
        let paint = Paint {
            fill: Some(if own {
                (EDGE, 0.3)
            } else {
                (Color::WHITE, 1.0)
            }),
            stroke: Some(Stroke::new(
                if own { EDGE } else { Color::GREY },
                if own { 0.4 } else { 0.15 },
            )),
        };
        canvas.shape(&rings(&drawn), true, &paint);
        let style = look.text(5.5).align(Align::Middle);
        let text = other.short(village);
        if let Some(bounds) = drawn
            .bounding_rect()
            .filter(|bounds| own || bounds.width() > style.width(text))
        {
            let middle = other.area.interior();
            let at = ground
                .place(middle.lon(), middle.lat())
                .unwrap_or_else(|| bounds.center().into());
            canvas.text(
                [at[0], at[1] + 0.7],
                text,
                &if own { style.bold() } else { style },
            );
        }
    }
    Ok(())
}
