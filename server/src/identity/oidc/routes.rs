//! `/session/oidc`: to the provider and back.

use std::time::Instant;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use cookie::Cookie;
use ring::digest::{SHA256, digest};

use super::super::gate::{address, cookie as session_cookie, note, token};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    audit::Entry,
    http::{App, Base, Parameters, Problem, percent_encoded},
};

/// The cookie that binds a sign-in under way to the browser that began it. It comes back from
/// another site, so it is not as strict as that of the session; it opens nothing by itself.
const COOKIE: &str = "yizhangtu_oidc";
const PATH: &str = "/session/oidc";

fn binding_cookie(value: &str, secure: bool) -> String {
    let mut cookie = Cookie::build((COOKIE, value))
        .path(PATH)
        .http_only(true)
        .same_site(cookie::SameSite::Lax)
        .secure(secure)
        .max_age(cookie::time::Duration::seconds(600));
    if value.is_empty() {
        cookie = cookie.max_age(cookie::time::Duration::ZERO);
    }
    cookie.to_string()
}

fn bound(headers: &HeaderMap) -> Option<&str> {
    (headers.get_all(header::COOKIE).iter())
        .filter_map(|cookies| cookies.to_str().ok())
        .flat_map(|cookies| Cookie::split_parse(cookies).flatten())
        .find(|cookie| cookie.name() == COOKIE)
        .and_then(|cookie| cookie.value_raw())
}

fn redirect(app: &App, base: &Base) -> String {
    let path = format!("{PATH}/callback");
    match &app.config().public_url {
        Some(own) => format!("{}{path}", own.trim_end_matches('/')),
        None => base.at(&path),
    }
}

fn no_provider() -> Problem {
    Problem::not_found("没有配置统一认证 / no identity provider is set up")
}

fn failed() -> Problem {
    Problem::new(
        StatusCode::BAD_GATEWAY,
        "统一认证暂不可用，请稍后再试或用口令登录 / the identity provider can't be used now; try again or sign in with a password",
    )
}

/// `GET /session/oidc`: sends somebody to the provider.
pub(in super::super) async fn begin(
    State(app): State<App>,
    base: Base,
    given: Parameters,
) -> Result<Response, Problem> {
    given.finish()?;
    let provider = app.identity().oidc().ok_or_else(no_provider)?;
    let asked = std::sync::Arc::clone(provider);
    let authorization = tokio::task::spawn_blocking(move || asked.authorization())
        .await
        .map_err(Problem::internal)?
        .map_err(|error| {
            tracing::error!(%error, "nobody could be sent to the identity provider");
            failed()
        })?;
    let (state, begun) = app.identity().pending.begin(Instant::now());
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, begun.verifier.as_bytes()));
    let settings = &provider.settings;
    let redirect = redirect(&app, &base);
    let query: Vec<String> = [
        ("response_type", "code"),
        ("client_id", &settings.client_id),
        ("redirect_uri", &redirect),
        ("scope", &settings.scope),
        ("state", &state),
        ("nonce", &begun.nonce),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ]
    .map(|(name, value)| format!("{name}={}", percent_encoded(value)))
    .into();
    let mark = if authorization.contains('?') {
        '&'
    } else {
        '?'
    };
    let to = format!("{authorization}{mark}{}", query.join("&"));
    sent(
        &to,
        &[binding_cookie(&begun.binding, app.identity().is_secure())],
    )
}

/// `GET /session/oidc/callback?code=&state=`: somebody comes back.
pub(in super::super) async fn finish(
    State(app): State<App>,
    base: Base,
    headers: HeaderMap,
    mut given: Parameters,
    request: Request,
) -> Result<Response, Problem> {
    let identity = app.identity();
    let provider = identity.oidc().ok_or_else(no_provider)?;
    let from = address(&request);
    let (code, state) = (given.take("code")?, given.take("state")?);
    let begun = identity.pending.take(
        state.as_deref().unwrap_or_default(),
        bound(&headers),
        Instant::now(),
    );
    let refused = |reason: &'static str| {
        let (app, entry) = (app.clone(), Entry::of("login", "oidc").refused());
        let noted = move || app.note_stranger("", from, entry.because(reason));
        async move {
            // What fails is in the server's log already.
            let _ = tokio::task::spawn_blocking(noted).await;
        }
    };
    // The provider says why it refused in words of its own, which are nobody's business here.
    let (Some(begun), Some(code)) = (begun, code) else {
        refused("state").await;
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "登录未完成或已超时，请返回首页重新登录 / signing in was not finished in time; go back to the page and begin again",
        ));
    };
    let (asked, redirect) = (std::sync::Arc::clone(provider), redirect(&app, &base));
    let claims = tokio::task::spawn_blocking(move || {
        asked.redeem(&code, &begun.verifier, &redirect, &begun.nonce)
    })
    .await
    .map_err(Problem::internal)?;
    let claims = match claims {
        Ok(claims) => claims,
        Err(error) => {
            tracing::error!(%error, "somebody could not be signed in");
            refused("token").await;
            return Err(failed());
        }
    };
    let settings = &provider.settings;
    let user = claims
        .others
        .get(&settings.claim)
        .and_then(|claim| claim.as_str());
    let second_factor = (claims.amr.iter()).any(|way| settings.second_factors.contains(way));
    let agent = (headers.get(header::USER_AGENT)).and_then(|agent| agent.to_str().ok());
    let signed_in =
        user.and_then(|user| identity.sign_in_as(user, second_factor, agent.unwrap_or_default()));
    let Some(signed_in) = signed_in else {
        refused("account").await;
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "统一认证已通过，但本系统没有您的账户，或账户已停用；请联系系统管理员 / the provider knows you, but there is no account of yours here, or it is not in use; ask the system administrator",
        ));
    };
    // A session that the browser had before, of whomever, ends here.
    if let Some(old) = token(&headers, identity.is_secure()) {
        identity.end(old);
    }
    let viewer = signed_in.viewer.from(from);
    note(app.clone(), viewer, Entry::of("login", "oidc")).await;
    let secure = identity.is_secure();
    sent(
        "/",
        &[
            session_cookie(Some(&signed_in.token), secure),
            binding_cookie("", secure),
        ],
    )
}

/// Sends a browser on, with cookies.
fn sent(to: &str, cookies: &[String]) -> Result<Response, Problem> {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    let value = |text: &str| HeaderValue::from_str(text).map_err(Problem::internal);
    headers.insert(header::LOCATION, value(to)?);
    for cookie in cookies {
        headers.append(header::SET_COOKIE, value(cookie)?);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
