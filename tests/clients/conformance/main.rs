//! The server that the MCP conformance suite is run against: the product's door, and behind it
//! what the suite calls by name. No part of the product; `tests/clients/test_conformance.py`
//! starts it.
//!
//! `/mcp` is the product's endpoint. A few scenarios of older revisions have the server ask the
//! client within a call, which takes a session, and the product has none: for those the same
//! server stands at `/sessions/mcp` too.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(deprecated, reason = "the suite asks for what the newest revision has given up")]

mod content;
mod input;
mod tools;

use std::{borrow::Cow, net::Ipv4Addr, sync::Arc};

use axum::Router;
use bottrade::{
    api::{self, limits::Limits, listen, mcp::Server},
    app::{App, Outside},
    clock::SystemClock,
    scenarios::Catalog,
    store::Store,
};
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CompleteRequestParams, CompleteResult,
        DiscoverResult, GetPromptRequestParams, GetPromptResponse, ListPromptsResult,
        ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, PaginatedRequestParams,
        ProtocolVersion, ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult,
        Reference, ServerCapabilities, ServerConfig, SetLevelRequestParams, SubscribeRequestParams,
        SubscriptionFilter, Tool, UnsubscribeRequestParams,
    },
    service::{RequestContext, SubscriptionContext},
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
    },
};
use tokio::sync::broadcast;

/// The product's server with the fixtures of the suite.
#[derive(Clone)]
struct Fixtures {
    product: Server,
    /// Lists that a tool claims to have changed.
    changes: broadcast::Sender<tools::Changed>,
    states: input::States,
}

impl ServerHandler for Fixtures {
    fn get_info(&self) -> ServerConfig {
        let mut info = self.product.get_info();
        let changing = ServerCapabilities::builder()
            .enable_logging()
            .enable_completions()
            .enable_tools()
            .enable_tool_list_changed()
            .enable_prompts()
            .enable_prompts_list_changed()
            .enable_resources()
            .enable_resources_subscribe();
        info.capabilities = changing.build();
        info
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        self.product.supported_protocol_versions()
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        tools::list().into_iter().find(|tool| tool.name == name)
    }

    async fn discover(
        &self,
        context: RequestContext<RoleServer>,
    ) -> Result<DiscoverResult, ErrorData> {
        let mut result = self.product.discover(context).await?;
        result.capabilities = self.get_info().capabilities;
        Ok(result)
    }

    async fn list_tools(
        &self,
        page: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let mut result = self.product.list_tools(page, context).await?;
        result.tools.extend(tools::list());
        Ok(result)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        if self.get_tool(&request.name).is_none() {
            return self.product.call_tool(request, context).await;
        }
        if request.name.starts_with("test_input_required") {
            return input::call(&self.states, &request, &context);
        }
        tools::call(&self.changes, &request, &context).await
    }

    async fn list_resources(
        &self,
        page: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let mut result = self.product.list_resources(page, context).await?;
        result.resources.extend(content::resources());
        Ok(result)
    }

    async fn list_resource_templates(
        &self,
        page: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let mut result = self.product.list_resource_templates(page, context).await?;
        result.resource_templates.push(content::template());
        Ok(result)
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        match content::read(&request.uri) {
            Some(contents) => Ok(ReadResourceResult::new(vec![contents]).into()),
            None => self.product.read_resource(request, context).await,
        }
    }

    async fn subscribe(
        &self,
        _: SubscribeRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn unsubscribe(
        &self,
        _: UnsubscribeRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn set_level(
        &self,
        _: SetLevelRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn list_prompts(
        &self,
        page: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let mut result = self.product.list_prompts(page, context).await?;
        result.prompts.extend(content::prompts());
        Ok(result)
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        match content::prompt(&request) {
            Some(response) => Ok(response),
            None => self.product.get_prompt(request, context).await,
        }
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let fixtures = content::prompts();
        match &request.r#ref {
            Reference::Prompt(asked) if fixtures.iter().any(|it| it.name == asked.name) => {
                Ok(CompleteResult::default())
            }
            _ => self.product.complete(request, context).await,
        }
    }

    fn accepted_subscription_filter(
        &self,
        requested: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        Some(requested.clone())
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let mut changes = self.changes.subscribe();
        loop {
            tokio::select! {
                () = context.cancelled() => return Ok(()),
                change = changes.recv() => {
                    // What was not asked for is refused by the sink.
                    let _ = match change {
                        Ok(tools::Changed::Tools) => {
                            context.sink().notify_tool_list_changed().await
                        }
                        Ok(tools::Changed::Prompts) => {
                            context.sink().notify_prompt_list_changed().await
                        }
                        Err(_) => return Ok(()),
                    };
                }
            }
        }
    }
}

#[tokio::main]
async fn main() {
    let listener = listen::bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let store = Store::in_memory().unwrap();
    let outside = Outside::none(&base, Arc::new(SystemClock)).unwrap();
    let app = App::new(&base, Catalog::embedded().unwrap(), store, Arc::new(SystemClock), outside);
    let server = Fixtures {
        product: Server::new(&app),
        changes: broadcast::Sender::new(16),
        states: input::States::default(),
    };
    let limits = Limits::default();
    let in_sessions = {
        let server = server.clone();
        let config = StreamableHttpServerConfig::default();
        let sessions = Arc::new(LocalSessionManager::default());
        StreamableHttpService::new(move || Ok(server.clone()), sessions, config)
    };
    let router = api::with_mcp(&app, &limits, server)
        .merge(Router::new().nest_service("/sessions/mcp", in_sessions));
    println!("{base}");
    listen::serve(listener, router, &limits, std::future::pending()).await;
}
