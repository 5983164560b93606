//! Lines and rings with fewer vertices.

use super::mesh::{Point, distance, distance_to_segment};

/// Drops vertices within a tolerance of the line without them (Douglas–Peucker).
pub(super) fn simplify(path: &[Point], tolerance: f64) -> Vec<Point> {
    let mut keep = vec![false; path.len()];
    keep[0] = true;
    keep[path.len() - 1] = true;
    let mut stack = vec![(0, path.len() - 1)];
    while let Some((first, last)) = stack.pop() {
        let far = (first + 1..last)
            .map(|k| (distance_to_segment(path[k], path[first], path[last]), k))
            .max_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((off, k)) = far
            && off > tolerance
        {
            keep[k] = true;
            stack.push((first, k));
            stack.push((k, last));
        }
    }
    path.iter()
        .zip(keep)
        .filter(|(_, k)| *k)
        .map(|(&p, _)| p)
        .collect()
}

/// The same for a ring given open.
pub(super) fn simplify_ring(ring: &[Point], tolerance: f64) -> Vec<Point> {
    if ring.len() < 5 {
        return ring.to_vec();
    }
    let far = (1..ring.len())
        .max_by(|&a, &b| distance(ring[0], ring[a]).total_cmp(&distance(ring[0], ring[b])))
        .unwrap_or(1);
    let mut first = simplify(&ring[..=far], tolerance);
    let mut rest: Vec<Point> = ring[far..].to_vec();
    rest.push(ring[0]);
    let rest = simplify(&rest, tolerance);
    first.extend_from_slice(&rest[1..rest.len() - 1]);
    first
}
