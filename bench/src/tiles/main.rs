//! Tiles of a million houses, the whole way from socket to answer and into an archive, beside
//! Martin on PostGIS and beside tippecanoe, whose archive Martin serves.
//!
//! `bench/run tiles` builds and runs it: `yizhangtu-bench-tiles BINARY FOLDER [small] [others]`,
//! with the peers' programs in `MARTIN` and `TIPPECANOE`; `… engine` measures the drawing alone.

#[path = "../lookup/client.rs"]
mod client;
#[path = "../land.rs"]
#[expect(dead_code, reason = "the index is measured on more of the land")]
mod land;
#[path = "../measure.rs"]
#[expect(dead_code, reason = "the index is measured by more means")]
mod measure;
#[path = "../lookup/server.rs"]
mod server;

mod archive;
mod engine;
mod pass;
mod peer;

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use yizhangtu_index::{Area, Rect, Shape};
use yizhangtu_tiles::TileId;

use client::Client;
use land::{Land, polygon};
use measure::{median, quantile};
use pass::Pass;
use peer::Martin;
use server::{Server, number};

/// Zooms at which a map of houses is looked at.
const ZOOMS: std::ops::RangeInclusive<u8> = 13..=17;

/// From this zoom on both sides draw every house.
const EXACT: u8 = 16;

/// The engine is measured with the product's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |word: &str| arguments.iter().any(|own| own == word);
    let (grids, houses) = if has("small") {
        (12, 20_000)
    } else {
        (71, 1_000_000)
    };
    let land = Land::new(grids, houses, 1);
    if has("engine") {
        engine::run(&land);
        return;
    }
    let [binary, folder, ..] = &arguments[..] else {
        panic!("yizhangtu-bench-tiles BINARY FOLDER [small] [others] | engine [small]");
    };
    let (binary, folder) = (PathBuf::from(binary), PathBuf::from(folder));
    let file = server::file(&binary, &folder, &land);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("{houses} houses; load {}", load.trim());
    let tiles = with_houses(&land);
    // Stopped once, so that what it keeps for its next start is written before it is measured.
    let first = Server::start(&binary, &file, &[]).stop();
    let ours = Server::start(&binary, &file, &[]);
    println!(
        "ours ready in {:.1} s, the first time in {:.1}; {} MB held",
        ours.ready.as_secs_f64(),
        first.as_secs_f64(),
        ours.holds() >> 20
    );
    let path = |tile: TileId| format!("/tiles/building/{}/{}/{}.mvt", tile.z(), tile.x(), tile.y());
    let cold = Pass::over(ours.address, &tiles, path);
    let warm = Pass::over(ours.address, &tiles, path);
    println!("ours after both passes: {} MB held", ours.holds() >> 20);
    assert_eq!(cold.features, warm.features, "the same tiles, kept");
    edits(&ours, &land, if has("small") { 3 } else { 20 });
    drop(ours);
    let archive = archive::ours(&binary, &file, &folder);
    if !has("others") {
        pass::print("ours, cold", &cold, None);
        pass::print("ours, warm", &warm, None);
        println!("\narchive z10–17: {archive}");
        return;
    }
    let martin = Martin::on_postgis(&folder, &land);
    let theirs = Pass::over(martin.address, &tiles, |tile| {
        format!("/building/{}/{}/{}", tile.z(), tile.x(), tile.y())
    });
    println!(
        "{}: {} MB held, without PostgreSQL's",
        martin.name,
        martin.holds() >> 20
    );
    drop(martin);
    pass::print(
        "cold: ours beside Martin on PostGIS, no tile kept",
        &cold,
        Some(&theirs),
    );
    for z in EXACT..=*ZOOMS.end() {
        for pass in [&cold, &warm, &theirs] {
            assert_eq!(
                pass.houses[&z], houses,
                "different houses drawn at zoom {z}"
            );
        }
        println!(
            "  z{z}: every house is in a tile of both; with those that lie in several, {} features in ours and {} in Martin's",
            cold.features[&z], theirs.features[&z],
        );
    }
    // A million houses are more than it lets into a tile of z10; this is its own advice then.
    let words = [
        "-Z10",
        "-z17",
        "-y",
        "id",
        "-y",
        "use",
        "--drop-densest-as-needed",
    ];
    let usual = archive::tippecanoe(&folder, "usual", &words);
    let martin = Martin::on_archive(&folder, &usual.file);
    let at = |tile: TileId| format!("/usual/{}/{}/{}", tile.z(), tile.x(), tile.y());
    let first = Pass::over(martin.address, &tiles, at);
    let second = Pass::over(martin.address, &tiles, at);
    println!(
        "Martin on PMTiles after both passes: {} MB held",
        martin.holds() >> 20
    );
    drop(martin);
    pass::print(
        "warm: ours beside Martin on tippecanoe's PMTiles, tiles kept",
        &warm,
        Some(&second),
    );
    pass::print(
        "cold: ours drawn, beside Martin reading tippecanoe's PMTiles",
        &cold,
        Some(&first),
    );
    // Nothing dropped, and of the fields only what colours: as our tiles below zoom 16 are.
    let words = [
        "-Z13",
        "-z15",
        "-y",
        "use",
        "--no-feature-limit",
        "--no-tile-size-limit",
    ];
    let whole = archive::tippecanoe(&folder, "whole", &words);
    let martin = Martin::on_archive(&folder, &whole.file);
    let near: Vec<TileId> = tiles
        .iter()
        .copied()
        .filter(|tile| tile.zoom() <= 15)
        .collect();
    let like = Pass::over(martin.address, &near, |tile| {
        format!("/whole/{}/{}/{}", tile.z(), tile.x(), tile.y())
    });
    drop(martin);
    println!("\nbytes gzipped, and of the ground of all houses how much is drawn");
    for (name, of) in [
        ("ours", &cold),
        ("tippecanoe as it comes", &first),
        ("tippecanoe, no limits", &like),
    ] {
        of.print_sizes(name, 13..=15);
    }
    println!("\narchive z10–17, all fields\n  ours        {archive}\n  tippecanoe  {usual}");
    println!(
        "  ours {:.1} times as fast, {:.2} of the memory, {:.2} of the bytes",
        usual.seconds / archive.seconds,
        archive.most_memory as f64 / usual.most_memory as f64,
        archive.bytes as f64 / usual.bytes as f64,
    );
}

/// The tiles that show a house, by zoom.
fn with_houses(land: &Land) -> Vec<TileId> {
    let areas: Vec<Area> = (land.houses.iter())
        .map(|ring| Area::from_polygon(&polygon(ring)).expect("a polygon"))
        .collect();
    let mut tiles = std::collections::BTreeSet::new();
    for area in areas {
        let rect: Rect = Shape::Area(area).rect();
        for z in ZOOMS {
            tiles.extend(engine::over(&rect, z).map(|tile| (z, tile.x(), tile.y())));
        }
    }
    let tile = |(z, x, y)| TileId::new(z, x, y).expect("in the grid");
    tiles.into_iter().map(tile).collect()
}

/// Moves houses by a hand's breadth and back: from the question until the answer, and until the
/// tiles that show the house are answered anew.
fn edits(ours: &Server, land: &Land, count: usize) {
    let connected = || {
        let mut client = Client::new(ours.address).expect("a connection");
        client.head = "Accept-Encoding: gzip\r\n";
        client
    };
    let mut client = connected();
    let mut page: Vec<Client> = ZOOMS.map(|_| connected()).collect();
    let (mut said, mut deepest) = (Vec::new(), Vec::new());
    let (mut in_turn, mut at_once) = (Vec::new(), Vec::new());
    // Each house goes and comes back, twice.
    for round in 0..4 * count {
        let key = (round / 4) * (land.houses.len() / count);
        let id = number("building", key);
        let mut ring: Vec<[f64; 2]> = (polygon(&land.houses[key]).exterior().points())
            .map(|point| [point.x(), point.y()])
            .collect();
        if round % 2 == 0 {
            ring.iter_mut().for_each(|at| at[0] += 2e-6);
        }
        let item = format!("/collections/building/items/{id}");
        assert_eq!(client.get(&item).expect("an answer"), 200);
        let version: String = (client.tag.chars()).filter(char::is_ascii_digit).collect();
        let change = serde_json::json!({ "reason": "bench", "changes": [{
            "op": "update", "layer": "building", "id": id,
            "version": version.parse::<u64>().expect("a version"),
            "feature": { "geometry": { "type": "Polygon", "coordinates": [ring] } },
        }] });
        let began = Instant::now();
        let body = change.to_string();
        let status = client.post("/changes", "application/json", body.as_bytes());
        assert_eq!(
            status.expect("an answer"),
            200,
            "{}",
            String::from_utf8_lossy(&client.body)
        );
        said.push(began.elapsed());
        let corner = polygon(&land.houses[key]).exterior().0[0];
        let ask = |client: &mut Client, z: u8| {
            let tile = TileId::containing(corner, z).expect("on earth");
            let path = format!("/tiles/building/{z}/{}/{}.mvt", tile.x(), tile.y());
            assert_eq!(client.get(&path).expect("an answer"), 200);
        };
        if round % 4 < 2 {
            ask(&mut client, *ZOOMS.end());
            deepest.push(began.elapsed());
            ZOOMS.rev().skip(1).for_each(|z| ask(&mut client, z));
            in_turn.push(began.elapsed());
        } else {
            thread::scope(|scope| {
                for (client, z) in page.iter_mut().zip(ZOOMS) {
                    scope.spawn(move || ask(client, z));
                }
            });
            at_once.push(began.elapsed());
        }
    }
    let milliseconds = |times: &[Duration]| {
        let times: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1e3).collect();
        format!(
            "{:.1} ms (p95 {:.1})",
            median(&times),
            quantile(&times, 0.95)
        )
    };
    println!(
        "edit of one house: answered, written durably, {}; its tile of z17 anew {}; all of z17 to z13, one after the other, {}, asked at once {}",
        milliseconds(&said),
        milliseconds(&deepest),
        milliseconds(&in_turn),
        milliseconds(&at_once),
    );
}

/// The most memory that a process has held so far, in bytes.
fn most_memory(process: u32) -> u64 {
    let status = fs::read_to_string(Path::new("/proc").join(process.to_string()).join("status"));
    let status = status.unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
    1024 * kilobytes.unwrap_or(0_u64)
}
