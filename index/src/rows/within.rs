//! What is in an area: whole runs of cells at once, exact tests along the outline.

use super::{
    level::Level,
    outline::{Edge, Outline, Reach, Touch, middle_and_half},
    row::Row,
};
use crate::{Area, Point, Rule, Shape, point::segments_meet, shapes::Shapes};

/// Doubtful features that are looked at together, so that their reads overlap.
const DOUBTS: usize = 32;

/// Takes what is found in an area.
pub(crate) trait Sink {
    /// All features of some cells of a row.
    fn run(&mut self, row: &Row, cells: &std::ops::Range<usize>);
    /// Some features from a place on: those whose mask is all ones.
    fn some(&mut self, row: &Row, start: usize, masks: &[u64]);
}

/// The keys of what is found.
impl Sink for Vec<u32> {
    fn run(&mut self, row: &Row, cells: &std::ops::Range<usize>) {
        self.extend_from_slice(&row.keys[row.items(cells)]);
    }

    fn some(&mut self, row: &Row, start: usize, masks: &[u64]) {
        let keys = row.keys[start..].iter().zip(masks);
        self.extend(keys.filter(|(_, mask)| **mask != 0).map(|(key, _)| key));
    }
}

/// How many features there are, and the sums of their measures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Number of features.
    pub count: u64,
    /// The sum of each measure.
    pub measures: Vec<i128>,
}

impl Sink for Sums {
    fn run(&mut self, row: &Row, cells: &std::ops::Range<usize>) {
        self.count += row.items(cells).len() as u64;
        row.add_sums(cells, &mut self.measures);
    }

    #[inline(always)]
    fn some(&mut self, row: &Row, start: usize, masks: &[u64]) {
        self.count += masks.iter().map(|mask| mask & 1).sum::<u64>();
        for (measure, sum) in self.measures.iter_mut().enumerate() {
            *sum += i128::from(row.values[measure].sum(start, masks));
        }
    }
}

/// A feature whose rectangle the outline may meet.
struct Doubt<'a> {
    row: &'a Row,
    at: usize,
    /// Edges that may meet it, among others.
    near: &'a [Touch],
}

impl Level {
    /// Hands over all features of the level that are in an area by their representative points.
    pub(super) fn within(&self, area: &Area, sink: &mut impl Sink) {
        crate::vector::wide(
            #[inline(always)]
            || {
                let rows = self.rows_near(&area.rect());
                let outline = Outline::new(area, self.frame.shift, rows.clone(), Reach::default());
                let mut masks = Vec::new();
                for at in rows {
                    let row = self.row(at);
                    if row.is_empty() {
                        continue;
                    }
                    walk(
                        &outline,
                        outline.touches(at),
                        at << self.frame.shift,
                        #[inline(always)]
                        |stretch| {
                            let cells = row.cells(stretch.west, stretch.east);
                            if stretch.touches.is_empty() {
                                sink.run(row, &cells);
                            } else if !cells.is_empty() {
                                let items = row.items(&cells);
                                inside(
                                    &outline.edges,
                                    &stretch,
                                    row,
                                    items.clone(),
                                    area,
                                    &mut masks,
                                );
                                sink.some(row, items.start, &masks);
                            }
                        },
                    );
                }
            },
        );
    }

    /// Hands over all features of the level that intersect an area or lie within it.
    ///
    /// Where no edge meets a feature's rectangle, the feature lies as its representative point
    /// does. And what has its representative point in the area intersects it.
    pub(super) fn within_by(
        &self,
        area: &Area,
        rule: Rule,
        features: &Shapes,
        sink: &mut impl Sink,
    ) {
        let rows = self.rows_near(&area.rect());
        let reach = (rows.clone())
            .map(|at| self.row(at).reach)
            .fold(Reach::default(), Reach::join);
        let outline = Outline::new(area, self.frame.shift, rows.clone(), Reach::default());
        let wide = Outline::new(area, self.frame.shift, rows.clone(), reach);
        let mut doubts: Vec<Doubt<'_>> = Vec::new();
        let (mut masks, mut doubtful) = (Vec::new(), Vec::new());
        crate::vector::wide(
            #[inline(always)]
            || {
                for at in rows {
                    let row = &**self.row(at);
                    if row.is_empty() {
                        continue;
                    }
                    let (touches, near) = (outline.touches(at), wide.touches(at));
                    walk_near(
                        &outline,
                        touches,
                        near,
                        at << self.frame.shift,
                        #[inline(always)]
                        |stretch, near| {
                            let cells = row.cells(stretch.west, stretch.east);
                            if near.is_empty() {
                                sink.run(row, &cells);
                                return;
                            }
                            if cells.is_empty() {
                                return;
                            }
                            let items = row.items(&cells);
                            let edges = &outline.edges;
                            inside(edges, &stretch, row, items.clone(), area, &mut masks);
                            may_meet(edges, near, row, items.clone(), &mut doubtful);
                            for ((mask, doubt), at) in
                                masks.iter_mut().zip(&doubtful).zip(items.clone())
                            {
                                let settled = rule == Rule::Intersects && *mask != 0;
                                if *doubt != 0 && !settled {
                                    *mask = 0;
                                    doubts.push(Doubt { row, at, near });
                                }
                            }
                            sink.some(row, items.start, &masks);
                        },
                    );
                }
            },
        );
        let mut meeting = Vec::new();
        for doubts in doubts.chunks(DOUBTS) {
            let keys = || doubts.iter().map(|doubt| doubt.row.keys[doubt.at]);
            keys().for_each(|key| features.fetch_place(key));
            keys().for_each(|key| features.fetch(key));
            for (doubt, key) in doubts.iter().zip(keys()) {
                let shape = (features.get(key)).expect("every key in the rows has a shape");
                meeting_edges(&wide.edges, doubt, self.frame.shift, &mut meeting);
                let judged = match (&shape, rule) {
                    (Shape::Area(own), Rule::Intersects) if own.is_simple() => meets(own, &meeting),
                    (shape, rule) => shape.is_in(area, rule),
                };
                if judged {
                    sink.some(doubt.row, doubt.at, &[u64::MAX]);
                }
            }
        }
    }
}

/// For each of some features, all ones where an edge may meet its rectangle.
#[inline(always)]
fn may_meet(
    edges: &[Edge],
    near: &[Touch],
    row: &Row,
    items: std::ops::Range<usize>,
    masks: &mut Vec<u64>,
) {
    let [west, south, east, north] = row.ways();
    masks.clear();
    if west.is_empty() {
        masks.resize(items.len(), u64::MAX);
        return;
    }
    masks.resize(items.len(), 0);
    for touch in near {
        let edge = edges[touch.edge as usize];
        let own = row.items(&row.cells(touch.west, touch.east));
        let start = own.start - items.start;
        let points = row.places(own.clone());
        let wide = west[own.clone()].iter().zip(&east[own.clone()]);
        let high = south[own.clone()].iter().zip(&north[own]);
        let each = points.zip(wide).zip(high).zip(&mut masks[start..]);
        for ((((x, y), (&west, &east)), (&south, &north)), mask) in each {
            let [west, east, south, north] = [west, east, south, north].map(f64::from);
            // Exact, as twice a lattice value fits a double.
            let middle = (x + (east - west) / 2.0, y + (north - south) / 2.0);
            let half = ((east + west) / 2.0, (north + south) / 2.0);
            *mask |= if edge.surely_misses(middle, half) {
                0
            } else {
                u64::MAX
            };
        }
    }
}

/// The edges that may meet a feature's rectangle.
fn meeting_edges(edges: &[Edge], doubt: &Doubt<'_>, shift: u32, found: &mut Vec<(Point, Point)>) {
    let column = doubt.row.place(doubt.at).x >> shift;
    let (middle, half) = middle_and_half(&doubt.row.rect(doubt.at));
    found.clear();
    for touch in doubt.near {
        let edge = edges[touch.edge as usize];
        let beside = (touch.west..=touch.east).contains(&column);
        if beside && !edge.surely_misses(middle, half) {
            found.push(edge.ends());
        }
    }
}

/// Some cells of a row: those between two crossings, all inside, or those that edges may
/// go through.
struct Stretch<'a> {
    west: i64,
    east: i64,
    /// The edges that may go through; none where the whole stretch is inside.
    touches: &'a [Touch],
    /// Whether what lies east of it is inside.
    east_inside: bool,
}

/// Walks along a row from west to east over what is inside or may be.
///
/// Edges leave a stretch at its north or south only, so its east side is inside where its
/// west side is not and an odd number of its edges cross the row's south line.
#[inline(always)]
fn walk<'a>(
    outline: &Outline,
    touches: &'a [Touch],
    south: i64,
    mut visit: impl FnMut(Stretch<'a>),
) {
    walk_near(
        outline,
        touches,
        touches,
        south,
        #[inline(always)]
        |stretch, _| visit(stretch),
    );
}

/// As [`walk`], with stretches as wide as further touches make them, which are handed over
/// too: `near` reaches as far as the touches of the row itself, and farther.
#[inline(always)]
fn walk_near<'a>(
    outline: &Outline,
    touches: &'a [Touch],
    near: &'a [Touch],
    south: i64,
    mut visit: impl FnMut(Stretch<'a>, &'a [Touch]),
) {
    let south = south as f64;
    let (mut inside, mut own, mut at) = (false, 0, 0);
    let mut west = i64::MIN;
    while at < near.len() {
        let (start, first) = (at, near[at].west);
        let mut last = near[at].east;
        while at < near.len() && near[at].west <= last + 1 {
            last = last.max(near[at].east);
            at += 1;
        }
        if inside && west < first {
            visit(
                Stretch {
                    west,
                    east: first - 1,
                    touches: &[],
                    east_inside: true,
                },
                &[],
            );
        }
        let begin = own;
        while own < touches.len() && touches[own].west <= last {
            let edge = &outline.edges[touches[own].edge as usize];
            inside ^= (edge.low.1 <= south) & (south < edge.high.1);
            own += 1;
        }
        visit(
            Stretch {
                west: first,
                east: last,
                touches: &touches[begin..own],
                east_inside: inside,
            },
            &near[start..at],
        );
        west = last + 1;
    }
}

/// For each of some features, all ones where its representative point is in the area.
///
/// The products are rounded; where their difference is not surely of one sign, the area
/// answers exactly.
#[inline(always)]
fn inside(
    edges: &[Edge],
    stretch: &Stretch<'_>,
    row: &Row,
    items: std::ops::Range<usize>,
    area: &Area,
    masks: &mut Vec<u64>,
) {
    /// More than the rounding of two products and their difference, against their sum.
    const ROUNDING: f64 = 1e-15;
    masks.clear();
    masks.resize(items.len(), if stretch.east_inside { u64::MAX } else { 0 });
    let mut unsure = false;
    for touch in stretch.touches {
        let Edge {
            low: (lx, ly),
            high: (hx, hy),
        } = edges[touch.edge as usize];
        let (dx, dy) = (hx - lx, hy - ly);
        let mut near = 0_u64;
        for ((x, y), mask) in row.places(items.clone()).zip(masks.iter_mut()) {
            let beside = (ly <= y) & (y < hy);
            let (a, b) = ((x - lx) * dy, (y - ly) * dx);
            let certain = (a - b).abs() > (a.abs() + b.abs()) * ROUNDING;
            *mask ^= if beside & (a < b) { u64::MAX } else { 0 };
            near |= if beside & !certain { 1 } else { 0 };
        }
        unsure |= near != 0;
    }
    if unsure {
        for (at, mask) in items.zip(masks) {
            *mask = if area.contains(row.place(at)) {
                u64::MAX
            } else {
                0
            };
        }
    }
}

/// Whether a feature of one ring and an area share a point, where its representative point is
/// outside the area. `edges` are those of the area that meet the feature's rectangle, and may
/// be others.
fn meets(own: &Area, edges: &[(Point, Point)]) -> bool {
    edges.iter().any(|&(a, b)| {
        own.is_cut_by(a, b).unwrap_or_else(|| {
            // An edge that touches no boundary lies inside the feature or outside as a whole.
            own.edges().any(|(c, d)| segments_meet(a, b, c, d)) || own.contains(a)
        })
    })
}
