//! A page: one square of the map, its blocks and what they lead to, never changed once made.
//!
//! A word says what is known of a square: one area covers it or none does, or where its
//! leaf is, or where the directory of its parts is. The words of a page's blocks stand with
//! those of its neighbours ([`super::top`]), so that whole squares are answered from there;
//! all else is one run of words.

use std::{hint::select_unpredictable, sync::Arc};

use super::{
    cell::{Cell, part},
    leaf,
};
use crate::{
    Point,
    bytes::{BytesError, In, Out},
};

/// A page has 2ᵏ × 2ᵏ blocks.
pub(super) const PAGE_BITS: u32 = 3;

/// Blocks of a page.
pub(super) const BLOCKS: usize = 1 << (2 * PAGE_BITS);

/// Largest directory within.
const DIRECTORY_BITS: u32 = 3;

/// The word of a square that no area touches.
pub(crate) const NONE: u32 = leaf::KEYS;

const LEAF: u32 = 1 << 30;
const DIRECTORY: u32 = 2 << 30;
const TAG: u32 = 3 << 30;

/// What a word says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    /// One area covers the square, or none ([`NONE`]).
    Full(u32),
    /// The header of a leaf is here.
    Leaf(usize),
    /// A directory of 2ᵏ × 2ᵏ parts begins here.
    Directory { at: usize, k: u32 },
}

#[inline(always)]
pub(super) fn says(word: u32) -> Says {
    match word & TAG {
        0 => Says::Full(word),
        LEAF => Says::Leaf(((word & !TAG) >> 2) as usize),
        _ => Says::Directory {
            at: ((word & !TAG) >> 2) as usize,
            k: (word & 3),
        },
    }
}

/// Whether the word's square is divided.
#[inline(always)]
pub(super) fn is_directory(word: u32) -> bool {
    word & TAG == DIRECTORY
}

/// Where a word leads to, of a square that is not whole: its leaf, or the word of the part
/// around a point.
#[inline(always)]
pub(super) fn next(word: u32, p: Point, shift: u32) -> usize {
    let part = select_unpredictable(is_directory(word), part(p, shift, word & 3), 0);
    ((word & !TAG) >> 2) as usize + part
}

/// Whether one area covers the word's square, or none.
#[inline(always)]
pub(super) fn is_full(word: u32) -> bool {
    word & TAG == 0
}

/// Whether the word's square has a leaf.
#[inline(always)]
pub(super) fn is_leaf(word: u32) -> bool {
    word & TAG == LEAF
}

/// Where the word's leaf is, and how many lines after its first are read, up to three. Of a
/// word that has none, some place.
#[inline(always)]
pub(super) fn leaf_of(word: u32) -> (usize, usize) {
    (((word & !TAG) >> 2) as usize, (word & 3) as usize)
}

/// The word of a square that one area covers.
pub(super) fn full(key: u32) -> u32 {
    assert!(key < NONE, "keys are below 2^30 - 1");
    key
}

/// The word of a square whose leaf's header is at a place of an arena.
pub(super) fn leaf_at(arena: &[u32], at: usize) -> u32 {
    LEAF | place(at) << 2 | leaf::lines(arena, at).min(3) as u32
}

fn directory_at(at: usize, k: u32) -> u32 {
    DIRECTORY | place(at) << 2 | k
}

fn place(at: usize) -> u32 {
    u32::try_from(at)
        .ok()
        .filter(|at| at >> 28 == 0)
        .expect("a page has fewer than 2^28 words")
}

/// The words of a page's blocks.
pub(super) type Blocks = [u32; BLOCKS];

/// The blocks of a page with nothing on it.
pub(super) const EMPTY: &Blocks = &[NONE; BLOCKS];

/// What the blocks of a page lead to. Cloning shares it.
#[derive(Clone, Debug, Default)]
pub(super) struct Page {
    words: Arc<[u32]>,
    /// Where the page begins in the words: on a cache line.
    start: u32,
}

/// Of a cache line, in words.
pub(super) const LINE: usize = 16;

impl Page {
    /// Keeps what was made in an arena.
    pub(super) fn new(arena: impl ExactSizeIterator<Item = u32>) -> Self {
        if arena.len() == 0 {
            return Self::default();
        }
        let (count, length) = (arena.len(), arena.len() + leaf::SLACK);
        let mut words: Arc<[u32]> = std::iter::repeat_n(0, length + LINE - 1).collect();
        let start = words.as_ptr().align_offset(4 * LINE).min(LINE - 1);
        let own = Arc::get_mut(&mut words).expect("nobody else knows it yet");
        for (word, given) in own[start..start + count].iter_mut().zip(arena) {
            *word = given;
        }
        Self {
            words,
            start: start as u32,
        }
    }

    pub(super) fn put(&self, out: &mut Out) {
        let slack = self.words.len().saturating_sub(LINE - 1 + leaf::SLACK);
        out.u32s(&self.words()[..slack]);
    }

    pub(super) fn take(from: &mut In<'_>) -> Result<Self, BytesError> {
        Ok(Self::new(from.u32s()?))
    }

    /// The words, with some slack at the end.
    #[inline(always)]
    pub(super) fn words(&self) -> &[u32] {
        &self.words[self.start as usize..]
    }

    /// Bytes that it takes beside itself.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.words) + 16
    }
}

/// What is known of the smallest square around a point in a square of a size, from its word
/// and the words that it leads to.
#[inline(always)]
pub(super) fn find(words: &[u32], mut word: u32, p: Point, mut shift: u32) -> u32 {
    while let Says::Directory { at, k } = says(word) {
        word = words[at + part(p, shift, k)];
        shift -= k;
    }
    word
}

/// A square divided into quarters as often as its edges need it.
#[derive(Debug)]
pub(super) enum Tree {
    /// Not divided: its word.
    Word(u32),
    /// Its quarters.
    Split(Box<[Tree; 4]>),
}

impl Tree {
    fn depth(&self) -> u32 {
        match self {
            Self::Word(_) => 0,
            Self::Split(quarters) => 1 + quarters.iter().map(Self::depth).max().unwrap_or_default(),
        }
    }

    /// The part of 2ᵏ × 2ᵏ at a place, or the undivided square around it.
    fn part(&self, x: usize, y: usize, k: u32) -> &Self {
        match self {
            Self::Split(quarters) if k > 0 => {
                let half = k - 1;
                let at = (x >> half & 1) | (y >> half & 1) << 1;
                quarters[at].part(x, y, half)
            }
            _ => self,
        }
    }

    /// Writes the directories of a tree and returns its word.
    pub(super) fn write(&self, arena: &mut Vec<u32>) -> u32 {
        match self {
            Self::Word(word) => *word,
            Self::Split(_) => {
                let k = self.depth().min(DIRECTORY_BITS);
                let at = arena.len();
                arena.resize(at + (1 << (2 * k)), NONE);
                self.fill(arena, at, k);
                directory_at(at, k)
            }
        }
    }

    /// Writes a page and returns the words of its blocks.
    pub(super) fn write_blocks(&self, arena: &mut Vec<u32>) -> Blocks {
        let mask = (1 << PAGE_BITS) - 1;
        std::array::from_fn(|at| {
            self.part(at & mask, at >> PAGE_BITS, PAGE_BITS)
                .write(arena)
        })
    }

    /// Fills a directory of 2ᵏ × 2ᵏ parts that begins at a place.
    fn fill(&self, arena: &mut Vec<u32>, at: usize, k: u32) {
        let side = 1_usize << k;
        for y in 0..side {
            for x in 0..side {
                let word = self.part(x, y, k).write(arena);
                arena[at + (y << k | x)] = word;
            }
        }
    }
}

/// Adds the keys of all areas that a word leads to.
pub(super) fn collect(words: &[u32], word: u32, keys: &mut Vec<u32>) {
    match says(word) {
        Says::Full(NONE) => {}
        Says::Full(key) => keys.push(key),
        Says::Leaf(at) => keys.extend(leaf::keys(words, at)),
        Says::Directory { at, k } => {
            for at in at..at + (1 << (2 * k)) {
                collect(words, words[at], keys);
            }
        }
    }
}

/// Copies what a word leads to into another arena, and returns its word there.
pub(super) fn copy(words: &[u32], word: u32, into: &mut Vec<u32>) -> u32 {
    match says(word) {
        Says::Full(_) => word,
        Says::Leaf(at) => {
            let to = leaf::copy(words, at, into);
            leaf_at(into, to)
        }
        Says::Directory { at, k } => {
            let parts = 1 << (2 * k);
            let to = into.len();
            into.resize(to + parts, NONE);
            for part in 0..parts {
                // A leaf of a larger square stands in several words: west or south too.
                let west = (part & ((1 << k) - 1) > 0).then(|| part - 1);
                let south = part.checked_sub(1 << k);
                let same = (west.into_iter().chain(south))
                    .find(|&other| words[at + other] == words[at + part]);
                let new = match same {
                    Some(other) => into[to + other],
                    None => copy(words, words[at + part], into),
                };
                into[to + part] = new;
            }
            directory_at(to, k)
        }
    }
}

/// The blocks of a page, in the order of its words.
pub(super) fn blocks(page: &Cell) -> impl Iterator<Item = Cell> + use<> {
    let (min, shift) = (page.min, page.shift - PAGE_BITS);
    (0..BLOCKS as i64).map(move |at| Cell {
        min: Point {
            x: min.x + ((at & ((1 << PAGE_BITS) - 1)) << shift),
            y: min.y + ((at >> PAGE_BITS) << shift),
        },
        shift,
    })
}
