//! The ledger as a table: a row a case, and the sums that the totals give.

use std::collections::HashMap;

use yizhangtu_data::{Id, Text};

use super::{super::asked::Meant, Figures, ordered, shown};
use crate::{
    http::App,
    policy::Viewer,
    report::{Cell, Column, Section},
};

/// Fields of the layer, in their own order of reading.
pub(super) const COLUMNS: [&str; 18] = [
    "code",
    "title",
    "kind",
    "source",
    "is_new",
    "address",
    "state",
    "found_on",
    "filed_on",
    "demolished_on",
    "closed_on",
    "floors",
    "use",
    "measure",
    "land_area_m2",
    "violation_area_m2",
    "demolished_area_m2",
    "restored_m2",
];

/// The table; a last column names the parties where they may be named.
pub(super) fn table(
    app: &App,
    viewer: &Viewer,
    meant: &Meant,
    parties: Option<&HashMap<Id, String>>,
) -> Section {
    let column = |name: &&str| {
        let field = meant.layer.field(name);
        let label = field.map_or_else(|| Text::same(name), |field| field.label.clone());
        let unit = if name.ends_with("_m2") {
            "平方米"
        } else {
            ""
        };
        Column::of(&label.zh, &label.en, unit)
    };
    let mut columns: Vec<Column> = COLUMNS.iter().map(column).collect();
    columns.extend(parties.map(|_| Column::of("当事人", "Parties", "")));
    let title = Text::new("两违台账", "Ledger of cases");
    let mut section = Section::new("ledger", title, columns);
    let all = ordered(meant);
    for (position, figures) in &all {
        let told = figures.told();
        let cell = |name: &&str| {
            if let Some(m2) = told.area(name) {
                return Cell::Number(m2);
            }
            let Some(text) = shown(app, viewer, meant, *position, name) else {
                return Cell::Nothing;
            };
            match text.parse() {
                Ok(floors) if *name == "floors" => Cell::Count(floors),
                _ => Cell::Text(text),
            }
        };
        let mut row: Vec<Cell> = COLUMNS.iter().map(cell).collect();
        row.extend(parties.map(|parties| {
            let names = parties.get(&meant.cases.record(*position).id);
            names.cloned().map_or(Cell::Nothing, Cell::Text)
        }));
        section.rows.push(row);
    }
    let told = all.iter().map(|(_, own)| *own).sum::<Figures>().told();
    let mut total: Vec<Cell> = (COLUMNS.iter())
        .map(|name| told.area(name).map_or(Cell::Nothing, Cell::Number))
        .collect();
    if let Some(first) = total.first_mut() {
        let (cases, gone) = (told.cases, told.demolished);
        *first = Cell::Label(Text::new(
            &format!("合计 {cases} 宗，其中拆除 {gone} 宗"),
            &format!("Total of {cases} cases, {gone} demolished"),
        ));
    }
    total.resize(section.columns.len(), Cell::Nothing);
    section.total = Some(total);
    section
}
