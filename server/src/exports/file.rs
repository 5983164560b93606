//! A file that is handed over: written in a folder of its own, which is gone before its first
//! byte leaves.

use std::{io, path::Path};

use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::Response,
};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio_util::io::ReaderStream;
use yizhangtu_data::{Field, FieldKind, Text, hexadecimal};

use crate::{
    changes::not_written,
    http::{App, Passing, Problem, percent_encoded},
};

/// A folder for one file, beside the map that it comes from. Beside one on a disk that is only
/// read, which approved files never leave, the machine's folder for temporary files serves.
pub(crate) fn folder(app: &App) -> Result<TempDir, Problem> {
    let map = app.pool().reader().map_err(Problem::internal)?;
    match Passing::Exports.folder(map.path()) {
        Err(error) if app.read_only() => {
            tracing::debug!(%error, "no folder beside the map");
            tempfile::tempdir().map_err(Problem::internal)
        }
        made => made.map_err(|source| not_written(map.path(), source)),
    }
}

/// The column of what an approved file carries: rows are copied apart from one another, so
/// each says where it comes from.
pub(crate) fn mark_field() -> Field {
    Field {
        name: "export_mark".to_owned(),
        label: Text {
            zh: "出件标识".to_owned(),
            en: "Mark of the export".to_owned(),
        },
        kind: FieldKind::Text,
        ..Field::default()
    }
}

/// The SHA-256 of a file on the disk, hexadecimal.
pub(crate) fn hash_of(path: &Path) -> io::Result<String> {
    let mut hasher = Sha256::new();
    io::copy(&mut std::fs::File::open(path)?, &mut hasher)?;
    Ok(hexadecimal(&hasher.finalize()))
}

/// The answer that a file in a folder goes out by, with how many rows it has.
pub(crate) async fn answer(
    folder: TempDir,
    name: &str,
    media: &str,
    rows: u64,
) -> Result<Response, Problem> {
    let file = tokio::fs::File::open(folder.path().join(name))
        .await
        .map_err(Problem::internal)?;
    let size = file.metadata().await.map_err(Problem::internal)?.len();
    // An open file is read to its end without a name; its room goes with the answer. (Windows
    // keeps the name until then: what is left goes at the next start.)
    if let Err(error) = folder.close() {
        tracing::warn!(%error, "a file that is handed over still lies beside the map");
    }
    let mut response = Response::new(Body::from_stream(ReaderStream::new(file)));
    dress(&mut response, name, media);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    headers.insert("feature-count", HeaderValue::from(rows));
    Ok(response)
}

/// Names a file and says that no copy of it is to be kept on the way.
pub(crate) fn dress(response: &mut Response, name: &str, media: &str) {
    let headers = response.headers_mut();
    let disposition = format!("attachment; filename*=UTF-8''{}", percent_encoded(name));
    for (key, value) in [
        (header::CONTENT_TYPE, media),
        (header::CONTENT_DISPOSITION, &disposition),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(key, value);
        }
    }
}
