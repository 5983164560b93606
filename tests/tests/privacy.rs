//! No way out shows what a mask hides: the file's own values are looked for in every answer.

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use yizhangtu_tests::{
    Asker, Server,
    steps::{self, standing},
    village,
};

struct Person {
    id: String,
    name: String,
    number: String,
    phone: String,
}

fn people() -> Vec<Person> {
    let file = Connection::open_with_flags(village("donghua"), OpenFlags::SQLITE_OPEN_READ_ONLY)
        .expect("the demonstration opens");
    let mut statement = file
        .prepare(
            "SELECT id, name, id_number, phone FROM person
             WHERE length(name) > 2 AND length(id_number) = 18 AND phone NOT NULL
             -- Whoever holds an office is named with it, and so may a namesake be.
             AND name NOT IN (SELECT worker FROM grid WHERE worker NOT NULL
               UNION SELECT leader FROM grid WHERE leader NOT NULL)
             ORDER BY fid LIMIT 40",
        )
        .expect("a register");
    let people = statement
        .query_map([], |row| {
            Ok(Person {
                id: row.get(0)?,
                name: row.get(1)?,
                number: row.get(2)?,
                phone: row.get(3)?,
            })
        })
        .expect("people")
        .collect::<Result<Vec<_>, _>>()
        .expect("people");
    assert_eq!(people.len(), 40);
    people
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[test]
fn nobody_is_shown_unmasked() {
    let people = people();
    let server = Server::start(&village("donghua"));
    let mut answers = vec![
        server.get("/collections/person/items?limit=100000").text(),
        server
            .get("/collections/person/items?limit=100000&f=csv")
            .text(),
        server
            .get("/collections/person/items?limit=1000&f=html")
            .text(),
        server
            .get("/collections/residence/items?limit=100000")
            .text(),
        server
            .get("/collections/household/items?limit=100000")
            .text(),
        server.get("/collections/room/items?limit=100000").text(),
        server.get("/catalog").text(),
    ];
    for person in people.iter().take(5) {
        answers.push(
            server
                .get(&format!("/collections/person/items/{}", person.id))
                .text(),
        );
        for query in [
            &person.name,
            &person.number,
            &person.phone,
            &person.phone[7..].to_owned(),
        ] {
            answers.push(server.get(&format!("/search?q={}", encoded(query))).text());
        }
    }
    for answer in &answers {
        for person in &people {
            for secret in [&person.number, &person.phone, &person.name] {
                assert!(!answer.contains(secret.as_str()), "{secret} is shown");
            }
        }
    }
    assert!(answers[0].contains('*'));
}

#[test]
fn what_is_masked_cannot_be_asked_by() {
    let server = Server::start(&village("donghua"));
    for query in [
        "name=%E6%9D%8E",
        "sortby=name",
        "filter=name%20LIKE%20%27%25%27",
        "filter=id_number%20IS%20NULL",
        "phone=13800000000",
    ] {
        let reply = server.get(&format!("/collections/person/items?{query}"));
        assert_eq!(reply.status, 400, "{query}: {}", reply.text());
    }
}

#[test]
fn residents_are_found_by_name_and_tail_and_shown_masked() {
    let person = &people()[0];
    let server = Server::start(&village("donghua"));
    for query in [&person.name, &person.number, &person.phone] {
        let answer = server
            .get(&format!("/search?limit=100&q={}", encoded(query)))
            .json();
        let results = answer["results"].as_array().expect("results");
        let own = results.iter().find(|found| found["id"] == *person.id);
        let own = own.unwrap_or_else(|| panic!("not found: {answer}"));
        assert_eq!(own["layer"], "person");
        let title = own["title"].as_str().expect("a title");
        assert!(
            title.contains('*')
                && title.starts_with(person.name.chars().next().expect("a surname"))
        );
    }
}

/// Whoever reports is known to intake only, whatever way is taken out of the file.
#[test]
fn who_reported_a_clue_leaves_by_no_way_but_to_intake() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("village.gpkg");
    std::fs::copy(village("donghua"), &file).expect("a copy");
    let server = Server::start_with(&file, &[]);
    let (name, phone) = ("欧阳举报", "13912345678");
    let intake = server.sign_in("dispatcher");
    let house = intake.get("/collections/building/items?limit=1").json()["features"][0].clone();
    let json_type = [("content-type", "application/geo+json")];
    let made = intake.send(
        "POST",
        "/collections/violation_case/items",
        &json_type,
        json!({ "type": "Feature", "geometry": house["geometry"], "properties": {
            "kind": "违法建设", "state": "10", "source": "群众举报", "address": "某巷1号",
            "reporter": name, "reporter_phone": phone,
        } })
        .to_string()
        .as_bytes(),
    );
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["id"].as_str().expect("an id").to_owned();
    let ways = [
        format!("/collections/violation_case/items/{id}"),
        format!("/collections/violation_case/items/{id}?f=html"),
        format!("/collections/violation_case/items/{id}/history"),
        format!("/collections/violation_case/items/{id}/history?from=0&to=1"),
        format!("/collections/violation_case/items/{id}/process"),
        format!("/enforcement/cases/{id}/facts"),
        format!("/enforcement/cases/{id}/documents"),
        "/collections/violation_case/items?limit=10000".to_owned(),
        "/collections/violation_case/items?limit=10000&f=csv".to_owned(),
        "/collections/violation_case/export?f=geojson".to_owned(),
        "/collections/violation_log/items?limit=10000".to_owned(),
        "/enforcement/cases?limit=10000".to_owned(),
        "/enforcement/report?period=day".to_owned(),
        "/processes/violation_case/queue".to_owned(),
        "/changes?since=0&limit=10000".to_owned(),
        format!("/search?q={}", encoded(name)),
        format!("/search?q={}", encoded(phone)),
        format!(
            "/lookup?point={},{}",
            house["geometry"]["coordinates"][0][0][0], house["geometry"]["coordinates"][0][0][1]
        ),
    ];
    for role in [
        "grid_worker",
        "village_clerk",
        "enforcer",
        "legal_officer",
        "enforcement_lead",
        "leader",
        "planner",
        "auditor",
    ] {
        let asker = server.sign_in(role);
        for way in &ways {
            let text = asker.get(way).text();
            assert!(
                !text.contains(name) && !text.contains(phone),
                "{role} {way}"
            );
        }
        let unmask = format!("/collections/violation_case/items/{id}/unmask");
        let why = json!({ "reason": "核实案情", "fields": ["reporter"] });
        let text = asker.post(&unmask, &why).text();
        assert!(!text.contains(name), "{role}: {text}");
        // Nor is it found by asking.
        let asked = format!(
            "/collections/violation_case/items?reporter={}",
            encoded(name)
        );
        assert_ne!(asker.get(&asked).status, 200, "{role}");
    }
    let own = intake.get(&ways[0]).json()["properties"].clone();
    assert_eq!(
        (&own["reporter"], &own["reporter_phone"]),
        (&name.into(), &phone.into())
    );
    // In files intake has it neither.
    assert!(!intake.get(&ways[9]).text().contains(name));

    // A volunteer's spot: who drew it is known to intake and to the volunteer.
    let volunteer = server.sign_in("volunteer");
    let grid = server
        .sign_in("grid_worker")
        .get("/collections/violation_case/items?limit=1")
        .json();
    let shape = grid["features"][0]["geometry"].clone();
    let id = "spot-of-somebody";
    let spot = volunteer.post(
        "/changes",
        &json!({ "reason": "线索", "changes": [{
            "op": "insert", "layer": "violation_spot", "id": id,
            "feature": { "geometry": shape, "properties": { "code": "ZY0001", "judgement": "待核" } },
        }] }),
    );
    assert!([200, 201].contains(&spot.status), "{}", spot.text());
    let past = format!("/collections/violation_spot/items/{id}/history");
    for (role, told) in [
        ("dispatcher", true),
        ("enforcer", false),
        ("legal_officer", false),
    ] {
        let asker = server.sign_in(role);
        for way in [past.as_str(), "/changes?since=0&limit=10000"] {
            let text = asker.get(way).text();
            assert_eq!(text.contains("volunteer"), told, "{role} {way}");
        }
    }
}

/// A clue of a house, and its parties: identity and name.
fn clue(asker: &Asker, house: &Value, parties: &[(&str, &str)]) -> String {
    let create = |layer: &str, feature: &Value| {
        let place = format!("/collections/{layer}/items");
        let made = asker.post_as(
            &place,
            "application/geo+json",
            feature.to_string().as_bytes(),
        );
        assert_eq!(made.status, 201, "{}", made.text());
        made.json()["id"].as_str().expect("an id").to_owned()
    };
    let case = json!({ "type": "Feature", "geometry": house["geometry"],
        "properties": { "kind": "违法建设", "state": "10", "violation_area_m2": 12.5 } });
    let id = create("violation_case", &case);
    for (number, name) in parties {
        let party = json!({ "type": "Feature", "geometry": null, "properties": {
            "violation_case": id, "role": "投资人", "name": name, "id_number": number } });
        create("violation_party", &party);
    }
    id
}

/// Who is on many cases is told by identity and never by name; the numbers do not leave, and
/// only those who read parties are answered.
#[test]
fn parties_of_many_cases_are_found_by_identity_for_those_who_read_parties() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("village.gpkg");
    std::fs::copy(village("donghua"), &file).expect("a copy");
    let server = Server::start_with(&file, &[]);
    let [enforcer, legal] = ["enforcer", "legal_officer"].map(|user| server.sign_in(user));
    let house = legal.get("/collections/building/items?limit=1").json()["features"][0].clone();
    let (own, other) = ("11010119900307109X", "110101199003072236");
    let first = clue(&enforcer, &house, &[(own, "欧阳投资"), (other, "司马同名")]);
    // Written otherwise, in small letters, and twice in one case: one party all the same.
    let again = [("11010119900307109x", "欧阳某"), (own, "欧阳投资")];
    let second = clue(&enforcer, &house, &again);
    // Of the same name, and somebody else.
    clue(&enforcer, &house, &[("110101199003074178", "司马同名")]);
    let asked = "/enforcement/parties";
    let of = |case: &str| -> Vec<Value> {
        let told = legal.get(asked).json();
        let rows = told["rows"].as_array().expect("rows").clone();
        assert_eq!(told["matched"], rows.len());
        let mut rows = rows.into_iter();
        let within = |row: &Value| {
            let cases = row["cases"].as_array().expect("cases");
            assert!(cases.len() > 1, "{row}");
            cases.iter().any(|own| own["id"] == case)
        };
        rows.by_ref().filter(within).collect()
    };
    let found = of(&first);
    assert_eq!(found.len(), 1, "the namesake is nobody's double: {found:?}");
    let cases = found[0]["cases"].as_array().expect("cases");
    let ids: Vec<&Value> = cases.iter().map(|case| &case["id"]).collect();
    assert_eq!(ids.len(), 2, "{found:?}");
    assert!(ids.contains(&&json!(first)) && ids.contains(&&json!(second)));
    assert_eq!(cases[0]["violation_area_m2"], 12.5);
    for role in ["legal_officer", "enforcer", "leader", "enforcement_lead"] {
        let text = server.sign_in(role).get(asked).text();
        for secret in ["110101199003", "欧阳投资", "司马同名"] {
            assert!(!text.contains(secret), "{role} {secret}");
        }
    }
    for role in [
        "grid_worker",
        "village_clerk",
        "dispatcher",
        "planner",
        "asset_manager",
        "auditor",
    ] {
        assert_eq!(server.sign_in(role).get(asked).status, 403, "{role}");
    }
    // A case that was handed over counts no more, and one alone makes nobody a party of many.
    let given = json!({ "note": "移送", "documents": [{ "kind": "案件移送书", "number": "移〔2026〕1号" }],
        "fields": { "target": "公安", "office": "某分局", "basis": "涉嫌犯罪", "files": "案卷", "sent_on": "2026-01-05" } });
    let taken = steps::take(&legal, "violation_case", &second, "transfer", &given);
    assert_eq!(taken.status, 200, "{}", taken.text());
    assert_eq!(
        standing(&legal, "violation_case", &second).0["state"],
        "移送"
    );
    assert_eq!(of(&first), Vec::<Value>::new());
}

/// Who was held to account for a case stands apart from it: known to those with the right, by
/// no way to anybody else.
#[test]
fn accountability_is_apart_from_the_case_and_for_those_with_the_right() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("village.gpkg");
    std::fs::copy(village("donghua"), &file).expect("a copy");
    let server = Server::start_with(&file, &[]);
    let legal = server.sign_in("legal_officer");
    let case = legal
        .get("/collections/violation_case/items?limit=1")
        .json()["features"][0]["id"]
        .clone();
    let case = case.as_str().expect("an id");
    let (name, number) = ("欧阳问责", "穗纪〔2026〕77号");
    let record = json!({ "type": "Feature", "geometry": null, "properties": {
        "violation_case": case, "name": name, "unit": "某办", "kind": "诫勉", "document_no": number } });
    let made = legal.post_as(
        "/collections/accountability/items",
        "application/geo+json",
        record.to_string().as_bytes(),
    );
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["id"].as_str().expect("an id").to_owned();
    let ways = [
        "/collections".to_owned(),
        "/catalog".to_owned(),
        "/collections/accountability/items".to_owned(),
        format!("/collections/accountability/items/{id}"),
        format!("/collections/accountability/items/{id}/history"),
        "/collections/accountability/export?f=csv".to_owned(),
        format!("/collections/violation_case/items/{case}"),
        format!("/enforcement/cases/{case}/facts"),
        format!("/enforcement/cases/{case}/documents"),
        "/changes?since=0&limit=10000".to_owned(),
        format!("/search?q={}", encoded(name)),
        format!("/search?q={}", encoded(number)),
    ];
    for role in [
        "grid_worker",
        "volunteer",
        "village_clerk",
        "dispatcher",
        "handler",
        "enforcer",
        "planner",
        "plan_reviewer",
        "asset_manager",
        "data_manager",
        "system_admin",
        "auditor",
    ] {
        let asker = server.sign_in(role);
        for way in &ways {
            let text = asker.get(way).text();
            for secret in [name, number, id.as_str(), "问责记录"] {
                // What was asked for may be told back.
                let echoed = way.contains(&encoded(secret)) || way.contains(secret);
                assert!(echoed || !text.contains(secret), "{role} {way}: {secret}");
            }
        }
        let status = asker.get("/collections/accountability/items").status;
        assert!([403, 404].contains(&status), "{role}: {status}");
    }
    // With the right it is read, the name masked; nobody finds it within the case.
    for role in ["legal_officer", "enforcement_lead", "leader"] {
        let asker = server.sign_in(role);
        let text = asker.get(&ways[2]).text();
        assert!(
            text.contains(number) && !text.contains(name),
            "{role}: {text}"
        );
        for way in &ways[6..9] {
            assert!(!asker.get(way).text().contains(number), "{role} {way}");
        }
    }
}
