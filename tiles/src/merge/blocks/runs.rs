//! Which chosen cells hang together.

use std::ops::Range;

use super::contour::{Cells, NONE};

/// The runs of cells of one kind in each row, and which hang together by their sides.
#[derive(Default)]
pub(super) struct Runs {
    pub(super) all: Vec<Run>,
    /// Where the runs of each row begin; at last, where all end.
    pub(super) rows: Vec<usize>,
}

/// Cells beside each other, as columns.
#[derive(Clone, Copy)]
pub(super) struct Run {
    pub(super) from: u32,
    pub(super) to: u32,
    /// A run of the same block; the block's own is its own.
    parent: u32,
    pub(super) kind: u8,
}

impl Runs {
    /// Finds the runs of some cells.
    pub(super) fn find(&mut self, cells: &Cells) {
        self.all.clear();
        self.rows.clear();
        self.rows.push(0);
        for y in 0..cells.side {
            let first = self.all.len();
            let mut at = 0;
            for cells in cells.row(y).chunk_by(|a, b| a == b) {
                let (from, to) = (at, at + cells.len() as u32);
                at = to;
                if cells[0] != NONE {
                    self.all.push(Run {
                        from,
                        to,
                        parent: self.all.len() as u32,
                        kind: cells[0],
                    });
                }
            }
            self.join(y.checked_sub(1).map_or(0, |above| self.rows[above])..first);
            self.rows.push(self.all.len());
        }
    }

    /// Joins the runs of the last row with those of the row above.
    fn join(&mut self, above: Range<usize>) {
        let (mut north, mut south) = (above.start, above.end);
        while north < above.end && south < self.all.len() {
            let (a, b) = (self.all[north], self.all[south]);
            if a.kind == b.kind && a.from < b.to && b.from < a.to {
                let (a, b) = (self.root(north), self.root(south));
                self.all[a.max(b)].parent = a.min(b) as u32;
            }
            if a.to <= b.to {
                north += 1;
            } else {
                south += 1;
            }
        }
    }

    /// The block's own run: the first of its runs.
    pub(super) fn root(&mut self, mut run: usize) -> usize {
        loop {
            let parent = self.all[run].parent as usize;
            if parent == run {
                return run;
            }
            self.all[run].parent = self.all[parent].parent;
            run = parent;
        }
    }
}
