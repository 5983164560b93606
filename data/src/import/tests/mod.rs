//! Files of every format and every kind of fault, made in code.

mod bad_input;
mod fixtures;
mod formats;
mod repeat;
mod values;

use std::path::Path;

use super::{ImportError, Options, Report, run};
use crate::{
    Catalog, Record,
    store::{Access, GeoPackage},
};

/// Options for one file into `target.gpkg` of the same folder.
fn options(folder: &Path, file: &str, layer: &str) -> Options {
    Options {
        files: vec![folder.join(file)],
        into: folder.join("target.gpkg"),
        layer: layer.to_owned(),
        author: "test".to_owned(),
        ..Options::default()
    }
}

fn import(options: &Options) -> Result<Report, ImportError> {
    run(options, &Catalog::embedded(), &|_| {})
}

/// What the target holds of a layer, in the order that it came in.
fn records(folder: &Path, layer: &str) -> Vec<Record> {
    let catalog = Catalog::embedded();
    let store = GeoPackage::open(&folder.join("target.gpkg"), &catalog, Access::ReadOnly).unwrap();
    let mut records = Vec::new();
    store.scan(layer, |record| records.push(record)).unwrap();
    records
}

/// A field of a record as text.
fn text(layer: &str, record: &Record, field: &str) -> String {
    let catalog = Catalog::embedded();
    match record.get(catalog.layer(layer).unwrap(), field) {
        crate::Value::Null => String::new(),
        crate::Value::Text(text) => text.to_string(),
        crate::Value::Integer(number) => number.to_string(),
        crate::Value::Decimal(number) => number.to_string(),
        crate::Value::Boolean(truth) => truth.to_string(),
        crate::Value::Date(day) => day.to_string(),
        other => format!("{other:?}"),
    }
}
