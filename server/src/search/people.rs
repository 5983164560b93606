//! Residents by name, by sound, by the tail of a telephone or identity number: found in
//! memory, shown masked, with the house that they live in.

use std::{collections::HashMap, sync::Arc};

use memchr::memmem::Finder;
use yizhangtu_data::{
    Id, Layer, Record, Value,
    store::{GeoPackage, StoreError},
};

use super::text::{folded, sounds};

/// Shortest tail of a number that is searched: four digits are what people remember, and
/// fewer would list a tenth of the village. No more of a number is held in memory.
const TAIL: usize = 4;

/// Begins a line of a person's text: a name, or how it sounds; the tail of a number.
const NAME: char = '\n';
const NUMBER: char = '\t';

/// Changes that are followed one by one; beyond it the register is read anew.
const MOST_CHANGES: usize = 20_000;

/// A resident who fits, with where they live.
pub(super) struct Resident {
    pub(super) person: Record,
    /// The building's id.
    pub(super) building: Option<String>,
    /// How well it fits.
    pub(super) fits: Fit,
}

/// How well a resident fits a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// What was typed is all of the field.
    Whole,
    /// It is a part of it.
    Part,
    /// The name sounds like it.
    Sound,
}

/// What a query can mean of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By<'a> {
    /// A name that begins so.
    Name(&'a str),
    /// The end of a number.
    Tail(&'a str),
    /// A name that sounds so: all its initials, or its first syllables.
    Sound(&'a str),
}

fn meaning(query: &str) -> Option<By<'_>> {
    /// Shorter beginnings of a sound would list thousands.
    const SHORTEST_SOUND: usize = 2;
    let digits = query.trim_end_matches(['x', 'X']);
    if query.len() >= TAIL
        && digits.len() + 1 >= query.len()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
    {
        return Some(By::Tail(query));
    }
    if query.len() >= SHORTEST_SOUND && query.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Some(By::Sound(query));
    }
    let letters = query.chars().count();
    let name = query
        .chars()
        .all(|letter| letter.is_alphabetic() || "·• ".contains(letter));
    // A surname alone would list thousands.
    (name && letters >= 2).then_some(By::Name(query))
}

/// Whether a query can mean a person.
pub(super) fn is_asked(query: &str) -> bool {
    meaning(query).is_some()
}

/// The register of people as it is searched: one long text, a line a name, a sound or a tail.
/// It follows the file's changes; a changed person stands again at its end.
pub(super) struct People {
    sequence: u64,
    text: String,
    /// Where each person's text begins, and whose it is.
    starts: Vec<usize>,
    ids: Vec<Id>,
    /// Where each person stands now; an earlier place of the same person is void.
    places: HashMap<Id, usize>,
}

impl People {
    /// Reads the register.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn read(store: &GeoPackage, layer: &Layer) -> Result<Self, StoreError> {
        let mut people = Self {
            sequence: store.sequence()?,
            text: String::new(),
            starts: Vec::new(),
            ids: Vec::new(),
            places: HashMap::new(),
        };
        store.scan(&layer.id, |record| people.put(layer, &record))?;
        Ok(people)
    }

    /// Takes in what changed since.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn follow(&mut self, store: &GeoPackage, layer: &Layer) -> Result<(), StoreError> {
        let now = store.sequence()?;
        if now == self.sequence {
            return Ok(());
        }
        let many = now < self.sequence
            || store.log_length(self.sequence, MOST_CHANGES + 1)? > MOST_CHANGES
            || self.ids.len() > 2 * self.places.len() + MOST_CHANGES;
        if many {
            *self = Self::read(store, layer)?;
            return Ok(());
        }
        for entry in store.changes(self.sequence, MOST_CHANGES)? {
            if *entry.layer == *layer.id {
                match store.get(&layer.id, &entry.id)? {
                    Some(record) => self.put(layer, &record),
                    None => {
                        self.places.remove(&entry.id);
                    }
                }
            }
            self.sequence = self.sequence.max(entry.sequence);
        }
        Ok(())
    }

    fn put(&mut self, layer: &Layer, record: &Record) {
        let name = folded(record.get(layer, "name").as_text().unwrap_or_default());
        self.places.insert(Arc::clone(&record.id), self.ids.len());
        self.starts.push(self.text.len());
        self.ids.push(Arc::clone(&record.id));
        let mut line = |begin: char, text: &str| {
            self.text.push(begin);
            self.text.push_str(text);
        };
        line(NAME, &name);
        if let Some((syllables, initials)) = sounds(&name) {
            line(NAME, &syllables.concat());
            line(NAME, &initials);
        }
        for field in ["phone", "id_number"] {
            if let Some(tail) = record.get(layer, field).as_text().and_then(tail) {
                line(NUMBER, &tail);
            }
        }
        // The line of the last one ends before the next one begins.
        self.text.push(NAME);
    }

    /// Hands over the ids of those who may fit, until it is enough.
    fn each(
        &self,
        needle: &str,
        mut enough: impl FnMut(&Id) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        let (finder, text) = (Finder::new(needle), self.text.as_bytes());
        let mut from = 0;
        while let Some(found) = text.get(from..).and_then(|rest| finder.find(rest)) {
            let at = from + found;
            let place = self.starts.partition_point(|start| *start <= at) - 1;
            from = self.starts.get(place + 1).copied().unwrap_or(text.len());
            let id = &self.ids[place];
            if self.places.get(id) == Some(&place) && enough(id)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The residents that a query finds and who live where `lives` allows, at most `limit`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn find(
        &self,
        store: &GeoPackage,
        layer: &Layer,
        query: &str,
        limit: usize,
        lives: impl Fn(Option<&str>) -> bool,
    ) -> Result<Vec<Resident>, StoreError> {
        let Some(by) = meaning(query) else {
            return Ok(Vec::new());
        };
        let needle = match by {
            By::Name(name) => format!("{NAME}{}", folded(name)),
            By::Tail(digits) => format!("{NUMBER}{}", tail(digits).unwrap_or_default()),
            By::Sound(letters) => format!("{NAME}{}", folded(letters)),
        };
        let mut residents = Vec::new();
        self.each(&needle, |id| {
            let Some(person) = store.get(&layer.id, id)? else {
                return Ok(false);
            };
            let Some(fits) = fit(layer, &person, by) else {
                return Ok(false);
            };
            let building = home(store, id)?;
            if lives(building.as_deref()) {
                residents.push(Resident {
                    person,
                    building,
                    fits,
                });
            }
            Ok(residents.len() >= limit)
        })?;
        Ok(residents)
    }
}

/// How a person's fields fit; none where only the beginning or the tail did.
fn fit(layer: &Layer, person: &Record, by: By<'_>) -> Option<Fit> {
    let text = |field| {
        person
            .get(layer, field)
            .as_text()
            .map(folded)
            .unwrap_or_default()
    };
    match by {
        By::Name(name) if text("name") == folded(name) => Some(Fit::Whole),
        By::Name(_) => Some(Fit::Part),
        By::Tail(digits) => {
            let digits = folded(digits);
            let numbers = ["phone", "id_number"].map(text);
            let ends = numbers.iter().any(|number| number.ends_with(&digits));
            let whole = numbers.contains(&digits);
            ends.then_some(if whole { Fit::Whole } else { Fit::Part })
        }
        By::Sound(letters) => {
            /// So many letters say more than initials could.
            const SYLLABLES: usize = 4;
            let letters = folded(letters);
            let (syllables, initials) = sounds(&text("name"))?;
            let begins = letters.len() >= SYLLABLES && syllables.concat().starts_with(&letters);
            (initials == letters || begins).then_some(Fit::Sound)
        }
    }
}

/// The last letters of a number; none of a shorter or a masked one.
fn tail(number: &str) -> Option<String> {
    let number = number.trim().to_uppercase();
    let at = number.len().checked_sub(TAIL)?;
    number
        .get(at..)
        .filter(|tail| tail.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        .map(str::to_owned)
}

/// The building that a person lives in now.
fn home(store: &GeoPackage, person: &str) -> Result<Option<String>, StoreError> {
    let Some(layer) = store.layer("residence") else {
        return Ok(None);
    };
    let layer = Arc::clone(layer);
    let residences = store.find("residence", "person", &Value::from(person))?;
    let open = residences
        .iter()
        .find(|residence| residence.get(&layer, "moved_out").is_null());
    let Some(open) = open else {
        return Ok(None);
    };
    if let Some(building) = open.get(&layer, "building").as_text() {
        return Ok(Some(building.to_owned()));
    }
    let (Some(rooms), Some(room)) = (store.layer("room"), open.get(&layer, "room").as_text())
    else {
        return Ok(None);
    };
    let room = store.get("room", room)?;
    Ok(room.and_then(|room| room.get(rooms, "building").as_text().map(str::to_owned)))
}

#[cfg(test)]
mod tests {
    use yizhangtu_data::{
        Catalog, Change, ChangeSet, Operation,
        store::{About, Access},
    };

    use super::*;

    #[test]
    fn what_a_query_can_mean() {
        let tail = |query| matches!(meaning(query), Some(By::Tail(_)));
        let name = |query| matches!(meaning(query), Some(By::Name(_)));
        let sound = |query| matches!(meaning(query), Some(By::Sound(_)));
        assert!(tail("5678") && tail("123X") && tail("13812345678"));
        assert!(name("李四") && name("欧阳娜娜") && name("阿·木提"));
        assert!(sound("ls") && sound("lisi"));
        for neither in ["李", "567", "三巷5号", "44-01", ""] {
            assert!(meaning(neither).is_none(), "{neither}");
        }
    }

    #[test]
    fn people_are_found_by_name_sound_and_tail_and_followed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("village.gpkg");
        let catalog = Catalog::embedded();
        GeoPackage::create(&path, &catalog, &About::default()).unwrap();
        let store = GeoPackage::open(&path, &catalog, Access::ReadWrite).unwrap();
        let layer = Arc::clone(store.layer("person").unwrap());
        let person = |id: &str, name: &str, phone: &str, number: &str| {
            let mut record = Record::new(&layer, id);
            record.set(&layer, "name", name).set(&layer, "phone", phone);
            record
                .set(&layer, "id_type", "护照")
                .set(&layer, "id_number", number);
            record
        };
        let commit = |operation| {
            let change = Change {
                layer: "person".into(),
                operation,
            };
            store
                .commit(ChangeSet {
                    changes: vec![change],
                    ..ChangeSet::default()
                })
                .unwrap();
        };
        commit(Operation::Insert(person(
            "a",
            "李四",
            "13812345678",
            "E1234432X",
        )));
        commit(Operation::Insert(person(
            "b",
            "李四光",
            "13912340000",
            "E99998888",
        )));
        commit(Operation::Insert(person(
            "c",
            "林珊",
            "02012345678",
            "E5678",
        )));
        let mut people = People::read(&store, &layer).unwrap();
        let found = |people: &People, query: &str| {
            let found = people.find(&store, &layer, query, 10, |_| true).unwrap();
            found
                .iter()
                .map(|one| format!("{}{:?}", one.person.id, one.fits))
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(found(&people, "李四"), "aWhole bPart");
        assert_eq!(found(&people, "5678"), "aPart cPart");
        assert_eq!(found(&people, "345678"), "aPart cPart");
        assert_eq!(found(&people, "13812345678"), "aWhole");
        assert_eq!(found(&people, "432x"), "aPart");
        assert_eq!(found(&people, "ls"), "aSound cSound");
        assert_eq!(found(&people, "lisig"), "bSound");
        assert_eq!(found(&people, "lsg"), "bSound");
        assert_eq!(
            found(&people, "四光"),
            "",
            "names are found from their beginning"
        );
        let limited = people
            .find(&store, &layer, "李四", 10, |home| home.is_some())
            .unwrap();
        assert!(
            limited.is_empty(),
            "who lives nowhere is not in a territory"
        );

        commit(Operation::Update(person(
            "a",
            "王五",
            "13812345678",
            "E1234432X",
        )));
        commit(Operation::Delete("c".into()));
        people.follow(&store, &layer).unwrap();
        assert_eq!(
            (found(&people, "李四"), found(&people, "王五")),
            ("bPart".to_owned(), "aWhole".to_owned())
        );
        assert_eq!(found(&people, "5678"), "aPart");
    }
}
