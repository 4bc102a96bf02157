//! REST: one route per operation; path, query and body together are the request.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Extension, Json, Router,
    body::Bytes,
    extract::{
        Query, RawPathParams,
        rejection::{QueryRejection, RawPathParamsRejection},
    },
    http::{HeaderMap, Method as HttpMethod, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, delete, get, patch, post},
};
use serde_json::{Map, Value, json};

use super::{docs, form::Form, next_page, openapi, standing, strict, table::Table};
use crate::{
    app::App,
    caller::Caller,
    error::Error,
    ops::{Access, Answer, Cx, Effect, IDEMPOTENCY_KEY, Method, OPS, OpDef, Reader, Route, Told},
    traffic::{ClientAddress, Rate},
    web,
};

/// What an answer is.
const JSON: [(header::HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/json")];

/// What a browser is told that is not signed in.
const SIGN_IN_FIRST: &str = "Sign in to BotTrade before creating an API key.";

/// Names and values of a query, in order.
type Pairs = Vec<(String, String)>;

/// Every operation at its address.
pub(crate) fn router(app: &Arc<App>) -> Router {
    let document = openapi::document(&app.public_url);
    let yaml = Bytes::from(openapi::to_yaml(&document));
    let document = Bytes::from(document.to_string());
    let as_yaml = [(header::CONTENT_TYPE, "application/yaml")];
    let fixed = Router::new()
        .merge(super::skills::router(&app.public_url))
        .route("/api/health", get(async || Json(json!({ "ok": true }))))
        .route("/api/openapi.json", get((JSON, document)))
        .route("/api/openapi.yaml", get((as_yaml, yaml)))
        .merge(docs::router(&app.public_url))
        .fallback(no_route);
    OPS.iter().fold(fixed, |router, op| {
        let served = handler(app, op, None);
        let router =
            op.route.addresses().fold(router, |router, path| router.route(&path, served.clone()));
        let forms = Form::OF_TABLE.into_iter().filter(|_| op.rows.is_some());
        forms.fold(router, |router, form| {
            let path = format!("{}{}", op.route.path, form.suffix());
            router.route(&path, handler(app, op, Some(form)))
        })
    })
}

async fn no_route(method: HttpMethod, uri: Uri) -> Error {
    Error::no_such_route(method.as_str(), uri.path())
}

pub(super) async fn no_method(method: HttpMethod, uri: Uri) -> Error {
    Error::method_not_allowed(method.as_str(), uri.path())
}

/// Serves an operation, its answer in the form that its path ends with or in one to choose.
fn handler(app: &Arc<App>, op: &'static OpDef, suffix: Option<Form>) -> MethodRouter {
    let app = Arc::clone(app);
    let table = Table::of(op).map(Arc::new);
    let schema: Arc<Value> = Arc::new((op.input)().to_value());
    let handler = async move |Extension(caller): Extension<Caller>,
                              client: ClientAddress,
                              path: Result<RawPathParams, RawPathParamsRejection>,
                              query: Result<Query<Pairs>, QueryRejection>,
                              uri: Uri,
                              headers: HeaderMap,
                              body: Bytes|
                -> Result<Response, Error> {
        let answered = async {
            let caller = if op.access.is_owners() {
                owner(&app, op, caller, &headers, client).await?
            } else {
                caller
            };
            op.admit(&caller)?;
            let account = Told::default();
            let cx = Cx::new(app, caller, Reader::Program).telling(account.clone());
            let form = match (&table, suffix) {
                (Some(_), None) => Form::preferred(&headers)?,
                (_, suffix) => suffix.unwrap_or(Form::Json),
            };
            let input = request(&schema, path, query, &headers, &body);
            let answered = op.call(&cx, input).await.and_then(|given| match &table {
                None => answer(op.route, given, &uri),
                Some(table) => Ok(rows(form, table.write(form, &given.into_value())?)),
            });
            let answered = answered.map_err(|error| error.told_in(op.dialect)).into_response();
            Ok(standing::told(answered, account.standing()))
        };
        answered.await.map_err(|error: Error| error.told_in(op.dialect))
    };
    match op.route.method {
        Method::Get => get(handler),
        Method::Post => post(handler),
        Method::Patch => patch(handler),
        Method::Delete => delete(handler),
    }
}

/// The owner of what opens an account: here a browser's session counts too, where the call comes
/// from a page of this server.
async fn owner(
    app: &App,
    op: &OpDef,
    caller: Caller,
    headers: &HeaderMap,
    client: ClientAddress,
) -> Result<Caller, Error> {
    app.rates.check(Rate::KeysFromAddress, client)?;
    let caller = match caller {
        Caller::Anonymous => match web::signed_in(app, headers).await? {
            Some(session) if op.effect == Effect::Read => Caller::Account(session.account),
            Some(session) => {
                web::check_origin(app, headers)?;
                Caller::Account(session.account)
            }
            None if op.access == Access::BotKeys => return Err(Error::key_token_required()),
            None if op.access == Access::Payer => return Err(Error::payer_unknown()),
            None => return Err(Error::sign_in_required(SIGN_IN_FIRST)),
        },
        known @ Caller::Account(_) => known,
    };
    app.rates.check(Rate::KeysOfAccount, caller.account()?.id.as_str())?;
    Ok(caller)
}

fn answer(route: Route, answer: Answer, uri: &Uri) -> Result<Response, Error> {
    let status = StatusCode::from_u16(route.status).unwrap_or(StatusCode::OK);
    if !route.has_answer() {
        return Ok(status.into_response());
    }
    if route.envelope.is_none() && route.bare.is_none() {
        return Ok((status, JSON, answer.text()?).into_response());
    }
    let answer = answer.into_value();
    let next = answer.get("next_cursor").and_then(Value::as_str).map(str::to_owned);
    let shown = (status, JSON, Answer::Fresh(route.shown(answer)).text()?).into_response();
    Ok(match next.filter(|_| route.bare.is_some()) {
        Some(cursor) => next_page::linked(shown, uri.query().unwrap_or_default(), &cursor),
        None => shown,
    })
}

/// A table. The same address has it in other forms too, and caches must know.
fn rows(form: Form, body: Vec<u8>) -> Response {
    let headers = [(header::CONTENT_TYPE, form.content_type()), (header::VARY, "accept")];
    (headers, body).into_response()
}

/// Merges body, query and path into one request; what is given twice is refused.
fn request(
    schema: &Value,
    path: Result<RawPathParams, RawPathParamsRejection>,
    query: Result<Query<Pairs>, QueryRejection>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Value, Error> {
    let path = path.map_err(|it| Error::invalid_field("path", &it.body_text()))?;
    let path = path.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    let Query(query) = query.map_err(|it| Error::invalid_field("query", &it.body_text()))?;
    let mut input = members(body)?;
    let properties = schema.get("properties");
    let mut seen = BTreeSet::new();
    for (name, text) in query.into_iter().chain(path) {
        let property = properties.and_then(|it| it.get(&name));
        let value = typed(property.unwrap_or(&Value::Null), text);
        if seen.insert(name.clone()) && !input.contains_key(&name) {
            input.insert(name, value);
            continue;
        }
        // A list may be written as `a,b` or by repeating its name.
        match (input.get_mut(&name), value) {
            (Some(Value::Array(known)), Value::Array(more)) => known.extend(more),
            _ => return Err(Error::invalid_field(&name, "is given more than once")),
        }
    }
    idempotency_header(properties, headers, &mut input)?;
    Ok(Value::Object(input))
}

/// Takes the header `Idempotency-Key` for the field of that name, where the operation has one.
fn idempotency_header(
    properties: Option<&Value>,
    headers: &HeaderMap,
    input: &mut Map<String, Value>,
) -> Result<(), Error> {
    const FIELD: &str = IDEMPOTENCY_KEY;
    let Some(key) = headers.get("idempotency-key") else { return Ok(()) };
    if properties.and_then(|it| it.get(FIELD)).is_none() {
        return Ok(());
    }
    let key = key.to_str().map_err(|_| Error::invalid_field(FIELD, "must be printable ASCII"))?;
    match input.get(FIELD) {
        None | Some(Value::Null) => {
            input.insert(FIELD.into(), key.into());
            Ok(())
        }
        Some(given) if given == key => Ok(()),
        Some(_) => Err(Error::broken_rule(FIELD, "differs from the header Idempotency-Key")),
    }
}

/// The members of a body; an empty body has none.
fn members(body: &[u8]) -> Result<Map<String, Value>, Error> {
    if body.trim_ascii().is_empty() {
        return Ok(Map::new());
    }
    match strict::parse(body).map_err(Error::malformed_body)? {
        Value::Object(members) => Ok(members),
        _ => Err(Error::invalid_field("body", "expected a JSON object")),
    }
}

/// Reads the text of a path or query parameter as the JSON type its schema asks for.
fn typed(schema: &Value, text: String) -> Value {
    match schema["type"].as_str() {
        Some("integer" | "number" | "boolean") => {
            let value = serde_json::from_str(&text).ok().filter(|it: &Value| !it.is_null());
            value.unwrap_or(Value::String(text))
        }
        Some("array") => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            items.map(|item| Value::String(item.to_owned())).collect()
        }
        _ => Value::String(text),
    }
}
