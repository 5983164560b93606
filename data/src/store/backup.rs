//! Copies a file while it is in use.

use std::{fs, path::Path, thread, time::Duration};

use rusqlite::{
    Connection,
    backup::{Backup, StepResult},
    ffi,
};

use super::{Attachments, Copied, GeoPackage, StoreError};

impl GeoPackage {
    /// Copies the whole file as it is at this moment, changes in the write-ahead log
    /// included, and the attachments that it names into the folder beside the copy. Others may
    /// go on reading and writing meanwhile: what they take away while files are copied is
    /// among those missing.
    ///
    /// # Errors
    /// When the copy exists already or cannot be written; no file that looks like a backup is
    /// left then.
    pub fn backup(&self, copy: &Path) -> Result<Copied, StoreError> {
        copy_to(&self.connection, copy)?;
        let copied = self
            .attachments()
            .copy_for(copy, &Attachments::beside(copy));
        if copied.is_err() {
            // The error is what is to be told.
            let _ = fs::remove_file(copy);
        }
        copied
    }
}

/// Copies what a connection sees into a new file, whole or not at all.
pub(super) fn copy_to(connection: &Connection, copy: &Path) -> Result<(), StoreError> {
    if copy.exists() {
        return Err(StoreError::Exists {
            path: copy.to_path_buf(),
        });
    }
    let folder = match copy.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let part = tempfile::Builder::new()
        .prefix(".yizhangtu-")
        .suffix(".part")
        .tempfile_in(folder)
        .map_err(|error| StoreError::io(folder, error))?
        .into_temp_path();
    let write = || {
        let mut target = Connection::open(&part)?;
        copy_pages(connection, &mut target)?;
        // The copy stands alone: no log beside it until somebody opens it to write.
        target.pragma_update(None, "journal_mode", "DELETE")
    };
    write().map_err(|error| StoreError::sqlite(copy, error))?;
    fs::File::open(&part)
        .and_then(|file| file.sync_all())
        .map_err(|error| StoreError::io(copy, error))?;
    part.persist_noclobber(copy)
        .map_err(|error| StoreError::io(copy, error.error))
}

/// Copies every page. A writer in WAL mode never stands in the way; one in another mode
/// may for the moment of its commit, and is waited for.
fn copy_pages(from: &Connection, to: &mut Connection) -> rusqlite::Result<()> {
    const TRIES: u32 = 20;
    let backup = Backup::new(from, to)?;
    for _ in 0..TRIES {
        if backup.step(-1)? == StepResult::Done {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(250));
    }
    Err(rusqlite::Error::SqliteFailure(
        ffi::Error::new(ffi::SQLITE_BUSY),
        None,
    ))
}
