//! How a person shows who they are: a provider they are known to, or a link of the operator.
//!
//! [`ProviderArgs`] are the settings, [`Providers`] what they make: `begin` gives the address to
//! send a browser to and what to keep meanwhile, `finish` turns the answer that the browser brings
//! back into a [`Person`] or into a [`SignInError`] that says what to do.

mod args;
mod desk;
mod error;
mod exchange;
mod github;
mod id_token;
mod kept;
mod open_id;
mod pending;
mod person;
mod provider;

pub use crate::accounts::Person;
pub use crate::outbound::HttpFault;
pub use args::ProviderArgs;
pub use desk::{Arrived, Desk, Sent};
pub use error::SignInError;
pub use id_token::IdTokenFault;
pub use pending::{Begun, Callback, PENDING_FOR, Pending};
pub use provider::{Provider, Providers};
