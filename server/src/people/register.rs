//! Who lives where, counted from the registers: all houses at once, or those that a change
//! touched.
//!
//! The registers are tables of the file and too long to be held in memory for every reader;
//! what a house counts is. After a change only the houses are counted anew that somebody in
//! the change lives, lived or could live in, found from the history. Both ways are one
//! function over more or fewer rows.

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    sync::Arc,
};

use chrono::NaiveDate;
use yizhangtu_data::{
    Id, clock,
    store::{GeoPackage, StoreError},
};

use super::Terms;

/// Word for people whose kind of registration is not recorded.
const UNKNOWN_KIND: &str = "未登记";

/// The tables that are counted.
const REGISTERS: [&str; 4] = ["residence", "person", "household", "room"];

/// Touched houses or people from which on everything is counted: a scan of the tables then
/// costs less than so many look-ups.
const MOST_TOUCHED: usize = 4_000;

/// Who lives in one building, by the registers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// People by kind, in the order of [`Tallies::kinds`]; shorter where the rest is 0.
    pub(crate) people: Vec<u32>,
    /// People by age, in the order of [`Terms::bands`] and then those of unknown age; shorter
    /// where the rest is 0.
    pub(crate) ages: Vec<u32>,
    /// People by kind of residence, in the order of [`Terms::stays`]; shorter where the rest
    /// is 0.
    pub(crate) stays: Vec<u32>,
    /// People who are not verified.
    pub(crate) unverified: u32,
    /// People who were verified too long ago.
    pub(crate) overdue: u32,
    /// Households.
    pub(crate) households: u32,
    /// Rooms.
    pub(crate) rooms: u32,
    /// Rooms that are let.
    pub(crate) rooms_let: u32,
    /// Rooms that stand empty.
    pub(crate) rooms_vacant: u32,
}

impl Tally {
    /// All people.
    pub(crate) fn residents(&self) -> u64 {
        self.people.iter().map(|&count| u64::from(count)).sum()
    }
}

/// Who lives where: a tally for each building that has any.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tallies {
    /// Kinds of registration (`hukou_type`): those of the code list, the unknown, and any
    /// others that occur.
    pub(crate) kinds: Vec<Arc<str>>,
    /// The day that was counted for.
    pub(crate) day: NaiveDate,
    /// By the building's id.
    pub(crate) of: HashMap<Id, Tally>,
    /// The buildings that were counted; none where all were.
    pub(crate) counted: Option<HashSet<Id>>,
}

/// The day that is counted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Day {
    /// As the registers stand: residences without a date of leaving, ages as of the day.
    Now(NaiveDate),
    /// As of a day in the past, by the dates in the registers: who had moved in by the day
    /// and not yet out. Households and rooms are those of now.
    Past(NaiveDate),
}

impl Day {
    fn date(self) -> NaiveDate {
        match self {
            Self::Now(day) | Self::Past(day) => day,
        }
    }

    /// The condition on a residence `r`.
    fn open(self) -> String {
        match self {
            Self::Now(_) => "r.moved_out IS NULL".to_owned(),
            Self::Past(day) => format!(
                "(r.moved_in IS NULL OR r.moved_in <= '{day}') AND (r.moved_out IS NULL OR r.moved_out > '{day}')"
            ),
        }
    }
}

/// Whether a file has the registers.
pub(crate) fn has_registers(store: &GeoPackage) -> bool {
    store.is_own() && REGISTERS.iter().all(|table| store.layer(table).is_some())
}

impl Tallies {
    /// Counts every house.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn read(store: &GeoPackage, day: Day) -> Result<Self, StoreError> {
        let mut tallies = Self {
            day: day.date(),
            ..Self::default()
        };
        if !has_registers(store) {
            return Ok(tallies);
        }
        tallies.kinds = kinds(store);
        tallies.count(store, day, None)?;
        Ok(tallies)
    }

    /// Counts the houses anew that the changes after a number touched, for the day and in the
    /// order of the kinds that were counted before. None where no house was touched.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn since(
        store: &GeoPackage,
        sequence: u64,
        before: &[Arc<str>],
        day: NaiveDate,
    ) -> Result<Option<Self>, StoreError> {
        let day = Day::Now(day);
        if !has_registers(store) {
            return Ok(None);
        }
        let touched = touched(store, sequence)?;
        if touched.is_empty() {
            return Ok(None);
        }
        if touched.len() > MOST_TOUCHED {
            return Self::read(store, day).map(Some);
        }
        let mut tallies = Self {
            kinds: if before.is_empty() {
                kinds(store)
            } else {
                before.to_vec()
            },
            day: day.date(),
            ..Self::default()
        };
        tallies.count(store, day, Some(&touched))?;
        tallies.counted = Some(touched);
        Ok(Some(tallies))
    }

    /// Counts all houses, or those of a set.
    fn count(
        &mut self,
        store: &GeoPackage,
        day: Day,
        only: Option<&HashSet<Id>>,
    ) -> Result<(), StoreError> {
        let list = only.map(|ids| {
            ids.iter()
                .map(|id| &**id)
                .collect::<serde_json::Value>()
                .to_string()
        });
        let list = list.as_deref();
        let counts = |building: &str| only.is_none_or(|only| only.contains(building));
        for home in homes(store, day, list)? {
            let building = home.building;
            if !counts(&building) {
                continue;
            }
            let kind = self.kind(home.hukou.unwrap_or_else(|| UNKNOWN_KIND.into()));
            let tally = self.of.entry(building).or_default();
            add(&mut tally.people, kind);
            add(&mut tally.ages, home.age_group);
            add(&mut tally.stays, home.stay);
            tally.unverified += u32::from(home.unverified);
            tally.overdue += u32::from(home.overdue);
        }
        for (building, count) in households(store, list)? {
            if counts(&building) {
                self.of.entry(building).or_default().households += count;
            }
        }
        let terms = Terms::current();
        for (building, use_mode, count) in rooms(store, list)? {
            let tally = self.of.entry(building).or_default();
            let use_mode = use_mode.unwrap_or_default();
            tally.rooms += count;
            tally.rooms_let += if terms.is_let(&use_mode) { count } else { 0 };
            tally.rooms_vacant += if terms.is_vacant(&use_mode) { count } else { 0 };
        }
        Ok(())
    }

    fn kind(&mut self, kind: Arc<str>) -> usize {
        let known = self.kinds.iter().position(|own| *own == kind);
        known.unwrap_or_else(|| {
            self.kinds.push(kind);
            self.kinds.len() - 1
        })
    }
}

fn add(counts: &mut Vec<u32>, at: usize) {
    counts.resize(counts.len().max(at + 1), 0);
    counts[at] += 1;
}

/// The kinds of the code list, and the unknown.
fn kinds(store: &GeoPackage) -> Vec<Arc<str>> {
    let list = store.catalog().code_list("hukou_type");
    let codes = list.into_iter().flat_map(|list| &list.codes);
    codes
        .map(|code| code.code.as_str().into())
        .chain([UNKNOWN_KIND.into()])
        .collect()
}

/// One person in the main residence.
struct Home {
    person: Arc<str>,
    building: Id,
    residence: Arc<str>,
    hukou: Option<Arc<str>>,
    age_group: usize,
    stay: usize,
    verified_on: Option<NaiveDate>,
    unverified: bool,
    overdue: bool,
}

/// One open residence of somebody: the greatest is the main one.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Standing {
    kind: std::cmp::Reverse<usize>,
    verified_on: Option<NaiveDate>,
    moved_in: Option<NaiveDate>,
    id: std::cmp::Reverse<Arc<str>>,
}

/// A row of the residences with its person.
struct Row {
    person: Arc<str>,
    building: Id,
    kind: Option<String>,
    moved_in: Option<NaiveDate>,
    verified_on: Option<NaiveDate>,
    id: Arc<str>,
    hukou: Option<Arc<str>>,
    birth: Option<NaiveDate>,
    state: Option<String>,
}

/// Everybody's main residence: all, or of those who have an open residence in some houses.
fn homes(store: &GeoPackage, day: Day, only: Option<&str>) -> Result<Vec<Home>, StoreError> {
    let terms = Terms::current();
    let open = day.open();
    let within = if only.is_some() {
        "AND r.person IN (
           SELECT person FROM residence WHERE building IN (SELECT value FROM json_each(?1))
           UNION SELECT own.person FROM room m JOIN residence own ON own.room = m.id AND own.building IS NULL
             WHERE m.building IN (SELECT value FROM json_each(?1)))"
    } else {
        "AND ?1 IS NULL"
    };
    let rows = store.query(
        &format!(
            "SELECT r.person, coalesce(r.building, m.building), r.kind, r.moved_in, r.verified_on, r.id,
               p.hukou_type, p.birth, p.verify_state
             FROM residence r
             LEFT JOIN room m ON r.building IS NULL AND m.id = r.room
             LEFT JOIN person p ON p.id = r.person
             WHERE {open} AND r.person IS NOT NULL AND coalesce(r.building, m.building) IS NOT NULL {within}"
        ),
        [only],
        |row| {
            let date = |at: usize| Ok::<_, rusqlite::Error>(row.get::<_, Option<String>>(at)?.and_then(|text| date(&text)));
            Ok(Row {
                person: row.get(0)?,
                building: row.get(1)?,
                kind: row.get(2)?,
                moved_in: date(3)?,
                verified_on: date(4)?,
                id: row.get(5)?,
                hukou: row.get(6)?,
                birth: date(7)?,
                state: row.get(8)?,
            })
        },
    )?;
    let mut main: HashMap<Arc<str>, (Standing, Home)> = HashMap::with_capacity(rows.len());
    for row in rows {
        let stay = terms.residence_rank(row.kind.as_deref());
        let standing = Standing {
            kind: std::cmp::Reverse(stay),
            verified_on: row.verified_on,
            moved_in: row.moved_in,
            id: std::cmp::Reverse(Arc::clone(&row.id)),
        };
        let unverified = terms.is_unverified(row.verified_on, row.state.as_deref());
        let home = Home {
            person: Arc::clone(&row.person),
            building: row.building,
            residence: row.id,
            hukou: row.hukou,
            age_group: terms.age_group(row.birth, day.date()),
            stay,
            verified_on: row.verified_on,
            unverified,
            overdue: !unverified
                && row
                    .verified_on
                    .is_some_and(|on| terms.is_overdue(on, day.date())),
        };
        match main.entry(row.person) {
            Entry::Occupied(mut known) if known.get().0 < standing => {
                known.insert((standing, home));
            }
            Entry::Occupied(_) => {}
            Entry::Vacant(place) => {
                place.insert((standing, home));
            }
        }
    }
    Ok(main.into_values().map(|(_, home)| home).collect())
}

/// The people who are counted in a house: those who have their main residence there.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn counted_in(
    store: &GeoPackage,
    building: &str,
    today: NaiveDate,
) -> Result<HashSet<Arc<str>>, StoreError> {
    let only = serde_json::json!([building]).to_string();
    let homes = homes(store, Day::Now(today), Some(&only))?;
    let here = homes.into_iter().filter(|home| *home.building == *building);
    Ok(here.map(|home| home.person).collect())
}

/// Somebody who is counted in a house.
pub(crate) struct Dweller {
    pub(crate) person: Arc<str>,
    pub(crate) building: Id,
    /// The number of the room, where the main residence names one.
    pub(crate) room: Option<String>,
}

/// Everybody who is counted in some houses today, once.
///
/// # Errors
/// When the file cannot be read.
pub(crate) fn dwellers(
    store: &GeoPackage,
    buildings: &HashSet<Id>,
) -> Result<Vec<Dweller>, StoreError> {
    if !has_registers(store) {
        return Ok(Vec::new());
    }
    let only: serde_json::Value = buildings.iter().map(|id| &**id).collect();
    let only = only.to_string();
    let rooms: HashMap<Arc<str>, String> = store
        .query(
            "SELECT r.id, m.room_no FROM room m JOIN residence r ON r.room = m.id
             WHERE m.room_no IS NOT NULL AND m.building IN (SELECT value FROM json_each(?1))",
            [&only],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?
        .into_iter()
        .collect();
    let homes = homes(store, Day::Now(clock::today()), Some(&only))?;
    Ok((homes.into_iter())
        .filter(|home| buildings.contains(&home.building))
        .map(|home| Dweller {
            room: rooms.get(&home.residence).cloned(),
            person: home.person,
            building: home.building,
        })
        .collect())
}

/// People verified since a day, or ever, and all people, by the house that they count in.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn verified_since(
    store: &GeoPackage,
    today: NaiveDate,
    since: Option<NaiveDate>,
) -> Result<HashMap<Id, [u32; 2]>, StoreError> {
    let mut found: HashMap<Id, [u32; 2]> = HashMap::new();
    if !has_registers(store) {
        return Ok(found);
    }
    for home in homes(store, Day::Now(today), None)? {
        let verified = home
            .verified_on
            .is_some_and(|on| since.is_none_or(|since| on >= since));
        let [done, all] = found.entry(home.building).or_default();
        *done += u32::from(verified);
        *all += 1;
    }
    Ok(found)
}

/// Households by building. One without a building is in its room's.
fn households(store: &GeoPackage, only: Option<&str>) -> Result<Vec<(Id, u32)>, StoreError> {
    let within = if only.is_some() {
        "AND (h.building IN (SELECT value FROM json_each(?1)) OR (h.building IS NULL AND h.room IN
           (SELECT id FROM room WHERE building IN (SELECT value FROM json_each(?1)))))"
    } else {
        "AND ?1 IS NULL"
    };
    store.query(
        &format!(
            "SELECT coalesce(h.building, m.building), count(*) FROM household h
             LEFT JOIN room m ON h.building IS NULL AND m.id = h.room
             WHERE coalesce(h.building, m.building) IS NOT NULL {within} GROUP BY 1"
        ),
        [only],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Rooms by building and way of use.
fn rooms(
    store: &GeoPackage,
    only: Option<&str>,
) -> Result<Vec<(Id, Option<String>, u32)>, StoreError> {
    let within = if only.is_some() {
        "AND building IN (SELECT value FROM json_each(?1))"
    } else {
        "AND ?1 IS NULL"
    };
    store.query(
        &format!("SELECT building, use_mode, count(*) FROM room WHERE building IS NOT NULL {within} GROUP BY 1, 2"),
        [only],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}

/// What [`touched`] asks. Layers are not looked up by their index (`+`): a file of a million houses
/// has a million rows of them in its history, and all but the last few are older.
pub(super) const TOUCHED: &str = "
    WITH log AS MATERIALIZED (
      SELECT layer, feature, operation, before FROM change_log
      WHERE sequence > ?1 AND (+layer IN ('residence', 'person', 'room', 'household') OR (+layer = 'building' AND operation = 'insert'))),
    rows(layer, room, building) AS MATERIALIZED (
      SELECT layer, json_extract(before, '$.room'), json_extract(before, '$.building') FROM log
        WHERE layer <> 'person' AND before IS NOT NULL
      UNION SELECT 'residence', r.room, r.building FROM log JOIN residence r ON r.id = log.feature WHERE log.layer = 'residence'
      UNION SELECT 'household', h.room, h.building FROM log JOIN household h ON h.id = log.feature WHERE log.layer = 'household'
      UNION SELECT 'room', m.id, m.building FROM log JOIN room m ON m.id = log.feature WHERE log.layer = 'room'),
    people(person) AS MATERIALIZED (
      SELECT feature FROM log WHERE layer = 'person'
      UNION SELECT json_extract(before, '$.person') FROM log WHERE layer = 'residence' AND before IS NOT NULL
      UNION SELECT r.person FROM log JOIN residence r ON r.id = log.feature WHERE log.layer = 'residence'
      UNION SELECT r.person FROM log JOIN residence r ON r.room = log.feature WHERE log.layer = 'room')
    SELECT feature FROM log WHERE layer = 'building'
    UNION SELECT building FROM rows
    UNION SELECT m.building FROM rows JOIN room m ON m.id = rows.room
    UNION SELECT coalesce(r.building, m.building) FROM people JOIN residence r ON r.person = people.person
      LEFT JOIN room m ON m.id = r.room";

/// The buildings whose figures the changes after a number can have changed: those in the
/// changed rows as they were and as they are, and every house of the people in them.
fn touched(store: &GeoPackage, sequence: u64) -> Result<HashSet<Id>, StoreError> {
    let since = i64::try_from(sequence).unwrap_or(i64::MAX);
    let found = store.query(TOUCHED, [since], |row| row.get::<_, Option<Id>>(0))?;
    Ok(found.into_iter().flatten().collect())
}

/// A day as the file writes it.
fn date(text: &str) -> Option<NaiveDate> {
    text.get(..10)?.parse().ok()
}
