//! Tables: cells that wrap, headings that come again.

use super::{
    canvas::{Align, Canvas, Color, Paint, Stroke, Type},
    text,
};

/// A column.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) title: String,
    /// In millimetres.
    pub(crate) width: f64,
    pub(crate) align: Align,
}

impl Column {
    pub(crate) fn new(title: impl Into<String>, width: f64, align: Align) -> Self {
        Self {
            title: title.into(),
            width,
            align,
        }
    }
}

/// A table to be drawn in as many pieces as it takes.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Vec<String>>,
    /// Whether the last row is the sum of the others.
    pub(crate) summed: bool,
    /// Size of type in points.
    pub(crate) size: f64,
}

/// Space beside and above what stands in a cell, in millimetres.
const PADDING: [f64; 2] = [1.0, 0.75];

/// Rows that are not parted from the headings.
const TOGETHER: usize = 3;

const RULE: Color = Color([0xB8, 0xBE, 0xC6]);
const SHADE: Color = Color([0xF3, 0xF5, 0xF7]);
const HEAD: Color = Color([0xE3, 0xE8, 0xEE]);

impl Table {
    /// Width of all columns.
    pub(crate) fn width(&self) -> f64 {
        self.columns.iter().map(|column| column.width).sum()
    }

    /// Makes the columns together as wide as asked, each in its proportion.
    pub(crate) fn fit(mut self, width: f64) -> Self {
        let factor = width / self.width();
        for column in &mut self.columns {
            column.width *= factor;
        }
        self
    }

    /// Draws the headings and rows from `first` on, as many as fit into a height, and gives
    /// the row after the last drawn and the height used. A row higher than the whole piece
    /// is drawn all the same, so that every piece gets on.
    pub(crate) fn draw(
        &self,
        canvas: &mut Canvas<'_>,
        [x, y]: [f64; 2],
        height: f64,
        first: usize,
    ) -> (usize, f64) {
        let titles: Vec<&str> = (self.columns.iter())
            .map(|column| column.title.as_str())
            .collect();
        let mut down = self.row(canvas, [x, y], &titles, Some(HEAD), true);
        let mut next = first;
        for row in &self.rows[first.min(self.rows.len())..] {
            let cells: Vec<&str> = row.iter().map(String::as_str).collect();
            if next > first && down + self.row_height(&cells) > height + 1e-6 {
                break;
            }
            let shade = (next % 2 == 1).then_some(SHADE);
            let total = self.summed && next + 1 == self.rows.len();
            down += self.row(canvas, [x, y + down], &cells, shade, total);
            next += 1;
        }
        let stroke = Stroke::new(RULE, 0.15);
        let mut edge = x;
        for width in std::iter::once(0.0).chain(self.columns.iter().map(|column| column.width)) {
            edge += width;
            canvas.line(&[[edge, y], [edge, y + down]], &stroke);
        }
        (next, down)
    }

    /// The height of the headings with the first rows, which stay together.
    pub(crate) fn least_height(&self) -> f64 {
        let titles: Vec<&str> = (self.columns.iter())
            .map(|column| column.title.as_str())
            .collect();
        let height = |row: &Vec<String>| {
            self.row_height(&row.iter().map(String::as_str).collect::<Vec<_>>())
        };
        let first: f64 = self.rows.iter().take(TOGETHER).map(height).sum();
        self.row_height(&titles) + first
    }

    fn row_height(&self, cells: &[&str]) -> f64 {
        let lines = (self.columns.iter().zip(cells))
            .map(|(column, cell)| self.lines(column, cell).len())
            .max()
            .unwrap_or(1);
        #[expect(clippy::cast_precision_loss, reason = "few lines")]
        let lines = lines as f64;
        lines * Type::new(self.size).leading() + 2.0 * PADDING[1]
    }

    fn lines(&self, column: &Column, cell: &str) -> Vec<String> {
        text::wrap(cell, self.size, column.width - 2.0 * PADDING[0])
    }

    fn row(
        &self,
        canvas: &mut Canvas<'_>,
        [x, y]: [f64; 2],
        cells: &[&str],
        shade: Option<Color>,
        bold: bool,
    ) -> f64 {
        let height = self.row_height(cells);
        if let Some(shade) = shade {
            canvas.rectangle([x, y, self.width(), height], &Paint::fill(shade));
        }
        let mut left = x;
        for (column, cell) in self.columns.iter().zip(cells) {
            let style = Type {
                bold,
                align: column.align,
                ..Type::new(self.size)
            };
            let at = match column.align {
                Align::Start => left + PADDING[0],
                Align::Middle => left + column.width / 2.0,
                Align::End => left + column.width - PADDING[0],
            };
            let mut base = y + PADDING[1] + style.leading() * 0.78;
            for line in self.lines(column, cell) {
                canvas.text([at, base], &line, &style);
                base += style.leading();
            }
            left += column.width;
        }
        let stroke = Stroke::new(RULE, 0.15);
        for edge in [y, y + height] {
            canvas.line(&[[x, edge], [left, edge]], &stroke);
        }
        height
    }
}
