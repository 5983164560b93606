//! Points from afar: one for each kind and neighbourhood, in the middle of those that it
//! stands for.

use std::collections::BTreeMap;

use super::KindId;
use crate::{
    TileId,
    grid::{GridPoint, Lattice, TilePoint},
    shape::{Kind, Shape},
};

/// Units along the side of a neighbourhood: 16 pixels of a tile drawn 512 pixels wide. A tile
/// holds whole ones, so no point is counted in two.
const CELL: i64 = 128;

/// The points of one tile by kind and neighbourhood.
#[derive(Debug)]
pub(super) struct Clusters {
    tile: TileId,
    cells: BTreeMap<(KindId, i64, i64), Cluster>,
}

#[derive(Debug, Default)]
struct Cluster {
    count: i64,
    /// Places in the tile, added up.
    sum: (i64, i64),
}

impl Clusters {
    pub(super) fn new(tile: TileId) -> Self {
        Self {
            tile,
            cells: BTreeMap::new(),
        }
    }

    /// Adds a point that lies in the tile.
    pub(super) fn add(&mut self, kind: KindId, place: GridPoint) {
        let origin = self.tile.origin().xy();
        let (x, y) = (place.x - origin.0, place.y - origin.1);
        let cluster = self.cells.entry((kind, y / CELL, x / CELL)).or_default();
        cluster.count += 1;
        cluster.sum = (cluster.sum.0 + x, cluster.sum.1 + y);
    }

    /// Each cluster: its kind, its middle, and how many points it stands for.
    pub(super) fn draw(self) -> Vec<(KindId, Shape<TilePoint>, i64)> {
        let middle = |sum: i64, count: i64| i32::try_from(sum / count).unwrap_or_default();
        self.cells
            .into_iter()
            .map(|((kind, ..), Cluster { count, sum })| {
                let point = TilePoint {
                    x: middle(sum.0, count),
                    y: middle(sum.1, count),
                };
                let mut shape = Shape::default();
                shape.add(Kind::Points, [point]);
                (kind, shape, count)
            })
            .collect()
    }
}
