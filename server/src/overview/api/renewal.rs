//! Schemas of what is sent about renewal units.

use serde_json::{Value, json};

/// Adds the schemas by name.
pub(super) fn add(schemas: &mut Value) {
    let text = json!({ "type": "string" });
    let steps = json!({
        "type": "array",
        "maxItems": 2000,
        "items": { "$ref": "#/components/schemas/OutlineStep" },
    });
    schemas["OutlineRequest"] = json!({
        "type": "object",
        "required": ["steps"],
        "additionalProperties": false,
        "properties": { "steps": steps, "unit": text },
    });
    schemas["VariantDraft"] = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "name": { "type": "string", "maxLength": 80 },
            "unit": text,
            "steps": steps,
            "properties": { "type": "object", "additionalProperties": true },
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
    schemas["MeasureRule"] = json!({
        "type": "object",
        "required": ["unit", "measure"],
        "additionalProperties": false,
        "properties": {
            "unit": text, "measure": text,
            "filter": { "type": "string", "description": "CQL2 text" },
            "phase": { "type": "integer" }, "reason": text,
            "dry_run": { "type": "boolean", "default": false },
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
