//! `GET /`: the page for people, the landing page of OGC API for programs; `/conformance`.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::http::{App, Base, Format, Link, Parameters, Problem, html};

/// The conformance classes that are met, and shown to be by the tests named after them.
pub(super) const CONFORMANCE: [&str; 32] = [
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables-query-parameters",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/filter",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter",
    "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/create-replace-delete",
    "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/update",
    "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/optimistic-locking",
    "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/optimistic-locking-etags",
    "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/features",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/schemas",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/core-roles-features",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/returnables-and-receivables",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/sortables",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tileset",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/geodata-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-cql2",
    "http://www.opengis.net/spec/cql2/1.0/conf/advanced-comparison-operators",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions-plus",
    "http://www.opengis.net/spec/cql2/1.0/conf/spatial-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/temporal-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-json",
];

/// `GET /`.
pub(super) async fn landing(
    State(app): State<App>,
    base: Base,
    headers: HeaderMap,
    mut given: Parameters,
) -> Result<Response, Problem> {
    // The page keeps its view in the address; to it no parameter is unknown.
    let format = given.format(&headers, &[Format::Json, Format::Html])?;
    if format == Format::Html {
        return Ok(crate::page::document(&headers));
    }
    given.finish()?;
    let title = &app.about().title;
    let service = Link {
        href: base.at("/api"),
        rel: "service-desc",
        media_type: Some(super::api::MEDIA_TYPE),
        title: Some("OpenAPI".to_owned()),
    };
    let links = [
        base.link("self", "/?f=json", Format::Json),
        base.link("alternate", "/?f=html", Format::Html)
            .titled("一张图 / the map"),
        service,
        base.link("service-doc", "/api.html", Format::Html)
            .titled("接口说明 / the interface"),
        base.link("conformance", "/conformance", Format::Json),
        base.link("data", "/collections", Format::Json)
            .titled("图层 / collections"),
        base.link(
            "http://www.opengis.net/def/rel/ogc/1.0/conformance",
            "/conformance",
            Format::Json,
        ),
        base.link(
            "http://www.opengis.net/def/rel/ogc/1.0/data",
            "/collections",
            Format::Json,
        ),
    ];
    let mut landing = json!({
        "title": format!("{} / {}", title.zh, title.en),
        "description": "一张图：村庄规划、治理与更新 / one map for village planning, governance and renewal",
        "links": links,
    });
    if let Some(notice) = &app.about().notice {
        landing["attribution"] = format!("{} / {}", notice.zh, notice.en).into();
    }
    let mut response = Json(landing).into_response();
    (response.headers_mut()).insert(header::VARY, HeaderValue::from_static("accept"));
    Ok(response)
}

/// `GET /conformance`.
pub(super) async fn conformance(
    headers: HeaderMap,
    mut given: Parameters,
) -> Result<Response, Problem> {
    let format = given.format(&headers, &[Format::Json, Format::Html])?;
    given.finish()?;
    let document = json!({ "conformsTo": CONFORMANCE });
    if format == Format::Html {
        let mut page = html::Page::new("遵循的标准", "Conformance");
        page.value(&document);
        return Ok(page.into_response());
    }
    Ok(Json(document).into_response())
}
