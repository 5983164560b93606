//! Folders beside the served file, for what passes through the service: imports under way and
//! files that are handed over. They may hold what the file holds, so they lie where it lies,
//! open to the account of the service alone, and not in the folder that a machine shares.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

/// What passes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Passing {
    Imports,
    Exports,
}

impl Passing {
    /// A new folder of its own beside a file; gone when dropped.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub(crate) fn folder(self, file: &Path) -> io::Result<TempDir> {
        let all = self.beside(file);
        fs::create_dir_all(&all)?;
        let mut making = tempfile::Builder::new();
        // Else the account's usual mask holds, which lets others look into it.
        #[cfg(unix)]
        making.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        making.tempdir_in(&all)
    }

    /// Where all of them lie: `village.exports` beside `village.gpkg`.
    fn beside(self, file: &Path) -> PathBuf {
        file.with_extension(match self {
            Self::Imports => "imports",
            Self::Exports => "exports",
        })
    }

    /// Removes what a service left that was ended in the middle.
    ///
    /// # Errors
    /// When it is there and cannot be removed.
    pub(crate) fn clear(file: &Path) -> io::Result<()> {
        for passing in [Self::Imports, Self::Exports] {
            match fs::remove_dir_all(passing.beside(file)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_lies_beside_the_file_and_goes_at_the_next_start() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("village.gpkg");
        fs::write(&file, "a map").unwrap();
        for passing in [Passing::Imports, Passing::Exports] {
            let left = passing.folder(&file).unwrap().keep();
            assert_eq!(left.parent().and_then(Path::parent), Some(place.path()));
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt as _;
                let mode = fs::metadata(&left).unwrap().permissions().mode();
                assert_eq!(mode & 0o077, 0, "{mode:o}");
            }
            fs::write(left.join("people.csv"), "a name").unwrap();
        }
        Passing::clear(&file).unwrap();
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
        Passing::clear(&file).unwrap();
    }
}
