//! A demonstration in memory, and what must hold of any.

use std::collections::{BTreeMap, BTreeSet};

use geo::{BoundingRect, Contains, CoordsIter, Geometry, Intersects, Point};
use sha2::{Digest, Sha256};
use yizhangtu_index::Boxes;

use crate::{
    Catalog, GeometryKind, Layer, Record, Value,
    demo::{Village, Wish, dice::Dice, draw, layer_of, made::Made, records},
    geometry, measure,
};

/// A demonstration in memory: its villages, and the records of every layer.
pub(super) struct Demo {
    pub(super) catalog: std::sync::Arc<Catalog>,
    pub(super) villages: Vec<Made>,
    records: BTreeMap<&'static str, Vec<Record>>,
}

impl Demo {
    pub(super) fn make(village: Village, seed: u64, scale: f64) -> Self {
        let catalog = Catalog::embedded();
        let villages = draw(
            Wish {
                village,
                seed,
                scale,
                days: 0,
            },
            &|_| {},
        );
        let records = records::LAYERS
            .into_iter()
            .map(|(layer, maker)| {
                let all = villages
                    .iter()
                    .flat_map(|made| layer_of(&catalog, layer, maker, made))
                    .collect();
                (layer, all)
            })
            .collect();
        Self {
            catalog,
            villages,
            records,
        }
    }

    pub(super) fn layer(&self, layer: &str) -> &Layer {
        self.catalog.layer(layer).unwrap()
    }

    pub(super) fn all(&self, layer: &str) -> &[Record] {
        &self.records[layer]
    }

    pub(super) fn count(&self, layer: &str, field: &str, wanted: &[&str]) -> usize {
        let description = self.layer(layer);
        let has = |record: &&Record| {
            let value = record.get(description, field).as_text();
            value.is_some_and(|value| wanted.contains(&value))
        };
        self.all(layer).iter().filter(has).count()
    }

    /// The sum of a decimal field, made exactly in hundredths.
    pub(super) fn hundredths(&self, layer: &str, field: &str) -> i64 {
        let description = self.layer(layer);
        let value = |record: &Record| record.get(description, field).as_decimal();
        let records = self.all(layer).iter().filter_map(value);
        records.map(|value| (value * 100.0).round() as i64).sum()
    }

    pub(super) fn integers(&self, layer: &str, field: &str) -> i64 {
        let description = self.layer(layer);
        let value = |record: &Record| record.get(description, field).as_integer();
        self.all(layer).iter().filter_map(value).sum()
    }

    pub(super) fn area(&self, layer: &str) -> f64 {
        let areas = self.all(layer).iter().map(|r| measure::area_m2(shape(r)));
        areas.sum()
    }

    /// Residences that are not over.
    pub(super) fn residents(&self) -> usize {
        let description = self.layer("residence");
        let open = |record: &&Record| record.get(description, "moved_out").is_null();
        self.all("residence").iter().filter(open).count()
    }

    /// Each record keeps the catalog's rules, its geometry is valid and on the lattice,
    /// and what it refers to is there.
    pub(super) fn assert_sound(&self) {
        let ids: BTreeMap<&str, BTreeSet<&str>> = self
            .records
            .iter()
            .map(|(&layer, records)| (layer, records.iter().map(|r| &*r.id).collect()))
            .collect();
        for (&id, records) in &self.records {
            let layer = self.layer(id);
            assert_eq!(ids[id].len(), records.len(), "{id}: an id stands twice");
            let mut unique: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
            for record in records {
                let errors = self.catalog.validate(layer, record);
                assert!(errors.is_empty(), "{id} {}: {errors:?}", record.id);
                assert_eq!(
                    record.geometry.is_some(),
                    layer.geometry != GeometryKind::None,
                    "{id} {}: geometry",
                    record.id
                );
                if let Some(shape) = &record.geometry {
                    assert!(geometry::is_valid(shape), "{id} {}: {shape:?}", record.id);
                    let mut snapped = shape.clone();
                    geometry::snap(&mut snapped);
                    assert_eq!(&snapped, shape, "{id} {}: off the lattice", record.id);
                }
                for (field, value) in layer.fields.iter().zip(&record.values) {
                    if field.unique
                        && let Some(text) = value.as_text()
                    {
                        let new = unique.entry(&field.name).or_default().insert(text);
                        assert!(new, "{id}.{}: {text} stands twice", field.name);
                    }
                    let Some(target) = &field.reference else {
                        continue;
                    };
                    for other in references(value) {
                        let known = ids
                            .get(target.as_str())
                            .is_some_and(|ids| ids.contains(other));
                        assert!(known, "{id}.{} refers to no {target}: {other}", field.name);
                    }
                }
            }
        }
    }

    /// Every place of the village is in exactly one feature of the layer, and the
    /// features' areas sum to the village's.
    pub(super) fn assert_tiles(&self, layer: &str) {
        let village = self.all("village");
        let (whole, parts) = (self.area("village"), self.area(layer));
        assert!(
            (whole - parts).abs() < 0.01,
            "{layer}: {parts} of {whole} m²"
        );
        let boxes = boxes(self.all(layer));
        let mut dice = Dice::new(99, "points", 0);
        for record in village {
            let bounds = shape(record).bounding_rect().unwrap();
            for _ in 0..3000 {
                let place = Point::new(
                    dice.between(bounds.min().x, bounds.max().x),
                    dice.between(bounds.min().y, bounds.max().y),
                );
                let within = shape(record).contains(&place);
                let near = boxes.meeting(place.into(), place.into()).into_iter();
                let hits = near
                    .filter(|at| shape(&self.all(layer)[*at]).contains(&place))
                    .count();
                assert_eq!(hits, usize::from(within), "{layer} at {place:?}");
            }
        }
    }

    /// No two footprints overlap, and each lies inside of one grid.
    pub(super) fn assert_houses_apart(&self) {
        let houses = self.all("building");
        let by_box = boxes(houses);
        for (at, house) in houses.iter().enumerate() {
            let [low, high] = corners(house);
            for near in by_box.meeting(low, high) {
                let other = &houses[near];
                assert!(
                    near <= at || !shape(house).intersects(shape(other)),
                    "{} and {} overlap",
                    house.id,
                    other.id
                );
            }
        }
        let grids = self.all("grid");
        let by_box = boxes(grids);
        for house in houses {
            let [low, high] = corners(house);
            let holding = (by_box.meeting(low, high).iter())
                .filter(|at| shape(&grids[**at]).contains(shape(house)))
                .count();
            assert_eq!(holding, 1, "{} lies in one grid", house.id);
        }
    }

    pub(super) fn hash(&self) -> String {
        let mut hash = Sha256::new();
        for (layer, records) in &self.records {
            hash.update(layer);
            for record in records {
                hash.update(format!("{record:?}"));
            }
        }
        format!("{:x}", hash.finalize())
    }
}

pub(super) fn references(value: &Value) -> Vec<&str> {
    match value {
        Value::Text(id) => vec![id],
        Value::Json(list) => {
            let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
            list.iter().filter_map(serde_json::Value::as_str).collect()
        }
        _ => Vec::new(),
    }
}

pub(super) fn shape(record: &Record) -> &Geometry<f64> {
    record.geometry.as_ref().expect("a mapped feature")
}

/// The corners of the rectangle around a feature.
fn corners(record: &Record) -> [[f64; 2]; 2] {
    let bounds = shape(record).bounding_rect().unwrap();
    [bounds.min().into(), bounds.max().into()]
}

fn boxes(records: &[Record]) -> Boxes {
    Boxes::new(&records.iter().map(corners).collect::<Vec<_>>())
}

pub(super) fn vertices<'a>(records: impl IntoIterator<Item = &'a Record>) -> BTreeSet<(i64, i64)> {
    let lattice = |degrees: f64| (degrees * 1e9).round() as i64;
    records
        .into_iter()
        .flat_map(|record| shape(record).coords_iter())
        .map(|c| (lattice(c.x), lattice(c.y)))
        .collect()
}
