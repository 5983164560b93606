//! The totals, the tiling, and that the same seed gives the same village.

mod courses;
mod whole;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Months, NaiveDate};
use geo::Intersects;

use self::whole::{Demo, references, shape, vertices};
use super::{Village, Wish, draw, layer_of, make, records};
use crate::{
    Catalog, Id, Record, geometry, measure,
    store::{Access, GeoPackage},
};

#[test]
fn donghua_holds_what_its_report_counts_whatever_the_seed() {
    for seed in [1, 2, 20_260_731] {
        let demo = Demo::make(Village::Donghua, seed, 1.0);
        demo.assert_sound();
        let area = demo.area("village");
        assert!(
            (area / 1_500_000.0 - 1.0).abs() < 0.001,
            "seed {seed}: {area} m²"
        );
        for (layer, count) in [
            ("village", 1),
            ("co_op", 4),
            ("grid", 7),
            ("building", 1495),
            ("address", 1495),
            ("person", 11_608),
            ("sheet", 15),
            ("contract", 32),
        ] {
            assert_eq!(demo.all(layer).len(), count, "seed {seed}: {layer}");
        }
        assert_eq!(demo.residents(), 11_608);
        assert_eq!(demo.count("person", "hukou_type", &["本村户籍"]), 1867);
        assert_eq!(demo.integers("contract", "amount_fen"), 2_727_500_000);
        let workers: BTreeSet<&str> = demo
            .all("grid")
            .iter()
            .filter_map(|grid| grid.get(demo.layer("grid"), "worker").as_text())
            .collect();
        assert_eq!(workers.len(), 7, "every grid has its own worker");
        assert_eq!(demo.integers("party_area", "member_count"), 118);
        for layer in ["grid", "co_op", "party_area", "sheet"] {
            demo.assert_tiles(layer);
        }
        demo.assert_houses_apart();
        demo.assert_courses("violation_case");
        demo.assert_courses("grid_event");
    }
}

#[test]
fn sheets_hold_about_a_hundred_houses_and_each_house_once() {
    let demo = Demo::make(Village::Donghua, 1, 1.0);
    let made = &demo.villages[0];
    let mut houses = vec![0; 15];
    for building in &made.buildings {
        houses[made.land.sheet[building.face]] += 1;
    }
    assert_eq!(houses.iter().sum::<i32>(), 1495);
    assert!(houses.iter().all(|&count| count < 260), "{houses:?}");
    // A sheet is never in two grids.
    for (face, &sheet) in made.land.sheet.iter().enumerate() {
        let same = made.land.sheet.iter().position(|&s| s == sheet).unwrap();
        assert_eq!(made.land.grid[face], made.land.grid[same]);
    }
}

#[test]
fn dayuan_holds_what_its_report_counts() {
    let demo = Demo::make(Village::Dayuan, 1, 1.0);
    demo.assert_sound();
    let area = demo.area("village");
    assert!((area / 25_000_000.0 - 1.0).abs() < 0.001, "{area} m²");
    for (layer, count) in [
        ("co_op", 23),
        ("grid", 111),
        ("party_area", 212),
        ("renewal_unit", 20),
        ("grid_event", 2500),
        ("person", 170_000),
    ] {
        assert_eq!(demo.all(layer).len(), count, "{layer}");
    }
    assert_eq!(demo.residents(), 170_000);
    assert_eq!(demo.count("person", "hukou_type", &["本村户籍"]), 9816);
    assert_eq!(demo.count("grid_event", "state", &["80", "90"]), 2499);
    assert_eq!(demo.count("facility", "kind", &["口袋公园"]), 12);
    assert_eq!(demo.count("facility", "kind", &["卡口"]), 23);
    let place = demo.layer("place");
    let cleared = |r: &&Record| !r.get(place, "cleared_on").is_null();
    assert_eq!(demo.all("place").iter().filter(cleared).count(), 1226);
    assert_eq!(demo.count("place", "swl_type", &["散", "乱", "污"]), 1226);
    let project = demo.layer("project");
    let parks = |state: &str| {
        let is = |r: &&Record| {
            r.get(project, "kind").as_text() == Some("电商创意园")
                && r.get(project, "state").as_text() == Some(state)
        };
        demo.all("project").iter().filter(is).count()
    };
    assert_eq!((parks("已完成"), parks("改造中")), (4, 5));
    // 969 cases of 80 万平方米, by the rule of the enforcement domain.
    let case = demo.layer("violation_case");
    let demolished: Vec<&Record> = demo
        .all("violation_case")
        .iter()
        .filter(|r| {
            r.get(case, "demolished_area_m2")
                .as_decimal()
                .is_some_and(|m2| m2 > 0.0)
        })
        .collect();
    assert_eq!(demolished.len(), 969);
    let late = |r: &&Record| {
        let state = r
            .get(case, "state")
            .as_text()
            .and_then(|s| s.parse::<i32>().ok());
        state.is_some_and(|state| state >= 95)
    };
    assert!(demolished.iter().all(late));
    assert_eq!(
        demo.hundredths("violation_case", "demolished_area_m2"),
        80_000_000
    );
    assert!(
        demo.all("violation_case").len() > 969,
        "some cases are open"
    );
    let building = demo.layer("building");
    let small = |r: &&Record| r.get(building, "small_title").as_boolean() == Some(true);
    assert_eq!(demo.all("building").iter().filter(small).count(), 36);
    for layer in ["grid", "co_op", "party_area", "sheet"] {
        demo.assert_tiles(layer);
    }
    demo.assert_houses_apart();
    demo.assert_courses("violation_case");
    demo.assert_courses("grid_event");
    assert_most_visits_are_held(&demo, Village::Dayuan.specs(1.0)[0].as_of);
    assert_units_are_their_grids(&demo);
}

/// Closed cases were looked at again when that was due, but for some.
fn assert_most_visits_are_held(demo: &Demo, as_of: NaiveDate) {
    let process = demo.catalog.process("violation_case").unwrap();
    let (case, log) = (demo.layer("violation_case"), demo.layer(&process.log));
    let rule = process.visits.as_ref().unwrap();
    let due: usize = (demo.all("violation_case").iter())
        .filter_map(|record| record.get(case, &rule.since).as_date())
        .map(|closed| {
            let due = |months: &&u32| {
                closed
                    .checked_add_months(Months::new(**months))
                    .is_some_and(|day| day < as_of)
            };
            rule.months.iter().filter(due).count()
        })
        .sum();
    let held = (demo.all(&process.log).iter())
        .filter(|row| row.get(log, "step").as_text() == Some(rule.step.as_str()))
        .count();
    assert!(held < due && held * 10 > due * 8, "{held} of {due}");
}

fn assert_units_are_their_grids(demo: &Demo) {
    let (unit, mut taken) = (demo.layer("renewal_unit"), BTreeSet::new());
    for record in demo.all("renewal_unit") {
        let ids = references(record.get(unit, "grids"));
        let grids: Vec<&Record> = demo
            .all("grid")
            .iter()
            .filter(|grid| ids.contains(&&*grid.id))
            .collect();
        assert!(!grids.is_empty() && grids.len() == ids.len());
        let sum: f64 = grids.iter().map(|grid| measure::area_m2(shape(grid))).sum();
        let area = measure::area_m2(shape(record));
        assert!(
            (sum - area).abs() < 0.01,
            "{}: {area} of {sum} m²",
            record.id
        );
        assert!(
            vertices([record]).is_subset(&vertices(grids.iter().copied())),
            "{}: vertices are those of its grids",
            record.id
        );
        for id in ids {
            assert!(taken.insert(id.to_owned()), "grid {id} is in two units");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_content_on_any_number_of_threads() {
    let hash = |threads: usize, seed: u64| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| Demo::make(Village::Donghua, seed, 1.0).hash())
    };
    let first = hash(1, 5);
    assert_eq!(first, hash(3, 5));
    assert_ne!(first, hash(3, 6), "another seed gives another village");
}

#[test]
fn a_village_can_be_made_smaller_and_larger() {
    for scale in [0.2, 2.0] {
        let demo = Demo::make(Village::Donghua, 3, scale);
        demo.assert_sound();
        assert_eq!(
            demo.all("person").len(),
            (11_608.0 * scale).round() as usize
        );
        assert_eq!(
            demo.all("building").len(),
            (1495.0 * scale).round() as usize
        );
        demo.assert_tiles("grid");
    }
}

#[test]
fn the_villages_of_a_district_share_nothing_that_must_be_unique() {
    let catalog = Catalog::embedded();
    let villages = draw(
        Wish {
            village: Village::Baiyun,
            seed: 4,
            scale: 0.2,
            days: 0,
        },
        &|_| {},
    );
    let people = ["room", "person", "household", "residence"];
    for (layer, maker) in records::LAYERS {
        if people.contains(&layer) {
            continue;
        }
        let description = catalog.layer(layer).unwrap();
        let mut seen: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        let mut ids = BTreeSet::new();
        for made in &villages {
            for record in layer_of(&catalog, layer, maker, made) {
                assert!(
                    ids.insert(record.id.clone()),
                    "{layer}: {} twice",
                    record.id
                );
                for (field, value) in description.fields.iter().zip(&record.values) {
                    if field.unique
                        && let Some(text) = value.as_text()
                    {
                        let new = seen.entry(&field.name).or_default().insert(text.to_owned());
                        assert!(new, "{layer}.{}: {text} stands twice", field.name);
                    }
                }
            }
        }
    }
}

#[test]
#[ignore = "makes two million people: minutes"]
fn baiyun_holds_what_its_report_counts() {
    let catalog = Catalog::embedded();
    let villages = draw(
        Wish {
            village: Village::Baiyun,
            seed: 1,
            scale: 1.0,
            days: 0,
        },
        &|_| {},
    );
    assert_eq!(villages.len(), 48);
    let mut totals: BTreeMap<&str, usize> = BTreeMap::new();
    let mut area = 0.0;
    let mut orgs: BTreeMap<String, usize> = BTreeMap::new();
    for made in &villages {
        for (layer, maker) in records::LAYERS {
            let records = layer_of(&catalog, layer, maker, made);
            let description = catalog.layer(layer).unwrap();
            for record in &records {
                let errors = catalog.validate(description, record);
                assert!(errors.is_empty(), "{layer} {}: {errors:?}", record.id);
                if let Some(shape) = &record.geometry {
                    assert!(geometry::is_valid(shape), "{layer} {}", record.id);
                }
                if layer == "village" {
                    area += measure::area_m2(shape(record));
                } else if layer == "org" {
                    let kind = record
                        .get(description, "type")
                        .as_text()
                        .unwrap()
                        .to_owned();
                    *orgs.entry(kind).or_default() += 1;
                }
            }
            *totals.entry(layer).or_default() += records.len();
        }
    }
    assert!((area / 104_900_000.0 - 1.0).abs() < 0.001, "{area} m²");
    assert_eq!(totals["person"], 1_973_800);
    assert_eq!(
        (orgs["大工委"], orgs["大党委"], orgs["大支部"]),
        (18, 48, 426)
    );
    // No two villages overlap.
    let outlines: Vec<Record> = villages
        .iter()
        .flat_map(|made| layer_of(&catalog, "village", records::LAYERS[0].1, made))
        .collect();
    for (at, village) in outlines.iter().enumerate() {
        for other in &outlines[at + 1..] {
            assert!(
                !shape(village).intersects(shape(other)),
                "{} {}",
                village.id,
                other.id
            );
        }
    }
}

/// The last days are changes, each on its day; what stands at their end is what stands without.
#[test]
fn the_last_days_are_taken_again_day_by_day_and_end_where_they_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let catalog = Catalog::embedded();
    let [without, with] = [0, 12].map(|days| {
        let path = folder.path().join(format!("{days}.gpkg"));
        let wish = Wish {
            village: Village::Donghua,
            seed: 1,
            scale: 1.0,
            days,
        };
        make(wish, &path, false, &|_| {}).expect("a demonstration");
        GeoPackage::open(&path, &catalog, Access::ReadOnly).expect("the file")
    });
    let all = |store: &GeoPackage, layer: &str| -> BTreeMap<Id, Record> {
        let mut all = BTreeMap::new();
        let scanned = store.scan(layer, |record| {
            all.insert(record.id.clone(), record);
        });
        scanned.expect("the layer");
        all
    };
    for (layer, _) in records::LAYERS {
        assert_eq!(all(&with, layer), all(&without, layer), "{layer}");
    }
    assert_eq!(without.sequence().expect("a number"), 0);
    let days = |layer: &str| with.days_of_change(&[layer.to_owned()]).expect("days");
    let (cases, houses) = (days("violation_case"), days("building"));
    assert!(
        cases.len() > 3 && !houses.is_empty(),
        "{cases:?} {houses:?}"
    );
    let as_of = Village::Donghua.specs(1.0)[0].as_of.to_string();
    assert!(cases.iter().all(|day| *day < as_of), "{cases:?}");
    // As of each day: cases come in, and none has a day yet that a later step sets.
    let known = |day: &str| {
        let at = with
            .sequence_at(&format!("{day}T15:59:59.999Z"))
            .expect("a number");
        let layer = catalog.layer("violation_case").expect("cases");
        let mut cases = all(&with, "violation_case");
        for (id, was) in with.as_of("violation_case", at).expect("the past") {
            match was {
                Some(case) => cases.insert(id, case),
                None => cases.remove(&id),
            };
        }
        for case in cases.values() {
            let state = case.get(layer, "state").as_text().unwrap_or_default();
            let filed = case.get(layer, "filed_on").as_date().is_some();
            assert!(
                !filed || !["10", "20", "30", "40"].contains(&state),
                "{}",
                case.id
            );
        }
        cases.len()
    };
    let (first, last) = (known(&cases[0]), known(cases.last().expect("a day")));
    assert!(first < last, "{first} {last}");
}
