//! Very many edits, one after another: what they leave is what building anew would.

#[expect(dead_code, reason = "other tests walk over everything")]
mod common;

use std::{collections::BTreeMap, time::Instant};

use common::{area, probes, star};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use yizhangtu_index::{Area, Feature, Index, Point, Rect, Rule, Shape};

const KEYS: u32 = 3_000;

/// Where the houses are.
const LAND: Rect = Rect {
    min: Point {
        x: 113_590_000_000,
        y: 23_110_000_000,
    },
    max: Point {
        x: 113_600_000_000,
        y: 23_120_000_000,
    },
};

fn house(random: &mut ChaCha8Rng) -> Feature {
    let centre = Point {
        x: random.random_range(LAND.min.x..LAND.max.x),
        y: random.random_range(LAND.min.y..LAND.max.y),
    };
    let shape = loop {
        let corners = random.random_range(3..9);
        if let Some(area) = area(&star(random, centre, 150_000, corners)) {
            break Shape::Area(area);
        }
    };
    let people = random.random_range(0..40);
    Feature {
        shape,
        measures: [people, random.random_range(-1 << 50..1 << 50)].into(),
    }
}

#[test]
fn edits_leave_no_drift() {
    // A million with `INDEX_EDITS=1000000`.
    let edits: usize =
        std::env::var("INDEX_EDITS").map_or(3_000, |count| count.parse().expect("a number"));
    let mut random = ChaCha8Rng::seed_from_u64(41);
    let mut now: BTreeMap<u32, Feature> = (0..KEYS).map(|key| (key, house(&mut random))).collect();
    let mut index = Index::with_measures(now.clone(), 2);
    let mut lot = Instant::now();
    for edit in 1..=edits {
        let key = random.random_range(0..KEYS);
        let next = match (random.random_range(0..4), now.get(&key)) {
            (0, _) => None,
            // Other measures alone.
            (1, Some(old)) => Some(Feature {
                shape: old.shape.clone(),
                ..house(&mut random)
            }),
            _ => Some(house(&mut random)),
        };
        match &next {
            Some(feature) => now.insert(key, feature.clone()),
            None => now.remove(&key),
        };
        index = index.after([(key, next)]);
        if edit % (edits / 10).max(1) == 0 {
            println!(
                "{edit} edits; {:.1} µs each",
                lot.elapsed().as_secs_f64() * 1e7 / edits as f64
            );
            check(&index, &now, &mut random);
            lot = Instant::now();
        }
    }
}

fn check(index: &Index, now: &BTreeMap<u32, Feature>, random: &mut ChaCha8Rng) {
    let fresh = Index::with_measures(now.clone(), 2);
    assert_eq!((index.len(), index.rect()), (fresh.len(), fresh.rect()));
    let shapes: Vec<(u32, Shape)> = now
        .iter()
        .map(|(key, feature)| (*key, feature.shape.clone()))
        .collect();
    for p in probes(random, &shapes, 2_000) {
        assert_eq!(index.at(p), fresh.at(p), "{p:?}");
    }
    for _ in 0..20 {
        let corner = |random: &mut ChaCha8Rng| Point {
            x: random.random_range(LAND.min.x..LAND.max.x),
            y: random.random_range(LAND.min.y..LAND.max.y),
        };
        let drawn = Area::from_rect(Rect::of(corner(random), corner(random)));
        for rule in [Rule::RepresentativePoint, Rule::Intersects, Rule::Within] {
            assert_eq!(
                index.sums(&drawn, rule),
                fresh.sums(&drawn, rule),
                "{rule:?}"
            );
        }
    }
    // Nothing is left lying about.
    let (own, new) = (index.bytes() as f64, fresh.bytes() as f64);
    assert!(
        own < 1.25 * new,
        "{own} bytes where a new index takes {new}"
    );
}

/// The first area of a layer that was empty, or of houses, may be a district: in pages made for
/// houses it took gigabytes and half a minute.
#[test]
fn a_district_comes_to_a_layer_made_for_houses() {
    let mut random = ChaCha8Rng::seed_from_u64(42);
    let district = Feature {
        shape: Shape::Area(Area::from_rect(Rect {
            min: Point {
                x: 113_000_000_000,
                y: 22_000_000_000,
            },
            max: Point {
                x: 113_639_000_000,
                y: 24_000_000_000,
            },
        })),
        measures: [1, 2].into(),
    };
    for houses in [0, 200] {
        let mut now: BTreeMap<u32, Feature> =
            (1..=houses).map(|key| (key, house(&mut random))).collect();
        let mut index = Index::with_measures(now.clone(), 2);
        now.insert(0, district.clone());
        index = index.after([(0, Some(district.clone()))]);
        assert!(index.bytes() < 1 << 24, "{} bytes", index.bytes());
        check(&index, &now, &mut random);
        // And what comes after it is an edit like any other.
        for key in houses + 1..houses + 50 {
            let next = house(&mut random);
            now.insert(key, next.clone());
            index = index.after([(key, Some(next))]);
        }
        check(&index, &now, &mut random);
    }
}
