//! The abstract tests of OGC API – Features Part 2 (18-058r1 annex A), Part 3 (19-079r2 annex
//! A) and Part 4 (20-002, by its requirements: its annex is not written yet) that can run
//! against one server, each by its identifier; Part 1 is in `core`.

mod core;

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
};

use serde_json::{Value, json};
use yizhangtu_tests::{Reply, Server, open_village, village};

const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";
const GK: &str = "http://www.opengis.net/def/crs/EPSG/0/4547";

/// An abstract test: its identifier, and what it does.
type Test = (&'static str, fn(&Server));

/// Runs every test of a table, and names those that fail.
fn run(server: &Server, tests: &[Test]) {
    let names: BTreeSet<&str> = tests.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), tests.len(), "an identifier stands twice");
    let failed: Vec<&str> = (tests.iter())
        .filter(|(_, test)| catch_unwind(AssertUnwindSafe(|| test(server))).is_err())
        .map(|(name, _)| *name)
        .collect();
    assert_eq!(failed, Vec::<&str>::new());
}

fn json(server: &Server, path: &str) -> Value {
    let reply = server.get_with(
        path,
        &[("accept", "application/json, application/geo+json")],
    );
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.json()
}

fn declares(server: &Server, class: &str) {
    let uri = format!("http://www.opengis.net/spec/ogcapi-features-{class}");
    let classes = json(server, "/conformance")["conformsTo"].clone();
    assert!(
        classes.as_array().expect("classes").contains(&uri.into()),
        "{class}"
    );
}

fn ids(server: &Server, query: &str) -> BTreeSet<String> {
    let page = json(
        server,
        &format!("/collections/building/items?limit=10000&{query}"),
    );
    let features = page["features"].as_array().expect("features");
    features
        .iter()
        .map(|one| one["id"].as_str().expect("an id").to_owned())
        .collect()
}

fn refused(server: &Server, query: &str) {
    let reply = server.get(&format!("/collections/building/items?{query}"));
    assert_eq!(reply.status, 400, "{query}: {}", reply.text());
}

fn box_of(server: &Server) -> [f64; 4] {
    let bbox = json(server, "/collections/building")["extent"]["spatial"]["bbox"][0].clone();
    serde_json::from_value(bbox).expect("four numbers")
}

fn within(polygon: &str, more: &str) -> String {
    let filter = format!("S_INTERSECTS(geometry,{polygon})").replace(' ', "%20");
    format!("filter-lang=cql2-text&filter={filter}{more}")
}

fn ring([west, south, east, north]: [f64; 4]) -> String {
    format!("POLYGON(({west} {south},{east} {south},{east} {north},{west} {north},{west} {south}))")
}

const PART_2: &[Test] = &[
    ("/conf/crs/crs-uri", |server| {
        for crs in json(server, "/collections/building")["crs"]
            .as_array()
            .expect("systems")
        {
            assert!(
                crs.as_str()
                    .expect("a text")
                    .starts_with("http://www.opengis.net/def/crs/")
            );
        }
    }),
    ("/conf/crs/fc-md-crs-list", |server| {
        let collections = json(server, "/collections");
        for one in collections["collections"].as_array().expect("collections") {
            assert!(
                one["itemType"] != "feature" || one["crs"].is_array(),
                "{one}"
            );
        }
    }),
    ("/conf/crs/fc-md-storageCrs-valid-value", |server| {
        let collection = json(server, "/collections/building");
        let offered = collection["crs"].as_array().expect("systems");
        assert!(
            offered.contains(&collection["storageCrs"]),
            "{}",
            collection["storageCrs"]
        );
    }),
    ("/conf/crs/crs-parameter-valid", |server| {
        for crs in json(server, "/collections/building")["crs"]
            .as_array()
            .expect("systems")
        {
            let crs = crs.as_str().expect("a text");
            for path in ["items?limit=1&crs=", "items/x?crs="] {
                let reply = server.get(&format!("/collections/building/{path}{crs}"));
                assert!(reply.status == 200 || path.starts_with("items/x") && reply.status == 404);
            }
        }
    }),
    ("/conf/crs/crs-parameter-invalid", |server| {
        refused(server, "crs=http://www.opengis.net/def/crs/EPSG/0/0");
    }),
    ("/conf/crs/crs-parameter-default", |server| {
        let plain = server.get("/collections/building/items?limit=1");
        let named = server.get(&format!("/collections/building/items?limit=1&crs={CRS84}"));
        assert_eq!(plain.json()["features"], named.json()["features"]);
    }),
    ("/conf/crs/bbox-crs-parameter-valid", |server| {
        let [west, south, east, north] = box_of(server);
        let all = ids(server, &format!("bbox={west},{south},{east},{north}"));
        let named = ids(
            server,
            &format!("bbox={west},{south},{east},{north}&bbox-crs={CRS84}"),
        );
        let turned = ids(
            server,
            &format!(
                "bbox={south},{west},{north},{east}&bbox-crs=http://www.opengis.net/def/crs/EPSG/0/4326"
            ),
        );
        assert!(!all.is_empty() && all == named && all == turned);
    }),
    ("/conf/crs/bbox-crs-parameter-invalid", |server| {
        refused(
            server,
            "bbox=113,23,114,24&bbox-crs=http://www.opengis.net/def/crs/EPSG/0/0",
        );
    }),
    ("/conf/crs/bbox-crs-parameter-default", |server| {
        let [west, south, east, _] = box_of(server);
        let half = format!("bbox={west},{south},{east},{}", south + 0.01);
        assert_eq!(
            ids(server, &half),
            ids(server, &format!("{half}&bbox-crs={CRS84}"))
        );
    }),
    ("/conf/crs/ogc-crs-header", |server| {
        for crs in [CRS84, GK] {
            let reply = server.get(&format!("/collections/building/items?limit=1&crs={crs}"));
            assert_eq!(
                reply.header("content-crs"),
                Some(format!("<{crs}>").as_str())
            );
        }
    }),
    ("/conf/crs/geojson", |server| {
        let reply = server.get("/collections/building/items?limit=1");
        assert_eq!(
            reply.header("content-crs"),
            Some(format!("<{CRS84}>").as_str())
        );
        assert!(reply.json()["crs"].is_null());
    }),
];

const PART_3: &[Test] = &[
    ("/conf/queryables/get-conformance", |server| {
        declares(server, "3/1.0/conf/queryables")
    }),
    ("/conf/queryables/get-queryables-uris", |server| {
        let collections = json(server, "/collections");
        for one in collections["collections"].as_array().expect("collections") {
            let links = one["links"].as_array().expect("links");
            let found = links
                .iter()
                .filter(|link| link["rel"] == "http://www.opengis.net/def/rel/ogc/1.0/queryables");
            assert_eq!(found.count(), 1, "{}", one["id"]);
        }
    }),
    ("/conf/queryables/get-queryables", |server| {
        let reply = server.get_with(
            "/collections/building/queryables",
            &[("accept", "application/schema+json")],
        );
        assert_eq!(
            reply.header("content-type"),
            Some("application/schema+json")
        );
        let schema = reply.json();
        assert_eq!(
            schema["$schema"],
            "https://json-schema.org/draft/2020-12/schema"
        );
        assert_eq!(schema["type"], "object");
        assert!(
            schema["$id"]
                .as_str()
                .expect("an id")
                .ends_with("/collections/building/queryables")
        );
        for (name, property) in schema["properties"].as_object().expect("properties") {
            let typed = property["type"].is_string()
                || property["enum"].is_array()
                || property["format"]
                    .as_str()
                    .is_some_and(|format| format.starts_with("geometry"))
                || property["x-ogc-role"].is_string();
            assert!(typed, "{name}: {property}");
        }
    }),
    (
        "/conf/queryables-query-parameters/get-conformance",
        |server| {
            declares(server, "3/1.0/conf/queryables-query-parameters");
        },
    ),
    ("/conf/queryables-query-parameters/query-param", |server| {
        let rental = ids(server, "rental=true");
        assert!(!rental.is_empty() && rental == ids(server, "filter=rental=TRUE"));
        refused(server, "this_is_not_a_queryable=1");
    }),
    ("/conf/filter/get-conformance", |server| {
        declares(server, "3/1.0/conf/filter")
    }),
    ("/conf/filter/filter-param", |server| {
        let text = ids(server, "filter-lang=cql2-text&filter=floors_up%3E5");
        let sent = r#"{"op":">","args":[{"property":"floors_up"},5]}"#;
        let sent: String = sent.bytes().map(|byte| format!("%{byte:02X}")).collect();
        assert!(!text.is_empty() && text.len() < ids(server, "").len());
        assert_eq!(
            text,
            ids(server, &format!("filter-lang=cql2-json&filter={sent}"))
        );
        refused(server, "filter-lang=cql2-text&filter=floors_up%3E");
        refused(server, "filter-lang=cql2-json&filter=%7B");
    }),
    ("/conf/filter/filter-lang-default", |server| {
        let named = ids(server, "filter-lang=cql2-text&filter=floors_up%3E5");
        assert_eq!(named, ids(server, "filter=floors_up%3E5"));
        refused(server, "filter-lang=sql&filter=floors_up%3E5");
    }),
    ("/conf/filter/expression-construction", |server| {
        assert_eq!(
            json(server, "/collections/building/queryables")["additionalProperties"],
            false
        );
        refused(server, "filter=this_is_not_a_queryable=1");
    }),
    ("/conf/filter/filter-crs-wgs84", |server| {
        assert_eq!(
            ids(server, &within(&ring(box_of(server)), "")),
            ids(server, "")
        );
        refused(server, &within(&ring([1e6, 1e6, 2e6, 2e6]), ""));
    }),
    ("/conf/filter/filter-crs-param", |server| {
        let everything = [2_400_000.0, 300_000.0, 2_700_000.0, 700_000.0];
        let filtered = ids(
            server,
            &within(&ring(everything), &format!("&filter-crs={GK}")),
        );
        assert_eq!(filtered, ids(server, ""));
        let query = within(
            &ring(box_of(server)),
            "&filter-crs=http://www.opengis.net/def/crs/EPSG/0/0",
        );
        refused(server, &query);
    }),
    ("/conf/features-filter/get-conformance", |server| {
        declares(server, "3/1.0/conf/features-filter")
    }),
    (
        "/conf/features-filter/filter-param-multiple-collections",
        |server| {
            for collection in ["grid", "road", "person", "contract"] {
                let reply = server.get(&format!(
                    "/collections/{collection}/items?limit=1&filter=id%3D%27none%27"
                ));
                assert_eq!(
                    (reply.status, reply.json()["numberMatched"].clone()),
                    (200, json!(0)),
                    "{collection}"
                );
            }
        },
    ),
];

const GEOJSON: (&str, &str) = ("content-type", "application/geo+json");

fn feature(name: &str) -> String {
    json!({ "type": "Feature", "geometry": { "type": "Point", "coordinates": [113.63, 23.13] },
            "properties": { "name": name, "kind": "园区" } })
    .to_string()
}

/// A new place: its path and its tag.
fn made(server: &Server, name: &str) -> (String, String) {
    let reply = server.send(
        "POST",
        "/collections/place/items",
        &[GEOJSON],
        feature(name).as_bytes(),
    );
    assert_eq!(reply.status, 201, "{}", reply.text());
    let location = reply.header("location").expect("a location");
    let path = location.strip_prefix(&server.url).expect("of this server");
    (
        path.to_owned(),
        reply.header("etag").expect("a tag").to_owned(),
    )
}

fn change(server: &Server, method: &str, (path, tag): &(String, String), body: &str) -> Reply {
    let kind = if method == "PATCH" {
        "application/merge-patch+json"
    } else {
        GEOJSON.1
    };
    server.send(
        method,
        path,
        &[("content-type", kind), ("if-match", tag)],
        body.as_bytes(),
    )
}

const PART_4: &[Test] = &[
    ("/conf/create-replace-delete", |server| {
        declares(server, "4/1.0/conf/create-replace-delete")
    }),
    ("/conf/create-replace-delete/insert-post-op", |server| {
        let api = json(server, "/api");
        assert!(api["paths"]["/collections/{layer}/items"]["post"].is_object());
    }),
    ("/conf/create-replace-delete/insert-body", |server| {
        let reply = server.send(
            "POST",
            "/collections/place/items",
            &[GEOJSON],
            b"no feature",
        );
        assert_eq!(reply.status, 400);
    }),
    (
        "/conf/create-replace-delete/insert-content-type",
        |server| {
            let kind = ("content-type", "application/x-unknown");
            let reply = server.send(
                "POST",
                "/collections/place/items",
                &[kind],
                feature("x").as_bytes(),
            );
            assert_eq!(reply.status, 415);
        },
    ),
    ("/conf/create-replace-delete/insert-response", |server| {
        let (path, _) = made(server, "一");
        assert_eq!(server.get(&path).json()["properties"]["name"], "一");
    }),
    (
        "/conf/create-replace-delete/insert-response-rid",
        |server| {
            let (path, _) = made(server, "二");
            let id = path.rsplit('/').next().expect("an id");
            assert_eq!(server.get(&path).json()["id"], id);
        },
    ),
    ("/conf/create-replace-delete/update-put-op", |server| {
        let one = made(server, "三");
        let reply = change(server, "PUT", &one, &feature("四"));
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(server.get(&one.0).json()["properties"]["name"], "四");
    }),
    ("/conf/create-replace-delete/update-put-rid", |server| {
        let none = (
            "/collections/place/items/no-such".to_owned(),
            "\"1\"".to_owned(),
        );
        assert_eq!(change(server, "PUT", &none, &feature("x")).status, 404);
    }),
    ("/conf/create-replace-delete/update-body", |server| {
        let one = made(server, "五");
        let reply = change(
            server,
            "PUT",
            &one,
            r#"{"type":"Feature","geometry":null,"properties":{"name":1}}"#,
        );
        assert_eq!(reply.status, 422, "{}", reply.text());
        assert_eq!(server.get(&one.0).json()["properties"]["name"], "五");
    }),
    ("/conf/create-replace-delete/delete-op", |server| {
        let one = made(server, "六");
        assert_eq!(
            server
                .send("DELETE", &one.0, &[("if-match", &one.1)], b"")
                .status,
            204
        );
        assert_eq!(server.get(&one.0).status, 404);
        assert_eq!(
            server
                .send("DELETE", &one.0, &[("if-match", &one.1)], b"")
                .status,
            404
        );
    }),
    ("/conf/update", |server| {
        declares(server, "4/1.0/conf/update")
    }),
    ("/conf/update/update-patch-op", |server| {
        let one = made(server, "七");
        let reply = change(server, "PATCH", &one, r#"{"properties":{"name":"八"}}"#);
        assert_eq!(reply.status, 200, "{}", reply.text());
        let now = server.get(&one.0).json();
        assert_eq!(
            (&now["properties"]["name"], &now["properties"]["kind"]),
            (&json!("八"), &json!("园区"))
        );
    }),
    ("/conf/update/update-patch-content-type", |server| {
        let one = made(server, "九");
        let kind = ("content-type", "text/plain");
        let reply = server.send("PATCH", &one.0, &[kind, ("if-match", &one.1)], b"{}");
        assert_eq!(reply.status, 415);
    }),
    ("/conf/optimistic-locking-etags/etag", |server| {
        let (path, tag) = made(server, "十");
        assert_eq!(server.get(&path).header("etag"), Some(tag.as_str()));
    }),
    (
        "/conf/optimistic-locking-etags/if-match-required",
        |server| {
            let (path, _) = made(server, "甲");
            for method in ["PUT", "PATCH", "DELETE"] {
                let reply = server.send(method, &path, &[GEOJSON], feature("乙").as_bytes());
                assert_eq!(reply.status, 428, "{method}");
            }
        },
    ),
    ("/conf/optimistic-locking-etags/if-match-stale", |server| {
        let one = made(server, "丙");
        assert_eq!(change(server, "PUT", &one, &feature("丁")).status, 200);
        for method in ["PUT", "PATCH", "DELETE"] {
            assert_eq!(
                change(server, method, &one, &feature("戊")).status,
                412,
                "{method}"
            );
        }
        assert_eq!(server.get(&one.0).json()["properties"]["name"], "丁");
    }),
    ("/conf/features/content-crs", |server| {
        let body = json!({ "type": "Feature", "geometry": { "type": "Point", "coordinates": [23.13, 113.63] },
                           "properties": { "name": "己", "kind": "园区" } });
        let axes = (
            "content-crs",
            "<http://www.opengis.net/def/crs/EPSG/0/4326>",
        );
        let reply = server.send(
            "POST",
            "/collections/place/items",
            &[GEOJSON, axes],
            body.to_string().as_bytes(),
        );
        assert_eq!(reply.status, 201, "{}", reply.text());
        assert_eq!(
            reply.json()["geometry"]["coordinates"],
            json!([113.63, 23.13])
        );
    }),
];

#[test]
fn part_1_core_geojson_html_and_openapi() {
    run(&Server::start(&village("donghua")), core::PART_1);
}

#[test]
fn part_2_coordinate_reference_systems_and_part_3_filtering() {
    let server = Server::start(&village("donghua"));
    run(&server, PART_2);
    run(&server, PART_3);
}

#[test]
fn part_4_create_replace_update_and_delete() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start_with(&open_village("donghua", folder.path()), &[]);
    run(&server, PART_4);
}
