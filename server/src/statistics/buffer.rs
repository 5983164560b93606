//! Buffers in metres on the ellipsoid.

use std::convert::Infallible;

use geo::{
    Bearing, BooleanOps, BoundingRect, Buffer, Coord, CoordsIter, Destination, Distance, Geodesic,
    Geometry, LineString, MultiPolygon, Point, Polygon,
    algorithm::buffer::{BufferStyle, LineCap, LineJoin},
};
use yizhangtu_data::{geometry::visit_mut, topology};

/// Widest buffer, in metres.
pub(super) const LARGEST_BUFFER_M: f64 = 20_000.0;

/// Farthest that an outline may reach from its middle, in metres: the plane that it is
/// widened in is true to one in ten thousand there.
const FARTHEST_M: f64 = 150_000.0;

/// Sides of a full circle: its area is 1 in 20,000 too small.
const SIDES: u32 = 360;

/// Edges that are widened in one go, before what they cover is put together two by two.
const PIECE: usize = 16;

/// Corners that all pieces may have together: an outline whose pieces cross each other over and
/// over has more of them than anybody draws, and each costs.
const MOST_CORNERS: usize = 500_000;

/// Why an outline has no buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BufferFault {
    /// Nothing is left of it.
    Nothing,
    /// It reaches too far.
    TooWide,
    /// It meets itself too often.
    TooTangled,
}

impl BufferFault {
    pub(super) fn zh(self) -> &'static str {
        match self {
            Self::Nothing => "缩进后什么也没有剩下，请减小 buffer_m",
            Self::TooWide => "范围超过 300 公里，不能做缓冲区",
            Self::TooTangled => "自身交叉或转折太多，不能做缓冲区，请先化简",
        }
    }

    pub(super) fn en(self) -> &'static str {
        match self {
            Self::Nothing => "nothing is left after narrowing; use a smaller buffer_m",
            Self::TooWide => "is more than 300 km wide; it cannot be buffered",
            Self::TooTangled => {
                "crosses itself or turns too often to be buffered; simplify it first"
            }
        }
    }
}

/// All within a number of metres of a geometry, or for a number less than 0 what is
/// farther than that inside it. Longitude and latitude in degrees.
///
/// Worked out in the plane that keeps distances and directions from the middle of the
/// geometry (azimuthal equidistant): within 5 km of it lengths are true to 1 in 10⁷.
pub(super) fn of(outline: &Geometry<f64>, metres: f64) -> Result<MultiPolygon<f64>, BufferFault> {
    if let Geometry::Point(point) = outline {
        return circle(*point, metres);
    }
    let middle = Point(
        outline
            .bounding_rect()
            .ok_or(BufferFault::Nothing)?
            .center(),
    );
    let flat = |place: Coord| {
        let place = Point(place);
        let distance = Geodesic.distance(middle, place);
        let (east, north) = Geodesic.bearing(middle, place).to_radians().sin_cos();
        Coord {
            x: distance * east,
            y: distance * north,
        }
    };
    let mut plane = outline.clone();
    let Ok(()) = visit_mut(&mut plane, &mut |coord| {
        *coord = flat(*coord);
        Ok::<(), Infallible>(())
    });
    if plane
        .coords_iter()
        .any(|coord| coord.x.hypot(coord.y) > FARTHEST_M)
    {
        return Err(BufferFault::TooWide);
    }
    let border = widened(&borders(&plane), metres.abs())?;
    let whole = match topology::polygons(&plane) {
        Some(area) if metres > 0.0 => area.union(&border),
        Some(area) => area.difference(&border),
        None if metres > 0.0 => border,
        None => return Err(BufferFault::Nothing),
    };
    let mut widened = Geometry::MultiPolygon(whole);
    let Ok(()) = visit_mut(&mut widened, &mut |coord| {
        let bearing = coord.x.atan2(coord.y).to_degrees();
        *coord = Geodesic
            .destination(middle, bearing, coord.x.hypot(coord.y))
            .0;
        Ok::<(), Infallible>(())
    });
    match widened {
        Geometry::MultiPolygon(polygons) if !polygons.0.is_empty() => Ok(polygons),
        _ => Err(BufferFault::Nothing),
    }
}

/// The lines that an outline is made of.
fn borders(outline: &Geometry<f64>) -> Vec<LineString<f64>> {
    let rings = |area: &Polygon<f64>| -> Vec<LineString<f64>> {
        std::iter::once(area.exterior())
            .chain(area.interiors())
            .cloned()
            .collect()
    };
    match outline {
        Geometry::LineString(line) => vec![line.clone()],
        Geometry::MultiLineString(lines) => lines.0.clone(),
        Geometry::Polygon(area) => rings(area),
        Geometry::MultiPolygon(areas) => areas.iter().flat_map(rings).collect(),
        Geometry::Point(point) => vec![LineString(vec![point.0, point.0])],
        Geometry::MultiPoint(points) => points
            .iter()
            .map(|point| LineString(vec![point.0, point.0]))
            .collect(),
        Geometry::GeometryCollection(all) => all.iter().flat_map(borders).collect(),
        Geometry::Line(line) => vec![LineString(vec![line.start, line.end])],
        Geometry::Rect(rect) => rings(&rect.to_polygon()),
        Geometry::Triangle(triangle) => rings(&triangle.to_polygon()),
    }
}

/// All within a distance of some lines in the plane.
///
/// What a few edges cover is put together two by two: a line that goes over itself again and again
/// covers an area with a short outline, and the crossings of all its edges' circles with each
/// other, of which there are millions, are never looked at.
fn widened(lines: &[LineString<f64>], metres: f64) -> Result<MultiPolygon<f64>, BufferFault> {
    let turn = std::f64::consts::TAU / f64::from(SIDES);
    let style = BufferStyle::new(metres)
        .line_join(LineJoin::Round(turn))
        .line_cap(LineCap::Round(turn));
    let mut parts: Vec<MultiPolygon<f64>> = Vec::new();
    let mut corners = 0;
    for line in lines {
        for from in (0..line.0.len().saturating_sub(1)).step_by(PIECE) {
            let to = (from + PIECE).min(line.0.len() - 1);
            let piece = LineString(line.0[from..=to].to_vec());
            let covered = match piece.0[..] {
                [one, other] if one == other => Point(one).buffer_with_style(style.clone()),
                _ => piece.buffer_with_style(style.clone()),
            };
            corners += covered.coords_count();
            if corners > MOST_CORNERS {
                return Err(BufferFault::TooTangled);
            }
            parts.push(covered);
        }
    }
    while parts.len() > 1 {
        parts = (parts.chunks(2))
            .map(|pair| match pair {
                [one, other] => one.union(other),
                rest => rest[0].clone(),
            })
            .collect();
        if parts.iter().map(CoordsIter::coords_count).sum::<usize>() > MOST_CORNERS {
            return Err(BufferFault::TooTangled);
        }
    }
    parts.pop().ok_or(BufferFault::Nothing)
}

/// The circle around a point, each corner at its true distance.
fn circle(middle: Point<f64>, metres: f64) -> Result<MultiPolygon<f64>, BufferFault> {
    if metres <= 0.0 {
        return Err(BufferFault::Nothing);
    }
    let ring: LineString<f64> = (0..SIDES)
        .rev()
        .map(|side| {
            let bearing = 360.0 * f64::from(side) / f64::from(SIDES);
            Geodesic.destination(middle, bearing, metres).0
        })
        .collect();
    Ok(MultiPolygon(vec![Polygon::new(ring, Vec::new())]))
}

#[cfg(test)]
mod tests {
    use geo::wkt;
    use yizhangtu_data::measure;

    use super::*;

    #[test]
    fn a_circle_has_its_radius_in_every_direction() {
        let middle = Point::new(113.59, 23.11);
        let circle = of(&middle.into(), 500.0).unwrap();
        for corner in circle.coords_iter() {
            let distance = measure::distance_m(middle.0, corner);
            assert!((distance - 500.0).abs() < 1e-6, "{distance}");
        }
        let area = measure::area_m2(&circle.into());
        let expected = std::f64::consts::PI * 250_000.0;
        assert!((area / expected - 1.0).abs() < 1e-4, "{area}");
    }

    #[test]
    fn a_widened_square_has_the_area_of_its_parts() {
        let square =
            wkt!(POLYGON((113.59 23.11,113.60 23.11,113.60 23.12,113.59 23.12,113.59 23.11)));
        let (own, around) = (
            measure::area_m2(&square.clone().into()),
            measure::length_m(&square.clone().into()),
        );
        let metres = 100.0;
        let wide = measure::area_m2(&of(&square.clone().into(), metres).unwrap().into());
        let expected = own + around * metres + std::f64::consts::PI * metres * metres;
        assert!((wide / expected - 1.0).abs() < 1e-5, "{wide} {expected}");
        let narrow = measure::area_m2(&of(&square.clone().into(), -metres).unwrap().into());
        let expected = own - around * metres + 4.0 * metres * metres;
        assert!(
            (narrow / expected - 1.0).abs() < 1e-5,
            "{narrow} {expected}"
        );
        assert_eq!(of(&square.into(), -600.0), Err(BufferFault::Nothing));
    }

    /// A zigzag of 1,000 strokes kept a processor busy for 11 s, and 500 random ones for minutes.
    #[test]
    fn a_line_that_goes_over_itself_covers_what_it_goes_over() {
        let strokes = (0..800).map(|at| Coord {
            x: 113.59 + 0.01 * f64::from(at % 2),
            y: 23.11 + 1e-6 * f64::from(at),
        });
        let over: LineString<f64> = strokes.collect();
        let wide = measure::area_m2(&of(&over.into(), 50.0).unwrap().into());
        let block = wkt!(POLYGON((113.59 23.11,113.60 23.11,113.60 23.110799,113.59 23.110799,113.59 23.11)));
        let covered = measure::area_m2(&of(&block.into(), 50.0).unwrap().into());
        // The first and the last stroke lie a little aslant.
        assert!((wide / covered - 1.0).abs() < 1e-3, "{wide} {covered}");
        let mut at = 1_u64;
        let mut next = || {
            at = at.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            0.02 * (at >> 40) as f64 / f64::from(1 << 24)
        };
        let tangle: LineString<f64> = (0..1_500)
            .map(|_| Coord {
                x: 113.59 + next(),
                y: 23.11 + next(),
            })
            .collect();
        assert!(of(&tangle.clone().into(), 50.0).is_ok());
        assert_eq!(of(&tangle.into(), 0.01), Err(BufferFault::TooTangled));
    }

    #[test]
    fn a_line_is_widened_on_both_sides() {
        let line = wkt!(LINESTRING(113.59 23.11,113.60 23.11));
        let length = measure::length_m(&line.clone().into());
        let wide = measure::area_m2(&of(&line.into(), 50.0).unwrap().into());
        let expected = 2.0 * 50.0 * length + std::f64::consts::PI * 2500.0;
        assert!((wide / expected - 1.0).abs() < 1e-4, "{wide} {expected}");
    }
}
