//! Signing in, the guest of a demonstration, and a file without accounts.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::{Value, json};
use yizhangtu_tests::{ROLES, Server, binary, run, run_well, village};

/// A village of one's own, to be changed.
fn copy(folder: &Path) -> PathBuf {
    let file = folder.join("village.gpkg");
    fs::copy(village("donghua"), &file).expect("a copy");
    file
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// Runs `user` with a password on standard input.
fn with_password(arguments: &[&str], password: &str) -> std::process::Output {
    let mut child = Command::new(binary())
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    writeln!(child.stdin.take().expect("piped"), "{password}").expect("written");
    child.wait_with_output().expect("it ends")
}

#[test]
fn a_demonstration_has_an_account_for_each_role_and_a_guest_who_may_look() {
    let server = Server::start_with(&village("donghua"), &[]);
    let session = server.get("/session").json();
    assert_eq!(session["user"], json!(null));
    assert_eq!(session["accounts"], json!(true));
    assert_eq!(session["role"]["id"], json!("guest"));
    assert_eq!(session["rights"]["change"], json!(false));
    let listed: Vec<&str> = session["demonstration"]["accounts"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|account| account["user"].as_str().expect("a user"))
        .collect();
    assert_eq!(listed, ROLES);
    assert_eq!(server.get("/lookup?point=113.5901,23.1102").status, 200);
    assert_eq!(server.get("/collections/person/items?limit=1").status, 200);
    for (method, path) in [
        ("POST", "/collections/building/items"),
        ("PUT", "/collections/building/items/x"),
        ("PATCH", "/collections/building/items/x"),
        ("DELETE", "/collections/building/items/x"),
        ("POST", "/changes"),
        ("POST", "/session/password"),
    ] {
        let reply = server.send(method, path, &[("content-type", "application/json")], b"{}");
        // A path that takes no such method yet says so; none is written to.
        assert!(
            [401, 404, 405].contains(&reply.status),
            "{method} {path}: {}",
            reply.status
        );
        if reply.status == 401 {
            assert_eq!(
                reply.header("content-type"),
                Some("application/problem+json")
            );
            assert!(reply.text().contains("POST /session"));
        }
    }
    for role in ROLES {
        let asker = server.sign_in(role);
        let session = asker.get("/session").json();
        assert_eq!(session["user"], json!(role));
        assert_eq!(session["role"]["id"], json!(role));
        assert_eq!(session["must_change_password"], json!(false));
    }
}

#[test]
fn a_session_s_cookie_is_kept_from_scripts_and_ends_with_signing_out() {
    let server = Server::start_with(&village("donghua"), &[]);
    let credentials = json!({ "user": "Planner", "password": "yizhangtu-demo" });
    let reply = server.post("/session", &credentials);
    let set = reply.header("set-cookie").expect("a cookie").to_owned();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(set.contains(part), "{set}");
    }
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(
        reply.json()["user"],
        json!("planner"),
        "case does not matter"
    );
    let planner = server.sign_in("planner");
    assert_eq!(planner.get("/session").json()["user"], json!("planner"));
    assert_eq!(planner.send("DELETE", "/session", &[], b"").status, 204);
    assert_eq!(planner.get("/session").json()["user"], json!(null));
}

#[test]
fn forged_planted_and_stolen_sessions_are_worth_nothing() {
    let server = Server::start_with(&village("donghua"), &[]);
    let planted = "f".repeat(64);
    for cookie in [
        format!("yizhangtu_session={planted}"),
        "yizhangtu_session=".into(),
        "yizhangtu_session=planner".into(),
    ] {
        let reply = server.get_with("/session", &[("cookie", &cookie)]);
        assert_eq!(reply.json()["user"], json!(null), "{cookie}");
    }
    // Signing in with a planted token gives another one.
    let cookie = format!("yizhangtu_session={planted}");
    let body = json!({ "user": "planner", "password": "yizhangtu-demo" }).to_string();
    let reply = server.send(
        "POST",
        "/session",
        &[("cookie", &cookie), ("content-type", "application/json")],
        body.as_bytes(),
    );
    assert_eq!(reply.status, 200);
    assert!(
        !reply
            .header("set-cookie")
            .expect("a cookie")
            .contains(&planted)
    );
    let after = server.get_with("/session", &[("cookie", &cookie)]);
    assert_eq!(after.json()["user"], json!(null));
    // Another site's page may not sign anybody in or out.
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let headers = [("content-type", "application/json"), (name, value)];
        assert_eq!(
            server
                .send("POST", "/session", &headers, body.as_bytes())
                .status,
            403
        );
        assert_eq!(
            server.send("DELETE", "/session", &headers[1..], b"").status,
            403
        );
    }
    // Nor may a page that calls this machine by its own name look.
    let reply = server.get_with(
        "/lookup?point=113.5901,23.1102",
        &[("host", "evil.example")],
    );
    assert_eq!(reply.status, 403);
}

#[test]
fn five_failures_lock_an_account_and_tell_nothing_of_it() {
    let server = Server::start_with(&village("donghua"), &[]);
    let attempt = |user: &str, password: &str| {
        server.post("/session", &json!({ "user": user, "password": password }))
    };
    for user in ["planner", "no_such_user"] {
        for _ in 0..5 {
            let reply = attempt(user, "wrong");
            assert_eq!(reply.status, 401);
        }
    }
    let (known, unknown) = (
        attempt("planner", "yizhangtu-demo"),
        attempt("no_such_user", "x"),
    );
    assert_eq!((known.status, unknown.status), (429, 429));
    assert_eq!(known.text(), unknown.text());
    assert!(known.header("retry-after").is_some());
    assert_eq!(
        attempt("leader", "yizhangtu-demo").status,
        200,
        "others go on"
    );
    let bad = server.post_as(
        "/session",
        "application/json",
        b"{\"user\": \"x\", \"password\": 12345678}",
    );
    assert_eq!(bad.status, 400);
    assert!(!bad.text().contains("12345678"), "{}", bad.text());
}

#[test]
fn a_file_without_accounts_gives_this_machine_all_rights_and_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("mine.gpkg");
    let points = folder.path().join("places.csv");
    fs::write(&points, "name,kind,lon,lat\n小卖部,餐饮,113.59,23.11\n").expect("written");
    run([
        "import",
        text(&points),
        "--into",
        text(&file),
        "--layer",
        "place",
    ]);
    assert!(file.exists(), "an import makes the file");
    assert!(run_well(["user", "list", text(&file)]).contains("没有账户"));
    let server = Server::start_with(&file, &[]);
    let session = server.get("/session").json();
    assert_eq!(session["accounts"], json!(false));
    assert_eq!(session["role"]["id"], json!("local"));
    assert_eq!(session["rights"]["change"], json!(true));
    assert!(
        session["notice"]["zh"]
            .as_str()
            .expect("a notice")
            .contains("没有账户")
    );
    assert_eq!(
        server
            .post("/session", &json!({"user": "x", "password": "y"}))
            .status,
        409
    );
    drop(server);
    for file in [&file, &village("donghua")] {
        let open = run(["serve", text(file), "--listen", "0.0.0.0:0"]);
        assert_eq!(
            open.status.code(),
            Some(2),
            "{}",
            String::from_utf8_lossy(&open.stderr)
        );
    }
}

#[test]
fn accounts_of_one_s_own_keep_everyone_else_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = copy(folder.path());
    let made = run_well(
        [
            "user",
            "add",
            text(&file),
            "zhang.san",
            "--role",
            "grid_worker",
            "--territory",
            "grid:nowhere",
            "--json",
        ]
        .map(str::to_owned)
        .into_iter()
        .map(|word| {
            if word == "grid:nowhere" {
                first_grid(&file)
            } else {
                word
            }
        }),
    );
    let made: serde_json::Value = serde_json::from_str(&made).expect("JSON");
    let password = made["password"].as_str().expect("a password").to_owned();
    assert_eq!(
        run(["user", "add", text(&file), "zhang.SAN", "--role", "leader"])
            .status
            .code(),
        Some(1)
    );
    assert_eq!(
        run(["user", "add", text(&file), "x", "--role", "king"])
            .status
            .code(),
        Some(2)
    );
    assert_eq!(
        run(["user", "add", text(&file), "x", "--role", "grid_worker"])
            .status
            .code(),
        Some(2)
    );
    let weak = with_password(
        &[
            "user",
            "add",
            text(&file),
            "li.si",
            "--role",
            "leader",
            "--password-stdin",
        ],
        "weak",
    );
    assert_eq!(weak.status.code(), Some(1));
    let good = with_password(
        &[
            "user",
            "add",
            text(&file),
            "li.si",
            "--role",
            "leader",
            "--password-stdin",
        ],
        "River-7-stone",
    );
    assert!(
        good.status.success(),
        "{}",
        String::from_utf8_lossy(&good.stderr)
    );
    for user in ROLES.into_iter().chain(["guest"]) {
        run_well(["user", "lock", text(&file), user]);
    }

    let server = Server::start_with(&file, &[]);
    let session = server.get("/session").json();
    assert_eq!(session["must_sign_in"], json!(true));
    assert_eq!(session["demonstration"], json!(null));
    for path in [
        "/lookup?point=113.59,23.11",
        "/catalog",
        "/collections",
        "/search?q=1",
        "/metrics",
        "/api",
        "/tiles/grid/14/13357/7104",
    ] {
        let reply = server.get(path);
        assert_eq!(reply.status, 401, "{path}");
        assert_eq!(
            reply.header("content-type"),
            Some("application/problem+json")
        );
    }
    assert_eq!(server.get("/health").status, 200);
    assert_eq!(server.get_with("/", &[("accept", "text/html")]).status, 200);
    assert_eq!(
        server
            .post(
                "/session",
                &json!({"user": "planner", "password": "yizhangtu-demo"})
            )
            .status,
        401
    );

    // The first password must be changed before anything else.
    let zhang = server.sign_in_with("zhang.san", &password);
    assert_eq!(
        zhang.get("/session").json()["must_change_password"],
        json!(true)
    );
    assert_eq!(zhang.get("/catalog").status, 403);
    let change = |old: &str, new: &str| {
        zhang
            .post("/session/password", &json!({"old": old, "new": new}))
            .status
    };
    assert_eq!(change("wrong", "River-7-stone"), 422);
    assert_eq!(change(&password, "short"), 422);
    assert_eq!(change(&password, &password), 422, "not the same again");
    let other = server.sign_in_with("zhang.san", &password);
    let zhang = server.sign_in_with("zhang.san", &password);
    assert_eq!(
        other.get("/session").json()["user"],
        json!(null),
        "one session a device"
    );
    let reply = zhang.post(
        "/session/password",
        &json!({"old": password, "new": "Bridge-9-water"}),
    );
    assert_eq!(reply.status, 204, "{}", reply.text());
    assert_eq!(zhang.get("/catalog").status, 200);
    server.sign_in_with("zhang.san", "Bridge-9-water");

    // Locked by the command line, an account is out at once, its session with it.
    let li = server.sign_in_with("li.si", "River-7-stone");
    assert_eq!(li.get("/catalog").status, 200);
    run_well(["user", "lock", text(&file), "li.si"]);
    let began = std::time::Instant::now();
    while li.get("/catalog").status != 401 {
        assert!(began.elapsed().as_secs() < 30, "the lock is not seen");
    }
    drop(server);

    // Now that no password is public, other machines may be served.
    run_well(["user", "lock", text(&file), "li.si", "--undo"]);
    let server = Server::start_with(&file, &[]);
    server.sign_in_with("li.si", "River-7-stone");
}

fn first_grid(file: &Path) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("grid.geojson");
    run_well(["export", text(file), "--layer", "grid", "-o", text(&out)]);
    let grids: serde_json::Value =
        serde_json::from_slice(&fs::read(out).expect("read")).expect("JSON");
    format!(
        "grid:{}",
        grids["features"][0]["properties"]["code"]
            .as_str()
            .expect("a code")
    )
}

#[test]
fn one_administrator_makes_accounts_and_another_gives_roles() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = copy(folder.path());
    let server = Server::start_with(&file, &[]);
    let (system, security, planner) = (
        server.sign_in("system_admin"),
        server.sign_in("security_admin"),
        server.sign_in("planner"),
    );
    let patch = |asker: &yizhangtu_tests::Asker, user: &str, body: serde_json::Value| {
        asker.send(
            "PATCH",
            &format!("/accounts/{user}"),
            &[],
            body.to_string().as_bytes(),
        )
    };
    assert_eq!(planner.get("/accounts").status, 403);
    assert_eq!(server.get("/accounts").status, 401);
    assert_eq!(
        security
            .post("/accounts", &json!({ "user": "wang.wu" }))
            .status,
        403
    );
    let made = system.post(
        "/accounts",
        &json!({ "user": "wang.wu", "name": "王五", "unit": "村委会" }),
    );
    assert_eq!(made.status, 201, "{}", made.text());
    let password = made.json()["password"]
        .as_str()
        .expect("a password")
        .to_owned();
    assert_eq!(
        system
            .post("/accounts", &json!({ "user": "WANG.WU" }))
            .status,
        422
    );
    assert!(
        !system.get("/accounts").text().contains("argon2"),
        "no hash leaves"
    );

    // Without a role there is nothing to see.
    let wang = server.sign_in_with("wang.wu", &password);
    let changed = wang.post(
        "/session/password",
        &json!({ "old": password, "new": "Bridge-9-water" }),
    );
    assert_eq!(changed.status, 204);
    assert_eq!(wang.get("/collections/building/items").status, 404);
    assert_eq!(
        patch(&system, "wang.wu", json!({ "role": "leader" })).status,
        403
    );
    assert_eq!(
        patch(&planner, "wang.wu", json!({ "role": "leader" })).status,
        403
    );
    assert_eq!(
        patch(&security, "wang.wu", json!({ "role": "king" })).status,
        422
    );
    assert_eq!(
        patch(&security, "security_admin", json!({ "role": "leader" })).status,
        422,
        "not one's own"
    );
    assert_eq!(
        patch(&security, "wang.wu", json!({ "role": "leader" })).status,
        200
    );
    assert_eq!(
        wang.get("/session").json()["user"],
        json!(null),
        "the session ended"
    );
    let wang = server.sign_in_with("wang.wu", "Bridge-9-water");
    assert_eq!(wang.get("/collections/building/items?limit=1").status, 200);
    assert_eq!(
        patch(&system, "wang.wu", json!({ "locked": true })).status,
        200
    );
    assert_eq!(wang.get("/session").json()["user"], json!(null));
    let refused = server.post(
        "/session",
        &json!({ "user": "wang.wu", "password": "Bridge-9-water" }),
    );
    assert_eq!(refused.status, 401);
    let log = server
        .sign_in("auditor")
        .get("/audit?action=account_changed")
        .text();
    assert!(
        log.contains("role leader") && log.contains("locked"),
        "{log}"
    );
}

#[test]
fn a_program_s_key_is_its_account_within_its_scope_until_it_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = copy(folder.path());
    let file = text(&file);
    assert_eq!(
        run([
            "user", "key", file, "planner", "--label", "x", "--scope", "fly"
        ])
        .status
        .code(),
        Some(2)
    );
    let made = |scope: &[&str]| -> serde_json::Value {
        let arguments = [
            "user",
            "key",
            file,
            "planner",
            "--label",
            "驾驶舱",
            "--json",
        ];
        let made = run_well(arguments.iter().chain(scope));
        serde_json::from_str(&made).expect("JSON")
    };
    let (whole, counting) = (made(&[]), made(&["--scope", "count"]));
    let key = |made: &serde_json::Value| format!("Bearer {}", made["key"].as_str().expect("a key"));
    assert!(!run_well(["user", "keys", file]).contains(whole["key"].as_str().expect("a key")));
    let server = Server::start_with(Path::new(file), &[]);
    let get = |authorization: &str, path: &str| {
        server.get_with(path, &[("authorization", authorization)])
    };
    assert_eq!(
        get(&key(&whole), "/session").json()["user"],
        json!("planner")
    );
    assert_eq!(
        get(&key(&whole), "/collections/building/items?limit=1").status,
        200
    );
    assert_eq!(
        get(&key(&whole), "/collections/person/items?limit=1").status,
        404
    );
    assert_eq!(
        get(&key(&counting), "/collections/building/items?limit=1").status,
        404
    );
    let area = json!({ "area": { "type": "Polygon", "coordinates": [[[113.58, 23.1], [113.6, 23.1], [113.6, 23.12], [113.58, 23.12], [113.58, 23.1]]] } });
    let counted = server.send(
        "POST",
        "/statistics",
        &[
            ("authorization", &key(&counting)),
            ("content-type", "application/json"),
        ],
        area.to_string().as_bytes(),
    );
    assert_eq!(counted.status, 200, "{}", counted.text());
    // A wrong key is no guest.
    assert_eq!(get("Bearer yzt_none", "/collections").status, 401);
    run_well(["user", "revoke", file, whole["id"].as_str().expect("an id")]);
    let began = std::time::Instant::now();
    while get(&key(&whole), "/session").status != 401 {
        assert!(began.elapsed().as_secs() < 30, "the revoking is not seen");
    }
}

#[test]
fn territories_are_given_by_name_by_whoever_sees_no_map() {
    let server = Server::start(&village("donghua"));
    let security = server.sign_in("security_admin");
    let accounts = security.get("/accounts").json();
    let worker = (accounts["accounts"].as_array().into_iter().flatten())
        .find(|account| account["user"] == "grid_worker")
        .expect("an account");
    let place = &worker["territory"][0];
    assert_eq!(
        (&place["name"], &place["title"]["zh"]),
        (&json!("第一网格"), &json!("网格"))
    );
    let levels: Vec<&Value> = (accounts["territories"].as_array().into_iter().flatten())
        .map(|level| &level["layer"])
        .collect();
    assert!(levels.contains(&&json!("village")) && levels.contains(&&json!("building")));

    let find = |layer: &str, word: &str| {
        let path = format!("/accounts/places?layer={layer}&q={word}");
        security.get(&path).json()
    };
    let third = find("grid", "%E7%AC%AC%E4%B8%89");
    assert_eq!(third["matched"], json!(1));
    assert_eq!(third["places"][0]["name"], json!("第三网格"));
    assert_eq!(find("grid", "4401181012240")["matched"], json!(7));
    let houses = find("building", "");
    let given = houses["places"].as_array().expect("places").len() as u64;
    assert!(given == 100 && houses["matched"].as_u64().expect("a number") > given);
    assert_eq!(find("grid", "nowhere")["matched"], json!(0));
    // No other layer is looked into, and nobody else looks.
    assert_eq!(security.get("/accounts/places?layer=person&q=").status, 400);
    for user in ["system_admin", "auditor", "village_clerk"] {
        let refused = server.sign_in(user).get("/accounts/places?layer=grid&q=");
        assert_eq!(refused.status, 403, "{user}");
    }
    let auditor = server.sign_in("auditor");
    let state = auditor.get("/audit/state").json();
    assert_eq!(state["retention"]["keep_days"], json!(1095));
    assert_eq!(state["retention"]["due"], json!(0));
    assert_eq!(state["roles"]["grid_worker"]["zh"], json!("网格员"));
}
