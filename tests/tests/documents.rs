//! Documents of cases: numbered without gaps or reuse, kept as issued, by the office's forms.

use std::{
    collections::BTreeSet,
    fs,
    io::{Cursor, Read as _},
    thread,
};

use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;
use yizhangtu_tests::{Asker, Reply, Server, letters, root, run, sha256, village};

/// 东华 with its accounts, to be changed.
fn served() -> (TempDir, Server) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("village.gpkg");
    fs::copy(village("donghua"), &file).expect("a copy");
    let server = Server::start_with(&file, &[]);
    (folder, server)
}

/// A case of the demonstration in a state.
fn case_in(asker: &Asker, state: &str) -> Value {
    let found = asker.get(&format!(
        "/collections/violation_case/items?state={state}&limit=1"
    ));
    found.json()["features"][0].clone()
}

fn path(id: &str) -> String {
    format!("/enforcement/cases/{id}/documents")
}

fn issue(asker: &Asker, id: &str, form: &str, fields: &Value) -> Reply {
    asker.post(
        &format!("{}/{form}", path(id)),
        &json!({ "fields": fields }),
    )
}

fn numbers(told: &Value) -> Vec<String> {
    (told["issued"].as_array().into_iter().flatten())
        .map(|one| one["number"].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// The text of a DOCX.
fn written(docx: &[u8]) -> String {
    let mut zip = zip::ZipArchive::new(Cursor::new(docx)).expect("an archive");
    let mut text = String::new();
    let mut part = zip.by_name("word/document.xml").expect("the text");
    part.read_to_string(&mut text).expect("text");
    text
}

#[test]
fn documents_are_filled_numbered_without_gaps_and_kept_as_issued() {
    let (folder, server) = served();
    let [enforcer, legal, planner, auditor] =
        ["enforcer", "legal_officer", "planner", "auditor"].map(|user| server.sign_in(user));
    let case = case_in(&enforcer, "120");
    let id = case["id"].as_str().expect("an id");
    let until = json!({ "until": "2026-12-01" });

    // What it lacks is named, and takes no number.
    let refused = issue(&enforcer, id, "order_stop", &json!({}));
    assert_eq!(refused.status, 422, "{}", refused.text());
    assert!(
        refused.text().contains("接受调查期限须填写"),
        "{}",
        refused.text()
    );
    let refused = issue(&legal, id, "demolition_order", &until);
    assert!(
        refused.text().contains("送达权利告知书的送达日期"),
        "{}",
        refused.text()
    );
    let refused = issue(
        &enforcer,
        id,
        "order_stop",
        &json!({ "until": "2026-12-01", "foo": 1 }),
    );
    assert_eq!(refused.status, 400, "{}", refused.text());

    let first = issue(&enforcer, id, "order_stop", &until);
    assert_eq!(first.status, 201, "{}", first.text());
    let one = first.json()["issued"][0].clone();
    let number = one["number"].as_str().expect("a number").to_owned();
    assert!(
        number.contains("责停字〔20") && number.ends_with("〕1号"),
        "{number}"
    );

    // The files are what was hashed, say what the case says, and nobody else reads them.
    let audit = "/audit?limit=500";
    let [docx_path, pdf_path] = ["docx", "pdf"].map(|kind| one[kind]["href"].as_str().unwrap());
    // It names people whole: it leaves when a second person agrees, with a number of its own.
    assert_eq!(enforcer.get(docx_path).status, 403);
    let docx = enforcer.take_away(&legal, docx_path);
    assert_eq!(docx.status, 200);
    let name = docx.header("content-disposition").expect("a name");
    assert!(name.contains("DC20"), "{name}");
    let hash = sha256(&docx.body);
    assert_eq!(hash, one["docx"]["sha256"].as_str().unwrap());
    let text = written(&docx.body);
    let address = case["properties"]["address"].as_str().unwrap();
    for words in [number.as_str(), address, "2026年12月1日", "城乡规划法"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(
        !text.contains("**") && !text.contains('{'),
        "whole names, every place filled: {text}"
    );
    let pdf = enforcer.take_away(&legal, pdf_path);
    assert!(pdf.body.starts_with(b"%PDF"));
    assert!(
        auditor
            .get(audit)
            .text()
            .contains(&format!("sha256:{hash}")),
        "it is on record by what it is"
    );
    assert_eq!(planner.get(pdf_path).status, 404);
    let seen = planner.get(&path(id)).json();
    assert_eq!(
        (
            &seen["issued"][0]["may_read"],
            seen["forms"].as_array().unwrap().len()
        ),
        (&json!(false), 0)
    );
    assert_eq!(issue(&planner, id, "order_stop", &until).status, 403);
    assert_eq!(
        issue(&legal, id, "order_stop", &until).status,
        403,
        "another role's form"
    );

    // Many at once: every number once, none left out.
    let all: Vec<Vec<String>> = thread::scope(|scope| {
        let each = (0..6)
            .map(|_| scope.spawn(|| numbers(&issue(&enforcer, id, "order_stop", &until).json())));
        let each: Vec<_> = each.collect();
        each.into_iter()
            .map(|one| one.join().expect("a thread"))
            .collect()
    });
    let given: BTreeSet<String> = all.into_iter().flatten().collect();
    let wanted: BTreeSet<String> = (1..=7)
        .map(|n| number.replace("〕1号", &format!("〕{n}号")))
        .collect();
    assert_eq!(given, wanted);

    // A repeat with its key issues nothing.
    let body = json!({ "fields": until }).to_string();
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", "once"),
    ];
    let place = format!("{}/order_stop", path(id));
    assert_eq!(
        enforcer
            .send("POST", &place, &headers, body.as_bytes())
            .status,
        201
    );
    let again = enforcer.send("POST", &place, &headers, body.as_bytes());
    assert_eq!((again.status, numbers(&again.json()).len()), (200, 8));

    // A void one keeps its number and its files; the next goes on from the greatest.
    let last = again.json()["issued"][7].clone();
    let void = format!("{}/{}/void", path(id), last["id"].as_str().unwrap());
    assert_eq!(enforcer.post(&void, &json!({ "reason": " " })).status, 400);
    let voided = enforcer.post(&void, &json!({ "reason": "地址写错" }));
    assert_eq!(
        voided.json()["issued"][7]["void"]["reason"],
        "地址写错",
        "{}",
        voided.text()
    );
    assert_eq!(
        enforcer.post(&void, &json!({ "reason": "再次" })).status,
        404
    );
    let next = numbers(&issue(&enforcer, id, "order_stop", &until).json());
    assert!(next[8].ends_with("〕9号"), "{next:?}");
    assert_eq!(
        (enforcer.take_away(&legal, last["pdf"]["href"].as_str().unwrap())).status,
        200
    );

    // The rows are written by issuing only.
    let row = json!({ "changes": [{ "op": "delete", "layer": "violation_document", "id": last["id"], "version": 0 }] });
    assert!(matches!(enforcer.post("/changes", &row).status, 403 | 422));

    // A draft has no number and is kept nowhere. It leaves without a second person's leave, so
    // its party is masked.
    let store = Connection::open(folder.path().join("village.gpkg")).expect("the file");
    let named = "UPDATE violation_party SET name = '欧阳铁柱' WHERE violation_case = ?1";
    assert!(store.execute(named, [id]).expect("a party") > 0);
    let draft = enforcer.post(&format!("{}/order_correct/draft", path(id)), &json!({}));
    assert!(draft.body.starts_with(b"%PDF"), "{}", draft.text());
    let letters = letters(&draft.body);
    let shown = |word: &str| word.chars().all(|letter| letters.contains(&letter));
    assert!(
        shown("欧阳*") && !shown("铁") && !shown("柱"),
        "{letters:?}"
    );
    assert_eq!(numbers(&enforcer.get(&path(id)).json()).len(), 9);
}

#[test]
fn an_issued_form_meets_the_demand_of_a_step_and_approval_numbers_the_case() {
    let (_folder, server) = served();
    let [enforcer, legal, lead] =
        ["enforcer", "legal_officer", "enforcement_lead"].map(|user| server.sign_in(user));
    let case = case_in(&enforcer, "30");
    let id = case["id"].as_str().expect("an id");
    let process = format!("/collections/violation_case/items/{id}/process");
    let take = |asker: &Asker, step: &str, given: Value| {
        let standing = asker.get(&process);
        let tag = standing.header("etag").expect("a tag");
        let headers = [("content-type", "application/json"), ("if-match", tag)];
        let reply = asker.send(
            "POST",
            &format!("{process}/{step}"),
            &headers,
            given.to_string().as_bytes(),
        );
        assert_eq!(reply.status, 200, "{step}: {}", reply.text());
        reply.json()
    };
    // A clue that came without a number has one of its own until it is filed.
    let made = enforcer.send(
        "POST",
        "/collections/violation_case/items",
        &[("content-type", "application/geo+json")],
        json!({ "type": "Feature", "geometry": case["geometry"], "properties": { "kind": "违法用地", "state": "10" } })
            .to_string()
            .as_bytes(),
    );
    assert_eq!(made.status, 201, "{}", made.text());
    let clue = made.json()["properties"]["code"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(clue.contains("线索20"), "{clue}");

    take(
        &enforcer,
        "request_filing",
        json!({ "fields": { "title": "擅自加建案", "kind": "违法建设" } }),
    );
    take(&legal, "review_filing", json!({}));
    let form = issue(
        &enforcer,
        id,
        "filing_approval",
        &json!({ "opinion": "建议立案。" }),
    );
    assert_eq!(form.status, 201, "{}", form.text());
    let number = numbers(&form.json())[0].clone();
    let standing = lead.get(&process).json();
    let step = (standing["transitions"].as_array().unwrap().iter())
        .find(|step| step["id"] == "approve_filing")
        .expect("the step");
    assert_eq!(step["documents"][0]["held"]["number"], number, "{step}");
    let filed = take(&lead, "approve_filing", json!({}));
    let row = filed["log"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&row["step"], &row["attachments"][0]["number"]),
        (&json!("approve_filing"), &json!(number))
    );
    // A number that somebody wrote stays.
    let code = |id: &str| {
        enforcer
            .get(&format!("/collections/violation_case/items/{id}"))
            .json()["properties"]["code"]
            .clone()
    };
    assert_eq!(code(id), case["properties"]["code"]);
}

#[test]
fn an_office_has_its_own_forms_and_a_faulty_one_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("village.gpkg");
    fs::copy(village("donghua"), &file).expect("a copy");
    let catalog = folder.path().join("catalog/documents");
    fs::create_dir_all(&catalog).expect("a folder");
    let own = |name: &str| {
        fs::read_to_string(root().join("data/catalog/documents").join(name)).expect("a form")
    };
    fs::write(
        catalog.join("office.toml"),
        own("office.toml").replace("{street}综执", "穗新综执"),
    )
    .unwrap();
    let form = own("order_stop.toml")
        .replace("# 责令停止违法行为通知书", "# 停工通知")
        .replace("2026.1", "本镇1");
    fs::write(catalog.join("order_stop.toml"), form).unwrap();
    let server = Server::start_in_catalog(&file, &folder.path().join("catalog"));
    let enforcer = server.sign_in("enforcer");
    let case = case_in(&enforcer, "120");
    let id = case["id"].as_str().expect("an id");
    let told = issue(
        &enforcer,
        id,
        "order_stop",
        &json!({ "until": "2026-12-01" }),
    )
    .json();
    let one = &told["issued"][0];
    assert!(
        one["number"]
            .as_str()
            .unwrap()
            .starts_with("穗新综执责停字〔"),
        "{one}"
    );
    assert_eq!(one["form"], "order_stop@本镇1");
    let legal = server.sign_in("legal_officer");
    let docx = enforcer.take_away(&legal, one["docx"]["href"].as_str().unwrap());
    assert!(written(&docx.body).contains("停工通知"));
    drop(server);
    let faulty = own("order_stop.toml").replace("{party!}", "{partei!}");
    fs::write(catalog.join("order_stop.toml"), faulty).unwrap();
    let refused = run([
        "serve".as_ref(),
        file.as_os_str(),
        "--catalog".as_ref(),
        folder.path().join("catalog").as_os_str(),
    ]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        !refused.status.success() && said.contains("order_stop.toml") && said.contains("partei"),
        "{said}"
    );
}
