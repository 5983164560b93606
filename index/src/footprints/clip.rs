//! The area that two outlines share.
//!
//! An outline is the sum of the triangles of a fan over each ring, those that turn right taken
//! away. So the area that two share is the sum of one's rings clipped by the other's triangles
//! (Sutherland and Hodgman), each with its sign: exact for rings of any form, and nothing is
//! allocated but two short lists. A ring that is convex clips whole.

use super::set::Footprints;

type Point = [f64; 2];

/// The shared area of a building, moved by an offset, and one of another set.
pub(super) fn overlap(
    set: &Footprints,
    at: usize,
    by: Point,
    other: &Footprints,
    with: usize,
) -> f64 {
    let (mut one, mut two) = (Vec::with_capacity(16), Vec::with_capacity(16));
    let mut sum = 0.0;
    for subject in set.rings(at) {
        for clip in other.rings(with) {
            sum += shared(subject, by, clip, (&mut one, &mut two));
        }
    }
    sum.max(0.0)
}

/// The shared area of two rings: positive where both turn alike.
fn shared(
    subject: &[Point],
    by: Point,
    clip: &[Point],
    spare: (&mut Vec<Point>, &mut Vec<Point>),
) -> f64 {
    if is_convex(clip) {
        return clipped(subject, by, clip, spare);
    }
    let first = clip[0];
    let mut sum = 0.0;
    for pair in clip[1..].windows(2) {
        let triangle = [first, pair[0], pair[1]];
        let turn = cross(triangle[0], triangle[1], triangle[2]);
        if turn > 0.0 {
            sum += clipped(subject, by, &triangle, (&mut *spare.0, &mut *spare.1));
        } else if turn < 0.0 {
            let left = [triangle[0], triangle[2], triangle[1]];
            sum -= clipped(subject, by, &left, (&mut *spare.0, &mut *spare.1));
        }
    }
    sum
}

/// The signed area of what a convex ring, turning left, leaves of a ring.
fn clipped(
    subject: &[Point],
    by: Point,
    clip: &[Point],
    (now, next): (&mut Vec<Point>, &mut Vec<Point>),
) -> f64 {
    now.clear();
    now.extend(
        subject
            .iter()
            .map(|point| [point[0] + by[0], point[1] + by[1]]),
    );
    for (from, to) in clip.iter().zip(clip.iter().cycle().skip(1)) {
        next.clear();
        let Some(mut last) = now.last().copied() else {
            return 0.0;
        };
        let mut side = cross(*from, *to, last);
        for &point in now.iter() {
            let own = cross(*from, *to, point);
            if (own >= 0.0) != (side >= 0.0) {
                let part = side / (side - own);
                next.push([
                    last[0] + part * (point[0] - last[0]),
                    last[1] + part * (point[1] - last[1]),
                ]);
            }
            if own >= 0.0 {
                next.push(point);
            }
            (last, side) = (point, own);
        }
        std::mem::swap(now, next);
    }
    area(now)
}

fn area(ring: &[Point]) -> f64 {
    let Some(first) = ring.first() else {
        return 0.0;
    };
    ring[1..]
        .windows(2)
        .map(|pair| cross(*first, pair[0], pair[1]))
        .sum::<f64>()
        / 2.0
}

/// Twice the area of a triangle; above 0 where it turns left.
fn cross(a: Point, b: Point, c: Point) -> f64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])
}

/// Whether a ring turns left at every corner, and once around.
fn is_convex(ring: &[Point]) -> bool {
    let many = ring.len();
    let corner = |at: usize| cross(ring[at], ring[(at + 1) % many], ring[(at + 2) % many]);
    // A star turns left everywhere too, several times around.
    (0..many).all(|at| corner(at) >= 0.0)
        && (2..many).all(|at| cross(ring[0], ring[at - 1], ring[at]) >= 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::footprints::{Footprint, Frame};
    use geo::{Area as _, BooleanOps, Coord, Geometry, LineString, Polygon};
    use proptest::prelude::*;

    /// A ring of any form about a place, as a star around its middle, in metres.
    fn star() -> impl Strategy<Value = Vec<Point>> {
        (
            prop::collection::vec(2.0..20.0_f64, 3..9),
            -15.0..15.0_f64,
            -15.0..15.0_f64,
        )
            .prop_map(|(rays, x, y)| {
                let many = f64::from(u32::try_from(rays.len()).unwrap());
                (rays.iter().zip(0_u32..))
                    .map(|(ray, at)| {
                        let angle = f64::from(at) / many * std::f64::consts::TAU;
                        [x + ray * angle.cos(), y + ray * angle.sin()]
                    })
                    .collect()
            })
    }

    fn polygon(ring: &[Point]) -> Polygon<f64> {
        Polygon::new(LineString::from(ring.to_vec()), Vec::new())
    }

    /// A ring as a building beside the equator, where the plane is that of the ring.
    fn set(ring: &[Point]) -> Footprints {
        let frame = Frame::at(Coord { x: 0.0, y: 0.0 });
        let (east, north) = crate::metric::metres_of_degree(0.0);
        let ring: Vec<Point> = ring.iter().map(|[x, y]| [x / east, y / north]).collect();
        let outline = Geometry::Polygon(polygon(&ring));
        Footprints::new(
            frame,
            [Footprint {
                key: 1,
                outline,
                floors: None,
            }],
        )
    }

    proptest! {
        #[test]
        fn the_shared_area_is_that_of_the_plain_intersection(one in star(), other in star(), by in (-5.0..5.0_f64, -5.0..5.0_f64)) {
            let moved: Vec<Point> = one.iter().map(|[x, y]| [x + by.0, y + by.1]).collect();
            let plain = polygon(&moved).intersection(&polygon(&other)).unsigned_area();
            let own = overlap(&set(&one), 0, [by.0, by.1], &set(&other), 0);
            prop_assert!((own - plain).abs() < 1e-3, "{own} and {plain}");
        }
    }
}
