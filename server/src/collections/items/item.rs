//! `GET /collections/{layer}/items/{id}`: one feature, with an entity tag.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{Arc, LazyLock},
};

use axum::{
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use yizhangtu_data::{Layer, Record};

use super::{
    super::crs::{CRS84, Offered},
    answer::given_in,
    geojson::{FeatureWriter, json},
    layer,
    select::Source,
};
use crate::{
    http::{App, Base, Format, Parameters, Problem, html, percent_encoded},
    policy::Viewer,
};

/// Entity tags are keyed anew at each start: a plain hash of a record would let whoever knows
/// most of it guess what its mask hides.
static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);

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
    given.finish()?;
    let record = find(&app, &viewer, layer, &item).await?.ok_or_else(|| {
        Problem::not_found(format!(
            "图层 {id} 没有要素 {item} / the layer {id} has no feature {item}"
        ))
    })?;
    let tag = tag(&record, format, crs);
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
    // A copy may be kept but is asked about each time.
    (response.headers_mut()).insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-cache"),
    );
    Ok(response)
}

pub(super) async fn find(
    app: &App,
    viewer: &Viewer,
    layer: &Arc<Layer>,
    id: &str,
) -> Result<Option<Arc<Record>>, Problem> {
    match Source::of(app, viewer, layer).await? {
        Source::Atlas(snapshot) => Ok(snapshot.get(id).cloned()),
        Source::Rows(_, ids) if !ids.contains(id) => Ok(None),
        Source::Table(pool) | Source::Rows(pool, _) => {
            let (layer, id) = (Arc::clone(layer), id.to_owned());
            let found = pool.read(move |store| store.get(&layer.id, &id)).await?;
            Ok(found.map(Arc::new))
        }
    }
}

fn tag(record: &Record, format: Format, crs: &Offered) -> String {
    let hash = KEY.hash_one((format!("{record:?}"), format.name(), crs.uri));
    format!("\"{hash:016x}\"")
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
            json(&mut body, &links)
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
