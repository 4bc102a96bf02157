//! The authorization server: clients, grants and tokens, so that a person signs in once and any
//! MCP client connects by address alone.

pub mod client;
pub mod document;
pub mod redirect;
pub mod jwt;
