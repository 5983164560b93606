//! What each building counts: people, households and square metres, as whole numbers.

use std::{collections::HashMap, sync::Arc};

use yizhangtu_data::{Id, Record};

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

/// The buildings' parts, at the positions of the building layer.
#[derive(Debug, Default)]
pub(crate) struct Houses {
    tallies: Arc<Tallies>,
    houses: Box<[House]>,
}

impl Houses {
    /// Brings the registers' tallies and the building layer together.
    pub(crate) fn new(buildings: Option<&LayerSnapshot>, tallies: Arc<Tallies>) -> Self {
        let houses = buildings.map_or_else(Box::default, |buildings| {
            let field = |name| buildings.layer.position(name);
            let (rental, footprint, floor_area) = (
                field("rental"),
                field("footprint_m2"),
                field("floor_area_m2"),
            );
            (buildings.records().iter())
                .map(|record| House {
                    tally: tallies.of.get(&record.id).cloned().unwrap_or_default(),
                    rental: rental.is_some_and(|at| record.values[at].as_boolean() == Some(true)),
                    footprint: hundredths(record, footprint),
                    floor_area: hundredths(record, floor_area),
                })
                .collect()
        });
        Self { tallies, houses }
    }

    /// Kinds of registration, in the order of [`Tally::people`].
    pub(crate) fn kinds(&self) -> &[Arc<str>] {
        &self.tallies.kinds
    }

    /// The building at a position of the building layer.
    pub(crate) fn at(&self, position: u32) -> &House {
        &self.houses[position as usize]
    }

    /// Who lives where, by the buildings' ids.
    pub(crate) fn tallies(&self) -> &Arc<Tallies> {
        &self.tallies
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
