//! Asking a person: what a client wants, what the person says, and the code that follows.

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::{
    Oauth,
    client::{ClientMetadata, RESPONSE_TYPE},
    error::{OauthError, Word},
    form::Form,
    pkce,
    redirect::{Destination, RedirectUri},
};
use crate::{
    accounts::Session,
    caller::{Credential, Scope, Scopes},
    error::Error,
    keys::{Key, Kind},
};

/// How long a person may think, in microseconds: ten minutes.
const CONSENT_MICROS: i64 = 600 * 1_000_000;
/// How long a code is good, in microseconds: one minute.
const CODE_MICROS: i64 = 60 * 1_000_000;
/// How long a used code is remembered, in microseconds: one hour. Its return ends the family.
const CODE_KEPT: i64 = 3_600 * 1_000_000;
/// Characters of a client's name that stand for one that it does not have.
pub(super) const UNNAMED: &str = "An unnamed client";

const CONSENT: &str = "consent";
pub(super) const CODE: &str = "code";

/// What a client asks a person for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    pub(super) client_id: String,
    pub(super) client_name: String,
    redirect: RedirectUri,
    pub(super) scope: String,
    pub(super) resource: String,
    pub(super) challenge: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<String>,
}

/// Why a person is not asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// Nobody but the person can be told: where the client is, is not known.
    Shown(OauthError),
    /// The client is told, at this address.
    Sent(Url),
}

impl From<OauthError> for Refused {
    fn from(error: OauthError) -> Self {
        Self::Shown(error)
    }
}

impl Request {
    /// What the client calls itself; nobody vouches for it.
    pub fn client_name(&self) -> &str {
        &self.client_name
    }

    /// Where the answer goes.
    pub fn destination(&self) -> Destination {
        self.redirect.destination()
    }

    /// What is asked for.
    pub fn scopes(&self) -> Scopes {
        Scopes::parse(&self.scope).unwrap_or(Scopes::of(&[]))
    }

    /// What a page must let its form lead to: the answer sends the browser on.
    pub fn form_target(&self) -> String {
        let Ok(url) = Url::parse(self.redirect.as_str()) else { return String::new() };
        match (url.scheme(), url.host()) {
            ("http" | "https", Some(Host::Domain(_) | Host::Ipv4(_))) => {
                url.origin().ascii_serialization()
            }
            // A policy has no words for an IPv6 address: a browser passes over one.
            (scheme, _) => format!("{scheme}:"),
        }
    }

    /// The address that answers the client.
    fn answer(&self, issuer: &str, answer: &[(&str, &str)]) -> Result<Url, Error> {
        answer_at(&self.redirect, issuer, self.state.as_deref(), answer)
    }
}

fn answer_at(
    redirect: &RedirectUri,
    issuer: &str,
    state: Option<&str>,
    answer: &[(&str, &str)],
) -> Result<Url, Error> {
    let mut url = Url::parse(redirect.as_str()).map_err(Error::internal)?;
    let state = state.map(|state| ("state", state));
    // RFC 9207: which server answers, so that a client of several cannot be misled.
    let all = answer.iter().copied().chain(state).chain([("iss", issuer)]);
    url.query_pairs_mut().extend_pairs(all);
    Ok(url)
}

/// A person is being asked: bound to their session, good once.
#[derive(Debug, Serialize, Deserialize)]
struct Consent {
    request: Request,
    session: String,
}

/// A request before a person, and what the page sends back with the answer.
pub struct Asked {
    /// What is asked for.
    pub request: Request,
    /// Proves that the answer is to this question.
    pub ticket: Key,
}

/// What the person said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Yes, to these of the scopes.
    Allow(Scopes),
    /// No.
    Deny,
}

/// What a code carries until it is exchanged, and its family afterwards.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Code {
    pub(super) client_id: String,
    pub(super) client_name: String,
    pub(super) redirect: String,
    pub(super) scope: String,
    pub(super) resource: String,
    pub(super) challenge: String,
    pub(super) account_id: String,
    pub(super) good_until: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) grant_id: Option<String>,
}

impl Oauth {
    /// Reads what a client asks for. Until client and redirect are known to belong together,
    /// nobody is sent anywhere.
    pub async fn read(&self, form: &Form) -> Result<Request, Refused> {
        let client_id = form.need("client_id")?;
        let client = self.client(client_id).await?;
        let redirect = redirect(&client, form.get("redirect_uri")?)?;
        let state = form.get("state");
        let told = state.as_ref().ok().copied().flatten().map(str::to_owned);
        let asked = state.and_then(|state| self.asked(form, client_id, &client, &redirect, state));
        asked.map_err(|error| {
            let words = [("error", error.word.name()), ("error_description", &error.description)];
            match answer_at(&redirect, &self.issuer, told.as_deref(), &words) {
                Ok(url) => Refused::Sent(url),
                Err(error) => Refused::Shown(error.into()),
            }
        })
    }

    fn asked(
        &self,
        form: &Form,
        client_id: &str,
        client: &ClientMetadata,
        redirect: &RedirectUri,
        state: Option<&str>,
    ) -> Result<Request, OauthError> {
        let refuse = |word, told: &str| Err(OauthError::new(word, told));
        if form.need("response_type")? != RESPONSE_TYPE {
            return refuse(Word::UnsupportedResponseType, "response_type must be code");
        }
        if form.get("request")?.is_some() || form.get("request_uri")?.is_some() {
            return refuse(Word::InvalidRequest, "request objects are not supported");
        }
        if form.get("code_challenge_method")? != Some(pkce::METHOD) {
            return refuse(Word::InvalidRequest, "code_challenge_method must be S256");
        }
        let challenge = form.need("code_challenge")?;
        if !pkce::is_challenge(challenge) {
            return refuse(
                Word::InvalidRequest,
                "code_challenge must be the SHA-256 of the verifier in base64url, 43 characters",
            );
        }
        let resource = self.resource();
        self.check_resource(form.get("resource")?)?;
        Ok(Request {
            client_id: client_id.to_owned(),
            client_name: client.client_name.clone().unwrap_or_else(|| UNNAMED.to_owned()),
            redirect: redirect.clone(),
            scope: wanted(form.get("scope")?)?.to_string(),
            resource,
            challenge: challenge.to_owned(),
            state: state.map(str::to_owned),
        })
    }

    /// Refuses a resource that is not ours (RFC 8707); without one ours is meant.
    pub(super) fn check_resource(&self, asked: Option<&str>) -> Result<(), OauthError> {
        let ours = [self.resource(), self.issuer.clone()];
        match asked.map(|it| it.trim_end_matches('/')) {
            Some(asked) if !ours.iter().any(|it| it == asked) => {
                let told = format!("resource must be {}", ours[0]);
                Err(OauthError::new(Word::InvalidTarget, told))
            }
            _ => Ok(()),
        }
    }

    /// Puts a request before the person of this session.
    pub async fn ask(&self, request: Request, session: &Session) -> Result<Asked, Error> {
        let consent = Consent { request, session: session_id(session)?.to_owned() };
        let lives = CONSENT_MICROS;
        let ticket = self.accounts.issue(Kind::Ticket, CONSENT, &consent, lives).await?;
        Ok(Asked { request: consent.request, ticket })
    }

    /// Takes the person's answer to a question that was asked in this session; gives where the
    /// client is told.
    pub async fn decide(
        &self,
        ticket: &str,
        session: &Session,
        decision: Decision,
    ) -> Result<Url, Error> {
        let stale = Error::question_answered;
        let consent: Consent = self.accounts.look(CONSENT, ticket).await?.ok_or_else(stale)?;
        if consent.session != session_id(session)? {
            return Err(stale());
        }
        let consent: Consent = self.accounts.take(CONSENT, ticket).await?.ok_or_else(stale)?;
        let request = consent.request;
        let allowed = match decision {
            Decision::Allow(scopes) if request.scopes().include(scopes) => scopes,
            Decision::Allow(_) | Decision::Deny => Scopes::of(&[]),
        };
        if allowed.is_empty() {
            let no = ("error_description", "the person said no");
            return request.answer(&self.issuer, &[("error", Word::AccessDenied.name()), no]);
        }
        let code = Code {
            client_id: request.client_id.clone(),
            client_name: request.client_name.clone(),
            redirect: request.redirect.as_str().to_owned(),
            scope: allowed.to_string(),
            resource: request.resource.clone(),
            challenge: request.challenge.clone(),
            account_id: session.account.id.clone(),
            good_until: self.now() + CODE_MICROS,
            grant_id: None,
        };
        let code = self.accounts.issue(Kind::Code, CODE, &code, CODE_KEPT).await?;
        request.answer(&self.issuer, &[("code", code.reveal())])
    }

    pub(super) fn now(&self) -> i64 {
        self.clock.now().as_microsecond()
    }
}

/// The asked redirect, or the client's only one.
fn redirect(client: &ClientMetadata, asked: Option<&str>) -> Result<RedirectUri, OauthError> {
    let found = match (asked, client.redirect_uris.as_slice()) {
        (Some(asked), _) => client.redirect(asked),
        (None, [only]) => Some(only.clone()),
        (None, _) => None,
    };
    found.ok_or_else(|| {
        let told = "redirect_uri is not one that the client registered";
        OauthError::new(Word::InvalidRequest, told)
    })
}

/// The scopes that are asked for; who asks for none means to trade.
fn wanted(asked: Option<&str>) -> Result<Scopes, OauthError> {
    let scopes = Scopes::parse(asked.unwrap_or_default()).map_err(|word| {
        let known: Vec<&str> = Scope::ALL.into_iter().map(Scope::name).collect();
        let told = format!("there is no scope {word:?}; there are {}", known.join(", "));
        OauthError::new(Word::InvalidScope, told)
    })?;
    Ok(if scopes.is_empty() { Scopes::of(&[Scope::Trade]) } else { scopes })
}

fn session_id(session: &Session) -> Result<&str, Error> {
    match &session.account.credential {
        Credential::Session { id } => Ok(id),
        _ => Err(Error::internal("a session without an id")),
    }
}
