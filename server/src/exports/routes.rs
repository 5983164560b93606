//! `/exports`: asking for files with personal data, and deciding on what others ask for.

use axum::{
    Json, Router,
    extract::{Path, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, patch},
};
use chrono::{SecondsFormat, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use yizhangtu_data::{
    Text,
    store::{Asked, ExportRequest, ExportState},
};

use super::{
    leave::{Standing, number, standing},
    subject::Subject,
};
use crate::{
    audit::Entry,
    http::{App, FieldProblem, Problem},
    identity::{ExportLimits, Settings, small_body},
    policy::{Duty, Viewer},
};

/// Requests in one answer; older ones are in the audit log.
const MOST: u32 = 200;

/// Shortest and longest reason in characters.
const REASON: std::ops::RangeInclusive<usize> = 4..=200;

/// The routes of exports.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/exports", get(list).post(ask))
        .route("/exports/{id}", patch(decide))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    paths: Vec<String>,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decision {
    state: ExportState,
    #[serde(default)]
    remark: String,
}

fn limits() -> &'static ExportLimits {
    &Settings::usual().export
}

/// `GET /exports`: one's own requests, and those that one may decide on.
async fn list(State(app): State<App>, viewer: Viewer) -> Result<Response, Problem> {
    let user = viewer.who().user.clone().unwrap_or_default();
    let decides = viewer.holds(Duty::Exports);
    let only = (!decides).then(|| user.clone());
    let found = (app.pool())
        .read(move |store| store.export_requests(only.as_deref(), MOST))
        .await?;
    let requests: Vec<Value> = (found.iter())
        .filter(|request| is_own(request, &user) || may_decide(&viewer, request))
        .map(|request| told(request, &user))
        .collect();
    let limits = limits();
    Ok(unkept(Json(json!({
        "requests": requests,
        "decides": decides,
        "limits": {
            "decide_days": limits.decide_days,
            "fetch_hours": limits.fetch_hours,
            "fetches": limits.fetches,
            "files": limits.files,
        },
    }))))
}

/// `POST /exports`: asks for files.
async fn ask(
    State(app): State<App>,
    viewer: Viewer,
    request: Request,
) -> Result<Response, Problem> {
    let wish: Wish = small_body(request).await?;
    let user = viewer.who().user.clone().ok_or_else(|| viewer.refused())?;
    viewer.require_factor()?;
    app.writable()?;
    let limits = limits();
    let reason = wish.reason.trim().to_owned();
    if !REASON.contains(&reason.chars().count()) {
        let (least, most) = (REASON.start(), REASON.end());
        return Err(fault(
            "reason",
            format!(
                "请写明用途，{least} 至 {most} 个字 / say what it is for, in {least} to {most} characters"
            ),
        ));
    }
    if wish.paths.is_empty() || wish.paths.len() > limits.files {
        let most = limits.files;
        return Err(fault(
            "paths",
            format!("一次申请 1 至 {most} 个文件 / ask for 1 to {most} files at a time"),
        ));
    }
    let mut subjects = Vec::with_capacity(wish.paths.len());
    for path in &wish.paths {
        subjects.push(Subject::of(&app, &viewer, path).await?);
    }
    let now = Utc::now();
    let files = u32::try_from(subjects.len()).unwrap_or(u32::MAX);
    let who = viewer.who();
    let made = ExportRequest {
        id: number(),
        user: user.clone(),
        asked: Asked {
            name: who.name.clone(),
            unit: who.unit.clone(),
            role: (who.role.as_ref()).map_or_else(String::new, |role| role.id.clone()),
            territory: who.territory.clone(),
            title: title(&subjects),
            rows: subjects.iter().map(|subject| subject.rows).sum(),
            paths: subjects.into_iter().map(|subject| subject.path).collect(),
            reason,
        },
        asked_at: now,
        state: ExportState::Asked,
        decided_by: None,
        decided_at: None,
        remark: String::new(),
        ends_at: now + TimeDelta::days(limits.decide_days),
        fetches_left: limits.fetches.saturating_mul(files),
    };
    let entry = Entry::of(
        "export_asked",
        format!("{} {}", made.id, made.asked.title.zh),
    )
    .counting(made.asked.rows)
    .because(made.asked.reason.clone());
    let answer = told(&made, &user);
    blocking(move || {
        app.identity().write(|store| store.ask_export(&made))?;
        app.note(&viewer, entry);
        Ok(())
    })
    .await?;
    Ok(unkept((StatusCode::CREATED, Json(answer))))
}

/// `PATCH /exports/{id}`: somebody else approves or refuses; whoever asked withdraws.
async fn decide(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let decision: Decision = small_body(request).await?;
    let user = viewer.who().user.clone().ok_or_else(|| viewer.refused())?;
    let none = || Problem::not_found(format!("没有申请 {id} / there is no request {id}"));
    let wanted = id.clone();
    let found = app.pool().read(move |store| store.export_request(&wanted));
    let mut found = found.await?.ok_or_else(none)?;
    let own = is_own(&found, &user);
    let act = match decision.state {
        ExportState::Withdrawn if own => "export_withdrawn",
        ExportState::Approved | ExportState::Refused if own => {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "自己的申请须由另一人审批 / one's own request is decided by somebody else",
            ));
        }
        ExportState::Approved if may_decide(&viewer, &found) => "export_approved",
        ExportState::Refused if may_decide(&viewer, &found) => "export_refused",
        ExportState::Asked => {
            return Err(fault(
                "state",
                "应为 approved、refused 或 withdrawn / must be approved, refused or withdrawn"
                    .to_owned(),
            ));
        }
        // Whether there is such a request is told to nobody else.
        _ => return Err(none()),
    };
    let remark = decision.remark.trim().to_owned();
    if decision.state == ExportState::Refused && !REASON.contains(&remark.chars().count()) {
        let (least, most) = (REASON.start(), REASON.end());
        return Err(fault(
            "remark",
            format!(
                "请写明不同意的理由，{least} 至 {most} 个字 / say why not, in {least} to {most} characters"
            ),
        ));
    }
    if standing(&found) != Standing::Asked {
        return Err(decided());
    }
    let now = Utc::now();
    found.state = decision.state;
    found.decided_by = Some(user.clone());
    found.decided_at = Some(now);
    found.remark = remark.chars().take(*REASON.end()).collect();
    if decision.state == ExportState::Approved {
        found.ends_at = now + TimeDelta::hours(limits().fetch_hours);
    }
    let entry = Entry::of(act, format!("{id} {}", found.asked.title.zh))
        .counting(found.asked.rows)
        .because(found.remark.clone());
    let answer = told(&found, &user);
    blocking(move || {
        if !app.identity().write(|store| store.decide_export(&found))? {
            return Err(decided());
        }
        app.note(&viewer, entry);
        Ok(())
    })
    .await?;
    Ok(unkept(Json(answer)))
}

fn is_own(request: &ExportRequest, user: &str) -> bool {
    request.user.eq_ignore_ascii_case(user)
}

/// Whether a viewer may decide on what somebody asked: another one, with the duty, and
/// responsible for all of the asker's territory where bound to one.
fn may_decide(viewer: &Viewer, request: &ExportRequest) -> bool {
    let another = (viewer.who().user.as_deref()).is_some_and(|user| !is_own(request, user));
    let asked = &request.asked.territory;
    let covered = viewer
        .limits()
        .is_none_or(|own| !asked.is_empty() && asked.iter().all(|place| own.contains(place)));
    another && covered && viewer.holds(Duty::Exports)
}

/// What is in all the files.
fn title(subjects: &[Subject]) -> Text {
    let Some(first) = subjects.first() else {
        return Text::default();
    };
    match subjects.len() {
        1 => first.title.clone(),
        count => Text {
            zh: format!("{} 等 {count} 个文件", first.title.zh),
            en: format!("{} and {} more", first.title.en, count - 1),
        },
    }
}

fn told(request: &ExportRequest, user: &str) -> Value {
    let time = |at: chrono::DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let asked = &request.asked;
    let own = is_own(request, user);
    let standing = standing(request);
    // With these the files are fetched; nobody else can.
    let files: Vec<String> = (asked.paths.iter())
        .filter(|_| own && standing == Standing::Approved)
        .map(|path| {
            let mark = if path.contains('?') { '&' } else { '?' };
            format!("{path}{mark}approval={}", request.id)
        })
        .collect();
    json!({
        "id": request.id,
        "user": request.user,
        "name": asked.name,
        "unit": asked.unit,
        "role": asked.role,
        "territory": asked.territory,
        "title": asked.title,
        "paths": asked.paths,
        "rows": asked.rows,
        "reason": asked.reason,
        "asked_at": time(request.asked_at),
        "state": standing,
        "own": own,
        "decided_by": request.decided_by,
        "decided_at": request.decided_at.map(time),
        "remark": request.remark,
        "ends_at": time(request.ends_at),
        "fetches_left": request.fetches_left,
        "files": files,
    })
}

fn fault(field: &'static str, message: String) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, message.clone()).with(FieldProblem {
        field: field.to_owned(),
        row: None,
        code: "invalid",
        message,
    })
}

fn decided() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "此申请已处理或已过期 / it was decided already, or has ended",
    )
}

fn unkept(answer: impl IntoResponse) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], answer).into_response()
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Problem::internal)?
}
