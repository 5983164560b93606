//! From afar: what is too small to be told apart, drawn together.
//!
//! Polygons become the ground that they cover, lines the net that they form, points one
//! point a neighbourhood; each kind of a colour is a feature of its own. What goes out of
//! sight keeps its weight: every merged feature says how many it stands for and how large
//! these are together, and over all tiles of a zoom that is all of them.

mod blocks;
mod clusters;
mod net;

use crate::{
    Shape, TileFeature, TileId, Value,
    draw::Feature,
    grid::{EXTENT, GridPoint, Lattice},
    measure, ring,
    shape::Quantiser,
};
use blocks::Blocks;
use clusters::Clusters;
use net::Net;

/// What must be known around a tile to merge what is in it, in units.
pub(crate) const REACH: i64 = blocks::REACH;

/// The property of what was merged: how many features it stands for. Each counts in the one
/// tile that holds its middle, so over all tiles of a zoom they add up to all features.
pub const COUNT: &str = "count";
/// The property of merged polygons: their areas together, in square metres on the ellipsoid,
/// counted like [`COUNT`].
pub const AREA: &str = "area_m2";
/// The property of merged lines: their lengths together, in metres on the ellipsoid, counted
/// like [`COUNT`].
pub const LENGTH: &str = "length_m";

/// Kinds told apart; what is of further kinds is drawn with the last.
const MOST_KINDS: usize = 32;

/// How many features there are, and how large they are together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Sum {
    count: i64,
    /// Square centimetres or millimetres: whole, so that no order of adding matters.
    size: i64,
}

impl Sum {
    fn add(&mut self, other: Self) {
        self.count += other.count;
        self.size += other.size;
    }
}

/// A kind, by its place among the kinds seen.
type KindId = usize;

/// The features of a layer merged into one of each kind.
pub(crate) fn merged<'a>(
    tile: TileId,
    tolerance: f64,
    by: Option<&str>,
    features: impl IntoIterator<Item = Feature<'a>>,
) -> Vec<TileFeature<'a>> {
    let mut kinds = Kinds::default();
    let mut blocks = Blocks::new(tile);
    let mut net = Net::new(tile, tolerance);
    let mut clusters = Clusters::new(tile);
    let mut quantiser = Quantiser::new(tile.level());
    for feature in features {
        let Some(shape) = quantiser.quantise(&feature.geometry) else {
            continue;
        };
        let kind = feature
            .properties
            .into_iter()
            .find(|(name, _)| by == Some(*name));
        let kind = kinds.place(kind);
        let Some(middle) = middle(&shape) else {
            continue;
        };
        let counts = holds(tile, middle);
        let sum = |size: &dyn Fn() -> f64| {
            let size = if counts { size().round() as i64 } else { 0 };
            Sum {
                count: counts.into(),
                size,
            }
        };
        match &shape {
            Shape::Polygons(polygons) => {
                blocks.add(
                    kind,
                    polygons,
                    sum(&|| measure::area_m2(&feature.geometry) * 1e4),
                );
            }
            Shape::Lines(lines) => {
                net.add(
                    kind,
                    lines,
                    middle,
                    sum(&|| measure::length_m(&feature.geometry) * 1e3),
                );
            }
            Shape::Points(_) if counts => clusters.add(kind, middle),
            Shape::Points(_) => {}
        }
        quantiser.take_back(shape);
    }
    let kinds = kinds.all;
    let feature =
        |kind: KindId, shape, count: i64, size: Option<(&'static str, f64)>| TileFeature {
            number: None,
            shape,
            properties: kinds[kind]
                .clone()
                .into_iter()
                .chain([(COUNT, count.into())])
                .chain(size.map(|(name, size)| (name, size.into())))
                .collect(),
        };
    let ground = blocks.draw().into_iter().map(|(kind, shape, sum)| {
        feature(kind, shape, sum.count, Some((AREA, sum.size as f64 / 1e4)))
    });
    let lines = net.draw().into_iter().map(|(kind, shape, sum)| {
        feature(
            kind,
            shape,
            sum.count,
            Some((LENGTH, sum.size as f64 / 1e3)),
        )
    });
    let points = clusters.draw().into_iter();
    let points = points.map(|(kind, shape, count)| feature(kind, shape, count, None));
    ground.chain(lines).chain(points).collect()
}

/// The kinds seen, in the order of their first features.
#[derive(Default)]
struct Kinds<'a> {
    all: Vec<Option<(&'a str, Value<'a>)>>,
}

impl<'a> Kinds<'a> {
    fn place(&mut self, kind: Option<(&'a str, Value<'a>)>) -> KindId {
        // They are few, and mostly the first few.
        if let Some(place) = self.all.iter().position(|known| *known == kind) {
            return place;
        }
        let place = self.all.len().min(MOST_KINDS - 1);
        if self.all.len() < MOST_KINDS {
            self.all.push(kind);
        }
        place
    }
}

/// The middle of a shape's extent.
fn middle(shape: &Shape<GridPoint>) -> Option<GridPoint> {
    let [low, high] = match shape {
        Shape::Points(points) => ring::extent(points),
        Shape::Lines(lines) => extent(lines.iter()),
        Shape::Polygons(polygons) => extent(polygons.iter().map(|polygon| &polygon.exterior)),
    }?;
    Some(GridPoint {
        x: (low.0 + high.0).div_euclid(2),
        y: (low.1 + high.1).div_euclid(2),
    })
}

/// The least and greatest x and y of some rings or lines.
fn extent<'a>(rings: impl Iterator<Item = &'a Vec<GridPoint>>) -> Option<[(i64, i64); 2]> {
    rings
        .filter_map(|points| ring::extent(points))
        .reduce(|[low, high], [least, most]| {
            [
                (low.0.min(least.0), low.1.min(least.1)),
                (high.0.max(most.0), high.1.max(most.1)),
            ]
        })
}

/// Whether a point lies in a tile, without its buffer; each lies in exactly one.
fn holds(tile: TileId, point: GridPoint) -> bool {
    let (x, y) = tile.origin().xy();
    (x..x + EXTENT).contains(&point.x) && (y..y + EXTENT).contains(&point.y)
}
