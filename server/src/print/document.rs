//! A document of pages, and how it is written.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
};

use chrono::{DateTime, Datelike, FixedOffset, Timelike};
use flate2::{Compression, write::ZlibEncoder};
use pdf_writer::{
    Content, Date, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr,
    types::{ActionType, AnnotationType},
};
use subsetter::GlyphRemapper;

use super::{
    canvas::Canvas,
    embed::{self, FontRefs},
    paper::Size,
    text::POINTS,
};

/// A document in the making.
pub(crate) struct Document {
    title: String,
    author: String,
    made_at: DateTime<FixedOffset>,
    pages: Vec<Page>,
    resources: Resources,
}

struct Page {
    size: Size,
    content: Content,
    links: Vec<Link>,
}

/// A rectangle, in points from the lower left corner, that leads somewhere.
pub(super) struct Link {
    pub(super) area: [f32; 4],
    pub(super) address: String,
}

/// What the pages share: the glyphs and opacities that they use.
pub(super) struct Resources {
    pub(super) glyphs: GlyphRemapper,
    /// What each glyph, by its number in the document, reads as.
    pub(super) letters: BTreeMap<u16, char>,
    /// In hundredths.
    opacities: BTreeSet<u8>,
}

impl Resources {
    /// The number of a glyph in the document.
    pub(super) fn glyph(&mut self, glyph: u16, letter: char) -> u16 {
        let own = self.glyphs.remap(glyph);
        // Some radicals and compatibility characters share the glyph of the plain character,
        // which is what whoever searches types.
        let plain = |letter: char| matches!(u32::from(letter), 0x20..0x2000 | 0x3400..=0x9FFF);
        let kept = self.letters.entry(own).or_insert(letter);
        if plain(letter) && !plain(*kept) {
            *kept = letter;
        }
        own
    }

    /// The name of an opacity from 0 to 1.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "hundredths from 0 to 100"
    )]
    pub(super) fn opacity(&mut self, opacity: f64) -> String {
        let hundredths = (opacity.clamp(0.0, 1.0) * 100.0).round() as u8;
        self.opacities.insert(hundredths);
        format!("O{hundredths}")
    }
}

impl Document {
    /// An empty document: its title, who or what made it, and when.
    pub(crate) fn new(title: &str, author: &str, made_at: DateTime<FixedOffset>) -> Self {
        Self {
            title: title.to_owned(),
            author: author.to_owned(),
            made_at,
            pages: Vec::new(),
            resources: Resources {
                glyphs: GlyphRemapper::new(),
                letters: BTreeMap::new(),
                opacities: BTreeSet::new(),
            },
        }
    }

    /// Adds an empty page and gives its number from 0.
    pub(crate) fn add(&mut self, size: Size) -> usize {
        self.pages.push(Page {
            size,
            content: Content::new(),
            links: Vec::new(),
        });
        self.pages.len() - 1
    }

    /// Number of pages.
    pub(crate) fn len(&self) -> usize {
        self.pages.len()
    }

    /// A page to draw on. Pages can be drawn on in any order and again.
    ///
    /// # Panics
    /// When there is no such page.
    pub(crate) fn page(&mut self, number: usize) -> Canvas<'_> {
        let page = &mut self.pages[number];
        Canvas {
            size: page.size,
            content: &mut page.content,
            links: &mut page.links,
            resources: &mut self.resources,
        }
    }

    /// The file. The same drawing gives the same bytes.
    pub(crate) fn finish(self) -> Vec<u8> {
        let mut pdf = Pdf::new();
        let mut last = 0;
        let mut next = || {
            last += 1;
            Ref::new(last)
        };
        let (catalog, tree, info) = (next(), next(), next());
        let font = FontRefs {
            font: next(),
            cid: next(),
            descriptor: next(),
            unicode: next(),
            data: next(),
        };
        let states: Vec<(u8, Ref)> = (self.resources.opacities.iter())
            .map(|&hundredths| (hundredths, next()))
            .collect();
        let pages: Vec<(Ref, Ref, Vec<Ref>)> = (self.pages.iter())
            .map(|page| (next(), next(), page.links.iter().map(|_| next()).collect()))
            .collect();

        let mut root = pdf.catalog(catalog);
        root.pages(tree).lang(TextStr("zh-CN"));
        root.viewer_preferences().display_doc_title(true);
        root.finish();
        let count = i32::try_from(pages.len()).expect("fewer pages than 2³¹");
        let mut root = pdf.pages(tree);
        root.kids(pages.iter().map(|(page, ..)| *page)).count(count);
        root.finish();

        for (page, (own, body, links)) in self.pages.into_iter().zip(pages) {
            let mut written = pdf.page(own);
            let [width, height] = [page.size.width, page.size.height].map(points);
            written
                .media_box(Rect::new(0.0, 0.0, width, height))
                .parent(tree)
                .contents(body);
            if !links.is_empty() {
                written.annotations(links.iter().copied());
            }
            let mut resources = written.resources();
            resources.fonts().pair(Name(b"F"), font.font);
            let mut opacities = resources.ext_g_states();
            for (hundredths, state) in &states {
                opacities.pair(Name(format!("O{hundredths}").as_bytes()), state);
            }
            opacities.finish();
            resources.finish();
            written.finish();
            let content = deflated(&page.content.finish());
            pdf.stream(body, &content).filter(Filter::FlateDecode);
            for (link, own) in page.links.into_iter().zip(links) {
                let [left, low, right, high] = link.area;
                let mut annotation = pdf.annotation(own);
                annotation
                    .subtype(AnnotationType::Link)
                    .rect(Rect::new(left, low, right, high))
                    .border(0.0, 0.0, 0.0, None);
                annotation
                    .action()
                    .action_type(ActionType::Uri)
                    .uri(Str(link.address.as_bytes()));
            }
        }
        for (hundredths, state) in states {
            let opacity = f32::from(hundredths) / 100.0;
            // An outline stays as it is where what is inside it is let through.
            pdf.ext_graphics(state).non_stroking_alpha(opacity);
        }
        embed::write(&mut pdf, &font, &self.resources);
        pdf.document_info(info)
            .title(TextStr(&self.title))
            .author(TextStr(&self.author))
            .creator(TextStr("Yizhangtu"))
            .creation_date(date(self.made_at));
        pdf.finish()
    }
}

/// Compressed as PDF's FlateDecode expects.
pub(super) fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder
        .write_all(bytes)
        .and_then(|()| encoder.finish())
        .expect("memory takes what is written")
}

fn date(at: DateTime<FixedOffset>) -> Date {
    let part = |number: u32| u8::try_from(number).unwrap_or_default();
    let hours = at.offset().local_minus_utc() / 3600;
    Date::new(u16::try_from(at.year()).unwrap_or_default())
        .month(part(at.month()))
        .day(part(at.day()))
        .hour(part(at.hour()))
        .minute(part(at.minute()))
        .second(part(at.second()))
        .utc_offset_hour(i8::try_from(hours).unwrap_or_default())
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a page is not larger than a few metres"
)]
fn points(millimetres: f64) -> f32 {
    (millimetres * POINTS) as f32
}
