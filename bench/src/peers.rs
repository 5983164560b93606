//! What others would write: an R-tree and a test of each candidate.

use geo::{BoundingRect, Contains, Intersects, Polygon};
use geo_index::rtree::{RTree as Packed, RTreeBuilder, RTreeIndex, sort::HilbertSort};
use rstar::{
    AABB, RTree, RTreeObject,
    primitives::{GeomWithData, Rectangle},
};

/// No polygon.
pub const NOWHERE: u32 = u32::MAX;

type Corner = [f64; 2];

fn envelope(polygon: &Polygon<f64>) -> AABB<Corner> {
    let rect = polygon.bounding_rect().expect("a polygon has an extent");
    AABB::from_corners(rect.min().into(), rect.max().into())
}

/// `rstar` over polygons as they are: each envelope is computed whenever it is asked.
pub struct Plain(RTree<Whole>);

struct Whole(Polygon<f64>, u32);

impl RTreeObject for Whole {
    type Envelope = AABB<Corner>;

    fn envelope(&self) -> Self::Envelope {
        envelope(&self.0)
    }
}

impl Plain {
    pub fn new(polygons: &[Polygon<f64>]) -> Self {
        let all = polygons
            .iter()
            .zip(0..)
            .map(|(polygon, key)| Whole(polygon.clone(), key));
        Self(RTree::bulk_load(all.collect()))
    }

    pub fn at(&self, p: geo::Point) -> u32 {
        let near = self
            .0
            .locate_in_envelope_intersecting(AABB::from_point([p.x(), p.y()]));
        near.filter(|whole| whole.0.contains(&p))
            .map(|whole| whole.1)
            .min()
            .unwrap_or(NOWHERE)
    }
}

/// `rstar` over rectangles computed once: the baseline.
pub struct Cached<'a> {
    tree: RTree<GeomWithData<Rectangle<Corner>, u32>>,
    polygons: &'a [Polygon<f64>],
}

impl<'a> Cached<'a> {
    pub fn new(polygons: &'a [Polygon<f64>]) -> Self {
        let all = polygons
            .iter()
            .zip(0..)
            .map(|(polygon, key)| GeomWithData::new(Rectangle::from_aabb(envelope(polygon)), key));
        Self {
            tree: RTree::bulk_load(all.collect()),
            polygons,
        }
    }

    pub fn at(&self, p: geo::Point) -> u32 {
        let near = self
            .tree
            .locate_in_envelope_intersecting(AABB::from_point([p.x(), p.y()]));
        let keys = near.map(|entry| entry.data);
        keys.filter(|&key| self.polygons[key as usize].contains(&p))
            .min()
            .unwrap_or(NOWHERE)
    }

    /// Keys of the polygons that share a point with an area.
    pub fn meeting(&self, area: &Polygon<f64>) -> Vec<u32> {
        let near = self.tree.locate_in_envelope_intersecting(envelope(area));
        let keys = near.map(|entry| entry.data);
        keys.filter(|&key| area.intersects(&self.polygons[key as usize]))
            .collect()
    }
}

/// A packed Hilbert R-tree.
pub struct Hilbert<'a> {
    tree: Packed<f64>,
    polygons: &'a [Polygon<f64>],
}

impl<'a> Hilbert<'a> {
    pub fn new(polygons: &'a [Polygon<f64>]) -> Self {
        let mut builder = RTreeBuilder::<f64>::new(polygons.len() as u32);
        for polygon in polygons {
            let rect = polygon.bounding_rect().expect("a polygon has an extent");
            builder.add(rect.min().x, rect.min().y, rect.max().x, rect.max().y);
        }
        Self {
            tree: builder.finish::<HilbertSort>(),
            polygons,
        }
    }

    pub fn at(&self, p: geo::Point) -> u32 {
        let near = self.tree.search(p.x(), p.y(), p.x(), p.y());
        let keys = near.into_iter();
        keys.filter(|&key| self.polygons[key as usize].contains(&p))
            .min()
            .unwrap_or(NOWHERE)
    }
}

/// `rstar` over points: what lies in an area by its representative point.
pub struct Places(RTree<GeomWithData<Corner, u32>>);

impl Places {
    pub fn new(places: impl Iterator<Item = (Corner, u32)>) -> Self {
        Self(RTree::bulk_load(
            places
                .map(|(place, key)| GeomWithData::new(place, key))
                .collect(),
        ))
    }

    /// Keys of the points in an area.
    pub fn within(&self, area: &Polygon<f64>) -> Vec<u32> {
        let near = self.0.locate_in_envelope_intersecting(envelope(area));
        let inside = near.filter(|entry| {
            let [x, y] = *entry.geom();
            area.contains(&geo::Point::new(x, y))
        });
        inside.map(|entry| entry.data).collect()
    }
}
