//! MCP over streamable HTTP: one tool per operation, no session, JSON answers.

use std::sync::{Arc, OnceLock};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderValue, StatusCode, Uri, header},
    response::IntoResponse as _,
    routing::post,
};
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation,
        ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
        ToolAnnotations,
    },
    service::RequestContext,
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
    },
};
use serde_json::{Map, Value};

use super::json_rpc;
use crate::{
    app::App,
    error::Error,
    ops::{Answer, Cx, Effect, INSTRUCTIONS, OPS, OpDef, Reader},
    runs::Caller,
};

/// The MCP endpoint.
pub(crate) fn router(app: &Arc<App>) -> Router {
    let server = Server { app: Arc::clone(app) };
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(super::limits::BODY_BYTES_MAX)
        .with_allowed_hosts(hosts(&app.public_url))
        .with_allowed_origins(origins(&app.public_url))
        .enforce_origin_validation();
    let sessions = NeverSessionManager::default().into();
    // Shared: a copy of the service copies its configuration.
    let service =
        Arc::new(StreamableHttpService::new(move || Ok(server.clone()), sessions, config));
    let answer = async move |mut request: Request| {
        // Answers are JSON whatever the client accepts: one that does not say is not turned away.
        let both = HeaderValue::from_static("application/json, text/event-stream");
        request.headers_mut().insert(header::ACCEPT, both);
        let sent_json = json_rpc::is_json(request.headers());
        json_rpc::answered(sent_json, service.handle(request).await.map(Body::new)).await
    };
    let no_method =
        async || json_rpc::answered(false, StatusCode::METHOD_NOT_ALLOWED.into_response()).await;
    Router::new().route("/mcp", post(answer).fallback(no_method))
}

/// Loopback, and the host under which the service is known.
fn hosts(public_url: &str) -> Vec<String> {
    let public = public_url.parse::<Uri>().ok();
    let public = public.as_ref().and_then(|uri| Some(uri.host()?.to_owned()));
    ["localhost", "127.0.0.1", "[::1]", "::1"]
        .map(str::to_owned)
        .into_iter()
        .chain(public)
        .collect()
}

/// Pages of this service itself; programs send no origin.
fn origins(public_url: &str) -> Vec<String> {
    vec![public_url.trim_end_matches('/').to_owned()]
}

#[derive(Clone)]
struct Server {
    app: Arc<App>,
}

// `get_tool` is left out: it is for arguments repeated in headers, and there are none.
impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().build();
        ServerConfig::new(capabilities)
            .with_server_info(Implementation::new("bottrade", env!("CARGO_PKG_VERSION")))
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools().to_vec()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let parts = context.extensions.get::<http::request::Parts>();
        let caller = parts.and_then(|parts| parts.extensions.get::<Caller>()).cloned();
        let cx = Cx {
            app: Arc::clone(&self.app),
            caller: caller.unwrap_or(Caller::Anonymous),
            reader: Reader::Model,
        };
        let input = Value::Object(request.arguments.unwrap_or_default());
        let result = match OpDef::tool(&request.name) {
            Ok(op) => op.call(&cx, input).await.and_then(structured),
            Err(error) => Err(error),
        };
        Ok(match result {
            Ok(result) => result.into(),
            Err(error) => {
                let mut result = CallToolResult::structured_error(error.problem());
                result.content = vec![ContentBlock::text(error.text())];
                result.into()
            }
        })
    }
}

/// A result that says everything twice: as text, and as the same JSON.
fn structured(answer: Answer) -> Result<CallToolResult, Error> {
    let mut result = CallToolResult::success(vec![ContentBlock::text(answer.text()?)]);
    result.structured_content = Some(answer.into_value());
    Ok(result)
}

/// The tools, in the order of the table.
fn tools() -> &'static [Tool] {
    static TOOLS: OnceLock<Vec<Tool>> = OnceLock::new();
    TOOLS.get_or_init(|| OPS.iter().filter(|op| op.tool).map(tool).collect())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_argument_is_repeated_in_a_header() {
        let schemas = serde_json::to_string(tools()).unwrap();
        assert!(schemas.contains("inputSchema") && !schemas.contains("x-mcp-header"));
    }
}
