//! The two strategies of the common workload, and how they are stepped through a run.

use std::{mem, sync::Arc};

use sim::{
    Command, Market, Price, Quantity, Run, Scenario, Status, SymbolId,
    num::SCALE,
    order::{NewOrder, Side},
};

use crate::journal::Journal;

/// Cash at the start, as in the scenario's card.
pub(crate) const CASH: i32 = 10_000_000;
/// Bars of the two moving averages.
pub(crate) const FAST: u8 = 10;
pub(crate) const SLOW: u8 = 30;
/// What is held of a symbol whose fast average is above the slow one.
pub(crate) const SHARES: i32 = 100;
/// The percentage of equity that equal weights divide.
pub(crate) const INVESTED: u8 = 98;

/// A strategy.
pub(crate) trait Agent {
    /// What to order at the close of the current bar.
    fn decide(&mut self, run: &Run, orders: &mut Vec<NewOrder>);
}

/// Orders the way from what is held to `target` whole units.
#[inline]
fn send(run: &Run, symbol: SymbolId, target: i64, orders: &mut Vec<NewOrder>) {
    let units = target * SCALE - run.position(symbol).quantity.units();
    if units != 0 {
        let side = if units > 0 { Side::Buy } else { Side::Sell };
        orders.push(NewOrder::market(symbol, side, Quantity::from_units(units.abs())));
    }
}

/// `sma20`: 100 shares while the average of 10 closes is above that of 30, else none.
pub(crate) struct Cross {
    /// Of each symbol, the sums of the last closes in raw units: integers, so no tie is rounded.
    sums: Vec<(i64, i64)>,
}

impl Cross {
    pub(crate) fn new(market: &Market) -> Self {
        Self { sums: vec![(0, 0); market.width()] }
    }
}

impl Agent for Cross {
    fn decide(&mut self, run: &Run, orders: &mut Vec<NewOrder>) {
        let (market, now) = (run.market(), run.now());
        let closes =
            |back: u8| now.checked_sub(back.into()).map_or(Default::default(), |t| market.marks(t));
        let (last, fast_gone, slow_gone) = (market.marks(now), closes(FAST), closes(SLOW));
        let units = |closes: &[Price], at: usize| closes.get(at).map_or(0, |it| it.units());
        for symbol in market.symbols() {
            let at = symbol.index();
            let (fast, slow) = &mut self.sums[at];
            *fast += units(last, at) - units(fast_gone, at);
            *slow += units(last, at) - units(slow_gone, at);
            if now + 1 >= SLOW.into() {
                let above = *fast * i64::from(SLOW / FAST) > *slow;
                send(run, symbol, if above { SHARES.into() } else { 0 }, orders);
            }
        }
    }
}

/// `rebal20`: at every bar each symbol to an equal part of 98 % of equity, in whole shares.
pub(crate) struct EqualWeight;

impl Agent for EqualWeight {
    fn decide(&mut self, run: &Run, orders: &mut Vec<NewOrder>) {
        let market = run.market();
        let parts = 100 * i128::try_from(market.width()).unwrap_or(1);
        let part = run.last_sample().equity().units() * i128::from(INVESTED) / parts;
        let part = i64::try_from(part).unwrap_or(i64::MAX);
        for symbol in market.symbols() {
            let close = market.mark(run.now(), symbol);
            send(run, symbol, part / close.units(), orders);
        }
    }
}

/// An agent at its run.
pub(crate) struct Player<A> {
    pub(crate) run: Run,
    agent: A,
    orders: Vec<NewOrder>,
    /// Orders of the last step.
    pub(crate) sent: usize,
}

impl<A: Agent> Player<A> {
    pub(crate) fn new(scenario: &Arc<Scenario>, agent: A) -> Self {
        let orders = Vec::with_capacity(scenario.market.width());
        Self { run: Run::new(Arc::clone(scenario)), agent, orders, sent: 0 }
    }

    /// One decision and one bar.
    #[inline]
    pub(crate) fn step(&mut self, journal: Option<&mut Journal>) -> anyhow::Result<()> {
        self.agent.decide(&self.run, &mut self.orders);
        self.sent = self.orders.len();
        let orders = mem::take(&mut self.orders);
        let command = Command::Turn { cancel: Vec::new(), orders, steps: 1 };
        if let Some(journal) = journal {
            journal.append(self.run.market(), &command)?;
        }
        self.run.apply(&command)?;
        if let Command::Turn { orders, .. } = command {
            self.orders = orders;
            self.orders.clear();
        }
        Ok(())
    }

    /// Steps while `more` says so and the run goes on.
    pub(crate) fn play_while(&mut self, more: impl Fn(&Run) -> bool) -> anyhow::Result<()> {
        while self.run.status() == Status::Active && more(&self.run) {
            self.step(None)?;
        }
        Ok(())
    }

    /// Steps to the end, with a journal or without one.
    pub(crate) fn play(mut self, mut journal: Option<&mut Journal>) -> anyhow::Result<Run> {
        while self.run.status() == Status::Active {
            self.step(journal.as_deref_mut())?;
        }
        Ok(self.run)
    }
}
