//! The service as one value: made once, shared by every call.

pub mod kept;

use std::{path::Path, sync::Arc};

use crate::{
    accounts::Accounts,
    clock::Clock,
    error::Error,
    runs::Runs,
    scenarios::{self, Catalog, Entry},
    store::Store,
};
use kept::Kept;

/// The service.
pub struct App {
    /// Where clients reach it, without a trailing slash.
    pub public_url: String,
    /// What can be played.
    pub catalog: Arc<Catalog>,
    /// Who plays.
    pub accounts: Accounts,
    /// What is played.
    pub runs: Runs,
    /// What is answered again and again.
    pub kept: Kept,
}

impl App {
    /// Puts the service together.
    pub fn new(
        public_url: &str,
        catalog: Catalog,
        store: Store,
        clock: Arc<dyn Clock>,
    ) -> Arc<Self> {
        let catalog = Arc::new(catalog);
        Arc::new(Self {
            public_url: public_url.trim_end_matches('/').to_owned(),
            accounts: Accounts::new(store.clone(), Arc::clone(&clock)),
            runs: Runs::new(store, Arc::clone(&catalog), clock),
            catalog,
            kept: Kept::default(),
        })
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
