//! Zipped files: unpacked into a folder of their own, never outside it, and never more
//! than a machine holds.

use std::{
    fs::{self, File},
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::{Each, Reading, Said, Source, ending};
use crate::import::ImportError;

/// Members of an archive.
const MEMBERS: usize = 2000;
/// Bytes that all members together unpack to.
const UNPACKED: u64 = 4 << 30;
/// How many times larger than packed, from [`SMALL`] bytes on: real maps pack 20 times.
const RATIO: u64 = 200;
const SMALL: u64 = 16 << 20;

/// Endings that an import may need.
const WANTED: [&str; 14] = [
    "shp", "dbf", "prj", "cpg", "shx", "geojson", "json", "geojsonl", "gpkg", "csv", "xlsx", "txt",
    "tsv", "dxf",
];
/// Of those, the ones that are opened.
const OPENED: [&str; 10] = [
    "shp", "geojson", "json", "geojsonl", "gpkg", "csv", "xlsx", "txt", "tsv", "dxf",
];

struct Unpacked {
    inner: Box<dyn Source>,
    /// Removed with the source.
    _folder: TempDir,
}

impl Source for Unpacked {
    fn said(&self) -> &Said {
        self.inner.said()
    }

    fn rows(&self, each: Each<'_>) -> Result<(), ImportError> {
        self.inner.rows(each)
    }
}

pub(super) fn open(path: &Path, reading: &Reading) -> Result<Box<dyn Source>, ImportError> {
    let folder = TempDir::new().map_err(|error| ImportError::io(path, error))?;
    let mut files = unpack(path, folder.path())?;
    files.retain(|file| OPENED.contains(&ending(file).as_str()));
    if files.iter().any(|file| ending(file) == "shp") {
        files.retain(|file| ending(file) == "shp");
    }
    if let Some(table) = &reading.table {
        files.retain(|file| {
            file.file_stem()
                .is_some_and(|stem| stem.to_string_lossy() == **table)
        });
    }
    match &files[..] {
        [file] => {
            let reading = Reading {
                table: None,
                ..reading.clone()
            };
            Ok(Box::new(Unpacked {
                inner: super::open(file, &reading)?,
                _folder: folder,
            }))
        }
        [] => Err(ImportError::file(
            path,
            "压缩包里没有可导入的文件（shp、geojson、gpkg、dxf、csv、xlsx、txt）",
            "the archive holds nothing to import (shp, geojson, gpkg, dxf, csv, xlsx, txt)",
        )),
        several => Err(ImportError::Several {
            path: path.to_path_buf(),
            names: (several.iter().filter_map(|file| file.file_stem()))
                .map(|stem| stem.to_string_lossy().into_owned())
                .collect(),
        }),
    }
}

fn unpack(path: &Path, folder: &Path) -> Result<Vec<PathBuf>, ImportError> {
    let damaged = |error: &dyn std::fmt::Display| {
        ImportError::file(
            path,
            format!("压缩包不完整或已损坏（{error}），请重新获取"),
            format!("the archive is cut off or damaged ({error}); get it again"),
        )
    };
    let file = File::open(path).map_err(|error| ImportError::io(path, error))?;
    let packed = file
        .metadata()
        .map_err(|error| ImportError::io(path, error))?
        .len();
    let mut archive =
        zip::ZipArchive::new(BufReader::new(file)).map_err(|error| damaged(&error))?;
    if archive.len() > MEMBERS {
        return Err(ImportError::file(
            path,
            format!("压缩包有 {} 个文件，上限 {MEMBERS}", archive.len()),
            format!(
                "the archive has {} members of at most {MEMBERS}",
                archive.len()
            ),
        ));
    }
    let mut left = UNPACKED.min(SMALL.max(packed.saturating_mul(RATIO)));
    let mut files = Vec::new();
    for at in 0..archive.len() {
        let mut member = archive.by_index(at).map_err(|error| damaged(&error))?;
        let (name, _) = super::decode(member.name_raw(), None);
        let name = name.replace('\\', "/");
        let climbs = name.starts_with('/')
            || name.split('/').any(|part| part == "..")
            || name.as_bytes().get(1) == Some(&b':')
            || name.contains('\0');
        if climbs {
            return Err(ImportError::file(
                path,
                format!("压缩包成员“{name}”的路径指向包外，拒绝解压；请勿使用来历不明的压缩包"),
                format!(
                    "the path of member “{name}” leads out of the archive; it is not unpacked: do not use archives of unknown origin"
                ),
            ));
        }
        let Some(plain) = name.rsplit('/').next().filter(|it| !it.is_empty()) else {
            continue;
        };
        let hidden = plain.starts_with('.') || name.starts_with("__MACOSX");
        if member.is_dir() || hidden || !WANTED.contains(&ending(Path::new(plain)).as_str()) {
            continue;
        }
        let target = folder.join(plain);
        if target.exists() {
            return Err(ImportError::file(
                path,
                format!("压缩包里有两个“{plain}”，请分开打包"),
                format!("the archive has two members “{plain}”; pack them apart"),
            ));
        }
        let mut out = File::create(&target).map_err(|error| ImportError::io(&target, error))?;
        // The stated size may lie: what really comes out is counted.
        let written = io::copy(&mut member.by_ref().take(left + 1), &mut out).map_err(|error| {
            if error.kind() == io::ErrorKind::StorageFull {
                ImportError::io(&target, error)
            } else {
                damaged(&error)
            }
        })?;
        if written > left {
            let _ = fs::remove_file(&target);
            return Err(ImportError::file(
                path,
                format!(
                    "压缩包解压后过大（超过 {} MiB，疑似压缩炸弹），拒绝解压",
                    UNPACKED.min(SMALL.max(packed.saturating_mul(RATIO))) >> 20
                ),
                format!(
                    "the archive unpacks to more than {} MiB (a zip bomb?); it is not unpacked",
                    UNPACKED.min(SMALL.max(packed.saturating_mul(RATIO))) >> 20
                ),
            ));
        }
        left -= written;
        files.push(target);
    }
    Ok(files)
}
