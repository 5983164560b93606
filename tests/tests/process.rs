//! Cases and events by their processes: who may, when, with what in hand; and no way around.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;
use yizhangtu_tests::{
    Asker, Server, open_village, root, run,
    steps::{demands, path, photo, standing, take},
    village,
};

/// 东华 with its accounts, to be changed.
fn served(arguments: &[&str]) -> (TempDir, Server) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("village.gpkg");
    fs::copy(village("donghua"), &file).expect("a copy");
    let server = Server::start_with(&file, arguments);
    (folder, server)
}

fn taken(asker: &Asker, layer: &str, id: &str, step: &str, given: &Value) -> Value {
    let reply = take(asker, layer, id, step, given);
    assert_eq!(reply.status, 200, "{step}: {}", reply.text());
    reply.json()
}

/// A house, and a place in it.
fn house(server: &Server) -> (Value, Value) {
    let house = server.get("/collections/building/items?limit=1").json()["features"][0].clone();
    let ring = house["geometry"]["coordinates"][0]
        .as_array()
        .expect("a ring")
        .clone();
    (house["geometry"].clone(), ring[0].clone())
}

/// A clue of an extension to a house.
fn clue(server: &Server, asker: &Asker) -> (String, Value, Value) {
    let (shape, corner) = house(server);
    let made = asker.send(
        "POST",
        "/collections/violation_case/items",
        &[("content-type", "application/geo+json")],
        json!({ "type": "Feature", "geometry": shape, "properties": {
            "code": "XS0001", "kind": "违法建设", "state": "10", "source": "巡查", "is_new": false,
            "photos": [{ "hash": "0".repeat(64) }],
        } })
        .to_string()
        .as_bytes(),
    );
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["id"].as_str().expect("an id").to_owned();
    (id, shape, corner)
}

#[test]
fn a_case_goes_its_way_and_nobody_skips_what_protects_the_party() {
    let (_folder, server) = served(&[]);
    let [dispatcher, enforcer, legal, lead] = [
        "dispatcher",
        "enforcer",
        "legal_officer",
        "enforcement_lead",
    ]
    .map(|user| server.sign_in(user));
    let (id, shape, corner) = clue(&server, &enforcer);
    let case = "violation_case";

    let (began, _) = standing(&dispatcher, case, &id);
    assert_eq!(
        (began["state"].as_str(), began["version"].as_str()),
        (Some("10"), Some("2026.1"))
    );
    assert_eq!(began["log"][0]["step"], "begin");
    assert_eq!(began["log"][0]["actor"], "enforcer");

    // Another role does not take the step, nor one that the state has not.
    let refused = take(&lead, case, &id, "accept", &json!({}));
    assert_eq!(
        (refused.status, demands(&refused)),
        (403, vec!["role".to_owned()])
    );
    let refused = take(&enforcer, case, &id, "inspect", &json!({}));
    assert_eq!(
        (refused.status, demands(&refused)[0].as_str()),
        (409, "state")
    );
    assert_eq!(
        taken(&dispatcher, case, &id, "accept", &json!({}))["state"],
        "20"
    );

    // On site, two officers, three photographs, the shape as measured.
    let away = json!({ "place": [corner[0].as_f64().unwrap() + 0.01, corner[1]], "fields": { "finding": "属实", "handlers": ["甲"] } });
    let refused = take(&enforcer, case, &id, "inspect", &away);
    assert_eq!(refused.status, 422, "{}", refused.text());
    for demand in ["fields", "photos", "near", "geometry", "officers"] {
        assert!(
            demands(&refused).contains(&demand.to_owned()),
            "{demand}: {}",
            refused.text()
        );
    }
    let handlers = json!(["甲某", "乙某"]);
    // A photograph that nobody took is none.
    let invented = json!({ "photos": [{ "hash": "ab".repeat(32) }], "place": corner });
    let refused = take(&enforcer, case, &id, "inspect", &invented);
    assert!(
        refused.text().contains("照片还没有上传"),
        "{}",
        refused.text()
    );
    let inspected = json!({
        "place": corner, "geometry": shape, "photos": ([0, 1, 2].map(|_| photo(&enforcer, case, &id, ""))),
        "fields": { "finding": "属实", "handlers": handlers, "permit": "未报建", "is_new": false },
    });
    let stood = taken(&enforcer, case, &id, "inspect", &inspected);
    assert_eq!(stood["state"], "30");
    assert!(stood["deadline"].is_string());
    taken(
        &enforcer,
        case,
        &id,
        "request_filing",
        &json!({ "fields": { "title": "擅自加建案", "kind": "违法建设" } }),
    );

    // The chain: no approval before the review, no filing without its form.
    let filing = json!({ "documents": [{ "kind": "立案审批表", "number": "穗立〔2026〕1号" }] });
    let refused = take(&lead, case, &id, "approve_filing", &filing);
    assert_eq!(
        (refused.status, demands(&refused)),
        (409, vec!["after".to_owned()])
    );
    taken(&legal, case, &id, "review_filing", &json!({}));
    let refused = take(&lead, case, &id, "approve_filing", &json!({}));
    assert_eq!(
        (refused.status, demands(&refused)),
        (422, vec!["documents".to_owned()])
    );
    taken(&lead, case, &id, "approve_filing", &filing);
    let today = enforcer
        .get(&format!("/collections/violation_case/items/{id}"))
        .json();
    assert!(today["properties"]["filed_on"].is_string(), "{today}");

    taken(
        &enforcer,
        case,
        &id,
        "propose",
        &json!({
            "geometry": shape, "documents": [{ "kind": "勘验检查笔录", "number": "1" }, { "kind": "询问笔录", "number": "2" }],
            "fields": { "violation_area_m2": 120.5, "plan_conform": "不符合" },
        }),
    );
    let day = today["properties"]["filed_on"].clone();
    taken(
        &enforcer,
        case,
        &id,
        "notify",
        &json!({
            "documents": [{ "kind": "权利告知书", "number": "3" }], "fields": { "served_on": day },
        }),
    );
    // The time for a hearing has not passed: told before it is tried, and refused all the same.
    let (stood, _) = standing(&lead, case, &id);
    let decide = stood["transitions"]
        .as_array()
        .unwrap()
        .iter()
        .find(|step| step["id"] == "decide")
        .unwrap();
    assert_eq!(
        (&decide["allowed"], decide["why_not"][0]["demand"].as_str()),
        (&json!(false), Some("wait"))
    );
    let decided = json!({
        "documents": [{ "kind": "责令限期拆除决定书", "number": "4" }], "fields": { "statement": "无" },
    });
    let refused = take(&lead, case, &id, "decide", &decided);
    assert_eq!(
        (refused.status, demands(&refused)),
        (409, vec!["wait".to_owned()])
    );
    // Nor does a day that has not come help.
    let refused = take(
        &enforcer,
        case,
        &id,
        "notify",
        &json!({
            "documents": [{ "kind": "权利告知书", "number": "3" }], "fields": { "served_on": "2099-01-01" },
        }),
    );
    assert_eq!(refused.status, 422, "{}", refused.text());

    // A step names the version that its author saw, and comes once.
    let (_, tag) = standing(&legal, case, &id);
    let suspend = format!("{}/suspend", path(case, &id));
    let body = json!({ "note": "当事人失联" }).to_string();
    let without = legal.send(
        "POST",
        &suspend,
        &[("content-type", "application/json")],
        body.as_bytes(),
    );
    assert_eq!(without.status, 428);
    let headers = [
        ("content-type", "application/json"),
        ("if-match", tag.as_str()),
        ("idempotency-key", "once"),
    ];
    let first = legal.send("POST", &suspend, &headers, body.as_bytes());
    assert_eq!(
        (first.status, first.json()["suspended"].clone()),
        (200, json!(true))
    );
    let again = legal.send("POST", &suspend, &headers, body.as_bytes());
    assert_eq!(
        (again.status, again.header("idempotent-replayed")),
        (200, Some("true"))
    );
    assert_eq!(
        again.json()["log"].as_array().unwrap().len(),
        first.json()["log"].as_array().unwrap().len()
    );
    let back = taken(&legal, case, &id, "resume", &json!({ "note": "已联系上" }));
    assert_eq!(back["state"], "60");
}

#[test]
fn no_edit_import_or_return_sets_a_state_or_touches_the_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = open_village("donghua", folder.path());
    let server = Server::start_with(&file, &[]);
    let (id, ..) = clue(&server, &server);
    let item = format!("/collections/violation_case/items/{id}");
    let tag = server.get(&item).header("etag").unwrap().to_owned();
    let merge = [
        ("content-type", "application/merge-patch+json"),
        ("if-match", tag.as_str()),
    ];
    let patched = server.send("PATCH", &item, &merge, br#"{"properties":{"state":"100"}}"#);
    assert_eq!(
        (patched.status, demands(&patched)),
        (422, vec!["workflow".to_owned()])
    );
    // One who alone is everybody still does not approve their own step.
    taken(&server, "violation_case", &id, "accept", &json!({}));
    let done = server.get("/changes?since=0&limit=1000").json();
    let step = done["changes"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(step["layer"], "violation_log");
    let set = step["change_set"].as_i64().unwrap();
    let undone = server.post(&format!("/changes/{set}/revert"), &json!({}));
    assert_eq!(undone.status, 409, "{}", undone.text());
    let rows = server
        .get("/collections/violation_log/items?limit=1")
        .json();
    let row = rows["features"][0]["id"].as_str().unwrap().to_owned();
    let changes = [
        json!({ "op": "update", "layer": "violation_log", "id": row, "version": 0, "feature": { "properties": { "actor": "他人" } } }),
        json!({ "op": "delete", "layer": "violation_log", "id": row, "version": 0 }),
        json!({ "op": "insert", "layer": "violation_log", "feature": { "properties": { "violation_case": id, "to_state": "100", "at": "2026-01-01T00:00:00Z" } } }),
        json!({ "op": "delete", "layer": "violation_case", "id": id, "version": server.get(&item).header("etag").unwrap().trim_matches('"').parse::<u64>().unwrap() }),
    ];
    for change in changes {
        let refused = server.post("/changes", &json!({ "changes": [change] }));
        assert_eq!(refused.status, 422, "{}", refused.text());
        assert!(
            demands(&refused).contains(&"workflow".to_owned()),
            "{}",
            refused.text()
        );
    }
    drop(server);
    // The command line writes to the file itself.
    let list = folder.path().join("cases.geojson");
    fs::write(&list, json!({ "type": "FeatureCollection", "features": [{
        "type": "Feature", "geometry": square(), "properties": { "code": "YR1", "kind": "违法建设", "state": "100" },
    }] }).to_string()).unwrap();
    let imported = run([
        "import",
        list.to_str().unwrap(),
        "--into",
        file.to_str().unwrap(),
        "--layer",
        "violation_case",
    ]);
    let said = String::from_utf8_lossy(&imported.stderr).into_owned()
        + &String::from_utf8_lossy(&imported.stdout);
    assert!(!imported.status.success(), "{said}");
    assert!(said.contains("办理"), "{said}");
}

/// A square in the village.
fn square() -> Value {
    json!({ "type": "Polygon", "coordinates": [[[113.59, 23.11], [113.5901, 23.11], [113.5901, 23.1101], [113.59, 23.1101], [113.59, 23.11]]] })
}

#[test]
fn an_event_is_dispatched_refused_suspended_checked_closed_and_opened_again() {
    let (_folder, server) = served(&[]);
    let [worker, dispatcher, handler] =
        ["grid_worker", "dispatcher", "handler"].map(|user| server.sign_in(user));
    let own = worker.get("/collections/building/items?limit=1").json()["features"][0].clone();
    let corner = own["geometry"]["coordinates"][0][0].clone();
    let made = worker.send(
        "POST",
        "/collections/grid_event/items",
        &[("content-type", "application/geo+json")],
        json!({ "type": "Feature", "geometry": { "type": "Point", "coordinates": corner }, "properties": {
            "code": "E-T1", "type": "消防通道堵塞", "title": "杂物堵塞", "source": "网格员", "state": "20",
            "reported_at": "2026-11-20T08:00:00+08:00", "level": "网格",
        } }).to_string().as_bytes(),
    );
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let event = "grid_event";
    taken(&dispatcher, event, &id, "accept", &json!({}));
    let to = json!({ "fields": { "department": "环卫站" } });
    taken(&dispatcher, event, &id, "dispatch", &to);
    for _ in 0..2 {
        taken(
            &handler,
            event,
            &id,
            "refuse",
            &json!({ "note": "不属本单位" }),
        );
        taken(&dispatcher, event, &id, "dispatch", &to);
    }
    // A third time the level above decides.
    let refused = take(
        &handler,
        event,
        &id,
        "refuse",
        &json!({ "note": "不属本单位" }),
    );
    assert_eq!(
        (refused.status, demands(&refused)),
        (409, vec!["at_most".to_owned()])
    );
    let up = taken(
        &handler,
        event,
        &id,
        "escalate",
        &json!({ "note": "请裁定" }),
    );
    assert_eq!(up["state"], "52");
    let item = dispatcher
        .get(&format!("/collections/grid_event/items/{id}"))
        .json();
    assert_eq!(item["properties"]["level"], "村居");
    taken(&dispatcher, event, &id, "dispatch", &to);
    let here = json!({ "place": corner });
    let started = taken(&handler, event, &id, "start", &here);
    let deadline = started["deadline"].as_str().unwrap().to_owned();
    taken(
        &handler,
        event,
        &id,
        "ask_suspension",
        &json!({ "note": "等业主" }),
    );
    let still = taken(
        &dispatcher,
        event,
        &id,
        "suspend",
        &json!({ "note": "同意" }),
    );
    assert_eq!(
        (&still["suspended"], &still["deadline"]),
        (&json!(true), &Value::Null)
    );
    let back = taken(&handler, event, &id, "resume", &json!({}));
    assert!(back["deadline"].as_str().unwrap() >= deadline.as_str());
    taken(
        &handler,
        event,
        &id,
        "ask_extension",
        &json!({ "note": "缺料", "fields": { "days": 2 } }),
    );
    let more = taken(
        &dispatcher,
        event,
        &id,
        "extend",
        &json!({ "fields": { "days": 2 } }),
    );
    assert!(more["deadline"].as_str().unwrap() > back["deadline"].as_str().unwrap());
    taken(
        &handler,
        event,
        &id,
        "finish",
        &json!({ "photos": [photo(&handler, event, &id, "after")], "fields": { "result": "已清" } }),
    );
    taken(&worker, event, &id, "fail", &json!({ "note": "还有一处" }));
    taken(
        &handler,
        event,
        &id,
        "finish",
        &json!({ "photos": [photo(&handler, event, &id, "after")], "fields": { "result": "全清" } }),
    );
    taken(
        &worker,
        event,
        &id,
        "pass",
        &json!({ "place": corner, "photos": [photo(&worker, event, &id, "after")] }),
    );
    let closed = taken(&dispatcher, event, &id, "close", &json!({}));
    assert_eq!(
        (&closed["state"], &closed["ends"]),
        (&json!("80"), &json!(true))
    );
    let again = taken(
        &dispatcher,
        event,
        &id,
        "reopen",
        &json!({ "note": "又堵了" }),
    );
    assert_eq!(again["state"], "91");
    let item = dispatcher
        .get(&format!("/collections/grid_event/items/{id}"))
        .json();
    assert_eq!(
        (
            &item["properties"]["code"],
            &item["properties"]["closed_at"]
        ),
        (&json!("E-T1"), &Value::Null)
    );
}

#[test]
fn what_nobody_comes_for_climbs_by_the_clock_level_by_level() {
    // An office whose units have no time at all; to dispatch it leaves the usual two hours.
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("village.gpkg");
    fs::copy(village("donghua"), &file).expect("a copy");
    let catalog = folder.path().join("catalog");
    fs::create_dir_all(catalog.join("processes")).unwrap();
    let text = fs::read_to_string(root().join("data/catalog/processes/grid_event.toml")).unwrap();
    let usual = "code = \"40\"\nlimits = [{ hours = 4, working = true }]";
    assert!(text.contains(usual));
    let hurried = text
        .replace("version = \"2026.1\"", "version = \"2027.1\"")
        .replace(usual, "code = \"40\"\nlimits = [{ hours = 0 }]");
    fs::write(catalog.join("processes/grid_event.toml"), hurried).unwrap();
    let own = catalog.to_str().expect("UTF-8");
    let server = Server::start_with(&file, &["--catalog", own, "--clock", "1"]);

    let [worker, dispatcher] = ["grid_worker", "dispatcher"].map(|user| server.sign_in(user));
    let house = worker.get("/collections/building/items?limit=1").json()["features"][0].clone();
    let corner = house["geometry"]["coordinates"][0][0].clone();
    let made = worker.send(
        "POST",
        "/collections/grid_event/items",
        &[("content-type", "application/geo+json")],
        json!({ "type": "Feature", "geometry": { "type": "Point", "coordinates": corner }, "properties": {
            "code": "E-T9", "type": "垃圾堆积", "title": "无人处置", "source": "网格员", "state": "20",
            "reported_at": "2026-11-20T08:00:00+08:00", "level": "网格",
        } }).to_string().as_bytes(),
    );
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["id"].as_str().expect("an id").to_owned();
    let event = "grid_event";
    let state = || standing(&dispatcher, event, &id).0;
    taken(&dispatcher, event, &id, "accept", &json!({}));
    // In time nothing climbs, however often the clock is looked at.
    std::thread::sleep(std::time::Duration::from_millis(2500));
    assert_eq!(state()["state"], "30");
    for level in ["村居", "镇街", "区"] {
        let to = json!({ "fields": { "department": "环卫站" } });
        taken(&dispatcher, event, &id, "dispatch", &to);
        let began = std::time::Instant::now();
        while state()["state"] != "52" {
            assert!(began.elapsed().as_secs() < 30, "{}", state());
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        let item = dispatcher
            .get(&format!("/collections/grid_event/items/{id}"))
            .json();
        assert_eq!(item["properties"]["level"], level);
        let log = state()["log"].as_array().cloned().unwrap_or_default();
        let last = log.last().expect("a row");
        assert_eq!(
            (&last["step"], &last["actor"]),
            (&json!("escalate_overdue"), &json!("system"))
        );
    }
}

#[test]
fn a_changed_process_is_for_what_begins_after_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = open_village("donghua", folder.path());
    let server = Server::start_with(&file, &[]);
    let (id, ..) = clue(&server, &server);
    drop(server);
    let catalog = folder.path().join("catalog");
    fs::create_dir_all(catalog.join("processes")).unwrap();
    let text =
        fs::read_to_string(root().join("data/catalog/processes/violation_case.toml")).unwrap();
    let changed = text
        .replace("version = \"2026.1\"", "version = \"2027.1\"")
        .replace("受理线索", "接收线索");
    fs::write(catalog.join("processes/violation_case.toml"), changed).unwrap();
    let server = Server::start_in_catalog(&file, &catalog);
    let (stood, _) = standing(&server, "violation_case", &id);
    assert_eq!(stood["version"], "2026.1");
    assert_eq!(stood["transitions"][0]["title"]["zh"], "受理线索");
    let machine = server.get("/processes/violation_case").json();
    assert_eq!(machine["versions"], json!(["2026.1", "2027.1"]));
    assert_eq!(machine["transitions"][0]["title"]["zh"], "接收线索");
    let earlier = server
        .get("/processes/violation_case?version=2026.1")
        .json();
    assert_eq!(earlier["transitions"][0]["title"]["zh"], "受理线索");
    drop(server);
    // A machine at fault is named with its line before anything is served.
    fs::write(
        catalog.join("processes/violation_case.toml"),
        text.replace("to = \"20\"", "to = \"21\""),
    )
    .unwrap();
    let refused = run([
        "--catalog",
        catalog.to_str().unwrap(),
        "check",
        file.to_str().unwrap(),
    ]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        !refused.status.success() && said.contains("violation_case.toml:"),
        "{said}"
    );
    assert!(said.contains("“21”"), "{said}");
}

#[test]
fn what_recurs_opens_a_case_that_names_the_old_one_and_visits_are_due_by_the_month() {
    let (_folder, server) = served(&[]);
    let [enforcer, lead] = ["enforcer", "enforcement_lead"].map(|user| server.sign_in(user));
    let due = lead.get("/enforcement/visits").json();
    assert_eq!(due["months"], json!([3, 6, 12]));
    let rows = due["rows"].as_array().unwrap();
    let id = rows[0]["id"]
        .as_str()
        .expect("a case that was closed long ago")
        .to_owned();
    assert_eq!(
        (&rows[0]["late"], &due["matched"]),
        (&json!(true), &json!(rows.len()))
    );
    let case = enforcer
        .get(&format!("/collections/violation_case/items/{id}"))
        .json();
    let corner = case["geometry"]["coordinates"][0][0].clone();
    let seen = |outcome: &str| {
        json!({
            "place": corner, "fields": { "outcome": outcome },
            "photos": [photo(&enforcer, "violation_case", &id, "")],
        })
    };
    let again = |server: &Server| {
        let found = server.get(&format!(
            "/collections/violation_case/items?limit=200&filter=recurrence_of='{id}'"
        ));
        found.json()["features"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    };
    taken(
        &enforcer,
        "violation_case",
        &id,
        "look_back",
        &seen("未复发"),
    );
    assert_eq!(again(&server).len(), 0);
    taken(&enforcer, "violation_case", &id, "look_back", &seen("复发"));
    let opened = again(&server);
    assert_eq!(opened.len(), 1);
    let new = &opened[0];
    assert_eq!(
        (&new["properties"]["state"], &new["geometry"]),
        (&json!("10"), &case["geometry"])
    );
    assert_eq!(new["properties"]["address"], case["properties"]["address"]);
    assert!(
        new["properties"]["code"].as_str().unwrap().contains("线索"),
        "{new}"
    );
    let (began, _) = standing(&enforcer, "violation_case", new["id"].as_str().unwrap());
    assert_eq!(began["log"][0]["step"], "begin");
    // Two visits were made: the next is due a year after the closing.
    let after = lead.get("/enforcement/visits").json();
    let row = after["rows"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["id"] == id.as_str());
    assert!(
        row.is_none_or(|row| row["months"] != rows[0]["months"]),
        "{row:?}"
    );
}

#[test]
fn a_round_of_inspection_goes_where_something_waits_and_nowhere_else() {
    let (_folder, server) = served(&["--read-only"]);
    let lead = server.sign_in("enforcement_lead");
    let ids = |path: &str| -> Vec<String> {
        let found = lead.get(path).json();
        let rows = found["features"].as_array().or(found["rows"].as_array());
        let rows = rows.expect("rows").iter();
        rows.map(|row| row["id"].as_str().expect("an id").to_owned())
            .collect()
    };
    // 待核, as a query.
    let mut waits =
        ids("/collections/violation_spot/items?judgement=%E5%BE%85%E6%A0%B8&limit=500&f=json");
    waits.extend(ids(
        "/collections/violation_case/items?state=10&limit=500&f=json",
    ));
    waits.extend(ids(
        "/processes/violation_case/queue?overdue=true&limit=5000",
    ));
    waits.extend(ids("/enforcement/visits"));
    waits.sort();
    waits.dedup();
    let round = lead.get("/enforcement/patrol?limit=100").json();
    let rows = round["rows"].as_array().expect("rows");
    let mut gone: Vec<String> = (rows.iter())
        .map(|row| row["id"].as_str().expect("an id").to_owned())
        .collect();
    gone.sort();
    assert!(!gone.is_empty());
    assert_eq!(round["matched"], waits.len());
    assert_eq!(gone, waits);
    // The rank is that of the points, and the points are those of the reasons.
    let mut ranked: Vec<&Value> = rows.iter().collect();
    ranked.sort_by_key(|row| row["rank"].as_u64());
    assert!(ranked.is_sorted_by(|a, b| a["score"].as_f64() >= b["score"].as_f64()));
    for row in rows {
        let points = row["reasons"].as_array().expect("reasons").iter();
        let points: f64 = points.filter_map(|reason| reason["points"].as_f64()).sum();
        let score = row["score"].as_f64().expect("a score");
        assert!((score - points).abs() <= 0.2, "{row}");
    }
    // One grid's round is the part of it that lies there.
    let grid = &round["grids"][0];
    let of_grid = format!(
        "/enforcement/patrol?limit=100&grid={}",
        grid["id"].as_str().expect("an id")
    );
    let part = lead.get(&of_grid).json();
    assert_eq!(
        part["rows"].as_array().map(Vec::len),
        grid["stops"].as_u64().map(|stops| stops as usize)
    );
    assert!(
        part["rows"]
            .as_array()
            .expect("rows")
            .iter()
            .all(|row| row["grid"]["id"] == grid["id"])
    );
    // The way begins where one stands, and its legs add up.
    let way = lead
        .get("/enforcement/patrol?limit=5&from=113.64,23.135")
        .json();
    assert_eq!(way["way"][0], json!([113.64, 23.135]));
    assert_eq!(way["way"].as_array().map(Vec::len), Some(6));
    let legs: f64 = way["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .filter_map(|row| row["leg_m"].as_f64())
        .sum();
    assert!((way["length_m"].as_f64().expect("a length") - legs).abs() < 1.0);
    assert_eq!(lead.get("/enforcement/patrol?from=here").status, 400);
    // Whoever may not see cases is told of none.
    assert_eq!(
        server
            .sign_in("volunteer")
            .get("/enforcement/patrol")
            .status,
        403
    );
}

/// A case of several houses on its way to where they are pulled down, by the shortest road.
fn pulled_down(server: &Server, enforcer: &Asker, code: &str, houses: &[Value]) -> (String, Value) {
    let (shape, corner) = house(server);
    let made = enforcer.send(
        "POST",
        "/collections/violation_case/items",
        &[("content-type", "application/geo+json")],
        json!({ "type": "Feature", "geometry": shape, "properties": {
            "code": code, "kind": "违法建设", "state": "10", "source": "巡查", "is_new": true,
            "spot_no": "TB1", "buildings": houses, "building_count": houses.len(),
        } })
        .to_string()
        .as_bytes(),
    );
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["id"].as_str().expect("an id").to_owned();
    let case = "violation_case";
    taken(
        &server.sign_in("dispatcher"),
        case,
        &id,
        "accept",
        &json!({}),
    );
    let handlers = json!(["甲某", "乙某"]);
    taken(
        enforcer,
        case,
        &id,
        "inspect",
        &json!({
            "place": corner, "geometry": shape, "photos": ([0, 1, 2].map(|_| photo(enforcer, case, &id, ""))),
            "fields": { "finding": "属实", "handlers": handlers, "permit": "未报建", "is_new": true },
        }),
    );
    taken(
        enforcer,
        case,
        &id,
        "order_stop",
        &json!({
            "fields": { "served_on": "2026-01-05" },
            "documents": [{ "kind": "责令停止违法行为通知书", "number": "停〔2026〕1号" }],
            "photos": [photo(enforcer, case, &id, "service")],
        }),
    );
    let by_themselves = json!({ "fields": { "measure": "自拆" } });
    taken(enforcer, case, &id, "demolish_self", &by_themselves);
    (id, corner)
}

fn facts(asker: &Asker, id: &str) -> Value {
    asker.get(&format!("/enforcement/cases/{id}/facts")).json()["demolition"].clone()
}

#[test]
fn each_building_is_pulled_down_for_itself_and_measured_by_another_officer() {
    let (_folder, server) = served(&[]);
    let [enforcer, legal] = ["enforcer", "legal_officer"].map(|user| server.sign_in(user));
    let found = server.get("/collections/building/items?limit=3").json();
    let houses: Vec<Value> = (0..3)
        .map(|at| found["features"][at]["id"].clone())
        .collect();
    let (id, corner) = pulled_down(&server, &enforcer, "ZD0001", &houses[..2]);
    let case = "violation_case";
    let part = |house: &Value, m2: f64| {
        let shown = |shows| photo(&enforcer, case, &id, shows);
        json!({
            "place": corner, "photos": [shown("before"), shown("after")],
            "fields": { "building": house, "demolished_area_m2": m2,
                "demolished_footprint_m2": (m2 * 40.0).round() / 100.0, "demolished_on": "2026-02-01" },
        })
    };
    // The choices are the houses of the case, and only they are taken.
    let (stood, _) = standing(&enforcer, case, &id);
    let step = stood["transitions"].as_array().expect("steps").iter();
    let step = step.clone().find(|step| step["id"] == "demolish_part");
    let choices = step.expect("the step")["fields"][0]["choices"].clone();
    assert_eq!(choices.as_array().map(Vec::len), Some(2), "{choices}");
    let refused = take(
        &enforcer,
        case,
        &id,
        "demolish_part",
        &part(&houses[2], 10.0),
    );
    assert_eq!(refused.status, 422, "{}", refused.text());
    taken(
        &enforcer,
        case,
        &id,
        "demolish_part",
        &part(&houses[0], 120.25),
    );
    taken(
        &enforcer,
        case,
        &id,
        "demolish_part",
        &part(&houses[0], 30.0),
    );
    let stood = taken(
        &enforcer,
        case,
        &id,
        "finish_demolition",
        &part(&houses[1], 99.75),
    );
    assert_eq!(stood["state"], "95");
    let own = enforcer
        .get(&format!("/collections/{case}/items/{id}"))
        .json()["properties"]
        .clone();
    assert_eq!(
        (
            &own["demolished_area_m2"],
            &own["demolished_footprint_m2"],
            &own["demolished_buildings"]
        ),
        (&json!(250.0), &json!(100.0), &json!(2))
    );
    // Nobody makes the sum another one by hand.
    let (_, tag) = standing(&enforcer, case, &id);
    let patch = json!({ "properties": { "demolished_area_m2": 9999.0 } }).to_string();
    let headers = [
        ("content-type", "application/merge-patch+json"),
        ("if-match", tag.as_str()),
    ];
    let place = format!("/collections/{case}/items/{id}");
    assert_eq!(
        enforcer
            .send("PATCH", &place, &headers, patch.as_bytes())
            .status,
        422
    );

    // Whoever pulled it down does not measure it; what remains is told house by house.
    let outline = |id: &str| {
        let case = enforcer
            .get(&format!("/collections/{case}/items/{id}"))
            .json();
        case["geometry"].clone()
    };
    let before = outline(&id);
    // A corner of it, as somebody went around what is left.
    let west: [f64; 2] = serde_json::from_value(corner.clone()).expect("a corner");
    let [east, north] = [west[0] + 1e-4, west[1] + 1e-4];
    let left_over = json!({ "type": "Polygon", "coordinates": [[west, [east, west[1]], [east, north], [west[0], north], west]] });
    let measured = |asker: &Asker, house: Option<&Value>, left: f64| {
        let shape = left_over.clone();
        let mut given = json!({
            "place": corner, "geometry": shape, "photos": [photo(&enforcer, case, &id, "")],
            "fields": { "remaining_m2": left, "remaining_reason": "留作公厕" },
        });
        if let Some(house) = house {
            given["fields"]["building"] = house.clone();
        }
        take(asker, case, &id, "verify", &given)
    };
    assert_eq!(measured(&enforcer, Some(&houses[0]), 0.0).status, 403);
    assert_eq!(measured(&legal, None, 12.5).status, 422, "which house?");
    let closing = json!({});
    assert_eq!(measured(&legal, Some(&houses[0]), 12.5).status, 200);
    let refused = take(&enforcer, case, &id, "request_closing", &closing);
    assert_eq!(demands(&refused), ["figures"], "{}", refused.text());
    assert!(
        refused.text().contains("未复测的建筑"),
        "{}",
        refused.text()
    );
    assert_eq!(measured(&legal, None, 0.0).status, 200);
    taken(&enforcer, case, &id, "request_closing", &closing);
    let rows = facts(&legal, &id);
    let rows = rows.as_array().expect("rows");
    let told: Vec<(&str, &Value, &Value)> = (rows.iter())
        .map(|row| {
            (
                row["act"].as_str().unwrap(),
                &row["building"]["id"],
                &row["officer"],
            )
        })
        .collect();
    let (pulled, again) = (json!("enforcer"), json!("legal_officer"));
    assert_eq!(
        told,
        [
            ("拆除", &houses[0], &pulled),
            ("拆除", &houses[0], &pulled),
            ("拆除", &houses[1], &pulled),
            ("复测", &houses[0], &again),
            ("复测", &houses[1], &again),
        ]
    );
    assert_eq!(rows[3]["remaining_m2"], 12.5);
    // Each building has the shape that was measured of it, and the case keeps its own.
    assert_eq!(rows[3]["outline"]["type"], "Polygon");
    let m2 = rows[3]["outline_m2"].as_f64().expect("an area");
    assert!((100.0..130.0).contains(&m2), "{m2}");
    assert_eq!(outline(&id), before);
    // The rows are only added, and by steps.
    let written = enforcer.send(
        "POST",
        "/collections/violation_demolition/items",
        &[("content-type", "application/geo+json")],
        json!({ "type": "Feature", "geometry": null, "properties": {
            "violation_case": id, "act": "拆除", "about": houses[0], "floor_area_m2": 1,
            "at": "2026-02-01T00:00:00+08:00" } })
        .to_string()
        .as_bytes(),
    );
    assert!([403, 422].contains(&written.status), "{}", written.text());
}

#[test]
fn what_is_merged_brings_its_parties_buildings_photographs_and_documents() {
    let (_folder, server) = served(&[]);
    let [enforcer, legal] = ["enforcer", "legal_officer"].map(|user| server.sign_in(user));
    let found = server.get("/collections/building/items?limit=2").json();
    let houses: Vec<Value> = (0..2)
        .map(|at| found["features"][at]["id"].clone())
        .collect();
    let case = "violation_case";
    let made = |code: &str, house: &Value| {
        let (shape, _) = self::house(&server);
        let made = enforcer.send(
            "POST",
            "/collections/violation_case/items",
            &[("content-type", "application/geo+json")],
            json!({ "type": "Feature", "geometry": shape, "properties": {
                "code": code, "kind": "违法建设", "state": "10", "source": "巡查", "is_new": true,
                "spot_no": "TB1", "buildings": [house], "address": "某巷1号", "title": "擅自加建案",
            } })
            .to_string()
            .as_bytes(),
        );
        assert_eq!(made.status, 201, "{}", made.text());
        made.json()["id"].as_str().expect("an id").to_owned()
    };
    let (kept, gone) = (made("HB0001", &houses[0]), made("HB0002", &houses[1]));
    let party = |case: &str, name: &str| {
        let row = json!({ "type": "Feature", "geometry": null, "properties": {
            "violation_case": case, "role": "建设人", "name": name } });
        let place = "/collections/violation_party/items";
        let made = enforcer.send(
            "POST",
            place,
            &[("content-type", "application/geo+json")],
            row.to_string().as_bytes(),
        );
        assert_eq!(made.status, 201, "{}", made.text());
    };
    party(&kept, "陈某甲");
    party(&gone, "陈某甲");
    party(&gone, "李某乙");
    let shown = photo(&enforcer, case, &gone, "");
    let form = json!({ "fields": { "target": "某派出所", "reason": "涉嫌犯罪" } });
    let issued = legal.post(
        &format!("/enforcement/cases/{gone}/documents/transfer"),
        &form,
    );
    let number = if issued.status == 201 {
        issued.json()["issued"][0]["number"].clone()
    } else {
        Value::Null
    };
    assert!(number.is_string(), "{}", issued.text());

    // Not into itself, not into nothing.
    for (into, status) in [(gone.as_str(), 422), ("nowhere", 422)] {
        let given = json!({ "note": "同一处", "fields": { "merged_into": into } });
        assert_eq!(
            take(&legal, case, &gone, "merge", &given).status,
            status,
            "{into}"
        );
    }
    let before = server
        .sign_in("enforcement_lead")
        .get("/enforcement/totals")
        .json();
    let given = json!({ "note": "同一处", "fields": { "merged_into": kept } });
    assert_eq!(taken(&legal, case, &gone, "merge", &given)["state"], "合并");
    let own = enforcer
        .get(&format!("/collections/{case}/items/{kept}"))
        .json();
    assert_eq!(own["properties"]["buildings"], json!(houses));
    let names = |case: &str| -> Vec<String> {
        let all = enforcer
            .get(&format!(
                "/collections/violation_party/items?violation_case={case}&f=json"
            ))
            .json();
        let all = all["features"].as_array().expect("parties").iter();
        all.map(|row| {
            row["properties"]["name"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        })
        .collect()
    };
    // Whom the kept case knew already stays with the other.
    assert_eq!((names(&kept).len(), names(&gone).len()), (2, 1));
    let hanging = |case: &str| {
        let all = enforcer.get(&format!(
            "/collections/violation_case/items/{case}/attachments"
        ));
        all.text().contains(shown["hash"].as_str().expect("a hash"))
    };
    assert!(hanging(&kept) && !hanging(&gone));
    let documents = legal
        .get(&format!("/enforcement/cases/{kept}/documents"))
        .json();
    assert_eq!(documents["issued"][0]["number"], number);
    // No square metre comes or goes with it; the merged case has no building of its own.
    let after = server
        .sign_in("enforcement_lead")
        .get("/enforcement/totals")
        .json();
    for name in [
        "cases",
        "violation_area_m2",
        "demolished_area_m2",
        "land_area_m2",
        "buildings",
    ] {
        assert_eq!(before["total"][name], after["total"][name], "{name}");
    }
    assert_eq!(
        after["total"]["void"].as_u64(),
        before["total"]["void"].as_u64().map(|void| void + 1)
    );
    // Nothing goes into what is over.
    let third = made("HB0003", &houses[0]);
    let given = json!({ "note": "同一处", "fields": { "merged_into": gone } });
    let refused = take(&legal, case, &third, "merge", &given);
    assert_eq!(refused.status, 422, "{}", refused.text());

    // 移送 goes with its grounds to a named office, and its receipt is kept.
    let refused = take(
        &legal,
        case,
        &third,
        "transfer",
        &json!({ "note": "涉嫌犯罪", "fields": { "target": "公安" } }),
    );
    assert!(
        demands(&refused)
            .iter()
            .filter(|demand| *demand == "fields")
            .count()
            >= 4,
        "{}",
        refused.text()
    );
    taken(
        &legal,
        case,
        &third,
        "transfer",
        &json!({
            "note": "涉嫌犯罪", "documents": [{ "kind": "案件移送书", "number": "移〔2026〕1号" }],
            "fields": { "target": "公安", "office": "某派出所", "basis": "涉嫌非法占用农用地",
                "files": "卷宗一册", "sent_on": "2026-03-01" },
        }),
    );
    let receipt = json!({ "fields": { "receipt_no": "收〔2026〕9号", "received_on": "2026-03-03", "answer": "受理" } });
    let stood = taken(&legal, case, &third, "transfer_receipt", &receipt);
    assert_eq!(stood["state"], "移送");
}

#[test]
fn polluting_premises_are_named_identified_cleared_looked_at_again_and_come_back() {
    let (_folder, server) = served(&[]);
    let [clerk, dispatcher, enforcer] =
        ["village_clerk", "dispatcher", "enforcer"].map(|user| server.sign_in(user));
    let layer = "place";
    let counts = || {
        let told = clerk.get("/enforcement/scattered").json()["total"].clone();
        ["listed", "cleared", "open", "recurred"].map(|name| told[name].as_i64().expect(name))
    };
    let began = counts();
    let grew = || {
        let now = counts();
        [0, 1, 2, 3].map(|at| now[at] - began[at])
    };
    let listed = clerk.get("/enforcement/scattered").json();
    let listed: Vec<&Value> = (listed["rows"].as_array().expect("rows").iter())
        .map(|row| &row["id"])
        .collect();
    let all = clerk.get("/collections/place/items?limit=2000").json();
    let place = (all["features"].as_array().expect("places").iter())
        .find(|place| !listed.contains(&&place["id"]) && place["geometry"]["type"] == "Point")
        .expect("premises that nobody named");
    let (id, at) = (
        place["id"].as_str().expect("an id"),
        &place["geometry"]["coordinates"],
    );
    let told = |fields: Value| json!({ "note": "照章办理", "place": at, "fields": fields });
    let shown = |asker: &Asker, shows: &str, fields: Value| {
        let mut given = told(fields);
        given["photos"] = json!([photo(asker, layer, id, shows)]);
        given
    };
    assert_eq!(standing(&clerk, layer, id).0["state"], "00");
    // Whoever named it does not say what it is, and it is on the list when somebody else does.
    taken(&clerk, layer, id, "name", &told(json!({})));
    let scattered = told(json!({ "swl_type": "污" }));
    assert_eq!(
        demands(&take(&clerk, layer, id, "identify", &scattered)),
        ["other_person"]
    );
    assert_eq!(grew(), [0, 0, 0, 0]);
    taken(&dispatcher, layer, id, "identify", &scattered);
    assert_eq!(grew(), [1, 0, 1, 0]);
    taken(
        &dispatcher,
        layer,
        id,
        "measure",
        &told(json!({ "swl_measure": "关停取缔" })),
    );
    // It is cleared with a picture from there, and struck off by somebody else.
    let cleared = json!({ "cleared_on": "2026-03-01" });
    assert_eq!(
        demands(&take(&enforcer, layer, id, "clear", &told(cleared.clone()))),
        ["photos"]
    );
    let from_afar = json!([at[0].as_f64().expect("degrees") + 0.01, at[1]]);
    let mut afar = shown(&enforcer, "after", cleared.clone());
    afar["place"] = from_afar;
    assert_eq!(
        demands(&take(&enforcer, layer, id, "clear", &afar)),
        ["near"]
    );
    taken(
        &enforcer,
        layer,
        id,
        "clear",
        &shown(&enforcer, "after", cleared),
    );
    assert_eq!(grew(), [1, 1, 0, 0]);
    let look = shown(&enforcer, "", json!({}));
    assert_eq!(
        demands(&take(&enforcer, layer, id, "strike", &look)),
        ["other_person"]
    );
    let stood = taken(&clerk, layer, id, "strike", &shown(&clerk, "", json!({})));
    assert_eq!(
        (&stood["state"], &stood["ends"]),
        (&json!("50"), &json!(true))
    );
    // What comes back is open again, and said to have come back.
    let back = shown(&enforcer, "", json!({ "recurred": true }));
    taken(&enforcer, layer, id, "recur", &back);
    assert_eq!(grew(), [1, 0, 1, 1]);
    assert_eq!(standing(&clerk, layer, id).0["state"], "10");
    // Nobody sets its state by hand.
    let (_, tag) = standing(&clerk, layer, id);
    let headers = [
        ("content-type", "application/merge-patch+json"),
        ("if-match", tag.as_str()),
    ];
    let patch = json!({ "properties": { "swl_state": "50" } }).to_string();
    let set = clerk.send(
        "PATCH",
        &format!("/collections/{layer}/items/{id}"),
        &headers,
        patch.as_bytes(),
    );
    assert_eq!(set.status, 422, "{}", set.text());
}
