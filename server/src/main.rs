//! `yizhangtu`: one map of a village, served.

mod command;
mod http;
mod policy;

use std::process::ExitCode;

fn main() -> ExitCode {
    command::run()
}
