//! Rights that move: the matrix changed, a grid given to somebody else, an account locked; at
//! once, and also for what is open.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use serde_json::{Value, json};
use yizhangtu_tests::{Asker, Reply, Server, live::Stream, village};

fn served() -> (tempfile::TempDir, PathBuf, Server) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("village.gpkg");
    fs::copy(village("donghua"), &file).expect("a copy");
    let server = Server::start_with(&file, &[]);
    (folder, file, server)
}

fn patch(asker: &Asker, path: &str, body: &Value) -> Reply {
    let headers = [("content-type", "application/json")];
    asker.send("PATCH", path, &headers, body.to_string().as_bytes())
}

fn change(asker: &Asker, change: Value) -> Reply {
    let version = asker.get("/rights").json()["version"].clone();
    let body = json!({ "version": version, "reason": "分工调整", "changes": [change] });
    patch(asker, "/rights", &body)
}

#[test]
fn the_matrix_is_changed_in_the_service_and_holds_at_once() {
    let (_folder, file, server) = served();
    let security = server.sign_in("security_admin");
    let planner = server.sign_in("planner");
    let path = "/collections/plan_land/items?limit=1";
    assert_eq!(planner.get(path).status, 200);
    let taken = change(
        &security,
        json!({ "role": "planner", "layer": "plan_land", "letters": "" }),
    );
    assert_eq!(taken.status, 200, "{}", taken.text());
    assert_eq!(planner.get(path).status, 404);
    let matrix = security.get("/rights").json();
    assert_eq!(matrix["version"], "office-1");
    let past = &matrix["past"][0];
    assert_eq!(
        (&past["author"], &past["reason"]),
        (&json!("security_admin"), &json!("分工调整"))
    );
    assert!(
        past["changes"]
            .as_str()
            .expect("words")
            .contains("planner plan_land — → 0"),
        "{past}"
    );
    assert!(
        matrix["themes"]
            .as_array()
            .is_some_and(|all| all.iter().any(|one| one["title"]["zh"] == "国土规划"))
    );

    // Made from a version that is no longer in force.
    let body = json!({ "version": "1", "reason": "分工调整", "changes": [{ "role": "planner", "layer": "plan_land" }] });
    assert_eq!(patch(&security, "/rights", &body).status, 409);
    // What would undo the separation of the administrators, or names what is not there.
    for (wrong, field) in [
        (
            json!({ "role": "auditor", "theme": "four_standards", "letters": "V" }),
            "auditor",
        ),
        (
            json!({ "role": "security_admin", "layer": "person", "letters": "VF" }),
            "security_admin",
        ),
        (
            json!({ "role": "local", "theme": "planning", "letters": "" }),
            "local",
        ),
        (
            json!({ "role": "planner", "theme": "no_such", "letters": "V" }),
            "theme",
        ),
        (
            json!({ "role": "planner", "layer": "attachment", "letters": "V" }),
            "attachment",
        ),
        (
            json!({ "role": "planner", "theme": "planning", "letters": "Q" }),
            "letters",
        ),
        (
            json!({ "role": "planner", "theme": "planning", "layer": "grid", "letters": "V" }),
            "both",
        ),
    ] {
        assert_eq!(change(&security, wrong).status, 422, "{field}");
    }
    assert_eq!(
        change(
            &planner,
            json!({ "role": "planner", "layer": "person", "letters": "VF" })
        )
        .status,
        403
    );

    // It outlives the service, and is given back.
    server.kill();
    let server = Server::start_with(&file, &[]);
    let (security, planner) = (server.sign_in("security_admin"), server.sign_in("planner"));
    assert_eq!(planner.get(path).status, 404);
    let given = change(
        &security,
        json!({ "role": "planner", "layer": "plan_land" }),
    );
    assert_eq!(given.status, 200);
    assert_eq!(planner.get(path).status, 200);
    let auditor = server.sign_in("auditor");
    let rows = auditor.get("/audit?action=rights_changed").json();
    assert_eq!(rows["rows"].as_array().expect("rows").len(), 2);
}

#[test]
fn hidden_fields_and_duties_change_in_the_service_too() {
    let (_folder, _file, server) = served();
    let (security, lawyer) = (
        server.sign_in("security_admin"),
        server.sign_in("legal_officer"),
    );
    let clerk = server.sign_in("village_clerk");
    let owners = || {
        let houses = lawyer.get("/collections/building/items?limit=500").json();
        let houses = houses["features"].as_array().expect("features").clone();
        let owned = |house: &&Value| house["properties"]["owner"].is_string();
        houses.iter().filter(owned).count()
    };
    assert!(owners() > 10);
    let hidden = json!({ "role": "legal_officer", "layer": "building", "hidden": ["owner"] });
    let done = change(&security, hidden);
    assert_eq!(done.status, 200, "{}", done.text());
    assert_eq!(owners(), 0, "for everybody in the role, at once");

    // A duty is given: the clerk decides on what others take away.
    assert_eq!(clerk.get("/exports").json()["decides"], json!(false));
    let given = json!({ "role": "village_clerk", "duties": ["exports"] });
    let done = change(&security, given);
    assert_eq!(
        done.json()["changes"],
        json!("village_clerk duties — → exports"),
        "{}",
        done.text()
    );
    assert_eq!(clerk.get("/exports").json()["decides"], json!(true));

    // What would join the three administrators' duties to others, or names what there is not.
    for wrong in [
        json!({ "role": "planner", "duties": ["accounts"] }),
        json!({ "role": "planner", "duties": ["audit", "exports"] }),
        json!({ "role": "auditor", "duties": [] }),
        json!({ "role": "auditor", "second_factor": false }),
        json!({ "role": "planner", "layer": "building", "hidden": ["no_such"] }),
        json!({ "role": "planner", "layer": "building", "hidden": ["address"] }),
        json!({ "role": "planner", "theme": "base", "hidden": [] }),
        json!({ "role": "planner", "theme": "base", "second_factor": true }),
        json!({ "role": "planner", "duties": [], "bound": true }),
        json!({ "role": "planner" }),
    ] {
        let refused = change(&security, wrong.clone());
        assert_eq!(refused.status, 422, "{wrong}");
        let matrix = security.get("/rights").json();
        assert_eq!(matrix["version"], json!("office-2"), "nothing changed");
    }
    let matrix = security.get("/rights").json();
    let roles = matrix["roles"].as_array().expect("roles");
    let lawyer = roles.iter().find(|role| role["id"] == "legal_officer");
    let hidden = &lawyer.expect("a role")["hidden"];
    assert_eq!(*hidden, json!({ "building": ["owner"] }));
}

#[test]
fn a_territory_is_a_district_a_co_op_a_grid_or_several_of_them() {
    let (_folder, _file, server) = served();
    let (manager, security) = (
        server.sign_in("data_manager"),
        server.sign_in("security_admin"),
    );
    // A street of the west of the village.
    let ring = [
        [113.0, 22.0],
        [113.639, 22.0],
        [113.639, 24.0],
        [113.0, 24.0],
        [113.0, 22.0],
    ];
    let street = json!({
        "type": "Feature",
        "geometry": { "type": "Polygon", "coordinates": [ring] },
        "properties": { "code": "440118101", "name": "新塘镇", "level": "镇街" },
    });
    let made = manager.post("/collections/admin_area/items", &street);
    assert_eq!(made.status, 201, "{}", made.text());
    let found = security.get("/accounts/places?layer=admin_area&q=440118101");
    let street = found.json()["places"][0]["id"].clone();
    let first = |layer: &str| {
        let found = security.get(&format!("/accounts/places?layer={layer}&q="));
        found.json()["places"][0]["id"].clone()
    };
    let places = |asker: &Asker| -> BTreeMap<String, f64> {
        let houses = asker.get("/collections/building/items?limit=2000").json();
        let houses = houses["features"].as_array().expect("features").clone();
        let id = |house: &Value| house["id"].as_str().expect("an id").to_owned();
        let west = |house: &Value| {
            let ring = house["geometry"]["coordinates"][0]
                .as_array()
                .expect("a ring")
                .clone();
            let lon = ring.iter().filter_map(|corner| corner[0].as_f64());
            lon.fold(f64::NEG_INFINITY, f64::max)
        };
        houses
            .iter()
            .map(|house| (id(house), west(house)))
            .collect()
    };
    let all = places(&manager);
    let seen = |territory: Value| {
        let given = json!({ "territory": territory });
        let done = patch(&security, "/accounts/village_clerk", &given);
        assert_eq!(done.status, 200, "{}", done.text());
        places(&server.sign_in("village_clerk"))
    };
    let of_street = seen(json!([{ "layer": "admin_area", "id": street }]));
    assert!(!of_street.is_empty() && of_street.len() < all.len());
    // Whole houses west of its edge are seen, and none east of it.
    let west = all.iter().filter(|(_, east)| **east < 113.639);
    assert!(west.clone().count() > 0);
    for (id, _) in west {
        assert!(of_street.contains_key(id), "{id}");
    }
    let grid = seen(json!([{ "layer": "grid", "id": first("grid") }]));
    let co_op = seen(json!([{ "layer": "co_op", "id": first("co_op") }]));
    let both = seen(json!([
        { "layer": "grid", "id": first("grid") },
        { "layer": "co_op", "id": first("co_op") },
    ]));
    assert!(!grid.is_empty() && !co_op.is_empty());
    let either = grid.keys().chain(co_op.keys());
    assert_eq!(both.keys().collect::<BTreeSet<_>>(), either.collect());
    let village = seen(json!([{ "layer": "village", "id": first("village") }]));
    assert!(village.len() > all.len() * 9 / 10);
}

/// Writes something new into a house.
fn touch(manager: &Asker, house: &str, alias: &str) {
    let path = format!("/collections/building/items/{house}");
    let tag = manager.get(&path).header("etag").expect("a tag").to_owned();
    let headers = [
        ("content-type", "application/merge-patch+json"),
        ("if-match", &*tag),
    ];
    let body = json!({ "properties": { "alias": alias } }).to_string();
    let reply = manager.send("PATCH", &path, &headers, body.as_bytes());
    assert!(reply.status < 300, "{}", reply.text());
}

#[test]
fn an_open_stream_follows_the_rights_of_whoever_listens() {
    let (_folder, _file, server) = served();
    let manager = server.sign_in("data_manager");
    let security = server.sign_in("security_admin");
    let worker = server.sign_in("grid_worker");
    let own = worker.get("/collections/building/items?limit=1").json();
    let house = own["features"][0]["id"]
        .as_str()
        .expect("a house")
        .to_owned();

    let mut stream = Stream::open(&worker);
    touch(&manager, &house, "试一");
    assert!(stream.tells(&house), "{}", stream.heard());

    // The grid goes to somebody else: the stream says no more of it.
    let grids = server.get("/collections/grid/items?limit=50").json();
    let other = grids["features"][5]["id"].clone();
    let body = json!({ "territory": [{ "layer": "grid", "id": other }] });
    let given = patch(&security, "/accounts/grid_worker", &body);
    assert_eq!(given.status, 200, "{}", given.text());
    stream.taken();
    touch(&manager, &house, "试二");
    assert!(stream.ends(), "{}", stream.heard());
    assert!(!stream.heard().contains(&house), "{}", stream.heard());
    // Signed in again, the house of the old grid is as absent as one that never was.
    let worker = server.sign_in("grid_worker");
    assert_eq!(
        worker
            .get(&format!("/collections/building/items/{house}"))
            .status,
        404
    );

    // The matrix takes a layer away: the stream goes on, without it.
    let planner = server.sign_in("planner");
    let mut stream = Stream::open(&planner);
    touch(&manager, &house, "试三");
    assert!(stream.tells(&house), "{}", stream.heard());
    let taken = change(
        &security,
        json!({ "role": "planner", "layer": "building", "letters": "S" }),
    );
    assert_eq!(taken.status, 200, "{}", taken.text());
    stream.taken();
    touch(&manager, &house, "试四");
    assert!(!stream.tells(&house), "{}", stream.heard());
}

/// Changes a book of rules, and gives the answer.
fn rule(asker: &Asker, book: &str, change: impl Fn(&mut Value)) -> Reply {
    let all = asker.get("/rules").json();
    let found = all["books"].as_array().expect("books").iter();
    let found = found
        .clone()
        .find(|one| one["id"] == book)
        .expect("the book");
    let mut values = found["values"].clone();
    change(&mut values);
    let body = json!({ "version": found["latest"], "reason": "按本区规定", "values": values });
    patch(asker, &format!("/rules/{book}"), &body)
}

#[test]
fn an_office_s_own_rules_hold_at_once_outlive_the_service_and_are_taken_back() {
    let (_folder, file, server) = served();
    let (security, clerk) = (
        server.sign_in("security_admin"),
        server.sign_in("village_clerk"),
    );
    let birth = |asker: &Asker| {
        let people = asker.get("/collections/person/items?limit=200").json();
        let people = people["features"].as_array().expect("people").clone();
        let seen = |one: &Value| one["properties"]["birth"].as_str().map(str::to_owned);
        people.iter().find_map(seen)
    };
    let ages = |asker: &Asker| -> usize {
        let grid = asker.get("/collections/grid/items?limit=1").json()["features"][0]["id"].clone();
        let counted = asker
            .post("/statistics", &json!({ "layer": "grid", "id": grid }))
            .json();
        counted["people"]["by_age"].as_array().map_or(0, Vec::len)
    };
    assert!(birth(&clerk).is_some());
    let bands = ages(&clerk);
    assert!(bands > 3, "{bands}");
    // By field, role and way out: on the screen the clerk sees no ages any more, and no others lose them.
    let hides = |values: &mut Value| {
        let own = json!({ "field": "person.birth", "roles": ["village_clerk"], "channels": ["screen"], "show": "hidden" });
        values["rules"]
            .as_array_mut()
            .expect("rules")
            .insert(0, own);
    };
    let done = rule(&security, "masks", hides);
    assert_eq!(done.status, 200, "{}", done.text());
    assert_eq!(birth(&clerk), None);
    assert!(birth(&server.sign_in("dispatcher")).is_some());
    // What people are counted by: the houses are counted anew by it.
    let fewer = |values: &mut Value| values["ages"]["from"] = json!([0, 60]);
    assert_eq!(rule(&security, "people", fewer).status, 200);
    let began = std::time::Instant::now();
    while ages(&clerk) == bands {
        assert!(
            began.elapsed().as_secs() < 20,
            "the new bands are not counted"
        );
    }
    assert!(ages(&clerk) < bands);
    // A threshold that no source confirms holds once the office switches it on.
    let short = |asker: &Asker| -> usize {
        let all = asker.get("/renewal/units").json();
        let units = all["units"].as_array().expect("units").iter();
        units
            .filter(|unit| unit["maturity"]["short_of"] != json!([]))
            .count()
    };
    assert_eq!(short(&clerk), 0);
    let binding = |values: &mut Value| {
        let own = &mut values["thresholds"][0];
        own["on"] = json!(true);
        own["at_least"] = json!(1);
        own["stages"] = json!(["0", "1", "2", "3", "4", "5", "6", "7", "8"]);
    };
    let done = rule(&security, "thresholds", binding);
    assert_eq!(done.status, 200, "{}", done.text());
    assert!(short(&clerk) > 0);
    // What can't hold is named by its figure, and nothing changes.
    let wrong = rule(&security, "security", |values| {
        values["session"]["idle_minutes"] = json!(0)
    });
    assert_eq!(wrong.status, 422);
    assert_eq!(
        wrong.json()["errors"][0]["field"],
        "session.idle_minutes",
        "{}",
        wrong.text()
    );
    let late = json!({ "version": "2026.1", "reason": "按本区规定", "back_to": "2026.1" });
    assert_eq!(patch(&security, "/rules/masks", &late).status, 409);
    assert_eq!(patch(&security, "/rules/none", &late).status, 404);
    for asker in [
        &clerk,
        &server.sign_in("system_admin"),
        &server.sign_in("auditor"),
    ] {
        assert_eq!(asker.get("/rules").status, 403);
        assert_eq!(patch(asker, "/rules/masks", &late).status, 403);
    }

    server.kill();
    let server = Server::start_with(&file, &[]);
    let (security, clerk) = (
        server.sign_in("security_admin"),
        server.sign_in("village_clerk"),
    );
    assert_eq!(birth(&clerk), None, "it outlives the service");
    assert!(ages(&clerk) < bands);
    let back = json!({ "version": "office-1", "reason": "恢复原规定", "back_to": "2026.1" });
    let back = patch(&security, "/rules/masks", &back);
    assert_eq!(back.status, 200, "{}", back.text());
    assert!(birth(&clerk).is_some(), "it is taken back at once");
    let books = security.get("/rules").json();
    let masks = &books["books"][0];
    assert_eq!(
        (&masks["id"], &masks["version"]),
        (&json!("masks"), &json!("office-2"))
    );
    assert_eq!(masks["past"].as_array().map(Vec::len), Some(2));
    let rows = server
        .sign_in("auditor")
        .get("/audit?action=rules_changed")
        .json();
    assert_eq!(rows["rows"].as_array().expect("rows").len(), 4);
}

#[test]
fn the_auditor_reads_what_things_are_called_sees_guests_and_archives() {
    let (_folder, file, server) = served();
    let house = server.get("/collections/building/items?limit=1").json()["features"][0].clone();
    let (id, code) = (
        house["id"].as_str().expect("an id"),
        &house["properties"]["code"],
    );
    let worker = server.sign_in("grid_worker");
    let path = format!("/collections/building/items/{id}/unmask");
    let shown = worker.post(&path, &json!({ "reason": "入户走访核实身份" }));
    assert!(
        shown.status == 200 || shown.status == 404,
        "{}",
        shown.text()
    );
    // A guest of the demonstration stands there too, by the address.
    assert_eq!(
        server.post(&path, &json!({ "reason": "看看是谁" })).status,
        401
    );
    server.get("/search?q=13812345678");
    let auditor = server.sign_in("auditor");
    let rows = |query: &str| {
        let page = auditor.get(&format!("/audit?limit=500{query}")).json();
        page["rows"].as_array().expect("rows").clone()
    };
    let guests = rows("&user=guest");
    assert!(
        guests.iter().any(|row| row["action"] == "person_search"),
        "{guests:?}"
    );
    assert!(
        guests
            .iter()
            .all(|row| row["address"].as_str().is_some_and(|at| !at.is_empty()))
    );
    let about = rows(&format!("&object=building/{id}"));
    let words = about[0]["about"]["zh"].as_str().expect("words");
    assert!(words.contains(code.as_str().expect("a code")), "{words}");
    assert!(!words.contains(id), "{words}");

    // Nothing is due in a new file, and nothing younger than the law asks is moved.
    let none = auditor.post("/audit/archives", &json!({}));
    assert_eq!((none.status, none.json()["rows"].clone()), (200, json!(0)));
    let today = json!({ "before": "2999-01-01" });
    assert_eq!(auditor.post("/audit/archives", &today).status, 422);
    assert_eq!(auditor.get("/audit/archives").json()["archives"], json!([]));
    for name in ["..%2Fvillage.gpkg", "audit-x.jsonl", "%2Fetc%2Fpasswd"] {
        assert_eq!(
            auditor.get(&format!("/audit/archives/{name}")).status,
            404,
            "{name}"
        );
    }
    assert_eq!(worker.post("/audit/archives", &json!({})).status, 403);
    drop(server);
    assert!(
        yizhangtu_tests::run_well(["audit", "verify", file.to_str().expect("UTF-8")])
            .contains("日志完整")
    );
}
