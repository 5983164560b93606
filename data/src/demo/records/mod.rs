//! Records of every layer, written from a village that was made.

mod base_map;
mod courses;
mod economy;
mod enforcement;
mod events;
mod facilities;
mod governance;
mod houses;
mod planning;
mod population;
mod renewal;
mod territories;

use chrono::{DateTime, Days, FixedOffset, NaiveDate, NaiveTime, TimeZone};
use geo::Geometry;

use super::{dice::mix, made::Made};
use crate::{Catalog, Id, Layer, Record, Value, clock::CHINA};

/// A writer of the records of one layer of one village.
pub(super) type Maker = fn(&Made, &mut Writer<'_>);

/// Every layer that a demonstration fills, in an order that readers may rely on: what is
/// referred to stands before what refers to it.
pub(super) const LAYERS: [(&str, Maker); 43] = [
    ("village", territories::village),
    ("co_op", territories::co_ops),
    ("grid", territories::grids),
    ("party_area", territories::party_areas),
    ("sheet", territories::sheets),
    ("road", base_map::roads),
    ("water", base_map::waters),
    ("green", base_map::greens),
    ("land_use", planning::land_use),
    ("plan_doc", planning::documents),
    ("plan_land", planning::plan_land),
    ("plan_plot", planning::plan_plots),
    ("control_line", planning::control_lines),
    ("building", houses::buildings),
    ("address", houses::addresses),
    ("parcel", houses::parcels),
    ("room", population::rooms),
    ("person", population::persons),
    ("household", population::households),
    ("residence", population::residences),
    ("vehicle", population::vehicles),
    ("parking", facilities::parkings),
    ("facility", facilities::facilities),
    ("place", economy::places),
    ("asset", economy::assets),
    ("contract", economy::contracts),
    ("renewal_unit", renewal::units),
    ("unit_log", renewal::logs),
    ("unit_survey", renewal::surveys),
    ("unit_vote", renewal::votes),
    ("unit_notice", renewal::notices),
    ("unit_money", renewal::money),
    ("project", renewal::projects),
    ("violation_case", enforcement::cases),
    ("violation_log", enforcement::case_logs),
    ("violation_demolition", enforcement::demolitions),
    ("violation_party", enforcement::parties),
    ("violation_spot", enforcement::spots),
    ("grid_event", events::events),
    ("event_log", events::event_logs),
    ("dispute", events::disputes),
    ("org", governance::orgs),
    ("indicator", governance::indicators),
];

/// The identifier of a record: a ULID whose order is that of the villages and of the
/// records in them, and whose last bits are the seed's.
pub(super) fn id(seed: u64, layer: &str, village: u64, index: u64) -> Id {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    // 2023-01-01, and a millisecond for every village.
    let time = 1_672_531_200_000u64 + village;
    let salt = layer
        .bytes()
        .fold(mix(seed ^ village), |key, byte| mix(key ^ u64::from(byte)));
    let tail = (u128::from(index) << 48) | u128::from(mix(salt ^ index) >> 16);
    let bits = (u128::from(time) << 80) | (tail & ((1 << 80) - 1));
    let text: String = (0..26)
        .map(|place| char::from(ALPHABET[(bits >> (125 - 5 * place)) as usize & 31]))
        .collect();
    text.into()
}

/// Collects the records of one layer of one village.
pub(super) struct Writer<'a> {
    catalog: &'a Catalog,
    layer: &'a Layer,
    made: &'a Made,
    pub(super) records: Vec<Record>,
}

impl<'a> Writer<'a> {
    /// A writer for a layer of a village.
    ///
    /// # Panics
    /// When the catalog has no such layer.
    pub(super) fn new(catalog: &'a Catalog, layer: &str, made: &'a Made) -> Self {
        let layer = catalog
            .layer(layer)
            .unwrap_or_else(|| panic!("the catalog has no layer {layer}"));
        Self {
            catalog,
            layer,
            made,
            records: Vec::new(),
        }
    }

    /// What a code list calls a code.
    fn title(&self, list: &str, code: &str) -> String {
        self.catalog
            .code_list(list)
            .and_then(|list| list.codes.iter().find(|entry| entry.code == code))
            .map_or_else(String::new, |entry| entry.label.zh.clone())
    }

    /// The row of a record, counted from 0; its identifier follows from it.
    fn row(&self, index: usize, geometry: Option<Geometry<f64>>) -> Row<'a> {
        let mut record = Record::new(self.layer, self.made.id(&self.layer.id, index));
        record.geometry = geometry;
        Row {
            layer: self.layer,
            record,
        }
    }

    /// Adds a record and lets its fields be filled.
    pub(super) fn add(&mut self, geometry: Option<Geometry<f64>>, fill: impl FnOnce(&mut Row<'a>)) {
        let mut row = self.row(self.records.len(), geometry);
        fill(&mut row);
        self.records.push(row.record);
    }

    /// The same for many records, filled on all processors.
    pub(super) fn add_all<T: Sync>(
        &mut self,
        items: &[T],
        geometry: impl Fn(&T) -> Option<Geometry<f64>> + Sync,
        fill: impl Fn(usize, &T, &mut Row<'a>) + Sync,
    ) {
        use rayon::prelude::*;
        let base = self.records.len();
        let rows: Vec<Record> = items
            .par_iter()
            .enumerate()
            .map(|(at, item)| {
                let mut row = self.row(base + at, geometry(item));
                fill(at, item, &mut row);
                row.record
            })
            .collect();
        self.records.extend(rows);
    }
}

/// A record being filled.
pub(super) struct Row<'a> {
    layer: &'a Layer,
    record: Record,
}

impl Row<'_> {
    /// Sets a field.
    pub(super) fn set(&mut self, field: &str, value: impl Into<Value>) -> &mut Self {
        self.record.set(self.layer, field, value);
        self
    }

    /// Sets a field to a structured value.
    pub(super) fn json(&mut self, field: &str, value: serde_json::Value) -> &mut Self {
        self.set(field, Value::Json(Box::new(value)))
    }

    /// Sets a field to another record's identifier.
    pub(super) fn link(&mut self, field: &str, id: &Id) -> &mut Self {
        self.set(field, &**id)
    }

    /// Sets an instant.
    pub(super) fn instant(&mut self, field: &str, at: DateTime<FixedOffset>) -> &mut Self {
        self.set(field, Value::DateTime(at))
    }
}

impl Made {
    /// The identifier of this village's record of a layer.
    pub(super) fn id(&self, layer: &str, index: usize) -> Id {
        id(self.root, layer, self.spec.ordinal, index as u64)
    }

    /// Identifiers of several records as a list.
    pub(super) fn ids(
        &self,
        layer: &str,
        indexes: impl IntoIterator<Item = usize>,
    ) -> serde_json::Value {
        indexes
            .into_iter()
            .map(|index| serde_json::Value::from(&*self.id(layer, index)))
            .collect()
    }

    /// A day before the one that the data stand for.
    pub(super) fn ago(&self, days: i64) -> NaiveDate {
        self.spec.as_of - Days::new(days.unsigned_abs())
    }
}

/// A place in time in China, `minutes` after the beginning of a day.
pub(super) fn instant(day: NaiveDate, minutes: i64) -> DateTime<FixedOffset> {
    let midnight = CHINA
        .from_local_datetime(&day.and_time(NaiveTime::MIN))
        .single()
        .expect("no summer time");
    midnight + chrono::TimeDelta::minutes(minutes)
}
