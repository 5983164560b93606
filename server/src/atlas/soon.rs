//! What is soon looked at: memory has it on its way while something else is done, so that many
//! looks wait once. Each step needs what the last one fetched.

use yizhangtu_index::Point;

use super::LayerSnapshot;

impl LayerSnapshot {
    /// What tells which areas contain a point.
    pub(crate) fn fetch_at(&self, point: Point) {
        self.index().fetch_at(point);
    }

    /// What tells where the record at a position stands.
    pub(crate) fn fetch_place(&self, position: u32) {
        self.records.fetch_place(position);
    }

    /// The record itself.
    pub(crate) fn fetch(&self, position: u32) {
        self.records.fetch(position);
    }
}
