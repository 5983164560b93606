//! `yizhangtu check` and `--catalog`, through the built binary.

use std::fs;

use yizhangtu_tests::{run, run_well, village};

fn said(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn what_is_no_geopackage_is_refused_by_name() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("不是.gpkg");
    fs::write(&path, "{}").expect("written");
    let output = run([std::ffi::OsStr::new("check"), path.as_os_str()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("不是.gpkg"), "{}", said(&output));

    let output = run(["check", "nowhere.gpkg"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("nowhere.gpkg"), "{}", said(&output));
    assert_eq!(
        run(["check"]).status.code(),
        Some(2),
        "no file is a fault of usage"
    );
}

#[test]
fn a_faulty_catalog_stops_the_program_with_file_line_and_remedy() {
    let directory = tempfile::tempdir().expect("a directory");
    let layers = directory.path().join("layers");
    fs::create_dir(&layers).expect("made");
    let layer = "id = \"post\"\ntitle = { zh = \"站\", en = \"Post\" }\ntheme = \"grid\"\n\
                 geometry = \"none\"\nversion = \"1\"\nfields = []\ncolor = \"red\"\n";
    fs::write(layers.join("post.toml"), layer).expect("written");
    let catalog = directory.path().to_str().expect("UTF-8");
    let output = run(["--catalog", catalog, "check", "any.gpkg"]);
    assert_eq!(output.status.code(), Some(1));
    let said = said(&output);
    for place in [
        "post.toml:3:1: 没有主题“grid”",
        "post.toml:6:1: ",
        "post.toml:7:1: 不认识键“color”",
    ] {
        assert!(said.contains(place), "{place} is not in {said}");
    }
}

#[test]
fn the_demonstration_village_is_sound_and_a_spoilt_copy_is_not() {
    let sound = village("donghua");
    let sound = sound.to_str().expect("UTF-8 path");
    let report = run_well(["check", sound, "--json"]);
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!(report["errors"], 0, "{report:#}");
    assert_eq!(report["checked"]["building"], 1495);
    assert_eq!(report["checked"]["person"], 11_608);

    let directory = tempfile::tempdir().expect("a directory");
    let spoilt = directory.path().join("spoilt.gpkg");
    fs::copy(sound, &spoilt).expect("copied");
    let file = rusqlite::Connection::open(&spoilt).expect("opened");
    let rooms = file
        .execute(
            "UPDATE room SET building = 'nothing' WHERE id = (SELECT min(id) FROM room)",
            [],
        )
        .expect("the copy can be spoilt");
    assert_eq!(rooms, 1);
    drop(file);
    let output = run([std::ffi::OsStr::new("check"), spoilt.as_os_str()]);
    assert_eq!(output.status.code(), Some(1));
    let listed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(listed.contains("“nothing”不是任何"), "{listed}");
}
