//! Schemas of what the operations answer.

use serde_json::{Value, json};

use crate::http::App;

/// All schemas by name.
pub(super) fn all(app: &App) -> Value {
    let links = json!({ "type": "array", "items": { "$ref": "#/components/schemas/Link" } });
    let text = json!({ "type": "string" });
    let count = json!({ "type": "integer", "minimum": 0 });
    let mut schemas = json!({
        "Problem": {
            "type": "object",
            "description": "RFC 9457",
            "required": ["type", "title", "status", "detail"],
            "properties": {
                "type": text, "title": text, "status": { "type": "integer" }, "detail": text,
                "errors": { "type": "array", "items": {
                    "type": "object",
                    "required": ["field", "code", "message"],
                    "properties": {
                        "field": text, "row": count, "code": text, "message": text,
                        "change": count, "layer": text, "id": text,
                        "place": { "type": "array", "minItems": 2, "maxItems": 2, "items": { "type": "number" } },
                    },
                } },
                "current": { "type": "array", "items": { "type": "object" } },
            },
        },
        "ImportFiles": {
            "type": "object",
            "required": ["file"],
            "properties": { "file": { "type": "array", "items": { "type": "string", "format": "binary" } } },
        },
        "Reason": {
            "type": "object",
            "required": ["reason"],
            "additionalProperties": false,
            "properties": { "reason": { "type": "string", "minLength": 4, "maxLength": 200 } },
        },
        "Credentials": {
            "type": "object",
            "required": ["user", "password"],
            "additionalProperties": false,
            "properties": { "user": text, "password": text },
        },
        "Code": {
            "type": "object",
            "required": ["code"],
            "additionalProperties": false,
            "properties": { "code": text },
        },
        "NewPassword": {
            "type": "object",
            "required": ["old", "new"],
            "additionalProperties": false,
            "properties": { "old": text, "new": text },
        },
        "ImportWishes": {
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "commit": { "type": "boolean", "default": false },
                "accept_partial": { "type": "boolean" },
                "layer": text, "crs": text, "encoding": text, "id_column": text, "table": text,
                "swap_axes": { "type": "boolean" },
                "fields": { "type": "object", "additionalProperties": text },
                "constants": { "type": "object", "additionalProperties": { "anyOf": [text, { "type": "number" }, { "type": "boolean" }] } },
                "codes": { "type": "object", "additionalProperties": { "type": "object", "additionalProperties": text } },
            },
        },
        "Link": {
            "type": "object",
            "required": ["href", "rel"],
            "properties": { "href": text, "rel": text, "type": text, "title": text },
        },
        "LandingPage": {
            "type": "object",
            "required": ["links"],
            "properties": { "title": text, "description": text, "attribution": text, "links": links },
        },
        "Conformance": {
            "type": "object",
            "required": ["conformsTo"],
            "properties": { "conformsTo": { "type": "array", "items": text } },
        },
        "Collections": {
            "type": "object",
            "required": ["links", "collections"],
            "properties": {
                "links": links,
                "crs": { "type": "array", "items": text },
                "collections": { "type": "array", "items": { "$ref": "#/components/schemas/Collection" } },
            },
        },
        "Collection": {
            "type": "object",
            "required": ["id", "links"],
            "properties": {
                "id": text, "title": text, "description": text, "itemType": text,
                "links": links, "extent": { "type": "object" },
                "crs": { "type": "array", "items": text }, "storageCrs": text,
            },
        },
        "Feature": {
            "type": "object",
            "required": ["type", "id", "geometry", "properties"],
            "properties": {
                "type": { "type": "string", "enum": ["Feature"] },
                "id": text,
                "geometry": { "allOf": [{ "$ref": "#/components/schemas/Geometry" }], "nullable": true },
                "properties": { "oneOf": [] },
                "links": links,
            },
        },
        "FeatureCollection": {
            "type": "object",
            "required": ["type", "features"],
            "properties": {
                "type": { "type": "string", "enum": ["FeatureCollection"] },
                "features": { "type": "array", "items": { "$ref": "#/components/schemas/Feature" } },
                "numberMatched": count, "numberReturned": count,
                "timeStamp": { "type": "string", "format": "date-time" },
                "links": links,
            },
        },
        "StatisticsRequest": {
            "type": "object",
            "properties": {
                "area": { "type": "object", "description": "GeoJSON Polygon, MultiPolygon" },
                "buffer_m": { "type": "number", "minimum": 0, "default": 0 },
                "rule": { "type": "string", "enum": ["representative_point", "intersects", "within"] },
                "by": text, "layer": text, "id": text,
                "ids": { "type": "array", "items": text },
                "on": { "type": "string", "format": "date" },
            },
        },
    });
    super::answers::add(&mut schemas);
    super::changes::add(&mut schemas);
    super::attachments::add(&mut schemas);
    super::people::add(&mut schemas);
    super::renewal::add(&mut schemas);
    let mut of_layers = Vec::new();
    for layer in app.layers() {
        let name = format!("properties.{}", component(&layer.id));
        schemas[&name] = crate::collections::properties(layer, app.catalog());
        of_layers.push(json!({ "$ref": format!("#/components/schemas/{name}") }));
    }
    schemas["Feature"]["properties"]["properties"] = json!({ "anyOf": of_layers });
    schemas
}

/// A layer's identifier as the name of a component: letters, digits, `.`, `-`, `_`.
fn component(id: &str) -> String {
    id.chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() || "-_".contains(letter) {
                letter.to_string()
            } else {
                format!(".{:x}", letter as u32)
            }
        })
        .collect()
}
