//! Files as a browser sends them, written to a folder of their own while they come.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use axum::{
    extract::{Multipart, multipart::MultipartError},
    http::StatusCode,
};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;

use crate::http::{Passing, Problem};

/// How many files an import takes: a Shapefile has up to nine.
const MOST: usize = 40;

/// Files that only stand beside another: its attributes, index, system, encoding.
const BESIDE: [&str; 9] = [
    "dbf", "shx", "prj", "cpg", "qpj", "sbn", "sbx", "qix", "xml",
];

/// The files of an import.
pub(super) struct Received {
    /// Where they lie; gone when dropped.
    pub(super) folder: TempDir,
    /// The files that are read by themselves.
    pub(super) main: Vec<PathBuf>,
}

/// Takes in every file of a form, for an import into a file.
///
/// # Errors
/// 400 where there is none, or names are doubled; 413 where they are too large.
pub(super) async fn files(mut form: Multipart, into: &Path) -> Result<Received, Problem> {
    let folder = (Passing::Imports.folder(into)).map_err(Problem::internal)?;
    let mut names = HashSet::new();
    let mut paths = Vec::new();
    while let Some(mut part) = form.next_field().await.map_err(refused)? {
        // Parts that are no file are nothing to us.
        let Some(name) = part.file_name().map(plain) else {
            continue;
        };
        if name.is_empty() || !names.insert(name.to_lowercase()) {
            return Err(bad(
                format!("文件名“{name}”为空或重复"),
                format!("the file name “{name}” is empty or comes twice"),
            ));
        }
        if paths.len() == MOST {
            return Err(bad(
                format!("一次最多 {MOST} 个文件，请压缩为 zip 或分批"),
                format!("at most {MOST} files at once; send a zip, or less"),
            ));
        }
        let path = folder.path().join(&name);
        let mut file = tokio::fs::File::create(&path)
            .await
            .map_err(Problem::internal)?;
        while let Some(chunk) = part.chunk().await.map_err(refused)? {
            file.write_all(&chunk).await.map_err(Problem::internal)?;
        }
        file.flush().await.map_err(Problem::internal)?;
        paths.push(path);
    }
    if paths.is_empty() {
        return Err(bad("没有收到文件".to_owned(), "no file came".to_owned()));
    }
    let main: Vec<PathBuf> = paths
        .iter()
        .filter(|path| !is_beside(path))
        .cloned()
        .collect();
    // A .dbf alone is a table; other lone companions are refused by name when they are read.
    Ok(Received {
        folder,
        main: if main.is_empty() { paths } else { main },
    })
}

fn is_beside(path: &Path) -> bool {
    path.extension()
        .and_then(|ending| ending.to_str())
        .is_some_and(|ending| BESIDE.contains(&ending.to_lowercase().as_str()))
}

/// The last part of a name, so that no file is written elsewhere.
fn plain(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last.chars().filter(|letter| !letter.is_control()).collect();
    match kept.trim() {
        "." | ".." => String::new(),
        kept => kept
            .chars()
            .rev()
            .take(120)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect(),
    }
}

fn bad(zh: String, en: String) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, format!("{zh} / {en}"))
}

fn refused(error: MultipartError) -> Problem {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!(
                "文件超过 {size} MB，请分批，或在服务器上用 import 命令 / larger than {size} MB; send less, or use the import command on the server",
                size = super::LARGEST >> 20
            ),
        ),
        status => Problem::new(
            status,
            format!("上传未完成：{error} / the upload was not completed: {error}"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_folder() {
        for (given, kept) in [
            ("a.shp", "a.shp"),
            ("../../etc/passwd", "passwd"),
            ("C:\\数据\\房屋.zip", "房屋.zip"),
            ("..", ""),
            ("a\u{0}b.csv", "ab.csv"),
        ] {
            assert_eq!(plain(given), kept);
        }
        let long = format!("{}.geojson", "长".repeat(300));
        assert!(plain(&long).ends_with(".geojson") && plain(&long).chars().count() == 120);
    }

    #[test]
    fn companions_are_not_read_by_themselves() {
        assert!(is_beside(Path::new("a.DBF")) && is_beside(Path::new("a.shp.xml")));
        assert!(!is_beside(Path::new("a.shp")) && !is_beside(Path::new("a")));
    }
}
