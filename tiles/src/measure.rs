//! Areas and lengths on the ellipsoid, quickly: what merged features add up.
//!
//! Edges are taken as straight on the equal-area cylinder of the ellipsoid, with what a
//! geodesic bows beyond that, and segments by the radii of curvature at their middle. For
//! houses that is within some parts in a thousand million of the geodesic figures, for a
//! district within one in a million; the tests hold it to them.

use geo::Coord;

use crate::shape::{Kind, View};

/// Half of the longer axis of WGS 84 in metres; that of CGCS2000 is the same.
const AXIS: f64 = 6_378_137.0;
/// The square of the eccentricity, from a flattening of 1 to 298.257223563.
const SQUARED: f64 = 0.006_694_379_990_141_316;

/// Latitudes in radians nearer to each other than this are told apart by a series.
const NEAR: f64 = 1e-4;

/// Area in square metres of the polygons of a shape; longitude, latitude in degrees.
pub(crate) fn area_m2(shape: View<'_, Coord<f64>>) -> f64 {
    (shape.parts())
        .map(|(kind, ring)| match kind {
            Kind::Exterior => ring_m2(ring),
            Kind::Hole => -ring_m2(ring),
            Kind::Points | Kind::Line => 0.0,
        })
        .sum()
}

/// Length in metres of the lines of a shape; longitude, latitude in degrees.
pub(crate) fn length_m(shape: View<'_, Coord<f64>>) -> f64 {
    let line = |line: &[Coord<f64>]| -> f64 {
        line.windows(2)
            .map(|ends| segment_m(ends[0], ends[1]))
            .sum()
    };
    shape.lines().map(line).sum()
}

fn ring_m2(ring: &[Coord<f64>]) -> f64 {
    let Some(&first) = ring.first() else {
        return 0.0;
    };
    let from = first.y.to_radians();
    let (sin, cos) = from.sin_cos();
    let near = Near::to(sin, cos);
    let above = |at: Coord<f64>| {
        let by = at.y.to_radians() - from;
        if by.abs() < NEAR {
            near.above(by)
        } else {
            cylinder(at.y.to_radians()) - cylinder(from)
        }
    };
    let mut sum = 0.0;
    let (mut last, mut height) = (first, 0.0);
    for &at in ring[1..].iter().chain([&first]) {
        let rise = above(at);
        let (east, north) = ((at.x - last.x).to_radians(), (at.y - last.y).to_radians());
        // Between its ends a geodesic bows towards the pole.
        let bow = AXIS * AXIS * sin / 12.0 * (cos * cos * east * east + 3.0 * north * north);
        sum += east * ((rise + height) / 2.0 + bow);
        (last, height) = (at, rise);
    }
    sum.abs()
}

/// Square metres between the equator and a latitude, for each radian of longitude.
fn cylinder(latitude: f64) -> f64 {
    let (sin, e) = (latitude.sin(), SQUARED.sqrt());
    let part = sin / (1.0 - SQUARED * sin * sin) + (e * sin).atanh() / e;
    AXIS * AXIS * (1.0 - SQUARED) / 2.0 * part
}

/// How [`cylinder`] grows around a latitude.
struct Near {
    once: f64,
    twice: f64,
    thrice: f64,
}

impl Near {
    /// Around a latitude, by its sine and cosine.
    fn to(sin: f64, cos: f64) -> Self {
        let flat = 1.0 - SQUARED * sin * sin;
        let once = AXIS * AXIS * (1.0 - SQUARED) * cos / (flat * flat);
        // Of the logarithm: -tan + 4 e² sin cos / flat.
        let slope = -sin / cos + 4.0 * SQUARED * sin * cos / flat;
        Self {
            once,
            twice: once * slope,
            // The ellipsoid hardly tells in the third: it is a millionth of a millionth.
            thrice: once * (slope * slope - 1.0 / (cos * cos)),
        }
    }

    fn above(&self, by: f64) -> f64 {
        by * (self.once + by * (self.twice / 2.0 + by * self.thrice / 6.0))
    }
}

fn segment_m(from: Coord<f64>, to: Coord<f64>) -> f64 {
    let (sin, cos) = ((from.y + to.y) / 2.0).to_radians().sin_cos();
    let flat = 1.0 - SQUARED * sin * sin;
    let across = AXIS / flat.sqrt();
    let along = across * (1.0 - SQUARED) / flat;
    let (east, north) = ((to.x - from.x).to_radians(), (to.y - from.y).to_radians());
    (east * across * cos).hypot(north * along)
}

#[cfg(test)]
mod tests {
    use geo::{Geodesic, GeodesicArea, Geometry, Length, LineString, Polygon};
    use proptest::prelude::*;

    use super::*;
    use crate::Shape;

    proptest! {
        /// As Karney's method has it, from a shed to a district.
        #[test]
        fn areas_and_lengths_are_geodesic(
            lon in 73.0..135.0,
            lat in 3.0..53.0,
            radii in prop::collection::vec(0.3..1.0, 4..30),
            log in -4.0..-1.0,
        ) {
            let size = 10.0_f64.powf(log);
            let ring: LineString<f64> = radii
                .iter()
                .enumerate()
                .map(|(at, radius)| {
                    let (sin, cos) = (at as f64 / radii.len() as f64 * std::f64::consts::TAU).sin_cos();
                    (lon + size * radius * cos, lat + size * radius * sin)
                })
                .collect();
            let line = Geometry::LineString(ring.clone());
            let (truth, quick) = (Geodesic.length(&ring), length_m(Shape::from(&line).view()));
            prop_assert!((quick / truth - 1.0).abs() < 2e-6 * size + 2e-9, "length {} of {size}", quick / truth - 1.0);
            let polygon = Polygon::new(ring, Vec::new());
            let truth = polygon.geodesic_area_unsigned();
            let quick = area_m2(Shape::from(&Geometry::Polygon(polygon)).view());
            // Karney's own sums are good to some square centimetres, however small the polygon.
            let most = truth * (5e-5 * size + 5e-9) + 2e-3;
            prop_assert!((quick - truth).abs() < most, "{quick} {truth} {most}");
        }
    }
}
