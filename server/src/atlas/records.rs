//! The records of a layer by position, in pages. A page that came from the base is kept as bytes
//! until somebody asks for one of its records.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use yizhangtu_data::{Id, Layer, Record, packed, seal::Keys, store::BlobError};
use yizhangtu_index::Slots;

/// Records of a page.
const PAGE: usize = 64;

/// Records by position. Cloning shares all pages; a change copies the one that it is in.
#[derive(Clone, Default)]
pub(super) struct Records {
    pages: Slots<Arc<Page>>,
    count: usize,
    /// Positions from here on were never used.
    end: u32,
}

type Made = [Option<Arc<Record>>; PAGE];

#[derive(Default)]
struct Page {
    made: OnceLock<Made>,
    /// What it is made of, until it is.
    packed: Mutex<Option<Packed>>,
}

/// The records of a page as bytes.
struct Packed {
    layer: Arc<Layer>,
    keys: Arc<Keys>,
    /// Places in the page and the ids of what stands there.
    ids: Vec<(usize, Id)>,
    bytes: Box<[u8]>,
}

impl Packed {
    fn unpack(&self) -> Option<Made> {
        let mut made = [const { None }; PAGE];
        let mut from = &*self.bytes;
        for (at, id) in &self.ids {
            let record = Record::unpack(Arc::clone(id), &self.layer, &self.keys, &mut from)?;
            made[*at] = Some(Arc::new(record));
        }
        Some(made)
    }
}

impl Page {
    fn of(made: Made) -> Arc<Self> {
        Arc::new(Self {
            made: made.into(),
            ..Self::default()
        })
    }

    #[inline]
    fn made(&self) -> &Made {
        self.made.get().unwrap_or_else(|| self.unpack())
    }

    #[cold]
    fn unpack(&self) -> &Made {
        self.made.get_or_init(|| {
            let mut packed = self.packed.lock().unwrap_or_else(PoisonError::into_inner);
            let made = packed.as_ref().and_then(Packed::unpack);
            *packed = None;
            made.expect("what came with its checksum is what was written")
        })
    }
}

impl Records {
    /// The table of some records, each position once.
    pub(super) fn build(records: impl IntoIterator<Item = (u32, Arc<Record>)>) -> Self {
        let mut pages: Vec<Option<Made>> = Vec::new();
        let (mut count, mut end) = (0, 0);
        for (position, record) in records {
            let (page, at) = place(position);
            if page as usize >= pages.len() {
                pages.resize_with(page as usize + 1, || None);
            }
            let made = pages[page as usize].get_or_insert([const { None }; PAGE]);
            made[at] = Some(record);
            count += 1;
            end = end.max(position + 1);
        }
        let pages = (0..).zip(pages);
        let pages = pages.filter_map(|(at, made)| Some((at, Page::of(made?))));
        Self {
            pages: Slots::build(pages.collect()),
            count,
            end,
        }
    }

    /// The record at a position.
    #[inline]
    pub(super) fn get(&self, position: u32) -> Option<&Arc<Record>> {
        let (page, at) = place(position);
        self.pages.get(page)?.made()[at].as_ref()
    }

    /// Puts or takes away a record; returns the old one.
    pub(super) fn set(
        &mut self,
        position: u32,
        record: Option<Arc<Record>>,
    ) -> Option<Arc<Record>> {
        let (page, at) = place(position);
        let mut made = match self.pages.get(page) {
            Some(page) => page.made().clone(),
            None if record.is_none() => return None,
            None => [const { None }; PAGE],
        };
        let added = usize::from(record.is_some());
        let old = std::mem::replace(&mut made[at], record);
        self.pages.set(page, Some(Page::of(made)));
        self.count = self.count + added - usize::from(old.is_some());
        self.end = self.end.max(position + 1);
        old
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
        self.pages.iter().flat_map(|(page, own)| {
            let all = (first(page)..).zip(own.made());
            all.filter_map(|(position, record)| Some((position, record.as_ref()?)))
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
        let records = || {
            (0_u64..)
                .zip(own.made())
                .filter_map(|(at, own)| Some((at, own.as_ref()?)))
        };
        packed::put_number(page.into(), out);
        packed::put_number(records().count() as u64, out);
        let mut bytes = Vec::new();
        for (at, record) in records() {
            packed::put_number(at, out);
            packed::put_bytes(record.id.as_bytes(), out);
            record.pack(layer, keys, &mut bytes)?;
        }
        packed::put_bytes(&bytes, out);
        Ok(())
    }
}

/// A page as it was read, and the positions of its ids.
pub(super) struct Taken {
    page: (u32, Arc<Page>),
    ids: Vec<(Id, u32)>,
}

impl Taken {
    /// Reads a page. None where the bytes are none.
    pub(super) fn take(layer: &Arc<Layer>, keys: &Arc<Keys>, from: &mut &[u8]) -> Option<Self> {
        let page = u32::try_from(packed::take_number(from)?).ok()?;
        let mut ids = Vec::new();
        for _ in 0..packed::take_number(from)? {
            let at = usize::try_from(packed::take_number(from)?).ok()?;
            ids.push((at, Id::from(packed::take_text(from)?)));
        }
        let whole = page < u32::MAX / PAGE as u32 && ids.iter().all(|(at, _)| *at < PAGE);
        let bytes = packed::take_bytes(from).filter(|_| whole)?;
        let placed = ids
            .iter()
            .map(|(at, id)| (Arc::clone(id), first(page) + *at as u32));
        Some(Self {
            ids: placed.collect(),
            page: (
                page,
                Arc::new(Page {
                    made: OnceLock::new(),
                    packed: Mutex::new(Some(Packed {
                        layer: Arc::clone(layer),
                        keys: Arc::clone(keys),
                        ids,
                        bytes: bytes.into(),
                    })),
                }),
            ),
        })
    }

    /// The table of all pages of a layer, and the positions of their ids; `end` as it was.
    pub(super) fn gathered(taken: Vec<Self>, end: u32) -> (Records, Vec<(Id, u32)>) {
        let (mut pages, mut ids) = (Vec::with_capacity(taken.len()), Vec::new());
        for own in taken {
            pages.push(own.page);
            ids.extend(own.ids);
        }
        let records = Records {
            count: ids.len(),
            pages: Slots::build(pages),
            end,
        };
        (records, ids)
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
