//! Issuing a document: its number, its files, and the row that keeps them.

use axum::{
    Extension,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use chrono::Datelike;
use yizhangtu_data::{
    ChangeSet, Layer, Value,
    catalog::Form,
    clock,
    store::{StoreError, attachments},
};

use super::{
    Turn, case,
    docx::docx,
    fill::{Source, named, place_names},
    form_of,
    handed::handed,
    insert,
    lacking::filled,
    of_document, on_record,
    paper::pdf,
    row, told,
};
use crate::{
    attachments::{Made, MadeMedia, forget},
    changes::{self, of_store},
    http::{App, Parameters, Problem},
    policy::Viewer,
};

/// `POST …/documents/{form}`: numbers the document, keeps its files, and tells of all of the
/// case's.
pub(super) async fn issue(
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
    let (layer, case) = case(&app, &viewer, &id).await?;
    let (form, record) = form_of(&app, &viewer, &document)?;
    let handed = handed(&headers, &body, &form)?;
    let path = format!("/enforcement/cases/{id}/documents/{document}");
    let key = changes::key(&headers, &[path.as_bytes(), &body])?;
    let _turn = turn.0.lock().await;
    // What was issued before is not issued twice.
    if let Some(key) = &key
        && changes::recall(&app, viewer.author(), key).await?.is_some()
    {
        return told(&app, &viewer, id, StatusCode::OK).await;
    }
    let (to, by, of) = (app.clone(), viewer.clone(), id.clone());
    let (mut set, made) = tokio::task::spawn_blocking(move || {
        on_record(&to, &by, "issue", &of, &form)?;
        let store = to.pool().reader().map_err(Problem::internal)?;
        let source = Source {
            app: &to,
            viewer: &by,
            store: &store,
            layer: &layer,
            case: &case,
            party: handed.party,
            answers: &handed.answers,
            in_clear: true,
        };
        compose(&source, &form, &record)
    })
    .await
    .map_err(Problem::internal)??;
    set.key = key;
    if let Err(refusal) = app.keeper().apply(set, Vec::new(), false).await {
        for hash in made {
            forget(&app, hash).await;
        }
        return Err(refusal.problem(&app, &viewer).await);
    }
    told(&app, &viewer, id, StatusCode::CREATED).await
}

/// The change set of a document, its files on the disk; with their hashes.
fn compose(
    source: &Source<'_>,
    form: &Form,
    record: &Layer,
) -> Result<(ChangeSet, Vec<String>), Problem> {
    let app = source.app;
    let number = next_number(source, form).map_err(Problem::internal)?;
    let filled = filled(source, form, &number)?;
    let (street, village) = place_names(app, source.case);
    let office = named(&app.catalog().office.name, &street, &village);
    let kind = &form.title.zh;
    let name = |ending: &str| format!("{kind}（{number}）.{ending}");
    let docx = docx(kind, &office, &number, &filled.blocks).map_err(Problem::internal)?;
    let files = [
        Made {
            media: MadeMedia::Docx,
            name: name("docx"),
            content: docx,
        },
        Made {
            media: MadeMedia::Pdf,
            name: name("pdf"),
            content: pdf(kind, &office, &number, &filled.blocks, false),
        },
    ];
    let own = app
        .layer(attachments::LAYER)
        .ok_or_else(Problem::read_only)?;
    let kept = source.store.attachments();
    let mut row = row(record, &source.case.id, source.viewer, kind);
    row.set(record, "number", number.as_str())
        .set(record, "form", format!("{}@{}", form.id, form.version))
        .set(record, "docx_sha256", files[0].hash())
        .set(record, "pdf_sha256", files[1].hash());
    if !source.answers.is_empty() {
        row.set(
            record,
            "data",
            Value::Json(Box::new(source.answers.clone().into())),
        );
    }
    let mut changes = Vec::new();
    for file in &files {
        file.keep(&kept).map_err(|error| of_store(&error))?;
        changes.push(insert(&own.id, file.row(own, &record.id, &row.id)));
    }
    changes.insert(0, insert(&record.id, row));
    let reason = format!("制发文书 {kind} {number} / a document was issued");
    let set = of_document(source.viewer, reason, changes);
    Ok((set, files.iter().map(Made::hash).collect()))
}

/// The number after the last of its form and year.
fn next_number(source: &Source<'_>, form: &Form) -> Result<String, StoreError> {
    let (street, village) = place_names(source.app, source.case);
    let short = named(&source.app.catalog().office.short, &street, &village);
    // The catalog was held against this when it was read.
    let serial = form.serial(&short).map_err(|fault| StoreError::Io {
        path: form.id.clone().into(),
        source: std::io::Error::other(fault),
    })?;
    let prefix = serial.prefix("", clock::now().year());
    let last = source
        .store
        .greatest_number(&form.record, "number", &prefix, &serial)?;
    Ok(serial.number(&prefix, last + 1))
}
