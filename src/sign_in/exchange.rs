//! The two steps of OAuth that every provider has: to its page with a browser, and a code for
//! tokens.

use std::borrow::Cow;

use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken,
    EndpointNotSet, EndpointSet, ExtraTokenFields, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, RequestTokenError, Scope, StandardRevocableToken, StandardTokenResponse, TokenUrl,
    basic::{
        BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse,
        BasicTokenType,
    },
};
use serde::{Deserialize, Serialize};

use super::{
    error::SignInError,
    pending::{Begun, Pending, one_time},
};
use crate::{
    outbound::{Http, HttpFault},
    store::chain::sha256,
};

/// Who we are to a provider. The debug form hides the secret.
#[derive(Debug, Clone)]
pub(super) struct Credentials {
    pub(super) id: ClientId,
    pub(super) secret: ClientSecret,
}

/// Where a provider does the two steps, and how it wants to be asked.
pub(super) struct Endpoints {
    pub(super) issuer: String,
    pub(super) authorize: AuthUrl,
    pub(super) token: TokenUrl,
    pub(super) auth_type: AuthType,
    pub(super) scopes: &'static [&'static str],
    /// Whether it makes ID tokens, which repeat a nonce.
    pub(super) takes_nonce: bool,
    /// Whether every answer names the issuer (RFC 9207).
    pub(super) says_issuer: bool,
}

/// What a code is worth.
pub(super) type Tokens = StandardTokenResponse<OpenIdFields, BasicTokenType>;

/// What OpenID Connect adds to an answer with tokens.
#[derive(Serialize, Deserialize)]
pub(super) struct OpenIdFields {
    pub(super) id_token: Option<String>,
}

impl ExtraTokenFields for OpenIdFields {}

impl std::fmt::Debug for OpenIdFields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OpenIdFields(…)")
    }
}

type OAuth = Client<
    BasicErrorResponse,
    Tokens,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

fn client(who: &Credentials, at: Endpoints) -> OAuth {
    Client::new(who.id.clone())
        .set_client_secret(who.secret.clone())
        .set_auth_type(at.auth_type)
        .set_auth_uri(at.authorize)
        .set_token_uri(at.token)
}

/// The way to the provider's page.
pub(super) fn begin(
    who: &Credentials,
    at: Endpoints,
    provider: &str,
    redirect_uri: &str,
    now: i64,
) -> Result<Begun, SignInError> {
    let redirect_uri = RedirectUrl::new(redirect_uri.to_owned())
        .map_err(|_| SignInError::Misconfigured("the redirect address is none".into()))?;
    let (state, nonce, verifier) = (one_time(), one_time(), PkceCodeVerifier::new(one_time()));
    let pending = Pending {
        provider: provider.to_owned(),
        issuer: at.issuer.clone(),
        redirect_uri: redirect_uri.clone(),
        state: sha256(state.as_bytes()),
        nonce: sha256(nonce.as_bytes()),
        verifier,
        begun_at: now,
    };
    let (scopes, takes_nonce) = (at.scopes, at.takes_nonce);
    let client = client(who, at);
    let mut request = client
        .authorize_url(|| CsrfToken::new(state))
        .set_redirect_uri(Cow::Owned(redirect_uri))
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&pending.verifier))
        .add_scopes(scopes.iter().map(|scope| Scope::new((*scope).to_owned())));
    if takes_nonce {
        request = request.add_extra_param("nonce", nonce);
    }
    Ok(Begun { url: request.url().0.into(), pending })
}

/// The tokens that a code is worth.
pub(super) async fn redeem(
    http: &Http,
    who: &Credentials,
    at: Endpoints,
    pending: &Pending,
    code: AuthorizationCode,
) -> Result<Tokens, SignInError> {
    let client = client(who, at);
    let request = client
        .exchange_code(code)
        .set_pkce_verifier(PkceCodeVerifier::new(pending.verifier.secret().clone()))
        .set_redirect_uri(Cow::Borrowed(&pending.redirect_uri));
    request.request_async(http).await.map_err(refusal)
}

/// What a failed exchange means. The body that was sent may hold tokens and is dropped.
fn refusal(error: RequestTokenError<HttpFault, BasicErrorResponse>) -> SignInError {
    match error {
        RequestTokenError::ServerResponse(told) => SignInError::of_word(told.error().as_ref()),
        RequestTokenError::Request(fault) => SignInError::Unavailable(fault),
        // GitHub says no with status 200.
        RequestTokenError::Parse(_, body) => {
            match serde_json::from_slice::<BasicErrorResponse>(&body) {
                Ok(told) => SignInError::of_word(told.error().as_ref()),
                Err(_) => SignInError::Unreadable("the answer with the tokens"),
            }
        }
        RequestTokenError::Other(_) => SignInError::Unreadable("the answer with the tokens"),
    }
}
