//! Reference bots: four traders that every agent can be compared with.
//!
//! A bot sees an [`Observation`] and answers with market orders. It depends on nothing else, so
//! that the same bot plays in process ([`play`]) and over the network, where observations are
//! read from JSON. Sizes are integers; openings are cut to four decimals.

pub mod baseline;
mod buy_hold;
mod desk;
mod equal_weight;
mod momentum;
mod random;

#[cfg(test)]
pub(crate) mod tests;

use crate::{
    num::{Money, Price, Quantity},
    order::{NewOrder, Side},
    outcome::{Refusal, Status},
    run::{Command, Run},
};

/// Closes of each instrument that an observation holds: 60 returns.
pub const LOOKBACK: usize = 61;

/// The names that [`by_name`] knows.
pub const NAMES: [&str; 4] = ["buy_hold", "equal_weight", "momentum", "random"];

/// A trader.
pub trait Bot {
    /// One of [`NAMES`].
    fn name(&self) -> &'static str;

    /// What to order now: market orders, to be submitted in one turn that steps one bar.
    fn decide(&mut self, seen: &Observation) -> Vec<Intent>;
}

/// What a bot sees before a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// Bars since the start; 0 at the first decision.
    pub step: usize,
    /// Cash.
    pub cash: Money,
    /// Cash and positions together, at the last closes.
    pub equity: Money,
    /// Whether the scenario allows `short` and `cover`.
    pub short_enabled: bool,
    /// Whether positions are closed by force at the next open: orders are refused.
    pub liquidation_due: bool,
    /// The tradable benchmark: an index into `instruments`.
    pub benchmark: Option<usize>,
    /// The universe, in ascending order of symbol.
    pub instruments: Vec<Seen>,
}

/// One instrument as a bot sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its canonical name.
    pub symbol: String,
    /// Units held, negative when short.
    pub position: Quantity,
    /// Closes of its last bars, oldest first; at most [`LOOKBACK`], none before its first bar.
    pub closes: Vec<Price>,
    /// Whether an order of it is still working.
    pub pending: bool,
}

/// A market order that a bot wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Intent {
    /// Which instrument: an index into [`Observation::instruments`].
    pub instrument: usize,
    /// What it does to the position.
    pub side: Side,
    /// How many units, always positive.
    pub quantity: Quantity,
}

impl Observation {
    /// What a bot sees of a run now; nothing in it is later than [`Run::now`].
    pub fn of(run: &Run) -> Self {
        let market = run.market();
        let mut pending = vec![false; market.width()];
        for order in run.working_orders() {
            pending[order.order.symbol.index()] = true;
        }
        let see = |(symbol, pending)| Seen {
            symbol: market.symbol(symbol).to_owned(),
            position: run.position(symbol).quantity,
            closes: market.bars(run.now(), symbol, LOOKBACK).map(|bar| bar.close).collect(),
            pending,
        };
        Self {
            step: run.now() - run.rules().warmup,
            cash: run.cash(),
            equity: run.last_sample().equity(),
            short_enabled: run.rules().short_enabled,
            liquidation_due: run.liquidation_due(),
            benchmark: market.benchmark().map(crate::SymbolId::index),
            instruments: market.symbols().zip(pending).map(see).collect(),
        }
    }
}

impl Seen {
    /// The last close; `None` before the first bar.
    pub fn last_close(&self) -> Option<Price> {
        self.closes.last().copied()
    }
}

/// The bot of this name; `seed` matters to `random` alone.
pub fn by_name(name: &str, seed: u64) -> Option<Box<dyn Bot + Send>> {
    Some(match name {
        "buy_hold" => Box::new(buy_hold::BuyHold::default()),
        "equal_weight" => Box::new(equal_weight::EqualWeight::default()),
        "momentum" => Box::new(momentum::Momentum::default()),
        "random" => Box::new(random::Random::new(seed)),
        _ => return None,
    })
}

/// Plays a run to its end: at every bar the bot decides, orders and steps one bar.
///
/// `progress` hears how many bars are done. A refusal means that a bot broke a rule of the engine,
/// which is a defect of the bot.
pub fn play(
    run: &mut Run,
    bot: &mut dyn Bot,
    progress: &mut dyn FnMut(usize),
) -> Result<(), Refusal> {
    while run.status() == Status::Active {
        let intents = bot.decide(&Observation::of(run));
        let symbols: Vec<_> = run.market().symbols().collect();
        let order = |it: Intent| NewOrder::market(symbols[it.instrument], it.side, it.quantity);
        let orders = intents.into_iter().map(order).collect();
        run.apply(&Command::Turn { cancel: Vec::new(), orders, steps: 1 })?;
        progress(run.samples().len() - 1);
    }
    Ok(())
}
