//! One person written down twice: offered as doubles, made one with both ids kept, taken back
//! as one change; within one's masks, rights and territory.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use yizhangtu_tests::{Asker, Server, village};

struct Village {
    _folder: TempDir,
    file: PathBuf,
    server: Server,
}

impl Village {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("village.gpkg");
        fs::copy(village("donghua"), &file).expect("a copy");
        let server = Server::start_with(&file, &[]);
        Self {
            _folder: folder,
            file,
            server,
        }
    }

    fn ask(&self, sql: &str) -> String {
        let connection = rusqlite::Connection::open(&self.file).expect("the file");
        connection
            .query_row(sql, [], |row| row.get(0))
            .unwrap_or_else(|error| panic!("{sql}: {error}"))
    }
}

/// A resident of a house that the asker sees: the person's row and the house.
struct Lived {
    house: String,
    person: Value,
}

fn lived(asker: &Asker, nth: usize) -> Lived {
    let houses = asker
        .get("/collections/building/items?limit=40&f=json")
        .json();
    let mut left = nth;
    for house in houses["features"].as_array().expect("houses") {
        let house = house["id"].as_str().expect("an id").to_owned();
        let page = asker.get(&format!("/houses/{house}")).json();
        let rooms = page["rooms"].as_array().cloned().unwrap_or_default();
        let resident = (rooms.iter())
            .filter(|room| !room["id"].is_null())
            .flat_map(|room| room["residents"].as_array().cloned().unwrap_or_default())
            .find(|resident| resident["counted"] == json!(true));
        if let Some(resident) = resident {
            if left == 0 {
                return Lived {
                    house,
                    person: resident["person"].clone(),
                };
            }
            left -= 1;
        }
    }
    panic!("nobody lives there");
}

fn change(asker: &Asker, changes: Value) -> Value {
    let reply = asker.post("/changes", &json!({ "reason": "测试", "changes": changes }));
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

/// A second record of somebody, by name alone, who lives in a house.
fn again(village: &Village, asker: &Asker, of: &Lived, id: &str, more: Value) {
    let person = of.person["id"].as_str().expect("an id");
    let name = village.ask(&format!("SELECT name FROM person WHERE id = '{person}'"));
    let mut properties = json!({ "name": name, "phone": "13800138000" });
    for (field, value) in more.as_object().expect("fields") {
        properties[field] = value.clone();
    }
    change(
        asker,
        json!([
            { "op": "insert", "layer": "person", "id": id, "feature": { "properties": properties } },
            { "op": "insert", "layer": "residence", "id": format!("{id}-stay"), "feature": { "properties": {
                "person": id, "building": of.house, "kind": "租住", "moved_in": "2001-01-01" } } },
            { "op": "insert", "layer": "household", "id": format!("{id}-hh"), "feature": { "properties": {
                "number": format!("HH-{id}"), "head": id, "building": of.house } } },
        ]),
    );
}

fn doubles(asker: &Asker, house: &str) -> Value {
    asker.get(&format!("/people/doubles?house={house}")).json()
}

fn merge(keep: &str, gone: &str, of: &Value) -> Value {
    let version = |id: &str| {
        let people = of["people"].as_array().expect("people");
        let one = people.iter().find(|one| one["id"] == id);
        one.expect("one of them")["version"].clone()
    };
    json!({ "keep": keep, "merge": [gone], "versions": { keep: version(keep), gone: version(gone) } })
}

#[test]
fn two_records_of_one_person_become_one_whose_other_id_leads_there_and_come_apart_again() {
    let village = Village::new();
    let worker = village.server.sign_in("grid_worker");
    let of = lived(&worker, 0);
    let keep = of.person["id"].as_str().expect("an id").to_owned();
    again(
        &village,
        &worker,
        &of,
        "second",
        json!({ "source_note": "旧台账" }),
    );
    let figures =
        |asker: &Asker| asker.get(&format!("/houses/{}", of.house)).json()["figures"].clone();
    let before = figures(&worker);

    let told = doubles(&worker, &of.house);
    assert_eq!(
        (&told["total"], &told["may_merge"]),
        (&json!(1), &json!(true)),
        "{told}"
    );
    let double = &told["doubles"][0];
    assert_eq!(double["by"], "house");
    assert!(
        double["differs"]
            .as_array()
            .expect("fields")
            .contains(&json!("phone")),
        "{double}"
    );
    // Masked on both sides: nobody sees more of a double than of anybody.
    for one in double["people"].as_array().expect("people") {
        assert!(one["name"].as_str().expect("a name").contains('*'), "{one}");
        assert!(one["homes"][0]["address"].is_string(), "{one}");
    }

    let mut asked = merge(&keep, "second", double);
    asked["take"] = json!({ "phone": "second" });
    let merged = worker.post("/people/merge", &asked);
    assert_eq!(merged.status, 200, "{}", merged.text());
    let merged = merged.json();
    assert_eq!(merged["merged_into"], json!(keep));
    assert_eq!(doubles(&worker, &of.house)["total"], 0);

    // One person fewer; one home of the longer time; what named the other names the one.
    let now = figures(&worker);
    assert_eq!(
        now["residents"].as_u64().map(|count| count + 1),
        before["residents"].as_u64()
    );
    let open = format!(
        "SELECT CAST(count(*) AS TEXT) FROM residence WHERE person = '{keep}' AND moved_out IS NULL"
    );
    assert_eq!(village.ask(&open), "1");
    assert_eq!(
        village.ask(&format!(
            "SELECT moved_in FROM residence WHERE person = '{keep}' AND moved_out IS NULL"
        )),
        "2001-01-01"
    );
    assert_eq!(
        village.ask("SELECT head FROM household WHERE id = 'second-hh'"),
        keep
    );
    let one = worker
        .get(&format!("/collections/person/items/{keep}?f=json"))
        .json();
    assert_eq!(
        one["properties"]["phone"], "138****8000",
        "the chosen value"
    );
    assert_eq!(
        one["properties"]["source_note"], "旧台账",
        "what was not known is"
    );

    // The old id leads to the one that stays, in the history too.
    let old = worker.get("/collections/person/items/second");
    assert_eq!(old.status, 307, "{}", old.text());
    assert_eq!(old.json()["merged_into"], json!(keep));
    assert!(old.header("location").is_some_and(|at| at.ends_with(&keep)));
    let clerk = village.server.sign_in("village_clerk");
    let history = clerk.get("/collections/person/items/second/history").json();
    assert_eq!(history["successors"][0]["id"], json!(keep), "{history}");
    let history = clerk
        .get(&format!("/collections/person/items/{keep}/history"))
        .json();
    assert_eq!(history["predecessors"][0]["id"], "second", "{history}");

    // Taken back as one, by whoever did it.
    let set = &merged["change_set"];
    let back = worker.post(&format!("/changes/{set}/revert"), &json!({}));
    assert_eq!(back.status, 200, "{}", back.text());
    assert_eq!(worker.get("/collections/person/items/second").status, 200);
    assert_eq!(
        village.ask("SELECT head FROM household WHERE id = 'second-hh'"),
        "second"
    );
    assert_eq!(figures(&worker), before);
    assert_eq!(doubles(&worker, &of.house)["total"], 1);
}

#[test]
fn different_numbers_other_territories_and_masked_views_are_held_apart() {
    let village = Village::new();
    let clerk = village.server.sign_in("village_clerk");
    let worker = village.server.sign_in("grid_worker");
    let of = lived(&worker, 0);
    let keep = of.person["id"].as_str().expect("an id").to_owned();
    again(&village, &worker, &of, "second", json!({}));
    let asked = merge(&keep, "second", &doubles(&worker, &of.house)["doubles"][0]);

    // What somebody changed meanwhile is not merged over.
    change(
        &clerk,
        json!([{ "op": "update", "layer": "person", "id": "second", "version": asked["versions"]["second"],
        "feature": { "properties": { "ethnic": "01" } } }]),
    );
    assert_eq!(worker.post("/people/merge", &asked).status, 412);

    // Two numbers are two people.
    let told = doubles(&worker, &of.house);
    let version = merge(&keep, "second", &told["doubles"][0])["versions"]["second"].clone();
    change(
        &worker,
        json!([{ "op": "update", "layer": "person", "id": "second", "version": version,
        "feature": { "properties": { "id_type": of.person["id_type"], "id_number": "990000194306189991" } } }]),
    );
    assert_eq!(
        doubles(&worker, &of.house)["total"],
        0,
        "no doubles any more"
    );
    let one = clerk.get("/collections/person/items/second?f=json");
    let version = one
        .header("etag")
        .expect("a tag")
        .trim_matches('"')
        .parse::<u64>()
        .expect("a version");
    let mut two = asked.clone();
    two["versions"]["second"] = json!(version);
    let refused = clerk.post("/people/merge", &two);
    assert_eq!(refused.status, 422, "{}", refused.text());
    assert_eq!(refused.json()["errors"][0]["code"], "different");

    // Who sees figures only is offered nobody; who may not edit merges nobody; of another's grid
    // a worker knows nothing.
    for (user, offered) in [("planner", 403), ("leader", 403), ("dispatcher", 200)] {
        let asker = village.server.sign_in(user);
        let reply = asker.get(&format!("/people/doubles?house={}", of.house));
        assert_eq!(reply.status, offered, "{user}: {}", reply.text());
        assert_eq!(asker.post("/people/merge", &asked).status, 403, "{user}");
    }
    let grid = worker.get("/session").json()["territory"][0]["id"].clone();
    let elsewhere = village.ask(&format!(
        "SELECT r.person FROM residence r WHERE r.moved_out IS NULL AND r.building NOT IN \
         (SELECT building FROM residence WHERE person = '{keep}') ORDER BY r.fid DESC LIMIT 1"
    ));
    assert_eq!(
        worker
            .get(&format!("/collections/person/items/{elsewhere}"))
            .status,
        404,
        "{grid}"
    );
    let stranger =
        json!({ "keep": keep, "merge": [elsewhere], "versions": { &keep: 0, &elsewhere: 0 } });
    assert_eq!(worker.post("/people/merge", &stranger).status, 404);
}
