//! What is at a point and in an area, through the built binary, against plain SQL.

use std::fs;

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use yizhangtu_tests::{Server, run, run_well, village};

struct Donghua {
    server: Server,
    database: Connection,
}

fn donghua() -> Donghua {
    let path = village("donghua");
    Donghua {
        server: Server::start(&path),
        database: Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
            .expect("a database"),
    }
}

impl Donghua {
    fn number(&self, sql: &str) -> u64 {
        let count: i64 = self
            .database
            .query_row(sql, [], |row| row.get(0))
            .expect("a number");
        u64::try_from(count).expect("a count")
    }

    /// Ids of buildings with the middles of their bounds.
    fn middles(&self, limit: u32) -> Vec<(String, [f64; 2])> {
        let sql = format!(
            "SELECT b.id, (r.minx + r.maxx) / 2, (r.miny + r.maxy) / 2
             FROM building b JOIN rtree_building_geom r ON r.id = b.fid ORDER BY b.fid LIMIT {limit}"
        );
        let mut statement = self.database.prepare(&sql).expect("SQL");
        let rows = statement.query_map([], |row| Ok((row.get(0)?, [row.get(1)?, row.get(2)?])));
        rows.expect("rows").map(|row| row.expect("a row")).collect()
    }

    fn bulk(&self, query: &str, lines: &str) -> Vec<Value> {
        let reply = self.server.post_as(
            &format!("/lookup{query}"),
            "application/x-ndjson",
            lines.as_bytes(),
        );
        assert_eq!(reply.status, 200, "{}", reply.text());
        let text = reply.text();
        text.lines()
            .map(|line| serde_json::from_str(line).expect("a line of JSON"))
            .collect()
    }

    fn statistics(&self, body: &Value) -> Value {
        let reply = self.server.post("/statistics", body);
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    }
}

#[test]
fn a_house_tells_its_grid_and_its_residents_masked() {
    let donghua = donghua();
    let mut houses = 0;
    for (id, [lon, lat]) in donghua.middles(12) {
        let answer = donghua
            .server
            .get(&format!("/lookup?point={lon},{lat}"))
            .json();
        let at = &answer["at"];
        assert_eq!(at["village"][0]["name"], "东华村");
        assert_eq!(
            at["grid"].as_array().map(Vec::len),
            Some(1),
            "a partition answers once"
        );
        assert!(at["grid"][0]["worker"].is_string());
        assert!(at["renewal_unit"].is_array(), "every areal layer is there");
        if at["building"][0]["id"] != id.as_str() {
            continue;
        }
        houses += 1;
        assert!(answer.get("nearest").is_none());
        let living = donghua.number(&format!(
            "SELECT count(DISTINCT person) FROM residence WHERE building = '{id}' AND moved_out IS NULL"
        ));
        let residents = answer["residents"].as_array().expect("residents");
        assert_eq!(residents.len() as u64, living);
        assert_eq!(at["building"][0]["residents"], living);
        for resident in residents {
            let person = resident["id"].as_str().expect("an id");
            let name: String = donghua
                .database
                .query_row("SELECT name FROM person WHERE id = ?1", [person], |row| {
                    row.get(0)
                })
                .expect("a name");
            let shown = resident["name"].as_str().expect("a name");
            assert!(shown.contains('*') && shown != name, "{shown}");
        }
    }
    assert!(
        houses > 6,
        "only {houses} of 12 middles are inside their houses"
    );
}

#[test]
fn points_beside_outside_and_shifted_are_answered_as_what_they_are() {
    let donghua = donghua();
    let outside = donghua.server.get("/lookup?point=100,30");
    assert_eq!(outside.status, 200);
    let outside = outside.json();
    let lists = outside["at"].as_object().expect("layers");
    assert!(lists.len() > 10 && lists.values().all(|list| list == &json!([])));
    assert_eq!(outside["nearest"], json!({}));

    for (query, word) in [
        ("", "point"),
        ("?point=abc,23", "“abc”"),
        ("?point=113.6,91", "91"),
        ("?point=23.1,113.6", "写反"),
        ("?point=113.6", "two"),
        ("?point=113.6,23.1&crs=EPSG:1", "crs"),
        ("?point=113.6,23.1&where=here", "where"),
        ("?point=113.6,23.1&layers=gird", "gird"),
    ] {
        let reply = donghua.server.get(&format!("/lookup{query}"));
        assert_eq!(reply.status, 400, "{query}");
        assert!(reply.text().contains(word), "{query}: {}", reply.text());
    }

    // A point as a shifted map shows it lies outside, and the answer says why.
    let mut hints = 0;
    for (_, [lon, lat]) in donghua.middles(2_000).into_iter().step_by(60) {
        let back = donghua
            .server
            .get(&format!("/lookup?point={lon},{lat}&crs=gcj02"))
            .json();
        let part = |at: usize| back["point"][at].as_f64().expect("a number");
        let shifted = [2.0 * lon - part(0), 2.0 * lat - part(1)];
        let answer = donghua
            .server
            .get(&format!("/lookup?point={},{}", shifted[0], shifted[1]))
            .json();
        if answer["at"]["village"] == json!([]) {
            assert_eq!(answer["hint"]["crs"], "gcj02", "{answer}");
            hints += 1;
        }
        let turned = donghua
            .server
            .get(&format!(
                "/lookup?point={},{}&crs=gcj02",
                shifted[0], shifted[1]
            ))
            .json();
        let off = turned["point"][0].as_f64().expect("a number") - lon;
        assert!(off.abs() < 1e-5, "{off}");
    }
    assert!(hints > 0, "no shifted point fell outside the village");
}

#[test]
fn a_body_of_points_is_answered_line_by_line_in_order() {
    let donghua = donghua();
    let middles = donghua.middles(2_000);
    let mut lines = String::new();
    for (id, [lon, lat]) in &middles {
        lines.push_str(&json!({"id": id, "point": [lon, lat]}).to_string());
        lines.push('\n');
    }
    lines.push_str("{\"id\": 7}\n\nnot json\n[113.6,23.1]");
    let answers = donghua.bulk("?layers=grid,building", &lines);
    assert_eq!(
        answers.len(),
        middles.len() + 3,
        "the blank line is no point"
    );
    for ((id, point), answer) in middles.iter().zip(&answers) {
        assert_eq!(answer["id"], id.as_str());
        assert!((answer["point"][0].as_f64().expect("a number") - point[0]).abs() < 1e-9);
        assert_eq!(answer["at"]["grid"].as_array().map(Vec::len), Some(1));
        assert_eq!(answer["at"].as_object().map(serde_json::Map::len), Some(2));
    }
    let [missing, broken, last] = &answers[middles.len()..] else {
        panic!("three lines are left")
    };
    assert_eq!(
        (&missing["id"], &missing["error"]["code"]),
        (&json!(7), &json!("no_point"))
    );
    assert_eq!(broken["error"]["row"], middles.len() + 3);
    assert!(last["at"]["grid"].is_array());

    let one = donghua
        .server
        .get(&format!(
            "/lookup?point={},{}&layers=grid,building",
            middles[0].1[0], middles[0].1[1]
        ))
        .json();
    assert_eq!(one["at"], answers[0]["at"], "one function answers both");

    let table = format!(
        "\u{feff}名称,经度,纬度\n\"甲,乙\",{},{}\n坏,东,23\n空,,\n",
        middles[0].1[0], middles[0].1[1]
    );
    let reply = donghua
        .server
        .post_as("/lookup", "text/csv", table.as_bytes());
    let text = reply.text();
    let rows: Vec<&str> = text.lines().collect();
    assert_eq!(rows.len(), 4, "{text}");
    assert!(
        rows[0].starts_with("名称,经度,纬度,village_code"),
        "{}",
        rows[0]
    );
    assert!(
        rows[1].starts_with("\"甲,乙\",") && rows[1].contains("东华村"),
        "{}",
        rows[1]
    );
    assert!(
        rows[2].contains("“东”不是数字") && rows[3].contains("为空"),
        "{text}"
    );
    let reply = donghua.server.post_as("/lookup", "image/png", b"");
    assert_eq!(reply.status, 415);
}

#[test]
fn a_village_counts_what_its_registers_hold_and_its_grids_add_up() {
    let donghua = donghua();
    let id: String = donghua
        .database
        .query_row("SELECT id FROM village", [], |row| row.get(0))
        .expect("one village");
    let whole = donghua.statistics(&json!({"layer": "village", "id": id, "by": "grid"}));
    assert_eq!(whole["people"]["total"], 11_608);
    assert_eq!(whole["buildings"]["count"], 1_495);
    assert_eq!(
        whole["households"],
        donghua.number("SELECT count(*) FROM household")
    );
    assert_eq!(
        whole["buildings"]["rental"],
        donghua.number("SELECT count(*) FROM building WHERE rental")
    );
    assert_eq!(
        whole["buildings"]["floor_area_m2"],
        donghua.number("SELECT CAST(round(sum(floor_area_m2) * 100) AS INTEGER) FROM building")
            as f64
            / 100.0
    );
    assert_eq!(
        whole["violations"]["count"],
        donghua.number("SELECT count(*) FROM violation_case")
    );
    assert_eq!(
        (
            &whole["contracts"]["count"],
            &whole["contracts"]["amount_fen"]
        ),
        (&json!(32), &json!(2_727_500_000_u64))
    );
    let groups = whole["groups"].as_array().expect("groups");
    assert_eq!(groups.len(), 7);
    let sum = |field: &str, part: &str| -> u64 {
        groups
            .iter()
            .map(|group| group[field][part].as_u64().expect("a count"))
            .sum()
    };
    assert_eq!(sum("people", "total"), 11_608);
    assert_eq!(sum("buildings", "count"), 1_495);
    let area: f64 = groups
        .iter()
        .map(|group| group["area_m2"].as_f64().expect("an area"))
        .sum();
    let own = whole["area_m2"].as_f64().expect("an area");
    // Edges are geodesics between their ends: where a neighbour has a corner in an edge of
    // the village, the two differ by square millimetres.
    assert!((area / own - 1.0).abs() < 1e-8, "{area} {own}");
    let land: f64 = (whole["land_use"].as_array().expect("classes").iter())
        .map(|class| class["area_m2"].as_f64().expect("an area"))
        .sum();
    assert!(
        (land / own - 1.0).abs() < 1e-8,
        "land use tiles the village: {land} {own}"
    );

    // A grid by itself is its group in the village.
    for group in groups {
        let grid = donghua.statistics(&json!({"layer": "grid", "id": group["id"]}));
        for field in [
            "people",
            "households",
            "buildings",
            "violations",
            "contracts",
        ] {
            assert_eq!(grid[field], group[field], "{field} of {}", group["code"]);
        }
    }
}

#[test]
fn areas_that_tile_the_land_count_every_house_once() {
    let donghua = donghua();
    let edges = |axis: &str| -> (f64, f64) {
        donghua
            .database
            .query_row(
                &format!("SELECT min(min{axis}), max(max{axis}) FROM rtree_building_geom"),
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .expect("bounds")
    };
    let ((west, east), (south, north)) = (edges("x"), edges("y"));
    let corner = |i: f64, j: f64| {
        // Slanted, so that no edge runs along the axes.
        let (x, y) = (i / 4.0 * 1.2 - 0.1, j / 4.0 * 1.2 - 0.1);
        [
            west + (east - west) * (x + 0.05 * (y - 0.5)),
            south + (north - south) * (y - 0.05 * (x - 0.5)),
        ]
    };
    let (mut people, mut houses, mut area) = (0, 0, 0);
    for i in 0..4 {
        for j in 0..4 {
            let (i, j) = (f64::from(i), f64::from(j));
            let ring = [(0., 0.), (1., 0.), (1., 1.), (0., 1.), (0., 0.)]
                .map(|(a, b)| corner(i + a, j + b));
            let part =
                donghua.statistics(&json!({"area": {"type": "Polygon", "coordinates": [ring]}}));
            people += part["people"]["total"].as_u64().expect("a count");
            houses += part["buildings"]["count"].as_u64().expect("a count");
            area += (part["buildings"]["footprint_m2"].as_f64().expect("an area") * 100.0).round()
                as u64;
        }
    }
    assert_eq!((people, houses), (11_608, 1_495));
    assert_eq!(
        area,
        donghua.number("SELECT CAST(sum(round(footprint_m2 * 100)) AS INTEGER) FROM building")
    );
}

#[test]
fn an_area_that_cannot_be_counted_is_refused_with_the_place() {
    let donghua = donghua();
    let polygon = |ring: Value| json!({"area": {"type": "Polygon", "coordinates": [ring]}});
    for (body, status, word) in [
        (
            polygon(json!([
                [113.0, 23.0],
                [113.2, 23.2],
                [113.2, 23.0],
                [113.0, 23.2],
                [113.0, 23.0]
            ])),
            422,
            "(113.100000000, 23.100000000)",
        ),
        (
            polygon(json!([[70, 0], [140, 0], [140, 60], [70, 60], [70, 0]])),
            422,
            "too_large",
        ),
        (
            polygon(json!([
                [113.0, 23.0],
                [113.0, 23.0],
                [113.0, 23.0],
                [113.0, 23.0]
            ])),
            422,
            "invalid_geometry",
        ),
        (
            json!({"area": {"type": "Point", "coordinates": [113.6, 23.1]}}),
            422,
            "buffer_m",
        ),
        (json!({"area": {"type": "Circle"}}), 422, "GeoJSON"),
        (json!({}), 400, "area"),
        (json!({"layer": "grid", "id": "no"}), 404, "no"),
        (json!({"layer": "grid", "id": "no", "rul": 1}), 400, "rul"),
        (
            json!({"area": {"type": "Point", "coordinates": [113.6, 23.1]}, "buffer_m": 1e9}),
            400,
            "buffer_m",
        ),
    ] {
        let reply = donghua.server.post("/statistics", &body);
        assert_eq!(reply.status, status, "{body}: {}", reply.text());
        assert!(reply.text().contains(word), "{body}: {}", reply.text());
    }
    let circle =
        json!({"area": {"type": "Point", "coordinates": [113.645, 23.13]}, "buffer_m": 500});
    let area = donghua.statistics(&circle)["area_m2"]
        .as_f64()
        .expect("an area");
    assert!(
        (area / (std::f64::consts::PI * 250_000.0) - 1.0).abs() < 1e-4,
        "{area}"
    );
}

#[test]
fn a_table_of_points_and_addresses_keeps_its_rows_and_gains_columns() {
    let file = village("donghua");
    let database =
        Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("a database");
    let (code, address, lon, lat): (String, String, f64, f64) = database
        .query_row(
            "SELECT b.code, b.address, (r.minx + r.maxx) / 2, (r.miny + r.maxy) / 2
             FROM building b JOIN rtree_building_geom r ON r.id = b.fid
             WHERE b.address IN (SELECT address FROM building GROUP BY address HAVING count(*) = 1) LIMIT 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )
        .expect("a house");
    let folder = tempfile::tempdir().expect("a folder");
    let (input, output, book) = (
        folder.path().join("点.csv"),
        folder.path().join("结果.csv"),
        folder.path().join("结果.xlsx"),
    );
    let table = format!(
        "编号,经度,纬度,地址,网格\n007,{lon},{lat},,原有\n008,,,{address},\n009,,,没有的路1号,\n010,,,,\n011,999,1,,\n"
    );
    fs::write(&input, table).expect("written");
    let arguments = |from: &std::path::Path, to: &std::path::Path| {
        [
            "locate".into(),
            from.as_os_str().to_owned(),
            "--in".into(),
            file.as_os_str().to_owned(),
            "-o".into(),
            to.as_os_str().to_owned(),
        ]
    };
    let said = run_well(arguments(&input, &output));
    assert!(said.contains("5 rows, 2 located, 3 not matched"), "{said}");
    let text = fs::read_to_string(&output).expect("a result");
    let rows: Vec<&str> = text.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(rows.len(), 6);
    assert!(
        rows[0].starts_with("编号,经度,纬度,地址,网格,村代码,村,网格编码,网格（定位）"),
        "{}",
        rows[0]
    );
    assert!(
        rows[1].starts_with(&format!("007,{lon},{lat},,原有,")),
        "{}",
        rows[1]
    );
    assert!(
        rows[1].contains("东华村") && rows[1].contains(",point,"),
        "{}",
        rows[1]
    );
    assert!(
        rows[2].contains(&code) && rows[2].contains(",address,"),
        "{}",
        rows[2]
    );
    assert!(
        rows[3].contains("没有的路1号") && rows[3].contains("no building"),
        "{}",
        rows[3]
    );
    assert!(
        rows[4].contains("neither coordinates nor an address"),
        "{}",
        rows[4]
    );
    assert!(rows[5].contains("--crs"), "{}", rows[5]);

    // Excel and back gives the same rows.
    run_well(arguments(&output, &book));
    let again = folder.path().join("再.csv");
    run_well(arguments(&book, &again));
    let again = fs::read_to_string(&again).expect("a result");
    assert!(
        again
            .trim_start_matches('\u{feff}')
            .lines()
            .nth(1)
            .expect("a row")
            .starts_with("007,"),
        "{again}"
    );

    fs::write(&input, "甲,乙\n1,2\n").expect("written");
    let refused = run(arguments(&input, &output));
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("甲, 乙"));
    assert_eq!(
        run(arguments(&output, &folder.path().join("x.pdf")))
            .status
            .code(),
        Some(2)
    );
}
