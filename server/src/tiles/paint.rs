//! Painting a tile: candidates from the snapshot, rules from the catalog, bytes.

use std::sync::Arc;

use geo::Coord;
use rayon::prelude::*;
use yizhangtu_data::{
    GeometryKind, Layer, Value, measure,
    store::blob::{Part as Traced, Pen},
};
use yizhangtu_index::{Point, Rect, Shape};
use yizhangtu_tiles::{
    Aggregate, Canvas, EXTENT, EncodeError, Encoding, Ground, Kind, MAX_ZOOM, Rules,
    Shape as Drawing, SquareId, Survey, TileId, TileLayer, Value as TileValue, View, aggregate,
    feature_number, label_point, project,
};

use super::{
    LAST_ZOOM,
    asked::Asked,
    fields::{Fields, ROOM},
    naming::{Drawn, DrawnLayer, Part, has_tiles},
    tilejson::least_zoom,
};
use crate::{
    atlas::{LayerSnapshot, Row},
    changes::lattice,
    collections::Selection,
    http::{Encoded, GZIP_LEVEL, gzip},
};

/// Units kept around a tile: outlines and labels reach over its edge.
const BUFFER: i64 = 64;

/// Metres to either side that the widest road is drawn: as much of it is kept around a tile, or
/// its edge would end where the next tile, from which its middle is not seen, begins.
const HALF_ROAD: f64 = 24.0;

/// Metres along the equator.
const EQUATOR: f64 = 40_075_016.685_578_49;

/// Layers of fewer features are not merged unless the catalog says so.
const FEW: usize = 1000;

/// Features looked at to learn how large a layer's are.
const SAMPLE: usize = 256;

/// What an area and a line have to measure to be drawn for themselves, in units: three and
/// eight pixels of a tile drawn 512 pixels wide.
const LEAST_AREA: i64 = 24;
const LEAST_LINE: i64 = 64;

/// Features that are painted in about a millisecond.
const LITTLE: usize = 800;

/// How hard tiles are compressed that are written once and read by many: as small as by zlib's
/// best, in a third of the time.
const HARD: i32 = 6;

/// How hard those are that nobody may ask for again: in two fifths of the time of [`HARD`], and a
/// tenth larger.
const LIGHT: i32 = 1;

/// How hard a tile of a zoom is compressed, of libdeflate's levels.
fn gzip_level(z: u8) -> i32 {
    match z {
        // Few, and small where a town is merged; drawn anew after every edit in so much of it.
        ..15 => GZIP_LEVEL,
        // The largest: many features, each for itself, and seen from everywhere.
        15 => HARD,
        _ => LIGHT,
    }
}

/// A tile of layers, in their order, as it is asked for.
pub(super) fn tile(layers: &Drawn, tile: TileId, asked: &Asked) -> Result<Encoded, EncodeError> {
    let painted: Vec<TileLayer<'_>> = (layers.iter())
        .map(|layer| {
            let chosen = Chosen(&layer.snapshot, asked.selection.as_ref());
            match asked.aggregate {
                None => part(layer, tile, chosen),
                Some(how) => count(tile, how, chosen),
            }
        })
        .collect();
    let bytes = asked.encoding.encoder().encode(&painted)?;
    Ok(Encoded::new(bytes).at_gzip_level(gzip_level(tile.zoom())))
}

/// A tile compressed for an archive; none where it is empty.
pub(crate) fn gzipped(
    layers: &Drawn,
    tile: TileId,
    encoding: Encoding,
) -> Result<Option<Vec<u8>>, EncodeError> {
    let painted: Vec<TileLayer<'_>> = (layers.iter())
        .map(|layer| part(layer, tile, Chosen(&layer.snapshot, None)))
        .collect();
    let bytes = encoding.encoder().encode(&painted)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    // The level is one that there is.
    Ok(gzip(&bytes, HARD).ok())
}

/// Lets go of what was kept for tiles up to a zoom, when none of them will be drawn any more.
pub(crate) fn leave(layers: &Drawn, zoom: u8) {
    (layers.iter()).for_each(|layer| layer.snapshot.grounds().forget_up_to(zoom));
}

/// The features of a layer that are asked for.
#[derive(Clone, Copy)]
struct Chosen<'a>(&'a LayerSnapshot, Option<&'a Selection>);

impl<'a> Chosen<'a> {
    /// A look at what is at a position, where it is asked for.
    fn row(self, position: u32) -> Option<Row<'a>> {
        let Self(snapshot, selection) = self;
        // What to choose by is not known, so that the whole record is looked at.
        let selects = |by: &Selection| by.selects(&snapshot.layer, snapshot.record(position));
        (selection.is_none_or(selects)).then(|| snapshot.row(position))
    }

    /// Looks at what is at some positions, where it is asked for, in their order. Records that are
    /// seen together lie far apart in memory: some are fetched at once before the first is used.
    fn each(self, positions: &[u32], mut look: impl FnMut(Row<'a>)) {
        let mut fetched: Vec<Row<'a>> = Vec::with_capacity(AT_ONCE);
        for some in positions.chunks(AT_ONCE) {
            fetched.clear();
            fetched.extend(some.iter().filter_map(|&position| self.row(position)));
            fetched.iter().for_each(|&row| look(row));
        }
    }
}

/// Records that are fetched at once: a processor waits for some ten, and as many more stay near.
const AT_ONCE: usize = 32;

/// How many features of a layer there are where.
fn count<'a>(tile: TileId, how: Aggregate, chosen: Chosen<'a>) -> TileLayer<'a> {
    let Chosen(snapshot, _) = chosen;
    let window = lattice(tile.bounds_with_buffer(how.reach()));
    let positions = window.map(|window| snapshot.in_box(&window));
    let places = positions.into_iter().flatten().filter_map(|position| {
        chosen.row(position)?;
        let place = snapshot.shape(position)?.representative();
        Some(Coord {
            x: place.lon(),
            y: place.lat(),
        })
    });
    aggregate(tile, &snapshot.layer.id, how, places)
}

/// Whether anything lies in a tile or its buffer.
pub(crate) fn is_touched(layers: &Drawn, tile: TileId) -> bool {
    layers.iter().any(|layer| {
        lattice(tile.bounds_with_buffer(buffer(&layer.snapshot.layer, tile.zoom())))
            .is_some_and(|window| layer.snapshot.any_in_box(&window))
    })
}

/// Whether a tile may look different after a layer was touched in some rectangles.
///
/// It does not where nothing that the drawing of the tile looks at was touched: what lies in
/// the tile and its buffer, where borders are simplified together also around it, and how
/// large the layer's features are in general.
pub(crate) fn is_stale(
    old: &LayerSnapshot,
    new: &LayerSnapshot,
    tile: TileId,
    touched: &[Rect],
) -> bool {
    let z = tile.zoom();
    let (before, after) = (rules(old, z), rules(new, z));
    if before != after && z < before.number_from.max(after.number_from) {
        return true;
    }
    let looked_at = |layer: &LayerSnapshot, rules: &Rules<'_>| {
        let window = lattice(tile.bounds_with_buffer(rules.reach(z)))?;
        if !(rules.shared_borders && z < rules.exact_zoom) {
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

/// Whether a tile is painted so soon that waking another thread would be much of the work, and
/// whoever asks for something else hardly waits.
pub(super) fn is_little(layers: &Drawn, tile: TileId) -> bool {
    let mut count = 0;
    layers.iter().all(|layer| {
        let rules = rules(&layer.snapshot, tile.zoom());
        if tile.zoom() < rules.merge_below.max(rules.exact_zoom) {
            return false;
        }
        let window = lattice(tile.bounds_with_buffer(rules.reach(tile.zoom())));
        count += window.map_or(0, |window| layer.snapshot.count_in_box(&window));
        count <= LITTLE
    })
}

/// The rectangle around some features.
fn around(snapshot: &LayerSnapshot, positions: &[u32]) -> Option<Rect> {
    positions
        .iter()
        .filter_map(|&position| snapshot.shape(position))
        .map(|shape| shape.rect())
        .reduce(|all, rect| all.join(&rect))
}

fn part<'a>(layer: &'a DrawnLayer, tile: TileId, chosen: Chosen<'a>) -> TileLayer<'a> {
    match layer.part {
        Part::Features => paint(tile, chosen),
        Part::Labels => labels(layer, tile, chosen),
    }
}

/// Where the names of areas are written: each in the one tile that holds the place.
fn labels<'a>(drawn: &'a DrawnLayer, tile: TileId, chosen: Chosen<'a>) -> TileLayer<'a> {
    let snapshot = &*drawn.snapshot;
    let mut labels = TileLayer::new(&drawn.name);
    if tile.zoom() < least_zoom(drawn) {
        return labels;
    }
    let fields = Fields::of_names(&snapshot.layer);
    let window = lattice(tile.bounds());
    let mut positions = window.map_or_else(Vec::new, |window| snapshot.in_box(&window));
    positions.sort_unstable();
    let mut place = Drawing::default();
    for position in positions {
        let Some(row) = chosen.row(position).filter(|&row| trace(row, &mut place)) else {
            continue;
        };
        let Some(label) = label_point(place.view()) else {
            continue;
        };
        let Some(point) = tile.point(label.place) else {
            continue;
        };
        let room = (label.room_m() * 10.0).round() / 10.0;
        labels.add(
            Some(feature_number(row.id())),
            |shape| shape.add(Kind::Points, [point]),
            fields.of(row).chain([(ROOM, room.into())]),
        );
    }
    labels
}

fn paint<'a>(tile: TileId, chosen: Chosen<'a>) -> TileLayer<'a> {
    let Chosen(snapshot, _) = chosen;
    let layer = &*snapshot.layer;
    let rules = rules(snapshot, tile.zoom());
    let fields = Fields::at(layer, tile.zoom(), rules.number_from);
    let later = Later::at(layer, tile.zoom());
    let mut canvas = Canvas::new(tile, &layer.id, &rules);
    if tile.zoom() < rules.merge_below {
        for square in SquareId::around(tile) {
            if let Some(ground) = ground(chosen, rules.merge_below, square) {
                canvas.cover(square, ground);
            }
        }
        if layer.geometry == GeometryKind::Polygon {
            return canvas.finish();
        }
    }
    let mut place = Drawing::default();
    let positions = candidates(snapshot, tile, &rules);
    canvas.reserve(positions.len());
    chosen.each(&positions, |row| {
        if !later.has(row) && trace(row, &mut place) {
            canvas.add(feature_number(row.id()), place.view(), fields.of(row));
        }
    });
    canvas.finish()
}

/// The ground that areas cover in a square, where they are merged below a zoom. It is kept where it
/// is that of the whole layer.
fn ground(chosen: Chosen<'_>, merge_below: u8, square: SquareId) -> Option<Arc<Ground>> {
    let Chosen(snapshot, selection) = chosen;
    let make = || {
        let bounds = lattice(square.bounds())?;
        let later = Later::at(&snapshot.layer, square.zoom());
        if square.zoom() + 1 >= merge_below {
            return survey(chosen, square, &snapshot.in_box(&bounds), &later);
        }
        if !snapshot.any_in_box(&bounds) {
            return None;
        }
        let quarters = (square.quarters()).map(|quarter| ground(chosen, merge_below, quarter));
        let is_drawn = |kind: Option<&TileValue<'_>>| !later.is(kind);
        Ground::of_quarters(quarters.each_ref().map(Option::as_deref), is_drawn)
    };
    match selection {
        None => snapshot.grounds().get(merge_below, square, make),
        Some(_) => make().map(Arc::new),
    }
}

/// Surveys all ground of a layer that is drawn by it from afar, where that was not done before.
pub(crate) fn survey_all(snapshot: &LayerSnapshot) {
    let layer = &snapshot.layer;
    let merge_below = rules(snapshot, 0).merge_below;
    let is_drawn = has_tiles(layer) && has_areas(layer) && merge_below > 0;
    let Some(world) = TileId::new(0, 0, 0).ok().filter(|_| is_drawn) else {
        return;
    };
    let mut squares: Vec<SquareId> = SquareId::around(world).collect();
    // Those surveyed from near one by one: they do not wait for one another, as others do.
    while squares
        .first()
        .is_some_and(|square| square.zoom() + 1 < merge_below)
    {
        let quarters = squares.par_iter().flat_map_iter(|square| square.quarters());
        squares = quarters
            .filter(|&square| {
                lattice(square.bounds()).is_some_and(|bounds| snapshot.any_in_box(&bounds))
            })
            .collect();
    }
    let whole = Chosen(snapshot, None);
    (squares.into_par_iter()).for_each(|square| {
        ground(whole, merge_below, square);
    });
    for square in SquareId::around(world) {
        ground(whole, merge_below, square);
    }
}

/// The ground that the areas at some positions cover in a square.
fn survey(
    chosen: Chosen<'_>,
    square: SquareId,
    positions: &[u32],
    later: &Later<'_>,
) -> Option<Ground> {
    let Chosen(snapshot, _) = chosen;
    let colour = Fields::of_colour(&snapshot.layer);
    let mut survey = Survey::new(square);
    let mut place = Drawing::default();
    chosen.each(positions, |row| {
        if !later.has(row) && trace(row, &mut place) {
            let kind = colour.of(row).next();
            let m2 = || area_m2(place.view());
            survey.add(place.view(), kind.map(|(_, value)| value), m2);
        }
    });
    survey.finish()
}

/// What polygons measure, as everything else that tells it does.
fn area_m2(place: View<'_, Coord<f64>>) -> f64 {
    measure::sum((place.polygons()).map(|own| measure::polygon_m2(own.exterior, own.holes)))
}

/// Puts where a record is, in degrees, into a shape; whether that is told.
fn trace(row: Row<'_>, place: &mut Drawing<Coord<f64>>) -> bool {
    place.clear();
    match row {
        Row::Made(record) => {
            let geometry = record.geometry.as_ref();
            geometry
                .inspect(|&geometry| place.add_geometry(geometry))
                .is_some()
        }
        Row::Packed(_, packed) => packed.trace(&mut Tracing(place)),
    }
}

/// Draws what is read.
struct Tracing<'a>(&'a mut Drawing<Coord<f64>>);

impl Pen for Tracing<'_> {
    fn place(&mut self, at: Coord<f64>) {
        self.0.push(at);
    }

    fn end(&mut self, part: Traced) {
        self.0.close(match part {
            Traced::Point => Kind::Points,
            Traced::Line => Kind::Line,
            Traced::Exterior => Kind::Exterior,
            Traced::Hole => Kind::Hole,
        });
    }
}

/// The codes that a layer's rules draw at later zooms only.
struct Later<'a> {
    field: Option<usize>,
    codes: Vec<&'a str>,
}

impl<'a> Later<'a> {
    fn at(layer: &'a Layer, z: u8) -> Self {
        let by = layer.color_by();
        let appear = layer.generalise.iter().flat_map(|rules| &rules.appear);
        Self {
            field: by.and_then(|by| layer.position(by)),
            codes: appear
                .filter(|&(_, &from)| z < from)
                .map(|(code, _)| code.as_str())
                .collect(),
        }
    }

    fn has(&self, row: Row<'_>) -> bool {
        let field = self.field.filter(|_| !self.codes.is_empty());
        let code = field.and_then(|at| row.value(at));
        matches!(code.as_deref(), Some(Value::Text(code)) if self.codes.contains(&&**code))
    }

    /// Whether ground of a kind is of such a code.
    fn is(&self, kind: Option<&TileValue<'_>>) -> bool {
        matches!(kind, Some(TileValue::Text(code)) if self.codes.contains(&&**code))
    }
}

/// Whether features of a layer are drawn together from afar.
pub(crate) fn is_merged(snapshot: &LayerSnapshot) -> bool {
    rules(snapshot, 0).merge_below > 0
}

/// Whether areas may be among a layer's features.
fn has_areas(layer: &Layer) -> bool {
    matches!(layer.geometry, GeometryKind::Polygon | GeometryKind::Any)
}

/// Units kept around a tile of a layer.
fn buffer(layer: &Layer, z: u8) -> i64 {
    if layer.geometry != GeometryKind::Line || layer.field("width_m").is_none() {
        return BUFFER;
    }
    let metres_a_unit = EQUATOR / (EXTENT << z) as f64;
    BUFFER.max((HALF_ROAD / metres_a_unit).ceil() as i64)
}

/// How a layer is generalised and cut at a zoom.
fn rules(snapshot: &LayerSnapshot, z: u8) -> Rules<'_> {
    let layer = &snapshot.layer;
    let own = layer.generalise.clone().unwrap_or_default();
    let (merge_below, number_from) = match own.merge_zoom {
        Some(zoom) => (
            zoom,
            named_from(zoom, layer.geometry == GeometryKind::Polygon),
        ),
        None => *snapshot.merging(|| merging(snapshot)),
    };
    Rules {
        buffer: buffer(layer, z),
        exact_zoom: own.exact_zoom.unwrap_or(Rules::default().exact_zoom),
        shared_borders: has_areas(layer) && layer.partition,
        merge_below,
        merge_by: layer.color_by(),
        number_from,
        ..Rules::default()
    }
}

/// From which zoom on features carry names and numbers. Lines and points do wherever they are
/// drawn for themselves: a click on the map finds them by it. Areas that are just large enough
/// to be drawn do not, for names would be most of the tile; a click asks what is at the place.
fn named_from(merge_below: u8, areal: bool) -> u8 {
    match (merge_below, areal) {
        (0, _) => 0,
        (zoom, true) => (zoom + 2).min(Rules::default().exact_zoom),
        (zoom, false) => zoom,
    }
}

/// The zoom below which a layer's features are merged, where the middling one is too small to
/// be told from the next, and that from which they are named. Small layers keep their features,
/// and so do points from where the style draws them. It looks at many features: [`rules`] asks it
/// once for each snapshot of a layer.
fn merging(snapshot: &LayerSnapshot) -> (u8, u8) {
    let count = snapshot.len();
    if count < FEW {
        return (0, 0);
    }
    let (mut areas, mut lines, mut points) = (Vec::new(), Vec::new(), 0);
    for position in (0..count).step_by(count / SAMPLE + 1) {
        let Some(shape) = u32::try_from(position)
            .ok()
            .and_then(|at| snapshot.shape(at))
        else {
            continue;
        };
        let size = extent(&shape.rect());
        match shape {
            Shape::Area(_) => areas.extend(size),
            Shape::Line(_) => lines.extend(size),
            _ => points += 1,
        }
    }
    if points > areas.len() + lines.len() {
        let style = snapshot.layer.style.as_ref();
        let zoom = style.map_or(0, |style| style.min_zoom.min(LAST_ZOOM));
        return (zoom, named_from(zoom, false));
    }
    let areal = areas.len() >= lines.len();
    let (mut sizes, least) = if areal {
        (areas, LEAST_AREA)
    } else {
        (lines, LEAST_LINE)
    };
    if sizes.is_empty() {
        return (0, 0);
    }
    sizes.sort_unstable();
    let middling = sizes[sizes.len() / 2];
    let zoom = (0..=MAX_ZOOM)
        .find(|z| middling >> (MAX_ZOOM - z) >= least)
        .unwrap_or(0)
        .min(Rules::default().exact_zoom);
    (zoom, named_from(zoom, areal))
}

/// The longer side of a rectangle in units of the deepest zoom.
fn extent(rect: &Rect) -> Option<i64> {
    let corner = |at: Point| {
        let place = Coord {
            x: at.lon(),
            y: at.lat(),
        };
        project(place, MAX_ZOOM)
    };
    let (a, b) = (corner(rect.min)?, corner(rect.max)?);
    Some((b.x - a.x).abs().max((b.y - a.y).abs()))
}

/// Positions of what may be seen in a tile, in the order of the file. Where borders are
/// shared, the neighbours of what is seen come too: they decide where borders part.
fn candidates(snapshot: &LayerSnapshot, tile: TileId, rules: &Rules<'_>) -> Vec<u32> {
    let Some(window) = lattice(tile.bounds_with_buffer(rules.reach(tile.zoom()))) else {
        return Vec::new();
    };
    let mut positions = snapshot.in_box(&window);
    if rules.shared_borders
        && tile.zoom() < rules.exact_zoom
        && let Some(around) = around(snapshot, &positions)
    {
        positions = snapshot.in_box(&around);
    }
    positions.sort_unstable();
    positions
}

#[cfg(test)]
mod tests {
    use yizhangtu_data::Catalog;

    use super::*;

    /// A road of 44 metres near 广州 reaches 22 to either side, 24 metres of the projection.
    #[test]
    fn a_tile_keeps_the_roads_whose_edge_it_shows() {
        let catalog = Catalog::embedded();
        let (road, house) = (
            catalog.layer("road").unwrap(),
            catalog.layer("building").unwrap(),
        );
        assert_eq!(buffer(road, 17), 322);
        assert_eq!(buffer(road, 16), 161);
        assert_eq!(buffer(road, 10), BUFFER);
        assert_eq!(buffer(house, 17), BUFFER);
    }
}
