//! Schemas of what is sent about people at work: accounts, and files that they take away.

use serde_json::{Value, json};

/// Adds the schemas by name.
pub(super) fn add(schemas: &mut Value) {
    let text = json!({ "type": "string" });
    schemas["NewAccount"] = json!({
        "type": "object",
        "required": ["user"],
        "additionalProperties": false,
        "properties": { "user": text, "name": text, "unit": text },
    });
    schemas["AccountChange"] = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "locked": { "type": "boolean" },
            "new_password": { "type": "boolean" },
            "reset_second_factor": { "type": "boolean" },
            "role": text,
            "unit": { "type": "string", "maxLength": 64 },
            "territory": { "type": "array", "items": {
                "type": "object",
                "required": ["layer", "id"],
                "properties": { "layer": text, "id": text },
            } },
        },
    });
    schemas["PeopleMerge"] = json!({
        "type": "object",
        "required": ["keep", "merge", "versions"],
        "additionalProperties": false,
        "properties": {
            "keep": text,
            "merge": { "type": "array", "minItems": 1, "maxItems": 9, "items": text },
            "versions": { "type": "object", "additionalProperties": { "type": "integer", "minimum": 0 } },
            "take": {
                "type": "object",
                "description": "Whose value stays, by field; else that of `keep`, or where it has none that of the others.",
                "additionalProperties": text,
            },
            "reason": text,
        },
    });
    schemas["AuditArchives"] = json!({
        "type": "object",
        "required": ["archives"],
        "properties": { "archives": { "type": "array", "items": {
            "type": "object",
            "required": ["name", "bytes"],
            "properties": { "name": text, "bytes": { "type": "integer" } },
        } } },
    });
    schemas["AuditArchiving"] = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": { "before": { "type": "string", "format": "date", "description": "此日以前的；不给则为到期的 / rows before this day; those that are due without" } },
    });
    schemas["AuditArchived"] = json!({
        "type": "object",
        "required": ["rows", "requests", "sha256", "name"],
        "properties": {
            "rows": { "type": "integer" }, "requests": { "type": "integer" }, "sha256": text,
            "name": { "type": "string", "nullable": true },
        },
    });
    schemas["RulesChange"] = json!({
        "type": "object",
        "required": ["version", "reason"],
        "additionalProperties": false,
        "properties": {
            "version": { "type": "string", "description": "所据的最新版本 / the latest version, which it was made from" },
            "reason": { "type": "string", "minLength": 4, "maxLength": 200 },
            "values": { "type": "object", "description": "整份规则 / the whole book" },
            "back_to": { "type": "string", "description": "恢复到此版本，与 values 择一 / the version to go back to, in the place of values" },
        },
    });
    schemas["RightsChange"] = json!({
        "type": "object",
        "required": ["version", "reason", "changes"],
        "additionalProperties": false,
        "properties": { "version": text, "reason": text, "changes": { "type": "array", "items": {
            "type": "object",
            "required": ["role"],
            "additionalProperties": false,
            "properties": {
                "role": text, "theme": text, "layer": text,
                "letters": { "type": "string", "nullable": true },
                "hidden": { "type": "array", "items": text },
                "duties": { "type": "array", "items": { "type": "string", "enum": ["exports", "operate"] } },
                "second_factor": { "type": "boolean" },
                "bound": { "type": "boolean" },
            },
        } } },
    });
    schemas["ExportWish"] = json!({
        "type": "object",
        "required": ["paths", "reason"],
        "additionalProperties": false,
        "properties": { "paths": { "type": "array", "items": text }, "reason": text },
    });
    schemas["ExportDecision"] = json!({
        "type": "object",
        "required": ["state"],
        "additionalProperties": false,
        "properties": {
            "state": { "type": "string", "enum": ["approved", "refused", "withdrawn"] },
            "remark": text,
        },
    });
}
