use std::ops::ControlFlow;

use geo::Area;

use super::{
    areas::{LAYER, WORDS},
    entities::read,
    *,
};
use crate::GeometryKind;

fn polyline(layer: &str, flag: i32, points: &[(f64, f64, f64)]) -> String {
    let mut text = format!(
        "0\nLWPOLYLINE\n8\n{layer}\n90\n{}\n70\n{flag}\n",
        points.len()
    );
    for (x, y, bulge) in points {
        text.push_str(&format!("10\n{x}\n20\n{y}\n"));
        if *bulge != 0.0 {
            text.push_str(&format!("42\n{bulge}\n"));
        }
    }
    text
}

fn drawing(entities: &str) -> String {
    format!(
        "0\nSECTION\n2\nHEADER\n9\n$ACADVER\n1\nAC1015\n0\nENDSEC\n0\nSECTION\n2\nENTITIES\n{entities}0\nENDSEC\n0\nEOF\n"
    )
}

fn square(x: f64, y: f64, size: f64) -> Vec<(f64, f64, f64)> {
    vec![
        (x, y, 0.0),
        (x + size, y, 0.0),
        (x + size, y + size, 0.0),
        (x, y + size, 0.0),
    ]
}

fn areas(text: &str) -> Vec<(String, Option<String>, f64)> {
    let (_, rows) = read(text).unwrap().rows(GeometryKind::Polygon);
    let text = |row: &Row, name: &str| {
        let found = row.values.iter().find(|(own, _)| &**own == name);
        found.map(|(_, raw)| match raw {
            Raw::Text(text) => text.clone(),
            other => panic!("{other:?}"),
        })
    };
    rows.iter()
        .map(|row| {
            let Shape::Some(shape) = &row.shape else {
                panic!("{:?}", row.shape)
            };
            (
                text(row, LAYER).unwrap(),
                text(row, WORDS),
                shape.unsigned_area(),
            )
        })
        .collect()
}

#[test]
fn closed_polylines_are_areas_with_layer_words_and_holes() {
    let (x, y) = (438_100.0, 2_559_500.0);
    let text = "0\nTEXT\n8\nZJ\n10\n438105\n20\n2559505\n40\n2.5\n1\nA-01\n0\nMTEXT\n8\nZJ\n10\n438150\n20\n2559550\n1\n{\\fSimSun|b0;\\U+7EFF\\U+5730}\n";
    let entities = [
        polyline("0703 农村宅基地", 1, &square(x, y, 100.0)),
        polyline("0703 农村宅基地", 1, &square(x + 40.0, y + 40.0, 20.0)),
        // Twice the same: a hole, and the plot in it.
        polyline("0703 农村宅基地", 1, &square(x + 70.0, y, 10.0)),
        polyline("0703 农村宅基地", 1, &square(x + 70.0, y, 10.0)),
        polyline("1401 公园绿地", 1, &square(x + 40.0, y + 40.0, 20.0)),
        polyline("道路中线", 0, &square(x, y, 30.0)),
        "0\nINSERT\n8\n0\n2\n树\n10\n1\n20\n1\n".to_owned(),
        text.to_owned(),
    ];
    assert_eq!(
        areas(&drawing(&entities.concat())),
        [
            (
                "0703 农村宅基地".to_owned(),
                Some("A-01".to_owned()),
                9500.0
            ),
            ("0703 农村宅基地".to_owned(), None, 100.0),
            ("1401 公园绿地".to_owned(), Some("绿地".to_owned()), 400.0),
        ]
    );
    let (said, _) = read(&drawing(&entities.concat()))
        .unwrap()
        .rows(GeometryKind::Polygon);
    let left = &said.notes.last().unwrap().zh;
    assert!(
        left.contains("1 条未闭合") && left.contains("1 INSERT"),
        "{left}"
    );
}

#[test]
fn sides_that_bulge_are_arcs_and_circles_are_round() {
    // A square whose right side is a half circle outwards.
    let mut points = square(0.0, 0.0, 100.0);
    points[1].2 = 1.0;
    let text = drawing(&polyline("R2", 1, &points));
    let wanted = 10_000.0 + std::f64::consts::PI * 50.0 * 50.0 / 2.0;
    assert!(
        (areas(&text)[0].2 / wanted - 1.0).abs() < 2e-4,
        "{}",
        areas(&text)[0].2
    );
    let round = drawing("0\nCIRCLE\n8\n水池\n10\n500\n20\n500\n40\n30\n");
    let wanted = std::f64::consts::PI * 900.0;
    assert!((areas(&round)[0].2 / wanted - 1.0).abs() < 3e-4);
}

#[test]
fn old_polylines_and_ends_that_meet_are_read() {
    let old = drawing(
        "0\nPOLYLINE\n8\nYD\n66\n1\n70\n1\n10\n0\n20\n0\n0\nVERTEX\n8\nYD\n10\n0\n20\n0\n0\nVERTEX\n8\nYD\n10\n10\n20\n0\n0\nVERTEX\n8\nYD\n10\n10\n20\n400\n0\nSEQEND\n8\nYD\n",
    );
    assert_eq!(areas(&old)[0].2, 2000.0);
    let mut open = square(0.0, 0.0, 200.0);
    open.push((0.004, 0.0, 0.0));
    assert_eq!(areas(&drawing(&polyline("YD", 0, &open)))[0].2, 40_000.0);
    let thousand = drawing(&polyline("YD", 1, &square(0.0, 0.0, 400_000.0))).replace(
        "0\nENDSEC\n0\nSECTION\n2\nENTITIES",
        "9\n$INSUNITS\n70\n4\n0\nENDSEC\n0\nSECTION\n2\nENTITIES",
    );
    assert_eq!(areas(&thousand)[0].2, 160_000.0);
}

#[test]
fn texts_are_gbk_in_old_drawings() {
    let text = drawing(&polyline("0703 农村宅基地", 1, &square(0.0, 0.0, 200.0)));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("规划.dxf");
    std::fs::write(&path, encoding_rs::GBK.encode(&text).0).unwrap();
    let reading = Reading {
        geometry: GeometryKind::Polygon,
        ..Reading::default()
    };
    let source = open(&path, &reading).unwrap();
    let mut layers = Vec::new();
    let read = source.rows(&mut |row| {
        layers.push(row.values[0].1.clone());
        ControlFlow::Continue(())
    });
    read.unwrap();
    assert_eq!(layers, [Raw::Text("0703 农村宅基地".to_owned())]);
    assert_eq!(source.said().encoding.as_deref(), Some("gb18030"));
}

#[test]
fn what_is_cut_off_or_no_drawing_is_told_by_its_line() {
    let whole = drawing(&polyline("YD", 1, &square(0.0, 0.0, 200.0)));
    let cut = whole.strip_suffix("0\nEOF\n").unwrap();
    assert!(read(cut).err().unwrap().1.zh.contains("EOF"));
    assert_eq!(read("编号,名称\n").err().unwrap().0, 1);
}
