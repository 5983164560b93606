use serde_json::json;

use crate::import::{
    source::Raw,
    value::{Reading, parse},
};
use crate::{Catalog, Field, FieldKind, Value};

fn field(kind: FieldKind, unit: &str) -> Field {
    Field {
        name: "it".to_owned(),
        kind,
        unit: (!unit.is_empty()).then(|| unit.to_owned()),
        decimals: (kind == FieldKind::Decimal).then_some(2),
        ..Field::default()
    }
}

fn read(kind: FieldKind, unit: &str, raw: Raw) -> Result<Value, String> {
    parse(&field(kind, unit), &raw, Reading::default()).map_err(|words| words.zh)
}

fn text(text: &str) -> Raw {
    Raw::Text(text.to_owned())
}

#[test]
fn whole_numbers_as_people_write_them() {
    for (raw, expected) in [
        (text("3"), 3),
        (text("３"), 3),
        (text(" 3 层 "), 3),
        (text("1,234"), 1234),
        (text("3.0"), 3),
        (text("-2"), -2),
        (Raw::Number(3.0), 3),
        (Raw::Integer(7), 7),
    ] {
        assert_eq!(
            read(FieldKind::Integer, "层", raw.clone()),
            Ok(Value::Integer(expected)),
            "{raw:?}"
        );
    }
    for wrong in ["三层", "3.5", "1,23", "NaN", "inf", "3-5"] {
        let error = read(FieldKind::Integer, "层", text(wrong)).unwrap_err();
        assert_eq!(error, format!("不是整数“{wrong}”，请改为数字"));
    }
    for nothing in ["", " ", "-", "/", "无", "NULL"] {
        assert_eq!(
            read(FieldKind::Integer, "层", text(nothing)),
            Ok(Value::Null),
            "{nothing}"
        );
    }
}

#[test]
fn money_is_kept_in_fen_exactly() {
    let read = |raw: Raw, factor: f64| {
        let reading = Reading {
            factor: Some(factor),
            codes: None,
        };
        parse(&field(FieldKind::Integer, "fen"), &raw, reading).unwrap()
    };
    assert_eq!(read(text("2727.5"), 1e6), Value::Integer(2_727_500_000));
    assert_eq!(read(text("0.07"), 100.0), Value::Integer(7));
    assert_eq!(read(text("1.005"), 100.0), Value::Integer(101));
    assert_eq!(
        read(text("１，２３４．５６"), 100.0),
        Value::Integer(123_456)
    );
    assert_eq!(read(Raw::Number(0.29), 100.0), Value::Integer(29));
    // The unit behind a number is stronger than that of the heading.
    assert_eq!(read(text("3万元"), 100.0), Value::Integer(3_000_000));
    assert_eq!(read(text("88.8元"), 1e6), Value::Integer(8_880));
}

#[test]
fn areas_come_in_many_units() {
    let read = |raw: &str| read(FieldKind::Decimal, "m2", text(raw)).unwrap();
    assert_eq!(read("120.555"), Value::Decimal(120.56));
    assert_eq!(read("1.5亩"), Value::Decimal(1000.0));
    assert_eq!(read("2公顷"), Value::Decimal(20_000.0));
    assert_eq!(read("0.5 平方公里"), Value::Decimal(500_000.0));
    assert_eq!(read("80万平方米"), Value::Decimal(800_000.0));
    assert_eq!(read("120㎡"), Value::Decimal(120.0));
}

#[test]
fn dates_in_many_ways() {
    let day = |y, m, d| {
        Ok(Value::Date(
            chrono::NaiveDate::from_ymd_opt(y, m, d).unwrap(),
        ))
    };
    for raw in [
        text("2023-01-02"),
        text("2023/1/2"),
        text("2023.1.2"),
        text("2023年1月2日"),
        text("２０２３年１月２日"),
        text("20230102"),
        text("2023-01-02 08:30:00"),
        text("2023年1月2日 8时30分"),
        text("2023-01-02T08:30:00+08:00"),
        Raw::Integer(44_928),
        Raw::Number(44_928.5),
        Raw::Integer(20_230_102),
    ] {
        assert_eq!(
            read(FieldKind::Date, "", raw.clone()),
            day(2023, 1, 2),
            "{raw:?}"
        );
    }
    for wrong in ["2023-13-01", "2023-02-30", "去年", "2023-01", "23/1/2", "5"] {
        let error = read(FieldKind::Date, "", text(wrong)).unwrap_err();
        assert_eq!(
            error,
            format!("“{wrong}”不是日期，请改为 2023-01-02 的写法")
        );
    }
}

#[test]
fn times_are_of_peking_unless_they_say_otherwise() {
    let read = |raw| match read(FieldKind::DateTime, "", text(raw)) {
        Ok(Value::DateTime(moment)) => moment.to_rfc3339(),
        other => panic!("{other:?}"),
    };
    assert_eq!(read("2023-01-02 08:30"), "2023-01-02T08:30:00+08:00");
    assert_eq!(read("20230102083015"), "2023-01-02T08:30:15+08:00");
    assert_eq!(read("2023-01-02T00:30:00Z"), "2023-01-02T00:30:00+00:00");
}

#[test]
fn yes_and_no() {
    for yes in ["是", "有", "Y", "true", "1", "√"] {
        assert_eq!(
            read(FieldKind::Boolean, "", text(yes)),
            Ok(Value::Boolean(true)),
            "{yes}"
        );
    }
    for no in ["否", "无", "n", "FALSE", "0", "×"] {
        assert_eq!(
            read(FieldKind::Boolean, "", text(no)),
            Ok(Value::Boolean(false)),
            "{no}"
        );
    }
    assert!(read(FieldKind::Boolean, "", text("也许")).is_err());
}

#[test]
fn codes_are_known_by_label_alias_and_both_together() {
    let catalog = Catalog::embedded();
    let list = catalog.code_list("building_structure").unwrap();
    let read = |raw: &str| {
        let reading = Reading {
            factor: None,
            codes: Some(list),
        };
        parse(&field(FieldKind::Text, ""), &text(raw), reading).map_err(|words| words.zh)
    };
    for known in ["砖混", "砖混结构", "Brick and concrete", " 砖混 "] {
        assert_eq!(read(known), Ok(Value::from("砖混")), "{known}");
    }
    let error = read("木头").unwrap_err();
    assert!(
        error.starts_with("“木头”不在“建筑结构”之列；可用：钢混、砖混"),
        "{error}"
    );
    let list = catalog.code_list("land_use_sea").unwrap();
    let reading = Reading {
        factor: None,
        codes: Some(list),
    };
    let both = |told: &str| parse(&field(FieldKind::Text, ""), &text(told), reading);
    assert_eq!(both("0703 农村宅基地"), Ok(Value::from("0703")));
    assert_eq!(both("0703农村宅基地"), Ok(Value::from("0703")));
    assert!(both("0703商业用地").is_err());
}

#[test]
fn texts_that_lost_digits_or_characters_are_refused() {
    let error = read(FieldKind::Text, "", Raw::Number(4.401_231_234_567_89e17)).unwrap_err();
    assert!(error.contains("末几位已丢失"), "{error}");
    let error = read(FieldKind::Text, "", Raw::Garbled("东\u{fffd}".to_owned())).unwrap_err();
    assert!(error.contains("乱码"), "{error}");
    assert_eq!(
        read(FieldKind::Text, "", Raw::Integer(440_111)),
        Ok(Value::from("440111"))
    );
}

#[test]
fn personal_values_are_not_repeated() {
    let mut phone = field(FieldKind::Integer, "");
    phone.sensitivity = crate::Sensitivity::Personal;
    let words = parse(&phone, &text("138x"), Reading::default()).unwrap_err();
    assert!(
        !words.zh.contains("138") && !words.en.contains("138"),
        "{}",
        words.zh
    );
}

#[test]
fn lists_are_read_as_json_or_by_their_marks() {
    let list = Value::Json(Box::new(json!(["A1", "A2"])));
    assert_eq!(read(FieldKind::Json, "", text("A1、A2")), Ok(list.clone()));
    assert_eq!(read(FieldKind::Json, "", text("[\"A1\",\"A2\"]")), Ok(list));
}
