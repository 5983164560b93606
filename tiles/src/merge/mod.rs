//! From afar: what is too small to be told apart, drawn together.
//!
//! Polygons become the ground that they cover, lines the net that they form, points one
//! point a neighbourhood; each kind of a colour is a feature of its own. What goes out of
//! sight keeps its weight: every merged feature says how many it stands for and how large
//! these are together, and over all tiles of a zoom that is all of them.

mod blocks;
mod clusters;
mod net;

use std::sync::Arc;

use geo::Coord;

use crate::{
    TileId, TileLayer, Value,
    grid::{EXTENT, GridPoint, Lattice, TilePoint},
    measure, ring,
    shape::{Shape, View},
    simplify::Simplifier,
};
use blocks::Blocks;
pub use blocks::{Ground, SquareId, Survey};
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

impl std::iter::Sum for Sum {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |mut sum, own| {
            sum.add(own);
            sum
        })
    }
}

/// A kind, by its place among the kinds seen.
type KindId = usize;

/// The features of a layer of one tile merged into one of each kind.
#[derive(Debug)]
pub(crate) struct Merged<'a> {
    tile: TileId,
    /// The property that tells kinds apart.
    by: Option<&'a str>,
    kinds: Kinds<'a>,
    blocks: Blocks,
    net: Net,
    clusters: Clusters,
}

impl<'a> Merged<'a> {
    pub(crate) fn new(tile: TileId, simplifier: Simplifier, by: Option<&'a str>) -> Self {
        Self {
            tile,
            by,
            kinds: Kinds::default(),
            blocks: Blocks::new(tile),
            net: Net::new(tile, simplifier),
            clusters: Clusters::new(tile),
        }
    }

    /// Adds the ground of a square.
    pub(crate) fn cover(&mut self, square: SquareId, ground: Arc<Ground>) {
        self.blocks.add(square, ground);
    }

    /// Adds a feature: its shape on the grid, the same in degrees, and its properties. Areas are not
    /// added so, but as the ground that they cover.
    pub(crate) fn add(
        &mut self,
        shape: View<'_, GridPoint>,
        place: View<'_, Coord<f64>>,
        properties: impl IntoIterator<Item = (&'a str, Value<'a>)>,
    ) {
        let Some(middle) = middle(shape) else {
            return;
        };
        let kind = (properties.into_iter()).find(|(name, _)| self.by == Some(*name));
        let kind = self.kinds.place(kind);
        let counts = holds(self.tile, middle);
        match shape.dimensions() {
            Some(1) => {
                let size = if counts {
                    (measure::length_m(place) * 1e3).round() as i64
                } else {
                    0
                };
                let count = counts.into();
                (self.net).add(kind, shape, middle, Sum { count, size });
            }
            Some(0) if counts => self.clusters.add(kind, middle),
            _ => {}
        }
    }

    /// Adds what was merged to a layer.
    pub(crate) fn draw(self, layer: &mut TileLayer<'a>) {
        let kinds = self.kinds.all;
        let mut add = |kind: Option<(&'a str, Value<'a>)>,
                       draw: &dyn Fn(&mut Shape<TilePoint>),
                       count: i64,
                       size: Option<(&'static str, f64)>| {
            let size = size.map(|(name, size)| (name, size.into()));
            layer.add(
                None,
                draw,
                kind.into_iter().chain([(COUNT, count.into())]).chain(size),
            );
        };
        self.blocks.draw(|kind, sum, draw| {
            let area = (AREA, sum.size as f64 / 1e4);
            add(self.by.zip(kind), draw, sum.count, Some(area));
        });
        for (kind, shape, sum) in self.net.draw() {
            let length = (LENGTH, sum.size as f64 / 1e3);
            let draw = |onto: &mut Shape<_>| onto.append(shape.view());
            add(kinds[kind].clone(), &draw, sum.count, Some(length));
        }
        for (kind, shape, count) in self.clusters.draw() {
            let draw = |onto: &mut Shape<_>| onto.append(shape.view());
            add(kinds[kind].clone(), &draw, count, None);
        }
    }
}

/// The kinds seen, in the order of their first features.
#[derive(Debug, Default)]
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
fn middle(shape: View<'_, GridPoint>) -> Option<GridPoint> {
    // Holes lie within.
    let [low, high] = ring::extent(shape.points())?;
    Some(GridPoint {
        x: (low.0 + high.0).div_euclid(2),
        y: (low.1 + high.1).div_euclid(2),
    })
}

/// Whether a point lies in a tile, without its buffer; each lies in exactly one.
fn holds(tile: TileId, point: GridPoint) -> bool {
    let (x, y) = tile.origin().xy();
    (x..x + EXTENT).contains(&point.x) && (y..y + EXTENT).contains(&point.y)
}
