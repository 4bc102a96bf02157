//! One integration binary: everything goes through the router, as a client would.
//!
//! [`app`] gives servers and clients, [`world`] small scenarios, [`stand_in`] a provider of
//! sign-ins. `UPDATE=1 cargo test --test it` rewrites the files under `golden/`.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]
#![expect(clippy::needless_pass_by_value, reason = "`json!` at the call reads best by value")]

mod app;
mod stand_in;
mod world;

mod bad_input;
mod billing;
mod bot;
mod catalogue;
mod client_address;
mod contract;
mod defects;
mod documented;
mod examples;
mod feed;
mod files;
mod golden;
mod headline;
mod journal;
mod mcp;
mod metering;
mod mistakes;
mod no_look_ahead;
mod oauth;
mod openapi;
mod paper;
mod parity;
mod port;
mod proof;
mod routes;
mod sign_in;
mod skills;
mod tamper;
mod tidy;
mod tokens;
mod tool_contract;
mod upkeep;
mod web;
