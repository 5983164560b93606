//! Documents of a case: filled from it, numbered without gaps or reuse, kept as issued.
//!
//! The forms are data (`data/catalog/documents`, see [`yizhangtu_data::catalog::document`]).
//! A document is a row of an append-only layer with its number and the hashes of its files,
//! DOCX and PDF, which hang on that row. Voiding one adds a row; its number stays used.

mod docx;
mod fill;
mod issue;
mod list;
mod paper;

use std::sync::Arc;

use axum::{
    Extension, Router,
    routing::{get, post},
};
use tokio::sync::Mutex;
use yizhangtu_data::{Layer, catalog::Form};

pub(crate) use list::issued_kinds;

use crate::{
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
            post(issue::draft),
        )
        .route(
            "/enforcement/cases/{id}/documents/{document}/void",
            post(issue::void),
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
