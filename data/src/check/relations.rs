//! References that lead to nothing, and homes that are nowhere.

use std::{collections::HashSet, sync::Arc};

use super::report::{Check, Finding, Report, Severity};
use crate::{
    FieldKind, Layer,
    store::{GeoPackage, StoreError},
};

/// The columns of a layer's table: a file may be older than the catalog.
pub(super) fn columns(file: &GeoPackage, layer: &str) -> Result<HashSet<String>, StoreError> {
    let names = file.query("SELECT name FROM pragma_table_info(?1)", [layer], |row| {
        row.get(0)
    })?;
    Ok(names.into_iter().collect())
}

/// Every reference of every layer, single or in a list.
pub(super) fn references(file: &GeoPackage, report: &mut Report) -> Result<(), StoreError> {
    for layer in catalog_layers(file) {
        let columns = columns(file, &layer.id)?;
        for field in &layer.fields {
            let Some(target) = &field.reference else {
                continue;
            };
            if !columns.contains(&field.name) || self::columns(file, target)?.is_empty() {
                continue;
            }
            let (table, column) = (&layer.id, &field.name);
            let sql = if field.kind == FieldKind::Json {
                format!(
                    "SELECT t.id, j.value FROM \"{table}\" t, \
                     json_each(CASE WHEN json_valid(t.\"{column}\") THEN t.\"{column}\" ELSE '[]' END) j \
                     WHERE NOT EXISTS (SELECT 1 FROM \"{target}\" r WHERE r.id = j.value)"
                )
            } else {
                format!(
                    "SELECT t.id, t.\"{column}\" FROM \"{table}\" t WHERE t.\"{column}\" IS NOT NULL \
                     AND NOT EXISTS (SELECT 1 FROM \"{target}\" r WHERE r.id = t.\"{column}\")"
                )
            };
            let hidden = field.sensitivity.is_personal();
            let title = &file
                .layer(target)
                .map_or_else(|| target.clone(), |layer| layer.title.zh.clone());
            file.query(&sql, [], |row| {
                let id: String = row.get(0)?;
                let value = if hidden {
                    "***".to_owned()
                } else {
                    // A list may hold numbers; they too lead to nothing.
                    row.get_ref(1)?.as_str().map_or_else(|_| "?".to_owned(), str::to_owned)
                };
                report.add(Finding {
                    severity: Severity::Error,
                    check: Check::DanglingReference,
                    layer: table.clone(),
                    ids: vec![id.into()],
                    place: None,
                    message: format!(
                        "{}（{column}）：“{value}”不是任何{title}的 id，请改正或补录 / {column}: “{value}” is the id of no {target}; correct it or add what it names",
                        field.label.zh
                    ),
                });
                Ok(())
            })?;
        }
    }
    Ok(())
}

/// Residences and households without a building or with another than their room's, and
/// persons who live nowhere.
pub(super) fn homes(file: &GeoPackage, report: &mut Report) -> Result<(), StoreError> {
    if file.layer("room").is_none() || file.layer("person").is_none() {
        return Ok(());
    }
    for (table, zh, en) in [
        ("residence", "居住关系", "the residence"),
        ("household", "户", "the household"),
    ] {
        let columns = columns(file, table)?;
        if !(columns.contains("room") && columns.contains("building")) {
            continue;
        }
        let sql = format!("SELECT id FROM \"{table}\" WHERE room IS NULL AND building IS NULL");
        file.query(&sql, [], |row| {
            let message =
                format!("{zh}没有套间也没有建筑物，请补填其一 / {en} names neither room nor building; fill in one");
            report.add(error(table, row.get(0)?, Check::Nowhere, message));
            Ok(())
        })?;
        let sql = format!(
            "SELECT t.id, t.building, r.building FROM \"{table}\" t JOIN room r ON r.id = t.room \
             WHERE t.building IS NOT NULL AND t.building IS NOT r.building"
        );
        file.query(&sql, [], |row| {
            let (own, of_room): (String, Option<String>) = (row.get(1)?, row.get(2)?);
            let of_room = of_room.unwrap_or_default();
            let message = format!(
                "所填建筑物“{own}”与套间所在建筑物“{of_room}”不同，请改正其一 / building “{own}” is not that of the room, “{of_room}”; correct one"
            );
            report.add(error(table, row.get(0)?, Check::BuildingDisagrees, message));
            Ok(())
        })?;
    }
    let sql = "SELECT p.id FROM person p WHERE NOT EXISTS (SELECT 1 FROM residence r WHERE r.person = p.id)";
    file.query(sql, [], |row| {
        let message = "没有任何居住关系，请补录或删除 / lives and lived nowhere; add a residence or delete the person";
        let mut finding = error("person", row.get(0)?, Check::NoResidence, message.to_owned());
        finding.severity = Severity::Warning;
        report.add(finding);
        Ok(())
    })?;
    Ok(())
}

fn error(layer: &str, id: String, check: Check, message: String) -> Finding {
    Finding {
        severity: Severity::Error,
        check,
        layer: layer.to_owned(),
        ids: vec![id.into()],
        place: None,
        message,
    }
}

/// The layers of the file that the catalog describes, and so have our columns.
pub(super) fn catalog_layers(file: &GeoPackage) -> Vec<Arc<Layer>> {
    let known = |layer: &&Arc<Layer>| file.catalog().layer(&layer.id).is_some();
    file.layers().iter().filter(known).cloned().collect()
}
