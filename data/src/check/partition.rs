//! Layers whose features divide the ground among them.

use std::sync::Arc;

use geo::Coord;
use rayon::prelude::*;
use yizhangtu_index::Rect;

use super::{
    features::{Feature, Features},
    report::{Check, Finding, Report, Severity, place},
};
use crate::topology::{self, Misfit};

/// Finds features of a partition that lie on each other.
pub(super) fn overlaps(layers: &[Features], report: &mut Report) {
    for read in layers.iter().filter(|read| read.layer.partition) {
        let index = read.index();
        let found: Vec<Finding> = read
            .features
            .par_iter()
            .enumerate()
            .flat_map_iter(|(at, feature)| {
                let near = feature.area().map(|area| index.in_box(&area.rect()));
                let later = near
                    .into_iter()
                    .flatten()
                    .filter(move |&key| key as usize > at);
                later.filter_map(|key| overlap(read, feature, &read.features[key as usize]))
            })
            .collect();
        found.into_iter().for_each(|finding| report.add(finding));
    }
}

fn overlap(read: &Features, one: &Feature, other: &Feature) -> Option<Finding> {
    let misfit = topology::overlap(one.polygons.as_ref()?, other.polygons.as_ref()?)?;
    let (a, b, area) = (&one.name, &other.name, misfit.area_m2);
    let shown = shown(&misfit);
    Some(Finding {
        severity: Severity::Error,
        check: Check::Overlap,
        layer: read.layer.id.clone(),
        ids: vec![Arc::clone(&one.id), Arc::clone(&other.id)],
        place: Some(misfit.place),
        message: format!(
            "{a} 与 {b} 重叠 {area:.2} 平方米，位于 {shown}，请改边界 / {a} and {b} overlap by {area:.2} m² at {shown}; correct the border"
        ),
    })
}

/// Finds what a layer leaves uncovered of the layer that it ought to cover, and what
/// sticks out of it.
pub(super) fn covers(layers: &[Features], report: &mut Report) {
    for cover in layers.iter().filter(|read| !read.features.is_empty()) {
        let Some(covered) = cover
            .layer
            .covers
            .as_ref()
            .and_then(|id| layers.iter().find(|read| read.layer.id == *id))
        else {
            continue;
        };
        let index = cover.index();
        let found: Vec<Finding> = covered
            .features
            .par_iter()
            .flat_map_iter(|whole| {
                let parts = whole.area().map(|area| index.in_box(&area.rect()));
                let parts: Vec<&Feature> = parts
                    .into_iter()
                    .flatten()
                    .map(|key| &cover.features[key as usize])
                    .collect();
                let mut found = gaps(cover, covered, whole, &parts);
                let own = parts
                    .iter()
                    .filter(|part| whole.shape.contains(part.shape.representative()));
                found.extend(own.filter_map(|part| sticking_out(cover, whole, part)));
                found
            })
            .collect();
        found.into_iter().for_each(|finding| report.add(finding));
    }
}

fn gaps(cover: &Features, covered: &Features, whole: &Feature, parts: &[&Feature]) -> Vec<Finding> {
    let Some(ground) = &whole.polygons else {
        return Vec::new();
    };
    let polygons = parts.iter().filter_map(|part| part.polygons.as_ref());
    let left = topology::gaps(ground, polygons).into_iter();
    left.map(|gap| {
        let (name, area) = (&whole.name, gap.area_m2);
        let title = &cover.layer.title;
        let shown = shown(&gap);
        Finding {
            severity: Severity::Error,
            check: Check::Gap,
            layer: cover.layer.id.clone(),
            ids: vec![Arc::clone(&whole.id)],
            place: Some(gap.place),
            message: format!(
                "{} {name} 有 {area:.2} 平方米不在任何{}内，位于 {shown}，请补画 / {area:.2} m² of {} {name} lie in no {} at {shown}; draw what is missing",
                covered.layer.title.zh, title.zh, covered.layer.id, cover.layer.id
            ),
        }
    })
    .collect()
}

fn sticking_out(cover: &Features, whole: &Feature, part: &Feature) -> Option<Finding> {
    if let (Some(outer), Some(inner)) = (whole.area(), part.area())
        && outer.covers(inner)
    {
        return None;
    }
    let misfit = topology::outside(part.polygons.as_ref()?, whole.polygons.as_ref()?)?;
    let (a, b, area) = (&part.name, &whole.name, misfit.area_m2);
    let shown = shown(&misfit);
    Some(Finding {
        severity: Severity::Warning,
        check: Check::SticksOut,
        layer: cover.layer.id.clone(),
        ids: vec![Arc::clone(&part.id), Arc::clone(&whole.id)],
        place: Some(misfit.place),
        message: format!(
            "{a} 超出 {b} 边界 {area:.2} 平方米，位于 {shown}，请改边界 / {a} sticks out of {b} by {area:.2} m² at {shown}; correct the border"
        ),
    })
}

fn shown(misfit: &Misfit) -> String {
    let [x, y] = misfit.place;
    place(Coord { x, y })
}

/// What two rectangles share, as longitudes and latitudes.
pub(super) fn meet(a: &Rect, b: &Rect) -> Option<geo::Rect<f64>> {
    let west = a.min.lon().max(b.min.lon());
    let east = a.max.lon().min(b.max.lon());
    let south = a.min.lat().max(b.min.lat());
    let north = a.max.lat().min(b.max.lat());
    (west < east && south < north).then(|| geo::Rect::new((west, south), (east, north)))
}
