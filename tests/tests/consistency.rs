//! After any edits by many at once, everything that answers says the same: items, lookups,
//! counts, tiles, the log, and the file.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
    thread,
};

use serde_json::{Value, json};
use yizhangtu_tests::{Server, open_village, run_well};

/// Editors at a time, edits of each in a round, rounds.
const EDITORS: u64 = 4;
const EDITS: u64 = 25;
const ROUNDS: u64 = 3;

struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }

    fn part(&mut self) -> f64 {
        f64::from(u32::try_from(self.below(1_000_000)).expect("small")) / 1e6
    }
}

/// One random edit of buildings: made, moved, changed, deleted.
fn edit(server: &Server, dice: &mut Dice, own: &mut Vec<String>, editor: u64, number: u64) {
    let version = |id: &str| -> Option<u64> {
        let reply = server.get(&format!("/collections/building/items/{id}"));
        reply.header("etag")?.trim_matches('"').parse().ok()
    };
    let square = |dice: &mut Dice| {
        let (west, south) = (113.62 + dice.part() * 0.02, 23.12 + dice.part() * 0.02);
        let side = 5e-5 + dice.part() * 2e-4;
        json!({ "type": "Polygon", "coordinates": [[[west, south], [west + side, south], [west + side, south + side], [west, south + side], [west, south]]] })
    };
    let change = match (dice.below(4), own.is_empty()) {
        (0, _) | (_, true) => {
            let id = format!("e{editor}-{number}");
            own.push(id.clone());
            json!({ "op": "insert", "layer": "building", "id": id, "feature": {
                "geometry": square(dice), "properties": { "code": id, "floors_up": 1 + dice.below(9), "rental": dice.below(2) == 0 } } })
        }
        (kind, _) => {
            let id = own[usize::try_from(dice.below(own.len() as u64)).expect("small")].clone();
            let Some(version) = version(&id) else { return };
            match kind {
                1 => {
                    json!({ "op": "update", "layer": "building", "id": id, "version": version, "feature": { "geometry": square(dice) } })
                }
                2 => {
                    json!({ "op": "update", "layer": "building", "id": id, "version": version, "feature": { "properties": { "floors_up": 1 + dice.below(30) } } })
                }
                _ => {
                    own.retain(|other| *other != id);
                    json!({ "op": "delete", "layer": "building", "id": id, "version": version })
                }
            }
        }
    };
    let reply = server.post("/changes", &json!({ "changes": [change] }));
    assert_eq!(reply.status, 200, "{}", reply.text());
}

/// One random edit of the borders of grids: a corner moved for all who have it, a grid split, two
/// made one. Gives whether it was taken: a corner may not be moved across another border.
fn border(server: &Server, dice: &mut Dice, number: u64) -> bool {
    let grids = server.get("/collections/grid/items?limit=100").json();
    let grids = grids["features"].as_array().expect("grids").clone();
    let pick = |dice: &mut Dice| -> Value {
        grids[usize::try_from(dice.below(grids.len() as u64)).expect("few")].clone()
    };
    let one = pick(dice);
    let id = one["id"].as_str().expect("an id").to_owned();
    let version = |id: &str| {
        server
            .get(&format!("/collections/grid/items/{id}/history"))
            .json()["version"]
            .clone()
    };
    let rings = &one["geometry"]["coordinates"];
    let ring = if one["geometry"]["type"] == "Polygon" {
        &rings[0]
    } else {
        &rings[0][0]
    };
    let ring: Vec<[f64; 2]> = serde_json::from_value(ring.clone()).expect("a ring");
    let change = match dice.below(4) {
        0 => {
            let lon = |at: &[f64; 2]| at[0];
            let (west, east) = ring
                .iter()
                .map(lon)
                .fold((180.0_f64, -180.0_f64), |(w, e), x| (w.min(x), e.max(x)));
            let middle = west + (east - west) * (0.3 + dice.part() * 0.4);
            json!({ "op": "split", "layer": "grid", "id": id, "version": version(&id),
                "line": { "type": "LineString", "coordinates": [[middle, 23.0], [middle, 23.3]] },
                "parts": [{}, { "properties": { "code": format!("44011810122{number:04}"), "name": format!("分出{number}") } }] })
        }
        1 => {
            let other = pick(dice);
            let other = other["id"].as_str().expect("an id");
            if other == id {
                return false;
            }
            json!({ "op": "merge", "layer": "grid", "ids": [id, other], "versions": [version(&id), version(other)] })
        }
        _ => {
            let from = ring[usize::try_from(dice.below(ring.len() as u64)).expect("few")];
            let near =
                |at: f64, dice: &mut Dice| ((at + (dice.part() - 0.5) * 4e-5) * 1e9).round() / 1e9;
            let to = [near(from[0], dice), near(from[1], dice)];
            json!({ "op": "move_vertex", "layer": "grid", "from": from, "to": to })
        }
    };
    let reply = server.post("/changes", &json!({ "changes": [change] }));
    assert!(
        [200, 409, 412, 422].contains(&reply.status),
        "{change}: {}",
        reply.text()
    );
    reply.status == 200
}

#[test]
fn all_that_answers_agrees_after_edits_by_many() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = open_village("donghua", folder.path());
    let server = Arc::new(Server::start_with(&file, &[]));
    let mut own: Vec<Vec<String>> = (0..EDITORS).map(|_| Vec::new()).collect();
    for round in 0..ROUNDS {
        let editors: Vec<_> = own
            .drain(..)
            .zip(0..)
            .map(|(mut own, editor)| {
                let server = Arc::clone(&server);
                thread::spawn(move || {
                    let mut dice = Dice(round * 1000 + editor);
                    for number in 0..EDITS {
                        edit(&server, &mut dice, &mut own, editor, round * EDITS + number);
                    }
                    own
                })
            })
            .collect();
        // Others see to the borders of the ground meanwhile.
        let mut dice = Dice(round * 31 + 5);
        let taken = (0..EDITS).filter(|number| border(&server, &mut dice, round * EDITS + number));
        assert!(taken.count() > 3, "no border was moved");
        own = editors
            .into_iter()
            .map(|editor| editor.join().expect("an editor ends well"))
            .collect();
        agree(&server, &file, folder.path(), round);
    }
}

/// Everything is asked, and compared.
fn agree(server: &Server, file: &Path, folder: &Path, round: u64) {
    // The file: id → floors, by SQL.
    let connection = rusqlite::Connection::open(file).expect("the file");
    let mut rows = connection
        .prepare("SELECT id, floors_up FROM building")
        .expect("a table");
    let stored: BTreeMap<String, Option<i64>> = rows
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("rows")
        .collect::<Result<_, _>>()
        .expect("rows");
    // The items, all pages.
    let listed = server
        .get("/collections/building/items?limit=100000")
        .json();
    let listed: BTreeMap<String, Value> = listed["features"]
        .as_array()
        .expect("features")
        .iter()
        .map(|feature| {
            (
                feature["id"].as_str().expect("an id").to_owned(),
                feature.clone(),
            )
        })
        .collect();
    assert_eq!(
        stored.keys().collect::<BTreeSet<_>>(),
        listed.keys().collect::<BTreeSet<_>>()
    );
    for (id, floors) in &stored {
        assert_eq!(listed[id]["properties"]["floors_up"], json!(floors), "{id}");
    }
    // A copy served afresh: what was kept up to date, edit by edit, is what a load makes.
    let copy = folder.join(format!("copy-{round}.gpkg"));
    run_well([Path::new("backup"), file, Path::new("-o"), &copy]);
    let fresh = Server::start(&copy);
    let everything = json!({ "type": "Polygon", "coordinates": [[[113.0, 22.5], [114.5, 22.5], [114.5, 23.8], [113.0, 23.8], [113.0, 22.5]]] });
    let half = json!({ "type": "Polygon", "coordinates": [[[113.62, 23.12], [113.6305, 23.1203], [113.6297, 23.1401], [113.6201, 23.1399], [113.62, 23.12]]] });
    for (area, rule) in [
        (&everything, "intersects"),
        (&half, "representative_point"),
        (&half, "within"),
    ] {
        let asked = json!({ "area": area, "rule": rule });
        let (mut one, mut other) = (
            server.post("/statistics", &asked).json(),
            fresh.post("/statistics", &asked).json(),
        );
        for counted in [&mut one, &mut other] {
            counted.as_object_mut().expect("an object").remove("as_of");
        }
        assert_eq!(one, other, "{rule}");
        if rule == "intersects" {
            assert_eq!(
                one["buildings"]["count"].as_u64(),
                u64::try_from(stored.len()).ok()
            );
        }
    }
    let grids = |server: &Server| -> BTreeMap<String, Value> {
        let page = server.get("/collections/grid/items?limit=1000").json();
        let features = page["features"].as_array().expect("features").clone();
        let named = |one: Value| (one["id"].as_str().expect("an id").to_owned(), one);
        features.into_iter().map(named).collect()
    };
    let ground = grids(server);
    assert_eq!(ground, grids(&fresh));
    // Whatever was split, merged and moved: people, houses and square metres of the grids are
    // those of the whole.
    let by_grid = server
        .post("/statistics", &json!({ "area": everything, "by": "grid" }))
        .json();
    let groups = by_grid["groups"].as_array().expect("groups");
    let sum = |path: &str| -> u64 {
        groups
            .iter()
            .map(|group| group.pointer(path).and_then(Value::as_u64).unwrap_or(0))
            .sum()
    };
    assert_eq!(
        Some(sum("/buildings/count")),
        by_grid["buildings"]["count"].as_u64()
    );
    assert_eq!(
        Some(sum("/people/total")),
        by_grid["people"]["total"].as_u64()
    );
    let mut dice = Dice(round + 77);
    for _ in 0..60 {
        let (lon, lat) = (113.62 + dice.part() * 0.02, 23.12 + dice.part() * 0.02);
        let path = format!("/lookup?point={lon},{lat}");
        assert_eq!(server.get(&path).json(), fresh.get(&path).json(), "{path}");
    }
    for (z, x, y) in [
        (14, 13363, 7109),
        (15, 26727, 14218),
        (16, 53454, 28437),
        (12, 3340, 1777),
    ] {
        let path = format!("/tiles/building,grid/{z}/{x}/{y}");
        assert_eq!(server.get(&path).body, fresh.get(&path).body, "{path}");
    }
    // The log names every edit once, in order.
    let mut since = 0;
    let mut last: BTreeMap<String, String> = BTreeMap::new();
    loop {
        let page = server
            .get(&format!("/changes?since={since}&limit=50"))
            .json();
        let changes = page["changes"].as_array().expect("changes");
        for change in changes {
            let sequence = change["sequence"].as_u64().expect("a number");
            assert_eq!(sequence, since + 1);
            since = sequence;
            if change["layer"] != "building" {
                continue;
            }
            let text = |name: &str| change[name].as_str().expect("a text").to_owned();
            last.insert(text("id"), text("operation"));
        }
        if changes.is_empty() {
            assert_eq!(page["sequence"].as_u64(), Some(since));
            break;
        }
    }
    for (id, operation) in last {
        assert_eq!(operation != "delete", stored.contains_key(&id), "{id}");
    }
}
