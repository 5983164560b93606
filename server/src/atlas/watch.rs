//! Follows the file: what an import or QGIS writes while we serve is shown.

use std::{
    sync::{Arc, Weak},
    thread,
    time::Duration,
};

use yizhangtu_data::store::{GeoPackage, StoreError};

use super::Atlas;

/// How often the file is asked whether somebody wrote; asking takes microseconds.
const EVERY: Duration = Duration::from_millis(500);

impl Atlas {
    /// Reads a file, and reads it anew whenever another program has changed it, for as long
    /// as the atlas lives.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn following(store: &GeoPackage) -> Result<Arc<Self>, StoreError> {
        let reader = store.reader()?;
        // Asked before the load, so that a change during it is not missed.
        let seen = reader.data_version()?;
        let atlas = Arc::new(Self::open(store)?);
        let watched = Arc::downgrade(&atlas);
        let watcher = thread::Builder::new().name("atlas".to_owned());
        if let Err(error) = watcher.spawn(move || follow(&watched, &reader, seen)) {
            tracing::error!(%error, "changes by other programs will not be seen");
        }
        Ok(atlas)
    }
}

fn follow(atlas: &Weak<Atlas>, reader: &GeoPackage, mut seen: i64) {
    loop {
        thread::sleep(EVERY);
        let Some(atlas) = atlas.upgrade() else {
            return;
        };
        let brought = reader.data_version().and_then(|version| {
            if seen == version {
                return Ok(());
            }
            catch_up(&atlas, reader)?;
            seen = version;
            Ok(())
        });
        // A file that is locked or being replaced is asked again.
        if let Err(error) = brought {
            tracing::warn!(%error, "the file changed and could not be read yet");
        }
    }
}

/// Reads the file anew, unless what it holds is shown already. Only files of ours number
/// their changes.
fn catch_up(atlas: &Atlas, reader: &GeoPackage) -> Result<(), StoreError> {
    if reader.is_own() && reader.sequence()? == atlas.snapshot().sequence {
        return Ok(());
    }
    atlas.reload(reader).map(drop)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use geo::point;
    use yizhangtu_data::{
        Catalog, Change, ChangeSet, Operation, Record,
        store::{About, Access},
    };

    use super::*;

    #[test]
    fn what_another_connection_commits_is_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("village.gpkg");
        let catalog = Catalog::embedded();
        let store = GeoPackage::create(&path, &catalog, &About::default()).unwrap();
        let atlas = Atlas::following(&store).unwrap();
        let layer = store.layer("place").unwrap();
        let mut record = Record::new(layer, "new");
        record.geometry = Some(point! { x: 113.5, y: 23.1 }.into());
        for field in layer.fields.iter().filter(|field| field.required) {
            let list = field
                .code_list
                .as_ref()
                .and_then(|list| catalog.code_list(list));
            let value = list.map_or("某某", |list| list.codes[0].code.as_str());
            record.set(layer, &field.name, value);
        }
        let other = GeoPackage::open(&path, &catalog, Access::ReadWrite).unwrap();
        let change = Change {
            layer: "place".into(),
            operation: Operation::Insert(record),
        };
        let committed = other
            .commit(ChangeSet {
                changes: vec![change],
                ..ChangeSet::default()
            })
            .unwrap();
        let began = Instant::now();
        while atlas.snapshot().sequence < committed.sequence {
            assert!(
                began.elapsed() < Duration::from_secs(30),
                "the change is not seen"
            );
            thread::sleep(Duration::from_millis(20));
        }
        assert!(
            atlas
                .snapshot()
                .layer("place")
                .unwrap()
                .get("new")
                .is_some()
        );
    }
}
