//! Rights that move: the matrix changed, a grid given to somebody else, an account locked; at
//! once, and also for what is open.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::PathBuf,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use yizhangtu_tests::{Asker, Reply, Server, village};

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

/// A stream of events that somebody listens to.
struct Stream(TcpStream, String);

impl Stream {
    fn open(asker: &Asker) -> Self {
        let address = asker.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).expect("a connection");
        let wait = Some(Duration::from_millis(200));
        stream.set_read_timeout(wait).expect("a socket");
        let request = format!(
            "GET /changes HTTP/1.1\r\nHost: {address}\r\nCookie: {}\r\nAccept: text/event-stream\r\n\r\n",
            asker.cookie()
        );
        stream.write_all(request.as_bytes()).expect("sent");
        let mut own = Self(stream, String::new());
        assert!(own.tells("retry"), "{}", own.1);
        own
    }

    /// Whether a word comes, within ten seconds; false also where the stream ends.
    fn tells(&mut self, word: &str) -> bool {
        let began = Instant::now();
        let mut buffer = [0; 4096];
        while began.elapsed() < Duration::from_secs(10) {
            if self.1.contains(word) {
                return true;
            }
            match self.0.read(&mut buffer) {
                Ok(0) => return false,
                Ok(count) => self.1.push_str(&String::from_utf8_lossy(&buffer[..count])),
                Err(_) => {}
            }
        }
        false
    }

    /// Whether the stream ends, within ten seconds.
    fn ends(&mut self) -> bool {
        let began = Instant::now();
        let mut buffer = [0; 4096];
        while began.elapsed() < Duration::from_secs(10) {
            match self.0.read(&mut buffer) {
                Ok(0) => return true,
                // The last chunk of the body says so too.
                Ok(count) => {
                    let text = String::from_utf8_lossy(&buffer[..count]).into_owned();
                    self.1.push_str(&text);
                    if self.1.ends_with("0\r\n\r\n") {
                        return true;
                    }
                }
                Err(_) => {}
            }
        }
        false
    }
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
    assert!(stream.tells(&house), "{}", stream.1);

    // The grid goes to somebody else: the stream says no more of it.
    let grids = server.get("/collections/grid/items?limit=50").json();
    let other = grids["features"][5]["id"].clone();
    let body = json!({ "territory": [{ "layer": "grid", "id": other }] });
    let given = patch(&security, "/accounts/grid_worker", &body);
    assert_eq!(given.status, 200, "{}", given.text());
    stream.1.clear();
    touch(&manager, &house, "试二");
    assert!(stream.ends(), "{}", stream.1);
    assert!(!stream.1.contains(&house), "{}", stream.1);
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
    assert!(stream.tells(&house), "{}", stream.1);
    let taken = change(
        &security,
        json!({ "role": "planner", "layer": "building", "letters": "S" }),
    );
    assert_eq!(taken.status, 200, "{}", taken.text());
    stream.1.clear();
    touch(&manager, &house, "试四");
    assert!(!stream.tells(&house), "{}", stream.1);
}
