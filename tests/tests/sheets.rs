//! Map sheets over HTTP: which there are, their documents, and whether a print still holds.

use std::path::Path;

use serde_json::{Value, json};
use yizhangtu_tests::{Server, open_village, village};

/// The village, to be changed by anyone.
fn open(folder: &Path) -> Server {
    Server::start_with(&open_village("donghua", folder), &[])
}

fn get(server: &Server, path: &str) -> Value {
    let reply = server.get(path);
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.json()
}

fn standing(server: &Server, sheet: &str, at: u64) -> Value {
    get(server, &format!("/sheets/{sheet}?at={at}"))["standing"].clone()
}

#[test]
fn a_document_comes_with_its_name_and_wrong_wishes_are_named() {
    let server = Server::start(&village("donghua"));
    let all = get(&server, "/sheets");
    let sheets = all["sheets"].as_array().expect("sheets");
    assert_eq!((sheets.len(), &all["houses_on_none"]), (15, &json!(0)));
    let houses: u64 = sheets
        .iter()
        .filter_map(|sheet| sheet["houses"].as_u64())
        .sum();
    assert_eq!(houses, 1495);
    let code = sheets[0]["code"].as_str().expect("a code");
    let reply = server.get(&format!("/sheets/{code}.pdf?paper=a4"));
    assert_eq!(
        (reply.status, reply.header("content-type")),
        (200, Some("application/pdf"))
    );
    let name = reply.header("content-disposition").expect("a name");
    assert!(name.ends_with(&format!("{code}.pdf")), "{name}");
    assert!(reply.header("cache-control") == Some("no-store"));
    for (path, status, word) in [
        ("/sheets/nowhere.pdf".to_owned(), 404, "nowhere"),
        ("/sheets/nowhere".to_owned(), 404, "nowhere"),
        (format!("/sheets/{code}.pdf?paper=B5"), 400, "B5"),
        (format!("/sheets/{code}?at=now"), 400, "now"),
    ] {
        let reply = server.get(&path);
        assert_eq!(reply.status, status, "{path}");
        assert!(reply.text().contains(word), "{path}: {}", reply.text());
    }
    let grid = sheets[0]["grid"]["code"].as_str().expect("a grid");
    let own = get(&server, &format!("/sheets?grid={grid}"));
    assert_eq!(own["sheets"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_print_grows_old_by_what_it_shows_and_by_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = open(folder.path());
    let all = get(&server, "/sheets");
    let at = all["sequence"].as_u64().expect("a number");
    let ids: Vec<String> = (all["sheets"].as_array().expect("sheets").iter())
        .filter_map(|sheet| sheet["id"].as_str().map(str::to_owned))
        .collect();
    for id in &ids[..2] {
        assert_eq!(standing(&server, id, at)["status"], "latest");
    }

    // Somebody moves out of a house: the sheet of that house is old, the others are not.
    let residence = get(
        &server,
        "/collections/residence/items?limit=1&filter=moved_out%20IS%20NULL%20AND%20building%20IS%20NOT%20NULL",
    );
    let residence = residence["features"][0].clone();
    let building = residence["properties"]["building"]
        .as_str()
        .expect("a building");
    let reply = server.post(
        "/changes",
        &json!({"changes": [{"op": "update", "layer": "residence", "id": residence["id"],
            "version": 0, "feature": {"properties": {"moved_out": "2026-11-20"}}}]}),
    );
    assert_eq!(reply.status, 200, "{}", reply.text());
    let old: Vec<&String> = (ids.iter())
        .filter(|id| standing(&server, id, at)["status"] == "outdated")
        .collect();
    assert_eq!(old.len(), 1, "{building}");
    let told = standing(&server, old[0], at);
    assert_eq!((&told["houses"], &told["changes"]), (&json!(1), &json!(1)));
    assert!(
        told["since"]
            .as_str()
            .is_some_and(|since| since.starts_with("20")),
        "{told}"
    );

    // Printed anew it holds; a number that this file never had is not known.
    let now = get(&server, "/sheets")["sequence"]
        .as_u64()
        .expect("a number");
    assert!(now > at);
    assert_eq!(standing(&server, old[0], now)["status"], "latest");
    assert_eq!(standing(&server, old[0], now + 1000)["status"], "unknown");
}
