//! `yizhangtu`: one map of a village, served.

mod atlas;
mod attachments;
mod audit;
mod basemap;
mod changes;
mod collections;
mod command;
mod contracts;
mod enforcement;
mod events;
mod exports;
mod http;
mod identity;
mod import;
mod jobs;
mod lookup;
mod office;
mod overview;
mod page;
mod people;
mod plans;
mod policy;
mod print;
mod process;
mod release;
mod renewal;
mod report;
mod rights;
mod search;
mod sheets;
mod statistics;
mod style;
mod tiles;

use std::process::ExitCode;

/// Tiles and answers are made of many small vectors, by several threads at once.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    command::run()
}
