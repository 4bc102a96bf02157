//! What the same libraries cost without a service behind them: two routes that answer a constant.
//!
//! `/bare` is an axum route; `/mcp` a server of rmcp, set up as the service's is, with the tools
//! `small` (two words) and `same` (the answer that the service gives).

use std::sync::Arc;

use axum::{Json, Router, routing::post, routing::post_service, serve::ListenerExt as _};
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ServerCapabilities,
        ServerConfig,
    },
    service::RequestContext,
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
    },
};
use serde_json::Value;

/// The argument that makes this program a bare server; the answer follows it.
pub(crate) const WORD: &str = "bare";

#[derive(Clone)]
struct Bare {
    answer: Arc<Value>,
}

impl ServerHandler for Bare {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        Ok(match request.name.as_ref() {
            "same" => CallToolResult::structured(Value::clone(&self.answer)).into(),
            _ => CallToolResult::success(vec![ContentBlock::text("all good")]).into(),
        })
    }
}

/// Serves until it is ended.
pub(crate) fn serve(answer: &str) -> anyhow::Result<()> {
    let answer: Arc<Value> = Arc::new(serde_json::from_str(answer)?);
    let server = Bare { answer: Arc::clone(&answer) };
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true);
    let sessions = NeverSessionManager::default().into();
    let mcp = StreamableHttpService::new(move || Ok(server.clone()), sessions, config);
    let route = async move |_: Json<Value>| Json(Value::clone(&answer));
    let router = Router::new().route("/bare", post(route)).route("/mcp", post_service(mcp));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("http://{}/", listener.local_addr()?);
        let listener = listener.tap_io(|stream| {
            // A connection that is gone already needs no setting.
            let _ = stream.set_nodelay(true);
        });
        axum::serve(listener, router).await?;
        Ok(())
    })
}
