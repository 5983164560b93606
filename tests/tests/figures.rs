//! Each number of the panels opens the list that it is made of, and the list adds up to it.

use serde_json::{Value, json};
use yizhangtu_tests::{Asker, Server, village};

/// The numbers of an answer of the statistics that houses add up to, by their paths.
fn figures(told: &Value) -> Vec<(String, u64)> {
    let mut found = Vec::new();
    let mut put = |path: String, value: &Value| {
        if let Some(count) = value.as_u64() {
            found.push((path, count));
        }
    };
    for name in ["total", "unverified", "overdue"] {
        put(format!("people.{name}"), &told["people"][name]);
    }
    for group in ["by_kind", "by_stay"] {
        for (name, count) in told["people"][group].as_object().into_iter().flatten() {
            put(format!("people.{group}.{name}"), count);
        }
    }
    for band in told["people"]["by_age"].as_array().into_iter().flatten() {
        let text = |end: &str| {
            band[end]
                .as_u64()
                .map(|age| age.to_string())
                .unwrap_or_default()
        };
        put(
            format!("people.by_age.{}-{}", text("from"), text("to")),
            &band["count"],
        );
    }
    put("households".to_owned(), &told["households"]);
    for name in ["count", "let", "vacant"] {
        put(format!("rooms.{name}"), &told["rooms"][name]);
    }
    for name in ["count", "rental", "rental_without_head", "access_control"] {
        put(format!("buildings.{name}"), &told["buildings"][name]);
    }
    found
}

fn encoded(path: &str) -> String {
    path.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The number that a list tells, after it was added up.
fn summed(list: &Value) -> u64 {
    let rows = list["rows"].as_array().expect("rows");
    assert_eq!(list["matched"], rows.len(), "the whole list");
    let parts = rows
        .iter()
        .map(|row| row["count"].as_u64().expect("a part"));
    let sum = parts.sum::<u64>() + list["elsewhere"].as_u64().expect("a number");
    assert_eq!(list["total"], sum);
    sum
}

fn houses(asker: &Asker, of: &Value, path: &str) -> Value {
    let address = format!("/statistics/houses?limit=50000&figure={}", encoded(path));
    let list = asker.post(&address, of);
    assert_eq!(list.status, 200, "{path}: {}", list.text());
    list.json()
}

#[test]
fn every_number_is_the_sum_of_its_list() {
    let server = Server::start(&village("donghua"));
    let clerk = server.sign_in("village_clerk");
    let of = |layer: &str| {
        let page = clerk
            .get(&format!("/collections/{layer}/items?limit=1"))
            .json();
        json!({ "layer": layer, "ids": [page["features"][0]["id"]] })
    };
    let grid = of("grid");
    // A corner of the village, cut through houses.
    let village = clerk.get("/collections/village/items?limit=1").json();
    let outline = village["features"][0]["geometry"]["coordinates"].to_string();
    let numbers: Vec<f64> = (outline.split(['[', ']', ',']))
        .filter_map(|number| number.parse().ok())
        .collect();
    let ends = |axis: usize| {
        let all = || numbers.iter().skip(axis).step_by(2).copied();
        (
            all().fold(f64::MAX, f64::min),
            all().fold(f64::MIN, f64::max),
        )
    };
    let ((west, east), (south, north)) = (ends(0), ends(1));
    let drawn = json!({ "area": { "type": "Polygon", "coordinates": [[
        [west, south], [east, south], [west, north], [west, south]
    ]] }, "rule": "intersects" });
    for (nth, asked) in [of("village"), grid.clone(), drawn].iter().enumerate() {
        let told = clerk.post("/statistics", asked).json();
        let figures = figures(&told);
        assert!(figures.len() > 20, "{figures:?}");
        for (path, count) in figures {
            assert_eq!(
                summed(&houses(&clerk, asked, &path)),
                count,
                "{path} of {nth}"
            );
        }
    }
    // So are those of cases, contracts and land, in square metres as well.
    for asked in [of("village"), grid.clone()] {
        let told = clerk.post("/statistics", &asked).json();
        let behind = |path: &str| {
            let address = format!("/statistics/features?limit=50000&figure={}", encoded(path));
            let list = clerk.post(&address, &asked);
            assert_eq!(list.status, 200, "{path}: {}", list.text());
            list.json()
        };
        for path in [
            "violations.count",
            "violations.demolished_count",
            "contracts.count",
            "contracts.expiring_90d",
        ] {
            let list = behind(path);
            let rows = list["rows"].as_array().expect("rows").len();
            assert_eq!(
                told.pointer(&format!("/{}", path.replace('.', "/"))),
                Some(&json!(rows))
            );
            assert_eq!(
                (&list["total"], &list["matched"]),
                (&json!(rows), &json!(rows))
            );
        }
        let square_metres = |path: &str| -> f64 {
            let list = behind(path);
            let rows = list["rows"].as_array().expect("rows").iter();
            rows.map(|row| row["area_m2"].as_f64().expect("m²")).sum()
        };
        let same = |path: &str, whole: &Value| {
            let (sum, whole) = (square_metres(path), whole.as_f64().expect("m²"));
            assert!(
                (sum - whole).abs() < 1e-6 * whole.max(1.0),
                "{path}: {sum} {whole}"
            );
        };
        same("violations.count", &told["violations"]["area_m2"]);
        same(
            "violations.demolished_count",
            &told["violations"]["demolished_m2"],
        );
        for land in ["land_use", "plan_land"] {
            let classes = told[land].as_array().expect("classes");
            assert!(!classes.is_empty(), "{land}");
            for class in classes {
                let text = |field: &str| class[field].as_str().expect("a text").to_owned();
                let path = format!("{land}.{}.{}", text("class_std"), text("code"));
                same(&path, &class["area_m2"]);
            }
        }
        for line in told["control_lines"].as_array().expect("lines") {
            let path = format!("control_lines.{}", line["kind"].as_str().expect("a kind"));
            // Ground under two lines of a kind counts once.
            let whole = line["area_m2"].as_f64().expect("m²");
            assert!(square_metres(&path) >= whole - 1e-6 * whole, "{path}");
        }
    }
    let missing = clerk.post("/statistics/features?figure=violations.moon", &grid);
    assert_eq!(missing.status, 400);
    // What each kind of residence counts is everybody.
    let told = clerk.post("/statistics", &grid).json();
    let stays = told["people"]["by_stay"].as_object().expect("kinds");
    let all: u64 = stays.values().filter_map(Value::as_u64).sum();
    assert_eq!(told["people"]["total"], all);

    // The largest part comes first, and a page is a part of the list.
    let whole = houses(&clerk, &grid, "people.total");
    let page = clerk
        .post(
            "/statistics/houses?figure=people.total&limit=3&offset=2",
            &grid,
        )
        .json();
    assert_eq!(
        page["rows"],
        json!(whole["rows"].as_array().expect("rows")[2..5])
    );
    assert!(whole["rows"][0]["count"].as_u64() >= whole["rows"][9]["count"].as_u64());
    assert_eq!(
        clerk
            .post("/statistics/houses?figure=people.moon", &grid)
            .status,
        400
    );

    // Who may not see people one by one learns how many houses there are, and of none who lives there.
    let leader = server.sign_in("leader");
    assert_eq!(
        leader
            .post("/statistics/houses?figure=people.total", &grid)
            .status,
        403
    );
    assert_eq!(
        leader
            .post("/statistics/houses?figure=rooms.let", &grid)
            .status,
        403
    );
    let counted = leader.post("/statistics", &grid).json();
    let told = houses(&leader, &grid, "buildings.rental");
    assert_eq!(json!(summed(&told)), counted["buildings"]["rental"]);
    // A grid worker's list ends at the own grid.
    let worker = server.sign_in("grid_worker");
    let own = houses(&worker, &of("village"), "people.total");
    let mut grids: Vec<&Value> = own["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| &row["grid"])
        .collect();
    grids.dedup();
    assert_eq!(grids.len(), 1, "{grids:?}");
}

#[test]
fn what_visits_and_events_count_is_listed_too() {
    let server = Server::start(&village("donghua"));
    let clerk = server.sign_in("village_clerk");
    let told = clerk.get("/coverage").json();
    // Each grid of 东华 has one full-time worker, and is told how many help.
    for grid in told["grids"].as_array().expect("grids") {
        if !grid["id"].is_null() {
            assert_eq!(grid["workers"]["full_time"], 1, "{grid}");
            assert!(grid["workers"]["part_time"].is_u64(), "{grid}");
        }
    }
    let list = |query: &str| {
        clerk
            .get(&format!("/coverage/houses?limit=50000&{query}"))
            .json()
    };
    for (state, count) in told["total"]["states"].as_object().expect("states") {
        assert_eq!(
            json!(summed(&list(&format!("of={state}")))),
            *count,
            "{state}"
        );
    }
    for name in ["surveyed", "declared", "unchecked", "mismatched"] {
        let count = &told["total"]["rentals"][name];
        assert_eq!(
            json!(summed(&list(&format!("of={name}")))),
            *count,
            "{name}"
        );
    }
    let left = |element: &str| {
        let [done, all] = [0, 1].map(|at| {
            told["total"]["elements"][element][at]
                .as_u64()
                .expect("a count")
        });
        all - done
    };
    assert_eq!(summed(&list("of=unseen")), left("屋"));
    assert_eq!(summed(&list("of=people")), left("人"));
    let grid = &told["grids"][2];
    let of_grid = list(&format!(
        "of=never&grid={}",
        grid["id"].as_str().expect("a grid")
    ));
    assert_eq!(json!(summed(&of_grid)), grid["states"]["never"]);
    assert_eq!(clerk.get("/coverage/houses?of=moon").status, 400);
    assert_eq!(
        server
            .sign_in("handler")
            .get("/coverage/houses?of=never")
            .status,
        403
    );

    let events = clerk.get("/events/totals").json();
    for figure in [
        "reported", "accepted", "pending", "void", "open", "in_time", "overdue", "closed", "own",
    ] {
        let list = clerk
            .get(&format!("/events?figure={figure}&limit=10000"))
            .json();
        assert_eq!(list["matched"], events["total"][figure], "{figure}");
    }
    for figure in ["on_time", "refused", "reopened"] {
        let list = clerk.get(&format!("/events?figure={figure}")).json();
        assert_eq!(
            list["matched"], events["total"]["rates"][figure]["part"],
            "{figure}"
        );
    }
    let rated = clerk.get("/events?figure=rated").json();
    assert_eq!(rated["matched"], events["total"]["rated"]);
}
