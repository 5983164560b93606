//! What comes in, format by format.

use std::fs;

use encoding_rs::{GBK, UTF_8};
use geo::{Area, BoundingRect, Geometry};
use rust_xlsxwriter::{Format, Workbook};
use tempfile::TempDir;

use super::{fixtures::*, *};
use crate::{
    crs::{Crs, STORED, Transform, wgs84_to_gcj02},
    measure::area_m2,
};

fn to_4547(x: f64, y: f64) -> (f64, f64) {
    Transform::new(&STORED, &Crs::Epsg(4547))
        .unwrap()
        .point(x, y)
        .unwrap()
}

fn to_4526(x: f64, y: f64) -> (f64, f64) {
    Transform::new(&STORED, &Crs::Epsg(4526))
        .unwrap()
        .point(x, y)
        .unwrap()
}

fn same(x: f64, y: f64) -> (f64, f64) {
    (x, y)
}

const GK: &str = r#"PROJCS["CGCS2000_3_Degree_GK_CM_114E",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",114.0],PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]"#;

/// The squares of the fixtures, wherever they came from.
fn are_the_squares(records: &[Record]) {
    for (at, record) in records.iter().enumerate() {
        let rect = record.geometry.as_ref().unwrap().bounding_rect().unwrap();
        let [(west, south), _, (east, north), ..] = square(at);
        for (ours, theirs) in [
            (rect.min().x, west),
            (rect.min().y, south),
            (rect.max().x, east),
            (rect.max().y, north),
        ] {
            assert!((ours - theirs).abs() < 2e-9, "{ours} {theirs}");
        }
    }
}

#[test]
fn shapefiles_in_every_encoding_with_and_without_their_companions() {
    let in_metres = (Some(GK), to_4547 as fn(f64, f64) -> (f64, f64));
    let (with_zone, in_degrees) = ((None, to_4526 as _), (None, same as _));
    for (encoding, cpg, (prj, turn), zipped) in [
        (GBK, None, in_metres, false),
        (GBK, Some("GBK"), with_zone, true),
        (GBK, Some("936"), in_degrees, false),
        // A label that the texts contradict.
        (GBK, Some("UTF-8"), in_metres, true),
        (UTF_8, None, with_zone, false),
        (UTF_8, Some("UTF-8"), in_degrees, true),
    ] {
        let folder = TempDir::new().unwrap();
        let file = Shapefile {
            encoding,
            columns: &[
                ("建筑编码", b'C', 20),
                ("地址", b'C', 60),
                ("地上层数", b'N', 4),
                ("备注", b'C', 30),
            ],
            rows: &[
                &["A0", "东华村一社大街1号", "3", "祠堂旁"],
                &["A1", "东华村一社大街2号", "****", ""],
            ],
            prj,
            cpg,
            turn,
        };
        let name = if zipped {
            fs::write(
                folder.path().join("房屋.zip"),
                archive(&file.members("数据/房屋")),
            )
            .unwrap();
            "房屋.zip"
        } else {
            file.write(folder.path(), "房屋");
            "房屋.shp"
        };
        let report = import(&options(folder.path(), name, "building")).unwrap();
        assert_eq!(report.counts.added, 2);
        let records = records(folder.path(), "building");
        are_the_squares(&records);
        assert_eq!(
            text("building", &records[0], "address"),
            "东华村一社大街1号"
        );
        assert_eq!(text("building", &records[0], "remark"), "祠堂旁");
        assert_eq!(text("building", &records[0], "floors_up"), "3");
        // Stars say nothing.
        assert_eq!(text("building", &records[1], "floors_up"), "");
        assert!(
            report.layers[0].unmapped.is_empty(),
            "{:?}",
            report.layers[0]
        );
    }
}

#[test]
fn a_value_cut_in_the_middle_of_a_character_is_whole_without_it() {
    let folder = TempDir::new().unwrap();
    let file = Shapefile {
        encoding: GBK,
        columns: &[("建筑编码", b'C', 10), ("地址", b'C', 9)],
        rows: &[&["A0", "东华村一社大街"]],
        prj: None,
        cpg: None,
        turn: same,
    };
    file.write(folder.path(), "cut");
    import(&options(folder.path(), "cut.shp", "building")).unwrap();
    assert_eq!(
        text(
            "building",
            &records(folder.path(), "building")[0],
            "address"
        ),
        "东华村一"
    );
}

#[test]
fn geojson_with_an_old_crs_null_places_and_a_byte_order_mark() {
    let folder = TempDir::new().unwrap();
    let (x, y) = to_4547(113.59, 23.11);
    let ring = [
        (x, y),
        (x + 10.0, y),
        (x + 10.0, y + 10.0),
        (x, y + 10.0),
        (x, y),
    ];
    let features = [
        feature("\"code\":\"A0\",\"层数\":\"３\"", &polygon(&ring)),
        feature("\"code\":\"A1\"", "null"),
        feature(
            "\"code\":\"A2\"",
            &format!(
                "{{\"type\":\"GeometryCollection\",\"geometries\":[{}]}}",
                polygon(&ring.map(|(x, y)| (x + 50.0, y)))
            ),
        ),
    ];
    let crs =
        "\"crs\":{\"type\":\"name\",\"properties\":{\"name\":\"urn:ogc:def:crs:EPSG::4547\"}}";
    let text_of = collection(&features).replacen("\"features\"", &format!("{crs},\"features\""), 1);
    fs::write(
        folder.path().join("a.geojson"),
        format!("\u{feff}{text_of}"),
    )
    .unwrap();
    let report = import(&options(folder.path(), "a.geojson", "building")).unwrap();
    assert_eq!(report.crs, ["EPSG:4547"]);
    assert_eq!(report.counts.without_place, 1);
    let records = records(folder.path(), "building");
    assert_eq!(text("building", &records[0], "floors_up"), "3");
    assert!((area_m2(records[0].geometry.as_ref().unwrap()) - 100.0).abs() < 0.1);
    assert_eq!(records[1].geometry, None);
    assert!(matches!(records[2].geometry, Some(Geometry::Polygon(_))));
}

#[test]
fn a_bare_geometry_a_feature_and_lines_of_features() {
    let one = feature("\"名称\":\"水塘\",\"类别\":\"鱼塘\"", &polygon(&square(0)));
    for (name, text_of, count) in [
        ("one.geojson", one.clone(), 1),
        (
            "lines.geojsonl",
            format!("{one}\n{}\n", one.replace("113.59", "113.60")),
            2,
        ),
        (
            "sequence.geojsons",
            format!("\u{1e}{one}\n\u{1e}{}\n", one.replace("113.59", "113.60")),
            2,
        ),
        ("none.geojsonl", format!("{one}\n\n"), 1),
    ] {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join(name), text_of).unwrap();
        let report = import(&options(folder.path(), name, "water")).unwrap();
        assert_eq!(report.counts.added, count, "{name}");
        assert_eq!(
            text("water", &records(folder.path(), "water")[0], "kind"),
            "坑塘"
        );
    }
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("bare.geojson"), polygon(&square(0))).unwrap();
    fs::write(
        folder.path().join("map.toml"),
        "[constants]\nkind = \"公园\"\n",
    )
    .unwrap();
    let mut bare = options(folder.path(), "bare.geojson", "green");
    bare.map = Some(folder.path().join("map.toml"));
    assert_eq!(import(&bare).unwrap().counts.added, 1);
    assert_eq!(
        text("green", &records(folder.path(), "green")[0], "kind"),
        "公园"
    );
}

#[test]
fn tables_with_coordinates_in_any_order_encoding_and_unit() {
    let place = (113.59, 23.11);
    let (east, north) = to_4526(place.0, place.1);
    let gcj = wgs84_to_gcj02(place.into());
    for (name, bytes, crs) in [
        (
            "utf8.csv",
            format!("设施名称,经度,纬度\n口袋公园,{},{}\n", place.0, place.1).into_bytes(),
            None,
        ),
        (
            "gbk.csv",
            GBK.encode(&format!(
                "设施名称,经度,纬度\r\n口袋公园,{},{}\r\n",
                place.0, place.1
            ))
            .0
            .into_owned(),
            None,
        ),
        (
            "semicolons.csv",
            format!("设施名称;Y;X\n口袋公园;{east};{north}\n").into_bytes(),
            None,
        ),
        (
            "tabs.tsv",
            format!("设施名称\tX\tY\n口袋公园\t{east}\t{north}\n").into_bytes(),
            None,
        ),
        (
            "wkt.csv",
            format!("设施名称,WKT\n口袋公园,POINT ({} {})\n", place.0, place.1).into_bytes(),
            None,
        ),
        (
            "wide.csv",
            "设施名称,经度,纬度\n口袋公园,１１３．５９,２３．１１\n"
                .to_owned()
                .into_bytes(),
            None,
        ),
        (
            "gcj.csv",
            format!("设施名称,lng,lat\n口袋公园,{:.9},{:.9}\n", gcj.x, gcj.y).into_bytes(),
            Some("gcj02"),
        ),
        (
            "title.csv",
            format!(
                "东华村设施表,,\n设施名称,经度,纬度\n口袋公园,{},{}\n",
                place.0, place.1
            )
            .into_bytes(),
            None,
        ),
    ] {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join(name), bytes).unwrap();
        fs::write(folder.path().join("map.toml"), "[fields]\n\"设施名称\" = \"name\"\n[constants]\nkind = \"口袋公园\"\nstate = \"正常\"\n").unwrap();
        let mut options = options(folder.path(), name, "facility");
        options.crs = crs.map(ToOwned::to_owned);
        options.map = Some(folder.path().join("map.toml"));
        if let Err(error) = import(&options) {
            panic!("{name}: {error}");
        }
        let records = records(folder.path(), "facility");
        assert_eq!(text("facility", &records[0], "name"), "口袋公园", "{name}");
        let Some(Geometry::Point(point)) = records[0].geometry else {
            panic!("{name}")
        };
        assert!(
            (point.x() - place.0).abs() < 1e-8 && (point.y() - place.1).abs() < 1e-8,
            "{name}: {point:?}"
        );
    }
}

#[test]
fn a_workbook_with_a_title_merged_headings_and_real_dates() {
    let folder = TempDir::new().unwrap();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let plain = Format::new();
    sheet
        .merge_range(0, 0, 0, 5, "东华村房屋台账", &plain)
        .unwrap();
    sheet.merge_range(1, 0, 2, 0, "建筑编码", &plain).unwrap();
    sheet.merge_range(1, 1, 1, 2, "层数情况", &plain).unwrap();
    sheet.write(2, 1, "地上层数").unwrap();
    sheet.write(2, 2, "地下层数").unwrap();
    sheet
        .merge_range(1, 3, 2, 3, "建筑面积（亩）", &plain)
        .unwrap();
    sheet.merge_range(1, 4, 2, 4, "调查日期", &plain).unwrap();
    sheet.merge_range(1, 5, 2, 5, "图形", &plain).unwrap();
    sheet.write(3, 0, "A0").unwrap();
    sheet.write(3, 1, 5).unwrap();
    sheet.write(3, 2, "１").unwrap();
    sheet.write(3, 3, 1.5).unwrap();
    let date = Format::new().set_num_format("yyyy-mm-dd");
    sheet.write_with_format(3, 4, 44_928, &date).unwrap();
    sheet
        .write(
            3,
            5,
            "POLYGON((113.59 23.11,113.591 23.11,113.591 23.111,113.59 23.11))",
        )
        .unwrap();
    book.save(folder.path().join("a.xlsx")).unwrap();
    import(&options(folder.path(), "a.xlsx", "building")).unwrap();
    let record = &records(folder.path(), "building")[0];
    let field = |name| text("building", record, name);
    assert_eq!(field("code"), "A0");
    assert_eq!(
        (field("floors_up"), field("floors_down")),
        ("5".to_owned(), "1".to_owned())
    );
    assert_eq!(field("floor_area_m2"), "1000");
    assert_eq!(field("surveyed_on"), "2023-01-02");
}

#[test]
fn boundary_points_become_areas() {
    let folder = TempDir::new().unwrap();
    let text_of = "[属性描述]\n坐标系=2000国家大地坐标系\n几度分带=3\n带号=38\n[地块坐标]\n5,0.0100,001,东华一社厂房,面,,工业用地,1001,@\nJ1,1,2559500.000,38463100.000\nJ2,1,2559510.000,38463100.000\nJ3,1,2559510.000,38463110.000\nJ4,1,2559500.000,38463110.000\nJ1,1,2559500.000,38463100.000\n";
    fs::write(folder.path().join("p.txt"), GBK.encode(text_of).0).unwrap();
    fs::write(
        folder.path().join("map.toml"),
        "[fields]\n\"地块编号\" = \"code\"\n",
    )
    .unwrap();
    let mut options = options(folder.path(), "p.txt", "parcel");
    options.map = Some(folder.path().join("map.toml"));
    let report = import(&options).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(report.crs, ["EPSG:4526"]);
    let records = records(folder.path(), "parcel");
    let shape = records[0].geometry.as_ref().unwrap();
    assert!((area_m2(shape) - 100.0).abs() < 0.1);
    assert!(shape.signed_area() > 0.0);
}

#[test]
fn our_own_geopackage_and_any_other_come_back_as_they_were() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.geojson"), houses(3)).unwrap();
    import(&options(folder.path(), "a.geojson", "building")).unwrap();
    let mut again = options(folder.path(), "target.gpkg", "building");
    again.into = folder.path().join("copy.gpkg");
    assert_eq!(import(&again).unwrap().counts.added, 3);
    // Into itself nothing changes.
    again.into = folder.path().join("target.gpkg");
    let report = import(&again).unwrap();
    assert_eq!((report.counts.unchanged, report.written), (3, false));
}
