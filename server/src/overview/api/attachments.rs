//! Schemas of attachments.

use serde_json::{Value, json};

/// Adds the schemas by name.
pub(super) fn add(schemas: &mut Value) {
    let text = json!({ "type": "string" });
    let maybe = json!({ "type": "string", "nullable": true });
    let truth = json!({ "type": "boolean" });
    let count = json!({ "type": "integer", "minimum": 0 });
    let perhaps = json!({ "type": "integer", "minimum": 0, "nullable": true });
    let added = json!({
        "Attachment": {
            "type": "object",
            "required": [
                "id", "kind", "name", "caption", "media_type", "hash", "bytes", "width", "height",
                "taken_at", "place", "bearing", "author", "added_at", "personal", "may_remove",
                "href", "thumbnail", "original",
            ],
            "properties": {
                "id": text, "kind": text, "name": text, "caption": maybe, "media_type": text,
                "hash": text, "bytes": count, "width": perhaps, "height": perhaps,
                "taken_at": maybe, "author": maybe, "added_at": maybe,
                "place": {
                    "type": "array", "nullable": true, "minItems": 2, "maxItems": 2,
                    "items": { "type": "number" },
                },
                "bearing": { "type": "number", "nullable": true },
                "personal": truth, "may_remove": truth,
                "href": text, "thumbnail": maybe, "original": maybe,
            },
        },
        "Attachments": {
            "type": "object",
            "required": ["attachments", "hidden", "removed", "may_add", "rules"],
            "properties": {
                "attachments": { "type": "array", "items": { "$ref": "#/components/schemas/Attachment" } },
                "hidden": count,
                "removed": { "type": "array", "items": {
                    "type": "object",
                    "required": ["hash", "kind", "author", "removed_at"],
                    "properties": { "hash": maybe, "kind": maybe, "author": maybe, "removed_at": text },
                } },
                "may_add": truth,
                "rules": {
                    "type": "object",
                    "required": ["version", "most", "types", "kinds"],
                    "properties": {
                        "version": text,
                        "most": count,
                        "types": { "type": "array", "items": {
                            "type": "object",
                            "required": ["media_type", "largest_bytes"],
                            "properties": { "media_type": text, "largest_bytes": count },
                        } },
                        "kinds": { "type": "array", "items": {
                            "type": "object",
                            "required": ["code", "label", "personal"],
                            "properties": { "code": text, "label": {
                                "type": "object",
                                "required": ["zh", "en"],
                                "properties": { "zh": text, "en": text },
                            }, "personal": truth },
                        } },
                    },
                },
            },
        },
    });
    if let (Value::Object(schemas), Value::Object(added)) = (schemas, added) {
        schemas.extend(added);
    }
}
