//! Changing the map over HTTP: durable, checked, told, and undone.

use std::{path::Path, process::Command};

use serde_json::{Value, json};
use tempfile::TempDir;
use yizhangtu_tests::{Reply, Server, open_village};

/// A village of its own that may be changed.
struct Fresh {
    folder: TempDir,
    server: Server,
}

impl Fresh {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = open_village("donghua", folder.path());
        let server = Server::start_with(&file, &[]);
        Self { folder, server }
    }

    fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("village.gpkg")
    }

    fn change(&self, changes: Value) -> Reply {
        self.server
            .post("/changes", &json!({ "reason": "测试", "changes": changes }))
    }

    /// The first features of a layer.
    fn some(&self, layer: &str, count: usize) -> Vec<Value> {
        let reply = self
            .server
            .get(&format!("/collections/{layer}/items?limit={count}"));
        let features = reply.json()["features"]
            .as_array()
            .expect("features")
            .clone();
        assert_eq!(features.len(), count);
        features
    }

    fn item(&self, layer: &str, id: &str) -> Reply {
        self.server.get(&format!("/collections/{layer}/items/{id}"))
    }
}

fn well(reply: Reply) -> Value {
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

const JSON: (&str, &str) = ("content-type", "application/geo+json");

#[test]
fn a_feature_is_made_changed_and_deleted_by_the_standards_paths() {
    let fresh = Fresh::new();
    let items = "/collections/place/items";
    let sample = fresh.some("place", 1).remove(0);
    let feature = place(&fresh, "新站");
    let made = fresh
        .server
        .send("POST", items, &[JSON], feature.to_string().as_bytes());
    assert_eq!(made.status, 201, "{}", made.text());
    let location = made.header("location").expect("a location").to_owned();
    let path = location
        .strip_prefix(&fresh.server.url)
        .expect("of this server");
    let tag = made.header("etag").expect("a tag").to_owned();
    let read = fresh.server.get(path);
    assert_eq!(read.status, 200);
    assert_eq!(read.header("etag"), Some(tag.as_str()));
    assert_eq!(read.json()["properties"]["name"], "新站");

    let patch = json!({ "properties": { "name": "改名" } }).to_string();
    let merge = ("content-type", "application/merge-patch+json");
    let without = fresh.server.send("PATCH", path, &[merge], patch.as_bytes());
    assert_eq!(without.status, 428, "{}", without.text());
    let patched = fresh.server.send(
        "PATCH",
        path,
        &[merge, ("if-match", &tag)],
        patch.as_bytes(),
    );
    assert_eq!(patched.status, 200, "{}", patched.text());
    let newer = patched.header("etag").expect("a tag").to_owned();
    assert_ne!(newer, tag);
    assert_eq!(
        patched.json()["properties"]["kind"],
        sample["properties"]["kind"]
    );

    // Somebody who saw the version before learns of the newer one.
    let late = fresh.server.send(
        "PUT",
        path,
        &[JSON, ("if-match", &tag)],
        feature.to_string().as_bytes(),
    );
    assert_eq!(late.status, 412, "{}", late.text());
    assert_eq!(late.header("etag"), Some(newer.as_str()));
    assert_eq!(late.json()["current"][0]["properties"]["name"], "改名");

    let mut whole = read.json();
    whole["properties"]["name"] = "整体替换".into();
    let put = fresh.server.send(
        "PUT",
        path,
        &[JSON, ("if-match", &newer)],
        whole.to_string().as_bytes(),
    );
    assert_eq!(put.status, 200, "{}", put.text());
    let last = put.header("etag").expect("a tag").to_owned();
    assert_eq!(fresh.server.send("DELETE", path, &[], b"").status, 428);
    let gone = fresh
        .server
        .send("DELETE", path, &[("if-match", &last)], b"");
    assert_eq!(gone.status, 204, "{}", gone.text());
    assert_eq!(fresh.server.get(path).status, 404);
    let again = fresh
        .server
        .send("DELETE", path, &[("if-match", &last)], b"");
    assert_eq!(again.status, 404);
}

#[test]
fn a_change_set_is_all_or_nothing_and_faults_name_their_place() {
    let fresh = Fresh::new();
    let before = fresh.server.get("/changes?since=0").json()["sequence"].clone();
    let refused = fresh.change(json!([
        { "op": "insert", "layer": "building", "id": "whole-1", "feature": {
            "geometry": { "type": "Polygon", "coordinates": [[[113.0, 23.0], [113.001, 23.0], [113.001, 23.001], [113.0, 23.0]]] },
            "properties": { "code": "whole-1" } } },
        { "op": "insert", "layer": "building", "feature": {
            "geometry": { "type": "Polygon", "coordinates": [[[113.0, 23.0], [113.001, 23.001], [113.001, 23.0], [113.0, 23.001], [113.0, 23.0]]] },
            "properties": { "code": "whole-2", "floors_up": "许多", "no_such": 1 } } },
    ]));
    assert_eq!(refused.status, 422, "{}", refused.text());
    let errors = refused.json()["errors"].as_array().expect("errors").clone();
    let find = |code: &str| {
        errors
            .iter()
            .find(|error| error["code"] == code)
            .unwrap_or_else(|| panic!("{code} in {errors:?}"))
    };
    assert_eq!(find("unknown_field")["field"], "no_such");
    assert_eq!(find("type")["field"], "floors_up");
    let crossing = find("geometry");
    assert_eq!(crossing["change"], 1);
    let place = crossing["place"].as_array().expect("a place");
    assert!(
        (place[0].as_f64().expect("a number") - 113.0005).abs() < 1e-6,
        "{place:?}"
    );
    assert_eq!(fresh.item("building", "whole-1").status, 404);
    assert_eq!(
        fresh.server.get("/changes?since=0").json()["sequence"],
        before
    );
}

#[test]
fn the_same_key_changes_things_once_also_after_a_restart() {
    let fresh = Fresh::new();
    let body = json!({ "changes": [{ "op": "insert", "layer": "place", "feature": place(&fresh, "once") }] }).to_string();
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", "k-1"),
    ];
    let first = fresh
        .server
        .send("POST", "/changes", &headers, body.as_bytes());
    assert_eq!(first.status, 200, "{}", first.text());
    let second = fresh
        .server
        .send("POST", "/changes", &headers, body.as_bytes());
    assert_eq!((second.status, second.text()), (200, first.text()));
    assert_eq!(second.header("idempotent-replayed"), Some("true"));
    let other = body.replace("once", "twice");
    assert_eq!(
        fresh
            .server
            .send("POST", "/changes", &headers, other.as_bytes())
            .status,
        422
    );
    let file = fresh.file();
    let Fresh { folder, server } = fresh;
    server.kill();
    let again = Server::start_with(&file, &[]);
    let third = again.send("POST", "/changes", &headers, body.as_bytes());
    assert_eq!((third.status, third.text()), (200, first.text()));
    let found = again.get("/collections/place/items?name=once").json();
    assert_eq!(found["numberMatched"], 1);
    drop(folder);
}

/// A place like one that there is, of another name.
fn place(fresh: &Fresh, name: &str) -> Value {
    let mut feature = fresh.some("place", 1).remove(0);
    let members = feature.as_object_mut().expect("an object");
    members.remove("id");
    members.remove("links");
    members["properties"]["name"] = name.into();
    members["properties"]
        .as_object_mut()
        .expect("an object")
        .retain(|name, value| {
            name != "code" && !value.as_str().is_some_and(|text| text.contains('*'))
        });
    feature
}

#[test]
fn what_is_masked_is_not_overwritten_by_its_mask() {
    let fresh = Fresh::new();
    let stored = |id: &str| -> (String, Option<String>) {
        let file = rusqlite::Connection::open(fresh.file()).expect("the file");
        file.query_row(
            "SELECT name, phone FROM person WHERE id = ?1",
            [id],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .expect("the person")
    };
    let person = fresh.some("person", 1).remove(0);
    let id = person["id"].as_str().expect("an id").to_owned();
    let before = stored(&id);
    assert!(
        person["properties"]["name"]
            .as_str()
            .expect("a name")
            .contains('*')
    );
    let path = format!("/collections/person/items/{id}");
    let read = fresh.server.get(&path);
    let tag = read.header("etag").expect("a tag").to_owned();
    let put = fresh
        .server
        .send("PUT", &path, &[JSON, ("if-match", &tag)], &read.body);
    assert_eq!(put.status, 200, "{}", put.text());
    assert_eq!(stored(&id), before);
    let tag = put.header("etag").expect("a tag").to_owned();
    let spoilt = json!({ "properties": { "name": "王*明" } }).to_string();
    let refused = fresh.server.send(
        "PATCH",
        &path,
        &[JSON, ("if-match", &tag)],
        spoilt.as_bytes(),
    );
    assert_eq!(refused.status, 422, "{}", refused.text());
    assert_eq!(refused.json()["errors"][0]["code"], "masked");
    let new = json!({ "properties": { "name": "王小明" } }).to_string();
    let renamed = fresh
        .server
        .send("PATCH", &path, &[JSON, ("if-match", &tag)], new.as_bytes());
    assert_eq!(renamed.status, 200, "{}", renamed.text());
    assert_eq!(renamed.json()["properties"]["name"], "王**");
    assert_eq!(stored(&id), ("王小明".to_owned(), before.1));
}

#[test]
fn a_state_is_set_by_its_workflow_only() {
    let fresh = Fresh::new();
    let event = fresh.some("grid_event", 1).remove(0);
    let id = event["id"].as_str().expect("an id");
    let state = event["properties"]["state"].as_str().expect("a state");
    let other = ["20", "50", "80"]
        .into_iter()
        .find(|other| *other != state)
        .expect("another");
    let refused = fresh.change(json!([
        { "op": "update", "layer": "grid_event", "id": id, "version": 0, "feature": { "properties": { "state": other } } },
    ]));
    assert_eq!(refused.status, 422, "{}", refused.text());
    let codes: Vec<_> = refused.json()["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .map(|error| error["code"].clone())
        .collect();
    assert!(
        codes.contains(&"workflow".into()) || codes.contains(&"code".into()),
        "{codes:?}"
    );
}

#[test]
fn partitions_refuse_overlaps_and_neighbours_move_together() {
    let fresh = Fresh::new();
    for layer in ["grid", "party_area", "co_op"] {
        is_a_partition(&fresh, layer);
    }
}

/// Neighbours of a layer refuse to overlap, are told of the gap that they leave, and move
/// together.
fn is_a_partition(fresh: &Fresh, layer: &str) {
    let grids = fresh
        .server
        .get(&format!("/collections/{layer}/items?limit=100"))
        .json();
    let grids = grids["features"].as_array().expect("grids");
    // A vertex that two grids share.
    let ring = |grid: &Value| -> Vec<[f64; 2]> {
        let coordinates = &grid["geometry"]["coordinates"];
        let ring = if grid["geometry"]["type"] == "Polygon" {
            &coordinates[0]
        } else {
            &coordinates[0][0]
        };
        serde_json::from_value(ring.clone()).expect("a ring")
    };
    let (one, other, at) = grids
        .iter()
        .enumerate()
        .find_map(|(place, one)| {
            grids[place + 1..].iter().find_map(|other| {
                let shared: Vec<[f64; 2]> = ring(one)
                    .into_iter()
                    .filter(|at| ring(other).contains(at))
                    .collect();
                let inner = shared.get(shared.len() / 2)?;
                (shared.len() > 2).then_some((one, other, *inner))
            })
        })
        .expect("neighbours");
    let (a, b) = (
        one["id"].as_str().expect("id"),
        other["id"].as_str().expect("id"),
    );
    // One alone would lie on the other, or leave a gap.
    let mut alone = one.clone();
    let far = ring(other)
        .into_iter()
        .fold([0.0, 0.0], |sum, at| [sum[0] + at[0], sum[1] + at[1]]);
    let count = f64::from(u32::try_from(ring(other).len()).expect("few"));
    let middle = [far[0] / count, far[1] / count];
    // On the lattice of nine decimals, as it will be kept.
    let kept = |number: f64| (number * 1e9).round() / 1e9;
    let moved = [
        kept(at[0] + (middle[0] - at[0]) * 0.05),
        kept(at[1] + (middle[1] - at[1]) * 0.05),
    ];
    let text = alone["geometry"]
        .to_string()
        .replace(&json!(at).to_string(), &json!(moved).to_string());
    alone["geometry"] = serde_json::from_str(&text).expect("a geometry");
    let refused = fresh.change(json!([
        { "op": "update", "layer": layer, "id": a, "version": 0, "feature": { "geometry": alone["geometry"] } },
    ]));
    assert_eq!(refused.status, 422, "{}", refused.text());
    let overlap = refused.json()["errors"][0].clone();
    assert_eq!(overlap["code"], "overlap", "{overlap}");
    let place = overlap["place"].as_array().expect("a place");
    assert!((place[0].as_f64().expect("a number") - at[0]).abs() < 0.01);
    // The other alone draws back from it: what nobody has any more is told.
    let text = other["geometry"]
        .to_string()
        .replace(&json!(at).to_string(), &json!(moved).to_string());
    let back: Value = serde_json::from_str(&text).expect("a geometry");
    let rehearsed = well(fresh.server.post(
        "/changes",
        &json!({ "dry_run": true, "changes": [
            { "op": "update", "layer": layer, "id": b, "version": 0, "feature": { "geometry": back } },
        ] }),
    ));
    let gap = rehearsed["warnings"][0].clone();
    assert_eq!(
        (&gap["code"], &gap["layer"]),
        (&json!("gap"), &json!(layer)),
        "{rehearsed}"
    );
    assert!(gap["area_m2"].as_f64().expect("an area") > 0.0 && gap["place"].is_array());
    // Both together are well.
    let done = well(
        fresh.change(json!([{ "op": "move_vertex", "layer": layer, "from": at, "to": moved }])),
    );
    let touched: Vec<&str> = done["features"]
        .as_array()
        .expect("features")
        .iter()
        .filter_map(|one| one["id"].as_str())
        .collect();
    assert!(touched.contains(&a) && touched.contains(&b), "{touched:?}");
    assert_eq!(done["warnings"], json!([]));
    for id in [a, b] {
        let grid = fresh.item(layer, id).json();
        assert!(
            ring(&grid).contains(&moved) && !ring(&grid).contains(&at),
            "{id}"
        );
    }
}

#[test]
fn a_grid_is_split_and_merged_and_its_houses_follow() {
    let fresh = Fresh::new();
    let grid = fresh.some("grid", 1).remove(0);
    let id = grid["id"].as_str().expect("an id").to_owned();
    let count = |id: &str| -> u64 {
        let counted = well(
            fresh
                .server
                .post("/statistics", &json!({ "layer": "grid", "id": id })),
        );
        counted["buildings"]["count"].as_u64().expect("a count")
    };
    let before = count(&id);
    assert!(before > 10);
    let coordinates = if grid["geometry"]["type"] == "Polygon" {
        &grid["geometry"]["coordinates"][0]
    } else {
        &grid["geometry"]["coordinates"][0][0]
    };
    let ring: Vec<[f64; 2]> = serde_json::from_value(coordinates.clone()).expect("a ring");
    let edge = |at: usize, most: bool| {
        ring.iter().map(|point| point[at]).fold(
            if most { f64::MIN } else { f64::MAX },
            if most { f64::max } else { f64::min },
        )
    };
    let (west, east, south, north) = (edge(0, false), edge(0, true), edge(1, false), edge(1, true));
    let middle = (south + north) / 2.0;
    let line = json!({ "type": "LineString", "coordinates": [[west - 0.001, middle], [east + 0.001, middle]] });
    let missing = fresh
        .change(json!([{ "op": "split", "layer": "grid", "id": id, "version": 0, "line": line }]));
    assert_eq!(missing.status, 422, "{}", missing.text());
    assert_eq!(missing.json()["errors"][0]["field"], "code");
    let parts: Vec<Value> = (0..8).map(|part| match part {
        0 => json!({}),
        part => json!({ "properties": { "code": format!("TEST-{part}"), "name": format!("新网格{part}") } }),
    }).collect();
    let done = well(fresh.change(json!([{ "op": "split", "layer": "grid", "id": id, "version": 0, "line": line, "parts": parts }])));
    let pieces: Vec<String> = done["features"]
        .as_array()
        .expect("features")
        .iter()
        .filter(|one| one["op"] == "insert" || one["id"] == id.as_str())
        .map(|one| one["id"].as_str().expect("an id").to_owned())
        .collect();
    assert!(pieces.len() >= 2, "{done}");
    assert_eq!(pieces.iter().map(|piece| count(piece)).sum::<u64>(), before);
    let history = fresh
        .server
        .get(&format!("/collections/grid/items/{}/history", pieces[1]))
        .json();
    assert_eq!(history["predecessors"][0]["id"], id.as_str());

    let versions: Vec<Value> = pieces
        .iter()
        .map(|piece| {
            let tag = fresh
                .item("grid", piece)
                .header("etag")
                .expect("a tag")
                .to_owned();
            tag.into()
        })
        .collect();
    let merged =
        well(fresh.change(
            json!([{ "op": "merge", "layer": "grid", "ids": pieces, "versions": versions }]),
        ));
    assert_eq!(merged["warnings"], json!([]), "{merged}");
    assert_eq!(count(&id), before);
    let gone = fresh.item("grid", &pieces[1]);
    assert_eq!(
        (gone.status, &gone.json()["merged_into"]),
        (307, &json!(id))
    );
    let history = fresh
        .server
        .get(&format!("/collections/grid/items/{}/history", pieces[1]))
        .json();
    assert_eq!(history["successors"][0]["id"], id.as_str());
    let check = Command::new(yizhangtu_tests::binary())
        .arg("check")
        .arg(fresh.file())
        .output()
        .expect("it runs");
    assert!(
        check.status.success(),
        "{}",
        String::from_utf8_lossy(&check.stdout)
    );
}

#[test]
fn history_tells_and_takes_back() {
    let fresh = Fresh::new();
    let made = well(fresh.change(
        json!([{ "op": "insert", "layer": "place", "id": "p-1", "feature": place(&fresh, "一") }]),
    ));
    let first = made["features"][0]["version"].as_u64().expect("a version");
    let renamed = well(fresh.change(json!([{ "op": "update", "layer": "place", "id": "p-1", "version": first, "feature": { "properties": { "name": "二" } } }])));
    let second = renamed["features"][0]["version"]
        .as_u64()
        .expect("a version");
    let path = "/collections/place/items/p-1";
    let history = fresh.server.get(&format!("{path}/history")).json();
    let entries = history["entries"].as_array().expect("entries");
    assert_eq!(entries.len(), 2);
    assert_eq!(
        (
            &entries[0]["before"]["properties"]["name"],
            &entries[0]["after"]["properties"]["name"]
        ),
        (&"一".into(), &"二".into())
    );
    assert_eq!(entries[0]["changed"], json!(["name"]));
    assert_eq!(entries[1]["before"], Value::Null);
    assert_eq!(entries[0]["reason"], "测试");
    let difference = fresh
        .server
        .get(&format!("{path}/history?from={first}&to={second}"))
        .json();
    assert_eq!(
        difference["changed"],
        json!([{ "field": "name", "before": "一", "after": "二" }])
    );

    let tag = fresh
        .server
        .get(path)
        .header("etag")
        .expect("a tag")
        .to_owned();
    let json_body = ("content-type", "application/json");
    let back = fresh.server.send(
        "POST",
        &format!("{path}/revert"),
        &[json_body, ("if-match", &tag)],
        json!({ "to": first }).to_string().as_bytes(),
    );
    assert_eq!(back.status, 200, "{}", back.text());
    assert_eq!(back.json()["properties"]["name"], "一");

    // What a later change touched cannot be taken back alone.
    let number = renamed["change_set"].as_i64().expect("a number");
    let refused = fresh
        .server
        .post(&format!("/changes/{number}/revert"), &json!({}));
    assert_eq!(refused.status, 409, "{}", refused.text());
    let latest = fresh.server.get("/changes?since=0&limit=10000").json();
    let latest = latest["changes"]
        .as_array()
        .expect("changes")
        .last()
        .expect("one")
        .clone();
    let undone = well(fresh.server.post(
        &format!("/changes/{}/revert", latest["change_set"]),
        &json!({ "reason": "误改" }),
    ));
    assert_eq!(undone["features"][0]["id"], "p-1");
    assert_eq!(fresh.server.get(path).json()["properties"]["name"], "二");

    // Gone, and back with its id.
    let tag = fresh
        .server
        .get(path)
        .header("etag")
        .expect("a tag")
        .to_owned();
    assert_eq!(
        fresh
            .server
            .send("DELETE", path, &[("if-match", &tag)], b"")
            .status,
        204
    );
    let reused = fresh.change(
        json!([{ "op": "insert", "layer": "place", "id": "p-1", "feature": place(&fresh, "三") }]),
    );
    assert_eq!(reused.status, 409, "{}", reused.text());
    let gone = fresh.server.get(&format!("{path}/history")).json()["version"].clone();
    let back = fresh.server.send(
        "POST",
        &format!("{path}/revert"),
        &[json_body, ("if-match", &format!("\"{gone}\""))],
        json!({ "to": second }).to_string().as_bytes(),
    );
    assert_eq!(back.status, 200, "{}", back.text());
    assert_eq!(fresh.server.get(path).json()["properties"]["name"], "二");
}

#[test]
fn a_page_of_another_site_cannot_change_anything() {
    let fresh = Fresh::new();
    let body = json!({ "changes": [] }).to_string();
    let form = fresh.server.send(
        "POST",
        "/changes",
        &[("content-type", "text/plain")],
        body.as_bytes(),
    );
    assert_eq!(form.status, 415, "{}", form.text());
}

#[test]
fn a_file_served_read_only_is_not_changed() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(&open_village("donghua", folder.path()));
    let refused = server.post("/changes", &json!({ "changes": [] }));
    assert_eq!(refused.status, 403, "{}", refused.text());
    let refused = server.send(
        "DELETE",
        "/collections/grid/items/x",
        &[("if-match", "*")],
        b"",
    );
    assert_eq!(refused.status, 403);
}

/// Only what was touched is painted anew, and what is kept is what would be painted.
#[test]
fn tiles_that_an_edit_did_not_touch_stay_and_the_others_change() {
    let fresh = Fresh::new();
    let bounds = fresh.server.get("/tiles/building.json").json()["bounds"].clone();
    let bounds: Vec<f64> = serde_json::from_value(bounds).expect("bounds");
    let paths = tiles(&bounds);
    let before: Vec<Vec<u8>> = paths
        .iter()
        .map(|path| fresh.server.get(path).body)
        .collect();
    // A house that nothing refers to, where there was none.
    let west = bounds[0] + 0.01;
    let south = bounds[1] + 0.01;
    let ring = json!([
        [west, south],
        [west + 2e-4, south],
        [west + 2e-4, south + 2e-4],
        [west, south + 2e-4],
        [west, south]
    ]);
    well(fresh.change(json!([{ "op": "insert", "layer": "building", "id": "new-house", "feature": {
        "geometry": { "type": "Polygon", "coordinates": [ring] }, "properties": { "code": "new-house" } } }])));
    let vertex = fresh.some("grid", 1)[0]["geometry"]["coordinates"].clone();
    let vertex = if vertex[0][0][0].is_array() {
        vertex[0][0][0].clone()
    } else {
        vertex[0][0].clone()
    };
    let nearby = json!([vertex[0].as_f64().expect("a number") + 1e-5, vertex[1]]);
    well(
        fresh.change(
            json!([{ "op": "move_vertex", "layer": "grid", "from": vertex, "to": nearby }]),
        ),
    );
    // A second server, which has cached nothing, paints the same.
    let copy = fresh.folder.path().join("copy.gpkg");
    yizhangtu_tests::run_well([Path::new("backup"), &fresh.file(), Path::new("-o"), &copy]);
    let clean = Server::start(&copy);
    let mut changed = 0;
    for (path, before) in paths.iter().zip(&before) {
        let now = fresh.server.get(path).body;
        assert_eq!(now, clean.get(path).body, "{path}");
        changed += usize::from(now != *before);
    }
    assert!(
        changed > 3 && changed < paths.len() / 2,
        "{changed} of {}",
        paths.len()
    );
}

/// Paths of the tiles over some bounds at several zooms.
fn tiles(bounds: &[f64]) -> Vec<String> {
    let mut paths = Vec::new();
    for z in [10_u32, 14, 16, 17] {
        let side = f64::from(1_u32 << z);
        let column = |lon: f64| ((lon / 360.0 + 0.5) * side).floor();
        let row = |lat: f64| {
            let sine = lat.to_radians().sin();
            ((0.5 - sine.atanh() / (2.0 * std::f64::consts::PI)) * side).floor()
        };
        let mut x = column(bounds[0]);
        while x <= column(bounds[2]) {
            let mut y = row(bounds[3]);
            while y <= row(bounds[1]) {
                paths.push(format!("/tiles/building,grid/{z}/{x}/{y}"));
                y += 1.0;
            }
            x += 1.0;
        }
    }
    paths
}

#[test]
fn reports_made_at_once_get_numbers_of_their_own() {
    let fresh = Fresh::new();
    let sample = fresh.some("grid_event", 1).remove(0);
    let last = fresh
        .server
        .get("/collections/grid_event/items?limit=1&sortby=-code")
        .json()["features"][0]["properties"]["code"]
        .as_str()
        .expect("a number")
        .to_owned();
    let report = json!({
        "op": "insert", "layer": "grid_event",
        "feature": { "geometry": sample["geometry"], "properties": {
            "type": "消防通道堵塞", "title": "杂物堵塞", "source": "网格员", "state": "20",
            "reported_at": "2026-11-22T08:00:00Z"
        } }
    });
    let made = well(fresh.change(json!([report, report])));
    let next = well(fresh.change(json!([report])));
    // Each report begins its log in the same set.
    let numbers: Vec<String> = [made, next]
        .iter()
        .flat_map(|done| done["features"].as_array().expect("features"))
        .filter(|feature| feature["layer"] == "grid_event")
        .map(|feature| feature["id"].as_str().expect("an id"))
        .map(|id| fresh.item("grid_event", id).json()["properties"]["code"].clone())
        .map(|code| code.as_str().expect("a number").to_owned())
        .collect();
    let (prefix, count) = last.split_at(last.len() - 6);
    let count: u32 = count.parse().expect("a number");
    let expected: Vec<String> = (1..=3)
        .map(|add| format!("{prefix}{:06}", count + add))
        .collect();
    assert_eq!(numbers, expected);
}
