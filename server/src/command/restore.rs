//! `yizhangtu restore`: puts a backup in the place of a file.

use std::{
    io::{self, Write as _},
    path::PathBuf,
};

use serde_json::json;
use yizhangtu_data::store;

use super::{Failure, Output};

/// 用备份恢复；原文件改名保留 / put a backup in the place of a file, which is kept under another name
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// 备份文件 / the backup
    backup: PathBuf,
    /// 要恢复的文件；须先停止服务 / the file to replace; stop the service first
    #[arg(long, value_name = "FILE")]
    into: PathBuf,
}

pub(super) fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let restored = store::restore(&arguments.backup, &arguments.into, &super::catalog())?;
    let mut to = io::stdout().lock();
    if output.json {
        let result = json!({
            "file": arguments.into,
            "kept": restored.kept,
            "sequence": restored.sequence,
            "numbers_above": restored.numbers_above,
            "attachments": restored.attachments.files,
            "missing": restored.attachments.missing,
        });
        writeln!(to, "{result}")?;
        return Ok(());
    }
    let file = arguments.into.display();
    writeln!(
        to,
        "已恢复 {file}，含到第 {sequence} 号修改 / restored {file} with changes up to number {sequence}",
        sequence = restored.sequence
    )?;
    super::backup::say_attachments(&mut to, &restored.attachments)?;
    if let Some(kept) = restored.kept {
        let kept = kept.display();
        writeln!(to, "原文件保留为 {kept} / what was there is kept as {kept}")?;
    }
    Ok(())
}
