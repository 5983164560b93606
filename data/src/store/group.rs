//! Several change sets in one transaction: each all or nothing, one `fsync` for all.

use std::cell::Cell;

use rusqlite::{OptionalExtension, Transaction, params};

use super::{Committed, Entry, GeoPackage, ImportBatch, StoreError, Undoing, Undone};
use crate::{ChangeSet, Key};

/// How many days a word of an author is remembered.
const KEY_DAYS: i64 = 30;

/// A transaction that takes change sets one after another.
///
/// A set that is refused leaves no trace and does not disturb the others. Nothing is
/// durable before [`Group::finish`]; a group that is dropped changes nothing.
#[derive(Debug)]
pub struct Group<'s> {
    store: &'s GeoPackage,
    transaction: Transaction<'s>,
    wrote: Cell<bool>,
    kind: Kind,
    /// Whether the only set was refused, and the transaction ended with it.
    ended: Cell<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Many,
    One,
}

/// What came of a change set before, when it was first sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recalled {
    /// The row of `change_set`; none where there was nothing to do.
    pub change_set: Option<i64>,
    /// The number of its last change.
    pub sequence: u64,
    /// What was kept beside it.
    pub note: String,
}

impl GeoPackage {
    /// Opens a transaction for change sets. It holds the right to write.
    ///
    /// # Errors
    /// When the file cannot be written, or another program holds it.
    pub fn group(&self) -> Result<Group<'_>, StoreError> {
        self.group_of(Kind::Many)
    }

    /// As [`GeoPackage::group`], for one change set alone, which the transaction itself makes all
    /// or nothing. Sets of thousands of changes need it: within a savepoint SQLite keeps every
    /// page that was touched since in a list in memory, and walks along it after each statement.
    ///
    /// # Errors
    /// As [`GeoPackage::group`].
    pub fn group_of_one(&self) -> Result<Group<'_>, StoreError> {
        self.group_of(Kind::One)
    }

    fn group_of(&self, kind: Kind) -> Result<Group<'_>, StoreError> {
        Ok(Group {
            store: self,
            transaction: self.begin()?,
            wrote: Cell::new(false),
            kind,
            ended: Cell::new(false),
        })
    }

    /// What came of a request with this word of this author, where it was sent before.
    ///
    /// # Errors
    /// When the word came with another request, or the file cannot be read.
    pub fn recall(&self, author: &str, key: &Key) -> Result<Option<Recalled>, StoreError> {
        let found = self
            .connection
            .prepare_cached(
                "SELECT digest, change_set, sequence, note FROM change_key
                 WHERE key = ?1 AND author = ?2",
            )
            .and_then(|mut select| {
                select
                    .query_row([&key.key, author], |row| {
                        Ok((
                            row.get::<_, String>(0)?,
                            Recalled {
                                change_set: row.get(1)?,
                                sequence: row.get::<_, i64>(2)?.unsigned_abs(),
                                note: row.get(3)?,
                            },
                        ))
                    })
                    .optional()
            })
            .map_err(|error| self.error(error))?;
        match found {
            Some((digest, _)) if digest != key.digest => Err(StoreError::KeyReused {
                key: key.key.clone(),
            }),
            found => Ok(found.map(|(_, recalled)| recalled)),
        }
    }

    fn remember(&self, author: &str, key: &Key, committed: &Committed) -> Result<(), StoreError> {
        let keep = || {
            self.connection.execute(
                "DELETE FROM change_key WHERE at < strftime('%Y-%m-%dT%H:%M:%fZ','now', ?1)",
                [format!("-{KEY_DAYS} days")],
            )?;
            self.connection.execute(
                "INSERT INTO change_key (key, author, digest, change_set, sequence, note, at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, strftime('%Y-%m-%dT%H:%M:%fZ','now'))",
                params![
                    key.key,
                    author,
                    key.digest,
                    committed.change_set,
                    i64::try_from(committed.sequence).unwrap_or(i64::MAX),
                    key.note
                ],
            )
        };
        keep().map(drop).map_err(|error| self.error(error))
    }
}

impl Group<'_> {
    /// Applies a change set: all of it, or, where it is refused, nothing.
    ///
    /// # Errors
    /// As [`GeoPackage::commit`].
    pub fn apply(&self, set: &ChangeSet) -> Result<(Committed, Vec<Entry>), StoreError> {
        let done = self.apply_import(set, None)?;
        Ok((done.clone(), self.entries(&done)?))
    }

    /// Applies a change set and takes it back at once: what would come of it. The entries
    /// bear the versions that the features have now.
    ///
    /// # Errors
    /// As [`GeoPackage::commit`].
    pub fn rehearse(&self, set: &ChangeSet) -> Result<(Committed, Vec<Entry>), StoreError> {
        let mut outcome = None;
        let run = self.whole(|| {
            let done = self.store.write(&self.transaction, set, None)?;
            outcome = Some((done.clone(), self.entries(&done)?));
            // Any error takes it back.
            Err::<(), _>(StoreError::NoChangeSet { change_set: 0 })
        });
        let Some((mut done, mut entries)) = outcome else {
            return Err(run
                .err()
                .unwrap_or(StoreError::NoChangeSet { change_set: 0 }));
        };
        for entry in &mut entries {
            entry.sequence = self.store.version(&entry.layer, &entry.id)?;
        }
        done.sequence = self.store.sequence()?;
        Ok((done, entries))
    }

    fn entries(&self, done: &Committed) -> Result<Vec<Entry>, StoreError> {
        done.change_set
            .map_or_else(|| Ok(Vec::new()), |number| self.store.log_of(number))
    }

    /// Applies the changes of an import, and the row of its batch.
    ///
    /// # Errors
    /// As [`GeoPackage::commit`].
    pub fn apply_import(
        &self,
        set: &ChangeSet,
        batch: Option<&ImportBatch>,
    ) -> Result<Committed, StoreError> {
        self.whole(|| {
            let done = self.store.write(&self.transaction, set, batch)?;
            if let Some(key) = &set.key {
                self.store.remember(&set.author, key, &done)?;
            }
            Ok(done)
        })
    }

    /// Takes an import or a change set back, where `check` agrees to what comes of it: the
    /// file shows it while it is asked.
    ///
    /// # Errors
    /// As [`GeoPackage::undo_batch`], and what `check` says.
    pub fn undo<E: From<StoreError>>(
        &self,
        what: &Undoing,
        author: &str,
        reason: &str,
        check: impl FnOnce(&Undone) -> Result<(), E>,
    ) -> Result<Undone, E> {
        self.whole(|| {
            let undone = (self.store).undo_within(&self.transaction, what, author, reason)?;
            check(&undone)?;
            Ok(undone)
        })
    }

    /// Whether the transaction still stands: SQLite ends it by itself when the disk is full
    /// or does not answer.
    pub fn stands(&self) -> bool {
        self.ended.get() || !self.store.connection.is_autocommit()
    }

    /// Makes all that was applied durable. It is on the disk when this returns.
    ///
    /// # Errors
    /// When the disk did not take it; nothing of the group is changed then.
    pub fn finish(self) -> Result<(), StoreError> {
        if !self.wrote.get() {
            return Ok(());
        }
        let store = self.store;
        self.transaction
            .commit()
            .map_err(|error| store.error(error))
    }

    /// Runs `work` so that its failure leaves what was before it.
    fn whole<T, E: From<StoreError>>(&self, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let run = |sql| {
            let connection = &self.store.connection;
            (connection.execute_batch(sql)).map_err(|error| self.store.error(error))
        };
        let [start, keep, back] = match self.kind {
            Kind::Many => [
                "SAVEPOINT change_set",
                "RELEASE change_set",
                "ROLLBACK TO change_set; RELEASE change_set",
            ],
            Kind::One => ["", "", "ROLLBACK"],
        };
        run(start)?;
        match work() {
            Ok(done) => {
                run(keep)?;
                self.wrote.set(true);
                Ok(done)
            }
            Err(error) => {
                if self.stands() {
                    run(back)?;
                    self.ended.set(self.kind == Kind::One);
                }
                Err(error)
            }
        }
    }
}
