//! What can go wrong with a store, said so that the reader knows what to do.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use thiserror::Error;

use super::blob::BlobError;
use crate::catalog::FieldError;

/// Why a store could not be made, opened, read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The keys that the environment names are not to be had.
    #[error(transparent)]
    Key(crate::seal::KeyError),
    /// There is no such file.
    #[error("{}：文件不存在，请检查路径 / no such file; check the path", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A new store was asked for where a file already is.
    #[error("{}：文件已存在，请换一个文件名 / the file exists already; choose another name", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The file is no SQLite database.
    #[error("{}：不是 GeoPackage（不是 SQLite 文件），请给出 .gpkg 文件 / not a GeoPackage (not an SQLite file); give a .gpkg file", path.display())]
    NotSqlite {
        /// The file.
        path: PathBuf,
    },
    /// The file is an SQLite database but no GeoPackage.
    #[error("{}：是 SQLite 文件但不是 GeoPackage（{reason}），请用 GIS 软件另存为 GeoPackage / an SQLite file but not a GeoPackage ({reason}); save it as GeoPackage first", path.display())]
    NotGeoPackage {
        /// The file.
        path: PathBuf,
        /// What is missing.
        reason: String,
    },
    /// The file was cut off or overwritten.
    #[error("{}：文件已损坏或不完整（{detail}），请重新复制或用备份恢复 / the file is damaged or cut off ({detail}); copy it again or restore a backup", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// The file follows a version that this program does not know.
    #[error("{}：文件版本 {version} 比本程序新，请升级本程序 / version {version} of the file is newer than this program; upgrade the program", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version that it states.
        version: String,
    },
    /// Another program holds the file.
    #[error("{}：文件正被其他程序占用，请关闭该程序后重试 / another program holds the file; close it and try again", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The file or its folder cannot be written.
    #[error("{}：文件或所在磁盘只读，请检查权限或换一个目录；未写入任何内容 / the file or its disk is read-only; check the permissions or choose another folder; nothing was written", path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// No space is left.
    #[error("{}：磁盘空间不足，请清理后重试；未写入任何内容 / the disk is full; free some space and try again; nothing was written", path.display())]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// Uncommitted work in a write-ahead log beside a file on read-only media.
    #[error("{}：旁边的 -wal 文件含有未合并的修改，只读介质上无法读取；请把两个文件一起复制到可写目录 / the -wal file beside it holds changes that can't be read on read-only media; copy both files to a writable folder", path.display())]
    PendingLog {
        /// The file.
        path: PathBuf,
    },
    /// No layer has this identifier.
    #[error("没有图层“{layer}”，现有图层：{known} / no layer “{layer}”; there are: {known}")]
    UnknownLayer {
        /// The identifier asked for.
        layer: String,
        /// The layers that there are.
        known: String,
    },
    /// The layer has no such field.
    #[error("图层 {layer} 没有字段“{field}” / layer {layer} has no field “{field}”")]
    UnknownField {
        /// The layer.
        layer: String,
        /// The field asked for.
        field: String,
    },
    /// A layer of a GeoPackage that another program made, asked to change.
    #[error(
        "图层 {layer} 由其他软件建立，不能在此修改；请先用 yizhangtu import 导入到自己的文件 / layer {layer} was made by another program and can't be changed here; import it into a file of your own first"
    )]
    Foreign {
        /// The layer.
        layer: String,
    },
    /// A layer in a coordinate system that cannot be turned into EPSG:4490.
    #[error(
        "图层 {layer}：无法识别坐标系 {srs}（{reason}），请先转换为 EPSG:4490 / layer {layer}: unknown coordinate system {srs} ({reason}); convert it to EPSG:4490 first"
    )]
    Crs {
        /// The layer.
        layer: String,
        /// What the file says of its system.
        srs: String,
        /// Why it cannot be used.
        reason: String,
    },
    /// A record that the catalog does not allow.
    #[error(
        "图层 {layer} 要素 {id}：{}；未写入任何内容 / layer {layer} feature {id}: nothing was written",
        messages(faults)
    )]
    Invalid {
        /// The layer.
        layer: String,
        /// The feature.
        id: String,
        /// Each fault, in both languages.
        faults: Vec<FieldError>,
    },
    /// A change or removal of a feature that is not there.
    #[error(
        "图层 {layer} 没有要素 {id}，未写入任何内容 / layer {layer} has no feature {id}; nothing was written"
    )]
    NoFeature {
        /// The layer.
        layer: String,
        /// The feature.
        id: String,
    },
    /// An insert of an id that is, or once was, in use.
    #[error(
        "图层 {layer} 要素 {id}：编号已使用过，不能再用，请换新编号；未写入任何内容 / layer {layer}: id {id} is or was in use and is never given again; use a new id; nothing was written"
    )]
    UsedId {
        /// The layer.
        layer: String,
        /// The feature.
        id: String,
    },
    /// Two features with one value where the catalog wants it unique.
    #[error(
        "图层 {layer} 要素 {id}：{field} 的值与其他要素重复（{detail}），未写入任何内容 / layer {layer} feature {id}: {field} repeats another feature's value ({detail}); nothing was written"
    )]
    Duplicate {
        /// The layer.
        layer: String,
        /// The feature.
        id: String,
        /// The field.
        field: String,
        /// What SQLite said.
        detail: String,
    },
    /// A geometry that cannot be read or is of the wrong kind.
    #[error("图层 {layer} 要素 {id} 的图形：{source}")]
    Geometry {
        /// The layer.
        layer: String,
        /// The feature.
        id: String,
        /// What is wrong.
        source: BlobError,
    },
    /// No import batch has this identifier, or it is undone already.
    #[error("没有可撤销的导入批次 {batch} / no import batch {batch} to undo")]
    NoBatch {
        /// The batch asked for.
        batch: String,
    },
    /// Rows of a batch that were changed since.
    #[error(
        "导入批次 {batch} 不能撤销：之后又修改过 {rows}；请先撤销这些修改 / batch {batch} can't be undone: changed since: {rows}; undo those changes first"
    )]
    ChangedSince {
        /// The batch.
        batch: String,
        /// The rows, `layer/id`.
        rows: String,
    },
    /// Features that were changed since the author saw them.
    #[error(
        "{} 已被他人修改，请刷新后重试；未写入任何内容 / changed by somebody else meanwhile; read again; nothing was written",
        names(features)
    )]
    Stale {
        /// Layer and feature of each.
        features: Vec<(std::sync::Arc<str>, crate::Id)>,
    },
    /// A word of an author that came before with something else.
    #[error(
        "Idempotency-Key “{key}” 已用于另一个请求，请换一个 / the Idempotency-Key “{key}” came before with another request; use a new one"
    )]
    KeyReused {
        /// The word.
        key: String,
    },
    /// A process guards what was to be changed.
    #[error("{layer} {id}：{message}")]
    Guarded {
        /// The layer.
        layer: String,
        /// The feature.
        id: String,
        /// What is guarded, in Chinese and English.
        message: String,
    },
    /// A step of a process was to be taken back.
    #[error(
        "变更集 {change_set} 是办理流程的一步，不能撤销；请按流程办理 / change set {change_set} is a step of a process and can't be taken back; go on by the process"
    )]
    IsStep {
        /// The change set.
        change_set: i64,
    },
    /// No change set has this number.
    #[error("没有变更集 {change_set} / there is no change set {change_set}")]
    NoChangeSet {
        /// The number asked for.
        change_set: i64,
    },
    /// Features of a change set that were changed since.
    #[error(
        "变更集 {change_set} 不能撤销：之后又修改过 {rows}；请先撤销这些修改 / change set {change_set} can't be taken back: changed since: {rows}; take those changes back first"
    )]
    SetChangedSince {
        /// The change set.
        change_set: i64,
        /// The rows, `layer/id`.
        rows: String,
    },
    /// The system could not put the change on the disk.
    #[error(
        "{}：磁盘未能写入（{detail}），未写入任何内容；请检查磁盘 / the disk did not take the change ({detail}); nothing was written; look at the disk", path.display()
    )]
    Disk {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        detail: String,
    },
    /// A history that another program's edit has left unreadable.
    #[error(
        "图层 {layer} 要素 {id} 的历史记录无法读取 / the history of layer {layer} feature {id} can't be read"
    )]
    History {
        /// The layer.
        layer: String,
        /// The feature.
        id: String,
    },
    /// The operating system refused.
    #[error("{}：{source} / the system refused: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
    /// SQLite refused for a reason not named above.
    #[error("{}：数据库错误 {source} / database error: {source}", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: rusqlite::Error,
    },
}

impl StoreError {
    /// The error of a file operation.
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            std::io::ErrorKind::NotFound => Self::Missing { path },
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                Self::Full { path }
            }
            std::io::ErrorKind::ReadOnlyFilesystem | std::io::ErrorKind::PermissionDenied => {
                Self::ReadOnly { path }
            }
            _ => Self::Io { path, source },
        }
    }

    /// The error of SQLite, named where its remedy is known.
    pub(crate) fn sqlite(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_path_buf();
        match source.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::ReadOnly) => Self::ReadOnly { path },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked { path },
            Some(ErrorCode::NotADatabase) => Self::NotSqlite { path },
            Some(ErrorCode::SystemIoFailure) => Self::Disk {
                path,
                detail: source.to_string(),
            },
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged {
                path,
                detail: source.to_string(),
            },
            _ => Self::Sqlite { path, source },
        }
    }
}

fn names(features: &[(std::sync::Arc<str>, crate::Id)]) -> String {
    let names: Vec<_> = features
        .iter()
        .map(|(layer, id)| format!("{layer}/{id}"))
        .collect();
    names.join(", ")
}

fn messages(faults: &[FieldError]) -> String {
    let messages: Vec<_> = faults.iter().map(|fault| fault.message.as_str()).collect();
    messages.join("；")
}
