//! Makes and opens files.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior};

use super::{
    About, Access, GeoPackage, StoreError, backup, foreign, functions, guard, history, schema,
    styles,
    table::{Table, quote},
};
use crate::{Catalog, seal::Keys};

/// The newest GeoPackage version that we know how to read.
const NEWEST: i64 = 10_499;
/// The newest version of our own tables.
const FORMAT: i64 = 2;

impl GeoPackage {
    /// Makes a file with a table for every layer of the catalog, and opens it to be changed.
    ///
    /// # Errors
    /// When the file exists already or its folder cannot be written; nothing is left then.
    pub fn create(path: &Path, catalog: &Arc<Catalog>, about: &About) -> Result<Self, StoreError> {
        if path.exists() {
            return Err(StoreError::Exists {
                path: path.to_path_buf(),
            });
        }
        let made = make(path, catalog, about);
        if made.is_err() {
            remove(path);
        }
        made?;
        Self::open(path, catalog, Access::ReadWrite)
    }

    /// Opens a file. A file of ours that was made by an older program or from an older
    /// catalog gets the new tables, layers and fields when it is opened to be changed; a copy
    /// of it as it was is made first, beside it ([`GeoPackage::kept_before_upgrade`]).
    ///
    /// # Errors
    /// When there is no such file, or it is no GeoPackage, cut off, of a newer version,
    /// held by another program, or not to be written where that was asked.
    pub fn open(path: &Path, catalog: &Arc<Catalog>, access: Access) -> Result<Self, StoreError> {
        inspect(path)?;
        let keys = Keys::from_environment().map_err(StoreError::Key)?;
        let (connection, immutable) = connect(path, access)?;
        let fail = |error| StoreError::sqlite(path, error);
        let own = check_versions(&connection, path)?;
        let mut kept = None;
        let tables = if own {
            if access == Access::ReadWrite {
                schema::create_accounts(&connection).map_err(fail)?;
                kept = upgrade(&connection, path, catalog)?;
                guard::ensure(&connection, catalog).map_err(fail)?;
            }
            let mut tables = own_tables(&connection, catalog).map_err(fail)?;
            tables.extend(foreign::tables(&connection, path, &tables)?);
            tables
        } else {
            foreign::tables(&connection, path, &[])?
        };
        let about = if own {
            About::read(&connection).map_err(fail)?
        } else {
            foreign::about(path)
        };
        Ok(Self {
            connection,
            path: path.to_path_buf(),
            access,
            immutable,
            catalog: Arc::clone(catalog),
            keys,
            about: Arc::new(about),
            layers: tables
                .iter()
                .map(|table| Arc::clone(&table.layer))
                .collect(),
            tables: tables.into(),
            own,
            kept,
        })
    }

    /// Another connection to the same file, only to read: cheap, for another thread.
    ///
    /// # Errors
    /// When the file can no longer be opened.
    pub fn reader(&self) -> Result<Self, StoreError> {
        let (connection, immutable) = if self.immutable {
            (connect_immutable(&self.path)?, true)
        } else {
            connect(&self.path, Access::ReadOnly)?
        };
        // Many may read at once, and each keeps pages of its own; the system keeps them too.
        connection
            .pragma_update(None, "cache_size", -READER_KIB)
            .map_err(|error| self.error(error))?;
        Ok(self.beside(connection, Access::ReadOnly, immutable))
    }

    /// Another connection to the same file that may change it too, for another thread.
    ///
    /// # Errors
    /// When the file was opened only to be read, or can no longer be opened.
    pub fn writer(&self) -> Result<Self, StoreError> {
        if self.access == Access::ReadOnly {
            return Err(StoreError::ReadOnly {
                path: self.path.clone(),
            });
        }
        let (connection, immutable) = connect(&self.path, Access::ReadWrite)?;
        Ok(self.beside(connection, Access::ReadWrite, immutable))
    }

    fn beside(&self, connection: Connection, access: Access, immutable: bool) -> Self {
        Self {
            connection,
            path: self.path.clone(),
            access,
            immutable,
            catalog: Arc::clone(&self.catalog),
            keys: Arc::clone(&self.keys),
            about: Arc::clone(&self.about),
            tables: Arc::clone(&self.tables),
            layers: Arc::clone(&self.layers),
            own: self.own,
            kept: None,
        }
    }
}

fn make(path: &Path, catalog: &Catalog, about: &About) -> Result<(), StoreError> {
    let fail = |error| StoreError::sqlite(path, error);
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        return Err(StoreError::Missing {
            path: folder.to_path_buf(),
        });
    }
    // Made by the system first: its refusal says more than SQLite's.
    fs::File::create_new(path).map_err(|error| StoreError::io(path, error))?;
    let connection = Connection::open(path).map_err(fail)?;
    prepare(&connection, true).map_err(fail)?;
    let transaction = connection.unchecked_transaction().map_err(fail)?;
    schema::create(&transaction).map_err(fail)?;
    for layer in &catalog.layers {
        schema::create_layer(&transaction, catalog, &schema::table(layer)).map_err(fail)?;
    }
    guard::ensure(&transaction, catalog).map_err(fail)?;
    about.write(&transaction).map_err(fail)?;
    transaction.commit().map_err(fail)
}

/// Takes away what a failed attempt left, SQLite's side files included.
fn remove(path: &Path) {
    for ending in ["", "-wal", "-shm", "-journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        let _ = fs::remove_file(Path::new(&name));
    }
}

/// Pages of the file that one of several readers keeps, in KiB.
const READER_KIB: i64 = 8192;

/// Settings of a connection. Durable: a commit returns when the disk has it.
fn prepare(connection: &Connection, write_ahead: bool) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(5))?;
    functions::register(connection)?;
    connection.set_prepared_statement_cache_capacity(256);
    if write_ahead {
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
    }
    connection.pragma_update(None, "cache_size", -65_536)?;
    connection.pragma_update(None, "temp_store", "MEMORY")
}

/// Looks at the first bytes, so that what is no database, or only part of one, is
/// named before SQLite trips over it.
fn inspect(path: &Path) -> Result<(), StoreError> {
    let length = fs::metadata(path)
        .map_err(|error| StoreError::io(path, error))?
        .len();
    let mut header = [0_u8; 100];
    let mut file = fs::File::open(path).map_err(|error| StoreError::io(path, error))?;
    if file.read_exact(&mut header).is_err() || !header.starts_with(b"SQLite format 3\0") {
        return Err(StoreError::NotSqlite {
            path: path.to_path_buf(),
        });
    }
    let word = |at: usize| {
        u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
    };
    let page = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        size => u64::from(size),
    };
    // The page count is valid where the change counter equals its version.
    let expected = u64::from(word(28)) * page;
    if word(24) == word(92) && length < expected && !has_log(path) {
        return Err(StoreError::Damaged {
            path: path.to_path_buf(),
            detail: format!("{length} 字节，应有 {expected} 字节 / {length} bytes of {expected}"),
        });
    }
    Ok(())
}

/// Whether changes wait in a write-ahead log beside the file.
fn has_log(path: &Path) -> bool {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    fs::metadata(Path::new(&name)).is_ok_and(|log| log.len() > 0)
}

/// A connection, and whether the file had to be opened as one that nobody changes.
fn connect(path: &Path, access: Access) -> Result<(Connection, bool), StoreError> {
    let fail = |error| StoreError::sqlite(path, error);
    if access == Access::ReadWrite {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(fail)?;
        // SQLite falls back to reading where the file cannot be written.
        if connection.is_readonly("main").map_err(fail)? {
            return Err(StoreError::ReadOnly {
                path: path.to_path_buf(),
            });
        }
        prepare(&connection, is_own(&connection).map_err(fail)?).map_err(fail)?;
        return Ok((connection, false));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(path, flags).and_then(|connection| {
        prepare(&connection, false)?;
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        Ok(connection)
    });
    match opened {
        Ok(connection) => Ok((connection, false)),
        // A file in WAL mode needs its side files; on a read-only medium they cannot be made.
        Err(error)
            if matches!(
                error.sqlite_error_code(),
                Some(rusqlite::ErrorCode::CannotOpen | rusqlite::ErrorCode::ReadOnly)
            ) =>
        {
            if has_log(path) {
                return Err(StoreError::PendingLog {
                    path: path.to_path_buf(),
                });
            }
            Ok((connect_immutable(path)?, true))
        }
        Err(error) => Err(fail(error)),
    }
}

/// Opens a file on a medium that nobody can write to.
pub(super) fn connect_immutable(path: &Path) -> Result<Connection, StoreError> {
    let fail = |error| StoreError::sqlite(path, error);
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri.push_str("?immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(uri, flags).map_err(fail)?;
    prepare(&connection, false).map_err(fail)?;
    Ok(connection)
}

fn is_own(connection: &Connection) -> rusqlite::Result<bool> {
    let has_table = connection
        .query_row(
            "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'about'
             AND EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'change_log')",
            [],
            |_| Ok(()),
        )
        .optional()?
        .is_some();
    Ok(has_table
        && connection
            .query_row("SELECT value FROM about WHERE key = 'format'", [], |row| {
                row.get::<_, String>(0)
            })
            .optional()?
            .is_some_and(|format| format == "yizhangtu"))
}

/// Whether the file is one of ours; refuses what is no GeoPackage or too new.
fn check_versions(connection: &Connection, path: &Path) -> Result<bool, StoreError> {
    let fail = |error| StoreError::sqlite(path, error);
    let newer = |version: String| StoreError::Newer {
        path: path.to_path_buf(),
        version,
    };
    for table in ["gpkg_contents", "gpkg_spatial_ref_sys"] {
        connection
            .query_row(
                "SELECT 1 FROM sqlite_schema WHERE lower(name) = ?1",
                [table],
                |_| Ok(()),
            )
            .optional()
            .map_err(fail)?
            .ok_or_else(|| StoreError::NotGeoPackage {
                path: path.to_path_buf(),
                reason: format!("没有 {table} 表 / no table {table}"),
            })?;
    }
    let version: i64 = connection
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(fail)?;
    if version > NEWEST {
        return Err(newer(format!("GeoPackage {version}")));
    }
    let own = is_own(connection).map_err(fail)?;
    if own {
        let format = format(connection).map_err(fail)?;
        if format > FORMAT {
            return Err(newer(format!("yizhangtu {format}")));
        }
    }
    Ok(own)
}

/// The names of a table's columns.
pub(crate) fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    connection
        .prepare(&format!("PRAGMA table_info({})", quote(table)))?
        .query_map([], |row| row.get(1))?
        .collect()
}

/// The catalog's layers that the file has, and which of their fields.
fn own_tables(connection: &Connection, catalog: &Catalog) -> rusqlite::Result<Vec<Table>> {
    let mut tables = Vec::new();
    for layer in &catalog.layers {
        let found = columns(connection, &layer.id)?;
        if !["fid", "id", "source_batch"]
            .iter()
            .all(|needed| found.iter().any(|column| column == needed))
        {
            continue;
        }
        let mut table = schema::table(layer);
        for column in &mut table.columns {
            if !found.iter().any(|name| Some(name) == column.as_ref()) {
                *column = None;
            }
        }
        tables.push(table);
    }
    Ok(tables)
}

/// Brings a file to the version and the catalog of this program, and says where the copy
/// is that was made first; none where there was nothing to do.
fn upgrade(
    connection: &Connection,
    path: &Path,
    catalog: &Catalog,
) -> Result<Option<PathBuf>, StoreError> {
    let fail = |error| StoreError::sqlite(path, error);
    if is_current(connection, catalog).map_err(fail)? {
        return Ok(None);
    }
    let copy = copy_name(path);
    backup::copy_to(connection, &copy)?;
    upgrade_within(connection, catalog).map_err(fail)?;
    Ok(Some(copy))
}

/// `village.before-upgrade-20261122T051530Z.gpkg` beside `village.gpkg`.
fn copy_name(path: &Path) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let time = chrono::Utc::now().format("%Y%m%dT%H%M%S%3fZ");
    path.with_file_name(format!("{stem}.before-upgrade-{time}.gpkg"))
}

/// The version of our own tables that a file states.
fn format(connection: &Connection) -> rusqlite::Result<i64> {
    let stated = connection
        .query_row(
            "SELECT CAST(value AS INTEGER) FROM about WHERE key = 'format_version'",
            [],
            |row| row.get::<_, Option<i64>>(0),
        )
        .optional()?;
    Ok(stated.flatten().unwrap_or(0))
}

fn is_current(connection: &Connection, catalog: &Catalog) -> rusqlite::Result<bool> {
    let known = own_tables(connection, catalog)?;
    let complete = |id: &str| {
        let table = known.iter().find(|table| table.layer.id == id);
        table.is_some_and(|table| table.columns.iter().all(Option::is_some))
    };
    Ok(format(connection)? == FORMAT && catalog.layers.iter().all(|layer| complete(&layer.id)))
}

/// Adds the tables of newer versions, and the layers and fields that the catalog has and the
/// file lacks.
fn upgrade_within(connection: &Connection, catalog: &Catalog) -> rusqlite::Result<()> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    // Another program may have been quicker.
    if is_current(&transaction, catalog)? {
        return Ok(());
    }
    let old = format(&transaction)? < FORMAT;
    if old {
        transaction.execute_batch(schema::ADDED)?;
    }
    let known = own_tables(&transaction, catalog)?;
    for layer in &catalog.layers {
        let table = schema::table(layer);
        let found = columns(&transaction, &layer.id)?;
        if found.is_empty() {
            schema::create_layer(&transaction, catalog, &table)?;
            continue;
        }
        // A table of the same name that another program made stays as it is.
        let Some(own) = known.iter().find(|own| own.layer.id == layer.id) else {
            continue;
        };
        let complete = own.columns.iter().all(Option::is_some);
        if complete && !old {
            continue;
        }
        let lacking = (layer.fields.iter()).filter(|field| !found.contains(&field.name));
        for field in lacking {
            transaction.execute(
                &format!(
                    "ALTER TABLE {} ADD COLUMN {}",
                    quote(&table.name),
                    schema::definition(field)
                ),
                [],
            )?;
        }
        if !complete {
            schema::describe(&transaction, catalog, layer)?;
            styles::write(&transaction, catalog, layer)?;
            schema::create_indexes(&transaction, &table)?;
        }
        schema::drop_triggers(&transaction, &table)?;
        schema::create_rtree_triggers(&transaction, &table)?;
        history::create_triggers(&transaction, &table)?;
    }
    transaction.commit()
}
