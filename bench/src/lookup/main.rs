//! What is at a point, the whole way from socket to answer: `GET /lookup` beside an empty
//! handler of the same server, `POST /lookup` beside joins that need no HTTP at all.
//!
//! `bench/run http` builds and runs it: `yizhangtu-bench-lookup BINARY FOLDER [small] [others]`.

#[path = "../land.rs"]
#[expect(dead_code, reason = "the index is measured on more of the land")]
mod land;
#[path = "../measure.rs"]
#[expect(dead_code, reason = "the index is measured by more means")]
mod measure;
#[path = "../peers.rs"]
#[expect(dead_code, reason = "the index is measured against more peers")]
mod peers;

mod client;
#[expect(
    dead_code,
    reason = "tiles are asked of a server that was stopped before"
)]
mod server;

use std::{
    fs,
    io::{BufWriter, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use geo::Polygon;
use serde_json::Value;
use yizhangtu_index::Point;

use client::Client;
use land::{Land, polygon};
use measure::{median, quantile};
use peers::{Hilbert, NOWHERE};
use server::{Server, number};

/// Connections that ask at once.
const CONNECTIONS: usize = 8;

struct Size {
    grids_a_side: usize,
    houses: usize,
    points: usize,
    rounds: usize,
    /// How long a round of single questions takes.
    round: Duration,
}

const FULL: Size = Size {
    grids_a_side: 71,
    houses: 1_000_000,
    points: 100_000,
    rounds: 7,
    round: Duration::from_secs(2),
};

const SMALL: Size = Size {
    grids_a_side: 12,
    houses: 5_000,
    points: 2_000,
    rounds: 1,
    round: Duration::from_millis(200),
};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [binary, folder, words @ ..] = &arguments[..] else {
        panic!("yizhangtu-bench-lookup BINARY FOLDER [small] [others]");
    };
    let (binary, folder) = (PathBuf::from(binary), PathBuf::from(folder));
    let has = |word: &str| words.iter().any(|own| own == word);
    let size = if has("small") { SMALL } else { FULL };
    let land = Land::new(size.grids_a_side, size.houses, size.points);
    let polygons = |rings: &[Vec<Point>]| -> Vec<Polygon<f64>> {
        rings.iter().map(|ring| polygon(ring)).collect()
    };
    let (grids, houses) = (polygons(&land.grids), polygons(&land.houses));
    let places: Vec<geo::Point> = (land.at_houses.iter())
        .map(|p| geo::Point::new(p.lon(), p.lat()))
        .collect();
    let expected = Expected::new(&grids, &houses, &places);
    let file = server::file(&binary, &folder, &land);
    let server = Server::start(&binary, &file, &["--read-only"]);
    println!(
        "{} grids, {} houses, {} points at houses; ready in {:.1} s, {} MB held; load {}",
        grids.len(),
        houses.len(),
        places.len(),
        server.ready.as_secs_f64(),
        server.holds() >> 20,
        fs::read_to_string("/proc/loadavg")
            .unwrap_or_default()
            .trim(),
    );
    let peak = one_by_one(&size, &server, &land.at_houses, &expected);
    at_half(&size, &server, &land.at_houses, peak);
    let bulk = in_bulk(&size, &server, &land.at_houses, &expected);
    let packed = packed(&grids, &houses, &places, &expected);
    println!(
        "\n{} points in one question: grid and house of each",
        places.len()
    );
    let best = bulk.0.min(bulk.1);
    let beside = |what: &str, seconds: f64| {
        println!(
            "  {what:64} {:>8.0} ms  {:>8.2} µs a point, POST is {:.1} times as fast",
            seconds * 1e3,
            seconds * 1e6 / places.len() as f64,
            seconds / best
        );
    };
    beside("POST /lookup, NDJSON, answers written", bulk.0);
    beside("POST /lookup, CSV, answers written", bulk.1);
    beside(
        "packed Hilbert R-tree of geo-index + geo, one thread, keys only",
        packed,
    );
    if has("others") {
        others(
            &folder,
            &grids,
            &houses,
            &land.at_houses,
            &expected,
            peak,
            &beside,
        );
    }
    println!("\nall answers agree");
}

/// What each point is in, by the packed Hilbert R-tree.
struct Expected {
    grids: Vec<u32>,
    houses: Vec<u32>,
}

impl Expected {
    fn new(grids: &[Polygon<f64>], houses: &[Polygon<f64>], places: &[geo::Point]) -> Self {
        let keys = |polygons: &[Polygon<f64>]| {
            let tree = Hilbert::new(polygons);
            places.iter().map(|&p| tree.at(p)).collect()
        };
        Self {
            grids: keys(grids),
            houses: keys(houses),
        }
    }

    /// Compares an answer with what it must be.
    fn check(&self, at: usize, answer: &Value) {
        for (layer, keys) in [("grid", &self.grids), ("building", &self.houses)] {
            let own = answer["at"][layer][0]["id"].as_str().map(str::to_owned);
            let key = (keys[at] != NOWHERE).then(|| number(layer, keys[at] as usize));
            assert_eq!(own, key, "{layer} of point {at}: {answer}");
        }
    }
}

fn path(p: &Point, layers: &str) -> String {
    format!("/lookup?point={},{}{layers}", p.lon(), p.lat())
}

const BOTH: &str = "&layers=grid,building";

/// Single questions as fast as they go; the rate of grid and house together.
fn one_by_one(size: &Size, server: &Server, points: &[Point], expected: &Expected) -> f64 {
    let mut client = Client::new(server.address).expect("a connection");
    for (at, point) in points.iter().enumerate().take(2_000) {
        assert_eq!(client.get(&path(point, BOTH)).expect("an answer"), 200);
        let answer = serde_json::from_slice(&client.body).expect("JSON");
        expected.check(at, &answer);
    }
    let kinds = [
        ("GET /health/live, an empty handler", None),
        ("GET /lookup, grid and house", Some(BOTH)),
        ("GET /lookup, all layers", Some("")),
    ];
    let mut rates = vec![Vec::new(); kinds.len()];
    let mut costs = vec![Vec::new(); kinds.len()];
    for round in 0..=size.rounds {
        for (at, (_, layers)) in kinds.iter().enumerate() {
            let paths: Vec<String> = match layers {
                None => vec!["/health/live".to_owned()],
                Some(layers) => points.iter().map(|p| path(p, layers)).collect(),
            };
            let (before, began) = (server.used(), Instant::now());
            let asked = ask(server.address, &paths, round, size.round, None).len() as f64;
            if round > 0 {
                rates[at].push(asked / began.elapsed().as_secs_f64());
                costs[at].push((server.used() - before).as_secs_f64() * 1e6 / asked);
            }
        }
    }
    println!("\nsingle questions over {CONNECTIONS} connections kept open");
    println!(
        "  {:40} {:>10} {:>28} {:>16} {:>8}",
        "", "a second", "of the empty handler's", "server's time", "ratio"
    );
    for (at, (what, _)) in kinds.iter().enumerate() {
        let shares: Vec<f64> = (rates[at].iter().zip(&rates[0]))
            .map(|(own, empty)| 100.0 * own / empty)
            .collect();
        println!(
            "  {what:40} {:>10.0} {:>10.0} % ({:.0} to {:.0} %) {:>13.1} µs {:>7.2}×",
            median(&rates[at]),
            median(&shares),
            quantile(&shares, 0.0),
            quantile(&shares, 1.0),
            median(&costs[at]),
            median(&costs[at]) / median(&costs[0]),
        );
    }
    median(&rates[1])
}

/// Asks for paths over all connections for a while; how long each answer took. With a pace,
/// questions are due at so many a second whatever came of the last, and their time counts
/// from when they were due.
fn ask(
    address: SocketAddr,
    paths: &[String],
    round: usize,
    during: Duration,
    pace: Option<f64>,
) -> Vec<f64> {
    thread::scope(|scope| {
        let threads: Vec<_> = (0..CONNECTIONS)
            .map(|connection| {
                scope.spawn(move || {
                    let mut client = Client::new(address).expect("a connection");
                    let mut times = Vec::new();
                    let began = Instant::now();
                    let every = pace.map(|rate| CONNECTIONS as f64 / rate);
                    let first = (round * 31 + connection * 7_919) % paths.len();
                    for at in 0.. {
                        let mut due = began.elapsed();
                        if let Some(every) = every {
                            let share = connection as f64 / CONNECTIONS as f64;
                            let next = Duration::from_secs_f64((at as f64 + share) * every);
                            thread::sleep(next.saturating_sub(due));
                            due = next;
                        }
                        if due >= during {
                            break;
                        }
                        let path = &paths[(first + at * 13) % paths.len()];
                        let status = client.get(path).expect("an answer");
                        assert!(status < 300, "{status} for {path}");
                        times.push((began.elapsed() - due).as_secs_f64());
                    }
                    times
                })
            })
            .collect();
        (threads.into_iter())
            .flat_map(|thread| thread.join().expect("all were answered"))
            .collect()
    })
}

/// How long answers take at half of the peak.
fn at_half(size: &Size, server: &Server, points: &[Point], peak: f64) {
    let paths: Vec<String> = points.iter().map(|p| path(p, BOTH)).collect();
    let mut rounds = Vec::new();
    for round in 0..size.rounds.min(5) {
        rounds.push(ask(
            server.address,
            &paths,
            round,
            2 * size.round,
            Some(peak / 2.0),
        ));
    }
    let of = |share: f64| -> Vec<f64> {
        rounds
            .iter()
            .map(|times| 1e3 * quantile(times, share))
            .collect()
    };
    let (half, late) = (of(0.5), of(0.99));
    println!(
        "  at half of that, {:.0} a second: median {:.2} ms, p99 {:.2} ms ({:.2} to {:.2}), from when a question was due",
        peak / 2.0,
        median(&half),
        median(&late),
        quantile(&late, 0.0),
        quantile(&late, 1.0),
    );
}

/// Many points in one question: seconds for NDJSON and for CSV.
fn in_bulk(size: &Size, server: &Server, points: &[Point], expected: &Expected) -> (f64, f64) {
    let mut client = Client::new(server.address).expect("a connection");
    let json: String = (points.iter().enumerate())
        .map(|(at, p)| format!("{{\"id\":{at},\"point\":[{},{}]}}\n", p.lon(), p.lat()))
        .collect();
    let rows = points.iter().enumerate();
    let rows = rows.map(|(at, p)| format!("{at},{},{}\n", p.lon(), p.lat()));
    let table: String = std::iter::once("number,lon,lat\n".to_owned())
        .chain(rows)
        .collect();
    let (mut of_json, mut of_table, mut cost) = (Vec::new(), Vec::new(), Vec::new());
    let query = format!("/lookup?{}", &BOTH[1..]);
    for round in 0..=size.rounds {
        let (before, began) = (server.used(), Instant::now());
        let status = client.post(&query, "application/x-ndjson", json.as_bytes());
        assert_eq!(status.expect("an answer"), 200);
        let took = began.elapsed().as_secs_f64();
        if round == 0 {
            let text = std::str::from_utf8(&client.body).expect("text");
            for (at, line) in text.lines().enumerate() {
                let answer: Value = serde_json::from_str(line).expect("JSON");
                assert_eq!(answer["id"], at);
                expected.check(at, &answer);
            }
            assert_eq!(text.lines().count(), points.len());
        } else {
            of_json.push(took);
            cost.push((server.used() - before).as_secs_f64());
        }
        let began = Instant::now();
        let status = client.post(&query, "text/csv", table.as_bytes());
        assert_eq!(status.expect("an answer"), 200);
        let lines = client.body.iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(lines, points.len() + 1);
        if round > 0 {
            of_table.push(began.elapsed().as_secs_f64());
        }
    }
    println!(
        "  POST /lookup, NDJSON: {:.0} to {:.0} ms over the rounds; the server's own time {:.0} ms",
        1e3 * quantile(&of_json, 0.0),
        1e3 * quantile(&of_json, 1.0),
        1e3 * median(&cost),
    );
    (median(&of_json), median(&of_table))
}

/// Seconds of the packed Hilbert R-tree for the keys alone.
fn packed(
    grids: &[Polygon<f64>],
    houses: &[Polygon<f64>],
    places: &[geo::Point],
    expected: &Expected,
) -> f64 {
    let trees = [Hilbert::new(grids), Hilbert::new(houses)];
    let mut rounds = Vec::new();
    for _ in 0..3 {
        let began = Instant::now();
        let keys = trees
            .each_ref()
            .map(|tree| -> Vec<u32> { places.iter().map(|&p| tree.at(p)).collect() });
        rounds.push(began.elapsed().as_secs_f64());
        assert!(keys == [expected.grids.clone(), expected.houses.clone()]);
    }
    median(&rounds)
}

/// The same of other programs.
fn others(
    folder: &Path,
    grids: &[Polygon<f64>],
    houses: &[Polygon<f64>],
    points: &[Point],
    expected: &Expected,
    peak: f64,
    beside: &dyn Fn(&str, f64),
) {
    let mut file = BufWriter::new(fs::File::create(folder.join("points.f64")).expect("a file"));
    for p in points {
        file.write_all(&p.lon().to_le_bytes()).expect("written");
        file.write_all(&p.lat().to_le_bytes()).expect("written");
    }
    file.flush().expect("written");
    for (name, polygons) in [("grids", grids), ("houses", houses)] {
        let file = fs::File::create(folder.join(format!("{name}.wkb"))).expect("a file");
        let mut file = BufWriter::new(file);
        for polygon in polygons {
            let mut bytes = Vec::new();
            wkb::writer::write_polygon(&mut bytes, polygon, &wkb::writer::WriteOptions::default())
                .expect("WKB");
            let length = u32::try_from(bytes.len()).expect("a small polygon");
            file.write_all(&length.to_le_bytes()).expect("written");
            file.write_all(&bytes).expect("written");
        }
        file.flush().expect("written");
    }
    let python = std::env::var("BENCH_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/lookup.py");
    let done = Command::new(python).arg(script).arg(folder).status();
    assert!(
        done.expect("python runs").success(),
        "peers/lookup.py failed: see above"
    );
    let told = fs::read(folder.join("lookup.json")).expect("answers");
    let told: Value = serde_json::from_slice(&told).expect("JSON");
    for peer in told["joins"].as_array().expect("peers") {
        for (layer, keys) in [("grids", &expected.grids), ("houses", &expected.houses)] {
            let theirs = peer[layer].as_array().expect("keys");
            let own = keys
                .iter()
                .map(|&key| (key != NOWHERE).then_some(u64::from(key)));
            assert!(
                theirs.iter().map(Value::as_u64).eq(own),
                "{} of {}",
                layer,
                peer["what"]
            );
        }
        beside(
            peer["what"].as_str().unwrap_or_default(),
            peer["seconds"].as_f64().expect("a time"),
        );
    }
    println!("\ngrid and house of one point, prepared, without HTTP");
    for peer in told["singles"].as_array().expect("peers") {
        let rate = peer["a_second"].as_f64().expect("a rate");
        println!(
            "  {:56} {rate:>8.0} a second; GET /lookup answers {:.1} times as many",
            peer["what"].as_str().unwrap_or_default(),
            peak / rate
        );
    }
}
