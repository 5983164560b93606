//! `yizhangtu export`: a layer as a file for other programs.

use std::{
    io::{self, Write as _},
    path::PathBuf,
    sync::Arc,
};

use clap::ValueEnum;
use indicatif::ProgressBar;
use serde_json::json;
use yizhangtu_data::{
    crs::Crs,
    export::{Encoding, Export, ExportError, Options},
    store::{Access, GeoPackage},
};

use super::{Failure, Output};
use crate::policy::Viewer;

/// 导出图层 / write a layer to a file
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// GeoPackage 文件 / the GeoPackage
    file: PathBuf,
    /// 图层编号，如 building / the layer's identifier
    #[arg(long)]
    layer: String,
    /// 输出文件，格式由扩展名决定：geojson geojsonl gpkg shp zip csv xlsx dxf fgb / the file; its ending names the format
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// 输出坐标系，如 EPSG:4547；DXF 默认 EPSG:4547，其余默认经纬度 / coordinate system of the file
    #[arg(long)]
    crs: Option<String>,
    /// Shapefile 的文本编码 / encoding of a Shapefile's texts
    #[arg(long, value_enum, default_value_t)]
    encoding: Texts,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Texts {
    /// UTF-8
    #[default]
    Utf8,
    /// GBK，供旧软件用 / for older programs
    Gbk,
}

pub(super) fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let crs = arguments.crs.as_deref().map(Crs::parse).transpose()?;
    let catalog = super::catalog();
    let store = GeoPackage::open(&arguments.file, &catalog, Access::ReadOnly)?;
    let total = store.count(&arguments.layer)?;
    let Some(layer) = store.layer(&arguments.layer) else {
        return Ok(());
    };
    let viewer = Viewer::anyone();
    let options = Options {
        crs,
        encoding: match arguments.encoding {
            Texts::Utf8 => Encoding::Utf8,
            Texts::Gbk => Encoding::Gbk,
        },
        about: store.about().clone(),
    };
    let shown = Arc::new(viewer.describe(layer));
    let mut export = Export::start(&arguments.output, &shown, &catalog, &options).map_err(
        |error| match error {
            ExportError::UnknownFormat { .. } | ExportError::FixedCrs { .. } => {
                Failure::Usage(error.to_string())
            }
            other => other.into(),
        },
    )?;
    // Drawn on a terminal only.
    let progress = ProgressBar::new(total);
    store.try_scan(&arguments.layer, |record| {
        progress.inc(1);
        export.write(&viewer.see(layer, &record).to_record())
    })?;
    let report = export.finish()?;
    progress.finish_and_clear();
    let mut to = io::stdout().lock();
    if output.json {
        let losses: Vec<_> = report
            .losses
            .iter()
            .map(|loss| {
                let (zh, en) = (loss.zh, loss.en);
                json!({"field": loss.field, "message": {"zh": zh, "en": en}, "count": loss.count})
            })
            .collect();
        let result = json!({"rows": report.rows, "files": report.files, "losses": losses});
        writeln!(to, "{result}")?;
        return Ok(());
    }
    let rows = report.rows;
    writeln!(to, "已导出 {rows} 个要素 / wrote {rows} features")?;
    for file in &report.files {
        writeln!(to, "  {}", file.display())?;
    }
    if !report.losses.is_empty() {
        writeln!(to, "该格式未能保留 / what the format cannot hold:")?;
    }
    for loss in &report.losses {
        writeln!(to, "  {loss}")?;
    }
    Ok(())
}
