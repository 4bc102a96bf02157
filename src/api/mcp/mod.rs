//! MCP over streamable HTTP: four revisions of the protocol at one address, one tool per
//! operation, JSON answers; a session is where a person's consent is, and nothing else.

mod batch;
mod reading;
mod session;
mod tools;

use std::{borrow::Cow, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{Query, Request},
    http::{HeaderMap, HeaderName, HeaderValue, Uri, header},
    response::IntoResponse as _,
    routing::post,
};
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CacheScope, CallToolRequestParams, CallToolResponse, CompleteRequestParams, CompleteResult,
        CustomRequest, CustomResult, DiscoverResult, ErrorCode, GetPromptRequestParams,
        GetPromptResponse, Implementation, ListPromptsResult, ListResourceTemplatesResult,
        ListResourcesResult, ListToolsResult, PaginatedRequestParams, ProtocolVersion,
        ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities, ServerConfig,
    },
    service::RequestContext,
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
    },
};

use self::batch::Call;
use super::{json_rpc, origin::Home, standing};
use crate::{
    app::App,
    caller::Caller,
    error::Error,
    ops::{Cx, Reader, Session, Told, guide, toolsets::Chosen},
};

pub(super) use session::HEADER as SESSION_HEADER;

/// Chooses toolsets where the address cannot be changed.
pub(super) const TOOLSETS_HEADER: HeaderName = HeaderName::from_static("x-mcp-toolsets");
/// The same in the address.
const TOOLSETS_FIELD: &str = "toolsets";

/// The revisions of the protocol that are spoken.
const VERSIONS: &[ProtocolVersion] = &[
    ProtocolVersion::V_2025_03_26,
    ProtocolVersion::V_2025_06_18,
    ProtocolVersion::V_2025_11_25,
    ProtocolVersion::V_2026_07_28,
];

/// What can be called.
const METHODS: &[&str] = &[
    "initialize",
    "server/discover",
    "ping",
    "tools/list",
    "tools/call",
    "resources/list",
    "resources/templates/list",
    "resources/read",
    "prompts/list",
    "prompts/get",
    "completion/complete",
];

/// How long a client may keep what stays the same while the server runs.
const FIXED_FOR: Duration = Duration::from_hours(1);

/// The MCP endpoint with this server behind it.
pub(crate) fn router<S: ServerHandler + Clone>(app: &Arc<App>, server: S) -> Router {
    let sessions = Arc::new(NeverSessionManager::default());
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(super::limits::BODY_BYTES_MAX)
        // `Home` has looked at both by then.
        .disable_allowed_hosts()
        .disable_allowed_origins();
    let mounted = server.clone();
    // Shared: a copy of the service copies its configuration.
    let service =
        Arc::new(StreamableHttpService::new(move || Ok(server.clone()), sessions, config));
    let home = Arc::new(Home::new(&app.public_url));
    let one = async move |request: Request| {
        let sent_json = json_rpc::is_json(request.headers());
        json_rpc::answered(sent_json, service.handle(request).await.map(Body::new)).await
    };
    let app = Arc::clone(app);
    let answer = async move |mut request: Request| {
        let account = Told::default();
        request.extensions_mut().insert(account.clone());
        let call = async { Call::of(admitted(&home, request)?).await };
        let call = match call.await {
            Ok(call) => call,
            Err(error) => return json_rpc::refused(&error),
        };
        let fresh = session::fresh(&app, &call);
        let mut answer = match call.admit(|tool| mounted.get_tool(tool).is_some()) {
            Err(error) => session::refused(&app, &call.session(), error).await,
            Ok(()) if call.is_batch() => call.answered(one).await,
            Ok(()) => one(call.whole()).await,
        };
        if let Some(id) = fresh {
            answer.headers_mut().insert(SESSION_HEADER, id);
        }
        standing::told(answer, account.standing())
    };
    let no_method = async || Error::post_required().into_response();
    let endpoint = post(answer).fallback(no_method);
    Router::new().route("/mcp", endpoint.clone()).route("/mcp/", endpoint)
}

/// A call as rmcp takes it, when it may be made at all.
fn admitted(home: &Home, mut request: Request) -> Result<Request, Error> {
    home.admit(request.uri(), request.headers())?;
    if let Some(chosen) = chosen(request.uri(), request.headers())? {
        request.extensions_mut().insert(chosen);
    }
    // Answers are JSON whatever the client accepts: one that does not say is not turned away.
    let both = HeaderValue::from_static("application/json, text/event-stream");
    request.headers_mut().insert(header::ACCEPT, both);
    Ok(request)
}

/// The toolsets that a call chooses, by its address or else by its header.
fn chosen(uri: &Uri, headers: &HeaderMap) -> Result<Option<Chosen>, Error> {
    let query: Option<Query<Vec<(String, String)>>> =
        uri.query().and_then(|_| Query::try_from_uri(uri).ok());
    let fields = query.into_iter().flat_map(|Query(pairs)| pairs);
    let named: Vec<String> =
        fields.filter(|(name, _)| name == TOOLSETS_FIELD).map(|(_, value)| value).collect();
    if !named.is_empty() {
        return Chosen::read(&named.join(",")).map(Some);
    }
    let header = headers.get(TOOLSETS_HEADER);
    header.map(|it| Chosen::read(&String::from_utf8_lossy(it.as_bytes()))).transpose()
}

/// The service as MCP sees it.
#[derive(Clone)]
pub struct Server {
    app: Arc<App>,
}

impl Server {
    /// The server of this service.
    pub fn new(app: &Arc<App>) -> Self {
        Self { app: Arc::clone(app) }
    }

    fn cx(&self, context: &RequestContext<RoleServer>) -> Cx {
        let caller = carried::<Caller>(context).cloned().unwrap_or(Caller::Anonymous);
        let told = carried::<Told>(context).cloned().unwrap_or_default();
        let session = carried::<Session>(context).cloned().unwrap_or_default();
        Cx::new(Arc::clone(&self.app), caller, Reader::Model).telling(told).within(session)
    }
}

/// What the door put into a request.
fn carried<T: Send + Sync + 'static>(context: &RequestContext<RoleServer>) -> Option<&T> {
    context.extensions.get::<http::request::Parts>()?.extensions.get()
}

/// How long an answer may be kept, in milliseconds, and who may share it; nothing before the
/// revision that knows such hints. What is not the same for everybody is not kept at all.
fn hints(context: &RequestContext<RoleServer>, public: bool) -> (Option<u64>, Option<CacheScope>) {
    let known = context.protocol_version().is_some_and(|it| it >= ProtocolVersion::V_2026_07_28);
    let (kept, scope) = if public {
        (FIXED_FOR, CacheScope::Public)
    } else {
        (Duration::ZERO, CacheScope::Private)
    };
    let millis = u64::try_from(kept.as_millis()).unwrap_or_default();
    if known { (Some(millis), Some(scope)) } else { (None, None) }
}

// `get_tool` is left out: it is for arguments repeated in headers, and there are none.
impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_resources()
            .enable_prompts()
            .enable_completions()
            .build();
        let name = Implementation::new("bottrade", env!("CARGO_PKG_VERSION"))
            .with_title("BotTrade")
            .with_website_url(&self.app.public_url);
        ServerConfig::new(capabilities)
            .with_server_info(name)
            .with_instructions(guide::INSTRUCTIONS.trim())
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        Cow::Borrowed(VERSIONS)
    }

    async fn discover(
        &self,
        context: RequestContext<RoleServer>,
    ) -> Result<DiscoverResult, ErrorData> {
        let mut result = DiscoverResult::from_server_info(VERSIONS.to_vec(), self.get_info());
        if let (Some(millis), Some(scope)) = hints(&context, true) {
            (result.ttl_ms, result.cache_scope) = (millis, scope);
        }
        Ok(result)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let asked = carried::<Chosen>(&context);
        let own = Chosen::of(&self.cx(&context).caller);
        let mut result = ListToolsResult::with_all_items(tools::list(asked.unwrap_or(&own)));
        // Neither a header nor a key shows in what a shared cache goes by.
        let parts = context.extensions.get::<http::request::Parts>();
        let by_header = parts.is_some_and(|it| it.headers.contains_key(TOOLSETS_HEADER));
        let by_key = asked.is_none() && !own.is_default();
        (result.ttl_ms, result.cache_scope) = hints(&context, !by_header && !by_key);
        Ok(result)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let cx = self.cx(&context);
        let op = match carried::<Chosen>(&context) {
            Some(chosen) => chosen.tool(&request.name),
            None => Chosen::default().tool(&request.name),
        };
        Ok(tools::call(op, &cx, request.arguments.unwrap_or_default()).await)
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let mut result = ListResourcesResult::with_all_items(reading::resources());
        (result.ttl_ms, result.cache_scope) = hints(&context, true);
        Ok(result)
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let mut result = ListResourceTemplatesResult::with_all_items(reading::templates());
        (result.ttl_ms, result.cache_scope) = hints(&context, true);
        Ok(result)
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let (mut result, public) = reading::read(&self.cx(&context), &request.uri).await?;
        (result.ttl_ms, result.cache_scope) = hints(&context, public);
        Ok(result.into())
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let mut result = ListPromptsResult::with_all_items(vec![reading::prompt()]);
        (result.ttl_ms, result.cache_scope) = hints(&context, true);
        Ok(result)
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let arguments = request.arguments.unwrap_or_default();
        Ok(reading::prompted(&self.app, &request.name, arguments)?.into())
    }

    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        // What rmcp knows by name comes here when its params have another shape.
        Err(if METHODS.contains(&request.method.as_str()) {
            let error = Error::malformed_params(&request.method);
            ErrorData::invalid_params(error.text(), Some(error.problem()))
        } else {
            let error = guide::no_such_method(&request.method, METHODS);
            ErrorData::new(ErrorCode::METHOD_NOT_FOUND, error.text(), Some(error.problem()))
        })
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        reading::complete(&self.app, &request)
    }
}
