use std::sync::Arc;

use geo::polygon;
use proptest::prelude::*;
use yizhangtu_data::{Catalog, ChangeSet, Id, Record};

use super::*;
use crate::{
    atlas::LayerSnapshot,
    people::{Tallies, Tally},
};

const KINDS: [&str; 2] = ["本村户籍", "来穗"];

/// A row of houses, so many people of each kind in each.
fn map(sequence: u64, people: &[[u32; 2]]) -> Snapshot {
    let catalog = Catalog::embedded();
    let layer = catalog.layer("building").unwrap();
    let mut tallies = Tallies {
        kinds: KINDS.map(Arc::from).to_vec(),
        ..Tallies::default()
    };
    let houses = (0..people.len()).map(|nth| {
        let id: Id = format!("b{nth:04}").into();
        let west = 113.0 + 0.0002 * nth as f64;
        let tally = Tally {
            people: people[nth].to_vec(),
            households: people[nth].iter().sum::<u32>() / 3,
            rooms: 1,
            ..Tally::default()
        };
        tallies.of.insert(Arc::clone(&id), tally);
        let mut record = Record::new(layer, id);
        record.geometry = Some(
            polygon![(x: west, y: 23.0), (x: west + 0.0001, y: 23.0), (x: west + 0.0001, y: 23.0001), (x: west, y: 23.0001)]
                .into(),
        );
        record
    });
    let layers = vec![Arc::new(LayerSnapshot::new(
        Arc::clone(layer),
        houses.collect(),
    ))];
    Snapshot::new(sequence, layers, None, tallies)
}

fn told(release: &Release, map: &Snapshot, positions: &[u32]) -> Vec<u64> {
    let mut census = map.houses.count(positions);
    release.compose(map, positions, &mut census);
    census
        .people
        .into_iter()
        .chain([census.households])
        .collect()
}

#[test]
fn the_whole_is_told_whole_and_one_house_not_at_all() {
    let map = map(1, &[[3, 4]; 64]);
    let release = Releases::default().at(&map);
    let all: Vec<u32> = (0..64).collect();
    assert_eq!(told(&release, &map, &all), [192, 256, 128]);
    for at in 0..64 {
        assert_eq!(told(&release, &map, &[at]), [0, 0, 0]);
    }
}

#[test]
fn a_rare_kind_is_told_of_the_whole_and_of_no_part() {
    let mut people = vec![[0, 4]; 64];
    for nth in [3, 11, 19, 33, 40, 63] {
        people[nth][0] = 1;
    }
    let map = map(1, &people);
    let release = Releases::default().at(&map);
    let all: Vec<u32> = (0..64).collect();
    assert_eq!(told(&release, &map, &all)[0], 6);
    assert_eq!(told(&release, &map, &all[..32])[0], 0);
}

#[test]
fn who_moves_in_changes_nothing_until_there_are_enough() {
    let mut people = vec![[0, 4]; 64];
    let releases = Releases::default();
    let all: Vec<u32> = (0..64).collect();
    let start = map(1, &people);
    assert_eq!(told(&releases.at(&start), &start, &all)[1], 256);
    let mut last = 256;
    for step in 1..=20_u32 {
        people[5][1] += 1;
        let map = map(1 + u64::from(step), &people);
        let now = told(&releases.at(&map), &map, &all)[1];
        assert!(now == last || now - last >= 5, "{last} → {now}");
        assert!(u64::from(256 + step) - now < 5);
        last = now;
    }
}

#[test]
fn a_house_that_is_built_shows_nobody() {
    let mut people = vec![[2, 4]; 64];
    let releases = Releases::default();
    let start = map(1, &people);
    let all: Vec<u32> = (0..64).collect();
    let before = told(&releases.at(&start), &start, &all);
    people.push([1, 3]);
    let map = map(2, &people);
    let release = releases.at(&map);
    let all: Vec<u32> = (0..65).collect();
    assert_eq!(told(&release, &map, &all), before);
    assert_eq!(told(&release, &map, &[64]), [0, 0, 0]);
    // The same map again is no new release.
    let again = map.after(2, &ChangeSet::default(), None);
    assert!(Arc::ptr_eq(&releases.at(&again), &release));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Every answer is a sum of figures that are none or large enough, whatever is asked, and
    /// so is what two answers differ by.
    #[test]
    fn no_question_and_no_difference_is_small(
        people in prop::collection::vec(prop::array::uniform2(0_u32..4), 20..120),
        grown in 1_u32..9,
        from in 0_usize..20,
        length in 1_usize..80,
    ) {
        let releases = Releases::default();
        let start = map(1, &people);
        let release = releases.at(&start);
        let until = (from + length).min(people.len());
        let part: Vec<u32> = (0..).take(people.len()).collect();
        let part = &part[from..until];
        for count in told(&release, &start, part) {
            prop_assert!(count == 0 || count >= 5, "{count}");
        }
        // Areas that differ by one house differ by whole figures.
        for end in 1..part.len() {
            let (less, more) = (told(&release, &start, &part[..end]), told(&release, &start, &part[..=end]));
            for (less, more) in less.into_iter().zip(more) {
                prop_assert!(less.abs_diff(more) == 0 || less.abs_diff(more) >= 5);
            }
        }
        // And so does yesterday from today.
        let mut later = people.clone();
        later[from][1] += grown;
        let next = map(2, &later);
        let now = told(&releases.at(&next), &next, part);
        for (before, now) in told(&release, &start, part).into_iter().zip(now) {
            prop_assert!(before.abs_diff(now) == 0 || before.abs_diff(now) >= 5);
        }
    }
}
