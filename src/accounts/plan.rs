//! The plans an account can be on: prices and what they allow, written once.

/// What an account pays and may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// The word that is kept with the account.
    pub name: &'static str,
    /// Whom it is for.
    pub about: &'static str,
    /// US cents a month.
    pub cents: u32,
    /// Runs that may be started per calendar month in UTC; nothing is no limit.
    pub runs: Option<u32>,
}

/// The plans of a server for many, the smallest first.
pub const PLANS: [Plan; 3] = [
    Plan { name: "free", about: "Trying an agent out.", cents: 0, runs: Some(25) },
    Plan { name: "pro", about: "Working on an agent.", cents: 1999, runs: Some(200) },
    Plan { name: "max", about: "Comparing many.", cents: 7999, runs: Some(1000) },
];

/// The plan of a server on one's own computer.
pub const UNLIMITED: Plan =
    Plan { name: "unlimited", about: "Your own server.", cents: 0, runs: None };
