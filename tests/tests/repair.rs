//! Disks that fill up, disks that fail, files that are damaged, backups that come back.

use std::{
    fs,
    io::{Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use yizhangtu_tests::{
    Reply, Server, SmallDisk, failing_disk, open_village, run, run_well, village,
};

fn copy(folder: &Path) -> PathBuf {
    open_village("donghua", folder)
}

fn insert(server: &Server, id: &str, weight: usize) -> Reply {
    let feature = json!({
        "type": "Feature",
        "geometry": { "type": "Point", "coordinates": [113.6, 23.1] },
        "properties": { "name": id, "kind": "园区" },
    });
    // Many features make a change set as heavy as is wanted.
    let changes: Vec<Value> = (0..weight)
        .map(|place| json!({ "op": "insert", "layer": "place", "id": format!("{id}-{place}"), "feature": feature }))
        .collect();
    server.post("/changes", &json!({ "changes": changes }))
}

fn count(server: &Server, name: &str) -> Value {
    server
        .get(&format!("/collections/place/items?name={name}"))
        .json()["numberMatched"]
        .clone()
}

#[test]
fn a_full_disk_refuses_the_write_and_recovers() {
    let Some(disk) = SmallDisk::new(24) else {
        println!("skipped: this user may not mount a small disk");
        return;
    };
    let file = copy(disk.path());
    let server = Server::start_with(&file, &[]);
    assert_eq!(insert(&server, "before", 1).status, 200);
    let ballast = disk.path().join("ballast");
    let mut weight = fs::File::create(&ballast).expect("a file");
    while weight.write_all(&[7; 4096]).is_ok() {}
    drop(weight);
    let refused = insert(&server, "heavy", 2000);
    assert_eq!(refused.status, 507, "{}", refused.text());
    assert!(refused.text().contains("磁盘空间不足"));
    assert_eq!(count(&server, "heavy"), 0);
    assert_eq!(count(&server, "before"), 1);
    fs::remove_file(&ballast).expect("removable");
    let again = insert(&server, "heavy", 200);
    assert_eq!(again.status, 200, "{}", again.text());
    assert_eq!(count(&server, "heavy"), 200);
    server.kill();
    let server = Server::start(&file);
    assert_eq!(
        (count(&server, "before"), count(&server, "heavy")),
        (1.into(), 200.into())
    );
}

#[test]
fn a_write_that_the_disk_does_not_take_is_not_acknowledged() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = copy(folder.path());
    let Some(library) = failing_disk(folder.path()) else {
        println!("skipped: no C compiler");
        return;
    };
    let flag = folder.path().join("flag");
    let server = Server::start_in(
        &file,
        &[],
        &[
            ("LD_PRELOAD", library.as_os_str()),
            ("FAILING_DISK", flag.as_os_str()),
        ],
    );
    assert_eq!(insert(&server, "before", 1).status, 200);
    fs::write(&flag, "").expect("a file");
    let refused = insert(&server, "failed", 3);
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert_eq!(count(&server, "failed"), 0);
    fs::remove_file(&flag).expect("removable");
    let after = insert(&server, "after", 2);
    assert_eq!(after.status, 200, "{}", after.text());
    server.kill();
    let server = Server::start(&file);
    assert_eq!(count(&server, "before"), 1);
    assert_eq!(count(&server, "after"), 2);
    // What was refused is there whole or, as here, not at all.
    assert_eq!(count(&server, "failed"), 0);
}

#[test]
fn a_backup_comes_back_and_numbers_go_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = copy(folder.path());
    let server = Server::start_with(&file, &[]);
    assert_eq!(insert(&server, "kept", 1).status, 200);
    let saved = folder.path().join("saved.gpkg");
    run_well([Path::new("backup"), &file, Path::new("-o"), &saved]);
    let lost = insert(&server, "lost", 5).json();
    let restore = [Path::new("restore"), &saved, Path::new("--into"), &file];
    let busy = run(restore);
    assert_eq!(busy.status.code(), Some(1), "a file in use is not replaced");
    assert!(String::from_utf8_lossy(&busy.stderr).contains("占用"));
    assert_eq!(count(&server, "lost"), 5);
    server.kill();
    let told = run_well(restore);
    assert!(told.contains("before-restore"), "{told}");
    let server = Server::start_with(&file, &[]);
    assert_eq!(
        (count(&server, "kept"), count(&server, "lost")),
        (1.into(), 0.into())
    );
    let next = insert(&server, "next", 1).json();
    assert!(
        next["sequence"].as_u64() > lost["sequence"].as_u64(),
        "{next} after {lost}"
    );
}

/// Overwrites the page of a file that a query names.
fn spoil(file: &Path, page: &str) {
    let (page, size) = {
        let connection = rusqlite::Connection::open(file).expect("the file");
        let number = |query: &str| connection.query_row(query, [], |row| row.get::<_, u32>(0));
        connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .expect("all in one file");
        let size = number("PRAGMA page_size").expect("a size");
        (number(page).expect("a page"), size)
    };
    let mut raw = fs::OpenOptions::new()
        .write(true)
        .open(file)
        .expect("writable");
    raw.seek(SeekFrom::Start(u64::from(page - 1) * u64::from(size)))
        .expect("a place");
    raw.write_all(&[0xA5; 64]).expect("written");
}

#[test]
fn a_damaged_file_whose_index_is_kept_shows_the_whole_map_and_is_written_no_more() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = copy(folder.path());
    let houses = |server: &Server| -> Value {
        let page = server.get("/collections/building/items?limit=1");
        page.json()["numberMatched"].clone()
    };
    let server = Server::start_with(&file, &[]);
    let all = houses(&server);
    server.stop();
    // Houses in the middle of the file: their rows can't be read any more.
    spoil(
        &file,
        "SELECT pageno FROM dbstat WHERE name = 'building' AND pagetype = 'leaf' LIMIT 1 OFFSET 60",
    );
    let log = folder.path().join("said");
    let beside = |ending: &str| fs::read(format!("{}{ending}", file.display()));
    let before = ["", ".index"].map(|ending| beside(ending).expect("a file"));
    let server = Server::start_logged(&file, &[], &[], &log);
    let until = Instant::now() + Duration::from_secs(20);
    while server.get("/health").json()["damage"].is_null() {
        assert!(Instant::now() < until, "the damage is not seen");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(houses(&server), all);
    let session = server.get("/session").json();
    assert_eq!(
        (&session["damaged"], &session["read_only"]),
        (&json!(true), &json!(true))
    );
    let refused = insert(&server, "x", 1);
    assert_eq!(refused.status, 403, "{}", refused.text());
    assert!(refused.text().contains("损坏"), "{}", refused.text());
    server.stop();
    assert!(before == ["", ".index"].map(|ending| beside(ending).expect("a file")));
    assert!(beside("-wal").is_ok_and(|wal| wal.is_empty()) || beside("-wal").is_err());
    let said = fs::read_to_string(&log).expect("words");
    assert!(
        said.contains("损坏") && said.contains("yizhangtu restore"),
        "{said}"
    );
}

#[test]
fn a_damaged_file_is_told_and_served_read_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = copy(folder.path());
    // A page of an index that no layer on the map is read by.
    spoil(
        &file,
        "SELECT rootpage FROM sqlite_schema WHERE name = 'change_log_feature'",
    );
    let server = Server::start_with(&file, &[]);
    assert!(server.get("/collections/building/items?limit=1").status == 200);
    let refused = insert(&server, "x", 1);
    assert_eq!(refused.status, 403, "{}", refused.text());
    // Cut off, it is not served at all.
    let whole = fs::read(village("donghua")).expect("readable");
    let cut = folder.path().join("cut.gpkg");
    fs::write(&cut, &whole[..whole.len() / 2]).expect("written");
    let told = run([Path::new("serve"), &cut]);
    assert_eq!(told.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&told.stderr).contains("损坏"));
}

#[test]
fn a_file_that_another_program_holds_is_read_and_not_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = copy(folder.path());
    let other = rusqlite::Connection::open(&file).expect("the file");
    // While it writes, what is served waits its turn, says so, and goes on afterwards.
    let server = Server::start_with(&file, &[]);
    other.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    let refused = insert(&server, "held", 1);
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert!(refused.text().contains("占用"), "{}", refused.text());
    assert_eq!(
        server.get("/collections/building/items?limit=1").status,
        200
    );
    // Whoever starts meanwhile is served: read-only, where starting would take a write.
    let reading = Server::start_with(&file, &[]);
    assert_eq!(
        reading.get("/collections/building/items?limit=1").status,
        200
    );
    assert!([403, 503].contains(&insert(&reading, "x", 1).status));
    drop(reading);
    let fresh = folder.path().join("fresh.gpkg");
    fs::copy(village("donghua"), &fresh).expect("a copy");
    let writing = rusqlite::Connection::open(&fresh).expect("the file");
    let older = "UPDATE about SET value = value - 1 WHERE key = 'format_version'";
    writing.execute_batch(older).expect("an older file");
    writing.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    let reading = Server::start_with(&fresh, &[]);
    assert_eq!(reading.get("/session").json()["read_only"], true);
    drop(reading);
    other.execute_batch("ROLLBACK").expect("no lock");
    assert_eq!(insert(&server, "held", 1).status, 200);
    server.kill();
    // One that keeps the whole file to itself is named, and nothing is served.
    other
        .execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; UPDATE about SET value = value; COMMIT;")
        .expect("a lock");
    let told = run([Path::new("serve"), &file]);
    assert_eq!(told.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&told.stderr).contains("占用"));
}
