//! Roads from afar: many short lines drawn as the net that they form.
//!
//! Each line is simplified for itself, its ends kept, and its vertices are moved to a grid of
//! half pixels. What then lies upon another of its kind is drawn once. All of that depends on
//! the line alone, so tiles agree along their borders; joining the pieces end to end, which
//! saves bytes, changes nothing on screen.

use super::{KindId, Sum};
use crate::{
    TileId,
    clip::Window,
    grid::{GridPoint, TilePoint},
    shape::{Kind as Part, Shape, View},
    simplify::Simplifier,
};

/// Units between the places of the grid: half a pixel of a tile drawn 512 pixels wide.
const STEP: i64 = 4;
/// Units drawn around the tile.
const BUFFER: i64 = 64;

/// The lines in and around one tile, by kind.
#[derive(Debug)]
pub(super) struct Net {
    tile: TileId,
    simplifier: Simplifier,
    /// Used for one line after the other.
    simple: Vec<GridPoint>,
    kinds: Vec<Kind>,
}

#[derive(Debug, Default)]
struct Kind {
    /// Each with its lesser end first.
    edges: Vec<(GridPoint, GridPoint)>,
    sum: Sum,
    /// The middle of a feature that counts here.
    middle: Option<GridPoint>,
}

impl Net {
    pub(super) fn new(tile: TileId, simplifier: Simplifier) -> Self {
        Self {
            tile,
            simplifier,
            simple: Vec::new(),
            kinds: Vec::new(),
        }
    }

    /// Adds the lines of a feature around a middle, and what they count for.
    pub(super) fn add(
        &mut self,
        kind: KindId,
        shape: View<'_, GridPoint>,
        middle: GridPoint,
        sum: Sum,
    ) {
        if self.kinds.len() <= kind {
            self.kinds.resize_with(kind + 1, Kind::default);
        }
        let own = &mut self.kinds[kind];
        own.sum.add(sum);
        if sum.count > 0 {
            own.middle = own.middle.max(Some(middle));
        }
        for line in shape.lines() {
            self.simple.clear();
            self.simplifier.line(line, &mut self.simple);
            let mut before = None;
            for place in self.simple.iter().copied().map(snapped) {
                if let Some(before) = before
                    && before != place
                {
                    own.edges.push((place.min(before), place.max(before)));
                }
                before = Some(place);
            }
        }
    }

    /// The net of each kind that has any in the tile. What counts here but shrinks to
    /// nothing, or runs elsewhere, counts with the first that is seen; where none is, the
    /// least line is drawn for it.
    pub(super) fn draw(self) -> Vec<(KindId, Shape<TilePoint>, Sum)> {
        let window = Window::new(self.tile, BUFFER);
        let clipped = |lines: Vec<Vec<GridPoint>>| {
            let (mut net, mut shape) = (Shape::default(), Shape::default());
            (lines.into_iter()).for_each(|line| net.add(Part::Line, line));
            window.clip(net.view(), &mut shape);
            shape
        };
        let mut hidden = Sum::default();
        let mut least = None;
        let mut drawn: Vec<(KindId, Shape<TilePoint>, Sum)> = Vec::new();
        for (at, mut kind) in self.kinds.into_iter().enumerate() {
            kind.edges.sort_unstable();
            kind.edges.dedup();
            let shape = clipped(joined(&kind.edges));
            if shape.view().is_empty() {
                hidden.add(kind.sum);
                least = least.or(kind.middle.map(|middle| (at, middle)));
            } else {
                drawn.push((at, shape, kind.sum));
            }
        }
        match (drawn.first_mut(), least) {
            (Some((.., first)), _) => first.add(hidden),
            (None, Some((kind, middle))) => {
                let end = GridPoint {
                    x: middle.x + STEP,
                    y: middle.y,
                };
                drawn.push((kind, clipped(vec![vec![middle, end]]), hidden));
            }
            (None, None) => {}
        }
        drawn
    }
}

/// The nearest place of the coarser grid.
fn snapped(point: GridPoint) -> GridPoint {
    let nearest = |units: i64| (units + STEP / 2).div_euclid(STEP) * STEP;
    GridPoint {
        x: nearest(point.x),
        y: nearest(point.y),
    }
}

/// Edges, each once, as lines that run from a place where no other or more than two meet to
/// the next such place; what is left are rings.
fn joined(edges: &[(GridPoint, GridPoint)]) -> Vec<Vec<GridPoint>> {
    let mut ends: Vec<(GridPoint, usize)> = (edges.iter().enumerate())
        .flat_map(|(at, &(a, b))| [(a, at), (b, at)])
        .collect();
    ends.sort_unstable();
    let at_place = |place: GridPoint| {
        let from = ends.partition_point(|end| end.0 < place);
        let to = ends.partition_point(|end| end.0 <= place);
        &ends[from..to]
    };
    let mut used = vec![false; edges.len()];
    let mut lines = Vec::new();
    let mut run = |start: GridPoint, first: usize| {
        let (mut line, mut place, mut edge) = (vec![start], start, first);
        while !used[edge] {
            used[edge] = true;
            let (a, b) = edges[edge];
            place = if place == a { b } else { a };
            push_straight(&mut line, place);
            let [one, other] = at_place(place) else { break };
            edge = if one.1 == edge { other.1 } else { one.1 };
        }
        if line.len() > 1 {
            lines.push(line);
        }
    };
    for &(place, edge) in &ends {
        if at_place(place).len() != 2 {
            run(place, edge);
        }
    }
    for &(place, edge) in &ends {
        run(place, edge);
    }
    lines
}

/// Adds a point to a line; one that it passes on the way, straight on, goes.
fn push_straight(line: &mut Vec<GridPoint>, point: GridPoint) {
    if let [.., a, b] = line[..] {
        let (ux, uy) = (i128::from(b.x - a.x), i128::from(b.y - a.y));
        let (vx, vy) = (i128::from(point.x - b.x), i128::from(point.y - b.y));
        if ux * vy == uy * vx && ux * vx + uy * vy > 0 {
            line.pop();
        }
    }
    line.push(point);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn point((x, y): (i64, i64)) -> GridPoint {
        GridPoint { x, y }
    }

    #[test]
    fn pieces_of_a_road_become_one_line_up_to_its_crossings() {
        let edge = |a, b| (point(a), point(b));
        let edges = [
            edge((0, 0), (4, 0)),
            edge((4, 0), (8, 0)),
            edge((8, 0), (8, 4)),
            edge((8, 0), (12, 0)),
        ];
        let lines = joined(&edges);
        assert_eq!(lines.len(), 3);
        assert!(lines.contains(&vec![point((0, 0)), point((8, 0))]));
    }

    proptest! {
        /// Every edge is walked once, in rings too, and nothing else is.
        #[test]
        fn joining_keeps_every_edge(
            pairs in prop::collection::btree_set(((0_i64..6, 0_i64..6), (0_i64..6, 0_i64..6)), 0..40),
        ) {
            // Ends on a bent grid, so that no three are on a line and none is passed over.
            let bent = |(x, y): (i64, i64)| point((1000 * x + y * y * 7 + x * x, 1000 * y + x * x * 13 + y));
            let edges: BTreeSet<_> = pairs
                .into_iter()
                .filter(|(a, b)| a != b)
                .map(|(a, b)| (bent(a).min(bent(b)), bent(a).max(bent(b))))
                .collect();
            let edges: Vec<_> = edges.into_iter().collect();
            let lines = joined(&edges);
            let mut walked: Vec<_> = lines
                .iter()
                .flat_map(|line| line.windows(2))
                .map(|ends| (ends[0].min(ends[1]), ends[0].max(ends[1])))
                .collect();
            walked.sort_unstable();
            prop_assert_eq!(walked, edges);
        }
    }
}
