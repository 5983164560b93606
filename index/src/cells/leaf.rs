//! A leaf: the few edges in one cell, in 32-bit words, and which of its areas a point is in.
//!
//! ```text
//! header       steps (6 bits), size of the cell (6 bits), areas (20 bits)
//! areas        key and, in bit 30, its side at the start; then a mask of its steps
//! corners      x in bits 0..16, y in bits 16..32; a step leads from each to the next
//! ```
//!
//! Corners are those of [`Chains`]: floored to the cell's own units. The side of a point at
//! least a unit away from every step's line is certain: no place of an edge nor the point was
//! moved by a whole unit against the other. Nearer points are answered by the exact test.
//! `docs/index.md` has the argument.

use super::chain::{BIAS, Chains, MOST_STEPS};
use crate::{
    Point,
    vector::{LANES, Vector},
};

/// Keys are below this.
pub(super) const KEYS: u32 = (1 << 30) - 1;

/// Number of steps that says: a list of areas, each to be tested exactly.
const UNCERTAIN: u32 = 63;

/// Words that may be read beyond a leaf: two turns of steps after its last word.
pub(super) const SLACK: usize = 2 * LANES + 8;

/// Areas that are looked at without asking how many there are.
const AT_ONCE: usize = 4;

const BASE: u32 = 1 << 30;

/// Steps crossed by a ray from a point towards the east, and whether any step is too near for
/// that to be certain.
#[derive(Clone, Copy, Debug)]
struct Sides {
    crossed: u32,
    near: u32,
}

/// Looks at sixteen steps at once.
#[inline(always)]
fn sixteen(vector: impl Vector, corners: &[u32; LANES + 1], x: i32, y: i32) -> Sides {
    let (mut crossed, mut near) = ([0; LANES], [0; LANES]);
    for lane in 0..LANES {
        let (a, b) = (corners[lane], corners[lane + 1]);
        let (ax, ay) = ((a & 0xffff).cast_signed(), (a >> 16).cast_signed());
        let (bx, by) = ((b & 0xffff).cast_signed(), (b >> 16).cast_signed());
        let (dx, dy) = (bx.wrapping_sub(ax), by.wrapping_sub(ay));
        let (x, y) = (x.wrapping_sub(ax), y.wrapping_sub(ay));
        let cross = x.wrapping_mul(dy).wrapping_sub(y.wrapping_mul(dx));
        // Negative where one end is above the point and the other is not, and the point is
        // on the west side of the line.
        crossed[lane] = (y ^ y.wrapping_sub(dy)) & (cross ^ dy);
        near[lane] = (cross.wrapping_abs().wrapping_sub(dx.wrapping_abs()))
            .wrapping_sub(dy.wrapping_abs())
            .wrapping_sub(1);
    }
    Sides {
        crossed: vector.negative(crossed),
        near: vector.negative(near),
    }
}

/// Looks at all steps of a leaf, whose corners begin at a word.
#[inline(always)]
fn sides(vector: impl Vector, words: &[u32], at: usize, steps: u32, x: i32, y: i32) -> Sides {
    let (x, y) = (x + BIAS as i32, y + BIAS as i32);
    let take = |at: usize| words[at..at + LANES + 1].first_chunk().expect("corners");
    let mut all = sixteen(vector, take(at), x, y);
    if steps > LANES as u32 {
        let more = sixteen(vector, take(at + LANES), x, y);
        all.crossed |= more.crossed << LANES;
        all.near |= more.near << LANES;
    }
    // What follows is no corner; a full leaf has as many steps as there are bits.
    all.near &= (1_u64 << steps).wrapping_sub(1) as u32;
    all
}

/// One area of a leaf: its key, its steps, and whether it contains the reference place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub(super) key: u32,
    pub(super) mask: u32,
    pub(super) base: bool,
}

/// Appends a leaf. Where an alignment keeps it in one cache line, words are left out.
/// Returns where it begins.
pub(super) fn write(
    arena: &mut Vec<u32>,
    shift: u32,
    members: &[Member],
    chains: &Chains,
) -> usize {
    let steps = chains.corners.len().saturating_sub(1);
    let at = start(arena, 1 + 2 * members.len() + chains.corners.len());
    arena.push(header(steps as u32, shift, members.len()));
    for member in members {
        arena.push(member.key | if member.base { BASE } else { 0 });
        arena.push(member.mask);
    }
    arena.extend(&chains.corners);
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

fn header(steps: u32, shift: u32, members: usize) -> u32 {
    let members = u32::try_from(members)
        .ok()
        .filter(|&members| members < 1 << 20)
        .expect("fewer than 2^20 areas overlap at one place");
    steps | shift << 6 | members << 12
}

/// Words of a leaf, from its first word.
#[inline(always)]
pub(super) fn length(header: u32) -> usize {
    let corners = match header & 63 {
        0 | UNCERTAIN => 0,
        steps => steps + 1,
    };
    (1 + 2 * (header >> 12) + corners) as usize
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
    vector: impl Vector,
    words: &[u32],
    at: usize,
    p: Point,
    exact: &impl Fn(u32) -> bool,
    mut found: impl FnMut(u32),
) {
    let header = words[at];
    let (steps, members) = (header & 63, (header >> 12) as usize);
    let list = &words[at + 1..at + 1 + 2 * members];
    if steps != UNCERTAIN {
        let (x, y) = super::cell::local(p, (header >> 6) & 63);
        let sides = sides(vector, words, at + 1 + 2 * members, steps, x, y);
        if sides.near == 0 {
            for member in list.chunks_exact(2) {
                if has(member[0], member[1], sides.crossed) {
                    found(member[0] & KEYS);
                }
            }
            return;
        }
    }
    test_all(list, exact, &mut found);
}

/// Whether an area of a leaf contains the point.
#[inline(always)]
fn has(key: u32, mask: u32, crossed: u32) -> bool {
    ((key >> 30) ^ (crossed & mask).count_ones()) & 1 == 1
}

/// The least key of the areas of the leaf at a place that contain a point; [`KEYS`] where none
/// does. How many areas there are and which of them it is makes no branch.
#[inline(always)]
pub(super) fn least(
    vector: impl Vector,
    words: &[u32],
    at: usize,
    p: Point,
    exact: &impl Fn(u32) -> bool,
) -> u32 {
    let header = words[at];
    let (steps, members) = (header & 63, (header >> 12) as usize);
    if steps != UNCERTAIN && members <= AT_ONCE {
        let (x, y) = super::cell::local(p, (header >> 6) & 63);
        let sides = sides(vector, words, at + 1 + 2 * members, steps, x, y);
        if sides.near == 0 {
            let list: &[u32; 2 * AT_ONCE] = words[at + 1..].first_chunk().expect("slack");
            let mut least = KEYS;
            for member in 0..AT_ONCE {
                let (key, mask) = (list[2 * member], list[2 * member + 1]);
                let own = (member < members) & has(key, mask, sides.crossed);
                least = least.min(if own { key & KEYS } else { KEYS });
            }
            return least;
        }
    }
    let mut least = KEYS;
    visit(vector, words, at, p, exact, |key| least = least.min(key));
    least
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

/// The steps that a ray from a place of the cell crosses; nothing where one is too near.
pub(super) fn crossed(chains: &Chains, x: i32, y: i32) -> Option<u32> {
    let mut words = [0; MOST_STEPS + 1 + LANES];
    words[..chains.corners.len()].copy_from_slice(&chains.corners);
    let steps = chains.corners.len().saturating_sub(1) as u32;
    let sides = sides(crate::vector::Plain, &words, 0, steps, x, y);
    (sides.near == 0).then_some(sides.crossed)
}
