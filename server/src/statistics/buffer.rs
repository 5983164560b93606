//! Buffers in metres on the ellipsoid.

use std::convert::Infallible;

use geo::{
    Bearing, BoundingRect, Buffer, Coord, CoordsIter, Destination, Distance, Geodesic, Geometry,
    LineString, MultiPolygon, Point, Polygon,
    algorithm::buffer::{BufferStyle, LineCap, LineJoin},
};
use yizhangtu_data::geometry::visit_mut;

/// Widest buffer, in metres.
pub(super) const LARGEST_BUFFER_M: f64 = 20_000.0;

/// Farthest that an outline may reach from its middle, in metres: the plane that it is
/// widened in is true to one in ten thousand there.
const FARTHEST_M: f64 = 150_000.0;

/// Sides of a full circle: its area is 1 in 20,000 too small.
const SIDES: u32 = 360;

/// Why an outline has no buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BufferFault {
    /// Nothing is left of it.
    Nothing,
    /// It reaches too far.
    TooWide,
}

impl BufferFault {
    pub(super) fn zh(self) -> &'static str {
        match self {
            Self::Nothing => "缩进后什么也没有剩下，请减小 buffer_m",
            Self::TooWide => "范围超过 300 公里，不能做缓冲区",
        }
    }

    pub(super) fn en(self) -> &'static str {
        match self {
            Self::Nothing => "nothing is left after narrowing; use a smaller buffer_m",
            Self::TooWide => "is more than 300 km wide; it cannot be buffered",
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
    let turn = std::f64::consts::TAU / f64::from(SIDES);
    let style = BufferStyle::new(metres)
        .line_join(LineJoin::Round(turn))
        .line_cap(LineCap::Round(turn));
    let mut widened = Geometry::MultiPolygon(plane.buffer_with_style(style));
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

    #[test]
    fn a_line_is_widened_on_both_sides() {
        let line = wkt!(LINESTRING(113.59 23.11,113.60 23.11));
        let length = measure::length_m(&line.clone().into());
        let wide = measure::area_m2(&of(&line.into(), 50.0).unwrap().into());
        let expected = 2.0 * 50.0 * length + std::f64::consts::PI * 2500.0;
        assert!((wide / expected - 1.0).abs() < 1e-4, "{wide} {expected}");
    }
}
