//! A GeoPackage as another program writes it: a town of small houses, and a few posts.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

/// Houses along a side of the town.
pub(crate) const ROWS: u32 = 60;

/// Where the town begins, in degrees.
pub(crate) const CORNER: (f64, f64) = (113.4, 23.1);

/// Degrees from one house to the next.
const PITCH: f64 = 0.000_2;

/// Degrees along the side of a house.
const SIDE: f64 = 0.000_12;

/// The box of the town in degrees: west, south, east, north.
pub(crate) fn bounds() -> [f64; 4] {
    let length = PITCH * f64::from(ROWS - 1) + SIDE;
    [CORNER.0, CORNER.1, CORNER.0 + length, CORNER.1 + length]
}

/// Writes the file.
pub(crate) fn town(folder: &Path) -> PathBuf {
    let path = folder.join("town.gpkg");
    let mut connection = Connection::open(&path).expect("a new file");
    connection.execute_batch(SCHEMA).expect("a schema");
    let change = connection.transaction().expect("a transaction");
    for row in 0..ROWS {
        for column in 0..ROWS {
            let west = CORNER.0 + PITCH * f64::from(column);
            let south = CORNER.1 + PITCH * f64::from(row);
            change
                .execute(
                    "INSERT INTO house (geom, name, floors) VALUES (?1, ?2, ?3)",
                    (square(west, south), format!("{row}排{column}号"), row % 7),
                )
                .expect("a house");
        }
    }
    for post in 0..5 {
        change
            .execute(
                "INSERT INTO post (geom, name) VALUES (?1, ?2)",
                (
                    point(CORNER.0 + 0.001 * f64::from(post), CORNER.1),
                    format!("岗{post}"),
                ),
            )
            .expect("a post");
    }
    change.commit().expect("written");
    path
}

/// Adds a house to a file that is being served, away from the others.
pub(crate) fn add_house(path: &Path, west: f64, south: f64) {
    Connection::open(path)
        .expect("the file")
        .execute(
            "INSERT INTO house (geom, name, floors) VALUES (?1, '新房', 3)",
            [square(west, south)],
        )
        .expect("a house");
}

const SCHEMA: &str = "
PRAGMA application_id = 1196444487;
PRAGMA user_version = 10300;
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY,
    organization TEXT NOT NULL, organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
INSERT INTO gpkg_spatial_ref_sys VALUES
    ('Undefined cartesian', -1, 'NONE', -1, 'undefined', NULL),
    ('Undefined geographic', 0, 'NONE', 0, 'undefined', NULL),
    ('WGS 84', 4326, 'EPSG', 4326, 'GEOGCS[\"WGS 84\",DATUM[\"WGS_1984\",SPHEROID[\"WGS 84\",6378137,298.257223563]],PRIMEM[\"Greenwich\",0],UNIT[\"degree\",0.0174532925199433],AUTHORITY[\"EPSG\",\"4326\"]]', NULL);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
    description TEXT DEFAULT '', last_change DATETIME NOT NULL DEFAULT '2026-01-01T00:00:00Z',
    min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER);
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL PRIMARY KEY, column_name TEXT NOT NULL,
    geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL);
CREATE TABLE house (fid INTEGER PRIMARY KEY, geom POLYGON, name TEXT, floors INTEGER);
CREATE TABLE post (fid INTEGER PRIMARY KEY, geom POINT, name TEXT);
INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) VALUES
    ('house', 'features', '房屋', 4326), ('post', 'features', '岗亭', 4326);
INSERT INTO gpkg_geometry_columns VALUES
    ('house', 'geom', 'POLYGON', 4326, 0, 0), ('post', 'geom', 'POINT', 4326, 0, 0);
";

/// The header of a GeoPackage geometry in EPSG:4326 without an envelope, little endian.
fn header() -> Vec<u8> {
    let mut blob = b"GP\0\x01".to_vec();
    blob.extend(4326_i32.to_le_bytes());
    blob.push(1);
    blob
}

fn square(west: f64, south: f64) -> Vec<u8> {
    let mut blob = header();
    for number in [3_u32, 1, 5] {
        blob.extend(number.to_le_bytes());
    }
    for (x, y) in [
        (0.0, 0.0),
        (SIDE, 0.0),
        (SIDE, SIDE),
        (0.0, SIDE),
        (0.0, 0.0),
    ] {
        blob.extend(f64::to_le_bytes(west + x));
        blob.extend(f64::to_le_bytes(south + y));
    }
    blob
}

fn point(x: f64, y: f64) -> Vec<u8> {
    let mut blob = header();
    blob.extend(1_u32.to_le_bytes());
    blob.extend(x.to_le_bytes());
    blob.extend(y.to_le_bytes());
    blob
}
