//! What variants were: the versions of one, and all as of a moment.
//!
//! A version is shown to whom it was shown to then: what was a draft stays its author's, also when
//! it was sent in since or is gone.

use std::collections::HashMap;

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::{Value as Told, json};
use yizhangtu_data::{
    Record,
    store::{GeoPackage, Revision, StoreError},
};

use super::{LAYER, Layers};
use crate::{
    http::{App, Parameters, Problem},
    policy::Viewer,
};

/// The versions of one variant: each change with what it left, the oldest first.
struct Versions {
    revisions: Vec<Revision>,
    now: Option<Record>,
}

impl Versions {
    fn read(store: &GeoPackage, id: &str) -> Result<Self, StoreError> {
        store.moment(|| {
            Ok(Self {
                revisions: store.revisions(LAYER, id)?,
                now: store.get(LAYER, id)?,
            })
        })
    }

    /// What a change left: what the next one found.
    fn after(&self, place: usize) -> Option<&Record> {
        match self.revisions.get(place + 1) {
            Some(next) => next.before.as_ref(),
            None => self.now.as_ref(),
        }
    }
}

/// `GET /renewal/variants/{id}/history`: its versions that the viewer may see, the latest first.
pub(in crate::renewal) async fn history(
    State(app): State<App>,
    Path(id): Path<String>,
    viewer: Viewer,
    given: Parameters,
) -> Result<Json<Vec<Told>>, Problem> {
    given.finish()?;
    let layers = Layers::of(&app)?;
    let (of, names) = (id.clone(), app.clone());
    let told = app
        .pool()
        .read(move |store| {
            let versions = Versions::read(store, &of)?;
            let each = versions.revisions.iter().enumerate().rev();
            let seen = each.filter_map(|(place, Revision { entry, .. })| {
                let record = versions.after(place)?;
                layers.shows(&viewer, record).then(|| {
                    json!({
                        "sequence": entry.sequence,
                        "at": entry.at,
                        "by": names.identity().author(&viewer, entry.author.as_deref()),
                        "reason": entry.reason,
                        "variant": layers.past(&viewer, record, entry.sequence),
                    })
                })
            });
            Ok(seen.collect::<Vec<_>>())
        })
        .await?;
    if told.is_empty() {
        return Err(Problem::not_found(format!(
            "没有、也没有过方案 {id} / there is and was no variant {id}"
        )));
    }
    Ok(Json(told))
}

/// All variants; as they were after the change of a number where one is given, also those that
/// are gone since.
pub(super) fn all(store: &GeoPackage, sequence: Option<u64>) -> Result<Vec<Record>, StoreError> {
    store.moment(|| {
        let mut were = match sequence {
            Some(sequence) => store.as_of(LAYER, sequence)?,
            None => HashMap::new(),
        };
        let mut all = Vec::new();
        store.scan(LAYER, |record| match were.remove(&record.id) {
            Some(was) => all.extend(was),
            None => all.push(record),
        })?;
        all.extend(were.into_values().flatten());
        Ok(all)
    })
}

/// One variant as it was after the change of a number, with the number of its last change then.
pub(super) fn one(
    store: &GeoPackage,
    id: &str,
    sequence: u64,
) -> Result<(Option<Record>, u64), StoreError> {
    let versions = Versions::read(store, id)?;
    let place =
        (versions.revisions).partition_point(|revision| revision.entry.sequence <= sequence);
    let Some(last) = place.checked_sub(1) else {
        return Ok((None, 0));
    };
    let number = versions.revisions[last].entry.sequence;
    Ok((versions.after(last).cloned(), number))
}

impl Layers {
    /// A version of before: nothing can be done with it as it is.
    pub(super) fn past(&self, viewer: &Viewer, record: &Record, version: u64) -> Told {
        let mut told = self.told(viewer, record, version);
        told["acts"] = json!([]);
        told
    }
}
