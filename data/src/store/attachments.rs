//! The files that belong to features: in a folder beside the GeoPackage, each named by the
//! SHA-256 of what it holds.
//!
//! `village.gpkg` has `village.attachments/ab/ab12…`. A file is whole and on the disk before
//! the row that names it is written, so a row never names what a crash took; what a crash
//! leaves without a row is no more than wasted room.
//!
//! Where a key is at hand every file is sealed as it comes, small pictures too: whoever takes
//! the folder has no face of anybody. The name is the hash of what the file holds.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read as _, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use rusqlite::Connection;
use tempfile::NamedTempFile;

use super::{GeoPackage, StoreError};
use crate::seal::{self, FileSealer, Keys};

/// The layer that says what is attached to what.
pub const LAYER: &str = "attachment";

/// The folder of a file's attachments.
#[derive(Clone, Debug)]
pub struct Attachments {
    folder: PathBuf,
    keys: Arc<Keys>,
}

/// A file that is being filled: sealed on the disk from its first byte, where there is a key.
pub struct Part {
    file: NamedTempFile,
    sealer: Option<FileSealer>,
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
        Attachments {
            keys: Arc::clone(&self.keys),
            ..Attachments::beside(&self.path)
        }
    }
}

impl Attachments {
    /// The folder that belongs to a GeoPackage, to be copied as it is; it need not be there.
    pub(super) fn beside(file: &Path) -> Self {
        Self {
            folder: file.with_extension("attachments"),
            keys: Arc::default(),
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
    pub fn begin(&self) -> Result<Part, StoreError> {
        Ok(Part {
            file: self.begin_plain()?,
            sealer: self.keys.file_sealer(),
        })
    }

    fn begin_plain(&self) -> Result<NamedTempFile, StoreError> {
        self.make(&self.folder)?;
        tempfile::Builder::new()
            .prefix(".part-")
            .tempfile_in(&self.folder)
            .map_err(|error| StoreError::io(&self.folder, error))
    }

    /// What the file of a hash holds.
    ///
    /// # Errors
    /// `NotFound` where there is none; `InvalidData` where its key is not at hand or somebody
    /// changed it.
    pub fn read(&self, hash: &str) -> io::Result<Vec<u8>> {
        self.open(fs::read(self.path(hash))?)
    }

    /// What a filled part holds.
    ///
    /// # Errors
    /// As [`Attachments::read`].
    pub fn read_part(&self, part: &Part) -> io::Result<Vec<u8>> {
        self.open(fs::read(part.file.path())?)
    }

    /// The small picture of a file, where one is kept.
    ///
    /// # Errors
    /// As [`Attachments::read`].
    pub fn read_thumbnail(&self, hash: &str) -> io::Result<Vec<u8>> {
        self.open(fs::read(self.thumbnail(hash))?)
    }

    /// Keeps the small picture of a file, to be read by [`Attachments::read_thumbnail`].
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn keep_thumbnail(&self, hash: &str, content: &[u8]) -> Result<(), StoreError> {
        let mut part = self.begin()?;
        let path = self.thumbnail(hash);
        let failed = |error| StoreError::io(&path, error);
        part.write_all(content)
            .and_then(|()| part.finish())
            .map_err(failed)?;
        part.file
            .persist(&path)
            .map_err(|error| failed(error.error))?;
        Ok(())
    }

    fn open(&self, kept: Vec<u8>) -> io::Result<Vec<u8>> {
        if !kept.starts_with(seal::FILE_MAGIC) {
            return Ok(kept);
        }
        self.keys.open_file(&kept).map(Cow::into_owned).ok_or_else(|| {
            let name = seal::file_key(&kept).unwrap_or_default();
            let said = format!("附件已加密，密钥 {name} 不在或文件被改动 / sealed; the key {name} is not at hand, or the file was changed");
            io::Error::new(io::ErrorKind::InvalidData, said)
        })
    }

    /// Gives a filled file the name of what it holds. It is on the disk when this returns. What
    /// is there already is the same, and stays.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn keep(&self, mut part: Part, hash: &str) -> Result<(), StoreError> {
        (part.finish()).map_err(|error| StoreError::io(&self.folder, error))?;
        self.keep_as_it_is(part.file, hash)
    }

    fn keep_as_it_is(&self, part: NamedTempFile, hash: &str) -> Result<(), StoreError> {
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
    fn path(&self, hash: &str) -> PathBuf {
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
    fn thumbnail(&self, hash: &str) -> PathBuf {
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
            // Sealed as it is: a backup has no face of anybody either.
            let mut part = to.begin_plain()?;
            io::copy(&mut source, part.as_file_mut())
                .map_err(|error| StoreError::io(&to.folder, error))?;
            to.keep_as_it_is(part, &hash)?;
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

impl Attachments {
    /// Every file that is kept, small pictures and parts too.
    fn files(&self) -> Vec<PathBuf> {
        let within = |folder: &Path| -> Vec<PathBuf> {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            entries.map(|entry| entry.path()).collect()
        };
        let (folders, mut files): (Vec<_>, Vec<_>) =
            (within(&self.folder).into_iter()).partition(|path| path.is_dir());
        files.extend(folders.iter().flat_map(|folder| within(folder)));
        files.sort();
        files
    }

    /// How many files lie in clear, and how many under each key by its name.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn seal_state(&self) -> Result<(u64, BTreeMap<String, u64>), StoreError> {
        let (mut clear, mut by_key) = (0, BTreeMap::new());
        for path in self.files() {
            let mut start = Vec::with_capacity(seal::FILE_HEAD);
            let read = File::open(&path)
                .and_then(|file| file.take(seal::FILE_HEAD as u64).read_to_end(&mut start));
            match read {
                Ok(_) => {}
                // Taken away meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(StoreError::io(&path, error)),
            }
            match seal::file_key(&start) {
                Some(key) => *by_key.entry(key.to_owned()).or_default() += 1,
                None => clear += 1,
            }
        }
        Ok((clear, by_key))
    }

    /// Seals every file that lies in clear or under another key with the key at hand, while
    /// others read: each is put whole in its place. `named` says whether a row still names a
    /// hash; a file whose row went meanwhile is not brought back.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub(super) fn reseal(
        &self,
        named: &dyn Fn(&str) -> Result<bool, StoreError>,
    ) -> Result<u64, StoreError> {
        let ring = self.keys.ring();
        let mut done = 0;
        for path in self.files() {
            let failed = |error| StoreError::io(&path, error);
            let hash = (path.file_stem().unwrap_or_default())
                .to_string_lossy()
                .into_owned();
            if hash.starts_with(".part-") {
                continue;
            }
            let kept = match fs::read(&path) {
                Ok(kept) => kept,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(failed(error)),
            };
            if seal::file_key(&kept).is_some_and(|key| Some(key) == ring.current()) {
                continue;
            }
            // What can't be opened stays as it is; `doctor` tells of it.
            let Ok(content) = self.open(kept) else {
                continue;
            };
            let before = named(&hash)?;
            let mut part = self.begin()?;
            part.write_all(&content)
                .and_then(|()| part.finish())
                .map_err(failed)?;
            part.file.as_file().sync_all().map_err(failed)?;
            part.file
                .persist(&path)
                .map_err(|error| failed(error.error))?;
            if before && !named(&hash)? {
                self.remove(&hash)?;
                continue;
            }
            sync(path.parent().unwrap_or(&self.folder)).map_err(failed)?;
            done += 1;
        }
        Ok(done)
    }
}

impl Part {
    /// Writes what is still kept back.
    fn finish(&mut self) -> io::Result<()> {
        let Some(sealer) = self.sealer.take() else {
            return Ok(());
        };
        let last = sealer.finish().ok_or_else(too_long)?;
        self.file.write_all(&last)
    }

    /// Says that all of it was written, so that it can be read.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn complete(mut self) -> io::Result<Self> {
        self.finish()?;
        Ok(self)
    }
}

impl Write for Part {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.sealer {
            Some(sealer) => {
                let sealed = sealer.push(bytes).ok_or_else(too_long)?;
                self.file.write_all(&sealed)?;
                Ok(bytes.len())
            }
            None => self.file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn too_long() -> io::Error {
    io::Error::other("the file is too long to be sealed")
}

/// Puts the names in a folder on the disk.
pub(super) fn sync(folder: &Path) -> io::Result<()> {
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
