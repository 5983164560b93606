//! MBTiles 1.3: tiles in an SQLite file, rows counted from the south.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::{Connection, OpenFlags, OptionalExtension};
use yizhangtu_tiles::TileId;

use super::{
    archive::{About, BasemapError, named},
    content::Tile,
};

/// An open MBTiles file.
pub(super) struct MbTiles {
    path: String,
    connection: Arc<Mutex<Connection>>,
}

impl MbTiles {
    /// Opens a file.
    pub(super) fn open(path: &Path) -> Result<(Self, About, Tile), BasemapError> {
        let name = named(path);
        let damaged = |error: rusqlite::Error| BasemapError::Damaged {
            path: name.clone(),
            reason: error.to_string(),
        };
        let connection = Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )
        .map_err(damaged)?;
        if !has_tiles(&connection).map_err(damaged)? {
            return Err(BasemapError::UnknownFormat { path: name });
        }
        let about = about(&connection).map_err(damaged)?;
        let first: Option<Vec<u8>> = connection
            .query_row("SELECT tile_data FROM tiles LIMIT 1", [], |row| row.get(0))
            .optional()
            .map_err(damaged)?;
        let Some(first) = first else {
            return Err(BasemapError::Empty { path: name });
        };
        let file = Self {
            path: name,
            connection: Arc::new(Mutex::new(connection)),
        };
        Ok((file, about, Tile::of(first)))
    }

    /// A tile; none where the archive has none.
    pub(super) async fn tile(&self, tile: TileId) -> Result<Option<Tile>, BasemapError> {
        let connection = Arc::clone(&self.connection);
        let read = tokio::task::spawn_blocking(move || {
            let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            let row = (1_u32 << tile.z()) - 1 - tile.y();
            connection
                .prepare_cached(
                    "SELECT tile_data FROM tiles \
                     WHERE zoom_level = ?1 AND tile_column = ?2 AND tile_row = ?3",
                )?
                .query_row((tile.z(), tile.x(), row), |row| row.get::<_, Vec<u8>>(0))
                .optional()
        })
        .await;
        let damaged = |reason| BasemapError::Damaged {
            path: self.path.clone(),
            reason,
        };
        let bytes = read
            .map_err(|error| damaged(error.to_string()))?
            .map_err(|error| damaged(error.to_string()))?;
        Ok(bytes.map(Tile::of))
    }
}

/// Whether a database has the table or view of the format.
fn has_tiles(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row(
        "SELECT count(*) > 0 FROM sqlite_master WHERE name = 'tiles' AND type IN ('table', 'view')",
        [],
        |row| row.get(0),
    )
}

fn about(connection: &Connection) -> rusqlite::Result<About> {
    let text = |name: &str| -> Option<String> {
        connection
            .query_row(
                "SELECT value FROM metadata WHERE name = ?1",
                [name],
                |row| row.get(0),
            )
            .ok()
    };
    let zoom = |name: &str| text(name).and_then(|zoom| zoom.trim().parse::<u8>().ok());
    // Asked of the tiles themselves only where the metadata leave it out: it may be slow.
    let zooms = match zoom("minzoom").zip(zoom("maxzoom")) {
        Some(zooms) => zooms,
        None => connection.query_row(
            "SELECT coalesce(min(zoom_level), 0), coalesce(max(zoom_level), 0) FROM tiles",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?,
    };
    let bounds = text("bounds").and_then(|bounds| {
        let numbers: Vec<f64> = bounds
            .split(',')
            .filter_map(|number| number.trim().parse().ok())
            .collect();
        <[f64; 4]>::try_from(numbers).ok()
    });
    let vector_layers = text("json")
        .and_then(|json| serde_json::from_str::<serde_json::Value>(&json).ok())
        .and_then(|json| json.get("vector_layers").cloned());
    Ok(About {
        name: text("name").filter(|name| !name.is_empty()),
        attribution: text("attribution"),
        bounds,
        minzoom: zooms.0,
        maxzoom: zooms.1,
        vector_layers,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn rows_are_counted_from_the_south() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("image.mbtiles");
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch(
                "CREATE TABLE metadata (name TEXT, value TEXT);
                 CREATE TABLE tiles (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_data BLOB);
                 INSERT INTO metadata VALUES ('name', '影像'), ('bounds', '113.1,22.9,113.6,23.3');
                 INSERT INTO tiles VALUES (2, 3, 0, x'89504e470d0a1a0a');",
            )
            .unwrap();
        let (file, about, first) = MbTiles::open(&path).unwrap();
        assert_eq!(about.name.as_deref(), Some("影像"));
        assert_eq!((about.minzoom, about.maxzoom), (2, 2));
        assert_eq!(about.bounds, Some([113.1, 22.9, 113.6, 23.3]));
        let south = file.tile(TileId::new(2, 3, 3).unwrap()).await.unwrap();
        assert_eq!(south, Some(first));
        assert_eq!(
            file.tile(TileId::new(2, 3, 0).unwrap()).await.unwrap(),
            None
        );
    }

    #[test]
    fn another_database_is_no_base_map() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other.mbtiles");
        Connection::open(&path)
            .unwrap()
            .execute_batch("CREATE TABLE houses (id TEXT)")
            .unwrap();
        let Err(error) = MbTiles::open(&path) else {
            panic!("it has no tiles")
        };
        assert!(
            matches!(error, BasemapError::UnknownFormat { .. }),
            "{error}"
        );
    }

    #[test]
    fn an_empty_archive_is_said_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("empty.mbtiles");
        Connection::open(&path)
            .unwrap()
            .execute_batch(
                "CREATE TABLE metadata (name TEXT, value TEXT);
                 CREATE TABLE tiles (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_data BLOB);",
            )
            .unwrap();
        let Err(error) = MbTiles::open(&path) else {
            panic!("it is empty")
        };
        assert!(matches!(error, BasemapError::Empty { .. }), "{error}");
    }
}
