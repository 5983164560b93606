//! The tables of a report.

use std::collections::{BTreeMap, BTreeSet};

use yizhangtu_data::Text;

use super::period::Period;
use crate::{
    enforcement::{
        Figures,
        asked::{self, Asked, Meant},
        figures::square_metres,
        ledger, totals,
    },
    http::App,
    policy::Viewer,
    report::{Cell, Column, Section, text},
};

/// Cases that a table names at most.
const NAMED: usize = 500;

/// What happened to some cases within a period, each by its own day.
#[derive(Clone, Copy, Default)]
pub(super) struct Happened {
    found: Figures,
    filed: Figures,
    demolished: Figures,
    closed: Figures,
    /// All, whenever it was: how they stand.
    all: Figures,
}

impl Happened {
    fn add(&mut self, meant: &Meant, position: u32, figures: Figures, period: Period) {
        let case = meant.cases.record(position);
        for (day, sum) in [
            ("found_on", &mut self.found),
            ("filed_on", &mut self.filed),
            ("demolished_on", &mut self.demolished),
            ("closed_on", &mut self.closed),
        ] {
            let day = case.get(&meant.layer, day).as_date();
            if day.is_some_and(|day| period.contains(day)) {
                *sum += figures;
            }
        }
        self.all += figures;
    }

    /// What happened to all cases that are meant.
    pub(super) fn of(meant: &Meant, period: Period) -> Self {
        let mut sum = Self::default();
        for (at, figures) in meant.figures() {
            sum.add(meant, at, figures, period);
        }
        sum
    }

    /// The cells of a row of groups, under `heads`.
    fn cells(&self) -> [Cell; 6] {
        [
            Cell::Count(self.found.cases),
            Cell::Count(self.filed.filed),
            Cell::Count(self.demolished.demolished),
            Cell::Number(self.demolished.told().demolished_area_m2),
            Cell::Count(self.closed.closed),
            Cell::Count(self.all.open),
        ]
    }
}

/// The headings of `Happened::cells`, after that of the group.
fn heads(zh: &str, en: &str) -> Vec<Column> {
    vec![
        Column::of(zh, en, ""),
        Column::of("新发现", "Found", "宗"),
        Column::of("立案", "Filed", "宗"),
        Column::of("拆除", "Demolished", "宗"),
        Column::of("拆除建筑面积", "Floor area demolished", "平方米"),
        Column::of("结案", "Closed", "宗"),
        Column::of("在办", "Under way", "宗"),
    ]
}

/// What was done: this period, the one before, and the year up to its end.
pub(super) fn progress(meant: &Meant, own: &Happened, period: Period) -> Section {
    let [before, year] = [period.before(), period.year()].map(|period| Happened::of(meant, period));
    let mut section = Section::new(
        "progress",
        text("本期办理", "This period"),
        vec![
            Column::of("指标", "Figure", ""),
            Column::of("单位", "Unit", ""),
            Column::of("本期", "This period", ""),
            Column::of("上期", "Period before", ""),
            Column::of("增减", "Change", ""),
            Column::of("本年累计", "Year to date", ""),
        ],
    );
    let mut counted = |words: Text, pick: fn(&Happened) -> u64| {
        let (now, then) = (pick(own), pick(&before));
        section.rows.push(vec![
            Cell::Label(words),
            Cell::Label(text("宗", "cases")),
            Cell::Count(now),
            Cell::Count(then),
            Cell::Change(now.cast_signed() - then.cast_signed()),
            Cell::Count(pick(&year)),
        ]);
    };
    counted(text("新发现", "Found"), |all| all.found.cases);
    counted(text("立案", "Filed"), |all| all.filed.filed);
    counted(text("拆除", "Demolished"), |all| {
        all.demolished.demolished
    });
    counted(text("结案", "Closed"), |all| all.closed.closed);
    let mut measured = |words: Text, hundredths: fn(&Happened) -> i128| {
        let (now, then) = (hundredths(own), hundredths(&before));
        let mut row = vec![Cell::Label(words), Cell::Label(text("平方米", "m²"))];
        row.extend(
            [now, then, now - then, hundredths(&year)]
                .map(|area| Cell::Number(square_metres(area))),
        );
        section.rows.push(row);
    };
    measured(
        text("新发现违建面积", "Illegal floor area found"),
        |all| all.found.violation,
    );
    measured(text("拆除建筑面积", "Floor area demolished"), |all| {
        all.demolished.demolished_area
    });
    section.noted(
        "按案件所载发现、立案、拆除、结案日期计；拆除只计已拆除且拆除建筑面积大于零的案件",
        "By the days that the cases tell; demolished is what is gone and of more than no area",
    )
}

/// How things stand at the moment of the report.
pub(super) fn standing(own: &Happened, overdue: Option<u64>, small_titles: Option<u64>) -> Section {
    let all = own.all;
    let told = all.told();
    let mut section = Section::new(
        "standing",
        text("存量", "How things stand"),
        vec![
            Column::of("指标", "Figure", ""),
            Column::of("单位", "Unit", ""),
            Column::of("数值", "Value", ""),
        ],
    );
    let mut row = |words: Text, unit: Text, cell: Cell| {
        section
            .rows
            .push(vec![Cell::Label(words), Cell::Label(unit), cell]);
    };
    let zong = || text("宗", "cases");
    row(text("待核线索", "Clues"), zong(), Cell::Count(all.clues));
    row(text("在办", "Under way"), zong(), Cell::Count(all.open));
    if let Some(overdue) = overdue {
        row(
            text("超期（含待核线索）", "Late, clues among them"),
            zong(),
            Cell::Count(overdue),
        );
    }
    row(
        text("案件总数", "All cases"),
        zong(),
        Cell::Count(all.cases),
    );
    row(
        text("累计拆除", "Demolished in all"),
        zong(),
        Cell::Count(all.demolished),
    );
    row(
        text("累计拆除建筑面积", "Floor area demolished in all"),
        text("平方米", "m²"),
        Cell::Number(told.demolished_area_m2),
    );
    row(
        text("累计复耕复绿面积", "Land restored in all"),
        text("平方米", "m²"),
        Cell::Number(told.restored_m2),
    );
    if let Some(count) = small_titles {
        row(
            text(
                "小产权房（单独统计，不计入案件）",
                "Small-title houses, beside the cases",
            ),
            text("栋", "buildings"),
            Cell::Count(count),
        );
    }
    section
}

/// What was done, by where the cases lie.
pub(super) fn places(
    app: &App,
    (asked, meant): (&Asked, &Meant),
    own: &Happened,
    period: Period,
) -> Section {
    let mut groups: BTreeMap<Option<String>, Happened> = BTreeMap::new();
    for (at, figures) in meant.figures() {
        for key in asked.keys(meant, at) {
            let group = groups.entry(key).or_default();
            group.add(meant, at, figures, period);
        }
    }
    let named = |key: &Option<String>| totals::title(app, asked, meant, key.as_deref());
    grouped(
        Section::new(
            "places",
            text("分区情况", "By place"),
            heads("区域", "Place"),
        ),
        groups.iter().map(|(key, sum)| (named(key), *sum)),
        own,
    )
}

/// What was done, by a field of a code list.
pub(super) fn kinds(
    app: &App,
    meant: &Meant,
    (own, period): (&Happened, Period),
    field: &'static str,
) -> Section {
    let mut groups: BTreeMap<String, Happened> = BTreeMap::new();
    for (at, figures) in meant.figures() {
        let key = asked::text(&meant.layer, meant.cases.record(at), field);
        let group = groups.entry(key).or_default();
        group.add(meant, at, figures, period);
    }
    let label =
        (meant.layer.field(field)).map_or_else(|| text(field, field), |known| known.label.clone());
    let title = text(&format!("按{}", label.zh), &format!("By {}", label.en));
    let columns = heads(&label.zh, &label.en);
    grouped(
        Section::new(field, title, columns),
        (groups.iter()).map(|(key, sum)| (app.catalog().called(&meant.layer, field, key), *sum)),
        own,
    )
}

/// A row a group, and the sums of all.
fn grouped(
    mut section: Section,
    groups: impl Iterator<Item = (Text, Happened)>,
    all: &Happened,
) -> Section {
    let row = |words: Text, sum: &Happened| {
        let mut row = vec![Cell::Label(words)];
        row.extend(sum.cells());
        row
    };
    section.rows = groups.map(|(words, sum)| row(words, &sum)).collect();
    section.total = Some(row(text("合计", "Total"), all));
    section
}

/// 拆除汇总表: 宗 and 平方米 demolished in the period, by place and kind.
pub(super) fn demolitions(app: &App, (asked, meant): (&Asked, &Meant), period: Period) -> Section {
    let mut sums: BTreeMap<Option<String>, BTreeMap<String, Figures>> = BTreeMap::new();
    let mut kinds = BTreeSet::new();
    for (at, figures) in meant.figures() {
        let case = meant.cases.record(at);
        let day = case.get(&meant.layer, "demolished_on").as_date();
        if figures.demolished == 0 || !day.is_some_and(|day| period.contains(day)) {
            continue;
        }
        let kind = asked::text(&meant.layer, case, "kind");
        for key in asked.keys(meant, at) {
            *sums
                .entry(key)
                .or_default()
                .entry(kind.clone())
                .or_default() += figures;
        }
        kinds.insert(kind);
    }
    let mut columns = vec![Column::of("区域", "Place", "")];
    let every = (kinds.iter())
        .map(|kind| app.catalog().called(&meant.layer, "kind", kind))
        .chain([text("合计", "Total")]);
    for title in every {
        columns.push(Column::of(&title.zh, &title.en, "宗"));
        columns.push(Column::of(&title.zh, &title.en, "平方米"));
    }
    let row = |words: Text, by: &BTreeMap<String, Figures>| {
        let own = kinds
            .iter()
            .map(|kind| by.get(kind).copied().unwrap_or_default());
        let all = by.values().copied().sum();
        let mut row = vec![Cell::Label(words)];
        row.extend(own.chain([all]).flat_map(|sum: Figures| {
            [
                Cell::Count(sum.demolished),
                Cell::Number(sum.told().demolished_area_m2),
            ]
        }));
        row
    };
    let mut section = Section::new(
        "demolitions",
        text("拆除汇总表", "Demolished, by place and kind"),
        columns,
    );
    let mut all: BTreeMap<String, Figures> = BTreeMap::new();
    for (key, by) in &sums {
        let words = totals::title(app, asked, meant, key.as_deref());
        section.rows.push(row(words, by));
        for (kind, sum) in by {
            *all.entry(kind.clone()).or_default() += *sum;
        }
    }
    section.total = Some(row(text("合计", "Total"), &all));
    section
}

/// The cases that one of their days puts into the period, the greatest first.
pub(super) fn named(
    app: &App,
    viewer: &Viewer,
    meant: &Meant,
    period: Period,
    day: &'static str,
) -> Section {
    let demolished = day == "demolished_on";
    let (id, title, area) = if demolished {
        (
            "demolished",
            text("本期拆除案件", "Demolished in the period"),
            "demolished_area_m2",
        )
    } else {
        (
            "found",
            text("本期新发现案件", "Found in the period"),
            "violation_area_m2",
        )
    };
    let label = |field: &str| {
        let own = meant.layer.field(field).map(|own| own.label.clone());
        own.unwrap_or_else(|| text(field, field))
    };
    let fields = ["code", "address", "kind", day, "state"];
    let mut columns: Vec<Column> = (fields.iter())
        .map(|field| {
            let label = label(field);
            Column::of(&label.zh, &label.en, "")
        })
        .collect();
    let label = label(area);
    columns.push(Column::of(&label.zh, &label.en, "平方米"));
    let mut section = Section::new(id, title, columns);
    let all = ledger::ordered(meant);
    let within = |&(at, figures): &(u32, Figures)| {
        let own = meant.cases.record(at).get(&meant.layer, day).as_date();
        own.is_some_and(|day| period.contains(day)) && (!demolished || figures.demolished > 0)
    };
    let all: Vec<(u32, Figures)> = all.into_iter().filter(within).collect();
    for (at, figures) in all.iter().take(NAMED) {
        let mut row: Vec<Cell> = (fields.iter())
            .map(|field| {
                ledger::shown(app, viewer, meant, *at, field).map_or(Cell::Nothing, Cell::Text)
            })
            .collect();
        row.push(
            figures
                .told()
                .area(area)
                .map_or(Cell::Nothing, Cell::Number),
        );
        section.rows.push(row);
    }
    let sum: Figures = all.iter().map(|(_, figures)| *figures).sum();
    let mut total = vec![Cell::Label(text(
        &format!("合计 {} 宗", all.len()),
        &format!("Total of {} cases", all.len()),
    ))];
    total.resize(fields.len(), Cell::Nothing);
    total.push(sum.told().area(area).map_or(Cell::Nothing, Cell::Number));
    section.total = Some(total);
    if all.len() > NAMED {
        return section.noted(
            &format!("共 {} 宗，列出面积最大的 {NAMED} 宗，其余见台账", all.len()),
            &format!(
                "{} cases, of which the greatest {NAMED}; the rest is in the ledger",
                all.len()
            ),
        );
    }
    section
}
