//! From features in degrees to a layer of one tile.

use std::sync::Arc;

use geo::Coord;

use crate::{
    TileId, TileLayer, Value,
    clip::Window,
    grid::{GridPoint, Level, TilePoint},
    merge::{self, Ground, Merged, SquareId},
    quantise::quantise,
    shape::{Mark, Shape, View},
    simplify::{Junctions, Simplifier},
};

/// How a layer is generalised.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules<'a> {
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
    /// it stands for. Needs what lies within [`Rules::reach`] of the tile; the ground comes by
    /// [`Canvas::cover`].
    pub merge_below: u8,
    /// Of merged features: the property that tells kinds apart, such as the one that colours
    /// them. Each kind is then a feature of its own, with its value.
    pub merge_by: Option<&'a str>,
    /// From this zoom on a feature carries its number.
    pub number_from: u8,
    /// What is kept around the tile, in units on each side.
    pub buffer: i64,
}

impl Default for Rules<'_> {
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

impl Rules<'_> {
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

/// A layer of a tile that is being drawn. Features come one after the other; of those outside the
/// tile and its buffer nothing is drawn, and the order is kept.
#[derive(Debug)]
pub struct Canvas<'a> {
    layer: TileLayer<'a>,
    level: Level,
    window: Window,
    numbered: bool,
    way: Way<'a>,
    /// The shape that is being drawn, on the grid.
    shape: Shape<GridPoint>,
}

/// How features come to be drawn.
#[derive(Debug)]
enum Way<'a> {
    /// As they are.
    Exact,
    /// Each simplified for itself.
    Alone(Simplifier, Shape<GridPoint>),
    /// Simplified together, when all are known.
    Together(Simplifier, Neighbours<'a>),
    /// Into one of each kind.
    Merged(Box<Merged<'a>>),
}

/// Features that share their borders.
#[derive(Debug, Default)]
struct Neighbours<'a> {
    shapes: Shape<GridPoint>,
    features: Vec<(Mark, u64, Properties<'a>)>,
}

type Properties<'a> = Vec<(&'a str, Value<'a>)>;

impl<'a> Canvas<'a> {
    /// An empty layer of a tile.
    pub fn new(tile: TileId, name: &'a str, rules: &Rules<'a>) -> Self {
        let z = tile.zoom();
        let simplifier = Simplifier::new(rules.tolerance);
        let way = if z < rules.merge_below {
            Way::Merged(Box::new(Merged::new(tile, simplifier, rules.merge_by)))
        } else if z >= rules.exact_zoom {
            Way::Exact
        } else if rules.shared_borders {
            Way::Together(simplifier, Neighbours::default())
        } else {
            Way::Alone(simplifier, Shape::default())
        };
        Self {
            layer: TileLayer::new(name),
            level: tile.level(),
            window: Window::new(tile, rules.buffer),
            numbered: z >= rules.number_from,
            way,
            shape: Shape::default(),
        }
    }

    /// Makes room for as many features, so that what is drawn need not move again and again.
    pub fn reserve(&mut self, features: usize) {
        if matches!(self.way, Way::Exact | Way::Alone(..)) {
            self.layer.reserve(features);
        }
    }

    /// Draws the ground that areas cover together, in the squares in and around the tile that
    /// [`SquareId::around`] names, where they are merged.
    pub fn cover(&mut self, square: SquareId, ground: Arc<Ground>) {
        if let Way::Merged(merged) = &mut self.way {
            merged.cover(square, ground);
        }
    }

    /// Draws a feature: its number, the same in every tile, where it is, as longitude and latitude
    /// in degrees, and its names and values.
    pub fn add(
        &mut self,
        number: u64,
        place: View<'_, Coord<f64>>,
        properties: impl IntoIterator<Item = (&'a str, Value<'a>)>,
    ) {
        let shape = &mut self.shape;
        if !quantise(self.level, place, shape) {
            return;
        }
        let shape = match &mut self.way {
            Way::Exact => shape.view(),
            Way::Alone(simplifier, simple) => {
                simple.clear();
                simplifier.shape(shape.view(), &Junctions::default(), simple);
                simple.view()
            }
            Way::Together(_, all) => {
                all.shapes.append(shape.view());
                let end = all.shapes.mark();
                let properties = properties.into_iter().collect();
                all.features.push((end, number, properties));
                return;
            }
            Way::Merged(merged) => {
                merged.add(shape.view(), place, properties);
                return;
            }
        };
        let number = self.numbered.then_some(number);
        let clip = |onto: &mut Shape<TilePoint>| self.window.clip(shape, onto);
        self.layer.add(number, clip, properties);
    }

    /// The layer with all that was drawn.
    pub fn finish(self) -> TileLayer<'a> {
        let mut layer = self.layer;
        match self.way {
            Way::Exact | Way::Alone(..) => {}
            Way::Together(mut simplifier, all) => {
                let mut junctions = Junctions::default();
                junctions.add(all.shapes.view());
                let mut from = Mark::default();
                let mut simple = self.shape;
                for (end, number, properties) in all.features {
                    let shape = all.shapes.between(std::mem::replace(&mut from, end), end);
                    simple.clear();
                    simplifier.shape(shape, &junctions, &mut simple);
                    layer.add(
                        self.numbered.then_some(number),
                        |onto| self.window.clip(simple.view(), onto),
                        properties,
                    );
                }
            }
            Way::Merged(merged) => merged.draw(&mut layer),
        }
        layer
    }
}
