//! Units that people write behind a heading or a number, and the factor to what is kept.

use super::names;

/// Factors to m².
const AREAS: [(&str, f64); 15] = [
    ("平方公里", 1e6),
    ("平方千米", 1e6),
    ("km2", 1e6),
    ("km²", 1e6),
    ("万平方米", 1e4),
    ("万平米", 1e4),
    ("万平方", 1e4),
    ("公顷", 1e4),
    ("hm2", 1e4),
    ("ha", 1e4),
    ("亩", crate::measure::M2_PER_MU),
    ("平方米", 1.0),
    ("平米", 1.0),
    ("㎡", 1.0),
    ("m2", 1.0),
];
/// Factors to 分.
const MONEY: [(&str, f64); 5] = [
    ("亿元", 1e10),
    ("万元", 1e6),
    ("元", 100.0),
    ("角", 10.0),
    ("分", 1.0),
];
/// Factors to metres.
const LENGTHS: [(&str, f64); 8] = [
    ("公里", 1000.0),
    ("千米", 1000.0),
    ("km", 1000.0),
    ("厘米", 0.01),
    ("cm", 0.01),
    ("毫米", 0.001),
    ("米", 1.0),
    ("m", 1.0),
];

/// A unit and its factor to the unit of the field.
pub(super) type Unit = (&'static str, f64);

fn table(kept: &str) -> &'static [(&'static str, f64)] {
    match kept {
        "m2" => &AREAS,
        "fen" => &MONEY,
        "m" => &LENGTHS,
        _ => &[],
    }
}

/// A unit by its name, for a field that is kept in `kept`.
pub(super) fn named(kept: &str, name: &str) -> Option<Unit> {
    let name = names::plain(name).to_lowercase();
    table(kept).iter().copied().find(|(unit, _)| *unit == name)
}

/// The unit that a heading ends in or has in brackets: `面积(亩)`, `租金_万元`.
pub(super) fn of_heading(kept: &str, heading: &str) -> Option<Unit> {
    let plain = names::plain(heading).to_lowercase();
    let plain = plain.trim_end_matches([')', ']', '】']);
    let after = plain
        .rsplit(['(', '[', '【', '_', '/', ' ', '：', ':'])
        .next()
        .filter(|part| part.len() < plain.len());
    if let Some(unit) = after.and_then(|part| named(kept, part)) {
        return Some(unit);
    }
    None
}

/// A number's text without the unit behind it, and that unit.
pub(super) fn behind<'a>(kept: &str, text: &'a str) -> (&'a str, Option<Unit>) {
    for (unit, factor) in table(kept) {
        if let Some(number) = text.strip_suffix(unit) {
            return (number.trim_end(), Some((unit, *factor)));
        }
    }
    if !kept.is_empty()
        && let Some(number) = text.strip_suffix(kept)
    {
        return (number.trim_end(), None);
    }
    (text, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_found_behind_headings_and_numbers() {
        for (kept, heading, factor) in [
            ("m2", "用地面积（亩）", Some(2000.0 / 3.0)),
            ("m2", "面积_公顷", Some(10_000.0)),
            ("m2", "面积(平方公里)", Some(1_000_000.0)),
            ("m2", "面积(万平方米)", Some(10_000.0)),
            ("m2", "建筑面积", None),
            ("fen", "合同金额（万元）", Some(1_000_000.0)),
            ("fen", "押金(元)", Some(100.0)),
            ("m", "高度(m)", Some(1.0)),
            ("层", "层数", None),
        ] {
            assert_eq!(
                of_heading(kept, heading).map(|it| it.1),
                factor,
                "{heading}"
            );
        }
        assert_eq!(behind("m2", "3.5亩").0, "3.5");
        assert_eq!(behind("m2", "3.5 平方米").1, Some(("平方米", 1.0)));
        assert_eq!(behind("层", "3层"), ("3", None));
        assert_eq!(behind("m2", "350"), ("350", None));
    }
}
