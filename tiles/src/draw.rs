//! From features in degrees to a layer of one tile.

use geo::Geometry;

use crate::{
    Shape, TileFeature, TileId, TileLayer, Value,
    blocks::{self, Blocks},
    clip::Window,
    grid::GridPoint,
    shape::quantise,
    simplify::{self, Junctions},
};

/// How a layer is generalised.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// From this zoom on geometry is drawn as it is, to the unit of the grid, and no
    /// feature is left out.
    pub exact_zoom: u8,
    /// Below that: how far in units an outline may stray. Eight units are a pixel of a
    /// tile drawn 512 pixels wide.
    pub tolerance: f64,
    /// Whether features share their borders, which are then simplified once for both.
    /// Such a layer needs to be given the neighbours of the features in the tile, too.
    pub shared_borders: bool,
    /// Below this zoom polygons are drawn as the ground that they cover together: one
    /// feature a tile, with a property [`COUNT`] that says how many it stands for. Needs
    /// what lies within [`Rules::reach`] of the tile.
    pub blocks_below: u8,
    /// Of features drawn as blocks: the property that tells kinds of ground apart, such as
    /// the one that colours them. Each kind is then a feature of its own, with its value.
    pub blocks_by: Option<Box<str>>,
    /// What is kept around the tile, in units on each side.
    pub buffer: i64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            exact_zoom: 16,
            tolerance: 4.0,
            shared_borders: false,
            blocks_below: 0,
            blocks_by: None,
            buffer: 64,
        }
    }
}

impl Rules {
    /// How far around a tile, in units, features have to be known to draw it.
    pub fn reach(&self, z: u8) -> i64 {
        // A unit more for the rounding of vertices, one for where outlines are cut.
        2 + if z < self.blocks_below {
            blocks::REACH
        } else {
            self.buffer
        }
    }
}

/// The property of what was merged: of how many features the middle lies in the tile. Over
/// all tiles of a zoom they add up to all features.
pub const COUNT: &str = "count";

/// A feature to draw.
#[derive(Clone, Debug)]
pub struct Feature<'a> {
    /// The same for a feature in every tile.
    pub number: u64,
    /// Longitude and latitude in degrees.
    pub geometry: &'a Geometry<f64>,
    /// Names and values.
    pub properties: Vec<(&'a str, Value<'a>)>,
}

/// Draws features into a layer of a tile. Features outside the tile and its buffer leave
/// nothing; the order is kept.
pub fn draw<'a>(
    tile: TileId,
    name: &'a str,
    rules: &Rules,
    features: impl IntoIterator<Item = Feature<'a>>,
) -> TileLayer<'a> {
    if tile.z() < rules.blocks_below {
        return draw_blocks(tile, name, rules.blocks_by.as_deref(), features);
    }
    let window = Window::new(tile, rules.buffer);
    let exact = tile.z() >= rules.exact_zoom;
    let shapes = features
        .into_iter()
        .filter_map(|feature| Some((quantise(feature.geometry, tile.z())?, feature)));
    let drawn = |(shape, feature): (Shape<GridPoint>, Feature<'a>)| {
        let shape = window.clip(&shape);
        (!shape.is_empty()).then_some(TileFeature {
            number: Some(feature.number),
            shape,
            properties: feature.properties,
        })
    };
    let features = if exact {
        shapes.filter_map(drawn).collect()
    } else if rules.shared_borders {
        let shapes: Vec<_> = shapes.collect();
        let mut junctions = Junctions::default();
        for (shape, _) in &shapes {
            if let Shape::Polygons(polygons) = shape {
                polygons.iter().for_each(|polygon| junctions.add(polygon));
            }
        }
        shapes
            .into_iter()
            .map(|(shape, feature)| (simplified(shape, &junctions, rules.tolerance), feature))
            .filter_map(drawn)
            .collect()
    } else {
        let alone = Junctions::default();
        shapes
            .map(|(shape, feature)| (simplified(shape, &alone, rules.tolerance), feature))
            .filter_map(drawn)
            .collect()
    };
    TileLayer { name, features }
}

fn draw_blocks<'a>(
    tile: TileId,
    name: &'a str,
    by: Option<&str>,
    features: impl IntoIterator<Item = Feature<'a>>,
) -> TileLayer<'a> {
    let mut blocks = Blocks::new(tile);
    for feature in features {
        if let Some(shape) = quantise(feature.geometry, tile.z()) {
            let kind = feature
                .properties
                .into_iter()
                .find(|(name, _)| by == Some(name));
            blocks.add(kind, &shape);
        }
    }
    let features = blocks
        .draw()
        .into_iter()
        .map(|block| {
            let count = Value::Integer(i64::try_from(block.count).unwrap_or(i64::MAX));
            TileFeature {
                number: None,
                shape: block.shape,
                properties: block.kind.into_iter().chain([(COUNT, count)]).collect(),
            }
        })
        .collect();
    TileLayer { name, features }
}

fn simplified(shape: Shape<GridPoint>, junctions: &Junctions, tolerance: f64) -> Shape<GridPoint> {
    match shape {
        Shape::Points(points) => Shape::Points(points),
        Shape::Lines(lines) => Shape::Lines(
            lines
                .iter()
                .map(|line| simplify::line(line, tolerance))
                .collect(),
        ),
        Shape::Polygons(polygons) => Shape::Polygons(
            polygons
                .iter()
                .map(|polygon| {
                    // Smaller than the tolerance: a few vertices, and better than a gap.
                    simplify::polygon(polygon, junctions, tolerance)
                        .unwrap_or_else(|| polygon.clone())
                })
                .collect(),
        ),
    }
}
