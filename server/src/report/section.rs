//! A table of a report, with what stands over and under it.

use serde::Serialize;
use yizhangtu_data::Text;

/// One table.
#[derive(Serialize)]
pub(crate) struct Section {
    pub(crate) id: &'static str,
    pub(crate) title: Text,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Vec<Cell>>,
    /// The sums of the rows, where they have any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) total: Option<Vec<Cell>>,
    /// How the figures are meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<Text>,
    /// How many of its rows name a person, if masked.
    #[serde(skip)]
    pub(crate) named: u64,
}

/// A heading, with the unit that the numbers under it have.
#[derive(Serialize)]
pub(crate) struct Column {
    title: Text,
    #[serde(skip_serializing_if = "str::is_empty")]
    unit: &'static str,
}

/// One cell.
#[derive(Clone, Serialize)]
#[serde(untagged)]
pub(crate) enum Cell {
    Label(Text),
    Text(String),
    Count(u64),
    /// How much a count went up or down.
    Change(i64),
    Number(f64),
    Nothing,
}

/// Words in both languages.
pub(crate) fn text(zh: &str, en: &str) -> Text {
    Text::new(zh, en)
}

impl Cell {
    /// Whether it is set to the right.
    pub(super) fn is_number(&self) -> bool {
        matches!(self, Self::Count(_) | Self::Change(_) | Self::Number(_))
    }
}

impl Column {
    /// A heading with the unit of what stands under it; none for words.
    pub(crate) fn of(zh: &str, en: &str, unit: &'static str) -> Self {
        Self {
            title: text(zh, en),
            unit,
        }
    }

    /// The heading with its unit, in Chinese.
    pub(crate) fn heading(&self) -> String {
        if self.unit.is_empty() {
            self.title.zh.clone()
        } else {
            format!("{}（{}）", self.title.zh, self.unit)
        }
    }
}

impl Section {
    /// A table without rows.
    pub(crate) fn new(id: &'static str, title: Text, columns: Vec<Column>) -> Self {
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

    /// Adds how the figures are meant.
    pub(crate) fn noted(mut self, zh: &str, en: &str) -> Self {
        self.note = Some(text(zh, en));
        self
    }

    /// Adds the sums of the columns of numbers under them.
    pub(crate) fn summed(mut self) -> Self {
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
