//! Versions of a plan: brought in from packages as they come, and held beside the plan in force.

use std::{fs, path::Path};

use serde_json::{Value, json};
use yizhangtu_tests::{Asker, Server, run, run_well, village};

fn hundredths(value: &Value) -> i64 {
    (value.as_f64().expect("an area") * 100.0).round() as i64
}

fn structure(server: &Asker, query: &str) -> Value {
    let reply = server.get(&format!("/plans/structure?{query}"));
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

/// The rows of both sides, with what is bare and less what counts twice, are the ground.
fn adds_up(table: &Value) {
    let whole = hundredths(&table["area_m2"]);
    for (side, name) in ["before_m2", "after_m2"].into_iter().enumerate() {
        let rows: i64 = (table["rows"].as_array().unwrap().iter())
            .map(|row| hundredths(&row[name]))
            .sum();
        let bare = hundredths(&table["bare_m2"][side]);
        let twice = hundredths(&table["twice_m2"][side]);
        assert_eq!(rows + bare - twice, whole, "{name}");
    }
    for row in table["rows"].as_array().unwrap() {
        let by = hundredths(&row["after_m2"]) - hundredths(&row["before_m2"]);
        assert_eq!(hundredths(&row["change_m2"]), by);
    }
}

#[test]
fn the_structure_of_the_land_adds_up_to_the_village_and_to_every_unit() {
    let server = &Server::start(&village("donghua"));
    let planner = server.sign_in("planner");
    let versions = planner.get("/plans").json();
    let draft = &versions[2];
    assert_eq!(
        (&draft["layer"], &draft["state"]),
        (&json!("plan_plot"), &json!("草案"))
    );
    let draft = draft["id"].as_str().unwrap();
    let whole = structure(&planner, "before=land_use&after=plan_land");
    adds_up(&whole);
    // What the statistics of the village say of its land.
    let village = planner.get("/collections/village/items?f=json").json()["features"][0].clone();
    let counted = planner.post(
        "/statistics",
        &json!({ "layer": "village", "id": village["id"] }),
    );
    for class in counted.json()["plan_land"].as_array().unwrap() {
        let row = (whole["rows"].as_array().unwrap().iter())
            .find(|row| row["code"] == class["code"] && row["class_std"] == class["class_std"])
            .expect("every class is a row");
        let apart = row["after_m2"].as_f64().unwrap() - class["area_m2"].as_f64().unwrap();
        assert!(apart.abs() < 0.02, "{row} {class}");
    }
    adds_up(&structure(
        &planner,
        &format!("before=plan_land&after={draft}"),
    ));
    for unit in planner.get("/renewal/units").json()["units"]
        .as_array()
        .unwrap()
    {
        let id = unit["id"].as_str().unwrap();
        let table = structure(
            &planner,
            &format!("before=land_use&after={draft}&layer=renewal_unit&id={id}"),
        );
        adds_up(&table);
        assert!(
            (table["area_m2"].as_f64().unwrap() - unit["area_m2"].as_f64().unwrap()).abs() < 0.01
        );
    }
    for (query, field) in [
        ("before=none", "none"),
        ("layer=person", "village"),
        ("f=pdf", "xlsx"),
    ] {
        let refused = planner.get(&format!("/plans/structure?{query}"));
        assert_eq!(refused.status, 400);
        assert!(refused.text().contains(field), "{}", refused.text());
    }
}

/// The plan in force as files of others have it: a Shapefile in GBK with cut names, a GeoPackage.
#[test]
fn a_planning_package_comes_in_as_a_version_and_is_the_same_land() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("village.gpkg");
    fs::copy(village("donghua"), &file).unwrap();
    let path = |name: &str| folder.path().join(name);
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let into = text(&file);
    for (name, extra) in [
        ("plan.gpkg", vec![]),
        ("plan.shp", vec!["--encoding", "gbk", "--crs", "EPSG:4547"]),
    ] {
        let to = text(&path(name));
        let mut command = vec!["export", &into, "--layer", "plan_land", "-o", &to];
        command.extend(extra);
        run_well(command);
    }
    let documents = ["甲", "乙"];
    for (name, document) in ["plan.shp", "plan.gpkg"].into_iter().zip(documents) {
        let profile = path("profile.toml");
        fs::write(
            &profile,
            format!(
                "crs = \"{}\"\n[constants]\nplan = \"{document}\"\n",
                if name.ends_with("gpkg") {
                    "EPSG:4490"
                } else {
                    "EPSG:4547"
                },
            ),
        )
        .unwrap();
        let (from, map) = (text(&path(name)), text(&profile));
        run_well([
            "import",
            &from,
            "--into",
            &into,
            "--layer",
            "plan_plot",
            "--map",
            &map,
        ]);
    }
    let server = Server::start(&file);
    let planner = server.sign_in("planner");
    let plots = |id: &str| {
        let versions = planner.get("/plans").json();
        let own = versions
            .as_array()
            .unwrap()
            .iter()
            .find(|own| own["id"] == id)
            .cloned();
        own.unwrap_or_else(|| panic!("{versions}"))["plots"].clone()
    };
    // Plots of one number in two versions are two plots.
    let [shp, gpkg] = documents.map(plots);
    assert_eq!(shp, gpkg);
    for own in ["甲", "乙"] {
        let table = structure(&planner, &format!("before=plan_land&after={own}"));
        adds_up(&table);
        for row in table["rows"].as_array().unwrap() {
            // The Shapefile has been through metres and back.
            assert!(
                row["change_m2"].as_f64().unwrap().abs() < 2.0,
                "{own} {row}"
            );
        }
    }
}

#[test]
fn a_drawing_whose_layers_are_no_codes_names_them_and_a_dwg_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("village.gpkg");
    fs::copy(village("donghua"), &file).unwrap();
    let into = file.to_str().unwrap();
    let square = |layer: &str, x: f64, y: f64| {
        format!(
            "0\nLWPOLYLINE\n8\n{layer}\n90\n4\n70\n1\n10\n{x}\n20\n{y}\n10\n{}\n20\n{y}\n10\n{}\n20\n{}\n10\n{x}\n20\n{}\n",
            x + 40.0,
            x + 40.0,
            y + 40.0,
            y + 40.0
        )
    };
    let middle = run_well(
        [
            "export",
            into,
            "--layer",
            "village",
            "--crs",
            "EPSG:4547",
            "-o",
        ]
        .into_iter()
        .chain([folder.path().join("v.geojson").to_str().unwrap()]),
    );
    drop(middle);
    let village: Value =
        serde_json::from_slice(&fs::read(folder.path().join("v.geojson")).unwrap()).unwrap();
    let mut corner = village["features"][0]["geometry"]["coordinates"].clone();
    while corner[0].is_array() {
        corner = corner[0].clone();
    }
    let (x, y) = (
        corner[0].as_f64().unwrap().round(),
        corner[1].as_f64().unwrap().round(),
    );
    let text = format!(
        "0\nSECTION\n2\nENTITIES\n{}{}0\nENDSEC\n0\nEOF\n",
        square("R2 二类居住", x, y),
        square("0703 农村宅基地", x + 50.0, y)
    );
    let drawing = folder.path().join("规划图.dxf");
    fs::write(&drawing, text).unwrap();
    let profile = folder.path().join("profile.toml");
    fs::write(
        &profile,
        "crs = \"EPSG:4547\"\n[constants]\nplan = \"丁\"\nclass_std = \"用地用海\"\n",
    )
    .unwrap();
    let import = |name: &Path| {
        run([
            "import",
            name.to_str().unwrap(),
            "--into",
            into,
            "--layer",
            "plan_plot",
            "--json",
            "--dry-run",
            "--map",
            profile.to_str().unwrap(),
        ])
    };
    let told: Value = serde_json::from_slice(&import(&drawing).stdout).unwrap();
    assert_eq!(
        (&told["counts"]["read"], &told["counts"]["refused"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(
        told["layers"][0]["unknown_codes"],
        json!([{ "field": "class_code", "list": "land_use_sea", "value": "R2 二类居住", "rows": 1 }])
    );
    let other = folder.path().join("规划图.dwg");
    fs::write(&other, b"AC1032").unwrap();
    let refused = import(&other);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("另存为 DXF"));
}
