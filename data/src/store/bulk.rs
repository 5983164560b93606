//! Loads many features at once into a new file, without history.

use super::{GeoPackage, StoreError, history, schema};
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
        let table = self.table(layer)?;
        if !table.own {
            return Err(StoreError::Foreign {
                layer: layer.to_owned(),
            });
        }
        let fail = |error| self.error(error);
        let transaction = self.begin()?;
        schema::drop_triggers(&transaction, table).map_err(fail)?;
        schema::drop_indexes(&transaction, table).map_err(fail)?;
        let mut count = 0;
        for record in records {
            self.insert(&transaction, table, &record, None)?;
            count += 1;
        }
        schema::fill_rtree(&transaction, table).map_err(fail)?;
        schema::create_indexes(&transaction, table)
            .map_err(|error| self.write_error(table, "*", error))?;
        schema::create_rtree_triggers(&transaction, table).map_err(fail)?;
        history::create_triggers(&transaction, table).map_err(fail)?;
        let bounds = schema::extent(&transaction, table).map_err(fail)?;
        schema::state_change(&transaction, table, bounds).map_err(fail)?;
        transaction.commit().map_err(fail)?;
        Ok(count)
    }
}
