//! Whether a printed sheet still holds: what has changed, since its number, of what it shows.

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;
use yizhangtu_data::{
    Id, Layer, Record, Value,
    store::{Entry, GeoPackage, StoreError},
};
use yizhangtu_index::{Rule, Shape};

use super::{map::layers, press::Press, set::Sheet};
use crate::policy::Action;

/// Changes that are looked through; a sheet that is older than so many is to be printed anew.
const MOST: usize = 20_000;

/// Tables that the numbers on a sheet are counted from.
const REGISTERS: [&str; 4] = ["room", "household", "residence", "person"];

/// Of a person, only this is counted by.
const KIND: &str = "hukou_type";

/// How a printed sheet stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    /// 最新: it shows what is there now.
    Latest,
    /// 已过期: something that it shows has changed.
    Outdated,
    /// It cannot be told: printed from another file, or too long ago.
    Unknown,
}

/// How a printed sheet stands, and what changed.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Standing {
    status: Status,
    /// Number of the last change that the print shows.
    at: u64,
    /// When the first change of what it shows was made, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    /// Changes of what it shows.
    changes: usize,
    /// Houses that changed, or whose people did.
    houses: usize,
}

impl Standing {
    /// Looks through the history since a print. Changes of layers that the viewer may not see
    /// are passed over: that somebody moved in is not told by a sheet that has grown old.
    ///
    /// # Errors
    /// When the history cannot be read.
    pub(super) fn of(
        store: &GeoPackage,
        press: &Press,
        sheet: &Sheet,
        at: u64,
    ) -> Result<Self, StoreError> {
        store.moment(|| {
            let mut standing = Self {
                status: Status::Unknown,
                at,
                since: None,
                changes: 0,
                houses: 0,
            };
            let entries = store.changes(at, MOST + 1)?;
            if at > store.sequence()? || entries.len() > MOST {
                return Ok(standing);
            }
            let touched = Touched::of(store, press, sheet, at, &entries)?;
            standing.status = if touched.first.is_some() {
                Status::Outdated
            } else {
                Status::Latest
            };
            standing.since = touched.first;
            standing.changes = touched.changes;
            standing.houses = touched.houses.len();
            Ok(standing)
        })
    }
}

/// What of a sheet was touched.
#[derive(Default)]
struct Touched {
    first: Option<String>,
    changes: usize,
    houses: BTreeSet<Id>,
}

impl Touched {
    fn of(
        store: &GeoPackage,
        press: &Press,
        sheet: &Sheet,
        at: u64,
        entries: &[Entry],
    ) -> Result<Self, StoreError> {
        let mut by_layer: HashMap<&str, Vec<&Entry>> = HashMap::new();
        for entry in entries {
            by_layer.entry(&entry.layer).or_default().push(entry);
        }
        let mut touched = Self::default();
        for (name, entries) in by_layer {
            let Some(layer) = press
                .app
                .layer(name)
                .filter(|layer| press.viewer.may(Action::View, layer))
            else {
                continue;
            };
            let register = REGISTERS.contains(&name);
            let drawn =
                name == "sheet" || layers(&press.shown).iter().any(|own| own.layer.id == name);
            if !register && !drawn {
                continue;
            }
            let before = store.as_of(name, at)?;
            let mut known: HashMap<&Id, bool> = HashMap::new();
            for entry in entries {
                let on_it = match known.get(&entry.id) {
                    Some(on_it) => *on_it,
                    None => {
                        let then = before.get(&entry.id).and_then(Option::as_ref);
                        let on_it = if register {
                            touched.register(store, press, sheet, layer, &entry.id, then)?
                        } else {
                            touched.feature(press, sheet, layer, &entry.id, then)
                        };
                        known.insert(&entry.id, on_it);
                        on_it
                    }
                };
                if on_it {
                    touched.changes += 1;
                    let earlier = touched.first.as_ref().is_none_or(|first| entry.at < *first);
                    if earlier {
                        touched.first = Some(entry.at.clone());
                    }
                }
            }
        }
        Ok(touched)
    }

    /// Whether a feature is or was on the sheet. A house is where its representative point is.
    fn feature(
        &mut self,
        press: &Press,
        sheet: &Sheet,
        layer: &Layer,
        id: &Id,
        then: Option<&Record>,
    ) -> bool {
        if layer.id == "sheet" {
            return **id == *sheet.id;
        }
        let house = layer.id == "building";
        let rule = if house {
            Rule::RepresentativePoint
        } else {
            Rule::Intersects
        };
        let shape = |record: &Record| Shape::new(record.geometry.as_ref()?).ok();
        let inside = |shape: &Shape| shape.is_in(&sheet.area, rule);
        let before = then.and_then(shape).is_some_and(|shape| inside(&shape));
        let own = press.shown.layer(&layer.id);
        let now = own
            .and_then(|own| own.shape(own.position(id)?))
            .is_some_and(|shape| inside(&shape));
        if house && (before || now) {
            self.houses.insert(id.clone());
        }
        before || now
    }

    /// Whether a row of a register is or was about a house on the sheet.
    fn register(
        &mut self,
        store: &GeoPackage,
        press: &Press,
        sheet: &Sheet,
        layer: &Layer,
        id: &Id,
        then: Option<&Record>,
    ) -> Result<bool, StoreError> {
        let now = store.get(&layer.id, id)?;
        if layer.id == "person" {
            let kind =
                |record: Option<&Record>| record.map(|record| record.get(layer, KIND).clone());
            // Who is new or gone counts by where they live or lived.
            if then.is_none() || now.is_none() || kind(then) == kind(now.as_ref()) {
                return Ok(false);
            }
        }
        let mut homes = Vec::new();
        for record in [then, now.as_ref()].into_iter().flatten() {
            find_homes(store, press, layer, record, &mut homes)?;
        }
        let Some(buildings) = press.shown.layer("building") else {
            return Ok(false);
        };
        let mut found = false;
        for home in homes {
            let shape = buildings.position(&home).and_then(|at| buildings.shape(at));
            if shape.is_some_and(|shape| shape.is_in(&sheet.area, Rule::RepresentativePoint)) {
                self.houses.insert(home);
                found = true;
            }
        }
        Ok(found)
    }
}

/// The buildings that a row is about, by the places of the matrix of rights: the first field
/// that is filled counts.
fn find_homes(
    store: &GeoPackage,
    press: &Press,
    layer: &Layer,
    record: &Record,
    homes: &mut Vec<Id>,
) -> Result<(), StoreError> {
    for place in press.viewer.places(&layer.id) {
        if let Some((table, field)) = place.split_once('.') {
            let Some(table) = press.app.layer(table) else {
                continue;
            };
            let own = Value::from(record.id.to_string());
            for row in store.find(&table.id, field, &own)? {
                find_homes(store, press, table, &row, homes)?;
            }
            return Ok(());
        }
        let Some(id) = record
            .get(layer, place)
            .as_text()
            .filter(|id| !id.is_empty())
        else {
            continue;
        };
        let target = layer
            .field(place)
            .and_then(|field| field.reference.as_deref());
        match target {
            Some("building") => homes.push(id.into()),
            Some(other) => {
                if let (Some(other), Some(row)) = (press.app.layer(other), store.get(other, id)?) {
                    find_homes(store, press, other, &row, homes)?;
                }
            }
            None => {}
        }
        return Ok(());
    }
    Ok(())
}
