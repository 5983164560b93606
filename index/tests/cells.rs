//! The index against a walk over everything, where it is most easily wrong.

mod common;

use std::collections::BTreeMap;

use common::{area, area_of, probes, slow_at, slow_within, star};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use yizhangtu_index::{
    Area, BytesError, Edit, Feature, Index, PackedShapes, Point, Rect, Rule, Shape,
};

/// Beside a place where four zones of the rows meet, so that every heap lies in several.
const CENTRE: Point = Point {
    x: (26 << 32) + 90,
    y: (5 << 32) - 40,
};

/// Areas of many sizes, laid over each other in heaps: small and large, thin and jagged,
/// with holes, in parts, and some that share all their corners.
fn heap(random: &mut ChaCha8Rng, count: usize, spread: i64) -> Vec<(u32, Shape)> {
    let mut areas = Vec::new();
    let mut last: Vec<Point> = Vec::new();
    for key in 0..count as u32 {
        let centre = Point {
            x: CENTRE.x + random.random_range(-spread..=spread),
            y: CENTRE.y + random.random_range(-spread..=spread),
        };
        let size = 4 << random.random_range(0..22);
        let corners = random.random_range(3..12);
        let points = match random.random_range(0..6) {
            // The same again, or with one corner moved.
            0 if last.len() > 2 => {
                let mut points = last.clone();
                if random.random() {
                    points[0].x += random.random_range(-3..=3);
                }
                points
            }
            // A thin one.
            1 => {
                let far = Point {
                    x: centre.x + size,
                    y: centre.y + random.random_range(-size..=size),
                };
                vec![
                    centre,
                    far,
                    Point {
                        x: far.x,
                        y: far.y + 2,
                    },
                ]
            }
            _ => star(random, centre, size, corners),
        };
        let built = match random.random_range(0..5) {
            0 => {
                let inner = star(random, centre, size / 2 + 1, corners);
                area_of(&[points.clone(), inner])
            }
            1 => {
                let beside = Point {
                    x: centre.x + 3 * size,
                    y: centre.y,
                };
                area_of(&[points.clone(), star(random, beside, size, corners)])
            }
            _ => area(&points),
        };
        last = points;
        if let Some(area) = built {
            areas.push((key, Shape::Area(area)));
        }
    }
    areas
}

fn drawn(random: &mut ChaCha8Rng, spread: i64) -> Area {
    loop {
        let size = 1 << random.random_range(4..24);
        let centre = Point {
            x: CENTRE.x + random.random_range(-spread..=spread),
            y: CENTRE.y + random.random_range(-spread..=spread),
        };
        let corners = random.random_range(3..60);
        let outer = star(random, centre, size, corners);
        let hole = star(random, centre, size / 8 + 1, 5);
        let built = if random.random() {
            area(&outer)
        } else {
            area_of(&[outer, hole])
        };
        if let Some(area) = built.filter(|area| area.fault().is_none()) {
            return area;
        }
    }
}

fn check_points(index: &Index, areas: &[(u32, Shape)], points: &[Point]) {
    let mut bulk = vec![Vec::new(); points.len()];
    index.each_at_all(points, |at, key| bulk[at].push(key));
    let mut first = Vec::new();
    index.first_at_all(points, |at, key| {
        assert_eq!(at, first.len());
        first.push(key);
    });
    for ((&p, bulk), first) in points.iter().zip(bulk).zip(first) {
        let slow = slow_at(areas, p);
        assert_eq!(index.at(p), slow, "{p:?}");
        assert_eq!(bulk, slow, "{p:?} in bulk");
        assert_eq!(index.first_at(p), slow.first().copied(), "{p:?}, first");
        assert_eq!(first, slow.first().copied(), "{p:?}, first in bulk");
    }
}

fn check_drawn(
    index: &Index,
    shapes: &[(u32, Shape)],
    measures: &BTreeMap<u32, [i64; 2]>,
    drawn: &Area,
) {
    for rule in [Rule::RepresentativePoint, Rule::Intersects, Rule::Within] {
        let slow = slow_within(shapes, drawn, rule);
        assert_eq!(index.within(drawn, rule), slow, "{rule:?}");
        let sums = index.sums(drawn, rule);
        assert_eq!(sums.count, slow.len() as u64);
        for (measure, sum) in sums.measures.iter().enumerate() {
            let slow: i128 = slow
                .iter()
                .map(|key| i128::from(measures[key][measure]))
                .sum();
            assert_eq!(*sum, slow, "{rule:?}, measure {measure}");
        }
    }
}

fn with_measures(shapes: &[(u32, Shape)], measures: &BTreeMap<u32, [i64; 2]>) -> Index {
    let features = shapes.iter().map(|(key, shape)| {
        let measures = measures[key].as_slice().into();
        (
            *key,
            Feature {
                shape: shape.clone(),
                measures,
            },
        )
    });
    Index::with_measures(features, 2)
}

fn some_measures(
    random: &mut ChaCha8Rng,
    keys: impl Iterator<Item = u32>,
) -> BTreeMap<u32, [i64; 2]> {
    keys.map(|key| {
        (
            key,
            [
                random.random_range(0..9_000),
                random.random_range(-5_000_000_000..5_000_000_000),
            ],
        )
    })
    .collect()
}

/// The index as it comes back from its bytes, which are the same again.
fn kept(index: &Index) -> Index {
    let parts = index.to_parts();
    let given: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    let back = Index::from_parts(&given).expect("an index");
    assert!(back.to_parts() == parts);
    assert_eq!((back.len(), back.rect()), (index.len(), index.rect()));
    back
}

/// The index that is gathered from shapes packed some at a time, and has no cells.
fn without_cells(shapes: &[(u32, Shape)]) -> Index {
    let shares = shapes.chunk_by(|a, b| a.0 / 64 == b.0 / 64);
    Index::without_cells(shares.map(PackedShapes::new))
}

#[test]
fn bytes_that_are_no_index_are_refused() {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let shapes = heap(&mut random, 40, 1 << 12);
    let measures = some_measures(&mut random, 0..40);
    let parts = with_measures(&shapes, &measures).to_parts();
    let read = |parts: &[Vec<u8>]| {
        let given: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        Index::from_parts(&given).map(|index| index.len())
    };
    assert_eq!(read(&parts), Ok(shapes.len()));
    assert_eq!(read(&[]), Err(BytesError::Damaged));
    assert_eq!(read(&parts[..parts.len() - 1]), Err(BytesError::Damaged));
    for at in 0..parts.len() {
        let length = parts[at].len();
        for cut in [0, 1, length / 3, length / 2, length - 1] {
            let mut short = parts.clone();
            short[at].truncate(cut);
            assert_eq!(
                read(&short),
                Err(BytesError::Damaged),
                "part {at} cut at {cut}"
            );
        }
        let mut long = parts.clone();
        long[at].push(0);
        assert_eq!(read(&long), Err(BytesError::Damaged), "part {at} with more");
    }
    let mut other = parts.clone();
    other[0][0] = 99;
    assert_eq!(read(&other), Err(BytesError::Version(99)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn heaps_of_areas_are_found_exactly(seed in any::<u64>(), count in 1_usize..150, spread in 0_u32..24) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let areas = heap(&mut random, count, 1 << spread);
        let index = Index::build(areas.clone());
        let points = probes(&mut random, &areas, 2_000);
        check_points(&index, &areas, &points);
        check_points(&kept(&index), &areas, &points);
        check_points(&without_cells(&areas), &areas, &points[..200]);
    }

    #[test]
    fn drawn_areas_are_counted_exactly(seed in any::<u64>(), count in 1_usize..250, spread in 8_u32..24) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut shapes = heap(&mut random, count, 1 << spread);
        // Two measures answer for areas, lines and points alike.
        shapes.retain(|(_, shape)| shape.area().is_some_and(|area| area.fault().is_none()));
        let first = count as u32;
        for key in first..first + 40 {
            let place = |random: &mut ChaCha8Rng| Point {
                x: CENTRE.x + random.random_range(-(1 << spread)..=1 << spread),
                y: CENTRE.y + random.random_range(-(1 << spread)..=1 << spread),
            };
            let (a, b) = (place(&mut random), place(&mut random));
            let line = geo::LineString::from(vec![(a.lon(), a.lat()), (b.lon(), b.lat())]);
            shapes.push((key, if key % 2 == 0 { Shape::Point(a) } else { Shape::new(&line.into()).unwrap() }));
        }
        let measures = some_measures(&mut random, shapes.iter().map(|(key, _)| *key));
        let plain = kept(&Index::build(shapes.clone()));
        let index = kept(&with_measures(&shapes, &measures));
        let parts = index.measures_to_parts();
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        let measured = plain.measured_by_parts(&parts).unwrap();
        for _ in 0..12 {
            let drawn = drawn(&mut random, 1 << spread);
            check_drawn(&measured, &shapes, &measures, &drawn);
            check_drawn(&index, &shapes, &measures, &drawn);
            let rect = drawn.rect();
            let slow: Vec<u32> = shapes.iter().filter(|(_, shape)| shape.rect().meets(&rect)).map(|(key, _)| *key).collect();
            prop_assert_eq!(index.any_in_box(&rect), !slow.is_empty());
            prop_assert_eq!(index.count_in_box(&rect), slow.len());
            prop_assert_eq!(index.in_box(&rect), slow);
        }
    }

    #[test]
    fn edits_end_where_a_new_index_begins(seed in any::<u64>(), count in 1_usize..120, spread in 8_u32..22) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let areas = heap(&mut random, count, 1 << spread);
        let mut now: BTreeMap<u32, Shape> = areas.iter().cloned().collect();
        let mut measures = some_measures(&mut random, 0..2_000);
        let mut index = with_measures(&areas, &measures);
        let mut plain = without_cells(&areas);
        for _ in 0..12 {
            let first = index.clone();
            let before: Vec<_> = now.clone().into_iter().collect();
            let old_measures = measures.clone();
            let mut edits = BTreeMap::new();
            for (_, shape) in heap(&mut random, 6, 1 << spread) {
                let known: Vec<u32> = now.keys().copied().collect();
                let key = known.choose(&mut random).copied().filter(|_| random.random()).unwrap_or(random.random_range(0..2_000));
                let gone = random.random_range(0..4) == 0;
                // Sometimes only the measures change.
                let shape = now.get(&key).filter(|_| random.random()).cloned().unwrap_or(shape);
                measures.insert(key, [random.random_range(0..99), 7]);
                let feature = (!gone).then(|| Feature { shape: shape.clone(), measures: measures[&key].as_slice().into() });
                match &feature {
                    Some(_) => now.insert(key, shape),
                    None => now.remove(&key),
                };
                edits.insert(key, feature);
            }
            let shapes = edits.iter().map(|(key, feature)| {
                let shape = feature.as_ref().map(|feature| feature.shape.clone());
                (*key, shape.map(Feature::from))
            });
            plain = plain.after(shapes);
            index = index.after(edits);
            if random.random() {
                index = kept(&index);
            }
            let shapes: Vec<_> = now.clone().into_iter().collect();
            let points = probes(&mut random, &shapes, 300);
            check_points(&index, &shapes, &points);
            check_points(&first, &before, &points);
            check_points(&plain, &shapes, &points[..50]);
            let fresh = with_measures(&shapes, &measures);
            prop_assert_eq!(index.rect(), fresh.rect());
            prop_assert_eq!(index.len(), fresh.len());
            prop_assert_eq!((plain.rect(), plain.len()), (fresh.rect(), fresh.len()));
            let drawn = drawn(&mut random, 1 << spread);
            prop_assert_eq!(plain.in_box(&drawn.rect()), fresh.in_box(&drawn.rect()));
            let rule = [Rule::RepresentativePoint, Rule::Intersects][random.random_range(0..2)];
            prop_assert_eq!(index.sums(&drawn, rule), fresh.sums(&drawn, rule));
            prop_assert_eq!(first.sums(&drawn, rule), with_measures(&before, &old_measures).sums(&drawn, rule));
        }
    }
}

/// Grids that tile a square: jagged borders that neighbours share vertex for vertex.
fn tiling(random: &mut ChaCha8Rng, side: usize, step: i64, jags: usize) -> Vec<(u32, Shape)> {
    let moved = |random: &mut ChaCha8Rng, most: i64| random.random_range(-most..=most);
    let corners: Vec<Point> = (0..(side + 1) * (side + 1))
        .map(|at| Point {
            x: CENTRE.x + (at % (side + 1)) as i64 * step + moved(random, step / 5),
            y: CENTRE.y + (at / (side + 1)) as i64 * step + moved(random, step / 5),
        })
        .collect();
    let mut borders: BTreeMap<(usize, usize), Vec<Point>> = BTreeMap::new();
    let mut border = |random: &mut ChaCha8Rng, from: usize, to: usize| {
        let (low, high) = (from.min(to), from.max(to));
        let (a, b) = (corners[low], corners[high]);
        let points = borders.entry((low, high)).or_insert_with(|| {
            (1..jags as i64)
                .map(|at| Point {
                    x: a.x
                        + (b.x - a.x) * at / jags as i64
                        + moved(random, step / (6 * jags as i64)),
                    y: a.y
                        + (b.y - a.y) * at / jags as i64
                        + moved(random, step / (6 * jags as i64)),
                })
                .collect()
        });
        let mut points = points.clone();
        if from > to {
            points.reverse();
        }
        points
    };
    let mut areas = Vec::new();
    for row in 0..side {
        for column in 0..side {
            let at = row * (side + 1) + column;
            let around = [at, at + 1, at + side + 2, at + side + 1, at];
            let mut points = Vec::new();
            for pair in around.windows(2) {
                points.push(corners[pair[0]]);
                points.extend(border(random, pair[0], pair[1]));
            }
            areas.push((
                (row * side + column) as u32,
                Shape::Area(area(&points).unwrap()),
            ));
        }
    }
    areas
}

#[test]
fn a_tiling_answers_exactly_once_on_and_beside_every_border() {
    // Ten million with `INDEX_POINTS=10000000`.
    let points: usize =
        std::env::var("INDEX_POINTS").map_or(300_000, |count| count.parse().expect("a number"));
    let mut random = ChaCha8Rng::seed_from_u64(11);
    let areas = tiling(&mut random, 20, 3_500_000, 50);
    let index = Index::build(areas.clone());
    let inner = {
        let all = index.rect().unwrap();
        let margin = 1_500_000;
        Rect {
            min: Point {
                x: all.min.x + margin,
                y: all.min.y + margin,
            },
            max: Point {
                x: all.max.x - margin,
                y: all.max.y - margin,
            },
        }
    };
    let mut asked = 0;
    while asked < points {
        let lot: Vec<Point> = (probes(&mut random, &areas, 100_000).into_iter())
            .filter(|&p| inner.holds(p))
            .collect();
        let mut times = vec![0_u8; lot.len()];
        index.each_at_all(&lot, |at, _| times[at] += 1);
        for (p, times) in lot.iter().zip(times) {
            assert_eq!(times, 1, "{p:?}");
        }
        asked += lot.len();
    }
}

#[test]
fn a_moved_shared_corner_leaves_no_gap() {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let mut areas = tiling(&mut random, 6, 3_500_000, 20);
    let mut index = Index::build(areas.clone());
    for _ in 0..60 {
        // A vertex within, in all grids that have it, and a unit or many metres away.
        let (_, shape) = areas.choose(&mut random).unwrap();
        let vertices: Vec<Point> = shape.area().unwrap().edges().map(|(a, _)| a).collect();
        let old = *vertices.choose(&mut random).unwrap();
        let reach = 1 << random.random_range(0..14);
        let new = Point {
            x: old.x + random.random_range(-reach..=reach),
            y: old.y + random.random_range(-reach..=reach),
        };
        let edits = move_vertex(&mut areas, old, new);
        index = index.after(edits);
        let points = probes(&mut random, &areas, 400);
        check_points(&index, &areas, &points);
    }
}

/// Moves a vertex in all areas that have it.
fn move_vertex(areas: &mut [(u32, Shape)], old: Point, new: Point) -> Vec<Edit> {
    let mut edits = Vec::new();
    for (key, shape) in areas {
        let mut points: Vec<Point> = shape.area().unwrap().edges().map(|(a, _)| a).collect();
        if points.contains(&old) {
            for p in points.iter_mut().filter(|p| **p == old) {
                *p = new;
            }
            *shape = Shape::Area(area(&points).unwrap());
            edits.push((*key, Some(shape.clone().into())));
        }
    }
    edits
}

#[test]
fn readers_never_see_half_an_edit() {
    // For ten minutes with `INDEX_SECONDS=600`.
    let seconds =
        std::env::var("INDEX_SECONDS").map_or(0, |count| count.parse().expect("a number"));
    let mut random = ChaCha8Rng::seed_from_u64(12);
    let mut areas = tiling(&mut random, 6, 3_500_000, 10);
    let current = arc_swap::ArcSwap::from_pointee(Index::build(areas.clone()));
    let done = std::sync::atomic::AtomicBool::new(false);
    let inner = {
        let all = current.load().rect().unwrap();
        Area::from_rect(Rect {
            min: Point {
                x: all.min.x + 1_500_000,
                y: all.min.y + 1_500_000,
            },
            max: Point {
                x: all.max.x - 1_500_000,
                y: all.max.y - 1_500_000,
            },
        })
    };
    let first = areas.clone();
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..3)
            .map(|seed| {
                let (current, done, first, inner) = (&current, &done, &first, &inner);
                scope.spawn(move || {
                    let mut random = ChaCha8Rng::seed_from_u64(seed);
                    let mut asked = 0;
                    while !done.load(std::sync::atomic::Ordering::Relaxed) || asked == 0 {
                        let points: Vec<Point> = (probes(&mut random, first, 2_000).into_iter())
                            .filter(|&p| inner.contains(p))
                            .collect();
                        let index = current.load();
                        let mut times = vec![0_u8; points.len()];
                        index.each_at_all(&points, |at, _| times[at] += 1);
                        assert!(times.iter().all(|times| *times == 1), "a gap or an overlap");
                        assert_eq!(index.len(), 36);
                        asked += points.len();
                    }
                    asked
                })
            })
            .collect();
        let began = std::time::Instant::now();
        let mut edits = 0;
        while edits < 300 || began.elapsed().as_secs() < seconds {
            let (_, shape) = areas.choose(&mut random).unwrap();
            let vertices: Vec<Point> = shape.area().unwrap().edges().map(|(a, _)| a).collect();
            let old = *vertices.choose(&mut random).unwrap();
            let new = Point {
                x: old.x + random.random_range(-500..=500),
                y: old.y + random.random_range(-500..=500),
            };
            let edit = move_vertex(&mut areas, old, new);
            let next = current.load().after(edit);
            current.store(std::sync::Arc::new(next));
            edits += 1;
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        for reader in readers {
            assert!(reader.join().expect("a reader") > 0);
        }
    });
}

#[test]
fn a_ring_of_ten_thousand_vertices_and_ten_thousand_areas_in_one_place() {
    let mut random = ChaCha8Rng::seed_from_u64(6);
    let giant = star(&mut random, CENTRE, 900_000, 10_000);
    let fan = (0..10_000_u32).map(|key| {
        let points = star(&mut random, CENTRE, 20, 3);
        (key + 1, points)
    });
    let mut areas = vec![(0, Shape::Area(area(&giant).unwrap()))];
    areas.extend(fan.filter_map(|(key, points)| Some((key, Shape::Area(area(&points)?)))));
    let index = Index::build(areas.clone());
    let points = probes(&mut ChaCha8Rng::seed_from_u64(7), &areas, 300);
    check_points(&index, &areas, &points);
}

#[test]
fn far_apart_and_continental_areas_are_found() {
    let mut random = ChaCha8Rng::seed_from_u64(8);
    let mut areas = Vec::new();
    for key in 0..300_u32 {
        let centre = Point {
            x: random.random_range(-170_000_000_000..170_000_000_000),
            y: random.random_range(-80_000_000_000..80_000_000_000),
        };
        let size = 1 << random.random_range(4..33);
        areas.push((
            key,
            Shape::Area(area(&star(&mut random, centre, size, 9)).unwrap()),
        ));
    }
    let index = Index::build(areas.clone());
    check_points(&index, &areas, &probes(&mut random, &areas, 4_000));
    let keys: Vec<u32> = areas.iter().map(|(key, _)| *key).collect();
    assert_eq!(index.in_box(&index.rect().unwrap()), keys);
    for _ in 0..40 {
        let p = probes(&mut random, &areas, 1)[0];
        let drawn = Area::from_rect(Rect::of(
            p,
            Point {
                x: p.x + 9_000_000_000,
                y: p.y + 5_000_000_000,
            },
        ));
        for rule in [Rule::RepresentativePoint, Rule::Intersects, Rule::Within] {
            assert_eq!(
                index.within(&drawn, rule),
                slow_within(&areas, &drawn, rule),
                "{rule:?}"
            );
        }
    }
}
