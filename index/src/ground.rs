//! Square metres on the ellipsoid, of rings whose edges are geodesics.
//!
//! Karney's method (C. F. F. Karney, Algorithms for geodesics, J. Geodesy 87, 2013, section 6) adds
//! what lies between each edge and the equator. Its sum is kept in two doubles, but each part is the
//! difference of two series times 1.3 · 10¹¹ m², so that in doubles every edge is some 10⁻⁵ m² off,
//! however short: a house of 100 m² by 1 part in 10⁶. Here each edge is reckoned above the parallel
//! of the ring's first corner instead, by differences that lose nothing where they are small.
//!
//! On the cylinder on which areas are true, a point lies at its longitude `λ` and at the height `q`
//! with `dq = ρ r dφ` (`ρ` the meridian's radius, `r` the parallel's). A straight edge has a trapezium
//! below it. A geodesic obeys Clairaut, `r sin α = constant`, from which follows
//! `q″ = -sin φ (r² + 3 ρ² φ′²)` along `λ`; so it bows out of the straight edge by
//! `Δλ/12 · sin φ (r² Δλ² + 3 ρ² Δφ²)`, all at its middle, but for parts that are smaller by the
//! square of the edge's length over the earth's radius.

use geo::{Coord, GeodesicArea, Line, LineString, Polygon};

use crate::metric::{ECCENTRICITY_SQUARED, MAJOR};

/// Edges that reach further, in degrees: from there on (3 km) what the bow leaves out is more than
/// what Karney's sums are off by.
const FAR: f64 = 0.03;

/// Square metres within a closed ring of longitudes and latitudes in degrees, less than 0 where it
/// runs clockwise.
///
/// WGS 84, whose areas differ from those of CGCS2000 by under 1 part in 10⁹. Good to 1 part in 10¹⁰
/// of a ring that is no thread; the tests hold it to them.
pub fn ring_m2(ring: &[Coord<f64>]) -> f64 {
    let edges = || (ring.windows(2)).map(|ends| Line::new(ends[0], ends[1]));
    let far = |edge: Line<f64>| {
        let reach = edge.delta();
        reach.x.abs().max(reach.y.abs()) > FAR
    };
    if edges().any(far) {
        let ring = LineString(ring.to_vec());
        return Polygon::new(ring, Vec::new()).geodesic_area_signed();
    }
    let Some(first) = ring.first().map(|at| Parallel::at(at.y)) else {
        return 0.0;
    };
    let (mut below, mut height) = (0.0, 0.0);
    for edge in edges() {
        let next = first.height_of(&Parallel::at(edge.end.y));
        let (east, north) = (edge.dx().to_radians(), edge.dy().to_radians());
        let middle = Parallel::at(edge.start.y + edge.dy() / 2.0);
        let flat = middle.flat();
        let across = MAJOR / flat.sqrt();
        let along = across * (1.0 - ECCENTRICITY_SQUARED) / flat * north;
        let bow = middle.sin / 12.0 * ((across * middle.cos * east).powi(2) + 3.0 * along * along);
        // To the east what is below an edge is outside.
        below += east * ((height + next) / 2.0 + bow);
        height = next;
    }
    -below
}

/// A circle of latitude.
struct Parallel {
    latitude: f64,
    sin: f64,
    cos: f64,
}

impl Parallel {
    fn at(degrees: f64) -> Self {
        let latitude = degrees.to_radians();
        let (sin, cos) = latitude.sin_cos();
        Self { latitude, sin, cos }
    }

    fn flat(&self) -> f64 {
        1.0 - ECCENTRICITY_SQUARED * self.sin * self.sin
    }

    /// Square metres between this and another for each radian of longitude: what
    /// `b²/2 (sin φ / (1 - e² sin² φ) + artanh(e sin φ) / e)` is more there, as one difference.
    fn height_of(&self, other: &Self) -> f64 {
        let half = (other.latitude - self.latitude) / 2.0;
        let sin = half.sin();
        // sin(φ + d) - sin φ = 2 sin(d/2) cos(φ + d/2)
        let more = 2.0 * sin * (self.cos * half.cos() - self.sin * sin);
        let product = ECCENTRICITY_SQUARED * self.sin * other.sin;
        let e = ECCENTRICITY_SQUARED.sqrt();
        let polar = MAJOR * MAJOR * (1.0 - ECCENTRICITY_SQUARED);
        let plain = more * (1.0 + product) / (self.flat() * other.flat());
        polar / 2.0 * (plain + (e * more / (1.0 - product)).atanh() / e)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn jagged(middle: Coord, radii: &[f64], size: f64) -> LineString<f64> {
        let corners = radii.iter().enumerate().map(|(at, radius)| {
            let turn = at as f64 / radii.len() as f64 * std::f64::consts::TAU;
            (
                middle.x + size * radius * turn.cos(),
                middle.y + size * radius * turn.sin(),
            )
        });
        let mut ring: LineString<f64> = corners.collect();
        ring.close();
        ring
    }

    proptest! {
        /// As Karney has it, as far as his sums go, on both sides of where they take over.
        #[test]
        fn ground_is_within_geodesics(
            lon in -170.0..170.0,
            lat in -60.0..60.0,
            radii in prop::collection::vec(0.3..1.0, 4..30),
            log in -5.0..0.0,
        ) {
            let ring = jagged(Coord { x: lon, y: lat }, &radii, 10.0_f64.powf(log));
            let truth = Polygon::new(ring.clone(), Vec::new()).geodesic_area_signed();
            let off = ring_m2(&ring.0) - truth;
            prop_assert!(off.abs() < 1e-9 * truth.abs() + 1e-3, "{off} of {truth}");
        }

        /// What no double of 10¹¹ could tell: a ring in parts is their sum, from a tile of a roof on.
        #[test]
        fn a_ring_is_the_sum_of_its_parts(
            lon in -170.0..170.0,
            lat in -60.0..60.0,
            radii in prop::collection::vec(0.5..1.0, 8..30),
            log in -5.0..-2.5,
        ) {
            let ring = jagged(Coord { x: lon, y: lat }, &radii, 10.0_f64.powf(log));
            let whole = ring_m2(&ring.0);
            let corners = &ring.0[..ring.0.len() - 1];
            let middle = corners.len() / 2;
            let mut halves = [corners[..=middle].to_vec(), corners[middle..].to_vec()];
            halves[1].push(corners[0]);
            let sum: f64 = halves.into_iter().map(|half| {
                let mut half = LineString(half);
                half.close();
                ring_m2(&half.0)
            }).sum();
            prop_assert!((sum / whole - 1.0).abs() < 1e-11, "{sum} {whole}");
            let mut turned = ring;
            turned.0.reverse();
            prop_assert!((ring_m2(&turned.0) / whole + 1.0).abs() < 1e-11);
        }
    }

    /// By the equations of geodesics in 80 bits: `tests/programs/geodesic.py`.
    #[test]
    fn a_house_a_grid_and_a_district_measure_what_eighty_bits_say() {
        for (corners, truth) in [
            (
                [
                    (113.591, 23.111),
                    (113.591_117, 23.111_013),
                    (113.591_104, 23.111_121),
                    (113.590_987, 23.111_108),
                ]
                .as_slice(),
                145.267_679_288_22,
            ),
            (
                &[
                    (113.58, 23.10),
                    (113.5842, 23.1007),
                    (113.5863, 23.1041),
                    (113.5819, 23.1056),
                    (113.5788, 23.1029),
                ],
                297_984.239_551_447,
            ),
            (
                &[
                    (113.5, 23.0),
                    (113.5299, 23.001),
                    (113.53, 23.0299),
                    (113.501, 23.03),
                ],
                9_843_248.373_035_7,
            ),
        ] {
            let mut ring: LineString<f64> = corners.iter().copied().collect();
            ring.close();
            let off = ring_m2(&ring.0) / truth - 1.0;
            assert!(off.abs() < 1e-11, "{off} of {truth}");
        }
    }

    #[test]
    fn no_ring_has_no_ground() {
        assert_eq!(ring_m2(&[]).abs(), 0.0);
        assert_eq!(ring_m2(&[Coord { x: 113.0, y: 23.0 }]).abs(), 0.0);
    }
}
