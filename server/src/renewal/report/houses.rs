//! Houses by what matters to renewal: each section counts every house of the unit once.

use std::collections::BTreeMap;

use yizhangtu_data::{Record, Text};
use yizhangtu_index::Rule;

use super::Ground;
use crate::{
    atlas::{LayerSnapshot, hundredths},
    report::{Cell, Column, Section, text},
};

/// What is not filled in.
const UNKNOWN: &str = "未登记";

/// A house of no class yet.
const UNCLASSED: &str = "未分类";

/// How houses are told apart: rank of the group and its words.
type Group = (i64, Text);

pub(super) fn sections(on: &Ground<'_>) -> Vec<Section> {
    if on.statistics.counts.buildings.is_none() {
        return Vec::new();
    }
    let Some(layer) = on.snapshot.layer("building") else {
        return Vec::new();
    };
    let houses: Vec<u32> = layer.within(&on.subject.area, Rule::default());
    let coded = |id: &'static str, zh: &str, en: &str, field: &'static str, none: &'static str| {
        by(id, text(zh, en), layer, &houses, |record| {
            let code = record.get(&layer.layer, field).as_text().unwrap_or(none);
            (
                rank(on, layer, field, code),
                on.label(&layer.layer, field, code),
            )
        })
    };
    vec![
        by(
            "age",
            text("房屋按建成年代", "Houses by age"),
            layer,
            &houses,
            |record| decade(record.get(&layer.layer, "built_year").as_integer()),
        ),
        coded(
            "structure",
            "房屋按结构",
            "Houses by structure",
            "structure",
            UNKNOWN,
        ),
        by(
            "storeys",
            text("房屋按层数", "Houses by storeys"),
            layer,
            &houses,
            |record| storeys(record.get(&layer.layer, "floors_up").as_integer()),
        ),
        coded(
            "titles",
            "房屋按权属证明",
            "Houses by title",
            "right_doc",
            UNKNOWN,
        ),
        coded(
            "disposal",
            "房屋按分类处置",
            "Houses by disposal",
            "disposal_class",
            UNCLASSED,
        ),
        coded(
            "measures",
            "房屋按更新措施",
            "Houses by measure",
            "measure",
            "未定",
        ),
        by(
            "phases",
            text("房屋按分期", "Houses by phase"),
            layer,
            &houses,
            |record| match record.get(&layer.layer, "phase").as_integer() {
                Some(phase) => (
                    phase,
                    text(&format!("第 {phase} 期"), &format!("phase {phase}")),
                ),
                None => (i64::MAX, text("未定", "not set")),
            },
        ),
        coded(
            "danger",
            "房屋按危房等级",
            "Houses by danger",
            "danger_grade",
            UNKNOWN,
        ),
    ]
}

/// Place of a code in its list; what is none of it comes last.
fn rank(on: &Ground<'_>, layer: &LayerSnapshot, field: &str, code: &str) -> i64 {
    let list = layer
        .layer
        .field(field)
        .and_then(|own| own.code_list.as_deref());
    let list = list.and_then(|list| on.catalog.code_list(list));
    let place = list.and_then(|list| list.codes.iter().position(|own| own.code == code));
    place.map_or(i64::MAX, |place| i64::try_from(place).unwrap_or(i64::MAX))
}

fn by(
    id: &'static str,
    title: Text,
    layer: &LayerSnapshot,
    houses: &[u32],
    group: impl Fn(&Record) -> Group,
) -> Section {
    let (footprint, floor_area) = (
        layer.layer.position("footprint_m2"),
        layer.layer.position("floor_area_m2"),
    );
    // Hundredths of a square metre add up exactly.
    let mut groups: BTreeMap<(i64, String), (Text, u64, i64, i64)> = BTreeMap::new();
    for at in houses {
        let record = layer.record(*at);
        let (rank, words) = group(record);
        let own = (groups.entry((rank, words.zh.clone()))).or_insert((words, 0, 0, 0));
        own.1 += 1;
        own.2 += hundredths(record, footprint);
        own.3 += hundredths(record, floor_area);
    }
    let mut section = Section::new(
        id,
        title,
        vec![
            Column::of("类别", "Group", ""),
            Column::of("栋数", "Houses", "栋"),
            Column::of("基底面积", "Footprint", "平方米"),
            Column::of("建筑面积", "Floor area", "平方米"),
        ],
    );
    #[expect(
        clippy::cast_precision_loss,
        reason = "sums stay below 2^53 hundredths"
    )]
    let metres = |hundredths: i64| Cell::Number(hundredths as f64 / 100.0);
    let (mut count, mut ground, mut floors) = (0, 0, 0);
    for (words, own, footprint, floor_area) in groups.into_values() {
        count += own;
        ground += footprint;
        floors += floor_area;
        section.rows.push(vec![
            Cell::Label(words),
            Cell::Count(own),
            metres(footprint),
            metres(floor_area),
        ]);
    }
    section.total = Some(vec![
        Cell::Label(text("合计", "Total")),
        Cell::Count(count),
        metres(ground),
        metres(floors),
    ]);
    section
}

fn decade(year: Option<i64>) -> Group {
    match year {
        None => (i64::MAX, text(UNKNOWN, "not recorded")),
        Some(year) if year < 1980 => (1979, text("1980 年以前", "before 1980")),
        Some(year) => {
            let from = year / 10 * 10;
            (from, text(&format!("{from} 年代"), &format!("{from}s")))
        }
    }
}

fn storeys(floors: Option<i64>) -> Group {
    match floors {
        None => (i64::MAX, text(UNKNOWN, "not recorded")),
        Some(..=3) => (1, text("1–3 层", "1–3 storeys")),
        Some(4..=6) => (4, text("4–6 层", "4–6 storeys")),
        Some(7..=9) => (7, text("7–9 层", "7–9 storeys")),
        Some(_) => (10, text("10 层以上", "10 storeys and more")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn houses_fall_into_the_decades_and_heights_that_people_speak_of() {
        assert_eq!(decade(Some(1974)).1.zh, "1980 年以前");
        assert_eq!(decade(Some(1999)).1.zh, "1990 年代");
        assert_eq!(decade(None).1.zh, UNKNOWN);
        for (floors, words) in [
            (1, "1–3 层"),
            (3, "1–3 层"),
            (6, "4–6 层"),
            (7, "7–9 层"),
            (33, "10 层以上"),
        ] {
            assert_eq!(storeys(Some(floors)).1.zh, words);
        }
    }
}
