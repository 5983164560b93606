//! Shapes: footprints with their corners and light wells, courts, ponds.

use geo::{BooleanOps, Polygon};

use super::{
    dice::Dice,
    lots::{clip, extent, from_polygon, to_polygon, turn},
    mesh::{Point, area, centroid, cross, dot, sub},
    simplify::simplify_ring,
};

/// A pond with round banks inside a piece of land (Chaikin's corner cutting).
pub(super) fn pond(ring: &[Point]) -> Polygon<f64> {
    let middle = centroid(ring);
    let mut shape: Vec<Point> = ring
        .iter()
        .map(|p| {
            [
                middle[0] + (p[0] - middle[0]) * 0.93,
                middle[1] + (p[1] - middle[1]) * 0.93,
            ]
        })
        .collect();
    for _ in 0..3 {
        let mut next = Vec::with_capacity(shape.len() * 2);
        for k in 0..shape.len() {
            let (p, q) = (shape[k], shape[(k + 1) % shape.len()]);
            for share in [0.25, 0.75] {
                next.push([p[0] + (q[0] - p[0]) * share, p[1] + (q[1] - p[1]) * share]);
            }
        }
        shape = next;
    }
    to_polygon(&simplify_ring(&shape, 0.12))
}

/// A footprint on a lot: set back on every side, and at times with a corner or a light
/// well cut out; none where the lot is too small or too thin.
pub(super) fn footprint(
    lot: &[Point],
    direction: f64,
    dice: &mut Dice,
    setback: f64,
    least: f64,
) -> Option<Polygon<f64>> {
    let mut ring: Vec<Point> = lot.iter().map(|&p| turn(p, -direction)).collect();
    let (low, high) = extent(&ring);
    for axis in 0..2 {
        for below in [true, false] {
            let back = dice.unit() * dice.unit() * setback;
            let limit = if below {
                high[axis] - back
            } else {
                low[axis] + back
            };
            ring = clip(&ring, axis, limit, below)
                .into_iter()
                .max_by(|a, b| area(a).total_cmp(&area(b)))?;
        }
    }
    ring = simplify_ring(&ring, 0.15);
    let (low, high) = extent(&ring);
    let size = [high[0] - low[0], high[1] - low[1]];
    let thin = size[0].min(size[1]) < (least.sqrt() * 0.62);
    if ring.len() < 3 || area(&ring) < least || thin || area(&ring) < 0.52 * size[0] * size[1] {
        return None;
    }
    // Walls must not meet in needles.
    let blunt = (0..ring.len()).all(|k| {
        let (a, b, c) = (
            ring[(k + ring.len() - 1) % ring.len()],
            ring[k],
            ring[(k + 1) % ring.len()],
        );
        let (p, q) = (sub(a, b), sub(c, b));
        cross(p, q).abs().atan2(dot(p, q)) > 0.6
    });
    if !blunt {
        return None;
    }
    let shape = notch(&ring, low, size, dice);
    let ring: Vec<Point> = shape.iter().map(|&p| turn(p, direction)).collect();
    Some(to_polygon(&ring))
}

fn notch(ring: &[Point], low: Point, size: Point, dice: &mut Dice) -> Vec<Point> {
    let throw = dice.unit();
    let (wide, deep, at) = if throw < 0.2 {
        // An L: a corner left open.
        let corner = [
            f64::from(u8::from(dice.chance(0.5))),
            f64::from(u8::from(dice.chance(0.5))),
        ];
        let share = [dice.between(0.25, 0.48), dice.between(0.25, 0.48)];
        let at = [0, 1].map(|axis| low[axis] + corner[axis] * size[axis] * (1.0 - share[axis]));
        (size[0] * share[0], size[1] * share[1], at)
    } else if throw < 0.34 {
        // A light well in one side.
        let (wide, deep) = (dice.between(1.4, 2.6), dice.between(1.6, 3.2));
        let along = dice.between(0.3, 0.55);
        let side = if dice.chance(0.5) {
            low[1]
        } else {
            low[1] + size[1] - deep
        };
        (wide, deep, [low[0] + size[0] * along, side])
    } else {
        return ring.to_vec();
    };
    let frame = [
        [at[0] - 0.01, at[1] - 0.01],
        [at[0] + wide + 0.01, at[1] - 0.01],
        [at[0] + wide + 0.01, at[1] + deep + 0.01],
        [at[0] - 0.01, at[1] + deep + 0.01],
    ];
    let rest = to_polygon(ring).difference(&to_polygon(&frame));
    match rest.0.as_slice() {
        [whole] if whole.interiors().is_empty() => {
            let cut = simplify_ring(&from_polygon(whole), 0.05);
            if area(&cut) > 0.6 * area(ring) {
                cut
            } else {
                ring.to_vec()
            }
        }
        _ => ring.to_vec(),
    }
}

/// A U about a court, for schools.
pub(super) fn courtyard(shape: &Polygon<f64>, direction: f64, dice: &mut Dice) -> Polygon<f64> {
    let ring: Vec<Point> = from_polygon(shape)
        .iter()
        .map(|&p| turn(p, -direction))
        .collect();
    let (low, high) = extent(&ring);
    let size = [high[0] - low[0], high[1] - low[1]];
    if size[0] < 26.0 || size[1] < 18.0 {
        return shape.clone();
    }
    let wing = dice.between(7.5, 9.5);
    let court = [
        [low[0] + wing, low[1] + wing],
        [high[0] - wing, low[1] + wing],
        [high[0] - wing, high[1] + 1.0],
        [low[0] + wing, high[1] + 1.0],
    ];
    let rest = to_polygon(&ring).difference(&to_polygon(&court));
    match rest.0.as_slice() {
        [whole] if whole.interiors().is_empty() => {
            let ring: Vec<Point> = from_polygon(whole)
                .iter()
                .map(|&p| turn(p, direction))
                .collect();
            to_polygon(&ring)
        }
        _ => shape.clone(),
    }
}
