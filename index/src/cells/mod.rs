//! The cell index: which areas contain a point, in one or two reads of memory.
//!
//! The map is cut into pages, a page into blocks, a block into cells until each has few
//! edges. A cell without edges names the area that covers it. A cell with edges has a
//! [`leaf`], which knows all that is needed to answer for every point in it.

mod build;
mod cell;
mod chain;
mod edit;
mod leaf;
mod page;
mod top;

pub(crate) use self::{edit::Change, page::NONE};

use std::{collections::HashMap, hint::select_unpredictable, ops::RangeInclusive};

use rayon::prelude::*;

use self::{
    build::Around,
    cell::{Cell, part},
    page::{Blocks, EMPTY, LINE, PAGE_BITS, Page},
    top::{Known, Place, Top},
};
use crate::{
    Area, Point,
    bytes::{BytesError, In, Out},
    vector::{Vector, fetch, fetch_word},
};

/// Points are asked in groups of this size, step by step, so that their waits for memory
/// overlap.
const GROUP: usize = 64;

/// Leaves that are on their way while one is looked at: a processor drops what it is asked to
/// fetch where some two dozen lines are on their way already.
const AHEAD: usize = 12;

/// The smallest and the largest blocks, as powers of two.
const SMALLEST: u32 = 16;
const LARGEST: u32 = 34;

/// Pages of one part of the bytes.
const PAGES_A_PART: usize = 256;

/// Blocks are about this many edges wide.
const EDGES_A_BLOCK: f64 = 8.0;

/// Areas by cell. Cloning shares all pages.
#[derive(Clone, Debug)]
pub(crate) struct Cells {
    top: Top,
    page_shift: u32,
    /// Where no page is.
    nowhere: Page,
}

impl Default for Cells {
    fn default() -> Self {
        Self::build(&[])
    }
}

impl Cells {
    /// Builds the pages, side by side. Areas are in ascending order of their keys.
    pub(crate) fn build(areas: &[(u32, &Area)]) -> Self {
        let page_shift = page_shift(areas);
        let mut by_page: HashMap<Place, Vec<u32>> = HashMap::new();
        for ((_, area), at) in areas.iter().zip(0..) {
            for place in places(area, page_shift) {
                by_page.entry(place).or_default().push(at);
            }
        }
        let mut by_page: Vec<(Place, Vec<u32>)> = by_page.into_iter().collect();
        by_page.sort_unstable();
        let pages = by_page
            .into_par_iter()
            .filter_map(|(place, members)| {
                let areas: Vec<(u32, &Area)> =
                    members.iter().map(|&at| areas[at as usize]).collect();
                let page = build_page(&page_cell(place, page_shift), &areas)?;
                Some((place, page))
            })
            .collect();
        Self {
            top: Top::new(pages),
            page_shift,
            nowhere: Page::default(),
        }
    }

    /// The page around a point, and its blocks.
    #[inline(always)]
    fn page(&self, p: Point) -> Option<(&Blocks, &Page)> {
        (self.top).get((p.x >> self.page_shift, p.y >> self.page_shift))
    }

    /// Has what is read first for a point fetched.
    #[inline]
    pub(crate) fn fetch_at(&self, p: Point) {
        if let Some((blocks, page)) = self.page(p) {
            fetch(&blocks[part(p, self.page_shift, PAGE_BITS)]);
            fetch(page);
        }
    }

    /// The least key of the areas that contain a point, [`NONE`] where none does; where several
    /// may, the leaf that knows them, too.
    #[inline(always)]
    fn answer(
        &self,
        vector: impl Vector,
        p: Point,
        exact: &impl Fn(u32) -> bool,
    ) -> (u32, Option<(&[u32], usize)>) {
        let Some((blocks, page)) = self.page(p) else {
            return (NONE, None);
        };
        let word = blocks[part(p, self.page_shift, PAGE_BITS)];
        if page::is_full(word) {
            return (word, None);
        }
        let words = page.words();
        let word = page::find(words, word, p, self.page_shift - PAGE_BITS);
        if !page::is_leaf(word) {
            return (word, None);
        }
        let (place, _) = page::leaf_of(word);
        let (key, several) = leaf::least(vector, words, place, p, exact);
        (key, several.then_some((words, place)))
    }

    /// Visits the areas that contain a point, in ascending order of keys. `exact` tells of a
    /// key and a point whether the area contains it; it is asked near edges only.
    #[inline(always)]
    pub(crate) fn each_at(
        &self,
        vector: impl Vector,
        p: Point,
        exact: impl Fn(u32) -> bool,
        mut found: impl FnMut(u32),
    ) {
        match self.answer(vector, p, &exact) {
            (NONE, None) => {}
            (key, None) => found(key),
            (_, Some((words, place))) => leaf::visit(vector, words, place, p, &exact, &mut found),
        }
    }

    /// The least key of the areas that contain a point; [`NONE`] where none does.
    #[inline(always)]
    pub(crate) fn first_at(
        &self,
        vector: impl Vector,
        p: Point,
        exact: impl Fn(u32) -> bool,
    ) -> u32 {
        self.answer(vector, p, &exact).0
    }

    /// As [`Cells::each_at`] for many points: `found` takes a point's position and a key,
    /// points in order.
    #[inline(always)]
    pub(crate) fn each_at_all(
        &self,
        vector: impl Vector,
        points: &[Point],
        exact: impl Fn(u32, Point) -> bool,
        mut found: impl FnMut(usize, u32),
    ) {
        let mut group = Group::default();
        for (points, start) in points.chunks(GROUP).zip((0..).step_by(GROUP)) {
            group.find(self, points);
            group.answer(vector, points, &exact);
            for (at, &p) in points.iter().enumerate() {
                if group.several >> at & 1 == 1 {
                    let words = group.pages[at];
                    let place = page::leaf_of(group.words[at]).0;
                    let exact = |key| exact(key, p);
                    leaf::visit(vector, words, place, p, &exact, &mut |key| {
                        found(start + at, key)
                    });
                } else if group.keys[at] != NONE {
                    found(start + at, group.keys[at]);
                }
            }
        }
    }

    /// As [`Cells::first_at`] for many points: `found` takes a point's position and the key,
    /// points in order.
    #[inline(always)]
    pub(crate) fn first_at_all(
        &self,
        vector: impl Vector,
        points: &[Point],
        exact: impl Fn(u32, Point) -> bool,
        mut found: impl FnMut(usize, u32),
    ) {
        let mut group = Group::default();
        for (points, start) in points.chunks(GROUP).zip((0..).step_by(GROUP)) {
            group.find(self, points);
            group.answer(vector, points, &exact);
            for at in 0..points.len() {
                found(start + at, group.keys[at]);
            }
        }
    }

    pub(crate) fn put_head(&self, out: &mut Out) {
        out.u32(self.page_shift);
    }

    /// The pages as bytes, some in each part.
    pub(crate) fn to_parts(&self) -> Vec<Vec<u8>> {
        let pages: Vec<(Place, Known)> = self.top.clone().into_pages().collect();
        pages
            .par_chunks(PAGES_A_PART)
            .map(|pages| {
                let mut out = Out::default();
                out.count(pages.len());
                for ((column, row), (blocks, page)) in pages {
                    out.i64(*column);
                    out.i64(*row);
                    out.u32s(blocks);
                    page.put(&mut out);
                }
                out.0
            })
            .collect()
    }

    /// The cells of a head and parts.
    pub(crate) fn from_parts(head: &mut In<'_>, parts: &[&[u8]]) -> Result<Self, BytesError> {
        let page_shift = head.u32()?;
        if !(SMALLEST..=LARGEST).contains(&page_shift.wrapping_sub(PAGE_BITS)) {
            return Err(BytesError::Damaged);
        }
        let pages: Vec<Vec<(Place, Known)>> = parts
            .par_iter()
            .map(|part| {
                let mut from = In::new(part);
                let count = from.count()?;
                let pages = (0..count)
                    .map(|_| {
                        let place = (from.i64()?, from.i64()?);
                        let blocks: Vec<u32> = from.u32s()?.collect();
                        let blocks = blocks.try_into().map_err(|_| BytesError::Damaged)?;
                        Ok((place, (blocks, Page::take(&mut from)?)))
                    })
                    .collect::<Result<_, BytesError>>()?;
                from.end()?;
                Ok(pages)
            })
            .collect::<Result<_, BytesError>>()?;
        Ok(Self {
            top: Top::new(pages.into_iter().flatten().collect()),
            page_shift,
            nowhere: Page::default(),
        })
    }

    /// Bytes that it takes.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + self.top.bytes()
    }
}

/// Points that are asked together: each step is taken for all of them before the next, so that
/// no read waits for the answer of another point's.
struct Group<'a> {
    pages: [&'a [u32]; GROUP],
    /// What is known of the smallest square around each point.
    words: [u32; GROUP],
    /// The positions of the points whose squares have leaves.
    leaves: [u8; GROUP],
    count: usize,
    /// The least key of the areas that contain each point.
    keys: [u32; GROUP],
    /// The points that several areas may contain, a bit each.
    several: u64,
}

impl Default for Group<'_> {
    fn default() -> Self {
        Self {
            pages: [&[]; GROUP],
            words: [NONE; GROUP],
            leaves: [0; GROUP],
            count: 0,
            keys: [NONE; GROUP],
            several: 0,
        }
    }
}

impl<'a> Group<'a> {
    /// Finds the squares around some points.
    #[inline(always)]
    fn find(&mut self, cells: &'a Cells, points: &[Point]) {
        let (pages, words) = (
            &mut self.pages[..points.len()],
            &mut self.words[..points.len()],
        );
        let shift = cells.page_shift - PAGE_BITS;
        let mut blocks = [(EMPTY, &cells.nowhere); GROUP];
        for (known, &p) in blocks.iter_mut().zip(points) {
            if let Some(found) = cells.page(p) {
                *known = found;
                fetch(&known.0[part(p, cells.page_shift, PAGE_BITS)]);
            }
        }
        // What is not whole is gathered without a branch, and so are the leaves.
        let (mut open, mut count) = ([0_u8; GROUP], 0);
        for ((word, &p), (known, at)) in (words.iter_mut().zip(points)).zip(blocks.iter().zip(0..))
        {
            *word = known.0[part(p, cells.page_shift, PAGE_BITS)];
            open[count % GROUP] = at;
            count += usize::from(!page::is_full(*word));
        }
        let open = &open[..count];
        for &at in open {
            let at = usize::from(at);
            pages[at] = blocks[at].1.words();
            fetch_word(pages[at], page::next(words[at], points[at], shift));
        }
        self.count = 0;
        for &at in open {
            let (page, word, p) = {
                let at = usize::from(at);
                (pages[at], &mut words[at], points[at])
            };
            let next = page[page::next(*word, p, shift)];
            *word = if page::is_directory(next) & page::is_directory(*word) {
                page::find(page, *word, p, shift)
            } else {
                select_unpredictable(page::is_directory(*word), next, *word)
            };
            self.leaves[self.count % GROUP] = at;
            self.count += usize::from(page::is_leaf(*word));
        }
    }

    /// Finds the least keys, and has leaves fetched on the way.
    #[inline(always)]
    fn answer(
        &mut self,
        vector: impl Vector,
        points: &[Point],
        exact: &impl Fn(u32, Point) -> bool,
    ) {
        self.keys = self.words;
        self.several = 0;
        let leaves = &self.leaves[..self.count];
        let Some(&last) = leaves.last() else {
            return;
        };
        for &at in &leaves[..leaves.len().min(AHEAD)] {
            self.fetch(at);
        }
        for (turn, &at) in leaves.iter().enumerate() {
            self.fetch(*leaves.get(turn + AHEAD).unwrap_or(&last));
            let at = usize::from(at);
            let (place, p) = (page::leaf_of(self.words[at]).0, points[at]);
            let exact = |key| exact(key, p);
            let (key, several) = leaf::least(vector, self.pages[at], place, p, &exact);
            self.keys[at] = key;
            self.several |= u64::from(several) << at;
        }
    }

    /// Has the leaf around a point fetched.
    #[inline(always)]
    fn fetch(&self, at: u8) {
        let at = usize::from(at);
        let (page, word) = (self.pages[at], self.words[at]);
        let (place, lines) = page::leaf_of(word);
        let first = place - leaf::BEFORE;
        fetch_word(page, first);
        fetch_word(page, first + LINE * lines.div_ceil(2));
        fetch_word(page, first + LINE * lines);
    }
}

fn page_cell(place: Place, shift: u32) -> Cell {
    Cell {
        min: Point {
            x: place.0 << shift,
            y: place.1 << shift,
        },
        shift,
    }
}

/// The pages that an area may touch.
fn places(area: &Area, shift: u32) -> impl Iterator<Item = Place> + use<> {
    let [columns, rows] = reach(area, shift);
    rows.flat_map(move |row| columns.clone().map(move |column| (column, row)))
}

/// How many pages that are.
fn place_count(area: &Area, shift: u32) -> usize {
    let [columns, rows] = reach(area, shift);
    let count = |range: RangeInclusive<i64>| range.end().abs_diff(*range.start()) + 1;
    usize::try_from(count(columns).saturating_mul(count(rows))).unwrap_or(usize::MAX)
}

/// Columns and rows of the pages that an area may be asked on.
fn reach(area: &Area, shift: u32) -> [RangeInclusive<i64>; 2] {
    let rect = area.rect();
    // A point on an edge of a page asks that page, whose cells know edges in their margin.
    let margin = cell::MARGIN << cell::unit(shift);
    let range = |least: i64, most: i64| ((least - margin) >> shift)..=((most + margin) >> shift);
    [range(rect.min.x, rect.max.x), range(rect.min.y, rect.max.y)]
}

fn build_page(cell: &Cell, areas: &[(u32, &Area)]) -> Option<Known> {
    let mut arena = Vec::new();
    let (mut around, covering) = Around::new(cell, areas, cell.shift - PAGE_BITS);
    let tree = around.tree(cell, &covering, &mut arena);
    edit::known(tree.write_blocks(&mut arena), &arena)
}

/// The size of pages for some areas: blocks about eight edges wide, and not many more
/// blocks than edges.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an estimate"
)]
fn page_shift(areas: &[(u32, &Area)]) -> u32 {
    let Some(all) = (areas.iter().map(|(_, area)| area.rect())).reduce(|a, b| a.join(&b)) else {
        return SMALLEST + PAGE_BITS;
    };
    let sample = areas.iter().step_by(areas.len().div_ceil(10_000));
    let (mut length, mut count) = (0.0, 0.0);
    for (a, b) in sample.flat_map(|(_, area)| area.edges()) {
        length += (a.x - b.x).abs().max((a.y - b.y).abs()) as f64;
        count += 1.0;
    }
    let edges: f64 = areas
        .iter()
        .map(|(_, area)| area.vertex_count() as f64)
        .sum();
    let mut shift =
        ((EDGES_A_BLOCK * length / count).log2().round() as u32).clamp(SMALLEST, LARGEST);
    let blocks = |shift: u32| {
        let side = |low: i64, high: i64| ((high - low) >> shift) as f64 + 1.0;
        side(all.min.x, all.max.x) * side(all.min.y, all.max.y)
    };
    while shift < LARGEST && blocks(shift) > 4.0 * edges + 65_536.0 {
        shift += 1;
    }
    shift + PAGE_BITS
}
