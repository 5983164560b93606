//! `yizhangtu audit`: the audit log of a file, checked by whoever holds it.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use clap::Subcommand;
use serde_json::json;
use yizhangtu_data::store::{Access, AuditState, GeoPackage};

use super::{Failure, Output};

/// 审计日志 / the audit log
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// 核对日志未被改动、删减或调换 / check that no row was changed, removed or moved
    Verify {
        /// GeoPackage 文件 / the file
        file: PathBuf,
        /// 先前另行记下的哈希，核对其后没有被截去 / a hash noted elsewhere before, which must still be there
        #[arg(long, value_name = "HASH")]
        noted: Option<String>,
    },
}

pub(super) fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let Verb::Verify { file, noted } = arguments.verb;
    let store = GeoPackage::open(&file, &super::catalog(), Access::ReadOnly)?;
    let state = store.audit_state(noted.as_deref())?;
    let mut out = io::stdout();
    match state {
        AuditState::Whole { rows, last } if output.json => {
            writeln!(
                out,
                "{}",
                json!({ "whole": true, "rows": rows, "last": last })
            )?;
            Ok(())
        }
        AuditState::Whole { rows, last } => {
            writeln!(
                out,
                "日志完整，{rows} 行；请另行记下末行哈希 / the log is whole, {rows} rows; note the last hash elsewhere: {last}"
            )?;
            Ok(())
        }
        AuditState::Broken { sequence, fault } => {
            if output.json {
                writeln!(
                    out,
                    "{}",
                    json!({ "whole": false, "sequence": sequence, "fault": fault })
                )?;
            }
            Err(Failure::Data(format!(
                "{file}：审计日志第 {sequence} 行：{fault} / row {sequence} of the audit log",
                file = file.display()
            )))
        }
    }
}
