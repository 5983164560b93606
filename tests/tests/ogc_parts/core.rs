//! Part 1 (17-069r4), by identifier: core, GeoJSON, HTML, OpenAPI 3.0. What each answers in full
//! is held against other ways of asking in `ogc_features`.

use std::collections::BTreeSet;

use serde_json::Value;
use yizhangtu_tests::Server;

use super::{CRS84, Test, box_of, declares, ids, json, refused};

const LINKS: &str = "every document leads to itself and to its other formats";

fn rels(document: &Value) -> BTreeSet<&str> {
    let links = document["links"].as_array().expect(LINKS);
    links
        .iter()
        .filter_map(|link| link["rel"].as_str())
        .collect()
}

/// Links of one document: those that must be there, each with an address and a type.
fn linked(document: &Value, wanted: &[&str]) {
    let found = rels(document);
    for rel in wanted {
        assert!(found.contains(rel), "{rel} in {found:?}");
    }
    for link in document["links"].as_array().expect(LINKS) {
        assert!(
            link["href"].is_string() && link["type"].is_string(),
            "{link}"
        );
    }
}

fn follow(server: &Server, document: &Value, rel: &str) -> Value {
    let links = document["links"].as_array().expect(LINKS);
    let link = links
        .iter()
        .find(|link| link["rel"] == rel)
        .expect("a link");
    let href = link["href"].as_str().expect("an address");
    json(
        server,
        href.strip_prefix(&server.url).expect("of this server"),
    )
}

fn collections(server: &Server) -> Vec<Value> {
    json(server, "/collections")["collections"]
        .as_array()
        .expect("collections")
        .clone()
}

fn page(server: &Server, query: &str) -> Value {
    json(server, &format!("/collections/building/items?{query}"))
}

/// A parameter of the description, by its name.
fn parameter(server: &Server, name: &str) -> Value {
    let api = json(server, "/api");
    let all = api["components"]["parameters"]
        .as_object()
        .expect("parameters");
    let items = &api["paths"]["/collections/{layer}/items"]["get"]["parameters"];
    let named = items
        .as_array()
        .expect("parameters")
        .iter()
        .find_map(|one| {
            let key = one["$ref"].as_str()?.rsplit('/').next()?;
            (all[key]["name"] == name).then(|| all[key].clone())
        });
    let named = named.unwrap_or_else(|| panic!("{name} is not described"));
    assert_eq!(
        (&named["in"], &named["required"]),
        (&json!("query"), &json!(false))
    );
    named
}

pub(super) const PART_1: &[Test] = &[
    ("/conf/core/http", |server| {
        let reply = server.send("HEAD", "/collections", &[], b"");
        assert_eq!((reply.status, reply.body.len()), (200, 0));
        assert_eq!(server.send("DELETE", "/collections", &[], b"").status, 405);
        assert_eq!(server.get("/collections/none").status, 404);
        let none = server.get_with("/collections", &[("accept", "image/png")]);
        assert!([200, 406].contains(&none.status), "{}", none.status);
    }),
    ("/conf/core/root-op", |server| {
        json(server, "/?f=json");
    }),
    ("/conf/core/root-success", |server| {
        linked(
            &json(server, "/?f=json"),
            &["service-desc", "service-doc", "conformance", "data"],
        );
    }),
    ("/conf/core/api-definition-op", |server| {
        follow(server, &json(server, "/?f=json"), "service-desc");
    }),
    ("/conf/core/api-definition-success", |server| {
        let api = follow(server, &json(server, "/?f=json"), "service-desc");
        assert!(
            api["openapi"]
                .as_str()
                .expect("a version")
                .starts_with("3.0")
        );
    }),
    ("/conf/core/conformance-op", |server| {
        follow(server, &json(server, "/?f=json"), "conformance");
    }),
    ("/conf/core/conformance-success", |server| {
        for class in ["core", "geojson", "html", "oas30"] {
            declares(server, &format!("1/1.0/conf/{class}"));
        }
    }),
    ("/conf/core/crs84", |server| {
        for feature in page(server, "limit=50")["features"]
            .as_array()
            .expect("features")
        {
            let corner = &feature["geometry"]["coordinates"][0][0];
            let corner = if corner[0].is_array() {
                &corner[0]
            } else {
                corner
            };
            let [lon, lat] = [0, 1].map(|at| corner[at].as_f64().expect("a number"));
            assert!(
                (112.0..115.0).contains(&lon) && (22.0..24.0).contains(&lat),
                "{lon} {lat}"
            );
        }
    }),
    ("/conf/core/fc-md-op", |server| {
        follow(server, &json(server, "/?f=json"), "data");
    }),
    ("/conf/core/fc-md-success", |server| {
        let catalog = json(server, "/catalog");
        let named: BTreeSet<&str> = catalog["layers"]
            .as_array()
            .expect("layers")
            .iter()
            .filter_map(|layer| layer["id"].as_str())
            .collect();
        let listed = collections(server);
        let listed: BTreeSet<&str> = listed.iter().filter_map(|one| one["id"].as_str()).collect();
        assert_eq!(listed, named);
    }),
    ("/conf/core/fc-md-links", |server| {
        linked(&json(server, "/collections"), &["self", "alternate"]);
    }),
    ("/conf/core/fc-md-items", |server| {
        for one in collections(server) {
            assert!(one["id"].is_string() && one["title"].is_string(), "{one}");
        }
    }),
    ("/conf/core/fc-md-items-links", |server| {
        for one in collections(server) {
            linked(&one, &["items"]);
        }
    }),
    ("/conf/core/fc-md-extent", |server| {
        for one in collections(server) {
            let Some(boxes) = one["extent"]["spatial"]["bbox"].as_array() else {
                continue;
            };
            let sides: Vec<f64> = serde_json::from_value(boxes[0].clone()).expect("four numbers");
            assert!(
                sides.len() == 4 && sides[0] <= sides[2] && sides[1] <= sides[3],
                "{one}"
            );
        }
        assert!(
            collections(server)
                .iter()
                .any(|one| one["extent"]["spatial"]["bbox"].is_array())
        );
    }),
    ("/conf/core/sfc-md-op", |server| {
        for one in collections(server) {
            json(
                server,
                &format!("/collections/{}", one["id"].as_str().expect("an id")),
            );
        }
    }),
    ("/conf/core/sfc-md-success", |server| {
        for listed in collections(server) {
            let own = json(
                server,
                &format!("/collections/{}", listed["id"].as_str().expect("an id")),
            );
            for member in ["id", "title", "description", "extent", "itemType", "crs"] {
                assert_eq!(own[member], listed[member], "{member}");
            }
            linked(&own, &["items", "self"]);
        }
    }),
    ("/conf/core/fc-op", |server| {
        for one in collections(server) {
            let id = one["id"].as_str().expect("an id");
            json(server, &format!("/collections/{id}/items?limit=1"));
        }
    }),
    ("/conf/core/fc-limit-definition", |server| {
        let schema = &parameter(server, "limit")["schema"];
        assert_eq!(
            (&schema["type"], &schema["minimum"]),
            (&json!("integer"), &json!(1))
        );
        assert!(schema["default"].as_u64() < schema["maximum"].as_u64());
    }),
    ("/conf/core/fc-limit-response", |server| {
        for limit in [1, 2, 100] {
            assert_eq!(
                page(server, &format!("limit={limit}"))["numberReturned"],
                limit
            );
        }
        for limit in ["0", "-1", "many"] {
            refused(server, &format!("limit={limit}"));
        }
    }),
    ("/conf/core/fc-bbox-definition", |server| {
        let bbox = parameter(server, "bbox");
        assert_eq!(
            (&bbox["style"], &bbox["explode"]),
            (&json!("form"), &json!(false))
        );
        let schema = &bbox["schema"];
        assert_eq!(
            (&schema["type"], &schema["items"]["type"]),
            (&json!("array"), &json!("number"))
        );
        assert_eq!(
            (&schema["minItems"], &schema["maxItems"]),
            (&json!(4), &json!(6))
        );
    }),
    ("/conf/core/fc-bbox-response", |server| {
        let [west, south, east, north] = box_of(server);
        let middle = (west + east) / 2.0;
        let halves = [[west, middle], [middle, east]]
            .map(|[from, to]| ids(server, &format!("bbox={from},{south},{to},{north}")));
        let whole: BTreeSet<String> = halves.iter().flatten().cloned().collect();
        assert!(halves.iter().all(|half| half.len() < whole.len()));
        assert_eq!(whole, ids(server, ""));
        refused(server, "bbox=1,2,3");
    }),
    ("/conf/core/fc-time-definition", |server| {
        assert_eq!(parameter(server, "datetime")["schema"]["type"], "string");
    }),
    ("/conf/core/fc-time-response", |server| {
        let found = |time: &str| {
            let page = json(
                server,
                &format!("/collections/violation_case/items?limit=1&datetime={time}"),
            );
            page["numberMatched"].as_u64().expect("a number")
        };
        let whole = found("../..");
        assert!(whole > 0 && found("2020-01-01T00:00:00Z/..") <= whole);
        assert!(found("../1990-01-01") < whole);
        refused(server, "datetime=yesterday");
    }),
    ("/conf/core/query-param-unknown", |server| {
        refused(server, "colour=red")
    }),
    ("/conf/core/query-param-invalid", |server| {
        refused(server, "offset=x")
    }),
    ("/conf/core/fc-links", |server| {
        let first = page(server, "limit=5&f=geojson");
        linked(&first, &["self", "alternate", "next"]);
        let second = follow(server, &first, "next");
        linked(&second, &["self", "alternate", "next", "prev"]);
    }),
    ("/conf/core/fc-timeStamp", |server| {
        let stamp = page(server, "limit=1")["timeStamp"]
            .as_str()
            .expect("a time")
            .to_owned();
        assert!(stamp.len() == 20 && stamp.ends_with('Z'), "{stamp}");
    }),
    ("/conf/core/fc-numberMatched", |server| {
        assert_eq!(
            page(server, "limit=1")["numberMatched"],
            ids(server, "").len()
        );
    }),
    ("/conf/core/fc-numberReturned", |server| {
        let page = page(server, "limit=7");
        assert_eq!(
            page["numberReturned"],
            page["features"].as_array().expect("features").len()
        );
    }),
    ("/conf/core/fc-response", |server| {
        let page = page(server, "limit=3");
        assert_eq!(page["type"], "FeatureCollection");
        assert!(
            page["features"]
                .as_array()
                .expect("features")
                .iter()
                .all(|one| one["type"] == "Feature")
        );
    }),
    ("/conf/core/f-op", |server| {
        for id in ids(server, "").iter().take(20) {
            json(server, &format!("/collections/building/items/{id}"));
        }
        assert_eq!(server.get("/collections/building/items/none").status, 404);
    }),
    ("/conf/core/f-success", |server| {
        let listed = page(server, "limit=1")["features"][0].clone();
        let own = json(
            server,
            &format!(
                "/collections/building/items/{}",
                listed["id"].as_str().expect("an id")
            ),
        );
        for member in ["type", "id", "geometry", "properties"] {
            assert_eq!(own[member], listed[member], "{member}");
        }
    }),
    ("/conf/core/f-links", |server| {
        let listed = page(server, "limit=1")["features"][0]["id"].clone();
        let own = json(
            server,
            &format!(
                "/collections/building/items/{}",
                listed.as_str().expect("an id")
            ),
        );
        linked(&own, &["self", "alternate", "collection"]);
        assert_eq!(follow(server, &own, "collection")["id"], "building");
    }),
    ("/conf/geojson/definition", |server| {
        for path in ["items?limit=1", "items"] {
            let reply = server.get_with(
                &format!("/collections/building/{path}"),
                &[("accept", "application/geo+json")],
            );
            assert_eq!(reply.header("content-type"), Some("application/geo+json"));
        }
    }),
    ("/conf/geojson/content", |server| {
        for one in collections(server) {
            let id = one["id"].as_str().expect("an id");
            let reply = server.get(&format!("/collections/{id}/items?limit=20&f=geojson"));
            let page: geojson::GeoJson = reply.text().parse().expect("GeoJSON");
            assert!(
                matches!(page, geojson::GeoJson::FeatureCollection(_)),
                "{id}"
            );
            assert_eq!(
                reply.header("content-crs"),
                Some(format!("<{CRS84}>").as_str())
            );
        }
    }),
    ("/conf/html/definition", |server| {
        for path in [
            "/collections",
            "/conformance",
            "/collections/building",
            "/collections/building/items?limit=1",
        ] {
            let reply = server.get_with(path, &[("accept", "text/html")]);
            let kind = reply.header("content-type").expect("a type");
            assert!(
                reply.status == 200 && kind.starts_with("text/html"),
                "{path}: {kind}"
            );
        }
    }),
    ("/conf/html/content", |server| {
        let listed = page(server, "limit=1")["features"][0].clone();
        let shown = server
            .get("/collections/building/items?limit=1&f=html")
            .text();
        for text in [&listed["id"], &listed["properties"]["code"]] {
            assert!(shown.contains(text.as_str().expect("a text")), "{text}");
        }
    }),
    ("/conf/oas30/completeness", |server| {
        let api = json(server, "/api");
        for path in [
            "/",
            "/conformance",
            "/api",
            "/collections",
            "/collections/{layer}",
            "/collections/{layer}/items",
            "/collections/{layer}/items/{id}",
        ] {
            assert!(
                api["paths"][path]["get"]["responses"]["200"].is_object(),
                "{path}"
            );
        }
    }),
    ("/conf/oas30/definition-1", |server| {
        let desc = server.get("/api");
        assert_eq!(
            desc.header("content-type"),
            Some("application/vnd.oai.openapi+json;version=3.0")
        );
        assert!(
            server
                .get("/api.html")
                .header("content-type")
                .expect("a type")
                .starts_with("text/html")
        );
    }),
    ("/conf/oas30/definition-2", |server| {
        let api = json(server, "/api");
        assert!(api["info"]["title"].is_string() && api["info"]["version"].is_string());
        assert!(
            api["paths"]
                .as_object()
                .is_some_and(|paths| !paths.is_empty())
        );
    }),
    ("/conf/oas30/exception-codes", |server| {
        let api = json(server, "/api");
        for (path, operations) in api["paths"].as_object().expect("paths") {
            for (method, operation) in operations.as_object().expect("operations") {
                let refusal = &operation["responses"]["default"]["$ref"];
                assert_eq!(refusal, "#/components/responses/Problem", "{method} {path}");
            }
        }
        let reply = server.get("/collections/building/items?limit=0");
        assert_eq!(
            reply.header("content-type"),
            Some("application/problem+json")
        );
    }),
    ("/conf/oas30/oas-impl", |server| {
        // What is described is what is answered: a program that makes up requests holds every
        // path against its description (`tests/programs/test_api.py`); here the plain ones.
        let api = json(server, "/api");
        for (path, operations) in api["paths"].as_object().expect("paths") {
            // Where nobody else says who somebody is, there is no way there.
            let elsewhere = path.starts_with("/session/oidc");
            let plain = operations["get"].is_object() && !path.contains('{') && !elsewhere;
            let asks = operations["get"]["parameters"].as_array();
            if plain && asks.is_none_or(Vec::is_empty) {
                let status = server.get(path).status;
                assert!(
                    status != 404 && status != 405 && status < 500,
                    "{path}: {status}"
                );
            }
        }
    }),
    ("/conf/oas30/security", |server| {
        // Nothing of the standard's paths asks for more than the session that the page has, so
        // no scheme is described, and a guest is told where one signs in.
        assert!(json(server, "/api")["security"].is_null());
        let refused = server.get("/collections/person/items?limit=1");
        assert!(
            [200, 401, 403].contains(&refused.status),
            "{}",
            refused.status
        );
    }),
];
