//! Painting a tile: candidates from the snapshot, rules from the catalog, bytes.

use yizhangtu_data::GeometryKind;
use yizhangtu_index::{Point, Rect};
use yizhangtu_tiles::{Feature, Rules, TileId, TileLayer, draw, feature_number, mvt};

use super::fields::Fields;
use crate::{atlas::LayerSnapshot, http::Encoded};

/// Units kept around a tile: outlines and labels reach over its edge.
const BUFFER: i64 = 64;

/// A tile of layers, in their order.
pub(super) fn tile(layers: &[std::sync::Arc<LayerSnapshot>], tile: TileId) -> Encoded {
    let painted: Vec<TileLayer<'_>> = layers.iter().map(|layer| paint(layer, tile)).collect();
    Encoded::new(mvt::encode(&painted))
}

fn paint(snapshot: &LayerSnapshot, tile: TileId) -> TileLayer<'_> {
    let layer = &*snapshot.layer;
    let rules = rules(snapshot);
    let fields = Fields::at(layer, tile.z());
    let positions = candidates(snapshot, tile, &rules);
    let features = positions.into_iter().filter_map(|position| {
        let record = snapshot.record(position);
        Some(Feature {
            number: feature_number(&record.id),
            geometry: record.geometry.as_ref()?,
            properties: fields.of(record),
        })
    });
    draw(tile, &layer.id, &rules, features)
}

/// How a layer is generalised.
fn rules(snapshot: &LayerSnapshot) -> Rules {
    let layer = &snapshot.layer;
    let areal = matches!(layer.geometry, GeometryKind::Polygon | GeometryKind::Any);
    Rules {
        buffer: BUFFER,
        shared_borders: areal && layer.partition,
        ..Rules::default()
    }
}

/// Positions of what may be seen in a tile, in the order of the file. Where borders are
/// shared, the neighbours of what is seen come too: they decide where borders part.
fn candidates(snapshot: &LayerSnapshot, tile: TileId, rules: &Rules) -> Vec<u32> {
    let Some(window) = rect(tile.bounds_with_buffer(rules.buffer + 2)) else {
        return Vec::new();
    };
    let mut positions = snapshot.in_box(&window);
    if rules.shared_borders && tile.z() < rules.exact_zoom {
        let around = positions
            .iter()
            .filter_map(|&position| snapshot.shape(position))
            .map(|shape| shape.rect())
            .reduce(|all, rect| all.join(&rect));
        if let Some(around) = around {
            positions = snapshot.in_box(&around);
        }
    }
    positions.sort_unstable();
    positions
}

fn rect(bounds: geo::Rect<f64>) -> Option<Rect> {
    let (low, high) = (bounds.min(), bounds.max());
    Some(Rect::of(
        Point::snap(low.x, low.y)?,
        Point::snap(high.x, high.y)?,
    ))
}
