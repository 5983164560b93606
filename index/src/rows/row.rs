//! One row of cells: the features whose representative points lie in it, never changed.

use super::{column::Column, frame::Frame, outline::Reach};
use crate::{
    Point, Rect,
    bytes::{BytesError, In, Out},
    vector::fetch_word,
};

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
#[derive(Debug, Default)]
pub(crate) struct Row {
    /// Column of the first cell.
    first: i64,
    /// Where each cell's features begin; one more at the end.
    starts: Box<[u32]>,
    pub(super) keys: Box<[u32]>,
    frame: Frame,
    /// Representative points, from the middle of the zone.
    xs: Box<[i32]>,
    ys: Box<[i32]>,
    /// How far the rectangles reach from the points: all features' to the west, then to the
    /// south, the east and the north.
    reaches: Box<[u32]>,
    /// The rectangles themselves instead, where features are too large for that.
    rects: Box<[Rect]>,
    /// Around all features, exactly.
    pub(super) all: Option<Rect>,
    /// The farthest of all reaches.
    pub(super) reach: Reach,
    /// Measures, of all features each.
    pub(super) values: Box<[Column]>,
    /// Sums of all cells before each, measure by measure.
    sums: Box<[i64]>,
}

/// A row without features.
pub(super) static EMPTY: std::sync::LazyLock<std::sync::Arc<Row>> =
    std::sync::LazyLock::new(|| {
        std::sync::Arc::new(Row::new(Vec::new(), &[], Frame::default(), 0))
    });

/// What a row takes over from another one, or from what is new, in order.
enum Piece {
    Old(std::ops::Range<usize>),
    New(usize),
}

impl Piece {
    /// A column of what the pieces say.
    fn column<T: Copy>(pieces: &[Self], old: &[T], new: impl Fn(usize) -> T) -> Box<[T]> {
        let mut column = Vec::with_capacity(pieces.iter().map(Self::len).sum());
        for piece in pieces {
            match piece {
                Self::Old(range) => column.extend_from_slice(&old[range.clone()]),
                Self::New(at) => column.push(new(*at)),
            }
        }
        column.into()
    }

    fn len(&self) -> usize {
        match self {
            Self::Old(range) => range.len(),
            Self::New(_) => 1,
        }
    }
}

impl Row {
    /// Sorts features into cells of a size.
    pub(super) fn new(mut items: Vec<Item>, given: &[i64], frame: Frame, measures: usize) -> Self {
        sort(&mut items, frame.shift);
        let pieces: Vec<Piece> = (0..items.len()).map(Piece::New).collect();
        Self::default().merged(&pieces, &items, given, frame, measures)
    }

    /// The row with some keys taken away and some features put in.
    pub(super) fn with(
        &self,
        without: &[u32],
        mut new: Vec<Item>,
        given: &[i64],
        frame: Frame,
        measures: usize,
    ) -> Self {
        sort(&mut new, frame.shift);
        let mut gone: Vec<usize> = (without.iter())
            .filter_map(|key| self.keys.iter().position(|own| own == key))
            .collect();
        gone.sort_unstable();
        let (mut pieces, mut from) = (Vec::with_capacity(2 * (gone.len() + new.len()) + 1), 0);
        let mut gone = gone.into_iter().peekable();
        let mut keep = |pieces: &mut Vec<Piece>, to: usize| {
            while let Some(at) = gone.next_if(|at| *at < to) {
                pieces.push(Piece::Old(from..at));
                from = at + 1;
            }
            pieces.push(Piece::Old(from..to));
            from = to;
        };
        for (at, item) in new.iter().enumerate() {
            keep(&mut pieces, self.place_of(item, frame.shift));
            pieces.push(Piece::New(at));
        }
        keep(&mut pieces, self.keys.len());
        self.merged(&pieces, &new, given, frame, measures)
    }

    /// Before which of the row's features a new one stands.
    fn place_of(&self, item: &Item, shift: u32) -> usize {
        let column = item.place.x >> shift;
        let own = self.items(&self.cells(column, column));
        own.start + self.keys[own].partition_point(|key| *key < item.key)
    }

    /// A row of what the pieces say.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a feature is no larger than a cell, and a row has fewer cells than 2^32"
    )]
    fn merged(
        &self,
        pieces: &[Piece],
        new: &[Item],
        given: &[i64],
        frame: Frame,
        measures: usize,
    ) -> Self {
        let (shift, middle) = (frame.shift, frame.middle());
        let xs = Piece::column(pieces, &self.xs, |at| frame.offset(new[at].place)[0]);
        let count = xs.len();
        let column = |x: i32| (middle.x + i64::from(x)) >> shift;
        let first = xs.first().map_or(0, |&x| column(x));
        let last = xs.last().map_or(-1, |&x| column(x));
        let cells = (last - first + 1) as usize;
        let mut starts = vec![0_u32; cells + 1];
        for &x in &xs {
            starts[(column(x) - first) as usize + 1] += 1;
        }
        for at in 0..cells {
            starts[at + 1] += starts[at];
        }
        let mut values = Vec::with_capacity(measures);
        let mut sums = Vec::with_capacity(measures * (cells + 1));
        for measure in 0..measures {
            let old = self.values.get(measure).map(Column::all);
            let old = old.unwrap_or_default();
            let own = Piece::column(pieces, &old, |at| given[new[at].at + measure]);
            let mut sum = 0;
            sums.push(0);
            for cell in starts.windows(2) {
                sum += own[cell[0] as usize..cell[1] as usize].iter().sum::<i64>();
                sums.push(sum);
            }
            values.push(Column::new(&own));
        }
        let near = shift < 32;
        let ways = self.ways();
        let mut all_reaches = Vec::with_capacity(if near { 4 * count } else { 0 });
        for way in (0..4).filter(|_| near) {
            let own = Piece::column(pieces, ways[way], |at| reaches(&new[at])[way] as u32);
            all_reaches.extend_from_slice(&own);
        }
        let mut row = Self {
            first,
            starts: starts.into(),
            keys: Piece::column(pieces, &self.keys, |at| new[at].key),
            ys: Piece::column(pieces, &self.ys, |at| frame.offset(new[at].place)[1]),
            xs,
            frame,
            reaches: all_reaches.into(),
            rects: if near {
                Box::default()
            } else {
                Piece::column(pieces, &self.rects, |at| new[at].rect)
            },
            all: None,
            reach: Reach::default(),
            values: values.into(),
            sums: sums.into(),
        };
        row.all = row.around();
        row.reach = row.farthest();
        row
    }

    /// The rectangle around all features.
    fn around(&self) -> Option<Rect> {
        let each = (0..self.keys.len()).map(|at| self.rect(at));
        each.reduce(|a, b| a.join(&b))
    }

    /// The farthest that any rectangle reaches each way.
    fn farthest(&self) -> Reach {
        if self.reaches.is_empty() {
            let each = self.rects.iter().enumerate();
            return (each.map(|(at, rect)| Reach::of(self.place(at), rect)))
                .fold(Reach::default(), Reach::join);
        }
        let [west, south, east, north] = self
            .ways()
            .map(|way| way.iter().copied().max().map_or(0, i64::from));
        Reach {
            west,
            south,
            east,
            north,
        }
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

    /// The representative point of a feature.
    pub(super) fn place(&self, at: usize) -> Point {
        let middle = self.frame.middle();
        Point {
            x: middle.x + i64::from(self.xs[at]),
            y: middle.y + i64::from(self.ys[at]),
        }
    }

    /// The representative points of some features. Lattice values are whole numbers below 2⁵³,
    /// exact in a double.
    #[inline(always)]
    #[expect(clippy::cast_precision_loss, reason = "whole numbers below 2^53")]
    pub(super) fn places(&self, items: std::ops::Range<usize>) -> impl Iterator<Item = (f64, f64)> {
        let middle = self.frame.middle();
        let (x, y) = (middle.x as f64, middle.y as f64);
        let offsets = self.xs[items.clone()].iter().zip(&self.ys[items]);
        offsets.map(move |(&east, &north)| (x + f64::from(east), y + f64::from(north)))
    }

    /// Visits those of some features whose representative points lie in a rectangle.
    #[inline]
    #[expect(clippy::cast_precision_loss, reason = "whole numbers below 2^53")]
    pub(super) fn each_in(
        &self,
        rect: &Rect,
        items: std::ops::Range<usize>,
        mut visit: impl FnMut(usize),
    ) {
        let (west, east) = (rect.min.x as f64, rect.max.x as f64);
        let (south, north) = (rect.min.y as f64, rect.max.y as f64);
        for (at, (x, y)) in items.clone().zip(self.places(items)) {
            if (west <= x) & (x <= east) & (south <= y) & (y <= north) {
                visit(at);
            }
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

    /// Has the keys and rectangles of some features fetched, as far as they are side by side: which
    /// of them are read is known once their points are.
    #[inline]
    pub(super) fn fetch_rects(&self, items: &std::ops::Range<usize>) {
        /// Numbers of a line of memory.
        const LINE: usize = 16;
        if items.len() > 2 * LINE {
            return;
        }
        for numbers in self.ways().into_iter().chain([&*self.keys]) {
            fetch_word(numbers, items.start);
            fetch_word(numbers, items.start + LINE);
        }
    }

    /// How far the rectangles reach to the west, south, east and north; nothing where they are
    /// kept as they are.
    #[inline(always)]
    pub(super) fn ways(&self) -> [&[u32]; 4] {
        let count = self.reaches.len() / 4;
        [0, 1, 2, 3].map(|way| &self.reaches[way * count..(way + 1) * count])
    }

    pub(super) fn put(&self, out: &mut Out) {
        out.i64(self.first);
        out.u32s(&self.starts);
        out.u32s(&self.keys);
        out.i32s(&self.xs);
        out.i32s(&self.ys);
        out.u32s(&self.reaches);
        out.count(self.rects.len());
        self.rects.iter().for_each(|rect| rect.put(out));
        out.count(self.values.len());
        self.values.iter().for_each(|own| own.put(out));
        out.i64s(&self.sums);
    }

    /// Reads a row of features with so many measures.
    pub(super) fn take(
        from: &mut In<'_>,
        frame: Frame,
        measures: usize,
    ) -> Result<Self, BytesError> {
        let mut row = Self {
            first: from.i64()?,
            starts: from.u32s()?.collect(),
            keys: from.u32s()?.collect(),
            frame,
            xs: from.i32s()?.collect(),
            ys: from.i32s()?.collect(),
            reaches: from.u32s()?.collect(),
            ..Self::default()
        };
        let rects = from.count()?;
        row.rects = (0..rects)
            .map(|_| Rect::take(from))
            .collect::<Result<_, _>>()?;
        let columns = from.count()?;
        row.values = (0..columns)
            .map(|_| Column::take(from))
            .collect::<Result<_, _>>()?;
        row.sums = from.i64s()?.collect();
        let (count, cells) = (row.keys.len(), row.starts.len());
        let whole = row.starts.first() == Some(&0)
            && row.starts.is_sorted()
            && row.starts.last().is_some_and(|&end| end as usize == count)
            && row.xs.len() == count
            && row.ys.len() == count
            && (row.reaches.len() == 4 * count || row.rects.len() == count)
            && row.values.iter().all(|own| own.len() == count)
            && (count == 0 || row.values.len() == measures && row.sums.len() == measures * cells);
        if !whole {
            return Err(BytesError::Damaged);
        }
        row.all = row.around().filter(|_| count > 0);
        row.reach = row.farthest();
        Ok(row)
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
            + self.values.iter().map(Column::bytes).sum::<usize>()
            + size_of_val(&*self.sums)
    }
}

fn sort(items: &mut [Item], shift: u32) {
    items.sort_unstable_by_key(|item| (item.place.x >> shift, item.key));
}

/// How far a feature reaches from its point: west, south, east, north.
fn reaches(item: &Item) -> [i64; 4] {
    let reach = Reach::of(item.place, &item.rect);
    [reach.west, reach.south, reach.east, reach.north]
}
