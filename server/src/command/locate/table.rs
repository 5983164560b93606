//! A table in memory: titles, rows, and what was found for each.

use serde_json::{Map, Value};
use yizhangtu_index::Point;

/// One cell, as the file has it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Empty,
    Text(String),
    Number(f64),
    Boolean(bool),
    /// What a GeoJSON property may be besides.
    Json(Value),
}

/// One row.
#[derive(Clone, Debug, Default)]
pub(super) struct TableRow {
    pub(super) cells: Vec<Cell>,
    /// The place that the format itself gives it: east, north in the file's system.
    pub(super) place: Option<(f64, f64)>,
    /// Where it was found to be.
    pub(super) point: Option<Point>,
    /// The whole feature, where the row was one.
    pub(super) feature: Option<Map<String, Value>>,
}

/// A table with titles. A row may be shorter than the titles.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) titles: Vec<String>,
    pub(super) rows: Vec<TableRow>,
    /// How many of the titles were in the file.
    pub(super) own_titles: usize,
}

impl Cell {
    /// The cell as text; whole numbers without a point.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Boolean(truth) => truth.to_string(),
            Self::Json(value) => value.to_string(),
        }
    }

    /// The cell as a JSON value.
    pub(super) fn json(&self) -> Value {
        match self {
            Self::Empty => Value::Null,
            Self::Text(text) => text.as_str().into(),
            Self::Number(number) => (*number).into(),
            Self::Boolean(truth) => (*truth).into(),
            Self::Json(value) => value.clone(),
        }
    }
}

impl TableRow {
    /// Whether nothing stands in a cell.
    pub(super) fn is_empty(&self, at: usize) -> bool {
        self.cells
            .get(at)
            .is_none_or(|cell| cell.text().trim().is_empty())
    }
}

impl Table {
    /// Whether the format itself gave any row a place.
    pub(super) fn has_points(&self) -> bool {
        self.rows.iter().any(|row| row.place.is_some())
    }
}
