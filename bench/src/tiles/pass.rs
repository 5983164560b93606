//! One pass over distinct tiles, each asked for once.

use std::{
    collections::{BTreeMap, HashSet},
    net::SocketAddr,
    ops::RangeInclusive,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Instant,
};

use libdeflater::Decompressor;
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use yizhangtu_tiles::{
    EXTENT, Kind, Shape, TileId,
    mvt::{self, DecodedValue},
};

use crate::{client::Client, measure::quantile};

/// Connections that ask at once.
const CONNECTIONS: usize = 8;

/// What a pass took and brought, by zoom.
pub struct Pass {
    /// Seconds from the first question of a zoom to its last answer.
    seconds: BTreeMap<u8, f64>,
    /// Milliseconds of each answer.
    times: BTreeMap<u8, Vec<f64>>,
    /// Bytes of each answer's body.
    sizes: BTreeMap<u8, Vec<f64>>,
    /// Features in all tiles of a zoom.
    pub features: BTreeMap<u8, usize>,
    /// Different ids among these.
    pub houses: BTreeMap<u8, usize>,
    /// Square units drawn within the tiles of a zoom, in tiles.
    ground: BTreeMap<u8, f64>,
}

impl Pass {
    /// Asks for tiles zoom by zoom, in an order that favours nobody.
    pub fn over(
        address: SocketAddr,
        tiles: &[TileId],
        path: impl Fn(TileId) -> String + Sync,
    ) -> Self {
        let mut pass = Self {
            seconds: BTreeMap::new(),
            times: BTreeMap::new(),
            sizes: BTreeMap::new(),
            features: BTreeMap::new(),
            houses: BTreeMap::new(),
            ground: BTreeMap::new(),
        };
        for of_zoom in tiles.chunk_by(|a, b| a.zoom() == b.zoom()) {
            let z = of_zoom[0].zoom();
            let mut order = of_zoom.to_vec();
            order.shuffle(&mut ChaCha8Rng::seed_from_u64(z.into()));
            let next = AtomicUsize::new(0);
            let began = Instant::now();
            let asked: Vec<(f64, Vec<u8>)> = thread::scope(|scope| {
                let ask = || {
                    let mut client = Client::new(address).expect("a connection");
                    client.head = "Accept-Encoding: gzip\r\n";
                    let mut answers = Vec::new();
                    while let Some(&tile) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let began = Instant::now();
                        let status = client.get(&path(tile)).expect("an answer");
                        let time = began.elapsed().as_secs_f64() * 1e3;
                        assert!(
                            [200, 204, 404].contains(&status),
                            "{status} for {}",
                            path(tile)
                        );
                        answers.push((time, std::mem::take(&mut client.body)));
                    }
                    answers
                };
                let threads: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(ask)).collect();
                let ended = threads
                    .into_iter()
                    .map(|thread| thread.join().expect("an end"));
                ended.flatten().collect()
            });
            pass.seconds.insert(z, began.elapsed().as_secs_f64());
            let (mut features, mut ground, mut houses) = (0, 0.0, HashSet::new());
            for (_, body) in asked.iter().filter(|(_, body)| !body.is_empty()) {
                for layer in mvt::decode(&plain(body)).expect("a tile") {
                    features += layer.features.len();
                    ground += layer
                        .features
                        .iter()
                        .map(|one| area(&one.shape))
                        .sum::<f64>();
                    let fields = layer.features.into_iter().flat_map(|one| one.properties);
                    houses.extend(fields.filter_map(|(name, value)| match value {
                        DecodedValue::Text(id) if name == "id" => Some(id),
                        _ => None,
                    }));
                }
            }
            pass.features.insert(z, features);
            pass.houses.insert(z, houses.len());
            pass.ground.insert(z, ground / (EXTENT * EXTENT) as f64);
            let (times, sizes) = asked
                .into_iter()
                .map(|(time, body)| (time, body.len() as f64))
                .unzip();
            pass.times.insert(z, times);
            pass.sizes.insert(z, sizes);
        }
        pass
    }

    fn rate(&self, z: u8) -> f64 {
        self.times[&z].len() as f64 / self.seconds[&z]
    }

    /// Tiles a second and the time that one in twenty takes longer than: each tile of all zooms
    /// once, and as many of each zoom.
    fn whole(&self) -> [(f64, f64); 2] {
        let times: Vec<f64> = self.times.values().flatten().copied().collect();
        let rate = times.len() as f64 / self.seconds.values().sum::<f64>();
        let each: f64 = self.times.keys().map(|&z| 1.0 / self.rate(z)).sum();
        // As many of each zoom: so many of each that none is drawn upon more often than another.
        let least = self.times.values().map(Vec::len).min().unwrap_or(0);
        let alike: Vec<f64> = (self.times.values())
            .flat_map(|times| times.iter().take(least).copied())
            .collect();
        [
            (rate, quantile(&times, 0.95)),
            (self.times.len() as f64 / each, quantile(&alike, 0.95)),
        ]
    }

    /// Prints the sizes of zooms, beside the ground that is drawn.
    pub fn print_sizes(&self, name: &str, zooms: RangeInclusive<u8>) {
        print!("  {name:24}");
        for z in zooms {
            let sizes = &self.sizes[&z];
            print!(
                "  z{z} {:6.2} MB, most {:5.0} KB, {:7} features, {:6.3} tiles of ground",
                sizes.iter().sum::<f64>() / 1e6,
                quantile(sizes, 1.0) / 1e3,
                self.features[&z],
                self.ground[&z],
            );
        }
        println!();
    }
}

/// Prints a pass, beside another.
pub fn print(title: &str, own: &Pass, other: Option<&Pass>) {
    println!("\n{title}; {CONNECTIONS} connections, gzip");
    let row = |name: String, own: (f64, f64), other: Option<(f64, f64)>| {
        print!("  {name:22} {:8.0} tiles/s, p95 {:8.2} ms", own.0, own.1);
        if let Some(other) = other {
            print!(
                "   | {:8.0} tiles/s, p95 {:8.2} ms   | {:6.1} × the rate, p95 {:6.1} × lower",
                other.0,
                other.1,
                own.0 / other.0,
                other.1 / own.1
            );
        }
        println!();
    };
    for &z in own.times.keys() {
        let of = |pass: &Pass| (pass.rate(z), quantile(&pass.times[&z], 0.95));
        row(
            format!("z{z}, {} tiles", own.times[&z].len()),
            of(own),
            other.map(of),
        );
    }
    let count: usize = own.times.values().map(Vec::len).sum();
    for (at, name) in [
        format!("each once, {count} tiles"),
        "as many of each zoom".to_owned(),
    ]
    .into_iter()
    .enumerate()
    {
        row(name, own.whole()[at], other.map(|other| other.whole()[at]));
    }
}

/// Gzip or not, as it came.
fn plain(body: &[u8]) -> Vec<u8> {
    if !body.starts_with(&[0x1f, 0x8b]) {
        return body.to_vec();
    }
    let tail = body.last_chunk::<4>().expect("its length");
    let mut plain = vec![0; u32::from_le_bytes(*tail) as usize];
    Decompressor::new()
        .gzip_decompress(body, &mut plain)
        .expect("gzip");
    plain
}

/// Square units of a shape within its tile, without the buffer.
fn area(shape: &Shape<yizhangtu_tiles::TilePoint>) -> f64 {
    let rings = (shape.view().parts())
        .filter(|(kind, _)| matches!(kind, Kind::Exterior | Kind::Hole))
        .map(|(_, ring)| ring);
    rings.map(|ring| doubled(&cut(ring)) / 2.0).sum()
}

fn doubled(ring: &[(f64, f64)]) -> f64 {
    let next = ring.iter().cycle().skip(1);
    ring.iter()
        .zip(next)
        .map(|(a, b)| a.0 * b.1 - b.0 * a.1)
        .sum()
}

/// A ring cut at the sides of the tile in turn; what doubles back has no area.
fn cut(ring: &[yizhangtu_tiles::TilePoint]) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = ring
        .iter()
        .map(|at| (f64::from(at.x), f64::from(at.y)))
        .collect();
    for _ in 0..2 {
        for (bound, sign) in [(0.0, 1.0), (EXTENT as f64, -1.0)] {
            let within = |at: (f64, f64)| sign * (at.0 - bound) >= 0.0;
            let mut kept = Vec::with_capacity(points.len() + 2);
            let mut before = points.last().copied();
            for &at in &points {
                if let Some(before) = before
                    && within(before) != within(at)
                {
                    let share = (bound - before.0) / (at.0 - before.0);
                    kept.push((bound, before.1 + share * (at.1 - before.1)));
                }
                if within(at) {
                    kept.push(at);
                }
                before = Some(at);
            }
            points = kept;
        }
        // Turned by a quarter, which no area minds.
        points
            .iter_mut()
            .for_each(|at| *at = (EXTENT as f64 - at.1, at.0));
    }
    points
}
