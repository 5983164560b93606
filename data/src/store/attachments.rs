//! The files that belong to features: in a folder beside the GeoPackage, each named by the
//! SHA-256 of what it holds.
//!
//! `village.gpkg` has `village.attachments/ab/ab12…`. A file is whole and on the disk before
//! the row that names it is written, so a row never names what a crash took; what a crash
//! leaves without a row is no more than wasted room.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use rusqlite::Connection;
use tempfile::NamedTempFile;

use super::{GeoPackage, StoreError};

/// The layer that says what is attached to what.
pub const LAYER: &str = "attachment";

/// The folder of a file's attachments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachments {
    folder: PathBuf,
}

/// What came of copying attachments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// Files that are in the copy.
    pub files: usize,
    /// Hashes that rows name and no file has.
    pub missing: Vec<String>,
}

impl GeoPackage {
    /// The files that belong to its features.
    pub fn attachments(&self) -> Attachments {
        Attachments::beside(&self.path)
    }
}

impl Attachments {
    /// The folder that belongs to a GeoPackage; it need not be there.
    pub fn beside(file: &Path) -> Self {
        Self {
            folder: file.with_extension("attachments"),
        }
    }

    /// Where the files are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A new file to be filled, in the folder but under no name that anybody asks for. Gone
    /// when dropped.
    ///
    /// # Errors
    /// When the folder cannot be made or written.
    pub fn begin(&self) -> Result<NamedTempFile, StoreError> {
        self.make(&self.folder)?;
        tempfile::Builder::new()
            .prefix(".part-")
            .tempfile_in(&self.folder)
            .map_err(|error| StoreError::io(&self.folder, error))
    }

    /// Gives a filled file the name of what it holds. It is on the disk when this returns. What
    /// is there already is the same, and stays.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn keep(&self, part: NamedTempFile, hash: &str) -> Result<(), StoreError> {
        let path = self.path(hash);
        let shelf = path.parent().unwrap_or(&self.folder);
        self.make(shelf)?;
        let failed = |error| StoreError::io(&path, error);
        part.as_file().sync_all().map_err(failed)?;
        match part.persist_noclobber(&path) {
            Ok(_) => {}
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(error.error)),
        }
        sync(shelf).map_err(failed)
    }

    /// Where the file of a hash is, or would be.
    pub fn path(&self, hash: &str) -> PathBuf {
        self.folder
            .join(hash.get(..2).unwrap_or_default())
            .join(hash)
    }

    /// Takes the file of a hash away, and what was made of it.
    ///
    /// # Errors
    /// When it is there and cannot be removed.
    pub fn remove(&self, hash: &str) -> Result<(), StoreError> {
        for path in [self.path(hash), self.thumbnail(hash)] {
            match fs::remove_file(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(StoreError::io(&path, error)),
            }
        }
        Ok(())
    }

    /// Where a small picture of the file may be kept. It can be made again at any time, and no
    /// backup holds it.
    pub fn thumbnail(&self, hash: &str) -> PathBuf {
        self.path(hash).with_extension("thumbnail")
    }

    /// Copies the files that a copy of the GeoPackage names to the folder that belongs to it.
    /// On the disk when this returns.
    ///
    /// # Errors
    /// When the copy cannot be read or the disk does not take the files.
    pub(super) fn copy_for(&self, copy: &Path, to: &Self) -> Result<Copied, StoreError> {
        let hashes = hashes(copy).map_err(|error| StoreError::sqlite(copy, error))?;
        let mut copied = Copied::default();
        for hash in hashes {
            let from = self.path(&hash);
            let mut source = match File::open(&from) {
                Ok(source) => source,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    copied.missing.push(hash);
                    continue;
                }
                Err(error) => return Err(StoreError::io(&from, error)),
            };
            copied.files += 1;
            if to.path(&hash).exists() {
                continue;
            }
            let mut part = to.begin()?;
            io::copy(&mut source, part.as_file_mut())
                .map_err(|error| StoreError::io(&to.folder, error))?;
            to.keep(part, &hash)?;
        }
        Ok(copied)
    }

    /// Makes a folder whose name survives a power cut.
    fn make(&self, folder: &Path) -> Result<(), StoreError> {
        if folder.is_dir() {
            return Ok(());
        }
        let failed = |error| StoreError::io(folder, error);
        fs::create_dir_all(folder).map_err(failed)?;
        let within = [Some(&*self.folder), self.folder.parent()];
        for parent in within.into_iter().flatten() {
            let parent = if parent.as_os_str().is_empty() {
                Path::new(".")
            } else {
                parent
            };
            sync(parent).map_err(failed)?;
        }
        Ok(())
    }
}

/// Puts the names in a folder on the disk.
fn sync(folder: &Path) -> io::Result<()> {
    // Windows has no such call and writes names through.
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// The hashes that the rows of a file name.
fn hashes(file: &Path) -> rusqlite::Result<Vec<String>> {
    let connection = Connection::open_with_flags(
        file,
        rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    let there = connection
        .prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'attachment'")?
        .exists([])?;
    if !there {
        return Ok(Vec::new());
    }
    connection
        .prepare("SELECT DISTINCT hash FROM attachment WHERE hash IS NOT NULL ORDER BY hash")?
        .query_map([], |row| row.get(0))?
        .collect()
}
