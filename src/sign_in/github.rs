//! GitHub, which speaks OAuth and its own API instead of OpenID Connect.

use oauth2::{AuthType, AuthUrl, TokenResponse as _, TokenUrl};
use serde::Deserialize;

use super::{
    error::SignInError,
    exchange::{Endpoints, Tokens},
    person::{email, shown},
};
use crate::{accounts::Person, outbound::Http};

/// The form of answers that GitHub's API asks clients to name.
const JSON: &str = "application/vnd.github+json";
/// What is asked for: who somebody is needs no scope, their addresses do.
const SCOPES: &[&str] = &["user:email"];
/// The scopes that open the addresses.
const EMAIL_SCOPES: &[&str] = &["user:email", "user"];

/// GitHub, or a server of its own that a company runs.
pub(super) struct GitHub {
    issuer: String,
    authorize: AuthUrl,
    token: TokenUrl,
    api: String,
}

#[derive(Deserialize)]
struct User {
    /// A login can pass to somebody else, the number cannot.
    id: u64,
    login: String,
}

#[derive(Deserialize)]
struct Address {
    email: String,
    primary: bool,
    verified: bool,
}

impl GitHub {
    /// GitHub at these addresses of its pages and its API, both without a slash at the end.
    pub(super) fn new(pages: &str, api: &str) -> Result<Self, url::ParseError> {
        let issuer = format!("{pages}/login/oauth");
        Ok(Self {
            authorize: AuthUrl::new(format!("{issuer}/authorize"))?,
            token: TokenUrl::new(format!("{issuer}/access_token"))?,
            issuer,
            api: api.to_owned(),
        })
    }

    pub(super) fn issuer(&self) -> &str {
        &self.issuer
    }

    pub(super) fn endpoints(&self) -> Endpoints {
        Endpoints {
            issuer: self.issuer.clone(),
            authorize: self.authorize.clone(),
            token: self.token.clone(),
            auth_type: AuthType::RequestBody,
            scopes: SCOPES,
            takes_nonce: false,
            // It does on github.com since 2026; servers of companies are older.
            says_issuer: false,
        }
    }

    /// Whose tokens these are.
    pub(super) async fn person(
        &self,
        http: &Http,
        provider: &str,
        tokens: &Tokens,
    ) -> Result<Person, SignInError> {
        let token = tokens.access_token();
        let user = http.get::<User>(&format!("{}/user", self.api), JSON, Some(token)).await;
        let user = user.map_err(|fault| SignInError::of_fault(fault, "the user"))?;
        let subject = user.id.to_string();
        Ok(Person {
            provider: provider.to_owned(),
            issuer: self.issuer.clone(),
            shown: shown([Some(&*user.login), Some(&*subject)]).unwrap_or_default(),
            subject,
            email: if may_read_addresses(tokens) { self.address(http, tokens).await } else { None },
        })
    }

    /// The verified primary address; who has none, or cannot be asked, signs in without.
    async fn address(&self, http: &Http, tokens: &Tokens) -> Option<String> {
        let url = format!("{}/user/emails", self.api);
        match http.get::<Vec<Address>>(&url, JSON, Some(tokens.access_token())).await {
            Ok(addresses) => {
                let main = addresses.iter().find(|it| it.primary && it.verified)?;
                email(&main.email)
            }
            Err(fault) => {
                tracing::warn!(%fault, "an email address could not be asked for");
                None
            }
        }
    }
}

/// GitHub separates the scopes it granted by commas.
fn may_read_addresses(tokens: &Tokens) -> bool {
    let granted = tokens.scopes().into_iter().flatten();
    granted.flat_map(|scopes| scopes.split(',')).any(|scope| EMAIL_SCOPES.contains(&scope.trim()))
}
