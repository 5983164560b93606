//! How fast answers are: `cargo run --release -p yizhangtu-index --example speed`.
//!
//! Two layers over 25 km × 25 km near Guangzhou: 5,000 territories that tile the land over
//! jagged shared borders of some 200 vertices each, and a grid of small turned houses. One
//! thread; medians of five rounds, in the thread's own time where the system tells it, so
//! that other work on the machine counts less.

#![expect(clippy::print_stdout, reason = "it prints what it measures")]

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use geo::{Coord, LineString, Polygon};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use yizhangtu_index::{Area, AreaIndex, Point, Rule};

const WEST: f64 = 113.4;
const SOUTH: f64 = 23.0;
const EXTENT: f64 = 0.24;
const ROUNDS: usize = 5;

/// A border between two corners, the same from both sides.
fn border(corners: &[Vec<Coord<f64>>], a: (usize, usize), b: (usize, usize)) -> Vec<Coord<f64>> {
    let (first, last) = if a < b { (a, b) } else { (b, a) };
    let (from, to) = (corners[first.0][first.1], corners[last.0][last.1]);
    let mut random =
        ChaCha8Rng::seed_from_u64((first.0 * 1_000 + first.1 + last.0 * 7 + last.1 * 13) as u64);
    let steps = random.random_range(25..75);
    let mut line: Vec<Coord<f64>> = (1..steps)
        .map(|step| {
            let along = f64::from(step) / f64::from(steps);
            let aside = random.random_range(-2e-5..2e-5);
            let way = to - from;
            from + way * along
                + Coord {
                    x: -way.y,
                    y: way.x,
                } * (aside / EXTENT * 70.0)
        })
        .collect();
    if a > b {
        line.reverse();
    }
    line.insert(0, corners[a.0][a.1]);
    line
}

fn territories(random: &mut ChaCha8Rng) -> Vec<(u32, Arc<Area>)> {
    const SIDE: usize = 71;
    let step = EXTENT / SIDE as f64;
    let corners: Vec<Vec<Coord<f64>>> = (0..=SIDE)
        .map(|i| {
            (0..=SIDE)
                .map(|j| Coord {
                    x: WEST + step * (i as f64 + random.random_range(-0.25..0.25)),
                    y: SOUTH + step * (j as f64 + random.random_range(-0.25..0.25)),
                })
                .collect()
        })
        .collect();
    let mut areas = Vec::new();
    for i in 0..SIDE {
        for j in 0..SIDE {
            let around = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1), (i, j)];
            let ring: LineString<f64> = around
                .windows(2)
                .flat_map(|pair| border(&corners, pair[0], pair[1]))
                .collect();
            areas.push(Polygon::new(ring, vec![]));
        }
    }
    prepared(areas)
}

fn houses(random: &mut ChaCha8Rng, count: usize) -> Vec<(u32, Arc<Area>)> {
    let mut houses = Vec::with_capacity(count);
    let row = (count as f64).sqrt() as usize;
    let pitch = EXTENT / row as f64;
    for at in 0..count {
        let middle = Coord {
            x: WEST + pitch * ((at % row) as f64 + 0.5),
            y: SOUTH + pitch * ((at / row) as f64 + 0.5),
        };
        let turn: f64 = random.random_range(0.0..1.5);
        let (wide, deep) = (pitch * 0.35 * random.random_range(0.5..1.0), pitch * 0.3);
        let corner = |x: f64, y: f64| {
            middle
                + Coord {
                    x: x * turn.cos() - y * turn.sin(),
                    y: x * turn.sin() + y * turn.cos(),
                }
        };
        let ring = [
            (-wide, -deep),
            (wide, -deep),
            (wide, 0.0),
            (wide * 0.3, deep),
            (-wide, deep),
        ];
        houses.push(Polygon::new(
            ring.map(|(x, y)| corner(x, y)).to_vec().into(),
            vec![],
        ));
    }
    prepared(houses)
}

fn prepared(polygons: Vec<Polygon<f64>>) -> Vec<(u32, Arc<Area>)> {
    polygons
        .iter()
        .zip(0..)
        .map(|(polygon, key)| {
            (
                key,
                Arc::new(Area::from_polygon(polygon).expect("a polygon")),
            )
        })
        .collect()
}

/// Time that this thread has run; the time of day where the system does not tell.
fn own_time() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|text| text.split_whitespace().next()?.parse().ok());
    nanoseconds.map_or_else(
        || {
            SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default()
        },
        Duration::from_nanos,
    )
}

fn median(mut work: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let began = own_time();
            work();
            own_time() - began
        })
        .collect();
    times.sort_unstable();
    times[ROUNDS / 2]
}

fn main() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let points: Vec<Point> = (0..200_000)
        .map(|_| {
            let lon = WEST + EXTENT * random.random::<f64>();
            Point::snap(lon, SOUTH + EXTENT * random.random::<f64>()).expect("a place")
        })
        .collect();
    for (name, areas) in [
        ("5,041 territories", territories(&mut random)),
        ("200,000 houses", houses(&mut random, 200_000)),
    ] {
        let vertices: usize = areas.iter().map(|(_, area)| area.vertex_count()).sum();
        let built = median(|| {
            for _ in 0..10 {
                black_box(AreaIndex::build(areas.clone()));
            }
        }) / 10;
        let index = AreaIndex::build(areas);
        let mut hits = 0_u64;
        let asked = median(|| {
            hits = 0;
            for &point in &points {
                index.each_at(black_box(point), |_| hits += 1);
            }
        });
        println!(
            "{name}: {vertices} vertices, {} bytes each, index built in {built:.1?}; \
             {:.0} ns a point, {:.2} million points a second, {:.0} % hit",
            index.bytes() / index.len(),
            asked.as_nanos() as f64 / points.len() as f64,
            points.len() as f64 / asked.as_secs_f64() / 1e6,
            100.0 * hits as f64 / points.len() as f64,
        );
        for share in [0.001, 0.01, 0.05, 0.3] {
            let drawn = jagged(share);
            for rule in [Rule::RepresentativePoint, Rule::Intersects, Rule::Within] {
                // The system counts a thread's time in steps of milliseconds.
                const TIMES: u32 = 200;
                let mut found = 0;
                let took = median(|| {
                    for _ in 0..TIMES {
                        found = index.within(black_box(&drawn), rule).len();
                    }
                }) / TIMES;
                println!(
                    "  {:>5} % of the land, 60 vertices, {rule:?}: {found} found in {took:.1?}",
                    share * 100.0
                );
            }
        }
    }
}

/// A jagged outline around the middle that covers a share of the land.
fn jagged(share: f64) -> Area {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let reach = EXTENT * (share / std::f64::consts::PI).sqrt();
    let ring: LineString<f64> = (0..60)
        .map(|step| {
            let turn = f64::from(step) / 60.0 * std::f64::consts::TAU;
            let reach = reach * random.random_range(0.8..1.2);
            (
                WEST + EXTENT / 2.0 + reach * turn.cos(),
                SOUTH + EXTENT / 2.0 + reach * turn.sin(),
            )
        })
        .collect();
    Area::from_polygon(&Polygon::new(ring, vec![])).expect("a polygon")
}
