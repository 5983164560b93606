//! `GET /enforcement/cases/{id}/documents`: what was issued in a case, and what may be.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::{Value as Tree, json};
use yizhangtu_data::{
    Layer, Record, Value,
    course::reference,
    store::{GeoPackage, StoreError},
};

use super::{super::CASES, fill::PARTIES, issues};
use crate::{
    http::{App, Parameters, Problem},
    policy::{Action, Viewer},
};

/// The field that names the case that another went into.
const MERGED: &str = "merged_into";

/// A document that stands.
#[derive(Clone, Debug)]
pub(crate) struct Issued {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) number: String,
    /// The form that it was issued by.
    pub(super) form: String,
}

/// The rows of what was issued in a case, and the layers that keep them, the oldest first.
fn rows(
    app: &App,
    store: &GeoPackage,
    case: &str,
) -> Result<Vec<(std::sync::Arc<Layer>, Record)>, StoreError> {
    let mut names: Vec<&str> = (app.catalog().forms_of(CASES).iter())
        .map(|form| form.record.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    let cases = with_merged(app, store, case)?;
    let mut all = Vec::new();
    for name in names {
        // A file of an older catalog has none.
        let Some(layer) = app.layer(name) else {
            continue;
        };
        let Some(of) = reference(layer, CASES) else {
            continue;
        };
        for case in &cases {
            let found = store.find(name, of, &Value::from(case.as_str()))?;
            all.extend(
                found
                    .into_iter()
                    .map(|row| (std::sync::Arc::clone(layer), row)),
            );
        }
    }
    // Identifiers are in the order of time.
    all.sort_by(|(_, a), (_, b)| a.id.cmp(&b.id));
    Ok(all)
}

/// A case and those that were merged into it, whose documents keep their numbers and are its own.
fn with_merged(app: &App, store: &GeoPackage, case: &str) -> Result<Vec<String>, StoreError> {
    let mut all = vec![case.to_owned()];
    let Some(layer) = app
        .layer(CASES)
        .filter(|layer| layer.field(MERGED).is_some())
    else {
        return Ok(all);
    };
    let mut at = 0;
    while at < all.len() {
        let merged = store.find(&layer.id, MERGED, &Value::from(all[at].as_str()))?;
        for one in merged {
            let id = one.id.to_string();
            if !all.contains(&id) {
                all.push(id);
            }
        }
        at += 1;
    }
    Ok(all)
}

fn text(layer: &Layer, row: &Record, name: &str) -> String {
    row.get(layer, name)
        .as_text()
        .unwrap_or_default()
        .to_owned()
}

/// The documents of a case that stand: those that were not voided, the oldest first.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn issued(app: &App, store: &GeoPackage, case: &str) -> Result<Vec<Issued>, StoreError> {
    let all = rows(app, store, case)?;
    let void: Vec<String> = all
        .iter()
        .map(|(layer, row)| text(layer, row, "voids"))
        .collect();
    Ok((all.iter())
        .filter(|(layer, row)| {
            !row.get(layer, "number").is_null() && !void.contains(&row.id.to_string())
        })
        .map(|(layer, row)| Issued {
            id: row.id.to_string(),
            kind: text(layer, row, "kind"),
            number: text(layer, row, "number"),
            form: text(layer, row, "form"),
        })
        .collect())
}

/// What stands among the documents of a feature, as steps hold it: kind and number.
///
/// # Errors
/// When the file cannot be read.
pub(crate) fn issued_kinds(
    app: &App,
    store: &GeoPackage,
    layer: &str,
    id: &str,
) -> Result<Vec<Tree>, StoreError> {
    if layer != CASES {
        return Ok(Vec::new());
    }
    let all = issued(app, store, id)?;
    Ok(all
        .into_iter()
        .map(|one| json!({ "kind": one.kind, "number": one.number, "document": one.id }))
        .collect())
}

pub(super) async fn list(
    State(app): State<App>,
    Path(id): Path<String>,
    viewer: Viewer,
    given: Parameters,
) -> Result<Json<Tree>, Problem> {
    given.finish()?;
    super::case(&app, &viewer, &id).await?;
    let told = tokio::task::spawn_blocking(move || {
        let store = app.pool().reader().map_err(Problem::internal)?;
        told(&app, &viewer, &store, &id).map_err(Problem::internal)
    })
    .await
    .map_err(Problem::internal)??;
    Ok(Json(told))
}

/// Everything that a page shows of a case's documents.
pub(super) fn told(
    app: &App,
    viewer: &Viewer,
    store: &GeoPackage,
    id: &str,
) -> Result<Tree, StoreError> {
    let all = rows(app, store, id)?;
    let mut void: BTreeMap<String, Tree> = BTreeMap::new();
    for (layer, row) in &all {
        let voids = text(layer, row, "voids");
        if !voids.is_empty() {
            let told = json!({
                "reason": text(layer, row, "reason"), "author": text(layer, row, "author"),
                "on": viewer.see(layer, row).get("issued_on").to_text(),
            });
            void.insert(voids, told);
        }
    }
    let issued: Vec<Tree> = (all.iter())
        .filter(|(layer, row)| viewer.may(Action::View, layer) && !row.get(layer, "number").is_null())
        .map(|(layer, row)| {
            let form = text(layer, row, "form");
            let known = app.catalog().forms.get(form.split('@').next().unwrap_or_default());
            let file = |field: &str| {
                let hash = text(layer, row, field);
                json!({ "sha256": hash, "href": format!("/attachments/{hash}") })
            };
            json!({
                "id": &*row.id, "kind": text(layer, row, "kind"), "number": text(layer, row, "number"),
                "issued_on": viewer.see(layer, row).get("issued_on").to_text(),
                "author": text(layer, row, "author"), "form": form,
                "docx": file("docx_sha256"), "pdf": file("pdf_sha256"),
                "may_read": viewer.may(Action::Unmask, layer),
                "may_void": known.is_some_and(|form| issues(viewer, form, layer)),
                "void": void.get(&*row.id),
            })
        })
        .collect();
    let forms: Vec<Tree> = (app.catalog().forms_of(CASES).into_iter())
        .filter(|form| (app.layer(&form.record)).is_some_and(|layer| issues(viewer, form, layer)))
        .map(|form| {
            let asks: Vec<Tree> = (form.asks.iter())
                .map(|ask| {
                    json!({
                        "name": ask.name, "label": ask.label, "type": ask.kind,
                        "required": ask.required, "choices": ask.choices,
                    })
                })
                .collect();
            json!({
                "id": form.id, "title": form.title, "version": form.version,
                "standard": form.standard, "asks": asks,
            })
        })
        .collect();
    Ok(json!({ "issued": issued, "forms": forms, "parties": parties(app, viewer, store, id)? }))
}

/// The parties of a case to choose from, masked.
fn parties(
    app: &App,
    viewer: &Viewer,
    store: &GeoPackage,
    id: &str,
) -> Result<Vec<Tree>, StoreError> {
    let Some(layer) = app
        .layer(PARTIES)
        .filter(|layer| viewer.may(Action::View, layer))
    else {
        return Ok(Vec::new());
    };
    let mut all = store.find(PARTIES, CASES, &Value::from(id))?;
    all.sort_by(|a, b| a.id.cmp(&b.id));
    Ok((all.iter())
        .map(|party| {
            let view = viewer.see(layer, party);
            json!({ "id": &*party.id, "name": view.get("name").to_text(), "role": view.get("role").to_text() })
        })
        .collect())
}
