//! What each building counts: people, households and square metres, as whole numbers.

use std::sync::Arc;

use chrono::NaiveDate;
use rayon::prelude::*;
use yizhangtu_data::{Id, Record, Value};
use yizhangtu_index::{Area, Feature, Index, Rule, Slots};

use super::{LayerSnapshot, Row};
use crate::people::{Tallies, Tally, Terms};

/// One building's part in every sum. Areas are in hundredths of a square metre.
#[derive(Clone, Debug, Default)]
pub(crate) struct House {
    /// Who lives there.
    pub(crate) tally: Tally,
    /// Let to tenants (出租屋).
    pub(crate) rental: bool,
    /// Let to tenants, with nobody as its 栋长.
    pub(crate) rental_without_head: bool,
    /// Whether it has 门禁.
    pub(crate) access_control: bool,
    /// 基底面积 in 0.01 m².
    pub(crate) footprint: i64,
    /// 建筑面积 in 0.01 m².
    pub(crate) floor_area: i64,
}

/// The buildings' parts, at the positions of the building layer, and their sums.
#[derive(Debug, Default)]
pub(crate) struct Houses {
    /// Kinds of registration, in the order of [`Tally::people`].
    kinds: Vec<Arc<str>>,
    /// The day that ages were reckoned on.
    day: NaiveDate,
    /// What was counted by: an office may have put others in force since.
    terms: Counted,
    houses: Slots<House>,
    /// The building layer's index, with the parts as measures.
    index: Index,
}

/// The terms that houses were counted by.
#[derive(Clone, Copy, Debug)]
struct Counted(&'static Terms);

impl Default for Counted {
    fn default() -> Self {
        Self(Terms::current())
    }
}

/// Measures of a house beside its people by kind, age and residence: unverified and overdue
/// people, households, rooms, those let and those vacant, let or not, let without a 栋长, with
/// 门禁, 基底面积 and 建筑面积 in 0.01 m².
const MEASURES: usize = 11;

/// What some buildings count together. Areas are in hundredths of a square metre.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Census {
    /// Number of buildings.
    pub(crate) buildings: u64,
    /// People by kind, in the order of [`Houses::kinds`].
    pub(crate) people: Vec<u64>,
    /// People by age, in the order of the terms' bands, and then those of unknown age.
    pub(crate) ages: Vec<u64>,
    /// People by kind of residence, in the order of the terms' kinds, the others last.
    pub(crate) stays: Vec<u64>,
    /// People who are not verified.
    pub(crate) unverified: u64,
    /// People who were verified too long ago.
    pub(crate) overdue: u64,
    /// Households.
    pub(crate) households: u64,
    /// Rooms.
    pub(crate) rooms: u64,
    /// Rooms that are let.
    pub(crate) rooms_let: u64,
    /// Rooms that stand empty.
    pub(crate) rooms_vacant: u64,
    /// Buildings let to tenants.
    pub(crate) rental: u64,
    /// Those of them without a 栋长.
    pub(crate) rental_without_head: u64,
    /// Buildings with 门禁.
    pub(crate) access_control: u64,
    /// 基底面积 in 0.01 m².
    pub(crate) footprint: i128,
    /// 建筑面积 in 0.01 m².
    pub(crate) floor_area: i128,
}

impl Census {
    fn of(buildings: u64, sums: &[i128], kinds: usize, terms: &Terms) -> Self {
        let count = |sum: i128| u64::try_from(sum).expect("counts are not negative");
        let counts = |sums: &[i128]| sums.iter().map(|&sum| count(sum)).collect();
        let (people, rest) = sums.split_at(kinds);
        let (ages, rest) = rest.split_at(terms.age_groups());
        let (stays, rest) = rest.split_at(rest.len() - MEASURES);
        Self {
            buildings,
            people: counts(people),
            ages: counts(ages),
            stays: counts(stays),
            unverified: count(rest[0]),
            overdue: count(rest[1]),
            households: count(rest[2]),
            rooms: count(rest[3]),
            rooms_let: count(rest[4]),
            rooms_vacant: count(rest[5]),
            rental: count(rest[6]),
            rental_without_head: count(rest[7]),
            access_control: count(rest[8]),
            footprint: rest[9],
            floor_area: rest[10],
        }
    }
}

impl House {
    fn new(buildings: &LayerSnapshot, row: Row<'_>, tally: Tally) -> Self {
        let value = |name| row.value(buildings.layer.position(name)?);
        let area = |name| value(name).map_or(0, |value| in_hundredths(&value));
        let is = |name| value(name).is_some_and(|value| value.as_boolean() == Some(true));
        let headless = || {
            let head = value("building_head");
            let head = head.as_deref().and_then(Value::as_text);
            head.is_none_or(|name| name.trim().is_empty())
        };
        let rental = is("rental");
        Self {
            tally,
            rental,
            rental_without_head: rental && headless(),
            access_control: is("access_control"),
            footprint: area("footprint_m2"),
            floor_area: area("floor_area_m2"),
        }
    }

    /// Its part in each sum, of so many kinds of people.
    fn measures(&self, kinds: usize, terms: &Terms) -> Arc<[i64]> {
        let tally = &self.tally;
        let filled = |counts: &[u32], length: usize| {
            let counts: Vec<i64> = counts.iter().map(|&count| i64::from(count)).collect();
            counts.into_iter().chain(std::iter::repeat(0)).take(length)
        };
        filled(&tally.people, kinds)
            .chain(filled(&tally.ages, terms.age_groups()))
            .chain(filled(&tally.stays, terms.stays().count()))
            .chain([
                i64::from(tally.unverified),
                i64::from(tally.overdue),
                i64::from(tally.households),
                i64::from(tally.rooms),
                i64::from(tally.rooms_let),
                i64::from(tally.rooms_vacant),
                i64::from(self.rental),
                i64::from(self.rental_without_head),
                i64::from(self.access_control),
                self.footprint,
                self.floor_area,
            ])
            .collect()
    }
}

/// Number of sums over houses with so many kinds of people.
fn sums(kinds: usize, terms: &Terms) -> usize {
    kinds + terms.age_groups() + terms.stays().count() + MEASURES
}

impl Houses {
    /// Brings the registers' tallies and the building layer together.
    pub(crate) fn new(buildings: Option<&LayerSnapshot>, tallies: Tallies) -> Self {
        let Tallies {
            kinds, day, mut of, ..
        } = tallies;
        let Some(buildings) = buildings else {
            return Self {
                kinds,
                day,
                ..Self::default()
            };
        };
        let rows: Vec<_> = (buildings.rows())
            .map(|(at, row)| (at, row, of.remove(row.id()).unwrap_or_default()))
            .collect();
        let houses =
            (rows.into_par_iter()).map(|(at, row, tally)| (at, House::new(buildings, row, tally)));
        Self::measured(
            buildings,
            kinds,
            (day, Counted::default()),
            Slots::build(houses.collect::<Vec<_>>()),
        )
    }

    fn measured(
        buildings: &LayerSnapshot,
        kinds: Vec<Arc<str>>,
        (day, terms): (NaiveDate, Counted),
        houses: Slots<House>,
    ) -> Self {
        let index = (buildings.index()).measured(sums(kinds.len(), terms.0), |at| {
            houses
                .get(at)
                .map(|house: &House| house.measures(kinds.len(), terms.0))
                .unwrap_or_default()
        });
        Self {
            kinds,
            day,
            terms,
            houses,
            index,
        }
    }

    /// Houses as they were read from a base, counted by the terms in force.
    pub(super) fn restored(
        kinds: Vec<Arc<str>>,
        day: NaiveDate,
        houses: Slots<House>,
        index: Index,
    ) -> Self {
        Self {
            kinds,
            day,
            terms: Counted::default(),
            houses,
            index,
        }
    }

    /// The same houses with the tallies of another day, and by the terms in force.
    pub(super) fn recounted(&self, buildings: &LayerSnapshot, tallies: Tallies) -> Self {
        let Tallies {
            kinds, day, mut of, ..
        } = tallies;
        let houses = (buildings.positions()).filter_map(|(at, id)| {
            let tally = of.remove(id).unwrap_or_default();
            let house = self.houses.get(at)?.clone();
            Some((at, House { tally, ..house }))
        });
        let houses = Slots::build(houses.collect::<Vec<_>>());
        Self::measured(buildings, kinds, (day, Counted::default()), houses)
    }

    /// All houses with their positions.
    pub(super) fn all(&self) -> &Slots<House> {
        &self.houses
    }

    /// The index of the houses, with what they count as measures.
    pub(super) fn index(&self) -> &Index {
        &self.index
    }

    /// The houses of a part of the building layer, where they keep their positions.
    pub(crate) fn part(&self, buildings: Option<&LayerSnapshot>) -> Self {
        let (kinds, day) = (self.kinds.clone(), self.day);
        let Some(buildings) = buildings else {
            return Self {
                kinds,
                day,
                ..Self::default()
            };
        };
        let houses = (buildings.rows()).map(|(at, _)| (at, self.at(at).clone()));
        Self::measured(
            buildings,
            kinds,
            (day, self.terms),
            Slots::build(houses.collect::<Vec<_>>()),
        )
    }

    /// The same, counted by terms that were in force before the counting began.
    pub(crate) fn counted_by(mut self, terms: &'static Terms) -> Self {
        self.terms = Counted(terms);
        self
    }

    /// Whether other terms are in force than those that it was counted by.
    pub(crate) fn is_outdated(&self) -> bool {
        !std::ptr::eq(self.terms.0, Terms::current())
    }

    /// The houses after a change of some buildings, known by their ids, and with the tallies
    /// of the houses that were counted again.
    pub(crate) fn after(
        &self,
        before: &LayerSnapshot,
        buildings: &LayerSnapshot,
        changed: &[Id],
        tallies: Option<Tallies>,
    ) -> Self {
        let mut tallies = tallies.unwrap_or_else(|| Tallies {
            kinds: self.kinds.clone(),
            day: self.day,
            counted: Some(std::collections::HashSet::new()),
            ..Tallies::default()
        });
        let Some(counted) = tallies.counted.take() else {
            return Self::new(Some(buildings), tallies);
        };
        let mut houses = self.houses.clone();
        let mut edits = Vec::new();
        for id in changed.iter().chain(&counted) {
            let old = before.position(id);
            let Some(at) = buildings.position(id) else {
                edits.extend(old.map(|at| {
                    houses.set(at, None);
                    (at, None)
                }));
                continue;
            };
            let tally = if counted.contains(id) {
                tallies.of.get(id).cloned()
            } else {
                old.and_then(|at| Some(self.houses.get(at)?.tally.clone()))
            };
            let house = House::new(buildings, buildings.row(at), tally.unwrap_or_default());
            let feature = buildings.shape(at).map(|shape| Feature {
                shape,
                measures: house.measures(tallies.kinds.len(), self.terms.0),
            });
            houses.set(at, Some(house));
            edits.push((at, feature));
        }
        // A kind that never occurred has a sum of its own.
        if tallies.kinds.len() != self.kinds.len() {
            return Self::measured(buildings, tallies.kinds, (self.day, self.terms), houses);
        }
        Self {
            kinds: tallies.kinds,
            day: self.day,
            terms: self.terms,
            index: self.index.following(buildings.index(), edits),
            houses,
        }
    }

    /// What the buildings in an area count.
    pub(crate) fn within(&self, area: &Area, rule: Rule) -> Census {
        if self.houses.is_empty() {
            return Census::default();
        }
        let sums = self.index.sums(area, rule);
        Census::of(sums.count, &sums.measures, self.kinds.len(), self.terms.0)
    }

    /// What some buildings count.
    pub(crate) fn count(&self, positions: &[u32]) -> Census {
        let kinds = self.kinds.len();
        let mut total = vec![0_i128; sums(kinds, self.terms.0)];
        for &at in positions {
            for (sum, part) in total
                .iter_mut()
                .zip(&*self.at(at).measures(kinds, self.terms.0))
            {
                *sum += i128::from(*part);
            }
        }
        Census::of(positions.len() as u64, &total, kinds, self.terms.0)
    }

    /// The day that ages were reckoned on, and that is counted for.
    pub(crate) fn day(&self) -> NaiveDate {
        self.day
    }

    /// Kinds of registration, in the order of [`Tally::people`].
    pub(crate) fn kinds(&self) -> &[Arc<str>] {
        &self.kinds
    }

    /// Has the building at a position fetched: it is soon looked at.
    pub(crate) fn fetch(&self, position: u32) {
        self.houses.fetch(position);
    }

    /// The building at a position of the building layer.
    pub(crate) fn at(&self, position: u32) -> &House {
        self.houses
            .get(position)
            .expect("positions come from the building layer")
    }
}

/// A decimal field with two places in hundredths, exactly; 0 where nothing is known.
pub(crate) fn hundredths(record: &Record, field: Option<usize>) -> i64 {
    let value = field.and_then(|at| record.values.get(at));
    value.map_or(0, in_hundredths)
}

fn in_hundredths(value: &Value) -> i64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "areas stay below 2^53 hundredths"
    )]
    (value.as_decimal()).map_or(0, |value| (value * 100.0).round() as i64)
}
