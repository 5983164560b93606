//! The face in the file: the glyphs that are used, their widths, and what they read as.

use pdf_writer::{
    Filter, Finish, Name, Pdf, Rect, Ref, Str,
    types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap},
};
use ttf_parser::{RawFace, Tag};

use super::{
    document::{Resources, deflated},
    face::{FACE, FONT},
};

/// What the face is called in the file, after the subset's tag.
const NAME: &str = "NotoSansSC-Regular";

const SYSTEM: SystemInfo<'_> = SystemInfo {
    registry: Str(b"Adobe"),
    ordering: Str(b"Identity"),
    supplement: 0,
};

/// Numbers of the objects of a font.
pub(super) struct FontRefs {
    pub(super) font: Ref,
    pub(super) cid: Ref,
    pub(super) descriptor: Ref,
    pub(super) unicode: Ref,
    pub(super) data: Ref,
}

/// Writes the face with the glyphs that a document uses.
pub(super) fn write(pdf: &mut Pdf, refs: &FontRefs, used: &Resources) {
    let subset = subsetter::subset(FONT, 0, &used.glyphs).expect("the embedded font is sound");
    let outlines = RawFace::parse(&subset, 0)
        .ok()
        .and_then(|face| face.table(Tag::from_bytes(b"CFF ")))
        .expect("the embedded font has CFF outlines");
    let name = format!("{}+{NAME}", tag(outlines));
    let name = Name(name.as_bytes());

    pdf.type0_font(refs.font)
        .base_font(name)
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(refs.cid)
        .to_unicode(refs.unicode);

    let mut cid = pdf.cid_font(refs.cid);
    cid.subtype(CidFontType::Type0)
        .base_font(name)
        .system_info(SYSTEM)
        .font_descriptor(refs.descriptor)
        .default_width(1000.0);
    let widths = used.glyphs.remapped_gids();
    cid.widths()
        .consecutive(0, widths.map(|glyph| thousandths(FACE.advance(glyph))));
    cid.finish();

    let [ascent, descent, capitals] = FACE.vertical().map(thousandths);
    let [left, low, right, high] = FACE.bounds().map(thousandths);
    pdf.font_descriptor(refs.descriptor)
        .name(name)
        .flags(FontFlags::SYMBOLIC)
        .bbox(Rect::new(left, low, right, high))
        .italic_angle(0.0)
        .ascent(ascent)
        .descent(descent)
        .cap_height(capitals)
        .stem_v(80.0)
        .font_file3(refs.data);

    let mut unicode = UnicodeCmap::new(Name(b"Yizhangtu-Unicode"), SYSTEM);
    for (&glyph, &letter) in &used.letters {
        unicode.pair(glyph, letter);
    }
    let unicode = deflated(&unicode.finish());
    pdf.cmap(refs.unicode, &unicode)
        .name(Name(b"Yizhangtu-Unicode"))
        .system_info(SYSTEM)
        .filter(Filter::FlateDecode);

    let data = deflated(outlines);
    pdf.stream(refs.data, &data)
        .filter(Filter::FlateDecode)
        .pair(Name(b"Subtype"), Name(b"CIDFontType0C"));
}

/// Six capitals that tell this subset from others (ISO 32000-1 §9.6.4).
fn tag(outlines: &[u8]) -> String {
    let mut hash = outlines
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    let mut letter = || {
        let own = b'A' + (hash % 26) as u8;
        hash /= 26;
        char::from(own)
    };
    (0..6).map(|_| letter()).collect()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "measures of a glyph are small"
)]
fn thousandths(ems: f64) -> f32 {
    (ems * 1000.0).round() as f32
}
