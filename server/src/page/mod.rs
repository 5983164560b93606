//! The page: the built front end, inside the binary.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use rust_embed::RustEmbed;

use crate::http::{App, Encoded, Problem};

/// Nothing from anywhere but here: neither scripts nor tiles, fonts or pictures. The page
/// has no inline script and no inline style; its tests fail on a breach.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; worker-src 'self'; img-src 'self' data: blob:; \
     style-src 'self'; connect-src 'self'; font-src 'self'; \
     manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// The build puts a hash of the content into the names of these.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// Asked anew each time; unchanged, it is not sent again.
const ASK_AGAIN: &str = "no-cache";

/// What `npm run build` made. Debug builds read it from the folder when they run, so that
/// the page can be rebuilt beside a running server.
#[derive(RustEmbed)]
#[folder = "../frontend/dist"]
#[allow_missing = true]
struct Built;

/// Files by name and hash, compressed once.
static READY: LazyLock<Mutex<HashMap<FileKey, Arc<Encoded>>>> = LazyLock::new(Mutex::default);

/// The hash of a file's content, and its name.
type FileKey = ([u8; 32], String);

/// The page and its files.
pub(crate) fn routes() -> Router<App> {
    let folder = Router::new().route("/assets/{*path}", get(asset));
    Built::iter()
        .filter(|name| !name.starts_with("assets/") && name != "index.html")
        // Braces mean parameters to the router.
        .filter(|name| !name.contains(['{', '}']))
        .fold(folder, |routes, name| {
            routes.route(&format!("/{name}"), get(file))
        })
}

/// Whether a route's pattern is a file of the page.
pub(crate) fn has_file(pattern: &str) -> bool {
    Built::get(pattern.trim_start_matches('/')).is_some()
}

/// The page itself, or how to build it.
pub(crate) fn document(headers: &HeaderMap) -> Response {
    let mut response = match Built::get("index.html") {
        Some(index) => serve("index.html", &index, headers, ASK_AGAIN),
        None => (
            StatusCode::SERVICE_UNAVAILABLE,
            Html(include_str!("not-built.html")),
        )
            .into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    headers.append(header::VARY, HeaderValue::from_static("accept"));
    response
}

async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    find(&format!("assets/{path}"), &headers, FOR_EVER)
}

async fn file(uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    find(uri.path().trim_start_matches('/'), &headers, ASK_AGAIN)
}

/// A missing file is a 404, never the page: a browser that gets HTML for a script shows a
/// blank map and no reason.
fn find(name: &str, headers: &HeaderMap, keep: &'static str) -> Result<Response, Problem> {
    let built = Built::get(name).ok_or_else(|| {
        Problem::not_found(format!("页面没有文件 {name} / the page has no file {name}"))
    })?;
    let mut response = serve(name, &built, headers, keep);
    // The worker of the map inherits no policy from the page.
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, POLICY);
    Ok(response)
}

fn serve(
    name: &str,
    file: &rust_embed::EmbeddedFile,
    headers: &HeaderMap,
    keep: &'static str,
) -> Response {
    let key = (file.metadata.sha256_hash(), name.to_owned());
    let ready = READY
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .entry(key)
        .or_insert_with(|| Arc::new(Encoded::new(file.data.to_vec())))
        .clone();
    ready.answer(headers, &media_type(name, file), keep)
}

/// Browsers refuse module scripts of any type but JavaScript's, whatever the extension.
fn media_type(name: &str, file: &rust_embed::EmbeddedFile) -> String {
    let extension = name.rsplit('.').next().unwrap_or_default();
    match extension {
        "js" | "mjs" => "text/javascript; charset=utf-8".to_owned(),
        "html" => "text/html; charset=utf-8".to_owned(),
        "css" => "text/css; charset=utf-8".to_owned(),
        "webmanifest" => "application/manifest+json".to_owned(),
        _ => file.metadata.mimetype().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_allows_nothing_from_elsewhere() {
        let policy = POLICY;
        let policy = policy.to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"));
        assert!(!policy.contains("http"));
        assert!(!policy.contains("unsafe-eval"));
        assert!(!policy.split(';').any(|rule| rule.trim() == "script-src *"));
    }

    #[test]
    fn a_missing_file_is_not_the_page() {
        let answer = find("assets/index-00000000.js", &HeaderMap::new(), FOR_EVER);
        assert_eq!(answer.unwrap_err().status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn the_document_is_html_with_the_policy() {
        let answer = document(&HeaderMap::new());
        assert_eq!(answer.headers()[header::CONTENT_SECURITY_POLICY], POLICY);
        assert_eq!(
            answer.headers()[header::CONTENT_TYPE],
            "text/html; charset=utf-8"
        );
    }
}
