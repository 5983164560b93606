//! The writer with a file and no service around it.

use std::time::Instant;

use geo::point;
use yizhangtu_data::{
    Catalog, Change, Operation, Record,
    store::{About, Access},
};

use super::*;

struct Village {
    path: std::path::PathBuf,
    catalog: Arc<Catalog>,
    keeper: Keeper,
    atlas: Arc<Atlas>,
    hub: Hub,
    _folder: tempfile::TempDir,
}

fn village() -> Village {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("village.gpkg");
    let catalog = Catalog::embedded();
    let store = GeoPackage::create(&path, &catalog, &About::default()).unwrap();
    let hub = Hub::new();
    let (keeper, atlas) = Keeper::start(
        store,
        false,
        Arc::default(),
        hub.clone(),
        Arc::new(|_| false),
    )
    .unwrap();
    Village {
        path,
        catalog,
        keeper,
        atlas,
        hub,
        _folder: folder,
    }
}

impl Village {
    fn place(&self, id: &str) -> ChangeSet {
        let layer = self.catalog.layer("place").unwrap();
        let mut record = Record::new(layer, id);
        record.geometry = Some(point! { x: 113.5, y: 23.1 }.into());
        for field in layer.fields.iter().filter(|field| field.required) {
            let list = (field.code_list.as_ref()).and_then(|list| self.catalog.code_list(list));
            let value = list.map_or("某某", |list| list.codes[0].code.as_str());
            record.set(layer, &field.name, value);
        }
        ChangeSet {
            changes: vec![Change {
                layer: "place".into(),
                operation: Operation::Insert(record),
            }],
            ..ChangeSet::default()
        }
    }

    fn wait_for(&self, sequence: u64) {
        let began = Instant::now();
        while self.atlas.snapshot().sequence < sequence {
            assert!(
                began.elapsed() < Duration::from_secs(30),
                "the change is not seen"
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn shows(&self, id: &str) -> bool {
        let snapshot = self.atlas.snapshot();
        snapshot.layer("place").unwrap().get(id).is_some()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_program_writes_is_shown_and_told() {
    let village = village();
    let (mut live, _closed) = village.hub.listen();
    let other = GeoPackage::open(&village.path, &village.catalog, Access::ReadWrite).unwrap();
    let committed = other.commit(village.place("theirs")).unwrap();
    village.wait_for(committed.sequence);
    assert!(village.shows("theirs"));
    let told = live.recv().await.unwrap();
    assert_eq!(told.sequence, committed.sequence);
    // Its own change comes after it, with both in the snapshot.
    let done = village
        .keeper
        .apply(village.place("ours"), Vec::new(), false)
        .await
        .unwrap();
    assert_eq!(done.sequence, committed.sequence + 1);
    assert!(village.shows("theirs") && village.shows("ours"));
}

#[tokio::test(flavor = "multi_thread")]
async fn sets_that_come_together_are_each_all_or_nothing() {
    let village = village();
    let mut half = village.place("half");
    half.changes.push(Change {
        layer: "place".into(),
        operation: Operation::Delete("nobody".into()),
    });
    let keeper = &village.keeper;
    let sets = (0..40).map(|number| {
        let set = if number % 4 == 3 {
            half.clone()
        } else {
            village.place(&format!("p{number}"))
        };
        keeper.apply(set, Vec::new(), false)
    });
    let done = futures::future::join_all(sets).await;
    let refused = done.iter().filter(|done| done.is_err()).count();
    assert_eq!(refused, 10);
    assert!(!village.shows("half"));
    let store = GeoPackage::open(&village.path, &village.catalog, Access::ReadOnly).unwrap();
    assert_eq!(store.count("place").unwrap(), 30);
    assert_eq!(store.changes(0, 100).unwrap().len(), 30);
    assert_eq!(village.atlas.snapshot().layer("place").unwrap().len(), 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_changes_nothing() {
    let village = village();
    let done = village
        .keeper
        .apply(village.place("x"), Vec::new(), true)
        .await
        .unwrap();
    assert_eq!(
        (done.sequence, done.change_set, done.entries.len()),
        (0, None, 1)
    );
    assert!(!village.shows("x"));
}
