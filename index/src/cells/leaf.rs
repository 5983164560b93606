//! A leaf: the few edges in one cell, in 32-bit words, and which of its areas a point is in.
//!
//! ```text
//! areas        two and two, the first pair last: the second one's key, the first one's key, with
//!              its side at the start in bit 30, and the masks of the steps of both, in 16 bits
//! header       steps (6 bits), size of the cell (6 bits), areas (20 bits)
//! corners      x in bits 0..16, y in bits 16..32; a step leads from each to the next
//! masks        beyond 15 steps: the upper 16 bits of the masks, two and two
//! ```
//!
//! A word says where the header is. What is read stands as far before or behind it in every
//! leaf, so that nothing waits to learn where it is: four areas, and sixteen words from the header
//! on, which are looked at together. The "step" from the header to the first corner belongs
//! to no area. Bits of masks are the positions of steps' first corners.
//!
//! Corners are those of [`Chains`]: floored to the cell's own units. The side of a point at
//! least a unit away from every step's line is certain: no place of an edge nor the point was
//! moved by a whole unit against the other. Nearer points are answered by the exact test.
//! `docs/index.md` has the argument.

use std::hint::select_unpredictable;

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

/// Words that may be read beyond the last leaf's header.
pub(super) const SLACK: usize = LANES + 1;

/// Areas that are looked at without asking how many there are.
const AT_ONCE: usize = 4;

/// Words that are read before a header.
pub(super) const BEFORE: usize = before(AT_ONCE);

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
    if is_wide(steps) {
        // The last sixteen: nothing beyond the last corner is read.
        let from = steps as usize + 1 - LANES;
        let more = sixteen(vector, take(at + from), x, y);
        all.crossed |= more.crossed << from;
        all.near |= more.near << from;
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

/// Appends a leaf. Returns where its header is.
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
    let header = header(corners.len() as u32 - 1, shift, members.len());
    let at = start(arena, header);
    for pair in members.chunks(2).rev() {
        arena.extend(pair.iter().rev().map(Member::word));
        arena.push(halves(pair, 0));
    }
    arena.push(header);
    arena.extend(corners);
    arena.resize(at + behind(header), 0);
    let upper = at + 1 + corners.len();
    for (word, pair) in arena[upper..].iter_mut().zip(members.chunks(2)) {
        *word = halves(pair, 16);
    }
    at
}

/// Appends a list of areas to be tested exactly. Returns where its header is.
pub(super) fn write_uncertain(arena: &mut Vec<u32>, keys: &[u32]) -> usize {
    let header = header(UNCERTAIN, 0, keys.len());
    let at = start(arena, header);
    for pair in keys.chunks(2).rev() {
        arena.extend(pair.iter().rev());
        arena.push(0);
    }
    arena.push(header);
    at
}

/// Appends the leaf at a place of other words. Returns where its header is.
pub(super) fn copy(words: &[u32], at: usize, into: &mut Vec<u32>) -> usize {
    let header = words[at];
    let to = start(into, header);
    into.extend_from_slice(&words[at - before(count(header))..at + behind(header)]);
    to
}

/// Where the header of a leaf that is written next stands: words are left out before it where
/// what is read of it lies in fewer cache lines then.
fn start(arena: &mut Vec<u32>, header: u32) -> usize {
    let own = before(count(header));
    let read = own.max(BEFORE);
    let words = read + behind(header).max(LANES + 1);
    let used = (arena.len() + LINE + own - read) % LINE;
    if arena.len() + own < read || used + words > words.next_multiple_of(LINE) {
        arena.resize(arena.len() + LINE - used, 0);
    }
    arena.len() + own
}

/// How many lines after the first one are read of a leaf at a place.
pub(super) fn lines(words: &[u32], at: usize) -> usize {
    let first = at - BEFORE;
    (first % LINE + BEFORE + behind(words[at]).max(LANES + 1) - 1) / LINE
}

fn header(steps: u32, shift: u32, members: usize) -> u32 {
    let members = u32::try_from(members)
        .ok()
        .filter(|&members| members < 1 << 20)
        .expect("fewer than 2^20 areas overlap at one place");
    steps | shift << 6 | members << 12
}

/// Areas of a leaf, from its header.
#[inline(always)]
fn count(header: u32) -> usize {
    (header >> 12) as usize
}

/// Words of some areas before the header.
const fn before(areas: usize) -> usize {
    areas + areas.div_ceil(2)
}

/// Words of a leaf from its header on.
fn behind(header: u32) -> usize {
    match header & 63 {
        UNCERTAIN => 1,
        steps if is_wide(steps) => steps as usize + 2 + count(header).div_ceil(2).max(AT_ONCE / 2),
        steps => steps as usize + 2,
    }
}

/// Whether masks of so many steps take more than 16 bits.
#[inline(always)]
fn is_wide(steps: u32) -> bool {
    steps >= LANES as u32
}

/// Half of the masks of two areas, or of one, in a word.
fn halves(pair: &[Member], from: u32) -> u32 {
    let half = |at: usize| {
        pair.get(at)
            .map_or(0, |member| member.mask >> from & 0xffff)
    };
    half(0) | half(1) << 16
}

impl Member {
    fn word(&self) -> u32 {
        self.key | if self.base { BASE } else { 0 }
    }
}

/// The key of an area of the leaf at a place, with its side.
#[inline(always)]
fn key(words: &[u32], at: usize, member: usize) -> u32 {
    words[at - 2 - member - member / 2]
}

/// The steps of an area of the leaf at a place.
#[inline(always)]
fn mask(words: &[u32], at: usize, steps: u32, member: usize) -> u32 {
    let half = |word: usize| words[word] >> (member % 2 * 16) & 0xffff;
    let low = half(at - 1 - 3 * (member / 2));
    if is_wide(steps) {
        low | half(at + steps as usize + 2 + member / 2) << 16
    } else {
        low
    }
}

/// The keys of the areas that the leaf at a place knows.
pub(super) fn keys(words: &[u32], at: usize) -> impl Iterator<Item = u32> + '_ {
    (0..count(words[at])).map(move |member| key(words, at, member) & KEYS)
}

/// Whether an area of a leaf contains the point.
#[inline(always)]
fn has(key: u32, mask: u32, crossed: u32) -> bool {
    ((key >> 30) ^ (crossed & mask).count_ones()) & 1 == 1
}

/// Whether an odd number of each area's steps is crossed, from the lower and the upper halves of
/// their masks: of four areas in bits 0, 16, 32 and 48. All at once in one number, because counts
/// of bits are made a detour through vectors, which costs a fifth of the whole lookup.
#[inline(always)]
fn odd(lower: [u32; AT_ONCE / 2], upper: [u32; AT_ONCE / 2], crossed: u32) -> u64 {
    let four = |[ones, others]: [u32; 2]| u64::from(ones) | u64::from(others) << 32;
    let each = |crossed: u32| u64::from(crossed) * 0x0001_0001_0001_0001;
    let own = four(lower) & each(crossed & 0xffff) ^ four(upper) & each(crossed >> 16);
    [8, 4, 2, 1].iter().fold(own, |own, by| own ^ own >> by)
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
    let (steps, count) = (header & 63, count(header));
    if count <= AT_ONCE && steps != UNCERTAIN {
        let (x, y) = super::cell::local(p, (header >> 6) & 63);
        let sides = sides(vector, words, at, steps, x, y);
        if sides.near == 0 {
            let list: &[u32; BEFORE] = words[at - BEFORE..].first_chunk().expect("areas");
            let [fourth, third, others, second, first, ones] = *list;
            // Where there are no upper halves, no step is crossed that they could speak of.
            let upper = select_unpredictable(is_wide(steps), at + steps as usize + 2, at);
            let upper: &[u32; AT_ONCE / 2] = words[upper..].first_chunk().expect("masks");
            let odd = odd([ones, others], *upper, sides.crossed);
            let (mut least, mut found) = (KEYS, 0);
            for (member, key) in [first, second, third, fourth].into_iter().enumerate() {
                let odd = (odd >> (16 * member)) as u32;
                let own = (member < count) & ((key >> 30 ^ odd) & 1 == 1);
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
    let header = words[at];
    let (steps, members) = (header & 63, 0..count(header));
    if steps != UNCERTAIN {
        let (x, y) = super::cell::local(p, (header >> 6) & 63);
        let sides = sides(vector, words, at, steps, x, y);
        if sides.near == 0 {
            for member in members {
                let (key, mask) = (key(words, at, member), mask(words, at, steps, member));
                if has(key, mask, sides.crossed) {
                    found(key & KEYS);
                }
            }
            return;
        }
    }
    for key in keys(words, at) {
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
