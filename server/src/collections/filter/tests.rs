use yizhangtu_data::{Layer, Record};

use super::*;
use crate::policy::Viewer;

fn layer() -> Layer {
    serde_json::from_str(
        r#"{"id": "house", "title": {"zh": "房", "en": "House"}, "theme": "base",
        "geometry": "polygon", "version": "1", "fields": [
            {"name": "kind", "label": {"zh": "", "en": ""}, "type": "text"},
            {"name": "floors", "label": {"zh": "", "en": ""}, "type": "integer"},
            {"name": "area_m2", "label": {"zh": "", "en": ""}, "type": "decimal"},
            {"name": "rental", "label": {"zh": "", "en": ""}, "type": "boolean"},
            {"name": "built", "label": {"zh": "", "en": ""}, "type": "date"},
            {"name": "owner", "label": {"zh": "", "en": ""}, "type": "text",
             "sensitivity": "personal", "mask": "name"}]}"#,
    )
    .expect("a layer")
}

fn house() -> Record {
    let layer = layer();
    let mut record = Record::new(&layer, "h1");
    record.geometry = Some(
        geo::Rect::new((113.0, 23.0), (113.1, 23.1))
            .to_polygon()
            .into(),
    );
    record
        .set(&layer, "kind", "住宅's")
        .set(&layer, "floors", 6)
        .set(&layer, "rental", true)
        .set(&layer, "built", chrono::NaiveDate::from_ymd_opt(2001, 5, 4));
    record
}

fn selects(filter: &str) -> bool {
    let layer = layer();
    let expression = parse(filter, &layer, &Viewer::anyone())
        .unwrap_or_else(|problem| panic!("{filter}: {problem:?}"));
    expression.selects(&house())
}

#[test]
fn what_holds_is_selected() {
    for filter in [
        "kind = '住宅''s'",
        "floors > 5 AND floors < 7",
        "6 = floors",
        "7 >= floors",
        "floors <> 2.5",
        "floors BETWEEN 6 AND 6",
        "floors NOT BETWEEN 1 AND 5",
        "floors IN (1, 6)",
        "kind LIKE '住_''s'",
        "kind LIKE '%宅%' and not kind like '%楼'",
        "area_m2 IS NULL",
        "floors IS NOT NULL",
        "rental = TRUE",
        "rental",
        "NOT (NOT rental)",
        "built >= DATE('2001-05-04')",
        "built < '2002-01-01'",
        "id = 'h1'",
        "\"floors\" = 6 OR area_m2 > 1e9",
        "area_m2 > 0 OR floors = 6",
        "S_INTERSECTS(geometry, POINT(113.05 23.05))",
        "S_WITHIN(geometry, POLYGON((112 22, 114 22, 114 24, 112 24, 112 22)))",
        "S_CONTAINS(POLYGON((112 22, 114 22, 114 24, 112 24, 112 22)), geometry)",
        "S_INTERSECTS(geometry, BBOX(113.05, 23.05, 120, 30))",
        "S_DISJOINT(geometry, POINT(-113.05 -2.3e1))",
    ] {
        assert!(selects(filter), "{filter}");
    }
}

#[test]
fn what_does_not_hold_or_is_unknown_is_not_selected() {
    for filter in [
        "kind = '厂房'",
        "area_m2 > 0",
        "NOT area_m2 > 0",
        "NOT (area_m2 > 0 AND floors = 6)",
        "area_m2 IN (1)",
        "floors = 6 AND area_m2 > 0",
        "S_INTERSECTS(geometry, POINT(114 24))",
        "S_CONTAINS(geometry, POINT(113 23))",
    ] {
        assert!(!selects(filter), "{filter}");
    }
}

#[test]
fn faults_are_named() {
    let layer = layer();
    for (filter, said) in [
        ("", "结尾"),
        ("floors >", "结尾"),
        ("flors > 5", "flors"),
        ("floors > '五'", "五"),
        ("kind = 5", "文字"),
        ("built = '2001-13-01'", "2001-13-01"),
        ("owner = '李四'", "个人信息"),
        ("owner LIKE '李%'", "个人信息"),
        ("floors = 6 floors = 6", "AND"),
        ("kind = '住宅", "第 8 个字符"),
        ("floors # 6", "#"),
        ("S_INTERSECTS(geometry, POLYGON((1 2)", ")"),
        ("S_INTERSECTS(floors, POINT(1 2))", "geometry"),
        ("S_WITHIN(geometry, POINT(a b))", "几何"),
        ("1 = 2", "字段"),
    ] {
        let problem = parse(filter, &layer, &Viewer::anyone()).expect_err(filter);
        let said_so = serde_json::to_value(&problem).expect("JSON")["detail"].to_string();
        assert!(
            said_so.contains(said) && said_so.contains("filter"),
            "{filter}: {said_so}"
        );
    }
    let deep = format!("{}rental{}", "(".repeat(500), ")".repeat(500));
    assert!(parse(&deep, &layer, &Viewer::anyone()).is_err());
}
