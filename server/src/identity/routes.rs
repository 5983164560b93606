//! `/session`: signing in and out, and who is asking.

use std::{collections::BTreeMap, net::IpAddr};

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, patch, post},
};
use serde::Deserialize;
use serde_json::{Value, json};
use yizhangtu_data::demo;

use super::{
    PasswordRefusal, Refusal, accounts, factor_routes,
    gate::{address, cookie, note, token},
    oidc, places,
};
use crate::{
    audit::Entry,
    http::{App, FieldProblem, Problem},
    policy::{Action, Viewer},
};

/// The routes of sessions.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/session", get(session).post(sign_in).delete(sign_out))
        .route("/session/password", post(change_password))
        .route(
            "/session/factor",
            post(factor_routes::begin).put(factor_routes::confirm),
        )
        .route("/session/code", post(factor_routes::give))
        .route("/session/oidc", get(oidc::begin))
        .route("/session/oidc/callback", get(oidc::finish))
        .route("/accounts", get(accounts::list).post(accounts::make))
        .route("/accounts/places", get(places::found))
        .route("/accounts/{user}", patch(accounts::change))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    user: String,
    password: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    old: String,
    new: String,
}

/// `GET /session`: who is asking, what they may do, and how to sign in.
async fn session(State(app): State<App>, viewer: Viewer, request: Request) -> Response {
    let mut told = described(&app, &viewer);
    let token = token(request.headers(), app.identity().is_secure());
    let revoked = token.is_some_and(|token| app.identity().is_revoked(token));
    told["revoked"] = revoked.into();
    unkept(Json(told).into_response())
}

/// What one's session never leaves in a cache.
pub(super) fn unkept(mut response: Response) -> Response {
    let no_store = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, no_store);
    response
}

fn described(app: &App, viewer: &Viewer) -> Value {
    let (who, identity) = (viewer.who(), app.identity());
    let may = |action: Action| app.layers().iter().any(|layer| viewer.may(action, layer));
    let change = !app.read_only()
        && [Action::Create, Action::Edit, Action::Delete]
            .into_iter()
            .any(may);
    let layers: BTreeMap<&str, Vec<&str>> = app
        .layers()
        .iter()
        .map(|layer| {
            let granted = Action::ALL.into_iter().map(|(action, _)| action);
            // What steps of a process alone change is nobody's to edit.
            let granted = granted.filter(|action| {
                viewer.may(*action, layer) && !(layer.is_held() && action.changes())
            });
            (layer.id.as_str(), granted.map(Action::name).collect())
        })
        .collect();
    let shared = identity.shared();
    let demonstration = (!shared.is_empty()).then(|| {
        let accounts: Vec<Value> = shared
            .iter()
            .map(|(user, role)| json!({ "user": user, "role": role.id, "title": role.title }))
            .collect();
        json!({ "password": demo::PASSWORD, "accounts": accounts })
    });
    json!({
        "user": who.user,
        "author": viewer.author(),
        "name": who.name,
        "unit": who.unit,
        "role": who.role.as_ref().map(|role| json!({ "id": role.id, "title": role.title })),
        "territory": who.territory,
        "accounts": identity.has_accounts(),
        "signed_in": who.user.is_some(),
        "must_sign_in": who.role.is_none() && identity.has_accounts(),
        "must_change_password": who.must_change,
        "second_factor": factor_routes::state(app, viewer),
        "read_only": app.read_only(),
        "damaged": app.damage().get().is_some(),
        "rights": {
            "read": may(Action::View),
            "change": change,
            "unmask": may(Action::Unmask),
            "duties": who.role.as_ref().map_or(&[][..], |role| &role.duties),
            "layers": layers,
        },
        "demonstration": demonstration,
        "identity_provider": identity.oidc().map(|provider| provider.title()),
        "notice": notice(app, viewer),
    })
}

/// What whoever asks must know of their session; nothing for an account.
fn notice(app: &App, viewer: &Viewer) -> Option<Value> {
    if viewer.who().user.is_some() {
        return None;
    }
    let (zh, en) = if !app.identity().has_accounts() {
        (
            "此文件没有账户：本机任何人都有全部权限，个人信息默认遮盖",
            "This file has no accounts: anyone on this machine has full rights; personal data is shown masked",
        )
    } else if viewer.who().role.is_some() {
        (
            "演示数据：未登录者只能查看，个人信息已遮盖；登录后可试用各角色",
            "Demonstration: without signing in one may only look, personal data is masked; sign in to try each role",
        )
    } else {
        ("请登录", "Please sign in")
    };
    Some(json!({ "zh": zh, "en": en }))
}

/// `POST /session`: signs in and sets the cookie.
async fn sign_in(
    State(app): State<App>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let address = address(&request);
    let given: Credentials = read(request).await?;
    let agent = headers
        .get(header::USER_AGENT)
        .and_then(|agent| agent.to_str().ok());
    let identity = app.identity();
    if !identity.has_accounts() {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "此文件没有账户，无需登录 / this file has no accounts; there is nothing to sign in to",
        ));
    }
    let signed_in = identity
        .sign_in(
            given.user.trim(),
            given.password,
            address,
            agent.unwrap_or_default(),
        )
        .await;
    let signed_in = match signed_in {
        Ok(signed_in) => signed_in,
        Err(Refusal::Wrong) => {
            stranger(&app, given.user, address, "wrong").await;
            return Err(Problem::new(
                StatusCode::UNAUTHORIZED,
                "用户名或口令不正确，或账户已停用 / the user or password is wrong, or the account is not in use",
            ));
        }
        Err(Refusal::Wait(wait)) => {
            stranger(&app, given.user, address, "locked").await;
            let minutes = wait.as_secs().div_ceil(60);
            let problem = Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                format!(
                    "失败次数过多，请 {minutes} 分钟后再试 / too many failures; try again in {minutes} min"
                ),
            );
            let mut response = problem.into_response();
            let seconds = HeaderValue::from(wait.as_secs().max(1));
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
            return Ok(response);
        }
    };
    // A session that the browser had before, of whomever, ends here.
    if let Some(old) = token(&headers, identity.is_secure()) {
        identity.end(old);
    }
    let viewer = signed_in.viewer.clone().from(address);
    note(app.clone(), viewer, Entry::of("login", "")).await;
    let set = cookie(Some(&signed_in.token), identity.is_secure());
    Ok(with_cookie(
        Json(described(&app, &signed_in.viewer)).into_response(),
        &set,
    ))
}

/// `DELETE /session`: signs out.
async fn sign_out(State(app): State<App>, viewer: Viewer, headers: HeaderMap) -> Response {
    let identity = app.identity();
    if viewer.who().user.is_some() {
        note(app.clone(), viewer, Entry::of("logout", "")).await;
    }
    if let Some(token) = token(&headers, identity.is_secure()) {
        identity.end(token);
    }
    let set = cookie(None, identity.is_secure());
    with_cookie(StatusCode::NO_CONTENT.into_response(), &set)
}

/// `POST /session/password`: chooses a new password. All other sessions of the account end.
async fn change_password(
    State(app): State<App>,
    viewer: Viewer,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let given: NewPassword = read(request).await?;
    let identity = app.identity();
    if identity.writer.is_none() {
        return Err(Problem::read_only());
    }
    let user = viewer.who().user.as_deref().unwrap_or_default();
    let account = identity.accounts.load().get(user).cloned();
    let account = account.ok_or_else(Problem::sign_in)?;
    if identity.is_shared(&account) {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "演示账户的口令是公开的，请用 yizhangtu user passwd 修改 / the password of a demonstration's account is public; change it by yizhangtu user passwd",
        ));
    }
    let fault = |field: &str, code, message: String| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, message.clone()).with(FieldProblem {
            field: field.to_owned(),
            row: None,
            code,
            message,
        })
    };
    if !identity.verified(given.old, account.password.clone()).await {
        let message = "原口令不正确 / the old password is wrong";
        return Err(fault("old", "wrong", message.to_owned()));
    }
    match identity.set_password(&account, given.new).await {
        Ok(()) => {}
        Err(PasswordRefusal::Fault(message)) => return Err(fault("new", "weak", message)),
        Err(PasswordRefusal::Store(cause)) => return Err(Problem::internal(cause)),
    }
    let own = token(&headers, identity.is_secure());
    identity.end_all(&account.user, own);
    note(
        app.clone(),
        viewer.clone(),
        Entry::of("password", account.user.clone()),
    )
    .await;
    Ok(unkept(StatusCode::NO_CONTENT.into_response()))
}

/// Writes that somebody was not let in.
async fn stranger(app: &App, user: String, address: Option<IpAddr>, reason: &'static str) {
    let app = app.clone();
    let entry = Entry::of("login", "").refused().because(reason);
    // What fails is in the server's log already.
    let _ = tokio::task::spawn_blocking(move || app.note_stranger(&user, address, entry)).await;
}

fn with_cookie(mut response: Response, set: &str) -> Response {
    if let Ok(set) = HeaderValue::from_str(set) {
        response.headers_mut().insert(header::SET_COOKIE, set);
    }
    unkept(response)
}

/// A small JSON body.
pub(crate) async fn read<T: for<'a> Deserialize<'a>>(request: Request) -> Result<T, Problem> {
    const LARGEST: usize = 64 << 10;
    let body = axum::body::to_bytes(request.into_body(), LARGEST)
        .await
        .map_err(|_| {
            Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "内容过大 / the body is too large",
            )
        })?;
    serde_json::from_slice(&body).map_err(|error| {
        // The words of serde may quote what was sent, a password too.
        let (line, column) = (error.line(), error.column());
        Problem::new(
            StatusCode::BAD_REQUEST,
            format!(
                "请求体不是所需的 JSON（第 {line} 行第 {column} 列） / the body is not the JSON wanted (line {line}, column {column})"
            ),
        )
    })
}
