//! One step: liquidation, the queue, marks, borrow, and the end of a run.

use crate::{
    ledger::Trade,
    num::{Leverage, Money, Quantity},
    order::Side,
    outcome::{Outcome, Reason, Status},
    run::{Run, Sample},
};

impl Run {
    /// Advances one bar. The order of events is part of rules version 1.
    pub(crate) fn advance(&mut self, outcome: &mut Outcome) {
        let t = self.now + 1;
        self.now = t;
        outcome.bars_advanced += 1;
        if self.liquidation_due {
            self.liquidate(t, At::Open, outcome);
            self.record(t);
            return;
        }
        self.execute(t, outcome);
        let mut sample = self.mark(t);
        if self.market().ends_session(t) && self.charge_borrow(t) {
            sample.cash = self.ledger.cash;
        }
        self.samples.push(sample);
        let last = t == self.market().last();
        if self.margin_is_gone(&sample) {
            if last {
                self.samples.pop();
                self.liquidate(t, At::Close, outcome);
                self.record(t);
                return;
            }
            self.liquidation_due = true;
        }
        if last {
            self.status = Status::Completed;
            self.end_orders(Reason::RunEnded, outcome);
        }
    }

    fn record(&mut self, t: usize) {
        let sample = self.mark(t);
        self.samples.push(sample);
    }

    fn mark(&self, t: usize) -> Sample {
        let (value, gross) = self.ledger.exact_values(self.market().marks(t));
        Sample {
            cash: self.ledger.cash,
            positions_value: Money::from_exact(value),
            gross: Money::from_exact(gross),
        }
    }

    /// Charges one session's borrow on what is short; answers whether there was any.
    fn charge_borrow(&mut self, t: usize) -> bool {
        let rules = &self.scenario.rules;
        if rules.borrow_bps_annual == 0 {
            return false;
        }
        let marks = self.scenario.market.marks(t);
        let short: i128 = self
            .ledger
            .positions
            .iter()
            .zip(marks)
            .filter(|(position, _)| position.quantity < Quantity::ZERO)
            .map(|(position, &mark)| position.quantity.abs().exact_value(mark))
            .sum();
        if short == 0 {
            return false;
        }
        let cost = Money::from_exact(short)
            .bps_per_period(rules.borrow_bps_annual, rules.sessions_per_year);
        self.ledger.pay_borrow(cost);
        true
    }

    /// Whether equity is below half of what the cap demands, or gone.
    fn margin_is_gone(&self, sample: &Sample) -> bool {
        let (equity, cap) = (sample.equity(), self.rules().leverage_cap);
        if equity <= Money::ZERO {
            return true;
        }
        // equity < gross ÷ (2 · cap), without a division.
        let carried = equity.units() * 2 * i128::from(cap.units());
        cap > Leverage::ONE && carried < sample.gross.units() * 10_000
    }

    /// Closes every position, cancels every order and ends the run.
    fn liquidate(&mut self, t: usize, at: At, outcome: &mut Outcome) {
        let symbols = self.market().symbols();
        for symbol in symbols {
            let held = self.position(symbol).quantity;
            if held == Quantity::ZERO {
                continue;
            }
            let side = if held > Quantity::ZERO { Side::Sell } else { Side::Cover };
            let market = self.market();
            let reference = match at {
                At::Open => market.opening(t, symbol),
                At::Close => market.mark(t, symbol),
            };
            let bps = market.instrument(symbol).slippage_bps;
            let price = reference.slipped(bps, side.direction());
            let trade = Trade { at: t, symbol, side, quantity: held.abs(), price, reference };
            self.book(trade, None, Some("forced liquidation".into()));
        }
        self.liquidation_due = false;
        self.status = Status::Liquidated;
        self.end_orders(Reason::Liquidated, outcome);
    }
}

/// At which of a bar's prices positions are closed by force; the last close where there is no bar.
#[derive(Clone, Copy)]
enum At {
    Open,
    Close,
}
