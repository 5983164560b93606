//! Archives of tiles: a file, told by its first bytes, and what is wrong with it.

use std::path::{Path, PathBuf};

use yizhangtu_data::Text;
use yizhangtu_tiles::TileId;

use super::{Description, Kind, content::Tile, mbtiles::MbTiles, pmtiles::PmTilesFile};

/// Why a base map cannot be shown. Every message names the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum BasemapError {
    /// The file cannot be read.
    #[error(
        "底图 {path}：无法读取，请检查路径和权限 / base map {path}: cannot be read; check path and rights: {cause}"
    )]
    Unreadable {
        path: String,
        #[source]
        cause: std::io::Error,
    },
    /// Neither PMTiles nor MBTiles.
    #[error(
        "底图 {path}：既不是 PMTiles 第 3 版也不是 MBTiles，请换用这两种格式 / base map {path}: neither PMTiles version 3 nor MBTiles; use one of them"
    )]
    UnknownFormat { path: String },
    /// The file ends before its tiles do.
    #[error(
        "底图 {path}：文件不完整，应有 {expected} 字节，只有 {found} 字节，请重新复制 / base map {path}: cut short, {found} bytes instead of {expected}; copy it again"
    )]
    CutShort {
        path: String,
        expected: u64,
        found: u64,
    },
    /// The archive contradicts itself.
    #[error(
        "底图 {path}：文件已损坏，请重新复制或重新制作 / base map {path}: damaged; copy or make it again: {reason}"
    )]
    Damaged { path: String, reason: String },
    /// Nothing in it.
    #[error("底图 {path}：里面没有瓦片 / base map {path}: there are no tiles in it")]
    Empty { path: String },
    /// Tiles of a kind that the page cannot draw.
    #[error(
        "底图 {path}：不支持 {kind} 瓦片，可用 png、jpg、webp、mvt / base map {path}: {kind} tiles are not supported; use png, jpg, webp or mvt"
    )]
    UnknownTiles { path: String, kind: String },
}

/// What an archive says of itself.
#[derive(Debug, Default)]
pub(super) struct About {
    pub(super) name: Option<String>,
    pub(super) attribution: Option<String>,
    pub(super) bounds: Option<[f64; 4]>,
    pub(super) minzoom: u8,
    pub(super) maxzoom: u8,
    pub(super) vector_layers: Option<serde_json::Value>,
}

/// An open archive.
pub(super) enum Archive {
    PmTiles(PmTilesFile),
    MbTiles(MbTiles),
}

impl Archive {
    /// Opens a file and reads its first tile, so that a damaged one is found at the start.
    pub(super) async fn open(path: &Path) -> Result<(Self, About, Tile), BasemapError> {
        let beginning = beginning(path)?;
        if beginning.starts_with(b"PMTiles") {
            let (file, about, first) = PmTilesFile::open(path, &beginning).await?;
            Ok((Self::PmTiles(file), about, first))
        } else if beginning.starts_with(b"SQLite format 3\0") {
            let (file, about, first) = MbTiles::open(path)?;
            Ok((Self::MbTiles(file), about, first))
        } else {
            Err(BasemapError::UnknownFormat {
                path: path.display().to_string(),
            })
        }
    }

    /// A tile; none where the archive has none.
    pub(super) async fn tile(&self, tile: TileId) -> Result<Option<Tile>, BasemapError> {
        match self {
            Self::PmTiles(file) => file.tile(tile).await,
            Self::MbTiles(file) => file.tile(tile).await,
        }
    }
}

/// The description of an archive for the page.
pub(super) fn describe(id: String, path: &Path, about: About, first: &Tile) -> Description {
    let stem = path
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned());
    let name = about.name.or(stem).unwrap_or_else(|| id.clone());
    let kind = first.kind();
    Description {
        title: Text {
            zh: name.clone(),
            en: name,
        },
        kind,
        tiles: [format!("/basemaps/{id}/{{z}}/{{x}}/{{y}}")],
        attribution: about.attribution.as_deref().map(without_markup),
        bounds: about.bounds,
        minzoom: about.minzoom,
        maxzoom: about.maxzoom,
        tile_size: (kind == Kind::Raster).then(|| first.size().unwrap_or(256)),
        vector_layers: about.vector_layers,
        labels: None,
        id,
    }
}

/// Attributions come as HTML; the page shows words.
fn without_markup(html: &str) -> String {
    let mut words = String::new();
    let mut inside = false;
    for letter in html.chars() {
        match letter {
            '<' => inside = true,
            '>' => inside = false,
            _ if !inside => words.push(letter),
            _ => {}
        }
    }
    words
        .replace("&copy;", "©")
        .replace("&lt;", "‹")
        .replace("&gt;", "›")
        .replace("&amp;", "&")
        .trim()
        .to_owned()
}

/// Enough of a file to tell what it is and where its parts lie.
fn beginning(path: &Path) -> Result<Vec<u8>, BasemapError> {
    use std::io::Read;
    let unreadable = |cause| BasemapError::Unreadable {
        path: path.display().to_string(),
        cause,
    };
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(127).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    Ok(bytes)
}

/// A file's path as messages name it.
pub(super) fn named(path: &Path) -> String {
    PathBuf::from(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributions_lose_their_markup() {
        assert_eq!(
            without_markup("<a href=\"https://x\" onclick=\"y()\">&copy; OSM</a> contributors"),
            "© OSM contributors"
        );
        assert_eq!(without_markup("&lt;script&gt;"), "‹script›");
    }

    #[tokio::test]
    async fn what_is_no_archive_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("照片.pmtiles");
        std::fs::write(&path, b"GIF89a").unwrap();
        let Err(error) = Archive::open(&path).await else {
            panic!("a GIF is no archive")
        };
        assert!(error.to_string().contains("照片.pmtiles"), "{error}");
        let Err(error) = Archive::open(&folder.path().join("nothing.mbtiles")).await else {
            panic!("there is no such file")
        };
        assert!(matches!(error, BasemapError::Unreadable { .. }), "{error}");
    }
}
