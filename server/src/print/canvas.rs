//! Drawing on one page, in millimetres from its upper left corner.

use pdf_writer::{
    Content, Name, Str, TextStr,
    types::{LineCapStyle, LineJoinStyle, TextRenderingMode},
};

use super::{
    document::{Link, Resources},
    face::{FACE, written},
    paper::Size,
    text::{self, POINTS},
};

/// A colour in sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Color(pub(crate) [u8; 3]);

impl Color {
    pub(crate) const BLACK: Self = Self([0x1A, 0x1A, 0x1A]);
    pub(crate) const WHITE: Self = Self([0xFF; 3]);
    pub(crate) const GREY: Self = Self([0x6B, 0x72, 0x80]);

    /// Reads `#rrggbb`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let hex = text.strip_prefix('#').filter(|hex| hex.len() == 6)?;
        let number = u32::from_str_radix(hex, 16).ok()?;
        let [_, red, green, blue] = number.to_be_bytes();
        Some(Self([red, green, blue]))
    }

    fn parts(self) -> [f32; 3] {
        // Thousandths are finer than a 255th, and short.
        self.0
            .map(|part| (f32::from(part) / 255.0 * 1000.0).round() / 1000.0)
    }
}

/// A line's look.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stroke {
    pub(crate) color: Color,
    /// In millimetres.
    pub(crate) width: f64,
    /// Lengths drawn and left out by turns, in millimetres; empty for a whole line.
    pub(crate) dash: Vec<f64>,
}

impl Stroke {
    /// A whole line.
    pub(crate) fn new(color: Color, width: f64) -> Self {
        Self {
            color,
            width,
            dash: Vec::new(),
        }
    }
}

/// The look of an outline and of what is inside it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Paint {
    /// Colour inside, with its opacity from 0 to 1.
    pub(crate) fill: Option<(Color, f64)>,
    pub(crate) stroke: Option<Stroke>,
}

impl Paint {
    /// Filled, without an outline.
    pub(crate) fn fill(color: Color) -> Self {
        Self {
            fill: Some((color, 1.0)),
            stroke: None,
        }
    }

    /// An outline alone.
    pub(crate) fn stroke(color: Color, width: f64) -> Self {
        Self {
            fill: None,
            stroke: Some(Stroke::new(color, width)),
        }
    }
}

/// Where a text stands about its point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Align {
    #[default]
    Start,
    Middle,
    End,
}

/// How a text is written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Type {
    /// In points.
    pub(crate) size: f64,
    pub(crate) color: Color,
    pub(crate) bold: bool,
    pub(crate) align: Align,
    /// A rim of this colour and width in millimetres, so that it reads on a map.
    pub(crate) halo: Option<(Color, f64)>,
    /// From one base line to the next, in sizes.
    pub(crate) leading: f64,
    /// Turned to the left by degrees.
    pub(crate) turned: f64,
    /// From 0 to 1.
    pub(crate) opacity: f64,
}

impl Type {
    /// Black, plain, at a size in points.
    pub(crate) fn new(size: f64) -> Self {
        Self {
            size,
            color: Color::BLACK,
            bold: false,
            align: Align::Start,
            halo: None,
            leading: 1.35,
            turned: 0.0,
            opacity: 1.0,
        }
    }

    pub(crate) fn bold(mut self) -> Self {
        self.bold = true;
        self
    }

    pub(crate) fn color(mut self, color: Color) -> Self {
        self.color = color;
        self
    }

    pub(crate) fn align(mut self, align: Align) -> Self {
        self.align = align;
        self
    }

    /// How far a text goes, in millimetres.
    pub(crate) fn width(&self, text: &str) -> f64 {
        text::width(text, self.size)
    }

    /// From one base line to the next, in millimetres.
    pub(crate) fn leading(&self) -> f64 {
        self.size * self.leading / POINTS
    }
}

/// One page's surface.
pub(crate) struct Canvas<'a> {
    pub(super) size: Size,
    pub(super) content: &'a mut Content,
    pub(super) links: &'a mut Vec<Link>,
    pub(super) resources: &'a mut Resources,
}

impl Canvas<'_> {
    /// The page's size.
    pub(crate) fn size(&self) -> Size {
        self.size
    }

    /// Draws rings or lines as one shape: what an odd number of rings surround is inside.
    pub(crate) fn shape<R: AsRef<[[f64; 2]]>>(&mut self, rings: &[R], closed: bool, paint: &Paint) {
        let fills = closed && paint.fill.is_some();
        if !fills && paint.stroke.is_none() {
            return;
        }
        self.content.save_state();
        if let (true, Some((color, opacity))) = (fills, paint.fill) {
            self.opacity(opacity);
            let [red, green, blue] = color.parts();
            self.content.set_fill_rgb(red, green, blue);
        }
        if let Some(stroke) = &paint.stroke {
            self.pen(stroke);
        }
        self.trace(rings, closed);
        match (fills, &paint.stroke) {
            (true, Some(_)) => self.content.fill_even_odd_and_stroke(),
            (true, None) => self.content.fill_even_odd(),
            (false, _) => self.content.stroke(),
        };
        self.content.restore_state();
    }

    /// A rectangle by its upper left corner, width and height.
    pub(crate) fn rectangle(&mut self, [x, y, width, height]: [f64; 4], paint: &Paint) {
        let (right, low) = (x + width, y + height);
        self.shape(&[[[x, y], [right, y], [right, low], [x, low]]], true, paint);
    }

    /// A line through points.
    pub(crate) fn line(&mut self, points: &[[f64; 2]], stroke: &Stroke) {
        let paint = Paint {
            fill: None,
            stroke: Some(stroke.clone()),
        };
        self.shape(&[points], false, &paint);
    }

    /// A disc, as near as 32 corners come.
    pub(crate) fn disc(&mut self, [x, y]: [f64; 2], radius: f64, paint: &Paint) {
        let corner = |step: u32| {
            let (sine, cosine) = (f64::from(step) * std::f64::consts::TAU / 32.0).sin_cos();
            [x + radius * cosine, y + radius * sine]
        };
        let ring: Vec<[f64; 2]> = (0..32).map(corner).collect();
        self.shape(&[ring], true, paint);
    }

    /// Draws what is inside some rings only.
    pub(crate) fn clipped<R: AsRef<[[f64; 2]]>>(
        &mut self,
        rings: &[R],
        draw: impl FnOnce(&mut Self),
    ) {
        self.content.save_state();
        self.trace(rings, true);
        self.content.clip_even_odd().end_path();
        draw(self);
        self.content.restore_state();
    }

    /// Writes a line of text, its base line at a point.
    pub(crate) fn text(&mut self, at: [f64; 2], text: &str, style: &Type) {
        let start = match style.align {
            Align::Start => 0.0,
            Align::Middle => -style.width(text) / 2.0,
            Align::End => -style.width(text),
        };
        let (sine, cosine) = style.turned.to_radians().sin_cos();
        // y grows downwards here and upwards on the page.
        let [x, y] = self.place([at[0] + start * cosine, at[1] - start * sine]);
        let (sine, cosine) = (short(sine), short(cosine));
        let glyphs = self.glyphs(text);
        self.content.save_state();
        self.opacity(style.opacity);
        self.content
            .set_line_join(LineJoinStyle::RoundJoin)
            .begin_text()
            .set_font(Name(b"F"), short(style.size))
            .set_text_matrix([cosine, sine, -sine, cosine, x, y]);
        if let Some((color, width)) = style.halo {
            let [red, green, blue] = color.parts();
            // Or readers would find everything twice.
            self.begin_unread();
            self.content
                .set_stroke_rgb(red, green, blue)
                .set_line_width(short(2.0 * width * POINTS))
                .set_text_rendering_mode(TextRenderingMode::Stroke)
                .show(Str(&glyphs))
                .end_marked_content()
                .set_text_matrix([cosine, sine, -sine, cosine, x, y]);
        }
        let [red, green, blue] = style.color.parts();
        self.content.set_fill_rgb(red, green, blue);
        if style.bold {
            self.content
                .set_stroke_rgb(red, green, blue)
                .set_line_width(short(style.size * 0.032))
                .set_text_rendering_mode(TextRenderingMode::FillStroke);
        } else {
            self.content
                .set_text_rendering_mode(TextRenderingMode::Fill);
        }
        self.content.show(Str(&glyphs)).end_text();
        self.content.restore_state();
    }

    /// Writes a text in lines no wider than some millimetres, the first line's base line at
    /// a point; where it stands about the point is that of each line. Gives the height used.
    pub(crate) fn paragraph(
        &mut self,
        [x, y]: [f64; 2],
        text: &str,
        most: f64,
        style: &Type,
    ) -> f64 {
        let lines = text::wrap(text, style.size, most);
        let mut down = 0.0;
        for line in &lines {
            self.text([x, y + down], line, style);
            down += style.leading();
        }
        down
    }

    /// Makes a rectangle lead to an address.
    pub(crate) fn link(&mut self, [x, y, width, height]: [f64; 4], address: &str) {
        let [left, top] = self.place([x, y]);
        let [right, low] = self.place([x + width, y + height]);
        self.links.push(Link {
            area: [left, low, right, top],
            address: address.to_owned(),
        });
    }

    /// Writes what readers and searches pass over, such as a watermark.
    pub(crate) fn unread(&mut self, draw: impl FnOnce(&mut Self)) {
        self.begin_unread();
        draw(self);
        self.content.end_marked_content();
    }

    /// What follows reads as nothing (ISO 32000-1 §14.9.4).
    fn begin_unread(&mut self) {
        self.content
            .begin_marked_content_with_properties(Name(b"Span"))
            .properties()
            .actual_text(TextStr(""));
    }

    fn trace<R: AsRef<[[f64; 2]]>>(&mut self, rings: &[R], closed: bool) {
        for ring in rings {
            let mut last = None;
            for &point in ring.as_ref() {
                let [x, y] = self.place(point);
                if last == Some([x, y]) {
                    continue;
                }
                if last.is_none() {
                    self.content.move_to(x, y);
                } else {
                    self.content.line_to(x, y);
                }
                last = Some([x, y]);
            }
            if closed && last.is_some() {
                self.content.close_path();
            }
        }
    }

    fn pen(&mut self, stroke: &Stroke) {
        let [red, green, blue] = stroke.color.parts();
        self.content
            .set_stroke_rgb(red, green, blue)
            .set_line_width(short(stroke.width * POINTS))
            .set_line_join(LineJoinStyle::RoundJoin);
        if stroke.dash.is_empty() {
            self.content.set_line_cap(LineCapStyle::RoundCap);
        } else {
            let dash = stroke.dash.iter().map(|length| short(length * POINTS));
            self.content.set_dash_pattern(dash, 0.0);
        }
    }

    fn opacity(&mut self, opacity: f64) {
        if opacity < 1.0 {
            let name = self.resources.opacity(opacity);
            self.content.set_parameters(Name(name.as_bytes()));
        }
    }

    /// The glyphs of a text as the document's font numbers them.
    fn glyphs(&mut self, text: &str) -> Vec<u8> {
        let mut glyphs = Vec::with_capacity(2 * text.len());
        written(text, |letter| {
            if let Some(glyph) = FACE.glyph(letter) {
                let own = self.resources.glyph(glyph, letter);
                glyphs.extend_from_slice(&own.to_be_bytes());
            }
        });
        glyphs
    }

    fn place(&self, [x, y]: [f64; 2]) -> [f32; 2] {
        [short(x * POINTS), short((self.size.height - y) * POINTS)]
    }
}

/// A number of points to 0.35 µm, which is finer than any press and short to write.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the last places are dropped on purpose"
)]
fn short(points: f64) -> f32 {
    ((points * 1000.0).round() / 1000.0) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_as_the_catalog_writes_them() {
        assert_eq!(Color::parse("#2B6CB0"), Some(Color([0x2B, 0x6C, 0xB0])));
        for wrong in ["2B6CB0", "#2B6", "#zzzzzz", ""] {
            assert_eq!(Color::parse(wrong), None, "{wrong}");
        }
    }
}
