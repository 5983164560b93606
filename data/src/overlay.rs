//! Areas joined, taken from one another and cut, in whole numbers on the lattice.
//!
//! Coordinates become lattice units counted from the middle of what is worked on, and are
//! worked on as integers: a corner that two areas share is one corner before and after, and
//! every vertex is kept, also one on a straight stretch, because the neighbour may bend
//! there. Only where two edges cross between lattice points is the crossing rounded, by half
//! a unit (0.06 mm) at most.

use std::collections::HashMap;

use geo::{BoundingRect, Coord, LineString, MultiPolygon, Polygon};
use i_overlay::{
    core::{
        fill_rule::FillRule,
        overlay::{ContourDirection, IntOverlayOptions, Overlay},
        overlay_rule::OverlayRule,
        solver::Solver,
    },
    i_float::int::point::IntPoint,
    string::{overlay::StringOverlay, rule::StringRule},
};

use crate::{geometry::UNITS_PER_DEGREE, measure::area_m2};

/// What is smaller is rounding and no ground, in m²: a part of it goes, a hole is filled.
pub const SLIVER_M2: f64 = 0.01;

/// Half of the widest extent in lattice units: a little over a degree.
const REACH: f64 = (1_u32 << 30) as f64;

/// Keeps every vertex. Rings that touch themselves are taken apart in [`valid`]: the library's
/// own way of doing so (`ogc`) loses ground where areas meet in corners.
const OPTIONS: IntOverlayOptions = IntOverlayOptions {
    preserve_input_collinear: true,
    output_direction: ContourDirection::CounterClockwise,
    preserve_output_collinear: true,
    min_output_area: 0,
    ogc: false,
};

/// What is worked on reaches over more than two degrees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "范围超过两个经纬度，请分开处理 / the areas reach over more than two degrees; work on fewer at once"
)]
pub struct TooWide;

/// The lattice around a place.
#[derive(Clone, Copy)]
struct Frame {
    x: f64,
    y: f64,
    /// Parts of a lattice unit, a power of two: more of them round crossings less.
    parts: f64,
}

type IntShape = Vec<Vec<IntPoint>>;

fn joined(a: geo::Rect<f64>, b: geo::Rect<f64>) -> geo::Rect<f64> {
    geo::Rect::new(
        (a.min().x.min(b.min().x), a.min().y.min(b.min().y)),
        (a.max().x.max(b.max().x), a.max().y.max(b.max().y)),
    )
}

impl Frame {
    /// Around the middle of some geometries; none where there is nothing.
    fn around(bounds: impl IntoIterator<Item = geo::Rect<f64>>) -> Result<Option<Self>, TooWide> {
        let Some(all) = bounds.into_iter().reduce(joined) else {
            return Ok(None);
        };
        if all.width().max(all.height()) * UNITS_PER_DEGREE / 2.0 >= REACH {
            return Err(TooWide);
        }
        let middle = all.center();
        Ok(Some(Self {
            x: (middle.x * UNITS_PER_DEGREE).round(),
            y: (middle.y * UNITS_PER_DEGREE).round(),
            parts: 1.0,
        }))
    }

    /// With as many parts of a unit as the extent leaves room for.
    fn fine(self, bounds: &geo::Rect<f64>) -> Self {
        let reach = bounds.width().max(bounds.height()) * UNITS_PER_DEGREE / 2.0 + 2.0;
        let parts = (REACH / reach).log2().floor().clamp(0.0, 16.0).exp2();
        Self { parts, ..self }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole numbers within the frame's reach"
    )]
    fn to(self, at: Coord) -> IntPoint {
        IntPoint::new(
            (((at.x * UNITS_PER_DEGREE).round_ties_even() - self.x) * self.parts) as i32,
            (((at.y * UNITS_PER_DEGREE).round_ties_even() - self.y) * self.parts) as i32,
        )
    }

    fn back(self, at: IntPoint) -> Coord {
        Coord {
            x: (self.x + f64::from(at.x) / self.parts) / UNITS_PER_DEGREE,
            y: (self.y + f64::from(at.y) / self.parts) / UNITS_PER_DEGREE,
        }
    }

    fn shapes(self, area: &MultiPolygon<f64>) -> Vec<IntShape> {
        let ring = |ring: &LineString<f64>| {
            // Open: the last point is the first.
            let points = ring.0.len().saturating_sub(1);
            ring.0[..points].iter().map(|at| self.to(*at)).collect()
        };
        area.iter()
            .map(|polygon| {
                std::iter::once(polygon.exterior())
                    .chain(polygon.interiors())
                    .map(ring)
                    .collect()
            })
            .collect()
    }

    /// As areas again, without what is smaller than so many m².
    fn polygons(self, shapes: Vec<IntShape>, least_m2: f64) -> MultiPolygon<f64> {
        let shapes = valid(shapes);
        let ring = |ring: Vec<IntPoint>| {
            let mut points: Vec<Coord> = ring.into_iter().map(|at| self.back(at)).collect();
            points.extend(points.first().copied());
            LineString(points)
        };
        let polygons = shapes.into_iter().filter_map(|shape| {
            let mut rings = shape.into_iter().map(ring);
            let outer = rings.next().filter(|outer| ground_m2(outer) >= least_m2)?;
            let holes = rings.filter(|hole| ground_m2(hole) >= least_m2);
            Some(Polygon::new(outer, holes.collect()))
        });
        MultiPolygon(polygons.collect())
    }
}

/// The same ground as shapes whose rings touch themselves nowhere: outer rings
/// anticlockwise, each with its holes.
fn valid(shapes: Vec<IntShape>) -> Vec<IntShape> {
    let rings = shapes.into_iter().flatten().flat_map(loops);
    let (outers, holes): (Vec<_>, Vec<_>) = rings
        .filter(|ring| doubled(ring) != 0)
        .partition(|ring| doubled(ring) > 0);
    let mut outers: Vec<IntShape> = outers.into_iter().map(|ring| vec![ring]).collect();
    // The smallest that contains a hole is the one that it is in.
    outers.sort_by_key(|shape| doubled(&shape[0]));
    for hole in holes {
        if let Some(around) = outers.iter_mut().find(|shape| contains(&shape[0], &hole)) {
            around.push(hole);
        }
    }
    outers
}

/// A ring cut up where it comes by a point again.
fn loops(ring: Vec<IntPoint>) -> Vec<Vec<IntPoint>> {
    let mut all = Vec::new();
    let mut way: Vec<IntPoint> = Vec::with_capacity(ring.len());
    let mut places: HashMap<(i32, i32), usize> = HashMap::with_capacity(ring.len());
    for at in ring {
        if let Some(&before) = places.get(&(at.x, at.y)) {
            let closed = way.split_off(before);
            for gone in &closed {
                places.remove(&(gone.x, gone.y));
            }
            all.push(closed);
        }
        places.insert((at.x, at.y), way.len());
        way.push(at);
    }
    all.push(way);
    all
}

/// Twice the area of a ring in lattice units, less than 0 where it runs clockwise.
fn doubled(ring: &[IntPoint]) -> i128 {
    edges(ring)
        .map(|(a, b)| i128::from(a.x) * i128::from(b.y) - i128::from(b.x) * i128::from(a.y))
        .sum()
}

fn edges(ring: &[IntPoint]) -> impl Iterator<Item = (IntPoint, IntPoint)> {
    let next = ring.iter().cycle().skip(1);
    ring.iter().zip(next).map(|(a, b)| (*a, *b))
}

/// Whether a hole lies in an outer ring: by the middle of one of its edges, which is no
/// point of any other ring, for all vertices stand where rings meet.
fn contains(outer: &[IntPoint], hole: &[IntPoint]) -> bool {
    let Some((from, to)) = edges(hole).next() else {
        return false;
    };
    let twice = |at: IntPoint| (2 * i128::from(at.x), 2 * i128::from(at.y));
    let (x, y) = (
        i128::from(from.x) + i128::from(to.x),
        i128::from(from.y) + i128::from(to.y),
    );
    let mut inside = false;
    for (a, b) in edges(outer) {
        let ((ax, ay), (bx, by)) = (twice(a), twice(b));
        if (ay > y) != (by > y) {
            // East of the point where the edge crosses its parallel.
            let turn = (bx - ax) * (y - ay) - (x - ax) * (by - ay);
            inside ^= (turn > 0) == (by > ay);
        }
    }
    inside
}

/// What a ring encloses.
fn ground_m2(ring: &LineString<f64>) -> f64 {
    area_m2(&Polygon::new(ring.clone(), Vec::new()).into())
}

fn combined(
    one: &[&MultiPolygon<f64>],
    other: &[&MultiPolygon<f64>],
    rule: OverlayRule,
) -> Result<MultiPolygon<f64>, TooWide> {
    let bounds = one
        .iter()
        .chain(other)
        .filter_map(|area| area.bounding_rect());
    let Some(frame) = Frame::around(bounds)? else {
        return Ok(MultiPolygon(Vec::new()));
    };
    let of = |areas: &[&MultiPolygon<f64>]| -> Vec<IntShape> {
        areas.iter().flat_map(|area| frame.shapes(area)).collect()
    };
    let mut overlay =
        Overlay::with_shapes_options(&of(one), &of(other), OPTIONS, Solver::default());
    Ok(frame.polygons(overlay.overlay(rule, FillRule::NonZero), SLIVER_M2))
}

/// All ground of some areas as one.
///
/// # Errors
/// When they are too far apart.
pub fn union<'a>(
    areas: impl IntoIterator<Item = &'a MultiPolygon<f64>>,
) -> Result<MultiPolygon<f64>, TooWide> {
    let areas: Vec<_> = areas.into_iter().collect();
    combined(&areas, &[], OverlayRule::Subject)
}

/// The ground of one area that is not in another.
///
/// # Errors
/// When they are too far apart.
pub fn difference(
    one: &MultiPolygon<f64>,
    other: &MultiPolygon<f64>,
) -> Result<MultiPolygon<f64>, TooWide> {
    without(one, &[other])
}

/// The ground of one area that is in none of some others.
///
/// # Errors
/// When they are too far apart.
pub fn without(
    one: &MultiPolygon<f64>,
    others: &[&MultiPolygon<f64>],
) -> Result<MultiPolygon<f64>, TooWide> {
    combined(&[one], others, OverlayRule::Difference)
}

/// The ground that two areas share.
///
/// # Errors
/// When they are too far apart.
pub fn intersection(
    one: &MultiPolygon<f64>,
    other: &MultiPolygon<f64>,
) -> Result<MultiPolygon<f64>, TooWide> {
    combined(&[one], &[other], OverlayRule::Intersect)
}

/// How much of an area some others cover together, in m²: ground that several of them cover
/// counts once. Crossings are rounded far below the lattice, for they are only measured.
///
/// # Errors
/// When they are too far apart.
pub fn covered_m2(area: &MultiPolygon<f64>, others: &[&MultiPolygon<f64>]) -> Result<f64, TooWide> {
    let bounds = std::iter::once(&area)
        .chain(others)
        .filter_map(|area| area.bounding_rect())
        .reduce(joined);
    let (Some(bounds), Some(frame)) = (bounds, Frame::around(bounds)?) else {
        return Ok(0.0);
    };
    let frame = frame.fine(&bounds);
    let covers: Vec<IntShape> = others.iter().flat_map(|area| frame.shapes(area)).collect();
    let mut overlay =
        Overlay::with_shapes_options(&frame.shapes(area), &covers, OPTIONS, Solver::default());
    let common = overlay.overlay(OverlayRule::Intersect, FillRule::NonZero);
    Ok(area_m2(&frame.polygons(common, 0.0).into()))
}

/// The pieces that a line cuts an area into, the greatest first; what it does not go through
/// stays whole. The pieces' border is the same on both sides, vertex by vertex.
///
/// # Errors
/// When area and line are too far apart.
pub fn cut(area: &MultiPolygon<f64>, line: &LineString<f64>) -> Result<Vec<Polygon<f64>>, TooWide> {
    let bounds = [area.bounding_rect(), line.bounding_rect()];
    let Some(frame) = Frame::around(bounds.into_iter().flatten())? else {
        return Ok(Vec::new());
    };
    let shapes = frame.shapes(area);
    let knife: Vec<IntPoint> = line.0.iter().map(|at| frame.to(*at)).collect();
    let edges = shapes.iter().flatten().map(Vec::len).sum::<usize>() + knife.len();
    let mut overlay = StringOverlay::with_options(edges, OPTIONS);
    overlay.add_shapes(&shapes);
    overlay.add_string_path(&knife);
    let sliced = (overlay.build_graph_view(FillRule::NonZero))
        .map(|graph| graph.extract_shapes_custom(StringRule::Slice, OPTIONS))
        .unwrap_or_default();
    let mut pieces = frame.polygons(sliced, SLIVER_M2).0;
    pieces.sort_by(|a, b| area_m2(&b.clone().into()).total_cmp(&area_m2(&a.clone().into())));
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use geo::{line_string, polygon};
    use proptest::prelude::*;

    use super::*;

    const ROWS: usize = 4;

    /// Grids that tile a square with bent borders: corners of the rows' borders lie in the
    /// middle of the edges above and below them, as where three grids meet.
    fn grids(bends: &[i32]) -> Vec<MultiPolygon<f64>> {
        let unit = 1.0 / UNITS_PER_DEGREE;
        let corner = |x: usize, y: usize| {
            let bend = f64::from(bends[(y * (ROWS + 1) + x) % bends.len()]);
            let inner = (1..ROWS).contains(&x) && (1..ROWS).contains(&y);
            let shift = if inner { bend } else { 0.0 };
            let at = |whole: i64, part: usize, shift: f64| {
                ((whole * 1_000_000_000 + part as i64 * 1_000_000) as f64 + shift.round()) * unit
            };
            Coord {
                x: at(113, x, shift),
                y: at(23, y, -shift / 3.0),
            }
        };
        let mut all = Vec::new();
        for y in 0..ROWS {
            for x in 0..ROWS {
                let ring = [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1), (x, y)];
                let ring: LineString = ring.iter().map(|&(x, y)| corner(x, y)).collect();
                let mut whole = geo::Geometry::from(Polygon::new(ring, Vec::new()));
                crate::geometry::snap(&mut whole);
                let geo::Geometry::Polygon(grid) = whole else {
                    unreachable!("a polygon stays one")
                };
                all.push(MultiPolygon(vec![grid]));
            }
        }
        all
    }

    fn m2(area: &MultiPolygon<f64>) -> f64 {
        area_m2(&area.clone().into())
    }

    fn corners(area: &MultiPolygon<f64>) -> BTreeSet<(i64, i64)> {
        use geo::CoordsIter;
        let units = |degrees: f64| (degrees * UNITS_PER_DEGREE).round() as i64;
        (area.coords_iter())
            .map(|at| (units(at.x), units(at.y)))
            .collect()
    }

    fn all_of(areas: &[&MultiPolygon<f64>]) -> MultiPolygon<f64> {
        union(areas.iter().copied()).unwrap()
    }

    #[test]
    fn what_is_too_wide_is_refused() {
        let far = |lon: f64| {
            MultiPolygon(vec![polygon![
                (x: lon, y: 23.0), (x: lon + 0.1, y: 23.0), (x: lon, y: 23.1)
            ]])
        };
        assert_eq!(union([&far(110.0), &far(113.0)]), Err(TooWide));
        assert!(union([&far(112.0), &far(113.0)]).is_ok());
        assert_eq!(union([]), Ok(MultiPolygon(Vec::new())));
    }

    #[test]
    fn a_vertex_on_a_straight_border_stays() {
        let with = polygon![
            (x: 113.0, y: 23.0), (x: 113.0005, y: 23.0), (x: 113.001, y: 23.0),
            (x: 113.001, y: 23.001), (x: 113.0, y: 23.001)
        ];
        let joined = union([&MultiPolygon(vec![with.clone()])]).unwrap();
        assert_eq!(corners(&joined), corners(&MultiPolygon(vec![with])));
    }

    #[test]
    fn a_ring_of_grids_has_a_hole_and_a_hair_between_two_is_none() {
        let all = grids(&[0]);
        // The eight around one.
        let around: Vec<_> = [0, 1, 2, 4, 6, 8, 9, 10].map(|at| &all[at]).to_vec();
        let ring = all_of(&around);
        assert_eq!((ring.0.len(), ring.0[0].interiors().len()), (1, 1));
        // A neighbour that stands a lattice unit off.
        let mut off = all[1].clone();
        off.0[0].exterior_mut(|ring| {
            for at in &mut ring.0 {
                at.x += 1.0 / UNITS_PER_DEGREE;
            }
        });
        let near = all_of(&[&all[0], &off, &all[4], &all[5]]);
        assert_eq!((near.0.len(), near.0[0].interiors().len()), (1, 0));
    }

    #[test]
    fn ground_under_two_lines_counts_once() {
        let all = grids(&[120_000, -80_000, 30_000]);
        let (west, east) = (all_of(&[&all[0], &all[1]]), all_of(&[&all[1], &all[2]]));
        let whole = all_of(&all.iter().collect::<Vec<_>>());
        let once: f64 = all[..3].iter().map(m2).sum();
        let covered = covered_m2(&whole, &[&west, &east]).unwrap();
        assert!((covered / once - 1.0).abs() < 1e-9, "{covered} {once}");
        let nothing = covered_m2(&all[3], &[&west, &east]).unwrap();
        assert!(nothing < 1e-6, "{nothing}");
    }

    proptest! {
        #[test]
        fn grids_join_to_what_they_cover(
            bends in prop::collection::vec(-300_000..300_000_i32, 7..25),
            picks in prop::collection::vec(any::<bool>(), ROWS * ROWS),
        ) {
            let all = grids(&bends);
            let picked: Vec<_> = all.iter().zip(&picks).filter(|(_, pick)| **pick).map(|(grid, _)| grid).collect();
            let rest: Vec<_> = all.iter().zip(&picks).filter(|(_, pick)| !**pick).map(|(grid, _)| grid).collect();
            let (one, other) = (all_of(&picked), all_of(&rest));
            let sum: f64 = picked.iter().map(|grid| m2(grid)).sum();
            prop_assert!((m2(&one) - sum).abs() < 0.001, "{} {sum}", m2(&one));
            // No corner is new: the union is made of the grids' own.
            let own: BTreeSet<_> = picked.iter().flat_map(|grid| corners(grid)).collect();
            prop_assert!(corners(&one).is_subset(&own));
            // The parts neither overlap nor leave a gap.
            prop_assert_eq!(intersection(&one, &other).unwrap().0.len(), 0);
            let whole = all_of(&[&one, &other]);
            let everything: Vec<_> = all.iter().collect();
            prop_assert_eq!(corners(&whole), corners(&all_of(&everything)));
            prop_assert_eq!(difference(&whole, &one).unwrap().0.len(), other.0.len());
        }

        #[test]
        fn pieces_of_a_cut_join_to_the_whole(
            bends in prop::collection::vec(-300_000..300_000_i32, 7..25),
            west in 0.05..0.95f64, middle in 0.05..0.95f64, east in 0.05..0.95f64,
        ) {
            let all = grids(&bends);
            let area = all_of(&all.iter().collect::<Vec<_>>());
            let at = |part: f64| 23.0 + 0.004 * part;
            let line = line_string![
                (x: 112.999, y: at(west)), (x: 113.002, y: at(middle)), (x: 113.005, y: at(east))
            ];
            let pieces: Vec<_> = cut(&area, &line).unwrap().into_iter().map(|piece| MultiPolygon(vec![piece])).collect();
            prop_assert_eq!(pieces.len(), 2);
            let sum: f64 = pieces.iter().map(m2).sum();
            // The border moves by half a lattice unit where it meets the line.
            prop_assert!((sum - m2(&area)).abs() < 0.01, "{sum} {}", m2(&area));
            prop_assert_eq!(intersection(&pieces[0], &pieces[1]).unwrap().0.len(), 0);
            let whole = all_of(&pieces.iter().collect::<Vec<_>>());
            prop_assert!((m2(&whole) - sum).abs() < 0.001);
        }
    }
}
