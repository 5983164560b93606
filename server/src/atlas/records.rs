//! The records of a layer by position, in pages. A page is kept as bytes, and a record is made of
//! them when somebody asks for it: a map that is drawn and counted makes few of its records.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use geo::Geometry;
use yizhangtu_data::{
    Id, Layer, Record, Value,
    packed::{self, PackedRecord},
    seal::Keys,
    store::BlobError,
};
use yizhangtu_index::Slots;

/// Records of a page.
pub(super) const PAGE: usize = 64;

/// Records by position. Cloning shares all pages; a change copies the one that it is in.
#[derive(Clone, Default)]
pub(super) struct Records {
    pages: Slots<Arc<Page>>,
    count: usize,
    /// Positions from here on were never used.
    end: u32,
}

/// Some records side by side.
struct Page {
    /// What was put here since it was packed, nothing where that is gone, and what was made of
    /// the bytes because it was asked for.
    made: [OnceLock<Option<Arc<Record>>>; PAGE],
    /// None where nothing was ever packed.
    packed: Option<Arc<Packed>>,
    /// A bit for each place that no longer is what the bytes say.
    changed: u64,
}

/// The records of a page as bytes.
struct Packed {
    layer: Arc<Layer>,
    keys: Arc<Keys>,
    /// Of each place, the id of what stands there and where its bytes begin.
    places: [Option<(Id, u32)>; PAGE],
    bytes: Box<[u8]>,
}

/// A look at a record, of which no more is made than is asked for.
#[derive(Clone, Copy)]
pub(crate) enum Row<'a> {
    Made(&'a Record),
    Packed(&'a Id, PackedRecord<'a>),
}

impl<'a> Row<'a> {
    /// The identifier.
    pub(crate) fn id(self) -> &'a Id {
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
        let (made, packed) = match self {
            Self::Made(record) => (Some(record), None),
            Self::Packed(_, packed) => (None, Some(packed)),
        };
        let made = made.map(|made| wanted.iter().map(|&at| Cow::Borrowed(&made.values[at])));
        let wanted = wanted.iter().copied();
        let packed = packed.map(|packed| packed.values(wanted).map(Cow::Owned));
        made.into_iter()
            .flatten()
            .chain(packed.into_iter().flatten())
    }
}

impl Packed {
    fn row(&self, at: usize) -> Option<Row<'_>> {
        let (id, start) = self.places[at].as_ref()?;
        let bytes = self.bytes.get(*start as usize..).unwrap_or_default();
        let packed = PackedRecord::new(&self.layer, &self.keys, bytes);
        Some(Row::Packed(id, packed.expect(WHOLE)))
    }

    fn make(&self, at: usize) -> Option<Arc<Record>> {
        let (id, start) = self.places[at].as_ref()?;
        let mut from = self.bytes.get(*start as usize..).unwrap_or_default();
        let made = Record::unpack(Arc::clone(id), &self.layer, &self.keys, &mut from);
        Some(Arc::new(made.expect(WHOLE)))
    }

    /// The bytes of a place.
    fn bytes(&self, at: usize) -> &[u8] {
        let start = |place: &Option<(Id, u32)>| Some(place.as_ref()?.1 as usize);
        let Some(from) = start(&self.places[at]) else {
            return &[];
        };
        let next = self.places[at + 1..].iter().find_map(start);
        &self.bytes[from..next.unwrap_or(self.bytes.len())]
    }
}

/// Bytes come with their checksum, or were written in this very process.
const WHOLE: &str = "what is kept is what was written";

impl Page {
    /// Some records at their places, as bytes; those of which there can be none are kept as they are.
    fn packed(layer: &Arc<Layer>, keys: &Arc<Keys>, records: Vec<(usize, Record)>) -> Self {
        let mut places = [const { None }; PAGE];
        let mut bytes = Vec::new();
        let mut page = Self::of([]);
        for (at, record) in records {
            let start = bytes.len();
            if u32::try_from(start).is_ok() && record.pack(layer, keys, &mut bytes).is_ok() {
                places[at] = Some((record.id, start as u32));
            } else {
                bytes.truncate(start);
                page.made[at] = Some(Arc::new(record)).into();
                page.changed |= 1 << at;
            }
        }
        page.packed = Some(Arc::new(Packed {
            layer: Arc::clone(layer),
            keys: Arc::clone(keys),
            places,
            bytes: bytes.into(),
        }));
        page
    }

    /// Some records at their places, as they are.
    fn of(records: impl IntoIterator<Item = (usize, Arc<Record>)>) -> Self {
        let mut page = Self {
            made: [const { OnceLock::new() }; PAGE],
            packed: None,
            changed: 0,
        };
        for (at, record) in records {
            page.made[at] = Some(record).into();
            page.changed |= 1 << at;
        }
        page
    }

    /// The page with another record at a place, or none.
    fn with(&self, at: usize, record: Option<Arc<Record>>) -> Self {
        let mut made = self.made.clone();
        made[at] = record.into();
        Self {
            made,
            packed: self.packed.clone(),
            changed: self.changed | 1 << at,
        }
    }

    /// Whether there is a record at a place: nothing of it is read.
    fn holds(&self, at: usize) -> bool {
        match self.made[at].get() {
            Some(made) => made.is_some(),
            None => (self.packed.as_ref()).is_some_and(|packed| packed.places[at].is_some()),
        }
    }

    #[inline]
    fn get(&self, at: usize) -> Option<&Arc<Record>> {
        let make = || self.packed.as_ref()?.make(at);
        self.made[at].get_or_init(make).as_ref()
    }

    #[inline]
    fn row(&self, at: usize) -> Option<Row<'_>> {
        match self.made[at].get() {
            Some(made) => Some(Row::Made(made.as_deref()?)),
            None => self.packed.as_ref()?.row(at),
        }
    }

    /// Writes the page: of each place its id and how long its bytes are, then the bytes.
    fn pack(&self, layer: &Layer, keys: &Keys, out: &mut Vec<u8>) -> Result<(), BlobError> {
        let rows = || (0..PAGE).filter_map(|at| Some((at, self.row(at)?)));
        packed::put_number(rows().count() as u64, out);
        let mut bytes = Vec::new();
        for (at, row) in rows() {
            let start = bytes.len();
            match &self.packed {
                Some(packed) if self.changed & 1 << at == 0 => bytes.extend(packed.bytes(at)),
                _ => {
                    let made = self.get(at).expect("a row is a record's");
                    made.pack(layer, keys, &mut bytes)?;
                }
            }
            packed::put_number(at as u64, out);
            packed::put_bytes(row.id().as_bytes(), out);
            packed::put_number((bytes.len() - start) as u64, out);
        }
        packed::put_bytes(&bytes, out);
        Ok(())
    }

    /// Reads what [`Page::pack`] wrote. None where the bytes are none.
    fn take(layer: &Arc<Layer>, keys: &Arc<Keys>, from: &mut &[u8]) -> Option<Self> {
        let mut places = [const { None }; PAGE];
        let mut length = 0;
        for _ in 0..packed::take_number(from)? {
            let at = usize::try_from(packed::take_number(from)?).ok()?;
            let id = Id::from(packed::take_text(from)?);
            *places.get_mut(at)? = Some((id, u32::try_from(length).ok()?));
            length += packed::take_number(from)?;
        }
        let bytes = packed::take_bytes(from)?;
        (bytes.len() as u64 == length).then(|| Self {
            packed: Some(Arc::new(Packed {
                layer: Arc::clone(layer),
                keys: Arc::clone(keys),
                places,
                bytes: bytes.into(),
            })),
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
        }
    }

    /// The record at a position.
    #[inline]
    pub(super) fn get(&self, position: u32) -> Option<&Arc<Record>> {
        let (page, at) = place(position);
        self.pages.get(page)?.get(at)
    }

    /// A look at the record at a position, which is not made for it.
    #[inline]
    pub(super) fn row(&self, position: u32) -> Option<Row<'_>> {
        let (page, at) = place(position);
        self.pages.get(page)?.row(at)
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
        self.each(Page::get)
    }

    /// A look at each record with its position, ascending.
    pub(super) fn rows(&self) -> impl Iterator<Item = (u32, Row<'_>)> {
        self.each(Page::row)
    }

    fn each<'a, T: 'a>(
        &'a self,
        get: fn(&'a Page, usize) -> Option<T>,
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
