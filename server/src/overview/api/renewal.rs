//! Schemas of what is sent about renewal units.

use serde_json::{Value, json};

/// Adds the schemas by name.
pub(super) fn add(schemas: &mut Value) {
    let text = json!({ "type": "string" });
    let ground = json!({
        "type": "object",
        "description": "图层的要素（ids 或 lasso 内的），或者画出的 area / features of a layer, or a drawn area",
        "additionalProperties": false,
        "properties": {
            "layer": text,
            "ids": { "type": "array", "items": text },
            "lasso": { "type": "object", "description": "GeoJSON Polygon" },
            "area": { "type": "object", "description": "GeoJSON Polygon, MultiPolygon" },
        },
    });
    let steps = json!({
        "type": "array",
        "maxItems": 2000,
        "items": {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": false,
            "properties": {
                "add": ground,
                "remove": ground,
                "cut": {
                    "type": "object",
                    "required": ["line", "drop"],
                    "properties": {
                        "line": { "type": "object", "description": "GeoJSON LineString" },
                        "drop": { "type": "array", "minItems": 2, "maxItems": 2, "items": { "type": "number" } },
                    },
                },
            },
        },
    });
    schemas["OutlineRequest"] = json!({
        "type": "object",
        "required": ["steps"],
        "additionalProperties": false,
        "properties": { "steps": steps, "unit": text },
    });
    schemas["Variant"] = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "name": { "type": "string", "maxLength": 80 },
            "unit": text,
            "steps": steps,
            "properties": { "type": "object" },
            "note": { "type": "string", "maxLength": 1000 },
        },
    });
    schemas["SuggestionRequest"] = json!({
        "type": "object",
        "required": ["seed"],
        "additionalProperties": false,
        "properties": {
            "seed": { "type": "array", "minItems": 2, "maxItems": 2, "items": { "type": "number" } },
            "layer": { "type": "string", "default": "grid" },
            "target_area_m2": { "type": "number", "exclusiveMinimum": true, "minimum": 0 },
            "target_floor_area_m2": { "type": "number", "exclusiveMinimum": true, "minimum": 0 },
            "unit": text,
        },
    });
    schemas["DisposalRule"] = json!({
        "type": "object",
        "required": ["filter", "class"],
        "additionalProperties": false,
        "properties": {
            "filter": { "type": "string", "description": "CQL2 text" },
            "unit": text, "class": text, "basis": text, "reason": text,
            "dry_run": { "type": "boolean", "default": false },
        },
    });
}
