//! The representative point of polygons.
//!
//! The rule is that of JTS's and GEOS's `InteriorPointArea`, done in integers, so that
//! other programs choose the same point to within a lattice unit.

use crate::Point;

/// The best point found so far, over the polygons of one area.
#[derive(Default)]
pub(crate) struct Interior {
    best: Option<(i64, Point)>,
}

impl Interior {
    /// Considers one polygon: its outer ring and holes, each closed.
    pub(crate) fn offer<'a>(&mut self, rings: impl Iterator<Item = &'a [Point]> + Clone) {
        let ys = || rings.clone().flatten().map(|p| p.y);
        let (Some(low), Some(high)) = (ys().min(), ys().max()) else {
            return;
        };
        let middle = low + (high - low) / 2;
        let below = ys().filter(|&y| y <= middle).max().unwrap_or(low);
        let above = ys().filter(|&y| y > middle).min().unwrap_or(high);
        let found = widest(rings.clone(), below + (above - below) / 2).or_else(|| {
            // A sliver without a lattice point on that line: try beside every vertex.
            let mut tries: Vec<i64> = ys().collect();
            tries.sort_unstable();
            tries.dedup();
            tries.windows(2).find_map(|pair| {
                widest(rings.clone(), pair[0])
                    .or_else(|| widest(rings.clone(), pair[0] + (pair[1] - pair[0]) / 2))
            })
        });
        if let Some((width, point)) = found
            && self.best.is_none_or(|(best, _)| width > best)
        {
            self.best = Some((width, point));
        }
    }

    /// The point, where a polygon holds one of the lattice's.
    pub(crate) fn point(&self) -> Option<Point> {
        self.best.map(|(_, point)| point)
    }
}

/// Width and middle of the widest stretch inside on one line of latitude. A stretch runs
/// from the first lattice point that the half-open rule gives to the polygon to the last.
fn widest<'a>(rings: impl Iterator<Item = &'a [Point]>, y: i64) -> Option<(i64, Point)> {
    let mut crossings = Vec::new();
    for ring in rings {
        for edge in ring.windows(2) {
            let (a, b) = (edge[0], edge[1]);
            if (a.y <= y) == (b.y <= y) {
                continue;
            }
            let (low, high) = if a.y < b.y { (a, b) } else { (b, a) };
            let run = i128::from(high.x - low.x) * i128::from(y - low.y);
            let rise = i128::from(high.y - low.y);
            // The first lattice point on the edge or east of it.
            let east = -(-run).div_euclid(rise);
            crossings.push(
                low.x + i64::try_from(east).expect("a crossing lies between the edge's ends"),
            );
        }
    }
    crossings.sort_unstable();
    let mut best: Option<(i64, Point)> = None;
    for pair in crossings.chunks_exact(2) {
        let width = pair[1] - pair[0];
        if width > 0 && best.is_none_or(|(widest, _)| width > widest) {
            let x = pair[0] + width / 2;
            best = Some((width, Point { x, y }));
        }
    }
    best
}
