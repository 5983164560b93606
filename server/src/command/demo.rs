//! `yizhangtu demo`: a demonstration village in a new file.

use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
    time::Instant,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use yizhangtu_data::demo::{self, Progress, Village, Wish};

use super::{Failure, Output};

/// 生成示范村（虚构数据）/ make a demonstration village (synthetic)
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// 哪一个 / which one
    #[arg(value_enum)]
    village: Choice,
    /// 随机种子；同一种子内容相同 / seed; the same seed gives the same content
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// 面积、房屋与人口的倍数 / multiplies area, houses and people
    #[arg(long, default_value_t = 1.0, value_name = "F")]
    scale: f64,
    /// 最近 N 天的办理和房屋变化按日记入历史，可以回看 / the last N days are kept as changes, to look back at
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = clap::value_parser!(u32).range(..=3650))]
    days: u32,
    /// 写到哪个文件 / the file to write
    #[arg(short, long, value_name = "FILE.gpkg")]
    output: PathBuf,
    /// 文件已存在时覆盖 / replace a file that is there already
    #[arg(long)]
    force: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Choice {
    /// 东华村：1.5 平方公里，7 个网格，1,495 间房屋，11,608 人
    Donghua,
    /// 大源村：25 平方公里，111 个网格，17 万人
    Dayuan,
    /// 白云区 48 个城中村：104.9 平方公里，197.38 万人
    Baiyun,
}

impl From<Choice> for Village {
    fn from(choice: Choice) -> Self {
        match choice {
            Choice::Donghua => Self::Donghua,
            Choice::Dayuan => Self::Dayuan,
            Choice::Baiyun => Self::Baiyun,
        }
    }
}

pub(super) fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let start = Instant::now();
    let report = Report::new(output);
    let wish = Wish {
        village: arguments.village.into(),
        seed: arguments.seed,
        scale: arguments.scale,
        days: arguments.days,
    };
    let records = demo::make(wish, &arguments.output, arguments.force, &|progress| {
        report.step(progress);
    })?;
    report.finish();
    let seconds = start.elapsed().as_secs_f64();
    let path = arguments.output.display();
    let mut out = io::stdout();
    if output.json {
        let done = json!({
            "path": arguments.output,
            "village": Village::from(arguments.village).name(),
            "seed": arguments.seed,
            "scale": arguments.scale,
            "records": records,
            "seconds": seconds,
        });
        writeln!(out, "{done}")?;
    } else {
        writeln!(
            out,
            "已生成 {path}：{records} 条记录（虚构数据），用时 {seconds:.1} 秒 / made {path}: {records} records (synthetic) in {seconds:.1} s"
        )?;
    }
    Ok(())
}

/// Says how far the making is: a bar on a terminal, lines elsewhere, nothing with JSON.
pub(super) struct Report {
    bar: ProgressBar,
    lines: bool,
}

impl Report {
    pub(super) fn new(output: Output) -> Self {
        let terminal = io::stderr().is_terminal();
        let target = if terminal && !output.json {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        let style = ProgressStyle::with_template("{bar:32} {pos}/{len} {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self {
            bar,
            lines: !terminal && !output.json,
        }
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    pub(super) fn step(&self, progress: Progress<'_>) {
        let (done, total, message) = match progress {
            Progress::Drawn {
                village,
                done,
                total,
            } => (done, total, format!("绘制 {village} / drawn {village}")),
            Progress::Written {
                layer,
                records,
                done,
                total,
            } => (
                done,
                total,
                format!("{layer} {records} 条 / {records} records"),
            ),
        };
        self.bar.set_length(total as u64);
        self.bar.set_position(done as u64);
        self.bar.set_message(message.clone());
        if self.lines {
            // Where standard error is closed, the making still goes on.
            let _ = writeln!(io::stderr(), "{done}/{total} {message}");
        }
    }
}
