//! The product's own server, on a file that holds the land.

use std::{
    fs,
    io::{BufRead, BufReader, BufWriter, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use yizhangtu_index::Point;

use crate::land::{Land, polygon};

/// A server of its own, stopped when it is dropped.
pub struct Server {
    process: Child,
    pub address: SocketAddr,
    /// From its start until it answers.
    pub ready: Duration,
}

impl Server {
    pub fn start(binary: &Path, file: &Path, words: &[&str]) -> Self {
        let began = Instant::now();
        let mut process = Command::new(binary)
            .arg("serve")
            .arg(file)
            .args(["--listen", "127.0.0.1:0"])
            .args(words)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut line = String::new();
        let out = process.stdout.take().expect("its output");
        BufReader::new(out).read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening on http://");
        let server = Self {
            address: (address.and_then(|address| address.parse().ok()))
                .unwrap_or_else(|| panic!("no address: {line}")),
            process,
            ready: began.elapsed(),
        };
        server.settle();
        server
    }

    /// Waits until it rests: once it answers, it still gathers the names that are searched.
    fn settle(&self) {
        let mut last = Duration::MAX;
        while self.used().saturating_sub(last) > Duration::from_millis(20) || last == Duration::MAX
        {
            last = self.used();
            thread::sleep(Duration::from_secs(1));
        }
    }

    /// Asks it to stop and waits until it has; how long it took from its start until it answered.
    pub fn stop(mut self) -> Duration {
        let asked = Command::new("kill")
            .arg(self.process.id().to_string())
            .status();
        assert!(
            asked.is_ok_and(|status| status.success()),
            "it was asked to stop"
        );
        self.process.wait().expect("it stops");
        self.ready
    }

    /// Processor time that it has used.
    pub fn used(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id()));
        let stat = stat.expect("the server runs");
        let fields: Vec<&str> = stat[stat.rfind(')').expect("a name")..]
            .split(' ')
            .collect();
        let ticks = |at: usize| fields[at].parse::<u64>().expect("a number");
        // utime and stime, in hundredths of a second.
        Duration::from_millis(10 * (ticks(12) + ticks(13)))
    }

    /// Bytes of memory that it holds.
    pub fn holds(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()));
        let status = status.expect("the server runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        1024 * kilobytes.unwrap_or(0_u64)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The file with the land's grids and houses, made by the product's own import where it is
/// not there yet.
pub fn file(binary: &Path, folder: &Path, land: &Land) -> PathBuf {
    let file = folder.join(format!("town-{}.gpkg", land.houses.len()));
    if file.exists() {
        return file;
    }
    fs::create_dir_all(folder).expect("the folder can be made");
    let half = file.with_extension("half.gpkg");
    let _ = fs::remove_file(&half);
    for (layer, rings) in [("grid", &land.grids), ("building", &land.houses)] {
        let lines = folder.join(format!("{layer}.geojsonl"));
        write(&lines, layer, rings);
        let began = Instant::now();
        let done = Command::new(binary)
            .arg("import")
            .arg(&lines)
            .args(["--layer", layer, "--id-column", "number", "--into"])
            .arg(&half)
            .stdout(Stdio::null())
            .status()
            .expect("the import starts");
        assert!(done.success(), "the import of {layer} failed");
        println!(
            "{} of layer {layer} imported in {:.1} s",
            rings.len(),
            began.elapsed().as_secs_f64()
        );
        fs::remove_file(&lines).expect("removed");
    }
    fs::rename(half, &file).expect("renamed");
    file
}

fn write(to: &Path, layer: &str, rings: &[Vec<Point>]) {
    let mut out = BufWriter::new(fs::File::create(to).expect("a file"));
    for (key, ring) in rings.iter().enumerate() {
        let ring: Vec<[f64; 2]> = (polygon(ring).exterior().points())
            .map(|point| [point.x(), point.y()])
            .collect();
        let code = format!("{}{key:09}", layer[..1].to_uppercase());
        let mut properties = serde_json::json!({
            "number": number(layer, key), "code": code,
            "name": format!("第{key}号"), "address": format!("示范大道{key}号"),
        });
        if layer == "building" {
            properties["use"] = used_for(key).into();
        }
        let feature = serde_json::json!({
            "type": "Feature",
            "properties": properties,
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        });
        writeln!(out, "{feature}").expect("written");
    }
}

/// What a house is used for, as often as in a village.
pub fn used_for(key: usize) -> &'static str {
    ["住宅", "住宅", "商住", "厂房"][key % 4]
}

/// The id of a feature.
pub fn number(layer: &str, key: usize) -> String {
    format!("{layer}-{key}")
}
