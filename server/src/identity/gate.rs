//! The gate: finds out who asks, and whether the route is for them, before any handler runs.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    extract::{ConnectInfo, MatchedPath, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use cookie::Cookie;

use super::Identity;
use super::Settings;
use crate::{
    audit::Entry,
    http::{App, Problem},
    page,
    policy::{Need, Viewer, Who, is_known, need},
};

/// The cookie of a session; over TLS with a prefix that binds it to the host.
const COOKIE: &str = "yizhangtu_session";
const SECURE_COOKIE: &str = "__Host-yizhangtu_session";

/// Lets a request in, with its [`Viewer`], or answers it.
pub(crate) async fn gate(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let address = address(&request);
    match admit(&app, &request) {
        Ok(viewer) => {
            if let Err(wait) = afford(&app, &request, &viewer, address) {
                return too_much(wait);
            }
            request.extensions_mut().insert(viewer.from(address));
            next.run(request).await
        }
        Err((problem, viewer)) => {
            if let Some(viewer) = viewer.filter(|viewer| viewer.who().user.is_some()) {
                let pattern = request.extensions().get::<MatchedPath>();
                let pattern = pattern.map_or("", |pattern| pattern.as_str());
                let object = format!("{} {pattern}", request.method());
                note(
                    app,
                    viewer.from(address),
                    Entry::of("request", object).refused(),
                )
                .await;
            }
            problem.into_response()
        }
    }
}

/// Takes what a request costs from what its asker has left.
fn afford(
    app: &App,
    request: &Request,
    viewer: &Viewer,
    address: Option<IpAddr>,
) -> Result<(), Duration> {
    let Some(pattern) = request.extensions().get::<MatchedPath>() else {
        return Ok(());
    };
    let (identity, what) = (app.identity(), (request.method(), pattern.as_str()));
    let rate = &Settings::usual().rate;
    identity
        .rates
        .take(viewer, address, what, rate, Instant::now())
}

fn too_much(wait: Duration) -> Response {
    let seconds = wait.as_secs().max(1);
    let problem = Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        format!("请求过多，请 {seconds} 秒后再试 / too many requests; try again in {seconds} s"),
    );
    let mut response = problem.into_response();
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// Writes an act beside the threads that answer.
pub(super) async fn note(app: App, viewer: Viewer, entry: Entry) {
    // What fails is in the server's log already.
    let _ = tokio::task::spawn_blocking(move || app.note(&viewer, entry)).await;
}

/// The network address that asks.
pub(super) fn address(request: &Request) -> Option<IpAddr> {
    let connection = request.extensions().get::<ConnectInfo<SocketAddr>>();
    connection.map(|ConnectInfo(address)| address.ip())
}

/// The viewer, or why not, and who it would have been.
fn admit(app: &App, request: &Request) -> Result<Viewer, (Problem, Option<Box<Viewer>>)> {
    let identity = app.identity();
    let nobody = || Viewer::new(Arc::new(Who::unnamed(&identity.rights(), "")));
    let Some(pattern) = request.extensions().get::<MatchedPath>() else {
        // No such path: the fallback says so to everyone alike.
        return Ok(nobody());
    };
    let need = needed(request.method(), pattern.as_str()).map_err(unnamed)?;
    let headers = request.headers();
    let key = bearer(headers);
    let named = match key {
        // A key that is none must not be answered as a guest: its program would not notice.
        Some(key) => Some(identity.by_key(key).ok_or_else(|| unnamed(no_key()))?),
        None => token(headers, identity.secure).and_then(|token| identity.by_token(token)),
    };
    // No other site can make a browser send a key.
    if key.is_none() && !request.method().is_safe() {
        refuse_other_sites(headers, request.uri()).map_err(unnamed)?;
    }
    let viewer = match named {
        Some(viewer) => Some(viewer),
        None => {
            let guest = identity.unnamed();
            if guest.is_some() && need != Need::Open {
                refuse_other_names(headers, request.uri()).map_err(unnamed)?;
            }
            guest
        }
    };
    let Some(viewer) = viewer else {
        return match need {
            Need::Open => Ok(nobody()),
            _ => Err((Problem::sign_in(), None)),
        };
    };
    if viewer.who().must_change && !matches!(need, Need::Open | Need::Account) {
        let problem = Problem::new(
            StatusCode::FORBIDDEN,
            "请先修改口令：POST /session/password / change the password first: POST /session/password",
        );
        return Err((problem, None));
    }
    let ranked = viewer
        .who()
        .role
        .as_ref()
        .is_some_and(|role| role.second_factor);
    if ranked && !matches!(need, Need::Open | Need::Account) {
        viewer.require_factor().map_err(|problem| (problem, None))?;
    }
    let met = match need {
        Need::Open | Need::Somebody => true,
        Need::Writer => !viewer.is_guest(),
        Need::Account => viewer.who().user.is_some(),
        Need::Duty(duty) => viewer.holds(duty),
    };
    if met {
        Ok(viewer)
    } else {
        Err((viewer.refused(), Some(Box::new(viewer))))
    }
}

/// A refusal that nobody in particular earned.
fn unnamed(problem: Problem) -> (Problem, Option<Box<Viewer>>) {
    (problem, None)
}

fn needed(method: &Method, pattern: &str) -> Result<Need, Problem> {
    if let Some(need) = need(method, pattern) {
        return Ok(need);
    }
    if is_known(pattern) {
        return Err(Problem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            format!("路径 {pattern} 不接受 {method} / the path {pattern} does not take {method}"),
        ));
    }
    if page::has_file(pattern) {
        return Ok(Need::Open);
    }
    tracing::error!(pattern, "a route without a policy");
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "此路径未设权限 / this path has no policy",
    ))
}

/// The key of a program.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = given.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

fn no_key() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "密钥无效、已过期或已收回 / the key is none, has ended or was taken back",
    )
}

/// The token of a session in the cookies.
pub(super) fn token(headers: &HeaderMap, secure: bool) -> Option<&str> {
    let name = if secure { SECURE_COOKIE } else { COOKIE };
    (headers.get_all(header::COOKIE).iter())
        .filter_map(|cookies| cookies.to_str().ok())
        .flat_map(|cookies| Cookie::split_parse(cookies).flatten())
        .find(|cookie| cookie.name() == name)
        .and_then(|cookie| cookie.value_raw())
        .filter(|token| token.len() == 64)
}

/// The cookie that keeps a session, or ends it where there is no token.
pub(super) fn cookie(token: Option<&str>, secure: bool) -> String {
    let name = if secure { SECURE_COOKIE } else { COOKIE };
    let mut cookie = Cookie::build((name, token.unwrap_or_default()))
        .path("/")
        .http_only(true)
        .same_site(cookie::SameSite::Strict)
        .secure(secure);
    if token.is_none() {
        cookie = cookie.max_age(cookie::time::Duration::ZERO);
    }
    cookie.to_string()
}

/// Refuses a change that another site's page asked a browser for (CSRF): by what the browser
/// says of where the request comes from. A program says nothing of the kind and is let by; it
/// has no cookies that somebody else could make it send.
fn refuse_other_sites(headers: &HeaderMap, uri: &Uri) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let refused = || {
        Problem::new(
            StatusCode::FORBIDDEN,
            "来自其他网站的请求不予受理 / requests from other sites are not taken",
        )
    };
    match text("sec-fetch-site") {
        Some("same-origin" | "none") => return Ok(()),
        Some(_) => return Err(refused()),
        None => {}
    }
    let Some(origin) = text("origin") else {
        return Ok(());
    };
    let host = host(headers, uri);
    let own = origin.split_once("://").map(|(_, authority)| authority);
    if own.is_some() && own == host {
        Ok(())
    } else {
        Err(refused())
    }
}

/// Refuses a request without credentials that calls this machine by another name: a page of
/// any site can give its own name our address (DNS rebinding) and would read the map.
fn refuse_other_names(headers: &HeaderMap, uri: &Uri) -> Result<(), Problem> {
    let Some(host) = host(headers, uri) else {
        return Ok(());
    };
    let name = host.rsplit_once(':').map_or(host, |(name, port)| {
        if port.bytes().all(|byte| byte.is_ascii_digit()) {
            name
        } else {
            host
        }
    });
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    let here = bare.eq_ignore_ascii_case("localhost")
        || bare
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    if here {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "未登录时只能以 localhost 或 127.0.0.1 访问 / without signing in, call this machine localhost or 127.0.0.1",
    ))
}

fn host<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    (headers
        .get(header::HOST)
        .and_then(|value| value.to_str().ok()))
    .or_else(|| uri.authority().map(|authority| authority.as_str()))
}

impl Identity {
    /// Whether cookies go over TLS alone.
    pub(super) fn is_secure(&self) -> bool {
        self.secure
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    header::HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    #[test]
    fn other_sites_are_refused_and_programs_are_not() {
        let uri = Uri::from_static("/changes");
        let taken = |pairs: &[(&'static str, &'static str)]| {
            refuse_other_sites(&headers(pairs), &uri).is_ok()
        };
        assert!(taken(&[("host", "map.village")]));
        assert!(taken(&[
            ("host", "map.village"),
            ("sec-fetch-site", "same-origin")
        ]));
        assert!(taken(&[
            ("host", "map.village:8080"),
            ("origin", "http://map.village:8080")
        ]));
        assert!(!taken(&[
            ("host", "map.village"),
            ("sec-fetch-site", "cross-site")
        ]));
        assert!(!taken(&[
            ("host", "map.village"),
            ("sec-fetch-site", "same-site")
        ]));
        assert!(!taken(&[
            ("host", "map.village"),
            ("origin", "https://evil.example")
        ]));
        assert!(!taken(&[("host", "map.village"), ("origin", "null")]));
        assert!(!taken(&[
            ("host", "map.village:8080"),
            ("origin", "http://map.village:9")
        ]));
    }

    #[test]
    fn another_name_for_this_machine_is_refused_without_credentials() {
        let uri = Uri::from_static("/lookup");
        for here in [
            "localhost",
            "localhost:8080",
            "127.0.0.1:1",
            "[::1]:8080",
            "[::1]",
            "LOCALHOST",
        ] {
            let mut map = HeaderMap::new();
            map.insert(header::HOST, HeaderValue::from_str(here).unwrap());
            assert!(refuse_other_names(&map, &uri).is_ok(), "{here}");
        }
        for other in ["evil.example", "127.0.0.1.evil.example:80", "10.0.0.7:8080"] {
            let mut map = HeaderMap::new();
            map.insert(header::HOST, HeaderValue::from_str(other).unwrap());
            assert!(refuse_other_names(&map, &uri).is_err(), "{other}");
        }
    }

    #[test]
    fn a_cookie_of_ours_is_read_again() {
        let value = "a".repeat(64);
        let set = cookie(Some(&value), true);
        for part in [
            "__Host-yizhangtu_session=",
            "HttpOnly",
            "SameSite=Strict",
            "Secure",
            "Path=/",
        ] {
            assert!(set.contains(part), "{set}");
        }
        let mut map = HeaderMap::new();
        let sent = format!("other=1; {SECURE_COOKIE}={value}");
        map.insert(header::COOKIE, HeaderValue::from_str(&sent).unwrap());
        assert_eq!(token(&map, true), Some(value.as_str()));
        assert_eq!(token(&map, false), None);
        assert!(cookie(None, false).contains("Max-Age=0"));
    }
}
