//! Recognising a system by the size of the numbers, and coordinates in the wrong order.

use geo::Coord;

use super::{Crs, STORED, Transform};

/// What a set of coordinates looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guess {
    /// The system.
    pub crs: Crs,
    /// Whether the first number grows to the north: latitude first, or the surveyor's
    /// X (north), Y (east).
    pub swapped: bool,
}

/// What the coordinates look like, where that can be told.
///
/// Degrees are taken for what is stored, numbers with a zone before them (38 500 000)
/// for CGCS2000 Gauss–Krüger in that zone. Eastings without a zone fit twenty zones: the
/// one whose places lie near `near` (longitude, latitude) is taken, and none without it.
pub fn guess(points: &[Coord], near: Option<Coord>) -> Option<Guess> {
    let mut agreed: Option<Guess> = None;
    for point in points.iter().filter(|p| p.x.is_finite() && p.y.is_finite()) {
        let this = guess_one(*point, near)?;
        match &agreed {
            None => agreed = Some(this),
            Some(before) if *before == this => {}
            Some(_) => return None,
        }
    }
    agreed
}

fn guess_one(p: Coord, near: Option<Coord>) -> Option<Guess> {
    let straight = read(p, near).map(|crs| Guess {
        crs,
        swapped: false,
    });
    straight
        .or_else(|| read(Coord { x: p.y, y: p.x }, near).map(|crs| Guess { crs, swapped: true }))
}

/// The system of an easting and a northing that lie in China.
fn read(p: Coord, near: Option<Coord>) -> Option<Crs> {
    if (73.0..=136.0).contains(&p.x) && (3.0..=54.0).contains(&p.y) {
        return Some(STORED);
    }
    if !(330_000.0..=6_000_000.0).contains(&p.y) {
        return None;
    }
    if let Some(code) = zoned(p.x) {
        return Some(Crs::Epsg(code));
    }
    if (8_100_000.0..=15_200_000.0).contains(&p.x) {
        return Some(Crs::Epsg(3857));
    }
    if (100_000.0..=900_000.0).contains(&p.x) {
        return near.and_then(|near| unzoned(p, near));
    }
    None
}

/// The EPSG code of an easting with its zone before it: 25 to 45 count 3° zones, 13 to
/// 23 count 6° zones. Zones 13 to 15 look like Web Mercator and lie at the western border.
fn zoned(easting: f64) -> Option<u32> {
    let zone = (easting / 1_000_000.0).floor();
    let within = easting - zone * 1_000_000.0;
    if !(100_000.0..=900_000.0).contains(&within) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "13 to 45"
    )]
    match zone as u32 {
        zone @ 25..=45 => Some(4488 + zone),
        zone @ 16..=23 => Some(4478 + zone),
        _ => None,
    }
}

/// The 3° zone without a number whose places lie within a degree of a known one.
fn unzoned(p: Coord, near: Coord) -> Option<Crs> {
    let zone = (near.x / 3.0).round().clamp(25.0, 45.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "25 to 45"
    )]
    let crs = Crs::Epsg(4509 + zone as u32);
    let (lon, lat) = Transform::new(&crs, &STORED).ok()?.point(p.x, p.y).ok()?;
    ((lon - near.x).abs() < 1.0 && (lat - near.y).abs() < 1.0).then_some(crs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_are_told_by_the_size_of_their_numbers() {
        let near = Some(Coord {
            x: 113.35,
            y: 23.26,
        });
        let crs = |code| {
            Some(Guess {
                crs: Crs::Epsg(code),
                swapped: false,
            })
        };
        let swapped = |code| {
            Some(Guess {
                crs: Crs::Epsg(code),
                swapped: true,
            })
        };
        for (x, y, near, expected) in [
            (113.351, 23.262, None, crs(4490)),
            (23.262, 113.351, None, swapped(4490)),
            (38_433_591.0, 2_573_701.5, None, crs(4526)),
            (2_573_701.5, 38_433_591.0, None, swapped(4526)),
            (433_591.0, 2_573_701.5, near, crs(4547)),
            (433_591.0, 2_573_701.5, None, None),
            (2_573_701.5, 433_591.0, near, swapped(4547)),
            (19_740_513.0, 2_574_473.0, None, crs(4497)),
            (12_618_175.6, 2_663_734.0, None, crs(3857)),
            (0.0, 0.0, near, None),
            (500.0, 600.0, near, None),
        ] {
            assert_eq!(guess(&[Coord { x, y }], near), expected, "{x}, {y}");
        }
    }

    #[test]
    fn coordinates_that_disagree_are_not_guessed_at() {
        let points = [
            Coord { x: 113.0, y: 23.0 },
            Coord {
                x: 38_433_591.0,
                y: 2_573_701.5,
            },
        ];
        assert_eq!(guess(&points, None), None);
    }

    #[test]
    fn the_codes_of_the_zones_are_those_of_the_registry() {
        // Zone 38 counts from 114° E; without its number the code is 4547.
        let zoned = Transform::new(&Crs::Epsg(4488 + 38), &STORED).unwrap();
        let (lon, _) = zoned.point(38_500_000.0, 2_500_000.0).unwrap();
        assert!((lon - 114.0).abs() < 1e-9);
        for zone in 25..=45u32 {
            let easting = f64::from(zone) * 1e6 + 500_000.0;
            let (lon, _) = Transform::new(&Crs::Epsg(zoned_code(easting)), &STORED)
                .unwrap()
                .point(easting, 2_500_000.0)
                .unwrap();
            assert!(
                (lon - 3.0 * f64::from(zone)).abs() < 1e-9,
                "zone {zone}: {lon}"
            );
            let (lon, _) = Transform::new(&Crs::Epsg(4509 + zone), &STORED)
                .unwrap()
                .point(500_000.0, 2_500_000.0)
                .unwrap();
            assert!(
                (lon - 3.0 * f64::from(zone)).abs() < 1e-9,
                "unzoned {zone}: {lon}"
            );
        }
        for zone in 16..=23u32 {
            let easting = f64::from(zone) * 1e6 + 500_000.0;
            let (lon, _) = Transform::new(&Crs::Epsg(zoned_code(easting)), &STORED)
                .unwrap()
                .point(easting, 2_500_000.0)
                .unwrap();
            assert!(
                (lon - (6.0 * f64::from(zone) - 3.0)).abs() < 1e-9,
                "6° zone {zone}: {lon}"
            );
        }
    }

    fn zoned_code(easting: f64) -> u32 {
        zoned(easting).unwrap()
    }
}
