//! 网格事件 counted: one definition, never rounded up, and down to the event that is not closed.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;
use yizhangtu_tests::{Server, village};

fn served(name: &str) -> (TempDir, Server) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("village.gpkg");
    fs::copy(village(name), &file).expect("a copy");
    let server = Server::start_with(&file, &[]);
    (folder, server)
}

/// A square of a grid worker's own grid that an event can be reported in.
fn place(server: &Server) -> Value {
    let house = server.get("/collections/building/items?limit=1").json();
    house["features"][0]["geometry"]["coordinates"][0][0].clone()
}

#[test]
fn of_two_thousand_five_hundred_events_one_open_one_is_not_rounded_away() {
    let server = Server::start(&village("dayuan"));
    let asker = server.sign_in("dispatcher");
    let told = asker.get("/events/totals").json();
    let rate = &told["total"]["rates"]["closing"];
    assert_eq!(
        (&rate["percent"], &rate["part"], &rate["whole"]),
        (&json!("99.96"), &json!(2499), &json!(2500))
    );
    assert_eq!(told["definition"], "2026.1");
    assert!(
        told["basis"]["zh"]
            .as_str()
            .expect("words")
            .contains("只舍不入")
    );
    // From the rate down to the one event.
    let open = asker.get("/events?figure=open").json();
    assert_eq!(open["matched"], 1);
    assert_eq!(open["rows"][0]["overdue"], true);
    // Whatever they are grouped by, the parts are the whole; the list is the count.
    for by in ["type", "month", "grid", "source", "level"] {
        let told = asker.get(&format!("/events/totals?by={by}")).json();
        for figure in ["reported", "closed", "open", "overdue"] {
            let sum: u64 = (told["groups"].as_array().expect("groups").iter())
                .map(|group| group[figure].as_u64().expect("a count"))
                .sum();
            assert_eq!(json!(sum), told["total"][figure], "{by} {figure}");
        }
    }
    let grid = asker.get("/events/totals?by=grid").json()["groups"][0].clone();
    let key = grid["key"].as_str().expect("a grid");
    let listed = asker
        .get(&format!("/events?figure=closed&grid={key}&limit=10000"))
        .json();
    assert_eq!(listed["matched"], grid["closed"]);
    // Part of a year against the same days of the year before.
    let year = asker
        .get("/events/totals?from=2020-01-01&to=2020-07-31")
        .json();
    assert_eq!(year["before"]["from"], "2019-01-01");
    assert_eq!(year["before"]["to"], "2019-07-31");
    let plain = asker
        .get("/events/totals?from=2019-01-01&to=2019-07-31")
        .json();
    assert_eq!(year["before"]["reported"], plain["total"]["reported"]);
    assert_eq!(asker.get("/events/totals?by=colour").status, 400);
    assert_eq!(asker.get("/events/totals?from=yesterday").status, 400);
    // Who may count and not see has the totals and no list.
    let leader = server.sign_in("leader");
    assert_eq!(leader.get("/events/totals").json()["total"], told["total"]);
    assert_eq!(leader.get("/events?figure=open").status, 403);
}

#[test]
fn a_step_with_many_takes_each_for_itself_and_once() {
    let (_folder, server) = served("donghua");
    let [clerk, dispatcher] = ["village_clerk", "dispatcher"].map(|user| server.sign_in(user));
    let corner = place(&server);
    let changes: Vec<Value> = (0..3)
        .map(|number| {
            json!({ "op": "insert", "layer": "grid_event", "feature": {
                "geometry": { "type": "Point", "coordinates": corner },
                "properties": { "type": "六乱", "title": format!("第{number}件"), "source": "群众",
                    "state": "20", "reported_at": "2026-01-05T09:00:00+08:00" } } })
        })
        .collect();
    let made = clerk.post("/changes", &json!({ "reason": "上报", "changes": changes }));
    assert_eq!(made.status, 200, "{}", made.text());
    let waiting = |state: &str| {
        let queue = dispatcher
            .get(&format!(
                "/processes/grid_event/queue?state={state}&show=type"
            ))
            .json();
        let rows = queue["rows"].as_array().expect("rows").clone();
        rows.iter()
            .map(|row| json!({ "id": row["id"], "version": row["version"] }))
            .collect::<Vec<Value>>()
    };
    let new = waiting("20");
    assert_eq!(new.len(), 3);
    let path = "/processes/grid_event/steps/accept";
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", "desk-1"),
    ];
    let mut items = new.clone();
    items[2]["version"] = json!(0); // somebody saw an older one
    let body = json!({ "items": items }).to_string();
    let done = dispatcher.send("POST", path, &headers, body.as_bytes());
    assert_eq!(done.status, 200, "{}", done.text());
    let done = done.json();
    assert_eq!((&done["taken"], &done["refused"]), (&json!(2), &json!(1)));
    assert_eq!(done["results"][0]["state"], "30");
    assert_eq!(done["results"][2]["status"], 412);
    // The same request again is answered alike and takes nothing twice.
    let again = dispatcher.send("POST", path, &headers, body.as_bytes());
    assert_eq!(again.json()["taken"], 2);
    let first = new[0]["id"].as_str().expect("an id");
    let log = dispatcher
        .get(&format!("/collections/grid_event/items/{first}/process"))
        .json()["log"]
        .clone();
    let steps = log.as_array().expect("rows").iter();
    assert_eq!(steps.filter(|row| row["step"] == "accept").count(), 1);
    // Without what the step needs nobody goes on; of another role nobody does either.
    let accepted = waiting("30");
    let dispatch = "/processes/grid_event/steps/dispatch";
    let bare = dispatcher
        .post(dispatch, &json!({ "items": accepted }))
        .json();
    assert_eq!(bare["taken"], 0);
    let worker = server.sign_in("handler");
    let refused = worker.post(
        dispatch,
        &json!({ "items": accepted, "fields": { "department": "环卫站" } }),
    );
    assert_eq!(refused.json()["results"][0]["status"], 403);
    let sent = dispatcher.post(
        dispatch,
        &json!({ "items": accepted, "fields": { "department": "环卫站" } }),
    );
    assert_eq!(sent.json()["taken"], 2);
    for wrong in [
        json!({}),
        json!({ "items": [] }),
        json!({ "items": [{ "id": 1 }] }),
    ] {
        assert_eq!(dispatcher.post(dispatch, &wrong).status, 400);
    }
    assert_eq!(
        dispatcher
            .post(
                "/processes/grid_event/steps/fly",
                &json!({ "items": accepted })
            )
            .status,
        404
    );
}
