//! The records of a layer by position, in pages. A page is kept as bytes, and a record is made of
//! them when somebody asks for it: a map that is drawn and counted makes few of its records.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use geo::Geometry;
use yizhangtu_data::{
    Layer, Record, Value,
    packed::{self, Glance, PackedRecord},
    seal::Keys,
    store::BlobError,
};
use yizhangtu_index::{Slots, fetch, fetch_whole};

/// Records of a page.
pub(super) const PAGE: usize = 64;

/// Records that are kept as they were made from bytes, at most, from one change to the next: some
/// two kilobytes each.
pub(super) const MOST_MADE: usize = 50_000;

/// Records by position. Cloning shares all pages; a change copies the one that it is in.
#[derive(Clone, Default)]
pub(super) struct Records {
    pages: Slots<Arc<Page>>,
    count: usize,
    /// Positions from here on were never used.
    end: u32,
    /// How many were made from bytes, over all that share the pages.
    made: Arc<AtomicUsize>,
}

/// Some records side by side.
struct Page {
    /// What was put here since it was packed, nothing where that is gone, and what was made of
    /// the bytes because it was asked for.
    made: OnceLock<Box<Made>>,
    /// None where nothing was ever packed.
    packed: Option<Packed>,
    /// A bit for each place that no longer is what the bytes say.
    changed: u64,
}

/// Records of a page by place, as they are.
type Made = [OnceLock<Option<Arc<Record>>>; PAGE];

/// The records of a page as bytes, each with its id before it. It stands in the page itself, for
/// a step less through memory to each record; pages after a change share the bytes.
#[derive(Clone)]
struct Packed {
    layer: Arc<Layer>,
    keys: Arc<Keys>,
    /// Where the bytes of each place begin, and those of the next; there are none where nothing
    /// stands.
    starts: [u32; PAGE + 1],
    bytes: Arc<[u8]>,
}

/// A look at a record, of which no more is made than is asked for.
#[derive(Clone, Copy)]
pub(crate) enum Row<'a> {
    Made(&'a Record),
    Packed(&'a str, PackedRecord<'a>),
}

impl<'a> Row<'a> {
    /// The identifier.
    pub(crate) fn id(self) -> &'a str {
        match self {
            Self::Made(record) => &record.id,
            Self::Packed(id, _) => id,
        }
    }

    /// Where it is; none where it is nowhere.
    pub(crate) fn geometry(self) -> Option<Cow<'a, Geometry<f64>>> {
        match self {
            Self::Made(record) => record.geometry.as_ref().map(Cow::Borrowed),
            Self::Packed(_, packed) => packed.geometry().map(Cow::Owned),
        }
    }

    /// The value of the field at a position.
    pub(crate) fn value(self, at: usize) -> Option<Cow<'a, Value>> {
        match self {
            Self::Made(record) => record.values.get(at).map(Cow::Borrowed),
            Self::Packed(_, packed) => packed.values([at]).next().map(Cow::Owned),
        }
    }

    /// The values of the fields at some positions, which ascend.
    pub(crate) fn values<'w>(
        self,
        wanted: &'w [usize],
    ) -> impl Iterator<Item = Cow<'a, Value>> + use<'a, 'w> {
        let mut packed = self.packed().map(|own| own.values(wanted.iter().copied()));
        wanted.iter().map_while(move |&at| match self {
            Self::Made(made) => Some(Cow::Borrowed(&made.values[at])),
            Self::Packed(..) => packed.as_mut()?.next().map(Cow::Owned),
        })
    }

    /// [`Self::values`], of which texts stay where they are.
    pub(crate) fn glances<'w>(
        self,
        wanted: &'w [usize],
    ) -> impl Iterator<Item = Glance<'a>> + use<'a, 'w> {
        let mut packed = self.packed().map(|own| own.glances(wanted.iter().copied()));
        wanted.iter().map_while(move |&at| match self {
            Self::Made(made) => Some(Glance::from(&made.values[at])),
            Self::Packed(..) => packed.as_mut()?.next(),
        })
    }

    fn packed(self) -> Option<PackedRecord<'a>> {
        match self {
            Self::Made(_) => None,
            Self::Packed(_, packed) => Some(packed),
        }
    }
}

impl Packed {
    /// The bytes of a place.
    fn bytes(&self, at: usize) -> &[u8] {
        &self.bytes[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    /// The id of what stands at a place, and the bytes after it.
    fn parts(&self, at: usize) -> Option<(&str, &[u8])> {
        let mut from = self.bytes(at);
        if from.is_empty() {
            return None;
        }
        let id = packed::take_text(&mut from).expect(WHOLE);
        Some((id, from))
    }

    fn id(&self, at: usize) -> Option<&str> {
        self.parts(at).map(|(id, _)| id)
    }

    fn row(&self, at: usize) -> Option<Row<'_>> {
        let (id, bytes) = self.parts(at)?;
        let packed = PackedRecord::new(&self.layer, &self.keys, bytes);
        Some(Row::Packed(id, packed.expect(WHOLE)))
    }

    fn make(&self, at: usize) -> Option<Arc<Record>> {
        let (id, mut from) = self.parts(at)?;
        let made = Record::unpack(id.into(), &self.layer, &self.keys, &mut from);
        Some(Arc::new(made.expect(WHOLE)))
    }
}

/// Bytes come with their checksum, or were written in this very process.
const WHOLE: &str = "what is kept is what was written";

/// Writes a record with its id before it.
fn put(record: &Record, layer: &Layer, keys: &Keys, out: &mut Vec<u8>) -> Result<(), BlobError> {
    packed::put_bytes(record.id.as_bytes(), out);
    record.pack(layer, keys, out)
}

impl Page {
    /// Some records at their places, which ascend, as bytes; those of which there can be none are
    /// kept as they are.
    fn packed(layer: &Arc<Layer>, keys: &Arc<Keys>, records: Vec<(usize, Record)>) -> Self {
        let mut starts = [0; PAGE + 1];
        let (mut bytes, mut kept) = (Vec::new(), Vec::new());
        for (at, record) in records {
            let start = bytes.len();
            let is_put = put(&record, layer, keys, &mut bytes).is_ok();
            match u32::try_from(bytes.len()) {
                Ok(end) if is_put => starts[at + 1..].fill(end),
                _ => {
                    bytes.truncate(start);
                    kept.push((at, Arc::new(record)));
                }
            }
        }
        Self {
            packed: Some(Packed {
                layer: Arc::clone(layer),
                keys: Arc::clone(keys),
                starts,
                // A copy, for what grew keeps room to grow: the allocator gives none of it back.
                bytes: bytes.as_slice().into(),
            }),
            ..Self::of(kept)
        }
    }

    /// Some records at their places, as they are.
    fn of(records: impl IntoIterator<Item = (usize, Arc<Record>)>) -> Self {
        let mut page = Self {
            made: OnceLock::new(),
            packed: None,
            changed: 0,
        };
        for (at, record) in records {
            page.put(at, Some(record));
        }
        page
    }

    /// Puts a record at a place, or nothing.
    fn put(&mut self, at: usize, record: Option<Arc<Record>>) {
        self.all_made();
        let made = self.made.get_mut().expect("it is there");
        made[at] = record.into();
        self.changed |= 1 << at;
    }

    fn all_made(&self) -> &Made {
        self.made
            .get_or_init(|| Box::new([const { OnceLock::new() }; PAGE]))
    }

    /// What was put or made at a place.
    #[inline]
    fn made(&self, at: usize) -> Option<&Option<Arc<Record>>> {
        self.made.get()?[at].get()
    }

    /// The page with another record at a place, or none.
    fn with(&self, at: usize, record: Option<Arc<Record>>) -> Self {
        let mut next = Self {
            made: self.made.clone(),
            packed: self.packed.clone(),
            changed: self.changed,
        };
        next.put(at, record);
        next
    }

    /// Whether there is a record at a place: nothing of it is read.
    fn holds(&self, at: usize) -> bool {
        match self.made(at) {
            Some(made) => made.is_some(),
            None => (self.packed.as_ref()).is_some_and(|packed| !packed.bytes(at).is_empty()),
        }
    }

    /// The record at a place, made of its bytes where nobody asked before.
    #[inline]
    fn get(&self, at: usize, counted: &AtomicUsize) -> Option<&Arc<Record>> {
        let make = || {
            counted.fetch_add(1, Ordering::Relaxed);
            self.packed.as_ref()?.make(at)
        };
        self.all_made()[at].get_or_init(make).as_ref()
    }

    /// The page without what was made of its bytes; none where nothing was.
    fn let_go(&self) -> Option<Self> {
        let kept = |at: usize| self.changed & 1 << at != 0;
        let made = (0..PAGE).any(|at| !kept(at) && self.made(at).is_some());
        made.then(|| {
            let mut next = Self {
                packed: self.packed.clone(),
                ..Self::of([])
            };
            for at in (0..PAGE).filter(|&at| kept(at)) {
                next.put(at, self.made(at).cloned().flatten());
            }
            next
        })
    }

    /// The id of what stands at a place.
    fn id(&self, at: usize) -> Option<&str> {
        match self.made(at) {
            Some(made) => made.as_deref().map(|record| &*record.id),
            None => self.packed.as_ref()?.id(at),
        }
    }

    #[inline]
    fn row(&self, at: usize) -> Option<Row<'_>> {
        match self.made(at) {
            Some(made) => Some(Row::Made(made.as_deref()?)),
            None => self.packed.as_ref()?.row(at),
        }
    }

    fn fetch(&self, at: usize) {
        if let Some(packed) = &self.packed {
            // The id and the values of most take no more than two lines.
            let start = packed.starts[at] as usize;
            for byte in packed.bytes[start..].iter().step_by(64).take(2) {
                fetch(byte);
            }
        }
    }

    /// Writes the page: of each place how long its bytes are, then the bytes.
    fn pack(&self, layer: &Layer, keys: &Keys, out: &mut Vec<u8>) -> Result<(), BlobError> {
        let places = || (0..PAGE).filter(|&at| self.holds(at));
        packed::put_number(places().count() as u64, out);
        let mut bytes = Vec::new();
        for at in places() {
            let start = bytes.len();
            match &self.packed {
                Some(packed) if self.changed & 1 << at == 0 => bytes.extend(packed.bytes(at)),
                _ => {
                    let made = self.made(at).and_then(Option::as_ref);
                    put(made.expect("it was put here"), layer, keys, &mut bytes)?;
                }
            }
            packed::put_number(at as u64, out);
            packed::put_number((bytes.len() - start) as u64, out);
        }
        packed::put_bytes(&bytes, out);
        Ok(())
    }

    /// Reads what [`Page::pack`] wrote. None where the bytes are none.
    fn take(layer: &Arc<Layer>, keys: &Arc<Keys>, from: &mut &[u8]) -> Option<Self> {
        let mut starts = [0; PAGE + 1];
        let (mut next, mut end) = (0, 0_u64);
        for _ in 0..packed::take_number(from)? {
            let at = usize::try_from(packed::take_number(from)?).ok()?;
            end = end.checked_add(packed::take_number(from)?)?;
            if !(next..PAGE).contains(&at) {
                return None;
            }
            starts[at + 1..].fill(u32::try_from(end).ok()?);
            next = at + 1;
        }
        let bytes = packed::take_bytes(from)?;
        (bytes.len() as u64 == end).then(|| Self {
            packed: Some(Packed {
                layer: Arc::clone(layer),
                keys: Arc::clone(keys),
                starts,
                bytes: bytes.into(),
            }),
            ..Self::of([])
        })
    }
}

impl Records {
    /// The table of some records as they are, each position once.
    pub(super) fn build(records: impl IntoIterator<Item = (u32, Arc<Record>)>) -> Self {
        let mut pages: BTreeMap<u32, Vec<(usize, Arc<Record>)>> = BTreeMap::new();
        for (position, record) in records {
            let (page, at) = place(position);
            pages.entry(page).or_default().push((at, record));
        }
        let pages = pages.into_iter();
        Self::gathered(pages.map(|(page, records)| (page, Arc::new(Page::of(records)))))
    }

    /// The table of some pages.
    fn gathered(pages: impl Iterator<Item = (u32, Arc<Page>)>) -> Self {
        let pages: Vec<_> = pages.collect();
        let (mut count, mut end) = (0, 0);
        for (page, own) in &pages {
            for at in (0..PAGE).filter(|&at| own.holds(at)) {
                count += 1;
                end = end.max(first(*page) + at as u32 + 1);
            }
        }
        Self {
            pages: Slots::build(pages),
            count,
            end,
            made: Arc::default(),
        }
    }

    /// The record at a position.
    #[inline]
    pub(super) fn get(&self, position: u32) -> Option<&Arc<Record>> {
        let (page, at) = place(position);
        self.pages.get(page)?.get(at, &self.made)
    }

    /// Has what tells where a record stands fetched: it is soon looked at.
    #[inline]
    pub(super) fn fetch_place(&self, position: u32) {
        if let Some(page) = self.pages.get(place(position).0) {
            // Whole, for to look where in it that stands is to wait for it.
            fetch_whole(&**page);
        }
    }

    /// Has the bytes of a record fetched: it is soon looked at.
    #[inline]
    pub(super) fn fetch(&self, position: u32) {
        let (page, at) = place(position);
        if let Some(page) = self.pages.get(page) {
            page.fetch(at);
        }
    }

    /// A look at the record at a position, which is not made for it.
    #[inline]
    pub(super) fn row(&self, position: u32) -> Option<Row<'_>> {
        let (page, at) = place(position);
        self.pages.get(page)?.row(at)
    }

    /// The id of the record at a position.
    pub(super) fn id(&self, position: u32) -> Option<&str> {
        let (page, at) = place(position);
        self.pages.get(page)?.id(at)
    }

    /// Puts or takes away a record.
    pub(super) fn set(&mut self, position: u32, record: Option<Arc<Record>>) {
        let (page, at) = place(position);
        let own = self.pages.get(page);
        let was = own.is_some_and(|own| own.holds(at));
        self.count = self.count + usize::from(record.is_some()) - usize::from(was);
        self.end = self.end.max(position + 1);
        let next = match own {
            Some(page) => page.with(at, record),
            None => Page::of(record.map(|record| (at, record))),
        };
        self.pages.set(page, Some(Arc::new(next)));
    }

    /// Lets go of what was made of bytes, where that is more than so many: whoever holds the
    /// records as they were keeps it.
    pub(super) fn let_go(&mut self, most: usize) {
        if self.made.load(Ordering::Relaxed) <= most {
            return;
        }
        let pages = self.pages.iter();
        let less: Vec<(u32, Page)> = pages
            .filter_map(|(page, own)| Some((page, own.let_go()?)))
            .collect();
        for (page, own) in less {
            self.pages.set(page, Some(Arc::new(own)));
        }
        self.made = Arc::default();
    }

    /// A position that was never used, as all after it.
    pub(super) fn end(&self) -> u32 {
        self.end
    }

    /// Number of records.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// All records with their positions, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &Arc<Record>)> {
        self.each(move |page, at| page.get(at, &self.made))
    }

    /// A look at each record with its position, ascending.
    pub(super) fn rows(&self) -> impl Iterator<Item = (u32, Row<'_>)> {
        self.each(Page::row)
    }

    /// The id of each record with its position, ascending.
    pub(super) fn ids(&self) -> impl Iterator<Item = (u32, &str)> {
        self.each(Page::id)
    }

    fn each<'a, T: 'a>(
        &'a self,
        get: impl Fn(&'a Page, usize) -> Option<T> + Copy,
    ) -> impl Iterator<Item = (u32, T)> {
        self.pages.iter().flat_map(move |(page, own)| {
            let first = first(page);
            (0..PAGE).filter_map(move |at| Some((first + at as u32, get(own, at)?)))
        })
    }

    /// Numbers of all pages.
    pub(super) fn page_numbers(&self) -> Vec<u32> {
        self.pages.iter().map(|(page, _)| page).collect()
    }

    /// Writes a page.
    ///
    /// # Errors
    /// When a coordinate is not a finite number.
    pub(super) fn pack(
        &self,
        page: u32,
        layer: &Layer,
        keys: &Keys,
        out: &mut Vec<u8>,
    ) -> Result<(), BlobError> {
        let Some(own) = self.pages.get(page) else {
            return Ok(());
        };
        packed::put_number(page.into(), out);
        own.pack(layer, keys, out)
    }
}

/// A page with its number, as it was made or read.
pub(super) struct Taken(u32, Arc<Page>);

impl Taken {
    /// Reads a page. None where the bytes are none.
    pub(super) fn take(layer: &Arc<Layer>, keys: &Arc<Keys>, from: &mut &[u8]) -> Option<Self> {
        let page = u32::try_from(packed::take_number(from)?).ok()?;
        let own = Page::take(layer, keys, from)?;
        (page < u32::MAX / PAGE as u32).then(|| Self(page, Arc::new(own)))
    }

    /// Packs the records that follow one another from the first place of a page on, at most as
    /// many as it holds.
    pub(super) fn pack(
        page: u32,
        layer: &Arc<Layer>,
        keys: &Arc<Keys>,
        records: Vec<Record>,
    ) -> Self {
        let records = records.into_iter().enumerate().collect();
        Self(page, Arc::new(Page::packed(layer, keys, records)))
    }

    /// The table of all pages of a layer; `end` at least as it was.
    pub(super) fn gathered(taken: Vec<Self>, end: u32) -> Records {
        let pages = taken.into_iter().map(|Self(page, own)| (page, own));
        let records = Records::gathered(pages);
        Records {
            end: records.end.max(end),
            ..records
        }
    }
}

/// The page of a position, and the place in it.
#[inline]
fn place(position: u32) -> (u32, usize) {
    (position / PAGE as u32, position as usize % PAGE)
}

/// The first position of a page.
fn first(page: u32) -> u32 {
    page * PAGE as u32
}

#[cfg(test)]
mod tests {
    use yizhangtu_data::Catalog;

    use super::*;

    fn kept(count: u32) -> Records {
        let catalog = Catalog::embedded();
        let layer = catalog.layer("building").expect("houses");
        let pages = (0..count.div_ceil(PAGE as u32)).map(|page| {
            let ids = first(page)..count.min(first(page + 1));
            let records = ids.map(|id| {
                let mut record = Record::new(layer, format!("h{id}"));
                record.set(layer, "code", format!("B{id}"));
                record
            });
            Taken::pack(page, layer, &Arc::default(), records.collect())
        });
        Taken::gathered(pages.collect(), 0)
    }

    #[test]
    fn what_was_made_of_bytes_is_let_go_and_what_was_put_there_stays() {
        let before = kept(200);
        let mut after = before.clone();
        let mut other = (**before.get(70).expect("a house")).clone();
        other.id = "other".into();
        after.set(70, Some(Arc::new(other)));
        after.set(71, None);
        let told = |records: &Records| -> Vec<_> {
            let all = records.iter();
            all.map(|(at, record)| (at, (**record).clone())).collect()
        };
        let (whole, changed) = (told(&before), told(&after));
        assert_eq!((whole.len(), changed.len()), (200, 199));
        assert!(after.made.load(Ordering::Relaxed) >= 198);

        after.let_go(198 * 2);
        let still = |records: &Records, at| matches!(records.row(at), Some(Row::Made(_)));
        assert!(still(&after, 5), "it was not too much");
        after.let_go(100);
        assert!(!still(&after, 5) && still(&after, 70) && still(&before, 5));
        assert!(after.row(71).is_none());
        assert_eq!(after.made.load(Ordering::Relaxed), 0);
        assert_eq!(told(&after), changed);
        assert_eq!(told(&before), whole);
    }

    #[test]
    fn a_page_comes_back_as_it_was_written_and_never_with_places_out_of_order() {
        let catalog = Catalog::embedded();
        let layer = catalog.layer("building").expect("houses");
        let mut before = kept(3);
        before.set(1, None);
        let mut bytes = Vec::new();
        let pages = &before.pages;
        let page = pages.get(0).expect("a page");
        page.pack(layer, &Arc::default(), &mut bytes)
            .expect("numbers");
        // Two places, each with its length: 0 and 2.
        assert_eq!((bytes[0], bytes[1], bytes[3]), (2, 0, 2));
        let take = |bytes: &[u8]| Page::take(layer, &Arc::default(), &mut &*bytes);
        let back = take(&bytes).expect("a page");
        let ids = |page: &Page| -> Vec<_> {
            let rows = (0..PAGE).map(|at| page.row(at).map(|row| row.id().to_owned()));
            rows.collect()
        };
        assert_eq!(ids(&back), ids(page));
        assert_eq!(ids(&back)[2].as_deref(), Some("h2"));
        bytes[1] = 2;
        assert!(take(&bytes).is_none());
    }
}
