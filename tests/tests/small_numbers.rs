//! The attacker who may count people and not see them: whatever he asks, and however he
//! subtracts, no number below the threshold comes out.

use std::fs;

use serde_json::{Value, json};
use yizhangtu_tests::{Asker, Server, village};

const THRESHOLD: i64 = 5;

/// The figures of an answer: people, each kind of them, households. What is not told is 0.
fn figures(answer: &Value) -> Vec<i64> {
    let kinds = ["本村户籍", "外村户籍", "来穗", "港澳台", "外籍", "未登记"];
    let people = &answer["people"];
    let number = |value: &Value| value.as_i64().unwrap_or(0);
    std::iter::once(number(&people["total"]))
        .chain(kinds.iter().map(|kind| number(&people["by_kind"][kind])))
        .chain([number(&answer["households"])])
        .collect()
}

fn counted(asker: &Asker, body: &Value) -> Value {
    let mut reply = asker.post("/statistics", body);
    // So many questions are more than one account may ask in a while.
    while reply.status == 429 {
        std::thread::sleep(std::time::Duration::from_secs(1));
        reply = asker.post("/statistics", body);
    }
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

/// Holds each figure, and each difference of two, against the threshold.
fn assert_tells_nothing_small(what: &str, figures: impl IntoIterator<Item = i64>) {
    for figure in figures {
        assert!(figure == 0 || figure.abs() >= THRESHOLD, "{what}: {figure}");
    }
}

fn difference<'a>(one: &'a [i64], other: &'a [i64]) -> impl Iterator<Item = i64> + 'a {
    one.iter().zip(other).map(|(one, other)| one - other)
}

fn everywhere() -> Value {
    json!({ "area": square(113.5, 23.0, 0.2) })
}

fn square(west: f64, south: f64, side: f64) -> Value {
    let (east, north) = (west + side, south + side);
    json!({ "type": "Polygon", "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]] })
}

#[test]
fn no_question_and_no_subtraction_tells_a_small_number() {
    let server = Server::start(&village("donghua"));
    let planner = server.sign_in("planner");
    let exact = counted(&server, &everywhere());
    let told = counted(&planner, &everywhere());
    assert_eq!(exact["small_numbers"], Value::Null);
    assert_eq!(told["small_numbers"]["threshold"], json!(THRESHOLD));
    // The whole is told whole but for what of each kind, and of households, is left over.
    for (told, exact) in figures(&told).into_iter().zip(figures(&exact)).skip(1) {
        assert!(
            (0..THRESHOLD).contains(&(exact - told)),
            "{told} of {exact}"
        );
    }
    assert_eq!(told["buildings"], exact["buildings"]);

    let page = server.get("/collections/building/items?limit=1500").json();
    let houses = page["features"].as_array().expect("houses");
    let mut small = 0;
    for house in houses.iter().step_by(60) {
        let id = &house["id"];
        for rule in ["representative_point", "intersects", "within"] {
            for buffer in [0.0, 0.5, 20.0] {
                let body =
                    json!({ "layer": "building", "id": id, "rule": rule, "buffer_m": buffer });
                assert_tells_nothing_small("one house", figures(&counted(&planner, &body)));
            }
        }
        let truth = counted(&server, &json!({ "layer": "building", "id": id }));
        small += i64::from(
            figures(&truth)
                .iter()
                .any(|count| (1..THRESHOLD).contains(count)),
        );
    }
    assert!(small > 5, "the village has small numbers to find: {small}");

    // Overlapping areas: a window that slides on by less than a house.
    let [west, south] = [0, 1].map(|axis| {
        houses[0]["geometry"]["coordinates"][0][0][0][axis]
            .as_f64()
            .or(houses[0]["geometry"]["coordinates"][0][0][axis].as_f64())
            .expect("a corner")
    });
    let mut last: Option<Vec<i64>> = None;
    for step in 0..60 {
        let area = json!({ "area": square(west - 0.002, south - 0.002, 0.002 + 0.00003 * f64::from(step)) });
        let now = figures(&counted(&planner, &area));
        if let Some(last) = &last {
            assert_tells_nothing_small("a wider window", difference(&now, last));
        }
        last = Some(now);
    }

    // Groups against their sum, and the whole without one of them.
    let mut grouped = everywhere();
    grouped["by"] = json!("grid");
    let groups = counted(&planner, &grouped);
    let groups = groups["groups"].as_array().expect("groups");
    let mut rest = figures(&told);
    for group in groups {
        let own = figures(group);
        assert_tells_nothing_small("a group", own.iter().copied());
        rest = difference(&rest, &own).collect();
    }
    assert_tells_nothing_small("what is in no group", rest);

    // Nor by any other way: who may not see people sees no count of a house, and no person.
    for path in [
        "/collections/person/items?limit=1",
        "/collections/residence/items?filter=building%3D%27x%27",
        "/collections/household/items",
    ] {
        assert_eq!(planner.get(path).status, 404, "{path}");
    }
    let here = planner.get(&format!("/lookup?point={west},{south}")).json();
    for house in here["at"]["building"].as_array().expect("houses") {
        assert_eq!(
            (&house["residents"], &house["households"]),
            (&Value::Null, &Value::Null)
        );
    }
    let found = planner.get("/search?q=5678&kinds=person").json();
    assert_eq!(found["results"], json!([]));
}

#[test]
fn asking_again_after_somebody_moved_tells_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("village.gpkg");
    fs::copy(village("donghua"), &file).expect("a copy");
    let server = Server::start_with(&file, &[]);
    let (planner, manager) = (server.sign_in("planner"), server.sign_in("data_manager"));
    let exact = || figures(&counted(&server, &everywhere()));
    let before = (exact(), figures(&counted(&planner, &everywhere())));
    let sequence = planner.get("/changes?since=0&limit=1").json()["sequence"].clone();

    let open = manager.get("/collections/residence/items?limit=3").json();
    for residence in open["features"].as_array().expect("residences") {
        let path = format!(
            "/collections/residence/items/{}",
            residence["id"].as_str().expect("an id")
        );
        let tag = manager.get(&path).header("etag").expect("a tag").to_owned();
        let body = json!({ "properties": { "moved_out": "2026-11-01" } }).to_string();
        let headers = [
            ("content-type", "application/merge-patch+json"),
            ("if-match", &tag),
        ];
        let reply = manager.send("PATCH", &path, &headers, body.as_bytes());
        assert!(reply.status < 300, "{}", reply.text());
    }
    let after = (exact(), figures(&counted(&planner, &everywhere())));
    assert_ne!(before.0, after.0, "they moved out");
    assert_tells_nothing_small("before and after", difference(&before.1, &after.1));
    let told = planner.get(&format!("/changes?since={sequence}")).json();
    assert_eq!(
        told["changes"],
        json!([]),
        "the log tells him of no residence"
    );
}
