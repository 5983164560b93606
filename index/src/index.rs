//! Features of any kind by key: the index of a layer.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    Area, Line, Near, Point, Rect, Rule, Shape,
    cells::{Cells, Change, NONE},
    nearest::nearest,
    rows::{Rows, Sums},
    shapes::{PackedShapes, Shapes},
    vector::{self, Vector, Work},
};

/// What is known of a feature: where it is, and what it counts.
#[derive(Clone, Debug)]
pub struct Feature {
    /// Its geometry.
    pub shape: Shape,
    /// Its measures, the same number for all features of an index: whole numbers, or exact
    /// decimals in units of their last place.
    pub measures: Arc<[i64]>,
}

impl From<Shape> for Feature {
    fn from(shape: Shape) -> Self {
        Self {
            shape,
            measures: Arc::default(),
        }
    }
}

/// One step of an edit: the feature that a key has from now on; none to take it away.
pub type Edit = (u32, Option<Feature>);

/// Features of any kind of geometry by key.
///
/// The index never changes. [`Index::after`] makes the next one, which shares all that the
/// edit does not touch, so that readers keep what they have and a change of many features
/// is seen as a whole. Keys are positions in a table: below 2³⁰ − 1, and better dense.
/// Every answer is in ascending order of keys unless it says otherwise.
#[derive(Clone, Debug, Default)]
pub struct Index {
    pub(crate) features: Shapes,
    pub(crate) cells: Cells,
    pub(crate) rows: Rows,
    /// Whether no area has cells.
    pub(crate) without_cells: bool,
    /// What is not in the cells and looked for in the rows: collections, or all there is.
    pub(crate) beside: usize,
    pub(crate) rect: Option<Rect>,
}

impl Index {
    /// Builds the index of shapes without measures. Each key stands once.
    pub fn build(shapes: impl IntoIterator<Item = (u32, Shape)>) -> Self {
        let features = shapes.into_iter().map(|(key, shape)| (key, shape.into()));
        Self::with_measures(features, 0)
    }

    /// Builds the index of features that have so many measures each. Each key stands once.
    ///
    /// # Panics
    /// When a feature has another number of measures.
    pub fn with_measures(
        features: impl IntoIterator<Item = (u32, Feature)>,
        measures: usize,
    ) -> Self {
        let mut features: Vec<(u32, Feature)> = features.into_iter().collect();
        features.sort_unstable_by_key(|(key, _)| *key);
        let areas: Vec<(u32, &Area)> = (features.iter())
            .filter_map(|(key, feature)| Some((*key, feature.shape.area()?)))
            .collect();
        let cells = Cells::build(&areas);
        let rows = Rows::build(
            features.len(),
            features
                .iter()
                .map(|(key, feature)| (*key, &feature.shape, &*feature.measures)),
            measures,
        );
        let shapes: Vec<(u32, &Shape)> = (features.iter())
            .map(|(key, feature)| (*key, &feature.shape))
            .collect();
        Self {
            without_cells: false,
            beside: (shapes.iter())
                .filter(|(_, shape)| is_several(shape))
                .count(),
            rect: rows.rect(),
            features: Shapes::build(&shapes),
            cells,
            rows,
        }
    }

    /// Gathers shapes that were packed before, each key once. It answers all that another index
    /// answers, in half the memory, but which areas contain a point it finds by their rectangles,
    /// slowly: for whoever asks for boxes, as a drawing of tiles does.
    pub fn without_cells(packed: impl IntoIterator<Item = PackedShapes>) -> Self {
        let features = Shapes::gathered(packed);
        let rows = Rows::build(
            features.len(),
            (features.iter()).map(|(key, shape)| (key, shape, &[][..])),
            0,
        );
        Self {
            without_cells: true,
            beside: features.len(),
            rect: rows.rect(),
            features,
            cells: Cells::default(),
            rows,
        }
    }

    /// The same features with other measures, so many each.
    ///
    /// # Panics
    /// When a feature is given another number of measures.
    #[must_use]
    pub fn measured(&self, measures: usize, of: impl Fn(u32) -> Arc<[i64]>) -> Self {
        let own: Vec<(u32, Shape, Arc<[i64]>)> = (self.features.iter())
            .map(|(key, shape)| (key, shape, of(key)))
            .collect();
        Self {
            rows: Rows::build(
                own.len(),
                own.iter().map(|(key, shape, own)| (*key, shape, &**own)),
                measures,
            ),
            ..self.clone()
        }
    }

    /// The features of another index with the measures that this one has, after an edit that
    /// led from this one's features to the other's. All but the measures is shared with it.
    ///
    /// # Panics
    /// As [`Index::after`].
    #[must_use]
    pub fn following(&self, other: &Self, edits: impl IntoIterator<Item = Edit>) -> Self {
        let edits: BTreeMap<u32, Option<Feature>> = edits.into_iter().collect();
        let old: Vec<(u32, Shape)> = (edits.keys())
            .filter_map(|key| Some((*key, self.features.get(*key)?)))
            .collect();
        Self {
            rows: self.rows.after(gone(&old), put(&edits)),
            ..other.clone()
        }
    }

    /// The index after an edit; of several steps with one key the last counts.
    ///
    /// # Panics
    /// When a feature has another number of measures than the others.
    #[must_use]
    pub fn after(&self, edits: impl IntoIterator<Item = Edit>) -> Self {
        let edits: BTreeMap<u32, Option<Feature>> = edits.into_iter().collect();
        let shapes = (edits.iter())
            .map(|(key, feature)| (*key, feature.as_ref().map(|feature| &feature.shape)));
        let (features, old) = self.features.with(shapes);
        let before: BTreeMap<u32, &Shape> = old.iter().map(|(key, shape)| (*key, shape)).collect();
        let mut changes = Vec::new();
        for (&key, feature) in &edits {
            let change = Change {
                key,
                before: before.get(&key).and_then(|shape| shape.area()),
                after: feature.as_ref().and_then(|feature| feature.shape.area()),
            };
            if change.before != change.after {
                changes.push(change);
            }
        }
        let edges = || -> usize {
            let counts = features.iter();
            counts
                .filter_map(|(_, shape)| Some(shape.area()?.vertex_count()))
                .sum()
        };
        let cells = if changes.is_empty() || self.without_cells {
            self.cells.clone()
        } else if self.cells.is_outgrown(&changes, edges) {
            let shapes: Vec<(u32, Shape)> = features.iter().collect();
            let areas: Vec<(u32, &Area)> = (shapes.iter())
                .filter_map(|(key, shape)| Some((*key, shape.area()?)))
                .collect();
            Cells::build(&areas)
        } else {
            (self.cells).after(&changes, |key| match features.get(key)? {
                Shape::Area(area) => Some(area),
                _ => None,
            })
        };
        let rows = self.rows.after(gone(&old), put(&edits));
        let count = |shapes: &mut dyn Iterator<Item = &Shape>| {
            shapes.filter(|shape| self.is_beside(shape)).count()
        };
        let went = count(&mut old.iter().map(|(_, shape)| shape));
        let came = count(&mut edits.values().flatten().map(|feature| &feature.shape));
        Self {
            without_cells: self.without_cells,
            beside: self.beside + came - went,
            rect: next_rect(self.rect, &old, &edits, &rows),
            features,
            cells,
            rows,
        }
    }

    /// Number of features.
    pub fn len(&self) -> usize {
        self.features.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The shape of a key. It is unpacked for whoever asks: keep it rather than ask twice.
    pub fn shape(&self, key: u32) -> Option<Shape> {
        self.features.get(key)
    }

    /// The smallest rectangle around all features.
    pub fn rect(&self) -> Option<Rect> {
        self.rect
    }

    /// The keys of all areas that contain a point, by the half-open rule: of areas that
    /// tile the land, exactly one.
    pub fn at(&self, p: Point) -> Vec<u32> {
        let mut keys = Vec::new();
        self.each_at(p, |key| keys.push(key));
        keys
    }

    /// Has what [`Index::at`] reads first fetched: whoever asks several indexes for a point waits
    /// for all of them at once.
    #[inline]
    pub fn fetch_at(&self, p: Point) {
        self.cells.fetch_at(p);
    }

    /// As [`Index::at`], without taking memory.
    #[inline]
    pub fn each_at(&self, p: Point, found: impl FnMut(u32)) {
        struct Each<'a, F>(&'a Index, Point, F);
        impl<F: FnMut(u32)> Work for Each<'_, F> {
            type Result = ();

            #[inline(always)]
            fn run(self, vector: impl Vector) {
                let Self(index, p, found) = self;
                let exact = |key| index.contains(key, p);
                index.cells.each_at(vector, p, exact, found);
            }
        }
        if self.beside > 0 {
            self.each_at_and_beside(p, found);
            return;
        }
        vector::widest(Each(self, p, found));
    }

    /// The least key of the areas that contain a point. Where areas do not overlap it is the
    /// only one, and found sooner than by [`Index::each_at`].
    #[inline]
    pub fn first_at(&self, p: Point) -> Option<u32> {
        struct First<'a>(&'a Index, Point);
        impl Work for First<'_> {
            type Result = u32;

            #[inline(always)]
            fn run(self, vector: impl Vector) -> u32 {
                let Self(index, p) = self;
                let exact = |key| index.contains(key, p);
                index.cells.first_at(vector, p, exact)
            }
        }
        if self.beside > 0 {
            return self.at(p).first().copied();
        }
        some(vector::widest(First(self, p)))
    }

    #[cold]
    fn each_at_and_beside(&self, p: Point, found: impl FnMut(u32)) {
        let mut keys = Vec::new();
        let exact = |key| self.contains(key, p);
        (self.cells).each_at(vector::Plain, p, exact, |key| keys.push(key));
        self.meeting(&Rect::of(p, p), |key| {
            if self.is_beside(&self.known(key)) && self.contains(key, p) {
                keys.push(key);
            }
        });
        keys.sort_unstable();
        keys.into_iter().for_each(found);
    }

    /// The areas that contain each of many points: `found` takes a point's position and a
    /// key, points in order. A multiple of the speed of single questions.
    pub fn each_at_all(&self, points: &[Point], mut found: impl FnMut(usize, u32)) {
        struct Each<'a, F>(&'a Index, &'a [Point], F);
        impl<F: FnMut(usize, u32)> Work for Each<'_, F> {
            type Result = ();

            #[inline(always)]
            fn run(self, vector: impl Vector) {
                let Self(index, points, found) = self;
                let exact = |key, p| index.contains(key, p);
                index.cells.each_at_all(vector, points, exact, found);
            }
        }
        if self.beside > 0 {
            for (at, &p) in points.iter().enumerate() {
                self.each_at(p, |key| found(at, key));
            }
            return;
        }
        vector::widest(Each(self, points, found));
    }

    /// As [`Index::first_at`] for many points: `found` takes each point's position and its
    /// key, points in order.
    pub fn first_at_all(&self, points: &[Point], mut found: impl FnMut(usize, Option<u32>)) {
        struct First<'a, F>(&'a Index, &'a [Point], F);
        impl<F: FnMut(usize, Option<u32>)> Work for First<'_, F> {
            type Result = ();

            #[inline(always)]
            fn run(self, vector: impl Vector) {
                let Self(index, points, mut found) = self;
                let exact = |key, p| index.contains(key, p);
                let found = |at, key| found(at, some(key));
                index.cells.first_at_all(vector, points, exact, found);
            }
        }
        if self.beside > 0 {
            for (at, &p) in points.iter().enumerate() {
                found(at, self.first_at(p));
            }
            return;
        }
        vector::widest(First(self, points, found));
    }

    #[inline(never)]
    fn contains(&self, key: u32, p: Point) -> bool {
        self.features
            .get(key)
            .is_some_and(|shape| shape.contains(p))
    }

    /// Whether a shape is looked for in the rows, not in the cells.
    fn is_beside(&self, shape: &Shape) -> bool {
        self.without_cells || is_several(shape)
    }

    fn known(&self, key: u32) -> Shape {
        self.features.known(key)
    }

    fn meeting(&self, rect: &Rect, mut found: impl FnMut(u32)) {
        self.rows.meeting(rect, |key, _| found(key));
    }

    /// The keys of all features that count as being in an area.
    pub fn within(&self, area: &Area, rule: Rule) -> Vec<u32> {
        let mut keys = Vec::new();
        self.rows.within(area, rule, &self.features, &mut keys);
        keys.sort_unstable();
        keys
    }

    /// How many features count as being in an area, and the sums of their measures.
    pub fn sums(&self, area: &Area, rule: Rule) -> Sums {
        let mut sums = Sums {
            count: 0,
            measures: vec![0; self.rows.measures()],
        };
        self.rows.within(area, rule, &self.features, &mut sums);
        sums
    }

    /// The keys of all features whose rectangle meets the given one, edges included.
    pub fn in_box(&self, rect: &Rect) -> Vec<u32> {
        let mut keys = Vec::new();
        self.meeting(rect, |key| keys.push(key));
        keys.sort_unstable();
        keys
    }

    /// How many features there are whose rectangle meets the given one, edges included.
    pub fn count_in_box(&self, rect: &Rect) -> usize {
        let mut count = 0;
        self.meeting(rect, |_| count += 1);
        count
    }

    /// Whether the rectangle of any feature meets the given one, edges included.
    pub fn any_in_box(&self, rect: &Rect) -> bool {
        self.rows.meets(rect)
    }

    /// The keys of all features that share a point with a line, boundaries included.
    pub fn along(&self, line: &Line) -> Vec<u32> {
        let mut keys = Vec::new();
        for (a, b) in line.segments() {
            self.meeting(&Rect::of(a, b), |key| {
                if self.known(key).meets_segment(a, b) {
                    keys.push(key);
                }
            });
        }
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// The nearest `k` features within a number of metres, nearest first, then by key.
    pub fn nearest(&self, p: Point, k: usize, within_m: f64) -> Vec<Near> {
        let Some(all) = self.rect().filter(|_| k > 0 && within_m >= 0.0) else {
            return Vec::new();
        };
        nearest(&self.rows, all, &self.features, p, (k, within_m))
    }

    /// Bytes that it takes, geometry included; what several shapes share is counted often.
    pub fn bytes(&self) -> usize {
        self.features.bytes() + self.cells.bytes() + self.rows.bytes()
    }
}

/// The features that an edit takes away.
fn gone(old: &[(u32, Shape)]) -> impl Iterator<Item = (u32, &Shape)> {
    old.iter().map(|(key, shape)| (*key, shape))
}

/// The features that an edit puts in.
fn put(edits: &BTreeMap<u32, Option<Feature>>) -> impl Iterator<Item = (u32, &Shape, &[i64])> {
    edits.iter().filter_map(|(key, feature)| {
        let feature = feature.as_ref()?;
        Some((*key, &feature.shape, &*feature.measures))
    })
}

/// A key as it is told.
#[inline(always)]
fn some(key: u32) -> Option<u32> {
    (key != NONE).then_some(key)
}

fn is_several(shape: &Shape) -> bool {
    matches!(shape, Shape::Several(_))
}

/// The rectangle after an edit. What held it open is looked for only when it went away.
fn next_rect(
    rect: Option<Rect>,
    old: &[(u32, Shape)],
    edits: &BTreeMap<u32, Option<Feature>>,
    rows: &Rows,
) -> Option<Rect> {
    let inner = |own: Rect| {
        rect.is_some_and(|all| {
            all.min.x < own.min.x
                && all.min.y < own.min.y
                && own.max.x < all.max.x
                && own.max.y < all.max.y
        })
    };
    if !old.iter().all(|(_, shape)| inner(shape.rect())) {
        return rows.rect();
    }
    let new = edits.values().flatten().map(|feature| feature.shape.rect());
    rect.into_iter().chain(new).reduce(|a, b| a.join(&b))
}
