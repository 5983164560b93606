//! Painting a tile: candidates from the snapshot, rules from the catalog, bytes.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use yizhangtu_data::GeometryKind;
use yizhangtu_index::{Point, Rect};
use yizhangtu_tiles::{
    Feature, MAX_ZOOM, Rules, TileId, TileLayer, draw, feature_number, mvt, project,
};

use super::{fields::Fields, naming::Drawn};
use crate::{atlas::LayerSnapshot, http::Encoded};

/// Units kept around a tile: outlines and labels reach over its edge.
const BUFFER: i64 = 64;

/// Layers of fewer features are never merged.
const FEW: usize = 1000;

/// Features looked at to learn how large a layer's are.
const SAMPLE: usize = 256;

/// In units, of a tile drawn 512 pixels wide.
const TWO_PIXELS: i64 = 16;

/// A tile of layers, in their order.
pub(super) fn tile(layers: &Drawn, tile: TileId) -> Encoded {
    let painted: Vec<TileLayer<'_>> = layers.iter().map(|layer| paint(layer, tile)).collect();
    Encoded::new(mvt::encode(&painted))
}

/// A tile compressed for an archive; none where it is empty.
pub(crate) fn gzipped(layers: &Drawn, tile: TileId) -> Option<Vec<u8>> {
    let painted: Vec<TileLayer<'_>> = layers.iter().map(|layer| paint(layer, tile)).collect();
    let bytes = mvt::encode(&painted);
    if bytes.is_empty() {
        return None;
    }
    let mut out = GzEncoder::new(Vec::new(), Compression::best());
    // Writing to memory does not fail.
    out.write_all(&bytes).ok()?;
    out.finish().ok()
}

/// Whether anything lies in a tile or its buffer.
pub(crate) fn is_touched(layers: &Drawn, tile: TileId) -> bool {
    layers.iter().any(|layer| {
        rect(tile.bounds_with_buffer(BUFFER))
            .is_some_and(|window| !layer.in_box(&window).is_empty())
    })
}

/// Whether a tile may look different after a layer was touched in some rectangles.
///
/// It does not where nothing that the drawing of the tile looks at was touched: what lies in
/// the tile and its buffer, where borders are simplified together also around it, and how
/// large the layer's features are in general.
pub(super) fn is_stale(
    old: &LayerSnapshot,
    new: &LayerSnapshot,
    tile: TileId,
    touched: &[Rect],
) -> bool {
    let (before, after) = (rules(old), rules(new));
    if before.blocks_below != after.blocks_below
        && tile.z() < before.blocks_below.max(after.blocks_below)
    {
        return true;
    }
    let looked_at = |layer: &LayerSnapshot, rules: &Rules| {
        let window = rect(tile.bounds_with_buffer(rules.reach(tile.z())))?;
        if !(rules.shared_borders && tile.z() < rules.exact_zoom) {
            return Some(window);
        }
        let around = around(layer, &layer.in_box(&window));
        Some(around.map_or(window, |around| around.join(&window)))
    };
    let meets = |window: Option<Rect>| {
        window.is_none_or(|window| touched.iter().any(|touched| touched.meets(&window)))
    };
    meets(looked_at(old, &before)) || meets(looked_at(new, &after))
}

/// The rectangle around some features.
fn around(snapshot: &LayerSnapshot, positions: &[u32]) -> Option<Rect> {
    positions
        .iter()
        .filter_map(|&position| snapshot.shape(position))
        .map(|shape| shape.rect())
        .reduce(|all, rect| all.join(&rect))
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
        blocks_below: if areal { blocks_below(snapshot) } else { 0 },
        blocks_by: layer
            .style
            .as_ref()
            .and_then(|style| style.color_by.as_deref().map(Into::into)),
        ..Rules::default()
    }
}

/// The zoom below which a layer's polygons are drawn as blocks: where the middling one is
/// under two pixels across. Layers whose borders matter keep their features, and so do
/// small ones.
fn blocks_below(snapshot: &LayerSnapshot) -> u8 {
    let layer = &snapshot.layer;
    let count = snapshot.len();
    if layer.partition || count < FEW {
        return 0;
    }
    let size = |position: usize| {
        let rect = snapshot.shape(u32::try_from(position).ok()?)?.rect();
        let corner = |at: Point| {
            project(
                geo::Coord {
                    x: at.lon(),
                    y: at.lat(),
                },
                MAX_ZOOM,
            )
        };
        let (a, b) = (corner(rect.min)?, corner(rect.max)?);
        Some((b.x - a.x).abs().max((b.y - a.y).abs()))
    };
    let mut sizes: Vec<i64> = (0..count)
        .step_by(count / SAMPLE + 1)
        .filter_map(size)
        .collect();
    if sizes.is_empty() {
        return 0;
    }
    sizes.sort_unstable();
    let middling = sizes[sizes.len() / 2];
    (0..=MAX_ZOOM)
        .find(|z| middling >> (MAX_ZOOM - z) >= TWO_PIXELS)
        .unwrap_or(0)
        .min(Rules::default().exact_zoom)
}

/// Positions of what may be seen in a tile, in the order of the file. Where borders are
/// shared, the neighbours of what is seen come too: they decide where borders part.
fn candidates(snapshot: &LayerSnapshot, tile: TileId, rules: &Rules) -> Vec<u32> {
    let Some(window) = rect(tile.bounds_with_buffer(rules.reach(tile.z()))) else {
        return Vec::new();
    };
    let mut positions = snapshot.in_box(&window);
    if rules.shared_borders
        && tile.z() < rules.exact_zoom
        && let Some(around) = around(snapshot, &positions)
    {
        positions = snapshot.in_box(&around);
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
