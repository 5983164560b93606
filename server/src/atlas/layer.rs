//! One layer in memory: its records, and where they are.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use geo::{BoundingRect, Geometry};
use rayon::prelude::*;
use yizhangtu_data::{
    Layer, Operation, Record, measure,
    store::{GeoPackage, StoreError},
};
use yizhangtu_index::{Area, Feature, Index, Near, Point, Rect, Rule, Shape};

use super::{
    areas::Areas,
    brief::brief,
    grounds::Grounds,
    ids::Ids,
    records::{MOST_MADE, Records, Row},
};
use crate::changes::{Touched, lattice};

/// A layer as it was at one sequence number.
///
/// Positions count from 0 in the order of the file. A record keeps its position for as long
/// as changes follow one another; what is new comes behind, and what is gone leaves its
/// position empty. Ids hold for ever.
pub(crate) struct LayerSnapshot {
    /// The layer's description.
    pub(crate) layer: Arc<Layer>,
    pub(super) records: Records,
    /// Made at once where there is somebody to ask by id.
    ids: OnceLock<Ids>,
    index: Index,
    brief: Arc<[usize]>,
    areas: Areas,
    merging: OnceLock<(u8, u8)>,
    grounds: Grounds,
}

impl LayerSnapshot {
    /// Indexes the records of a layer. A record without a geometry, or with one that has no
    /// place on the lattice, is kept and is nowhere.
    pub(crate) fn new(layer: Arc<Layer>, records: Vec<Record>) -> Self {
        let entries: Vec<(Arc<Record>, Option<Shape>)> = records
            .into_par_iter()
            .map(|record| {
                let shape = shape(&layer, &record);
                (Arc::new(record), shape)
            })
            .collect();
        Self::of(layer, (0..).zip(entries))
    }

    fn of(
        layer: Arc<Layer>,
        entries: impl Iterator<Item = (u32, (Arc<Record>, Option<Shape>))>,
    ) -> Self {
        let (mut shapes, mut records) = (Vec::new(), Vec::new());
        for (position, (record, shape)) in entries {
            records.push((position, record));
            shapes.extend(shape.map(|shape| (position, shape)));
        }
        Self::restored(layer, Records::build(records), Index::build(shapes))
    }

    /// The same layer with ground that was kept of it.
    pub(super) fn with_grounds(self, grounds: Grounds) -> Self {
        Self { grounds, ..self }
    }

    /// The ground that its areas cover, as far as it is known.
    pub(crate) fn grounds(&self) -> &Grounds {
        &self.grounds
    }

    /// A layer of records and their index.
    pub(super) fn restored(layer: Arc<Layer>, records: Records, index: Index) -> Self {
        let restored = Self::drawn(layer, records, index);
        restored.ids();
        restored
    }

    /// The same for a drawing, which asks for no id: the table of ids is made with the first
    /// question.
    pub(super) fn drawn(layer: Arc<Layer>, records: Records, index: Index) -> Self {
        Self {
            brief: brief(&layer),
            layer,
            ids: OnceLock::new(),
            records,
            index,
            areas: Areas::default(),
            merging: OnceLock::new(),
            grounds: Grounds::default(),
        }
    }

    /// The layer as it was after the change of a number. It must show what the store holds, or
    /// what it held since.
    ///
    /// # Errors
    /// When the file or its history cannot be read.
    pub(crate) fn as_of(
        self: &Arc<Self>,
        store: &GeoPackage,
        sequence: u64,
    ) -> Result<Arc<Self>, StoreError> {
        let was = store.as_of(&self.layer.id, sequence)?;
        if was.is_empty() {
            return Ok(Arc::clone(self));
        }
        let operations: Vec<Operation> = was
            .into_iter()
            .map(|(id, record)| record.map_or(Operation::Delete(id), Operation::Update))
            .collect();
        Ok(Arc::new(self.after(&operations)))
    }

    /// The layer after some operations, in their order. What did not change is shared.
    pub(crate) fn after<'a>(&self, operations: impl IntoIterator<Item = &'a Operation>) -> Self {
        let (mut records, mut ids) = (self.records.clone(), self.ids().clone());
        records.let_go(MOST_MADE);
        let mut edits: BTreeMap<u32, Option<Feature>> = BTreeMap::new();
        let mut touched = Touched::default();
        for operation in operations {
            match operation {
                Operation::Insert(record) | Operation::Update(record) => {
                    let known = ids.get(&record.id, &records);
                    let position = known.unwrap_or_else(|| {
                        let next = records.end();
                        ids.insert(&record.id, next, &records);
                        next
                    });
                    let old = records.row(position).and_then(Row::geometry);
                    // A change of values alone keeps the prepared shape.
                    let moved = old.as_deref() != record.geometry.as_ref();
                    let around = [old.as_deref(), record.geometry.as_ref()];
                    touch(&mut touched, around);
                    records.set(position, Some(Arc::new(record.clone())));
                    if moved {
                        edits.insert(position, shape(&self.layer, record).map(Feature::from));
                    }
                }
                Operation::Delete(id) => {
                    if let Some(position) = ids.remove(id, &records) {
                        let old = records.row(position).and_then(Row::geometry);
                        touch(&mut touched, [old.as_deref()]);
                        records.set(position, None);
                        edits.insert(position, None);
                    }
                }
            }
        }
        Self {
            layer: Arc::clone(&self.layer),
            brief: Arc::clone(&self.brief),
            areas: self.areas.after(edits.keys(), records.end()),
            merging: OnceLock::new(),
            grounds: self.grounds.after(&touched),
            index: if edits.is_empty() {
                self.index.clone()
            } else {
                self.index.after(edits)
            },
            records,
            ids: ids.into(),
        }
    }

    fn ids(&self) -> &Ids {
        self.ids.get_or_init(|| Ids::new(&self.records))
    }

    /// A part of the layer: the records at some positions, which they keep. Records are
    /// shared.
    pub(crate) fn part(&self, positions: &[u32]) -> Self {
        let entry = |&at: &u32| (at, (Arc::clone(self.record(at)), self.shape(at)));
        Self::of(Arc::clone(&self.layer), positions.iter().map(entry))
    }

    /// Number of records.
    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    /// The record of an id.
    pub(crate) fn get(&self, id: &str) -> Option<&Arc<Record>> {
        self.position(id).map(|position| self.record(position))
    }

    /// The position of an id.
    pub(crate) fn position(&self, id: &str) -> Option<u32> {
        self.ids().get(id, &self.records)
    }

    /// All ids with their positions, in their order: nothing else of a record is read for them.
    pub(super) fn positions(&self) -> impl Iterator<Item = (u32, &str)> {
        self.records.ids()
    }

    /// The record at a position.
    ///
    /// # Panics
    /// When there is none: positions come from this snapshot.
    pub(crate) fn record(&self, position: u32) -> &Arc<Record> {
        self.records
            .get(position)
            .expect("positions come from this snapshot")
    }

    /// A look at the record at a position, which is not made for it.
    ///
    /// # Panics
    /// As [`LayerSnapshot::record`].
    pub(crate) fn row(&self, position: u32) -> Row<'_> {
        (self.records.row(position)).expect("positions come from this snapshot")
    }

    /// A look at every record with its position, in their order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (u32, Row<'_>)> {
        self.records.rows()
    }

    /// All records with their positions, in their order. Each is made for it and kept: where a few
    /// fields are enough, [`LayerSnapshot::rows`] takes a fraction of the time and no memory.
    pub(crate) fn records(&self) -> impl Iterator<Item = (u32, &Arc<Record>)> {
        self.records.iter()
    }

    /// Where the record at a position is; none where it is nowhere.
    pub(crate) fn shape(&self, position: u32) -> Option<Shape> {
        self.index.shape(position)
    }

    /// What the area at a position measures, in m² on the ellipsoid.
    pub(crate) fn area_m2(&self, position: u32) -> f64 {
        (self.areas).get(position, self.records.end(), || {
            let outline = self.row(position).geometry();
            outline.as_deref().map_or(0.0, measure::area_m2)
        })
    }

    /// The zooms below which its features are merged, and from which they are named on the map:
    /// they follow from all of it, and are reckoned once.
    pub(crate) fn merging(&self, reckon: impl FnOnce() -> (u8, u8)) -> &(u8, u8) {
        self.merging.get_or_init(reckon)
    }

    /// Around the records at some positions; none where none of them is anywhere.
    pub(crate) fn around(&self, positions: impl IntoIterator<Item = u32>) -> Option<Rect> {
        (positions.into_iter())
            .filter_map(|at| Some(self.shape(at)?.rect()))
            .reduce(|one, other| one.join(&other))
    }

    /// The index of the layer, without measures; keys are positions.
    pub(crate) fn index(&self) -> &Index {
        &self.index
    }

    /// The smallest rectangle around the layer.
    pub(crate) fn bounds(&self) -> Option<Rect> {
        self.index.rect()
    }

    /// Positions of the areas that contain a point: at most one in a partition.
    pub(crate) fn at(&self, point: Point) -> Vec<u32> {
        self.index.at(point)
    }

    /// Positions of the areas that contain each of some points: `found` takes a point's number
    /// and a position, points in order. A multiple of the speed of single questions.
    pub(crate) fn each_at(&self, points: &[Point], mut found: impl FnMut(usize, u32)) {
        match points {
            [point] => self.index.each_at(*point, |position| found(0, position)),
            _ => self.index.each_at_all(points, found),
        }
    }

    /// Positions of the fields that are told of a feature in brief, ascending.
    pub(crate) fn brief(&self) -> &[usize] {
        &self.brief
    }

    /// Positions of what meets a rectangle by its bounds.
    pub(crate) fn in_box(&self, rect: &Rect) -> Vec<u32> {
        self.index.in_box(rect)
    }

    /// How many meet a rectangle by their bounds.
    pub(crate) fn count_in_box(&self, rect: &Rect) -> usize {
        self.index.count_in_box(rect)
    }

    /// Whether anything meets a rectangle by its bounds.
    pub(crate) fn any_in_box(&self, rect: &Rect) -> bool {
        self.index.any_in_box(rect)
    }

    /// Positions of what counts as being in an area.
    pub(crate) fn within(&self, area: &Area, rule: Rule) -> Vec<u32> {
        self.index.within(area, rule)
    }

    /// The nearest `k` within a number of metres, nearest first; keys are positions.
    pub(crate) fn nearest(&self, point: Point, k: usize, within_m: f64) -> Vec<Near> {
        self.index.nearest(point, k, within_m)
    }
}

/// Takes note of where something is or was.
fn touch<'g>(touched: &mut Touched, geometries: impl IntoIterator<Item = Option<&'g Geometry>>) {
    let rects = (geometries.into_iter().flatten()).filter_map(BoundingRect::bounding_rect);
    rects.filter_map(lattice).for_each(|rect| touched.add(rect));
}

/// Where a record is; none where it is nowhere, or has no place on the lattice.
pub(super) fn shape(layer: &Layer, record: &Record) -> Option<Shape> {
    match Shape::new(record.geometry.as_ref()?) {
        Ok(shape) => Some(shape),
        Err(reason) => {
            tracing::warn!(layer = layer.id, id = &*record.id, %reason, "a feature has no place on the map");
            None
        }
    }
}
