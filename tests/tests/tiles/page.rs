//! The page as a browser gets it.

use yizhangtu_tests::Server;

use super::fixture::town;

const BROWSER: (&str, &str) = (
    "accept",
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
);

#[test]
fn a_browser_gets_html_that_may_load_nothing_from_elsewhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(&town(folder.path()));
    let page = server.get_with("/", &[BROWSER]);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert!(policy.contains("script-src 'self';"), "{policy}");
    assert!(
        !policy.contains("http:") && !policy.contains("https:"),
        "{policy}"
    );
    // Whatever the page names is there, of the right type.
    let text = page.text();
    for name in text.split('"').filter(|name| name.starts_with("./assets/")) {
        let asset = server.get(&name[1..]);
        assert_eq!(asset.status, 200, "{name}");
        if name.ends_with(".js") {
            let kind = asset.header("content-type").unwrap_or_default();
            assert!(kind.starts_with("text/javascript"), "{name}: {kind}");
        }
        let keep = asset.header("cache-control").unwrap_or_default();
        assert!(keep.contains("immutable"), "{name}: {keep}");
    }
}

#[test]
fn a_missing_script_is_not_the_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(&town(folder.path()));
    let missing = server.get_with("/assets/worker-0000.js", &[BROWSER]);
    assert_eq!(missing.status, 404);
    assert!(!missing.text().contains("<html"), "{}", missing.text());
}
