//! The `layer_styles` table that QGIS keeps beside layers: colours, titles of fields and
//! choices of codes.
//!
//! QGIS before 3.28, and with GDAL before 3.7, does not read the titles of the schema
//! extension; it does read these. Not part of the GeoPackage standard.

use std::fmt::Write as _;

use rusqlite::{Connection, Result, params};

use super::schema::GEOMETRY;
use crate::{Catalog, Field, FieldKind, GeometryKind, Layer, catalog::CodeList};

/// Writes the style of a layer, as the one that QGIS opens it with.
pub(crate) fn write(connection: &Connection, catalog: &Catalog, layer: &Layer) -> Result<()> {
    connection.execute(
        "DELETE FROM layer_styles WHERE f_table_name = ?1 AND styleName = '一张图'",
        [&layer.id],
    )?;
    connection.execute(
        "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name,
           f_geometry_column, styleName, styleQML, styleSLD, useAsDefault, description, owner)
         VALUES ('', '', ?1, ?2, '一张图', ?3, '', 1, ?4, '')",
        params![
            layer.id,
            if layer.is_mapped() { GEOMETRY } else { "" },
            document(catalog, layer),
            layer.title.zh,
        ],
    )?;
    Ok(())
}

/// The style as QGIS writes it (QML).
fn document(catalog: &Catalog, layer: &Layer) -> String {
    let mut qml = String::from(
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n<qgis version=\"3.22.0\" styleCategories=\"Symbology|Fields|Forms\">\n",
    );
    renderer(&mut qml, catalog, layer);
    qml.push_str("<fieldConfiguration>\n");
    for field in &layer.fields {
        let name = escape(&field.name);
        let _ = writeln!(
            qml,
            "<field name=\"{name}\" configurationFlags=\"None\"><editWidget {}</editWidget></field>",
            widget(catalog, field)
        );
    }
    qml.push_str("</fieldConfiguration>\n<aliases>\n");
    // Columns stand in the order of the table: fid, id, source_batch, fields.
    let own = [("id", "编号"), ("source_batch", "来源批次")].into_iter();
    let fields = layer
        .fields
        .iter()
        .map(|field| (field.name.as_str(), field.label.zh.as_str()));
    for (index, (name, title)) in (1..).zip(own.chain(fields)) {
        let (name, title) = (escape(name), escape(title));
        let _ = writeln!(
            qml,
            "<alias index=\"{index}\" field=\"{name}\" name=\"{title}\"/>"
        );
    }
    qml.push_str("</aliases>\n</qgis>\n");
    qml
}

/// What a field is edited with: codes are chosen by their labels.
fn widget(catalog: &Catalog, field: &Field) -> String {
    if field.kind == FieldKind::Boolean {
        return "type=\"CheckBox\"><config><Option/></config>".to_owned();
    }
    if field.kind == FieldKind::Date {
        return "type=\"DateTime\"><config><Option type=\"Map\"><Option name=\"display_format\" type=\"QString\" value=\"yyyy-MM-dd\"/><Option name=\"calendar_popup\" type=\"bool\" value=\"true\"/><Option name=\"allow_null\" type=\"bool\" value=\"true\"/></Option></config>".to_owned();
    }
    // A list that depends on another field's value is more than this widget can say.
    let list = field
        .code_list
        .as_ref()
        .filter(|_| field.code_list_when.is_none())
        .and_then(|list| catalog.code_list(list));
    let Some(list) = list else {
        return "type=\"\"><config><Option/></config>".to_owned();
    };
    let mut widget = String::from(
        "type=\"ValueMap\"><config><Option type=\"Map\"><Option type=\"List\" name=\"map\">",
    );
    for code in &list.codes {
        let (label, code) = (escape(&code.label.zh), escape(&code.code));
        let _ = write!(
            widget,
            "<Option type=\"Map\"><Option type=\"QString\" name=\"{label}\" value=\"{code}\"/></Option>"
        );
    }
    widget.push_str("</Option></Option></config>");
    widget
}

/// How features are drawn: one symbol, or one a code where the catalog colours by codes.
fn renderer(qml: &mut String, catalog: &Catalog, layer: &Layer) {
    let Some(style) = &layer.style else {
        return;
    };
    let list = style
        .color_by
        .as_ref()
        .and_then(|field| layer.field(field))
        .filter(|field| field.code_list_when.is_none())
        .and_then(|field| Some((field, catalog.code_list(field.code_list.as_ref()?)?)));
    let Some((field, list)) = list else {
        qml.push_str("<renderer-v2 type=\"singleSymbol\" forceraster=\"0\" enableorderby=\"0\" symbollevels=\"0\"><symbols>\n");
        symbol(qml, layer, 0, &style.color);
        qml.push_str("</symbols></renderer-v2>\n");
        return;
    };
    categories(qml, layer, field, list, &style.color);
}

fn categories(qml: &mut String, layer: &Layer, field: &Field, list: &CodeList, rest: &str) {
    let attribute = escape(&field.name);
    let _ = writeln!(
        qml,
        "<renderer-v2 type=\"categorizedSymbol\" attr=\"{attribute}\" forceraster=\"0\" enableorderby=\"0\" symbollevels=\"0\"><categories>"
    );
    let colors = list.colors();
    for (at, code) in list.codes.iter().enumerate() {
        let (value, label) = (escape(&code.code), escape(&code.label.zh));
        let _ = writeln!(
            qml,
            "<category symbol=\"{at}\" value=\"{value}\" label=\"{label}\" render=\"true\" type=\"string\"/>"
        );
    }
    let count = list.codes.len();
    let _ = writeln!(
        qml,
        "<category symbol=\"{count}\" value=\"\" label=\"其他\" render=\"true\" type=\"string\"/>"
    );
    qml.push_str("</categories><symbols>\n");
    for (at, code) in list.codes.iter().enumerate() {
        symbol(
            qml,
            layer,
            at,
            colors.get(code.code.as_str()).unwrap_or(&rest),
        );
    }
    symbol(qml, layer, count, rest);
    qml.push_str("</symbols></renderer-v2>\n");
}

fn symbol(qml: &mut String, layer: &Layer, name: usize, color: &str) {
    let Some(style) = &layer.style else {
        return;
    };
    let outline = rgba(style.outline.as_deref().unwrap_or(color), 1.0);
    // Widths of the catalog are pixels of a screen at 96 dpi; QGIS counts millimetres.
    let width = style.width.max(0.5) * 25.4 / 96.0;
    let (kind, class, options) = match layer.geometry {
        GeometryKind::Point => (
            "marker",
            "SimpleMarker",
            vec![
                ("name", "circle".to_owned()),
                ("color", rgba(color, 1.0)),
                ("outline_color", "255,255,255,255".to_owned()),
                ("size", (2.0 * width).to_string()),
            ],
        ),
        GeometryKind::Line => (
            "line",
            "SimpleLine",
            vec![
                ("line_color", rgba(color, 1.0)),
                ("line_width", width.to_string()),
            ],
        ),
        GeometryKind::Polygon => (
            "fill",
            "SimpleFill",
            vec![
                ("color", rgba(color, style.fill_opacity)),
                ("outline_color", outline),
                ("outline_width", width.to_string()),
                ("style", "solid".to_owned()),
            ],
        ),
        // QGIS opens a table of mixed geometry as several layers; it picks their symbols.
        GeometryKind::None | GeometryKind::Any => return,
    };
    let _ = write!(
        qml,
        "<symbol type=\"{kind}\" name=\"{name}\" alpha=\"1\" clip_to_extent=\"1\"><layer class=\"{class}\" enabled=\"1\" locked=\"0\" pass=\"0\"><Option type=\"Map\">"
    );
    for (name, value) in &options {
        let _ = write!(
            qml,
            "<Option name=\"{name}\" type=\"QString\" value=\"{value}\"/>"
        );
    }
    qml.push_str("</Option>");
    for (name, value) in &options {
        let _ = write!(qml, "<prop k=\"{name}\" v=\"{value}\"/>");
    }
    qml.push_str("</layer></symbol>\n");
}

/// `#rrggbb` as QGIS writes it.
fn rgba(color: &str, opacity: f64) -> String {
    let part = |at: usize| {
        color
            .get(at..at + 2)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok())
            .unwrap_or(128)
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an opacity is between 0 and 1"
    )]
    let alpha = (opacity.clamp(0.0, 1.0) * 255.0).round() as u8;
    format!("{},{},{},{alpha}", part(1), part(3), part(5))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
