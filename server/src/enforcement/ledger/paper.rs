//! The ledger on A3 paper, across.

use super::{Ledger, table::COLUMNS};
use crate::{
    print::{Align, Column, Flow, Paper, Running, Table, Type},
    report::words,
};

/// The margin of a page in mm.
const MARGIN: f64 = 12.0;

/// The table from page to page, its headings on each. `watermark` says who printed it.
pub(super) fn paper(ledger: &Ledger, watermark: &str) -> Vec<u8> {
    let mut flow = Flow::new(
        (Ledger::TITLE, watermark),
        ledger.made,
        (Paper::A3.landscape(), MARGIN),
        Running {
            head: Ledger::TITLE.to_owned(),
            foot: ledger.stamp(),
            watermark: watermark.to_owned(),
        },
    );
    flow.title(Ledger::TITLE);
    let small = Type::new(8.0).align(Align::Start);
    flow.text(&ledger.stamp(), &small, [0.0, 2.0]);
    let table = &ledger.table;
    let columns = (table.columns.iter().enumerate()).map(|(at, column)| {
        let (wide, align) = set(COLUMNS.get(at).copied());
        Column::new(column.heading(), wide, align)
    });
    let rows = table.rows.iter().chain(&table.total);
    flow.table(Table {
        columns: columns.collect(),
        rows: rows.map(|row| words(row)).collect(),
        summed: table.total.is_some(),
        size: 7.5,
    });
    flow.finish()
}

/// How wide a field's column is beside the others, and how it is set; parties are no field.
fn set(field: Option<&str>) -> (f64, Align) {
    match field {
        Some("code") => (2.4, Align::Start),
        Some("title" | "address") => (2.2, Align::Start),
        Some("floors") => (0.6, Align::End),
        Some("is_new") => (0.7, Align::Start),
        Some(name) if name.ends_with("_m2") => (1.2, Align::End),
        _ => (1.1, Align::Start),
    }
}
