//! The reference points of Guangzhou, computed with PROJ 9.5.1 and GeographicLib.

use std::path::Path;

use geo::Coord;

use super::{Crs, STORED, Transform};
use crate::measure::distance_m;

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../shared/data/reference/crs-guangzhou.csv"
);

/// Name and numbers of each row; empty, with a word, where the file is absent.
fn rows() -> Vec<(String, Vec<f64>)> {
    if !Path::new(FILE).exists() {
        #[expect(clippy::print_stderr, reason = "a skipped test must say so")]
        {
            eprintln!("skipped: {FILE} is not here");
        }
        return Vec::new();
    }
    let mut reader = csv::Reader::from_path(FILE).unwrap();
    reader
        .records()
        .map(|row| {
            let row = row.unwrap();
            let numbers = row
                .iter()
                .skip(1)
                .map(|cell| cell.parse().unwrap())
                .collect();
            (row[0].to_owned(), numbers)
        })
        .collect()
}

#[test]
fn epsg_codes_agree_to_a_millimetre() {
    for (column, from, to) in [
        (2, 4490, 4547),
        (4, 4490, 4526),
        (6, 4490, 4549),
        (8, 4490, 3857),
        (10, 4326, 3857),
        (12, 4326, 32649),
    ] {
        let out = Transform::new(&Crs::Epsg(from), &Crs::Epsg(to)).unwrap();
        let back = Transform::new(&Crs::Epsg(to), &STORED).unwrap();
        assert_eq!(out.ballpark(), None, "EPSG:{from} to EPSG:{to}");
        for (name, row) in rows() {
            let (x, y) = out.point(row[0], row[1]).unwrap();
            let (east, north) = (row[column], row[column + 1]);
            let off = (x - east).hypot(y - north);
            assert!(off < 0.001, "{name} in EPSG:{to}: {off} m off");
            let (lon, lat) = back.point(east, north).unwrap();
            let off = distance_m(
                Coord { x: lon, y: lat },
                Coord {
                    x: row[0],
                    y: row[1],
                },
            );
            assert!(off < 0.001, "{name} from EPSG:{to}: {off} m off");
        }
    }
}

#[test]
fn shifted_systems_agree_to_two_centimetres_and_come_back_to_one() {
    for (column, crs) in [(14, Crs::Gcj02), (16, Crs::Bd09)] {
        let out = Transform::new(&STORED, &crs).unwrap();
        let back = Transform::new(&crs, &STORED).unwrap();
        for (name, row) in rows() {
            let place = Coord {
                x: row[0],
                y: row[1],
            };
            let image = Coord {
                x: row[column],
                y: row[column + 1],
            };
            let ours = Coord::from(out.point(place.x, place.y).unwrap());
            // The file has seven decimals: half a centimetre.
            let off = distance_m(ours, image);
            assert!(off < 0.02, "{name} in {crs}: {off} m off");
            let off = distance_m(Coord::from(back.point(ours.x, ours.y).unwrap()), place);
            assert!(off < 0.01, "{name} from {crs}: {off} m off");
            let off = distance_m(Coord::from(back.point(image.x, image.y).unwrap()), place);
            assert!(off < 0.02, "{name} from the file's {crs}: {off} m off");
        }
    }
}

#[test]
fn a_projected_system_and_a_shifted_one_go_together() {
    let way = Transform::new(&Crs::Bd09, &Crs::Epsg(4547)).unwrap();
    for (name, row) in rows() {
        let (x, y) = way.point(row[16], row[17]).unwrap();
        let off = (x - row[2]).hypot(y - row[3]);
        assert!(off < 0.02, "{name}: {off} m off");
    }
}

#[test]
fn a_datum_without_parameters_is_told_with_a_figure() {
    let beijing = Transform::new(&Crs::Epsg(2435), &STORED).unwrap();
    let told = beijing.ballpark().unwrap();
    assert_eq!(told.datum, "Beijing 1954");
    let metres = told.indicative_m.unwrap();
    assert!((10.0..200.0).contains(&metres), "{metres}");
    assert!(told.message().contains("Beijing 1954"));
    let xian = Transform::new(&Crs::Epsg(2383), &STORED).unwrap();
    let told = xian.ballpark().unwrap();
    assert_eq!(told.datum, "Xian 1980");
    assert!(told.message().contains("一百余米"));
    for exact in [4547, 4526, 4490, 4326, 3857, 32649] {
        let way = Transform::new(&Crs::Epsg(exact), &STORED).unwrap();
        assert_eq!(way.ballpark(), None, "EPSG:{exact}");
    }
}

#[test]
fn threads_share_a_way() {
    let way = Transform::new(&Crs::Epsg(4547), &STORED).unwrap();
    let expected = way.point(433_591.000_5, 2_573_701.535_2).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope
                .spawn(|| assert_eq!(way.point(433_591.000_5, 2_573_701.535_2).unwrap(), expected));
        }
    });
}
