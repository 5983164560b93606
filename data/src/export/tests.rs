//! Every writer, seen through what it leaves on the disk.

use std::{fs, path::Path};

use chrono::{DateTime, NaiveDate};
use geo::{Geometry, line_string, point, polygon};
use tempfile::TempDir;

use super::*;
use crate::{
    Field, FieldKind, GeometryKind, Text, Value,
    store::{Access, GeoPackage},
};

fn layer(kind: GeometryKind) -> Arc<Layer> {
    let field = |name: &str, zh: &str, kind| Field {
        name: name.into(),
        label: Text {
            zh: zh.into(),
            en: name.into(),
        },
        kind,
        ..Field::default()
    };
    Arc::new(Layer {
        id: "things".into(),
        title: Text {
            zh: "东西".into(),
            en: "Things".into(),
        },
        theme: "base".into(),
        geometry: kind,
        label: Some("name_of_the_thing".into()),
        fields: vec![
            field("name_of_the_thing", "名称", FieldKind::Text),
            field("name_of_the_owner", "所有人", FieldKind::Text),
            field("floors", "层数", FieldKind::Integer),
            Field {
                decimals: Some(2),
                ..field("area_m2", "面积", FieldKind::Decimal)
            },
            field("rental", "出租", FieldKind::Boolean),
            field("built_on", "建成", FieldKind::Date),
            field("seen_at", "见到", FieldKind::DateTime),
            field("ids", "编号们", FieldKind::Json),
        ],
        ..Layer::default()
    })
}

fn full(layer: &Layer, geometry: Option<Geometry<f64>>) -> Record {
    let mut record = Record::new(layer, "一号");
    record.geometry = geometry;
    record
        .set(layer, "name_of_the_thing", "握手楼“甲”, 3 层")
        .set(layer, "name_of_the_owner", "李**")
        .set(layer, "floors", 9_007_199_254_740_993_i64)
        .set(layer, "area_m2", 88.5)
        .set(layer, "rental", true)
        .set(layer, "built_on", NaiveDate::from_ymd_opt(1999, 12, 31))
        .set(
            layer,
            "seen_at",
            Value::DateTime(DateTime::parse_from_rfc3339("2026-11-22T02:00:00.125+08:00").unwrap()),
        )
        .set(
            layer,
            "ids",
            Value::Json(Box::new(serde_json::json!(["a", "b"]))),
        );
    record
}

fn house() -> Geometry<f64> {
    Geometry::Polygon(polygon![
        exterior: [(x: 113.5, y: 23.1), (x: 113.501, y: 23.1), (x: 113.501, y: 23.101), (x: 113.5, y: 23.101)],
        interiors: [[(x: 113.5002, y: 23.1002), (x: 113.5002, y: 23.1004), (x: 113.5004, y: 23.1004), (x: 113.5004, y: 23.1002)]],
    ])
}

/// Writes a full row and one with nothing but an id.
fn written(
    name: &str,
    kind: GeometryKind,
    geometry: Geometry<f64>,
    options: &Options,
) -> (TempDir, Report) {
    let folder = tempfile::tempdir().unwrap();
    let layer = layer(kind);
    let mut export = Export::start(
        &folder.path().join(name),
        &layer,
        &Catalog::embedded(),
        options,
    )
    .unwrap();
    export.write(&full(&layer, Some(geometry))).unwrap();
    export.write(&Record::new(&layer, "空")).unwrap();
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        1,
        "nothing but the folder of the work under way"
    );
    let report = export.finish().unwrap();
    assert_eq!(report.rows, 2);
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        report.files.len(),
        "only the files that are named"
    );
    (folder, report)
}

fn lost(report: &Report, field: Option<&str>, words: &str) -> bool {
    report
        .losses
        .iter()
        .any(|loss| loss.field.as_deref() == field && loss.en.contains(words))
}

#[test]
fn geojson_keeps_everything() {
    let (_folder, report) = written(
        "a.geojson",
        GeometryKind::Polygon,
        house(),
        &Options::default(),
    );
    assert_eq!(report.losses, []);
    let json: serde_json::Value =
        serde_json::from_slice(&fs::read(&report.files[0]).unwrap()).unwrap();
    let feature = &json["features"][0];
    assert_eq!(feature["id"], "一号");
    assert_eq!(feature["properties"]["floors"], 9_007_199_254_740_993_i64);
    assert_eq!(feature["properties"]["ids"], serde_json::json!(["a", "b"]));
    assert_eq!(feature["properties"]["built_on"], "1999-12-31");
    assert_eq!(
        feature["geometry"]["coordinates"][0][1],
        serde_json::json!([113.501, 23.1])
    );
    assert_eq!(json["features"][1]["geometry"], serde_json::Value::Null);
    assert!(json["features"][1]["properties"]["rental"].is_null());
}

#[test]
fn geojson_lines_are_one_feature_each() {
    let (_folder, report) = written(
        "a.geojsonl",
        GeometryKind::Polygon,
        house(),
        &Options::default(),
    );
    let text = fs::read_to_string(&report.files[0]).unwrap();
    assert_eq!(text.lines().count(), 2);
    for line in text.lines() {
        let feature: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(feature["type"], "Feature");
    }
}

#[test]
fn geopackage_gives_the_same_records_back() {
    let (_folder, report) = written(
        "a.gpkg",
        GeometryKind::Polygon,
        house(),
        &Options::default(),
    );
    assert_eq!(report.losses, []);
    let mut catalog = (*Catalog::embedded()).clone();
    catalog.layers = vec![layer(GeometryKind::Polygon)];
    let store = GeoPackage::open(&report.files[0], &Arc::new(catalog), Access::ReadOnly).unwrap();
    let layer = layer(GeometryKind::Polygon);
    assert_eq!(
        store.get("things", "一号").unwrap(),
        Some(full(&layer, Some(house())))
    );
    assert_eq!(
        store.get("things", "空").unwrap(),
        Some(Record::new(&layer, "空"))
    );
}

#[test]
fn csv_starts_with_the_mark_and_quotes_what_needs_it() {
    let (_folder, report) = written(
        "a.csv",
        GeometryKind::Point,
        point!(x: 113.5, y: 23.1).into(),
        &Options::default(),
    );
    let text = fs::read_to_string(&report.files[0]).unwrap();
    let lines: Vec<_> = text.strip_prefix('\u{feff}').unwrap().lines().collect();
    assert_eq!(
        lines,
        [
            "id,lon,lat,name_of_the_thing,name_of_the_owner,floors,area_m2,rental,built_on,seen_at,ids",
            "一号,113.5,23.1,\"握手楼“甲”, 3 层\",李**,9007199254740993,88.5,true,1999-12-31,2026-11-22T02:00:00.125+08:00,\"[\"\"a\"\",\"\"b\"\"]\"",
            "空,,,,,,,,,,",
        ]
    );
}

#[test]
fn csv_in_metres_is_in_metres() {
    let options = Options {
        crs: Some(Crs::Epsg(4547)),
        ..Options::default()
    };
    let (_folder, report) = written(
        "a.csv",
        GeometryKind::Point,
        point!(x: 114.0, y: 23.0).into(),
        &options,
    );
    let text = fs::read_to_string(&report.files[0]).unwrap();
    let mut row = text.lines().nth(1).unwrap().split(',').skip(1);
    assert!(text.contains("id,x,y,"));
    let x: f64 = row.next().unwrap().parse().unwrap();
    let y: f64 = row.next().unwrap().parse().unwrap();
    assert!((x - 500_000.0).abs() < 1e-3, "{x}");
    assert!((2_500_000.0..2_600_000.0).contains(&y), "{y}");
}

#[test]
fn shapefile_cuts_names_once_each_and_says_so() {
    for (encoding, word, expected) in [
        (Encoding::Utf8, "UTF-8", "握手楼".as_bytes().to_vec()),
        (
            Encoding::Gbk,
            "GBK",
            encoding_rs::GBK.encode("握手楼").0.into_owned(),
        ),
    ] {
        let options = Options {
            encoding,
            ..Options::default()
        };
        let (folder, report) = written("a.b.shp", GeometryKind::Polygon, house(), &options);
        let names: Vec<_> = report
            .files
            .iter()
            .map(|file| file.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        assert_eq!(
            names,
            [
                "a.b.shp",
                "a.b.shx",
                "a.b.prj",
                "a.b.dbf",
                "a.b.cpg",
                "a.b_fields.csv"
            ]
        );
        let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
        let table = read("a.b.dbf");
        assert!(table.windows(10).any(|bytes| bytes == b"name_of_th"));
        assert!(table.windows(10).any(|bytes| bytes == b"name_of_t1"));
        assert!(table.windows(expected.len()).any(|bytes| bytes == expected));
        assert_eq!(read("a.b.cpg"), word.as_bytes());
        let fields = String::from_utf8(read("a.b_fields.csv")).unwrap();
        assert!(fields.contains("name_of_t1,name_of_the_owner,所有人"));
        assert!(lost(&report, Some("name_of_the_owner"), "cut to 10 bytes"));
        assert!(lost(&report, Some("seen_at"), "as text"));

        let shapes: Vec<_> = ::shapefile::ShapeReader::from_path(folder.path().join("a.b.shp"))
            .unwrap()
            .read()
            .unwrap();
        let ::shapefile::Shape::Polygon(polygon) = &shapes[0] else {
            panic!("a polygon");
        };
        assert_eq!(polygon.rings().len(), 2);
        assert!(matches!(
            polygon.rings()[0],
            ::shapefile::PolygonRing::Outer(_)
        ));
        assert!(matches!(
            polygon.rings()[1],
            ::shapefile::PolygonRing::Inner(_)
        ));
        assert!(matches!(shapes[1], ::shapefile::Shape::NullShape));
    }
}

#[test]
fn shapefile_splits_kinds_of_geometry() {
    let folder = tempfile::tempdir().unwrap();
    let layer = layer(GeometryKind::Any);
    let target = folder.path().join("混合.zip");
    let mut export =
        Export::start(&target, &layer, &Catalog::embedded(), &Options::default()).unwrap();
    let line = line_string![(x: 113.5, y: 23.1), (x: 113.6, y: 23.2)];
    for geometry in [point!(x: 113.5, y: 23.1).into(), line.into(), house()] {
        export.write(&full(&layer, Some(geometry))).unwrap();
    }
    let report = export.finish().unwrap();
    assert_eq!(report.files, [target]);
    let mut zip = zip::ZipArchive::new(fs::File::open(&report.files[0]).unwrap()).unwrap();
    for kind in ["point", "line", "polygon"] {
        for ending in ["shp", "shx", "dbf", "prj", "cpg"] {
            zip.by_name(&format!("混合_{kind}.{ending}")).unwrap();
        }
    }
    assert!(lost(&report, None, "files of their own"));
}

#[test]
fn a_long_text_is_cut_between_characters() {
    let folder = tempfile::tempdir().unwrap();
    let layer = layer(GeometryKind::None);
    let mut record = Record::new(&layer, "一");
    record.set(&layer, "name_of_the_thing", "村".repeat(100));
    let target = folder.path().join("a.shp");
    let mut export =
        Export::start(&target, &layer, &Catalog::embedded(), &Options::default()).unwrap();
    export.write(&record).unwrap();
    let report = export.finish().unwrap();
    assert!(lost(&report, Some("name_of_the_thing"), "254 bytes"));
    let table = fs::read(folder.path().join("a.dbf")).unwrap();
    let cut = "村".repeat(84);
    assert!(
        table
            .windows(cut.len())
            .any(|bytes| bytes == cut.as_bytes())
    );
    assert!(!folder.path().join("a.shp").exists());
}

#[test]
fn xlsx_has_chinese_headings_and_labels() {
    use calamine::{Data, Reader as _, Xlsx, open_workbook};
    let catalog = Catalog::embedded();
    let building = catalog.layer("building").unwrap();
    let field = building.field("structure").unwrap();
    let code = &catalog
        .code_list(field.code_list.as_ref().unwrap())
        .unwrap()
        .codes[0];
    let folder = tempfile::tempdir().unwrap();
    let mut record = Record::new(building, "b1");
    record.geometry = Some(house());
    record
        .set(building, "structure", code.code.as_str())
        .set(building, "floors_up", 4_i64);
    let mut export = Export::start(
        &folder.path().join("a.xlsx"),
        building,
        &catalog,
        &Options::default(),
    )
    .unwrap();
    export.write(&record).unwrap();
    let report = export.finish().unwrap();
    let mut book: Xlsx<_> = open_workbook(&report.files[0]).unwrap();
    let sheet = book.worksheet_range(&building.title.zh).unwrap();
    let cell = |title: &str| {
        let column = sheet.rows().next().unwrap().iter();
        let at = column
            .clone()
            .position(|cell| cell == &Data::String(title.into()))
            .unwrap_or_else(|| panic!("no column {title}"));
        sheet.rows().nth(1).unwrap()[at].clone()
    };
    assert_eq!(cell("编号"), Data::String("b1".into()));
    assert_eq!(cell(&field.label.zh), Data::String(code.label.zh.clone()));
    assert_eq!(
        cell(&building.field("floors_up").unwrap().label.zh),
        Data::Float(4.0)
    );
    assert!(matches!(cell("WKT"), Data::String(wkt) if wkt.starts_with("POLYGON((113.5 23.1")));
    assert!(book.sheet_names().contains(&"字段说明".to_owned()));
}

#[test]
fn dxf_is_in_metres_with_shapes_and_labels() {
    let (_folder, report) = written("a.dxf", GeometryKind::Polygon, house(), &Options::default());
    let bytes = fs::read(&report.files[0]).unwrap();
    let (text, _, broken) = encoding_rs::GBK.decode(&bytes);
    assert!(!broken);
    assert_eq!(text.matches("\nPOLYLINE\n").count(), 2, "a ring and a hole");
    assert!(text.contains("握手楼“甲”, 3 层"));
    assert!(text.contains("东西_注记"));
    assert!(lost(&report, None, "no attributes"));
    assert!(lost(&report, None, "left out"));
    assert_eq!(text.matches("\nTEXT\n").count(), 1, "a label");
}

#[test]
fn flatgeobuf_keeps_values_and_an_index() {
    use ::flatgeobuf::{FallibleStreamingIterator as _, FgbReader};
    use geozero::{FeatureProperties as _, ToGeo as _};
    let (_folder, report) = written("a.fgb", GeometryKind::Polygon, house(), &Options::default());
    assert!(lost(&report, Some("built_on"), "dates with time"));
    let mut file = std::io::BufReader::new(fs::File::open(&report.files[0]).unwrap());
    let mut features = FgbReader::open(&mut file)
        .unwrap()
        .select_bbox(113.4, 23.0, 113.5001, 23.1001)
        .unwrap();
    let feature = features.next().unwrap().unwrap();
    assert_eq!(feature.property::<String>("id").unwrap(), "一号");
    assert_eq!(
        feature.property::<i64>("floors").unwrap(),
        9_007_199_254_740_993
    );
    assert_eq!(
        feature.to_geo().unwrap(),
        Geometry::MultiPolygon(vec![geo::Polygon::try_from(house()).unwrap()].into())
    );
}

#[test]
fn what_cannot_be_done_is_refused_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let layer = layer(GeometryKind::Polygon);
    let start = |name: &str, options: &Options| {
        Export::start(
            &folder.path().join(name),
            &layer,
            &Catalog::embedded(),
            options,
        )
        .err()
    };
    assert!(matches!(
        start("a.doc", &Options::default()),
        Some(ExportError::UnknownFormat { .. })
    ));
    let metres = Options {
        crs: Some(Crs::Epsg(4547)),
        ..Options::default()
    };
    assert!(matches!(
        start("a.gpkg", &metres),
        Some(ExportError::FixedCrs { .. })
    ));
    assert!(matches!(
        Export::start(
            Path::new("/nowhere/a.csv"),
            &layer,
            &Catalog::embedded(),
            &metres
        )
        .err(),
        Some(ExportError::Store(StoreError::Missing { .. }))
    ));
    let target = folder.path().join("a.geojson");
    fs::write(&target, "before").unwrap();
    let mut export =
        Export::start(&target, &layer, &Catalog::embedded(), &Options::default()).unwrap();
    export.write(&full(&layer, Some(house()))).unwrap();
    drop(export);
    assert_eq!(fs::read_to_string(&target).unwrap(), "before");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
