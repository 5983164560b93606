//! Every bad input of issue 2, with the message that it gets: exit 1 and nothing written.

use std::fs;

use encoding_rs::GBK;
use tempfile::TempDir;

use super::{fixtures::*, *};

/// A file, the layer it goes into, and what must stand in the message.
struct Case {
    name: &'static str,
    bytes: Vec<u8>,
    layer: &'static str,
    says: &'static str,
}

fn case(name: &'static str, bytes: impl Into<Vec<u8>>, says: &'static str) -> Case {
    Case {
        name,
        bytes: bytes.into(),
        layer: "building",
        says,
    }
}

fn with(properties: &str) -> String {
    collection(&[feature(properties, &polygon(&square(0)))])
}

fn drawn(ring: &[(f64, f64)]) -> String {
    collection(&[feature("\"code\":\"A0\"", &polygon(ring))])
}

fn zip_with(name: &str) -> Vec<u8> {
    archive(&[(name.to_owned(), houses(1).into_bytes())])
}

fn cases() -> Vec<Case> {
    let (x, y) = (113.59, 23.11);
    let whole = houses(3);
    let shapes = Shapefile {
        encoding: GBK,
        columns: &[("建筑编码", b'C', 10)],
        rows: &[&["A0"], &["A1"]],
        prj: None,
        cpg: None,
        turn: |x, y| (x, y),
    };
    vec![
        case(
            "empty.geojson",
            "",
            "empty.geojson：文件为空（0 字节），可能传输中断，请重新获取 / the file is empty (0 bytes); the transfer may have failed, get it again",
        ),
        case(
            "cut.geojson",
            &whole[..whole.len() - 20],
            "cut.geojson：文件不完整：在第 1 行第 ",
        ),
        case(
            "cut.geojsonl",
            &feature("\"code\":\"A0\"", &polygon(&square(0)))[..60],
            "cut.geojsonl：文件不完整：在第 1 行中断，请重新获取或导出 / the file is cut off in line 1; get or export it again",
        ),
        case(
            "gbk.geojson",
            GBK.encode(&with("\"code\":\"东华\"")).0.into_owned(),
            "gbk.geojson：第 1 行不是 UTF-8 编码（GeoJSON 应为 UTF-8），若为国标编码请加 --encoding gbk / line 1 is not UTF-8, as GeoJSON must be; if it is in the Chinese national encoding add --encoding gbk",
        ),
        case(
            "nan.geojson",
            whole.replacen("113.59", "NaN", 1),
            "不是合法的 JSON（",
        ),
        case("text.geojson", "hello", "text.geojson：第 1 行第 "),
        case(
            "other.geojson",
            "{\"type\":\"Topology\"}",
            "other.geojson：不是 GeoJSON：没有 FeatureCollection、Feature 或图形（type 为“Topology”），请检查文件 / not GeoJSON: no FeatureCollection, Feature or geometry (its type is “Topology”); check the file",
        ),
        case(
            "crs.geojson",
            whole.replacen(
                "\"features\"",
                "\"crs\":{\"type\":\"name\",\"properties\":{\"name\":\"EPSG:99999\"}},\"features\"",
                1,
            ),
            "crs.geojson：坐标系“EPSG:99999”无法识别",
        ),
        case(
            "swapped.geojson",
            drawn(&square(0).map(|(x, y)| (y, x))),
            "swapped.geojson：坐标顺序写反：首个坐标 23.11, 113.59 像是纬度、经度；请调换，或加 --swap-axes / the coordinates are in the wrong order: the first, 23.11, 113.59, looks like latitude, longitude; swap them, or add --swap-axes",
        ),
        case(
            "zone.csv",
            "建筑编码,x,y\nA0,463128.5,2559533.7\n",
            "zone.csv：坐标系不明：首个坐标 463128.5, 2559533.7 无法判定属于哪个坐标系，请用 --crs 指定（如 EPSG:4547、EPSG:4526、gcj02） / the coordinate system is not known: the first coordinate 463128.5, 2559533.7 fits several; give it with --crs (EPSG:4547, EPSG:4526, gcj02 …)",
        ),
        Case {
            layer: "facility",
            ..case(
                "nan.csv",
                "名称,类别,经度,纬度\na,口袋公园,NaN,23.1\nb,口袋公园,113.5,23.1\n",
                "nan.csv 第 2 行 geometry：坐标 NaN, 23.1 不是有限数值，请修正 / row 2 geometry: coordinate NaN, 23.1 is not a finite number; correct it",
            )
        },
        Case {
            layer: "facility",
            ..case(
                "zero.csv",
                "名称,类别,经度,纬度\na,口袋公园,0,0\nb,口袋公园,113.5,23.1\n",
                "zero.csv 第 2 行 geometry：坐标为 0, 0（几内亚湾海上，通常是缺失坐标），请补上坐标 / row 2 geometry: coordinate 0, 0 lies in the sea off Africa and mostly stands for a missing one; supply it",
            )
        },
        Case {
            layer: "facility",
            ..case(
                "range.csv",
                "名称,类别,经度,纬度\na,口袋公园,23.1,113.5\nb,口袋公园,113.5,23.1\nc,口袋公园,113.5,23.2\nd,口袋公园,113.5,23.3\n",
                "range.csv 第 2 行 geometry：经纬度 23.1, 113.5 超出范围（经度 ±180，纬度 ±90），疑似经纬度写反，请调换 / row 2 geometry: longitude and latitude 23.1, 113.5 are out of range (±180, ±90); latitude and longitude seem swapped, swap them",
            )
        },
        Case {
            layer: "facility",
            ..case(
                "word.csv",
                "名称,类别,经度,纬度\na,口袋公园,东边,23.1\nb,口袋公园,113.5,23.1\n",
                "word.csv 第 2 行 geometry：经度 不是坐标“东边”，请改为数字 / row 2 geometry: 经度: not a coordinate “东边”; write a number",
            )
        },
        case(
            "bow.geojson",
            drawn(&[
                (x, y),
                (x + 0.001, y + 0.001),
                (x + 0.001, y),
                (x, y + 0.001),
                (x, y),
            ]),
            "bow.geojson 第 1 行 geometry：边界自相交于 (113.5905000, 23.1105000)，按奇偶规则修复后面积由 ",
        ),
        case(
            "open.geojson",
            drawn(&square(0)[..4]),
            "open.geojson 第 1 行 geometry：环未闭合：首点 (113.5900000, 23.1100000) 与末点 (113.5900000, 23.1101000) 不同；请补上末点（可能缺了界址点） / row 1 geometry: the ring is not closed: it starts at (113.5900000, 23.1100000) and ends at (113.5900000, 23.1101000); add the last point (vertices may be missing)",
        ),
        case(
            "flat.geojson",
            drawn(&[(x, y), (x + 0.001, y), (x + 0.002, y), (x, y)]),
            "flat.geojson 第 1 行 geometry：面积为零（各点共线或重合）；请修正或删除 / row 1 geometry: the area is zero",
        ),
        case(
            "point.geojson",
            collection(&[feature(
                "\"code\":\"A0\"",
                "{\"type\":\"Point\",\"coordinates\":[113.5,23.1]}",
            )]),
            "point.geojson 第 1 行 geometry：图形是点，本图层只收面；请改投其他图层或先转换 / row 1 geometry: the geometry is a Point, this layer takes areas; import it into another layer or convert it",
        ),
        case(
            "empty_id.geojson",
            with("\"id\":\"\",\"code\":\"A0\""),
            "empty_id.geojson 第 1 行 id：编号为空，请补上 / row 1 id: the id is empty; supply one",
        ),
        case(
            "empty_code.csv",
            "建筑编码,地址\nA0,一号\n,二号\n",
            "empty_code.csv 第 3 行 code：",
        ),
        case(
            "double.geojson",
            collection(&[
                feature("\"id\":1,\"code\":\"A0\"", &polygon(&square(0))),
                feature("\"id\":1,\"code\":\"A1\"", &polygon(&square(5))),
            ]),
            "double.geojson 第 2 行 id：编号“1”与 double.geojson 第 1 行重复，而图形不相接或属性不同；请改正编号或删除其一 / row 2 id: id “1” is that of row 1 of double.geojson, and they do not touch or their values differ; correct the id or remove one",
        ),
        case(
            "twice.geojson",
            collection(&[
                feature("\"id\":1,\"code\":\"A0\"", &polygon(&square(0))),
                feature("\"id\":1,\"code\":\"A0\"", &polygon(&square(0))),
            ]),
            "twice.geojson 第 2 行 id：与 twice.geojson 第 1 行完全重复（编号“1”、图形、属性都相同）；请删除其一 / row 2 id: repeats row 1 of twice.geojson (id “1”, shape and values are the same); remove one",
        ),
        case(
            "double_code.geojson",
            collection(&[
                feature("\"id\":1,\"code\":\"A0\"", &polygon(&square(0))),
                feature("\"id\":2,\"code\":\"A0\"", &polygon(&square(5))),
            ]),
            "double_code.geojson 第 2 行 code：建筑编码与本次导入的要素“1”重复，须唯一 / row 2 code: is the same as that of feature “1” of this import; it must be unique",
        ),
        case(
            "words.geojson",
            with("\"code\":\"A0\",\"地上层数\":\"三层\""),
            "words.geojson 第 1 行 地上层数（floors_up）：不是整数“三层”，请改为数字 / row 1 地上层数（floors_up）: not a whole number “三层”; write digits",
        ),
        case(
            "code.geojson",
            with("\"code\":\"A0\",\"结构\":\"木头\""),
            "code.geojson 第 1 行 结构（structure）：“木头”不在“建筑结构”之列；可用：钢混、砖混、砖木、钢、简易、其他（或在 --map 的 [codes.structure] 中对应） / row 1",
        ),
        case(
            "range.geojson",
            with("\"code\":\"A0\",\"floors_up\":500"),
            "range.geojson 第 1 行 floors_up：",
        ),
        case(
            "date.geojson",
            with("\"code\":\"A0\",\"调查日期\":\"去年\""),
            "date.geojson 第 1 行 调查日期（surveyed_on）：“去年”不是日期，请改为 2023-01-02 的写法 / row 1 调查日期（surveyed_on）: “去年” is not a date; write it as 2023-01-02",
        ),
        case(
            "climb.zip",
            zip_with("../../outside.geojson"),
            "climb.zip：压缩包成员“../../outside.geojson”的路径指向包外，拒绝解压；请勿使用来历不明的压缩包 / the path of member “../../outside.geojson” leads out of the archive; it is not unpacked: do not use archives of unknown origin",
        ),
        case(
            "absolute.zip",
            zip_with("/etc/outside.geojson"),
            "absolute.zip：压缩包成员“/etc/outside.geojson”的路径指向包外",
        ),
        case(
            "windows.zip",
            zip_with("..\\outside.geojson"),
            "windows.zip：压缩包成员“../outside.geojson”的路径指向包外",
        ),
        case(
            "nothing.zip",
            zip_with("readme.md"),
            "nothing.zip：压缩包里没有可导入的文件（shp、geojson、gpkg、dxf、csv、xlsx、txt） / the archive holds nothing to import (shp, geojson, gpkg, dxf, csv, xlsx, txt)",
        ),
        case(
            "cut.zip",
            &zip_with("a.geojson")[..80],
            "cut.zip：压缩包不完整或已损坏（",
        ),
        case(
            "bomb.zip",
            archive(&[("bomb.csv".to_owned(), vec![b'a'; 64 << 20])]),
            "bomb.zip：压缩包解压后过大（超过 16 MiB，疑似压缩炸弹），拒绝解压 / the archive unpacks to more than 16 MiB (a zip bomb?); it is not unpacked",
        ),
        case("no.gpkg", "this is no database", "no.gpkg"),
        case(
            "no.xlsx",
            "this is no workbook",
            "no.xlsx：不是完整的表格文件（",
        ),
        case(
            "no.osm.pbf",
            "this is no extract",
            "no.osm.pbf：不是 OpenStreetMap 的 .osm.pbf 文件，请检查 / is no .osm.pbf of OpenStreetMap; check the file",
        ),
        case(
            "no.shp",
            &shapes.shp()[..150],
            "no.shp：文件不完整或已损坏，请重新获取或导出 / the file is cut off or damaged; get or export it again",
        ),
        case(
            "no.dbf",
            &shapes.dbf()[..70],
            "no.dbf：文件不完整或已损坏，请重新获取或导出 / the file is cut off or damaged; get or export it again",
        ),
        case(
            "binary.csv",
            [b"a,b\n1,\0\0\0".as_slice(), &[1, 2, 3]].concat(),
            "binary.csv：不是文本文件（含二进制内容），请检查扩展名 / is no text (it holds binary data); check the ending",
        ),
        case(
            "cut.csv",
            "建筑编码,地址,备注\nA0,一号,\nA1,二",
            "cut.csv 第 3 行：只有 2 列，表头有 3 列，文件可能在此中断；请补全 / row 3: 2 cells under 3 headings: the file may be cut off here; complete it",
        ),
        case(
            "unknown.step",
            "ISO-10303-21;",
            "unknown.step：不认识扩展名“step”；可导入",
        ),
        case(
            "cut.dxf",
            "0\nSECTION\n2\nENTITIES\n0\nLWPOLYLINE\n8\n0\n10\n1.0\n",
            "cut.dxf：第 10 行 没有结尾标记 EOF，文件可能中断，请重新导出 / line 10: the file has no EOF mark",
        ),
        case(
            "unknown.dwg",
            "AC1032",
            "unknown.dwg：是 DWG，本程序不能读；请在 CAD 里另存为 DXF（文本）再导入",
        ),
    ]
}

#[test]
fn every_bad_input_is_told_and_writes_nothing() {
    let mut wrong = Vec::new();
    for Case {
        name,
        bytes,
        layer,
        says,
    } in cases()
    {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join(name), bytes).unwrap();
        let options = options(folder.path(), name, layer);
        let message = match import(&options) {
            Ok(report) => format!("imported: {:?}", report.counts),
            Err(error) => error.to_string(),
        };
        let both = message.contains(" / ");
        if !message.contains(says) || !both {
            wrong.push(format!("{name}\n  wanted {says}\n  was    {message}"));
        }
        assert!(!options.into.exists(), "{name} left a file");
        let left = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 1, "{name} left something behind");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_target_that_is_there_stays_byte_for_byte() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("good.geojson"), houses(2)).unwrap();
    import(&options(folder.path(), "good.geojson", "building")).unwrap();
    let before = records(folder.path(), "building");
    for Case {
        name, bytes, layer, ..
    } in cases()
    {
        fs::write(folder.path().join(name), bytes).unwrap();
        assert!(
            import(&options(folder.path(), name, layer)).is_err(),
            "{name}"
        );
        fs::remove_file(folder.path().join(name)).unwrap();
    }
    assert_eq!(records(folder.path(), "building"), before);
}

#[test]
fn a_wrong_system_is_told_with_the_one_that_fits() {
    let folder = TempDir::new().unwrap();
    fs::write(
        folder.path().join("a.csv"),
        "建筑编码,东坐标,北坐标\nA0,38463128.5,2559533.7\n",
    )
    .unwrap();
    let mut options = options(folder.path(), "a.csv", "building");
    options.crs = Some("EPSG:4547".to_owned());
    let error = import(&options).unwrap_err().to_string();
    assert!(
        error.contains("像是 EPSG:4526；请用 --crs EPSG:4526 重试"),
        "{error}"
    );
}

#[test]
fn a_layer_or_profile_field_that_is_not_there_is_told_with_those_that_are() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.geojson"), houses(1)).unwrap();
    let error = import(&options(folder.path(), "a.geojson", "house"))
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("没有图层“house”，可用："), "{error}");
    fs::write(
        folder.path().join("map.toml"),
        "[fields]\na = \"nowhere\"\n",
    )
    .unwrap();
    let mut mapped = options(folder.path(), "a.geojson", "building");
    mapped.map = Some(folder.path().join("map.toml"));
    let error = import(&mapped).unwrap_err().to_string();
    assert!(
        error.starts_with("对应表中的字段“nowhere”不在图层 building 中"),
        "{error}"
    );
    fs::write(folder.path().join("map.toml"), "nonsense = 1\n").unwrap();
    let error = import(&mapped).unwrap_err().to_string();
    assert!(error.contains("map.toml：对应表无法读取"), "{error}");
}

/// A village of 1 km², for tests of what lands beside it.
fn village(folder: &Path) {
    let ring = [
        (113.585, 23.105),
        (113.595, 23.105),
        (113.595, 23.115),
        (113.585, 23.115),
        (113.585, 23.105),
    ];
    let text_of = collection(&[feature(
        "\"code\":\"440118101224\",\"name\":\"东华村\"",
        &polygon(&ring),
    )]);
    fs::write(folder.join("village.geojson"), text_of).unwrap();
    import(&options(folder, "village.geojson", "village"))
        .unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn points_shifted_by_a_web_map_are_told_by_its_name() {
    let folder = TempDir::new().unwrap();
    village(folder.path());
    for (turn, name, option) in [
        (
            crate::crs::wgs84_to_gcj02 as fn(geo::Coord) -> geo::Coord,
            "GCJ-02",
            "gcj02",
        ),
        (crate::crs::wgs84_to_bd09, "BD-09", "bd09"),
    ] {
        let squares: Vec<String> = (0..20)
            .map(|at| {
                let ring = square(at).map(|(x, y)| {
                    let moved = turn(geo::Coord {
                        x: x - 0.0005,
                        y: y - 0.0045,
                    });
                    (moved.x, moved.y)
                });
                feature(&format!("\"code\":\"A{at}\""), &polygon(&ring))
            })
            .collect();
        fs::write(folder.path().join("web.geojson"), collection(&squares)).unwrap();
        let mut options = options(folder.path(), "web.geojson", "building");
        let error = import(&options).unwrap_err().to_string();
        assert!(
            error.contains(&format!("坐标很可能是 {name}；请加 --crs {option}")),
            "{error}"
        );
        options.crs = Some(option.to_owned());
        options.dry_run = true;
        assert_eq!(import(&options).unwrap().counts.added, 20);
    }
}

#[test]
fn points_in_the_sea_are_refused_by_row() {
    let folder = TempDir::new().unwrap();
    village(folder.path());
    let text_of = "名称,类别,经度,纬度\n近,口袋公园,113.59,23.11\n海,口袋公园,114.5,21.5\n";
    fs::write(folder.path().join("sea.csv"), text_of).unwrap();
    let error = import(&options(folder.path(), "sea.csv", "facility"))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(
            "sea.csv 第 3 行 geometry：位置 114.500000, 21.500000 距本村 201 公里（海上或其他城市）"
        ),
        "{error}"
    );
}

#[test]
fn points_in_the_sea_are_refused_where_no_village_tells_home() {
    let folder = TempDir::new().unwrap();
    let text_of = "名称,类别,经度,纬度\n近,口袋公园,113.59,23.11\n海,口袋公园,114.5,21.5\n";
    fs::write(folder.path().join("sea.csv"), text_of).unwrap();
    let options = options(folder.path(), "sea.csv", "facility");
    let error = import(&options).unwrap_err().to_string();
    assert!(
        error.contains("sea.csv 第 3 行 geometry：位置 114.500000, 21.500000 在海上"),
        "{error}"
    );
    assert!(!options.into.exists(), "nothing is written");
}

#[test]
fn another_programs_file_is_not_written_to() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.geojson"), houses(1)).unwrap();
    fs::write(folder.path().join("target.gpkg"), "this is no database").unwrap();
    let error = import(&options(folder.path(), "a.geojson", "building"))
        .unwrap_err()
        .to_string();
    assert!(error.contains("target.gpkg"), "{error}");
    assert_eq!(
        fs::read(folder.path().join("target.gpkg")).unwrap(),
        b"this is no database"
    );
}
