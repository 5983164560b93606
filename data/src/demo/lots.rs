//! Blocks cut into lots, row by row, with alleys between.

use std::f64::consts::FRAC_PI_2;

use geo::{BooleanOps, Coord, LineString, Polygon};

use super::{
    dice::Dice,
    mesh::{Point, area, cross, sub},
};

/// How a block is cut up; lengths in metres.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pattern {
    /// Frontage and depth of a lot.
    pub(super) lot: [f64; 2],
    /// Least and greatest gap between neighbours.
    pub(super) gap: [f64; 2],
    /// Least and greatest width of alleys between rows.
    pub(super) alley: [f64; 2],
    /// The area from which a cut is an alley, in lots.
    pub(super) alley_from: f64,
    /// How far cuts stray, as a share of a lot.
    pub(super) jitter: f64,
}

/// What a block was cut into.
#[derive(Clone, Debug, Default)]
pub(super) struct Lots {
    pub(super) lots: Vec<Vec<Point>>,
    /// Middle lines of the alleys, with their widths.
    pub(super) alleys: Vec<([Point; 2], f64)>,
}

/// Cuts a ring (open, counter-clockwise) into lots along a direction in radians.
pub(super) fn cut(ring: &[Point], direction: f64, pattern: &Pattern, dice: &mut Dice) -> Lots {
    let mut lots = Lots::default();
    let local: Vec<Point> = ring.iter().map(|&p| turn(p, -direction)).collect();
    split(local, pattern, dice, &mut lots);
    for lot in &mut lots.lots {
        for point in lot.iter_mut() {
            *point = turn(*point, direction);
        }
    }
    for (line, _) in &mut lots.alleys {
        *line = line.map(|point| turn(point, direction));
    }
    lots
}

fn split(ring: Vec<Point>, pattern: &Pattern, dice: &mut Dice, lots: &mut Lots) {
    let (low, high) = extent(&ring);
    let counts = [0, 1].map(|axis| {
        ((high[axis] - low[axis]) / pattern.lot[axis])
            .round()
            .max(1.0)
    });
    if counts == [1.0, 1.0] {
        lots.lots.push(ring);
        return;
    }
    // Across the direction with more metres to give, where it can be cut at all.
    let longer = usize::from(high[1] - low[1] > high[0] - low[0]);
    let axis = if counts[longer] > 1.0 {
        longer
    } else {
        1 - longer
    };
    let count = counts[axis];
    let before = if count > 3.0 && dice.chance(0.35) {
        (count / 2.0).floor() + if dice.chance(0.5) { 1.0 } else { -1.0 }
    } else {
        (count / 2.0).floor()
    };
    let lot = (high[axis] - low[axis]) / count;
    let at = low[axis] + lot * (before + dice.between(-pattern.jitter, pattern.jitter));
    let big = area(&ring) > pattern.alley_from * pattern.lot[0] * pattern.lot[1];
    let [least, most] = if big { pattern.alley } else { pattern.gap };
    let gap = dice.between(least, most);
    if big {
        for (from, to) in spans(&ring, axis, at) {
            let point = |value: f64| if axis == 0 { [at, value] } else { [value, at] };
            lots.alleys.push(([point(from), point(to)], gap));
        }
    }
    for (limit, below) in [(at - gap / 2.0, true), (at + gap / 2.0, false)] {
        for piece in clip(&ring, axis, limit, below) {
            if area(&piece) > 8.0 {
                split(piece, pattern, dice, lots);
            }
        }
    }
}

/// Where the line `axis = at` runs inside a ring.
fn spans(ring: &[Point], axis: usize, at: f64) -> Vec<(f64, f64)> {
    let mut hits: Vec<f64> = Vec::new();
    for k in 0..ring.len() {
        let (p, q) = (ring[k], ring[(k + 1) % ring.len()]);
        if (p[axis] > at) != (q[axis] > at) {
            let t = (at - p[axis]) / (q[axis] - p[axis]);
            hits.push(p[1 - axis] + (q[1 - axis] - p[1 - axis]) * t);
        }
    }
    hits.sort_by(f64::total_cmp);
    let pairs = hits.chunks_exact(2).map(|pair| (pair[0], pair[1]));
    pairs.filter(|(from, to)| to - from > 6.0).collect()
}

/// The parts of a ring on one side of the line `axis = limit`.
pub(super) fn clip(ring: &[Point], axis: usize, limit: f64, below: bool) -> Vec<Vec<Point>> {
    let inside = |p: Point| (p[axis] < limit) == below;
    let count = ring.len();
    let changes = (0..count)
        .filter(|&k| inside(ring[k]) != inside(ring[(k + 1) % count]))
        .count();
    if changes > 2 {
        return clip_concave(ring, axis, limit, below);
    }
    let mut kept = Vec::with_capacity(count + 2);
    for k in 0..count {
        let (p, q) = (ring[k], ring[(k + 1) % count]);
        if inside(p) {
            kept.push(p);
        }
        if inside(p) != inside(q) {
            let t = (limit - p[axis]) / (q[axis] - p[axis]);
            let mut hit = [p[0] + (q[0] - p[0]) * t, p[1] + (q[1] - p[1]) * t];
            hit[axis] = limit;
            kept.push(hit);
        }
    }
    kept.dedup_by(|a, b| super::mesh::distance(*a, *b) < 0.02);
    if kept.len() < 3 {
        Vec::new()
    } else {
        vec![kept]
    }
}

fn clip_concave(ring: &[Point], axis: usize, limit: f64, below: bool) -> Vec<Vec<Point>> {
    let (mut low, mut high) = extent(ring);
    for side in 0..2 {
        low[side] -= 1.0;
        high[side] += 1.0;
    }
    if below {
        high[axis] = limit;
    } else {
        low[axis] = limit;
    }
    let frame = [low, [high[0], low[1]], high, [low[0], high[1]]];
    let kept = to_polygon(ring).intersection(&to_polygon(&frame));
    kept.iter().map(from_polygon).collect()
}

/// An open ring as a polygon.
pub(super) fn to_polygon(ring: &[Point]) -> Polygon<f64> {
    let line: Vec<Coord<f64>> = ring.iter().map(|p| Coord { x: p[0], y: p[1] }).collect();
    Polygon::new(LineString::new(line), Vec::new())
}

/// A polygon's shell as an open, counter-clockwise ring.
pub(super) fn from_polygon(polygon: &Polygon<f64>) -> Vec<Point> {
    let mut ring: Vec<Point> = polygon.exterior().coords().map(|c| [c.x, c.y]).collect();
    ring.pop();
    if super::mesh::doubled_area(&ring) < 0.0 {
        ring.reverse();
    }
    ring
}

/// Least and greatest coordinates.
pub(super) fn extent(ring: &[Point]) -> (Point, Point) {
    let (mut low, mut high) = ([f64::MAX; 2], [f64::MIN; 2]);
    for p in ring {
        for axis in 0..2 {
            low[axis] = low[axis].min(p[axis]);
            high[axis] = high[axis].max(p[axis]);
        }
    }
    (low, high)
}

/// A place turned about the origin.
pub(super) fn turn([x, y]: Point, angle: f64) -> Point {
    let (sin, cos) = angle.sin_cos();
    [x * cos - y * sin, x * sin + y * cos]
}

/// The direction that most of a ring's length follows, squares counted together.
pub(super) fn street_direction(ring: &[Point]) -> f64 {
    let mut best = (0.0, 0.0);
    for turn in 0..36 {
        let angle = f64::from(turn) * FRAC_PI_2 / 36.0;
        let ahead = [angle.cos(), angle.sin()];
        let mut score = 0.0;
        for k in 0..ring.len() {
            let edge = sub(ring[(k + 1) % ring.len()], ring[k]);
            let length = edge[0].hypot(edge[1]);
            let across = cross(edge, ahead)
                .abs()
                .min(super::mesh::dot(edge, ahead).abs());
            score += length * (1.0 - across / length.max(1e-9)).powi(3);
        }
        if score > best.0 {
            best = (score, angle);
        }
    }
    best.1
}
