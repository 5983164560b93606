//! Reads records: all, one by id, some by an indexed field, or anything by SQL.

use rusqlite::{
    Params, Row, params, params_from_iter,
    types::{ToSqlOutput, Value as Sql},
};

use super::{
    GeoPackage, StoreError, blob,
    table::{Coordinates, Table, from_sql, quote, to_sql},
};
use crate::{GeometryKind, Record, Value, catalog::Serial};
use geo::Geometry;

impl GeoPackage {
    /// How many features a layer has.
    ///
    /// # Errors
    /// When there is no such layer, or the file cannot be read.
    pub fn count(&self, layer: &str) -> Result<u64, StoreError> {
        let table = self.table(layer)?;
        self.connection
            .query_row(
                &format!("SELECT count(*) FROM {}", quote(&table.name)),
                [],
                |row| row.get::<_, i64>(0),
            )
            .map(i64::unsigned_abs)
            .map_err(|error| self.error(error))
    }

    /// Hands over every feature of a layer, in the order of the file.
    ///
    /// # Errors
    /// When there is no such layer, or the file cannot be read.
    pub fn scan(&self, layer: &str, mut each: impl FnMut(Record)) -> Result<(), StoreError> {
        self.try_scan(layer, |record| {
            each(record);
            Ok(())
        })
    }

    /// As [`GeoPackage::scan`], ending at the first error of the receiver.
    ///
    /// # Errors
    /// The receiver's, or when there is no such layer, or the file cannot be read.
    pub fn try_scan<E: From<StoreError>>(
        &self,
        layer: &str,
        each: impl FnMut(Record) -> Result<(), E>,
    ) -> Result<(), E> {
        let table = self.table(layer)?;
        self.scan_columns(table, &table.selection(), each)
    }

    /// As [`GeoPackage::scan`], of each record only where it is and the fields at some positions;
    /// what else it holds is told as unknown.
    ///
    /// # Errors
    /// When there is no such layer, or the file cannot be read.
    pub fn scan_some(
        &self,
        layer: &str,
        fields: &[usize],
        mut each: impl FnMut(Record),
    ) -> Result<(), StoreError> {
        let table = self.table(layer)?;
        self.scan_columns(table, &table.selection_of_some(fields), |record| {
            each(record);
            Ok(())
        })
    }

    fn scan_columns<E: From<StoreError>>(
        &self,
        table: &Table,
        columns: &str,
        mut each: impl FnMut(Record) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = format!(
            "SELECT {columns} FROM {} t ORDER BY t.{}",
            quote(&table.name),
            quote(&table.key)
        );
        let mut statement = self
            .connection
            .prepare_cached(&sql)
            .map_err(|error| self.error(error))?;
        let mut rows = statement.query([]).map_err(|error| self.error(error))?;
        while let Some(row) = rows.next().map_err(|error| self.error(error))? {
            each(self.record(table, row)?)?;
        }
        Ok(())
    }

    /// The feature of an id.
    ///
    /// # Errors
    /// When there is no such layer, or the file cannot be read.
    pub fn get(&self, layer: &str, id: &str) -> Result<Option<Record>, StoreError> {
        let table = self.table(layer)?;
        let sql = format!(
            "SELECT {} FROM {} t WHERE t.{} = ?1",
            table.selection(),
            quote(&table.name),
            quote(table.id_column())
        );
        let mut statement = self
            .connection
            .prepare_cached(&sql)
            .map_err(|error| self.error(error))?;
        let mut rows = statement.query([id]).map_err(|error| self.error(error))?;
        rows.next()
            .map_err(|error| self.error(error))?
            .map(|row| self.record(table, row))
            .transpose()
    }

    /// Whether a layer has a feature of this id.
    ///
    /// # Errors
    /// When there is no such layer, or the file cannot be read.
    pub fn exists(&self, layer: &str, id: &str) -> Result<bool, StoreError> {
        let table = self.table(layer)?;
        self.has(table, id).map_err(|error| self.error(error))
    }

    /// The features whose field has a value; quick for codes, references and unique fields.
    ///
    /// # Errors
    /// When there is no such layer or field, or the file cannot be read.
    pub fn find(&self, layer: &str, field: &str, value: &Value) -> Result<Vec<Record>, StoreError> {
        let table = self.table(layer)?;
        let column = self.column(table, field)?;
        let Some(column) = column else {
            return Ok(Vec::new());
        };
        let forms = self.forms(table, field, value);
        let marks: Vec<String> = (1..=forms.len()).map(|at| format!("?{at}")).collect();
        // `IN` finds no NULL.
        let meets = match value {
            Value::Null => "IS ?1".to_owned(),
            _ => format!("IN ({})", marks.join(", ")),
        };
        let sql = format!(
            "SELECT {} FROM {} t WHERE t.{} {meets} ORDER BY t.{}",
            table.selection(),
            quote(&table.name),
            quote(column),
            quote(&table.key)
        );
        self.collect(table, &sql, params_from_iter(forms))
    }

    /// How a value of a field may stand in the file: sealed under each key where it is sealed.
    pub(super) fn forms<'v>(
        &self,
        table: &Table,
        field: &str,
        value: &'v Value,
    ) -> Vec<ToSqlOutput<'v>> {
        let sealed =
            (table.layer.field(field).zip(value.as_text())).filter(|(field, _)| field.is_sealed());
        let Some((field, text)) = sealed else {
            return vec![to_sql(value)];
        };
        let forms = self.keys.forms(&table.layer, field, text).into_iter();
        forms
            .map(|form| ToSqlOutput::Owned(Sql::Text(form)))
            .collect()
    }

    /// The greatest number that a serial has given after a prefix in a text field; 0 where
    /// there is none. Reads the prefix's part of the field's index.
    ///
    /// # Errors
    /// When there is no such layer or field, or the file cannot be read.
    pub fn greatest_number(
        &self,
        layer: &str,
        field: &str,
        prefix: &str,
        serial: &Serial,
    ) -> Result<u64, StoreError> {
        let table = self.table(layer)?;
        let Some(column) = self.column(table, field)? else {
            return Ok(0);
        };
        let column = quote(column);
        // What stands between the prefix and the suffix.
        let number =
            format!("substr({column}, length(?1) + 1, length({column}) - length(?1) - length(?3))");
        let sql = format!(
            "SELECT max(CAST({number} AS INTEGER)) FROM {table}
             WHERE {column} >= ?1 AND {column} < ?1 || char(1114111)
               AND {number} NOT GLOB '*[^0-9]*' AND length({number}) >= ?2
               AND substr({column}, length({column}) - length(?3) + 1) = ?3",
            table = quote(&table.name),
        );
        let given = params![prefix, serial.digits(), serial.suffix()];
        let found = self.query(&sql, given, |row| row.get(0))?;
        Ok(found.into_iter().next().flatten().unwrap_or(0))
    }

    /// Whatever SQL asks, for aggregates; `row` reads each row of the answer.
    ///
    /// # Errors
    /// When SQLite refuses, or `row` does.
    pub fn query<T>(
        &self,
        sql: &str,
        params: impl Params,
        row: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_map(params, row)?.collect())
            .map_err(|error| self.error(error))
    }

    /// The column of a field; `None` where the file is older than the field.
    pub(super) fn column<'t>(
        &self,
        table: &'t Table,
        field: &str,
    ) -> Result<Option<&'t str>, StoreError> {
        if field == "id" && table.layer.position("id").is_none() {
            return Ok(Some(table.id_column()));
        }
        if field == "source_batch" && table.own {
            return Ok(Some("source_batch"));
        }
        if table.layer.position(field).is_none() {
            return Err(StoreError::UnknownField {
                layer: table.layer.id.clone(),
                field: field.to_owned(),
            });
        }
        Ok(table.column(field))
    }

    pub(super) fn collect(
        &self,
        table: &Table,
        sql: &str,
        params: impl Params,
    ) -> Result<Vec<Record>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached(sql)
            .map_err(|error| self.error(error))?;
        let mut rows = statement.query(params).map_err(|error| self.error(error))?;
        let mut records = Vec::new();
        while let Some(row) = rows.next().map_err(|error| self.error(error))? {
            records.push(self.record(table, row)?);
        }
        Ok(records)
    }

    /// Whether a layer has a feature of this id now.
    pub(super) fn has(&self, table: &Table, id: &str) -> rusqlite::Result<bool> {
        let sql = format!(
            "SELECT 1 FROM {} WHERE {} = ?1",
            quote(&table.name),
            quote(table.id_column())
        );
        self.connection.prepare_cached(&sql)?.exists([id])
    }

    /// Whether a layer has, or ever had, a feature of this id.
    ///
    /// `import` passes over what an import brought that was undone since: ids of an import
    /// say which row of which source a feature is, so that the same file, coming again,
    /// brings the same features back and their history goes on.
    pub(super) fn knows(&self, table: &Table, id: &str, import: bool) -> rusqlite::Result<bool> {
        let sql = format!(
            "SELECT 1 FROM {} WHERE id = ?1 UNION ALL
             SELECT 1 FROM change_log l WHERE layer = ?2 AND feature = ?1
               AND NOT (?3 AND EXISTS (SELECT 1 FROM import_batch b LEFT JOIN change_set s ON s.batch = b.id
                 WHERE b.undone_at NOT NULL AND l.change_set IN (s.fid, b.undone_by))) LIMIT 1",
            quote(&table.name)
        );
        self.connection
            .prepare_cached(&sql)?
            .exists(rusqlite::params![id, table.layer.id, import])
    }

    /// A record from the columns of [`Table::selection`].
    pub(super) fn record(&self, table: &Table, row: &Row<'_>) -> Result<Record, StoreError> {
        let fail = |error| self.error(error);
        let id = match row.get_ref(0).map_err(fail)? {
            rusqlite::types::ValueRef::Integer(number) => number.to_string(),
            rusqlite::types::ValueRef::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            _ => row.get::<_, String>(0).map_err(fail)?,
        };
        let mut geometry = match row.get_ref(1).map_err(fail)? {
            rusqlite::types::ValueRef::Blob(bytes) => blob::decode(bytes),
            _ => Ok(None),
        }
        .map_err(|source| StoreError::Geometry {
            layer: table.layer.id.clone(),
            id: id.clone(),
            source,
        })?;
        if table.own {
            geometry = geometry.map(|geometry| single(table.layer.geometry, geometry));
        } else if let Some(geometry) = &mut geometry {
            turn(table, geometry)?;
        }
        let batch: Option<String> = row.get(2).map_err(fail)?;
        let values = table
            .layer
            .fields
            .iter()
            .enumerate()
            .map(|(at, field)| {
                let value = from_sql(field.kind, row.get_ref(3 + at)?);
                Ok(self.keys.open(&table.layer, field, value))
            })
            .collect::<rusqlite::Result<Vec<_>>>()
            .map_err(fail)?;
        Ok(Record {
            id: id.into(),
            geometry,
            values,
            batch: batch.map(Into::into),
        })
    }
}

/// Brings the geometry of another program's file to EPSG:4490 and the lattice.
fn turn(table: &Table, geometry: &mut Geometry<f64>) -> Result<(), StoreError> {
    let refuse = |srs: String, reason: String| StoreError::Crs {
        layer: table.layer.id.clone(),
        srs,
        reason,
    };
    match &table.coordinates {
        Coordinates::Stored => {}
        Coordinates::Turned(way) => way
            .geometry(geometry)
            .map_err(|error| refuse(way.from().to_string(), error.to_string()))?,
        Coordinates::Unknown { name, reason } => {
            return Err(refuse(name.clone(), reason.clone()));
        }
    }
    crate::geometry::snap(geometry);
    Ok(())
}

/// A multi-part geometry of one part as that part: lines and polygons are kept as
/// multi-part in the file, and leave it as what they are.
pub(super) fn single(kind: GeometryKind, geometry: Geometry<f64>) -> Geometry<f64> {
    match (kind, geometry) {
        (GeometryKind::Polygon, Geometry::MultiPolygon(mut parts)) if parts.0.len() == 1 => {
            Geometry::Polygon(parts.0.remove(0))
        }
        (GeometryKind::Line, Geometry::MultiLineString(mut parts)) if parts.0.len() == 1 => {
            Geometry::LineString(parts.0.remove(0))
        }
        (_, geometry) => geometry,
    }
}
