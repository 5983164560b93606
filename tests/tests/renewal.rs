//! Renewal units as planners work on them: outlined along the grids, tried, and adopted.

use rand::{RngExt, SeedableRng, seq::IndexedRandom};
use serde_json::{Value, json};
use yizhangtu_tests::{Asker, Server, village};

/// Ground that counts as none, in m².
const NOTHING_M2: f64 = 0.01;

fn features(server: &Asker, layer: &str) -> Vec<Value> {
    let reply = server.get(&format!("/collections/{layer}/items?limit=1000&f=json"));
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["features"]
        .as_array()
        .expect("features")
        .clone()
}

fn outline(server: &Asker, steps: Value, unit: Option<&str>) -> Value {
    let reply = server.post("/renewal/outline", &json!({ "steps": steps, "unit": unit }));
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

fn statistics(server: &Asker, area: &Value) -> Value {
    let reply = server.post("/statistics", &json!({ "area": area }));
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

/// The corners of an areal geometry, in lattice units.
fn corners(geometry: &Value) -> std::collections::BTreeSet<(i64, i64)> {
    fn walk(value: &Value, found: &mut std::collections::BTreeSet<(i64, i64)>) {
        let Some(list) = value.as_array() else { return };
        if let [x, y] = &list[..]
            && let (Some(x), Some(y)) = (x.as_f64(), y.as_f64())
        {
            found.insert(((x * 1e9).round() as i64, (y * 1e9).round() as i64));
            return;
        }
        list.iter().for_each(|inner| walk(inner, found));
    }
    let mut found = std::collections::BTreeSet::new();
    walk(&geometry["coordinates"], &mut found);
    found
}

fn m2(server: &Asker, geometry: &Value) -> f64 {
    statistics(server, geometry)["area_m2"]
        .as_f64()
        .expect("an area")
}

fn grid_steps(ids: &Value) -> Value {
    json!([{ "add": { "layer": "grid", "ids": ids } }])
}

#[test]
fn the_units_of_dayuan_are_the_unions_of_their_grids() {
    let server = &Server::start(&village("dayuan"));
    let units = features(server, "renewal_unit");
    assert_eq!(units.len(), 20);
    for unit in &units {
        let id = unit["id"].as_str().expect("an id");
        let made = outline(server, grid_steps(&unit["properties"]["grids"]), Some(id));
        // Vertex by vertex, so that neighbours share their border.
        assert_eq!(
            corners(&made["geometry"]),
            corners(&unit["geometry"]),
            "{id}"
        );
        let (own, drawn) = (m2(server, &unit["geometry"]), &made["figures"]["area_m2"]);
        assert!(
            (own - drawn.as_f64().unwrap()).abs() < NOTHING_M2,
            "{id}: {own} {drawn}"
        );
        assert_eq!(made["conflicts"], json!([]), "{id}");
        assert_eq!(made["slivers"], json!([]), "{id}");
        let grids = made["grids"].as_array().unwrap();
        assert!(
            grids.iter().all(|grid| grid["whole"] == true),
            "{id}: {grids:?}"
        );
        let ids: Vec<&Value> = grids.iter().map(|grid| &grid["id"]).collect();
        let mut named = unit["properties"]["grids"].as_array().unwrap().clone();
        named.sort_by_key(|id| ids.iter().position(|own| *own == id));
        assert_eq!(ids, named.iter().collect::<Vec<_>>(), "{id}");
    }
    // Together they are the union of all their grids: no overlap, no gap.
    let all: Vec<Value> = (units.iter())
        .flat_map(|unit| unit["properties"]["grids"].as_array().unwrap().clone())
        .collect();
    let count = all.len();
    let together = outline(server, grid_steps(&json!(all)), None);
    let sum: f64 = units.iter().map(|unit| m2(server, &unit["geometry"])).sum();
    let area = together["figures"]["area_m2"].as_f64().unwrap();
    assert!((area - sum).abs() < 20.0 * NOTHING_M2, "{area} {sum}");
    assert_eq!(together["grids"].as_array().unwrap().len(), count);
    assert_eq!(together["conflicts"].as_array().unwrap().len(), 20);
}

#[test]
fn figures_at_every_step_are_those_of_statistics_and_add_up() {
    let server = &Server::start(&village("donghua"));
    let grids = features(server, "grid");
    let mut ids: Vec<&str> = Vec::new();
    // In and out again, as a planner tries things: every state is asked for by itself.
    for (take, out) in [(3, None), (0, None), (5, Some(3)), (6, None), (3, Some(5))] {
        ids.push(grids[take]["id"].as_str().unwrap());
        if let Some(out) = out {
            ids.retain(|id| *id != grids[out]["id"]);
        }
        let made = outline(server, grid_steps(&json!(ids)), None);
        let counted = statistics(server, &made["geometry"]);
        for member in [
            "area_m2",
            "people",
            "households",
            "buildings",
            "violations",
            "contracts",
            "land_use",
            "plan_land",
            "control_lines",
        ] {
            assert_eq!(
                made["figures"][member], counted[member],
                "{member} of {ids:?}"
            );
        }
        // The whole is the sum of its grids.
        for path in [
            "/people/total",
            "/households",
            "/buildings/count",
            "/violations/count",
        ] {
            let parts: u64 = (ids.iter())
                .map(|id| {
                    let one = outline(server, grid_steps(&json!([id])), None);
                    one["figures"].pointer(path).unwrap().as_u64().unwrap()
                })
                .sum();
            assert_eq!(
                counted.pointer(path).unwrap().as_u64(),
                Some(parts),
                "{path} of {ids:?}"
            );
        }
        // And its indicators are what anyone can reckon.
        let value = |code: &str| {
            let all = made["indicators"].as_array().unwrap();
            all.iter().find(|own| own["code"] == code).unwrap()["value"]
                .as_f64()
                .unwrap()
        };
        let figure = |path: &str| counted.pointer(path).unwrap().as_f64().unwrap();
        let ratio = figure("/buildings/floor_area_m2") / figure("/area_m2");
        assert!((value("far_now") - ratio).abs() < 1e-12);
        let density = 100.0 * figure("/buildings/footprint_m2") / figure("/area_m2");
        assert!((value("density") - density).abs() < 1e-9);
    }
}

/// Where only some figures of land are told, no more is worked out, and they are the same.
#[test]
fn the_list_of_units_and_their_sums_tell_what_an_outline_tells() {
    let server = &Server::start(&village("donghua"));
    let counts = |of: &Value| ["buildings", "violations", "contracts"].map(|name| of[name].clone());
    // A ring that begins at another corner adds up its square metres in another order.
    let values = |area: &Value, indicators: &Value| -> Vec<f64> {
        let indicators = indicators.as_array().unwrap().iter();
        let values = indicators.filter_map(|one| one["value"].as_f64());
        area.as_f64().into_iter().chain(values).collect()
    };
    let assert_told = |it: &Value, ids: &Value, name: &str| {
        let steps = json!([{ "add": { "layer": "renewal_unit", "ids": ids } }]);
        let made = outline(server, steps, None);
        let figures = &made["figures"];
        assert_eq!(counts(it), counts(figures), "{name}");
        let own = values(&it["area_m2"], &it["indicators"]);
        let told = values(&figures["area_m2"], &made["indicators"]);
        assert!(own.len() == told.len() && own.len() > 1, "{name}");
        for (own, told) in own.iter().zip(&told) {
            assert!(
                (own - told).abs() <= 1e-9 * told.abs(),
                "{name}: {own} {told}"
            );
        }
    };
    let units = server.get("/renewal/units").json();
    let units = units["units"].as_array().unwrap();
    for unit in units {
        assert_told(unit, &json!([unit["id"]]), unit["name"].as_str().unwrap());
    }
    let ids: Vec<&Value> = units.iter().map(|unit| &unit["id"]).collect();
    for level in ["grid", "co_op", "village"] {
        let totals = server.get(&format!("/renewal/totals?by={level}")).json();
        assert_told(&totals["total"], &json!(ids), level);
    }
}

#[test]
fn a_cut_gives_two_halves_and_taking_them_together_gives_the_whole() {
    let server = &Server::start(&village("donghua"));
    let grids = features(server, "grid");
    let id = grids[4]["id"].as_str().unwrap();
    let whole = outline(server, grid_steps(&json!([id])), None);
    let around = corners(&whole["geometry"]);
    let (xs, ys): (Vec<i64>, Vec<i64>) = around.iter().copied().unzip();
    let at = |units: i64| units as f64 / 1e9;
    let (west, east) = (at(*xs.iter().min().unwrap()), at(*xs.iter().max().unwrap()));
    let (south, north) = (at(*ys.iter().min().unwrap()), at(*ys.iter().max().unwrap()));
    let middle = (south + north) / 2.0;
    let line = json!({ "type": "LineString", "coordinates": [[west - 0.001, middle], [east + 0.001, middle]] });
    // A point of the piece to give up: a bent border may have none where one first looks.
    let upper = (0..200).find_map(|at| {
        let x = west + (east - west) * f64::from(at) / 200.0;
        let drop = [x, middle - (north - south) * 0.05];
        let steps = json!([{ "add": { "layer": "grid", "ids": [id] } }, { "cut": { "line": line, "drop": drop } }]);
        let reply = server.post("/renewal/outline", &json!({ "steps": steps }));
        (reply.status == 200).then(|| reply.json())
    });
    let upper = upper.expect("some point lies below the middle");
    let lower = outline(
        server,
        json!([{ "add": { "layer": "grid", "ids": [id] } }, { "remove": { "area": upper["geometry"] } }]),
        None,
    );
    let (a, b) = (&upper["figures"], &lower["figures"]);
    let sum = a["area_m2"].as_f64().unwrap() + b["area_m2"].as_f64().unwrap();
    let area = whole["figures"]["area_m2"].as_f64().unwrap();
    assert!((sum - area).abs() < NOTHING_M2, "{sum} {area}");
    for path in ["/people/total", "/buildings/count", "/violations/count"] {
        let part = |of: &Value| of.pointer(path).unwrap().as_u64().unwrap();
        assert_eq!(part(a) + part(b), part(&whole["figures"]), "{path}");
    }
    let again = outline(
        server,
        json!([{ "add": { "area": upper["geometry"] } }, { "add": { "area": lower["geometry"] } }]),
        None,
    );
    let joined = again["figures"]["area_m2"].as_f64().unwrap();
    assert!((joined - area).abs() < NOTHING_M2, "{joined} {area}");
    assert_eq!(
        (&again["parts"], &again["holes"]),
        (&whole["parts"], &whole["holes"])
    );
    // A line that does not go through is refused by name.
    let beside = json!([
        { "add": { "layer": "grid", "ids": [id] } },
        { "cut": { "line": { "type": "LineString", "coordinates": [[west, north + 0.01], [east, north + 0.01]] }, "drop": [west, south] } }
    ]);
    let reply = server.post("/renewal/outline", &json!({ "steps": beside }));
    assert_eq!(reply.status, 422);
    assert_eq!(reply.json()["errors"][0]["field"], "steps[1].cut.line");
}

#[test]
fn a_lasso_takes_the_grids_whose_middle_it_is_around_and_an_overlap_is_shown() {
    let server = &Server::start(&village("donghua"));
    let unit = &features(server, "renewal_unit")[1];
    let around = outline(
        server,
        json!([{ "add": { "layer": "grid", "lasso": unit["geometry"] } }]),
        None,
    );
    let mut ids = around["steps"][0]["add"]["ids"].as_array().unwrap().clone();
    let mut named = unit["properties"]["grids"].as_array().unwrap().clone();
    ids.sort_by_key(Value::to_string);
    named.sort_by_key(Value::to_string);
    assert_eq!(ids, named);
    let conflict = &around["conflicts"][0];
    assert_eq!(conflict["id"], unit["id"]);
    let shared = m2(server, &conflict["geometry"]);
    let own = m2(server, &unit["geometry"]);
    assert!((shared - own).abs() < NOTHING_M2, "{shared} {own}");
    // Not with itself.
    let again = outline(server, around["steps"].clone(), unit["id"].as_str());
    assert_eq!(again["conflicts"], json!([]));
}

#[test]
fn a_variant_is_its_authors_own_until_sent_in_and_adopted_by_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("village.gpkg");
    std::fs::copy(village("donghua"), &file).expect("a copy");
    let server = Server::start_with(&file, &[]);
    let (planner, reviewer) = (server.sign_in("planner"), server.sign_in("plan_reviewer"));
    let taken: Vec<Value> = features(&planner, "renewal_unit")
        .iter()
        .flat_map(|unit| unit["properties"]["grids"].as_array().unwrap().clone())
        .collect();
    let free: Vec<Value> = (features(&planner, "grid").iter())
        .map(|grid| grid["id"].clone())
        .filter(|id| !taken.contains(id))
        .collect();
    assert!(!free.is_empty());
    let made = planner.post(
        "/renewal/variants",
        &json!({ "name": "方案一", "steps": grid_steps(&json!(free)), "properties": { "code": "U99", "name": "试划单元" } }),
    );
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    let path = format!("/renewal/variants/{}", made["id"].as_str().unwrap());
    // Nobody else sees a draft, by no path.
    assert_eq!(reviewer.get(&path).status, 404);
    assert_eq!(reviewer.get("/renewal/variants").json(), json!([]));
    for who in [&planner, &reviewer] {
        assert_ne!(who.get("/collections/unit_variant/items").status, 200);
    }
    let act = |who: &Asker, act: &str, note: &str| {
        who.post(&format!("{path}/{act}"), &json!({ "note": note }))
    };
    assert_eq!(act(&planner, "adopt", "").status, 403);
    assert_eq!(act(&planner, "send", "").status, 200);
    assert_eq!(act(&planner, "adopt", "").status, 403, "not by its author");
    assert_eq!(
        act(&reviewer, "return", "").status,
        422,
        "a return says why"
    );
    assert_eq!(
        act(&reviewer, "return", "请补充说明").json()["state"],
        "退回"
    );
    assert_eq!(act(&planner, "send", "").status, 200);
    let adopted = act(&reviewer, "adopt", "同意");
    assert_eq!(adopted.status, 200, "{}", adopted.text());
    let unit = adopted.json()["unit"].as_str().unwrap().to_owned();
    let kept = reviewer
        .get(&format!("/collections/renewal_unit/items/{unit}?f=json"))
        .json();
    let (drawn, own) = (
        m2(&planner, &made["geometry"]),
        m2(&planner, &kept["geometry"]),
    );
    assert!((drawn - own).abs() < NOTHING_M2, "{drawn} {own}");
    assert_eq!(kept["properties"]["grids"], json!(sorted(&free, &planner)));
    let history = reviewer
        .get(&format!("/collections/renewal_unit/items/{unit}/history"))
        .json();
    assert_eq!(history["entries"][0]["author"], "plan_reviewer");
    assert!(
        history["entries"][0]["reason"]
            .as_str()
            .unwrap()
            .contains("方案一")
    );

    // Its author sees every version; others those that they were shown at the time.
    let states = |who: &Asker| -> Vec<String> {
        let versions = who.get(&format!("{path}/history")).json();
        let state = |own: &Value| own["variant"]["state"].as_str().unwrap().to_owned();
        versions.as_array().unwrap().iter().map(state).collect()
    };
    let mut own = states(&planner);
    own.reverse();
    assert_eq!(own, ["草稿", "送审", "退回", "送审", "已采用"]);
    assert_eq!(states(&reviewer), ["已采用", "送审", "退回", "送审"]);
    assert_eq!(states(&server.sign_in("leader")), ["已采用"]);
    // The map as of its first version: a draft of its author, and nobody else's.
    let first = planner.get(&format!("{path}/history")).json();
    let first = first.as_array().unwrap().last().unwrap().clone();
    let then = format!("as-of={}", first["sequence"]);
    let was = planner.get(&format!("{path}?{then}")).json();
    assert_eq!(
        (&was["state"], &was["acts"], &was["geometry"]),
        (&json!("草稿"), &json!([]), &made["geometry"])
    );
    assert!(was["outline"]["figures"]["area_m2"].is_number());
    let listed = planner.get(&format!("/renewal/variants?{then}")).json();
    assert_eq!(listed[0]["state"], "草稿");
    assert_eq!(reviewer.get(&format!("{path}?{then}")).status, 404);
    assert_eq!(
        reviewer.get(&format!("/renewal/variants?{then}")).json(),
        json!([])
    );

    // Another unit over the same ground is refused, with the place.
    let over = planner.post(
        "/renewal/variants",
        &json!({ "name": "重叠", "steps": grid_steps(&json!([free[0]])), "properties": { "code": "U98", "name": "重叠单元" } }),
    );
    let over = format!("/renewal/variants/{}", over.json()["id"].as_str().unwrap());
    assert_eq!(
        planner.post(&format!("{over}/send"), &json!({})).status,
        200
    );
    let refused = reviewer.post(&format!("{over}/adopt"), &json!({}));
    assert_eq!(refused.status, 422, "{}", refused.text());
    assert!(refused.json()["place"].is_array());
    // What its author gave up is in his past still.
    assert_eq!(planner.send("DELETE", &over, &[], b"").status, 204);
    assert_eq!(planner.get(&over).status, 404);
    let past = planner.get(&format!("{over}/history")).json();
    assert_eq!(past[0]["variant"]["state"], "送审");
    let then = format!("{over}?as-of={}", past[0]["sequence"]);
    assert_eq!(planner.get(&then).json()["name"], "重叠");

    // A variant of a unit that was changed meanwhile does not overwrite it.
    let redrawn = planner.post(
        "/renewal/variants",
        &json!({ "name": "方案二", "unit": unit, "steps": grid_steps(&json!([free[0]])) }),
    );
    let redrawn = format!(
        "/renewal/variants/{}",
        redrawn.json()["id"].as_str().unwrap()
    );
    assert_eq!(
        planner.post(&format!("{redrawn}/send"), &json!({})).status,
        200
    );
    let version = history["version"].clone();
    let changed = planner.post(
        "/changes",
        &json!({ "changes": [{ "op": "update", "layer": "renewal_unit", "id": unit, "version": version, "feature": { "properties": { "remark": "改过" } } }] }),
    );
    assert_eq!(changed.status, 200, "{}", changed.text());
    assert_eq!(
        reviewer
            .post(&format!("{redrawn}/adopt"), &json!({}))
            .status,
        412
    );
}

/// Ids in the order of the grids' codes, as a unit names its grids.
fn sorted(ids: &[Value], server: &Asker) -> Vec<Value> {
    let mut all: Vec<Value> = (features(server, "grid").into_iter())
        .filter(|grid| ids.contains(&grid["id"]))
        .collect();
    all.sort_by_key(|grid| grid["properties"]["code"].to_string());
    all.into_iter().map(|grid| grid["id"].clone()).collect()
}

#[test]
fn houses_are_classed_by_a_rule_that_is_tried_first_and_each_is_in_one_class() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("village.gpkg");
    std::fs::copy(village("donghua"), &file).expect("a copy");
    let server = Server::start_with(&file, &[]);
    let manager = server.sign_in("data_manager");
    let classes = || manager.get("/renewal/disposal").json();
    let count = |all: &Value, class: &str| {
        let all = all["classes"].as_array().unwrap();
        all.iter()
            .find(|own| own["code"] == class)
            .map_or(0, |own| own["count"].as_u64().unwrap())
    };
    let sum = |all: &Value| -> u64 {
        let all = all["classes"].as_array().unwrap();
        all.iter().map(|own| own["count"].as_u64().unwrap()).sum()
    };
    let before = classes();
    assert_eq!(
        (before["houses"].as_u64(), sum(&before)),
        (Some(1495), 1495)
    );
    let mut rule = json!({
        "filter": "right_doc = '无'", "class": "没收", "basis": "指导意见", "reason": "", "dry_run": true
    });
    let tried = manager.post("/renewal/disposal", &rule).json();
    assert_eq!(classes(), before, "a rule that is tried changes nothing");
    assert_eq!(sum(&tried["before"]), tried["matched"].as_u64().unwrap());
    let changed = tried["changed"].as_u64().unwrap();
    assert!(changed > 0 && changed <= tried["matched"].as_u64().unwrap());
    rule["dry_run"] = json!(false);
    assert_eq!(
        manager.post("/renewal/disposal", &rule).status,
        422,
        "without a reason"
    );
    rule["reason"] = json!("无权属证明");
    assert_eq!(
        server
            .sign_in("planner")
            .post("/renewal/disposal", &rule)
            .status,
        403
    );
    let done = manager.post("/renewal/disposal", &rule);
    assert_eq!(
        done.json()["changed"].as_u64(),
        Some(changed),
        "{}",
        done.text()
    );
    let after = classes();
    assert_eq!(sum(&after), 1495);
    assert_eq!(count(&after, "没收"), count(&before, "没收") + changed);
    // A house keeps what it was, who changed it, and why.
    let house = tried["sample"][0].as_str().unwrap();
    let history = manager
        .get(&format!("/collections/building/items/{house}/history"))
        .json();
    let last = &history["entries"][0];
    assert_eq!(
        (&last["author"], &last["reason"]),
        (&json!("data_manager"), &json!("无权属证明"))
    );
    assert_eq!(last["after"]["properties"]["disposal_class"], "没收");
    assert_ne!(last["before"]["properties"]["disposal_class"], "没收");
}

#[test]
fn the_ledger_of_contracts_counts_32_worth_27_275_000_yuan() {
    let server = &Server::start(&village("donghua"));
    let manager = server.sign_in("asset_manager");
    let ledger = manager.get("/contracts?on=2023-06-30").json();
    assert_eq!(
        (&ledger["count"], &ledger["amount_fen"]),
        (&json!(32), &json!(2_727_500_000_u64))
    );
    let contracts = ledger["contracts"].as_array().unwrap();
    let within = |days: i64| {
        let soon = |own: &&Value| {
            own["days_left"]
                .as_i64()
                .is_some_and(|left| (0..=days).contains(&left))
        };
        contracts.iter().filter(soon).count()
    };
    assert_eq!(
        ledger["expiring"],
        json!([within(30), within(60), within(90)])
    );
    // What has a contract that runs is not idle.
    let running: Vec<&Value> = (contracts.iter())
        .filter(|own| {
            own["days_left"].as_i64().is_some_and(|left| left >= 0)
                && own["start_on"].as_str() <= Some("2023-06-30")
        })
        .flat_map(|own| own["assets"].as_array().unwrap())
        .collect();
    let idle = ledger["idle"].as_array().unwrap();
    assert!(!idle.is_empty() && idle.iter().all(|own| !running.contains(&&own["id"])));
    // A month is the base rent with its step-ups, less its relief.
    let id = contracts[0]["id"].as_str().unwrap();
    let months = manager.get(&format!("/contracts/{id}/rent")).json();
    for month in months.as_array().unwrap() {
        let fen = |name: &str| month[name].as_i64().unwrap();
        assert_eq!(fen("due_fen"), fen("rent_fen") - fen("relief_fen"));
    }
    assert_eq!(manager.get("/contracts?on=morgen").status, 400);

    // One contract over several assets, and back from each of them.
    let many = contracts
        .iter()
        .find(|own| own["assets"].as_array().unwrap().len() > 1)
        .expect("a contract over several assets");
    for asset in many["assets"].as_array().unwrap() {
        let over = format!("/contracts?on=2023-06-30&asset={}", asset.as_str().unwrap());
        let over = manager.get(&over).json();
        assert_eq!(over["contracts"], json!([many]));
        assert!(
            over["assets"]
                .as_array()
                .unwrap()
                .iter()
                .any(|own| own["id"] == *asset)
        );
    }
}

#[test]
fn a_report_adds_up_to_its_unit_and_tells_what_the_ledger_tells() {
    let server = &Server::start(&village("donghua"));
    let manager = server.sign_in("asset_manager");
    // What the register calls 履行中 has ended since, and everything tells it so.
    let ledger = manager.get("/contracts").json();
    let states: std::collections::BTreeMap<&str, &str> =
        (ledger["contracts"].as_array().unwrap().iter())
            .map(|own| {
                (
                    own["code"].as_str().unwrap(),
                    own["state"].as_str().unwrap(),
                )
            })
            .collect();
    let registered = features(&manager, "contract");
    let grown_old = registered.iter().find(|own| {
        let code = own["properties"]["code"].as_str().unwrap();
        own["properties"]["state"] == "履行中" && states[code] == "已到期"
    });
    assert!(grown_old.is_some(), "a contract that ended since");

    let planner = server.sign_in("planner");
    let (mut contracts, mut reached) = (0, 0);
    for unit in features(&planner, "renewal_unit") {
        let id = unit["id"].as_str().unwrap();
        let report = planner.get(&format!("/renewal/units/{id}/report")).json();
        let section = |id: &str| {
            let mut all = report["sections"].as_array().unwrap().iter();
            all.find(|own| own["id"] == id).expect("a section").clone()
        };
        let hundredths = |cell: &Value| (cell.as_f64().unwrap() * 100.0).round() as i64;
        for id in ["land_now", "land_plan"] {
            let own = section(id);
            let column = |at: usize| -> i64 {
                let rows = own["rows"].as_array().unwrap().iter();
                rows.map(|row| hundredths(&row[at])).sum()
            };
            assert_eq!(column(3), hundredths(&report["area_m2"]), "{id}");
            assert_eq!(column(4), 10_000, "{id}");
            assert_eq!(own["total"][4], 100.0);
        }
        for row in section("contracts")["rows"].as_array().unwrap() {
            let [code, state] = [&row[0], &row[2]["zh"]].map(|cell| cell.as_str().unwrap());
            assert_eq!(state, states[code], "{code}");
            contracts += 1;
        }
        for row in section("facilities")["rows"].as_array().unwrap() {
            if row[0]["zh"] == "公厕" {
                assert!(
                    row[3]
                        .as_f64()
                        .is_some_and(|share| (0.0..=100.0).contains(&share))
                );
                reached += row[2].as_u64().unwrap();
            }
        }
    }
    assert!(contracts > 0 && reached > 0, "{contracts} {reached}");
}

#[test]
fn relief_of_a_contract_is_dated_and_what_is_none_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("village.gpkg");
    std::fs::copy(village("donghua"), &file).expect("a copy");
    let server = Server::start_with(&file, &[]);
    let manager = server.sign_in("asset_manager");
    let ledger = manager.get("/contracts?on=2023-06-30").json();
    let own = (ledger["contracts"].as_array().unwrap().iter())
        .find(|own| own["start_on"].as_str() < Some("2023-01-01") && own["state"] == "履行中")
        .expect("a contract that runs");
    let id = own["id"].as_str().unwrap();
    let relieved = |adjustments: Value| {
        let path = format!("/collections/contract/items/{id}/history");
        let version = manager.get(&path).json()["version"].clone();
        let feature = json!({ "properties": { "adjustments": adjustments } });
        let change = json!({ "op": "update", "layer": "contract", "id": id, "version": version, "feature": feature });
        manager.post(
            "/changes",
            &json!({ "reason": "减租", "changes": [change] }),
        )
    };
    let refused = relieved(json!([{ "from": "2023-02-01", "to": "2023-01-01", "percent": 50 }]));
    assert_eq!(refused.status, 422, "{}", refused.text());
    assert_eq!(refused.json()["errors"][0]["code"], "check");
    let spring = json!([
        { "from": "2023-02-01", "to": "2023-02-28", "percent": 50, "reason": "减租" },
        { "from": "2023-03-01", "to": "2023-03-31", "percent": 30, "reason": "减租" },
        { "from": "2023-04-01", "to": "2023-04-30", "percent": 20, "reason": "减租" },
    ]);
    let due = || {
        let after = manager.get("/contracts?on=2023-06-30").json();
        let found = after["contracts"]
            .as_array()
            .unwrap()
            .iter()
            .find(|it| it["id"] == id);
        let found = found.unwrap().clone();
        let fen = |name: &str| found[name].as_i64().unwrap();
        (
            fen("due_this_year_fen") + fen("relief_this_year_fen"),
            fen("relief_this_year_fen"),
            found["monthly_fen"].clone(),
        )
    };
    assert_eq!(relieved(json!([])).status, 200);
    let (whole, none, monthly) = due();
    assert_eq!(none, 0);
    assert_eq!(relieved(spring).status, 200);
    let (still, off, base) = due();
    assert_eq!((still, base), (whole, monthly));
    assert!(off > 0, "half of February, 30 % of March, 20 % of April");
}

#[test]
fn a_unit_grows_from_a_seed_and_never_into_another() {
    let server = &Server::start(&village("donghua"));
    let units = features(server, "renewal_unit");
    let taken: Vec<Value> = (units.iter())
        .flat_map(|unit| unit["properties"]["grids"].as_array().unwrap().clone())
        .collect();
    let mut grown = 0;
    for grid in features(server, "grid") {
        let id = grid["id"].as_str().unwrap();
        let found = server.get(&format!(
            "/search?q={}&kinds=grid&limit=1",
            grid["properties"]["code"].as_str().unwrap()
        ));
        let Some(seed) = found.json()["results"][0]["point"].as_array().cloned() else {
            continue;
        };
        let reply = server.post(
            "/renewal/suggest",
            &json!({ "seed": seed, "target_area_m2": 120_000 }),
        );
        if taken.contains(&grid["id"]) {
            assert_eq!(reply.status, 422, "{id}: {}", reply.text());
            continue;
        }
        assert_eq!(reply.status, 200, "{id}: {}", reply.text());
        let suggestions = reply.json();
        let suggestions = suggestions.as_array().unwrap();
        let scores: Vec<f64> = suggestions
            .iter()
            .map(|own| own["score"].as_f64().unwrap())
            .collect();
        assert!(scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
        // Every way to grow is told, alone or beside those that lead to the same ground.
        let ways = suggestions
            .iter()
            .map(|own| 1 + own["also"].as_array().unwrap().len());
        assert_eq!(ways.sum::<usize>(), 3, "{id}");
        for own in suggestions {
            grown += 1;
            let made = outline(server, own["steps"].clone(), None);
            assert_eq!(made["conflicts"], json!([]));
            assert_eq!(made["figures"]["buildings"]["count"], own["buildings"]);
            let terms = own["terms"].as_array().unwrap();
            let mean: f64 = terms
                .iter()
                .map(|term| term["value"].as_f64().unwrap())
                .sum::<f64>()
                / terms.len() as f64;
            assert!((own["score"].as_f64().unwrap() - 100.0 * mean).abs() < 1e-9);
        }
    }
    assert!(grown > 0);
}

/// The steps that a unit may be taken by, by their names.
fn step(server: &Asker, unit: &str, id: &str) -> Value {
    let standing = server
        .get(&format!("/collections/renewal_unit/items/{unit}/process"))
        .json();
    let steps = standing["transitions"].as_array().expect("steps").clone();
    let found = steps.into_iter().find(|step| step["id"] == id);
    found.unwrap_or_else(|| panic!("{standing}"))
}

fn take(server: &Asker, unit: &str, id: &str, given: &Value) -> yizhangtu_tests::Reply {
    let path = format!("/collections/renewal_unit/items/{unit}/process");
    let tag = server
        .get(&path)
        .header("etag")
        .expect("a version")
        .to_owned();
    server.send(
        "POST",
        &format!("{path}/{id}"),
        &[("if-match", &tag), ("content-type", "application/json")],
        given.to_string().as_bytes(),
    )
}

#[test]
fn a_unit_goes_on_through_the_gate_of_its_stage_and_not_past_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("village.gpkg");
    std::fs::copy(village("donghua"), &file).expect("a copy");
    let server = Server::start_with(&file, &[]);
    let (planner, reviewer) = (server.sign_in("planner"), server.sign_in("plan_reviewer"));
    let units = features(&planner, "renewal_unit");
    let at = |stage: &str| {
        let unit = units
            .iter()
            .find(|unit| unit["properties"]["stage"] == stage);
        unit.expect("a unit of the stage")["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    // The outline is looked at by another person.
    let drawn = at("1");
    let approve = |who: &Asker| take(who, &drawn, "approve_outline", &json!({})).status;
    assert_eq!(approve(&reviewer), 409, "nobody proposed it");
    assert_eq!(
        take(&planner, &drawn, "propose_outline", &json!({})).status,
        200
    );
    assert_eq!(approve(&planner), 403);
    assert_eq!(approve(&reviewer), 200);
    // Its houses are not surveyed: the gate says so, and nobody goes past it.
    let finish = step(&planner, &drawn, "finish_survey");
    let share = &finish["figures"][0];
    assert_eq!(
        (&share["figure"], &share["met"], &share["on"]),
        (&json!("survey_share"), &json!(false), &json!(true))
    );
    assert_eq!(finish["allowed"], false);
    let refused = take(&planner, &drawn, "finish_survey", &json!({}));
    assert_eq!(refused.status, 409, "{}", refused.text());
    assert!(
        refused.text().contains("已复核的房屋占比"),
        "{}",
        refused.text()
    );
    // Nothing else sets a stage.
    let version = planner
        .get(&format!("/collections/renewal_unit/items/{drawn}/history"))
        .json()["version"]
        .clone();
    let set = planner.post(
        "/changes",
        &json!({ "changes": [{ "op": "update", "layer": "renewal_unit", "id": drawn, "version": version, "feature": { "properties": { "stage": "8" } } }] }),
    );
    assert_eq!(set.status, 422, "{}", set.text());

    // Every house is surveyed, and the results were public long enough.
    let row = |layer: &str, properties: Value| json!({ "op": "insert", "layer": layer, "feature": { "geometry": null, "properties": properties } });
    let work = || planner.get(&format!("/renewal/units/{drawn}/work")).json();
    let mut rows = Vec::new();
    while rows.len() < 2000 {
        let missing = work()["survey"]["missing"].as_array().unwrap().clone();
        if missing.is_empty() {
            break;
        }
        let entered: Vec<Value> = (missing.iter())
            .map(|house| row("unit_survey", json!({ "renewal_unit": drawn, "building": house["id"], "lawful_m2": 80.0, "reviewed_on": "2026-05-06" })))
            .collect();
        rows.extend(entered.iter().cloned());
        let done = planner.post("/changes", &json!({ "changes": entered }));
        assert_eq!(done.status, 200, "{}", done.text());
    }
    let survey = work()["survey"].clone();
    assert_eq!(survey["reviewed"], survey["houses"]);
    assert!((survey["lawful_m2"].as_f64().unwrap() - 80.0 * rows.len() as f64).abs() < 0.005);
    let notice = row(
        "unit_notice",
        json!({ "renewal_unit": drawn, "kind": "调查结果", "from_on": "2026-06-01", "to_on": "2026-06-30", "objections": 2, "answered": 1 }),
    );
    assert_eq!(
        planner
            .post("/changes", &json!({ "changes": [notice] }))
            .status,
        200
    );
    assert_eq!(
        take(&planner, &drawn, "finish_survey", &json!({})).status,
        409,
        "an objection is open"
    );
    let open = work()["notices"][0]["id"].as_str().unwrap().to_owned();
    let seen = planner
        .get(&format!("/collections/unit_notice/items/{open}/history"))
        .json()["version"]
        .clone();
    let answered = json!({ "op": "update", "layer": "unit_notice", "id": open, "version": seen, "feature": { "properties": { "answered": 2 } } });
    let done = planner.post("/changes", &json!({ "changes": [answered] }));
    assert_eq!(done.status, 200, "{}", done.text());
    let done = take(&planner, &drawn, "finish_survey", &json!({}));
    assert_eq!(done.status, 200, "{}", done.text());
    assert_eq!(done.json()["state"], "3");
    // A threshold that no source confirms is shown and stops nobody; a vote must be on record.
    let confirm = step(&planner, &drawn, "confirm_consent");
    let preset = (confirm["figures"].as_array().unwrap().iter()).find(|gate| gate["on"] == false);
    assert_eq!(preset.unwrap()["figure"], "consent_share");
    let vote = row(
        "unit_vote",
        json!({ "renewal_unit": drawn, "subject": "意愿征询", "entitled": 200, "agreed": 100, "voted_on": "2026-07-01" }),
    );
    assert_eq!(
        planner
            .post("/changes", &json!({ "changes": [vote] }))
            .status,
        200
    );
    assert_eq!(work()["votes"][0]["share"], 0.5);
    assert_eq!(
        take(&planner, &drawn, "confirm_consent", &json!({})).status,
        200
    );
    // Deferred it stands still, and goes on where it was.
    assert_eq!(
        take(&planner, &drawn, "defer", &json!({})).status,
        422,
        "with a reason"
    );
    assert_eq!(
        take(&planner, &drawn, "defer", &json!({ "note": "资金未落实" })).status,
        200
    );
    assert_eq!(
        take(&planner, &drawn, "resume", &json!({ "note": "资金到位" })).json()["state"],
        "4"
    );
    let log = planner
        .get(&format!("/collections/renewal_unit/items/{drawn}/process"))
        .json()["log"]
        .clone();
    assert_eq!(log.as_array().unwrap().len(), 7, "with its beginning");

    // Basic farmland must be none, or be listed.
    let planned = at("5");
    let approval = json!({ "approval_no": "穗规资〔2026〕8号" });
    let gate = step(&reviewer, &planned, "approve_plan")["figures"][0].clone();
    assert_eq!(gate["unless"], "farmland_note");
    let given = |fields: &Value| {
        take(
            &reviewer,
            &planned,
            "approve_plan",
            &json!({ "fields": fields }),
        )
    };
    if gate["met"] == false {
        assert_eq!(given(&approval).status, 422);
    }
    let mut listed = approval;
    listed["farmland_note"] = json!("调出永久基本农田，占补平衡已批复");
    assert_eq!(given(&listed).json()["state"], "6");
}

#[test]
fn measures_and_phases_of_houses_add_up_to_the_unit_and_are_set_by_a_rule() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("village.gpkg");
    std::fs::copy(village("donghua"), &file).expect("a copy");
    let server = Server::start_with(&file, &[]);
    let planner = server.sign_in("planner");
    let unit = features(&planner, "renewal_unit")[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let measures =
        || planner.get(&format!("/renewal/units/{unit}/work")).json()["measures"].clone();
    let whole = planner
        .post(
            "/statistics",
            &json!({ "layer": "renewal_unit", "id": unit }),
        )
        .json()["buildings"]
        .clone();
    let adds_up = |told: &Value| {
        for name in ["count", "footprint_m2", "floor_area_m2"] {
            let rows: f64 = (told["rows"].as_array().unwrap().iter())
                .map(|row| row[name].as_f64().unwrap())
                .sum();
            let total = told["total"][name].as_f64().unwrap();
            assert!((rows - total).abs() < 0.005, "{name}");
            assert!(
                (total - whole[name].as_f64().unwrap()).abs() < 0.005,
                "{name}"
            );
        }
    };
    let before = measures();
    adds_up(&before);
    let mut rule = json!({ "unit": unit, "filter": "floors_up <= 2", "measure": "整治", "phase": 2, "reason": "", "dry_run": true });
    let tried = planner.post("/renewal/measures", &rule).json();
    assert_eq!(measures(), before, "a rule that is tried changes nothing");
    let changed = tried["changed"].as_u64().unwrap();
    assert!(changed > 0);
    rule["dry_run"] = json!(false);
    assert_eq!(
        planner.post("/renewal/measures", &rule).status,
        422,
        "without a reason"
    );
    rule["reason"] = json!("低层房屋整治提升");
    assert_eq!(
        server
            .sign_in("enforcer")
            .post("/renewal/measures", &rule)
            .status,
        403
    );
    assert_eq!(
        planner.post("/renewal/measures", &rule).json()["changed"].as_u64(),
        Some(changed)
    );
    adds_up(&measures());
    assert_eq!(
        planner.post("/renewal/measures", &rule).json()["changed"],
        0,
        "it is so already"
    );
    rule["measure"] = json!("炸掉");
    assert_eq!(planner.post("/renewal/measures", &rule).status, 422);
    // Money is kept in 分 and adds up.
    let told = planner.get(&format!("/renewal/units/{unit}/work")).json()["money"].clone();
    let sum: i64 = (told["items"].as_array().unwrap().iter())
        .map(|own| own["amount_fen"].as_i64().unwrap())
        .sum();
    assert_eq!(told["amount_fen"].as_i64(), Some(sum));
}

#[test]
fn an_office_adds_an_indicator_by_its_formula_and_takes_the_place_of_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = yizhangtu_tests::open_village("donghua", folder.path());
    let server = Server::start_with(&file, &[]);
    let unit = features(&server, "renewal_unit")[0]["properties"]["grids"].clone();
    let values = || {
        let drawn = outline(&server, grid_steps(&unit), None);
        let value = |code: &str| {
            let all = drawn["indicators"].as_array().unwrap();
            let own = all.iter().find(|own| own["code"] == code);
            own.map(|own| own["value"].as_f64().unwrap())
        };
        (
            value("rent_per_house"),
            value("far_now"),
            drawn["figures"].clone(),
        )
    };
    let row = |code: &str, title: &str, formula: &str| {
        json!({ "op": "insert", "layer": "indicator_definition", "feature": { "geometry": null, "properties": {
            "code": code, "title": title, "formula": formula, "unit": "人/栋", "decimals": 2, "source": "本办" } } })
    };
    assert_eq!(values().0, None);
    // What cannot be reckoned is no indicator.
    let wrong = json!({ "changes": [row("broken", "缺括号", "people / (buildings")] });
    let refused = server.post("/changes", &wrong);
    assert_eq!(refused.status, 422);
    assert_eq!(refused.json()["errors"][0]["field"], "formula");
    let own = json!({ "changes": [
        row("rent_per_house", "出租栋均人数", "people / max(rentals, 1)"),
        row("far_now", "净容积率", "floor_area_m2 / (area_m2 - {现状12_m2})"),
    ] });
    let done = server.post("/changes", &own);
    assert_eq!(done.status, 200, "{}", done.text());
    let (rented, far, figures) = values();
    let figure = |place: &str| figures.pointer(place).and_then(Value::as_f64).unwrap();
    let roads: f64 = (figures["land_use"].as_array().unwrap().iter())
        .filter(|own| {
            own["class_std"] == "用地用海" && own["code"].as_str().unwrap().starts_with("12")
        })
        .map(|own| own["area_m2"].as_f64().unwrap())
        .sum();
    let wanted = figure("/people/total") / figure("/buildings/rental");
    assert!((rented.unwrap() / wanted - 1.0).abs() < 1e-12);
    let wanted = figure("/buildings/floor_area_m2") / (figure("/area_m2") - roads);
    assert!((far.unwrap() / wanted - 1.0).abs() < 1e-9);
}

/// Grids in and out, free cuts, undo and redo, at random: at every moment what is inside and what
/// is left of the grids are all of them, and an undone step leaves no trace.
#[test]
fn whatever_is_tried_an_outline_and_the_rest_are_the_whole() {
    let server = &Server::start(&village("donghua"));
    let ids: Vec<Value> = (features(server, "grid").iter())
        .map(|grid| grid["id"].clone())
        .collect();
    let whole = outline(server, grid_steps(&json!(ids)), None);
    let seed = std::env::var("YIZHANGTU_SEED").map_or(20, |text| text.parse().expect("a number"));
    let rounds =
        std::env::var("YIZHANGTU_ROUNDS").map_or(40, |text| text.parse().expect("a number"));
    let mut dice = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    // What was drawn so far, each state with its answer; `at` is where undo and redo stand.
    let mut drawn: Vec<(Vec<Value>, Value)> = vec![(Vec::new(), outline(server, json!([]), None))];
    let (mut at, mut cuts, mut turned) = (0, 0, 0);
    for round in 0..rounds {
        let (steps, shown) = drawn[at].clone();
        let is_in = |id: &Value| {
            let grids = shown["grids"].as_array().into_iter().flatten();
            grids.clone().any(|grid| grid["id"] == *id)
        };
        let step = match dice.random_range(0..10) {
            0 | 1 if at > 0 => {
                at -= 1;
                None
            }
            2 if at + 1 < drawn.len() => {
                at += 1;
                None
            }
            3..=5 if shown["geometry"].is_object() => Some(cut(&shown["geometry"], &mut dice)),
            _ => {
                let id = ids.choose(&mut dice).expect("a grid");
                let act = if is_in(id) { "remove" } else { "add" };
                Some(json!({ act: { "layer": "grid", "ids": [id] } }))
            }
        };
        let (steps, answer) = match step {
            None => {
                turned += 1;
                let (steps, answer) = drawn[at].clone();
                // Undone or done again, it is what it was.
                let again = outline(server, json!(steps), None);
                assert_eq!(again["geometry"], answer["geometry"], "{seed} {round}");
                for member in ["area_m2", "people", "buildings", "land_use"] {
                    let (now, then) = (&again["figures"][member], &answer["figures"][member]);
                    assert_eq!(now, then, "{seed} {round}");
                }
                (steps, answer)
            }
            Some(step) => {
                let is_cut = step["cut"].is_object();
                let steps = [steps, vec![step]].concat();
                let reply = server.post("/renewal/outline", &json!({ "steps": steps }));
                // A line that does not part it, or a point beside it, changes nothing.
                if reply.status == 422 && is_cut {
                    continue;
                }
                assert_eq!(reply.status, 200, "{seed} {round} {}", reply.text());
                cuts += usize::from(is_cut);
                at += 1;
                drawn.truncate(at);
                drawn.push((steps.clone(), reply.json()));
                (steps, reply.json())
            }
        };
        let mut rest = vec![json!({ "add": { "layer": "grid", "ids": ids } })];
        if answer["geometry"].is_object() {
            rest.push(json!({ "remove": { "area": answer["geometry"] } }));
        }
        let rest = outline(server, json!(rest), None);
        let of = |answer: &Value, path: &str| {
            let figure = answer["figures"].pointer(path);
            figure.and_then(Value::as_f64).unwrap_or(0.0)
        };
        for (path, near) in [
            ("/area_m2", NOTHING_M2),
            ("/people/total", 0.0),
            ("/households", 0.0),
            ("/buildings/count", 0.0),
            ("/buildings/rental", 0.0),
            ("/buildings/floor_area_m2", 0.001),
            ("/violations/count", 0.0),
            ("/violations/area_m2", 0.001),
        ] {
            let [parts, all] = [of(&answer, path) + of(&rest, path), of(&whole, path)];
            assert!(
                (parts - all).abs() <= near,
                "{seed} {round} {path}: {parts} {all} {steps:?}"
            );
        }
    }
    assert!(cuts > 2 && turned > 2, "{cuts} {turned}");
}

/// A line across an outline, straight or bent, and a point beside it that may lie in a piece.
fn cut(geometry: &Value, dice: &mut rand_chacha::ChaCha8Rng) -> Value {
    let (xs, ys): (Vec<i64>, Vec<i64>) = corners(geometry).into_iter().unzip();
    let span = |all: &[i64]| {
        let (least, most) = (all.iter().min().unwrap(), all.iter().max().unwrap());
        (*least as f64 / 1e9, *most as f64 / 1e9)
    };
    let ((west, east), (south, north)) = (span(&xs), span(&ys));
    let mut height = || south + (north - south) * dice.random_range(0.05..0.95);
    let line = [
        [west - 0.001, height()],
        [(west + east) / 2.0, height()],
        [east + 0.001, height()],
    ];
    let y = height();
    let drop = [west + (east - west) * dice.random_range(0.2..0.8), y];
    json!({ "cut": { "line": { "type": "LineString", "coordinates": line }, "drop": drop } })
}
