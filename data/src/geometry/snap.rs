//! The canonical lattice that stored coordinates lie on.

use std::convert::Infallible;

use geo::{Coord, Geometry};

use super::visit_mut;

/// Lattice units in a degree: one unit is 1e-9°, 0.11 mm on the meridian.
pub const UNITS_PER_DEGREE: f64 = 1e9;

/// The lattice point nearest to a coordinate in degrees, halves to even, as the double
/// nearest to it. Snapping again changes nothing. The same rule as the index's `Point`.
pub fn snap_coord(coord: Coord) -> Coord {
    let snap = |degrees: f64| {
        let snapped = (degrees * UNITS_PER_DEGREE).round_ties_even() / UNITS_PER_DEGREE;
        // No minus zero: equal coordinates must be equal bytes.
        snapped + 0.0
    };
    Coord {
        x: snap(coord.x),
        y: snap(coord.y),
    }
}

/// Puts every coordinate of a geometry on the lattice; longitude, latitude in degrees.
pub fn snap(geometry: &mut Geometry<f64>) {
    let Ok(()) = visit_mut(geometry, &mut |coord| {
        *coord = snap_coord(*coord);
        Ok::<(), Infallible>(())
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn snapping_is_stable_and_moves_by_half_a_unit(x in -180.0..180.0f64, y in -90.0..90.0f64) {
            let once = snap_coord(Coord { x, y });
            prop_assert_eq!(snap_coord(once), once);
            prop_assert!((once.x - x).abs() <= 0.51e-9 && (once.y - y).abs() <= 0.51e-9);
        }
    }

    #[test]
    fn minus_zero_becomes_zero() {
        let snapped = snap_coord(Coord { x: -1e-12, y: -0.0 });
        assert!(snapped.x.is_sign_positive() && snapped.y.is_sign_positive());
    }
}
