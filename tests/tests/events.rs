//! 网格事件 counted: one definition, never rounded up, and down to the event that is not closed.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;
use yizhangtu_tests::{
    Asker, Server,
    live::Stream,
    steps::{standing, take},
    village,
};

fn served(name: &str) -> (TempDir, Server) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("village.gpkg");
    fs::copy(village(name), &file).expect("a copy");
    let server = Server::start_with(&file, &[]);
    (folder, server)
}

/// A square of a grid worker's own grid that an event can be reported in.
fn place(server: &Asker) -> Value {
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
    let sent_on = json!({ "items": accepted, "fields": { "department": "环卫站" } });
    // What was not given to the handler's unit is not there; of another role's step nothing is taken.
    let refused = worker.post(dispatch, &sent_on);
    assert_eq!(refused.json()["results"][0]["status"], 404);
    let refused = server.sign_in("enforcer").post(dispatch, &sent_on);
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

/// Reports an event, and gives its id.
fn report(asker: &Asker, at: &Value, title: &str) -> String {
    let feature = json!({ "type": "Feature", "geometry": { "type": "Point", "coordinates": at },
        "properties": { "type": "垃圾堆积", "title": title, "source": "志愿者", "state": "20",
            "reported_at": "2026-01-05T09:00:00+08:00" } });
    let made = asker.post_as(
        "/collections/grid_event/items",
        "application/geo+json",
        feature.to_string().as_bytes(),
    );
    assert_eq!(made.status, 201, "{}", made.text());
    made.json()["id"].as_str().expect("an id").to_owned()
}

/// Everything that an asker can find out of an event.
fn known(asker: &Asker, id: &str, title: &str, at: &Value) -> Vec<(&'static str, bool)> {
    let path = format!("/collections/grid_event/items/{id}");
    let holds = |path: &str| asker.get(path).text().contains(id);
    let (lon, lat) = (
        at[0].as_f64().expect("a longitude"),
        at[1].as_f64().expect("a latitude"),
    );
    let n = f64::from(1 << 18);
    let x = (lon + 180.0) / 360.0 * n;
    let y = (1.0 - lat.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0 * n;
    let tile = asker.get(&format!("/tiles/grid_event/18/{}/{}", x as u32, y as u32));
    let tile = String::from_utf8_lossy(&tile.body).contains(title);
    vec![
        ("item", asker.get(&path).status == 200),
        ("items", holds("/collections/grid_event/items?limit=5000")),
        (
            "history",
            asker.get(&format!("{path}/history")).status == 200,
        ),
        (
            "course",
            asker.get(&format!("{path}/process")).status == 200,
        ),
        (
            "attachments",
            asker.get(&format!("{path}/attachments")).status == 200,
        ),
        ("queue", holds("/processes/grid_event/queue?limit=5000")),
        ("list", holds("/events?limit=10000")),
        ("log", holds("/collections/event_log/items?limit=10000")),
        ("changes", holds("/changes?limit=10000")),
        ("search", holds(&format!("/search?q={title}"))),
        ("tile", tile),
    ]
}

#[test]
fn whoever_reported_an_event_follows_it_and_whoever_it_was_given_to_works_at_it() {
    let (_folder, server) = served("donghua");
    let [volunteer, worker, dispatcher, handler] =
        ["volunteer", "grid_worker", "dispatcher", "handler"].map(|user| server.sign_in(user));
    let corner = place(&worker);
    let seen = |asker: &Asker| -> Value {
        asker.get("/collections/grid_event/items?limit=1").json()["numberMatched"].clone()
    };
    assert_eq!(seen(&volunteer), 0);
    let mut live = Stream::open(&volunteer);
    let mut hears = Stream::open(&handler);
    let own = report(&volunteer, &corner, "巷口堆着瓷砖");
    let other = report(&worker, &corner, "屋顶渗水滴漏");
    assert!(live.tells(&own), "one's own event is told of");
    assert_eq!(seen(&volunteer), 1);
    let all = |id: &str, asker: &Asker, title: &str| known(asker, id, title, &corner);
    for (way, found) in all(&own, &volunteer, "巷口堆着瓷砖") {
        // Whoever reports does not count.
        assert_eq!(found, way != "list", "one's own by {way}");
    }
    for (way, found) in all(&other, &volunteer, "屋顶渗水滴漏") {
        assert!(!found, "another's by {way}");
    }
    let none = |id: &str| {
        let reply = volunteer.get(&format!("/collections/grid_event/items/{id}"));
        (reply.status, reply.text().replace(id, "ID"))
    };
    assert_eq!(none(&other), none("01NOTHERE"));
    // Nobody reports in another's name, or takes a report over; only the system writes who did.
    let feature = json!({ "type": "Feature", "geometry": { "type": "Point", "coordinates": corner }, "properties": {
        "type": "六乱", "title": "冒名", "source": "志愿者", "state": "20",
        "reported_at": "2026-01-05T09:00:00+08:00", "reported_by": "grid_worker" } });
    let forged = volunteer.post_as(
        "/collections/grid_event/items",
        "application/geo+json",
        feature.to_string().as_bytes(),
    );
    assert_eq!(forged.status, 422, "{}", forged.text());
    let path = format!("/collections/grid_event/items/{own}");
    let tag = worker.get(&path).header("etag").expect("a tag").to_owned();
    let headers = [
        ("content-type", "application/merge-patch+json"),
        ("if-match", &*tag),
    ];
    let taken = json!({ "properties": { "reported_by": "grid_worker" } }).to_string();
    let taken = worker.send("PATCH", &path, &headers, taken.as_bytes());
    assert_eq!(taken.status, 422, "{}", taken.text());
    let shown = dispatcher.get(&path).json();
    assert_eq!(shown["properties"]["reported_by"], Value::Null, "{shown}");
    // A volunteer changes nothing of what was reported, and reports in the own grid alone.
    let changed = json!({ "properties": { "title": "别的" } }).to_string();
    assert_eq!(
        volunteer
            .send("PATCH", &path, &headers, changed.as_bytes())
            .status,
        403
    );
    let outside = json!({ "type": "Feature", "geometry": { "type": "Point", "coordinates": [113.5, 23.0] },
        "properties": { "type": "六乱", "title": "界外", "source": "志愿者", "state": "20", "reported_at": "2026-01-05T09:00:00+08:00" } });
    let outside = volunteer.post_as(
        "/collections/grid_event/items",
        "application/geo+json",
        outside.to_string().as_bytes(),
    );
    assert_eq!(outside.status, 403, "{}", outside.text());

    // A handler: nothing before it is given to the unit, then that event and no other.
    let before = seen(&handler).as_u64().expect("a count");
    for (way, found) in all(&own, &handler, "巷口堆着瓷砖") {
        assert!(!found, "not given yet, by {way}");
    }
    let step = |asker: &Asker, id: &str, step: &str, given: &Value| {
        let taken = take(asker, "grid_event", id, step, given);
        assert_eq!(taken.status, 200, "{}", taken.text());
    };
    let given_to = |unit: &str| json!({ "fields": { "department": unit } });
    hears.taken();
    step(&dispatcher, &own, "accept", &json!({}));
    step(&dispatcher, &own, "dispatch", &given_to("环卫站"));
    assert!(hears.tells(&own), "what was given is told of");
    assert!(!hears.taken().contains(&other));
    assert_eq!(seen(&handler), before + 1);
    for (way, found) in all(&own, &handler, "巷口堆着瓷砖") {
        assert!(found, "given, by {way}");
    }
    for (way, found) in all(&other, &handler, "屋顶渗水滴漏") {
        assert!(!found, "another unit's, by {way}");
    }
    let totals = handler.get("/events/totals").json();
    assert_eq!(
        totals["total"]["reported"],
        before + 1,
        "counts what is given: {totals}"
    );
    // Sent back and given to another unit it is gone, and the page is told to read anew.
    step(&handler, &own, "refuse", &json!({ "note": "不属本单位" }));
    assert!(hears.tells(&own));
    hears.taken();
    step(&dispatcher, &own, "dispatch", &given_to("安全生产办"));
    assert!(
        hears.tells("\"ids\":null"),
        "what went is told without a word of it"
    );
    assert!(!hears.taken().contains(&own));
    for (way, found) in all(&own, &handler, "巷口堆着瓷砖") {
        assert!(!found, "given to others, by {way}");
    }
    // Nobody but the volunteer is told whose report it is.
    for (asker, told) in [(&volunteer, true), (&worker, false), (&handler, false)] {
        for way in [
            format!("/collections/grid_event/items/{own}/process"),
            format!("/collections/event_log/items?grid_event={own}"),
            format!("/collections/grid_event/items/{own}"),
        ] {
            let text = asker.get(&way).text();
            let named = text.contains("\"actor\":\"volunteer\"")
                || text.contains("\"reported_by\":\"volunteer\"");
            assert!(!named || told, "{way}: {text}");
        }
    }
    // The volunteer follows all the while.
    assert_eq!(standing(&volunteer, "grid_event", &own).0["state"], "40");
    // Why, in the administrator's words.
    let security = server.sign_in("security_admin");
    for (user, id, may) in [
        ("volunteer", &own, true),
        ("volunteer", &other, false),
        ("handler", &own, false),
    ] {
        let why = security
            .get(&format!("/rights/why?user={user}&layer=grid_event&id={id}"))
            .json();
        assert_eq!(why["may"], may, "{why}");
    }
    // Whoever moves to the other unit has at once what was given to it, and no more what was given
    // to the old one.
    let of_the_old = report(&worker, &corner, "路灯不亮");
    step(&dispatcher, &of_the_old, "accept", &json!({}));
    step(&dispatcher, &of_the_old, "dispatch", &given_to("环卫站"));
    assert!(known(&handler, &of_the_old, "路灯不亮", &corner)[0].1);
    let body = json!({ "unit": "安全生产办" }).to_string();
    let headers = [("content-type", "application/json")];
    let moved = security.send("PATCH", "/accounts/handler", &headers, body.as_bytes());
    assert_eq!(moved.status, 200, "{}", moved.text());
    // What one may see changed: sessions of before are over.
    let handler = server.sign_in("handler");
    for (way, found) in known(&handler, &own, "巷口堆着瓷砖", &corner) {
        assert!(found, "given to the new unit, by {way}");
    }
    for (way, found) in known(&handler, &of_the_old, "路灯不亮", &corner) {
        assert!(!found, "given to the old unit, by {way}");
    }
}
