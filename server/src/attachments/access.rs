//! Who may see and change what is attached: whoever may see and change the feature, and for
//! what shows a person, whoever may unmask it.

use std::sync::Arc;

use yizhangtu_data::{
    Layer, Record, Value,
    store::{GeoPackage, StoreError, attachments::LAYER},
};

use super::rules::Rules;
use crate::{
    changes,
    collections::{find, visible_layer},
    http::{App, Problem},
    policy::{Action, Viewer},
    process,
};

/// A feature that the viewer may see.
pub(super) struct Owner {
    pub(super) layer: Arc<Layer>,
    pub(super) id: String,
    /// Whether the viewer takes a step there that asks for photographs.
    works: bool,
}

/// What a viewer may do with the attachments of a feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct May {
    /// Add new ones.
    pub(super) add: bool,
    /// Remove those of others too.
    pub(super) remove: bool,
    /// See those that show a person.
    pub(super) personal: bool,
    /// See where a picture was taken, and have the file as it came.
    pub(super) origin: bool,
}

/// The feature, where the viewer may see it.
///
/// # Errors
/// 404 where there is none, or none for this viewer.
pub(super) async fn owner(
    app: &App,
    viewer: &Viewer,
    layer: &str,
    id: &str,
) -> Result<Owner, Problem> {
    let found = Arc::clone(visible_layer(app, viewer, layer)?);
    let Some(record) = find(app, viewer, &found, id).await? else {
        return Err(no_feature(layer, id));
    };
    Ok(Owner {
        works: process::asks_for_photos(app.catalog(), viewer, &found, &record),
        layer: found,
        id: id.to_owned(),
    })
}

/// The feature that a viewer may add to: one that they may see, or reported themselves.
///
/// # Errors
/// 404 where there is none for this viewer, 403 where it is not theirs to add to.
pub(super) async fn owner_to_add_to(
    app: &App,
    viewer: &Viewer,
    layer: &str,
    id: &str,
) -> Result<Owner, Problem> {
    app.writable()?;
    match owner(app, viewer, layer, id).await {
        Ok(owner) => {
            if may(app, viewer, &owner).await?.add {
                Ok(owner)
            } else {
                Err(viewer.refused())
            }
        }
        Err(problem) => {
            let layer = (app.layer(layer))
                .filter(|layer| viewer.may(Action::Create, layer))
                .map(Arc::clone);
            match layer {
                Some(layer) if made_by(app, viewer, &layer, id).await? => Ok(Owner {
                    layer,
                    id: id.to_owned(),
                    works: false,
                }),
                _ => Err(problem),
            }
        }
    }
}

/// Whether a feature that is there was first written by the viewer.
async fn made_by(
    app: &App,
    viewer: &Viewer,
    layer: &Arc<Layer>,
    id: &str,
) -> Result<bool, Problem> {
    let (layer, id) = (Arc::clone(layer), id.to_owned());
    let author = viewer.author().to_owned();
    app.pool()
        .read(move |store| {
            if !store.exists(&layer.id, &id)? {
                return Ok(false);
            }
            let first = store.revisions(&layer.id, &id)?.into_iter().next();
            Ok(first.is_some_and(|first| {
                first.entry.operation == "insert" && first.entry.author.as_deref() == Some(&author)
            }))
        })
        .await
}

/// What a viewer may do at a feature that they may see.
pub(super) async fn may(app: &App, viewer: &Viewer, owner: &Owner) -> Result<May, Problem> {
    let (asker, by) = (app.clone(), viewer.clone());
    let (layer, id) = (Arc::clone(&owner.layer), owner.id.clone());
    let edits = tokio::task::spawn_blocking(move || {
        let store = asker.pool().reader().map_err(Problem::internal)?;
        let allowed = |action| {
            let on = (Some(id.as_str()), None);
            changes::may_on(&asker, &by, &store, action, &layer, on).is_ok()
        };
        Ok::<_, Problem>((allowed(Action::Edit), allowed(Action::Delete)))
    });
    let (edit, delete) = edits.await.map_err(Problem::internal)??;
    let layer = &owner.layer;
    let own = edit
        || owner.works
        || (viewer.may(Action::Create, layer) && made_by(app, viewer, layer, &owner.id).await?);
    let unmask = viewer.may(Action::Unmask, layer);
    let works = edit || viewer.may(Action::Export, layer) || viewer.may(Action::Approve, layer);
    Ok(May {
        add: own,
        remove: delete,
        personal: unmask,
        origin: unmask || (works && !layer.personal),
    })
}

/// The attachments of a feature, the oldest first.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn of_feature(
    store: &GeoPackage,
    layer: &str,
    id: &str,
) -> Result<Vec<Record>, StoreError> {
    found(store, "feature", id, |own, record| {
        record.get(own, "layer").as_text() == Some(layer)
    })
}

/// The attachments that have a file of one hash.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn of_hash(store: &GeoPackage, hash: &str) -> Result<Vec<Record>, StoreError> {
    found(store, "hash", hash, |_, _| true)
}

fn found(
    store: &GeoPackage,
    field: &str,
    value: &str,
    meets: impl Fn(&Layer, &Record) -> bool,
) -> Result<Vec<Record>, StoreError> {
    // A file of an older program that is only read has none.
    let Some(own) = store.layer(LAYER).cloned() else {
        return Ok(Vec::new());
    };
    let mut records = store.find(LAYER, field, &Value::from(value))?;
    records.retain(|record| meets(&own, record));
    Ok(records)
}

/// Whether an attachment shows a person.
pub(super) fn is_personal(owner: &Layer, own: &Layer, record: &Record) -> bool {
    let kind = record.get(own, "kind").as_text().unwrap_or_default();
    Rules::usual().is_personal(owner, kind)
}

pub(super) fn no_feature(layer: &str, id: &str) -> Problem {
    Problem::not_found(format!(
        "图层 {layer} 没有要素 {id} / the layer {layer} has no feature {id}"
    ))
}
