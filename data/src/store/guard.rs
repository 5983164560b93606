//! What no edit may do, whoever makes it: set a state beside its process, change what a state
//! locks, or touch the rows of a log.
//!
//! Triggers hold it, so that it holds for QGIS and `ogr2ogr` too. A step of a process opens
//! them for its own transaction by the key `open_step` of the table `about`.

use std::collections::BTreeMap;

use rusqlite::{Connection, Result};

use super::{
    schema,
    table::{Table, literal, quote},
};
use crate::{Catalog, Layer};

/// Whether no step of a process is being written.
const NO_STEP: &str = "NOT EXISTS (SELECT 1 FROM about WHERE key = 'open_step')";

/// Makes the guards of all layers that the file has; those that are as they should be stay.
pub(crate) fn ensure(connection: &Connection, catalog: &Catalog) -> Result<()> {
    for layer in &catalog.layers {
        ensure_of(connection, catalog, &schema::table(layer))?;
    }
    Ok(())
}

/// Makes the guards of one layer.
pub(crate) fn ensure_of(connection: &Connection, catalog: &Catalog, table: &Table) -> Result<()> {
    let own = super::open::columns(connection, &table.name)?;
    let needed: Vec<&String> = table.columns.iter().flatten().collect();
    // A file of an older catalog gets them once it is brought up to date.
    if own.is_empty() || !needed.iter().all(|name| own.contains(name)) {
        return Ok(());
    }
    let wanted = triggers(catalog, table);
    let found: BTreeMap<String, String> = connection
        .prepare_cached(
            "SELECT name, sql FROM sqlite_schema
             WHERE type = 'trigger' AND tbl_name = ?1 AND name LIKE 'guard\\_%' ESCAPE '\\'",
        )?
        .query_map([&table.name], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_>>()?;
    for (name, _) in found
        .iter()
        .filter(|(name, sql)| wanted.get(*name) != Some(sql))
    {
        connection.execute(&format!("DROP TRIGGER {}", quote(name)), [])?;
    }
    for (_, sql) in wanted
        .iter()
        .filter(|(name, sql)| found.get(*name) != Some(sql))
    {
        connection.execute(sql, [])?;
    }
    Ok(())
}

/// The triggers of a layer by name.
fn triggers(catalog: &Catalog, table: &Table) -> BTreeMap<String, String> {
    let mut made = BTreeMap::new();
    let on = quote(&table.name);
    let mut add = |what: &str, event: &str, when: &str, zh: &str, en: &str| {
        let name = format!("guard_{}_{what}", table.name);
        let said = literal(&format!("{zh} / {en}"));
        let sql = format!(
            "CREATE TRIGGER {} BEFORE {event} ON {on} WHEN {when} BEGIN SELECT RAISE(ABORT, {said}); END",
            quote(&name)
        );
        made.insert(name, sql);
    };
    let layer = &table.layer;
    if layer.append_only {
        let (zh, en) = (
            format!("{}只由办理流程写入，不能改、不能删", layer.title.zh),
            format!(
                "{} is written by the steps of a process and never edited",
                layer.id
            ),
        );
        add("insert", "INSERT", NO_STEP, &zh, &en);
        add("update", "UPDATE", "OLD.id <> ''", &zh, &en);
        // An import that is taken back takes the rows with it that began its features.
        add(
            "delete",
            "DELETE",
            "NOT EXISTS (SELECT 1 FROM about WHERE key = 'open_change_set')",
            &zh,
            &en,
        );
    }
    for field in layer.fields.iter().filter(|field| field.workflow) {
        let column = quote(&field.name);
        let initial = initial(catalog, layer, &field.name);
        let mut list: Vec<String> = initial.iter().map(|code| literal(code)).collect();
        // What need not have a state is in the first without it.
        if !field.required {
            list.push(literal(""));
        }
        let zh = format!("{}只能由办理流程改变", field.label.zh);
        let en = format!("{} is set by the steps of its process only", field.name);
        let begins = format!(
            "coalesce(NEW.{column}, '') NOT IN ({}) AND {NO_STEP}",
            list.join(", ")
        );
        add(
            &format!("{}_begin", field.name),
            "INSERT",
            &begins,
            &zh,
            &en,
        );
        let changes = format!("NEW.{column} IS NOT OLD.{column} AND {NO_STEP}");
        add(
            &format!("{}_step", field.name),
            "UPDATE",
            &changes,
            &zh,
            &en,
        );
        let goes = format!("OLD.{column} NOT IN ({}) AND {NO_STEP}", list.join(", "));
        let zh = format!("{}已在办理，不能删除，请按流程撤销或作废", layer.title.zh);
        let en = format!(
            "what is under way in {} is not deleted; end it by its process",
            layer.id
        );
        add(&format!("{}_end", field.name), "DELETE", &goes, &zh, &en);
        for (code, columns) in locks(catalog, table) {
            let changed: Vec<String> = columns
                .iter()
                .map(|column| format!("NEW.{0} IS NOT OLD.{0}", quote(column)))
                .collect();
            let when = format!(
                "OLD.{column} = {} AND ({}) AND {NO_STEP}",
                literal(&code),
                changed.join(" OR ")
            );
            let zh = format!("在此状态下只能由办理流程改变：{}", columns.join("、"));
            let en = format!(
                "in this state only a step of the process changes: {}",
                columns.join(", ")
            );
            add(&format!("lock_{code}"), "UPDATE", &when, &zh, &en);
        }
    }
    made
}

/// The states that a new feature may have.
fn initial(catalog: &Catalog, layer: &Layer, field: &str) -> Vec<String> {
    if let Some(process) = catalog.process(&layer.id)
        && process.state == field
    {
        return process.initial.clone();
    }
    // A state without a process stays what it began with: the first of its list.
    let list = (layer.field(field)).and_then(|field| catalog.code_list(field.code_list.as_ref()?));
    let first = list.and_then(|list| list.codes.first());
    first
        .map(|first| vec![first.code.clone()])
        .unwrap_or_default()
}

/// The columns that each state locks.
fn locks(catalog: &Catalog, table: &Table) -> Vec<(String, Vec<String>)> {
    let states = catalog
        .process(&table.layer.id)
        .map(|process| &process.states);
    (states.into_iter().flatten())
        .filter(|state| !state.locks.is_empty())
        .map(|state| {
            let columns = (state.locks.iter()).filter_map(|name| {
                if name == "geometry" {
                    table.geometry.clone()
                } else {
                    Some(name.clone())
                }
            });
            (state.code.clone(), columns.collect())
        })
        .collect()
}
