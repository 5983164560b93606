//! The pages of a map by their place.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    sync::Arc,
};

use super::page::{Blocks, EMPTY, Page};

/// Column and row of a page.
pub(super) type Place = (i64, i64);

/// Places of a table that is dense however few pages it has, and for each page.
const DENSE: i64 = 1 << 14;
const DENSE_A_PAGE: i64 = 8;

/// A page with the words of its blocks.
pub(super) type Known = (Blocks, Page);

/// A row of pages. Cloning shares it.
///
/// The words of blocks are read for every point, so that they stand together, apart from what
/// they lead to.
#[derive(Clone, Debug)]
pub(super) struct Row {
    blocks: Arc<[Blocks]>,
    /// Empty where nothing is on a page, or whole blocks only.
    pages: Arc<[Page]>,
}

impl Row {
    fn empty(columns: usize) -> Self {
        Self {
            blocks: vec![*EMPTY; columns].into(),
            pages: vec![Page::default(); columns].into(),
        }
    }

    fn set(&mut self, column: usize, known: Option<Known>) {
        let (blocks, page) = known.unwrap_or((*EMPTY, Page::default()));
        Arc::make_mut(&mut self.blocks)[column] = blocks;
        Arc::make_mut(&mut self.pages)[column] = page;
    }
}

/// Pages in a dense table where they lie close together, in a sparse one elsewhere.
#[derive(Clone, Debug)]
pub(super) enum Top {
    Dense {
        first: Place,
        /// From the south; those without pages are one and the same. An edit copies the rows
        /// that it touches.
        rows: Vec<Row>,
    },
    Sparse(HashMap<Place, Known, BuildHasherDefault<PlaceHasher>>),
}

impl Default for Top {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl Top {
    pub(super) fn new(pages: Vec<(Place, Known)>) -> Self {
        let range = |part: fn(&Place) -> i64| {
            let parts = || pages.iter().map(|(place, _)| part(place));
            (parts().min().unwrap_or(0), parts().max().unwrap_or(-1))
        };
        let ((west, east), (south, north)) = (range(|place| place.0), range(|place| place.1));
        let (columns, rows) = (east - west + 1, north - south + 1);
        let most = DENSE.max(DENSE_A_PAGE * pages.len() as i64);
        if columns.saturating_mul(rows) > most {
            return Self::Sparse(pages.into_iter().collect());
        }
        let mut rows = vec![Row::empty(columns as usize); rows as usize];
        for ((column, row), known) in pages {
            rows[(row - south) as usize].set((column - west) as usize, Some(known));
        }
        Self::Dense {
            first: (west, south),
            rows,
        }
    }

    /// The blocks of a page, and the page.
    #[inline(always)]
    pub(super) fn get(&self, place: Place) -> Option<(&Blocks, &Page)> {
        match self {
            Self::Dense { first, rows } => {
                // What lies to the west or south is far beyond the last one, unsigned.
                let (column, row) = (place.0 - first.0, place.1 - first.1);
                let row = rows.get(row as usize)?;
                let column = column as usize;
                Some((row.blocks.get(column)?, row.pages.get(column)?))
            }
            Self::Sparse(pages) => pages.get(&place).map(|(blocks, page)| (blocks, page)),
        }
    }

    /// The table with some pages replaced, or taken away where there is none.
    pub(super) fn with(&self, changed: Vec<(Place, Option<Known>)>) -> Self {
        let mut next = self.clone();
        if let Self::Dense { first, rows } = &mut next {
            let slot = |rows: &[Row], place: &Place| {
                let row = usize::try_from(place.1 - first.1).ok()?;
                let column = usize::try_from(place.0 - first.0).ok()?;
                (column < rows.get(row)?.pages.len()).then_some((row, column))
            };
            if changed
                .iter()
                .all(|(place, known)| known.is_none() || slot(rows, place).is_some())
            {
                for (place, known) in changed {
                    if let Some((row, column)) = slot(rows, &place) {
                        rows[row].set(column, known);
                    }
                }
                return next;
            }
        }
        let mut all: HashMap<Place, Known> = next.into_pages().collect();
        for (place, known) in changed {
            match known {
                Some(known) => all.insert(place, known),
                None => all.remove(&place),
            };
        }
        Self::new(all.into_iter().collect())
    }

    pub(super) fn into_pages(self) -> Box<dyn Iterator<Item = (Place, Known)>> {
        match self {
            Self::Dense { first, rows } => Box::new(rows.into_iter().zip(first.1..).flat_map(
                move |(known, row)| {
                    let each = known
                        .blocks
                        .iter()
                        .copied()
                        .zip(known.pages.iter().cloned());
                    let pages: Vec<_> = (each.zip(first.0..))
                        .filter(|((blocks, _), _)| blocks != EMPTY)
                        .map(|(known, column)| ((column, row), known))
                        .collect();
                    pages
                },
            )),
            Self::Sparse(pages) => Box::new(pages.into_iter()),
        }
    }

    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Dense { rows, .. } => {
                // Rows that are shared because they are empty are counted often.
                let pages = rows.iter().flat_map(|row| row.pages.iter());
                rows.iter()
                    .map(|row| {
                        size_of_val(&*row.blocks) + size_of_val(&*row.pages) + size_of::<Row>()
                    })
                    .sum::<usize>()
                    + pages.map(Page::bytes).sum::<usize>()
            }
            Self::Sparse(pages) => {
                pages.capacity() * (size_of::<(Place, Known)>() + 1)
                    + (pages.values())
                        .map(|(_, page)| page.bytes())
                        .sum::<usize>()
            }
        }
    }
}

/// Mixes two whole numbers by multiplication: they are places, not chosen by an enemy who
/// could gain more than a slower lookup of his own data.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PlaceHasher(u64);

impl Hasher for PlaceHasher {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_i64(i64::from(byte));
        }
    }

    fn write_i64(&mut self, part: i64) {
        self.0 =
            (self.0.rotate_left(26) ^ part.cast_unsigned()).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}
