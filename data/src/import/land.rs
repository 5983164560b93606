//! Where on Earth land is near, to tell places that lie in the sea.

use std::{io::Read, sync::LazyLock};

use flate2::read::ZlibDecoder;
use geo::Coord;

const CELLS_A_DEGREE: f64 = 10.0;
const COLUMNS: usize = 3600;
const ROWS: usize = 1800;

/// A bit for each cell of 0.1°, rows from the north, columns from 180° W, set where land is
/// within some 20 km. Made by `scripts/land-mask` from Natural Earth 1:10m.
static NEAR_LAND: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut bits = Vec::with_capacity(COLUMNS * ROWS / 8);
    ZlibDecoder::new(include_bytes!("land.mask").as_slice())
        .read_to_end(&mut bits)
        .expect("the mask is part of this program");
    bits
});

/// Whether no land lies within some 20 km of a longitude and latitude in degrees.
pub(super) fn at_sea(place: Coord) -> bool {
    let cell = |degrees: f64, count: usize| {
        // In range by the clamp; NaN becomes 0.
        ((degrees * CELLS_A_DEGREE)
            .floor()
            .clamp(0.0, (count - 1) as f64)) as usize
    };
    let at = cell(90.0 - place.y, ROWS) * COLUMNS + cell(place.x + 180.0, COLUMNS);
    NEAR_LAND[at / 8] & (0x80 >> (at % 8)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_covers_the_earth() {
        assert_eq!(NEAR_LAND.len(), COLUMNS * ROWS / 8);
    }

    #[test]
    fn villages_and_islands_stand_on_land_and_ships_do_not() {
        for (name, x, y) in [
            ("东华", 113.59, 23.11),
            ("万顷沙围垦", 113.62, 22.58),
            ("担杆岛", 114.25, 22.05),
            ("舟山", 122.2, 30.0),
            ("永兴岛", 112.34, 16.83),
            ("太平岛", 114.36, 10.38),
            ("永暑礁", 112.89, 9.55),
            ("钓鱼岛", 123.47, 25.74),
            ("Helsinki", 24.94, 60.17),
            ("Fiji, at the antimeridian", 179.99, -16.8),
        ] {
            assert!(!at_sea(Coord { x, y }), "{name}");
        }
        for (name, x, y) in [
            ("Gulf of Guinea", 0.01, -0.01),
            ("南海", 114.5, 21.5),
            ("南海 with axes swapped back", 115.0, 18.0),
            ("东海", 125.0, 29.0),
            ("Pacific, east edge", 180.0, 30.0),
            ("Pacific, west edge", -180.0, 30.0),
        ] {
            assert!(at_sea(Coord { x, y }), "{name}");
        }
    }
}
