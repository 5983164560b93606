//! One layer in memory: its records, and where they are.

use std::{collections::HashMap, sync::Arc};

use rayon::prelude::*;
use yizhangtu_data::{Id, Layer, Operation, Record};
use yizhangtu_index::{Area, Index, Near, Point, Rect, Rule, Shape};

/// A layer as it was at one sequence number. Positions count from 0 in the order of the
/// file and hold for this snapshot only; ids hold for ever.
pub(crate) struct LayerSnapshot {
    /// The layer's description.
    pub(crate) layer: Arc<Layer>,
    records: Box<[Arc<Record>]>,
    positions: HashMap<Id, u32>,
    shapes: Box<[Option<Shape>]>,
    index: Index,
}

impl LayerSnapshot {
    /// Indexes the records of a layer. A record without a geometry, or with one that has no
    /// place on the lattice, is kept and is nowhere.
    pub(crate) fn new(layer: Arc<Layer>, records: Vec<Record>) -> Self {
        let entries = records
            .into_par_iter()
            .map(|record| {
                let shape = shape(&layer, &record);
                (Arc::new(record), shape)
            })
            .collect();
        Self::from_entries(layer, entries)
    }

    fn from_entries(layer: Arc<Layer>, entries: Vec<(Arc<Record>, Option<Shape>)>) -> Self {
        let (records, shapes): (Vec<_>, Vec<_>) = entries.into_iter().unzip();
        let positions = (records.iter().zip(0..))
            .map(|(record, position)| (Arc::clone(&record.id), position))
            .collect();
        let index = Index::build(
            (shapes.iter().zip(0..))
                .filter_map(|(shape, position)| Some((position, shape.clone()?))),
        );
        Self {
            layer,
            records: records.into(),
            positions,
            shapes: shapes.into(),
            index,
        }
    }

    /// The layer after some operations, in their order. What did not change is shared.
    pub(crate) fn after<'a>(&self, operations: impl IntoIterator<Item = &'a Operation>) -> Self {
        let mut entries: Vec<Option<(Arc<Record>, Option<Shape>)>> = (self.records.iter().cloned())
            .zip(self.shapes.iter().cloned())
            .map(Some)
            .collect();
        let mut positions = self.positions.clone();
        for operation in operations {
            match operation {
                Operation::Insert(record) | Operation::Update(record) => {
                    let position = *positions.entry(Arc::clone(&record.id)).or_insert_with(|| {
                        entries.push(None);
                        u32::try_from(entries.len() - 1)
                            .expect("a layer has fewer than 2^32 features")
                    });
                    let entry = &mut entries[position as usize];
                    // A change of values alone keeps the prepared shape.
                    let shape = match entry.take() {
                        Some((old, shape)) if old.geometry == record.geometry => shape,
                        _ => shape(&self.layer, record),
                    };
                    *entry = Some((Arc::new(record.clone()), shape));
                }
                Operation::Delete(id) => {
                    if let Some(position) = positions.remove(id) {
                        entries[position as usize] = None;
                    }
                }
            }
        }
        Self::from_entries(
            Arc::clone(&self.layer),
            entries.into_iter().flatten().collect(),
        )
    }

    /// A part of the layer: the records at some positions, in their order. Records and shapes
    /// are shared.
    pub(crate) fn part(&self, positions: &[u32]) -> Self {
        let entry = |&at: &u32| (Arc::clone(self.record(at)), self.shape(at).cloned());
        Self::from_entries(
            Arc::clone(&self.layer),
            positions.iter().map(entry).collect(),
        )
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
        self.positions.get(id).copied()
    }

    /// The record at a position.
    pub(crate) fn record(&self, position: u32) -> &Arc<Record> {
        &self.records[position as usize]
    }

    /// All records in the order of the file.
    pub(crate) fn records(&self) -> &[Arc<Record>] {
        &self.records
    }

    /// Where the record at a position is; none where it is nowhere.
    pub(crate) fn shape(&self, position: u32) -> Option<&Shape> {
        self.shapes[position as usize].as_ref()
    }

    /// The smallest rectangle around the layer.
    pub(crate) fn bounds(&self) -> Option<Rect> {
        self.index.rect()
    }

    /// Positions of the areas that contain a point: at most one in a partition.
    pub(crate) fn at(&self, point: Point) -> Vec<u32> {
        self.index.at(point)
    }

    /// Positions of what meets a rectangle by its bounds.
    pub(crate) fn in_box(&self, rect: &Rect) -> Vec<u32> {
        self.index.in_box(rect)
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

fn shape(layer: &Layer, record: &Record) -> Option<Shape> {
    match Shape::new(record.geometry.as_ref()?) {
        Ok(shape) => Some(shape),
        Err(reason) => {
            tracing::warn!(layer = layer.id, id = &*record.id, %reason, "a feature has no place on the map");
            None
        }
    }
}
