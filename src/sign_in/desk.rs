//! Where people sign in: what was begun in a browser is finished there, once.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::{Callback, Pending, Providers, SignInError};
use crate::{
    accounts::Accounts,
    error::Error,
    keys::{Key, Kind},
};

/// How long a link of the operator is good, in microseconds: ten minutes.
const LINK_MICROS: i64 = 600 * 1_000_000;

const BEGUN: &str = "sign-in";
const LINK: &str = "link";

/// A sign-in that a browser began.
#[derive(Serialize, Deserialize)]
struct Visit {
    pending: Pending,
    /// Where the person wanted to go.
    next: String,
}

/// Where a browser is sent, and the cookie by which it is known when it comes back.
pub struct Sent {
    /// The provider's address.
    pub url: String,
    /// What the browser keeps.
    pub ticket: Key,
}

/// A person who has signed in.
pub struct Arrived {
    /// The account's id.
    pub account_id: String,
    /// Where they wanted to go.
    pub next: String,
}

/// Providers, links, and what is under way with them.
pub struct Desk {
    accounts: Arc<Accounts>,
    providers: Providers,
    public_url: String,
}

impl Desk {
    /// The desk of a server with these providers.
    pub fn new(public_url: &str, accounts: Arc<Accounts>, providers: Providers) -> Self {
        Self { accounts, providers, public_url: public_url.to_owned() }
    }

    /// The providers.
    pub fn providers(&self) -> &Providers {
        &self.providers
    }

    /// Whether only this computer reaches the server, and nobody signs in through a provider.
    pub fn is_local(&self) -> bool {
        let url = Url::parse(&self.public_url).ok();
        let loopback = url.as_ref().and_then(Url::host).is_some_and(|host| match host {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        });
        loopback && self.providers.is_empty()
    }

    /// Where a provider sends browsers back to.
    fn callback_url(&self, provider: &str) -> String {
        format!("{}/login/{provider}/callback", self.public_url)
    }

    /// Begins a sign-in through a provider.
    pub async fn begin(&self, provider: &str, next: &str) -> Result<Sent, Error> {
        let begun = self.providers.begin(provider, &self.callback_url(provider)).await?;
        let visit = Visit { pending: begun.pending, next: next.to_owned() };
        let lives = super::PENDING_FOR * 1_000_000;
        let ticket = self.accounts.issue(Kind::Ticket, BEGUN, &visit, lives).await?;
        Ok(Sent { url: begun.url, ticket })
    }

    /// Finishes the sign-in that this browser began, at the address for this provider: each has
    /// its own, so that one provider's answer is not taken for another's.
    pub async fn finish(
        &self,
        provider: &str,
        ticket: &str,
        callback: Callback,
    ) -> Result<Arrived, Error> {
        let visit = self.accounts.take(BEGUN, ticket).await?;
        let Visit { pending, next } = visit.ok_or(SignInError::OtherState)?;
        if pending.provider() != provider {
            return Err(SignInError::OtherIssuer.into());
        }
        let person = self.providers.finish(&pending, callback).await?;
        Ok(Arrived { account_id: self.accounts.of_person(&person).await?, next })
    }

    /// A link that signs the account of a server without providers in, once.
    pub async fn link(&self) -> Result<String, Error> {
        if !self.is_local() {
            return Err(Error::link_from_elsewhere());
        }
        let local = self.accounts.local().await?.ok_or_else(Error::no_such_account)?;
        let ticket = self.accounts.issue(Kind::Ticket, LINK, &local, LINK_MICROS).await?;
        Ok(format!("{}/login/link/{}", self.public_url, ticket.reveal()))
    }

    /// Whether a link would sign somebody in; asking does not use it up.
    pub async fn is_link(&self, ticket: &str) -> Result<bool, Error> {
        Ok(self.accounts.look::<String>(LINK, ticket).await?.is_some())
    }

    /// The account of a link, which is used up.
    pub async fn follow(&self, ticket: &str) -> Result<String, Error> {
        self.accounts.take(LINK, ticket).await?.ok_or_else(Error::link_used)
    }
}
