//! The style by which the page and other viewers draw, and the places of names.

use std::collections::BTreeMap;

use geo::{Contains, Coord, Geometry};
use serde_json::Value;
use yizhangtu_tests::{Server, village};
use yizhangtu_tiles::{
    TileId,
    mvt::{self, DecodedValue},
};

/// The tiles of a zoom over a box.
fn over(bounds: &[f64], z: u8) -> Vec<TileId> {
    let at = |x, y| TileId::containing(Coord { x, y }, z).expect("in the grid");
    let (low, high) = (at(bounds[0], bounds[3]), at(bounds[2], bounds[1]));
    (low.x()..=high.x())
        .flat_map(|x| (low.y()..=high.y()).map(move |y| TileId::new(z, x, y).expect("in the grid")))
        .collect()
}

#[test]
fn each_grid_is_named_once_at_a_place_inside_it() {
    let server = Server::start(&village("donghua"));
    let items = server.get("/collections/grid/items?limit=100").json();
    let grids: BTreeMap<String, Geometry<f64>> =
        (items["features"].as_array().expect("grids").iter())
            .map(|grid| {
                let geometry: geojson::Geometry =
                    serde_json::from_value(grid["geometry"].clone()).expect("a geometry");
                let id = grid["id"].as_str().expect("an id").to_owned();
                (id, Geometry::try_from(geometry).expect("an area"))
            })
            .collect();
    let document = server.get("/tiles/grid,grid.labels.json").json();
    let bounds: Vec<f64> = serde_json::from_value(document["bounds"].clone()).expect("bounds");
    for z in [14, 16, 17] {
        let mut named = BTreeMap::new();
        for tile in over(&bounds, z) {
            let reply = server.get(&format!("/tiles/grid.labels/{tile}"));
            for layer in mvt::decode(&reply.body).expect("a tile") {
                assert_eq!(layer.name, "grid.labels");
                for feature in layer.features {
                    let Some(DecodedValue::Text(id)) = feature.get("id") else {
                        panic!("an id is a text")
                    };
                    let points = feature.shape.view().points();
                    assert_eq!(points.len(), 1, "a name stands at a point");
                    let [west, north] = [tile.bounds().min().x, tile.bounds().max().y];
                    let share = |units: i32| f64::from(units) / 4096.0;
                    let place = Coord {
                        x: west + tile.bounds().width() * share(points[0].x),
                        y: north - tile.bounds().height() * share(points[0].y),
                    };
                    assert!(grids[id].contains(&place), "{id} at zoom {z}");
                    assert!(
                        matches!(feature.get("room_m"), Some(DecodedValue::Decimal(room)) if *room > 10.0)
                    );
                    assert!(
                        named.insert(id.clone(), place).is_none(),
                        "{id} is named twice"
                    );
                }
            }
        }
        assert_eq!(named.len(), grids.len(), "zoom {z}");
    }
    // Too far out for names.
    assert_eq!(server.get("/tiles/grid.labels/10/834/444").status, 204);
    // What has no names has no places for them, and places are no collection.
    assert_eq!(server.get("/tiles/road.labels/14/13360/7107").status, 404);
    let collection = server.get("/collections/grid.labels/tiles/WebMercatorQuad/14/7107/13360");
    assert_eq!(collection.status, 404);
}

#[test]
fn the_style_names_tiles_that_are_there_and_nothing_else() {
    let server = Server::start(&village("donghua"));
    let list = server.get("/styles").json();
    let address = list["styles"][0]["links"][0]["href"]
        .as_str()
        .expect("an address");
    let reply = server.get(address.strip_prefix(&server.url).expect("of this server"));
    assert_eq!(
        reply.header("content-type"),
        Some("application/vnd.mapbox.style+json")
    );
    let style = reply.json();
    let sources = style["sources"].as_object().expect("sources");
    let layers = style["layers"].as_array().expect("layers");
    assert_eq!(style["version"], 8);
    let mut ids: Vec<&Value> = layers.iter().map(|layer| &layer["id"]).collect();
    for layer in layers.iter().filter(|layer| layer["type"] != "background") {
        let source = &sources[layer["source"].as_str().expect("a source")];
        let tiles = source["tiles"][0].as_str().expect("an address");
        let names = tiles.split('/').nth(4).expect("the names of layers");
        let wanted = layer["source-layer"]
            .as_str()
            .expect("a layer of the tiles");
        assert!(
            names.split(',').any(|name| name == wanted),
            "{wanted} is not in {tiles}"
        );
    }
    let places = |kind: &str| (layers.iter()).position(|layer| layer["type"] == kind);
    let last_shape = layers.iter().rposition(|layer| layer["type"] != "symbol");
    assert!(
        last_shape < places("symbol"),
        "every name above every shape"
    );
    for (id, source) in sources {
        let path = source["tiles"][0]
            .as_str()
            .expect("an address")
            .strip_prefix(&server.url);
        let path = path.expect("of this server").replace("{z}", "15");
        let reply = server.get(&path.replace("{x}", "26713").replace("{y}", "14219"));
        assert!([200, 204].contains(&reply.status), "{id}: {}", reply.text());
    }
    ids.sort_by_key(|id| id.as_str());
    ids.dedup();
    assert_eq!(ids.len(), layers.len(), "each layer has an id of its own");
    assert!(
        sources.keys().all(|id| !id.contains("person")),
        "persons are not drawn"
    );
    assert_eq!(server.get("/styles/night").status, 404);
}
