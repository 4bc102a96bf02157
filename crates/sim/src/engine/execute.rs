//! The queue meets a bar: which orders fill, how much of them, and at what price.

use crate::{
    engine::{
        buying_power::{Entry, Valuation},
        inside::Inside,
        memory::Memory,
        path::{self, Prices, Quote, Reading, Start},
    },
    ledger::Trade,
    market::SymbolId,
    num::{Price, Quantity},
    order::{OrderId, TimeInForce, WorkingOrder},
    outcome::{Outcome, Reason, Rejection},
    run::{Fill, Run},
};

/// Raw units in one unit of volume.
const UNITS: f64 = 1e8;

/// One bar of the timeline while the queue is worked through it.
///
/// The queue passes twice: first against the opens alone, then against the whole bars. What
/// fills at an open can therefore not depend on anything that came after it, but for the bar's
/// volume where a scenario caps participation.
struct Pass<'a> {
    t: usize,
    phase: Phase,
    reading: Reading,
    valuation: Option<Valuation>,
    memory: Memory,
    outcome: &'a mut Outcome,
}

/// How much of its bars the queue has seen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The first prices.
    Open,
    /// All of them.
    Inside,
}

/// What becomes of an order after its turn.
enum Fate {
    /// It waits for the next bar.
    Waits,
    /// It is filled.
    Filled,
    /// What remains is dropped.
    Ends(Reason),
}

impl Run {
    /// Works through the queue at instant `t`, in order of arrival.
    pub(crate) fn execute(&mut self, t: usize, outcome: &mut Outcome) {
        if self.queue.is_empty() {
            return;
        }
        let rules = self.rules();
        let reading =
            Reading { limit_fill: rules.limit_fill, policy: rules.path_policy, ambiguous: false };
        let mut pass = Pass {
            t,
            phase: Phase::Open,
            reading,
            valuation: None,
            memory: std::mem::take(&mut self.memory),
            outcome,
        };
        let mut orphaned: Vec<SymbolId> = Vec::new();
        let mut queue = std::mem::take(&mut self.queue);
        for phase in [Phase::Open, Phase::Inside] {
            pass.phase = phase;
            pass.memory.ahead.clear();
            queue.retain_mut(|working| match self.turn_of(working, &mut pass) {
                Fate::Waits => {
                    pass.memory.ahead.add(working);
                    true
                }
                Fate::Filled => false,
                Fate::Ends(reason) => {
                    let symbol = working.order.symbol;
                    pass.outcome.rejections.push(Rejection {
                        order: working.id,
                        symbol,
                        quantity: working.remaining,
                        reason,
                    });
                    orphaned.push(symbol);
                    false
                }
            });
        }
        self.queue = queue;
        self.memory = pass.memory.cleared();
        if pass.reading.ambiguous {
            self.ambiguous_bars += 1;
        }
        for symbol in orphaned {
            self.prune(symbol, outcome);
        }
    }

    /// What becomes of an order in this phase of the bar.
    fn turn_of(&mut self, working: &mut WorkingOrder, pass: &mut Pass<'_>) -> Fate {
        let tif = working.order.time_in_force;
        let seen = self.seen(working.order.symbol, pass);
        working.day_begun |= tif == TimeInForce::Day && seen.is_some();
        let tried = seen.and_then(|seen| self.try_at(working, &seen, pass));
        tried.unwrap_or_else(|| match tif {
            _ if pass.phase == Phase::Open => Fate::Waits,
            TimeInForce::Day if working.day_begun && self.market().ends_session(pass.t) => {
                Fate::Ends(Reason::SessionEnded)
            }
            TimeInForce::Ioc if seen.is_some() => Fate::Ends(Reason::NotFilledAtOnce),
            TimeInForce::Fok if seen.is_some() => Fate::Ends(Reason::NotFilledWhole),
            _ => Fate::Waits,
        })
    }

    /// The prices of an instrument's bar that this phase may know; `None` where it has no bar.
    fn seen(&self, symbol: SymbolId, pass: &Pass<'_>) -> Option<Prices> {
        let market = self.market();
        match pass.phase {
            Phase::Open => market.open(pass.t, symbol).map(Prices::at),
            Phase::Inside => market.bar(pass.t, symbol).map(Prices::of),
        }
    }

    /// Holds an order against prices; `None` when nothing came of it.
    fn try_at(
        &mut self,
        working: &mut WorkingOrder,
        seen: &Prices,
        pass: &mut Pass<'_>,
    ) -> Option<Fate> {
        let (start, available) = self.start_of(working, pass)?;
        let order = &working.order;
        let quote = path::quote(
            order.kind,
            &mut working.triggered,
            seen,
            order.side.direction(),
            start,
            &mut pass.reading,
        )?;
        // What the open has to give was given out in the first phase.
        let late = pass.phase == Phase::Inside && quote.moment == Start::Open;
        if late { None } else { self.fill(working, quote, (start, available), pass) }
    }

    /// From when in the bar this order can act, and on how many units; `None` while the position
    /// is not there (an exit) or still the other way (an entry).
    fn start_of(&self, working: &WorkingOrder, pass: &mut Pass<'_>) -> Option<(Start, Quantity)> {
        let (symbol, side) = (working.order.symbol, working.order.side);
        let sign = side.position_sign();
        let held = self.position(symbol).quantity.units() * sign;
        let claimed = pass.memory.ahead.exits(symbol, sign);
        // Claims past what is held leave nothing, however large they are.
        let claimed = i64::try_from(claimed.min(i128::from(held.max(0)))).unwrap_or(0);
        let free = held - claimed;
        let available = working.remaining.units().min(if side.opens() { i64::MAX } else { free });
        let turns = side.opens() && pass.memory.ahead.any(symbol, -sign);
        if available <= 0 || held < 0 || turns {
            return None;
        }
        let inside = pass.memory.inside.iter().find(|inside| inside.symbol == symbol);
        let start =
            inside.map_or(Some(Start::Open), |inside| inside.start_of(side, claimed + available));
        pass.reading.ambiguous |= start.is_none();
        start.map(|start| (start, Quantity::from_units(available)))
    }

    /// Fills what can be filled at this quote; `None` when there is a rest that may wait.
    fn fill(
        &mut self,
        working: &mut WorkingOrder,
        quote: Quote,
        (start, available): (Start, Quantity),
        pass: &mut Pass<'_>,
    ) -> Option<Fate> {
        let (symbol, side) = (working.order.symbol, working.order.side);
        let whole = working.order.time_in_force == TimeInForce::Fok;
        let wanted = available.min(self.volume_left(symbol, pass));
        if wanted == Quantity::ZERO || (whole && wanted < working.remaining) {
            return None;
        }
        let price = self.price_of(symbol, side.direction(), quote);
        let fitting =
            if side.opens() { self.fitting(working, price, quote, wanted, pass) } else { wanted };
        if whole && fitting < working.remaining {
            return Some(Fate::Ends(Reason::NotFilledWhole));
        }
        if fitting == Quantity::ZERO {
            return Some(Fate::Ends(Reason::NoBuyingPower));
        }
        let trade = Trade {
            at: pass.t,
            symbol,
            side,
            quantity: fitting,
            price,
            reference: quote.reference,
        };
        let before = self.position(symbol).quantity;
        self.book(trade, Some(working.id), working.order.reasoning.clone());
        pass.note(self, before, &trade, start, quote);
        working.remaining -= fitting;
        if working.remaining == Quantity::ZERO {
            Some(Fate::Filled)
        } else if fitting < wanted {
            Some(Fate::Ends(Reason::CutToBuyingPower))
        } else {
            None
        }
    }

    /// The reference price moved by slippage, never past the order's own limit.
    fn price_of(&self, symbol: SymbolId, direction: i64, quote: Quote) -> Price {
        let bps = self.market().instrument(symbol).slippage_bps;
        let slipped = quote.reference.slipped(bps, direction);
        match quote.limit {
            None => slipped,
            Some(limit) if direction > 0 => slipped.min(limit),
            Some(limit) => slipped.max(limit),
        }
    }

    /// How much of an entry the book carries at the prices of this bar.
    fn fitting(
        &self,
        working: &WorkingOrder,
        price: Price,
        quote: Quote,
        wanted: Quantity,
        pass: &mut Pass<'_>,
    ) -> Quantity {
        let (t, market) = (pass.t, self.market());
        let valuation =
            pass.valuation.get_or_insert_with(|| Valuation::new(&self.ledger, market, t));
        let symbol = working.order.symbol;
        let entry = Entry {
            symbol,
            side: working.order.side,
            price,
            reference: quote.reference,
            valued_at: quote.open,
        };
        valuation.largest(&self.ledger, self.rules(), entry, wanted)
    }

    /// Units of this bar's volume that participation leaves.
    fn volume_left(&self, symbol: SymbolId, pass: &Pass<'_>) -> Quantity {
        let Some(pct) = self.rules().participation_pct else {
            return Quantity::from_units(i64::MAX);
        };
        let volume = self.market().bar(pass.t, symbol).map_or(0.0, |bar| bar.volume);
        let share = volume * f64::from(pct) / 100.0 * UNITS;
        #[expect(clippy::cast_possible_truncation, reason = "saturates, and volume is positive")]
        let cap = Quantity::from_units(share as i64);
        let taken = pass
            .memory
            .taken
            .iter()
            .find(|(it, _)| *it == symbol)
            .map_or(Quantity::ZERO, |it| it.1);
        (cap - taken).max(Quantity::ZERO)
    }

    /// Books a trade and records the fill.
    pub(crate) fn book(
        &mut self,
        trade: Trade,
        order: Option<OrderId>,
        reasoning: Option<std::sync::Arc<str>>,
    ) {
        let commission = trade.value().bps(self.scenario.rules.commission_bps);
        let booked = self.ledger.book(trade, commission);
        self.fills.push(Fill {
            order,
            at: trade.at,
            symbol: trade.symbol,
            side: trade.side,
            quantity: trade.quantity,
            price: trade.price,
            value: booked.value,
            slippage: booked.slippage,
            commission: booked.commission,
            realized_pnl: booked.realized_pnl,
            net_pnl: booked.net_pnl,
            reasoning,
        });
    }
}

impl Pass<'_> {
    /// Keeps valuation, participation and the order of events true after a fill by an order that
    /// acted from `start` on.
    fn note(
        &mut self,
        run: &Run,
        before: Quantity,
        trade: &Trade,
        start: Start,
        Quote { moment, open, .. }: Quote,
    ) {
        let symbol = trade.symbol;
        let after = run.position(symbol).quantity;
        if let Some(valuation) = &mut self.valuation {
            valuation.moved(before, after, open);
        }
        if run.rules().participation_pct.is_some() {
            let taken = &mut self.memory.taken;
            match taken.iter_mut().find(|(it, _)| *it == symbol) {
                Some((_, taken)) => *taken += trade.quantity,
                None => taken.push((symbol, trade.quantity)),
            }
        }
        if moment == Start::Open {
            return;
        }
        let inside = &mut self.memory.inside;
        let at = inside.iter().position(|inside| inside.symbol == symbol);
        let at = at.unwrap_or_else(|| {
            inside.push(Inside::new(symbol, before));
            inside.len() - 1
        });
        inside[at].change(before, after, start, moment);
    }
}
