//! The engine alone: tiles drawn and compressed one after the other, on one thread.

use std::{collections::HashMap, sync::Arc};

use cpu_time::ThreadTime;
use geo::Coord;
use libdeflater::{CompressionLvl, Compressor};
use yizhangtu_index::{Area, Index, Point, Rect, Shape, ring_m2};
use yizhangtu_tiles::{
    Canvas, Ground, Rules, Shape as Drawing, SquareId, Survey, TileId, Value, feature_number, mvt,
};

use crate::{
    land::{Land, polygon},
    measure::{median, quantile, span},
    server::used_for,
};

/// From this zoom on a house carries its id and number, as in the server's tiles.
const NAMED_FROM: u8 = 16;

struct House {
    id: String,
    number: u64,
    place: Drawing<Coord<f64>>,
    used_for: &'static str,
}

impl House {
    /// Square metres, as the server measures them.
    fn m2(&self) -> f64 {
        let rings = self.place.view().polygons().map(|own| own.exterior);
        rings.map(|ring| ring_m2(ring).abs()).sum()
    }
}

/// Prints what each zoom takes.
pub fn run(land: &Land) {
    let houses: Vec<House> = land.houses.iter().enumerate().map(house).collect();
    let index = Index::build((0..).zip(&land.houses).map(|(key, ring)| {
        let area = Area::from_polygon(&polygon(ring)).expect("a polygon");
        (key, Shape::Area(area))
    }));
    println!(
        "{} houses; one thread, its own time; gzip made with each tile; the ground surveyed once",
        houses.len()
    );
    println!(
        "zoom  tiles  tiles/s     median        p95       most   gzip most    mean    all  houses most"
    );
    let rules = Rules {
        merge_below: 15,
        number_from: NAMED_FROM,
        merge_by: Some("use"),
        ..Rules::default()
    };
    let bounds = index.rect().expect("houses");
    let mut town = Town {
        houses: &houses,
        index: &index,
        grounds: HashMap::new(),
    };
    let (mut all_tiles, mut all_time, mut all_times) = (0_usize, 0.0, Vec::new());
    for z in 13..=17 {
        let (mut times, mut sizes, mut most) = (Vec::new(), Vec::new(), 0);
        for tile in over(&bounds, z) {
            let began = ThreadTime::now();
            let window = rect(tile.bounds_with_buffer(rules.reach(z)));
            let mut keys = index.in_box(&window);
            if keys.is_empty() {
                continue;
            }
            keys.sort_unstable();
            most = most.max(keys.len());
            let mut canvas = Canvas::new(tile, "building", &rules);
            if z < rules.merge_below {
                for square in SquareId::around(tile) {
                    if let Some(ground) = town.ground(square, &rules) {
                        canvas.cover(square, ground);
                    }
                }
                keys.clear();
            }
            canvas.reserve(keys.len());
            for house in keys.into_iter().map(|key| &houses[key as usize]) {
                let id = (z >= NAMED_FROM).then(|| ("id", Value::from(house.id.as_str())));
                let properties = [("use", Value::from(house.used_for))].into_iter().chain(id);
                canvas.add(house.number, house.place.view(), properties);
            }
            let bytes = mvt::encode(&[canvas.finish()]);
            let size = gzip(&bytes, level(z));
            times.push(began.elapsed().as_nanos() as f64);
            sizes.push(size as f64);
        }
        let time: f64 = times.iter().sum();
        println!(
            "{z:4} {:6} {:8.0} {:>10} {:>10} {:>10} {:8.1} KB {:4.1} KB {:6.1} MB {most:6}",
            times.len(),
            times.len() as f64 / time * 1e9,
            span(median(&times)),
            span(quantile(&times, 0.95)),
            span(quantile(&times, 1.0)),
            quantile(&sizes, 1.0) / 1e3,
            sizes.iter().sum::<f64>() / sizes.len() as f64 / 1e3,
            sizes.iter().sum::<f64>() / 1e6,
        );
        all_tiles += times.len();
        all_time += time;
        all_times.extend(times);
    }
    println!(
        "z13 to z17, each once: {all_tiles} tiles, {:.0} a second a processor, p95 {}",
        all_tiles as f64 / all_time * 1e9,
        span(quantile(&all_times, 0.95)),
    );
}

/// Houses with the ground that they cover, kept as the server keeps it.
struct Town<'a> {
    houses: &'a [House],
    index: &'a Index,
    grounds: HashMap<SquareId, Option<Arc<Ground>>>,
}

impl Town<'_> {
    fn ground(&mut self, square: SquareId, rules: &Rules<'_>) -> Option<Arc<Ground>> {
        if let Some(known) = self.grounds.get(&square) {
            return known.clone();
        }
        let ground = self.made(square, rules).map(Arc::new);
        self.grounds.insert(square, ground.clone());
        ground
    }

    fn made(&mut self, square: SquareId, rules: &Rules<'_>) -> Option<Ground> {
        let keys = self.index.in_box(&rect(square.bounds()));
        if keys.is_empty() {
            return None;
        }
        if square.zoom() + 1 < rules.merge_below {
            let quarters = (square.quarters()).map(|quarter| self.ground(quarter, rules));
            return Ground::of_quarters(quarters.each_ref().map(Option::as_deref), |_| true);
        }
        let mut survey = Survey::new(square);
        for house in keys.into_iter().map(|key| &self.houses[key as usize]) {
            survey.add(house.place.view(), Some(house.used_for.into()), || {
                house.m2()
            });
        }
        survey.finish()
    }
}

fn house((at, ring): (usize, &Vec<Point>)) -> House {
    // As long and as varied as a ULID: 80 random bits behind the time.
    const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let bits = u128::from(feature_number(&at.to_string())) * 0x9E37_79B9_7F4A_7C15;
    let random = (0..16).map(|place| DIGITS[(bits >> (5 * place)) as usize & 31] as char);
    let id: String = "01KAKJ9E00".chars().chain(random).collect();
    House {
        number: feature_number(&id),
        id,
        place: Drawing::from(&polygon(ring).into()),
        used_for: used_for(at),
    }
}

/// The tiles that meet a rectangle.
pub fn over(bounds: &Rect, z: u8) -> impl Iterator<Item = TileId> {
    let at = |x, y| TileId::containing(Coord { x, y }, z).expect("on earth");
    let low = at(bounds.min.lon(), bounds.max.lat());
    let high = at(bounds.max.lon(), bounds.min.lat());
    (low.y()..=high.y()).flat_map(move |y| {
        (low.x()..=high.x()).map(move |x| TileId::new(z, x, y).expect("in the grid"))
    })
}

fn rect(bounds: geo::Rect<f64>) -> Rect {
    let corner = |at: Coord<f64>| Point::snap(at.x, at.y).expect("on earth");
    Rect::of(corner(bounds.min()), corner(bounds.max()))
}

/// How hard the server compresses at a zoom.
fn level(z: u8) -> i32 {
    match z {
        ..15 => 4,
        15 => 6,
        _ => 1,
    }
}

/// Compresses as the server does.
fn gzip(bytes: &[u8], level: i32) -> usize {
    let mut compressor = Compressor::new(CompressionLvl::new(level).expect("a level"));
    let mut out = vec![0; compressor.gzip_compress_bound(bytes.len())];
    compressor.gzip_compress(bytes, &mut out).expect("room")
}
