//! `/collections`, `/collections/{layer}`: which layers there are.

use axum::{
    Json,
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use yizhangtu_data::Layer;

use super::{
    crs::{CRS84, OFFERED, STORED},
    items::layer,
};
use crate::{
    http::{App, Base, Format, Parameters, Problem, html, percent_encoded},
    policy::{Action, Viewer},
};

/// `GET /collections`.
pub(super) async fn collections(
    State(app): State<App>,
    viewer: Viewer,
    base: Base,
    headers: HeaderMap,
    mut given: Parameters,
) -> Result<Response, Problem> {
    let format = given.format(&headers, &[Format::Json, Format::Html])?;
    given.finish()?;
    let layers: Vec<_> = (app.layers().iter())
        .filter(|layer| viewer.may(Action::View, layer))
        .collect();
    let collections: Vec<Value> = (layers.iter())
        .map(|layer| describe(&app, &viewer, layer, &base))
        .collect();
    if format == Format::Html {
        let mut table = html::Table::new("id");
        table.column("图层", "Collection");
        table.column("说明", "Description");
        for (layer, collection) in layers.iter().zip(&collections) {
            let href = base.at(&format!("{}?f=html", path(layer)));
            let text = |name: &str| collection[name].as_str().unwrap_or_default().to_owned();
            table.row(&href, &layer.id, [text("title"), text("description")]);
        }
        let mut page = html::Page::new("图层", "Collections");
        page.table(table);
        return Ok(page.into_response());
    }
    let links = [
        base.link("self", "/collections?f=json", Format::Json),
        base.link("alternate", "/collections?f=html", Format::Html),
        base.link("root", "/?f=json", Format::Json),
    ];
    let crs = OFFERED.map(|offered| offered.uri);
    Ok(Json(json!({ "links": links, "crs": crs, "collections": collections })).into_response())
}

/// `GET /collections/{layer}`.
pub(super) async fn collection(
    State(app): State<App>,
    Path(id): Path<String>,
    viewer: Viewer,
    base: Base,
    headers: HeaderMap,
    mut given: Parameters,
) -> Result<Response, Problem> {
    let layer = layer(&app, &viewer, &id)?;
    let format = given.format(&headers, &[Format::Json, Format::Html])?;
    given.finish()?;
    let collection = describe(&app, &viewer, layer, &base);
    if format == Format::Html {
        let mut page = html::Page::new(&layer.title.zh, &layer.title.en);
        page.value(&collection);
        return Ok(page.into_response());
    }
    Ok(Json(collection).into_response())
}

fn path(layer: &Layer) -> String {
    format!("/collections/{}", percent_encoded(&layer.id))
}

fn describe(app: &App, viewer: &Viewer, layer: &Layer, base: &Base) -> Value {
    let path = path(layer);
    let items = format!("{path}/items");
    let of = |suffix: &str| format!("{path}/{suffix}");
    let mut links = vec![
        base.link("self", &path, Format::Json),
        base.link("alternate", &format!("{path}?f=html"), Format::Html),
        base.link("items", &items, Format::GeoJson)
            .titled("要素 / features"),
        base.link("items", &format!("{items}?f=csv"), Format::Csv),
        base.link("items", &format!("{items}?f=html"), Format::Html),
        base.link("describedby", &of("schema"), Format::Schema),
        base.link(
            "http://www.opengis.net/def/rel/ogc/1.0/schema",
            &of("schema"),
            Format::Schema,
        ),
        base.link(
            "http://www.opengis.net/def/rel/ogc/1.0/queryables",
            &of("queryables"),
            Format::Schema,
        ),
        base.link(
            "http://www.opengis.net/def/rel/ogc/1.0/sortables",
            &of("sortables"),
            Format::Schema,
        ),
        base.link("root", "/?f=json", Format::Json),
    ];
    if crate::tiles::has_tiles(layer) {
        links.push(base.link(
            "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector",
            &of("tiles"),
            Format::Json,
        ));
    }
    links.dedup_by(|one, other| one.rel == other.rel && one.href == other.href);
    let mut collection = json!({
        "id": layer.id,
        "title": both(&layer.title),
        "itemType": "feature",
        "links": links,
        "crs": OFFERED.map(|offered| offered.uri),
        "storageCrs": STORED,
    });
    if let Some(description) = &layer.description {
        collection["description"] = both(description).into();
    }
    let snapshot = app.seen_by(viewer);
    if let Some(bounds) = snapshot.layer(&layer.id).and_then(|layer| layer.bounds())
        && !layer.personal
    {
        let corners = super::corners(&bounds);
        collection["extent"] = json!({ "spatial": { "bbox": [corners], "crs": CRS84.uri } });
    }
    collection
}

fn both(text: &yizhangtu_data::Text) -> String {
    if text.en.is_empty() || text.en == text.zh {
        text.zh.clone()
    } else {
        format!("{} / {}", text.zh, text.en)
    }
}

/// `GET /collections/{layer}/schema`.
pub(super) async fn schema(
    State(app): State<App>,
    Path(id): Path<String>,
    viewer: Viewer,
    base: Base,
    given: Parameters,
) -> Result<Response, Problem> {
    document(&app, &id, &viewer, given, |layer| {
        let id = base.at(&format!("{}/schema", path(layer)));
        super::schema::schema(layer, app.catalog(), &id)
    })
}

/// `GET /collections/{layer}/queryables`.
pub(super) async fn queryables(
    State(app): State<App>,
    Path(id): Path<String>,
    viewer: Viewer,
    base: Base,
    given: Parameters,
) -> Result<Response, Problem> {
    document(&app, &id, &viewer, given, |layer| {
        let id = base.at(&format!("{}/queryables", path(layer)));
        super::schema::queryables(layer, app.catalog(), &viewer, &id)
    })
}

/// `GET /collections/{layer}/sortables`.
pub(super) async fn sortables(
    State(app): State<App>,
    Path(id): Path<String>,
    viewer: Viewer,
    base: Base,
    given: Parameters,
) -> Result<Response, Problem> {
    document(&app, &id, &viewer, given, |layer| {
        let id = base.at(&format!("{}/sortables", path(layer)));
        super::schema::sortables(layer, app.catalog(), &viewer, &id)
    })
}

/// A JSON Schema about a layer that the viewer may see.
fn document(
    app: &App,
    id: &str,
    viewer: &Viewer,
    mut given: Parameters,
    write: impl FnOnce(&Layer) -> Value,
) -> Result<Response, Problem> {
    let layer = layer(app, viewer, id)?;
    given.format(&HeaderMap::new(), &[Format::Schema])?;
    given.finish()?;
    Ok(as_schema(&write(layer)))
}

fn as_schema(schema: &Value) -> Response {
    let kind = [(
        axum::http::header::CONTENT_TYPE,
        Format::Schema.media_type(),
    )];
    (kind, schema.to_string()).into_response()
}
