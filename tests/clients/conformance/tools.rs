//! The tools that the suite calls.

use std::time::Duration;

use rmcp::{
    ErrorData, Peer, RoleServer,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ClientCapabilities, ClientResult,
        ContentBlock, JsonObject, LoggingLevel, LoggingMessageNotificationParam,
        ProgressNotificationParam, ProtocolVersion, ServerRequest, Tool,
    },
    service::RequestContext,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::{sync::broadcast, time::sleep};

/// A list that changed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Changed {
    Tools,
    Prompts,
}

/// One red point.
pub(crate) const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8\
    z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
/// No sound.
const WAV: &str = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=";

/// Between two notifications of one call.
const PAUSE: Duration = Duration::from_millis(50);

const PLAIN: &[&str] = &[
    "test_simple_text",
    "test_image_content",
    "test_audio_content",
    "test_embedded_resource",
    "test_multiple_content_types",
    "test_error_handling",
    "test_tool_with_logging",
    "test_tool_with_progress",
    "test_elicitation_sep1034_defaults",
    "test_elicitation_sep1330_enums",
    "test_missing_capability",
    "test_reconnection",
    "test_streaming_elicitation",
    "test_logging_tool",
    "test_trigger_tool_change",
    "test_trigger_prompt_change",
    "test_input_required_result_elicitation",
    "test_input_required_result_sampling",
    "test_input_required_result_list_roots",
    "test_input_required_result_request_state",
    "test_input_required_result_multiple_inputs",
    "test_input_required_result_multi_round",
    "test_input_required_result_tampered_state",
    "test_input_required_result_capabilities",
];

/// The tools that ask the client before they answer.
const ASKS: &[&str] = &[
    "test_sampling",
    "test_elicitation",
    "test_elicitation_sep1034_defaults",
    "test_elicitation_sep1330_enums",
];

/// JSON as a type of the protocol.
pub(crate) fn typed<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

/// Every fixture that is a tool.
pub(crate) fn list() -> Vec<Tool> {
    let one = |name: &str| {
        json!({ "type": "object", "required": [name],
            "properties": { name: { "type": "string" } } })
    };
    let rich = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": { "address": { "$anchor": "addressDef", "type": "object", "properties": {
            "street": { "type": "string" }, "city": { "type": "string" } } } },
        "properties": {
            "name": { "type": "string" },
            "address": { "$ref": "#/$defs/address" },
            "contactMethod": { "type": "string", "enum": ["phone", "email"] },
            "phone": { "type": "string" },
            "email": { "type": "string" },
        },
        "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
        "if": { "properties": { "contactMethod": { "const": "phone" } },
            "required": ["contactMethod"] },
        "then": { "required": ["phone"] },
        "else": { "required": ["email"] },
        "additionalProperties": false,
    });
    let header = json!({ "type": "object", "properties": {
        "region": { "type": "string", "x-mcp-header": "Region" } } });
    let with = [
        ("test_sampling", one("prompt")),
        ("test_elicitation", one("message")),
        ("json_schema_2020_12_tool", rich),
        ("test_header", header),
    ];
    let plain = PLAIN.iter().map(|name| (*name, json!({ "type": "object", "properties": {} })));
    let tool = |(name, schema): (&'static str, Value)| {
        Tool::new(name, "A fixture of the conformance suite.", typed::<JsonObject>(schema))
    };
    plain.chain(with).map(tool).collect()
}

fn content(blocks: Value) -> CallToolResponse {
    CallToolResult::success(typed(blocks)).into()
}

pub(crate) fn text(text: &str) -> CallToolResponse {
    content(json!([{ "type": "text", "text": text }]))
}

/// What a tool says that always says the same.
fn fixed(name: &str) -> Option<CallToolResponse> {
    let image = json!({ "type": "image", "data": PNG, "mimeType": "image/png" });
    Some(match name {
        "test_simple_text" => text("This is a simple text response for testing."),
        "test_image_content" => content(json!([image])),
        "test_audio_content" => {
            content(json!([{ "type": "audio", "data": WAV, "mimeType": "audio/wav" }]))
        }
        "test_embedded_resource" => content(json!([{ "type": "resource", "resource": {
            "uri": "test://embedded-resource", "mimeType": "text/plain",
            "text": "This is an embedded resource content." } }])),
        "test_multiple_content_types" => content(json!([
            { "type": "text", "text": "Multiple content types test:" },
            image,
            { "type": "resource", "resource": { "uri": "test://mixed-content-resource",
                "mimeType": "application/json", "text": "{\"test\":\"data\",\"value\":123}" } },
        ])),
        "test_error_handling" => {
            let words = "This tool intentionally returns an error for testing";
            CallToolResult::error(vec![ContentBlock::text(words)]).into()
        }
        _ => return None,
    })
}

/// A tool that needs nothing but its arguments and its peer.
pub(crate) async fn call(
    changes: &broadcast::Sender<Changed>,
    request: &CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    if let Some(response) = fixed(&request.name) {
        return Ok(response);
    }
    match &*request.name {
        "test_tool_with_logging" | "test_logging_tool" => logging(context).await,
        "test_tool_with_progress" => progress(context, &[0.0, 50.0, 100.0]).await,
        "test_streaming_elicitation" => progress(context, &[1.0]).await,
        // Nobody need be listening for these two.
        "test_trigger_tool_change" => drop(changes.send(Changed::Tools)),
        "test_trigger_prompt_change" => drop(changes.send(Changed::Prompts)),
        "test_missing_capability" => declared(context)?,
        name if !ASKS.contains(&name) => {}
        _ if !is_in_session(context) => {
            return Err(ErrorData::invalid_request("without a session nobody can be asked", None));
        }
        _ => return Ok(text(&asked(&context.peer, request).await?)),
    }
    Ok(text("Done."))
}

/// What one of [`ASKS`] says.
async fn asked(
    peer: &Peer<RoleServer>,
    request: &CallToolRequestParams,
) -> Result<String, ErrorData> {
    let elicited = |answer| format!("Elicitation completed: {answer}");
    match &*request.name {
        "test_sampling" => sampling(peer, argument(request, "prompt")).await,
        "test_elicitation" => {
            let answer = elicit(peer, argument(request, "message"), user()).await?;
            Ok(format!("User response: {answer}"))
        }
        "test_elicitation_sep1034_defaults" => {
            elicit(peer, "Defaults", defaults()).await.map(elicited)
        }
        // `test_elicitation_sep1330_enums`
        _ => elicit(peer, "Enums", enums()).await.map(elicited),
    }
}

fn is_in_session(context: &RequestContext<RoleServer>) -> bool {
    let parts = context.extensions.get::<http::request::Parts>();
    parts.is_some_and(|it| it.headers.contains_key("mcp-session-id"))
}

/// Refuses a client that cannot sample.
fn declared(context: &RequestContext<RoleServer>) -> Result<(), ErrorData> {
    let can = context.client_capabilities().unwrap_or_default();
    let needed = || ClientCapabilities::builder().enable_sampling().build();
    can.sampling.map(drop).ok_or_else(|| ErrorData::missing_required_client_capability(needed()))
}

async fn logging(context: &RequestContext<RoleServer>) {
    let modern = context.protocol_version().is_some_and(|it| it >= ProtocolVersion::V_2026_07_28);
    if modern && context.meta.log_level().is_none() {
        return;
    }
    for words in ["Tool execution started", "Tool processing data", "Tool execution completed"] {
        let param = LoggingMessageNotificationParam::new(LoggingLevel::Info, json!(words));
        let _ = context.peer.notify_logging_message(param).await;
        sleep(PAUSE).await;
    }
}

async fn progress(context: &RequestContext<RoleServer>, steps: &[f64]) {
    for done in steps {
        if let Some(token) = context.meta.get_progress_token() {
            let param = ProgressNotificationParam::new(token, *done).with_total(100.0);
            let _ = context.peer.notify_progress(param).await;
        }
        sleep(PAUSE).await;
    }
}

fn argument<'a>(request: &'a CallToolRequestParams, name: &str) -> &'a str {
    let arguments = request.arguments.as_ref();
    arguments.and_then(|it| it.get(name)?.as_str()).unwrap_or_default()
}

async fn sampling(peer: &Peer<RoleServer>, prompt: &str) -> Result<String, ErrorData> {
    let asked = typed(json!({ "maxTokens": 100, "messages": [
        { "role": "user", "content": { "type": "text", "text": prompt } }] }));
    let answer = peer.create_message(asked).await;
    let answer = answer.map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
    let said = serde_json::to_value(&answer).unwrap()["content"]["text"].clone();
    Ok(format!("LLM response: {}", said.as_str().unwrap_or_default()))
}

fn user() -> Value {
    json!({ "type": "object", "required": ["username", "email"], "properties": {
        "username": { "type": "string", "description": "User's response" },
        "email": { "type": "string", "description": "User's email address" },
    } })
}

/// Asks the user within the call; what came back, in words.
async fn elicit(
    peer: &Peer<RoleServer>,
    message: &str,
    schema: Value,
) -> Result<String, ErrorData> {
    let asked = json!({ "method": "elicitation/create",
        "params": { "message": message, "requestedSchema": schema } });
    let answer = peer.send_request(ServerRequest::ElicitRequest(typed(asked))).await;
    match answer {
        Ok(ClientResult::ElicitResult(it)) => {
            let (action, content) = (json!(it.action), it.content.unwrap_or_default());
            Ok(format!("action={}, content={content}", action.as_str().unwrap()))
        }
        Ok(_) => Err(ErrorData::internal_error("another answer was expected", None)),
        Err(error) => Err(ErrorData::internal_error(error.to_string(), None)),
    }
}

fn defaults() -> Value {
    json!({ "type": "object", "required": [], "properties": {
        "name": { "type": "string", "default": "John Doe" },
        "age": { "type": "integer", "default": 30 },
        "score": { "type": "number", "default": 95.5 },
        "status": { "type": "string", "enum": ["active", "inactive", "pending"],
            "default": "active" },
        "verified": { "type": "boolean", "default": true },
    } })
}

fn enums() -> Value {
    let options = json!(["option1", "option2", "option3"]);
    let titled = |letter: &str| {
        json!([
            { "const": "value1", "title": format!("First {letter}") },
            { "const": "value2", "title": format!("Second {letter}") },
            { "const": "value3", "title": format!("Third {letter}") },
        ])
    };
    json!({ "type": "object", "required": [], "properties": {
        "untitledSingle": { "type": "string", "enum": options },
        "titledSingle": { "type": "string", "oneOf": titled("Option") },
        "legacyEnum": { "type": "string", "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option One", "Option Two", "Option Three"] },
        "untitledMulti": { "type": "array",
            "items": { "type": "string", "enum": options } },
        "titledMulti": { "type": "array", "items": { "anyOf": titled("Choice") } },
    } })
}
