//! Reads a file into an atlas, layers side by side.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, Mutex},
    thread,
};
use yizhangtu_data::clock;

use yizhangtu_data::{
    Change, ChangeSet, Layer, Operation,
    store::{Entry, GeoPackage, StoreError},
};

use super::{Atlas, Houses, LayerSnapshot, Snapshot, base, gather::scanned};
use crate::people::{self, Day, Tallies, Terms};

/// How often a load is begun again because somebody wrote meanwhile.
const TRIES: usize = 5;

/// Changes that are taken in one by one; beyond it the file is read anew.
pub(crate) const MOST_FOREIGN: usize = 20_000;

impl Atlas {
    /// Reads every mapped layer of a file, from its base where one fits.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn open(store: &GeoPackage) -> Result<Self, StoreError> {
        let kept = base::read(store);
        kept.map_or_else(|| load(store), Ok).map(Self::new)
    }

    /// Reads a file as a snapshot, row by row.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn read(store: &GeoPackage) -> Result<Snapshot, StoreError> {
        load(store)
    }
}

impl Snapshot {
    /// The map after changes that are in the file; the houses whose registers they touched are
    /// counted again.
    ///
    /// # Errors
    /// When the registers cannot be read.
    pub(crate) fn applied(
        &self,
        store: &GeoPackage,
        changes: &[Change],
    ) -> Result<Self, StoreError> {
        let (kinds, day) = (self.houses.kinds(), self.houses.day());
        let tallies = Tallies::since(store, self.sequence, kinds, day)?;
        let set = ChangeSet {
            changes: changes.to_vec(),
            ..ChangeSet::default()
        };
        Ok(self.after(store.sequence()?, &set, tallies))
    }

    /// The map as the file holds it now, by the history of what changed since. None where it
    /// does not lead there: it is shorter than this snapshot, or too long.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn caught_up(&self, store: &GeoPackage) -> Result<Option<Self>, StoreError> {
        let sequence = store.sequence()?;
        if sequence < self.sequence
            || store.log_length(self.sequence, MOST_FOREIGN + 1)? > MOST_FOREIGN
        {
            return Ok(None);
        }
        if sequence == self.sequence {
            return Ok(Some(self.shared()));
        }
        let entries = store.changes(self.sequence, MOST_FOREIGN)?;
        let changes = as_they_are(store, &entries)?;
        self.applied(store, &changes).map(Some)
    }

    /// The same map with every house counted anew, as of today.
    ///
    /// # Errors
    /// When the registers cannot be read.
    pub(crate) fn recounted(&self, store: &GeoPackage) -> Result<Self, StoreError> {
        let terms = Terms::current();
        let tallies = Tallies::read(store, Day::Now(clock::today()))?;
        let buildings = self.layer("building").map(|layer| &**layer);
        let houses = Houses::new(buildings, tallies).counted_by(terms);
        Ok(self.with_houses(Arc::new(houses)))
    }
}

/// Changes that make features what the file holds now.
///
/// # Errors
/// When the file cannot be read.
pub(crate) fn as_they_are(
    store: &GeoPackage,
    entries: &[Entry],
) -> Result<Vec<Change>, StoreError> {
    let mut seen = HashSet::new();
    let mut changes = Vec::new();
    for entry in entries {
        if store.layer(&entry.layer).is_none() || !seen.insert((&entry.layer, &entry.id)) {
            continue;
        }
        let operation = match store.get(&entry.layer, &entry.id)? {
            Some(record) => Operation::Update(record),
            None => Operation::Delete(Arc::clone(&entry.id)),
        };
        changes.push(Change {
            layer: Arc::clone(&entry.layer),
            operation,
        });
    }
    Ok(changes)
}

/// Whether a layer is in memory.
pub(super) fn is_shown(layer: &Layer) -> bool {
    layer.is_mapped() || is_contract(layer)
}

/// Whether a layer is that of the contracts: a table, but small, and placed by its assets.
pub(super) fn is_contract(layer: &Layer) -> bool {
    layer.id == "contract"
}

/// One thing to read.
enum Job {
    Layer(usize, Arc<Layer>),
    Tallies,
}

/// What a job brought.
enum Brought {
    Layer(usize, Arc<LayerSnapshot>),
    Tallies(Tallies),
}

fn load(store: &GeoPackage) -> Result<Snapshot, StoreError> {
    let mut sequence = store.sequence()?;
    for _ in 0..TRIES {
        let snapshot = load_once(store, sequence)?;
        let now = store.sequence()?;
        if now == sequence {
            return Ok(snapshot);
        }
        sequence = now;
    }
    // Somebody writes without a pause: what was read first may be older than the number says,
    // and the next change brings it up to date.
    load_once(store, sequence)
}

fn load_once(store: &GeoPackage, sequence: u64) -> Result<Snapshot, StoreError> {
    let mut jobs = Vec::new();
    for (place, layer) in store.layers().iter().enumerate() {
        if is_shown(layer) {
            jobs.push((
                store.count(&layer.id)?,
                Job::Layer(place, Arc::clone(layer)),
            ));
        }
    }
    if people::has_registers(store) {
        jobs.push((store.count("residence")?, Job::Tallies));
    }
    // The longest is begun first, so that the threads end together.
    jobs.sort_by_key(|(rows, _)| *rows);
    let threads = thread::available_parallelism()
        .map_or(2, usize::from)
        .min(jobs.len());
    let readers = (0..threads)
        .map(|_| store.reader())
        .collect::<Result<Vec<_>, _>>()?;
    let jobs = Mutex::new(jobs);
    let brought = thread::scope(|scope| {
        let workers: Vec<_> = readers
            .into_iter()
            .map(|reader| {
                let jobs = &jobs;
                scope.spawn(move || {
                    let mut done = Vec::new();
                    loop {
                        let next = jobs
                            .lock()
                            .unwrap_or_else(|poisoned| poisoned.into_inner())
                            .pop();
                        let Some((_, job)) = next else {
                            return Ok(done);
                        };
                        done.push(fetch(&reader, job)?);
                    }
                })
            })
            .collect();
        let mut brought = Vec::new();
        for worker in workers {
            brought.extend(
                worker
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))?,
            );
        }
        Ok::<_, StoreError>(brought)
    })?;
    let mut layers = BTreeMap::new();
    let mut found = Tallies::default();
    for one in brought {
        match one {
            Brought::Layer(place, layer) => {
                layers.insert(place, layer);
            }
            Brought::Tallies(tallies) => found = tallies,
        }
    }
    let (contracts, layers) = layers
        .into_values()
        .partition::<Vec<_>, _>(|layer| is_contract(&layer.layer));
    Ok(Snapshot::new(
        sequence,
        layers,
        contracts.into_iter().next(),
        found,
    ))
}

fn fetch(reader: &GeoPackage, job: Job) -> Result<Brought, StoreError> {
    match job {
        Job::Layer(place, layer) => Ok(Brought::Layer(place, Arc::new(scanned(reader, &layer)?))),
        Job::Tallies => Tallies::read(reader, Day::Now(clock::today())).map(Brought::Tallies),
    }
}

#[cfg(test)]
mod tests {
    use geo::polygon;
    use tempfile::tempdir;
    use yizhangtu_data::{
        Catalog, Change, Operation, Record, Value,
        store::{About, Access},
    };
    use yizhangtu_index::Point;

    use super::*;

    struct Village {
        store: GeoPackage,
        _folder: tempfile::TempDir,
    }

    fn village() -> Village {
        let folder = tempdir().unwrap();
        let path = folder.path().join("village.gpkg");
        let catalog = Catalog::embedded();
        GeoPackage::create(&path, &catalog, &About::default()).unwrap();
        Village {
            store: GeoPackage::open(&path, &catalog, Access::ReadWrite).unwrap(),
            _folder: folder,
        }
    }

    impl Village {
        fn insert(&self, layer: &str, id: &str, values: &[(&str, Value)]) -> Change {
            let layer = self.store.layer(layer).unwrap();
            let mut record = Record::new(layer, id);
            for (field, value) in values {
                record.set(layer, field, value.clone());
            }
            if layer.id == "building" {
                record.geometry = Some(
                    polygon![(x: 113.0, y: 23.0), (x: 113.001, y: 23.0), (x: 113.001, y: 23.001), (x: 113.0, y: 23.001)].into(),
                );
            }
            Change {
                layer: layer.id.as_str().into(),
                operation: Operation::Insert(record),
            }
        }

        fn commit(&self, changes: Vec<Change>) -> (u64, ChangeSet) {
            let set = ChangeSet {
                changes,
                ..ChangeSet::default()
            };
            (self.store.commit(set.clone()).unwrap().sequence, set)
        }
    }

    #[test]
    fn who_lives_where_is_counted_at_load_and_after_each_change() {
        let village = village();
        let text = |text: &str| Value::from(text);
        let live = |id: &str, person: &str, place: (&str, &str)| {
            village.insert(
                "residence",
                id,
                &[
                    ("person", text(person)),
                    (place.0, text(place.1)),
                    ("kind", text("租住")),
                ],
            )
        };
        let person = |id: &str, kind: Option<&str>| {
            let kind = kind.map(|kind| ("hukou_type", text(kind)));
            let mut values = vec![("name", text("某某"))];
            values.extend(kind);
            village.insert("person", id, &values)
        };
        let (sequence, _) = village.commit(vec![
            village.insert("building", "b", &[("code", text("B1"))]),
            village.insert(
                "room",
                "r",
                &[("code", text("R1")), ("building", text("b"))],
            ),
            village.insert(
                "household",
                "h",
                &[("number", text("1")), ("room", text("r"))],
            ),
            person("p1", Some("来穗")),
            person("p2", Some("本村户籍")),
            person("p3", None),
            live("l1", "p1", ("building", "b")),
            live("l2", "p2", ("room", "r")),
            live("l3", "p3", ("building", "b")),
            // The same person twice in one building is one person.
            live("l4", "p1", ("room", "r")),
        ]);
        let atlas = Atlas::open(&village.store).unwrap();
        let before = atlas.snapshot();
        assert_eq!(before.sequence, sequence);
        let layer = before.layer("building").unwrap();
        let at = layer.at(Point::snap(113.0005, 23.0005).unwrap());
        assert_eq!(at, [0]);
        let kinds: Vec<&str> = before.houses.kinds().iter().map(|kind| &**kind).collect();
        assert_eq!(kinds, ["本村户籍", "本市", "来穗", "境外", "未登记"]);
        let tally = &before.houses.at(0).tally;
        assert_eq!(
            (&*tally.people, tally.households, tally.rooms),
            (&[1, 0, 1, 0, 1][..], 1, 1)
        );

        let gone = Record {
            values: before_values(&village, "l3", "moved_out"),
            ..Record::new(village.store.layer("residence").unwrap(), "l3")
        };
        let (sequence, set) = village.commit(vec![Change {
            layer: "residence".into(),
            operation: Operation::Update(gone),
        }]);
        let after = before.applied(&village.store, &set.changes).unwrap();
        assert_eq!(after.sequence, sequence);
        assert_eq!(after.houses.at(0).tally.residents(), 2);
        assert_eq!(before.houses.at(0).tally.residents(), 3);
        let read = Atlas::read(&village.store).unwrap();
        assert_eq!(read.houses.at(0).tally, after.houses.at(0).tally);
        assert_eq!(read.sequence, after.sequence);
    }

    fn before_values(village: &Village, id: &str, ended: &str) -> Vec<Value> {
        let layer = village.store.layer("residence").unwrap();
        let mut record = village.store.get("residence", id).unwrap().unwrap();
        record.set(
            layer,
            ended,
            chrono::NaiveDate::from_ymd_opt(2026, 1, 1).unwrap(),
        );
        record.values
    }
}
