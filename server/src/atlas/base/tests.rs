use std::{fs, path::PathBuf};

use geo::polygon;
use tempfile::TempDir;
use yizhangtu_data::{
    Catalog, Change, ChangeSet, Operation, Record, Value,
    store::{About, Access, GeoPackage},
};
use yizhangtu_index::{Area, Point, Rect, Rule};

use super::{
    place,
    read::{read, restored},
    scribe::write,
};
use crate::{
    atlas::{Atlas, LayerSnapshot, Snapshot},
    tiles,
};

struct Village {
    store: GeoPackage,
    schema: i64,
    folder: TempDir,
}

/// Houses of a row; beyond a page, so that there are several.
const HOUSES: usize = 150;

fn square(nth: usize) -> geo::Polygon<f64> {
    let (west, south) = (113.0 + 0.0002 * nth as f64, 23.0);
    polygon![(x: west, y: south), (x: west + 0.0001, y: south), (x: west + 0.0001, y: south + 0.0001), (x: west, y: south + 0.0001)]
}

impl Village {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("village.gpkg");
        let catalog = Catalog::embedded();
        let store = GeoPackage::create(&path, &catalog, &About::default()).unwrap();
        let schema = store.schema_version().unwrap();
        let village = Self {
            store,
            schema,
            folder,
        };
        let mut changes = Vec::new();
        for nth in 0..HOUSES {
            changes.push(village.house(nth));
        }
        let person = |nth: usize| {
            let mut person = village.record("person", &format!("p{nth}"));
            let layer = village.store.layer("person").unwrap();
            person.set(layer, "name", format!("某{nth}"));
            person.set(layer, "hukou_type", ["来穗", "本村户籍"][nth % 2]);
            Operation::Insert(person)
        };
        let residence = |nth: usize| {
            let mut home = village.record("residence", &format!("l{nth}"));
            let layer = village.store.layer("residence").unwrap();
            home.set(layer, "person", format!("p{nth}"));
            home.set(layer, "building", format!("b{}", nth % 40));
            Operation::Insert(home)
        };
        for nth in 0..60 {
            changes.push(change("person", person(nth)));
            changes.push(change("residence", residence(nth)));
        }
        village.commit(changes);
        // A position that is empty for ever.
        village.commit(vec![change("building", Operation::Delete("b70".into()))]);
        village
    }

    fn record(&self, layer: &str, id: &str) -> Record {
        Record::new(self.store.layer(layer).unwrap(), id)
    }

    fn house(&self, nth: usize) -> Change {
        let mut house = self.record("building", &format!("b{nth}"));
        let layer = self.store.layer("building").unwrap();
        house.geometry = (!nth.is_multiple_of(7)).then(|| square(nth).into());
        house
            .set(layer, "code", format!("B{nth:06}"))
            .set(layer, "rental", nth.is_multiple_of(3))
            .set(layer, "footprint_m2", 100.25 + nth as f64);
        change("building", Operation::Insert(house))
    }

    fn commit(&self, changes: Vec<Change>) {
        let set = ChangeSet {
            changes,
            ..ChangeSet::default()
        };
        self.store.commit(set).unwrap();
    }

    fn place(&self) -> PathBuf {
        place(&self.store)
    }

    /// Another program's hand: what it does to the file, by a connection of its own.
    fn by_another_program(&self, sql: &str) {
        let other = GeoPackage::open(self.store.path(), self.store.catalog(), Access::ReadWrite);
        let rows = other.unwrap().query(sql, [], |_| Ok(())).unwrap();
        assert!(rows.is_empty());
    }

    fn write(&self) {
        let now = Atlas::read(&self.store).unwrap();
        write(&self.store, self.schema, &now).unwrap();
    }

    /// Reads the base, which must fit, and compares it with what the rows say.
    fn fits(&self) {
        let base = restored(&self.store).unwrap_or_else(|reason| panic!("the base fits: {reason}"));
        same(&base, &Atlas::read(&self.store).unwrap());
    }

    /// The base must not fit, and the map must be the rows' all the same.
    fn does_not_fit(&self, why: &str) {
        assert!(read(&self.store).is_none(), "{why}");
        let open = Atlas::open(&self.store).unwrap().snapshot();
        same(&open, &Atlas::read(&self.store).unwrap());
    }
}

fn change(layer: &str, operation: Operation) -> Change {
    Change {
        layer: layer.into(),
        operation,
    }
}

/// All answers of two maps are the same, position by position where nothing is new.
fn same(one: &Snapshot, other: &Snapshot) {
    assert_eq!(one.sequence, other.sequence);
    assert_eq!(one.layers.len(), other.layers.len());
    assert_eq!(one.contracts.is_some(), other.contracts.is_some());
    for (one, other) in one.layers.iter().zip(&other.layers) {
        assert_eq!(one.layer.id, other.layer.id);
        same_layer(one, other);
    }
    let whole = |map: &Snapshot| Area::from_rect(map.bounds().unwrap());
    for rule in [Rule::RepresentativePoint, Rule::Intersects, Rule::Within] {
        let (one, other) = (
            one.houses.within(&whole(one), rule),
            other.houses.within(&whole(other), rule),
        );
        assert_eq!(one, other);
    }
    assert_eq!(one.houses.kinds(), other.houses.kinds());
    assert_eq!(one.houses.day(), other.houses.day());
    let (one_layer, other_layer) = (
        one.layer("building").unwrap(),
        other.layer("building").unwrap(),
    );
    for (at, record) in other_layer.records() {
        let own = one_layer.position(&record.id).unwrap();
        let (one, other) = (one.houses.at(own), other.houses.at(at));
        assert_eq!(format!("{one:?}"), format!("{other:?}"));
    }
}

fn same_layer(one: &LayerSnapshot, other: &LayerSnapshot) {
    assert_eq!(one.len(), other.len(), "{}", one.layer.id);
    assert_eq!(one.bounds(), other.bounds());
    for (_, record) in other.records() {
        assert_eq!(one.get(&record.id), Some(record));
    }
    // What was kept of the ground, and surveyed since where it was touched, is all there is.
    tiles::survey_all(one);
    tiles::survey_all(other);
    assert_eq!(one.grounds().to_parts(), other.grounds().to_parts());
    let Some(bounds) = other.bounds() else { return };
    let ids = |layer: &LayerSnapshot, mut found: Vec<u32>| {
        found.sort_unstable();
        let mut ids: Vec<String> = found
            .into_iter()
            .map(|at| layer.record(at).id.to_string())
            .collect();
        ids.sort_unstable();
        ids
    };
    for nth in 0..HOUSES {
        let p = Point::snap(113.000_05 + 0.0002 * nth as f64, 23.000_05).unwrap();
        assert_eq!(ids(one, one.at(p)), ids(other, other.at(p)), "{nth}");
        let near = |layer: &LayerSnapshot| {
            let near = layer.nearest(p, 3, 100.0).into_iter();
            let mut near: Vec<_> = (near.map(|near| {
                (
                    near.distance_m.to_bits(),
                    layer.record(near.key).id.to_string(),
                )
            }))
            .collect();
            near.sort_unstable();
            near
        };
        assert_eq!(near(one).len(), near(other).len());
    }
    let half = Rect {
        max: Point {
            x: i64::midpoint(bounds.min.x, bounds.max.x),
            ..bounds.max
        },
        ..bounds
    };
    assert_eq!(ids(one, one.in_box(&half)), ids(other, other.in_box(&half)));
    for rule in [Rule::RepresentativePoint, Rule::Intersects, Rule::Within] {
        let area = Area::from_rect(half);
        assert_eq!(
            ids(one, one.within(&area, rule)),
            ids(other, other.within(&area, rule))
        );
    }
}

#[test]
fn a_start_from_the_base_answers_as_one_from_the_rows() {
    let village = Village::new();
    assert!(read(&village.store).is_none(), "there is none yet");
    village.write();
    village.fits();
    // A base of what came from a base, some of it never looked at.
    let base = read(&village.store).unwrap();
    write(&village.store, village.schema, &base).unwrap();
    village.fits();
}

#[test]
fn what_changed_since_comes_in_whoever_changed_it() {
    let village = Village::new();
    village.write();
    let mut moved = village.store.get("building", "b3").unwrap().unwrap();
    moved.geometry = Some(square(900).into());
    let gone = village.store.get("residence", "l7").unwrap().unwrap();
    village.commit(vec![
        village.house(HOUSES + 1),
        change("building", Operation::Update(moved)),
        change("building", Operation::Delete("b149".into())),
        change("residence", Operation::Delete(gone.id)),
    ]);
    village.fits();
    village.by_another_program("UPDATE building SET rental = 1, code = 'Q1' WHERE id = 'b4'");
    village.by_another_program("DELETE FROM building WHERE id = 'b5'");
    village.fits();
    let base = read(&village.store).unwrap();
    let layer = base.layer("building").unwrap();
    let code = layer.layer.position("code").unwrap();
    let of = |id: &str| layer.get(id).map(|record| record.values[code].clone());
    assert_eq!(of("b4"), Some(Value::from("Q1")));
    assert_eq!(of("b5"), None);
}

#[test]
fn what_is_damaged_or_cut_off_is_ignored() {
    let village = Village::new();
    village.write();
    let whole = fs::read(village.place()).unwrap();
    for part in 0..40 {
        let mut damaged = whole.clone();
        let at = whole.len() * part / 40 + part;
        damaged[at] ^= 1 << (part % 8);
        fs::write(village.place(), &damaged).unwrap();
        assert!(
            read(&village.store).is_none(),
            "byte {at} of {}",
            whole.len()
        );
    }
    for part in 0..20 {
        fs::write(village.place(), &whole[..whole.len() * part / 20]).unwrap();
        assert!(read(&village.store).is_none(), "cut at {part}/20");
    }
    village.does_not_fit("cut off");
    fs::write(village.place(), &whole).unwrap();
    village.fits();
}

#[test]
fn what_is_cut_off_at_any_step_of_writing_leaves_no_wrong_base() {
    let village = Village::new();
    village.write();
    let before = fs::read(village.place()).unwrap();
    village.commit(vec![change("building", Operation::Delete("b1".into()))]);
    // Killed while the new one was being written.
    let mut part = village.place().into_os_string();
    part.push(".part");
    fs::write(&part, &before[..before.len() / 2]).unwrap();
    village.fits();
    // Killed after the file was marked and before the new one took its place.
    village.write();
    fs::write(village.place(), &before).unwrap();
    village.does_not_fit("the mark is newer");
    village.write();
    village.fits();
}

#[test]
fn what_belongs_elsewhere_is_ignored() {
    let (one, other) = (Village::new(), Village::new());
    one.write();
    fs::copy(one.place(), other.place()).unwrap();
    other.does_not_fit("beside another file that has none");
    other.write();
    fs::copy(one.place(), other.place()).unwrap();
    other.does_not_fit("beside another file");
    // An older copy of the same file is put back.
    let backup = one.folder.path().join("backup.gpkg");
    one.by_another_program(&format!("VACUUM INTO '{}'", backup.display()));
    one.commit(vec![change("building", Operation::Delete("b1".into()))]);
    one.write();
    let catalog = Catalog::embedded();
    let old = GeoPackage::open(&backup, &catalog, Access::ReadWrite).unwrap();
    fs::copy(one.place(), place(&old)).unwrap();
    assert!(read(&old).is_none(), "beside an older copy");
}

#[test]
fn what_was_changed_past_the_history_is_seen() {
    let village = Village::new();
    village.write();
    village.by_another_program("CREATE INDEX own ON building (id)");
    village.does_not_fit("other tables: rows may have been changed without a trigger");
    // Nor is a base written then by whoever read the rows before.
    let now = Atlas::read(&village.store).unwrap();
    assert!(write(&village.store, village.schema, &now).is_err());
}
