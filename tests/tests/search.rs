//! Search through the built program: what has one name is told apart.

use std::fs;

use serde_json::{Value, json};
use yizhangtu_tests::{Server, village};

#[test]
fn three_villages_of_one_name_are_kept_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("village.gpkg");
    fs::copy(village("donghua"), &file).expect("a copy");
    let server = Server::start_with(&file, &[]);
    let manager = server.sign_in("data_manager");
    let own = manager.get("/collections/village/items?limit=1").json()["features"][0].clone();
    // Two more of the name, in other towns, east of the first and of each other.
    let square = |west: f64| {
        let (east, south, north) = (west + 0.004, 23.13, 23.134);
        json!({ "type": "Polygon", "coordinates": [[
            [west, south], [east, south], [east, north], [west, north], [west, south]
        ]] })
    };
    let [first, second] = [
        ("440117002210", "江埔街道", 113.7),
        ("440114103215", "炭步镇", 113.8),
    ];
    let changes: Vec<Value> = [first, second]
        .map(|(code, street, west)| {
            json!({ "op": "insert", "layer": "village", "feature": {
                "geometry": square(west),
                "properties": { "code": code, "name": "东华村", "street": street } } })
        })
        .to_vec();
    let made = manager.post(
        "/changes",
        &json!({ "reason": "同名村", "changes": changes }),
    );
    assert_eq!(made.status, 200, "{}", made.text());

    let clerk = server.sign_in("data_manager");
    let ask = |query: &str| {
        let told = clerk
            .get(&format!("/search?kinds=village&q={query}"))
            .json();
        told["results"].as_array().expect("results").clone()
    };
    let name = "%E4%B8%9C%E5%8D%8E%E6%9D%91"; // 东华村
    let all = ask(name);
    assert_eq!(all.len(), 3, "{all:?}");
    assert!(all.iter().all(|one| one["title"] == "东华村"));
    let mut details: Vec<&str> = (all.iter())
        .map(|one| one["detail"].as_str().expect("what tells it apart"))
        .collect();
    details.sort_unstable();
    details.dedup();
    assert_eq!(details.len(), 3, "each is told apart: {details:?}");
    assert!(details.contains(&"江埔街道") && details.contains(&"炭步镇"));
    // With its town, or by its code, one is meant alone; each has its own place.
    let of_town = ask(&format!("{name}%20%E7%82%AD%E6%AD%A5")); // 东华村 炭步
    assert_eq!(of_town.len(), 1, "{of_town:?}");
    assert!(of_town[0]["point"][0].as_f64().expect("a place") > 113.8);
    let of_code = ask("440117002210");
    assert_eq!(of_code[0]["detail"], "440117002210");
    let whose = ask(own["properties"]["code"].as_str().expect("a code"));
    assert_eq!(whose[0]["id"], own["id"]);
}
