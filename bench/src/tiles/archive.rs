//! Archives, and what making them took.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::most_memory;

/// An archive that was made.
pub struct Made {
    pub file: PathBuf,
    pub seconds: f64,
    pub most_memory: u64,
    pub bytes: u64,
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:6.1} s, at most {:5} MB held, {:6.1} MB",
            self.seconds,
            self.most_memory >> 20,
            self.bytes as f64 / 1e6
        )
    }
}

/// Ours, of the houses in a file.
pub fn ours(binary: &Path, source: &Path, folder: &Path) -> Made {
    let file = folder.join("ours.pmtiles");
    let mut command = Command::new(binary);
    command
        .arg("tiles")
        .arg(source)
        .args(["--layers", "building", "--zoom", "10-17", "-o"]);
    made(command.arg(&file), &file)
}

/// tippecanoe's, of the GeoJSON of the same houses.
pub fn tippecanoe(folder: &Path, name: &str, words: &[&str]) -> Made {
    let program = std::env::var("TIPPECANOE")
        .expect("TIPPECANOE names the program; bench/run tiles installs it");
    let source = folder.join("houses.geojsonl");
    let file = folder.join(format!("{name}.pmtiles"));
    let mut command = Command::new(program);
    // As many threads read as there are processors; a buffer as wide as ours.
    command
        .args(["--force", "--quiet", "-P", "-b4", "-l", "building"])
        .args(words)
        .arg("-o");
    made(command.arg(&file).arg(source), &file)
}

fn made(command: &mut Command, file: &Path) -> Made {
    let _ = fs::remove_file(file);
    let began = Instant::now();
    let mut process = (command.stdout(Stdio::null()).stderr(Stdio::null()))
        .spawn()
        .expect("it starts");
    let mut most = 0;
    let status = loop {
        most = most.max(most_memory(process.id()));
        if let Some(status) = process.try_wait().expect("it runs") {
            break status;
        }
        thread::sleep(Duration::from_millis(5));
    };
    assert!(status.success(), "{command:?} failed");
    Made {
        file: file.to_owned(),
        seconds: began.elapsed().as_secs_f64(),
        most_memory: most,
        bytes: fs::metadata(file).expect("it is there").len(),
    }
}
