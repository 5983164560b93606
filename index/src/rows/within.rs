//! What is in an area: whole runs of cells at once, exact tests along the outline.

use super::{
    level::Level,
    outline::{Edge, Outline, Touch, middle_and_half},
    row::Row,
};
use crate::{Area, Point, Rect, Rule, point::segments_meet};

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
            let values = row.values(measure)[start..].iter().zip(masks);
            let some = values.map(|(value, mask)| value & mask.cast_signed());
            *sum += i128::from(some.sum::<i64>());
        }
    }
}

/// Whether a feature with a rectangle that the outline goes through is in the area. Takes
/// its key, whether its representative point is in, and the edges that meet its rectangle.
pub(super) type Judge<'a> = dyn Fn(u32, bool, &[(Point, Point)]) -> bool + 'a;

impl Level {
    /// Hands over all features of the level that are in an area by their representative points.
    pub(super) fn within(&self, area: &Area, sink: &mut impl Sink) {
        crate::vector::wide(
            #[inline(always)]
            || {
                let rows = self.rows_near(&area.rect());
                let outline = Outline::new(area, self.shift, rows.clone());
                let mut masks = Vec::new();
                for at in rows {
                    let row = self.row(at);
                    if row.is_empty() {
                        continue;
                    }
                    walk(&outline, outline.touches(at), at << self.shift, |stretch| {
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
                    });
                }
            },
        );
    }

    /// Hands over all features of the level that are in an area as a judge says.
    ///
    /// Where no edge goes through a cell or its neighbours, all features of the cell lie as
    /// their representative points do.
    pub(super) fn within_by(&self, area: &Area, judge: &Judge<'_>, sink: &mut impl Sink) {
        let rows = self.rows_near(&area.rect());
        let (low, high) = (rows.start() - 1, rows.end() + 1);
        let outline = Outline::new(area, self.shift, low..=high);
        let mut near: Vec<Touch> = Vec::new();
        let (mut masks, mut meeting) = (Vec::new(), Vec::new());
        for at in rows {
            let row = self.row(at);
            if row.is_empty() {
                continue;
            }
            near.clear();
            near.extend((at - 1..=at + 1).flat_map(|at| outline.touches(at)));
            near.sort_unstable_by_key(|touch| touch.west);
            walk_near(
                &outline,
                outline.touches(at),
                &near,
                at << self.shift,
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
                    crate::vector::wide(
                        #[inline(always)]
                        || {
                            inside(
                                &outline.edges,
                                &stretch,
                                row,
                                items.clone(),
                                area,
                                &mut masks,
                            )
                        },
                    );
                    for (at, mask) in items.clone().zip(&mut masks) {
                        let rect = row.rect(at);
                        meeting_edges(&outline.edges, near, &rect, self.shift, &mut meeting);
                        if !meeting.is_empty() && !judge(row.keys[at], *mask != 0, &meeting) {
                            *mask = 0;
                        } else if !meeting.is_empty() {
                            *mask = u64::MAX;
                        }
                    }
                    sink.some(row, items.start, &masks);
                },
            );
        }
    }
}

/// The edges that meet a rectangle, each once.
fn meeting_edges(
    edges: &[Edge],
    near: &[Touch],
    rect: &Rect,
    shift: u32,
    found: &mut Vec<(Point, Point)>,
) {
    found.clear();
    let (west, east) = (rect.min.x >> shift, rect.max.x >> shift);
    let (middle, half) = middle_and_half(rect);
    for touch in near {
        if touch.west > east {
            break;
        }
        if touch.east < west {
            continue;
        }
        let edge = &edges[touch.edge as usize];
        if edge.surely_misses(middle, half) {
            continue;
        }
        let (a, b) = edge.ends();
        if rect.meets_segment(a, b) && !found.contains(&(a, b)) {
            found.push((a, b));
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
    walk_near(outline, touches, touches, south, |stretch, _| {
        visit(stretch)
    });
}

/// As [`walk`], with stretches as wide as further touches and their neighbouring cells
/// make them, which are handed over too; `near` holds all touches of the row itself.
#[inline(always)]
fn walk_near<'a>(
    outline: &Outline,
    touches: &'a [Touch],
    near: &[Touch],
    south: i64,
    mut visit: impl FnMut(Stretch<'a>, &[Touch]),
) {
    // The row's own touches reach no farther than all near ones.
    let wider = i64::from(touches.as_ptr() != near.as_ptr());
    let south = south as f64;
    let (mut inside, mut own, mut at) = (false, 0, 0);
    let mut west = i64::MIN;
    while at < near.len() {
        let (start, first) = (at, near[at].west - wider);
        let mut last = near[at].east + wider;
        while at < near.len() && near[at].west - wider <= last + 1 {
            last = last.max(near[at].east + wider);
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
    let (xs, ys) = (&row.xs[items.clone()], &row.ys[items.clone()]);
    let mut unsure = false;
    for touch in stretch.touches {
        let Edge {
            low: (lx, ly),
            high: (hx, hy),
        } = edges[touch.edge as usize];
        let (dx, dy) = (hx - lx, hy - ly);
        let mut near = 0_u64;
        for ((&x, &y), mask) in xs.iter().zip(ys).zip(masks.iter_mut()) {
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

/// Whether a feature of one ring and an area share a point, where some edges of the area
/// meet the feature's rectangle.
pub(super) fn meets(own: &Area, inside: bool, edges: &[(Point, Point)]) -> bool {
    inside
        || edges.iter().any(|&(a, b)| {
            // An edge that touches no boundary lies inside the feature or outside as a whole.
            own.edges().any(|(c, d)| segments_meet(a, b, c, d)) || own.contains(a)
        })
}

/// Whether a rule is that of the representative point.
pub(super) fn by_place(rule: Rule) -> bool {
    rule == Rule::RepresentativePoint
}
