//! From features in degrees to a layer of one tile.

use std::borrow::Cow;

use geo::Geometry;

use crate::{
    Shape, TileFeature, TileId, TileLayer, Value,
    clip::Window,
    grid::GridPoint,
    merge,
    shape::Quantiser,
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
    /// Below this zoom features are merged: polygons into the ground that they cover
    /// together, lines into their net, points into one a neighbourhood. Each says how many
    /// it stands for. Needs what lies within [`Rules::reach`] of the tile.
    pub merge_below: u8,
    /// Of merged features: the property that tells kinds apart, such as the one that colours
    /// them. Each kind is then a feature of its own, with its value.
    pub merge_by: Option<Box<str>>,
    /// From this zoom on a feature carries its number.
    pub number_from: u8,
    /// What is kept around the tile, in units on each side.
    pub buffer: i64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            exact_zoom: 16,
            tolerance: 4.0,
            shared_borders: false,
            merge_below: 0,
            merge_by: None,
            number_from: 0,
            buffer: 64,
        }
    }
}

impl Rules {
    /// How far around a tile, in units, features have to be known to draw it.
    pub fn reach(&self, z: u8) -> i64 {
        // A unit more for the rounding of vertices, one for where outlines are cut.
        2 + if z < self.merge_below {
            merge::REACH
        } else {
            self.buffer
        }
    }
}

/// A feature to draw.
#[derive(Clone, Debug)]
pub struct Feature<'a> {
    /// The same for a feature in every tile.
    pub number: u64,
    /// Longitude and latitude in degrees.
    pub geometry: Cow<'a, Geometry<f64>>,
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
    if tile.zoom() < rules.merge_below {
        let by = rules.merge_by.as_deref();
        let features = merge::merged(tile, rules.tolerance, by, features);
        return TileLayer { name, features };
    }
    let window = Window::new(tile, rules.buffer);
    let exact = tile.zoom() >= rules.exact_zoom;
    let numbered = tile.zoom() >= rules.number_from;
    let mut quantiser = Quantiser::new(tile.level());
    let mut drawn = Vec::new();
    let mut draw = |shape: &Shape<GridPoint>, feature: Feature<'a>| {
        let shape = window.clip(shape);
        if !shape.is_empty() {
            drawn.push(TileFeature {
                number: numbered.then_some(feature.number),
                shape,
                properties: feature.properties,
            });
        }
    };
    if rules.shared_borders && !exact {
        let shapes: Vec<_> = (features.into_iter())
            .filter_map(|feature| Some((quantiser.quantise(&feature.geometry)?, feature)))
            .collect();
        let mut junctions = Junctions::default();
        for (shape, _) in &shapes {
            if let Shape::Polygons(polygons) = shape {
                polygons.iter().for_each(|polygon| junctions.add(polygon));
            }
        }
        for (shape, feature) in shapes {
            draw(&simplified(&shape, &junctions, rules.tolerance), feature);
        }
    } else {
        let alone = Junctions::default();
        for feature in features {
            let Some(shape) = quantiser.quantise(&feature.geometry) else {
                continue;
            };
            if exact {
                draw(&shape, feature);
            } else {
                draw(&simplified(&shape, &alone, rules.tolerance), feature);
            }
            quantiser.take_back(shape);
        }
    }
    TileLayer {
        name,
        features: drawn,
    }
}

fn simplified(shape: &Shape<GridPoint>, junctions: &Junctions, tolerance: f64) -> Shape<GridPoint> {
    match shape {
        Shape::Points(points) => Shape::Points(points.clone()),
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
