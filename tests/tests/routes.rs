//! Every route, asked by every role, in and out of the territory, held against the policy and
//! the matrix.

use std::{collections::BTreeMap, fs};

use serde_json::Value;
use yizhangtu_tests::{Asker, ROLES, Server, root, village};

/// A route of the policy.
#[derive(Debug)]
struct Route {
    method: String,
    pattern: String,
    need: String,
}

/// The routes as the policy has them: a test beside it holds them against the router.
fn routes() -> Vec<Route> {
    let path = root().join("server/src/policy/routes.rs");
    let source = fs::read_to_string(path).expect("the policy");
    let start = source.find("const ROUTES").expect("the routes");
    let list = &source[start..start + source[start..].find("];").expect("its end")];
    let mut found = Vec::new();
    for entry in list.split("(\"").chain(list.split("(\n        \"")).skip(1) {
        let Some((method, rest)) = entry.split_once('"') else {
            continue;
        };
        if !["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&method) {
            continue;
        }
        let mut quoted = rest.split('"');
        let (_, pattern, need) = (quoted.next(), quoted.next(), quoted.next());
        let need = need.expect("a need").split("),").next().expect("its end");
        found.push(Route {
            method: method.to_owned(),
            pattern: pattern.expect("a pattern").to_owned(),
            need: need.trim_matches([' ', ',', ')', '\n']).to_owned(),
        });
    }
    assert!(found.len() > 90, "{}", found.len());
    found
}

/// A path of a route, with something in each place.
fn path(pattern: &str, layer: &str, id: &str) -> String {
    let steps = pattern.split('/').map(|step| match step {
        "{layer}" | "{layers}" => layer,
        "{id}" => id,
        "{z}" => "14",
        "{x}" => "13357",
        "{y}" => "7104",
        "{matrix}" => "WebMercatorQuad",
        "{hash}" => "00",
        "{*path}" => "none.js",
        step if step.starts_with('{') => "none",
        step => step,
    });
    steps.collect::<Vec<_>>().join("/")
}

fn ask(asker: &Asker, route: &Route, path: &str) -> (u16, String) {
    let headers = [("content-type", "application/json")];
    let body: &[u8] = match route.method.as_str() {
        "GET" | "DELETE" => b"",
        _ => b"{}",
    };
    let headers = if body.is_empty() {
        &headers[..0]
    } else {
        &headers
    };
    let reply = asker.send(&route.method, path, headers, body);
    (reply.status, reply.text())
}

/// What would end the asker's own session.
fn ends(route: &Route) -> bool {
    route.method == "DELETE" && route.pattern == "/session"
}

#[test]
fn every_route_meets_its_policy_for_every_role() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("village.gpkg");
    fs::copy(village("donghua"), &file).expect("a copy");
    let server = Server::start_with(&file, &[]);
    let matrix = server.sign_in("security_admin").get("/rights").json();
    let duties: BTreeMap<&str, Vec<String>> = (matrix["roles"].as_array().expect("roles").iter())
        .map(|role| {
            let own = role["duties"].as_array().expect("duties").iter();
            let own = own.map(|duty| duty.as_str().expect("a word").to_lowercase());
            (role["id"].as_str().expect("an id"), own.collect())
        })
        .collect();
    let routes = routes();
    for role in ROLES.into_iter().chain(["guest"]) {
        let own;
        let asker: &Asker = if role == "guest" {
            &server
        } else {
            own = server.sign_in(role);
            &own
        };
        for route in routes.iter().filter(|route| !ends(route)) {
            let path = path(&route.pattern, "building", "none");
            let (status, text) = ask(asker, route, &path);
            let said = format!("{role} {} {path}: {status} {text}", route.method);
            assert!(status < 500, "{said}");
            if let Some(duty) = route.need.strip_prefix("Need::Duty(Duty::") {
                let held = duties[role].contains(&duty.to_lowercase());
                let refused = status == 403 || status == 401;
                assert_eq!(refused, !held, "{said}");
                continue;
            }
            match route.need.as_str() {
                "Open" => assert!(status != 403, "{said}"),
                "Account" | "Writer" if role == "guest" => assert_eq!(status, 401, "{said}"),
                "Account" | "Writer" | "Somebody" => assert!(
                    status != 401 || route.pattern == "/session/password" || role == "guest",
                    "{said}"
                ),
                other => panic!("{other}: {said}"),
            }
        }
    }
}

#[test]
fn anothers_feature_is_as_absent_as_none_by_every_route() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("village.gpkg");
    fs::copy(village("donghua"), &file).expect("a copy");
    let server = Server::start_with(&file, &[]);
    let worker = server.sign_in("grid_worker");
    let all = server.get("/collections/building/items?limit=2000").json();
    let own = worker.get("/collections/building/items?limit=2000").json();
    let ids = |page: &Value| -> Vec<String> {
        let features = page["features"].as_array().expect("features");
        let id = |feature: &Value| feature["id"].as_str().expect("an id").to_owned();
        features.iter().map(id).collect()
    };
    let own = ids(&own);
    let other = ids(&all)
        .into_iter()
        .find(|id| !own.contains(id))
        .expect("another's");
    let none = "01GNNA1J00000000ZZZZZZZZZZ";
    let mut asked = 0;
    for route in routes() {
        let by_house = route.pattern.starts_with("/houses/");
        if !route.pattern.contains("{id}")
            || !(by_house || route.pattern.starts_with("/collections/{layer}/items/"))
        {
            continue;
        }
        let ask = |id: &str| {
            let (status, text) = ask(&worker, &route, &path(&route.pattern, "building", id));
            (status, text.replace(id, "ID"))
        };
        assert_eq!(ask(&other), ask(none), "{} {}", route.method, route.pattern);
        asked += 1;
    }
    assert!(asked >= 10, "{asked}");
    // The other way about: one's own is there.
    assert_eq!(
        worker
            .get(&format!("/collections/building/items/{}", own[0]))
            .status,
        200
    );
    assert_eq!(worker.get(&format!("/houses/{}", own[0])).status, 200);
}
