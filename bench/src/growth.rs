//! A lookup among ten times as many houses at a time, beside what the memory itself takes.

use std::hint::black_box;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use yizhangtu_index::{Area, Index, Shape};

use crate::{
    Size,
    land::{self, Land, polygon},
    measure::{Engine, Taken, measure, median, span},
};

/// Steps of one walk through memory.
const STEPS: usize = 200_000;

/// Measures and prints.
pub fn growth(size: &Size) {
    println!(
        "\na lookup among more and more houses, and one read after another of lines anywhere in as many bytes"
    );
    let mut first: Option<Vec<f64>> = None;
    // The land is full at a few million: more of them stand on copies of it, side by side.
    for (houses, copies) in [(10_000, 1), (100_000, 1), (1_000_000, 1), (1_000_000, 10)]
        .into_iter()
        .filter(|&(houses, _)| houses <= size.houses)
    {
        let land = Land::new(2, houses, 200_000.min(size.points));
        let rings = || {
            let copy = |copy| land.houses.iter().map(move |ring| (copy, ring));
            (0..copies).flat_map(copy)
        };
        let features = rings().zip(0..).map(|((copy, ring), key)| {
            let ring: Vec<_> = ring.iter().map(|p| land::at_copy(*p, copy)).collect();
            let area = Area::from_polygon(&polygon(&ring)).expect("an area");
            (key, Shape::Area(area))
        });
        let index = Index::build(features);
        let points: Vec<_> = (land.at_houses.iter().enumerate())
            .map(|(at, p)| land::at_copy(*p, at % copies))
            .collect();
        let lines = lines(index.bytes());
        let mut at = 0;
        let engine = |work| Engine {
            name: "",
            times: 1,
            work,
        };
        let taken: Vec<Taken> = measure(
            size.rounds,
            vec![
                engine(Box::new(|| {
                    let mut sum = 0_u64;
                    for &p in &points {
                        index.each_at(black_box(p), |key| sum += u64::from(key));
                    }
                    black_box(sum);
                    points.len()
                })),
                engine(Box::new(|| {
                    let mut sum = 0_u64;
                    index.each_at_all(&points, |_, key| sum += u64::from(key));
                    black_box(sum);
                    points.len()
                })),
                engine(Box::new(|| {
                    for _ in 0..STEPS {
                        at = lines[at as usize][0];
                    }
                    black_box(at);
                    STEPS
                })),
            ],
        );
        let each: Vec<f64> = taken.iter().map(|taken| median(&taken.rounds)).collect();
        let first = first.get_or_insert_with(|| each.clone());
        let times = |at: usize| format!("{}, {:.2} times", span(each[at]), each[at] / first[at]);
        println!(
            "  {:>9} houses, {:>4} MB: one by one {}; in bulk {}; one read {}",
            houses * copies,
            index.bytes() >> 20,
            times(0),
            times(1),
            times(2),
        );
    }
}

/// Lines of memory, so many bytes of them, each of which names the next of one long round.
fn lines(bytes: usize) -> Vec<[u32; 16]> {
    let mut random = ChaCha8Rng::seed_from_u64(4);
    let count = (bytes / 64).max(2);
    let mut lines: Vec<[u32; 16]> = (0..count as u32).map(|at| [at; 16]).collect();
    // Sattolo's way of shuffling leaves a single round.
    for at in (1..count).rev() {
        let other = random.random_range(0..at);
        let (own, theirs) = (lines[at][0], lines[other][0]);
        (lines[at][0], lines[other][0]) = (theirs, own);
    }
    lines
}
