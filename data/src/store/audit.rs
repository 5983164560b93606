//! The audit log: who did what, in rows that each carry the hash of the one before.
//!
//! Triggers refuse to change or remove a row. Whoever takes the triggers away can't hide it:
//! changing, removing or reordering rows breaks the chain, and cutting its end shows against
//! the count that SQLite keeps, or against a last hash that was noted elsewhere.

use chrono::{DateTime, SecondsFormat, Utc};
use rusqlite::{OptionalExtension, Row, params};
use sha2::{Digest, Sha256};

use super::{GeoPackage, StoreError};
use crate::hexadecimal;

/// What the first row names as the hash before it.
pub(super) const BEGINNING: &str =
    "0000000000000000000000000000000000000000000000000000000000000000";

/// One act.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Act {
    /// The account's user, or what stands for it.
    pub user: String,
    /// The person's own name.
    pub name: String,
    /// The role.
    pub role: String,
    /// Where the person works.
    pub unit: String,
    /// The network address that asked.
    pub address: String,
    /// What was done, such as `login` or `unmask`.
    pub action: String,
    /// What it was done to. Nothing personal: ids, and hashes of what was searched.
    pub object: String,
    /// `done` or `refused`.
    pub outcome: String,
    /// Why, where a reason was given or it was refused.
    pub reason: String,
    /// How many records it was about.
    pub count: u64,
}

/// A row of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Its number; the first is 1.
    pub sequence: u64,
    /// When, as written: RFC 3339 in UTC with milliseconds.
    pub at: String,
    /// What was done.
    pub act: Act,
    /// Hash of the row before.
    pub previous: String,
    /// SHA-256 over `previous` and every field, hexadecimal.
    pub hash: String,
}

impl AuditRow {
    /// The hash that the row should have. Fields are separated by their lengths, so that no
    /// two rows read alike.
    pub(super) fn computed(&self) -> String {
        let act = &self.act;
        let mut hasher = Sha256::new();
        let (sequence, count) = (self.sequence.to_string(), act.count.to_string());
        for field in [
            &self.previous,
            &sequence,
            &self.at,
            &act.user,
            &act.name,
            &act.role,
            &act.unit,
            &act.address,
            &act.action,
            &act.object,
            &act.outcome,
            &act.reason,
            &count,
        ] {
            hasher.update((field.len() as u64).to_be_bytes());
            hasher.update(field.as_bytes());
        }
        hexadecimal(&hasher.finalize())
    }
}

/// What a check of the log found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditState {
    /// Every row is as it was written, and none is missing.
    Whole {
        /// Number of rows.
        rows: u64,
        /// Hash of the last; to be noted elsewhere.
        last: String,
    },
    /// A row is not as it was written, or not where it was.
    Broken {
        /// Its number, or that of the missing one.
        sequence: u64,
        /// What is wrong, Chinese and English.
        fault: String,
    },
}

/// Which rows are asked for.
#[derive(Clone, Debug, Default)]
pub struct AuditQuery {
    /// Of this user.
    pub user: Option<String>,
    /// Of this action.
    pub action: Option<String>,
    /// Of this outcome.
    pub outcome: Option<String>,
    /// About something that has this in its words.
    pub object: Option<String>,
    /// From this instant on.
    pub from: Option<DateTime<Utc>>,
    /// Before this instant.
    pub until: Option<DateTime<Utc>>,
    /// Before this row, for the next page.
    pub before: Option<u64>,
    /// At most so many, the latest first.
    pub limit: u32,
}

/// Which rows are added up, by user and day.
#[derive(Clone, Debug, Default)]
pub struct AuditSums {
    /// Of these actions.
    pub actions: Vec<String>,
    /// Of this outcome.
    pub outcome: Option<String>,
    /// From this instant on.
    pub from: Option<DateTime<Utc>>,
    /// Between two times of day in China, `HH:MM`; over midnight where the second is smaller.
    pub between: Option<[String; 2]>,
}

/// What one user did on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditSum {
    /// The account's user.
    pub user: String,
    /// The person's own name.
    pub name: String,
    /// The day in China, `2026-11-22`.
    pub day: String,
    /// How many rows.
    pub rows: u64,
    /// How many records they were about.
    pub records: u64,
    /// Number of the last row.
    pub last: u64,
}

pub(super) const ROW: &str = "SELECT sequence, at, user, name, role, unit, address, action, object, \
     outcome, reason, count, previous, hash FROM audit";

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<AuditRow> {
    let number = |at: usize| row.get::<_, i64>(at).map(i64::unsigned_abs);
    Ok(AuditRow {
        sequence: number(0)?,
        at: row.get(1)?,
        act: Act {
            user: row.get(2)?,
            name: row.get(3)?,
            role: row.get(4)?,
            unit: row.get(5)?,
            address: row.get(6)?,
            action: row.get(7)?,
            object: row.get(8)?,
            outcome: row.get(9)?,
            reason: row.get(10)?,
            count: number(11)?,
        },
        previous: row.get(12)?,
        hash: row.get(13)?,
    })
}

pub(super) fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

impl GeoPackage {
    /// Writes an act, on the disk when this returns, and gives its number.
    ///
    /// # Errors
    /// When the file cannot be written: then what was to be logged must not happen.
    pub fn log(&self, act: Act) -> Result<u64, StoreError> {
        let transaction = self.begin()?;
        let write = || {
            let last = transaction
                .query_row(
                    "SELECT sequence, at, hash FROM audit ORDER BY sequence DESC LIMIT 1",
                    [],
                    |row| Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?)),
                )
                .optional()?;
            let (last, last_at, previous) =
                last.unwrap_or_else(|| (0, String::new(), BEGINNING.to_owned()));
            let mut row = AuditRow {
                sequence: last.unsigned_abs() + 1,
                // A clock that is set back does not make rows go back.
                at: written(Utc::now()).max(last_at),
                act,
                previous,
                hash: String::new(),
            };
            row.hash = row.computed();
            let act = &row.act;
            transaction.execute(
                "INSERT INTO audit (sequence, at, user, name, role, unit, address, action, object,
                   outcome, reason, count, previous, hash)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
                params![
                    row.sequence.cast_signed(),
                    row.at,
                    act.user,
                    act.name,
                    act.role,
                    act.unit,
                    act.address,
                    act.action,
                    act.object,
                    act.outcome,
                    act.reason,
                    act.count.cast_signed(),
                    row.previous,
                    row.hash,
                ],
            )?;
            Ok(row.sequence)
        };
        write()
            .and_then(|sequence| transaction.commit().map(|()| sequence))
            .map_err(|error| self.error(error))
    }

    /// Rows of the log, the latest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn audit(&self, query: &AuditQuery) -> Result<Vec<AuditRow>, StoreError> {
        if !self.has_accounts_table()? {
            return Ok(Vec::new());
        }
        self.query(
            &format!(
                "{ROW} WHERE (?1 IS NULL OR user = ?1) AND (?2 IS NULL OR action = ?2)
                 AND (?3 IS NULL OR outcome = ?3) AND (?4 IS NULL OR at >= ?4)
                 AND (?5 IS NULL OR at < ?5) AND (?6 IS NULL OR sequence < ?6)
                 AND (?7 IS NULL OR instr(object, ?7) > 0)
                 ORDER BY sequence DESC LIMIT ?8"
            ),
            params![
                query.user,
                query.action,
                query.outcome,
                query.from.map(written),
                query.until.map(written),
                query.before.map(u64::cast_signed),
                query.object,
                query.limit,
            ],
            read,
        )
    }

    /// Sums over the log by user and day, the latest day first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn audit_sums(&self, asked: &AuditSums) -> Result<Vec<AuditSum>, StoreError> {
        if !self.has_accounts_table()? {
            return Ok(Vec::new());
        }
        let actions = serde_json::json!(asked.actions).to_string();
        let (since, until) = match &asked.between {
            Some([since, until]) => (Some(since), Some(until)),
            None => (None, None),
        };
        let number = |row: &Row<'_>, at: usize| row.get::<_, i64>(at).map(i64::unsigned_abs);
        self.query(
            "SELECT user, max(name), date(at, '+8 hours') AS day, count(*), sum(count), max(sequence)
             FROM audit, (SELECT ?4 AS since, ?5 AS until)
             WHERE action IN (SELECT value FROM json_each(?1))
               AND (?2 IS NULL OR outcome = ?2) AND (?3 IS NULL OR at >= ?3)
               AND (since IS NULL OR CASE WHEN since <= until
                 THEN strftime('%H:%M', at, '+8 hours') >= since AND strftime('%H:%M', at, '+8 hours') < until
                 ELSE strftime('%H:%M', at, '+8 hours') >= since OR strftime('%H:%M', at, '+8 hours') < until END)
             GROUP BY user, day ORDER BY day DESC, user",
            params![actions, asked.outcome, asked.from.map(written), since, until],
            |row| {
                Ok(AuditSum {
                    user: row.get(0)?,
                    name: row.get(1)?,
                    day: row.get(2)?,
                    rows: number(row, 3)?,
                    records: number(row, 4)?,
                    last: number(row, 5)?,
                })
            },
        )
    }

    /// Checks every row that is here, after those that were archived, against the one before, and the last against the count that SQLite
    /// keeps and a hash that was noted elsewhere.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn audit_state(&self, noted: Option<&str>) -> Result<AuditState, StoreError> {
        if !self.has_accounts_table()? {
            return Ok(AuditState::Whole {
                rows: 0,
                last: BEGINNING.to_owned(),
            });
        }
        let archived = self.audit_archived()?;
        let check = || {
            let mut statement = self
                .connection
                .prepare(&format!("{ROW} ORDER BY sequence"))?;
            let mut rows = statement.query([])?;
            let (mut expected, mut previous) = (archived.as_ref()).map_or_else(
                || (1, BEGINNING.to_owned()),
                |end| (end.sequence + 1, end.hash.clone()),
            );
            let mut seen = noted.is_none_or(|noted| noted == BEGINNING || noted == previous);
            if let Some(end) = &archived
                && !self.tells_of_move(end)?
            {
                return Ok(AuditState::Broken {
                    sequence: end.sequence,
                    fault: "称已归档，日志中却没有这次归档 / it is said to be archived, and no row tells of it".to_owned(),
                });
            }
            while let Some(row) = rows.next()? {
                let row = read(row)?;
                let fault = if row.sequence != expected {
                    "缺少这一行 / this row is missing"
                } else if row.previous != previous {
                    "与上一行不相接 / does not follow from the row before"
                } else if row.hash != row.computed() {
                    "内容被改动 / its content was changed"
                } else {
                    expected += 1;
                    seen |= noted == Some(row.hash.as_str());
                    previous = row.hash;
                    continue;
                };
                return Ok(AuditState::Broken {
                    sequence: expected.min(row.sequence),
                    fault: fault.to_owned(),
                });
            }
            let kept: Option<i64> = self
                .connection
                .query_row(
                    "SELECT seq FROM sqlite_sequence WHERE name = 'audit'",
                    [],
                    |row| row.get(0),
                )
                .optional()?;
            let rows = expected - 1;
            if kept.unwrap_or_default().unsigned_abs() != rows || !seen {
                return Ok(AuditState::Broken {
                    sequence: expected,
                    fault: "末尾被截去 / the end was cut off".to_owned(),
                });
            }
            Ok(AuditState::Whole {
                rows,
                last: previous,
            })
        };
        check().map_err(|error| self.error(error))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{Catalog, store::About};

    fn act(object: &str) -> Act {
        Act {
            user: "li.si".into(),
            action: "unmask".into(),
            object: object.into(),
            outcome: "done".into(),
            count: 1,
            ..Act::default()
        }
    }

    fn log(folder: &Path) -> GeoPackage {
        let path = folder.join("village.gpkg");
        let store = GeoPackage::create(&path, &Catalog::embedded(), &About::default()).unwrap();
        for number in 1..=5 {
            assert_eq!(store.log(act(&format!("person/{number}"))).unwrap(), number);
        }
        store
    }

    #[test]
    fn a_log_that_nobody_touched_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let store = log(folder.path());
        let AuditState::Whole { rows, last } = store.audit_state(None).unwrap() else {
            panic!("nobody touched it");
        };
        assert_eq!(rows, 5);
        store.log(act("person/6")).unwrap();
        assert!(matches!(
            store.audit_state(Some(&last)).unwrap(),
            AuditState::Whole { rows: 6, .. }
        ));
        let query = AuditQuery {
            before: Some(5),
            limit: 2,
            ..AuditQuery::default()
        };
        let objects: Vec<String> = (store.audit(&query).unwrap().into_iter())
            .map(|row| row.act.object)
            .collect();
        assert_eq!(objects, ["person/4", "person/3"]);
    }

    #[test]
    fn what_somebody_did_on_a_day_is_added_up() {
        let folder = tempfile::tempdir().unwrap();
        let store = log(folder.path());
        let mut refused = act("person/7");
        refused.outcome = "refused".into();
        refused.count = 30;
        store.log(refused).unwrap();
        let asked = |outcome: Option<&str>, between: Option<[&str; 2]>| {
            let asked = AuditSums {
                actions: vec!["unmask".into()],
                outcome: outcome.map(str::to_owned),
                between: between.map(|times| times.map(str::to_owned)),
                ..AuditSums::default()
            };
            let sums = store.audit_sums(&asked).unwrap();
            sums.iter()
                .map(|sum| (sum.rows, sum.records, sum.last))
                .collect::<Vec<_>>()
        };
        // Whatever the hour is now, it lies in one of the two.
        assert_eq!(asked(Some("done"), None), [(5, 5, 5)]);
        assert_eq!(asked(None, None), [(6, 35, 6)]);
        let halves = [
            asked(None, Some(["22:00", "06:00"])),
            asked(None, Some(["06:00", "22:00"])),
        ];
        let rows: u64 = halves.iter().flatten().map(|(rows, ..)| rows).sum();
        assert_eq!(rows, 6);
        let none = AuditSums {
            actions: vec!["login".into()],
            ..AuditSums::default()
        };
        assert!(store.audit_sums(&none).unwrap().is_empty());
    }

    #[test]
    fn whatever_is_done_to_a_log_shows() {
        for (name, harm, at) in [
            (
                "changed",
                "UPDATE audit SET object = 'person/9' WHERE sequence = 3",
                3,
            ),
            (
                "reason given later",
                "UPDATE audit SET reason = 'x' WHERE sequence = 1",
                1,
            ),
            ("removed", "DELETE FROM audit WHERE sequence = 3", 3),
            (
                "removed at the start",
                "DELETE FROM audit WHERE sequence = 1",
                1,
            ),
            (
                "swapped",
                "UPDATE audit SET sequence = 99 WHERE sequence = 2;
                 UPDATE audit SET sequence = 2 WHERE sequence = 3;
                 UPDATE audit SET sequence = 3 WHERE sequence = 99;
                 UPDATE sqlite_sequence SET seq = 5 WHERE name = 'audit'",
                2,
            ),
            ("cut off", "DELETE FROM audit WHERE sequence > 3", 4),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let store = log(folder.path());
            assert!(
                store.connection.execute_batch(harm).is_err(),
                "{name}: triggers refuse"
            );
            store
                .connection
                .execute_batch(
                    "DROP TRIGGER audit_never_changed; DROP TRIGGER audit_never_shortened",
                )
                .unwrap();
            store.connection.execute_batch(harm).unwrap();
            match store.audit_state(None).unwrap() {
                AuditState::Broken { sequence, .. } => assert_eq!(sequence, at, "{name}"),
                whole => panic!("{name}: {whole:?}"),
            }
        }
    }

    #[test]
    fn an_end_that_was_cut_with_care_shows_against_a_noted_hash() {
        let folder = tempfile::tempdir().unwrap();
        let store = log(folder.path());
        let AuditState::Whole { last, .. } = store.audit_state(None).unwrap() else {
            panic!("nobody touched it");
        };
        store
            .connection
            .execute_batch(
                "DROP TRIGGER audit_never_shortened; DELETE FROM audit WHERE sequence > 3;
                 UPDATE sqlite_sequence SET seq = 3 WHERE name = 'audit'",
            )
            .unwrap();
        assert!(matches!(
            store.audit_state(None).unwrap(),
            AuditState::Whole { rows: 3, .. }
        ));
        assert!(matches!(
            store.audit_state(Some(&last)).unwrap(),
            AuditState::Broken { sequence: 4, .. }
        ));
    }
}
