//! The same file again: no doubles, and undone as a whole.

use std::fs;

use tempfile::TempDir;

use super::{fixtures::*, *};
use crate::import::undo;

fn write(folder: &Path, text: &str) -> Options {
    fs::write(folder.join("a.geojson"), text).unwrap();
    options(folder, "a.geojson", "building")
}

#[test]
fn a_second_import_changes_what_changed_and_nothing_else() {
    let folder = TempDir::new().unwrap();
    let first = import(&write(folder.path(), &houses(3))).unwrap();
    assert_eq!((first.counts.added, first.written), (3, true));
    let second = import(&write(folder.path(), &houses(3))).unwrap();
    assert_eq!(
        (second.counts.added, second.counts.unchanged, second.written),
        (0, 3, false)
    );
    assert_eq!(second.batch, None);
    let edited = houses(4).replace("\"code\":\"A1\"", "\"code\":\"A1\",\"alias\":\"老屋\"");
    let third = import(&write(folder.path(), &edited)).unwrap();
    assert_eq!(
        (
            third.counts.added,
            third.counts.changed,
            third.counts.unchanged
        ),
        (1, 1, 2)
    );
    let records = records(folder.path(), "building");
    assert_eq!(records.len(), 4);
    assert_eq!(
        text(
            "building",
            &records
                .iter()
                .find(|it| text("building", it, "code") == "A1")
                .unwrap()
                .clone(),
            "alias"
        ),
        "老屋"
    );
}

#[test]
fn columns_that_a_file_lacks_keep_their_values() {
    let folder = TempDir::new().unwrap();
    let with = houses(1).replace("\"code\":\"A0\"", "\"code\":\"A0\",\"alias\":\"祠堂\"");
    import(&write(folder.path(), &with)).unwrap();
    fs::write(folder.path().join("b.csv"), "建筑编码,地上层数\nA0,2\n").unwrap();
    let report = import(&options(folder.path(), "b.csv", "building")).unwrap();
    assert_eq!(report.counts.changed, 1);
    let record = &records(folder.path(), "building")[0];
    assert_eq!(text("building", record, "alias"), "祠堂");
    assert_eq!(text("building", record, "floors_up"), "2");
    assert!(record.geometry.is_some());
}

#[test]
fn a_batch_is_undone_and_may_come_again() {
    let folder = TempDir::new().unwrap();
    let options = write(folder.path(), &houses(3));
    let batch = import(&options).unwrap().batch.unwrap();
    let undone = undo(&options.into, &Catalog::embedded(), &batch, "test").unwrap();
    assert_eq!(undone.removed, 3);
    assert!(records(folder.path(), "building").is_empty());
    assert!(undo(&options.into, &Catalog::embedded(), &batch, "test").is_err());
    assert_eq!(import(&options).unwrap().counts.added, 3);
}

#[test]
fn a_dry_run_says_the_same_and_writes_nothing() {
    let folder = TempDir::new().unwrap();
    let mut options = write(folder.path(), &houses(3));
    options.dry_run = true;
    let dry = import(&options).unwrap();
    assert_eq!((dry.counts.added, dry.written), (3, false));
    assert!(!options.into.exists());
    options.dry_run = false;
    let wet = import(&options).unwrap();
    assert_eq!(wet.counts, dry.counts);
    options.dry_run = true;
    assert_eq!(import(&options).unwrap().counts.unchanged, 3);
}

#[test]
fn halves_that_a_tile_has_cut_become_one_house() {
    let folder = TempDir::new().unwrap();
    let (x, y) = (113.59, 23.11);
    let half = |from: f64, to: f64| {
        polygon(&[
            (x + from, y),
            (x + to, y),
            (x + to, y + 0.0001),
            (x + from, y + 0.0001),
            (x + from, y),
        ])
    };
    let text_of = collection(&[
        feature("\"id\":7,\"height\":12", &half(0.0, 0.0001)),
        feature("\"id\":7,\"height\":12", &half(0.0001, 0.0002)),
        feature("\"id\":8", &half(0.0003, 0.0004)),
    ]);
    let report = import(&write(folder.path(), &text_of)).unwrap();
    assert_eq!((report.counts.added, report.counts.merged), (2, 1));
    let records = records(folder.path(), "building");
    assert_eq!(records.len(), 2);
    assert!(matches!(
        &records[0].geometry,
        Some(geo::Geometry::Polygon(_))
    ));
    // The same file again: nothing new.
    assert_eq!(
        import(&write(folder.path(), &text_of))
            .unwrap()
            .counts
            .unchanged,
        2
    );
    // Another height, or another place: not one house.
    for other in [
        text_of.replacen("\"height\":12", "\"height\":13", 1),
        text_of.replacen("\"id\":8", "\"id\":7,\"height\":12", 1),
    ] {
        let error = import(&write(folder.path(), &other)).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("编号“7”与 a.geojson 第 1 行重复"),
            "{error}"
        );
    }
}

#[test]
fn good_rows_alone_go_in_when_the_user_says_so() {
    let folder = TempDir::new().unwrap();
    let text_of = houses(3).replace("\"code\":\"A1\"", "\"code\":\"A1\",\"floors_up\":\"三层\"");
    let mut options = write(folder.path(), &text_of);
    assert!(matches!(import(&options), Err(ImportError::Refused(_))));
    assert!(!options.into.exists());
    options.accept_partial = true;
    let report = import(&options).unwrap();
    assert_eq!(
        (report.counts.added, report.counts.refused, report.written),
        (2, 1, true)
    );
}
