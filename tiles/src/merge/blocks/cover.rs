//! How much of each cell is covered, by sampling at fixed places of the world grid.

use std::ops::Range;

use super::{CELL, plane::Plane};
use crate::{
    grid::{GridPoint, Lattice},
    ring,
    shape::Polygon,
};

/// Units between samples.
const STEP: i64 = 2;
/// Samples in a cell: what a wholly covered one counts.
pub(super) const FULL: u8 = ((CELL / STEP) * (CELL / STEP)) as u8;

/// Covered samples of each cell of a square.
#[derive(Debug)]
pub(super) struct Cover {
    /// Cells along a side.
    pub(super) side: usize,
    /// Row by row.
    pub(super) cells: Plane,
    /// Twice the area in square units of what is too small to be sampled; empty where nothing is.
    dust: Vec<u32>,
    /// The north-west corner on the world grid.
    origin: (i64, i64),
    /// Used for one polygon after the other: row and column of samples, in one number.
    crossings: Vec<u64>,
}

impl Cover {
    pub(super) fn new(origin: (i64, i64), side: usize) -> Self {
        Self {
            side,
            cells: Plane::of(0, side * side),
            dust: Vec::new(),
            origin,
            crossings: Vec::new(),
        }
    }

    /// Whether a point lies in the square; each lies in exactly one.
    pub(super) fn holds(&self, at: (i64, i64)) -> bool {
        self.cell(at).is_some()
    }

    /// The cell of a point in the square.
    fn cell(&self, (x, y): (i64, i64)) -> Option<usize> {
        let along = |units: i64, from: i64| {
            let cell = usize::try_from((units - from).div_euclid(CELL)).ok()?;
            (cell < self.side).then_some(cell)
        };
        Some(along(y, self.origin.1)? * self.side + along(x, self.origin.0)?)
    }

    /// Adds what a polygon covers.
    pub(super) fn add(&mut self, polygon: &Polygon<'_, GridPoint>) {
        let Some([low, high]) = ring::extent(polygon.exterior) else {
            return;
        };
        let samples = i64::try_from(self.side).unwrap_or_default() * (CELL / STEP);
        let along = |axis: fn((i64, i64)) -> i64| {
            let from = axis(self.origin);
            first(axis(low) - from)..first(axis(high) - from)
        };
        let (rows, columns) = (along(|(_, y)| y), along(|(x, _)| x));
        let within = |all: &Range<i64>| all.start.max(0)..all.end.min(samples);
        let mut crossings = std::mem::take(&mut self.crossings);
        sample(
            polygon,
            self.origin,
            within(&rows),
            0..samples,
            &mut crossings,
        );
        let mut sampled = false;
        for (row, run) in runs(&crossings) {
            self.count(run, row);
            sampled = true;
        }
        // What lies between the samples here may hold some of the square beside.
        if let Some(cell) = self.cell(low).filter(|_| !sampled) {
            let beyond = rows.end > samples || columns.end > samples;
            if beyond {
                sample(polygon, self.origin, rows, columns, &mut crossings);
            }
            if !beyond || runs(&crossings).next().is_none() {
                self.gather(cell, polygon.exterior);
            }
        }
        self.crossings = crossings;
    }

    /// Keeps the area of a polygon between the samples for a cell.
    fn gather(&mut self, cell: usize, exterior: &[GridPoint]) {
        let area = u32::try_from(ring::doubled_area(exterior)).unwrap_or_default();
        if self.dust.is_empty() {
            self.dust = vec![0; self.side * self.side];
        }
        let dust = &mut self.dust[cell];
        *dust = dust.saturating_add(area);
    }

    /// Turns what was gathered into samples: each stands for [`STEP`] by [`STEP`] units.
    pub(super) fn settle(&mut self) {
        for (cell, dust) in self.cells.iter_mut().zip(&mut self.dust) {
            if *dust > 0 {
                let samples = std::mem::take(dust).div_ceil((2 * STEP * STEP) as u32);
                let sum = u32::from(*cell).saturating_add(samples);
                *cell = u8::try_from(sum).unwrap_or(FULL).min(FULL);
            }
        }
    }

    /// Adds a run of samples of one row.
    fn count(&mut self, columns: Range<i64>, row: i64) {
        const ACROSS: i64 = CELL / STEP;
        let cell = |sample: i64| usize::try_from(sample / ACROSS).unwrap_or_default();
        let (west, east, y) = (cell(columns.start), cell(columns.end - 1), cell(row));
        for x in west..=east {
            let first = i64::try_from(x).unwrap_or_default() * ACROSS;
            let run = columns.end.min(first + ACROSS) - columns.start.max(first);
            let known = &mut self.cells[y * self.side + x];
            // Where houses overlap, the ground is not covered twice.
            *known = known.saturating_add(run as u8).min(FULL);
        }
    }
}

/// Finds where a polygon's outline crosses rows of samples, within some columns: row and column in
/// one number, ascending.
fn sample(
    polygon: &Polygon<'_, GridPoint>,
    origin: (i64, i64),
    rows: Range<i64>,
    columns: Range<i64>,
    crossings: &mut Vec<u64>,
) {
    crossings.clear();
    for ring in polygon.rings() {
        cross(ring, origin, &rows, |row, x| {
            let column = first(x - origin.0).clamp(columns.start, columns.end);
            crossings.push(row.unsigned_abs() << 32 | column.unsigned_abs());
        });
    }
    crossings.sort_unstable();
}

/// The runs of samples between crossings: an outline crosses a row an even number of times.
fn runs(crossings: &[u64]) -> impl Iterator<Item = (i64, Range<i64>)> {
    crossings.chunks_exact(2).filter_map(|pair| {
        let [from, to] = [pair[0], pair[1]].map(|crossing| i64::from(crossing as u32));
        (from < to).then(|| ((pair[0] >> 32).cast_signed(), from..to))
    })
}

/// The first row or column whose sample lies at or beyond a coordinate; samples lie in the
/// middle of their step.
fn first(units: i64) -> i64 {
    (units + STEP - 2).div_euclid(STEP)
}

/// Tells where a ring crosses rows of samples: the row, and the least whole x at or beyond the
/// crossing.
fn cross(
    ring: &[GridPoint],
    origin: (i64, i64),
    rows: &Range<i64>,
    mut crossing: impl FnMut(i64, i64),
) {
    let Some(last) = ring.last() else { return };
    let mut a = last.xy();
    for point in ring {
        let b = point.xy();
        let (low, high) = if a.1 < b.1 { (a, b) } else { (b, a) };
        a = b;
        let crossed =
            first(low.1 - origin.1).max(rows.start)..first(high.1 - origin.1).min(rows.end);
        if crossed.is_empty() {
            continue;
        }
        // From row to row the crossing moves on by the same: whole units and a part of the rise.
        let (run, rise) = (high.0 - low.0, high.1 - low.1);
        let down = origin.1 + crossed.start * STEP + 1 - low.1;
        let (mut whole, mut part) = match down.checked_mul(run) {
            Some(over) => (over.div_euclid(rise), over.rem_euclid(rise)),
            // A continent, seen from near.
            None => {
                let (over, rise) = (i128::from(down) * i128::from(run), i128::from(rise));
                let narrow = |units: i128| i64::try_from(units).unwrap_or_default();
                (narrow(over.div_euclid(rise)), narrow(over.rem_euclid(rise)))
            }
        };
        let (step, more) = ((STEP * run).div_euclid(rise), (STEP * run).rem_euclid(rise));
        for row in crossed {
            crossing(row, low.0 + whole + i64::from(part > 0));
            (whole, part) = (whole + step, part + more);
            if part >= rise {
                (whole, part) = (whole + 1, part - rise);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covered(points: &[(i64, i64)]) -> Plane {
        let mut cover = Cover::new((0, 0), 2);
        let exterior: Vec<_> = points.iter().map(|&(x, y)| GridPoint { x, y }).collect();
        cover.add(&Polygon {
            exterior: &exterior,
            holes: Vec::new(),
        });
        cover.cells
    }

    #[test]
    fn a_cell_is_covered_by_its_share() {
        assert_eq!(
            covered(&[(0, 0), (8, 0), (8, 8), (0, 8)])[..],
            [16, 0, 0, 0]
        );
        assert_eq!(
            covered(&[(0, 0), (12, 0), (12, 4), (0, 4)])[..],
            [8, 4, 0, 0]
        );
        assert_eq!(
            covered(&[(-99, -99), (99, -99), (99, 99), (-99, 99)])[..],
            [16; 4]
        );
        assert_eq!(covered(&[(4, 4), (12, 4), (12, 12), (4, 12)])[..], [4; 4]);
    }

    #[test]
    fn what_lies_between_the_samples_gathers() {
        let mut cover = Cover::new((0, 0), 2);
        for x in 10..16 {
            let corners = [(x, 0), (x + 1, 0), (x + 1, 1), (x, 1)];
            cover.add(&Polygon {
                exterior: &corners.map(|(x, y)| GridPoint { x, y }),
                holes: Vec::new(),
            });
        }
        cover.settle();
        // Six square units: one sample and a half.
        assert_eq!(cover.cells[..], [0, 2, 0, 0]);
    }

    #[test]
    fn a_hole_is_not_covered() {
        let mut cover = Cover::new((0, 0), 1);
        let ring = |points: [(i64, i64); 4]| points.map(|(x, y)| GridPoint { x, y });
        cover.add(&Polygon {
            exterior: &ring([(0, 0), (8, 0), (8, 8), (0, 8)]),
            holes: vec![&ring([(2, 2), (2, 6), (6, 6), (6, 2)])],
        });
        assert_eq!(cover.cells[..], [12]);
    }
}
