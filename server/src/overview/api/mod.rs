//! `GET /api`: the service described in OpenAPI 3.0, made from its operations and its
//! catalog; `GET /api.html`: the same for people.

mod answers;
mod attachments;
mod changes;
mod operations;
mod parameters;
mod people;
mod renewal;
mod schemas;

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use self::operations::{OPERATIONS, Operation};
use crate::http::{App, Base, Parameters, Problem, html};

/// Media type of the document.
pub(super) const MEDIA_TYPE: &str = "application/vnd.oai.openapi+json;version=3.0";

/// `GET /api`.
pub(super) async fn document(
    State(app): State<App>,
    base: Base,
    given: Parameters,
) -> Result<Response, Problem> {
    given.finish()?;
    let mut response = describe(&app, &base).to_string().into_response();
    (response.headers_mut()).insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    Ok(response)
}

/// `GET /api.html`.
pub(super) async fn page(given: Parameters) -> Result<Response, Problem> {
    given.finish()?;
    let mut page = html::Page::new("接口", "Interface");
    page.text(
        "机器可读的说明在 /api（OpenAPI 3.0）。出错时一律返回 RFC 9457 问题文档。 / \
         The description for programs is at /api (OpenAPI 3.0). Every refusal is a problem document (RFC 9457).",
    );
    let mut tag = "";
    let mut table = None;
    for operation in OPERATIONS {
        if operation.tag != tag {
            if let Some(table) = table.take() {
                page.table(table);
            }
            tag = operation.tag;
            page.heading(tag);
            let mut head = html::Table::new("");
            head.column("用途", "Purpose");
            head.column("参数", "Parameters");
            table = Some(head);
        }
        let names: Vec<&str> = operation.parameters.to_vec();
        let call = format!("{} {}", operation.method.to_uppercase(), operation.path);
        let cells = [operation.summary.to_owned(), names.join(", ")];
        if let Some(table) = &mut table {
            table.row("", &call, cells);
        }
    }
    if let Some(table) = table {
        page.table(table);
    }
    Ok(page.into_response())
}

fn describe(app: &App, base: &Base) -> Value {
    let about = app.about();
    let mut paths = Map::new();
    for operation in OPERATIONS {
        let path = paths
            .entry(operation.path)
            .or_insert_with(|| Value::Object(Map::new()));
        path[operation.method] = operation.describe();
    }
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": format!("{} / {}", about.title.zh, about.title.en),
            "version": env!("CARGO_PKG_VERSION"),
            "description": "一张图：村庄规划、治理与更新 / one map for village planning, governance and renewal",
            "license": { "name": "Apache-2.0" },
        },
        "servers": [{ "url": base.at("") }],
        "tags": tags(),
        "paths": paths,
        "components": {
            "parameters": parameters::all(app),
            "schemas": schemas::all(app),
            "responses": { "Problem": {
                "description": "请求未完成 / refused: RFC 9457",
                "content": { "application/problem+json": {
                    "schema": { "$ref": "#/components/schemas/Problem" },
                } },
            } },
        },
    })
}

fn tags() -> Vec<Value> {
    let mut tags: Vec<&str> = OPERATIONS.iter().map(|operation| operation.tag).collect();
    tags.dedup();
    tags.into_iter().map(|tag| json!({ "name": tag })).collect()
}

impl Operation {
    fn describe(&self) -> Value {
        let parameters: Vec<Value> = (self.parameters.iter())
            .map(|name| json!({ "$ref": format!("#/components/parameters/{name}") }))
            .collect();
        let content: Map<String, Value> = (self.answers.iter())
            .map(|(media_type, schema)| {
                (
                    (*media_type).to_owned(),
                    json!({ "schema": schema_of(schema) }),
                )
            })
            .collect();
        let mut described = json!({
            "tags": [self.tag],
            "summary": self.summary,
            "operationId": self.id,
            "parameters": parameters,
            "responses": {
                (self.status): { "description": "完成 / done", "content": content },
                "default": { "$ref": "#/components/responses/Problem" },
            },
        });
        if self.answers.is_empty() {
            described["responses"][self.status] = json!({ "description": "完成 / done" });
        }
        if !self.body.is_empty() {
            let content: Map<String, Value> = (self.body.iter())
                .map(|(media_type, schema)| {
                    (
                        (*media_type).to_owned(),
                        json!({ "schema": schema_of(schema) }),
                    )
                })
                .collect();
            described["requestBody"] = json!({ "required": true, "content": content });
        }
        for status in self.further {
            let description = match *status {
                "204" => "空 / empty",
                "304" => "未变 / unchanged",
                _ => "其他 / other",
            };
            described["responses"][*status] = json!({ "description": description });
        }
        described
    }
}

/// A named schema, or one of the plain kinds.
fn schema_of(name: &str) -> Value {
    match name {
        "string" => json!({ "type": "string" }),
        "objects" => json!({ "type": "array", "items": { "type": "object" } }),
        "binary" => json!({ "type": "string", "format": "binary" }),
        "object" => json!({ "type": "object" }),
        name => json!({ "$ref": format!("#/components/schemas/{name}") }),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::http::routes;

    /// The paths of the router, as its debugging form tells them.
    fn routed() -> BTreeSet<String> {
        let told = format!("{:?}", routes());
        let quoted = told.split('"').skip(1).step_by(2);
        quoted
            .filter(|text| text.starts_with('/'))
            .filter(|path| !path.contains("__private__"))
            // The page's own files are no interface.
            .filter(|path| !path.starts_with("/assets/") && *path != "/api.css")
            .filter(|path| {
                !path.rsplit('/').next().unwrap_or_default().contains('.') || *path == "/api.html"
            })
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn every_path_is_described_and_no_other() {
        let described: BTreeSet<String> = OPERATIONS
            .iter()
            .map(|operation| operation.path.to_owned())
            .collect();
        assert!(described.len() > 20);
        assert_eq!(routed(), described);
    }

    #[test]
    fn operations_are_told_apart_and_whole() {
        let ids: BTreeSet<&str> = OPERATIONS.iter().map(|operation| operation.id).collect();
        assert_eq!(ids.len(), OPERATIONS.len());
        for operation in OPERATIONS {
            let braces = operation.path.matches('{').count();
            let in_path = (operation.parameters.iter())
                .filter(|name| {
                    operation
                        .path
                        .contains(&format!("{{{}}}", parameters::name_of(name)))
                })
                .count();
            assert_eq!(braces, in_path, "{}", operation.path);
        }
    }
}
