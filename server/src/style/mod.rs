//! How the map is drawn, as a MapLibre style made from the catalog: the page draws by it, and so
//! does any other viewer that reads the format (<https://maplibre.org/maplibre-style-spec/>).

mod color;
mod layers;
mod name;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Map, Value, json};
use yizhangtu_data::{GeometryKind, Layer, catalog::Style};

use crate::{
    atlas::{LayerSnapshot, Snapshot},
    http::{App, Base, Format, Parameters, Problem, percent_encoded},
    policy::Viewer,
    tiles::{LABELS, LAST_ZOOM, has_labels, has_tiles, is_merged},
};

/// The media type of a style.
pub(crate) const MEDIA_TYPE: &str = "application/vnd.mapbox.style+json";

/// The one style.
const MAP: &str = "map";

/// Paper, under everything.
const PAPER: &str = "#f6f4ee";

/// The routes of the styles (OGC API Styles, 20-009, core).
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/styles", get(list))
        .route("/styles/{style}", get(style))
}

async fn list(base: Base, given: Parameters) -> Result<Response, Problem> {
    given.finish()?;
    let mut link =
        serde_json::to_value(base.link("stylesheet", &format!("/styles/{MAP}"), Format::Json))
            .map_err(Problem::internal)?;
    link["type"] = MEDIA_TYPE.into();
    Ok(Json(json!({
        "default": MAP,
        "styles": [{ "id": MAP, "title": "一张图 / the map", "links": [link] }],
    }))
    .into_response())
}

async fn style(
    State(app): State<App>,
    viewer: Viewer,
    base: Base,
    Path(name): Path<String>,
    given: Parameters,
) -> Result<Response, Problem> {
    given.finish()?;
    if name != MAP {
        return Err(Problem::not_found(format!(
            "没有样式“{name}”，可用的是 {MAP} / there is no style “{name}”; there is {MAP}"
        )));
    }
    let document = document(&app, &app.seen_by(&viewer), &base);
    Ok(([(header::CONTENT_TYPE, MEDIA_TYPE)], document.to_string()).into_response())
}

/// The style of what somebody sees: every layer, those on that the catalog shows at first.
fn document(app: &App, snapshot: &Snapshot, base: &Base) -> Value {
    let mut drawn: Vec<(&LayerSnapshot, Style)> = (snapshot.layers.iter())
        .filter(|layer| has_tiles(&layer.layer))
        .filter_map(|layer| Some((&**layer, look(&layer.layer, layer.len())?)))
        .collect();
    // Areas under lines under points where the catalog gives no order.
    drawn.sort_by_key(|(layer, style)| (style.draw_order, rank(layer.layer.geometry)));
    let bounds = snapshot
        .bounds()
        .map(|bounds| crate::collections::corners(&bounds));
    let latitude = bounds.map_or(23.1, |[_, south, _, north]| f64::midpoint(south, north));
    let mut sources = Map::new();
    let (mut shapes, mut names) = (Vec::new(), Vec::new());
    for (layer, style) in &drawn {
        sources.insert(layers::source(&layer.layer), source(layer, base));
        let drawing = layers::Drawing::new(
            &layer.layer,
            style,
            app.catalog(),
            latitude,
            is_merged(layer),
        );
        shapes.extend(drawing.shapes());
        names.extend(drawing.name());
    }
    let paper =
        json!({ "id": "paper", "type": "background", "paint": { "background-color": PAPER } });
    let layers = [vec![paper], shapes, names].concat();
    let about = app.about();
    let mut document = json!({
        "version": 8,
        "name": about.title.zh,
        "metadata": { "yizhangtu:sequence": snapshot.sequence, "yizhangtu:synthetic": about.synthetic },
        "sources": sources,
        "layers": layers,
    });
    if let Some([west, south, east, north]) = bounds {
        document["center"] = json!([f64::midpoint(west, east), f64::midpoint(south, north)]);
        document["zoom"] = 13.into();
    }
    document
}

fn rank(kind: GeometryKind) -> u8 {
    match kind {
        GeometryKind::None => 0,
        GeometryKind::Polygon => 1,
        GeometryKind::Any => 2,
        GeometryKind::Line => 3,
        GeometryKind::Point => 4,
    }
}

/// How a layer of some features looks. Neighbours that share a border would draw its dashes
/// twice, out of step: they get a whole line.
pub(crate) fn look(layer: &Layer, count: usize) -> Option<Style> {
    let mut style = layer.style.clone()?;
    if layer.partition && count > 1 {
        style.dash = None;
    }
    Some(style)
}

/// The tiles of a layer, with the places of its names where they have their own.
fn source(snapshot: &LayerSnapshot, base: &Base) -> Value {
    let layer = &snapshot.layer;
    let mut names = percent_encoded(&layer.id);
    if has_labels(layer) {
        names = format!("{names},{names}{LABELS}");
    }
    let mut source = json!({
        "type": "vector",
        "tiles": [base.at(&format!("/tiles/{names}/{{z}}/{{x}}/{{y}}"))],
        "minzoom": 0,
        "maxzoom": LAST_ZOOM,
        "promoteId": "id",
    });
    if let Some(bounds) = snapshot.bounds() {
        source["bounds"] = json!(crate::collections::corners(&bounds));
    }
    source
}

#[cfg(test)]
mod tests {
    use yizhangtu_data::Catalog;

    use super::*;

    #[test]
    fn the_borders_of_a_partition_are_whole_where_neighbours_share_them() {
        let catalog = Catalog::embedded();
        let grid = catalog.layer("grid").unwrap();
        assert!(look(grid, 7).unwrap().dash.is_none());
        assert!(look(grid, 1).unwrap().dash.is_some());
        let sheet = catalog.layer("sheet").unwrap();
        assert!(look(sheet, 15).unwrap().dash.is_some());
    }
}
