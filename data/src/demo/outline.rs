//! The village's boundary, its hills and its stream.

use std::f64::consts::TAU;

use super::{
    dice::{Dice, Noise},
    mesh::{Along, Ground, Mesh, Point, add, area, contains, crossing, distance, sub},
};

/// Draws an irregular outline of exactly the given area in m², about the origin.
pub(super) fn outline(seed: u64, area_m2: f64) -> Vec<Point> {
    let mut dice = Dice::new(seed, "outline", 0);
    let radius = (area_m2 / std::f64::consts::PI).sqrt();
    let (broad, fine) = (
        Noise::new(seed, "outline broad", 1.15),
        Noise::new(seed, "outline fine", 0.31),
    );
    let (tilt, stretch) = (dice.between(0.0, TAU), dice.between(1.12, 1.42));
    let mut outline = Vec::new();
    let mut angle = 0.0;
    while angle < TAU - 8.0 / radius {
        let (sin, cos) = (angle.sin(), angle.cos());
        let at = [cos * 1.6 + 7.3, sin * 1.6 + 3.1];
        let reach = radius * (1.0 + 0.24 * broad.at(at) + 0.085 * fine.at(at));
        let (u, v) = (reach * (angle - tilt).cos(), reach * (angle - tilt).sin());
        let (u, v) = (u * stretch, v / stretch);
        let jag = dice.between(-3.0, 3.0);
        outline.push([
            u * tilt.cos() - v * tilt.sin() + jag,
            u * tilt.sin() + v * tilt.cos() - jag,
        ]);
        // Boundary marks stand where the ground turns: close together or far apart.
        angle += dice.between(14.0, 62.0) / radius;
    }
    let scale = (area_m2 / area(&outline)).sqrt();
    for point in &mut outline {
        *point = [point[0] * scale, point[1] * scale];
    }
    outline
}

/// Cuts a hill off the side of the village that looks to `bearing` (radians from east):
/// the foot is an irregular line, the hill's share of the village as asked.
pub(super) fn hill(mesh: &mut Mesh, seed: u64, bearing: f64, breadth: f64, share: f64, cut: u32) {
    let ring = mesh.ring(0);
    let corners: Vec<Point> = ring.iter().map(|&h| mesh.start(h)).collect();
    let off = |p: Point| {
        let turn = (p[1].atan2(p[0]) - bearing).rem_euclid(TAU);
        if turn > TAU / 2.0 { turn - TAU } else { turn }
    };
    let inside = |at: usize| off(corners[at]).abs() < breadth / 2.0;
    let count = corners.len();
    let Some(first) = (0..count).find(|&at| inside(at) && !inside((at + count - 1) % count)) else {
        return;
    };
    let side: Vec<usize> = (0..count)
        .map(|k| (first + k) % count)
        .take_while(|&at| inside(at))
        .collect();
    if side.len() < 6 {
        return;
    }
    let reach = (area(&corners) / std::f64::consts::PI).sqrt();
    let (rough, fine) = (
        Noise::new(seed, "hill rough", 0.42 * reach),
        Noise::new(seed, "hill fine", 0.13 * reach),
    );
    // A shift whose slope is below 1 bends the foot and never makes it cross itself.
    let shift = ["hill east", "hill north"].map(|topic| Noise::new(seed, topic, 0.17 * reach));
    let foot = |depth: f64| -> Vec<Point> {
        let mut foot = Vec::new();
        for pair in side.windows(2) {
            let (p, q) = (corners[pair[0]], corners[pair[1]]);
            let steps = (distance(p, q) / 24.0).ceil().max(1.0);
            let mut step = 0.0;
            while step < steps {
                let base = add(p, sub(q, p), step / steps);
                let along = (0.5 + off(base) / breadth).clamp(0.0, 1.0);
                let bulge = (along * std::f64::consts::PI).sin();
                let wave = 1.0 + 0.38 * rough.at(base) + 0.13 * fine.at(base);
                let factor = 1.0 - (depth * bulge.powf(0.85) * wave).clamp(0.012, 0.8);
                let at = [base[0] * factor, base[1] * factor];
                let sway = bulge * reach * (0.1 * depth).min(0.035);
                foot.push([
                    at[0] + sway * shift[0].at(at),
                    at[1] + sway * shift[1].at(at),
                ]);
                step += 1.0;
            }
        }
        foot.remove(0);
        foot
    };
    let goal = share * area(&corners);
    let (mut low, mut high) = (0.0, 0.9);
    for _ in 0..24 {
        let depth = f64::midpoint(low, high);
        let mut shape: Vec<Point> = side.iter().map(|&at| corners[at]).collect();
        shape.extend(foot(depth).iter().rev());
        if area(&shape) > goal {
            high = depth
        } else {
            low = depth
        }
    }
    let path = foot(low);
    let (from, to) = (ring[side[0]], ring[side[side.len() - 1]]);
    // The hill's boundary runs from→to counter-clockwise, so it lies right of the foot.
    let hill = mesh.split_face(from, to, &path, Along::Ridge, cut);
    mesh.grounds[hill as usize] = Ground::Hill;
}

/// Lets a meandering stream run through the village's town side: two banks, and the
/// water between them cut across every couple of hundred metres.
///
/// Returns the stream's middle line, for its name and its bridges.
pub(super) fn stream(mesh: &mut Mesh, seed: u64, cuts: &mut u32) -> Vec<Point> {
    let mut dice = Dice::new(seed, "stream", 0);
    let corners = mesh.corners(0);
    let reach = corners
        .iter()
        .map(|&p| p[0].hypot(p[1]))
        .fold(0.0, f64::max);
    for _ in 0..24 {
        let heading = dice.between(0.0, TAU);
        let width = dice.between(11.0, 17.0);
        let (ahead, aside) = (
            [heading.cos(), heading.sin()],
            [-heading.sin(), heading.cos()],
        );
        let offset = dice.between(-0.25, 0.25) * reach;
        let (slow, quick) = (
            Noise::new(dice.bits(), "meander", 420.0),
            Noise::new(dice.bits(), "ripple", 130.0),
        );
        let middle: Vec<Point> = (-160..=160)
            .map(|step| {
                let along = f64::from(step) / 80.0 * reach;
                let sway = 120.0 * slow.at([along, 0.5]) + 26.0 * quick.at([along, 3.5]);
                let base = add([0.0, 0.0], ahead, along);
                add(base, aside, offset + sway)
            })
            .collect();
        let middle = resample(&middle, 16.0);
        let bank = |side: f64| -> Vec<Point> {
            (1..middle.len() - 1)
                .map(|at| {
                    let way = sub(middle[at + 1], middle[at - 1]);
                    let length = way[0].hypot(way[1]);
                    let swell = 1.0 + 0.22 * quick.at([middle[at][0], middle[at][1] * side]);
                    let normal = [-way[1] / length, way[0] / length];
                    add(middle[at], normal, side * width / 2.0 * swell)
                })
                .collect()
        };
        let (left, right) = (bank(1.0), bank(-1.0));
        let centre = middle.len() / 2;
        if !contains(&corners, middle[centre]) {
            continue;
        }
        let Some(way) = reach_out(&corners, &left, centre - 1) else {
            continue;
        };
        let Some(back) = reach_out(&corners, &right, centre - 1) else {
            continue;
        };
        if way.edges == back.edges || way.path.len() < 20 || back.path.len() < 20 {
            continue;
        }
        let Some(far) = cut_way(mesh, 0, &way, Along::Bank, *cuts) else {
            continue;
        };
        *cuts += 1;
        // The right bank lies in the face right of the left bank.
        let Some(back) = reach_out(&mesh.corners(far), &right, centre - 1) else {
            return Vec::new();
        };
        let Some(rest) = cut_way(mesh, far, &back, Along::Bank, *cuts) else {
            return Vec::new();
        };
        *cuts += 1;
        let water = if contains(&mesh.corners(far), middle[centre]) {
            far
        } else {
            rest
        };
        mesh.grounds[water as usize] = Ground::Stream;
        slice_stream(mesh, water, &middle, cuts);
        return middle
            .into_iter()
            .filter(|&p| contains(&corners, p))
            .collect();
    }
    Vec::new()
}

/// Cuts the water across, so that each grid along it holds its own reach.
fn slice_stream(mesh: &mut Mesh, water: u32, middle: &[Point], cuts: &mut u32) {
    let mut pieces = vec![water];
    for at in (12..middle.len() - 12).step_by(12) {
        let Some(slot) = pieces
            .iter()
            .position(|&face| contains(&mesh.corners(face), middle[at]))
        else {
            continue;
        };
        let way = sub(middle[at + 1], middle[at - 1]);
        let length = way[0].hypot(way[1]);
        let normal = [-way[1] / length, way[0] / length];
        let line = [
            add(middle[at], normal, -60.0),
            middle[at],
            add(middle[at], normal, 60.0),
        ];
        let face = pieces[slot];
        let Some(way) = reach_out(&mesh.corners(face), &line, 1) else {
            continue;
        };
        if distance(way.path[0], way.path[way.path.len() - 1]) > 45.0 {
            continue;
        }
        if let Some(new) = cut_way(mesh, face, &way, Along::Ridge, *cuts) {
            *cuts += 1;
            pieces.push(new);
        }
    }
}

/// A way across a face: from a place on one of its edges to a place on another.
#[derive(Clone, Debug)]
pub(super) struct Way {
    /// The edges (positions in the face's ring) that it begins and ends on.
    pub(super) edges: (usize, usize),
    /// The whole line, with both ends.
    pub(super) path: Vec<Point>,
}

/// Follows a line from one of its vertices inside a ring both ways to the ring.
pub(super) fn reach_out(ring: &[Point], line: &[Point], middle: usize) -> Option<Way> {
    let (mut back, first) = walk(ring, line[..=middle].iter().rev().copied())?;
    let (ahead, last) = walk(ring, line[middle..].iter().copied())?;
    back.reverse();
    back.pop();
    back.extend(ahead);
    Some(Way {
        edges: (first, last),
        path: back,
    })
}

/// Walks a line until it meets the ring; the way so far and the edge met.
fn walk(ring: &[Point], mut line: impl Iterator<Item = Point>) -> Option<(Vec<Point>, usize)> {
    let mut path = vec![line.next()?];
    for point in line {
        let last = path[path.len() - 1];
        if let Some((hit, edge)) = first_hit(ring, last, point) {
            if distance(hit, last) < 1.0 && path.len() > 1 {
                path.pop();
            }
            path.push(hit);
            return Some((path, edge));
        }
        path.push(point);
    }
    None
}

/// The first edge of a ring that a step meets.
pub(super) fn first_hit(ring: &[Point], from: Point, to: Point) -> Option<(Point, usize)> {
    let (west, east) = (from[0].min(to[0]), from[0].max(to[0]));
    let (south, north) = (from[1].min(to[1]), from[1].max(to[1]));
    let mut best: Option<(f64, usize)> = None;
    for edge in 0..ring.len() {
        let (a, b) = (ring[edge], ring[(edge + 1) % ring.len()]);
        if a[0].max(b[0]) < west
            || a[0].min(b[0]) > east
            || a[1].max(b[1]) < south
            || a[1].min(b[1]) > north
        {
            continue;
        }
        if let Some((t, _)) = crossing(from, to, a, b)
            && best.is_none_or(|(least, _)| t < least)
        {
            best = Some((t, edge));
        }
    }
    best.map(|(t, edge)| (add(from, sub(to, from), t), edge))
}

/// Cuts a face along a way that begins and ends on its edges; the new face.
pub(super) fn cut_way(
    mesh: &mut Mesh,
    face: u32,
    way: &Way,
    along: Along,
    cut: u32,
) -> Option<u32> {
    if way.edges.0 == way.edges.1 {
        return None;
    }
    let ring = mesh.ring(face);
    let (start, end) = (way.path[0], way.path[way.path.len() - 1]);
    let from = mesh.split_edge(ring[way.edges.0], start);
    let to = mesh.split_edge(ring[way.edges.1], end);
    let between = &way.path[1..way.path.len() - 1];
    Some(mesh.split_face(from, to, between, along, cut))
}

/// A line with vertices the given distance apart.
fn resample(line: &[Point], step: f64) -> Vec<Point> {
    let mut points = vec![line[0]];
    let mut left = step;
    for pair in line.windows(2) {
        let length = distance(pair[0], pair[1]);
        let mut at = left;
        while at < length {
            points.push(add(pair[0], sub(pair[1], pair[0]), at / length));
            at += step;
        }
        left = at - length;
    }
    points
}
