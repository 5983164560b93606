//! A layer read piece by piece, as it was at one moment, while others write.

use std::{collections::HashMap, sync::Arc};

use rusqlite::params;

use super::{
    GeoPackage, StoreError,
    table::{Table, quote},
};
use crate::{Id, Record};

/// Where a feature stands in the order of the file, and the feature.
pub type Placed = (i64, Record);

/// Features read at a time where all are wanted.
const PIECE: usize = 1000;

/// A reader of one layer in the order of the file, as it was after one change.
///
/// Each piece is read in a short transaction of its own, so that a slow receiver holds up
/// nobody. What was changed since the moment is given as it was then: it is taken from the
/// history, once for each feature.
#[derive(Debug)]
pub struct Walk<'s> {
    store: &'s GeoPackage,
    table: &'s Table,
    /// Up to which change the features below are known.
    known: u64,
    /// What was different at the moment: each feature that was touched since, as it was.
    was: HashMap<Id, Option<Placed>>,
    /// Key of the last feature that was given.
    last: i64,
}

impl GeoPackage {
    /// A reader of a layer as it was after a change (`u64::MAX`: as it is), behind a place in the order of the file;
    /// from the beginning where none is given. Files of other programs are read as they are.
    ///
    /// # Errors
    /// When there is no such layer.
    pub fn walk(
        &self,
        layer: &str,
        sequence: u64,
        behind: Option<i64>,
    ) -> Result<Walk<'_>, StoreError> {
        Ok(Walk {
            store: self,
            table: self.table(layer)?,
            known: sequence,
            was: HashMap::new(),
            last: behind.unwrap_or(i64::MIN),
        })
    }
}

impl Walk<'_> {
    /// The next features, at most `limit`; none at the end.
    ///
    /// # Errors
    /// When the file or its history cannot be read.
    pub fn next(&mut self, limit: usize) -> Result<Vec<Placed>, StoreError> {
        let store = self.store;
        let given = store.moment(|| {
            self.catch_up()?;
            // What was changed since stands among them too, and is passed over.
            let mut now = self.now(limit.saturating_add(self.was.len()))?;
            now.retain(|(_, record)| !self.was.contains_key(&record.id));
            let then = self.was.values().flatten();
            now.extend(then.filter(|(key, _)| *key > self.last).cloned());
            now.sort_by_key(|(key, _)| *key);
            now.truncate(limit);
            Ok::<_, StoreError>(now)
        })?;
        if let Some((key, _)) = given.last() {
            self.last = *key;
        }
        Ok(given)
    }

    /// Hands over every feature that is left.
    ///
    /// # Errors
    /// As [`Walk::next`].
    pub fn each(&mut self, mut each: impl FnMut(Record)) -> Result<(), StoreError> {
        loop {
            let piece = self.next(PIECE)?;
            if piece.is_empty() {
                return Ok(());
            }
            piece.into_iter().for_each(|(_, record)| each(record));
        }
    }

    /// How many features the layer had, wherever the walk stands.
    ///
    /// # Errors
    /// As [`Walk::next`].
    pub fn count(&mut self) -> Result<u64, StoreError> {
        let store = self.store;
        store.moment(|| {
            self.catch_up()?;
            let sql = format!("SELECT count(*) FROM {}", quote(&self.table.name));
            let now: i64 = store.query(&sql, [], |row| row.get(0))?[0];
            let mut count = now.unsigned_abs();
            for (id, then) in &self.was {
                let there = (store.has(self.table, id)).map_err(|error| store.error(error))?;
                count = count + u64::from(then.is_some()) - u64::from(there);
            }
            Ok(count)
        })
    }

    /// A feature as it was.
    ///
    /// # Errors
    /// As [`Walk::next`].
    pub fn get(&mut self, id: &str) -> Result<Option<Record>, StoreError> {
        let store = self.store;
        store.moment(|| {
            self.catch_up()?;
            match self.was.get(id) {
                Some(then) => Ok(then.as_ref().map(|(_, record)| record.clone())),
                None => store.get(&self.table.layer.id, id),
            }
        })
    }

    /// The features whose field has a value.
    ///
    /// # Errors
    /// As [`Walk::next`], and when there is no such field.
    pub fn find(&mut self, field: &str, value: &crate::Value) -> Result<Vec<Record>, StoreError> {
        let store = self.store;
        store.moment(|| {
            self.catch_up()?;
            let layer = &self.table.layer;
            let mut found = store.find(&layer.id, field, value)?;
            found.retain(|record| !self.was.contains_key(&record.id));
            let then = self.was.values().flatten().map(|(_, record)| record);
            found.extend(then.filter(|then| then.get(layer, field) == value).cloned());
            Ok(found)
        })
    }

    /// Whether nothing was changed since the moment.
    ///
    /// # Errors
    /// As [`Walk::next`].
    pub fn is_current(&mut self) -> Result<bool, StoreError> {
        self.catch_up()?;
        Ok(self.was.is_empty())
    }

    /// Learns what was changed since it was last asked.
    fn catch_up(&mut self) -> Result<(), StoreError> {
        if !self.store.own {
            return Ok(());
        }
        // Of the first change since the moment alone is the state before it that of the moment.
        let (was, known) = (self.store).first_changes(self.table, self.known)?;
        for (id, then) in was {
            self.was.entry(id).or_insert(then);
        }
        self.known = self.known.max(known);
        Ok(())
    }

    fn now(&self, limit: usize) -> Result<Vec<Placed>, StoreError> {
        let (store, table) = (self.store, self.table);
        let key = quote(&table.key);
        // The key stands behind the columns that a record is read from.
        let sql = format!(
            "SELECT {}, t.{key} FROM {} t WHERE t.{key} > ?1 ORDER BY t.{key} LIMIT ?2",
            table.selection(),
            quote(&table.name)
        );
        let behind = 3 + table.layer.fields.len();
        let read = || {
            let mut statement = store.connection.prepare_cached(&sql)?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let mut rows = statement.query(params![self.last, limit])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push((row.get(behind)?, store.record(table, row)));
            }
            Ok(found)
        };
        let found: Vec<(i64, Result<Record, StoreError>)> =
            read().map_err(|error| store.error(error))?;
        let placed = found.into_iter();
        placed.map(|(key, record)| Ok((key, record?))).collect()
    }
}

/// Features by their ids, as [`GeoPackage::first_changes`] finds them.
pub(super) type Were = Vec<(Id, Option<Placed>)>;

impl GeoPackage {
    /// The features of a table that were changed after a number, each as it was before, or none
    /// where it was not there; and the number of the last change of the file.
    pub(super) fn first_changes(
        &self,
        table: &Table,
        since: u64,
    ) -> Result<(Were, u64), StoreError> {
        let last = self.sequence()?;
        if last <= since {
            return Ok((Vec::new(), last));
        }
        // By number: the index of the features would be read through all that ever happened.
        let rows = self.query(
            "SELECT feature, before, before_geometry FROM change_log WHERE sequence IN
               (SELECT min(sequence) FROM change_log WHERE +layer = ?1 AND sequence > ?2 GROUP BY feature)",
            params![table.layer.id, i64::try_from(since).unwrap_or(i64::MAX)],
            |row| Ok((row.get::<_, Id>(0)?, row.get(1)?, row.get(2)?)),
        )?;
        let were = rows.into_iter().map(|(id, before, geometry)| {
            let before = self.past(table, &id, before, geometry)?;
            Ok((Arc::clone(&id), before))
        });
        Ok((were.collect::<Result<_, StoreError>>()?, last))
    }
}
