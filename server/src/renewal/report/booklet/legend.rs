//! What the colours and lines of a map mean.

use crate::print::{Canvas, Paint, Type};

/// A line of a legend.
pub(super) struct Entry {
    pub(super) paint: Paint,
    pub(super) label: String,
    /// Set to the right: a share or an area.
    pub(super) figure: String,
}

impl Entry {
    pub(super) fn new(paint: Paint, label: impl Into<String>) -> Self {
        Self {
            paint,
            label: label.into(),
            figure: String::new(),
        }
    }
}

/// Height of an entry in millimetres.
const LINE: f64 = 5.6;

/// Draws a legend into a frame, in so many columns. What there is no room for is told by its number.
pub(super) fn draw(canvas: &mut Canvas<'_>, frame: [f64; 4], columns: usize, entries: &[Entry]) {
    let [x, y, width, height] = frame;
    #[expect(clippy::cast_precision_loss, reason = "few columns and lines")]
    let of = |count: usize| count as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "few lines, and a height above 0"
    )]
    let lines = (height / LINE).max(1.0) as usize;
    let room = lines * columns;
    let told = if entries.len() > room {
        room - 1
    } else {
        entries.len()
    };
    let wide = width / of(columns);
    let at = |position: usize| {
        [
            x + of(position / lines) * wide,
            y + of(position % lines) * LINE,
        ]
    };
    let style = Type::new(8.5);
    for (position, entry) in entries[..told].iter().enumerate() {
        let [left, top] = at(position);
        canvas.rectangle([left, top + 0.8, 7.0, LINE - 1.8], &entry.paint);
        let base = top + LINE - 1.6;
        canvas.text([left + 9.0, base], &entry.label, &style);
        let right = style.clone().align(crate::print::Align::End);
        canvas.text([left + wide - 3.0, base], &entry.figure, &right);
    }
    if told < entries.len() {
        let [left, top] = at(told);
        let rest = format!("另有 {} 类", entries.len() - told);
        canvas.text([left + 9.0, top + LINE - 1.6], &rest, &style);
    }
}
