//! A leaf: the few edges in one cell, in 32-bit words, and which of its areas a point is in.
//!
//! ```text
//! header       steps (6 bits), size of the cell (6 bits), areas (20 bits)
//! corners      x in bits 0..16, y in bits 16..32; a step leads from each to the next
//! areas        key and, in bit 30, its side at the start; then a mask of its steps
//! ```
//!
//! What is read first stands first, so that nothing waits to learn where it is: sixteen words
//! from the header on are looked at together, and the "step" from the header to the first
//! corner belongs to no area. Bits of masks are the positions of steps' first corners.
//!
//! Corners are those of [`Chains`]: floored to the cell's own units. The side of a point at
//! least a unit away from every step's line is certain: no place of an edge nor the point was
//! moved by a whole unit against the other. Nearer points are answered by the exact test.
//! `docs/index.md` has the argument.

use super::{
    chain::{BIAS, Chains},
    page::LINE,
};
use crate::{
    Point,
    vector::{LANES, Vector},
};

/// Keys are below this.
pub(super) const KEYS: u32 = (1 << 30) - 1;

/// Number of steps that says: a list of areas, each to be tested exactly.
const UNCERTAIN: u32 = 63;

/// Words that may be read beyond a leaf: two turns of steps after its first word, and areas
/// that are not there.
pub(super) const SLACK: usize = 2 * LANES + 2 * AT_ONCE + 2;

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

/// Looks at all steps of a leaf, which begins at a word.
#[inline(always)]
fn sides(vector: impl Vector, words: &[u32], at: usize, steps: u32, x: i32, y: i32) -> Sides {
    let (x, y) = (x + BIAS as i32, y + BIAS as i32);
    let take = |at: usize| words[at..at + LANES + 1].first_chunk().expect("corners");
    let mut all = sixteen(vector, take(at), x, y);
    if steps >= LANES as u32 {
        let more = sixteen(vector, take(at + LANES), x, y);
        all.crossed |= more.crossed << LANES;
        all.near |= more.near << LANES;
    }
    // Neither the header nor what follows is a corner.
    all.near &= (2_u32 << steps).wrapping_sub(2);
    all
}

/// One area of a leaf: its key, its steps, and whether it contains the reference place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub(super) key: u32,
    pub(super) mask: u32,
    pub(super) base: bool,
}

/// Appends a leaf. Returns where it begins.
pub(super) fn write(
    arena: &mut Vec<u32>,
    shift: u32,
    members: &[Member],
    chains: &Chains,
) -> usize {
    let corners = if chains.corners.is_empty() {
        &[0]
    } else {
        &*chains.corners
    };
    let at = start(arena, 1 + corners.len() + 2 * members.len());
    arena.push(header(corners.len() as u32 - 1, shift, members.len()));
    arena.extend(corners);
    for member in members {
        arena.push(member.key | if member.base { BASE } else { 0 });
        arena.push(member.mask);
    }
    at
}

/// Appends a list of areas to be tested exactly. Returns where it begins.
pub(super) fn write_uncertain(arena: &mut Vec<u32>, keys: &[u32]) -> usize {
    let at = start(arena, 1 + 2 * keys.len());
    arena.push(header(UNCERTAIN, 0, keys.len()));
    arena.extend(keys.iter().flat_map(|&key| [key, 0]));
    at
}

/// Where a leaf of so many words begins: words are left out where it lies in fewer cache
/// lines then.
pub(super) fn start(arena: &mut Vec<u32>, words: usize) -> usize {
    let used = arena.len() % LINE;
    if used + words > words.next_multiple_of(LINE) {
        arena.resize(arena.len() + LINE - used, 0);
    }
    arena.len()
}

/// How many lines after the first one are read of a leaf at a place.
pub(super) fn lines(words: &[u32], at: usize) -> usize {
    let steps = words[at] & 63;
    let looked_at = match steps {
        UNCERTAIN => 0,
        few if few < LANES as u32 => LANES + 1,
        _ => 2 * LANES + 1,
    };
    (at % LINE + length(words[at]).max(looked_at) - 1) / LINE
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
    list(header) + 2 * (header >> 12) as usize
}

/// Where a leaf's areas begin, from its first word.
#[inline(always)]
fn list(header: u32) -> usize {
    let steps = header & 63;
    1 + if steps == UNCERTAIN { 0 } else { steps + 1 } as usize
}

/// The areas of the leaf at a place, two words each.
#[inline(always)]
fn members(words: &[u32], at: usize) -> &[u32] {
    let header = words[at];
    &words[at + list(header)..at + length(header)]
}

/// The keys of the areas that the leaf at a place knows.
pub(super) fn keys(words: &[u32], at: usize) -> impl Iterator<Item = u32> {
    (members(words, at).iter().step_by(2)).map(|word| word & KEYS)
}

/// Whether an area of a leaf contains the point.
#[inline(always)]
fn has(key: u32, mask: u32, crossed: u32) -> bool {
    ((key >> 30) ^ (crossed & mask).count_ones()) & 1 == 1
}

/// The least key of the areas of the leaf at a place that contain a point, [`KEYS`] where none
/// does; and whether [`visit`] may find several. How many areas there are and which of them it
/// is makes no branch.
#[inline(always)]
pub(super) fn least(
    vector: impl Vector,
    words: &[u32],
    at: usize,
    p: Point,
    exact: &impl Fn(u32) -> bool,
) -> (u32, bool) {
    let header = words[at];
    let (steps, count) = (header & 63, (header >> 12) as usize);
    if count <= AT_ONCE && steps != UNCERTAIN {
        let (x, y) = super::cell::local(p, (header >> 6) & 63);
        let sides = sides(vector, words, at, steps, x, y);
        if sides.near == 0 {
            let from = at + steps as usize + 2;
            let list: &[u32; 2 * AT_ONCE] = words[from..].first_chunk().expect("slack");
            let (mut least, mut found) = (KEYS, 0);
            for member in 0..AT_ONCE {
                let (key, mask) = (list[2 * member], list[2 * member + 1]);
                let own = (member < count) & has(key, mask, sides.crossed);
                least = least.min(if own { key & KEYS } else { KEYS });
                found += u32::from(own);
            }
            return (least, found > 1);
        }
    }
    let mut least = KEYS;
    visit(vector, words, at, p, exact, &mut |key| {
        least = least.min(key)
    });
    (least, true)
}

/// Visits the areas of the leaf at a place that contain a point, in ascending order.
#[inline(never)]
pub(super) fn visit(
    vector: impl Vector,
    words: &[u32],
    at: usize,
    p: Point,
    exact: &impl Fn(u32) -> bool,
    found: &mut impl FnMut(u32),
) {
    let (header, list) = (words[at], members(words, at));
    let steps = header & 63;
    if steps != UNCERTAIN {
        let (x, y) = super::cell::local(p, (header >> 6) & 63);
        let sides = sides(vector, words, at, steps, x, y);
        if sides.near == 0 {
            for member in list.chunks_exact(2) {
                if has(member[0], member[1], sides.crossed) {
                    found(member[0] & KEYS);
                }
            }
            return;
        }
    }
    for member in list.chunks_exact(2) {
        let key = member[0] & KEYS;
        if exact(key) {
            found(key);
        }
    }
}

/// The steps that a ray from a place of the cell crosses; nothing where one is too near.
pub(super) fn crossed(chains: &Chains, x: i32, y: i32) -> Option<u32> {
    let mut words = [0; 2 * LANES + 1];
    words[1..=chains.corners.len()].copy_from_slice(&chains.corners);
    let steps = chains.corners.len().saturating_sub(1) as u32;
    let sides = sides(crate::vector::Plain, &words, 0, steps, x, y);
    (sides.near == 0).then_some(sides.crossed)
}
