//! `yizhangtu sheets`: the map sheets of a village as PDF.

use std::{
    fs,
    io::{self, IsTerminal, Write},
    path::PathBuf,
    time::Instant,
};
use yizhangtu_data::clock;

use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;
use serde_json::{Value, json};
use yizhangtu_data::store::Access;

use super::{Failure, Output};
use crate::{
    basemap::Basemaps,
    http::{App, Config, Problem},
    policy::Viewer,
    print::Paper,
    sheets::{Occasion, Press, Sheet, number},
};

/// 制作“人屋关联”网格图（PDF） / make the map sheets as PDF
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// GeoPackage 文件 / the GeoPackage
    file: PathBuf,
    /// 只做一个网格的图幅：网格编码或名称 / the sheets of one grid only: its code or name
    #[arg(long, value_name = "CODE")]
    grid: Option<String>,
    /// 纸张：A4、A3 或 A2；不给则按图层所定 / paper: A4, A3 or A2; by default what the layer says
    #[arg(long)]
    paper: Option<Paper>,
    /// 二维码所指的地址，即各处能打开的一张图网址 / address that the QR codes lead to
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    url: String,
    /// 输出文件夹 / the directory for the files
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

pub(super) fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    if !arguments.url.starts_with("http://") && !arguments.url.starts_with("https://") {
        return Err(Failure::Usage(format!(
            "--url {}：须以 http:// 或 https:// 开头 / must begin with http:// or https://",
            arguments.url
        )));
    }
    let started = Instant::now();
    let store = super::open(&arguments.file, Access::ReadOnly)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let app = runtime.block_on(async {
        let basemaps = Basemaps::open(&[], None).await?;
        Ok::<_, Failure>(App::new(
            Config {
                read_only: true,
                ..Config::default()
            },
            store,
            basemaps,
        )?)
    })?;
    let press = Press::new(&app, &Viewer::anyone()).map_err(refused)?;
    let chosen = chosen(&press, arguments.grid.as_deref())?;
    fs::create_dir_all(&arguments.output)?;

    let progress = progress(chosen.len());
    let at = clock::now();
    let address = arguments.url.trim_end_matches('/');
    let made: Vec<Value> = chosen
        .par_iter()
        .map(|sheet| {
            let occasion = Occasion {
                at,
                number: number(),
                address: address.to_owned(),
                residents: false,
            };
            let printed = press
                .print(sheet, arguments.paper, &occasion)
                .map_err(refused)?;
            let path = arguments
                .output
                .join(format!("{}.pdf", file_name(&sheet.code)));
            fs::write(&path, &printed.pdf)?;
            progress.inc(1);
            Ok(json!({"sheet": sheet.code, "houses": printed.houses, "file": path}))
        })
        .collect::<Result<_, Failure>>()?;
    progress.finish_and_clear();
    // The map of all of them, where all are made.
    if arguments.grid.is_none() {
        let occasion = Occasion {
            at,
            number: number(),
            address: address.to_owned(),
            residents: false,
        };
        let overview = press.overview(&occasion).map_err(refused)?;
        fs::write(arguments.output.join("index.pdf"), overview)?;
    }

    let mut to = io::stdout().lock();
    if output.json {
        writeln!(
            to,
            "{}",
            json!({"sequence": press.sequence(), "sheets": made})
        )?;
        return Ok(());
    }
    let houses: u64 = made.iter().filter_map(|one| one["houses"].as_u64()).sum();
    writeln!(
        to,
        "已制作 {count} 幅，共 {houses} 栋房屋，用时 {seconds:.1} 秒，存于 {folder} / made {count} sheets of {houses} houses in {seconds:.1} s",
        count = made.len(),
        seconds = started.elapsed().as_secs_f64(),
        folder = arguments.output.display(),
    )?;
    Ok(())
}

/// The sheets asked for.
fn chosen<'a>(press: &'a Press, grid: Option<&str>) -> Result<Vec<&'a Sheet>, Failure> {
    let all = press.sheets().all();
    let Some(grid) = grid else {
        if all.is_empty() {
            return Err(Failure::Data(
                "没有图幅，也没有网格可据以划分；请先导入网格（--layer grid） / there are no sheets, and no grids to divide; import grids first (--layer grid)".to_owned(),
            ));
        }
        return Ok(all.iter().collect());
    };
    let own: Vec<&Sheet> = press.sheets().of_grid(grid).collect();
    if own.is_empty() {
        let mut known: Vec<&str> = all
            .iter()
            .filter_map(|sheet| Some(sheet.grid.as_ref()?[1].as_str()))
            .collect();
        known.dedup();
        return Err(Failure::Data(format!(
            "--grid {grid}：没有这个网格，有 {list} / there is no such grid; there are {list}",
            list = known.join(", ")
        )));
    }
    Ok(own)
}

/// A code as the name of a file.
fn file_name(code: &str) -> String {
    code.chars()
        .map(|letter| {
            if letter.is_alphanumeric() || "-_.".contains(letter) {
                letter
            } else {
                '_'
            }
        })
        .collect()
}

fn refused(problem: Problem) -> Failure {
    Failure::Data(problem.detail().to_owned())
}

/// A bar on a terminal; a plain line elsewhere.
fn progress(count: usize) -> ProgressBar {
    if !io::stderr().is_terminal() {
        // Where standard error is closed, the work goes on.
        let _ = writeln!(io::stderr(), "{count} 幅 / sheets");
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(count as u64);
    match ProgressStyle::with_template("{wide_bar} {pos}/{len} {eta}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_a_safe_name() {
        assert_eq!(file_name("440118101224003-02"), "440118101224003-02");
        assert_eq!(file_name("../第1网格/a"), ".._第1网格_a");
    }
}
