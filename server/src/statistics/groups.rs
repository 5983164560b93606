//! The same counts for each feature of a layer: by grid, by co-op, by renewal unit.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;
use yizhangtu_data::Text;
use yizhangtu_index::Rule;

use super::{
    Subject,
    count::{Counted, Counts, Selection},
    overlay,
};
use crate::{
    atlas::{LayerSnapshot, Snapshot},
    policy::{Seen, Viewer},
};

/// One group.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Group {
    /// The feature of the layer; none for what lies in none.
    id: Option<String>,
    code: Option<String>,
    name: Option<String>,
    /// What of the feature is inside the area, in m².
    area_m2: f64,
    #[serde(flatten)]
    counts: Counts,
}

/// What falls to one group, as positions in the layers.
#[derive(Default)]
struct Part {
    buildings: Vec<u32>,
    cases: Vec<u32>,
    assets: Vec<u32>,
}

impl Part {
    fn counted(self, snapshot: &Snapshot, seen: &Counted) -> Selection {
        Selection {
            census: seen.census(snapshot, &self.buildings),
            cases: self.cases,
            assets: self.assets,
        }
    }
}

/// Splits a selection by where the representative points lie. In a partition each feature
/// is in one group, so that the groups add up to the whole; contracts are counted in each
/// group that one of their assets is in.
pub(super) fn of(
    viewer: &Viewer,
    snapshot: &Snapshot,
    by: &LayerSnapshot,
    subject: &Subject,
    (selection, rule): (&Selection, Rule),
    today: NaiveDate,
    seen: &Counted,
) -> Vec<Group> {
    let mut parts: BTreeMap<Option<u32>, (f64, Part)> = BTreeMap::new();
    for (position, area_m2) in overlay::inside(by, subject) {
        if area_m2 > 0.0 {
            parts.entry(Some(position)).or_default().0 = area_m2;
        }
    }
    type Pick = fn(&mut Part) -> &mut Vec<u32>;
    let buildings = snapshot
        .layer("building")
        .map(|layer| layer.within(&subject.area, rule));
    let kinds: [(&str, &[u32], Pick); 3] = [
        (
            "building",
            buildings.as_deref().unwrap_or_default(),
            |part| &mut part.buildings,
        ),
        ("violation_case", &selection.cases, |part| &mut part.cases),
        ("asset", &selection.assets, |part| &mut part.assets),
    ];
    for (layer, positions, pick) in kinds {
        let Some(layer) = snapshot.layer(layer) else {
            continue;
        };
        for &position in positions {
            let homes = layer
                .shape(position)
                .map(|shape| by.at(shape.representative()))
                .unwrap_or_default();
            if homes.is_empty() {
                pick(&mut parts.entry(None).or_default().1).push(position);
            }
            for home in homes {
                pick(&mut parts.entry(Some(home)).or_default().1).push(position);
            }
        }
    }
    let mut groups: Vec<Group> = parts
        .into_iter()
        .map(|(home, (area_m2, part))| {
            let record = home.map(|home| by.record(home));
            let field = |name: Option<&str>| match viewer.see(&by.layer, record?).get(name?) {
                Seen::Nothing => None,
                seen => Some(seen.to_text()),
            };
            let label = by.layer.label.as_deref().unwrap_or("name");
            Group {
                id: record.map(|record| record.id.to_string()),
                code: field(by.layer.code.as_deref()),
                name: match record {
                    Some(_) => field(Some(label)),
                    None => Some(Text::nowhere().zh),
                },
                area_m2,
                counts: Counts::of(snapshot, &part.counted(snapshot, seen), today, seen),
            }
        })
        .collect();
    // By code, then id; what lies nowhere comes last.
    groups.sort_by(|a, b| {
        (a.id.is_none().cmp(&b.id.is_none()))
            .then_with(|| a.code.cmp(&b.code))
            .then_with(|| a.id.cmp(&b.id))
    });
    groups
}
