//! The history, read: what changed since, what a feature was, what it came of.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, SecondsFormat, Utc};
use geo::Rect;
use rusqlite::{OptionalExtension, Row, params};

use super::{
    Committed, GeoPackage, StoreError, batch, blob,
    table::{Table, from_sql},
    walk::Placed,
};
use crate::{FieldKind, Id, Record};

/// One change of one feature, without what it held.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Number of the change.
    pub sequence: u64,
    /// The layer's identifier.
    pub layer: Arc<str>,
    /// The feature.
    pub id: Id,
    /// `insert`, `update` or `delete`.
    pub operation: String,
    /// When, RFC 3339 in UTC.
    pub at: String,
    /// The change set; none where another program wrote the row.
    pub change_set: Option<i64>,
    /// Who, where a change set says so.
    pub author: Option<String>,
    /// Why, where a change set says so.
    pub reason: Option<String>,
    /// The import batch, where one brought it.
    pub batch: Option<Arc<str>>,
    /// Bounds of what was there before, in longitude and latitude.
    pub before: Option<Rect<f64>>,
}

/// A change of a feature with what it was before.
#[derive(Clone, Debug, PartialEq)]
pub struct Revision {
    /// The change.
    pub entry: Entry,
    /// The feature before it; none where it was not there.
    pub before: Option<Record>,
}

/// A change of a feature, by what one of its fields held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touch {
    /// Number of the change.
    pub sequence: u64,
    /// The feature.
    pub id: Id,
    /// Whether the field held the value before the change.
    pub held: bool,
}

/// What a feature came of, or what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ancestry {
    /// The other feature.
    pub id: Id,
    /// The change set that split or merged.
    pub change_set: i64,
}

const ENTRY: &str = "l.sequence, l.layer, l.feature, l.operation, l.at, l.change_set,
    s.author, s.reason, s.batch, l.before_geometry";

const JOINED: &str = "change_log l LEFT JOIN change_set s ON s.fid = l.change_set";

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let before = match row.get_ref(9)? {
        rusqlite::types::ValueRef::Blob(bytes) => blob::bounds(bytes).ok().flatten(),
        _ => None,
    };
    Ok(Entry {
        sequence: row.get::<_, i64>(0)?.unsigned_abs(),
        layer: row.get(1)?,
        id: row.get(2)?,
        operation: row.get(3)?,
        at: row.get(4)?,
        change_set: row.get(5)?,
        author: row.get(6)?,
        reason: row.get(7)?,
        batch: row.get(8)?,
        before,
    })
}

fn number(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

impl GeoPackage {
    /// The changes after a number, in order, at most `limit`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn changes(&self, since: u64, limit: usize) -> Result<Vec<Entry>, StoreError> {
        if !self.own {
            return Ok(Vec::new());
        }
        self.query(
            &format!(
                "SELECT {ENTRY} FROM {JOINED} WHERE l.sequence > ?1 ORDER BY l.sequence LIMIT ?2"
            ),
            params![number(since), i64::try_from(limit).unwrap_or(i64::MAX)],
            entry,
        )
    }

    /// How many changes there are after a number, counted to `most` at most.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn log_length(&self, since: u64, most: usize) -> Result<usize, StoreError> {
        if !self.own {
            return Ok(0);
        }
        let counted = self.query(
            "SELECT count(*) FROM (SELECT 1 FROM change_log WHERE sequence > ?1 LIMIT ?2)",
            params![number(since), i64::try_from(most).unwrap_or(i64::MAX)],
            |row| row.get::<_, i64>(0),
        )?;
        Ok(usize::try_from(counted[0]).unwrap_or(0))
    }

    /// The changes of one change set, in order.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn log_of(&self, change_set: i64) -> Result<Vec<Entry>, StoreError> {
        self.query(
            &format!("SELECT {ENTRY} FROM {JOINED} WHERE l.change_set = ?1 ORDER BY l.sequence"),
            [change_set],
            entry,
        )
    }

    /// Number of the last change that touched a feature; 0 where none ever did.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn version(&self, layer: &str, id: &str) -> Result<u64, StoreError> {
        self.version_at(layer, id, u64::MAX)
    }

    /// As [`GeoPackage::version`], as it was after the change of a number.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn version_at(&self, layer: &str, id: &str, sequence: u64) -> Result<u64, StoreError> {
        if !self.own {
            return Ok(0);
        }
        self.connection
            .prepare_cached(
                "SELECT coalesce(max(sequence), 0) FROM change_log
                 WHERE layer = ?1 AND feature = ?2 AND sequence <= ?3",
            )
            .and_then(|mut select| {
                select.query_row(params![layer, id, number(sequence)], |row| {
                    row.get::<_, i64>(0)
                })
            })
            .map(i64::unsigned_abs)
            .map_err(|error| self.error(error))
    }

    /// Reads as of one moment, whoever writes meanwhile.
    ///
    /// # Errors
    /// The reader's, or when the file cannot be read.
    pub fn moment<T, E: From<StoreError>>(
        &self,
        read: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        // Within an open transaction everything is of one moment already.
        let moment = (self.connection.is_autocommit())
            .then(|| self.connection.unchecked_transaction())
            .transpose()
            .map_err(|error| self.error(error))?;
        let done = read();
        drop(moment);
        done
    }

    /// A feature and its version, of one moment.
    ///
    /// # Errors
    /// When there is no such layer, or the file cannot be read.
    pub fn get_versioned(
        &self,
        layer: &str,
        id: &str,
    ) -> Result<(Option<Record>, u64), StoreError> {
        self.moment(|| Ok((self.get(layer, id)?, self.version(layer, id)?)))
    }

    /// Every change of a feature with what it was before, the oldest first.
    ///
    /// # Errors
    /// When there is no such layer, or the file or its history cannot be read.
    pub fn revisions(&self, layer: &str, id: &str) -> Result<Vec<Revision>, StoreError> {
        if !self.own {
            return Ok(Vec::new());
        }
        let table = self.table(layer)?;
        let rows = self.query(
            &format!(
                "SELECT {ENTRY}, l.before, l.before_geometry FROM {JOINED}
                 WHERE l.layer = ?1 AND l.feature = ?2 ORDER BY l.sequence"
            ),
            [layer, id],
            |row| Ok((entry(row)?, row.get(10)?, row.get(11)?)),
        )?;
        rows.into_iter()
            .map(|(entry, before, geometry)| {
                let before = self.past(table, &entry.id, before, geometry)?;
                Ok(Revision {
                    entry,
                    before: before.map(|(_, record)| record),
                })
            })
            .collect()
    }

    /// What was different after the change of a number: each feature that was touched since,
    /// as it was then, or none where it was not there.
    ///
    /// # Errors
    /// When there is no such layer, or the file or its history cannot be read.
    pub fn as_of(
        &self,
        layer: &str,
        sequence: u64,
    ) -> Result<HashMap<Id, Option<Record>>, StoreError> {
        if !self.own {
            return Ok(HashMap::new());
        }
        let (were, _) = self.first_changes(self.table(layer)?, sequence)?;
        let record = |placed: Option<Placed>| placed.map(|(_, record)| record);
        Ok((were.into_iter())
            .map(|(id, was)| (id, record(was)))
            .collect())
    }

    /// The changes of a layer's features after a number, in order, each with whether a field held
    /// a value before it. Reads no geometries.
    ///
    /// # Errors
    /// When there is no such layer or field, or the file cannot be read.
    pub fn touches(
        &self,
        layer: &str,
        since: u64,
        field: &str,
        value: &str,
    ) -> Result<Vec<Touch>, StoreError> {
        let table = self.table(layer)?;
        let Some(column) = self.column(table, field)?.filter(|_| self.own) else {
            return Ok(Vec::new());
        };
        // By number: the index of the features would be read through all that ever happened.
        self.query(
            "SELECT sequence, feature, json_extract(before, ?3) IS ?4 FROM change_log
             WHERE +layer = ?1 AND sequence > ?2 ORDER BY sequence",
            params![
                table.layer.id,
                number(since),
                format!("$.\"{column}\""),
                value
            ],
            |row| {
                Ok(Touch {
                    sequence: row.get::<_, i64>(0)?.unsigned_abs(),
                    id: row.get(1)?,
                    held: row.get(2)?,
                })
            },
        )
    }

    /// Number of the last change up to an instant, given as the history writes it
    /// (`2026-11-22T05:00:00.000Z`); 0 where there was none yet.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn sequence_at(&self, at: &str) -> Result<u64, StoreError> {
        if !self.own {
            return Ok(0);
        }
        let found = self.query(
            "SELECT coalesce(max(sequence), 0) FROM change_log WHERE at <= ?1",
            [at],
            |row| row.get::<_, i64>(0),
        )?;
        Ok(found[0].unsigned_abs())
    }

    /// The days, as they are in China, on which something of these layers changed, in order.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn days_of_change(&self, layers: &[String]) -> Result<Vec<String>, StoreError> {
        if !self.own {
            return Ok(Vec::new());
        }
        let layers = serde_json::to_string(layers).unwrap_or_default();
        self.query(
            "SELECT DISTINCT date(at, '+8 hours') AS day FROM change_log
             WHERE layer IN (SELECT value FROM json_each(?1)) ORDER BY day",
            [layers],
            |row| row.get(0),
        )
    }

    /// Writes a change set as of another moment: a demonstration's past is made at once.
    pub(crate) fn redate(&self, done: Committed, at: DateTime<Utc>) -> Result<(), StoreError> {
        let at = at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let set = |table: &str, key: &str| {
            let sql = format!("UPDATE {table} SET at = ?1 WHERE {key} = ?2");
            self.connection.execute(&sql, params![at, done.change_set])
        };
        (set("change_log", "change_set").and_then(|_| set("change_set", "fid")))
            .map_err(|error| self.error(error))?;
        Ok(())
    }

    /// Takes a change set out of the history: it was no change.
    pub(crate) fn unwrite(&self, done: Committed) -> Result<(), StoreError> {
        let drop = |table: &str, key: &str| {
            let sql = format!("DELETE FROM {table} WHERE {key} = ?1");
            self.connection.execute(&sql, [done.change_set])
        };
        (drop("change_log", "change_set").and_then(|_| drop("change_set", "fid")))
            .map_err(|error| self.error(error))?;
        Ok(())
    }

    /// What a feature came of, and what came of it.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn ancestry(
        &self,
        layer: &str,
        id: &str,
    ) -> Result<(Vec<Ancestry>, Vec<Ancestry>), StoreError> {
        if !self.has_table("lineage")? {
            return Ok((Vec::new(), Vec::new()));
        }
        let of = |wanted: &str, given: &str| {
            self.query(
                &format!(
                    "SELECT {wanted}, change_set FROM lineage
                     WHERE layer = ?1 AND {given} = ?2 AND {wanted} <> ?2 ORDER BY fid"
                ),
                [layer, id],
                |row| {
                    Ok(Ancestry {
                        id: row.get(0)?,
                        change_set: row.get(1)?,
                    })
                },
            )
        };
        Ok((
            of("predecessor", "successor")?,
            of("successor", "predecessor")?,
        ))
    }

    /// What a feature that is gone was merged into, over as many mergings as there were; none
    /// where it is there, or was only deleted.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn heir(&self, layer: &str, id: &str) -> Result<Option<Id>, StoreError> {
        let (mut at, mut seen): (Id, Vec<Id>) = (id.into(), Vec::new());
        while !self.exists(layer, &at)? {
            let (_, heirs) = self.ancestry(layer, &at)?;
            // The last one counts: earlier mergings were taken back.
            match heirs.into_iter().next_back() {
                Some(heir) if !seen.contains(&heir.id) => {
                    seen.push(at);
                    at = heir.id;
                }
                _ => return Ok(None),
            }
        }
        Ok((!seen.is_empty()).then_some(at))
    }

    /// Whether the file has a table: one of an older version that is only read lacks some.
    fn has_table(&self, name: &str) -> Result<bool, StoreError> {
        self.connection
            .query_row(
                "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1",
                [name],
                |_| Ok(()),
            )
            .optional()
            .map(|found| found.is_some())
            .map_err(|error| self.error(error))
    }

    /// A record as the history kept it, with its place in the order of the file; none where
    /// the feature was not there.
    pub(super) fn past(
        &self,
        table: &Table,
        id: &Id,
        before: Option<String>,
        geometry: Option<Vec<u8>>,
    ) -> Result<Option<Placed>, StoreError> {
        let Some(before) = before else {
            return Ok(None);
        };
        let damaged = || StoreError::History {
            layer: table.layer.id.clone(),
            id: id.to_string(),
        };
        let mut kept: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&before).map_err(|_| damaged())?;
        let geometry = match geometry {
            Some(bytes) => blob::decode(&bytes).map_err(|_| damaged())?,
            None => None,
        };
        let geometry = geometry.map(|geometry| super::read::single(table.layer.geometry, geometry));
        let values = (table.layer.fields.iter().zip(&table.columns))
            .map(|(field, column)| {
                let value = column.as_ref().and_then(|column| kept.remove(column));
                let raw = batch::raw(field.kind == FieldKind::Decimal, value.unwrap_or_default());
                let value = from_sql(field.kind, (&raw).into());
                self.keys.open(&table.layer, field, value)
            })
            .collect();
        let batch = kept.remove("source_batch");
        let key = kept.remove("fid").and_then(|key| key.as_i64());
        let record = Record {
            id: Arc::clone(id),
            geometry,
            values,
            batch: batch.and_then(|batch| batch.as_str().map(Into::into)),
        };
        Ok(Some((key.unwrap_or_default(), record)))
    }

    /// Writes which features came of which.
    pub(super) fn keep_lineage(
        &self,
        transaction: &rusqlite::Transaction<'_>,
        change_set: i64,
        set: &crate::ChangeSet,
    ) -> Result<(), StoreError> {
        for line in &set.lineage {
            transaction
                .prepare_cached(
                    "INSERT INTO lineage (change_set, layer, predecessor, successor)
                     VALUES (?1, ?2, ?3, ?4)",
                )
                .and_then(|mut insert| {
                    insert.execute(params![
                        change_set,
                        &*line.layer,
                        &*line.predecessor,
                        &*line.successor
                    ])
                })
                .map_err(|error| self.error(error))?;
        }
        Ok(())
    }
}
