//! Features by place: what is in an area or a rectangle, and sums over them.
//!
//! Each feature lies in the cell of its representative point, in rows of cells no smaller
//! than itself. A row keeps the sums of all cells before each, so that a run of cells is
//! counted by two reads, and a drawn area costs what lies along its outline.

mod column;
mod frame;
mod level;
mod outline;
mod row;
mod within;

use std::{borrow::Borrow, collections::BTreeMap, sync::Arc};

use rayon::prelude::*;

use self::{
    frame::Frame,
    level::Level,
    row::{Item, Row},
};
use crate::{
    Area, Point, Rect, Rule, Shape,
    bytes::{BytesError, In, Out},
    shapes::Shapes,
};
pub(crate) use within::Sink;
pub use within::Sums;

/// Features of a cell, on average over those that have any, at most.
const MOST_IN_A_CELL: usize = 20;

/// Features by place and size. Cloning shares all rows.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    /// The smallest cells, as a power of two.
    least: u32,
    measures: usize,
    /// By size, the smallest first, and by zone.
    levels: Vec<Level>,
}

impl Default for Rows {
    fn default() -> Self {
        Self::sorted(Vec::new(), &[], 0, MOST_IN_A_CELL)
    }
}

impl Rows {
    /// Sorts so many features by place; each has so many measures.
    pub(crate) fn build<'a>(
        count: usize,
        features: impl Iterator<Item = (u32, impl Borrow<Shape>, &'a [i64])>,
        measures: usize,
    ) -> Self {
        let (mut items, mut given) = (Vec::with_capacity(count), Vec::new());
        items.extend(
            features.map(|(key, shape, own)| item(key, shape.borrow(), own, measures, &mut given)),
        );
        Self::sorted(items, &given, measures, MOST_IN_A_CELL)
    }

    /// Sorts rectangles by their middles, so many to a cell.
    pub(crate) fn of_rects(rects: impl Iterator<Item = (u32, Rect)>, most: usize) -> Self {
        let items = rects.map(|(key, rect)| Item {
            key,
            place: Point {
                x: rect.min.x.midpoint(rect.max.x),
                y: rect.min.y.midpoint(rect.max.y),
            },
            rect,
            at: 0,
        });
        Self::sorted(items.collect(), &[], 0, most)
    }

    fn sorted(mut items: Vec<Item>, given: &[i64], measures: usize, most: usize) -> Self {
        let least = least_cell(&items, most);
        // In place: there may be millions.
        let frame = |item: &Item| Frame::of(item.place, &item.rect, least);
        items.sort_unstable_by_key(frame);
        let levels = (items.chunk_by_mut(|a, b| frame(a) == frame(b)))
            .map(|own| Level::build(own, given, frame(&own[0]), measures))
            .collect();
        Self {
            least,
            measures,
            levels,
        }
    }

    /// The rows with some features taken away and some put in.
    pub(crate) fn after<'a>(
        &self,
        removed: impl Iterator<Item = (u32, &'a Shape)>,
        put: impl Iterator<Item = (u32, &'a Shape, &'a [i64])>,
    ) -> Self {
        /// What leaves a level, each key with its row, and what comes.
        type Moves = (Vec<(u32, i64)>, Vec<Item>);
        let mut by_frame: BTreeMap<Frame, Moves> = BTreeMap::new();
        for (key, shape) in removed {
            let place = shape.representative();
            let frame = Frame::of(place, &shape.rect(), self.least);
            let row = place.y >> frame.shift;
            by_frame.entry(frame).or_default().0.push((key, row));
        }
        let mut given = Vec::new();
        for (key, shape, own) in put {
            let item = item(key, shape, own, self.measures, &mut given);
            let frame = Frame::of(item.place, &item.rect, self.least);
            by_frame.entry(frame).or_default().1.push(item);
        }
        let mut next = self.clone();
        for (frame, (without, mut new)) in by_frame {
            match next
                .levels
                .binary_search_by_key(&frame, |level| level.frame)
            {
                Ok(at) => {
                    next.levels[at] = next.levels[at].with(without, new, &given, self.measures);
                    if next.levels[at].is_empty() {
                        next.levels.remove(at);
                    }
                }
                Err(at) => next
                    .levels
                    .insert(at, Level::build(&mut new, &given, frame, self.measures)),
            }
        }
        next
    }

    pub(crate) fn put_head(&self, out: &mut Out) {
        out.u32(self.least);
        out.count(self.measures);
    }

    /// The rows as bytes, some in each part.
    pub(crate) fn to_parts(&self) -> Vec<Vec<u8>> {
        let parts: Vec<(Frame, i64, &[Arc<Row>])> = (self.levels.iter())
            .flat_map(|level| level.stretches().map(|(at, rows)| (level.frame, at, rows)))
            .collect();
        parts
            .into_par_iter()
            .map(|(frame, at, rows)| {
                let mut out = Out::default();
                frame.put(&mut out);
                out.i64(at);
                out.count(rows.len());
                rows.iter().for_each(|row| row.put(&mut out));
                out.0
            })
            .collect()
    }

    /// The rows of a head and parts.
    pub(crate) fn from_parts(head: &mut In<'_>, parts: &[&[u8]]) -> Result<Self, BytesError> {
        let (least, measures) = (head.u32()?, head.count()?);
        let stretches: Vec<(Frame, i64, Vec<Row>)> = parts
            .par_iter()
            .map(|part| {
                let mut from = In::new(part);
                let (frame, at, count) = (Frame::take(&mut from)?, from.i64()?, from.count()?);
                let rows = (0..count).map(|_| Row::take(&mut from, frame, measures));
                let rows = rows.collect::<Result<_, _>>()?;
                from.end()?;
                Ok((frame, at, rows))
            })
            .collect::<Result<_, BytesError>>()?;
        let mut levels: Vec<Level> = Vec::new();
        for (frame, at, rows) in stretches {
            if levels.last().is_none_or(|level| level.frame != frame) {
                if levels.last().is_some_and(|level| level.frame > frame) {
                    return Err(BytesError::Damaged);
                }
                levels.push(Level::empty(frame));
            }
            let level = levels.last_mut().expect("one was put there");
            for (row, at) in rows.into_iter().zip(at..) {
                level.put(at, Arc::new(row));
            }
        }
        Ok(Self {
            least,
            measures,
            levels,
        })
    }

    /// Number of measures of a feature.
    pub(crate) fn measures(&self) -> usize {
        self.measures
    }

    /// The levels that may have features meeting a rectangle.
    fn levels_near(&self, rect: &Rect) -> impl Iterator<Item = &Level> {
        (self.levels.iter()).filter(move |level| level.frame.may_meet(rect))
    }

    /// Hands over what counts as being in an area; `features` tells the shapes.
    pub(crate) fn within(&self, area: &Area, rule: Rule, features: &Shapes, sink: &mut impl Sink) {
        for level in self.levels_near(&area.rect()) {
            match rule {
                Rule::RepresentativePoint => level.within(area, sink),
                Rule::Intersects | Rule::Within => level.within_by(area, rule, features, sink),
            }
        }
    }

    /// Visits the key and the rectangle of each feature whose rectangle meets the given one.
    pub(crate) fn meeting(&self, rect: &Rect, mut found: impl FnMut(u32, &Rect)) {
        for level in self.levels_near(rect) {
            level.meeting(rect, &mut found);
        }
    }

    /// Whether the rectangle of any feature meets the given one.
    pub(crate) fn meets(&self, rect: &Rect) -> bool {
        self.levels_near(rect).any(|level| level.meets(rect))
    }

    /// The rectangle around all features.
    pub(crate) fn rect(&self) -> Option<Rect> {
        self.levels
            .iter()
            .filter_map(Level::rect)
            .reduce(|a, b| a.join(&b))
    }

    /// Bytes that it takes.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + self.levels.iter().map(Level::bytes).sum::<usize>()
    }
}

/// A feature's place; its measures are added to those of others.
fn item(key: u32, shape: &Shape, own: &[i64], measures: usize, all: &mut Vec<i64>) -> Item {
    assert_eq!(own.len(), measures, "every feature has all measures");
    let at = all.len();
    all.extend_from_slice(own);
    Item {
        key,
        place: shape.representative(),
        rect: shape.rect(),
        at,
    }
}

/// The largest cells that hold so few features on average, of those cells that hold any.
fn least_cell(items: &[Item], most: usize) -> u32 {
    /// About 14 m and 240 km.
    const SIZES: std::ops::RangeInclusive<u32> = 17..=31;
    let mut codes: Vec<u128> = items.iter().map(|item| interleaved(item.place)).collect();
    codes.sort_unstable();
    let few = |shift: &u32| {
        let cells = codes
            .chunk_by(|a, b| a >> (2 * shift) == b >> (2 * shift))
            .count();
        codes.len() <= most * cells
    };
    SIZES.rev().find(few).unwrap_or(*SIZES.start())
}

/// The bits of both coordinates in turn: sorted by this, a cell of any size is one run.
fn interleaved(p: Point) -> u128 {
    let spread = |value: i64| {
        // No longitude is below -2³⁸ units.
        let mut bits = u128::from((value + (1 << 38)).cast_unsigned());
        for (step, mask) in [
            (32, 0x0000_0000_ffff_ffff_0000_0000_ffff_ffff_u128),
            (16, 0x0000_ffff_0000_ffff_0000_ffff_0000_ffff),
            (8, 0x00ff_00ff_00ff_00ff_00ff_00ff_00ff_00ff),
            (4, 0x0f0f_0f0f_0f0f_0f0f_0f0f_0f0f_0f0f_0f0f),
            (2, 0x3333_3333_3333_3333_3333_3333_3333_3333),
            (1, 0x5555_5555_5555_5555_5555_5555_5555_5555),
        ] {
            bits = (bits | bits << step) & mask;
        }
        bits
    };
    spread(p.x) | spread(p.y) << 1
}
