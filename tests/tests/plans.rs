//! Versions of a plan: brought in from packages as they come, and held beside the plan in force.

use std::{fs, path::Path};

use serde_json::{Value, json};
use yizhangtu_tests::{
    Asker, Server, run, run_well,
    steps::{demands, standing, take},
    village,
};

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

/// The demonstration village, to be changed, with its accounts.
fn copied(folder: &Path) -> std::path::PathBuf {
    let file = folder.join("village.gpkg");
    fs::write(&file, fs::read(village("donghua")).expect("the village")).expect("a copy");
    file
}

/// What of each class a side of the table has.
fn classes(table: &Value, side: &str) -> Vec<(String, i64)> {
    let rows = table["rows"].as_array().unwrap().iter();
    rows.map(|row| {
        (
            row["code"].as_str().unwrap().to_owned(),
            hundredths(&row[side]),
        )
    })
    .filter(|(_, area)| *area != 0)
    .collect()
}

#[test]
fn a_draft_takes_the_place_of_the_plan_in_force_once_a_second_person_has_looked_at_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = copied(folder.path());
    let server = Server::start_with(&file, &[]);
    let (planner, reviewer) = (server.sign_in("planner"), server.sign_in("plan_reviewer"));
    let versions = planner.get("/plans").json();
    let old = versions[1]["documents"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let draft = versions[2]["id"].as_str().unwrap().to_owned();
    let draft = draft.as_str();
    let plots = (versions[1]["plots"].clone(), versions[2]["plots"].clone());
    let before = structure(&planner, &format!("before=plan_land&after={draft}"));
    let number = before["sequence"].as_u64().unwrap();
    let approval =
        json!({ "fields": { "approval_no": "穗规〔2026〕8号", "approved_on": "2026-11-01" } });

    // By its order: proposed, and published by another.
    let early = take(&reviewer, "plan_doc", draft, "publish", &approval);
    assert_eq!(
        (early.status, demands(&early)),
        (409, vec!["after".to_owned(), "figures".to_owned()])
    );
    assert_eq!(
        take(&planner, "plan_doc", draft, "publish", &approval).status,
        403
    );
    let proposed = take(&planner, "plan_doc", draft, "propose", &json!({}));
    assert_eq!(proposed.status, 200, "{}", proposed.text());
    // A plot that is touched meanwhile is not what the reviewer looked at.
    let plot = planner.get(&format!(
        "/collections/plan_plot/items?plan={draft}&limit=1&f=json"
    ));
    let plot = plot.json()["features"][0].clone();
    let touched = planner.post(
        "/changes",
        &json!({ "changes": [{ "op": "update", "layer": "plan_plot", "id": plot["id"], "version": 0, "feature": { "properties": { "remark": "改过" } } }] }),
    );
    assert_eq!(touched.status, 200, "{}", touched.text());
    let stale = take(&reviewer, "plan_doc", draft, "publish", &approval);
    assert_eq!(
        (stale.status, demands(&stale)),
        (409, vec!["figures".to_owned()])
    );
    assert_eq!(
        take(&planner, "plan_doc", draft, "propose", &json!({})).status,
        200
    );
    let published = take(&reviewer, "plan_doc", draft, "publish", &approval);
    assert_eq!(published.status, 200, "{}", published.text());
    assert_eq!(published.json()["state"], "已批复");

    // The draft is the plan in force, plot by plot; the plan of before is a version with its end.
    let versions = planner.get("/plans").json();
    assert_eq!(versions[1]["documents"][0]["id"], draft);
    assert_eq!(
        (&versions[1]["plots"], &versions[2]["plots"]),
        (&plots.1, &plots.0)
    );
    let today = versions[1]["documents"][0]["valid_from"].clone();
    assert_eq!(
        (&versions[2]["id"], &versions[2]["state"]),
        (&json!(old), &json!("已废止"))
    );
    assert_eq!(versions[2]["valid_to"], today);
    assert_eq!(versions.as_array().unwrap().len(), 3);
    let after = structure(&planner, &format!("before={old}&after=plan_land"));
    adds_up(&after);
    for side in ["before_m2", "after_m2"] {
        assert_eq!(classes(&after, side), classes(&before, side));
    }
    // What everything counts by is the new one; the day before shows the old one.
    let village = planner.get("/collections/village/items?f=json").json()["features"][0].clone();
    let counted = planner.post(
        "/statistics",
        &json!({ "layer": "village", "id": village["id"] }),
    );
    let counted: Vec<(String, i64)> = (counted.json()["plan_land"].as_array().unwrap().iter())
        .map(|class| {
            (
                class["code"].as_str().unwrap().to_owned(),
                hundredths(&class["area_m2"]),
            )
        })
        .collect();
    for ((code, area), (own, wanted)) in counted.iter().zip(classes(&before, "after_m2")) {
        assert_eq!(*code, own);
        assert!((area - wanted).abs() <= 2, "{code}: {area} {wanted}");
    }
    let then = structure(
        &planner,
        &format!("before=land_use&after=plan_land&as-of={number}"),
    );
    assert_eq!(classes(&then, "after_m2"), classes(&before, "before_m2"));
    let was = planner.get(&format!("/plans?as-of={number}")).json();
    assert_eq!(was[1]["documents"][0]["id"], json!(old));
    // Its log says who did what, and so does that of the plan that it replaced.
    let (way, _) = standing(&reviewer, "plan_doc", &old);
    let last = way["log"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&last["step"], &last["actor"]),
        (&json!("repeal"), &json!("plan_reviewer"))
    );
    let kept = reviewer
        .get(&format!("/collections/plan_doc/items/{draft}?f=json"))
        .json();
    assert_eq!(kept["properties"]["approval_no"], "穗规〔2026〕8号");
    // A plan in force is not ended while it has ground.
    let refused = take(
        &reviewer,
        "plan_doc",
        draft,
        "repeal",
        &json!({ "note": "试" }),
    );
    assert_eq!(
        (refused.status, demands(&refused)),
        (409, vec!["figures".to_owned()])
    );

    // The old one may be taken up again, and comes back as it was.
    for (who, step, given) in [
        (&planner, "revise", json!({ "note": "恢复" })),
        (&planner, "propose", json!({})),
        (&reviewer, "publish", approval.clone()),
    ] {
        let reply = take(who, "plan_doc", &old, step, &given);
        assert_eq!(reply.status, 200, "{step}: {}", reply.text());
    }
    let back = structure(&planner, &format!("before={draft}&after=plan_land"));
    assert_eq!(classes(&back, "after_m2"), classes(&before, "before_m2"));
}

/// 大源 has 4,529 plots in force and as many in its draft: what a request does with each of them
/// it must not do with each pair.
#[test]
fn a_version_of_thousands_of_plots_is_published_within_one_request() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("village.gpkg");
    fs::copy(village("dayuan"), &file).expect("a copy");
    let server = Server::start_with(&file, &[]);
    let (planner, reviewer) = (server.sign_in("planner"), server.sign_in("plan_reviewer"));
    let versions = planner.get("/plans").json();
    let (old, draft) = (
        &versions[1]["documents"][0]["id"],
        versions[2]["id"].as_str().unwrap(),
    );
    let plots = &versions[1]["plots"];
    assert!(plots.as_u64().is_some_and(|many| many > 4000), "{plots}");
    let approval =
        json!({ "fields": { "approval_no": "穗规〔2026〕10号", "approved_on": "2026-11-01" } });
    for (who, step, given) in [
        (&planner, "propose", json!({})),
        (&reviewer, "publish", approval),
    ] {
        let reply = take(who, "plan_doc", draft, step, &given);
        assert_eq!(reply.status, 200, "{step}: {}", reply.text());
    }
    let now = planner.get("/plans").json();
    assert_eq!(
        (&now[1]["documents"][0]["id"], &now[1]["plots"]),
        (&json!(draft), &versions[2]["plots"])
    );
    assert_eq!((&now[2]["id"], &now[2]["plots"]), (old, plots));
}

/// A plot of the plan in force is changed by publication alone, whichever way somebody goes.
#[test]
fn nobody_edits_the_plan_in_force() {
    let folder = tempfile::tempdir().unwrap();
    let file = copied(folder.path());
    let server = Server::start_with(&file, &[]);
    let manager = server.sign_in("data_manager");
    let planner = server.sign_in("planner");
    let path = "/collections/plan_land/items";
    let page = planner.get(&format!("{path}?limit=1&f=json")).json();
    let plot = page["features"][0].clone();
    let id = plot["id"].as_str().unwrap();
    let tag = planner.get(&format!("{path}/{id}"));
    let tag = tag.header("etag").expect("a tag").to_owned();
    let told = |reply: &yizhangtu_tests::Reply| {
        assert!(reply.status >= 400, "{}", reply.text());
        assert!(reply.text().contains("只由发布改变"), "{}", reply.text());
    };
    let change = |who: &Asker, change: Value| {
        let reply = who.post("/changes", &json!({ "changes": [change] }));
        assert_eq!(reply.status, 422, "{}", reply.text());
        told(&reply);
    };
    let properties = json!({ "properties": { "remark": "改过" } });
    change(
        &planner,
        json!({ "op": "update", "layer": "plan_land", "id": id, "version": tag, "feature": properties }),
    );
    change(
        &planner,
        json!({ "op": "insert", "layer": "plan_land", "feature": { "geometry": plot["geometry"], "properties": plot["properties"] } }),
    );
    change(
        &manager,
        json!({ "op": "delete", "layer": "plan_land", "id": id, "version": tag }),
    );
    let headers = [
        ("content-type", "application/merge-patch+json"),
        ("if-match", tag.as_str()),
    ];
    let body = properties.to_string();
    told(&planner.send("PATCH", &format!("{path}/{id}"), &headers, body.as_bytes()));
    // The page offers none of it.
    let session = planner.get("/session").json();
    let rights = session["rights"]["layers"]["plan_land"].to_string();
    assert!(rights.contains("view") && !rights.contains("edit") && !rights.contains("import"));
    // Nor does a file of others bring it, nor another program write it.
    let from = folder.path().join("plot.geojson");
    let collection = json!({ "type": "FeatureCollection", "features": [plot] });
    fs::write(&from, collection.to_string()).unwrap();
    let (from, into) = (from.to_str().unwrap(), file.to_str().unwrap());
    let brought = run(["import", from, "--into", into, "--layer", "plan_land"]);
    let words = String::from_utf8_lossy(&brought.stdout).into_owned()
        + &String::from_utf8_lossy(&brought.stderr);
    assert!(words.contains("只由发布改变"), "{words}");
    let other = rusqlite::Connection::open(&file).unwrap();
    let refused = other.execute("DELETE FROM plan_land", []);
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("只由发布改变"), "{refused}");
    let plots = planner.get(&format!("{path}?limit=1&f=json")).json();
    assert_eq!(plots["numberMatched"], page["numberMatched"]);
    assert_eq!(plots["features"][0], plot);
}

#[test]
fn a_version_of_a_part_leaves_the_rest_of_the_plan_in_force() {
    let folder = tempfile::tempdir().unwrap();
    let file = copied(folder.path());
    let server = Server::start_with(&file, &[]);
    let (planner, reviewer) = (server.sign_in("planner"), server.sign_in("plan_reviewer"));
    let made = planner.post(
        "/changes",
        &json!({ "changes": [{ "op": "insert", "layer": "plan_doc", "id": "局部", "feature": { "properties": { "code": "P9", "name": "局部调整", "kind": "控制性详细规划", "state": "草案" } } }] }),
    );
    assert_eq!(made.status, 200, "{}", made.text());
    // A square over the middle of a grid goes through what the plan in force has there.
    let grid = planner.get("/collections/grid/items?limit=1&f=json").json()["features"][0].clone();
    let around = grid["bbox"].as_array().cloned();
    let corner = |value: &Value| {
        let mut at = value.clone();
        while at[0].is_array() {
            at = at[0].clone();
        }
        (at[0].as_f64().unwrap(), at[1].as_f64().unwrap())
    };
    let (x, y) = corner(&grid["geometry"]["coordinates"]);
    assert!(around.is_none_or(|own| own.len() == 4));
    let half = 0.0005;
    let square = json!({ "type": "Polygon", "coordinates": [[[x - half, y - half], [x + half, y - half], [x + half, y + half], [x - half, y + half], [x - half, y - half]]] });
    let drawn = planner.post(
        "/changes",
        &json!({ "changes": [{ "op": "insert", "layer": "plan_plot", "feature": { "geometry": square, "properties": { "code": "A1", "plan": "局部", "class_std": "用地用海", "class_code": "0804" } } }] }),
    );
    assert_eq!(drawn.status, 200, "{}", drawn.text());
    let before = structure(&planner, "before=land_use&after=plan_land");
    let old = planner.get("/plans").json()[1]["documents"][0]["id"].clone();
    let approval =
        json!({ "fields": { "approval_no": "穗规〔2026〕9号", "approved_on": "2026-11-02" } });
    assert_eq!(
        take(&planner, "plan_doc", "局部", "propose", &json!({})).status,
        200
    );
    let published = take(&reviewer, "plan_doc", "局部", "publish", &approval);
    assert_eq!(published.status, 200, "{}", published.text());
    let after = structure(&planner, "before=land_use&after=plan_land");
    adds_up(&after);
    // Nothing is bare or double that was not; the square is what it is now.
    assert_eq!(
        (&after["bare_m2"], &after["twice_m2"]),
        (&before["bare_m2"], &before["twice_m2"])
    );
    let of = |table: &Value| -> i64 {
        let rows = classes(table, "after_m2");
        rows.iter()
            .find(|(code, _)| code == "0804")
            .map_or(0, |(_, area)| *area)
    };
    assert!(of(&after) > of(&before));
    // Both are in force; the old one goes on, and what was taken of it is kept.
    let versions = planner.get("/plans").json();
    let in_force: Vec<&Value> = (versions[1]["documents"].as_array().unwrap().iter())
        .map(|own| &own["id"])
        .collect();
    assert_eq!(in_force.len(), 2);
    let part = (versions.as_array().unwrap().iter())
        .find(|own| own["id"] == old)
        .expect("what was taken of the old one");
    assert_eq!(
        (&part["state"], &part["layer"]),
        (&json!("已批复"), &json!("plan_plot"))
    );
}

#[test]
fn a_drawing_of_the_plan_in_force_comes_back_as_the_same_land() {
    let folder = tempfile::tempdir().unwrap();
    let file = copied(folder.path());
    let into = file.to_str().unwrap();
    let drawing = folder.path().join("规划.dxf");
    let drawing = drawing.to_str().unwrap();
    run_well([
        "export",
        into,
        "--layer",
        "plan_land",
        "--crs",
        "EPSG:4547",
        "-o",
        drawing,
    ]);
    let profile = folder.path().join("profile.toml");
    fs::write(
        &profile,
        "crs = \"EPSG:4547\"\n[constants]\nplan = \"图\"\nclass_std = \"用地用海\"\n",
    )
    .unwrap();
    run_well([
        "import",
        drawing,
        "--into",
        into,
        "--layer",
        "plan_plot",
        "--map",
        profile.to_str().unwrap(),
    ]);
    let server = Server::start(&file);
    let planner = server.sign_in("planner");
    let versions = planner.get("/plans").json();
    let drawn = (versions.as_array().unwrap().iter())
        .find(|own| own["id"] == "图")
        .expect("what was drawn");
    let table = structure(&planner, "before=plan_land&after=图");
    adds_up(&table);
    for row in table["rows"].as_array().unwrap() {
        assert!(row["change_m2"].as_f64().unwrap().abs() < 2.0, "{row}");
    }
    // A hole is one again; a plot of two parts is two closed lines of a drawing, and two plots.
    let rings = |layer: &str, which: &str| -> (usize, usize) {
        let all = planner.get(&format!(
            "/collections/{layer}/items?limit=10000&f=json{which}"
        ));
        let (mut parts, mut holes) = (0, 0);
        for plot in all.json()["features"].as_array().unwrap() {
            let coordinates = plot["geometry"]["coordinates"].as_array().unwrap();
            let own: Vec<&Value> = match plot["geometry"]["type"].as_str() {
                Some("Polygon") => vec![&plot["geometry"]["coordinates"]],
                _ => coordinates.iter().collect(),
            };
            parts += own.len();
            holes += own
                .iter()
                .map(|part| part.as_array().unwrap().len() - 1)
                .sum::<usize>();
        }
        (parts, holes)
    };
    let (parts, holes) = rings("plan_land", "");
    assert!(holes > 100, "{holes}");
    assert_eq!(rings("plan_plot", "&plan=图"), (parts, holes));
    assert_eq!(drawn["plots"], parts);
}
