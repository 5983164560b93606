//! Versions of what an office rules otherwise than the program: its matrix of rights, its masks,
//! limits and terms. Each subject has a row of versions of its own; what is in them is not known
//! here.

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::{GeoPackage, StoreError};

/// One version of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfficeVersion {
    /// What it is about: `rights`, `masks`, `security`, …
    pub subject: String,
    /// Its number within the subject; the first is 1.
    pub number: u64,
    /// The whole of it, JSON.
    pub document: String,
    /// Who made it.
    pub author: String,
    /// Why.
    pub reason: String,
    /// What it changed, in words.
    pub changes: String,
    /// When.
    pub at: DateTime<Utc>,
}

impl GeoPackage {
    /// The versions of a subject, the latest first, at most so many.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn office_versions(
        &self,
        subject: &str,
        limit: u32,
    ) -> Result<Vec<OfficeVersion>, StoreError> {
        let known = |table: &str| {
            let found = self.query(
                "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1",
                [table],
                |_| Ok(()),
            )?;
            Ok::<_, StoreError>(!found.is_empty())
        };
        let read = |sql: &str| {
            self.query(sql, params![subject, limit], |row| {
                Ok(OfficeVersion {
                    subject: subject.to_owned(),
                    number: row.get::<_, i64>(0)?.unsigned_abs(),
                    document: row.get(1)?,
                    author: row.get(2)?,
                    reason: row.get(3)?,
                    changes: row.get(4)?,
                    at: row.get(5)?,
                })
            })
        };
        let mut found = Vec::new();
        if known("office_version")? {
            found = read(
                "SELECT number, document, author, reason, changes, at FROM office_version
                 WHERE subject = ?1 ORDER BY number DESC LIMIT ?2",
            )?;
        }
        // Files from before had a table for the matrix of rights alone. It stays as it is, and
        // the numbers go on behind its last one.
        if subject == OLDER && known("rights_version")? {
            found.extend(read(
                "SELECT number, matrix, author, reason, changes, at FROM rights_version
                 WHERE ?1 = 'rights' ORDER BY number DESC LIMIT ?2",
            )?);
            found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        }
        Ok(found)
    }

    /// Writes the version after the last one, where that is the one it was made from; gives
    /// whether it was.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save_office(&self, version: &OfficeVersion) -> Result<bool, StoreError> {
        let transaction = self.begin()?;
        let last = self.office_versions(&version.subject, 1)?.pop();
        if last.map_or(0, |last| last.number) + 1 != version.number {
            return Ok(false);
        }
        let write = || {
            transaction.execute(
                "INSERT INTO office_version (subject, number, document, author, reason, changes, at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    version.subject,
                    version.number.cast_signed(),
                    version.document,
                    version.author,
                    version.reason,
                    version.changes,
                    version.at,
                ],
            )
        };
        write()
            .and_then(|rows| transaction.commit().map(|()| rows == 1))
            .map_err(|error| self.error(error))
    }
}

/// The subject that had a table of its own.
const OLDER: &str = "rights";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Catalog, store::About};

    fn version(subject: &str, number: u64) -> OfficeVersion {
        OfficeVersion {
            subject: subject.into(),
            number,
            document: "{}".into(),
            author: "security".into(),
            reason: "分工调整".into(),
            changes: "planner planning VCES → VCS".into(),
            at: Utc::now(),
        }
    }

    fn store(folder: &tempfile::TempDir) -> GeoPackage {
        let path = folder.path().join("village.gpkg");
        GeoPackage::create(&path, &Catalog::embedded(), &About::default()).unwrap()
    }

    #[test]
    fn a_version_follows_the_one_of_its_subject_that_it_was_made_from() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder);
        assert!(store.office_versions("rights", 1).unwrap().is_empty());
        assert!(store.save_office(&version("rights", 1)).unwrap());
        assert!(
            !store.save_office(&version("rights", 1)).unwrap(),
            "somebody was first"
        );
        assert!(!store.save_office(&version("rights", 3)).unwrap());
        assert!(store.save_office(&version("rights", 2)).unwrap());
        assert!(store.save_office(&version("masks", 1)).unwrap());
        let numbers = |subject| {
            let kept = store.office_versions(subject, 9).unwrap();
            kept.iter().map(|one| one.number).collect::<Vec<_>>()
        };
        assert_eq!(numbers("rights"), [2, 1]);
        assert_eq!(numbers("masks"), [1]);
    }

    #[test]
    fn the_matrix_of_an_older_file_is_the_first_version() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder);
        store
            .connection
            .execute_batch(
                "CREATE TABLE rights_version (number INTEGER PRIMARY KEY NOT NULL, matrix TEXT NOT NULL,
                   author TEXT NOT NULL, reason TEXT NOT NULL, changes TEXT NOT NULL, at DATETIME NOT NULL);
                 INSERT INTO rights_version VALUES (1, '{\"a\":1}', 'x', 'y', 'z', '2026-01-01T00:00:00Z');",
            )
            .unwrap();
        let kept = store.office_versions("rights", 9).unwrap();
        assert_eq!(
            (kept[0].number, kept[0].document.as_str()),
            (1, "{\"a\":1}")
        );
        assert!(store.office_versions("masks", 9).unwrap().is_empty());
        assert!(!store.save_office(&version("rights", 1)).unwrap());
        assert!(store.save_office(&version("rights", 2)).unwrap());
        assert_eq!(store.office_versions("rights", 1).unwrap()[0].number, 2);
    }
}
