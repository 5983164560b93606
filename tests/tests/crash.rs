//! Power cuts: the server is killed at random moments under writers, and every change set
//! that it acknowledged is there whole, none half, and the history fits.
//!
//! The same where the disk fills up or fails for a while under them.
//!
//! `YIZHANGTU_ROUNDS=200` runs it at length.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    fs,
    io::Write,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use yizhangtu_tests::{Server, SmallDisk, failing_disk, open_village, run_well};

/// Features of one change set.
const WHOLE: usize = 5;

/// Writers at a time.
const WRITERS: usize = 4;

/// A small generator of numbers, so that a round can be told by its seed.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

fn feature(set: &str, place: usize) -> Value {
    let west = 113.6 + 1e-5 * f64::from(u32::try_from(place).expect("few"));
    json!({
        "type": "Feature",
        "geometry": { "type": "Point", "coordinates": [west, 23.1] },
        "properties": { "name": set, "kind": "园区" },
    })
}

/// What the writers share: the next name, and what came of theirs.
#[derive(Default)]
struct Shared {
    names: AtomicU64,
    acknowledged: Mutex<BTreeSet<String>>,
    /// Refusals of a disk that is full or does not answer.
    refused: AtomicU64,
    stopped: AtomicBool,
}

impl Shared {
    fn acknowledged(&self) -> usize {
        self.acknowledged.lock().expect("no panic").len()
    }

    /// Waits until a number has grown.
    fn wait(&self, what: &str, number: impl Fn(&Self) -> usize) {
        let before = number(self);
        let until = Instant::now() + Duration::from_secs(60);
        while number(self) == before {
            assert!(Instant::now() < until, "nothing is {what} any more");
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn refused(&self) -> usize {
        usize::try_from(self.refused.load(Ordering::Relaxed)).expect("few")
    }
}

/// Writes until the server is gone; notes what was acknowledged.
fn write(url: &str, shared: &Shared) {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(20)))
        .build()
        .into();
    while !shared.stopped.load(Ordering::Relaxed) {
        let set = format!("set-{}", shared.names.fetch_add(1, Ordering::Relaxed));
        let changes: Vec<Value> = (0..WHOLE)
            .map(|place| json!({ "op": "insert", "layer": "place", "id": format!("{set}-{place}"), "feature": feature(&set, place) }))
            .collect();
        let body = json!({ "reason": set, "changes": changes }).to_string();
        let sent = agent
            .post(format!("{url}/changes"))
            .header("content-type", "application/json")
            .header("idempotency-key", &set)
            .send(body.as_bytes());
        match sent {
            Ok(answer) if answer.status() == 200 => {
                shared.acknowledged.lock().expect("no panic").insert(set);
            }
            Ok(mut answer) => {
                let words = answer.body_mut().read_to_string().unwrap_or_default();
                assert!([503, 507].contains(&answer.status().as_u16()), "{words}");
                shared.refused.fetch_add(1, Ordering::Relaxed);
                thread::sleep(Duration::from_millis(5));
            }
            Err(_) => return,
        }
    }
}

/// What the file holds: how many features each set has, and each feature's history.
fn compare(file: &Path, acknowledged: &BTreeSet<String>) {
    let connection = rusqlite::Connection::open(file).expect("the file opens");
    let sound: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .expect("a check");
    assert_eq!(sound, "ok");
    let mut sets: BTreeMap<String, usize> = BTreeMap::new();
    let mut rows = connection
        .prepare("SELECT name FROM place WHERE id LIKE 'set-%'")
        .expect("a table");
    let names = rows
        .query_map([], |row| row.get::<_, String>(0))
        .expect("rows");
    for name in names {
        *sets.entry(name.expect("a name")).or_default() += 1;
    }
    for (set, count) in &sets {
        assert_eq!(*count, WHOLE, "{set} is there by half");
    }
    for set in acknowledged {
        assert!(sets.contains_key(set), "{set} was acknowledged and is lost");
    }
    // Every row has its entry and every entry its row; numbers follow one another.
    let one = |sql: &str| -> i64 {
        connection
            .query_row(sql, [], |row| row.get(0))
            .expect("a number")
    };
    assert_eq!(
        one("SELECT count(*) FROM place p WHERE id LIKE 'set-%' AND NOT EXISTS
             (SELECT 1 FROM change_log l WHERE l.layer = 'place' AND l.feature = p.id AND l.operation = 'insert')"),
        0
    );
    assert_eq!(
        one(
            "SELECT count(*) FROM change_log l WHERE l.layer = 'place' AND l.operation = 'insert'
             AND NOT EXISTS (SELECT 1 FROM place p WHERE p.id = l.feature)"
        ),
        0
    );
    assert_eq!(
        one("SELECT count(*) FROM change_log"),
        one("SELECT max(sequence) FROM change_log")
    );
    assert_eq!(
        one("SELECT count(*) FROM change_key"),
        i64::try_from(sets.len()).expect("few")
    );
    assert_eq!(
        one("SELECT count(*) FROM about WHERE key = 'open_change_set'"),
        0
    );
}

/// Serves a file to writers, lets something happen, and ends the server as a power cut would;
/// then looks at what is there.
fn cut(
    file: &Path,
    variables: &[(&str, &OsStr)],
    shared: &Arc<Shared>,
    happens: impl FnOnce(&Shared),
) {
    let server = Server::start_in(file, &[], variables);
    shared.stopped.store(false, Ordering::Relaxed);
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let (url, shared) = (server.url.clone(), Arc::clone(shared));
            thread::spawn(move || write(&url, &shared))
        })
        .collect();
    // At least one set is through.
    shared.wait("acknowledged", Shared::acknowledged);
    happens(shared);
    server.kill();
    shared.stopped.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.join().expect("a writer ends well");
    }
    compare(file, &shared.acknowledged.lock().expect("no panic"));
}

fn rounds() -> u64 {
    std::env::var("YIZHANGTU_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(3)
}

/// A stop that came before the service listened for it killed it: nothing was kept for the next
/// start, and whoever had asked was told of a failure.
#[test]
fn a_stop_right_after_the_start_is_heard() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = open_village("donghua", folder.path());
    for _ in 0..4 {
        Server::start_with(&file, &[]).stop();
    }
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = open_village("donghua", folder.path());
    let shared = Arc::new(Shared::default());
    // From here on a start takes the index that was kept, and what came since.
    Server::start_with(&file, &[]).stop();
    for round in 1..=rounds() {
        let mut dice = Dice(round.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        cut(&file, &[], &shared, |_| {
            thread::sleep(Duration::from_micros(dice.next() % 300_000));
        });
    }
    let sets = shared.acknowledged();
    println!("{} rounds, {sets} sets acknowledged, none lost", rounds());
    let server = Server::start(&file);
    let shown = server.get("/collections/place/items?limit=1&filter=name%20LIKE%20'set-%25'");
    let shown = shown.json()["numberMatched"].as_u64().expect("a number");
    let connection = rusqlite::Connection::open(&file).expect("the file opens");
    let kept: u64 = connection
        .query_row(
            "SELECT count(*) FROM place WHERE id LIKE 'set-%'",
            [],
            |row| row.get(0),
        )
        .expect("a number");
    assert_eq!(shown, kept, "the map shows what the file holds");
}

#[test]
fn what_was_acknowledged_survives_a_disk_that_fills_up() {
    let Some(disk) = SmallDisk::new(64) else {
        println!("skipped: this user may not mount a small disk");
        return;
    };
    let file = open_village("donghua", disk.path());
    let shared = Arc::new(Shared::default());
    let ballast = disk.path().join("ballast");
    for _ in 0..rounds().min(20) {
        cut(&file, &[], &shared, |shared| {
            let mut weight = fs::File::create(&ballast).expect("a file");
            while weight.write_all(&[7; 4096]).is_ok() {}
            drop(weight);
            shared.wait("refused", Shared::refused);
            fs::remove_file(&ballast).expect("removable");
            // There is room again, and it goes on by itself.
            shared.wait("acknowledged", Shared::acknowledged);
        });
    }
}

#[test]
fn what_was_acknowledged_survives_a_disk_that_does_not_take_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(library) = failing_disk(folder.path()) else {
        println!("skipped: no C compiler");
        return;
    };
    let file = open_village("donghua", folder.path());
    let flag = folder.path().join("flag");
    let variables = [
        ("LD_PRELOAD", library.as_os_str()),
        ("FAILING_DISK", flag.as_os_str()),
    ];
    let shared = Arc::new(Shared::default());
    for _ in 0..rounds().min(20) {
        cut(&file, &variables, &shared, |shared| {
            fs::write(&flag, "").expect("a file");
            shared.wait("refused", Shared::refused);
            fs::remove_file(&flag).expect("removable");
            shared.wait("acknowledged", Shared::acknowledged);
        });
    }
}

#[test]
fn a_backup_that_is_taken_under_writers_is_of_one_moment() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = open_village("donghua", folder.path());
    let shared = Arc::new(Shared::default());
    cut(&file, &[], &shared, |shared| {
        for number in 0..3 {
            let before = shared.acknowledged.lock().expect("no panic").clone();
            let copy = folder.path().join(format!("copy-{number}.gpkg"));
            run_well([Path::new("backup"), &file, Path::new("-o"), &copy]);
            shared.wait("acknowledged", Shared::acknowledged);
            // Each set is there whole or not at all, and none is missing that was acknowledged before.
            compare(&copy, &before);
        }
    });
}
