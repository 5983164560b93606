//! The store as its users see it: made, opened, changed, undone, copied.

use std::{path::PathBuf, sync::Arc};

use geo::{Geometry, Rect, coord, point, polygon};
use tempfile::TempDir;

use super::*;
use crate::{Change, ChangeSet, Operation, Record, Text, Value};

/// A fresh file in a folder of its own.
struct Fresh {
    folder: TempDir,
    store: GeoPackage,
}

impl Fresh {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = GeoPackage::create(
            &folder.path().join("村 #1%.gpkg"),
            &Catalog::embedded(),
            &about(),
        )
        .expect("a new file");
        Self { folder, store }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn layer(&self, id: &str) -> Arc<Layer> {
        Arc::clone(self.store.layer(id).expect("the layer"))
    }

    /// A square building of ten metres or so.
    fn building(&self, id: &str, west: f64, south: f64) -> Record {
        let layer = self.layer("building");
        let mut record = Record::new(&layer, id);
        record.geometry = Some(square(west, south, 1e-4));
        record
            .set(&layer, "code", format!("code-{id}"))
            .set(&layer, "floors_up", 4_i64)
            .set(&layer, "floor_area_m2", 400.25)
            .set(&layer, "rental", true);
        record
    }
}

fn about() -> About {
    About {
        title: Text {
            zh: "东华村".into(),
            en: "Donghua".into(),
        },
        synthetic: true,
        notice: Some(Text {
            zh: "虚构数据".into(),
            en: "Invented data".into(),
        }),
        village_code: Some("440118101224".into()),
        extra: vec![("seed".into(), "7".into())],
        ..About::default()
    }
}

fn square(west: f64, south: f64, side: f64) -> Geometry<f64> {
    let (east, north) = (west + side, south + side);
    Geometry::Polygon(polygon![
        (x: west, y: south), (x: east, y: south), (x: east, y: north), (x: west, y: north)
    ])
}

fn change(layer: &str, operation: Operation) -> ChangeSet {
    ChangeSet {
        author: "测试".into(),
        reason: "test".into(),
        changes: vec![Change {
            layer: layer.into(),
            operation,
        }],
        ..ChangeSet::default()
    }
}

fn batch(id: &str) -> ImportBatch {
    ImportBatch {
        id: id.into(),
        file: "房屋.shp".into(),
        layer: "building".into(),
        crs: Some("EPSG:4547".into()),
        encoding: Some("gbk".into()),
        mapping: serde_json::json!({"层数": "floors_up"}),
        counts: serde_json::json!({"read": 2}),
        author: "测试".into(),
        at: String::new(),
        undone_at: None,
    }
}

#[test]
fn a_new_file_has_every_layer_and_says_what_it_is() {
    let fresh = Fresh::new();
    assert_eq!(fresh.store.layers().len(), Catalog::embedded().layers.len());
    assert_eq!(fresh.store.about(), &about());
    assert_eq!(fresh.store.sequence().unwrap(), 0);
    let again =
        GeoPackage::open(fresh.store.path(), &Catalog::embedded(), Access::ReadOnly).unwrap();
    assert_eq!(again.about(), &about());
    assert_eq!(again.count("building").unwrap(), 0);
}

#[test]
fn a_record_comes_back_as_it_was_committed() {
    let fresh = Fresh::new();
    let layer = fresh.layer("building");
    let mut record = fresh.building("b1", 113.59, 23.11);
    let done = fresh
        .store
        .commit(change("building", Operation::Insert(record.clone())))
        .unwrap();
    assert_eq!((done.sequence, done.inserted), (1, 1));
    assert_eq!(fresh.store.get("building", "b1").unwrap().unwrap(), record);
    assert_eq!(
        fresh
            .store
            .find("building", "code", &"code-b1".into())
            .unwrap(),
        vec![record.clone()]
    );
    assert_eq!(fresh.store.get("building", "none").unwrap(), None);
    let code = layer.position("code").unwrap();
    let mut some = Record::new(&layer, "b1");
    some.geometry.clone_from(&record.geometry);
    some.values[code] = record.values[code].clone();
    assert_ne!(some, record);
    let read = |found: Record| assert_eq!(found, some);
    (fresh.store).scan_some("building", &[code], read).unwrap();
    record.geometry = None;
    record.set(&layer, "floors_up", Value::Null);
    fresh
        .store
        .commit(change("building", Operation::Update(record.clone())))
        .unwrap();
    assert_eq!(fresh.store.get("building", "b1").unwrap().unwrap(), record);
}

#[test]
fn an_id_is_never_given_again() {
    let fresh = Fresh::new();
    let insert = || {
        change(
            "building",
            Operation::Insert(fresh.building("b1", 113.59, 23.11)),
        )
    };
    fresh.store.commit(insert()).unwrap();
    assert!(matches!(
        fresh.store.commit(insert()),
        Err(StoreError::UsedId { .. })
    ));
    fresh
        .store
        .commit(change("building", Operation::Delete("b1".into())))
        .unwrap();
    assert!(matches!(
        fresh.store.commit(insert()),
        Err(StoreError::UsedId { .. })
    ));
    assert_eq!(fresh.store.sequence().unwrap(), 2);
}

#[test]
fn a_change_set_is_applied_whole_or_not_at_all() {
    let fresh = Fresh::new();
    let mut set = change(
        "building",
        Operation::Insert(fresh.building("b1", 113.59, 23.11)),
    );
    set.changes.push(Change {
        layer: "building".into(),
        operation: Operation::Delete("nobody".into()),
    });
    assert!(matches!(
        fresh.store.commit(set),
        Err(StoreError::NoFeature { .. })
    ));
    assert_eq!(fresh.store.count("building").unwrap(), 0);
    assert_eq!(fresh.store.sequence().unwrap(), 0);
    // The file is as good as before: the next change gets through.
    let insert = change(
        "building",
        Operation::Insert(fresh.building("b2", 113.59, 23.11)),
    );
    assert_eq!(fresh.store.commit(insert).unwrap().sequence, 1);
}

#[test]
fn a_geometry_of_another_kind_is_refused() {
    let fresh = Fresh::new();
    let mut record = fresh.building("b1", 113.59, 23.11);
    record.geometry = Some(point!(x: 113.59, y: 23.11).into());
    let error = fresh
        .store
        .commit(change("building", Operation::Insert(record.clone())))
        .unwrap_err();
    assert!(matches!(error, StoreError::Invalid { .. }), "{error}");
    let error = fresh.store.bulk_load("building", [record]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "图层 building 要素 b1 的图形：图层只收面 / polygons，这是 Point / the layer holds 面 / polygons only, this is Point"
    );
}

#[test]
fn an_undone_batch_leaves_the_state_before_it() {
    let fresh = Fresh::new();
    let layer = fresh.layer("building");
    let mut before = fresh.building("b1", 113.59, 23.11);
    // More digits than JSON of SQLite keeps; no commit lets it in, another program may.
    before.set(&layer, "floor_area_m2", 0.1 + 0.2);
    fresh.store.bulk_load("building", [before.clone()]).unwrap();
    let mut changed = before.clone();
    changed.geometry = Some(square(113.6, 23.2, 1e-4));
    changed
        .set(&layer, "floor_area_m2", 1.0)
        .set(&layer, "rental", Value::Null);
    let import = || {
        let mut set = change("building", Operation::Update(changed.clone()));
        set.changes.push(Change {
            layer: "building".into(),
            operation: Operation::Insert(fresh.building("b2", 113.59, 23.11)),
        });
        set
    };
    fresh.store.commit_import(&batch("one"), import()).unwrap();
    let stored = fresh.store.get("building", "b1").unwrap().unwrap();
    assert_eq!(stored.batch.as_deref(), Some("one"));

    let undone = fresh.store.undo_batch("one", "测试").unwrap();
    assert_eq!((undone.removed, undone.restored), (1, 1));
    assert_eq!(fresh.store.get("building", "b1").unwrap().unwrap(), before);
    assert_eq!(fresh.store.get("building", "b2").unwrap(), None);
    assert!(fresh.store.batches().unwrap()[0].undone_at.is_some());
    assert!(matches!(
        fresh.store.undo_batch("one", "测试"),
        Err(StoreError::NoBatch { .. })
    ));

    // The same file may come again, with the ids that it had.
    fresh.store.commit_import(&batch("two"), import()).unwrap();
    assert_eq!(fresh.store.count("building").unwrap(), 2);
}

#[test]
fn a_batch_that_was_changed_since_is_not_undone() {
    let fresh = Fresh::new();
    let record = fresh.building("b1", 113.59, 23.11);
    fresh
        .store
        .commit_import(
            &batch("one"),
            change("building", Operation::Insert(record.clone())),
        )
        .unwrap();
    fresh
        .store
        .commit(change("building", Operation::Update(record)))
        .unwrap();
    let error = fresh.store.undo_batch("one", "测试").unwrap_err();
    assert!(error.to_string().contains("building/b1"), "{error}");
    assert_eq!(fresh.store.count("building").unwrap(), 1);
}

#[test]
fn a_page_is_chosen_by_box_and_values_and_sorted() {
    let fresh = Fresh::new();
    let records = (0..100).map(|at| {
        let mut record = fresh.building(&format!("b{at:03}"), 113.5 + f64::from(at) * 1e-3, 23.1);
        record.set(&fresh.layer("building"), "floors_up", i64::from(at % 5));
        record
    });
    assert_eq!(fresh.store.bulk_load("building", records).unwrap(), 100);
    assert_eq!(fresh.store.sequence().unwrap(), 0);
    let mut query = PageQuery {
        bbox: Some(Rect::new(
            coord! { x: 113.5101, y: 23.0 },
            coord! { x: 113.52, y: 23.2 },
        )),
        limit: 4,
        ..PageQuery::default()
    };
    // The bounds of b010 end just where the box begins; b020 begins where it ends.
    assert_eq!(fresh.store.matched("building", &query).unwrap(), 11);
    query.sort = vec![("floors_up".into(), true), ("id".into(), true)];
    let ids: Vec<_> = fresh
        .store
        .page("building", &query)
        .unwrap()
        .into_iter()
        .map(|record| record.id.to_string())
        .collect();
    assert_eq!(ids, ["b019", "b014", "b018", "b013"]);
    query.equal = vec![("floors_up".into(), Value::Integer(0))];
    query.offset = 1;
    query.sort.clear();
    let ids: Vec<_> = fresh
        .store
        .page("building", &query)
        .unwrap()
        .into_iter()
        .map(|record| record.id.to_string())
        .collect();
    assert_eq!(ids, ["b015", "b020"]);
}

#[test]
fn rows_loaded_in_bulk_are_indexed_and_then_have_a_history() {
    let fresh = Fresh::new();
    let records = (0..10).map(|at| fresh.building(&format!("b{at}"), 113.5, 23.1));
    fresh.store.bulk_load("building", records).unwrap();
    assert_eq!(
        fresh
            .store
            .find("building", "code", &"code-b3".into())
            .unwrap()
            .len(),
        1
    );
    fresh
        .store
        .commit(change("building", Operation::Delete("b3".into())))
        .unwrap();
    assert_eq!(fresh.store.sequence().unwrap(), 1);
    let twice = [
        fresh.building("x", 113.5, 23.1),
        fresh.building("x", 113.5, 23.1),
    ];
    assert!(matches!(
        fresh.store.bulk_load("building", twice),
        Err(StoreError::Duplicate { .. })
    ));
    assert_eq!(fresh.store.count("building").unwrap(), 9);
}

#[test]
fn a_reader_sees_what_was_committed_and_may_not_write() {
    let fresh = Fresh::new();
    let reader = fresh.store.reader().unwrap();
    let seen = reader.data_version().unwrap();
    let insert = || {
        change(
            "building",
            Operation::Insert(fresh.building("b1", 113.59, 23.11)),
        )
    };
    fresh.store.commit(insert()).unwrap();
    assert_ne!(reader.data_version().unwrap(), seen);
    assert_eq!(reader.count("building").unwrap(), 1);
    assert!(matches!(
        reader.commit(insert()),
        Err(StoreError::ReadOnly { .. })
    ));
}

#[test]
fn a_backup_is_whole_and_overwrites_nothing() {
    let fresh = Fresh::new();
    let record = fresh.building("b1", 113.59, 23.11);
    fresh
        .store
        .commit(change("building", Operation::Insert(record.clone())))
        .unwrap();
    let copy = fresh.path("copy.gpkg");
    fresh.store.backup(&copy).unwrap();
    assert!(matches!(
        fresh.store.backup(&copy),
        Err(StoreError::Exists { .. })
    ));
    let copied = GeoPackage::open(&copy, &Catalog::embedded(), Access::ReadWrite).unwrap();
    assert_eq!(copied.get("building", "b1").unwrap().unwrap(), record);
    assert_eq!(copied.sequence().unwrap(), 1);
}

#[test]
fn a_full_disk_is_named_and_nothing_is_half_written() {
    let fresh = Fresh::new();
    let pages: i64 = fresh
        .store
        .connection
        .query_row("PRAGMA page_count", [], |row| row.get(0))
        .unwrap();
    fresh
        .store
        .connection
        .query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
        .unwrap();
    let records = (0..1000).map(|at| fresh.building(&format!("b{at}"), 113.5, 23.1));
    let error = fresh.store.bulk_load("building", records).unwrap_err();
    assert!(matches!(error, StoreError::Full { .. }), "{error}");
    assert_eq!(fresh.store.count("building").unwrap(), 0);
}

#[test]
fn a_file_that_is_none_of_ours_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let open = |name: &str| {
        GeoPackage::open(&path(name), &Catalog::embedded(), Access::ReadOnly).unwrap_err()
    };
    assert!(matches!(open("none.gpkg"), StoreError::Missing { .. }));
    std::fs::write(path("text.gpkg"), "这不是数据库".repeat(50)).unwrap();
    assert!(matches!(open("text.gpkg"), StoreError::NotSqlite { .. }));
    std::fs::write(path("empty.gpkg"), "").unwrap();
    assert!(matches!(open("empty.gpkg"), StoreError::NotSqlite { .. }));
    Connection::open(path("plain.gpkg"))
        .unwrap()
        .execute_batch("CREATE TABLE a (b)")
        .unwrap();
    assert!(matches!(
        open("plain.gpkg"),
        StoreError::NotGeoPackage { .. }
    ));

    let whole = GeoPackage::create(&path("whole.gpkg"), &Catalog::embedded(), &about()).unwrap();
    whole.backup(&path("copy.gpkg")).unwrap();
    let bytes = std::fs::read(path("copy.gpkg")).unwrap();
    std::fs::write(path("cut.gpkg"), &bytes[..bytes.len() / 2]).unwrap();
    assert!(matches!(open("cut.gpkg"), StoreError::Damaged { .. }));
    assert!(matches!(
        GeoPackage::create(&path("copy.gpkg"), &Catalog::embedded(), &about()),
        Err(StoreError::Exists { .. })
    ));
    Connection::open(path("copy.gpkg"))
        .unwrap()
        .execute_batch("UPDATE about SET value = '99' WHERE key = 'format_version'")
        .unwrap();
    assert!(matches!(open("copy.gpkg"), StoreError::Newer { .. }));
}

#[test]
fn a_file_on_a_medium_that_cannot_be_written_is_read() {
    let fresh = Fresh::new();
    let insert = change(
        "building",
        Operation::Insert(fresh.building("b1", 113.59, 23.11)),
    );
    fresh.store.commit(insert).unwrap();
    let copy = fresh.path("只读 100%#?.gpkg");
    fresh.store.backup(&copy).unwrap();
    let mut read = GeoPackage::open(&copy, &Catalog::embedded(), Access::ReadOnly).unwrap();
    read.connection = super::open::connect_immutable(&copy).unwrap();
    read.immutable = true;
    assert_eq!(read.count("building").unwrap(), 1);
    assert_eq!(read.reader().unwrap().count("building").unwrap(), 1);
}

#[test]
fn a_file_of_an_older_catalog_gets_the_new_layers_and_fields() {
    let fresh = Fresh::new();
    let mut old = (*Catalog::embedded()).clone();
    old.layers.retain(|layer| layer.id == "building");
    let mut building = (*old.layers[0]).clone();
    building.fields.retain(|field| field.name != "rental");
    old.layers[0] = Arc::new(building);
    let path = fresh.path("old.gpkg");
    let store = GeoPackage::create(&path, &Arc::new(old), &about()).unwrap();
    let layer = Arc::clone(store.layer("building").unwrap());
    let mut record = Record::new(&layer, "b1");
    record
        .set(&layer, "code", "1")
        .set(&layer, "floors_up", 3_i64);
    store
        .commit(change("building", Operation::Insert(record)))
        .unwrap();
    drop(store);

    let read = GeoPackage::open(&path, &Catalog::embedded(), Access::ReadOnly).unwrap();
    assert_eq!(read.layers().len(), 1);
    let record = read.get("building", "b1").unwrap().unwrap();
    let layer = fresh.layer("building");
    assert_eq!(record.get(&layer, "floors_up"), &Value::Integer(3));
    assert!(record.get(&layer, "rental").is_null());
    drop(read);

    let written = GeoPackage::open(&path, &Catalog::embedded(), Access::ReadWrite).unwrap();
    assert_eq!(written.layers().len(), Catalog::embedded().layers.len());
    // What it was is kept beside it.
    let kept = written.kept_before_upgrade().unwrap();
    let before = GeoPackage::open(kept, &Catalog::embedded(), Access::ReadOnly).unwrap();
    assert_eq!(before.layers().len(), 1);
    assert_eq!(before.get("building", "b1").unwrap().unwrap(), record);
    let mut record = written.get("building", "b1").unwrap().unwrap();
    record.set(&layer, "rental", true);
    written
        .commit(change("building", Operation::Update(record.clone())))
        .unwrap();
    assert_eq!(written.get("building", "b1").unwrap().unwrap(), record);
}

#[test]
fn a_row_that_another_program_adds_gets_an_id_and_one_line_of_history() {
    let fresh = Fresh::new();
    for code in ["一", "二"] {
        fresh
            .store
            .connection
            .execute("INSERT INTO building (code) VALUES (?1)", [code])
            .unwrap();
    }
    let mut ids = Vec::new();
    fresh
        .store
        .scan("building", |record| ids.push(record.id.to_string()))
        .unwrap();
    assert!(ids.iter().all(|id| id.len() == 32), "{ids:?}");
    let logged = fresh
        .store
        .query(
            "SELECT feature, operation FROM change_log WHERE change_set IS NULL ORDER BY sequence",
            [],
            |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)),
        )
        .unwrap();
    let expected: Vec<_> = ids
        .into_iter()
        .map(|id| (id, "insert".to_owned()))
        .collect();
    assert_eq!(logged, expected);
}

#[test]
fn the_history_of_a_wide_layer_holds_every_column() {
    let fresh = Fresh::new();
    let widest = fresh
        .store
        .layers()
        .iter()
        // A state is set by its process alone.
        .filter(|layer| !layer.is_held() && !layer.fields.iter().any(|field| field.workflow))
        .max_by_key(|layer| layer.fields.len())
        .unwrap();
    let insert = format!("INSERT INTO \"{}\" (source_batch) VALUES ('x')", widest.id);
    fresh.store.connection.execute(&insert, []).unwrap();
    let delete = format!("DELETE FROM \"{}\"", widest.id);
    fresh.store.connection.execute(&delete, []).unwrap();
    let before = fresh
        .store
        .query(
            "SELECT before FROM change_log WHERE operation = 'delete'",
            [],
            |row| row.get::<_, String>(0),
        )
        .unwrap();
    let before: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&before[0]).unwrap();
    // The primary key and the batch stand beside the fields.
    assert_eq!(before.len(), widest.fields.len() + 2);
}

/// A file as version 1 of this program made it: without the tables of version 2.
#[test]
fn a_file_of_version_1_is_upgraded_and_a_copy_kept() {
    let fresh = Fresh::new();
    let record = fresh.building("b", 113.0, 23.0);
    fresh
        .store
        .commit(change("building", Operation::Insert(record)))
        .unwrap();
    fresh
        .store
        .connection
        .execute_batch(
            "DROP TABLE change_key; DROP TABLE lineage; DROP INDEX change_log_at;
             DELETE FROM gpkg_contents WHERE table_name IN ('change_key', 'lineage');
             UPDATE about SET value = '1' WHERE key = 'format_version';
             DROP TRIGGER history_building_keep_id; DROP TRIGGER history_building_fresh_id;",
        )
        .unwrap();
    let path = fresh.store.path().to_path_buf();
    let Fresh { folder, store } = fresh;
    drop(store);
    let read = GeoPackage::open(&path, &Catalog::embedded(), Access::ReadOnly).unwrap();
    assert_eq!(read.ancestry("building", "b").unwrap(), (vec![], vec![]));
    let store = GeoPackage::open(&path, &Catalog::embedded(), Access::ReadWrite).unwrap();
    assert!(store.kept_before_upgrade().is_some());
    assert_eq!(store.revisions("building", "b").unwrap().len(), 1);
    let renamed = store
        .connection
        .execute("UPDATE building SET id = 'c' WHERE id = 'b'", []);
    assert!(renamed.unwrap_err().to_string().contains("never changes"));
    drop(store);
    let again = GeoPackage::open(&path, &Catalog::embedded(), Access::ReadWrite).unwrap();
    assert!(again.kept_before_upgrade().is_none());
    drop(folder);
}

#[test]
fn another_program_cannot_give_an_id_again() {
    let fresh = Fresh::new();
    let insert = || {
        let connection = &fresh.store.connection;
        connection.execute("INSERT INTO building (id, code) VALUES ('x', '1')", [])
    };
    insert().unwrap();
    fresh
        .store
        .connection
        .execute("DELETE FROM building WHERE id = 'x'", [])
        .unwrap();
    assert!(insert().unwrap_err().to_string().contains("used before"));
}

#[test]
fn sets_of_a_group_are_each_all_or_nothing() {
    let fresh = Fresh::new();
    let group = fresh.store.group().unwrap();
    let insert = |id: &str| Operation::Insert(fresh.building(id, 113.0, 23.0));
    group.apply(&change("building", insert("a"))).unwrap();
    let mut half = change("building", insert("b"));
    half.changes.push(Change {
        layer: "building".into(),
        operation: Operation::Delete("nobody".into()),
    });
    assert!(group.apply(&half).is_err());
    let (_, entries) = group.rehearse(&change("building", insert("c"))).unwrap();
    assert_eq!(entries.len(), 1);
    group.apply(&change("building", insert("d"))).unwrap();
    group.finish().unwrap();
    let ids: Vec<String> = (fresh.store)
        .query("SELECT id FROM building ORDER BY fid", [], |row| row.get(0))
        .unwrap();
    assert_eq!(ids, ["a", "d"]);
    // One that is dropped leaves nothing.
    let group = fresh.store.group().unwrap();
    group.apply(&change("building", insert("e"))).unwrap();
    drop(group);
    assert_eq!(fresh.store.count("building").unwrap(), 2);
}

#[test]
fn the_history_says_what_was() {
    let fresh = Fresh::new();
    let first = fresh.building("b", 113.0, 23.0);
    let one = fresh
        .store
        .commit(change("building", Operation::Insert(first.clone())))
        .unwrap()
        .sequence;
    let layer = fresh.layer("building");
    let mut second = first.clone();
    second.set(&layer, "floors_up", 7_i64);
    second.geometry = Some(square(113.1, 23.0, 1e-4));
    let two = fresh
        .store
        .commit(change("building", Operation::Update(second.clone())))
        .unwrap()
        .sequence;
    let revisions = fresh.store.revisions("building", "b").unwrap();
    assert_eq!(revisions.len(), 2);
    assert_eq!(revisions[0].before, None);
    assert_eq!(revisions[1].before.as_ref(), Some(&first));
    let bounds = revisions[1].entry.before.unwrap();
    assert!((bounds.min().x - 113.0).abs() < 1e-12);
    assert_eq!(fresh.store.version("building", "b").unwrap(), two);
    assert_eq!(fresh.store.version_at("building", "b", one).unwrap(), one);
    let was = fresh.store.as_of("building", one).unwrap();
    assert_eq!(was.get("b"), Some(&Some(first)));
    let before = fresh.store.as_of("building", 0).unwrap();
    assert_eq!(before.get("b"), Some(&None));
    // Whoever saw the first version is late.
    let mut late = change("building", Operation::Update(second));
    late.expects = vec![crate::Expected {
        layer: "building".into(),
        id: "b".into(),
        version: one,
    }];
    assert!(matches!(
        fresh.store.commit(late),
        Err(StoreError::Stale { .. })
    ));
}

#[test]
fn a_walk_shows_one_moment_whoever_writes_meanwhile() {
    let fresh = Fresh::new();
    let commit = |operation| fresh.store.commit(change("building", operation)).unwrap();
    let place = |number: u32| 113.0 + f64::from(number) / 1000.0;
    for number in 0..20 {
        commit(Operation::Insert(fresh.building(
            &format!("b{number:02}"),
            place(number),
            23.0,
        )));
    }
    let then = fresh.store.sequence().unwrap();
    let mut walk = fresh.store.walk("building", then, None).unwrap();
    let mut met: Vec<(i64, Record)> = walk.next(5).unwrap();
    // Before, behind and at the place where the walk stands; what is gone, changed, new.
    for id in ["b02", "b10"] {
        commit(Operation::Delete(id.into()));
    }
    for id in ["b04", "b05", "b19"] {
        commit(Operation::Update(fresh.building(id, 114.0, 23.5)));
    }
    commit(Operation::Insert(fresh.building("new", 113.9, 23.0)));
    let other = fresh.store.reader().unwrap();
    assert_eq!(walk.count().unwrap(), 20);
    loop {
        let piece = walk.next(3).unwrap();
        let Some((last, _)) = piece.last() else { break };
        // Begun behind any place, by any reader, it goes on with the same.
        let mut again = other
            .walk("building", then, met.last().map(|(key, _)| *key))
            .unwrap();
        assert_eq!(again.next(3).unwrap(), piece);
        if *last < 15 {
            commit(Operation::Update(fresh.building("b15", 114.1, 23.5)));
        }
        met.extend(piece);
    }
    let seen: Vec<&str> = met.iter().map(|(_, record)| &*record.id).collect();
    let whole: Vec<String> = (0..20).map(|number| format!("b{number:02}")).collect();
    assert_eq!(seen, whole);
    for (number, (_, record)) in (0..).zip(&met) {
        assert_eq!(
            record.geometry,
            fresh.building("x", place(number), 23.0).geometry
        );
    }
    assert!(!walk.is_current().unwrap());
    assert_eq!(walk.get("new").unwrap(), None);
    assert_eq!(&*walk.get("b10").unwrap().unwrap().id, "b10");
    let found = walk.find("code", &Value::from("code-b10")).unwrap();
    assert_eq!(found.len(), 1);
    // As it is now, the same reader says otherwise.
    let mut now = other.walk("building", u64::MAX, None).unwrap();
    assert_eq!(now.count().unwrap(), 19);
    assert!(
        now.find("code", &Value::from("code-b10"))
            .unwrap()
            .is_empty()
    );
}
