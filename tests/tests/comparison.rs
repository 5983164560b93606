//! Two surveys of a village's houses compared: what is found, by the service and the command.

use std::{collections::BTreeSet, fs, thread, time::Duration};

use rusqlite::Connection;
use serde_json::{Value, json};
use yizhangtu_tests::{Asker, Server, run_well, village};

/// Every corner of an outline, changed.
fn each(geometry: &Value, change: &impl Fn([f64; 2]) -> [f64; 2]) -> Value {
    fn walk(value: &Value, change: &impl Fn([f64; 2]) -> [f64; 2]) -> Value {
        match value.as_array() {
            Some(pair) if pair.first().is_some_and(Value::is_number) => {
                json!(change([
                    pair[0].as_f64().unwrap(),
                    pair[1].as_f64().unwrap()
                ]))
            }
            Some(list) => list.iter().map(|one| walk(one, change)).collect(),
            None => value.clone(),
        }
    }
    json!({ "type": geometry["type"], "coordinates": walk(&geometry["coordinates"], change) })
}

/// A metre and a half to the north-east at 23°.
fn shifted([x, y]: [f64; 2]) -> [f64; 2] {
    [x + 1.2 / 102_400.0, y + 0.9 / 110_750.0]
}

/// Begins a comparison; the path that it is asked about by.
fn begun(asker: &Asker, path: &str, body: &Value) -> String {
    let reply = asker.post(path, body);
    assert_eq!(reply.status, 202, "{}", reply.text());
    reply.header("location").expect("a place").to_owned()
}

/// What a comparison found, once it is done.
fn ended(asker: &Asker, place: &str) -> Value {
    for _ in 0..600 {
        let told = asker.get(place).json();
        match told["state"].as_str() {
            Some("done") => return told["result"].clone(),
            Some("comparing") => {
                let progress = &told["progress"];
                let [done, of] = ["outlines", "of"].map(|name| progress[name].as_u64());
                assert!(done.expect("a number") <= of.expect("a number"), "{told}");
                thread::sleep(Duration::from_millis(50));
            }
            _ => panic!("{told}"),
        }
    }
    panic!("it does not end");
}

#[test]
fn a_newer_survey_beside_the_old_tells_what_was_built_and_makes_clues() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("village.gpkg");
    fs::copy(village("donghua"), &file).expect("a copy");
    let server = Server::start_with(&file, &[]);
    let lead = server.sign_in("enforcer");
    let houses = lead.get("/collections/building/items?limit=5000").json();
    let houses = houses["features"].as_array().expect("houses");
    let (mut gone, mut grown) = (BTreeSet::new(), BTreeSet::new());
    let mut survey = Vec::new();
    for (at, house) in houses.iter().enumerate() {
        let id = house["id"].as_str().unwrap().to_owned();
        let ring = house["geometry"]["coordinates"][0].as_array().unwrap();
        let corners = &ring[..ring.len() - 1];
        let middle = [0, 1].map(|axis| {
            let sum: f64 = corners
                .iter()
                .map(|at| at[axis].as_f64().unwrap_or(0.0))
                .sum();
            sum / corners.len() as f64
        });
        match at % 20 {
            3 => {
                gone.insert(id);
                continue;
            }
            11 if house["geometry"]["type"] == "Polygon" => {
                grown.insert(id);
                let larger = |[x, y]: [f64; 2]| {
                    let factor = 1.2_f64.sqrt();
                    shifted([
                        middle[0] + (x - middle[0]) * factor,
                        middle[1] + (y - middle[1]) * factor,
                    ])
                };
                survey.push(each(&house["geometry"], &larger));
            }
            _ => survey.push(each(&house["geometry"], &shifted)),
        }
    }
    // New ones a kilometre away, where nothing stands.
    let added = houses.len() / 20;
    for house in &houses[..added] {
        let away = |[x, y]: [f64; 2]| shifted([x + 0.05, y + 0.05]);
        survey.push(each(&house["geometry"], &away));
    }
    let features: Vec<Value> = (survey.into_iter())
        .map(|geometry| json!({ "type": "Feature", "geometry": geometry, "properties": {} }))
        .collect();
    let body = json!({ "type": "FeatureCollection", "features": features });
    let place = begun(&lead, "/enforcement/comparison", &body);
    // Nobody else is told of it, by whatever right.
    let other = server.sign_in("enforcement_lead");
    assert_eq!(other.get(&place).status, 404);
    assert_eq!(other.send("DELETE", &place, &[], b"").status, 404);
    let told = ended(&lead, &place);
    let shift = &told["shift"];
    assert!(
        (shift["east_m"].as_f64().unwrap() - 1.2).abs() < 0.05,
        "{shift}"
    );
    let ids = |kind: &str| -> BTreeSet<String> {
        (told["rows"].as_array().unwrap().iter())
            .filter(|row| row["kind"] == kind)
            .flat_map(|row| row["before"].as_array().unwrap())
            .map(|house| house["id"].as_str().unwrap().to_owned())
            .collect()
    };
    // Recall and precision in one: at most 2 in 100 of what was found or done are not both.
    let alike = |found: &BTreeSet<String>, done: &BTreeSet<String>| {
        let both = found.intersection(done).count() as f64;
        both >= 0.98 * found.len() as f64 && both >= 0.98 * done.len() as f64
    };
    assert!(
        alike(&ids("vanished"), &gone),
        "{} of {}",
        ids("vanished").len(),
        gone.len()
    );
    assert!(
        alike(&ids("extended"), &grown),
        "{} of {}",
        ids("extended").len(),
        grown.len()
    );
    assert_eq!(told["sums"]["new"]["count"], added);

    // One of them as a clue, by the ordinary way in.
    let new = (told["rows"].as_array().unwrap().iter())
        .find(|row| row["kind"] == "new")
        .unwrap();
    assert_eq!(
        (&new["permitted"], &new["suspected"]),
        (&Value::Null, &json!(false)),
        "no permits are known"
    );
    let clue = lead.send(
        "POST",
        "/collections/violation_case/items",
        &[("content-type", "application/geo+json")],
        json!({ "type": "Feature", "geometry": new["geometry"], "properties": {
            "kind": "违法建设", "state": "10", "source": "无人机", "land_area_m2": new["area_m2"],
        } })
        .to_string()
        .as_bytes(),
    );
    assert_eq!(clue.status, 201, "{}", clue.text());

    // What cannot be compared is told so.
    let metres = json!({ "type": "FeatureCollection", "features": [{ "type": "Feature", "properties": {},
        "geometry": { "type": "Polygon", "coordinates": [[[38_400_000.0, 2_560_000.0], [38_400_010.0, 2_560_000.0], [38_400_010.0, 2_560_010.0], [38_400_000.0, 2_560_000.0]]] } }] });
    let refused = lead.post("/enforcement/comparison", &metres);
    assert_eq!(refused.status, 422, "{}", refused.text());
    assert!(refused.text().contains("经纬度"), "{}", refused.text());
    assert_eq!(
        lead.post(
            "/enforcement/comparison",
            &json!({ "type": "FeatureCollection", "features": [] })
        )
        .status,
        422
    );
    // With itself nothing changed; what is given up is forgotten.
    let place = begun(&lead, "/enforcement/comparison?as-of=0", &Value::Null);
    assert_eq!(ended(&lead, &place)["changes"], 0);
    let place = begun(&lead, "/enforcement/comparison", &body);
    assert_eq!(lead.send("DELETE", &place, &[], b"").status, 204);
    assert_eq!(lead.get(&place).status, 404);
    let auditor = server.sign_in("auditor");
    assert_eq!(auditor.post("/enforcement/comparison", &body).status, 403);
}

#[test]
fn the_command_compares_two_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let [before, after] = ["before.gpkg", "after.gpkg"].map(|name| folder.path().join(name));
    for file in [&before, &after] {
        fs::copy(village("donghua"), file).expect("a copy");
    }
    let connection = Connection::open(&after).expect("the file");
    let gone: String = connection
        .query_row(
            "SELECT id FROM building ORDER BY id LIMIT 1 OFFSET 7",
            [],
            |row| row.get(0),
        )
        .expect("a house");
    connection
        .execute("DELETE FROM building WHERE id = ?1", [&gone])
        .expect("gone");
    drop(connection);
    let out = folder.path().join("changes.geojsonl");
    let [one, other, to] = [&before, &after, &out].map(|path| path.to_str().expect("UTF-8"));
    let said = run_well(["compare", one, other, "-o", to]);
    assert!(said.contains("变化 1 处"), "{said}");
    let line: Value =
        serde_json::from_str(fs::read_to_string(&out).expect("the changes").trim()).expect("JSON");
    assert_eq!(
        (&line["properties"]["kind"], &line["properties"]["before"]),
        (&json!("vanished"), &json!([gone]))
    );
    assert!(line["geometry"]["coordinates"].is_array());
}
