//! Land: as it is used, as it is planned, who owns it, and what lines lie over it.

use std::collections::BTreeMap;

use yizhangtu_data::{Text, measure, overlay, topology::polygons};
use yizhangtu_index::Rule;

use super::Ground;
use crate::{
    report::{Cell, Column, Section, text},
    statistics::{self, ByClass},
};

/// The code list of each standard of land use. The same code means other land in another.
const LISTS: [(&str, &str); 3] = [
    ("用地用海", "land_use_sea"),
    ("GB/T 21010", "land_use_gbt21010"),
    ("国土调查", "land_use_survey"),
];

pub(super) fn sections(on: &Ground<'_>) -> Vec<Section> {
    vec![
        by_class(
            on,
            "land_now",
            "现状用地",
            "Present land use",
            &on.statistics.land_use,
        ),
        by_class(
            on,
            "land_plan",
            "规划用地",
            "Planned land use",
            &on.statistics.plan_land,
        ),
        lines(on),
        ownership(on),
    ]
}

fn by_class(on: &Ground<'_>, id: &'static str, zh: &str, en: &str, classes: &[ByClass]) -> Section {
    let mut section = Section::new(
        id,
        text(zh, en),
        vec![
            Column::of("地类", "Class", ""),
            Column::of("编码", "Code", ""),
            Column::of("分类标准", "Standard", ""),
            Column::of("面积", "Area", "平方米"),
            Column::of("占单元", "Share of the unit", "%"),
        ],
    );
    let whole = on.statistics.area_m2;
    section.rows = (classes.iter())
        .map(|class| {
            let list = LISTS
                .iter()
                .find(|(standard, _)| *standard == class.class_std);
            vec![
                Cell::Label(on.listed(list.map_or("", |(_, list)| list), &class.code)),
                Cell::Text(class.code.clone()),
                Cell::Text(class.class_std.clone()),
                Cell::Number(class.area_m2),
                Cell::Number(100.0 * class.area_m2 / whole),
            ]
        })
        .collect();
    section.summed().noted(
        "同一编码在不同标准里含义不同，编码与标准成对列出",
        "A code means something beside its standard only",
    )
}

fn lines(on: &Ground<'_>) -> Section {
    let mut section = Section::new(
        "control_lines",
        text("管控线", "Control lines"),
        vec![
            Column::of("管控类型", "Kind", ""),
            Column::of("占压面积", "Area", "平方米"),
            Column::of("占单元", "Share of the unit", "%"),
        ],
    );
    let whole = on.statistics.area_m2;
    section.rows = (on.statistics.control_lines.iter())
        .map(|line| {
            vec![
                Cell::Label(on.listed("control_kind", &line.kind)),
                Cell::Number(line.area_m2),
                Cell::Number(100.0 * line.area_m2 / whole),
            ]
        })
        .collect();
    section.noted(
        "同类管控线重叠的部分只计一次；没有占压的也列出",
        "Ground under two lines of one kind counts once; kinds without any are listed too",
    )
}

/// Land by nature of its ownership: from the land survey, and the parcels beside it.
fn ownership(on: &Ground<'_>) -> Section {
    let mut section = Section::new(
        "ownership",
        text("权属", "Ownership"),
        vec![
            Column::of("依据", "From", ""),
            Column::of("权属性质", "Ownership", ""),
            Column::of("数量", "Number", "块"),
            Column::of("面积", "Area", "平方米"),
        ],
    );
    for id in ["land_use", "parcel"] {
        let Some(layer) = on.snapshot.layer(id) else {
            continue;
        };
        let mut kinds: BTreeMap<String, (u64, f64)> = BTreeMap::new();
        for (at, area_m2) in statistics::inside(layer, on.subject) {
            if area_m2 <= overlay::SLIVER_M2 {
                continue;
            }
            let nature = layer.record(at).get(&layer.layer, "ownership").as_text();
            let (count, sum) = kinds
                .entry(nature.unwrap_or("未登记").to_owned())
                .or_default();
            *count += 1;
            *sum += area_m2;
        }
        let title: Text = layer.layer.title.clone();
        section
            .rows
            .extend(kinds.into_iter().map(|(nature, (count, area_m2))| {
                vec![
                    Cell::Label(title.clone()),
                    Cell::Label(on.label(&layer.layer, "ownership", &nature)),
                    Cell::Count(count),
                    Cell::Number(area_m2),
                ]
            }));
    }
    section
}

/// Ground of the unit that a building permit covers, in m².
pub(super) fn permitted_m2(on: &Ground<'_>) -> f64 {
    let Some(permits) = on.snapshot.layer("permit") else {
        return 0.0;
    };
    let outlines: Vec<_> = (permits
        .within(&on.subject.area, Rule::Intersects)
        .into_iter())
    .filter_map(|at| polygons(permits.record(at).geometry.as_ref()?))
    .collect();
    let outlines: Vec<_> = outlines.iter().collect();
    let whole = || {
        outlines
            .iter()
            .map(|own| measure::area_m2(&(*own).clone().into()))
            .sum()
    };
    overlay::covered_m2(&on.subject.outline, &outlines).unwrap_or_else(|_| whole())
}
