//! A village of a hundred houses whose people move about: what is counted after each change is
//! what a plain count of the registers gives, in every house and in any area.
//!
//! `YIZHANGTU_AREAS=10000` draws so many areas before and after every fifty changes.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use chrono::{Days, NaiveDate};
use geo::polygon;
use yizhangtu_data::clock::today;
use yizhangtu_data::{
    Catalog, Change, ChangeSet, Operation, Record, Value,
    store::{About, Access, GeoPackage},
};
use yizhangtu_index::{Area, Rule, Shape};

use super::{Registers, Terms, terms::age};
use crate::atlas::{Atlas, Snapshot};

const SIDE: usize = 10;
const STEP: f64 = 0.0002;

/// Numbers that look random and come again: a linear congruence (Knuth, MMIX).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}

struct Village {
    store: GeoPackage,
    dice: Dice,
    _folder: tempfile::TempDir,
}

/// One residence of somebody, the main one first: place of its kind, days of verification and
/// of moving in from the last backwards, id, house.
type Stay = (usize, i64, i64, String, String);

fn text(text: impl ToString) -> Value {
    Value::from(text.to_string())
}

impl Village {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("village.gpkg");
        let catalog = Catalog::embedded();
        GeoPackage::create(&path, &catalog, &About::default()).unwrap();
        let village = Self {
            store: GeoPackage::open(&path, &catalog, Access::ReadWrite).unwrap(),
            dice: Dice(7),
            _folder: folder,
        };
        let mut changes = Vec::new();
        for house in 0..SIDE * SIDE {
            let mut record = village.record(
                "building",
                &format!("b{house}"),
                &[("code", text(format!("B{house:05}")))],
            );
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            let (x, y) = (
                113.5 + STEP * (house % SIDE) as f64,
                23.1 + STEP * (house / SIDE) as f64,
            );
            let side = 0.6 * STEP;
            record.geometry = Some(
                polygon![(x: x, y: y), (x: x + side, y: y), (x: x + side, y: y + side), (x: x, y: y + side)].into(),
            );
            changes.push(insert("building", record));
            for room in 0..3 {
                let building = ("building", text(format!("b{house}")));
                let modes = ["出租", "空置", "自住"];
                let values = [
                    ("code", text(format!("R{house}-{room}"))),
                    building,
                    ("use_mode", text(modes[room % 3])),
                ];
                changes.push(insert(
                    "room",
                    village.record("room", &format!("r{house}-{room}"), &values),
                ));
            }
        }
        village.commit(changes);
        village
    }

    fn record(&self, layer: &str, id: &str, values: &[(&str, Value)]) -> Record {
        let layer = self.store.layer(layer).unwrap();
        let mut record = Record::new(layer, id);
        for (field, value) in values {
            record.set(layer, field, value.clone());
        }
        record
    }

    fn commit(&self, changes: Vec<Change>) -> Vec<Change> {
        let set = ChangeSet {
            changes: changes.clone(),
            ..ChangeSet::default()
        };
        self.store.commit(set).unwrap();
        changes
    }

    fn ids(&self, layer: &str) -> Vec<String> {
        let mut ids = Vec::new();
        self.store
            .scan(layer, |record| ids.push(record.id.to_string()))
            .unwrap();
        ids
    }

    fn day(&mut self) -> NaiveDate {
        today() - Days::new(self.dice.below(900) as u64)
    }

    /// Something that happens in a village's registers, in one step.
    fn something(&mut self, number: usize) -> Vec<Change> {
        let kinds = ["本村户籍", "来穗", "境外", "本市"];
        let stays = ["自住", "租住", "户籍", "借住", "集体宿舍"];
        let (people, residences) = (self.ids("person"), self.ids("residence"));
        let house = self.dice.below(SIDE * SIDE);
        let place = match self.dice.below(3) {
            0 => vec![("building", text(format!("b{house}")))],
            1 => vec![("room", text(format!("r{house}-{}", self.dice.below(3))))],
            _ => vec![
                ("building", text(format!("b{house}"))),
                ("room", text(format!("r{house}-{}", self.dice.below(3)))),
            ],
        };
        let day = self.day();
        match self.dice.below(9) {
            // Moves in, or takes a second home.
            0..=3 => {
                let mut changes = Vec::new();
                let person = if people.is_empty() || self.dice.below(2) > 0 {
                    let id = format!("p{number}");
                    let mut values = vec![
                        ("name", text("某某")),
                        ("verify_state", text(self.dice.below(3))),
                    ];
                    if self.dice.below(4) > 0 {
                        values.push(("hukou_type", text(kinds[self.dice.below(3)])));
                        values.push((
                            "birth",
                            Value::from(today() - Days::new(self.dice.below(30_000) as u64)),
                        ));
                    }
                    changes.push(insert("person", self.record("person", &id, &values)));
                    id
                } else {
                    people[self.dice.below(people.len())].clone()
                };
                let mut values = vec![
                    ("person", text(person)),
                    ("kind", text(stays[self.dice.below(5)])),
                    ("moved_in", Value::from(day)),
                ];
                values.extend(place);
                if self.dice.below(2) > 0 {
                    values.push(("verified_on", Value::from(day)));
                }
                changes.push(insert(
                    "residence",
                    self.record("residence", &format!("l{number}"), &values),
                ));
                changes
            }
            4 if !residences.is_empty() => {
                let id = &residences[self.dice.below(residences.len())];
                vec![self.update("residence", id, &[("moved_out", Value::from(day))])]
            }
            5 if !residences.is_empty() => {
                let id = &residences[self.dice.below(residences.len())];
                let mut values = vec![
                    ("building", Value::Null),
                    ("room", Value::Null),
                    ("moved_out", Value::Null),
                ];
                values.extend(place);
                vec![self.update("residence", id, &values)]
            }
            6 if !people.is_empty() => {
                let id = &people[self.dice.below(people.len())];
                let kind = kinds[self.dice.below(4)];
                vec![self.update(
                    "person",
                    id,
                    &[("hukou_type", text(kind)), ("birth", Value::from(day))],
                )]
            }
            7 => {
                let room = format!("r{house}-1");
                let other = self.dice.below(SIDE * SIDE);
                vec![self.update(
                    "room",
                    &room,
                    &[
                        ("building", text(format!("b{other}"))),
                        ("use_mode", text("出租")),
                    ],
                )]
            }
            _ => {
                let mut changes = vec![insert(
                    "household",
                    self.record("household", &format!("h{number}"), &{
                        let mut values = vec![("number", text(number))];
                        values.extend(place);
                        values
                    }),
                )];
                if residences.len() > 5 {
                    let id = residences[self.dice.below(residences.len())].as_str();
                    changes.push(Change {
                        layer: "residence".into(),
                        operation: Operation::Delete(id.into()),
                    });
                }
                changes
            }
        }
    }

    fn update(&self, layer: &str, id: &str, values: &[(&str, Value)]) -> Change {
        let mut record = self.store.get(layer, id).unwrap().unwrap();
        let described = self.store.layer(layer).unwrap();
        for (field, value) in values {
            record.set(described, field, value.clone());
        }
        Change {
            layer: layer.into(),
            operation: Operation::Update(record),
        }
    }

    /// People by house and kind, each at the main residence, read as plainly as can be.
    fn plain(&self, day: Option<NaiveDate>) -> BTreeMap<String, BTreeMap<String, u64>> {
        let terms = Terms::current();
        let layers = |name: &str| self.store.layer(name).unwrap();
        let (residence, room, person) = (layers("residence"), layers("room"), layers("person"));
        let mut rooms: HashMap<String, String> = HashMap::new();
        self.store
            .scan("room", |record| {
                rooms.insert(
                    record.id.to_string(),
                    record.get(room, "building").as_text().unwrap().to_owned(),
                );
            })
            .unwrap();
        let mut homes: HashMap<String, Vec<Stay>> = HashMap::new();
        self.store
            .scan("residence", |record| {
                let date = |name| record.get(residence, name).as_date();
                let open = match day {
                    None => date("moved_out").is_none(),
                    Some(day) => {
                        date("moved_in").is_none_or(|from| from <= day)
                            && date("moved_out").is_none_or(|to| to > day)
                    }
                };
                if !open {
                    return;
                }
                let building = record
                    .get(residence, "building")
                    .as_text()
                    .map(str::to_owned);
                let Some(building) = building
                    .or_else(|| rooms.get(record.get(residence, "room").as_text()?).cloned())
                else {
                    return;
                };
                let days = |name| {
                    date(name).map_or(i64::MIN, |day: NaiveDate| {
                        day.signed_duration_since(NaiveDate::MIN).num_days()
                    })
                };
                let kind = terms.residence_rank(record.get(residence, "kind").as_text());
                let person = record
                    .get(residence, "person")
                    .as_text()
                    .unwrap()
                    .to_owned();
                homes.entry(person).or_default().push((
                    kind,
                    -days("verified_on").max(0),
                    -days("moved_in").max(0),
                    record.id.to_string(),
                    building,
                ));
            })
            .unwrap();
        let mut counts: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
        for (id, mut all) in homes {
            all.sort();
            let record = self.store.get("person", &id).unwrap();
            let kind = record
                .and_then(|record| Some(record.get(person, "hukou_type").as_text()?.to_owned()));
            let house = counts.entry(all.remove(0).4).or_default();
            *house
                .entry(kind.unwrap_or_else(|| "未登记".to_owned()))
                .or_default() += 1;
        }
        counts
    }
}

fn insert(layer: &str, record: Record) -> Change {
    Change {
        layer: layer.into(),
        operation: Operation::Insert(record),
    }
}

/// What a snapshot counts, by house and kind.
fn told(snapshot: &Snapshot) -> BTreeMap<String, BTreeMap<String, u64>> {
    let mut counts = BTreeMap::new();
    for (at, record) in snapshot.layer("building").unwrap().records() {
        let tally = &snapshot.houses.at(at).tally;
        let kinds = snapshot.houses.kinds().iter().zip(&tally.people);
        let people: BTreeMap<String, u64> = kinds
            .filter(|(_, count)| **count > 0)
            .map(|(kind, count)| (kind.to_string(), u64::from(*count)))
            .collect();
        if !people.is_empty() {
            counts.insert(record.id.to_string(), people);
        }
    }
    counts
}

/// Drawn areas of the short form, or as many as `YIZHANGTU_AREAS` says.
fn areas(short: usize) -> usize {
    let asked = std::env::var("YIZHANGTU_AREAS").ok();
    asked.map_or(short, |number| number.parse().expect("a number of areas"))
}

/// Areas of four, three and twenty corners, anywhere over the village, against the plain sum.
fn areas_equal_the_plain_sum(snapshot: &Snapshot, dice: &mut Dice, drawn: usize) {
    let buildings = Arc::clone(snapshot.layer("building").unwrap());
    let houses: Vec<(f64, f64, u64, u64)> = buildings
        .records()
        .map(|(at, _)| {
            let place = buildings.shape(at).unwrap().representative();
            let house = snapshot.houses.at(at);
            (
                place.lon(),
                place.lat(),
                house.tally.residents(),
                u64::from(house.tally.unverified),
            )
        })
        .collect();
    for number in 0..drawn {
        let corners = [4, 3, 20][number % 3];
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let mut at = || (dice.below(1_000_003) as f64 + 0.5) / 1_000_003.0 * 0.0024 - 0.0002;
        let (x, y, reach) = (113.5 + at(), 23.1 + at(), at().abs().max(0.0001));
        let ring: Vec<(f64, f64)> = (0..corners)
            .map(|corner| {
                let angle = f64::from(corner) / f64::from(corners) * std::f64::consts::TAU;
                let own = if corner % 2 == 0 { reach } else { reach * 0.7 };
                (x + own * angle.cos(), y + own * angle.sin())
            })
            .collect();
        let outline = geo::Polygon::new(ring.clone().into(), Vec::new());
        let Shape::Area(area) = Shape::new(&outline.into()).unwrap() else {
            panic!("a polygon is an area");
        };
        let census = snapshot.houses.within(&area, Rule::RepresentativePoint);
        // On the lattice of the stored coordinates, in whole numbers.
        let lattice = |degrees: f64| (degrees * 1e9).round() as i128;
        let inside = |px: f64, py: f64| {
            let (px, py) = (lattice(px), lattice(py));
            let corners: Vec<(i128, i128)> = ring
                .iter()
                .map(|at| (lattice(at.0), lattice(at.1)))
                .collect();
            let edges = corners.iter().zip(corners.iter().cycle().skip(1));
            let crossed = edges.filter(|(a, b)| {
                let (low, high) = if a.1 <= b.1 { (a, b) } else { (b, a) };
                low.1 <= py
                    && py < high.1
                    && (px - low.0) * (high.1 - low.1) < (py - low.1) * (high.0 - low.0)
            });
            crossed.count() % 2 == 1
        };
        let (mut people, mut unverified, mut count) = (0, 0, 0);
        for (px, py, residents, open) in &houses {
            if inside(*px, *py) {
                people += residents;
                unverified += open;
                count += 1;
            }
        }
        let told = (
            census.people.iter().sum::<u64>(),
            census.ages.iter().sum::<u64>(),
            census.unverified,
            census.buildings,
        );
        assert_eq!(told, (people, people, unverified, count), "area {number}");
    }
}

#[test]
fn a_change_counts_what_it_touches_and_comes_to_the_full_count() {
    let mut village = Village::new();
    let mut snapshot = Atlas::read(&village.store).unwrap();
    for step in 0..300 {
        let changes = village.something(step);
        let changes = village.commit(changes);
        snapshot = snapshot.applied(&village.store, &changes).unwrap();
        // Before the edits that follow; after all of them ten thousand more are drawn.
        if step == 99 || (step % 50 == 49 && areas(0) > 0) {
            areas_equal_the_plain_sum(&snapshot, &mut village.dice, areas(2_000));
        }
        if step % 20 == 19 {
            let plain = village.plain(None);
            assert_eq!(told(&snapshot), plain, "after step {step}");
            let whole = Atlas::read(&village.store).unwrap();
            for (at, record) in whole.layer("building").unwrap().records() {
                // Kinds that are not in the code list come in the order in which they occur.
                let (whole, own) = (&whole.houses.at(at).tally, &snapshot.houses.at(at).tally);
                let but_kinds = |tally: &super::Tally| super::Tally {
                    people: Vec::new(),
                    ages: [tally.ages.as_slice(), &[0; 9]].concat()[..9].to_vec(),
                    stays: [tally.stays.as_slice(), &[0; 6]].concat()[..6].to_vec(),
                    ..tally.clone()
                };
                assert_eq!(
                    but_kinds(whole),
                    but_kinds(own),
                    "{} after step {step}",
                    record.id
                );
            }
        }
    }
    let second_homes = village.store.query(
        "SELECT count(*) FROM (SELECT 1 FROM residence WHERE moved_out IS NULL GROUP BY person HAVING count(*) > 1)", [], |row| row.get::<_, u32>(0),
    ).unwrap()[0];
    assert!(
        second_homes > 10,
        "people with two homes are part of it: {second_homes}"
    );
    assert_eq!(
        told(&snapshot)
            .values()
            .map(|house| house.values().sum::<u64>())
            .sum::<u64>(),
        village
            .plain(None)
            .values()
            .map(|house| house.values().sum::<u64>())
            .sum::<u64>()
    );

    let drawn = areas(10_000);
    areas_equal_the_plain_sum(&snapshot, &mut village.dice, drawn);
    let everything = Area::from_rect(snapshot.bounds().unwrap());
    assert_eq!(snapshot.houses.within(&everything, Rule::Within).rooms, 300);
}

#[test]
fn a_day_in_the_past_counts_who_had_moved_in_and_not_yet_out() {
    let mut village = Village::new();
    for step in 0..200 {
        let changes = village.something(step);
        village.commit(changes);
    }
    let snapshot = Atlas::read(&village.store).unwrap();
    for back in [0, 100, 450, 2_000] {
        let day = today() - Days::new(back);
        let tallies = super::Tallies::read(&village.store, super::Day::Past(day)).unwrap();
        let buildings = snapshot.layer("building").map(|layer| &**layer);
        let past = snapshot.with_houses(Arc::new(crate::atlas::Houses::new(buildings, tallies)));
        assert_eq!(told(&past), village.plain(Some(day)), "on {day}");
    }
}

#[test]
fn the_registers_rules_name_the_field() {
    let village = Village::new();
    let person = |id: &str, number: &str, birth: &str| {
        insert(
            "person",
            village.record(
                "person",
                id,
                &[
                    ("name", text("某某")),
                    ("id_type", text("居民身份证")),
                    ("id_number", text(number)),
                    ("birth", Value::from(birth.parse::<NaiveDate>().unwrap())),
                ],
            ),
        )
    };
    let stay = |id: &str, who: &str, values: &[(&str, Value)]| {
        let mut all = vec![("person", text(who))];
        all.extend(values.iter().cloned());
        insert("residence", village.record("residence", id, &all))
    };
    let day = |text: &str| Value::from(text.parse::<NaiveDate>().unwrap());
    let faults = |changes: Vec<Change>| {
        let set = ChangeSet {
            changes,
            ..ChangeSet::default()
        };
        let origin: Vec<usize> = (0..set.changes.len()).collect();
        let faults = Registers::new(&village.store, &set, &origin, today())
            .check()
            .unwrap();
        faults
            .into_iter()
            .map(|fault| (fault.field, fault.code))
            .collect::<Vec<_>>()
    };
    let room = [("room", text("r0-0"))];
    assert!(
        faults(vec![
            person("p", "990000198806180019", "1988-06-18"),
            stay("l", "p", &room)
        ])
        .is_empty()
    );
    village.commit(vec![
        person("p", "990000198806180019", "1988-06-18"),
        stay("l", "p", &room),
    ]);

    let told = |changes| {
        faults(changes)
            .into_iter()
            .map(|(field, code)| format!("{field} {code}"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    assert_eq!(told(vec![stay("m", "p", &room)]), "person twice");
    assert_eq!(
        told(vec![
            stay("m", "p", &[("room", text("r0-1"))]),
            stay("n", "p", &[("room", text("r0-1"))])
        ]),
        "person twice, person twice"
    );
    // Out of the one and into it again, in one step.
    let out = village.update(
        "residence",
        "l",
        &[
            ("moved_out", day("2026-01-02")),
            ("moved_in", day("2025-01-02")),
        ],
    );
    assert_eq!(told(vec![out.clone(), stay("m", "p", &room)]), "");
    let wrong = village.update(
        "residence",
        "l",
        &[
            ("moved_out", day("2025-01-01")),
            ("moved_in", day("2025-01-02")),
        ],
    );
    assert_eq!(told(vec![wrong]), "moved_out order");
    assert_eq!(
        told(vec![stay(
            "m",
            "p",
            &[("room", text("r1-0")), ("moved_in", day("2999-01-01"))]
        )]),
        "moved_in future"
    );
    assert_eq!(told(vec![stay("m", "p", &[])]), "building required");
    assert_eq!(
        told(vec![stay(
            "m",
            "p",
            &[("room", text("r1-0")), ("building", text("b2"))]
        )]),
        "room other_building"
    );
    assert_eq!(
        told(vec![person("q", "990000198806180019", "1988-06-18")]),
        "id_number held"
    );
    assert_eq!(
        told(vec![person("q", "990000198708060021", "1988-06-18")]),
        "birth id_number"
    );
    assert_eq!(
        age("2000-02-29".parse().unwrap(), "2026-02-28".parse().unwrap()),
        Some(25)
    );
}

/// A write at a million houses took 65 ms, most of it for their rows of the history, one by one.
#[test]
fn what_a_change_touches_is_asked_of_the_end_of_the_history_alone() {
    let village = Village::new();
    let plan: Vec<String> = (village.store)
        .query(
            &format!("EXPLAIN QUERY PLAN {}", super::register::TOUCHED),
            [0],
            |row| row.get("detail"),
        )
        .unwrap();
    let of_history: Vec<&String> = (plan.iter())
        .filter(|step| step.contains("change_log"))
        .collect();
    assert_eq!(
        of_history,
        ["SEARCH change_log USING INTEGER PRIMARY KEY (rowid>?)"]
    );
}
