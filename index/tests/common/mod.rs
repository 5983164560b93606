//! Areas on the bare lattice, and the rules read word for word.

use geo::{LineString, MultiPolygon, Polygon};
use rand::{RngExt, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use yizhangtu_index::{Area, Point, Rect, Rule, Shape};

/// A ring of lattice points in degrees: snapping gives the same points.
pub(crate) fn ring(points: &[Point]) -> LineString<f64> {
    points.iter().map(|p| (p.lon(), p.lat())).collect()
}

/// An area of one ring.
pub(crate) fn area(points: &[Point]) -> Option<Area> {
    Area::from_polygon(&Polygon::new(ring(points), vec![])).ok()
}

/// An area of several rings, each a part or a hole, whatever they cross.
pub(crate) fn area_of(rings: &[Vec<Point>]) -> Option<Area> {
    let polygons = rings
        .iter()
        .map(|points| Polygon::new(ring(points), vec![]))
        .collect();
    Area::from_multi_polygon(&MultiPolygon(polygons)).ok()
}

/// The half-open rule: an odd number of edges lies east of the point, which is moved by a
/// little towards the east and by less towards the north.
pub(crate) fn slow_contains(area: &Area, p: Point) -> bool {
    let crossed = area.edges().filter(|&(a, b)| {
        let (low, high) = if a.y < b.y { (a, b) } else { (b, a) };
        low.y <= p.y
            && p.y < high.y
            && i128::from(p.x - low.x) * i128::from(high.y - low.y)
                < i128::from(p.y - low.y) * i128::from(high.x - low.x)
    });
    crossed.count() % 2 == 1
}

/// Keys of the areas that contain a point, one by one.
pub(crate) fn slow_at(areas: &[(u32, Shape)], p: Point) -> Vec<u32> {
    (areas.iter())
        .filter(|(_, shape)| shape.area().is_some_and(|area| slow_contains(area, p)))
        .map(|(key, _)| *key)
        .collect()
}

/// Keys of what counts as being in an area, one by one.
pub(crate) fn slow_within(shapes: &[(u32, Shape)], area: &Area, rule: Rule) -> Vec<u32> {
    (shapes.iter())
        .filter(|(_, shape)| shape.is_in(area, rule))
        .map(|(key, _)| *key)
        .collect()
}

/// A star around a point: reaches between a tenth of the size and all of it.
pub(crate) fn star(
    random: &mut ChaCha8Rng,
    centre: Point,
    size: i64,
    corners: usize,
) -> Vec<Point> {
    let begin: f64 = random.random_range(0.0..7.0);
    (0..corners)
        .map(|step| {
            let turn = begin + step as f64 / corners as f64 * std::f64::consts::TAU;
            let reach = size as f64 * random.random_range(0.1..1.0);
            Point {
                x: centre.x + (reach * turn.cos()) as i64,
                y: centre.y + (reach * turn.sin()) as i64,
            }
        })
        .collect()
}

/// Points where an answer is most easily wrong: at vertices, on edges, a unit beside them,
/// and anywhere.
pub(crate) fn probes(random: &mut ChaCha8Rng, areas: &[(u32, Shape)], count: usize) -> Vec<Point> {
    let all = areas
        .iter()
        .map(|(_, shape)| shape.rect())
        .reduce(|a, b| a.join(&b));
    let all = all.unwrap_or(Rect::of(Point { x: 0, y: 0 }, Point { x: 9, y: 9 }));
    (0..count)
        .map(|at| {
            if at % 4 == 0 || areas.is_empty() {
                return Point {
                    x: random.random_range(all.min.x - 9..=all.max.x + 9),
                    y: random.random_range(all.min.y - 9..=all.max.y + 9),
                };
            }
            let (_, shape) = areas.choose(random).expect("there are some");
            let Some(area) = shape.area() else {
                return shape.representative();
            };
            let edges: Vec<_> = area.edges().collect();
            let (a, b) = *edges.choose(random).expect("an area has edges");
            let along = random.random_range(0..=1_000);
            let on = |from: i64, to: i64| from + (to - from) * along / 1_000;
            let place = match at % 4 {
                1 => a,
                _ => Point {
                    x: on(a.x, b.x),
                    y: on(a.y, b.y),
                },
            };
            Point {
                x: place.x + random.random_range(-1..=1),
                y: place.y + random.random_range(-1..=1),
            }
        })
        .collect()
}
