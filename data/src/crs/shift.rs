//! GCJ-02 and BD-09: the published formulas, and their inverse by iteration.
//!
//! The formulas are those that have been public since 2010 (the “eviltransform”); they
//! agree with the map services to about a metre. Points outside [`CHINA`] are not shifted.

use geo::Coord;

use super::Crs;

/// West, south, east, north of the box outside which nothing is shifted.
pub(super) const CHINA: [f64; 4] = [72.004, 0.8293, 137.8347, 55.8271];

/// Semi-major axis of Krasovsky 1940, in metres.
const A: f64 = 6_378_245.0;
/// Its first eccentricity squared, as published.
const EE: f64 = 0.006_693_421_622_965_943;
const PI: f64 = std::f64::consts::PI;

fn outside_china(p: Coord) -> bool {
    let [west, south, east, north] = CHINA;
    !(west..=east).contains(&p.x) || !(south..=north).contains(&p.y)
}

/// WGS 84 (or CGCS2000) to GCJ-02; longitude, latitude in degrees.
pub fn wgs84_to_gcj02(p: Coord) -> Coord {
    if outside_china(p) {
        return p;
    }
    let (x, y) = (p.x - 105.0, p.y - 35.0);
    let waves = |a: f64, b: f64, c: f64, d: f64, t: f64| {
        (a * (t * PI).sin() + b * (t / 3.0 * PI).sin()) * 2.0 / 3.0
            + (c * (t / 12.0 * PI).sin() + d * (t / 30.0 * PI).sin()) * 2.0 / 3.0
    };
    let ripple = (20.0 * (6.0 * x * PI).sin() + 20.0 * (2.0 * x * PI).sin()) * 2.0 / 3.0;
    let north = -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * x.abs().sqrt()
        + ripple
        + waves(20.0, 40.0, 160.0, 320.0, y);
    let east = 300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * x.abs().sqrt()
        + ripple
        + waves(20.0, 40.0, 150.0, 300.0, x);
    let latitude = p.y.to_radians();
    let magic = 1.0 - EE * latitude.sin().powi(2);
    let root = magic.sqrt();
    Coord {
        x: p.x + (east * 180.0) / (A / root * latitude.cos() * PI),
        y: p.y + (north * 180.0) / ((A * (1.0 - EE)) / (magic * root) * PI),
    }
}

/// GCJ-02 to BD-09.
fn gcj02_to_bd09(p: Coord) -> Coord {
    const TURN: f64 = PI * 3000.0 / 180.0;
    if outside_china(p) {
        return p;
    }
    let z = p.x.hypot(p.y) + 0.000_02 * (p.y * TURN).sin();
    let theta = p.y.atan2(p.x) + 0.000_003 * (p.x * TURN).cos();
    Coord {
        x: z * theta.cos() + 0.0065,
        y: z * theta.sin() + 0.006,
    }
}

/// WGS 84 (or CGCS2000) to BD-09; longitude, latitude in degrees.
pub fn wgs84_to_bd09(p: Coord) -> Coord {
    gcj02_to_bd09(wgs84_to_gcj02(p))
}

/// GCJ-02 to WGS 84: the point whose image it is, to well under a millimetre.
pub fn gcj02_to_wgs84(p: Coord) -> Coord {
    inverse(p, wgs84_to_gcj02)
}

/// BD-09 to WGS 84: the point whose image it is, to well under a millimetre.
pub fn bd09_to_wgs84(p: Coord) -> Coord {
    inverse(p, wgs84_to_bd09)
}

/// Both shifts change by less than a thousandth of the step, so that each round gains
/// three digits; four are usual.
fn inverse(image: Coord, forward: impl Fn(Coord) -> Coord) -> Coord {
    if outside_china(image) {
        return image;
    }
    let mut guess = image;
    for _ in 0..20 {
        let miss = forward(guess) - image;
        guess = guess - miss;
        if miss.x.abs() < 1e-13 && miss.y.abs() < 1e-13 {
            break;
        }
    }
    guess
}

/// A point lies in the data only when it is taken as one of the shifted systems.
#[derive(Clone, Debug, PartialEq)]
pub struct ShiftHint {
    /// The system that it was probably taken from.
    pub crs: Crs,
    /// Where it then lies: longitude, latitude.
    pub point: Coord,
    /// How far the two places are apart, in metres.
    pub distance_m: f64,
}

/// Whether a point that is outside would be inside if it were GCJ-02 or BD-09.
///
/// `inside` says whether a longitude and latitude lie in the data. Where both would,
/// GCJ-02 is named: it is the commoner.
pub fn shift_hint(point: Coord, inside: impl Fn(Coord) -> bool) -> Option<ShiftHint> {
    if inside(point) {
        return None;
    }
    [
        (Crs::Gcj02, gcj02_to_wgs84(point)),
        (Crs::Bd09, bd09_to_wgs84(point)),
    ]
    .into_iter()
    .find(|(_, moved)| *moved != point && inside(*moved))
    .map(|(crs, moved)| ShiftHint {
        crs,
        point: moved,
        distance_m: crate::measure::distance_m(point, moved),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::distance_m;
    use proptest::prelude::*;

    #[test]
    fn a_point_is_recognised_by_the_shift_that_brings_it_home() {
        let home = |p: Coord| (113.58..113.60).contains(&p.x) && (23.10..23.12).contains(&p.y);
        let place = Coord {
            x: 113.581,
            y: 23.119,
        };
        assert_eq!(shift_hint(place, home), None);
        let gcj = wgs84_to_gcj02(place);
        let bd = wgs84_to_bd09(Coord {
            x: 113.599,
            y: 23.119,
        });
        // Its image lies still inside, so that nothing can be told.
        assert_eq!(shift_hint(gcj, home), None);
        let edge = wgs84_to_gcj02(Coord {
            x: 113.599,
            y: 23.101,
        });
        let hint = shift_hint(edge, home).unwrap();
        assert_eq!(hint.crs, Crs::Gcj02);
        assert!((500.0..800.0).contains(&hint.distance_m), "{hint:?}");
        assert!(shift_hint(bd, home).is_some());
        assert_eq!(shift_hint(Coord { x: 121.5, y: 31.2 }, home), None);
    }

    proptest! {
        #[test]
        fn the_inverse_finds_the_place_to_a_centimetre(x in 73.5..135.0f64, y in 3.0..54.0f64) {
            let p = Coord { x, y };
            prop_assert!(distance_m(gcj02_to_wgs84(wgs84_to_gcj02(p)), p) < 0.001);
            prop_assert!(distance_m(bd09_to_wgs84(wgs84_to_bd09(p)), p) < 0.001);
        }

        #[test]
        fn nothing_moves_outside_china(x in -180.0..72.0f64, y in -80.0..80.0f64) {
            let p = Coord { x, y };
            prop_assert_eq!(wgs84_to_gcj02(p), p);
            prop_assert_eq!(wgs84_to_bd09(p), p);
            prop_assert_eq!(bd09_to_wgs84(p), p);
        }
    }
}
