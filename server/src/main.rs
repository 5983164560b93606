//! `yizhangtu`: one map of a village, served.

mod command;
mod http;

use std::process::ExitCode;

fn main() -> ExitCode {
    command::run()
}
