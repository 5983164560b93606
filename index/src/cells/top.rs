//! The pages of a map by their place.

use std::{collections::HashMap, hash::BuildHasherDefault, hash::Hasher};

use super::page::Page;

/// Column and row of a page.
pub(super) type Place = (i64, i64);

/// Most places of a dense table: copying it is a part of every edit.
const MOST_DENSE: i64 = 1 << 14;

/// Pages in a dense table where they lie close together, in a sparse one elsewhere.
#[derive(Clone, Debug)]
pub(super) enum Top {
    Dense {
        first: Place,
        columns: i64,
        pages: Box<[Option<Page>]>,
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
        if columns.saturating_mul(rows) > MOST_DENSE {
            return Self::Sparse(pages.into_iter().collect());
        }
        let mut table = vec![None; (columns * rows) as usize];
        for ((column, row), page) in pages {
            table[((row - south) * columns + column - west) as usize] = Some(page);
        }
        Self::Dense {
            first: (west, south),
            columns,
            pages: table.into(),
        }
    }

    /// The page at a place.
    #[inline(always)]
    pub(super) fn get(&self, place: Place) -> Option<&Page> {
        match self {
            Self::Dense {
                first,
                columns,
                pages,
            } => {
                let (column, row) = (place.0 - first.0, place.1 - first.1);
                if column as u64 >= *columns as u64 || row < 0 {
                    return None;
                }
                pages.get((row * columns + column) as usize)?.as_ref()
            }
            Self::Sparse(pages) => pages.get(&place),
        }
    }

    /// The table with some pages replaced, or taken away where there is none.
    pub(super) fn with(&self, changed: Vec<(Place, Option<Page>)>) -> Self {
        let mut next = self.clone();
        if let Self::Dense {
            first,
            columns,
            pages,
        } = &mut next
        {
            let rows = pages.len() as i64 / (*columns).max(1);
            let slot = |place: &Place| {
                let (column, row) = (place.0 - first.0, place.1 - first.1);
                let known = (0..*columns).contains(&column) && (0..rows).contains(&row);
                known.then_some((row * *columns + column) as usize)
            };
            if changed
                .iter()
                .all(|(place, page)| page.is_none() || slot(place).is_some())
            {
                for (place, page) in changed {
                    if let Some(slot) = slot(&place) {
                        pages[slot] = page;
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

    fn into_pages(self) -> Box<dyn Iterator<Item = (Place, Page)>> {
        match self {
            Self::Dense {
                first,
                columns,
                pages,
            } => Box::new(
                pages
                    .into_iter()
                    .zip(0_i64..)
                    .filter_map(move |(page, at)| {
                        let place = (first.0 + at % columns, first.1 + at / columns);
                        Some((place, page?))
                    }),
            ),
            Self::Sparse(pages) => Box::new(pages.into_iter()),
        }
    }

    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Dense { pages, .. } => {
                size_of_val(&**pages) + pages.iter().flatten().map(Page::bytes).sum::<usize>()
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
