//! Tiles of a million houses, cold and one after the other: how fast, how slow the slowest,
//! how large.
//!
//! `cargo run --release --bin yizhangtu-bench-tiles [few] [--write FILE.geojsonl]`; the file
//! is what other programs are given to draw the same from.

#[path = "../land.rs"]
#[expect(dead_code, reason = "the index is measured on more of the land")]
mod land;
#[path = "../measure.rs"]
#[expect(dead_code, reason = "the index is measured by more means")]
mod measure;

use std::{
    fs::File,
    io::{BufWriter, Write},
    sync::Arc,
};

use cpu_time::ThreadTime;
use flate2::{Compression, write::GzEncoder};
use geo::{Coord, Geometry};
use yizhangtu_index::{Area, Index, Point, Rect, Shape};
use yizhangtu_tiles::{Feature, Rules, TileId, Value, draw, feature_number, mvt};

use land::{Land, polygon};
use measure::{median, quantile, span};

/// From this zoom on a house carries its id and number, as in the server's tiles.
const NAMED_FROM: u8 = 16;

/// What houses are used for, as often as in a village.
const USES: [&str; 4] = ["住宅", "住宅", "商住", "厂房"];

struct House {
    id: String,
    number: u64,
    geometry: Geometry<f64>,
    used_for: &'static str,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let few = arguments.iter().any(|word| word == "few");
    let (grids, count) = if few { (12, 20_000) } else { (71, 1_000_000) };
    let land = Land::new(grids, count, 1);
    let houses: Vec<House> = land.houses.iter().enumerate().map(house).collect();
    let index = Index::build((0..).zip(&land.houses).map(|(key, ring)| {
        let area = Area::from_polygon(&polygon(ring)).expect("a polygon");
        (key, Shape::Area(Arc::new(area)))
    }));
    if let Some(at) = arguments.iter().position(|word| word == "--write") {
        write(&arguments[at + 1], &houses).expect("the file is written");
    }
    println!(
        "{} houses; one thread, its own time; gzip made with each tile",
        houses.len()
    );
    println!(
        "zoom  tiles  tiles/s     median        p95       most   gzip most    mean    all  houses most"
    );
    let rules = Rules {
        merge_below: 15,
        number_from: NAMED_FROM,
        merge_by: Some("use".into()),
        ..Rules::default()
    };
    let bounds = index.rect().expect("houses");
    let (mut all_tiles, mut all_time, mut all_times) = (0_usize, 0.0, Vec::new());
    for z in 10..=17 {
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
            let features = keys
                .into_iter()
                .map(|key| feature(&houses[key as usize], z));
            let bytes = mvt::encode(&[draw(tile, "building", &rules, features)]);
            let size = gzip(&bytes);
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
        if z >= 13 {
            all_tiles += times.len();
            all_time += time;
            all_times.extend(times);
        }
    }
    println!(
        "z13 to z17, each once: {all_tiles} tiles, {:.0} a second a processor, p95 {}",
        all_tiles as f64 / all_time * 1e9,
        span(quantile(&all_times, 0.95)),
    );
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
        geometry: polygon(ring).into(),
        used_for: USES[at % USES.len()],
    }
}

fn feature(house: &House, z: u8) -> Feature<'_> {
    let mut properties = vec![("use", Value::from(house.used_for))];
    if z >= NAMED_FROM {
        properties.push(("id", Value::from(house.id.as_str())));
    }
    Feature {
        number: house.number,
        geometry: &house.geometry,
        properties,
    }
}

/// The tiles that meet a rectangle.
fn over(bounds: &Rect, z: u8) -> impl Iterator<Item = TileId> {
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

fn gzip(bytes: &[u8]) -> usize {
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    out.write_all(bytes).expect("memory");
    out.finish().expect("memory").len()
}

/// One GeoJSON feature a line.
fn write(path: &str, houses: &[House]) -> std::io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    for house in houses {
        let Geometry::Polygon(polygon) = &house.geometry else {
            continue;
        };
        let ring: Vec<[f64; 2]> = polygon.exterior().coords().map(|at| [at.x, at.y]).collect();
        let feature = serde_json::json!({
            "type": "Feature",
            "properties": { "id": house.id, "use": house.used_for },
            "geometry": { "type": "Polygon", "coordinates": [ring] },
        });
        writeln!(out, "{feature}")?;
    }
    out.flush()
}
