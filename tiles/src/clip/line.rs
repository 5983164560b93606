//! Cutting lines: the stretches inside the window, and where each enters and leaves.

use std::cmp::Ordering;

use super::{Lie, Window};
use crate::{
    grid::{GridPoint, Lattice, TilePoint},
    shape::{Kind, Shape},
};

/// A stretch of a line inside the window.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    /// Where it enters; none where the line begins inside.
    pub(super) entry: Option<Crossing>,
    /// The vertices inside.
    pub(super) points: Vec<GridPoint>,
    /// Where it leaves; none where the line ends inside.
    pub(super) exit: Option<Crossing>,
}

/// A point on the window's edge, exact.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crossing {
    /// 0 north edge going east, 1 east edge going south, 2 south edge going west, 3 west
    /// edge going north: the order in which a ring with its inside to the right on screen
    /// (positive area) runs around the window.
    pub(super) side: u8,
    /// Twice the coordinate along the edge, as a fraction with a positive denominator.
    pub(super) along: Fraction,
}

/// An exact fraction whose denominator is positive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fraction {
    over: i128,
    under: i128,
}

impl Fraction {
    pub(super) fn compare(self, other: Self) -> Ordering {
        (self.over * other.under).cmp(&(other.over * self.under))
    }

    /// Half of it, rounded to the nearest whole number.
    fn half_rounded(self) -> i64 {
        let rounded = (self.over + self.under).div_euclid(2 * self.under);
        i64::try_from(rounded).unwrap_or_default()
    }
}

impl Crossing {
    /// Order around the window, from the north-west corner on.
    pub(super) fn compare(self, other: Self) -> Ordering {
        self.side.cmp(&other.side).then_with(|| {
            let order = self.along.compare(other.along);
            if self.side < 2 {
                order
            } else {
                order.reverse()
            }
        })
    }
}

impl Window {
    /// Twice the coordinates of the window's edges: odd, where all vertices are even.
    fn doubled_edges(&self) -> [(i64, i64); 2] {
        [
            (2 * self.low.0 - 1, 2 * self.low.1 - 1),
            (2 * self.high.0 + 1, 2 * self.high.1 + 1),
        ]
    }

    /// Where a crossing is drawn: one unit outside the outermost units kept.
    pub(super) fn place(&self, crossing: Crossing) -> TilePoint {
        let along = crossing.along.half_rounded();
        let x = along.clamp(self.low.0 - 1, self.high.0 + 1);
        let y = along.clamp(self.low.1 - 1, self.high.1 + 1);
        self.local(match crossing.side {
            0 => (x, self.low.1 - 1),
            1 => (self.high.0 + 1, y),
            2 => (x, self.high.1 + 1),
            _ => (self.low.0 - 1, y),
        })
    }

    /// The corner at which a side ends, in the order of [`Crossing::side`].
    pub(super) fn corner(&self, side: u8) -> TilePoint {
        self.local(match side {
            0 => (self.high.0 + 1, self.low.1 - 1),
            1 => (self.high.0 + 1, self.high.1 + 1),
            2 => (self.low.0 - 1, self.high.1 + 1),
            _ => (self.low.0 - 1, self.low.1 - 1),
        })
    }

    /// The stretches of a line inside the window, in order.
    pub(super) fn chains(&self, line: &[GridPoint]) -> Vec<Chain> {
        let mut chains = Vec::new();
        let mut open: Option<Chain> = None;
        if let Some(&first) = line.first()
            && self.holds(first.xy())
        {
            open = Some(Chain {
                entry: None,
                points: vec![first],
                exit: None,
            });
        }
        for edge in line.windows(2) {
            let (start, end) = (edge[0], edge[1]);
            match (self.holds(start.xy()), self.holds(end.xy())) {
                (true, true) => {
                    if let Some(chain) = &mut open {
                        chain.points.push(end);
                    }
                }
                (true, false) => {
                    if let Some(mut chain) = open.take() {
                        chain.exit = self.cut(start, end).map(|(_, exit)| exit);
                        chains.push(chain);
                    }
                }
                (false, true) => {
                    open = Some(Chain {
                        entry: self.cut(start, end).map(|(entry, _)| entry),
                        points: vec![end],
                        exit: None,
                    });
                }
                (false, false) => {
                    if let Some((entry, exit)) = self.cut(start, end) {
                        chains.push(Chain {
                            entry: Some(entry),
                            points: Vec::new(),
                            exit: Some(exit),
                        });
                    }
                }
            }
        }
        chains.extend(open);
        chains
    }

    /// Where the line through an edge enters and leaves the window; none where the edge
    /// passes it by. Of an end that lies inside, the crossing is meaningless.
    fn cut(&self, start: GridPoint, end: GridPoint) -> Option<(Crossing, Crossing)> {
        let [low, high] = self.doubled_edges();
        let (ax, ay) = (2 * start.x, 2 * start.y);
        let (dx, dy) = (2 * end.x - ax, 2 * end.y - ay);
        // For each edge of the window: the speed towards the inside, and the way to go.
        let sides = [
            (0, dy, low.1 - ay),
            (1, -dx, ax - high.0),
            (2, -dy, ay - high.1),
            (3, dx, low.0 - ax),
        ];
        let mut entry: Option<(u8, Fraction)> = None;
        let mut exit: Option<(u8, Fraction)> = None;
        for (side, speed, way) in sides {
            if speed == 0 {
                if way > 0 {
                    return None;
                }
                continue;
            }
            let time = Fraction {
                over: i128::from(way) * i128::from(speed.signum()),
                under: i128::from(speed.abs()),
            };
            if speed > 0 {
                if entry.is_none_or(|(_, last)| time.compare(last).is_gt()) {
                    entry = Some((side, time));
                }
            } else if exit.is_none_or(|(_, last)| time.compare(last).is_lt()) {
                exit = Some((side, time));
            }
        }
        let along = |side: u8, time: Fraction| {
            let (from, step) = if side.is_multiple_of(2) {
                (ax, dx)
            } else {
                (ay, dy)
            };
            Crossing {
                side,
                along: Fraction {
                    over: i128::from(from) * time.under + i128::from(step) * time.over,
                    under: time.under,
                },
            }
        };
        // An edge along an axis has no entry or exit on the other two sides, but always
        // one of each on its own.
        let ((enters, enter_time), (leaves, leave_time)) = (entry?, exit?);
        let nought = Fraction { over: 0, under: 1 };
        let one = Fraction { over: 1, under: 1 };
        let passes = enter_time.compare(leave_time).is_lt()
            && enter_time.compare(one).is_lt()
            && leave_time.compare(nought).is_gt();
        passes.then(|| (along(enters, enter_time), along(leaves, leave_time)))
    }

    /// Adds the parts of a line within the window.
    pub(super) fn clip_line(&self, line: &[GridPoint], onto: &mut Shape<TilePoint>) {
        match self.lie(line) {
            Lie::Outside => {}
            Lie::Inside => self.keep(Kind::Line, line, onto),
            Lie::Across => {
                for chain in self.chains(line) {
                    let mut points: Vec<TilePoint> = Vec::with_capacity(chain.points.len() + 2);
                    points.extend(chain.entry.map(|entry| self.place(entry)));
                    points.extend(chain.points.iter().map(|point| self.local(point.xy())));
                    points.extend(chain.exit.map(|exit| self.place(exit)));
                    points.dedup();
                    if points.len() > 1 {
                        onto.add(Kind::Line, points);
                    }
                }
            }
        }
    }
}
