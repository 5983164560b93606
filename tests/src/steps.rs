//! Steps of a process, as a program takes them.

use std::{
    fs,
    sync::atomic::{AtomicU32, Ordering},
};

use serde_json::{Value, json};

use crate::{Asker, Reply, root};

/// Hangs a photograph on a feature, another at each call, and names it by its content.
pub fn photo(asker: &Asker, layer: &str, id: &str, shows: &str) -> Value {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut content = fs::read(root().join("tests/data/photo.jpg")).expect("the photo");
    // A comment of four bytes behind the marker that begins a JPEG.
    let comment = [&[0xFF, 0xFE, 0, 6], &number.to_be_bytes()[..]].concat();
    content.splice(2..2, comment);
    let kind = "%E7%8E%B0%E5%9C%BA%E7%85%A7%E7%89%87"; // 现场照片
    let place = format!("/collections/{layer}/items/{id}/attachments?kind={kind}&name=photo.jpg");
    let kept = asker.post_as(&place, "application/octet-stream", &content);
    assert_eq!(kept.status, 201, "{}", kept.text());
    json!({ "hash": kept.json()["hash"], "shows": shows })
}

/// Where the course of a feature is asked for.
pub fn path(layer: &str, id: &str) -> String {
    format!("/collections/{layer}/items/{id}/process")
}

/// Where a feature stands, and its tag.
pub fn standing(asker: &Asker, layer: &str, id: &str) -> (Value, String) {
    let reply = asker.get(&path(layer, id));
    assert_eq!(reply.status, 200, "{}", reply.text());
    let tag = reply.header("etag").expect("a tag").to_owned();
    (reply.json(), tag)
}

/// Takes a step with the version that is there now.
pub fn take(asker: &Asker, layer: &str, id: &str, step: &str, given: &Value) -> Reply {
    let (_, tag) = standing(asker, layer, id);
    let path = format!("{}/{step}", path(layer, id));
    let headers = [
        ("content-type", "application/json"),
        ("if-match", tag.as_str()),
    ];
    asker.send("POST", &path, &headers, given.to_string().as_bytes())
}

/// What a refusal names.
pub fn demands(reply: &Reply) -> Vec<String> {
    let errors = reply.json()["errors"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    errors
        .iter()
        .map(|error| error["code"].as_str().unwrap_or_default().to_owned())
        .collect()
}
