//! The land: grids that tile a square, and houses in dense villages on it. Everything lies on
//! the lattice, so that every engine is given the very same numbers.

use geo::{LineString, Polygon};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use yizhangtu_index::Point;

/// South-west corner of the land.
const CORNER: Point = Point {
    x: 113_400_000_000,
    y: 23_000_000_000,
};

/// Lattice units in a metre towards the east and towards the north, at this latitude.
const EAST: f64 = 1e9 / 102_470.0;
const NORTH: f64 = 1e9 / 110_760.0;

/// The land's side in metres.
pub const SIDE: f64 = 25_000.0;

/// A point by metres from the corner.
pub fn at(east: f64, north: f64) -> Point {
    Point {
        x: CORNER.x + (east * EAST).round() as i64,
        y: CORNER.y + (north * NORTH).round() as i64,
    }
}

/// Where a point lies on a copy of the land, four to a row.
pub fn at_copy(p: Point, copy: usize) -> Point {
    let by = at(
        SIDE * 1.1 * (copy % 4) as f64,
        SIDE * 1.1 * (copy / 4) as f64,
    );
    Point {
        x: p.x + by.x - CORNER.x,
        y: p.y + by.y - CORNER.y,
    }
}

/// A polygon of lattice points, in degrees.
pub fn polygon(points: &[Point]) -> Polygon<f64> {
    let ring: LineString<f64> = points.iter().map(|p| (p.lon(), p.lat())).collect();
    Polygon::new(ring, vec![])
}

/// Everything that is asked about.
pub struct Land {
    pub grids: Vec<Vec<Point>>,
    pub houses: Vec<Vec<Point>>,
    /// People of each house.
    pub people: Vec<i64>,
    /// Anywhere on the land.
    pub anywhere: Vec<Point>,
    /// Within eight metres of a house's corner.
    pub at_houses: Vec<Point>,
}

impl Land {
    /// Makes land with a number of grids a side, of houses and of points.
    pub fn new(side: usize, houses: usize, points: usize) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let grids = grids(&mut random, side);
        let houses = villages(&mut random, houses);
        let people = houses.iter().map(|_| random.random_range(0..40)).collect();
        let anywhere = (0..points)
            .map(|_| {
                at(
                    random.random_range(0.0..SIDE),
                    random.random_range(0.0..SIDE),
                )
            })
            .collect();
        let at_houses = (0..points)
            .map(|_| {
                let house = &houses[random.random_range(0..houses.len())];
                Point {
                    x: house[0].x + (random.random_range(-8.0..8.0) * EAST) as i64,
                    y: house[0].y + (random.random_range(-8.0..8.0) * NORTH) as i64,
                }
            })
            .collect();
        Self {
            grids,
            houses,
            people,
            anywhere,
            at_houses,
        }
    }
}

/// Grids of 100 to 400 vertices: four jagged borders each, shared vertex for vertex.
fn grids(random: &mut ChaCha8Rng, side: usize) -> Vec<Vec<Point>> {
    let step = SIDE / side as f64;
    let corners: Vec<Vec<(f64, f64)>> = (0..=side)
        .map(|i| {
            (0..=side)
                .map(|j| {
                    let moved = |random: &mut ChaCha8Rng, at: usize| {
                        let inner = at > 0 && at < side;
                        let by = if inner {
                            random.random_range(-0.25..0.25)
                        } else {
                            0.0
                        };
                        step * (at as f64 + by)
                    };
                    (moved(random, i), moved(random, j))
                })
                .collect()
        })
        .collect();
    let mut border = |a: (f64, f64), b: (f64, f64)| {
        let steps = random.random_range(25..=100);
        let outer = (a.0 == b.0 && (a.0 == 0.0 || a.0 == SIDE))
            || (a.1 == b.1 && (a.1 == 0.0 || a.1 == SIDE));
        let mut line = vec![at(a.0, a.1)];
        for step in 1..steps {
            let along = f64::from(step) / f64::from(steps);
            let aside = if outer {
                0.0
            } else {
                random.random_range(-2.5..2.5)
            };
            let (x, y) = (b.0 - a.0, b.1 - a.1);
            let length = x.hypot(y);
            line.push(at(
                a.0 + x * along - y / length * aside,
                a.1 + y * along + x / length * aside,
            ));
        }
        line.push(at(b.0, b.1));
        line
    };
    let east: Vec<Vec<Vec<Point>>> = (0..side)
        .map(|i| {
            (0..=side)
                .map(|j| border(corners[i][j], corners[i + 1][j]))
                .collect()
        })
        .collect();
    let north: Vec<Vec<Vec<Point>>> = (0..=side)
        .map(|i| {
            (0..side)
                .map(|j| border(corners[i][j], corners[i][j + 1]))
                .collect()
        })
        .collect();
    let mut grids = Vec::new();
    for i in 0..side {
        for j in 0..side {
            let back = |line: &[Point]| line.iter().rev().copied().collect::<Vec<_>>();
            let mut ring = east[i][j].clone();
            ring.extend(&north[i + 1][j]);
            ring.extend(back(&east[i][j + 1]));
            ring.extend(back(&north[i][j]));
            ring.dedup();
            grids.push(ring);
        }
    }
    grids
}

/// Houses 12 to 16 m apart with gaps of 0.8 to 2 m, in villages.
fn villages(random: &mut ChaCha8Rng, count: usize) -> Vec<Vec<Point>> {
    const LOT: f64 = 250.0;
    let lots = (SIDE / LOT) as usize;
    let centres: Vec<(f64, f64)> = (0..60)
        .map(|_| {
            (
                random.random_range(0.0..SIDE),
                random.random_range(0.0..SIDE),
            )
        })
        .collect();
    let mut places: Vec<(f64, f64)> = (0..lots * lots)
        .map(|lot| ((lot % lots) as f64 * LOT, (lot / lots) as f64 * LOT))
        .collect();
    // The lots nearest to a village's centre are built on first.
    places.sort_by(|a, b| {
        let away = |lot: &(f64, f64)| {
            let to = centres.iter().map(|c| (c.0 - lot.0).hypot(c.1 - lot.1));
            to.fold(f64::INFINITY, f64::min)
        };
        away(a).total_cmp(&away(b))
    });
    let mut houses = Vec::with_capacity(count);
    'land: for (x, y) in places.into_iter().cycle() {
        let pitch = random.random_range(12.0..16.0);
        let a_side = (LOT / pitch) as usize;
        for place in 0..a_side * a_side {
            let (west, south) = (
                x + (place % a_side) as f64 * pitch,
                y + (place / a_side) as f64 * pitch,
            );
            houses.push(house(random, west, south, pitch));
            if houses.len() == count {
                break 'land;
            }
        }
    }
    houses
}

/// Four, six or eight corners, a little out of square.
fn house(random: &mut ChaCha8Rng, west: f64, south: f64, pitch: f64) -> Vec<Point> {
    let gap = random.random_range(0.8..2.0);
    let side = pitch - gap;
    let notch = side * random.random_range(0.2..0.5);
    let corners: Vec<(f64, f64)> = match random.random_range(0..10) {
        0..4 => vec![(0.0, 0.0), (side, 0.0), (side, side), (0.0, side)],
        4..9 => vec![
            (0.0, 0.0),
            (side, 0.0),
            (side, side),
            (notch, side),
            (notch, notch),
            (0.0, notch),
        ],
        _ => {
            let far = side - notch * 0.7;
            vec![
                (0.0, 0.0),
                (side, 0.0),
                (side, far),
                (far, far),
                (far, side),
                (notch, side),
                (notch, notch),
                (0.0, notch),
            ]
        }
    };
    let mut ring: Vec<Point> = corners
        .into_iter()
        .map(|(x, y)| {
            let mut near = || random.random_range(-0.2..0.2);
            at(
                west + gap / 2.0 + x + near(),
                south + gap / 2.0 + y + near(),
            )
        })
        .collect();
    ring.push(ring[0]);
    ring
}

/// A jagged outline that covers about a share of the land.
pub fn drawn(random: &mut ChaCha8Rng, share: f64, vertices: usize) -> Vec<Point> {
    let reach = SIDE * (share / std::f64::consts::PI).sqrt();
    let middle = |random: &mut ChaCha8Rng| {
        let room = (SIDE / 2.0 - reach * 1.2).max(1.0);
        SIDE / 2.0 + random.random_range(-room..room)
    };
    let (x, y) = (middle(random), middle(random));
    let mut ring: Vec<Point> = (0..vertices)
        .map(|step| {
            let turn = step as f64 / vertices as f64 * std::f64::consts::TAU;
            let reach = reach * random.random_range(0.8..1.2);
            at(x + reach * turn.cos(), y + reach * turn.sin())
        })
        .collect();
    ring.push(ring[0]);
    ring
}
