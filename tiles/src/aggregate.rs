//! How many there are where: features counted in cells of the world grid, so that tiles agree
//! and the numbers add up.

use std::collections::BTreeMap;

use geo::Coord;

use crate::{
    COUNT, TileId, TileLayer,
    clip::Window,
    feature_number,
    grid::{EXTENT, GridPoint, Lattice, TilePoint},
    shape::{Kind, Shape},
};

/// Half of a hexagon's width in units, and a quarter of its height: 97 to 56 is √3 to within a
/// part in ten thousand, and every corner lies on the grid. That is 24 pixels of a tile drawn
/// 512 pixels wide.
const HALF: i64 = 97;
const QUARTER: i64 = 56;

/// Units along the side of the square that a cluster gathers: 32 pixels. A tile holds whole
/// ones.
const SQUARE: i64 = 256;

/// Units kept around a tile.
const BUFFER: i64 = 64;

/// How features are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregate {
    /// A point in the middle of those of each square, in the one tile that holds the square:
    /// the counts of a zoom's tiles add up to all.
    Clusters,
    /// Hexagons, each counted whole wherever it is seen and with one number in every tile:
    /// the counts of a zoom's different hexagons add up to all.
    Hexagons,
}

impl Aggregate {
    /// How far around a tile, in units, features have to be known to count them.
    pub fn reach(self) -> i64 {
        match self {
            Self::Clusters => 1,
            Self::Hexagons => BUFFER + 4 * QUARTER + 1,
        }
    }
}

/// Counts places, given as longitude and latitude in degrees, into a layer of a tile.
pub fn aggregate<'a>(
    tile: TileId,
    name: &'a str,
    how: Aggregate,
    places: impl IntoIterator<Item = Coord<f64>>,
) -> TileLayer<'a> {
    let places = places
        .into_iter()
        .filter_map(|place| tile.level().project(place));
    let mut layer = TileLayer::new(name);
    match how {
        Aggregate::Clusters => clusters(tile, places, &mut layer),
        Aggregate::Hexagons => hexagons(tile, places, &mut layer),
    }
    layer
}

fn clusters(tile: TileId, places: impl Iterator<Item = GridPoint>, layer: &mut TileLayer<'_>) {
    let (x, y) = tile.origin().xy();
    let mut squares: BTreeMap<(i64, i64), (i64, i64, i64)> = BTreeMap::new();
    for place in places {
        let (x, y) = (place.x - x, place.y - y);
        if (0..EXTENT).contains(&x) && (0..EXTENT).contains(&y) {
            let (count, east, south) = squares.entry((y / SQUARE, x / SQUARE)).or_default();
            (*count, *east, *south) = (*count + 1, *east + x, *south + y);
        }
    }
    for (count, east, south) in squares.into_values() {
        let middle = |sum: i64| i32::try_from(sum / count).unwrap_or_default();
        let point = TilePoint {
            x: middle(east),
            y: middle(south),
        };
        let draw = |shape: &mut Shape<TilePoint>| shape.add(Kind::Points, [point]);
        layer.add(None, draw, [(COUNT, count.into())]);
    }
}

fn hexagons(tile: TileId, places: impl Iterator<Item = GridPoint>, layer: &mut TileLayer<'_>) {
    let mut counts: BTreeMap<Hexagon, i64> = BTreeMap::new();
    for place in places {
        *counts.entry(Hexagon::holding(place)).or_default() += 1;
    }
    let window = Window::new(tile, BUFFER);
    let mut outline = Shape::default();
    for (hexagon, count) in counts {
        outline.clear();
        outline.add(Kind::Exterior, hexagon.outline());
        layer.add(
            Some(hexagon.number(tile.zoom())),
            |shape| window.clip(outline.view(), shape),
            [(COUNT, count.into())],
        );
    }
}

/// A hexagon that stands on a corner: rows count to the south; those of odd number begin half
/// a width further east.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Hexagon {
    row: i64,
    column: i64,
}

impl Hexagon {
    /// The hexagon that holds a point; on an edge the one first in order.
    fn holding(point: GridPoint) -> Self {
        // Rows overlap by the slopes of their hexagons.
        let row = point.y.div_euclid(3 * QUARTER);
        (row - 1..=row + 1)
            .flat_map(|row| {
                let column = (point.x - Self::indent(row)).div_euclid(2 * HALF);
                (column - 1..=column + 1).map(move |column| Self { row, column })
            })
            .min_by_key(|hexagon| (hexagon.distance(point), *hexagon))
            .expect("nine are looked at")
    }

    fn indent(row: i64) -> i64 {
        row.rem_euclid(2) * HALF
    }

    fn centre(self) -> (i64, i64) {
        (
            self.column * 2 * HALF + Self::indent(self.row) + HALF,
            self.row * 3 * QUARTER + 2 * QUARTER,
        )
    }

    /// How far out a point lies: the same all along the outline, less inside.
    fn distance(self, point: GridPoint) -> i64 {
        let (x, y) = self.centre();
        let (dx, dy) = ((point.x - x).abs(), (point.y - y).abs());
        (2 * QUARTER * dx).max(QUARTER * dx + HALF * dy)
    }

    fn outline(self) -> [GridPoint; 6] {
        let (x, y) = self.centre();
        [(0, -2), (1, -1), (1, 1), (0, 2), (-1, 1), (-1, -1)].map(|(dx, dy)| GridPoint {
            x: x + dx * HALF,
            y: y + dy * QUARTER,
        })
    }

    /// The same in every tile of a zoom.
    fn number(self, z: u8) -> u64 {
        feature_number(&format!("{z}/{}/{}", self.row, self.column))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;
    use crate::{TileFeature, Value, ring};

    proptest! {
        /// Hexagons leave no gap and do not overlap: what is inside one lies in no other.
        #[test]
        fn a_point_lies_in_its_hexagon(x in -100_000_i64..100_000, y in -100_000_i64..100_000) {
            let point = GridPoint { x, y };
            let own = Hexagon::holding(point);
            prop_assert!(own.distance(point) <= 2 * HALF * QUARTER);
            for row in own.row - 2..=own.row + 2 {
                for column in own.column - 2..=own.column + 2 {
                    let other = Hexagon { row, column };
                    let inside = ring::contains(&other.outline(), (x, y));
                    let on_edge = other.distance(point) == 2 * HALF * QUARTER;
                    prop_assert!(!inside || other == own || on_edge, "{other:?} {own:?}");
                }
            }
        }
    }

    #[test]
    fn counts_add_up_over_the_tiles_of_a_zoom() {
        let places: Vec<Coord<f64>> = (0..5000)
            .map(|at| Coord {
                x: 113.4 + f64::from(at * 7919 % 5003) * 4e-6,
                y: 23.1 + f64::from(at * 104_729 % 4999) * 4e-6,
            })
            .collect();
        for z in [9, 12, 14, 16] {
            let low = TileId::containing(
                Coord {
                    x: 113.399,
                    y: 23.121,
                },
                z,
            )
            .unwrap();
            let high = TileId::containing(
                Coord {
                    x: 113.421,
                    y: 23.099,
                },
                z,
            )
            .unwrap();
            let (mut clusters, mut hexagons) = (0, HashMap::new());
            for x in low.x()..=high.x() {
                for y in low.y()..=high.y() {
                    let tile = TileId::new(z, x, y).unwrap();
                    let count = |feature: TileFeature<'_, '_>| match feature.properties[..] {
                        [(COUNT, Value::Integer(count))] => count,
                        _ => panic!("a count"),
                    };
                    let all = places.iter().copied();
                    let drawn = aggregate(tile, "t", Aggregate::Clusters, all.clone());
                    clusters += drawn.features().map(count).sum::<i64>();
                    for feature in aggregate(tile, "t", Aggregate::Hexagons, all).features() {
                        let counted = count(feature);
                        let before = hexagons.insert(feature.number, counted);
                        assert!(before.is_none_or(|before| before == counted), "{tile}");
                    }
                }
            }
            assert_eq!(clusters, 5000, "zoom {z}");
            assert_eq!(hexagons.values().sum::<i64>(), 5000, "zoom {z}");
        }
    }
}
