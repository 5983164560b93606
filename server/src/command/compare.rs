//! `yizhangtu compare`: two surveys of the same houses held against each other.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use geo::{BoundingRect as _, Coord};
use indicatif::ProgressBar;
use serde_json::{Value, json};
use yizhangtu_data::store::Access;
use yizhangtu_index::footprints::{Change, Footprint, Footprints, Frame, Rules, compare};

use super::{Failure, Output};
use crate::enforcement::kind_name;

/// 比对两期房屋轮廓，得出新增、扩建、加高、分割、合并和消失 / compare two surveys of houses by overlap
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// 前一期数据文件 / the GeoPackage of the first survey
    before: PathBuf,
    /// 后一期数据文件 / the GeoPackage of the second
    after: PathBuf,
    /// 图层 / the layer in both
    #[arg(long, default_value = "building")]
    layer: String,
    /// 两期之间允许的最大位移，米 / the greatest shift between them in metres
    #[arg(long, default_value_t = Rules::default().shift_m)]
    shift: f64,
    /// 结果：每行一个要素的 GeoJSON / the result: GeoJSON, a feature a line
    #[arg(short, long, value_name = "OUT.geojsonl")]
    output: PathBuf,
}

pub(super) fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    if !(0.0..=50.0).contains(&arguments.shift) {
        return Err(Failure::Usage(
            "--shift：应为 0 到 50 米 / --shift must be 0 to 50 metres".to_owned(),
        ));
    }
    let (before, ids) = read(&arguments.before, &arguments.layer)?;
    let (after, others) = read(&arguments.after, &arguments.layer)?;
    let Some(middle) = middle(&before).or_else(|| middle(&after)) else {
        return Err(Failure::Data(format!(
            "图层 {layer} 在两个文件里都没有轮廓 / the layer {layer} has outlines in neither file",
            layer = arguments.layer
        )));
    };
    let frame = Frame::at(middle);
    let outlines: Vec<_> = after.iter().map(|one| one.outline.clone()).collect();
    let gone: Vec<_> = before.iter().map(|one| one.outline.clone()).collect();
    let (before, after) = (
        Footprints::new(frame, before),
        Footprints::new(frame, after),
    );
    let rules = Rules {
        shift_m: arguments.shift,
        ..Rules::default()
    };
    let failed =
        |error: std::io::Error| Failure::Data(format!("{}：{error}", arguments.output.display()));
    let file = File::create(&arguments.output).map_err(failed)?;
    // Changes are written as they are found: their number is no matter of memory.
    let sink = Mutex::new((BufWriter::new(file), None::<std::io::Error>, 0_u64));
    let progress = ProgressBar::new((before.len() + after.len()) as u64);
    let go_on = |outlines| {
        progress.inc(outlines as u64);
        true
    };
    let tell = |change: Change| {
        let shape = match change.after.first() {
            Some(key) => outlines.get(*key as usize),
            None => change
                .before
                .first()
                .and_then(|key| gone.get(*key as usize)),
        };
        let line = feature(&change, &ids, &others, shape);
        let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = writeln!(sink.0, "{line}") {
            sink.1.get_or_insert(error);
        }
        sink.2 += 1;
    };
    let shift = compare(&before, &after, &rules, go_on, tell).unwrap_or_default();
    progress.finish_and_clear();
    let (mut file, error, changes) = sink.into_inner().unwrap_or_else(PoisonError::into_inner);
    error.map_or(Ok(()), Err).map_err(failed)?;
    file.flush().map_err(failed)?;
    let [east, north] = shift.by;
    if output.json {
        let told = json!({
            "before": before.len(), "after": after.len(), "changes": changes,
            "shift": { "east_m": east, "north_m": north, "residual_m": shift.residual_m },
        });
        writeln!(std::io::stdout(), "{told}")?;
        return Ok(());
    }
    writeln!(
        std::io::stdout(),
        "前 {one} 栋，后 {other} 栋；位移 东 {east:.2} 米、北 {north:.2} 米；变化 {changes} 处 → {to} \
         / {one} before, {other} after; shifted {east:.2} m east, {north:.2} m north; {changes} changes",
        one = before.len(),
        other = after.len(),
        to = arguments.output.display(),
    )?;
    Ok(())
}

fn read(path: &Path, layer: &str) -> Result<(Vec<Footprint>, Vec<String>), Failure> {
    let store = super::open(path, Access::ReadOnly)?;
    let Some(own) = store.layer(layer).cloned() else {
        return Err(Failure::Data(format!(
            "{path}：没有图层 {layer} / {path}: there is no layer {layer}",
            path = path.display()
        )));
    };
    let (mut all, mut ids) = (Vec::new(), Vec::new());
    store.scan(layer, |house| {
        if let Some(outline) = house.geometry.clone()
            && let Ok(key) = u32::try_from(all.len())
        {
            let floors = house.get(&own, "floors_up").as_decimal();
            ids.push(house.id.to_string());
            all.push(Footprint {
                key,
                outline,
                floors,
            });
        }
    })?;
    Ok((all, ids))
}

fn middle(all: &[Footprint]) -> Option<Coord<f64>> {
    // Of the first: a village is small, and what is far away is told all the same.
    all.iter()
        .find_map(|one| Some(one.outline.bounding_rect()?.center()))
}

fn feature(
    change: &Change,
    ids: &[String],
    others: &[String],
    shape: Option<&geo::Geometry<f64>>,
) -> Value {
    let named = |keys: &[u32], ids: &[String]| -> Vec<String> {
        keys.iter()
            .filter_map(|key| ids.get(*key as usize).cloned())
            .collect()
    };
    json!({
        "type": "Feature",
        "geometry": shape.map(|shape| json!(geojson::Geometry::new(geojson::GeometryValue::from(shape)))),
        "properties": {
            "kind": kind_name(change.kind),
            "area_m2": (change.area_m2 * 100.0).round() / 100.0,
            "confidence": (change.confidence * 1000.0).round() / 1000.0,
            "before": named(&change.before, ids), "after": named(&change.after, others),
        },
    })
}
