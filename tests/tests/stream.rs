//! The stream of what happens: told to everybody, resumed where it broke off.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;
use yizhangtu_tests::{Server, open_village, run_well};

struct Listener(BufReader<TcpStream>);

/// One event: its name, number and data.
#[derive(Debug, PartialEq)]
struct Event {
    name: String,
    id: String,
    data: Value,
}

impl Listener {
    fn new(server: &Server, query: &str, headers: &str) -> Self {
        let address = server.url.strip_prefix("http://").expect("a URL");
        let mut stream = TcpStream::connect(address).expect("a connection");
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .expect("a socket");
        write!(
            stream,
            "GET /changes{query} HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\n{headers}\r\n"
        )
        .expect("sent");
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).expect("a status");
        assert!(line.contains("200"), "{line}");
        // The first comment says that the stream is open.
        while !line.starts_with(": yizhangtu") {
            line.clear();
            reader.read_line(&mut line).expect("a line");
        }
        Self(reader)
    }

    fn next(&mut self) -> Event {
        let mut event = Event {
            name: "message".to_owned(),
            id: String::new(),
            data: Value::Null,
        };
        loop {
            let mut line = String::new();
            assert!(
                self.0.read_line(&mut line).expect("a line") > 0,
                "the stream ended"
            );
            let line = line.trim_end();
            if let Some(name) = line.strip_prefix("event: ") {
                event.name = name.to_owned();
            } else if let Some(id) = line.strip_prefix("id: ") {
                event.id = id.to_owned();
            } else if let Some(data) = line.strip_prefix("data: ") {
                event.data = serde_json::from_str(data).expect("JSON");
            } else if line.is_empty() && !event.data.is_null() {
                return event;
            }
        }
    }
}

fn served() -> (TempDir, Server) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = open_village("donghua", folder.path());
    let server = Server::start_with(&file, &[]);
    (folder, server)
}

fn insert(server: &Server, id: &str) -> u64 {
    let reply = server.post(
        "/changes",
        &json!({ "changes": [
        { "op": "insert", "layer": "place", "id": id, "feature": {
            "geometry": { "type": "Point", "coordinates": [113.63, 23.13] },
            "properties": { "name": id, "kind": "园区" } } },
        { "op": "insert", "layer": "facility", "id": id, "feature": {
            "geometry": { "type": "Point", "coordinates": [113.63, 23.13] },
            "properties": { "name": id, "kind": "消防栓" } } },
    ] }),
    );
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["sequence"].as_u64().expect("a number")
}

#[test]
fn everybody_is_told_and_resumes_where_it_broke_off() {
    let (folder, server) = served();
    let (mut one, mut other) = (
        Listener::new(&server, "", ""),
        Listener::new(&server, "", ""),
    );
    let sequence = insert(&server, "a");
    for listener in [&mut one, &mut other] {
        let (place, facility) = (listener.next(), listener.next());
        assert_eq!(
            (
                place.data["layer"].as_str(),
                facility.data["layer"].as_str()
            ),
            (Some("place"), Some("facility"))
        );
        assert_eq!(facility.id, sequence.to_string());
        assert_eq!(place.data["ids"], json!(["a"]));
        assert_eq!(place.data["bbox"], json!([113.63, 23.13, 113.63, 23.13]));
        assert!(!place.data["tiles"].as_array().expect("tiles").is_empty());
    }
    drop(one);
    insert(&server, "b");
    let last = insert(&server, "c");
    // Between the two layers of one set, too, nothing is lost.
    let mut again = Listener::new(&server, "", &format!("Last-Event-ID: {}\r\n", sequence + 1));
    let told: Vec<(String, String)> = (0..3)
        .map(|_| again.next())
        .map(|event| {
            (
                event.data["layer"].as_str().expect("a layer").to_owned(),
                event.data["ids"][0].as_str().expect("an id").to_owned(),
            )
        })
        .collect();
    let pair = |layer: &str, id: &str| (layer.to_owned(), id.to_owned());
    assert_eq!(
        told,
        [
            pair("facility", "b"),
            pair("place", "c"),
            pair("facility", "c")
        ]
    );
    // A number that this file never gave: another file, or a restored one.
    let mut lost = Listener::new(&server, &format!("?since={}", last + 50), "");
    let reload = lost.next();
    assert_eq!(
        (reload.name.as_str(), &reload.data["sequence"]),
        ("reload", &json!(last))
    );
    insert(&server, "d");
    assert_eq!(lost.next().data["ids"], json!(["d"]));
    drop(folder);
}

#[test]
fn what_another_program_writes_is_told_within_two_seconds() {
    let (folder, server) = served();
    let mut listener = Listener::new(&server, "", "");
    let csv = folder.path().join("more.geojson");
    fs::write(&csv, json!({ "type": "FeatureCollection", "features": [
        { "type": "Feature", "id": "imported", "geometry": { "type": "Point", "coordinates": [113.63, 23.13] },
          "properties": { "id": "imported", "name": "导入的站", "kind": "园区" } } ] }).to_string()).expect("written");
    let file = folder.path().join("village.gpkg");
    run_well([
        std::ffi::OsStr::new("import"),
        csv.as_os_str(),
        "--into".as_ref(),
        file.as_os_str(),
        "--layer".as_ref(),
        "place".as_ref(),
    ]);
    let event = listener.next();
    assert_eq!(event.data["layer"], "place");
    let id = event.data["ids"][0].as_str().expect("an id");
    let found = server.get(&format!("/collections/place/items/{id}"));
    assert_eq!(
        (found.status, &found.json()["properties"]["name"]),
        (200, &"导入的站".into())
    );
}

/// Who sees one grid is told of what happens in it, with what is touched; of what happens
/// elsewhere nothing. The past is cut alike.
#[test]
fn who_sees_a_territory_is_told_of_it_and_sees_its_past() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("village.gpkg");
    fs::copy(yizhangtu_tests::village("donghua"), &file).expect("a copy");
    let server = Server::start_with(&file, &[]);
    let manager = server.sign_in("data_manager");
    let worker = server.sign_in("grid_worker");
    let ids = |page: Value| -> Vec<String> {
        let features = page["features"].as_array().expect("features").clone();
        let id = |one: &Value| one["id"].as_str().expect("an id").to_owned();
        features.iter().map(id).collect()
    };
    let items = "/collections/building/items?limit=10000";
    let own = ids(worker.get(items).json());
    let all = ids(manager.get(items).json());
    let other = all.iter().find(|id| !own.contains(id)).expect("another");
    let cookie = worker.cookie();
    let mut listener = Listener::new(&server, "", &format!("Cookie: {cookie}\r\n"));
    let change = |id: &str, floors: u64| {
        let version = manager.get(&format!("/collections/building/items/{id}"));
        let version = version.header("etag").expect("a tag").to_owned();
        let reply = manager.post(
            "/changes",
            &json!({ "changes": [{ "op": "update", "layer": "building", "id": id,
            "version": version, "feature": { "properties": { "floors_up": floors } } }] }),
        );
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["sequence"].clone()
    };
    let elsewhere = change(other, 31);
    let here = change(&own[0], 32);
    let told = listener.next().data;
    assert_eq!((&told["sequence"], &told["ids"]), (&here, &json!([own[0]])));
    assert!(
        !told["tiles"].as_array().expect("tiles").is_empty() && told["bbox"].is_array(),
        "{told}"
    );
    assert_eq!(told["author"], Value::Null);

    let past = ids(worker.get(&format!("{items}&as-of={elsewhere}")).json());
    assert_eq!(past, own);
    let floors = |path: String| worker.get(&path).json()["properties"]["floors_up"].clone();
    let item = format!("/collections/building/items/{}", own[0]);
    assert_eq!(floors(item.clone()), 32);
    assert_ne!(floors(format!("{item}?as-of={elsewhere}")), 32);
    let hidden = worker.get(&format!(
        "/collections/building/items/{other}?as-of={elsewhere}"
    ));
    assert_eq!(hidden.status, 404);
}
