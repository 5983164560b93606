//! Signing in with a customer's own identity provider, here a small one on this machine.

use std::{
    collections::HashMap,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use serde_json::{Value, json};
use yizhangtu_tests::{Asker, Reply, Server, binary, village};

/// An identity provider: what it says of itself, its key, and tokens for codes.
struct Provider {
    url: String,
    pair: EcdsaKeyPair,
    /// What a code stands for: the challenge, and the claims.
    codes: Mutex<HashMap<String, (String, Value)>>,
}

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn pair() -> EcdsaKeyPair {
    let (rule, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
    let made = EcdsaKeyPair::generate_pkcs8(rule, &random).expect("a key");
    EcdsaKeyPair::from_pkcs8(rule, made.as_ref(), &random).expect("a key")
}

impl Provider {
    fn start() -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let own = Arc::new(Self {
            url: format!("http://{address}"),
            pair: pair(),
            codes: Mutex::default(),
        });
        let serving = Arc::clone(&own);
        // It ends with the test's process.
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                serving.answer(connection);
            }
        });
        own
    }

    fn answer(&self, connection: TcpStream) {
        let mut reader = BufReader::new(connection);
        let mut first = String::new();
        drop(reader.read_line(&mut first));
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        let mut body = vec![0; length];
        drop(reader.read_exact(&mut body));
        let path = first.split(' ').nth(1).unwrap_or_default();
        let told = match path {
            "/.well-known/openid-configuration" => Some(json!({
                "issuer": self.url,
                "authorization_endpoint": format!("{}/authorize", self.url),
                "token_endpoint": format!("{}/token", self.url),
                "jwks_uri": format!("{}/jwks", self.url),
            })),
            "/jwks" => {
                let point = self.pair.public_key().as_ref();
                Some(json!({ "keys": [
                    { "kty": "oct", "kid": "k0", "k": "AAAA" },
                    { "kty": "EC", "crv": "P-256", "kid": "k1", "use": "sig", "alg": "ES256",
                      "x": encoded(&point[1..33]), "y": encoded(&point[33..]) },
                ] }))
            }
            "/token" => self.token(&String::from_utf8_lossy(&body)),
            _ => None,
        };
        let (status, text) = match told {
            Some(told) => ("200 OK", told.to_string()),
            None => ("400 Bad Request", r#"{"error":"invalid_grant"}"#.to_owned()),
        };
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            text.len()
        );
        drop(
            reader
                .get_mut()
                .write_all(format!("{head}{text}").as_bytes()),
        );
    }

    fn token(&self, form: &str) -> Option<Value> {
        let fields: HashMap<&str, &str> = form
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .collect();
        let (challenge, claims) = self.codes.lock().unwrap().remove(*fields.get("code")?)?;
        let verifier = fields.get("code_verifier")?;
        let shown = encoded(digest(&SHA256, verifier.as_bytes()).as_ref());
        if shown != challenge || fields.get("client_id") != Some(&"map") {
            return None;
        }
        let head = encoded(
            json!({ "alg": "ES256", "kid": "k1" })
                .to_string()
                .as_bytes(),
        );
        let message = format!("{head}.{}", encoded(claims.to_string().as_bytes()));
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes());
        let signature = encoded(signature.expect("a signature").as_ref());
        Some(json!({
            "access_token": "none", "token_type": "Bearer",
            "id_token": format!("{message}.{signature}"),
        }))
    }

    /// Somebody signs in at the provider, who sends them back with a code.
    fn approve(&self, asked: &HashMap<String, String>, user: &str, change: Option<(&str, Value)>) {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("now")
            .as_secs();
        let mut claims = json!({
            "iss": self.url, "aud": "map", "sub": "7", "nonce": asked["nonce"],
            "iat": now, "exp": now + 300, "preferred_username": user, "amr": ["pwd", "otp"],
        });
        if let Some((name, value)) = change {
            claims[name] = value;
        }
        let code = (asked["code_challenge"].clone(), claims);
        self.codes
            .lock()
            .unwrap()
            .insert(format!("code-{user}"), code);
    }
}

/// The parameters of the address that an answer leads to.
fn sent_to(reply: &Reply) -> HashMap<String, String> {
    assert_eq!(reply.status, 303, "{}", reply.text());
    let address = reply.header("location").expect("an address");
    let (_, query) = address.split_once('?').expect("a query");
    let decoded = |text: &str| {
        text.replace("%3A", ":")
            .replace("%2F", "/")
            .replace("%20", " ")
    };
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), decoded(value)))
        .collect()
}

fn add_account(file: &Path, user: &str, role: &str) {
    let mut add = Command::new(binary())
        .args(["user", "add"])
        .arg(file)
        .args([user, "--role", role, "--password-stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("the binary runs");
    let mut input = add.stdin.take().expect("piped");
    writeln!(input, "First-River-7-stone").expect("a pipe");
    drop(input);
    assert!(add.wait().expect("it ends").success());
}

/// The cookie of a name that an answer sets, as a pair.
fn set(reply: &Reply, name: &str) -> Option<String> {
    let pair = |value: &String| value.split(';').next().unwrap_or_default().to_owned();
    let mut all = reply
        .headers
        .iter()
        .filter(|(header, _)| header == "set-cookie");
    all.find(|(_, value)| value.starts_with(&format!("{name}=")))
        .map(|(_, value)| pair(value))
}

#[test]
fn whoever_the_provider_names_gets_the_account_of_that_name_and_no_other() {
    let provider = Provider::start();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("village.gpkg");
    fs::copy(village("donghua"), &file).expect("a copy");
    add_account(&file, "li.si", "enforcement_lead");
    let settings = folder.path().join("oidc.toml");
    let written = format!(
        "issuer = \"{}\"\nclient_id = \"map\"\nsecond_factors = [\"otp\"]\ntitle = {{ zh = \"政务统一认证\", en = \"Government sign-in\" }}\n",
        provider.url
    );
    fs::write(&settings, written).expect("written");
    let server = Server::start_with(&file, &["--oidc", settings.to_str().expect("UTF-8")]);
    assert_eq!(
        server.get("/session").json()["identity_provider"]["zh"],
        "政务统一认证"
    );

    let begin = |server: &Asker| {
        let begun = server.get("/session/oidc");
        let binding = set(&begun, "yizhangtu_oidc").expect("a cookie");
        (sent_to(&begun), binding)
    };
    let back = |binding: &str, state: &str, code: &str| {
        let path = format!("/session/oidc/callback?code={code}&state={state}");
        server.get_with(&path, &[("cookie", binding)])
    };

    let (asked, binding) = begin(&server);
    assert_eq!(asked["code_challenge_method"], "S256");
    assert!(asked["redirect_uri"].ends_with("/session/oidc/callback"));
    provider.approve(&asked, "li.si", None);
    let came = back(&binding, &asked["state"], "code-li.si");
    assert_eq!(
        (came.status, came.header("location")),
        (303, Some("/")),
        "{}",
        came.text()
    );
    let session = set(&came, "yizhangtu_session").expect("a session");
    let asker = server.with_cookie(&session);
    let told = asker.get("/session").json();
    assert_eq!(
        (&told["user"], &told["role"]["id"]),
        (&json!("li.si"), &json!("enforcement_lead"))
    );
    // No password to change, and the provider's one-time code counts.
    assert_eq!(told["must_change_password"], false);
    assert_eq!(told["second_factor"]["needed"], false);
    assert_eq!(
        asker
            .get("/collections/violation_case/items?limit=1")
            .status,
        200
    );

    // A state is good once, and only for the browser that began.
    provider.approve(&asked, "li.si", None);
    assert_eq!(back(&binding, &asked["state"], "code-li.si").status, 400);
    let (asked, _) = begin(&server);
    provider.approve(&asked, "li.si", None);
    assert_eq!(
        back("yizhangtu_oidc=planted", &asked["state"], "code-li.si").status,
        400
    );

    // What is not said for this service, now, for this sign-in, is not believed.
    for (claim, value) in [
        ("aud", json!("other")),
        ("iss", json!("https://evil.example")),
        ("nonce", json!("another")),
        ("exp", json!(1)),
    ] {
        let (asked, binding) = begin(&server);
        provider.approve(&asked, "li.si", Some((claim, value)));
        let refused = back(&binding, &asked["state"], "code-li.si");
        assert_eq!(refused.status, 502, "{claim}");
        assert!(set(&refused, "yizhangtu_session").is_none());
    }
    // A code of another's sign-in: the verifier does not fit.
    let (asked, _) = begin(&server);
    provider.approve(&asked, "li.si", None);
    let (other, binding) = begin(&server);
    assert_eq!(back(&binding, &other["state"], "code-li.si").status, 502);

    // Whom the provider knows and nobody made an account for gets none; nor does a shared one.
    for user in ["nobody.here", "auditor"] {
        let (asked, binding) = begin(&server);
        provider.approve(&asked, user, None);
        let refused = back(&binding, &asked["state"], &format!("code-{user}"));
        assert_eq!(refused.status, 403, "{user}");
    }
}
