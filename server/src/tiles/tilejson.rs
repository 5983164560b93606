//! TileJSON 3.0: what a map client reads before it asks for tiles
//! (<https://github.com/mapbox/tilejson-spec/tree/master/3.0.0>).

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    LAST_ZOOM,
    fields::{Fields, ROOM},
    naming::{self, Drawn, DrawnLayer, Part},
};
use crate::{
    http::{App, Base, Problem, percent_encoded},
    policy::Viewer,
};

#[derive(Debug, Serialize)]
struct TileJson {
    tilejson: &'static str,
    name: String,
    scheme: &'static str,
    tiles: [String; 1],
    minzoom: u8,
    maxzoom: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    bounds: Option<[f64; 4]>,
    /// The sequence number that the tiles show.
    version: String,
    vector_layers: Vec<VectorLayer>,
}

/// A layer of a tile, as TileJSON and PMTiles describe it.
#[derive(Debug, Serialize)]
pub(crate) struct VectorLayer {
    id: String,
    description: String,
    minzoom: u8,
    maxzoom: u8,
    fields: Map<String, Value>,
}

/// `/tiles/{layers}.json`.
pub(super) async fn document(
    State(app): State<App>,
    viewer: Viewer,
    base: Base,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let names = name.strip_suffix(".json").ok_or_else(|| {
        Problem::not_found(format!(
            "没有路径 /tiles/{name}；瓦片说明在 /tiles/{name}.json，瓦片在 /tiles/{name}/{{z}}/{{x}}/{{y}} \
             / there is no path /tiles/{name}; tiles are described at /tiles/{name}.json and lie at /tiles/{name}/{{z}}/{{x}}/{{y}}"
        ))
    })?;
    let snapshot = app.seen_by(&viewer);
    let layers = naming::layers(&snapshot, names)?;
    Ok(Json(describe(&layers, snapshot.sequence, &base)).into_response())
}

fn describe(layers: &Drawn, sequence: u64, base: &Base) -> TileJson {
    let titles: Vec<&str> = layers
        .iter()
        .map(|layer| layer.snapshot.layer.title.zh.as_str())
        .collect();
    let ids: Vec<String> = layers
        .iter()
        .map(|layer| percent_encoded(&layer.name))
        .collect();
    let ids = ids.join(",");
    TileJson {
        tilejson: "3.0.0",
        name: titles.join("、"),
        scheme: "xyz",
        tiles: [base.at(&format!("/tiles/{ids}/{{z}}/{{x}}/{{y}}"))],
        minzoom: layers.iter().map(least_zoom).min().unwrap_or(0),
        maxzoom: LAST_ZOOM,
        bounds: bounds(layers),
        version: format!("1.0.{sequence}"),
        vector_layers: described(layers),
    }
}

/// What each layer of a tile holds.
pub(crate) fn described(layers: &Drawn) -> Vec<VectorLayer> {
    layers.iter().map(vector_layer).collect()
}

fn vector_layer(drawn: &DrawnLayer) -> VectorLayer {
    let layer = &drawn.snapshot.layer;
    let mut fields = Map::from_iter([("id".to_owned(), "String".into())]);
    let known = match drawn.part {
        Part::Features => Fields::at(layer, LAST_ZOOM, 0),
        Part::Labels => Fields::of_names(layer),
    };
    fields.extend((known.kinds()).map(|(name, kind)| (name.to_owned(), kind.into())));
    if drawn.part == Part::Labels {
        fields.insert(ROOM.to_owned(), "Number".into());
    }
    VectorLayer {
        id: drawn.name.to_string(),
        description: format!("{} / {}", layer.title.zh, layer.title.en),
        minzoom: least_zoom(drawn),
        maxzoom: LAST_ZOOM,
        fields,
    }
}

/// The least zoom at which the style draws a layer, or writes its names.
pub(super) fn least_zoom(drawn: &DrawnLayer) -> u8 {
    let style = drawn.snapshot.layer.style.as_ref();
    let zoom = style.map_or(0, |style| match drawn.part {
        Part::Features => style.min_zoom,
        Part::Labels => style.label_zoom.unwrap_or(0),
    });
    zoom.min(LAST_ZOOM)
}

/// West, south, east and north of the layers together, in degrees.
pub(crate) fn bounds(layers: &Drawn) -> Option<[f64; 4]> {
    let all = layers
        .iter()
        .filter_map(|layer| layer.snapshot.bounds())
        .reduce(|all, rect| all.join(&rect))?;
    Some([all.min.lon(), all.min.lat(), all.max.lon(), all.max.lat()])
}
