//! `yizhangtu`: one map of a village, served.

mod atlas;
mod audit;
mod basemap;
mod changes;
mod collections;
mod command;
mod http;
mod identity;
mod import;
mod lookup;
mod overview;
mod page;
mod policy;
mod release;
mod search;
mod statistics;
mod tiles;

use std::process::ExitCode;

fn main() -> ExitCode {
    command::run()
}
