//! Square metres of one layer's features inside an area, by class.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use serde::Serialize;
use yizhangtu_data::{measure, overlay as lattice, topology::polygons};
use yizhangtu_index::{Area, Rule, Shape};

use super::Subject;
use crate::atlas::{LayerSnapshot, Snapshot};

/// Class of land that bears no code.
const NO_CODE: &str = "未分类";

/// Land of one class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ByClass {
    /// The standard that the code belongs to: the same code means other things in others.
    pub(crate) class_std: String,
    pub(crate) code: String,
    pub(crate) area_m2: f64,
}

/// Land under one kind of control line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ByKind {
    pub(crate) kind: String,
    pub(crate) area_m2: f64,
}

/// What of land is wanted: where only some figures are asked for, most of the work is spared.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) land_use: bool,
    pub(crate) plan_land: bool,
    /// Kinds of control lines that the map has; all where there is no list.
    pub(crate) lines: Option<BTreeSet<String>>,
}

impl Wanted {
    /// Some kinds of control lines, as far as a map has them, and nothing else.
    pub(crate) fn lines(snapshot: &Snapshot, is_wanted: impl Fn(&str) -> bool) -> Self {
        let kinds = snapshot.layer("control_line").map(|layer| kinds_of(layer));
        let kinds = kinds.into_iter().flatten().filter(|kind| is_wanted(kind));
        Self {
            lines: Some(kinds.map(str::to_owned).collect()),
            ..Self::default()
        }
    }

    /// Everything.
    pub(crate) fn all() -> Self {
        Self {
            land_use: true,
            plan_land: true,
            lines: None,
        }
    }
}

/// The standard and the code of land.
pub(crate) type Class = (String, String);

/// The class of a plot.
pub(crate) fn class_of(layer: &LayerSnapshot, position: u32) -> Class {
    let record = layer.record(position);
    let text = |field: &str| record.get(&layer.layer, field).as_text();
    (
        text("class_std").unwrap_or_default().to_owned(),
        text("class_code").unwrap_or(NO_CODE).to_owned(),
    )
}

/// The kind of a line.
pub(super) fn kind_of(layer: &LayerSnapshot, position: u32) -> &str {
    let kind = layer.record(position).get(&layer.layer, "kind");
    kind.as_text().unwrap_or(NO_CODE)
}

/// The kinds of lines that a layer has.
fn kinds_of(layer: &LayerSnapshot) -> BTreeSet<&str> {
    layer.rows().map(|(at, _)| kind_of(layer, at)).collect()
}

/// Area of each class inside a subject; classes without any are left out.
pub(super) fn by_class(snapshot: &Snapshot, layer: &str, subject: &Subject) -> Vec<ByClass> {
    let Some(layer) = snapshot.layer(layer) else {
        return Vec::new();
    };
    let mut classes: BTreeMap<Class, f64> = BTreeMap::new();
    for (position, area_m2) in inside(layer, subject) {
        *classes.entry(class_of(layer, position)).or_default() += area_m2;
    }
    let classes = classes.into_iter().filter(|(_, area_m2)| *area_m2 > 0.0);
    classes
        .map(|((class_std, code), area_m2)| ByClass {
            class_std,
            code,
            area_m2,
        })
        .collect()
}

/// Area under each wanted kind of line that the layer has, those without any here included. Ground
/// under two lines of one kind counts once.
pub(super) fn by_kind(
    snapshot: &Snapshot,
    layer: &str,
    subject: &Subject,
    wanted: &Wanted,
) -> Vec<ByKind> {
    let Some(layer) = snapshot.layer(layer) else {
        return Vec::new();
    };
    let kinds: BTreeSet<&str> = match &wanted.lines {
        None => kinds_of(layer),
        Some(lines) => lines.iter().map(String::as_str).collect(),
    };
    let mut kinds: BTreeMap<&str, Vec<(u32, f64)>> =
        kinds.into_iter().map(|kind| (kind, Vec::new())).collect();
    let mut positions = layer.within(&subject.area, Rule::Intersects);
    positions.retain(|at| kinds.contains_key(kind_of(layer, *at)));
    for (position, area_m2) in of_each(layer, subject, positions) {
        let parts = kinds.entry(kind_of(layer, position)).or_default();
        parts.push((position, area_m2));
    }
    kinds
        .into_par_iter()
        .map(|(kind, parts)| ByKind {
            kind: kind.to_owned(),
            area_m2: together_m2(layer, subject, &parts),
        })
        .collect()
}

/// What some features cover of a subject together: the sum of their parts, where they lie
/// apart.
fn together_m2(layer: &LayerSnapshot, subject: &Subject, parts: &[(u32, f64)]) -> f64 {
    let area = |at: u32| match layer.shape(at) {
        Some(Shape::Area(area)) => Some(area),
        _ => None,
    };
    let meets = |one: u32, other: u32| matches!((area(one), area(other)), (Some(one), Some(other)) if one.intersects(&other));
    let apart = (parts.iter().enumerate())
        .all(|(at, (one, _))| !parts[..at].iter().any(|(other, _)| meets(*one, *other)));
    let sum = || measure::sum(parts.iter().map(|(_, area_m2)| *area_m2));
    if apart {
        return sum();
    }
    let outlines: Vec<_> = (parts.iter())
        .filter_map(|(at, _)| polygons(layer.record(*at).geometry.as_ref()?))
        .collect();
    let outlines: Vec<_> = outlines.iter().collect();
    // Wider than two degrees, the lines of several cities: then they are those of several.
    lattice::covered_m2(&subject.outline, &outlines).unwrap_or_else(|_| sum())
}

/// The features of a layer with what of them is inside a subject, in m².
pub(crate) fn inside(layer: &LayerSnapshot, subject: &Subject) -> Vec<(u32, f64)> {
    let positions = layer.within(&subject.area, Rule::Intersects);
    of_each(layer, subject, positions)
}

/// Some features with what of each is inside a subject.
fn of_each(layer: &LayerSnapshot, subject: &Subject, positions: Vec<u32>) -> Vec<(u32, f64)> {
    positions
        .into_par_iter()
        .filter_map(|position| {
            let Some(Shape::Area(own)) = layer.shape(position) else {
                return None;
            };
            let area_m2 = if subject.area.covers(&own) {
                layer.area_m2(position)
            } else if own.covers(&subject.area) {
                subject.area_m2
            } else {
                common_m2(&subject.area, &own)
            };
            Some((position, area_m2))
        })
        .collect()
}

/// What two areas have in common, in m² on the ellipsoid.
pub(super) fn common_m2(a: &Area, b: &Area) -> f64 {
    // Holes run the other way and count less than 0.
    measure::sum(
        a.intersection(b)
            .iter()
            .map(|ring| measure::ring_m2(&ring.0)),
    )
    .max(0.0)
}

#[cfg(test)]
mod tests {
    use geo::{Geometry, LineString, MultiPolygon, Polygon, polygon};

    use super::*;

    #[test]
    fn the_pieces_of_a_tiling_add_up_to_the_whole() {
        // A jagged outline over 20 × 20 plots that tile the land.
        let ring: LineString<f64> = (0..97)
            .map(|step| {
                let turn = f64::from(step) / 97.0 * std::f64::consts::TAU;
                let reach = 0.006 + 0.0013 * f64::from(step * 7 % 11) / 11.0;
                (113.59 + reach * turn.cos(), 23.11 + reach * turn.sin())
            })
            .collect();
        let mut drawn = Geometry::Polygon(Polygon::new(ring, vec![]));
        yizhangtu_data::geometry::snap(&mut drawn);
        let Geometry::Polygon(outline) = &drawn else {
            panic!("a polygon stays one")
        };
        let area = Area::from_polygon(outline).unwrap();
        // Edges are measured as geodesics between their ends, so the whole needs the corners
        // that the plots' borders cut into its edges.
        let cut: LineString<f64> = (outline.exterior().lines())
            .flat_map(|line| {
                let mut along: Vec<f64> = (0..=20)
                    .map(|step| f64::from(step) * 0.001)
                    .flat_map(|step| {
                        let delta = line.delta();
                        [
                            (113.58 + step - line.start.x) / delta.x,
                            (23.10 + step - line.start.y) / delta.y,
                        ]
                    })
                    .filter(|along| (0.0..1.0).contains(along))
                    .chain([0.0])
                    .collect();
                along.sort_by(f64::total_cmp);
                along
                    .into_iter()
                    .map(move |along| line.start + line.delta() * along)
            })
            .collect();
        let whole = measure::area_m2(&Polygon::new(cut, vec![]).into());
        let mut sum = 0.0;
        for i in 0..20 {
            for j in 0..20 {
                let (x, y) = (113.58 + 0.001 * f64::from(i), 23.10 + 0.001 * f64::from(j));
                let plot = polygon![(x: x, y: y), (x: x + 0.001, y: y), (x: x + 0.001, y: y + 0.001), (x: x, y: y + 0.001)];
                sum += common_m2(
                    &area,
                    &Area::from_multi_polygon(&MultiPolygon(vec![plot])).unwrap(),
                );
            }
        }
        assert!((sum / whole - 1.0).abs() < 1e-9, "{sum} {whole}");
    }
}
