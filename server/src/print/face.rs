//! The face that everything is written in.

use std::sync::LazyLock;

/// Noto Sans SC with every Han character of Source Han Sans: the 20,976 of the first block,
/// extension A whole, 2,365 beyond. How it was cut from the release: `docs/print.md`.
pub(super) const FONT: &[u8] = include_bytes!("font/noto-sans-sc.otf");

/// The face, read once.
pub(super) static FACE: LazyLock<Face> = LazyLock::new(|| {
    let face = ttf_parser::Face::parse(FONT, 0).expect("the embedded font is sound");
    let units = f64::from(face.units_per_em());
    Face { face, units }
});

/// A face with its measures, in parts of the type size.
pub(super) struct Face {
    face: ttf_parser::Face<'static>,
    units: f64,
}

impl Face {
    /// The glyph of a character; none where the face has none.
    pub(super) fn glyph(&self, letter: char) -> Option<u16> {
        self.face.glyph_index(letter).map(|glyph| glyph.0)
    }

    /// How far a glyph advances.
    pub(super) fn advance(&self, glyph: u16) -> f64 {
        let advance = self.face.glyph_hor_advance(ttf_parser::GlyphId(glyph));
        f64::from(advance.unwrap_or(0)) / self.units
    }

    /// How far a text advances. A character without a glyph is as wide as what stands for it.
    pub(super) fn width(&self, text: &str) -> f64 {
        let mut width = 0.0;
        written(text, |letter| {
            width += self.glyph(letter).map_or(0.0, |glyph| self.advance(glyph));
        });
        width
    }

    /// Height over the base line, depth under it (less than 0), and height of capitals.
    pub(super) fn vertical(&self) -> [f64; 3] {
        let capitals = self.face.capital_height().unwrap_or(0);
        [self.face.ascender(), self.face.descender(), capitals]
            .map(|measure| f64::from(measure) / self.units)
    }

    /// The box around all glyphs: least x and y, greatest x and y.
    pub(super) fn bounds(&self) -> [f64; 4] {
        let all = self.face.global_bounding_box();
        [all.x_min, all.y_min, all.x_max, all.y_max].map(|edge| f64::from(edge) / self.units)
    }
}

/// The characters of a text as they are written. A character that the face lacks is spelled
/// by its number, `[U+2A6D6]`: a name may look odd on paper, but it never vanishes from it.
/// Control characters are spaces.
pub(super) fn written(text: &str, mut each: impl FnMut(char)) {
    for letter in text.chars() {
        if letter.is_control() {
            each(' ');
        } else if FACE.glyph(letter).is_some() {
            each(letter);
        } else {
            format!("[U+{:04X}]", u32::from(letter))
                .chars()
                .for_each(&mut each);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_characters_of_names_and_places_have_glyphs() {
        for letter in "㙟𠅤𠮷䶮㐂喆垚龘㼆〔〕·²㎡—×→〇Āé".chars() {
            assert!(FACE.glyph(letter).is_some(), "{letter}");
        }
        let plain = (0x4E00..=0x9FA5).filter_map(char::from_u32);
        assert!(
            plain
                .chain((0x3400..=0x4DB5).filter_map(char::from_u32))
                .all(|letter| FACE.glyph(letter).is_some())
        );
    }

    #[test]
    fn what_has_no_glyph_is_spelled() {
        let mut text = String::new();
        written("张\u{2A6D6}三\n", |letter| text.push(letter));
        assert_eq!(text, "张[U+2A6D6]三 ");
        assert_eq!(FACE.width("一二"), 2.0);
    }
}
