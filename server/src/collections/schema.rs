//! JSON Schemas of layers (OGC API Features Part 5) and of what may be asked by (Part 3).

use serde_json::{Map, Value, json};
use yizhangtu_data::{Catalog, Field, FieldKind, GeometryKind, Layer};

use super::datetime::valid_time;
use crate::policy::{Mask, Viewer};

/// What the features of a layer hold, as they are given: masked fields are texts.
pub(super) fn schema(layer: &Layer, catalog: &Catalog, id: &str) -> Value {
    let mut properties = Map::new();
    properties.insert(
        "id".to_owned(),
        json!({ "type": "string", "x-ogc-role": "id", "readOnly": true }),
    );
    if let Some(geometry) = geometry(layer) {
        properties.insert("geometry".to_owned(), geometry);
    }
    let interval = valid_time(layer);
    for (place, field) in layer.fields.iter().enumerate() {
        let mut described = property(field, catalog);
        described["x-ogc-propertySeq"] = (place + 1).into();
        if interval.is_some_and(|(from, _)| from == field.name) {
            described["x-ogc-role"] = "primary-interval-start".into();
        } else if interval.is_some_and(|(_, to)| to == field.name) {
            described["x-ogc-role"] = "primary-interval-end".into();
        }
        if let Some(reference) = &field.reference {
            described["x-ogc-role"] = "reference".into();
            described["x-ogc-collectionId"] = reference.as_str().into();
        }
        properties.insert(field.name.clone(), described);
    }
    let required: Vec<&str> = (layer.fields.iter())
        .filter(|field| field.required)
        .map(|field| field.name.as_str())
        .collect();
    document(layer, id, properties, required)
}

/// The properties of a layer's features in the words of OpenAPI 3.0, which knows neither
/// `const` nor `$schema`.
pub(crate) fn properties(layer: &Layer, catalog: &Catalog) -> Value {
    let mut properties = Map::new();
    for field in &layer.fields {
        let mut described = property(field, catalog);
        if let Some(members) = described.as_object_mut() {
            members.remove("oneOf");
        }
        described["nullable"] = true.into();
        properties.insert(field.name.clone(), described);
    }
    json!({ "type": "object", "title": layer.title.zh, "properties": properties })
}

/// The properties that a viewer may sort by.
pub(super) fn sortables(layer: &Layer, catalog: &Catalog, viewer: &Viewer, id: &str) -> Value {
    let mut sortables = queryables(layer, catalog, viewer, id);
    if let Some(properties) = sortables["properties"].as_object_mut() {
        // A place comes neither before nor after another.
        properties.shift_remove("geometry");
    }
    sortables
}

/// The properties that a viewer may filter by.
pub(super) fn queryables(layer: &Layer, catalog: &Catalog, viewer: &Viewer, id: &str) -> Value {
    let mut properties = Map::new();
    properties.insert(
        "id".to_owned(),
        json!({ "type": "string", "x-ogc-role": "id" }),
    );
    if let Some(geometry) = geometry(layer) {
        properties.insert("geometry".to_owned(), geometry);
    }
    let open = (layer.fields.iter())
        .filter(|field| viewer.may_ask_by(layer, field) && field.kind != FieldKind::Json);
    for field in open {
        properties.insert(field.name.clone(), property(field, catalog));
    }
    let mut document = document(layer, id, properties, Vec::new());
    document["additionalProperties"] = false.into();
    document
}

fn document(layer: &Layer, id: &str, properties: Map<String, Value>, required: Vec<&str>) -> Value {
    let mut document = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": id,
        "type": "object",
        "title": layer.title.zh,
        "x-title-en": layer.title.en,
        "properties": properties,
    });
    if !required.is_empty() {
        document["required"] = required.into();
    }
    document
}

fn geometry(layer: &Layer) -> Option<Value> {
    if layer.personal {
        return None;
    }
    let format = match layer.geometry {
        GeometryKind::None => return None,
        GeometryKind::Point => "geometry-point-or-multipoint",
        GeometryKind::Line => "geometry-linestring-or-multilinestring",
        GeometryKind::Polygon => "geometry-polygon-or-multipolygon",
        GeometryKind::Any => "geometry-any",
    };
    Some(json!({ "x-ogc-role": "primary-geometry", "format": format }))
}

fn property(field: &Field, catalog: &Catalog) -> Value {
    let masked = Mask::of(field).is_some();
    let mut described = json!({
        "title": field.label.zh,
        "x-title-en": field.label.en,
    });
    let kind = match field.kind {
        _ if masked => "string",
        FieldKind::Text | FieldKind::Date | FieldKind::DateTime => "string",
        FieldKind::Integer => "integer",
        FieldKind::Decimal => "number",
        FieldKind::Boolean => "boolean",
        FieldKind::Json => "",
    };
    if !kind.is_empty() {
        described["type"] = kind.into();
    }
    match field.kind {
        _ if masked => {
            described["readOnly"] = true.into();
            described["x-masked"] = true.into();
        }
        FieldKind::Date => described["format"] = "date".into(),
        FieldKind::DateTime => described["format"] = "date-time".into(),
        _ => {}
    }
    if let Some(unit) = &field.unit {
        described["x-ogc-unit"] = unit.as_str().into();
    }
    if let Some(note) = &field.note {
        described["description"] = format!("{} / {}", note.zh, note.en).into();
    }
    if masked {
        return described;
    }
    if let Some([least, greatest]) = field.range {
        described["minimum"] = least.into();
        described["maximum"] = greatest.into();
    }
    if let Some(length) = field.max_length {
        described["maxLength"] = length.into();
    }
    if let Some(pattern) = &field.pattern {
        described["pattern"] = format!("^(?:{pattern})$").into();
    }
    let codes = field
        .code_list
        .as_ref()
        .and_then(|list| catalog.code_list(list));
    if let Some(list) = codes {
        let code = |code: &yizhangtu_data::catalog::Code| json!({ "const": code.code, "title": code.label.zh, "x-title-en": code.label.en });
        described["enum"] = list.codes.iter().map(|code| code.code.as_str()).collect();
        described["oneOf"] = list.codes.iter().map(code).collect();
    }
    described
}
