//! `yizhangtu import`: files of others into layers.

use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
    sync::Mutex,
};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use yizhangtu_data::{
    import::{self, ImportError, Options, Profile, Progress},
    store::{Access, GeoPackage},
};

use super::{Failure, Output};

/// 导入数据文件到图层；有任何一行被拒就不写入（加 --accept-partial 则写入合格的行）
///
/// 格式：GeoJSON、GeoJSON 行、GeoPackage、Shapefile（可为 zip）、CSV、XLSX、DXF、界址点 TXT、OSM pbf。
/// Imports files into a layer. When any row is refused nothing is written and the exit code
/// is 1; with --accept-partial the good rows are written and the exit code is 0. When all rows
/// are refused nothing is written either way.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// 要导入的文件 / files to import
    #[arg(required_unless_present = "undo")]
    files: Vec<PathBuf>,
    /// 目标 GeoPackage，不存在则新建 / the GeoPackage to import into, made where it is not there
    #[arg(long, value_name = "FILE.gpkg")]
    into: PathBuf,
    /// 目标图层；osm 表示建筑、道路、水系、绿地全部 / the layer; osm for buildings, roads, water and green
    #[arg(long, required_unless_present = "undo")]
    layer: Option<String>,
    /// 坐标系：EPSG:4547、gcj02、bd09…… / coordinate system: EPSG:4547, gcj02, bd09 …
    #[arg(long)]
    crs: Option<String>,
    /// 文字编码：utf-8、gbk、gb18030…… / encoding of texts: utf-8, gbk, gb18030 …
    #[arg(long)]
    encoding: Option<String>,
    /// 字段对应表 / profile: which column goes into which field
    #[arg(long, value_name = "PROFILE.toml")]
    map: Option<PathBuf>,
    /// 永久编号所在的列 / column that identifies a row for ever
    #[arg(long, value_name = "COLUMN")]
    id_column: Option<String>,
    /// GeoPackage 的表、工作簿的工作表、压缩包里的文件 / table, sheet, or file of an archive
    #[arg(long)]
    table: Option<String>,
    /// 坐标的第一个数是北（纬度、X）/ the first number of a coordinate grows to the north
    #[arg(long)]
    swap_axes: bool,
    /// 只检查并报告，不写入 / report only, write nothing
    #[arg(long)]
    dry_run: bool,
    /// 有行被拒时仍写入其余行 / write the good rows although others are refused
    #[arg(long)]
    accept_partial: bool,
    /// 撤销一个导入批次 / take an import batch back
    #[arg(long, value_name = "BATCH", conflicts_with_all = ["files", "layer", "dry_run"])]
    undo: Option<String>,
    /// 操作人，记入历史 / who imports, for the history
    #[arg(long, default_value = "命令行 / command line")]
    author: String,
}

pub(crate) fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let catalog = super::catalog();
    if let Some(batch) = &arguments.undo {
        let undone = import::undo(&arguments.into, &catalog, batch, &arguments.author)?;
        let (removed, restored, sequence) = (undone.removed, undone.restored, undone.sequence);
        return say(&if output.json {
            json!({"batch": batch, "removed": removed, "restored": restored, "sequence": sequence})
                .to_string()
        } else {
            format!(
                "已撤销批次 {batch}：删除 {removed}，恢复 {restored} / batch {batch} taken back: {removed} removed, {restored} restored"
            )
        });
    }
    let options = Options {
        files: arguments.files,
        into: arguments.into,
        layer: arguments.layer.unwrap_or_default(),
        crs: arguments.crs,
        encoding: arguments.encoding,
        map: arguments.map,
        id_column: arguments.id_column,
        table: arguments.table,
        swap_axes: arguments.swap_axes,
        dry_run: arguments.dry_run,
        accept_partial: arguments.accept_partial,
        wishes: Profile::default(),
        author: arguments.author,
    };
    let bar = Bar::new();
    let done = import::run(&options, &catalog, &|progress| bar.show(progress));
    bar.finish();
    if done.is_ok() && !options.dry_run {
        let store = GeoPackage::open(&options.into, &catalog, Access::ReadWrite)?;
        let names: Vec<_> = (options.files.iter())
            .map(|file| file.file_name().unwrap_or_default().to_string_lossy())
            .collect();
        super::on_record(&store, "import", &options.layer, &names.join(", "), 0)?;
    }
    match done {
        Ok(report) if output.json => say(&serde_json::to_string_pretty(&report)?),
        Ok(report) => say(&report.text()),
        Err(ImportError::Refused(report)) if output.json => {
            say(&serde_json::to_string_pretty(&report)?)?;
            Err(Failure::Data(report.outcome().to_owned()))
        }
        Err(error) => Err(error.into()),
    }
}

fn say(text: &str) -> Result<(), Failure> {
    Ok(writeln!(io::stdout(), "{text}")?)
}

/// A bar on a terminal, plain lines elsewhere.
struct Bar {
    bar: Option<ProgressBar>,
    /// Rows at the last plain line.
    said: Mutex<u64>,
}

/// Rows between two plain lines.
const STEP: u64 = 50_000;

impl Bar {
    fn new() -> Self {
        Self {
            bar: io::stderr().is_terminal().then(ProgressBar::no_length),
            said: Mutex::new(0),
        }
    }

    fn show(&self, progress: Progress) {
        let (words, rows, of) = match progress {
            Progress::Read { rows, of } => ("读取 / reading", rows, of),
            Progress::Compared { rows, of } => ("比对 / comparing", rows, Some(of)),
            Progress::Writing { changes } => ("写入 / writing", changes, None),
        };
        let Some(bar) = &self.bar else {
            let mut said = self
                .said
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            if rows / STEP != *said / STEP {
                // Progress is a courtesy: where nobody can read it, the work goes on.
                let _ = writeln!(io::stderr(), "{words} {rows}");
                *said = rows;
            }
            return;
        };
        if let (Some(of), Ok(style)) = (
            of,
            ProgressStyle::with_template("{msg} {bar:30} {pos}/{len}"),
        ) {
            bar.set_style(style);
            bar.set_length(of);
        } else if let Ok(style) = ProgressStyle::with_template("{msg} {spinner} {pos}") {
            bar.set_style(style);
        }
        bar.set_message(words);
        bar.set_position(rows);
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
