//! Paper trading as a service: an account that trades on a moving market without real money.
//!
//! - [`meter`] counts the calls of an account and holds them against its limits.

pub mod meter;
