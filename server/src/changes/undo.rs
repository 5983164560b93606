//! Who may take what back.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use yizhangtu_data::{
    Id, Layer,
    store::{Entry, GeoPackage, StoreError, Undoing, attachments::LAYER as ATTACHMENTS},
};

use super::{may as may_on_layer, may_on, post::Read};
use crate::{
    http::{App, Problem},
    policy::{Action, Viewer},
};

/// Whether a viewer may take something back: what they did themselves, where they might do it
/// still; what others did, by a right to the whole of its layers. Where a right ends at a
/// territory, what was touched must lie there, as it is now and as it would be again.
///
/// # Errors
/// 403, or 404 for what lies outside the territory; 409 for what cannot be taken back.
pub(super) async fn may(app: &App, viewer: &Viewer, what: &Undoing) -> Result<(), Problem> {
    app.writable()?;
    let (own, by, what) = (app.clone(), viewer.clone(), what.clone());
    tokio::task::spawn_blocking(move || {
        let store = own.pool().reader().map_err(Problem::internal)?;
        store
            .moment(|| match &what {
                Undoing::ChangeSet(number) => {
                    let entries = store.log_of(*number)?;
                    change_set(&own, &by, &store, *number, &entries)
                }
                Undoing::Batch(id) => {
                    let batches = store.batches()?;
                    let batch = batches.into_iter().find(|batch| *batch.id == **id);
                    let layer = batch.and_then(|batch| own.layer(&batch.layer));
                    layer.map_or(Ok(()), |layer| {
                        whole(&own, &by, Action::Import, layer).map_err(Read::Refused)
                    })
                }
            })
            .map_err(Read::problem)
    })
    .await
    .map_err(Problem::internal)?
}

/// A right to a layer that does not end anywhere.
fn whole(app: &App, viewer: &Viewer, action: Action, layer: &Layer) -> Result<(), Problem> {
    may_on_layer(app, viewer, action, layer)?;
    if viewer.ends(layer) {
        return Err(viewer.refused());
    }
    Ok(())
}

fn change_set(
    app: &App,
    viewer: &Viewer,
    store: &GeoPackage,
    number: i64,
    entries: &[Entry],
) -> Result<(), Read> {
    if entries.iter().any(|entry| &*entry.layer == ATTACHMENTS) {
        return Err(Read::Refused(Problem::new(
            StatusCode::CONFLICT,
            "附件的添加与删除不能撤销：删除的文件不再保存；请在要素的附件栏中操作 / attaching and removing are not taken back: a removed file is kept nowhere; use the attachments of the feature",
        )));
    }
    let own = (entries.iter()).all(|entry| entry.author.as_deref() == Some(viewer.author()));
    let mut seen = BTreeSet::new();
    for entry in entries {
        let Some(layer) = app.layer(&entry.layer) else {
            continue;
        };
        if !own {
            whole(app, viewer, Action::Edit, layer).map_err(Read::Refused)?;
            continue;
        }
        // The first change of a feature knows what was before the set.
        if !seen.insert((&*entry.layer, &*entry.id)) {
            continue;
        }
        // What was merged into another went by an edit, and lies where that one does.
        let heir = heir(store, entry, number)?;
        let action = match entry.operation.as_str() {
            "insert" => Action::Create,
            "delete" if heir.is_none() => Action::Delete,
            _ => Action::Edit,
        };
        if !viewer.ends(layer) {
            may_on_layer(app, viewer, action, layer).map_err(Read::Refused)?;
            continue;
        }
        if let Some(heir) = heir {
            let there = (Some(&*heir), None);
            may_on(app, viewer, store, action, layer, there).map_err(Read::Refused)?;
            continue;
        }
        let was = (store.revisions(&entry.layer, &entry.id)?.into_iter())
            .find(|revision| revision.entry.sequence == entry.sequence)
            .and_then(|revision| revision.before);
        let there = store.get(&entry.layer, &entry.id)?.map(|_| &*entry.id);
        may_on(app, viewer, store, action, layer, (there, was.as_ref())).map_err(Read::Refused)?;
    }
    Ok(())
}

/// What a feature was merged into by a change set.
fn heir(store: &GeoPackage, entry: &Entry, number: i64) -> Result<Option<Id>, StoreError> {
    if entry.operation != "delete" {
        return Ok(None);
    }
    let (_, heirs) = store.ancestry(&entry.layer, &entry.id)?;
    let heir = heirs.into_iter().find(|heir| heir.change_set == number);
    Ok(heir.map(|heir| heir.id))
}
