//! Things that are good once and not for long: a sign-in under way, a link, a question, a code.

use serde::{Serialize, de::DeserializeOwned};

use super::Accounts;
use crate::{
    error::Error,
    keys::{Key, Kind},
    store::{self, tickets::Ticket},
};

impl Accounts {
    /// Keeps what a fresh secret stands for, for so many microseconds.
    pub async fn issue(
        &self,
        kind: Kind,
        purpose: &str,
        body: &impl Serialize,
        lives: i64,
    ) -> Result<Key, Error> {
        let key = Key::mint(kind);
        let body = serde_json::to_string(body).map_err(Error::internal)?;
        let expires_at = self.now() + lives;
        let ticket = Ticket { purpose: purpose.to_owned(), body, expires_at, used_at: None };
        let hash = key.hash();
        self.store.write(move |tx| store::tickets::insert(tx, &hash, &ticket)).await?;
        Ok(key)
    }

    /// What a ticket that was not used stands for; looking does not use it up.
    pub async fn look<T: DeserializeOwned>(
        &self,
        purpose: &'static str,
        ticket: &str,
    ) -> Result<Option<T>, Error> {
        let Some(ticket) = Key::parse_as(Kind::Ticket, ticket) else { return Ok(None) };
        let (hash, now) = (ticket.hash(), self.now());
        let found = self.store.read(move |tx| store::tickets::find(tx, purpose, &hash, now));
        let found = found.await?.filter(|it| it.used_at.is_none());
        found.map(|it| serde_json::from_str(&it.body).map_err(Error::internal)).transpose()
    }

    /// The same, and uses it up: of two that try, one gets it.
    pub async fn take<T: DeserializeOwned>(
        &self,
        purpose: &'static str,
        ticket: &str,
    ) -> Result<Option<T>, Error> {
        let Some(found) = self.look(purpose, ticket).await? else { return Ok(None) };
        let Some(ticket) = Key::parse_as(Kind::Ticket, ticket) else { return Ok(None) };
        let (hash, now) = (ticket.hash(), self.now());
        let taken = self.store.write(move |tx| store::tickets::take(tx, purpose, &hash, now));
        Ok(taken.await?.then_some(found))
    }
}
