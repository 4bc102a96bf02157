//! An operation as the document describes it.

use serde_json::{Map, Value, json};

use super::{example, headers, problem, recorded};
use crate::{
    api::{form::Form, table::Table},
    ops::{Access, IDEMPOTENCY_KEY, OPS, OpDef},
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
    let mut done = json!({ "description": "Done", "headers": headers::of(op) });
    if op.route.has_answer() {
        let contents = forms.iter().map(|it| (it.media_type().to_owned(), content(op, *it)));
        done["content"] = contents.collect::<Map<_, _>>().into();
    }
    responses.insert(op.route.status.to_string(), done);
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
        Access::Person | Access::Payer => json!([{ "ApiKeyAuth": [] }, { "SessionCookie": [] }]),
        Access::BotKeys => {
            json!([{ "KeyToken": [] }, { "ApiKeyAuth": [] }, { "SessionCookie": [] }])
        }
        Access::Account => json!([{ "ApiKeyAuth": [] }, { "BearerAuth": [] }]),
        Access::Paper => json!([{ "BotKeyAuth": [] }, { "ApiKeyAuth": [] }, { "BearerAuth": [] }]),
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
        let mut example = example::request(op, schema);
        let (mut parameters, mut members) = (Vec::new(), Map::new());
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let in_path = op.route.path.contains(&format!("{{{name}}}"));
            if in_path || !op.route.method.has_body() {
                let place = if in_path { "path" } else { "query" };
                let required = required.contains(&name.as_str());
                let example = example.shift_remove(name);
                parameters.push(parameter(name, property, place, required, example));
            } else {
                members.insert(name.clone(), to_the_letter["properties"][name].clone());
            }
        }
        if let Some(key) = schema["properties"].get(IDEMPOTENCY_KEY) {
            let mut header = parameter("Idempotency-Key", key, "header", false, None);
            header["description"] = json!("The same as `idempotency_key` of the body.");
            header["schema"]["pattern"] = json!("^[\\t\\x20-\\x7e]*$");
            parameters.push(header);
        }
        let required: Vec<&str> =
            required.into_iter().filter(|it| members.contains_key(*it)).collect();
        let body = (!members.is_empty()).then(|| {
            json!({
                "required": !required.is_empty(),
                "content": { "application/json": {
                    "example": example,
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

fn parameter(
    name: &str,
    schema: &Value,
    place: &str,
    required: bool,
    example: Option<Value>,
) -> Value {
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
    if let Some(example) = example {
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
        Form::Json => {
            let mut content = recorded::answer(op);
            content.insert("schema".to_owned(), answer(op));
            content.into()
        }
        Form::Csv => {
            let mut content = json!({ "schema": {
                "type": "string",
                "description": "A header line with the names of the members of a row, then a \
                    line per row.",
            } });
            if let Some(example) = as_csv(op, &recorded::answer(op)) {
                content["example"] = example.into();
            }
            content
        }
        // A body of bytes has neither schema nor example in OpenAPI 3.1.
        Form::Arrow => json!({}),
    }
}

/// The same example as CSV.
fn as_csv(op: &OpDef, content: &Map<String, Value>) -> Option<String> {
    let csv = Table::of(op)?.write(Form::Csv, content.get("example")?).ok()?;
    String::from_utf8(csv).ok()
}

fn answer(op: &OpDef) -> Value {
    let mut output = (op.output)().to_value();
    match (op.route.envelope, op.route.bare) {
        (Some(name), _) => json!({
            "type": "object",
            "properties": { name: output },
            "required": [name],
        }),
        (None, Some(name)) => output["properties"][name].take(),
        (None, None) => output,
    }
}

/// The addresses that are no operations: about the service itself.
pub(super) fn fixed() -> impl Iterator<Item = (&'static str, Value)> {
    let health = json!({
        "schema": {
            "type": "object",
            "properties": { "ok": { "const": true } },
            "required": ["ok"],
        },
        "example": { "ok": true },
    });
    let text = json!({ "schema": { "type": "string" } });
    let object = json!({ "schema": { "type": "object" } });
    let pages = [
        ("/api/health", "health", "Whether the service is there", "application/json", health),
        ("/api/openapi.json", "openapi_json", "This document", "application/json", object.clone()),
        ("/api/openapi.yaml", "openapi_yaml", "This document as YAML", "application/yaml", object),
        ("/api/docs", "docs", "This document as a page to try it out", "text/html", text),
    ];
    pages.into_iter().map(|(path, id, summary, media_type, content)| {
        let operation = json!({
            "operationId": id,
            "tags": ["service"],
            "summary": summary,
            "description": format!("{summary}."),
            "responses": { "200": {
                "description": "Done",
                "content": { media_type: content },
            } },
            "security": [{}],
        });
        (path, operation)
    })
}
