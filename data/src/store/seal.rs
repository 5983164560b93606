//! Seals what lies in clear, and seals anew under another key, while others read and write.

use std::collections::BTreeMap;

use rusqlite::{Connection, Transaction, params};

use super::{
    GeoPackage, StoreError, history,
    table::{Table, quote},
};
use crate::{Field, Value, seal};

/// Rows that are sealed in one transaction: others wait no longer than that.
const ROWS: i64 = 2_000;

/// What sealed fields of a file hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SealState {
    /// Values in clear, in rows and in the history.
    pub clear: u64,
    /// Values by the name of the key that they are sealed under.
    pub by_key: BTreeMap<String, u64>,
}

/// What sealing did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Values that were sealed, or sealed anew.
    pub values: u64,
    /// Files beside the map that were.
    pub files: u64,
    /// Whether what the disk kept of the old ones was overwritten too.
    pub cleared: bool,
}

/// A column whose values are sealed.
struct Column<'t> {
    table: &'t Table,
    field: &'t Field,
    name: &'t str,
}

impl GeoPackage {
    fn sealed_columns(&self) -> impl Iterator<Item = Column<'_>> {
        let own = self.tables.iter().filter(|table| table.own);
        own.flat_map(|table| {
            let columns = table.layer.fields.iter().zip(&table.columns);
            columns.filter_map(move |(field, column)| {
                let name = column.as_deref().filter(|_| field.is_sealed())?;
                Some(Column { table, field, name })
            })
        })
    }

    /// What the sealed fields hold, rows and history counted.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn seal_state(&self) -> Result<SealState, StoreError> {
        let mut state = SealState::default();
        for column in self.sealed_columns() {
            let (table, name) = (quote(&column.table.name), quote(column.name));
            let path = format!("$.{}", column.name);
            // The key's name stands between the first two colons.
            let counted = |value: &str, from: &str| {
                format!(
                    "SELECT CASE WHEN {value} GLOB 'enc1:*' THEN substr({value}, 6, instr(substr({value}, 6), ':') - 1) END,
                     count(*) FROM {from} AND {value} <> '' GROUP BY 1"
                )
            };
            let rows = counted(&name, &format!("{table} WHERE ?1 IS ?1 AND ?2 IS ?2"));
            let past = counted(
                "json_extract(before, ?2)",
                "change_log WHERE layer = ?1 AND before IS NOT NULL",
            );
            for sql in [rows, past] {
                let found = self.query(&sql, params![column.table.layer.id, path], |row| {
                    Ok((row.get::<_, Option<String>>(0)?, row.get::<_, i64>(1)?))
                })?;
                for (key, count) in found {
                    let count = count.unsigned_abs();
                    match key {
                        Some(key) => *state.by_key.entry(key).or_default() += count,
                        None => state.clear += count,
                    }
                }
            }
        }
        Ok(state)
    }

    /// A key that some row is sealed under and that is not at hand.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn missing_key(&self) -> Result<Option<String>, StoreError> {
        let ring = self.keys.ring();
        for column in self.sealed_columns() {
            let (table, name) = (quote(&column.table.name), quote(column.name));
            let known: String = (ring.names())
                .map(|own| format!(" AND NOT {name} GLOB '{}{own}:*'", seal::MARK))
                .collect();
            let found = self.query(
                &format!("SELECT {name} FROM {table} WHERE {name} GLOB 'enc1:*'{known} LIMIT 1"),
                [],
                |row| row.get::<_, String>(0),
            )?;
            let key = found.first().and_then(|text| text.split(':').nth(1));
            if let Some(key) = key {
                return Ok(Some(key.to_owned()));
            }
        }
        Ok(None)
    }

    /// Seals every value that is in clear or under another key with the key at hand, in the
    /// rows and in the history. Nothing else of them changes: no history is written, and who
    /// reads meanwhile reads the same values.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn reseal(&self, progress: &dyn Fn(u64)) -> Result<Resealed, StoreError> {
        let fail = |error| self.error(error);
        // What is overwritten must not stay readable in pages that are free.
        let connection = &self.connection;
        (connection.pragma_update(None, "secure_delete", "ON")).map_err(fail)?;
        let mut done = Resealed::default();
        for column in self.sealed_columns() {
            let mut after = 0;
            while let Some(last) = self.reseal_rows(&column, after, &mut done.values)? {
                after = last;
                progress(done.values);
            }
        }
        let mut after = 0;
        while let Some(last) = self.reseal_history(after, &mut done.values)? {
            after = last;
            progress(done.values);
        }
        done.files = self.attachments().reseal(&|hash| {
            let rows = self.query(
                "SELECT 1 FROM attachment WHERE hash = ?1 LIMIT 1",
                [hash],
                |_| Ok(()),
            )?;
            Ok(!rows.is_empty())
        })?;
        // Where another program has the file open, it is cleared at the next occasion.
        let emptied: rusqlite::Result<i64> =
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
        done.cleared = matches!(emptied, Ok(0)) && connection.execute_batch("VACUUM").is_ok();
        if done.cleared {
            let _: rusqlite::Result<i64> =
                connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
        }
        Ok(done)
    }

    /// The sealed form that a kept text should have; none where it has it.
    fn renewed(&self, table: &Table, field: &Field, kept: &str) -> Option<String> {
        let ring = self.keys.ring();
        let current = format!("{}{}:", seal::MARK, ring.current()?);
        if kept.is_empty() || kept.starts_with(&current) {
            return None;
        }
        let open = self.keys.open(&table.layer, field, Value::from(kept));
        // What can't be opened stays as it is.
        self.keys.seal(&table.layer, field, &open)
    }

    /// Seals some rows after one of a key; the last row's key, or none at the end.
    fn reseal_rows(
        &self,
        column: &Column<'_>,
        after: i64,
        values: &mut u64,
    ) -> Result<Option<i64>, StoreError> {
        let fail = |error| self.error(error);
        let (table, name) = (quote(&column.table.name), quote(column.name));
        let transaction = self.begin()?;
        let rows: Vec<(i64, Option<String>)> = read(
            &transaction,
            &format!("SELECT fid, CAST({name} AS TEXT) FROM {table} WHERE fid > ?1 ORDER BY fid LIMIT {ROWS}"),
            after,
        )
        .map_err(fail)?;
        let Some(last) = rows.last().map(|(fid, _)| *fid) else {
            return Ok(None);
        };
        let renewed: Vec<(i64, String)> = (rows.into_iter())
            .filter_map(|(fid, kept)| {
                Some((fid, self.renewed(column.table, column.field, &kept?)?))
            })
            .collect();
        let write = || {
            // A change of form is none of the feature: the history is silent for once.
            history::silently(&transaction, column.table, || {
                let mut update = transaction
                    .prepare(&format!("UPDATE {table} SET {name} = ?2 WHERE fid = ?1"))?;
                for (fid, text) in &renewed {
                    update.execute(params![fid, text])?;
                }
                Ok(())
            })
        };
        if !renewed.is_empty() {
            write().map_err(fail)?;
        }
        *values += renewed.len() as u64;
        transaction.commit().map_err(fail)?;
        Ok(Some(last))
    }

    /// As [`GeoPackage::reseal_rows`], of what the history keeps.
    fn reseal_history(&self, after: i64, values: &mut u64) -> Result<Option<i64>, StoreError> {
        let fail = |error| self.error(error);
        let transaction = self.begin()?;
        let columns: Vec<Column<'_>> = self.sealed_columns().collect();
        let rows: Vec<(i64, String, Option<String>)> = transaction
            .prepare(&format!(
                "SELECT sequence, layer, before FROM change_log WHERE sequence > ?1 ORDER BY sequence LIMIT {ROWS}"
            ))
            .and_then(|mut select| {
                let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
                select.query_map([after], row)?.collect()
            })
            .map_err(fail)?;
        let Some(last) = rows.last().map(|(sequence, ..)| *sequence) else {
            return Ok(None);
        };
        for (sequence, layer, before) in rows {
            let own = columns.iter().filter(|own| own.table.layer.id == layer);
            let Some(before) = before else { continue };
            let Ok(mut kept) = serde_json::from_str::<serde_json::Map<_, _>>(&before) else {
                continue;
            };
            let mut changed = false;
            for column in own {
                let text = kept.get(column.name).and_then(serde_json::Value::as_str);
                let renewed = text.and_then(|text| self.renewed(column.table, column.field, text));
                if let Some(renewed) = renewed {
                    kept.insert(column.name.to_owned(), renewed.into());
                    *values += 1;
                    changed = true;
                }
            }
            if changed {
                let before = serde_json::Value::Object(kept).to_string();
                transaction
                    .execute(
                        "UPDATE change_log SET before = ?2 WHERE sequence = ?1",
                        params![sequence, before],
                    )
                    .map_err(fail)?;
            }
        }
        transaction.commit().map_err(fail)?;
        Ok(Some(last))
    }

    /// Notes which key a copy was seen of, so that its loss need not be feared.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn note_key_copy(&self, key: &str) -> Result<(), StoreError> {
        let transaction: Transaction<'_> = self.begin()?;
        transaction
            .execute(
                "INSERT INTO about (key, value) VALUES ('key_copy', ?1)
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                [key],
            )
            .map_err(|error| self.error(error))?;
        transaction.commit().map_err(|error| self.error(error))
    }

    /// The key that a copy was seen of.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn key_copy(&self) -> Result<Option<String>, StoreError> {
        if !self.own {
            return Ok(None);
        }
        let found = self.query(
            "SELECT value FROM about WHERE key = 'key_copy'",
            [],
            |row| row.get(0),
        )?;
        Ok(found.into_iter().next().flatten())
    }
}

fn read(
    connection: &Connection,
    sql: &str,
    after: i64,
) -> rusqlite::Result<Vec<(i64, Option<String>)>> {
    connection
        .prepare(sql)?
        .query_map([after], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}
