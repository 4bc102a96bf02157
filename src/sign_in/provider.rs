//! The providers that this server is set up with, and a sign-in through one of them.

use std::{sync::Arc, time::Duration};

use super::{
    error::SignInError,
    exchange::{self, Credentials, Endpoints},
    github::GitHub,
    open_id::OpenId,
    pending::{Begun, Callback, Pending},
};
use crate::{
    outbound::Http,
    {accounts::Person, clock::Clock},
};

/// Somebody who knows people and tells us, with their leave, who they are.
pub struct Provider {
    pub(super) id: &'static str,
    pub(super) name: String,
    pub(super) who: Credentials,
    pub(super) kind: Kind,
}

/// What a provider speaks.
pub(super) enum Kind {
    GitHub(GitHub),
    OpenId(OpenId),
}

impl Provider {
    /// A word for addresses: `github`, `google` or `oidc`.
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// What a button calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address that names it for good, as in [`Person::issuer`].
    pub fn issuer(&self) -> &str {
        match &self.kind {
            Kind::GitHub(it) => it.issuer(),
            Kind::OpenId(it) => it.issuer(),
        }
    }

    async fn endpoints(&self, http: &Http, clock: &dyn Clock) -> Result<Endpoints, SignInError> {
        match &self.kind {
            Kind::GitHub(it) => Ok(it.endpoints()),
            Kind::OpenId(it) => it.endpoints(http, clock).await,
        }
    }
}

/// The providers of this server, in the order in which they are offered.
pub struct Providers {
    list: Vec<Provider>,
    http: Option<Http>,
    clock: Arc<dyn Clock>,
}

impl Providers {
    /// No calls are prepared for when there is nobody to call.
    pub(super) fn new(list: Vec<Provider>, clock: Arc<dyn Clock>) -> reqwest::Result<Self> {
        let http = if list.is_empty() { None } else { Some(Http::new()?) };
        Ok(Self { list, http, clock })
    }

    /// A server without providers.
    pub fn none(clock: Arc<dyn Clock>) -> Self {
        Self { list: Vec::new(), http: None, clock }
    }

    /// The same with less time for each call to a provider than the usual five seconds.
    #[must_use]
    pub fn within(self, time_max: Duration) -> Self {
        Self { http: self.http.map(|http| http.within(time_max)), ..self }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Provider> {
        self.list.iter()
    }

    /// Whether nobody can sign in through a provider.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The provider that an identity is from, by [`Person::issuer`], while it is set up.
    pub fn of_issuer(&self, issuer: &str) -> Option<&Provider> {
        self.list.iter().find(|it| it.issuer() == issuer)
    }

    /// Begins a sign-in: the address to send the browser to, and what to keep meanwhile.
    ///
    /// `redirect_uri` is the whole address that the provider sends the browser back to, the one
    /// that is registered there. It must differ between providers.
    pub async fn begin(&self, provider: &str, redirect_uri: &str) -> Result<Begun, SignInError> {
        let begun = self.try_begin(provider, redirect_uri).await;
        begun.inspect_err(|error| error.log(self.known_id(provider)))
    }

    /// Finishes the sign-in that `pending` is of, with what the browser brought back. The caller
    /// has taken `pending` away from where it was kept, so that no answer is used twice.
    pub async fn finish(
        &self,
        pending: &Pending,
        callback: Callback,
    ) -> Result<Person, SignInError> {
        let person = self.try_finish(pending, callback).await;
        person.inspect_err(|error| error.log(self.known_id(&pending.provider)))
    }

    async fn try_begin(&self, id: &str, redirect_uri: &str) -> Result<Begun, SignInError> {
        let (provider, http) = self.find(id)?;
        let endpoints = provider.endpoints(http, &*self.clock).await?;
        let now = self.clock.now().as_second();
        exchange::begin(&provider.who, endpoints, provider.id, redirect_uri, now)
    }

    async fn try_finish(
        &self,
        pending: &Pending,
        callback: Callback,
    ) -> Result<Person, SignInError> {
        let (provider, http) = self.find(&pending.provider)?;
        // The code would go to whom the settings name now.
        if provider.issuer() != pending.issuer {
            return Err(SignInError::NoSuchProvider);
        }
        let clock = &*self.clock;
        let endpoints = provider.endpoints(http, clock).await?;
        let code = pending.code(callback, endpoints.says_issuer, clock.now().as_second())?;
        let tokens = exchange::redeem(http, &provider.who, endpoints, pending, code).await?;
        match &provider.kind {
            Kind::GitHub(it) => it.person(http, provider.id, &tokens).await,
            Kind::OpenId(it) => it.person(http, clock, &provider.who, pending, &tokens).await,
        }
    }

    fn find(&self, id: &str) -> Result<(&Provider, &Http), SignInError> {
        let provider = self.list.iter().find(|it| it.id == id);
        provider.zip(self.http.as_ref()).ok_or(SignInError::NoSuchProvider)
    }

    /// The id for the log: what a caller made up is not repeated there.
    fn known_id(&self, id: &str) -> &'static str {
        self.list.iter().find(|it| it.id == id).map_or("unknown", |it| it.id)
    }
}
