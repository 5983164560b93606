//! Puts a backup in the place of a file.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use rusqlite::{Connection, OpenFlags, params};

use super::{Access, Attachments, Copied, GeoPackage, StoreError, backup};
use crate::Catalog;

/// How far numbers go on where it is not known how far they had come.
const GAP: u64 = 1_000_000;

/// What a restore did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Where the file that was there before is now; none where there was none.
    pub kept: Option<PathBuf>,
    /// Number of the last change that the backup holds.
    pub sequence: u64,
    /// Changes are numbered above this from now on.
    pub numbers_above: u64,
    /// The attachments that came with it.
    pub attachments: Copied,
}

impl GeoPackage {
    /// What SQLite finds wrong with the file; empty where it is sound.
    ///
    /// # Errors
    /// When the file cannot be read at all.
    pub fn damage(&self) -> Result<Vec<String>, StoreError> {
        let told = match self.query("PRAGMA quick_check(20)", [], |row| row.get::<_, String>(0)) {
            Err(StoreError::Damaged { detail, .. }) => return Ok(vec![detail]),
            told => told?,
        };
        let lines = told.iter().flat_map(|row| row.lines());
        let found = lines.filter(|line| *line != "ok" && !line.starts_with("***"));
        Ok(found.map(str::to_owned).collect())
    }
}

/// Puts a backup in the place of a file, which is kept beside it under another name.
///
/// Its attachments come into the folder beside it; those of the replaced file go with that.
///
/// The numbers of changes go on above all that the replaced file gave, so that no version
/// or event is ever taken for another.
///
/// # Errors
/// When the backup is none of ours or damaged, or the file is in use or cannot be replaced;
/// it is as it was then.
pub fn restore(from: &Path, into: &Path, catalog: &Arc<Catalog>) -> Result<Restored, StoreError> {
    let store = GeoPackage::open(from, catalog, Access::ReadOnly)?;
    let damage = store.damage()?;
    if let Some(first) = damage.into_iter().next() {
        return Err(StoreError::Damaged {
            path: from.to_path_buf(),
            detail: first,
        });
    }
    let sequence = store.sequence()?;
    let there = into.exists();
    if there {
        close(into)?;
    }
    let reached = match (there, GeoPackage::open(into, catalog, Access::ReadOnly)) {
        (false, _) => sequence,
        (true, Ok(old)) => old.last_number().unwrap_or(sequence + GAP),
        (true, Err(_)) => sequence + GAP,
    };
    let numbers_above = reached.max(store.last_number()?);
    let time = chrono::Utc::now().format("%Y%m%dT%H%M%S%3fZ");
    let stem = into.file_stem().unwrap_or_default().to_string_lossy();
    let part = into.with_file_name(format!(".{stem}.restore-{time}.part"));
    let fail = |error| StoreError::sqlite(into, error);
    backup::copy_to(&store.connection, &part)?;
    let number = || {
        let connection = Connection::open(&part)?;
        let number = i64::try_from(numbers_above).unwrap_or(i64::MAX);
        connection.execute("DELETE FROM sqlite_sequence WHERE name = 'change_log'", [])?;
        connection.execute(
            "INSERT INTO sqlite_sequence (name, seq) VALUES ('change_log', ?1)",
            params![number],
        )
    };
    // Where the file is lost and its attachments are not, what they lack is added.
    let gathered = Attachments::beside(if there { &part } else { into });
    let mut attachments = Copied::default();
    let replaced = number().map_err(fail).and_then(|_| {
        attachments = store.attachments().copy_for(&part, &gathered)?;
        let file = fs::File::open(&part).map_err(|error| StoreError::io(into, error))?;
        file.sync_all()
            .map_err(|error| StoreError::io(into, error))?;
        let kept = there.then(|| into.with_file_name(format!("{stem}.before-restore-{time}.gpkg")));
        if let Some(kept) = &kept {
            for ending in ["", "-wal", "-shm"] {
                let (old, new) = (beside(into, ending), beside(kept, ending));
                if old.exists() {
                    fs::rename(&old, &new).map_err(|error| StoreError::io(&old, error))?;
                }
            }
            rename_folder(&Attachments::beside(into), &Attachments::beside(kept))?;
        }
        if there {
            rename_folder(&gathered, &Attachments::beside(into))?;
        }
        fs::rename(&part, into).map_err(|error| StoreError::io(into, error))?;
        Ok(kept)
    });
    if replaced.is_err() {
        // The error is what is to be told.
        let _ = fs::remove_file(&part);
        if there {
            let _ = fs::remove_dir_all(gathered.folder());
        }
    }
    Ok(Restored {
        kept: replaced?,
        sequence,
        numbers_above,
        attachments,
    })
}

fn rename_folder(from: &Attachments, to: &Attachments) -> Result<(), StoreError> {
    match fs::rename(from.folder(), to.folder()) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::io(from.folder(), error))
        }
        _ => Ok(()),
    }
}

impl GeoPackage {
    /// The greatest number that was ever given to a change.
    fn last_number(&self) -> Result<u64, StoreError> {
        let given = self.query(
            "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'change_log'",
            [],
            |row| row.get::<_, i64>(0),
        )?;
        Ok(given[0].unsigned_abs().max(self.sequence()?))
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Brings the log into the file, and refuses one that somebody has open. A file that is too
/// damaged for it is nobody's.
fn close(path: &Path) -> Result<(), StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let closed = Connection::open_with_flags(path, flags).and_then(|connection| {
        connection.busy_timeout(std::time::Duration::from_secs(1))?;
        // Leaving WAL takes that no other connection is open.
        connection.query_row("PRAGMA journal_mode = DELETE", [], |row| {
            row.get::<_, String>(0)
        })
    });
    match closed {
        Ok(mode) if mode != "delete" => Err(StoreError::Locked {
            path: path.to_path_buf(),
        }),
        Ok(_) => Ok(()),
        Err(error) => match StoreError::sqlite(path, error) {
            locked @ (StoreError::Locked { .. } | StoreError::ReadOnly { .. }) => Err(locked),
            _ => Ok(()),
        },
    }
}
