//! What a sheet says of its area in numbers: the answer of the statistics, as people read it.

use serde_json::Value as Json;

/// One line: what is counted, and how much of it.
pub(super) type Line = (String, String);

/// The lines of an answer of the statistics. A number that may not be told stands as such; what
/// the viewer may not count has no line.
pub(super) fn lines(answer: &Json) -> Vec<Line> {
    let mut lines = vec![("面积".to_owned(), square_metres(&answer["area_m2"]))];
    let mut add = |title: &str, value: String| lines.push((title.to_owned(), value));
    if let Some(buildings) = answer.get("buildings") {
        add("房屋", number(&buildings["count"], "栋"));
        add("其中出租屋", number(&buildings["rental"], "栋"));
        add("基底面积", square_metres(&buildings["footprint_m2"]));
        add("建筑面积", square_metres(&buildings["floor_area_m2"]));
    }
    if let Some(people) = answer.get("people") {
        add("居住人员", number(&people["total"], "人"));
        for (kind, count) in people["by_kind"].as_object().into_iter().flatten() {
            add(&format!("　{kind}"), number(count, "人"));
        }
    }
    if let Some(households) = answer.get("households") {
        add("户", number(households, "户"));
    }
    lines
}

fn number(value: &Json, unit: &str) -> String {
    match value.as_i64() {
        Some(count) => format!("{} {unit}", grouped(count)),
        None => "小数不示".to_owned(),
    }
}

fn square_metres(value: &Json) -> String {
    match value.as_f64() {
        #[expect(clippy::cast_possible_truncation, reason = "areas stay below 2^53")]
        Some(area) => format!("{} 平方米", grouped(area.round() as i64)),
        None => "—".to_owned(),
    }
}

/// A number with a comma before every third digit.
pub(super) fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_grouped() {
        let cases = [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (11_608, "11,608"),
            (-1_234_567, "-1,234,567"),
        ];
        for (number, text) in cases {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn what_is_not_told_is_said_or_left_out() {
        let answer = json!({
            "area_m2": 12_345.6, "people": {"total": null, "by_kind": {"来穗": 12}}, "households": 3
        });
        let lines = lines(&answer);
        let text: Vec<String> = lines
            .iter()
            .map(|(title, value)| format!("{title}={value}"))
            .collect();
        assert_eq!(
            text,
            [
                "面积=12,346 平方米",
                "居住人员=小数不示",
                "　来穗=12 人",
                "户=3 户"
            ]
        );
    }
}
