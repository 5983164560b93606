//! `/rules`: the books for the security administrator, with their versions; another version of
//! one, in force at once, or one of before again.

use axum::{
    Json, Router,
    extract::{Path, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, patch},
};
use chrono::{SecondsFormat, Utc};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use yizhangtu_data::store::OfficeVersion;

use super::{
    book::{Misrule, Subject, version_of},
    choices::offered,
    described::{Described, described},
    difference, shelf, version_name,
};
use crate::{
    audit::Entry,
    http::{App, FieldProblem, Problem},
    identity::small_body,
    policy::Viewer,
};

/// Versions told of beside the one in force.
const PAST: u32 = 20;

/// Shortest and longest reason in characters.
const REASON: std::ops::RangeInclusive<usize> = 4..=200;

/// The routes of the books.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/rules", get(all))
        .route("/rules/{book}", patch(change))
}

/// `GET /rules`: every book, what its figures are called and chosen from, and its past.
async fn all(State(app): State<App>) -> Result<Response, Problem> {
    let past = (app.pool())
        .read(|store| {
            let each = shelf::books().map(|book| store.office_versions(book.id(), PAST));
            each.collect::<Result<Vec<_>, _>>()
        })
        .await?;
    let books: Vec<Value> = (shelf::books().zip(past))
        .map(|(book, past)| told(&app, book, &past))
        .collect();
    let answer = json!({ "books": books });
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}

fn told(app: &App, book: &dyn Subject, past: &[OfficeVersion]) -> Value {
    let description = described(book.id());
    let choices: Map<String, Value> = (description.fields.iter())
        .filter_map(|figure| figure.choices.clone())
        .map(|name| {
            let choices = offered(app, &name);
            (name, choices.iter().map(|choice| choice.json()).collect())
        })
        .collect();
    let own = book.own();
    let past: Vec<Value> = (past.iter())
        .map(|version| {
            json!({
                "version": version_name(version.number),
                "author": version.author,
                "reason": version.reason,
                "changes": version.changes,
                "at": version.at.to_rfc3339_opts(SecondsFormat::Secs, true),
            })
        })
        .collect();
    let mut told = json!(description);
    // What waits for the next start is what is shown and changed.
    let latest = past
        .first()
        .map_or_else(|| json!(version_of(&own)), |last| last["version"].clone());
    told["version"] = json!(book.version());
    told["latest"] = latest;
    told["own_version"] = json!(version_of(&own));
    told["values"] = book.document();
    told["choices"] = Value::Object(choices);
    told["past"] = json!(past);
    told
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    /// The latest version, which it was made from.
    version: String,
    reason: String,
    /// The whole book.
    values: Option<Value>,
    /// In its place: the version whose rules are to hold again.
    back_to: Option<String>,
}

/// `PATCH /rules/{book}`.
async fn change(
    State(app): State<App>,
    Path(id): Path<String>,
    viewer: Viewer,
    request: Request,
) -> Result<Response, Problem> {
    let wish: Wish = small_body(request).await?;
    viewer.require_factor()?;
    app.writable()?;
    let Some(book) = shelf::books().find(|book| book.id() == id) else {
        return Err(Problem::not_found(format!(
            "没有规则“{id}” / there is no book of rules “{id}”"
        )));
    };
    let length = wish.reason.trim().chars().count();
    if !REASON.contains(&length) {
        let (least, most) = (REASON.start(), REASON.end());
        return Err(unfit(&[Misrule::new(
            "reason",
            &format!("请写明事由，{least} 至 {most} 个字"),
            &format!("give a reason of {least} to {most} characters"),
        )]));
    }
    tokio::task::spawn_blocking(move || written(&app, &viewer, book, &wish))
        .await
        .map_err(Problem::internal)?
}

/// Writes a version, and puts it in force.
fn written(
    app: &App,
    viewer: &Viewer,
    book: &dyn Subject,
    wish: &Wish,
) -> Result<Response, Problem> {
    let identity = app.identity();
    let past = identity.write(|store| store.office_versions(book.id(), u32::MAX))?;
    let latest = past
        .first()
        .map_or_else(|| version_of(&book.own()), |last| version_name(last.number));
    if latest != wish.version {
        return Err(outdated());
    }
    let before = match past.first() {
        Some(last) => shelf::document(last).map_err(Problem::internal)?,
        None => book.own(),
    };
    let mut after = wished(book, &past, wish)?;
    let number = past.first().map_or(1, |last| last.number + 1);
    if let Some(members) = after.as_object_mut() {
        members.insert("version".to_owned(), version_name(number).into());
    }
    let description: &Described = described(book.id());
    let codes = |name: &str| offered(app, name).into_iter().map(|one| one.code).collect();
    let mut faults = description.faults(&after, &codes);
    if faults.is_empty() {
        faults = book.misruled(&after);
    }
    let changes = difference::words(&before, &after);
    if faults.is_empty() && changes.is_empty() {
        faults.push(Misrule::new("values", "没有改动", "nothing was changed"));
    }
    if !faults.is_empty() {
        return Err(unfit(&faults));
    }
    let version = OfficeVersion {
        subject: book.id().to_owned(),
        number,
        document: after.to_string(),
        author: viewer.author().to_owned(),
        reason: wish.reason.trim().to_owned(),
        changes: changes.clone(),
        at: Utc::now(),
    };
    // On record before it holds.
    let object = format!("{} {} {changes}", book.id(), version_name(number));
    let entry = Entry::of("rules_changed", object).because(version.reason.clone());
    app.log(viewer, entry.counting(1))
        .map_err(Problem::internal)?;
    if !identity.write(|store| store.save_office(&version))? {
        return Err(outdated());
    }
    if !description.at_start {
        book.put_in_force(after).map_err(Problem::internal)?;
        identity.rules_moved();
    }
    let answer = json!({
        "version": version_name(number), "changes": changes, "at_start": description.at_start,
    });
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}

/// The rules that are wished for: given whole, or those of a version of before.
fn wished(book: &dyn Subject, past: &[OfficeVersion], wish: &Wish) -> Result<Value, Problem> {
    match (&wish.values, &wish.back_to) {
        (Some(values), None) => {
            let mut values = values.clone();
            tidy(&mut values);
            Ok(values)
        }
        (None, Some(name)) if *name == version_of(&book.own()) => Ok(book.own()),
        (None, Some(name)) => {
            let found = past
                .iter()
                .find(|version| version_name(version.number) == *name);
            let found = found.ok_or_else(|| {
                unfit(&[Misrule::new(
                    "back_to",
                    "没有这个版本",
                    "there is no such version",
                )])
            })?;
            shelf::document(found).map_err(Problem::internal)
        }
        _ => Err(unfit(&[Misrule::new(
            "values",
            "请给出 values 或 back_to 之一",
            "give values or back_to",
        )])),
    }
}

/// Takes away what was left empty: a form sends it, a rule has none.
fn tidy(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null() && member.as_str() != Some(""));
            members.values_mut().for_each(tidy);
        }
        Value::Array(entries) => entries.iter_mut().for_each(tidy),
        _ => {}
    }
}

fn unfit(faults: &[Misrule]) -> Problem {
    let detail = faults
        .first()
        .map_or_else(String::new, |fault| fault.message.clone());
    faults.iter().fold(
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail),
        |problem, fault| {
            problem.with(FieldProblem {
                field: fault.at.clone(),
                row: None,
                code: "invalid",
                message: fault.message.clone(),
            })
        },
    )
}

fn outdated() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "这份规则已被他人修改，请重新载入 / somebody else changed these rules; load them again",
    )
}
