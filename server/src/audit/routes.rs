//! `/audit`: the log for the auditor, searched, exported and checked.

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
    routing::get,
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use yizhangtu_data::store::{AuditQuery, AuditRow, AuditState};

use super::{Entry, archive, object};
use crate::{
    http::{App, Format, Parameters, Problem},
    identity::Settings,
    policy::Viewer,
};

/// Rows of an answer where nothing else is asked, and at most.
const USUAL: u32 = 100;
const MOST: u32 = 10_000;

/// The routes of the audit.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/audit", get(rows))
        .route("/audit/state", get(state))
        .route("/audit/alarms", get(super::alarms::alarms))
        .route("/audit/archives", get(archive::list).post(archive::make))
        .route("/audit/archives/{name}", get(archive::give))
}

/// `GET /audit?user=&action=&outcome=&object=&from=&until=&before=&limit=&f=json|csv`: the latest first.
async fn rows(
    State(app): State<App>,
    viewer: Viewer,
    headers: HeaderMap,
    mut given: Parameters,
) -> Result<Response, Problem> {
    let format = given.format(&headers, &[Format::Json, Format::Csv])?;
    let instant =
        |text: Option<DateTime<chrono::FixedOffset>>| text.map(|at| at.with_timezone(&Utc));
    let (zh, en) = (
        "时刻，如 2026-11-22T08:00:00+08:00",
        "an instant such as 2026-11-22T08:00:00+08:00",
    );
    let query = AuditQuery {
        user: given.take("user")?,
        action: given.take("action")?,
        outcome: given.take("outcome")?,
        object: given.take("object")?,
        from: instant(given.parse("from", zh, en)?),
        until: instant(given.parse("until", zh, en)?),
        before: given.parse("before", "行号", "the number of a row")?,
        limit: (given.parse::<u32>("limit", "正整数", "a whole number above 0")?)
            .unwrap_or(USUAL)
            .clamp(1, MOST),
    };
    given.finish()?;
    let limit = query.limit;
    let found = app.pool().read(move |store| store.audit(&query)).await?;
    if format == Format::Csv {
        app.note(
            &viewer,
            Entry::of("audit_export", "audit").counting(found.len() as u64),
        );
        let body = table(&found).map_err(Problem::internal)?;
        let kind = [
            (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
            (
                header::CONTENT_DISPOSITION,
                "attachment; filename=\"audit.csv\"",
            ),
            (header::CACHE_CONTROL, "no-store"),
        ];
        return Ok((kind, body).into_response());
    }
    let next = (found.len() == limit as usize)
        .then(|| found.last().map(|row| row.sequence))
        .flatten();
    let rows: Vec<Value> = found.iter().map(|row| described(&app, row)).collect();
    Ok((
        [(header::CACHE_CONTROL, "no-store")],
        Json(json!({ "rows": rows, "before": next })),
    )
        .into_response())
}

/// `GET /audit/state`: whether the log is whole.
async fn state(State(app): State<App>, mut given: Parameters) -> Result<Json<Value>, Problem> {
    let noted = given.take("noted")?;
    given.finish()?;
    let keep_days = Settings::usual().audit.keep_days;
    let (state, due, archived) = app
        .pool()
        .read(move |store| {
            let before = Utc::now() - TimeDelta::days(keep_days);
            let due = store.audit_rows_before(before)?;
            Ok((
                store.audit_state(noted.as_deref())?,
                due,
                store.audit_archived()?,
            ))
        })
        .await?;
    let mut told = match state {
        AuditState::Whole { rows, last } => json!({ "whole": true, "rows": rows, "last": last }),
        AuditState::Broken { sequence, fault } => {
            json!({ "whole": false, "sequence": sequence, "fault": fault })
        }
    };
    let archived = archived.map(|archived| archived.sequence);
    told["retention"] = json!({ "keep_days": keep_days, "due": due, "archived": archived });
    // The auditor sees no matrix: what its roles are called stands here.
    let rights = app.identity().rights();
    told["roles"] = (rights.roles.iter())
        .map(|role| (role.id.clone(), json!(role.title)))
        .collect();
    Ok(Json(told))
}

fn described(app: &App, row: &AuditRow) -> Value {
    let act = &row.act;
    json!({
        "sequence": row.sequence,
        "at": row.at,
        "user": act.user,
        "name": act.name,
        "role": act.role,
        "unit": act.unit,
        "address": act.address,
        "action": act.action,
        "object": act.object,
        "about": object::told(app, &act.object),
        "outcome": act.outcome,
        "reason": act.reason,
        "count": act.count,
        "hash": row.hash,
    })
}

fn table(rows: &[AuditRow]) -> Result<Vec<u8>, csv::Error> {
    // The mark lets Excel know the encoding.
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record([
        "sequence", "at", "user", "name", "role", "unit", "address", "action", "object", "outcome",
        "reason", "count", "previous", "hash",
    ])?;
    for row in rows {
        let act = &row.act;
        let (sequence, count) = (row.sequence.to_string(), act.count.to_string());
        let fields = [
            &sequence,
            &row.at,
            &act.user,
            &act.name,
            &act.role,
            &act.unit,
            &act.address,
            &act.action,
            &act.object,
            &act.outcome,
            &act.reason,
            &count,
            &row.previous,
            &row.hash,
        ];
        writer.write_record(fields.map(|field| guarded(field)))?;
    }
    writer
        .into_inner()
        .map_err(|error| error.into_error().into())
}

/// A field that a spreadsheet does not take for a formula.
fn guarded(field: &str) -> String {
    if field.starts_with(['=', '+', '-', '@', '\t']) {
        format!("'{field}")
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_no_formula_in_a_spreadsheet() {
        assert_eq!(guarded("=HYPERLINK(\"x\")"), "'=HYPERLINK(\"x\")");
        assert_eq!(guarded("走访"), "走访");
    }
}
