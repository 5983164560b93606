//! A file that is handed over: written in a folder of its own, which goes with the answer.

use std::{io, path::Path};

use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::Response,
};
use futures::StreamExt;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio_util::io::ReaderStream;
use yizhangtu_data::{Field, FieldKind, Text};

use super::leave::hexadecimal;
use crate::http::{Problem, percent_encoded};

/// A folder for one file.
pub(crate) fn folder() -> Result<TempDir, Problem> {
    tempfile::Builder::new()
        .prefix("yizhangtu-export-")
        .tempdir()
        .map_err(Problem::internal)
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
    // The folder goes when the last of the file has gone out.
    let body = ReaderStream::new(file).map(move |chunk| {
        let _kept = &folder;
        chunk
    });
    let mut response = Response::new(Body::from_stream(body));
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
