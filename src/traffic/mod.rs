//! Who calls, and how often: what every limit counts by.

pub mod client_address;
pub mod rate;

pub use client_address::{ClientAddress, TrustedProxies};
pub use rate::{Rate, RateLimits};
