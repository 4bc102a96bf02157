//! The rules of one scenario: costs, limits and how a bar's hidden path is read.

use crate::num::{Leverage, Money};

/// The version of the simulator's own rules. A change that could alter any score raises it.
pub const RULES_VERSION: u32 = 1;

/// Orders that one turn may carry.
pub const ORDERS_PER_TURN_MAX: usize = 500;
/// Orders that may wait at the same time.
pub const WORKING_ORDERS_MAX: usize = 1_000;
/// The gross exposure past which no position is opened, in whole units of currency.
pub const GROSS_MAX: i64 = 1_000_000_000_000;

/// What a run starts with and what trading costs. Fixed by the scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// Cash at the start.
    pub starting_cash: Money,
    /// Gross exposure may reach this multiple of equity.
    pub leverage_cap: Leverage,
    /// Whether `short` and `cover` are allowed.
    pub short_enabled: bool,
    /// Commission on every fill's value.
    pub commission_bps: u32,
    /// Yearly cost of borrowing what is short.
    pub borrow_bps_annual: u32,
    /// Sessions in a year, for borrow and for annualised statistics.
    pub sessions_per_year: u32,
    /// When a limit order fills.
    pub limit_fill: LimitFill,
    /// How the order of events inside one bar is settled when it decides.
    pub path_policy: PathPolicy,
    /// At most this share of a bar's volume fills in it; `None` is no cap.
    pub participation_pct: Option<u32>,
    /// Index of the first bar of a run in the timeline: it and all before it are visible.
    pub warmup: usize,
}

impl Rules {
    /// Every rule that is out of range, and what was expected.
    pub fn problems(&self) -> impl Iterator<Item = (&'static str, &'static str)> + use<> {
        let cash = Money::whole(1)..=Money::whole(1_000_000_000);
        let capped = self.participation_pct.is_none_or(|pct| (1..=100).contains(&pct));
        let year = (1..=366).contains(&self.sessions_per_year);
        let checks = [
            (
                "starting_cash",
                cash.contains(&self.starting_cash),
                "must be between 1 and 1,000,000,000",
            ),
            ("commission_bps", self.commission_bps <= 1_000, "must be at most 1000"),
            ("borrow_bps_annual", self.borrow_bps_annual <= 100_000, "must be at most 100000"),
            ("sessions_per_year", year, "must be between 1 and 366"),
            ("participation_pct", capped, "must be between 1 and 100"),
        ];
        checks.into_iter().filter(|&(_, good, _)| !good).map(|(field, _, text)| (field, text))
    }
}

/// When a resting limit order fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitFill {
    /// The bar trades past the limit: the order is last in its queue.
    Through,
    /// The bar trades at the limit.
    Touch,
}

/// The path a price is taken to have gone inside one bar, where the four prices leave it open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathPolicy {
    /// Stops are hit, limits are missed.
    Worst,
    /// Limits fill, stops are missed.
    Best,
    /// Open, high, low, close.
    HighFirst,
    /// Open, low, high, close.
    LowFirst,
    /// The extreme nearer to the open first; the high when both are as near.
    Nearest,
}

macro_rules! named {
    ($type:ident { $($variant:ident = $name:literal),+ }) => {
        impl $type {
            /// Every variant's name in files and answers.
            pub const NAMES: &'static [&'static str] = &[$($name),+];

            /// The name in files and answers.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The variant of this name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}
pub(crate) use named;

named!(LimitFill { Through = "through", Touch = "touch" });
named!(PathPolicy {
    Worst = "worst",
    Best = "best",
    HighFirst = "high-first",
    LowFirst = "low-first",
    Nearest = "nearest"
});
