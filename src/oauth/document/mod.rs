//! Client-ID metadata documents: a client whose `client_id` is the `https` address of a document
//! that says who it is, so that nobody needs to register.
//!
//! Documents of known clients are built in, others come from a folder of the operator's. The rest
//! is fetched, on behalf of strangers: `address` says whom they may make this server call, `fetch`
//! calls exactly that, `cache` sees to it that they cannot make it call often.

mod address;
mod cache;
mod fetch;
mod id;
mod known;
mod lifetime;
mod read;
#[cfg(test)]
mod tests;

use std::{collections::HashMap, path::Path, sync::Arc};

use tokio::{sync::Semaphore, time::timeout};

use self::{
    cache::{Cache, Kept},
    fetch::{Fetched, Reach, Web},
};
use super::client::{ClientMetadata, RegistrationError};
use crate::clock::Clock;

pub use cache::{DOCUMENTS_MAX, FAILURE_PAUSE, OUTAGE_MAX};
pub use fetch::{Addresses, BYTES_MAX, PATIENCE, Resolver, SystemResolver};
pub use id::{DOCUMENT_ID_MAX, DocumentId};
pub use known::{FolderError, Trusted};
pub use lifetime::{AGE_DEFAULT, AGE_MAX, AGE_MIN};

/// Documents that are fetched at the same time.
pub const FETCHES_MAX: usize = 16;

/// Why an address names no client, to be read after the address. It does not tell a private
/// address from a missing one: a stranger would map the network with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// No address of a document.
    #[error("{0}")]
    Id(&'static str),
    /// Too many bytes for an address.
    #[error("is longer than {DOCUMENT_ID_MAX} bytes")]
    IdTooLong,
    /// No address of the public internet: it is not called.
    #[error("cannot be reached on the public internet")]
    NotPublic,
    /// Nothing answers there, or not with a certificate of that name.
    #[error("cannot be reached on the public internet")]
    Unreachable,
    /// Nothing came in time.
    #[error("does not answer within {} s", PATIENCE.as_secs())]
    TooSlow,
    /// Too many others are being fetched.
    #[error("cannot be fetched now, as too many others are; try again shortly")]
    Busy,
    /// Another status than 200. Redirects are not followed.
    #[error("answers with status {0} instead of 200")]
    Status(u16),
    /// Another type than JSON.
    #[error("is not served as application/json")]
    NotServedAsJson,
    /// Too many bytes.
    #[error("is larger than {BYTES_MAX} bytes")]
    TooLarge,
    /// No JSON object, or one with members of another type.
    #[error("is not a JSON document of a client: {0}")]
    NotJson(String),
    /// Its `client_id` is not the address at which it lies.
    #[error("names another client_id than its own address")]
    OtherClient,
    /// It relies on a secret, which everybody can read.
    #[error("relies on a client secret; its token_endpoint_auth_method must be none")]
    Secret,
    /// It has no name that could be shown.
    #[error("has no client_name")]
    Nameless,
    /// Its metadata are refused.
    #[error("{0}")]
    Metadata(RegistrationError),
}

impl DocumentError {
    /// Whether the client is not to blame: it may be asked for again.
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable | Self::TooSlow | Self::Busy | Self::Status(500..))
    }
}

/// The clients that are known by the address of their document.
pub struct Documents {
    trusted: HashMap<String, Arc<ClientMetadata>>,
    cache: Cache,
    web: Web,
    fetches: Semaphore,
    clock: Arc<dyn Clock>,
}

impl Documents {
    /// The built-in documents, `trusted` ones beside or instead of them, and whatever the resolver
    /// finds on the public internet.
    pub fn new(resolver: Arc<dyn Resolver>, clock: Arc<dyn Clock>, trusted: Vec<Trusted>) -> Self {
        Self::reaching(Web { resolver, reach: Reach::internet() }, clock, trusted)
    }

    fn reaching(web: Web, clock: Arc<dyn Clock>, trusted: Vec<Trusted>) -> Self {
        let all = known::built_in().into_iter().chain(trusted);
        let trusted = all.map(|it| (it.id.as_str().to_owned(), Arc::new(it.client))).collect();
        let fetches = Semaphore::new(FETCHES_MAX);
        Self { trusted, cache: Cache::default(), web, fetches, clock }
    }

    /// The documents of a folder: every `*.json` in it, by its own `client_id`.
    ///
    /// # Errors
    /// Names the file and what is wrong with it.
    pub fn read_folder(folder: &Path) -> Result<Vec<Trusted>, FolderError> {
        known::read_folder(folder)
    }

    /// Whether a `client_id` means a document; any other is one that this server gave out.
    pub fn is_document_id(client_id: &str) -> bool {
        client_id.starts_with("https://")
    }

    /// The client of this `client_id`.
    ///
    /// # Errors
    /// When it is no address of a document, or there is no proper document.
    pub async fn client(&self, client_id: &str) -> Result<Arc<ClientMetadata>, DocumentError> {
        if let Some(client) = self.trusted.get(client_id) {
            return Ok(client.clone());
        }
        let id = DocumentId::parse(client_id)?;
        let entry = self.cache.entry(&id, self.clock.now())?;
        // Whoever holds the entry fetches; the others find here what that gave.
        let mut kept = entry.kept().await;
        if let Some(fresh) = kept.as_ref().filter(|it| it.until > self.clock.now()) {
            return fresh.outcome.clone();
        }
        let outcome = self.fetch(&id).await;
        if let Err(error) = &outcome {
            tracing::info!(client_id, ?error, "a client's document was not read");
        }
        let next = Kept::next(kept.take(), outcome, self.clock.now());
        kept.insert(next).outcome.clone()
    }

    /// One attempt, in [`PATIENCE`] from the place in the queue to the last byte.
    async fn fetch(&self, id: &DocumentId) -> Result<(ClientMetadata, i64), DocumentError> {
        let attempt = async {
            let _place = self.fetches.acquire().await.map_err(|_| DocumentError::Busy)?;
            self.web.get(id).await
        };
        let late = |_| DocumentError::TooSlow;
        let Fetched { headers, body } =
            timeout(self.web.reach.patience, attempt).await.map_err(late)??;
        let client = read::read(id, &body)?;
        Ok((client, lifetime::lifetime(&headers, self.clock.now())))
    }
}
