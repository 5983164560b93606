//! Drawn, written, read again: what comes back is what went in, on the grid.

use std::sync::Arc;

use geo::{
    BoundingRect, Coord, GeodesicArea, Geometry, Intersects, LineString, MultiPoint, Polygon,
};
use proptest::prelude::*;
use yizhangtu_tiles::{
    AREA, COUNT, Canvas, EXTENT, Ground, Kind, LENGTH, Rules, Shape, SquareId, Survey, TileId,
    TilePoint, Value, mvt,
};

/// A place near 广州 in degrees.
fn place() -> impl Strategy<Value = Coord<f64>> {
    (113.2..113.6, 22.9..23.3).prop_map(|(x, y)| Coord { x, y })
}

/// A star-shaped outline around a place: `radii` in degrees.
fn star(centre: Coord<f64>, radii: &[f64]) -> LineString<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a few dozen corners")]
    let corners = radii.iter().enumerate().map(|(at, radius)| {
        let (sin, cos) = (at as f64 / radii.len() as f64 * std::f64::consts::TAU).sin_cos();
        Coord {
            x: centre.x + radius * cos,
            y: centre.y + radius * sin,
        }
    });
    let mut line = LineString::from_iter(corners);
    line.close();
    line
}

/// Where a place lies in a tile, by the textbook formula, in units with decimals.
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn exactly(tile: TileId, place: Coord<f64>) -> (f64, f64) {
    let tiles = f64::from(1_u32 << tile.z());
    let latitude = place.y.to_radians();
    let x = (place.x + 180.0) / 360.0 * tiles;
    let y =
        (1.0 - (latitude.tan() + 1.0 / latitude.cos()).ln() / std::f64::consts::PI) / 2.0 * tiles;
    (
        (x - f64::from(tile.x())) * EXTENT as f64,
        (y - f64::from(tile.y())) * EXTENT as f64,
    )
}

type Properties = Vec<(&'static str, Value<'static>)>;

/// Draws features of a layer, writes the tile and reads it.
fn drawn<'g>(
    tile: TileId,
    rules: &Rules<'_>,
    features: impl IntoIterator<Item = (u64, &'g Geometry<f64>, Properties)>,
) -> Vec<mvt::DecodedLayer> {
    let mut canvas = Canvas::new(tile, "test", rules);
    let features: Vec<_> = features.into_iter().collect();
    if tile.zoom() < rules.merge_below {
        let kind = |(name, value): &(&str, Value<'static>)| {
            (rules.merge_by == Some(*name)).then(|| value.clone())
        };
        let of = |(_, geometry, properties): &(u64, &'g Geometry<f64>, Properties)| {
            (*geometry, properties.iter().find_map(kind))
        };
        let all: Vec<_> = features.iter().map(of).collect();
        for square in SquareId::around(tile) {
            if let Some(ground) = ground(square, rules, &all) {
                canvas.cover(square, Arc::new(ground));
            }
        }
    }
    for (number, geometry, properties) in features {
        canvas.add(number, Shape::from(geometry).view(), properties);
    }
    mvt::decode(&mvt::encode(&[canvas.finish()])).unwrap()
}

/// The ground of a square: surveyed at the deepest zoom that is merged, put together from there up.
fn ground(
    square: SquareId,
    rules: &Rules<'_>,
    features: &[(&Geometry<f64>, Option<Value<'static>>)],
) -> Option<Ground> {
    let bounds = square.bounds();
    let meets = |geometry: &Geometry<f64>| {
        (geometry.bounding_rect()).is_some_and(|rect| rect.intersects(&bounds))
    };
    let near: Vec<_> = (features.iter())
        .filter(|(geometry, _)| meets(geometry))
        .cloned()
        .collect();
    if near.is_empty() {
        return None;
    }
    if square.zoom() + 1 < rules.merge_below {
        let quarters = square
            .quarters()
            .map(|quarter| ground(quarter, rules, &near));
        return Ground::of_quarters(quarters.each_ref().map(Option::as_ref), |_| true);
    }
    let mut survey = Survey::new(square);
    for (geometry, kind) in near {
        let m2 = || geometry.geodesic_area_unsigned();
        survey.add(Shape::from(geometry).view(), kind, m2);
    }
    survey.finish()
}

fn one(tile: TileId, geometry: &Geometry<f64>, rules: &Rules<'_>) -> Vec<mvt::DecodedLayer> {
    let properties = vec![("id", Value::from("a-1")), ("floors", Value::from(-3_i64))];
    drawn(tile, rules, [(42, geometry, properties)])
}

fn exact() -> Rules<'static> {
    Rules {
        exact_zoom: 0,
        ..Rules::default()
    }
}

fn area(ring: &[TilePoint]) -> i64 {
    (0..ring.len())
        .map(|at| (ring[at], ring[(at + 1) % ring.len()]))
        .map(|(a, b)| i64::from(a.x) * i64::from(b.y) - i64::from(b.x) * i64::from(a.y))
        .sum()
}

proptest! {
    /// No vertex strays by more than half a unit each way, and none is lost.
    #[test]
    fn points_come_back_within_half_a_unit(places in prop::collection::vec(place(), 1..20), z in 0_u8..=22) {
        let tile = TileId::containing(places[0], z).unwrap();
        let geometry = Geometry::MultiPoint(MultiPoint::from(places.clone()));
        let layers = one(tile, &geometry, &exact());
        let mut read = layers.iter().flat_map(|layer| layer.features[0].shape.view().points());
        for place in places {
            let (x, y) = exactly(tile, place);
            let kept = -64.0..=4160.0;
            if kept.contains(&x.round()) && kept.contains(&y.round()) {
                let point = read.next().unwrap();
                // Half a unit, and what the two formulas differ by in the last bits.
                prop_assert!((f64::from(point.x) - x).abs() <= 0.5 + 1e-4, "{x} {point:?}");
                prop_assert!((f64::from(point.y) - y).abs() <= 0.5 + 1e-4, "{y} {point:?}");
            }
        }
        prop_assert!(read.next().is_none());
    }

    /// A polygon inside a tile comes back vertex by vertex, turning as the standard says.
    #[test]
    fn polygons_turn_as_the_standard_says(
        centre in place(),
        outer in prop::collection::vec(0.0005..0.0009, 4..24),
        inner in prop::collection::vec(0.0001..0.0004, 4..12),
        reversed in any::<[bool; 2]>(),
        z in 14_u8..=17,
    ) {
        let mut rings = [star(centre, &outer), star(centre, &inner)];
        for (ring, reversed) in rings.iter_mut().zip(reversed) {
            if reversed {
                ring.0.reverse();
            }
        }
        let [exterior, hole] = rings;
        let geometry = Geometry::Polygon(Polygon::new(exterior, vec![hole]));
        let tile = TileId::containing(centre, z).unwrap();
        let layers = one(tile, &geometry, &exact());
        prop_assert_eq!(layers[0].version, 2);
        let feature = &layers[0].features[0];
        prop_assert_eq!(feature.number, 42);
        prop_assert_eq!(feature.get("id"), Some(&mvt::DecodedValue::Text("a-1".into())));
        prop_assert_eq!(feature.get("floors"), Some(&mvt::DecodedValue::Integer(-3)));
        for (kind, ring) in feature.shape.view().parts() {
            prop_assert_eq!(area(ring) > 0, kind == Kind::Exterior);
        }
    }

    /// Two tiles side by side hold the same vertices where their buffers overlap.
    #[test]
    fn neighbours_agree_along_their_border(
        z in 12_u8..=18,
        radii in prop::collection::vec(0.2..0.9, 5..40),
        row in 0.3..0.7,
    ) {
        let west = TileId::containing(Coord { x: 113.4, y: 23.1 }, z).unwrap();
        let east = TileId::new(z, west.x() + 1, west.y()).unwrap();
        let bounds = west.bounds();
        let centre = Coord {
            x: bounds.max().x,
            y: bounds.min().y + row * bounds.height(),
        };
        let radii: Vec<f64> = radii.iter().map(|radius| radius * bounds.height() / 2.0).collect();
        let geometry = Geometry::Polygon(Polygon::new(star(centre, &radii), Vec::new()));
        let near_border = |tile: TileId, shift: i64| -> Vec<(i64, i64)> {
            let layers = one(tile, &geometry, &exact());
            let mut vertices: Vec<(i64, i64)> = (layers[0].features[0].shape.view().points().iter())
                .map(|point| (i64::from(point.x) + shift, i64::from(point.y)))
                .filter(|&(x, y)| (EXTENT - 64..=EXTENT + 64).contains(&x) && (0..=EXTENT).contains(&y))
                .collect();
            vertices.sort_unstable();
            vertices
        };
        prop_assert_eq!(near_border(west, 0), near_border(east, EXTENT));
    }

    /// At exact zooms a feature is in the tile that holds it, however small it is.
    #[test]
    fn nothing_is_lost_at_exact_zooms(centre in place(), size in 1e-9..1e-4, z in 10_u8..=18) {
        let geometry = Geometry::Polygon(Polygon::new(star(centre, &[size; 5]), Vec::new()));
        let tile = TileId::containing(geometry.bounding_rect().unwrap().center(), z).unwrap();
        let layers = one(tile, &geometry, &exact());
        prop_assert_eq!(layers.len(), 1);
        let mut polygons = layers[0].features[0].shape.view().polygons();
        prop_assert!(polygons.all(|polygon| area(polygon.exterior) > 0));
    }
}

#[test]
fn a_coordinate_that_is_no_number_draws_nothing() {
    let tile = TileId::new(0, 0, 0).unwrap();
    let geometry = Geometry::Point(geo::Point::new(f64::NAN, 23.0));
    assert!(one(tile, &geometry, &exact()).is_empty());
}

#[test]
fn a_tile_with_nothing_in_it_is_empty() {
    let tile = TileId::new(15, 0, 0).unwrap();
    let geometry = Geometry::Point(geo::Point::new(113.0, 23.0));
    assert!(drawn(tile, &Rules::default(), [(1, &geometry, Vec::new())]).is_empty());
}

/// Houses along lanes: small squares with gaps, over several tiles.
fn houses() -> Vec<Geometry<f64>> {
    let mut houses = Vec::new();
    for row in 0..60 {
        for column in 0..60 {
            // Every seventh row a street, now and then a yard.
            if row % 7 == 0 || (row * 31 + column * 17) % 5 == 0 {
                continue;
            }
            let (west, south) = (
                113.4 + f64::from(column) * 0.000_15,
                23.1 + f64::from(row) * 0.000_14,
            );
            houses.push(Geometry::Polygon(
                geo::Rect::new((west, south), (west + 0.000_12, south + 0.000_11)).to_polygon(),
            ));
        }
    }
    houses
}

fn blocks(tile: TileId, houses: &[Geometry<f64>]) -> Vec<mvt::DecodedLayer> {
    let rules = Rules {
        merge_below: 15,
        ..Rules::default()
    };
    let houses = (0..).zip(houses);
    drawn(
        tile,
        &rules,
        houses.map(|(number, house)| (number, house, Vec::new())),
    )
}

fn tiles_of(z: u8) -> Vec<TileId> {
    let low = TileId::containing(Coord { x: 113.4, y: 23.11 }, z).unwrap();
    let high = TileId::containing(Coord { x: 113.41, y: 23.1 }, z).unwrap();
    (low.x()..=high.x())
        .flat_map(|x| (low.y()..=high.y()).map(move |y| TileId::new(z, x, y).unwrap()))
        .collect()
}

#[test]
fn blocks_count_every_house_once() {
    let houses = houses();
    for z in 8..15 {
        let counted: i64 = tiles_of(z)
            .into_iter()
            .flat_map(|tile| blocks(tile, &houses))
            .flat_map(|layer| layer.features)
            .map(|feature| match feature.get("count") {
                Some(mvt::DecodedValue::Integer(count)) => *count,
                other => panic!("a block counts its houses: {other:?}"),
            })
            .sum();
        assert_eq!(usize::try_from(counted).unwrap(), houses.len(), "zoom {z}");
    }
}

/// Whether a place, in units of a tile, is drawn.
fn is_drawn(layers: &[mvt::DecodedLayer], (px, py): (f64, f64)) -> bool {
    let mut inside = false;
    for feature in layers.iter().flat_map(|layer| &layer.features) {
        for (_, ring) in feature.shape.view().parts() {
            for at in 0..ring.len() {
                let (a, b) = (ring[at], ring[(at + 1) % ring.len()]);
                let (ay, by) = (f64::from(a.y), f64::from(b.y));
                if (ay <= py) != (by <= py) {
                    let x =
                        f64::from(a.x) + (py - ay) / (by - ay) * (f64::from(b.x) - f64::from(a.x));
                    inside ^= px < x;
                }
            }
        }
    }
    inside
}

#[test]
fn blocks_agree_along_the_borders_of_tiles() {
    let houses = houses();
    for z in [13, 14] {
        for west in tiles_of(z) {
            let east = TileId::new(z, west.x() + 1, west.y()).unwrap();
            let (left, right) = (blocks(west, &houses), blocks(east, &houses));
            // Further out the outermost cells drawn begin to tell.
            for column in -5..5 {
                for row in 0..512 {
                    // The middles of cells, off the slopes that go through them.
                    let (x, y) = (f64::from(column) * 8.0 + 4.3, f64::from(row) * 8.0 + 4.1);
                    assert_eq!(
                        is_drawn(&left, (x + 4096.0, y)),
                        is_drawn(&right, (x, y)),
                        "{west} at {x}, {y}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_lone_house_is_still_seen_from_afar() {
    let house = [Geometry::Polygon(
        geo::Rect::new((113.4, 23.1), (113.400_1, 23.100_1)).to_polygon(),
    )];
    for z in 9..15 {
        let tile = TileId::containing(Coord { x: 113.4, y: 23.1 }, z).unwrap();
        assert!(!blocks(tile, &house).is_empty(), "zoom {z}");
    }
}

#[test]
fn kinds_of_ground_are_told_apart_and_counted() {
    let houses = houses();
    let rules = Rules {
        merge_below: 15,
        merge_by: Some("use"),
        ..Rules::default()
    };
    let mut counts = [0, 0];
    for tile in tiles_of(13) {
        let used = |number: u64| {
            // Factories in the south.
            vec![("use", Value::from(if number < 1000 { "工" } else { "住" }))]
        };
        let houses = (0..).zip(&houses);
        let houses = houses.map(|(number, house)| (number, house, used(number)));
        for feature in &drawn(tile, &rules, houses)[0].features {
            let Some(mvt::DecodedValue::Integer(count)) = feature.get("count") else {
                panic!("blocks count")
            };
            let factories = feature.get("use") == Some(&mvt::DecodedValue::Text("工".into()));
            counts[usize::from(factories)] += count;
        }
    }
    assert_eq!(counts[1], 1000);
    assert_eq!(
        usize::try_from(counts[0] + counts[1]).unwrap(),
        houses.len()
    );
}

/// Short pieces of three roads that wind through the town and cross, cut every few metres.
fn road_pieces() -> Vec<Geometry<f64>> {
    let mut pieces = Vec::new();
    for road in 0..3 {
        let at = |step: i32| {
            let along = f64::from(step) * 0.000_05;
            let aside = (f64::from(step) / 9.0 + f64::from(road)).sin() * 0.0006;
            match road {
                0 => (113.4 + along, 23.105 + aside),
                1 => (113.405 + aside, 23.1 + along),
                _ => (113.4 + along, 23.1 + along + aside),
            }
        };
        for step in (0..200).step_by(4) {
            let line: LineString<f64> = (step..=step + 4).map(at).collect();
            pieces.push(Geometry::LineString(line));
        }
    }
    pieces
}

fn merged(tile: TileId, features: &[Geometry<f64>]) -> Vec<mvt::DecodedFeature> {
    let rules = Rules {
        merge_below: 17,
        merge_by: Some("class"),
        ..Rules::default()
    };
    let class = |number: u64| {
        let class = if number.is_multiple_of(3) { "a" } else { "b" };
        vec![("class", Value::from(class))]
    };
    let features = (0..).zip(features);
    let features = features.map(|(number, geometry)| (number, geometry, class(number)));
    let layers = drawn(tile, &rules, features);
    layers
        .into_iter()
        .flat_map(|layer| layer.features)
        .collect()
}

fn sum(features: &[mvt::DecodedFeature], name: &str) -> f64 {
    let values = features.iter().filter_map(|feature| feature.get(name));
    values
        .map(|value| match value {
            mvt::DecodedValue::Integer(number) => *number as f64,
            mvt::DecodedValue::Decimal(number) => *number,
            other => panic!("{name} is a number: {other:?}"),
        })
        .sum()
}

/// What is merged keeps its number and its size, over all tiles of every zoom.
#[test]
fn merged_features_add_up_to_the_truth() {
    use geo::{Geodesic, Length};
    let (roads, houses) = (road_pieces(), houses());
    let posts: Vec<Geometry<f64>> = (0..500)
        .map(|at| {
            geo::Point::new(
                113.4 + f64::from(at * 37 % 500) * 2e-5,
                23.1 + f64::from(at) * 2e-5,
            )
            .into()
        })
        .collect();
    let length: f64 = roads
        .iter()
        .map(|road| match road {
            Geometry::LineString(line) => Geodesic.length(line),
            _ => 0.0,
        })
        .sum();
    let area: f64 = houses
        .iter()
        .map(GeodesicArea::geodesic_area_unsigned)
        .sum();
    for z in [6, 10, 13, 15, 16] {
        let all = |features: &[Geometry<f64>]| -> Vec<_> {
            tiles_of(z)
                .into_iter()
                .flat_map(|tile| merged(tile, features))
                .collect()
        };
        let (net, ground, clusters) = (all(&roads), all(&houses), all(&posts));
        assert_eq!(sum(&net, COUNT), roads.len() as f64, "zoom {z}");
        assert_eq!(sum(&ground, COUNT), houses.len() as f64, "zoom {z}");
        assert_eq!(sum(&clusters, COUNT), posts.len() as f64, "zoom {z}");
        assert!((sum(&net, LENGTH) / length - 1.0).abs() < 1e-6, "zoom {z}");
        assert!((sum(&ground, AREA) / area - 1.0).abs() < 1e-6, "zoom {z}");
        assert!(clusters.len() <= posts.len() && clusters.iter().all(|one| one.number == 0));
    }
}

/// The net of one tile goes on in the next: what both know is the same edges.
#[test]
fn nets_agree_along_the_borders_of_tiles() {
    let roads = road_pieces();
    // Which places, a unit apart, near the border lie on the net.
    let on = |tile: TileId, shift: i32| -> std::collections::BTreeSet<(i32, i32)> {
        let mut places = std::collections::BTreeSet::new();
        for feature in merged(tile, &roads) {
            for ends in feature
                .shape
                .view()
                .lines()
                .flat_map(|line| line.windows(2))
            {
                let (a, b) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
                let steps = (b.x - a.x).max((b.y - a.y).abs()).max(1);
                for step in 0..=steps {
                    let part = f64::from(step) / f64::from(steps);
                    let x = f64::from(a.x) + part * f64::from(b.x - a.x);
                    let y = f64::from(a.y) + part * f64::from(b.y - a.y);
                    let x = x.round() as i32 + shift;
                    if (-8..=8).contains(&x) && (0..4096).contains(&a.y) && (0..4096).contains(&b.y)
                    {
                        places.insert((x, y.round() as i32));
                    }
                }
            }
        }
        places
    };
    let mut compared = 0;
    for west in tiles_of(16) {
        let east = TileId::new(16, west.x() + 1, west.y()).unwrap();
        let (left, right) = (on(west, -4096), on(east, 0));
        // Lines are joined differently, so a slope may be rounded to the place beside.
        for (from, to) in [(&left, &right), (&right, &left)] {
            for &(x, y) in from {
                let near = (-1..=1).any(|dy| (-1..=1).any(|dx| to.contains(&(x + dx, y + dy))));
                assert!(near || x.abs() > 6, "{west}: {x}, {y}");
                compared += 1;
            }
        }
    }
    assert!(compared > 20, "{compared}");
}
