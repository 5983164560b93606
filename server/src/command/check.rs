//! `yizhangtu check`: what in a file is wrong or suspicious.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use yizhangtu_data::{
    check::{Report, Severity, check},
    store::Access,
};

use super::{Failure, Output};

/// 检查数据质量：拓扑、悬空引用、重复、可疑坐标 / check the data: topology, orphans, duplicates, suspicious coordinates
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// GeoPackage 文件 / the file
    file: PathBuf,
}

pub(super) fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let file = super::open(&arguments.file, Access::ReadOnly)?;
    let report = check(&file)?;
    let mut out = io::stdout().lock();
    if output.json {
        let mut json = serde_json::to_value(&report)?;
        json["file"] = arguments.file.display().to_string().into();
        json["sequence"] = file.sequence()?.into();
        writeln!(out, "{json:#}")?;
    } else {
        say(&report, &mut out)?;
    }
    out.flush()?;
    if report.errors == 0 {
        return Ok(());
    }
    Err(Failure::Data(format!(
        "{}：有 {} 处错误，请按上列逐项改正后再检查 / {1} errors stand; correct what is listed and check again",
        arguments.file.display(),
        report.errors
    )))
}

fn say(report: &Report, out: &mut impl Write) -> io::Result<()> {
    for finding in &report.findings {
        writeln!(out, "{finding}")?;
    }
    for tally in &report.tallies {
        if tally.count > Report::LISTED {
            let more = tally.count - Report::LISTED;
            let severity = match tally.severity {
                Severity::Error => "错误 error",
                Severity::Warning => "警告 warning",
            };
            let name = serde_json::to_value(tally.check)?;
            let name = name.as_str().unwrap_or_default();
            let layer = &tally.layer;
            writeln!(
                out,
                "{severity} {layer}: 另有 {more} 处同类（{name}）未列出 / {more} more of the kind {name} are not listed"
            )?;
        }
    }
    let features: u64 = report.checked.values().sum();
    let (layers, errors, warnings) = (report.checked.len(), report.errors, report.warnings);
    writeln!(
        out,
        "已查 {layers} 个图层、{features} 个要素：{errors} 处错误，{warnings} 处警告 / checked {layers} layers, {features} features: errors {errors}, warnings {warnings}"
    )
}
