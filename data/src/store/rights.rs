//! Versions of the matrix of rights that the office made. What is in them is not known here.

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::{GeoPackage, StoreError};

/// One version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RightsVersion {
    /// Its number; the first is 1.
    pub number: u64,
    /// The whole matrix, JSON.
    pub matrix: String,
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
    /// The versions, the latest first, at most so many.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn rights_versions(&self, limit: u32) -> Result<Vec<RightsVersion>, StoreError> {
        if !self.has_accounts_table()? {
            return Ok(Vec::new());
        }
        let known = self.query(
            "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'rights_version'",
            [],
            |_| Ok(()),
        )?;
        if known.is_empty() {
            return Ok(Vec::new());
        }
        self.query(
            "SELECT number, matrix, author, reason, changes, at FROM rights_version
             ORDER BY number DESC LIMIT ?1",
            [limit],
            |row| {
                Ok(RightsVersion {
                    number: row.get::<_, i64>(0)?.unsigned_abs(),
                    matrix: row.get(1)?,
                    author: row.get(2)?,
                    reason: row.get(3)?,
                    changes: row.get(4)?,
                    at: row.get(5)?,
                })
            },
        )
    }

    /// Writes the version after the last one, where that is the one it was made from; gives
    /// whether it was.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save_rights(&self, version: &RightsVersion) -> Result<bool, StoreError> {
        let transaction = self.begin()?;
        let write = || {
            transaction.execute(
                "INSERT INTO rights_version (number, matrix, author, reason, changes, at)
                 SELECT ?1, ?2, ?3, ?4, ?5, ?6
                 WHERE (SELECT coalesce(max(number), 0) FROM rights_version) = ?1 - 1",
                params![
                    version.number.cast_signed(),
                    version.matrix,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Catalog, store::About};

    #[test]
    fn a_version_follows_the_one_it_was_made_from() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("village.gpkg");
        let store = GeoPackage::create(&path, &Catalog::embedded(), &About::default()).unwrap();
        assert!(store.rights_versions(1).unwrap().is_empty());
        let version = |number| RightsVersion {
            number,
            matrix: "{}".into(),
            author: "security".into(),
            reason: "分工调整".into(),
            changes: "planner planning VCES → VCS".into(),
            at: Utc::now(),
        };
        assert!(store.save_rights(&version(1)).unwrap());
        assert!(
            !store.save_rights(&version(1)).unwrap(),
            "somebody was first"
        );
        assert!(!store.save_rights(&version(3)).unwrap());
        assert!(store.save_rights(&version(2)).unwrap());
        let kept = store.rights_versions(9).unwrap();
        assert_eq!(
            kept.iter().map(|one| one.number).collect::<Vec<_>>(),
            [2, 1]
        );
    }
}
