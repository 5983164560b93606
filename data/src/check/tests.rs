use std::sync::Arc;

use chrono::NaiveDate;
use geo::{Geometry, Rect, coord, point};

use super::*;
use crate::{
    Catalog, Layer, Record, Value,
    crs::{Crs, Transform},
    store::{About, Access, GeoPackage},
};

/// A village of 0.02° by 0.01°, cut into two grids along its middle.
struct Village {
    _directory: tempfile::TempDir,
    file: GeoPackage,
}

const WEST: f64 = 113.60;
const SOUTH: f64 = 23.10;

fn square(west: f64, south: f64, width: f64, height: f64) -> Option<Geometry<f64>> {
    let corner = coord! { x: WEST + west, y: SOUTH + south };
    let opposite = coord! { x: WEST + west + width, y: SOUTH + south + height };
    Some(Geometry::Polygon(Rect::new(corner, opposite).to_polygon()))
}

impl Village {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("village.gpkg");
        let file = GeoPackage::create(&path, &Catalog::embedded(), &About::default());
        let village = Self {
            _directory: directory,
            file: file.expect("a file"),
        };
        village.add("village", "v", square(0.0, 0.0, 0.02, 0.01), |layer, it| {
            it.set(layer, "code", "440118101224")
                .set(layer, "name", "甲村");
        });
        village
    }

    fn gridded() -> Self {
        let village = Self::new();
        village.grid("g1", square(0.0, 0.0, 0.01, 0.01));
        village.grid("g2", square(0.01, 0.0, 0.01, 0.01));
        village
    }

    fn add(
        &self,
        layer: &str,
        id: &str,
        geometry: Option<Geometry<f64>>,
        fill: impl Fn(&Layer, &mut Record),
    ) {
        let layer = Arc::clone(self.file.layer(layer).expect("layer"));
        let mut record = Record::new(&layer, id);
        record.geometry = geometry;
        fill(&layer, &mut record);
        self.file.bulk_load(&layer.id, [record]).expect("loaded");
    }

    fn grid(&self, id: &str, geometry: Option<Geometry<f64>>) {
        self.add("grid", id, geometry, |layer, it| {
            it.set(layer, "code", format!("CODE-{id}").to_uppercase())
                .set(layer, "name", id);
        });
    }

    fn house(&self, id: &str, geometry: Option<Geometry<f64>>) {
        self.add("building", id, geometry, |layer, it| {
            it.set(layer, "code", id);
        });
    }

    fn person(&self, id: &str, name: &str, number: Option<&str>) {
        let born = NaiveDate::from_ymd_opt(1949, 12, 31);
        self.add("person", id, None, |layer, it| {
            it.set(layer, "name", name)
                .set(layer, "birth", born)
                .set(layer, "sex", "2");
            it.set(
                layer,
                "id_number",
                number.map(Value::from).unwrap_or_default(),
            );
        });
    }

    fn residence(&self, id: &str, person: &str, room: Option<&str>, building: Option<&str>) {
        self.add("residence", id, None, |layer, it| {
            it.set(layer, "person", person);
            it.set(layer, "room", room.map(Value::from).unwrap_or_default());
            it.set(
                layer,
                "building",
                building.map(Value::from).unwrap_or_default(),
            );
        });
    }

    fn check(&self) -> Report {
        check(&self.file).expect("readable")
    }

    /// Severity, check, layer and ids of all findings.
    fn found(&self) -> Vec<(Severity, Check, String, Vec<String>)> {
        let plain = |finding: Finding| {
            let ids = finding.ids.iter().map(ToString::to_string).collect();
            (finding.severity, finding.check, finding.layer, ids)
        };
        self.check().findings.into_iter().map(plain).collect()
    }
}

fn one(
    severity: Severity,
    check: Check,
    layer: &str,
    ids: &[&str],
) -> Vec<(Severity, Check, String, Vec<String>)> {
    let ids = ids.iter().map(ToString::to_string).collect();
    vec![(severity, check, layer.to_owned(), ids)]
}

use Severity::{Error, Warning};

#[test]
fn a_sound_village_has_no_finding() {
    let village = Village::gridded();
    village.house("b1", square(0.001, 0.001, 0.0001, 0.0001));
    village.house("b2", square(0.0011, 0.001, 0.0001, 0.0001));
    village.add("room", "r1", None, |layer, it| {
        it.set(layer, "building", "b1");
    });
    village.person("p1", "甲某", Some("11010519491231002X"));
    village.residence("s1", "p1", Some("r1"), Some("b1"));
    let report = village.check();
    assert_eq!(report.findings, []);
    assert_eq!((report.errors, report.warnings), (0, 0));
    assert_eq!(report.checked["building"], 2);
}

#[test]
fn grids_that_lie_on_each_other_are_found_with_area_and_place() {
    let village = Village::new();
    village.grid("g1", square(0.0, 0.0, 0.0101, 0.01));
    village.grid("g2", square(0.01, 0.0, 0.01, 0.01));
    assert_eq!(
        village.found(),
        one(Error, Check::Overlap, "grid", &["g1", "g2"])
    );
    insta::assert_snapshot!(village.check().findings[0].message);
}

#[test]
fn a_sliver_below_a_square_metre_is_no_fault() {
    let village = Village::new();
    // 4e-9° of longitude by 0.01° of latitude is 0.45 m².
    village.grid("g1", square(0.0, 0.0, 0.010_000_004, 0.01));
    village.grid("g2", square(0.01, 0.0, 0.01, 0.01));
    assert_eq!(village.found(), []);
}

#[test]
fn a_gap_between_grids_is_found() {
    let village = Village::new();
    village.grid("g1", square(0.0, 0.0, 0.0099, 0.01));
    village.grid("g2", square(0.01, 0.0, 0.01, 0.01));
    assert_eq!(village.found(), one(Error, Check::Gap, "grid", &["v"]));
    insta::assert_snapshot!(village.check().findings[0].message);
}

#[test]
fn a_grid_that_sticks_out_of_its_village_is_a_warning() {
    let village = Village::new();
    village.grid("g1", square(0.0, 0.0, 0.01, 0.01));
    village.grid("g2", square(0.01, 0.0, 0.011, 0.01));
    assert_eq!(
        village.found(),
        one(Warning, Check::SticksOut, "grid", &["g2", "v"])
    );
}

#[test]
fn a_reference_to_nothing_and_a_list_with_one_are_found() {
    let village = Village::gridded();
    village.add("room", "r1", None, |layer, it| {
        it.set(layer, "building", "b9");
    });
    assert_eq!(
        village.found(),
        one(Error, Check::DanglingReference, "room", &["r1"])
    );

    let village = Village::gridded();
    village.add("contract", "c1", None, |layer, it| {
        it.set(layer, "code", "HT-1").set(layer, "state", "履行中");
        it.set(
            layer,
            "asset",
            Value::Json(Box::new(serde_json::json!(["a1"]))),
        );
    });
    assert_eq!(
        village.found(),
        one(Error, Check::DanglingReference, "contract", &["c1"])
    );
}

#[test]
fn a_residence_that_is_nowhere_or_names_two_houses_is_an_error() {
    let village = Village::gridded();
    village.house("b1", square(0.001, 0.001, 0.0001, 0.0001));
    village.house("b2", square(0.002, 0.001, 0.0001, 0.0001));
    village.add("room", "r1", None, |layer, it| {
        it.set(layer, "building", "b1");
    });
    village.person("p1", "甲某", None);
    village.residence("s1", "p1", None, None);
    village.residence("s2", "p1", Some("r1"), Some("b2"));
    let mut expected = one(Error, Check::Nowhere, "residence", &["s1"]);
    expected.extend(one(Error, Check::BuildingDisagrees, "residence", &["s2"]));
    assert_eq!(village.found(), expected);
}

#[test]
fn who_lives_in_one_house_by_one_name_may_be_one_person() {
    let village = Village::gridded();
    village.house("b1", square(0.001, 0.001, 0.0001, 0.0001));
    village.house("b2", square(0.0012, 0.001, 0.0001, 0.0001));
    let person = |id: &str, house: &str, number: Option<&str>, sex: &str, born: Option<i32>| {
        village.add("person", id, None, |layer, it| {
            it.set(layer, "name", "甲某").set(layer, "sex", sex);
            let born = born.and_then(|year| NaiveDate::from_ymd_opt(year, 1, 1));
            it.set(layer, "birth", born.map(Value::from).unwrap_or_default());
            it.set(
                layer,
                "id_number",
                number.map(Value::from).unwrap_or_default(),
            );
        });
        village.residence(&format!("s-{id}"), id, None, Some(house));
    };
    person("p1", "b1", Some("E1"), "2", Some(1949));
    person("p2", "b1", None, "2", None);
    // Another house; nobody without a number; another sex.
    person("p3", "b2", None, "1", None);
    person("p4", "b2", Some("E4"), "2", Some(1980));
    let alike = twins(&village.file).expect("readable");
    assert_eq!(alike.len(), 1, "{alike:?}");
    assert_eq!(
        (alike[0].by, alike[0].ids.join(" ")),
        (Likeness::House, "p1 p2".to_owned())
    );
    // A house alone tells the same of its people.
    assert_eq!(twins_in(&village.file, "b1").expect("readable"), alike);
    assert!(twins_in(&village.file, "b2").expect("readable").is_empty());
}

#[test]
fn one_person_entered_twice_is_found_by_number_and_by_name() {
    let village = Village::gridded();
    village.house("b1", square(0.001, 0.001, 0.0001, 0.0001));
    for (id, name, number) in [
        ("p1", "甲某", Some("11010519491231002X")),
        ("p2", "甲謀", Some("11010519491231002x")),
        ("p3", "乙某", Some("440524188001010014")),
        ("p4", "乙某", None),
        // The same number of before 1999, without its century and check digit.
        ("p5", "丙某", Some("110105491231003")),
        ("p6", "丁某", Some("110105194912310038")),
    ] {
        village.person(id, name, number);
        village.residence(&format!("s-{id}"), id, None, Some("b1"));
    }
    let mut expected = one(Error, Check::SamePerson, "person", &["p1", "p2"]);
    expected.extend(one(Error, Check::SamePerson, "person", &["p5", "p6"]));
    expected.extend(one(Warning, Check::SamePerson, "person", &["p3", "p4"]));
    assert_eq!(village.found(), expected);
    for finding in village.check().findings {
        assert!(!finding.message.contains('某'), "{}", finding.message);
    }
}

#[test]
fn houses_with_the_same_footprint_are_found_and_neighbours_are_not() {
    let village = Village::gridded();
    village.house("b1", square(0.001, 0.001, 0.0001, 0.0001));
    village.house("b2", square(0.001, 0.001, 0.0001, 0.0001));
    village.house("b3", square(0.003, 0.001, 0.0001, 0.0001));
    village.house("b4", square(0.003, 0.001, 0.000_102, 0.0001));
    village.house("b5", square(0.0031, 0.001, 0.0001, 0.0001));
    let mut expected = one(Error, Check::SameFootprint, "building", &["b1", "b2"]);
    expected.extend(one(
        Warning,
        Check::SameFootprint,
        "building",
        &["b3", "b4"],
    ));
    assert_eq!(village.found(), expected);
}

#[test]
fn a_house_in_no_grid_and_an_event_in_no_village_are_warnings() {
    let village = Village::gridded();
    village.house("b1", square(0.03, 0.001, 0.0001, 0.0001));
    let mut expected = one(Warning, Check::NoGrid, "building", &["b1"]);
    expected.extend(one(Warning, Check::OutsideVillage, "building", &["b1"]));
    assert_eq!(village.found(), expected);
}

#[test]
fn houses_taken_from_a_shifted_map_are_called_so() {
    for crs in [Crs::Gcj02, Crs::Bd09] {
        let village = Village::gridded();
        let away = Transform::new(&Crs::parse("EPSG:4490").expect("known"), &crs).expect("a way");
        for at in 0..5 {
            // Along the edge that the shift carries them over.
            let home = square(0.0197, 0.001 * f64::from(at), 0.0001, 0.0001);
            let mut geometry = home.expect("a square");
            away.geometry(&mut geometry).expect("shifted");
            crate::geometry::snap(&mut geometry);
            village.house(&format!("b{at}"), Some(geometry));
        }
        let found = village.check().findings;
        let shifted = found.iter().find(|finding| finding.check == Check::Shifted);
        let shifted = shifted.unwrap_or_else(|| panic!("{crs:?}: {found:?}"));
        let name = if crs == Crs::Gcj02 {
            "--crs gcj02"
        } else {
            "--crs bd09"
        };
        assert!(shifted.message.contains(name), "{}", shifted.message);
    }
}

#[test]
fn swapped_coordinates_are_named() {
    let village = Village::gridded();
    village.add(
        "facility",
        "f1",
        Some(Geometry::Point(point!(x: 23.1, y: 80.0))),
        |layer, it| {
            it.set(layer, "kind", "卡口");
        },
    );
    assert_eq!(
        village.found(),
        one(Error, Check::OutsideChina, "facility", &["f1"])
    );
    let village = Village::gridded();
    village.add(
        "facility",
        "f1",
        Some(Geometry::Point(point!(x: 35.1, y: 75.2))),
        |layer, it| {
            it.set(layer, "kind", "卡口");
        },
    );
    assert!(village.check().findings[0].message.contains("颠倒"));
}

#[test]
fn a_crossing_outline_and_a_missing_one_are_found() {
    let village = Village::gridded();
    let bow = geo::wkt!(POLYGON((113.601 23.101, 113.602 23.102, 113.602 23.101, 113.601 23.102, 113.601 23.101)));
    village.house("b1", Some(bow.into()));
    village.house("b2", None);
    let mut expected = one(Error, Check::InvalidGeometry, "building", &["b1"]);
    expected.extend(one(Warning, Check::NoGeometry, "building", &["b2"]));
    assert_eq!(village.found(), expected);
}

#[test]
fn a_value_against_the_rules_is_an_error_of_its_field() {
    let village = Village::gridded();
    village.add(
        "facility",
        "f1",
        square(0.001, 0.001, 0.001, 0.001),
        |layer, it| {
            it.set(layer, "kind", "报亭");
        },
    );
    assert_eq!(
        village.found(),
        one(Error, Check::Field, "facility", &["f1"])
    );
}

#[test]
fn a_report_lists_fifty_of_a_kind_and_counts_all() {
    let village = Village::gridded();
    let layer = Arc::clone(village.file.layer("room").expect("layer"));
    let rooms = (0..120).map(|at| {
        let mut record = Record::new(&layer, format!("r{at}"));
        record.set(&layer, "building", "b9");
        record
    });
    village.file.bulk_load("room", rooms).expect("loaded");
    let report = village.check();
    assert_eq!(report.errors, 120);
    assert_eq!(report.findings.len() as u64, Report::LISTED);
    assert_eq!(report.tallies[0].count, 120);
}

#[test]
fn a_file_opened_only_to_be_read_is_checked_too() {
    let village = Village::gridded();
    let path = village.file.path();
    let file = GeoPackage::open(path, &Catalog::embedded(), Access::ReadOnly).expect("opened");
    assert_eq!(check(&file).expect("readable").findings, []);
}
