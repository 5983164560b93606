//! PMTiles version 3, read where it lies.

use std::{path::Path, sync::Arc};

use futures::TryStreamExt;
use pmtiles::{AsyncPmTilesReader, Compression, MmapBackend, PmtError, TileCoord, TileType};
use yizhangtu_tiles::{TileId, mvt};

use super::{
    archive::{About, BasemapError, named},
    content::{Packing, Tile},
};

/// An open PMTiles file. It must not be cut short while it is served.
pub(super) struct PmTilesFile {
    path: String,
    reader: Arc<AsyncPmTilesReader<MmapBackend>>,
}

impl PmTilesFile {
    /// Opens a file whose first bytes are known.
    pub(super) async fn open(
        path: &Path,
        beginning: &[u8],
    ) -> Result<(Self, About, Tile), BasemapError> {
        let name = named(path);
        let damaged = |error: PmtError| BasemapError::Damaged {
            path: name.clone(),
            reason: error.to_string(),
        };
        check_length(path, beginning)?;
        let reader = AsyncPmTilesReader::new_with_path(path)
            .await
            .map_err(damaged)?;
        let header = reader.get_header();
        if matches!(header.tile_type, TileType::Avif | TileType::Mlt) {
            return Err(BasemapError::UnknownTiles {
                path: name,
                kind: format!("{:?}", header.tile_type).to_lowercase(),
            });
        }
        // Some writers leave the metadata out.
        let metadata: serde_json::Value = match reader.get_metadata().await {
            Ok(text) => serde_json::from_str(&text).unwrap_or_default(),
            Err(PmtError::InvalidMetadata) => serde_json::Value::Null,
            Err(error) => return Err(damaged(error)),
        };
        let text = |key: &str| metadata[key].as_str().map(str::to_owned);
        let bounds = [
            header.min_longitude,
            header.min_latitude,
            header.max_longitude,
            header.max_latitude,
        ];
        let about = About {
            name: text("name"),
            attribution: text("attribution"),
            bounds: (bounds[0] < bounds[2] && bounds[1] < bounds[3]).then_some(bounds),
            minzoom: header.min_zoom,
            maxzoom: header.max_zoom,
            vector_layers: metadata.get("vector_layers").cloned(),
        };
        let file = Self {
            path: name,
            reader: Arc::new(reader),
        };
        let first = file.first().await?;
        Ok((file, about, first))
    }

    /// Any tile of the archive.
    async fn first(&self) -> Result<Tile, BasemapError> {
        let damaged = |error: PmtError| self.damaged(&error);
        let mut entries = Arc::clone(&self.reader).entries();
        let entry = entries.try_next().await.map_err(damaged)?;
        let bytes = match entry.and_then(|entry| entry.iter_coords().next()) {
            Some(id) => self.reader.get_tile(id).await.map_err(damaged)?,
            None => None,
        };
        let bytes = bytes.ok_or_else(|| BasemapError::Empty {
            path: self.path.clone(),
        })?;
        Ok(self.dressed(bytes))
    }

    /// A tile; none where the archive has none.
    pub(super) async fn tile(&self, tile: TileId) -> Result<Option<Tile>, BasemapError> {
        let place =
            TileCoord::new(tile.z(), tile.x(), tile.y()).map_err(|error| self.damaged(&error))?;
        let bytes = self
            .reader
            .get_tile(place)
            .await
            .map_err(|error| self.damaged(&error))?;
        Ok(bytes.map(|bytes| self.dressed(bytes)))
    }

    fn dressed(&self, bytes: bytes::Bytes) -> Tile {
        let header = self.reader.get_header();
        let media_type = match header.tile_type {
            TileType::Mvt => mvt::MEDIA_TYPE,
            TileType::Png => "image/png",
            TileType::Jpeg => "image/jpeg",
            TileType::Webp => "image/webp",
            _ => return Tile::of(bytes),
        };
        let packing = match header.tile_compression {
            Compression::Gzip => Packing::Gzip,
            Compression::Brotli => Packing::Brotli,
            Compression::Zstd => Packing::Zstd,
            _ => Packing::Plain,
        };
        Tile {
            bytes,
            media_type,
            packing,
        }
    }

    fn damaged(&self, error: &PmtError) -> BasemapError {
        BasemapError::Damaged {
            path: self.path.clone(),
            reason: error.to_string(),
        }
    }
}

/// Compares the file's length with where its header says that the tiles end.
fn check_length(path: &Path, beginning: &[u8]) -> Result<(), BasemapError> {
    let number = |at: usize| {
        let bytes = beginning.get(at..at + 8)?;
        Some(u64::from_le_bytes(bytes.try_into().ok()?))
    };
    let found = std::fs::metadata(path)
        .map_err(|cause| BasemapError::Unreadable {
            path: named(path),
            cause,
        })?
        .len();
    // Offset and length of root directory, metadata, leaf directories and tile data
    // (PMTiles 3.4, header).
    let ends = [8, 24, 40, 56].map(|at| {
        number(at)
            .zip(number(at + 8))
            .map_or(u64::MAX, |(offset, length)| offset.saturating_add(length))
    });
    let expected = ends.into_iter().max().unwrap_or(u64::MAX);
    if expected > found {
        return Err(BasemapError::CutShort {
            path: named(path),
            // A header that is itself cut short promises nothing.
            expected: if beginning.len() < 127 { 127 } else { expected },
            found,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use pmtiles::PmTilesWriter;

    use super::*;
    use crate::basemap::archive::Archive;

    fn written(folder: &Path) -> std::path::PathBuf {
        let path = folder.join("vector.pmtiles");
        let mut writer = PmTilesWriter::new(TileType::Mvt)
            .tile_compression(Compression::Gzip)
            .min_zoom(3)
            .max_zoom(4)
            .bounds(113.1, 22.9, 113.6, 23.3)
            .metadata(r#"{"name":"底图","vector_layers":[{"id":"water"}]}"#)
            .create(std::fs::File::create(&path).unwrap())
            .unwrap();
        let place = TileCoord::new(3, 6, 3).unwrap();
        writer.add_tile(place, &[b'w'; 1000]).unwrap();
        writer.finalize().unwrap();
        path
    }

    #[tokio::test]
    async fn an_archive_says_what_it_is_and_gives_its_tiles() {
        let folder = tempfile::tempdir().unwrap();
        let (archive, about, first) = Archive::open(&written(folder.path())).await.unwrap();
        assert_eq!(about.name.as_deref(), Some("底图"));
        assert_eq!((about.minzoom, about.maxzoom), (3, 4));
        assert_eq!(about.vector_layers.unwrap()[0]["id"], "water");
        assert_eq!(
            (first.media_type, first.packing),
            (mvt::MEDIA_TYPE, Packing::Gzip)
        );
        let tile = archive.tile(TileId::new(3, 6, 3).unwrap()).await.unwrap();
        assert_eq!(tile, Some(first));
        assert_eq!(
            archive.tile(TileId::new(3, 0, 0).unwrap()).await.unwrap(),
            None
        );
    }

    #[tokio::test]
    async fn a_file_cut_short_is_named_with_its_length() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path());
        let whole = std::fs::read(&path).unwrap();
        for length in [20, 126, 500, whole.len() - 1] {
            std::fs::write(&path, &whole[..length]).unwrap();
            let Err(error) = Archive::open(&path).await else {
                panic!("{length} bytes were taken for a whole archive")
            };
            assert!(
                matches!(error, BasemapError::CutShort { .. }),
                "{length}: {error}"
            );
            assert!(error.to_string().contains("vector.pmtiles"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_garbled_directory_is_damage() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path());
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[127..140].fill(0xff);
        std::fs::write(&path, bytes).unwrap();
        let Err(error) = Archive::open(&path).await else {
            panic!("the directory is garbled")
        };
        assert!(matches!(error, BasemapError::Damaged { .. }), "{error}");
    }
}
