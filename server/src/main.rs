//! `yizhangtu`: one map of a village, served.

mod atlas;
mod collections;
mod command;
mod http;
mod page;
mod policy;

use std::process::ExitCode;

fn main() -> ExitCode {
    command::run()
}
