//! Documents of a case: filled from it, numbered without gaps or reuse, kept as issued.
//!
//! The forms are data (`data/catalog/documents`, see [`yizhangtu_data::catalog::document`]).
//! A document is a row of an append-only layer with its number and the hashes of its files,
//! DOCX and PDF, which hang on that row. Voiding one adds a row; its number stays used.

mod docx;
mod draft;
mod fill;
mod handed;
mod issue;
mod lacking;
mod list;
mod paper;
mod void;

use std::sync::Arc;

use axum::{
    Extension, Json, Router,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tokio::sync::Mutex;
use yizhangtu_data::{
    Change, ChangeSet, Layer, Operation, Record, catalog::Form, clock, course::reference,
    store::GeoPackage,
};

pub(crate) use list::issued_kinds;

use super::CASES;
use crate::{
    audit::Entry,
    changes::ulid,
    collections::{find, visible_layer},
    http::{App, Problem},
    policy::{Action, Viewer},
};

/// One document at a time: two that are issued at once do not get one number.
#[derive(Clone, Default)]
struct Turn(Arc<Mutex<()>>);

/// The paths of documents.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/enforcement/cases/{id}/documents", get(list::list))
        .route(
            "/enforcement/cases/{id}/documents/{document}",
            post(issue::issue),
        )
        .route(
            "/enforcement/cases/{id}/documents/{document}/draft",
            post(draft::draft),
        )
        .route(
            "/enforcement/cases/{id}/documents/{document}/void",
            post(void::void),
        )
        .layer(Extension(Turn::default()))
}

/// Whether a viewer issues a form: by role, and as one who may read what it says of persons.
fn issues(viewer: &Viewer, form: &Form, record: &Layer) -> bool {
    let role = viewer.who().role.as_ref().map(|role| role.id.as_str());
    // Whoever serves a file without accounts has every role.
    let fits =
        role == Some("local") || role.is_some_and(|role| form.roles.iter().any(|own| own == role));
    fits && viewer.may(Action::Unmask, record)
}

/// The layer that keeps what is issued by a form.
fn record_of<'a>(app: &'a App, form: &Form) -> Result<&'a Arc<Layer>, Problem> {
    app.layer(&form.record).ok_or_else(|| {
        Problem::not_found("此文件没有文书图层，请用新版本打开一次 / this file has no layer of documents; open it once with this version")
    })
}

/// A case that the viewer may see.
async fn case(app: &App, viewer: &Viewer, id: &str) -> Result<(Arc<Layer>, Arc<Record>), Problem> {
    let layer = Arc::clone(visible_layer(app, viewer, CASES)?);
    let case = find(app, viewer, &layer, id).await?;
    let case =
        case.ok_or_else(|| Problem::not_found(format!("没有案件 {id} / there is no case {id}")))?;
    Ok((layer, case))
}

/// A form that the viewer issues, and the layer that keeps what it makes.
fn form_of(app: &App, viewer: &Viewer, id: &str) -> Result<(Arc<Form>, Arc<Layer>), Problem> {
    let form = app
        .catalog()
        .forms
        .get(id)
        .filter(|form| form.layer == CASES);
    let form = form.ok_or_else(|| {
        let known: Vec<&str> = (app.catalog().forms_of(CASES).iter())
            .map(|form| form.id.as_str())
            .collect();
        let known = known.join(", ");
        Problem::not_found(format!(
            "没有文书“{id}”；有：{known} / there is no form “{id}”; there are: {known}"
        ))
    })?;
    let record = record_of(app, form)?;
    if !issues(viewer, form, record) {
        return Err(viewer.refused());
    }
    Ok((Arc::clone(form), Arc::clone(record)))
}

/// Whoever fills a document reads the party's name and identity: it is on record first.
fn on_record(
    app: &App,
    viewer: &Viewer,
    act: &'static str,
    case: &str,
    form: &Form,
) -> Result<(), Problem> {
    let entry = Entry::of(act, format!("{CASES}/{case} {}", form.id)).counting(1);
    app.log(viewer, entry).map_err(|error| {
        tracing::error!(%error, "the issue of a document could not be logged, and was refused");
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "无法写入审计日志，因此不制发 / the audit log can't be written, so nothing is issued",
        )
    })
}

/// All of a case's documents, as whoever changed one is answered.
async fn told(
    app: &App,
    viewer: &Viewer,
    id: String,
    status: StatusCode,
) -> Result<Response, Problem> {
    let (to, by) = (app.clone(), viewer.clone());
    let told = app
        .pool()
        .read(move |store: &GeoPackage| list::told(&to, &by, store, &id))
        .await?;
    Ok((status, [(header::CACHE_CONTROL, "no-store")], Json(told)).into_response())
}

/// A row of a case's documents, as the viewer writes it today.
fn row(record: &Layer, case: &str, viewer: &Viewer, kind: &str) -> Record {
    let mut row = Record::new(record, format!("{}-{}", record.id, ulid()));
    row.set(record, "kind", kind)
        .set(record, "issued_on", clock::now().date_naive())
        .set(record, "author", viewer.author());
    if let Some(of) = reference(record, CASES) {
        row.set(record, of, case);
    }
    row
}

fn insert(layer: &str, record: Record) -> Change {
    Change {
        layer: layer.into(),
        operation: Operation::Insert(record),
    }
}

/// The change set of what becomes of a document: rows that are only ever added.
fn of_document(viewer: &Viewer, reason: String, changes: Vec<Change>) -> ChangeSet {
    ChangeSet {
        author: viewer.author().to_owned(),
        reason,
        changes,
        step: true,
        ..ChangeSet::default()
    }
}
