//! Where the keys come from: a file, the environment, or a command.

use std::{
    env, fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{KeyError, Ring};

/// Where the keys come from. None is the data file itself.
#[derive(Clone, PartialEq, Eq)]
pub enum Source {
    /// A file, named by `YIZHANGTU_KEY_FILE`.
    File(PathBuf),
    /// The text of such a file, in `YIZHANGTU_KEY`.
    Environment,
    /// What a command prints, named by `YIZHANGTU_KEY_COMMAND`; a key store's own client.
    Command(String),
}

impl std::fmt::Debug for Source {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(self.name())
    }
}

impl Source {
    /// The source that the environment names.
    ///
    /// # Errors
    /// When it names more than one.
    pub fn from_environment() -> Result<Option<Self>, KeyError> {
        let given = |name| env::var_os(name).filter(|value| !value.is_empty());
        let sources = [
            given("YIZHANGTU_KEY_FILE").map(|path| Self::File(path.into())),
            given("YIZHANGTU_KEY").map(|_| Self::Environment),
            given("YIZHANGTU_KEY_COMMAND")
                .map(|command| Self::Command(command.to_string_lossy().into_owned())),
        ];
        let mut named = sources.into_iter().flatten();
        match (named.next(), named.next()) {
            (_, Some(_)) => Err(KeyError::TwoSources),
            (source, None) => Ok(source),
        }
    }

    /// The keys that are there now.
    ///
    /// # Errors
    /// When it cannot be read or holds none.
    pub fn read(&self) -> Result<Ring, KeyError> {
        let text = match self {
            Self::File(path) => fs::read_to_string(path).map_err(|source| KeyError::File {
                path: path.clone(),
                source,
            })?,
            Self::Environment => env::var("YIZHANGTU_KEY").unwrap_or_default(),
            Self::Command(command) => printed(command)?,
        };
        Ring::parse(&text).ok_or_else(|| KeyError::Unreadable {
            source_name: self.name().to_owned(),
        })
    }

    /// The file of keys, where it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            _ => None,
        }
    }

    /// The variable that names it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::File(_) => "YIZHANGTU_KEY_FILE",
            Self::Environment => "YIZHANGTU_KEY",
            Self::Command(_) => "YIZHANGTU_KEY_COMMAND",
        }
    }
}

fn printed(command: &str) -> Result<String, KeyError> {
    let fail = |detail: String| KeyError::Command { detail };
    let mut shell = if cfg!(windows) {
        let mut shell = Command::new("cmd");
        shell.arg("/C");
        shell
    } else {
        let mut shell = Command::new("sh");
        shell.arg("-c");
        shell
    };
    let run = shell.arg(command).stdin(Stdio::null());
    let output = run.output().map_err(|error| fail(error.to_string()))?;
    if !output.status.success() {
        return Err(fail(output.status.to_string()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

impl Ring {
    /// Writes the keys to a file that only its owner may read. One that is there is replaced
    /// whole, or where it is `new`, not at all.
    ///
    /// # Errors
    /// When it cannot be written, or is there already.
    pub fn write(&self, path: &Path, new: bool) -> Result<(), KeyError> {
        let fail = |source| KeyError::File {
            path: path.to_path_buf(),
            source,
        };
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        // A temporary file is its owner's alone from the start.
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(fail)?;
        file.write_all(self.to_text().as_bytes()).map_err(fail)?;
        file.as_file().sync_all().map_err(fail)?;
        let kept = if new {
            file.persist_noclobber(path)
        } else {
            file.persist(path)
        };
        kept.map(drop).map_err(|error| fail(error.error))
    }
}
