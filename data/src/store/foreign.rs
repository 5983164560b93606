//! Layers of a GeoPackage that another program made, described as they are found.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use rusqlite::{Connection, OptionalExtension};

use super::{
    About, StoreError, reference_systems,
    table::{Coordinates, Table, quote},
};
use crate::{
    Field, FieldKind, GeometryKind, Layer, Text,
    catalog::Style,
    crs::{Crs, STORED, Transform},
};

/// The theme of layers that no catalog describes.
pub(super) const THEME: &str = "other";

/// Colours for layers that bring none, far enough apart to be told.
const COLORS: [&str; 8] = [
    "#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#b07aa1", "#76b7b2", "#edc948", "#9c755f",
];

/// Columns that name a feature, the best first.
const NAMES: [&str; 9] = [
    "名称", "name", "name:zh", "title", "标题", "mc", "label", "编号", "code",
];

/// What is said of a project whose file says nothing.
pub(crate) fn about(path: &Path) -> About {
    let title = path
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default();
    About {
        title: Text {
            zh: title.clone(),
            en: title,
        },
        ..About::default()
    }
}

/// A row of `gpkg_contents` with what `gpkg_geometry_columns` adds.
struct Content {
    table: String,
    identifier: Option<String>,
    description: Option<String>,
    geometry: Option<String>,
    geometry_type: Option<String>,
    srs_id: Option<i32>,
}

/// The tables of other programs that the file registers, beside `known` ones.
pub(crate) fn tables(
    connection: &Connection,
    path: &Path,
    known: &[Table],
) -> Result<Vec<Table>, StoreError> {
    let fail = |error| StoreError::sqlite(path, error);
    let own = [
        "about",
        "change_set",
        "change_log",
        "change_key",
        "import_batch",
        "lineage",
    ];
    // QGIS keeps its styles in a table that it registers like data.
    let styles = "layer_styles";
    let mut ids: BTreeSet<String> = known.iter().map(|table| table.layer.id.clone()).collect();
    let mut found = Vec::new();
    for content in contents(connection).map_err(fail)? {
        let mine = known.iter().any(|table| table.name == content.table)
            || (!known.is_empty() && own.contains(&content.table.as_str()));
        if mine || content.table == styles {
            continue;
        }
        if let Some(table) = describe(connection, &content, &mut ids, found.len()).map_err(fail)? {
            found.push(table);
        }
    }
    Ok(found)
}

fn contents(connection: &Connection) -> rusqlite::Result<Vec<Content>> {
    let has_geometries = connection
        .query_row(
            "SELECT 1 FROM sqlite_schema WHERE lower(name) = 'gpkg_geometry_columns'",
            [],
            |_| Ok(()),
        )
        .optional()?
        .is_some();
    let sql = if has_geometries {
        "SELECT c.table_name, c.identifier, c.description, g.column_name, g.geometry_type_name, g.srs_id
         FROM gpkg_contents c LEFT JOIN gpkg_geometry_columns g
           ON lower(g.table_name) = lower(c.table_name)
         WHERE c.data_type IN ('features', 'attributes')
           AND lower(c.table_name) IN (SELECT lower(name) FROM sqlite_schema WHERE type IN ('table', 'view'))
         ORDER BY c.rowid"
    } else {
        "SELECT table_name, identifier, description, NULL, NULL, NULL FROM gpkg_contents
         WHERE data_type = 'attributes'
           AND lower(table_name) IN (SELECT lower(name) FROM sqlite_schema WHERE type IN ('table', 'view'))
         ORDER BY rowid"
    };
    connection
        .prepare(sql)?
        .query_map([], |row| {
            Ok(Content {
                table: row.get(0)?,
                identifier: row.get(1)?,
                description: row.get(2)?,
                geometry: row.get(3)?,
                geometry_type: row.get(4)?,
                srs_id: row.get(5)?,
            })
        })?
        .collect()
}

/// A column as `PRAGMA table_info` tells it.
struct Column {
    name: String,
    kind: String,
    primary: bool,
}

fn describe(
    connection: &Connection,
    content: &Content,
    ids: &mut BTreeSet<String>,
    position: usize,
) -> rusqlite::Result<Option<Table>> {
    let columns: Vec<Column> = connection
        .prepare(&format!("PRAGMA table_info({})", quote(&content.table)))?
        .query_map([], |row| {
            Ok(Column {
                name: row.get(1)?,
                kind: row.get::<_, String>(2)?.to_uppercase(),
                primary: row.get::<_, i64>(5)? > 0,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    let is_view = connection
        .query_row(
            "SELECT type = 'view' FROM sqlite_schema WHERE lower(name) = lower(?1)",
            [&content.table],
            |row| row.get::<_, bool>(0),
        )
        .optional()?
        .unwrap_or(false);
    let primary = columns.iter().find(|column| column.primary);
    let key = match primary {
        Some(column) if column.kind.contains("INT") => column.name.clone(),
        // A view has no rowid; the standard makes its first column the key.
        _ if is_view => match columns.first() {
            Some(column) => column.name.clone(),
            None => return Ok(None),
        },
        _ => "rowid".to_owned(),
    };
    let geometry = content.geometry.clone();
    let mut fields = Vec::new();
    let mut field_columns = Vec::new();
    for column in &columns {
        let skipped = column.name == key
            || geometry
                .as_ref()
                .is_some_and(|geometry| geometry.eq_ignore_ascii_case(&column.name))
            || column.kind.starts_with("BLOB");
        if !skipped {
            fields.push(field(connection, &content.table, column)?);
            field_columns.push(Some(column.name.clone()));
        }
    }
    let kind = kind(geometry.as_ref(), content.geometry_type.as_deref());
    let layer = layer(content, kind, fields, ids, position);
    let rtree = geometry
        .as_ref()
        .map(|geometry| format!("rtree_{}_{geometry}", content.table));
    let rtree = match rtree {
        Some(name) => connection
            .query_row(
                "SELECT name FROM sqlite_schema WHERE lower(name) = lower(?1)",
                [&name],
                |row| row.get(0),
            )
            .optional()?,
        None => None,
    };
    let srs_id = content.srs_id.unwrap_or(reference_systems::CGCS2000);
    Ok(Some(Table {
        layer: Arc::new(layer),
        name: content.table.clone(),
        key,
        coordinates: if content.geometry.is_some() {
            coordinates(connection, srs_id)?
        } else {
            Coordinates::Stored
        },
        geometry,
        rtree,
        srs_id,
        own: false,
        columns: field_columns,
    }))
}

/// What a registered reference system is.
fn coordinates(connection: &Connection, srs_id: i32) -> rusqlite::Result<Coordinates> {
    let found: Option<(String, i64, String)> = connection
        .query_row(
            "SELECT organization, organization_coordsys_id, definition
             FROM gpkg_spatial_ref_sys WHERE srs_id = ?1",
            [srs_id],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?;
    let name = match found {
        Some((organization, code, _)) if organization.eq_ignore_ascii_case("EPSG") => {
            format!("EPSG:{code}")
        }
        Some((_, _, definition)) if definition != "undefined" => definition,
        _ => {
            return Ok(Coordinates::Unknown {
                name: format!("srs_id {srs_id}"),
                reason: "文件未说明坐标系 / the file does not say which it is".to_owned(),
            });
        }
    };
    let way = Crs::parse(&name).and_then(|from| Transform::new(&from, &STORED));
    Ok(match way {
        Ok(way) if way.is_identity() => Coordinates::Stored,
        Ok(way) => Coordinates::Turned(way),
        Err(error) => Coordinates::Unknown {
            name,
            reason: error.to_string(),
        },
    })
}

fn kind(geometry: Option<&String>, name: Option<&str>) -> GeometryKind {
    match (geometry, name.unwrap_or_default().to_uppercase().as_str()) {
        (None, _) => GeometryKind::None,
        (_, "POINT" | "MULTIPOINT") => GeometryKind::Point,
        (_, "LINESTRING" | "MULTILINESTRING") => GeometryKind::Line,
        (_, "POLYGON" | "MULTIPOLYGON") => GeometryKind::Polygon,
        _ => GeometryKind::Any,
    }
}

fn layer(
    content: &Content,
    geometry: GeometryKind,
    fields: Vec<Field>,
    ids: &mut BTreeSet<String>,
    position: usize,
) -> Layer {
    let title = content
        .identifier
        .clone()
        .filter(|title| !title.trim().is_empty())
        .unwrap_or_else(|| content.table.clone());
    let label = NAMES
        .iter()
        .find_map(|name| {
            fields
                .iter()
                .find(|field| field.name.eq_ignore_ascii_case(name) || field.label.zh == *name)
        })
        .map(|field| field.name.clone());
    let texts = fields
        .iter()
        .filter(|field| field.kind == FieldKind::Text)
        .map(|field| field.name.clone());
    let search = label.iter().cloned().chain(texts).take(1).collect();
    Layer {
        id: identifier(&content.table, ids),
        title: Text {
            zh: title.clone(),
            en: title,
        },
        theme: THEME.to_owned(),
        geometry,
        version: "0".to_owned(),
        description: content
            .description
            .clone()
            .filter(|text| !text.is_empty())
            .map(|text| Text {
                zh: text.clone(),
                en: text,
            }),
        label,
        search,
        style: (geometry != GeometryKind::None).then(|| Style {
            color: COLORS[position % COLORS.len()].to_owned(),
            fill_opacity: 0.35,
            width: if geometry == GeometryKind::Point {
                4.0
            } else {
                1.0
            },
            visible: true,
            ..Style::default()
        }),
        fields,
        ..Layer::default()
    }
}

/// A table's name as an identifier that can stand in a path and in a list of layers.
fn identifier(table: &str, ids: &mut BTreeSet<String>) -> String {
    let plain: String = table
        .chars()
        .map(|letter| {
            if letter.is_alphanumeric() || letter == '_' || letter == '-' {
                letter
            } else {
                '_'
            }
        })
        .collect();
    let mut id = plain.clone();
    let mut number = 2;
    while !ids.insert(id.clone()) {
        id = format!("{plain}_{number}");
        number += 1;
    }
    id
}

fn field(connection: &Connection, table: &str, column: &Column) -> rusqlite::Result<Field> {
    let described: Option<(Option<String>, Option<String>)> = connection
        .query_row(
            "SELECT title, mime_type FROM gpkg_data_columns
             WHERE lower(table_name) = lower(?1) AND lower(column_name) = lower(?2)",
            [table, &column.name],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()
        // Most files have no such table.
        .unwrap_or_default();
    let (title, mime_type) = described.unwrap_or_default();
    let title = title
        .filter(|title| !title.trim().is_empty())
        .unwrap_or_else(|| column.name.clone());
    Ok(Field {
        name: column.name.clone(),
        label: Text {
            zh: title.clone(),
            en: title,
        },
        kind: field_kind(&column.kind, mime_type.as_deref()),
        ..Field::default()
    })
}

/// The kind of a column's values (12-128r17 table 1, and what other writers use).
fn field_kind(declared: &str, mime_type: Option<&str>) -> FieldKind {
    match declared {
        "BOOLEAN" | "BOOL" => FieldKind::Boolean,
        "DATE" => FieldKind::Date,
        "DATETIME" | "TIMESTAMP" => FieldKind::DateTime,
        "FLOAT" | "DOUBLE" | "REAL" | "NUMERIC" => FieldKind::Decimal,
        kind if kind.contains("INT") => FieldKind::Integer,
        _ if mime_type == Some("application/json") => FieldKind::Json,
        _ => FieldKind::Text,
    }
}
