//! Points, lines and mixtures by key, and an index of features of any kind.

use std::sync::Arc;

use rstar::{
    AABB, RTree,
    primitives::{GeomWithData, Rectangle},
};

use crate::{
    Area, AreaIndex, Near, Point, Rect, Rule, Shape,
    areas::{ascending, search_outwards},
};

type Corner = [f64; 2];
type Entry = GeomWithData<Rectangle<Corner>, u32>;

/// Points, lines and collections with keys, in an R-tree of their rectangles.
///
/// Lattice values are whole numbers below 2⁵³, so the tree's doubles hold them exactly.
#[derive(Debug, Default)]
pub struct ShapeIndex {
    tree: RTree<Entry>,
    entries: Box<[(u32, Shape)]>,
}

#[expect(
    clippy::cast_precision_loss,
    reason = "lattice values are exact in a double"
)]
fn corner(p: Point) -> Corner {
    [p.x as f64, p.y as f64]
}

fn envelope(rect: &Rect) -> AABB<Corner> {
    AABB::from_corners(corner(rect.min), corner(rect.max))
}

impl ShapeIndex {
    /// Builds the index.
    pub fn build(shapes: Vec<(u32, Shape)>) -> Self {
        let entries: Vec<Entry> = shapes
            .iter()
            .zip(0..)
            .map(|((_, shape), at)| {
                let rect = shape.rect();
                Entry::new(
                    Rectangle::from_corners(corner(rect.min), corner(rect.max)),
                    at,
                )
            })
            .collect();
        Self {
            tree: RTree::bulk_load(entries),
            entries: shapes.into(),
        }
    }

    fn meeting(&self, rect: Rect) -> impl Iterator<Item = &(u32, Shape)> {
        self.tree
            .locate_in_envelope_intersecting(envelope(&rect))
            .map(|entry| &self.entries[entry.data as usize])
    }

    fn rect(&self) -> Option<Rect> {
        self.entries
            .iter()
            .map(|(_, shape)| shape.rect())
            .reduce(|a, b| a.join(&b))
    }
}

/// Features of any kind of geometry by key: the index of a layer.
///
/// The index never changes; to edit, build the next one from shapes, which are shared.
/// Every answer is in ascending order of keys.
#[derive(Debug, Default)]
pub struct Index {
    areas: AreaIndex,
    shapes: ShapeIndex,
}

impl Index {
    /// Builds the index. Each key stands once.
    pub fn build(features: impl IntoIterator<Item = (u32, Shape)>) -> Self {
        let (mut areas, mut shapes): (Vec<(u32, Arc<Area>)>, _) = (Vec::new(), Vec::new());
        for (key, shape) in features {
            match shape {
                Shape::Area(area) => areas.push((key, area)),
                other => shapes.push((key, other)),
            }
        }
        Self {
            areas: AreaIndex::build(areas),
            shapes: ShapeIndex::build(shapes),
        }
    }

    /// Number of features.
    pub fn len(&self) -> usize {
        self.areas.len() + self.shapes.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The areas alone.
    pub fn areas(&self) -> &AreaIndex {
        &self.areas
    }

    /// The smallest rectangle around all features.
    pub fn rect(&self) -> Option<Rect> {
        match (self.areas.rect(), self.shapes.rect()) {
            (Some(a), Some(b)) => Some(a.join(&b)),
            (a, b) => a.or(b),
        }
    }

    /// The keys of all areas that contain a point, by the half-open rule.
    pub fn at(&self, p: Point) -> Vec<u32> {
        let mut keys = Vec::new();
        self.areas.each_at(p, |key| keys.push(key));
        let others = self.shapes.meeting(Rect::of(p, p));
        keys.extend(
            others
                .filter(|(_, shape)| shape.contains(p))
                .map(|(key, _)| key),
        );
        ascending(keys)
    }

    /// The keys of all features that count as being in an area.
    pub fn within(&self, area: &Area, rule: Rule) -> Vec<u32> {
        let mut keys = self.areas.within(area, rule);
        let others = self.shapes.meeting(area.rect());
        keys.extend(
            others
                .filter(|(_, shape)| shape.is_in(area, rule))
                .map(|(key, _)| key),
        );
        ascending(keys)
    }

    /// The keys of all features whose rectangle meets the given one, edges included.
    pub fn in_box(&self, rect: &Rect) -> Vec<u32> {
        let mut keys = self.areas.in_box(rect);
        keys.extend(self.shapes.meeting(*rect).map(|(key, _)| key));
        ascending(keys)
    }

    /// The nearest `k` features within a number of metres, nearest first, then by key.
    pub fn nearest(&self, p: Point, k: usize, within_m: f64) -> Vec<Near> {
        let mut found = self.areas.nearest(p, k, within_m);
        found.extend(search_outwards(
            p,
            k,
            within_m,
            self.shapes.rect(),
            |window| {
                self.shapes
                    .meeting(*window)
                    .map(|(key, shape)| Near {
                        key: *key,
                        distance_m: shape.distance_m(p),
                    })
                    .collect()
            },
        ));
        found.sort_by(|a, b| {
            a.distance_m
                .total_cmp(&b.distance_m)
                .then(a.key.cmp(&b.key))
        });
        found.truncate(k);
        found
    }
}
