//! Rings on an integer grid: area, turn, tidying, and what lies inside.

use crate::grid::Lattice;

/// Which way a ring turns, by the sign of its area in the surveyor's formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Exteriors: clockwise on a screen whose y grows downwards (MVT 2.1, 4.3.4.4).
    Positive,
    /// Holes.
    Negative,
}

/// Twice the signed area in square units.
pub(crate) fn doubled_area<P: Lattice>(ring: &[P]) -> i128 {
    let Some(last) = ring.last() else { return 0 };
    let (x0, y0) = last.xy();
    let (mut before_x, mut before_y) = (0_i64, 0_i64);
    let mut sum = 0_i128;
    for point in ring {
        // Relative to one vertex: keeps the products small.
        let (x, y) = point.xy();
        let (x, y) = (x - x0, y - y0);
        sum += i128::from(before_x) * i128::from(y) - i128::from(x) * i128::from(before_y);
        (before_x, before_y) = (x, y);
    }
    sum
}

/// Opens a ring, takes out repeated points, spikes and points on straight runs, and turns
/// it as wanted; none where no area is left.
pub(crate) fn tidy<P: Lattice>(mut ring: Vec<P>, turn: Turn) -> Option<Vec<P>> {
    tidy_from(&mut ring, 0, turn).then_some(ring)
}

/// [`tidy`] for the ring that the last of some points are, from one on. Whether any area is
/// left; if not, what is left of the points tells nothing.
pub(crate) fn tidy_from<P: Lattice>(points: &mut Vec<P>, from: usize, turn: Turn) -> bool {
    // In place: what is kept never outruns what is read.
    let ring = &mut points[from..];
    let mut count = 0;
    for at in 0..ring.len() {
        let point = ring[at];
        count = push_tidily(ring, count, point);
    }
    // The same across the seam between the last point and the first.
    let mut first = 0;
    loop {
        let ring = &ring[first..count];
        if ring.len() < 3 {
            return false;
        }
        let (start, second) = (ring[0], ring[1]);
        let (before, last) = (ring[ring.len() - 2], ring[ring.len() - 1]);
        if start == last || cross(before, last, start) == 0 {
            count -= 1;
        } else if cross(last, start, second) == 0 {
            first += 1;
        } else {
            break;
        }
    }
    points.truncate(from + count);
    points.drain(from..from + first);
    let ring = &mut points[from..];
    let area = doubled_area(ring);
    if area != 0 && (area > 0) != (turn == Turn::Positive) {
        ring.reverse();
    }
    area != 0
}

/// Adds a point to the first points of a ring that were kept; how many are kept then.
fn push_tidily<P: Lattice>(ring: &mut [P], mut count: usize, point: P) -> usize {
    while let [.., before, last] = ring[..count] {
        if last != point && cross(before, last, point) != 0 {
            break;
        }
        if last == point {
            return count;
        }
        count -= 1;
    }
    if count == 0 || ring[count - 1] != point {
        ring[count] = point;
        count += 1;
    }
    count
}

/// Twice the signed area of a triangle; nought where the three are on one line.
fn cross<P: Lattice>(a: P, b: P, c: P) -> i128 {
    let ((ax, ay), (bx, by), (cx, cy)) = (a.xy(), b.xy(), c.xy());
    i128::from(bx - ax) * i128::from(cy - ay) - i128::from(by - ay) * i128::from(cx - ax)
}

/// Whether a point lies inside a ring, by the half-open crossing rule.
pub(crate) fn contains<P: Lattice>(ring: &[P], (px, py): (i64, i64)) -> bool {
    let Some(last) = ring.last() else {
        return false;
    };
    let mut inside = false;
    let mut a = last.xy();
    for point in ring {
        let b = point.xy();
        if (a.1 <= py) != (b.1 <= py) {
            let (low, high) = if a.1 < b.1 { (a, b) } else { (b, a) };
            let east = i128::from(px - low.0) * i128::from(high.1 - low.1);
            if east < i128::from(py - low.1) * i128::from(high.0 - low.0) {
                inside = !inside;
            }
        }
        a = b;
    }
    inside
}

/// The least and greatest x and y of points; none where there are no points.
pub(crate) fn extent<P: Lattice>(points: &[P]) -> Option<[(i64, i64); 2]> {
    let mut points = points.iter().map(|point| point.xy());
    let first = points.next()?;
    Some(points.fold([first, first], |[low, high], (x, y)| {
        [(low.0.min(x), low.1.min(y)), (high.0.max(x), high.1.max(y))]
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TilePoint;

    fn ring(points: &[(i32, i32)]) -> Vec<TilePoint> {
        points.iter().map(|&(x, y)| TilePoint { x, y }).collect()
    }

    #[test]
    fn area_is_positive_clockwise_on_screen() {
        let square = ring(&[(0, 0), (10, 0), (10, 10), (0, 10)]);
        assert_eq!(doubled_area(&square), 200);
    }

    #[test]
    fn tidying_takes_out_repeats_spikes_and_straight_runs() {
        let untidy = ring(&[
            (5, 0),
            (10, 0),
            (10, 0),
            (20, 0),
            (10, 0),
            (10, 10),
            (0, 10),
            (0, 0),
            (5, 0),
        ]);
        let tidied = tidy(untidy, Turn::Positive).unwrap();
        assert_eq!(tidied, ring(&[(10, 0), (10, 10), (0, 10), (0, 0)]));
    }

    #[test]
    fn a_ring_without_area_goes() {
        assert_eq!(
            tidy(ring(&[(0, 0), (5, 5), (9, 9), (0, 0)]), Turn::Positive),
            None
        );
        assert_eq!(tidy(ring(&[(0, 0)]), Turn::Positive), None);
        assert_eq!(tidy::<TilePoint>(Vec::new(), Turn::Positive), None);
    }

    #[test]
    fn a_hole_is_turned_the_other_way() {
        let hole = tidy(ring(&[(0, 0), (10, 0), (10, 10), (0, 10)]), Turn::Negative).unwrap();
        assert_eq!(doubled_area(&hole), -200);
    }
}
