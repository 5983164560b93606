//! How two areas lie to each other, exactly.

use crate::{
    Area, Point, Rect,
    point::{segments_cross, segments_meet, side},
    stripes::STRIPES_FROM,
};

/// So many edges are gone through sooner than looked up in stripes.
const FEW: usize = 64;

/// How a rectangle lies to an area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlap {
    /// They share no point.
    Outside,
    /// The area's boundary goes through the rectangle, or touches it.
    Crossed,
    /// The rectangle is inside the area and touches no boundary.
    Inside,
}

impl Area {
    /// How a closed rectangle lies to this area.
    pub fn overlap(&self, rect: &Rect) -> Overlap {
        if !self.rect().meets(rect) {
            Overlap::Outside
        } else if self.any_edge_near(rect, |a, b| rect.meets_segment(a, b)) {
            Overlap::Crossed
        } else if self.contains(rect.min) {
            Overlap::Inside
        } else {
            Overlap::Outside
        }
    }

    /// Whether the two share a point, boundaries included.
    pub fn intersects(&self, other: &Self) -> bool {
        if !self.rect().meets(&other.rect()) {
            return false;
        }
        let (few, many) = if self.vertex_count() <= other.vertex_count() {
            (self, other)
        } else {
            (other, self)
        };
        few.edges().any(|(a, b)| many.meets_segment(a, b))
            // No boundary is touched: one lies in the other, whole ring by whole ring.
            || few.ring_starts().any(|p| many.contains(p))
            || many.ring_starts().any(|p| few.contains(p))
    }

    /// Whether a segment meets the area, of one ring, where that can be told by looking on which
    /// side of the segment's line the corners lie. That is so for almost every long edge beside a
    /// house, and takes one product in 128 bits.
    pub(crate) fn is_cut_by(&self, a: Point, b: Point) -> Option<bool> {
        /// Longer segments are not looked at: products with a small area's corners stay below 2⁶⁰.
        const LONGEST: i64 = 1 << 36;
        let (corners, rect) = (self.close()?, self.rect());
        let (dx, dy) = (b.x - a.x, b.y - a.y);
        if dx.abs() > LONGEST || dy.abs() > LONGEST {
            return None;
        }
        let from = |to: i64, from: i64| i128::from(to - from);
        let middle =
            i128::from(dx) * from(rect.min.y, a.y) - i128::from(dy) * from(rect.min.x, a.x);
        // What is farther from the line than any corner can reach lies on one side.
        let Some(middle) = i64::try_from(middle).ok().filter(|own| own.abs() < 1 << 62) else {
            return Some(false);
        };
        let (mut left, mut right) = (false, false);
        for &[x, y] in corners {
            let side = middle + dx * i64::from(y) - dy * i64::from(x);
            left |= side >= 0;
            right |= side <= 0;
        }
        if !(left && right) {
            return Some(false);
        }
        // The line goes through the boundary, and there it is the segment.
        let beside = |a: i64, b: i64, low: i64, high: i64| a.min(b) <= low && high <= a.max(b);
        let along =
            beside(a.y, b.y, rect.min.y, rect.max.y) || beside(a.x, b.x, rect.min.x, rect.max.x);
        along.then_some(true)
    }

    /// Whether the boundary shares a point with a closed segment.
    pub(crate) fn meets_segment(&self, a: Point, b: Point) -> bool {
        self.any_edge_near(&Rect::of(a, b), |c, d| segments_meet(a, b, c, d))
    }

    /// Whether the point is on the boundary.
    pub fn on_boundary(&self, p: Point) -> bool {
        self.any_edge_near(&Rect::of(p, p), |a, b| side(a, b, p).is_eq())
    }

    /// Whether no part of the other area is outside this one; it may touch the boundary.
    ///
    /// Both are taken to be valid: each edge has the inside on exactly one side.
    pub fn covers(&self, other: &Self) -> bool {
        let inner = other.rect();
        let outer = self.rect();
        if !(outer.holds(inner.min) && outer.holds(inner.max)) {
            return false;
        }
        let mut near = Vec::new();
        self.any_edge_near(&inner, |a, b| {
            near.push((a, b));
            false
        });
        // No edge of ours comes near: the other is all inside or all outside.
        if near.is_empty() {
            return self.contains(inner.min);
        }
        covers_near(self, other, &near)
    }
}

impl Area {
    /// Whether no part of a segment is outside; it may touch the boundary.
    pub(crate) fn covers_segment(&self, a: Point, b: Point) -> bool {
        let mut cut_at = Vec::new();
        let crossing = self.any_edge_near(&Rect::of(a, b), |c, d| {
            cut_at.extend([c, d].into_iter().filter(|&p| between(a, b, p)));
            segments_cross(a, b, c, d)
        });
        !crossing
            && pieces(a, b, &mut cut_at).all(|middle| {
                self.inside::<2>(middle) || Beside::all(self).on_boundary_halved(middle)
            })
    }
}

/// The test where boundaries may touch.
///
/// First, no two edges may cross inside both, because there the other area is on both
/// sides of our boundary. All contacts left are at vertices, so cutting every edge at the
/// vertices of the other area gives pieces that each lie inside, outside or along the
/// other boundary as a whole; their middles, in half units, are tested exactly:
///
/// - a piece of the other's boundary along ours has its area on the same side as ours;
///   any other piece of it is inside us;
/// - a piece of ours that is not along the other's boundary is not inside it.
///
/// If all hold and some part of the other were outside us, that part would have no
/// boundary inside the other, so be a whole component of it; its boundary would run along
/// ours with the areas on opposite sides, which the first rule excludes.
fn covers_near(outer: &Area, inner: &Area, near: &[(Point, Point)]) -> bool {
    let (outside, within) = (Beside::some(outer, near), Beside::all(inner));
    let mut cut_at = Vec::new();
    for (a, b) in inner.edges() {
        let reach = Rect::of(a, b);
        cut_at.clear();
        let crossing = outside.any_edge_near(&reach, |c, d| {
            cut_at.extend([c, d].into_iter().filter(|&p| between(a, b, p)));
            segments_cross(a, b, c, d)
        });
        if crossing
            || !pieces(a, b, &mut cut_at).all(|middle| {
                let inside = outer.inside::<2>(middle);
                if outside.on_boundary_halved(middle) {
                    inside == inner.inside::<2>(middle)
                } else {
                    inside
                }
            })
        {
            return false;
        }
    }
    near.iter().all(|&(a, b)| {
        cut_at.clear();
        inner.any_edge_near(&Rect::of(a, b), |c, d| {
            cut_at.extend([c, d].into_iter().filter(|&p| between(a, b, p)));
            false
        });
        pieces(a, b, &mut cut_at)
            .all(|middle| within.on_boundary_halved(middle) || !inner.inside::<2>(middle))
    })
}

/// The boundary of an area where it is asked for again and again beside another one.
struct Beside<'a> {
    area: &'a Area,
    /// Its edges there, where they are few: sooner gone through than looked up.
    near: Option<&'a [(Point, Point)]>,
}

impl<'a> Beside<'a> {
    /// With the edges of an area near what is asked.
    fn some(area: &'a Area, near: &'a [(Point, Point)]) -> Self {
        let few = near.len() <= FEW || area.vertex_count() < STRIPES_FROM;
        Self {
            area,
            near: few.then_some(near),
        }
    }

    fn all(area: &'a Area) -> Self {
        Self { area, near: None }
    }

    fn any_edge_near(&self, rect: &Rect, mut visit: impl FnMut(Point, Point) -> bool) -> bool {
        match self.near {
            Some(near) => (near.iter()).any(|&(a, b)| Rect::of(a, b).meets(rect) && visit(a, b)),
            None => self.area.any_edge_near(rect, visit),
        }
    }

    /// Whether a point in half units is on the boundary.
    fn on_boundary_halved(&self, p: Point) -> bool {
        let around = Rect {
            min: Point {
                x: p.x.div_euclid(2),
                y: p.y.div_euclid(2),
            },
            max: Point {
                x: p.x.div_euclid(2) + p.x.rem_euclid(2),
                y: p.y.div_euclid(2) + p.y.rem_euclid(2),
            },
        };
        let double = |p: Point| Point {
            x: 2 * p.x,
            y: 2 * p.y,
        };
        self.any_edge_near(&around, |a, b| {
            let (a, b) = (double(a), double(b));
            Rect::of(a, b).holds(p) && side(a, b, p).is_eq()
        })
    }
}

/// Whether the point is on the segment, not at an end.
fn between(a: Point, b: Point, p: Point) -> bool {
    p != a && p != b && Rect::of(a, b).holds(p) && side(a, b, p).is_eq()
}

/// Middles, in half units, of the pieces into which points on it cut a segment.
fn pieces(a: Point, b: Point, cut_at: &mut Vec<Point>) -> impl Iterator<Item = Point> {
    // On a segment, the order by x and then y is the order along it, or its reverse.
    cut_at.extend([a, b]);
    cut_at.sort_unstable();
    cut_at.dedup();
    cut_at.windows(2).map(|pair| Point {
        x: pair[0].x + pair[1].x,
        y: pair[0].y + pair[1].y,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{MultiPolygon, wkt};

    fn area(polygons: impl Into<MultiPolygon<f64>>) -> Area {
        Area::from_multi_polygon(&polygons.into()).unwrap()
    }

    #[test]
    fn an_area_covers_what_touches_its_boundary_from_inside() {
        let big = area(wkt!(POLYGON((0. 0.,9. 0.,9. 9.,0. 9.,0. 0.))));
        assert!(big.covers(&big));
        assert!(big.covers(&area(wkt!(POLYGON((0. 0.,9. 0.,4. 4.,0. 0.))))));
        assert!(big.covers(&area(wkt!(POLYGON((3. 0.,6. 0.,4. 4.,3. 0.))))));
        assert!(!big.covers(&area(wkt!(POLYGON((3. -1.,6. 0.,4. 4.,3. -1.))))));
        assert!(
            !big.covers(&area(wkt!(POLYGON((9. 0.,12. 0.,12. 9.,9. 9.,9. 0.))))),
            "a neighbour"
        );
    }

    #[test]
    fn what_fills_a_hole_is_not_covered() {
        let ring =
            area(wkt!(POLYGON((0. 0.,9. 0.,9. 9.,0. 9.,0. 0.),(3. 3.,6. 3.,6. 6.,3. 6.,3. 3.))));
        assert!(
            !ring.covers(&area(wkt!(POLYGON((3. 3.,6. 3.,6. 6.,3. 6.,3. 3.))))),
            "the hole itself"
        );
        assert!(
            !ring.covers(&area(wkt!(POLYGON((2. 2.,7. 2.,7. 7.,2. 7.,2. 2.))))),
            "around the hole"
        );
        assert!(
            !ring.covers(&area(
                wkt!(POLYGON((1. 1.,8. 1.,8. 8.,1. 8.,1. 1.),(4. 4.,5. 4.,5. 5.,4. 5.,4. 4.)))
            )),
            "smaller hole"
        );
        assert!(
            ring.covers(&area(
                wkt!(POLYGON((1. 1.,8. 1.,8. 8.,1. 8.,1. 1.),(3. 3.,6. 3.,6. 6.,3. 6.,3. 3.)))
            )),
            "the same hole"
        );
        assert!(
            ring.covers(&area(wkt!(POLYGON((6. 3.,8. 3.,8. 6.,6. 6.,6. 3.))))),
            "along the hole"
        );
    }

    #[test]
    fn a_part_that_touches_an_edge_between_its_ends_takes_nothing_away() {
        // GEOS 3.14 says that the one does not contain the other.
        let two =
            area(wkt!(MULTIPOLYGON(((0. 1.,0. 3.,1. 3.,1. 1.,0. 1.)),((0. 0.,3. 0.,3. 3.,0. 0.)))));
        let along = area(wkt!(POLYGON((0. 0.,2. 2.,2. 1.,3. 2.,3. 0.,0. 0.))));
        assert!(two.covers(&along) && !along.covers(&two));
    }

    #[test]
    fn touching_counts_as_intersecting() {
        let square = area(wkt!(POLYGON((0. 0.,3. 0.,3. 3.,0. 3.,0. 0.))));
        assert!(square.intersects(&area(wkt!(POLYGON((3. 0.,6. 0.,6. 3.,3. 3.,3. 0.))))));
        assert!(
            square.intersects(&area(wkt!(POLYGON((3. 3.,6. 3.,6. 6.,3. 6.,3. 3.))))),
            "a corner"
        );
        assert!(
            square.intersects(&area(wkt!(POLYGON((1. 1.,2. 1.,2. 2.,1. 2.,1. 1.))))),
            "inside"
        );
        assert!(!square.intersects(&area(wkt!(POLYGON((3.1 0.,6. 0.,6. 3.,3.1 3.,3.1 0.))))));
        let ring = area(
            wkt!(POLYGON((-5. -5.,9. -5.,9. 9.,-5. 9.,-5. -5.),(-1. -1.,5. -1.,5. 5.,-1. 5.,-1. -1.))),
        );
        assert!(!square.intersects(&ring), "in its hole");
    }

    #[test]
    fn a_segment_that_is_told_by_its_line_is_told_right() {
        use rand::{RngExt, SeedableRng};
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(7);
        let (mut told, mut met) = (0, 0);
        for round in 0..20_000 {
            // Small squares of the lattice, where much is touched and lies in one line.
            let mut at = |reach: i64| {
                let mut way = || random.random_range(-reach..=reach);
                let (x, y) = (113_000_000_000 + way(), 23_000_000_000 + way());
                Point { x, y }
            };
            let ring: Vec<(f64, f64)> = (0..3 + round % 5)
                .map(|_| at(3))
                .map(|p| (p.lon(), p.lat()))
                .collect();
            let polygon = geo::Polygon::new(geo::LineString::from(ring), vec![]);
            let Ok(own) = Area::from_polygon(&polygon) else {
                continue;
            };
            let (a, b) = (at(6), at([6, 60, 40_000_000_000][round as usize % 3]));
            if let Some(is_cut) = own.is_cut_by(a, b) {
                let slow = own.edges().any(|(c, d)| segments_meet(a, b, c, d)) || own.contains(a);
                assert_eq!(is_cut, slow, "{own:?} and {a:?}, {b:?}");
                told += 1;
                met += u32::from(is_cut);
            }
        }
        assert!(told > 5_000 && met > 1_000, "{told} told, {met} met");
    }

    #[test]
    fn rectangles_are_outside_crossed_or_inside() {
        let ring =
            area(wkt!(POLYGON((0. 0.,9. 0.,9. 9.,0. 9.,0. 0.),(3. 3.,6. 3.,6. 6.,3. 6.,3. 3.))));
        let rect = |w, s, e, n| Rect::of(Point::snap(w, s).unwrap(), Point::snap(e, n).unwrap());
        assert_eq!(ring.overlap(&rect(1.0, 1.0, 2.0, 2.0)), Overlap::Inside);
        assert_eq!(ring.overlap(&rect(4.0, 4.0, 5.0, 5.0)), Overlap::Outside);
        assert_eq!(ring.overlap(&rect(2.0, 2.0, 7.0, 7.0)), Overlap::Crossed);
        assert_eq!(ring.overlap(&rect(9.0, 1.0, 10.0, 2.0)), Overlap::Crossed);
        assert_eq!(ring.overlap(&rect(9.1, 1.0, 10.0, 2.0)), Overlap::Outside);
    }
}
