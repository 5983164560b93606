//! Cells: houses that are counted together for good.

use std::collections::{BTreeMap, HashMap};

use yizhangtu_data::Id;
use yizhangtu_index::Point;

use super::{HOUSEHOLDS, Rules};
use crate::atlas::{LayerSnapshot, Snapshot};

/// How far a new house looks for one whose cell it joins, in metres.
const NEAR_M: f64 = 500.0;

/// What a figure is released for: a cell, or the rest of a larger place.
pub(super) type Unit = u32;

/// The village and the grid that a house lies in, where it lies in any.
type Home = (Option<Id>, Option<Id>);

/// Houses in cells, cells in grids, grids in villages, all in one whole.
#[derive(Clone, Default)]
pub(super) struct Cells {
    cell_of: HashMap<Id, Unit>,
    units: Vec<Place>,
    /// Cells that houses near no other come to, by grid.
    of_grid: HashMap<Home, Unit>,
}

#[derive(Clone)]
struct Place {
    /// The larger place that it is part of.
    within: Option<Unit>,
    /// Houses in it.
    houses: u32,
    is_cell: bool,
}

/// The register's counts of one cell by measure: kinds of people, and households.
pub(super) type Counts = BTreeMap<(Unit, String), u64>;

impl Cells {
    /// Takes in the houses that are new; those that were there stay in their cells.
    pub(super) fn follow(&mut self, whole: &Snapshot, rules: &Rules) {
        let Some(buildings) = whole.layer("building") else {
            return;
        };
        if self.units.is_empty() {
            self.divide(whole, buildings, rules);
        } else {
            let new: Vec<u32> = (buildings.rows())
                .filter(|(_, row)| !self.cell_of.contains_key(row.id()))
                .map(|(at, _)| at)
                .collect();
            for at in new {
                self.join(whole, buildings, at);
            }
        }
        self.count_houses(buildings);
    }

    fn divide(&mut self, whole: &Snapshot, buildings: &LayerSnapshot, rules: &Rules) {
        self.units.push(Place::larger(None));
        let mut by_grid: BTreeMap<Home, Vec<(u64, u32)>> = BTreeMap::new();
        for (at, _) in buildings.rows() {
            let point = buildings.shape(at).map(|shape| shape.representative());
            let home = home(whole, point);
            by_grid
                .entry(home)
                .or_default()
                .push((point.map_or(0, along), at));
        }
        let mut villages: HashMap<Option<Id>, Unit> = HashMap::new();
        for (home, mut houses) in by_grid {
            houses.sort_unstable();
            let village = *villages
                .entry(home.0.clone())
                .or_insert_with(|| push(&mut self.units, Place::larger(Some(0))));
            let grid = push(&mut self.units, Place::larger(Some(village)));
            // The last cell takes what is left over, so that none is smaller than wished.
            let full = (houses.len() / rules.houses_per_cell).max(1);
            let mut last = 0;
            for (nth, (_, at)) in houses.into_iter().enumerate() {
                if nth % rules.houses_per_cell == 0 && nth / rules.houses_per_cell < full {
                    last = push(&mut self.units, Place::cell(grid));
                }
                let id = buildings.row(at).id();
                self.cell_of.insert(id.into(), last);
            }
            self.of_grid.insert(home, last);
        }
    }

    /// A new house joins the cell of its nearest neighbour, else one of its grid.
    fn join(&mut self, whole: &Snapshot, buildings: &LayerSnapshot, at: u32) {
        let point = buildings.shape(at).map(|shape| shape.representative());
        let neighbours = point.map_or_else(Vec::new, |point| buildings.nearest(point, 16, NEAR_M));
        let near = (neighbours.iter())
            .find_map(|near| self.cell_of.get(buildings.row(near.key).id()))
            .copied();
        let home = home(whole, point);
        let cell = near.or_else(|| self.of_grid.get(&home).copied());
        let cell = cell.unwrap_or_else(|| {
            let grid = push(&mut self.units, Place::larger(Some(0)));
            push(&mut self.units, Place::cell(grid))
        });
        self.of_grid.entry(home).or_insert(cell);
        let id = buildings.row(at).id();
        self.cell_of.insert(id.into(), cell);
    }

    fn count_houses(&mut self, buildings: &LayerSnapshot) {
        let all = (buildings.rows()).map(|(_, row)| row.id());
        let counts = self.tally(all);
        for (place, count) in self.units.iter_mut().zip(counts) {
            place.houses = count;
        }
    }

    /// How many of some houses lie in each unit.
    fn tally<'a>(&self, houses: impl Iterator<Item = &'a str>) -> Vec<u32> {
        let mut counts = vec![0; self.units.len()];
        for id in houses {
            for unit in self.up(self.cell_of.get(id).copied()) {
                counts[unit as usize] += 1;
            }
        }
        counts
    }

    /// A unit and all that it is part of, the smallest first.
    pub(super) fn up(&self, from: Option<Unit>) -> impl Iterator<Item = Unit> + '_ {
        std::iter::successors(from, |unit| self.units[*unit as usize].within)
    }

    /// The units of which more than half of the houses are among those at some positions.
    /// Which these are depends on where houses are, and on nobody in them.
    pub(super) fn mostly(&self, buildings: &LayerSnapshot, positions: &[u32]) -> Vec<Unit> {
        let chosen = positions.iter().map(|&at| buildings.row(at).id());
        let counts = self.tally(chosen).into_iter();
        (counts.zip(&self.units).zip(0..))
            .filter(|((chosen, place), _)| 2 * chosen > place.houses)
            .map(|(_, unit)| unit)
            .collect()
    }

    /// Cells with the number of their houses.
    pub(super) fn cells(&self) -> impl Iterator<Item = (Unit, usize)> + '_ {
        (0..)
            .zip(&self.units)
            .filter(|(_, place)| place.is_cell)
            .map(|(unit, place)| (unit, place.houses as usize))
    }

    /// What the registers count in each cell.
    pub(super) fn counts(&self, whole: &Snapshot) -> Counts {
        let mut counts = Counts::new();
        let Some(buildings) = whole.layer("building") else {
            return counts;
        };
        for (at, row) in buildings.rows() {
            let Some(&cell) = self.cell_of.get(row.id()) else {
                continue;
            };
            let tally = &whole.houses.at(at).tally;
            for (kind, count) in whole.houses.kinds().iter().zip(&tally.people) {
                *counts.entry((cell, kind.to_string())).or_default() += u64::from(*count);
            }
            *counts.entry((cell, HOUSEHOLDS.to_owned())).or_default() +=
                u64::from(tally.households);
        }
        counts
    }
}

impl Place {
    fn larger(within: Option<Unit>) -> Self {
        Self {
            within,
            houses: 0,
            is_cell: false,
        }
    }

    fn cell(grid: Unit) -> Self {
        Self {
            is_cell: true,
            ..Self::larger(Some(grid))
        }
    }
}

fn push(units: &mut Vec<Place>, place: Place) -> Unit {
    units.push(place);
    Unit::try_from(units.len() - 1).expect("fewer units than houses")
}

/// The village and the grid that a point lies in.
fn home(whole: &Snapshot, point: Option<Point>) -> Home {
    let at = |layer: &str| {
        let layer = whole.layer(layer)?;
        let found = layer.at(point?).into_iter().min()?;
        Some(layer.record(found).id.clone())
    };
    (at("village"), at("grid"))
}

/// A place along Morton's curve, on which what is near is mostly near.
fn along(point: Point) -> u64 {
    let spread = |axis: i64| {
        // From units of the lattice (10⁻⁹ degrees) to steps of about a metre, none below 0.
        let steps = (axis / 10_000 + (1 << 30)).unsigned_abs();
        (0..32).fold(0, |sum, bit| sum | ((steps >> bit) & 1) << (2 * bit))
    };
    spread(point.x) | spread(point.y) << 1
}
