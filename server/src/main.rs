//! `yizhangtu`: one map of a village, served.

mod atlas;
mod attachments;
mod audit;
mod basemap;
mod changes;
mod collections;
mod command;
mod enforcement;
mod http;
mod identity;
mod import;
mod lookup;
mod overview;
mod page;
mod people;
mod policy;
#[expect(dead_code, unused_imports, reason = "sheets and documents come next")]
mod print;
mod process;
mod release;
mod search;
mod statistics;
mod tiles;

use std::process::ExitCode;

fn main() -> ExitCode {
    command::run()
}
