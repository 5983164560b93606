//! Features of about one size, in rows of cells no smaller than they are.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    frame::Frame,
    row::{EMPTY, Item, Row},
};
use crate::{Rect, vector};

/// Rows of one part of the bytes.
const STRETCH: usize = 16;

/// Rows of cells of one size, in one zone. A feature is in the cell of its representative point and
/// reaches into neighbouring cells at most. Cloning shares all rows.
#[derive(Clone, Debug)]
pub(super) struct Level {
    pub(super) frame: Frame,
    first: i64,
    rows: Vec<Arc<Row>>,
}

impl Level {
    /// No rows yet.
    pub(super) fn empty(frame: Frame) -> Self {
        Self {
            frame,
            first: 0,
            rows: Vec::new(),
        }
    }

    /// Some rows after another, each time with the number of the first.
    pub(super) fn stretches(&self) -> impl Iterator<Item = (i64, &[Arc<Row>])> {
        let starts = (self.first..).step_by(STRETCH);
        starts.zip(self.rows.chunks(STRETCH))
    }

    /// Sorts features into rows: in place, for there may be millions.
    pub(super) fn build(items: &mut [Item], given: &[i64], frame: Frame, measures: usize) -> Self {
        let row = |item: &Item| item.place.y >> frame.shift;
        items.sort_unstable_by_key(row);
        let mut level = Self::empty(frame);
        for own in items.chunk_by(|a, b| row(a) == row(b)) {
            let built = Row::new(own.to_vec(), given, frame, measures);
            level.put(row(&own[0]), Arc::new(built));
        }
        level
    }

    /// The level with some keys taken away, each with its old row, and some features put in.
    pub(super) fn with(
        &self,
        without: Vec<(u32, i64)>,
        new: Vec<Item>,
        given: &[i64],
        measures: usize,
    ) -> Self {
        let mut rows: BTreeMap<i64, (Vec<u32>, Vec<Item>)> = BTreeMap::new();
        for (key, row) in without {
            rows.entry(row).or_default().0.push(key);
        }
        for item in new {
            rows.entry(item.place.y >> self.frame.shift)
                .or_default()
                .1
                .push(item);
        }
        let mut next = self.clone();
        for (at, (without, new)) in rows {
            let row = self
                .row(at)
                .with(&without, new, given, self.frame, measures);
            next.put(at, Arc::new(row));
        }
        next
    }

    pub(super) fn put(&mut self, at: i64, row: Arc<Row>) {
        if self.rows.is_empty() {
            self.first = at;
        }
        if at < self.first {
            let more = (self.first - at) as usize;
            self.rows
                .splice(0..0, std::iter::repeat_n(Arc::clone(&EMPTY), more));
            self.first = at;
        }
        let slot = (at - self.first) as usize;
        if slot >= self.rows.len() {
            self.rows.resize(slot + 1, Arc::clone(&EMPTY));
        }
        self.rows[slot] = row;
    }

    /// A row; an empty one where nothing is.
    #[inline]
    pub(super) fn row(&self, at: i64) -> &Arc<Row> {
        let slot = usize::try_from(at - self.first).ok();
        slot.and_then(|slot| self.rows.get(slot)).unwrap_or(&EMPTY)
    }

    /// The rows that may have features meeting a rectangle, as numbers.
    pub(super) fn rows_near(&self, rect: &Rect) -> std::ops::RangeInclusive<i64> {
        let last = self.first + self.rows.len() as i64 - 1;
        let low = ((rect.min.y >> self.frame.shift) - 1).max(self.first);
        let high = ((rect.max.y >> self.frame.shift) + 1).min(last);
        low..=high
    }

    /// Visits the key and the rectangle of each feature whose rectangle meets the given one.
    pub(super) fn meeting(&self, rect: &Rect, mut found: impl FnMut(u32, &Rect)) {
        for at in self.rows_near(rect) {
            vector::fetch_whole(&**self.row(at + 1));
            self.meeting_in(at, rect, &mut found);
        }
    }

    /// Whether the rectangle of any feature meets the given one.
    pub(super) fn meets(&self, rect: &Rect) -> bool {
        self.rows_near(rect).any(|at| {
            let mut any = false;
            self.meeting_in(at, rect, |_, _| any = true);
            any
        })
    }

    /// [`Level::meeting`] in one row.
    fn meeting_in(&self, at: i64, rect: &Rect, mut found: impl FnMut(u32, &Rect)) {
        let row = self.row(at);
        if !row.all.is_some_and(|all| all.meets(rect)) {
            return;
        }
        // Where the points of those lie that reach the rectangle.
        let shift = self.frame.shift;
        let near = row.reach.around(rect);
        if near.max.y >> shift < at || at < near.min.y >> shift {
            return;
        }
        let cells = row.cells(near.min.x >> shift, near.max.x >> shift);
        let items = row.items(&cells);
        row.fetch_rects(&items);
        row.each_in(&near, items, |at| {
            let own = row.rect(at);
            if own.meets(rect) {
                found(row.keys[at], &own);
            }
        });
    }

    /// The rectangle around all features.
    pub(super) fn rect(&self) -> Option<Rect> {
        self.rows
            .iter()
            .filter_map(|row| row.all)
            .reduce(|a, b| a.join(&b))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.iter().all(|row| row.is_empty())
    }

    pub(super) fn bytes(&self) -> usize {
        let own = self.rows.iter().filter(|row| !row.is_empty());
        size_of_val(&*self.rows) + own.map(|row| row.bytes() + 16).sum::<usize>()
    }
}
