//! One cut of a face: a way along the field's directions, its ends led to junctions near
//! by, and the judgement whether the two parts are fit to be blocks.

use std::f64::consts::{FRAC_PI_2, PI};

use super::{
    dice::Dice,
    mesh::{
        Along, Ground, Mesh, Point, add, area, contains, cross, crossing, distance,
        distance_to_segment, dot, sub,
    },
    outline::{first_hit, reach_out},
    roads::Field,
    simplify::simplify,
};

/// Carries a road on from where it met a bank: over the water, and through the block
/// beyond. The far end of the bridge and the new face, where there is room.
pub(super) fn go_on(
    mesh: &mut Mesh,
    field: &Field,
    along: Along,
    end: Point,
    heading: f64,
    number: u32,
) -> Option<(Point, u32)> {
    let way = [heading.cos(), heading.sin()];
    let water = (0..mesh.faces.len() as u32).find(|&face| {
        mesh.grounds[face as usize] == Ground::Stream
            && contains(&mesh.corners(face), add(end, way, 4.0))
    })?;
    let banks = mesh.corners(water);
    let (far, _) = first_hit(&banks, add(end, way, 1.0), add(end, way, 60.0))?;
    let start = add(far, way, 3.0);
    let face = (0..mesh.faces.len() as u32).find(|&face| {
        mesh.grounds[face as usize] == Ground::Town && contains(&mesh.corners(face), start)
    })?;
    let corners = mesh.corners(face);
    let natural = field.at(start);
    let turns = ((heading - natural) / FRAC_PI_2).round();
    let off = heading - (natural + turns * FRAC_PI_2);
    let mut line = vec![add(far, way, -2.0), start];
    for step in 0..300 {
        let last = line[line.len() - 1];
        let ease = (1.0 - f64::from(step) / 14.0).max(0.25);
        let angle = field.at(last) + turns * FRAC_PI_2 + off * ease;
        let next = add(last, [angle.cos(), angle.sin()], 18.0);
        line.push(next);
        if first_hit(&corners, last, next).is_some() {
            break;
        }
    }
    let mut way = reach_out(&corners, &line, 1)?;
    way.path = simplify(&way.path, 0.25);
    if way.path.len() < 3 || distance(way.path[0], far) > 6.0 || crosses_itself(&way.path) {
        return None;
    }
    let ring = mesh.ring(face);
    let from = Stop::Edge(way.edges.0);
    let to = snap(
        mesh,
        &ring,
        &corners,
        &mut way.path,
        way.edges.1,
        false,
        24.0,
    );
    let part = part_area(&corners, &way.path, &from, &to) / area(&corners);
    if !(0.12..0.88).contains(&part) || !is_clear(&corners, &way.path, &from, &to, along) {
        return None;
    }
    let from = place(mesh, &ring, &from, way.path[0]);
    let to = place(mesh, &ring, &to, way.path[way.path.len() - 1]);
    let between = way.path[1..way.path.len() - 1].to_vec();
    let new = mesh.split_face(from, to, &between, along, number);
    Some((way.path[0], new))
}

/// Tries one cut of a face: the new face where it is a good one, and those ends of the
/// road that meet a bank, with its heading there.
#[expect(
    clippy::too_many_arguments,
    reason = "the one inner step of the recursion"
)]
pub(super) fn cut(
    mesh: &mut Mesh,
    face: u32,
    corners: &[Point],
    field: &Field,
    along: Along,
    step: f64,
    attempt: u32,
    dice: &mut Dice,
    number: u32,
) -> Option<(u32, Vec<(Point, f64)>)> {
    let (long, low, high) = long_axis(corners);
    let spread = 0.07 + 0.035 * f64::from(attempt);
    let at = low + (high - low) * (0.5 + dice.between(-spread, spread));
    let (ahead, aside) = ([long.cos(), long.sin()], [-long.sin(), long.cos()]);
    let seed = longest_chord(corners, ahead, aside, at, dice)?;
    // The field's direction nearest to squarely across, bent half-way there where it is far.
    let across = long + FRAC_PI_2;
    let natural = field.at(seed);
    let turns = ((across - natural) / FRAC_PI_2).round();
    let off = across - (natural + turns * FRAC_PI_2);
    let bend = off * if attempt < 4 { 0.55 } else { 0.9 };
    let trace = |heading: f64| -> Option<Vec<Point>> {
        let mut path = vec![seed];
        for _ in 0..700 {
            let last = path[path.len() - 1];
            let angle = field.at(last) + turns * FRAC_PI_2 + bend + heading;
            let next = add(last, [angle.cos(), angle.sin()], step);
            path.push(next);
            if first_hit(corners, last, next).is_some() {
                return Some(path);
            }
        }
        None
    };
    let (mut line, ahead) = (trace(PI)?, trace(0.0)?);
    line.reverse();
    let middle = line.len() - 1;
    line.extend_from_slice(&ahead[1..]);
    let mut way = reach_out(corners, &line, middle)?;
    way.path = simplify(&way.path, 0.25);
    if way.edges.0 == way.edges.1 || crosses_itself(&way.path) {
        return None;
    }
    let size = area(corners);
    let reach = (size.sqrt() * 0.12).clamp(7.0, 34.0);
    let ring = mesh.ring(face);
    let from = snap(
        mesh,
        &ring,
        corners,
        &mut way.path,
        way.edges.0,
        true,
        reach,
    );
    let to = snap(
        mesh,
        &ring,
        corners,
        &mut way.path,
        way.edges.1,
        false,
        reach,
    );
    if !is_clear(corners, &way.path, &from, &to, along) {
        return None;
    }
    // Both parts are to be of some size, before anything is changed.
    let part = part_area(corners, &way.path, &from, &to);
    let least = if attempt < 5 { 0.27 } else { 0.16 };
    if part < least * size || part > (1.0 - least) * size {
        return None;
    }
    let mut banks = Vec::new();
    let last = way.path.len() - 1;
    for (stop, tip, inner) in [
        (&from, way.path[0], way.path[1]),
        (&to, way.path[last], way.path[last - 1]),
    ] {
        if let Stop::Edge(at) = *stop
            && mesh.half(ring[at]).along == Along::Bank
        {
            let heading = sub(tip, inner);
            banks.push((tip, heading[1].atan2(heading[0])));
        }
    }
    let from = place(mesh, &ring, &from, way.path[0]);
    let to = place(mesh, &ring, &to, way.path[last]);
    let between = way.path[1..last].to_vec();
    Some((mesh.split_face(from, to, &between, along, number), banks))
}

/// Where on a ring a way ends: at one of its vertices, or within one of its edges.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stop {
    Vertex(usize),
    Edge(usize),
}

fn place(mesh: &mut Mesh, ring: &[u32], stop: &Stop, point: Point) -> u32 {
    match *stop {
        Stop::Vertex(at) => ring[at],
        Stop::Edge(at) => mesh.split_edge(ring[at], point),
    }
}

/// Lets an end go to a junction near by, so that roads cross instead of nearly meeting.
fn snap(
    mesh: &Mesh,
    ring: &[u32],
    corners: &[Point],
    path: &mut Vec<Point>,
    edge: usize,
    at_start: bool,
    reach: f64,
) -> Stop {
    let count = ring.len();
    let end = if at_start {
        path[0]
    } else {
        path[path.len() - 1]
    };
    let mut best: Option<(f64, usize)> = None;
    for shift in 0..12 {
        let at = (edge + count * 2 + shift - 5) % count;
        let far = distance(corners[at], end);
        let junction = mesh.degree(ring[at]) > 2;
        let limit = if junction { reach } else { 2.5 };
        if far < limit && best.is_none_or(|(least, _)| far < least) {
            best = Some((far, at));
        }
    }
    let Some((_, vertex)) = best else {
        return Stop::Edge(edge);
    };
    let to = corners[vertex];
    let slot = if at_start { 0 } else { path.len() - 1 };
    path[slot] = to;
    // Vertices that the moved end has passed would make a hook.
    while path.len() > 3 {
        let near = if at_start { 1 } else { path.len() - 2 };
        if distance(path[near], to) > reach * 0.8 {
            break;
        }
        path.remove(near);
    }
    Stop::Vertex(vertex)
}

/// Whether a way stays inside the face, well clear of it but at its ends, and meets it
/// at no sharp angle.
fn is_clear(corners: &[Point], path: &[Point], from: &Stop, to: &Stop, along: Along) -> bool {
    let count = corners.len();
    let (start, end) = (path[0], path[path.len() - 1]);
    if distance(start, end) < 14.0 || from == to {
        return false;
    }
    let touches = |stop: &Stop, edge: usize| match *stop {
        Stop::Edge(at) => at == edge,
        Stop::Vertex(at) => edge == at || (edge + 1) % count == at,
    };
    let gap = (along.width() * 0.9).max(10.0);
    for (step, pair) in path.windows(2).enumerate() {
        let (first, last) = (step == 0, step + 2 == path.len());
        for edge in 0..count {
            let (a, b) = (corners[edge], corners[(edge + 1) % count]);
            let own = (first && touches(from, edge)) || (last && touches(to, edge));
            if own {
                continue;
            }
            if crossing(pair[0], pair[1], a, b).is_some() {
                return false;
            }
        }
    }
    for (&point, k) in path.iter().zip(0..) {
        let near_end = distance(point, start).min(distance(point, end));
        if k > 0 && k + 1 < path.len() && !contains(corners, point) {
            return false;
        }
        if near_end < gap * 1.6 {
            continue;
        }
        let close = (0..count).any(|edge| {
            distance_to_segment(point, corners[edge], corners[(edge + 1) % count]) < gap
        });
        if close {
            return false;
        }
    }
    let sharp = |stop: &Stop, tip: Point, next: Point| {
        let way = sub(next, tip);
        let (a, b) = match *stop {
            Stop::Edge(at) => (corners[at], corners[(at + 1) % count]),
            Stop::Vertex(at) => (corners[(at + count - 1) % count], corners[(at + 1) % count]),
        };
        [a, b]
            .into_iter()
            .any(|other| angle(way, sub(other, tip)) < 0.55)
    };
    !sharp(from, start, path[1]) && !sharp(to, end, path[path.len() - 2])
}

fn angle(p: Point, q: Point) -> f64 {
    cross(p, q).abs().atan2(dot(p, q))
}

/// Area of the part of a ring left of a way.
fn part_area(corners: &[Point], path: &[Point], from: &Stop, to: &Stop) -> f64 {
    let count = corners.len();
    let after = |stop: &Stop| match *stop {
        Stop::Edge(at) | Stop::Vertex(at) => (at + 1) % count,
    };
    let stop_at = match *from {
        Stop::Edge(at) => (at + 1) % count,
        Stop::Vertex(at) => at,
    };
    let mut part = path.to_vec();
    let mut at = after(to);
    while at != stop_at && part.len() <= count + path.len() {
        part.push(corners[at]);
        at = (at + 1) % count;
    }
    area(&part)
}

/// The direction of the least box around a ring, with the ring's extent along it.
fn long_axis(corners: &[Point]) -> (f64, f64, f64) {
    let mut best = (f64::MAX, 0.0, 0.0, 0.0);
    for turn in 0..18 {
        let angle = f64::from(turn) * PI / 18.0;
        let (sin, cos) = angle.sin_cos();
        let (mut low, mut high) = ([f64::MAX; 2], [f64::MIN; 2]);
        for p in corners {
            let q = [p[0] * cos + p[1] * sin, p[1] * cos - p[0] * sin];
            for axis in 0..2 {
                low[axis] = low[axis].min(q[axis]);
                high[axis] = high[axis].max(q[axis]);
            }
        }
        let (length, width) = (high[0] - low[0], high[1] - low[1]);
        if length >= width && length * width < best.0 {
            best = (length * width, angle, low[0], high[0]);
        }
    }
    (best.1, best.2, best.3)
}

/// The middle of the longest piece of a cross line inside a ring.
fn longest_chord(
    corners: &[Point],
    ahead: Point,
    aside: Point,
    at: f64,
    dice: &mut Dice,
) -> Option<Point> {
    let along = |p: Point| dot(p, ahead) - at;
    let mut hits: Vec<f64> = Vec::new();
    for k in 0..corners.len() {
        let (p, q) = (corners[k], corners[(k + 1) % corners.len()]);
        let (u, v) = (along(p), along(q));
        if (u > 0.0) != (v > 0.0) {
            let hit = add(p, sub(q, p), u / (u - v));
            hits.push(dot(hit, aside));
        }
    }
    hits.sort_by(f64::total_cmp);
    let (low, high) = hits
        .as_chunks::<2>()
        .0
        .iter()
        .map(|pair| (pair[0], pair[1]))
        .max_by(|a, b| (a.1 - a.0).total_cmp(&(b.1 - b.0)))?;
    let middle = low + (high - low) * dice.between(0.42, 0.58);
    Some(add(add([0.0, 0.0], ahead, at), aside, middle))
}

fn crosses_itself(path: &[Point]) -> bool {
    (0..path.len().saturating_sub(3)).any(|i| {
        (i + 2..path.len() - 1)
            .any(|j| crossing(path[i], path[i + 1], path[j], path[j + 1]).is_some())
    })
}
