//! Tiles after edits: whatever is kept is what would be drawn now.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
};

use geo::Coord;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use yizhangtu_tests::{Asker, Server, open_village, run_well};
use yizhangtu_tiles::TileId;

/// Layers that are drawn in every way: blocks, shared borders, a net, clusters.
const LAYERS: [&str; 5] = ["building", "land_use", "grid", "road", "place"];

/// The tiles over the middle of the village, from afar to near.
fn watched(server: &Asker) -> Vec<String> {
    let bounds = server.get("/tiles/building.json").json()["bounds"].clone();
    let at = |index: usize| bounds[index].as_f64().expect("a number");
    let (west, south, east, north) = (at(0), at(1), at(2), at(3));
    let mut paths = Vec::new();
    for z in [9, 11, 13, 14, 15, 16, 17] {
        let tile = |x, y| TileId::containing(Coord { x, y }, z).expect("in the grid");
        let inset = if z > 15 { 0.4 } else { 0.0 };
        let (low, high) = (
            tile(
                west + inset * (east - west),
                north - inset * (north - south),
            ),
            tile(
                east - inset * (east - west),
                south + inset * (north - south),
            ),
        );
        for layer in LAYERS {
            for x in low.x()..=high.x() {
                for y in low.y()..=high.y() {
                    paths.push(format!("/tiles/{layer}/{z}/{x}/{y}"));
                }
            }
        }
    }
    paths
}

fn all(server: &Asker, paths: &[String]) -> BTreeMap<String, Vec<u8>> {
    let each = |path: &String| (path.clone(), server.get(path).body);
    paths.iter().map(each).collect()
}

/// One random edit of a house, a place, a road or a land-use patch.
fn edit(server: &Asker, random: &mut ChaCha8Rng, round: usize) {
    let layer = ["building", "place", "road", "building"][round % 4];
    let offset = random.random_range(0..200);
    let reply = server.get(&format!(
        "/collections/{layer}/items?limit=1&offset={offset}"
    ));
    let mut feature = reply.json()["features"][0].clone();
    let id = feature["id"].as_str().expect("an id").to_owned();
    let tag = server.get(&format!("/collections/{layer}/items/{id}"));
    let tag = tag.header("etag").expect("a tag").to_owned();
    let version: u64 = tag
        .trim_matches(|c: char| !c.is_ascii_digit())
        .parse()
        .expect("a number");
    let change = match random.random_range(0..3) {
        0 if layer == "place" => {
            json!({ "op": "delete", "layer": layer, "id": id, "version": version })
        }
        _ => {
            let by = [
                random.random_range(-0.002..0.002),
                random.random_range(-0.002..0.002),
            ];
            moved(&mut feature["geometry"]["coordinates"], by);
            json!({ "op": "update", "layer": layer, "id": id, "version": version,
                    "feature": { "geometry": feature["geometry"] } })
        }
    };
    let reply = server.post(
        "/changes",
        &json!({ "reason": "测试", "changes": [change] }),
    );
    assert_eq!(reply.status, 200, "{}", reply.text());
}

/// Moves every position of a geometry.
fn moved(coordinates: &mut Value, by: [f64; 2]) {
    let parts = coordinates.as_array_mut().expect("an array");
    if parts[0].is_number() {
        for (part, by) in parts.iter_mut().zip(by) {
            *part = json!(part.as_f64().expect("a number") + by);
        }
    } else {
        parts.iter_mut().for_each(|part| moved(part, by));
    }
}

/// After each of some random edits, made while others read, every tile that is kept is byte for
/// byte what a server draws that has kept nothing.
#[test]
fn every_kept_tile_is_as_drawn_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = open_village("donghua", folder.path());
    let server = Server::start_with(&file, &[]);
    let paths = watched(&server);
    assert!(paths.len() > 50, "{}", paths.len());
    all(&server, &paths);
    let mut random = ChaCha8Rng::seed_from_u64(9);
    let done = AtomicBool::new(false);
    let mut stale = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for path in paths.iter().cycle() {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                server.get(path);
            }
        });
        for round in 0..4 {
            for step in 0..3 {
                edit(&server, &mut random, round * 3 + step);
            }
            let fresh = Server::start(&file);
            let (kept, drawn) = (all(&server, &paths), all(&fresh, &paths));
            let differs = |(path, bytes): &(&String, &Vec<u8>)| drawn[*path] != **bytes;
            let found = kept.iter().filter(differs);
            stale.extend(found.map(|(path, _)| format!("{path} after round {round}")));
        }
        // Whatever went wrong is told once the reader has ended.
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(stale, Vec::<String>::new(), "out of date");
    // What operators are told: tiles were let go of, and how long that took.
    let told = server.get("/metrics").text();
    let figure = |name: &str| -> f64 {
        let line = told.lines().find(|line| line.starts_with(name));
        let value = line.and_then(|line| line.split_whitespace().next_back());
        value.and_then(|value| value.parse().ok()).unwrap_or(-1.0)
    };
    assert!(figure("yizhangtu_tiles_dropped") > 0.0, "{told}");
    let (last, longest) = (
        figure("yizhangtu_tiles_delay_seconds"),
        figure("yizhangtu_tiles_delay_longest_seconds"),
    );
    assert!(last > 0.0 && longest >= last, "{told}");
}

/// An archive brought up to date is the one that would be made now, and little of it is drawn.
#[test]
fn an_archive_follows_the_change_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = open_village("donghua", folder.path());
    let (source, at) = (file.to_str().expect("UTF-8"), |name: &str| {
        folder.path().join(name).to_str().expect("UTF-8").to_owned()
    });
    let make = |out: &str, more: &[&str]| -> Value {
        let base = [
            "--json",
            "tiles",
            source,
            "--zoom",
            "12-16",
            "--layers",
            "building,place,road",
            "-o",
            out,
        ];
        let said = run_well(base.into_iter().chain(more.iter().copied()));
        serde_json::from_str(&said).expect("JSON")
    };
    let (followed, anew) = (at("followed.pmtiles"), at("anew.pmtiles"));
    make(&followed, &[]);
    let mut random = ChaCha8Rng::seed_from_u64(5);
    {
        let server = Server::start_with(&file, &[]);
        for round in 0..3 {
            edit(&server, &mut random, round);
        }
    }
    let said = make(&followed, &["--update"]);
    let whole = make(&anew, &[]);
    assert_eq!(said["tiles"], whole["tiles"]);
    assert!(said["drawn"].as_u64() > Some(0), "{said}");
    assert!(
        said["drawn"].as_u64() < whole["drawn"].as_u64(),
        "{said} {whole}"
    );
    let bytes = |path: &str| std::fs::read(path).expect("an archive");
    assert!(bytes(&followed) == bytes(&anew), "the archives differ");
    // Asked for otherwise, it says so and leaves the archive alone.
    let refused = yizhangtu_tests::run([
        "tiles", source, "--zoom", "12-15", "--update", "-o", &followed,
    ]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(bytes(&followed) == bytes(&anew));
}
