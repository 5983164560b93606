//! `/collections/{layer}/items` and `/items/{id}`: features, streamed.

mod answer;
mod csv;
mod export;
mod geojson;
mod item;
mod request;
mod select;

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
};
use yizhangtu_data::Layer;

pub(super) use export::export;
pub(crate) use export::exported_formats;
pub(super) use item::item;
pub(crate) use request::{DEFAULT_LIMIT, GREATEST_LIMIT};

use self::{answer::Answer, request::ItemsRequest, select::Source};
use crate::{
    http::{App, Base, Format, Parameters, Problem},
    policy::Viewer,
};

/// `GET /collections/{layer}/items`.
pub(super) async fn items(
    State(app): State<App>,
    Path(id): Path<String>,
    viewer: Viewer,
    base: Base,
    headers: HeaderMap,
    given: Parameters,
) -> Result<Response, Problem> {
    let layer = layer(&app, &id)?;
    let asked = given.clone();
    let request = ItemsRequest::read(given, &headers, layer, &viewer)?;
    let answer = Answer {
        layer: Arc::clone(layer),
        source: Source::of(&app, layer),
        projection: request.crs.projection().map_err(Problem::internal)?,
        request,
        viewer,
        base,
        asked,
    };
    match answer.request.format {
        Format::Csv => answer.csv().await,
        Format::Html => answer.html().await,
        _ => answer.geojson(),
    }
}

/// The layer of an identifier, or a 404 that says where all stand.
pub(super) fn layer<'a>(app: &'a App, id: &str) -> Result<&'a Arc<Layer>, Problem> {
    app.layer(id).ok_or_else(|| {
        Problem::not_found(format!(
            "没有图层 {id}，全部图层见 /collections / there is no layer {id}; /collections lists them all"
        ))
    })
}
