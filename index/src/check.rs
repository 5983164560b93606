//! Whether an area is valid, and where it is not.

use crate::{
    Area, Point, Rect,
    point::{segments_cross, segments_meet, side},
};

/// Why an area is not valid, with a place in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// The boundary crosses, overlaps or touches itself here.
    Crossing {
        /// Longitude.
        lon: f64,
        /// Latitude.
        lat: f64,
    },
    /// The ring that starts here is a hole outside its area, or a part inside another.
    Nesting {
        /// Longitude.
        lon: f64,
        /// Latitude.
        lat: f64,
    },
}

/// Units of an edge's inner place: a prime, about a million.
const SCALE: i64 = 1_000_003;

impl Area {
    /// The first fault of the boundary, in the order of its edges.
    ///
    /// As in the OGC's rules, a ring may not touch itself, rings may touch at points but
    /// not cross or run along each other, holes lie inside their part and parts apart.
    pub fn fault(&self) -> Option<Fault> {
        let rings: Vec<(usize, usize)> = self.ring_ranges().collect();
        for &(start, end) in &rings {
            for edge in start..end - 1 {
                let (a, b) = (self.vertex(edge), self.vertex(edge + 1));
                let following = if edge + 2 == end { start } else { edge + 1 };
                let mut fault = None;
                self.any_position_near(&Rect::of(a, b), |other, c, d| {
                    // Each pair once, and no edge with itself.
                    if other <= edge {
                        return false;
                    }
                    let same_ring = other < end;
                    let bad = if same_ring
                        && (other == following || (edge == start && other == end - 2))
                    {
                        // Neighbours share one end; they may not turn back on themselves.
                        let (tip, shared, far) = if other == following {
                            (a, b, d)
                        } else {
                            (b, a, c)
                        };
                        turns_back(tip, shared, far)
                    } else if same_ring {
                        segments_meet(a, b, c, d)
                    } else {
                        segments_cross(a, b, c, d) || overlap(a, b, c, d)
                    };
                    if bad {
                        let (lon, lat) = meeting(a, b, c, d);
                        fault = Some(Fault::Crossing { lon, lat });
                    }
                    bad
                });
                if fault.is_some() {
                    return fault;
                }
            }
        }
        // Rings that cross at a vertex of both, and wrong nesting, leave an edge with the
        // inside on its right.
        let edges = self.edge_positions().filter(|_| rings.len() > 1);
        edges.into_iter().find_map(|at| {
            let (a, b) = (self.vertex(at), self.vertex(at + 1));
            // The half-open rule tells the east side of an edge, the north side of a level
            // one. Asked nearly half-way, where no vertex of another ring can touch: such a
            // place is on the lattice only if the scale, a prime, divides the edge.
            let part = |from: i64, to: i64| SCALE / 2 * from + (SCALE - SCALE / 2) * to;
            let east = self.inside::<SCALE>(Point {
                x: part(a.x, b.x),
                y: part(a.y, b.y),
            });
            let left_is_east = if a.y == b.y { a.x < b.x } else { a.y > b.y };
            (east != left_is_east).then(|| Fault::Nesting {
                lon: a.lon(),
                lat: a.lat(),
            })
        })
    }
}

fn turns_back(tip: Point, shared: Point, far: Point) -> bool {
    let (ux, uy) = (tip.x - shared.x, tip.y - shared.y);
    let (vx, vy) = (far.x - shared.x, far.y - shared.y);
    side(tip, shared, far).is_eq()
        && i128::from(ux) * i128::from(vx) + i128::from(uy) * i128::from(vy) > 0
}

/// Whether two segments share more than a point.
fn overlap(a: Point, b: Point, c: Point, d: Point) -> bool {
    if side(a, b, c).is_ne() || side(a, b, d).is_ne() {
        return false;
    }
    // Along a line, the order by x and then y is that of the points.
    a.min(b).max(c.min(d)) < a.max(b).min(c.max(d))
}

/// A place where two segments that meet do so, in degrees.
#[expect(
    clippy::cast_precision_loss,
    reason = "a place to show, rounded to a double"
)]
fn meeting(a: Point, b: Point, c: Point, d: Point) -> (f64, f64) {
    let cross = |u: (i64, i64), v: (i64, i64)| {
        i128::from(u.0) * i128::from(v.1) - i128::from(u.1) * i128::from(v.0)
    };
    let (ab, cd) = ((b.x - a.x, b.y - a.y), (d.x - c.x, d.y - c.y));
    let all = cross(ab, cd);
    if all == 0 {
        let place = if Rect::of(a, b).holds(c) {
            c
        } else if Rect::of(a, b).holds(d) {
            d
        } else {
            a
        };
        return (place.lon(), place.lat());
    }
    let along = cross((c.x - a.x, c.y - a.y), cd) as f64 / all as f64;
    (
        a.lon() + along * (b.lon() - a.lon()),
        a.lat() + along * (b.lat() - a.lat()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{MultiPolygon, wkt};

    fn fault(polygons: impl Into<MultiPolygon<f64>>) -> Option<Fault> {
        Area::from_multi_polygon(&polygons.into()).unwrap().fault()
    }

    #[test]
    fn a_crossing_is_shown_where_it_is() {
        assert_eq!(
            fault(wkt!(POLYGON((0. 0.,2. 2.,2. 0.,0. 2.,0. 0.)))),
            Some(Fault::Crossing { lon: 1.0, lat: 1.0 })
        );
        assert_eq!(
            fault(wkt!(POLYGON((0. 0.,4. 0.,4. 4.,2. 0.,0. 4.,0. 0.)))),
            Some(Fault::Crossing { lon: 2.0, lat: 0.0 }),
            "a ring that touches itself"
        );
        assert!(
            fault(wkt!(POLYGON((0. 0.,4. 0.,6. 0.,4. 0.,4. 4.,0. 0.)))).is_some(),
            "a spike"
        );
        assert!(
            fault(wkt!(POLYGON((0. 0.,4. 0.,4. 4.,0. 4.,0. 0.),(3. 1.,6. 1.,6. 2.,3. 2.,3. 1.))))
                .is_some()
        );
    }

    #[test]
    fn rings_may_touch_but_must_nest() {
        assert_eq!(fault(wkt!(POLYGON((0. 0.,4. 0.,4. 4.,0. 4.,0. 0.)))), None);
        assert_eq!(
            fault(wkt!(POLYGON((0. 0.,4. 0.,4. 4.,0. 4.,0. 0.),(0. 2.,2. 1.,2. 3.,0. 2.)))),
            None,
            "a hole that touches"
        );
        let corners =
            wkt!(MULTIPOLYGON(((0. 0.,2. 0.,2. 2.,0. 2.,0. 0.)),((2. 2.,4. 2.,4. 4.,2. 4.,2. 2.))));
        assert_eq!(fault(corners), None);
        let outside =
            wkt!(POLYGON((0. 0.,4. 0.,4. 4.,0. 4.,0. 0.),(5. 1.,6. 1.,6. 2.,5. 2.,5. 1.)));
        assert!(matches!(fault(outside), Some(Fault::Nesting { .. })));
        let inside =
            wkt!(MULTIPOLYGON(((0. 0.,4. 0.,4. 4.,0. 4.,0. 0.)),((1. 1.,2. 1.,2. 2.,1. 2.,1. 1.))));
        assert!(matches!(fault(inside), Some(Fault::Nesting { .. })));
        let along =
            wkt!(MULTIPOLYGON(((0. 0.,2. 0.,2. 2.,0. 2.,0. 0.)),((2. 1.,4. 1.,4. 3.,2. 3.,2. 1.))));
        assert!(
            matches!(fault(along), Some(Fault::Crossing { .. })),
            "parts along each other"
        );
        let through = wkt!(MULTIPOLYGON(((0. 0.,4. 0.,4. 4.,0. 4.,0. 2.,0. 0.)),((-1. 1.,0. 2.,1. 2.5,0. 2.,-1. 3.,-1. 1.))));
        assert!(fault(through).is_some());
    }
}
