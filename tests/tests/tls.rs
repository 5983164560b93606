//! TLS in the server itself: what a browser gets over it, and what it gets without.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::PathBuf,
};

use serde_json::json;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use yizhangtu_tests::{Server, root, run, village};

fn certificate(name: &str) -> PathBuf {
    root().join("tests/data/tls").join(name)
}

fn trusting() -> ureq::Agent {
    let pem = fs::read(certificate("certificate.pem")).expect("a certificate");
    let own = Certificate::from_pem(&pem).expect("a certificate");
    let tls = TlsConfig::builder().root_certs(RootCerts::from([own]));
    ureq::Agent::config_builder()
        .tls_config(tls.build())
        .http_status_as_error(false)
        .build()
        .into()
}

#[test]
fn a_certificate_makes_the_service_one_of_tls() {
    let (cert, key) = (certificate("certificate.pem"), certificate("key.pem"));
    let server = Server::start_with(
        &village("donghua"),
        &[
            "--read-only",
            "--tls-cert",
            cert.to_str().expect("UTF-8"),
            "--tls-key",
            key.to_str().expect("UTF-8"),
        ],
    );
    assert!(
        server.url.starts_with("https://127.0.0.1:"),
        "{}",
        server.url
    );
    let address = server.url.trim_start_matches("https://").to_owned();

    // Who says nothing, or speaks in clear, holds nobody up and gets nothing.
    let silent = TcpStream::connect(&address).expect("a connection");
    let mut plain = TcpStream::connect(&address).expect("a connection");
    plain
        .write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        .expect("sent");
    let mut heard = Vec::new();
    drop(plain.read_to_end(&mut heard));
    assert!(!String::from_utf8_lossy(&heard).contains("HTTP/1.1 200"));

    let agent = trusting();
    let health = agent.get(format!("{}/health", server.url)).call();
    let health = health.expect("an answer");
    assert_eq!(health.status(), 200);
    let strict = health.headers().get("strict-transport-security");
    assert!(strict.is_some_and(|value| value.to_str().is_ok_and(|text| text.contains("max-age"))));

    // The session's cookie goes over TLS alone, and links say so.
    let credentials = json!({ "user": "leader", "password": "yizhangtu-demo" });
    let signed_in = agent
        .post(format!("{}/session", server.url))
        .header("content-type", "application/json")
        .send(credentials.to_string())
        .expect("an answer");
    let cookie = signed_in.headers()["set-cookie"].to_str().expect("text");
    assert!(
        cookie.starts_with("__Host-yizhangtu_session=") && cookie.contains("Secure"),
        "{cookie}"
    );
    let mut landing = agent
        .get(format!("{}/?f=json", server.url))
        .header("cookie", cookie.split(';').next().expect("a pair"))
        .call()
        .expect("an answer");
    let links = landing.body_mut().read_to_string().expect("text");
    assert!(
        links.contains("https://") && !links.contains("http://127"),
        "{links}"
    );
    drop(silent);

    // Whoever does not trust the certificate learns of it.
    let stranger = ureq::Agent::new_with_defaults();
    assert!(
        stranger
            .get(format!("{}/health", server.url))
            .call()
            .is_err()
    );
}

#[test]
fn a_certificate_without_its_key_is_an_error_that_says_so() {
    let file = village("donghua");
    let file = file.to_str().expect("UTF-8");
    let cert = certificate("certificate.pem");
    let cert = cert.to_str().expect("UTF-8");
    let alone = run(["serve", file, "--tls-cert", cert]);
    assert_eq!(alone.status.code(), Some(2));
    let wrong = run(["serve", file, "--tls-cert", cert, "--tls-key", cert]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("--tls-key"));
}
