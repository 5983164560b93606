//! What an office rules otherwise than the program: its masks, limits and terms, kept in the
//! map's file version after version, in force at once. One mechanism for every book of rules.
//!
//! A book is a file of `data/catalog`; `office.toml` beside it says what each figure is called
//! and what it may be. Its own version of a book is the office's whole: a program that knows
//! more since then says so in the log, and its own rules hold until the office writes anew.

mod book;
mod choices;
mod described;
mod difference;
mod routes;
mod shelf;

pub(crate) use book::{Book, Misrule, Ruled, within};
pub(crate) use described::title;
pub(crate) use routes::routes;
pub(crate) use shelf::{follow, take};

/// What an office's version of a number is called.
pub(crate) fn version_name(number: u64) -> String {
    format!("office-{number}")
}
