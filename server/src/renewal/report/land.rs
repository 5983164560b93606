//! Land: as it is used, as it is planned, who owns it, and what lines lie over it.

use std::collections::BTreeMap;

use yizhangtu_data::{Text, measure, overlay, topology::polygons};
use yizhangtu_index::Rule;

use super::Ground;
use crate::{
    plans::{self, Balance},
    report::{Cell, Column, Section, text},
    statistics::{self, Class},
};

pub(super) fn sections(on: &Ground<'_>) -> Vec<Section> {
    vec![
        by_class(on, "land_now", ("现状用地", "Present land use"), "land_use"),
        by_class(
            on,
            "land_plan",
            ("规划用地", "Planned land use"),
            "plan_land",
        ),
        lines(on),
        ownership(on),
    ]
}

/// A row of a table of land: a class, or what no class or two have.
pub(super) struct Row {
    pub(super) label: Text,
    pub(super) class: Option<Class>,
    /// Hundredths of a square metre.
    area: i64,
    /// Hundredths of a percent of the unit.
    share: i64,
}

impl Row {
    pub(super) fn area_m2(&self) -> f64 {
        plans::metres(self.area)
    }

    pub(super) fn percent(&self) -> f64 {
        plans::metres(self.share)
    }

    fn cells(&self) -> Vec<Cell> {
        let (class_std, code) = self.class.clone().unwrap_or_default();
        vec![
            Cell::Label(self.label.clone()),
            Cell::Text(code),
            Cell::Text(class_std),
            Cell::Number(self.area_m2()),
            Cell::Number(self.percent()),
        ]
    }
}

/// Land of a layer by class: areas and shares are the unit to the last digit that is told, for the
/// table and for the legend of the map.
pub(super) fn rows(on: &Ground<'_>, layer: &str) -> Vec<Row> {
    let balance = match on.snapshot.layer(layer) {
        Some(layer) => Balance::of(layer, on.subject, |_| true),
        None => Balance::bare(on.subject),
    };
    let mut classes: Vec<(Class, i64)> = balance.classes.into_iter().collect();
    classes.sort_by(|((std, code), _), ((other_std, other), _)| {
        (plans::rank(std), code).cmp(&(plans::rank(other_std), other))
    });
    let named = classes.into_iter().map(|(class, area)| {
        let (class_std, code) = &class;
        (plans::label(on.catalog, class_std, code), Some(class), area)
    });
    let rest = [
        (text("没有用地图斑", "Under no plot"), balance.bare),
        (
            text("减：图斑重叠", "Less: under two plots"),
            -balance.twice,
        ),
    ];
    let rest = (rest.into_iter()).filter(|(_, area)| *area != 0);
    let all: Vec<(Text, Option<Class>, i64)> = named
        .chain(rest.map(|(label, area)| (label, None, area)))
        .collect();
    let whole: i64 = all.iter().map(|(.., area)| area).sum();
    #[expect(
        clippy::cast_precision_loss,
        reason = "areas are below 2^53 hundredths"
    )]
    let share = |area: i64| 10_000.0 * area as f64 / whole as f64;
    let shares: Vec<f64> = all.iter().map(|(.., area)| share(*area)).collect();
    (all.into_iter().zip(plans::rounded(&shares, 10_000)))
        .map(|((label, class, area), share)| Row {
            label,
            class,
            area,
            share,
        })
        .collect()
}

fn by_class(on: &Ground<'_>, id: &'static str, (zh, en): (&str, &str), layer: &str) -> Section {
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
    let rows = rows(on, layer);
    let total = Row {
        label: text("合计", "Total"),
        class: None,
        area: rows.iter().map(|row| row.area).sum(),
        share: rows.iter().map(|row| row.share).sum(),
    };
    section.total = Some(total.cells());
    section.rows = rows.iter().map(Row::cells).collect();
    section.noted(
        "同一编码在不同标准里含义不同，编码与标准成对列出；各行相加即单元面积",
        "A code means something beside its standard only; the rows add up to the unit",
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
