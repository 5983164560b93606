//! What each building counts: people, households and square metres, as whole numbers.

use std::{collections::HashMap, sync::Arc};

use yizhangtu_data::{Id, Record};
use yizhangtu_index::{Area, Feature, Index, Rule, Slots};

use super::LayerSnapshot;

/// Word for people whose kind of registration is not recorded.
pub(crate) const UNKNOWN_KIND: &str = "未登记";

/// Who lives in one building, by the registers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// People by kind, in the order of [`Tallies::kinds`]; shorter where the rest is 0.
    pub(crate) people: Vec<u32>,
    /// Households.
    pub(crate) households: u32,
    /// Rooms.
    pub(crate) rooms: u32,
}

/// Who lives where: a tally for each building that has any.
#[derive(Debug, Default)]
pub(crate) struct Tallies {
    /// Kinds of registration (`hukou_type`) that occur, in order.
    pub(crate) kinds: Vec<Arc<str>>,
    /// By the building's id.
    pub(crate) of: HashMap<Id, Tally>,
}

/// One building's part in every sum. Areas are in hundredths of a square metre.
#[derive(Clone, Debug, Default)]
pub(crate) struct House {
    /// Who lives there.
    pub(crate) tally: Tally,
    /// Let to tenants (出租屋).
    pub(crate) rental: bool,
    /// 基底面积 in 0.01 m².
    pub(crate) footprint: i64,
    /// 建筑面积 in 0.01 m².
    pub(crate) floor_area: i64,
}

/// The buildings' parts, at the positions of the building layer, and their sums.
#[derive(Debug, Default)]
pub(crate) struct Houses {
    tallies: Arc<Tallies>,
    houses: Slots<House>,
    /// The building layer's index, with the parts as measures.
    index: Index,
}

/// Measures of a house beside its people by kind: households, let or not, 基底面积 and
/// 建筑面积 in 0.01 m².
const MEASURES: usize = 4;

/// What some buildings count together. Areas are in hundredths of a square metre.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Census {
    /// Number of buildings.
    pub(crate) buildings: u64,
    /// People by kind, in the order of [`Tallies::kinds`].
    pub(crate) people: Vec<u64>,
    /// Households.
    pub(crate) households: u64,
    /// Buildings let to tenants.
    pub(crate) rental: u64,
    /// 基底面积 in 0.01 m².
    pub(crate) footprint: i128,
    /// 建筑面积 in 0.01 m².
    pub(crate) floor_area: i128,
}

impl Census {
    fn of(buildings: u64, sums: &[i128]) -> Self {
        let count = |sum: i128| u64::try_from(sum).expect("counts are not negative");
        let (people, rest) = sums.split_at(sums.len() - MEASURES);
        Self {
            buildings,
            people: people.iter().map(|&sum| count(sum)).collect(),
            households: count(rest[0]),
            rental: count(rest[1]),
            footprint: rest[2],
            floor_area: rest[3],
        }
    }
}

impl House {
    fn new(buildings: &LayerSnapshot, record: &Record, tallies: &Tallies) -> Self {
        let field = |name| buildings.layer.position(name);
        Self {
            tally: tallies.of.get(&record.id).cloned().unwrap_or_default(),
            rental: field("rental").is_some_and(|at| record.values[at].as_boolean() == Some(true)),
            footprint: hundredths(record, field("footprint_m2")),
            floor_area: hundredths(record, field("floor_area_m2")),
        }
    }

    /// Its part in each sum, of so many kinds of people.
    fn measures(&self, kinds: usize) -> Arc<[i64]> {
        let people = self.tally.people.iter().map(|&count| i64::from(count));
        (people.chain(std::iter::repeat(0)).take(kinds))
            .chain([
                i64::from(self.tally.households),
                i64::from(self.rental),
                self.footprint,
                self.floor_area,
            ])
            .collect()
    }
}

impl Houses {
    /// Brings the registers' tallies and the building layer together.
    pub(crate) fn new(buildings: Option<&LayerSnapshot>, tallies: Arc<Tallies>) -> Self {
        let Some(buildings) = buildings else {
            return Self {
                tallies,
                ..Self::default()
            };
        };
        let houses: Vec<(u32, House)> = (buildings.records())
            .map(|(at, record)| (at, House::new(buildings, record, &tallies)))
            .collect();
        let kinds = tallies.kinds.len();
        let houses = Slots::build(houses);
        let index = (buildings.index()).measured(kinds + MEASURES, |at| {
            houses
                .get(at)
                .map(|house: &House| house.measures(kinds))
                .unwrap_or_default()
        });
        Self {
            tallies,
            houses,
            index,
        }
    }

    /// The houses after a change of some buildings, known by their ids. Tallies are new
    /// where the registers were counted again.
    pub(crate) fn after<'a>(
        &self,
        before: &LayerSnapshot,
        buildings: &LayerSnapshot,
        changed: impl Iterator<Item = &'a Id>,
        tallies: Option<Arc<Tallies>>,
    ) -> Self {
        let new = tallies.as_ref().unwrap_or(&self.tallies);
        if new.kinds != self.tallies.kinds {
            return Self::new(Some(buildings), Arc::clone(new));
        }
        let mut ids: Vec<&Id> = changed.collect();
        if tallies.is_some() {
            let differs = |(id, tally): &(&Id, &Tally)| self.tallies.of.get(*id) != Some(*tally);
            ids.extend(new.of.iter().filter(differs).map(|(id, _)| id));
            ids.extend(
                self.tallies
                    .of
                    .keys()
                    .filter(|id| !new.of.contains_key(*id)),
            );
        }
        let mut houses = self.houses.clone();
        let mut edits = Vec::with_capacity(ids.len());
        for id in ids {
            let Some(at) = buildings.position(id) else {
                edits.extend(before.position(id).map(|at| {
                    houses.set(at, None);
                    (at, None)
                }));
                continue;
            };
            let house = House::new(buildings, buildings.record(at), new);
            let feature = buildings.shape(at).map(|shape| Feature {
                shape: shape.clone(),
                measures: house.measures(new.kinds.len()),
            });
            houses.set(at, Some(house));
            edits.push((at, feature));
        }
        Self {
            tallies: Arc::clone(new),
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
        Census::of(sums.count, &sums.measures)
    }

    /// What some buildings count.
    pub(crate) fn count(&self, positions: &[u32]) -> Census {
        let kinds = self.kinds().len();
        let mut sums = vec![0_i128; kinds + MEASURES];
        for &at in positions {
            for (sum, part) in sums.iter_mut().zip(&*self.at(at).measures(kinds)) {
                *sum += i128::from(*part);
            }
        }
        Census::of(positions.len() as u64, &sums)
    }

    /// Kinds of registration, in the order of [`Tally::people`].
    pub(crate) fn kinds(&self) -> &[Arc<str>] {
        &self.tallies.kinds
    }

    /// Who lives where, by the buildings' ids.
    pub(crate) fn tallies(&self) -> &Arc<Tallies> {
        &self.tallies
    }

    /// The building at a position of the building layer.
    pub(crate) fn at(&self, position: u32) -> &House {
        self.houses
            .get(position)
            .expect("positions come from the building layer")
    }
}

impl Tally {
    /// All people.
    pub(crate) fn residents(&self) -> u64 {
        self.people.iter().map(|&count| u64::from(count)).sum()
    }
}

/// A decimal field with two places in hundredths, exactly; 0 where nothing is known.
pub(crate) fn hundredths(record: &Record, field: Option<usize>) -> i64 {
    let value = field.and_then(|at| record.values.get(at)?.as_decimal());
    #[expect(
        clippy::cast_possible_truncation,
        reason = "areas stay below 2^53 hundredths"
    )]
    value.map_or(0, |value| (value * 100.0).round() as i64)
}
