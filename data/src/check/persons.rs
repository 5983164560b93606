//! One person entered twice: which records may be the same person.
//!
//! The one rule for the check of a file, the list of doubles and the house page. It reads the
//! register once for what agrees in little, and looks closely only at these.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
};

use chrono::NaiveDate;
use serde::Serialize;

use super::{
    relations::columns,
    report::{Check, Finding, Report, Severity},
};
use crate::{
    Id, Layer, Record, Value,
    catalog::resident_number,
    store::{GeoPackage, StoreError},
};

/// Why records may be one person, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Likeness {
    /// The identity number is the same, be it written with 15 or 18 digits.
    Number,
    /// Name, birthday and sex are the same, and one has no number.
    Birth,
    /// The name is the same, they live in one house, nothing else differs, and one has no
    /// number.
    House,
}

/// Records that may be one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Twins {
    /// Why.
    pub by: Likeness,
    /// Two records or more, in the order of their ids.
    pub ids: Vec<Id>,
}

impl Likeness {
    fn finding(self) -> (Severity, &'static str) {
        match self {
            Self::Number => (
                Severity::Error,
                "证件号码相同，是同一人，请合并 / the identity number is the same; they are one person, merge them",
            ),
            Self::Birth => (
                Severity::Warning,
                "姓名、出生日期、性别相同而有人缺证件号码，可能是同一人，请核对 / name, birthday and sex are the same and an identity number is missing; they may be one person, compare them",
            ),
            Self::House => (
                Severity::Warning,
                "同住一栋、姓名相同而有人缺证件号码，可能是同一人，请核对 / they live in one house by the same name and an identity number is missing; they may be one person, compare them",
            ),
        }
    }
}

/// Persons who stand twice.
pub(super) fn check(file: &GeoPackage, report: &mut Report) -> Result<(), StoreError> {
    for twins in twins(file)? {
        let (severity, message) = twins.by.finding();
        report.add(Finding {
            severity,
            check: Check::SamePerson,
            layer: "person".to_owned(),
            ids: twins.ids,
            place: None,
            message: message.to_owned(),
        });
    }
    Ok(())
}

/// The records of a file's register that may be one person.
///
/// # Errors
/// When the file cannot be read.
pub fn twins(file: &GeoPackage) -> Result<Vec<Twins>, StoreError> {
    let Some(layer) = register(file)? else {
        return Ok(Vec::new());
    };
    let homes = Homes::read(file)?;
    // What agrees in a hash is looked at again: the rest of a large register is not kept.
    let mut keys: Vec<(u64, Id)> = Vec::new();
    file.scan(&layer.id, |record| {
        let one = Candidate::new(layer, record);
        let mut key = |key: &dyn Fn(&mut DefaultHasher)| {
            let mut hasher = DefaultHasher::new();
            key(&mut hasher);
            keys.push((hasher.finish(), Id::clone(&one.id)));
        };
        if let Some(number) = &one.number {
            key(&|hasher| number.hash(hasher));
        }
        if let Some(birth) = one.birth {
            key(&|hasher| (&one.name, birth, &one.sex).hash(hasher));
        }
        for home in homes.of(&one.id) {
            key(&|hasher| (&one.name, home).hash(hasher));
        }
    })?;
    keys.sort_unstable();
    let alike: HashSet<Id> = (keys.chunk_by(|a, b| a.0 == b.0))
        .filter(|chunk| chunk.len() > 1)
        .flat_map(|chunk| chunk.iter().map(|(_, id)| Id::clone(id)))
        .collect();
    drop(keys);
    group_of(file, layer, alike)
}

/// The records that may be one person, of whom one at least lives in a house.
///
/// # Errors
/// When the file cannot be read.
pub fn twins_in(file: &GeoPackage, building: &str) -> Result<Vec<Twins>, StoreError> {
    let Some(layer) = register(file)? else {
        return Ok(Vec::new());
    };
    let ids = file.query(
        "SELECT r.person FROM residence r LEFT JOIN room m ON m.id = r.room
         WHERE r.moved_out IS NULL AND r.person IS NOT NULL
           AND (r.building = ?1 OR (r.building IS NULL AND m.building = ?1))",
        [building],
        |row| row.get::<_, String>(0),
    )?;
    let mut alike: HashSet<Id> = ids.into_iter().map(Id::from).collect();
    let here: Vec<Id> = alike.iter().cloned().collect();
    for id in here {
        let Some(record) = file.get(&layer.id, &id)? else {
            continue;
        };
        let Some(number) = record.get(layer, "id_number").as_text() else {
            continue;
        };
        let whole = resident_number(number);
        let mut forms = vec![number.to_owned(), number.to_lowercase(), whole.clone()];
        // As it was before 1999: without the century and the check digit.
        if whole.len() == 18 && whole.get(6..8) == Some("19") {
            forms.push(format!("{}{}", &whole[..6], &whole[8..17]));
        }
        forms.sort_unstable();
        forms.dedup();
        for form in forms {
            let found = file.find(&layer.id, "id_number", &Value::from(form))?;
            alike.extend(found.into_iter().map(|record| record.id));
        }
    }
    group_of(file, layer, alike)
}

/// The layer of persons, where its table has what is compared.
fn register(file: &GeoPackage) -> Result<Option<&Layer>, StoreError> {
    let columns = columns(file, "person")?;
    let needed = ["name", "id_number", "birth", "sex"];
    let has = needed.iter().all(|column| columns.contains(*column));
    Ok(file.layer("person").filter(|_| has).map(|layer| &**layer))
}

/// A record as far as it is compared.
struct Candidate {
    id: Id,
    name: String,
    number: Option<String>,
    birth: Option<NaiveDate>,
    sex: Option<String>,
}

impl Candidate {
    fn new(layer: &Layer, record: Record) -> Self {
        let text = |field| {
            let text = record.get(layer, field).as_text().map(str::trim);
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        Self {
            name: text("name").unwrap_or_default(),
            number: text("id_number").map(|number| resident_number(&number)),
            birth: record.get(layer, "birth").as_date(),
            sex: text("sex"),
            id: record.id,
        }
    }
}

/// Groups some records by what makes them one person; each group stands once, under the surest
/// reason.
fn group_of(file: &GeoPackage, layer: &Layer, ids: HashSet<Id>) -> Result<Vec<Twins>, StoreError> {
    let mut people = Vec::with_capacity(ids.len());
    let mut homes = Vec::new();
    for id in ids {
        let Some(record) = file.get(&layer.id, &id)? else {
            continue;
        };
        homes.push(Homes::of_person(file, &id)?);
        people.push(Candidate::new(layer, record));
    }
    let mut numbers: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut births: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    let mut houses: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (at, one) in people.iter().enumerate() {
        if let Some(number) = &one.number {
            numbers.entry(number).or_default().push(at);
        }
        if one.name.is_empty() {
            continue;
        }
        if let Some(birth) = one.birth {
            let key = (&one.name, birth, &one.sex);
            births.entry(key).or_default().push(at);
        }
        for home in &homes[at] {
            houses.entry((&one.name, home)).or_default().push(at);
        }
    }
    let without = |group: &Vec<usize>| group.iter().any(|&at| people[at].number.is_none());
    let agree = |group: &Vec<usize>| {
        let births: HashSet<NaiveDate> = group.iter().filter_map(|&at| people[at].birth).collect();
        let sexes: HashSet<&str> = (group.iter())
            .filter_map(|&at| people[at].sex.as_deref())
            .collect();
        births.len() <= 1 && sexes.len() <= 1
    };
    let by_number = numbers.into_values().map(|group| (Likeness::Number, group));
    let by_birth = (births.into_values())
        .filter(without)
        .map(|group| (Likeness::Birth, group));
    let by_house = (houses.into_values())
        .filter(|group| without(group) && agree(group))
        .map(|group| (Likeness::House, group));
    let mut twins: Vec<Twins> = Vec::new();
    let mut told: HashMap<Id, Vec<usize>> = HashMap::new();
    for (by, group) in by_number.chain(by_birth).chain(by_house) {
        let mut ids: Vec<Id> = (group.iter())
            .map(|&at| Id::clone(&people[at].id))
            .collect();
        ids.sort();
        ids.dedup();
        let known = ids.first().and_then(|first| told.get(first));
        let known = (known.into_iter().flatten())
            .any(|&at: &usize| ids.iter().all(|id| twins[at].ids.contains(id)));
        if ids.len() < 2 || known {
            continue;
        }
        for id in &ids {
            told.entry(Id::clone(id)).or_default().push(twins.len());
        }
        twins.push(Twins { by, ids });
    }
    twins.sort_by(|a, b| (a.by, &a.ids).cmp(&(b.by, &b.ids)));
    Ok(twins)
}

/// Where people live now, by hashes: short enough for a town's register.
struct Homes(HashMap<u64, Vec<u64>>);

impl Homes {
    const OPEN: &str = "SELECT r.person, coalesce(r.building, m.building) FROM residence r \
         LEFT JOIN room m ON m.id = r.room \
         WHERE r.moved_out IS NULL AND r.person IS NOT NULL AND coalesce(r.building, m.building) IS NOT NULL";

    fn read(file: &GeoPackage) -> Result<Self, StoreError> {
        let mut homes: HashMap<u64, Vec<u64>> = HashMap::new();
        if file.layer("residence").is_none() || file.layer("room").is_none() {
            return Ok(Self(homes));
        }
        file.query(Self::OPEN, [], |row| {
            let (person, building): (String, String) = (row.get(0)?, row.get(1)?);
            let of = homes.entry(hash(&person)).or_default();
            let building = hash(&building);
            if !of.contains(&building) {
                of.push(building);
            }
            Ok(())
        })?;
        Ok(Self(homes))
    }

    fn of(&self, person: &str) -> &[u64] {
        self.0.get(&hash(person)).map_or(&[], Vec::as_slice)
    }

    fn of_person(file: &GeoPackage, person: &str) -> Result<HashSet<String>, StoreError> {
        if file.layer("residence").is_none() || file.layer("room").is_none() {
            return Ok(HashSet::new());
        }
        let sql = format!("{} AND r.person = ?1", Self::OPEN);
        let found = file.query(&sql, [person], |row| row.get::<_, String>(1))?;
        Ok(found.into_iter().collect())
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
