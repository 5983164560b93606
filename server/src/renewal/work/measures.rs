//! Houses by measure and phase.

use std::collections::BTreeMap;

use serde::Serialize;
use yizhangtu_data::{Catalog, Text};

use super::metres;
use crate::{
    atlas::{LayerSnapshot, hundredths},
    renewal::facts::titled,
};

/// Houses by measure and phase; together every house of the unit once.
#[derive(Serialize)]
pub(super) struct Measures {
    rows: Vec<Measure>,
    total: Sum,
}

#[derive(Serialize)]
struct Measure {
    /// Code of the measure; none where none was set.
    measure: Option<String>,
    label: Text,
    color: Option<String>,
    phase: Option<i64>,
    #[serde(flatten)]
    sum: Sum,
}

#[derive(Clone, Copy, Default, Serialize)]
struct Sum {
    count: u64,
    footprint_m2: f64,
    floor_area_m2: f64,
}

impl Measures {
    pub(super) fn of(catalog: &Catalog, houses: &LayerSnapshot, within: &[u32]) -> Self {
        let list = catalog.code_list("renewal_measure");
        let (footprint, floors) = (
            houses.layer.position("footprint_m2"),
            houses.layer.position("floor_area_m2"),
        );
        type Key = (usize, Option<String>, Option<i64>);
        let mut groups: BTreeMap<Key, [i64; 3]> = BTreeMap::new();
        let mut total = [0_i64; 3];
        for at in within {
            let record = houses.record(*at);
            let measure = record.get(&houses.layer, "measure").as_text();
            let rank = (measure.zip(list))
                .and_then(|(own, list)| list.codes.iter().position(|code| code.code == own));
            let key = (
                rank.unwrap_or(usize::MAX),
                measure.map(str::to_owned),
                record.get(&houses.layer, "phase").as_integer(),
            );
            let own = groups.entry(key).or_default();
            let counts = [1, hundredths(record, footprint), hundredths(record, floors)];
            for ((own, total), count) in own.iter_mut().zip(&mut total).zip(counts) {
                *own += count;
                *total += count;
            }
        }
        let none = Text {
            zh: "未定".to_owned(),
            en: "Not set".to_owned(),
        };
        Self {
            rows: (groups.into_iter())
                .map(|((_, measure, phase), counts)| Measure {
                    label: (measure.as_deref()).map_or_else(
                        || none.clone(),
                        |own| titled(catalog, "renewal_measure", own),
                    ),
                    color: (measure.as_deref().zip(list))
                        .and_then(|(own, list)| list.get(own)?.color.clone()),
                    measure,
                    phase,
                    sum: Sum::of(counts),
                })
                .collect(),
            total: Sum::of(total),
        }
    }
}

impl Sum {
    fn of([count, footprint, floors]: [i64; 3]) -> Self {
        Self {
            count: count.unsigned_abs(),
            footprint_m2: metres(footprint),
            floor_area_m2: metres(floors),
        }
    }
}
