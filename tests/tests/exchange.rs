//! Files in and out through the server: sent, checked, written when asked to, and what is
//! selected taken away in every format.

use std::{fs, path::PathBuf, thread, time::Duration};

use serde_json::{Value, json};
use tempfile::TempDir;
use yizhangtu_tests::{Asker, Reply, Server, village};

/// A copy of the village that may be changed, served.
struct Served {
    /// The data manager, who may bring in and take away.
    server: Asker,
    file: PathBuf,
    _running: Server,
    _folder: TempDir,
}

fn serve() -> Served {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("village.gpkg");
    fs::copy(village("donghua"), &file).unwrap();
    let running = Server::start_with(&file, &[]);
    Served {
        server: running.sign_in("data_manager"),
        file,
        _running: running,
        _folder: folder,
    }
}

impl Served {
    fn count(&self, layer: &str) -> u64 {
        let page = self
            .server
            .get(&format!("/collections/{layer}/items?limit=1&f=json"));
        page.json()["numberMatched"].as_u64().unwrap()
    }

    /// Sends files, names and contents.
    fn send(&self, query: &str, files: &[(&str, &[u8])]) -> Reply {
        const MARK: &str = "a-mark-that-no-file-holds";
        let mut body = Vec::new();
        for (name, content) in files {
            body.extend_from_slice(
                format!(
                    "--{MARK}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
                     Content-Type: application/octet-stream\r\n\r\n"
                )
                .as_bytes(),
            );
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{MARK}--\r\n").as_bytes());
        let media_type = format!("multipart/form-data; boundary={MARK}");
        self.server
            .post_as(&format!("/import?{query}"), &media_type, &body)
    }

    /// Sends files and waits until they are checked.
    fn checked(&self, query: &str, files: &[(&str, &[u8])]) -> Value {
        let begun = self.send(query, files);
        assert_eq!(begun.status, 202, "{}", begun.text());
        assert_eq!(
            begun.header("location"),
            Some(&*format!(
                "/import/{}",
                begun.json()["token"].as_str().unwrap()
            ))
        );
        self.settled(begun.json()["token"].as_str().unwrap())
    }

    /// Waits until an import waits for us.
    fn settled(&self, token: &str) -> Value {
        loop {
            let state = self.server.get(&format!("/import/{token}")).json();
            if !matches!(state["state"].as_str(), Some("checking" | "writing")) {
                return state;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn go_on(&self, token: &str, wishes: &Value) -> Reply {
        self.server.post(&format!("/import/{token}"), wishes)
    }
}

const GOOD: &str = "编号,设施类别,名称,经度,纬度\r\n\
    X-1,公厕,一号,113.6361,23.1371\r\n\
    X-2,公厕,二号,113.6362,23.1372\r\n";

#[test]
fn a_file_is_checked_then_written_when_asked_and_seen_at_once() {
    let served = serve();
    let before = served.count("facility");
    let bytes = fs::metadata(&served.file).unwrap().len();
    let state = served.checked("layer=facility", &[("设施.csv", GOOD.as_bytes())]);
    assert_eq!(state["state"], "ready", "{state}");
    assert_eq!(state["report"]["counts"]["added"], 2);
    assert_eq!(state["report"]["written"], false);
    assert_eq!(served.count("facility"), before, "a check writes nothing");
    assert_eq!(fs::metadata(&served.file).unwrap().len(), bytes);

    let token = state["token"].as_str().unwrap();
    assert_eq!(served.go_on(token, &json!({"commit": true})).status, 202);
    let done = served.settled(token);
    assert_eq!(done["state"], "done", "{done}");
    assert!(done["report"]["batch"].is_string());
    // The atlas follows the file.
    while served.count("facility") != before + 2 {
        thread::sleep(Duration::from_millis(50));
    }
    let twice = served.go_on(token, &json!({"commit": true}));
    assert_eq!(twice.status, 409, "what is written is not written again");
}

#[test]
fn refused_rows_are_named_and_the_others_are_written_only_when_asked() {
    let served = serve();
    let before = served.count("facility");
    let rows = format!("{GOOD}X-3,没有的类别,三号,113.6363,23.1373\r\n");
    let state = served.checked("layer=facility", &[("设施.csv", rows.as_bytes())]);
    let token = state["token"].as_str().unwrap();
    assert_eq!(state["state"], "ready");
    let refusals = state["report"]["refusals"].as_array().unwrap();
    assert_eq!(refusals.len(), 1);
    let words = refusals[0]["message"].as_str().unwrap();
    assert!(
        words.contains("没有的类别") && words.contains("设施.csv"),
        "{words}"
    );

    served.go_on(token, &json!({"commit": true}));
    let state = served.settled(token);
    assert_eq!(
        state["report"]["written"], false,
        "one refused row keeps all out"
    );
    assert_eq!(served.count("facility"), before);
    served.go_on(token, &json!({"accept_partial": true}));
    assert_eq!(served.settled(token)["state"], "ready");
    served.go_on(token, &json!({"commit": true}));
    assert_eq!(served.settled(token)["report"]["counts"]["added"], 2);
}

#[test]
fn other_options_check_the_same_files_again() {
    let served = serve();
    // GB18030 and a zone of its own: what the file does not say.
    let text = encoded("编号,类别,名称,Y,X\r\nX-1,公厕,一号,38464300,2559400\r\n");
    let state = served.checked("layer=facility&encoding=utf-8", &[("a.csv", &text)]);
    assert_ne!(
        state["report"]["counts"]["added"], 1,
        "read as UTF-8 the headings make no sense: {state}"
    );
    let token = state["token"].as_str().unwrap();
    let again = served.go_on(token, &json!({"encoding": "gb18030", "crs": "EPSG:4526"}));
    assert_eq!(again.status, 202, "{}", again.text());
    let state = served.settled(token);
    assert_eq!(
        state["report"]["encoding"][0]
            .as_str()
            .map(str::to_lowercase)
            .as_deref(),
        Some("gb18030"),
        "{state}"
    );
}

/// A text in GB18030, by hand: this crate has no encoder, so the characters used are listed.
fn encoded(text: &str) -> Vec<u8> {
    const TABLE: [(char, [u8; 2]); 10] = [
        ('编', [0xB1, 0xE0]),
        ('号', [0xBA, 0xC5]),
        ('类', [0xC0, 0xE0]),
        ('别', [0xB1, 0xF0]),
        ('名', [0xC3, 0xFB]),
        ('称', [0xB3, 0xC6]),
        ('公', [0xB9, 0xAB]),
        ('厕', [0xB2, 0xDE]),
        ('一', [0xD2, 0xBB]),
        ('二', [0xB6, 0xFE]),
    ];
    let mut bytes = Vec::new();
    for letter in text.chars() {
        match TABLE.iter().find(|(known, _)| *known == letter) {
            Some((_, pair)) => bytes.extend_from_slice(pair),
            None => bytes.push(u8::try_from(letter).expect("ASCII")),
        }
    }
    bytes
}

#[test]
fn what_is_no_file_of_data_is_refused_plainly() {
    let served = serve();
    let before = served.count("facility");
    let none = served.send("layer=facility", &[]);
    assert_eq!(none.status, 400, "{}", none.text());
    let layer = served.send("layer=nothing", &[("a.csv", b"x")]);
    assert_eq!(layer.status, 400, "{}", layer.text());
    let twice = served.send("layer=facility", &[("a.csv", b"x"), ("A.csv", b"y")]);
    assert_eq!(twice.status, 400, "{}", twice.text());
    for (name, content) in [
        ("a.csv", &b""[..]),
        ("a.shp", b"no shapefile"),
        ("a.zip", b"PK\x03\x04 cut off"),
        ("a.gpkg", b"SQLite format 3\0 and no more"),
        ("../../a.geojson", b"{\"type\":"),
        ("a.exe", b"MZ"),
    ] {
        let state = served.checked("layer=facility", &[(name, content)]);
        assert_eq!(state["state"], "failed", "{name}: {state}");
        let words = state["problem"].as_str().unwrap();
        assert!(
            !words.contains("/tmp") && !words.contains(".imports"),
            "{words}"
        );
        let token = state["token"].as_str().unwrap();
        assert_eq!(served.go_on(token, &json!({"commit": true})).status, 409);
    }
    assert_eq!(served.go_on("none", &json!({})).status, 404);
    assert_eq!(served.count("facility"), before);
}

#[test]
fn files_of_an_import_do_not_outlive_it() {
    let served = serve();
    let kept = served.file.with_extension("imports");
    let files = || fs::read_dir(&kept).map_or(0, Iterator::count);
    let state = served.checked("layer=facility", &[("a.csv", GOOD.as_bytes())]);
    assert_eq!(state["state"], "ready", "{state}");
    assert_eq!(files(), 1, "beside the file that they go into");
    let token = state["token"].as_str().unwrap().to_owned();
    served.go_on(&token, &json!({"commit": true}));
    let done = served.settled(&token);
    assert_eq!(done["state"], "done", "{done}");
    assert_eq!(files(), 0, "written, they are needed no more");
    // The server goes away in the middle of another.
    served.checked("layer=facility", &[("b.csv", GOOD.as_bytes())]);
    let Served {
        file,
        _running: running,
        _folder: folder,
        ..
    } = served;
    running.kill();
    assert_eq!(files(), 1);
    let _again = Server::start_with(&file, &[]);
    assert_eq!(files(), 0);
    drop(folder);
}

#[test]
fn a_file_served_read_only_takes_no_import() {
    let server = Server::start(&village("donghua"));
    let served = Served {
        server: server.sign_in("data_manager"),
        _running: server,
        file: PathBuf::new(),
        _folder: tempfile::tempdir().unwrap(),
    };
    let refused = served.send("layer=facility", &[("a.csv", GOOD.as_bytes())]);
    assert_eq!(refused.status, 403, "{}", refused.text());
}

#[test]
fn a_selection_leaves_in_every_format_and_comes_back_the_same() {
    let served = serve();
    let page = served
        .server
        .get("/collections/building/items?limit=3&f=json")
        .json();
    let ids: Vec<&str> = page["features"]
        .as_array()
        .unwrap()
        .iter()
        .map(|feature| feature["id"].as_str().unwrap())
        .collect();
    for (format, starts) in [
        ("geojson", &b"{"[..]),
        ("geojsonl", b"{"),
        ("gpkg", b"SQLite format 3\0"),
        ("shp", b"PK"),
        ("xlsx", b"PK"),
        ("csv", b"\xef\xbb\xbf"),
        ("fgb", b"fgb"),
        ("dxf", b"0\nSECTION"),
    ] {
        let path = format!(
            "/collections/building/export?f={format}&ids={}",
            ids.join(",")
        );
        let file = served.server.get(&path);
        assert_eq!(file.status, 200, "{format}: {}", file.text());
        assert_eq!(file.header("feature-count"), Some("3"), "{format}");
        assert!(
            file.header("content-disposition")
                .unwrap()
                .starts_with("attachment")
        );
        assert!(
            file.body.starts_with(starts),
            "{format}: {:?}",
            &file.body[..file.body.len().min(16)]
        );
    }
    // The whole layer, with its filter; and the file that came out is the layer that is in.
    let all = served.server.get("/collections/grid/export?f=gpkg");
    assert_eq!(
        all.header("feature-count"),
        Some(&*served.count("grid").to_string())
    );
    let state = served.checked("layer=grid", &[("grid.gpkg", &all.body)]);
    assert_eq!(
        state["report"]["counts"]["unchanged"],
        served.count("grid"),
        "{state}"
    );
    assert_eq!(state["report"]["counts"]["changed"], 0, "{state}");

    let some = served
        .server
        .get("/collections/building/export?f=csv&filter=floors_up%3E100000");
    assert_eq!(some.header("feature-count"), Some("0"));
    assert_eq!(
        served
            .server
            .get("/collections/building/export?f=doc")
            .status,
        400
    );
    assert_eq!(
        served
            .server
            .get("/collections/building/export?f=csv&no=1")
            .status,
        400
    );
}

#[test]
fn an_export_masks_what_the_list_masks() {
    let served = serve();
    let list = served
        .server
        .get("/collections/building/items?limit=2000&f=json")
        .json();
    let owners: Vec<&str> = list["features"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|feature| feature["properties"]["owner"].as_str())
        .collect();
    assert!(owners.len() > 50 && owners.iter().all(|owner| owner.contains('*')));
    let file = served
        .server
        .get("/collections/building/export?f=geojson")
        .json();
    for feature in file["features"].as_array().unwrap() {
        let owner = &feature["properties"]["owner"];
        assert!(
            owner.is_null() || owner.as_str().unwrap().contains('*'),
            "{owner}"
        );
    }
}
