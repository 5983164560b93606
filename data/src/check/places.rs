//! Places that cannot be right, or look as if they were taken from a shifted map.

use std::{collections::BTreeMap, sync::Arc};

use geo::Coord;
use yizhangtu_index::{Index, Point, Rule};

use super::{
    features::{Feature, Features},
    report::{Check, Finding, Report, Severity, place},
};
use crate::crs::{Crs, shift_hint};

/// Longitudes and latitudes of China with its seas, in degrees.
const CHINA: [f64; 4] = [73.0, 3.0, 136.0, 54.0];

/// A batch is called shifted when at least so many of its places are outside, and
/// so great a part of those comes home under one shift.
const SHIFTED_FROM: usize = 3;
const SHIFTED_PART: f64 = 0.8;

/// Checks every mapped layer; the base map may reach beyond the villages.
pub(super) fn check(layers: &[Features], report: &mut Report) {
    let of = |id: &str| layers.iter().find(|read| read.layer.id == id);
    let villages = of("village").filter(|read| !read.features.is_empty());
    let grids = of("grid").filter(|read| !read.features.is_empty());
    let village_index = villages.map(Features::index);
    let grid_index = grids.map(Features::index);
    for read in layers {
        let mut inland = Vec::new();
        for feature in &read.features {
            if let Some(finding) = abroad(read, feature) {
                report.add(finding);
            } else {
                inland.push(feature);
            }
        }
        let own = read.layer.theme != "base"
            && read.layer.theme != "other"
            && !matches!(read.layer.id.as_str(), "village" | "admin_area");
        if let (Some(villages), Some(index), true) = (villages, &village_index, own) {
            outside(read, &inland, villages, index, report);
        }
        if let (Some(index), "building") = (&grid_index, read.layer.id.as_str()) {
            for feature in &inland {
                let at = feature.shape.representative();
                if index.at(at).is_empty() {
                    report.add(finding(
                        read,
                        feature,
                        Check::NoGrid,
                        format!(
                            "{0} 不在任何网格内，请查位置或补画网格 / {0} lies in no grid; look at its place, or draw the grid",
                            feature.name
                        ),
                    ));
                }
            }
        }
    }
}

fn coord(point: Point) -> Coord {
    Coord {
        x: point.lon(),
        y: point.lat(),
    }
}

fn finding(read: &Features, feature: &Feature, check: Check, message: String) -> Finding {
    let at = feature.shape.representative();
    let severity = match check {
        Check::OutsideChina => Severity::Error,
        _ => Severity::Warning,
    };
    // Where a person's things are is personal too.
    let known = !read.layer.personal;
    Finding {
        severity,
        check,
        layer: read.layer.id.clone(),
        ids: vec![Arc::clone(&feature.id)],
        place: known.then(|| [at.lon(), at.lat()]),
        message,
    }
}

fn abroad(read: &Features, feature: &Feature) -> Option<Finding> {
    let [west, south, east, north] = CHINA;
    let inland = |x: f64, y: f64| (west..=east).contains(&x) && (south..=north).contains(&y);
    let at = coord(feature.shape.representative());
    if inland(at.x, at.y) {
        return None;
    }
    let (zh, en) = if inland(at.y, at.x) {
        (
            "经纬度似乎颠倒",
            "longitude and latitude seem to be swapped",
        )
    } else {
        (
            "请查原坐标系",
            "look at the coordinate system that it came in",
        )
    };
    let (name, shown) = (&feature.name, place(at));
    Some(finding(
        read,
        feature,
        Check::OutsideChina,
        format!(
            "{name} 的位置 {shown} 在中国以外，{zh} / {name} lies outside China at {shown}; {en}"
        ),
    ))
}

/// Features that touch no village, and whether a shift explains them.
fn outside(
    read: &Features,
    inland: &[&Feature],
    villages: &Features,
    index: &Index,
    report: &mut Report,
) {
    let touches = |feature: &Feature| {
        let near = index.in_box(&feature.shape.rect());
        near.into_iter().any(|key| {
            let village = villages.features[key as usize].area();
            village.is_some_and(|area| feature.shape.is_in(area, Rule::Intersects))
        })
    };
    let inside =
        |at: Coord| Point::snap(at.x, at.y).is_some_and(|point| !index.at(point).is_empty());
    let mut batches: BTreeMap<Option<&str>, Vec<&Feature>> = BTreeMap::new();
    for feature in inland.iter().filter(|feature| !touches(feature)) {
        batches
            .entry(feature.batch.as_deref())
            .or_default()
            .push(feature);
    }
    for (batch, features) in batches {
        let hints = features
            .iter()
            .filter_map(|feature| shift_hint(coord(feature.shape.representative()), inside));
        let mut shifts: [(Crs, usize, f64); 2] = [(Crs::Gcj02, 0, 0.0), (Crs::Bd09, 0, 0.0)];
        for hint in hints {
            if let Some(shift) = shifts.iter_mut().find(|(crs, ..)| *crs == hint.crs) {
                shift.1 += 1;
                shift.2 = hint.distance_m;
            }
        }
        let [gcj, bd] = shifts;
        let (crs, count, metres) = if gcj.1 >= bd.1 { gcj } else { bd };
        #[expect(clippy::cast_precision_loss, reason = "a part, to a percent")]
        let part = count as f64 / features.len() as f64;
        if features.len() >= SHIFTED_FROM && part >= SHIFTED_PART {
            let (name, all) = (shift_name(&crs), features.len());
            let batch = batch.unwrap_or("-");
            report.add(Finding {
                severity: Severity::Warning,
                check: Check::Shifted,
                layer: read.layer.id.clone(),
                ids: features.iter().take(20).map(|feature| Arc::clone(&feature.id)).collect(),
                place: None,
                message: format!(
                    "批次 {batch} 有 {all} 个要素在村外，其中 {count} 个按 {name} 纠偏（约 {metres:.0} 米）后落入村内；若原图是 {name}，请撤销该批次并以 --crs {name} 重新导入 / batch {batch} has {all} features outside the villages, {count} of which come home when taken as {name} (a shift of {metres:.0} m); if the source was {name}, undo the batch and import it again with --crs {name}"
                ),
            });
        } else {
            for feature in features {
                let name = &feature.name;
                report.add(finding(
                    read,
                    feature,
                    Check::OutsideVillage,
                    format!("{name} 在所有村界以外，请查位置 / {name} lies outside every village; look at its place"),
                ));
            }
        }
    }
}

fn shift_name(crs: &Crs) -> &'static str {
    match crs {
        Crs::Bd09 => "bd09",
        _ => "gcj02",
    }
}
