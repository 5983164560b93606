//! A table of a report on paper.

use super::{Cell, Section};
use crate::print::{Align, Column, Flow, Table};

/// Sets a section: its heading, its table, its note. Columns of numbers are set to the right.
pub(crate) fn set(flow: &mut Flow, section: &Section) {
    flow.heading(&section.title.zh);
    let mut rows: Vec<Vec<String>> = section.rows.iter().map(|row| words(row)).collect();
    rows.extend(section.total.as_deref().map(words));
    if section.rows.is_empty() {
        flow.paragraph("无");
    } else {
        let columns = (section.columns.iter().enumerate())
            .map(|(at, column)| {
                let numbers =
                    (section.rows.iter()).any(|row| row.get(at).is_some_and(Cell::is_number));
                let align = if numbers { Align::End } else { Align::Start };
                Column::new(column.heading(), 1.0, align)
            })
            .collect();
        flow.table(Table {
            columns,
            rows,
            summed: section.total.is_some(),
            size: 9.0,
        });
    }
    if let Some(note) = &section.note {
        flow.paragraph(&format!("注：{}", note.zh));
    }
}

/// The cells of a row as they are printed.
pub(crate) fn words(row: &[Cell]) -> Vec<String> {
    row.iter()
        .map(|cell| match cell {
            Cell::Label(words) => words.zh.clone(),
            Cell::Text(words) => words.clone(),
            Cell::Count(count) => count.to_string(),
            Cell::Change(change) => format!("{change:+}"),
            Cell::Number(number) => format!("{number:.2}"),
            Cell::Nothing => String::new(),
        })
        .collect()
}
