//! The plan of an account: what it costs, and how much of everything it has.

/// A plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// Of every account that nobody put on another.
    Free,
    /// More calls and keys.
    Pro,
    /// As many as there are.
    Max,
    /// The same, for the operator's own.
    Unlimited,
}

impl Plan {
    /// Every plan, the smallest first.
    pub const ALL: [Self; 4] = [Self::Free, Self::Pro, Self::Max, Self::Unlimited];

    /// The word in the store and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Pro => "pro",
            Self::Max => "max",
            Self::Unlimited => "unlimited",
        }
    }

    /// Reads the word in the store.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|plan| plan.name() == word)
    }

    /// What the bots' contract calls it.
    pub const fn shown(self) -> &'static str {
        match self {
            Self::Free => "Free",
            Self::Pro => "Standard",
            Self::Max | Self::Unlimited => "Professional",
        }
    }

    /// Whom it is for.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Free => "Trying an agent out.",
            Self::Pro => "Working on an agent.",
            Self::Max => "Comparing many.",
            Self::Unlimited => "Your own server.",
        }
    }

    /// US cents a month.
    pub const fn cents(self) -> u32 {
        match self {
            Self::Free | Self::Unlimited => 0,
            Self::Pro => 1_999,
            Self::Max => 7_999,
        }
    }

    /// Runs that may be started in a month of UTC; `None` is no limit.
    pub const fn runs_a_month(self) -> Option<u32> {
        match self {
            Self::Free => Some(25),
            Self::Pro => Some(200),
            Self::Max => Some(1_000),
            Self::Unlimited => None,
        }
    }

    /// Bot keys that an account may have at the same time.
    pub const fn bot_keys_max(self) -> u32 {
        match self {
            Self::Free => 1,
            Self::Pro => 5,
            Self::Max | Self::Unlimited => 25,
        }
    }

    /// Calls of the bot API in a month of UTC.
    pub const fn calls_a_month(self) -> u32 {
        match self {
            Self::Free => 1_000,
            Self::Pro => 10_000,
            Self::Max | Self::Unlimited => 1_000_000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_read_as_it_is_written_and_a_larger_one_has_no_less() {
        for plan in Plan::ALL {
            assert_eq!(Plan::parse(plan.name()), Some(plan));
        }
        assert_eq!((Plan::parse("Free"), Plan::parse("")), (None, None));
        assert!(Plan::ALL.is_sorted_by_key(|it| (it.bot_keys_max(), it.calls_a_month())));
    }
}
