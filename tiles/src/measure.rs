//! Lengths on the ellipsoid, quickly: what merged lines add up.
//!
//! Segments are measured by the radii of curvature at their middle. For a street that is within
//! some parts in a thousand million of the geodesic, for a district's within one in a million; the
//! tests hold it to them.

use geo::Coord;

use crate::shape::View;

/// Half of the longer axis of WGS 84 in metres; that of CGCS2000 is the same.
const AXIS: f64 = 6_378_137.0;
/// The square of the eccentricity, from a flattening of 1 to 298.257223563.
const SQUARED: f64 = 0.006_694_379_990_141_316;

/// Length in metres of the lines of a shape; longitude, latitude in degrees.
pub(crate) fn length_m(shape: View<'_, Coord<f64>>) -> f64 {
    let line = |line: &[Coord<f64>]| -> f64 {
        line.windows(2)
            .map(|ends| segment_m(ends[0], ends[1]))
            .sum()
    };
    shape.lines().map(line).sum()
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
    use geo::{Geodesic, Geometry, Length, LineString};
    use proptest::prelude::*;

    use super::*;
    use crate::Shape;

    proptest! {
        /// As Karney's method has it, from a yard to a district.
        #[test]
        fn lengths_are_geodesic(
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
        }
    }
}
