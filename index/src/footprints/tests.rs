use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use geo::{Coord, Geometry, Polygon, Rect};

use super::*;
use crate::metric::metres_of_degree;

/// A house of a town: lower left corner, width and depth in metres, floors.
type House = (f64, f64, f64, f64, f64);

fn survey(houses: &[House], by: [f64; 2]) -> Footprints {
    let origin = Coord { x: 113.5, y: 23.1 };
    let (east, north) = metres_of_degree(origin.y);
    let print = |(key, &(x, y, wide, deep, floors)): (u32, &House)| {
        let corner = |x: f64, y: f64| Coord {
            x: origin.x + (x + by[0]) / east,
            y: origin.y + (y + by[1]) / north,
        };
        let outline: Polygon<f64> =
            Rect::new(corner(x, y), corner(x + wide, y + deep)).to_polygon();
        Footprint {
            key,
            outline: Geometry::Polygon(outline),
            floors: Some(floors),
        }
    };
    Footprints::new(Frame::at(origin), (0..).zip(houses).map(print))
}

/// A row of houses that stay as they are, so that the shift can be seen.
fn row() -> Vec<House> {
    (0..12_u32)
        .map(|at| {
            (
                f64::from(at) * 14.0,
                0.0,
                10.0,
                9.0 + f64::from(at % 5),
                3.0,
            )
        })
        .collect()
}

fn changes(before: &[House], after: &[House], by: [f64; 2]) -> Vec<Change> {
    let found = Mutex::new(Vec::new());
    let rules = Rules::default();
    let shift = compare(
        &survey(before, [0.0; 2]),
        &survey(after, by),
        &rules,
        |_| true,
        |change| {
            found.lock().unwrap().push(change);
        },
    );
    let shift = shift.expect("nobody gave it up");
    for (found, by) in shift.by.into_iter().zip(by) {
        assert!((found - by).abs() < 0.01, "{shift:?}");
    }
    let mut found = found.into_inner().unwrap();
    found.sort_by_key(|change| (change.kind, change.after.clone(), change.before.clone()));
    found
}

#[test]
fn a_comparison_that_is_given_up_leaves_the_rest() {
    let many: Vec<House> = (0..5000_u32)
        .map(|at| {
            (
                f64::from(at % 70) * 14.0,
                f64::from(at / 70) * 14.0,
                10.0,
                9.0,
                3.0,
            )
        })
        .collect();
    let survey = survey(&many, [0.0; 2]);
    let (looks, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let whole = |outlines| {
        done.fetch_add(outlines, Relaxed);
        true
    };
    let rules = Rules::default();
    assert!(compare(&survey, &survey, &rules, whole, drop).is_some());
    assert_eq!(
        done.load(Relaxed),
        2 * many.len(),
        "each outline of both is told once"
    );
    let stop = |_| {
        looks.fetch_add(1, Relaxed);
        false
    };
    assert_eq!(compare(&survey, &survey, &rules, stop, drop), None);
    // Parts that had begun end; no other begins.
    assert!(looks.load(Relaxed) <= rayon::current_num_threads());
}

#[test]
fn a_survey_that_lies_beside_another_shows_no_change() {
    assert_eq!(changes(&row(), &row(), [1.2, -0.9]), []);
}

#[test]
fn each_change_is_found_once_and_called_by_its_name() {
    let old = [
        (0.0, 50.0, 10.0, 10.0, 2.0),
        (20.0, 50.0, 10.0, 10.0, 2.0),
        (40.0, 50.0, 20.0, 10.0, 2.0),
        (70.0, 50.0, 10.0, 10.0, 2.0),
        (80.0, 50.0, 10.0, 10.0, 2.0),
        (100.0, 50.0, 10.0, 10.0, 2.0),
        (120.0, 50.0, 10.0, 10.0, 2.0),
    ];
    let new = [
        (0.0, 50.0, 12.0, 10.0, 2.0),  // extended by 20 m²
        (20.0, 50.0, 10.0, 10.0, 4.0), // two floors more
        (40.0, 50.0, 10.0, 10.0, 2.0), // one split in two
        (50.0, 50.0, 10.0, 10.0, 2.0),
        (70.0, 50.0, 20.0, 10.0, 2.0), // two merged
        (100.0, 50.0, 10.0, 7.0, 2.0), // reduced by 30 m²
        (140.0, 50.0, 8.0, 5.0, 1.0),  // new; the one at 120 is gone
    ];
    let (mut before, mut after) = (row(), row());
    before.extend(old);
    after.extend(new);
    let found = changes(&before, &after, [1.2, 0.9]);
    let told: Vec<(Kind, &[u32], &[u32], i64)> = (found.iter())
        .map(|change| {
            #[expect(clippy::cast_possible_truncation, reason = "few square metres")]
            let m2 = change.area_m2.round() as i64;
            (change.kind, &*change.before, &*change.after, m2)
        })
        .collect();
    assert_eq!(
        told,
        [
            (Kind::New, &[][..], &[18][..], 40),
            (Kind::Extended, &[12], &[12], 20),
            (Kind::Taller, &[13], &[13], 200),
            (Kind::Split, &[14], &[14, 15], 0),
            (Kind::Merged, &[15, 16], &[16], 0),
            (Kind::Reduced, &[17], &[17], 30),
            (Kind::Vanished, &[18], &[], 100),
        ]
    );
    assert!(
        found
            .iter()
            .all(|change| (0.5..=1.0).contains(&change.confidence)),
        "{found:?}"
    );
}

#[test]
fn a_house_is_covered_by_permits_as_far_as_it_lies_in_them() {
    let houses = survey(
        &[(0.0, 0.0, 10.0, 10.0, 1.0), (50.0, 0.0, 10.0, 10.0, 1.0)],
        [0.0; 2],
    );
    let permits = survey(
        &[(0.0, 0.0, 4.0, 10.0, 1.0), (4.0, 0.0, 3.0, 10.0, 1.0)],
        [0.0; 2],
    );
    let covered: Vec<(u32, f64)> = houses.covered_by(&permits).collect();
    assert_eq!(covered[0].0, 0);
    assert!(
        (covered[0].1 - 0.7).abs() < 1e-6 && covered[1].1 == 0.0,
        "{covered:?}"
    );
}
