//! The rows of one layer on their way into the store: one feature an id, and each held
//! against the catalog and the others.

use std::collections::HashMap;

use super::{
    ImportError, Refusal, Report,
    identity::{self, Unique},
    report::{KEPT, LayerReport, Mended},
    row::{Fault, Made, Maker},
    source,
};
use crate::{Id, Layer, Record, Text, store::GeoPackage};

/// A row on its way into the store.
pub(super) struct Pending {
    pub(super) file: usize,
    pub(super) row: u64,
    pub(super) record: Record,
    pub(super) filled: Vec<bool>,
    /// Whether the id stands for the code that the file does not have.
    pub(super) code_by_id: bool,
    /// Whether the id was derived from the place, which others may share.
    pub(super) by_place: bool,
    pub(super) mended: bool,
}

/// What is being gathered for one layer.
pub(super) struct Job {
    pub(super) maker: Maker,
    pub(super) report: LayerReport,
    pub(super) pending: Vec<Pending>,
    pub(super) by_id: HashMap<Id, Vec<usize>>,
}

impl Job {
    pub(super) fn take(
        &mut self,
        file: usize,
        row: u64,
        made: Made,
        name: &str,
        report: &mut Report,
    ) {
        let Made {
            mut record,
            key,
            code_by_id,
            filled,
            repairs,
        } = made;
        if report.repairs.len() < KEPT {
            report.repairs.extend(repairs.iter().map(|repair| Mended {
                file: name.to_owned(),
                row,
                message: repair.to_string(),
            }));
        }
        let layer = &self.maker.layer;
        // An id of a file that was edited for another version would be the one of the first.
        let key = key.filter(|_| layer.code_within.is_none());
        let by_place = key.is_none() && identity::code(layer, &record).is_none();
        record.id = match key {
            Some(key) => key.into(),
            None => identity::derive(layer, &record),
        };
        self.by_id
            .entry(record.id.clone())
            .or_default()
            .push(self.pending.len());
        self.pending.push(Pending {
            file,
            row,
            record,
            filled,
            code_by_id,
            by_place,
            mended: !repairs.is_empty(),
        });
    }

    pub(super) fn refuse(&mut self, file: &str, row: u64, faults: Vec<Fault>, report: &mut Report) {
        self.report.counts.refused += 1;
        for (field, words) in faults {
            if report.refusals.len() >= KEPT {
                break;
            }
            let name = field
                .as_deref()
                .map(|name| format!(" {name}"))
                .unwrap_or_default();
            report.refusals.push(Refusal {
                file: file.to_owned(),
                row,
                reason: format!("{} / {}", words.zh, words.en),
                message: format!(
                    "{file} 第 {row} 行{name}：{} / row {row}{name}: {}",
                    words.zh, words.en
                ),
                field,
            });
        }
    }

    /// Joins the rows of each id that are pieces of one feature, and refuses the others.
    pub(super) fn join(&mut self, files: &[String], report: &mut Report) {
        let mut doubles: Vec<(Id, Vec<usize>)> = std::mem::take(&mut self.by_id)
            .into_iter()
            .filter(|(_, rows)| rows.len() > 1)
            .collect();
        doubles.sort_by_key(|(_, rows)| rows[0]);
        let mut gone = vec![false; self.pending.len()];
        for (id, rows) in doubles {
            let pieces: Vec<&Record> = rows.iter().map(|at| &self.pending[*at].record).collect();
            let same = pieces.windows(2).all(|pair| pair[0] == pair[1]);
            // Different things in one place: told apart by their values.
            if self.pending[rows[0]].by_place && !same {
                let mut seen: Vec<Record> = vec![self.pending[rows[0]].record.clone()];
                for at in &rows[1..] {
                    let record = self.pending[*at].record.clone();
                    if seen.contains(&record) {
                        gone[*at] = true;
                        self.refuse_double(*at, rows[0], &id, files, report);
                    } else {
                        self.pending[*at].record.id =
                            identity::derive_with_values(&self.maker.layer, &record);
                        seen.push(record);
                    }
                }
                continue;
            }
            match identity::merge(&pieces).filter(|_| !same) {
                Some(whole) => {
                    self.pending[rows[0]].record.geometry = Some(whole);
                    self.report.counts.merged += rows.len() as u64 - 1;
                    for at in &rows[1..] {
                        gone[*at] = true;
                        self.pending[rows[0]].mended |= self.pending[*at].mended;
                    }
                }
                None => {
                    for at in &rows[1..] {
                        gone[*at] = true;
                        self.refuse_double(*at, rows[0], &id, files, report);
                    }
                }
            }
        }
        if self.report.counts.merged > 0 {
            let count = self.report.counts.merged;
            report.warn(&Text {
                zh: format!("{count} 行与前面同编号、同属性且相接的要素合并为一个（如图幅边切开的房屋）"),
                en: format!("{count} rows were joined to features of the same id and values that they touch (houses cut at a tile's edge)"),
            });
        }
        let mut at = 0;
        self.pending.retain(|_| {
            at += 1;
            !gone[at - 1]
        });
    }

    fn refuse_double(
        &mut self,
        at: usize,
        first: usize,
        id: &str,
        files: &[String],
        report: &mut Report,
    ) {
        let (row, before) = (&self.pending[at], &self.pending[first]);
        let same = row.record == before.record;
        let (file, number) = (files[row.file].clone(), row.row);
        let (before_file, before) = (&files[before.file], before.row);
        let words = if same {
            Text {
                zh: format!(
                    "与 {before_file} 第 {before} 行完全重复（编号“{id}”、图形、属性都相同）；请删除其一"
                ),
                en: format!(
                    "repeats row {before} of {before_file} (id “{id}”, shape and values are the same); remove one"
                ),
            }
        } else {
            Text {
                zh: format!(
                    "编号“{id}”与 {before_file} 第 {before} 行重复，而图形不相接或属性不同；请改正编号或删除其一"
                ),
                en: format!(
                    "id “{id}” is that of row {before} of {before_file}, and they do not touch or their values differ; correct the id or remove one"
                ),
            }
        };
        self.refuse(&file, number, vec![(Some("id".to_owned()), words)], report);
    }

    /// What is wrong with a record by the catalog and beside the others.
    pub(super) fn faults(
        &self,
        layer: &Layer,
        unique: &mut Unique,
        store: Option<&GeoPackage>,
        record: &Record,
    ) -> Result<Vec<Fault>, ImportError> {
        let mut faults: Vec<Fault> = self
            .maker
            .catalog
            .validate(layer, record)
            .into_iter()
            .map(|error| {
                let words = source::split(&error.message);
                (Some(error.field), words)
            })
            .collect();
        if !faults.is_empty() {
            return Ok(faults);
        }
        if let Some((at, other)) = unique.claim(layer, record) {
            let field = &layer.fields[at];
            faults.push((
                Some(field.name.clone()),
                Text {
                    zh: format!("{}与本次导入的要素“{other}”重复，须唯一", field.label.zh),
                    en: format!(
                        "is the same as that of feature “{other}” of this import; it must be unique"
                    ),
                },
            ));
        }
        if let Some(store) = store {
            for (at, field) in layer
                .fields
                .iter()
                .enumerate()
                .filter(|(_, field)| field.unique)
            {
                if record.values[at].is_null() {
                    continue;
                }
                let others = store.find(&layer.id, &field.name, &record.values[at])?;
                if let Some(other) = others.iter().find(|other| other.id != record.id) {
                    faults.push((
                        Some(field.name.clone()),
                        Text {
                            zh: format!("{}已被要素“{}”使用，须唯一；请改正，或用 --id-column 指明编号列", field.label.zh, other.id),
                            en: format!("is that of feature “{}” already and must be unique; correct it, or name the column of ids with --id-column", other.id),
                        },
                    ));
                }
            }
        }
        Ok(faults)
    }
}

/// The feature of the store that a row is: by id, else by code.
pub(super) fn existing(
    store: &GeoPackage,
    layer: &Layer,
    pending: &Pending,
) -> Result<Option<Record>, ImportError> {
    if let Some(record) = store.get(&layer.id, &pending.record.id)? {
        return Ok(Some(record));
    }
    let derived = pending.record.id == identity::derive(layer, &pending.record);
    if let (true, Some(field), Some(code)) =
        (derived, &layer.code, identity::code(layer, &pending.record))
    {
        let mut found = store.find(&layer.id, field, &code.into())?;
        let own = identity::within(layer, &pending.record);
        found.retain(|other| identity::within(layer, other) == own);
        if found.len() == 1 {
            return Ok(found.pop());
        }
    }
    Ok(None)
}

/// What is there, with what the row brings put over it: columns that the file lacks keep
/// their values.
pub(super) fn overlay(before: &Record, pending: &Pending) -> Record {
    let mut record = before.clone();
    if pending.record.geometry.is_some() {
        record.geometry.clone_from(&pending.record.geometry);
    }
    for (at, value) in pending.record.values.iter().enumerate() {
        if pending.filled[at] {
            record.values[at] = value.clone();
        }
    }
    record
}

/// The id for the code that the file does not have.
pub(super) fn default_code(layer: &Layer, record: &mut Record) {
    let Some(at) = layer.code.as_deref().and_then(|code| layer.position(code)) else {
        return;
    };
    if record.values[at].is_null() {
        let id = record.id.to_string();
        record.values[at] = id.into();
    }
}
