//! Two surveys of the same buildings compared: how many changes are found, and how long a
//! million against a million take.
//!
//! `yizhangtu-bench-footprints BUILDINGS.geojson [HOUSES]`: real footprints against themselves
//! moved by 1.5 m, with 5 % removed, 5 % added and 5 % enlarged by a fifth; then that town
//! again and again, side by side, until there are HOUSES (1,000,000).

use std::{alloc::System, collections::BTreeMap, sync::Mutex, time::Instant};

use cap::Cap;
use geo::{
    AffineOps, AffineTransform, Area, BoundingRect, Centroid, Coord, Geometry, Intersects,
    MultiPolygon, Polygon, Translate,
};
use rand::{Rng, RngExt, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use yizhangtu_index::footprints::{Change, Footprint, Footprints, Frame, Kind, Rules, compare};

#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, usize::MAX);

/// A town, and what became of it.
struct Town {
    before: Vec<Polygon<f64>>,
    after: Vec<Option<Polygon<f64>>>,
    added: Vec<Polygon<f64>>,
    enlarged: Vec<bool>,
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let Some(path) = arguments.next() else {
        eprintln!("yizhangtu-bench-footprints BUILDINGS.geojson [HOUSES]");
        std::process::exit(2);
    };
    let houses: usize = arguments
        .next()
        .map_or(1_000_000, |text| text.parse().expect("a number"));
    let read = read(&std::fs::read_to_string(&path).expect("a file"));
    let town = change(&read, &mut ChaCha8Rng::seed_from_u64(7));
    println!("{} footprints", town.before.len());
    accuracy(&town);
    speed(&town, houses);
}

/// The polygons of a feature collection, in degrees.
fn read(text: &str) -> Vec<Polygon<f64>> {
    let json: serde_json::Value = serde_json::from_str(text).expect("JSON");
    let ring = |ring: &serde_json::Value| -> geo::LineString<f64> {
        let corners = ring.as_array().into_iter().flatten();
        corners
            .map(|at| Coord {
                x: at[0].as_f64().expect("x"),
                y: at[1].as_f64().expect("y"),
            })
            .collect()
    };
    let polygon = |rings: &serde_json::Value| {
        let mut rings: Vec<_> = rings.as_array().expect("rings").iter().map(ring).collect();
        let outer = rings.remove(0);
        Polygon::new(outer, rings)
    };
    let mut all = Vec::new();
    for feature in json["features"].as_array().expect("features") {
        let shape = &feature["geometry"];
        match shape["type"].as_str() {
            Some("Polygon") => all.push(polygon(&shape["coordinates"])),
            Some("MultiPolygon") => all.extend(
                shape["coordinates"]
                    .as_array()
                    .expect("polygons")
                    .iter()
                    .map(polygon),
            ),
            _ => {}
        }
    }
    // A building that is drawn twice can't be found to be gone once.
    let mut kept: Vec<Polygon<f64>> = Vec::new();
    for one in all {
        if one.unsigned_area() > 0.0 && !kept.contains(&one) {
            kept.push(one);
        }
    }
    kept
}

fn change(before: &[Polygon<f64>], dice: &mut impl Rng) -> Town {
    let many = before.len() / 20;
    let mut order: Vec<usize> = (0..before.len()).collect();
    order.shuffle(dice);
    let middle = MultiPolygon(before.to_vec())
        .bounding_rect()
        .expect("a town");
    let metres = 111_320.0;
    let wide = metres * middle.center().y.to_radians().cos();
    let (east, north) = (1.5 * 0.8 / wide, 1.5 * 0.6 / metres);
    let mut after: Vec<Option<Polygon<f64>>> = before.iter().cloned().map(Some).collect();
    let mut enlarged = vec![false; before.len()];
    for &at in &order[..many] {
        after[at] = None;
    }
    for &at in &order[many..2 * many] {
        let own = &before[at];
        let grown = 1.2_f64.sqrt();
        let center: Coord<f64> = own.centroid().expect("a middle").into();
        after[at] = Some(own.affine_transform(&AffineTransform::scale(grown, grown, center)));
        enlarged[at] = true;
    }
    // Copies of others, where nothing stands.
    let mut added: Vec<Polygon<f64>> = Vec::new();
    while added.len() < many {
        let own = &before[dice.random_range(0..before.len())];
        let from = own.centroid().expect("a middle");
        let to = [
            dice.random_range(middle.min().x..middle.max().x),
            dice.random_range(middle.min().y..middle.max().y),
        ];
        let moved = own.translate(to[0] - from.x(), to[1] - from.y());
        if before
            .iter()
            .chain(&added)
            .all(|other| !other.intersects(&moved))
        {
            added.push(moved);
        }
    }
    let shift = |one: &Polygon<f64>| one.translate(east, north);
    Town {
        before: before.to_vec(),
        after: after.iter().map(|one| one.as_ref().map(shift)).collect(),
        added: added.iter().map(shift).collect(),
        enlarged,
    }
}

fn key(at: usize) -> u32 {
    u32::try_from(at).expect("few")
}

/// Added ones are numbered after those of before.
fn sets(town: &Town, by: [f64; 2], first: usize) -> [Vec<Footprint>; 2] {
    let print = |at: usize, one: &Polygon<f64>| Footprint {
        key: key(first + at),
        outline: Geometry::Polygon(one.translate(by[0], by[1])),
        floors: None,
    };
    let own = town
        .after
        .iter()
        .enumerate()
        .filter_map(|(at, one)| Some((at, one.as_ref()?)));
    let added = (town.before.len()..).zip(&town.added);
    [
        town.before
            .iter()
            .enumerate()
            .map(|(at, one)| print(at, one))
            .collect(),
        own.chain(added).map(|(at, one)| print(at, one)).collect(),
    ]
}

fn accuracy(town: &Town) {
    let middle = town.before[0].centroid().expect("a middle");
    let frame = Frame::at(middle.into());
    let [before, after] = sets(town, [0.0; 2], 0).map(|all| Footprints::new(frame, all));
    let found: Mutex<Vec<Change>> = Mutex::default();
    let shift = compare(
        &before,
        &after,
        &Rules::default(),
        |_| true,
        |one| found.lock().expect("a lock").push(one),
    )
    .expect("nobody gives it up");
    println!(
        "shift found: {:.3} m east, {:.3} m north, residual {:.3} m",
        shift.by[0], shift.by[1], shift.residual_m
    );
    let found = found.into_inner().expect("a lock");
    let many = town.before.len();
    // Sheds that the rules leave out count for nothing.
    let least = Rules::default();
    let size = |one: &Polygon<f64>| geo::GeodesicArea::geodesic_area_unsigned(one);
    let truth = |kind: Kind| -> Vec<u32> {
        match kind {
            Kind::Vanished => (0..many)
                .filter(|&at| town.after[at].is_none() && size(&town.before[at]) >= least.least_m2)
                .map(key)
                .collect(),
            Kind::New => (town.added.iter().zip(many..))
                .filter(|(one, _)| size(one) >= least.least_m2)
                .map(|(_, at)| key(at))
                .collect(),
            _ => (0..many)
                .filter(|&at| town.enlarged[at] && 0.2 * size(&town.before[at]) >= least.growth_m2)
                .map(key)
                .collect(),
        }
    };
    let mut told: BTreeMap<Kind, Vec<u32>> = BTreeMap::new();
    for change in &found {
        let key = change.after.first().or(change.before.first());
        told.entry(change.kind).or_default().extend(key);
    }
    println!(
        "{:<10} {:>6} {:>6} {:>10} {:>8}",
        "", "true", "found", "precision", "recall"
    );
    let (mut hits, mut all_true, mut all_found) = (0, 0, 0);
    for kind in [Kind::New, Kind::Vanished, Kind::Extended] {
        let (truth, own) = (truth(kind), told.remove(&kind).unwrap_or_default());
        let hit = own.iter().filter(|one| truth.contains(one)).count();
        row(&format!("{kind:?}"), truth.len(), own.len(), hit);
        hits += hit;
        all_true += truth.len();
        all_found += own.len();
    }
    for (kind, own) in told {
        row(&format!("{kind:?}"), 0, own.len(), 0);
        all_found += own.len();
    }
    row("all", all_true, all_found, hits);
}

#[expect(clippy::cast_precision_loss, reason = "few")]
fn row(name: &str, truth: usize, found: usize, hit: usize) {
    let share = |part: usize, whole: usize| {
        if whole == 0 {
            1.0
        } else {
            part as f64 / whole as f64
        }
    };
    println!(
        "{name:<10} {truth:>6} {found:>6} {:>10.4} {:>8.4}",
        share(hit, found),
        share(hit, truth)
    );
}

fn speed(town: &Town, houses: usize) {
    let rect = MultiPolygon(town.before.clone())
        .bounding_rect()
        .expect("a town");
    let many = town.before.len() + town.added.len();
    let copies = houses.div_ceil(town.before.len());
    let aside = (1..).find(|side| side * side >= copies).expect("a side");
    let frame = Frame::at(Coord {
        x: rect.min().x + rect.width() * 16.0,
        y: rect.center().y,
    });
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for copy in 0..copies {
        #[expect(clippy::cast_precision_loss, reason = "few")]
        let by = [
            (copy % aside) as f64 * rect.width() * 1.05,
            (copy / aside) as f64 * rect.height() * 1.05,
        ];
        let [one, other] = sets(town, by, copy * many);
        before.extend(one);
        after.extend(other);
    }
    println!("{} against {}", before.len(), after.len());
    let start = Instant::now();
    let (before, after) = (
        Footprints::new(frame, before),
        Footprints::new(frame, after),
    );
    println!("indexed in {:.1} s", start.elapsed().as_secs_f64());
    let held = MEMORY.allocated();
    let start = Instant::now();
    let found: Mutex<BTreeMap<Kind, usize>> = Mutex::default();
    let most = Mutex::new(0);
    compare(
        &before,
        &after,
        &Rules::default(),
        |_| true,
        |one| {
            *found.lock().expect("a lock").entry(one.kind).or_default() += 1;
            let mut most = most.lock().expect("a lock");
            *most = MEMORY.allocated().max(*most);
        },
    );
    println!(
        "compared in {:.1} s: {:?}",
        start.elapsed().as_secs_f64(),
        found.into_inner().expect("a lock")
    );
    let most = most.into_inner().expect("a lock");
    println!(
        "bytes in use: {} MB before comparing, {} MB at most while",
        held / 1_000_000,
        most / 1_000_000
    );
}
