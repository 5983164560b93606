//! Reads a layer once: fields and geometries by themselves, and what the later checks need.

use std::sync::Arc;

use geo::{Geometry, MultiPolygon};
use rayon::prelude::*;
use yizhangtu_index::{Area, Index, Shape};

use super::report::{Check, Finding, Report, Severity};
use crate::{
    Id, Layer, Record, geometry,
    store::{GeoPackage, StoreError},
};

/// Records are looked at side by side in lots of this size.
const LOT: usize = 8192;

/// The mapped features of a layer that have a sound geometry.
pub(super) struct Features {
    pub(super) layer: Arc<Layer>,
    pub(super) features: Vec<Feature>,
}

pub(super) struct Feature {
    pub(super) id: Id,
    /// What people know it by, where that is not personal; the id elsewhere.
    pub(super) name: String,
    pub(super) batch: Option<Arc<str>>,
    pub(super) shape: Shape,
    /// The polygons, kept for layers whose areas are compared with each other.
    pub(super) polygons: Option<MultiPolygon<f64>>,
}

impl Feature {
    /// The area, where the feature has one.
    pub(super) fn area(&self) -> Option<&Area> {
        match &self.shape {
            Shape::Area(area) => Some(area),
            _ => None,
        }
    }
}

impl Features {
    /// Reads a layer; faults of single features go to the report.
    pub(super) fn read(
        file: &GeoPackage,
        layer: &Arc<Layer>,
        report: &mut Report,
    ) -> Result<Self, StoreError> {
        let mut read = Self {
            layer: Arc::clone(layer),
            features: Vec::new(),
        };
        let mut lot = Vec::with_capacity(LOT);
        let mut count = 0;
        file.scan(&layer.id, |record| {
            count += 1;
            lot.push(record);
            if lot.len() == LOT {
                read.take(file, &mut lot, report);
            }
        })?;
        read.take(file, &mut lot, report);
        report.checked.insert(layer.id.clone(), count);
        Ok(read)
    }

    fn take(&mut self, file: &GeoPackage, lot: &mut Vec<Record>, report: &mut Report) {
        let layer = Arc::clone(&self.layer);
        let catalog = file.catalog();
        let looked: Vec<_> = lot
            .par_drain(..)
            .map(|record| {
                let mut findings = Vec::new();
                for error in catalog.validate(&layer, &record) {
                    findings.push(Finding {
                        severity: Severity::Error,
                        check: Check::Field,
                        layer: layer.id.clone(),
                        ids: vec![Arc::clone(&record.id)],
                        place: None,
                        message: error.message,
                    });
                }
                (feature(&layer, record, &mut findings), findings)
            })
            .collect();
        for (feature, findings) in looked {
            self.features.extend(feature);
            findings.into_iter().for_each(|finding| report.add(finding));
        }
    }

    /// An index of the areas, keyed by position.
    pub(super) fn index(&self) -> Index {
        let areas = self
            .features
            .iter()
            .enumerate()
            .filter_map(|(at, feature)| {
                let key = u32::try_from(at).ok()?;
                Some((key, Shape::Area(feature.area()?.clone())))
            });
        Index::build(areas)
    }
}

/// Layers whose areas are laid on each other.
pub(super) fn compares(layer: &Layer) -> bool {
    layer.partition || matches!(layer.id.as_str(), "building" | "village")
}

fn feature(layer: &Layer, record: Record, findings: &mut Vec<Finding>) -> Option<Feature> {
    if !layer.is_mapped() {
        return None;
    }
    let name = layer
        .code
        .as_ref()
        .and_then(|code| layer.field(code))
        .filter(|field| !field.sensitivity.is_personal() && !layer.personal)
        .and_then(|field| record.get(layer, &field.name).as_text())
        .unwrap_or(&record.id)
        .to_owned();
    let mut found = |severity, check, message| {
        findings.push(Finding {
            severity,
            check,
            layer: layer.id.clone(),
            ids: vec![Arc::clone(&record.id)],
            place: None,
            message,
        });
    };
    let Some(shape) = &record.geometry else {
        let message =
            format!("{name}：没有图形，请补画或删除 / no geometry; draw it or delete the feature");
        found(Severity::Warning, Check::NoGeometry, message);
        return None;
    };
    match geometry::repair(shape) {
        Ok(None) => {}
        Ok(Some(prepared)) => {
            let said = prepared.repairs.iter().map(ToString::to_string);
            let (zh, en): (Vec<String>, Vec<String>) = said.map(|said| languages(&said)).unzip();
            let (zh, en) = (zh.join("；"), en.join("; "));
            let message = format!(
                "{name}：图形无效，重新导入会{zh} / {name}: the geometry is invalid; importing it again would say: {en}"
            );
            found(Severity::Error, Check::InvalidGeometry, message);
            return None;
        }
        Err(error) => {
            found(
                Severity::Error,
                Check::InvalidGeometry,
                format!("{name}：{error}"),
            );
            return None;
        }
    }
    let shape = match Shape::new(shape) {
        Ok(shape) => shape,
        Err(error) => {
            found(
                Severity::Error,
                Check::InvalidGeometry,
                format!("{name}：{error}"),
            );
            return None;
        }
    };
    let polygons = match record.geometry {
        Some(Geometry::Polygon(polygon)) if compares(layer) => Some(polygon.into()),
        Some(Geometry::MultiPolygon(polygons)) if compares(layer) => Some(polygons),
        _ => None,
    };
    Some(Feature {
        id: record.id,
        name,
        batch: record.batch,
        shape,
        polygons,
    })
}

/// The Chinese and the English half of a message.
fn languages(said: &str) -> (String, String) {
    let (zh, en) = said.split_once(" / ").unwrap_or((said, said));
    (zh.to_owned(), en.to_owned())
}
