//! Who sees what: every role against every layer and every way out, in and out of its territory.

use std::{collections::BTreeSet, fs, path::PathBuf};

use serde_json::{Value, json};
use yizhangtu_tests::{Asker, ROLES, Server, run, run_well, village};

/// A village of one's own, served; the folder goes with it.
fn served() -> (tempfile::TempDir, PathBuf, Server) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("village.gpkg");
    fs::copy(village("donghua"), &file).expect("a copy");
    let server = Server::start_with(&file, &[]);
    (folder, file, server)
}

fn granted(session: &Value, layer: &str) -> BTreeSet<String> {
    let actions = session["rights"]["layers"][layer]
        .as_array()
        .expect("actions");
    actions
        .iter()
        .map(|action| action.as_str().expect("a word").to_owned())
        .collect()
}

#[test]
fn every_role_meets_its_matrix_at_every_layer_and_way_out() {
    let server = Server::start(&village("donghua"));
    let layers: Vec<String> = server.get("/session").json()["rights"]["layers"]
        .as_object()
        .expect("layers")
        .keys()
        .cloned()
        .collect();
    assert!(layers.len() > 40);
    let tiled: BTreeSet<String> = server.get("/catalog").json()["layers"]
        .as_array()
        .expect("layers")
        .iter()
        .filter(|layer| layer["tiles"] == json!(true))
        .map(|layer| layer["id"].as_str().expect("an id").to_owned())
        .collect();
    let mut personal_layers = BTreeSet::new();
    for role in ROLES {
        let asker = server.sign_in(role);
        let session = asker.get("/session").json();
        let catalog = asker.get("/catalog").json();
        let listed: BTreeSet<&str> = (catalog["layers"].as_array().expect("layers").iter())
            .map(|layer| layer["id"].as_str().expect("an id"))
            .collect();
        // What a role doesn't see is not in its catalog, whatever it is about.
        let personal: BTreeSet<&str> = (catalog["layers"].as_array().expect("layers").iter())
            .filter(|layer| layer["personal"] == json!(true))
            .map(|layer| layer["id"].as_str().expect("an id"))
            .collect();
        personal_layers.extend(personal.iter().map(|&id| id.to_owned()));
        let mut counts = false;
        for layer in &layers {
            let actions = granted(&session, layer);
            let views = actions.contains("view");
            counts |= actions.contains("count");
            let expected = if views { 200 } else { 404 };
            for path in [
                format!("/collections/{layer}"),
                format!("/collections/{layer}/schema"),
                format!("/collections/{layer}/queryables"),
                format!("/collections/{layer}/items?limit=1"),
            ] {
                assert_eq!(asker.get(&path).status, expected, "{role} {path}");
            }
            // A table of people is a file to take away, which somebody else approves.
            let table = asker.get(&format!("/collections/{layer}/items?limit=1&f=csv"));
            let expected = if views && personal.contains(layer.as_str()) {
                403
            } else {
                expected
            };
            assert_eq!(table.status, expected, "{role} {layer}");
            if tiled.contains(layer) {
                assert_eq!(
                    asker.get(&format!("/tiles/{layer}.json")).status,
                    expected,
                    "{role} {layer}"
                );
                let tiles = asker.get(&format!("/collections/{layer}/tiles")).status;
                assert_eq!(tiles, expected, "{role} {layer}");
                let tile = asker.get(&format!("/tiles/{layer}/14/13357/7104")).status;
                assert_eq!(tile == 404, !views, "{role} {layer}: {tile}");
            }
            assert_eq!(listed.contains(layer.as_str()), views, "{role} {layer}");
        }
        let drawn = json!({ "area": { "type": "Polygon", "coordinates": [[[113.58, 23.1], [113.6, 23.1], [113.6, 23.12], [113.58, 23.12], [113.58, 23.1]]] } });
        let counted = asker.post("/statistics", &drawn).status;
        assert_eq!(counted, if counts { 200 } else { 403 }, "{role}");
        let audits = asker.get("/audit").status;
        assert_eq!(audits, if role == "auditor" { 200 } else { 403 }, "{role}");
        let metrics = asker.get("/metrics").status;
        assert_eq!(
            metrics,
            if role == "system_admin" { 200 } else { 403 },
            "{role}"
        );
    }
    assert!(personal_layers.len() > 5, "{personal_layers:?}");
}

/// A building with a point inside it.
struct House {
    id: String,
    code: String,
    point: [f64; 2],
}

/// A building with residents in a grid, and one in another.
fn houses(guest: &Server, own_grid: &str) -> (House, House) {
    let page = guest.get("/collections/building/items?limit=2000").json();
    let (mut own, mut other) = (None, None);
    for feature in page["features"].as_array().expect("features") {
        let ring = match feature["geometry"]["type"].as_str() {
            Some("Polygon") => &feature["geometry"]["coordinates"][0],
            _ => &feature["geometry"]["coordinates"][0][0],
        };
        let corners = ring.as_array().expect("a ring");
        let mean = |axis: usize| {
            let sum: f64 = corners[1..]
                .iter()
                .map(|at| at[axis].as_f64().expect("a number"))
                .sum();
            sum / (corners.len() - 1) as f64
        };
        let point = [mean(0), mean(1)];
        let there = guest
            .get(&format!("/lookup?point={},{}", point[0], point[1]))
            .json();
        if there["at"]["building"][0]["id"] != feature["id"]
            || there["residents"].as_array().is_none_or(Vec::is_empty)
        {
            continue;
        }
        let house = House {
            id: feature["id"].as_str().expect("an id").to_owned(),
            code: feature["properties"]["code"]
                .as_str()
                .expect("a code")
                .to_owned(),
            point,
        };
        let slot = if there["at"]["grid"][0]["id"] == json!(own_grid) {
            &mut own
        } else {
            &mut other
        };
        slot.get_or_insert(house);
        if own.is_some() && other.is_some() {
            break;
        }
    }
    (
        own.expect("a house in the grid"),
        other.expect("a house elsewhere"),
    )
}

fn at(asker: &Asker, house: &House) -> Value {
    asker
        .get(&format!(
            "/lookup?point={},{}",
            house.point[0], house.point[1]
        ))
        .json()
}

#[test]
fn what_lies_in_another_s_grid_is_as_absent_as_what_never_was() {
    let (_folder, _, server) = served();
    let worker = server.sign_in("grid_worker");
    let session = worker.get("/session").json();
    let own_grid = session["territory"][0]["id"]
        .as_str()
        .expect("a grid")
        .to_owned();
    let (own, other) = houses(&server, &own_grid);

    // Items: the same words for another's house and for none.
    let refused = |id: &str| {
        let reply = worker.get(&format!("/collections/building/items/{id}"));
        (reply.status, reply.text().replace(id, "ID"))
    };
    assert_eq!(
        worker
            .get(&format!("/collections/building/items/{}", own.id))
            .status,
        200
    );
    assert_eq!(refused(&other.id), refused("01NOTHERE"));
    assert_eq!(refused(&other.id).0, 404);
    let filtered = worker
        .get(&format!("/collections/building/items?id={}", other.id))
        .json();
    assert_eq!(filtered["numberMatched"], json!(0));

    // Lookup.
    let (here, there) = (at(&worker, &own), at(&worker, &other));
    assert_eq!(here["at"]["building"][0]["id"], json!(own.id));
    assert!(!here["residents"].as_array().expect("residents").is_empty());
    for empty in [
        &there["at"]["building"],
        &there["at"]["grid"],
        &there["residents"],
    ] {
        assert_eq!(*empty, json!([]), "{there}");
    }
    let bulk = worker.post_as(
        "/lookup",
        "text/csv",
        format!("lon,lat\n{},{}\n", other.point[0], other.point[1]).as_bytes(),
    );
    assert!(!bulk.text().contains(&other.code), "{}", bulk.text());

    // Counts: what the worker may list is what the grid holds, by derived geometry.
    let grid = server
        .post("/statistics", &json!({ "layer": "grid", "id": own_grid }))
        .json();
    let listed = worker.get("/collections/building/items?limit=1").json();
    assert_eq!(listed["numberMatched"], grid["buildings"]["count"]);
    let people = worker.get("/collections/person/items?limit=1").json();
    assert_eq!(people["numberMatched"], grid["people"]["total"]);
    let everywhere = json!({ "area": { "type": "Polygon", "coordinates": [[[113.5, 23.0], [113.7, 23.0], [113.7, 23.2], [113.5, 23.2], [113.5, 23.0]]] } });
    let counted = worker.post("/statistics", &everywhere);
    if counted.status == 200 {
        assert_eq!(counted.json()["people"]["total"], grid["people"]["total"]);
        assert_eq!(
            counted.json()["buildings"]["count"],
            grid["buildings"]["count"]
        );
    }
    let grids = server.get("/collections/grid/items?limit=100").json();
    let another = (grids["features"].as_array().expect("grids").iter())
        .map(|grid| grid["id"].as_str().expect("an id"))
        .find(|id| *id != own_grid)
        .expect("another grid");
    let refused = |id: &str| {
        let reply = worker.post("/statistics", &json!({ "layer": "grid", "id": id }));
        (reply.status, reply.text().replace(id, "ID"))
    };
    assert_eq!(refused(another), refused("01NOTHERE"));
    assert_eq!(refused(another).0, 404);

    // Search.
    let found = |code: &str| {
        let results = worker
            .get(&format!("/search?q={code}&kinds=building"))
            .json();
        results["results"].as_array().expect("results").len()
    };
    assert!(found(&own.code) > 0);
    assert_eq!(found(&other.code), 0);

    // Tiles: painted for the class; the guest's, painted before, is not given out.
    let n = f64::from(1 << 17);
    let x = ((other.point[0] + 180.0) / 360.0 * n) as u32;
    let y =
        ((1.0 - other.point[1].to_radians().tan().asinh() / std::f64::consts::PI) / 2.0 * n) as u32;
    let path = format!("/tiles/building/17/{x}/{y}");
    let guest = server.get(&path);
    assert_eq!(guest.status, 200);
    let limited = worker.get(&path);
    assert_ne!(limited.body, guest.body);
    assert_eq!(server.get(&path).body, guest.body);
}

#[test]
fn one_record_is_unmasked_for_a_reason_and_on_record() {
    let (_folder, file, server) = served();
    let worker = server.sign_in("grid_worker");
    let own_grid = worker.get("/session").json()["territory"][0]["id"]
        .as_str()
        .expect("a grid")
        .to_owned();
    let (own, other) = houses(&server, &own_grid);
    let resident = |house: &House| at_guest(&server, house);
    let (near, far) = (resident(&own), resident(&other));
    let unmask = |asker: &Asker, id: &str, reason: &str| {
        asker.post(
            &format!("/collections/person/items/{id}/unmask"),
            &json!({ "reason": reason }),
        )
    };
    let shown = unmask(&worker, &near, "入户走访核实身份");
    assert_eq!(shown.status, 200, "{}", shown.text());
    assert_eq!(shown.header("cache-control"), Some("no-store"));
    let name = shown.json()["properties"]["name"]
        .as_str()
        .expect("a name")
        .to_owned();
    assert!(!name.contains('*'), "{name}");
    let masked = worker
        .get(&format!("/collections/person/items/{near}"))
        .json();
    assert_ne!(
        masked["properties"]["name"],
        json!(name),
        "elsewhere it stays masked"
    );
    assert_eq!(unmask(&worker, &near, " ").status, 422);
    assert_eq!(
        unmask(&worker, &far, "想看看").status,
        404,
        "in another's grid"
    );
    assert_eq!(
        unmask(&server.sign_in("village_clerk"), &near, "想看看他").status,
        403
    );
    assert_eq!(
        unmask(&server.sign_in("planner"), &near, "想看看他").status,
        404
    );
    assert_eq!(unmask(&server, &near, "想看看他").status, 401, "a guest");
    worker.get("/search?q=13812345678");

    let auditor = server.sign_in("auditor");
    let rows = auditor.get("/audit?limit=200").json();
    let rows = rows["rows"].as_array().expect("rows");
    let done: Vec<&Value> = rows
        .iter()
        .filter(|row| row["action"] == json!("unmask") && row["outcome"] == json!("done"))
        .collect();
    assert_eq!(done.len(), 1);
    assert_eq!(done[0]["user"], json!("grid_worker"));
    assert_eq!(done[0]["reason"], json!("入户走访核实身份"));
    assert_eq!(done[0]["object"], json!(format!("person/{near}")));
    assert!(
        rows.iter()
            .any(|row| row["action"] == json!("unmask") && row["outcome"] == json!("refused"))
    );
    assert!(
        rows.iter()
            .any(|row| row["action"] == json!("login") && row["user"] == json!("grid_worker"))
    );
    let all = auditor.get("/audit?limit=200").text();
    assert!(
        !all.contains("13812345678") && !all.contains(&name),
        "nothing personal is in the log"
    );
    let csv = auditor.get("/audit?f=csv").text();
    assert!(csv.contains("入户走访核实身份"), "{csv}");
    assert_eq!(auditor.get("/audit/state").json()["whole"], json!(true));
    drop(server);
    assert!(run_well(["audit", "verify", file.to_str().expect("UTF-8")]).contains("日志完整"));
}

fn at_guest(server: &Server, house: &House) -> String {
    at(server, house)["residents"][0]["id"]
        .as_str()
        .expect("a resident")
        .to_owned()
}

#[test]
fn nothing_is_unmasked_where_it_cannot_be_logged() {
    let server = Server::start(&village("donghua"));
    let worker = server.sign_in("grid_worker");
    let own_grid = worker.get("/session").json()["territory"][0]["id"]
        .as_str()
        .expect("a grid")
        .to_owned();
    let (own, _) = houses(&server, &own_grid);
    let id = at_guest(&server, &own);
    let reply = worker.post(
        &format!("/collections/person/items/{id}/unmask"),
        &json!({ "reason": "入户走访核实身份" }),
    );
    assert_eq!(reply.status, 503, "{}", reply.text());
}

#[test]
fn a_grid_given_to_another_moves_the_rights_at_once() {
    let (_folder, file, server) = served();
    let worker = server.sign_in("grid_worker");
    let own_grid = worker.get("/session").json()["territory"][0]["id"]
        .as_str()
        .expect("a grid")
        .to_owned();
    let (own, other) = houses(&server, &own_grid);
    let sees = |house: &House| {
        worker
            .get(&format!("/collections/building/items/{}", house.id))
            .status
            == 200
    };
    assert!(sees(&own) && !sees(&other));
    let there = at(&server, &other)["at"]["grid"][0]["id"]
        .as_str()
        .expect("a grid")
        .to_owned();
    run_well([
        "user",
        "role",
        file.to_str().expect("UTF-8"),
        "grid_worker",
        "grid_worker",
        "--territory",
        &format!("grid:{there}"),
    ]);
    let began = std::time::Instant::now();
    while !sees(&other) {
        assert!(
            began.elapsed().as_secs() < 30,
            "the new territory is not seen"
        );
    }
    assert!(!sees(&own));
    assert_eq!(
        run(["audit", "verify", "nowhere.gpkg"]).status.code(),
        Some(1)
    );
}

#[test]
fn whoever_is_bound_to_a_grid_takes_back_what_they_did_there_and_nothing_else() {
    let (_folder, _file, server) = served();
    let worker = server.sign_in("grid_worker");
    let grid = worker.get("/session").json()["territory"][0]["id"].clone();
    let (own, other) = houses(&server, grid.as_str().expect("a grid"));
    let visit = |house: &House| {
        json!({ "reason": "走访", "changes": [{ "op": "insert", "layer": "visit", "feature": { "properties": {
            "building": house.id, "outcome": "已访", "visited_at": "2026-01-05T09:00:00+08:00"
        } } }] })
    };
    let take_back = |set: &Value| worker.post(&format!("/changes/{set}/revert"), &json!({}));
    let made = worker.post("/changes", &visit(&own));
    assert_eq!(made.status, 200, "{}", made.text());
    let made = made.json();
    let id = made["features"][0]["id"].as_str().expect("an id");
    let back = take_back(&made["change_set"]);
    assert_eq!(back.status, 200, "{}", back.text());
    let path = format!("/collections/visit/items/{id}");
    assert_eq!(worker.get(&path).status, 404);
    // A resident's own record, whose place is where they live, is corrected and put back too.
    let page = worker.get(&format!("/houses/{}", own.id)).json();
    let rooms = page["rooms"].as_array().expect("rooms");
    let person = &(rooms.iter())
        .find_map(|room| room["residents"].as_array()?.first())
        .expect("somebody lives there")["person"];
    let corrected = worker.post(
        "/changes",
        &json!({ "reason": "更正", "changes": [{ "op": "update", "layer": "person", "id": person["id"],
            "version": person["version"], "feature": { "properties": { "source_note": "现场核对" } } }] }),
    );
    assert_eq!(corrected.status, 200, "{}", corrected.text());
    let back = take_back(&corrected.json()["change_set"]);
    assert_eq!(back.status, 200, "{}", back.text());
    // What somebody else did, in the grid or out of it, stands.
    let clerk = server.sign_in("village_clerk");
    for house in [&own, &other] {
        let made = clerk.post("/changes", &visit(house)).json();
        assert_eq!(take_back(&made["change_set"]).status, 403);
    }
}
