//! Where a ring crosses or touches itself: exact, on the lattice.

use std::cmp::Ordering;

use geo::{Coord, LineString};
use yizhangtu_index::{Point, side};

/// A place where an outline meets itself that it should not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Crossing {
    /// Longitude, latitude, to the lattice unit or nearer.
    pub(super) at: Coord,
}

struct Edge {
    from: Point,
    to: Point,
    number: usize,
}

impl Edge {
    fn west(&self) -> i64 {
        self.from.x.min(self.to.x)
    }

    fn east(&self) -> i64 {
        self.from.x.max(self.to.x)
    }

    fn covers(&self, p: Point) -> bool {
        side(self.from, self.to, p) == Ordering::Equal
            && (self.west()..=self.east()).contains(&p.x)
            && (self.from.y.min(self.to.y)..=self.from.y.max(self.to.y)).contains(&p.y)
    }

    /// A point that both edges have, if they have one.
    fn meets(&self, other: &Self) -> Option<Coord> {
        let apart = |a: &Self, b: &Self| {
            let (p, q) = (side(a.from, a.to, b.from), side(a.from, a.to, b.to));
            p == q && p != Ordering::Equal
        };
        if apart(self, other) || apart(other, self) {
            return None;
        }
        for (edge, ends) in [
            (self, [other.from, other.to]),
            (other, [self.from, self.to]),
        ] {
            if let Some(end) = ends.into_iter().find(|end| edge.covers(*end)) {
                return Some(coord(end));
            }
        }
        if side(self.from, self.to, other.from) == Ordering::Equal {
            // On one line without a point in common.
            return None;
        }
        Some(crossing(self, other))
    }
}

fn coord(p: Point) -> Coord {
    Coord {
        x: p.lon(),
        y: p.lat(),
    }
}

/// Where two edges that are known to cross do so.
fn crossing(a: &Edge, b: &Edge) -> Coord {
    let (p, q, r, s) = (coord(a.from), coord(a.to), coord(b.from), coord(b.to));
    let (along, across) = (q - p, s - r);
    let below = along.x * across.y - along.y * across.x;
    let t = ((r.x - p.x) * across.y - (r.y - p.y) * across.x) / below;
    p + along * t.clamp(0.0, 1.0)
}

/// The first place where a closed ring on the lattice crosses, touches or runs back over
/// itself. `None` for a simple ring.
pub(super) fn self_crossing(ring: &LineString<f64>) -> Option<Crossing> {
    let points: Vec<Point> = ring
        .coords()
        .filter_map(|c| Point::snap(c.x, c.y))
        .collect();
    let count = points.len().saturating_sub(1);
    let mut edges: Vec<Edge> = points
        .windows(2)
        .enumerate()
        .map(|(number, pair)| Edge {
            from: pair[0],
            to: pair[1],
            number,
        })
        .collect();
    // A sweep from west to east: only edges whose extents overlap are compared.
    edges.sort_unstable_by_key(Edge::west);
    let mut open: Vec<&Edge> = Vec::new();
    let mut first: Option<(usize, Coord)> = None;
    for edge in &edges {
        open.retain(|other| other.east() >= edge.west());
        for other in &open {
            if let Some(at) = improper(edge, other, count) {
                let number = edge.number.min(other.number);
                if first.is_none_or(|(before, _)| number < before) {
                    first = Some((number, at));
                }
            }
        }
        open.push(edge);
    }
    first.map(|(_, at)| Crossing { at })
}

/// Where two edges of one ring meet otherwise than as neighbours in their common end.
fn improper(a: &Edge, b: &Edge, count: usize) -> Option<Coord> {
    let (first, second) = if a.number < b.number { (a, b) } else { (b, a) };
    let follows = first.number + 1 == second.number;
    let closes = first.number == 0 && second.number + 1 == count;
    if !follows && !closes {
        return a.meets(b);
    }
    // Neighbours share an end; any other common point means that one runs back.
    let (before, after) = if follows {
        (first, second)
    } else {
        (second, first)
    };
    (before.covers(after.to) || after.covers(before.from)).then(|| coord(after.to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::line_string;

    #[test]
    fn simple_rings_pass() {
        for ring in [
            line_string![(x: 0.0, y: 0.0), (x: 1.0, y: 0.0), (x: 1.0, y: 1.0), (x: 0.0, y: 0.0)],
            line_string![(x: 0.0, y: 0.0), (x: 4.0, y: 0.0), (x: 4.0, y: 4.0), (x: 2.0, y: 1.0), (x: 0.0, y: 4.0), (x: 0.0, y: 0.0)],
            // A vertex on a straight stretch.
            line_string![(x: 0.0, y: 0.0), (x: 1.0, y: 0.0), (x: 2.0, y: 0.0), (x: 2.0, y: 2.0), (x: 0.0, y: 0.0)],
        ] {
            assert_eq!(self_crossing(&ring), None, "{ring:?}");
        }
    }

    #[test]
    fn the_place_of_a_crossing_is_named() {
        let bow = line_string![(x: 0.0, y: 0.0), (x: 2.0, y: 2.0), (x: 2.0, y: 0.0), (x: 0.0, y: 2.0), (x: 0.0, y: 0.0)];
        assert_eq!(self_crossing(&bow).unwrap().at, Coord { x: 1.0, y: 1.0 });
        // A spike that runs out and back.
        let spike = line_string![(x: 0.0, y: 0.0), (x: 2.0, y: 0.0), (x: 2.0, y: 2.0), (x: 2.0, y: 3.0), (x: 2.0, y: 2.0), (x: 0.0, y: 2.0), (x: 0.0, y: 0.0)];
        assert!(self_crossing(&spike).is_some());
        // Two loops that touch in a vertex.
        let eight = line_string![(x: 0.0, y: 0.0), (x: 1.0, y: 1.0), (x: 2.0, y: 0.0), (x: 2.0, y: 2.0), (x: 1.0, y: 1.0), (x: 0.0, y: 2.0), (x: 0.0, y: 0.0)];
        assert_eq!(self_crossing(&eight).unwrap().at, Coord { x: 1.0, y: 1.0 });
        // All on one line.
        let flat =
            line_string![(x: 0.0, y: 0.0), (x: 1.0, y: 0.0), (x: 2.0, y: 0.0), (x: 0.0, y: 0.0)];
        assert!(self_crossing(&flat).is_some());
    }
}
