//! Base maps from archives on the disk.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use yizhangtu_tests::{Server, run};

use super::fixture::town;

/// An MBTiles file with one picture at the south-east of zoom 1.
fn picture(folder: &Path) -> PathBuf {
    let path = folder.join("imagery.mbtiles");
    let connection = Connection::open(&path).expect("a new file");
    connection
        .execute_batch(
            "CREATE TABLE metadata (name TEXT, value TEXT);
             CREATE TABLE tiles (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_data BLOB);
             INSERT INTO metadata VALUES ('name', '正射影像'), ('attribution', '<b>测绘院</b>'),
                 ('minzoom', '1'), ('maxzoom', '2'), ('bounds', '113,22,114,24');
             INSERT INTO tiles VALUES (1, 1, 0, x'89504e470d0a1a0a');",
        )
        .expect("tiles");
    path
}

#[test]
fn there_is_none_unless_one_is_given() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(&town(folder.path()));
    assert_eq!(server.get("/basemaps").json(), serde_json::json!([]));
    assert_eq!(server.get("/basemaps/imagery/1/1/1").status, 404);
}

#[test]
fn an_archive_is_listed_and_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = picture(folder.path());
    let archive = archive.to_str().expect("UTF-8");
    let server = Server::start_with(&town(folder.path()), &["--read-only", "--basemap", archive]);
    let list = server.get("/basemaps").json();
    assert_eq!(list[0]["id"], "imagery");
    assert_eq!(list[0]["title"]["zh"], "正射影像");
    assert_eq!(list[0]["kind"], "raster");
    assert_eq!(list[0]["tiles"][0], "/basemaps/imagery/{z}/{x}/{y}");
    assert_eq!(list[0]["attribution"], "测绘院");
    assert_eq!(list[0]["maxzoom"], 2);
    // Rows of the archive are counted from the south, those of the path from the north.
    let tile = server.get("/basemaps/imagery/1/1/1");
    assert_eq!(
        (tile.status, tile.header("content-type")),
        (200, Some("image/png"))
    );
    assert_eq!(tile.body, b"\x89PNG\r\n\x1a\n");
    assert_eq!(server.get("/basemaps/imagery/1/1/0").status, 204);
    assert_eq!(server.get("/basemaps/imagery/9/1/0").status, 204);
    assert_eq!(server.get("/basemaps/imagery/1/x/0").status, 400);
}

#[test]
fn a_damaged_archive_stops_the_start_and_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let town = town(folder.path());
    let damaged = folder.path().join("坏.pmtiles");
    for content in [&b"PMTiles\x03 and no more"[..], b"something else", b""] {
        std::fs::write(&damaged, content).expect("written");
        let output = run([
            "serve".as_ref(),
            town.as_os_str(),
            "--listen".as_ref(),
            "127.0.0.1:0".as_ref(),
            "--basemap".as_ref(),
            damaged.as_os_str(),
        ]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("坏.pmtiles"), "{said}");
    }
}
