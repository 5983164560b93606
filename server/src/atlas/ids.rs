//! The position of each id, in a table that shares what a change leaves alone.

use std::{
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use hashbrown::{HashTable, hash_table::Entry};
use rayon::prelude::*;

use super::records::Records;

/// Parts of the table; a change copies the one that its id falls into.
const PARTS: u64 = 1024;

/// Positions by id. The ids stand in the records, which every question is asked with: the table
/// itself takes a few bytes for each. Cloning shares all parts.
#[derive(Clone)]
pub(super) struct Ids {
    hasher: RandomState,
    parts: Vec<Arc<HashTable<u32>>>,
}

impl Ids {
    /// The table of all records; of equal ids the last counts.
    pub(super) fn new(records: &Records) -> Self {
        let hasher = RandomState::new();
        let mut parts: Vec<Vec<(u64, u32)>> = vec![Vec::new(); PARTS as usize];
        for (position, id) in records.ids() {
            let hash = hasher.hash_one(id);
            parts[part(hash)].push((hash, position));
        }
        let table = |own: Vec<(u64, u32)>| {
            let mut table = HashTable::with_capacity(own.len());
            for (hash, position) in own {
                let is_same = |other: &u32| records.id(*other) == records.id(position);
                let hash_of = |other: &u32| hash_at(&hasher, records, *other);
                match table.entry(hash, is_same, hash_of) {
                    Entry::Occupied(mut known) => *known.get_mut() = position,
                    Entry::Vacant(free) => {
                        free.insert(position);
                    }
                }
            }
            Arc::new(table)
        };
        Self {
            parts: parts.into_par_iter().map(table).collect(),
            hasher,
        }
    }

    /// The position of an id.
    pub(super) fn get(&self, id: &str, records: &Records) -> Option<u32> {
        let hash = self.hasher.hash_one(id);
        let is_it = |position: &u32| records.id(*position) == Some(id);
        self.parts[part(hash)].find(hash, is_it).copied()
    }

    /// Gives a new id a position, where its record is put next.
    pub(super) fn insert(&mut self, id: &str, position: u32, records: &Records) {
        let hash = self.hasher.hash_one(id);
        let hash_of = |other: &u32| hash_at(&self.hasher, records, *other);
        Arc::make_mut(&mut self.parts[part(hash)]).insert_unique(hash, position, hash_of);
    }

    /// Forgets an id, whose record is still there; returns its position.
    pub(super) fn remove(&mut self, id: &str, records: &Records) -> Option<u32> {
        let position = self.get(id, records)?;
        let hash = self.hasher.hash_one(id);
        let table = Arc::make_mut(&mut self.parts[part(hash)]);
        if let Ok(known) = table.find_entry(hash, |other| *other == position) {
            known.remove();
        }
        Some(position)
    }
}

fn part(hash: u64) -> usize {
    (hash % PARTS) as usize
}

fn hash_at(hasher: &RandomState, records: &Records, position: u32) -> u64 {
    let id = records.id(position);
    hasher.hash_one(id.expect("every position in the table has a record"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use yizhangtu_data::{Catalog, Operation, Record};

    use crate::atlas::LayerSnapshot;

    /// More than a part has room for at first, so that tables grow on the way.
    #[test]
    fn every_id_is_found_where_its_record_stands_after_any_changes() {
        let catalog = Catalog::embedded();
        let layer = catalog.layer("building").expect("houses");
        let record = |id: u32| Record::new(layer, format!("h{id}"));
        let first: Vec<Record> = (0..500).map(record).collect();
        let mut now: BTreeMap<u32, u32> = (0..500).zip(0..).collect();
        let before = LayerSnapshot::new(layer.clone(), first);
        let mut after = before.after([]);
        for round in 0..40_u32 {
            let mut end = after.records.end();
            let operations = (0..300).map(|step| {
                let id = (round * 7919 + step * 104_729) % 9000;
                if now.contains_key(&id) && step % 3 == 0 {
                    now.remove(&id);
                    return Operation::Delete(format!("h{id}").into());
                }
                now.entry(id).or_insert_with(|| {
                    end += 1;
                    end - 1
                });
                Operation::Update(record(id))
            });
            let operations: Vec<_> = operations.collect();
            after = after.after(&operations);
        }
        for id in 0..9000 {
            let name = format!("h{id}");
            assert_eq!(after.position(&name), now.get(&id).copied(), "{name}");
            assert_eq!(before.position(&name), (id < 500).then_some(id), "{name}");
        }
        assert_eq!(after.positions().count(), now.len());
    }
}
