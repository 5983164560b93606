//! `/collections/{layer}/items` and `/items/{id}`: features, streamed.

mod answer;
mod csv;
mod export;
mod geojson;
mod history;
mod item;
mod request;
mod rows;
mod select;
mod selection;
mod unmask;
mod write;

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
};
use yizhangtu_data::Layer;

pub(super) use export::export;
pub(crate) use export::{exported, exported_formats};
pub(crate) use geojson::feature_json;
pub(super) use history::{history, revert};
pub(crate) use item::find;
pub(super) use item::item;
pub(crate) use request::{DEFAULT_LIMIT, GREATEST_LIMIT};
pub(crate) use select::features;
pub(crate) use selection::Selection;
pub(super) use unmask::unmask;
pub(crate) use write::existing;
pub(super) use write::{change, create, delete};

use self::{answer::Answer, request::ItemsRequest, select::Source};
use super::datetime::AsOf;
use crate::{
    audit::Entry,
    exports,
    http::{App, Base, Format, Parameters, Problem},
    policy::{Action, Viewer},
};

/// A list of more people than this is on record.
const MANY_PEOPLE: u64 = 50;

/// `GET /collections/{layer}/items`.
pub(super) async fn items(
    State(app): State<App>,
    Path(id): Path<String>,
    viewer: Viewer,
    base: Base,
    headers: HeaderMap,
    given: Parameters,
) -> Result<Response, Problem> {
    let layer = layer(&app, &viewer, &id)?;
    let asked = given.clone();
    let request = ItemsRequest::read(given, &headers, layer, &viewer)?;
    // A table of people is a file to take away, and goes the way of such files.
    if layer.personal && request.format == Format::Csv && !viewer.is_local() {
        viewer.require(Action::Export, layer)?;
        return Err(exports::needed());
    }
    let snapshot = app.snapshot();
    let sequence = snapshot.sequence;
    let own = app.catalog().layer(&layer.id).is_some();
    let whole = !viewer.ends(layer);
    let mut as_of = request.as_of.clone();
    if own && whole && as_of.is_none() {
        // This page and the next ones show one moment, in one order.
        if layer.is_mapped() {
            app.atlas().pin(&snapshot);
        }
        as_of = Some(AsOf::Sequence(sequence));
    }
    let answer = Answer {
        layer: Arc::clone(layer),
        moment: (own && whole && request.as_of.is_none()).then_some(sequence),
        source: Source::of(&app, &viewer, layer, as_of.as_ref()).await?,
        projection: request.crs.projection().map_err(Problem::internal)?,
        request,
        viewer,
        base,
        asked,
    };
    // Many people at once, or taken away as a table: on record.
    if layer.personal
        && (answer.request.limit > MANY_PEOPLE || answer.request.format == Format::Csv)
    {
        let (log, asker, limit) = (app.clone(), answer.viewer.clone(), answer.request.limit);
        let act = if answer.request.format == Format::Csv {
            "export"
        } else {
            "list"
        };
        let entry = Entry::of(act, layer.id.clone()).counting(limit);
        tokio::task::spawn_blocking(move || log.note(&asker, entry))
            .await
            .map_err(Problem::internal)?;
    }
    match answer.request.format {
        Format::Csv => answer.csv().await,
        Format::Html => answer.html().await,
        _ => answer.geojson(),
    }
}

/// The layer of an identifier, or a 404 that says where all stand. One that the viewer may not
/// see is as one that is not there.
pub(crate) fn layer<'a>(
    app: &'a App,
    viewer: &Viewer,
    id: &str,
) -> Result<&'a Arc<Layer>, Problem> {
    let found = app
        .layer(id)
        .filter(|layer| viewer.may(Action::View, layer));
    found.ok_or_else(|| {
        Problem::not_found(format!(
            "没有图层 {id}，全部图层见 /collections / there is no layer {id}; /collections lists them all"
        ))
    })
}
