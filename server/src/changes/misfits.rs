//! Borders of an import that do not fit: told and not refused, because the files of others are
//! mended here.

use std::collections::BTreeSet;

use geo::MultiPolygon;
use serde_json::{Value, json};
use yizhangtu_data::{
    Change, ChangeSet, measure, overlay,
    topology::{TOLERANCE_M2, polygons},
};

use super::{Fault, topology};
use crate::atlas::{LayerSnapshot, Snapshot};

/// What does not fit of a set that comes after others which the snapshot does not show yet.
pub(crate) fn of(now: &Snapshot, accepted: &[Change], set: &ChangeSet) -> Vec<Value> {
    let found = topology::check(now, accepted, set, &[]);
    let mut all: Vec<Value> = found.faults.iter().map(Fault::json).collect();
    all.extend(found.warnings);
    for layer in &now.layers {
        let Some(within) = &layer.layer.code_within else {
            continue;
        };
        let own = |change: &&Change| *change.layer == *layer.layer.id;
        let touched: Vec<_> = set.changes.iter().filter(own).collect();
        if touched.is_empty() {
            continue;
        }
        let earlier = accepted.iter().filter(own);
        let before = layer.after(earlier.map(|change| &change.operation));
        let after = before.after(touched.iter().map(|change| &change.operation));
        let ids = touched.iter().map(|change| change.operation.id());
        let versions: BTreeSet<String> = ids
            .filter_map(|id| Some(after.get(id)?.get(&after.layer, within).as_text()?.into()))
            .collect();
        let grown = |version: &String| told(&before, &after, within, version);
        all.extend(versions.iter().filter_map(grown));
    }
    all
}

/// That the plots of a version lie on one another more than they did. Plot by plot a plan of
/// thousands takes minutes; all together it takes a moment.
fn told(
    before: &LayerSnapshot,
    after: &LayerSnapshot,
    within: &str,
    version: &str,
) -> Option<Value> {
    let [was, twice] = [before, after].map(|layer| twice_m2(layer, within, version));
    (twice > was + TOLERANCE_M2).then(|| {
        json!({
            "code": "twice", "layer": after.layer.id, "area_m2": (twice * 100.0).round() / 100.0,
            "message": format!(
                "该版本的{}相互重叠，共 {twice:.2} 平方米；面积会重复计算，公布前须改正 / the {} of this version overlap by {twice:.2} m² in all, which count twice; correct them before it is published",
                after.layer.title.zh, after.layer.id
            ),
        })
    })
}

/// Ground that lies under more than one plot of a version, as often as it does.
fn twice_m2(layer: &LayerSnapshot, within: &str, version: &str) -> f64 {
    let plots: Vec<MultiPolygon<f64>> = (layer.records())
        .filter(|(_, record)| record.get(&layer.layer, within).as_text() == Some(version))
        .filter_map(|(_, record)| polygons(record.geometry.as_ref()?))
        .collect();
    let area = |ground: MultiPolygon<f64>| measure::area_m2(&ground.into());
    let Ok(whole) = overlay::union(&plots) else {
        return 0.0;
    };
    plots.into_iter().map(area).sum::<f64>() - area(whole)
}
