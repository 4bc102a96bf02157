//! Paper trading: an account that trades continuously on a moving market.

pub mod feed;
