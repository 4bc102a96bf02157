//! Who asks.

use std::sync::Arc;

use crate::{error::Error, keys::Family};

/// Whoever stands at a door.
#[derive(Debug, Clone)]
pub enum Caller {
    /// No credential came.
    Anonymous,
    /// A key of this account came.
    Account(Arc<Account>),
}

/// An account, as seen through the key that was shown.
#[derive(Debug, Clone)]
pub struct Account {
    /// The account's id.
    pub id: String,
    /// The account's name.
    pub name: String,
    /// The key's id.
    pub key_id: String,
    /// The key's name.
    pub key_name: String,
    /// What the key opens.
    pub family: Family,
}

impl Caller {
    /// The account, or the error that says how to get one.
    pub fn account(&self) -> Result<&Account, Error> {
        match self {
            Self::Anonymous => Err(Error::key_required()),
            Self::Account(account) => Ok(account),
        }
    }
}
