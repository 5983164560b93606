//! What somebody sends who means harm: all of it is refused, and the service goes on.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use serde_json::json;
use yizhangtu_tests::{Server, village};

/// Ways to say more than a value: SQL, CQL2, paths, templates, formulas, controls.
const HOSTILE: [&str; 14] = [
    "' OR '1'='1",
    "x'; DROP TABLE person; --",
    "\" OR 1=1 --",
    "1 UNION SELECT password FROM account",
    "../../../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "%00",
    "{{7*7}}",
    "${jndi:ldap://127.0.0.1/a}",
    "<script>alert(1)</script>",
    "=HYPERLINK(\"http://127.0.0.1\")",
    "\u{202e}gpkg",
    "%",
    "_",
];

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[test]
fn words_that_mean_more_than_a_value_mean_nothing() {
    let server = Server::start(&village("donghua"));
    let clerk = server.sign_in("village_clerk");
    let people = clerk.get("/collections/person/items?limit=1").json()["numberMatched"].clone();
    for hostile in HOSTILE {
        let word = encoded(hostile);
        for path in [
            format!("/collections/building/items/{word}"),
            format!("/collections/{word}/items"),
            format!("/collections/building/items?code={word}&limit=5"),
            format!("/collections/building/items?filter={word}"),
            format!("/collections/building/items?filter=code%3D'{word}'&limit=5"),
            format!("/collections/building/items?sortby={word}"),
            format!("/collections/building/items?properties={word}"),
            format!("/collections/person/items?name={word}"),
            format!("/search?q={word}"),
            format!("/search?q=a&kinds={word}"),
            format!("/lookup?point={word}"),
            format!("/lookup?point=113.59,23.11&crs={word}"),
            format!("/tiles/{word}/14/13357/7104"),
            format!("/assets/{word}"),
            format!("/basemaps/{word}/1/1/1"),
            format!("/collections/building/export?f={word}"),
            format!("/changes?since={word}"),
        ] {
            let reply = clerk.get(&path);
            assert!(reply.status < 500, "{path}: {}", reply.text());
            assert!(!reply.text().contains("root:"), "{path}");
            assert!(!reply.text().contains("$argon2"), "{path}");
            if reply.status == 200 && path.contains("items?code=") {
                assert_eq!(reply.json()["numberMatched"], json!(0), "{path}");
            }
        }
        let refused = clerk.post("/session", &json!({ "user": hostile, "password": hostile }));
        assert!(
            [401, 429].contains(&refused.status),
            "{hostile}: {}",
            refused.text()
        );
    }
    // Everything is still there.
    assert_eq!(
        clerk.get("/collections/person/items?limit=1").json()["numberMatched"],
        people
    );
}

#[test]
fn bodies_that_are_deep_large_or_broken_are_refused_quickly() {
    let server = Server::start(&village("donghua"));
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let nested = format!(
        "{{\"op\":\"not\",\"args\":[{}true{}]}}",
        "{\"op\":\"not\",\"args\":[".repeat(5_000),
        "]}".repeat(5_000)
    );
    let corners: Vec<[f64; 2]> = (0..1_100_000)
        .map(|at| f64::from(at) * std::f64::consts::TAU / 1_100_000.0)
        .map(|turn| [113.59 + 0.01 * turn.cos(), 23.11 + 0.01 * turn.sin()])
        .collect();
    let many = json!({ "area": { "type": "Polygon", "coordinates": [corners] } });
    let began = Instant::now();
    for (path, kind, body) in [
        ("/statistics", "application/json", deep.clone()),
        ("/statistics", "application/json", "{\"area\":".to_owned()),
        ("/statistics", "application/json", many.to_string()),
        ("/session", "application/json", deep[..60_000].to_owned()),
        ("/session", "application/json", "a".repeat(70_000)),
        ("/lookup", "text/csv", "lon,lat\n\"113.59".to_owned()),
        ("/lookup", "application/x-ndjson", deep),
    ] {
        let reply = server.post_as(path, kind, body.as_bytes());
        // A streamed answer has begun before its body is read to the end.
        assert!(reply.status < 500, "{path}: {}", reply.text());
        assert!(
            reply.status >= 400 || path == "/lookup",
            "{path}: {}",
            reply.status
        );
    }
    let filter = encoded(&nested[..20_000]);
    let reply = server.get(&format!(
        "/collections/building/items?filter-lang=cql2-json&filter={filter}"
    ));
    assert!((400..500).contains(&reply.status), "{}", reply.status);
    let brackets = encoded(&format!(
        "{}code='x'{}",
        "(".repeat(2_000),
        ")".repeat(2_000)
    ));
    let reply = server.get(&format!("/collections/building/items?filter={brackets}"));
    assert!((400..500).contains(&reply.status), "{}", reply.status);
    assert!(
        began.elapsed() < Duration::from_secs(90),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(server.get("/health").status, 200);
}

/// The quickest of some measurements: what is left when nobody else was in the way.
fn quickest(times: &[Duration]) -> f64 {
    times.iter().min().expect("a time").as_secs_f64()
}

#[test]
fn the_clock_tells_neither_who_has_an_account_nor_what_lies_elsewhere() {
    let server = Server::start(&village("donghua"));
    let manager = server.sign_in("data_manager");
    let worker = server.sign_in("grid_worker");
    let ids = |asker: &yizhangtu_tests::Asker| -> Vec<String> {
        let all = asker.get("/collections/building/items?limit=1000").json();
        let features = all["features"].as_array().expect("features").clone();
        let id = |feature: &serde_json::Value| feature["id"].as_str().map(str::to_owned);
        features.iter().filter_map(id).collect()
    };
    let own = ids(&worker);
    let foreign: Vec<String> = (ids(&manager).into_iter())
        .filter(|id| !own.contains(id))
        .collect();
    // Another's house and one that never was, in turn.
    let (mut there, mut nowhere) = (Vec::new(), Vec::new());
    for (at, id) in foreign.iter().take(150).enumerate() {
        let never = format!("{}{at}", &id[..id.len() - at.to_string().len()]);
        for (id, times) in [(id, &mut there), (&never, &mut nowhere)] {
            let path = format!("/collections/building/items/{id}");
            let began = Instant::now();
            let reply = worker.get(&path);
            times.push(began.elapsed());
            assert_eq!(reply.status, 404);
            assert_eq!(
                reply.text().replace(&**id, "ID"),
                worker
                    .get("/collections/building/items/never")
                    .text()
                    .replace("never", "ID")
            );
        }
    }
    let ratio = quickest(&there) / quickest(&nowhere);
    println!("foreign to absent house: {ratio:.2}");
    assert!((0.5..2.0).contains(&ratio), "{ratio}");

    // Names with an account and names without: a password is hashed for either.
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for at in 0..12 {
        let role = yizhangtu_tests::ROLES[at];
        for (user, times) in [
            (role.to_owned(), &mut known),
            (format!("{role}x"), &mut unknown),
        ] {
            let body = json!({ "user": user, "password": "Wrong-password-1" });
            let began = Instant::now();
            let reply = server.post("/session", &body);
            times.push(began.elapsed());
            assert_eq!(reply.status, 401, "{user}: {}", reply.text());
        }
    }
    let ratio = quickest(&known) / quickest(&unknown);
    println!("known to unknown user: {ratio:.2}");
    assert!((0.6..1.6).contains(&ratio), "{ratio}");
}

#[test]
fn nothing_kept_for_one_is_given_to_another() {
    let server = Server::start(&village("donghua"));
    let (manager, worker, leader) = (
        server.sign_in("data_manager"),
        server.sign_in("grid_worker"),
        server.sign_in("leader"),
    );
    let own = worker.get("/collections/building/items?limit=1000").text();
    let all = manager.get("/collections/building/items?limit=1000").json();
    let foreign = (all["features"].as_array().into_iter().flatten())
        .filter_map(|feature| feature["id"].as_str())
        .find(|id| !own.contains(id))
        .expect("a house elsewhere")
        .to_owned();
    let path = format!("/collections/building/items/{foreign}");
    let read = manager.get(&path);
    let tag = read.header("etag").expect("a tag").to_owned();
    // The tag is the same for all who see the house: a browser that one left must have nothing to ask about.
    assert_eq!(read.header("cache-control"), Some("no-store"));
    // Whoever learned the tag of a thing that is not theirs learns no more by it.
    let asked = worker.get_with(&path, &[("if-none-match", &tag)]);
    assert_eq!(asked.status, 404);
    // Cookies part what caches on the way may keep.
    for (asker, path) in [
        (&manager, &*path),
        (&leader, "/collections/person/schema"),
        (&worker, "/search?q=a"),
    ] {
        let reply = asker.get(path);
        let kept = reply.header("cache-control").unwrap_or_default();
        let varies = reply.header("vary").unwrap_or_default().to_lowercase();
        assert!(
            kept.contains("no-store") || kept.contains("private") || varies.contains("cookie"),
            "{path}: {kept:?} {varies:?}"
        );
    }
    // A session that was ended and is sent again; one that somebody chose beforehand.
    let cookie = leader.cookie().to_owned();
    assert_eq!(leader.send("DELETE", "/session", &[], b"").status, 204);
    let replayed = server.with_cookie(&cookie);
    assert_eq!(replayed.get("/exports").status, 401);
    let (name, _) = cookie.split_once('=').expect("a pair");
    let planted = server.with_cookie(&format!("{name}={}", "a".repeat(43)));
    let body = json!({ "user": "leader", "password": "yizhangtu-demo" });
    let given = planted.post("/session", &body);
    let set = given.header("set-cookie").expect("a cookie");
    assert!(
        !set.contains(&"a".repeat(43)),
        "a new token, not the planted one"
    );
    for forged in ["", "=", "a=b", "%00", &"x".repeat(4_000)] {
        let forger = server.with_cookie(&format!("{name}={forged}"));
        assert!(forger.get("/exports").status == 401, "{forged}");
    }
}

#[test]
fn whoever_sends_slowly_or_nonsense_holds_nobody_up() {
    let server = Server::start(&village("donghua"));
    let address = server
        .url
        .strip_prefix("http://")
        .expect("an address")
        .to_owned();
    // A head that never ends, a body that is read whole, and ones that are read as they come,
    // by more threads than the service has.
    let table = "POST /lookup HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/csv\r\ncontent-length: 60000\r\n\r\nl";
    let heads = [
        table,
        table,
        table,
        "GET /lookup?point=113.59,23.11 HTTP/1.1\r\nhost: localhost\r\nx-a: ",
        "POST /session HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 60000\r\n\r\n{",
    ];
    let mut slow: Vec<TcpStream> = (0..900)
        .map(|at| {
            let mut stream = TcpStream::connect(&address).expect("a connection");
            let head = heads[at % heads.len()];
            stream.write_all(head.as_bytes()).expect("sent");
            stream
        })
        .collect();
    let mut longest = Duration::ZERO;
    for _ in 0..20 {
        for stream in &mut slow {
            // One that the server closed already is as well.
            let _ = stream.write_all(b" ");
        }
        let began = Instant::now();
        for path in [
            "/lookup?point=113.59,23.11",
            "/collections/person/items?limit=2",
        ] {
            assert_eq!(server.get(path).status, 200, "{path}");
        }
        longest = longest.max(began.elapsed());
    }
    println!("the longest answer beside 900 slow senders: {longest:?}");
    assert!(longest < Duration::from_secs(5), "{longest:?}");
    // What is no HTTP at all.
    let mut stream = TcpStream::connect(&address).expect("a connection");
    stream
        .write_all(b"\x16\x03\x01\x00\xffhello\r\n\r\n")
        .expect("sent");
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .expect("a limit");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(
        answer.is_empty() || answer.starts_with(b"HTTP/1.1 400"),
        "{answer:?}"
    );
    assert_eq!(server.get("/health").status, 200);
}
