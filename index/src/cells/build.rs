//! Divides a square until each part has few edges, and writes its leaves.

use super::{
    cell::{Cell, local},
    chain::{Chains, MOST_STEPS},
    leaf::{self, Member},
    page::{self, Tree},
};
use crate::{Area, Point};

/// A part with no more edges than this is not divided.
const FEW: usize = 14;

/// Parts are divided no further than this below a block for the sake of speed alone.
const DIVISIONS: u32 = 3;

/// Parts are divided no further than this: 64 lattice units a side.
const SMALLEST: u32 = 6;

/// Places tried in a cell before it is held to be full of edges.
const TRIES: u32 = 64;

/// What lies around a square: the areas by key, ascending, and their edges.
pub(super) struct Around<'a> {
    areas: &'a [(u32, &'a Area)],
    /// Each edge once, its lesser end first.
    edges: Vec<(Point, Point)>,
    /// The areas that have each edge, as positions.
    owners: Vec<u32>,
    /// Where each edge's owners begin.
    starts: Vec<u32>,
    block_shift: u32,
    /// Areas seen in the present part of the work.
    seen: Vec<bool>,
}

impl<'a> Around<'a> {
    /// Gathers the edges near a square, and the positions of the areas that cover it.
    ///
    /// An edge that an area has twice counts for nothing, as two crossings do.
    pub(super) fn new(
        cell: &Cell,
        areas: &'a [(u32, &'a Area)],
        block_shift: u32,
    ) -> (Self, Vec<u32>) {
        let reach = cell.reach();
        let (mut found, mut covering) = (Vec::new(), Vec::new());
        for ((_, area), at) in areas.iter().zip(0_u32..) {
            let before = found.len();
            area.any_edge_near(&reach, |a, b| {
                if reach.meets_segment(a, b) {
                    found.push((a.min(b), a.max(b), at));
                }
                false
            });
            if found.len() == before && area.contains(cell.min) {
                covering.push(at);
            }
        }
        found.sort_unstable();
        let mut own = Self {
            areas,
            edges: Vec::with_capacity(found.len()),
            owners: Vec::with_capacity(found.len()),
            starts: vec![0],
            block_shift,
            seen: vec![false; areas.len()],
        };
        for same in found.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let before = own.owners.len();
            for one in same.chunk_by(|a, b| a.2 == b.2) {
                if one.len() % 2 == 1 {
                    own.owners.push(one[0].2);
                }
            }
            if own.owners.len() > before {
                own.edges.push((same[0].0, same[0].1));
                own.starts.push(own.owners.len() as u32);
            }
        }
        // An area whose edges all fell away has no boundary here.
        for at in found.iter().map(|edge| edge.2) {
            own.seen[at as usize] = true;
        }
        for &at in &own.owners {
            own.seen[at as usize] = false;
        }
        for (at, seen) in own.seen.iter_mut().enumerate() {
            if std::mem::take(seen) && areas[at].1.contains(cell.min) {
                covering.push(at as u32);
            }
        }
        covering.sort_unstable();
        (own, covering)
    }

    /// Divides the square and writes its leaves.
    pub(super) fn tree(&mut self, cell: &Cell, covering: &[u32], arena: &mut Vec<u32>) -> Tree {
        let edges: Vec<u32> = (0..self.edges.len() as u32).collect();
        self.divide(cell, &edges, covering, arena)
    }

    fn divide(
        &mut self,
        cell: &Cell,
        edges: &[u32],
        covering: &[u32],
        arena: &mut Vec<u32>,
    ) -> Tree {
        let few = edges.len() <= FEW
            || (edges.len() <= MOST_STEPS && cell.shift + DIVISIONS <= self.block_shift);
        if few && let Some(word) = self.leaf(cell, edges, covering, arena) {
            return Tree::Word(word);
        }
        if cell.shift <= SMALLEST {
            return Tree::Word(self.uncertain(edges, covering, arena));
        }
        let owners = self.owners_of(edges);
        let quarters = [0, 1, 2, 3].map(|at| {
            let cell = cell.quarter(at);
            let reach = cell.reach();
            // With room for all: what grows as it is filled is copied time and again.
            let mut near = Vec::with_capacity(edges.len());
            near.extend((edges.iter().copied()).filter(|&edge| {
                let (a, b) = self.edges[edge as usize];
                reach.meets_segment(a, b)
            }));
            let mut covering = covering.to_vec();
            self.mark(&near, true);
            let left = owners.iter().filter(|&&owner| {
                !self.seen[owner as usize] && self.areas[owner as usize].1.contains(cell.min)
            });
            covering.extend(left);
            self.mark(&near, false);
            covering.sort_unstable();
            self.divide(&cell, &near, &covering, arena)
        });
        Tree::Split(Box::new(quarters))
    }

    fn owners(&self, edge: u32) -> &[u32] {
        let edge = edge as usize;
        &self.owners[self.starts[edge] as usize..self.starts[edge + 1] as usize]
    }

    fn mark(&mut self, edges: &[u32], seen: bool) {
        for &edge in edges {
            let range =
                self.starts[edge as usize] as usize..self.starts[edge as usize + 1] as usize;
            for at in range {
                self.seen[self.owners[at] as usize] = seen;
            }
        }
    }

    fn owners_of(&self, edges: &[u32]) -> Vec<u32> {
        let mut owners: Vec<u32> = Vec::with_capacity(2 * edges.len());
        for &edge in edges {
            owners.extend_from_slice(self.owners(edge));
        }
        owners.sort_unstable();
        owners.dedup();
        owners
    }

    fn key(&self, at: u32) -> u32 {
        self.areas[at as usize].0
    }

    /// The word of a cell that is not divided; nothing where no place in it is surely on
    /// one side of every edge.
    fn leaf(
        &self,
        cell: &Cell,
        edges: &[u32],
        covering: &[u32],
        arena: &mut Vec<u32>,
    ) -> Option<u32> {
        if edges.is_empty() && covering.len() < 2 {
            return Some(
                covering
                    .first()
                    .map_or(page::NONE, |&at| page::full(self.key(at))),
            );
        }
        let chains = Chains::link(cell, edges.iter().map(|&edge| self.edges[edge as usize]))?;
        let mut of: Vec<(u32, u32)> = (chains.steps.iter())
            .flat_map(|&(edge, bit)| {
                let owners = self.owners(edges[edge as usize]);
                owners.iter().map(move |&owner| (owner, bit))
            })
            .collect();
        // The counts of the leaf and the truth are compared at one certain place.
        let (place, crossed) = certain_place(cell, &chains)?;
        let mut members: Vec<Member> = (covering.iter())
            .map(|&at| Member {
                key: self.key(at),
                mask: 0,
                base: true,
            })
            .collect();
        of.sort_unstable();
        for own in of.chunk_by(|a, b| a.0 == b.0) {
            let mask = own.iter().fold(0, |mask, (_, bit)| mask | bit);
            let odd = (crossed & mask).count_ones() % 2 == 1;
            let (key, area) = self.areas[own[0].0 as usize];
            members.push(Member {
                key,
                mask,
                base: area.contains(place) != odd,
            });
        }
        // Edges that only graze the margin leave areas that are surely outside or inside.
        for owner in self.owners_of(edges) {
            let (key, area) = self.areas[owner as usize];
            if !of.iter().any(|(own, _)| *own == owner) && area.contains(place) {
                members.push(Member {
                    key,
                    mask: 0,
                    base: true,
                });
            }
        }
        members.sort_unstable_by_key(|member| member.key);
        let at = leaf::write(arena, cell.shift, &members, &chains);
        Some(page::leaf_at(arena, at))
    }

    /// The word of a cell where everything is tested exactly.
    fn uncertain(&self, edges: &[u32], covering: &[u32], arena: &mut Vec<u32>) -> u32 {
        let mut keys: Vec<u32> = self.owners_of(edges);
        keys.extend(covering);
        keys.sort_unstable();
        for at in &mut keys {
            *at = self.key(*at);
        }
        let at = leaf::write_uncertain(arena, &keys);
        page::leaf_at(arena, at)
    }
}

/// A place of a cell that is surely on one side of every edge, and the edges east of it.
fn certain_place(cell: &Cell, chains: &Chains) -> Option<(Point, u32)> {
    // Steps by the golden section in both directions fill the cell evenly.
    let mut step = (0x8000_0000_u32, 0x8000_0000_u32);
    let side = cell.shift;
    (0..TRIES).find_map(|_| {
        let part = |step: u32| (i64::from(step) << side) >> 32 >> cell.unit() << cell.unit();
        let place = Point {
            x: cell.min.x + part(step.0),
            y: cell.min.y + part(step.1),
        };
        step = (
            step.0.wrapping_add(0xc13f_a9a9),
            step.1.wrapping_add(0x91e1_0da5),
        );
        let (x, y) = local(place, cell.shift);
        leaf::crossed(chains, x, y).map(|crossed| (place, crossed))
    })
}
