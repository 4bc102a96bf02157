//! The authorization server: clients, grants and tokens, so that a person signs in once and any
//! MCP client connects by address alone.
//!
//! Every client is public and proves itself by PKCE. Codes and tokens are opaque and kept as
//! SHA-256; what a person allowed a client is one grant, the family of all tokens that follow
//! from it, and goes as one.

mod authorize;
pub mod client;
mod connect;
pub mod document;
mod error;
mod form;
pub mod jwt;
pub mod metadata;
mod pkce;
pub mod redirect;
mod token;

use std::sync::Arc;

use uuid::Uuid;

use crate::{
    accounts::Accounts,
    clock::{Clock, new_id},
    error::Error,
    store::{self, Store},
};
use client::ClientMetadata;
use document::{DocumentError, Documents};

pub use authorize::{Asked, Decision, Refused, Request};
pub use connect::{Answer, Connect, Link, Question, Standing};
pub use error::{OauthError, Word};
pub use form::Form;
pub use token::Tokens;

/// What the id of a registered client begins with.
const CLIENT_PREFIX: &str = "bt_oauth_client_";
/// Registered clients at the same time.
const CLIENTS_MAX: i64 = 100_000;
/// How long a client that was never allowed anything is known, in microseconds: thirty days.
const CLIENT_KEPT: i64 = 30 * 24 * 3_600 * 1_000_000;

/// The authorization server.
pub struct Oauth {
    store: Store,
    accounts: Arc<Accounts>,
    clock: Arc<dyn Clock>,
    documents: Documents,
    issuer: String,
}

impl Oauth {
    /// The server of this address, without a trailing slash.
    pub fn new(
        issuer: &str,
        store: Store,
        accounts: Arc<Accounts>,
        clock: Arc<dyn Clock>,
        documents: Documents,
    ) -> Self {
        Self { store, accounts, clock, documents, issuer: issuer.to_owned() }
    }

    /// What tokens are for: the MCP endpoint, and with it the whole service.
    pub fn resource(&self) -> String {
        format!("{}/mcp", self.issuer)
    }

    /// Registers a client (RFC 7591); one that registers the same again is the same client.
    pub async fn register(&self, body: &[u8]) -> Result<serde_json::Value, Registration> {
        let client = ClientMetadata::read(body)?;
        let now = self.clock.now();
        let metadata = serde_json::to_string(&client).map_err(Error::internal)?;
        let row = store::clients::Client {
            id: format!("{CLIENT_PREFIX}{}", new_id(now)),
            metadata,
            created_at: now.as_microsecond(),
            last_used_at: now.as_microsecond(),
        };
        let digest = client.digest();
        let kept = self.store.write(move |tx| {
            if store::clients::count(tx)? >= CLIENTS_MAX {
                let at = row.created_at;
                store::clients::sweep(tx, at - CLIENT_KEPT, at)?;
                if store::clients::count(tx)? >= CLIENTS_MAX {
                    return Ok(None);
                }
            }
            store::clients::ensure(tx, &row, &digest).map(Some)
        });
        let full = || Error::unavailable("too many clients are registered");
        let kept = kept.await.map_err(Error::from)?.ok_or_else(full)?;
        Ok(client.registered(&kept.id, kept.created_at / 1_000_000))
    }

    /// The client of this id.
    async fn client(&self, id: &str) -> Result<Arc<ClientMetadata>, OauthError> {
        let unknown = || {
            let told = "the client is not known here; register it again";
            OauthError::new(Word::InvalidClient, told)
        };
        if Documents::is_document_id(id) {
            return self.documents.client(id).await.map_err(|error| of_document(id, &error));
        }
        let uuid = id.strip_prefix(CLIENT_PREFIX).ok_or_else(unknown)?;
        Uuid::try_parse(uuid).map_err(|_| unknown())?;
        let asked = id.to_owned();
        let found = self.store.read(move |tx| store::clients::get(tx, &asked)).await?;
        let metadata = found.ok_or_else(unknown)?.metadata;
        let client = serde_json::from_str(&metadata).map_err(Error::internal)?;
        Ok(Arc::new(client))
    }

    /// Forgets clients that nobody uses; writes nothing when there is none.
    pub async fn upkeep(&self) -> Result<(), Error> {
        let now = self.clock.now().as_microsecond();
        let due = self.store.read(move |tx| store::clients::is_due(tx, now - CLIENT_KEPT, now));
        if !due.await? {
            return Ok(());
        }
        let swept = self.store.write(move |tx| store::clients::sweep(tx, now - CLIENT_KEPT, now));
        Ok(swept.await.map(drop)?)
    }
}

fn of_document(id: &str, error: &DocumentError) -> OauthError {
    let word = if error.is_passing() { Word::TemporarilyUnavailable } else { Word::InvalidClient };
    OauthError::new(word, format!("the document {id} {error}"))
}

/// Why a registration failed.
#[derive(Debug, thiserror::Error)]
pub enum Registration {
    /// What the client says of itself cannot be.
    #[error(transparent)]
    Refused(#[from] client::RegistrationError),
    /// The service cannot now.
    #[error(transparent)]
    Failed(#[from] Error),
}
