//! An immutable index of areas by key.

use std::{collections::HashSet, sync::Arc};

use crate::{Area, Near, Point, Rect, Rule, ShapeError, metric, tree::Tree};

/// Areas with keys, found by point, area, rectangle and nearness.
///
/// The index never changes: an edit makes the next one, which shares the prepared areas.
/// Every answer is in ascending order of keys.
#[derive(Debug, Default)]
pub struct AreaIndex {
    tree: Tree,
    entries: Box<[(u32, Arc<Area>)]>,
}

impl AreaIndex {
    /// Builds the index. A key may stand at several areas and is answered once.
    pub fn build(areas: Vec<(u32, Arc<Area>)>) -> Self {
        let rects: Vec<Rect> = areas.iter().map(|(_, area)| area.rect()).collect();
        let order = Tree::order(&rects);
        Self {
            tree: Tree::build(order.iter().map(|&at| rects[at]).collect()),
            entries: order.iter().map(|&at| areas[at].clone()).collect(),
        }
    }

    /// Prepares polygons and multipolygons and builds the index.
    ///
    /// # Errors
    /// The key and reason of the first geometry that has no place in an index.
    pub fn from_polygons(
        polygons: impl IntoIterator<Item = (u32, geo::MultiPolygon<f64>)>,
    ) -> Result<Self, (u32, ShapeError)> {
        let areas = polygons
            .into_iter()
            .map(
                |(key, polygons)| match Area::from_multi_polygon(&polygons) {
                    Ok(area) => Ok((key, Arc::new(area))),
                    Err(error) => Err((key, error)),
                },
            )
            .collect::<Result<_, _>>()?;
        Ok(Self::build(areas))
    }

    /// The index after an edit: without the removed keys, with the inserted areas. To
    /// replace or move one, remove and insert its key.
    #[must_use]
    pub fn edit(&self, remove: &HashSet<u32>, insert: Vec<(u32, Arc<Area>)>) -> Self {
        let mut areas: Vec<_> = self
            .entries
            .iter()
            .filter(|(key, _)| !remove.contains(key))
            .cloned()
            .collect();
        areas.extend(insert);
        Self::build(areas)
    }

    /// Number of areas.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The smallest rectangle around all areas.
    pub fn rect(&self) -> Option<Rect> {
        self.tree.rect()
    }

    /// The keys of all areas that contain a point, by the half-open rule: of areas that
    /// tile the land, exactly one.
    pub fn at(&self, p: Point) -> Vec<u32> {
        let mut keys = Vec::new();
        self.each_at(p, |key| keys.push(key));
        ascending(keys)
    }

    /// As [`AreaIndex::at`], without order and without taking memory.
    pub fn each_at(&self, p: Point, mut found: impl FnMut(u32)) {
        self.tree.at(p, |at| {
            let (key, area) = &self.entries[at];
            if area.contains(p) {
                found(*key);
            }
        });
    }

    /// The keys of all areas that count as being in an area.
    pub fn within(&self, area: &Area, rule: Rule) -> Vec<u32> {
        let mut keys = Vec::new();
        self.tree.within(area, |at, sure| {
            let (key, own) = &self.entries[at];
            let hit = sure
                || match rule {
                    Rule::RepresentativePoint => area.contains(own.interior()),
                    Rule::Intersects => area.intersects(own),
                    Rule::Within => area.covers(own),
                };
            if hit {
                keys.push(*key);
            }
        });
        ascending(keys)
    }

    /// The keys of all areas whose rectangle meets the given one, edges included.
    pub fn in_box(&self, rect: &Rect) -> Vec<u32> {
        let mut keys = Vec::new();
        self.tree
            .visit(|own| own.meets(rect), |at| keys.push(self.entries[at].0));
        ascending(keys)
    }

    /// The nearest `k` areas within a number of metres, nearest first, then by key.
    pub fn nearest(&self, p: Point, k: usize, within_m: f64) -> Vec<Near> {
        search_outwards(p, k, within_m, self.tree.rect(), |window| {
            let mut found = Vec::new();
            self.tree.visit(
                |own| own.meets(window),
                |at| {
                    let (key, area) = &self.entries[at];
                    let distance_m = if area.contains(p) {
                        0.0
                    } else {
                        metric::nearest_on(p, area.edges())
                            .map_or(f64::INFINITY, |place| metric::distance_m(p, place))
                    };
                    found.push(Near {
                        key: *key,
                        distance_m,
                    });
                },
            );
            found
        })
    }

    /// Bytes that it takes, prepared areas included.
    pub fn bytes(&self) -> usize {
        /// The two counts of an `Arc`.
        const COUNTS: usize = 16;
        self.tree.bytes()
            + size_of_val(&*self.entries)
            + self
                .entries
                .iter()
                .map(|(_, area)| area.bytes() + COUNTS)
                .sum::<usize>()
    }
}

/// Sorted, each key once.
pub(crate) fn ascending(mut keys: Vec<u32>) -> Vec<u32> {
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Widens a window until it surely holds the nearest `k`.
pub(crate) fn search_outwards(
    p: Point,
    k: usize,
    within_m: f64,
    all: Option<Rect>,
    candidates: impl Fn(&Rect) -> Vec<Near>,
) -> Vec<Near> {
    let Some(all) = all.filter(|_| k > 0 && within_m >= 0.0) else {
        return Vec::new();
    };
    let mut radius = 30.0_f64.min(within_m);
    loop {
        let window = metric::window(p, radius);
        let mut found = candidates(&window);
        found.retain(|near| near.distance_m <= within_m);
        found.sort_by(|a, b| {
            a.distance_m
                .total_cmp(&b.distance_m)
                .then(a.key.cmp(&b.key))
        });
        let mut seen = HashSet::new();
        found.retain(|near| seen.insert(near.key));
        found.truncate(k);
        // What is outside the window is farther away than the radius.
        let complete = found.len() == k && found[k - 1].distance_m <= radius;
        let everything = window.holds(all.min) && window.holds(all.max);
        if complete || everything || radius >= within_m || radius > 2.5e7 {
            return found;
        }
        radius = (radius * 4.0).min(within_m);
    }
}
