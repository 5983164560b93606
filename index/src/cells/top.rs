//! The pages of a map by their place.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    sync::Arc,
};

use super::page::Page;

/// Column and row of a page.
pub(super) type Place = (i64, i64);

/// Places of a table that is dense however few pages it has, and for each page.
const DENSE: i64 = 1 << 14;
const DENSE_A_PAGE: i64 = 8;

/// A row of pages. Rows without pages are one and the same.
type Row = Arc<[Option<Page>]>;

/// Pages in a dense table where they lie close together, in a sparse one elsewhere.
#[derive(Clone, Debug)]
pub(super) enum Top {
    Dense {
        first: Place,
        /// From the south. An edit copies the rows that it touches.
        rows: Vec<Row>,
    },
    Sparse(HashMap<Place, Page, BuildHasherDefault<PlaceHasher>>),
}

impl Default for Top {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl Top {
    pub(super) fn new(pages: Vec<(Place, Page)>) -> Self {
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
        let empty: Row = vec![None; columns as usize].into();
        let mut rows: Vec<Row> = vec![empty; rows as usize];
        for ((column, row), page) in pages {
            Arc::make_mut(&mut rows[(row - south) as usize])[(column - west) as usize] = Some(page);
        }
        Self::Dense {
            first: (west, south),
            rows,
        }
    }

    /// The page at a place.
    #[inline(always)]
    pub(super) fn get(&self, place: Place) -> Option<&Page> {
        match self {
            Self::Dense { first, rows } => {
                // What lies to the west or south is far beyond the last one, unsigned.
                let (column, row) = (place.0 - first.0, place.1 - first.1);
                rows.get(row as usize)?.get(column as usize)?.as_ref()
            }
            Self::Sparse(pages) => pages.get(&place),
        }
    }

    /// The table with some pages replaced, or taken away where there is none.
    pub(super) fn with(&self, changed: Vec<(Place, Option<Page>)>) -> Self {
        let mut next = self.clone();
        if let Self::Dense { first, rows } = &mut next {
            let slot = |rows: &[Row], place: &Place| {
                let row = usize::try_from(place.1 - first.1).ok()?;
                let column = usize::try_from(place.0 - first.0).ok()?;
                (column < rows.get(row)?.len()).then_some((row, column))
            };
            if changed
                .iter()
                .all(|(place, page)| page.is_none() || slot(rows, place).is_some())
            {
                for (place, page) in changed {
                    if let Some((row, column)) = slot(rows, &place) {
                        Arc::make_mut(&mut rows[row])[column] = page;
                    }
                }
                return next;
            }
        }
        let mut all: HashMap<Place, Page> = next.into_pages().collect();
        for (place, page) in changed {
            match page {
                Some(page) => all.insert(place, page),
                None => all.remove(&place),
            };
        }
        Self::new(all.into_iter().collect())
    }

    pub(super) fn into_pages(self) -> Box<dyn Iterator<Item = (Place, Page)>> {
        match self {
            Self::Dense { first, rows } => Box::new(rows.into_iter().zip(first.1..).flat_map(
                move |(pages, row)| {
                    let pages: Vec<_> = (pages.iter().cloned().zip(first.0..))
                        .filter_map(|(page, column)| Some(((column, row), page?)))
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
                let pages = rows.iter().flat_map(|pages| pages.iter());
                rows.iter()
                    .map(|pages| size_of_val(&**pages) + size_of::<Row>())
                    .sum::<usize>()
                    + pages.flatten().map(Page::bytes).sum::<usize>()
            }
            Self::Sparse(pages) => {
                pages.capacity() * (size_of::<(Place, Page)>() + 1)
                    + pages.values().map(Page::bytes).sum::<usize>()
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
