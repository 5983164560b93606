//! One row of cells: the features whose representative points lie in it, never changed.

use super::outline::Reach;
use crate::{Point, Rect};

/// A feature's place, and what it counts.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) key: u32,
    pub(super) place: Point,
    pub(super) rect: Rect,
    /// Where its measures begin among those handed over with it.
    pub(super) at: usize,
}

/// Features of a row, west to east by cell and by key within a cell, column by column.
#[derive(Debug)]
pub(crate) struct Row {
    /// Column of the first cell.
    first: i64,
    /// Where each cell's features begin; one more at the end.
    starts: Box<[u32]>,
    pub(super) keys: Box<[u32]>,
    /// Representative points. Lattice values are whole numbers below 2⁵³, exact in a double.
    pub(super) xs: Box<[f64]>,
    pub(super) ys: Box<[f64]>,
    /// How far the rectangles reach from the points: all features' to the west, then to the
    /// south, the east and the north.
    reaches: Box<[u32]>,
    /// The rectangles themselves instead, where features are too large for that.
    rects: Box<[Rect]>,
    /// Around all features, exactly.
    pub(super) all: Option<Rect>,
    /// The farthest of all reaches.
    pub(super) reach: Reach,
    /// Measures, all features' first, then all features' second, and so on.
    values: Box<[i64]>,
    /// Sums of all cells before each, measure by measure as the values.
    sums: Box<[i64]>,
}

/// A row without features.
pub(super) static EMPTY: std::sync::LazyLock<std::sync::Arc<Row>> =
    std::sync::LazyLock::new(|| std::sync::Arc::new(Row::new(Vec::new(), &[], 0, 0)));

impl Row {
    /// Sorts features into cells of a size.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "lattice values are exact in a double, and a feature is no larger than a cell"
    )]
    pub(super) fn new(mut items: Vec<Item>, given: &[i64], shift: u32, measures: usize) -> Self {
        items.sort_unstable_by_key(|item| (item.place.x >> shift, item.key));
        let first = items.first().map_or(0, |item| item.place.x >> shift);
        let last = items.last().map_or(-1, |item| item.place.x >> shift);
        let cells = (last - first + 1) as usize;
        let mut starts = vec![0_u32; cells + 1];
        for item in &items {
            starts[((item.place.x >> shift) - first) as usize + 1] += 1;
        }
        for at in 0..cells {
            starts[at + 1] += starts[at];
        }
        let mut values = Vec::with_capacity(measures * items.len());
        let mut sums = Vec::with_capacity(measures * (cells + 1));
        for measure in 0..measures {
            values.extend(items.iter().map(|item| given[item.at + measure]));
            let own = &values[measure * items.len()..];
            let mut sum = 0;
            sums.push(0);
            for cell in starts.windows(2) {
                sum += own[cell[0] as usize..cell[1] as usize].iter().sum::<i64>();
                sums.push(sum);
            }
        }
        let (near, far) = if shift < 32 {
            (&*items, &[][..])
        } else {
            (&[][..], &*items)
        };
        Self {
            first,
            starts: starts.into(),
            keys: items.iter().map(|item| item.key).collect(),
            xs: items.iter().map(|item| item.place.x as f64).collect(),
            ys: items.iter().map(|item| item.place.y as f64).collect(),
            reaches: (0..4)
                .flat_map(|way| near.iter().map(move |item| reaches(item)[way] as u32))
                .collect(),
            reach: (items.iter().map(reaches))
                .map(|[west, south, east, north]| Reach {
                    west,
                    south,
                    east,
                    north,
                })
                .fold(Reach::default(), Reach::join),
            rects: far.iter().map(|item| item.rect).collect(),
            all: items.iter().map(|item| item.rect).reduce(|a, b| a.join(&b)),
            values: values.into(),
            sums: sums.into(),
        }
    }

    /// The row with some keys taken away and some features put in.
    pub(super) fn with(
        &self,
        without: &[u32],
        new: Vec<Item>,
        given: &[i64],
        shift: u32,
        measures: usize,
    ) -> Self {
        let mut all = Vec::with_capacity((self.keys.len() + new.len()) * measures);
        let mut items = Vec::with_capacity(self.keys.len() + new.len());
        for item in new {
            let at = all.len();
            all.extend_from_slice(&given[item.at..item.at + measures]);
            items.push(Item { at, ..item });
        }
        for at in (0..self.keys.len()).filter(|&at| !without.contains(&self.keys[at])) {
            items.push(Item {
                key: self.keys[at],
                place: self.place(at),
                rect: self.rect(at),
                at: all.len(),
            });
            all.extend((0..measures).map(|measure| self.value(measure, at)));
        }
        Self::new(items, &all, shift, measures)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The cells from one column to another as far as the row has them, as numbers of cells.
    pub(super) fn cells(&self, west: i64, east: i64) -> std::ops::Range<usize> {
        let cells = self.starts.len() as i64 - 1;
        let start = (west - self.first).clamp(0, cells);
        let end = (east + 1 - self.first).clamp(start, cells);
        start as usize..end as usize
    }

    /// The features of some cells.
    #[inline]
    pub(super) fn items(&self, cells: &std::ops::Range<usize>) -> std::ops::Range<usize> {
        self.starts[cells.start] as usize..self.starts[cells.end] as usize
    }

    /// Adds the sums of some cells.
    #[inline]
    pub(super) fn add_sums(&self, cells: &std::ops::Range<usize>, to: &mut [i128]) {
        let own = self.sums.chunks_exact(self.starts.len());
        for (to, sums) in to.iter_mut().zip(own) {
            *to += i128::from(sums[cells.end] - sums[cells.start]);
        }
    }

    /// All values of a measure.
    #[inline]
    pub(super) fn values(&self, measure: usize) -> &[i64] {
        &self.values[measure * self.keys.len()..(measure + 1) * self.keys.len()]
    }

    fn value(&self, measure: usize, at: usize) -> i64 {
        self.values[measure * self.keys.len() + at]
    }

    /// The representative point of a feature.
    #[expect(clippy::cast_possible_truncation, reason = "whole numbers below 2^53")]
    pub(super) fn place(&self, at: usize) -> Point {
        Point {
            x: self.xs[at] as i64,
            y: self.ys[at] as i64,
        }
    }

    /// The rectangle around a feature.
    pub(super) fn rect(&self, at: usize) -> Rect {
        if self.reaches.is_empty() {
            return self.rects[at];
        }
        let Point { x, y } = self.place(at);
        let [west, south, east, north] = self.ways().map(|way| i64::from(way[at]));
        Rect {
            min: Point {
                x: x - west,
                y: y - south,
            },
            max: Point {
                x: x + east,
                y: y + north,
            },
        }
    }

    /// How far the rectangles reach to the west, south, east and north; nothing where they are
    /// kept as they are.
    #[inline(always)]
    pub(super) fn ways(&self) -> [&[u32]; 4] {
        let count = self.reaches.len() / 4;
        [0, 1, 2, 3].map(|way| &self.reaches[way * count..(way + 1) * count])
    }

    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>()
            + size_of_val(&*self.starts)
            + size_of_val(&*self.keys)
            + size_of_val(&*self.xs)
            + size_of_val(&*self.ys)
            + size_of_val(&*self.reaches)
            + size_of_val(&*self.rects)
            + size_of_val(&*self.values)
            + size_of_val(&*self.sums)
    }
}

/// How far a feature reaches from its point: west, south, east, north.
fn reaches(Item { place, rect, .. }: &Item) -> [i64; 4] {
    [
        place.x - rect.min.x,
        place.y - rect.min.y,
        rect.max.x - place.x,
        rect.max.y - place.y,
    ]
}
