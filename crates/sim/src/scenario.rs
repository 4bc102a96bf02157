//! A scenario: a market and the rules under which it is traded.

use std::fmt::Write as _;

use crate::{
    market::{Market, SLIPPAGE_BPS_END},
    rules::{RULES_VERSION, Rules},
};

/// What a run is played on. Immutable; shared between runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Costs, limits and fill options.
    pub rules: Rules,
    /// Bars and sessions.
    pub market: Market,
}

/// Why rules and market do not make a scenario.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    /// No bar is left to trade.
    #[error("warmup {warmup} leaves no bar to trade: the timeline has {bars} bars")]
    Warmup {
        /// The first bar of a run.
        warmup: usize,
        /// Bars on the timeline.
        bars: usize,
    },
    /// A rule's value makes no sense.
    #[error("{field}: {problem}")]
    Rule {
        /// The rule.
        field: &'static str,
        /// What was expected.
        problem: &'static str,
    },
}

impl Scenario {
    /// Checks that rules and market fit each other.
    pub fn new(rules: Rules, market: Market) -> Result<Self, ScenarioError> {
        let bars = market.timeline().len();
        if rules.warmup >= bars.saturating_sub(1) {
            return Err(ScenarioError::Warmup { warmup: rules.warmup, bars });
        }
        let slipped = market.instruments().iter().any(|it| it.slippage_bps >= SLIPPAGE_BPS_END);
        let slippage = slipped.then_some(("slippage_bps", "must be below 5000"));
        if let Some((field, problem)) = rules.problems().chain(slippage).next() {
            return Err(ScenarioError::Rule { field, problem });
        }
        Ok(Self { rules, market })
    }

    /// Bars a run can step through.
    pub fn decisions(&self) -> usize {
        self.market.last() - self.rules.warmup
    }

    /// The canonical text of rules and bars: equal texts give equal scores for equal orders.
    ///
    /// Feeds it to `sink` piece by piece; the SHA-256 of the whole is the scenario's digest.
    pub fn canonical(&self, mut sink: impl FnMut(&[u8])) {
        let (rules, market) = (&self.rules, &self.market);
        let mut text = format!(
            "bottrade-scenario/1\nrules_version {RULES_VERSION}\nstarting_cash {}\n\
             leverage_cap {}\nshort_enabled {}\ncommission_bps {}\nborrow_bps_annual {}\n\
             sessions_per_year {}\nlimit_fill {}\npath_policy {}\nparticipation_pct {}\n\
             warmup {}\nbenchmark {}\nreference {}\n",
            rules.starting_cash,
            rules.leverage_cap.units(),
            rules.short_enabled,
            rules.commission_bps,
            rules.borrow_bps_annual,
            rules.sessions_per_year,
            rules.limit_fill.name(),
            rules.path_policy.name(),
            rules.participation_pct.unwrap_or(0),
            rules.warmup,
            market.benchmark().map_or("-", |symbol| market.symbol(symbol)),
            market.reference().map_or("-", |reference| &reference.symbol),
        );
        for instrument in market.instruments() {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "instrument {} {}", instrument.symbol, instrument.slippage_bps);
        }
        sink(text.as_bytes());
        for (t, ts) in market.timeline().iter().enumerate() {
            text.clear();
            let reference = market.reference().map_or(0, |it| it.closes[t].units());
            let session = market.sessions()[market.session_of(t)];
            let _ = writeln!(text, "at {} {session} {reference}", ts.seconds());
            for symbol in market.symbols() {
                if let Some(bar) = market.bar(t, symbol) {
                    let _ = writeln!(
                        text,
                        "{} {} {} {} {} {:016x}",
                        symbol.index(),
                        bar.open.units(),
                        bar.high.units(),
                        bar.low.units(),
                        bar.close.units(),
                        bar.volume.to_bits(),
                    );
                }
            }
            sink(text.as_bytes());
        }
    }
}
