//! What refers to a feature that is to go, and what an undoing runs into.

use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;
use yizhangtu_tests::{Reply, Server, open_village};

struct Village {
    folder: TempDir,
    server: Server,
}

impl Village {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let server = Server::start_with(&open_village("donghua", folder.path()), &[]);
        Self { folder, server }
    }

    fn change(&self, changes: Value) -> Reply {
        self.server.post("/changes", &json!({ "changes": changes }))
    }

    fn well(&self, changes: Value) -> i64 {
        let reply = self.change(changes);
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["change_set"].as_i64().expect("a change set")
    }

    fn revert(&self, set: i64) -> Reply {
        self.server
            .post(&format!("/changes/{set}/revert"), &json!({}))
    }

    /// One text of the file.
    fn ask(&self, sql: &str) -> String {
        let file: PathBuf = self.folder.path().join("village.gpkg");
        let connection = rusqlite::Connection::open(file).expect("the file");
        let asked = connection.query_row(sql, [], |row| row.get(0));
        asked.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    fn is_there(&self, layer: &str, id: &str) -> bool {
        self.server
            .get(&format!("/collections/{layer}/items/{id}"))
            .status
            == 200
    }
}

fn square(west: f64, south: f64, east: f64) -> Value {
    json!({ "type": "Polygon", "coordinates": [[[west, south], [east, south], [east, south + 1e-3], [west, south + 1e-3], [west, south]]] })
}

#[test]
fn a_house_that_others_refer_to_stays_and_they_are_named() {
    let village = Village::new();
    let house = village.ask(
        "SELECT building FROM room WHERE building IN (SELECT building FROM residence) LIMIT 1",
    );
    let delete = json!([{ "op": "delete", "layer": "building", "id": house, "version": 0 }]);
    let refused = village.change(delete.clone());
    assert_eq!(refused.status, 422, "{}", refused.text());
    let fault = refused.json()["errors"][0].clone();
    assert_eq!(
        (&fault["code"], &fault["change"]),
        (&json!("referred"), &json!(0))
    );
    let words = fault["message"].as_str().expect("words");
    let room = village.ask(&format!(
        "SELECT min(id) FROM room WHERE building = '{house}'"
    ));
    assert!(words.contains("套间") && words.contains(&room), "{words}");
    // Which persons live there is not told by the way.
    let person = village.ask(&format!(
        "SELECT min(id) FROM residence WHERE building = '{house}'"
    ));
    assert!(
        words.contains("居住") && !words.contains(&person),
        "{words}"
    );
    assert!(village.is_there("building", &house));
    let tag = village
        .server
        .get(&format!("/collections/building/items/{house}"));
    let tag = tag.header("etag").expect("a tag").to_owned();
    let path = format!("/collections/building/items/{house}");
    let refused = village
        .server
        .send("DELETE", &path, &[("if-match", &tag)], b"");
    assert_eq!(refused.status, 422, "{}", refused.text());

    // With all that refers to it, in one set, it goes: the order does not matter.
    village.well(json!([
        { "op": "insert", "layer": "building", "id": "h", "feature": { "geometry": square(113.7, 23.2, 113.701), "properties": { "code": "h" } } },
        { "op": "insert", "layer": "room", "id": "r", "feature": { "properties": { "building": "h", "room_no": "101" } } },
    ]));
    let version = |layer: &str, id: &str| {
        let reply = village
            .server
            .get(&format!("/collections/{layer}/items/{id}"));
        reply.header("etag").expect("a tag").to_owned()
    };
    let (h, r) = (version("building", "h"), version("room", "r"));
    assert_eq!(
        village
            .change(json!([{ "op": "delete", "layer": "building", "id": "h", "version": h }]))
            .status,
        422
    );
    village.well(json!([
        { "op": "delete", "layer": "building", "id": "h", "version": h },
        { "op": "delete", "layer": "room", "id": "r", "version": r },
    ]));
}

/// A unit drawn by mistake goes, with the row that began its log and the votes on it; one that has
/// taken a step stays.
#[test]
fn what_has_taken_no_step_goes_with_its_log_and_what_has_stays() {
    let village = Village::new();
    let vote = |id: &str| {
        json!({ "op": "insert", "layer": "unit_vote", "id": id, "feature": { "properties": {
            "renewal_unit": "unit", "subject": "意愿征询" } } })
    };
    let unit = || {
        village.well(json!([
            { "op": "insert", "layer": "renewal_unit", "id": "unit", "feature": {
                "geometry": square(113.7, 23.2, 113.701), "properties": {"code": "U-1", "name": "U-1", "stage": "0"} } },
            vote("v-1"),
            vote("v-2"),
        ]))
    };
    let count = |table: &str| {
        village.ask(&format!(
            "SELECT CAST(count(*) AS TEXT) FROM {table} WHERE renewal_unit = 'unit'"
        ))
    };
    let version = || {
        let unit = village.server.get("/collections/renewal_unit/items/unit");
        unit.header("etag").expect("a tag").to_owned()
    };
    let delete = || {
        village.change(
            json!([{ "op": "delete", "layer": "renewal_unit", "id": "unit", "version": version() }]),
        )
    };
    unit();
    assert_eq!(
        (count("unit_vote"), count("unit_log")),
        ("2".into(), "1".into())
    );
    // The row of the log alone is nobody's to take away.
    let began = village.ask("SELECT CAST(max(sequence) AS TEXT) FROM change_log WHERE layer = 'unit_log' AND feature = 'unit.0'");
    let row = json!([{ "op": "delete", "layer": "unit_log", "id": "unit.0", "version": began }]);
    assert_eq!(village.change(row).json()["errors"][0]["code"], "workflow");
    let gone = delete();
    assert_eq!(gone.status, 200, "{}", gone.text());
    assert_eq!(
        (count("unit_vote"), count("unit_log")),
        ("0".into(), "0".into())
    );
    // Taken back, all of it is there again, and may take its steps.
    let set = gone.json()["change_set"].as_i64().expect("a change set");
    let back = village.revert(set);
    assert_eq!(back.status, 200, "{}", back.text());
    assert_eq!(
        (count("unit_vote"), count("unit_log")),
        ("2".into(), "1".into())
    );

    // Another program's deletion takes the log along too, or is refused by the same rule.
    let file = village.folder.path().join("village.gpkg");
    let other = rusqlite::Connection::open(file).expect("the file");
    let log = "INSERT INTO unit_log (id, renewal_unit, step, to_state, at) VALUES ('unit.1', 'unit', 'survey', '0', '2026-11-01T00:00:00+08:00')";
    let open = "INSERT INTO about (key, value) VALUES ('open_step', '1')";
    other
        .execute_batch(&format!(
            "BEGIN; {open}; {log}; DELETE FROM about WHERE key = 'open_step'; COMMIT"
        ))
        .expect("a step");
    let refused = delete();
    assert_eq!(refused.status, 422, "{}", refused.text());
    assert_eq!(refused.json()["errors"][0]["code"], "workflow");
    assert_eq!(count("unit_vote"), "2");
    let refused = other.execute("DELETE FROM renewal_unit WHERE id = 'unit'", []);
    assert!(refused.unwrap_err().to_string().contains("已在办理"));
    let clue = village.ask(
        "SELECT id FROM violation_case c WHERE state = '10' AND (SELECT count(*) FROM violation_log WHERE violation_case = c.id) = 1 LIMIT 1",
    );
    other
        .execute("DELETE FROM violation_case WHERE id = ?1", [&clue])
        .expect("a clue that nobody has looked at");
    let left = village.ask(&format!(
        "SELECT CAST(count(*) AS TEXT) FROM violation_log WHERE violation_case = '{clue}'"
    ));
    assert_eq!(left, "0");
}

#[test]
fn what_refers_to_a_merged_grid_follows_it() {
    let village = Village::new();
    let [a, b] = [0, 1].map(|at| {
        village.ask(&format!("SELECT json_extract(grids, '$[0]') FROM party_area WHERE grids IS NOT NULL GROUP BY 1 ORDER BY 1 LIMIT 1 OFFSET {at}"))
    });
    let names = |grid: &str| {
        village.ask(&format!("SELECT CAST(count(*) AS TEXT) FROM party_area, json_each(grids) g WHERE g.value = '{grid}'"))
            .parse::<u64>()
            .expect("a number")
    };
    let before = names(&a) + names(&b);
    assert!(names(&b) > 0);
    let set = village
        .well(json!([{ "op": "merge", "layer": "grid", "ids": [a, b], "versions": [0, 0] }]));
    assert_eq!((names(&a), names(&b)), (before, 0));
    let back = village.revert(set);
    assert_eq!(back.status, 200, "{}", back.text());
    assert!(names(&b) > 0 && names(&a) + names(&b) == before);
}

#[test]
fn an_undoing_that_would_overlap_or_leave_others_without_theirs_is_refused() {
    let village = Village::new();
    let parcel = |id: &str, west: f64, east: f64| json!({ "op": "insert", "layer": "parcel", "id": id, "feature": { "geometry": square(west, 23.2, east), "properties": { "code": id } } });
    village.well(json!([
        parcel("one", 113.7, 113.701),
        parcel("two", 113.701, 113.702)
    ]));
    let version = |id: &str| {
        village
            .server
            .get(&format!("/collections/parcel/items/{id}"))
            .header("etag")
            .expect("a tag")
            .to_owned()
    };
    let reshape = |id: &str, west: f64, east: f64| {
        village.well(json!([{ "op": "update", "layer": "parcel", "id": id, "version": version(id), "feature": { "geometry": square(west, 23.2, east) } }]))
    };
    let shrunk = reshape("one", 113.7, 113.7005);
    let grown = reshape("two", 113.7005, 113.702);
    let refused = village.revert(shrunk);
    assert_eq!(refused.status, 422, "{}", refused.text());
    let fault = refused.json()["errors"][0].clone();
    assert_eq!(fault["code"], "overlap");
    assert!(fault["place"].is_array(), "{fault}");
    assert_eq!(village.revert(grown).status, 200);
    assert_eq!(village.revert(shrunk).status, 200);

    // A house on the parcel: the parcel's making is not undone under it.
    let kept = village.well(json!([parcel("three", 113.71, 113.711)]));
    village.well(json!([{ "op": "insert", "layer": "building", "id": "on-three", "feature": {
        "geometry": square(113.7102, 23.2, 113.7103), "properties": { "code": "on-three", "parcel": "three" } } }]));
    let refused = village.revert(kept);
    assert_eq!(refused.status, 422, "{}", refused.text());
    assert_eq!(refused.json()["errors"][0]["code"], "referred");
    assert!(village.is_there("parcel", "three"));
}
