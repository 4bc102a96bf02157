//! The stand-in's endpoints, for both of its parts.

use std::{
    collections::HashMap,
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    Form, Json, Router,
    body::{Body, Bytes},
    extract::{Query, Request, State},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bottrade::clock::Clock as _;
use http::{HeaderMap, StatusCode, header};
use hyper::body::Frame;
use serde_json::{Value, json};

use super::{ACCESS_TOKEN, CLIENT_ID, CLIENT_SECRET, Shared, TokenAnswer, Visit, keys, lock};

/// Where GitHub's pages are, which name no client by header.
const GITHUB: &str = "/login/oauth";

type Fields = HashMap<String, String>;

pub(super) fn router(state: Shared) -> Router {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery))
        .route("/jwks", get(jwks))
        .route("/authorize", get(authorize))
        .route("/token", post(token))
        .route("/userinfo", get(user_info))
        .route("/login/oauth/authorize", get(authorize))
        .route("/login/oauth/access_token", post(token))
        .route("/api/v3/user", get(user))
        .route("/api/v3/user/emails", get(emails))
        .layer(middleware::from_fn_with_state(state.clone(), count))
        .with_state(state)
}

async fn count(State(state): State<Shared>, request: Request, next: Next) -> Response {
    lock(&state).calls.push(request.uri().path().to_owned());
    next.run(request).await
}

async fn discovery(State(state): State<Shared>) -> Json<Value> {
    let state = lock(&state);
    let base = &state.base;
    let mut document = json!({
        "issuer": base,
        "authorization_endpoint": format!("{base}/authorize"),
        "token_endpoint": format!("{base}/token"),
        "jwks_uri": format!("{base}/jwks"),
        "userinfo_endpoint": format!("{base}/userinfo"),
        "id_token_signing_alg_values_supported": ["none", "HS256", "RS256", "ES256", "EdDSA"],
        "authorization_response_iss_parameter_supported": state.part.says_issuer.is_some(),
    });
    (state.part.discovery)(&mut document);
    Json(document)
}

async fn jwks(State(state): State<Shared>) -> Json<Value> {
    Json(keys::published(lock(&state).part.published_kid))
}

/// The page, where everybody agrees at once.
async fn authorize(State(state): State<Shared>, Query(asked): Query<Fields>) -> Response {
    let field = |name: &str| asked.get(name).cloned().unwrap_or_default();
    let good = field("response_type") == "code"
        && field("client_id") == CLIENT_ID
        && field("code_challenge_method") == "S256"
        && !field("state").is_empty();
    if !good {
        return (StatusCode::BAD_REQUEST, format!("{asked:?}")).into_response();
    }
    let mut state = lock(&state);
    let code = format!("canary-code-{}", state.visits.len());
    let mut place: url::Url = field("redirect_uri").parse().unwrap();
    place.query_pairs_mut().append_pair("code", &code).append_pair("state", &field("state"));
    if let Some(issuer) = &state.part.says_issuer {
        place.query_pairs_mut().append_pair("iss", issuer);
    }
    let visit = Visit {
        redirect_uri: field("redirect_uri"),
        challenge: field("code_challenge"),
        nonce: asked.get("nonce").cloned(),
    };
    state.visits.insert(code, visit);
    (StatusCode::FOUND, [(header::LOCATION, String::from(place))]).into_response()
}

async fn token(
    State(state): State<Shared>,
    uri: http::Uri,
    headers: HeaderMap,
    Form(asked): Form<Fields>,
) -> Response {
    let github = uri.path().starts_with(GITHUB);
    let mut state = lock(&state);
    match state.part.token.clone() {
        TokenAnswer::Tokens => (),
        TokenAnswer::Other(status, body) => {
            let status = StatusCode::from_u16(status).unwrap();
            return (status, [(header::CONTENT_TYPE, "application/json")], body).into_response();
        }
        TokenAnswer::Oversize => return Json(json!({ "x": "x".repeat(1 << 20) })).into_response(),
        TokenAnswer::Slow => return Response::new(Body::new(Stalled { begun: false })),
        TokenAnswer::Redirect(place) => {
            let place = [(header::LOCATION, place)];
            return (StatusCode::TEMPORARY_REDIRECT, place).into_response();
        }
    }
    // GitHub says no with status 200.
    let no = |status: StatusCode, word: &str| {
        let status = if github { StatusCode::OK } else { status };
        (status, Json(json!({ "error": word }))).into_response()
    };
    if !is_our_client(github || state.part.secret_in_form, &headers, &asked) {
        return no(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    let field = |name: &str| asked.get(name).map(String::as_str).unwrap_or_default();
    let Some(visit) = state.visits.remove(field("code")) else {
        let word = if github { "bad_verification_code" } else { "invalid_grant" };
        return no(StatusCode::BAD_REQUEST, word);
    };
    let good = field("grant_type") == "authorization_code"
        && field("redirect_uri") == visit.redirect_uri
        && keys::challenge(field("code_verifier")) == visit.challenge;
    if !good {
        return no(StatusCode::BAD_REQUEST, "invalid_grant");
    }
    let mut answer = json!({ "access_token": ACCESS_TOKEN, "token_type": "bearer" });
    if github {
        answer["scope"] = json!(state.part.scope);
    } else {
        let now = state.clock.now().as_second();
        let mut claims = state.part.person.clone();
        claims["iss"] = json!(state.base);
        claims["aud"] = json!(CLIENT_ID);
        claims["iat"] = json!(now);
        claims["exp"] = json!(now + 300);
        claims["nonce"] = json!(visit.nonce);
        (state.part.claims)(&mut claims);
        let token = keys::token(state.part.signed, state.part.kid, &claims);
        answer["id_token"] = json!(token);
    }
    (state.part.tokens)(&mut answer);
    Json(answer).into_response()
}

/// Whether id and secret come the way that the provider asks for, and only that way.
fn is_our_client(in_form: bool, headers: &HeaderMap, asked: &Fields) -> bool {
    if in_form {
        return asked.get("client_id").is_some_and(|it| it == CLIENT_ID)
            && asked.get("client_secret").is_some_and(|it| it == CLIENT_SECRET);
    }
    let basic = format!("Basic {}", STANDARD.encode(format!("{CLIENT_ID}:{CLIENT_SECRET}")));
    headers.get(header::AUTHORIZATION).is_some_and(|it| *it == basic)
}

/// A body whose first byte comes, and nothing more.
struct Stalled {
    begun: bool,
}

impl hyper::body::Body for Stalled {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if std::mem::replace(&mut self.begun, true) {
            return Poll::Pending;
        }
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"{")))))
    }
}

/// Calls of the API carry the token, and GitHub wants a name and a form too.
fn is_bearer(headers: &HeaderMap) -> bool {
    let bearer = format!("Bearer {ACCESS_TOKEN}");
    headers.get(header::AUTHORIZATION).is_some_and(|it| *it == bearer)
        && headers.get(header::USER_AGENT).is_some_and(|it| !it.is_empty())
}

async fn user_info(State(state): State<Shared>, headers: HeaderMap) -> Response {
    if !is_bearer(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    Json(lock(&state).part.user_info.clone()).into_response()
}

async fn user(State(state): State<Shared>, headers: HeaderMap) -> Response {
    github(&headers, lock(&state).part.user.clone())
}

async fn emails(State(state): State<Shared>, headers: HeaderMap) -> Response {
    github(&headers, lock(&state).part.emails.clone())
}

fn github(headers: &HeaderMap, document: Value) -> Response {
    let accept = headers.get(header::ACCEPT).and_then(|it| it.to_str().ok());
    if !is_bearer(headers) || accept != Some("application/vnd.github+json") {
        return StatusCode::FORBIDDEN.into_response();
    }
    Json(document).into_response()
}
