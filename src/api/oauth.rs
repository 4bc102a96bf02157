//! The authorization server's endpoints that programs call, and the metadata that leads to them.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{State, rejection::FormRejection},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};

use crate::{
    app::App,
    caller::Credential,
    oauth::{Form, OauthError, Registration, Word, jwt, metadata},
    traffic::{ClientAddress, Rate},
    web,
};

/// How long metadata may be kept: it changes with the settings of a server alone.
const KEPT: [(HeaderName, HeaderValue); 1] =
    [(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"))];
/// What carries secrets is kept by nobody.
const NOT_KEPT: [(HeaderName, HeaderValue); 1] =
    [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];

type Pairs = Vec<(String, String)>;

/// Metadata, registration, tokens, revocation, keys.
pub(super) fn router(app: &Arc<App>) -> Router {
    let fixed = |value: Value| get((KEPT, Json(value)));
    let server = fixed(metadata::authorization_server(&app.public_url));
    let resource = fixed(metadata::protected_resource(&app.public_url));
    let of_endpoint = format!("{}/mcp", metadata::PROTECTED_RESOURCE);
    Router::new()
        .route(metadata::AUTHORIZATION_SERVER, server.clone())
        .route(metadata::OPENID_CONFIGURATION, server)
        .route(metadata::PROTECTED_RESOURCE, resource.clone())
        .route(&of_endpoint, resource)
        .route(metadata::REGISTER, post(register))
        .route(metadata::TOKEN, post(token))
        .route(metadata::REVOKE, post(revoke))
        .route(metadata::JWKS, get(jwks))
        .route("/api/auth/token", post(jwt))
        .with_state(Arc::clone(app))
}

async fn register(State(app): State<Arc<App>>, client: ClientAddress, body: Bytes) -> Response {
    if let Some(refused) = too_often(&app, Rate::Registration, client) {
        return refused;
    }
    let status = match app.oauth.register(&body).await {
        Ok(client) => (StatusCode::CREATED, client),
        Err(Registration::Refused(refused)) => (StatusCode::BAD_REQUEST, refused.body()),
        Err(Registration::Failed(error)) => return error.into_response(),
    };
    let (status, body) = status;
    (status, NOT_KEPT, Json(body)).into_response()
}

async fn token(State(app): State<Arc<App>>, client: ClientAddress, form: Sent) -> Response {
    if let Some(refused) = too_often(&app, Rate::Token, client) {
        return refused;
    }
    let answered = async { app.oauth.token(&read(form)?).await };
    match answered.await {
        Ok(tokens) => (NOT_KEPT, Json(tokens.body())).into_response(),
        Err(error) => refused(&error),
    }
}

async fn revoke(State(app): State<Arc<App>>, client: ClientAddress, form: Sent) -> Response {
    if let Some(refused) = too_often(&app, Rate::Token, client) {
        return refused;
    }
    let answered = async { app.oauth.revoke(&read(form)?).await };
    match answered.await {
        Ok(()) => (NOT_KEPT, Json(json!({}))).into_response(),
        Err(error) => refused(&error),
    }
}

/// A short-lived JWT for what manages the keys of the bot API: for a browser that is signed in,
/// or for the holder of a refresh token.
async fn jwt(
    State(app): State<Arc<App>>,
    client: ClientAddress,
    headers: HeaderMap,
    form: Sent,
) -> Response {
    if let Some(refused) = too_often(&app, Rate::Token, client) {
        return refused;
    }
    let issued = async {
        let form = form.map_or_else(|_| Form::default(), |axum::Form(pairs)| Form::new(pairs));
        let token = match form.get("refresh_token")? {
            Some(refresh) => {
                let grant = app.oauth.grant_of(refresh).await?;
                let (account, client_id, session) =
                    (&*grant.account_id, &*grant.client_id, &*grant.id);
                app.signing_keys.issue(&jwt::Grant { account, client_id, session })?
            }
            None => of_session(&app, &headers).await?,
        };
        Ok(json!({ "access_token": token, "token_type": "Bearer", "scope": jwt::SCOPE,
            "expires_in": jwt::LIFETIME.as_secs() }))
    };
    match issued.await {
        Ok(body) => (NOT_KEPT, Json(body)).into_response(),
        Err(error) => refused(&error),
    }
}

async fn of_session(app: &App, headers: &HeaderMap) -> Result<String, OauthError> {
    let missing = || {
        let told = "sign in at /login, or send a refresh_token";
        OauthError::new(Word::InvalidGrant, told)
    };
    let session = web::signed_in(app, headers).await?.ok_or_else(missing)?;
    web::check_origin(app, headers)?;
    let Credential::Session { id } = &session.account.credential else { return Err(missing()) };
    let account = &*session.account.id;
    let grant = jwt::Grant { account, client_id: &app.public_url, session: id };
    Ok(app.signing_keys.issue(&grant)?)
}

async fn jwks(State(app): State<Arc<App>>) -> Response {
    // A key that was made a moment ago must be found.
    (NOT_KEPT, Json(app.signing_keys.jwks())).into_response()
}

type Sent = Result<axum::Form<Pairs>, FormRejection>;

fn read(form: Sent) -> Result<Form, OauthError> {
    let axum::Form(pairs) = form.map_err(|rejection| {
        let told = format!("{rejection}; send application/x-www-form-urlencoded");
        OauthError::new(Word::InvalidRequest, told)
    })?;
    Ok(Form::new(pairs))
}

/// The refusal of somebody who calls too often, in the words that clients of these addresses read.
fn too_often(app: &App, rate: Rate, client: ClientAddress) -> Option<Response> {
    let error = app.rates.check(rate, client).err()?;
    let (status, header) = (error.status(), error.header());
    let body = Json(OauthError::from(error).body());
    let mut response = (status, NOT_KEPT, body).into_response();
    if let Some((name, value)) = header {
        response.headers_mut().insert(name, value);
    }
    Some(response)
}

fn refused(error: &OauthError) -> Response {
    (error.word.status(), NOT_KEPT, Json(error.body())).into_response()
}
