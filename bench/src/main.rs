//! The index beside what others would use, on the same data, with the answers compared.
//!
//! `bench/run` makes the data, finds the peers and prints one table; `bench/run small` does
//! the same with little data, to check that all answers agree.

mod growth;
mod land;
mod measure;
mod others;
mod peers;

use std::{hint::black_box, path::PathBuf, sync::Arc, time::Instant};

use cap::Cap;
use geo::Polygon;
use mimalloc::MiMalloc;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use yizhangtu_index::{Area, Feature, Index, Point, Rule, Shape};

use land::{Land, drawn, polygon};
use measure::{Engine, measure, median, print, quantile, span};
use peers::{Cached, Hilbert, NOWHERE, Places, Plain};

/// The product's allocator, which also knows how many bytes are in use.
#[global_allocator]
static MEMORY: Cap<MiMalloc> = Cap::new(MiMalloc, usize::MAX);

/// How much is measured.
struct Size {
    grids_a_side: usize,
    houses: usize,
    points: usize,
    rounds: usize,
    areas: usize,
    edits: usize,
}

const FULL: Size = Size {
    grids_a_side: 71,
    houses: 1_000_000,
    points: 1_000_000,
    rounds: 7,
    areas: 20,
    edits: 2_000,
};

const SMALL: Size = Size {
    grids_a_side: 12,
    houses: 5_000,
    points: 5_000,
    rounds: 1,
    areas: 4,
    edits: 50,
};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let size = if arguments.iter().any(|word| word == "small") {
        SMALL
    } else {
        FULL
    };
    let folder = arguments
        .iter()
        .find_map(|word| word.strip_prefix("--others="))
        .map(PathBuf::from);
    let land = Land::new(size.grids_a_side, size.houses, size.points);
    println!(
        "{} grids of {} vertices on average, {} houses of {:.1}; {} points each",
        land.grids.len(),
        land.grids.iter().map(Vec::len).sum::<usize>() / land.grids.len(),
        land.houses.len(),
        land.houses
            .iter()
            .map(|house| house.len() as f64 - 1.0)
            .sum::<f64>()
            / land.houses.len() as f64,
        size.points,
    );
    let grids = Layer::new("grids", &land.grids, &[]);
    let houses = Layer::new("houses", &land.houses, &land.people);
    points_in(
        &size,
        "which grid is a point in, points anywhere",
        &grids,
        &land.anywhere,
    );
    points_in(
        &size,
        "which grid is a point in, points at houses",
        &grids,
        &land.at_houses,
    );
    points_in(
        &size,
        "which house is a point in, points anywhere",
        &houses,
        &land.anywhere,
    );
    points_in(
        &size,
        "which house is a point in, points at houses",
        &houses,
        &land.at_houses,
    );
    if arguments.iter().any(|word| word == "points") {
        return;
    }
    both(&size, &grids, &houses, &land.at_houses);
    kept(&size, &houses);
    areas(&size, &houses, &land.people);
    edits(&size, &grids, &houses, &land);
    growth::growth(&size);
    if let Some(folder) = folder {
        others::compare(&folder, &grids, &houses, &land);
    }
    println!("\nall answers agree");
}

/// One layer, as the engines are given it.
pub struct Layer {
    name: &'static str,
    pub polygons: Vec<Polygon<f64>>,
    pub index: Index,
}

impl Layer {
    fn new(name: &'static str, rings: &[Vec<Point>], people: &[i64]) -> Self {
        let polygons: Vec<Polygon<f64>> = rings.iter().map(|ring| polygon(ring)).collect();
        let before = MEMORY.allocated();
        let began = Instant::now();
        let features = polygons.iter().zip(0..).map(|(polygon, key)| {
            let area = Area::from_polygon(polygon).expect("a polygon");
            let measures = people
                .get(key as usize)
                .map(|&people| Arc::from([people]))
                .unwrap_or_default();
            (
                key,
                Feature {
                    shape: Shape::Area(area),
                    measures,
                },
            )
        });
        let index = Index::with_measures(features, usize::from(!people.is_empty()));
        println!(
            "{name}: built in {:.2} s of the clock; {} bytes each in use, {} by its own count",
            began.elapsed().as_secs_f64(),
            (MEMORY.allocated() - before) / polygons.len(),
            index.bytes() / polygons.len(),
        );
        Self {
            name,
            polygons,
            index,
        }
    }

    /// The least key of the polygons that contain each point.
    pub fn keys(&self, points: &[Point]) -> Vec<u32> {
        let mut keys = vec![NOWHERE; points.len()];
        self.index
            .each_at_all(points, |at, key| keys[at] = keys[at].min(key));
        keys
    }
}

/// The index as bytes and back, beside building it.
fn kept(size: &Size, houses: &Layer) {
    let (mut out, mut back, mut parts) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..size.rounds.min(3) {
        let began = Instant::now();
        parts = houses.index.to_parts();
        out.push(began.elapsed().as_nanos() as f64);
        let given: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        let began = Instant::now();
        let index = Index::from_parts(&given).expect("an index");
        back.push(began.elapsed().as_nanos() as f64);
        assert_eq!(index.len(), houses.index.len());
    }
    println!(
        "\nhouses as {} bytes each in {} parts: written in {}, read in {} of the clock",
        parts.iter().map(Vec::len).sum::<usize>() / houses.polygons.len(),
        parts.len(),
        span(median(&out)),
        span(median(&back)),
    );
}

/// Different points in each round, so that no round finds the last one's in the caches.
fn lot<'a, T>(all: &'a [T], length: usize, turn: &mut usize) -> &'a [T] {
    let length = length.min(all.len());
    let lots = all.len() / length;
    *turn += 1;
    let at = *turn % lots * length;
    &all[at..at + length]
}

fn points_in(size: &Size, title: &str, layer: &Layer, points: &[Point]) {
    let places: Vec<geo::Point> = points
        .iter()
        .map(|p| geo::Point::new(p.lon(), p.lat()))
        .collect();
    let (cached, plain) = (Cached::new(&layer.polygons), Plain::new(&layer.polygons));
    let hilbert = Hilbert::new(&layer.polygons);
    let ours = layer.keys(points);
    for (at, &p) in places.iter().enumerate().take(50_000) {
        let one = layer
            .index
            .at(points[at])
            .first()
            .copied()
            .unwrap_or(NOWHERE);
        let all = [ours[at], one, cached.at(p), plain.at(p), hilbert.at(p)];
        assert!(
            all.iter().all(|key| *key == all[0]),
            "{}: {p:?} {all:?}",
            layer.name
        );
    }
    fn each<'a>(
        name: &'static str,
        places: &'a [geo::Point],
        at: impl Fn(geo::Point) -> u32 + 'a,
    ) -> Engine<'a> {
        let mut turn = 0;
        let work = move || {
            let lot = lot(places, 20_000, &mut turn);
            for &p in lot {
                black_box(at(black_box(p)));
            }
            lot.len()
        };
        Engine {
            name,
            times: 1,
            work: Box::new(work),
        }
    }
    let (mut one, mut bulk, mut each_one, mut each_bulk) = (0, 0, 0, 0);
    let index = &layer.index;
    let engines = vec![
        each("rstar, cached boxes + geo", &places, |p| cached.at(p)),
        each("rstar, plain + geo", &places, |p| plain.at(p)),
        each("geo-index, packed Hilbert + geo", &places, |p| {
            hilbert.at(p)
        }),
        // The same question as the peers': the least key of the polygons around a point.
        Engine {
            name: "ours, one by one",
            times: 1,
            work: Box::new(move || {
                let lot = lot(points, 200_000, &mut one);
                for &p in lot {
                    black_box(index.first_at(black_box(p)).unwrap_or(NOWHERE));
                }
                lot.len()
            }),
        },
        Engine {
            name: "ours, in bulk",
            times: 1,
            work: Box::new(move || {
                let lot = lot(points, 500_000, &mut bulk);
                let mut sum = 0_u64;
                index.first_at_all(lot, |_, key| sum += u64::from(key.unwrap_or(NOWHERE)));
                black_box(sum);
                lot.len()
            }),
        },
        Engine {
            name: "ours, all keys, one by one",
            times: 1,
            work: Box::new(move || {
                let lot = lot(points, 200_000, &mut each_one);
                let mut sum = 0_u64;
                for &p in lot {
                    index.each_at(black_box(p), |key| sum += u64::from(key));
                }
                black_box(sum);
                lot.len()
            }),
        },
        Engine {
            name: "ours, all keys, in bulk",
            times: 1,
            work: Box::new(move || {
                let lot = lot(points, 500_000, &mut each_bulk);
                let mut sum = 0_u64;
                index.each_at_all(lot, |_, key| sum += u64::from(key));
                black_box(sum);
                lot.len()
            }),
        },
    ];
    print(title, &measure(size.rounds, engines));
}

fn both(size: &Size, grids: &Layer, houses: &Layer, points: &[Point]) {
    let work = || {
        let mut sum = 0_u64;
        for lot in points.chunks(4_096) {
            let mut found = |_, key: Option<u32>| sum += u64::from(key.unwrap_or(NOWHERE));
            grids.index.first_at_all(lot, &mut found);
            houses.index.first_at_all(lot, &mut found);
        }
        black_box(sum);
        points.len()
    };
    let taken = measure(
        size.rounds,
        vec![Engine {
            name: "ours, in bulk",
            times: 1,
            work: Box::new(work),
        }],
    );
    print("grid and house of one point, points at houses", &taken);
    println!(
        "  {:.1} million points a second",
        1e3 / median(&taken[0].rounds)
    );
}

fn areas(size: &Size, houses: &Layer, people: &[i64]) {
    let index = &houses.index;
    let places = Places::new((0..people.len() as u32).map(|key| {
        let p = index.shape(key).expect("a house").representative();
        ([p.lon(), p.lat()], key)
    }));
    let cached = Cached::new(&houses.polygons);
    let mut random = ChaCha8Rng::seed_from_u64(2);
    for (rule, rule_name) in [
        (Rule::RepresentativePoint, "representative point"),
        (Rule::Intersects, "intersection"),
    ] {
        for (share, vertices) in [(0.001, 20), (0.01, 60), (0.05, 60), (0.3, 60), (0.3, 200)] {
            let outlines: Vec<Polygon<f64>> = (0..size.areas)
                .map(|_| polygon(&drawn(&mut random, share, vertices)))
                .collect();
            let areas: Vec<Area> = outlines
                .iter()
                .map(|outline| Area::from_polygon(outline).expect("an area"))
                .collect();
            let slow = |outline: &Polygon<f64>| {
                let keys = match rule {
                    Rule::Intersects => cached.meeting(outline),
                    _ => places.within(outline),
                };
                let sum: i64 = keys.iter().map(|&key| people[key as usize]).sum();
                (keys.len() as u64, i128::from(sum))
            };
            let quick = |area: &Area| {
                let sums = index.sums(area, rule);
                (sums.count, sums.measures[0])
            };
            // The slow way is given few of the largest areas: it takes seconds for each.
            let few = if share > 0.01 {
                2.min(size.areas)
            } else {
                5.min(size.areas)
            };
            for (outline, area) in outlines.iter().zip(&areas).take(few) {
                assert_eq!(slow(outline), quick(area), "{rule_name}, {share}");
            }
            let mut turn = 0;
            let rounds = if share > 0.01 {
                3.min(size.rounds)
            } else {
                size.rounds
            };
            let taken = measure(
                rounds,
                vec![
                    Engine {
                        name: "rstar + geo",
                        times: 1,
                        work: Box::new(|| {
                            black_box(slow(&lot(&outlines[..few], 1, &mut turn)[0]));
                            1
                        }),
                    },
                    Engine {
                        name: "ours",
                        times: 10,
                        work: Box::new(|| {
                            for area in &areas {
                                black_box(quick(area));
                            }
                            areas.len()
                        }),
                    },
                ],
            );
            print(
                &format!(
                    "people in a drawn area by {rule_name}, {} % of the land, {vertices} vertices",
                    share * 100.0
                ),
                &taken,
            );
        }
        let mut times = Vec::new();
        for _ in 0..size.areas * 100 {
            let share = 0.001 * 300_f64.powf(random.random());
            let vertices = random.random_range(20..=200);
            let area = Area::from_polygon(&polygon(&drawn(&mut random, share, vertices)))
                .expect("an area");
            let began = cpu_time::ThreadTime::now();
            black_box(index.sums(&area, rule));
            times.push(began.elapsed().as_nanos() as f64);
        }
        println!(
            "\n{} areas of 20 to 200 vertices and 0.1 to 30 %, each once, by {rule_name}: median {}, p90 {}, p99 {}, most {}",
            times.len(),
            span(median(&times)),
            span(quantile(&times, 0.9)),
            span(quantile(&times, 0.99)),
            span(quantile(&times, 1.0)),
        );
    }
}

fn edits(size: &Size, grids: &Layer, houses: &Layer, land: &Land) {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let shape = |ring: &[Point]| Shape::Area(Area::from_polygon(&polygon(ring)).expect("an area"));
    let mut run =
        |title: &str,
         index: &Index,
         mut edit: Box<dyn FnMut(&mut ChaCha8Rng) -> Vec<(u32, Option<Feature>)> + '_>| {
            let mut index = index.clone();
            let times: Vec<f64> = (0..size.edits)
                .map(|_| {
                    let edits = edit(&mut random);
                    let (key, feature) = edits[0].clone();
                    let began = cpu_time::ThreadTime::now();
                    index = index.after(edits);
                    let took = began.elapsed().as_nanos() as f64;
                    if let Some(feature) = feature {
                        assert!(index.at(feature.shape.representative()).contains(&key));
                    }
                    took
                })
                .collect();
            println!(
                "  {title:44} median {:>10}, p99 {:>10}, most {:>10}",
                span(median(&times)),
                span(quantile(&times, 0.99)),
                span(quantile(&times, 1.0)),
            );
        };
    println!(
        "\nan edit until it is seen, of {} houses and {} grids",
        land.houses.len(),
        land.grids.len()
    );
    let mut people = land.people.clone();
    run(
        "other people in a house",
        &houses.index,
        Box::new(|random| {
            let key = random.random_range(0..people.len());
            people[key] += 1;
            let shape = houses.index.shape(key as u32).expect("a house");
            vec![(
                key as u32,
                Some(Feature {
                    shape,
                    measures: Arc::from([people[key]]),
                }),
            )]
        }),
    );
    run(
        "a house moved",
        &houses.index,
        Box::new(|random| {
            let key = random.random_range(0..land.houses.len());
            let (dx, dy) = (
                random.random_range(-9_000..9_000),
                random.random_range(-9_000..9_000),
            );
            let moved: Vec<Point> = land.houses[key]
                .iter()
                .map(|p| Point {
                    x: p.x + dx,
                    y: p.y + dy,
                })
                .collect();
            vec![(
                key as u32,
                Some(Feature {
                    shape: shape(&moved),
                    measures: Arc::from([land.people[key]]),
                }),
            )]
        }),
    );
    run(
        "a grid replaced",
        &grids.index,
        Box::new(|random| {
            let key = random.random_range(0..land.grids.len());
            let other = &land.grids[(key + 1) % land.grids.len()];
            vec![(key as u32, Some(shape(other).into()))]
        }),
    );
    let mut now = land.grids.clone();
    run(
        "a vertex moved in all its grids",
        &grids.index,
        Box::new(move |random| {
            let key = random.random_range(0..now.len());
            let old = now[key][random.random_range(1..now[key].len() - 1)];
            let new = Point {
                x: old.x + random.random_range(-9_000..9_000),
                y: old.y + random.random_range(-9_000..9_000),
            };
            let side = (now.len() as f64).sqrt() as usize;
            let near = [
                key,
                key.wrapping_sub(1),
                key + 1,
                key.wrapping_sub(side),
                key + side,
            ];
            let mut edits = Vec::new();
            for at in near {
                let Some(ring) = now.get_mut(at).filter(|ring| ring.contains(&old)) else {
                    continue;
                };
                ring.iter_mut()
                    .filter(|p| **p == old)
                    .for_each(|p| *p = new);
                edits.push((at as u32, Some(shape(ring).into())));
            }
            edits
        }),
    );
}
