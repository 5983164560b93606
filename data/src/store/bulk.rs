//! Loads many features at once into a new file, without history.

use super::{GeoPackage, StoreError, guard, history, schema};
use crate::Record;

impl GeoPackage {
    /// Inserts many features of a layer in one transaction and returns how many.
    ///
    /// For making a file: no history is written, and the catalog's rules are the
    /// caller's matter. Indexes, R-tree and triggers are made after the rows, which is
    /// several times faster than keeping them up to date.
    ///
    /// # Errors
    /// When an id or a unique value stands twice, a geometry is of the wrong kind, or
    /// the file cannot be written. Nothing is changed then.
    pub fn bulk_load(
        &self,
        layer: &str,
        records: impl IntoIterator<Item = Record>,
    ) -> Result<u64, StoreError> {
        let load = || {
            self.bulk_start(layer)?;
            let mut count = 0;
            for record in records {
                self.bulk_push(layer, &record)?;
                count += 1;
            }
            self.bulk_finish(layer)?;
            Ok(count)
        };
        let loaded = load();
        if loaded.is_err() && !self.connection.is_autocommit() {
            // The first error is the one to tell.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        loaded
    }

    /// Starts a bulk load that [`GeoPackage::bulk_finish`] ends; what comes between is
    /// lost when the file is closed first.
    pub(crate) fn bulk_start(&self, layer: &str) -> Result<(), StoreError> {
        let table = self.table(layer)?;
        if !table.own {
            return Err(StoreError::Foreign {
                layer: layer.to_owned(),
            });
        }
        // The transaction stays open beyond this call.
        let mut transaction = self.begin()?;
        transaction.set_drop_behavior(rusqlite::DropBehavior::Ignore);
        schema::drop_triggers(&transaction, table)
            .and_then(|()| schema::drop_indexes(&transaction, table))
            .map_err(|error| self.error(error))
    }

    pub(crate) fn bulk_push(&self, layer: &str, record: &Record) -> Result<(), StoreError> {
        self.insert(self.table(layer)?, record, None)
    }

    pub(crate) fn bulk_finish(&self, layer: &str) -> Result<(), StoreError> {
        let table = self.table(layer)?;
        let fail = |error| self.error(error);
        let connection = &self.connection;
        schema::fill_rtree(connection, table).map_err(fail)?;
        schema::create_indexes(connection, table)
            .map_err(|error| self.write_error(table, "*", error))?;
        schema::create_rtree_triggers(connection, table).map_err(fail)?;
        history::create_triggers(connection, table).map_err(fail)?;
        guard::ensure_of(connection, &self.catalog, table).map_err(fail)?;
        let bounds = schema::extent(connection, table).map_err(fail)?;
        schema::state_change(connection, table, bounds).map_err(fail)?;
        connection.execute_batch("COMMIT").map_err(fail)
    }
}
