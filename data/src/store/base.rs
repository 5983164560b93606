//! What a base beside the file must say to fit it: a base is what the map in memory was made of
//! at one change, kept so that a start need not read every row.

use rusqlite::OptionalExtension;

use super::{GeoPackage, StoreError};

impl GeoPackage {
    /// The mark that the last base of this file was given; none where it never had one.
    ///
    /// It stands in the file itself, so that a base that lies beside another file, or beside an
    /// older copy of this one, does not fit.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn base_mark(&self) -> Result<Option<String>, StoreError> {
        if !self.own {
            return Ok(None);
        }
        self.connection
            .query_row("SELECT value FROM about WHERE key = 'base'", [], |row| {
                row.get(0)
            })
            .optional()
            .map_err(|error| self.error(error))
    }

    /// Marks the file with its newest base.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn mark_base(&self, mark: &str) -> Result<(), StoreError> {
        let transaction = self.begin()?;
        transaction
            .execute(
                "INSERT INTO about (key, value) VALUES ('base', ?1)
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                [mark],
            )
            .and_then(|_| transaction.commit())
            .map_err(|error| self.error(error))
    }

    /// A number that changes with every change of the tables, triggers and indexes: rows could
    /// be changed without the history only by changing these.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn schema_version(&self) -> Result<i64, StoreError> {
        self.connection
            .query_row("PRAGMA schema_version", [], |row| row.get(0))
            .map_err(|error| self.error(error))
    }
}
