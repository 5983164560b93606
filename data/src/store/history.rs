//! The history that the file keeps of itself.
//!
//! Triggers write a row of `change_log` for each feature that is inserted, updated or
//! deleted, whoever does it: a row edited by QGIS is recorded like any other, with no
//! change set.

use rusqlite::{Connection, Result};

use super::table::{Table, literal, quote};
use crate::FieldKind;

/// SQLite before 3.47 takes 127 arguments a function; pairs beyond go in another object.
const PAIRS: usize = 60;

/// Makes the triggers of a layer that write its history, and that give an id to a feature
/// which another program inserts without one.
pub(crate) fn create_triggers(connection: &Connection, table: &Table) -> Result<()> {
    let name = quote(&table.name);
    let layer = literal(&table.layer.id);
    let before = before(table);
    let geometry = table.geometry.as_ref().map_or_else(
        || "NULL".to_owned(),
        |column| format!("OLD.{}", quote(column)),
    );
    let log = |feature: &str, operation: &str, before: &str, geometry: &str| {
        format!(
            "INSERT INTO change_log (change_set, layer, feature, operation, before, before_geometry, at)
             VALUES ((SELECT CAST(value AS INTEGER) FROM about WHERE key = 'open_change_set'),
               {layer}, {feature}, '{operation}', {before}, {geometry}, strftime('%Y-%m-%dT%H:%M:%fZ','now'));"
        )
    };
    let trigger = |what: &str| quote(&format!("history_{}_{what}", table.name));
    let mint = format!(
        "UPDATE {name} SET id = lower(hex(randomblob(16))) WHERE fid = NEW.fid AND id = '';"
    );
    // References, links and the history itself go by the id.
    connection.execute_batch(&format!(
        "CREATE TRIGGER {} BEFORE UPDATE OF id ON {name} WHEN OLD.id <> '' AND NEW.id IS NOT OLD.id BEGIN
           SELECT RAISE(ABORT, '编号 id 不能修改 / the id of a feature never changes'); END;
         CREATE TRIGGER {} BEFORE INSERT ON {name} WHEN NEW.id <> ''
           AND NOT EXISTS (SELECT 1 FROM about WHERE key = 'open_change_set')
           AND EXISTS (SELECT 1 FROM change_log WHERE layer = {layer} AND feature = NEW.id) BEGIN
           SELECT RAISE(ABORT, '编号 id 已使用过，请留空 / the id was used before; leave it empty'); END;",
        trigger("keep_id"),
        trigger("fresh_id"),
    ))?;
    connection.execute_batch(&format!(
        "CREATE TRIGGER {} AFTER INSERT ON {name} BEGIN {mint} {} END;
         CREATE TRIGGER {} AFTER UPDATE ON {name} WHEN OLD.id <> '' BEGIN {} END;
         CREATE TRIGGER {} AFTER DELETE ON {name} BEGIN {} END;",
        trigger("insert"),
        log(
            &format!("(SELECT id FROM {name} WHERE fid = NEW.fid)"),
            "insert",
            "NULL",
            "NULL"
        ),
        trigger("update"),
        log("OLD.id", "update", &before, &geometry),
        trigger("delete"),
        log("OLD.id", "delete", &before, &geometry),
    ))
}

/// Does something with the trigger of updates away, within a transaction: for what changes the
/// form of values and not the values.
pub(super) fn silently(
    connection: &Connection,
    table: &Table,
    act: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let name = format!("history_{}_update", table.name);
    let made: String = connection.query_row(
        "SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name = ?1",
        [&name],
        |row| row.get(0),
    )?;
    connection.execute_batch(&format!("DROP TRIGGER {}", quote(&name)))?;
    act()?;
    connection.execute_batch(&made)
}

/// The row before a change as a JSON object of column and value.
fn before(table: &Table) -> String {
    let fields = table.layer.fields.iter().zip(&table.columns);
    let mut pairs = vec!["'fid', OLD.\"fid\", 'source_batch', OLD.\"source_batch\"".to_owned()];
    pairs.extend(fields.filter_map(|(field, column)| {
        let column = column.as_ref()?;
        let old = format!("OLD.{}", quote(column));
        // JSON of SQLite keeps 15 digits of a decimal; 17 are what it takes to restore it.
        let value = if field.kind == FieldKind::Decimal {
            format!("CASE typeof({old}) WHEN 'real' THEN printf('%!.17g', {old}) ELSE {old} END")
        } else {
            old
        };
        Some(format!("{}, {value}", literal(column)))
    }));
    let objects: Vec<String> = pairs
        .chunks(PAIRS)
        .map(|chunk| format!("json_object({})", chunk.join(", ")))
        .collect();
    // Objects are joined by dropping the brace that closes one and opens the next.
    let last = objects.len() - 1;
    objects
        .iter()
        .enumerate()
        .map(|(at, object)| match (at == 0, at == last) {
            (true, true) => object.clone(),
            (true, false) => format!("substr({object}, 1, length({object}) - 1) || ','"),
            (false, true) => format!("substr({object}, 2)"),
            (false, false) => format!("substr({object}, 2, length({object}) - 2) || ','"),
        })
        .collect::<Vec<_>>()
        .join(" || ")
}
