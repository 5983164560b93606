//! Import batches: what came from which file, and how to take it back.

use std::{collections::BTreeMap, sync::Arc};

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params, params_from_iter};

use super::{
    GeoPackage, StoreError,
    commit::Touched,
    table::{Table, quote},
};
use crate::{ChangeSet, FieldKind};

/// One import of one file into one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportBatch {
    /// Identifier, also in `source_batch` of each row that it brought.
    pub id: Arc<str>,
    /// The file's name, as the user gave it.
    pub file: String,
    /// The layer that it went into.
    pub layer: String,
    /// The reference system that the coordinates came in.
    pub crs: Option<String>,
    /// The encoding of its texts.
    pub encoding: Option<String>,
    /// Which column went into which field.
    pub mapping: serde_json::Value,
    /// Read, added, changed, unchanged, repaired, refused.
    pub counts: serde_json::Value,
    /// Who imported.
    pub author: String,
    /// When, as RFC 3339 in UTC; set by the store when empty.
    pub at: String,
    /// When it was undone, if it was.
    pub undone_at: Option<String>,
}

/// What undoing a batch did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Undone {
    /// The number of the last change.
    pub sequence: u64,
    /// The row of `change_set` that takes it back.
    pub change_set: i64,
    /// Features that the batch had brought, and that are gone.
    pub removed: usize,
    /// Features that are as they were before the batch.
    pub restored: usize,
}

/// What is taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undoing {
    /// An import.
    Batch(String),
    /// One change set.
    ChangeSet(i64),
}

impl ImportBatch {
    pub(super) fn write(&self, connection: &Connection, change_set: i64) -> rusqlite::Result<()> {
        connection.execute(
            "INSERT INTO import_batch (id, file, layer, crs, encoding, mapping, counts, author, at, change_set)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,
               coalesce(nullif(?9, ''), strftime('%Y-%m-%dT%H:%M:%fZ','now')), ?10)",
            params![
                &*self.id,
                self.file,
                self.layer,
                self.crs,
                self.encoding,
                self.mapping.to_string(),
                self.counts.to_string(),
                self.author,
                self.at,
                change_set
            ],
        )?;
        Ok(())
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let json = |at: usize| {
            row.get::<_, Option<String>>(at).map(|text| {
                text.and_then(|text| serde_json::from_str(&text).ok())
                    .unwrap_or_default()
            })
        };
        Ok(Self {
            id: row.get::<_, String>(0)?.into(),
            file: row.get(1)?,
            layer: row.get(2)?,
            crs: row.get(3)?,
            encoding: row.get(4)?,
            mapping: json(5)?,
            counts: json(6)?,
            author: row.get(7)?,
            at: row.get(8)?,
            undone_at: row.get(9)?,
        })
    }
}

/// A row of the history, as undoing needs it.
struct Entry {
    sequence: i64,
    layer: String,
    feature: String,
    operation: String,
    before: Option<String>,
    geometry: Option<Vec<u8>>,
}

impl GeoPackage {
    /// The import batches, the oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn batches(&self) -> Result<Vec<ImportBatch>, StoreError> {
        if !self.own {
            return Ok(Vec::new());
        }
        self.query(
            "SELECT id, file, layer, crs, encoding, mapping, counts, author, at, undone_at
             FROM import_batch ORDER BY fid",
            [],
            ImportBatch::read,
        )
    }

    /// Takes an import back: rows that it brought go, rows that it changed are as they
    /// were. The history keeps both the import and its undoing.
    ///
    /// # Errors
    /// When there is no such batch or it is undone already, or when a later change
    /// touched one of its rows; the error names them and nothing is changed.
    pub fn undo_batch(&self, id: &str, author: &str) -> Result<Undone, StoreError> {
        let group = self.group()?;
        let reason = format!("撤销导入批次 {id} / undo import batch {id}");
        let what = Undoing::Batch(id.to_owned());
        let undone = group.undo(&what, author, &reason, |_| Ok::<_, StoreError>(()))?;
        group.finish()?;
        Ok(undone)
    }

    /// Takes an import or a change set back, within the transaction that is open.
    pub(super) fn undo_within(
        &self,
        transaction: &Transaction<'_>,
        what: &Undoing,
        author: &str,
        reason: &str,
    ) -> Result<Undone, StoreError> {
        let fail = |error| self.error(error);
        let entries = self.entries(transaction, what)?;
        self.refuse_if_changed_since(transaction, what, &entries)?;
        self.refuse_step(what, &entries)?;
        let set = ChangeSet {
            author: author.to_owned(),
            reason: reason.to_owned(),
            ..ChangeSet::default()
        };
        let change_set = self.start_change_set(transaction, &set)?;
        let mut touched = Touched::new();
        let mut undone = Undone {
            change_set,
            ..Undone::default()
        };
        for entry in entries.iter().rev() {
            let table = self.table(&entry.layer)?;
            if entry.operation == "insert" {
                transaction
                    .execute(
                        &format!("DELETE FROM {} WHERE id = ?1", quote(&table.name)),
                        [&entry.feature],
                    )
                    .map_err(fail)?;
                undone.removed += 1;
            } else {
                self.restore(transaction, table, entry)?;
                undone.restored += 1;
            }
            touched.insert(table.name.as_str(), None);
        }
        if let Undoing::Batch(id) = what {
            transaction
                .execute(
                    "UPDATE import_batch SET undone_by = ?2,
                     undone_at = strftime('%Y-%m-%dT%H:%M:%fZ','now') WHERE id = ?1",
                    params![id, change_set],
                )
                .map_err(fail)?;
        }
        self.end_change_set(transaction, &touched)?;
        undone.sequence = self.sequence()?;
        Ok(undone)
    }

    /// What is to be undone, in the order in which it was done.
    fn entries(
        &self,
        transaction: &Transaction<'_>,
        what: &Undoing,
    ) -> Result<Vec<Entry>, StoreError> {
        let fail = |error| self.error(error);
        match what {
            Undoing::Batch(id) => {
                let open = self.own
                    && transaction
                        .query_row(
                            "SELECT 1 FROM import_batch WHERE id = ?1 AND undone_at IS NULL",
                            [id],
                            |_| Ok(()),
                        )
                        .optional()
                        .map_err(fail)?
                        .is_some();
                if !open {
                    return Err(StoreError::NoBatch { batch: id.clone() });
                }
                entries(transaction, "s.batch = ?1", id).map_err(fail)
            }
            Undoing::ChangeSet(number) => {
                let entries = entries(transaction, "s.fid = ?1", number).map_err(fail)?;
                if entries.is_empty() {
                    return Err(StoreError::NoChangeSet {
                        change_set: *number,
                    });
                }
                Ok(entries)
            }
        }
    }

    /// What a process did is not taken back: it goes on from where it is.
    fn refuse_step(&self, what: &Undoing, entries: &[Entry]) -> Result<(), StoreError> {
        let logs =
            |entry: &&Entry| (self.layer(&entry.layer)).is_some_and(|layer| layer.append_only);
        // The rows that began features stand beside their inserts, and go with them.
        let begun = (entries.iter()).filter(|entry| {
            entry.operation != "update" && self.catalog.process(&entry.layer).is_some()
        });
        match what {
            Undoing::ChangeSet(number) if entries.iter().filter(logs).count() > begun.count() => {
                Err(StoreError::IsStep {
                    change_set: *number,
                })
            }
            _ => Ok(()),
        }
    }

    fn refuse_if_changed_since(
        &self,
        transaction: &Transaction<'_>,
        what: &Undoing,
        entries: &[Entry],
    ) -> Result<(), StoreError> {
        const NAMED: usize = 10;
        let mut last = BTreeMap::new();
        for entry in entries {
            last.insert((&entry.layer, &entry.feature), entry.sequence);
        }
        let mut later = transaction
            .prepare(
                "SELECT 1 FROM change_log WHERE layer = ?1 AND feature = ?2 AND sequence > ?3 LIMIT 1",
            )
            .map_err(|error| self.error(error))?;
        let mut rows = Vec::new();
        for ((layer, feature), sequence) in last {
            if later
                .exists(params![layer, feature, sequence])
                .map_err(|error| self.error(error))?
            {
                rows.push(format!("{layer}/{feature}"));
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
        let more = rows.len().saturating_sub(NAMED);
        rows.truncate(NAMED);
        let mut rows = rows.join(", ");
        if more > 0 {
            rows.push_str(&format!(" …(+{more})"));
        }
        Err(match what {
            Undoing::Batch(batch) => StoreError::ChangedSince {
                batch: batch.clone(),
                rows,
            },
            Undoing::ChangeSet(change_set) => StoreError::SetChangedSince {
                change_set: *change_set,
                rows,
            },
        })
    }

    /// Puts a row back as the history has it, value for value.
    fn restore(
        &self,
        transaction: &Transaction<'_>,
        table: &Table,
        entry: &Entry,
    ) -> Result<(), StoreError> {
        let damaged = || StoreError::History {
            layer: entry.layer.clone(),
            id: entry.feature.clone(),
        };
        let before: serde_json::Map<String, serde_json::Value> = entry
            .before
            .as_ref()
            .and_then(|text| serde_json::from_str(text).ok())
            .ok_or_else(damaged)?;
        let mut columns = vec!["id".to_owned()];
        let mut values = vec![Sql::Text(entry.feature.clone())];
        if let Some(geometry) = &table.geometry {
            columns.push(geometry.clone());
            values.push(entry.geometry.clone().into());
        }
        for (column, value) in before {
            let decimal = table
                .layer
                .field(&column)
                .is_some_and(|field| field.kind == FieldKind::Decimal);
            values.push(raw(decimal, value));
            columns.push(column);
        }
        let names: Vec<String> = columns.iter().map(|column| quote(column)).collect();
        let name = quote(&table.name);
        let sql = if entry.operation == "delete" {
            let marks = vec!["?"; names.len()].join(", ");
            format!("INSERT INTO {name} ({}) VALUES ({marks})", names.join(", "))
        } else {
            let sets: Vec<String> = names
                .iter()
                .enumerate()
                .map(|(at, name)| format!("{name} = ?{}", at + 1))
                .collect();
            format!("UPDATE {name} SET {} WHERE id = ?1", sets.join(", "))
        };
        transaction
            .prepare_cached(&sql)
            .and_then(|mut statement| statement.execute(params_from_iter(values)))
            .map(drop)
            .map_err(|error| self.write_error(table, &entry.feature, error))
    }
}

/// What a batch or change set changed, in order.
fn entries(
    connection: &Connection,
    which: &str,
    value: &dyn rusqlite::ToSql,
) -> rusqlite::Result<Vec<Entry>> {
    connection
        .prepare(&format!(
            "SELECT l.sequence, l.layer, l.feature, l.operation, l.before, l.before_geometry
             FROM change_log l JOIN change_set s ON s.fid = l.change_set
             WHERE {which} ORDER BY l.sequence"
        ))?
        .query_map([value], |row| {
            Ok(Entry {
                sequence: row.get(0)?,
                layer: row.get(1)?,
                feature: row.get(2)?,
                operation: row.get(3)?,
                before: row.get(4)?,
                geometry: row.get(5)?,
            })
        })?
        .collect()
}

/// A value of the history as its column held it.
pub(super) fn raw(decimal: bool, value: serde_json::Value) -> Sql {
    match value {
        serde_json::Value::Null => Sql::Null,
        serde_json::Value::Bool(truth) => Sql::Integer(i64::from(truth)),
        serde_json::Value::Number(number) => number
            .as_i64()
            .map(Sql::Integer)
            .or_else(|| number.as_f64().map(Sql::Real))
            .unwrap_or(Sql::Null),
        serde_json::Value::String(text) => {
            match decimal.then(|| text.parse::<f64>().ok()).flatten() {
                Some(number) => Sql::Real(number),
                None => Sql::Text(text),
            }
        }
        other => Sql::Text(other.to_string()),
    }
}
