//! The plan of an account: what it costs, and how much of everything it has.

use std::str::FromStr;

/// A plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// Of every person who signs in and pays nothing.
    Free,
    /// More runs, calls and keys.
    Pro,
    /// As many as there are.
    Max,
    /// Without a limit of runs, for the operator's own.
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

    /// Whether its owner may be called by a handle in public.
    pub const fn has_handle(self) -> bool {
        !matches!(self, Self::Free)
    }

    /// Whether people pay for it.
    pub const fn is_sold(self) -> bool {
        matches!(self, Self::Pro | Self::Max)
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

/// What the operator gives and asks for a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Which plan.
    pub plan: Plan,
    /// Runs that may be started in a month of UTC; `None` is no limit.
    pub runs: Option<u32>,
    /// US cents a month.
    pub cents: u32,
}

impl Terms {
    /// What it costs a month, such as `$19.99`.
    pub fn price(&self) -> String {
        match (self.cents / 100, self.cents % 100) {
            (dollars, 0) => format!("${dollars}"),
            (dollars, cents) => format!("${dollars}.{cents:02}"),
        }
    }
}

/// The terms of every plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plans([Terms; Plan::ALL.len()]);

impl Default for Plans {
    fn default() -> Self {
        Self(Plan::ALL.map(|plan| {
            let (runs, cents) = match plan {
                Plan::Free => (Some(25), 0),
                Plan::Pro => (Some(200), 1_999),
                Plan::Max => (Some(1_000), 7_999),
                Plan::Unlimited => (None, 0),
            };
            Terms { plan, runs, cents }
        }))
    }
}

impl Plans {
    /// The terms of a plan.
    pub const fn of(&self, plan: Plan) -> Terms {
        self.0[plan as usize]
    }

    /// The same with other terms; those of one plan come once, and a larger plan has no fewer runs.
    pub fn with(mut self, changes: &[Change]) -> Result<Self, String> {
        for (at, change) in changes.iter().enumerate() {
            if changes[..at].iter().any(|before| before.plan == change.plan) {
                return Err(format!("the plan {} is given twice", change.plan.name()));
            }
            let terms = &mut self.0[change.plan as usize];
            terms.runs = change.runs;
            terms.cents = change.cents.unwrap_or(terms.cents);
        }
        let many = |it: &Terms| it.runs.unwrap_or(u32::MAX);
        match self.0.windows(2).find(|pair| many(&pair[0]) > many(&pair[1])) {
            Some([less, more]) => Err(format!(
                "the plan {} must have at least as many runs as {}",
                more.plan.name(),
                less.plan.name()
            )),
            _ => Ok(self),
        }
    }

    /// The plans on sale that have more runs than this one, in words; empty when none has.
    pub fn larger(&self, plan: Plan) -> String {
        let here = self.of(plan).runs;
        let more = |it: &&Terms| match (here, it.runs) {
            (Some(here), Some(there)) => there > here,
            (here, None) => here.is_some(),
            (None, _) => false,
        };
        let told = self.0.iter().filter(|it| it.plan.is_sold()).filter(more).map(|it| {
            let runs = it.runs.map_or_else(|| "unlimited".to_owned(), |runs| runs.to_string());
            format!("{} has {runs} runs a month for {}", it.plan.name(), it.price())
        });
        told.collect::<Vec<_>>().join(", ")
    }
}

/// Other terms of a plan, as an operator writes them: `free=25`, `pro=200:19.99`,
/// `max=unlimited:79.99`. A price that is not written stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    plan: Plan,
    runs: Option<u32>,
    cents: Option<u32>,
}

impl FromStr for Change {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || "expected PLAN=RUNS or PLAN=RUNS:PRICE, such as pro=200:19.99".to_owned();
        let (plan, terms) = text.split_once('=').ok_or_else(expected)?;
        let (runs, price) = match terms.split_once(':') {
            Some((runs, price)) => (runs, Some(price)),
            None => (terms, None),
        };
        let plan = Plan::parse(plan.trim()).filter(|it| *it != Plan::Unlimited);
        let plan = plan.ok_or("the plans are free, pro and max; `unlimited` has no terms")?;
        let runs = match runs.trim() {
            "unlimited" => None,
            runs => Some(runs.parse().map_err(|_| expected())?),
        };
        let cents = price.map(|it| cents(it.trim()).ok_or_else(expected)).transpose()?;
        if plan == Plan::Free && cents.is_some_and(|it| it > 0) {
            return Err("the plan free costs nothing".to_owned());
        }
        Ok(Self { plan, runs, cents })
    }
}

/// Dollars with at most two decimals, as cents.
fn cents(price: &str) -> Option<u32> {
    let digits = |text: &str| text.bytes().all(|it| it.is_ascii_digit());
    let (dollars, cents) = price.split_once('.').unwrap_or((price, "00"));
    if !digits(dollars) || !digits(cents) || cents.len() != 2 {
        return None;
    }
    dollars.parse::<u32>().ok()?.checked_mul(100)?.checked_add(cents.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(changes: &[&str]) -> Result<Plans, String> {
        let read: Result<Vec<Change>, String> = changes.iter().map(|it| it.parse()).collect();
        Plans::default().with(&read?)
    }

    #[test]
    fn a_plan_is_read_as_it_is_written_and_a_larger_one_has_no_less() {
        for plan in Plan::ALL {
            assert_eq!(Plan::parse(plan.name()), Some(plan));
            assert_eq!(Plans::default().of(plan).plan, plan);
        }
        assert_eq!((Plan::parse("Free"), Plan::parse("")), (None, None));
        assert!(Plan::ALL.is_sorted_by_key(|it| (it.bot_keys_max(), it.calls_a_month())));
    }

    #[test]
    fn an_operator_changes_what_a_plan_has() {
        let terms = |plans: Plans, plan| (plans.of(plan).runs, plans.of(plan).price());
        let plans = with(&["free=3", "pro=50:5", "max=unlimited:79.50"]).unwrap();
        assert_eq!(terms(plans, Plan::Free), (Some(3), "$0".into()));
        assert_eq!(terms(plans, Plan::Pro), (Some(50), "$5".into()));
        assert_eq!(terms(plans, Plan::Max), (None, "$79.50".into()));
        let plans = with(&["pro=300"]).unwrap();
        assert_eq!(terms(plans, Plan::Pro), (Some(300), "$19.99".into()));
        assert_eq!(terms(plans, Plan::Max), (Some(1_000), "$79.99".into()));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for wrong in [
            "free",
            "free=",
            "free=x",
            "free=-1",
            "pro=200:1.5",
            "pro=200:1.999",
            "pro=200:$1",
            "pro=200:",
            "unlimited=5",
            "gold=5",
            "free=5:1",
            "pro=1:99999999999",
            "pro=1:.50x",
        ] {
            assert!(with(&[wrong]).is_err(), "{wrong}");
        }
        let told = with(&["free=201"]).unwrap_err();
        assert_eq!(told, "the plan pro must have at least as many runs as free");
        assert_eq!(with(&["pro=200", "pro=300"]).unwrap_err(), "the plan pro is given twice");
        assert!(with(&["free=unlimited"]).is_err(), "a larger plan has no fewer");
    }

    #[test]
    fn larger_plans_are_told_with_their_price() {
        let plans = Plans::default();
        assert_eq!(
            plans.larger(Plan::Free),
            "pro has 200 runs a month for $19.99, max has 1000 runs a month for $79.99"
        );
        assert_eq!(plans.larger(Plan::Pro), "max has 1000 runs a month for $79.99");
        assert_eq!((plans.larger(Plan::Max), plans.larger(Plan::Unlimited)), Default::default());
    }
}
