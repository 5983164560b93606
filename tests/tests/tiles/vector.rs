//! Tiles as a map asks for them.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use geo::Coord;
use yizhangtu_tests::{Reply, Server};
use yizhangtu_tiles::{
    TileId,
    mvt::{self, DecodedFeature, DecodedValue},
};

use super::fixture::{CORNER, ROWS, add_house, bounds, town};

fn served() -> (tempfile::TempDir, Server) {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(&town(folder.path()));
    (folder, server)
}

/// The tiles over the town at a zoom.
fn tiles(z: u8) -> Vec<TileId> {
    let [west, south, east, north] = bounds();
    let at = |x, y| TileId::containing(Coord { x, y }, z).expect("in the grid");
    let (low, high) = (at(west, north), at(east, south));
    (low.x()..=high.x())
        .flat_map(|x| (low.y()..=high.y()).map(move |y| TileId::new(z, x, y).expect("in the grid")))
        .collect()
}

fn read(reply: &Reply) -> Vec<DecodedFeature> {
    if reply.status == 204 {
        return Vec::new();
    }
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.header("content-type"), Some(mvt::MEDIA_TYPE));
    let layers = mvt::decode(&reply.body).expect("a tile");
    layers
        .into_iter()
        .flat_map(|layer| layer.features)
        .collect()
}

fn id(feature: &DecodedFeature) -> String {
    match feature.get("id") {
        Some(DecodedValue::Text(id)) => id.clone(),
        other => panic!("an id is a text: {other:?}"),
    }
}

#[test]
fn every_house_is_in_the_tiles_of_the_deepest_zoom() {
    let (_folder, server) = served();
    let mut seen = BTreeSet::new();
    let mut numbers = BTreeSet::new();
    for tile in tiles(17) {
        for feature in read(&server.get(&format!("/tiles/house/{tile}"))) {
            assert_eq!(feature.shape.view().polygons().count(), 1);
            seen.insert(id(&feature));
            numbers.insert(feature.number);
        }
    }
    let matched = server.get("/collections/house/items?limit=1").json()["numberMatched"].clone();
    assert_eq!(matched.as_u64(), Some(u64::from(ROWS * ROWS)));
    assert_eq!(seen.len() as u64, matched.as_u64().unwrap_or_default());
    assert_eq!(numbers.len(), seen.len());
    let some = seen.first().expect("houses");
    let item = server.get(&format!("/collections/house/items/{some}"));
    assert_eq!(item.status, 200, "the id of a tile leads to the feature");
}

/// 天地图's grid: its level 17 shows what zoom 17 of the usual one does.
#[test]
fn every_house_is_in_the_tiles_of_degrees_too() {
    let (_folder, server) = served();
    let [west, south, east, north] = bounds();
    let side = 180.0 / f64::from(1 << 16);
    let column = |x: f64| ((x + 180.0) / side) as u32;
    let row = |y: f64| ((90.0 - y) / side) as u32;
    let mut seen = BTreeSet::new();
    for (x, y) in
        (column(west)..=column(east)).flat_map(|x| (row(north)..=row(south)).map(move |y| (x, y)))
    {
        let of = |matrix: &str, z: u32| format!("/collections/house/tiles/{matrix}/{z}/{y}/{x}");
        let reply = server.get(&of("c", 17));
        assert_eq!(reply.body, server.get(&of("WorldCRS84Quad", 16)).body);
        for feature in read(&reply) {
            let corner = feature.shape.view().points()[0];
            let place = [
                f64::from(x) * side - 180.0 + side * f64::from(corner.x) / 4096.0,
                90.0 - f64::from(y) * side - side * f64::from(corner.y) / 4096.0,
            ];
            assert!((west - side..east + side).contains(&place[0]), "{place:?}");
            assert!(
                (south - side..north + side).contains(&place[1]),
                "{place:?}"
            );
            seen.insert(id(&feature));
        }
    }
    assert_eq!(seen.len() as u64, u64::from(ROWS * ROWS));
    let set = server.get("/collections/house/tiles/c").json();
    assert_eq!(set["layers"][0]["maxTileMatrix"], "17");
    let definition = server.get("/tileMatrixSets/c").json();
    assert_eq!(definition["orderedAxes"], serde_json::json!(["Lat", "Lon"]));
    assert_eq!(server.get("/collections/house/tiles/c/0/0/0").status, 404);
}

#[test]
fn from_afar_blocks_count_every_house_once() {
    let (_folder, server) = served();
    for z in [9, 11, 12] {
        let mut count = 0;
        for tile in tiles(z) {
            for feature in read(&server.get(&format!("/tiles/house/{tile}.mvt"))) {
                match feature.get("count") {
                    Some(DecodedValue::Integer(houses)) => count += houses,
                    other => panic!("blocks count their houses: {other:?}"),
                }
            }
        }
        assert_eq!(count, i64::from(ROWS * ROWS), "zoom {z}");
    }
}

#[test]
fn the_document_says_where_the_tiles_are() {
    let (_folder, server) = served();
    let document = server.get("/tiles/house,post.json").json();
    assert_eq!(document["tilejson"], "3.0.0");
    let layers = document["vector_layers"].as_array().expect("layers");
    let ids: Vec<_> = layers.iter().map(|layer| layer["id"].as_str()).collect();
    assert_eq!(ids, [Some("house"), Some("post")]);
    assert_eq!(layers[0]["fields"]["name"], "String");
    let given = document["bounds"].as_array().expect("bounds");
    for (given, here) in given.iter().zip(bounds()) {
        assert!((given.as_f64().expect("a number") - here).abs() < 1e-8);
    }
    let corner = Coord {
        x: CORNER.0,
        y: CORNER.1,
    };
    let tile = TileId::containing(corner, 15).expect("in the grid");
    let address = document["tiles"][0].as_str().expect("an address");
    let path = address
        .replace("{z}", &tile.z().to_string())
        .replace("{x}", &tile.x().to_string())
        .replace("{y}", &tile.y().to_string());
    let path = path
        .strip_prefix(&server.url)
        .expect("an address of this server");
    let names: BTreeSet<String> = mvt::decode(&server.get(path).body)
        .expect("a tile")
        .into_iter()
        .map(|layer| layer.name)
        .collect();
    assert_eq!(
        names,
        BTreeSet::from(["house".to_owned(), "post".to_owned()])
    );
}

#[test]
fn the_standard_path_gives_the_same_tile() {
    let (_folder, server) = served();
    let tile = tiles(16)[0];
    let xyz = server.get(&format!("/tiles/house/{tile}"));
    let (z, x, y) = (tile.z(), tile.x(), tile.y());
    let standard = server.get(&format!(
        "/collections/house/tiles/WebMercatorQuad/{z}/{y}/{x}"
    ));
    assert_eq!(standard.status, 200);
    assert_eq!(xyz.body, standard.body);
    let set = server
        .get("/collections/house/tiles/WebMercatorQuad")
        .json();
    assert_eq!(set["dataType"], "vector");
    let matrix = server.get("/tileMatrixSets/WebMercatorQuad").json();
    assert_eq!(matrix["tileMatrices"][17]["matrixWidth"], 131_072);
}

#[test]
fn a_tile_is_sent_once_and_compressed_as_asked() {
    let (_folder, server) = served();
    let path = format!("/tiles/house/{}", tiles(15)[0]);
    for (coding, magic) in [
        ("gzip", &[0x1f, 0x8b][..]),
        ("zstd", &[0x28, 0xb5, 0x2f, 0xfd]),
    ] {
        let reply = server.get_with(&path, &[("accept-encoding", coding)]);
        assert_eq!(reply.header("content-encoding"), Some(coding));
        assert!(reply.body.starts_with(magic), "{coding}");
    }
    let plain = server.get(&path);
    let brotli = server.get_with(&path, &[("accept-encoding", "br")]);
    assert_eq!(brotli.header("content-encoding"), Some("br"));
    assert!(brotli.body.len() < plain.body.len());
    let tag = brotli.header("etag").expect("a tag").to_owned();
    assert_ne!(
        Some(tag.as_str()),
        plain.header("etag"),
        "each coding has its own tag"
    );
    let known = server.get_with(&path, &[("accept-encoding", "br"), ("if-none-match", &tag)]);
    assert_eq!((known.status, known.body.len()), (304, 0));
    assert_eq!(known.header("etag"), Some(tag.as_str()));
}

#[test]
fn what_is_not_there_is_said_plainly() {
    let (_folder, server) = served();
    let status = |path: &str| server.get(path).status;
    assert_eq!(status("/tiles/house/10/0/0"), 204);
    assert_eq!(status("/tiles/house/3/8/0"), 404);
    assert_eq!(status("/tiles/house/99/0/0"), 404);
    assert_eq!(status("/tiles/house/3/-1/0"), 400);
    assert_eq!(status("/tiles/house/z/0/0"), 400);
    assert_eq!(status("/tiles/house/3/0/0.png"), 404);
    assert_eq!(status("/collections/house/tiles/OtherQuad/3/0/0"), 404);
    let unknown = server.get("/tiles/house,castle/3/0/0");
    assert_eq!(unknown.status, 404);
    assert_eq!(
        unknown.header("content-type"),
        Some("application/problem+json")
    );
    let detail = unknown.json()["detail"].to_string();
    assert!(
        detail.contains("castle") && !detail.contains("house"),
        "{detail}"
    );
}

/// A file that another program made has no sequence number that could tell of a change.
#[test]
fn a_house_that_another_program_adds_is_drawn() {
    let folder = tempfile::tempdir().expect("a folder");
    let town = town(folder.path());
    let server = Server::start(&town);
    let place = Coord {
        x: CORNER.0 - 0.1,
        y: CORNER.1,
    };
    let tile = TileId::containing(place, 17).expect("in the grid");
    let path = format!("/tiles/house/{tile}");
    assert_eq!(server.get(&path).status, 204);
    add_house(&town, place.x, place.y);
    let began = Instant::now();
    loop {
        let drawn = read(&server.get(&path));
        if !drawn.is_empty() {
            assert_eq!(drawn.len(), 1);
            break;
        }
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "the house is not drawn"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}
