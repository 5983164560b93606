//! Why a file as a whole can't be imported.

use std::path::{Path, PathBuf};

use super::Report;
use crate::{crs::CrsError, store::StoreError};

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The file can't be opened or read.
    #[error("{}：无法读取（{source}） / can't be read: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not what it should be: cut off, of an unknown format, in a wrong
    /// encoding, with coordinates in the wrong order, …
    #[error("{}：{zh} / {en}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong and what to do, in Chinese.
        zh: String,
        /// The same in English.
        en: String,
    },
    /// The file holds several tables or files, and which is meant was not said.
    #[error(
        "{}：里面有 {} 个可导入的表或文件，请用 --table 指定一个：{} / holds {} tables or files to import; name one with --table: {}",
        path.display(),
        names.len(),
        names.join("，"),
        names.len(),
        names.join(", ")
    )]
    Several {
        /// The file.
        path: PathBuf,
        /// What may be named: of files in an archive the names without their endings.
        names: Vec<String>,
    },
    /// The coordinate system is not known, or leads nowhere.
    #[error("{}：{source}", path.display())]
    Crs {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: CrsError,
    },
    /// The options contradict one another or the catalog.
    #[error("{zh} / {en}")]
    Options {
        /// In Chinese.
        zh: String,
        /// In English.
        en: String,
    },
    /// Rows are refused, and the user did not ask for the others alone.
    #[error("{}", .0.summary())]
    Refused(Box<Report>),
    /// The store refuses.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ImportError {
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        if source.kind() == std::io::ErrorKind::NotFound {
            return Self::file(
                path,
                "没有这个文件，请检查路径",
                "there is no such file; check the path",
            );
        }
        Self::Io {
            path: path.to_path_buf(),
            source,
        }
    }

    pub(crate) fn file(path: &Path, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::File {
            path: path.to_path_buf(),
            zh: zh.into(),
            en: en.into(),
        }
    }

    pub(crate) fn crs(path: &Path, source: CrsError) -> Self {
        Self::Crs {
            path: path.to_path_buf(),
            source,
        }
    }

    pub(crate) fn options(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Options {
            zh: zh.into(),
            en: en.into(),
        }
    }
}
