//! Shapes by key, small ones packed.
//!
//! A house has five or six corners within fifteen metres. As an [`Area`] of its own it would
//! take 150 bytes; here it takes a quarter of that: 64 keys share a block, and a small area is
//! the place of its south-west corner in the block, and its corners in as many bits as it is
//! wide. A shape is unpacked when it is asked for, without taking memory where it has few corners.
//!
//! ```text
//! corners    one byte; 0 of a point, 255 of a shape that is kept beside the others, whose number
//!            among them follows
//! bits       of each number below, one byte
//! place      of the south-west corner from the block's own, four bytes each way
//! numbers    x and y of the representative point, then of each corner, from the place
//! ```

use std::{collections::BTreeMap, sync::Arc};

use rayon::prelude::*;

use crate::{
    Area, Point, Shape, Slots,
    bytes::{BytesError, In, Out},
    vector,
    vertices::Close,
};

/// Keys of a block.
const KEYS: usize = 64;

/// Blocks of one part of the bytes.
const PART: usize = 128;

/// Most corners of what is packed: a block's bytes can be told by 16 bits.
const MOST: usize = 64;

/// Stands in place of the number of corners for a shape that is kept as it is.
const KEPT: u8 = 255;

/// Bytes of a record before its numbers.
const HEAD: usize = 10;

/// Numbers are read eight bytes at a time, also the last.
const SLACK: usize = 8;

/// Shapes by key. Cloning shares all blocks; a change copies those that it is in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shapes {
    blocks: Slots<Arc<Block>>,
    count: usize,
}

#[derive(Debug)]
struct Block {
    /// South-west of all that is packed.
    origin: Point,
    /// Where each key's record begins, and one more; where the next does when it has none.
    starts: [u16; KEYS + 1],
    bytes: Box<[u8]>,
    /// Shapes that are not packed.
    kept: Box<[Shape]>,
}

/// Shapes that were packed as they came, some at a time, so that those of a large layer are never
/// in memory as they are: [`Index::without_cells`](crate::Index::without_cells) gathers them.
#[derive(Debug)]
pub struct PackedShapes {
    blocks: Vec<(u32, Arc<Block>)>,
    count: usize,
}

impl PackedShapes {
    /// Packs some shapes by ascending keys. 64 keys, from a multiple on, are packed together: the
    /// next shapes begin with the next multiple.
    pub fn new(shapes: &[(u32, Shape)]) -> Self {
        let blocks = shapes.chunk_by(|a, b| block(a.0) == block(b.0));
        let blocks = blocks.map(|own| {
            let shapes = own.iter().map(|(key, shape)| (place(*key), shape));
            (block(own[0].0), Arc::new(Block::new(shapes)))
        });
        Self {
            blocks: blocks.collect(),
            count: shapes.len(),
        }
    }
}

impl Shapes {
    /// The table of some shapes, each key once, in ascending order.
    pub(crate) fn build(shapes: &[(u32, &Shape)]) -> Self {
        let blocks: Vec<&[(u32, &Shape)]> =
            (shapes.chunk_by(|a, b| block(a.0) == block(b.0))).collect();
        let blocks = blocks.into_par_iter().map(|own| {
            let shapes = own.iter().map(|(key, shape)| (place(*key), *shape));
            (block(own[0].0), Arc::new(Block::new(shapes)))
        });
        Self {
            blocks: Slots::build(blocks.collect()),
            count: shapes.len(),
        }
    }

    /// The table of shapes that were packed before, each key once.
    pub(crate) fn gathered(packed: impl IntoIterator<Item = PackedShapes>) -> Self {
        let (mut blocks, mut count) = (Vec::new(), 0);
        for own in packed {
            count += own.count;
            blocks.extend(own.blocks);
        }
        Self {
            blocks: Slots::build(blocks),
            count,
        }
    }

    /// The shape of a key.
    #[inline]
    pub(crate) fn get(&self, key: u32) -> Option<Shape> {
        self.blocks.get(block(key))?.get(place(key))
    }

    /// The shape of a key that is known to have one.
    #[inline]
    pub(crate) fn known(&self, key: u32) -> Shape {
        self.get(key).expect("every key in the rows has a shape")
    }

    /// Has what tells where a key's shape is fetched: it is soon read.
    #[inline]
    pub(crate) fn fetch_place(&self, key: u32) {
        if let Some(block) = self.blocks.get(block(key)) {
            vector::fetch(&block.starts[place(key)]);
            vector::fetch(&block.bytes);
        }
    }

    /// Has a key's shape fetched: it is soon read.
    #[inline]
    pub(crate) fn fetch(&self, key: u32) {
        if let Some(block) = self.blocks.get(block(key)) {
            let at = place(key);
            let (start, end) = (block.starts[at], block.starts[at + 1]);
            for at in [start, end] {
                vector::fetch(&block.bytes[usize::from(at)]);
            }
        }
    }

    /// The table with some shapes put or taken away, and what stood there before.
    pub(crate) fn with<'a>(
        &self,
        edits: impl Iterator<Item = (u32, Option<&'a Shape>)>,
    ) -> (Self, Vec<(u32, Shape)>) {
        let mut by_block: BTreeMap<u32, Vec<(u32, Option<&Shape>)>> = BTreeMap::new();
        for (key, shape) in edits {
            by_block.entry(block(key)).or_default().push((key, shape));
        }
        let (mut next, mut before) = (self.clone(), Vec::new());
        for (at, edits) in by_block {
            let old = self.blocks.get(at);
            let mut shapes: [Option<Shape>; KEYS] =
                std::array::from_fn(|at| old.and_then(|block| block.get(at)));
            for (key, shape) in edits {
                let old = std::mem::replace(&mut shapes[place(key)], shape.cloned());
                next.count += usize::from(shape.is_some());
                next.count -= usize::from(old.is_some());
                before.extend(old.map(|old| (key, old)));
            }
            let some = shapes.iter().any(Option::is_some);
            let own = shapes.iter().enumerate();
            let own = own.filter_map(|(at, shape)| Some((at, shape.as_ref()?)));
            next.blocks.set(at, some.then(|| Arc::new(Block::new(own))));
        }
        (next, before)
    }

    /// Number of shapes.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// All shapes with their keys, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, Shape)> {
        self.blocks.iter().flat_map(|(at, block)| {
            let keys = at * KEYS as u32..;
            keys.zip(0..KEYS)
                .filter_map(|(key, at)| Some((key, block.get(at)?)))
        })
    }

    /// The shapes as bytes, some in each part.
    pub(crate) fn to_parts(&self) -> Vec<Vec<u8>> {
        let blocks: Vec<(u32, &Arc<Block>)> = self.blocks.iter().collect();
        (blocks.par_chunks(PART))
            .map(|blocks| {
                let mut out = Out::default();
                out.count(blocks.len());
                for (at, block) in blocks {
                    out.u32(*at);
                    block.put(&mut out);
                }
                out.0
            })
            .collect()
    }

    /// The shapes of parts.
    pub(crate) fn from_parts(parts: &[&[u8]]) -> Result<Self, BytesError> {
        type Blocks = Vec<(u32, Arc<Block>)>;
        let blocks: Vec<Blocks> = (parts.par_iter())
            .map(|part| {
                let mut from = In::new(part);
                let blocks = (0..from.count()?)
                    .map(|_| Ok((from.u32()?, Arc::new(Block::take(&mut from)?))))
                    .collect::<Result<_, BytesError>>()?;
                from.end()?;
                Ok(blocks)
            })
            .collect::<Result<_, BytesError>>()?;
        let blocks: Blocks = blocks.into_iter().flatten().collect();
        let ascending = blocks.is_sorted_by(|a, b| a.0 < b.0);
        if !ascending || blocks.iter().any(|(at, _)| *at > block(u32::MAX)) {
            return Err(BytesError::Damaged);
        }
        let count = blocks.iter().map(|(_, block)| block.len()).sum();
        Ok(Self {
            blocks: Slots::build(blocks),
            count,
        })
    }

    /// Bytes that it takes; what several shapes share is counted often.
    pub(crate) fn bytes(&self) -> usize {
        let own = self.blocks.iter().map(|(_, block)| block.bytes_taken());
        self.blocks.bytes() + own.sum::<usize>()
    }
}

fn block(key: u32) -> u32 {
    key / KEYS as u32
}

fn place(key: u32) -> usize {
    key as usize % KEYS
}

impl Block {
    /// The block of some shapes by their places, ascending.
    fn new<'a>(shapes: impl Iterator<Item = (usize, &'a Shape)> + Clone) -> Self {
        let corner = |shape: &Shape| small(shape).map(|(min, ..)| min);
        let corners = shapes.clone().filter_map(|(_, shape)| corner(shape));
        let origin = corners.reduce(|a, b| Point {
            x: a.x.min(b.x),
            y: a.y.min(b.y),
        });
        let origin = origin.unwrap_or(Point { x: 0, y: 0 });
        let (mut bytes, mut kept) = (Vec::new(), Vec::new());
        let mut starts = [0; KEYS + 1];
        let mut next = 0;
        for (at, shape) in shapes {
            starts[next..=at].fill(start(&bytes));
            next = at + 1;
            if !pack(shape, origin, &mut bytes) {
                bytes.extend([KEPT, kept.len() as u8]);
                kept.push(shape.clone());
            }
        }
        starts[next..].fill(start(&bytes));
        bytes.extend([0; SLACK]);
        Self {
            origin,
            starts,
            // A copy, for what grew keeps room to grow: the allocator gives none of it back.
            bytes: bytes.as_slice().into(),
            kept: kept.into(),
        }
    }

    #[inline]
    fn get(&self, at: usize) -> Option<Shape> {
        let (start, end) = (self.starts[at], self.starts[at + 1]);
        if start == end {
            return None;
        }
        let record = &self.bytes[usize::from(start)..];
        Some(match record[0] {
            KEPT => self.kept[usize::from(record[1])].clone(),
            corners => unpack(record, usize::from(corners), self.origin),
        })
    }

    fn len(&self) -> usize {
        (self.starts.windows(2))
            .filter(|pair| pair[0] < pair[1])
            .count()
    }

    fn put(&self, out: &mut Out) {
        self.origin.put(out);
        self.starts.iter().for_each(|start| out.u16(*start));
        out.0
            .extend_from_slice(&self.bytes[..self.bytes.len() - SLACK]);
        out.count(self.kept.len());
        self.kept.iter().for_each(|shape| shape.put(out));
    }

    fn take(from: &mut In<'_>) -> Result<Self, BytesError> {
        let origin = Point::take(from)?;
        let mut starts = [0; KEYS + 1];
        for start in &mut starts {
            *start = from.u16()?;
        }
        let packed = from.take(usize::from(starts[KEYS]))?;
        let bytes: Box<[u8]> = [packed, &[0; SLACK]].concat().into();
        let kept: Box<[Shape]> = (0..from.count()?)
            .map(|_| Shape::take(from))
            .collect::<Result<_, _>>()?;
        let whole = |record: &[u8]| match record {
            [] => true,
            [KEPT, at] => usize::from(*at) < kept.len(),
            [corners, bits, ..] => {
                let (corners, bits) = (usize::from(*corners), usize::from(*bits));
                (corners == 0 || (3..=MOST).contains(&corners))
                    && bits <= Close::BITS as usize
                    && record.len() == length(corners, bits)
            }
            [_] => false,
        };
        let records = starts.windows(2);
        let mut records = records.map(|pair| bytes.get(usize::from(pair[0])..usize::from(pair[1])));
        if starts[0] != 0 || !records.all(|record| record.is_some_and(whole)) {
            return Err(BytesError::Damaged);
        }
        drop(records);
        Ok(Self {
            origin,
            starts,
            bytes,
            kept,
        })
    }

    /// Bytes that it takes, with the two counts of its `Arc`.
    fn bytes_taken(&self) -> usize {
        let kept = self.kept.iter().map(Shape::bytes).sum::<usize>();
        size_of::<Self>() + 16 + self.bytes.len() + size_of_val(&*self.kept) + kept
    }
}

fn start(bytes: &[u8]) -> u16 {
    u16::try_from(bytes.len()).expect("64 records of at most 400 bytes")
}

/// Bytes of a record.
fn length(corners: usize, bits: usize) -> usize {
    let numbers = if corners == 0 { 0 } else { 2 * (corners + 1) };
    HEAD + (numbers * bits).div_ceil(8)
}

/// A vertex east and north of the south-west corner.
type Near = [Close; 2];

/// What can be packed: the south-west corner, the vertices of the ring and the representative
/// point; of a point, where it is.
fn small(shape: &Shape) -> Option<(Point, &[Near], Near)> {
    match shape {
        Shape::Area(area) => {
            let (vertices, inside) = area.as_small()?;
            (vertices.len() <= MOST + 1).then_some((area.rect().min, vertices, inside))
        }
        Shape::Point(point) => Some((*point, &[], [Close::default(); 2])),
        Shape::Line(_) | Shape::Several(_) => None,
    }
}

/// Appends the record of a small shape. False where it is none, or too far from the origin.
fn pack(shape: &Shape, origin: Point, bytes: &mut Vec<u8>) -> bool {
    let Some((min, vertices, inside)) = small(shape) else {
        return false;
    };
    let (Ok(x), Ok(y)) = (
        u32::try_from(min.x - origin.x),
        u32::try_from(min.y - origin.y),
    ) else {
        return false;
    };
    // The first corner stands at the end again.
    let corners = vertices.len().saturating_sub(1);
    let numbers = || {
        let pairs = std::iter::once(&inside).chain(&vertices[..corners]);
        pairs
            .take(if corners == 0 { 0 } else { corners + 1 })
            .flatten()
            .map(|&number| i64::from(number).cast_unsigned())
    };
    let bits = 64
        - numbers()
            .fold(0, |all, number| all | number)
            .leading_zeros();
    bytes.extend([corners as u8, bits as u8]);
    bytes.extend(x.to_le_bytes());
    bytes.extend(y.to_le_bytes());
    let (mut held, mut filled) = (0_u64, 0);
    for number in numbers() {
        held |= number << filled;
        filled += bits;
        while filled >= 8 {
            bytes.push(held as u8);
            held >>= 8;
            filled -= 8;
        }
    }
    if filled > 0 {
        bytes.push(held as u8);
    }
    true
}

/// The shape of a packed record, which begins here.
#[inline]
fn unpack(record: &[u8], corners: usize, origin: Point) -> Shape {
    let (head, numbers) = record.split_first_chunk::<HEAD>().expect("a whole record");
    let [_, bits, place @ ..] = *head;
    let place = u64::from_le_bytes(place);
    let min = Point {
        x: origin.x + (place & 0xffff_ffff).cast_signed(),
        y: origin.y + (place >> 32).cast_signed(),
    };
    if corners == 0 {
        return Shape::Point(min);
    }
    let bits = usize::from(bits);
    let mask = (1_u64 << bits) - 1;
    let pair = |at: usize| {
        let from = 2 * at * bits;
        let eight = numbers[from / 8..].first_chunk().expect("slack");
        let own = u64::from_le_bytes(*eight) >> (from % 8);
        [Close::of(own & mask), Close::of(own >> bits & mask)]
    };
    Shape::Area(Area::small(min, pair(0), corners, |at| pair(at + 1)))
}

#[cfg(test)]
mod tests {
    use geo::{LineString, Polygon};

    use super::*;

    fn shape(corners: &[(i64, i64)]) -> Shape {
        let ring = corners.iter().map(|&(x, y)| {
            let p = Point { x, y };
            (p.lon(), p.lat())
        });
        Shape::new(&Polygon::new(LineString::from_iter(ring), vec![]).into()).unwrap()
    }

    fn same(one: &Shape, other: &Shape) -> bool {
        match (one, other) {
            (Shape::Area(one), Shape::Area(other)) => {
                one == other && one.interior() == other.interior()
            }
            (Shape::Point(one), Shape::Point(other)) => one == other,
            (Shape::Line(one), Shape::Line(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }

    /// Areas of every width that is packed and some that are not, near and far, of few corners
    /// and many.
    fn shapes() -> Vec<(u32, Shape)> {
        let mut shapes = Vec::new();
        for bits in 2..35 {
            let size = (1 << bits) - 1;
            let at = |x: i64, y: i64| (113_000_000_000 + bits * 40_000_000 + x, 23_000_000_000 + y);
            let square = [at(0, 0), at(size, 1), at(size, size), at(1, size)];
            shapes.push((3 * bits as u32, shape(&square)));
        }
        for corners in [3, 9, 10, 63, 64, 65, 400] {
            let ring: Vec<(i64, i64)> = (0..corners)
                .map(|step| {
                    let turn = step as f64 / f64::from(corners) * std::f64::consts::TAU;
                    let far = |part: f64| (part * 90_000.0) as i64;
                    (114_000_000_000 + far(turn.cos()), far(turn.sin()))
                })
                .collect();
            shapes.push((200 + corners as u32, shape(&ring)));
        }
        let line = geo::wkt!(LINESTRING(113. 23.,113.1 23.1));
        shapes.push((150, Shape::new(&line.into()).unwrap()));
        for (key, x) in [(63, -179_000_000_000), (64, 179_000_000_000), (900, 0)] {
            shapes.push((key, Shape::Point(Point { x, y: -x / 2 })));
        }
        shapes.sort_by_key(|(key, _)| *key);
        shapes.dedup_by_key(|(key, _)| *key);
        shapes
    }

    fn check(table: &Shapes, shapes: &[(u32, Shape)]) {
        let all: Vec<(u32, Shape)> = table.iter().collect();
        assert_eq!((all.len(), table.len()), (shapes.len(), shapes.len()));
        for ((key, own), (given, shape)) in all.iter().zip(shapes) {
            assert_eq!(key, given);
            assert!(same(own, shape), "{key}: {own:?} for {shape:?}");
            assert!(same(&table.get(*key).unwrap(), shape));
        }
    }

    #[test]
    fn what_is_packed_comes_back_as_it_was() {
        let shapes = shapes();
        let given: Vec<(u32, &Shape)> = shapes.iter().map(|(key, own)| (*key, own)).collect();
        let table = Shapes::build(&given);
        check(&table, &shapes);
        assert!(table.get(1).is_none() && table.get(70_000).is_none());
        let packed = table.blocks.iter().map(|(_, block)| block.kept.len());
        assert!(packed.sum::<usize>() < shapes.len() / 2);
    }

    #[test]
    fn an_edit_leaves_clones_as_they_were() {
        let shapes = shapes();
        let (some, others): (Vec<_>, Vec<_>) =
            shapes.iter().cloned().partition(|(key, _)| key % 2 == 0);
        let given: Vec<(u32, &Shape)> = some.iter().map(|(key, own)| (*key, own)).collect();
        let first = Shapes::build(&given);
        let new = others.iter().map(|(key, own)| (*key, Some(own)));
        let (all, before) = first.with(new);
        assert!(before.is_empty());
        check(&first, &some);
        check(&all, &shapes);
        let (rest, before) = all.with(some.iter().map(|(key, _)| (*key, None)));
        check(&rest, &others);
        assert_eq!(before.len(), some.len());
        let (none, _) = rest.with(others.iter().map(|(key, _)| (*key, None)));
        check(&none, &[]);
        assert!(none.blocks.is_empty());
    }
}
