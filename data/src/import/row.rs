//! From a row of a file to a record of a layer.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::Profile;
use super::{
    mapping::Mapping,
    place,
    report::UnknownCode,
    source::{Raw, Row},
    system::System,
    value,
};
use crate::{Catalog, Field, Layer, Record, Text, catalog::CodeList, geometry::Repair};

/// A row made into a record.
pub(super) struct Made {
    pub(super) record: Record,
    /// What the row itself or its id column calls it.
    pub(super) key: Option<String>,
    /// Whether the file has no codes, so that the id stands for one.
    pub(super) code_by_id: bool,
    /// Which fields the row fills.
    pub(super) filled: Vec<bool>,
    pub(super) repairs: Vec<Repair>,
}

/// What is wrong with a row: the column or field, and words.
pub(super) type Fault = (Option<String>, Text);

/// What rows are made by.
pub(super) struct Maker {
    pub(super) catalog: Arc<Catalog>,
    pub(super) layer: Arc<Layer>,
    pub(super) profile: Arc<Profile>,
    /// Rows by field, list and value that is no code of it.
    pub(super) unknown: Mutex<BTreeMap<(String, String, String), u64>>,
}

/// Values that are told at most: beyond, the column is no column of codes.
const UNKNOWN: usize = 200;

impl Maker {
    /// Makes a record of a row, without an id yet.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub(super) fn make(
        &self,
        row: Row,
        mapping: &mut Mapping,
        system: &System,
    ) -> Result<Made, Vec<Fault>> {
        let mut faults: Vec<Fault> = row.fault.into_iter().map(|words| (None, words)).collect();
        let mut record = Record::new(&self.layer, "");
        let mut repairs = Vec::new();
        match place::place(row.shape, system, self.layer.geometry) {
            Ok((geometry, mended)) => {
                record.geometry = geometry;
                repairs = mended;
            }
            Err(words) => faults.push((Some("geometry".to_owned()), words)),
        }
        let mut key = row.key;
        let mut named = key.is_some();
        let mut filled = vec![false; self.layer.fields.len()];
        let mut later = Vec::new();
        for (column, raw) in &row.values {
            if mapping.is_id(column) {
                named = true;
                key = id(raw).or(key);
            }
            let Some(target) = mapping.target(column) else {
                continue;
            };
            let field = &self.layer.fields[target.field];
            filled[target.field] = true;
            if field.code_list_when.is_some() {
                later.push((column, raw, target));
                continue;
            }
            let codes = field.code_list.as_deref();
            self.fill(
                &mut record,
                &mut faults,
                column,
                raw,
                target.field,
                target.factor,
                codes,
            );
        }
        for (name, constant) in &self.profile.constants {
            // What is said to be the value of every row is so whatever a column has.
            if let Some(at) = self.layer.position(name) {
                let codes = self.layer.fields[at].code_list.as_deref();
                let raw = constant_raw(constant);
                filled[at] = true;
                self.fill(&mut record, &mut faults, name, &raw, at, None, codes);
            }
        }
        // Lists that another field chooses, when that field is known.
        for (column, raw, target) in later {
            let field = &self.layer.fields[target.field];
            let chosen = field.code_list_when.as_ref().and_then(|when| {
                let value = record.get(&self.layer, &when.field).as_text()?;
                when.lists.get(value).map(String::as_str)
            });
            let codes = chosen.or(field.code_list.as_deref());
            self.fill(
                &mut record,
                &mut faults,
                column,
                raw,
                target.field,
                target.factor,
                codes,
            );
        }
        let key = key.filter(|key| !key.trim().is_empty());
        if named && key.is_none() {
            let words = Text {
                zh: "编号为空，请补上".to_owned(),
                en: "the id is empty; supply one".to_owned(),
            };
            faults.push((Some("id".to_owned()), words));
        }
        if faults.is_empty() {
            Ok(Made {
                record,
                key,
                code_by_id: self.code().is_some_and(|at| !mapping.fills(at)),
                filled,
                repairs,
            })
        } else {
            Err(faults)
        }
    }

    /// The code field, where it must be there and any text will do.
    fn code(&self) -> Option<usize> {
        let at = self.layer.position(self.layer.code.as_deref()?)?;
        let field = &self.layer.fields[at];
        let free = field.pattern.is_none() && field.code_list.is_none();
        (field.required && free && !self.profile.constants.contains_key(&field.name)).then_some(at)
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one call's worth of context, named at the call"
    )]
    fn fill(
        &self,
        record: &mut Record,
        faults: &mut Vec<Fault>,
        column: &str,
        raw: &Raw,
        at: usize,
        factor: Option<f64>,
        codes: Option<&str>,
    ) {
        let field = &self.layer.fields[at];
        let translated = self.translate(field, raw);
        let codes: Option<&CodeList> = codes
            .and_then(|id| self.catalog.code_list(id))
            .map(Arc::as_ref);
        let reading = value::Reading { factor, codes };
        match value::parse(field, translated.as_ref().unwrap_or(raw), reading) {
            Ok(value) => record.values[at] = value,
            Err(words) => {
                if let (Some(list), Raw::Text(text)) = (codes, raw) {
                    self.miss(field, list, text);
                }
                let name = if column == field.name {
                    column.to_owned()
                } else {
                    format!("{column}（{}）", field.name)
                };
                faults.push((Some(name), words));
            }
        }
    }

    fn miss(&self, field: &Field, list: &CodeList, text: &str) {
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (field.name.clone(), list.id.clone(), text.trim().to_owned());
        if unknown.len() < UNKNOWN || unknown.contains_key(&key) {
            *unknown.entry(key).or_default() += 1;
        }
    }

    /// The values that were no codes, those of most rows first.
    pub(super) fn unknown_codes(&self) -> Vec<UnknownCode> {
        let unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<UnknownCode> = (unknown.iter())
            .map(|((field, list, value), rows)| UnknownCode {
                field: field.clone(),
                list: list.clone(),
                value: value.clone(),
                rows: *rows,
            })
            .collect();
        all.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.value.cmp(&b.value)));
        all
    }

    /// The profile's translation of a value.
    fn translate(&self, field: &Field, raw: &Raw) -> Option<Raw> {
        let table = self.profile.codes.get(&field.name)?;
        let text = match raw {
            Raw::Text(text) => text.trim().to_owned(),
            Raw::Integer(number) => number.to_string(),
            Raw::Number(number) => number.to_string(),
            Raw::Boolean(truth) => truth.to_string(),
            _ => return None,
        };
        table.get(&text).map(|code| Raw::Text(code.clone()))
    }
}

fn constant_raw(value: &toml::Value) -> Raw {
    match value {
        toml::Value::String(text) => Raw::Text(text.clone()),
        toml::Value::Integer(number) => Raw::Integer(*number),
        toml::Value::Float(number) => Raw::Number(*number),
        toml::Value::Boolean(truth) => Raw::Boolean(*truth),
        other => Raw::Text(other.to_string()),
    }
}

/// The text of an identifier.
fn id(raw: &Raw) -> Option<String> {
    let text = match raw {
        Raw::Text(text) => text.trim().to_owned(),
        Raw::Integer(number) => number.to_string(),
        #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
        Raw::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
            (*number as i64).to_string()
        }
        Raw::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}
