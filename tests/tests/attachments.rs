//! Photos and documents of features: who sees which, what leaves with them, and that they are
//! as durable as the map.

use std::{fs, path::Path};

use serde_json::{Value, json};
use yizhangtu_tests::{Asker, Reply, Server, open_village, root, run, run_well, village};

/// A photo of 480 × 360 pixels on its side, with what a telephone writes: maker, lens, time,
/// place and bearing.
fn photo() -> Vec<u8> {
    fs::read(root().join("tests/data/photo.jpg")).expect("the photo")
}

const PDF: &[u8] =
    b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n";

/// What the camera wrote and nobody else should read.
fn tells(content: &[u8]) -> bool {
    [&b"ExampleCam"[..], b"ExampleLens", b"2026:11:20"]
        .iter()
        .any(|secret| {
            content
                .windows(secret.len())
                .any(|window| window == *secret)
        })
}

fn first(asker: &Asker, layer: &str) -> String {
    let page = asker
        .get(&format!("/collections/{layer}/items?limit=1"))
        .json();
    let id = &page["features"][0]["id"];
    id.as_str()
        .unwrap_or_else(|| panic!("no {layer}: {page}"))
        .to_owned()
}

fn path(layer: &str, id: &str) -> String {
    format!("/collections/{layer}/items/{id}/attachments")
}

fn attach(asker: &Asker, place: &str, query: &str, content: &[u8]) -> Reply {
    asker.post_as(
        &format!("{place}?{query}"),
        "application/octet-stream",
        content,
    )
}

fn list(asker: &Asker, place: &str) -> Value {
    let reply = asker.get(place);
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

/// The files in the folder of a map, without what is made of them.
fn kept(file: &Path) -> Vec<String> {
    let folder = file.with_extension("attachments");
    let mut names = Vec::new();
    for shelf in fs::read_dir(folder).into_iter().flatten().flatten() {
        for entry in fs::read_dir(shelf.path()).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if !name.contains('.') {
                names.push(name);
            }
        }
    }
    names.sort();
    names
}

#[test]
fn a_photo_hangs_on_a_feature_of_any_layer_once_and_is_removed_for_good() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = open_village("donghua", folder.path());
    let server = Server::start_with(&file, &[]);
    for layer in ["building", "grid", "road", "contract"] {
        let place = path(layer, &first(&server, layer));
        let empty = list(&server, &place);
        assert_eq!(empty["attachments"], json!([]));
        assert_eq!(empty["may_add"], true);
        let reply = attach(
            &server,
            &place,
            "kind=%E8%AF%81%E6%8D%AE&name=a.jpg&caption=x",
            &photo(),
        );
        assert_eq!(reply.status, 201, "{}", reply.text());
        let told = reply.json();
        assert_eq!(told["kind"], "证据");
        assert_eq!(told["media_type"], "image/jpeg");
        // Shown upright.
        assert_eq!(
            (&told["width"], &told["height"]),
            (&json!(360), &json!(480))
        );
        assert_eq!(told["taken_at"], "2026-11-20T09:30:15+08:00");
        assert_eq!(told["place"], json!([113.5901, 23.1102]));
        assert_eq!(told["bearing"], 127.5);
        assert_eq!(told["author"], "local");
        // Sent again, it is the same.
        let again = attach(&server, &place, "name=b.jpg", &photo());
        assert_eq!(again.status, 200, "{}", again.text());
        assert_eq!(again.json()["id"], told["id"]);
        assert_eq!(
            list(&server, &place)["attachments"]
                .as_array()
                .map(Vec::len),
            Some(1)
        );
    }
    // One file, however often it hangs.
    assert_eq!(kept(&file).len(), 1);

    let building = path("building", &first(&server, "building"));
    let pdf = attach(&server, &building, "name=%E5%90%88%E5%90%8C.pdf", PDF);
    assert_eq!(pdf.status, 201, "{}", pdf.text());
    let pdf = pdf.json();
    assert_eq!(
        (&pdf["kind"], &pdf["thumbnail"]),
        (&json!("文书"), &Value::Null)
    );
    let given = server.get(pdf["href"].as_str().expect("an address"));
    assert_eq!((given.status, &given.body[..]), (200, PDF));
    let disposition = given.header("content-disposition").unwrap_or_default();
    assert!(
        disposition.starts_with("attachment; filename*=UTF-8''%E5%90%88"),
        "{disposition}"
    );

    // Removed here, it is there still where it hangs too.
    let removed = |place: &str, id: &Value| {
        let id = id.as_str().expect("an id");
        let reply = server.send("DELETE", &format!("{place}/{id}"), &[], b"");
        assert_eq!(reply.status, 204, "{}", reply.text());
    };
    let listed = list(&server, &building);
    let hash = listed["attachments"][0]["hash"].clone();
    removed(&building, &listed["attachments"][0]["id"]);
    removed(&building, &listed["attachments"][1]["id"]);
    assert_eq!(kept(&file).len(), 1);
    let left = list(&server, &building);
    assert_eq!(left["attachments"], json!([]));
    assert_eq!(left["removed"][0]["hash"], hash);
    for layer in ["grid", "road", "contract"] {
        let place = path(layer, &first(&server, layer));
        removed(&place, &list(&server, &place)["attachments"][0]["id"]);
    }
    assert_eq!(kept(&file), Vec::<String>::new());
    let hash = hash.as_str().expect("a hash");
    assert_eq!(server.get(&format!("/attachments/{hash}")).status, 404);

    // The history is whole, and is not turned back: there is no file to give back.
    let log = server.get("/changes?since=0&limit=1000").json();
    let own: Vec<&Value> = (log["changes"].as_array().into_iter().flatten())
        .filter(|entry| entry["layer"] == "attachment")
        .collect();
    assert_eq!(own.len(), 10);
    let set = own[9]["change_set"].as_i64().expect("a change set");
    let reply = server.post(&format!("/changes/{set}/revert"), &json!({}));
    assert_eq!(reply.status, 409, "{}", reply.text());
}

#[test]
fn what_is_no_photo_and_no_pdf_is_refused_by_its_content() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = open_village("donghua", folder.path());
    let server = Server::start_with(&file, &[]);
    let place = path("building", &first(&server, "building"));
    let photo = photo();
    for (content, query, status) in [
        (&b"MZ\x90\0 a program"[..], "name=a.jpg", 415),
        (b"<html><script>alert(1)</script></html>", "name=a.pdf", 415),
        (
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
            "name=a.svg",
            415,
        ),
        (b"", "name=a.jpg", 415),
        (&photo[..40], "name=a.jpg", 422),
        (&PDF[..20], "name=a.pdf", 422),
        (&photo[..], "kind=%E6%B2%A1%E6%9C%89", 422),
        (&photo[..], "colour=red", 400),
    ] {
        let reply = attach(&server, &place, query, content);
        assert_eq!(reply.status, status, "{query}: {}", reply.text());
    }
    let nobody = path("building", "no-such-house");
    assert_eq!(attach(&server, &nobody, "name=a.jpg", &photo).status, 404);
    assert_eq!(list(&server, &place)["attachments"], json!([]));
    assert_eq!(kept(&file), Vec::<String>::new());
}

#[test]
fn who_sees_the_feature_sees_its_photos_and_who_works_with_it_where_they_were_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("village.gpkg");
    fs::copy(village("donghua"), &file).expect("a copy");
    let server = Server::start_with(&file, &[]);
    let clerk = server.sign_in("village_clerk");
    let leader = server.sign_in("leader");
    let building = first(&clerk, "building");
    let place = path("building", &building);
    let told = attach(&clerk, &place, "name=a.jpg", &photo()).json();
    let href = told["href"].as_str().expect("an address").to_owned();
    assert_eq!(told["place"], json!([113.5901, 23.1102]));
    let original = clerk.get(&format!("{href}?original=true"));
    assert_eq!((original.status, &original.body), (200, &photo()));

    // A leader sees the house and its photo, not whose telephone took it, nor where.
    let seen = &list(&leader, &place)["attachments"][0];
    assert_eq!(
        (&seen["place"], &seen["bearing"], &seen["original"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    let shown = leader.get(&href);
    assert_eq!(shown.status, 200);
    assert_eq!(shown.header("content-type"), Some("image/jpeg"));
    assert!(tells(&photo()) && !tells(&shown.body));
    let small = leader.get(&format!("{href}/thumbnail"));
    assert!(small.status == 200 && !tells(&small.body) && small.body.starts_with(b"\xFF\xD8\xFF"));
    assert_eq!(leader.get(&format!("{href}?original=true")).status, 403);
    let unchanged = leader.get_with(
        &href,
        &[("if-none-match", shown.header("etag").expect("a tag"))],
    );
    assert_eq!(unchanged.status, 304);
    assert_eq!(list(&leader, &place)["may_add"], false);
    assert_eq!(attach(&leader, &place, "name=a.jpg", &photo()).status, 403);
    let id = told["id"].as_str().expect("an id");
    assert_eq!(
        leader
            .send("DELETE", &format!("{place}/{id}"), &[], b"")
            .status,
        403
    );
    // The table of attachments is nobody's way round the features.
    for asker in [&clerk, &leader] {
        assert_eq!(asker.get("/collections/attachment/items").status, 404);
    }
    // The administrators have no data, and nobody who is not asked in has any.
    assert_eq!(server.sign_in("auditor").get(&href).status, 404);

    // A grid worker sees the houses of one grid, and their photos alone.
    let worker = server.sign_in("grid_worker");
    let own: Vec<String> =
        (worker.get("/collections/building/items?limit=1000").json()["features"]
            .as_array()
            .into_iter()
            .flatten())
        .map(|feature| feature["id"].as_str().expect("an id").to_owned())
        .collect();
    let all = clerk.get("/collections/building/items?limit=1000").json();
    let other = (all["features"].as_array().into_iter().flatten())
        .map(|feature| feature["id"].as_str().expect("an id"))
        .find(|id| !own.iter().any(|own| own == id))
        .expect("a house in another grid");
    let elsewhere = path("building", other);
    let pdf = attach(&clerk, &elsewhere, "name=a.pdf", PDF).json();
    assert_eq!(worker.get(&elsewhere).status, 404);
    assert_eq!(
        attach(&worker, &elsewhere, "name=a.jpg", &photo()).status,
        404
    );
    assert_eq!(
        worker.get(pdf["href"].as_str().expect("an address")).status,
        404
    );
    let mine = attach(&worker, &path("building", &own[0]), "name=a.jpg", &photo());
    assert!(mine.status < 300, "{}", mine.text());

    // What shows a person: for who may unmask, and each look is on record.
    // Another file than the one of the house: what is beside a picture is no part of it.
    let face = [photo(), b"face".to_vec()].concat();
    let portrait = attach(
        &worker,
        &path("building", &own[0]),
        "kind=%E4%BA%BA%E5%83%8F&name=p.jpg",
        &face,
    );
    assert_eq!(portrait.status, 201, "{}", portrait.text());
    let portrait = portrait.json();
    assert_eq!(
        (&portrait["personal"], &portrait["thumbnail"]),
        (&json!(true), &Value::Null)
    );
    let hidden = list(&leader, &path("building", &own[0]));
    assert_eq!(hidden["hidden"], 1);
    let hash = portrait["hash"].as_str().expect("a hash");
    assert!(!hidden.to_string().contains(hash));
    let auditor = server.sign_in("auditor");
    let looks = || {
        let log = auditor.get("/audit?action=photo").json();
        log["rows"].as_array().map_or(0, Vec::len)
    };
    let before = looks();
    assert_eq!(worker.get(&format!("/attachments/{hash}")).status, 200);
    assert_eq!(looks(), before + 1);
    // As a file to be kept it leaves when a second person agrees.
    let original = format!("/attachments/{hash}?original=true");
    let refused = worker.get(&original);
    assert_eq!(
        (refused.status, &refused.json()["approval"]),
        (403, &json!(true))
    );
    let dispatcher = server.sign_in("dispatcher");
    assert_eq!(worker.take_away(&dispatcher, &original).body, face);
    let acts = auditor.get("/audit?action=attach").text();
    assert!(
        acts.contains("grid_worker") && acts.contains("village_clerk"),
        "{acts}"
    );
}

#[test]
fn a_backup_and_a_restored_map_have_their_photos() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = open_village("donghua", folder.path());
    let server = Server::start_with(&file, &[]);
    let building = path("building", &first(&server, "building"));
    let hash = attach(&server, &building, "name=a.jpg", &photo()).json()["hash"].clone();
    let copy = folder.path().join("copy.gpkg");
    // While it is served.
    let words = [
        "backup",
        file.to_str().expect("UTF-8"),
        "-o",
        copy.to_str().expect("UTF-8"),
        "--json",
    ];
    let said: Value = serde_json::from_str(&run_well(words)).expect("JSON");
    assert_eq!(
        (&said["attachments"], &said["missing"]),
        (&json!(1), &json!([]))
    );
    assert_eq!(kept(&copy), [hash.as_str().expect("a hash")]);

    // Since then the photo was removed and a document came.
    let id = list(&server, &building)["attachments"][0]["id"].clone();
    let id = id.as_str().expect("an id");
    assert_eq!(
        server
            .send("DELETE", &format!("{building}/{id}"), &[], b"")
            .status,
        204
    );
    assert_eq!(attach(&server, &building, "name=a.pdf", PDF).status, 201);
    drop(server);
    let said: Value = serde_json::from_str(&run_well([
        "restore",
        copy.to_str().expect("UTF-8"),
        "--into",
        file.to_str().expect("UTF-8"),
        "--json",
    ]))
    .expect("JSON");
    assert_eq!(said["attachments"], 1);
    let replaced = Path::new(said["kept"].as_str().expect("a path"));
    assert_eq!(kept(&file), [hash.as_str().expect("a hash")]);
    assert_eq!(kept(replaced).len(), 1);
    let server = Server::start_with(&file, &[]);
    let listed = list(&server, &building);
    assert_eq!(listed["attachments"][0]["hash"], hash);
    let href = listed["attachments"][0]["href"]
        .as_str()
        .expect("an address");
    assert_eq!(server.get(href).status, 200);

    // A photo that somebody took out of the folder is said to be gone, and to be missing.
    fs::remove_dir_all(file.with_extension("attachments")).expect("a folder");
    assert_eq!(server.get(href).status, 410);
    let other = folder.path().join("other.gpkg");
    let said = run([
        "backup",
        file.to_str().expect("UTF-8"),
        "-o",
        other.to_str().expect("UTF-8"),
    ]);
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(said.contains(hash.as_str().expect("a hash")), "{said}");
}
