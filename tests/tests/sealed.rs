//! Encryption at rest: whoever takes the file, and not the key, has no number.

use std::{
    collections::HashSet,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use yizhangtu_tests::{Server, binary, run, village};

const VARIABLE: &str = "YIZHANGTU_KEY_FILE";

struct Sealed {
    _folder: tempfile::TempDir,
    keys: PathBuf,
    file: PathBuf,
}

/// 东华, made under a key of its own.
fn sealed() -> Sealed {
    let folder = tempfile::tempdir().expect("a folder");
    let (keys, file) = (
        folder.path().join("keys.toml"),
        folder.path().join("village.gpkg"),
    );
    assert!(
        run([OsStr::new("key"), "make".as_ref(), keys.as_ref()])
            .status
            .success()
    );
    let made = with_keys(
        &keys,
        &[
            "demo".as_ref(),
            "donghua".as_ref(),
            "-o".as_ref(),
            file.as_ref(),
        ],
    );
    assert!(made.status.success(), "{}", text(&made));
    Sealed {
        _folder: folder,
        keys,
        file,
    }
}

fn with_keys(keys: &Path, arguments: &[&OsStr]) -> Output {
    let mut command = Command::new(binary());
    command.args(arguments).env(VARIABLE, keys);
    command.output().expect("the binary runs")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&*output.stdout, &*output.stderr].concat()).into_owned()
}

/// The telephones and identity numbers of a village that lies in clear.
fn numbers() -> HashSet<Vec<u8>> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connection = Connection::open_with_flags(village("donghua"), flags).expect("the file");
    let mut select = connection
        .prepare("SELECT phone FROM person WHERE phone <> '' UNION SELECT id_number FROM person WHERE length(id_number) = 18 UNION SELECT phone FROM place WHERE phone <> ''")
        .expect("columns");
    let rows = select
        .query_map([], |row| row.get::<_, String>(0))
        .expect("rows");
    rows.map(|number| number.expect("a text").into_bytes())
        .collect()
}

/// How many numbers stand in some bytes: every run of digits is looked at.
fn found(numbers: &HashSet<Vec<u8>>, bytes: &[u8]) -> usize {
    let at = |length: usize| {
        (bytes.windows(length))
            .filter(|window| window[..10].iter().all(u8::is_ascii_digit))
            .filter(|window| numbers.contains(*window))
            .count()
    };
    at(11) + at(18)
}

fn person(file: &Path, column: &str) -> Vec<String> {
    let connection = Connection::open(file).expect("the file");
    let mut select = connection
        .prepare(&format!(
            "SELECT {column} FROM person WHERE {column} <> '' ORDER BY fid LIMIT 50"
        ))
        .expect("a column");
    let rows = select.query_map([], |row| row.get(0)).expect("rows");
    rows.map(|value| value.expect("a text")).collect()
}

#[test]
fn no_number_is_in_the_file_its_journal_the_logs_or_what_is_given_out() {
    let Sealed {
        _folder,
        keys,
        file,
    } = sealed();
    let numbers = numbers();
    assert!(numbers.len() > 5_000);
    assert!(found(&numbers, &fs::read(village("donghua")).expect("bytes")) > 5_000);
    assert_eq!(found(&numbers, &fs::read(&file).expect("bytes")), 0);

    let server = Server::start_in(
        &file,
        &[],
        &[
            (VARIABLE, keys.as_os_str()),
            ("YIZHANGTU_LOG", OsStr::new("info")),
        ],
    );
    let manager = server.sign_in("data_manager");
    let clear = person(&village("donghua"), "phone");
    let id: String = {
        let connection = Connection::open(village("donghua")).expect("the file");
        connection
            .query_row(
                "SELECT id FROM person WHERE phone = ?1",
                [&clear[0]],
                |row| row.get(0),
            )
            .expect("a person")
    };

    // Searched by its end, shown masked; edited, its history masked too.
    let tail = &clear[0][7..];
    let results = manager
        .get(&format!("/search?q={tail}&kinds=person"))
        .json();
    let ids: Vec<&Value> = results["results"]
        .as_array()
        .expect("results")
        .iter()
        .map(|one| &one["id"])
        .collect();
    assert!(ids.contains(&&json!(id)), "{results}");
    let whole = manager
        .get(&format!("/search?q={}&kinds=person", clear[0]))
        .json();
    assert_eq!(whole["results"][0]["id"], json!(id));
    assert_eq!(whole["results"][0]["match"], json!("exact"));
    let path = format!("/collections/person/items/{id}");
    let before = manager.get(&path);
    let shown = before.json()["properties"]["phone"].clone();
    let shown = shown.as_str().expect("a masked telephone");
    assert!(
        shown.contains("***") && shown.ends_with(&tail[2..]),
        "{shown}"
    );
    let tag = before.header("etag").expect("a tag").to_owned();
    let headers = [
        ("content-type", "application/merge-patch+json"),
        ("if-match", &*tag),
    ];
    let changed = manager.send(
        "PATCH",
        &path,
        &headers,
        br#"{"properties":{"phone":"13900001111"}}"#,
    );
    assert!(changed.status < 300, "{}", changed.text());
    let mut out = changed.body;
    for path in [
        &*format!("{path}/history"),
        "/collections/person/items?limit=500",
        "/collections/person/items?limit=500&f=csv",
        "/changes?since=0",
        "/tiles/building,place/15/26716/14209",
        "/collections/place/export?f=geojson",
    ] {
        out.extend(manager.get(path).body);
    }
    assert_eq!(found(&numbers, &out), 0);
    let edited = HashSet::from([b"13900001111".to_vec()]);
    let told = |ending: &str| {
        let mut name = file.clone().into_os_string();
        name.push(ending);
        let bytes = fs::read(&name).ok()?;
        Some(found(&numbers, &bytes) + found(&edited, &bytes))
    };
    for ending in ["", "-wal", "-shm"] {
        assert_eq!(told(ending).unwrap_or(0), 0, "{ending:?}");
    }
    let places = "/collections/place/items?limit=500";
    let before = manager.get(places);
    // The index that is kept at a stop has none, and is opened again with the key.
    server.stop();
    assert_eq!(told(".index"), Some(0));
    let log = file.with_file_name("log");
    let server = Server::start_logged(&file, &[], &[(VARIABLE, keys.as_os_str())], &log);
    let again = server.sign_in("data_manager").get(places);
    assert_eq!(again.json()["features"], before.json()["features"]);
    drop(server);
    let said = fs::read_to_string(log).expect("a log");
    assert!(!said.contains("made anew"), "{said}");

    // The command line follows the rights too.
    let table = file.with_file_name("people.csv");
    let exported = with_keys(
        &keys,
        &[
            "export".as_ref(),
            file.as_ref(),
            "--layer".as_ref(),
            "person".as_ref(),
            "-o".as_ref(),
            table.as_ref(),
        ],
    );
    assert!(exported.status.success(), "{}", text(&exported));
    assert_eq!(found(&numbers, &fs::read(&table).expect("a table")), 0);
    let checked = with_keys(&keys, &["check".as_ref(), file.as_ref()]);
    assert_eq!(found(&numbers, text(&checked).as_bytes()), 0);

    // Without the key it is said, and nothing is read.
    let refused = run([
        OsStr::new("serve"),
        file.as_ref(),
        "--listen".as_ref(),
        "127.0.0.1:0".as_ref(),
    ]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused).contains(VARIABLE));
}

#[test]
fn a_key_is_changed_while_the_file_is_served() {
    let Sealed {
        _folder,
        keys,
        file,
    } = sealed();
    let doctor = || {
        let said = with_keys(&keys, &["doctor".as_ref(), file.as_ref()]);
        assert!(said.status.success(), "{}", text(&said));
        text(&said)
    };
    assert!(doctor().contains("没有确认过密钥副本"), "{}", doctor());
    let copy = file.with_file_name("copy.toml");
    fs::copy(&keys, &copy).expect("a copy");
    let copied = with_keys(
        &keys,
        &[
            "key".as_ref(),
            "copy".as_ref(),
            file.as_ref(),
            copy.as_ref(),
        ],
    );
    assert!(copied.status.success(), "{}", text(&copied));
    assert!(!doctor().contains("没有确认过密钥副本"));

    let server = Server::start_in(&file, &[], &[(VARIABLE, keys.as_os_str())]);
    let clerk = server.sign_in("village_clerk");
    let number = &person(&village("donghua"), "phone")[0];
    let find = || {
        let path = format!("/search?q={number}&kinds=person");
        clerk.get(&path).json()["results"][0]["match"].clone()
    };
    let sequence = || clerk.get("/changes?since=0").json()["sequence"].clone();
    let (before, old) = (sequence(), person(&file, "phone"));
    assert_eq!(find(), json!("exact"));
    let rotated = with_keys(&keys, &["key".as_ref(), "rotate".as_ref(), file.as_ref()]);
    assert!(rotated.status.success(), "{}", text(&rotated));
    let new = person(&file, "phone");
    assert!(
        old.iter()
            .zip(&new)
            .all(|(old, new)| old != new && new.starts_with("enc1:"))
    );
    assert_eq!(find(), json!("exact"), "the service asks for the new key");
    assert_eq!(sequence(), before, "no feature was changed");
    drop(server);
    assert!(
        doctor().contains("没有确认过密钥副本"),
        "the copy is of the old key"
    );

    // The old key is needed by nothing of the file any more.
    let kept = fs::read_to_string(&keys).expect("keys");
    let second = kept.rfind("[[keys]]").expect("two keys");
    fs::write(&keys, &kept[..second]).expect("the new key alone");
    let server = Server::start_in(&file, &[], &[(VARIABLE, keys.as_os_str())]);
    let found = server
        .sign_in("village_clerk")
        .get(&format!("/search?q={number}&kinds=person"));
    assert_eq!(found.json()["results"][0]["match"], json!("exact"));
}

#[test]
fn a_file_in_clear_is_sealed_to_its_last_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let (keys, file) = (
        folder.path().join("keys.toml"),
        folder.path().join("village.gpkg"),
    );
    fs::copy(village("donghua"), &file).expect("a copy");
    // Something in clear in the history too.
    let connection = Connection::open(&file).expect("the file");
    let number = &person(&file, "phone")[0];
    connection
        .execute(
            "UPDATE person SET phone = '13900001111' WHERE phone = ?1",
            [number],
        )
        .expect("an edit by another program");
    drop(connection);
    assert!(
        run([OsStr::new("key"), "make".as_ref(), keys.as_ref()])
            .status
            .success()
    );
    let without = run([OsStr::new("key"), "seal".as_ref(), file.as_ref()]);
    assert_eq!(without.status.code(), Some(2), "there is no key");
    let sealed = with_keys(&keys, &["key".as_ref(), "seal".as_ref(), file.as_ref()]);
    assert!(sealed.status.success(), "{}", text(&sealed));
    assert_eq!(found(&numbers(), &fs::read(&file).expect("bytes")), 0);
    let again = with_keys(
        &keys,
        &[
            "--json".as_ref(),
            "key".as_ref(),
            "seal".as_ref(),
            file.as_ref(),
        ],
    );
    let again: Value = serde_json::from_slice(&again.stdout).expect("JSON");
    assert_eq!(again["values"], json!(0));
    let known = with_keys(&keys, &["audit".as_ref(), "verify".as_ref(), file.as_ref()]);
    assert!(known.status.success(), "{}", text(&known));
}

/// A picture of one pixel.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\0\x05\0\x01\xff\x89\x99=\x1d\0\0\0\0IEND\xaeB`\x82";

/// What lies in the folder of attachments.
fn kept(file: &Path) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    let shelves = fs::read_dir(file.with_extension("attachments")).expect("the folder");
    for shelf in shelves.flatten().filter(|shelf| shelf.path().is_dir()) {
        for one in fs::read_dir(shelf.path()).expect("a shelf").flatten() {
            all.push(fs::read(one.path()).expect("bytes"));
        }
    }
    all
}

#[test]
fn a_stolen_folder_shows_no_face_and_a_new_key_seals_photographs_anew() {
    let Sealed {
        _folder,
        keys,
        file,
    } = sealed();
    let server = Server::start_in(&file, &[], &[(VARIABLE, keys.as_os_str())]);
    let clerk = server.sign_in("village_clerk");
    let houses = clerk.get("/collections/building/items?limit=1").json();
    let house = houses["features"][0]["id"].as_str().expect("an id");
    let added = clerk.post_as(
        &format!("/collections/building/items/{house}/attachments?name=a.png"),
        "image/png",
        PNG,
    );
    assert_eq!(added.status, 201, "{}", added.text());
    let href = added.json()["href"].as_str().expect("a path").to_owned();
    let original = format!("{href}?original=true");
    let shown = || {
        assert_eq!(clerk.get(&original).body, PNG);
        assert_eq!(clerk.get(&format!("{href}/thumbnail")).status, 200);
    };
    shown();
    // The picture and its small one: neither begins as a picture does, nor holds a part of one.
    let sealed = |key: &str| {
        let all = kept(&file);
        assert_eq!(all.len(), 2);
        for one in &all {
            assert!(one.starts_with(b"\0yztseal"));
            assert!(one.windows(key.len()).any(|part| part == key.as_bytes()));
            for mark in [&b"PNG"[..], b"IHDR", b"JFIF", b"\xFF\xD8\xFF"] {
                assert!(
                    !one.windows(mark.len()).any(|part| part == mark),
                    "{mark:?}"
                );
            }
        }
    };
    let current = || {
        let text = fs::read_to_string(&keys).expect("the keys");
        let line = text.lines().find(|line| line.starts_with("name = "));
        line.and_then(|line| line.split('"').nth(1))
            .expect("a name")
            .to_owned()
    };
    let first = current();
    sealed(&first);

    // Rotated to SM4 while it is served: nobody waits, nothing is lost.
    let rotated = with_keys(
        &keys,
        &[
            "key".as_ref(),
            "rotate".as_ref(),
            file.as_ref(),
            "--cipher".as_ref(),
            "sm4-gcm".as_ref(),
        ],
    );
    assert!(rotated.status.success(), "{}", text(&rotated));
    let second = current();
    assert_ne!(first, second);
    assert!(
        fs::read_to_string(&keys)
            .expect("the keys")
            .contains("sm4-gcm")
    );
    sealed(&second);
    shown();

    // Without the key nothing of it is given; doctor says what is missing.
    drop(server);
    let other = file.with_file_name("other.toml");
    let made = run([OsStr::new("key"), "make".as_ref(), other.as_ref()]);
    assert!(made.status.success());
    let told = with_keys(&other, &["doctor".as_ref(), file.as_ref()]);
    assert!(text(&told).contains("附件的密钥不在"), "{}", text(&told));
    let well = with_keys(&keys, &["doctor".as_ref(), file.as_ref()]);
    assert!(!text(&well).contains("附件"), "{}", text(&well));
}
