//! A provider that speaks OpenID Connect: its discovery document, its keys, its ID tokens.

use jsonwebtoken::{Algorithm, jwk::Jwk};
use oauth2::{AuthType, AuthUrl, TokenResponse as _, TokenUrl};
use serde::Deserialize;
use serde_json::Value;

use super::{
    error::SignInError,
    exchange::{Credentials, Endpoints, Tokens},
    id_token::{Claims, Expected, IdTokenFault, Profile, algorithms, verify},
    kept::Kept,
    pending::Pending,
    person::{cleaned, email, shown, subject},
};
use crate::{
    outbound::{Http, is_safe},
    {accounts::Person, clock::Clock},
};

const JSON: &str = "application/json";
/// What the log calls it.
const DISCOVERY: &str = "the discovery document";
const SCOPES: &[&str] = &["openid", "profile", "email"];
/// Characters of an address that the log repeats.
const ADDRESS_MAX: usize = 200;

/// A provider that is known by its issuer.
pub(super) struct OpenId {
    issuer: String,
    discovered: Kept<Discovered>,
    keys: Kept<Vec<Jwk>>,
}

/// What a discovery document says, checked.
struct Discovered {
    authorize: AuthUrl,
    token: TokenUrl,
    keys: String,
    user_info: Option<String>,
    auth_type: AuthType,
    algorithms: Vec<Algorithm>,
    says_issuer: bool,
}

/// A discovery document, as far as it is read.
#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    id_token_signing_alg_values_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// Keys of any kind: one that is not understood must not hide the others.
#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

/// What the provider says about the bearer of a token.
#[derive(Deserialize)]
struct UserInfo {
    sub: String,
    #[serde(flatten)]
    profile: Profile,
}

impl OpenId {
    pub(super) fn new(issuer: &str) -> Self {
        Self { issuer: issuer.to_owned(), discovered: Kept::new(), keys: Kept::new() }
    }

    pub(super) fn issuer(&self) -> &str {
        &self.issuer
    }

    pub(super) async fn endpoints(
        &self,
        http: &Http,
        clock: &dyn Clock,
    ) -> Result<Endpoints, SignInError> {
        let found = self.discovered.get(clock, self.discover(http)).await?;
        Ok(Endpoints {
            issuer: self.issuer.clone(),
            authorize: found.authorize.clone(),
            token: found.token.clone(),
            auth_type: found.auth_type.clone(),
            scopes: SCOPES,
            takes_nonce: true,
            says_issuer: found.says_issuer,
        })
    }

    /// Whose tokens these are.
    pub(super) async fn person(
        &self,
        http: &Http,
        clock: &dyn Clock,
        who: &Credentials,
        pending: &Pending,
        tokens: &Tokens,
    ) -> Result<Person, SignInError> {
        let found = self.discovered.get(clock, self.discover(http)).await?;
        let claims = self.claims(http, clock, who, pending, tokens, &found).await?;
        let subject = subject(&claims.sub).ok_or(SignInError::NotProven(IdTokenFault::Subject))?;
        let mut profile = claims.profile;
        if let (None, Some(url)) = (name(&profile), &found.user_info) {
            profile = user_info(http, url, tokens, &subject).await.unwrap_or(profile);
        }
        let verified = match &profile.email_verified {
            Some(Value::Bool(verified)) => *verified,
            Some(Value::String(word)) => word == "true",
            _ => false,
        };
        Ok(Person {
            provider: pending.provider.clone(),
            issuer: self.issuer.clone(),
            shown: name(&profile).or_else(|| shown([Some(&*subject)])).unwrap_or_default(),
            subject,
            email: profile.email.filter(|_| verified).and_then(|it| email(&it)),
        })
    }

    /// The claims of the ID token, if it proves them.
    async fn claims(
        &self,
        http: &Http,
        clock: &dyn Clock,
        who: &Credentials,
        pending: &Pending,
        tokens: &Tokens,
        found: &Discovered,
    ) -> Result<Claims, SignInError> {
        let token = tokens.extra_fields().id_token.as_ref();
        let token = token.ok_or(SignInError::NotProven(IdTokenFault::Missing))?;
        let expected = Expected {
            issuer: &self.issuer,
            client_id: &who.id,
            nonce: &pending.nonce,
            algorithms: &found.algorithms,
            now: clock.now().as_second(),
        };
        let keys = self.keys.get(clock, fetch_keys(http, &found.keys)).await?;
        let verified = match verify(token, &keys, &expected) {
            // The provider may have changed its keys since.
            Err(IdTokenFault::Key) => {
                let keys = self.keys.renewed(clock, fetch_keys(http, &found.keys)).await?;
                verify(token, &keys, &expected)
            }
            verified => verified,
        };
        verified.map_err(SignInError::NotProven)
    }

    async fn discover(&self, http: &Http) -> Result<Discovered, SignInError> {
        let base = self.issuer.trim_end_matches('/');
        let url = format!("{base}/.well-known/openid-configuration");
        let document = http.get::<Document>(&url, JSON, None).await;
        checked(document.map_err(|fault| SignInError::of_fault(fault, DISCOVERY))?, &self.issuer)
    }
}

/// A document that is this issuer's own and names what we need.
fn checked(document: Document, issuer: &str) -> Result<Discovered, SignInError> {
    let wrong = |what: String| Err(SignInError::Misconfigured(what));
    if document.issuer != issuer {
        let told = cleaned(&document.issuer, ADDRESS_MAX);
        return wrong(format!("the discovery document names the issuer {told}"));
    }
    let addresses =
        [&document.authorization_endpoint, &document.token_endpoint, &document.jwks_uri]
            .into_iter()
            .chain(&document.userinfo_endpoint);
    for address in addresses {
        if !address.parse().is_ok_and(|url| is_safe(&url)) {
            let told = cleaned(address, ADDRESS_MAX);
            return wrong(format!("the discovery document names {told}, which is not https"));
        }
    }
    let methods = document.token_endpoint_auth_methods_supported;
    let takes = |method: &str| {
        methods
            .as_ref()
            .map_or(method == "client_secret_basic", |it| it.iter().any(|m| m == method))
    };
    let auth_type = if takes("client_secret_basic") {
        AuthType::BasicAuth
    } else if takes("client_secret_post") {
        AuthType::RequestBody
    } else {
        return wrong("the provider takes no client secret".into());
    };
    let announced = document.id_token_signing_alg_values_supported;
    let algorithms = algorithms(&announced.unwrap_or_else(|| vec!["RS256".into()]));
    if algorithms.is_empty() {
        return wrong("the provider signs with none of RS256, ES256 and EdDSA".into());
    }
    let unreadable = |_| SignInError::Unreadable(DISCOVERY);
    Ok(Discovered {
        authorize: AuthUrl::new(document.authorization_endpoint).map_err(unreadable)?,
        token: TokenUrl::new(document.token_endpoint).map_err(unreadable)?,
        keys: document.jwks_uri,
        user_info: document.userinfo_endpoint,
        auth_type,
        algorithms,
        says_issuer: document.authorization_response_iss_parameter_supported,
    })
}

async fn fetch_keys(http: &Http, url: &str) -> Result<Vec<Jwk>, SignInError> {
    let set = http.get::<KeySet>(url, JSON, None).await;
    let set = set.map_err(|fault| SignInError::of_fault(fault, "the keys"))?;
    Ok(set.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect())
}

/// What the provider says beside the ID token, if it is about the same person.
async fn user_info(http: &Http, url: &str, tokens: &Tokens, subject: &str) -> Option<Profile> {
    match http.get::<UserInfo>(url, JSON, Some(tokens.access_token())).await {
        Ok(info) if info.sub == subject => Some(info.profile),
        Ok(_) => {
            tracing::warn!("the user info is about somebody else and is not used");
            None
        }
        Err(fault) => {
            tracing::warn!(%fault, "a name could not be asked for");
            None
        }
    }
}

fn name(profile: &Profile) -> Option<String> {
    shown([profile.name.as_deref(), profile.preferred_username.as_deref()])
}
