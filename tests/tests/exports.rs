//! Files with personal data: asked for, approved by somebody else, fetched for a while, on
//! record; and what leaves without.

use std::{fs, path::PathBuf};

use rusqlite::Connection;
use serde_json::{Value, json};
use yizhangtu_tests::{Asker, Server, letters, sha256, village};

const PARTIES: &str = "/collections/violation_party/export?f=csv";

fn served() -> (tempfile::TempDir, PathBuf, Server) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("village.gpkg");
    fs::copy(village("donghua"), &file).expect("a copy");
    let store = Connection::open(&file).expect("the file");
    store
        .execute_batch("INSERT INTO violation_party (role, name) VALUES ('当事人', '黄阿四'), ('当事人', '梁大妹')")
        .expect("two parties");
    drop(store);
    let server = Server::start_with(&file, &[]);
    (folder, file, server)
}

fn ask(asker: &Asker, path: &str) -> Value {
    let wish = json!({ "paths": [path], "reason": "案件移送区法制部门" });
    let asked = asker.post("/exports", &wish);
    assert_eq!(asked.status, 201, "{}", asked.text());
    asked.json()
}

fn decide(asker: &Asker, id: &Value, state: &str) -> (u16, Value) {
    let body = json!({ "state": state, "remark": "与案件无关的不予提供" });
    let path = format!("/exports/{}", id.as_str().expect("a number"));
    let headers = [("content-type", "application/json")];
    let reply = asker.send("PATCH", &path, &headers, body.to_string().as_bytes());
    (reply.status, reply.json())
}

fn listed(asker: &Asker, id: &Value) -> Option<Value> {
    let list = asker.get("/exports").json();
    let requests = list["requests"].as_array().expect("requests").clone();
    requests.into_iter().find(|request| request["id"] == *id)
}

#[test]
fn people_leave_in_a_file_only_when_a_second_person_agrees() {
    let (_folder, file, server) = served();
    let lead = server.sign_in("enforcement_lead");
    let (lawyer, dispatcher) = (
        server.sign_in("legal_officer"),
        server.sign_in("dispatcher"),
    );

    // Without leave the file is refused, and the refusal says what to do.
    let refused = lead.get(PARTIES);
    assert_eq!(refused.status, 403);
    assert_eq!(refused.json()["approval"], json!(true));
    assert_eq!(
        lead.get("/collections/violation_party/items?f=csv").status,
        403
    );

    let asked = ask(&lead, PARTIES);
    assert_eq!(asked["state"], "asked");
    let rows = asked["rows"].as_u64().expect("a number");
    assert!(rows > 0);
    let id = &asked["id"];
    let path = format!("{PARTIES}&approval={}", id.as_str().expect("a number"));
    assert_eq!(lead.get(&path).status, 403, "nobody has approved it yet");
    assert_eq!(decide(&lead, id, "approved").0, 403, "not one's own");
    // Who has no such duty sees no request, and cannot tell it from one that never was.
    let handler = server.sign_in("handler");
    assert!(listed(&handler, id).is_none());
    let unknown = json!("DC20260101-00000000");
    assert_eq!(
        decide(&handler, id, "approved").0,
        decide(&handler, &unknown, "approved").0
    );

    assert!(listed(&lawyer, id).is_some());
    let (status, approved) = decide(&lawyer, id, "approved");
    assert_eq!((status, &approved["state"]), (200, &json!("approved")));
    assert_eq!(approved["files"], json!([]), "for the asker alone");
    assert_eq!(decide(&dispatcher, id, "refused").0, 409, "it is decided");

    // The approval is for this file and for this person.
    assert_eq!(lawyer.get(&path).status, 404);
    let other = path.replace("f=csv", "f=xlsx");
    assert_eq!(lead.get(&other).status, 403);
    let own = listed(&lead, id).expect("one's own");
    assert_eq!(own["files"], json!([path]));
    let given = lead.get(&path);
    assert_eq!(given.status, 200, "{}", given.text());
    let text = given.text();
    let mut lines = text.lines();
    assert!(lines.next().expect("a head").contains("export_mark"));
    let number = id.as_str().expect("a number");
    assert_eq!(lines.clone().count() as u64, rows);
    assert!(lines.all(|line| line.contains(number) && line.contains("enforcement_lead")));
    let name = given.header("content-disposition").expect("a name");
    assert!(name.contains(number), "{name}");

    // The file was made beside the map, and nothing of it is left there nor elsewhere.
    let made = fs::read_dir(file.with_extension("exports")).expect("a folder");
    assert_eq!(made.count(), 0);

    // It is on record with its rows and what its bytes are, and ends after three.
    let store = Connection::open(&file).expect("the file");
    let (object, count): (String, u64) = store
        .query_row(
            "SELECT object, count FROM audit WHERE action = 'export' ORDER BY sequence DESC",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .expect("a row");
    let hash: String = sha256(&given.body);
    assert_eq!(
        object,
        format!("violation_party csv {number} sha256:{hash}")
    );
    assert_eq!(count, rows);
    assert_eq!(lead.get(&path).status, 200);
    assert_eq!(lead.get(&path).status, 200);
    assert_eq!(lead.get(&path).status, 410);
    assert_eq!(listed(&lead, id).expect("one's own")["state"], "ended");
}

#[test]
fn a_request_is_refused_withdrawn_or_ends_and_its_file_never_comes() {
    let (_folder, file, server) = served();
    let lead = server.sign_in("enforcement_lead");
    let lawyer = server.sign_in("legal_officer");
    let fetch = |request: &Value| {
        let id = request["id"].as_str().expect("a number");
        lead.get(&format!("{PARTIES}&approval={id}")).status
    };
    let refused = ask(&lead, PARTIES);
    let path = format!("/exports/{}", refused["id"].as_str().expect("a number"));
    let headers = [("content-type", "application/json")];
    let silent = lawyer.send("PATCH", &path, &headers, br#"{"state":"refused"}"#);
    assert_eq!(silent.status, 422, "a refusal says why");
    assert_eq!(decide(&lawyer, &refused["id"], "refused").0, 200);
    assert_eq!(fetch(&refused), 403);
    let withdrawn = ask(&lead, PARTIES);
    assert_eq!(decide(&lead, &withdrawn["id"], "withdrawn").0, 200);
    assert_eq!(decide(&lawyer, &withdrawn["id"], "approved").0, 409);
    assert_eq!(fetch(&withdrawn), 403);
    let late = ask(&lead, PARTIES);
    assert_eq!(decide(&lawyer, &late["id"], "approved").0, 200);
    let store = Connection::open(&file).expect("the file");
    store
        .execute(
            "UPDATE export_request SET ends_at = '2026-01-01 00:00:00+00:00' WHERE id = ?1",
            [late["id"].as_str()],
        )
        .expect("a row");
    assert_eq!(fetch(&late), 410);

    // What is asked for must be a file with personal data that the asker has a right to.
    for (path, status) in [
        ("/collections/grid/export?f=csv", 422),
        ("/collections/person/export?f=csv", 403),
        ("/collections/violation_party/export?f=doc", 400),
        ("/collections/no_such/export", 404),
        ("/collections/violation_party/items", 422),
        ("/session", 422),
        ("https://example.com/x", 422),
    ] {
        let wish = json!({ "paths": [path], "reason": "案件移送" });
        assert_eq!(lead.post("/exports", &wish).status, status, "{path}");
    }
    let unsaid = json!({ "paths": [PARTIES], "reason": " " });
    assert_eq!(lead.post("/exports", &unsaid).status, 422);
    assert_eq!(server.get("/exports").status, 401);
}

#[test]
fn without_leave_a_file_has_nothing_personal_in_it() {
    let (_folder, _file, server) = served();
    let manager = server.sign_in("data_manager");
    let path = "/collections/building/export?f=geojson";
    let owners = |file: Value| {
        let features = file["features"].as_array().expect("features").clone();
        let owner = |feature: &Value| feature["properties"]["owner"].as_str().map(str::to_owned);
        features.iter().filter_map(owner).collect::<Vec<_>>()
    };
    assert!(owners(manager.get(path).json()).is_empty());
    let asked = ask(&manager, path);
    // A security administrator sees no data, and decides on the reason.
    let security = server.sign_in("security_admin");
    assert_eq!(decide(&security, &asked["id"], "approved").0, 200);
    let id = asked["id"].as_str().expect("a number");
    let masked = owners(manager.get(&format!("{path}&approval={id}")).json());
    assert!(masked.len() > 50 && masked.iter().all(|owner| owner.contains('*')));

    // On a sheet it is how many live in each house.
    let worker = server.sign_in("grid_worker");
    let sheets = worker.get("/sheets").json();
    let sheet = sheets["sheets"][0]["id"].as_str().expect("a sheet");
    let path = format!("/sheets/{sheet}.pdf?paper=A3");
    let plain = worker.get(&path);
    assert_eq!(plain.status, 200);
    let asked = ask(&worker, &path);
    assert_eq!(decide(&security, &asked["id"], "approved").0, 200);
    let id = asked["id"].as_str().expect("a number");
    let whole = worker.get(&format!("{path}&approval={id}"));
    assert_eq!(whole.status, 200, "{}", whole.text());
    assert_ne!(plain.body.len(), whole.body.len());
}

#[test]
fn who_lives_in_the_houses_of_a_sheet_is_printed_masked_and_only_with_leave() {
    let (_folder, file, server) = served();
    let (clerk, lawyer) = (
        server.sign_in("village_clerk"),
        server.sign_in("legal_officer"),
    );
    let sheets = clerk.get("/sheets").json();
    let sheet = sheets["sheets"][0]["id"].as_str().expect("a sheet");
    let bare = format!("/sheets/{sheet}.pdf?paper=A3");
    let path = format!("{bare}&residents=true");
    let refused = clerk.get(&path);
    assert_eq!(
        (refused.status, &refused.json()["approval"]),
        (403, &json!(true))
    );
    // Whoever may not take people away has nothing to ask for.
    for user in ["grid_worker", "planner", "leader"] {
        let wish = json!({ "paths": [path], "reason": "入户走访" });
        let asked = server.sign_in(user).post("/exports", &wish);
        assert_eq!(asked.status, 403, "{user}: {}", asked.text());
    }
    let plain = clerk.take_away(&lawyer, &bare);
    let whole = clerk.take_away(&lawyer, &path);
    assert_eq!(whole.status, 200, "{}", whole.text());
    let store = Connection::open(&file).expect("the file");
    let (object, residents): (String, u64) = store
        .query_row(
            "SELECT object, count FROM audit WHERE action = 'print' ORDER BY sequence DESC",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .expect("a row");
    assert!(object.contains(&sha256(&whole.body)), "{object}");
    let requests = clerk.get("/exports").json();
    let asked = requests["requests"].as_array().expect("requests");
    let asked = asked.iter().find(|one| one["paths"][0] == json!(path));
    assert_eq!(asked.expect("one's own")["rows"], json!(residents));

    // What the residents' pages add is surnames, and nothing of what follows them.
    let mut names = store.prepare("SELECT name FROM person").expect("people");
    let names: Vec<String> = (names.query_map([], |row| row.get(0)).expect("rows"))
        .flatten()
        .collect();
    let surnames: String = (names.iter())
        .flat_map(|name| {
            name.chars()
                .take(if name.chars().count() > 3 { 2 } else { 1 })
        })
        .collect();
    let words = "居住人员表姓名已脱敏图上号与房屋一致性别男女未知说明户籍类型本村市外境无其他*·";
    let added: Vec<char> = (letters(&whole.body).difference(&letters(&plain.body)))
        .copied()
        // The number of the print has other Latin letters each time.
        .filter(|letter| letter.is_alphabetic() && !letter.is_ascii())
        .filter(|letter| !words.contains(*letter))
        .collect();
    assert!(added.len() > 5, "{added:?}");
    let given: Vec<&char> = (added.iter())
        .filter(|letter| !surnames.contains(**letter))
        .collect();
    assert!(given.is_empty(), "{given:?}");
}

#[test]
fn ledgers_reports_and_the_people_of_an_area_name_nobody_without_leave() {
    let (_folder, file, server) = served();
    let [lead, lawyer, clerk, planner, manager] = [
        "enforcement_lead",
        "legal_officer",
        "village_clerk",
        "planner",
        "asset_manager",
    ]
    .map(|user| server.sign_in(user));
    let store = Connection::open(&file).expect("the file");
    let case: String = store
        .query_row("SELECT id FROM violation_case ORDER BY id", [], |row| {
            row.get(0)
        })
        .expect("a case");
    store
        .execute(
            "INSERT INTO violation_party (violation_case, role, name) VALUES (?1, '当事人', '欧阳铁柱')",
            [&case],
        )
        .expect("a party");

    // The ledger: without leave no column of parties, with it masked names and where it is from.
    let path = "/enforcement/cases?f=xlsx";
    let plain = sheets_of(&lead.get(path).body);
    assert!(!plain.contains("当事人"), "nobody is named");
    let whole = lead.take_away(&lawyer, path);
    assert_eq!(whole.status, 200, "{}", whole.text());
    let name = whole.header("content-disposition").expect("a name");
    assert!(name.contains("DC20"), "{name}");
    let text = sheets_of(&whole.body);
    assert!(text.contains("欧阳**") && !text.contains("欧阳铁柱"));
    assert!(text.contains("当事人") && text.contains("enforcement_lead"));
    // Who may not see parties has nothing to ask for.
    let wish = json!({ "paths": [path], "reason": "案件移送" });
    assert_eq!(planner.post("/exports", &wish).status, 422);

    // A unit's report: the lessees of its contracts, in workbook and booklet.
    let unit: String = store
        .query_row("SELECT id FROM renewal_unit ORDER BY id", [], |row| {
            row.get(0)
        })
        .expect("a unit");
    let named = |asker: &Asker| {
        let report = asker.get(&format!("/renewal/units/{unit}/report")).json();
        let sections = report["sections"].as_array().expect("sections").clone();
        let contracts = sections.into_iter().find(|one| one["id"] == "contracts");
        contracts.is_some_and(|one| one["columns"].as_array().is_some_and(|all| all.len() == 7))
    };
    assert!(
        named(&manager),
        "masked on the screen of who may see contracts"
    );
    let path = format!("/renewal/units/{unit}/report?f=xlsx");
    let plain = manager.get(&path);
    assert_eq!(plain.status, 200);
    assert!(!sheets_of(&plain.body).contains("承租人"));
    let asked = manager.post(
        "/exports",
        &json!({ "paths": [path], "reason": "单元方案研究" }),
    );
    if asked.status == 201 {
        let whole = manager.take_away(&lawyer, &path);
        let text = sheets_of(&whole.body);
        assert!(text.contains("承租人") && text.contains("asset_manager"));
        let booklet = manager.take_away(&lawyer, &path.replace("xlsx", "pdf"));
        assert!(booklet.body.starts_with(b"%PDF"));
    } else {
        assert_eq!(
            asked.status,
            422,
            "no contract lies in the unit: {}",
            asked.text()
        );
    }

    // The people of a drawn area: as many as the panel counts, each with the mark.
    let grid: String = store
        .query_row("SELECT id FROM grid ORDER BY id", [], |row| row.get(0))
        .expect("a grid");
    let counted = clerk
        .post("/statistics", &json!({ "layer": "grid", "id": grid }))
        .json();
    let total = counted["people"]["total"].as_u64().expect("people");
    let path = format!("/statistics/people?layer=grid&ids={grid}&f=csv");
    let refused = clerk.get(&path);
    assert_eq!(
        (refused.status, &refused.json()["approval"]),
        (403, &json!(true))
    );
    let list = clerk.take_away(&lawyer, &path);
    assert_eq!(list.status, 200, "{}", list.text());
    let text = list.text();
    let mut lines = text.lines();
    let head = lines.next().expect("a head").to_owned();
    assert!(
        head.contains("room_no") && head.contains("building_address"),
        "{head}"
    );
    let lines: Vec<&str> = lines.collect();
    assert_eq!(lines.len() as u64, total);
    assert!(
        lines
            .iter()
            .all(|line| line.contains("DC20") && line.contains("village_clerk"))
    );
    assert!(lines.iter().filter(|line| line.contains('*')).count() > lines.len() / 2);
    let (object, count): (String, u64) = store
        .query_row(
            "SELECT object, count FROM audit WHERE action = 'export' ORDER BY sequence DESC",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .expect("a row");
    assert!(
        object.starts_with("person csv") && object.contains(&sha256(&list.body)),
        "{object}"
    );
    assert_eq!(count, total);
    // A drawn outline is asked for as it is counted; who may not take people away is refused.
    let outline =
        clerk.get(&format!("/collections/grid/items/{grid}")).json()["geometry"].to_string();
    let outline: String = outline.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let drawn = format!("/statistics/people?area={outline}&f=xlsx");
    let list = clerk.take_away(&lawyer, &drawn);
    assert!(sheets_of(&list.body).contains("village_clerk"));
    let wish = json!({ "paths": [path], "reason": "案件移送" });
    for asker in [&planner, &lead] {
        assert_eq!(asker.post("/exports", &wish).status, 403);
    }
}

/// The texts of a workbook, one after another.
fn sheets_of(workbook: &[u8]) -> String {
    use std::io::Read as _;
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(workbook)).expect("a workbook");
    let mut all = String::new();
    for at in 0..zip.len() {
        let mut part = zip.by_index(at).expect("a part");
        if part.name().is_ok_and(|name| name.ends_with(".xml")) {
            part.read_to_string(&mut all).expect("text");
        }
    }
    all
}
