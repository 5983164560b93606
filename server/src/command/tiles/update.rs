//! Bringing an archive up to date: only what the change log says was touched is drawn anew.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use futures::executor::block_on;
use pmtiles::{AsyncBackend, AsyncPmTilesReader, BackendResponse, PmtError, PmtResult, TileCoord};
use serde_json::{Value, json};
use yizhangtu_data::{Operation, store::GeoPackage};
use yizhangtu_index::Rect;
use yizhangtu_tiles::{Encoding, TileId};

use super::super::Failure;
use crate::{
    atlas::LayerSnapshot,
    tiles::{self, Drawn},
};

/// Under which name an archive says what it was made from.
pub(super) const MADE_FROM: &str = "yizhangtu";

/// What an archive was made from: another may take its place only where all of it agrees.
pub(super) fn made_from(layers: &Drawn, encoding: Encoding, sequence: u64) -> Value {
    let ids: Vec<&str> = layers.iter().map(|layer| &*layer.name).collect();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "layers": ids,
        "encoding": encoding.name(),
        "sequence": sequence,
    })
}

/// An archive made earlier, and what changed since.
pub(super) struct Earlier {
    reader: AsyncPmTilesReader<Pieces>,
    touched: Vec<Touched>,
}

/// An archive's file, of which a piece at a time is in memory: a file that is mapped would be there
/// as a whole.
struct Pieces(Mutex<File>);

impl Pieces {
    fn open(path: &Path) -> PmtResult<Self> {
        Ok(Self(Mutex::new(
            File::open(path).map_err(PmtError::Reading)?,
        )))
    }
}

impl AsyncBackend for Pieces {
    async fn read(&self, offset: u64, length: usize) -> PmtResult<BackendResponse> {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = Vec::new();
        (file.seek(SeekFrom::Start(offset)))
            .and_then(|_| (&mut *file).take(length as u64).read_to_end(&mut bytes))
            .map_err(PmtError::Reading)?;
        Ok(BackendResponse::new(bytes.into()))
    }
}

/// A layer before and after, and the ground that was touched on the way.
struct Touched {
    before: Arc<LayerSnapshot>,
    after: Arc<LayerSnapshot>,
    ground: Vec<Rect>,
}

impl Earlier {
    /// Opens an archive that the layers as they are now are to be brought to.
    ///
    /// # Errors
    /// When it cannot be read, or was made otherwise than it is asked for now.
    pub(super) fn open(
        path: &Path,
        store: &GeoPackage,
        layers: &Drawn,
        wanted: &Value,
        zooms: (u8, u8),
    ) -> Result<Self, Failure> {
        let name = path.display();
        let unreadable = |error: PmtError| {
            Failure::Data(format!(
                "{name}：不能读作瓦片包，请不带 --update 重新制作 / cannot be read as an archive; make it anew without --update: {error}"
            ))
        };
        let pieces = Pieces::open(path).map_err(unreadable)?;
        let reader = block_on(AsyncPmTilesReader::try_from_source(pieces)).map_err(unreadable)?;
        let metadata = block_on(reader.get_metadata()).map_err(unreadable)?;
        let metadata: Value = serde_json::from_str(&metadata).unwrap_or_default();
        let found = &metadata[MADE_FROM];
        let header = reader.get_header();
        let alike = ["version", "layers", "encoding"]
            .iter()
            .all(|key| found[key] == wanted[key]);
        let since = found["sequence"].as_u64();
        let (Some(since), true, true) = (
            since.filter(|&since| wanted["sequence"].as_u64() >= Some(since)),
            alike,
            (header.min_zoom, header.max_zoom) == zooms,
        ) else {
            return Err(Failure::Data(format!(
                "{name}：不是由本文件按同样的图层、级别和编码制作的，请不带 --update 重新制作 / was not made from this file with the same layers, zooms and encoding; make it anew without --update"
            )));
        };
        if !store.is_own() {
            return Err(Failure::Data(format!(
                "{name}：源文件没有修改记录，请不带 --update 重新制作 / its source keeps no history; make it anew without --update"
            )));
        }
        let mut touched = Vec::new();
        for after in layers.iter().map(|layer| &layer.snapshot) {
            let was = store.as_of(&after.layer.id, since)?;
            if was.is_empty() {
                continue;
            }
            let ids: Vec<_> = was.keys().cloned().collect();
            let operations: Vec<Operation> = was
                .into_iter()
                .map(|(id, record)| record.map_or(Operation::Delete(id), Operation::Update))
                .collect();
            let before = Arc::new(after.after(&operations));
            let place = |layer: &LayerSnapshot, id: &str| {
                let shape = layer.position(id).and_then(|at| layer.shape(at));
                shape.map(|shape| shape.rect())
            };
            let ground = (ids.iter())
                .flat_map(|id| [place(&before, id), place(after, id)])
                .flatten()
                .collect();
            touched.push(Touched {
                before,
                after: Arc::clone(after),
                ground,
            });
        }
        Ok(Self { reader, touched })
    }

    /// A tile as the archive has it, which may be not at all; none where it has to be drawn
    /// anew.
    ///
    /// # Errors
    /// When the archive cannot be read.
    pub(super) fn kept(&self, tile: TileId) -> Result<Option<Option<Vec<u8>>>, PmtError> {
        let stale = self
            .touched
            .iter()
            .any(|layer| tiles::is_stale(&layer.before, &layer.after, tile, &layer.ground));
        if stale {
            return Ok(None);
        }
        let place = TileCoord::new(tile.z(), tile.x(), tile.y())?;
        let bytes = block_on(self.reader.get_tile(place))?;
        Ok(Some(bytes.map(|bytes| bytes.to_vec())))
    }
}
