//! What a tile's path names: layers, zoom, column and row.

use std::sync::Arc;

use axum::http::StatusCode;
use yizhangtu_data::{GeometryKind, Layer};
use yizhangtu_tiles::{MAX_ZOOM, TileId, Tiling};

use crate::{
    atlas::{LayerSnapshot, Snapshot},
    http::Problem,
};

/// More layers than any map shows at once.
const MOST_LAYERS: usize = 100;

/// The layers of a tile, in the order of the path.
pub(crate) type Drawn = Vec<DrawnLayer>;

/// What is appended to a layer's name for the places of its names.
pub(crate) const LABELS: &str = ".labels";

/// One layer of a tile.
#[derive(Clone)]
pub(crate) struct DrawnLayer {
    /// Its name in paths and tiles.
    pub(crate) name: Box<str>,
    /// What it shows.
    pub(crate) part: Part,
    /// The layer whose part it is.
    pub(crate) snapshot: Arc<LayerSnapshot>,
}

/// What of a layer is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The features.
    Features,
    /// One point an area: where its name is written. Its tile layer is `grid.labels`.
    Labels,
}

impl DrawnLayer {
    /// The features of a layer.
    pub(crate) fn features(snapshot: Arc<LayerSnapshot>) -> Self {
        Self {
            name: snapshot.layer.id.as_str().into(),
            part: Part::Features,
            snapshot,
        }
    }

    /// The same of the layer as it is in another snapshot.
    pub(super) fn of(&self, snapshot: Arc<LayerSnapshot>) -> Self {
        Self {
            snapshot,
            ..self.clone()
        }
    }
}

/// Whether a layer is drawn at all: it has a place, and is not about persons.
pub(crate) fn has_tiles(layer: &Layer) -> bool {
    layer.is_mapped() && !layer.personal
}

/// Whether areas of a layer have names, which are written at a point of their own.
pub(crate) fn has_labels(layer: &Layer) -> bool {
    let names = layer.label.as_ref().or(layer.code.as_ref());
    let public =
        |name: &String| (layer.field(name)).is_some_and(|field| !field.sensitivity.is_personal());
    let written = layer
        .style
        .as_ref()
        .is_some_and(|style| style.label_zoom.is_some());
    has_tiles(layer)
        && layer.geometry == GeometryKind::Polygon
        && written
        && names.is_some_and(public)
}

/// What is drawn of a snapshot under a name in a path.
pub(crate) fn layer(snapshot: &Snapshot, name: &str) -> Option<DrawnLayer> {
    let id = layer_of(snapshot, name);
    let layer = (snapshot.layer(id)).filter(|layer| has_tiles(&layer.layer))?;
    let features = DrawnLayer::features(Arc::clone(layer));
    if id == name {
        return Some(features);
    }
    has_labels(&layer.layer).then(|| DrawnLayer {
        name: name.into(),
        part: Part::Labels,
        ..features
    })
}

/// The id of the layer whose features or names a name in a path means.
pub(super) fn layer_of<'a>(snapshot: &Snapshot, name: &'a str) -> &'a str {
    let whole = snapshot.layer(name).map(|_| name);
    whole.or(name.strip_suffix(LABELS)).unwrap_or(name)
}

/// The layers that a path names, joined by commas.
pub(super) fn layers(snapshot: &Snapshot, names: &str) -> Result<Drawn, Problem> {
    let mut drawn: Drawn = Vec::new();
    for name in names.split(',') {
        let layer = layer(snapshot, name).ok_or_else(|| unknown(name))?;
        if drawn.iter().any(|other| other.name == layer.name) {
            continue;
        }
        if drawn.len() == MOST_LAYERS {
            return Err(Problem::new(
                StatusCode::BAD_REQUEST,
                format!("一次最多 {MOST_LAYERS} 个图层 / at most {MOST_LAYERS} layers in one tile"),
            ));
        }
        drawn.push(layer);
    }
    Ok(drawn)
}

pub(super) fn unknown(name: &str) -> Problem {
    Problem::not_found(format!(
        "没有图层“{name}”，或它没有瓦片；图层见 /catalog \
         / there is no layer “{name}”, or it has no tiles; /catalog lists the layers"
    ))
}

/// The tile of three numbers: 400 where one is no number, 404 outside the grid.
pub(crate) fn tile_id(z: &str, x: &str, y: &str) -> Result<TileId, Problem> {
    tile_of(Tiling::Mercator, 0, z, x, y)
}

/// The same in a tiling whose zooms are counted from a first one.
pub(super) fn tile_of(
    tiling: Tiling,
    first: u8,
    z: &str,
    x: &str,
    y: &str,
) -> Result<TileId, Problem> {
    let (column, row) = (number("x", x)?, number("y", y)?);
    // A zoom too large for its type is as far outside the grid as one just over the limit.
    let zoom = (number("z", z)?.checked_sub(first.into()))
        .and_then(|zoom| u8::try_from(zoom).ok())
        .unwrap_or(MAX_ZOOM + 1);
    TileId::of(tiling, zoom, column, row).map_err(|error| Problem::not_found(error.to_string()))
}

fn number(name: &str, text: &str) -> Result<u32, Problem> {
    text.parse().map_err(|_| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            format!(
                "{name}：“{text}”不是非负整数 / {name}: “{text}” is not a whole number from 0 up"
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_outside_the_grid_are_not_found_and_others_are_bad() {
        assert_eq!(tile_id("3", "7", "7").unwrap().to_string(), "3/7/7");
        let status = |z, x, y| tile_id(z, x, y).unwrap_err().status();
        assert_eq!(status("3", "8", "0"), StatusCode::NOT_FOUND);
        assert_eq!(status("30", "0", "0"), StatusCode::NOT_FOUND);
        assert_eq!(status("300", "0", "0"), StatusCode::NOT_FOUND);
        assert_eq!(status("3", "-1", "0"), StatusCode::BAD_REQUEST);
        assert_eq!(status("z", "0", "0"), StatusCode::BAD_REQUEST);
    }
}
