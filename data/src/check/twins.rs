//! The same thing entered twice: codes, footprints.

use std::{collections::HashMap, sync::Arc};

use geo::BooleanOps;
use rayon::prelude::*;

use super::{
    features::{Feature, Features},
    partition::meet,
    relations::{catalog_layers, columns},
    report::{Check, Finding, Report, Severity},
};
use crate::{
    Id,
    measure::area_m2,
    store::{GeoPackage, StoreError},
};

/// Two footprints are one house when they share so great a part of what they cover together.
const SAME_PART: f64 = 0.9;

/// Values that should stand once and do not.
pub(super) fn values(file: &GeoPackage, report: &mut Report) -> Result<(), StoreError> {
    for layer in catalog_layers(file) {
        let columns = columns(file, &layer.id)?;
        for field in &layer.fields {
            let is_code = layer.code.as_ref() == Some(&field.name);
            if !(field.unique || is_code) || !columns.contains(&field.name) {
                continue;
            }
            let severity = if field.unique {
                Severity::Error
            } else {
                Severity::Warning
            };
            let (table, column) = (&layer.id, &field.name);
            let sql = format!(
                "SELECT CAST(\"{column}\" AS TEXT), json_group_array(id) FROM \"{table}\" \
                 WHERE \"{column}\" IS NOT NULL GROUP BY \"{column}\" HAVING count(*) > 1"
            );
            file.query(&sql, [], |row| {
                let value: String = row.get(0)?;
                let ids = ids(&row.get::<_, String>(1)?);
                let value = if field.sensitivity.is_personal() { "***" } else { &value };
                let count = ids.len();
                report.add(Finding {
                    severity,
                    check: Check::DuplicateValue,
                    layer: table.clone(),
                    ids,
                    place: None,
                    message: format!(
                        "{}（{column}）：“{value}”有 {count} 个，只应有 1 个，请改正 / {column}: “{value}” stands {count} times; it should stand once",
                        field.label.zh
                    ),
                });
                Ok(())
            })?;
        }
    }
    Ok(())
}

fn ids(json: &str) -> Vec<Id> {
    let mut ids: Vec<Id> = serde_json::from_str::<Vec<String>>(json)
        .unwrap_or_default()
        .into_iter()
        .map(Id::from)
        .collect();
    ids.sort();
    ids
}

/// Houses with the same footprint, or nearly.
pub(super) fn footprints(layers: &[Features], report: &mut Report) {
    let Some(houses) = layers.iter().find(|read| read.layer.id == "building") else {
        return;
    };
    let index = houses.index();
    let found: Vec<Finding> = houses
        .features
        .par_iter()
        .enumerate()
        .flat_map_iter(|(at, one)| {
            let near = one.area().map(|area| index.in_box(&area.rect()));
            let later = near
                .into_iter()
                .flatten()
                .filter(move |&key| key as usize > at);
            later.filter_map(|key| twin(houses, one, &houses.features[key as usize]))
        })
        .collect();
    found.into_iter().for_each(|finding| report.add(finding));
    points(houses, report);
}

/// Houses drawn as points at one place.
fn points(houses: &Features, report: &mut Report) {
    let mut places: HashMap<_, Vec<&Feature>> = HashMap::new();
    for house in houses
        .features
        .iter()
        .filter(|house| house.area().is_none())
    {
        places
            .entry(house.shape.representative())
            .or_default()
            .push(house);
    }
    let mut shared: Vec<_> = places
        .into_values()
        .filter(|houses| houses.len() > 1)
        .collect();
    shared.sort_by(|a, b| a[0].id.cmp(&b[0].id));
    for shared in shared {
        let names: Vec<&str> = shared.iter().map(|house| house.name.as_str()).collect();
        let names = names.join(", ");
        let at = shared[0].shape.representative();
        report.add(Finding {
            severity: Severity::Warning,
            check: Check::SameFootprint,
            layer: houses.layer.id.clone(),
            ids: shared.iter().map(|house| Arc::clone(&house.id)).collect(),
            place: Some([at.lon(), at.lat()]),
            message: format!("{names} 在同一点，请核对 / {names} stand at one point; look at them"),
        });
    }
}

fn twin(houses: &Features, one: &Feature, other: &Feature) -> Option<Finding> {
    let (a, b) = (one.shape.rect(), other.shape.rect());
    let size = |rect: geo::Rect<f64>| rect.width() * rect.height();
    let own = |rect| meet(rect, rect).map_or(0.0, size);
    // What shares nine tenths cannot have rectangles that share less than half.
    if meet(&a, &b).map_or(0.0, size) * 2.0 < own(&a).max(own(&b)) {
        return None;
    }
    let (p, q) = (one.polygons.as_ref()?, other.polygons.as_ref()?);
    let same = p == q;
    let part = if same {
        1.0
    } else {
        let area = |polygons: &geo::MultiPolygon<f64>| area_m2(&polygons.clone().into());
        let common = area(&p.intersection(q));
        common / (area(p) + area(q) - common)
    };
    (part >= SAME_PART).then(|| {
        let (a, b) = (&one.name, &other.name);
        let at = one.shape.representative();
        let percent = part * 100.0;
        Finding {
            severity: if same { Severity::Error } else { Severity::Warning },
            check: Check::SameFootprint,
            layer: houses.layer.id.clone(),
            ids: vec![Arc::clone(&one.id), Arc::clone(&other.id)],
            place: Some([at.lon(), at.lat()]),
            message: format!(
                "{a} 与 {b} 的轮廓有 {percent:.1}% 相同，可能是同一栋，请删去一个 / the footprints of {a} and {b} are {percent:.1} % the same; they may be one house, delete one"
            ),
        }
    })
}
