//! Rows of a form: cells of any width under one another, lined on all sides.

use super::{
    canvas::{Align, Paint, Type},
    flow::Flow,
    text,
};

/// A cell of a row.
pub(crate) struct GridCell {
    pub(crate) text: String,
    /// Its share of the row's width.
    pub(crate) parts: f64,
    /// Whether it says what stands beside it, and stands in the middle.
    pub(crate) label: bool,
}

/// Space beside and above what stands in a cell, in millimetres.
const PADDING: [f64; 2] = [1.6, 1.8];
/// Width of the lines.
const RULE: f64 = 0.25;

impl Flow {
    /// A row as wide as the page, at least so many millimetres high. One that is higher than
    /// what is left of the page goes on on the next.
    pub(crate) fn grid_row(&mut self, cells: &[GridCell], size: f64, least: f64) {
        let style = Type {
            leading: 1.45,
            ..Type::new(size)
        };
        let parts: f64 = cells.iter().map(|cell| cell.parts).sum();
        let scale = self.width() / parts;
        let mut lines: Vec<Vec<String>> = (cells.iter())
            .map(|cell| text::wrap(&cell.text, size, cell.parts * scale - 2.0 * PADDING[0]))
            .collect();
        let mut least = least;
        loop {
            let most = lines.iter().map(Vec::len).max().unwrap_or(1);
            let height = |lines: usize| count(lines) * style.leading() + 2.0 * PADDING[1];
            let wanted = height(most).max(least);
            let mut here = most;
            if self.room() < wanted {
                // A row stays whole where a page takes it.
                let fits = whole((self.room() - 2.0 * PADDING[1]) / style.leading());
                if height(most) < 0.6 * self.page_room() || fits < 3 {
                    self.page();
                }
                here = whole((self.room() - 2.0 * PADDING[1]) / style.leading()).clamp(1, most);
            }
            let high = height(here)
                .max(if here == most { least } else { 0.0 })
                .min(self.room());
            self.draw_row(cells, &lines, here, high, &style, scale);
            if here == most {
                return;
            }
            for column in &mut lines {
                column.drain(..here.min(column.len()));
            }
            least = 0.0;
            self.page();
        }
    }

    fn draw_row(
        &mut self,
        cells: &[GridCell],
        lines: &[Vec<String>],
        most: usize,
        high: f64,
        style: &Type,
        scale: f64,
    ) {
        let (mut left, top) = (self.margin, self.y);
        let mut canvas = self.canvas();
        for (cell, lines) in cells.iter().zip(lines) {
            let width = cell.parts * scale;
            let paint = Paint::stroke(super::canvas::Color::BLACK, RULE);
            canvas.rectangle([left, top, width, high], &paint);
            let lines = &lines[..most.min(lines.len())];
            let tall = count(lines.len()) * style.leading();
            let mut base = top + (high - tall) / 2.0 + style.leading() * 0.74;
            let align = if cell.label {
                Align::Middle
            } else {
                Align::Start
            };
            let x = if cell.label {
                left + width / 2.0
            } else {
                left + PADDING[0]
            };
            for line in lines {
                canvas.text([x, base], line, &style.clone().align(align));
                base += style.leading();
            }
            left += width;
        }
        self.y += high;
    }
}

#[expect(clippy::cast_precision_loss, reason = "few lines")]
fn count(lines: usize) -> f64 {
    lines as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "lines of a page"
)]
fn whole(lines: f64) -> usize {
    lines.max(0.0) as usize
}
