//! Makes the tables: those of the GeoPackage standard, and one for each layer.

use std::{collections::BTreeSet, sync::Arc};

use geo::{Coord, Rect};
use rusqlite::{Connection, OptionalExtension, Result, params};

use super::{
    history, reference_systems, styles,
    table::{Coordinates, Table, column_type, quote},
};
use crate::{Catalog, Field, FieldKind, GeometryKind, Layer};

/// The name of every geometry column of ours.
pub(crate) const GEOMETRY: &str = "geom";

/// The tables that version 2 of the file added.
pub(crate) const ADDED: &str = include_str!("schema_2.sql");

/// Makes the standard's tables and this program's own in an empty file.
pub(crate) fn create(connection: &Connection) -> Result<()> {
    connection.execute_batch(include_str!("schema.sql"))?;
    connection.execute_batch(ADDED)?;
    create_accounts(connection)?;
    for (name, id, organization, definition, description) in reference_systems::ROWS {
        connection.execute(
            "INSERT INTO gpkg_spatial_ref_sys VALUES (?1, ?2, ?3, ?2, ?4, ?5)",
            params![name, id, organization, definition, description],
        )?;
    }
    Ok(())
}

/// Makes the tables of accounts where they are not there yet.
pub(crate) fn create_accounts(connection: &Connection) -> Result<()> {
    connection.execute_batch(include_str!("accounts.sql"))
}

/// How a layer of the catalog lies in a file of ours that has all its columns.
pub(crate) fn table(layer: &Arc<Layer>) -> Table {
    let mapped = layer.is_mapped();
    Table {
        layer: Arc::clone(layer),
        name: layer.id.clone(),
        key: "fid".to_owned(),
        geometry: mapped.then(|| GEOMETRY.to_owned()),
        rtree: mapped.then(|| format!("rtree_{}_{GEOMETRY}", layer.id)),
        srs_id: reference_systems::CGCS2000,
        coordinates: Coordinates::Stored,
        own: true,
        columns: layer
            .fields
            .iter()
            .map(|field| Some(field.name.clone()))
            .collect(),
    }
}

/// The GeoPackage type of a layer's geometry column. Lines and polygons are kept as
/// multi-part, so that QGIS knows one type and either kind can be drawn.
pub(crate) fn geometry_type(kind: GeometryKind) -> &'static str {
    match kind {
        GeometryKind::Point => "POINT",
        GeometryKind::Line => "MULTILINESTRING",
        GeometryKind::Polygon => "MULTIPOLYGON",
        GeometryKind::None | GeometryKind::Any => "GEOMETRY",
    }
}

/// Makes a layer's table, registers it, and makes its indexes, R-tree and triggers.
pub(crate) fn create_layer(
    connection: &Connection,
    catalog: &Catalog,
    table: &Table,
) -> Result<()> {
    let layer = &table.layer;
    let mut columns = vec!["\"fid\" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL".to_owned()];
    if layer.is_mapped() {
        columns.push(format!("\"{GEOMETRY}\" {}", geometry_type(layer.geometry)));
    }
    // A feature drawn in another program comes without an id; a trigger gives it one. A
    // default that computes it will not do: GDAL 3.6 writes the expression as a text.
    columns.push("\"id\" TEXT NOT NULL UNIQUE DEFAULT ''".to_owned());
    columns.push("\"source_batch\" TEXT".to_owned());
    columns.extend(layer.fields.iter().map(definition));
    connection.execute(
        &format!(
            "CREATE TABLE {} ({})",
            quote(&table.name),
            columns.join(", ")
        ),
        [],
    )?;
    register(connection, table)?;
    describe(connection, catalog, layer)?;
    styles::write(connection, catalog, layer)?;
    create_indexes(connection, table)?;
    if table.rtree.is_some() {
        create_rtree(connection, table)?;
        create_rtree_triggers(connection, table)?;
    }
    history::create_triggers(connection, table)
}

/// A field's column.
pub(crate) fn definition(field: &Field) -> String {
    format!("{} {}", quote(&field.name), column_type(field.kind))
}

fn register(connection: &Connection, table: &Table) -> Result<()> {
    let layer = &table.layer;
    let taken = connection
        .query_row(
            "SELECT 1 FROM gpkg_contents WHERE identifier = ?1",
            [&layer.title.zh],
            |_| Ok(()),
        )
        .optional()?
        .is_some();
    let identifier = if taken {
        format!("{} {}", layer.title.zh, layer.id)
    } else {
        layer.title.zh.clone()
    };
    let description = layer
        .description
        .as_ref()
        .map(|text| format!("{} / {}", text.zh, text.en))
        .unwrap_or_default();
    let (kind, srs) = if layer.is_mapped() {
        ("features", Some(table.srs_id))
    } else {
        ("attributes", None)
    };
    connection.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        params![table.name, kind, identifier, description, srs],
    )?;
    if layer.is_mapped() {
        connection.execute(
            "INSERT INTO gpkg_geometry_columns VALUES (?1, ?2, ?3, ?4, 0, 0)",
            params![
                table.name,
                GEOMETRY,
                geometry_type(layer.geometry),
                table.srs_id
            ],
        )?;
    }
    Ok(())
}

/// Writes the schema extension's rows of a layer: titles, notes, choices and ranges.
pub(crate) fn describe(connection: &Connection, catalog: &Catalog, layer: &Layer) -> Result<()> {
    let mut insert = connection
        .prepare("INSERT OR REPLACE INTO gpkg_data_columns VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
    let mut names = BTreeSet::new();
    for (column, title) in [("id", "编号"), ("source_batch", "来源批次")] {
        names.insert(title.to_owned());
        insert.execute(params![
            layer.id,
            column,
            title,
            title,
            None::<&str>,
            None::<&str>,
            None::<&str>
        ])?;
    }
    for field in &layer.fields {
        // `name` must be unique within a table and is what GDAL and QGIS show.
        let name = if names.insert(field.label.zh.clone()) {
            field.label.zh.clone()
        } else {
            format!("{}（{}）", field.label.zh, field.name)
        };
        let mime_type = (field.kind == FieldKind::Json).then_some("application/json");
        insert.execute(params![
            layer.id,
            field.name,
            name,
            field.label.zh,
            note(field),
            mime_type,
            constrain(connection, catalog, layer, field)?,
        ])?;
    }
    Ok(())
}

fn note(field: &Field) -> String {
    let unit = field
        .unit
        .as_ref()
        .map(|unit| format!(" [{unit}]"))
        .unwrap_or_default();
    let note = field
        .note
        .as_ref()
        .map(|note| format!("；{} / {}", note.zh, note.en))
        .unwrap_or_default();
    format!("{}{unit}{note}", field.label.en)
}

/// The constraint of a field, made where it is not there yet.
fn constrain(
    connection: &Connection,
    catalog: &Catalog,
    layer: &Layer,
    field: &Field,
) -> Result<Option<String>> {
    // A list that depends on another field's value is more than the extension can say.
    let list = field
        .code_list
        .as_ref()
        .filter(|_| field.code_list_when.is_none());
    if let Some(list) = list.and_then(|id| catalog.code_list(id)) {
        let name = format!("list_{}", list.id.to_lowercase());
        let mut insert = connection.prepare_cached(
            "INSERT OR IGNORE INTO gpkg_data_column_constraints
             (constraint_name, constraint_type, value, description) VALUES (?1, 'enum', ?2, ?3)",
        )?;
        for code in &list.codes {
            insert.execute(params![name, code.code, code.label.zh])?;
        }
        return Ok(Some(name));
    }
    if let Some([least, greatest]) = field.range
        && least < greatest
    {
        let name = format!("range_{}_{}", layer.id, field.name).to_lowercase();
        connection.execute(
            "DELETE FROM gpkg_data_column_constraints WHERE constraint_name = ?1",
            [&name],
        )?;
        connection.execute(
            "INSERT INTO gpkg_data_column_constraints
             VALUES (?1, 'range', NULL, ?2, 1, ?3, 1, NULL)",
            params![name, least, greatest],
        )?;
        return Ok(Some(name));
    }
    Ok(None)
}

/// Makes the indexes of a layer: its code, its references, and what must be unique.
pub(crate) fn create_indexes(connection: &Connection, table: &Table) -> Result<()> {
    for field in indexed(table) {
        let unique = if field.unique { "UNIQUE " } else { "" };
        connection.execute(
            &format!(
                "CREATE {unique}INDEX IF NOT EXISTS {} ON {} ({})",
                quote(&index_name(table, field)),
                quote(&table.name),
                quote(&field.name)
            ),
            [],
        )?;
    }
    Ok(())
}

/// Takes the indexes away, for the time of a bulk load.
pub(crate) fn drop_indexes(connection: &Connection, table: &Table) -> Result<()> {
    for field in indexed(table) {
        connection.execute(
            &format!("DROP INDEX IF EXISTS {}", quote(&index_name(table, field))),
            [],
        )?;
    }
    Ok(())
}

fn indexed(table: &Table) -> impl Iterator<Item = &Field> {
    let layer = &table.layer;
    layer.fields.iter().filter(|field| {
        let refers = field.reference.is_some() && field.kind == FieldKind::Text;
        // Registers of people stay in the file when they are searched.
        let sought = layer.personal && layer.search.contains(&field.name);
        field.unique
            || field.indexed
            || refers
            || sought
            || layer.code.as_ref() == Some(&field.name)
    })
}

fn index_name(table: &Table, field: &Field) -> String {
    format!("{}_{}", table.name, field.name)
}

/// Makes an empty R-tree and registers the extension.
fn create_rtree(connection: &Connection, table: &Table) -> Result<()> {
    let Some(rtree) = &table.rtree else {
        return Ok(());
    };
    connection.execute(
        &format!(
            "CREATE VIRTUAL TABLE {} USING rtree(id, minx, maxx, miny, maxy)",
            quote(rtree)
        ),
        [],
    )?;
    connection.execute(
        "INSERT INTO gpkg_extensions VALUES (?1, ?2, 'gpkg_rtree_index',
         'http://www.geopackage.org/spec120/#extension_rtree', 'write-only')",
        params![table.name, GEOMETRY],
    )?;
    Ok(())
}

/// Fills the R-tree from the geometries, after a bulk load.
pub(crate) fn fill_rtree(connection: &Connection, table: &Table) -> Result<()> {
    if let Some(rtree) = &table.rtree {
        let (rtree, name) = (quote(rtree), quote(&table.name));
        connection.execute_batch(&format!(
            "DELETE FROM {rtree};
             INSERT INTO {rtree} SELECT fid, ST_MinX({GEOMETRY}), ST_MaxX({GEOMETRY}),
               ST_MinY({GEOMETRY}), ST_MaxY({GEOMETRY}) FROM {name}
               WHERE {GEOMETRY} NOT NULL AND NOT ST_IsEmpty({GEOMETRY});"
        ))?;
    }
    Ok(())
}

/// The R-tree's triggers as version 1.3 names them; GDAL 3.6 and QGIS 3.22 refuse
/// the names of 1.4.
pub(crate) fn create_rtree_triggers(connection: &Connection, table: &Table) -> Result<()> {
    let Some(rtree) = &table.rtree else {
        return Ok(());
    };
    let (name, tree) = (quote(&table.name), quote(rtree));
    let trigger = |what: &str| quote(&format!("{rtree}_{what}"));
    let (fid, geom) = ("\"fid\"", format!("\"{GEOMETRY}\""));
    let put = format!(
        "INSERT OR REPLACE INTO {tree} VALUES (NEW.{fid}, ST_MinX(NEW.{geom}), ST_MaxX(NEW.{geom}), ST_MinY(NEW.{geom}), ST_MaxY(NEW.{geom}));"
    );
    let filled = format!("(NEW.{geom} NOTNULL AND NOT ST_IsEmpty(NEW.{geom}))");
    let empty = format!("(NEW.{geom} ISNULL OR ST_IsEmpty(NEW.{geom}))");
    connection.execute_batch(&format!(
        "CREATE TRIGGER {insert} AFTER INSERT ON {name} WHEN (new.{geom} NOT NULL AND NOT ST_IsEmpty(NEW.{geom})) BEGIN {put} END;
         CREATE TRIGGER {update1} AFTER UPDATE OF {geom} ON {name} WHEN OLD.{fid} = NEW.{fid} AND {filled} BEGIN {put} END;
         CREATE TRIGGER {update2} AFTER UPDATE OF {geom} ON {name} WHEN OLD.{fid} = NEW.{fid} AND {empty} BEGIN DELETE FROM {tree} WHERE id = OLD.{fid}; END;
         CREATE TRIGGER {update3} AFTER UPDATE ON {name} WHEN OLD.{fid} != NEW.{fid} AND {filled} BEGIN DELETE FROM {tree} WHERE id = OLD.{fid}; {put} END;
         CREATE TRIGGER {update4} AFTER UPDATE ON {name} WHEN OLD.{fid} != NEW.{fid} AND {empty} BEGIN DELETE FROM {tree} WHERE id IN (OLD.{fid}, NEW.{fid}); END;
         CREATE TRIGGER {delete} AFTER DELETE ON {name} WHEN old.{geom} NOT NULL BEGIN DELETE FROM {tree} WHERE id = OLD.{fid}; END;",
        insert = trigger("insert"),
        update1 = trigger("update1"),
        update2 = trigger("update2"),
        update3 = trigger("update3"),
        update4 = trigger("update4"),
        delete = trigger("delete"),
    ))
}

/// Takes a table's triggers away, for the time of a bulk load.
pub(crate) fn drop_triggers(connection: &Connection, table: &Table) -> Result<()> {
    let names = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ?1")?
        .query_map([&table.name], |row| row.get::<_, String>(0))?
        .collect::<Result<Vec<_>>>()?;
    for name in names {
        connection.execute(&format!("DROP TRIGGER {}", quote(&name)), [])?;
    }
    Ok(())
}

/// States in `gpkg_contents` when a table changed, and widens its extent by what came.
/// It never shrinks: that would take a scan of the table at each commit.
pub(crate) fn state_change(
    connection: &Connection,
    table: &Table,
    bounds: Option<Rect<f64>>,
) -> Result<()> {
    connection.execute(
        "UPDATE gpkg_contents SET last_change = strftime('%Y-%m-%dT%H:%M:%fZ','now')
         WHERE table_name = ?1",
        [&table.name],
    )?;
    if let Some(bounds) = bounds {
        connection.execute(
            "UPDATE gpkg_contents SET
               min_x = min(coalesce(min_x, ?2), ?2), min_y = min(coalesce(min_y, ?3), ?3),
               max_x = max(coalesce(max_x, ?4), ?4), max_y = max(coalesce(max_y, ?5), ?5)
             WHERE table_name = ?1",
            params![
                table.name,
                bounds.min().x,
                bounds.min().y,
                bounds.max().x,
                bounds.max().y
            ],
        )?;
    }
    Ok(())
}

/// The bounds of all features of a table.
pub(crate) fn extent(connection: &Connection, table: &Table) -> Result<Option<Rect<f64>>> {
    let Some(geometry) = &table.geometry else {
        return Ok(None);
    };
    let geometry = quote(geometry);
    connection.query_row(
        &format!(
            "SELECT min(ST_MinX({geometry})), min(ST_MinY({geometry})),
               max(ST_MaxX({geometry})), max(ST_MaxY({geometry})) FROM {}",
            quote(&table.name)
        ),
        [],
        |row| {
            let edge = |at| row.get::<_, Option<f64>>(at);
            let (Some(west), Some(south), Some(east), Some(north)) =
                (edge(0)?, edge(1)?, edge(2)?, edge(3)?)
            else {
                return Ok(None);
            };
            Ok(Some(Rect::new(
                Coord { x: west, y: south },
                Coord { x: east, y: north },
            )))
        },
    )
}
