//! Voiding a document that was issued.

use axum::{
    Extension,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde_json::Value as Tree;
use yizhangtu_data::{
    Change, ChangeSet, Operation, Record, clock, course::reference, store::GeoPackage,
};

use super::{super::CASES, Turn, case, form_of, list::issued, told};
use crate::{
    changes::{self, ulid},
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
    let mut row = Record::new(&record, format!("{}-{}", record.id, ulid()));
    row.set(&record, "kind", found.kind.as_str())
        .set(&record, "issued_on", clock::now().date_naive())
        .set(&record, "author", viewer.author())
        .set(&record, "voids", found.id.as_str())
        .set(&record, "reason", reason.trim());
    if let Some(of) = reference(&record, CASES) {
        row.set(&record, of, id.as_str());
    }
    let set = ChangeSet {
        author: viewer.author().to_owned(),
        reason: format!("作废文书 {} / a document was voided", found.number),
        changes: vec![Change {
            layer: record.id.as_str().into(),
            operation: Operation::Insert(row),
        }],
        step: true,
        ..ChangeSet::default()
    };
    if let Err(refusal) = app.keeper().apply(set, Vec::new(), false).await {
        return Err(refusal.problem(&app, &viewer).await);
    }
    told(&app, &viewer, id, StatusCode::OK).await
}
