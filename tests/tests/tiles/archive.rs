//! `yizhangtu tiles`: an archive of tiles, and the same tiles served from it.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use yizhangtu_tests::{Server, binary, run, run_well, village};

use super::fixture::{CORNER, town};

#[test]
fn an_archive_holds_what_the_server_draws() {
    let folder = tempfile::tempdir().expect("a folder");
    let town = town(folder.path());
    let archive = folder.path().join("town.pmtiles");
    let (file, out) = (
        town.to_str().expect("UTF-8"),
        archive.to_str().expect("UTF-8"),
    );
    let said = run_well(["--json", "tiles", file, "--zoom", "12-15", "-o", out]);
    let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert!(said["tiles"].as_u64() > Some(4), "{said}");
    let server = Server::start_with(&town, &["--read-only", "--basemap", out]);
    let map = &server.get("/basemaps").json()[0];
    assert_eq!(
        (&map["id"], &map["kind"]),
        (&"town".into(), &"vector".into())
    );
    assert_eq!((&map["minzoom"], &map["maxzoom"]), (&12.into(), &15.into()));
    assert_eq!(map["vector_layers"][0]["id"], "house");
    let mut compared = 0;
    for z in 12..=15 {
        let corner = geo::Coord {
            x: CORNER.0,
            y: CORNER.1,
        };
        let tile = yizhangtu_tiles::TileId::containing(corner, z).expect("in the grid");
        let drawn = server.get(&format!("/tiles/house,post/{tile}"));
        let kept = server.get(&format!("/basemaps/town/{tile}"));
        assert_eq!((drawn.status, kept.status), (200, 200));
        assert_eq!(drawn.body, kept.body, "{tile}");
        compared += 1;
    }
    assert_eq!(compared, 4);
}

/// Borders that are shared, streets by their width, names, and what is drawn by codes.
#[test]
fn an_archive_of_a_village_holds_its_layers_as_they_are_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let village = village("donghua");
    let archive = folder.path().join("donghua.pmtiles");
    let (file, out) = (
        village.to_str().expect("UTF-8"),
        archive.to_str().expect("UTF-8"),
    );
    let layers = "land_use,road,building,grid,violation_case,grid.labels";
    run_well([
        "tiles", file, "--layers", layers, "--zoom", "13-17", "-o", out,
    ]);
    let server = Server::start_with(&village, &["--read-only", "--basemap", out]);
    let map = &server.get(&format!("/tiles/{layers}.json")).json();
    let bounds: Vec<f64> = (0..4)
        .map(|at| map["bounds"][at].as_f64().expect("degrees"))
        .collect();
    let middle = geo::Coord {
        x: f64::midpoint(bounds[0], bounds[2]),
        y: f64::midpoint(bounds[1], bounds[3]),
    };
    for z in 13..=17 {
        let tile = yizhangtu_tiles::TileId::containing(middle, z).expect("in the grid");
        let drawn = server.get(&format!("/tiles/{layers}/{tile}"));
        let kept = server.get(&format!("/basemaps/donghua/{tile}"));
        assert_eq!((drawn.status, kept.status), (200, 200), "{tile}");
        assert!(drawn.body == kept.body, "{tile}");
    }
}

/// Killed while it draws, with half a tile written at last.
#[test]
fn a_run_that_is_cut_short_is_taken_up_where_it_stopped() {
    let folder = tempfile::tempdir().expect("a folder");
    let village = village("donghua");
    let path = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let (whole, taken_up) = (path("whole.pmtiles"), path("taken_up.pmtiles"));
    let part = format!("{taken_up}.part");
    let file = village.to_str().expect("UTF-8");
    let making =
        |out: &str| ["--json", "tiles", file, "--zoom", "12-17", "-o", out].map(str::to_owned);
    let mut cut = Command::new(binary())
        .args(making(&taken_up))
        .spawn()
        .expect("it runs");
    let begun = Instant::now();
    while fs::metadata(&part).map_or(0, |part| part.len()) < 50_000 {
        assert!(
            begun.elapsed() < Duration::from_secs(120),
            "nothing was drawn"
        );
        thread::sleep(Duration::from_millis(2));
    }
    cut.kill().expect("it is killed");
    cut.wait().expect("it ends");
    assert!(!Path::new(&taken_up).exists(), "no half archive");
    let mut broken = OpenOptions::new()
        .append(true)
        .open(&part)
        .expect("the tiles drawn so far");
    broken.write_all(&[7; 40]).expect("half a tile");
    let said = run_well(making(&taken_up).each_ref().map(String::as_str));
    let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert!(said["resumed"].as_u64() > Some(0), "{said}");
    assert!(said["drawn"].as_u64() < said["tiles"].as_u64(), "{said}");
    assert!(!Path::new(&part).exists());
    run_well(making(&whole).each_ref().map(String::as_str));
    assert!(
        fs::read(&whole).unwrap() == fs::read(&taken_up).unwrap(),
        "the same bytes"
    );
}

#[test]
fn an_unknown_layer_or_zoom_is_a_usage_error_and_writes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let town = town(folder.path());
    let archive = folder.path().join("town.pmtiles");
    let (file, out) = (
        town.to_str().expect("UTF-8"),
        archive.to_str().expect("UTF-8"),
    );
    for wrong in [["--layers", "castle"], ["--zoom", "12-99"]] {
        let output = run(["tiles", file, "-o", out, wrong[0], wrong[1]]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(wrong[1]), "{said}");
        assert!(!archive.exists());
    }
}
