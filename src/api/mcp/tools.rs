//! Operations as MCP tools.

use std::{collections::BTreeMap, sync::OnceLock};

use rmcp::model::{CallToolResponse, CallToolResult, ContentBlock, Tool, ToolAnnotations};
use serde_json::{Map, Value};

use crate::{
    error::Error,
    ops::{Answer, Cx, Effect, OPS, OpDef, toolsets::Chosen},
};

/// The tools of these toolsets, in the order of the table.
pub(super) fn list(chosen: &Chosen) -> Vec<Tool> {
    chosen.tools().filter_map(|op| tools().get(op.name).cloned()).collect()
}

/// Every tool, made once: copies share the schema.
fn tools() -> &'static BTreeMap<&'static str, Tool> {
    static TOOLS: OnceLock<BTreeMap<&'static str, Tool>> = OnceLock::new();
    let tools = || OPS.iter().filter(|op| op.tool).map(|op| (op.name, tool(op)));
    TOOLS.get_or_init(|| tools().collect())
}

fn tool(op: &OpDef) -> Tool {
    let title = title(op.name);
    let read_only = op.effect == Effect::Read;
    let annotations = ToolAnnotations::from_raw(
        Some(title),
        Some(read_only),
        (!read_only).then_some(false),
        None,
        Some(true),
    );
    Tool::new(op.name, op.description(), input_schema(op)).with_annotations(annotations)
}

/// `start_run` as `Start run`.
fn title(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// The schema of the arguments; the description of the whole is the tool's own.
fn input_schema(op: &OpDef) -> Map<String, Value> {
    let Value::Object(mut schema) = (op.input)().to_value() else {
        return Map::new();
    };
    schema.remove("description");
    schema.entry("properties").or_insert_with(|| Value::Object(Map::new()));
    schema
}

/// Calls a tool. What the operation refuses is a result too: a model reads it and goes on.
pub(super) async fn call(
    op: Result<&OpDef, Error>,
    cx: &Cx,
    arguments: Map<String, Value>,
) -> CallToolResponse {
    let result = match op {
        Ok(op) => op.call(cx, Ok(Value::Object(arguments))).await.and_then(structured),
        Err(error) => Err(error),
    };
    match result {
        Ok(result) => result.into(),
        Err(error) => {
            let mut result = CallToolResult::structured_error(error.problem());
            result.content = vec![ContentBlock::text(error.text())];
            result.into()
        }
    }
}

/// A result that says everything twice: as text, and as the same JSON.
fn structured(answer: Answer) -> Result<CallToolResult, Error> {
    let mut result = CallToolResult::success(vec![ContentBlock::text(answer.text()?)]);
    result.structured_content = Some(answer.into_value());
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_argument_is_repeated_in_a_header() {
        let schemas = serde_json::to_string(tools()).unwrap();
        assert!(schemas.contains("inputSchema") && !schemas.contains("x-mcp-header"));
    }
}
