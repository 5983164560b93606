//! Old rows of the audit log, moved into a file of their own once they were kept long enough.
//!
//! The chain goes on: the file holds the rows with their hashes, the log notes by a row of its
//! own up to which hash they were moved and what the file's hash is, and a check begins where
//! the file ends. What is moved is checked first, and is on the disk before it goes.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
};

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    Act, AuditRow, AuditState, GeoPackage, StoreError,
    attachments::sync,
    audit::{BEGINNING, ROW, read, written},
};
use crate::hexadecimal;

/// The act that a move is on record by; its object ends with the last hash that was moved.
pub(super) const ACTION: &str = "audit_archive";

/// Up to where the log was moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archived {
    /// Number of the last row that was moved.
    pub sequence: u64,
    /// Its hash.
    pub hash: String,
}

/// What a move did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// How many rows.
    pub rows: u64,
    /// How many requests for files, decided and over, went with them.
    pub requests: u64,
    /// SHA-256 of the file, hexadecimal; empty where nothing was moved.
    pub file_hash: String,
}

/// A row as a line of an archive.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    sequence: u64,
    at: String,
    user: String,
    name: String,
    role: String,
    unit: String,
    address: String,
    action: String,
    object: String,
    outcome: String,
    reason: String,
    count: u64,
    previous: String,
    hash: String,
}

impl From<AuditRow> for Line {
    fn from(row: AuditRow) -> Self {
        let act = row.act;
        Self {
            sequence: row.sequence,
            at: row.at,
            user: act.user,
            name: act.name,
            role: act.role,
            unit: act.unit,
            address: act.address,
            action: act.action,
            object: act.object,
            outcome: act.outcome,
            reason: act.reason,
            count: act.count,
            previous: row.previous,
            hash: row.hash,
        }
    }
}

impl From<Line> for AuditRow {
    fn from(line: Line) -> Self {
        Self {
            sequence: line.sequence,
            at: line.at,
            act: Act {
                user: line.user,
                name: line.name,
                role: line.role,
                unit: line.unit,
                address: line.address,
                action: line.action,
                object: line.object,
                outcome: line.outcome,
                reason: line.reason,
                count: line.count,
            },
            previous: line.previous,
            hash: line.hash,
        }
    }
}

impl GeoPackage {
    /// Up to where the log was moved into archives; none where it is all here.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn audit_archived(&self) -> Result<Option<Archived>, StoreError> {
        let sql = "SELECT value FROM about WHERE key = 'audit_archived'";
        let found = self.query(sql, [], |row| row.get::<_, Option<String>>(0))?;
        let text = found.into_iter().next().flatten();
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Rows of the log before an instant.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn audit_rows_before(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM audit WHERE at < ?1";
        let found = self.query(sql, [written(before)], |row| row.get::<_, i64>(0))?;
        Ok(found.first().map_or(0, |count| count.unsigned_abs()))
    }

    /// Moves the rows before an instant into a new file, and forgets what was asked of files
    /// that ended before it. `by` is who does so, for the log.
    ///
    /// # Errors
    /// When the log is not whole, the file is there already, or either cannot be written;
    /// nothing is gone then.
    pub fn archive_audit(
        &self,
        before: DateTime<Utc>,
        into: &Path,
        by: Act,
    ) -> Result<Moved, StoreError> {
        if let AuditState::Broken { sequence, fault } = self.audit_state(None)? {
            return Err(StoreError::Damaged {
                path: self.path().to_path_buf(),
                detail: format!(
                    "审计日志第 {sequence} 行：{fault} / row {sequence} of the audit log"
                ),
            });
        }
        let rows = self.query(
            &format!("{ROW} WHERE at < ?1 ORDER BY sequence"),
            [written(before)],
            read,
        )?;
        let Some(last) = rows.last().map(|row| Archived {
            sequence: row.sequence,
            hash: row.hash.clone(),
        }) else {
            return Ok(Moved {
                rows: 0,
                requests: 0,
                file_hash: String::new(),
            });
        };
        let count = rows.len() as u64;
        let file_hash = write(rows, into)?;
        let name = into.file_name().unwrap_or_default().to_string_lossy();
        // On record before anything goes, so that the log is never without a row.
        self.log(Act {
            action: ACTION.to_owned(),
            object: format!("{name} sha256:{file_hash} {} {}", last.sequence, last.hash),
            outcome: "done".to_owned(),
            count,
            ..by
        })?;
        let transaction = self.begin()?;
        let remove = || {
            let trigger: String = transaction.query_row(
                "SELECT sql FROM sqlite_schema WHERE name = 'audit_never_shortened'",
                [],
                |row| row.get(0),
            )?;
            transaction.execute_batch("DROP TRIGGER audit_never_shortened")?;
            transaction.execute(
                "DELETE FROM audit WHERE sequence <= ?1",
                [last.sequence.cast_signed()],
            )?;
            transaction.execute_batch(&trigger)?;
            let text = serde_json::to_string(&last)
                .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
            transaction.execute(
                "INSERT INTO about (key, value) VALUES ('audit_archived', ?1)
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                [text],
            )?;
            transaction.execute(
                "DELETE FROM export_request WHERE ends_at < ?1",
                params![before],
            )
        };
        let requests = remove()
            .and_then(|requests| transaction.commit().map(|()| requests))
            .map_err(|error| self.error(error))?;
        Ok(Moved {
            rows: count,
            requests: requests as u64,
            file_hash,
        })
    }

    /// Whether a row of the log says that it was moved up to a hash.
    pub(super) fn tells_of_move(&self, archived: &Archived) -> rusqlite::Result<bool> {
        let end = format!("% {} {}", archived.sequence, archived.hash);
        let sql = "SELECT 1 FROM audit WHERE action = ?1 AND object LIKE ?2 LIMIT 1";
        let found: Option<i64> = (self.connection)
            .query_row(sql, params![ACTION, end], |row| row.get(0))
            .optional()?;
        Ok(found.is_some())
    }
}

/// Writes rows into a new file, on the disk when this returns, and gives its hash.
fn write(rows: Vec<AuditRow>, into: &Path) -> Result<String, StoreError> {
    let failed = |error| StoreError::io(into, error);
    let mut bytes = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut bytes, &Line::from(row))
            .map_err(|error| failed(error.into()))?;
        bytes.push(b'\n');
    }
    let mut file = fs::File::create_new(into).map_err(failed)?;
    file.write_all(&bytes)
        .and_then(|()| file.sync_all())
        .map_err(failed)?;
    let folder = into
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    sync(folder.unwrap_or(Path::new("."))).map_err(failed)?;
    let digest = Sha256::digest(&bytes);
    Ok(hexadecimal(&digest))
}

/// Checks archives, the oldest first, one after another from the beginning of the log, and
/// gives the last row of the last.
///
/// # Errors
/// When one cannot be read.
pub fn check_archives(files: &[&Path]) -> Result<Result<Archived, (u64, String)>, StoreError> {
    let mut at = Archived {
        sequence: 0,
        hash: BEGINNING.to_owned(),
    };
    for path in files {
        let failed = |error| StoreError::io(path, error);
        for line in BufReader::new(fs::File::open(path).map_err(failed)?).lines() {
            let line = line.map_err(failed)?;
            let broken = |fault: &str| Ok(Err((at.sequence + 1, fault.to_owned())));
            let Ok(row) = serde_json::from_str::<Line>(&line).map(AuditRow::from) else {
                return broken("不是日志行 / is no row of a log");
            };
            if row.sequence != at.sequence + 1 || row.previous != at.hash {
                return broken("与上一行不相接 / does not follow from the row before");
            }
            if row.hash != row.computed() {
                return broken("内容被改动 / its content was changed");
            }
            at = Archived {
                sequence: row.sequence,
                hash: row.hash,
            };
        }
    }
    Ok(Ok(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Catalog, store::About};

    #[test]
    fn moved_rows_stay_in_the_chain_and_nothing_can_be_slipped_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("village.gpkg");
        let store = GeoPackage::create(&path, &Catalog::embedded(), &About::default()).unwrap();
        let act = |object: &str| Act {
            user: "li.si".into(),
            action: "unmask".into(),
            object: object.into(),
            outcome: "done".into(),
            ..Act::default()
        };
        for number in 1..=4 {
            store.log(act(&format!("person/{number}"))).unwrap();
        }
        let first = folder.path().join("1.jsonl");
        let soon = Utc::now() + chrono::TimeDelta::hours(1);
        let moved = store.archive_audit(soon, &first, Act::default()).unwrap();
        assert_eq!((moved.rows, store.audit_rows_before(soon).unwrap()), (4, 1));
        let whole = |store: &GeoPackage| {
            matches!(
                store.audit_state(None).unwrap(),
                AuditState::Whole { rows: 5, .. }
            )
        };
        assert!(whole(&store));
        // The file goes on where the archive ends; a second one after it.
        let archived = store.audit_archived().unwrap().unwrap();
        assert_eq!(check_archives(&[&first]).unwrap(), Ok(archived.clone()));
        assert!(store.audit_state(Some(&archived.hash)).is_ok());
        assert!(
            store.archive_audit(soon, &first, Act::default()).is_err(),
            "none is overwritten"
        );
        assert!(whole(&store) || store.audit_rows_before(soon).unwrap() > 0);
        assert!(
            store.connection.execute_batch("DELETE FROM audit").is_err(),
            "the trigger stands again"
        );
        let second = folder.path().join("2.jsonl");
        store.archive_audit(soon, &second, Act::default()).unwrap();
        let archived = store.audit_archived().unwrap().unwrap();
        assert_eq!(check_archives(&[&first, &second]).unwrap(), Ok(archived));
        assert!(
            check_archives(&[&second]).unwrap().is_err(),
            "one is missing"
        );
        // A row changed in an archive, and an anchor that nothing tells of.
        let text = fs::read_to_string(&first)
            .unwrap()
            .replace("person/2", "person/9");
        fs::write(&first, text).unwrap();
        assert_eq!(check_archives(&[&first]).unwrap().unwrap_err().0, 2);
        store
            .connection
            .execute_batch(
                "UPDATE about SET value = json_set(value, '$.hash', 'ab') WHERE key = 'audit_archived'",
            )
            .unwrap();
        assert!(matches!(
            store.audit_state(None).unwrap(),
            AuditState::Broken { .. }
        ));
    }
}
