//! Browsers that are signed in.

use std::sync::Arc;

use super::{Accounts, Event, lives, note, seen};
use crate::{
    caller::{Account, Credential},
    clock::new_id,
    error::Error,
    keys::{Key, Kind},
    store::{self, accounts::Account as AccountRow, sessions::Session as SessionRow},
};

/// How long a browser stays signed in, in seconds: thirty days.
pub const SESSION_SECONDS: i64 = 30 * 24 * 3600;

/// A browser that is signed in, and whose it is.
#[derive(Debug, Clone)]
pub struct Session {
    /// The account as this session opens it.
    pub account: Arc<Account>,
    /// What the browser shows.
    pub secret: Key,
}

impl Accounts {
    /// Signs a browser in; an earlier session of it is not taken over.
    pub async fn begin_session(&self, account_id: &str) -> Result<Key, Error> {
        let (now, secret) = (self.clock.now(), Key::mint(Kind::Session));
        let at = now.as_microsecond();
        let row = SessionRow {
            id: new_id(now).to_string(),
            account_id: account_id.to_owned(),
            created_at: at,
            expires_at: at + SESSION_SECONDS * 1_000_000,
        };
        let hash = secret.hash();
        let kept = self.store.write(move |tx| {
            store::sessions::insert(tx, &row, &hash)?;
            note(tx, now, &row.account_id, Event::SignedIn, &row.id)
        });
        kept.await?;
        Ok(secret)
    }

    /// The session that a browser shows; none when it is unknown or has ended.
    pub async fn session(&self, secret: &str) -> Result<Option<Session>, Error> {
        let Some(secret) = Key::parse_as(Kind::Session, secret) else { return Ok(None) };
        let (hash, now) = (secret.hash(), self.now());
        let found = self.store.read(move |tx| store::sessions::find(tx, &hash)).await?;
        let good = |it: &(SessionRow, AccountRow)| now < it.0.expires_at && lives(&it.1);
        let Some((row, account)) = found.filter(good) else { return Ok(None) };
        let account = seen(account, Credential::Session { id: row.id })?;
        Ok(Some(Session { account: Arc::new(account), secret }))
    }

    /// The account that a token for keys opens; none when what it was made from, a session or a
    /// grant, has ended. The store is asked every time: there is no second of grace.
    pub async fn keeper(&self, account_id: &str, parent: &str) -> Result<Option<Account>, Error> {
        let (account_id, id, now) = (account_id.to_owned(), parent.to_owned(), self.now());
        let found = self.store.read(move |tx| {
            let stands = store::sessions::stands(tx, &account_id, &id, now)?
                || store::grants::stands(tx, &account_id, &id, now)?;
            if stands { store::accounts::by_id(tx, &account_id) } else { Ok(None) }
        });
        let found = found.await?.filter(lives);
        let credential = Credential::KeyToken { parent: parent.to_owned() };
        found.map(|account| seen(account, credential)).transpose()
    }

    /// The sessions of an account, oldest first.
    pub async fn sessions(&self, account_id: &str) -> Result<Vec<SessionRow>, Error> {
        let (account_id, now) = (account_id.to_owned(), self.now());
        Ok(self.store.read(move |tx| store::sessions::list(tx, &account_id, now)).await?)
    }

    /// Signs a browser out; false when the account has no such session.
    pub async fn end_session(&self, account_id: &str, id: &str) -> Result<bool, Error> {
        let (account_id, id, now) = (account_id.to_owned(), id.to_owned(), self.clock.now());
        let ended = self.store.write(move |tx| {
            let ended = store::sessions::end(tx, &account_id, &id)?;
            if ended {
                note(tx, now, &account_id, Event::SignedOut, &id)?;
            }
            Ok(ended)
        });
        Ok(ended.await?)
    }

    /// Signs every browser of an account out.
    pub async fn end_sessions(&self, account_id: &str) -> Result<(), Error> {
        let (account_id, now) = (account_id.to_owned(), self.clock.now());
        let ended = self.store.write(move |tx| {
            for session in store::sessions::list(tx, &account_id, now.as_microsecond())? {
                store::sessions::end(tx, &account_id, &session.id)?;
                note(tx, now, &account_id, Event::SignedOut, &session.id)?;
            }
            Ok(())
        });
        Ok(ended.await?)
    }
}
