use geo::{
    Contains, Coord, Geometry, GeometryCollection, LineString, MultiPolygon, Point, Polygon,
    polygon,
};
use proptest::prelude::*;

use super::*;
use crate::{GeometryKind, measure::area_m2};

/// A polygon of metres around a place near 大源.
fn metres(points: &[(f64, f64)]) -> Polygon<f64> {
    let mut ring: Vec<Coord> = points
        .iter()
        .map(|(x, y)| Coord {
            x: 113.35 + x / 102_000.0,
            y: 23.26 + y / 110_700.0,
        })
        .collect();
    ring.push(ring[0]);
    Polygon::new(LineString(ring), vec![])
}

fn areal(geometry: impl Into<Geometry<f64>>) -> Result<Prepared, GeometryError> {
    prepare(geometry.into(), GeometryKind::Polygon)
}

#[test]
fn a_clean_house_stays_as_it_is() {
    let house = metres(&[(0.0, 0.0), (10.0, 0.0), (10.0, 12.0), (0.0, 12.0)]);
    let prepared = areal(house.clone()).unwrap();
    assert_eq!(prepared.repairs, []);
    let mut expected = Geometry::Polygon(house);
    snap(&mut expected);
    assert_eq!(prepared.geometry, expected);
}

#[test]
fn direction_and_repeated_vertices_are_put_right_without_a_word() {
    let clockwise = metres(&[
        (0.0, 0.0),
        (0.0, 12.0),
        (0.0, 12.0),
        (10.0, 12.0),
        (10.0, 0.0),
    ]);
    let prepared = areal(clockwise).unwrap();
    assert_eq!(prepared.repairs, []);
    let Geometry::Polygon(it) = prepared.geometry else {
        panic!()
    };
    assert_eq!(it.exterior().0.len(), 5);
    use geo::Winding;
    assert!(it.exterior().is_ccw());
}

#[test]
fn a_bow_tie_is_refused_with_the_place_of_its_crossing() {
    let bow = metres(&[(0.0, 0.0), (20.0, 20.0), (20.0, 0.0), (0.0, 20.0)]);
    let error = areal(bow).unwrap_err();
    let GeometryError::Crossing { at, after_m2, .. } = &error else {
        panic!("{error}")
    };
    assert!(
        (at.x - 113.350_098).abs() < 1e-6 && (at.y - 23.260_090).abs() < 1e-6,
        "{at:?}"
    );
    assert!((199.0..201.0).contains(after_m2));
    assert!(
        error.to_string().contains("边界自相交于 (113.35009"),
        "{error}"
    );
}

#[test]
fn a_small_loop_and_a_spike_are_mended_and_told() {
    let loops = metres(&[
        (0.0, 0.0),
        (30.0, 0.0),
        (30.0, 30.0),
        (0.0, 30.0),
        (0.5, 29.8),
        (-0.3, 30.5),
    ]);
    let prepared = areal(loops).unwrap();
    assert!(
        matches!(prepared.repairs[..], [Repair::Rebuilt { .. }]),
        "{prepared:?}"
    );
    assert!(is_valid(&prepared.geometry));
    let spike = metres(&[
        (0.0, 0.0),
        (20.0, 0.0),
        (20.0, 20.0),
        (20.0, 35.0),
        (20.0, 20.0),
        (0.0, 20.0),
    ]);
    let prepared = areal(spike).unwrap();
    assert!(matches!(
        prepared.repairs[..],
        [Repair::Rebuilt { at: Some(_), .. }]
    ));
    assert!((area_m2(&prepared.geometry) - 400.0).abs() < 3.0);
}

#[test]
fn an_outline_that_touches_itself_becomes_parts_of_the_same_area() {
    let hourglass = metres(&[
        (0.0, 0.0),
        (20.0, 0.0),
        (10.0, 10.0),
        (20.0, 20.0),
        (0.0, 20.0),
        (10.0, 10.0),
    ]);
    let prepared = areal(hourglass).unwrap();
    assert!(matches!(&prepared.geometry, Geometry::MultiPolygon(it) if it.0.len() == 2));
    assert!((area_m2(&prepared.geometry) - 200.0).abs() < 2.0);
}

#[test]
fn overlapping_parts_are_joined_when_little_is_counted_twice() {
    let one = metres(&[(0.0, 0.0), (20.0, 0.0), (20.0, 20.0), (0.0, 20.0)]);
    let two = metres(&[(19.9, 0.0), (40.0, 0.0), (40.0, 20.0), (19.9, 20.0)]);
    let prepared = areal(MultiPolygon(vec![one.clone(), two])).unwrap();
    assert!(
        matches!(prepared.geometry, Geometry::Polygon(_)),
        "{prepared:?}"
    );
    assert_eq!(prepared.repairs.len(), 1);
    // The same part twice is a mistake nobody can interpret.
    assert!(areal(MultiPolygon(vec![one.clone(), one])).is_err());
}

#[test]
fn what_is_no_area_is_refused() {
    let flat = metres(&[(0.0, 0.0), (10.0, 0.0), (20.0, 0.0)]);
    assert_eq!(areal(flat).unwrap_err(), GeometryError::Nothing);
    let point = metres(&[(0.0, 0.0), (0.0, 0.0), (0.0, 0.0)]);
    assert!(matches!(
        areal(point).unwrap_err(),
        GeometryError::TooFewPoints { .. }
    ));
    let error = areal(Point::new(113.0, 23.0)).unwrap_err().to_string();
    assert!(error.contains("图形是点，本图层只收面"), "{error}");
}

#[test]
fn a_hole_outside_its_area_is_refused() {
    let hole = metres(&[(100.0, 0.0), (110.0, 0.0), (110.0, 10.0), (100.0, 10.0)]);
    let outer = metres(&[(0.0, 0.0), (20.0, 0.0), (20.0, 20.0), (0.0, 20.0)]);
    let odd = Polygon::new(outer.exterior().clone(), vec![hole.exterior().clone()]);
    assert!(matches!(
        areal(odd).unwrap_err(),
        GeometryError::Hopeless { .. }
    ));
}

#[test]
fn collections_of_one_kind_become_multi_parts() {
    let one = metres(&[(0.0, 0.0), (20.0, 0.0), (20.0, 20.0), (0.0, 20.0)]);
    let two = metres(&[(30.0, 0.0), (40.0, 0.0), (40.0, 20.0), (30.0, 20.0)]);
    let both = GeometryCollection(vec![one.clone().into(), two.into()]);
    assert!(matches!(
        areal(Geometry::GeometryCollection(both)).unwrap().geometry,
        Geometry::MultiPolygon(_)
    ));
    let mixed = GeometryCollection(vec![one.into(), Point::new(113.0, 23.0).into()]);
    assert!(matches!(
        areal(Geometry::GeometryCollection(mixed)).unwrap_err(),
        GeometryError::Kind { .. }
    ));
}

#[test]
fn rings_are_closed_only_over_a_rounding() {
    let (x, y) = (113.35, 23.26);
    let corner = |dx: f64, dy: f64| Coord {
        x: x + dx,
        y: y + dy,
    };
    let open = vec![corner(0.0, 0.0), corner(0.001, 0.0), corner(0.001, 0.001)];
    let error = ring(open.clone(), false).unwrap_err().to_string();
    assert!(
        error.contains("环未闭合") && error.contains("not closed"),
        "{error}"
    );
    let mut near = open;
    near.push(corner(5e-8, 0.0));
    assert!(ring(near, false).unwrap().1);
}

proptest! {
    /// Whatever comes, what is kept is valid, on the lattice, and covers the even-odd area.
    #[test]
    fn what_is_kept_is_valid(points in prop::collection::vec((0.0..40.0f64, 0.0..40.0f64), 3..12)) {
        let drawn = metres(&points);
        if let Ok(prepared) = areal(drawn) {
            prop_assert!(is_valid(&prepared.geometry));
            let mut snapped = prepared.geometry.clone();
            snap(&mut snapped);
            prop_assert_eq!(&snapped, &prepared.geometry);
            let again = areal(prepared.geometry.clone()).unwrap();
            prop_assert_eq!(again.repairs, []);
            prop_assert_eq!(again.geometry, prepared.geometry);
        }
    }

    /// A star around a centre is simple: it passes unmended, and keeps its inner points.
    #[test]
    fn simple_outlines_are_never_touched(radii in prop::collection::vec(5.0..40.0f64, 5..30)) {
        let count = radii.len() as f64;
        let points: Vec<(f64, f64)> = radii.iter().enumerate().map(|(at, radius)| {
            let turn = at as f64 / count * std::f64::consts::TAU;
            (radius * turn.cos(), radius * turn.sin())
        }).collect();
        let prepared = areal(metres(&points)).unwrap();
        prop_assert_eq!(prepared.repairs, []);
        prop_assert!(prepared.geometry.contains(&Point::new(113.35, 23.26)));
    }
}

#[test]
fn validity_looks_at_holes_and_parts() {
    let outer = polygon![(x: 0.0, y: 0.0), (x: 9.0, y: 0.0), (x: 9.0, y: 9.0), (x: 0.0, y: 9.0)];
    let hole = polygon![(x: 2.0, y: 2.0), (x: 4.0, y: 2.0), (x: 4.0, y: 4.0), (x: 2.0, y: 4.0)];
    let holed = Polygon::new(outer.exterior().clone(), vec![hole.exterior().clone()]);
    assert!(is_valid(&holed.into()));
    let overlapping = MultiPolygon(vec![outer, hole]);
    assert!(!is_valid(&overlapping.into()));
}
