//! Peers that are other programs: the data goes to them in files, and their answers come back.

use std::{
    fs,
    io::{BufWriter, Write},
    path::Path,
    process::Command,
};

use serde_json::Value;
use yizhangtu_index::Point;

use crate::{Layer, land::Land, measure::span, peers::NOWHERE};

/// Points that other programs are asked about.
const ASKED: usize = 100_000;

/// Writes the data, runs every program of the folder `peers`, and compares its answers.
pub fn compare(folder: &Path, grids: &Layer, houses: &Layer, land: &Land) {
    fs::create_dir_all(folder).expect("the folder can be made");
    let points = &land.at_houses[..ASKED.min(land.at_houses.len())];
    write_points(folder, points);
    for (name, layer) in [("grids", grids), ("houses", houses)] {
        let mut file =
            BufWriter::new(fs::File::create(folder.join(format!("{name}.wkb"))).expect("a file"));
        for polygon in &layer.polygons {
            let mut bytes = Vec::new();
            wkb::writer::write_polygon(&mut bytes, polygon, &wkb::writer::WriteOptions::default())
                .expect("WKB");
            file.write_all(&(bytes.len() as u32).to_le_bytes())
                .expect("written");
            file.write_all(&bytes).expect("written");
        }
    }
    println!(
        "\nother programs, one thread each, {} points at houses",
        points.len()
    );
    for program in ["geos.py", "postgis.py"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("peers")
            .join(program);
        let python = std::env::var("BENCH_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let done = Command::new(&python)
            .arg(&path)
            .arg(folder)
            .status()
            .expect("python runs");
        assert!(
            done.success(),
            "{program} failed: see above, or leave it out with bench/run without others"
        );
    }
    for (name, layer) in [("grids", grids), ("houses", houses)] {
        let began = cpu_time::ThreadTime::now();
        let keys = layer.keys(points);
        let own = began.elapsed().as_nanos() as f64 / points.len() as f64;
        for program in ["geos", "postgis"] {
            let answer =
                fs::read(folder.join(format!("{program}-{name}.json"))).expect("an answer");
            let answer: Value = serde_json::from_slice(&answer).expect("JSON");
            let theirs = answer["keys"].as_array().expect("keys");
            assert_eq!(theirs.len(), keys.len(), "{program}");
            for ((key, other), p) in keys.iter().zip(theirs).zip(points) {
                let other = other.as_u64().map_or(NOWHERE, |key| key as u32);
                assert_eq!(*key, other, "{program}, {name}, {p:?}");
            }
            let each = answer["nanoseconds"].as_f64().expect("a time");
            println!(
                "  {name:8} {:32} {:>12}; ours in bulk {:>10}, {:.0} times as fast",
                answer["what"].as_str().unwrap_or(program),
                span(each),
                span(own),
                each / own
            );
        }
    }
}

fn write_points(folder: &Path, points: &[Point]) {
    let mut file = BufWriter::new(fs::File::create(folder.join("points.f64")).expect("a file"));
    for p in points {
        file.write_all(&p.lon().to_le_bytes()).expect("written");
        file.write_all(&p.lat().to_le_bytes()).expect("written");
    }
}
