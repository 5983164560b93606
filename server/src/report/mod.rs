//! Reports: tables that a page, a workbook and paper show alike, so that a number is the same
//! wherever it is read.

mod paper;
mod section;
mod workbook;

pub(crate) use paper::{set, words};
pub(crate) use section::{Cell, Column, Section, text};
pub(crate) use workbook::sheet;
