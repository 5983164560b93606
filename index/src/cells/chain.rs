//! The edges of a cell as chains of corners, in the cell's own units.
//!
//! Corners are floored, and edges are cut where they leave the cell with its margin. An edge
//! that leaves through the east side would end there for a ray towards the east, and the
//! count would change with the latitude although nothing lies there. So its chain goes on
//! along the margin's east side up to the north: the count then changes across the edges
//! in the cell and nowhere else.

use super::cell::{Cell, MARGIN};
use crate::Point;

/// Most steps of all chains of a cell: one bit each in a mask, whose first is no step's.
pub(super) const MOST_STEPS: usize = 31;

/// Added to coordinates, so that those in the margin are not negative.
pub(super) const BIAS: i64 = 4;

/// The chains of a cell, one after the other.
#[derive(Debug, Default)]
pub(super) struct Chains {
    /// Corners: x in the low half, y in the high one. A step leads from each to the next;
    /// those from one chain to another are no edge's.
    pub(super) corners: Vec<u32>,
    /// Edges, as positions in what was given, and the bit of a step; no bit where an edge is
    /// too short for one. An edge may stand here several times.
    pub(super) steps: Vec<(u32, u32)>,
}

/// What a cell knows of one edge.
#[derive(Clone, Copy)]
struct Piece {
    edge: u32,
    /// The ends as given.
    ends: [Point; 2],
    /// The ends in the cell.
    places: [End; 2],
}

/// An end of a cut edge, and through which side it was cut.
#[derive(Clone, Copy, Debug)]
struct End {
    x: i64,
    y: i64,
    cut: Cut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    None,
    East,
    Other,
}

impl Chains {
    /// Links the edges that come near a cell. Nothing where they take too many steps.
    pub(super) fn link(cell: &Cell, edges: impl Iterator<Item = (Point, Point)>) -> Option<Self> {
        let mut pieces = Vec::with_capacity(MOST_STEPS);
        pieces.extend((edges.zip(0..)).filter_map(|((a, b), edge)| Piece::new(cell, edge, a, b)));
        let mut chains = Self {
            corners: Vec::with_capacity(MOST_STEPS + 1),
            steps: Vec::with_capacity(2 * MOST_STEPS),
        };
        while !pieces.is_empty() {
            // A chain begins where nothing goes on, or anywhere on a ring.
            let free = |from: &Piece, end: usize| {
                from.places[end].cut != Cut::None
                    || !(pieces.iter()).any(|other| {
                        other.edge != from.edge && other.ends.contains(&from.ends[end])
                    })
            };
            let start = (pieces.iter().enumerate()).find_map(|(at, piece)| {
                let end = [0, 1].into_iter().find(|&end| free(piece, end))?;
                Some((at, end))
            });
            chains.follow(cell, &mut pieces, start.unwrap_or((0, 0)));
            if chains.corners.len() > MOST_STEPS + 1 {
                return None;
            }
        }
        Some(chains)
    }

    /// Takes one chain out of the pieces.
    fn follow(&mut self, cell: &Cell, pieces: &mut Vec<Piece>, start: (usize, usize)) {
        let north = (cell.size() >> cell.unit()) + MARGIN;
        let before = self.steps.len();
        let (mut at, mut end) = start;
        let mut first = true;
        loop {
            let piece = pieces.swap_remove(at);
            let (from, to) = (piece.places[end], piece.places[1 - end]);
            if std::mem::take(&mut first) {
                if from.cut == Cut::East {
                    self.begin(from.x, north);
                    self.step_to(piece.edge, from.x, from.y);
                } else {
                    self.begin(from.x, from.y);
                }
            }
            self.steps.push((piece.edge, 0));
            self.step_to(piece.edge, to.x, to.y);
            if to.cut == Cut::East {
                self.step_to(piece.edge, to.x, north);
            }
            // Where it is not cut, what goes on there is not cut there either.
            let last = piece.ends[1 - end];
            let next = (pieces.iter().enumerate())
                .filter(|_| to.cut == Cut::None)
                .find_map(|(at, piece)| {
                    Some((at, piece.ends.iter().position(|end| *end == last)?))
                });
            match next {
                Some(next) => (at, end) = next,
                None => break,
            }
        }
        // Edges shrunk to a point are kept as a level step, whose line is near it.
        if self.steps[before..].iter().all(|(_, bit)| *bit == 0)
            && let Some(&place) = self.corners.last()
        {
            self.corners.push(place + 1);
        }
    }

    /// The first corner of a chain; it may be where the last one ended.
    fn begin(&mut self, x: i64, y: i64) {
        let first = corner(x, y);
        if self.corners.last() != Some(&first) {
            self.corners.push(first);
        }
    }

    /// A step of an edge; none where it leads nowhere: what is near that place is near the
    /// rest of its chain, too.
    fn step_to(&mut self, edge: u32, x: i64, y: i64) {
        let to = corner(x, y);
        if self.corners.last() != Some(&to) {
            // More steps than there are bits are refused once the chain is whole.
            let bit = 1_u32.checked_shl(self.corners.len() as u32);
            self.steps.push((edge, bit.unwrap_or(0)));
            self.corners.push(to);
        }
    }
}

impl Piece {
    /// Nothing where the edge does not come near the cell.
    fn new(cell: &Cell, edge: u32, a: Point, b: Point) -> Option<Self> {
        let from = |p: Point| (p.x - cell.min.x, p.y - cell.min.y);
        let margin = MARGIN << cell.unit();
        let reach = (-margin, cell.size() + margin);
        let unit = cell.unit();
        let place = |a, b| {
            clip(from(a), from(b), reach).map(|end| End {
                x: end.x >> unit,
                y: end.y >> unit,
                ..end
            })
        };
        Some(Self {
            edge,
            ends: [a, b],
            places: [place(a, b)?, place(b, a)?],
        })
    }
}

fn corner(x: i64, y: i64) -> u32 {
    let part = |value: i64| u32::try_from(value + BIAS).expect("the margin is less than the bias");
    part(x) | part(y) << 16
}

/// The first point of an edge, as seen from `a`, in a square, floored to the lattice.
fn clip(a: (i64, i64), b: (i64, i64), (least, most): (i64, i64)) -> Option<End> {
    let within = |value: i64| least <= value && value <= most;
    if within(a.0) && within(a.1) {
        return Some(End {
            x: a.0,
            y: a.1,
            cut: Cut::None,
        });
    }
    // Where the line reaches a side, floored; found from the whole edge each time.
    let reached = |side: i64, a: (i64, i64), b: (i64, i64)| {
        let way = i128::from(b.0 - a.0);
        let run = i128::from(b.1 - a.1) * i128::from(side - a.0) * way.signum();
        i64::try_from(i128::from(a.1) + run.div_euclid(way.abs())).ok()
    };
    let flip = |p: (i64, i64)| (p.1, p.0);
    let passes = |side: i64, a: (i64, i64), b: (i64, i64)| {
        if (a.0 < side) == (b.0 < side) && b.0 != side {
            return None;
        }
        reached(side, a, b).filter(|&place| within(place))
    };
    if a.0 < least
        && let Some(y) = passes(least, a, b)
    {
        return Some(End {
            x: least,
            y,
            cut: Cut::Other,
        });
    }
    if a.0 > most
        && let Some(y) = passes(most, a, b)
    {
        return Some(End {
            x: most,
            y,
            cut: Cut::East,
        });
    }
    if a.1 < least
        && let Some(x) = passes(least, flip(a), flip(b))
    {
        return Some(End {
            x,
            y: least,
            cut: Cut::Other,
        });
    }
    if a.1 > most
        && let Some(x) = passes(most, flip(a), flip(b))
    {
        return Some(End {
            x,
            y: most,
            cut: Cut::Other,
        });
    }
    None
}
