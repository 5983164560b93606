//! The last days of a demonstration as changes with days of their own, so that its past can be
//! looked at: what was done with each case, and what was built on the houses that they are about.
//!
//! What stands at the end is the same as without: a case is loaded as it stood before those days
//! (or not at all) and its steps are taken again, one change set each.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Days, FixedOffset};
use geo::Scale as _;

use super::{
    layer_of,
    made::Made,
    records::{self, instant},
};
use crate::{
    Catalog, Change, ChangeSet, Id, Layer, Operation, Record, Value,
    catalog::{Process, process::To},
    course::{Taken, reference},
    store::{GeoPackage, StoreError},
};

const CASES: &str = "violation_case";
const HOUSES: &str = "building";
/// How much of a house stood before it was extended without leave, along each side.
const SMALLER: f64 = 0.9;
/// Days between the building and whoever found it.
const UNSEEN: u64 = 2;

/// What is loaded as it was, and what happens then.
pub(super) struct Past {
    /// Layers as they stood before the last days.
    before: BTreeMap<String, Vec<Record>>,
    steps: Vec<Step>,
    /// Houses that were extended, and when.
    extended: BTreeMap<Id, DateTime<FixedOffset>>,
}

/// A step that is taken again.
struct Step {
    at: DateTime<FixedOffset>,
    author: String,
    reason: String,
    changes: Vec<Change>,
}

impl Past {
    /// The last `days` of some villages.
    pub(super) fn of(catalog: &Catalog, villages: &[Made], days: u32) -> Self {
        let mut past = Self {
            before: BTreeMap::new(),
            steps: Vec::new(),
            extended: BTreeMap::new(),
        };
        let process = catalog.process(CASES);
        let Some((process, layer, log)) = process.and_then(|process| {
            Some((process, catalog.layer(CASES)?, catalog.layer(&process.log)?))
        }) else {
            return past;
        };
        let made = |name: &str, village: &Made| {
            let known = records::LAYERS
                .into_iter()
                .find(|(layer, _)| *layer == name);
            known.map_or_else(Vec::new, |(layer, maker)| {
                layer_of(catalog, layer, maker, village)
            })
        };
        let (mut cases, mut rows) = (Vec::new(), Vec::new());
        for village in villages {
            let cut = instant(village.spec.as_of - Days::new(days.into()), 0);
            let mut logs: BTreeMap<String, Vec<(Taken, Record)>> = BTreeMap::new();
            for row in made(&log.id, village) {
                let of = reference(log, CASES).and_then(|of| row.get(log, of).as_text());
                if let (Some(of), Some(taken)) = (of, Taken::read(log, &row)) {
                    logs.entry(of.to_owned()).or_default().push((taken, row));
                }
            }
            for case in made(CASES, village) {
                let own = logs.remove(&*case.id).unwrap_or_default();
                let known = own.partition_point(|(taken, _)| taken.at < cut);
                let stood = |steps: usize| stood(process, layer, &case, &own, steps);
                if known > 0 || own.is_empty() {
                    cases.push(stood(known));
                } else {
                    past.extends(layer, &case, own[0].0.at, cut);
                }
                for (at, (taken, row)) in own.iter().enumerate() {
                    if at < known {
                        rows.push(row.clone());
                        continue;
                    }
                    let case = stood(at + 1);
                    let title = process.transition(&taken.step).map(|step| &step.title.zh);
                    past.steps.push(Step {
                        at: taken.at,
                        author: taken.actor.clone(),
                        reason: title.cloned().unwrap_or_else(|| "登记线索".to_owned()),
                        changes: vec![
                            change(
                                CASES,
                                match at {
                                    0 => Operation::Insert(case),
                                    _ => Operation::Update(case),
                                },
                            ),
                            change(&log.id, Operation::Insert(row.clone())),
                        ],
                    });
                }
            }
        }
        past.before.insert(CASES.to_owned(), cases);
        past.before.insert(log.id.clone(), rows);
        past
    }

    /// A clue of the last days is of what was built shortly before.
    fn extends(
        &mut self,
        layer: &Layer,
        case: &Record,
        found: DateTime<FixedOffset>,
        cut: DateTime<FixedOffset>,
    ) {
        let at = found - Days::new(UNSEEN);
        if let Value::Json(houses) = case.get(layer, "buildings")
            && at > cut
        {
            for house in houses.as_array().into_iter().flatten() {
                if let Some(house) = house.as_str() {
                    self.extended.insert(house.into(), at);
                }
            }
        }
    }

    /// A layer as it stood before; none where nothing happened to it.
    pub(super) fn before(&mut self, layer: &str) -> Option<Vec<Record>> {
        self.before.remove(layer)
    }

    /// Takes the steps again, each on its day.
    pub(super) fn replay(mut self, store: &GeoPackage) -> Result<(), StoreError> {
        for (house, at) in std::mem::take(&mut self.extended) {
            let Some(now) = store.get(HOUSES, &house)? else {
                continue;
            };
            let mut before = now.clone();
            before.geometry = now.geometry.as_ref().map(|shape| shape.scale(SMALLER));
            // That it was smaller is no change of those days.
            let set = change_set(vec![change(HOUSES, Operation::Update(before))]);
            store.unwrite(store.commit(set)?)?;
            self.steps.push(Step {
                at,
                author: "data_manager".to_owned(),
                reason: "房屋轮廓更新".to_owned(),
                changes: vec![change(HOUSES, Operation::Update(now))],
            });
        }
        self.steps.sort_by_key(|step| step.at);
        for step in self.steps {
            let set = ChangeSet {
                author: step.author,
                reason: step.reason,
                ..change_set(step.changes)
            };
            store.redate(store.commit(set)?, step.at.to_utc())?;
        }
        Ok(())
    }
}

fn change(layer: &str, operation: Operation) -> Change {
    Change {
        layer: Arc::from(layer),
        operation,
    }
}

fn change_set(changes: Vec<Change>) -> ChangeSet {
    ChangeSet {
        changes,
        step: true,
        ..ChangeSet::default()
    }
}

/// A case as it stood when so many of its steps were taken: in the state that the last of them
/// led to, without the days that later ones set.
fn stood(
    process: &Process,
    layer: &Layer,
    case: &Record,
    log: &[(Taken, Record)],
    steps: usize,
) -> Record {
    let mut then = case.clone();
    let Some(last) = steps.checked_sub(1).and_then(|last| log.get(last)) else {
        return then;
    };
    then.set(layer, &process.state, last.0.to.as_str());
    let days = |taken: &Taken| -> Vec<&String> {
        let step = process.transition(&taken.step);
        (step.into_iter().flat_map(|step| &step.sets))
            .filter(|set| matches!(set.to, To::Today | To::Now))
            .map(|set| &set.field)
            .collect()
    };
    let set: Vec<&String> = log[..steps]
        .iter()
        .flat_map(|(taken, _)| days(taken))
        .collect();
    for (taken, _) in &log[steps..] {
        for field in days(taken) {
            if !set.contains(&field) {
                then.set(layer, field, Value::Null);
            }
        }
    }
    then
}
