//! Power cuts: the server is killed at random moments under writers, and every change set
//! that it acknowledged is there whole, none half, and the history fits.
//!
//! `YIZHANGTU_ROUNDS=200` runs it at length.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use yizhangtu_tests::{Server, open_village};

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

/// Writes until the server is gone; notes what was acknowledged: the sets, and the last
/// name that one feature was given.
fn write(
    url: &str,
    names: &AtomicU64,
    acknowledged: &Mutex<BTreeSet<String>>,
    stopped: &AtomicBool,
) {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(20)))
        .build()
        .into();
    while !stopped.load(Ordering::Relaxed) {
        let set = format!("set-{}", names.fetch_add(1, Ordering::Relaxed));
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
                acknowledged.lock().expect("no panic").insert(set);
            }
            Ok(mut answer) => {
                let words = answer.body_mut().read_to_string().unwrap_or_default();
                assert_eq!(answer.status(), 503, "{words}");
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

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let rounds: u64 = std::env::var("YIZHANGTU_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(3);
    let folder = tempfile::tempdir().expect("a folder");
    let file = open_village("donghua", folder.path());
    let names = Arc::new(AtomicU64::new(1));
    let acknowledged = Arc::new(Mutex::new(BTreeSet::new()));
    for round in 1..=rounds {
        let mut dice = Dice(round.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let server = Server::start_with(&file, &[]);
        let stopped = Arc::new(AtomicBool::new(false));
        let writers: Vec<_> = (0..WRITERS)
            .map(|_| {
                let url = server.url.clone();
                let (names, acknowledged, stopped) = (
                    Arc::clone(&names),
                    Arc::clone(&acknowledged),
                    Arc::clone(&stopped),
                );
                thread::spawn(move || write(&url, &names, &acknowledged, &stopped))
            })
            .collect();
        // At least one set is through, then any moment.
        let before = acknowledged.lock().expect("no panic").len();
        while acknowledged.lock().expect("no panic").len() == before {
            thread::sleep(Duration::from_millis(1));
        }
        thread::sleep(Duration::from_micros(dice.next() % 300_000));
        server.kill();
        stopped.store(true, Ordering::Relaxed);
        for writer in writers {
            writer.join().expect("a writer ends well");
        }
        compare(&file, &acknowledged.lock().expect("no panic"));
    }
    println!(
        "{rounds} rounds, {} sets acknowledged, none lost",
        acknowledged.lock().expect("no panic").len()
    );
}
