//! Borders that neighbours share: whether they fit, and how they are moved, cut and joined.
//!
//! Coordinates are longitude and latitude in degrees on the lattice; areas are geodesic m².
//! Areas are held against one another in whole numbers ([`overlay`]); only what reaches too far
//! for those, in floating point.

use geo::{
    BooleanOps, BoundingRect, Coord, Geometry, Intersects, LineString, MultiPolygon, Polygon,
    unary_union,
};
use yizhangtu_index::{Area, Point, side};

use crate::{
    GeometryKind,
    geometry::{GeometryError, prepare},
    measure::area_m2,
    overlay,
};

/// Overlaps and gaps up to this size are a matter of drawing, in m²: domain study, feature 35.
pub const TOLERANCE_M2: f64 = 1.0;

/// A piece of ground where borders do not fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Misfit {
    /// How large it is.
    pub area_m2: f64,
    /// A point of it: longitude, latitude.
    pub place: [f64; 2],
}

/// The polygons of an areal geometry; none of another.
pub fn polygons(geometry: &Geometry<f64>) -> Option<MultiPolygon<f64>> {
    match geometry {
        Geometry::Polygon(polygon) => Some(MultiPolygon(vec![polygon.clone()])),
        Geometry::MultiPolygon(polygons) => Some(polygons.clone()),
        _ => None,
    }
}

/// The ground that two areas share, where that is more than [`TOLERANCE_M2`].
pub fn overlap(one: &MultiPolygon<f64>, other: &MultiPolygon<f64>) -> Option<Misfit> {
    let (a, b) = (one.bounding_rect()?, other.bounding_rect()?);
    if !a.intersects(&b) {
        return None;
    }
    let west = a.min().x.max(b.min().x);
    let east = a.max().x.min(b.max().x);
    let south = a.min().y.max(b.min().y);
    let north = a.max().y.min(b.max().y);
    let both = geo::Rect::new((west, south), (east, north));
    if area_m2(&both.to_polygon().into()) <= TOLERANCE_M2 {
        return None;
    }
    misfit(&overlay::intersection(one, other).unwrap_or_else(|_| one.intersection(other)))
}

/// The pieces of some ground that no area of a layer covers any more.
pub fn gaps<'p>(
    ground: &MultiPolygon<f64>,
    cover: impl IntoIterator<Item = &'p MultiPolygon<f64>>,
) -> Vec<Misfit> {
    let cover: Vec<_> = cover.into_iter().collect();
    let left = overlay::without(ground, &cover).unwrap_or_else(|_| {
        let cover = unary_union(cover.into_iter().flatten());
        ground.difference(&cover)
    });
    left.into_iter()
        .filter_map(|gap| misfit(&MultiPolygon(vec![gap])))
        .collect()
}

/// What one area has outside of another, where that is more than [`TOLERANCE_M2`].
pub fn outside(one: &MultiPolygon<f64>, other: &MultiPolygon<f64>) -> Option<Misfit> {
    misfit(&overlay::difference(one, other).unwrap_or_else(|_| one.difference(other)))
}

/// The size of an area and a place inside its greatest part, where it is worth a word.
fn misfit(area: &MultiPolygon<f64>) -> Option<Misfit> {
    let size = area_m2(&area.clone().into());
    if size <= TOLERANCE_M2 {
        return None;
    }
    let part = |polygon: &Polygon<f64>| area_m2(&polygon.clone().into());
    let greatest = area.iter().max_by(|a, b| part(a).total_cmp(&part(b)))?;
    let place = Area::from_polygon(greatest).ok()?.interior();
    Some(Misfit {
        area_m2: size,
        place: [place.lon(), place.lat()],
    })
}

fn lattice(at: Coord) -> Option<Point> {
    Point::snap(at.x, at.y)
}

/// Every ring and line of a geometry, to be changed in place.
fn each_line(geometry: &mut Geometry<f64>, change: &mut impl FnMut(&mut LineString<f64>)) {
    let polygon = |polygon: &mut Polygon<f64>, change: &mut dyn FnMut(&mut LineString<f64>)| {
        polygon.exterior_mut(|ring| change(ring));
        polygon.interiors_mut(|rings| rings.iter_mut().for_each(&mut *change));
    };
    match geometry {
        Geometry::LineString(line) => change(line),
        Geometry::MultiLineString(lines) => lines.0.iter_mut().for_each(change),
        Geometry::Polygon(one) => polygon(one, change),
        Geometry::MultiPolygon(many) => {
            many.0.iter_mut().for_each(|one| polygon(one, &mut *change));
        }
        _ => {}
    }
}

/// Gives a geometry a vertex where one of its edges passes within a lattice unit of a
/// point. Says whether there was such an edge, and no vertex yet.
pub fn add_vertex(geometry: &mut Geometry<f64>, at: Coord) -> bool {
    let Some(p) = lattice(at) else { return false };
    let mut added = false;
    each_line(geometry, &mut |line| {
        if line.0.iter().any(|own| lattice(*own) == Some(p)) {
            return;
        }
        let edge = line.0.windows(2).position(|edge| {
            matches!((lattice(edge[0]), lattice(edge[1])), (Some(a), Some(b)) if passes(a, b, p))
        });
        if let Some(edge) = edge {
            line.0.insert(edge + 1, at);
            added = true;
        }
    });
    added
}

/// Whether a point lies within a lattice unit of the inside of an edge.
fn passes(a: Point, b: Point, p: Point) -> bool {
    let (dx, dy) = (i128::from(b.x - a.x), i128::from(b.y - a.y));
    let (px, py) = (i128::from(p.x - a.x), i128::from(p.y - a.y));
    let along = px * dx + py * dy;
    let length = dx * dx + dy * dy;
    if along <= 0 || along >= length {
        return false;
    }
    if side(a, b, p).is_eq() {
        return true;
    }
    let off = px * dy - py * dx;
    // Distance² · length² ≤ 1 · length², without a division.
    off * off <= length
}

/// Moves a vertex, in every ring and line that has it; an edge that passes through its
/// place gets it first. Says whether anything was moved.
pub fn move_vertex(geometry: &mut Geometry<f64>, from: Coord, to: Coord) -> bool {
    add_vertex(geometry, from);
    let Some(p) = lattice(from) else { return false };
    let mut moved = false;
    match geometry {
        Geometry::Point(point) if lattice(point.0) == Some(p) => {
            point.0 = to;
            return true;
        }
        Geometry::MultiPoint(points) => {
            for point in points
                .iter_mut()
                .filter(|point| lattice(point.0) == Some(p))
            {
                point.0 = to;
                moved = true;
            }
        }
        _ => {}
    }
    each_line(geometry, &mut |line| {
        for own in &mut line.0 {
            if lattice(*own) == Some(p) {
                *own = to;
                moved = true;
            }
        }
    });
    moved
}

/// Cuts an area along a line: its parts, the greatest first. Fewer than two where the line
/// does not go through. The parts' border is the same, vertex by vertex, on both sides.
///
/// # Errors
/// When a part is too small to be an area.
pub fn cut(
    area: &MultiPolygon<f64>,
    line: &LineString<f64>,
) -> Result<Vec<Geometry<f64>>, GeometryError> {
    let pieces = overlay::cut(area, line).unwrap_or_default();
    pieces
        .into_iter()
        .map(|piece| Ok(prepare(piece.into(), GeometryKind::Polygon)?.geometry))
        .collect()
}

/// Joins areas into one.
///
/// # Errors
/// When nothing valid comes of it.
pub fn join(areas: &[MultiPolygon<f64>]) -> Result<Geometry<f64>, GeometryError> {
    let whole = overlay::union(areas).unwrap_or_else(|_| MultiPolygon(Vec::new()));
    prepare(whole.into(), GeometryKind::Polygon).map(|prepared| prepared.geometry)
}

/// The vertices of a geometry, without repeats.
pub fn vertices(geometry: &Geometry<f64>) -> Vec<Coord> {
    use geo::CoordsIter;
    let mut all: Vec<Coord> = geometry.coords_iter().collect();
    all.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use geo::{line_string, polygon};
    use proptest::prelude::*;

    use super::*;

    fn square(west: f64) -> MultiPolygon<f64> {
        MultiPolygon(vec![polygon![
            (x: west, y: 23.0), (x: west + 0.001, y: 23.0),
            (x: west + 0.001, y: 23.001), (x: west, y: 23.001)
        ]])
    }

    #[test]
    fn neighbours_do_not_overlap_and_a_shift_shows_where() {
        assert_eq!(overlap(&square(113.0), &square(113.001)), None);
        let misfit = overlap(&square(113.0), &square(113.0005)).unwrap();
        assert!((misfit.place[0] - 113.00075).abs() < 1e-9, "{misfit:?}");
        assert!((5600.0..5700.0).contains(&misfit.area_m2), "{misfit:?}");
        let gaps = gaps(&square(113.0), [&square(113.0005)]);
        assert_eq!(gaps.len(), 1);
        assert!((gaps[0].place[0] - 113.00025).abs() < 1e-9);
    }

    #[test]
    fn a_vertex_moves_in_every_ring_and_stays_closed() {
        let mut whole = Geometry::from(square(113.0));
        let from = Coord { x: 113.0, y: 23.0 };
        let to = Coord {
            x: 112.9999,
            y: 22.9999,
        };
        assert!(move_vertex(&mut whole, from, to));
        let Geometry::MultiPolygon(moved) = &whole else {
            panic!("still areas");
        };
        assert_eq!(moved.0[0].exterior().0.first(), Some(&to));
        assert_eq!(moved.0[0].exterior().0.last(), Some(&to));
        assert!(!move_vertex(&mut whole, from, to));
        // The middle of an edge becomes a vertex.
        let mut whole = Geometry::from(square(113.0));
        let middle = Coord {
            x: 113.0005,
            y: 23.0,
        };
        assert!(add_vertex(&mut whole, middle) && !add_vertex(&mut whole, middle));
    }

    #[test]
    fn a_cut_keeps_the_area_and_shares_the_border() {
        let area = square(113.0);
        let line =
            line_string![(x: 112.9, y: 23.0003), (x: 113.0005, y: 23.0007), (x: 113.1, y: 23.0002)];
        let parts = cut(&area, &line).unwrap();
        assert_eq!(parts.len(), 2);
        let sum: f64 = parts.iter().map(area_m2).sum();
        assert!((sum - area_m2(&area.clone().into())).abs() < 0.01);
        let shared: Vec<Coord> = vertices(&parts[0])
            .into_iter()
            .filter(|at| vertices(&parts[1]).contains(at))
            .collect();
        assert_eq!(shared.len(), 3);
        assert!(
            cut(
                &area,
                &line_string![(x: 112.0, y: 22.0), (x: 114.0, y: 22.0)]
            )
            .unwrap()
            .len()
                < 2
        );
    }

    proptest! {
        #[test]
        fn what_is_cut_joins_to_what_it_was(south in 0.1..0.9f64, north in 0.1..0.9f64, bend in 0.1..0.9f64) {
            let area = square(113.0);
            let at = |part: f64| 23.0 + part * 0.001;
            let line = line_string![(x: 112.9995, y: at(south)), (x: 113.0 + bend * 0.001, y: at(bend)), (x: 113.0015, y: at(north))];
            let parts = cut(&area, &line).unwrap();
            prop_assert!(parts.len() >= 2);
            let pieces: Vec<_> = parts.iter().filter_map(polygons).collect();
            for (i, one) in pieces.iter().enumerate() {
                for other in &pieces[i + 1..] {
                    let common = area_m2(&one.intersection(other).into());
                    prop_assert!(common < 1e-3, "{common}");
                }
            }
            let whole = join(&pieces).unwrap();
            let lost = area_m2(&area.difference(&polygons(&whole).unwrap()).into());
            prop_assert!(lost < 1e-3, "{lost}");
        }
    }
}
