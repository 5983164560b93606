//! Edits: the next cell index, which shares all pages that the edit does not touch.

use std::collections::HashMap;

use super::{
    Cells,
    build::Around,
    build_page,
    cell::Cell,
    page::{self, Blocks, EMPTY, Page},
    page_cell, place_count, places,
    top::{Known, Place},
};
use crate::{Area, Point};

/// An area before and after an edit; at most one of the two is missing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change<'a> {
    pub(crate) key: u32,
    pub(crate) before: Option<&'a Area>,
    pub(crate) after: Option<&'a Area>,
}

/// Pages that an edit may touch before it is asked whether they are too small.
const FEW_PAGES: usize = 4_096;

impl Cells {
    /// Whether areas come that pages of this size are too small for: the first of a district in a
    /// layer that was empty or of houses would take millions of them. What is built anew has not
    /// more pages than one for each sixteen edges and a thousand ([`super::page_shift`]), so that
    /// it is never outgrown by its own areas.
    pub(crate) fn is_outgrown(
        &self,
        changes: &[Change<'_>],
        edges: impl FnOnce() -> usize,
    ) -> bool {
        let areas = changes.iter().filter_map(|change| change.after);
        let pages = areas.map(|area| place_count(area, self.page_shift));
        let touched = pages.fold(0_usize, usize::saturating_add);
        touched > FEW_PAGES && touched > edges() / 8
    }

    /// The index after some changes, each key once. `area` tells the area of a key as it is
    /// after them.
    pub(crate) fn after<'a>(
        &self,
        changes: &[Change<'a>],
        area: impl Fn(u32) -> Option<Area>,
    ) -> Self {
        let mut by_page: HashMap<Place, Vec<usize>> = HashMap::new();
        let differences: Vec<Vec<(Point, Point)>> = changes.iter().map(Change::edges).collect();
        for (at, change) in changes.iter().enumerate() {
            let both = change.before.into_iter().chain(change.after);
            for place in both.flat_map(|area| places(area, self.page_shift)) {
                let members = by_page.entry(place).or_default();
                if members.last() != Some(&at) {
                    members.push(at);
                }
            }
        }
        let changed = by_page.into_iter().map(|(place, members)| {
            let cell = page_cell(place, self.page_shift);
            let here: Vec<_> = (members.iter())
                .map(|&at| (&changes[at], &*differences[at]))
                .collect();
            let page = match self.top.get(place) {
                Some(known) => edit_page(known, &cell, &here, &area),
                None => {
                    let mut new: Vec<(u32, &Area)> = (here.iter())
                        .filter_map(|(change, _)| Some((change.key, change.after?)))
                        .collect();
                    new.sort_unstable_by_key(|(key, _)| *key);
                    build_page(&cell, &new)
                }
            };
            (place, page)
        });
        Self {
            top: self.top.with(changed.collect()),
            page_shift: self.page_shift,
            nowhere: self.nowhere.clone(),
        }
    }
}

impl Change<'_> {
    /// The edges that only one of the two states has.
    fn edges(&self) -> Vec<(Point, Point)> {
        let of = |area: Option<&Area>| {
            let edges = area.into_iter().flat_map(Area::edges);
            edges.map(|(a, b)| (a.min(b), a.max(b))).collect::<Vec<_>>()
        };
        let mut edges = of(self.before);
        edges.extend(of(self.after));
        edges.sort_unstable();
        (edges.chunk_by(|a, b| a == b))
            .filter(|same| same.len() % 2 == 1)
            .map(|same| same[0])
            .collect()
    }

    /// Whether it matters to a square: a changed edge comes near, or all of it has another
    /// answer than before.
    fn concerns(&self, edges: &[(Point, Point)], cell: &Cell) -> bool {
        let reach = cell.reach();
        let holds = |area: Option<&Area>| area.is_some_and(|area| area.contains(cell.min));
        edges.iter().any(|&(a, b)| reach.meets_segment(a, b))
            || holds(self.before) != holds(self.after)
    }
}

/// Builds the blocks that changes concern, and copies the others.
fn edit_page<'a>(
    (blocks, page): (&Blocks, &Page),
    cell: &Cell,
    changes: &[(&Change<'a>, &[(Point, Point)])],
    area: &impl Fn(u32) -> Option<Area>,
) -> Option<Known> {
    let old = page.words();
    // Room for a little more than there was.
    let mut arena = Vec::with_capacity(old.len() + old.len() / 8);
    let mut new = *blocks;
    for (word, block) in new.iter_mut().zip(page::blocks(cell)) {
        let concerns =
            |(change, edges): &(&Change<'a>, &[(Point, Point)])| change.concerns(edges, &block);
        if !changes.iter().any(concerns) {
            *word = page::copy(old, *word, &mut arena);
            continue;
        }
        let mut keys: Vec<u32> = changes.iter().map(|(change, _)| change.key).collect();
        page::collect(old, *word, &mut keys);
        keys.sort_unstable();
        keys.dedup();
        let areas: Vec<(u32, Area)> = keys
            .into_iter()
            .filter_map(|key| Some((key, area(key)?)))
            .collect();
        let areas: Vec<(u32, &Area)> = areas.iter().map(|(key, area)| (*key, area)).collect();
        let (mut around, covering) = Around::new(&block, &areas, block.shift);
        let tree = around.tree(&block, &covering, &mut arena);
        *word = tree.write(&mut arena);
    }
    known(new, &arena)
}

/// What was made of a page; nothing where nothing is on it.
pub(super) fn known(blocks: Blocks, arena: &[u32]) -> Option<Known> {
    (blocks != *EMPTY).then(|| (blocks, Page::new(arena.iter().copied())))
}
