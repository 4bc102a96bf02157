//! The queue meets a bar: which orders fill, how much of them, and at what price.

use crate::{
    engine::{
        buying_power::{Entry, Valuation},
        path::{self, Quote, Reading, Start},
    },
    ledger::Trade,
    market::{Bar, SymbolId},
    num::{Money, Price, Quantity, SCALE},
    order::{OrderId, TimeInForce, WorkingOrder},
    run::{Fill, Outcome, Reason, Rejection, Run},
};

/// One bar of the timeline while the queue is worked through it.
struct Session<'a> {
    t: usize,
    reading: Reading,
    valuation: Option<Valuation>,
    /// Positions that changed inside the bar, each with its units before and the last change.
    inside: Vec<Inside>,
    /// Units already filled in this bar per instrument, where participation is capped.
    taken: Vec<(SymbolId, Quantity)>,
    outcome: &'a mut Outcome,
}

struct Inside {
    symbol: SymbolId,
    before: i64,
    moment: Start,
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
        let reading = Reading {
            limit_fill: rules.limit_fill,
            policy: rules.path_policy,
            ambiguous: false,
        };
        let mut session = Session {
            t,
            reading,
            valuation: None,
            inside: Vec::new(),
            taken: Vec::new(),
            outcome,
        };
        let mut orphaned: Vec<SymbolId> = Vec::new();
        let mut queue = std::mem::take(&mut self.queue);
        queue.retain_mut(|working| match self.turn_of(working, &mut session) {
            Fate::Waits => true,
            Fate::Filled => false,
            Fate::Ends(reason) => {
                let symbol = working.order.symbol;
                session.outcome.rejections.push(Rejection {
                    order: working.id,
                    symbol,
                    quantity: working.remaining,
                    reason,
                });
                orphaned.push(symbol);
                false
            }
        });
        self.queue = queue;
        if session.reading.ambiguous {
            self.ambiguous_bars += 1;
        }
        for symbol in orphaned {
            self.prune(symbol, outcome);
        }
    }

    fn turn_of(&mut self, working: &mut WorkingOrder, session: &mut Session<'_>) -> Fate {
        let symbol = working.order.symbol;
        let tif = working.order.time_in_force;
        let market_session = self.market().session_of(session.t);
        if tif == TimeInForce::Day && working.day_session.is_some_and(|it| it != market_session) {
            return Fate::Ends(Reason::SessionEnded);
        }
        let Some(bar) = self.market().bar(session.t, symbol) else {
            return Fate::Waits;
        };
        if tif == TimeInForce::Day {
            working.day_session = Some(market_session);
        }
        let missed = match tif {
            TimeInForce::Gtc | TimeInForce::Day => Fate::Waits,
            TimeInForce::Ioc => Fate::Ends(Reason::NotFilledAtOnce),
            TimeInForce::Fok => Fate::Ends(Reason::NotFilledWhole),
        };
        let Some((start, available)) = self.start_of(working, session) else {
            return missed;
        };
        let order = &working.order;
        let quote = path::quote(
            order.kind,
            &mut working.triggered,
            &bar,
            order.side.direction(),
            start,
            &mut session.reading,
        );
        match quote {
            None => missed,
            Some(quote) => self.fill(working, &bar, quote, available, session).unwrap_or(missed),
        }
    }

    /// From when in the bar this order can act, and on how many units; `None` while the position
    /// is not there (an exit) or still the other way (an entry).
    fn start_of(&self, working: &WorkingOrder, session: &Session<'_>) -> Option<(Start, Quantity)> {
        let side = working.order.side;
        let symbol = working.order.symbol;
        let held = self.position(symbol).quantity.units() * side.position_sign();
        let inside = session.inside.iter().find(|inside| inside.symbol == symbol);
        let before = inside.map_or(held, |inside| inside.before * side.position_sign());
        let (ready, ready_before, available) = if side.opens() {
            (held >= 0, before >= 0, working.remaining.units())
        } else {
            let available = working.remaining.units().min(held);
            (available > 0, before >= available, available)
        };
        let start = match inside {
            Some(inside) if !ready_before => inside.moment,
            _ => Start::Open,
        };
        ready.then(|| (start, Quantity::from_units(available)))
    }

    /// Fills what can be filled at this quote; `None` when nothing could and the order may wait.
    fn fill(
        &mut self,
        working: &mut WorkingOrder,
        bar: &Bar,
        quote: Quote,
        available: Quantity,
        session: &mut Session<'_>,
    ) -> Option<Fate> {
        let (symbol, side) = (working.order.symbol, working.order.side);
        let whole = working.order.time_in_force == TimeInForce::Fok;
        let wanted = available.min(self.volume_left(bar, symbol, session));
        if wanted == Quantity::ZERO || (whole && wanted < working.remaining) {
            return None;
        }
        let price = self.price_of(symbol, side.direction(), quote);
        let fitting =
            if side.opens() { self.fitting(working, price, quote, wanted, session) } else { wanted };
        if whole && fitting < working.remaining {
            return Some(Fate::Ends(Reason::NotFilledWhole));
        }
        if fitting == Quantity::ZERO {
            return Some(Fate::Ends(Reason::NoBuyingPower));
        }
        let trade = Trade {
            at: session.t,
            symbol,
            side,
            quantity: fitting,
            price,
            reference: quote.reference,
        };
        let before = self.position(symbol).quantity;
        self.book(trade, Some(working.id), working.order.reasoning.clone());
        session.note(self, before, &trade, quote.moment);
        working.remaining -= fitting;
        Some(if working.remaining == Quantity::ZERO {
            Fate::Filled
        } else if fitting < wanted {
            Fate::Ends(Reason::CutToBuyingPower)
        } else if working.order.time_in_force == TimeInForce::Ioc {
            Fate::Ends(Reason::NotFilledAtOnce)
        } else {
            Fate::Waits
        })
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
        session: &mut Session<'_>,
    ) -> Quantity {
        let t = session.t;
        let valuation = session
            .valuation
            .get_or_insert_with(|| Valuation::new(&self.ledger, |column| self.opening(t, column)));
        let symbol = working.order.symbol;
        let entry = Entry {
            symbol,
            side: working.order.side,
            price,
            reference: quote.reference,
            valued_at: self.opening(t, symbol.index()),
        };
        valuation.largest(&self.ledger, self.rules(), entry, wanted)
    }

    /// An instrument's open at `t`, or its last close where it has no bar.
    fn opening(&self, t: usize, column: usize) -> Price {
        match self.market().opens(t)[column] {
            Price::ZERO => self.market().marks(t)[column],
            open => open,
        }
    }

    /// Units of this bar's volume that participation leaves.
    fn volume_left(&self, bar: &Bar, symbol: SymbolId, session: &Session<'_>) -> Quantity {
        let Some(pct) = self.rules().participation_pct else {
            return Quantity::from_units(i64::MAX);
        };
        let share = bar.volume * f64::from(pct) / 100.0 * SCALE as f64;
        #[expect(clippy::cast_possible_truncation, reason = "saturates, and volume is positive")]
        let cap = Quantity::from_units(share as i64);
        let taken = session.taken.iter().find(|(it, _)| *it == symbol).map_or(Quantity::ZERO, |it| it.1);
        (cap - taken).max(Quantity::ZERO)
    }

    /// Books a trade and records the fill.
    pub(crate) fn book(
        &mut self,
        trade: Trade,
        order: Option<OrderId>,
        reasoning: Option<std::sync::Arc<str>>,
    ) {
        let booked = self.ledger.book(trade, self.scenario.rules.commission_bps);
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

impl Session<'_> {
    /// Keeps valuation, participation and the order of events true after a fill.
    fn note(&mut self, run: &Run, before: Quantity, trade: &Trade, moment: Start) {
        let symbol = trade.symbol;
        let after = run.position(symbol).quantity;
        if let Some(valuation) = &mut self.valuation {
            valuation.moved(before, after, run.opening(self.t, symbol.index()));
        }
        if run.rules().participation_pct.is_some() {
            match self.taken.iter_mut().find(|(it, _)| *it == symbol) {
                Some((_, taken)) => *taken += trade.quantity,
                None => self.taken.push((symbol, trade.quantity)),
            }
        }
        if moment == Start::Open {
            return;
        }
        match self.inside.iter_mut().find(|inside| inside.symbol == symbol) {
            Some(inside) => inside.moment = moment,
            None => self.inside.push(Inside { symbol, before: before.units(), moment }),
        }
    }
}

impl Run {
    /// The fill value of all positions, for tests of conservation.
    pub fn flows(&self) -> Money {
        self.fills.iter().fold(Money::ZERO, |flows, fill| {
            let value = if fill.side.direction() > 0 { -fill.value } else { fill.value };
            flows + value - fill.commission
        })
    }
}
