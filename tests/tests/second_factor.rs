//! One-time codes: who must give one, what it opens, and what it costs to guess.

use std::{
    ffi::OsStr,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};
use totp_rs::{Algorithm, Secret, TOTP};
use yizhangtu_tests::{Asker, Server, binary, run, run_well, village};

const PASSWORD: &str = "River-7-stone";

/// 东华 with accounts of their own passwords, which nobody shares.
fn served(roles: &[(&str, &str)]) -> (tempfile::TempDir, PathBuf, Server) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("village.gpkg");
    fs::copy(village("donghua"), &file).expect("a copy");
    for (user, role) in roles {
        let mut add = Command::new(binary())
            .args(["user", "add"])
            .arg(&file)
            .args([user, "--role", role, "--password-stdin"])
            .args(["--territory", &format!("grid:{}", first_grid(&file))])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("the binary runs");
        let mut input = add.stdin.take().expect("piped");
        writeln!(input, "First-{PASSWORD}").expect("a pipe");
        drop(input);
        assert!(add.wait().expect("it ends").success());
    }
    let server = Server::start_with(&file, &[]);
    (folder, file, server)
}

/// The grid of the demonstration's own grid worker.
fn first_grid(file: &Path) -> String {
    let connection = rusqlite::Connection::open(file).expect("the file");
    let first = "SELECT id FROM grid ORDER BY fid LIMIT 1";
    (connection.query_row(first, [], |row| row.get(0))).expect("a grid")
}

/// Signs in and changes the first password, which must be.
fn signed_in(server: &Server, user: &str) -> Asker {
    let asker = server.sign_in_with(user, &format!("First-{PASSWORD}"));
    let body = json!({ "old": format!("First-{PASSWORD}"), "new": PASSWORD });
    let changed = asker.post("/session/password", &body);
    assert_eq!(changed.status, 204, "{}", changed.text());
    asker
}

fn code(secret: &str, steps: i64) -> String {
    let bytes = Secret::Encoded(secret.to_owned())
        .to_bytes()
        .expect("base32");
    let totp = TOTP::new(Algorithm::SHA1, 6, 0, 30, bytes).expect("a secret");
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs();
    totp.generate(now.saturating_add_signed(30 * steps))
}

fn factor(asker: &Asker) -> Value {
    asker.get("/session").json()["second_factor"].clone()
}

/// Sets a second factor up; the secret and the recovery codes.
fn enrol(asker: &mut Asker) -> (String, Vec<String>) {
    let begun = asker.post("/session/factor", &json!({}));
    assert_eq!(begun.status, 200, "{}", begun.text());
    let begun = begun.json();
    let secret = begun["secret"].as_str().expect("a secret").to_owned();
    let address = begun["address"].as_str().expect("an address");
    assert!(
        address.starts_with("otpauth://totp/") && address.contains(&secret),
        "{address}"
    );
    let rows = begun["qr"].as_array().expect("rows");
    assert!(
        rows.len() >= 21
            && rows
                .iter()
                .all(|row| row.as_str().is_some_and(|row| row.len() == rows.len()))
    );
    let confirmed = put(asker, "/session/factor", &code(&secret, -1));
    assert_eq!(confirmed.status, 200, "{}", confirmed.text());
    asker.follow(&confirmed);
    let recovery = confirmed.json()["recovery"]
        .as_array()
        .expect("codes")
        .clone();
    let recovery = recovery
        .iter()
        .map(|code| code.as_str().expect("a code").to_owned());
    (secret, recovery.collect())
}

fn put(asker: &Asker, path: &str, code: &str) -> yizhangtu_tests::Reply {
    let body = json!({ "code": code }).to_string();
    asker.send(
        "PUT",
        path,
        &[("content-type", "application/json")],
        body.as_bytes(),
    )
}

fn give(asker: &Asker, code: &str) -> yizhangtu_tests::Reply {
    asker.post("/session/code", &json!({ "code": code }))
}

#[test]
fn an_administrator_gives_a_code_before_anything_else() {
    let (_folder, file, server) = served(&[("wang.wu", "auditor")]);
    let mut wang = signed_in(&server, "wang.wu");
    assert_eq!(factor(&wang)["needed"], json!(true));
    let refused = wang.get("/audit");
    assert_eq!(
        (refused.status, &refused.json()["second_factor"]),
        (403, &json!(true))
    );
    let before = wang.cookie().to_owned();
    let (secret, recovery) = enrol(&mut wang);
    assert_eq!(recovery.len(), 10);
    assert_eq!(wang.get("/audit").status, 200);
    assert_eq!(
        server.with_cookie(&before).get("/audit").status,
        401,
        "the token before is worth nothing"
    );

    // The next time the password alone opens nothing.
    let mut wang = server.sign_in_with("wang.wu", PASSWORD);
    assert_eq!(wang.get("/audit").status, 403);
    assert_eq!(factor(&wang)["enrolled"], json!(true));
    assert_eq!(
        wang.post("/session/factor", &json!({})).status,
        403,
        "nobody sets another up with the password alone"
    );
    assert_eq!(
        give(&wang, &code(&secret, -1)).status,
        422,
        "a code that was used"
    );
    let given = give(&wang, &code(&secret, 1));
    assert_eq!(given.status, 204, "{}", given.text());
    wang.follow(&given);
    assert_eq!(wang.get("/audit").status, 200);

    // A recovery code is good once.
    let mut wang = server.sign_in_with("wang.wu", PASSWORD);
    let given = give(&wang, &recovery[3].to_lowercase());
    assert_eq!(given.status, 204, "{}", given.text());
    wang.follow(&given);
    let log = wang.get("/audit?limit=50").text();
    assert!(!log.contains(&recovery[3]) && !log.contains(&secret));
    let wang = server.sign_in_with("wang.wu", PASSWORD);
    assert_eq!(give(&wang, &recovery[3]).status, 422);

    // Guessing locks the codes of the account, the right one too.
    for _ in 0..4 {
        assert_eq!(give(&wang, "000000").status, 422);
    }
    assert_eq!(give(&wang, &recovery[4]).status, 429);
    drop(server);
    let bytes = fs::read(&file).expect("bytes");
    assert!(
        !bytes.windows(19).any(|part| part == recovery[4].as_bytes()),
        "codes are kept as hashes"
    );
}

#[test]
fn what_is_unmasked_asks_for_a_code_and_the_phone_may_be_lost() {
    let (_folder, file, server) = served(&[("li.si", "grid_worker"), ("zhao.liu", "system_admin")]);
    let mut li = signed_in(&server, "li.si");
    assert_eq!(factor(&li)["needed"], json!(false));
    let houses = li.get("/collections/building/items?limit=1").json();
    let id = houses["features"][0]["id"]
        .as_str()
        .expect("a house")
        .to_owned();
    let unmask = |asker: &Asker| {
        let path = format!("/collections/building/items/{id}/unmask");
        asker
            .post(&path, &json!({ "reason": "入户核对产权人" }))
            .status
    };
    assert_eq!(unmask(&li), 403);
    enrol(&mut li);
    assert_eq!(unmask(&li), 200);
    assert_eq!(
        unmask(&server.sign_in("grid_worker")),
        200,
        "shared accounts of a demonstration have no codes"
    );
    assert_eq!(
        server
            .sign_in("grid_worker")
            .post("/session/factor", &json!({}))
            .status,
        403
    );

    // The system administrator takes a lost one away; so does whoever holds the file.
    let mut zhao = signed_in(&server, "zhao.liu");
    assert_eq!(zhao.get("/accounts").status, 403);
    enrol(&mut zhao);
    assert_eq!(zhao.get("/accounts").status, 200);
    let patch = |body: Value| {
        let headers = [("content-type", "application/json")];
        zhao.send(
            "PATCH",
            "/accounts/li.si",
            &headers,
            body.to_string().as_bytes(),
        )
        .status
    };
    assert_eq!(patch(json!({ "reset_second_factor": true })), 200);
    let li = server.sign_in_with("li.si", PASSWORD);
    assert_eq!(factor(&li)["enrolled"], json!(false));
    run_well([
        OsStr::new("user"),
        "code".as_ref(),
        file.as_ref(),
        "zhao.liu".as_ref(),
    ]);
    assert_eq!(
        run([
            OsStr::new("user"),
            "code".as_ref(),
            file.as_ref(),
            "nobody".as_ref()
        ])
        .status
        .code(),
        Some(1)
    );
}
