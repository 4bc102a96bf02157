//! The `OpenAPI` 3.1 document, read off [`OPS`].

use serde_json::{Map, Value, json};

use crate::ops::{Access, Method, OPS, OpDef};

/// The document for a service at this address.
pub(crate) fn document(public_url: &str) -> Value {
    let mut paths = Map::new();
    for op in OPS {
        let path = paths.entry(op.route.path).or_insert_with(|| json!({}));
        path[method(op.route.method)] = operation(op);
    }
    json!({
        "openapi": "3.1.0",
        "info": { "title": "BotTrade Benchmark API", "version": env!("CARGO_PKG_VERSION") },
        "servers": [{ "url": public_url }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "ApiKeyAuth": { "type": "apiKey", "in": "header", "name": "X-API-Key" },
                "BearerAuth": { "type": "http", "scheme": "bearer" },
            },
            "schemas": { "Problem": problem() },
        },
    })
}

fn method(method: Method) -> &'static str {
    match method {
        Method::Get => "get",
        Method::Post => "post",
        Method::Delete => "delete",
    }
}

fn operation(op: &OpDef) -> Value {
    let schema = (op.input)().to_value();
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let (mut parameters, mut body) = (Vec::new(), Map::new());
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let in_path = op.route.path.contains(&format!("{{{name}}}"));
        if in_path || op.route.method != Method::Post {
            parameters.push(parameter(name, property, in_path, required.contains(&name.as_str())));
        } else {
            body.insert(name.clone(), property.clone());
        }
    }
    let description = op.page();
    let summary = description.split(['.', '\n']).next().unwrap_or_default();
    let mut operation = json!({
        "operationId": op.name,
        "summary": summary,
        "description": description,
        "parameters": parameters,
        "responses": {
            op.route.status.to_string(): {
                "description": "Done",
                "content": { "application/json": { "schema": answer(op) } },
            },
            "default": {
                "description": "A problem: what is wrong and what to do next",
                "content": { "application/problem+json": {
                    "schema": { "$ref": "#/components/schemas/Problem" },
                } },
            },
        },
    });
    if op.access == Access::Account {
        operation["security"] = json!([{ "ApiKeyAuth": [] }, { "BearerAuth": [] }]);
    }
    if !body.is_empty() {
        let required: Vec<_> = required.into_iter().filter(|it| body.contains_key(*it)).collect();
        operation["requestBody"] = json!({
            "required": !required.is_empty(),
            "content": { "application/json": { "schema": {
                "type": "object",
                "properties": body,
                "required": required,
                "additionalProperties": false,
            } } },
        });
    }
    operation
}

fn answer(op: &OpDef) -> Value {
    let output = (op.output)().to_value();
    match op.route.envelope {
        None => output,
        Some(name) => json!({
            "type": "object",
            "properties": { name: output },
            "required": [name],
        }),
    }
}

fn parameter(name: &str, schema: &Value, in_path: bool, required: bool) -> Value {
    let mut schema = schema.clone();
    let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
    let mut parameter = json!({
        "name": name,
        "in": if in_path { "path" } else { "query" },
        "required": in_path || required,
        "schema": schema,
    });
    if let Some(description) = description {
        parameter["description"] = description;
    }
    if schema["type"] == "array" {
        parameter["style"] = json!("form");
        parameter["explode"] = json!(false);
    }
    parameter
}

/// RFC 9457 problem details, with `error` and `message` for older clients.
fn problem() -> Value {
    let text = json!({ "type": "string" });
    json!({
        "type": "object",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": {
            "type": text, "title": text, "status": { "type": "integer" }, "detail": text,
            "error": text, "message": text, "code": text, "hint": text,
            "errors": { "type": "array", "items": {
                "type": "object", "properties": { "location": text, "message": text },
            } },
        },
    })
}
