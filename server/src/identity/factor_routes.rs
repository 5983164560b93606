//! `/session/factor` and `/session/code`: setting a second factor up, and giving its codes.

use axum::{
    Json,
    body::Bytes,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    factor::FactorRefusal,
    gate::{address, cookie, note, token},
    routes::{read, unkept},
};
use crate::{
    audit::Entry,
    http::{App, FieldProblem, Problem},
    policy::Viewer,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    code: String,
}

/// `POST /session/factor`: a secret for an authenticator app, as text and as a QR code.
///
/// The body is read, though it says nothing: a connection with an unread one is not used again.
pub(super) async fn begin(
    State(app): State<App>,
    viewer: Viewer,
    _: Bytes,
) -> Result<Response, Problem> {
    let who = viewer.who();
    let (identity, user) = (app.identity(), who.user.clone().unwrap_or_default());
    if identity.is_enrolled(&user) && !who.second_factor {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "请先输入现有验证器的动态码 / give a code of the present authenticator first",
        ));
    }
    if identity.is_shared_user(&user) {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "演示账户由多人共用，不设动态码 / the accounts of a demonstration are shared and have no codes",
        ));
    }
    let made = (identity.begin_factor(&user)).ok_or_else(|| Problem::internal("no QR code"))?;
    let answer = json!({ "secret": made.secret, "address": made.address, "qr": made.code });
    Ok(unkept(Json(answer).into_response()))
}

/// `PUT /session/factor`: the first code; gives the recovery codes.
pub(super) async fn confirm(
    State(app): State<App>,
    viewer: Viewer,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let from = address(&request);
    let given: Given = read(request).await?;
    let user = viewer.who().user.clone().unwrap_or_default();
    let held = app.clone();
    let codes = tokio::task::spawn_blocking(move || {
        held.identity().confirm_factor(&user, &given.code, from)
    });
    let codes = match codes.await.map_err(Problem::internal)? {
        Ok(codes) => codes,
        Err(refusal) => return refused(app, viewer, refusal).await,
    };
    let user = viewer.who().user.clone().unwrap_or_default();
    note(
        app.clone(),
        viewer.clone(),
        Entry::of("second_factor", user),
    )
    .await;
    let answer = Json(json!({ "recovery": codes })).into_response();
    Ok(given_to(&app, &viewer, &headers, answer))
}

/// `POST /session/code`: a code of the app, or a recovery code.
pub(super) async fn give(
    State(app): State<App>,
    viewer: Viewer,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let from = address(&request);
    let given: Given = read(request).await?;
    let user = viewer.who().user.clone().unwrap_or_default();
    let held = app.clone();
    let checked = tokio::task::spawn_blocking(move || {
        let account = held.identity().account(&user).ok_or(FactorRefusal::Wrong)?;
        held.identity().check_factor(&account, &given.code, from)
    });
    if let Err(refusal) = checked.await.map_err(Problem::internal)? {
        return refused(app, viewer, refusal).await;
    }
    note(app.clone(), viewer.clone(), Entry::of("login", "code")).await;
    let answer = StatusCode::NO_CONTENT.into_response();
    Ok(given_to(&app, &viewer, &headers, answer))
}

/// Gives the session its rank, under a new token: one that was seen before is worth no more
/// than it was.
fn given_to(app: &App, viewer: &Viewer, headers: &HeaderMap, answer: Response) -> Response {
    let identity = app.identity();
    let mut answer = unkept(answer);
    let old = token(headers, identity.is_secure());
    if let Some(new) = old.and_then(|old| identity.raise(old)) {
        let set = cookie(Some(&new), identity.is_secure());
        if let Ok(set) = HeaderValue::from_str(&set) {
            answer.headers_mut().insert(header::SET_COOKIE, set);
        }
    } else {
        tracing::warn!(user = viewer.author(), "a code was given without a session");
    }
    answer
}

async fn refused(app: App, viewer: Viewer, refusal: FactorRefusal) -> Result<Response, Problem> {
    let reason = match &refusal {
        FactorRefusal::Wrong => "wrong code",
        FactorRefusal::Wait(_) => "locked",
        FactorRefusal::Store(cause) => return Err(Problem::internal(cause)),
    };
    let entry = Entry::of("login", "code").refused().because(reason);
    note(app, viewer, entry).await;
    Err(match refusal {
        FactorRefusal::Wait(wait) => {
            let minutes = wait.as_secs().div_ceil(60);
            Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                format!(
                    "失败次数过多，请 {minutes} 分钟后再试 / too many failures; try again in {minutes} min"
                ),
            )
        }
        _ => {
            let message = "动态码不正确或已用过，请等下一个 / the code is wrong or was used; wait for the next one";
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, message).with(FieldProblem {
                field: "code".to_owned(),
                row: None,
                code: "wrong",
                message: message.to_owned(),
            })
        }
    })
}

/// What the answers of a session say of the second factor.
pub(super) fn state(app: &App, viewer: &Viewer) -> serde_json::Value {
    let who = viewer.who();
    let enrolled = (who.user.as_ref()).is_some_and(|user| app.identity().is_enrolled(user));
    let role = who.role.as_ref().is_some_and(|role| role.second_factor);
    json!({
        "given": who.second_factor,
        "enrolled": enrolled,
        // Before anything else, or only before what is personal is shown unmasked.
        "needed": who.lacks_factor && role,
        "needed_to_unmask": who.lacks_factor,
    })
}
