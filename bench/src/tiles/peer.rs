//! Martin: on PostGIS, and on an archive.

use std::{
    fs,
    io::{BufRead, BufReader, BufWriter, Write},
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use crate::{
    client::Client,
    land::{Land, polygon},
    most_memory,
    server::{number, used_for},
};

/// A Martin of its own, stopped when it is dropped.
pub struct Martin {
    process: Child,
    /// Martin's own process.
    own: u32,
    pub address: SocketAddr,
    pub name: String,
}

impl Martin {
    /// On the houses in PostGIS, keeping no tiles.
    pub fn on_postgis(folder: &Path, land: &Land) -> Self {
        write(folder, land).expect("the houses are written");
        let python = std::env::var("BENCH_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/tiles.py");
        let mut process = Command::new(python)
            .arg(program)
            .arg(folder)
            .arg(martin())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python runs");
        let mut line = String::new();
        let out = process.stdout.take().expect("its output");
        BufReader::new(out).read_line(&mut line).expect("a line");
        let words: Vec<&str> = line.trim().splitn(3, ' ').collect();
        let [address, own, postgis] = words[..] else {
            panic!("peers/tiles.py said: {line}");
        };
        Self {
            address: address.parse().expect("an address"),
            own: own.parse().expect("a process"),
            name: format!("Martin on {postgis}"),
            process,
        }
    }

    /// On an archive, with the cache that it comes with; the source is named like the file.
    pub fn on_archive(folder: &Path, archive: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        drop(listener);
        let log = fs::File::create(folder.join("martin-archive.log")).expect("a file");
        let process = Command::new(martin())
            .args(["--listen-addresses", &address.to_string()])
            .arg(archive)
            .stderr(log.try_clone().expect("a file"))
            .stdout(log)
            .spawn()
            .expect("martin runs");
        for _ in 0..300 {
            let answer = Client::new(address).and_then(|mut client| client.get("/health"));
            if answer.is_ok() {
                break;
            }
            thread::sleep(Duration::from_millis(50));
        }
        Self {
            own: process.id(),
            process,
            address,
            name: "Martin on PMTiles".to_owned(),
        }
    }

    /// The most memory that it has held.
    pub fn holds(&self) -> u64 {
        most_memory(self.own)
    }
}

impl Drop for Martin {
    fn drop(&mut self) {
        // Python stops both servers when nobody listens any more.
        if self.process.stdin.take().is_none() {
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
    }
}

fn martin() -> String {
    std::env::var("MARTIN").expect("MARTIN names the program; bench/run tiles installs it")
}

/// The houses for PostgreSQL and for tippecanoe: outlines, and what tiles carry of each.
fn write(folder: &Path, land: &Land) -> std::io::Result<()> {
    let mut outlines = BufWriter::new(fs::File::create(folder.join("houses.wkb"))?);
    let mut words = BufWriter::new(fs::File::create(folder.join("houses.tsv"))?);
    let mut features = BufWriter::new(fs::File::create(folder.join("houses.geojsonl"))?);
    for (key, ring) in land.houses.iter().enumerate() {
        let mut bytes = Vec::new();
        let options = wkb::writer::WriteOptions::default();
        wkb::writer::write_polygon(&mut bytes, &polygon(ring), &options)
            .map_err(std::io::Error::other)?;
        outlines.write_all(&(bytes.len() as u32).to_le_bytes())?;
        outlines.write_all(&bytes)?;
        let (id, used_for) = (number("building", key), used_for(key));
        writeln!(words, "{id}\t{used_for}")?;
        let ring: Vec<[f64; 2]> = (polygon(ring).exterior().points())
            .map(|point| [point.x(), point.y()])
            .collect();
        let feature = serde_json::json!({
            "type": "Feature",
            "properties": { "id": id, "use": used_for },
            "geometry": { "type": "Polygon", "coordinates": [ring] },
        });
        writeln!(features, "{feature}")?;
    }
    features.flush()?;
    outlines.flush()?;
    words.flush()
}
