//! `yizhangtu backup`: a copy of a file that others may be writing.

use std::{
    io::{self, Write as _},
    path::PathBuf,
};

use serde_json::json;
use yizhangtu_data::store::{Access, Copied};

use super::{Failure, Output};

/// 备份，可在服务运行时进行 / copy a file, also while it is served
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// GeoPackage 文件 / the GeoPackage
    file: PathBuf,
    /// 备份文件，不能已存在 / the copy; must not exist yet
    #[arg(short, long, value_name = "COPY")]
    output: PathBuf,
}

pub(super) fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let store = super::open(&arguments.file, Access::ReadOnly)?;
    let attachments = store.backup(&arguments.output)?;
    let sequence = store.sequence()?;
    let mut to = io::stdout().lock();
    if output.json {
        let result = json!({
            "file": arguments.output,
            "sequence": sequence,
            "attachments": attachments.files,
            "missing": attachments.missing,
        });
        writeln!(to, "{result}")?;
    } else {
        let copy = arguments.output.display();
        writeln!(to, "已备份到 {copy} / copied to {copy}")?;
        say_attachments(&mut to, &attachments)?;
    }
    Ok(())
}

/// Says how many attachments came along, and which could not.
pub(super) fn say_attachments(to: &mut impl io::Write, copied: &Copied) -> io::Result<()> {
    if copied.files > 0 {
        let files = copied.files;
        writeln!(to, "附件 {files} 件 / with {files} attachments")?;
    }
    for hash in &copied.missing {
        writeln!(to, "缺附件 {hash} / the attachment {hash} is missing")?;
    }
    Ok(())
}
