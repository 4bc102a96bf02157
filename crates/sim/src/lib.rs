//! The simulator of BotTrade: a frozen market, a run through it, and what the run was worth.
//!
//! Everything here is a function of its arguments. A [`Run`] is made from a [`Scenario`] and
//! moves only through [`Run::apply`]; the same commands give the same bits on every machine.
//! Money is counted in integers ([`num`]), statistics in floats of fixed order ([`metrics`]).
//!
//! Modules in reading order: numbers and time, the market and its rules, orders and books, the
//! run and its engine, what is read off a finished run, and [`paper`] trading beside them.

pub mod num;
pub mod time;

pub mod market;
pub mod rules;
pub mod scenario;

pub mod ledger;
pub mod order;
pub mod outcome;
pub mod run;

mod engine;

pub mod bots;
pub mod metrics;
pub mod paper;

pub use market::{Market, SymbolId};
pub use num::{Money, Price, Quantity};
pub use outcome::Status;
pub use rules::{RULES_VERSION, Rules};
pub use run::{Command, Run};
pub use scenario::Scenario;
pub use time::{Date, Timestamp};
