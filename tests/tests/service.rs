//! The service itself: how it starts and stops, what it refuses, and in which words.

use std::{fs, net::TcpListener};

use yizhangtu_tests::{Server, run, village};

#[test]
fn files_that_are_none_are_refused_with_a_remedy() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = folder.path().join("notes.gpkg");
    fs::write(&text, "no database").expect("written");
    for (file, said) in [
        (folder.path().join("missing.gpkg"), "missing.gpkg"),
        (text, "notes.gpkg"),
    ] {
        let output = run([
            "serve",
            file.to_str().expect("UTF-8"),
            "--listen",
            "127.0.0.1:0",
        ]);
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{words}");
        assert!(words.contains(said) && output.stdout.is_empty(), "{words}");
    }
}

#[test]
fn addresses_are_refused_with_a_remedy() {
    let file = village("donghua");
    let file = file.to_str().expect("UTF-8");
    let open = run(["serve", file, "--listen", "0.0.0.0:0"]);
    assert_eq!(open.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&open.stderr).contains("127.0.0.1"));
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let second = run(["serve", file, "--read-only", "--listen", &address]);
    assert_eq!(second.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&second.stderr).contains(&address));
}

#[test]
fn refusals_are_problem_documents_in_both_languages() {
    let server = Server::start(&village("donghua"));
    let lost = server.get("/nowhere");
    let method = server.post("/catalog", &serde_json::json!({}));
    for (reply, status) in [(lost, 404), (method, 405)] {
        assert_eq!(reply.status, status);
        assert_eq!(
            reply.header("content-type"),
            Some("application/problem+json")
        );
        let problem = reply.json();
        assert_eq!(problem["status"], status);
        let detail = problem["detail"].as_str().expect("a detail");
        assert!(detail.contains(" / ") && !detail.is_ascii(), "{detail}");
    }
}

#[test]
fn every_answer_carries_the_guards() {
    let server = Server::start(&village("donghua"));
    for path in [
        "/?f=json",
        "/catalog",
        "/nowhere",
        "/collections/grid/items",
        "/metrics",
    ] {
        let reply = server.get(path);
        assert_eq!(
            reply.header("x-content-type-options"),
            Some("nosniff"),
            "{path}"
        );
        assert_eq!(
            reply.header("referrer-policy"),
            Some("no-referrer"),
            "{path}"
        );
        let policy = reply.header("content-security-policy").unwrap_or_default();
        assert!(policy.contains("default-src 'none'"), "{path}: {policy}");
    }
}

#[test]
fn health_and_metrics_tell_the_state() {
    let server = Server::start(&village("donghua"));
    let health = server.get("/health");
    assert_eq!(
        (health.status, health.json()["status"].as_str()),
        (200, Some("ready"))
    );
    server.get("/search?q=13800001111");
    let metrics = server.get("/metrics").text();
    assert!(
        metrics.contains(
            "yizhangtu_requests_total{method=\"GET\",route=\"/health\",status=\"200\"} 1"
        )
    );
    assert!(metrics.contains("yizhangtu_features{layer=\"building\"}"));
    // What was searched for is nobody's business.
    assert!(!metrics.contains("13800001111"));
}

#[test]
fn the_catalog_counts_what_the_collections_hold() {
    let server = Server::start(&village("donghua"));
    let catalog = server.get("/catalog").json();
    assert_eq!(catalog["project"]["synthetic"], true);
    assert_eq!(catalog["project"]["metric_crs"], "EPSG:4547");
    for layer in catalog["layers"].as_array().expect("layers") {
        let id = layer["id"].as_str().expect("an id");
        let page = server
            .get(&format!("/collections/{id}/items?limit=1"))
            .json();
        assert_eq!(layer["count"], page["numberMatched"], "{id}");
        let themes = catalog["themes"].as_array().expect("themes");
        assert!(
            themes.iter().any(|theme| theme["id"] == layer["theme"]),
            "{id}"
        );
    }
}

#[test]
fn places_are_found_by_code_fragment_and_sound() {
    let server = Server::start(&village("donghua"));
    let search = |query: &str| {
        let reply = server.get(&format!("/search?limit=100&{query}"));
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["results"].as_array().expect("results").clone()
    };
    let page = server
        .get("/collections/building/items?limit=1&offset=700")
        .json();
    let house = &page["features"][0];
    let code = house["properties"]["code"].as_str().expect("a code");
    let found = search(&format!("q={code}"));
    assert_eq!(found[0]["id"], house["id"]);
    assert_eq!(found[0]["match"], "exact");
    assert!(found[0]["point"].is_array() && found[0]["bounds"].is_array());
    // 东华: the village before its thousand houses, by characters, syllables and initials.
    for query in ["%E4%B8%9C%E5%8D%8E", "donghua", "dhc"] {
        let found = search(&format!("q={query}&kinds=village"));
        assert_eq!(found.len(), 1, "{query}");
    }
    let near = search("q=%E4%B8%9C%E5%8D%8E&kinds=building&near=113.5,23.1");
    let distance = |found: &serde_json::Value| {
        let at = |axis: usize| found["point"][axis].as_f64().expect("a number");
        ((at(0) - 113.5) * 0.92).hypot(at(1) - 23.1)
    };
    if let (Some(first), Some(last)) = (near.first(), near.last()) {
        assert!(distance(first) <= distance(last));
    }
    for wrong in [
        "q=",
        "limit=5",
        "q=a&kinds=nothing",
        "q=a&near=1",
        "q=a&limit=0",
        "q=a&x=1",
    ] {
        assert_eq!(
            server.get(&format!("/search?{wrong}")).status,
            400,
            "{wrong}"
        );
    }
}
