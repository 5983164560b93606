//! `yizhangtu audit`: the audit log of a file, checked by whoever holds it.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use chrono::{NaiveDate, NaiveTime, TimeDelta, Utc};
use clap::Subcommand;
use serde_json::json;
use yizhangtu_data::{
    clock,
    store::{Access, AuditState, check_archives},
};

use super::{Failure, Output, record::by};
use crate::identity::Settings;

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
        /// 归档文件，从最早的起依次给出，一并核对 / archives, the oldest first, checked as well
        #[arg(long, value_name = "ARCHIVE")]
        archive: Vec<PathBuf>,
    },
    /// 把到期的日志移入归档文件，链不中断 / move rows that are due into an archive; the chain goes on
    Archive {
        /// GeoPackage 文件 / the file
        file: PathBuf,
        /// 归档文件，须不存在 / the archive, which must not be there yet
        #[arg(short = 'o', long = "output", value_name = "ARCHIVE")]
        into: PathBuf,
        /// 移出此日以前的，默认按 security.toml 的保留天数 / rows before this day; by default those that are due
        #[arg(long, value_name = "DAY")]
        before: Option<NaiveDate>,
    },
}

pub(super) fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    match arguments.verb {
        Verb::Verify {
            file,
            noted,
            archive,
        } => verify(&file, noted.as_deref(), &archive, output),
        Verb::Archive { file, into, before } => move_out(&file, &into, before, output),
    }
}

/// Whether an archive has a row of a hash.
fn has_row(archives: &[PathBuf], hash: &str) -> bool {
    let mark = format!("\"hash\":\"{hash}\"");
    (archives.iter()).any(|path| std::fs::read_to_string(path).is_ok_and(|all| all.contains(&mark)))
}

fn move_out(
    file: &Path,
    into: &Path,
    before: Option<NaiveDate>,
    output: Output,
) -> Result<(), Failure> {
    let limits = &Settings::usual().audit;
    let days = |days| Utc::now() - TimeDelta::days(days);
    let before = match before {
        None => days(limits.keep_days),
        Some(day) => {
            let start = day
                .and_time(NaiveTime::MIN)
                .and_local_timezone(clock::CHINA);
            let start = start.single().map(|at| at.with_timezone(&Utc));
            start.filter(|at| *at <= days(limits.least_days)).ok_or_else(|| {
                Failure::Usage(format!(
                    "{day}：日志至少保留 {least} 天 / {day}: the log is kept for {least} days at least",
                    least = limits.least_days
                ))
            })?
        }
    };
    let store = super::open(file, Access::ReadWrite)?;
    let moved = store.archive_audit(before, into, by())?;
    let mut out = io::stdout();
    if output.json {
        let told =
            json!({ "rows": moved.rows, "requests": moved.requests, "sha256": moved.file_hash });
        writeln!(out, "{told}")?;
    } else if moved.rows == 0 {
        writeln!(out, "没有到期的日志 / no row is due")?;
    } else {
        writeln!(
            out,
            "已移出 {rows} 行，SHA-256 {hash}；请妥善保存 {into} / moved {rows} rows; keep {into} safe",
            rows = moved.rows,
            hash = moved.file_hash,
            into = into.display()
        )?;
    }
    Ok(())
}

fn verify(
    file: &Path,
    noted: Option<&str>,
    archives: &[PathBuf],
    output: Output,
) -> Result<(), Failure> {
    let store = super::open(file, Access::ReadOnly)?;
    let noted = noted.filter(|hash| !has_row(archives, hash));
    let mut state = store.audit_state(noted)?;
    if !archives.is_empty() && matches!(state, AuditState::Whole { .. }) {
        let paths: Vec<&Path> = archives.iter().map(PathBuf::as_path).collect();
        let here = store.audit_archived()?;
        state = match check_archives(&paths)? {
            Err((sequence, fault)) => AuditState::Broken { sequence, fault },
            Ok(end) if here.as_ref() == Some(&end) => state,
            Ok(end) => AuditState::Broken {
                sequence: end.sequence + 1,
                fault: "归档与日志不相接 / the archives do not end where the log begins".to_owned(),
            },
        };
    }
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
