//! The prepared forms against slow, obvious ones.
//!
//! Coordinates are multiples of 1/512°, which are exact both as doubles and on the
//! lattice, so that `geo`'s robust predicates speak of the very same numbers.

use std::collections::BTreeSet;

use geo::{
    Contains, Coord, Geometry, GeometryCollection, Intersects, LineString, MultiPolygon, Polygon,
};
use proptest::prelude::*;
use yizhangtu_index::{Area, Index, Line, Point, Rect, Rule, Shape};

/// A lattice point at a whole number of 512ths.
fn at(x: i64, y: i64) -> Point {
    Point {
        x: x * 1_953_125,
        y: y * 1_953_125,
    }
}

fn coord(x: i64, y: i64) -> Coord<f64> {
    Coord {
        x: x as f64 / 512.0,
        y: y as f64 / 512.0,
    }
}

fn ring(points: impl IntoIterator<Item = (i64, i64)>) -> LineString<f64> {
    points.into_iter().map(|(x, y)| coord(x, y)).collect()
}

/// The half-open rule read word for word: move the point towards the east by less than
/// any distance here, and north by less than that, then count crossings towards the east.
fn slow_contains(polygons: &MultiPolygon<f64>, p: Point) -> bool {
    let mut odd = false;
    for polygon in polygons {
        for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
            for line in ring.lines() {
                let a = Point::snap(line.start.x, line.start.y).unwrap();
                let b = Point::snap(line.end.x, line.end.y).unwrap();
                // The moved point is above what is level with it.
                if (a.y > p.y) == (b.y > p.y) {
                    continue;
                }
                // x of the crossing times the rise, against that of the point.
                let rise = i128::from(b.y - a.y);
                let cross = i128::from(a.x) * rise + i128::from(b.x - a.x) * i128::from(p.y - a.y);
                let own = i128::from(p.x) * rise;
                // The moved point is east of what it was on.
                odd ^= if rise > 0 { cross > own } else { cross < own };
            }
        }
    }
    odd
}

/// An area, a line, a point, or some of them.
fn geometry() -> impl Strategy<Value = Geometry<f64>> {
    let spot = || (-20_i64..20, -20_i64..20);
    let one = prop_oneof![
        star().prop_map(Geometry::from),
        (spot(), prop::collection::vec(spot(), 1..5)).prop_filter_map(
            "has a length",
            |(first, rest)| {
                let moves = rest.iter().any(|spot| *spot != first);
                moves.then(|| ring(std::iter::once(first).chain(rest)).into())
            }
        ),
        spot().prop_map(|(x, y)| geo::Point(coord(x, y)).into()),
    ];
    prop::collection::vec(one, 1..4).prop_map(|mut parts| match parts.len() {
        1 => parts.remove(0),
        _ => Geometry::GeometryCollection(GeometryCollection(parts)),
    })
}

/// A star-shaped polygon: always simple, often with spikes and collinear runs.
fn star() -> impl Strategy<Value = Polygon<f64>> {
    (
        -20_i64..20,
        -20_i64..20,
        prop::collection::vec((-16_i64..=16, -16_i64..=16), 3..60),
    )
        .prop_filter_map(
            "needs three directions around its centre",
            |(cx, cy, points)| {
                let mut points: Vec<(i64, i64)> =
                    points.into_iter().filter(|p| *p != (0, 0)).collect();
                points.sort_by(|a, b| {
                    let angle = |p: &(i64, i64)| (p.1 as f64).atan2(p.0 as f64);
                    angle(a).total_cmp(&angle(b))
                });
                points.dedup_by(|a, b| a.0 * b.1 == a.1 * b.0 && a.0 * b.0 + a.1 * b.1 > 0);
                let turns = |i: usize| {
                    let (a, b) = (points[i], points[(i + 1) % points.len()]);
                    a.0 * b.1 - a.1 * b.0 > 0
                };
                (points.len() >= 3 && (0..points.len()).all(turns)).then(|| {
                    Polygon::new(ring(points.iter().map(|p| (p.0 + cx, p.1 + cy))), vec![])
                })
            },
        )
}

/// The extent of rings in square degrees, holes less.
fn extent(rings: &[LineString<f64>]) -> f64 {
    let ring = |ring: &LineString<f64>| {
        let origin = ring.0[0];
        ring.lines()
            .map(|line| {
                (line.start - origin).x * (line.end - origin).y
                    - (line.end - origin).x * (line.start - origin).y
            })
            .sum::<f64>()
            / 2.0
    };
    rings.iter().map(ring).sum()
}

/// A set of unit cells, as rings around it: holes, corners that touch, several parts.
fn cells() -> impl Strategy<Value = BTreeSet<(i64, i64)>> {
    prop::collection::btree_set((0_i64..7, 0_i64..7), 1..40)
}

/// Walks around a set of cells with the set on the left.
fn outline(cells: &BTreeSet<(i64, i64)>) -> Vec<Vec<(i64, i64)>> {
    let mut edges = Vec::new();
    for &(x, y) in cells {
        let corners = [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)];
        let beyond = [(x, y - 1), (x + 1, y), (x, y + 1), (x - 1, y)];
        for side in 0..4 {
            if !cells.contains(&beyond[side]) {
                edges.push((corners[side], corners[(side + 1) % 4]));
            }
        }
    }
    let mut rings = Vec::new();
    while let Some((start, mut here)) = edges.pop() {
        let mut ring = vec![start];
        let mut from = start;
        while here != start {
            ring.push(here);
            // Where two corners touch, turn left, so that rings do not cross themselves.
            let heading = (here.0 - from.0, here.1 - from.1);
            let next = edges
                .iter()
                .enumerate()
                .filter(|(_, edge)| edge.0 == here)
                .max_by_key(|(_, edge)| {
                    let turn = (edge.1.0 - here.0, edge.1.1 - here.1);
                    heading.0 * turn.1 - heading.1 * turn.0
                })
                .map(|(at, _)| at)
                .expect("outlines are closed");
            from = here;
            here = edges.swap_remove(next).1;
        }
        rings.push(ring);
    }
    rings
}

/// The cells as an area, each corner moved by a linear map that keeps orientation. All
/// holes hang on the first outer ring: which part a hole belongs to does not matter here.
fn cell_area(cells: &BTreeSet<(i64, i64)>, map: [i64; 4]) -> Area {
    let moved = |(x, y): (i64, i64)| (map[0] * x + map[1] * y, map[2] * x + map[3] * y);
    let (outer, holes): (Vec<_>, Vec<_>) = outline(cells)
        .into_iter()
        .map(|points| {
            let mut ring = ring(points.into_iter().map(moved));
            ring.close();
            ring
        })
        .partition(|ring| extent(std::slice::from_ref(ring)) > 0.0);
    let mut polygons: Vec<_> = outer
        .into_iter()
        .map(|ring| Polygon::new(ring, vec![]))
        .collect();
    for hole in holes {
        polygons[0].interiors_push(hole);
    }
    Area::from_multi_polygon(&MultiPolygon(polygons)).unwrap()
}

fn linear_map() -> impl Strategy<Value = [i64; 4]> {
    [-3_i64..=3, -3_i64..=3, -3_i64..=3, -3_i64..=3]
        .prop_filter("keeps orientation", |m| m[0] * m[3] - m[1] * m[2] > 0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn contains_is_the_half_open_rule_word_for_word(polygon in star()) {
        let polygons = MultiPolygon(vec![polygon.clone()]);
        let area = Area::from_polygon(&polygon).unwrap();
        for x in -40..40 {
            for y in -40..40 {
                let p = at(x, y);
                prop_assert_eq!(area.contains(p), slow_contains(&polygons, p), "{:?}", p);
                let place = geo::Point(coord(x, y));
                if area.on_boundary(p) {
                    prop_assert!(polygon.intersects(&place) && !polygon.contains(&place));
                } else {
                    prop_assert_eq!(area.contains(p), polygon.contains(&place));
                }
                for (dx, dy) in [(1, 0), (-1, 0), (0, 1), (0, -1)] {
                    let beside = Point { x: p.x + dx, y: p.y + dy };
                    prop_assert_eq!(area.contains(beside), slow_contains(&polygons, beside));
                }
            }
        }
        prop_assert!(area.contains(area.interior()));
    }

    #[test]
    fn areas_of_cells_contain_cover_and_meet_as_the_cells_do(a in cells(), b in cells(), map in linear_map()) {
        let plain = cell_area(&a, [512, 0, 0, 512]);
        for x in -1..8 {
            for y in -1..8 {
                prop_assert_eq!(plain.contains(at(512 * x, 512 * y)), a.contains(&(x, y)));
                prop_assert_eq!(plain.contains(at(512 * x + 200, 512 * y + 511)), a.contains(&(x, y)));
            }
        }
        let touches = a.iter().any(|&(x, y)| {
            (-1..=1).any(|dx| (-1..=1).any(|dy| b.contains(&(x + dx, y + dy))))
        });
        let (area_a, area_b) = (cell_area(&a, map), cell_area(&b, map));
        prop_assert_eq!(area_a.intersects(&area_b), touches);
        prop_assert_eq!(area_a.covers(&area_b), b.is_subset(&a));
        let both: BTreeSet<_> = a.union(&b).copied().collect();
        let union = cell_area(&both, map);
        prop_assert!(union.covers(&area_a) && union.covers(&area_b) && union.covers(&union));
        prop_assert_eq!(area_a.covers(&union), b.is_subset(&a));
    }

    #[test]
    fn areas_of_cells_overlap_as_the_cells_do(a in cells(), b in cells(), map in linear_map()) {
        let (area_a, area_b) = (cell_area(&a, map), cell_area(&b, map));
        let cell = (map[0] * map[3] - map[1] * map[2]) as f64 / 512.0 / 512.0;
        let common = a.intersection(&b).count() as f64 * cell;
        prop_assert!((extent(&area_a.intersection(&area_b)) - common).abs() < 1e-12);
        prop_assert!((extent(&area_b.intersection(&area_a)) - common).abs() < 1e-12);
    }

    #[test]
    fn any_two_stars_overlap_as_geo_says(a in star(), b in star(), shift in (-3_i64..3, -3_i64..3)) {
        let b = geo::MapCoords::map_coords(&b, |c| Coord { x: c.x + shift.0 as f64 / 512.0, y: c.y + shift.1 as f64 / 512.0 });
        let (area_a, area_b) = (Area::from_polygon(&a).unwrap(), Area::from_polygon(&b).unwrap());
        let expected = geo::Area::unsigned_area(&geo::BooleanOps::intersection(&a, &b));
        let found = extent(&area_a.intersection(&area_b));
        // geo rounds to 2^-30 of the extent.
        prop_assert!((found - expected).abs() < 1e-8, "{} {}", found, expected);
        prop_assert!((extent(&area_b.intersection(&area_a)) - found).abs() < 1e-15);
        let own = geo::Area::unsigned_area(&a);
        prop_assert!((extent(&area_a.intersection(&area_a)) - own).abs() < 1e-15);
        prop_assert_eq!(area_a.fault(), None);
    }

    #[test]
    fn a_ring_has_a_fault_where_geo_finds_one(points in prop::collection::vec((0_i64..6, 0_i64..6), 3..9)) {
        // geo takes a ring that turns back on itself for valid; the OGC does not.
        let mut distinct = points.clone();
        distinct.dedup();
        let turn = |at: usize| {
            let [a, b, c] = [0, 1, 2].map(|step| distinct[(at + step) % distinct.len()]);
            (b.0 - a.0) * (c.1 - b.1) - (b.1 - a.1) * (c.0 - b.0)
        };
        prop_assume!((0..distinct.len()).all(|at| turn(at) != 0));
        let polygon = Polygon::new(ring(points.clone()), vec![]);
        if let Ok(area) = Area::from_polygon(&polygon) {
            let plain = Polygon::new(ring(distinct), vec![]);
            prop_assert_eq!(area.fault().is_none(), geo::Validation::is_valid(&plain), "{:?}", polygon);
        }
    }

    #[test]
    fn any_two_stars_meet_as_geo_says(a in star(), b in star()) {
        let (area_a, area_b) = (Area::from_polygon(&a).unwrap(), Area::from_polygon(&b).unwrap());
        prop_assert_eq!(area_a.intersects(&area_b), a.intersects(&b));
        prop_assert_eq!(area_b.intersects(&area_a), a.intersects(&b));
        let relation = geo::Relate::relate(&a, &b);
        prop_assert_eq!(area_a.covers(&area_b), relation.is_covers());
        prop_assert_eq!(area_b.covers(&area_a), relation.is_coveredby());
    }

    #[test]
    fn shapes_of_any_kind_meet_as_geo_says(one in geometry(), other in geometry()) {
        let shape = |geometry: &Geometry<f64>| Shape::new(geometry).unwrap();
        let (own, its) = (shape(&one), shape(&other));
        prop_assert_eq!(own.intersects(&its), one.intersects(&other));
        prop_assert_eq!(its.intersects(&own), one.intersects(&other));
    }

    #[test]
    fn a_box_without_width_or_height_meets_what_its_line_or_point_meets(
        geometry in geometry(), spot in (-20_i64..20, -20_i64..20), reach in 0_i64..20, high: bool,
    ) {
        let (x, y) = spot;
        let (width, height) = if high { (0, reach) } else { (reach, 0) };
        let flat = Area::from_rect(Rect::of(at(x, y), at(x + width, y + height)));
        let line: Geometry<f64> = match reach {
            0 => geo::Point(coord(x, y)).into(),
            _ => ring([(x, y), (x + width, y + height)]).into(),
        };
        let shape = Shape::new(&geometry).unwrap();
        prop_assert_eq!(shape.is_in(&flat, Rule::Intersects), geometry.intersects(&line));
    }

    #[test]
    fn an_index_answers_as_a_walk_over_everything(
        stars in prop::collection::vec((star(), -300_i64..300, -300_i64..300), 1..120),
        drawn in star(),
        spots in prop::collection::vec((-400_i64..400, -400_i64..400), 1..20),
    ) {
        let move_by = |polygon: &Polygon<f64>, scale: f64, x: i64, y: i64| {
            geo::MapCoords::map_coords(polygon, |c| Coord {
                x: scale * c.x + x as f64 / 512.0,
                y: scale * c.y + y as f64 / 512.0,
            })
        };
        let areas: Vec<(u32, Area)> = stars
            .iter()
            .zip(0..)
            .map(|((star, x, y), key)| {
                (key, Area::from_polygon(&move_by(star, 1.0, *x, *y)).unwrap())
            })
            .collect();
        let index = Index::build(areas.iter().map(|(key, area)| (*key, Shape::Area(area.clone()))));
        let drawn = Area::from_polygon(&move_by(&drawn, 16.0, 0, 0)).unwrap();
        for rule in [Rule::RepresentativePoint, Rule::Intersects, Rule::Within] {
            let slow: Vec<u32> = areas
                .iter()
                .filter(|(_, area)| Shape::Area(area.clone()).is_in(&drawn, rule))
                .map(|(key, _)| *key)
                .collect();
            prop_assert_eq!(index.within(&drawn, rule), slow, "{:?}", rule);
        }
        for (x, y) in spots {
            let p = at(x, y);
            let slow: Vec<u32> = areas.iter().filter(|(_, area)| area.contains(p)).map(|(key, _)| *key).collect();
            prop_assert_eq!(index.at(p), slow);
            let around = Rect::of(p, at(x + 50, y - 30));
            let slow: Vec<u32> = areas.iter().filter(|(_, area)| area.rect().meets(&around)).map(|(key, _)| *key).collect();
            prop_assert_eq!(index.in_box(&around), slow);
            let mut slow: Vec<(f64, u32)> = areas
                .iter()
                .map(|(key, area)| (Shape::Area(area.clone()).distance_m(p), *key))
                .filter(|(distance, _)| *distance <= 9_000.0)
                .collect();
            slow.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            slow.truncate(5);
            let fast: Vec<(f64, u32)> = index.nearest(p, 5, 9_000.0).iter().map(|n| (n.distance_m, n.key)).collect();
            prop_assert_eq!(fast, slow);
        }
    }

    #[test]
    fn what_lies_along_a_line_is_what_geo_says(
        stars in prop::collection::vec((star(), -300_i64..300, -300_i64..300), 1..40),
        others in prop::collection::vec(prop::collection::vec((-400_i64..400, -400_i64..400), 1..4), 1..40),
        line in prop::collection::vec((-400_i64..400, -400_i64..400), 2..6),
    ) {
        let coord = |&(x, y): &(i64, i64)| Coord { x: x as f64 / 512.0, y: y as f64 / 512.0 };
        let through = |spots: &[(i64, i64)]| spots.iter().map(coord).collect::<geo::LineString<f64>>();
        let moved = |(star, x, y): &(Polygon<f64>, i64, i64)| {
            let by = coord(&(*x, *y));
            geo::Geometry::from(geo::MapCoords::map_coords(star, |c| c + by))
        };
        let other = |spots: &Vec<(i64, i64)>| match spots.as_slice() {
            [spot] => geo::Geometry::from(geo::Point::from(coord(spot))),
            spots => through(spots).into(),
        };
        // Points of the line, its own pieces, and what touches it at a corner are among them.
        let along = [line[..1].to_vec(), line[line.len() - 2..].to_vec()];
        let geometries: Vec<geo::Geometry<f64>> = (stars.iter().map(moved))
            .chain(others.iter().map(other))
            .chain(along.iter().map(other))
            .collect();
        let shapes = geometries.iter().zip(0..).map(|(geometry, key)| (key, Shape::new(geometry).unwrap()));
        let index = Index::build(shapes);
        let line = through(&line);
        let slow: Vec<u32> = (geometries.iter().zip(0..))
            .filter(|(geometry, _)| geometry.intersects(&line))
            .map(|(_, key)| key)
            .collect();
        prop_assert!(slow.len() >= 2);
        prop_assert_eq!(index.along(&Line::new(&line).unwrap()), slow);
    }

    #[test]
    fn a_tiling_gives_every_point_to_exactly_one(jitter in prop::collection::vec((-9_i64..=9, -9_i64..=9), 121), extra in 0_u8..3) {
        // 10 × 10 quadrilaterals over shared, moved corners; some edges carry a middle vertex.
        let corner = |i: usize, j: usize| {
            let edge = i == 0 || j == 0 || i == 10 || j == 10;
            let (dx, dy) = if edge { (0, 0) } else { jitter[i * 11 + j] };
            (i as i64 * 20 + dx, j as i64 * 20 + dy)
        };
        let mut areas = Vec::new();
        let mut probes = Vec::new();
        for i in 0..10 {
            for j in 0..10 {
                let corners = [corner(i, j), corner(i + 1, j), corner(i + 1, j + 1), corner(i, j + 1)];
                let mut points = Vec::new();
                for side in 0..4 {
                    let (a, b) = (corners[side], corners[(side + 1) % 4]);
                    points.push((4 * a.0, 4 * a.1));
                    let middle = (2 * (a.0 + b.0), 2 * (a.1 + b.1));
                    if extra > 0 {
                        points.push(middle);
                    }
                    probes.extend([(4 * a.0, 4 * a.1), middle, (3 * a.0 + b.0, 3 * a.1 + b.1)]);
                }
                let polygon = Polygon::new(ring(points), vec![]);
                areas.push(((i * 10 + j) as u32, Area::from_polygon(&polygon).unwrap()));
            }
        }
        let index = Index::build(areas.into_iter().map(|(key, area)| (key, Shape::Area(area))));
        for (x, y) in probes {
            let expected = usize::from(x < 800 && y < 800);
            for (dx, dy) in [(0, 0), (1, 0), (0, 1), (-1, 0), (0, -1)] {
                let p = Point { x: at(x, y).x + dx, y: at(x, y).y + dy };
                let inside = p.x >= 0 && p.y >= 0 && p.x < at(800, 0).x && p.y < at(0, 800).y;
                prop_assert_eq!(index.at(p).len(), usize::from(inside), "{:?}", p);
            }
            prop_assert_eq!(index.at(at(x, y)).len(), expected);
        }
    }
}

#[test]
fn a_jagged_giant_with_stripes_answers_as_a_walk_over_its_edges() {
    let polygon = Polygon::new(
        ring((0..20_000).map(|step| {
            let turn = f64::from(step) / 20_000.0 * std::f64::consts::TAU;
            let reach = 4_000.0 + 900.0 * (turn * 37.0).sin() + f64::from(step % 7) * 11.0;
            (
                (reach * turn.cos()).round() as i64,
                (reach * turn.sin()).round() as i64,
            )
        })),
        vec![],
    );
    let area = Area::from_polygon(&polygon).unwrap();
    let polygons = MultiPolygon(vec![polygon]);
    for step in 0..3_000_i64 {
        let p = Point {
            x: (step * 7_919_777 % 10_000_000_000) - 5_000_000_000,
            y: (step * 104_729_333 % 10_000_000_000) - 5_000_000_000,
        };
        assert_eq!(area.contains(p), slow_contains(&polygons, p), "{p:?}");
        let vertex = area.edges().nth(usize::try_from(step).unwrap()).unwrap().0;
        assert_eq!(
            area.contains(vertex),
            slow_contains(&polygons, vertex),
            "{vertex:?}"
        );
    }
}

#[test]
fn an_edit_is_seen_in_the_next_index_and_not_in_the_last() {
    let square = |x: i64| {
        let polygon = Polygon::new(ring([(x, 0), (x + 4, 0), (x + 4, 4), (x, 4)]), vec![]);
        Shape::new(&polygon.into()).unwrap()
    };
    let before = Index::build(vec![(0, square(0)), (1, square(10))]);
    let after = before.after([(1, Some(square(20).into())), (2, Some(square(30).into()))]);
    assert_eq!(
        (before.at(at(12, 2)), before.at(at(22, 2))),
        (vec![1], vec![])
    );
    assert_eq!(
        (
            after.at(at(12, 2)),
            after.at(at(22, 2)),
            after.at(at(31, 1))
        ),
        (vec![], vec![1], vec![2])
    );
    assert_eq!(after.len(), 3);
}
