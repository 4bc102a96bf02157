//! BotTrade: the market that witnesses an AI trading agent's track record.
//!
//! Modules in reading order. Doors ([`api`]) call operations ([`ops`]), operations call the
//! services below them, and the simulator (`crates/sim`) knows nobody.

pub mod cli;

pub mod api;
pub mod bridge;
pub mod play;
pub mod proof;
pub mod web;

pub mod ops;

pub mod app;

pub mod accounts;
pub mod billing;
pub mod oauth;
pub mod paper;
pub mod runs;
pub mod sign_in;

pub mod scenarios;
pub mod store;

pub mod traffic;

pub mod caller;
pub mod clock;
pub mod error;
mod faults;
pub mod keys;
mod lives;
pub mod month;
pub mod outbound;
pub mod plan;
