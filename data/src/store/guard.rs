//! What no edit may do, whoever makes it: set a state beside its process, change what a state
//! locks, touch the rows of a log, or change what is published.
//!
//! Triggers hold it, so that it holds for QGIS and `ogr2ogr` too. A step of a process opens
//! them for its own transaction by the key `open_step` of the table `about`.

use std::{collections::BTreeMap, sync::Arc};

use rusqlite::{Connection, Result};

use super::{
    schema,
    table::{Table, literal, quote},
};
use crate::{
    Catalog, Layer,
    course::{BEGIN, reference},
};

/// Whether no step of a process is being written.
const NO_STEP: &str = "NOT EXISTS (SELECT 1 FROM about WHERE key = 'open_step')";

/// Whether another program writes, and no change set of ours.
const NO_SET: &str = "NOT EXISTS (SELECT 1 FROM about WHERE key = 'open_change_set')";

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
    // A file of an older catalog may lack the log.
    let log = catalog.log_of(&table.layer.id);
    let log = match log {
        Some((log, _)) if super::open::columns(connection, &log.id)?.is_empty() => None,
        log => log,
    };
    let wanted = triggers(catalog, table, log);
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

/// The triggers of a layer by name; `log` is that of its process, with the field that names the
/// feature.
fn triggers(
    catalog: &Catalog,
    table: &Table,
    log: Option<(&Arc<Layer>, &str)>,
) -> BTreeMap<String, String> {
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
    if let Some(why) = catalog.held(layer) {
        let (zh, en) = (&why.zh, &why.en);
        add("insert", "INSERT", &comes(catalog, layer), zh, en);
        if layer.append_only {
            add("update", "UPDATE", "OLD.id <> ''", zh, en);
            add("delete", "DELETE", &stays(catalog, layer), zh, en);
        } else {
            add("update", "UPDATE", NO_STEP, zh, en);
            add("delete", "DELETE", NO_STEP, zh, en);
        }
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
        let under_way = format!("OLD.{column} NOT IN ({})", list.join(", "));
        let goes = match log {
            Some((log, of)) => format!(
                "({under_way} OR EXISTS (SELECT 1 FROM {} WHERE {} = OLD.id AND step <> {})) AND {NO_STEP}",
                quote(&log.id),
                quote(of),
                literal(BEGIN)
            ),
            None => format!("{under_way} AND {NO_STEP}"),
        };
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
    if let Some((log, of)) = log {
        let name = format!("guard_{}_log", table.name);
        let sql = format!(
            "CREATE TRIGGER {} AFTER DELETE ON {on} WHEN {NO_SET} BEGIN DELETE FROM {} WHERE {} = OLD.id; END",
            quote(&name),
            quote(&log.id),
            quote(of)
        );
        made.insert(name, sql);
    }
    made
}

/// When nothing comes into a layer that steps change: a change set of ours brings the row back
/// that began a feature, together with the feature.
fn comes(catalog: &Catalog, layer: &Layer) -> String {
    match catalog.process_of_log(&layer.id) {
        Some(_) => format!(
            "{NO_STEP} AND (NEW.step IS NOT {} OR {NO_SET})",
            literal(BEGIN)
        ),
        None => NO_STEP.to_owned(),
    }
}

/// When a row of a log stays: a change set of ours takes one along with the feature that it is
/// of, or undoes an import; what other programs delete takes its log along by itself.
fn stays(catalog: &Catalog, log: &Layer) -> String {
    let process = catalog.process_of_log(&log.id);
    let of = process.and_then(|process| Some((process, reference(log, &process.layer)?)));
    match of {
        Some((process, of)) => format!(
            "{NO_SET} AND EXISTS (SELECT 1 FROM {} WHERE id = OLD.{})",
            quote(&process.layer),
            quote(of)
        ),
        None => NO_SET.to_owned(),
    }
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
