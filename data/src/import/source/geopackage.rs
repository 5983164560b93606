//! Any GeoPackage: one of its tables, in whatever system it is.

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
};

use rusqlite::{Connection, OpenFlags, OptionalExtension, types::ValueRef};

use super::{Each, Raw, Reading, Row, Said, Shape, Source, json_geometry};
use crate::{
    import::ImportError,
    store::{StoreError, blob},
};

/// One table of a GeoPackage.
pub(super) struct Foreign {
    path: PathBuf,
    table: String,
    geometry: Option<String>,
    /// The column with this program's own identifiers, where the table is of its kind.
    id: Option<usize>,
    columns: Vec<Arc<str>>,
    said: Said,
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags).map_err(|error| StoreError::sqlite(path, error))
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl Foreign {
    pub(super) fn open(path: &Path, reading: &Reading) -> Result<Self, ImportError> {
        // The store knows what a GeoPackage must have, and says what this one lacks.
        let catalog = Arc::new(crate::Catalog::default());
        drop(crate::store::GeoPackage::open(
            path,
            &catalog,
            crate::store::Access::ReadOnly,
        )?);
        let connection = connect(path)?;
        let fail = |error| ImportError::Store(StoreError::sqlite(path, error));
        let tables = tables(&connection).map_err(fail)?;
        let wanted = reading.table.as_deref();
        let candidates: Vec<&Table> = match wanted {
            Some(name) => tables.iter().filter(|table| table.name == name).collect(),
            None => match tables
                .iter()
                .filter(|table| table.name == reading.layer)
                .collect::<Vec<_>>()
            {
                same if same.len() == 1 => same,
                _ => tables.iter().collect(),
            },
        };
        let [table] = candidates[..] else {
            return Err(ImportError::Several {
                path: path.to_path_buf(),
                names: tables.into_iter().map(|table| table.name).collect(),
            });
        };
        let crs = match table.srs {
            Some(srs) => system(&connection, srs).map_err(fail)?,
            None => None,
        };
        let mut columns = Vec::new();
        let mut statement = connection
            .prepare(&format!("PRAGMA table_info({})", quote(&table.name)))
            .map_err(fail)?;
        let mut rows = statement.query([]).map_err(fail)?;
        let mut own = 0;
        while let Some(row) = rows.next().map_err(fail)? {
            let name: String = row.get(1).map_err(fail)?;
            let primary: bool = row.get(5).map_err(fail)?;
            own += i32::from(matches!(name.as_str(), "id" | "source_batch"));
            if !primary && Some(&name) != table.geometry.as_ref() && name != "source_batch" {
                columns.push(Arc::from(name));
            }
        }
        let rows = connection
            .query_row(
                &format!("SELECT count(*) FROM {}", quote(&table.name)),
                [],
                |row| row.get::<_, i64>(0),
            )
            .map_err(fail)?;
        Ok(Self {
            path: path.to_path_buf(),
            table: table.name.clone(),
            geometry: table.geometry.clone(),
            id: (own == 2)
                .then(|| columns.iter().position(|name| &**name == "id"))
                .flatten(),
            columns,
            said: Said {
                crs,
                rows: Some(rows.unsigned_abs()),
                ..Said::default()
            },
        })
    }
}

struct Table {
    name: String,
    geometry: Option<String>,
    srs: Option<i64>,
}

fn tables(connection: &Connection) -> rusqlite::Result<Vec<Table>> {
    connection
        .prepare(
            "SELECT c.table_name, g.column_name, g.srs_id FROM gpkg_contents c
             LEFT JOIN gpkg_geometry_columns g ON lower(g.table_name) = lower(c.table_name)
             WHERE c.data_type IN ('features', 'attributes')
               AND c.table_name NOT IN ('about', 'project_about', 'change_set', 'change_log', 'change_key', 'import_batch', 'lineage', 'layer_styles')
               AND lower(c.table_name) IN (SELECT lower(name) FROM sqlite_schema WHERE type IN ('table', 'view'))
             ORDER BY c.rowid",
        )?
        .query_map([], |row| {
            Ok(Table {
                name: row.get(0)?,
                geometry: row.get(1)?,
                srs: row.get(2)?,
            })
        })?
        .collect()
}

/// What a row of `gpkg_spatial_ref_sys` stands for.
fn system(connection: &Connection, srs: i64) -> rusqlite::Result<Option<String>> {
    let row: Option<(String, i64, String)> = connection
        .query_row(
            "SELECT organization, organization_coordsys_id, definition FROM gpkg_spatial_ref_sys WHERE srs_id = ?1",
            [srs],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?;
    Ok(row.and_then(|(organization, code, definition)| {
        if organization.eq_ignore_ascii_case("epsg") {
            Some(format!("EPSG:{code}"))
        } else {
            definition.contains('[').then_some(definition)
        }
    }))
}

impl Source for Foreign {
    fn said(&self) -> &Said {
        &self.said
    }

    fn rows(&self, each: Each<'_>) -> Result<(), ImportError> {
        let fail = |error| ImportError::Store(StoreError::sqlite(&self.path, error));
        let connection = connect(&self.path)?;
        let mut selected: Vec<String> = self.columns.iter().map(|name| quote(name)).collect();
        selected.push(
            self.geometry
                .as_ref()
                .map_or("NULL".to_owned(), |name| quote(name)),
        );
        let sql = format!("SELECT {} FROM {}", selected.join(", "), quote(&self.table));
        let mut statement = connection.prepare(&sql).map_err(fail)?;
        let mut rows = statement.query([]).map_err(fail)?;
        let mut number = 0;
        while let Some(found) = rows.next().map_err(fail)? {
            number += 1;
            let mut row = Row::new(number);
            for (at, name) in self.columns.iter().enumerate() {
                let value = match found.get_ref(at).map_err(fail)? {
                    ValueRef::Null | ValueRef::Blob(_) => Raw::Null,
                    ValueRef::Integer(number) => Raw::Integer(number),
                    ValueRef::Real(number) => Raw::Number(number),
                    ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
                        Ok(text) => Raw::Text(text.to_owned()),
                        Err(_) => Raw::Garbled(String::from_utf8_lossy(bytes).into_owned()),
                    },
                };
                if Some(at) == self.id {
                    if let Raw::Text(id) = value {
                        row.key = Some(id);
                    }
                } else {
                    row.values.push((Arc::clone(name), value));
                }
            }
            row.shape = match found.get_ref(self.columns.len()).map_err(fail)? {
                ValueRef::Blob(bytes) => match blob::decode(bytes) {
                    Ok(Some(geometry)) => Shape::Some(geometry),
                    Ok(None) => Shape::None,
                    Err(error) => Shape::Bad(json_geometry::split(&error.to_string())),
                },
                _ => Shape::None,
            };
            if let ControlFlow::Break(()) = each(row) {
                break;
            }
        }
        Ok(())
    }
}
