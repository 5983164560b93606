//! Schemas of changes and their answers.

use serde_json::{Value, json};

/// Adds the schemas by name.
pub(super) fn add(schemas: &mut Value) {
    let text = json!({ "type": "string" });
    let maybe = json!({ "type": "string", "nullable": true });
    let count = json!({ "type": "integer", "minimum": 0 });
    let number = json!({ "type": "integer", "nullable": true });
    let place = json!({
        "type": "array", "minItems": 2, "maxItems": 2, "items": { "type": "number" },
    });
    let reason = json!({ "type": "string", "maxLength": 1000 });
    let added = json!({
        "NewFeature": {
            "type": "object",
            "required": ["properties"],
            "properties": {
                "type": { "type": "string", "enum": ["Feature"] },
                "id": text,
                "geometry": { "type": "object", "nullable": true },
                "properties": { "type": "object" },
            },
        },
        "FeaturePatch": {
            "type": "object",
            "description": "RFC 7396",
            "properties": {
                "geometry": { "type": "object", "nullable": true },
                "properties": { "type": "object" },
            },
        },
        "ChangeSet": {
            "type": "object",
            "required": ["changes"],
            "additionalProperties": false,
            "properties": {
                "reason": reason,
                "dry_run": { "type": "boolean" },
                "changes": { "type": "array", "maxItems": 10_000, "items": { "$ref": "#/components/schemas/Change" } },
            },
        },
        "Change": {
            "type": "object",
            "required": ["op", "layer"],
            "additionalProperties": false,
            "properties": {
                "op": { "type": "string", "enum": ["insert", "update", "replace", "delete", "move_vertex", "split", "merge"] },
                "layer": text,
                "id": text,
                "version": count,
                "feature": { "type": "object" },
                "from": place,
                "to": place,
                "ids": { "type": "array", "items": text },
                "versions": { "type": "array", "items": count },
                "line": { "type": "object" },
                "parts": { "type": "array", "items": { "type": "object" } },
                "properties": { "type": "object" },
            },
        },
        "Changed": {
            "type": "object",
            "required": ["sequence", "change_set", "features", "warnings"],
            "properties": {
                "sequence": count,
                "change_set": number,
                "features": { "type": "array", "items": {
                    "type": "object",
                    "required": ["op", "layer", "id", "version"],
                    "properties": {
                        "op": { "type": "string", "enum": ["insert", "update", "delete"] },
                        "layer": text, "id": text, "version": count,
                    },
                } },
                "warnings": { "type": "array", "items": {
                    "type": "object",
                    "required": ["code", "message"],
                    "properties": {
                        "code": text, "message": text, "layer": text, "id": text,
                        "change": number, "place": place, "area_m2": { "type": "number" },
                    },
                } },
            },
        },
        "ChangeLog": {
            "type": "object",
            "required": ["sequence", "changes", "links"],
            "properties": {
                "sequence": count,
                "changes": { "type": "array", "items": {
                    "type": "object",
                    "required": ["sequence", "layer", "id", "operation", "at"],
                    "properties": {
                        "sequence": count, "layer": text, "id": text, "operation": text, "at": text,
                        "change_set": number, "author": maybe, "reason": maybe, "batch": maybe,
                    },
                } },
                "links": { "type": "array", "items": { "$ref": "#/components/schemas/Link" } },
            },
        },
        "StepGiven": {
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "note": { "type": "string", "maxLength": 1000 },
                "place": place,
                "at": { "type": "string", "format": "date-time" },
                "fields": { "type": "object" },
                "photos": { "type": "array", "items": {
                    "type": "object", "required": ["hash"],
                    "properties": { "hash": { "type": "string", "pattern": "^[0-9a-fA-F]{64}$" }, "shows": text },
                } },
                "documents": { "type": "array", "items": {
                    "type": "object", "required": ["kind", "number"],
                    "properties": { "kind": text, "number": text },
                } },
                "geometry": { "type": "object", "nullable": true },
            },
        },
        "StepsGiven": {
            "type": "object",
            "additionalProperties": false,
            "required": ["items"],
            "properties": {
                "items": { "type": "array", "minItems": 1, "maxItems": 200, "items": {
                    "type": "object", "required": ["id", "version"],
                    "properties": { "id": text, "version": { "type": "integer" } },
                } },
                "note": { "type": "string", "maxLength": 1000 },
                "place": place,
                "at": { "type": "string", "format": "date-time" },
                "fields": { "type": "object" },
            },
        },
        "NightCount": {
            "type": "object",
            "additionalProperties": false,
            "required": ["place", "plates"],
            "properties": {
                "at": { "type": "string", "format": "date-time" },
                "place": place,
                "plates": { "type": "array", "minItems": 1, "maxItems": 500, "items": text },
            },
        },
        "Revert": {
            "type": "object",
            "additionalProperties": false,
            "properties": { "reason": reason },
        },
        "RevertItem": {
            "type": "object",
            "required": ["to"],
            "additionalProperties": false,
            "properties": { "to": count, "reason": reason },
        },
    });
    if let (Value::Object(schemas), Value::Object(added)) = (schemas, added) {
        schemas.extend(added);
    }
}
