//! Voiding a document that was issued.

use axum::{
    Extension,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde_json::Value as Tree;
use yizhangtu_data::store::GeoPackage;

use super::{Turn, case, form_of, insert, list::issued, of_document, row, told};
use crate::{
    changes,
    http::{App, Parameters, Problem},
    policy::Viewer,
};

/// `POST …/documents/{document}/void` with `{"reason": "…"}`: a row that says so; the number
/// stays used, the files stay.
pub(super) async fn void(
    State(app): State<App>,
    Path((id, document)): Path<(String, String)>,
    viewer: Viewer,
    Extension(turn): Extension<Turn>,
    headers: HeaderMap,
    given: Parameters,
    body: Bytes,
) -> Result<Response, Problem> {
    given.finish()?;
    app.writable()?;
    case(&app, &viewer, &id).await?;
    let mut members = changes::object(&headers, &body)?;
    let reason = match members.remove("reason") {
        Some(Tree::String(reason))
            if !reason.trim().is_empty() && reason.chars().count() <= 500 =>
        {
            reason
        }
        _ => {
            return Err(Problem::parameter(
                "reason",
                "请写作废原因，不超过 500 字",
                "say why it is void, in 500 characters at most",
            ));
        }
    };
    changes::nothing_else(&members)?;
    let _turn = turn.0.lock().await;
    let (to, of) = (app.clone(), id.clone());
    let standing = app
        .pool()
        .read(move |store: &GeoPackage| issued(&to, store, &of))
        .await?;
    let found = standing.into_iter().find(|one| one.id == document).ok_or_else(|| {
        Problem::not_found("本案没有这份文书，或已作废 / this case has no such document, or it is void already")
    })?;
    let name = found.form.split('@').next().unwrap_or_default();
    let (_, record) = form_of(&app, &viewer, name)?;
    let mut row = row(&record, &id, &viewer, &found.kind);
    row.set(&record, "voids", found.id.as_str())
        .set(&record, "reason", reason.trim());
    let reason = format!("作废文书 {} / a document was voided", found.number);
    let set = of_document(&viewer, reason, vec![insert(&record.id, row)]);
    if let Err(refusal) = app.keeper().apply(set, Vec::new(), false).await {
        return Err(refusal.problem(&app, &viewer).await);
    }
    told(&app, &viewer, id, StatusCode::OK).await
}
