//! A table of a report.

use serde::Serialize;
use yizhangtu_data::Text;

use crate::renewal::indicators::Indicator;

/// One table.
#[derive(Serialize)]
pub(super) struct Section {
    pub(super) id: &'static str,
    pub(super) title: Text,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Cell>>,
    /// The sums of the rows, where they have any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) total: Option<Vec<Cell>>,
    /// How the figures are meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<Text>,
    /// How many of its rows name a person, if masked.
    #[serde(skip)]
    pub(super) named: u64,
}

/// A heading, with the unit that the numbers under it have.
#[derive(Serialize)]
pub(super) struct Column {
    title: Text,
    #[serde(skip_serializing_if = "str::is_empty")]
    unit: &'static str,
}

/// One cell.
#[derive(Clone, Serialize)]
#[serde(untagged)]
pub(super) enum Cell {
    Label(Text),
    Text(String),
    Count(u64),
    Number(f64),
    Nothing,
}

pub(super) fn text(zh: &str, en: &str) -> Text {
    Text {
        zh: zh.to_owned(),
        en: en.to_owned(),
    }
}

impl Column {
    pub(super) fn of(zh: &str, en: &str, unit: &'static str) -> Self {
        Self {
            title: text(zh, en),
            unit,
        }
    }

    /// The heading with its unit, in Chinese.
    pub(super) fn heading(&self) -> String {
        if self.unit.is_empty() {
            self.title.zh.clone()
        } else {
            format!("{}（{}）", self.title.zh, self.unit)
        }
    }
}

impl Section {
    pub(super) fn new(id: &'static str, title: Text, columns: Vec<Column>) -> Self {
        Self {
            id,
            title,
            columns,
            rows: Vec::new(),
            total: None,
            note: None,
            named: 0,
        }
    }

    pub(super) fn noted(mut self, zh: &str, en: &str) -> Self {
        self.note = Some(text(zh, en));
        self
    }

    /// Adds the sums of the columns of numbers under them.
    pub(super) fn summed(mut self) -> Self {
        let sums = (0..self.columns.len()).map(|column| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            let mut sum = Cell::Nothing;
            for cell in cells {
                sum = match (sum, cell) {
                    (Cell::Nothing, Cell::Count(own)) => Cell::Count(*own),
                    (Cell::Nothing, Cell::Number(own)) => Cell::Number(*own),
                    (Cell::Count(sum), Cell::Count(own)) => Cell::Count(sum + own),
                    (Cell::Number(sum), Cell::Number(own)) => Cell::Number(sum + own),
                    (sum, _) => sum,
                };
            }
            sum
        });
        let mut total: Vec<Cell> = sums.collect();
        if let Some(first) = total.first_mut() {
            *first = Cell::Label(text("合计", "Total"));
        }
        self.total = Some(total);
        self
    }
}

/// The indicators, each with its formula and source.
pub(super) fn indicators(all: &[Indicator]) -> Section {
    let mut section = Section::new(
        "indicators",
        text("指标", "Indicators"),
        vec![
            Column::of("指标", "Indicator", ""),
            Column::of("数值", "Value", ""),
            Column::of("单位", "Unit", ""),
            Column::of("公式", "Formula", ""),
            Column::of("来源", "Source", ""),
        ],
    );
    section.rows = (all.iter())
        .map(|own| {
            vec![
                Cell::Label(own.definition.title.clone()),
                own.value.map_or(Cell::Nothing, Cell::Number),
                Cell::Text(own.definition.unit.clone()),
                Cell::Text(own.definition.formula.clone()),
                Cell::Text(own.definition.source.clone()),
            ]
        })
        .collect();
    section
}
