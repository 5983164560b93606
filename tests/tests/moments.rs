//! Tables at a moment: pages that follow one another while others edit, and the past of a
//! territory as those who answer for it may see it.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tempfile::TempDir;
use yizhangtu_tests::{Asker, Reply, Server, open_village, village};

fn features(page: &Value) -> &Vec<Value> {
    page["features"].as_array().expect("features")
}

fn id(feature: &Value) -> String {
    feature["id"].as_str().expect("an id").to_owned()
}

fn ids(asker: &Asker, path: &str) -> BTreeSet<String> {
    let reply = asker.get(path);
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    features(&reply.json()).iter().map(id).collect()
}

fn next(asker: &Asker, page: &Value) -> Option<String> {
    let links = page["links"].as_array().expect("links");
    let next = links.iter().find(|link| link["rel"] == "next")?;
    let href = next["href"].as_str().expect("an address");
    Some(href.replace(&asker.url, ""))
}

fn change(asker: &Asker, changes: Value) -> Reply {
    asker.post("/changes", &json!({ "changes": changes }))
}

fn well(reply: Reply) -> Value {
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

fn version(asker: &Asker, layer: &str, id: &str) -> u64 {
    let reply = asker.get(&format!("/collections/{layer}/items/{id}"));
    let tag = reply.header("etag").expect("a tag").to_owned();
    tag.trim_matches('"').parse().expect("a number")
}

/// Each way of asking gives the rooms of the moment of its first page, each once, in one order,
/// whatever is made, changed and deleted between two pages.
#[test]
fn pages_of_a_table_show_one_moment_while_others_edit() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start_with(&open_village("donghua", folder.path()), &[]);
    let building = id(&features(&server.get("/collections/building/items?limit=1").json())[0]);
    let room = |id: &str, code: &str| {
        json!({ "op": "insert", "layer": "room", "id": id,
            "feature": { "properties": { "building": building, "code": code, "floor": 77 } } })
    };
    let made: Vec<Value> = (0..40)
        .map(|n| room(&format!("m{n}"), &format!("测{n:02}")))
        .collect();
    well(change(&server, made.into()));
    let asked = [
        "limit=700",
        "limit=700&filter=floor%20%3E%202",
        "limit=9&floor=77",
        "limit=700&sortby=-code",
        "limit=9&filter=floor%3D77&sortby=-code",
    ];
    for (round, query) in asked.into_iter().enumerate() {
        let (_, condition) = query.split_once('&').unwrap_or((query, ""));
        let all = format!("/collections/room/items?limit=100000&{condition}");
        let whole = ids(&server, all.trim_end_matches('&'));
        assert!(whole.len() >= 35, "{query}: {}", whole.len());
        let mut met = Vec::new();
        let mut path = Some(format!("/collections/room/items?{query}"));
        let mut pages = 0;
        while let Some(asked) = path {
            let page = server.get(&asked).json();
            assert_eq!(page["numberMatched"], whole.len(), "{asked}");
            let given: Vec<String> = features(&page).iter().map(id).collect();
            for feature in features(&page) {
                assert_ne!(
                    feature["properties"]["room_no"], "改过",
                    "a later moment: {asked}"
                );
            }
            if pages == 1 {
                // What is yet to come is deleted, changed and renamed; more comes.
                let (gone, other) = (format!("m{}", round + 30), format!("m{}", round + 20));
                let version_of = |id: &str| version(&server, "room", id);
                well(change(
                    &server,
                    json!([
                        { "op": "delete", "layer": "room", "id": gone, "version": version_of(&gone) },
                        { "op": "update", "layer": "room", "id": other, "version": version_of(&other),
                          "feature": { "properties": { "code": format!("AAA{round}"), "floor": 1, "room_no": "改过" } } },
                        room(&format!("n{round}"), &format!("新{round}")),
                    ]),
                ));
            }
            pages += 1;
            met.extend(given);
            path = next(&server, &page);
        }
        assert!(pages > 2, "{query}: {pages} pages");
        let once: BTreeSet<String> = met.iter().cloned().collect();
        assert_eq!(met.len(), once.len(), "{query}: something came twice");
        assert_eq!(once, whole, "{query}");
        // What was changed is put right for the next way of asking.
        let other = format!("m{}", round + 20);
        well(change(
            &server,
            json!([{ "op": "update", "layer": "room", "id": other, "version": version(&server, "room", &other),
                "feature": { "properties": { "code": format!("复{round}"), "floor": 77, "room_no": null } } }]),
        ));
    }
    let wrong = server.get("/collections/room/items?cursor=x");
    assert_eq!(wrong.status, 400);
}

/// A village with accounts, its data manager and a worker who answers for one grid.
fn territory() -> (TempDir, Server, Asker, Asker) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("village.gpkg");
    std::fs::copy(village("donghua"), &file).expect("a copy");
    let server = Server::start_with(&file, &[]);
    let (manager, worker) = (
        server.sign_in("data_manager"),
        server.sign_in("grid_worker"),
    );
    (folder, server, manager, worker)
}

/// Somebody moves from one grid to another: the worker of the first sees them in the past of
/// their grid and no more now, in lists and one by one; of the other grid's past nothing.
#[test]
fn the_past_of_a_table_is_cut_to_where_things_were() {
    let (_folder, _server, manager, worker) = territory();
    let rooms = ids(&worker, "/collections/room/items?limit=100000");
    let all = manager.get("/collections/room/items?limit=100000").json();
    let away = (features(&all).iter())
        .find(|room| !rooms.contains(&id(room)))
        .expect("a room of another grid");
    let stays = worker.get("/collections/residence/items?limit=100000&filter=moved_out%20IS%20NULL%20AND%20room%20IS%20NOT%20NULL");
    let stays = stays.json();
    let people = ids(&worker, "/collections/person/items?limit=100000");
    let alone = (features(&stays).iter())
        .find(|stay| {
            let person = &stay["properties"]["person"];
            let of = |other: &&Value| other["properties"]["person"] == *person;
            features(&stays).iter().filter(of).count() == 1
        })
        .expect("somebody who lives in one place");
    let (stay, person) = (
        id(alone),
        alone["properties"]["person"]
            .as_str()
            .expect("a person")
            .to_owned(),
    );
    assert!(people.contains(&person));
    let done = well(change(
        &manager,
        json!([{ "op": "update", "layer": "residence", "id": stay, "version": version(&manager, "residence", &stay),
            "feature": { "properties": { "room": id(away), "building": away["properties"]["building"], "household": null } } }]),
    ));
    let before = done["sequence"].as_u64().expect("a number") - 1;
    for (layer, moved, had) in [("person", &person, people.len()), ("residence", &stay, 0)] {
        let items = format!("/collections/{layer}/items");
        let now = ids(&worker, &format!("{items}?limit=100000"));
        assert!(!now.contains(moved), "{layer}: no more in this grid");
        let past = ids(&worker, &format!("{items}?limit=100000&as-of={before}"));
        assert!(past.contains(moved), "{layer}: was in this grid");
        assert_eq!(past.len(), now.len() + 1, "{layer}");
        assert!(had == 0 || past.len() == had, "{layer}");
        let one = |query: &str| worker.get(&format!("{items}/{moved}{query}"));
        assert_eq!(one("").status, 404, "{layer}");
        let was = one(&format!("?as-of={before}"));
        assert_eq!(was.status, 200, "{layer}: {}", was.text());
        if layer == "residence" {
            assert_eq!(
                was.json()["properties"]["room"],
                alone["properties"]["room"]
            );
        }
    }
    // A room elsewhere was elsewhere then, too.
    let elsewhere = worker.get(&format!(
        "/collections/room/items/{}?as-of={before}",
        id(away)
    ));
    assert_eq!(elsewhere.status, 404);
    assert_eq!(
        ids(
            &worker,
            &format!("/collections/room/items?limit=100000&as-of={before}")
        ),
        rooms
    );
}

/// Whoever answers for a territory takes back what they did in it, and nothing else.
#[test]
fn who_answers_for_a_territory_takes_back_what_they_did_in_it() {
    let (_folder, _server, manager, worker) = territory();
    let own = &features(&worker.get("/collections/building/items?limit=1").json())[0].clone();
    let sets = |asker: &Asker, floors: u64| {
        let version = version(asker, "building", &id(own));
        let done = well(change(
            asker,
            json!([
                { "op": "update", "layer": "building", "id": id(own), "version": version,
                  "feature": { "properties": { "floors_up": floors } } },
                { "op": "insert", "layer": "room", "id": format!("r{floors}"),
                  "feature": { "properties": { "building": id(own), "code": format!("撤{floors}") } } },
            ]),
        ));
        done["change_set"].as_u64().expect("a change set")
    };
    let back = |asker: &Asker, set: u64| asker.post(&format!("/changes/{set}/revert"), &json!({}));
    let set = sets(&worker, 29);
    well(back(&worker, set));
    let item = worker
        .get(&format!("/collections/building/items/{}", id(own)))
        .json();
    assert_eq!(
        item["properties"]["floors_up"],
        own["properties"]["floors_up"]
    );
    assert_eq!(worker.get("/collections/room/items/r29").status, 404);
    // Another's set, though it lies in the territory.
    let others = sets(&manager, 28);
    assert_eq!(back(&worker, others).status, 403);
    well(back(&manager, others));
    // Their own, after the house was moved out of their territory.
    let set = sets(&worker, 27);
    let all = manager
        .get("/collections/building/items?limit=100000")
        .json();
    let mine = ids(&worker, "/collections/building/items?limit=100000");
    let away = features(&all)
        .iter()
        .find(|house| !mine.contains(&id(house)))
        .expect("another grid");
    let moved = well(change(
        &manager,
        json!([{ "op": "update", "layer": "building", "id": id(own), "version": version(&manager, "building", &id(own)),
            "feature": { "geometry": away["geometry"] } }]),
    ));
    assert!(moved["sequence"].is_u64());
    assert_eq!(back(&worker, set).status, 404);
}
