//! The abstract tests of OGC API – Features Part 1 (17-069r4 annex A) and Part 2 that apply
//! to what is served, each named by its identifier, on the donghua demonstration.

use std::collections::BTreeSet;

use serde_json::Value;
use yizhangtu_tests::{Server, village};

/// The demonstration, served for one test.
struct Api(Server);

impl Api {
    fn start() -> Self {
        Self(Server::start(&village("donghua")))
    }

    fn json(&self, path: &str) -> Value {
        let reply = self.0.get_with(path, &[("accept", "application/json")]);
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply.json()
    }

    fn items(&self, path: &str) -> Value {
        self.json(&format!("/collections/{path}"))
    }

    fn refused(&self, path: &str, named: &str) {
        let reply = self.0.get(path);
        assert_eq!(reply.status, 400, "{path}: {}", reply.text());
        assert_eq!(
            reply.header("content-type"),
            Some("application/problem+json")
        );
        let problem = reply.json();
        assert_eq!(problem["status"], 400);
        assert_eq!(problem["errors"][0]["field"], named, "{problem}");
    }
}

fn features(page: &Value) -> &Vec<Value> {
    page["features"].as_array().expect("features")
}

fn link<'a>(document: &'a Value, rel: &str) -> Option<&'a str> {
    let links = document["links"].as_array()?;
    links.iter().find(|link| link["rel"] == rel)?["href"].as_str()
}

/// A.2.2.1 /conf/core/root-op, A.2.2.2 /conf/core/root-success
#[test]
fn conf_core_root() {
    let api = Api::start();
    let root = api.json("/");
    for rel in ["service-desc", "service-doc", "conformance", "data", "self"] {
        let href = link(&root, rel).unwrap_or_else(|| panic!("no link {rel}"));
        let path = href.strip_prefix(&api.0.url).expect("an absolute link");
        assert_eq!(api.0.get(path).status, 200, "{href}");
    }
}

/// A.2.3.1 /conf/core/api-definition-op, A.2.3.2 /conf/core/api-definition-success, and
/// /conf/oas30: the document is OpenAPI 3.0, complete in itself.
#[test]
fn conf_core_api_definition() {
    let api = Api::start();
    let reply = api.0.get("/api");
    assert_eq!(
        reply.header("content-type"),
        Some("application/vnd.oai.openapi+json;version=3.0")
    );
    let api = reply.json();
    assert!(
        api["openapi"]
            .as_str()
            .expect("a version")
            .starts_with("3.0")
    );
    let mut references = BTreeSet::new();
    gather_references(&api, &mut references);
    assert!(references.len() > 30);
    for reference in references {
        let pointer = reference
            .strip_prefix('#')
            .expect("a reference into itself");
        assert!(api.pointer(pointer).is_some(), "{reference}");
    }
}

fn gather_references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                found.insert(reference.clone());
            }
            members
                .values()
                .for_each(|member| gather_references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| gather_references(item, found)),
        _ => {}
    }
}

/// A.2.4.1 /conf/core/conformance-op, A.2.4.2 /conf/core/conformance-success
#[test]
fn conf_core_conformance() {
    let api = Api::start();
    let conformance = api.json("/conformance");
    let classes = conformance["conformsTo"].as_array().expect("classes");
    for class in ["core", "oas30", "html", "geojson"] {
        let uri = format!("http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{class}");
        assert!(classes.contains(&uri.into()), "{class}");
    }
}

/// /conf/html: every document has a page for people, without a script.
#[test]
fn conf_html() {
    let api = Api::start();
    let browser = [("accept", "text/html,application/xhtml+xml,*/*;q=0.8")];
    for path in [
        "/conformance",
        "/api.html",
        "/collections",
        "/collections/grid",
        "/collections/grid/items",
    ] {
        let reply = api.0.get_with(path, &browser);
        assert_eq!(reply.status, 200, "{path}");
        let kind = reply.header("content-type").unwrap_or_default();
        assert!(kind.starts_with("text/html"), "{path}: {kind}");
        let text = reply.text();
        assert!(
            text.starts_with("<!doctype html>") && !text.contains("<script"),
            "{path}"
        );
    }
}

/// A.2.5.1 /conf/core/fc-md-op … A.2.5.4 /conf/core/sfc-md-success
#[test]
fn conf_core_collections() {
    let api = Api::start();
    let collections = api.json("/collections");
    assert!(link(&collections, "self").is_some() && link(&collections, "alternate").is_some());
    let all = collections["collections"].as_array().expect("collections");
    assert!(all.len() > 20);
    for collection in all {
        let id = collection["id"].as_str().expect("an id");
        assert!(link(collection, "items").is_some(), "{id}");
        assert_eq!(api.json(&format!("/collections/{id}")), *collection);
        if let Some(bbox) = collection["extent"]["spatial"]["bbox"][0].as_array() {
            let corner = |at: usize| bbox[at].as_f64().expect("a number");
            assert!(corner(0) <= corner(2) && corner(1) <= corner(3), "{id}");
        }
    }
    assert_eq!(api.0.get("/collections/nowhere").status, 404);
}

/// A.2.7.1 /conf/core/fc-op, A.2.7.11 /conf/core/fc-response, /conf/geojson/content: a walk
/// along `next` meets every feature once.
#[test]
fn conf_core_fc_response() {
    let api = Api::start();
    for layer in ["grid", "contract", "violation_case"] {
        let whole = api.items(&format!("{layer}/items?limit=10000"));
        let matched = whole["numberMatched"].as_u64().expect("a number");
        assert_eq!(features(&whole).len() as u64, matched, "{layer}");
        assert_eq!(whole["numberReturned"], whole["numberMatched"]);
        let time = whole["timeStamp"].as_str().expect("a time");
        assert!(time.ends_with('Z') && time.contains('T'), "{time}");
        let mut met = BTreeSet::new();
        let mut next = Some(format!("/collections/{layer}/items?limit=3&f=json"));
        while let Some(path) = next {
            let page = api.json(&path);
            assert_eq!(page["numberMatched"].as_u64(), Some(matched));
            for feature in features(&page) {
                let id = feature["id"].as_str().expect("an id").to_owned();
                assert!(met.insert(id), "a feature came twice");
            }
            next = link(&page, "next").map(|href| href.replace(&api.0.url, ""));
        }
        assert_eq!(met.len() as u64, matched, "{layer}");
    }
}

/// A.2.7.2–3 /conf/core/fc-limit-definition, -response
#[test]
fn conf_core_fc_limit() {
    let api = Api::start();
    assert_eq!(features(&api.items("building/items?limit=7")).len(), 7);
    assert_eq!(features(&api.items("building/items")).len(), 100);
    // A limit beyond the greatest is taken as the greatest.
    let all = api.items("building/items?limit=999999999");
    assert_eq!(all["numberReturned"], all["numberMatched"]);
    for wrong in ["0", "-1", "many", ""] {
        api.refused(
            &format!("/collections/building/items?limit={wrong}"),
            "limit",
        );
    }
}

/// A.2.7.4–5 /conf/core/fc-bbox-definition, -response
#[test]
fn conf_core_fc_bbox() {
    let api = Api::start();
    let whole = api.items("building/items?limit=10000");
    let bounds = |feature: &Value| {
        let mut bounds = [f64::MAX, f64::MAX, f64::MIN, f64::MIN];
        fn walk(value: &Value, bounds: &mut [f64; 4]) {
            let Some(list) = value.as_array() else { return };
            match (
                list.first().and_then(Value::as_f64),
                list.get(1).and_then(Value::as_f64),
            ) {
                (Some(x), Some(y)) => {
                    *bounds = [
                        bounds[0].min(x),
                        bounds[1].min(y),
                        bounds[2].max(x),
                        bounds[3].max(y),
                    ];
                }
                _ => list.iter().for_each(|part| walk(part, bounds)),
            }
        }
        walk(&feature["geometry"]["coordinates"], &mut bounds);
        bounds
    };
    let extent = api.json("/collections/building")["extent"]["spatial"]["bbox"][0].clone();
    let corner = |at: usize| extent[at].as_f64().expect("a number");
    let (x, y) = ((corner(0) + corner(2)) / 2.0, (corner(1) + corner(3)) / 2.0);
    let asked = [x - 0.001, y - 0.001, x + 0.0015, y + 0.001];
    let text = asked.map(|number| number.to_string()).join(",");
    let found = api.items(&format!("building/items?limit=10000&bbox={text}"));
    let ids = |page: &Value| -> BTreeSet<String> {
        features(page)
            .iter()
            .map(|feature| feature["id"].to_string())
            .collect()
    };
    let meets = |of: &[f64; 4]| {
        of[0] <= asked[2] && of[2] >= asked[0] && of[1] <= asked[3] && of[3] >= asked[1]
    };
    let inside = |of: &[f64; 4]| {
        of[0] >= asked[0] && of[2] <= asked[2] && of[1] >= asked[1] && of[3] <= asked[3]
    };
    let found_ids = ids(&found);
    assert!(!found_ids.is_empty() && found_ids.len() < features(&whole).len());
    for feature in features(&whole) {
        let of = bounds(feature);
        let id = feature["id"].to_string();
        // What lies wholly in the box is found; what is found at least meets it by its bounds.
        assert!(!inside(&of) || found_ids.contains(&id), "{id}");
        assert!(!found_ids.contains(&id) || meets(&of), "{id}");
    }
    // Six numbers, and the same box in another order of axes.
    let [w, s, e, n] = asked;
    let six = api.items(&format!(
        "building/items?limit=10000&bbox={w},{s},0,{e},{n},9"
    ));
    assert_eq!(ids(&six), found_ids);
    let crs = "http://www.opengis.net/def/crs/EPSG/0/4490";
    let turned = api.items(&format!(
        "building/items?limit=10000&bbox={s},{w},{n},{e}&bbox-crs={crs}"
    ));
    assert_eq!(ids(&turned), found_ids);
    for wrong in [
        "1,2,3",
        "a,b,c,d",
        "113,24,114,23",
        "23,113,24,114",
        "NaN,1,2,3",
    ] {
        api.refused(&format!("/collections/building/items?bbox={wrong}"), "bbox");
    }
}

/// A.2.7.6–7 /conf/core/fc-time-definition, -response
#[test]
fn conf_core_fc_time() {
    let api = Api::start();
    let count = |query: &str| {
        api.items(&format!("violation_case/items?limit=1&{query}"))["numberMatched"]
            .as_u64()
            .expect("a number")
    };
    let all = count("");
    assert_eq!(count("datetime=../2999-01-01"), all);
    assert_eq!(count("datetime=1990-01-01/.."), all);
    let (before, after) = (
        count("datetime=../2015-12-31"),
        count("datetime=2016-01-01/.."),
    );
    assert!(before + after >= all);
    for wrong in ["yesterday", "2020-13-01", "2021-01-01/2020-01-01"] {
        api.refused(
            &format!("/collections/grid/items?datetime={wrong}"),
            "datetime",
        );
    }
}

/// A.2.7.8 /conf/core/query-param-unknown, A.2.7.9 …-invalid
#[test]
fn conf_core_query_parameters() {
    let api = Api::start();
    api.refused("/collections/building/items?colour=red", "colour");
    api.refused("/collections?colour=red", "colour");
    api.refused("/conformance?colour=red", "colour");
    api.refused("/collections/building/items?limit=1&limit=2", "limit");
    api.refused("/collections/building/items?floors_up=three", "floors_up");
    api.refused("/collections/building/items?f=pdf", "f");
}

/// A.2.8.1 /conf/core/f-op, A.2.8.2 /conf/core/f-success: one feature is what the page showed.
#[test]
fn conf_core_feature() {
    let api = Api::start();
    for layer in ["building", "contract", "person"] {
        let page = api.items(&format!("{layer}/items?limit=2"));
        for shown in features(&page) {
            let id = shown["id"].as_str().expect("an id");
            let path = format!("/collections/{layer}/items/{id}");
            let own = api.json(&path);
            for member in ["id", "geometry", "properties"] {
                assert_eq!(own[member], shown[member], "{path} {member}");
            }
            assert!(link(&own, "self").is_some() && link(&own, "collection").is_some());
            let first = api.0.get(&path);
            let tag = first.header("etag").expect("an entity tag").to_owned();
            let again = api.0.get_with(&path, &[("if-none-match", &tag)]);
            assert_eq!((again.status, again.body.len()), (304, 0));
        }
    }
    assert_eq!(api.0.get("/collections/building/items/nobody").status, 404);
}

/// Part 2 A.2 /conf/crs/crs-uri, /conf/crs/crs-action: axes as the registry orders them.
#[test]
fn conf_crs() {
    let api = Api::start();
    let first = |crs: &str| {
        let reply = api
            .0
            .get(&format!("/collections/building/items?limit=1&crs={crs}"));
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(
            reply.header("content-crs"),
            Some(format!("<{crs}>").as_str())
        );
        let page = reply.json();
        let mut at = page["features"][0]["geometry"]["coordinates"].clone();
        while at[0].is_array() {
            at = at[0].clone();
        }
        [at[0].as_f64().expect("x"), at[1].as_f64().expect("y")]
    };
    let offered = api.json("/collections/building")["crs"].clone();
    assert!(offered.as_array().expect("systems").len() >= 6);
    let [lon, lat] = first("http://www.opengis.net/def/crs/OGC/1.3/CRS84");
    assert!((113.0..114.0).contains(&lon) && (22.0..24.0).contains(&lat));
    assert_eq!(
        first("http://www.opengis.net/def/crs/EPSG/0/4326"),
        [lat, lon]
    );
    assert_eq!(
        first("http://www.opengis.net/def/crs/EPSG/0/4490"),
        [lat, lon]
    );
    let [north, east] = first("http://www.opengis.net/def/crs/EPSG/0/4547");
    assert!((2_400_000.0..2_700_000.0).contains(&north) && (400_000.0..600_000.0).contains(&east));
    let [north_38, east_38] = first("http://www.opengis.net/def/crs/EPSG/0/4526");
    assert!((north_38 - north).abs() < 1e-3 && (east_38 - east - 38_000_000.0).abs() < 1e-3);
    let [x, y] = first("http://www.opengis.net/def/crs/EPSG/0/3857");
    assert!((x - lon.to_radians() * 6_378_137.0).abs() < 1e-3 && y > 2_000_000.0);
    api.refused("/collections/building/items?crs=EPSG:9999", "crs");
}

/// Part 3 /conf/features-filter with cql2-text, against the same question asked otherwise.
#[test]
fn conf_filter() {
    let api = Api::start();
    let count = |query: &str| {
        api.items(&format!("building/items?limit=1&{query}"))["numberMatched"]
            .as_u64()
            .expect("a number")
    };
    let all = count("");
    let rental = count("rental=true");
    assert!(0 < rental && rental < all);
    assert_eq!(count("filter=rental%20%3D%20TRUE"), rental);
    assert_eq!(
        count("filter=NOT%20rental%20OR%20rental%20IS%20NULL") + rental,
        all
    );
    let high = count("filter=floors_up%20%3E%205");
    let low = count("filter=floors_up%20%3C%3D%205");
    assert_eq!(high + low + count("filter=floors_up%20IS%20NULL"), all);
    api.refused(
        "/collections/building/items?filter=floors_up%20%3E",
        "filter",
    );
    api.refused(
        "/collections/building/items?filter=owner%20%3D%20%27a%27",
        "filter",
    );
    let queryables = api.json("/collections/building/queryables");
    assert!(queryables["properties"]["rental"].is_object());
    assert!(queryables["properties"]["owner"].is_null());
}

#[test]
fn sorted_pages_follow_one_another() {
    let api = Api::start();
    let page =
        api.items("building/items?limit=10000&sortby=-floors_up,code&properties=floors_up,code");
    let keys: Vec<(i64, String)> = features(&page)
        .iter()
        .map(|feature| {
            let own = &feature["properties"];
            assert_eq!(own.as_object().expect("properties").len(), 2);
            let floors = own["floors_up"].as_i64().unwrap_or(i64::MIN);
            (-floors.max(-1_000), own["code"].to_string())
        })
        .collect();
    assert!(keys.len() > 1000 && keys.is_sorted());
    api.refused("/collections/building/items?sortby=owner", "sortby");
    api.refused("/collections/building/items?sortby=nothing", "sortby");
}

#[test]
fn csv_holds_what_geojson_holds() {
    let api = Api::start();
    let page = api.items("grid/items?limit=1000");
    let reply = api.0.get("/collections/grid/items?limit=1000&f=csv");
    assert_eq!(
        reply.header("content-type"),
        Some("text/csv; charset=utf-8")
    );
    let text = reply.text();
    let mut lines = text.lines();
    let head = lines
        .next()
        .expect("a heading")
        .trim_start_matches('\u{feff}');
    assert!(
        head.starts_with("id,code,") && head.ends_with(",wkt"),
        "{head}"
    );
    assert_eq!(lines.count(), features(&page).len());
    for feature in features(&page) {
        assert!(text.contains(feature["properties"]["code"].as_str().expect("a code")));
    }
}
