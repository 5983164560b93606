//! What hangs on a feature, as one viewer may know it.

use serde_json::{Value, json};
use yizhangtu_data::{
    Layer, Record, Value as Stored,
    store::{GeoPackage, StoreError, attachments::LAYER},
};

use super::{
    access::{May, Owner, is_personal, of_feature},
    rules::Rules,
};
use crate::{
    http::percent_encoded,
    policy::{Seen, Viewer},
};

/// The answer to `GET …/attachments`.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn of(
    store: &GeoPackage,
    viewer: &Viewer,
    owner: &Owner,
    may: May,
) -> Result<Value, StoreError> {
    let mut attachments = Vec::new();
    let mut hidden = 0;
    let records = of_feature(store, &owner.layer.id, &owner.id)?;
    if let Some(own) = store.layer(LAYER) {
        for record in &records {
            if is_personal(&owner.layer, own, record) && !may.personal {
                hidden += 1;
            } else {
                attachments.push(one(store, viewer, owner, may, own, record)?);
            }
        }
    }
    Ok(json!({
        "attachments": attachments,
        // Only how many: who may not see a portrait is not told whose it is either.
        "hidden": hidden,
        "removed": if may.add { removed(store, owner)? } else { Vec::new() },
        "may_add": may.add,
        "rules": Rules::usual().json(store.catalog()),
    }))
}

/// One attachment.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn one(
    store: &GeoPackage,
    viewer: &Viewer,
    owner: &Owner,
    may: May,
    own: &Layer,
    record: &Record,
) -> Result<Value, StoreError> {
    let view = viewer.see(own, record);
    let personal = is_personal(&owner.layer, own, record);
    let added = store.revisions(LAYER, &record.id)?.into_iter().next();
    let author = added
        .as_ref()
        .and_then(|added| added.entry.author.as_deref());
    let mine = author == Some(viewer.author());
    let hash = record.get(own, "hash").as_text().unwrap_or_default();
    let href = format!("/attachments/{}", percent_encoded(hash));
    let picture = record.get(own, "width").as_integer().is_some();
    let mut told = json!({
        "id": &*record.id,
        "personal": personal,
        "author": author,
        "added_at": added.as_ref().map(|added| &added.entry.at),
        "may_remove": may.remove || (may.add && mine),
        "href": href,
        // A look at what shows a person is on record, so none is taken by the way.
        "thumbnail": (picture && !personal).then(|| format!("{href}/thumbnail")),
        "original": may.origin.then(|| format!("{href}?original=true")),
        "place": may.origin.then(|| place(own, record)).flatten(),
    });
    for field in [
        "kind",
        "name",
        "caption",
        "media_type",
        "hash",
        "bytes",
        "width",
        "height",
        "taken_at",
    ] {
        told[field] = json!(view.get(field));
    }
    told["bearing"] = match view.get("bearing") {
        seen @ Seen::Open(_) if may.origin => json!(seen),
        _ => Value::Null,
    };
    Ok(told)
}

/// Where the camera was: longitude, latitude.
fn place(own: &Layer, record: &Record) -> Option<[f64; 2]> {
    let number = |field| record.get(own, field).as_decimal();
    Some([number("longitude")?, number("latitude")?])
}

/// What was attached once: the file is gone, its hash stays.
fn removed(store: &GeoPackage, owner: &Owner) -> Result<Vec<Value>, StoreError> {
    let gone = store.query(
        "SELECT json_extract(l.before, '$.hash'), json_extract(l.before, '$.kind'), l.at, s.author
         FROM change_log l LEFT JOIN change_set s ON s.fid = l.change_set
         WHERE l.layer = 'attachment' AND l.operation = 'delete'
           AND json_extract(l.before, '$.layer') = ?1 AND json_extract(l.before, '$.feature') = ?2
         ORDER BY l.sequence",
        [&owner.layer.id, &owner.id],
        |row| {
            Ok(json!({
                "hash": row.get::<_, Option<String>>(0)?,
                "kind": row.get::<_, Option<String>>(1)?,
                "removed_at": row.get::<_, String>(2)?,
                "author": row.get::<_, Option<String>>(3)?,
            }))
        },
    );
    match gone {
        // A file of another program has no such log.
        Err(_) if !store.is_own() => Ok(Vec::new()),
        gone => gone,
    }
}

/// The features that attachments hang on are what changed, where only attachments did: who may
/// see the feature is told, and looks again.
///
/// # Errors
/// When the file cannot be read.
pub(crate) fn told_of_owners(
    store: &GeoPackage,
    mut entries: Vec<yizhangtu_data::store::Entry>,
) -> Result<Vec<yizhangtu_data::store::Entry>, StoreError> {
    let Some(own) = store.layer(LAYER).cloned() else {
        return Ok(entries);
    };
    for entry in entries.iter_mut().filter(|entry| *entry.layer == *LAYER) {
        let record = match store.get(LAYER, &entry.id)? {
            Some(record) => Some(record),
            None => (store.revisions(LAYER, &entry.id)?.pop()).and_then(|last| last.before),
        };
        let text = |field| match record.as_ref()?.get(&own, field) {
            Stored::Text(text) => Some(text.to_string()),
            _ => None,
        };
        if let (Some(layer), Some(feature)) = (text("layer"), text("feature")) {
            entry.layer = layer.into();
            entry.id = feature.into();
            entry.operation = "update".to_owned();
        }
    }
    Ok(entries)
}
