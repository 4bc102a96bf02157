//! The service as one value: made once, shared by every call.

pub mod kept;
mod legal;
mod wait;

use std::{path::Path, sync::Arc};

use crate::{
    accounts::Accounts,
    billing::{Billing, Stripe},
    clock::Clock,
    error::Error,
    oauth::{
        Connect, Oauth,
        document::{Documents, SystemResolver},
        jwt::SigningKeys,
    },
    paper::{
        Paper,
        feed::{Feed, ReplaySettings},
        meter::Meter,
    },
    plan::Plans,
    runs::{Allowance, Runs},
    scenarios::{self, Catalog, Entry},
    sign_in::{Desk, Providers},
    store::{Store, check::Looked},
    traffic::RateLimits,
};
use kept::Kept;
pub use legal::{Legal, LegalError};

pub use wait::{Ending, Patience};

/// What the service gets from outside, beside the store.
pub struct Outside {
    /// Who vouches for people.
    pub providers: Providers,
    /// What signs our JWTs.
    pub signing_keys: SigningKeys,
    /// Clients that are known by the address of their document.
    pub documents: Documents,
    /// What quotes the market of paper trading.
    pub feed: Arc<Feed>,
    /// What the operator has to say to people.
    pub legal: Legal,
    /// What the operator gives and asks for each plan.
    pub plans: Plans,
    /// Who takes the payments for them.
    pub stripe: Option<Stripe>,
}

impl Outside {
    /// A server on its own: nobody vouches for anybody, and what it signs ends with it.
    pub fn none(public_url: &str, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let signing_keys = SigningKeys::in_memory(public_url, Arc::clone(&clock));
        let signing_keys = signing_keys.map_err(Error::internal)?;
        let resolver = Arc::new(SystemResolver);
        let documents = Documents::new(resolver, Arc::clone(&clock), Vec::new());
        let feed = Feed::replay(&ReplaySettings::default()).map_err(Error::internal)?;
        let (providers, feed) = (Providers::none(clock), Arc::new(feed));
        let (legal, plans, stripe) = (Legal::default(), Plans::default(), None);
        Ok(Self { providers, signing_keys, documents, feed, legal, plans, stripe })
    }
}

/// The service.
pub struct App {
    /// Where clients reach it, without a trailing slash.
    pub public_url: String,
    /// What can be played.
    pub catalog: Arc<Catalog>,
    /// Who plays.
    pub accounts: Arc<Accounts>,
    /// Whom people allowed to play for them.
    pub oauth: Oauth,
    /// The same for clients that have no OAuth of their own.
    pub connect: Connect,
    /// How people sign in.
    pub desk: Desk,
    /// What signs our JWTs.
    pub signing_keys: SigningKeys,
    /// How often people and programs may call.
    pub rates: RateLimits,
    /// How much they trade on paper.
    pub meter: Meter,
    /// What they trade on paper.
    pub paper: Paper,
    /// Terms and privacy.
    pub legal: Legal,
    /// The sale of plans.
    pub billing: Billing,
    /// The terms of every plan.
    pub plans: Plans,
    /// What is played.
    pub runs: Runs,
    /// What is answered again and again.
    pub kept: Kept,
    store: Store,
    /// Whether all this is about to end.
    pub ending: Ending,
}

impl App {
    /// Puts the service together.
    pub fn new(
        public_url: &str,
        catalog: Catalog,
        store: Store,
        clock: Arc<dyn Clock>,
        outside: Outside,
    ) -> Arc<Self> {
        let (catalog, public_url) = (Arc::new(catalog), public_url.trim_end_matches('/'));
        let accounts = Arc::new(Accounts::new(store.clone(), Arc::clone(&clock)));
        let oauth = Oauth::new(
            public_url,
            store.clone(),
            Arc::clone(&accounts),
            Arc::clone(&clock),
            outside.documents,
        );
        let plans = outside.plans;
        let allowance = Allowance { plans, checkout_url: format!("{public_url}/pricing") };
        let connect =
            Connect::new(&oauth, store.clone(), Arc::clone(&accounts), Arc::clone(&clock));
        Arc::new(Self {
            billing: Billing::new(
                store.clone(),
                Arc::clone(&accounts),
                Arc::clone(&clock),
                outside.stripe,
                public_url,
            ),
            public_url: public_url.to_owned(),
            oauth,
            connect,
            rates: RateLimits::new(Arc::clone(&clock)),
            meter: Meter::new(store.clone(), Arc::clone(&clock)),
            paper: Paper::new(store.clone(), Arc::clone(&clock), outside.feed),
            desk: Desk::new(public_url, Arc::clone(&accounts), outside.providers),
            signing_keys: outside.signing_keys,
            legal: outside.legal,
            accounts,
            plans,
            runs: Runs::new(store.clone(), Arc::clone(&catalog), allowance, clock),
            store,
            catalog,
            kept: Kept::default(),
            ending: Ending::default(),
        })
    }

    /// Verifies every journal and names the damaged ones in the log.
    pub async fn check(&self) -> Result<Looked, Error> {
        Ok(self.store.check().await?)
    }

    /// Waits until the store refuses every write, and says why.
    pub async fn store_failed(&self) -> String {
        self.store.failed().await
    }

    /// Finishes what is under way and closes the store.
    pub async fn close(&self) {
        self.store.close().await;
    }

    /// The scenario of this slug or id; the error offers the nearest slugs.
    pub fn scenario(&self, asked: &str) -> Result<&Arc<Entry>, Error> {
        self.scenario_as("scenario with id or slug", asked)
    }

    /// The same where the error says otherwise how it was asked for.
    pub fn scenario_as(&self, noun: &str, asked: &str) -> Result<&Arc<Entry>, Error> {
        self.catalog.get(asked.trim()).map_err(|error| match error {
            scenarios::Error::Unknown { asked, nearest } => {
                Error::no_such_scenario(noun, &asked, &nearest)
            }
            other => Error::internal(other),
        })
    }
}

/// The database file in a data folder.
pub fn database(data_dir: &Path) -> std::path::PathBuf {
    data_dir.join("bottrade.sqlite")
}

/// The address that texts in the binary are written for.
const WRITTEN_FOR: &str = "http://127.0.0.1:8080";

/// A text as clients of the server at this address need it.
pub fn addressed(text: &str, public_url: &str) -> String {
    text.replace(WRITTEN_FOR, public_url)
}
