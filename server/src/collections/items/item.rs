//! `GET /collections/{layer}/items/{id}`: one feature, with an entity tag.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;
use sha2::{Digest, Sha256};
use yizhangtu_data::{Id, Layer, Record, Sensitivity, hexadecimal};

use super::{
    super::{
        crs::{CRS84, Offered},
        datetime::AsOf,
    },
    answer::given_in,
    geojson::{self, FeatureWriter},
    layer,
    select::Source,
};
use crate::{
    atlas::LayerSnapshot,
    http::{App, Base, Format, Parameters, Problem, html, percent_encoded},
    policy::{Viewer, past, rows},
};

pub(in super::super) async fn item(
    State(app): State<App>,
    Path((id, item)): Path<(String, String)>,
    viewer: Viewer,
    base: Base,
    headers: HeaderMap,
    mut given: Parameters,
) -> Result<Response, Problem> {
    let layer = layer(&app, &viewer, &id)?;
    let format = given.format(&headers, &[Format::GeoJson, Format::Html])?;
    let crs = match given.take("crs")? {
        None => &CRS84,
        Some(uri) => Offered::named("crs", &uri)?,
    };
    let as_of = AsOf::take(&mut given)?;
    given.finish()?;
    let now = as_of.is_none();
    let found = match as_of {
        None => find_versioned(&app, &viewer, layer, &item).await?,
        Some(as_of) => find_past(&app, &viewer, layer, &item, as_of).await?,
    };
    let Some((record, version)) = found else {
        if now && let Some(heir) = heir(&app, &viewer, layer, &item).await? {
            return Ok(elsewhere(&base, layer, &heir));
        }
        return Err(Problem::not_found(format!(
            "图层 {id} 没有要素 {item} / the layer {id} has no feature {item}"
        )));
    };
    let tag = tag(&version, format, crs);
    let unchanged = (headers.get_all(header::IF_NONE_MATCH).iter())
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|known| known.trim().trim_start_matches("W/"))
        .any(|known| known == "*" || known == tag);
    let mut response = if unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else if format == Format::Html {
        page(layer, &record, &viewer)
    } else {
        feature(layer, &record, &viewer, &base, crs)?
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    // A copy may be kept and is asked about each time, but for what one account sees and the next at
    // the same browser may not: the tag is that of the version, whoever reads it.
    let same = (layer.fields.iter()).all(|field| field.sensitivity == Sensitivity::Public);
    let kept = if same {
        "private, no-cache"
    } else {
        "no-store"
    };
    (response.headers_mut()).insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    Ok(response)
}

/// What a feature that is gone was merged into, where the viewer may see that.
async fn heir(
    app: &App,
    viewer: &Viewer,
    layer: &Arc<Layer>,
    gone: &str,
) -> Result<Option<Id>, Problem> {
    let (of, id) = (Arc::clone(layer), gone.to_owned());
    let heir = (app.pool().read(move |store| store.heir(&of.id, &id))).await?;
    Ok(match heir {
        Some(id) if find(app, viewer, layer, &id).await?.is_some() => Some(id),
        _ => None,
    })
}

/// Leads to the feature that another was merged into. Not for ever: a merging can be taken back.
fn elsewhere(base: &Base, layer: &Layer, heir: &Id) -> Response {
    let path = format!(
        "/collections/{}/items/{}",
        percent_encoded(&layer.id),
        percent_encoded(heir)
    );
    let link = base.link("canonical", &path, Format::GeoJson);
    let told = Json(json!({ "merged_into": &**heir, "links": [link] }));
    let headers = [
        (header::LOCATION, path),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (StatusCode::TEMPORARY_REDIRECT, headers, told).into_response()
}

/// A feature that the viewer may see, whole; none where there is none for them.
///
/// # Errors
/// When the file cannot be read.
pub(crate) async fn find(
    app: &App,
    viewer: &Viewer,
    layer: &Arc<Layer>,
    id: &str,
) -> Result<Option<Arc<Record>>, Problem> {
    match Source::of(app, viewer, layer, None).await? {
        Source::Atlas(snapshot) => Ok(snapshot.get(id).cloned()),
        Source::Rows(_, ids, _) if !ids.contains(id) => Ok(None),
        Source::Table(pool, _) | Source::Rows(pool, ..) => {
            let (layer, id) = (Arc::clone(layer), id.to_owned());
            let found = pool.read(move |store| store.get(&layer.id, &id)).await?;
            Ok(found.map(Arc::new))
        }
    }
}

/// A feature that the viewer may see, and its version.
///
/// The version is read first: one that is too old is refused at a change, one that is newer
/// than what was read would not be.
pub(super) async fn find_versioned(
    app: &App,
    viewer: &Viewer,
    layer: &Arc<Layer>,
    id: &str,
) -> Result<Option<(Arc<Record>, String)>, Problem> {
    let shown = app.snapshot().sequence;
    let until = if layer.is_mapped() { shown } else { u64::MAX };
    let (of, asked) = (Arc::clone(layer), id.to_owned());
    let version = app
        .pool()
        .read(move |store| store.version_at(&of.id, &asked, until))
        .await?;
    let Some(record) = find(app, viewer, layer, id).await? else {
        return Ok(None);
    };
    if app.catalog().layer(&layer.id).is_some() {
        return Ok(Some((record, version.to_string())));
    }
    // Files of other programs have no history, and nothing in them is masked.
    let digest = Sha256::digest(format!("{record:?}"));
    Ok(Some((record, hexadecimal(&digest[..8]))))
}

/// A feature as it was.
async fn find_past(
    app: &App,
    viewer: &Viewer,
    layer: &Arc<Layer>,
    id: &str,
    as_of: AsOf,
) -> Result<Option<(Arc<Record>, String)>, Problem> {
    let (of, asked) = (Arc::clone(layer), id.to_owned());
    let (own, by) = (app.clone(), viewer.clone());
    let (record, version) = app
        .pool()
        .read(move |store| {
            store.moment(|| {
                let sequence = as_of.sequence(store)?;
                if !of.is_mapped() {
                    let seen = rows(own.cuts(), &by, &own.snapshot(), store, &of, Some(sequence))?;
                    if seen.is_some_and(|ids| !ids.contains(&asked)) {
                        return Ok((None, 0));
                    }
                }
                let mut revisions = store.revisions(&of.id, &asked)?;
                let next = revisions.partition_point(|it| it.entry.sequence <= sequence);
                let record = if next < revisions.len() {
                    revisions.swap_remove(next).before
                } else {
                    store.get(&of.id, &asked)?
                };
                Ok((record, store.version_at(&of.id, &asked, sequence)?))
            })
        })
        .await?;
    let Some(record) = record else {
        return Ok(None);
    };
    let seen = !layer.is_mapped() || {
        let alone = LayerSnapshot::new(Arc::clone(layer), vec![record.clone()]);
        past(viewer, &app.snapshot(), Arc::new(alone))
            .get(id)
            .is_some()
    };
    Ok(seen.then(|| (Arc::new(record), version.to_string())))
}

/// The entity tag: the version alone for the usual form, with a mark for the others.
fn tag(version: &str, format: Format, crs: &Offered) -> String {
    let mark = match (format, crs == &CRS84) {
        (Format::GeoJson, true) => String::new(),
        (format, _) => format!(
            ".{}.{}",
            format.name(),
            crs.uri.rsplit('/').next().unwrap_or_default()
        ),
    };
    format!("\"{version}{mark}\"")
}

fn feature(
    layer: &Layer,
    record: &Record,
    viewer: &Viewer,
    base: &Base,
    crs: &Offered,
) -> Result<Response, Problem> {
    let projection = crs.projection().map_err(Problem::internal)?;
    let writer = FeatureWriter {
        properties: None,
        projection: &projection,
    };
    let collection = format!("/collections/{}", percent_encoded(&layer.id));
    let own = format!("{collection}/items/{}", percent_encoded(&record.id));
    let links = [
        base.link("self", &own, Format::GeoJson),
        base.link("alternate", &format!("{own}?f=html"), Format::Html),
        base.link("collection", &collection, Format::Json),
    ];
    let mut body = Vec::new();
    writer
        .open(&mut body, &viewer.see(layer, record))
        .and_then(|()| {
            body.extend_from_slice(b",\"links\":");
            geojson::json(&mut body, &links)
        })
        .map_err(Problem::internal)?;
    body.push(b'}');
    Ok(given_in(Format::GeoJson, crs.uri, body.into_response()))
}

fn page(layer: &Layer, record: &Record, viewer: &Viewer) -> Response {
    let mut page = html::Page::new(&layer.title.zh, &layer.title.en);
    let view = viewer.see(layer, record);
    let mut table = html::Table::new("");
    table.column(view.id(), "");
    for (field, seen) in view.fields() {
        let label = format!("{} / {}", field.label.zh, field.label.en);
        table.row("", &label, [seen.to_text()]);
    }
    page.table(table);
    page.into_response()
}
