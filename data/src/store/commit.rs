//! The only way to change a file: a change set, all or nothing.

use std::{collections::BTreeMap, sync::Arc};

use chrono::Utc;
use geo::{BoundingRect, Coord, Geometry, MultiLineString, MultiPolygon, Rect};
use rusqlite::types::{ToSqlOutput, Value as Sql};
use rusqlite::{Transaction, TransactionBehavior, params, params_from_iter};

use super::{
    Access, GeoPackage, StoreError,
    batch::ImportBatch,
    blob,
    blob::BlobError,
    schema,
    table::{Table, quote, to_sql},
};
use crate::{
    ChangeSet, GeometryKind, Operation, Record, Value,
    course::{BEGIN, Step},
};

/// The tables that a change set touched, and the bounds of what came into each.
pub(super) type Touched<'t> = BTreeMap<&'t str, Option<Rect<f64>>>;

/// What a commit did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// The number of the last change.
    pub sequence: u64,
    /// The row of `change_set`; none where there was nothing to do.
    pub change_set: Option<i64>,
    /// Features that are new.
    pub inserted: usize,
    /// Features that were changed.
    pub updated: usize,
    /// Features that are gone.
    pub deleted: usize,
}

impl GeoPackage {
    /// Applies a change set: checked against the catalog, in one transaction, with its
    /// history, on the disk when this returns.
    ///
    /// # Errors
    /// When a record is not as the catalog wants it, an id was used before, a feature
    /// to change is not there, or the file cannot be written. Nothing is changed then.
    pub fn commit(&self, set: ChangeSet) -> Result<Committed, StoreError> {
        self.commit_with(set, None)
    }

    /// As [`GeoPackage::commit`], with the row of `import_batch` in the same transaction.
    ///
    /// # Errors
    /// As [`GeoPackage::commit`].
    pub fn commit_import(
        &self,
        batch: &ImportBatch,
        mut set: ChangeSet,
    ) -> Result<Committed, StoreError> {
        set.batch = Some(Arc::clone(&batch.id));
        self.commit_with(set, Some(batch))
    }

    fn commit_with(
        &self,
        set: ChangeSet,
        batch: Option<&ImportBatch>,
    ) -> Result<Committed, StoreError> {
        if set.changes.is_empty() && batch.is_none() {
            return Ok(Committed {
                sequence: self.sequence()?,
                ..Committed::default()
            });
        }
        let group = self.group_of_one()?;
        let done = group.apply_import(&set, batch)?;
        group.finish()?;
        Ok(done)
    }

    /// Writes the changes of a set, within the transaction that is open.
    pub(super) fn write(
        &self,
        transaction: &Transaction<'_>,
        set: &ChangeSet,
        batch: Option<&ImportBatch>,
    ) -> Result<Committed, StoreError> {
        self.check(set)?;
        self.meet(set)?;
        let change_set = self.start_change_set(transaction, set)?;
        if let Some(batch) = batch {
            batch
                .write(transaction, change_set)
                .map_err(|error| self.error(error))?;
        }
        let mut done = Committed {
            change_set: Some(change_set),
            ..Committed::default()
        };
        let mut touched = Touched::new();
        for change in &set.changes {
            let table = self.table(&change.layer)?;
            match &change.operation {
                Operation::Insert(record) => {
                    self.refuse_used(table, &record.id, set)?;
                    self.insert(table, record, set.batch.as_ref())?;
                    self.begin_process(transaction, table, record, set)?;
                    done.inserted += 1;
                }
                Operation::Update(record) => {
                    self.update(transaction, table, record, set.batch.as_ref())?;
                    done.updated += 1;
                }
                Operation::Delete(id) => {
                    let sql = format!("DELETE FROM {} WHERE id = ?1", quote(&table.name));
                    let gone = transaction
                        .prepare_cached(&sql)
                        .and_then(|mut delete| delete.execute([&**id]))
                        .map_err(|error| self.write_error(table, id, error))?;
                    if gone == 0 {
                        return Err(missing(table, id));
                    }
                    done.deleted += 1;
                }
            }
            let bounds = (change.operation.record())
                .and_then(|record| record.geometry.as_ref())
                .and_then(BoundingRect::bounding_rect);
            let extent = touched.entry(table.name.as_str()).or_default();
            *extent = union(*extent, bounds);
        }
        self.keep_lineage(transaction, change_set, set)?;
        self.end_change_set(transaction, &touched)?;
        done.sequence = self.sequence()?;
        Ok(done)
    }

    /// Refuses an id that is, or once was, in use.
    fn refuse_used(&self, table: &Table, id: &str, set: &ChangeSet) -> Result<(), StoreError> {
        let used = if set.returns {
            self.has(table, id)
        } else {
            self.knows(table, id, set.batch.is_some())
        };
        if used.map_err(|error| self.error(error))? {
            return Err(StoreError::UsedId {
                layer: table.layer.id.clone(),
                id: id.to_owned(),
            });
        }
        Ok(())
    }

    /// Refuses a set whose author saw other versions than there are.
    fn meet(&self, set: &ChangeSet) -> Result<(), StoreError> {
        let mut stale = Vec::new();
        for expected in &set.expects {
            if self.version(&expected.layer, &expected.id)? != expected.version {
                stale.push((Arc::clone(&expected.layer), Arc::clone(&expected.id)));
            }
        }
        if stale.is_empty() {
            Ok(())
        } else {
            Err(StoreError::Stale { features: stale })
        }
    }

    /// A transaction that holds the right to write from its start.
    pub(super) fn begin(&self) -> Result<Transaction<'_>, StoreError> {
        if self.access == Access::ReadOnly {
            return Err(StoreError::ReadOnly {
                path: self.path.clone(),
            });
        }
        Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)
            .map_err(|error| self.error(error))
    }

    /// Writes the row of `change_set` and tells the triggers of it.
    pub(super) fn start_change_set(
        &self,
        transaction: &Transaction<'_>,
        set: &ChangeSet,
    ) -> Result<i64, StoreError> {
        let start = || {
            transaction.execute(
                "INSERT INTO change_set (author, reason, batch, at)
                 VALUES (?1, ?2, ?3, strftime('%Y-%m-%dT%H:%M:%fZ','now'))",
                params![set.author, set.reason, set.batch.as_deref()],
            )?;
            let row = transaction.last_insert_rowid();
            transaction.execute(
                "INSERT INTO about (key, value) VALUES ('open_change_set', ?1)",
                [row.to_string()],
            )?;
            if set.step {
                transaction.execute(
                    "INSERT INTO about (key, value) VALUES ('open_step', '1')",
                    [],
                )?;
            }
            Ok(row)
        };
        start().map_err(|error| self.error(error))
    }

    /// Ends the change set for the triggers, and states when and where tables changed.
    pub(super) fn end_change_set(
        &self,
        transaction: &Transaction<'_>,
        touched: &Touched<'_>,
    ) -> Result<(), StoreError> {
        let end = || {
            transaction.execute(
                "DELETE FROM about WHERE key IN ('open_change_set', 'open_step')",
                [],
            )?;
            for table in self.tables.iter() {
                if let Some(bounds) = touched.get(table.name.as_str()) {
                    schema::state_change(transaction, table, *bounds)?;
                }
            }
            Ok(())
        };
        end().map_err(|error| self.error(error))
    }

    /// Refuses what the catalog does not allow before anything is written.
    fn check(&self, set: &ChangeSet) -> Result<(), StoreError> {
        for change in &set.changes {
            let table = self.table(&change.layer)?;
            if !table.own {
                return Err(StoreError::Foreign {
                    layer: table.layer.id.clone(),
                });
            }
            let (Operation::Insert(record) | Operation::Update(record)) = &change.operation else {
                continue;
            };
            let faults = self.catalog.validate(&table.layer, record);
            if !faults.is_empty() {
                return Err(StoreError::Invalid {
                    layer: table.layer.id.clone(),
                    id: record.id.to_string(),
                    faults,
                });
            }
        }
        Ok(())
    }

    /// Writes the first row of a feature's log, where it has a process and no step of that
    /// process brought it.
    fn begin_process(
        &self,
        transaction: &Transaction<'_>,
        table: &Table,
        record: &Record,
        set: &ChangeSet,
    ) -> Result<(), StoreError> {
        let layer = &table.layer;
        let Some(process) = self.catalog.process(&layer.id).filter(|_| !set.step) else {
            return Ok(());
        };
        let Some(log) = self
            .tables
            .iter()
            .find(|table| table.layer.id == process.log)
        else {
            return Ok(());
        };
        // What has no state has not begun: premises that nobody has named.
        let Some(state) = record.get(layer, &process.state).as_text() else {
            return Ok(());
        };
        // Who reported is known by a field with rights of its own, and told by nothing else.
        let told = !layer.fields.iter().any(|field| field.author);
        let row = Step {
            step: BEGIN,
            to: state,
            actor: if told { &set.author } else { "" },
            version: &process.version,
            ..Step::at(Utc::now())
        };
        let row = row.record(process, &log.layer, &record.id, 0);
        // What an import brings back, after it was undone, began before.
        if self.has(log, &row.id).map_err(|error| self.error(error))? {
            return Ok(());
        }
        let open = |sql| {
            (transaction.execute(sql, []))
                .map(drop)
                .map_err(|error| self.error(error))
        };
        open("INSERT INTO about (key, value) VALUES ('open_step', '1')")?;
        self.insert(log, &row, None)?;
        open("DELETE FROM about WHERE key = 'open_step'")
    }

    /// Inserts a row, within the transaction that is open.
    pub(super) fn insert(
        &self,
        table: &Table,
        record: &Record,
        batch: Option<&Arc<str>>,
    ) -> Result<(), StoreError> {
        let geometry = shape(table, record)?;
        let batch = batch.or(record.batch.as_ref());
        let mut columns = vec!["\"id\"".to_owned(), "\"source_batch\"".to_owned()];
        if table.geometry.is_some() {
            columns.push(quote(schema::GEOMETRY));
        }
        columns.extend(table.columns.iter().flatten().map(|column| quote(column)));
        let marks = vec!["?"; columns.len()].join(", ");
        let sql = format!(
            "INSERT INTO {} ({}) VALUES ({marks})",
            quote(&table.name),
            columns.join(", ")
        );
        let mut statement = self
            .connection
            .prepare_cached(&sql)
            .map_err(|error| self.error(error))?;
        let bind = |statement: &mut rusqlite::CachedStatement<'_>| {
            statement.raw_bind_parameter(1, &*record.id)?;
            statement.raw_bind_parameter(2, batch.map(|batch| &**batch))?;
            let mut at = 3;
            if table.geometry.is_some() {
                statement.raw_bind_parameter(at, geometry.as_deref())?;
                at += 1;
            }
            for (field, column) in table.columns.iter().enumerate() {
                if column.is_some() {
                    let value = self.kept(table, field, &record.values[field]);
                    statement.raw_bind_parameter(at, value)?;
                    at += 1;
                }
            }
            statement.raw_execute()
        };
        bind(&mut statement)
            .map(drop)
            .map_err(|error| self.write_error(table, &record.id, error))
    }

    fn update(
        &self,
        transaction: &Transaction<'_>,
        table: &Table,
        record: &Record,
        batch: Option<&Arc<str>>,
    ) -> Result<(), StoreError> {
        let geometry = shape(table, record)?;
        let batch = batch.or(record.batch.as_ref());
        let mut sets = vec!["\"source_batch\" = ?2".to_owned()];
        let mut params = vec![
            ToSqlOutput::Owned(Sql::Text(record.id.to_string())),
            ToSqlOutput::Owned(batch.map(ToString::to_string).into()),
        ];
        if table.geometry.is_some() {
            params.push(ToSqlOutput::Owned(geometry.into()));
            sets.push(format!("{} = ?{}", quote(schema::GEOMETRY), params.len()));
        }
        for (field, column) in table.columns.iter().enumerate() {
            if let Some(column) = column {
                params.push(self.kept(table, field, &record.values[field]));
                sets.push(format!("{} = ?{}", quote(column), params.len()));
            }
        }
        let sql = format!(
            "UPDATE {} SET {} WHERE id = ?1",
            quote(&table.name),
            sets.join(", ")
        );
        let changed = transaction
            .prepare_cached(&sql)
            .and_then(|mut update| update.execute(params_from_iter(params)))
            .map_err(|error| self.write_error(table, &record.id, error))?;
        if changed == 0 {
            return Err(missing(table, &record.id));
        }
        Ok(())
    }

    /// A value as the file keeps it: sealed where its field is.
    fn kept<'v>(&self, table: &Table, field: usize, value: &'v Value) -> ToSqlOutput<'v> {
        match (self.keys).seal(&table.layer, &table.layer.fields[field], value) {
            Some(sealed) => ToSqlOutput::Owned(Sql::Text(sealed)),
            None => to_sql(value),
        }
    }

    /// The error of a write of one feature: a unique field names itself.
    pub(super) fn write_error(
        &self,
        table: &Table,
        id: &str,
        error: rusqlite::Error,
    ) -> StoreError {
        if let rusqlite::Error::SqliteFailure(code, Some(message)) = &error
            && code.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_TRIGGER
        {
            return StoreError::Guarded {
                layer: table.layer.id.clone(),
                id: id.to_owned(),
                message: message.clone(),
            };
        }
        if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) {
            let detail = error.to_string();
            let field = detail.rsplit('.').next().unwrap_or_default().to_owned();
            return StoreError::Duplicate {
                layer: table.layer.id.clone(),
                id: id.to_owned(),
                field,
                detail,
            };
        }
        self.error(error)
    }
}

fn union(a: Option<Rect<f64>>, b: Option<Rect<f64>>) -> Option<Rect<f64>> {
    let (Some(a), Some(b)) = (a, b) else {
        return a.or(b);
    };
    Some(Rect::new(
        Coord {
            x: a.min().x.min(b.min().x),
            y: a.min().y.min(b.min().y),
        },
        Coord {
            x: a.max().x.max(b.max().x),
            y: a.max().y.max(b.max().y),
        },
    ))
}

fn missing(table: &Table, id: &str) -> StoreError {
    StoreError::NoFeature {
        layer: table.layer.id.clone(),
        id: id.to_owned(),
    }
}

/// The blob of a record's geometry, as the layer's column keeps it.
fn shape(table: &Table, record: &Record) -> Result<Option<Vec<u8>>, StoreError> {
    use geo::HasDimensions;
    let Some(geometry) = &record.geometry else {
        return Ok(None);
    };
    if geometry.is_empty() {
        return Ok(None);
    }
    stored(table.layer.geometry, geometry)
        .and_then(|geometry| blob::encode(&geometry, table.srs_id))
        .map(Some)
        .map_err(|source| StoreError::Geometry {
            layer: table.layer.id.clone(),
            id: record.id.to_string(),
            source,
        })
}

/// A geometry as its column keeps it: lines and polygons as multi-part.
fn stored(kind: GeometryKind, geometry: &Geometry<f64>) -> Result<Geometry<f64>, BlobError> {
    let wrong = |expected| {
        Err(BlobError::WrongKind {
            expected,
            found: name(geometry),
        })
    };
    match (kind, geometry) {
        (GeometryKind::Any, _) | (GeometryKind::Point, Geometry::Point(_)) => Ok(geometry.clone()),
        (GeometryKind::Point, Geometry::MultiPoint(points)) if points.0.len() == 1 => {
            Ok(Geometry::Point(points.0[0]))
        }
        (GeometryKind::Line, Geometry::MultiLineString(_))
        | (GeometryKind::Polygon, Geometry::MultiPolygon(_)) => Ok(geometry.clone()),
        (GeometryKind::Line, Geometry::LineString(line)) => {
            Ok(Geometry::MultiLineString(MultiLineString(vec![
                line.clone(),
            ])))
        }
        (GeometryKind::Polygon, Geometry::Polygon(polygon)) => {
            Ok(Geometry::MultiPolygon(MultiPolygon(vec![polygon.clone()])))
        }
        (GeometryKind::Polygon, Geometry::Rect(rect)) => {
            Ok(Geometry::MultiPolygon(MultiPolygon(vec![
                rect.to_polygon(),
            ])))
        }
        (GeometryKind::Polygon, Geometry::Triangle(triangle)) => {
            Ok(Geometry::MultiPolygon(MultiPolygon(vec![
                triangle.to_polygon(),
            ])))
        }
        (GeometryKind::None, _) => wrong("无图形的表格行 / rows without geometry"),
        (GeometryKind::Point, _) => wrong("单点 / single points"),
        (GeometryKind::Line, _) => wrong("线 / lines"),
        (GeometryKind::Polygon, _) => wrong("面 / polygons"),
    }
}

fn name(geometry: &Geometry<f64>) -> &'static str {
    match geometry {
        Geometry::Point(_) => "Point",
        Geometry::Line(_) | Geometry::LineString(_) => "LineString",
        Geometry::Polygon(_) | Geometry::Rect(_) | Geometry::Triangle(_) => "Polygon",
        Geometry::MultiPoint(_) => "MultiPoint",
        Geometry::MultiLineString(_) => "MultiLineString",
        Geometry::MultiPolygon(_) => "MultiPolygon",
        Geometry::GeometryCollection(_) => "GeometryCollection",
    }
}
