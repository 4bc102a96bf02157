//! An operation as the document describes it.

use serde_json::{Map, Value, json};

use super::{example, problem};
use crate::{
    api::form::Form,
    ops::{Access, IDEMPOTENCY_KEY, Method, OPS, OpDef},
};

/// The groups of operations, in the order of the table.
pub(super) fn tags() -> Vec<Value> {
    let mut names: Vec<&str> = Vec::new();
    for name in OPS.iter().map(|op| tag(op.route.path)).chain(["service"]) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.into_iter().map(|name| json!({ "name": name })).collect()
}

/// The noun that an address begins with.
fn tag(path: &str) -> &str {
    path.trim_start_matches("/api/v1/").split('/').next().unwrap_or_default()
}

/// An item of a list in a query, where commas separate items and blank ones are dropped.
const ITEM: &str = r"^[^,]*[^,\s\u0085][^,]*$";

/// An operation at its own address, or at the one of a form of its table.
pub(super) fn of(op: &OpDef, form: Option<Form>) -> Value {
    let schema = (op.input)().to_value();
    let Fields { parameters, body } = Fields::of(op, &schema);
    let description = op.page();
    let summary = description.split(['.', '\n']).next().unwrap_or_default();
    let forms = match form {
        Some(form) => vec![form],
        None if op.rows.is_some() => Form::OF_TABLE.to_vec(),
        None => vec![Form::Json],
    };
    let suffix = form.map_or("", Form::suffix).replace('.', "_");
    let mut responses = Map::new();
    let content = forms.into_iter().map(|form| (form.media_type().to_owned(), content(op, form)));
    let content: Map<String, Value> = content.collect();
    responses
        .insert(op.route.status.to_string(), json!({ "description": "Done", "content": content }));
    // Where the path says the form, `Accept` is not asked.
    responses.extend(problem::of(op).filter(|(status, _)| form.is_none() || status != "406"));
    let mut operation = json!({
        "operationId": format!("{}{suffix}", op.name),
        "tags": [tag(op.route.path)],
        "summary": summary,
        "description": description,
        "parameters": parameters,
        "responses": responses,
        "security": security(op.access),
    });
    if let Some(body) = body {
        operation["requestBody"] = body;
    }
    operation
}

/// What is open to everybody can be asked with a key too.
fn security(access: Access) -> Value {
    match access {
        Access::Account => json!([{ "ApiKeyAuth": [] }, { "BearerAuth": [] }]),
        Access::Public | Access::OwnerOrPublished => {
            json!([{}, { "ApiKeyAuth": [] }, { "BearerAuth": [] }])
        }
    }
}

/// Where the fields of a request are sent.
struct Fields {
    parameters: Vec<Value>,
    body: Option<Value>,
}

impl Fields {
    fn of(op: &OpDef, schema: &Value) -> Self {
        let to_the_letter = (op.body)().to_value();
        let required = schema["required"].as_array().into_iter().flatten();
        let required: Vec<&str> = required.filter_map(Value::as_str).collect();
        let (mut parameters, mut members) = (Vec::new(), Map::new());
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let in_path = op.route.path.contains(&format!("{{{name}}}"));
            if in_path || op.route.method != Method::Post {
                let place = if in_path { "path" } else { "query" };
                parameters.push(parameter(
                    name,
                    property,
                    place,
                    required.contains(&name.as_str()),
                ));
            } else {
                members.insert(name.clone(), to_the_letter["properties"][name].clone());
            }
        }
        if let Some(key) = schema["properties"].get(IDEMPOTENCY_KEY) {
            let mut header = parameter("Idempotency-Key", key, "header", false);
            header["description"] = json!("The same as `idempotency_key` of the body.");
            header["schema"]["pattern"] = json!("^[\\t\\x20-\\x7e]*$");
            parameters.push(header);
        }
        let required: Vec<&str> =
            required.into_iter().filter(|it| members.contains_key(*it)).collect();
        let body = (op.route.method == Method::Post && !members.is_empty()).then(|| {
            json!({
                "required": !required.is_empty(),
                "content": { "application/json": {
                    "example": example::object(&members),
                    "schema": {
                        "type": "object",
                        "properties": members,
                        "required": required,
                        "additionalProperties": false,
                    },
                } },
            })
        });
        Self { parameters, body }
    }
}

fn parameter(name: &str, schema: &Value, place: &str, required: bool) -> Value {
    let mut schema = schema.clone();
    let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
    let list = schema["type"] == "array";
    let mut parameter = json!({
        "name": name,
        "in": place,
        "required": place == "path" || required,
        "schema": schema,
    });
    if let Some(description) = description {
        parameter["description"] = description;
    }
    if let Some(example) = example::of(name) {
        parameter["example"] = example;
    }
    if list {
        parameter["schema"]["items"]["pattern"] = json!(ITEM);
        parameter["style"] = json!("form");
        parameter["explode"] = json!(false);
    }
    parameter
}

/// An answer in this form.
fn content(op: &OpDef, form: Form) -> Value {
    match form {
        Form::Json => json!({ "schema": answer(op) }),
        Form::Csv => json!({
            "schema": { "type": "string", "description": "A header line with the names of the \
                members of a row, then a line per row." },
        }),
        // A body of bytes has no schema in OpenAPI 3.1.
        Form::Arrow => json!({}),
    }
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

/// The addresses that are no operations: about the service itself.
pub(super) fn fixed() -> impl Iterator<Item = (&'static str, Value)> {
    let pages = [
        ("/api/health", "health", "Whether the service is there", "application/json"),
        ("/api/openapi.json", "openapi_json", "This document", "application/json"),
        ("/api/openapi.yaml", "openapi_yaml", "This document as YAML", "application/yaml"),
        ("/api/docs", "docs", "This document as a page to try it out", "text/html"),
    ];
    pages.into_iter().map(|(path, id, summary, media_type)| {
        let page = media_type == "text/html";
        let schema = json!({ "type": if page { "string" } else { "object" } });
        let operation = json!({
            "operationId": id,
            "tags": ["service"],
            "summary": summary,
            "description": format!("{summary}."),
            "responses": { "200": {
                "description": "Done",
                "content": { media_type: { "schema": schema } },
            } },
            "security": [{}],
        });
        (path, operation)
    })
}
