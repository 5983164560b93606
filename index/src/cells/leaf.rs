//! A leaf: the few edges in one cell, in 32-bit words, and which of its areas a point is in.
//!
//! ```text
//! header       edges (6 bits), size of the cell (6 bits), areas (20 bits)
//! areas        key and, in bit 30, its side at the start; then a mask of its edges
//! low ends     x in bits 0..15, open downwards in bit 15, y in bits 16..32
//! high ends    x in bits 0..15, open upwards in bit 15, y in bits 16..32
//! ```
//!
//! Ends are floored to the cell's own units and cut where the edge leaves the cell with its
//! margin. The side of a point at least a unit away from every edge's line is certain: no
//! place of an edge nor the point was moved by a whole unit against the other. Nearer points
//! are answered by the exact test. `docs/index.md` has the argument.

use super::cell::{Cell, MARGIN};
use crate::Point;

/// Most edges of a leaf: one bit each in a mask.
pub(super) const MOST_EDGES: usize = 32;

/// Keys are below this.
pub(super) const KEYS: u32 = (1 << 30) - 1;

/// Number of edges that says: a list of areas, each to be tested exactly.
const UNCERTAIN: u32 = 63;

/// Words that may be read beyond the last edge.
pub(super) const SLACK: usize = 8;

/// Added to coordinates, so that those in the margin are not negative.
const BIAS: i32 = 4;
const OPEN: u32 = 1 << 15;
const BASE: u32 = 1 << 30;

/// An edge as it is kept: its low and its high end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lane {
    low: u32,
    high: u32,
}

/// An end of a clipped edge, and whether the edge goes on beyond the east side.
#[derive(Clone, Copy, Debug)]
struct End {
    x: i64,
    y: i64,
    leaves_east: bool,
}

impl Lane {
    /// What a cell knows of an edge; nothing where the edge does not come near.
    ///
    /// An edge that leaves through the east side would end there for a ray towards the
    /// east, and the count would change with the latitude although nothing lies there. So
    /// it is left open towards the end where it leaves: it then counts for all points on
    /// one side of its line, and for none on the other.
    pub(super) fn new(cell: &Cell, a: Point, b: Point) -> Option<Self> {
        let from = |p: Point| (p.x - cell.min.x, p.y - cell.min.y);
        let (a, b) = (from(a), from(b));
        let margin = MARGIN << cell.unit();
        let reach = (-margin, cell.size() + margin);
        let (a, b) = (clip(a, b, reach)?, clip(b, a, reach)?);
        let unit = cell.unit();
        let floor = |end: End| End {
            x: end.x >> unit,
            y: end.y >> unit,
            ..end
        };
        let (mut low, mut high) = (floor(a), floor(b));
        if low.y > high.y || (low.y == high.y && low.leaves_east) {
            std::mem::swap(&mut low, &mut high);
        }
        // An edge shrunk to a point is kept as a level one, whose line is near it.
        if low.y == high.y && low.x == high.x {
            high.x += 1;
        }
        Some(Self {
            low: word(low),
            high: word(high),
        })
    }
}

fn word(end: End) -> u32 {
    let part = |value: i64| {
        u32::try_from(value + i64::from(BIAS)).expect("the margin is less than the bias")
    };
    part(end.x) | if end.leaves_east { OPEN } else { 0 } | part(end.y) << 16
}

/// The first point of an edge, as seen from `a`, in a square, floored to the lattice.
fn clip(a: (i64, i64), b: (i64, i64), (least, most): (i64, i64)) -> Option<End> {
    let within = |value: i64| least <= value && value <= most;
    if within(a.0) && within(a.1) {
        return Some(End {
            x: a.0,
            y: a.1,
            leaves_east: false,
        });
    }
    // Where the line reaches a side, floored; found from the whole edge each time.
    let reached = |side: i64, a: (i64, i64), b: (i64, i64)| {
        let way = i128::from(b.0 - a.0);
        let run = i128::from(b.1 - a.1) * i128::from(side - a.0) * way.signum();
        i64::try_from(i128::from(a.1) + run.div_euclid(way.abs())).ok()
    };
    let flip = |p: (i64, i64)| (p.1, p.0);
    let passes = |side: i64, a: (i64, i64), b: (i64, i64)| {
        if (a.0 < side) == (b.0 < side) && b.0 != side {
            return None;
        }
        reached(side, a, b).filter(|&place| within(place))
    };
    if a.0 < least
        && let Some(y) = passes(least, a, b)
    {
        return Some(End {
            x: least,
            y,
            leaves_east: false,
        });
    }
    if a.0 > most
        && let Some(y) = passes(most, a, b)
    {
        return Some(End {
            x: most,
            y,
            leaves_east: true,
        });
    }
    if a.1 < least
        && let Some(x) = passes(least, flip(a), flip(b))
    {
        return Some(End {
            x,
            y: least,
            leaves_east: false,
        });
    }
    if a.1 > most
        && let Some(x) = passes(most, flip(a), flip(b))
    {
        return Some(End {
            x,
            y: most,
            leaves_east: false,
        });
    }
    None
}

/// Edges crossed by a ray from a point towards the east, and edges too near to be certain.
#[derive(Clone, Copy, Debug)]
struct Sides {
    crossed: u32,
    near: u32,
}

/// Looks at eight edges at once.
#[inline(always)]
fn eight(low: &[u32; 8], high: &[u32; 8], x: i32, y: i32) -> Sides {
    let mut bits = [0_u32; 8];
    for lane in 0..8 {
        let (low, high) = (low[lane], high[lane]);
        let (x1, y1) = ((low & 0x7fff).cast_signed(), (low >> 16).cast_signed());
        let (x2, y2) = ((high & 0x7fff).cast_signed(), (high >> 16).cast_signed());
        // All ones where the edge is open.
        let down = (low << 16).cast_signed() >> 31;
        let up = (high << 16).cast_signed() >> 31;
        let (dx, dy) = (x2.wrapping_sub(x1), y2.wrapping_sub(y1));
        let cross =
            (x.wrapping_sub(x1).wrapping_mul(dy)).wrapping_sub(y.wrapping_sub(y1).wrapping_mul(dx));
        let beside = (y >= (y1 & !down)) & (y < (y2 | (up & 0xffff)));
        let near = cross.wrapping_abs() <= dx.wrapping_abs().wrapping_add(dy);
        let both = u32::from(beside & (cross < 0)) | if near { 1 << 8 } else { 0 };
        bits[lane] = both << lane;
    }
    let all = bits.into_iter().fold(0, |all, bit| all | bit);
    Sides {
        crossed: all & 0xff,
        near: all >> 8,
    }
}

/// Looks at all edges of a leaf. `words` reaches at least [`SLACK`] beyond them.
#[inline(always)]
fn sides(words: &[u32], edges: usize, x: i32, y: i32) -> Sides {
    let (x, y) = (x + BIAS, y + BIAS);
    let take = |at: usize| words[at..at + 8].first_chunk::<8>().expect("eight words");
    let mut all = eight(take(0), take(edges), x, y);
    let mut at = 8;
    while at < edges {
        let more = eight(take(at), take(edges + at), x, y);
        all.crossed |= more.crossed << at;
        all.near |= more.near << at;
        at += 8;
    }
    // 32 edges leave no bit over.
    let own = u32::MAX.checked_shr(32 - edges as u32).unwrap_or(0);
    Sides {
        crossed: all.crossed & own,
        near: all.near & own,
    }
}

/// One area of a leaf: its key, its edges, and whether it contains the reference place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub(super) key: u32,
    pub(super) mask: u32,
    pub(super) base: bool,
}

/// Appends a leaf. Where an alignment keeps it in one cache line, words are left out.
/// Returns where it begins.
pub(super) fn write(arena: &mut Vec<u32>, shift: u32, members: &[Member], lanes: &[Lane]) -> usize {
    let words = 1 + 2 * members.len() + 2 * lanes.len();
    let at = start(arena, words);
    arena.push(header(lanes.len() as u32, shift, members.len()));
    for member in members {
        arena.push(member.key | if member.base { BASE } else { 0 });
        arena.push(member.mask);
    }
    arena.extend(lanes.iter().map(|lane| lane.low));
    arena.extend(lanes.iter().map(|lane| lane.high));
    at
}

/// Appends a list of areas to be tested exactly. Returns where it begins.
pub(super) fn write_uncertain(arena: &mut Vec<u32>, keys: &[u32]) -> usize {
    let at = start(arena, 1 + 2 * keys.len());
    arena.push(header(UNCERTAIN, 0, keys.len()));
    arena.extend(keys.iter().flat_map(|&key| [key, 0]));
    at
}

pub(super) fn start(arena: &mut Vec<u32>, words: usize) -> usize {
    let used = arena.len() % 16;
    if words <= 16 && used + words > 16 {
        arena.resize(arena.len() + 16 - used, 0);
    }
    arena.len()
}

fn header(edges: u32, shift: u32, members: usize) -> u32 {
    let members = u32::try_from(members)
        .ok()
        .filter(|&members| members < 1 << 20)
        .expect("fewer than 2^20 areas overlap at one place");
    edges | shift << 6 | members << 12
}

/// The last word of a leaf, counted from its first, which is given.
#[inline(always)]
pub(super) fn last(header: u32) -> usize {
    let edges = header & 63;
    (2 * (header >> 12) + if edges == UNCERTAIN { 0 } else { 2 * edges }) as usize
}

/// Words that the leaf at a place takes.
pub(super) fn length(words: &[u32], at: usize) -> usize {
    let header = words[at];
    let edges = match header & 63 {
        UNCERTAIN => 0,
        edges => edges as usize,
    };
    1 + 2 * (header >> 12) as usize + 2 * edges
}

/// The keys of the areas that the leaf at a place knows.
pub(super) fn keys(words: &[u32], at: usize) -> impl Iterator<Item = u32> {
    let members = (words[at] >> 12) as usize;
    words[at + 1..at + 1 + 2 * members]
        .iter()
        .step_by(2)
        .map(|word| word & KEYS)
}

/// Visits the areas of the leaf at a place that contain a point, in ascending order.
#[inline(always)]
pub(super) fn visit(
    words: &[u32],
    at: usize,
    p: Point,
    exact: &impl Fn(u32) -> bool,
    found: impl FnMut(u32),
) {
    visit_known(words[at], words, at, p, exact, found);
}

/// As [`visit`], with the leaf's first word at hand.
#[inline(always)]
pub(super) fn visit_known(
    header: u32,
    words: &[u32],
    at: usize,
    p: Point,
    exact: &impl Fn(u32) -> bool,
    mut found: impl FnMut(u32),
) {
    let (edges, members) = ((header & 63) as usize, (header >> 12) as usize);
    let first = at + 1;
    let list = &words[first..first + 2 * members];
    if edges != UNCERTAIN as usize {
        let (x, y) = super::cell::local(p, (header >> 6) & 63);
        let sides = sides(&words[first + 2 * members..], edges, x, y);
        if sides.near == 0 {
            for member in list.chunks_exact(2) {
                let odd = (sides.crossed & member[1]).count_ones() & 1;
                if (member[0] >> 30) ^ odd == 1 {
                    found(member[0] & KEYS);
                }
            }
            return;
        }
    }
    test_all(list, exact, &mut found);
}

#[cold]
#[inline(never)]
fn test_all(list: &[u32], exact: &impl Fn(u32) -> bool, found: &mut impl FnMut(u32)) {
    for member in list.chunks_exact(2) {
        let key = member[0] & KEYS;
        if exact(key) {
            found(key);
        }
    }
}

/// For each edge, whether a place in a cell, given in its units, is west of it; nothing
/// where the place is too near to an edge.
pub(super) fn crossed(lanes: &[Lane], x: i32, y: i32) -> Option<u32> {
    let mut words = vec![0; 2 * lanes.len() + SLACK];
    for (at, lane) in lanes.iter().enumerate() {
        words[at] = lane.low;
        words[lanes.len() + at] = lane.high;
    }
    let sides = sides(&words, lanes.len(), x, y);
    (sides.near == 0).then_some(sides.crossed)
}
